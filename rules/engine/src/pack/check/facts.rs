//! The tests of things and places, as rules, exceptions, actions and cases write them.

use std::collections::BTreeSet;

use super::super::read::{Found, Section};
use super::super::{Exception, FactTest, PlaceTest, ThingTest};
use super::about::About;
use super::{names, set};
use crate::problems::Problems;
use crate::vocabulary::{Word, unknown_word};
use crate::{PartTag, ProductName, ROLES, Trait};

pub(super) fn thing(mut file: Section<'_>, problems: &mut Problems<'_>) -> ThingTest {
    let roles = file.items("roles", problems).unwrap_or_default();
    let components = file.items("components", problems).unwrap_or_default();
    let is_empty = roles.is_empty() && components.is_empty();
    let thing = ThingTest {
        roles: set(roles, problems, role),
        components: set(components, problems, Found::word),
        more: thing_facts(&mut file, problems),
    };
    if is_empty && thing.more.is_empty() && !any_key(&file) {
        file.problem(problems, "restricts nothing: name roles or components, or leave it out");
    }
    file.finish(problems);
    thing
}

/// Whether a table holds a key of a thing, right or wrong: then what is wrong with it was told.
fn any_key(file: &Section<'_>) -> bool {
    let keys =
        ["families", "software", "generations", "purposes", "events", "attributes", "seen-before"];
    keys.into_iter().chain(Trait::ALL.iter().map(|one| one.as_str())).any(|key| file.has(key))
}

/// A device role that the engine's list holds.
pub(super) fn role(found: &Found<'_>, problems: &mut Problems<'_>) -> Option<String> {
    let text = found.string(problems)?;
    if ROLES.contains(&text.as_str()) {
        return Some(text);
    }
    problems.add(&found.span, &found.key, unknown_word(&text, ROLES.iter().copied()).to_string());
    None
}

pub(super) fn place(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    has_order: bool,
) -> PlaceTest {
    let keys = ["parts", "adjacent-to", "connected-to", "sites", "zones", "classifications"];
    let has_tests = keys.iter().any(|key| file.has(key));
    let only_parts = keys.iter().skip(1).all(|key| !file.has(key));
    let whole = file.word::<Anywhere>("where", problems);
    match whole {
        None if !has_tests && !file.has("where") => {
            file.problem(problems, "needs where = \"anywhere\" or parts = [\"core.cp\", …]")
        }
        Some(Anywhere::Anywhere) if has_tests => {
            file.problem(problems, "has both where and parts, which contradict each other")
        }
        Some(Anywhere::Order) if file.has("parts") => {
            file.problem(problems, "has both where and parts, which contradict each other")
        }
        Some(Anywhere::Order) if !has_order => {
            let text = "is \"order\", but the pack asks for none: it needs an [order] with issuers";
            file.problem_at("where", problems, text);
        }
        Some(_) | None => {}
    }
    let mut tests = place_facts(&mut file, problems);
    file.finish(problems);
    if whole == Some(Anywhere::Order) {
        tests.push(FactTest::OrderedParts);
    }
    match tests.as_mut_slice() {
        [] => PlaceTest::Anywhere,
        [FactTest::Parts { parts, .. }] if only_parts => PlaceTest::Parts(std::mem::take(parts)),
        [..] => PlaceTest::Where(tests),
    }
}

/// What `where` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anywhere {
    Anywhere,
    Order,
}

impl Word for Anywhere {
    const ALL: &'static [Self] = &[Self::Anywhere, Self::Order];
    fn word(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Order => "order",
        }
    }
}

/// `[[rule.except]]`: each takes out what meets all its tests.
pub(super) fn exceptions(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    has_order: bool,
    about: About<'_>,
) -> Vec<Exception> {
    let mut exceptions = Vec::new();
    for mut section in file.sections("except", problems) {
        let title = section.need_text("title", problems);
        let tests = all(&mut section, problems, has_order);
        if tests.is_empty() {
            section.problem(problems, "excepts everything: name a thing or a place");
        } else if about.is_within(&tests) {
            let text =
                "excepts all that the rule is about, so that it would never apply: name less";
            section.problem(problems, text);
        }
        section.finish(problems);
        exceptions.push(Exception { title, tests });
    }
    exceptions
}

/// Every test of a thing or a place that a table holds.
pub(super) fn all(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    has_order: bool,
) -> Vec<FactTest> {
    let mut tests = Vec::new();
    if let Some(items) = some(file, "roles", problems) {
        tests.push(FactTest::Roles(set(items, problems, role)));
    }
    if let Some(items) = some(file, "components", problems) {
        tests.push(FactTest::Components(set(items, problems, Found::word)));
    }
    tests.extend(thing_facts(file, problems));
    tests.extend(place_facts(file, problems));
    match has_order.then(|| file.boolean("ordered-parts", problems)).flatten() {
        Some(true) => tests.push(FactTest::OrderedParts),
        Some(false) => {
            let text = "is false, which restricts nothing: it can only be true, else leave it out";
            file.problem_at("ordered-parts", problems, text);
        }
        None => {}
    }
    tests
}

/// A list that holds something, when it is there at all.
fn some<'t>(
    file: &mut Section<'t>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> Option<Vec<Found<'t>>> {
    let items = file.items(key, problems)?;
    if items.is_empty() {
        file.problem_at(key, problems, "is empty: it would never apply");
    }
    Some(items)
}

fn thing_facts(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<FactTest> {
    let mut tests = Vec::new();
    if let Some(items) = some(file, "families", problems) {
        tests.push(FactTest::Families(products(items, problems)));
    }
    if let Some(items) = some(file, "software", problems) {
        tests.push(FactTest::Software(products(items, problems)));
    }
    if let Some(items) = some(file, "generations", problems) {
        tests.push(FactTest::Generations(set(items, problems, Found::word)));
    }
    if let Some(items) = some(file, "purposes", problems) {
        tests.push(FactTest::Purposes(set(items, problems, Found::name)));
    }
    if let Some(items) = some(file, "events", problems) {
        tests.push(FactTest::Events(set(items, problems, Found::name)));
    }
    for found in some(file, "attributes", problems).into_iter().flatten() {
        tests.extend(found.parsed(problems).map(FactTest::Attribute));
    }
    for which in Trait::ALL {
        let is = file.boolean(which.as_str(), problems);
        tests.extend(is.map(|is| FactTest::Trait(*which, is)));
    }
    tests.extend(file.date("seen-before", problems).map(FactTest::SeenBefore));
    tests
}

fn place_facts(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<FactTest> {
    let mut tests = Vec::new();
    let parts = some(file, "parts", problems);
    let adjacent_to = some(file, "adjacent-to", problems);
    if parts.is_some() || adjacent_to.is_some() {
        let parts = tags(parts.unwrap_or_default(), problems);
        let adjacent_to = tags(adjacent_to.unwrap_or_default(), problems);
        tests.push(FactTest::Parts { parts, adjacent_to });
    }
    if let Some(items) = some(file, "connected-to", problems) {
        tests.push(FactTest::ConnectedTo(tags(items, problems)));
    }
    if some(file, "sites", problems).is_some() {
        tests.push(FactTest::Sites(names(file, "sites", problems)));
    }
    if some(file, "zones", problems).is_some() {
        tests.push(FactTest::Zones(names(file, "zones", problems)));
    }
    if some(file, "classifications", problems).is_some() {
        tests.push(FactTest::Classifications(names(file, "classifications", problems)));
    }
    tests
}

fn products(items: Vec<Found<'_>>, problems: &mut Problems<'_>) -> Vec<ProductName> {
    set(items, problems, Found::parsed).into_iter().collect()
}

/// Part tags and families of them.
fn tags(items: Vec<Found<'_>>, problems: &mut Problems<'_>) -> BTreeSet<PartTag> {
    let mut parts = BTreeSet::new();
    for found in items {
        let Some(text) = found.string(problems) else { continue };
        match PartTag::family(&text) {
            Ok(tags) => parts.extend(tags),
            Err(error) => problems.add(&found.span, &found.key, error.to_string()),
        }
    }
    parts
}
