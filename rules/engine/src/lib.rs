//! What an operator is told to look for: rule packs, and the pure judgement of one subject under one rule.
//!
//! A pack is one TOML file (`docs/rules.md`); [`Pack::parse`] checks all of it or returns every problem in it.
//! [`evaluate`] takes a pack, a rule, a [`Subject`] and a date, and gives the same [`Judgement`] on any machine, in
//! any year: it reads no clock, no file and no registry. "Unknown" is one of its answers, and never a clean one.
//!
//! [`evaluate_in`] does so with what the operator says ([`Context`]); [`evaluate_set`] judges a whole inventory. For very
//! many subjects a [`Day`] tells which rules say anything of each, and those alone need a judgement in full.
//!
//! Left out here: who made a device (the agent fills in the subject).

#![forbid(unsafe_code)]

mod because;
mod cases;
mod context;
mod evaluate;
mod index;
mod inventory;
mod judgement;
mod missing;
mod pack;
mod person;
mod problems;
mod quantity;
mod shipped;
mod subject;
mod tags;
mod vocabulary;

pub use because::Because;
pub use cases::{Case, CaseFailure, Expected, ExpectedAction, ExpectedFigure, Inventory, Tally};
pub use context::{Answer, Approval, Context, Order, Waiver, WaiverState};
pub use evaluate::{evaluate, evaluate_in, outcome_in};
pub use index::{Day, Index, Room};
pub use inventory::{Counted, Figure, Ratio, Scope, evaluate_set};
pub use jiff::civil::Date;
pub use judgement::{ActionState, DueAction, Judgement, Outcome, Verdict, Waived, Why};
pub use missing::Missing;
pub use pack::{
    Binding, CountryList, DatedAction, Exception, FactTest, Group, LawList, Listing, ListingDate,
    NamedTest, NamedVendor, OrderTest, Pack, PartyExpression, PartyTest, PlaceTest, Question, Rule,
    SetTest, Source, ThingTest,
};
pub use problems::{PackProblems, Problem};
pub use quantity::{
    AttributeTest, Comparison, Decimal, ProductName, Quantity, Share, Term, WrongQuantity,
};
pub use shipped::shipped;
pub use subject::{
    Contender, Controller, Controllers, CountryFact, Parts, Party, Subject, Supplier, Suppliers,
};
pub use tags::{PartTag, UnknownTag};
pub use vocabulary::{
    Action, ComponentKind, Confidence, ControlKind, CountryOf, Denominator, Force, Generation,
    Grade, Mark, Per, Publicity, ROLES, Relation, Severity, Status, SupplierRole, TermStart, Trait,
    UnknownWord,
};
