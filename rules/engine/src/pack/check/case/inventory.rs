//! The inventory of a case of a rule with a cap or a diversity test, and the figures that are right for it.

use super::super::super::SetTest;
use super::super::super::read::Section;
use super::{expected_actions, subject};
use crate::cases::{Expected, ExpectedFigure, Inventory, Tally};
use crate::problems::Problems;
use crate::{PartTag, Per, Ratio, Scope, Subject};

/// More of one kind than any network has; sums of them stay far below what a number holds.
const MOST: i64 = 1_000_000_000;

/// `subjects` and `figures`.
pub(super) fn inventory(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    test: &SetTest,
) -> Inventory {
    // An inventory may be empty, but not by mistake.
    if !file.has("subjects") {
        file.problem_at("subjects", problems, "is missing: [] where there is nothing");
    }
    let mut subjects: Vec<(Subject, u64)> = Vec::new();
    for mut section in file.sections("subjects", problems) {
        let count = section.integer("count", problems).unwrap_or(1);
        if !(1..=MOST).contains(&count) {
            let text = format!("is {count}, allowed are 1 to {MOST}");
            section.problem_at("count", problems, text);
        }
        let subject = subject(&mut section, problems);
        section.finish(problems);
        subjects.extend(u64::try_from(count).ok().map(|count| (subject, count)));
    }
    let mut figures: Vec<ExpectedFigure> = Vec::new();
    for mut section in file.sections("figures", problems) {
        let figure = figure(&mut section, problems, test);
        let is_same = |other: &&ExpectedFigure| {
            figure.as_ref().is_some_and(|figure| figure.scope == other.scope)
        };
        if let Some(other) = figures.iter().find(is_same) {
            let text = format!("is for {}, which another figure is for already", other.scope);
            section.problem_at("scope", problems, text);
        }
        section.finish(problems);
        figures.extend(figure);
    }
    Inventory { subjects, figures }
}

fn figure(
    file: &mut Section<'_>,
    problems: &mut Problems<'_>,
    test: &SetTest,
) -> Option<ExpectedFigure> {
    let scope = scope(file, problems, test);
    let verdict: Expected = file.need_word("verdict", problems);
    if verdict == Expected::NotApplicable {
        let text =
            "is \"not-applicable\", which is said of the case with expect, and without figures";
        file.problem_at("verdict", problems, text);
    }
    let missing = file.word("missing", problems);
    if missing.is_some() && verdict != Expected::Undetermined {
        file.problem_at("missing", problems, "fits only verdict = \"undetermined\"");
    }
    let certain = tally(file, "certain", problems, test);
    let possible = tally(file, "possible", problems, test);
    let mut unweighed = None;
    if matches!(test, SetTest::Cap { .. }) {
        unweighed = file.integer("unweighed", problems);
        if unweighed.is_some_and(|number| number < 0) {
            file.problem_at("unweighed", problems, "must be a number of subjects");
        }
    }
    Some(ExpectedFigure {
        scope: scope?,
        verdict,
        missing,
        certain,
        possible,
        unweighed: unweighed.and_then(|number| u64::try_from(number).ok()),
        waived: file.boolean("waived", problems),
        actions: expected_actions(file, problems),
    })
}

/// The part, site or zone that a figure is for, as the rule counts; left out, the network.
fn scope(file: &mut Section<'_>, problems: &mut Problems<'_>, test: &SetTest) -> Option<Scope> {
    let (SetTest::Cap { per, .. } | SetTest::Diversity { per, .. }) = test;
    let Some(found) = file.take("scope") else { return Some(Scope::Network) };
    match per {
        Per::Network => {
            let text = "does not fit per = \"network\", which has one figure";
            problems.add(&found.span, &found.key, text);
            None
        }
        Per::Part => found.parsed::<PartTag>(problems).map(Scope::Part),
        Per::Site => found.name(problems).map(Scope::Site),
        Per::Zone => found.name(problems).map(Scope::Zone),
    }
}

/// `"351 of 1000"` for a share, a whole number for suppliers.
fn tally(
    file: &mut Section<'_>,
    key: &'static str,
    problems: &mut Problems<'_>,
    test: &SetTest,
) -> Option<Tally> {
    match test {
        SetTest::Cap { .. } => {
            let text = file.text(key, problems)?;
            let number = |digits: &str| {
                let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
                are_digits.then(|| digits.parse::<u64>().ok()).flatten()
            };
            let both = text.split_once(" of ");
            let read = both.and_then(|(part, whole)| Some((number(part)?, number(whole)?)));
            if read.is_none() {
                let text = format!("is {text:?}, it must be such as \"351 of 1000\"");
                file.problem_at(key, problems, text);
            }
            read.map(|(part, whole)| Tally::Share(Ratio { part, whole }))
        }
        SetTest::Diversity { .. } => {
            let number = file.integer(key, problems)?;
            let read = u64::try_from(number).ok();
            if read.is_none() {
                file.problem_at(key, problems, "must be a number of suppliers");
            }
            read.map(Tally::Suppliers)
        }
    }
}
