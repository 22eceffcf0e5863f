//! The tables with a row a line: the listings of IEEE and IANA, corrections, special addresses and numbers.
//! A line that starts with `#` is a comment; fields are separated by one tab.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use crate::{
    Curated, File, Inputs, Listing, Place, Problems, Rows, SourceFile, country, cut, is_day,
};
use herkomst_lookup::fold;
use herkomst_lookup::{PenRole, RegistryKind, SpecialKind};

/// An assignment of IEEE: 24, 28 or 36 bits, left-aligned in five octets.
#[derive(Clone)]
pub(crate) struct Assigned<'a> {
    pub(crate) key: [u8; 5],
    pub(crate) registry: RegistryKind,
    pub(crate) country: Option<[u8; 2]>,
    pub(crate) registrant: &'a str,
}

/// A correction of a registration country.
pub(crate) struct Correction<'a> {
    pub(crate) registered: Option<[u8; 2]>,
    pub(crate) reason: &'a str,
}

/// Addresses that name no maker.
pub(crate) struct Special<'a> {
    pub(crate) value: [u8; 6],
    pub(crate) bits: u8,
    pub(crate) kind: SpecialKind,
    pub(crate) what: &'a str,
    pub(crate) source: &'a str,
}

/// What the tables say, checked.
#[derive(Default)]
pub(crate) struct Tables<'a> {
    /// Where each listing is from: those of IEEE, then IANA's (none).
    pub(crate) sources: Vec<(Option<RegistryKind>, SourceFile)>,
    pub(crate) ieee_date: String,
    pub(crate) pen_date: String,
    pub(crate) assigned: Vec<Assigned<'a>>,
    pub(crate) pens: BTreeMap<u32, &'a str>,
    /// By prefix and its bits.
    pub(crate) corrections: BTreeMap<([u8; 5], u8), Correction<'a>>,
    pub(crate) special: Vec<Special<'a>>,
    pub(crate) pen_special: BTreeMap<u32, (PenRole, &'a str)>,
    /// Registrants as they are compared.
    pub(crate) registrants: HashSet<String>,
}

/// Numbers above this would make the table by number too long; IANA gives them out one after the other.
pub(crate) const MOST_PENS: u32 = 1_000_000;

/// What is said of a holder of a number who asked not to be named.
pub(crate) const WITHHELD: &str = "Private";

#[derive(Deserialize)]
struct Sources {
    ieee: Table,
    pen: Table,
}

#[derive(Deserialize)]
struct Table {
    date: String,
    origin: String,
    rows: usize,
    #[serde(default)]
    file: Vec<TableFile>,
}

/// A file that a table was made from; its day and origin are the table's where it has none of its own.
#[derive(Deserialize)]
struct TableFile {
    name: String,
    listing: String,
    rows: u32,
    sha256: String,
    date: Option<String>,
    origin: Option<String>,
}

/// The listings as they are committed, not yet curated.
pub(crate) fn read<'a>(inputs: &'a Inputs, problems: &mut Problems) -> Tables<'a> {
    let mut tables = Tables::default();
    read_ieee(&inputs.ieee, &mut tables, problems);
    read_pens(&inputs.pen, &mut tables, problems);
    match toml::from_str::<Sources>(&inputs.sources.text) {
        Ok(sources) => tables.describe(sources, &inputs.sources, problems),
        Err(error) => problems.add(&inputs.sources.path, error.to_string()),
    }
    tables
}

impl<'a> Tables<'a> {
    fn describe(&mut self, sources: Sources, file: &File, problems: &mut Problems) {
        let counted =
            [(&sources.ieee, self.assigned.len(), "ieee"), (&sources.pen, self.pens.len(), "pen")];
        for (table, rows, name) in counted {
            if table.rows != rows {
                problems.add(
                    &file.path,
                    format!("{name}.rows is {}, the table has {rows}", table.rows),
                );
            }
            if !is_day(&table.date) {
                problems.add(
                    &file.path,
                    format!("{name}.date is {:?}, expected a day such as 2026-10-24", table.date),
                );
            }
            for one in &table.file {
                let kind = RegistryKind::from_word(&one.listing);
                if kind.is_none() != (name == "pen" && one.listing == "PEN") {
                    problems.add(
                        &file.path,
                        format!("{name}.file.listing is {:?}, expected MA-L, MA-M, MA-S, IAB or CID, and PEN for enterprise numbers", one.listing),
                    );
                }
                let own =
                    |own: &Option<String>, whole: &String| own.as_ref().unwrap_or(whole).clone();
                let source = SourceFile {
                    name: one.name.clone(),
                    origin: own(&one.origin, &table.origin),
                    date: own(&one.date, &table.date),
                    rows: one.rows,
                    sha256: one.sha256.clone(),
                };
                self.sources.push((kind, source));
            }
        }
        self.sources.sort_by_key(|(kind, _)| (kind.is_none(), *kind));
        (self.ieee_date, self.pen_date) = (sources.ieee.date, sources.pen.date);
    }

    /// Takes a listing in the place of the one that is there, if any.
    pub(crate) fn replace(&mut self, listing: &'a Listing) {
        let kind = match &listing.rows {
            Rows::Assignments(kind, rows) => {
                self.assigned.retain(|row| row.registry != *kind);
                self.assigned.extend(rows.iter().map(|row| Assigned {
                    key: row.prefix,
                    registry: *kind,
                    country: row.country,
                    registrant: &row.registrant,
                }));
                Some(*kind)
            }
            Rows::Numbers(rows) => {
                self.pens = rows.iter().map(|(number, name)| (*number, name.as_str())).collect();
                None
            }
        };
        self.sources.retain(|(other, _)| *other != kind);
        self.sources.push((kind, listing.source.clone()));
        self.settle();
    }

    /// Brings rows and sources into order, and says the edition and the registrants that follow from them.
    pub(crate) fn settle(&mut self) {
        self.assigned.sort_by_key(|row| (row.registry, row.key));
        self.sources.sort_by_key(|(kind, _)| (kind.is_none(), *kind));
        let latest = |of_iana: bool| {
            let of = self.sources.iter().filter(|(kind, _)| kind.is_none() == of_iana);
            of.map(|(_, source)| source.date.clone()).max().unwrap_or_default()
        };
        (self.ieee_date, self.pen_date) = (latest(false), latest(true));
        let registrants: HashSet<&str> = self.assigned.iter().map(|row| row.registrant).collect();
        self.registrants = registrants.into_iter().map(fold).collect();
    }

    /// Applies the tables that correct and explain the listings.
    pub(crate) fn curate(&mut self, curated: &'a Curated, problems: &mut Problems) {
        let reviewed = read_corrections(&curated.overrides, self, problems);
        drop_suspects(curated, &reviewed, self, problems);
        check_pen_names(curated, self, problems);
        read_special(&curated.special, self, problems);
        read_pen_special(&curated.pen_special, self, problems);
    }
}

/// The rows of a table that have as many fields as they should.
pub(crate) fn rows<'a, const N: usize>(
    file: &'a File,
    problems: &mut Problems,
) -> Vec<(Place, [&'a str; N])> {
    let mut rows = Vec::new();
    let path: Arc<str> = file.path.as_str().into();
    for (index, text) in file.text.lines().enumerate() {
        let place = Place { file: Arc::clone(&path), line: index + 1 };
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = text.split('\t').collect();
        match <[&str; N]>::try_from(fields) {
            Ok(fields) => rows.push((place, fields)),
            Err(fields) => {
                problems.add(&place, format!("has {} fields, expected {N}", fields.len()))
            }
        }
    }
    rows
}

fn read_ieee<'a>(file: &'a File, tables: &mut Tables<'a>, problems: &mut Problems) {
    let mut last = None;
    let mut folded: HashMap<&str, ()> = HashMap::new();
    for (place, [prefix, registry, code, registrant]) in rows(file, problems) {
        let kind = RegistryKind::from_word(registry);
        let digits = kind.map_or(0, digits_of);
        let (Some(kind), Some(key)) = (kind, key_of(prefix).filter(|_| prefix.len() == digits))
        else {
            problems.add(&place, format!("{prefix:?} is no prefix of {registry:?}"));
            continue;
        };
        if last >= Some((prefix, registry)) {
            problems.add(&place, format!("{prefix} is given twice or out of order"));
        }
        last = Some((prefix, registry));
        let country = country(code);
        if country.is_none() && !code.is_empty() {
            problems.add(&place, format!("country is {code:?}, expected two capitals or nothing"));
        }
        if registrant.is_empty() {
            problems.add(&place, format!("{prefix} has no registrant"));
        }
        if folded.insert(registrant, ()).is_none() {
            tables.registrants.insert(fold(registrant));
        }
        tables.assigned.push(Assigned { key, registry: kind, country, registrant });
    }
}

fn read_pens<'a>(file: &'a File, tables: &mut Tables<'a>, problems: &mut Problems) {
    let mut last = None;
    for (place, [number, organisation]) in rows(file, problems) {
        match number.parse::<u32>() {
            Ok(number) if number <= MOST_PENS && last < Some(number) => {
                last = Some(number);
                tables.pens.insert(number, organisation);
            }
            _ => problems.add(
                &place,
                format!("{number:?} is no enterprise number below {MOST_PENS}, or out of order"),
            ),
        }
    }
}

/// Applies the corrections, and says which rows somebody has looked at.
fn read_corrections<'a>(
    file: &'a File,
    tables: &mut Tables<'a>,
    problems: &mut Problems,
) -> HashSet<([u8; 5], RegistryKind)> {
    let mut by_key: HashMap<([u8; 5], usize), usize> = HashMap::new();
    let mut reviewed = HashSet::new();
    for (at, row) in tables.assigned.iter().enumerate() {
        by_key.insert((row.key, digits_of(row.registry)), at);
    }
    for (place, [prefix, registered, corrected, reason]) in rows(file, problems) {
        let row = key_of(prefix).and_then(|key| by_key.get(&(key, prefix.len())));
        let Some(row) = row.and_then(|at| tables.assigned.get_mut(*at)) else {
            problems.out_of_date(&place, format!("{prefix:?} is not in the listings"));
            continue;
        };
        let given = if registered == "-" { None } else { country(registered) };
        let right = country(corrected);
        if right.is_none() && corrected != "-" {
            problems.add(
                &place,
                format!(
                    "country is {corrected:?}, expected two capitals, or - where none is right"
                ),
            );
            continue;
        }
        if !reviewed.insert((row.key, row.registry)) {
            problems.add(&place, format!("{prefix} is given twice"));
            continue;
        }
        if given != row.country {
            reviewed.remove(&(row.key, row.registry));
            let now =
                row.country.map_or("-".into(), |code| String::from_utf8_lossy(&code).into_owned());
            problems.out_of_date(&place, format!("the listing says {now} for {prefix} now and not {registered}: look at this row again"));
            continue;
        }
        if reason.is_empty() {
            problems.add(&place, format!("{prefix} has no reason"));
        }
        if right == row.country {
            continue; // somebody looked at it, and it is right
        }
        correct(row, right, reason, &mut tables.corrections);
    }
    reviewed
}

/// Gives a row another country and keeps the one that is listed.
fn correct<'a>(
    row: &mut Assigned<'a>,
    right: Option<[u8; 2]>,
    reason: &'a str,
    corrections: &mut BTreeMap<([u8; 5], u8), Correction<'a>>,
) {
    let bits = u8::try_from(4 * digits_of(row.registry)).unwrap_or_default();
    let registered = std::mem::replace(&mut row.country, right);
    corrections.insert((row.key, bits), Correction { registered, reason });
}

/// Takes away each country that nobody in the listings is known to be in, unless somebody looked at the row.
fn drop_suspects<'a>(
    curated: &'a Curated,
    reviewed: &HashSet<([u8; 5], RegistryKind)>,
    tables: &mut Tables<'a>,
    problems: &mut Problems,
) {
    let suspects = curated.suspects(problems);
    let remedy = if problems.strict {
        "look at it and add a row to overrides.tsv"
    } else {
        "no country is answered for it until a later release has looked at it"
    };
    for row in &mut tables.assigned {
        let suspect = row.country.and_then(|code| suspects.get(&code).map(|why| (code, why)));
        let Some((code, (place, reason))) = suspect else { continue };
        if reviewed.contains(&(row.key, row.registry)) {
            continue;
        }
        let prefix = prefix_text(row.key, row.registry);
        let code = String::from_utf8_lossy(&code).into_owned();
        problems.out_of_date(
            place,
            format!("{prefix}, {:.80}, is listed in {code} ({reason}): {remedy}", row.registrant),
        );
        correct(row, None, reason, &mut tables.corrections);
    }
}

/// What is to be said of a number stands in the list already, since its reader put it there.
fn check_pen_names(curated: &Curated, tables: &mut Tables<'_>, problems: &mut Problems) {
    let known = match curated.known() {
        Ok(known) => known,
        Err(found) => return problems.found.extend(found),
    };
    for (number, name) in &known.pen_names {
        let path = &curated.pen_names.path;
        match tables.pens.get(number) {
            Some(listed) if listed == name => {}
            // A name that an older program still had.
            Some(_) if name == WITHHELD && !problems.strict => {
                tables.pens.insert(*number, WITHHELD);
            }
            Some(listed) => problems.out_of_date(
                path,
                format!("{number} is listed as {listed}, not {name:?}", listed = cut(listed, 80)),
            ),
            None => problems.out_of_date(path, format!("{number} is not in the list")),
        }
    }
}

fn read_special<'a>(file: &'a File, tables: &mut Tables<'a>, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (place, [prefix, kind, what, source]) in rows(file, problems) {
        let Some((value, bits)) = special_prefix(prefix) else {
            problems.add(&place, format!("{prefix:?} is no prefix such as 00:00:5e:00:01/40, of 8 to 48 bits and zeros after them"));
            continue;
        };
        if !seen.insert((value, bits)) {
            problems.add(&place, format!("{prefix} is given twice"));
        }
        if what.is_empty() || source.is_empty() {
            problems.add(&place, format!("{prefix} needs words and a source"));
        }
        match SpecialKind::from_word(kind) {
            Some(kind) => tables.special.push(Special { value, bits, kind, what, source }),
            None => problems.add(
                &place,
                format!(
                    "kind is {kind:?}, expected {}",
                    words(SpecialKind::ALL, SpecialKind::as_str)
                ),
            ),
        }
    }
    tables.special.sort_by_key(|row| (row.value[0], std::cmp::Reverse(row.bits), row.value));
}

fn read_pen_special<'a>(file: &'a File, tables: &mut Tables<'a>, problems: &mut Problems) {
    for (place, [number, role, reason]) in rows(file, problems) {
        let role_word = PenRole::from_word(role).filter(|role| *role != PenRole::Maker);
        match (
            number.parse::<u32>().ok().filter(|number| tables.pens.contains_key(number)),
            role_word,
        ) {
            (Some(number), Some(role)) if !reason.is_empty() => {
                if tables.pen_special.insert(number, (role, reason)).is_some() {
                    problems.add(&place, format!("{number} is given twice"));
                }
            }
            (None, _) => problems.out_of_date(
                &place,
                format!("{number:?} is not in the list of enterprise numbers"),
            ),
            (_, None) => {
                problems.add(&place, format!("role is {role:?}, expected agent or platform"))
            }
            _ => problems.add(&place, format!("{number} has no reason")),
        }
    }
}

/// Hexadecimal digits in a prefix of a listing.
pub(crate) fn digits_of(kind: RegistryKind) -> usize {
    match kind {
        RegistryKind::MaL | RegistryKind::Cid => 6,
        RegistryKind::MaM => 7,
        RegistryKind::MaS | RegistryKind::Iab => 9,
    }
}

/// A prefix as its listing writes it.
pub(crate) fn prefix_text(key: [u8; 5], kind: RegistryKind) -> String {
    let mut text: String = key.iter().map(|octet| format!("{octet:02X}")).collect();
    text.truncate(digits_of(kind));
    text
}

/// Up to nine hexadecimal digits, left-aligned in five octets.
pub(crate) fn key_of(digits: &str) -> Option<[u8; 5]> {
    let valid = digits.len() <= 10
        && digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| valid)?;
    let left = number << (40 - 4 * digits.len());
    left.to_be_bytes()[3..].try_into().ok()
}

fn special_prefix(text: &str) -> Option<([u8; 6], u8)> {
    let (octets, bits) = text.split_once('/')?;
    let bits = bits.parse::<u8>().ok().filter(|bits| (8..=48).contains(bits))?;
    let mut value = [0; 6];
    let mut parts = octets.split(':');
    for place in value.iter_mut().take(usize::from(bits).div_ceil(8)) {
        *place = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    let number = value.iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    let beyond = if bits == 48 { 0 } else { number & (u64::MAX >> (16 + bits)) };
    (parts.next().is_none() && beyond == 0).then_some((value, bits))
}

/// The words that a field allows, for a message.
pub(crate) fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> String {
    all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ")
}
