//! Every program runs in the kernel itself, on frames made by hand.

use super::*;
use crate::filter::tests::passes;

const OURS: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 0x0a]);
const PORT: u16 = 40_161;

fn frame(to: MacAddr, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = to.octets().to_vec();
    frame.extend([0x02, 0, 0, 0, 0, 0x0b]);
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

fn tagged(tag: u16, mut frame: Vec<u8>) -> Vec<u8> {
    let tag = [tag.to_be_bytes(), [0, 7]].concat();
    frame.splice(12..12, tag);
    frame
}

/// An IPv4 header with `options` words of options, and a UDP header after it.
fn datagram(options: u8, protocol: u8, fragment: u16, port: u16) -> Vec<u8> {
    let mut packet = vec![0; 20 + 4 * usize::from(options)];
    packet[0] = 0x45 + options;
    packet[6..8].copy_from_slice(&fragment.to_be_bytes());
    packet[9] = protocol;
    packet.extend([161u16, port, 8, 0].iter().flat_map(|word| word.to_be_bytes()));
    packet
}

/// An ICMP message that quotes a datagram from this port.
fn refusal(kind: u8, quoted_protocol: u8, quoted_port: u16) -> Vec<u8> {
    let mut packet = datagram(0, 1, 0, 0);
    packet.truncate(20);
    packet.extend([kind, 3, 0, 0, 0, 0, 0, 0]);
    let mut quoted = datagram(0, quoted_protocol, 0, 161);
    quoted[20..22].copy_from_slice(&quoted_port.to_be_bytes());
    packet.extend(quoted);
    packet
}

#[test]
fn discovery_passes_what_it_is_for() {
    let filter = Filter::discovery(OURS, Some(PORT));
    let wanted = [
        ("ARP", frame(MacAddr::BROADCAST, 0x0806, &[0; 28])),
        ("LLDP", frame(MacAddr([1, 0x80, 0xc2, 0, 0, 0x0e]), 0x88cc, &[2, 7, 4])),
        ("UDP", frame(OURS, 0x0800, &datagram(0, 17, 0, PORT))),
        ("UDP after options", frame(OURS, 0x0800, &datagram(10, 17, 0, PORT))),
        ("refusal of a datagram of ours", frame(OURS, 0x0800, &refusal(3, 17, PORT))),
        ("UDP that must not be fragmented", frame(OURS, 0x0800, &datagram(0, 17, 0x4000, PORT))),
    ];
    for (name, frame) in wanted {
        assert!(passes(&filter, &frame), "{name}");
        assert!(passes(&filter, &tagged(0x8100, frame.clone())), "tagged {name}");
        assert!(passes(&filter, &tagged(0x88a8, frame)), "service-tagged {name}");
    }
}

#[test]
fn discovery_drops_the_rest() {
    let filter = Filter::discovery(OURS, Some(PORT));
    let other = MacAddr([0x02, 0, 0, 0, 0, 0x0c]);
    let mut version_six = datagram(0, 17, 0, PORT);
    version_six[0] = 0x65;
    let unwanted = [
        ("another port", frame(OURS, 0x0800, &datagram(0, 17, 0, PORT + 1))),
        ("our port as the source", {
            let mut packet = datagram(0, 17, 0, 161);
            packet[20..22].copy_from_slice(&PORT.to_be_bytes());
            frame(OURS, 0x0800, &packet)
        }),
        ("another station", frame(other, 0x0800, &datagram(0, 17, 0, PORT))),
        ("broadcast", frame(MacAddr::BROADCAST, 0x0800, &datagram(0, 17, 0, PORT))),
        ("TCP", frame(OURS, 0x0800, &datagram(0, 6, 0, PORT))),
        ("ICMP", frame(OURS, 0x0800, &datagram(0, 1, 0, PORT))),
        ("an echo reply", frame(OURS, 0x0800, &refusal(0, 17, PORT))),
        ("refusal of TCP", frame(OURS, 0x0800, &refusal(3, 6, PORT))),
        ("refusal of another port's datagram", frame(OURS, 0x0800, &refusal(3, 17, PORT + 1))),
        ("a refusal cut short", frame(OURS, 0x0800, &refusal(3, 17, PORT)[..45])),
        ("a first fragment", frame(OURS, 0x0800, &datagram(0, 17, 0x2000, PORT))),
        ("a last fragment", frame(OURS, 0x0800, &datagram(0, 17, 1, PORT))),
        ("version 4 under the EtherType of 6", frame(OURS, 0x86dd, &datagram(0, 17, 0, PORT))),
        ("version 6 under the EtherType of 4", frame(OURS, 0x0800, &version_six)),
        ("a header cut short", frame(OURS, 0x0800, &datagram(0, 17, 0, PORT)[..22])),
        ("an EtherType cut short", vec![0; 13]),
        ("one octet", vec![0]),
    ];
    for (name, frame) in unwanted {
        assert!(!passes(&filter, &frame), "{name}");
        if frame.len() >= 14 {
            assert!(!passes(&filter, &tagged(0x8100, frame)), "tagged {name}");
        }
    }
    let arp = frame(MacAddr::BROADCAST, 0x0806, &[0; 28]);
    assert!(!passes(&filter, &tagged(0x8100, tagged(0x8100, arp))), "two tags");
}

#[test]
fn without_a_port_no_datagram_passes() {
    let filter = Filter::discovery(OURS, None);
    assert!(passes(&filter, &frame(MacAddr::BROADCAST, 0x0806, &[0; 28])));
    assert!(!passes(&filter, &frame(OURS, 0x0800, &datagram(0, 17, 0, 0))));
    assert!(!passes(&filter, &tagged(0x8100, frame(OURS, 0x0800, &datagram(0, 17, 0, PORT)))));
}

const ALL_NODES: MacAddr = MacAddr([0x33, 0x33, 0, 0, 0, 1]);
const SOLICITED: MacAddr = MacAddr([0x33, 0x33, 0xff, 1, 2, 3]);

/// An IPv6 header with this next header, and what follows.
fn six(next: u8, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 40];
    (packet[0], packet[6], packet[7]) = (0x60, next, 255);
    packet[4..6].copy_from_slice(&(rest.len() as u16).to_be_bytes());
    packet.extend(rest);
    packet
}

fn udp(port: u16) -> Vec<u8> {
    [4000u16, port, 8, 0].iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An ICMPv6 message that quotes a datagram from this port.
fn refusal_v6(kind: u8, quoted: u8, port: u16) -> Vec<u8> {
    let ports = [port, 161, 8, 0].iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    six(58, &[&[kind, 4, 0, 0, 0, 0, 0, 0][..], &six(quoted, &ports)].concat())
}

/// Behind hop-by-hop options of so many units of eight octets.
fn listener_report(units: u8, kind: u8) -> Vec<u8> {
    let mut options = vec![0; usize::from(units) * 8];
    (options[0], options[1]) = (58, units - 1);
    options.push(kind);
    six(0, &options)
}

/// A fragment of a datagram over IPv6 (RFC 8200, 4.5).
fn piece(offset: u16, port: u16) -> Vec<u8> {
    let [high, low] = (offset << 3 | 1).to_be_bytes();
    six(44, &[&[17, 0, high, low, 0, 0, 0, 9][..], &udp(port)].concat())
}

fn snap(oui: [u8; 3], protocol: u16) -> Vec<u8> {
    let payload = [&[0xaa, 0xaa, 3][..], &oui, &protocol.to_be_bytes(), &[0; 30]].concat();
    frame(MacAddr([1, 0, 0x0c, 0xcc, 0xcc, 0xcc]), payload.len() as u16, &payload)
}

#[test]
fn discovery_passes_the_answers_of_ipv6_to_us_all_nodes_and_solicited_groups() {
    let filter = Filter::discovery(OURS, Some(PORT));
    for to in [OURS, ALL_NODES, SOLICITED] {
        for (name, packet) in [
            ("UDP", six(17, &udp(PORT))),
            ("an echo reply", six(58, &[129, 0])),
            ("an advertisement of a router", six(58, &[134, 0])),
            ("an advertisement of a neighbour", six(58, &[136, 0])),
            ("a parameter problem", six(58, &[4, 2])),
            ("a refusal of a datagram of ours", refusal_v6(1, 17, PORT)),
        ] {
            let frame = frame(to, 0x86dd, &packet);
            assert!(passes(&filter, &frame), "{name} to {to}");
            assert!(passes(&filter, &tagged(0x88a8, frame)), "tagged {name} to {to}");
        }
    }
}

#[test]
fn discovery_drops_the_rest_of_ipv6() {
    let filter = Filter::discovery(OURS, Some(PORT));
    let mut version_four = six(17, &udp(PORT));
    version_four[0] = 0x45;
    for (name, frame) in [
        ("another port", frame(OURS, 0x86dd, &six(17, &udp(PORT + 1)))),
        ("another station", frame(MacAddr([2, 0, 0, 0, 0, 9]), 0x86dd, &six(17, &udp(PORT)))),
        ("another group", frame(MacAddr([0x33, 0x33, 0, 0, 0, 2]), 0x86dd, &six(58, &[136]))),
        ("TCP", frame(OURS, 0x86dd, &six(6, &udp(PORT)))),
        ("a solicitation", frame(SOLICITED, 0x86dd, &six(58, &[135, 0]))),
        ("an echo request", frame(OURS, 0x86dd, &six(58, &[128, 0]))),
        ("a refusal of TCP", frame(OURS, 0x86dd, &refusal_v6(1, 6, PORT))),
        ("a refusal of another's", frame(OURS, 0x86dd, &refusal_v6(1, 17, PORT + 1))),
        ("too big", frame(OURS, 0x86dd, &refusal_v6(2, 17, PORT))),
        ("a refusal cut short", frame(OURS, 0x86dd, &refusal_v6(1, 17, PORT)[..89])),
        ("a fragment", frame(OURS, 0x86dd, &piece(0, PORT))),
        ("version 4", frame(OURS, 0x86dd, &version_four)),
        ("VRRP", frame(OURS, 0x86dd, &six(112, &[0; 8]))),
        ("mDNS", frame(OURS, 0x86dd, &six(17, &udp(5353)))),
        ("a listener report", frame(OURS, 0x86dd, &listener_report(1, 143))),
        ("CDP", snap([0, 0, 0x0c], 0x2000)),
    ] {
        assert!(!passes(&filter, &frame), "{name}");
        assert!(!passes(&filter, &tagged(0x8100, frame)), "tagged {name}");
    }
}

/// What stations say to anybody, by name.
fn said_to_anybody() -> Vec<(String, Vec<u8>)> {
    let anybody = MacAddr([1, 0, 0x5e, 0, 0, 1]);
    let mut said: Vec<(String, Vec<u8>)> = vec![
        ("ARP".to_owned(), frame(MacAddr::BROADCAST, 0x0806, &[0; 28])),
        ("LLDP".to_owned(), frame(MacAddr([1, 0x80, 0xc2, 0, 0, 3]), 0x88cc, &[2, 7, 4])),
        ("CDP".to_owned(), snap([0, 0, 0x0c], 0x2000)),
        ("FDP".to_owned(), snap([0, 0xe0, 0x52], 0x2000)),
        ("EDP".to_owned(), snap([0, 0xe0, 0x2b], 0x00bb)),
        ("SONMP".to_owned(), snap([0, 0, 0x81], 0x01a2)),
        ("flat SONMP".to_owned(), snap([0, 0, 0x81], 0x01a1)),
        ("VRRP".to_owned(), frame(anybody, 0x0800, &datagram(0, 112, 0, 0))),
        ("VRRP over IPv6".to_owned(), frame(anybody, 0x86dd, &six(112, &[0; 8]))),
    ];
    for port in [67, 68, 5353, 1900, 3702, 5678, 37020, 37810, 1985, 3222, 2029] {
        for options in [0, 10] {
            let packet = datagram(options, 17, 0, port);
            said.push((format!("UDP {port}"), frame(anybody, 0x0800, &packet)));
        }
    }
    for port in [546, 547, 5353, 1900, 3702, 2029, 5678] {
        let packet = six(17, &udp(port));
        said.push((format!("UDP {port} over IPv6"), frame(anybody, 0x86dd, &packet)));
    }
    for kind in 133..=137 {
        said.push((format!("ICMPv6 {kind}"), frame(ALL_NODES, 0x86dd, &six(58, &[kind]))));
    }
    for kind in [130, 131, 132, 143] {
        for units in [1, 2, 32] {
            let packet = listener_report(units, kind);
            said.push((format!("MLD {kind}, {units}"), frame(ALL_NODES, 0x86dd, &packet)));
        }
    }
    said
}

#[test]
fn a_listener_hears_what_is_said_to_anybody() {
    for port in [None, Some(PORT)] {
        let filter = Filter::listening(OURS, port, Fragments::Dropped);
        for (name, frame) in said_to_anybody() {
            assert!(passes(&filter, &frame), "{name}");
            for tag in [0x8100, 0x88a8, 0x9100] {
                assert!(passes(&filter, &tagged(tag, frame.clone())), "{name} in {tag:#x}");
            }
        }
    }
    let discovery = Filter::discovery(OURS, Some(PORT));
    let to_all = ["ARP", "LLDP", "ICMPv6 134", "ICMPv6 136"];
    for (name, frame) in said_to_anybody() {
        assert_eq!(passes(&discovery, &frame), to_all.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn a_listener_hears_the_answers_to_its_own_questions_alone() {
    let (asks, silent) = (
        Filter::listening(OURS, Some(PORT), Fragments::FirstPassed),
        Filter::listening(OURS, None, Fragments::FirstPassed),
    );
    for (name, frame) in [
        ("UDP", frame(OURS, 0x0800, &datagram(3, 17, 0, PORT))),
        ("a refusal", frame(OURS, 0x0800, &refusal(3, 17, PORT))),
        ("UDP over IPv6", frame(OURS, 0x86dd, &six(17, &udp(PORT)))),
        ("a refusal over IPv6", frame(OURS, 0x86dd, &refusal_v6(1, 17, PORT))),
        ("an echo reply", frame(OURS, 0x86dd, &six(58, &[129, 0]))),
    ] {
        assert!(passes(&asks, &frame), "{name}");
        assert!(passes(&asks, &tagged(0x8100, frame.clone())), "tagged {name}");
        assert!(!passes(&silent, &frame), "{name}");
    }
}

#[test]
fn a_listener_drops_the_rest() {
    let filter = Filter::listening(OURS, Some(PORT), Fragments::Dropped);
    let anybody = MacAddr([1, 0, 0x5e, 0, 0, 1]);
    for (name, frame) in [
        ("EAPOL", frame(MacAddr([1, 0x80, 0xc2, 0, 0, 3]), 0x888e, &[0; 46])),
        ("spanning tree", frame(MacAddr([1, 0x80, 0xc2, 0, 0, 0]), 38, &[0x42; 46])),
        ("VTP", snap([0, 0, 0x0c], 0x2003)),
        ("another organisation", snap([0, 0, 0x0d], 0x2000)),
        ("an organisation alike", snap([1, 0, 0x0c], 0x2000)),
        ("a type that is no length", {
            let mut frame = snap([0, 0, 0x0c], 0x2000);
            frame[12..14].copy_from_slice(&1501u16.to_be_bytes());
            frame
        }),
        ("a name server's answer", frame(OURS, 0x0800, &datagram(0, 17, 0, 53))),
        ("TCP", frame(OURS, 0x0800, &datagram(0, 6, 0, 5353))),
        ("IGMP", frame(anybody, 0x0800, &datagram(0, 2, 0, 0))),
        ("an echo request", frame(OURS, 0x86dd, &six(58, &[128, 0]))),
        ("a listener report without options", frame(ALL_NODES, 0x86dd, &six(58, &[143]))),
        ("an echo behind options", frame(ALL_NODES, 0x86dd, &listener_report(1, 128))),
        ("options cut short", frame(ALL_NODES, 0x86dd, &listener_report(4, 143)[..50])),
        ("UDP behind options", frame(ALL_NODES, 0x86dd, &six(0, &[17, 0, 0, 0, 0, 0, 0, 0]))),
        ("TCP over IPv6", frame(OURS, 0x86dd, &six(6, &udp(5353)))),
        ("another's answer", frame(anybody, 0x0800, &datagram(0, 17, 0, PORT))),
    ] {
        assert!(!passes(&filter, &frame), "{name}");
        assert!(!passes(&filter, &tagged(0x8100, frame)), "tagged {name}");
    }
}

#[test]
fn of_fragments_the_first_passes_where_it_is_wanted() {
    let whole_only = Filter::listening(OURS, Some(PORT), Fragments::Dropped);
    let with_first = Filter::listening(OURS, Some(PORT), Fragments::FirstPassed);
    let firsts = [
        frame(ALL_NODES, 0x0800, &datagram(0, 17, 0x2000, 5353)),
        frame(ALL_NODES, 0x86dd, &piece(0, 5353)),
    ];
    for first in firsts {
        assert!(passes(&with_first, &first) && passes(&with_first, &tagged(0x8100, first.clone())));
        assert!(!passes(&whole_only, &first));
    }
    for (name, other) in [
        ("a later one", frame(ALL_NODES, 0x0800, &datagram(0, 17, 0x2001, 5353))),
        ("the last", frame(ALL_NODES, 0x0800, &datagram(0, 17, 1, 5353))),
        ("a later one of IPv6", frame(ALL_NODES, 0x86dd, &piece(1, 5353))),
        ("another port", frame(ALL_NODES, 0x86dd, &piece(0, 53))),
        ("the first of an answer", frame(OURS, 0x0800, &datagram(0, 17, 0x2000, PORT))),
    ] {
        assert!(!passes(&with_first, &other), "{name}");
        assert!(!passes(&whole_only, &other), "{name}");
    }
}
