//! The vendor table: who makes what, where it sits, and who controls it as of a day.

use std::fmt;

use herkomst_ids::{Country, Pen, VendorId};

use crate::Registry;
use crate::kinds::{ControlConfidence, ControlTest, VendorKind};
use crate::layout::{LOCAL, LONGEST_CHAIN, NO_ENTITY, OWNER, Section, VERIFIED};

/// A maker in our own register: a view of its row.
#[derive(Clone, Copy)]
pub struct Vendor<'a> {
    registry: &'a Registry,
    row: u16,
}

/// One step of control, and the last one is the ultimate controller as far as the table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control<'a> {
    /// Its id, when the table has a row for it: a vendor or an owner of vendors.
    pub id: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// From where it controls: the country of control. A fund that holds for some years does not move it.
    pub country: Option<Country>,
    /// What makes it the controller.
    pub test: ControlTest,
    /// First day, when known.
    pub from: Option<&'a str>,
    /// First day on which it no longer was, when it ended.
    pub until: Option<&'a str>,
    /// What was read; empty when nothing was.
    pub source: &'a str,
    /// The day it was read.
    pub last_checked: Option<&'a str>,
    /// How sure the editor of the row is.
    pub confidence: ControlConfidence,
    /// False: taken from press or general knowledge and not from an official text, and answers must say so.
    pub verified: bool,
}

// Octets of a row of `Entities` up to each field (layout.rs).
const NAME: usize = 3;
const LEGAL: usize = 6;
const LEI: usize = 9;
const NOTE: usize = 12;
const SOURCE: usize = 15;
const CHECKED: usize = 18;
const KIND: usize = 21;
const FLAGS: usize = 22;
const COUNTRY: usize = 23;
const BRANDS: usize = 25;
const REGISTRANTS: usize = 29;
const NUMBERS: usize = 33;
const SUCCESSORS: usize = 37;
const EDGES: usize = 41;

impl<'a> Vendor<'a> {
    /// The vendor of a row; none for an owner, which makes nothing.
    pub(crate) fn at(registry: &'a Registry, row: u16) -> Option<Self> {
        Self::known(registry, row).filter(|one| one.kind_code() != OWNER)
    }

    fn known(registry: &'a Registry, row: u16) -> Option<Self> {
        let is_row = row != NO_ENTITY && usize::from(row) < registry.blob.rows(Section::Entities);
        is_row.then_some(Self { registry, row })
    }

    fn field(&self, octets: usize) -> crate::blob::Row<'a> {
        let mut row = self.registry.blob.row(Section::Entities, self.row.into());
        *row.skip(octets)
    }

    fn text(&self, octets: usize) -> &'a str {
        self.field(octets).text()
    }

    fn kind_code(&self) -> u8 {
        self.field(KIND).u8()
    }

    fn list(&self, octets: usize) -> impl Iterator<Item = usize> + use<> {
        let mut field = self.field(octets);
        let (start, count) = (usize::from(field.u16()), usize::from(field.u16()));
        start..start + count
    }

    fn texts(&self, octets: usize) -> impl Iterator<Item = &'a str> + use<'a> {
        let blob = &self.registry.blob;
        self.list(octets).map(|row| blob.row(Section::Lists, row).text())
    }

    /// The stable id: `huawei`. Never reused, never renamed.
    pub fn id(&self) -> &'a str {
        self.text(0)
    }

    /// The id as a value of its own.
    pub fn vendor_id(&self) -> VendorId {
        self.id().parse().expect("ids are checked when a file is compiled and when one is opened")
    }

    /// The name people know it by.
    pub fn name(&self) -> &'a str {
        self.text(NAME)
    }

    /// The name it is registered under, when the table has it.
    pub fn legal_name(&self) -> Option<&'a str> {
        Some(self.text(LEGAL)).filter(|name| !name.is_empty())
    }

    /// Its Legal Entity Identifier (ISO 17442), when the table has it.
    pub fn lei(&self) -> Option<&'a str> {
        Some(self.text(LEI)).filter(|lei| !lei.is_empty())
    }

    /// Whether a file of the operator's (`vendors.d`) made this row or changed it.
    pub fn is_local(&self) -> bool {
        self.field(FLAGS).u8() & LOCAL != 0
    }

    /// What a reader should know besides.
    pub fn note(&self) -> Option<&'a str> {
        Some(self.text(NOTE)).filter(|note| !note.is_empty())
    }

    /// What was read for seat and kind; none when nothing was.
    pub fn source(&self) -> Option<&'a str> {
        Some(self.text(SOURCE)).filter(|source| !source.is_empty())
    }

    /// The day it was read.
    pub fn last_checked(&self) -> Option<&'a str> {
        Some(self.text(CHECKED)).filter(|day| !day.is_empty())
    }

    /// What it makes.
    pub fn kind(&self) -> VendorKind {
        VendorKind::ALL.get(usize::from(self.kind_code())).copied().unwrap_or(VendorKind::Agent)
    }

    /// The seat of the maker itself, whoever controls it and wherever its prefixes are registered.
    pub fn country(&self) -> Option<Country> {
        self.field(COUNTRY).country()
    }

    /// Whether seat and kind were checked against an official text, which `source` names. If not, answers must say so.
    pub fn verified(&self) -> bool {
        self.field(FLAGS).u8() & VERIFIED != 0
    }

    /// The names on its boxes.
    pub fn brands(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.texts(BRANDS)
    }

    /// Its spellings in the IEEE listings.
    pub fn registrants(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.texts(REGISTRANTS)
    }

    /// Its enterprise numbers.
    pub fn pens(&self) -> impl Iterator<Item = Pen> + use<'a> {
        let blob = &self.registry.blob;
        self.list(NUMBERS).map(|row| Pen(blob.row(Section::Numbers, row).u32()))
    }

    /// Who carried its business on when it ended or split: a box that names both it and one of them is no
    /// contradiction.
    pub fn successors(&self) -> impl Iterator<Item = Vendor<'a>> + use<'a> {
        let registry = self.registry;
        self.list(SUCCESSORS).filter_map(move |row| {
            let row = u16::try_from(registry.blob.row(Section::Numbers, row).u32()).ok()?;
            Self::at(registry, row)
        })
    }

    /// All that the table knows of its direct controllers, oldest first, whatever the day.
    pub fn control_history(&self) -> impl Iterator<Item = Control<'a>> + use<'a> {
        let one = *self;
        self.list(EDGES).map(move |edge| one.edge(edge).1)
    }

    /// The ultimate controller on a day (`2026-11-21`), as far as the table knows. A firm that nobody controls
    /// names itself; none means that the table does not know.
    pub fn controller(&self, on: &str) -> Option<Control<'a>> {
        self.control_steps(on).last()
    }

    /// Each step from this vendor to its ultimate controller on a day.
    pub fn control_chain(&self, on: &str) -> Vec<Control<'a>> {
        self.control_steps(on).collect()
    }

    /// As `control_chain`, one step after the other and without memory of its own.
    pub fn control_steps<'b>(
        &self,
        on: &'b str,
    ) -> impl Iterator<Item = Control<'a>> + use<'a, 'b> {
        let mut at = Some(*self);
        let mut is_first = true;
        let steps = std::iter::from_fn(move || {
            let one = at.take()?;
            let held = one.list(EDGES).map(|edge| one.edge(edge)).find(|(_, edge)| edge.holds(on));
            let (by, control) = held?;
            let is_itself = by == one.row;
            // A controller that nobody controls says so of itself: that ends the chain and adds nothing to it.
            if is_itself && !is_first {
                return None;
            }
            is_first = false;
            at =
                (by != NO_ENTITY && !is_itself).then_some(Self { registry: one.registry, row: by });
            Some(control)
        });
        // In a damaged file a circle ends here.
        steps.take(LONGEST_CHAIN)
    }

    /// The country of control on a day: the ultimate controller's. None means that the table does not know.
    pub fn country_of_control(&self, on: &str) -> Option<Country> {
        self.controller(on)?.country
    }

    fn edge(&self, row: usize) -> (u16, Control<'a>) {
        let mut edge = self.registry.blob.row(Section::Edges, row);
        let by = edge.entity();
        let id = (by != NO_ENTITY).then(|| Self { registry: self.registry, row: by }.id());
        let (name, country) = (edge.text(), edge.country());
        let test =
            ControlTest::ALL.get(usize::from(edge.u8())).copied().unwrap_or(ControlTest::Unstated);
        let verified = edge.u8() & VERIFIED != 0;
        let confidence = ControlConfidence::ALL
            .get(usize::from(edge.u8()))
            .copied()
            .unwrap_or(ControlConfidence::Low);
        let mut day = || Some(edge.text()).filter(|text| !text.is_empty());
        let (from, until) = (day(), day());
        let source = day().unwrap_or_default();
        let last_checked = day();
        (
            by,
            Control {
                id,
                name,
                country,
                test,
                from,
                until,
                source,
                last_checked,
                confidence,
                verified,
            },
        )
    }
}

/// A state, fund or holding that owns makers and makes nothing itself.
#[derive(Clone, Copy)]
pub struct Owner<'a>(Vendor<'a>);

impl<'a> Owner<'a> {
    /// The owner of a row; none for a vendor.
    pub(crate) fn at(registry: &'a Registry, row: u16) -> Option<Self> {
        Vendor::known(registry, row).filter(|one| one.kind_code() == OWNER).map(Self)
    }

    /// The stable id: `sasac`. Vendors and owners share one space of ids.
    pub fn id(&self) -> &'a str {
        self.0.id()
    }

    /// The name people know it by.
    pub fn name(&self) -> &'a str {
        self.0.name()
    }

    /// Its seat.
    pub fn country(&self) -> Option<Country> {
        self.0.country()
    }

    /// What a reader should know besides.
    pub fn note(&self) -> Option<&'a str> {
        self.0.note()
    }

    /// Whether a file of the operator's made this row or changed it.
    pub fn is_local(&self) -> bool {
        self.0.is_local()
    }

    /// As [`Vendor::control_history`].
    pub fn control_history(&self) -> impl Iterator<Item = Control<'a>> + use<'a> {
        self.0.control_history()
    }

    /// As [`Vendor::control_chain`].
    pub fn control_chain(&self, on: &str) -> Vec<Control<'a>> {
        self.0.control_chain(on)
    }
}

impl fmt::Debug for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owner({})", self.id())
    }
}

impl Control<'_> {
    /// Whether it was so on a day. Days are compared as text, which works for `2026-11-21`.
    pub fn holds(&self, on: &str) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on < until)
    }
}

impl PartialEq for Vendor<'_> {
    /// By id, whatever the edition.
    fn eq(&self, other: &Self) -> bool {
        if std::ptr::eq(self.registry, other.registry) {
            self.row == other.row
        } else {
            self.id() == other.id()
        }
    }
}

impl Eq for Vendor<'_> {}

impl fmt::Debug for Vendor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vendor({})", self.id())
    }
}
