use jiff::Timestamp;
use proptest::prelude::*;

use herkomst_ids::EngineId;
use herkomst_model::{DeviceText, Engine, LldpNeighbour, Method, SnmpVersion, System};

use super::*;

const NOW: i64 = 1_700_000_000;

fn see(about: About, answer: Answer<Fact>) -> Arc<Observation> {
    let method = Method::Arp;
    let at = Timestamp::from_second(NOW).unwrap();
    Arc::new(Observation { at, method, interface: Some("eth0".into()), vlan: None, about, answer })
}

fn at(address: &str) -> About {
    About::Address(address.parse().unwrap())
}

fn arp(address: &str, mac: &str) -> Arc<Observation> {
    see(at(address), Answer::Is(Fact::Neighbour { mac: mac.parse().unwrap() }))
}

fn id(hex: &str) -> EngineId {
    let octets: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap())
        .collect();
    EngineId::new(&octets).unwrap()
}

fn engine(address: &str, hex: &str, boots: u32, time: u32) -> Arc<Observation> {
    see(at(address), Answer::Is(Fact::Engine(Engine { id: id(hex), boots, time })))
}

fn system(address: &str, object: &str) -> Arc<Observation> {
    let system = System {
        version: SnmpVersion::V2c,
        credential: "ro".into(),
        description: Some(DeviceText::from("some box")),
        object_id: Some(object.parse().unwrap()),
        up_time: None,
        contact: None,
        name: Some(DeviceText::from("same-name")),
        location: None,
        services: None,
        cut_short: false,
    };
    see(at(address), Answer::Is(Fact::System(system)))
}

fn lldp(from: &str, chassis: ChassisKey, management: &[&str]) -> Arc<Observation> {
    let neighbour = LldpNeighbour {
        chassis,
        port: DeviceText::from("1"),
        ttl: 120,
        port_description: None,
        system_name: Some(DeviceText::from("same-name")),
        system_description: None,
        capabilities: None,
        management: management.iter().map(|address| address.parse().unwrap()).collect(),
        inventory: None,
        native_vlan: None,
        med_class: None,
    };
    see(About::Station(from.parse().unwrap()), Answer::Is(Fact::Lldp(neighbour)))
}

fn chassis(mac: &str) -> ChassisKey {
    ChassisKey::Mac(mac.parse().unwrap())
}

fn label(text: &str) -> ChassisKey {
    ChassisKey::Text { subtype: 7, text: DeviceText::from(text) }
}

/// The addresses of each device, or its hardware addresses if it has none.
fn groups(observations: &[Arc<Observation>]) -> Vec<String> {
    let name = |device: &Device| {
        let ips: Vec<String> = device.ips.iter().map(ToString::to_string).collect();
        let macs: Vec<String> = device.macs.iter().map(ToString::to_string).collect();
        if ips.is_empty() { macs.join(" ") } else { ips.join(" ") }
    };
    merge(observations, herkomst_registry::embedded()).iter().map(name).collect()
}

#[test]
fn one_station_with_forty_addresses_is_one_device_with_one_reason() {
    let seen: Vec<_> =
        (1..=40).map(|host| arp(&format!("10.0.0.{host}"), "00:e0:fc:12:34:56")).collect();
    let devices = merge(&seen, herkomst_registry::embedded());
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].ips.len(), 40);
    assert_eq!(devices[0].observations.len(), 40);
    let because =
        "10.0.0.1, 10.0.0.2, 10.0.0.3 and 37 more answered from the MAC 00:e0:fc:12:34:56";
    assert_eq!(devices[0].joins, [Join { because: because.to_owned() }]);
}

#[test]
fn silence_makes_no_device_and_a_refusal_does() {
    let silent = see(at("10.0.0.1"), Answer::Silent { tries: 2 });
    let refused = see(at("10.0.0.2"), Answer::Refused(Refusal::Unreachable(3)));
    let by_router = see(at("10.0.0.3"), Answer::Refused(Refusal::Unreachable(1)));
    assert_eq!(groups(&[silent, refused, by_router]), ["10.0.0.2"]);
}

#[test]
fn a_virtual_router_is_neither_box_behind_it() {
    let seen = [
        arp("10.0.0.1", "00:00:5e:00:01:0a"),
        arp("10.0.0.2", "00:e0:fc:00:00:02"),
        arp("10.0.0.3", "00:e0:fc:00:00:03"),
        arp("10.0.1.1", "00:00:5e:00:01:0a"),
        engine("10.0.0.1", "800007db0300e0fc000002", 3, 500),
        engine("10.0.0.2", "800007db0300e0fc000002", 3, 500),
    ];
    assert_eq!(groups(&seen), ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1"]);
    let devices = merge(&seen, herkomst_registry::embedded());
    assert_eq!(devices[0].macs.len(), 1, "the virtual address alone");
    assert_eq!(devices[1].macs.len(), 1);
}

#[test]
fn a_virtual_router_that_also_answers_from_its_box_keeps_the_box_apart() {
    let seen = [
        arp("10.0.0.1", "00:00:5e:00:01:0a"),
        arp("10.0.0.1", "00:e0:fc:00:00:02"),
        arp("10.0.0.2", "00:e0:fc:00:00:02"),
    ];
    let devices = merge(&seen, herkomst_registry::embedded());
    assert_eq!(groups(&seen), ["10.0.0.1", "10.0.0.2"]);
    let own: Vec<String> = devices[0].macs.iter().map(ToString::to_string).collect();
    let with: Vec<String> = devices[0].seen_with.iter().map(ToString::to_string).collect();
    assert_eq!((own, with), (vec!["00:00:5e:00:01:0a".into()], vec!["00:e0:fc:00:00:02".into()]));
    assert!(devices[0].macs.is_disjoint(&devices[1].macs), "ids are made of them");
    let identifier = crate::Identifier::new(herkomst_registry::embedded());
    let found = identifier.identify(&devices[0], "2026-11-21".parse().unwrap());
    assert!(found.special.is_some() && found.maker.is_none());
}

#[test]
fn a_host_that_announces_another_box_s_address_does_not_become_it() {
    let router = [
        arp("10.0.0.1", "00:e0:fc:00:00:01"),
        engine("10.0.0.1", "800007db0300e0fc000001", 3, 500),
        system("10.0.0.1", "1.3.6.1.4.1.2011.2.88.2"),
    ];
    let beyond = &router[1..];
    // A Linux host on a local address, and one that looks like Cisco: neither lends nor borrows the maker.
    for stranger in ["02:00:00:00:00:09", "00:1b:54:00:00:09"] {
        for chassis in
            [label("srv"), chassis(stranger), ChassisKey::Address("10.0.0.1".parse().unwrap())]
        {
            let frame = lldp(stranger, chassis, &["10.0.0.1"]);
            for seen in [&router[..], beyond] {
                let seen = [seen.to_vec(), vec![frame.clone()]].concat();
                assert_eq!(groups(&seen), ["10.0.0.1".to_owned(), stranger.to_owned()]);
                let devices = merge(&seen, herkomst_registry::embedded());
                assert!(devices[1].engines.is_empty() && devices[1].ips.is_empty());
            }
        }
    }
}

#[test]
fn an_address_beyond_a_router_joins_the_box_of_its_maker_that_announces_it() {
    let frame = lldp("00:e0:fc:00:00:09", label("core"), &["10.9.0.1"]);
    let agent = engine("10.9.0.1", "800007db0517a2904c11", 3, 500);
    assert_eq!(groups(&[frame.clone(), agent]), ["10.9.0.1"]);
    let net_snmp = engine("10.9.0.1", "80001f8880aabbccddeeff0011", 3, 500);
    assert_eq!(groups(&[frame, net_snmp]), ["10.9.0.1"], "it names nobody, so nothing disagrees");
}

#[test]
fn a_local_address_is_one_station_on_its_segment_only() {
    let mut elsewhere = (*arp("10.1.0.1", "02:42:ac:11:00:02")).clone();
    elsewhere.interface = Some("eth1".into());
    let seen = [
        arp("10.0.0.1", "02:42:ac:11:00:02"),
        arp("10.0.0.2", "02:42:ac:11:00:02"),
        Arc::new(elsewhere.clone()),
    ];
    assert_eq!(groups(&seen), ["10.0.0.1 10.0.0.2", "10.1.0.1"]);
    elsewhere.answer = arp("10.1.0.1", "00:e0:fc:12:34:56").answer.clone();
    let seen = [arp("10.0.0.1", "00:e0:fc:12:34:56"), Arc::new(elsewhere)];
    assert_eq!(groups(&seen), ["10.0.0.1 10.1.0.1"]);
}

#[test]
fn a_link_local_address_on_two_segments_is_two_devices() {
    let on = |interface: &str, one: &Arc<Observation>| {
        Arc::new(Observation { interface: Some(interface.into()), ..Observation::clone(one) })
    };
    for address in ["fe80::1", "169.254.0.1"] {
        let (left, right) = (arp(address, "00:e0:fc:00:00:01"), arp(address, "00:1b:54:00:00:02"));
        let same_engine = engine(address, "80001f8880aabbccddeeff0011", 3, 500);
        let seen = [
            on("eth0", &left),
            on("eth1", &right),
            on("eth1", &same_engine),
            on("eth1", &arp("10.1.0.1", "00:1b:54:00:00:02")),
        ];
        let devices = merge(&seen, herkomst_registry::embedded());
        assert_eq!(devices.len(), 2, "{devices:#?}");
        for device in &devices {
            assert!(device.ips.contains(&address.parse().unwrap()), "{device:#?}");
            assert_eq!((device.macs.len(), device.seen_with.len()), (1, 0), "{device:#?}");
        }
        let other = devices.iter().find(|device| device.ips.len() == 2).unwrap();
        assert_eq!((other.engines.len(), other.observations.len()), (1, 3));
        let reason = format!("{address} answered from the MAC 00:e0:fc:00:00:01");
        assert!(devices.iter().any(|device| device.joins == [Join { because: reason.clone() }]));
        // On one segment it is one address still, and contested.
        assert_eq!(merge(&[left, right], herkomst_registry::embedded()).len(), 1);
    }
    // Whatever stands where zeros must be, it is nobody's address on another segment.
    let forged = [
        on("eth0", &arp("fe80::1", "00:e0:fc:00:00:01")),
        on("eth1", &arp("fe80:1:0:6::1", "00:1b:54:00:00:02")),
    ];
    let devices = merge(&forged, herkomst_registry::embedded());
    assert!(devices.iter().all(|device| device.macs.len() == 1), "{devices:#?}");
}

#[test]
fn an_address_that_two_stations_claim_joins_neither() {
    let seen = [
        arp("10.0.0.1", "00:e0:fc:00:00:01"),
        arp("10.0.0.2", "00:1b:54:00:00:02"),
        arp("10.0.0.2", "00:e0:fc:00:00:01"),
        arp("10.0.0.3", "00:1b:54:00:00:02"),
    ];
    assert_eq!(groups(&seen), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    let device = &merge(&seen, herkomst_registry::embedded())[1];
    assert_eq!((device.macs.len(), device.seen_with.len()), (0, 2), "both are shown");
}

#[test]
fn one_engine_at_two_routed_addresses_is_one_device() {
    let seen = [
        engine("10.0.0.1", "800007db0300e0fc000002", 3, 500),
        engine("10.9.0.1", "800007db0300e0fc000002", 3, 503),
    ];
    assert_eq!(groups(&seen), ["10.0.0.1 10.9.0.1"]);
    let because = "the SNMP engine 800007db0300e0fc000002 answered at 10.0.0.1, 10.9.0.1, started at the same instant";
    assert_eq!(merge(&seen, herkomst_registry::embedded())[0].joins[0].because, because);
}

#[test]
fn cloned_engine_ids_are_told_apart_by_when_they_started() {
    for hex in ["80001f8880aabbccddeeff0011", "800007db0300e0fc000002"] {
        let other_boots = [engine("10.0.0.1", hex, 3, 500), engine("10.9.0.1", hex, 4, 500)];
        assert_eq!(groups(&other_boots).len(), 2);
        let other_start = [engine("10.0.0.1", hex, 3, 500), engine("10.9.0.1", hex, 3, 9000)];
        assert_eq!(groups(&other_start).len(), 2);
        let same = [engine("10.0.0.1", hex, 3, 500), engine("10.9.0.1", hex, 3, 501)];
        assert_eq!(groups(&same).len(), 1);
    }
}

#[test]
fn placeholder_engine_ids_join_nothing() {
    // Zeros, a count, an unset MAC, a local MAC, and loopback.
    for hex in [
        "800000090500000000",
        "80001f88050102030405",
        "8000000903000000000000",
        "8000000903021122334455",
        "80001f88017f000001",
    ] {
        let seen = [engine("10.0.0.1", hex, 3, 500), engine("10.9.0.1", hex, 3, 500)];
        assert_eq!(groups(&seen).len(), 2, "{hex}");
    }
}

#[test]
fn an_engine_id_that_may_be_given_twice_does_not_join_two_stations() {
    let ipv4 = "80001f8801c0a80101";
    let engines = [engine("10.0.0.1", ipv4, 3, 500), engine("10.0.0.2", ipv4, 3, 500)];
    assert_eq!(groups(&engines).len(), 1);
    let stations = [arp("10.0.0.1", "00:e0:fc:00:00:01"), arp("10.0.0.2", "00:1b:54:00:00:02")];
    assert_eq!(groups(&[engines.to_vec(), stations.to_vec()].concat()).len(), 2);
}

#[test]
fn engines_that_do_not_tell_when_they_started_join_by_an_assigned_mac_only() {
    let mac = [
        engine("10.0.0.1", "800007db0300e0fc000002", 0, 0),
        engine("10.9.0.1", "800007db0300e0fc000002", 0, 0),
    ];
    assert_eq!(groups(&mac).len(), 1);
    let random = "80001f8880aabbccddeeff0011";
    assert_eq!(
        groups(&[engine("10.0.0.1", random, 0, 0), engine("10.9.0.1", random, 0, 0)]).len(),
        2
    );
}

#[test]
fn the_mac_inside_an_engine_id_leads_to_its_station() {
    let seen = [
        lldp("00:e0:fc:00:00:02", label("x"), &[]),
        engine("10.9.0.1", "800007db0300e0fc000002", 3, 500),
        engine("10.9.0.1", "800007db0300e0fc000002", 4, 20),
    ];
    let devices = merge(&seen, herkomst_registry::embedded());
    assert_eq!(devices.len(), 1, "a restart between two scans changes nothing");
    assert_eq!(
        devices[0].joins[0].because,
        "the SNMP engine id 800007db0300e0fc000002 holds the MAC 00:e0:fc:00:00:02"
    );
}

#[test]
fn hosts_behind_proxy_arp_stay_apart_from_it() {
    let gateway = "00:1b:54:00:00:01";
    let seen = [
        arp("10.0.0.1", gateway),
        arp("10.0.0.2", gateway),
        arp("10.0.0.3", gateway),
        arp("10.0.0.4", gateway),
        engine("10.0.0.1", "8000000903001b54000001", 3, 500),
        engine("10.0.0.2", "800007db0300e0fc000002", 3, 500),
        system("10.0.0.3", "1.3.6.1.4.1.14988.1"),
    ];
    assert_eq!(groups(&seen), ["10.0.0.1 10.0.0.4", "10.0.0.2", "10.0.0.3"]);
    let devices = merge(&seen, herkomst_registry::embedded());
    assert!(
        devices[1].macs.is_empty(),
        "the gateway's address says nothing about a host behind it"
    );
}

#[test]
fn ports_that_announce_one_chassis_are_one_device() {
    let seen = [
        lldp("00:e0:fc:00:00:11", chassis("00:e0:fc:00:00:01"), &["10.0.0.1"]),
        lldp("00:e0:fc:00:00:12", chassis("00:e0:fc:00:00:01"), &[]),
        arp("10.0.0.1", "00:e0:fc:00:00:12"),
        arp("10.0.0.7", "00:e0:fc:00:00:01"),
    ];
    assert_eq!(groups(&seen), ["10.0.0.1 10.0.0.7"]);
    let joins: Vec<String> = merge(&seen, herkomst_registry::embedded())[0]
        .joins
        .iter()
        .map(|one| one.because.clone())
        .collect();
    assert!(joins.contains(&"the LLDP management address is 10.0.0.1".to_owned()));
    assert!(joins.contains(&"the LLDP chassis id is the MAC 00:e0:fc:00:00:01".to_owned()));
}

#[test]
fn names_labels_and_factory_addresses_join_nothing() {
    let labels = [
        lldp("00:e0:fc:00:00:11", label("switch"), &["192.168.1.1"]),
        lldp("00:1b:54:00:00:12", label("switch"), &[]),
    ];
    assert_eq!(groups(&labels).len(), 2);
    let claimed_twice = [
        lldp("00:e0:fc:00:00:11", label("a"), &["192.168.1.1"]),
        lldp("00:1b:54:00:00:12", label("b"), &["192.168.1.1"]),
        arp("192.168.1.1", "00:e0:fc:00:00:21"),
    ];
    assert_eq!(groups(&claimed_twice).len(), 3);
    let virtual_chassis = [
        lldp("00:e0:fc:00:00:11", chassis("00:00:5e:00:01:01"), &[]),
        lldp("00:1b:54:00:00:12", chassis("00:00:5e:00:01:01"), &[]),
    ];
    assert_eq!(groups(&virtual_chassis).len(), 2);
}

#[test]
fn a_whole_segment_behind_one_station_and_one_of_single_hosts_are_cheap() {
    let proxy: Vec<_> = (0..=u16::MAX)
        .map(|host| arp(&format!("10.7.{}.{}", host >> 8, host & 0xff), "00:1b:54:00:00:01"))
        .collect();
    let devices = merge(&proxy, herkomst_registry::embedded());
    assert_eq!((devices.len(), devices[0].joins.len()), (1, 1));
    let hosts: Vec<_> = (0..=u16::MAX)
        .map(|host| {
            let (high, low) = (host >> 8, host & 0xff);
            arp(&format!("10.7.{high}.{low}"), &format!("00:1b:54:07:{high:02x}:{low:02x}"))
        })
        .collect();
    assert_eq!(merge(&hosts, herkomst_registry::embedded()).len(), 65_536);
}

/// Anything that a small network may show, with many coincidences.
fn anything() -> impl Strategy<Value = Arc<Observation>> {
    let address = (1u8..8).prop_map(|host| format!("10.0.0.{host}"));
    let mac = prop_oneof![
        (1u8..5).prop_map(|tail| format!("00:e0:fc:00:00:{tail:02x}")),
        Just("00:00:5e:00:01:01".to_owned()),
        (1u8..3).prop_map(|tail| format!("02:00:00:00:00:{tail:02x}")),
    ];
    let hex = prop_oneof![
        (1u8..4).prop_map(|tail| format!("800007db0300e0fc0000{tail:02x}")),
        Just("80001f8880aabbccddeeff0011".to_owned()),
        Just("80001f8801c0a80101".to_owned()),
    ];
    prop_oneof![
        (address.clone(), mac.clone()).prop_map(|(address, mac)| arp(&address, &mac)),
        (address.clone(), hex, 1u32..3, 0u32..40)
            .prop_map(|(address, hex, boots, time)| engine(&address, &hex, boots, time)),
        (address.clone(), 1u8..3)
            .prop_map(|(address, kind)| system(&address, &format!("1.3.6.1.4.1.9.{kind}"))),
        (mac.clone(), mac, address.clone()).prop_map(|(from, on, address)| lldp(
            &from,
            chassis(&on),
            &[&address]
        )),
        (address, 0u8..2).prop_map(|(address, tries)| see(at(&address), Answer::Silent { tries })),
    ]
}

proptest! {
    #[test]
    fn the_order_of_the_observations_does_not_matter(
        (seen, shuffled) in prop::collection::vec(anything(), 0..24)
            .prop_flat_map(|seen| (Just(seen.clone()), Just(seen).prop_shuffle()))
    ) {
        let sorted = |observations: &[Arc<Observation>]| {
            let mut devices = merge(observations, herkomst_registry::embedded());
            for device in &mut devices {
                device.observations.sort_by_key(|one| format!("{one:?}"));
            }
            devices
        };
        prop_assert_eq!(sorted(&seen), sorted(&shuffled));
    }

    #[test]
    fn every_address_is_in_one_device_and_every_answer_in_at_least_one(seen in prop::collection::vec(anything(), 0..24)) {
        let devices = merge(&seen, herkomst_registry::embedded());
        let ips: Vec<IpAddr> = devices.iter().flat_map(|device| device.ips.iter().copied()).collect();
        let unique: BTreeSet<IpAddr> = ips.iter().copied().collect();
        prop_assert_eq!(ips.len(), unique.len());
        for one in seen.iter().filter(|one| matches!(one.answer, Answer::Is(_))) {
            prop_assert!(devices.iter().any(|device| device.observations.iter().any(|other| Arc::ptr_eq(one, other))));
        }
    }
}
