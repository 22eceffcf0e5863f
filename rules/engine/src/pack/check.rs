//! From the file form to the checked form: every problem is noted with its place, and a pack with any is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use toml::de::DeTable;

use super::read::{Found, Section};
use super::{
    DatedAction, LawList, Listing, ListingDate, NamedVendor, Pack, PartyTest, PlaceTest, Rule,
    Source, ThingTest,
};
use crate::problems::{PackProblems, Problems};
use crate::vocabulary::{Word, nearest, unknown_word};
use crate::{PartTag, ROLES, Relation};

mod case;

/// Larger than any law's list by far; what is longer is not a pack.
const LARGEST_FILE: usize = 1 << 20;

pub(super) fn parse(text: &str, file: &str) -> Result<Pack, PackProblems> {
    if text.len() > LARGEST_FILE {
        let mut problems = Problems::new("");
        let long = text.len();
        problems.add(
            &(0..0),
            "",
            format!("the file is {long} bytes long, allowed are {LARGEST_FILE}"),
        );
        return Err(problems.finish(file));
    }
    let mut problems = Problems::new(text);
    let (tree, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let lines = error.message().split('\n').collect::<Vec<_>>().join(", ");
        problems.add(&error.span().unwrap_or(0..0), "", format!("is not TOML: {lines}"));
    }
    // What was recovered from a broken file would only give problems that are not there.
    let pack = problems.is_empty().then(|| pack(Section::root(&tree), &mut problems));
    match pack {
        Some(pack) if problems.is_empty() => Ok(pack),
        Some(_) | None => Err(problems.finish(file)),
    }
}

fn pack(mut file: Section<'_>, problems: &mut Problems<'_>) -> Pack {
    let mut lists = BTreeMap::new();
    for section in file.sections("list", problems) {
        let list = law_list(section, problems, &lists);
        lists.insert(list.id.clone(), Arc::new(list));
    }
    let mut rules: Vec<Rule> = Vec::new();
    let mut ids = BTreeSet::new();
    let sections = file.sections("rule", problems);
    if sections.is_empty() {
        file.problem_at("rule", problems, "is missing: a pack has at least one [[rule]]");
    }
    for section in sections {
        let rule = rule(section, problems, &lists, &mut ids);
        rules.push(rule);
    }
    let cited: BTreeSet<&str> =
        rules.iter().flat_map(|rule| &rule.listings).map(|at| at.list.id.as_str()).collect();
    for id in lists.keys().filter(|id| !cited.contains(id.as_str())) {
        file.problem_at("list", problems, format!("holds {id:?}, which no rule cites"));
    }
    let edition = file.need_date("edition", problems);
    let last_checked = file.need_date("last-checked", problems);
    if last_checked > edition {
        file.problem_at(
            "last-checked",
            problems,
            format!("is {last_checked}, later than the edition {edition}"),
        );
    }
    let (from, until) = span(&mut file, problems);
    let pack = Pack {
        id: file.need_id("id", problems),
        title: file.need_text("title", problems),
        edition,
        last_checked,
        jurisdiction: file.need_text("jurisdiction", problems),
        instrument: file.need_text("instrument", problems),
        article: file.text("article", problems),
        sources: texts(file.need_items("sources", problems), problems),
        status: file.need_word("status", problems),
        publicity: file.need_word("publicity", problems),
        bound: file.need_text("bound", problems),
        disclaimer: file.need_text("disclaimer", problems),
        from,
        until,
        lists: lists.into_values().collect(),
        rules,
    };
    file.finish(problems);
    pack
}

fn law_list(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    others: &BTreeMap<String, Arc<LawList>>,
) -> LawList {
    let list = LawList {
        id: file.need_id("id", problems),
        instrument: file.need_text("instrument", problems),
        article: file.text("article", problems),
        jurisdiction: file.need_text("jurisdiction", problems),
        force: file.need_word("force", problems),
        status: file.need_word("status", problems),
        bound: file.need_text("bound", problems),
        scope: file.need_text("scope", problems),
        note: file.text("note", problems),
        mark: file.need_word("mark", problems),
        sources: sources(&mut file, problems),
    };
    if list.sources.is_empty() {
        file.problem_at("source", problems, "is missing: a list has at least one source");
    }
    if others.contains_key(&list.id) {
        file.problem_at(
            "id",
            problems,
            format!("is {:?}, which an earlier list has already", list.id),
        );
    }
    file.finish(problems);
    list
}

fn rule(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    lists: &BTreeMap<String, Arc<LawList>>,
    ids: &mut BTreeSet<String>,
) -> Rule {
    let id = file.need_id("id", problems);
    if !id.is_empty() && !ids.insert(id.clone()) {
        file.problem_at("id", problems, format!("is {id:?}, which an earlier rule has already"));
    }
    let party = party(file.need_section("party", problems), problems);
    let thing =
        file.section("thing", problems).map(|file| thing(file, problems)).unwrap_or_default();
    let place = place(file.need_section("place", problems), problems);
    let actions = actions(&mut file, problems);
    let mut listings = Vec::new();
    for mut section in file.sections("listing", problems) {
        listings.extend(listing(&mut section, problems, lists, &party.relations).map(Arc::new));
        section.finish(problems);
    }
    let cases = file.sections("case", problems);
    let cases = cases.into_iter().map(|file| case::case(file, problems, lists)).collect();
    let (from, until) = span(&mut file, problems);
    let rule = Rule {
        id,
        title: file.need_text("title", problems),
        severity: file.need_word("severity", problems),
        minimum_confidence: file.need_word("minimum-confidence", problems),
        wording: file.need_text("wording", problems),
        from,
        until,
        party,
        thing,
        place,
        actions,
        listings,
        sources: sources(&mut file, problems),
        cases,
    };
    file.finish(problems);
    rule
}

fn party(mut file: Section<'_>, problems: &mut Problems<'_>) -> PartyTest {
    let mut vendors: Vec<NamedVendor> = Vec::new();
    for found in file.need_items("vendors", problems) {
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
    let items = file.need_items("relations", problems);
    let relations = set(items, problems, |found, problems| found.word(problems));
    file.finish(problems);
    PartyTest { vendors, relations }
}

fn thing(mut file: Section<'_>, problems: &mut Problems<'_>) -> ThingTest {
    let roles = file.items("roles", problems).unwrap_or_default();
    let components = file.items("components", problems).unwrap_or_default();
    if roles.is_empty() && components.is_empty() {
        file.problem(problems, "restricts nothing: name roles or components, or leave it out");
    }
    let thing = ThingTest {
        roles: set(roles, problems, role),
        components: set(components, problems, |found, problems| found.word(problems)),
    };
    file.finish(problems);
    thing
}

/// A device role that the engine's list holds.
fn role(found: &Found<'_>, problems: &mut Problems<'_>) -> Option<String> {
    let text = found.string(problems)?;
    if ROLES.contains(&text.as_str()) {
        return Some(text);
    }
    problems.add(&found.span, &found.key, unknown_word(&text, ROLES.iter().copied()).to_string());
    None
}

fn place(mut file: Section<'_>, problems: &mut Problems<'_>) -> PlaceTest {
    let anywhere = file.word::<Anywhere>("where", problems);
    let items = file.items("parts", problems);
    match (anywhere, &items) {
        (None, None) => {
            file.problem(problems, "needs where = \"anywhere\" or parts = [\"core.cp\", …]")
        }
        (Some(_), Some(_)) => {
            file.problem(problems, "has both where and parts, which contradict each other")
        }
        (None, Some(parts)) if parts.is_empty() => {
            file.problem_at("parts", problems, "is empty: it would never apply")
        }
        (None, Some(_)) | (Some(_), None) => {}
    }
    let mut parts = BTreeSet::new();
    for found in items.iter().flatten() {
        let Some(text) = found.string(problems) else { continue };
        match PartTag::family(&text) {
            Ok(tags) => parts.extend(tags),
            Err(error) => problems.add(&found.span, &found.key, error.to_string()),
        }
    }
    file.finish(problems);
    if items.is_some() { PlaceTest::Parts(parts) } else { PlaceTest::Anywhere }
}

/// The one word that `where` may be.
#[derive(Debug, Clone, Copy)]
struct Anywhere;

impl Word for Anywhere {
    const ALL: &'static [Self] = &[Self];
    fn word(self) -> &'static str {
        "anywhere"
    }
}

fn listing(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    lists: &BTreeMap<String, Arc<LawList>>,
    relations: &BTreeSet<Relation>,
) -> Option<Listing> {
    let id = file.need_id("list", problems);
    let list = lists.get(&id).cloned();
    if list.is_none() && !id.is_empty() {
        file.problem_at("list", problems, no_such_list(&id, lists));
    }
    let (since, known_by) = (file.date("since", problems), file.date("known-by", problems));
    let until = file.date("until", problems);
    let since = match (since, known_by) {
        (Some(day), None) => Some(ListingDate::From(day)),
        (None, Some(day)) => Some(ListingDate::KnownBy(day)),
        (None, None) => {
            file.problem(problems, "needs since, or known-by where the first day was not read");
            None
        }
        (Some(_), Some(_)) => {
            file.problem(problems, "has both since and known-by, which contradict each other");
            None
        }
    };
    if let (Some(since), Some(until)) = (since, until)
        && until <= since.day()
    {
        file.problem_at("until", problems, format!("is {until}, not later than {}", since.day()));
    }
    let items = file.need_items("reaches", problems);
    let reaches: BTreeSet<Relation> = set(items, problems, |found, problems| found.word(problems));
    for relation in reaches.difference(relations) {
        file.problem_at(
            "reaches",
            problems,
            format!("holds {relation}, which party.relations of the rule does not"),
        );
    }
    let name = file.need_text("name", problems);
    let note = file.text("note", problems);
    let mark = file.need_word("mark", problems);
    let actions = actions(file, problems);
    Some(Listing { list: list?, name, since: since?, until, reaches, note, mark, actions })
}

fn no_such_list(id: &str, lists: &BTreeMap<String, Arc<LawList>>) -> String {
    let hint = match nearest(id, lists.keys().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "a [[list]] with that id must stand in this file".to_owned(),
    };
    format!("is {id:?}, which is no list of this pack; {hint}")
}

fn actions(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<DatedAction> {
    let mut actions = Vec::new();
    for mut section in file.sections("action", problems) {
        let action = DatedAction {
            action: section.need_word("do", problems),
            date: section.date("date", problems),
            scope: section.text("scope", problems),
            mark: section.word("mark", problems),
        };
        if actions.contains(&action) {
            section.problem(problems, "stands there twice");
        }
        section.finish(problems);
        actions.push(action);
    }
    actions
}

fn sources(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<Source> {
    let mut sources = Vec::new();
    for mut section in file.sections("source", problems) {
        sources.push(Source {
            text: section.need_text("text", problems),
            last_checked: section.need_date("last-checked", problems),
        });
        section.finish(problems);
    }
    sources
}

/// `from` and `until` of a pack or a rule.
fn span(file: &mut Section<'_>, problems: &mut Problems<'_>) -> (Option<Date>, Option<Date>) {
    let (from, until) = (file.date("from", problems), file.date("until", problems));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        file.problem_at(
            "until",
            problems,
            format!("is {until}, earlier than from, which is {from}"),
        );
    }
    (from, until)
}

fn texts(items: Vec<Found<'_>>, problems: &mut Problems<'_>) -> Vec<String> {
    items.iter().filter_map(|found| found.string(problems)).collect()
}

/// The items as a set; one that stands there twice is a problem, since the second was meant to be another.
fn set<T: Ord>(
    items: Vec<Found<'_>>,
    problems: &mut Problems<'_>,
    read: impl Fn(&Found<'_>, &mut Problems<'_>) -> Option<T>,
) -> BTreeSet<T> {
    let mut all = BTreeSet::new();
    for found in items {
        if let Some(item) = read(&found, problems)
            && !all.insert(item)
        {
            problems.add(&found.span, &found.key, "stands there twice");
        }
    }
    all
}
