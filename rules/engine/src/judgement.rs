//! What `evaluate` answers: a verdict, the tests that led to it in words and as data, and the dates to act by.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use herkomst_ids::{Country, VendorId};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{
    Action, Answer, ComponentKind, Confidence, ControlKind, CountryOf, Force, Grade, Listing,
    ListingDate, Mark, PartTag, Relation, Severity, Share, Status, Waiver, WaiverState,
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
    /// Whether the party is tied to the subject by facts, or by suspicion alone.
    pub grade: Grade,
    /// What the operator's file says against acting on it. A waived match is still a match.
    pub waiver: Option<Waived>,
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
    /// The next action that has a day to come, with the days left.
    pub fn next_due(&self) -> Option<&DueAction> {
        self.actions.iter().find(|action| action.state == ActionState::Ahead)
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
        self.because.iter().any(|because| match because {
            Because::Party { .. }
            | Because::Listed(_)
            | Because::Suspected { .. }
            | Because::NotAllowed { .. }
            | Because::Country { .. }
            | Because::StateOwned { is: true } => true,
            Because::TooWeak { named, .. } | Because::UncertainControl { named, .. } => *named,
            Because::WeakCountry { listed, .. } => *listed,
            Because::Contested { named, .. } => !named.is_empty(),
            Because::OtherParty { .. }
            | Because::Open { .. }
            | Because::Role { .. }
            | Because::OtherRole { .. }
            | Because::Component { .. }
            | Because::OtherComponent { .. }
            | Because::InParts { .. }
            | Because::InNoPart { .. }
            | Because::SeenBefore { .. }
            | Because::Allowed { .. }
            | Because::OtherControl { .. }
            | Because::OtherCountry { .. }
            | Because::StateOwned { is: false }
            | Because::Fact { .. }
            | Because::OtherFact { .. }
            | Because::Excepted { .. }
            | Because::Bound { .. }
            | Because::Standing { .. }
            | Because::Order { .. }
            | Because::Answered(_)
            | Because::Question { .. }
            | Because::OutOfScope { .. } => false,
        })
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
    pub(crate) const ALL: &'static [Self] = &[
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
                "the pack is valid only with an order of an issuer that it names: give its reference, scope and issuer"
            }
            Self::OrderParts => {
                "nobody said which parts the order designates: give them with the order"
            }
            Self::OrderDate => {
                "the term runs from the date of an order: give the date with the order"
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
            Self::NotBound => f.write_str("the operator is none of those bound"),
            Self::AnsweredNo => f.write_str("a question of the rule was answered with no"),
            Self::SetRule => {
                f.write_str("the rule is about a whole inventory, not about one device")
            }
            Self::SingleRule => f.write_str("the rule is about single devices"),
        }
    }
}

/// One test and how it came out. `Display` gives the words, `Serialize` the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "test", rename_all = "kebab-case")]
pub enum Because {
    /// A vendor of the rule stands in a relation that the rule asks for.
    Party {
        /// In which one.
        relation: Relation,
        /// Which vendor.
        #[serde(serialize_with = "as_text")]
        id: VendorId,
        /// How sure that is.
        confidence: Confidence,
    },
    /// The party in that relation is known, and the rule does not name it.
    OtherParty {
        /// In which relation.
        relation: Relation,
        /// Who it is. None: nobody is recorded in that relation.
        #[serde(serialize_with = "as_texts")]
        ids: Vec<VendorId>,
    },
    /// The evidence for the party is below what the rule asks for.
    TooWeak {
        /// In which relation.
        relation: Relation,
        /// Who it seems to be.
        #[serde(serialize_with = "as_text")]
        id: VendorId,
        /// How sure that is.
        confidence: Confidence,
        /// How sure it should be.
        needed: Confidence,
        /// Whether the rule names that party.
        named: bool,
    },
    /// Evidence speaks for more than one maker, and it matters which one is right.
    Contested {
        /// All of them.
        #[serde(serialize_with = "as_texts")]
        makers: Vec<VendorId>,
        /// Those under which the rule would match.
        #[serde(serialize_with = "as_texts")]
        named: Vec<VendorId>,
    },
    /// A test that stays open.
    Open {
        /// What is not known.
        #[serde(serialize_with = "as_text")]
        missing: Missing,
    },
    /// The device has a role of the rule.
    Role {
        /// Which ones.
        roles: BTreeSet<String>,
    },
    /// It has other roles.
    OtherRole {
        /// Which ones.
        roles: BTreeSet<String>,
    },
    /// It is a component of a kind of the rule.
    Component {
        /// Which kind.
        kind: ComponentKind,
    },
    /// It is something else.
    OtherComponent {
        /// Which kind. None: the device itself.
        kind: Option<ComponentKind>,
    },
    /// It is in parts of the rule.
    InParts {
        /// Which ones.
        parts: BTreeSet<PartTag>,
    },
    /// It is declared, and in none of the rule's parts.
    InNoPart {
        /// Where it is.
        parts: BTreeSet<PartTag>,
    },
    /// A public list names the party, and reaches the subject.
    #[serde(serialize_with = "as_listing")]
    Listed(Arc<Listing>),
    /// It was there before new installation ended, so that date does not touch it.
    SeenBefore {
        /// The first day it was seen.
        first_seen: Date,
        /// The day from which nothing new may be installed.
        date: Date,
    },
    /// There are grounds to suspect a tie with a vendor of the rule: less than a fact.
    Suspected {
        /// In which relation.
        relation: Relation,
        /// Which vendor.
        #[serde(serialize_with = "as_text")]
        id: VendorId,
    },
    /// There is control, but the test of the rule is not known to be met.
    UncertainControl {
        /// In which relation.
        relation: Relation,
        /// Which vendor.
        #[serde(serialize_with = "as_text")]
        id: VendorId,
        /// Whether the rule names it.
        named: bool,
    },
    /// There is a tie with a vendor of the rule, which the rule's own test of control does not count.
    OtherControl {
        /// Which vendor.
        #[serde(serialize_with = "as_text")]
        id: VendorId,
        /// By which tests it is recorded.
        by: BTreeSet<ControlKind>,
        /// With which share.
        share: Option<Share>,
    },
    /// Nobody in the relations asked for stands on the allow-list of the rule.
    NotAllowed {
        /// Who was looked at.
        #[serde(serialize_with = "as_texts")]
        ids: Vec<VendorId>,
    },
    /// Somebody stands on the allow-list of the rule.
    Allowed {
        /// Who.
        #[serde(serialize_with = "as_texts")]
        ids: Vec<VendorId>,
    },
    /// A country of the subject stands on a list of the rule.
    Country {
        /// Which country of it.
        of: CountryOf,
        /// The country.
        #[serde(serialize_with = "as_text")]
        country: Country,
        /// The list.
        list: String,
        /// What the list says.
        words: String,
        /// By which source.
        source: String,
        /// The day that was last compared.
        last_checked: Date,
    },
    /// It stands not on it.
    OtherCountry {
        /// Which country of it.
        of: CountryOf,
        /// The country.
        #[serde(serialize_with = "as_text")]
        country: Country,
        /// The list.
        list: String,
    },
    /// A country is known, and not surely enough.
    WeakCountry {
        /// Which country of it.
        of: CountryOf,
        /// The country.
        #[serde(serialize_with = "as_text")]
        country: Country,
        /// How sure that is.
        confidence: Confidence,
        /// How sure it should be.
        needed: Confidence,
        /// Whether it stands on every list asked for.
        listed: bool,
    },
    /// Whether a state owns the maker.
    StateOwned {
        /// It does.
        is: bool,
    },
    /// A test of the thing or its place is met.
    Fact {
        /// What was asked.
        what: &'static str,
        /// What was found.
        values: Vec<String>,
    },
    /// It is not met.
    OtherFact {
        /// What was asked.
        what: &'static str,
        /// What was found.
        values: Vec<String>,
    },
    /// An exception of the rule is for it.
    Excepted {
        /// Which one.
        title: String,
    },
    /// The operator is one of those bound.
    Bound {
        /// As what.
        who: String,
        /// What the instrument does to it.
        force: Force,
    },
    /// The instrument has effect, and that is not all there is to say.
    Standing {
        /// Its status.
        status: Status,
    },
    /// The order that makes the pack valid.
    Order {
        /// Its reference.
        reference: String,
        /// Who issued it.
        issuer: String,
        /// What it is about.
        scope: String,
    },
    /// A person answered a question of the rule.
    Answered(Answer),
    /// A question of the rule that nobody answered.
    Question {
        /// Its name.
        id: String,
        /// The question.
        text: String,
    },
    /// The rule does not apply.
    OutOfScope {
        /// Why.
        #[serde(serialize_with = "as_text")]
        why: Why,
    },
}

fn as_text<S: Serializer>(value: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn as_maybe_text<S: Serializer>(value: &Option<Missing>, to: S) -> Result<S::Ok, S::Error> {
    value.map(Missing::as_str).serialize(to)
}

fn as_texts<S: Serializer>(values: &[VendorId], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(VendorId::as_str))
}

fn as_listing<S: Serializer>(listing: &Arc<Listing>, to: S) -> Result<S::Ok, S::Error> {
    Listing::serialize(listing, to)
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party { relation, id, confidence } => {
                let words = match relation {
                    Relation::Maker => "the maker is",
                    Relation::Brand => "the brand is",
                    Relation::ControlledBy => "the maker is controlled by",
                    Relation::Controls => "the maker controls",
                    Relation::SuccessorOf => "the maker is a successor of",
                    Relation::PredecessorOf => "the maker is a predecessor of",
                    Relation::Supplier => "it is supplied or run by",
                };
                write!(f, "{words} {id} ({confidence})")
            }
            Self::OtherParty { relation, ids } => {
                let what = match relation {
                    Relation::Maker => "the maker",
                    Relation::Brand => "the brand",
                    Relation::ControlledBy => "the recorded controller of the maker",
                    Relation::Controls => "whom the maker is recorded to control",
                    Relation::SuccessorOf => "the recorded predecessor of the maker",
                    Relation::PredecessorOf => "the recorded successor of the maker",
                    Relation::Supplier => "the declared supplier",
                };
                if ids.is_empty() {
                    write!(f, "{what}: nobody")
                } else {
                    write!(f, "{what} is {}, which the rule does not name", joined(ids))
                }
            }
            Self::TooWeak { relation, id, confidence, needed, named: _ } => {
                write!(f, "{relation} {id} is only {confidence}, the rule asks for {needed}")
            }
            Self::Contested { makers, named } if named.is_empty() => {
                write!(f, "the evidence contradicts itself: {}", joined(makers))
            }
            Self::Contested { makers, named } => {
                write!(
                    f,
                    "the evidence contradicts itself: {}; the rule reaches {}",
                    joined(makers),
                    joined(named)
                )
            }
            Self::Open { missing } => f.write_str(missing.how_to_supply()),
            Self::Role { roles } => write!(f, "its role is {}", joined(roles)),
            Self::OtherRole { roles } => {
                write!(f, "its role is {}, which the rule is not about", joined(roles))
            }
            Self::Component { kind } => write!(f, "it is a component: {kind}"),
            Self::OtherComponent { kind: Some(kind) } => {
                write!(f, "it is a component of a kind the rule is not about: {kind}")
            }
            Self::OtherComponent { kind: None } => {
                f.write_str("it is a device, and the rule is about components")
            }
            Self::InParts { parts } => write!(f, "it is in {}", joined(parts)),
            Self::InNoPart { parts } if parts.is_empty() => {
                f.write_str("it is declared to be in no critical part")
            }
            Self::InNoPart { parts } => {
                write!(f, "it is in {}, which the rule is not about", joined(parts))
            }
            Self::Listed(listing) => listed(f, listing),
            Self::SeenBefore { first_seen, date } => {
                write!(f, "first seen on {first_seen}, before new installation ended on {date}")
            }
            Self::Suspected { relation, id } => {
                write!(f, "there are grounds to suspect {relation} {id}, which is less than a fact")
            }
            Self::UncertainControl { relation, id, named: _ } => {
                write!(f, "{relation} {id}, but not known to meet the rule's test of control")
            }
            Self::OtherControl { id, by, share } => {
                write!(f, "a tie with {id} that the rule's test of control does not count")?;
                if !by.is_empty() {
                    write!(f, ": {}", joined(by))?;
                }
                share.map_or(Ok(()), |share| write!(f, ", {share}"))
            }
            Self::NotAllowed { ids } if ids.is_empty() => f.write_str("nobody on the allow-list"),
            Self::NotAllowed { ids } => write!(f, "not on the allow-list: {}", joined(ids)),
            Self::Allowed { ids } => write!(f, "on the allow-list: {}", joined(ids)),
            Self::Country { of, country, list: _, words, source, last_checked } => {
                write!(f, "{of} {country}: {words} (by {source}, checked {last_checked})")
            }
            Self::OtherCountry { of, country, list } => {
                write!(f, "{of} {country} is not on the list {list}")
            }
            Self::WeakCountry { of, country, confidence, needed, listed: _ } => {
                write!(f, "{of} {country} is only {confidence}, the rule asks for {needed}")
            }
            Self::StateOwned { is: true } => f.write_str("a state owns the maker"),
            Self::StateOwned { is: false } => f.write_str("no state owns the maker"),
            Self::Fact { what, values } => write!(f, "{what}: {}", or_none(values)),
            Self::OtherFact { what, values } => {
                write!(f, "{what}: {}, which the rule is not about", or_none(values))
            }
            Self::Excepted { title } => write!(f, "excepted: {title}"),
            Self::Bound { who, force } => write!(f, "binds the operator as {who} ({force})"),
            Self::Standing { status } => write!(f, "the instrument is {status}"),
            Self::Order { reference, issuer, scope } => {
                write!(f, "under order {reference} of {issuer}, for {scope}")
            }
            Self::Answered(answer) => {
                let word = if answer.yes { "yes" } else { "no" };
                let Answer { question, author, date, evidence, .. } = answer;
                write!(f, "{question}: {word}, says {author} on {date}, by {evidence}")
            }
            Self::Question { id, text } => write!(f, "{id} is not answered: {text}"),
            Self::OutOfScope { why } => write!(f, "{why}"),
        }
    }
}

fn or_none(values: &[String]) -> String {
    if values.is_empty() { "none".to_owned() } else { values.join(", ") }
}

/// A listing in one sentence: the name, the instrument, since when, and what it does to whom.
fn listed(f: &mut fmt::Formatter<'_>, listing: &Listing) -> fmt::Result {
    let Listing { list, name, since, .. } = listing;
    write!(f, "{name:?} is named in {}", list.instrument)?;
    if let Some(article) = &list.article {
        write!(f, ", {article}")?;
    }
    match since {
        ListingDate::From(day) => write!(f, ", since {day}")?,
        ListingDate::KnownBy(day) => write!(f, ", at the latest since {day}")?,
    }
    write!(
        f,
        " ({}, {}, {}, {}); binds {}",
        list.jurisdiction, list.force, list.status, listing.mark, list.bound
    )?;
    for note in [&listing.note, &list.note].into_iter().flatten() {
        write!(f, "; {note}")?;
    }
    Ok(())
}

fn joined<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pack, Party, Subject, evaluate, shipped};

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
