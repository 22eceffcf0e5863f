//! What is read out of each form.

use herkomst_compile::official::Form;
use herkomst_compile::{Rows, sha256};
use herkomst_lookup::RegistryKind;

use crate::{CSV, IANA, TXT, assignments, notes, read};

fn rows(of: &crate::Read) -> Vec<(String, &str, Option<String>)> {
    assignments(of)
        .iter()
        .map(|row| {
            let prefix = row.prefix.iter().map(|octet| format!("{octet:02x}")).collect();
            let country = row.country.map(|code| String::from_utf8_lossy(&code).into_owned());
            (prefix, row.registrant.as_str(), country)
        })
        .collect()
}

#[test]
fn a_csv_file_gives_clean_names_and_countries_and_nothing_else_of_an_address() {
    let csv = read("/some/where/oui.csv", CSV).unwrap();
    assert_eq!(csv.form, Form::Csv);
    assert_eq!(csv.listing.kind(), Some(RegistryKind::MaL));
    assert_eq!(
        rows(&csv),
        [
            ("0012ff0000".into(), "Maker of two lines", None),
            ("0050ba0000".into(), "Some Maker", Some("US".into())),
            ("00e0fc0000".into(), "Acme & Sons Co., Ltd.", Some("NL".into())),
            ("aabbcc0000".into(), "Private", None),
        ]
    );
    assert!(csv.notes.is_empty(), "{:?}", csv.notes);
    let source = &csv.listing.source;
    assert_eq!((source.name.as_str(), source.rows), ("oui.csv", 4));
    assert_eq!((source.date.as_str(), source.origin.as_str()), ("2026-10-24", "a test"));
    assert_eq!(source.sha256, sha256(CSV.as_bytes()));
    assert!(!format!("{:?}", csv.listing).contains("Road"));
}

#[test]
fn a_txt_file_says_the_same() {
    let (csv, txt) = (read("a", CSV).unwrap(), read("b", TXT).unwrap());
    assert_eq!(txt.form, Form::Txt);
    assert_eq!(assignments(&csv), assignments(&txt));
}

#[test]
fn ranges_within_a_base_give_28_and_36_bits() {
    let head = "OUI    Organization\nKIND Range     Organization\n     Address\n\n";
    for (kind, listing, range, prefix) in [
        ("OUI-28/MA-M", RegistryKind::MaM, "700000-7FFFFF", [0xc8, 0x5c, 0xe2, 0x70, 0]),
        ("OUI-36/MA-S", RegistryKind::MaS, "AFA000-AFAFFF", [0xc8, 0x5c, 0xe2, 0xaf, 0xa0]),
        ("IAB", RegistryKind::Iab, "0D7000-0D7FFF", [0xc8, 0x5c, 0xe2, 0x0d, 0x70]),
    ] {
        let body = format!(
            "C8-5C-E2   (hex)      Somebody   \n{range}  (base 16)   Somebody  \n   street\n   IN\n"
        );
        let found = read("x", &[&head.replace("KIND", kind), body.as_str()].concat()).unwrap();
        assert_eq!(found.listing.kind(), Some(listing));
        assert_eq!(assignments(&found)[0].prefix, prefix);
        assert_eq!(assignments(&found)[0].country, Some(*b"IN"));
        for wrong in ["700000-7FFFFE", "700001-7FFFFF", "70000-7FFFF", "7G0000-7GFFFF", "C85CE2"] {
            let body = body.replace(range, wrong);
            let problems =
                read("x", &[&head.replace("KIND", kind), body.as_str()].concat()).unwrap_err();
            assert!(
                problems[0].starts_with("x:6: ") && problems[0].contains("is no range of")
                    || problems[0].contains("is no line of this listing"),
                "{wrong}: {problems:?}"
            );
        }
    }
}

#[test]
fn what_a_file_is_stands_in_it_and_not_in_its_name() {
    for (name, text, form) in [
        ("oui.txt", CSV, Form::Csv),
        ("enterprise-numbers", TXT, Form::Txt),
        ("cid.csv", IANA, Form::Text),
        ("x", "# a comment\n\n9\tSome Maker\n", Form::Columns),
        ("x", &format!("\u{feff}{CSV}"), Form::Csv),
        ("x", &CSV.replace("\r\n", "\n"), Form::Csv),
    ] {
        assert_eq!(read(name, text).unwrap().form, form, "{name}");
    }
}

#[test]
fn contacts_and_addresses_of_people_do_not_get_in() {
    let iana = read("enterprise-numbers", IANA).unwrap();
    let Rows::Numbers(rows) = &iana.listing.rows else { panic!("numbers") };
    let expected = [
        (0, "Reserved"),
        (9, "Some Maker, Inc."),
        (2021, "U.C. Davis, ECE Dept."),
        (40000, "Acme"),
        (40001, ""),
    ];
    assert_eq!(
        rows.iter().map(|(number, name)| (*number, name.as_str())).collect::<Vec<_>>(),
        expected
    );
    let cut = "enterprise-numbers:25: 40000: an e-mail address is cut off its organisation";
    assert!(notes(&iana).iter().any(|note| note.starts_with(cut)), "{:?}", notes(&iana));
    assert!(!format!("{:?}", iana.listing).contains("obody"));
    let csv = CSV.replace("Some \u{ff2d}aker", "Some Maker someone@mail.example.org");
    let csv = read("oui.csv", &csv).unwrap();
    assert_eq!(assignments(&csv)[1].registrant, "Some Maker");
    assert_eq!(notes(&csv), ["oui.csv:4: 0050BA: an e-mail address is cut off its registrant"]);
}

#[test]
fn iana_names_its_own_day_and_the_others_need_one() {
    let iana = read("x", IANA).unwrap();
    assert_eq!(iana.listing.source.date, "2025-08-15");
    let without = |text: &str| {
        super::official::read("x", text.as_bytes(), "a test", None)
            .map_err(|problems| problems[0].to_string())
    };
    assert!(without(IANA).is_ok());
    assert_eq!(
        without(CSV).unwrap_err(),
        "x: a listing of IEEE carries no date: say which day it is of"
    );
    assert!(without(TXT).is_err() && without("9\tSome Maker\n").is_err());
    assert!(without(&IANA.replace("(last updated 2025-08-15)", "")).is_err());
    let wrong = super::official::read("x", CSV.as_bytes(), "a test", Some("24.10.2026"));
    assert_eq!(
        wrong.unwrap_err()[0].to_string(),
        "x: date is \"24.10.2026\", expected a day such as 2026-10-24"
    );
}

#[test]
fn a_place_that_speaks_against_the_country_is_noted() {
    let csv = read("oui.csv", &CSV.replace("Austin", "Shenzhen")).unwrap();
    assert_eq!(
        notes(&csv),
        [
            "oui.csv:4: suspect: 0050BA, Some Maker: its country is US, and its address names \"shenzhen\" (CN)"
        ]
    );
    // 0015EB is in overrides.tsv, and somebody looked at it.
    let seen = CSV.replace("Austin", "Shenzhen").replace("0050BA", "0015EB");
    assert!(read("oui.csv", &seen).unwrap().notes.is_empty());
}

#[test]
fn known_duplicates_keep_their_first_row() {
    let known = CSV.replace("00E0FC", "080030").replace("AABBCC", "080030");
    let csv = read("oui.csv", &known).unwrap();
    assert_eq!((csv.listing.count(), csv.listing.source.rows), (3, 4));
    assert_eq!(assignments(&csv)[2].registrant, "Acme & Sons Co., Ltd.");
    assert_eq!(
        notes(&csv),
        [
            "oui.csv:3: 080030 is given again, to \"Private\"; line 2 gives it to \"Acme & Sons Co., Ltd.\", and is kept"
        ]
    );
}
