//! Ledger and receipt as they stand in the report: counts, and ranges of targets with the same outcome.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_model::report::{
    Counts, Coverage, LedgerEntry, ListenedEntry, NotAskedEntry, ReceiptEntry, SentEntry,
    TableEntry, TablesEntry,
};
use herkomst_model::{Ledger, Method, Outcome, Receipt, Sent, Table, TableLine, TargetLine, Why};
use ipnet::IpNet;

use crate::judge::Judged;

/// The coverage of a scan.
pub(crate) fn coverage(ledger: &Ledger, receipt: &Receipt, judged: &Judged) -> Coverage {
    let mut methods: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut targets = Counts::default();
    for line in ledger.targets.values() {
        for (method, outcome) in line.outcomes() {
            count(methods.entry(method.as_str()).or_default(), outcome);
        }
        count(&mut targets, overall(line));
    }
    for (method, outcome) in ledger.questions.values().flatten() {
        count(methods.entry(method.as_str()).or_default(), *outcome);
    }
    for (table, line) in ledger.tables.values().flatten() {
        count(methods.entry(table.as_str()).or_default(), line.outcome);
    }
    let listened = ledger.lldp.map(|heard| {
        let entry = ListenedEntry {
            seconds: heard.listened.as_secs(),
            usual_seconds: heard.usual.as_secs(),
        };
        ("lldp".to_owned(), entry)
    });
    Coverage {
        complete: is_complete(ledger, receipt),
        interrupted: ledger.interrupted,
        targets,
        methods: methods.into_iter().map(|(method, counts)| (method.to_owned(), counts)).collect(),
        identified: judged.identified,
        undetermined: judged.unnamed,
        special: judged.special,
        listened: listened.into_iter().collect(),
        not_asked: not_asked(ledger),
        limits: ledger.limits.clone(),
        ledger: grouped(ledger.targets.iter().map(|(target, line)| (*target, *line)))
            .into_iter()
            .map(|(targets, line)| LedgerEntry { targets, outcomes: outcomes(&line) })
            .collect(),
        tables: ledger.tables.iter().filter_map(|(target, lines)| tables(*target, lines)).collect(),
    }
}

/// The tables that a device was asked for; `None` if it was for none.
fn tables(target: IpAddr, lines: &[(Table, TableLine)]) -> Option<TablesEntry> {
    let asked = lines.iter().filter(|(_, line)| !matches!(line.outcome, Outcome::NotAsked(_)));
    let tables: BTreeMap<String, TableEntry> = asked
        .map(|(table, line)| {
            let entry = TableEntry {
                outcome: line.outcome.as_str().to_owned(),
                rows: line.rows.into(),
                unreadable: line.unreadable.into(),
                requests: line.requests.into(),
                cut: line.cut.as_ref().map(ToString::to_string),
            };
            (table.as_str().to_owned(), entry)
        })
        .collect();
    (!tables.is_empty()).then(|| TablesEntry { target: target.to_string(), tables })
}

/// Whether every target was properly asked, and nothing that spoke was lost.
pub(crate) fn is_complete(ledger: &Ledger, receipt: &Receipt) -> bool {
    let lines = ledger.targets.values().flat_map(TargetLine::outcomes);
    let tables = ledger.tables.values().flatten();
    let mut questions = ledger.questions.values().flatten();
    !ledger.interrupted
        && receipt.dropped == 0
        && ledger.overflow == 0
        && ledger.unswept == 0
        && lines.into_iter().all(|(method, outcome)| is_proper(method, outcome))
        && tables.into_iter().all(|(table, line)| is_proper(Method::Table(*table), line.outcome))
        && questions.all(|(method, outcome)| is_proper(*method, *outcome))
}

/// Why a count of what the scan saw is no count of what there is; none when it is. Here the operator's own choices weigh
/// too: what he excluded, or had nobody ask, was not seen and may be anybody's.
pub(crate) fn unseen(ledger: &Ledger, receipt: &Receipt) -> Option<String> {
    if ledger.unswept > 0 {
        return Some("a range of IPv6 was not asked".to_owned());
    }
    if ledger.targets.is_empty() {
        return Some("nobody was asked, it was only listened".to_owned());
    }
    let is_left_out = |line: &&TargetLine| {
        let mut whys = line.outcomes().into_iter().filter_map(|(_, outcome)| match outcome {
            Outcome::NotExpected => None,
            Outcome::NotAsked(why) => Some(Some(why)),
            _ => Some(None),
        });
        // Neither names a box of its own: the segment as a whole, and the host that scans.
        whys.all(|why| why.is_some_and(|why| !matches!(why, Why::SegmentAddress | Why::ThisHost)))
    };
    let count = ledger.targets.values().filter(is_left_out).count();
    if count > 0 {
        let word = if count == 1 { "target was" } else { "targets were" };
        return Some(format!("{count} {word} not asked by any method"));
    }
    (!is_complete(ledger, receipt)).then(|| "the scan is not complete".to_owned())
}

/// The addresses that were targets, excluded ones and all, as runs without gaps, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scanned(Vec<(IpAddr, IpAddr)>);

impl Scanned {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        Self(
            runs(ledger.targets.keys().map(|target| (*target, ())))
                .map(|(range, ())| range)
                .collect(),
        )
    }

    /// Whether all of a network is among them. Nobody asks all addresses of a prefix of IPv6, so none ever is.
    pub(crate) fn holds(&self, net: &IpNet) -> bool {
        let (first, last) = (net.network(), net.broadcast());
        let before = self.0.partition_point(|(start, _)| *start <= first);
        before.checked_sub(1).is_some_and(|run| self.0[run].1 >= last)
    }
}

/// What was sent.
pub(crate) fn receipt(receipt: &Receipt) -> ReceiptEntry {
    let totals = receipt.totals();
    let by_kind = kinds(&totals);
    ReceiptEntry {
        packets: by_kind.values().sum(),
        by_kind,
        targets: grouped(receipt.targets.iter().map(|(target, sent)| (*target, *sent)))
            .into_iter()
            .map(|(targets, sent)| SentEntry { targets, packets: kinds(&sent) })
            .collect(),
        credentials: receipt
            .credentials
            .iter()
            .map(|(name, targets)| {
                let ranges = grouped(targets.iter().map(|target| (*target, ())));
                (name.to_string(), ranges.into_iter().map(|(range, ())| range).collect())
            })
            .collect(),
        ignored: receipt.ignored,
        elsewhere: receipt.elsewhere,
        dropped: receipt.dropped,
    }
}

fn kinds(sent: &Sent) -> BTreeMap<String, u64> {
    sent.by_kind().map(|(kind, count)| (kind.as_str().to_owned(), count.into())).collect()
}

fn count(counts: &mut Counts, outcome: Outcome) {
    if outcome == Outcome::NotExpected {
        return;
    }
    counts.expected += 1;
    if let Outcome::NotAsked(_) = outcome {
        counts.not_asked += 1;
        return;
    }
    counts.asked += 1;
    *match outcome {
        Outcome::Silent => &mut counts.silent,
        Outcome::Refused => &mut counts.refused,
        Outcome::Malformed => &mut counts.malformed,
        Outcome::CutShort => &mut counts.cut_short,
        Outcome::Answered | Outcome::NotAsked(_) | Outcome::NotExpected => &mut counts.answered,
    } += 1;
}

/// What became of a target over all methods: the most that any of them got out of it.
fn overall(line: &TargetLine) -> Outcome {
    let telling = |outcome: &Outcome| match outcome {
        Outcome::Answered => 6,
        Outcome::Malformed => 5,
        Outcome::Refused => 4,
        Outcome::CutShort => 3,
        Outcome::Silent => 2,
        Outcome::NotAsked(_) => 1,
        Outcome::NotExpected => 0,
    };
    line.outcomes().into_iter().map(|(_, outcome)| outcome).max_by_key(telling).unwrap_or_default()
}

/// Whether the target was asked as the operator could expect: what he excluded, switched off or gave no credential for
/// is his choice; what we could not do is not, nor is a device that turned down every credential it was offered.
fn is_proper(method: Method, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Refused => method != Method::Snmp,
        Outcome::NotAsked(
            Why::NoPermission
            | Why::Interrupted
            | Why::NoRoute
            | Why::BudgetUsedUp
            | Why::OutsideWindow,
        )
        | Outcome::CutShort => false,
        Outcome::NotAsked(
            Why::Excluded
            | Why::ThisHost
            | Why::Fragile
            | Why::NoCredential
            | Why::StrongerCredential
            | Why::CredentialsUsedUp
            | Why::NoneBefore
            | Why::MethodOff
            | Why::NotItsKind
            | Why::ToldElsewhere
            | Why::NothingToAdd
            | Why::SegmentAddress,
        )
        | Outcome::NotExpected
        | Outcome::Silent
        | Outcome::Malformed
        | Outcome::Answered => true,
    }
}

fn outcomes(line: &TargetLine) -> BTreeMap<String, String> {
    let told = line.outcomes().into_iter().filter(|(_, outcome)| *outcome != Outcome::NotExpected);
    told.map(|(method, outcome)| {
        let word = match outcome {
            Outcome::NotAsked(why) => format!("not asked: {why}"),
            other => other.as_str().to_owned(),
        };
        (method.as_str().to_owned(), word)
    })
    .collect()
}

/// Runs of neighbouring addresses with the same value.
fn runs<T: PartialEq + Copy>(
    items: impl Iterator<Item = (IpAddr, T)>,
) -> impl Iterator<Item = ((IpAddr, IpAddr), T)> {
    let mut runs: Vec<(IpAddr, IpAddr, T)> = Vec::new();
    for (address, value) in items {
        match runs.last_mut() {
            Some((_, last, of)) if *of == value && next(*last) == Some(address) => *last = address,
            _ => runs.push((address, address, value)),
        }
    }
    runs.into_iter().map(|(first, last, value)| ((first, last), value))
}

/// The address after another, if there is one.
fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            u32::from(address).checked_add(1).map(|next| Ipv4Addr::from(next).into())
        }
        IpAddr::V6(address) => {
            u128::from(address).checked_add(1).map(|next| Ipv6Addr::from(next).into())
        }
    }
}

/// The same, written as ranges.
fn grouped<T: PartialEq + Copy>(items: impl Iterator<Item = (IpAddr, T)>) -> Vec<(String, T)> {
    let name = |first: IpAddr, last: IpAddr| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    runs(items).map(|((first, last), value)| (name(first, last), value)).collect()
}

fn not_asked(ledger: &Ledger) -> Vec<NotAskedEntry> {
    let mut entries = Vec::new();
    for (slot, method) in
        TargetLine::default().outcomes().map(|(method, _)| method).into_iter().enumerate()
    {
        let whys = ledger.targets.iter().map(|(target, line)| match line.outcomes()[slot].1 {
            Outcome::NotAsked(why) => (*target, Some(why)),
            _ => (*target, None),
        });
        for (targets, why) in grouped(whys) {
            if let Some(why) = why {
                entries.push(NotAskedEntry {
                    targets,
                    method: method.as_str().to_owned(),
                    why: why.to_string(),
                });
            }
        }
    }
    for table in Table::ALL {
        let whys = ledger.tables.iter().map(|(target, lines)| {
            let line = lines.iter().find(|(of, _)| *of == table);
            match line.map(|(_, line)| line.outcome) {
                Some(Outcome::NotAsked(why)) => (*target, Some(why)),
                _ => (*target, None),
            }
        });
        for (targets, why) in grouped(whys) {
            if let Some(why) = why {
                let (method, why) = (table.as_str().to_owned(), why.to_string());
                entries.push(NotAskedEntry { targets, method, why });
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use herkomst_model::Cut;

    use super::*;

    fn ledger(lines: &[(u8, TargetLine)]) -> Ledger {
        let targets = lines.iter().map(|(last, line)| ([10, 0, 0, *last].into(), *line)).collect();
        Ledger { targets, ..Ledger::default() }
    }

    fn line(arp: Outcome, snmp_engine: Outcome) -> TargetLine {
        TargetLine { arp, snmp_engine, ..TargetLine::default() }
    }

    #[test]
    fn counts_add_up_and_neighbours_with_one_fate_share_a_line() {
        let silent = line(Outcome::Silent, Outcome::NotAsked(Why::NoneBefore));
        let ledger = ledger(&[
            (1, silent),
            (2, silent),
            (3, line(Outcome::Answered, Outcome::Malformed)),
            (5, silent),
        ]);
        let coverage = coverage(&ledger, &Receipt::default(), &Judged::default());
        let Counts { expected, asked, answered, silent, .. } = coverage.targets;
        assert_eq!((expected, asked, answered, silent), (4, 4, 1, 3));
        let ranges: Vec<&str> =
            coverage.ledger.iter().map(|entry| entry.targets.as_str()).collect();
        assert_eq!(ranges, ["10.0.0.1-10.0.0.2", "10.0.0.3", "10.0.0.5"]);
        assert!(coverage.complete, "silence is an outcome");
        assert_eq!(coverage.methods["snmp-engine"].not_asked, 3);
        assert_eq!(coverage.not_asked[0].why, "no answer before it");
    }

    #[test]
    fn every_table_has_its_count_and_one_that_is_cut_short_is_not_complete() {
        let cut = |outcome, cut: Option<Cut>| TableLine {
            outcome,
            rows: 7,
            cut: cut.map(Box::new),
            ..TableLine::default()
        };
        let one = IpAddr::from([10, 0, 0, 1]);
        let told = |lines: Vec<(Table, TableLine)>| {
            let ledger = Ledger { tables: [(one, lines)].into(), ..Ledger::default() };
            coverage(&ledger, &Receipt::default(), &Judged::default())
        };
        let whole = (Table::Interfaces, cut(Outcome::Answered, None));
        let left_out = (Table::Cdp, cut(Outcome::NotAsked(Why::NotItsKind), None));
        let good = told(vec![whole.clone(), left_out.clone()]);
        assert!(good.complete);
        let counts = good.methods["snmp-interfaces"];
        assert_eq!((counts.expected, counts.asked, counts.answered), (1, 1, 1));
        assert_eq!(good.methods["snmp-cdp"].not_asked, 1);
        assert_eq!(good.not_asked[0].method, "snmp-cdp");
        assert_eq!(good.tables[0].tables.keys().collect::<Vec<_>>(), ["snmp-interfaces"]);
        let short = (Table::Entities, cut(Outcome::CutShort, Some(Cut::Silent { tries: 4 })));
        let bad = told(vec![whole, short]);
        assert!(!bad.complete);
        let entry = &bad.tables[0].tables["snmp-entities"];
        assert_eq!((entry.outcome.as_str(), entry.rows), ("cut short", 7));
        assert_eq!(entry.cut.as_deref(), Some("silent after 4 tries"));
        assert!(!told(vec![(Table::Cdp, cut(Outcome::NotAsked(Why::Interrupted), None))]).complete);
    }

    #[test]
    fn what_nobody_asked_may_be_anybodys() {
        let asked = line(Outcome::Silent, Outcome::NotAsked(Why::NoneBefore));
        let told = |lines: &[(u8, TargetLine)]| unseen(&ledger(lines), &Receipt::default());
        assert_eq!(told(&[(1, asked)]), None, "silence is an answer");
        assert_eq!(told(&[]).as_deref(), Some("nobody was asked, it was only listened"));
        let by_why = |why| {
            let left = Outcome::NotAsked(why);
            let line =
                TargetLine { arp: left, nd: left, icmp: left, snmp_engine: left, snmp: left };
            told(&[(1, asked), (2, line)])
        };
        let left_out = Some("1 target was not asked by any method".to_owned());
        assert_eq!(by_why(Why::Excluded), left_out, "his own choice hides a device too");
        assert_eq!(by_why(Why::MethodOff), left_out);
        assert_eq!((by_why(Why::SegmentAddress), by_why(Why::ThisHost)), (None, None));
        let unswept = Ledger { unswept: 1, ..ledger(&[(1, asked)]) };
        assert!(!is_complete(&unswept, &Receipt::default()));
        assert!(unseen(&unswept, &Receipt::default()).is_some());
        let lost = Receipt { dropped: 1, ..Receipt::default() };
        assert_eq!(
            unseen(&ledger(&[(1, asked)]), &lost).as_deref(),
            Some("the scan is not complete")
        );
    }

    #[test]
    fn a_network_was_scanned_when_every_address_of_it_was_a_target() {
        let line = TargetLine::default();
        let scanned = Scanned::of(&ledger(&[0, 1, 2, 3, 5].map(|last| (last, line))));
        for (net, told) in [
            ("10.0.0.0/30", true),
            ("10.0.0.2/31", true),
            ("10.0.0.5/32", true),
            ("10.0.0.4/31", false),
            ("10.0.0.0/29", false),
            ("9.0.0.0/8", false),
            ("0.0.0.0/0", false),
            ("2001:db8::/127", false),
        ] {
            assert_eq!(scanned.holds(&net.parse().unwrap()), told, "{net}");
        }
        assert!(!Scanned::default().holds(&"10.0.0.0/32".parse().unwrap()));
    }

    #[test]
    fn what_we_could_not_do_is_incomplete_and_what_the_operator_chose_is_not() {
        for (why, complete) in [
            (Why::Excluded, true),
            (Why::Fragile, true),
            (Why::NoCredential, true),
            (Why::SegmentAddress, true),
            (Why::NoPermission, false),
            (Why::NoRoute, false),
            (Why::Interrupted, false),
        ] {
            let ledger = ledger(&[(1, line(Outcome::NotAsked(why), Outcome::NotExpected))]);
            assert_eq!(
                coverage(&ledger, &Receipt::default(), &Judged::default()).complete,
                complete,
                "{why}"
            );
        }
        let dropped = Receipt { dropped: 1, ..Receipt::default() };
        assert!(!coverage(&ledger(&[]), &dropped, &Judged::default()).complete);
    }
}
