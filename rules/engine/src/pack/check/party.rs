//! The party test of a rule, and the groups of vendors that it may name.

use std::collections::{BTreeMap, BTreeSet};

use super::super::read::{Found, Section};
use super::super::{Group, NamedTest, NamedVendor, PartyExpression, PartyTest, SetTest};
use super::{Known, set};
use crate::problems::Problems;
use crate::vocabulary::{Word, nearest};
use crate::{CountryOf, Relation};

/// Deeper than any instrument puts its tests together.
const DEEPEST: usize = 4;

/// The party of a rule; a rule on the number of suppliers needs none.
pub(super) fn party(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    known: &Known<'_>,
    set: Option<&SetTest>,
) -> PartyTest {
    let tests = match set {
        Some(SetTest::Diversity { .. }) => {
            if file.take("party").is_some() {
                file.problem_at(
                    "party",
                    problems,
                    "does not fit diversity, which is about all suppliers",
                );
            }
            PartyExpression::All(Vec::new())
        }
        Some(SetTest::Cap { .. }) | None => {
            expression(file.need_section("party", problems), problems, known, DEEPEST)
        }
    };
    let mut vendors: Vec<NamedVendor> = Vec::new();
    let mut relations = BTreeSet::new();
    for (named, is_trusted) in tests.named() {
        if !is_trusted {
            let ids: BTreeSet<_> = vendors.iter().map(|vendor| vendor.id.clone()).collect();
            vendors.extend(named.vendors.iter().filter(|one| !ids.contains(&one.id)).cloned());
            relations.extend(&named.relations);
        }
    }
    PartyTest { vendors, relations, tests }
}

/// Groups are put in each other's place: so many of so many vendors are more than any law names.
const MOST_GROUPS: usize = 200;
const MOST_VENDORS: usize = 2_000;

/// One table of tests: all that it holds must be met.
fn expression(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    known: &Known<'_>,
    deep: usize,
) -> PartyExpression {
    let mut tests = Vec::new();
    let is_short = !["all", "any", "state-owned"]
        .into_iter()
        .chain(CountryOf::ALL.iter().map(|of| of.as_str()))
        .any(|key| file.has(key));
    if is_short || ["vendors", "groups", "who"].iter().any(|key| file.has(key)) {
        tests.push(named(&mut file, problems, known));
    }
    for of in CountryOf::ALL {
        if let Some(found) = file.take(of.as_str()) {
            let lists = country_tests(&found, &mut file, *of, problems, known);
            tests.push(PartyExpression::Country { of: *of, lists });
        }
    }
    if let Some(is) = file.boolean("state-owned", problems) {
        tests.push(PartyExpression::StateOwned(is));
    }
    for (key, is_any) in [("all", false), ("any", true)] {
        if !file.has(key) {
            file.take(key);
            continue;
        }
        if deep == 0 {
            let text = format!("is nested deeper than {DEEPEST} tables, which nobody could check");
            file.problem_at(key, problems, text);
            file.take(key);
            continue;
        }
        let sections = file.sections(key, problems);
        if sections.len() < 2 {
            file.problem_at(key, problems, "needs at least two tests to put together");
        }
        let inner: Vec<_> = sections
            .into_iter()
            .map(|section| expression(section, problems, known, deep - 1))
            .collect();
        tests.push(if is_any { PartyExpression::Any(inner) } else { PartyExpression::All(inner) });
    }
    // Words of a named test where there is none would be ignored: they stay unasked, and so are refused.
    file.finish(problems);
    if tests.len() == 1 { tests.remove(0) } else { PartyExpression::All(tests) }
}

/// The ids of country lists, one as a text or several that must all hold the country.
fn country_tests(
    found: &Found<'_>,
    file: &mut Section<'_>,
    of: CountryOf,
    problems: &mut Problems<'_>,
    known: &Known<'_>,
) -> Vec<String> {
    let items = file.items(of.as_str(), problems).unwrap_or_default();
    if items.is_empty() {
        problems.add(&found.span, &found.key, "needs at least one country-list, by its id");
    }
    let ids = set(items, problems, |found, problems| {
        let id = found.string(problems)?;
        if !known.country_lists.iter().any(|list| list.id == id) {
            let near = nearest(&id, known.country_lists.iter().map(|list| list.id.as_str()));
            let hint = match near {
                Some(near) => format!("did you mean {near:?}?"),
                None => "a [[country-list]] with that id must stand in this file".to_owned(),
            };
            let text = format!("is {id:?}, which is no country-list of this pack; {hint}");
            problems.add(&found.span, &found.key, text);
        }
        Some(id)
    });
    ids.into_iter().collect()
}

/// Vendors and groups in some relations, by a test of control.
fn named(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    known: &Known<'_>,
) -> PartyExpression {
    let mut vendors = Vec::new();
    let ordered = file.word::<Ordered>("who", problems).is_some();
    if ordered && !known.order {
        let text = "is \"order\", but the pack asks for none: it needs an [order] with issuers";
        file.problem_at("who", problems, text);
    }
    if ordered && (file.has("vendors") || file.has("groups") || file.has("mode")) {
        file.problem_at("who", problems, "leaves the vendors to the order: name none beside it");
    }
    let groups = file.items("groups", problems).unwrap_or_default();
    let own = if groups.is_empty() && !ordered {
        file.need_items("vendors", problems)
    } else {
        file.items("vendors", problems).unwrap_or_default()
    };
    add_vendors(own, &mut vendors, problems);
    for found in groups {
        let Some(id) = found.string(problems) else { continue };
        match known.groups.get(&id) {
            // The same vendor by two groups is no mistake.
            Some(group) if known.spend(group.vendors.len()) => {
                add_missing(&group.vendors, &mut vendors);
            }
            Some(_) => {
                let text = "is one group too many: the rules of a pack name at most 200000 vendors by groups";
                problems.add(&found.span, &found.key, text);
            }
            None => problems.add(&found.span, &found.key, no_such_group(&id, known.groups.keys())),
        }
    }
    let items = file.need_items("relations", problems);
    let relations = set(items, problems, |found, problems| found.word::<Relation>(problems));
    let control = set(file.items("test", problems).unwrap_or_default(), problems, Found::word);
    let share_at_least = file.take("share-at-least").and_then(|found| found.share(problems));
    let supplier_roles =
        set(file.items("supplier-roles", problems).unwrap_or_default(), problems, Found::word);
    let controls = [Relation::ControlledBy, Relation::Controls];
    let has = |wanted: &[Relation]| wanted.iter().any(|one| relations.contains(one));
    for (key, fits, which) in [
        ("test", has(&controls), "controlled-by or controls"),
        ("share-at-least", has(&controls), "controlled-by or controls"),
        ("supplier-roles", has(&[Relation::Supplier]), "supplier"),
    ] {
        if file.has(key) && !fits {
            file.problem_at(key, problems, format!("fits only the relation {which}"));
        }
    }
    let suspicion = file.boolean("suspicion", problems).unwrap_or(false);
    let is_allow_list = file.word::<AllowList>("mode", problems).is_some();
    if suspicion && is_allow_list {
        let text = "does not fit mode = \"allow-list\": nobody is trusted by suspicion";
        file.problem_at("suspicion", problems, text);
    }
    let test = NamedTest {
        vendors,
        relations,
        control,
        share_at_least,
        supplier_roles,
        suspicion,
        ordered,
    };
    if is_allow_list { PartyExpression::Unlisted(test) } else { PartyExpression::Named(test) }
}

/// The one word that `who` may be.
#[derive(Debug, Clone, Copy)]
struct Ordered;

impl Word for Ordered {
    const ALL: &'static [Self] = &[Self];
    fn word(self) -> &'static str {
        "order"
    }
}

/// The one word that `mode` may be.
#[derive(Debug, Clone, Copy)]
struct AllowList;

impl Word for AllowList {
    const ALL: &'static [Self] = &[Self];
    fn word(self) -> &'static str {
        "allow-list"
    }
}

/// The vendors that an order designates.
pub(super) fn vendors(items: Vec<Found<'_>>, problems: &mut Problems<'_>) -> Vec<NamedVendor> {
    let mut vendors = Vec::new();
    add_vendors(items, &mut vendors, problems);
    vendors
}

fn add_vendors(items: Vec<Found<'_>>, vendors: &mut Vec<NamedVendor>, problems: &mut Problems<'_>) {
    for found in items {
        let Some(id) = found.vendor(problems) else { continue };
        if vendors.iter().any(|vendor| vendor.id == id) {
            problems.add(
                &found.span,
                &found.key,
                format!("is {:?}, which stands there twice", id.as_str()),
            );
            continue;
        }
        let (line, column) = problems.place(found.span.start);
        vendors.push(NamedVendor { id, line, column });
    }
}

fn add_missing(of: &[NamedVendor], to: &mut Vec<NamedVendor>) {
    let mut ids: BTreeSet<_> = to.iter().map(|vendor| vendor.id.clone()).collect();
    to.extend(of.iter().filter(|vendor| ids.insert(vendor.id.clone())).cloned());
}

fn no_such_group<'a>(id: &str, known: impl Iterator<Item = &'a String>) -> String {
    let hint = match nearest(id, known.map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "a [[group]] with that id must stand in this file".to_owned(),
    };
    format!("is {id:?}, which is no group of this pack; {hint}")
}

/// A group as the file has it, before those in it are put in its place.
struct Written {
    vendors: Vec<NamedVendor>,
    /// Ids of groups, each with its place.
    groups: Vec<(String, std::ops::Range<usize>, String)>,
}

/// All groups, each with the vendors of those in it; a group within itself is refused.
pub(super) fn groups(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, Group> {
    let mut written: BTreeMap<String, Written> = BTreeMap::new();
    for mut section in file.sections("group", problems) {
        let id = section.need_id("id", problems);
        if written.contains_key(&id) {
            let text = format!("is {id:?}, which an earlier group has already");
            section.problem_at("id", problems, text);
        }
        let mut vendors = Vec::new();
        add_vendors(section.items("vendors", problems).unwrap_or_default(), &mut vendors, problems);
        let mut groups = Vec::new();
        for found in section.items("groups", problems).unwrap_or_default() {
            if let Some(id) = found.string(problems) {
                groups.push((id, found.span.clone(), found.key.clone()));
            }
        }
        if vendors.is_empty() && groups.is_empty() {
            section.problem(problems, "is empty: name vendors or groups");
        }
        section.finish(problems);
        written.insert(id, Written { vendors, groups });
    }
    if written.len() > MOST_GROUPS {
        let text = format!("has {} items, allowed are {MOST_GROUPS}", written.len());
        file.problem_at("group", problems, text);
        return BTreeMap::new();
    }
    for group in written.values() {
        for (id, span, key) in &group.groups {
            if !written.contains_key(id) {
                problems.add(span, key, no_such_group(id, written.keys()));
            }
        }
    }
    let mut all = BTreeMap::new();
    for id in written.keys() {
        let mut vendors: Vec<NamedVendor> = Vec::new();
        let mut ids = BTreeSet::new();
        // Each group is looked into once, so that a cycle ends and a web of groups costs no more than its size.
        let mut seen = BTreeSet::new();
        let mut next = vec![id];
        while let Some(one) = next.pop() {
            let Some(group) = written.get(one).filter(|_| seen.insert(one)) else { continue };
            vendors.extend(group.vendors.iter().filter(|one| ids.insert(one.id.clone())).cloned());
            if vendors.len() > MOST_VENDORS {
                break;
            }
            for (inner, span, key) in &group.groups {
                if inner == id {
                    problems.add(span, key, format!("is {inner:?}: that group holds itself"));
                }
                next.push(inner);
            }
        }
        if vendors.len() > MOST_VENDORS {
            let text = format!("holds {id:?} with more than {MOST_VENDORS} vendors");
            file.problem_at("group", problems, text);
            vendors.clear();
        }
        all.insert(id.clone(), Group { id: id.clone(), vendors });
    }
    all
}
