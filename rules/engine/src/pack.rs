//! The checked form of a rule pack: what the rest of the program sees.
//!
//! `read` is the file with its places, `check` makes this form out of it. A value of these types holds only what the
//! engine evaluates; a pack with a test that it does not know was refused before.

mod check;
mod read;

use std::collections::BTreeSet;
use std::sync::Arc;

use herkomst_ids::{Country, VendorId};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::cases::Case;
use crate::problems::PackProblems;
use crate::{
    Action, AttributeTest, ComponentKind, Confidence, Context, ControlKind, CountryOf, Denominator,
    Force, Generation, Mark, PartTag, Per, ProductName, Publicity, Relation, Severity, Share,
    Status, SupplierRole, Term, TermStart, Trait,
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
    /// Who is bound, and how, as kinds that an operator can say he is one of. Empty: it is not asked.
    pub binds: Vec<Binding>,
    /// When given, the pack is valid only with an order that the operator holds.
    pub order: Option<OrderTest>,
    /// Roles that must all have approved a waiver, beside the two persons that every waiver needs.
    pub waiver_roles: BTreeSet<String>,
    /// Vendors that belong together, each group with those of the groups in it.
    pub groups: Vec<Group>,
    /// Named lists of countries. The operator's own list of that id takes the place of one.
    pub country_lists: Vec<Arc<CountryList>>,
    /// Public lists that the rules cite.
    pub lists: Vec<Arc<LawList>>,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
}

/// A kind of addressee, and what the instrument does to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The kind, as the operator names himself: `telecom-operator`.
    pub who: String,
    /// What the instrument does to it.
    pub force: Force,
    /// The severity of a finding for it, where that differs from the rule's.
    pub severity: Option<Severity>,
}

/// What an order must be for a pack to be valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTest {
    /// Who may have issued it, as the operator's file names the issuer.
    pub issuers: BTreeSet<String>,
}

/// Vendors that count as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name within the pack.
    pub id: String,
    /// Its vendors, those of the groups in it too.
    pub vendors: Vec<NamedVendor>,
}

/// Countries that have something in common, by a source that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryList {
    /// Its name within the pack.
    pub id: String,
    /// What they have in common, in words: what a finding says.
    pub words: String,
    /// Who says so.
    pub source: String,
    /// The day that was last compared.
    pub last_checked: Date,
    /// The countries. None: only the operator's file can say.
    pub countries: Option<BTreeSet<Country>>,
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
    /// How well what is taken from it was checked. None: the list, the listing or the date that it belongs to says so.
    pub mark: Option<Mark>,
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
    /// Things and places that it is not about, each when all its tests are met.
    pub except: Vec<Exception>,
    /// Questions that a person must have answered with yes, in the order of their chain.
    pub questions: Vec<Question>,
    /// A test of a whole inventory; the rule then says nothing of a single subject.
    pub set: Option<SetTest>,
    /// What is asked, and by when.
    pub actions: Vec<DatedAction>,
    /// The public lists that name the party. When there are any, the rule is in force on the days that one of them is.
    pub listings: Vec<Arc<Listing>>,
    /// Sources of the rule itself.
    pub sources: Vec<Source>,
    /// Subjects with the verdicts that are right for them.
    pub cases: Vec<Case>,
}

impl Rule {
    /// Every part that some test of the rule asks for, be it of the place, of an exception or of an action: where a
    /// device may or may not be in one of them, its parts are not declared as far as this rule goes.
    pub fn parts(&self) -> BTreeSet<&PartTag> {
        let (parts, tests) = match &self.place {
            PlaceTest::Anywhere => (None, [].as_slice()),
            PlaceTest::Parts(parts) => (Some(parts), [].as_slice()),
            PlaceTest::Where(tests) => (None, tests.as_slice()),
        };
        let listed = self.listings.iter().flat_map(|listing| &listing.actions);
        let only = self.actions.iter().chain(listed).flat_map(|action| &action.only);
        let except = self.except.iter().flat_map(|exception| &exception.tests);
        let tests = self.thing.more.iter().chain(tests).chain(only).chain(except);
        let asked = tests.filter_map(|test| {
            if let FactTest::Parts { parts, .. } = test { Some(parts) } else { None }
        });
        parts.into_iter().chain(asked).flatten().collect()
    }
}

/// Who a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub struct PartyTest {
    /// Every vendor that the tests name, those of groups too; the trusted ones of an allow-list are not among them.
    pub vendors: Vec<NamedVendor>,
    /// Every relation that the tests ask for.
    pub relations: BTreeSet<Relation>,
    /// The tests.
    pub tests: PartyExpression,
}

impl PartyTest {
    /// Whether the rule is about that vendor.
    pub fn names(&self, id: &VendorId) -> bool {
        self.vendors.iter().any(|vendor| vendor.id == *id)
    }
}

/// Tests of a party, put together.
#[derive(Debug, Clone, PartialEq)]
pub enum PartyExpression {
    /// All must be met; none at all is met by anybody.
    All(Vec<PartyExpression>),
    /// One must be met.
    Any(Vec<PartyExpression>),
    /// A vendor in one of some relations.
    Named(NamedTest),
    /// A vendor of an allow-list in one of some relations: met by whoever is none.
    Unlisted(NamedTest),
    /// A country that stands on all of these lists.
    Country {
        /// Which country of the subject.
        of: CountryOf,
        /// The ids of the lists.
        lists: Vec<String>,
    },
    /// A state owns the maker, or does not.
    StateOwned(bool),
}

impl PartyExpression {
    /// All tests that name vendors, with whether they stand in an allow-list.
    pub fn named(&self) -> Vec<(&NamedTest, bool)> {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().flat_map(Self::named).collect(),
            Self::Named(test) => vec![(test, false)],
            Self::Unlisted(test) => vec![(test, true)],
            Self::Country { .. } | Self::StateOwned(_) => Vec::new(),
        }
    }
}

/// Vendors in some relations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamedTest {
    /// The vendors.
    pub vendors: Vec<NamedVendor>,
    /// What one of them must be to the subject; one relation suffices.
    pub relations: BTreeSet<Relation>,
    /// By which tests control must be; one suffices. Empty with no share either: by any.
    pub control: BTreeSet<ControlKind>,
    /// The share from which control is counted, whatever the other tests say.
    pub share_at_least: Option<Share>,
    /// Which suppliers count. Empty: all.
    pub supplier_roles: BTreeSet<SupplierRole>,
    /// Whether grounds to suspect a tie are enough, as a match of the weaker grade.
    pub suspicion: bool,
    /// Whether the operator's order names the vendors, and the pack none.
    pub ordered: bool,
}

impl NamedTest {
    /// Whether it names that vendor.
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
    /// More tests; all must be met.
    pub more: Vec<FactTest>,
}

/// One test of a thing or a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactTest {
    /// It has one of these roles.
    Roles(BTreeSet<String>),
    /// It is a component of one of these kinds.
    Components(BTreeSet<ComponentKind>),
    /// It is of one of these product families.
    Families(Vec<ProductName>),
    /// One of these software products is on it.
    Software(Vec<ProductName>),
    /// It serves one of these generations.
    Generations(BTreeSet<Generation>),
    /// It is used for one of these.
    Purposes(BTreeSet<String>),
    /// One of these happened to it.
    Events(BTreeSet<String>),
    /// An attribute compares so.
    Attribute(AttributeTest),
    /// It has that property, or has it not.
    Trait(Trait, bool),
    /// It was seen before that day: old stock.
    SeenBefore(Date),
    /// It is in one of the first parts, or stands next to one of the second.
    Parts {
        /// In these.
        parts: BTreeSet<PartTag>,
        /// Or next to these.
        adjacent_to: BTreeSet<PartTag>,
    },
    /// It is in one of the parts that the operator's order names.
    OrderedParts,
    /// It is connected to one of these parts.
    ConnectedTo(BTreeSet<PartTag>),
    /// It stands on one of these sites.
    Sites(BTreeSet<String>),
    /// It stands in one of these zones.
    Zones(BTreeSet<String>),
    /// Its system has one of these classifications.
    Classifications(BTreeSet<String>),
}

/// What a rule is not about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What it is, in a line.
    pub title: String,
    /// Its tests; all must be met.
    pub tests: Vec<FactTest>,
}

/// A question that only a person can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its name within the rule.
    pub id: String,
    /// The question.
    pub text: String,
    /// What a yes leads to. None: it was the last one.
    pub leads_to: Option<String>,
}

/// A test of a whole inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetTest {
    /// The party's share must not exceed this one.
    Cap {
        /// The share that is still allowed.
        share: Share,
        /// What it is counted in.
        denominator: Denominator,
        /// For what it is counted.
        per: Per,
    },
    /// There must be at least so many suppliers.
    Diversity {
        /// So many; vendors of one group or under one control count as one.
        at_least: u32,
        /// For what they are counted.
        per: Per,
    },
}

/// Where a rule applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceTest {
    /// Everywhere: it does not matter what the operator declared.
    Anywhere,
    /// In one of these parts.
    Parts(BTreeSet<PartTag>),
    /// Where all of these tests are met.
    Where(Vec<FactTest>),
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
    /// The day by which it should be done, before the one by which it must.
    pub soft_date: Option<Date>,
    /// The last day on which an extension can be asked for.
    pub extension_request_by: Option<Date>,
    /// In place of a date: so long after a day that only the operator knows.
    pub period: Option<Term>,
    /// The day that `period` and `minimum_term` run from.
    pub from: Option<TermStart>,
    /// The least time that must be left to the addressee, whatever the date says.
    pub minimum_term: Option<Term>,
    /// Which things and places it is about, where the engine can tell: all must be met.
    #[serde(skip)]
    pub only: Vec<FactTest>,
}

impl DatedAction {
    /// Whether its term stands in the operator's order alone.
    pub(crate) fn has_ordered_term(&self) -> bool {
        self.from == Some(TermStart::Order) && self.period.is_none() && self.date.is_none()
    }
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
        self.list.status.has_effect()
            && self.since.day() <= day
            && self.until.is_none_or(|until| day < until)
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
        let named = self.rules.iter().flat_map(|rule| rule.party.tests.named());
        named.flat_map(|(test, _)| &test.vendors)
    }

    /// The list of countries of that id: the operator's own where he has one.
    pub fn country_list<'a>(&'a self, id: &str, context: &'a Context) -> Option<&'a CountryList> {
        let own = context.country_lists.iter().find(|list| list.id == id);
        own.or_else(|| self.country_lists.iter().find(|list| list.id == id)).map(|list| &**list)
    }

    /// Days since the facts were last compared with their sources; a reader is warned past 180.
    pub fn days_since_check(&self, on: Date) -> i64 {
        days_between(self.last_checked, on)
    }
}

pub(crate) use check::parse_context;

/// Whole days from one day to another, negative when the other is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    // Without a unit asked for, jiff's difference of two dates is in days (its documented default).
    i64::from((to - from).get_days())
}
