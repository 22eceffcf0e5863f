//! A pack proves itself: each rule brings subjects with the verdicts that are right for them.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::vocabulary::Word;
use crate::{
    Action, ActionState, Context, Force, Grade, Judgement, Missing, Pack, Rule, Severity, Subject,
    Verdict, evaluate_in,
};

/// One test case of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// The day it is judged on.
    pub on: Date,
    /// Of what.
    pub subject: Subject,
    /// What the operator says.
    pub context: Context,
    /// The right verdict.
    pub expect: Expected,
    /// The right reason for an undetermined one.
    pub missing: Option<Missing>,
    /// The lists that must be cited: these and no others.
    pub cites: Option<BTreeSet<String>>,
    /// Actions that must be among those of the judgement.
    pub actions: Vec<ExpectedAction>,
    /// Whether a waiver must hold for it.
    pub waived: Option<bool>,
    /// The severity that it must have.
    pub severity: Option<Severity>,
    /// The force that it must have.
    pub force: Option<Force>,
    /// The grade that it must have.
    pub grade: Option<Grade>,
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
    /// Undetermined, because a person has to answer a question of the rule.
    NeedsAssessment,
}

impl Expected {
    /// The word that a pack uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::Undetermined => "undetermined",
            Self::NotApplicable => "not-applicable",
            Self::NeedsAssessment => "needs-assessment",
        }
    }

    fn fits(self, verdict: Verdict) -> bool {
        let needs_assessment = verdict == Verdict::Undetermined(Missing::Assessment);
        match self {
            Self::Match | Self::NoMatch | Self::Undetermined | Self::NotApplicable => {
                self.as_str() == verdict.as_str()
            }
            Self::NeedsAssessment => needs_assessment,
        }
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
    /// What must be missing.
    pub missing: Option<Missing>,
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
                let judgement = evaluate_in(self, rule, &case.subject, &case.context, case.on);
                let fail = |text| CaseFailure {
                    rule: rule.id.clone(),
                    case: Some(case.title.clone()),
                    text,
                };
                failures.extend(differences(case, &judgement).into_iter().map(fail));
            }
            // A rule over an inventory says nothing of one subject.
            if rule.set.is_some() {
                continue;
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
        let open = [Expected::Undetermined, Expected::NeedsAssessment];
        let undetermined = |rule: &Rule| rule.cases.iter().any(|case| open.contains(&case.expect));
        if let Some(first) = self.rules.first()
            && self.rules.iter().any(|rule| rule.set.is_none())
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
    let mut differs = |what: &str, is: String, wanted: Option<String>| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
            texts.push(format!("has {what} {is}, expected {wanted}"));
        }
    };
    let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
    differs("waiver", word(judgement.is_waived()), case.waived.map(word));
    differs("severity", judgement.severity.to_string(), case.severity.map(|is| is.to_string()));
    let force = judgement.force.map_or_else(|| "none".to_owned(), |is| is.to_string());
    differs("force", force, case.force.map(|is| is.to_string()));
    differs("grade", judgement.grade.to_string(), case.grade.map(|is| is.to_string()));
    for wanted in &case.actions {
        let fits = |due: &crate::DueAction| {
            due.action == wanted.action
                && wanted.date.is_none_or(|date| due.due == Some(date))
                && wanted.state.is_none_or(|state| due.state == state)
                && wanted.days_left.is_none_or(|days| due.days_left == Some(days))
                && wanted.missing.is_none_or(|missing| due.missing == Some(missing))
        };
        if !judgement.actions.iter().any(fits) {
            texts.push(format!("has no action {wanted:?} among {:?}", judgement.actions));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a pack of one rule, with dates, says to the given cases.
    fn failures(cases: &str) -> Vec<String> {
        let pack = format!(
            r#"id = "p"
title = "t"
edition = 2026-11-21
last-checked = 2026-11-21
jurisdiction = "NL"
instrument = "i"
sources = ["s"]
status = "in-force"
publicity = "public"
bound = "b"
disclaimer = "d"

[[list]]
id = "l"
instrument = "A public list"
jurisdiction = "NL"
force = "warning"
status = "in-force"
bound = "public bodies"
scope = "everything"
mark = "official"
source = [{{ text = "The gazette", last-checked = 2026-11-20 }}]

[[rule]]
id = "r"
title = "t"
severity = "low"
minimum-confidence = "probable"
wording = "w"
party = {{ vendors = ["zte"], relations = ["maker"] }}
place = {{ where = "anywhere" }}
action = [{{ do = "remove", date = 2027-12-31 }}]
listing = [{{ list = "l", name = "n", since = 2020-01-01, reaches = ["maker"], mark = "official" }}]
{cases}"#
        );
        let pack = Pack::parse(&pack, "p").unwrap_or_else(|problems| panic!("{problems}"));
        pack.run_cases().iter().map(ToString::to_string).collect()
    }

    fn case(id: &str, confidence: &str, more: &str) -> String {
        format!(
            "[[rule.case]]\ntitle = \"{id}\"\non = 2026-11-21\nmaker = {{ id = \"{id}\", confidence = \"{confidence}\" }}\n{more}\n"
        )
    }

    #[test]
    fn a_pack_whose_cases_all_come_out_has_no_failure() {
        let matches = "expect = \"match\"\ncites = [\"l\"]\naction = [{ do = \"remove\", state = \"ahead\", days-left = 405 }]";
        let open = "expect = \"undetermined\"\nmissing = \"confidence\"";
        let all = [
            case("zte", "confirmed", matches),
            case("nokia", "confirmed", "expect = \"no-match\""),
            case("zte", "possible", open),
        ];
        assert_eq!(failures(&all.concat()), [""; 0]);
    }

    #[test]
    fn every_kind_of_difference_is_a_failure_that_says_what_came_out() {
        for (confidence, more, told) in [
            (
                "confirmed",
                "expect = \"no-match\"",
                "is match, expected no-match, because the maker is zte (confirmed)",
            ),
            ("possible", "expect = \"match\"", "is undetermined, expected match"),
            (
                "possible",
                "expect = \"undetermined\"\nmissing = \"parts\"",
                "lacks confidence, expected parts",
            ),
            ("confirmed", "expect = \"match\"\ncites = []", "cites {\"l\"}, expected {}"),
            (
                "confirmed",
                "expect = \"match\"\naction = [{ do = \"remove\", days-left = 404 }]",
                "has no action",
            ),
            (
                "confirmed",
                "expect = \"match\"\naction = [{ do = \"remove\", date = 2027-12-30 }]",
                "has no action",
            ),
            (
                "confirmed",
                "expect = \"match\"\naction = [{ do = \"remove\", state = \"overdue\" }]",
                "has no action",
            ),
            ("confirmed", "expect = \"match\"\naction = [{ do = \"permit\" }]", "has no action"),
        ] {
            let all = failures(&case("zte", confidence, more));
            let of_the_case: Vec<_> =
                all.iter().filter(|text| text.starts_with("rule r, case \"zte\": ")).collect();
            assert!(of_the_case.len() == 1 && of_the_case[0].contains(told), "{more}: {all:?}");
        }
    }

    #[test]
    fn a_rule_without_cases_of_both_kinds_and_a_pack_without_an_open_one_fail() {
        let lacking = [
            "has no case that matches",
            "has no case that does not match",
            "no rule of the pack has a case",
        ];
        let all = failures("");
        assert_eq!(all.len(), 3, "{all:?}");
        for (told, wanted) in all.iter().zip(lacking) {
            assert!(told.contains(wanted), "{told}");
        }
    }
}
