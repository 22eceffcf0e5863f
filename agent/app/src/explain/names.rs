//! Registrants, organisations and names of the register, folded once: many names may be asked for in one call.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use herkomst_ids::Pen;
use herkomst_registry::{Assignment, Registry, RegistryKind, fold};

use super::answer::RegistrantEntry;

/// The most near names that are offered.
const MOST_SUGGESTIONS: usize = 5;
/// How near a name must be to be offered (Jaro-Winkler).
const NEAR: f64 = 0.88;
/// The longest text, in octets, that near names are looked for: no name in the register is as long.
const LONGEST_MISTYPED: usize = 200;

/// What holds something under a folded name, and what the register calls its rows.
pub(super) struct Folded<'a> {
    pub(super) rows: HashMap<String, Vec<Assignment<'a>>>,
    pub(super) numbers: HashMap<String, Vec<Pen>>,
    called: Vec<(String, &'a str)>,
}

impl<'a> Folded<'a> {
    pub(super) fn of(registry: &'a Registry) -> Self {
        let mut by_spelling: HashMap<&str, Vec<Assignment<'a>>> = HashMap::new();
        for row in RegistryKind::ALL.iter().flat_map(|listing| registry.listing(*listing)) {
            by_spelling.entry(row.registrant).or_default().push(row);
        }
        let mut rows: HashMap<String, Vec<Assignment<'a>>> = HashMap::new();
        for (spelling, theirs) in by_spelling {
            rows.entry(fold(spelling)).or_default().extend(theirs);
        }
        let mut numbers: HashMap<String, Vec<Pen>> = HashMap::new();
        for (pen, organisation) in registry.organisations() {
            numbers.entry(fold(organisation)).or_default().push(pen);
        }
        let vendors = registry.vendors().flat_map(|one| {
            [one.id(), one.name()].into_iter().chain(one.brands()).chain(one.registrants())
        });
        let owners = registry.owners().flat_map(|one| [one.id(), one.name()]);
        let called = vendors.chain(owners).map(|name| (fold(name), name)).collect();
        Self { rows, numbers, called }
    }

    /// Names that are near: for people who mistyped, never a match.
    pub(super) fn near(&self, folded: &str) -> Vec<String> {
        if folded.len() > LONGEST_MISTYPED {
            return Vec::new();
        }
        let mut near: Vec<(f64, &str)> = self
            .called
            .iter()
            .map(|(called, name)| (strsim::jaro_winkler(called, folded), *name))
            .filter(|(nearness, _)| *nearness >= NEAR)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        near.dedup_by(|a, b| a.1 == b.1);
        near.into_iter().take(MOST_SUGGESTIONS).map(|(_, name)| name.to_owned()).collect()
    }
}

/// What some rows of the listings of IEEE come to.
pub(super) fn holdings<'a>(rows: impl Iterator<Item = Assignment<'a>>) -> RegistrantEntry {
    let mut spellings = BTreeSet::new();
    let mut held = RegistrantEntry {
        spellings: Vec::new(),
        prefixes: BTreeMap::new(),
        countries: BTreeMap::new(),
        addresses: 0,
    };
    for row in rows {
        spellings.insert(row.registrant);
        *held.prefixes.entry(row.registry.as_str().to_owned()).or_default() += 1;
        let country = row.country.map_or_else(|| "unknown".to_owned(), |one| one.to_string());
        *held.countries.entry(country).or_default() += 1;
        // A company id stands for no address.
        if row.registry != RegistryKind::Cid {
            held.addresses += 1 << (48 - row.prefix.len());
        }
    }
    held.spellings = spellings.into_iter().map(str::to_owned).collect();
    held
}
