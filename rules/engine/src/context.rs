//! What the operator says, and no pack can know: what he is, which orders he holds, what he answered and waived.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use crate::{CountryList, PackProblems, PartTag};

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

    /// The order that he holds under a pack; the first one where he gave several.
    pub fn order(&self, pack: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.pack == pack)
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
    /// What it is about, in words.
    pub scope: String,
    /// The day it was issued. None: what is counted from it stays undetermined.
    pub date: Option<Date>,
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
        let person = |approval: &Approval| approval.by.trim().to_lowercase();
        let (first, second) = (person(&self.approver), person(&self.second_approver));
        let has_role =
            |role: &String| approvals().any(|approval| approval.role.as_ref() == Some(role));
        if first.is_empty() || second.is_empty() || first == second || !roles.iter().all(has_role) {
            WaiverState::NotApproved
        } else if self.expires < on {
            WaiverState::Expired
        } else {
            WaiverState::Holds
        }
    }
}
