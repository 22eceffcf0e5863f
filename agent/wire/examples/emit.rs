//! Prints one frame of each kind that this crate makes, a line of hexadecimal each, to be read by another program:
//! `cargo run -p herkomst-wire --example emit | text2pcap …`, then `tshark` (tests/captures/README.md).

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use herkomst_ids::{MacAddr, Oid};
use herkomst_wire::icmp::icmp_unreachable;
use herkomst_wire::lldp::{
    ChassisId, InterfaceNumbering, InventoryItem, LldpToSend, ManagementAddress, NetworkAddress,
    PortId, Tlv, capability,
};
use herkomst_wire::snmp::{self, PduKind, Value, Version};
use herkomst_wire::{
    Arp, ArpOperation, LLDP_MULTICAST, WireError, arp_request_frame, emit_ethernet, emit_lldp,
    ether_type, icmp_echo, icmp_frame, udp_frame,
};

const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);
const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0b]);
const OUR_IP: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 1);
const THEIR_IP: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 2);

fn main() -> Result<(), WireError> {
    let oids =
        ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"].map(|text| text.parse().expect("a right one"));
    print(&arp_request_frame(OURS, OUR_IP, THEIR_IP));
    let (operation, target_mac, target_ip) = (ArpOperation::Reply, OURS, OUR_IP);
    let mut frame = vec![];
    emit_ethernet(&mut frame, OURS, THEIRS, Some(100), ether_type::ARP);
    Arp { operation, sender_mac: THEIRS, sender_ip: THEIR_IP, target_mac, target_ip }
        .emit(&mut frame);
    print(&frame);

    for message in icmp_messages() {
        icmp_frame(&mut frame, OURS, THEIRS, None, OUR_IP, THEIR_IP, &message)?;
        print(&frame);
    }
    for message in snmp_messages(&oids) {
        let (source, destination) =
            (SocketAddrV4::new(OUR_IP, 40_000), SocketAddrV4::new(THEIR_IP, 161));
        udp_frame(&mut frame, OURS, THEIRS, None, source, destination, &message)?;
        print(&frame);
    }
    frame.clear();
    emit_ethernet(&mut frame, LLDP_MULTICAST, OURS, None, ether_type::LLDP);
    lldp(&mut frame)?;
    print(&frame);
    Ok(())
}

fn icmp_messages() -> [Vec<u8>; 3] {
    let mut messages = [vec![], vec![], vec![]];
    icmp_echo(&mut messages[0], false, 7, 8, b"echo");
    icmp_echo(&mut messages[1], true, 7, 8, b"an odd length");
    let mut refused = vec![];
    let end = SocketAddrV4::new(THEIR_IP, 161);
    udp_frame(&mut refused, OURS, THEIRS, None, end, end, b"refused").expect("it is short");
    icmp_unreachable(&mut messages[2], 3, &refused[14..]);
    messages
}

fn snmp_messages(oids: &[Oid]) -> Vec<Vec<u8>> {
    let mut messages = vec![];
    let mut add = |emit: &dyn Fn(&mut Vec<u8>)| {
        let mut buf = vec![];
        emit(&mut buf);
        messages.push(buf);
    };
    let values = [
        Value::OctetString(b"text"),
        Value::Oid("1.3.6.1.4.1.8072.3.2.10".parse().expect("a right one")),
        Value::Integer(-129),
        Value::IpAddress([10, 50, 0, 2]),
        Value::Counter32(u32::MAX),
        Value::Gauge32(128),
        Value::TimeTicks(123_456),
        Value::Counter64(u64::MAX),
        Value::Opaque(&[0x9f, 0x78, 4, 0x42, 0xf6, 0, 0]),
        Value::NoSuchObject,
        Value::NoSuchInstance,
        Value::EndOfMibView,
    ];
    // under net-snmp's playground, whose objects have no type that a reader could miss
    let name =
        |number| Oid::new([1, 3, 6, 1, 4, 1, 8072, 9999, 9999, number, 0]).expect("a right one");
    let list: Vec<_> = (1..).map(name).zip(values).collect();
    for version in [Version::V1, Version::V2c] {
        add(&|buf| snmp::emit_get(buf, version, b"public", PduKind::Get, 0x1234_5678, oids));
        add(&|buf| snmp::emit_get(buf, version, b"public", PduKind::GetNext, -1, oids));
        add(&|buf| snmp::emit_response(buf, version, b"public", 1, 0, 0, &list[..7]));
    }
    add(&|buf| snmp::emit_response(buf, Version::V2c, b"public", 1, 5, 1, &list));
    add(&|buf| snmp::emit_get_bulk(buf, b"public", 1, 1, 20, oids));
    add(&|buf| snmp::emit_discovery(buf, 1, 2));
    let engine_id = [0x80, 0, 0x1f, 0x88, 3, 2, 0, 0, 0, 0, 0x0b];
    add(&|buf| snmp::emit_discovery_report(buf, 1, 2, &engine_id, 3, 4, 5));
    messages
}

fn lldp(frame: &mut Vec<u8>) -> Result<(), WireError> {
    let management = |address| ManagementAddress {
        address,
        numbering: InterfaceNumbering::IfIndex,
        interface: 2,
        oid: &[0x2b, 6, 1, 4, 1],
    };
    let item = |item, value| Tlv::Inventory { item, value };
    let tlvs = [
        Tlv::PortDescription(b"port"),
        Tlv::SystemName(b"name"),
        Tlv::SystemDescription(&[b'x'; 255]),
        Tlv::SystemCapabilities {
            supported: capability::BRIDGE | capability::ROUTER,
            enabled: capability::BRIDGE,
        },
        Tlv::ManagementAddress(management(NetworkAddress::Ip(THEIR_IP.into()))),
        Tlv::ManagementAddress(management(NetworkAddress::Ip(IpAddr::from([
            0xfd, 0, 0, 0, 0, 0, 0, 1,
        ])))),
        Tlv::ManagementAddress(management(NetworkAddress::Mac(THEIRS))),
        Tlv::Organisation { oui: [0, 0x12, 0xbb], subtype: 1, value: &[0, 0x33, 4] },
        item(InventoryItem::HardwareRevision, b"1"),
        item(InventoryItem::FirmwareRevision, b"2"),
        item(InventoryItem::SoftwareRevision, b"3"),
        item(InventoryItem::SerialNumber, b"4"),
        item(InventoryItem::Manufacturer, b"5"),
        item(InventoryItem::Model, b"6"),
        item(InventoryItem::Asset, b"7"),
        Tlv::Organisation { oui: [0, 0x80, 0xc2], subtype: 1, value: &[0, 1] },
    ];
    let (chassis_id, port_id) = (ChassisId::Mac(OURS), PortId::InterfaceName(b"ge-0/0/1"));
    emit_lldp(frame, &LldpToSend { chassis_id, port_id, ttl: 120, tlvs: &tlvs })
}

fn print(frame: &[u8]) {
    let digits: String = frame.iter().map(|octet| format!("{octet:02x}")).collect();
    println!("{digits}");
}
