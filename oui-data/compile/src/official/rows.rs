//! Rows of a listing of IEEE on their way into the table: each prefix once, sorted.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use unicode_normalization::UnicodeNormalization;

use super::clean::{before_address, clean};
use super::{Reading, places};
use crate::tables::prefix_text;
use crate::{Assignment, cut};
use herkomst_lookup::RegistryKind;

/// A row as it stands in a file.
pub(super) struct Row<'a> {
    pub(super) line: usize,
    pub(super) key: [u8; 5],
    pub(super) registrant: &'a str,
    pub(super) country: Option<[u8; 2]>,
    /// The words of the address with the country's code among them. Compared and never kept.
    pub(super) address: &'a str,
}

/// The rows of one listing.
pub(super) struct Rows {
    pub(super) kind: RegistryKind,
    rows: BTreeMap<[u8; 5], Taken>,
    /// With those that were given twice.
    pub(super) count: u32,
}

struct Taken {
    line: usize,
    row: Assignment,
    address: u64,
}

impl Rows {
    pub(super) fn of(kind: RegistryKind) -> Self {
        Self { kind, rows: BTreeMap::new(), count: 0 }
    }

    /// Takes a row, unless its prefix is there already.
    pub(super) fn take(&mut self, row: Row<'_>, reading: &mut Reading<'_>) {
        let Row { line, key, country, address, .. } = row;
        let prefix = prefix_text(key, self.kind);
        self.count = self.count.saturating_add(1);
        let mut registrant = clean(row.registrant);
        if let Some(before) = before_address(&registrant, &['@']) {
            reading.note(line, format!("{prefix}: an e-mail address is cut off its registrant"));
            registrant.truncate(before.len());
        }
        if registrant.is_empty() {
            reading.problem(line, format!("{prefix} has no registrant"));
            return;
        }
        if let Some(first) = self.rows.get(&key) {
            let (at, holder) = (first.line, first.row.registrant.as_str());
            let again = format!(
                "{prefix} is given again, to {registrant}; line {at} gives it to {holder}",
                registrant = cut(&registrant, 80),
                holder = cut(holder, 80)
            );
            if holder == registrant || reading.known.duplicates.contains(&(self.kind, key)) {
                reading.note(line, format!("{again}, and is kept"));
            } else {
                reading.problem(line, again);
            }
            return;
        }
        let reviewed = reading.known.reviewed.contains(&(self.kind, key, country));
        if let Some(what) = places::contradiction(address, country).filter(|_| !reviewed) {
            reading.note(line, format!("suspect: {prefix}, {registrant:.80}: {what}"));
        }
        let row = Assignment { prefix: key, registrant, country };
        self.rows.insert(key, Taken { line, row, address: digest(address) });
    }

    /// The rows in order, and a digest of each one's address.
    pub(super) fn into_parts(self) -> (Vec<Assignment>, Vec<u64>) {
        self.rows.into_values().map(|taken| (taken.row, taken.address)).unzip()
    }
}

/// Tells whether two forms of a listing have the same address, in whatever order they write its words.
fn digest(address: &str) -> u64 {
    let text: String = address.nfkc().filter(|c| *c != '"').collect();
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}
