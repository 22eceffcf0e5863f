//! The checked form of a rule pack: what the rest of the program sees.
//!
//! `read` is the file with its places, `check` makes this form out of it. A value of these types holds only what the
//! engine evaluates; a pack with a test that it does not know was refused before.

mod check;
mod read;

use std::collections::BTreeSet;
use std::sync::Arc;

use herkomst_ids::VendorId;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::cases::Case;
use crate::problems::PackProblems;
use crate::{
    Action, ComponentKind, Confidence, Force, Mark, PartTag, Publicity, Relation, Severity, Status,
};

/// One rule pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Its name on the command line: `public-lists`.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// The date of this version.
    pub edition: Date,
    /// The day its facts were last compared with their sources.
    pub last_checked: Date,
    /// Where it applies.
    pub jurisdiction: String,
    /// The law, order or contract that it restates.
    pub instrument: String,
    /// The article or section of it.
    pub article: Option<String>,
    /// Where the instrument can be read.
    pub sources: Vec<String>,
    /// Whether the instrument has effect.
    pub status: Status,
    /// Who may read the pack.
    pub publicity: Publicity,
    /// Who is bound, in words.
    pub bound: String,
    /// What every output that shows a finding must say with it.
    pub disclaimer: String,
    /// The first day the instrument has effect. None: as far back as anyone asks.
    pub from: Option<Date>,
    /// The last day it has effect.
    pub until: Option<Date>,
    /// Public lists that the rules cite.
    pub lists: Vec<Arc<LawList>>,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
}

/// A public list of designated vendors, which rules cite and whose addressees alone are bound by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LawList {
    /// Its name within the pack.
    pub id: String,
    /// The instrument, by its title and citation.
    pub instrument: String,
    /// The article or section of it.
    pub article: Option<String>,
    /// Where it applies.
    pub jurisdiction: String,
    /// What it does to those it binds.
    pub force: Force,
    /// Whether it has effect.
    pub status: Status,
    /// Who is bound, in words.
    pub bound: String,
    /// Which things it is about, in words.
    pub scope: String,
    /// Court cases, challenges and open questions.
    pub note: Option<String>,
    /// How well the instrument itself was checked.
    pub mark: Mark,
    /// Where it can be read.
    pub sources: Vec<Source>,
}

/// A place where a fact can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The text, gazette or page.
    pub text: String,
    /// The day it was last compared.
    pub last_checked: Date,
}

/// One rule of a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name within the pack.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// How much a finding should disturb.
    pub severity: Severity,
    /// What the identification must reach before the rule says `match` or `no-match`.
    pub minimum_confidence: Confidence,
    /// What a finding says, country-neutral.
    pub wording: String,
    /// The first day of the rule, where it differs from the pack's.
    pub from: Option<Date>,
    /// The last day of the rule.
    pub until: Option<Date>,
    /// Who.
    pub party: PartyTest,
    /// What.
    pub thing: ThingTest,
    /// Where.
    pub place: PlaceTest,
    /// What is asked, and by when.
    pub actions: Vec<DatedAction>,
    /// The public lists that name the party. When there are any, the rule is in force on the days that one of them is.
    pub listings: Vec<Arc<Listing>>,
    /// Sources of the rule itself.
    pub sources: Vec<Source>,
    /// Subjects with the verdicts that are right for them.
    pub cases: Vec<Case>,
}

/// Who a rule is about: a vendor in one of the relations.
#[derive(Debug, Clone, PartialEq)]
pub struct PartyTest {
    /// The vendors.
    pub vendors: Vec<NamedVendor>,
    /// What one of them must be to the subject; one relation suffices.
    pub relations: BTreeSet<Relation>,
}

impl PartyTest {
    /// Whether the rule is about that vendor.
    pub fn names(&self, id: &VendorId) -> bool {
        self.vendors.iter().any(|vendor| vendor.id == *id)
    }
}

/// A vendor id as a pack wrote it, so that one nobody knows can be reported with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedVendor {
    /// The id.
    pub id: VendorId,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// What a rule is about; an empty set does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingTest {
    /// Device roles, of which the subject has one.
    pub roles: BTreeSet<String>,
    /// Component kinds: with any given, the rule is about components and not about devices.
    pub components: BTreeSet<ComponentKind>,
}

/// Where a rule applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceTest {
    /// Everywhere: it does not matter what the operator declared.
    Anywhere,
    /// In one of these parts.
    Parts(BTreeSet<PartTag>),
}

/// An action with its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatedAction {
    /// What is asked.
    pub action: Action,
    /// From or by when (see [`Action`]). None where the instrument sets no date.
    pub date: Option<Date>,
    /// Which things or places it is about, where that is less than the whole.
    pub scope: Option<String>,
    /// How well the date was checked, where that differs from the entry that holds it.
    pub mark: Option<Mark>,
}

/// A public list that names the party of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing {
    /// The list.
    #[serde(serialize_with = "as_list")]
    pub list: Arc<LawList>,
    /// The name exactly as the list writes it.
    pub name: String,
    /// Since when.
    pub since: ListingDate,
    /// The day the name was taken off. None: it still stands there.
    pub until: Option<Date>,
    /// What the vendor must be to a subject for the list to reach it: its own affiliates clause.
    pub reaches: BTreeSet<Relation>,
    /// Denials, challenges and limits of this entry.
    pub note: Option<String>,
    /// How well the entry was checked.
    pub mark: Mark,
    /// Dates that the list sets for those it binds.
    pub actions: Vec<DatedAction>,
}

fn as_list<S: Serializer>(list: &Arc<LawList>, to: S) -> Result<S::Ok, S::Error> {
    LawList::serialize(list, to)
}

/// Since when a list names a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListingDate {
    /// From this day.
    From(Date),
    /// The first day was not read; by this day it stood there.
    KnownBy(Date),
}

impl ListingDate {
    /// The first day that the listing is counted.
    pub fn day(self) -> Date {
        match self {
            Self::From(day) | Self::KnownBy(day) => day,
        }
    }
}

impl Listing {
    /// Whether the list names the vendor on that day and has effect.
    pub fn holds_on(&self, day: Date) -> bool {
        match self.list.status {
            Status::InForce => {
                self.since.day() <= day && self.until.is_none_or(|until| day < until)
            }
            Status::Proposal | Status::Stayed | Status::Expired => false,
        }
    }
}

impl Pack {
    /// Reads and checks a pack. `file` is its name in messages. Every problem is returned at once.
    pub fn parse(text: &str, file: &str) -> Result<Pack, PackProblems> {
        check::parse(text, file)
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Every vendor that the rules name, for a caller that knows the register to look them up.
    pub fn vendors(&self) -> impl Iterator<Item = &NamedVendor> {
        self.rules.iter().flat_map(|rule| &rule.party.vendors)
    }

    /// Days since the facts were last compared with their sources; a reader is warned past 180.
    pub fn days_since_check(&self, on: Date) -> i64 {
        days_between(self.last_checked, on)
    }
}

/// Whole days from one day to another, negative when the other is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    // Without a unit asked for, jiff's difference of two dates is in days (its documented default).
    i64::from((to - from).get_days())
}
