//! The questions that only a person can answer, one leading to the next.

use jiff::civil::Date;

use super::ground::Ground;
use crate::Because;
use crate::pack::{Pack, Question, Rule};
use crate::{Answer, Context, Subject};

/// Where a chain of questions stopped.
pub(super) enum End {
    /// All were answered with yes, or there are none.
    Complete,
    /// One was answered with no.
    Refused,
    /// One is not answered.
    Open,
}

/// Walks from question to question, and notes each answer.
pub(super) fn walk<F: Ground>(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
    because: &mut Vec<F>,
) -> End {
    let mut next = rule.questions.first();
    // The check refuses a cycle; that a walk ends does not hang on it.
    for _ in 0..rule.questions.len() {
        let Some(question) = next else { break };
        let Some(answer) = answer(pack, rule, question, subject, context, on) else {
            because.push(F::of(|| {
                let (id, text) = (question.id.clone(), question.text.clone());
                Because::Question { id, text }
            }));
            return End::Open;
        };
        because.push(F::of(|| Because::Answered(Box::new(answer.clone()))));
        if !answer.yes {
            return End::Refused;
        }
        next = question
            .leads_to
            .as_ref()
            .and_then(|id| rule.questions.iter().find(|question| question.id == *id));
    }
    End::Complete
}

/// The answer that counts on a day: for this subject before one for all, and of several the latest. Of two on the same
/// day that differ, none.
fn answer<'a>(
    pack: &Pack,
    rule: &Rule,
    question: &Question,
    subject: &Subject,
    context: &'a Context,
    on: Date,
) -> Option<&'a Answer> {
    let counts = |answer: &&Answer| {
        answer.pack == pack.id
            && answer.rule == rule.id
            && answer.question == question.id
            && (answer.subject.is_none() || answer.subject == subject.id)
            && answer.date <= on
            && [&answer.author, &answer.evidence].iter().all(|text| !text.trim().is_empty())
    };
    let key = |answer: &Answer| (answer.subject.is_some(), answer.date);
    let ours = || context.answers.iter().filter(counts);
    let last = ours().map(key).max()?;
    let mut latest = ours().filter(|answer| key(answer) == last);
    let first = latest.next()?;
    latest.all(|answer| answer.yes == first.yes).then_some(first)
}
