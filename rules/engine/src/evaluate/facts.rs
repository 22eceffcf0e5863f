//! The tests of a thing and of its place: met, not met, or open with what is missing.

use std::collections::BTreeSet;
use std::fmt;

use crate::judgement::Why;
use crate::pack::{Exception, FactTest};
use crate::{Because, Missing};
use crate::{ComponentKind, Order, PartTag, Parts, ProductName, Subject};

/// How a subject stands to what the rule is about.
pub(super) enum Scope {
    /// The rule does not ask.
    Any,
    In(Because),
    Unknown(Missing),
    Out(Why, Because),
}

pub(super) fn component(wanted: &BTreeSet<ComponentKind>, subject: &Subject) -> Scope {
    if wanted.is_empty() {
        return Scope::Any;
    }
    match subject.component {
        Some(kind) if wanted.contains(&kind) => Scope::In(Because::Component { kind }),
        kind @ (Some(_) | None) => {
            Scope::Out(Why::OtherComponent, Because::OtherComponent { kind })
        }
    }
}

pub(super) fn role(wanted: &BTreeSet<String>, subject: &Subject) -> Scope {
    if wanted.is_empty() {
        return Scope::Any;
    }
    if subject.roles.is_empty() {
        return Scope::Unknown(Missing::Role);
    }
    let roles = wanted.intersection(&subject.roles).cloned().collect::<BTreeSet<_>>();
    if roles.is_empty() {
        return Scope::Out(Why::OtherRole, Because::OtherRole { roles: subject.roles.clone() });
    }
    Scope::In(Because::Role { roles })
}

pub(super) fn parts(wanted: &BTreeSet<PartTag>, subject: &Subject) -> Scope {
    match &subject.parts {
        Parts::Undeclared => Scope::Unknown(Missing::Parts),
        Parts::Declared(parts) => {
            let common = wanted.intersection(parts).cloned().collect::<BTreeSet<_>>();
            if common.is_empty() {
                return Scope::Out(Why::OtherPart, Because::InNoPart { parts: parts.clone() });
            }
            Scope::In(Because::InParts { parts: common })
        }
    }
}

/// One test. The order is the operator's, for a place that it names.
pub(super) fn fact(test: &FactTest, subject: &Subject, order: Option<&Order>) -> Scope {
    match test {
        FactTest::Roles(wanted) => role(wanted, subject),
        FactTest::Components(wanted) => component(wanted, subject),
        FactTest::Families(wanted) => {
            let family = subject.family.as_ref().map(|family| BTreeSet::from([family.clone()]));
            named("product", wanted, family.as_ref(), Missing::Family)
        }
        FactTest::Software(wanted) => {
            named("software", wanted, subject.software.as_ref(), Missing::Software)
        }
        FactTest::Generations(wanted) => {
            let known = subject.generations.as_ref();
            common("generation", wanted, known, Missing::Generation, Why::OtherThing)
        }
        FactTest::Purposes(wanted) => {
            let known = subject.purposes.as_ref();
            common("purpose", wanted, known, Missing::Purpose, Why::OtherThing)
        }
        FactTest::Events(wanted) => {
            common("event", wanted, subject.events.as_ref(), Missing::Event, Why::OtherThing)
        }
        FactTest::Attribute(test) => match subject.attributes.get(&test.name) {
            None => Scope::Unknown(Missing::Attribute),
            Some(value) => {
                let values = vec![format!("{} is {value}", test.name)];
                match test.is_met_by(value) {
                    None => Scope::Unknown(Missing::Attribute),
                    Some(is) => told("attribute", values, is, Why::OtherThing),
                }
            }
        },
        FactTest::Trait(which, wanted) => match subject.traits.get(which) {
            None => Scope::Unknown(Missing::Trait),
            Some(is) => {
                let word = if *is { "yes" } else { "no" };
                told(which.as_str(), vec![word.to_owned()], is == wanted, Why::OtherThing)
            }
        },
        FactTest::SeenBefore(day) => match subject.first_seen {
            None => Scope::Unknown(Missing::FirstSeen),
            Some(seen) => told("first seen", vec![seen.to_string()], seen < *day, Why::OtherThing),
        },
        FactTest::Parts { parts, adjacent_to } => near(parts, adjacent_to, subject),
        FactTest::OrderedParts => match order.map(|order| &order.parts) {
            None => Scope::Unknown(Missing::Order),
            Some(None) => Scope::Unknown(Missing::OrderParts),
            Some(Some(wanted)) => parts(wanted, subject),
        },
        FactTest::ConnectedTo(wanted) => {
            let known = declared(&subject.connected);
            common("connected to", wanted, known, Missing::Connection, Why::OtherPlace)
        }
        FactTest::Sites(wanted) => {
            common("site", wanted, subject.sites.as_ref(), Missing::Site, Why::OtherPlace)
        }
        FactTest::Zones(wanted) => {
            common("zone", wanted, subject.zones.as_ref(), Missing::Zone, Why::OtherPlace)
        }
        FactTest::Classifications(wanted) => {
            let known = subject.classification.as_ref().map(|one| BTreeSet::from([one.clone()]));
            let missing = Missing::Classification;
            common("classification", wanted, known.as_ref(), missing, Why::OtherPlace)
        }
    }
}

/// An exception: it takes the subject out when all its tests are met, and leaves the rule open while that is unknown.
pub(super) fn exception(exception: &Exception, subject: &Subject, order: Option<&Order>) -> Scope {
    match all_met(&exception.tests, subject, order) {
        Ok(true) => Scope::Out(Why::Excepted, Because::Excepted { title: exception.title.clone() }),
        Ok(false) => Scope::Any,
        Err(missing) => Scope::Unknown(missing),
    }
}

/// Whether all tests are met; else, unless one is known not to be, what is missing first.
pub(super) fn all_met(
    tests: &[FactTest],
    subject: &Subject,
    order: Option<&Order>,
) -> Result<bool, Missing> {
    let mut open = None;
    for test in tests {
        match fact(test, subject, order) {
            Scope::Any | Scope::In(_) => {}
            Scope::Unknown(missing) => open = open.or(Some(missing)),
            Scope::Out(..) => return Ok(false),
        }
    }
    open.map_or(Ok(true), Err)
}

/// In some parts, or next to some.
fn near(wanted: &BTreeSet<PartTag>, adjacent_to: &BTreeSet<PartTag>, subject: &Subject) -> Scope {
    let inside = if wanted.is_empty() { None } else { Some(parts(wanted, subject)) };
    let inside = match inside {
        // Where nothing is asked of its neighbours, they leave nothing open.
        Some(inside) if adjacent_to.is_empty() => return inside,
        Some(Scope::In(fact)) => return Scope::In(fact),
        inside @ (Some(_) | None) => inside,
    };
    let (missing, why) = (Missing::Adjacency, Why::OtherPlace);
    let beside = common("adjacent to", adjacent_to, declared(&subject.adjacent), missing, why);
    match (inside, beside) {
        (_, met @ Scope::In(_)) => met,
        (Some(unknown @ Scope::Unknown(_)), _) => unknown,
        (Some(_) | None, beside) => beside,
    }
}

fn declared(parts: &Parts) -> Option<&BTreeSet<PartTag>> {
    match parts {
        Parts::Undeclared => None,
        Parts::Declared(parts) => Some(parts),
    }
}

fn told(what: &'static str, values: Vec<String>, is_met: bool, why: Why) -> Scope {
    if is_met {
        Scope::In(Because::Fact { what, values })
    } else {
        Scope::Out(why, Because::OtherFact { what, values })
    }
}

/// One of the known values is one of those wanted.
fn common<T: Ord + fmt::Display>(
    what: &'static str,
    wanted: &BTreeSet<T>,
    known: Option<&BTreeSet<T>>,
    missing: Missing,
    why: Why,
) -> Scope {
    let Some(known) = known else { return Scope::Unknown(missing) };
    let both: Vec<String> = wanted.intersection(known).map(ToString::to_string).collect();
    if both.is_empty() {
        return told(what, known.iter().map(ToString::to_string).collect(), false, why);
    }
    told(what, both, true, why)
}

/// One of the known names is one of those wanted.
fn named(
    what: &'static str,
    wanted: &[ProductName],
    known: Option<&BTreeSet<String>>,
    missing: Missing,
) -> Scope {
    let Some(known) = known else { return Scope::Unknown(missing) };
    let both: Vec<String> =
        known.iter().filter(|name| wanted.iter().any(|one| one.is(name))).cloned().collect();
    if both.is_empty() {
        return told(what, known.iter().cloned().collect(), false, Why::OtherThing);
    }
    told(what, both, true, Why::OtherThing)
}
