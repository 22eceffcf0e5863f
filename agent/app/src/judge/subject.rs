//! What the rules may know of a device: its maker, who stands behind that one, and what it is.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_identify::{Confidence, Identification, MakerClaim, Weight};
use herkomst_ids::VendorId;
use herkomst_registry::{Control, ControlTest, Registry};
use herkomst_rules::{
    Confidence as Sure, Contender, ControlKind, Controller, Controllers, CountryFact, CountryOf,
    Party, Subject,
};
use jiff::civil::Date;

use crate::config::operator::{Operator, StatedMaker};

fn sure(confidence: Confidence) -> Sure {
    match confidence {
        Confidence::Possible => Sure::Possible,
        Confidence::Probable => Sure::Probable,
        Confidence::Confirmed => Sure::Confirmed,
    }
}

/// Who stands behind whom: what the register says, and what the operator states beside it.
pub(super) struct Parties<'a> {
    pub(super) registry: &'a Registry,
    pub(super) operator: Option<&'a Operator>,
    pub(super) on: Date,
}

/// Who made it, and who else may have.
struct Makers {
    id: VendorId,
    sure: Sure,
    against: Vec<VendorId>,
}

impl Parties<'_> {
    /// What the rules may know of a device, and in words what of that the operator states of makers.
    pub(super) fn subject(
        &self,
        found: &Identification<'_>,
        stated: &[&VendorId],
    ) -> (Subject, Vec<String>) {
        let plain = Subject {
            roles: roles(found),
            // The operating system stands in where no family is known: it does not tell which product it is.
            family: found.product.family.clone().filter(|_| !found.product.is_system),
            model: found.product.model.as_ref().map(|model| model.raw().to_owned()),
            ..Subject::default()
        };
        let Some(Makers { id, sure, against }) = settled(found.maker.as_ref().map(claimed), stated)
        else {
            return (plain, Vec::new());
        };
        let against = against.into_iter().map(|id| {
            // The engine supposes that it is that one, so who controls it is as sure as it was checked.
            let controllers = self.controllers(&id, Sure::Confirmed);
            Contender { party: Party { id, confidence: Sure::Possible }, controllers }
        });
        let stated = self.stated(&id);
        let related = |of: fn(&StatedMaker) -> &Option<Vec<Controller>>| {
            of(&stated).as_ref().map_or(Controllers::Unrecorded, |all| {
                Controllers::Recorded(all.iter().map(|one| at_most(one, sure)).collect())
            })
        };
        let subject = Subject {
            against: against.collect(),
            controllers: self.controllers(&id, sure),
            controls: related(|one| &one.controls),
            successor_of: related(|one| &one.successor_of),
            predecessor_of: related(|one| &one.predecessor_of),
            countries: self.countries(&id, sure),
            state_owned: state_owned(&id, self.registry, &self.on.to_string())
                .or(stated.state_owned),
            maker: Some(Party { id, confidence: sure }),
            ..plain
        };
        (subject, stated.in_words)
    }

    fn stated(&self, id: &VendorId) -> StatedMaker {
        self.operator.map_or_else(StatedMaker::default, |operator| operator.maker(id, self.on))
    }

    /// Who controls a vendor on the day. What the operator states takes the place of what nobody verified; what was
    /// verified stays beside it.
    fn controllers(&self, id: &VendorId, most: Sure) -> Controllers {
        let on = self.on.to_string();
        let chain = self.registry.vendor(id.as_str()).map(|vendor| vendor.control_chain(&on));
        let chain = chain.unwrap_or_default();
        let recorded = match recorded(id, &chain, most) {
            Controllers::Recorded(known) if !self.is_closed(id, &chain) => {
                Controllers::Partly(known)
            }
            recorded => recorded,
        };
        let stated = self.stated(id);
        match (stated.controllers, recorded) {
            (Some(stated), recorded) => beside(recorded, &stated, most),
            // What two say of it beside what is recorded, and differ on, is not known to be wrong.
            (None, Controllers::Recorded(known)) if stated.differs_on_controllers => {
                Controllers::Partly(known)
            }
            (None, recorded) => recorded,
        }
    }

    /// Whether nobody stands behind the last one of a chain: he is said to control himself, by a source that was checked,
    /// or is one whom nobody controls.
    fn is_closed(&self, id: &VendorId, chain: &[Control<'_>]) -> bool {
        let Some(last) = chain.last() else { return false };
        let Some(ultimate) = last.id else {
            return matches!(
                last.test,
                ControlTest::StateOwned | ControlTest::Founder | ControlTest::Employees
            );
        };
        if ultimate == id.as_str() {
            return last.verified;
        }
        let on = self.on.to_string();
        let of_vendor = self.registry.vendor(ultimate).map(|vendor| vendor.control_chain(&on));
        let of_owner = || self.registry.owner(ultimate).map(|owner| owner.control_chain(&on));
        let own = of_vendor.or_else(of_owner).unwrap_or_default();
        own.first().is_some_and(|first| first.id == Some(ultimate) && first.verified)
    }

    /// Seat and country of control of a maker. What nobody verified is possible at most, as control is.
    fn countries(&self, id: &VendorId, most: Sure) -> BTreeMap<CountryOf, CountryFact> {
        let on = self.on.to_string();
        let sure = |verified| if verified { most } else { Sure::Possible };
        let mut countries = BTreeMap::new();
        if let Some(vendor) = self.registry.vendor(id.as_str()) {
            let chain = vendor.control_chain(&on);
            let facts = [
                (CountryOf::Seat, vendor.country(), vendor.verified()),
                (
                    CountryOf::Control,
                    vendor.country_of_control(&on),
                    !chain.is_empty() && chain.iter().all(|step| step.verified),
                ),
            ];
            for (of, country, verified) in facts {
                if let Some(country) = country {
                    countries.insert(of, CountryFact { country, confidence: sure(verified) });
                }
            }
        }
        for (of, country) in self.stated(id).countries {
            let known = countries.get(&of);
            if known.is_none_or(|fact| fact.confidence == Sure::Possible) {
                countries.insert(of, CountryFact { country, confidence: most });
            }
        }
        countries
    }
}

/// A maker that stands in no vendor table is known all the same: no rule names it, and nothing is open.
fn unlisted() -> VendorId {
    "not-in-the-vendor-table".parse().expect("is a valid id")
}

/// What evidence says.
fn claimed(maker: &MakerClaim) -> Makers {
    let mut against: Vec<VendorId> = Vec::new();
    for evidence in maker.against.iter().filter(|evidence| evidence.weight() >= Weight::Likely) {
        let Some(party) = evidence.party() else { continue };
        let other = party.id().cloned().unwrap_or_else(unlisted);
        if !against.contains(&other) {
            against.push(other);
        }
    }
    let id = maker.id.clone().unwrap_or_else(unlisted);
    Makers { id, sure: sure(maker.confidence), against }
}

/// Evidence and the operator's statements together. Where evidence of weight names another maker, and none the stated one,
/// both are kept: he may have looked at another box. Where his statements differ, each may be right, and none settles anything.
fn settled(found: Option<Makers>, stated: &[&VendorId]) -> Option<Makers> {
    let stated = match stated {
        [] => return found,
        [stated] => *stated,
        [first, ..] => {
            let plain =
                || Makers { id: VendorId::clone(first), sure: Sure::Possible, against: Vec::new() };
            let mut found = found.unwrap_or_else(plain);
            for other in stated {
                if found.id != **other && !found.against.contains(other) {
                    found.against.push(VendorId::clone(other));
                }
            }
            return Some(found);
        }
    };
    let against = match found {
        Some(found)
            if found.sure > Sure::Possible
                && found.id != *stated
                && !found.against.contains(stated) =>
        {
            let mut against = found.against;
            against.insert(0, found.id);
            against
        }
        Some(_) | None => Vec::new(),
    };
    Some(Makers { id: stated.clone(), sure: Sure::Confirmed, against })
}

/// What a statement adds to what is recorded.
fn beside(recorded: Controllers, stated: &[Controller], most: Sure) -> Controllers {
    let mut all: Vec<Controller> = stated.iter().map(|one| at_most(one, most)).collect();
    if let Controllers::Recorded(recorded) | Controllers::Partly(recorded) = recorded {
        let is_new = |one: &Controller| {
            one.party.confidence > Sure::Possible
                && stated.iter().all(|other| other.party.id != one.party.id)
        };
        all.extend(recorded.into_iter().filter(is_new));
    }
    Controllers::Recorded(all)
}

/// No tie to a maker is surer than the maker.
fn at_most(stated: &Controller, most: Sure) -> Controller {
    let mut controller = stated.clone();
    controller.party.confidence = controller.party.confidence.min(most);
    controller
}

pub(super) fn roles(found: &Identification<'_>) -> BTreeSet<String> {
    found.roles.keys().map(|role| role.as_str().to_owned()).collect()
}

/// A chain of control as the rules see it. A vendor that the table calls its own controller, by a source that was checked,
/// is controlled by nobody else; of one without any entry for the day nobody knows.
fn recorded(id: &VendorId, chain: &[Control<'_>], most: Sure) -> Controllers {
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
        let confidence = if is_checked { most } else { Sure::Possible };
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
        let most = Sure::Confirmed;
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
        let most = Sure::Confirmed;
        let id = "maker".parse().expect("is an id");
        let own =
            |verified| recorded(&id, &[control("maker", ControlTest::Listed, verified)], most);
        assert_eq!(own(true), Controllers::Recorded(Vec::new()));
        assert_eq!(own(false), Controllers::Unrecorded);
        assert_eq!(recorded(&id, &[], most), Controllers::Unrecorded);
    }

    #[test]
    fn what_the_operator_states_takes_the_place_of_what_nobody_verified() {
        let tie = |id: &str, confidence| {
            Controller::from(Party { id: id.parse().expect("is an id"), confidence })
        };
        let (sure, weak) = (tie("a", Sure::Confirmed), tie("b", Sure::Possible));
        let register = Controllers::Recorded(vec![sure.clone(), weak]);
        assert_eq!(
            beside(register.clone(), &[], Sure::Confirmed),
            Controllers::Recorded(vec![sure.clone()]),
            "that nobody controls it does not undo what was checked"
        );
        let stated = tie("b", Sure::Confirmed);
        assert_eq!(
            beside(register, std::slice::from_ref(&stated), Sure::Confirmed),
            Controllers::Recorded(vec![stated.clone(), sure])
        );
        let Controllers::Recorded(all) = beside(Controllers::Unrecorded, &[stated], Sure::Probable)
        else {
            panic!("it is stated")
        };
        assert_eq!(all[0].party.confidence, Sure::Probable, "no surer than the maker");
    }

    #[test]
    fn a_stated_maker_settles_what_is_open_and_contradicts_what_is_sure() {
        let id = |text: &str| text.parse::<VendorId>().expect("is an id");
        let claim = |maker: &str, sure| Makers { id: id(maker), sure, against: Vec::new() };
        let told = |found: Option<Makers>, stated: Option<&str>| {
            settled(found, &stated.map(id).iter().collect::<Vec<_>>())
                .map(|makers| (makers.id.to_string(), makers.sure, makers.against.len()))
        };
        let says = |id: &str, sure, against| Some((id.to_owned(), sure, against));
        assert_eq!(told(None, None), None);
        assert_eq!(told(None, Some("a")), says("a", Sure::Confirmed, 0));
        let (weak, good) = (Sure::Possible, Sure::Probable);
        assert_eq!(told(Some(claim("a", good)), None), says("a", good, 0));
        assert_eq!(told(Some(claim("a", good)), Some("a")), says("a", Sure::Confirmed, 0));
        assert_eq!(told(Some(claim("b", weak)), Some("a")), says("a", Sure::Confirmed, 0));
        assert_eq!(told(Some(claim("b", good)), Some("a")), says("a", Sure::Confirmed, 1));
        let more = Makers { against: vec![id("c")], ..claim("b", good) };
        assert_eq!(told(Some(more), Some("a")), says("a", Sure::Confirmed, 2), "nobody is lost");
        let torn = Makers { against: vec![id("a")], ..claim("b", good) };
        assert_eq!(told(Some(torn), Some("a")), says("a", Sure::Confirmed, 0), "he settles it");
        let (a, b) = (id("a"), id("b"));
        let both = |found| settled(found, &[&a, &b]).map(|all| (all.sure, all.against.len()));
        assert_eq!(both(None), Some((Sure::Possible, 1)));
        assert_eq!(both(Some(claim("b", good))), Some((good, 1)));
        assert_eq!(both(Some(claim("c", good))), Some((good, 2)), "each may be right");
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
