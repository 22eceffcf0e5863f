//! ICMP (RFC 792): echo both ways, and the datagram that an "unreachable" quotes. Other messages keep type and code.

use std::net::Ipv4Addr;

use herkomst_ids::MacAddr;

use crate::checksum::checksum;
use crate::ipv4::{Header, emit_ipv4, protocol};
use crate::{Reader, WireError, emit_ethernet, ether_type};

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const ECHO_REQUEST: u8 = 8;

/// A message whose checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmp<'a> {
    /// 8: asks for its payload back.
    EchoRequest(Echo<'a>),
    /// 0: gives it back.
    EchoReply(Echo<'a>),
    /// 3: a datagram did not arrive.
    Unreachable {
        /// Why: 0 net, 1 host, 2 protocol, 3 port, 13 forbidden by an administrator (RFC 1812, 5.2.7.1), …
        code: u8,
        /// Which one; `None` when too little of it is quoted.
        original: Option<OriginalDatagram>,
    },
    /// Anything else.
    Other {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
}

/// What an echo request and its reply have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo<'a> {
    /// Tells one asker from another.
    pub id: u16,
    /// Tells one request from another.
    pub sequence: u16,
    /// Comes back as it was sent.
    pub payload: &'a [u8],
}

/// The packet that an ICMP error is about, as far as it is quoted.
///
/// Only its addresses and ports are read: it is cut short, and routers may have changed it (RFC 1812, 4.3.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginalDatagram {
    /// Who sent it.
    pub source: Ipv4Addr,
    /// Whom it was for.
    pub destination: Ipv4Addr,
    /// What it carried.
    pub protocol: u8,
    /// Source and destination port, of TCP and UDP where they are quoted.
    pub ports: Option<(u16, u16)>,
}

impl<'a> Icmp<'a> {
    /// Reads the payload of a whole IPv4 packet.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let kind = reader.u8("icmp type")?;
        let code = reader.u8("icmp code")?;
        reader.u16("icmp checksum")?;
        let head: [u8; 4] = reader.array("icmp header")?;
        if checksum(payload) != 0 {
            return Err(WireError::Checksum { what: "icmp message" });
        }
        let [a, b, c, d] = head;
        let echo = Echo {
            id: u16::from_be_bytes([a, b]),
            sequence: u16::from_be_bytes([c, d]),
            payload: reader.rest(),
        };
        Ok(match (kind, code) {
            (ECHO_REQUEST, 0) => Self::EchoRequest(echo),
            (ECHO_REPLY, 0) => Self::EchoReply(echo),
            (UNREACHABLE, code) => {
                Self::Unreachable { code, original: OriginalDatagram::read(reader.rest()) }
            }
            (kind, code) => Self::Other { kind, code },
        })
    }
}

impl OriginalDatagram {
    fn read(quoted: &[u8]) -> Option<Self> {
        let header = Header::read(quoted).ok()?;
        let mut rest = header.rest;
        let has_ports =
            matches!(header.protocol, protocol::TCP | protocol::UDP) && header.is_first();
        let mut port = || rest.u16("port").ok().filter(|_| has_ports);
        let ports = port().zip(port());
        Some(Self {
            source: header.source,
            destination: header.destination,
            protocol: header.protocol,
            ports,
        })
    }
}

/// Appends an echo request, or the reply to one, with its checksum and without an IP header.
pub fn icmp_echo(buf: &mut Vec<u8>, reply: bool, id: u16, sequence: u16, payload: &[u8]) {
    let start = buf.len();
    buf.extend_from_slice(&[if reply { ECHO_REPLY } else { ECHO_REQUEST }, 0, 0, 0]);
    buf.extend_from_slice(&id.to_be_bytes());
    buf.extend_from_slice(&sequence.to_be_bytes());
    buf.extend_from_slice(payload);
    set_checksum(&mut buf[start..]);
}

/// Appends the message that `quoted`, a packet from its IPv4 header on, did not arrive. Of it are sent the header and
/// eight bytes, which is what every receiver can do with (RFC 792).
pub fn icmp_unreachable(buf: &mut Vec<u8>, code: u8, quoted: &[u8]) {
    let header = quoted.first().map_or(0, |octet| usize::from(octet & 0x0f) * 4);
    let start = buf.len();
    buf.extend_from_slice(&[UNREACHABLE, code, 0, 0, 0, 0, 0, 0]);
    buf.extend_from_slice(&quoted[..quoted.len().min(header + 8)]);
    set_checksum(&mut buf[start..]);
}

fn set_checksum(message: &mut [u8]) {
    let sum = checksum(message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
}

/// Clears `buf` and makes the whole frame in it: Ethernet, IPv4 and the ICMP message given, which brings its own checksum.
/// A message that no IPv4 packet can hold is refused, and leaves `buf` empty.
pub fn icmp_frame(
    buf: &mut Vec<u8>,
    source_mac: MacAddr,
    destination_mac: MacAddr,
    vlan: Option<u16>,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    message: &[u8],
) -> Result<(), WireError> {
    buf.clear();
    emit_ethernet(buf, destination_mac, source_mac, vlan, ether_type::IPV4);
    if let Err(error) = emit_ipv4(buf, protocol::ICMP, source, destination, message.len()) {
        buf.clear();
        return Err(error);
    }
    buf.extend_from_slice(message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EthernetFrame, Ipv4Packet, captures};

    const OURS: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 1);
    const THEIRS: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 2);

    fn message(frame: &[u8]) -> &[u8] {
        Ipv4Packet::parse(EthernetFrame::parse(frame).unwrap().payload).unwrap().payload
    }

    #[test]
    fn reads_a_recorded_echo_and_its_reply() {
        let frames = captures::frames("icmp");
        let echo = Echo { id: 0x1234, sequence: 7, payload: b"wire capture" };
        assert_eq!(Icmp::parse(message(&frames[0])), Ok(Icmp::EchoRequest(echo)));
        assert_eq!(Icmp::parse(message(&frames[1])), Ok(Icmp::EchoReply(echo)));
    }

    #[test]
    fn our_echo_is_the_recorded_one() {
        let frames = captures::frames("icmp");
        for (reply, frame) in [(false, &frames[0]), (true, &frames[1])] {
            let mut buf = vec![];
            icmp_echo(&mut buf, reply, 0x1234, 7, b"wire capture");
            assert_eq!(buf, message(frame));
        }
    }

    #[test]
    fn a_recorded_unreachable_names_the_datagram_it_is_about() {
        let frames = captures::frames("icmp_unreachable");
        let ports = Some((40_001, 40_000));
        let original = Some(OriginalDatagram {
            source: OURS,
            destination: THEIRS,
            protocol: protocol::UDP,
            ports,
        });
        assert_eq!(Icmp::parse(message(&frames[1])), Ok(Icmp::Unreachable { code: 3, original }));
    }

    #[test]
    fn our_unreachable_quotes_header_and_eight_bytes() {
        let quoted = &captures::frames("snmp_v1")[0][14..];
        let mut buf = vec![];
        icmp_unreachable(&mut buf, 3, quoted);
        assert_eq!(buf.len(), 8 + 20 + 8);
        let Ok(Icmp::Unreachable { code: 3, original: Some(original) }) = Icmp::parse(&buf) else {
            panic!("an unreachable: {:?}", Icmp::parse(&buf))
        };
        assert_eq!(
            (original.destination, original.ports.map(|(_, port)| port)),
            (THEIRS, Some(161))
        );
    }

    #[test]
    fn a_quote_without_ports_still_names_the_address() {
        let fragment = &captures::frames("fragments")[1][14..];
        let whole = &captures::frames("snmp_v1")[0][14..];
        for (quoted, known) in
            [(fragment, true), (&whole[..20], true), (&whole[..23], true), (&whole[..19], false)]
        {
            let mut buf = vec![];
            icmp_unreachable(&mut buf, 1, quoted);
            let Ok(Icmp::Unreachable { original, .. }) = Icmp::parse(&buf) else {
                panic!("an unreachable")
            };
            assert_eq!(
                original.map(|original| (original.destination, original.ports)),
                known.then_some((THEIRS, None))
            );
        }
    }

    #[test]
    fn changed_and_cut_messages_are_refused() {
        for frame in
            captures::frames("icmp").iter().chain(&captures::frames("icmp_unreachable")[1..])
        {
            let message = message(frame);
            for bit in 0..message.len() * 8 {
                let mut changed = message.to_vec();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    Icmp::parse(&changed),
                    Err(WireError::Checksum { what: "icmp message" }),
                    "bit {bit}"
                );
            }
            for length in 0..message.len() {
                // cut between zeros the sum stays right, and nothing is missed
                if let Ok(Icmp::Unreachable { original: Some(original), .. }) =
                    Icmp::parse(&message[..length])
                {
                    assert_eq!(original.destination, THEIRS);
                }
            }
        }
    }

    #[test]
    fn other_messages_keep_type_and_code() {
        for (kind, code) in [(11, 1), (8, 1), (0, 1), (5, 0)] {
            let mut buf = vec![kind, code, 0, 0, 0, 0, 0, 0];
            set_checksum(&mut buf);
            assert_eq!(Icmp::parse(&buf), Ok(Icmp::Other { kind, code }));
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            reply: bool,
            id: u16,
            sequence: u16,
            payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100),
        ) {
            let mut buf = vec![];
            icmp_echo(&mut buf, reply, id, sequence, &payload);
            let mut frame = vec![1; 3];
            icmp_frame(&mut frame, MacAddr::ZERO, MacAddr::BROADCAST, Some(5), OURS, THEIRS, &buf).unwrap();
            let echo = Echo { id, sequence, payload: &payload };
            let sent = if reply { Icmp::EchoReply(echo) } else { Icmp::EchoRequest(echo) };
            assert_eq!(Icmp::parse(message(&frame)), Ok(sent));
        }
    }
}
