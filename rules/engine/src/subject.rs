//! What a rule sees: one device, or one component of it, with nothing of the network it was found on.

use std::collections::BTreeSet;

use herkomst_ids::VendorId;
use jiff::civil::Date;

use crate::{ComponentKind, Confidence, PartTag};

/// A device or a component, as far as it is known. The default is a subject of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Whose product it is.
    pub maker: Option<Party>,
    /// Other makers that evidence speaks for, so that `maker` is contested. Never averaged away.
    pub against: Vec<Contender>,
    /// The name on the box. None: nothing says that it differs from the maker.
    pub brand: Option<Party>,
    /// Who controls `maker`.
    pub controllers: Controllers,
    /// What the device does (`router`, `camera`; see [`ROLES`](crate::ROLES)). Empty: nobody knows.
    pub roles: BTreeSet<String>,
    /// Which declared parts of the network it is in.
    pub parts: Parts,
    /// The first day it was ever seen.
    pub first_seen: Option<Date>,
    /// The kind of component. None: the subject is the device itself.
    pub component: Option<ComponentKind>,
}

/// Somebody, and how sure it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The vendor in the register.
    pub id: VendorId,
    /// How sure it is that this is the party.
    pub confidence: Confidence,
}

/// One of several possible makers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// Who it would be.
    pub party: Party,
    /// Who controls that one.
    pub controllers: Controllers,
}

/// What is recorded about control over a maker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Controllers {
    /// Nobody looked: a `controlled-by` test stays open.
    #[default]
    Unrecorded,
    /// All recorded controllers at any remove, in any order. Empty: the maker is recorded as controlled by nobody else.
    /// A controller that has no id in the vendor table is left out: no rule can name it.
    Recorded(Vec<Controller>),
}

impl Controllers {
    /// The controllers on that day; none if nothing is recorded.
    pub fn on(&self, day: Date) -> impl Iterator<Item = &Controller> {
        let all: &[Controller] = match self {
            Self::Unrecorded => &[],
            Self::Recorded(all) => all,
        };
        all.iter().filter(move |controller| controller.holds_on(day))
    }
}

/// One controller, for the time that its control lasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Who, and how sure the control is.
    pub party: Party,
    /// The first day of control. None: as far back as is known.
    pub from: Option<Date>,
    /// The day control ended: on it, it no longer holds. None: it lasts.
    pub until: Option<Date>,
}

impl Controller {
    /// Whether it controls on that day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

impl From<Party> for Controller {
    /// Control on the day asked, without dates.
    fn from(party: Party) -> Self {
        Self { party, from: None, until: None }
    }
}

/// Whether the operator has said what this device is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Parts {
    /// Nobody declared it: it may be in any part.
    #[default]
    Undeclared,
    /// It is in these parts and no others; in none when empty.
    Declared(BTreeSet<PartTag>),
}
