//! What `docs/rules.md` tells an operator is what the engine does.

#![forbid(unsafe_code)]

use herkomst_rules::{Context, Pack, PartTag, ROLES, shipped};

const PAGE: &str = include_str!("../../../docs/rules.md");

fn block(language: &str) -> &'static str {
    let start = PAGE.split_once(&format!("```{language}\n")).expect("the page has such a block").1;
    start.split_once("```").expect("a block ends").0
}

#[test]
fn the_example_is_a_right_pack_whose_cases_come_out() {
    let pack = Pack::parse(block("toml"), "own-order.toml")
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(pack.run_cases(), []);
}

#[test]
fn the_statements_of_the_example_operator_are_right() {
    let context = Context::parse(block("toml operator"), "operator.toml")
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((context.orders.len(), context.answers.len(), context.waivers.len()), (1, 1, 1));
    let doubled = block("toml operator").replacen("B. Example", "a. example ", 1);
    let problems = Context::parse(&doubled, "operator.toml").expect_err("the same person twice");
    assert!(problems.to_string().contains("a waiver needs two different persons"), "{problems}");
}

#[test]
fn the_example_of_a_party_is_a_right_one() {
    let plain = block("toml");
    let start = plain.find("[rule.party]").expect("the example has a party");
    let end = plain.find("[rule.place]").expect("and a place");
    let list = |id: &str| {
        format!(
            "[[country-list]]\nid = \"{id}\"\nwords = \"w\"\nsource = \"s\"\nlast-checked = 2026-11-20\n"
        )
    };
    let lists = list("cooperation-law") + &list("offensive-programme");
    let text = [&plain[..start], block("toml party"), &plain[end..], &lists].concat();
    let pack = Pack::parse(&text, "own.toml").unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(pack.vendors().count(), 1);
}

#[test]
fn the_example_of_an_inventory_comes_out() {
    let plain = block("toml");
    let end = plain.find("[[rule.case]]").expect("the example has cases");
    let cap = "[rule.cap]\nshare = 35\ndenominator = \"devices\"\nper = \"part\"\n\n";
    let text = [&plain[..end], cap, block("toml set case")].concat();
    let pack = Pack::parse(&text, "own.toml").unwrap_or_else(|problems| panic!("{problems}"));
    let lacking = |failure: &herkomst_rules::CaseFailure| failure.case.is_none();
    let failures = pack.run_cases();
    assert!(failures.iter().all(lacking) && failures.len() == 2, "{failures:?}");
}

#[test]
fn the_messages_shown_are_the_ones_given() {
    let broken = block("toml").replacen("\"controlled-by\"", "\"controled-by\"", 1).replacen(
        "\ndate = ",
        "\ndat = ",
        1,
    );
    let problems = Pack::parse(&broken, "own-order.toml").expect_err("two words are misspelt");
    assert_eq!(problems.to_string(), block("text").trim_end());
}

#[test]
fn every_role_and_every_rule_of_the_default_pack_is_on_the_page() {
    let pack =
        Pack::parse(shipped()[0].1, "public-lists").unwrap_or_else(|problems| panic!("{problems}"));
    let rules = pack.rules.iter().map(|rule| rule.id.as_str());
    for word in ROLES.iter().copied().chain(rules) {
        assert!(PAGE.contains(&format!("`{word}`")), "{word} is not on the page");
    }
    assert!(PartTag::fixed().any(|tag| PAGE.contains(&format!("`{tag}`"))));
}

#[test]
fn every_shipped_pack_stands_in_the_table_with_those_whom_it_binds() {
    for (id, text) in shipped() {
        let pack = Pack::parse(text, id).unwrap_or_else(|problems| panic!("{problems}"));
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{id}` |")));
        let row = row.unwrap_or_else(|| panic!("{id} has no row"));
        for binding in &pack.binds {
            assert!(row.contains(&format!("`{}`", binding.who)), "{id}: {}", binding.who);
        }
        for issuer in pack.order.iter().flat_map(|order| &order.issuers) {
            assert!(PAGE.contains(&format!("`{issuer}`")), "{id}: {issuer}");
        }
    }
}
