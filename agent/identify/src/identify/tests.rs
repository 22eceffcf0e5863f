use std::sync::Arc;

use herkomst_ids::{EngineId, Oid};
use herkomst_model::{
    About, Answer, Capabilities, ChassisKey, Engine, Fact, Inventory, LldpNeighbour, Method,
    Observation, SnmpVersion, System,
};
use jiff::Timestamp;

use super::*;
use crate::merge;

fn see(about: &str, fact: Fact) -> Arc<Observation> {
    let about = about
        .parse()
        .map(About::Address)
        .unwrap_or_else(|_| About::Station(about.parse().unwrap()));
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let answer = Answer::Is(fact);
    Arc::new(Observation {
        at,
        method: Method::Snmp,
        interface: Some("eth0".into()),
        vlan: None,
        about,
        answer,
    })
}

fn arp(mac: &str) -> Arc<Observation> {
    see("10.0.0.1", Fact::Neighbour { mac: mac.parse().unwrap() })
}

fn engine(octets: &[u8]) -> Arc<Observation> {
    see(
        "10.0.0.1",
        Fact::Engine(Engine { id: EngineId::new(octets).unwrap(), boots: 3, time: 500 }),
    )
}

fn system(object: &str, description: &str) -> Arc<Observation> {
    let system = System {
        version: SnmpVersion::V3,
        credential: "plant".into(),
        description: Some(DeviceText::from(description)),
        object_id: object.parse::<Oid>().ok(),
        up_time: None,
        contact: None,
        name: Some(DeviceText::from("core-pe-1")),
        location: None,
        services: Some(72),
        cut_short: false,
    };
    see("10.0.0.1", Fact::System(system))
}

fn lldp(description: &str, inventory: Option<Inventory>) -> Arc<Observation> {
    let neighbour = LldpNeighbour {
        chassis: ChassisKey::Text { subtype: 7, text: DeviceText::from("rack 4") },
        port: DeviceText::from("1"),
        ttl: 120,
        port_description: None,
        system_name: Some(DeviceText::from("sw-4")),
        system_description: Some(DeviceText::from(description)),
        capabilities: Some(Capabilities { supported: 0x14, enabled: 0x14 }),
        management: Vec::new(),
        inventory,
        native_vlan: None,
        med_class: None,
    };
    see("02:00:00:00:00:04", Fact::Lldp(neighbour))
}

fn identify(seen: &[Arc<Observation>]) -> Identification<'static> {
    let devices = merge(seen, herkomst_registry::embedded());
    assert_eq!(devices.len(), 1, "{devices:?}");
    Identifier::new(herkomst_registry::embedded())
        .identify(&devices[0], "2026-11-21".parse().unwrap())
}

fn kinds(evidence: &[Evidence]) -> Vec<&'static str> {
    evidence.iter().map(Evidence::kind).collect()
}

const VRP: &str = "Huawei Versatile Routing Platform Software\r\nVRP (R) software, Version 8.220 (NE40E V800R022C00SPC500)";

#[test]
fn three_witnesses_that_agree_confirm() {
    let net_snmp = [0x80, 0x00, 0x1f, 0x88, 0x80, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11];
    let found = identify(&[
        arp("00:e0:fc:12:34:56"),
        system("1.3.6.1.4.1.2011.2.88.2", VRP),
        engine(&net_snmp),
    ]);
    let maker = found.maker.as_ref().unwrap();
    assert_eq!(maker.id.as_ref().unwrap().as_str(), "huawei");
    assert_eq!(maker.confidence, Confidence::Confirmed);
    assert_eq!(maker.country.unwrap().as_str(), "CN");
    assert_eq!(kinds(&maker.evidence), ["sys-object-id", "sys-descr", "mac-assignment"]);
    assert_eq!(kinds(&maker.against), [""; 0]);
    assert_eq!(kinds(&found.rejected), ["snmp-engine-id"]);
    assert!(found.rejected[0].note().contains("net-snmp"), "{}", found.rejected[0].note());
    assert_eq!(found.registration_country.unwrap().as_str(), "CN");
    assert!(found.controller().is_some());
    assert_eq!(found.product.software, Some(DeviceText::from("VRP 8.220")));
    assert_eq!(found.product.model, Some(DeviceText::from("NE40E")));
    assert!(found.roles.contains_key(&Role::Router));
    assert_eq!(found.names, [DeviceText::from("core-pe-1")]);
    assert_eq!(found.contested, None);
}

#[test]
fn an_engine_id_and_a_prefix_confirm_without_any_credential() {
    let id = [0x80, 0x00, 0x07, 0xdb, 0x03, 0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56];
    let found = identify(&[arp("00:e0:fc:12:34:56"), engine(&id)]).maker.unwrap();
    assert_eq!((found.name.as_str(), found.confidence), ("Huawei", Confidence::Probable));
    let inside = identify(&[engine(&id)]).maker.unwrap();
    assert_eq!(
        inside.confidence,
        Confidence::Probable,
        "the number and the prefix inside it are assigned by two registries"
    );
    assert_eq!(kinds(&inside.evidence), ["snmp-engine-id", "engine-mac"]);
}

#[test]
fn an_engine_id_alone_is_possible_until_something_else_agrees() {
    // Under Huawei's number, ending in octets that name nobody: such agents run in boxes of other firms, too.
    let id = [0x80, 0x00, 0x07, 0xdb, 0x05, 0x17, 0x2a, 0x90, 0x41, 0x0c, 0xe6, 0x55, 0x08];
    let alone = identify(&[engine(&id)]).maker.unwrap();
    assert_eq!((alone.name.as_str(), alone.confidence), ("Huawei", Confidence::Possible));
    let object = system("1.3.6.1.4.1.2011.2.88.2", "");
    let with_object = identify(&[engine(&id), object]).maker.unwrap();
    assert_eq!(with_object.confidence, Confidence::Probable);
    let elsewhere = identify(&[engine(&id), arp("00:1b:54:00:00:01")]).maker.unwrap();
    assert_eq!(elsewhere.confidence, Confidence::Possible, "a Cisco card with an old agent");
    assert_eq!(elsewhere.against.len(), 1);
}

#[test]
fn old_switches_of_huawei_3com_are_of_h3c() {
    let id = [0x80, 0x00, 0x07, 0xdb, 0x05, 0x17, 0x2a, 0x90, 0x41, 0x0c, 0xe6, 0x55, 0x08];
    let object = system("1.3.6.1.4.1.2011.10.1.22", "");
    for seen in [vec![object.clone()], vec![object.clone(), engine(&id)]] {
        let found = identify(&seen);
        let maker = found.maker.unwrap();
        assert_eq!((maker.id.unwrap().as_str(), maker.confidence), ("h3c", Confidence::Probable));
        assert!(maker.against.is_empty() && found.contested.is_none());
    }
    let found = identify(&[object, engine(&id), arp("00:0f:e2:00:00:01")]).maker.unwrap();
    assert_eq!((found.id.unwrap().as_str(), found.confidence), ("h3c", Confidence::Confirmed));
}

#[test]
fn a_server_of_xfusion_with_the_agent_of_its_former_owner_is_no_match_for_it() {
    let id = [0x80, 0x00, 0x07, 0xdb, 0x05, 0x17, 0x2a, 0x90, 0x41, 0x0c, 0xe6, 0x55, 0x08];
    let agent = |text: &str| [system("1.3.6.1.4.1.2011.2.235.1", text), engine(&id)];
    assert!(identify(&agent("")).maker.is_none(), "hints alone make no maker");
    let with_mac = identify(&[agent("").to_vec(), vec![arp("00:e0:fc:12:34:56")]].concat());
    assert_eq!(with_mac.maker.unwrap().confidence, Confidence::Possible);
    let found = identify(&agent("xFusion iBMC"));
    let maker = found.maker.unwrap();
    assert_eq!((maker.id.unwrap().as_str(), maker.confidence), ("xfusion", Confidence::Possible));
    assert!(maker.against.is_empty());
}

#[test]
fn a_host_that_only_announces_itself_is_named_as_possible() {
    let found = identify(&[lldp(VRP, None)]);
    let maker = found.maker.unwrap();
    assert_eq!((maker.name.as_str(), maker.confidence), ("Huawei", Confidence::Possible));
    assert_eq!(kinds(&maker.evidence), ["lldp-system-description"]);
    assert_eq!(found.names, [DeviceText::from("sw-4")]);
    assert_eq!(found.special, None, "an address that software chose is a box all the same");
    assert!(found.roles.contains_key(&Role::Switch));
    assert!(found.roles[&Role::Switch].contains("LLDP"));
}

#[test]
fn a_virtual_router_names_nobody_and_is_special() {
    let found = identify(&[arp("00:00:5e:00:01:0a")]);
    assert!(found.maker.is_none());
    assert!(found.special.unwrap().contains("VRRP"));
    assert_eq!(found.registrant, None);
    assert_eq!(kinds(&found.rejected), ["mac-assignment"]);
}

#[test]
fn the_default_agent_names_nobody() {
    let found = identify(&[
        engine(&[0x80, 0x00, 0x1f, 0x88, 0x80, 1, 9, 3, 7, 2, 8, 4, 6]),
        system("1.3.6.1.4.1.8072.3.2.10", "Linux gw 5.10.0 #1 SMP x86_64"),
    ]);
    assert!(found.maker.is_none());
    assert_eq!(found.rejected.len(), 3);
    assert!(found.rejected.iter().all(|one| one.says().is_none() && one.weight() == Weight::None));
    assert_eq!(found.product.family.as_deref(), Some("Linux"));
    // That tells which software runs, and not which product it is.
    assert!(found.product.is_system);
    assert!(found.roles.is_empty(), "sysServices 72 is a default");
}

#[test]
fn a_module_is_a_component_and_no_maker() {
    let found = identify(&[arp("24:0a:c4:00:00:01")]);
    assert!(found.maker.is_none());
    assert_eq!(found.components[0].maker.word(), "espressif");
    assert_eq!(found.components[0].kind, "chipset");
    assert_eq!(found.registration_country.unwrap().as_str(), "VG", "where a form was signed");
}

#[test]
fn a_registrant_that_nobody_reviewed_is_shown_and_is_no_maker() {
    let found = identify(&[arp("70:b3:d5:12:30:01")]);
    assert!(found.maker.is_none());
    assert_eq!(found.registrant.as_deref(), Some("Amfitech ApS"));
    assert_eq!(kinds(&found.rejected), ["mac-assignment"]);
    assert_eq!(found.rejected[0].weight(), Weight::Hint);
}

#[test]
fn an_enterprise_number_of_an_unreviewed_firm_names_it_without_an_id() {
    let number = (60_000..).find(|number| {
        let meaning = herkomst_registry::embedded().pen(herkomst_ids::Pen(*number));
        matches!(meaning, herkomst_registry::PenMeaning::Assigned { vendor: None, .. })
    });
    let found =
        identify(&[system(&format!("1.3.6.1.4.1.{}.1", number.unwrap()), "gadget")]).maker.unwrap();
    assert_eq!((found.id, found.confidence, found.country), (None, Confidence::Possible, None));
    assert!(found.evidence[0].note().contains("no vendor is known"));
}

#[test]
fn a_camera_whose_mac_and_number_disagree_is_contested() {
    let found = identify(&[arp("44:19:b6:00:00:01"), system("1.3.6.1.4.1.368.4", "camera")]);
    let maker = found.maker.unwrap();
    assert_eq!(maker.id.unwrap().as_str(), "axis");
    assert_eq!(maker.confidence, Confidence::Possible);
    assert_eq!(kinds(&maker.against), ["mac-assignment"]);
    let (one, other) = found.contested.unwrap();
    assert_eq!((one.word(), other.word()), ("axis", "hikvision"));
}

#[test]
fn brands_of_one_house_do_not_contradict() {
    let registry = herkomst_registry::embedded();
    let ezviz = registry.vendor("ezviz").unwrap();
    assert_eq!(ezviz.name().to_lowercase(), "ezviz");
    let party = |id: &str| Party::of(&registry.vendor(id).unwrap());
    let related = |one: &str, other: &str, on: &str| {
        crate::vendor::related(&party(one), &party(other), registry, on)
    };
    assert!(related("ezviz", "hikvision", "2026-11-21"));
    assert!(related("hewlett-packard", "hpe", "2026-11-21"), "one firm until 2015");
    assert!(!related("hikvision", "dahua", "2026-11-21"));
    assert!(
        !related("tp-link-systems", "tp-link-technologies", "2026-11-21"),
        "two firms, one brand"
    );
    assert!(!related("xfusion", "huawei", "2026-11-21"), "sold in 2021");
    assert!(!related("h3c", "hpe", "2026-11-21"));
    let mac = (0u32..=0xff_ffff).map(|oui| {
        let [_, a, b, c] = oui.to_be_bytes();
        herkomst_ids::MacAddr([a, b, c, 0, 0, 1])
    });
    let mac = mac.into_iter().find(|mac| match registry.mac(*mac) {
        MacMeaning::Assigned(to) => to.vendor == Some(ezviz),
        MacMeaning::Special(_) | MacMeaning::Unassigned => false,
    });
    let found =
        identify(&[arp(&mac.unwrap().to_string()), system("1.3.6.1.4.1.39165.1", "camera")]);
    let maker = found.maker.unwrap();
    assert_eq!((maker.name.as_str(), maker.confidence), ("Hikvision", Confidence::Probable));
    assert_eq!(
        maker.evidence.iter().filter_map(Evidence::says).collect::<Vec<_>>(),
        ["hikvision", "ezviz"]
    );
    assert_eq!((maker.against.len(), found.contested), (0, None));
}

#[test]
fn a_subtree_of_a_number_may_be_another_brand_s() {
    let text = "HPE Comware Platform Software, Software Version 7.1.070, Release 3506P02";
    let found = identify(&[system("1.3.6.1.4.1.25506.11.1.181", text)]).maker.unwrap();
    assert_eq!((found.id.unwrap().as_str(), found.confidence), ("hpe", Confidence::Confirmed));
    let found = identify(&[system("1.3.6.1.4.1.25506.1.612", "H3C Comware Platform Software")])
        .maker
        .unwrap();
    assert_eq!((found.id.unwrap().as_str(), found.confidence), ("h3c", Confidence::Confirmed));
}

#[test]
fn a_card_of_another_make_in_a_server_does_not_dispute_its_maker() {
    let chassis = |mac: &str| {
        let mut one = (*lldp("", None)).clone();
        one.about = About::Station(mac.parse().unwrap());
        if let Answer::Is(Fact::Lldp(neighbour)) = &mut one.answer {
            neighbour.chassis = ChassisKey::Address("10.0.0.1".parse().unwrap());
        }
        Arc::new(one)
    };
    let found = identify(&[
        chassis("00:e0:fc:00:00:01"),
        chassis("00:e0:fc:00:00:02"),
        chassis("00:1b:54:00:00:01"),
        arp("00:e0:fc:00:00:01"),
        system("1.3.6.1.4.1.2011.2.23.1", "S5720"),
    ]);
    let maker = found.maker.unwrap();
    assert_eq!((maker.id.unwrap().as_str(), maker.confidence), ("huawei", Confidence::Confirmed));
    assert!(maker.against.is_empty());
    assert_eq!(
        (found.components[0].kind, found.components[0].maker.word()),
        ("network-card", "cisco")
    );
}

#[test]
fn the_inventory_names_the_maker_exactly_or_not_at_all() {
    let inventory = |maker: &str| Inventory {
        manufacturer: Some(DeviceText::from(maker)),
        model: Some(DeviceText::from("J179")),
        serial: Some(DeviceText::from("N/A")),
        ..Inventory::default()
    };
    for name in ["Avaya", "AVAYA Inc.", "avaya, inc"] {
        let found = identify(&[lldp("", Some(inventory(name)))]);
        let maker = found.maker.unwrap();
        assert_eq!(
            (maker.id.unwrap().as_str(), maker.confidence),
            ("avaya", Confidence::Possible),
            "{name}"
        );
        assert_eq!(found.product.model, Some(DeviceText::from("J179")));
        assert_eq!(found.product.serial, None, "a placeholder is no serial");
    }
    let found = identify(&[lldp("", Some(inventory("HiSilicon")))]);
    assert!(found.maker.is_none(), "the name of a part's maker");
    assert_eq!(
        (found.components[0].kind, found.components[0].maker.word()),
        ("chipset", "hisilicon")
    );
    for (name, id) in [("Pyronix", "pyronix"), ("HIKMICRO", "hikmicro"), ("Hikrobot", "hikrobot")] {
        let maker = identify(&[lldp("", Some(inventory(name)))]).maker.unwrap();
        assert_eq!((maker.id.unwrap().as_str(), maker.confidence), (id, Confidence::Possible));
    }
    for name in ["OEM", "Avayable", "To be filled by O.E.M."] {
        assert!(identify(&[lldp("", Some(inventory(name)))]).maker.is_none(), "{name}");
    }
}

#[test]
fn an_address_without_a_prefix_of_its_own_is_not_xerox() {
    assert!(identify(&[arp("00:00:00:00:00:01")]).maker.is_none());
}

#[test]
fn hostile_text_changes_nothing_but_itself() {
    let text = format!("{}\u{202e}\u{1b}[31m=cmd|' /C calc'!A0\0{}", VRP, "A".repeat(60_000));
    let found = identify(&[system("1.3.6.1.4.1.2011.2.88.2", &text)]);
    assert_eq!(found.maker.unwrap().confidence, Confidence::Confirmed);
    assert!(found.product.software.unwrap().raw().len() < 32);
    assert!(identify(&[system("1.3.6.1.4.1.8072.3.2.10", &"(".repeat(70_000))]).maker.is_none());
}

#[test]
fn progress_counts_what_names_a_maker_by_itself() {
    let identifier = Identifier::new(herkomst_registry::embedded());
    assert!(identifier.names_maker(&arp("00:e0:fc:12:34:56")));
    assert!(identifier.names_maker(&lldp(VRP, None)));
    assert!(!identifier.names_maker(&arp("00:00:5e:00:01:0a")));
    assert!(!identifier.names_maker(&arp("24:0a:c4:00:00:01")));
    assert!(
        !identifier.names_maker(&engine(&[0x80, 0x00, 0x1f, 0x88, 0x80, 1, 9, 3, 7, 2, 8, 4, 6]))
    );
}

#[test]
fn the_order_of_what_was_seen_changes_no_word() {
    let mut seen = vec![
        arp("00:e0:fc:12:34:56"),
        system("1.3.6.1.4.1.2011.2.88.2", VRP),
        system("1.3.6.1.4.1.9.1.1", "Cisco IOS Software"),
        engine(&[0x80, 0x00, 0x07, 0xdb, 0x03, 0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56]),
    ];
    let first = format!("{:?}", identify(&seen));
    for _ in 0..seen.len() {
        seen.rotate_left(1);
        assert_eq!(format!("{:?}", identify(&seen)), first);
    }
}
