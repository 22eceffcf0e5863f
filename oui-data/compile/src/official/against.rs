//! Listings beside each other: two forms of one, and those that were brought beside those that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Form, Read};
use crate::tables::prefix_text;
use crate::{Assignment, Curated, Listing, Problem, Rows};
use herkomst_lookup::{Registry, RegistryKind};

/// Of a hundred rows that were there, so many must be left.
const LEAST_LEFT: usize = 98;
/// Overlaps that are named one by one.
const MOST_NAMED: usize = 20;

pub(super) fn merge(mut csv: Read, txt: &Read) -> Result<Read, Vec<Problem>> {
    let (csv_name, txt_name) = (csv.listing.source.name.clone(), txt.listing.source.name.as_str());
    let (Rows::Assignments(kind, rows), Rows::Assignments(other, others)) =
        (&mut csv.listing.rows, &txt.listing.rows)
    else {
        return Err(vec![Problem::new(txt_name, "enterprise numbers have one form alone")]);
    };
    if kind != other || (csv.form, txt.form) != (Form::Csv, Form::Txt) {
        let what =
            format!("is no TXT form of {csv_name}, which is the CSV form of {}", kind.as_str());
        return Err(vec![Problem::new(txt_name, what)]);
    }
    let by_prefix: BTreeMap<[u8; 5], (&Assignment, u64)> = others
        .iter()
        .zip(&txt.addresses)
        .map(|(row, address)| (row.prefix, (row, *address)))
        .collect();
    let (mut shared, mut told) = (0, 0);
    for (row, address) in rows.iter_mut().zip(&csv.addresses) {
        let Some((other, others_address)) = by_prefix.get(&row.prefix) else { continue };
        shared += 1;
        // Under another address the older of the two may tell of another country, and nothing says which is older.
        if unquoted(&row.registrant) != unquoted(&other.registrant) || address != others_address {
            continue;
        }
        if row.country != other.country {
            row.country = other.country;
            told += 1;
        }
    }
    let (only_csv, only_txt) = (rows.len() - shared, others.len() - shared);
    if only_csv + only_txt > 0 {
        csv.notes.push(Problem::new(
            &csv_name,
            format!("is not of one day with {txt_name}: {only_csv} rows are in it alone, {only_txt} in the other"),
        ));
    }
    if told > 0 {
        csv.notes.push(Problem::new(
            &csv_name,
            format!("rows whose country is as {txt_name} has it: {told}"),
        ));
        let (source, txt) = (&mut csv.listing.source, &txt.listing.source);
        source.origin = format!(
            "{}; countries of {}, {} (SHA-256 {})",
            source.origin, txt.name, txt.origin, txt.sha256
        );
    }
    Ok(csv)
}

/// IEEE's TXT files leave double quotes out.
fn unquoted(name: &str) -> String {
    let bare: String = name.chars().filter(|c| *c != '"').collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether listings may take the place of those that are there: none brought twice, none that shrank by more than 2 %
/// or is older (`force` allows both), no prefix in two listings that divide the same space (never allowed, unless
/// `known-duplicates.tsv` has it).
pub fn check_against(
    base: &Registry,
    brought: &[Listing],
    force: bool,
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<Option<RegistryKind>, &str> = BTreeMap::new();
    for listing in brought {
        let (name, kind) = (listing.source.name.as_str(), listing.kind());
        if let Some(first) = seen.insert(kind, name) {
            problems
                .push(Problem::new(name, format!("holds {} again, after {first}", words(kind))));
        }
        if force {
            continue;
        }
        let (rows, before) = (listing.count(), rows_of(base, kind));
        if rows * 100 < before * LEAST_LEFT {
            problems.push(Problem::new(
                name,
                format!("{} has {rows} rows, and {before} before: more than 2 % fewer, which needs --force", words(kind)),
            ));
        }
        let dated = base.sources().find(|source| source.listing == kind);
        if let Some(dated) = dated.filter(|dated| listing.source.date.as_str() < dated.date) {
            problems.push(Problem::new(
                name,
                format!(
                    "{} is of {}, older than the one of {} that is there, which needs --force",
                    words(kind),
                    listing.source.date,
                    dated.date
                ),
            ));
        }
    }
    match Curated::shipped().known() {
        Ok(known) => overlaps(base, brought, &known.duplicates, &mut problems),
        Err(wrong) => problems.extend(wrong),
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn words(kind: Option<RegistryKind>) -> &'static str {
    kind.map_or("the list of enterprise numbers", RegistryKind::as_str)
}

fn rows_of(base: &Registry, kind: Option<RegistryKind>) -> usize {
    kind.map_or_else(|| base.organisations().count(), |kind| base.listing(kind).count())
}

/// MA-L and CID divide the prefixes of 24 bits among them, MA-S and IAB those of 36.
fn overlaps(
    base: &Registry,
    brought: &[Listing],
    known: &BTreeSet<(RegistryKind, [u8; 5])>,
    problems: &mut Vec<Problem>,
) {
    use RegistryKind::{Cid, Iab, MaL, MaS};
    for (one, other) in [(MaL, Cid), (MaS, Iab)] {
        let of = |kind| brought.iter().find(|listing| listing.kind() == Some(kind));
        let (ours, theirs) = (of(one), of(other));
        if ours.is_none() && theirs.is_none() {
            continue;
        }
        let theirs_keys = keys(base, theirs, other);
        let both: Vec<_> = keys(base, ours, one)
            .intersection(&theirs_keys)
            .copied()
            .filter(|key| !known.contains(&(one, *key)) && !known.contains(&(other, *key)))
            .collect();
        let name = ours.or(theirs).map_or("", |listing| listing.source.name.as_str());
        for key in both.iter().take(MOST_NAMED) {
            let (prefix, one, other) = (prefix_text(*key, one), one.as_str(), other.as_str());
            problems.push(Problem::new(name, format!("{prefix} stands in {one} and in {other}")));
        }
        if let Some(more) = both.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            problems.push(Problem::new(name, format!("and {more} more stand in both")));
        }
    }
}

fn keys(base: &Registry, brought: Option<&Listing>, kind: RegistryKind) -> BTreeSet<[u8; 5]> {
    match brought.map(|listing| &listing.rows) {
        Some(Rows::Assignments(_, rows)) => rows.iter().map(|row| row.prefix).collect(),
        _ => base
            .listing(kind)
            .map(|row| {
                let [key @ .., _] = row.prefix.first().octets();
                key
            })
            .collect(),
    }
}
