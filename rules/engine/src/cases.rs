//! A pack proves itself: each rule brings subjects with the verdicts that are right for them.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::vocabulary::Word;
use crate::{Action, ActionState, Judgement, Missing, Pack, Rule, Subject, Verdict, evaluate};

/// One test case of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// The day it is judged on.
    pub on: Date,
    /// Of what.
    pub subject: Subject,
    /// The right verdict.
    pub expect: Expected,
    /// The right reason for an undetermined one.
    pub missing: Option<Missing>,
    /// The lists that must be cited: these and no others.
    pub cites: Option<BTreeSet<String>>,
    /// Actions that must be among those of the judgement.
    pub actions: Vec<ExpectedAction>,
}

/// The right verdict of a case, without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// See [`Verdict::Match`].
    Match,
    /// See [`Verdict::NoMatch`].
    NoMatch,
    /// See [`Verdict::Undetermined`].
    Undetermined,
    /// See [`Verdict::NotApplicable`].
    NotApplicable,
}

impl Expected {
    /// The word that a pack uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::Undetermined => "undetermined",
            Self::NotApplicable => "not-applicable",
        }
    }

    fn fits(self, verdict: Verdict) -> bool {
        self.as_str() == verdict.as_str()
    }
}

/// An action that a case expects; what it does not state is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedAction {
    /// What is asked.
    pub action: Action,
    /// Its date.
    pub date: Option<Date>,
    /// Where the day of the case stands against it.
    pub state: Option<ActionState>,
    /// The days left.
    pub days_left: Option<i64>,
}

impl Word for Missing {
    const ALL: &'static [Self] = Missing::ALL;
    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for ActionState {
    const ALL: &'static [Self] = ActionState::ALL;
    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// A case that came out otherwise, or one that a rule should have and has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFailure {
    /// The rule.
    pub rule: String,
    /// The title of the case; none where a case is lacking.
    pub case: Option<String>,
    /// What differs.
    pub text: String,
}

impl fmt::Display for CaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.case {
            Some(case) => write!(f, "rule {}, case {case:?}: {}", self.rule, self.text),
            None => write!(f, "rule {}: {}", self.rule, self.text),
        }
    }
}

impl Pack {
    /// Runs every case. Empty: all came out right, each rule has one that matches and one that does not, and the
    /// pack has one that stays undetermined.
    pub fn run_cases(&self) -> Vec<CaseFailure> {
        let mut failures = Vec::new();
        for rule in &self.rules {
            for case in &rule.cases {
                let judgement = evaluate(self, rule, &case.subject, case.on);
                let fail = |text| CaseFailure {
                    rule: rule.id.clone(),
                    case: Some(case.title.clone()),
                    text,
                };
                failures.extend(differences(case, &judgement).into_iter().map(fail));
            }
            let lacks = |wanted: &[Expected], text: &str| {
                let has = rule.cases.iter().any(|case| wanted.contains(&case.expect));
                (!has).then(|| CaseFailure {
                    rule: rule.id.clone(),
                    case: None,
                    text: text.to_owned(),
                })
            };
            failures.extend(lacks(&[Expected::Match], "has no case that matches"));
            failures.extend(lacks(
                &[Expected::NoMatch, Expected::NotApplicable],
                "has no case that does not match",
            ));
        }
        let undetermined =
            |rule: &Rule| rule.cases.iter().any(|case| case.expect == Expected::Undetermined);
        if let Some(first) = self.rules.first()
            && !self.rules.iter().any(undetermined)
        {
            let text = "no rule of the pack has a case that is undetermined".to_owned();
            failures.push(CaseFailure { rule: first.id.clone(), case: None, text });
        }
        failures
    }
}

fn differences(case: &Case, judgement: &Judgement) -> Vec<String> {
    let mut texts = Vec::new();
    let because =
        || judgement.because.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if !case.expect.fits(judgement.verdict) {
        texts.push(format!(
            "is {}, expected {}, because {}",
            judgement.verdict,
            case.expect.as_str(),
            because()
        ));
    }
    if let (Some(wanted), Verdict::Undetermined(missing)) = (case.missing, judgement.verdict)
        && wanted != missing
    {
        texts.push(format!("lacks {missing}, expected {wanted}, because {}", because()));
    }
    if let Some(wanted) = &case.cites {
        let cited: BTreeSet<String> =
            judgement.listings().map(|listing| listing.list.id.clone()).collect();
        if cited != *wanted {
            texts.push(format!("cites {cited:?}, expected {wanted:?}"));
        }
    }
    for wanted in &case.actions {
        let fits = |due: &crate::DueAction| {
            due.action == wanted.action
                && wanted.date.is_none_or(|date| due.due == Some(date))
                && wanted.state.is_none_or(|state| due.state == state)
                && wanted.days_left.is_none_or(|days| due.days_left == Some(days))
        };
        if !judgement.actions.iter().any(fits) {
            texts.push(format!("has no action {wanted:?} among {:?}", judgement.actions));
        }
    }
    texts
}
