//! Observations in, the report out: joins, identifies, judges and counts. Pure but for the date it is handed.

mod device;
mod finding;
mod subject;

use std::collections::BTreeMap;
use std::sync::Arc;

use herkomst_identify::{Identifier, merge};
use herkomst_model::report::{DeviceEntry, FindingEntry};
use herkomst_model::{DeviceText, Observation};
use herkomst_registry::Registry;
use herkomst_rules::{Pack, PartTag, PartyExpression, Rule, Severity, Verdict, evaluate_in};
use jiff::civil::Date;

use self::device::entry;
use self::finding::finding;
use self::subject::subject;
use crate::config::operator::Operator;

/// What all observations of a scan come to.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Every device, sorted by its first address.
    pub(crate) devices: Vec<DeviceEntry>,
    /// Every finding, worst first.
    pub(crate) findings: Vec<FindingEntry>,
    /// Devices with a maker.
    pub(crate) identified: u64,
    /// Devices that nobody could name.
    pub(crate) unnamed: u64,
    /// Special addresses, which are no boxes.
    pub(crate) special: u64,
    /// Devices that a rule with a place, an allow-list or a country could be about, were more known of them.
    pub(crate) open: u64,
}

/// Joins the observations to devices, and judges each under every pack, as of a day.
pub(crate) fn judge(
    observations: &[Arc<Observation>],
    packs: &[Pack],
    operator: Option<&Operator>,
    registry: &Registry,
    on: Date,
) -> Judged {
    let identifier = Identifier::new(registry);
    let context = operator.map(|operator| operator.context.clone()).unwrap_or_default();
    let mut judged = Judged::default();
    let mut findings: Vec<(Severity, FindingEntry)> = Vec::new();
    for device in merge(observations, registry) {
        let found = identifier.identify(&device, on);
        let membership = operator.and_then(|operator| operator.membership(&device, &found));
        let mut entry = entry(&device, &found, registry, on);
        if let Some(membership) = &membership {
            entry.parts = membership.certain.iter().map(PartTag::to_string).collect();
        }
        match (&entry.maker, &entry.special) {
            (Some(_), _) => judged.identified += 1,
            (None, Some(_)) => judged.special += 1,
            (None, None) => judged.unnamed += 1,
        }
        let mut subject = subject(&found, registry, on);
        subject.id = Some(entry.id.clone());
        let mut is_open = false;
        for pack in packs {
            for rule in &pack.rules {
                if let Some(membership) = &membership {
                    subject.parts = membership.for_rule(pack, rule, &context);
                }
                let judgement = evaluate_in(pack, rule, &subject, &context, on);
                match judgement.verdict {
                    Verdict::Match => {
                        findings.push((judgement.severity, finding(pack, rule, &judgement, &entry)))
                    }
                    Verdict::Undetermined(_) if judgement.points_here() => {
                        findings
                            .push((judgement.severity, finding(pack, rule, &judgement, &entry)));
                    }
                    Verdict::Undetermined(_) => {
                        is_open |= !rule.parts().is_empty() || is_of_anybody(rule);
                    }
                    Verdict::NoMatch | Verdict::NotApplicable(_) => {}
                }
            }
        }
        judged.open += u64::from(is_open);
        judged.devices.push(entry);
    }
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
            device,
            finding.pack.clone(),
            finding.rule.clone(),
        )
    });
    judged.findings = findings.into_iter().map(|(_, finding)| finding).collect();
    judged
}

/// Whether a rule is about more than vendors by name, by an allow-list or a country: then nothing can point to its party,
/// and what is open under it would be told nowhere.
fn is_of_anybody(rule: &Rule) -> bool {
    !matches!(rule.party.tests, PartyExpression::Named(_))
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
