//! Who a MAC prefix or an enterprise number was assigned to, who that is, and who controls them, as of an edition.
//!
//! The tables lie in one flat file (`layout.rs`) and are used as they lie: no parsing at start, no allocation on a
//! look-up. `herkomst-compile` writes such files, `herkomst-registry` holds the one that the program is built with.
//! Facts are from the public listings of IEEE (MA-L, MA-M, MA-S, IAB, CID) and IANA (Private Enterprise Numbers, RFC
//! 9371) and from our own register of vendors. Registration country is evidence of where a firm signed a form, and
//! never of origin.

#![forbid(unsafe_code)]

mod blob;
mod fold;
mod kinds;
pub mod layout;
mod lookup;
mod sound;
mod vendor;

use std::borrow::Cow;

use herkomst_ids::{Edition, VendorId};

pub use fold::fold;
pub use kinds::{ControlConfidence, ControlTest, PenRole, RegistryKind, SpecialKind, VendorKind};
pub use lookup::{Assignment, Correction, MacMeaning, PenMeaning, Special, SpecialRange};
pub use vendor::{Control, Owner, Vendor};

use blob::Blob;
use layout::Section;

/// Why a registry file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It ends too early.
    #[error("registry file has {have} bytes, at least {need} are needed")]
    Short {
        /// The least it would need.
        need: usize,
        /// What it has.
        have: usize,
    },
    /// It is something else.
    #[error("not a registry file: it does not start with HKR1")]
    Magic,
    /// It is of another release.
    #[error("registry file has format {found}, this program reads {known}")]
    Format {
        /// The file's.
        found: u16,
        /// Ours.
        known: u16,
    },
    /// An edition in it is no date.
    #[error("registry file names an edition that is not a date such as 2026-10-24")]
    Edition,
    /// A section does not fit.
    #[error("registry file is damaged: section {index} does not fit in it")]
    Section {
        /// Its place in the table.
        index: usize,
    },
    /// Its bytes are not the ones that were written.
    #[error("registry file is damaged: its SHA-256 is not the one that its header names")]
    Digest,
    /// A row of the vendor table cannot be used.
    #[error("registry file is damaged: row {row} of the vendor table has no valid id")]
    Vendor {
        /// Its place in the table.
        row: u16,
    },
    /// A row names what is not there, or is out of order.
    #[error(
        "registry file is damaged: row {row} of {section:?} names what is not in the file, or is out of order"
    )]
    Row {
        /// The part of the file.
        section: Section,
        /// Its place in it.
        row: usize,
    },
}

/// A file that a listing was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The listing of IEEE that it holds; none for the enterprise numbers of IANA.
    pub listing: Option<RegistryKind>,
    /// Rows in it, with those that were given twice.
    pub rows: u32,
    /// Its name.
    pub name: &'a str,
    /// Where it was had from.
    pub origin: &'a str,
    /// The day of its content.
    pub date: &'a str,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: &'a str,
}

/// The registries and the vendor table of one edition.
pub struct Registry {
    blob: Blob,
}

impl Registry {
    /// Opens a registry file that the program itself carries: checks its frame alone. Its digest and rows are checked by
    /// the tests of who carries it, so that the first answer need not wait for them.
    pub fn carried(bytes: &'static [u8]) -> Result<Self, RegistryError> {
        Ok(Self { blob: Blob::open(Cow::Borrowed(bytes))? })
    }

    /// Opens a registry file that lies in memory: checks its frame, its digest, the ids in it, and that its rows name
    /// only what is there. Texts are read when asked for, and a damaged one is empty.
    pub fn open(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, RegistryError> {
        let opened = Self { blob: Blob::open(bytes.into())? };
        if !opened.blob.is_whole() {
            return Err(RegistryError::Digest);
        }
        for row in 0..opened.entities() {
            let id = opened.blob.row(Section::Entities, row.into()).text();
            id.parse::<VendorId>().map_err(|_| RegistryError::Vendor { row })?;
        }
        sound::check(&opened.blob)?;
        Ok(opened)
    }

    /// SHA-256 over the whole file but for itself: names this very file, whatever its editions say.
    pub fn digest(&self) -> [u8; 32] {
        self.blob.digest()
    }

    /// Octets in the file.
    pub fn size(&self) -> usize {
        self.blob.len()
    }

    /// The files that the listings were read from, those of IEEE in the order MA-L, MA-M, MA-S, IAB, CID, then IANA's.
    pub fn sources(&self) -> impl Iterator<Item = Source<'_>> {
        (0..self.blob.rows(Section::Sources)).map(|index| {
            let mut row = self.blob.row(Section::Sources, index);
            let listing = RegistryKind::ALL.get(usize::from(row.u8())).copied();
            let rows = row.u32();
            let [name, origin, date, sha256] = std::array::from_fn(|_| row.text());
            Source { listing, rows, name, origin, date, sha256 }
        })
    }

    /// The operator's own files that are worked into this one: name and SHA-256 in hexadecimal digits.
    pub fn local_files(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.blob.rows(Section::Local)).map(|index| {
            let mut row = self.blob.row(Section::Local, index);
            (row.text(), row.text())
        })
    }

    /// The day of the IEEE listings: the latest of the five, and `sources` has each one's own.
    pub fn edition(&self) -> Edition {
        self.blob.editions()[0].clone()
    }

    /// The day of the IANA list.
    pub fn pen_edition(&self) -> Edition {
        self.blob.editions()[1].clone()
    }

    /// The day of the vendor table.
    pub fn vendors_edition(&self) -> Edition {
        self.blob.editions()[2].clone()
    }

    /// The vendor with this id.
    pub fn vendor(&self, id: &str) -> Option<Vendor<'_>> {
        Vendor::at(self, self.entity(id)?)
    }

    /// The owner with this id.
    pub fn owner(&self, id: &str) -> Option<Owner<'_>> {
        Owner::at(self, self.entity(id)?)
    }

    fn entity(&self, id: &str) -> Option<u16> {
        let row = |index: u16| self.blob.row(Section::Entities, index.into()).text();
        let (mut low, mut high) = (0, self.entities());
        while low < high {
            let middle = low + (high - low) / 2;
            match row(middle).cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// All vendors, by id.
    pub fn vendors(&self) -> impl Iterator<Item = Vendor<'_>> {
        (0..self.entities()).filter_map(|row| Vendor::at(self, row))
    }

    /// All owners, by id.
    pub fn owners(&self) -> impl Iterator<Item = Owner<'_>> {
        (0..self.entities()).filter_map(|row| Owner::at(self, row))
    }

    /// The vendor with this id, name, brand or registrant spelling, exactly but for Unicode form, white space and
    /// case. A brand that two vendors use, such as TP-Link, names neither.
    pub fn by_name(&self, name: &str) -> Option<Vendor<'_>> {
        let name = fold::Folded::of(name);
        let (mut low, mut high) = (0, self.blob.rows(Section::Names));
        while low < high {
            let middle = low + (high - low) / 2;
            let mut row = self.blob.row(Section::Names, middle);
            match fold::folded(row.text()).cmp(name.as_str().chars()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Vendor::at(self, row.entity()),
            }
        }
        None
    }

    fn entities(&self) -> u16 {
        u16::try_from(self.blob.rows(Section::Entities)).unwrap_or(u16::MAX)
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Registry").field(&self.edition().as_str()).finish()
    }
}
