//! ICMPv6 (RFC 4443): echo both ways and the packets that errors quote; neighbour discovery (RFC 4861) and multicast
//! listeners (RFC 2710, RFC 3810). Other messages keep type and code.

mod mld;
mod ndp;

use std::net::Ipv6Addr;

pub use self::mld::{MldQuery, MldRecord, MldReport, mld_query};
pub use self::ndp::{
    NdpOption, NdpOptions, NeighbourAdvertisement, NeighbourSolicitation, PrefixInformation,
    RouterAdvertisement, neighbour_advertisement, neighbour_solicitation,
};
use crate::icmp::Echo;
use crate::ipv6::{
    Extra, Ipv6Way, OriginalPacket, ipv6_head, next_header, pseudo_header, solicited_node,
};
use crate::{Ipv6Packet, Reader, WireError};

const UNREACHABLE: u8 = 1;
const PARAMETER_PROBLEM: u8 = 4;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;
const LISTENER_QUERY: u8 = 130;
const LISTENER_REPORT: u8 = 131;
const LISTENER_DONE: u8 = 132;
const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const LISTENER_REPORT_V2: u8 = 143;

/// A message whose checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmpv6<'a> {
    /// 1: a packet did not arrive.
    Unreachable {
        /// Why: 0 no route, 1 forbidden by an administrator, 3 address, 4 port, … (RFC 4443, 3.1)
        code: u8,
        /// Which one; `None` when too little of it is quoted.
        original: Option<OriginalPacket>,
    },
    /// 4: a packet was not understood.
    ParameterProblem {
        /// Why: 0 a wrong field, 1 an unknown next header, 2 an unknown option (RFC 4443, 3.4).
        code: u8,
        /// At which byte of the packet.
        pointer: u32,
        /// Which one; `None` when too little of it is quoted.
        original: Option<OriginalPacket>,
    },
    /// 128: asks for its payload back.
    EchoRequest(Echo<'a>),
    /// 129: gives it back.
    EchoReply(Echo<'a>),
    /// 130: asks who listens to what.
    ListenerQuery(MldQuery<'a>),
    /// 131: listens to this group, in version 1.
    ListenerReport(Ipv6Addr),
    /// 132: no longer listens to this group, in version 1.
    ListenerDone(Ipv6Addr),
    /// 143: listens to these groups, in version 2.
    ListenerReportV2(MldReport<'a>),
    /// 133: asks for routers.
    RouterSolicitation(NdpOptions<'a>),
    /// 134: a router says what it routes.
    RouterAdvertisement(RouterAdvertisement<'a>),
    /// 135: asks who has an address, or whether somebody has.
    NeighbourSolicitation(NeighbourSolicitation<'a>),
    /// 136: says who has an address.
    NeighbourAdvertisement(NeighbourAdvertisement<'a>),
    /// Anything else.
    Other {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
}

impl<'a> Icmpv6<'a> {
    /// Reads the payload of a packet that is no fragment. Neighbour discovery that may have passed a router is refused
    /// (RFC 4861, 6.1 and 7.1), and so are listeners that are not on this link (RFC 3810, 5.1.14 and 5.2.13).
    pub fn parse(packet: &Ipv6Packet<'a>) -> Result<Self, WireError> {
        let mut reader = Reader::new(packet.payload);
        let kind = reader.u8("icmpv6 type")?;
        let code = reader.u8("icmpv6 code")?;
        reader.u16("icmpv6 checksum")?;
        if packet.pseudo_header().bytes(packet.payload).finish() != 0 {
            return Err(WireError::Checksum { what: "icmpv6 message" });
        }
        match kind {
            ROUTER_SOLICITATION..=NEIGHBOUR_ADVERTISEMENT => {
                want_code_0(code)?;
                want_hop_limit(packet, 255, "255, from a neighbour")?;
            }
            LISTENER_QUERY..=LISTENER_DONE | LISTENER_REPORT_V2 => {
                want_hop_limit(packet, 1, "1, from a neighbour")?;
                want_local_source(packet)?;
            }
            _ => {}
        }
        let message = match (kind, code) {
            (UNREACHABLE, code) => {
                reader.u32("icmpv6 unused")?;
                Self::Unreachable { code, original: OriginalPacket::read(reader.rest()) }
            }
            (PARAMETER_PROBLEM, code) => {
                let pointer = reader.u32("icmpv6 pointer")?;
                let original = OriginalPacket::read(reader.rest());
                Self::ParameterProblem { code, pointer, original }
            }
            (ECHO_REQUEST, 0) => Self::EchoRequest(echo(reader)?),
            (ECHO_REPLY, 0) => Self::EchoReply(echo(reader)?),
            (LISTENER_QUERY, _) => Self::ListenerQuery(MldQuery::read(reader)?),
            (LISTENER_REPORT, _) => Self::ListenerReport(mld::group(reader)?),
            (LISTENER_DONE, _) => Self::ListenerDone(mld::group(reader)?),
            (LISTENER_REPORT_V2, _) => Self::ListenerReportV2(MldReport::read(reader)?),
            (ROUTER_SOLICITATION, _) => {
                reader.u32("icmpv6 reserved")?;
                Self::RouterSolicitation(NdpOptions::read(reader)?)
            }
            (ROUTER_ADVERTISEMENT, _) => {
                want_local_source(packet)?; // RFC 4861, 6.1.2
                Self::RouterAdvertisement(RouterAdvertisement::read(reader)?)
            }
            (NEIGHBOUR_SOLICITATION, _) => {
                Self::NeighbourSolicitation(NeighbourSolicitation::read(reader)?)
            }
            (NEIGHBOUR_ADVERTISEMENT, _) => Self::NeighbourAdvertisement(
                NeighbourAdvertisement::read(reader, packet.destination)?,
            ),
            (kind, code) => Self::Other { kind, code },
        };
        want_a_source(packet, &message)?;
        Ok(message)
    }
}

impl<'a> Icmpv6<'a> {
    /// Reads what a socket for echo hands over: the kernel has looked at the checksum and kept the header of IPv6 (RFC
    /// 3542, 3). Of what needs that header, type and code alone are read.
    pub fn parse_of_socket(message: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        let kind = reader.u8("icmpv6 type")?;
        let code = reader.u8("icmpv6 code")?;
        reader.u16("icmpv6 checksum")?;
        Ok(match (kind, code) {
            (UNREACHABLE, code) => {
                reader.u32("icmpv6 unused")?;
                Self::Unreachable { code, original: OriginalPacket::read(reader.rest()) }
            }
            (PARAMETER_PROBLEM, code) => {
                let pointer = reader.u32("icmpv6 pointer")?;
                let original = OriginalPacket::read(reader.rest());
                Self::ParameterProblem { code, pointer, original }
            }
            (ECHO_REQUEST, 0) => Self::EchoRequest(echo(reader)?),
            (ECHO_REPLY, 0) => Self::EchoReply(echo(reader)?),
            (kind, code) => Self::Other { kind, code },
        })
    }
}

/// The code of a refusal over IPv6 as that of IPv4 which says the same (RFC 7915, 5.2); `None` for what is none.
pub const fn refusal_code(kind: u8, code: u8) -> Option<u8> {
    match (kind, code) {
        (UNREACHABLE, 1 | 5 | 6) => Some(10),
        (UNREACHABLE, 4) => Some(3),
        (UNREACHABLE, _) => Some(1),
        // The next header is not recognised: there is no such protocol there.
        (PARAMETER_PROBLEM, 1) => Some(2),
        _ => None,
    }
}

/// RFC 4861, 6.1.1 and 7.1.1: who has no address yet names no hardware address to answer to, and asks nobody but those who
/// could have the address that it wants.
fn want_a_source(packet: &Ipv6Packet<'_>, message: &Icmpv6<'_>) -> Result<(), WireError> {
    let (options, group) = match message {
        Icmpv6::RouterSolicitation(options) => (*options, None),
        Icmpv6::NeighbourSolicitation(asked) => (asked.options, Some(solicited_node(asked.target))),
        _ => return Ok(()),
    };
    let names_mac = options.iter().any(|option| matches!(option, NdpOption::SourceMac(_)));
    let asks_others = group.is_some_and(|group| group != packet.destination);
    if !packet.source.is_unspecified() || !(names_mac || asks_others) {
        return Ok(());
    }
    let want = "an address, or no more than a question about one's own";
    Err(WireError::Unexpected { what: "ipv6 source", at: 8, found: 0, want })
}

fn want_code_0(code: u8) -> Result<(), WireError> {
    let error = WireError::Unexpected { what: "icmpv6 code", at: 1, found: code.into(), want: "0" };
    if code == 0 { Ok(()) } else { Err(error) }
}

fn want_hop_limit(packet: &Ipv6Packet<'_>, limit: u8, want: &'static str) -> Result<(), WireError> {
    if packet.hop_limit == limit {
        return Ok(());
    }
    let found = packet.hop_limit.into();
    Err(WireError::Unexpected { what: "ipv6 hop limit", at: 7, found, want })
}

/// Link-local; or none yet, as of a host that only asks whether its address is free.
fn want_local_source(packet: &Ipv6Packet<'_>) -> Result<(), WireError> {
    let [first, second, ..] = packet.source.octets();
    let router = packet.payload.first() == Some(&ROUTER_ADVERTISEMENT);
    if packet.source.is_unicast_link_local() || packet.source.is_unspecified() && !router {
        return Ok(());
    }
    let found = u64::from(first) << 8 | u64::from(second);
    let want = "65152 to 65215, a link-local address"; // fe80::/10
    Err(WireError::Unexpected { what: "first word of the ipv6 source", at: 8, found, want })
}

fn echo(mut reader: Reader<'_>) -> Result<Echo<'_>, WireError> {
    let id = reader.u16("icmpv6 echo identifier")?;
    let sequence = reader.u16("icmpv6 echo sequence")?;
    Ok(Echo { id, sequence, payload: reader.rest() })
}

/// Appends an echo request, or the reply to one; [`icmpv6_frame`] makes its checksum.
pub fn icmpv6_echo(buf: &mut Vec<u8>, reply: bool, id: u16, sequence: u16, payload: &[u8]) {
    buf.extend_from_slice(&[if reply { ECHO_REPLY } else { ECHO_REQUEST }, 0, 0, 0]);
    buf.extend_from_slice(&id.to_be_bytes());
    buf.extend_from_slice(&sequence.to_be_bytes());
    buf.extend_from_slice(payload);
}

/// Clears `buf` and makes the whole frame in it: Ethernet, IPv6, what was asked for between, and the ICMPv6 message given,
/// whose checksum is made here. A message that no packet can hold is refused, and leaves `buf` empty.
pub fn icmpv6_frame(
    buf: &mut Vec<u8>,
    way: &Ipv6Way,
    extra: Extra,
    message: &[u8],
) -> Result<(), WireError> {
    ipv6_head(buf, way, extra, next_header::ICMPV6, message.len())?;
    let start = buf.len();
    buf.extend_from_slice(message);
    let (source, destination) = (way.source, way.destination);
    let sum = pseudo_header(source, destination, next_header::ICMPV6, message.len());
    if let Some(field) = buf.get_mut(start + 2..start + 4) {
        field.fill(0);
        let sum = sum.bytes(&buf[start..]).finish();
        buf[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use herkomst_ids::MacAddr;

    use super::*;
    use crate::ipv6::multicast_mac;
    use crate::{EthernetFrame, captures};

    pub(crate) const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);
    pub(crate) const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0b]);

    pub(crate) fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    pub(crate) fn read(frame: &[u8]) -> Result<Icmpv6<'_>, WireError> {
        let packet = Ipv6Packet::parse(EthernetFrame::parse(frame)?.payload)?;
        assert_eq!((packet.protocol, packet.fragment), (next_header::ICMPV6, false));
        Icmpv6::parse(&packet)
    }

    pub(crate) fn way(source: &str, destination: &str, hop_limit: u8) -> Ipv6Way {
        let (source, destination) = (ip(source), ip(destination));
        let destination_mac = multicast_mac(destination).unwrap_or(THEIRS);
        Ipv6Way { source_mac: OURS, destination_mac, vlan: None, source, destination, hop_limit }
    }

    #[test]
    fn reads_a_recorded_echo_and_its_reply() {
        let frames = captures::frames("icmpv6");
        let echo = Echo { id: 0x1234, sequence: 7, payload: b"wire capture" };
        assert_eq!(read(&frames[0]), Ok(Icmpv6::EchoRequest(echo)));
        assert_eq!(read(&frames[1]), Ok(Icmpv6::EchoReply(echo)));
        for bit in 0..(frames[0].len() - 54) * 8 {
            let mut changed = frames[0].clone();
            changed[54 + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&changed), Err(WireError::Checksum { what: "icmpv6 message" }));
        }
    }

    #[test]
    fn our_echo_is_the_recorded_one_with_and_without_an_option() {
        let mut message = vec![];
        icmpv6_echo(&mut message, false, 0x1234, 7, b"wire capture");
        let (mut frame, way) = (vec![], way("fd00:50::1", "fd00:50::2", 64));
        icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
        assert_eq!(frame, captures::frames("icmpv6")[0]);
        icmpv6_frame(&mut frame, &way, Extra::DestinationOption(0x80), &message).unwrap();
        let mut recorded = captures::frames("icmpv6_parameter_problem").remove(0);
        assert_eq!(recorded[58..62], *b"wire");
        recorded[58..62].fill(0);
        assert_eq!(frame, recorded);
    }

    #[test]
    fn an_unknown_option_is_answered_with_what_was_asked() {
        let frames = captures::frames("icmpv6_parameter_problem");
        assert!(matches!(read(&frames[0]), Ok(Icmpv6::EchoRequest(_))));
        let original = OriginalPacket {
            source: ip("fd00:50::1"),
            destination: ip("fd00:50::2"),
            protocol: next_header::ICMPV6,
            ports: None,
            echo: Some((0x1234, 7)),
        };
        let problem = Icmpv6::ParameterProblem { code: 2, pointer: 42, original: Some(original) };
        assert_eq!(read(&frames[1]), Ok(problem));
    }

    #[test]
    fn reads_which_datagram_did_not_arrive() {
        let frames = captures::frames("icmpv6_unreachable");
        let Ok(Icmpv6::Unreachable { code: 4, original: Some(original) }) = read(&frames[1]) else {
            panic!("port unreachable: {:?}", read(&frames[1]))
        };
        assert_eq!((original.destination, original.protocol), (ip("fd00:50::2"), 17));
        assert_eq!(original.ports.map(|ports| ports.1), Some(9));
        assert_eq!(original.echo, None);
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let (mut frame, way) = (vec![1], way("fd00:50::1", "fd00:50::2", 64));
        let long = vec![0; 65_536];
        assert!(icmpv6_frame(&mut frame, &way, Extra::Nothing, &long).is_err());
        assert!(frame.is_empty());
        assert!(icmpv6_frame(&mut frame, &way, Extra::RouterAlert, &long[8..]).is_err());
        assert!(icmpv6_frame(&mut frame, &way, Extra::RouterAlert, &long[9..]).is_ok());
    }

    #[test]
    fn routers_and_listeners_from_elsewhere_are_refused() {
        let own = solicited_node(ip("fd00:50::2")).to_string();
        let mut message = vec![];
        neighbour_solicitation(&mut message, ip("fd00:50::2"), Some(OURS));
        for (limit, right) in [(255, true), (254, false), (1, false)] {
            let mut frame = vec![];
            let way = way("fe80::1", &own, limit);
            icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
            assert_eq!(read(&frame).is_ok(), right, "hop limit {limit}");
        }
        for (to, mac, right) in
            [(own.as_str(), None, true), (&own, Some(OURS), false), ("ff02::1", None, false)]
        {
            message.clear();
            neighbour_solicitation(&mut message, ip("fd00:50::2"), mac);
            let mut frame = vec![];
            icmpv6_frame(&mut frame, &way("::", to, 255), Extra::Nothing, &message).unwrap();
            assert_eq!(read(&frame).is_ok(), right, "without an address, to {to}, {mac:?}");
        }
        message.clear();
        mld_query(&mut message, Ipv6Addr::UNSPECIFIED, 1000, 2, 125);
        for (source, limit, right) in
            [("fe80::1", 1, true), ("fe80::1", 64, false), ("fd00::1", 1, false), ("::", 1, true)]
        {
            let mut frame = vec![];
            let way = way(source, "ff02::1", limit);
            icmpv6_frame(&mut frame, &way, Extra::RouterAlert, &message).unwrap();
            assert_eq!(read(&frame).is_ok(), right, "from {source}, hop limit {limit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            reply: bool, id: u16, sequence: u16,
            payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            addresses: [u128; 2], option in 2_u8..,
        ) {
            let mut message = vec![];
            icmpv6_echo(&mut message, reply, id, sequence, &payload);
            let [source, destination] = addresses.map(Ipv6Addr::from);
            let way = Ipv6Way { source, destination, ..way("::", "::", 64) };
            for extra in [Extra::Nothing, Extra::RouterAlert, Extra::DestinationOption(option)] {
                let mut frame = vec![];
                icmpv6_frame(&mut frame, &way, extra, &message).unwrap();
                let echo = Echo { id, sequence, payload: &payload };
                let sent = if reply { Icmpv6::EchoReply(echo) } else { Icmpv6::EchoRequest(echo) };
                assert_eq!(read(&frame), Ok(sent));
            }
        }
    }
}
