//! How much of the address space is assigned, and to whom.

use std::collections::BTreeMap;

use herkomst_ids::Country;
use herkomst_registry::*;

use crate::markdown::number;

/// Who holds the blocks that are divided further.
const PARENT: &str = "IEEE Registration Authority";
/// What stands for a registrant that wants no name.
const PRIVATE: &str = "Private";
/// Addresses in an MA-L.
pub(crate) const LARGE: u64 = 1 << 24;

/// How well the register founds whom a vendor is controlled by: each step up to the last controller counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Founded {
    /// No country of control is known.
    No,
    /// It is said.
    Said,
    /// A source is named.
    Sourced,
    /// The source was read.
    Verified,
}

impl Founded {
    pub(crate) fn of(vendor: Vendor<'_>, day: &str) -> Self {
        let steps = || vendor.control_steps(day);
        if vendor.country_of_control(day).is_none() {
            Self::No
        } else if steps().all(|step| step.verified) {
            Self::Verified
        } else if steps().all(|step| !step.source.is_empty()) {
            Self::Sourced
        } else {
            Self::Said
        }
    }
}

/// Whether the editors call no step up to the last controller disputed, old or guessed.
pub(crate) fn is_likely(vendor: Vendor<'_>, day: &str) -> bool {
    vendor.control_steps(day).all(|step| step.confidence > ControlConfidence::Low)
}

/// Addresses of one listing, and those of them about which more is known.
#[derive(Default, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) rows: u64,
    pub(crate) assigned: u64,
    pub(crate) vendor: u64,
    /// The country of control is known.
    pub(crate) control: u64,
    /// And no step to it is of low confidence.
    pub(crate) likely: u64,
    pub(crate) sourced: u64,
    pub(crate) verified: u64,
}

/// A registrant that is no vendor's spelling.
pub(crate) struct Unclaimed<'a> {
    pub(crate) spelling: &'a str,
    pub(crate) countries: Vec<Country>,
    pub(crate) rows: u64,
    pub(crate) addresses: u64,
}

/// The universal addresses that are assigned.
pub(crate) struct Space<'a> {
    pub(crate) parts: Vec<(RegistryKind, Part)>,
    pub(crate) of_vendors: BTreeMap<&'a str, u64>,
    pub(crate) unclaimed: BTreeMap<String, Unclaimed<'a>>,
    /// Rows that IEEE holds.
    pub(crate) parents: u64,
    /// Rows without a name, and their addresses.
    pub(crate) private: (u64, u64),
}

impl<'a> Space<'a> {
    pub(crate) fn measure(registry: &'a Registry, day: &str) -> Self {
        use RegistryKind::{Iab, MaL, MaM, MaS};
        let mut space = Self {
            parts: Vec::new(),
            of_vendors: BTreeMap::new(),
            unclaimed: BTreeMap::new(),
            parents: 0,
            private: (0, 0),
        };
        for listing in [MaL, MaM, MaS, Iab] {
            let mut part = Part::default();
            for row in registry.listing(listing) {
                if row.registrant == PARENT {
                    space.parents += 1;
                } else {
                    space.add(&mut part, &row, day);
                }
            }
            space.parts.push((listing, part));
        }
        space
    }

    fn add(&mut self, part: &mut Part, row: &Assignment<'a>, day: &str) {
        let addresses = 1 << (48 - row.prefix.len());
        part.rows += 1;
        part.assigned += addresses;
        if let Some(vendor) = row.vendor {
            let founded = Founded::of(vendor, day);
            part.vendor += addresses;
            part.control += if founded >= Founded::Said { addresses } else { 0 };
            let likely = founded >= Founded::Said && is_likely(vendor, day);
            part.likely += if likely { addresses } else { 0 };
            part.sourced += if founded >= Founded::Sourced { addresses } else { 0 };
            part.verified += if founded >= Founded::Verified { addresses } else { 0 };
            *self.of_vendors.entry(vendor.id()).or_default() += addresses;
        } else if row.registrant == PRIVATE {
            self.private.0 += 1;
            self.private.1 += addresses;
        } else {
            let empty = Unclaimed {
                spelling: row.registrant,
                countries: Vec::new(),
                rows: 0,
                addresses: 0,
            };
            let one = self.unclaimed.entry(fold(row.registrant)).or_insert(empty);
            one.rows += 1;
            one.addresses += addresses;
            if let Some(country) = row.country.filter(|country| !one.countries.contains(country)) {
                one.countries.push(country);
            }
        }
    }

    pub(crate) fn total(&self) -> Part {
        self.parts.iter().fold(Part::default(), |sum, (_, part)| Part {
            rows: sum.rows + part.rows,
            assigned: sum.assigned + part.assigned,
            vendor: sum.vendor + part.vendor,
            control: sum.control + part.control,
            likely: sum.likely + part.likely,
            sourced: sum.sourced + part.sourced,
            verified: sum.verified + part.verified,
        })
    }
}

/// Addresses, counted in blocks of 2^24.
pub(crate) fn large_blocks(addresses: u64) -> String {
    let tenths = (addresses * 10 + LARGE / 2) / LARGE;
    format!("{}.{}", number(tenths / 10), tenths % 10)
}
