//! A pack proves itself: each rule brings subjects with the verdicts that are right for them.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::inventory::figures;
use crate::vocabulary::Word;
use crate::{
    Action, ActionState, Context, Counted, DueAction, Figure, Force, Grade, Judgement, Missing,
    Pack, Ratio, Rule, Scope, Severity, Subject, Verdict, Why, evaluate_in,
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
    /// For a rule over an inventory: what there is, in place of `subject`.
    pub inventory: Option<Inventory>,
}

/// The inventory of a case, with the figures that are right for it. The case's own verdict is the worst of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// What there is, and how many of each.
    pub subjects: Vec<(Subject, u64)>,
    /// What must come out: a figure for each of these scopes, and for no other.
    pub figures: Vec<ExpectedFigure>,
}

/// A figure that a case expects; what it does not state is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFigure {
    /// For what it is counted.
    pub scope: Scope,
    /// The right verdict.
    pub verdict: Expected,
    /// The right reason for an undetermined one.
    pub missing: Option<Missing>,
    /// What must be certain.
    pub certain: Option<Tally>,
    /// What must be possible.
    pub possible: Option<Tally>,
    /// How many must be left that could not be weighed.
    pub unweighed: Option<u64>,
    /// Whether a waiver must hold for it.
    pub waived: Option<bool>,
    /// Actions that must be among its own.
    pub actions: Vec<ExpectedAction>,
}

/// What is counted: a share for a cap, a number for a diversity test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// So many of so many.
    Share(Ratio),
    /// So many suppliers.
    Suppliers(u64),
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(ratio) => write!(f, "{ratio}"),
            Self::Suppliers(number) => write!(f, "{number}"),
        }
    }
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
                let texts = match &case.inventory {
                    None => {
                        let (subject, context) = (&case.subject, &case.context);
                        differences(case, &evaluate_in(self, rule, subject, context, case.on))
                    }
                    Some(inventory) => {
                        let subjects =
                            inventory.subjects.iter().map(|(subject, count)| (subject, *count));
                        let told = figures(self, rule, subjects, &case.context, case.on);
                        set_differences(case, inventory, told)
                    }
                };
                failures.extend(texts.into_iter().map(|text| CaseFailure {
                    rule: rule.id.clone(),
                    case: Some(case.title.clone()),
                    text,
                }));
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
    lacking(&case.actions, &judgement.actions, &mut texts);
    texts
}

/// Notes the actions that are expected and not there.
fn lacking(wanted: &[ExpectedAction], actions: &[DueAction], texts: &mut Vec<String>) {
    for wanted in wanted {
        let fits = |due: &DueAction| {
            due.action == wanted.action
                && wanted.date.is_none_or(|date| due.due == Some(date))
                && wanted.state.is_none_or(|state| due.state == state)
                && wanted.days_left.is_none_or(|days| due.days_left == Some(days))
                && wanted.missing.is_none_or(|missing| due.missing == Some(missing))
        };
        if !actions.iter().any(fits) {
            texts.push(format!("has no action {wanted:?} among {actions:?}"));
        }
    }
}

fn set_differences(
    case: &Case,
    inventory: &Inventory,
    told: Result<Vec<Figure>, Why>,
) -> Vec<String> {
    let told = match (told, case.expect) {
        (Err(_), Expected::NotApplicable) => return Vec::new(),
        (Err(why), expect) => {
            return vec![format!("is not-applicable, expected {}, because {why}", expect.as_str())];
        }
        (Ok(told), _) => told,
    };
    let mut texts = Vec::new();
    let worst = worst(&told);
    if !case.expect.fits(worst) {
        texts.push(format!("is {worst}, expected {}", case.expect.as_str()));
    }
    if let (Some(wanted), Verdict::Undetermined(missing)) = (case.missing, worst)
        && wanted != missing
    {
        texts.push(format!("lacks {missing}, expected {wanted}"));
    }
    let mut differs = |what: &str, is: String, wanted: Option<String>| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
            texts.push(format!("has {what} {is}, expected {wanted}"));
        }
    };
    // The standing of the rule, which all figures share.
    if let Some(first) = told.first() {
        differs("severity", first.severity.to_string(), case.severity.map(|is| is.to_string()));
        let force = first.force.map_or_else(|| "none".to_owned(), |is| is.to_string());
        differs("force", force, case.force.map(|is| is.to_string()));
    }
    for figure in &told {
        match inventory.figures.iter().find(|wanted| wanted.scope == figure.scope) {
            Some(wanted) => figure_differences(wanted, figure, &mut texts),
            None => texts.push(format!("has a figure that is not expected: {figure}")),
        }
    }
    for wanted in &inventory.figures {
        if !told.iter().any(|figure| figure.scope == wanted.scope) {
            texts.push(format!("has no figure for {}", wanted.scope));
        }
    }
    texts
}

fn figure_differences(wanted: &ExpectedFigure, figure: &Figure, texts: &mut Vec<String>) {
    if !wanted.verdict.fits(figure.verdict) {
        let (is, wanted) = (figure.verdict, wanted.verdict.as_str());
        texts.push(format!("is {is}, expected {wanted}, for {figure}"));
    }
    if let (Some(wanted), Verdict::Undetermined(missing)) = (wanted.missing, figure.verdict)
        && wanted != missing
    {
        texts.push(format!("lacks {missing}, expected {wanted}, for {figure}"));
    }
    let (certain, possible, unweighed) = match &figure.counted {
        Counted::Share { certain, possible, unweighed, .. } => {
            (Tally::Share(*certain), Tally::Share(*possible), *unweighed)
        }
        Counted::Suppliers { certain, possible, .. } => {
            (Tally::Suppliers(*certain), Tally::Suppliers(*possible), 0)
        }
    };
    for (what, is, wanted) in
        [("certainly", certain, wanted.certain), ("possibly", possible, wanted.possible)]
    {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
            texts.push(format!("has {what} {is}, expected {wanted}, for {figure}"));
        }
    }
    if let Some(wanted) = wanted.unweighed.filter(|wanted| *wanted != unweighed) {
        texts.push(format!("could not weigh {unweighed}, expected {wanted}, for {figure}"));
    }
    let is_waived = figure.is_waived();
    if wanted.waived.is_some_and(|wanted| wanted != is_waived) {
        let not = if is_waived { "" } else { "not " };
        texts.push(format!("is {not}waived, for {figure}"));
    }
    lacking(&wanted.actions, &figure.actions, texts);
}

/// What all figures come to: one that matches, else the least that is missing, else no match.
fn worst(figures: &[Figure]) -> Verdict {
    let open = figures.iter().filter_map(|figure| match figure.verdict {
        Verdict::Undetermined(missing) => Some(missing),
        Verdict::Match | Verdict::NoMatch | Verdict::NotApplicable(_) => None,
    });
    if figures.iter().any(|figure| figure.verdict == Verdict::Match) {
        Verdict::Match
    } else {
        open.min().map_or(Verdict::NoMatch, Verdict::Undetermined)
    }
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

    const CAPS: &str = r#"id = "p"
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

[[rule]]
id = "cap"
title = "t"
severity = "low"
minimum-confidence = "probable"
wording = "w"
party = { vendors = ["zte"], relations = ["maker"] }
place = { parts = ["core.*"] }
cap = { share = 35, denominator = "devices", per = "part" }
action = [{ do = "remove", date = 2027-12-31, only = { parts = ["core.cp"] } }]

[[rule.case]]
title = "one part above, one at the cap"
on = 2026-11-21
subjects = [
    { maker = { id = "zte", confidence = "confirmed" }, parts = ["core.cp"], count = 351 },
    { maker = { id = "nokia", confidence = "confirmed" }, parts = ["core.cp"], count = 649 },
    { maker = { id = "zte", confidence = "confirmed" }, parts = ["core.up"], count = 350 },
    { maker = { id = "nokia", confidence = "confirmed" }, parts = ["core.up"], count = 650 },
]
context = { waiver = [{ subject = "core.cp", reason = "r", approver = { by = "A" }, second-approver = { by = "B" }, expires = 2026-12-31 }] }
expect = "match"
figures = [
    { scope = "core.cp", verdict = "match", certain = "351 of 1000", possible = "351 of 1000", waived = true, action = [{ do = "remove", days-left = 405 }] },
    { scope = "core.up", verdict = "no-match", certain = "350 of 1000", unweighed = 0 },
]

[[rule.case]]
title = "nobody declared one of them"
on = 2026-11-21
subjects = [
    { maker = { id = "nokia", confidence = "confirmed" }, parts = ["core.cp"] },
    { maker = { id = "zte", confidence = "confirmed" } },
]
expect = "undetermined"
missing = "parts"
figures = [{ scope = "core.cp", verdict = "undetermined", missing = "parts", certain = "0 of 1", possible = "1 of 2", waived = false }]

[[rule.case]]
title = "nothing"
on = 2026-11-21
subjects = []
expect = "no-match"
figures = [{ verdict = "no-match", certain = "0 of 0" }]
"#;

    #[test]
    fn a_rule_over_an_inventory_is_tried_on_inventories() {
        let run = |text: &str| {
            let pack = Pack::parse(text, "p").unwrap_or_else(|problems| panic!("{problems}"));
            pack.run_cases().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(run(CAPS), [""; 0]);
        for (of, with, told) in [
            (
                "\"351 of 1000\"",
                "\"350 of 1000\"",
                "has certainly 351 of 1000, expected 350 of 1000",
            ),
            ("days-left = 405", "days-left = 404", "has no action"),
            ("waived = true", "waived = false", "is waived, for part core.cp"),
            ("unweighed = 0", "unweighed = 1", "could not weigh 0, expected 1"),
            (
                "verdict = \"no-match\", certain = \"350",
                "verdict = \"match\", certain = \"350",
                "is no-match, expected match, for part core.up",
            ),
            ("expect = \"match\"", "expect = \"no-match\"", "is match, expected no-match"),
            (
                "scope = \"core.up\"",
                "scope = \"core.sig\"",
                "has a figure that is not expected: part core.up",
            ),
            ("missing = \"parts\"\n", "missing = \"maker\"\n", "lacks parts, expected maker"),
            ("count = 351", "count = 340", "is no-match, expected match"),
        ] {
            assert!(CAPS.contains(of), "{of}");
            let all = run(&CAPS.replacen(of, with, 1));
            assert!(all.iter().any(|text| text.contains(told)), "{with}: {all:?}");
        }
        let without = &CAPS[..CAPS.find("[[rule.case]]").unwrap()];
        assert_eq!(run(without).len(), 3, "it needs cases as any other rule does");
    }

    #[test]
    fn an_inventory_of_a_case_is_read_with_the_same_care() {
        for (of, with, problem) in [
            ("count = 351", "count = 0", "subjects[1].count is 0, allowed are 1 to 1000000000"),
            ("count = 351", "cuont = 351", "did you mean \"count\"?"),
            ("scope = \"core.up\"", "scope = \"core.cp\"", "which another figure is for already"),
            ("scope = \"core.up\"", "scope = \"core.pu\"", "did you mean \"core.up\"?"),
            ("\"351 of 1000\"", "\"35 %\"", "it must be such as \"351 of 1000\""),
            ("\"351 of 1000\"", "\"+1 of 1000\"", "it must be such as"),
            ("subjects = []\n", "", "subjects is missing: [] where there is nothing"),
            (
                "figures = [{ verdict = \"no-match\", certain = \"0 of 0\" }]\n",
                "",
                "figures are the right answer",
            ),
            (
                "expect = \"no-match\"",
                "expect = \"not-applicable\"",
                "figures are the right answer",
            ),
            (
                "expect = \"no-match\"",
                "expect = \"no-match\"\nwaived = true",
                "waived is not a key",
            ),
            (
                "subjects = []",
                "subjects = []\nmaker = { id = \"zte\", confidence = \"confirmed\" }",
                "maker is not a key",
            ),
            ("per = \"part\"", "per = \"network\"", "does not fit per = \"network\""),
        ] {
            assert!(CAPS.contains(of), "{of}");
            let told = Pack::parse(&CAPS.replacen(of, with, 1), "p").expect_err(with).to_string();
            assert!(told.contains(problem), "{with}: {told}");
        }
    }
}
