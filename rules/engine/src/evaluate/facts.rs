//! The tests of a thing and of its place: met, not met, or open with what is missing.

use std::collections::BTreeSet;
use std::fmt;

use super::ground::Ground;
use crate::judgement::Why;
use crate::pack::{Exception, FactTest};
use crate::{Because, Missing};
use crate::{ComponentKind, Order, PartTag, Parts, ProductName, Subject};

/// How a subject stands to what the rule is about.
pub(super) enum Scope<F> {
    /// The rule does not ask.
    Any,
    In(F),
    Unknown(Missing),
    Out(Why, F),
}

pub(super) fn component<F: Ground>(
    wanted: &BTreeSet<ComponentKind>,
    subject: &Subject,
) -> Scope<F> {
    if wanted.is_empty() {
        return Scope::Any;
    }
    match subject.component {
        Some(kind) if wanted.contains(&kind) => Scope::In(F::of(|| Because::Component { kind })),
        kind @ (Some(_) | None) => {
            Scope::Out(Why::OtherComponent, F::of(|| Because::OtherComponent { kind }))
        }
    }
}

pub(super) fn role<F: Ground>(wanted: &BTreeSet<String>, subject: &Subject) -> Scope<F> {
    if wanted.is_empty() {
        return Scope::Any;
    }
    if subject.roles.is_empty() {
        return Scope::Unknown(Missing::Role);
    }
    if wanted.is_disjoint(&subject.roles) {
        let fact = F::of(|| Because::OtherRole { roles: subject.roles.clone() });
        return Scope::Out(Why::OtherRole, fact);
    }
    let both = || wanted.intersection(&subject.roles).cloned().collect();
    Scope::In(F::of(|| Because::Role { roles: both() }))
}

pub(super) fn parts<F: Ground>(wanted: &BTreeSet<PartTag>, subject: &Subject) -> Scope<F> {
    match &subject.parts {
        Parts::Undeclared => Scope::Unknown(Missing::Parts),
        Parts::Declared(parts) => {
            if wanted.is_disjoint(parts) {
                let fact = F::of(|| Because::InNoPart { parts: parts.clone() });
                return Scope::Out(Why::OtherPart, fact);
            }
            let both = || wanted.intersection(parts).cloned().collect();
            Scope::In(F::of(|| Because::InParts { parts: both() }))
        }
    }
}

/// One test. The order is the operator's, for a place that it names.
pub(super) fn fact<F: Ground>(
    test: &FactTest,
    subject: &Subject,
    order: Option<&Order>,
) -> Scope<F> {
    match test {
        FactTest::Roles(wanted) => role(wanted, subject),
        FactTest::Components(wanted) => component(wanted, subject),
        FactTest::Families(wanted) => product(wanted, subject),
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
                let values = || vec![format!("{} is {value}", test.name)];
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
                told(which.as_str(), || vec![word.to_owned()], is == wanted, Why::OtherThing)
            }
        },
        FactTest::SeenBefore(day) => match subject.first_seen {
            None => Scope::Unknown(Missing::FirstSeen),
            Some(seen) => {
                told("first seen", || vec![seen.to_string()], seen < *day, Why::OtherThing)
            }
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
        FactTest::Classifications(wanted) => match &subject.classification {
            None => Scope::Unknown(Missing::Classification),
            Some(is) => {
                let is_wanted = wanted.contains(is);
                told("classification", || vec![is.clone()], is_wanted, Why::OtherPlace)
            }
        },
    }
}

/// An exception: it takes the subject out when all its tests are met, and leaves the rule open while that is unknown.
pub(super) fn exception<F: Ground>(
    exception: &Exception,
    subject: &Subject,
    order: Option<&Order>,
) -> Scope<F> {
    match all_met(&exception.tests, subject, order) {
        Ok(true) => {
            let title = || exception.title.clone();
            Scope::Out(Why::Excepted, F::of(|| Because::Excepted { title: title() }))
        }
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
        match fact::<()>(test, subject, order) {
            Scope::Any | Scope::In(_) => {}
            Scope::Unknown(missing) => open = open.or(Some(missing)),
            Scope::Out(..) => return Ok(false),
        }
    }
    open.map_or(Ok(true), Err)
}

/// In some parts, or next to some.
fn near<F: Ground>(
    wanted: &BTreeSet<PartTag>,
    adjacent_to: &BTreeSet<PartTag>,
    subject: &Subject,
) -> Scope<F> {
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

fn told<F: Ground>(
    what: &'static str,
    values: impl FnOnce() -> Vec<String>,
    is_met: bool,
    why: Why,
) -> Scope<F> {
    if is_met {
        Scope::In(F::of(|| Because::Fact { what, values: values() }))
    } else {
        Scope::Out(why, F::of(|| Because::OtherFact { what, values: values() }))
    }
}

/// One of the known values is one of those wanted.
fn common<F: Ground, T: Ord + fmt::Display>(
    what: &'static str,
    wanted: &BTreeSet<T>,
    known: Option<&BTreeSet<T>>,
    missing: Missing,
    why: Why,
) -> Scope<F> {
    let Some(known) = known else { return Scope::Unknown(missing) };
    if wanted.is_disjoint(known) {
        return told(what, || known.iter().map(ToString::to_string).collect(), false, why);
    }
    let both = || wanted.intersection(known).map(ToString::to_string).collect();
    told(what, both, true, why)
}

/// One of the known names is one of those wanted.
fn named<F: Ground>(
    what: &'static str,
    wanted: &[ProductName],
    known: Option<&BTreeSet<String>>,
    missing: Missing,
) -> Scope<F> {
    let Some(known) = known else { return Scope::Unknown(missing) };
    let is_wanted = |name: &&String| wanted.iter().any(|one| one.is(name));
    if !known.iter().any(|name| is_wanted(&name)) {
        return told(what, || known.iter().cloned().collect(), false, Why::OtherThing);
    }
    told(what, || known.iter().filter(is_wanted).cloned().collect(), true, Why::OtherThing)
}

/// Its family or its model is one of those wanted. A name that only begins with the known family may be a model of it.
fn product<F: Ground>(wanted: &[ProductName], subject: &Subject) -> Scope<F> {
    let known = || subject.family.iter().chain(&subject.model);
    let is_wanted = |name: &&String| wanted.iter().any(|one| one.is(name));
    if known().any(|name| is_wanted(&name)) {
        let values = || known().filter(is_wanted).cloned().collect();
        return told("product", values, true, Why::OtherThing);
    }
    let is_settled = match (&subject.family, &subject.model) {
        (None, _) => false,
        (Some(_), Some(_)) => true,
        (Some(family), None) => !wanted.iter().any(|one| one.may_be_of(family)),
    };
    if !is_settled {
        return Scope::Unknown(Missing::Family);
    }
    told("product", || known().cloned().collect(), false, Why::OtherThing)
}
