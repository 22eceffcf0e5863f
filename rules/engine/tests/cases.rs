//! The sixty cases of the rule language, P01 to P60: each that a rule can express has subjects that match, that do not,
//! and that stay undetermined, in a pack of its own; all of them stand in the table of `docs/rules.md`.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use herkomst_rules::{Context, Expected, Pack};

const PAGE: &str = include_str!("../../../docs/rules.md");

const PACKS: &[(&str, &str)] = &[
    ("addressees", include_str!("packs/addressees.toml")),
    ("cases", include_str!("packs/cases.toml")),
    ("challenged", include_str!("packs/challenged.toml")),
    ("orders", include_str!("packs/orders.toml")),
];

/// Shown elsewhere: by what a pack or a report must hold.
const ELSEWHERE: &[u8] = &[47, 54, 56, 57, 58, 59];

fn packs() -> Vec<Pack> {
    let read = |(id, text): &(&str, &str)| {
        Pack::parse(text, &format!("{id}.toml")).unwrap_or_else(|problems| panic!("{problems}"))
    };
    PACKS.iter().map(read).collect()
}

#[test]
fn every_case_comes_out() {
    for pack in packs() {
        let failures: Vec<_> = pack.run_cases().iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{}: {}", pack.id, failures.join("\n"));
    }
}

#[test]
fn every_case_has_one_that_matches_one_that_does_not_and_one_that_is_undetermined() {
    let mut numbers: BTreeSet<u8> = ELSEWHERE.iter().copied().collect();
    for rule in packs().iter().flat_map(|pack| &pack.rules) {
        let has = |wanted: &[Expected]| rule.cases.iter().any(|case| wanted.contains(&case.expect));
        assert!(has(&[Expected::Match]), "{} has none that matches", rule.id);
        assert!(has(&[Expected::NoMatch, Expected::NotApplicable]), "{} has no other", rule.id);
        assert!(has(&[Expected::Undetermined]), "{} has none that is undetermined", rule.id);
        let number = rule.id.strip_prefix('p').and_then(|number| number.parse().ok());
        let number = number.unwrap_or_else(|| panic!("{} is no number of a case", rule.id));
        assert!(numbers.insert(number), "P{number:02} is there twice");
    }
    assert_eq!(numbers, (1..=60).collect::<BTreeSet<u8>>());
}

#[test]
fn every_case_stands_in_the_table_of_the_page() {
    for number in 1..=60 {
        let row = format!("| P{number:02} |");
        assert_eq!(PAGE.matches(&row).count(), 1, "{row}");
    }
}

#[test]
fn vendors_of_an_order_need_an_order_and_stand_in_it_alone() {
    let shell = PACKS.iter().find(|(id, _)| *id == "orders").expect("it is there").1;
    let refused = |from: &str, to: &str| {
        assert!(shell.contains(from), "{from}");
        let text = shell.replace(from, to);
        Pack::parse(&text, "orders").expect_err(to).to_string()
    };
    let who = "party = { who = \"order\", relations = [\"maker\", \"controlled-by\"] }";
    for beside in ["vendors = [\"vendor-a\"]", "mode = \"allow-list\""] {
        let told = refused(who, &who.replace(" }", &format!(", {beside} }}")));
        assert!(told.contains("leaves the vendors to the order"), "{told}");
    }
    let told = refused("[order]\nissuers = [\"minister\"]", "");
    assert!(told.contains("party.who is \"order\", but the pack asks for none"), "{told}");
    let empty =
        "[[order]]\npack = \"p\"\nreference = \"r\"\nissuer = \"i\"\nscope = \"s\"\nvendors = []\n";
    let told = Context::parse(empty, "operator").expect_err("nobody is designated").to_string();
    assert!(told.contains("order[1].vendors is empty"), "{told}");
}
