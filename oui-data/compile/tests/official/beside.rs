//! Two forms of one listing.

use herkomst_compile::official::merge;

use crate::{CSV, IANA, TXT, assignments, notes, read};

#[test]
fn the_country_of_the_txt_form_counts_where_both_have_the_same_row() {
    // Nothing in the CSV form says which of two codes is the country.
    let csv = CSV.replace("Rotterdam  NL 1234 AB ", "Rotterdam NL US 5 ");
    let txt = TXT.replace("Rotterdam    1234 AB", "Rotterdam  US  5");
    let (csv, txt) = (read("oui.csv", &csv).unwrap(), read("oui.txt", &txt).unwrap());
    assert_eq!(assignments(&csv)[2].country, Some(*b"US"));
    let merged = merge(csv, &txt).unwrap();
    assert_eq!(assignments(&merged)[2].country, Some(*b"NL"));
    assert_eq!(assignments(&merged), assignments(&txt));
    assert_eq!(notes(&merged), ["oui.csv: rows whose country is as oui.txt has it: 1"]);
    let source = &merged.listing.source;
    assert_eq!(source.name, "oui.csv");
    assert!(source.origin.starts_with("a test; countries of oui.txt, a test (SHA-256 "));
}

#[test]
fn under_another_name_or_address_the_csv_form_counts() {
    let csv = || read("oui.csv", CSV).unwrap();
    let moved = TXT.replace("Rotterdam ", "Liverpool ").replace("\t\t\t\tNL\r\n", "\t\t\t\tGB\r\n");
    let merged = merge(csv(), &read("oui.txt", &moved).unwrap()).unwrap();
    assert_eq!(assignments(&merged), assignments(&csv()));
    let sold = TXT.replace("Acme & Sons", "Somebody").replace("\t\t\t\tNL\r\n", "\t\t\t\tGB\r\n");
    let merged = merge(csv(), &read("oui.txt", &sold).unwrap()).unwrap();
    assert_eq!(assignments(&merged), assignments(&csv()));
}

#[test]
fn rows_that_only_one_has_are_counted() {
    let start = TXT.find("AA-BB-CC").expect("there");
    let end = TXT.find("00-12-FF").expect("there");
    let older = [&TXT[..start], &TXT[end..]].concat();
    let merged = merge(read("oui.csv", CSV).unwrap(), &read("oui.txt", &older).unwrap()).unwrap();
    assert_eq!(
        notes(&merged),
        ["oui.csv: is not of one day with oui.txt: 1 rows are in it alone, 0 in the other"]
    );
    assert_eq!(assignments(&merged).len(), 4);
}

#[test]
fn two_of_one_form_or_of_two_listings_are_not_merged() {
    let csv = || read("oui.csv", CSV).unwrap();
    let said = |problems: Vec<herkomst_compile::Problem>| problems[0].to_string();
    assert_eq!(
        said(merge(csv(), &csv()).unwrap_err()),
        "oui.csv: is no TXT form of oui.csv, which is the CSV form of MA-L"
    );
    assert_eq!(
        said(merge(csv(), &read("numbers", IANA).unwrap()).unwrap_err()),
        "numbers: enterprise numbers have one form alone"
    );
}
