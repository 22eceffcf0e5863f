//! UDP over IPv4 (RFC 768).

use std::net::{Ipv4Addr, SocketAddrV4};

use herkomst_ids::MacAddr;

use crate::checksum::Sum;
use crate::ipv4::{emit_ipv4, protocol};
use crate::{Reader, WireError, emit_ethernet, ether_type};

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
