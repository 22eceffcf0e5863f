//! From the file form to the checked form: every problem is noted with its place, and a pack with any is refused.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use herkomst_ids::Country;
use jiff::civil::Date;
use toml::de::DeTable;

use self::about::About;
use super::read::{Found, Section};
use super::{
    Binding, CountryList, DatedAction, LawList, Listing, ListingDate, OrderTest, Pack,
    PartyExpression, Rule, SetTest, Source,
};
use crate::Relation;
use crate::problems::{PackProblems, Problems};
use crate::vocabulary::nearest;

mod about;
mod case;
mod context;
mod facts;
mod inventory;
mod party;

pub(crate) use context::parse_context;

/// Larger than any law's list by far; what is longer is not a pack.
const LARGEST_FILE: usize = 1 << 20;

pub(super) fn parse(text: &str, file: &str) -> Result<Pack, PackProblems> {
    parse_with(text, file, pack)
}

/// Reads a file with a reader of its whole, and gives all problems or what it holds.
fn parse_with<T>(
    text: &str,
    file: &str,
    read: impl FnOnce(Section<'_>, &mut Problems<'_>) -> T,
) -> Result<T, PackProblems> {
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
    let whole = problems.is_empty().then(|| read(Section::root(&tree), &mut problems));
    match whole {
        Some(whole) if problems.is_empty() => Ok(whole),
        Some(_) | None => Err(problems.finish(file)),
    }
}

fn pack(mut file: Section<'_>, problems: &mut Problems<'_>) -> Pack {
    let mut lists = BTreeMap::new();
    for section in file.sections("list", problems) {
        let list = law_list(section, problems, &lists);
        lists.insert(list.id.clone(), Arc::new(list));
    }
    let groups = party::groups(&mut file, problems);
    let country_lists: Vec<_> =
        country_lists(&mut file, problems).into_iter().map(Arc::new).collect();
    let order = file.section("order", problems).map(|mut section| {
        let items = section.need_items("issuers", problems);
        let issuers = set(items, problems, |found, problems| found.name(problems));
        section.finish(problems);
        OrderTest { issuers }
    });
    let id = file.need_id("id", problems);
    let (from, until) = span(&mut file, problems);
    let known = Known {
        pack: &id,
        span: (from, until),
        lists: &lists,
        groups: &groups,
        country_lists: &country_lists,
        order: order.is_some(),
        by_groups: Cell::new(200_000),
    };
    let mut rules: Vec<Rule> = Vec::new();
    let mut seen = Seen::default();
    let sections = file.sections("rule", problems);
    if sections.is_empty() {
        file.problem_at("rule", problems, "is missing: a pack has at least one [[rule]]");
    }
    for section in sections {
        let rule = rule(section, problems, &known, &mut seen);
        rules.push(rule);
    }
    for id in lists.keys().filter(|id| !seen.cited.contains(*id)) {
        file.problem_at("list", problems, format!("holds {id:?}, which no rule cites"));
    }
    let edition = file.need_date("edition", problems);
    let last_checked = file.need_date("last-checked", problems);
    // A date that could not be read stands as the year 0, and its problem is told already.
    if last_checked > edition && edition != Date::ZERO {
        file.problem_at(
            "last-checked",
            problems,
            format!("is {last_checked}, later than the edition {edition}"),
        );
    }
    let pack = Pack {
        id,
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
        binds: binds(&mut file, problems),
        order,
        waiver_roles: names(&mut file, "waiver-roles", problems),
        groups: groups.into_values().collect(),
        country_lists,
        lists: lists.into_values().collect(),
        rules,
    };
    file.finish(problems);
    pack
}

/// What the rules of a pack may refer to.
struct Known<'a> {
    pack: &'a str,
    /// First and last day of force.
    span: (Option<Date>, Option<Date>),
    lists: &'a BTreeMap<String, Arc<LawList>>,
    groups: &'a BTreeMap<String, super::Group>,
    country_lists: &'a [Arc<CountryList>],
    order: bool,
    /// How many more vendors the rules may name by groups: a small file must not become a large pack.
    by_groups: Cell<usize>,
}

impl Known<'_> {
    /// Takes so many vendors off what is left; false when there are not so many.
    fn spend(&self, many: usize) -> bool {
        let left = self.by_groups.get().checked_sub(many);
        left.inspect(|left| self.by_groups.set(*left)).is_some()
    }
}

fn binds(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<Binding> {
    let mut all: Vec<Binding> = Vec::new();
    for mut section in file.sections("binds", problems) {
        let binding = Binding {
            who: name(&mut section, "who", problems),
            force: section.need_word("force", problems),
            severity: section.word("severity", problems),
        };
        if all.iter().any(|other| other.who == binding.who) {
            let who = &binding.who;
            section.problem_at("who", problems, format!("is {who:?}, which stands there twice"));
        }
        section.finish(problems);
        all.push(binding);
    }
    all
}

/// Named lists of countries, of a pack or of the operator.
fn country_lists(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<CountryList> {
    let mut all: Vec<CountryList> = Vec::new();
    for mut section in file.sections("country-list", problems) {
        let list = CountryList {
            id: section.need_id("id", problems),
            words: section.need_text("words", problems),
            source: section.need_text("source", problems),
            last_checked: section.need_date("last-checked", problems),
            countries: section.items("countries", problems).map(|items| {
                // A list that holds nobody would clear everybody.
                if items.is_empty() {
                    let text = "is empty: leave it out where only the operator can say";
                    section.problem_at("countries", problems, text);
                }
                set(items, problems, |found, problems| found.parsed::<Country>(problems))
            }),
        };
        if all.iter().any(|other| other.id == list.id) {
            let text = format!("is {:?}, which an earlier country-list has already", list.id);
            section.problem_at("id", problems, text);
        }
        section.finish(problems);
        all.push(list);
    }
    all
}

/// A name that must be there.
fn name(file: &mut Section<'_>, key: &'static str, problems: &mut Problems<'_>) -> String {
    let found = file.take(key);
    if found.is_none() {
        file.problem_at(key, problems, "is missing");
    }
    found.and_then(|found| found.name(problems)).unwrap_or_default()
}

/// A list of names; empty when the key is absent.
fn names(
    file: &mut Section<'_>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> BTreeSet<String> {
    let items = file.items(key, problems).unwrap_or_default();
    set(items, problems, |found, problems| found.name(problems))
}

/// What the rules so far have used.
#[derive(Default)]
struct Seen {
    rules: BTreeSet<String>,
    cited: BTreeSet<String>,
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
    known: &Known<'_>,
    seen: &mut Seen,
) -> Rule {
    let lists = known.lists;
    let id = file.need_id("id", problems);
    if !id.is_empty() && !seen.rules.insert(id.clone()) {
        file.problem_at("id", problems, format!("is {id:?}, which an earlier rule has already"));
    }
    let set = inventory::set_test(&mut file, problems);
    let party = party::party(&mut file, problems, known, set.as_ref());
    let thing = file
        .section("thing", problems)
        .map(|file| facts::thing(file, problems))
        .unwrap_or_default();
    let place = facts::place(file.need_section("place", problems), problems, known.order);
    let about = About { thing: &thing, place: &place };
    let except = facts::exceptions(&mut file, problems, known.order, about);
    let questions = inventory::questions(&mut file, problems);
    if matches!(set, Some(SetTest::Cap { .. })) && !thing.components.is_empty() {
        let text = "holds components, which fit no cap: it counts devices, their ports or their \
                    sites; make a rule without a cap of them, or leave them out";
        file.problem_at("thing", problems, text);
    }
    let actions = actions(&mut file, problems, known.order, about);
    let mut listings = Vec::new();
    for mut section in file.sections("listing", problems) {
        let cited = &mut seen.cited;
        let one = listing(&mut section, problems, known, &party.relations, about, cited);
        listings.extend(one.map(Arc::new));
        section.finish(problems);
    }
    // A list names vendors and reaches relations; what it would mean for a country or a trusted vendor is not said.
    let is_plain = matches!(&party.tests, PartyExpression::Named(_)) && set.is_none();
    if !listings.is_empty() && !is_plain {
        let text = "fits only a party of vendors or groups with relations, and no cap or diversity";
        file.problem_at("listing", problems, text);
    }
    let cases = file.sections("case", problems);
    let own = (known.pack, id.as_str());
    let cases = cases
        .into_iter()
        .map(|file| case::case(file, problems, lists, own, set.as_ref()))
        .collect();
    let (from, until) = span(&mut file, problems);
    outside(known.span, (from, until), &file, problems);
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
        except,
        questions,
        set,
        actions,
        listings,
        sources: sources(&mut file, problems),
        cases,
    };
    file.finish(problems);
    rule
}

fn listing(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    known: &Known<'_>,
    relations: &BTreeSet<Relation>,
    about: About<'_>,
    cited: &mut BTreeSet<String>,
) -> Option<Listing> {
    let lists = known.lists;
    let id = file.need_id("list", problems);
    cited.insert(id.clone());
    let list = lists.get(&id).cloned();
    if list.is_none() && !id.is_empty() {
        let text = no_such_list(&id, lists, problems);
        file.problem_at("list", problems, text);
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
    let actions = actions(file, problems, known.order, about);
    Some(Listing { list: list?, name, since: since?, until, reaches, note, mark, actions })
}

fn no_such_list(
    id: &str,
    lists: &BTreeMap<String, Arc<LawList>>,
    problems: &Problems<'_>,
) -> String {
    // Thousands of wrong ids against thousands of lists: once nobody is told any more, nothing is looked for.
    let known = lists.keys().filter(|_| !problems.is_full());
    let hint = match nearest(id, known.map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "a [[list]] with that id must stand in this file".to_owned(),
    };
    format!("is {id:?}, which is no list of this pack; {hint}")
}

fn actions(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    has_order: bool,
    about: About<'_>,
) -> Vec<DatedAction> {
    let mut actions = Vec::new();
    for mut section in file.sections("action", problems) {
        let only = section.section("only", problems).map(|mut only| {
            let tests = facts::all(&mut only, problems, has_order);
            if tests.is_empty() {
                only.problem(
                    problems,
                    "restricts nothing: name a thing or a place, or leave it out",
                );
            }
            about.outside(&tests, &only, problems);
            only.finish(problems);
            tests
        });
        let action = DatedAction {
            action: section.need_word("do", problems),
            date: section.date("date", problems),
            scope: section.text("scope", problems),
            mark: section.word("mark", problems),
            soft_date: section.date("soft-date", problems),
            extension_request_by: section.date("extension-request-by", problems),
            period: section.take("period").and_then(|found| found.parsed(problems)),
            from: section.word("from", problems),
            minimum_term: section.take("minimum-term").and_then(|found| found.parsed(problems)),
            only: only.unwrap_or_default(),
        };
        contradictions(&action, &section, problems);
        if actions.contains(&action) {
            section.problem(problems, "stands there twice");
        }
        section.finish(problems);
        actions.push(action);
    }
    actions
}

/// Keys of an action that cannot stand together.
fn contradictions(action: &DatedAction, file: &Section<'_>, problems: &mut Problems<'_>) {
    let has_term = action.period.is_some() || action.minimum_term.is_some();
    if action.period.is_some() && action.date.is_some() {
        file.problem(problems, "has both date and period, which contradict each other");
    }
    let runs = file.has("period") || file.has("minimum-term") || action.has_ordered_term();
    if file.has("from") != runs {
        let text = if has_term {
            "needs from = \"order\" or \"first-seen\": the day that its term runs from"
        } else {
            "has from, but no period or minimum-term that would run from it"
        };
        file.problem(problems, text);
    }
    if action.minimum_term.is_some() && action.date.is_none() && action.period.is_none() {
        file.problem(problems, "has a minimum-term, but no date or period that it would guard");
    }
    // Any start will do to compare two terms.
    let end = |term: crate::Term| term.after(Date::constant(2001, 1, 1));
    if let (Some(period), Some(least)) = (action.period, action.minimum_term)
        && end(period) < end(least)
    {
        let text = format!("is {period}, shorter than minimum-term, which is {least}");
        file.problem_at("period", problems, text);
    }
    for (key, early) in
        [("soft-date", action.soft_date), ("extension-request-by", action.extension_request_by)]
    {
        if let (Some(early), Some(date)) = (early, action.date)
            && date < early
        {
            file.problem_at(key, problems, format!("is {early}, later than date, which is {date}"));
        }
    }
}

fn sources(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<Source> {
    let mut sources = Vec::new();
    for mut section in file.sections("source", problems) {
        sources.push(Source {
            text: section.need_text("text", problems),
            last_checked: section.need_date("last-checked", problems),
            mark: section.word("mark", problems),
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

/// A rule that ends before its pack begins, or begins after that has ended, would never apply.
fn outside(
    pack: (Option<Date>, Option<Date>),
    rule: (Option<Date>, Option<Date>),
    file: &Section<'_>,
    problems: &mut Problems<'_>,
) {
    if let (Some(from), Some(until)) = (pack.0, rule.1)
        && until < from
    {
        let text = format!("is {until}, earlier than from of the pack, which is {from}");
        file.problem_at("until", problems, text);
    }
    if let (Some(until), Some(from)) = (pack.1, rule.0)
        && until < from
    {
        let text = format!("is {from}, later than until of the pack, which is {until}");
        file.problem_at("from", problems, text);
    }
}

fn texts(items: Vec<Found<'_>>, problems: &mut Problems<'_>) -> Vec<String> {
    items.iter().filter_map(|found| found.string(problems)).collect()
}

/// The items as a set; one that stands there twice is a problem, since the second was meant to be another.
fn set<'t, T: Ord>(
    items: Vec<Found<'t>>,
    problems: &mut Problems<'_>,
    read: impl Fn(&Found<'t>, &mut Problems<'_>) -> Option<T>,
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

#[cfg(test)]
mod tests {
    use crate::{Pack, PackProblems, PartTag, PlaceTest};

    const GOOD: &str = r#"id = "own"
title = "An operator's own list"
edition = 2026-11-21
last-checked = 2026-11-20
jurisdiction = "NL"
instrument = "Own order"
sources = ["The order itself"]
status = "in-force"
publicity = "confidential"
bound = "this operator"
disclaimer = "Not legal advice."

[[list]]
id = "l1"
instrument = "A public list"
jurisdiction = "NL"
force = "warning"
status = "in-force"
bound = "public bodies"
scope = "everything"
mark = "official"
source = [{ text = "The gazette", last-checked = 2026-11-20 }]

[[rule]]
id = "r1"
title = "A rule"
severity = "medium"
minimum-confidence = "probable"
wording = "Named in the order."
party = { vendors = ["huawei", "zte"], relations = ["maker", "controlled-by"] }
thing = { roles = ["router"], components = ["optic"] }
place = { parts = ["core.*", "x.dispatch"] }
action = [{ do = "remove", date = 2027-12-31 }]
listing = [{ list = "l1", name = "Huawei", since = 2020-01-01, reaches = ["maker"], mark = "reported" }]
"#;

    fn refused(text: &str) -> PackProblems {
        Pack::parse(text, "own.toml").expect_err("must be refused")
    }

    /// The good pack with one text replaced, and the only problem that this gives.
    fn only_problem(of: &str, with: &str) -> String {
        assert!(GOOD.contains(of), "{of}");
        let all = refused(&GOOD.replacen(of, with, 1));
        assert_eq!(all.problems.len(), 1, "{all}");
        all.to_string()
    }

    #[test]
    fn a_right_pack_is_read_whole() {
        let pack = Pack::parse(GOOD, "own.toml").unwrap();
        let rule = pack.rule("r1").unwrap();
        let PlaceTest::Parts(parts) = &rule.place else { panic!("parts were given") };
        assert!(
            parts.contains(&"core.sig".parse::<PartTag>().unwrap()) && parts.len() == 7,
            "{parts:?}"
        );
        assert_eq!(rule.parts().len(), 7);
        let vendors: Vec<_> =
            pack.vendors().map(|vendor| (vendor.id.as_str(), vendor.line, vendor.column)).collect();
        assert_eq!(vendors, [("huawei", 30, 22), ("zte", 30, 32)]);
        assert_eq!(pack.days_since_check("2026-11-21".parse().unwrap()), 1);
        assert_eq!(rule.listings[0].list, pack.lists[0]);
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_place_and_the_nearest_right_one() {
        let pack = GOOD.replacen("[[list]]", "artcle = \"1\"\n[[list]]", 1);
        let all = refused(&pack).to_string();
        assert_eq!(
            all,
            "own.toml:13:1: artcle is not a key the engine knows; did you mean \"article\"?"
        );
        let nested = only_problem("date = 2027-12-31", "daet = 2027-12-31");
        let hint = "is not a key the engine knows; did you mean \"date\"?";
        assert_eq!(nested, format!("own.toml:33:28: rule[1].action[1].daet {hint}"));
    }

    #[test]
    fn a_test_that_the_engine_does_not_know_is_refused_and_never_ignored() {
        let all =
            only_problem("[\"maker\", \"controlled-by\"]", "[\"maker\", \"country-of-control\"]");
        assert!(all.contains("rule[1].party.relations[2] is \"country-of-control\""), "{all}");
        let all = only_problem("do = \"remove\"", "do = \"cap\"");
        assert!(all.contains("allowed are no-procure, no-install, remove"), "{all}");
        let all = only_problem("roles = [\"router\"]", "generation = \"5g\", roles = [\"router\"]");
        assert!(all.contains("rule[1].thing.generation is not a key the engine knows"), "{all}");
    }

    #[test]
    fn every_problem_is_told_at_once_in_the_order_of_the_file() {
        let broken = GOOD
            .replacen("edition = 2026-11-21", "edition = \"2026-11-21\"", 1)
            .replacen("status = \"in-force\"", "status = \"in force\"", 1)
            .replacen("bound = \"this operator\"\n", "", 1)
            .replacen("huawei", "Huawei Co.", 1)
            .replacen("core.*", "cor.*", 1)
            .replacen("list = \"l1\"", "list = \"l2\"", 1);
        let all = refused(&broken);
        let keys: Vec<_> =
            all.problems.iter().map(|problem| (problem.line, problem.key.as_str())).collect();
        let wanted = [
            (1, "bound"),
            (3, "edition"),
            (8, "status"),
            (12, "list"), // l1, which no rule cites any more
            (29, "rule[1].party.vendors[1]"),
            (31, "rule[1].place.parts[1]"),
            (33, "rule[1].listing[1].list"),
        ];
        assert_eq!(keys, wanted, "{all}");
        assert!(
            all.to_string()
                .contains("is a text, it must be a date such as 2026-11-21, without quotes"),
            "{all}"
        );
        assert!(all.to_string().contains("did you mean \"in-force\"?"), "{all}");
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (of, with, problem) in [
            ("[\"huawei\", \"zte\"]", "[\"zte\", \"zte\"]", "stands there twice"),
            ("[\"huawei\", \"zte\"]", "[]", "at least one is needed"),
            ("place = {", "place = { where = \"anywhere\",", "contradict each other"),
            ("[\"core.*\", \"x.dispatch\"]", "[]", "it would never apply"),
            (
                "since = 2020-01-01",
                "since = 2020-01-01, known-by = 2020-02-01",
                "contradict each other",
            ),
            (
                "since = 2020-01-01",
                "since = 2020-01-01, until = 2020-01-01",
                "not later than 2020-01-01",
            ),
            ("since = 2020-01-01, ", "", "needs since, or known-by"),
            (
                "reaches = [\"maker\"]",
                "reaches = [\"maker\", \"brand\"]",
                "party.relations of the rule does not",
            ),
            ("last-checked = 2026-11-20", "last-checked = 2026-11-22", "later than the edition"),
            (
                "edition = 2026-11-21",
                "from = 2026-02-01\nuntil = 2026-01-31\nedition = 2026-11-21",
                "earlier than from",
            ),
            (
                "thing = { roles = [\"router\"], components = [\"optic\"] }",
                "thing = {}",
                "restricts nothing",
            ),
            ("edition = 2026-11-21", "edition = 2026-11-21T10:00:00Z", "a date alone"),
            ("edition = 2026-11-21", "edition = 9999-11-21", "allowed are days from 1900 to 2200"),
            ("mark = \"reported\"", "mark = \"unverified\"", "allowed are official, reported"),
            ("\"Named in the order.\"", "\"Named\\u202e\"", "direction character"),
            ("\"Named in the order.\"", "\" \"", "is empty"),
            ("roles = [\"router\"]", "roles = [\"ruoter\"]", "did you mean \"router\"?"),
            ("id = \"r1\"", "id = \"Rule 1\"", "inner hyphens"),
        ] {
            let told = only_problem(of, with);
            assert!(told.contains(problem), "{with}: {told}");
        }
        let (lists, rules) = (GOOD.find("[[list]]").unwrap(), GOOD.find("[[rule]]").unwrap());
        let twice = [&GOOD[..rules], &GOOD[lists..]].concat();
        assert!(refused(&twice).to_string().contains("which an earlier list has already"));
    }

    #[test]
    fn a_file_that_is_not_toml_or_holds_no_rule_is_refused_with_its_place() {
        let all = refused(&GOOD.replacen("title = \"A rule\"", "title = A rule\nid = \"r1\"", 1));
        assert!(all.problems.iter().all(|problem| (25..=27).contains(&problem.line)), "{all}");
        assert!(all.to_string().contains("is not TOML"), "{all}");
        assert!(
            refused("").to_string().contains("rule is missing: a pack has at least one [[rule]]")
        );
        assert!(
            refused("rule = 1").to_string().contains("rule is a whole number, it must be a list")
        );
    }

    #[test]
    fn a_file_of_a_hundred_megabytes_is_refused_by_its_size() {
        let all = refused(&" ".repeat(100 << 20)).to_string();
        assert_eq!(all, "own.toml:1:1: the file is 104857600 bytes long, allowed are 1048576");
    }

    #[test]
    fn a_file_of_wrong_keys_and_a_deep_one_are_refused_without_harm() {
        let keys: String = (0..50_000).map(|number| format!("wrong-{number} = 1\n")).collect();
        let all = refused(&keys);
        assert!(
            all.problems.len() == 100 && all.more > 49_000,
            "{} and {}",
            all.problems.len(),
            all.more
        );
        let deep = format!("rule = {}", "[".repeat(500_000));
        assert!(refused(&deep).to_string().contains("is not TOML"));
    }

    #[test]
    fn a_list_too_long_to_compare_with_itself_is_refused() {
        let many: Vec<_> = (0..100_000).map(|number| format!("\"v{number}\"")).collect();
        let told = only_problem("[\"huawei\", \"zte\"]", &format!("[{}]", many.join(",")));
        assert!(
            told.contains("rule[1].party.vendors has 100000 items, allowed are 2000"),
            "{told}"
        );
        let listings =
            (0..2_000).map(|number| format!("{{list = \"x{number}\"}},")).collect::<String>();
        let all = refused(&GOOD.replacen("listing = [", &format!("listing = [{listings}"), 1));
        assert!(
            all.to_string().contains("rule[1].listing has 2001 items, allowed are 2000"),
            "{all}"
        );
    }

    #[test]
    fn a_case_is_read_with_the_same_care() {
        let case = "[[rule.case]]\ntitle = \"t\"\non = 2026-01-01\nexpect = \"match\"\n";
        let with = |more: &str| format!("{GOOD}{case}{more}");
        let pack = Pack::parse(&with("parts = []\ncontrollers = []\n"), "own.toml").unwrap();
        let subject = &pack.rules[0].cases[0].subject;
        assert_eq!(subject.parts, crate::Parts::Declared([].into()));
        assert_eq!(subject.controllers, crate::Controllers::Recorded(Vec::new()));
        for (more, problem) in [
            ("missing = \"parts\"", "rule[1].case[1].missing fits only expect"),
            ("maker = { id = \"zte\" }", "rule[1].case[1].maker.confidence is missing"),
            ("maker = { confidence = \"possible\" }", "rule[1].case[1].maker.id is missing"),
            (
                "against = [{ id = \"zte\", confidence = \"possible\", name = \"\" }]",
                "against[1].name is not a key",
            ),
            ("cites = [\"l0\"]", "did you mean \"l1\"?"),
            (
                "action = [{ do = \"remove\", days-left = \"1\" }]",
                "days-left is a text, it must be a whole number",
            ),
            ("parts = [\"core.pc\"]", "did you mean \"core.cp\"?"),
        ] {
            let told = refused(&with(more)).to_string();
            assert!(told.contains(problem) && told.lines().count() == 1, "{more}: {told}");
        }
    }

    #[test]
    fn what_the_wider_language_cannot_mean_is_refused() {
        let party = "party = { vendors = [\"huawei\", \"zte\"], relations = [\"maker\", \"controlled-by\"] }";
        let action = "{ do = \"remove\", date = 2027-12-31 }";
        let listing = "listing = [";
        for (of, with, problem) in [
            (
                "[[list]]",
                "[[group]]\nid = \"a\"\ngroups = [\"a\"]\n\n[[list]]",
                "that group holds itself",
            ),
            (
                "[[list]]",
                "[[group]]\nid = \"a\"\ngroups = [\"b\"]\n\n[[list]]",
                "which is no group of this pack",
            ),
            (
                "[\"maker\", \"controlled-by\"] }",
                "[\"maker\", \"controlled-by\"], share-at-least = 101 }",
                "allowed are shares from 0 to 100",
            ),
            (
                "[\"maker\", \"controlled-by\"] }",
                "[\"maker\"], test = [\"majority\"] }",
                "fits only the relation controlled-by or controls",
            ),
            (party, "party = { country-of-seat = [\"law\"] }", "which is no country-list"),
            (
                "[[list]]",
                "[[country-list]]\nid = \"a\"\nwords = \"w\"\nsource = \"s\"\nlast-checked = 2026-11-20\ncountries = []\n\n[[list]]",
                "countries is empty: leave it out",
            ),
            (
                action,
                "{ do = \"remove\", period = \"7 years\", from = \"order\" }",
                "such as \"7y\"",
            ),
            (action, "{ do = \"remove\", period = \"7y\" }", "needs from = \"order\""),
            (
                action,
                "{ do = \"remove\", date = 2027-12-31, period = \"7y\", from = \"order\" }",
                "has both date and period",
            ),
            (
                action,
                "{ do = \"remove\", period = \"6m\", minimum-term = \"1y\", from = \"order\" }",
                "shorter than minimum-term",
            ),
            (
                action,
                "{ do = \"remove\", date = 2027-12-31, soft-date = 2028-01-01 }",
                "later than date",
            ),
            (action, "{ do = \"remove\", only = {} }", "restricts nothing"),
            (listing, "except = [{ title = \"t\" }]\nlisting = [", "excepts everything"),
            (
                listing,
                "question = [{ id = \"a\", text = \"t\", leads-to = \"a\" }]\nlisting = [",
                "the chain would never end",
            ),
            (
                listing,
                "question = [{ id = \"a\", text = \"t\" }, { id = \"b\", text = \"t\" }]\nlisting = [",
                "which no question leads to",
            ),
            ("parts = [\"core.*\", \"x.dispatch\"]", "where = \"order\"", "the pack asks for none"),
            (
                "[[list]]",
                "[order]\nissuers = [\"minister\"]\n\n[[rule]]\nexcept = [{ title = \"t\", ordered-parts = false }]\n\n[[list]]",
                "ordered-parts is false, which restricts nothing",
            ),
            (
                "roles = [\"router\"]",
                "roles = [\"router\"], attributes = [\"weight\"]",
                "a name, a sign",
            ),
            (
                "roles = [\"router\"]",
                "roles = [\"router\"], passive = \"no\"",
                "it must be true or false",
            ),
        ] {
            let told = refused(&GOOD.replacen(of, with, 1)).to_string();
            assert!(told.contains(problem), "{with}: {told}");
        }
        let plain = GOOD.find("\nlisting = ").unwrap();
        let unlisted = GOOD[..plain].replacen("\n[[list]]", "", 1);
        let start = unlisted.find("\nid = \"l1\"").unwrap();
        let end = unlisted.find("\n[[rule]]").unwrap();
        let unlisted = [&unlisted[..start], &unlisted[end..]].concat();
        for (cap, problem) in [
            (
                "cap = { share = 35, per = \"network\" }",
                "a share is of devices, of ports or of sites",
            ),
            (
                "cap = { share = 35, denominator = \"sites\", per = \"site\" }",
                "cannot be counted for",
            ),
            ("diversity = { at-least = 1, per = \"network\" }", "allowed are 2 to 1000"),
            ("diversity = { at-least = 2, per = \"network\" }", "about all suppliers"),
        ] {
            let told = refused(&format!("{unlisted}\n{cap}\n")).to_string();
            assert!(told.contains(problem), "{cap}: {told}");
        }
    }

    #[test]
    fn what_would_leave_nothing_of_a_rule_is_refused() {
        let action = "{ do = \"remove\", date = 2027-12-31 }";
        let listing = "listing = [";
        let except = |tests: &str| format!("except = [{{ title = \"t\", {tests} }}]\nlisting = [");
        let only = |tests: &str| format!("{{ do = \"remove\", only = {{ {tests} }} }}");
        for (of, with, problem) in [
            (
                listing,
                except("roles = [\"router\", \"switch\"]"),
                "rule[1].except[1] excepts all that the rule is about",
            ),
            (
                listing,
                except("components = [\"optic\"], parts = [\"core.*\", \"x.dispatch\"]"),
                "rule[1].except[1] excepts all that the rule is about",
            ),
            (
                action,
                only("roles = [\"camera\"]"),
                "only.roles holds camera, which the rule is not about; it is about router",
            ),
            (action, only("components = [\"fan\"]"), "only.components holds fan"),
            (action, only("parts = [\"core.cp\", \"wlan\"]"), "only.parts holds wlan"),
            (
                "reaches = [\"maker\"], ",
                format!("reaches = [\"maker\"], action = [{}], ", only("parts = [\"wlan\"]")),
                "listing[1].action[1].only.parts holds wlan",
            ),
        ] {
            let told = only_problem(of, &with);
            assert!(told.contains(problem), "{with}: {told}");
        }
        let dated = |pack: &str, rule: &str| {
            let text = GOOD.replacen("edition = 2026-11-21", pack, 1);
            let text = text.replacen("title = \"A rule\"", rule, 1);
            refused(&text).to_string()
        };
        let late = dated(
            "edition = 2026-11-21\nfrom = 2026-01-01",
            "title = \"A rule\"\nuntil = 2025-12-31",
        );
        let told = "until is 2025-12-31, earlier than from of the pack, which is 2026-01-01";
        assert!(late.contains(told), "{late}");
        let early = dated(
            "edition = 2026-11-21\nuntil = 2026-01-01",
            "title = \"A rule\"\nfrom = 2026-01-02",
        );
        let told = "from is 2026-01-02, later than until of the pack, which is 2026-01-01";
        assert!(early.contains(told), "{early}");
        // What leaves something of it is right.
        for (of, with) in [
            (listing, except("roles = [\"router\"], parts = [\"core.cp\"]")),
            (listing, except("components = [\"optic\"], passive = true")),
            (action, only("parts = [\"core.cp\", \"x.dispatch\"]")),
            (action, only("sites = [\"hq\"]")),
        ] {
            let pack = Pack::parse(&GOOD.replacen(of, &with, 1), "own.toml");
            pack.unwrap_or_else(|problems| panic!("{problems}"));
        }
    }

    #[test]
    fn a_cap_counts_devices_and_no_components() {
        let head = &GOOD[..GOOD.find("[[list]]").unwrap()];
        let rule = &GOOD[GOOD.find("[[rule]]").unwrap()..GOOD.find("\nlisting = ").unwrap()];
        let cap = "cap = { share = 35, denominator = \"devices\", per = \"part\" }";
        let told = refused(&format!("{head}{rule}\n{cap}\n")).to_string();
        assert!(told.contains("rule[1].thing holds components, which fit no cap"), "{told}");
        let devices = rule.replacen(", components = [\"optic\"]", "", 1);
        Pack::parse(&format!("{head}{devices}\n{cap}\n"), "own.toml").unwrap();
    }

    #[test]
    fn a_source_of_a_rule_may_say_how_well_it_was_checked() {
        let source = |mark: &str| {
            let source = format!("source = [{{ text = \"t\", last-checked = 2026-11-20{mark} }}]");
            GOOD.replacen("listing = [", &format!("{source}\nlisting = ["), 1)
        };
        let read =
            |mark: &str| Pack::parse(&source(mark), "own.toml").unwrap().rules[0].sources[0].mark;
        assert_eq!(read(""), None);
        assert_eq!(read(", mark = \"reported\""), Some(crate::Mark::Reported));
        let told = refused(&source(", mark = \"unverified\"")).to_string();
        assert!(told.contains("rule[1].source[1].mark is \"unverified\""), "{told}");
    }

    #[test]
    fn a_web_of_groups_costs_no_more_than_its_size() {
        let mut groups = String::from("[[group]]\nid = \"g0\"\nvendors = [\"huawei\"]\n");
        for number in 1..200 {
            let inner: Vec<_> = (0..number).map(|inner| format!("\"g{inner}\"")).collect();
            groups += &format!("[[group]]\nid = \"g{number}\"\ngroups = [{}]\n", inner.join(","));
        }
        let text = GOOD.replacen("[[list]]", &format!("{groups}\n[[list]]"), 1);
        let pack = Pack::parse(&text, "own.toml").unwrap_or_else(|problems| panic!("{problems}"));
        assert!(pack.groups.iter().all(|group| group.vendors.len() == 1));
    }
}
