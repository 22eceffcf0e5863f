//! The layout of the registry file: one flat file, used as it lies. Written by `herkomst-compile`, read by `blob`.
//!
//! ```text
//! "HKR1"  format u16  sections u16  edition of IEEE, IANA and vendors: 3 × 10 ASCII  2 zeros
//! SHA-256 of all that stands before and behind it: 32 octets
//! section table: offset u32, length u32 each, in the order of `Section`
//! sections
//! ```
//! Numbers are little-endian but for the prefixes, which stand first octet first so that they sort as they print.
//! A string is named by its offset in `Strings`, three octets; there it is a length (LEB128) and UTF-8.
//! A country is two capitals, or two zeros for none. An entity is a vendor or an owner, by its row number.

/// What the file starts with.
pub const MAGIC: &[u8; 4] = b"HKR1";
/// Raised when an older program could not read the file.
pub const FORMAT: u16 = 2;
/// Where the digest stands.
pub const DIGEST_AT: usize = 40;
/// Where the section table starts.
pub const TABLE_AT: usize = DIGEST_AT + 32;
/// No entity.
pub const NO_ENTITY: u16 = u16::MAX;
/// No string: a number that is not assigned.
pub const NO_STRING: u32 = 0x00ff_ffff;
/// `kind` of an entity that owns makers and makes nothing.
pub const OWNER: u8 = 0xff;
/// Flag of an entity or edge: its source was read on the day it names.
pub const VERIFIED: u8 = 1;
/// Flag of an entity: a file of the operator's says something of it.
pub const LOCAL: u8 = 2;
/// The most steps from a vendor to who controls it in the end: `herkomst-compile` refuses longer chains, and circles.
pub const LONGEST_CHAIN: usize = 32;
/// Code of the list of IANA where a listing is named; those of IEEE have the codes of `RegistryKind`.
pub const PEN_LIST: u8 = 0xff;

/// The parts of the file and the size of a row in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Section {
    /// Prefix 3, registrant u16.
    MaL,
    /// Prefix 4 (28 bits, left-aligned), registrant u16.
    MaM,
    /// Prefix 5 (36 bits, left-aligned), registrant u16.
    MaS,
    /// As `MaS`.
    Iab,
    /// As `MaL`.
    Cid,
    /// Name, country, entity u16.
    Registrants,
    /// Organisation, by number from 0; `NO_STRING` where none is assigned.
    Pens,
    /// Number u32 (first octet first), entity u16, role u8, reason: sorted by number.
    PenNotes,
    /// Prefix 5 (left-aligned), bits u8, country as registered, reason: sorted.
    Corrections,
    /// u16: the first row of `Special` for each first octet, and the end.
    SpecialIndex,
    /// Prefix 6 (left-aligned), bits u8, kind u8, what, source: by first octet, then longest first.
    Special,
    /// Id, name, legal name, LEI, note, source, last-checked, kind u8, flags u8, country, and (start u16, count u16) of
    /// brands and registrants in `Lists`, numbers and successors (rows here) in `Numbers`, edges in `Edges`. Sorted by id.
    Entities,
    /// Strings.
    Lists,
    /// u32.
    Numbers,
    /// Controller u16, its name, its country, test u8, flags u8, confidence u8, from, until, source, last-checked.
    Edges,
    /// Name as it is written, entity u16 (`NO_ENTITY`: a brand of several): sorted by the folded text.
    Names,
    /// Listing u8, rows u32, name, origin, date, SHA-256 in hexadecimal digits: one for each file that a listing was read from.
    Sources,
    /// Name and SHA-256 in hexadecimal digits of each file of the operator's.
    Local,
    /// Length and UTF-8, one after the other.
    Strings,
}

impl Section {
    /// All of them, in the order of their places in the file.
    pub const ALL: [Self; 19] = [
        Self::MaL,
        Self::MaM,
        Self::MaS,
        Self::Iab,
        Self::Cid,
        Self::Registrants,
        Self::Pens,
        Self::PenNotes,
        Self::Corrections,
        Self::SpecialIndex,
        Self::Special,
        Self::Entities,
        Self::Lists,
        Self::Numbers,
        Self::Edges,
        Self::Names,
        Self::Sources,
        Self::Local,
        Self::Strings,
    ];

    /// Octets in a row.
    pub const fn width(self) -> usize {
        match self {
            Self::MaL | Self::Cid | Self::Names => 5,
            Self::MaM | Self::Local => 6,
            Self::MaS | Self::Iab | Self::Registrants => 7,
            Self::Pens | Self::Lists => 3,
            Self::PenNotes => 10,
            Self::Corrections => 11,
            Self::SpecialIndex => 2,
            Self::Special => 14,
            Self::Entities => 45,
            Self::Numbers => 4,
            Self::Edges => 22,
            Self::Sources => 17,
            Self::Strings => 1,
        }
    }

    /// Octets of the prefix that a row of an address registry starts with.
    pub const fn key_width(self) -> usize {
        self.width() - 2
    }
}

/// The SHA-256 that belongs at [`DIGEST_AT`] of a file; none for what is too short to have a header.
pub fn digest(file: &[u8]) -> Option<[u8; 32]> {
    use sha2::{Digest as _, Sha256};
    let (head, body) = (file.get(..DIGEST_AT)?, file.get(TABLE_AT..)?);
    Some(Sha256::new().chain_update(head).chain_update(body).finalize().into())
}
