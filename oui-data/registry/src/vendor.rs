//! The vendor table: who makes what, where it sits, and who controls it as of a day.

use std::fmt;

use herkomst_ids::{Country, Pen, VendorId};

use crate::Registry;
use crate::kinds::{ControlConfidence, ControlTest, VendorKind};
use crate::layout::{NO_ENTITY, OWNER, Section, VERIFIED};

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
const NOTE: usize = 9;
const SOURCE: usize = 12;
const CHECKED: usize = 15;
const KIND: usize = 18;
const FLAGS: usize = 19;
const COUNTRY: usize = 20;
const BRANDS: usize = 22;
const REGISTRANTS: usize = 26;
const NUMBERS: usize = 30;
const SUCCESSORS: usize = 34;
const EDGES: usize = 38;

impl<'a> Vendor<'a> {
    /// The vendor of a row; none for an owner, which makes nothing.
    pub(crate) fn at(registry: &'a Registry, row: u16) -> Option<Self> {
        let one = Self { registry, row };
        let known = row != NO_ENTITY && usize::from(row) < registry.blob.rows(Section::Entities);
        (known && one.kind_code() != OWNER).then_some(one)
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
        self.control_chain(on).pop()
    }

    /// Each step from this vendor to its ultimate controller on a day.
    pub fn control_chain(&self, on: &str) -> Vec<Control<'a>> {
        let mut chain = Vec::new();
        let mut seen = vec![self.row];
        let mut at = *self;
        while let Some((by, control)) =
            at.list(EDGES).map(|edge| at.edge(edge)).find(|(_, edge)| edge.holds(on))
        {
            // A controller that nobody controls says so of itself: that ends the chain and adds nothing to it.
            if by == at.row && !chain.is_empty() {
                break;
            }
            chain.push(control);
            if by == NO_ENTITY || seen.contains(&by) {
                break;
            }
            seen.push(by);
            at = Self { registry: self.registry, row: by };
        }
        chain
    }

    /// The country of control on a day: the ultimate controller's. None means that the table does not know.
    pub fn country_of_control(&self, on: &str) -> Option<Country> {
        self.controller(on)?.country
    }

    fn edge(&self, row: usize) -> (u16, Control<'a>) {
        let mut edge = self.registry.blob.row(Section::Edges, row);
        let by = edge.u16();
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

impl Control<'_> {
    /// Whether it was so on a day. Days are compared as text, which works for `2026-11-21`.
    pub fn holds(&self, on: &str) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on < until)
    }
}

impl PartialEq for Vendor<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Vendor<'_> {}

impl fmt::Debug for Vendor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vendor({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vendor(id: &str) -> Vendor<'static> {
        Registry::embedded().vendor(id).unwrap_or_else(|| panic!("{id} is missing"))
    }

    fn controller(id: &str, on: &str) -> Option<&'static str> {
        vendor(id).controller(on).and_then(|control| control.id)
    }

    #[test]
    fn a_sold_firm_is_no_longer_its_sellers() {
        assert_eq!(controller("sepura", "2019-01-01"), Some("hytera"));
        let now = vendor("sepura").controller("2024-01-01").unwrap();
        assert_eq!(
            (now.name, now.country.map(|one| one.to_string()).as_deref()),
            ("Epiris LLP", Some("GB"))
        );
        assert_eq!(controller("lorex", "2022-01-01"), Some("dahua"));
        assert_eq!(vendor("lorex").controller("2026-11-21").unwrap().name, "Skywatch, Inc.");
        assert_eq!(vendor("luminys").country_of_control("2026-11-21").unwrap().as_str(), "TW");
        assert!(
            vendor("honor")
                .control_chain("2019-01-01")
                .iter()
                .any(|step| step.id == Some("huawei"))
        );
        for day in ["2020-11-17", "2026-11-21"] {
            assert!(
                vendor("honor").control_chain(day).iter().all(|step| step.id != Some("huawei")),
                "{day}"
            );
        }
    }

    #[test]
    fn the_chain_runs_to_the_ultimate_controller() {
        let chain: Vec<_> =
            vendor("ezviz").control_chain("2026-11-21").iter().map(|step| step.id).collect();
        assert_eq!(chain, [Some("hikvision"), Some("cethik"), Some("cetc"), Some("sasac")]);
        assert!(vendor("imou").control_chain("2026-11-21").is_empty(), "not confirmed");
        assert_eq!(controller("motorola-mobility", "2026-11-21"), Some("lenovo"));
        assert_eq!(controller("axis", "2026-11-21"), Some("canon"));
        let mist: Vec<_> =
            vendor("mist").control_chain("2026-11-21").iter().map(|step| step.id).collect();
        assert_eq!(mist, [Some("juniper"), Some("hpe")]);
    }

    #[test]
    fn a_firm_that_nobody_controls_names_itself() {
        let cisco = vendor("cisco").controller("2026-11-21").unwrap();
        assert_eq!((cisco.id, cisco.country.unwrap().as_str()), (Some("cisco"), "US"));
    }

    #[test]
    fn control_ends_on_the_day_that_says_until() {
        let before = vendor("juniper").controller("2025-07-01").unwrap();
        let after = vendor("juniper").controller("2025-07-02").unwrap();
        assert_eq!((before.id, after.id), (Some("juniper"), Some("hpe")));
    }

    #[test]
    fn a_firm_that_split_names_who_carried_on() {
        let heirs: Vec<_> = vendor("hewlett-packard").successors().map(|one| one.id()).collect();
        assert_eq!(heirs, ["hp-inc", "hpe"]);
        assert_eq!(vendor("cisco").successors().next(), None);
    }

    #[test]
    fn what_has_no_source_says_so() {
        for vendor in Registry::embedded().vendors() {
            let sourced = vendor.source().is_some() && vendor.last_checked().is_some();
            assert!(sourced || !vendor.verified(), "{vendor:?}");
            for control in vendor.control_history() {
                let sourced = !control.source.is_empty() && control.last_checked.is_some();
                assert!(sourced || !control.verified, "{vendor:?}");
                assert!(!control.name.is_empty(), "{vendor:?}");
            }
        }
        for named_in_an_official_text in
            ["huawei", "zte", "hikvision", "dahua", "hytera", "nuctech", "kaspersky", "lorex"]
        {
            assert!(vendor(named_in_an_official_text).verified(), "{named_in_an_official_text}");
        }
        assert!(!vendor("earda").verified());
        let reported = vendor("sepura").controller("2024-01-01").unwrap();
        assert!(!reported.source.is_empty() && !reported.verified, "press alone verifies nothing");
    }

    #[test]
    fn control_of_every_vendor_ends_somewhere_on_any_day() {
        for day in ["2000-01-01", "2015-06-30", "2026-11-21", "2100-01-01", "", "never"] {
            for vendor in Registry::embedded().vendors() {
                assert!(vendor.control_chain(day).len() < 8, "{vendor:?} {day}");
            }
        }
    }
}
