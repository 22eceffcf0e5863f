//! What `evaluate` answers: a verdict, the tests that led to it in words and as data, and the dates to act by.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use herkomst_ids::VendorId;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{
    Action, ComponentKind, Confidence, Listing, ListingDate, Mark, PartTag, Relation, Status,
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
}

impl Judgement {
    /// Whether some evidence, be it weak or contradicted, speaks for a party of the rule. An undetermined judgement
    /// without it says only that too little is known of the subject, which is true under every rule alike.
    pub fn points_here(&self) -> bool {
        self.because.iter().any(|because| match because {
            Because::Party { .. } | Because::Listed(_) => true,
            Because::TooWeak { named, .. } => *named,
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
            Self::Party { relation, id, confidence } => match relation {
                Relation::Maker => write!(f, "the maker is {id} ({confidence})"),
                Relation::Brand => write!(f, "the brand is {id} ({confidence})"),
                Relation::ControlledBy => {
                    write!(f, "the maker is controlled by {id} ({confidence})")
                }
            },
            Self::OtherParty { relation, ids } => {
                let what = match relation {
                    Relation::Maker => "the maker",
                    Relation::Brand => "the brand",
                    Relation::ControlledBy => "the recorded controller of the maker",
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
            Self::OutOfScope { why } => write!(f, "{why}"),
        }
    }
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
}

impl ActionState {
    pub(crate) const ALL: &'static [Self] =
        &[Self::Ahead, Self::Overdue, Self::InEffect, Self::Undated];

    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Overdue => "overdue",
            Self::InEffect => "in-effect",
            Self::Undated => "undated",
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
