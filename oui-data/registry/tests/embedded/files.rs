//! The embedded file as a whole, names in it, and damaged ones.

use herkomst_registry::layout::{self, Section};
use herkomst_registry::*;

#[test]
fn names_its_editions() {
    let registry = embedded();
    let sources = include_str!("../../sources/SOURCES.toml");
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
    let registry = embedded();
    for name in ["huawei", "HUAWEI", "Quidway", "  Huawei  Technologies CO.,LTD ", "Ｈｕａｗｅｉ"]
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
fn daughters_are_vendors_of_their_own_and_control_that_nobody_read_is_unverified() {
    let registry = embedded();
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
        assert!(!vendor.verified() && vendor.control_history().all(|edge| !edge.verified), "{id}");
    }
    assert_eq!(registry.by_name("Pyronix").map(|vendor| vendor.id()), Some("pyronix"));
}

#[test]
fn a_brand_of_two_firms_names_neither() {
    let registry = embedded();
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
    let registry = embedded();
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
fn the_file_is_whole_and_no_larger_than_it_may_be() {
    let registry = Registry::open(FILE).unwrap();
    assert_eq!((registry.digest(), registry.size()), (embedded().digest(), FILE.len()));
    assert!(FILE.len() <= 3_500_000, "{} bytes", FILE.len());
}

#[test]
fn one_changed_octet_is_noticed_wherever_it_stands() {
    for at in (0..FILE.len()).step_by(97_001).chain([layout::DIGEST_AT, FILE.len() - 1]) {
        let mut file = FILE.to_vec();
        file[at] ^= 0x20;
        assert!(Registry::open(file).is_err(), "{at}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_or_gives_empty_answers() {
    let whole = FILE;
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
        let mut file = FILE.to_vec();
        file[table_end..].fill(fill);
        assert_eq!(Registry::open(file.clone()).err(), Some(RegistryError::Digest), "{fill}");
        let digest = layout::digest(&file).unwrap();
        file[layout::DIGEST_AT..layout::TABLE_AT].copy_from_slice(&digest);
        assert!(
            matches!(Registry::open(file.clone()), Err(RegistryError::Vendor { row: 0 })),
            "{fill}"
        );
        let registry = Registry::carried(file.leak()).unwrap();
        for mac in ["00:e0:fc:12:34:56", "ff:ff:ff:ff:ff:ff", "41:41:41:41:41:41"] {
            let _ = format!("{:?}", registry.mac(mac.parse().unwrap()));
        }
        let _ = format!("{:?}", registry.pen(herkomst_ids::Pen(2011)));
        assert_eq!(registry.by_name("huawei"), None);
        for vendor in registry.vendors().take(3) {
            let _ = format!("{:?} {:?}", vendor.control_chain("2026-11-21"), vendor.pens().next());
        }
    }
}
