//! The test cases that a pack brings: a subject, a day, and the verdict that is right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use herkomst_ids::Country;

mod inventory;

use super::super::SetTest;
use super::super::read::{Found, Section};
use super::facts::role;
use super::{context, no_such_list, set};
use crate::cases::{Case, Expected, ExpectedAction};
use crate::problems::Problems;
use crate::vocabulary::Word;
use crate::{
    AttributeTest, Comparison, Confidence, Contender, Controller, Controllers, CountryFact,
    CountryOf, LawList, PartTag, Parts, Party, Subject, Supplier, Suppliers, Trait,
};

pub(super) fn case(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    lists: &BTreeMap<String, Arc<LawList>>,
    own: (&str, &str),
    set: Option<&SetTest>,
) -> Case {
    let (subject, inventory) = match set {
        None => (subject(&mut file, problems), None),
        Some(test) => (Subject::default(), Some(inventory::inventory(&mut file, problems, test))),
    };
    let context = file.section("context", problems);
    let context =
        context.map(|file| context::context(file, problems, Some(own))).unwrap_or_default();
    let expect: Expected = file.need_word("expect", problems);
    let missing = file.word("missing", problems);
    if missing.is_some() && expect != Expected::Undetermined {
        file.problem_at("missing", problems, "fits only expect = \"undetermined\"");
    }
    let severity = file.word("severity", problems);
    let force = file.word("force", problems);
    let (mut waived, mut grade, mut cited, mut actions) = (None, None, None, Vec::new());
    // Of an inventory each figure has its own actions and waiver, and no list names anybody.
    if inventory.is_none() {
        waived = file.boolean("waived", problems);
        grade = file.word("grade", problems);
        cited = file.items("cites", problems).map(|items| cites(&items, problems, lists));
        actions = expected_actions(&mut file, problems);
    } else if (expect == Expected::NotApplicable) == file.has("figures") {
        let text =
            "are the right answer of a rule over an inventory, but for one that is not-applicable";
        file.problem_at("figures", problems, text);
    }
    let title = file.need_text("title", problems);
    let on = file.need_date("on", problems);
    file.finish(problems);
    Case {
        title,
        on,
        subject,
        context,
        expect,
        missing,
        cites: cited,
        actions,
        waived,
        severity,
        force,
        grade,
        inventory,
    }
}

/// Actions that must be among those of a finding.
fn expected_actions(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<ExpectedAction> {
    let mut actions = Vec::new();
    for mut section in file.sections("action", problems) {
        actions.push(ExpectedAction {
            action: section.need_word("do", problems),
            date: section.date("date", problems),
            state: section.word("state", problems),
            days_left: section.integer("days-left", problems),
            missing: section.word("missing", problems),
        });
        section.finish(problems);
    }
    actions
}

/// The subject of a case; what is left out is unknown.
fn subject(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Subject {
    let mut against = Vec::new();
    for mut section in file.sections("against", problems) {
        let controllers = controllers(&mut section, problems);
        if let Some(party) = party(&mut section, problems) {
            against.push(Contender { party, controllers });
        }
        section.finish(problems);
    }
    let mut countries = BTreeMap::new();
    for of in CountryOf::ALL {
        let Some(mut section) = file.section(of.as_str(), problems) else { continue };
        let confidence: Confidence = section.need_word("confidence", problems);
        let country = section.take("country").and_then(|found| found.parsed::<Country>(problems));
        if !section.has("country") {
            section.problem_at("country", problems, "is missing");
        }
        section.finish(problems);
        countries.extend(country.map(|country| (*of, CountryFact { country, confidence })));
    }
    let mut traits = BTreeMap::new();
    for which in Trait::ALL {
        let is = file.boolean(which.as_str(), problems);
        traits.extend(is.map(|is| (*which, is)));
    }
    let mut attributes = BTreeMap::new();
    for found in file.items("attributes", problems).unwrap_or_default() {
        let Some(test) = found.parsed::<AttributeTest>(problems) else { continue };
        if test.comparison != Comparison::Equal {
            problems.add(&found.span, &found.key, "must say what it is: \"weight-kg = 2.5\"");
        }
        attributes.insert(test.name, test.value);
    }
    let ports = file.integer("ports", problems);
    if ports.is_some_and(|number| u32::try_from(number).is_err()) {
        file.problem_at("ports", problems, "must be a number of ports");
    }
    Subject {
        maker: only_party(file, "maker", problems),
        against,
        brand: only_party(file, "brand", problems),
        controllers: controllers(file, problems),
        roles: set(file.items("roles", problems).unwrap_or_default(), problems, role),
        parts: parts(file, "parts", problems),
        first_seen: file.date("first-seen", problems),
        component: file.word("component", problems),
        id: file.text("id", problems),
        controls: related(file, "controls", problems),
        successor_of: related(file, "successor-of", problems),
        predecessor_of: related(file, "predecessor-of", problems),
        suppliers: suppliers(file, problems),
        countries,
        state_owned: file.boolean("state-owned", problems),
        family: file.text("family", problems),
        model: file.text("model", problems),
        software: known(file, "software", problems, Found::string),
        generations: known(file, "generations", problems, Found::word),
        purposes: known(file, "purposes", problems, Found::name),
        events: known(file, "events", problems, Found::name),
        attributes,
        traits,
        adjacent: parts(file, "adjacent", problems),
        connected: parts(file, "connected", problems),
        sites: known(file, "sites", problems, Found::name),
        zones: known(file, "zones", problems, Found::name),
        classification: file.take("classification").and_then(|found| found.name(problems)),
        ports: ports.and_then(|number| u32::try_from(number).ok()),
    }
}

/// A list of what is known: these and no others, so that an empty one says something.
fn known<'t, T: Ord>(
    file: &mut Section<'t>,
    key: &'static str,
    problems: &mut Problems<'_>,
    read: impl Fn(&Found<'t>, &mut Problems<'_>) -> Option<T>,
) -> Option<BTreeSet<T>> {
    Some(set(file.items(key, problems)?, problems, read))
}

fn parts(file: &mut Section<'_>, key: &'static str, problems: &mut Problems<'_>) -> Parts {
    known(file, key, problems, Found::parsed::<PartTag>).map_or(Parts::Undeclared, Parts::Declared)
}

fn suppliers(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Suppliers {
    if file.take("suppliers").is_none() {
        return Suppliers::Unrecorded;
    }
    let mut all = Vec::new();
    for mut section in file.sections("suppliers", problems) {
        let role = section.need_word("role", problems);
        all.extend(party(&mut section, problems).map(|party| Supplier { party, role }));
        section.finish(problems);
    }
    Suppliers::Recorded(all)
}

fn only_party(
    file: &mut Section<'_>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> Option<Party> {
    let mut section = file.section(key, problems)?;
    let party = party(&mut section, problems);
    section.finish(problems);
    party
}

fn party(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Party> {
    let confidence: Confidence = file.need_word("confidence", problems);
    let found = file.take("id");
    if found.is_none() {
        file.problem_at("id", problems, "is missing");
    }
    Some(Party { id: found?.vendor(problems)?, confidence })
}

/// Who controls a maker; with `controllers-open`, as far as is known.
fn controllers(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Controllers {
    let is_open = file.boolean("controllers-open", problems).unwrap_or(false);
    match related(file, "controllers", problems) {
        Controllers::Recorded(all) if is_open => Controllers::Partly(all),
        recorded => {
            if is_open {
                let text = "needs controllers: those that are known, or [] where none is";
                file.problem_at("controllers-open", problems, text);
            }
            recorded
        }
    }
}

/// Those in a relation to the maker. An empty list says something (recorded: nobody), so it differs from no list at all.
fn related(file: &mut Section<'_>, key: &'static str, problems: &mut Problems<'_>) -> Controllers {
    if file.take(key).is_none() {
        return Controllers::Unrecorded;
    }
    let mut all = Vec::new();
    for mut section in file.sections(key, problems) {
        let (from, until) = (section.date("from", problems), section.date("until", problems));
        let by = set(section.items("by", problems).unwrap_or_default(), problems, Found::word);
        let share = section.take("share").and_then(|found| found.share(problems));
        let suspected = section.boolean("suspected", problems).unwrap_or(false);
        if let Some(party) = party(&mut section, problems) {
            all.push(Controller { party, from, until, by, share, suspected });
        }
        section.finish(problems);
    }
    Controllers::Recorded(all)
}

fn cites(
    items: &[Found<'_>],
    problems: &mut Problems<'_>,
    lists: &BTreeMap<String, Arc<LawList>>,
) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for found in items {
        let Some(id) = found.string(problems) else { continue };
        if !lists.contains_key(&id) {
            let text = no_such_list(&id, lists, problems);
            problems.add(&found.span, &found.key, text);
        }
        all.insert(id);
    }
    all
}

impl Word for Expected {
    const ALL: &'static [Self] = &[
        Self::Match,
        Self::NoMatch,
        Self::Undetermined,
        Self::NotApplicable,
        Self::NeedsAssessment,
    ];
    fn word(self) -> &'static str {
        self.as_str()
    }
}
