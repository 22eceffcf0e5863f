//! Whole frames, down to whatever they carry.
#![no_main]

use herkomst_ids::MacAddr;
use herkomst_wire::snmp::{CommunityMessage, V3Message};
use herkomst_wire::{Arp, EthernetFrame, Icmp, Ipv4Packet, Lldp, UdpDatagram, quick_reply};

libfuzzer_sys::fuzz_target!(|frame: &[u8]| {
    let quick = quick_reply(frame, MacAddr([2, 0, 0, 0, 0, 0x0a]));
    let Ok(ethernet) = EthernetFrame::parse(frame) else { return assert!(quick.is_none()) };
    let arp = Arp::parse(ethernet.payload);
    if let Some((mac, ip)) = quick {
        let arp = arp.expect("what is read the quick way is read the long way too");
        assert_eq!((arp.sender_mac, arp.sender_ip), (mac, ip));
    }
    if let Ok(lldp) = Lldp::parse(ethernet.payload) {
        lldp.tlvs().count();
    }
    let Ok(packet) = Ipv4Packet::parse(ethernet.payload) else { return };
    let _ = Icmp::parse(packet.payload);
    if let Ok(datagram) = UdpDatagram::parse(packet.payload, packet.source, packet.destination) {
        let _ =
            CommunityMessage::parse(datagram.payload).map(|message| message.pdu.bindings().count());
        let _ = V3Message::parse(datagram.payload);
    }
});
