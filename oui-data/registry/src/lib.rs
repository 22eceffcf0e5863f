//! Who a MAC prefix or an enterprise number was assigned to, who that is, and who controls them, as of an edition.
//!
//! The tables are compiled into one flat file when the crate is built (`layout.rs`) and used as they lie: no parsing
//! at start, no allocation on a look-up. Facts are from the public listings of IEEE (MA-L, MA-M, MA-S, IAB, CID) and
//! IANA (Private Enterprise Numbers, RFC 9371); `vendors/` is our own register. Registration country is evidence of
//! where a firm signed a form, and never of origin.

#![forbid(unsafe_code)]

mod blob;
#[cfg(test)]
mod compile;
mod fold;
mod kinds;
mod layout;
mod lookup;
mod vendor;

use std::borrow::Cow;
use std::sync::OnceLock;

use herkomst_ids::{Edition, VendorId};

pub use kinds::{ControlConfidence, ControlTest, PenRole, RegistryKind, SpecialKind, VendorKind};
pub use lookup::{Assignment, Correction, MacMeaning, PenMeaning, Special};
pub use vendor::{Control, Vendor};

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
    /// A row of the vendor table cannot be used.
    #[error("registry file is damaged: row {row} of the vendor table has no valid id")]
    Vendor {
        /// Its place in the table.
        row: u16,
    },
}

/// The registries and the vendor table of one edition.
pub struct Registry {
    blob: Blob,
}

static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/registry.hkr"));

impl Registry {
    /// The one that this program was built with.
    pub fn embedded() -> &'static Self {
        static OPENED: OnceLock<Registry> = OnceLock::new();
        OPENED.get_or_init(|| Self {
            blob: Blob::open(Cow::Borrowed(EMBEDDED))
                .expect("the tests open the file that the build writes"),
        })
    }

    /// Opens a registry file that lies in memory: checks its frame and the ids in it. Rows are read when asked for, and
    /// a damaged one answers nothing.
    pub fn open(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, RegistryError> {
        let opened = Self { blob: Blob::open(bytes.into())? };
        for row in 0..opened.entities() {
            let id = opened.blob.row(Section::Entities, row.into()).text();
            id.parse::<VendorId>().map_err(|_| RegistryError::Vendor { row })?;
        }
        Ok(opened)
    }

    /// The day of the IEEE listings.
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
        let row = |index: u16| self.blob.row(Section::Entities, index.into()).text();
        let (mut low, mut high) = (0, self.entities());
        while low < high {
            let middle = low + (high - low) / 2;
            match row(middle).cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Vendor::at(self, middle),
            }
        }
        None
    }

    /// All vendors, by id.
    pub fn vendors(&self) -> impl Iterator<Item = Vendor<'_>> {
        (0..self.entities()).filter_map(|row| Vendor::at(self, row))
    }

    /// The vendor with this id, name, brand or registrant spelling, exactly but for Unicode form, white space and
    /// case. A brand that two vendors use, such as TP-Link, names neither.
    pub fn by_name(&self, name: &str) -> Option<Vendor<'_>> {
        let name = fold::fold(name);
        let (mut low, mut high) = (0, self.blob.rows(Section::Names));
        while low < high {
            let middle = low + (high - low) / 2;
            let mut row = self.blob.row(Section::Names, middle);
            match row.text().cmp(name.as_str()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Vendor::at(self, row.u16()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_its_editions() {
        let registry = Registry::embedded();
        let sources = include_str!("../sources/SOURCES.toml");
        for edition in [registry.edition(), registry.pen_edition()] {
            assert!(sources.contains(&format!("date = \"{edition}\"")), "{edition}");
        }
        assert!(
            registry.vendors_edition() >= registry.edition(),
            "the register is edited after the listings it names"
        );
    }

    #[test]
    fn finds_a_vendor_by_id_name_brand_and_registrant_but_not_by_a_part() {
        let registry = Registry::embedded();
        for name in
            ["huawei", "HUAWEI", "Quidway", "  Huawei  Technologies CO.,LTD ", "Ｈｕａｗｅｉ"]
        {
            assert_eq!(registry.by_name(name).map(|vendor| vendor.id()), Some("huawei"), "{name}");
        }
        for stranger in [
            "Shanghai Dahua Scale Factory",
            "JOREX LOREX INDIA PRIVATE LIMITED",
            "MERCURY CORPORATIO",
            "tech",
            "",
            "Huawei Technologies",
            "Futurewei",
        ] {
            assert_eq!(registry.by_name(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn firms_whose_control_nobody_confirmed_are_not_the_firm_they_are_said_to_belong_to() {
        let registry = Registry::embedded();
        for id in [
            "pyronix",
            "hikmicro",
            "hikrobot",
            "prama-hikvision",
            "huaray",
            "imou",
            "hisilicon",
            "huawei-symantec",
            "ieit-systems",
            "inspur-power",
            "hytera-austria",
            "dji-osmo",
        ] {
            let vendor = registry.vendor(id).expect(id);
            assert_eq!(registry.by_name(vendor.name()), Some(vendor), "{id}");
            assert!(!vendor.verified() && vendor.control_history().next().is_none(), "{id}");
        }
        assert_eq!(registry.by_name("Pyronix").map(|vendor| vendor.id()), Some("pyronix"));
    }

    #[test]
    fn a_brand_of_two_firms_names_neither() {
        let registry = Registry::embedded();
        assert_eq!(registry.by_name("TP-Link"), None);
        let users: Vec<_> = registry
            .vendors()
            .filter(|one| one.brands().any(|brand| brand == "TP-Link"))
            .map(|one| one.id())
            .collect();
        assert_eq!(users, ["tp-link-systems", "tp-link-technologies"]);
    }

    #[test]
    fn every_vendor_is_found_by_its_id_its_name_and_its_spellings() {
        let registry = Registry::embedded();
        let mut count = 0;
        for vendor in registry.vendors() {
            assert_eq!(vendor.vendor_id().as_str(), vendor.id());
            assert_eq!(registry.vendor(vendor.id()), Some(vendor));
            for name in [vendor.name(), vendor.id()].into_iter().chain(vendor.registrants()) {
                assert_eq!(registry.by_name(name), Some(vendor), "{name}");
            }
            for pen in vendor.pens() {
                assert!(
                    matches!(registry.pen(pen), PenMeaning::Assigned { vendor: Some(found), role: PenRole::Maker, .. } if found == vendor),
                    "{pen}"
                );
            }
            count += 1;
        }
        assert!(count > 500, "{count}");
    }

    #[test]
    fn a_file_cut_anywhere_is_refused_or_gives_empty_answers() {
        let whole = EMBEDDED;
        let table_end = layout::TABLE_AT + 8 * Section::ALL.len();
        assert!(Registry::open(whole).is_ok());
        for end in (0..table_end).chain([whole.len() / 2, whole.len() - 1]) {
            assert!(Registry::open(whole[..end].to_vec()).is_err(), "{end}");
        }
        assert_eq!(
            Registry::open(b"<html>418 I'm a teapot</html>, which is long enough".to_vec()).err(),
            Some(RegistryError::Magic)
        );
    }

    #[test]
    fn rubbish_behind_a_right_frame_does_not_panic() {
        let table_end = layout::TABLE_AT + 8 * Section::ALL.len();
        for fill in [0x00, 0x41, 0xff] {
            let mut file = EMBEDDED.to_vec();
            file[table_end..].fill(fill);
            assert!(
                matches!(Registry::open(file.clone()), Err(RegistryError::Vendor { row: 0 })),
                "{fill}"
            );
            let registry = Registry { blob: Blob::open(file.into()).unwrap() };
            for mac in ["00:e0:fc:12:34:56", "ff:ff:ff:ff:ff:ff", "41:41:41:41:41:41"] {
                let _ = format!("{:?}", registry.mac(mac.parse().unwrap()));
            }
            let _ = format!("{:?}", registry.pen(herkomst_ids::Pen(2011)));
            assert_eq!(registry.by_name("huawei"), None);
            for vendor in registry.vendors().take(3) {
                let _ =
                    format!("{:?} {:?}", vendor.control_chain("2026-11-21"), vendor.pens().next());
            }
        }
    }
}
