//! What addresses and enterprise numbers mean in the embedded file.

use std::collections::BTreeMap;

use herkomst_ids::{Country, MacAddr, Pen};
use herkomst_registry::*;

fn mac(text: &str) -> MacMeaning<'static> {
    embedded().mac(text.parse().expect("a MAC address"))
}

fn assigned(text: &str) -> Assignment<'static> {
    match mac(text) {
        MacMeaning::Assigned(assignment) => assignment,
        other => panic!("{text} is {other:?}"),
    }
}

fn special(text: &str) -> Special<'static> {
    match mac(text) {
        MacMeaning::Special(special) => special,
        other => panic!("{text} is {other:?}"),
    }
}

fn country(code: &str) -> Option<Country> {
    Some(code.parse().expect("a country"))
}

#[test]
fn each_listing_is_asked_for_itself_longest_first() {
    let cisco = assigned("00:00:0c:11:22:33");
    assert_eq!(
        (cisco.vendor.map(|one| one.id()), cisco.prefix.to_string().as_str()),
        (Some("cisco"), "00:00:0c/24")
    );
    let long = assigned("8c:1f:64:af:a1:23");
    assert_eq!(
        (long.registrant, long.registry),
        ("DATA ELECTRONIC DEVICES, INC", RegistryKind::MaS)
    );
    assert_eq!(long.prefix.to_string(), "8c:1f:64:af:a0/36");
    let middle = assigned("c8:5c:e2:71:23:45");
    assert_eq!(
        (middle.registrant, middle.registry, middle.country),
        ("SYNERGY SYSTEMS AND SOLUTIONS", RegistryKind::MaM, country("IN"))
    );
    let amfitech = assigned("70:b3:d5:12:34:56");
    assert_eq!(
        (amfitech.registrant, amfitech.country, amfitech.prefix.len()),
        ("Amfitech ApS", country("DK"), 36)
    );
}

#[test]
fn a_middle_block_without_a_large_one_around_it_is_found() {
    let orphan = assigned("1c:87:79:12:34:56");
    assert_eq!((orphan.registry, orphan.prefix.len()), (RegistryKind::MaM, 28));
    let parent = MacAddr([0x1c, 0x87, 0x79, 0, 0, 0]);
    assert!(embedded().listed(RegistryKind::MaL, parent).is_none());
}

#[test]
fn the_undivided_rest_of_a_block_is_nobodys() {
    // 8c:1f:64 is divided into MA-S; 8c:1f:64:ff:f is not given out in this edition or is somebody's, never the IEEE's.
    for text in ["8c:1f:64:00:00:00", "70:b3:d5:ff:ff:ff", "8c:1f:64:ff:ff:ff"] {
        if let MacMeaning::Assigned(found) = mac(text) {
            assert_ne!(found.registrant, "IEEE Registration Authority", "{text}");
        }
    }
}

#[test]
fn registration_country_is_not_the_country_of_control() {
    let virgin_islands = assigned("24:0a:c4:00:00:00");
    let vendor = virgin_islands.vendor.unwrap();
    assert_eq!((vendor.id(), vendor.kind()), ("espressif", VendorKind::Chipset));
    assert_eq!(virgin_islands.country, country("VG"));
    assert_eq!(vendor.country_of_control("2026-11-21"), country("CN"));
    assert_eq!(assigned("d4:8a:fc:00:00:00").vendor, Some(vendor));
}

#[test]
fn plainly_wrong_countries_are_corrected_and_say_why() {
    let registry = embedded();
    for (text, right, listed) in [
        ("00:24:8f:00:00:00", "KR", "KP"),
        ("00:60:67:00:00:00", "TW", "TJ"),
        ("a0:19:b2:40:00:00", "RU", "WS"),
        ("00:15:eb:00:00:00", "CN", "US"),
        ("9c:06:6e:00:00:00", "CN", "US"),
        ("cc:93:4a:00:00:00", "CA", "GB"),
    ] {
        let found = assigned(text);
        assert_eq!(found.country, country(right), "{text}");
        let correction = registry.correction(found.prefix).unwrap();
        assert_eq!(correction.registered, country(listed), "{text}");
        assert!(!correction.reason.is_empty());
    }
    assert_eq!(assigned("20:c0:6d:00:00:00").country, country("CN"));
    assert_eq!(registry.correction(assigned("00:e0:fc:00:00:00").prefix), None);
}

#[test]
fn special_addresses_name_no_maker() {
    use SpecialKind::*;
    for (text, kind) in [
        ("00:00:5e:00:01:07", VirtualRouter),
        ("00:00:5e:00:02:01", VirtualRouter),
        ("00:00:0c:07:ac:0a", VirtualRouter),
        ("00:00:0c:9f:f1:23", VirtualRouter),
        ("00:05:73:a0:01:00", VirtualRouter),
        ("00:07:b4:00:01:02", VirtualRouter),
        ("02:42:ac:11:00:02", Container),
        ("52:54:00:12:34:56", Hypervisor),
        ("08:00:27:12:34:56", Hypervisor),
        ("00:50:56:12:34:56", Hypervisor),
        ("00:15:5d:12:34:56", Hypervisor),
        ("00:14:4f:fb:00:00", Hypervisor),
        ("00:00:5e:00:53:01", Documentation),
        ("00:00:00:00:00:00", Unset),
        ("ff:ff:ff:ff:ff:ff", Group),
        ("01:80:c2:00:00:0e", Group),
        ("11:00:aa:00:00:01", Group),
        ("02:bf:0a:00:00:01", Cluster),
        ("00:25:b5:00:00:1f", Pool),
        ("de:ad:be:ef:00:01", Local),
        ("02:60:8c:00:00:01", Local),
    ] {
        let found = special(text);
        assert_eq!(found.kind, kind, "{text}");
        assert!(!found.what.is_empty() && !found.source.is_empty());
    }
    assert!(special("00:00:5e:00:01:07").kind.is_virtual_router());
    // The neighbours of a special block stay their maker's.
    for (text, vendor) in [
        ("00:00:0c:07:ab:ff", "cisco"),
        ("00:14:4f:fc:00:00", "oracle"),
        ("00:05:73:a0:10:00", "cisco"),
    ] {
        assert_eq!(assigned(text).vendor.map(|one| one.id()), Some(vendor), "{text}");
    }
}

#[test]
fn company_ids_are_no_cards() {
    let registry = embedded();
    let cid = include_str!("../../sources/ieee.tsv")
        .lines()
        .find(|line| line.contains("\tCID\t"))
        .unwrap();
    let octets = u32::from_str_radix(cid.split('\t').next().unwrap(), 16).unwrap().to_be_bytes();
    assert_eq!(
        registry.company([octets[1], octets[2], octets[3]]).unwrap().registry,
        RegistryKind::Cid
    );
    assert_eq!(
        registry.company([0x00, 0xe0, 0xfc]).unwrap().vendor.map(|one| one.id()),
        Some("huawei")
    );
    assert!(matches!(
        registry.mac(MacAddr([octets[1], octets[2], octets[3], 1, 2, 3])),
        MacMeaning::Special(_)
    ));
}

#[test]
fn every_row_of_the_listings_is_found_as_itself() {
    let registry = embedded();
    let corrected: BTreeMap<&str, &str> = include_str!("../../../compile/curated/overrides.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            (fields[0], if fields[2] == "-" { "" } else { fields[2] })
        })
        .collect();
    let suspects: Vec<&str> = include_str!("../../../compile/curated/suspect-countries.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t').map(|(code, _)| code))
        .collect();
    assert!(["KP", "TJ", "WS"].iter().all(|code| suspects.contains(code)));
    let (mut rows, mut countries) = (0, 0);
    for line in include_str!("../../sources/ieee.tsv").lines().filter(|line| !line.starts_with('#'))
    {
        let fields: Vec<_> = line.split('\t').collect();
        let [prefix, kind, code, registrant] = fields[..] else { panic!("{line}") };
        let bits = u64::from_str_radix(prefix, 16).unwrap() << (48 - 4 * prefix.len());
        let mac = MacAddr(bits.to_be_bytes()[2..].try_into().unwrap());
        let kind = RegistryKind::from_word(kind).unwrap();
        let found = registry.listed(kind, mac).unwrap();
        assert_eq!(
            (found.registrant, usize::from(found.prefix.len())),
            (registrant, 4 * prefix.len()),
            "{line}"
        );
        let code = corrected.get(prefix).copied().unwrap_or(code);
        assert_eq!(found.country.map(|one| one.to_string()).unwrap_or_default(), code, "{line}");
        assert!(corrected.contains_key(prefix) || !suspects.contains(&code), "{line}");
        rows += 1;
        countries += usize::from(found.country.is_some());
    }
    assert!(rows > 59_000 && countries * 1000 > rows * 995, "{countries} of {rows}");
}

#[test]
fn every_address_of_a_row_is_its_holders_or_that_of_a_smaller_block_in_it() {
    let registry = embedded();
    let (mut own, mut smaller) = (0, 0);
    for kind in RegistryKind::ALL.iter().filter(|kind| **kind != RegistryKind::Cid) {
        for row in registry.listing(*kind) {
            let size = 1_u64 << (48 - row.prefix.len());
            for beyond in [0, size / 2, size - 1] {
                let [_, _, octets @ ..] = (row.prefix.first().bits() + beyond).to_be_bytes();
                match registry.assignment(MacAddr(octets)) {
                    Some(found) if found.prefix == row.prefix => {
                        assert_eq!(found, row);
                        own += 1;
                    }
                    Some(found) => {
                        let (longer, within) =
                            (found.prefix.len() > row.prefix.len(), found.prefix.first());
                        assert!(longer && row.prefix.contains(within), "{row:?} {found:?}");
                        smaller += 1;
                    }
                    None => assert_eq!(row.registrant, "IEEE Registration Authority"),
                }
            }
        }
    }
    assert!(own > 170_000 && smaller > 500, "{own} {smaller}");
}

#[test]
fn every_enterprise_number_is_found_as_itself() {
    let registry = embedded();
    let mut rows = 0;
    for line in include_str!("../../sources/pen.tsv").lines().filter(|line| !line.starts_with('#'))
    {
        let (number, name) = line.split_once('\t').unwrap();
        let pen = Pen(number.parse().unwrap());
        assert!(
            matches!(registry.pen(pen), PenMeaning::Assigned { organisation, .. } if organisation == name),
            "{line}"
        );
        rows += 1;
    }
    assert!(rows > 66_000);
    assert_eq!(registry.pen(Pen(u32::MAX)), PenMeaning::Unassigned);
    assert_eq!(registry.pen(Pen(999_999)), PenMeaning::Unassigned);
}

#[test]
fn numbers_of_agents_and_platforms_attribute_nothing() {
    for (number, right) in [
        (8072, PenRole::Agent),
        (2021, PenRole::Agent),
        (311, PenRole::Agent),
        (4413, PenRole::Platform),
        (26381, PenRole::Platform),
        (10002, PenRole::Platform),
        (17409, PenRole::Platform),
        (32473, PenRole::Platform),
    ] {
        let PenMeaning::Assigned { role, vendor, reason, .. } = embedded().pen(Pen(number)) else {
            panic!("{number} is not assigned")
        };
        assert_eq!((role, vendor), (right, None), "{number}");
        assert!(reason.is_some(), "{number}");
    }
}

#[test]
fn designated_vendors_have_their_numbers_and_prefixes() {
    for (id, pen, address) in [
        ("huawei", Some(2011), "00:e0:fc:12:34:56"),
        ("zte", Some(3902), "00:15:eb:00:00:01"),
        ("hikvision", Some(39165), "bc:ad:28:00:00:01"),
        ("dahua", Some(37496), "3c:ef:8c:00:00:01"),
        ("hytera", Some(40297), "9c:06:6e:00:00:01"),
        ("h3c", Some(25506), "3c:e5:a6:00:00:01"),
        ("fiberhome", Some(11408), "48:f9:7c:00:00:01"),
        ("quectel", Some(58809), ""),
        ("inspur", Some(48512), ""),
        ("dji", None, "60:60:1f:00:00:01"),
        ("nuctech", None, ""),
        ("tp-link-systems", Some(11863), ""),
        ("autel-robotics", None, ""),
    ] {
        let vendor = embedded().vendor(id).unwrap_or_else(|| panic!("{id} is missing"));
        if let Some(pen) = pen {
            assert!(vendor.pens().any(|one| one == Pen(pen)), "{id} {pen}");
        }
        if !address.is_empty() {
            assert_eq!(assigned(address).vendor, Some(vendor), "{address}");
        }
        assert!(vendor.registrants().next().is_some(), "{id}");
    }
}
