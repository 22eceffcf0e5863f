//! The test cases that a pack brings: a subject, a day, and the verdict that is right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::read::{Found, Section};
use super::{no_such_list, role, set};
use crate::cases::{Case, Expected, ExpectedAction};
use crate::problems::Problems;
use crate::vocabulary::Word;
use crate::{
    Confidence, Contender, Controller, Controllers, LawList, PartTag, Parts, Party, Subject,
};

pub(super) fn case(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    lists: &BTreeMap<String, Arc<LawList>>,
) -> Case {
    let mut against = Vec::new();
    for mut section in file.sections("against", problems) {
        let controllers = controllers(&mut section, problems);
        if let Some(party) = party(&mut section, problems) {
            against.push(Contender { party, controllers });
        }
        section.finish(problems);
    }
    let subject = Subject {
        maker: only_party(&mut file, "maker", problems),
        against,
        brand: only_party(&mut file, "brand", problems),
        controllers: controllers(&mut file, problems),
        roles: set(file.items("roles", problems).unwrap_or_default(), problems, role),
        parts: match file.items("parts", problems) {
            None => Parts::Undeclared,
            Some(items) => Parts::Declared(set(items, problems, tag)),
        },
        first_seen: file.date("first-seen", problems),
        component: file.word("component", problems),
    };
    let expect: Expected = file.need_word("expect", problems);
    let missing = file.word("missing", problems);
    if missing.is_some() && expect != Expected::Undetermined {
        file.problem_at("missing", problems, "fits only expect = \"undetermined\"");
    }
    let cites = file.items("cites", problems).map(|items| cites(&items, problems, lists));
    let mut actions = Vec::new();
    for mut section in file.sections("action", problems) {
        actions.push(ExpectedAction {
            action: section.need_word("do", problems),
            date: section.date("date", problems),
            state: section.word("state", problems),
            days_left: section.integer("days-left", problems),
        });
        section.finish(problems);
    }
    let title = file.need_text("title", problems);
    let on = file.need_date("on", problems);
    file.finish(problems);
    Case { title, on, subject, expect, missing, cites, actions }
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

fn controllers(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Controllers {
    // An empty list says something (recorded: nobody), so it differs from no list at all.
    if file.take("controllers").is_none() {
        return Controllers::Unrecorded;
    }
    let mut all = Vec::new();
    for mut section in file.sections("controllers", problems) {
        let (from, until) = (section.date("from", problems), section.date("until", problems));
        if let Some(party) = party(&mut section, problems) {
            all.push(Controller { party, from, until });
        }
        section.finish(problems);
    }
    Controllers::Recorded(all)
}

fn tag(found: &Found<'_>, problems: &mut Problems<'_>) -> Option<PartTag> {
    let text = found.string(problems)?;
    text.parse::<PartTag>()
        .map_err(|error| problems.add(&found.span, &found.key, error.to_string()))
        .ok()
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
    const ALL: &'static [Self] =
        &[Self::Match, Self::NoMatch, Self::Undetermined, Self::NotApplicable];
    fn word(self) -> &'static str {
        self.as_str()
    }
}
