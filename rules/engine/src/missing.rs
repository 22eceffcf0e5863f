//! What would have to be known for a verdict, and how to supply it.

use std::fmt;

/// What would have to be known for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Missing {
    /// Who made it.
    Maker,
    /// Better evidence of who made it, or of its brand.
    Confidence,
    /// Which of the makers that evidence speaks for is right.
    AgreedMaker,
    /// Who controls its maker.
    Controllers,
    /// Better evidence of who controls its maker.
    ControllerConfidence,
    /// What the device does.
    Role,
    /// Which parts of the network it is in.
    Parts,
    /// Whether the operator is among those bound.
    Addressee,
    /// An order that makes the pack valid.
    Order,
    /// Which parts the order designates.
    OrderParts,
    /// The day of the order.
    OrderDate,
    /// The first day it was seen.
    FirstSeen,
    /// By which test the maker is controlled, or with which share.
    ControlTest,
    /// Whom the maker controls.
    Controlled,
    /// Whose business the maker took over, or who took over his.
    Succession,
    /// Who delivers it, installs it or runs it.
    Suppliers,
    /// The country of those who control the maker.
    CountryOfControl,
    /// The country of the maker's seat.
    CountryOfSeat,
    /// The country it was made in.
    CountryOfProduction,
    /// The country its data go to.
    CountryOfData,
    /// The country it is administered from.
    CountryOfAdministration,
    /// Which countries are on a list of the rule.
    CountryList,
    /// Whether a state owns the maker.
    StateOwned,
    /// Which product it is.
    Family,
    /// Which software is on it.
    Software,
    /// Which generation of access technology it serves.
    Generation,
    /// What it is used for.
    Purpose,
    /// What happened to it or to its kind.
    Event,
    /// An attribute of it.
    Attribute,
    /// A property of it.
    Trait,
    /// Which parts it stands next to.
    Adjacency,
    /// Which parts it is connected to.
    Connection,
    /// On which site it stands.
    Site,
    /// In which zone it stands.
    Zone,
    /// The classification of its system.
    Classification,
    /// How many ports it has.
    Ports,
    /// A person's assessment.
    Assessment,
}

impl Missing {
    /// Every one, for tables that must leave out none.
    pub const ALL: &'static [Self] = &[
        Self::Maker,
        Self::Confidence,
        Self::AgreedMaker,
        Self::Controllers,
        Self::ControllerConfidence,
        Self::Role,
        Self::Parts,
        Self::Addressee,
        Self::Order,
        Self::OrderParts,
        Self::OrderDate,
        Self::FirstSeen,
        Self::ControlTest,
        Self::Controlled,
        Self::Succession,
        Self::Suppliers,
        Self::CountryOfControl,
        Self::CountryOfSeat,
        Self::CountryOfProduction,
        Self::CountryOfData,
        Self::CountryOfAdministration,
        Self::CountryList,
        Self::StateOwned,
        Self::Family,
        Self::Software,
        Self::Generation,
        Self::Purpose,
        Self::Event,
        Self::Attribute,
        Self::Trait,
        Self::Adjacency,
        Self::Connection,
        Self::Site,
        Self::Zone,
        Self::Classification,
        Self::Ports,
        Self::Assessment,
    ];

    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Confidence => "confidence",
            Self::AgreedMaker => "agreed-maker",
            Self::Controllers => "controllers",
            Self::ControllerConfidence => "controller-confidence",
            Self::Role => "role",
            Self::Parts => "parts",
            Self::Addressee => "addressee",
            Self::Order => "order",
            Self::OrderParts => "order-parts",
            Self::OrderDate => "order-date",
            Self::FirstSeen => "first-seen",
            Self::ControlTest => "control-test",
            Self::Controlled => "controlled",
            Self::Succession => "succession",
            Self::Suppliers => "suppliers",
            Self::CountryOfControl => "country-of-control",
            Self::CountryOfSeat => "country-of-seat",
            Self::CountryOfProduction => "country-of-production",
            Self::CountryOfData => "country-of-data",
            Self::CountryOfAdministration => "country-of-administration",
            Self::CountryList => "country-list",
            Self::StateOwned => "state-owned",
            Self::Family => "family",
            Self::Software => "software",
            Self::Generation => "generation",
            Self::Purpose => "purpose",
            Self::Event => "event",
            Self::Attribute => "attribute",
            Self::Trait => "trait",
            Self::Adjacency => "adjacency",
            Self::Connection => "connection",
            Self::Site => "site",
            Self::Zone => "zone",
            Self::Classification => "classification",
            Self::Ports => "ports",
            Self::Assessment => "assessment",
        }
    }

    /// How to supply it, for the reader of a finding.
    pub fn how_to_supply(self) -> &'static str {
        match self {
            Self::Maker => "nothing names the maker: give SNMP credentials, or look at the device",
            Self::Confidence => {
                "the evidence is too weak: give SNMP credentials, or look at the device"
            }
            Self::AgreedMaker => "the evidence contradicts itself: look at the device",
            Self::Controllers => {
                "nothing is recorded on who controls the maker: add it to the vendor table"
            }
            Self::ControllerConfidence => {
                "who controls the maker is not well sourced: check it in the vendor table"
            }
            Self::Role => "nothing says what the device does: declare its role",
            Self::Parts => {
                "nobody declared which part of the network it is in: declare the critical parts"
            }
            Self::Addressee => {
                "nobody said whether the operator is among those bound: say what it is, and what it is not"
            }
            Self::Order => {
                "the pack is valid only with an order of an issuer that it names: give its reference, scope and issuer, and the vendors that it designates"
            }
            Self::OrderParts => {
                "nobody said which parts the order designates: give them with the order"
            }
            Self::OrderDate => {
                "the last day comes from an order: give its date, and its term where the pack sets none"
            }
            Self::FirstSeen => "nobody knows since when it is there: say when it was installed",
            Self::ControlTest => {
                "nothing is recorded on the share or the kind of control: add it to the vendor table"
            }
            Self::Controlled => {
                "nothing is recorded on whom the maker controls: add it to the vendor table"
            }
            Self::Succession => {
                "nothing is recorded on successors and predecessors of the maker: add it to the vendor table"
            }
            Self::Suppliers => {
                "nobody said who delivers, installs or runs it: declare its suppliers"
            }
            Self::CountryOfControl => {
                "the country of control is not known well enough: add it to the vendor table"
            }
            Self::CountryOfSeat => {
                "the country of the maker's seat is not known well enough: add it to the vendor table"
            }
            Self::CountryOfProduction => {
                "nobody knows where it was made: read its label, and declare it"
            }
            Self::CountryOfData => "nobody said where its data are kept: declare it",
            Self::CountryOfAdministration => {
                "nobody said from where it is administered: declare it"
            }
            Self::CountryList => {
                "the pack leaves a list of countries to the operator: give the list with its source"
            }
            Self::StateOwned => {
                "nothing is recorded on whether a state owns the maker: add it to the vendor table"
            }
            Self::Family => "nothing names the product: give SNMP credentials, or declare it",
            Self::Software => {
                "nobody looked which software is on it: give SNMP credentials, or a list of its software"
            }
            Self::Generation => {
                "nobody said which generation of access technology it serves: declare it"
            }
            Self::Purpose => "nobody said what it is used for: declare its purpose",
            Self::Event => "nobody said what happened to this item: declare it",
            Self::Attribute => "an attribute that the rule compares is not known: declare it",
            Self::Trait => {
                "nobody said whether it has a property that the rule asks for: declare it"
            }
            Self::Adjacency => {
                "nobody knows which parts it stands next to: declare the critical parts with their networks"
            }
            Self::Connection => {
                "nobody knows which parts it is connected to: declare the critical parts with their networks"
            }
            Self::Site => "nobody said on which site it stands: declare the sites",
            Self::Zone => "nobody said in which zone it stands: declare the zones",
            Self::Classification => "nobody said how its system is classified: declare it",
            Self::Ports => "nobody counted its ports: give SNMP credentials, or declare them",
            Self::Assessment => {
                "needs assessment: a question of the rule has no answer with author, date and evidence"
            }
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
