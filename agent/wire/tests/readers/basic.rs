//! The readers of what every scan asks: Ethernet, ARP, IPv4, ICMP, LLDP and SNMP.

use std::hint::black_box;

use herkomst_ids::MacAddr;
use herkomst_wire::lldp::{LldpToSend, emit_lldp};
use herkomst_wire::snmp::{
    CommunityMessage, MOST_BINDINGS, PduKind, V3Message, emit_discovery_report, emit_response,
    flag, message_version,
};
use herkomst_wire::{
    Arp, EthernetFrame, Icmp, Ipv4Packet, Lldp, UdpDatagram, icmp_echo, protocol, quick_reply,
};

use super::{frame, seal};

/// A whole frame, down to whatever it carries.
pub(crate) fn ethernet(bytes: &[u8]) {
    let quick = quick_reply(bytes, MacAddr([2, 0, 0, 0, 0, 0x0a]));
    frame(bytes);
    let Ok(ethernet) = EthernetFrame::parse(bytes) else { return assert!(quick.is_none()) };
    if let Some((mac, ip)) = quick {
        let arp = Arp::parse(ethernet.payload);
        let arp = arp.expect("what is read the quick way is read the long way too");
        assert_eq!((arp.sender_mac, arp.sender_ip), (mac, ip));
    }
    arp(ethernet.payload);
    lldp(ethernet.payload);
    packet(ethernet.payload);
}

/// ARP: what is read comes back the same.
pub(crate) fn arp(payload: &[u8]) {
    let Ok(arp) = Arp::parse(payload) else { return };
    let mut again = vec![];
    arp.emit(&mut again);
    assert_eq!(again, payload[..28]);
    assert!(!(arp.is_probe() && arp.is_announcement()));
}

/// IPv4 and what is in it, as given and with the checksum that its header should have.
pub(crate) fn ipv4(bytes: &[u8]) {
    packet(bytes);
    let mut sealed = bytes.to_vec();
    let header = sealed.first().map_or(0, |octet| usize::from(octet & 0x0f) * 4);
    if (20..=sealed.len()).contains(&header) {
        seal(&[], &mut sealed[..header], 10);
        packet(&sealed);
    }
}

fn packet(bytes: &[u8]) {
    let Ok(packet) = Ipv4Packet::parse(bytes) else { return };
    assert!(packet.payload.len() < bytes.len());
    match packet.protocol {
        protocol::ICMP => drop(black_box(Icmp::parse(packet.payload))),
        protocol::UDP => {
            let checked = UdpDatagram::parse(packet.payload, packet.source, packet.destination);
            let unchecked = UdpDatagram::parse_without_checksum(packet.payload);
            assert!(checked.is_err() || checked == unchecked);
            unchecked.iter().for_each(|datagram| snmp(datagram.payload));
        }
        _ => {}
    }
}

/// ICMP, as given and with the checksum it should have: then it is read, and an echo comes back the same.
pub(crate) fn icmp(bytes: &[u8]) {
    let _ = black_box(Icmp::parse(bytes));
    let mut message = bytes.to_vec();
    if message.len() < 8 {
        return;
    }
    seal(&[], &mut message, 2);
    let (reply, echo) = match Icmp::parse(&message).expect("the checksum is right") {
        Icmp::EchoRequest(echo) => (false, echo),
        Icmp::EchoReply(echo) => (true, echo),
        _ => return,
    };
    let mut again = vec![];
    icmp_echo(&mut again, reply, echo.id, echo.sequence, echo.payload);
    assert_eq!(again, message);
}

/// LLDP: what is read comes back the same.
pub(crate) fn lldp(payload: &[u8]) {
    let Ok(lldp) = Lldp::parse(payload) else { return };
    let tlvs: Vec<_> = lldp.tlvs().collect();
    assert!(tlvs.len() <= payload.len() / 2);
    let tlvs: Vec<_> = tlvs.into_iter().flatten().collect();
    let (chassis_id, port_id, ttl) = (lldp.chassis_id(), lldp.port_id(), lldp.ttl());
    let mut again = vec![];
    emit_lldp(&mut again, &LldpToSend { chassis_id, port_id, ttl, tlvs: &tlvs })
        .expect("it was read");
    let read = Lldp::parse(&again).expect("it was sent by us");
    assert_eq!((read.chassis_id(), read.port_id(), read.ttl()), (chassis_id, port_id, ttl));
    assert!(read.tlvs().eq(tlvs.into_iter().map(Ok)));
}

/// SNMP of any version.
pub(crate) fn snmp(bytes: &[u8]) {
    snmp_community(bytes);
    snmp_v3(bytes);
}

/// SNMP versions 1 and 2c: what is read comes back the same, whole or made anew from its bindings.
pub(crate) fn snmp_community(bytes: &[u8]) {
    let version = message_version(bytes);
    let Ok(message) = CommunityMessage::parse(bytes) else { return };
    assert_eq!(version, Ok(message.version.number()));
    let mut again = vec![];
    message.emit(&mut again);
    assert_eq!(CommunityMessage::parse(&again).as_ref(), Ok(&message));

    let pdu = &message.pdu;
    assert!(pdu.bindings().count() <= MOST_BINDINGS + 1);
    let list: Vec<_> =
        pdu.bindings().flatten().map(|binding| (binding.name, binding.value)).collect();
    again.clear();
    let (status, index) = (pdu.error_status, pdu.error_index);
    let (version, community) = (message.version, message.community);
    emit_response(&mut again, version, community, pdu.request_id, status, index, &list);
    let read = CommunityMessage::parse(&again).expect("it was sent by us");
    assert_eq!((read.pdu.kind, read.pdu.request_id), (PduKind::Response, pdu.request_id));
    let back: Vec<_> =
        read.pdu.bindings().map(|binding| binding.expect("it was read before")).collect();
    assert!(back.into_iter().map(|binding| (binding.name, binding.value)).eq(list));
}

/// SNMP version 3: a report as ours, made of what was read, says the same engine and clock.
pub(crate) fn snmp_v3(bytes: &[u8]) {
    let Ok(message) = V3Message::parse(bytes) else { return };
    assert_eq!(message_version(bytes), Ok(3));
    assert_eq!(message.scoped.is_none(), message.flags & flag::ENCRYPTED != 0);
    if let Some(scoped) = &message.scoped {
        assert!(scoped.pdu.bindings().count() <= MOST_BINDINGS + 1);
    }
    let usm = message.usm;
    let mut again = vec![];
    emit_discovery_report(&mut again, message.msg_id, 1, usm.engine_id, usm.boots, usm.time, 1);
    let read = V3Message::parse(&again).expect("it was sent by us");
    assert_eq!((read.msg_id, read.usm.engine_id), (message.msg_id, usm.engine_id));
    assert_eq!((read.usm.boots, read.usm.time), (usm.boots, usm.time));
}
