//! Two sources of one listing beside each other. What differs is said, and decides nothing: the second is older as a
//! rule, or was edited by others.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_compile::{Listing, Rows};

/// Key to holder and country.
type Rowed<'a> = BTreeMap<String, (&'a str, String)>;

fn rows(listing: &Listing) -> Rowed<'_> {
    match &listing.rows {
        Rows::Assignments(..) => crate::assignments(listing)
            .map(|(kind, row)| {
                let country = row
                    .country
                    .map_or("-".into(), |code| String::from_utf8_lossy(&code).into_owned());
                (crate::tables::prefix(kind, row.prefix), (row.registrant.as_str(), country))
            })
            .collect(),
        Rows::Numbers(rows) => rows
            .iter()
            .map(|(number, name)| (number.to_string(), (name.as_str(), "-".into())))
            .collect(),
    }
}

/// Says in which rows two listings of one kind differ.
pub(crate) fn compare(first: &Listing, second: &Listing, show: usize) {
    if first.kind() != second.kind() {
        return;
    }
    let (ours, theirs) = (rows(first), rows(second));
    let only = |one: &Rowed<'_>, other: &Rowed<'_>| {
        one.keys().filter(|key| !other.contains_key(*key)).count()
    };
    let both = || ours.iter().filter_map(|(key, row)| Some((key, row, theirs.get(key)?)));
    // The TXT form leaves double quotes out.
    let bare = |name: &str| name.replace('"', "");
    let named: Vec<_> = both().filter(|(_, (a, _), (b, _))| bare(a) != bare(b)).collect();
    let placed: Vec<_> =
        both().filter(|(_, (a, one), (b, other))| bare(a) == bare(b) && one != other).collect();
    println!(
        "{} of {} and {} of {}: {} rows only in the first, {} only in the second, {} named otherwise, {} of another country",
        first.source.name,
        first.source.date,
        second.source.name,
        second.source.date,
        only(&ours, &theirs),
        only(&theirs, &ours),
        named.len(),
        placed.len()
    );
    for (key, (_, (name, _))) in
        theirs.iter().filter(|(key, _)| !ours.contains_key(*key)).map(|row| (row.0, row)).take(show)
    {
        println!("  only in the second: {key}  {name}");
    }
    for (key, (name, country), (_, other)) in placed.iter().take(show) {
        println!("  country: {key}  {name}: {country}, the second says {other}");
    }
}

/// Prefixes and names as the `manuf` file of Wireshark has them, by hexadecimal digits.
pub(crate) struct Names {
    origin: String,
    rows: BTreeMap<String, String>,
}

impl Names {
    pub(crate) fn read(origin: &str, text: &str) -> Self {
        let rows = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let mut fields = line.split('\t');
            let prefix = fields.next()?.trim();
            let (octets, bits) = prefix.split_once('/').unwrap_or((prefix, "24"));
            let mut digits = octets.replace(':', "");
            digits.truncate(bits.parse::<usize>().ok()? / 4);
            Some((digits, fields.nth(1)?.trim().to_owned()))
        });
        Self { origin: origin.to_owned(), rows: rows.collect() }
    }
}

/// Says in which rows such a list differs from a listing. It writes names in its own way, so only letters and digits
/// count.
pub(crate) fn compare_names(first: &Listing, names: &Names, show: usize) {
    if first.kind().is_none() {
        return;
    }
    let ours = rows(first);
    let letters = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    // It leaves out the blocks that IEEE holds to divide them.
    let missing: Vec<_> = ours
        .iter()
        .filter(|(key, (name, _))| {
            *name != "IEEE Registration Authority" && !names.rows.contains_key(*key)
        })
        .collect();
    let named: Vec<_> = ours
        .iter()
        .filter_map(|(key, (name, _))| Some((key, name, names.rows.get(key)?)))
        .filter(|(_, name, other)| letters(name) != letters(other))
        .collect();
    println!(
        "{} of {} and {}: {} of {} rows only in the first, {} named otherwise",
        first.source.name,
        first.source.date,
        names.origin,
        missing.len(),
        ours.len(),
        named.len()
    );
    for (key, (name, _)) in missing.iter().take(show) {
        println!("  only in the first: {key}  {name}");
    }
    for (key, name, other) in named.iter().take(show) {
        println!("  name: {key}  {name}, the second says {other}");
    }
}

/// Says which rows such a list has that none of the listings has.
pub(crate) fn compare_rest(all: &[&Listing], names: &Names, show: usize) {
    let ours: BTreeSet<String> = all.iter().flat_map(|listing| rows(listing).into_keys()).collect();
    let rest: Vec<_> = names.rows.iter().filter(|(key, _)| !ours.contains(*key)).collect();
    println!("{}: {} of {} rows only in it", names.origin, rest.len(), names.rows.len());
    for (key, name) in rest.iter().take(show) {
        println!("  only in the second: {key}  {name}");
    }
}
