//! Whatever stands in a file.

use herkomst_compile::official;
use proptest::prelude::*;

use crate::{CSV, IANA, TXT};

const COLUMNS: &str = "0\tReserved\n9\tSome Maker, Inc.\n2021\tU.C. Davis, ECE Dept.\n";

fn whole() -> [String; 5] {
    let ranges =
        TXT.replacen("company_id  ", "IAB Range   ", 1).replacen("OUI/MA-L", "OUI     ", 1);
    [
        CSV.into(),
        TXT.into(),
        IANA.into(),
        COLUMNS.into(),
        ranges.replace("00E0FC  ", "0D7000-0D7FFF  "),
    ]
}

#[test]
fn a_file_cut_anywhere_is_refused_or_read() {
    for text in whole() {
        for end in 0..text.len() {
            let _ = official::read("file", &text.as_bytes()[..end], "", Some("2026-10-24"));
        }
    }
}

#[test]
fn a_csv_or_iana_file_cut_within_a_line_is_always_refused() {
    for (text, ends) in [(CSV, "\n"), (IANA, "\nEnd of Document"), (COLUMNS, "\n")] {
        for end in 0..text.len() {
            let cut = &text.as_bytes()[..end];
            let read = official::read("file", cut, "", Some("2026-10-24"));
            assert!(read.is_err() || cut.ends_with(ends.as_bytes()), "{end}: {read:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn octets_put_anywhere_do_not_panic(which in 0..5_usize, at: prop::sample::Index, octets in prop::collection::vec(any::<u8>(), 0..8)) {
        let mut bytes = whole()[which].clone().into_bytes();
        let at = at.index(bytes.len());
        bytes.splice(at..at, octets);
        let _ = official::read("file", &bytes, "", Some("2026-10-24"));
    }

    #[test]
    fn lines_in_any_order_do_not_panic(which in 0..5_usize, order in prop::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let text = &whole()[which];
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let head = lines.iter().take(4).copied();
        let mixed: String = head.chain(order.iter().map(|at| lines[at.index(lines.len())])).collect();
        let _ = official::read("file", mixed.as_bytes(), "", Some("2026-10-24"));
    }

    #[test]
    fn any_address_and_name_gives_a_country_of_two_capitals_or_none(name in "\\PC{1,40}", address in "[A-Z]{0,3}( {0,3}(GB|NL|US|CA|IE|DE|[A-Z]{2}|[0-9A-Z]{1,6}|\\PC{1,8})){0,8} {0,2}") {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let header = CSV.lines().next().expect("a header");
        let text = format!("{header}\r\nMA-L,00E0FC,{},{}\r\n", quote(&name), quote(&address));
        match official::read("file", text.as_bytes(), "", Some("2026-10-24")) {
            Ok(read) => {
                let row = &crate::assignments(&read)[0];
                prop_assert!(row.country.is_none_or(|code| code.iter().all(u8::is_ascii_uppercase)));
                let hidden = row.registrant.contains(['\t', '\n', '\u{202e}']);
                prop_assert!(!hidden);
            }
            Err(problems) => {
                let said = problems[0].to_string();
                prop_assert!(said.contains("has no registrant"), "{}", said);
            }
        }
    }
}
