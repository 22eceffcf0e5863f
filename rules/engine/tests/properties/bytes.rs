//! Whatever bytes a file holds, reading it ends, with a pack or with problems; and what was read can be judged.

use herkomst_rules::{Context, Pack};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const PAGE: &str = include_str!("../../../../docs/rules.md");

const FILES: &[&str] = &[
    include_str!("../packs/addressees.toml"),
    include_str!("../packs/cases.toml"),
    include_str!("../packs/challenged.toml"),
    include_str!("../packs/orders.toml"),
];

/// The statements of an operator, as the page has them.
fn operator() -> &'static str {
    let start = PAGE.split_once("```toml operator\n").expect("the page has them").1;
    start.split_once("```").expect("a block ends").0
}

/// Reads it as both, and runs the cases of what is a pack.
fn read(text: &str) {
    match Pack::parse(text, "file") {
        Ok(pack) => drop(pack.run_cases()),
        Err(problems) => assert!(!problems.problems.is_empty() && problems.problems.len() <= 100),
    }
    if let Err(problems) = Context::parse(text, "file") {
        assert!(!problems.problems.is_empty() && problems.to_string().starts_with("file:"));
    }
}

/// What a fuzzer does to a file.
#[derive(Debug, Clone)]
enum Change {
    Put(Index, Vec<u8>),
    Cut(Index, u8),
    Flip(Index, u8),
    Repeat(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        (place(), any::<u8>()).prop_map(|(at, many)| Change::Cut(at, many)),
        (place(), any::<u8>()).prop_map(|(at, with)| Change::Flip(at, with)),
        (place(), any::<u8>()).prop_map(|(at, many)| Change::Repeat(at, many)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        let at = |place: &Index| place.index(bytes.len().max(1)).min(bytes.len());
        match change {
            Change::Put(place, new) => {
                let at = at(place);
                bytes.splice(at..at, new.iter().copied());
            }
            Change::Cut(place, many) => {
                let at = at(place);
                let end = (at + usize::from(*many)).min(bytes.len());
                bytes.drain(at..end);
            }
            Change::Flip(place, with) => {
                let at = at(place);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with);
            }
            Change::Repeat(place, many) => {
                let at = at(place);
                let end = (at + usize::from(*many)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in vec(any::<u8>(), 0..4_096)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_file_of_any_lines_of_right_ones_is_read_to_an_end(
        lines in vec((select(FILES), any::<Index>()), 1..80),
    ) {
        let statements: Vec<&str> = operator().lines().collect();
        let lines = lines.into_iter().map(|(file, place)| {
            let all: Vec<&str> = file.lines().collect();
            let number = place.index(all.len() + statements.len());
            all.get(number).or_else(|| statements.get(number - all.len())).copied().unwrap_or("")
        });
        read(&lines.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_right_file_with_random_changes_is_read_to_an_end(
        which in 0..5_usize, changes in vec(change(), 1..6),
    ) {
        read(&changed(FILES.get(which).copied().unwrap_or(operator()), &changes));
    }
}
