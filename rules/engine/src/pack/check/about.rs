//! What a rule is about, held against its own exceptions and actions: what would leave nothing of it is refused.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::super::read::Section;
use super::super::{FactTest, PlaceTest, ThingTest};
use crate::PartTag;
use crate::problems::Problems;

/// Thing and place of a rule.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) thing: &'a ThingTest,
    pub(super) place: &'a PlaceTest,
}

impl About<'_> {
    /// Whether everything that the rule is about meets all these tests.
    pub(super) fn is_within(self, tests: &[FactTest]) -> bool {
        tests.iter().all(|test| self.implies(test))
    }

    fn implies(self, wide: &FactTest) -> bool {
        let Self { thing, place } = self;
        let of_thing = match wide {
            FactTest::Roles(wide) => is_part(&thing.roles, wide),
            FactTest::Components(wide) => is_part(&thing.components, wide),
            _ => thing.more.iter().any(|narrow| implies(narrow, wide)),
        };
        let of_place = match (place, wide) {
            (PlaceTest::Anywhere, _) => false,
            (PlaceTest::Parts(narrow), FactTest::Parts { parts, .. }) => is_part(narrow, parts),
            (PlaceTest::Parts(_), _) => false,
            (PlaceTest::Where(tests), wide) => tests.iter().any(|narrow| implies(narrow, wide)),
        };
        of_thing || of_place
    }

    /// The parts that a thing must be in. What may stand beside a part instead, may be in any.
    fn parts(&self) -> Option<&BTreeSet<PartTag>> {
        match self.place {
            PlaceTest::Anywhere => None,
            PlaceTest::Parts(own) => Some(own),
            PlaceTest::Where(tests) => tests.iter().find_map(|test| match test {
                FactTest::Parts { parts, adjacent_to } if adjacent_to.is_empty() => Some(parts),
                _ => None,
            }),
        }
    }

    /// Notes roles, components and parts of an action that the rule is not about: it would never be for them.
    pub(super) fn outside(
        self,
        only: &[FactTest],
        file: &Section<'_>,
        problems: &mut Problems<'_>,
    ) {
        for test in only {
            match test {
                FactTest::Roles(some) => {
                    stray("roles", some, &self.thing.roles, file, problems);
                }
                FactTest::Components(some) => {
                    stray("components", some, &self.thing.components, file, problems);
                }
                FactTest::Parts { parts: some, .. } => {
                    if let Some(own) = self.parts() {
                        stray("parts", some, own, file, problems);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether whatever meets the one test meets the other too.
fn implies(narrow: &FactTest, wide: &FactTest) -> bool {
    match (narrow, wide) {
        (FactTest::Families(narrow), FactTest::Families(wide))
        | (FactTest::Software(narrow), FactTest::Software(wide)) => {
            narrow.iter().all(|one| wide.contains(one))
        }
        (FactTest::Generations(narrow), FactTest::Generations(wide)) => narrow.is_subset(wide),
        (FactTest::Purposes(narrow), FactTest::Purposes(wide))
        | (FactTest::Events(narrow), FactTest::Events(wide))
        | (FactTest::Sites(narrow), FactTest::Sites(wide))
        | (FactTest::Zones(narrow), FactTest::Zones(wide))
        | (FactTest::Classifications(narrow), FactTest::Classifications(wide)) => {
            narrow.is_subset(wide)
        }
        (FactTest::ConnectedTo(narrow), FactTest::ConnectedTo(wide)) => narrow.is_subset(wide),
        (
            FactTest::Parts { parts, adjacent_to },
            FactTest::Parts { parts: wide, adjacent_to: beside },
        ) => parts.is_subset(wide) && adjacent_to.is_subset(beside),
        (FactTest::SeenBefore(narrow), FactTest::SeenBefore(wide)) => narrow <= wide,
        _ => narrow == wide,
    }
}

/// A set that does not restrict is part of none.
fn is_part<T: Ord>(narrow: &BTreeSet<T>, wide: &BTreeSet<T>) -> bool {
    !narrow.is_empty() && narrow.is_subset(wide)
}

/// An empty set of the rule does not restrict, so that nothing is outside of it.
fn stray<T: Ord + Display>(
    key: &'static str,
    some: &BTreeSet<T>,
    own: &BTreeSet<T>,
    file: &Section<'_>,
    problems: &mut Problems<'_>,
) {
    let Some(one) = some.difference(own).next().filter(|_| !own.is_empty()) else { return };
    let own: Vec<_> = own.iter().take(8).map(ToString::to_string).collect();
    let text = format!("holds {one}, which the rule is not about; it is about {}", own.join(", "));
    file.problem_at(key, problems, text);
}
