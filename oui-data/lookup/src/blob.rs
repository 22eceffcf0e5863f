//! Reads rows out of the blob. Every access is bounded: a damaged file gives empty answers, never a panic.

use std::borrow::Cow;

use herkomst_ids::{Country, Edition};

use crate::RegistryError;
use crate::layout::{DIGEST_AT, FORMAT, MAGIC, NO_ENTITY, Section, TABLE_AT, digest};

/// The bytes of a registry file and where its sections are.
pub(crate) struct Blob {
    bytes: Cow<'static, [u8]>,
    sections: [(usize, usize); Section::ALL.len()],
    editions: [Edition; 3],
}

impl Blob {
    /// Checks the header and the section table; rows are checked as they are read.
    pub(crate) fn open(bytes: Cow<'static, [u8]>) -> Result<Self, RegistryError> {
        if bytes.get(..MAGIC.len()).is_some_and(|magic| magic != MAGIC) {
            return Err(RegistryError::Magic);
        }
        let header = bytes
            .get(..TABLE_AT)
            .ok_or(RegistryError::Short { need: TABLE_AT, have: bytes.len() })?;
        let format = u16::from_le_bytes([header[4], header[5]]);
        let count = usize::from(u16::from_le_bytes([header[6], header[7]]));
        if format != FORMAT || count != Section::ALL.len() {
            return Err(RegistryError::Format { found: format, known: FORMAT });
        }
        let edition = |at: usize| {
            let text = std::str::from_utf8(&header[at..at + 10]).unwrap_or_default();
            text.parse::<Edition>().map_err(|_| RegistryError::Edition)
        };
        let editions = [edition(8)?, edition(18)?, edition(28)?];
        let mut sections = [(0, 0); Section::ALL.len()];
        for (index, (place, section)) in sections.iter_mut().zip(Section::ALL).enumerate() {
            let at = TABLE_AT + 8 * index;
            let entry = bytes
                .get(at..at + 8)
                .ok_or(RegistryError::Short { need: at + 8, have: bytes.len() })?;
            let start = number(&entry[..4]) as usize;
            let len = number(&entry[4..]) as usize;
            let fits = start.checked_add(len).is_some_and(|end| end <= bytes.len());
            if !fits || !len.is_multiple_of(section.width()) {
                return Err(RegistryError::Section { index });
            }
            *place = (start, len);
        }
        Ok(Self { bytes, sections, editions })
    }

    /// The digest that the header names.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let named = self.bytes.get(DIGEST_AT..TABLE_AT).and_then(|octets| octets.try_into().ok());
        named.unwrap_or_default()
    }

    /// Whether the digest that the header names is that of the file.
    pub(crate) fn is_whole(&self) -> bool {
        digest(&self.bytes) == Some(self.digest())
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The editions of IEEE, IANA and the vendor table.
    pub(crate) fn editions(&self) -> &[Edition; 3] {
        &self.editions
    }

    /// The whole section.
    pub(crate) fn section(&self, section: Section) -> &[u8] {
        let (start, len) = self.sections[section as usize];
        self.bytes.get(start..start + len).unwrap_or_default()
    }

    /// How many rows a section has.
    pub(crate) fn rows(&self, section: Section) -> usize {
        self.sections[section as usize].1 / section.width()
    }

    /// One row, or an empty one when there is none.
    pub(crate) fn row(&self, section: Section, index: usize) -> Row<'_> {
        let width = section.width();
        let row = index.checked_mul(width).and_then(|at| self.section(section).get(at..at + width));
        Row { blob: self, rest: row.unwrap_or_default() }
    }

    /// The row whose leading octets are `key` (eight at most), by binary search. Each step is one number read from the
    /// file and no branch on what it is: which way to go cannot be guessed, and a wrong guess costs more than the step.
    pub(crate) fn find(&self, section: Section, key: &[u8]) -> Option<Row<'_>> {
        let width = section.width();
        let (start, len) = self.sections[section as usize];
        let rows = self.bytes.get(start..start + len)?;
        let wanted = leading(key, key.len())?;
        let at = |row: usize| leading(rows.get(row * width..)?, key.len());
        let (mut low, mut left) = (0, self.rows(section));
        while left > 1 {
            let half = left / 2;
            let is_beyond = at(low + half)? > wanted;
            low = if is_beyond { low } else { low + half };
            left -= half;
        }
        if at(low)? != wanted {
            return None;
        }
        let rest = rows.get(low * width + key.len()..(low + 1) * width)?;
        Some(Row { blob: self, rest })
    }

    /// The string at an offset; empty when there is none.
    pub(crate) fn string(&self, at: u32) -> &str {
        let read = || {
            let rest = self.section(Section::Strings).get(at as usize..)?;
            let (len, rest) = match rest {
                [low, rest @ ..] if *low < 0x80 => (usize::from(*low), rest),
                [low, high, rest @ ..] if *high < 0x80 => {
                    (usize::from(*low & 0x7f) | usize::from(*high) << 7, rest)
                }
                _ => return None,
            };
            std::str::from_utf8(rest.get(..len)?).ok()
        };
        read().unwrap_or_default()
    }
}

/// A row that is read from left to right. Past its end all is zero.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    blob: &'a Blob,
    rest: &'a [u8],
}

impl<'a> Row<'a> {
    /// So many octets, as a number.
    fn take(&mut self, width: usize) -> u32 {
        number(self.octets(width))
    }

    pub(crate) fn skip(&mut self, octets: usize) -> &mut Self {
        self.rest = self.rest.get(octets..).unwrap_or_default();
        self
    }

    /// So many octets as they stand there.
    pub(crate) fn octets(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        head
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.take(1).to_le_bytes()[0]
    }

    pub(crate) fn u16(&mut self) -> u16 {
        let [low, high, ..] = self.take(2).to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    pub(crate) fn u24(&mut self) -> u32 {
        self.take(3)
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.take(4)
    }

    /// The row of an entity; `NO_ENTITY` past the end of a row, where the zeros would name the first one.
    pub(crate) fn entity(&mut self) -> u16 {
        if self.rest.is_empty() { NO_ENTITY } else { self.u16() }
    }

    /// An address, as a number in the order in which addresses sort.
    pub(crate) fn address(&mut self) -> u64 {
        let address = leading(self.rest, 6).unwrap_or_default();
        self.skip(6);
        address
    }

    pub(crate) fn text(&mut self) -> &'a str {
        let at = self.u24();
        self.blob.string(at)
    }

    pub(crate) fn country(&mut self) -> Option<Country> {
        let [first, second, ..] = self.take(2).to_le_bytes();
        // None, as many rows have: to be told why it cannot be parsed would cost memory.
        if first == 0 {
            return None;
        }
        std::str::from_utf8(&[first, second]).ok()?.parse().ok()
    }
}

/// The first so many octets (eight at most) as a number, most significant first: in the order in which they sort.
fn leading(octets: &[u8], count: usize) -> Option<u64> {
    if let Some(eight) = octets.first_chunk() {
        let beyond = 64u32.checked_sub(8 * u32::try_from(count).ok()?)?;
        return u64::from_be_bytes(*eight).checked_shr(beyond);
    }
    Some(octets.get(..count)?.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}

/// Up to four octets, least significant first.
fn number(octets: &[u8]) -> u32 {
    octets.iter().rev().fold(0, |sum, octet| sum << 8 | u32::from(*octet))
}
