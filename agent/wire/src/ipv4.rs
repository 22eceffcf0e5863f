//! IPv4 headers (RFC 791). Options are skipped; fragments are marked and not put together.

use std::net::Ipv4Addr;

use crate::checksum::checksum;
use crate::{Reader, WireError};

/// The protocol numbers that the agent knows.
pub mod protocol {
    /// ICMP (RFC 792).
    pub const ICMP: u8 = 1;
    /// TCP (RFC 9293).
    pub const TCP: u8 = 6;
    /// UDP (RFC 768).
    pub const UDP: u8 = 17;
}

/// The length of a header without options.
pub(crate) const HEADER: usize = 20;
/// The time to live of what we send (RFC 1700 recommends 64).
const OUR_TTL: u8 = 64;
const DO_NOT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const FRAGMENT_OFFSET: u16 = 0x1fff;

/// A packet whose header checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Packet<'a> {
    /// Who sent it.
    pub source: Ipv4Addr,
    /// Whom it is for.
    pub destination: Ipv4Addr,
    /// What the payload is; see [`protocol`].
    pub protocol: u8,
    /// How many routers it may still pass.
    pub ttl: u8,
    /// A part of a packet: more follow, or it is not the first. The payload then cannot be read by itself.
    pub fragment: bool,
    /// What the total length covers; Ethernet padding is cut off.
    pub payload: &'a [u8],
}

impl<'a> Ipv4Packet<'a> {
    /// Reads the payload of an Ethernet frame.
    pub fn parse(packet: &'a [u8]) -> Result<Self, WireError> {
        let header = Header::read(packet)?;
        if checksum(header.bytes) != 0 {
            return Err(WireError::Checksum { what: "ipv4 header" });
        }
        let total = usize::from(header.total_length);
        if total < header.bytes.len() {
            return Err(WireError::Unexpected {
                what: "ipv4 total length",
                at: 2,
                found: header.total_length.into(),
                want: "at least the length of the header",
            });
        }
        let mut reader = header.rest;
        let payload = reader.take(total - header.bytes.len(), "ipv4 payload")?;
        Ok(Self {
            source: header.source,
            destination: header.destination,
            protocol: header.protocol,
            ttl: header.ttl,
            fragment: header.fragment_field & (MORE_FRAGMENTS | FRAGMENT_OFFSET) != 0,
            payload,
        })
    }
}

/// The header as it stands there, neither its checksum nor its total length looked at: what is quoted in an ICMP error
/// is cut short and may have been changed on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) total_length: u16,
    fragment_field: u16,
    pub(crate) ttl: u8,
    pub(crate) protocol: u8,
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) rest: Reader<'a>,
}

impl<'a> Header<'a> {
    pub(crate) fn read(packet: &'a [u8]) -> Result<Self, WireError> {
        let mut rest = Reader::new(packet);
        let version_and_length = rest.u8("ipv4 version")?;
        let unexpected = |what, found: u8, want| WireError::Unexpected {
            what,
            at: 0,
            found: found.into(),
            want,
        };
        if version_and_length >> 4 != 4 {
            return Err(unexpected("ip version", version_and_length >> 4, "4"));
        }
        let length = usize::from(version_and_length & 0x0f) * 4;
        if length < HEADER {
            return Err(unexpected(
                "ipv4 header length",
                version_and_length & 0x0f,
                "at least 5 words",
            ));
        }
        rest = Reader::new(packet);
        let mut fields = rest.part(length, "ipv4 header")?;
        let bytes = fields.rest();
        fields.u16("ipv4 version and service")?;
        let total_length = fields.u16("ipv4 total length")?;
        fields.u16("ipv4 identification")?;
        let fragment_field = fields.u16("ipv4 fragment offset")?;
        let ttl = fields.u8("ipv4 time to live")?;
        let protocol = fields.u8("ipv4 protocol")?;
        fields.u16("ipv4 header checksum")?;
        let source = fields.array("ipv4 source")?.into();
        let destination = fields.array("ipv4 destination")?.into();
        Ok(Self { bytes, total_length, fragment_field, ttl, protocol, source, destination, rest })
    }

    /// Whether the payload starts with the header of the next protocol.
    pub(crate) fn is_first(&self) -> bool {
        self.fragment_field & FRAGMENT_OFFSET == 0
    }
}

/// Appends a header without options: never to be fragmented, and therefore with the identification 0 (RFC 6864, 4.1).
pub(crate) fn emit_ipv4(
    buf: &mut Vec<u8>,
    protocol: u8,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload: usize,
) -> Result<(), WireError> {
    let most = usize::from(u16::MAX) - HEADER;
    let too_long = WireError::TooLong { what: "ipv4 payload", at: HEADER, found: payload, most };
    let total = u16::try_from(payload.saturating_add(HEADER)).map_err(|_| too_long)?;
    let mut header = [0; HEADER];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &[0x45]);
    put(2, &total.to_be_bytes());
    put(6, &DO_NOT_FRAGMENT.to_be_bytes());
    put(8, &[OUR_TTL, protocol]);
    put(12, &source.octets());
    put(16, &destination.octets());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    buf.extend_from_slice(&header);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    const OURS: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 1);
    const THEIRS: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 2);

    /// Writes the checksum that the header should have.
    fn seal(packet: &mut [u8]) {
        let header = usize::from(packet[0] & 0x0f) * 4;
        packet[10..12].fill(0);
        let sum = checksum(&packet[..header]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
    }

    #[test]
    fn reads_a_recorded_packet_and_leaves_the_padding() {
        let mut frame = captures::frames("icmp").remove(1);
        let whole = frame[14..].to_vec();
        frame.resize(100, 0xee);
        let packet = Ipv4Packet::parse(&frame[14..]).unwrap();
        assert_eq!(
            (packet.source, packet.destination, packet.protocol),
            (THEIRS, OURS, protocol::ICMP)
        );
        assert_eq!((packet.ttl, packet.fragment), (64, false));
        assert_eq!(packet.payload, &whole[20..]);
    }

    #[test]
    fn marks_recorded_fragments_the_first_and_the_last_too() {
        for frame in captures::frames("fragments") {
            assert!(Ipv4Packet::parse(&frame[14..]).unwrap().fragment);
        }
    }

    #[test]
    fn a_changed_or_cut_header_is_refused() {
        let packet = &captures::frames("snmp_v1")[1][14..];
        for bit in 0..20 * 8 {
            let mut changed = packet.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Ipv4Packet::parse(&changed).is_err(), "bit {bit}");
        }
        for length in 0..packet.len() {
            assert!(Ipv4Packet::parse(&packet[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn options_are_skipped() {
        let mut packet =
            vec![0x46, 0, 0, 27, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 50, 0, 1, 10, 50, 0, 2];
        packet.extend([0x94, 4, 0, 0, 7, 8, 9]); // router alert (RFC 2113), then the payload
        seal(&mut packet);
        assert_eq!(Ipv4Packet::parse(&packet).unwrap().payload, [7, 8, 9]);
    }

    #[test]
    fn a_total_length_shorter_than_the_header_is_refused() {
        let mut packet = captures::frames("icmp").remove(0).split_off(14);
        packet[2..4].copy_from_slice(&[0, 19]);
        seal(&mut packet);
        let unexpected = Ipv4Packet::parse(&packet);
        assert!(
            matches!(unexpected, Err(WireError::Unexpected { found: 19, .. })),
            "{unexpected:?}"
        );
    }

    #[test]
    fn a_payload_over_the_total_length_is_not_sent() {
        let mut buf = vec![];
        assert_eq!(emit_ipv4(&mut buf, 17, OURS, THEIRS, 65_515), Ok(()));
        buf.clear();
        let refused = emit_ipv4(&mut buf, 17, OURS, THEIRS, 65_516);
        assert!(matches!(refused, Err(WireError::TooLong { found: 65_516, most: 65_515, .. })));
        assert!(emit_ipv4(&mut buf, 17, OURS, THEIRS, usize::MAX).is_err());
        assert!(buf.is_empty());
    }
}
