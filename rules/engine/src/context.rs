//! What the operator says, and no pack can know: what he is, which orders he holds, what he answered and waived.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use crate::{CountryList, NamedVendor, Pack, PackProblems, PartTag, Term, person};

/// The operator's statements. The default says nothing: what depends on them is then undetermined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Kinds of addressee that he is.
    pub is: BTreeSet<String>,
    /// Kinds that he is not. What stands in neither is not known.
    pub is_not: BTreeSet<String>,
    /// His own lists of countries; one takes the place of a pack's of the same id.
    pub country_lists: Vec<Arc<CountryList>>,
    /// Orders that he holds.
    pub orders: Vec<Order>,
    /// Answers to the questions of rules.
    pub answers: Vec<Answer>,
    /// What he does not act on, and who agreed to that.
    pub waivers: Vec<Waiver>,
}

impl Context {
    /// Reads and checks an operator's statements, as they stand in a file. Every problem is returned at once.
    pub fn parse(text: &str, file: &str) -> Result<Context, PackProblems> {
        crate::pack::parse_context(text, file)
    }

    /// The order that he holds under a pack, of whichever issuer; the first one where he gave several.
    pub fn order(&self, pack: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.pack == pack)
    }

    /// The order that counts under a pack: where the pack names issuers, one of theirs. Another's designates no part,
    /// and no term runs from it.
    pub(crate) fn valid_order(&self, pack: &Pack) -> Option<&Order> {
        let of_issuer = |order: &&Order| {
            pack.order.as_ref().is_none_or(|test| test.issuers.contains(&order.issuer))
        };
        self.order(&pack.id).filter(of_issuer)
    }
}

/// An order that makes a pack valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The pack.
    pub pack: String,
    /// By which it can be found in the operator's files.
    pub reference: String,
    /// Who issued it.
    pub issuer: String,
    /// The parts that it designates, for rules whose place is `order`.
    pub parts: Option<BTreeSet<PartTag>>,
    /// The vendors that it designates, for rules whose party is `order`.
    pub vendors: Option<Vec<NamedVendor>>,
    /// What it is about, in words.
    pub scope: String,
    /// The day it was issued. None: what is counted from it stays undetermined.
    pub date: Option<Date>,
    /// How long after that day it leaves, for actions whose term stands in the order and not in the pack.
    pub term: Option<Term>,
}

/// A person's answer to a question of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The pack.
    pub pack: String,
    /// The rule.
    pub rule: String,
    /// The question.
    pub question: String,
    /// For which subject. None: for all of them.
    pub subject: Option<String>,
    /// The answer.
    pub yes: bool,
    /// Who gave it.
    pub author: String,
    /// When.
    pub date: Date,
    /// On what it rests.
    pub evidence: String,
}

/// A finding that the operator knows of and does not act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// The pack.
    pub pack: String,
    /// The rule.
    pub rule: String,
    /// The subject, by its id.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approver: Approval,
    /// Who approved it too: somebody else, or the waiver does not count.
    pub second_approver: Approval,
    /// Who else approved it, where the pack asks for more.
    pub further: Vec<Approval>,
    /// The last day that it holds.
    pub expires: Date,
}

/// One person's agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// In which role, where the pack asks for roles.
    pub role: Option<String>,
}

/// How a waiver stands on the day asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// It holds: the finding is shown as waived.
    Holds,
    /// It has ended: the finding is open again.
    Expired,
    /// Not two different persons approved it, or not all roles that the pack asks for: it does not count.
    NotApproved,
}

impl Waiver {
    /// How it stands on a day, under a pack that asks for these roles.
    pub fn state(&self, roles: &BTreeSet<String>, on: Date) -> WaiverState {
        let approvals = || [&self.approver, &self.second_approver].into_iter().chain(&self.further);
        let is_named = |one: &Approval| person::wrong(&one.by).is_none();
        // A role that nobody holds approved nothing.
        let has_role =
            |role: &String| approvals().any(|one| one.role.as_ref() == Some(role) && is_named(one));
        let are_two = is_named(&self.approver)
            && is_named(&self.second_approver)
            && !person::are_same(&self.approver.by, &self.second_approver.by);
        if !are_two || !roles.iter().all(has_role) {
            WaiverState::NotApproved
        } else if self.expires < on {
            WaiverState::Expired
        } else {
            WaiverState::Holds
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(name: &str, role: Option<&str>) -> Approval {
        Approval { by: name.to_owned(), role: role.map(str::to_owned) }
    }

    fn state(one: &str, other: &str, further: Vec<Approval>, roles: &[&str]) -> WaiverState {
        let waiver = Waiver {
            pack: "p".to_owned(),
            rule: "r".to_owned(),
            subject: "s".to_owned(),
            reason: "why".to_owned(),
            approver: by(one, None),
            second_approver: by(other, None),
            further,
            expires: Date::constant(2026, 11, 21),
        };
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        waiver.state(&roles, Date::constant(2026, 11, 21))
    }

    #[test]
    fn one_person_written_in_two_ways_is_not_two_persons() {
        for (one, other) in [
            ("A. Example", "a example"),
            ("A. Example", " A.  EXAMPLE\n"),
            ("A. Example", "A.\u{a0}Example"),
            ("A. Example", "A. Exam\u{200b}ple"),
            ("Strauß", "STRAUSS"),
            ("A. Example", "."),
            ("", "B. Example"),
            ("Oscar", "Оѕсаr"),
            ("Ana Pope", "Апа Роре"),
            ("A. Example", "B. Ехample"),
        ] {
            assert_eq!(state(one, other, vec![], &[]), WaiverState::NotApproved, "{one} {other}");
        }
        assert_eq!(state("A. Example", "B. Example", vec![], &[]), WaiverState::Holds);
    }

    #[test]
    fn a_role_that_nobody_holds_approves_nothing() {
        let told = |name| state("A", "B", vec![by(name, Some("board"))], &["board"]);
        assert_eq!((told(" "), told("C")), (WaiverState::NotApproved, WaiverState::Holds));
    }
}
