//! Tests of a whole inventory, and the questions that only a person can answer.

use std::collections::BTreeSet;

use super::super::read::Section;
use super::super::{Question, SetTest};
use crate::problems::Problems;
use crate::{Denominator, Per};

/// `[rule.cap]` or `[rule.diversity]`.
pub(super) fn set_test(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<SetTest> {
    let cap = file.section("cap", problems).and_then(|mut section| {
        let share = section.take("share").and_then(|found| found.share(problems));
        if !section.has("share") {
            section.problem_at("share", problems, "is missing");
        }
        if !section.has("denominator") {
            let text = "is missing: a share is of devices, of ports or of sites";
            section.problem_at("denominator", problems, text);
        }
        let denominator = section.word("denominator", problems);
        let per = section.need_word("per", problems);
        if (denominator, per) == (Some(Denominator::Sites), Per::Site) {
            let text = "is \"site\", which a share of sites cannot be counted for";
            section.problem_at("per", problems, text);
        }
        section.finish(problems);
        Some(SetTest::Cap { share: share?, denominator: denominator?, per })
    });
    let diversity = file.section("diversity", problems).and_then(|mut section| {
        let at_least = section.integer("at-least", problems);
        if !section.has("at-least") {
            section.problem_at("at-least", problems, "is missing");
        }
        let read = at_least.and_then(|number| u32::try_from(number).ok());
        let right = read.filter(|number| (2..=1_000).contains(number));
        if let (Some(number), None) = (at_least, right) {
            let text = format!("is {number}, allowed are 2 to 1000");
            section.problem_at("at-least", problems, text);
        }
        let per = section.need_word("per", problems);
        section.finish(problems);
        Some(SetTest::Diversity { at_least: right?, per })
    });
    if file.has("cap") && file.has("diversity") {
        file.problem(problems, "has both cap and diversity: make two rules of them");
    }
    cap.or(diversity)
}

/// `[[rule.question]]`: a chain from the first to the last, without a way back.
pub(super) fn questions(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<Question> {
    let sections = file.sections("question", problems);
    let mut questions: Vec<Question> = Vec::new();
    for mut section in sections {
        let question = Question {
            id: section.need_id("id", problems),
            text: section.need_text("text", problems),
            leads_to: section.text("leads-to", problems),
        };
        if questions.iter().any(|other| other.id == question.id) {
            let text = format!("is {:?}, which an earlier question has already", question.id);
            section.problem_at("id", problems, text);
        }
        section.finish(problems);
        questions.push(question);
    }
    let Some(first) = questions.first() else { return questions };
    let mut reached = BTreeSet::from([first.id.clone()]);
    let mut next = first.leads_to.clone();
    while let Some(id) = next {
        let Some(question) = questions.iter().find(|question| question.id == id) else {
            let text = format!("leads to {id:?}, which is no question of this rule");
            file.problem_at("question", problems, text);
            break;
        };
        if !reached.insert(id.clone()) {
            let text = format!("leads back to {id:?}: the chain would never end");
            file.problem_at("question", problems, text);
            break;
        }
        next = question.leads_to.clone();
    }
    for question in questions.iter().filter(|question| !reached.contains(&question.id)) {
        let text = format!("holds {:?}, which no question leads to", question.id);
        file.problem_at("question", problems, text);
    }
    questions
}
