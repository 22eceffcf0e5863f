//! What the rules may know of a device: its maker, who stands behind that one, and what it is.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_identify::{Confidence, Identification, Weight};
use herkomst_ids::VendorId;
use herkomst_registry::{Control, ControlTest, Registry};
use herkomst_rules::{
    Contender, ControlKind, Controller, Controllers, CountryFact, CountryOf, Parts, Party, Subject,
};
use jiff::civil::Date;

fn confidence(confidence: Confidence) -> herkomst_rules::Confidence {
    match confidence {
        Confidence::Possible => herkomst_rules::Confidence::Possible,
        Confidence::Probable => herkomst_rules::Confidence::Probable,
        Confidence::Confirmed => herkomst_rules::Confidence::Confirmed,
    }
}

/// What the rules may know of a device.
pub(super) fn subject(found: &Identification<'_>, registry: &Registry, on: Date) -> Subject {
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
