//! What an address or an enterprise number means.
//!
//! An address is asked in this order: the table of special addresses, longest first; the group bit; the local bit
//! (IEEE 802-2014, 8.2); the registries with 36, 28 and 24 bits, each for itself, since nine MA-M blocks stand in no
//! MA-L row.

use herkomst_ids::{Country, MacAddr, MacPrefix, Pen};

use crate::Registry;
use crate::blob::Row;
use crate::kinds::{PenRole, RegistryKind, SpecialKind};
use crate::layout::{NO_STRING, Section};
use crate::vendor::Vendor;

/// What a hardware address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacMeaning<'a> {
    /// Not a maker's address: what it is.
    Special(Special<'a>),
    /// IEEE assigned its prefix to somebody.
    Assigned(Assignment<'a>),
    /// IEEE assigned its prefix to nobody, as far as this edition knows.
    Unassigned,
}

/// An address that names no maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Special<'a> {
    /// In words: `VRRP virtual router, IPv4`.
    pub what: &'a str,
    /// Which kind of special address.
    pub kind: SpecialKind,
    /// Where that is written.
    pub source: &'a str,
}

/// A range of addresses that name no maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialRange<'a> {
    /// The leading bits, 8 to 48 of them.
    pub prefix: MacPrefix,
    /// What such an address is.
    pub special: Special<'a>,
}

/// A row of an IEEE listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// The assigned prefix.
    pub prefix: MacPrefix,
    /// The listing it stands in.
    pub registry: RegistryKind,
    /// To whom, as listed but for white space and Unicode form.
    pub registrant: &'a str,
    /// The country of the address that the registrant gave, corrected where it is plainly wrong. Not an origin.
    pub country: Option<Country>,
    /// The vendor whose spelling this is.
    pub vendor: Option<Vendor<'a>>,
}

/// Why the registration country of a prefix is not the one in the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction<'a> {
    /// The listing's.
    pub registered: Option<Country>,
    /// What is wrong with it.
    pub reason: &'a str,
}

/// What an enterprise number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PenMeaning<'a> {
    /// IANA assigned it to somebody.
    Assigned {
        /// To whom, as listed but for white space and Unicode form.
        organisation: &'a str,
        /// Whether it names the maker of a box.
        role: PenRole,
        /// The vendor that the table maps the number to. Never with a role other than maker.
        vendor: Option<Vendor<'a>>,
        /// Why the role is not the ordinary one.
        reason: Option<&'a str>,
    },
    /// IANA assigned it to nobody, as far as this edition knows.
    Unassigned,
}

impl Registry {
    /// What an address means.
    pub fn mac(&self, mac: MacAddr) -> MacMeaning<'_> {
        if let Some(special) = self.special(mac) {
            return MacMeaning::Special(special);
        }
        if mac.is_multicast() {
            return MacMeaning::Special(GROUP);
        }
        if mac.is_locally_administered() {
            return MacMeaning::Special(local(mac));
        }
        self.assignment(mac).map_or(MacMeaning::Unassigned, MacMeaning::Assigned)
    }

    /// The row of MA-S, IAB, MA-M or MA-L that covers an address, whatever its group and local bits and whether or
    /// not it is special. The blocks that IEEE holds to divide them count as nobody's.
    pub fn assignment(&self, mac: MacAddr) -> Option<Assignment<'_>> {
        use RegistryKind::{Iab, MaL, MaM, MaS};
        let found =
            [MaS, Iab, MaM, MaL].into_iter().find_map(|listing| self.listed(listing, mac))?;
        (found.registrant != "IEEE Registration Authority").then_some(found)
    }

    /// To whom a company id of three octets, as protocols carry it, was assigned: an MA-L or a CID.
    pub fn company(&self, oui: [u8; 3]) -> Option<Assignment<'_>> {
        let mac = MacAddr([oui[0], oui[1], oui[2], 0, 0, 0]);
        self.listed(RegistryKind::MaL, mac).or_else(|| self.listed(RegistryKind::Cid, mac))
    }

    /// Why the country of an assignment differs from its listing, if it does.
    pub fn correction(&self, prefix: MacPrefix) -> Option<Correction<'_>> {
        let mut key = prefix.first().octets();
        key[5] = prefix.len();
        let mut row = self.blob.find(Section::Corrections, &key)?;
        Some(Correction { registered: row.country(), reason: row.text() })
    }

    /// The row of one listing that covers an address, asked for itself.
    pub fn listed(&self, listing: RegistryKind, mac: MacAddr) -> Option<Assignment<'_>> {
        let section = section_of(listing);
        let key = mac.prefix(bits_of(listing)).first().octets();
        let mut row = self.blob.find(section, key.get(..section.key_width())?)?;
        Some(self.assigned(listing, mac, row.u16()))
    }

    /// Every row of one listing, in order.
    pub fn listing(&self, listing: RegistryKind) -> impl Iterator<Item = Assignment<'_>> {
        let section = section_of(listing);
        (0..self.blob.rows(section)).map(move |index| {
            let mut row = self.blob.row(section, index);
            let mut octets = [0; 6];
            octets[..section.key_width()].fill_with(|| row.u8());
            self.assigned(listing, MacAddr(octets), row.u16())
        })
    }

    fn assigned(&self, listing: RegistryKind, mac: MacAddr, registrant: u16) -> Assignment<'_> {
        let mut row = self.blob.row(Section::Registrants, registrant.into());
        let (name, country) = (row.text(), row.country());
        let vendor = Vendor::at(self, row.entity());
        let prefix = mac.prefix(bits_of(listing));
        Assignment { prefix, registry: listing, registrant: name, country, vendor }
    }

    /// Every enterprise number that is assigned, with its organisation, in order.
    pub fn organisations(&self) -> impl Iterator<Item = (Pen, &str)> {
        (0..self.blob.rows(Section::Pens)).filter_map(|index| {
            let at = self.blob.row(Section::Pens, index).u24();
            let number = u32::try_from(index).ok()?;
            (at != NO_STRING).then(|| (Pen(number), self.blob.string(at)))
        })
    }

    /// Every range of addresses that name no maker, by its first octet, longest first.
    pub fn special_ranges(&self) -> impl Iterator<Item = SpecialRange<'_>> {
        (0..self.blob.rows(Section::Special)).filter_map(|index| self.special_range(index))
    }

    fn special_range(&self, index: usize) -> Option<SpecialRange<'_>> {
        let (prefix, mut rest) = self.special_row(index);
        let kind = SpecialKind::ALL.get(usize::from(rest.u8())).copied()?;
        Some(SpecialRange {
            prefix,
            special: Special { kind, what: rest.text(), source: rest.text() },
        })
    }

    /// Which addresses a row is about, and the rest of it.
    fn special_row(&self, index: usize) -> (MacPrefix, Row<'_>) {
        let mut row = self.blob.row(Section::Special, index);
        let mut value = [0; 6];
        value.fill_with(|| row.u8());
        (MacAddr(value).prefix(row.u8()), row)
    }

    fn special(&self, mac: MacAddr) -> Option<Special<'_>> {
        let edge = |at: usize| usize::from(self.blob.row(Section::SpecialIndex, at).u16());
        let first = usize::from(mac.octets()[0]);
        let address = mac.bits();
        let covers = |at: &usize| {
            let mut row = self.blob.row(Section::Special, *at);
            let differs = row.address() ^ address;
            differs.checked_shr(48u32.saturating_sub(row.u8().into())) == Some(0)
        };
        let index = (edge(first)..edge(first + 1)).find(covers)?;
        Some(self.special_range(index)?.special)
    }

    /// What an enterprise number means.
    pub fn pen(&self, pen: Pen) -> PenMeaning<'_> {
        let row = usize::try_from(pen.0).ok().filter(|row| *row < self.blob.rows(Section::Pens));
        let Some(at) =
            row.map(|row| self.blob.row(Section::Pens, row).u24()).filter(|at| *at != NO_STRING)
        else {
            return PenMeaning::Unassigned;
        };
        let organisation = self.blob.string(at);
        let Some(mut note) = self.blob.find(Section::PenNotes, &pen.0.to_be_bytes()) else {
            return PenMeaning::Assigned {
                organisation,
                role: PenRole::Maker,
                vendor: None,
                reason: None,
            };
        };
        let vendor = Vendor::at(self, note.entity());
        let role = PenRole::ALL.get(usize::from(note.u8())).copied().unwrap_or(PenRole::Platform);
        let reason = Some(note.text()).filter(|reason| !reason.is_empty());
        PenMeaning::Assigned { organisation, role, vendor, reason }
    }
}

fn section_of(listing: RegistryKind) -> Section {
    match listing {
        RegistryKind::MaL => Section::MaL,
        RegistryKind::MaM => Section::MaM,
        RegistryKind::MaS => Section::MaS,
        RegistryKind::Iab => Section::Iab,
        RegistryKind::Cid => Section::Cid,
    }
}

/// How many leading bits an assignment of a listing fixes.
const fn bits_of(listing: RegistryKind) -> u8 {
    match listing {
        RegistryKind::MaL | RegistryKind::Cid => 24,
        RegistryKind::MaM => 28,
        RegistryKind::MaS | RegistryKind::Iab => 36,
    }
}

const IEEE_802: &str = "IEEE 802-2014, 8.2";
const IEEE_802C: &str = "IEEE 802c-2017";
const GROUP: Special<'static> =
    Special { what: "group address", kind: SpecialKind::Group, source: IEEE_802 };

/// Which quadrant of local space (IEEE 802c-2017, table 8-2): the second hexadecimal digit.
fn local(mac: MacAddr) -> Special<'static> {
    let what = match mac.octets()[0] & 0x0f {
        0x2 => "locally administered address, often random",
        0xa => "locally administered address with a company id (ELI)",
        0xe => "locally administered address given by a standard protocol (SAI)",
        _ => "locally administered address of a reserved quadrant, often random",
    };
    Special { what, kind: SpecialKind::Local, source: IEEE_802C }
}
