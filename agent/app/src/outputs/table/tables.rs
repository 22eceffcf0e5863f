//! What was read of the agents beyond their system groups, in a few lines; each table alone is in the other outputs.

use std::fmt::Write;

use herkomst_model::Table;
use herkomst_model::report::{Counts, Coverage};

use super::super::escape::for_terminal;

/// The most tables that are named one by one.
const MOST_NAMED: usize = 20;

/// Whether a method is a table of an agent.
pub(super) fn is_table(method: &str) -> bool {
    Table::ALL.iter().any(|table| table.as_str() == method)
}

/// All tables in one line, and those that are not whole.
pub(super) fn tables(out: &mut String, coverage: &Coverage) {
    let counts = coverage.methods.iter().filter(|(method, _)| is_table(method));
    let sum = counts.fold(Counts::default(), |sum, (_, one)| Counts {
        expected: sum.expected + one.expected,
        asked: sum.asked + one.asked,
        answered: sum.answered + one.answered,
        refused: sum.refused + one.refused,
        silent: sum.silent + one.silent,
        malformed: sum.malformed + one.malformed,
        cut_short: sum.cut_short + one.cut_short,
        not_asked: sum.not_asked + one.not_asked,
    });
    if sum.expected == 0 {
        return;
    }
    let mut parts = vec![format!("asked {}", sum.asked), format!("answered {}", sum.answered)];
    for (count, word) in [
        (sum.refused, "refused"),
        (sum.malformed, "malformed"),
        (sum.silent, "silent"),
        (sum.cut_short, "cut short"),
        (sum.not_asked, "not asked"),
    ] {
        if count > 0 {
            parts.push(format!("{word} {count}"));
        }
    }
    let _ = writeln!(out, "tables of {} agents: {}", coverage.tables.len(), parts.join(", "));
    let cut = coverage.tables.iter().flat_map(|device| {
        let cut = |(name, entry)| Some((&device.target, name, entry));
        device.tables.iter().filter(|(_, entry)| entry.cut.is_some()).filter_map(cut)
    });
    for (target, name, entry) in cut.take(MOST_NAMED) {
        let why = entry.cut.as_deref().unwrap_or_default();
        let _ = writeln!(
            out,
            "{target} {name}: cut short after {} rows: {}",
            entry.rows,
            for_terminal(&why.into(), 80)
        );
    }
}

#[cfg(test)]
mod tests {
    use herkomst_model::report::{TableEntry, TablesEntry};

    use super::*;

    #[test]
    fn what_is_not_whole_is_named_with_its_place_and_reason() {
        let entry = |outcome: &str, cut: Option<&str>| TableEntry {
            outcome: outcome.to_owned(),
            rows: 12,
            unreadable: 0,
            requests: 3,
            cut: cut.map(str::to_owned),
        };
        let one = Counts { expected: 1, asked: 1, ..Counts::default() };
        let coverage = Coverage {
            methods: [
                ("snmp".to_owned(), one),
                ("snmp-cdp".to_owned(), Counts { cut_short: 1, ..one }),
                ("snmp-interfaces".to_owned(), Counts { answered: 1, ..one }),
            ]
            .into(),
            tables: vec![TablesEntry {
                target: "10.0.0.1".to_owned(),
                tables: [
                    ("snmp-cdp".to_owned(), entry("cut short", Some("silent\u{1b} after 4 tries"))),
                    ("snmp-interfaces".to_owned(), entry("answered", None)),
                ]
                .into(),
            }],
            ..Coverage::default()
        };
        let mut out = String::new();
        tables(&mut out, &coverage);
        assert!(out.starts_with("tables of 1 agents: asked 2, answered 1, cut short 1\n"), "{out}");
        assert!(out.contains("10.0.0.1 snmp-cdp: cut short after 12 rows: silent"), "{out}");
        assert!(!out.contains('\u{1b}') && out.lines().count() == 2, "{out:?}");
    }
}
