//! Files with a right digest and wrong content: refused, and where the program carries one, no row names a stranger.

use herkomst_registry::layout::{self, Section};
use herkomst_registry::*;

/// Where a section starts and how many octets it has.
fn place(file: &[u8], section: Section) -> (usize, usize) {
    let at = layout::TABLE_AT + 8 * section as usize;
    let number = |at: usize| {
        let octets = file[at..at + 4].try_into().expect("four octets");
        usize::try_from(u32::from_le_bytes(octets)).expect("small")
    };
    (number(at), number(at + 4))
}

/// The embedded file with some octets of a row changed, and a digest that fits.
fn forged(section: Section, row: usize, octet: usize, with: &[u8]) -> Vec<u8> {
    let mut file = FILE.to_vec();
    let at = place(&file, section).0 + row * section.width() + octet;
    file[at..at + with.len()].copy_from_slice(with);
    sealed(file)
}

fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let digest = layout::digest(&file).expect("it has a header");
    file[layout::DIGEST_AT..layout::TABLE_AT].copy_from_slice(&digest);
    file
}

#[test]
fn rows_that_name_what_is_not_there_are_refused() {
    let beyond = 60_000_u16.to_le_bytes();
    let last = |section: Section| place(FILE, section).1 / section.width() - 1;
    for (section, row, octet, with) in [
        (Section::MaL, 7, 3, beyond.as_slice()),
        (Section::MaS, 7, 5, &beyond),
        (Section::Registrants, 3, 5, &beyond),
        (Section::PenNotes, 2, 4, &beyond),
        (Section::Edges, 5, 0, &beyond),
        (Section::Names, 9, 3, &beyond),
        // A list that starts where another vendor's does, one past its section, a kind that is none.
        (Section::Entities, 40, 25, &[0, 0]),
        (Section::Entities, last(Section::Entities), 43, &[0xff, 0xff]),
        (Section::Entities, 12, 21, &[0x40]),
        // Out of order: a row that a search would miss.
        (Section::MaM, 20, 0, &[0, 0, 0]),
        (Section::Cid, 20, 0, &[0]),
        (Section::PenNotes, 4, 0, &[0; 4]),
        (Section::Corrections, 4, 0, &[0; 6]),
        (Section::SpecialIndex, 9, 0, &[0xff, 0xff]),
        (Section::Special, 1, 6, &[0]),
    ] {
        let found = Registry::open(forged(section, row, octet, with)).err();
        assert_eq!(found, Some(RegistryError::Row { section, row }), "{section:?} {row}");
    }
    // Two entities change places.
    let (start, _) = place(FILE, Section::Entities);
    let mut swapped = FILE.to_vec();
    let (one, other) = (start, start + Section::Entities.width());
    swapped[one..other + Section::Entities.width()].rotate_left(Section::Entities.width());
    assert!(Registry::open(sealed(swapped)).is_err());
}

#[test]
fn a_section_that_is_cut_or_lies_over_another_is_refused() {
    for section in [Section::Registrants, Section::Entities, Section::Special, Section::Edges] {
        let at = layout::TABLE_AT + 8 * section as usize;
        let mut empty = FILE.to_vec();
        empty[at + 4..at + 8].fill(0);
        assert!(Registry::open(sealed(empty)).is_err(), "{section:?}");
        let mut over = FILE.to_vec();
        let names = u32::try_from(place(FILE, Section::Names).0).expect("small");
        over[at..at + 4].copy_from_slice(&names.to_le_bytes());
        assert!(Registry::open(sealed(over)).is_err(), "{section:?}");
    }
}

#[test]
fn a_damaged_row_of_a_carried_file_names_no_vendor() {
    let carried = |file: Vec<u8>| Registry::carried(file.leak()).expect("its frame is right");
    let row = carried(forged(Section::MaL, 0, 3, &60_000_u16.to_le_bytes()));
    let first = row.listing(RegistryKind::MaL).next().expect("a row");
    assert_eq!((first.registrant, first.country, first.vendor), ("", None, None));
    // The edges of the first vendor that has some lie past the end.
    let at = embedded().vendors().next().expect("a vendor");
    let edges = carried(forged(Section::Entities, 0, 41, &[0xf0, 0xff, 1, 0]));
    let controller = edges.vendor(at.id()).and_then(|one| one.controller("2026-11-21"));
    assert_eq!(controller.and_then(|one| one.id), None);
}
