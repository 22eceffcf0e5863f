//! What an operator is told to look for: rule packs, and the pure judgement of one subject under one rule.
//!
//! A pack is one TOML file (`docs/rules.md`); [`Pack::parse`] checks all of it or returns every problem in it.
//! [`evaluate`] takes a pack, a rule, a [`Subject`] and a date, and gives the same [`Judgement`] on any machine, in
//! any year: it reads no clock, no file and no registry. "Unknown" is one of its answers, and never a clean one.
//!
//! Left out here: who made a device (the agent fills in the subject), and rules over a whole inventory (caps).

#![forbid(unsafe_code)]

mod cases;
mod evaluate;
mod judgement;
mod pack;
mod problems;
mod shipped;
mod subject;
mod tags;
mod vocabulary;

pub use cases::{Case, CaseFailure, Expected, ExpectedAction};
pub use evaluate::evaluate;
pub use jiff::civil::Date;
pub use judgement::{ActionState, Because, DueAction, Judgement, Missing, Verdict, Why};
pub use pack::{
    DatedAction, LawList, Listing, ListingDate, NamedVendor, Pack, PartyTest, PlaceTest, Rule,
    Source, ThingTest,
};
pub use problems::{PackProblems, Problem};
pub use shipped::shipped;
pub use subject::{Contender, Controller, Controllers, Parts, Party, Subject};
pub use tags::{PartTag, UnknownTag};
pub use vocabulary::{
    Action, ComponentKind, Confidence, Force, Mark, Publicity, ROLES, Relation, Severity, Status,
    UnknownWord,
};
