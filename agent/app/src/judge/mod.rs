//! Observations in, the report out: joins, identifies, judges and counts. Pure but for the date it is handed.

mod device;
mod figure;
mod finding;
mod subject;
mod supply;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use herkomst_identify::{Identifier, merge};
use herkomst_model::report::{DeviceEntry, FigureEntry, FindingEntry};
use herkomst_model::{DeviceText, Observation};
use herkomst_registry::Registry;
use herkomst_rules::{
    Context, Index, Missing, Pack, PartTag, PartyExpression, PlaceTest, Room, Rule, Severity,
    Subject, Verdict, evaluate_in,
};
use jiff::civil::Date;

use self::device::{entry, ids, switches};
use self::figure::{Inventory, Seen};
use self::finding::finding;
use self::subject::Parties;
use self::supply::supply;
use crate::config::operator::{Known, Membership, Operator, Stated};
use crate::coverage::Scanned;

/// The pack that is judged when none is named.
pub(crate) const WATCH_LIST: &str = "public-lists";

/// What all observations of a scan come to.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Every device, sorted by its first address.
    pub(crate) devices: Vec<DeviceEntry>,
    /// Every finding, worst first.
    pub(crate) findings: Vec<FindingEntry>,
    /// What rules over the whole inventory came to, worst first.
    pub(crate) figures: Vec<FigureEntry>,
    /// Devices with a maker.
    pub(crate) identified: u64,
    /// Devices that nobody could name.
    pub(crate) unnamed: u64,
    /// Special addresses, which are no boxes.
    pub(crate) special: u64,
    /// What rules left open without pointing to anybody: it is listed nowhere, and no clean result either. By pack.
    pub(crate) open: BTreeMap<String, LeftOpen>,
}

/// What the rules of a pack left open.
#[derive(Debug, Default)]
pub(crate) struct LeftOpen {
    rules: BTreeSet<String>,
    devices: BTreeSet<String>,
    missing: BTreeSet<&'static str>,
    how: Vec<String>,
    components: BTreeSet<String>,
}

impl LeftOpen {
    /// The kinds of what is missing that are told in full.
    const MOST_TOLD: usize = 3;

    fn add(&mut self, rule: &Rule, device: &DeviceEntry, missing: Missing) {
        self.rules.insert(rule.id.clone());
        self.devices.insert(device.id.clone());
        if self.missing.insert(missing.as_str()) {
            self.how.push(supply(missing).to_string());
        }
    }

    /// In sentences, for whoever wonders why the result is not clean.
    pub(crate) fn in_words(&self, pack: &str) -> Vec<String> {
        let mut told = Vec::new();
        if !self.devices.is_empty() {
            let rules: Vec<&str> = self.rules.iter().map(String::as_str).collect();
            let how = self.how.iter().take(Self::MOST_TOLD).map(String::as_str);
            let missing: Vec<&str> = self.missing.iter().copied().collect();
            let more = if self.how.len() > Self::MOST_TOLD { "; …" } else { "" };
            told.push(format!(
                "{pack}: open for {} of the devices under {}; missing are {}. {}{more}",
                self.devices.len(),
                rules.join(", "),
                missing.join(", "),
                how.collect::<Vec<_>>().join("; "),
            ));
        }
        if !self.components.is_empty() {
            let rules: Vec<&str> = self.components.iter().map(String::as_str).collect();
            told.push(format!(
                "{pack}: {} asks about components or software within a device, which are not held against rules: nothing is said of them",
                rules.join(", ")
            ));
        }
        told
    }
}

/// What a scan is judged by.
pub(crate) struct Grounds<'a> {
    /// The rules.
    pub(crate) packs: &'a [Pack],
    /// What the operator declares; none when he declares nothing.
    pub(crate) operator: Option<&'a Operator>,
    /// Who is who.
    pub(crate) registry: &'a Registry,
    /// Why what was seen is not all there is; none when it is.
    pub(crate) unseen: Option<&'a str>,
    /// What was to be looked at.
    pub(crate) scanned: &'a Scanned,
    /// The day asked.
    pub(crate) on: Date,
}

/// Joins the observations to devices, and judges each, and all of them together, as of a day.
pub(crate) fn judge(observations: &[Arc<Observation>], grounds: &Grounds<'_>) -> Judged {
    let Grounds { packs, operator, unseen, scanned, on, registry: _ } = *grounds;
    let nothing_said = Context::default();
    let context = operator.map_or(&nothing_said, |operator| &operator.context);
    let mut judged = Judged::default();
    let mut seen = seen(observations, grounds, &mut judged);
    if let Some(operator) = operator {
        let mut places: Vec<&mut Membership> =
            seen.iter_mut().filter_map(|seen| seen.membership.as_mut()).collect();
        operator.neighbours(&mut places, unseen.is_none(), scanned);
    }
    let index = Index::for_day(packs, context, on);
    let mut room = Room::default();
    let mut findings: Vec<(Severity, FindingEntry)> = Vec::new();
    for (seen, entry) in seen.iter_mut().zip(&mut judged.devices) {
        if let Some(membership) = &seen.membership {
            entry.parts = membership.certain.iter().map(PartTag::to_string).collect();
            entry.adjacent = membership.beside.iter().map(PartTag::to_string).collect();
            entry.sites = membership.sites.certain.iter().cloned().collect();
            membership.place_for_all(&mut seen.subject);
        }
        for (pack, rule) in index.rules(&seen.subject, &mut room) {
            if let Some(membership) = &seen.membership {
                membership.place(&mut seen.subject, pack, rule, context);
            }
            let judgement = evaluate_in(pack, rule, &seen.subject, context, on);
            match judgement.verdict {
                Verdict::Match => {
                    findings.push((judgement.severity, finding(pack, rule, &judgement, entry)))
                }
                Verdict::Undetermined(_) if judgement.points_here() => {
                    let mut found = finding(pack, rule, &judgement, entry);
                    if seen.membership.as_ref().is_some_and(|place| place.is_unscanned(rule)) {
                        supply::by_scanning(&mut found.missing, unseen);
                    }
                    findings.push((judgement.severity, found));
                }
                // A special address is no box: nothing can be said of who made it.
                Verdict::Undetermined(missing) => {
                    if entry.special.is_none() && is_counted(pack, rule) {
                        let open = judged.open.entry(pack.id.clone()).or_default();
                        open.add(rule, entry, missing);
                    }
                }
                Verdict::NoMatch | Verdict::NotApplicable(_) => {}
            }
        }
    }
    for (pack, rule) in
        packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)))
    {
        if is_counted(pack, rule) && is_unasked(pack, rule, context, on) {
            let open = judged.open.entry(pack.id.clone()).or_default();
            open.components.insert(rule.id.clone());
        }
    }
    // A special address is no box, and does not count as one.
    let boxes = seen.into_iter().zip(&judged.devices).filter(|(_, entry)| entry.special.is_none());
    let boxes: Vec<Seen> = boxes.map(|(seen, _)| seen).collect();
    let networks = operator.map_or(&[][..], |operator| &operator.networks);
    judged.figures =
        Inventory { seen: &boxes, context, unseen, networks, scanned, on }.figures(packs);
    judged.devices.sort_by_cached_key(sort_key);
    let places: BTreeMap<String, usize> = judged
        .devices
        .iter()
        .enumerate()
        .map(|(place, device)| (device.id.clone(), place))
        .collect();
    findings.sort_by_cached_key(|(severity, finding)| {
        let is_match = finding.verdict == Verdict::Match.as_str();
        let device = places.get(&finding.device).copied();
        (
            std::cmp::Reverse(is_match),
            std::cmp::Reverse(*severity),
            urgency(finding),
            device,
            finding.pack.clone(),
            finding.rule.clone(),
        )
    });
    judged.findings = findings.into_iter().map(|(_, finding)| finding).collect();
    judged
}

/// Every device as the report shows it and as the rules see it, in one order.
fn seen(
    observations: &[Arc<Observation>],
    grounds: &Grounds<'_>,
    judged: &mut Judged,
) -> Vec<Seen> {
    let Grounds { operator, registry, on, .. } = *grounds;
    let identifier = Identifier::new(registry);
    let mut all = Vec::new();
    let devices = merge(observations, registry);
    let ids = ids(&devices, registry);
    let switches = switches(&devices, &ids, &identifier, on);
    for (device, id) in devices.iter().zip(&ids) {
        let found = identifier.identify(device, on);
        let mut entry = entry(id, device, &found, &switches, registry, on);
        match (&entry.maker, &entry.special) {
            (Some(_), _) => judged.identified += 1,
            (None, Some(_)) => judged.special += 1,
            (None, None) => judged.unnamed += 1,
        }
        let roles = subject::roles(&found);
        let mut membership = None;
        let mut stated = Stated::default();
        if let Some(operator) = operator {
            let (roles, switches) = (&roles, &switches);
            let known = Known { id, device, found: &found, roles, switches };
            stated = operator.stated(&known, on);
            let roles = stated.with_roles(roles);
            membership = Some(operator.place(&Known { roles: &roles, ..known }));
        }
        let parties = Parties { registry, operator, on };
        let (mut subject, on_makers) = parties.subject(&found, &stated.makers());
        subject.id = Some(entry.id.clone());
        if let Some(membership) = &membership {
            membership.apply(&mut subject);
        }
        stated.apply(&mut subject);
        entry.stated = stated.in_words();
        entry.stated.extend(on_makers);
        all.push(Seen { subject, membership });
        judged.devices.push(entry);
    }
    all
}

/// The days that are left for what is asked of the operator himself, overdue ones first.
fn urgency(finding: &FindingEntry) -> i64 {
    let own = finding.actions.iter().filter(|action| action.instrument.is_none());
    own.filter_map(|action| action.days_left).min().unwrap_or(i64::MAX)
}

/// Whether what a rule leaves open, of a device that nothing points to, keeps the result from being clean. Under the watch
/// list it does not: devices that nobody could name are counted there, and `--strict` asks for more.
fn is_counted(pack: &Pack, rule: &Rule) -> bool {
    pack.id != WATCH_LIST
        || !matches!(rule.party.tests, PartyExpression::Named(_))
        || rule.place != PlaceTest::Anywhere
}

/// Whether a rule would be open if there were such a component: it is in force, and not known to bind others only. The
/// components and the software that a device lists are shown, and not held against rules yet; most devices list none, so
/// none says that there is none.
fn is_unasked(pack: &Pack, rule: &Rule, context: &Context, on: Date) -> bool {
    let Some(kind) = rule.thing.components.iter().next() else { return false };
    let unknown = Subject { component: Some(*kind), ..Subject::default() };
    matches!(evaluate_in(pack, rule, &unknown, context, on).verdict, Verdict::Undetermined(_))
}

/// By first address, devices without one behind those with one.
fn sort_key(device: &DeviceEntry) -> (bool, Option<std::net::IpAddr>, Option<String>, String) {
    let ip = device.ips.first().and_then(|ip| ip.parse().ok());
    (ip.is_none(), ip, device.macs.first().cloned(), device.id.clone())
}

/// The text of a name for a line of output.
pub(crate) fn first_name(device: &DeviceEntry) -> Option<&DeviceText> {
    device.names.first()
}
