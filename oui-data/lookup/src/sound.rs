//! Whether the rows of a file name only what is there, in the order in which they are looked for. A digest says that a
//! file is as somebody wrote it; this says that it can be used.

use crate::RegistryError;
use crate::blob::{Blob, Row};
use crate::layout::{NO_ENTITY, OWNER, Section};

/// The lists that an entity has, in the order of its row. Each starts where the one before it in its section ended, so
/// that a small file cannot make long ones.
const LISTS: [Section; 5] =
    [Section::Lists, Section::Lists, Section::Numbers, Section::Numbers, Section::Edges];
/// Octets of a row of `Entities` before its kind, and from there to its lists.
const KIND: usize = 21;
const LISTS_BEHIND: usize = 3;

/// The first row that cannot be used.
pub(crate) fn check(blob: &Blob) -> Result<(), RegistryError> {
    entities(blob)?;
    for section in [Section::MaL, Section::MaM, Section::MaS, Section::Iab, Section::Cid] {
        let registrants = blob.rows(Section::Registrants);
        ascending(blob, section, section.key_width(), |row| usize::from(row.u16()) < registrants)?;
    }
    each(blob, Section::Registrants, |row| names_entity(blob, row.skip(5)))?;
    ascending(blob, Section::PenNotes, 4, |row| names_entity(blob, row))?;
    each(blob, Section::Names, |row| names_entity(blob, row.skip(3)))?;
    each(blob, Section::Edges, |row| names_entity(blob, row))?;
    ascending(blob, Section::Corrections, 6, |_| true)?;
    let (special, mut last) = (blob.rows(Section::Special), 0);
    each(blob, Section::SpecialIndex, |row| {
        let start = usize::from(row.u16());
        let is_next = (last..=special).contains(&start);
        last = start;
        is_next
    })?;
    each(blob, Section::Special, |row| (8..=48).contains(&row.skip(6).u8()))
}

fn entities(blob: &Blob) -> Result<(), RegistryError> {
    let mut last = "";
    let mut ends = [(Section::Lists, 0), (Section::Numbers, 0), (Section::Edges, 0)];
    each(blob, Section::Entities, |row| {
        let id = row.text();
        let is_next = last < id;
        last = id;
        let kind = row.skip(KIND - 3).u8();
        let is_kind = kind == OWNER || usize::from(kind) < crate::VendorKind::ALL.len();
        row.skip(LISTS_BEHIND);
        let lists_fit = LISTS.iter().all(|section| {
            let (start, count) = (usize::from(row.u16()), usize::from(row.u16()));
            ends.iter_mut().filter(|(of, _)| of == section).all(|(_, end)| {
                let follows = start == *end;
                *end = start + count;
                follows && *end <= blob.rows(*section)
            })
        });
        is_next && is_kind && lists_fit
    })
}

/// Whether the next two octets name an entity that is there, or none.
fn names_entity(blob: &Blob, row: &mut Row<'_>) -> bool {
    let entity = row.u16();
    entity == NO_ENTITY || usize::from(entity) < blob.rows(Section::Entities)
}

fn each<'a>(
    blob: &'a Blob,
    section: Section,
    mut is_sound: impl FnMut(&mut Row<'a>) -> bool,
) -> Result<(), RegistryError> {
    match (0..blob.rows(section)).find(|row| !is_sound(&mut blob.row(section, *row))) {
        Some(row) => Err(RegistryError::Row { section, row }),
        None => Ok(()),
    }
}

/// Each row starts with a key that is greater than the one before it.
fn ascending<'a>(
    blob: &'a Blob,
    section: Section,
    key: usize,
    is_sound: impl Fn(&mut Row<'a>) -> bool,
) -> Result<(), RegistryError> {
    let mut last: Option<&[u8]> = None;
    each(blob, section, |row| {
        let found = row.octets(key);
        let is_next = last.is_none_or(|last| last < found);
        last = Some(found);
        is_next && is_sound(row)
    })
}
