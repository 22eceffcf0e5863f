//! IPv6 headers (RFC 8200), and the extension headers between them and what the packet carries.
//!
//! Extension headers are walked, at most [`MOST_EXTENSIONS`] of them. Fragments are marked and not put together;
//! jumbograms (RFC 2675) are not read.

use std::net::Ipv6Addr;

use herkomst_ids::MacAddr;

use crate::checksum::Sum;
use crate::{Reader, WireError, emit_ethernet, ether_type};

/// The next headers that the agent knows.
pub mod next_header {
    /// Options for every router on the way (RFC 8200, 4.3).
    pub const HOP_BY_HOP: u8 = 0;
    /// TCP (RFC 9293).
    pub const TCP: u8 = 6;
    /// UDP (RFC 768).
    pub const UDP: u8 = 17;
    /// Where to go by (RFC 8200, 4.4).
    pub const ROUTING: u8 = 43;
    /// A part of a packet (RFC 8200, 4.5).
    pub const FRAGMENT: u8 = 44;
    /// Authentication (RFC 4302).
    pub const AUTHENTICATION: u8 = 51;
    /// ICMPv6 (RFC 4443).
    pub const ICMPV6: u8 = 58;
    /// Nothing follows (RFC 8200, 4.7).
    pub const NONE: u8 = 59;
    /// Options for the receiver (RFC 8200, 4.6).
    pub const DESTINATION_OPTIONS: u8 = 60;
    /// VRRP (RFC 9568).
    pub const VRRP: u8 = 112;
}

/// The extension headers that are looked through. RFC 8200, 4.1 has each once and the destination options twice; what
/// brings more wants to cost us time.
pub const MOST_EXTENSIONS: usize = 8;
/// The length of the header itself.
const HEADER: usize = 40;

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Packet<'a> {
    /// Who sent it.
    pub source: Ipv6Addr,
    /// Whom it is for.
    pub destination: Ipv6Addr,
    /// How many routers it may still pass.
    pub hop_limit: u8,
    /// What the payload is; see [`next_header`].
    pub protocol: u8,
    /// A part of a packet: more follow, or it is not the first. The payload then cannot be read by itself.
    pub fragment: bool,
    /// What follows the extension headers, within the payload length; Ethernet padding is cut off.
    pub payload: &'a [u8],
    first: u8,
    extensions: &'a [u8],
}

/// An extension header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension<'a> {
    /// 0: options for every router on the way.
    HopByHop(Ipv6Options<'a>),
    /// 43: where to go by.
    Routing {
        /// The routing type.
        kind: u8,
        /// The stations still to come.
        segments_left: u8,
        /// What the type makes of it.
        data: &'a [u8],
    },
    /// 44: a part of a packet, or all of it where it starts at 0 and no more follow (RFC 6946).
    Fragment {
        /// Where the part starts, in bytes.
        offset: u16,
        /// Whether more follow.
        more: bool,
        /// What the parts of one packet share.
        id: u32,
    },
    /// 51: its fields unread.
    Authentication(&'a [u8]),
    /// 60: options for the receiver.
    DestinationOptions(Ipv6Options<'a>),
}

impl<'a> Ipv6Packet<'a> {
    /// Reads the payload of an Ethernet frame.
    pub fn parse(packet: &'a [u8]) -> Result<Self, WireError> {
        let (head, mut rest) = Head::read(packet)?;
        let covered = rest.part(head.payload_length.into(), "ipv6 payload")?;
        let walk = walk(covered, head.first)?;
        let length = covered.len() - walk.rest.len();
        Ok(Self {
            source: head.source,
            destination: head.destination,
            hop_limit: head.hop_limit,
            protocol: walk.protocol,
            fragment: walk.fragment,
            payload: walk.rest.rest(),
            first: head.first,
            extensions: &covered.rest()[..length],
        })
    }

    /// The extension headers in the order sent.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let (mut reader, mut kind) = (Reader::new(self.extensions), self.first);
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            // they were walked before
            let (extension, next) = extension(&mut reader, kind).ok().flatten()?;
            kind = next;
            Some(extension)
        })
    }

    /// The sum over the addresses, the length and the protocol, which the checksums above cover too (RFC 8200, 8.1).
    pub(crate) fn pseudo_header(&self) -> Sum {
        pseudo_header(self.source, self.destination, self.protocol, self.payload.len())
    }
}

/// The fixed header, as far as it is used.
struct Head {
    payload_length: u16,
    first: u8,
    hop_limit: u8,
    source: Ipv6Addr,
    destination: Ipv6Addr,
}

impl Head {
    fn read(packet: &[u8]) -> Result<(Self, Reader<'_>), WireError> {
        let mut reader = Reader::new(packet);
        let version = reader.u32("ipv6 version, class and flow")? >> 28;
        if version != 6 {
            let found = version.into();
            return Err(WireError::Unexpected { what: "ip version", at: 0, found, want: "6" });
        }
        let head = Self {
            payload_length: reader.u16("ipv6 payload length")?,
            first: reader.u8("ipv6 next header")?,
            hop_limit: reader.u8("ipv6 hop limit")?,
            source: reader.array::<16>("ipv6 source")?.into(),
            destination: reader.array::<16>("ipv6 destination")?.into(),
        };
        Ok((head, reader))
    }
}

/// What stands behind the extension headers.
struct Walk<'a> {
    protocol: u8,
    fragment: bool,
    /// Of a fragment that is not the first, nothing that a header could stand in.
    first_fragment: bool,
    rest: Reader<'a>,
}

fn walk(mut reader: Reader<'_>, first: u8) -> Result<Walk<'_>, WireError> {
    let (mut protocol, mut fragment, mut first_fragment) = (first, false, true);
    let mut walked = 0;
    while first_fragment {
        let at = reader.at();
        if protocol == next_header::HOP_BY_HOP && walked > 0 {
            let want = "no hop-by-hop options, they stand first"; // RFC 8200, 4.1
            return Err(WireError::Unexpected { what: "ipv6 next header", at, found: 0, want });
        }
        let Some((read, next)) = extension(&mut reader, protocol)? else { break };
        walked += 1;
        if walked > MOST_EXTENSIONS {
            let (what, found) = ("ipv6 extension headers", walked);
            return Err(WireError::TooLong { what, at, found, most: MOST_EXTENSIONS });
        }
        if let Extension::Fragment { offset, more, .. } = read {
            fragment |= more || offset != 0;
            first_fragment &= offset == 0;
        }
        protocol = next;
    }
    Ok(Walk { protocol, fragment, first_fragment, rest: reader })
}

/// Reads the extension header `kind` and what follows it; `None` where `kind` is none.
fn extension<'a>(
    reader: &mut Reader<'a>,
    kind: u8,
) -> Result<Option<(Extension<'a>, u8)>, WireError> {
    let start = *reader;
    if !matches!(
        kind,
        next_header::HOP_BY_HOP
            | next_header::ROUTING
            | next_header::FRAGMENT
            | next_header::AUTHENTICATION
            | next_header::DESTINATION_OPTIONS
    ) {
        return Ok(None);
    }
    let next = reader.u8("ipv6 extension header")?;
    let length = usize::from(reader.u8("ipv6 extension header length")?);
    let length = match kind {
        next_header::FRAGMENT => 8, // RFC 8200, 4.5: the octet is reserved
        next_header::AUTHENTICATION => (length + 2) * 4, // RFC 4302, 2.2
        _ => (length + 1) * 8,
    };
    *reader = start;
    let mut header = reader.part(length, "ipv6 extension header")?;
    header.u16("ipv6 extension header")?;
    let extension = match kind {
        next_header::HOP_BY_HOP => Extension::HopByHop(Ipv6Options(header)),
        next_header::DESTINATION_OPTIONS => Extension::DestinationOptions(Ipv6Options(header)),
        next_header::ROUTING => Extension::Routing {
            kind: header.u8("ipv6 routing type")?,
            segments_left: header.u8("ipv6 segments left")?,
            data: header.rest(),
        },
        next_header::FRAGMENT => {
            let field = header.u16("ipv6 fragment offset")?;
            let id = header.u32("ipv6 fragment identification")?;
            Extension::Fragment { offset: field & 0xfff8, more: field & 1 != 0, id }
        }
        _ => Extension::Authentication(header.rest()),
    };
    Ok(Some((extension, next)))
}

/// The options of an extension header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Options<'a>(Reader<'a>);

/// An option. The two highest bits of its type say what becomes of a packet for a receiver that does not know it
/// (RFC 8200, 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Option<'a> {
    /// The type; 5 is the router alert (RFC 2711).
    pub kind: u8,
    /// The data.
    pub data: &'a [u8],
}

impl<'a> Ipv6Options<'a> {
    /// The options in the order sent, without those that only pad. After one that does not end nothing follows.
    pub fn iter(self) -> impl Iterator<Item = Result<Ipv6Option<'a>, WireError>> + use<'a> {
        let mut reader = self.0;
        std::iter::from_fn(move || {
            loop {
                if reader.is_empty() {
                    return None;
                }
                match Self::next(&mut reader) {
                    Ok(Ipv6Option { kind: 0 | 1, .. }) => {}
                    Ok(option) => return Some(Ok(option)),
                    Err(error) => {
                        reader = Reader::new(&[]);
                        return Some(Err(error));
                    }
                }
            }
        })
    }

    fn next(reader: &mut Reader<'a>) -> Result<Ipv6Option<'a>, WireError> {
        let kind = reader.u8("ipv6 option")?;
        if kind == 0 {
            return Ok(Ipv6Option { kind, data: &[] }); // RFC 8200, 4.2: Pad1 has neither length nor data
        }
        let length = reader.u8("ipv6 option length")?;
        Ok(Ipv6Option { kind, data: reader.take(length.into(), "ipv6 option data")? })
    }
}

/// The packet that an ICMPv6 error is about, as far as it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginalPacket {
    /// Who sent it.
    pub source: Ipv6Addr,
    /// Whom it was for.
    pub destination: Ipv6Addr,
    /// What it carried.
    pub protocol: u8,
    /// The first two words of what it carried, where they are quoted: the ports of TCP and UDP.
    pub ports: Option<(u16, u16)>,
    /// Identifier and sequence number, where it was an echo request.
    pub echo: Option<(u16, u16)>,
}

impl OriginalPacket {
    /// `None` when too little is quoted to say what it carried.
    pub(crate) fn read(quoted: &[u8]) -> Option<Self> {
        let (head, rest) = Head::read(quoted).ok()?;
        let walk = walk(rest, head.first).ok()?;
        let mut rest = walk.rest;
        let mut word = || rest.u16("quoted word").ok().filter(|_| walk.first_fragment);
        let (first, second) = (word(), word());
        let has_ports = matches!(walk.protocol, next_header::TCP | next_header::UDP);
        let is_echo = walk.protocol == next_header::ICMPV6 && first == Some(0x8000);
        Some(Self {
            source: head.source,
            destination: head.destination,
            protocol: walk.protocol,
            ports: first.zip(second).filter(|_| has_ports),
            echo: word().zip(word()).filter(|_| is_echo),
        })
    }
}

/// The sum over what a checksum above IPv6 covers beside the payload (RFC 8200, 8.1).
pub(crate) fn pseudo_header(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    protocol: u8,
    length: usize,
) -> Sum {
    let length = u16::try_from(length).expect("it was read from, or fits, a 16-bit field");
    Sum::default()
        .bytes(&source.octets())
        .bytes(&destination.octets())
        .word(length)
        .word(protocol.into())
}

/// The hardware address that frames to a multicast address go to (RFC 2464, 7); `None` for other addresses.
pub fn multicast_mac(address: Ipv6Addr) -> Option<MacAddr> {
    let [.., a, b, c, d] = address.octets();
    address.is_multicast().then_some(MacAddr([0x33, 0x33, a, b, c, d]))
}

/// The multicast address that whoever has `address` listens to (RFC 4291, 2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// Every node of a link (RFC 4291, 2.7.1).
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// The address that a station with this hardware address makes for itself under the first 64 bits of `prefix`, unless it
/// draws one at random or was given one (RFC 4291, appendix A; RFC 4862, 5.3 and 5.5.3). `None` for what is no station.
pub fn eui64_address(prefix: Ipv6Addr, mac: MacAddr) -> Option<Ipv6Addr> {
    if mac.is_multicast() || mac == MacAddr::ZERO {
        return None;
    }
    let [a, b, c, d, e, f] = mac.octets();
    // the bit for "locally administered" is turned round, so that short identifiers set by hand have a 0 there
    let id = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Some(Ipv6Addr::from_bits(prefix.to_bits() >> 64 << 64 | u128::from(id)))
}

/// The hardware address that such an address is made of; `None` where it is not of that form. A station may also have been
/// given such an address by hand, so that this is a hint.
pub fn eui64_mac(address: Ipv6Addr) -> Option<MacAddr> {
    let [.., a, b, c, 0xff, 0xfe, d, e, f] = address.octets() else {
        return None;
    };
    let mac = MacAddr([a ^ 2, b, c, d, e, f]);
    (!mac.is_multicast() && mac != MacAddr::ZERO).then_some(mac)
}

/// Who sends a frame to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Way {
    /// The hardware address of the sender.
    pub source_mac: MacAddr,
    /// That of the receiver; see [`multicast_mac`].
    pub destination_mac: MacAddr,
    /// The VLAN to tag the frame with.
    pub vlan: Option<u16>,
    /// The address of the sender.
    pub source: Ipv6Addr,
    /// That of the receiver.
    pub destination: Ipv6Addr,
    /// How many routers it may pass: 255 for neighbour discovery, 1 for multicast listeners.
    pub hop_limit: u8,
}

/// What to put between the header and the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// Nothing.
    Nothing,
    /// A hop-by-hop router alert, without which routers leave a message for multicast listeners unread (RFC 2711).
    RouterAlert,
    /// A destination option of this type and four bytes. One of the form 10xxxxxx that nobody knows is answered with a
    /// parameter problem, even by those who do not answer an echo to all (RFC 8200, 4.2).
    DestinationOption(u8),
}

impl Extra {
    /// The type of the first header, and the bytes of all but the message.
    fn bytes(self, protocol: u8) -> (u8, Option<[u8; 8]>) {
        match self {
            Self::Nothing => (protocol, None),
            Self::RouterAlert => (next_header::HOP_BY_HOP, Some([protocol, 0, 5, 2, 0, 0, 1, 0])),
            Self::DestinationOption(kind) => {
                (next_header::DESTINATION_OPTIONS, Some([protocol, 0, kind, 4, 0, 0, 0, 0]))
            }
        }
    }
}

/// Clears `buf` and writes the Ethernet and IPv6 headers for `payload` bytes of `protocol`. What no packet can hold is
/// refused, and leaves `buf` empty.
pub(crate) fn ipv6_head(
    buf: &mut Vec<u8>,
    way: &Ipv6Way,
    extra: Extra,
    protocol: u8,
    payload: usize,
) -> Result<(), WireError> {
    buf.clear();
    let (first, bytes) = extra.bytes(protocol);
    let bytes = bytes.as_ref().map_or(&[][..], |bytes| &bytes[..]);
    let most = usize::from(u16::MAX) - bytes.len();
    let too_long = WireError::TooLong { what: "ipv6 payload", at: HEADER, found: payload, most };
    let length = u16::try_from(payload.saturating_add(bytes.len())).map_err(|_| too_long)?;
    emit_ethernet(buf, way.destination_mac, way.source_mac, way.vlan, ether_type::IPV6);
    buf.extend_from_slice(&[0x60, 0, 0, 0]);
    buf.extend_from_slice(&length.to_be_bytes());
    buf.extend_from_slice(&[first, way.hop_limit]);
    buf.extend_from_slice(&way.source.octets());
    buf.extend_from_slice(&way.destination.octets());
    buf.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EthernetFrame, captures};

    fn recorded(name: &str, number: usize) -> Vec<u8> {
        let frame = captures::frames(name).remove(number);
        EthernetFrame::parse(&frame).unwrap().payload.to_vec()
    }

    /// A packet of these headers, each with the type of the next, and a payload of UDP's type.
    fn packet(headers: &[(u8, &[u8])], payload: &[u8]) -> Vec<u8> {
        let mut body = vec![];
        for (number, (_, header)) in headers.iter().enumerate() {
            body.push(headers.get(number + 1).map_or(17, |(kind, _)| *kind));
            body.extend(*header);
        }
        body.extend(payload);
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        packet.extend([headers.first().map_or(17, |(kind, _)| *kind), 64]);
        packet.extend([0xfd; 32]);
        packet.extend(body);
        packet
    }

    #[test]
    fn walks_the_recorded_extension_headers() {
        let bytes = recorded("ipv6_extensions", 0);
        let read = Ipv6Packet::parse(&bytes).unwrap();
        assert_eq!(read.source, "fd00:50::1".parse::<Ipv6Addr>().unwrap());
        assert_eq!((read.protocol, read.fragment, read.hop_limit), (17, false, 64));
        assert_eq!(read.payload[8..], *b"wire capture");
        let extensions: Vec<_> = read.extensions().collect();
        let [
            Extension::HopByHop(alert),
            Extension::DestinationOptions(padding),
            Extension::Routing { kind: 0, segments_left: 0, data },
            Extension::Fragment { offset: 0, more: false, id: 7 },
            Extension::DestinationOptions(_),
        ] = extensions[..]
        else {
            panic!("{extensions:?}")
        };
        assert_eq!(alert.iter().collect::<Vec<_>>(), [Ok(Ipv6Option { kind: 5, data: &[0, 0] })]);
        assert_eq!(padding.iter().count(), 0);
        assert_eq!(data.len(), 20);
    }

    #[test]
    fn a_part_is_marked_and_only_the_first_is_walked_on() {
        for (number, length) in [(0, 1440), (1, 1440), (2, 128)] {
            let bytes = recorded("ipv6_fragments", number);
            let read = Ipv6Packet::parse(&bytes).unwrap();
            assert_eq!((read.fragment, read.protocol, read.payload.len()), (true, 17, length));
        }
        let later = packet(&[(44, &[0, 0, 8, 0, 0, 0, 1]), (60, &[0xff; 7])], b"");
        let read = Ipv6Packet::parse(&later).unwrap();
        assert_eq!((read.protocol, read.extensions().count()), (60, 1));
    }

    #[test]
    fn a_chain_that_does_not_end_is_refused() {
        let option = [0, 1, 4, 0, 0, 0, 0];
        for (count, right) in [(8, true), (9, false), (180, false)] {
            let bytes = packet(&vec![(60, &option[..]); count], b"payload");
            let read = Ipv6Packet::parse(&bytes);
            assert_eq!(read.is_ok(), right, "{count}: {read:?}");
        }
        let late = packet(&[(60, &option), (0, &option)], b"");
        assert!(matches!(Ipv6Packet::parse(&late), Err(WireError::Unexpected { .. })));
        let long = packet(&[(60, &[9, 1, 4, 0, 0, 0, 0])], b"");
        assert!(matches!(Ipv6Packet::parse(&long), Err(WireError::Short { .. })));
    }

    #[test]
    fn an_option_that_does_not_end_is_the_last() {
        let bytes = packet(&[(60, &[0, 0, 0, 0x1e, 9, 1, 2])], b"");
        let read = Ipv6Packet::parse(&bytes).unwrap();
        let Some(Extension::DestinationOptions(options)) = read.extensions().next() else {
            panic!("destination options")
        };
        let options: Vec<_> = options.iter().collect();
        assert!(matches!(options[..], [Err(WireError::Short { need: 9, have: 2, .. })]));
    }

    #[test]
    fn cut_at_any_byte_it_is_short_and_padding_is_cut_off() {
        let bytes = recorded("ipv6_extensions", 0);
        for length in 0..bytes.len() {
            let cut = Ipv6Packet::parse(&bytes[..length]);
            assert!(matches!(cut, Err(WireError::Short { .. })), "cut at {length}");
        }
        let padded = [&bytes[..], &[0xee; 9]].concat();
        assert_eq!(Ipv6Packet::parse(&padded), Ipv6Packet::parse(&bytes));
        let mut four = bytes;
        four[0] = 0x45;
        assert!(matches!(Ipv6Packet::parse(&four), Err(WireError::Unexpected { found: 4, .. })));
    }

    #[test]
    fn a_station_makes_its_address_as_the_rfc_does() {
        // RFC 4291, appendix A; the upper half of the prefix alone counts
        let mac = MacAddr([0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde]);
        let [made, local] = ["fd00:50:0:1::1", "fe80::"]
            .map(|prefix: &str| eui64_address(prefix.parse().unwrap(), mac).unwrap().to_string());
        assert_eq!(made, "fd00:50:0:1:3656:78ff:fe9a:bcde");
        assert_eq!(local, "fe80::3656:78ff:fe9a:bcde");
        let ours = eui64_address("fe80::".parse().unwrap(), MacAddr([2, 0, 0, 0, 0, 0x0a]));
        assert_eq!(ours, Some("fe80::ff:fe00:a".parse().unwrap()));
        assert_eq!(eui64_mac(made.parse().unwrap()), Some(mac));
        for none in [MacAddr::ZERO, MacAddr::BROADCAST, MacAddr([1, 0, 0, 0, 0, 1])] {
            assert_eq!(eui64_address(ALL_NODES, none), None);
        }
        for none in ["fd00:50::2", "fe80::200:ff:fe00:0", "fe80::300:ff:fe00:1"] {
            assert_eq!(eui64_mac(none.parse().unwrap()), None);
        }
    }

    #[test]
    fn groups_have_the_addresses_of_the_rfcs() {
        let address: Ipv6Addr = "2001:db8::12:3456".parse().unwrap();
        let group = solicited_node(address);
        assert_eq!(group, "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap());
        assert_eq!(multicast_mac(group), Some(MacAddr([0x33, 0x33, 0xff, 0x12, 0x34, 0x56])));
        assert_eq!(multicast_mac(address), None);
    }
}
