//! What a rule sees: one device, or one component of it, with nothing of the network it was found on.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::{Country, VendorId};
use jiff::civil::Date;

use crate::{
    ComponentKind, Confidence, ControlKind, CountryOf, Generation, PartTag, Quantity, Share,
    SupplierRole, Trait,
};

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
    /// Its name in the store, by which waivers and answers mean it. None: no waiver can be for it.
    pub id: Option<String>,
    /// Whom `maker` controls, at any remove.
    pub controls: Controllers,
    /// Whose business `maker` took over.
    pub successor_of: Controllers,
    /// Who took over the business of `maker`.
    pub predecessor_of: Controllers,
    /// Who delivers it, installs it or runs it.
    pub suppliers: Suppliers,
    /// Its countries, each a fact of its own. Not there: nobody knows.
    pub countries: BTreeMap<CountryOf, CountryFact>,
    /// Whether a state owns the maker. None: nobody knows.
    pub state_owned: Option<bool>,
    /// The product family. None: nobody knows.
    pub family: Option<String>,
    /// The model. None: nobody knows.
    pub model: Option<String>,
    /// The software products on it: these and no others. None: nobody looked.
    pub software: Option<BTreeSet<String>>,
    /// The generations of access technology it serves: these and no others. None: nobody knows.
    pub generations: Option<BTreeSet<Generation>>,
    /// What it is used for: this and nothing else. None: nobody said.
    pub purposes: Option<BTreeSet<String>>,
    /// What happened to this item or its kind (`sanctions-affected`). None: nobody looked.
    pub events: Option<BTreeSet<String>>,
    /// Measured or described properties. Not there: nobody knows.
    pub attributes: BTreeMap<String, Quantity>,
    /// Properties that it has or has not. Not there: nobody knows.
    pub traits: BTreeMap<Trait, bool>,
    /// The parts that it stands next to, worked out from the segments by the caller.
    pub adjacent: Parts,
    /// The parts that it is connected to.
    pub connected: Parts,
    /// The sites that it stands on, and what the operator calls them. None: nobody said.
    pub sites: Option<BTreeSet<String>>,
    /// The zones that it stands in. None: nobody said.
    pub zones: Option<BTreeSet<String>>,
    /// The classification of the system that it belongs to. None: nobody said.
    pub classification: Option<String>,
    /// How many ports it has, for shares that are counted in ports.
    pub ports: Option<u32>,
}

/// A country, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountryFact {
    /// Which one.
    pub country: Country,
    /// How sure that is.
    pub confidence: Confidence,
}

/// What is recorded about suppliers who are not the maker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Suppliers {
    /// Nobody said: a `supplier` test stays open.
    #[default]
    Unrecorded,
    /// These and no others.
    Recorded(Vec<Supplier>),
}

/// One supplier, in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplier {
    /// Who.
    pub party: Party,
    /// What it does.
    pub role: SupplierRole,
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
    /// These for certain, and perhaps others: the record ends at somebody of whom nobody looked who controls him. What the
    /// known ones do not settle stays open.
    Partly(Vec<Controller>),
}

impl Controllers {
    /// The controllers on that day; none if nothing is recorded.
    pub fn on(&self, day: Date) -> impl Iterator<Item = &Controller> {
        self.known().iter().filter(move |controller| controller.holds_on(day))
    }

    /// All that are recorded, whatever the day.
    pub fn known(&self) -> &[Controller] {
        match self {
            Self::Unrecorded => &[],
            Self::Recorded(all) | Self::Partly(all) => all,
        }
    }

    /// Whether there are surely no others.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Recorded(_) => true,
            Self::Unrecorded | Self::Partly(_) => false,
        }
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
    /// By which tests it is control. Empty: not recorded.
    pub by: BTreeSet<ControlKind>,
    /// The share that it holds. None: not recorded.
    pub share: Option<Share>,
    /// Whether there are only grounds to suspect it.
    pub suspected: bool,
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
        Self { party, from: None, until: None, by: BTreeSet::new(), share: None, suspected: false }
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
