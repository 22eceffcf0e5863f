//! What is refused, with its file and line.

use crate::{CSV, IANA, TXT, read};

/// Some file, what is wrong with it, and how what is said of it starts.
fn refused(text: &str, starts: &str) {
    let problems = read("file", text).expect_err(starts);
    assert!(problems[0].starts_with(starts), "{starts}\n{problems:?}");
}

fn refused_bytes(bytes: &[u8], starts: &str) {
    let read = super::official::read("file", bytes, "", Some("2026-10-24"));
    let problems = read.expect_err(starts);
    assert!(problems[0].to_string().starts_with(starts), "{starts}\n{problems:?}");
}

#[test]
fn a_page_is_no_listing() {
    for page in ["<!DOCTYPE html>\n<title>418</title>\n", "\r\n <html>", "<?xml version=\"1.0\"?>"]
    {
        refused(page, "file:1: is an HTML page and no listing");
        assert!(read("file", page).unwrap_err()[0].contains("HTTP 418; a browser"));
    }
}

#[test]
fn another_encoding_is_named() {
    let wide: Vec<u8> = CSV.encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused_bytes(
        &[b"\xff\xfe", wide.as_slice()].concat(),
        "file:1: starts with the mark of UTF-16",
    );
    let latin = CSV.replace("Sons", "S\u{1}ns").replace('\u{ff2d}', "M").into_bytes();
    let latin: Vec<u8> =
        latin.into_iter().map(|octet| if octet == 1 { 0xf6 } else { octet }).collect();
    refused_bytes(&latin, "file:2: is not UTF-8: byte 0xf6");
}

#[test]
fn lines_that_end_in_cr_alone_and_utf_16_without_a_mark_are_named() {
    refused(&CSV.replace("\r\n", "\r").replace('\n', " "), "file:1: its lines end in CR alone");
    let wide: Vec<u8> =
        "Registry,Assignment\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused_bytes(&wide, "file:1: every second byte is zero, as in UTF-16");
}

#[test]
fn what_is_said_of_a_hostile_file_is_short() {
    let header = CSV.split_inclusive('\n').next().expect("there");
    for text in [
        format!("{header}{}\"\r\n", "MA-L,000000,\"a\r\n".repeat(200_000)),
        format!("{header}MA-L,{},x,y\r\n", "0".repeat(4_000)),
        format!("{header}MA-L,0000\"{},x,y\r\n", "0".repeat(4_000)),
        format!("{}\n", "x".repeat(16_000)),
        format!("9\tx\n{}\n", "x".repeat(16_000)),
    ] {
        let problems = read("file", &text).expect_err("it is wrong");
        assert!(problems.iter().all(|one| one.len() < 400), "{}", problems[0].len());
    }
}

#[test]
fn a_contact_in_the_place_of_an_organisation_is_none() {
    for indent in ["   ", "    ", "  \t", "\t", "  \u{a0}"] {
        let forged = IANA.replace("  Some   Maker, Inc.\n", &format!("{indent}John Doe\n"));
        refused(&forged, "file:16: 9 has no organisation on the line after it");
    }
    refused(
        &IANA.replace("2025-08-15", "2025-02-29"),
        "file: date is \"2025-02-29\", expected a day",
    );
}

#[test]
fn another_header_is_named() {
    refused(&CSV.replace("Assignment", "Prefix"), "file:1: header is \"Registry,Prefix,");
    refused(&CSV[9..], "file:1: \"Assignment,Organization Name");
    refused("prefix,name\n00E0FC,Acme\n", "file:1: \"prefix,name\" starts none of the listings");
    refused("", "file: is empty");
    refused(" \r\n\n", "file: is empty");
    refused(
        &IANA.replace("| | Contact", "| | Person"),
        "file:9: \"| | Person\", expected the heading",
    );
}

#[test]
fn a_row_of_another_shape_or_registry_is_named_with_its_line() {
    refused(&CSV.replace("AABBCC,Private,", "AABBCC,Private"), "file:3: has 3 fields, expected 4");
    refused(
        &CSV.replace("AABBCC,Private,", "AABBCC,Private,,,,,,,,,"),
        "file:3: has 9 fields, expected 4",
    );
    refused(
        &CSV.replace("MA-L,AABBCC", "CID,AABBCC"),
        "file:3: registry is \"CID\", expected MA-L",
    );
    refused(
        &CSV.replace("MA-L", "OUI"),
        "file:2: registry is \"OUI\", expected MA-L, MA-M, MA-S, IAB or CID",
    );
    for wrong in ["AABBC", "AABBCCD", "aabbcc", "AABBC\u{ff23}", ""] {
        refused(
            &CSV.replace("AABBCC", wrong),
            &format!("file:3: assignment is {wrong:?}, expected 6 digits"),
        );
    }
    refused(&CSV.replace(",Private,", ",\u{200b},"), "file:3: AABBCC has no registrant");
    refused(
        &TXT.replace("AABBCC  ", "AABBCD  "),
        "file:12: \"AABBCD\" is no range of MA-L below AABBCC",
    );
    refused(
        &TXT.replace("AABBCC     (base 16)\t\tPrivate", "AABBCC     (base 16)\t\tSomebody"),
        "file:12: registrant is \"Somebody\" here",
    );
    refused(&TXT.replace("AA-BB-CC", "AA-BB"), "file:11: \"AABB\" is no prefix");
    refused(
        &TXT.replace("AA-BB-CC   (hex)\t\tPrivate\r\n", ""),
        "file:11: a line with (base 16) that no line",
    );
    refused(
        &TXT.replace("AABBCC     (base 16)\t\tPrivate\r\n", ""),
        "file:11: AABBCC has no line with (base 16)",
    );
    refused(&TXT.replace("AA-BB-CC   (hex)", "something else"), "file:11: \"something else");
    refused(&IANA.replace("\n9\n", "\nnine\n"), "file:16: \"nine\" is no line of this listing");
    refused(
        &IANA.replace("\n9\n", "\n99999999\n"),
        "file:17: \"99999999\" is no enterprise number",
    );
    refused(
        &IANA.replace("  Some   Maker, Inc.\n", ""),
        "file:16: 9 has no organisation on the line after it",
    );
    refused("9\tSome Maker\n10\n", "file:2: \"10\" is no row of number");
}

#[test]
fn a_file_that_is_cut_short_is_noticed() {
    let whole = CSV.trim_end();
    refused(whole, "file:6: the file is cut short: its last line has no end");
    let at = CSV.find("\"\"B").expect("there");
    assert!(
        read("file", &format!("{}\n", &CSV[..at])).unwrap_err()[0]
            .starts_with("file:2: a quote is opened on line 2")
    );
    refused(TXT.trim_end(), "file:24: the file is cut short: its last line has no end");
    let city = TXT.rfind("\t\t\t\tUS").expect("there");
    refused(
        &TXT[..city],
        "file:20: the file is cut short: the last assignment ends within its address",
    );
    let address = TXT.rfind("\t\t\t\t1 Street").expect("there");
    refused(&TXT[..address], "file:20: the file is cut short");
    let end = IANA.find("End of").expect("there");
    refused(&IANA[..end], "file:33: the file is cut short: it has no line \"End of Document\"");
    let within = CSV.find('\u{ff2d}').expect("there");
    refused_bytes(
        &CSV.as_bytes()[..=within],
        "file:4: the file is cut short: its last character is not whole",
    );
}

#[test]
fn a_listing_without_a_row_is_refused() {
    let header = CSV.split_inclusive('\n').next().expect("there");
    refused(header, "file: has no row");
    let heading: String = TXT.split_inclusive('\n').take(4).collect();
    refused(&heading, "file: has no row");
    let start = IANA.find("0\n  Reserved").expect("there");
    refused(&format!("{}\nEnd of Document\n", &IANA[..start]), "file: has no row");
}

#[test]
fn a_prefix_or_number_that_is_given_to_two_is_refused() {
    refused(
        &CSV.replace("AABBCC", "00E0FC"),
        "file:3: 00E0FC is given again, to \"Private\"; line 2 gives it to \"Acme",
    );
    refused(
        &IANA.replace("\n9\n", "\n0\n"),
        "file:17: 0 is given again, to \"Some Maker, Inc.\" and before to \"Reserved\"",
    );
    let same = CSV
        .replace("AABBCC,Private", "00E0FC,Acme & Sons Co.\u{ff0c} Ltd.")
        .replace("Acme & Sons Co.\u{ff0c} Ltd.", "\"Acme & Sons Co.\u{ff0c} Ltd.\"");
    assert_eq!(read("file", &same).expect("the same holder").notes.len(), 1);
}

#[test]
fn sizes_are_bounded_and_a_file_that_is_something_else_is_given_up() {
    let long = "x".repeat(5_000);
    refused(&CSV.replace("Some", &long), "file:4: a field has 5008 bytes, allowed are 4096");
    refused(&CSV.replace("Some", &"x".repeat(20_000)), "file:4: a line has more than 16384 bytes");
    let quoted = CSV.replace("\"Maker\nof", &format!("\"{}", "Maker\n".repeat(1_000)));
    refused(&quoted, "file:5: the field that starts on line 5 has more than 4096 bytes");
    let rubbish = format!("{CSV}{}", "a,b\r\n".repeat(100_000));
    let problems = read("file", &rubbish).unwrap_err();
    assert_eq!(problems.len(), 21);
    assert_eq!(problems[20], "file: given up: more than this is wrong with it");
    refused_bytes(&vec![b'\n'; (64 << 20) + 1], "file: has 67108865 bytes, allowed are 67108864");
}
