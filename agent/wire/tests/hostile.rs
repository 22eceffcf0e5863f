//! What a hostile or broken device can send: recorded messages, cut and changed, through every parser.
//!
//! Everything that a parser hands out is read to its end. The changes come from a seed, so that a failure comes again.

use herkomst_ids::MacAddr;
use herkomst_wire::dahua::DAHUA_SEARCH;
use herkomst_wire::glbp::{GlbpTlv, emit_glbp};
use herkomst_wire::snmp::{CommunityMessage, V3Message, message_version};
use herkomst_wire::{Dahua, Hsrp};

mod captures;
mod readers;

use self::readers::Read;

/// Ethernet, IPv4 without options, UDP.
const UDP_HEADERS: usize = 42;

/// Each recorded frame, and what is inside it, beside what reads it.
fn seeds() -> Vec<(Read, Vec<u8>)> {
    let mut seeds: Vec<(Read, Vec<u8>)> = vec![];
    for (name, _) in captures::ALL {
        for frame in captures::frames(name) {
            let inside: (Read, usize) = match *name {
                name if name.starts_with("snmp_") => (readers::basic::snmp, UDP_HEADERS),
                name if name.starts_with("arp") => (readers::basic::arp, 14),
                "lldp" => (readers::basic::lldp, 14),
                "icmp" => (readers::basic::icmp, 34),
                name => neighbours(name, &frame).unwrap_or((readers::basic::ipv4, 14)),
            };
            seeds.push((inside.0, frame[inside.1..].to_vec()));
            if name.starts_with("icmp") || name.starts_with("snmp") {
                seeds.push((readers::basic::ipv4, frame[14..].to_vec()));
            }
            seeds.push((readers::basic::ethernet, frame));
        }
    }
    seeds.extend(made());
    seeds
}

/// Messages of protocols that no program here speaks.
fn made() -> [(Read, Vec<u8>); 4] {
    let (mut gateway, mut router, mut camera) = (vec![], vec![], vec![]);
    let hello = GlbpTlv::Hello { state: 32, priority: 110, address: [10, 50, 0, 105].into() };
    let forwarder =
        GlbpTlv::Forwarder { number: 1, state: 32, mac: MacAddr([0, 7, 0xb4, 0, 5, 1]) };
    emit_glbp(&mut gateway, 5, MacAddr::ZERO, &[hello, forwarder]).expect("it is short");
    let second = Hsrp {
        version: 2,
        operation: 0,
        state: 6,
        priority: 110,
        group: 5,
        router: Some(MacAddr::ZERO),
        address: [10, 50, 0, 106].into(),
    };
    second.emit(&mut router);
    Dahua { session: 0, id: 1, json: DAHUA_SEARCH }.emit(&mut camera).expect("it is short");
    let answer = b"<?xml version=\"1.0\"?>\n<ProbeMatch><Uuid>1</Uuid><DeviceSN>LAB</DeviceSN><DHCP/></ProbeMatch>";
    [
        (readers::glbp, gateway),
        (readers::hsrp, router),
        (readers::dahua, camera),
        (readers::sadp, answer.to_vec()),
    ]
}

/// What reads what a neighbour said, and where in the frame that stands.
fn neighbours(name: &str, frame: &[u8]) -> Option<(Read, usize)> {
    let udp = if frame[12..14] == [8, 0] { UDP_HEADERS } else { 14 + 40 + 8 };
    let first = name.split('_').next().unwrap_or_default();
    let at = match first {
        "ipv6" => 14,
        "icmpv6" | "ndp" => 14 + 40,
        "mld" => 14 + 40 + 8, // behind a router alert
        "cdp" | "fdp" | "edp" | "sonmp" => 14 + 8,
        "lldp" => 14,
        "vrrp" | "carp" => 34,
        _ => udp,
    };
    let reader = match first {
        "ndp" | "mld" => "icmpv6",
        "fdp" => "cdp",
        "lldp" => "lldp_organisation",
        "mdns" => "dns",
        "carp" => "vrrp",
        "ws" => "ws_discovery",
        first => first,
    };
    let (_, read) = readers::ALL.iter().find(|(name, _)| *name == reader)?;
    Some((*read, at))
}

/// Values at which a parser may turn: edges, tags, forms of length.
const TELLING: [u8; 16] =
    [0, 1, 2, 4, 5, 6, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa2, 0xfe, 0xff];

/// Xorshift (Marsaglia, 2003): no more is asked of it than to come again.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits") % most.max(1)
    }

    fn octet(&mut self) -> u8 {
        const TELLING: [u8; 16] =
            [0, 1, 2, 4, 5, 6, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa2, 0xfe, 0xff];
        match self.below(2) {
            0 => TELLING[self.below(TELLING.len())],
            _ => u8::try_from(self.below(256)).expect("below 256"),
        }
    }

    /// Changes, adds, removes and repeats bytes, once to four times.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(8) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, self.octet()),
                2 if !bytes.is_empty() => drop(bytes.remove(at)),
                3 => {
                    let end = at + self.below(bytes.len() - at);
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, part);
                }
                _ => {
                    let octet = self.octet();
                    bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = octet);
                }
            }
        }
    }
}

#[test]
fn every_recorded_message_may_be_cut_anywhere() {
    for (parse, seed) in seeds() {
        (0..=seed.len()).for_each(|length| parse(&seed[..length]));
    }
}

#[test]
fn every_byte_of_every_recorded_message_may_be_another() {
    for (parse, mut seed) in seeds() {
        for at in 0..seed.len().min(400) {
            let right = seed[at];
            for octet in TELLING.into_iter().chain((0..8).map(|bit| right ^ 1 << bit)) {
                seed[at] = octet;
                parse(&seed);
            }
            seed[at] = right;
        }
    }
}

#[test]
fn mutations_of_recorded_messages_are_read_or_refused() {
    let seeds = seeds();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..50_000 {
        let (parse, seed) = &seeds[random.below(seeds.len())];
        let mut bytes = seed.clone();
        random.mutate(&mut bytes);
        parse(&bytes);
    }
}

#[test]
fn bytes_without_any_sense_are_read_or_refused() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..10_000 {
        let length = random.below(if round % 100 == 0 { 3000 } else { 90 });
        let bytes: Vec<u8> = (0..length).map(|_| random.octet()).collect();
        readers::ALL.iter().for_each(|(_, read)| read(&bytes));
    }
}

#[test]
fn every_capture_of_a_neighbour_has_its_reader() {
    for name in ["ndp", "mld_v2", "cdp_v2", "fdp", "edp", "sonmp", "mndp", "dhcp", "dhcpv6_ll"] {
        let frame = captures::frames(name).remove(0);
        assert!(neighbours(name, &frame).is_some(), "{name}");
    }
    for name in
        ["mdns", "dns", "ssdp", "ws_discovery", "vrrp", "carp", "hsrp", "lldp_organisations"]
    {
        let frame = captures::frames(name).remove(0);
        assert!(neighbours(name, &frame).is_some(), "{name}");
    }
}

#[test]
fn pointers_to_anywhere_in_a_recorded_answer_are_followed_or_refused() {
    for payload in captures::udp_payloads("mdns_answer") {
        for at in 12..payload.len() - 1 {
            for to in (0..payload.len()).step_by(7) {
                let mut changed = payload.clone();
                let pointer = 0xc000 | u16::try_from(to).expect("a short message");
                changed[at..at + 2].copy_from_slice(&pointer.to_be_bytes());
                readers::dns(&changed);
            }
        }
    }
}

#[test]
fn deep_and_long_nestings_are_refused_without_going_into_them() {
    for (open, each) in
        [(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..], 10_000), (&[0x30, 0x80], 30_000)]
    {
        let bytes = open.repeat(each);
        assert!(CommunityMessage::parse(&bytes).is_err() && V3Message::parse(&bytes).is_err());
    }
    let mut nested = vec![5, 0];
    for _ in 0..3_000 {
        let length = u32::try_from(nested.len()).expect("short enough");
        nested.splice(0..0, [&[0x30, 0x84][..], &length.to_be_bytes()].concat());
    }
    readers::basic::snmp(&nested);
    assert!(CommunityMessage::parse(&nested).is_err());
}

/// A tag with its contents, as octets or as what is inside.
enum Ber {
    Plain(u8, Vec<u8>),
    Nested(u8, Vec<Ber>),
}

impl Ber {
    /// All elements that fill `bytes`, if they are such. Written once more, so that it shares no mistake.
    fn all(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut elements = vec![];
        while let [tag, length, rest @ ..] = bytes {
            let octets = if *length < 0x80 { 0 } else { usize::from(length & 0x7f) };
            let (long, rest) = rest.split_at_checked(octets)?;
            let long = long.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
            let (contents, rest) =
                rest.split_at_checked(if octets == 0 { usize::from(*length) } else { long })?;
            // the security parameters of version 3 are a sequence within octets
            let nested = tag & 0x20 != 0 || (*tag == 4 && contents.first() == Some(&0x30));
            elements.push(match Self::all(contents).filter(|_| nested) {
                Some(inside) => Self::Nested(*tag, inside),
                None => Self::Plain(*tag, contents.to_vec()),
            });
            bytes = rest;
        }
        bytes.is_empty().then_some(elements)
    }

    fn write(&self, buf: &mut Vec<u8>) {
        let (tag, mut contents) = match self {
            Self::Plain(tag, contents) => (tag, contents.clone()),
            Self::Nested(tag, _) => (tag, vec![]),
        };
        if let Self::Nested(_, inside) = self {
            inside.iter().for_each(|element| element.write(&mut contents));
        }
        let length = u16::try_from(contents.len()).expect("a short message").to_be_bytes();
        buf.extend([*tag, 0x82, length[0], length[1]]); // a longer form than needed, which is right too
        buf.extend(contents);
    }

    /// Hands over every nested element below, outermost first, the innermost last.
    fn nested(&mut self, found: &mut dyn FnMut(&mut Vec<Ber>)) {
        if let Self::Nested(_, inside) = self {
            found(inside);
            inside.iter_mut().for_each(|element| element.nested(found));
        }
    }
}

#[test]
fn one_field_more_is_refused_wherever_it_stands() {
    let wrong = |bytes: &[u8]| match message_version(bytes) {
        Ok(3) => V3Message::parse(bytes).map_or(true, |message| {
            message
                .scoped
                .is_some_and(|scoped| scoped.pdu.bindings().any(|binding| binding.is_err()))
        }),
        _ => CommunityMessage::parse(bytes)
            .map_or(true, |message| message.pdu.bindings().any(|binding| binding.is_err())),
    };
    let mut places = 0;
    for (name, _) in captures::ALL.iter().filter(|(name, _)| name.starts_with("snmp_")) {
        for frame in captures::frames(name) {
            let read = || Ber::all(&frame[UDP_HEADERS..]).expect("a recorded message").remove(0);
            let mut bytes = vec![];
            read().write(&mut bytes);
            assert!(!wrong(&bytes), "{name} as it was recorded");
            let mut count = 0;
            read().nested(&mut |_| count += 1);
            for place in 0..count {
                let (mut message, mut at) = (read(), 0);
                message.nested(&mut |inside| {
                    if at == place {
                        inside.push(Ber::Plain(5, vec![]));
                    }
                    at += 1;
                });
                bytes.clear();
                message.write(&mut bytes);
                assert!(wrong(&bytes), "{name} with one more in its structure {place}");
                places += 1;
            }
        }
    }
    assert!(places > 100, "{places}");
}

#[test]
fn the_flags_of_version_3_are_one_octet() {
    let recorded = captures::frames("snmp_v3").remove(0).split_off(UDP_HEADERS);
    for flags in [&[][..], &[4, 4]] {
        let mut message = Ber::all(&recorded).expect("a recorded message").remove(0);
        let (mut at, mut bytes) = (0, vec![]);
        message.nested(&mut |inside| {
            if at == 1 {
                inside[2] = Ber::Plain(4, flags.to_vec());
            }
            at += 1;
        });
        message.write(&mut bytes);
        assert!(V3Message::parse(&bytes).is_err());
    }
}
