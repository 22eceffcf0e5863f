//! What is made of frames: of recorded ones (`recorded.rs`), and here of those that somebody made up.

mod recorded;
mod strangers;

use herkomst_model::{
    Answer, Capabilities, ChassisKey, DhcpClient, DhcpServer, LldpNeighbour, Relay, Router,
    VirtualRouter,
};
use herkomst_wire::dhcp::{DhcpKind, DhcpOption, emit_dhcp};
use herkomst_wire::ipv6::{Extra, solicited_node};
use herkomst_wire::{
    ArpOperation, Ipv6Way, emit_ethernet, icmpv6, icmpv6_frame, snap_frame, udp_frame, udp6_frame,
};

use super::*;

const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const STATION: MacAddr = MacAddr([0x00, 0xe0, 0xfc, 0, 0, 9]);
const ALL: fn() -> Keep = || Keep::AllBut(Box::new(|_| false));

fn take(heard: &mut Heard, frame: &[u8]) -> Fit {
    let frame = EthernetFrame::parse(frame).unwrap();
    heard.handle_input(Instant::now(), Input::Frame { frame: &frame, vlan: frame.vlan })
}

fn told(heard: &mut Heard) -> Vec<Seen> {
    std::iter::from_fn(|| heard.poll_observation()).collect()
}

fn facts(heard: &mut Heard) -> Vec<(About, Fact)> {
    let facts = told(heard).into_iter().map(|seen| match seen.answer {
        Answer::Is(fact) => (seen.about, fact),
        other => panic!("{other:?}"),
    });
    facts.collect()
}

fn ethernet(kind: u16, source: MacAddr, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    emit_ethernet(&mut frame, MacAddr::BROADCAST, source, None, kind);
    frame.extend_from_slice(payload);
    frame
}

fn lldp_frame(source: MacAddr, name: &str) -> Vec<u8> {
    let [a, b, c, d, e, f] = source.octets();
    let mut bytes = vec![0x02, 0x07, 0x04, a, b, c, d, e, f];
    bytes.extend([0x04, 0x04, 0x05, b'g', b'e', b'1', 0x06, 0x02, 0, 120]);
    bytes.extend([0x0a, u8::try_from(name.len()).unwrap()]);
    bytes.extend(name.as_bytes());
    bytes.extend([0x0e, 0x04, 0, 0x14, 0, 0x10]);
    bytes.extend([0x10, 12, 5, 1, 10, 0, 0, 9, 2, 0, 0, 0, 1, 0]);
    bytes.extend([0, 0]);
    ethernet(ether_type::LLDP, source, &bytes)
}

fn arp_frame(sender_ip: [u8; 4], target_ip: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Arp {
        operation: ArpOperation::Request,
        sender_mac: STATION,
        sender_ip: sender_ip.into(),
        target_mac: MacAddr::ZERO,
        target_ip: target_ip.into(),
    }
    .emit(&mut bytes);
    ethernet(ether_type::ARP, STATION, &bytes)
}

fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let socket = |(ip, port): ([u8; 4], u16)| std::net::SocketAddrV4::new(ip.into(), port);
    udp_frame(&mut frame, STATION, MacAddr::BROADCAST, None, socket(from), socket(to), payload)
        .unwrap();
    frame
}

fn way(source: &str, destination: &str) -> Ipv6Way {
    Ipv6Way {
        source_mac: STATION,
        destination_mac: MacAddr::BROADCAST,
        vlan: None,
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        hop_limit: 255,
    }
}

fn asks(source: &str, target: &str, mac: Option<MacAddr>) -> Vec<u8> {
    let target = target.parse().unwrap();
    let (mut message, mut frame) = (vec![], vec![]);
    icmpv6::neighbour_solicitation(&mut message, target, mac);
    let way = way(source, &solicited_node(target).to_string());
    icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
    frame
}

fn at(address: &str) -> About {
    About::Address(address.parse().unwrap())
}

#[test]
fn an_announcement_is_kept_once_with_what_it_says() {
    let mut heard = Heard::new(OURS, Keep::None);
    for _ in 0..3 {
        assert_eq!(take(&mut heard, &lldp_frame(STATION, "sw1")), Fit::Taken);
    }
    let [(About::Station(STATION), Fact::Lldp(found))] = &facts(&mut heard)[..] else { panic!() };
    assert_eq!(found.chassis, ChassisKey::Mac(STATION));
    assert_eq!(found.system_name, Some("sw1".into()));
    assert_eq!(found.capabilities, Some(Capabilities { supported: 0x14, enabled: 0x10 }));
    assert_eq!(found.management, [IpAddr::from([10, 0, 0, 9])]);
    let (_, counted) = heard.counts().find(|(method, _)| *method == Method::Lldp).unwrap();
    assert_eq!(counted, Counted { frames: 3, malformed: 0, kept: 1, overflow: 0 });
}

#[test]
fn what_changes_is_heard_again_and_what_changes_back_is_known() {
    let mut heard = Heard::new(OURS, Keep::None);
    for name in ["sw1", "sw2", "sw1", "sw2"] {
        assert_eq!(take(&mut heard, &lldp_frame(STATION, name)), Fit::Taken);
    }
    let names: Vec<_> = facts(&mut heard)
        .into_iter()
        .map(|(_, fact)| match fact {
            Fact::Lldp(LldpNeighbour { system_name, .. }) => system_name.unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["sw1".into(), "sw2".into()]);
}

#[test]
fn a_goodbye_says_nothing() {
    let mut heard = Heard::new(OURS, Keep::None);
    let mut frame = lldp_frame(STATION, "sw1");
    frame[32] = 0; // the TTL
    assert_eq!(take(&mut heard, &frame), Fit::Taken);
    assert_eq!(told(&mut heard), []);
}

#[test]
fn one_station_in_two_vlans_is_heard_in_both() {
    let mut heard = Heard::new(OURS, ALL());
    for frame in [lldp_frame(STATION, "sw1"), arp_frame([10, 0, 0, 6], [10, 0, 0, 1])] {
        let frame = EthernetFrame::parse(&frame).unwrap();
        for vlan in [Some(10), Some(20), Some(10)] {
            assert_eq!(heard.hear(&frame, vlan, false), Fit::Taken);
        }
        let vlans: Vec<_> = told(&mut heard).iter().map(|seen| seen.vlan).collect();
        assert_eq!(vlans, [Some(10), Some(20)]);
    }
}

#[test]
fn our_own_frames_and_those_of_groups_do_not_count() {
    let mut heard = Heard::new(OURS, ALL());
    for source in [OURS, MacAddr([3, 0, 0, 0, 0, 1]), MacAddr::ZERO] {
        assert_eq!(take(&mut heard, &lldp_frame(source, "sw1")), Fit::NotMine);
    }
    assert_eq!(told(&mut heard), []);
}

#[test]
fn only_what_is_listened_to_is_heard() {
    let mut heard = Heard::new(OURS, ALL()).only(&[Method::Arp]);
    assert_eq!(take(&mut heard, &lldp_frame(STATION, "sw1")), Fit::NotMine);
    assert_eq!(take(&mut heard, &arp_frame([10, 0, 0, 6], [10, 0, 0, 1])), Fit::Taken);
    assert_eq!(told(&mut heard).len(), 1);
}

#[test]
fn stations_are_kept_as_asked_for() {
    let excluded = IpAddr::from([10, 0, 0, 5]);
    let mut heard = Heard::new(OURS, Keep::AllBut(Box::new(move |ip| ip == excluded)));
    let other = [10, 0, 0, 1];
    assert_eq!(take(&mut heard, &arp_frame([10, 0, 0, 5], other)), Fit::NotMine);
    assert_eq!(take(&mut heard, &arp_frame([0, 0, 0, 0], [10, 0, 0, 5])), Fit::NotMine);
    assert_eq!(take(&mut heard, &arp_frame([10, 0, 0, 6], other)), Fit::Taken);
    let mac = STATION;
    assert_eq!(facts(&mut heard), [(at("10.0.0.6"), Fact::Neighbour { mac })]);
    let mut heard = Heard::new(OURS, Keep::None);
    assert_eq!(take(&mut heard, &arp_frame([10, 0, 0, 6], other)), Fit::NotMine);
    assert_eq!(told(&mut heard), []);
}

#[test]
fn a_probe_tells_of_a_station_without_an_address_once() {
    let mut heard = Heard::new(OURS, ALL());
    for target in [[10, 0, 0, 7], [10, 0, 0, 8]] {
        assert_eq!(take(&mut heard, &arp_frame([0, 0, 0, 0], target)), Fit::Taken);
    }
    let wants = Some(IpAddr::from([10, 0, 0, 7]));
    assert_eq!(facts(&mut heard), [(About::Station(STATION), Fact::Spoke { wants })]);
}

#[test]
fn addresses_of_ipv6_obey_what_is_asked_for_too() {
    let excluded: IpAddr = "fd00::5".parse().unwrap();
    let mut heard = Heard::new(OURS, Keep::AllBut(Box::new(move |ip| ip == excluded)));
    let mac = Some(STATION);
    assert_eq!(take(&mut heard, &asks("fd00::5", "fd00::1", mac)), Fit::NotMine);
    assert_eq!(take(&mut heard, &asks("::", "fd00::5", None)), Fit::NotMine);
    assert_eq!(told(&mut heard), []);
    // a station asks for its own address before it has one, and is heard with it afterwards
    assert_eq!(take(&mut heard, &asks("::", "fd00::6", None)), Fit::Taken);
    assert_eq!(take(&mut heard, &asks("fd00::6", "fd00::1", mac)), Fit::Taken);
    assert_eq!(take(&mut heard, &asks("fd00::6", "fd00::2", mac)), Fit::Taken);
    let wants = Some("fd00::6".parse().unwrap());
    assert_eq!(
        facts(&mut heard),
        [
            (About::Station(STATION), Fact::Spoke { wants }),
            (at("fd00::6"), Fact::Neighbour { mac: STATION })
        ]
    );
    let mut heard = Heard::new(OURS, Keep::Only(Box::new(move |ip| ip == excluded)));
    assert_eq!(take(&mut heard, &asks("fd00::6", "fd00::1", mac)), Fit::NotMine);
    assert_eq!(take(&mut heard, &asks("fd00::5", "fd00::1", mac)), Fit::Taken);
    assert_eq!(facts(&mut heard), [(at("fd00::5"), Fact::Neighbour { mac: STATION })]);
}

#[test]
fn a_redirect_and_discovery_from_beyond_a_router_tell_nothing() {
    let mut heard = Heard::new(OURS, ALL());
    let mut redirect = vec![137, 0, 0, 0, 0, 0, 0, 0];
    redirect.extend([0xfd; 32]);
    redirect.extend([2, 1, 2, 0, 0, 0, 0, 9]);
    let mut frame = vec![];
    icmpv6_frame(&mut frame, &way("fe80::1", "fd00::6"), Extra::Nothing, &redirect).unwrap();
    assert_eq!(take(&mut heard, &frame), Fit::NotMine);
    let mut message = vec![];
    icmpv6::neighbour_advertisement(&mut message, "fd00::6".parse().unwrap(), false, false, None);
    let far = Ipv6Way { hop_limit: 254, ..way("fd00::6", "ff02::1") };
    icmpv6_frame(&mut frame, &far, Extra::Nothing, &message).unwrap();
    assert_eq!(take(&mut heard, &frame), Fit::Ignored);
    assert_eq!(told(&mut heard), []);
}

#[test]
fn lifetimes_that_run_down_are_no_news_and_another_prefix_is() {
    let mut heard = Heard::new(OURS, ALL());
    let mut advertise = |lifetime: u16, valid: u32, prefix: u8| {
        let mut message = vec![134, 0, 0, 0, 64, 0x80];
        message.extend(lifetime.to_be_bytes());
        message.extend([0; 8]);
        message.extend([3, 4, 64, 0xc0]);
        message.extend(valid.to_be_bytes());
        message.extend([0; 8]);
        message.extend([0xfd, prefix]);
        message.extend([0x77; 14]);
        let mut frame = vec![];
        let way = way("fe80::9", "ff02::1");
        icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
        assert_eq!(take(&mut heard, &frame), Fit::Taken);
        facts(&mut heard)
    };
    let first = advertise(1800, 86_400, 1);
    let [(_, Fact::Neighbour { mac: STATION }), (about, Fact::Router(router))] = &first[..] else {
        panic!("{first:?}")
    };
    assert_eq!(*about, at("fe80::9"));
    assert!(router.managed && !router.other);
    let prefix = router.prefixes[0];
    assert_eq!((prefix.address.to_string().as_str(), prefix.length), ("fd01:7777:7777:7777::", 64));
    assert_eq!(advertise(1700, 86_300, 1), []);
    assert_eq!(advertise(1600, 86_200, 2).len(), 1);
    assert_eq!(advertise(0, 86_200, 2).len(), 1, "it no longer is a default router");
}

#[test]
fn a_checksum_that_is_pending_is_not_looked_at() {
    let mut heard = Heard::new(OURS, ALL());
    let mut frame = udp(([10, 0, 0, 6], 5678), ([255; 4], 5678), b"\0\0\0\x01\0\x05\0\x03lab");
    frame[40] ^= 0xff;
    assert_eq!(take(&mut heard, &frame), Fit::Ignored);
    let frame = EthernetFrame::parse(&frame).unwrap();
    assert_eq!(heard.hear(&frame, None, true), Fit::Taken);
    assert_eq!(told(&mut heard).len(), 2);
}

#[test]
fn what_is_sent_to_us_alone_is_for_whoever_asked() {
    let mut heard = Heard::new(OURS, ALL());
    let mut frame = udp(([10, 0, 0, 6], 1900), ([10, 0, 0, 1], 40_000), b"HTTP/1.1 200 OK\r\n");
    frame[..6].copy_from_slice(&OURS.octets());
    assert_eq!(take(&mut heard, &frame), Fit::NotMine);
}

#[test]
fn nobody_is_joined_to_an_address_that_may_be_behind_a_router() {
    let mut heard = Heard::new(OURS, ALL());
    let notify = b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nSERVER: Lab/1\r\n\r\n";
    let group = ([239, 255, 255, 250], 1900);
    assert_eq!(take(&mut heard, &udp(([10, 9, 0, 6], 1900), group, notify)), Fit::Taken);
    let told = facts(&mut heard);
    assert!(matches!(&told[..], [(about, Fact::Announced(_))] if *about == at("10.9.0.6")));
}

#[test]
fn a_client_of_dhcp_is_kept_as_its_addresses_are_wanted() {
    let request = |requested: [u8; 4]| {
        let mut payload = vec![];
        let options = [
            DhcpOption::Kind(DhcpKind::Request),
            DhcpOption::RequestedIp(requested.into()),
            DhcpOption::Other { kind: 82, value: b"\x01\x02ab" },
        ];
        emit_dhcp(&mut payload, 7, STATION, &options).unwrap();
        udp(([0; 4], 68), ([255; 4], 67), &payload)
    };
    let listed = IpAddr::from([10, 0, 0, 5]);
    let mut heard = Heard::new(OURS, Keep::Only(Box::new(move |ip| ip == listed)));
    assert_eq!(take(&mut heard, &request([10, 0, 0, 6])), Fit::NotMine);
    assert_eq!(take(&mut heard, &request([10, 0, 0, 5])), Fit::Taken);
    let told = facts(&mut heard);
    let [(About::Station(STATION), Fact::DhcpClient(client))] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(client.requested, Some(listed));
    let circuit = Some(b"ab"[..].into());
    assert_eq!(client.relay, Some(Relay { circuit, ..Relay::default() }));
    let mut heard = Heard::new(OURS, Keep::None);
    assert_eq!(take(&mut heard, &request([10, 0, 0, 5])), Fit::NotMine);
}

#[test]
fn a_client_behind_a_relay_is_known_by_the_address_it_made() {
    let inside = recorded::payload("dhcpv6", 0);
    let relayed = |peer: &str| {
        let mut relay = vec![12, 0];
        relay.extend("fd00:9::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        relay.extend(peer.parse::<std::net::Ipv6Addr>().unwrap().octets());
        relay.extend([0, 18, 0, 3, b'g', b'e', b'1', 0, 9]);
        relay.extend(u16::try_from(inside.len()).unwrap().to_be_bytes());
        relay.extend(&inside);
        let mut frame = vec![];
        udp6_frame(&mut frame, &way("fd00:9::1", "fd00::53"), 547, 547, &relay).unwrap();
        frame
    };
    let mut heard = Heard::new(OURS, ALL());
    assert_eq!(take(&mut heard, &relayed("fe80::2e0:fcff:fe00:9")), Fit::Taken);
    let told = facts(&mut heard);
    let [(About::Station(STATION), Fact::DhcpClient(client))] = &told[..] else {
        panic!("{told:?}")
    };
    let relay = client.relay.as_ref().unwrap();
    assert_eq!(relay.address, "fd00:9::1".parse().ok());
    assert_eq!(relay.circuit.as_deref(), Some(&b"ge1"[..]));
    assert_eq!(take(&mut heard, &relayed("fe80::1")), Fit::Taken);
    assert_eq!(told_len(&mut heard), 0, "a DUID alone names no station");
}

fn told_len(heard: &mut Heard) -> usize {
    told(heard).len()
}

#[test]
fn excluded_addresses_are_left_out_of_a_group_of_routers() {
    let excluded = IpAddr::from([10, 0, 0, 100]);
    let mut heard = Heard::new(OURS, Keep::AllBut(Box::new(move |ip| ip == excluded)));
    let hello = herkomst_wire::Hsrp {
        version: 1,
        operation: 0,
        state: 16,
        priority: 110,
        group: 5,
        router: None,
        address: excluded,
    };
    let mut payload = vec![];
    hello.emit(&mut payload);
    let frame = udp(([10, 0, 0, 2], 1985), ([224, 0, 0, 2], 1985), &payload);
    assert_eq!(take(&mut heard, &frame), Fit::Taken);
    let told = facts(&mut heard);
    let [(about, Fact::VirtualRouter(router))] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*about, router.addresses.len()), (at("10.0.0.2"), 0));
    assert_eq!(router.macs, [MacAddr([0, 0, 0x0c, 7, 0xac, 5])]);
    // from beyond the segment it is nobody's word
    let frame = udp(([10, 0, 0, 2], 1985), ([10, 0, 0, 9], 1985), &payload);
    assert_eq!(take(&mut heard, &frame), Fit::NotMine);
}
