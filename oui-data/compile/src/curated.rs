//! What corrects and explains the listings, whatever their edition: tables with a row a line, in `curated/`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tables::{digits_of, key_of, rows};
use crate::{File, Place, Problem, Problems, country};
use herkomst_lookup::RegistryKind;

/// The tables in `curated/`.
#[derive(Debug, Clone)]
pub struct Curated {
    /// Registration countries that a listing has wrong or lacks.
    pub overrides: File,
    /// Codes that nobody in the listings is known to be registered in, so that a row with one waits for a look.
    pub suspect_countries: File,
    /// Prefixes that a listing gives twice.
    pub known_duplicates: File,
    /// What to say of an enterprise number instead of what its listing says.
    pub pen_names: File,
    /// Addresses that name no maker.
    pub special: File,
    /// Enterprise numbers that name no maker.
    pub pen_special: File,
}

/// What the reader of official listings needs to know of them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Prefixes that are given twice, and keep their first row.
    pub(crate) duplicates: BTreeSet<(RegistryKind, [u8; 5])>,
    /// What to say of a number.
    pub(crate) pen_names: BTreeMap<u32, String>,
    /// Rows whose country somebody has looked at, as the listing has it.
    pub(crate) reviewed: BTreeSet<(RegistryKind, [u8; 5], Option<[u8; 2]>)>,
}

impl Curated {
    /// The ones that this program was built with.
    pub fn shipped() -> Self {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        Self {
            overrides: file("curated/overrides.tsv", include_str!("../curated/overrides.tsv")),
            suspect_countries: file(
                "curated/suspect-countries.tsv",
                include_str!("../curated/suspect-countries.tsv"),
            ),
            known_duplicates: file(
                "curated/known-duplicates.tsv",
                include_str!("../curated/known-duplicates.tsv"),
            ),
            pen_names: file("curated/pen-names.tsv", include_str!("../curated/pen-names.tsv")),
            special: file("curated/special.tsv", include_str!("../curated/special.tsv")),
            pen_special: file(
                "curated/pen-special.tsv",
                include_str!("../curated/pen-special.tsv"),
            ),
        }
    }

    /// What the reader of official listings needs.
    pub(crate) fn known(&self) -> Result<Known, Vec<Problem>> {
        let mut problems = Problems::default();
        let known = Known {
            duplicates: duplicates(&self.known_duplicates, &mut problems),
            pen_names: pen_names(&self.pen_names, &mut problems),
            reviewed: reviewed(&self.overrides),
        };
        if problems.found.is_empty() { Ok(known) } else { Err(problems.found) }
    }

    /// Codes that a row may carry only after somebody looked at it, and why.
    pub(crate) fn suspects(&self, problems: &mut Problems) -> BTreeMap<[u8; 2], (Place, &str)> {
        let mut suspects = BTreeMap::new();
        for (place, [code, reason]) in rows(&self.suspect_countries, problems) {
            match country(code) {
                Some(code) if !reason.is_empty() => {
                    if suspects.insert(code, (place.clone(), reason)).is_some() {
                        problems.add(&place, "is given twice");
                    }
                }
                Some(_) => problems.add(&place, format!("{code} has no reason")),
                None => problems.add(&place, format!("code is {code:?}, expected two capitals")),
            }
        }
        suspects
    }
}

fn duplicates(file: &File, problems: &mut Problems) -> BTreeSet<(RegistryKind, [u8; 5])> {
    let mut duplicates = BTreeSet::new();
    for (place, [prefix, registry, reason]) in rows(file, problems) {
        let kind = RegistryKind::from_word(registry);
        let key = kind.and_then(|kind| key_of(prefix).filter(|_| prefix.len() == digits_of(kind)));
        match kind.zip(key) {
            Some(row) if !reason.is_empty() && duplicates.insert(row) => {}
            Some(_) => problems.add(&place, format!("{prefix} is given twice or has no reason")),
            None => problems.add(&place, format!("{prefix:?} is no prefix of {registry:?}")),
        }
    }
    duplicates
}

fn pen_names(file: &File, problems: &mut Problems) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for (place, [number, name, reason]) in rows(file, problems) {
        match number.parse::<u32>() {
            Ok(number) if !name.is_empty() && !reason.is_empty() => {
                if names.insert(number, name.to_owned()).is_some() {
                    problems.add(&place, format!("{number} is given twice"));
                }
            }
            Ok(_) => problems.add(&place, format!("{number} needs a name and a reason")),
            Err(_) => problems.add(&place, format!("{number:?} is no enterprise number")),
        }
    }
    names
}

/// The corrections, as far as a reader of one file needs them; what is wrong with them is said where they are applied.
fn reviewed(file: &File) -> BTreeSet<(RegistryKind, [u8; 5], Option<[u8; 2]>)> {
    let mut unheard = Problems::default();
    let of = |digits| RegistryKind::ALL.iter().filter(move |kind| digits_of(**kind) == digits);
    rows::<4>(file, &mut unheard)
        .into_iter()
        .filter_map(|(_, [prefix, registered, ..])| {
            let key = key_of(prefix)?;
            Some(of(prefix.len()).map(move |kind| (*kind, key, country(registered))))
        })
        .flatten()
        .collect()
}
