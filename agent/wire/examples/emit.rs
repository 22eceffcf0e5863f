//! Prints one frame of each kind that this crate makes, a line of hexadecimal each, to be read by another program:
//! `cargo run -p herkomst-wire --example emit | text2pcap …`, then `tshark` (tests/captures/README.md).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};

use herkomst_ids::{MacAddr, Oid, Pen};
use herkomst_wire::cdp::{self, CdpAddresses, CdpTlv, cdp_addresses, emit_cdp};
use herkomst_wire::dhcp::{DhcpKind, DhcpOption, emit_dhcp};
use herkomst_wire::dhcpv6::{Dhcpv6Option, Duid, Texts, dhcpv6_texts, emit_dhcpv6};
use herkomst_wire::dns::{self, DnsData, TxtItems, emit_dns_query, emit_dns_response};
use herkomst_wire::edp::{self, EdpTlv, emit_edp};
use herkomst_wire::glbp::{GlbpTlv, emit_glbp};
use herkomst_wire::icmp::icmp_unreachable;
use herkomst_wire::icmpv6::{mld_query, neighbour_advertisement, neighbour_solicitation};
use herkomst_wire::ipv6::{ALL_NODES, Extra, Ipv6Way, multicast_mac, solicited_node};
use herkomst_wire::llc::{snap, snap_frame};
use herkomst_wire::lldp::{
    ChassisId, InterfaceNumbering, InventoryItem, LldpToSend, ManagementAddress, NetworkAddress,
    PortId, Tlv, capability,
};
use herkomst_wire::mndp::{MndpTlv, emit_mndp};
use herkomst_wire::snmp::{self, PduKind, Value, Version};
use herkomst_wire::ssdp::{SSDP_PORT, emit_ssdp_question, emit_ssdp_search};
use herkomst_wire::{
    Arp, ArpOperation, Hsrp, LLDP_MULTICAST, Sonmp, WireError, arp_request_frame, emit_ethernet,
    emit_lldp, ether_type, icmp_echo, icmp_frame, icmpv6_echo, icmpv6_frame, sonmp, udp_frame,
    udp6_frame,
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
    neighbours(&mut frame)?;
    over_udp(&mut frame)?;
    over_ipv6(&mut frame)
}

/// What stands behind IEEE 802.2.
fn neighbours(frame: &mut Vec<u8>) -> Result<(), WireError> {
    let addresses = cdp_addresses(&[THEIR_IP.into()]);
    let addresses = CdpAddresses::read(&addresses).expect("it was made so");
    let tlvs = [
        CdpTlv::DeviceId(b"name"),
        CdpTlv::Addresses(addresses),
        CdpTlv::PortId(b"ge-0/0/1"),
        CdpTlv::Capabilities(cdp::capability::SWITCH | cdp::capability::ROUTER),
        CdpTlv::SoftwareVersion(b"version"),
        CdpTlv::Platform(b"platform"),
        CdpTlv::VtpDomain(b"domain"),
        CdpTlv::NativeVlan(7),
        CdpTlv::FullDuplex(true),
        CdpTlv::SystemName(b"name"),
        CdpTlv::Location(b"place"),
    ];
    for last in [&b"even"[..], b"odd", &[b'o', 0xfe, 0xff]] {
        let mut payload = vec![];
        emit_cdp(&mut payload, 2, 180, &[&tlvs[..], &[CdpTlv::DeviceId(last)]].concat())?;
        snap_frame(frame, cdp::CDP_MULTICAST, OURS, None, snap::CDP, &payload)?;
        print(frame);
    }
    let tlvs = [
        EdpTlv::Display(b"name"),
        EdpTlv::Info { slot: 1, port: 2, version: [31, 7, 2, 28] },
        EdpTlv::Vlan { id: 7, address: THEIR_IP, name: b"cameras" },
    ];
    let mut payload = vec![];
    emit_edp(&mut payload, 9, OURS, &tlvs)?;
    snap_frame(frame, edp::EDP_MULTICAST, OURS, None, snap::EDP, &payload)?;
    print(frame);
    payload.clear();
    let (address, segment) = (THEIR_IP, 0x0102);
    Sonmp { address, segment, chassis: 1, backplane: 12, state: 2, links: 0 }.emit(&mut payload);
    snap_frame(frame, sonmp::SONMP_SEGMENT, OURS, Some(7), snap::SONMP_SEGMENT, &payload)?;
    print(frame);
    Ok(())
}

fn datagram(
    frame: &mut Vec<u8>,
    port: u16,
    emit: &dyn Fn(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut payload = vec![];
    emit(&mut payload)?;
    let ends = [OUR_IP, THEIR_IP].map(|ip| SocketAddrV4::new(ip, port));
    udp_frame(frame, OURS, THEIRS, None, ends[0], ends[1], &payload)?;
    print(frame);
    Ok(())
}

/// What stands behind UDP over IPv4.
fn over_udp(frame: &mut Vec<u8>) -> Result<(), WireError> {
    let mut add = |port: u16, emit: &dyn Fn(&mut Vec<u8>) -> Result<(), WireError>| {
        datagram(frame, port, emit)
    };
    let tlvs = [
        MndpTlv::Mac(OURS),
        MndpTlv::Identity(b"name"),
        MndpTlv::Version(b"7.1"),
        MndpTlv::Uptime(90),
        MndpTlv::Board(b"board"),
        MndpTlv::Ipv4(OUR_IP),
    ];
    add(5678, &|buf| emit_mndp(buf, 3, &tlvs))?;
    let options = [
        DhcpOption::Kind(DhcpKind::Discover),
        DhcpOption::HostName(b"name"),
        DhcpOption::VendorClass(b"class"),
        DhcpOption::ClientId { kind: 1, value: &OURS.octets() },
        DhcpOption::ParameterList(&[1, 3, 6]),
    ];
    add(67, &|buf| emit_dhcp(buf, 7, OURS, &options))?;
    add(5353, &|buf| {
        emit_dns_query(buf, 0, &[("_http._tcp.local", dns::kind::PTR), ("a.local", 1)], true)
    })?;
    let texts = DnsData::Txt(TxtItems::new(b"\x04flag\x07key=val"));
    let records = [
        ("a.local", DnsData::A(OUR_IP)),
        ("a.local", DnsData::Aaaa([0xfd00, 0, 0, 0, 0, 0, 0, 1].into())),
        ("a.local", texts),
        ("a.local", DnsData::HostInfo { cpu: b"cpu", os: b"os" }),
    ];
    add(5353, &|buf| emit_dns_response(buf, 0, 120, &records))?;
    for (version, address) in [
        (1, IpAddr::from([10, 50, 0, 9])),
        (2, IpAddr::from([10, 50, 0, 9])),
        (2, IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 9])),
    ] {
        let router = (version == 2).then_some(OURS);
        let hsrp =
            Hsrp { version, operation: 0, state: 16, priority: 110, group: 5, router, address };
        let group = Ipv4Addr::new(224, 0, 0, if version == 1 { 2 } else { 102 });
        let mut payload = vec![];
        hsrp.emit(&mut payload);
        let ends = [OUR_IP, group].map(|ip| SocketAddrV4::new(ip, 1985));
        udp_frame(frame, OURS, THEIRS, None, ends[0], ends[1], &payload)?;
        print(frame);
    }
    let mut add = |port: u16, emit: &dyn Fn(&mut Vec<u8>) -> Result<(), WireError>| {
        datagram(frame, port, emit)
    };
    let hello = |address| GlbpTlv::Hello { state: 32, priority: 110, address };
    let mac = MacAddr([0, 7, 0xb4, 0, 5, 1]);
    let forwarder = GlbpTlv::Forwarder { number: 1, state: 32, mac };
    add(3222, &|buf| emit_glbp(buf, 5, OURS, &[hello([10, 50, 0, 9].into()), forwarder]))?;
    let six = IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 9]);
    add(3222, &|buf| emit_glbp(buf, 6, OURS, &[hello(six)]))?;
    add(1900, &|buf| {
        emit_ssdp_search(buf, "ssdp:all", 2);
        Ok(())
    })
}

/// ICMPv6, and what stands behind UDP over IPv6.
fn over_ipv6(frame: &mut Vec<u8>) -> Result<(), WireError> {
    let target = Ipv6Addr::from([0xfd00, 0x50, 0, 0, 0, 0, 0, 2]);
    let group = solicited_node(target);
    let way = |destination, hop_limit| Ipv6Way {
        source_mac: OURS,
        destination_mac: multicast_mac(destination).unwrap_or(THEIRS),
        vlan: None,
        source: Ipv6Addr::from([0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0x0a]),
        destination,
        hop_limit,
    };
    let mut messages = [vec![], vec![], vec![], vec![]];
    icmpv6_echo(&mut messages[0], false, 7, 8, b"echo");
    neighbour_solicitation(&mut messages[1], target, Some(OURS));
    neighbour_advertisement(&mut messages[2], target, true, true, Some(OURS));
    mld_query(&mut messages[3], Ipv6Addr::UNSPECIFIED, 1000, 2, 125);
    for (message, way, extra) in [
        (&messages[0], way(ALL_NODES, 64), Extra::Nothing),
        (&messages[0], way(ALL_NODES, 64), Extra::DestinationOption(0x80)),
        (&messages[1], way(group, 255), Extra::Nothing),
        (&messages[1], way(target, 255), Extra::Nothing),
        // RFC 6085: a group's packet in a frame for one station
        (&messages[1], Ipv6Way { destination_mac: THEIRS, ..way(group, 255) }, Extra::Nothing),
        (&messages[2], way(target, 255), Extra::Nothing),
        (&messages[3], way(ALL_NODES, 1), Extra::RouterAlert),
    ] {
        icmpv6_frame(frame, &way, extra, message)?;
        print(frame);
    }
    let class = dhcpv6_texts(&[b"class"])?;
    let options = [
        Dhcpv6Option::ClientId(Duid::LinkLayer(OURS)),
        Dhcpv6Option::OptionRequest(&[[0, 23], [0, 24]]),
        Dhcpv6Option::VendorClass { pen: Pen(8072), classes: Texts::new(&class) },
    ];
    let mut payload = vec![];
    emit_dhcpv6(&mut payload, 1, 7, &options)?;
    let servers = Ipv6Addr::from([0xff02, 0, 0, 0, 0, 0, 1, 2]);
    udp6_frame(frame, &way(servers, 1), 546, 547, &payload)?;
    print(frame);
    payload.clear();
    emit_ssdp_question(&mut payload, target.into(), "upnp:rootdevice");
    udp6_frame(frame, &way(target, 64), 40_000, SSDP_PORT, &payload)?;
    print(frame);
    payload.clear();
    let reverse = dns::reverse_name(target.into());
    let asked = [(dns::SERVICES, dns::kind::PTR), (&reverse, dns::kind::PTR)];
    emit_dns_query(&mut payload, 7, &asked, true)?;
    udp6_frame(frame, &way(target, 64), 40_000, dns::MDNS_PORT, &payload)?;
    print(frame);
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
