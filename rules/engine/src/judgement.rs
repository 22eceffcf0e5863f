//! What `evaluate` answers: a verdict, the tests that led to it in words and as data, and the dates to act by.

use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{
    Action, Because, Force, Grade, Listing, Mark, Missing, Severity, Status, Waiver, WaiverState,
};

/// The answer of one rule about one subject on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Does the rule match?
    pub verdict: Verdict,
    /// The tests that were met, failed or left open, in a fixed order. Never empty.
    pub because: Vec<Because>,
    /// What is asked and by when: for `match` and `undetermined`; the earliest still to come first.
    pub actions: Vec<DueAction>,
    /// How much the finding should disturb this addressee.
    pub severity: Severity,
    /// What the instrument does to this addressee. None: the pack does not ask who he is, or he did not say.
    pub force: Option<Force>,
    /// What leaves the verdict as it is, and may make it weigh more: with `addressee`, the operator did not say whether
    /// he is of a kind that the instrument binds more strongly, so that `force` and `severity` are the least there is.
    pub open: Vec<Missing>,
    /// Whether the party is tied to the subject by facts, or by suspicion alone.
    pub grade: Grade,
    /// What the operator's file says against acting on it. A waived match is still a match.
    pub waiver: Option<Box<Waived>>,
    /// See [`Judgement::points_here`].
    pub(crate) points: bool,
}

/// The answer of one rule about one subject, without its grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Does the rule match?
    pub verdict: Verdict,
    /// See [`Judgement::points_here`].
    pub points_here: bool,
}

/// A waiver for a finding, and how it stands on the day asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waived {
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// How it stands.
    pub state: WaiverState,
}

impl Judgement {
    /// The action to plan for: the nearest day that is not over, else the latest that is overdue.
    pub fn next_due(&self) -> Option<&DueAction> {
        next_due(&self.actions)
    }

    /// Whether some action's day has gone by.
    pub fn is_overdue(&self) -> bool {
        self.actions.iter().any(|action| action.state == ActionState::Overdue)
    }

    /// The question that a person has to answer next, where all tests are met and only that is open.
    pub fn needs_assessment(&self) -> Option<&str> {
        if self.verdict != Verdict::Undetermined(Missing::Assessment) {
            return None;
        }
        self.because.iter().find_map(|because| {
            if let Because::Question { id, .. } = because { Some(id.as_str()) } else { None }
        })
    }

    /// Whether a waiver holds.
    pub fn is_waived(&self) -> bool {
        self.waiver.as_ref().is_some_and(|waived| waived.state == WaiverState::Holds)
    }

    /// Whether some evidence, be it weak or contradicted, speaks for a party of the rule. An undetermined judgement
    /// without it says only that too little is known of the subject, which is true under every rule alike.
    pub fn points_here(&self) -> bool {
        self.points
    }

    /// The public lists that name the party and reach this subject.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.because.iter().filter_map(|because| {
            if let Because::Listed(at) = because { Some(&**at) } else { None }
        })
    }
}

/// The four answers. Unknown is never clean, and out of scope is not a clean bill either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// All tests are met.
    Match,
    /// A test failed, by evidence that is good enough.
    NoMatch,
    /// Evidence is missing or contradicts.
    Undetermined(Missing),
    /// The rule is not about this subject, or not in force.
    NotApplicable(Why),
}

impl Verdict {
    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::Undetermined(_) => "undetermined",
            Self::NotApplicable(_) => "not-applicable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a rule does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The pack's instrument has no effect: a proposal, stayed or expired.
    Status(Status),
    /// It begins on a later day.
    NotYet(Date),
    /// It ended after this day.
    Ended(Date),
    /// No list that the rule cites named the party on that day.
    NotListed,
    /// The device has another role.
    OtherRole,
    /// It is another kind of component, or the device itself.
    OtherComponent,
    /// It is in none of the rule's parts.
    OtherPart,
    /// It is another thing than those that the rule is about.
    OtherThing,
    /// It stands elsewhere.
    OtherPlace,
    /// An exception of the rule is for it.
    Excepted,
    /// It was there before the prohibitions of the rule began, and the rule asks for nothing else.
    OldStock,
    /// The operator is none of those bound.
    NotBound,
    /// A person answered a question of the rule with no.
    AnsweredNo,
    /// The rule is about a whole inventory; see `evaluate_set`.
    SetRule,
    /// The rule is about single subjects; see `evaluate`.
    SingleRule,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the instrument has no effect: {status}"),
            Self::NotYet(from) => write!(f, "not in force before {from}"),
            Self::Ended(until) => write!(f, "in force until {until}"),
            Self::NotListed => f.write_str("no cited list named the party on that day"),
            Self::OtherRole => f.write_str("the device has a role that the rule is not about"),
            Self::OtherComponent => {
                f.write_str("it is not a component of a kind that the rule is about")
            }
            Self::OtherPart => f.write_str("it is in no part that the rule is about"),
            Self::OtherThing => f.write_str("it is no thing that the rule is about"),
            Self::OtherPlace => f.write_str("it is in no place that the rule is about"),
            Self::Excepted => f.write_str("the rule makes an exception for it"),
            Self::OldStock => f.write_str("it was there before the rule's prohibitions began"),
            Self::NotBound => f.write_str("the operator is none of those bound"),
            Self::AnsweredNo => f.write_str("a question of the rule was answered with no"),
            Self::SetRule => {
                f.write_str("the rule is about a whole inventory, not about one device")
            }
            Self::SingleRule => f.write_str("the rule is about single devices"),
        }
    }
}

/// An action with the time that is left for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueAction {
    /// What is asked.
    pub action: Action,
    /// From or by when. None where the instrument sets no date.
    pub due: Option<Date>,
    /// Days until then, negative when overdue. None without a date, and for a prohibition that has begun.
    pub days_left: Option<i64>,
    /// Where the day asked stands.
    pub state: ActionState,
    /// Which things or places it is about, where that is less than the whole.
    pub scope: Option<String>,
    /// How well the date was checked; none for a date of the rule itself that carries no mark.
    pub mark: Option<Mark>,
    /// The public list that sets it. It is for information then: only that list's addressees are bound.
    pub list: Option<String>,
    /// The day by which it should be done, before the one by which it must.
    pub soft_due: Option<Date>,
    /// Days until then, negative when it has gone by.
    pub soft_days_left: Option<i64>,
    /// The last day on which an extension can be asked for.
    pub extension_request_by: Option<Date>,
    /// Days until then, negative when it has gone by.
    pub extension_days_left: Option<i64>,
    /// What must be known before the date, or whether it is for this subject, can be told.
    #[serde(serialize_with = "as_maybe_text")]
    pub missing: Option<Missing>,
}

/// The nearest day that is not over, else the latest that is overdue; the first one of a day.
pub(crate) fn next_due(actions: &[DueAction]) -> Option<&DueAction> {
    let of = |state| actions.iter().filter(move |action| action.state == state);
    let ahead = of(ActionState::Ahead).min_by_key(|action| action.due);
    ahead.or_else(|| of(ActionState::Overdue).rev().max_by_key(|action| action.due))
}

/// Where a day stands against the date of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionState {
    /// The date is still to come, or is today.
    Ahead,
    /// The date has gone by, and the thing should be gone, replaced or permitted anew.
    Overdue,
    /// A prohibition that has begun.
    InEffect,
    /// No date is set.
    Undated,
    /// There is a date, but it cannot be told, or not whether it is for this subject.
    Undetermined,
}

impl ActionState {
    pub(crate) const ALL: &'static [Self] =
        &[Self::Ahead, Self::Overdue, Self::InEffect, Self::Undated, Self::Undetermined];

    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Overdue => "overdue",
            Self::InEffect => "in-effect",
            Self::Undated => "undated",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for ActionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ActionState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

fn as_maybe_text<S: Serializer>(value: &Option<Missing>, to: S) -> Result<S::Ok, S::Error> {
    value.map(Missing::as_str).serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, Pack, Party, Subject, evaluate, shipped};

    fn quectel(confidence: Confidence) -> Judgement {
        let pack = Pack::parse(shipped()[0].1, "public-lists").unwrap();
        let maker = Some(Party { id: "quectel".parse().unwrap(), confidence });
        let subject = Subject { maker, ..Subject::default() };
        evaluate(&pack, pack.rule("quectel").unwrap(), &subject, "2026-11-21".parse().unwrap())
    }

    #[test]
    fn a_finding_names_the_list_its_status_its_addressees_and_what_is_contested() {
        let words: Vec<_> =
            quectel(Confidence::Confirmed).because.iter().map(ToString::to_string).collect();
        let listed = "\"Quectel\" is named in National Defense Authorization Act FY2021, list of the Department of \
                      Defense, s. 1260H, at the latest since 2025-01-07 (US, obligation, in-force, reported); binds \
                      the US Department of Defense in its own buying; contested by the firm; the edition of January \
                      2025 was used; later editions were not read";
        assert_eq!(words, ["the maker is quectel (confirmed)", listed]);
    }

    #[test]
    fn a_weak_hint_names_the_list_too_so_that_its_reader_can_judge() {
        let judged = quectel(Confidence::Possible);
        assert_eq!(judged.verdict, Verdict::Undetermined(Missing::Confidence));
        assert_eq!(judged.listings().map(|at| at.name.as_str()).collect::<Vec<_>>(), ["Quectel"]);
    }

    #[test]
    fn the_same_as_data_for_the_outputs() {
        let data = serde_json::to_value(&quectel(Confidence::Confirmed).because).unwrap();
        let party = serde_json::json!({
            "test": "party", "relation": "maker", "id": "quectel", "confidence": "confirmed"
        });
        assert_eq!(data[0], party);
        assert_eq!(data[1]["test"], "listed");
        assert_eq!(data[1]["since"], serde_json::json!({ "known-by": "2025-01-07" }));
        assert_eq!(data[1]["list"]["id"], "us-1260h");
        assert_eq!(data[1]["list"]["sources"][0]["last_checked"], "2026-11-21");
        let missing = serde_json::to_value(Because::Open { missing: Missing::Parts }).unwrap();
        assert_eq!(missing, serde_json::json!({ "test": "open", "missing": "parts" }));
    }
}
