//! UDP over IPv4 (RFC 768) and IPv6 (RFC 8200, 8.1).

use std::net::{Ipv4Addr, SocketAddrV4};

use herkomst_ids::MacAddr;

use crate::checksum::Sum;
use crate::ipv4::{emit_ipv4, protocol};
use crate::ipv6::{self, Extra, Ipv6Way, ipv6_head, next_header};
use crate::{Ipv6Packet, Reader, WireError, emit_ethernet, ether_type};

/// The length of the header.
const HEADER: usize = 8;

/// A datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpDatagram<'a> {
    /// The port it came from.
    pub source_port: u16,
    /// The port it is for.
    pub destination_port: u16,
    /// What the length field covers.
    pub payload: &'a [u8],
}

impl<'a> UdpDatagram<'a> {
    /// Reads the payload of a whole IPv4 packet between these addresses. The checksum must be right; 0 means that the
    /// sender made none.
    pub fn parse(
        payload: &'a [u8],
        source: Ipv4Addr,
        destination: Ipv4Addr,
    ) -> Result<Self, WireError> {
        let (datagram, covered) = Self::read(payload)?;
        let made = covered.get(6..8).is_some_and(|sum| sum != [0, 0]);
        if made && pseudo_header(source, destination, covered.len()).bytes(covered).finish() != 0 {
            return Err(WireError::Checksum { what: "udp datagram" });
        }
        Ok(datagram)
    }

    /// Reads the payload of an IPv6 packet that is no fragment. The checksum must be there and right (RFC 8200, 8.1).
    pub fn parse_v6(packet: &Ipv6Packet<'a>) -> Result<Self, WireError> {
        let (datagram, covered) = Self::read(packet.payload)?;
        let sum =
            ipv6::pseudo_header(packet.source, packet.destination, next_header::UDP, covered.len());
        let made = covered.get(6..8).is_some_and(|sum| sum != [0, 0]);
        if !made || sum.bytes(covered).finish() != 0 {
            return Err(WireError::Checksum { what: "udp datagram" });
        }
        Ok(datagram)
    }

    /// The same without a look at the checksum: for a packet from this machine or a guest on it, whose checksum the
    /// hardware would have filled in later. The kernel says beside the packet which those are.
    pub fn parse_without_checksum(payload: &'a [u8]) -> Result<Self, WireError> {
        Self::read(payload).map(|(datagram, _)| datagram)
    }

    /// The datagram, and all the bytes its length covers.
    fn read(payload: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        let mut reader = Reader::new(payload);
        let source_port = reader.u16("udp source port")?;
        let destination_port = reader.u16("udp destination port")?;
        let length = reader.u16("udp length")?;
        if usize::from(length) < HEADER {
            let found = length.into();
            return Err(WireError::Unexpected {
                what: "udp length",
                at: 4,
                found,
                want: "at least 8",
            });
        }
        let covered = Reader::new(payload).take(length.into(), "udp datagram")?;
        let payload = covered.get(HEADER..).unwrap_or_default();
        Ok((Self { source_port, destination_port, payload }, covered))
    }
}

/// Clears `buf` and makes the whole frame in it: Ethernet, IPv4, UDP, with both checksums. A payload that no IPv4
/// packet can hold is refused, and leaves `buf` empty.
pub fn udp_frame(
    buf: &mut Vec<u8>,
    source_mac: MacAddr,
    destination_mac: MacAddr,
    vlan: Option<u16>,
    source: SocketAddrV4,
    destination: SocketAddrV4,
    payload: &[u8],
) -> Result<(), WireError> {
    buf.clear();
    emit_ethernet(buf, destination_mac, source_mac, vlan, ether_type::IPV4);
    let length = payload.len().saturating_add(HEADER);
    if let Err(error) = emit_ipv4(buf, protocol::UDP, *source.ip(), *destination.ip(), length) {
        buf.clear();
        return Err(error);
    }
    let length = u16::try_from(length).expect("it fits an IPv4 packet");
    let mut header = [0; HEADER];
    header[0..2].copy_from_slice(&source.port().to_be_bytes());
    header[2..4].copy_from_slice(&destination.port().to_be_bytes());
    header[4..6].copy_from_slice(&length.to_be_bytes());
    let sum = pseudo_header(*source.ip(), *destination.ip(), length.into())
        .bytes(&header)
        .bytes(payload)
        .finish();
    // RFC 768: a sum of 0 is sent as all ones, since 0 says that there is none
    let sum = if sum == 0 { u16::MAX } else { sum };
    header[6..8].copy_from_slice(&sum.to_be_bytes());
    buf.extend_from_slice(&header);
    buf.extend_from_slice(payload);
    Ok(())
}

/// The same over IPv6, between these ports.
pub fn udp6_frame(
    buf: &mut Vec<u8>,
    way: &Ipv6Way,
    source_port: u16,
    destination_port: u16,
    payload: &[u8],
) -> Result<(), WireError> {
    let length = payload.len().saturating_add(HEADER);
    ipv6_head(buf, way, Extra::Nothing, next_header::UDP, length)?;
    let mut header = [0; HEADER];
    header[0..2].copy_from_slice(&source_port.to_be_bytes());
    header[2..4].copy_from_slice(&destination_port.to_be_bytes());
    let field = u16::try_from(length).expect("it fits an IPv6 packet");
    header[4..6].copy_from_slice(&field.to_be_bytes());
    let sum = ipv6::pseudo_header(way.source, way.destination, next_header::UDP, length);
    let sum = sum.bytes(&header).bytes(payload).finish();
    let sum = if sum == 0 { u16::MAX } else { sum };
    header[6..8].copy_from_slice(&sum.to_be_bytes());
    buf.extend_from_slice(&header);
    buf.extend_from_slice(payload);
    Ok(())
}

/// The sum over the addresses, the protocol and the length, which the checksum covers too (RFC 768).
fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, length: usize) -> Sum {
    let length =
        u16::try_from(length).expect("it was read from, or checked to fit, a 16-bit field");
    Sum::default()
        .bytes(&source.octets())
        .bytes(&destination.octets())
        .word(protocol::UDP.into())
        .word(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EthernetFrame, Ipv4Packet, captures};

    fn read(frame: &[u8]) -> Result<UdpDatagram<'_>, WireError> {
        let packet = Ipv4Packet::parse(EthernetFrame::parse(frame)?.payload)?;
        UdpDatagram::parse(packet.payload, packet.source, packet.destination)
    }

    #[test]
    fn reads_a_recorded_datagram() {
        let frames = captures::frames("snmp_v1");
        let (question, answer) = (read(&frames[0]).unwrap(), read(&frames[1]).unwrap());
        assert_eq!((question.destination_port, answer.source_port), (161, 161));
        assert_eq!(question.source_port, answer.destination_port);
        assert_eq!(answer.payload, &frames[1][42..]);
    }

    #[test]
    fn one_changed_bit_is_seen_unless_the_sum_is_not_made() {
        let frame = captures::frames("snmp_v1").remove(1);
        let packet = Ipv4Packet::parse(&frame[14..]).unwrap();
        for bit in 0..packet.payload.len() * 8 {
            let mut changed = packet.payload.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                UdpDatagram::parse(&changed, packet.source, packet.destination).is_err(),
                "bit {bit}"
            );
        }
        let mut unsummed = packet.payload.to_vec();
        unsummed[6..8].fill(0);
        assert!(UdpDatagram::parse(&unsummed, packet.source, packet.destination).is_ok());
        unsummed[6..8].fill(1);
        assert_eq!(
            UdpDatagram::parse(&unsummed, packet.source, packet.destination),
            Err(WireError::Checksum { what: "udp datagram" })
        );
        assert_eq!(UdpDatagram::parse_without_checksum(&unsummed).unwrap().payload, &frame[42..]);
    }

    #[test]
    fn a_cut_datagram_is_short_and_a_long_one_is_cut() {
        let frame = captures::frames("snmp_v1").remove(1);
        let packet = Ipv4Packet::parse(&frame[14..]).unwrap();
        for length in 0..packet.payload.len() {
            let cut =
                UdpDatagram::parse(&packet.payload[..length], packet.source, packet.destination);
            assert!(matches!(cut, Err(WireError::Short { .. })), "cut at {length}");
        }
        let longer = [packet.payload, &[0xee; 5]].concat();
        let read = UdpDatagram::parse(&longer, packet.source, packet.destination).unwrap();
        assert_eq!(read.payload, &frame[42..]);
        let tiny = UdpDatagram::parse(&[0, 1, 0, 2, 0, 7, 0, 0], packet.source, packet.destination);
        assert!(matches!(tiny, Err(WireError::Unexpected { found: 7, .. })));
    }

    #[test]
    fn over_ipv6_the_sum_is_never_left_out() {
        let frame = captures::frames("icmpv6_unreachable").remove(0);
        let mut packet = Ipv6Packet::parse(&frame[14..]).unwrap();
        let datagram = UdpDatagram::parse_v6(&packet).unwrap();
        assert_eq!((datagram.destination_port, datagram.payload), (9, &[0; 5][..]));
        let way = Ipv6Way {
            source_mac: MacAddr([2, 0, 0, 0, 0, 0x0a]),
            destination_mac: MacAddr([2, 0, 0, 0, 0, 0x0b]),
            vlan: None,
            source: packet.source,
            destination: packet.destination,
            hop_limit: packet.hop_limit,
        };
        let mut ours = vec![];
        udp6_frame(&mut ours, &way, datagram.source_port, 9, datagram.payload).unwrap();
        assert_eq!(ours[18..], frame[18..], "but for the flow label");
        let mut unsummed = packet.payload.to_vec();
        unsummed[6..8].fill(0);
        packet.payload = &unsummed;
        assert!(UdpDatagram::parse_v6(&packet).is_err());
    }

    #[test]
    fn a_sum_that_comes_out_as_zero_is_sent_as_all_ones() {
        let (ours, theirs) = (
            SocketAddrV4::new([10, 50, 0, 1].into(), 1),
            SocketAddrV4::new([10, 50, 0, 2].into(), 2),
        );
        let mut frame = vec![];
        let mut seen = false;
        for number in 0..=u16::MAX {
            udp_frame(
                &mut frame,
                MacAddr::ZERO,
                MacAddr::ZERO,
                None,
                ours,
                theirs,
                &number.to_be_bytes(),
            )
            .unwrap();
            assert_ne!(frame[40..42], [0, 0]);
            seen |= frame[40..42] == [0xff, 0xff];
            assert!(read(&frame).is_ok());
        }
        assert!(seen, "one of all numbers makes the sum zero");
    }

    #[test]
    fn a_frame_of_ours_clears_what_was_there_and_refuses_what_does_not_fit() {
        let end = SocketAddrV4::new([10, 50, 0, 1].into(), 1);
        let mut frame = vec![1; 2000];
        udp_frame(&mut frame, MacAddr::ZERO, MacAddr::ZERO, None, end, end, b"x").unwrap();
        assert_eq!(frame.len(), 43);
        let too_long = vec![0; 65_508];
        assert!(
            udp_frame(&mut frame, MacAddr::ZERO, MacAddr::ZERO, None, end, end, &too_long).is_err()
        );
        assert!(frame.is_empty());
        udp_frame(&mut frame, MacAddr::ZERO, MacAddr::ZERO, None, end, end, &too_long[1..])
            .unwrap();
        assert_eq!(read(&frame).unwrap().payload.len(), 65_507);
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            macs: [[u8; 6]; 2],
            vlan in proptest::option::of(1_u16..4095),
            ends: [(u32, u16); 2],
            payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        ) {
            let [source, destination] = ends.map(|(ip, port)| SocketAddrV4::new(ip.into(), port));
            let [source_mac, destination_mac] = macs.map(MacAddr);
            let mut frame = vec![];
            udp_frame(&mut frame, source_mac, destination_mac, vlan, source, destination, &payload).unwrap();
            let ethernet = EthernetFrame::parse(&frame).unwrap();
            assert_eq!((ethernet.source, ethernet.destination), (source_mac, destination_mac));
            assert_eq!((ethernet.vlan, ethernet.ether_type), (vlan, ether_type::IPV4));
            let packet = Ipv4Packet::parse(ethernet.payload).unwrap();
            assert_eq!((packet.source, packet.destination), (*source.ip(), *destination.ip()));
            assert_eq!((packet.protocol, packet.ttl, packet.fragment), (protocol::UDP, 64, false));
            let datagram = UdpDatagram::parse(packet.payload, packet.source, packet.destination).unwrap();
            assert_eq!((datagram.source_port, datagram.destination_port), (source.port(), destination.port()));
            assert_eq!(datagram.payload, payload);
        }
    }
}
