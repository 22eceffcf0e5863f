use std::sync::Arc;

use herkomst_ids::EngineId;
use herkomst_model::{
    About, Answer, Capabilities, CdpNeighbour, ChassisKey, Device, DeviceText, Engine, Entity,
    EntityClass, Fact, Forwarded, ForwardedStatus, Interface, Inventory, Link, LldpAddress,
    LldpInventory, LldpKey, LldpNeighbour, LldpPort, LldpRemote, LldpSelf, Method, NeighbourOrigin,
    Object, Observation, OwnAddress, Proof, Rows, Table, TableNeighbour, TableNews,
};
use jiff::Timestamp;

use crate::{Confidence, Identifier, Role, merge};

fn seen(about: &str, method: Method, answer: Answer<Fact>) -> Arc<Observation> {
    let about = About::Address(about.parse().unwrap());
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let interface = matches!(method, Method::Arp).then(|| "eth0".into());
    Arc::new(Observation { at, method, interface, vlan: None, about, answer })
}

fn arp(address: &str, mac: &str) -> Arc<Observation> {
    let fact = Fact::Neighbour { mac: mac.parse().unwrap() };
    seen(address, Method::Arp, Answer::Is(fact))
}

fn echo(address: &str) -> Arc<Observation> {
    seen(address, Method::Icmp, Answer::Is(Fact::Echo))
}

fn engine(address: &str, last: u8) -> Arc<Observation> {
    let id = EngineId::new(&[0x80, 0, 7, 0xdb, 5, 1, 9, 4, 7, 3, 8, 2, 6, last]).unwrap();
    seen(address, Method::SnmpEngine, Answer::Is(Fact::Engine(Engine { id, boots: 3, time: 500 })))
}

fn rows(of: &str, table: Table, rows: Rows) -> Arc<Observation> {
    seen(of, Method::Table(table), Answer::Is(Fact::Table(TableNews::Rows(rows))))
}

fn text(text: &str) -> Option<DeviceText> {
    Some(DeviceText::from(text))
}

fn interfaces(of: &str, all: &[(u32, &str, &str)]) -> Arc<Observation> {
    let row = |(index, name, mac): &(u32, &str, &str)| Interface {
        index: *index,
        name: text(name),
        mac: mac.parse().ok(),
        ..Interface::default()
    };
    rows(of, Table::Interfaces, Rows::Interfaces(all.iter().map(row).collect()))
}

fn addresses(of: &str, all: &[&str]) -> Arc<Observation> {
    let row = |address: &&str| OwnAddress {
        address: address.parse().unwrap(),
        interface: Some(1),
        prefix: Some(24),
    };
    rows(of, Table::Addresses, Rows::Addresses(all.iter().map(row).collect()))
}

fn neighbours(of: &str, interface: u32, all: &[(&str, &str)]) -> Arc<Observation> {
    let row = |(address, mac): &(&str, &str)| TableNeighbour {
        address: address.parse().unwrap(),
        mac: mac.parse().unwrap(),
        interface,
        origin: NeighbourOrigin::Dynamic,
    };
    rows(of, Table::Neighbours, Rows::Neighbours(all.iter().map(row).collect()))
}

fn forwarding(of: &str, all: &[(&str, u32, u16)]) -> Arc<Observation> {
    let row = |(mac, interface, vlan): &(&str, u32, u16)| Forwarded {
        mac: mac.parse().unwrap(),
        vlan: Some(*vlan).filter(|vlan| *vlan != 0),
        port: interface + 100,
        interface: Some(*interface),
        status: ForwardedStatus::Learned,
    };
    rows(of, Table::Forwarding, Rows::Forwarding(all.iter().map(row).collect()))
}

fn key(port: u32) -> LldpKey {
    LldpKey { time_mark: 0, port, index: 1 }
}

fn remote(of: &str, port: u32, chassis: ChassisKey, name: &str, enabled: u16) -> Arc<Observation> {
    let row = LldpRemote {
        key: key(port),
        chassis: Some(chassis),
        port: text("0/1"),
        port_description: None,
        system_name: text(name),
        system_description: None,
        capabilities: Some(Capabilities { supported: enabled, enabled }),
    };
    rows(of, Table::LldpRemote, Rows::LldpRemote(vec![row]))
}

fn mac(mac: &str) -> ChassisKey {
    ChassisKey::Mac(mac.parse().unwrap())
}

fn cdp(of: &str, interface: u32, device: &str, address: &str) -> Arc<Observation> {
    let row = CdpNeighbour {
        interface,
        device: text(device),
        address: address.parse().ok(),
        platform: text("made-up platform"),
        capabilities: Some(0x28),
        ..CdpNeighbour::default()
    };
    rows(of, Table::Cdp, Rows::Cdp(vec![row]))
}

fn join(observations: &[Arc<Observation>]) -> Vec<Device> {
    let devices = merge(observations, herkomst_registry::embedded());
    // Whatever was seen, its order says nothing.
    let mut turned = observations.to_vec();
    turned.reverse();
    let third = turned.len() / 3;
    turned.rotate_left(third);
    let other = merge(&turned, herkomst_registry::embedded());
    for (one, other) in devices.iter().zip(&other) {
        let bare = |device: &Device| Device { observations: Vec::new(), ..device.clone() };
        assert_eq!(bare(one), bare(other));
    }
    assert_eq!(devices.len(), other.len());
    devices
}

fn with_mac<'d>(devices: &'d [Device], mac: &str) -> &'d Device {
    let mac = mac.parse().unwrap();
    let mut with = devices.iter().filter(|device| device.macs.contains(&mac));
    let found = with.next().unwrap_or_else(|| panic!("nobody has {mac}: {devices:#?}"));
    assert!(with.next().is_none(), "two devices have {mac}");
    found
}

fn with_ip<'d>(devices: &'d [Device], ip: &str) -> &'d Device {
    let ip = ip.parse().unwrap();
    let mut with = devices.iter().filter(|device| device.ips.contains(&ip));
    let found = with.next().unwrap_or_else(|| panic!("nobody has {ip}: {devices:#?}"));
    assert!(with.next().is_none(), "two devices have {ip}");
    found
}

/// `10.0.0.2 GE0/7 [40] plugged`
fn places(devices: &[Device], device: &Device) -> Vec<String> {
    let place = |place: &herkomst_model::Place| {
        let owner = devices[place.port.device].ips.first().unwrap();
        format!("{owner} {} {:?} {}", place.port.name.raw(), place.vlans, place.link.as_str())
    };
    device.places.iter().map(place).collect()
}

const CAMERA: &str = "44:19:b6:00:00:07"; // a prefix of Hikvision

#[test]
fn a_camera_behind_a_switch_is_known_by_its_mac_port_and_vlan() {
    let devices = join(&[
        engine("10.0.0.2", 2),
        interfaces("10.0.0.2", &[(7, "GE0/7", "00:e0:fc:00:02:07"), (8, "GE0/8", "")]),
        forwarding("10.0.0.2", &[(CAMERA, 7, 40)]),
    ]);
    assert_eq!(devices.len(), 2);
    let camera = with_mac(&devices, CAMERA);
    assert!(camera.observations.is_empty() && camera.ips.is_empty());
    assert_eq!(camera.told_by, [Table::Forwarding].into());
    assert_eq!(camera.vlans, [40].into());
    assert_eq!(places(&devices, camera), ["10.0.0.2 GE0/7 [40] plugged"]);
    let identifier = Identifier::new(herkomst_registry::embedded());
    let found = identifier.identify(camera, "2026-11-21".parse().unwrap());
    let maker = found.maker.unwrap();
    assert_eq!((maker.name.as_str(), maker.confidence), ("Hikvision", Confidence::Possible));
    let switch = with_ip(&devices, "10.0.0.2");
    assert!(switch.macs.contains(&"00:e0:fc:00:02:07".parse().unwrap()), "its own interface");
}

#[test]
fn what_a_bridge_is_or_was_told_is_no_device() {
    let row = |status, mac: &str| Forwarded {
        mac: mac.parse().unwrap(),
        vlan: None,
        port: 1,
        interface: None,
        status,
    };
    let all = vec![
        row(ForwardedStatus::Own, "00:e0:fc:00:00:01"),
        row(ForwardedStatus::Managed, "00:e0:fc:00:00:02"),
        row(ForwardedStatus::Invalid, "00:e0:fc:00:00:03"),
        row(ForwardedStatus::Other, "00:e0:fc:00:00:04"),
        row(ForwardedStatus::Learned, "01:80:c2:00:00:0e"),
        row(ForwardedStatus::Learned, "00:00:00:00:00:00"),
        row(ForwardedStatus::Learned, "00:00:5e:00:01:0a"),
    ];
    let devices = join(&[rows("10.0.0.2", Table::Forwarding, Rows::Forwarding(all))]);
    assert_eq!(devices.len(), 1, "{devices:#?}");
}

#[test]
fn of_two_switches_in_a_row_the_near_one_has_the_station() {
    let core = [
        arp("10.0.0.1", "00:e0:fc:00:01:00"),
        engine("10.0.0.1", 1),
        interfaces("10.0.0.1", &[(1, "XGE1", "00:e0:fc:00:01:00"), (9, "XGE9", "")]),
        forwarding(
            "10.0.0.1",
            &[(CAMERA, 1, 40), ("00:e0:fc:00:02:00", 1, 1), ("00:e0:fc:aa:00:01", 9, 1)],
        ),
    ];
    let access = [
        arp("10.0.0.2", "00:e0:fc:00:02:00"),
        engine("10.0.0.2", 2),
        interfaces("10.0.0.2", &[(7, "GE7", "00:e0:fc:00:02:00"), (24, "GE24", "")]),
        forwarding(
            "10.0.0.2",
            &[(CAMERA, 7, 40), ("00:e0:fc:aa:00:01", 24, 1), ("00:e0:fc:00:01:00", 24, 1)],
        ),
    ];
    let devices = join(&[&core[..], &access[..]].concat());
    assert_eq!(devices.len(), 4);
    let camera = with_mac(&devices, CAMERA);
    assert_eq!(places(&devices, camera), ["10.0.0.2 GE7 [40] plugged"]);
    let server = with_mac(&devices, "00:e0:fc:aa:00:01");
    assert_eq!(places(&devices, server), ["10.0.0.1 XGE9 [1] plugged"]);
    let near = with_ip(&devices, "10.0.0.2");
    assert_eq!(places(&devices, near), ["10.0.0.1 XGE1 [1] plugged"]);
}

#[test]
fn behind_a_switch_that_nobody_reads_the_port_is_an_uplink() {
    // The switch beyond port 8 announces itself and answers nobody.
    let devices = join(&[
        interfaces("10.0.0.2", &[(8, "GE8", "")]),
        rows(
            "10.0.0.2",
            Table::LldpPorts,
            Rows::LldpPorts(vec![LldpPort { number: 3, id: text("GE8"), description: None }]),
        ),
        remote("10.0.0.2", 3, mac("00:e0:fc:00:09:00"), "far", 0x04),
        forwarding("10.0.0.2", &[(CAMERA, 8, 40), ("00:e0:fc:00:09:00", 8, 1)]),
    ]);
    assert_eq!(devices.len(), 3);
    let camera = with_mac(&devices, CAMERA);
    assert_eq!(places(&devices, camera), ["10.0.0.2 GE8 [40] uplink"]);
    let far = with_mac(&devices, "00:e0:fc:00:09:00");
    assert_eq!(places(&devices, far), ["10.0.0.2 GE8 [1] plugged"]);
    assert_eq!(far.told_by, [Table::Forwarding, Table::LldpRemote].into());
}

#[test]
fn where_two_ports_are_as_good_both_are_told_and_none_is_claimed() {
    let devices = join(&[
        forwarding("10.0.0.2", &[(CAMERA, 7, 40)]),
        forwarding("10.0.0.3", &[(CAMERA, 9, 40)]),
    ]);
    let camera = with_mac(&devices, CAMERA);
    assert_eq!(
        places(&devices, camera),
        ["10.0.0.2 interface 7 [40] one-of", "10.0.0.3 interface 9 [40] one-of"]
    );
    // More stations behind one of them: it is farther away.
    let devices = join(&[
        forwarding("10.0.0.2", &[(CAMERA, 7, 40), ("44:19:b6:00:00:08", 7, 40)]),
        forwarding("10.0.0.3", &[(CAMERA, 9, 40)]),
    ]);
    assert_eq!(places(&devices, with_mac(&devices, CAMERA)), ["10.0.0.3 interface 9 [40] plugged"]);
}

#[test]
fn a_telephone_with_a_bridge_in_it_hides_nobody() {
    let devices = join(&[
        remote("10.0.0.2", 7, mac("00:e0:fc:00:07:00"), "phone", 0x24),
        interfaces("10.0.0.2", &[(7, "GE7", "")]),
        forwarding("10.0.0.2", &[("00:e0:fc:00:07:00", 7, 20), (CAMERA, 7, 40)]),
    ]);
    assert_eq!(places(&devices, with_mac(&devices, CAMERA)), ["10.0.0.2 GE7 [40] plugged"]);
}

#[test]
fn an_address_table_gives_routed_addresses_their_stations() {
    let devices = join(&[
        engine("10.0.0.1", 1),
        interfaces("10.0.0.1", &[(4, "Vlan40", "")]),
        neighbours("10.0.0.1", 4, &[("10.9.0.7", CAMERA), ("10.9.0.8", "00:e0:fc:00:00:08")]),
        echo("10.9.0.7"),
    ]);
    assert_eq!(devices.len(), 3);
    let asked = with_ip(&devices, "10.9.0.7");
    assert!(asked.macs.contains(&CAMERA.parse().unwrap()), "{asked:#?}");
    assert_eq!(
        asked.joins[0].because,
        format!("10.9.0.7 stand in tables of other devices with the MAC {CAMERA}")
    );
    assert_eq!(places(&devices, asked), ["10.0.0.1 Vlan40 [] uplink"]);
    let told = with_ip(&devices, "10.9.0.8");
    assert!(told.observations.is_empty());
    assert_eq!(told.told_by, [Table::Neighbours].into());
}

#[test]
fn who_answered_here_keeps_the_address_that_a_table_gives_to_another() {
    let devices = join(&[
        arp("10.0.0.7", "00:e0:fc:00:00:07"),
        neighbours("10.0.0.1", 4, &[("10.0.0.7", CAMERA)]),
    ]);
    assert_eq!(devices.len(), 3);
    assert!(with_mac(&devices, CAMERA).ips.is_empty());
    assert!(with_ip(&devices, "10.0.0.7").macs.contains(&"00:e0:fc:00:00:07".parse().unwrap()));
}

#[test]
fn a_private_address_at_two_sites_is_two_devices() {
    let devices = join(&[
        neighbours("10.0.0.1", 4, &[("192.168.1.10", CAMERA)]),
        neighbours("10.0.0.2", 4, &[("192.168.1.10", "00:e0:fc:00:00:10")]),
    ]);
    assert_eq!(devices.len(), 4);
    for one in [CAMERA, "00:e0:fc:00:00:10"] {
        assert_eq!(with_mac(&devices, one).ips.len(), 1);
    }
    // Where something answered there, nobody knows which of both it was.
    let devices = join(&[
        neighbours("10.0.0.1", 4, &[("192.168.1.10", CAMERA)]),
        neighbours("10.0.0.2", 4, &[("192.168.1.10", "00:e0:fc:00:00:10")]),
        echo("192.168.1.10"),
    ]);
    assert_eq!(devices.len(), 5);
    assert!(with_ip(&devices, "192.168.1.10").macs.is_empty());
}

#[test]
fn a_device_with_forty_addresses_is_one() {
    let all: Vec<String> = (1..=40).map(|net| format!("10.{net}.0.1")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    // Asked at two of them, seen at a third, and the rest never asked.
    let mut seen = vec![echo("10.3.0.1")];
    for of in ["10.1.0.1", "10.2.0.1"] {
        seen.push(addresses(of, &all));
        seen.push(interfaces(
            of,
            &[(1, "GE1", "00:e0:fc:00:01:01"), (2, "GE2", "00:e0:fc:00:01:02")],
        ));
    }
    let devices = join(&seen);
    assert_eq!(devices.len(), 1, "{devices:#?}");
    assert_eq!((devices[0].ips.len(), devices[0].macs.len()), (40, 2));
}

#[test]
fn a_gateway_that_many_switches_share_makes_them_one_no_more_than_a_virtual_router() {
    let shared = "00:1c:73:00:00:99"; // an assigned prefix, on every leaf
    let leaf = |of: &str, own: &str| {
        [
            engine(of, own.as_bytes()[16]),
            addresses(of, &[of, "10.40.0.1"]),
            interfaces(
                of,
                &[
                    (1, "Lo0", own),
                    (2, "Vlan40", shared),
                    (3, "Vlan41", "00:00:5e:00:01:0a"),
                    (4, "Vlan42", "02:00:00:00:00:01"),
                ],
            ),
        ]
    };
    let devices = join(
        &[leaf("10.0.0.1", "00:e0:fc:00:01:01"), leaf("10.0.0.2", "00:e0:fc:00:01:02")].concat(),
    );
    assert_eq!(devices.len(), 2, "{devices:#?}");
    for device in &devices {
        assert_eq!((device.macs.len(), device.ips.len()), (1, 1), "{device:#?}");
    }
}

#[test]
fn an_address_that_another_agent_answers_at_is_not_the_device_that_lists_it() {
    let devices = join(&[
        engine("10.0.0.1", 1),
        addresses("10.0.0.1", &["10.0.0.1", "10.0.0.9", "10.0.0.8"]),
        interfaces("10.0.0.1", &[(1, "GE1", "00:e0:fc:00:09:09")]),
        engine("10.0.0.9", 9),
        // The MAC that it claims, too, is that of somebody with an agent of his own.
        arp("10.0.0.9", "00:e0:fc:00:09:09"),
        arp("10.0.0.8", "00:e0:fc:00:08:08"),
    ]);
    assert_eq!(devices.len(), 3, "{devices:#?}");
}

#[test]
fn a_serial_number_and_a_mac_make_two_addresses_one_box() {
    let box_at = |of: &str, serial: &str| {
        let chassis = Entity {
            index: 1,
            class: Some(EntityClass::Chassis),
            serial: text(serial),
            ..Entity::default()
        };
        [
            interfaces(of, &[(1, "GE1", "00:e0:fc:00:01:01")]),
            rows(of, Table::Entities, Rows::Entities(vec![chassis])),
        ]
    };
    for (serial, count) in [("2102359AB1234567", 1), ("N/A", 2), ("00000000", 2), ("123456789", 2)]
    {
        let devices = join(&[box_at("10.0.0.1", serial), box_at("10.0.0.2", serial)].concat());
        assert_eq!(devices.len(), count, "{serial}");
    }
}

#[test]
fn an_lldp_neighbour_says_as_much_as_if_it_had_been_heard_here() {
    let row = LldpRemote {
        key: key(7),
        chassis: Some(ChassisKey::Address("10.0.0.70".parse().unwrap())),
        port: text("00:15:65:00:00:70"),
        port_description: None,
        system_name: text("phone-70"),
        system_description: None,
        capabilities: Some(Capabilities { supported: 0x24, enabled: 0x20 }),
    };
    let inventory = LldpInventory {
        key: key(7),
        inventory: Inventory {
            manufacturer: text("Yealink"),
            model: text("T46"),
            ..Inventory::default()
        },
    };
    let management = LldpAddress { key: key(7), address: "10.0.0.70".parse().unwrap() };
    let devices = join(&[
        rows("10.0.0.2", Table::LldpRemote, Rows::LldpRemote(vec![row])),
        rows("10.0.0.2", Table::LldpInventory, Rows::LldpInventory(vec![inventory])),
        rows("10.0.0.2", Table::LldpAddresses, Rows::LldpAddresses(vec![management])),
    ]);
    assert_eq!(devices.len(), 2);
    let phone = with_mac(&devices, "00:15:65:00:00:70");
    assert_eq!(phone.ips.len(), 1, "{phone:#?}");
    let identifier = Identifier::new(herkomst_registry::embedded());
    let found = identifier.identify(phone, "2026-11-21".parse().unwrap());
    assert!(found.roles.contains_key(&Role::Phone));
    assert_eq!(found.names, [DeviceText::from("phone-70")]);
    assert_eq!(found.product.model, text("T46"));
    let maker = found.maker.unwrap();
    assert_eq!(maker.evidence[0].kind(), "lldp-inventory");
    assert_eq!(maker.evidence[0].weight(), crate::Weight::Likely);
}

#[test]
fn a_cdp_neighbour_is_the_device_at_its_address_only_if_that_one_says_so_too() {
    let core = [engine("10.0.0.1", 1), cdp("10.0.0.1", 1, "access-7", "10.0.0.7")];
    let access = [engine("10.0.0.7", 7), cdp("10.0.0.7", 24, "core", "10.0.0.1")];
    let both = join(&[&core[..], &access[..]].concat());
    assert_eq!(both.len(), 2, "{both:#?}");
    assert_eq!(places(&both, with_ip(&both, "10.0.0.7")), ["10.0.0.1 interface 1 [] plugged"]);
    assert_eq!(places(&both, with_ip(&both, "10.0.0.1")), ["10.0.0.7 interface 24 [] plugged"]);
    // Anybody can announce the address of another.
    let one_sided = join(&[&core[..], &access[..1]].concat());
    assert_eq!(one_sided.len(), 3, "{one_sided:#?}");
    let stranger = one_sided.iter().find(|device| device.ips.is_empty()).unwrap();
    assert_eq!(places(&one_sided, stranger), ["10.0.0.1 interface 1 [] plugged"]);
    // An address of which nothing else is known is as good as a name, unless two names claim it.
    let alone = join(&core);
    assert_eq!(with_ip(&alone, "10.0.0.7").told_by, [Table::Cdp].into());
    let two = join(&[&core[..], &[cdp("10.0.0.1", 2, "access-8", "10.0.0.7")]].concat());
    assert_eq!(two.len(), 3);
    assert!(
        two.iter()
            .filter(|device| device.observations.is_empty())
            .all(|device| device.ips.is_empty())
    );
}

#[test]
fn a_neighbour_seen_through_two_addresses_of_one_switch_is_one() {
    let mut seen = Vec::new();
    for of in ["10.0.0.1", "10.0.0.2"] {
        seen.push(addresses(of, &["10.0.0.1", "10.0.0.2"]));
        seen.push(interfaces(of, &[(1, "GE1", "00:e0:fc:00:01:01")]));
        seen.push(remote(
            of,
            1,
            ChassisKey::Text { subtype: 7, text: DeviceText::from("r") },
            "r",
            0x10,
        ));
        seen.push(forwarding(of, &[(CAMERA, 1, 40)]));
    }
    let devices = join(&seen);
    assert_eq!(devices.len(), 3, "{devices:#?}");
    let camera = with_mac(&devices, CAMERA);
    assert_eq!((camera.places.len(), camera.places[0].port.stations), (1, 1));
}

#[test]
fn a_virtual_router_in_a_table_is_an_address_and_no_box() {
    let devices = join(&[neighbours(
        "10.0.0.9",
        4,
        &[("10.0.0.1", "00:00:5e:00:01:0a"), ("10.1.0.1", "00:00:5e:00:01:0a")],
    )]);
    assert_eq!(devices.len(), 3, "{devices:#?}");
    let identifier = Identifier::new(herkomst_registry::embedded());
    for address in ["10.0.0.1", "10.1.0.1"] {
        let device = with_ip(&devices, address);
        assert!(identifier.identify(device, "2026-11-21".parse().unwrap()).special.is_some());
    }
}

#[test]
fn a_local_address_joins_the_station_of_the_same_segment_and_no_other() {
    let local = "02:00:00:00:00:77";
    let switch = [forwarding("10.0.0.2", &[(local, 7, 40)])];
    let here = [arp("10.0.0.2", "00:e0:fc:00:00:02"), arp("10.0.0.77", local)];
    let devices = join(&[&switch[..], &here[..]].concat());
    assert_eq!(devices.len(), 2, "{devices:#?}");
    assert_eq!(places(&devices, with_ip(&devices, "10.0.0.77")).len(), 1);
    // A switch that is not on the segment of the station may see another one with that address.
    let devices = join(&[&switch[..], &here[1..]].concat());
    assert_eq!(devices.len(), 3, "{devices:#?}");
}

#[test]
fn the_engine_that_holds_the_mac_of_a_learned_station_is_plugged_in_there() {
    let id = EngineId::new(&[0x80, 0, 7, 0xdb, 3, 0, 0xe0, 0xfc, 0, 0, 0x55]).unwrap();
    let spoke = Fact::Engine(Engine { id, boots: 3, time: 500 });
    let devices = join(&[
        seen("10.7.0.5", Method::SnmpEngine, Answer::Is(spoke)),
        forwarding("10.0.0.2", &[("00:e0:fc:00:00:55", 7, 40)]),
    ]);
    assert_eq!(devices.len(), 2);
    assert_eq!(
        places(&devices, with_ip(&devices, "10.7.0.5")),
        ["10.0.0.2 interface 7 [40] plugged"]
    );
}

#[test]
fn the_lldp_chassis_of_a_device_is_its_own() {
    let own = LldpSelf {
        chassis: Some(mac("00:e0:fc:00:02:00")),
        name: text("sw-2"),
        capabilities: Some(Capabilities { supported: 0x14, enabled: 0x04 }),
        ..LldpSelf::default()
    };
    let devices = join(&[
        rows("10.0.0.2", Table::LldpLocal, Rows::LldpLocal(Box::new(own))),
        remote("10.0.0.3", 1, mac("00:e0:fc:00:02:00"), "sw-2", 0x04),
    ]);
    assert_eq!(devices.len(), 2, "{devices:#?}");
    let switch = with_ip(&devices, "10.0.0.2");
    assert_eq!(places(&devices, switch), ["10.0.0.3 LLDP port 1 [] plugged"]);
    let identifier = Identifier::new(herkomst_registry::embedded());
    let found = identifier.identify(switch, "2026-11-21".parse().unwrap());
    assert!(found.roles.contains_key(&Role::Switch));
    assert_eq!(found.names, [DeviceText::from("sw-2")]);
}

#[test]
fn the_chassis_names_its_maker_and_single_objects_do() {
    let identifier = Identifier::new(herkomst_registry::embedded());
    let maker_of = |seen: &[Arc<Observation>]| {
        let found = identifier.identify(&join(seen)[0], "2026-11-21".parse().unwrap());
        let maker =
            found.maker.map(|maker| (maker.name, maker.confidence, maker.evidence[0].kind()));
        (maker, found.product)
    };
    let chassis = |manufacturer: &str| Entity {
        index: 1,
        class: Some(EntityClass::Chassis),
        manufacturer: text(manufacturer),
        model: text("S6730"),
        serial: text("2102359AB1234567"),
        ..Entity::default()
    };
    let entities =
        |name: &str| rows("10.0.0.1", Table::Entities, Rows::Entities(vec![chassis(name)]));
    let (maker, product) = maker_of(&[entities("Huawei")]);
    assert_eq!(maker, Some(("Huawei".into(), Confidence::Probable, "entity-chassis")));
    assert_eq!((product.model, product.serial), (text("S6730"), text("2102359AB1234567")));
    for nobody in ["N/A", "OEM", "A Firm That Is Made Up"] {
        assert_eq!(maker_of(&[entities(nobody)]).0, None, "{nobody}");
    }
    let object = Object {
        name: "HIK-DEVICE-MIB::deviceType",
        oid: "1.3.6.1.4.1.39165.1.1.0".parse().unwrap(),
        proves: Proof::Model,
        text: DeviceText::from("DS-2CD"),
    };
    let (maker, product) =
        maker_of(&[rows("10.0.0.1", Table::Objects, Rows::Objects(vec![object]))]);
    assert_eq!(maker, Some(("Hikvision".into(), Confidence::Probable, "vendor-object")));
    assert_eq!(product.model, text("DS-2CD"));
}

#[test]
fn hostile_rows_end_nothing() {
    let mut all: Vec<Arc<Observation>> = Vec::new();
    for host in 1..=20_u8 {
        let of = format!("10.0.0.{host}");
        let macs: Vec<String> = (0..64).map(|n| format!("00:e0:fc:00:00:{n:02x}")).collect();
        // Everybody claims everything, and is behind everybody's every port.
        let own: Vec<(u32, &str, &str)> =
            macs.iter().map(|mac| (u32::MAX, "\n\u{1b}[31m", mac.as_str())).collect();
        all.push(interfaces(&of, &own));
        let behind: Vec<(&str, u32, u16)> =
            macs.iter().map(|mac| (mac.as_str(), 0, 4094)).collect();
        all.push(forwarding(&of, &behind));
        let others: Vec<String> = (1..=20).map(|n| format!("10.0.0.{n}")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        all.push(addresses(&of, &others));
        let told: Vec<(&str, &str)> =
            others.iter().zip(&macs).map(|(address, mac)| (*address, mac.as_str())).collect();
        all.push(neighbours(&of, u32::MAX, &told));
        all.push(remote(&of, 0, mac("00:00:00:00:00:00"), "", 0xffff));
        all.push(remote(&of, u32::MAX, mac("ff:ff:ff:ff:ff:ff"), "x", 0));
        all.push(cdp(&of, 0, "SEPzzzzzzzzzzzz", "0.0.0.0"));
        all.push(cdp(&of, 0, "SEPffffffffffff", "255.255.255.255"));
    }
    let devices = join(&all);
    assert!(devices.iter().all(|device| device.places.len() <= 16 && device.told.len() <= 32));
    let identifier = Identifier::new(herkomst_registry::embedded());
    for device in &devices {
        identifier.identify(device, "2026-11-21".parse().unwrap());
    }
}

#[test]
fn the_same_link_words_stand_in_the_model() {
    let words = [Link::Plugged, Link::OneOf, Link::Uplink].map(Link::as_str);
    assert_eq!(words, ["plugged", "one-of", "uplink"]);
}

#[test]
fn the_order_of_rows_that_share_their_words_does_not_matter() {
    // Of more announcements than are kept, the same are kept; and each of several in one place stays in its place.
    let rows = |platforms: &[u32]| {
        let row = |number: &u32| CdpNeighbour {
            interface: 1,
            device: text("access-7"),
            platform: text(&format!("made-up platform {number}")),
            address: "10.0.0.7".parse().ok(),
            ..CdpNeighbour::default()
        };
        rows("10.0.0.1", Table::Cdp, Rows::Cdp(platforms.iter().map(row).collect()))
    };
    let all: Vec<u32> = (0..50).collect();
    let turned: Vec<u32> = all.iter().rev().copied().collect();
    let told = |rows| merge(&[rows], herkomst_registry::embedded())[1].told.clone();
    assert_eq!(told(rows(&all)), told(rows(&turned)));
}

#[test]
fn devices_with_the_same_keys_are_in_the_same_order_in_every_run() {
    // Eight segments with one local address on each, in numbers that differ.
    let local = |segment: usize| {
        let fact = Fact::Spoke { wants: None };
        let seen = seen("10.0.0.1", Method::Arp, Answer::Is(fact));
        Arc::new(Observation {
            about: About::Station("02:00:00:00:00:07".parse().unwrap()),
            interface: Some(format!("eth{segment}").as_str().into()),
            ..Observation::clone(&seen)
        })
    };
    let all: Vec<_> = (0..8).map(local).collect();
    let order = || -> Vec<String> {
        let devices = merge(&all, herkomst_registry::embedded());
        devices
            .iter()
            .map(|one| one.observations[0].interface.clone().unwrap().to_string())
            .collect()
    };
    let first = order();
    assert_eq!(first.len(), 8);
    for _ in 0..8 {
        assert_eq!(order(), first);
    }
}

#[test]
fn a_chassis_that_is_a_private_address_is_one_device_at_each_site() {
    let phone = |of: &str, mac: &str| {
        let row = LldpRemote {
            key: key(7),
            chassis: Some(ChassisKey::Address("192.168.1.70".parse().unwrap())),
            port: text(mac),
            port_description: None,
            system_name: text("phone"),
            system_description: None,
            capabilities: None,
        };
        rows(of, Table::LldpRemote, Rows::LldpRemote(vec![row]))
    };
    let (one, other) = ("00:15:65:00:00:70", "44:19:b6:00:00:70");
    let devices = join(&[phone("10.0.0.2", one), phone("10.9.0.2", other)]);
    assert_eq!(devices.len(), 4, "{devices:#?}");
    assert_eq!(with_mac(&devices, one).macs.len(), 1);
    assert_eq!(with_mac(&devices, other).macs.len(), 1);
    // One that two switches show is one.
    let devices = join(&[phone("10.0.0.2", one), phone("10.9.0.2", one)]);
    assert_eq!(devices.len(), 3, "{devices:#?}");
}

#[test]
fn a_local_chassis_of_another_segment_is_not_the_one_that_was_heard_here() {
    let local = "02:00:00:00:00:77";
    let neighbour = LldpNeighbour {
        chassis: mac(local),
        port: DeviceText::from("1"),
        ttl: 120,
        port_description: None,
        system_name: None,
        system_description: None,
        capabilities: None,
        management: Vec::new(),
        inventory: None,
        native_vlan: None,
        med_class: None,
    };
    let heard = seen("10.0.0.1", Method::Lldp, Answer::Is(Fact::Lldp(neighbour)));
    let heard = Arc::new(Observation {
        about: About::Station("00:e0:fc:00:00:77".parse().unwrap()),
        interface: Some("eth0".into()),
        ..Observation::clone(&heard)
    });
    let devices = join(&[heard, remote("10.9.0.2", 7, mac(local), "far", 0)]);
    assert_eq!(devices.len(), 3, "{devices:#?}");
    assert!(with_mac(&devices, "00:e0:fc:00:00:77").told_by.is_empty());
}

#[test]
fn who_lists_the_station_of_his_neighbour_does_not_become_it() {
    let (own, second) = ("00:1b:54:00:00:01", "00:1b:54:00:00:02"); // a prefix of Cisco
    let router = |others: &[(u32, &str, &str)], all: &[&str]| {
        [
            arp("10.0.0.1", own),
            interfaces("10.0.0.1", &[&[(1, "GE1", own)], others].concat()),
            addresses("10.0.0.1", all),
        ]
    };
    let hostile = router(&[(2, "GE2", CAMERA)], &["10.0.0.1", "10.0.0.7"]);
    let devices = join(&[&hostile[..], &[arp("10.0.0.7", CAMERA)]].concat());
    assert_eq!(devices.len(), 2, "{devices:#?}");
    let identifier = Identifier::new(herkomst_registry::embedded());
    let found = identifier.identify(with_ip(&devices, "10.0.0.7"), "2026-11-21".parse().unwrap());
    assert_eq!(found.maker.unwrap().name, "Hikvision");
    // A second interface of the same maker, and a card of another one that nothing else was seen of, are its own.
    let honest = router(&[(2, "GE2", second), (3, "GE3", CAMERA)], &["10.0.0.1", "10.0.0.7"]);
    let devices = join(&[&honest[..], &[arp("10.0.0.7", second)]].concat());
    assert_eq!(devices.len(), 1, "{devices:#?}");
    assert_eq!(devices[0].macs.len(), 3);
}

#[test]
fn a_device_that_lists_addresses_of_all_makers_is_weighed_to_an_end() {
    // As good as all of these prefixes are assigned, to some thousands of firms.
    let rows_of = |first: u32| -> Vec<Interface> {
        let row = |index: u32| {
            let [_, a, b, c] = index.to_be_bytes();
            let mac = Some(herkomst_ids::MacAddr([a, b, c, 0, 0, 1]));
            Interface { index, mac, ..Interface::default() }
        };
        (first..first + 64).map(row).collect()
    };
    let parts = (1..0x2600).step_by(64);
    let all: Vec<_> = parts
        .map(|first| rows("10.0.0.1", Table::Interfaces, Rows::Interfaces(rows_of(first))))
        .collect();
    let devices = merge(&all, herkomst_registry::embedded());
    assert_eq!(devices.len(), 1);
    assert!(devices[0].macs.len() > 9_000);
    let identifier = Identifier::new(herkomst_registry::embedded());
    let found = identifier.identify(&devices[0], "2026-11-21".parse().unwrap());
    let against = found.maker.as_ref().map_or(0, |one| one.evidence.len() + one.against.len());
    assert!(against + found.rejected.len() + found.components.len() <= 64, "{}", against);
}
