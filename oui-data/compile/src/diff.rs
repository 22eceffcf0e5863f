//! What a newer listing changes: rows, and what follows for the vendor register.
//!
//! A registry overwrites its rows in place and keeps no history, so a refresh is the moment to see what moved.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use crate::tables::prefix_text;
use crate::{Assignment, Listing, Rows};
use herkomst_lookup::{PenMeaning, Registry, RegistryKind, fold};

/// A registrant that nobody claims is named once it has so many MA-L: 80 million addresses.
const MANY: usize = 5;

/// A row that is there in one edition alone, or says something else in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The prefix in hexadecimal digits, or the number.
    pub key: String,
    /// Who has it, in the later edition that has it.
    pub holder: String,
    /// What it said; empty where the row is new.
    pub before: String,
    /// What it says now; empty where the row is gone.
    pub after: String,
}

/// A spelling and the vendor that it has to do with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spelling {
    /// As listed, with the number before it where it is a holder of one.
    pub registrant: String,
    /// The vendor's id.
    pub vendor: String,
}

/// What changed between the listing that is there and one that was brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The listing of IEEE; none for the enterprise numbers of IANA.
    pub listing: Option<RegistryKind>,
    /// The day of the one that is there; empty where none is.
    pub from: String,
    /// The day of the one that was brought.
    pub to: String,
    /// Rows in the one that is there.
    pub rows_before: usize,
    /// Rows in the one that was brought.
    pub rows_after: usize,
    /// Rows that are new.
    pub added: Vec<Change>,
    /// Rows that are gone.
    pub removed: Vec<Change>,
    /// Rows of another holder.
    pub renamed: Vec<Change>,
    /// Rows of the same holder with another registration country.
    pub moved: Vec<Change>,
    /// Spellings of the vendor register that no listing has any more.
    pub gone: Vec<Spelling>,
    /// New spellings that differ from a vendor's in punctuation and legal form alone, and that nobody claims.
    pub suggested: Vec<Spelling>,
    /// Registrants that nobody claims and that have come to five MA-L or more, and how many they have.
    pub unclaimed: Vec<(String, usize)>,
}

/// What a row says, under its prefix or number.
struct Row<'a> {
    key: String,
    holder: &'a str,
    country: Option<[u8; 2]>,
}

impl Row<'_> {
    fn code(&self) -> &str {
        self.country.as_ref().map_or("-", |code| std::str::from_utf8(code).unwrap_or("-"))
    }

    /// In words, with the country where the listing has countries.
    fn said(&self, listing: Option<RegistryKind>) -> String {
        match listing {
            Some(_) => format!("{} ({})", self.holder, self.code()),
            None => self.holder.to_owned(),
        }
    }
}

/// Compares a listing with the one that is there, as both were given and before any correction.
pub fn difference(old: &Registry, brought: &Listing) -> Difference {
    let listing = brought.kind();
    let (before, after) = (rows_of(old, listing), rows_in(brought));
    let dated = old.sources().find(|source| source.listing == listing);
    let mut found = Difference {
        listing,
        from: dated.map_or_else(String::new, |source| source.date.to_owned()),
        to: brought.source.date.clone(),
        rows_before: before.len(),
        rows_after: after.len(),
        ..Difference::default()
    };
    for (sort, row) in &after {
        let change = |was: String, is: String| Change {
            key: row.key.clone(),
            holder: row.holder.to_owned(),
            before: was,
            after: is,
        };
        match before.get(sort) {
            None => found.added.push(change(String::new(), row.said(listing))),
            Some(was) if was.holder != row.holder => {
                found.renamed.push(change(was.said(listing), row.said(listing)));
            }
            Some(was) if was.country != row.country => {
                found.moved.push(change(was.code().to_owned(), row.code().to_owned()));
            }
            Some(_) => {}
        }
    }
    for (_, was) in before.iter().filter(|(sort, _)| !after.contains_key(*sort)) {
        found.removed.push(Change {
            key: was.key.clone(),
            holder: was.holder.to_owned(),
            before: was.said(listing),
            after: String::new(),
        });
    }
    let (was, is) = (Holders::of(&before), Holders::of(&after));
    if listing.is_some() {
        found.gone = gone(old, listing, &was, &is);
    }
    found.suggested = suggested(old, listing, &after, &was);
    if listing == Some(RegistryKind::MaL) {
        found.unclaimed = unclaimed(old, &was, &is);
    }
    found
}

/// How many rows each holder has, by its name as it is compared.
struct Holders<'a>(HashMap<String, (&'a str, usize)>);

impl<'a> Holders<'a> {
    fn of(rows: &BTreeMap<u64, Row<'a>>) -> Self {
        let mut exact: HashMap<&'a str, usize> = HashMap::new();
        for row in rows.values() {
            *exact.entry(row.holder).or_default() += 1;
        }
        let mut folded: HashMap<String, (&'a str, usize)> = HashMap::new();
        for (holder, count) in exact {
            let entry = folded.entry(fold(holder)).or_insert((holder, 0));
            entry.0 = entry.0.min(holder);
            entry.1 += count;
        }
        Self(folded)
    }
}

fn rows_of(registry: &Registry, listing: Option<RegistryKind>) -> BTreeMap<u64, Row<'_>> {
    let Some(kind) = listing else {
        let row = |number: u32, holder| Row { key: number.to_string(), holder, country: None };
        return registry
            .organisations()
            .map(|(number, holder)| (number.0.into(), row(number.0, holder)))
            .collect();
    };
    registry
        .listing(kind)
        .map(|row| {
            let [key @ .., _] = row.prefix.first().octets();
            let given = registry
                .correction(row.prefix)
                .map_or(row.country, |correction| correction.registered);
            let country = given.and_then(|code| code.as_str().as_bytes().try_into().ok());
            (sort(key), Row { key: prefix_text(key, kind), holder: row.registrant, country })
        })
        .collect()
}

fn rows_in(listing: &Listing) -> BTreeMap<u64, Row<'_>> {
    match &listing.rows {
        Rows::Assignments(kind, rows) => {
            let row = |row: &'_ Assignment| prefix_text(row.prefix, *kind);
            rows.iter()
                .map(|one| {
                    let Assignment { prefix, registrant, country } = one;
                    (sort(*prefix), Row { key: row(one), holder: registrant, country: *country })
                })
                .collect()
        }
        Rows::Numbers(rows) => rows
            .iter()
            .map(|(number, holder)| {
                (u64::from(*number), Row { key: number.to_string(), holder, country: None })
            })
            .collect(),
    }
}

fn sort(key: [u8; 5]) -> u64 {
    key.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet))
}

/// Spellings of the register that stood in this listing and now stand in none.
fn gone(
    old: &Registry,
    listing: Option<RegistryKind>,
    was: &Holders<'_>,
    is: &Holders<'_>,
) -> Vec<Spelling> {
    let mut lost: BTreeMap<String, Spelling> = BTreeMap::new();
    for vendor in old.vendors() {
        for spelling in vendor.registrants() {
            let folded = fold(spelling);
            if was.0.contains_key(&folded) && !is.0.contains_key(&folded) {
                let (registrant, vendor) = (spelling.to_owned(), vendor.id().to_owned());
                lost.insert(folded, Spelling { registrant, vendor });
            }
        }
    }
    if !lost.is_empty() {
        let others = RegistryKind::ALL.iter().filter(|kind| Some(**kind) != listing);
        for row in others.flat_map(|kind| old.listing(*kind)) {
            lost.remove(&fold(row.registrant));
        }
    }
    lost.into_values().collect()
}

fn suggested(
    old: &Registry,
    listing: Option<RegistryKind>,
    after: &BTreeMap<u64, Row<'_>>,
    was: &Holders<'_>,
) -> Vec<Spelling> {
    let claimed: HashSet<u32> =
        old.vendors().flat_map(|vendor| vendor.pens()).map(|pen| pen.0).collect();
    let mut bare: HashMap<String, Option<&str>> = HashMap::new();
    for vendor in old.vendors() {
        let names = [Some(vendor.name()), vendor.legal_name()];
        for name in names.into_iter().flatten().chain(vendor.registrants()) {
            let entry = bare.entry(bare_name(name)).or_insert(Some(vendor.id()));
            // What two vendors share names neither.
            *entry = entry.filter(|id| *id == vendor.id());
        }
    }
    let mut found = BTreeSet::new();
    for (sort, row) in after {
        let is_news = match listing {
            Some(_) => !was.0.contains_key(&fold(row.holder)) && old.by_name(row.holder).is_none(),
            None => u32::try_from(*sort).is_ok_and(|number| {
                let before = old.pen(herkomst_ids::Pen(number));
                let same = matches!(before, PenMeaning::Assigned { organisation, .. } if organisation == row.holder);
                !same && !claimed.contains(&number)
            }),
        };
        if !is_news {
            continue;
        }
        if let Some(Some(vendor)) = bare.get(&bare_name(row.holder)) {
            let registrant = match listing {
                Some(_) => row.holder.to_owned(),
                None => format!("{} {}", row.key, row.holder),
            };
            found.insert(Spelling { registrant, vendor: (*vendor).to_owned() });
        }
    }
    found.into_iter().collect()
}

fn unclaimed(old: &Registry, was: &Holders<'_>, is: &Holders<'_>) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> =
        is.0.iter()
            .filter(|(folded, (_, count))| {
                *count >= MANY && was.0.get(*folded).is_none_or(|(_, before)| *before < MANY)
            })
            .map(|(_, (holder, count))| (*holder, *count))
            .filter(|(holder, _)| !NOBODY.contains(holder) && old.by_name(holder).is_none())
            .map(|(holder, count)| (holder.to_owned(), count))
            .collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found
}

/// Registrants that are no vendor's.
const NOBODY: [&str; 2] = ["Private", "IEEE Registration Authority"];

/// Words at the end of a name that say what sort of company it is.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bhd",
    "bv",
    "co",
    "coltd",
    "company",
    "corp",
    "corporation",
    "doo",
    "ehf",
    "gmbh",
    "hf",
    "inc",
    "incorporated",
    "jsc",
    "kft",
    "kg",
    "kk",
    "lda",
    "limited",
    "llc",
    "llp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "oao",
    "ojsc",
    "ooo",
    "oy",
    "oyj",
    "pjsc",
    "plc",
    "private",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "sdn",
    "se",
    "sl",
    "slu",
    "spa",
    "sro",
    "srl",
    "zao",
    "zrt",
];

/// A name without punctuation and without what says the legal form at its end.
fn bare_name(name: &str) -> String {
    let folded = fold(name);
    let plain: String = folded
        .chars()
        .filter(|c| !matches!(c, '.' | '/' | '\''))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL_FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

impl Difference {
    /// Whether no row changed.
    pub fn is_empty(&self) -> bool {
        let rows = [&self.added, &self.removed, &self.renamed, &self.moved];
        rows.iter().all(|rows| rows.is_empty())
    }

    /// In words, a line each, with at most so many of each kind.
    pub fn display(&self, most: usize) -> impl fmt::Display + '_ {
        Shown { difference: self, most }
    }
}

struct Shown<'a> {
    difference: &'a Difference,
    most: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            listing,
            from,
            to,
            rows_before,
            rows_after,
            added,
            removed,
            renamed,
            moved,
            gone,
            suggested,
            unclaimed,
        } = self.difference;
        let listing = listing.map_or("enterprise numbers", RegistryKind::as_str);
        let from = if from.is_empty() { "nothing" } else { from };
        write!(f, "{listing}, {from} -> {to}: {rows_before} -> {rows_after} rows")?;
        writeln!(
            f,
            ", {} added, {} removed, {} renamed, {} of another country",
            added.len(),
            removed.len(),
            renamed.len(),
            moved.len()
        )?;
        self.list(f, "+", added, |f, row| write!(f, "{}  {}", row.key, row.after))?;
        self.list(f, "-", removed, |f, row| write!(f, "{}  {}", row.key, row.before))?;
        self.list(f, "~", renamed, |f, row| {
            write!(f, "{}  {} -> {}", row.key, row.before, row.after)
        })?;
        self.list(f, "~", moved, |f, row| {
            write!(f, "{}  {}: {} -> {}", row.key, row.holder, row.before, row.after)
        })?;
        self.list(f, "!", gone, |f, one| {
            write!(
                f,
                "registrant {:?} of {:?} is in no listing any more",
                one.registrant, one.vendor
            )
        })?;
        self.list(f, "?", suggested, |f, one| {
            write!(f, "{:?} may be {:?}, and nobody claims it", one.registrant, one.vendor)
        })?;
        self.list(f, "?", unclaimed, |f, (registrant, count)| {
            write!(f, "{registrant:?} has {count} MA-L now, and nobody claims it")
        })
    }
}

impl Shown<'_> {
    fn list<T>(
        &self,
        f: &mut fmt::Formatter<'_>,
        mark: &str,
        rows: &[T],
        show: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        for row in rows.iter().take(self.most) {
            write!(f, "  {mark} ")?;
            show(f, row)?;
            writeln!(f)?;
        }
        match rows.len().checked_sub(self.most).filter(|more| *more > 0) {
            Some(more) => writeln!(f, "  {mark} … and {more} more"),
            None => Ok(()),
        }
    }
}
