//! Observations in, the report out: joins, identifies, judges and counts. Pure but for the date it is handed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use herkomst_identify::{Confidence, Evidence, Identification, Identifier, Weight, merge};
use herkomst_ids::{MacAddr, VendorId};
use herkomst_model::report::{
    ActionEntry, ComponentEntry, ControllerEntry, DeviceEntry, EvidenceEntry, FindingEntry,
    ListingEntry, MakerEntry, Product, SourceEntry,
};
use herkomst_model::{Device, DeviceText, Observation};
use herkomst_registry::{Control, ControlTest, Registry};
use herkomst_rules::{
    Because, Contender, ControlKind, Controller, Controllers, CountryFact, CountryOf, Judgement,
    Listing, ListingDate, Pack, PartTag, Parts, Party, PartyExpression, Rule, Severity, Subject,
    Verdict, Waived, WaiverState, evaluate_in,
};
use jiff::civil::Date;

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

fn entry(
    device: &Device,
    found: &Identification<'_>,
    registry: &Registry,
    on: Date,
) -> DeviceEntry {
    let seen_by: BTreeSet<&str> =
        device.observations.iter().map(|seen| seen.method.as_str()).collect();
    DeviceEntry {
        id: device_id(device, registry),
        macs: device.macs.iter().map(MacAddr::to_string).collect(),
        ips: device.ips.iter().map(ToString::to_string).collect(),
        names: found.names.clone(),
        roles: found.roles.keys().map(|role| role.as_str().to_owned()).collect(),
        parts: Vec::new(),
        seen_by: seen_by.into_iter().map(str::to_owned).collect(),
        maker: found.maker.as_ref().map(|maker| MakerEntry {
            id: maker.id.as_ref().map(VendorId::to_string),
            name: maker.name.clone(),
            country: maker.country.map(|country| country.to_string()),
            confidence: maker.confidence.as_str().to_owned(),
            evidence: maker.evidence.iter().map(evidence).collect(),
            against: maker.against.iter().map(evidence).collect(),
        }),
        controller: found.maker.as_ref().and_then(|maker| {
            let vendor = registry.vendor(maker.id.as_ref()?.as_str())?;
            // A maker that nobody controls is its own controller.
            Some(found.controller().map_or_else(
                || ControllerEntry {
                    id: Some(vendor.id().to_owned()),
                    name: vendor.name().to_owned(),
                    country: vendor.country().map(|country| country.to_string()),
                    as_of: on.to_string(),
                    verified: vendor.verified(),
                },
                |control| controller_entry(control, on),
            ))
        }),
        registration_country: found.registration_country.map(|country| country.to_string()),
        registrant: found.registrant.clone(),
        product: Product {
            family: found.product.family.clone(),
            model: found.product.model.clone(),
            software: found.product.software.clone(),
            serial: found.product.serial.clone(),
        },
        components: found.components.iter().map(|hint| component(hint, registry)).collect(),
        software: Vec::new(),
        relabelled: found.contested.as_ref().map(|(one, other)| {
            format!(
                "possibly relabelled: some evidence names {}, some {}",
                one.name(),
                other.name()
            )
        }),
        special: found.special.clone(),
        joined_by: device.joins.iter().map(|join| join.because.clone()).collect(),
        rejected: found.rejected.iter().map(evidence).collect(),
    }
}

fn controller_entry(control: &Control<'_>, on: Date) -> ControllerEntry {
    ControllerEntry {
        id: control.id.map(str::to_owned),
        name: control.name.to_owned(),
        country: control.country.map(|country| country.to_string()),
        as_of: on.to_string(),
        verified: control.verified,
    }
}

fn component(hint: &herkomst_identify::ComponentHint, registry: &Registry) -> ComponentEntry {
    let vendor = hint.maker.id().and_then(|id| registry.vendor(id.as_str()));
    ComponentEntry {
        kind: hint.kind.to_owned(),
        maker: Some(MakerEntry {
            id: hint.maker.id().map(VendorId::to_string),
            name: hint.maker.name().to_owned(),
            country: vendor.and_then(|vendor| vendor.country()).map(|country| country.to_string()),
            confidence: Confidence::Possible.as_str().to_owned(),
            evidence: vec![evidence(&hint.evidence)],
            against: Vec::new(),
        }),
        model: None,
        serial: None,
        r#where: None,
    }
}

fn evidence(evidence: &Evidence) -> EvidenceEntry {
    EvidenceEntry {
        kind: evidence.kind().to_owned(),
        value: evidence.value(),
        says: evidence.says(),
        weight: evidence.weight().as_str().to_owned(),
        note: evidence.note(),
    }
}

/// A hash of the strongest key: a station's address, an engine, a chassis, an address.
fn device_id(device: &Device, registry: &Registry) -> String {
    let is_station =
        |mac: &&MacAddr| !matches!(registry.mac(**mac), herkomst_registry::MacMeaning::Special(_));
    let key = device
        .macs
        .iter()
        .find(is_station)
        .map(|mac| format!("mac {mac}"))
        .or_else(|| device.engines.first().map(|engine| format!("engine {engine}")))
        .or_else(|| device.chassis.first().map(|chassis| format!("chassis {chassis:?}")))
        .or_else(|| device.ips.first().map(|ip| format!("ip {ip}")))
        .or_else(|| device.macs.first().map(|mac| format!("special mac {mac}")))
        .unwrap_or_default();
    format!("dev-{:016x}", fnv(key.as_bytes()))
}

/// FNV-1a, 64 bits: ids that are the same on every machine, no secret and no proof.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn confidence(confidence: Confidence) -> herkomst_rules::Confidence {
    match confidence {
        Confidence::Possible => herkomst_rules::Confidence::Possible,
        Confidence::Probable => herkomst_rules::Confidence::Probable,
        Confidence::Confirmed => herkomst_rules::Confidence::Confirmed,
    }
}

/// What the rules may know of a device.
fn subject(found: &Identification<'_>, registry: &Registry, on: Date) -> Subject {
    let on = on.to_string();
    let Some(maker) = &found.maker else {
        return Subject { roles: roles(found), ..Subject::default() };
    };
    let party = |id: &VendorId| Party { id: id.clone(), confidence: confidence(maker.confidence) };
    // A maker that stands in no vendor table is known all the same: no rule names it, and nothing is open.
    let unlisted = || "not-in-the-vendor-table".parse().expect("is a valid id");
    let id = maker.id.clone().unwrap_or_else(unlisted);
    let mut against: Vec<Contender> = Vec::new();
    for evidence in maker.against.iter().filter(|evidence| evidence.weight() >= Weight::Likely) {
        let Some(id) = evidence.party().and_then(|party| party.id().cloned()) else { continue };
        if against.iter().all(|contender| contender.party.id != id) {
            // The engine supposes that it is that one, so who controls it is as sure as it was checked.
            let controllers =
                controllers(&id, registry, &on, herkomst_rules::Confidence::Confirmed);
            against.push(Contender {
                party: Party { id, confidence: herkomst_rules::Confidence::Possible },
                controllers,
            });
        }
    }
    Subject {
        maker: Some(party(&id)),
        against,
        brand: None,
        controllers: match &maker.id {
            Some(id) => controllers(id, registry, &on, confidence(maker.confidence)),
            None => Controllers::Unrecorded,
        },
        roles: roles(found),
        // Declared in the operator's file, if there is one: `judge` fills it in for each rule.
        parts: Parts::Undeclared,
        first_seen: None,
        component: None,
        countries: maker
            .id
            .as_ref()
            .map(|id| countries(id, registry, &on, confidence(maker.confidence)))
            .unwrap_or_default(),
        state_owned: maker.id.as_ref().and_then(|id| state_owned(id, registry, &on)),
        // The operating system stands in where no family is known: it does not tell which product it is.
        family: found.product.family.clone().filter(|_| !found.product.is_system),
        ..Subject::default()
    }
}

fn roles(found: &Identification<'_>) -> BTreeSet<String> {
    found.roles.keys().map(|role| role.as_str().to_owned()).collect()
}

/// Who controls a vendor on a day.
fn controllers(
    id: &VendorId,
    registry: &Registry,
    on: &str,
    most: herkomst_rules::Confidence,
) -> Controllers {
    let chain = registry.vendor(id.as_str()).map(|vendor| vendor.control_chain(on));
    recorded(id, &chain.unwrap_or_default(), most)
}

/// A chain of control as the rules see it. A vendor that the table calls its own controller, by a source that was checked,
/// is controlled by nobody else; of one without any entry for the day nobody knows.
fn recorded(id: &VendorId, chain: &[Control<'_>], most: herkomst_rules::Confidence) -> Controllers {
    let is_own = |control: &Control<'_>| control.id == Some(id.as_str());
    match chain.first() {
        None => return Controllers::Unrecorded,
        Some(first) if is_own(first) && !first.verified => return Controllers::Unrecorded,
        Some(_) => {}
    }
    // Control that nobody has checked against a source is possible at best, and so is whatever lies behind it.
    let mut is_checked = true;
    let mut listed = Vec::new();
    for control in chain {
        is_checked &= control.verified;
        let Some(id) = control.id.filter(|_| !is_own(control)).and_then(|id| id.parse().ok())
        else {
            continue;
        };
        let confidence = if is_checked { most } else { herkomst_rules::Confidence::Possible };
        let by = match control.test {
            ControlTest::Majority => Some(ControlKind::Majority),
            ControlTest::DecisiveInfluence => Some(ControlKind::DecisiveInfluence),
            ControlTest::StateOwned
            | ControlTest::Founder
            | ControlTest::Employees
            | ControlTest::Listed
            | ControlTest::JointVenture
            | ControlTest::Unstated => None,
        };
        let mut controller = Controller::from(Party { id, confidence });
        controller.by.extend(by);
        listed.push(controller);
    }
    Controllers::Recorded(listed)
}

/// Seat and country of control of a maker. What nobody verified is possible at most, as control is.
fn countries(
    id: &VendorId,
    registry: &Registry,
    on: &str,
    most: herkomst_rules::Confidence,
) -> BTreeMap<CountryOf, CountryFact> {
    let mut countries = BTreeMap::new();
    let Some(vendor) = registry.vendor(id.as_str()) else { return countries };
    let sure = |verified| if verified { most } else { herkomst_rules::Confidence::Possible };
    let chain = vendor.control_chain(on);
    let facts = [
        (CountryOf::Seat, vendor.country(), vendor.verified()),
        (
            CountryOf::Control,
            vendor.country_of_control(on),
            !chain.is_empty() && chain.iter().all(|step| step.verified),
        ),
    ];
    for (of, country, verified) in facts {
        if let Some(country) = country {
            countries.insert(of, CountryFact { country, confidence: sure(verified) });
        }
    }
    countries
}

/// Whether a state owns a maker, where every step of its control was verified; else nobody knows.
fn state_owned(id: &VendorId, registry: &Registry, on: &str) -> Option<bool> {
    owned_by_state(&registry.vendor(id.as_str())?.control_chain(on))
}

fn owned_by_state(chain: &[Control<'_>]) -> Option<bool> {
    if chain.is_empty() || chain.iter().any(|step| !step.verified) {
        return None;
    }
    if chain.iter().any(|step| step.test == ControlTest::StateOwned) {
        return Some(true);
    }
    // A step that says not by what it is control, or is shared, may be a state's.
    let is_told = |step: &Control<'_>| {
        !matches!(step.test, ControlTest::Unstated | ControlTest::JointVenture)
    };
    chain.iter().all(is_told).then_some(false)
}

/// A waiver in a sentence: it is shown beside the finding and takes nothing away from it.
fn waiver(waived: &Waived) -> String {
    let Waived { waiver, state } = waived;
    let state = match state {
        WaiverState::Holds => format!("waived until {}", waiver.expires),
        WaiverState::Expired => format!("waived until {}, which is over", waiver.expires),
        WaiverState::NotApproved => "waiver does not count: two different persons, in the roles that the pack asks for, must approve it".to_owned(),
    };
    let (one, other) = (&waiver.approver.by, &waiver.second_approver.by);
    format!("{state}: {} (approved by {one} and {other})", waiver.reason)
}

fn finding(pack: &Pack, rule: &Rule, judgement: &Judgement, device: &DeviceEntry) -> FindingEntry {
    let actions = judgement.actions.iter().map(|due| ActionEntry {
        action: due.action.to_string(),
        instrument: due.list.clone(),
        scope: due.scope.clone(),
        due: due.due.map(|date| date.to_string()),
        days_left: due.days_left,
        state: due.state.to_string(),
        mark: due.mark.map(|mark| mark.to_string()),
    });
    // The lists stand beside the grounds, with more to each than a sentence.
    let tests = judgement.because.iter().filter(|because| !matches!(because, Because::Listed(_)));
    let because = tests.map(Because::to_string);
    FindingEntry {
        id: format!(
            "fnd-{:016x}",
            fnv(format!("{} {} {}", pack.id, rule.id, device.id).as_bytes())
        ),
        pack: pack.id.clone(),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        verdict: judgement.verdict.to_string(),
        severity: judgement.severity.to_string(),
        device: device.id.clone(),
        component: None,
        parts: device.parts.clone(),
        actions: actions.collect(),
        because: because.collect(),
        source: source(pack, rule),
        listings: judgement.listings().map(listed).collect(),
        waiver: judgement.waiver.as_ref().map(|waived| waiver(waived)),
        wording: rule.wording.clone(),
        disclaimer: pack.disclaimer.clone(),
        sealed: false,
    }
}

fn source(pack: &Pack, rule: &Rule) -> SourceEntry {
    let texts =
        pack.sources.iter().cloned().chain(rule.sources.iter().map(|source| source.text.clone()));
    SourceEntry {
        instrument: pack.instrument.clone(),
        article: pack.article.clone(),
        jurisdiction: pack.jurisdiction.clone(),
        status: pack.status.to_string(),
        binds: pack.bound.clone(),
        texts: texts.collect(),
        last_checked: pack.last_checked.to_string(),
    }
}

fn listed(listing: &Listing) -> ListingEntry {
    let list = &listing.list;
    let notes: Vec<&str> =
        [&listing.note, &list.note].into_iter().flatten().map(String::as_str).collect();
    ListingEntry {
        list: list.id.clone(),
        instrument: list.instrument.clone(),
        article: list.article.clone(),
        jurisdiction: list.jurisdiction.clone(),
        named_as: listing.name.clone(),
        since: match listing.since {
            ListingDate::From(day) => day.to_string(),
            ListingDate::KnownBy(day) => format!("at the latest {day}"),
        },
        force: list.force.to_string(),
        status: list.status.to_string(),
        binds: list.bound.clone(),
        scope: list.scope.clone(),
        mark: listing.mark.to_string(),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        last_checked: list.sources.iter().map(|source| source.last_checked.to_string()).max(),
    }
}

/// The text of a name for a line of output.
pub(crate) fn first_name(device: &DeviceEntry) -> Option<&DeviceText> {
    device.names.first()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(id: &'static str, test: ControlTest, verified: bool) -> Control<'static> {
        Control {
            id: Some(id),
            name: id,
            country: None,
            test,
            from: None,
            until: None,
            source: "",
            last_checked: None,
            confidence: herkomst_registry::ControlConfidence::High,
            verified,
        }
    }

    fn sure(chain: &[Control<'_>]) -> Vec<bool> {
        let most = herkomst_rules::Confidence::Confirmed;
        let id = "maker".parse().expect("is an id");
        match recorded(&id, chain, most) {
            Controllers::Recorded(all) => {
                all.iter().map(|one| one.party.confidence == most).collect()
            }
            Controllers::Unrecorded | Controllers::Partly(_) => panic!("something is not recorded"),
        }
    }

    #[test]
    fn control_is_no_surer_than_each_step_that_leads_to_it() {
        let step = |id, verified| control(id, ControlTest::Majority, verified);
        assert_eq!(sure(&[step("a", true), step("b", true)]), [true, true]);
        assert_eq!(sure(&[step("a", true), step("b", false)]), [true, false]);
        assert_eq!(sure(&[step("a", false), step("b", true)]), [false, false]);
    }

    #[test]
    fn that_nobody_controls_a_maker_must_have_been_checked_too() {
        let most = herkomst_rules::Confidence::Confirmed;
        let id = "maker".parse().expect("is an id");
        let own =
            |verified| recorded(&id, &[control("maker", ControlTest::Listed, verified)], most);
        assert_eq!(own(true), Controllers::Recorded(Vec::new()));
        assert_eq!(own(false), Controllers::Unrecorded);
        assert_eq!(recorded(&id, &[], most), Controllers::Unrecorded);
    }

    #[test]
    fn that_no_state_owns_a_maker_must_be_said_by_every_step() {
        let step = |test| control("a", test, true);
        let told = |test| owned_by_state(&[step(ControlTest::Majority), step(test)]);
        assert_eq!(told(ControlTest::Listed), Some(false));
        assert_eq!(told(ControlTest::StateOwned), Some(true));
        assert_eq!(told(ControlTest::Unstated), None);
        assert_eq!(told(ControlTest::JointVenture), None);
        assert_eq!(owned_by_state(&[control("a", ControlTest::StateOwned, false)]), None);
    }
}
