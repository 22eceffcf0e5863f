//! Rules over the whole inventory: a cap on a share, a number of suppliers; one figure for each scope.
//!
//! The engine counts what it is given. Whether that is all there is, only the scan knows: what nobody saw may be anybody's,
//! so that a scan with gaps shows neither that a cap is kept nor that it is exceeded.

use herkomst_model::report::{FigureEntry, MissingEntry, RatioEntry, ShareEntry, SuppliersEntry};
use herkomst_rules::{
    Because, Context, Counted, Figure, Pack, PartyExpression, PartyTest, PlaceTest, Ratio, Rule,
    Severity, Subject, ThingTest, Verdict, evaluate_in, evaluate_set,
};
use ipnet::IpNet;
use jiff::civil::Date;

use super::device::fnv;
use super::finding::{actions, entries, missing, next_due, source, waiver, waiver_word};
use crate::config::operator::Membership;
use crate::coverage::Scanned;

/// The most networks that a figure names as not scanned.
const MOST_NAMED: usize = 5;

/// A device as the rules see it, and where it is or may be.
pub(super) struct Seen {
    pub(super) subject: Subject,
    pub(super) membership: Option<Membership>,
}

/// What there is beside the devices.
pub(super) struct Inventory<'a> {
    pub(super) seen: &'a [Seen],
    pub(super) context: &'a Context,
    /// Why it is not all there is; none when it is.
    pub(super) unseen: Option<&'a str>,
    /// The whole of the network, as the operator declares it; empty when he does not.
    pub(super) networks: &'a [IpNet],
    /// What was to be looked at.
    pub(super) scanned: &'a Scanned,
    pub(super) on: Date,
}

impl Inventory<'_> {
    /// Every figure of every rule that counts, worst first.
    pub(super) fn figures(&self, packs: &[Pack]) -> Vec<FigureEntry> {
        let mut figures: Vec<(Severity, FigureEntry)> = Vec::new();
        let counting =
            packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)));
        for (pack, rule) in counting.filter(|(_, rule)| rule.set.is_some()) {
            let subjects: Vec<Subject> =
                self.seen.iter().map(|seen| self.placed(seen, pack, rule)).collect();
            // A rule that is not in force, or does not bind this operator, counts nothing.
            let Ok(counted) = evaluate_set(pack, rule, &subjects, self.context, self.on) else {
                continue;
            };
            figures.extend(counted.iter().map(|figure| self.entry(pack, rule, figure)));
        }
        let rank = |verdict: &str| match verdict {
            "match" => 0,
            "undetermined" => 1,
            _ => 2,
        };
        // The sort is stable: beyond that, packs, rules and scopes keep their order.
        figures.sort_by_key(|(severity, figure)| {
            (rank(&figure.verdict), std::cmp::Reverse(*severity))
        });
        figures.into_iter().map(|(_, figure)| figure).collect()
    }

    fn placed(&self, seen: &Seen, pack: &Pack, rule: &Rule) -> Subject {
        let mut subject = seen.subject.clone();
        if let Some(membership) = &seen.membership {
            membership.place(&mut subject, pack, rule, self.context);
        }
        subject
    }

    /// Why the targets are not known to be the whole network; none when they are. A target that nobody named hides a device
    /// as well as one that nobody asked.
    fn beyond(&self) -> Option<String> {
        if self.networks.is_empty() {
            return Some(
                "nobody said what the whole network is: give it in the operator's file (--operator), at the top of it: \
                 networks = [\"10.0.0.0/8\", …], and scan it"
                    .to_owned(),
            );
        }
        let left: Vec<String> = self
            .networks
            .iter()
            .filter(|net| !self.scanned.holds(net))
            .map(IpNet::to_string)
            .collect();
        let more = left.len().saturating_sub(MOST_NAMED);
        let named = left.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!left.is_empty()).then(|| {
            format!(
                "not all of {named}{more}, which the operator declares as his network, lies within the targets: scan all of it"
            )
        })
    }

    fn entry(&self, pack: &Pack, rule: &Rule, figure: &Figure) -> (Severity, FigureEntry) {
        let scope = figure.scope.to_string();
        let id = format!("fig-{:016x}", fnv(format!("{} {} {scope}", pack.id, rule.id).as_bytes()));
        let beyond = self.beyond();
        let verdict = settled(figure, self.unseen.is_some(), beyond.is_some());
        // What the instrument is to the operator does not depend on any one subject: the same rule about anything anywhere
        // tells it.
        let plain = Rule {
            set: None,
            party: PartyTest {
                vendors: Vec::new(),
                relations: Default::default(),
                tests: PartyExpression::All(Vec::new()),
            },
            thing: ThingTest::default(),
            place: PlaceTest::Anywhere,
            except: Vec::new(),
            actions: Vec::new(),
            ..rule.clone()
        };
        let judgement = evaluate_in(pack, &plain, &Subject::default(), self.context, self.on);
        let mut lacks = missing(&judgement);
        if let Verdict::Undetermined(missing) = figure.verdict
            && !lacks.contains(&missing)
        {
            lacks.insert(0, missing);
        }
        let dates = figure.actions.iter().filter_map(|action| action.missing);
        for one in figure.open.iter().copied().chain(dates) {
            if !lacks.contains(&one) {
                lacks.push(one);
            }
        }
        let mut missing = entries(lacks);
        if verdict != Verdict::Match.as_str() {
            let unseen = self.unseen.map(|unseen| {
                format!("{unseen}: what was not seen may be anybody's; scan all of the network")
            });
            let coverage = unseen
                .or(beyond.clone())
                .map(|how| MissingEntry { what: "coverage".to_owned(), how });
            missing.splice(0..0, coverage);
        }
        let mut because = vec![figure.to_string()];
        because.extend(
            self.unseen.map(|unseen| format!("{unseen}, so this is no count of all there is")),
        );
        because.extend(
            judgement
                .because
                .iter()
                .filter(|because| !matches!(because, Because::Open { .. } | Because::Listed(_)))
                .map(Because::to_string),
        );
        let (share, suppliers) = counted(&figure.counted);
        let entry = FigureEntry {
            id,
            pack: pack.id.clone(),
            rule: rule.id.clone(),
            title: rule.title.clone(),
            scope,
            verdict: verdict.to_owned(),
            severity: figure.severity.to_string(),
            force: figure.force.map(|force| force.to_string()),
            share,
            suppliers,
            devices: self.seen.len() as u64,
            complete: self.unseen.is_none() && beyond.is_none(),
            actions: actions(&figure.actions),
            next_due: next_due(&figure.actions),
            because,
            missing,
            source: source(pack, rule),
            waiver: figure.waiver.as_ref().map(|waived| waiver(waived)),
            waiver_state: figure.waiver.as_ref().map(|waived| waiver_word(waived.state).to_owned()),
            wording: rule.wording.clone(),
            disclaimer: pack.disclaimer.clone(),
            sealed: false,
        };
        (figure.severity, entry)
    }
}

/// The verdict, once it is known whether more devices may be there: they can change every share, and can only add
/// suppliers. Among targets that are part of a network a cap can be exceeded; that it is kept only the whole network shows.
fn settled(figure: &Figure, has_gaps: bool, is_part: bool) -> &'static str {
    let stays = match (&figure.counted, figure.verdict) {
        (Counted::Suppliers { at_least, certain, .. }, Verdict::NoMatch) => {
            *certain >= u64::from(*at_least)
        }
        _ => false,
    };
    let opens = has_gaps || (is_part && figure.verdict != Verdict::Match);
    if opens && !stays { "undetermined" } else { figure.verdict.as_str() }
}

fn counted(counted: &Counted) -> (Option<ShareEntry>, Option<SuppliersEntry>) {
    match counted {
        Counted::Share { cap, denominator, certain, possible, unweighed } => {
            let share = ShareEntry {
                cap: cap.to_string(),
                denominator: denominator.to_string(),
                certain: ratio(*certain),
                possible: ratio(*possible),
                unweighed: *unweighed,
            };
            (Some(share), None)
        }
        Counted::Suppliers { at_least, certain, possible, vendors } => {
            let suppliers = SuppliersEntry {
                at_least: u64::from(*at_least),
                certain: *certain,
                possible: *possible,
                vendors: vendors.clone(),
            };
            (None, Some(suppliers))
        }
    }
}

/// Exact where two decimals hold it, else marked as rounded: 35.004 % must not read as if a cap of 35 % were kept.
fn ratio(of: Ratio) -> RatioEntry {
    let scaled = u128::from(of.part) * 10_000;
    let percent = (of.whole > 0).then(|| {
        let whole = u128::from(of.whole);
        let (hundredths, rest) = (scaled / whole, scaled % whole);
        let over = if rest == 0 { "" } else { "a little over " };
        format!("{over}{}.{:02} %", hundredths / 100, hundredths % 100)
    });
    RatioEntry { part: of.part, whole: of.whole, percent }
}
