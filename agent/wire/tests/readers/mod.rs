//! Reads all that a parser hands out, to its end, and sends again what can be sent: for the tests over recorded messages and for
//! the fuzz targets, which are the same functions over other bytes.

use std::hint::black_box;
use std::net::Ipv4Addr;

use herkomst_ids::MacAddr;
use herkomst_wire::cdp::{CdpTlv, emit_cdp};
use herkomst_wire::dhcp::emit_dhcp;
use herkomst_wire::dhcpv6::{Dhcpv6Option, emit_dhcpv6, relayed};
use herkomst_wire::dns::{self, DnsData};
use herkomst_wire::edp::emit_edp;
use herkomst_wire::glbp::emit_glbp;
use herkomst_wire::icmpv6::{NdpOption, neighbour_solicitation};
use herkomst_wire::ipv6::{Extension, Extra, next_header};
use herkomst_wire::mndp::emit_mndp;
use herkomst_wire::vrrp::{VRRP_PROTOCOL, is_carp};
use herkomst_wire::{
    Carp, Cdp, Dahua, Dhcp, Dhcpv6, DnsMessage, Edp, EthernetFrame, Glbp, Hsrp, Icmpv6, Ipv4Packet,
    Ipv6Packet, Ipv6Way, Llc, Lldp, Mndp, Sadp, Sonmp, Ssdp, UdpDatagram, Vrrp, WsDiscovery,
    icmpv6_frame, xml,
};

pub(crate) mod basic;

use self::basic::{arp, ethernet, icmp, ipv4, lldp, snmp_community, snmp_v3};

/// A parser with all that it hands out.
pub(crate) type Read = fn(&[u8]);

/// Every reader by the name of its fuzz target.
pub(crate) const ALL: &[(&str, Read)] = &[
    ("ethernet", ethernet),
    ("arp", arp),
    ("ipv4", ipv4),
    ("icmp", icmp),
    ("lldp", lldp),
    ("snmp_community", snmp_community),
    ("snmp_v3", snmp_v3),
    ("ipv6", ipv6),
    ("icmpv6", icmpv6),
    ("llc", llc),
    ("cdp", cdp),
    ("edp", edp),
    ("sonmp", sonmp),
    ("mndp", mndp),
    ("lldp_organisation", lldp_organisation),
    ("dhcp", dhcp),
    ("dhcpv6", dhcpv6),
    ("dns", dns),
    ("ssdp", ssdp),
    ("ws_discovery", ws_discovery),
    ("sadp", sadp),
    ("dahua", dahua),
    ("vrrp", vrrp),
    ("hsrp", hsrp),
    ("glbp", glbp),
];

/// RFC 1071, written once more and slowly, over what comes before and a message whose field at `at` does not count.
fn seal(before: &[u8], message: &mut [u8], at: usize) {
    let Some(field) = message.get_mut(at..at + 2) else { return };
    field.fill(0);
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
    let words = before.chunks(2).chain(message.chunks(2)).map(word);
    let sum = words.fold(0_u32, |mut sum, word| {
        sum += word;
        (sum & 0xffff) + (sum >> 16)
    });
    let sum = !u16::try_from(sum).unwrap_or(0);
    message[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// A packet from its IPv6 header on.
pub(crate) fn ipv6(bytes: &[u8]) {
    let Ok(packet) = Ipv6Packet::parse(bytes) else { return };
    let mut walked = 0;
    for extension in packet.extensions() {
        walked += 1;
        if let Extension::HopByHop(options) | Extension::DestinationOptions(options) = extension {
            assert!(options.iter().count() <= bytes.len());
        }
    }
    assert!(walked <= herkomst_wire::ipv6::MOST_EXTENSIONS);
    assert!(packet.payload.len() + 40 <= bytes.len());
    let _ = black_box(Icmpv6::parse(&packet).map(icmpv6_read));
    let _ = black_box(UdpDatagram::parse_v6(&packet));
    let _ = black_box(Vrrp::parse_v6(&packet).map(|vrrp| vrrp.addresses().count()));
}

/// A message of ICMPv6, with the checksum that it should have, with the hop limit of neighbours and with another.
pub(crate) fn icmpv6(message: &[u8]) {
    let way = |hop_limit, source: [u16; 8]| Ipv6Way {
        source_mac: MacAddr::ZERO,
        destination_mac: MacAddr::ZERO,
        vlan: None,
        source: source.into(),
        destination: [0xff02, 0, 0, 0, 0, 0, 0, 1].into(),
        hop_limit,
    };
    let mut frame = vec![];
    for hop_limit in [255, 1, 64] {
        for source in [[0xfe80, 0, 0, 0, 0, 0, 0, 1], [0; 8], [0xfd00, 0, 0, 0, 0, 0, 0, 1]] {
            let way = way(hop_limit, source);
            if icmpv6_frame(&mut frame, &way, Extra::Nothing, message).is_err() {
                return;
            }
            let packet = Ipv6Packet::parse(&frame[14..]).expect("it was sent by us");
            assert_eq!(packet.protocol, next_header::ICMPV6);
            if let Ok(read) = Icmpv6::parse(&packet) {
                let far = hop_limit == 64;
                let neighbours = matches!(message.first(), Some(130..=136 | 143));
                assert!(!(far && neighbours), "{read:?} from elsewhere");
                icmpv6_read(read);
            }
        }
    }
}

fn icmpv6_read(message: Icmpv6<'_>) {
    match message {
        Icmpv6::RouterSolicitation(options) => drop(options.iter().count()),
        Icmpv6::RouterAdvertisement(router) => {
            for option in router.options.iter() {
                if let NdpOption::NameServers { addresses, .. } = option {
                    assert!(!addresses.is_empty());
                }
            }
        }
        Icmpv6::NeighbourSolicitation(question) => {
            let mut again = vec![];
            neighbour_solicitation(&mut again, question.target, None);
            assert_eq!(again[8..24], question.target.octets());
            question.options.iter().count();
        }
        Icmpv6::NeighbourAdvertisement(answer) => drop(answer.options.iter().count()),
        Icmpv6::ListenerReportV2(report) => drop(report.records().count()),
        _ => {}
    }
}

/// What a frame carries whose type is a length.
pub(crate) fn llc(payload: &[u8]) {
    if let Ok(Llc::Snap { payload: inside, .. }) = Llc::parse(payload) {
        assert_eq!(inside.len() + 8, payload.len());
        [cdp, edp, sonmp].iter().for_each(|read| read(inside));
    }
}

/// CDP and FDP.
pub(crate) fn cdp(payload: &[u8]) {
    let mut sealed = payload.to_vec();
    seal(&[], &mut sealed, 2);
    for payload in [payload, &sealed] {
        let Ok(read) = Cdp::parse(payload) else { continue };
        let tlvs: Vec<_> = read.tlvs().filter_map(Result::ok).collect();
        for tlv in &tlvs {
            if let CdpTlv::Addresses(addresses) | CdpTlv::ManagementAddresses(addresses) = tlv {
                assert!(addresses.ips().count() <= herkomst_wire::cdp::MOST_ADDRESSES);
            }
        }
        let mut again = vec![];
        emit_cdp(&mut again, read.version, read.ttl, &tlvs).expect("it was read");
        let back = Cdp::parse(&again).expect("it was sent by us");
        assert!(back.tlvs().eq(tlvs.into_iter().map(Ok)));
    }
}

/// EDP.
pub(crate) fn edp(payload: &[u8]) {
    let mut sealed = payload.to_vec();
    let length = payload.get(2..4).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
    let covered = length.min(sealed.len());
    seal(&[], &mut sealed[..covered], 4);
    for payload in [payload, &sealed] {
        let Ok(read) = Edp::parse(payload) else { continue };
        let tlvs: Vec<_> = read.tlvs().filter_map(Result::ok).collect();
        let mut again = vec![];
        // a name may come back longer by the octet that ends it
        let mac = read.mac.unwrap_or(MacAddr::ZERO);
        if emit_edp(&mut again, read.sequence, mac, &tlvs).is_ok() {
            let back = Edp::parse(&again).expect("it was sent by us");
            assert!(back.tlvs().eq(tlvs.into_iter().map(Ok)));
        }
    }
}

/// SONMP.
pub(crate) fn sonmp(payload: &[u8]) {
    if let Ok(read) = Sonmp::parse(payload) {
        let mut again = vec![];
        read.emit(&mut again);
        assert_eq!(again, payload[..11]);
    }
}

/// MNDP.
pub(crate) fn mndp(payload: &[u8]) {
    let Ok(read) = Mndp::parse(payload) else { return };
    let tlvs: Vec<_> = read.tlvs().collect();
    let whole = tlvs.iter().all(Result::is_ok);
    let tlvs: Vec<_> = tlvs.into_iter().flatten().collect();
    let mut again = vec![];
    emit_mndp(&mut again, read.sequence, &tlvs).expect("it was read");
    assert!(!whole || again[2..] == payload[2..]);
}

/// What organisations add to LLDP.
pub(crate) fn lldp_organisation(payload: &[u8]) {
    let Ok(lldp) = Lldp::parse(payload) else { return };
    for tlv in lldp.tlvs().flatten() {
        if let Ok(Some(known)) = tlv.organisation() {
            assert!(known.civic_elements().count() <= 255);
        }
    }
}

/// DHCP.
pub(crate) fn dhcp(payload: &[u8]) {
    let Ok(read) = Dhcp::parse(payload) else { return };
    black_box(read.kind());
    let options: Vec<_> = read.options().collect();
    assert!(options.len() <= payload.len());
    let options: Vec<_> = options.into_iter().flatten().collect();
    let mut again = vec![];
    emit_dhcp(&mut again, read.transaction, MacAddr::ZERO, &options).expect("it was read");
    let back = Dhcp::parse(&again).expect("it was sent by us");
    assert!(back.options().take(options.len()).eq(options.iter().map(|option| Ok(*option))));
}

/// DHCPv6, also inside the messages of relays.
pub(crate) fn dhcpv6(payload: &[u8]) {
    let mut inside = payload;
    while let Some(next) = relayed(inside) {
        assert!(next.len() < inside.len());
        inside = next;
    }
    let Ok(read) = Dhcpv6::parse(inside) else { return };
    black_box(read.client());
    let options: Vec<_> = read.options().flatten().collect();
    for option in &options {
        if let Dhcpv6Option::UserClass(texts) | Dhcpv6Option::VendorClass { classes: texts, .. } =
            option
        {
            assert!(texts.iter().count() <= inside.len());
        }
    }
    let mut again = vec![];
    emit_dhcpv6(&mut again, read.kind, read.transaction, &options).expect("it was read");
    let back = Dhcpv6::parse(&again).expect("it was sent by us");
    assert!(back.options().eq(options.into_iter().map(Ok)));
}

/// DNS.
pub(crate) fn dns(payload: &[u8]) {
    let Ok(read) = DnsMessage::parse(payload) else { return };
    for question in read.questions().flatten() {
        assert!(question.name.labels().count() <= dns::MOST_LABELS);
    }
    let mut count = 0;
    for (section, record) in read.records().flatten() {
        assert!(section < 3);
        assert!(record.name.to_string().len() <= 4 * 255);
        count += 1;
        match record.data() {
            Ok(DnsData::Txt(items)) => assert!(items.iter().count() <= payload.len()),
            Ok(DnsData::Srv { target: name, .. } | DnsData::Ptr(name) | DnsData::Cname(name)) => {
                assert!(name.labels().all(|label| !label.is_empty() && label.len() < 64));
            }
            _ => {}
        }
    }
    assert!(count <= dns::MOST_RECORDS);
}

/// SSDP.
pub(crate) fn ssdp(payload: &[u8]) {
    let Ok(read) = Ssdp::parse(payload) else { return };
    black_box((read.server(), read.target(), read.usn(), read.location(), read.is_leaving()));
    assert!(read.head().fields().count() <= herkomst_wire::http::MOST_FIELDS);
}

/// WS-Discovery.
pub(crate) fn ws_discovery(payload: &[u8]) {
    assert!(xml::xml_leaves(payload).count() <= xml::MOST_ELEMENTS);
    let Ok(read) = WsDiscovery::parse(payload) else { return };
    let words = [read.types().count(), read.scopes().count(), read.addresses().count()];
    assert!(words.iter().all(|count| *count <= payload.len()));
    black_box((read.endpoints().count(), read.message_id(), read.relates_to()));
}

/// What cameras of Hikvision answer.
pub(crate) fn sadp(payload: &[u8]) {
    if let Ok(read) = Sadp::parse(payload) {
        black_box(read.field("DeviceSN"));
        assert!(read.fields().count() <= xml::MOST_ELEMENTS);
    }
}

/// What cameras of Dahua answer.
pub(crate) fn dahua(payload: &[u8]) {
    if let Ok(read) = Dahua::parse(payload) {
        let mut again = vec![];
        if read.emit(&mut again).is_ok() {
            assert_eq!(Dahua::parse(&again), Ok(read));
        }
    }
}

/// VRRP and CARP, with the checksum they should have.
pub(crate) fn vrrp(payload: &[u8]) {
    let mut sealed = payload.to_vec();
    seal(&[], &mut sealed, 6);
    for payload in [payload, &sealed] {
        let source = Ipv4Addr::LOCALHOST;
        let packet = Ipv4Packet {
            source,
            destination: source,
            protocol: VRRP_PROTOCOL,
            ttl: 255,
            fragment: false,
            payload,
        };
        let (vrrp, carp) = (Vrrp::parse(&packet), Carp::parse(&packet));
        assert!(vrrp.is_err() || carp.is_err(), "one or the other");
        assert!(carp.is_err() || is_carp(payload));
        let _ = black_box(vrrp.map(|vrrp| (vrrp.mac(), vrrp.addresses().count())));
    }
}

/// HSRP.
pub(crate) fn hsrp(payload: &[u8]) {
    if let Ok(read) = Hsrp::parse(payload) {
        black_box(read.mac());
        let mut again = vec![];
        read.emit(&mut again);
        let back = Hsrp::parse(&again).expect("it was sent by us");
        assert_eq!((back.address, back.group, back.state), (read.address, read.group, read.state));
    }
}

/// GLBP.
pub(crate) fn glbp(payload: &[u8]) {
    let Ok(read) = Glbp::parse(payload) else { return };
    let tlvs: Vec<_> = read.tlvs().flatten().collect();
    let mut again = vec![];
    emit_glbp(&mut again, read.group, read.owner, &tlvs).expect("it was read");
    let back = Glbp::parse(&again).expect("it was sent by us");
    assert!(back.tlvs().eq(tlvs.into_iter().map(Ok)));
}

/// A whole frame, down to whatever it carries.
pub(crate) fn frame(frame: &[u8]) {
    let Ok(ethernet) = EthernetFrame::parse(frame) else { return };
    if ethernet.llc().is_some() {
        return llc(ethernet.payload);
    }
    lldp_organisation(ethernet.payload);
    ipv6(ethernet.payload);
}
