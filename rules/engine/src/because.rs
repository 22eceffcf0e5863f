//! The grounds of a judgement: each test and how it came out, as data and in words.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use herkomst_ids::{Country, VendorId};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{
    Answer, ComponentKind, Confidence, ControlKind, CountryOf, Force, Listing, ListingDate,
    Missing, PartTag, Relation, Share, Status, Why,
};

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
    Answered(Box<Answer>),
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
            Self::Bound { who, force: force @ (Force::Obligation | Force::Policy) } => {
                write!(f, "binds the operator as {who} ({force})")
            }
            Self::Bound { who, force: force @ (Force::Warning | Force::Advice) } => {
                write!(f, "speaks to the operator as {who} ({force})")
            }
            Self::Standing { status } => write!(f, "the instrument is {status}"),
            Self::Order { reference, issuer, scope } => {
                write!(f, "under order {reference} of {issuer}, for {scope}")
            }
            Self::Answered(answer) => {
                let word = if answer.yes { "yes" } else { "no" };
                let Answer { question, author, date, evidence, .. } = &**answer;
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
