//! CDP of Cisco, versions 1 and 2, and FDP of Foundry, which has the same form under another SNAP number
//! ([`crate::llc::snap`]).
//!
//! Neither has a public standard. The fields are those of Cisco's "Understanding and Configuring CDP" and of lldpd, ladvd
//! and Wireshark, which read and send both. Texts are handed on as bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_ids::{MacAddr, Oid};

use crate::checksum::checksum;
use crate::{Reader, WireError};

/// The address that CDP is sent to.
pub const CDP_MULTICAST: MacAddr = MacAddr([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc]);
/// The address that FDP is sent to.
pub const FDP_MULTICAST: MacAddr = MacAddr([0x01, 0xe0, 0x52, 0xcc, 0xcc, 0xcc]);

/// The addresses of one TLV that are handed out. A device has a few; a packet has room for two hundred.
pub const MOST_ADDRESSES: usize = 64;

/// The bits of the capabilities.
pub mod capability {
    /// Router.
    pub const ROUTER: u32 = 1;
    /// Transparent bridge.
    pub const TRANSPARENT_BRIDGE: u32 = 1 << 1;
    /// Source route bridge.
    pub const SOURCE_ROUTE_BRIDGE: u32 = 1 << 2;
    /// Switch.
    pub const SWITCH: u32 = 1 << 3;
    /// Host.
    pub const HOST: u32 = 1 << 4;
    /// Filters multicast (IGMP).
    pub const IGMP: u32 = 1 << 5;
    /// Repeater.
    pub const REPEATER: u32 = 1 << 6;
    /// Telephone.
    pub const TELEPHONE: u32 = 1 << 7;
}

/// What a device says of itself: a version, a time, and TLVs that are read by [`Cdp::tlvs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cdp<'a> {
    /// 1 or 2.
    pub version: u8,
    /// For how many seconds this holds.
    pub ttl: u8,
    rest: Reader<'a>,
}

/// A TLV. One whose contents do not fit its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CdpTlv<'a> {
    /// 1: the name of the device, or its serial number.
    DeviceId(&'a [u8]),
    /// 2: addresses of the port.
    Addresses(CdpAddresses<'a>),
    /// 3: the port it speaks from.
    PortId(&'a [u8]),
    /// 4: what it is; the bits of [`capability`].
    Capabilities(u32),
    /// 4 of FDP: what it is, as a word.
    CapabilityText(&'a [u8]),
    /// 5: the version of its software.
    SoftwareVersion(&'a [u8]),
    /// 6: the hardware.
    Platform(&'a [u8]),
    /// 9: the domain of the VLAN trunking protocol.
    VtpDomain(&'a [u8]),
    /// 10: the VLAN of untagged frames.
    NativeVlan(u16),
    /// 11: whether the port is in full duplex.
    FullDuplex(bool),
    /// 14: the VLAN for telephones, where it names one.
    VoiceVlan(u16),
    /// 20: the sysName.
    SystemName(&'a [u8]),
    /// 21: the sysObjectID, as the contents of a BER object identifier.
    SystemOid(&'a [u8]),
    /// 22: addresses to manage it by.
    ManagementAddresses(CdpAddresses<'a>),
    /// 23: where it stands.
    Location(&'a [u8]),
    /// Anything else.
    Other {
        /// The type.
        kind: u16,
        /// The value.
        value: &'a [u8],
    },
}

const DEVICE_ID: u16 = 1;
const ADDRESSES: u16 = 2;
const PORT_ID: u16 = 3;
const CAPABILITIES: u16 = 4;
const SOFTWARE_VERSION: u16 = 5;
const PLATFORM: u16 = 6;
const VTP_DOMAIN: u16 = 9;
const NATIVE_VLAN: u16 = 10;
const DUPLEX: u16 = 11;
const VOICE_VLAN: u16 = 14;
const SYSTEM_NAME: u16 = 20;
const SYSTEM_OID: u16 = 21;
const MANAGEMENT_ADDRESSES: u16 = 22;
const LOCATION: u16 = 23;

impl<'a> Cdp<'a> {
    /// Reads what follows the SNAP header of CDP or FDP. Its checksum must be right, as the standard has it or as Cisco does.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let version = reader.u8("cdp version")?;
        let ttl = reader.u8("cdp time to live")?;
        reader.u16("cdp checksum")?;
        if !matches!(version, 1 | 2) {
            let found = version.into();
            return Err(WireError::Unexpected {
                what: "cdp version",
                at: 0,
                found,
                want: "1 or 2",
            });
        }
        if checksum(payload) != 0 && !is_summed_as_cisco_does(payload) {
            return Err(WireError::Checksum { what: "cdp packet" });
        }
        Ok(Self { version, ttl, rest: reader })
    }

    /// The TLVs in the order sent. After one that does not end inside the packet nothing follows.
    pub fn tlvs(&self) -> impl Iterator<Item = Result<CdpTlv<'a>, WireError>> + use<'a> {
        let mut reader = self.rest;
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let read = tlv(&mut reader);
            if read.is_err() {
                reader = Reader::new(&[]);
            }
            Some(read.map(|(kind, value)| CdpTlv::read(kind, value)))
        })
    }
}

/// The object in [`CdpTlv::SystemOid`]; `None` where it is none, or an empty one.
pub fn system_oid(contents: &[u8]) -> Option<Oid> {
    let oid = crate::snmp::ber::oid(Reader::new(contents), "cdp system object").ok()?;
    (!contents.is_empty()).then_some(oid)
}

/// Two octets of type, and two of a length that counts these four too.
fn tlv<'a>(reader: &mut Reader<'a>) -> Result<(u16, &'a [u8]), WireError> {
    let kind = reader.u16("cdp tlv type")?;
    let at = reader.at();
    let length = reader.u16("cdp tlv length")?;
    let Some(length) = length.checked_sub(4) else {
        let (what, found) = ("cdp tlv length", length.into());
        return Err(WireError::Unexpected { what, at, found, want: "at least 4" });
    };
    Ok((kind, reader.take(length.into(), "cdp tlv value")?))
}

/// Cisco takes an odd last octet for the low half of a word and not the high one, and for a negative number from 128 on
/// (seen by lldpd's and Wireshark's authors on real switches; packets of even length are summed as in RFC 1071).
fn is_summed_as_cisco_does(payload: &[u8]) -> bool {
    let Some((last, even)) = payload.split_last().filter(|_| payload.len() % 2 == 1) else {
        return false;
    };
    let last = u16::from(*last);
    let word = if last < 0x80 { last } else { (last | 0xff00) - 1 };
    crate::checksum::Sum::default().bytes(even).word(word).finish() == 0
}

impl<'a> CdpTlv<'a> {
    fn read(kind: u16, value: &'a [u8]) -> Self {
        Self::known(kind, value).unwrap_or(Self::Other { kind, value })
    }

    fn known(kind: u16, value: &'a [u8]) -> Option<Self> {
        Some(match (kind, value) {
            (DEVICE_ID, value) => Self::DeviceId(value),
            (ADDRESSES, value) => Self::Addresses(CdpAddresses::read(value)?),
            (PORT_ID, value) => Self::PortId(value),
            (CAPABILITIES, &[a, b, c, d]) => {
                let bits = u32::from_be_bytes([a, b, c, d]);
                // FDP says it with a word, and "Host" has four letters too
                match value.iter().all(u8::is_ascii_alphabetic) {
                    true => Self::CapabilityText(value),
                    false => Self::Capabilities(bits),
                }
            }
            (CAPABILITIES, value) if !value.is_empty() => Self::CapabilityText(value),
            (SOFTWARE_VERSION, value) => Self::SoftwareVersion(value),
            (PLATFORM, value) => Self::Platform(value),
            (VTP_DOMAIN, value) => Self::VtpDomain(value),
            (NATIVE_VLAN, &[high, low]) => Self::NativeVlan(u16::from_be_bytes([high, low])),
            (DUPLEX, &[duplex @ (0 | 1)]) => Self::FullDuplex(duplex == 1),
            // the octet before it is 1 where the VLAN follows
            (VOICE_VLAN, &[1, high, low]) => Self::VoiceVlan(u16::from_be_bytes([high, low])),
            (SYSTEM_NAME, value) => Self::SystemName(value),
            (SYSTEM_OID, value) => Self::SystemOid(value),
            (MANAGEMENT_ADDRESSES, value) => Self::ManagementAddresses(CdpAddresses::read(value)?),
            // an octet before it says what kind of place it is, and has been 0 wherever it was seen
            (LOCATION, [0, text @ ..]) => Self::Location(text),
            _ => return None,
        })
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        let mut put = |kind, value: &[u8]| emit_tlv(buf, kind, &[], value);
        match self {
            Self::DeviceId(value) => put(DEVICE_ID, value),
            Self::Addresses(addresses) => put(ADDRESSES, addresses.bytes),
            Self::PortId(value) => put(PORT_ID, value),
            Self::Capabilities(bits) => put(CAPABILITIES, &bits.to_be_bytes()),
            Self::CapabilityText(value) => put(CAPABILITIES, value),
            Self::SoftwareVersion(value) => put(SOFTWARE_VERSION, value),
            Self::Platform(value) => put(PLATFORM, value),
            Self::VtpDomain(value) => put(VTP_DOMAIN, value),
            Self::NativeVlan(vlan) => put(NATIVE_VLAN, &vlan.to_be_bytes()),
            Self::FullDuplex(full) => put(DUPLEX, &[u8::from(*full)]),
            Self::VoiceVlan(vlan) => emit_tlv(buf, VOICE_VLAN, &[1], &vlan.to_be_bytes()),
            Self::SystemName(value) => put(SYSTEM_NAME, value),
            Self::SystemOid(value) => put(SYSTEM_OID, value),
            Self::ManagementAddresses(addresses) => put(MANAGEMENT_ADDRESSES, addresses.bytes),
            Self::Location(value) => emit_tlv(buf, LOCATION, &[0], value),
            Self::Other { kind, value } => put(*kind, value),
        }
    }
}

fn emit_tlv(buf: &mut Vec<u8>, kind: u16, head: &[u8], value: &[u8]) -> Result<(), WireError> {
    const MOST: usize = u16::MAX as usize - 4;
    let (at, found) = (buf.len(), head.len() + value.len());
    let too_long = WireError::TooLong { what: "cdp tlv value", at, found, most: MOST };
    let length = u16::try_from(found + 4).map_err(|_| too_long)?;
    buf.extend_from_slice(&kind.to_be_bytes());
    buf.extend_from_slice(&length.to_be_bytes());
    buf.extend_from_slice(head);
    buf.extend_from_slice(value);
    Ok(())
}

/// The addresses of a TLV, as they stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CdpAddresses<'a> {
    bytes: &'a [u8],
}

impl<'a> CdpAddresses<'a> {
    /// The contents of a TLV. `None` where there is not even a count.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() >= 4).then_some(Self { bytes })
    }

    /// IPv4 and IPv6 addresses in the order sent, at most [`MOST_ADDRESSES`] entries of the list; other protocols are passed
    /// over. After an entry that does not end nothing follows.
    pub fn ips(self) -> impl Iterator<Item = IpAddr> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        let count = reader.u32("cdp address count").map_or(0, |count| count as usize);
        let entries = (0..count.min(MOST_ADDRESSES)).map_while(move |_| entry(&mut reader).ok());
        entries.flatten()
    }
}

/// A protocol type, a protocol and an address, each with its length.
fn entry(reader: &mut Reader<'_>) -> Result<Option<IpAddr>, WireError> {
    let kind = reader.u8("cdp protocol type")?;
    let length = reader.u8("cdp protocol length")?;
    let protocol = reader.take(length.into(), "cdp protocol")?;
    let length = reader.u16("cdp address length")?;
    let address = reader.take(length.into(), "cdp address")?;
    Ok(match (kind, protocol) {
        // 1: a network layer protocol identifier (ISO/IEC TR 9577)
        (1, [0xcc]) => {
            <[u8; 4]>::try_from(address).ok().map(|octets| Ipv4Addr::from(octets).into())
        }
        // 2: a SNAP header, with the Ethernet type of IPv6
        (2, [0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd] | [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]) => {
            match address.len() {
                4 => <[u8; 4]>::try_from(address).ok().map(|octets| Ipv4Addr::from(octets).into()),
                _ => <[u8; 16]>::try_from(address).ok().map(|octets| Ipv6Addr::from(octets).into()),
            }
        }
        _ => None,
    })
}

/// Appends a CDP packet, without frame, LLC and SNAP. A value that no TLV can hold is refused, and nothing appended.
pub fn emit_cdp(
    buf: &mut Vec<u8>,
    version: u8,
    ttl: u8,
    tlvs: &[CdpTlv<'_>],
) -> Result<(), WireError> {
    let start = buf.len();
    buf.extend_from_slice(&[version, ttl, 0, 0]);
    let sent = tlvs.iter().try_for_each(|tlv| tlv.emit(buf));
    sent.inspect_err(|_| buf.truncate(start))?;
    let packet = &mut buf[start..];
    let sum = match packet.split_last() {
        Some((last, even)) if packet.len() % 2 == 1 => {
            // as Cisco's own do, which accept nothing else
            let last = u16::from(*last);
            let word = if last < 0x80 { last } else { (last | 0xff00) - 1 };
            crate::checksum::Sum::default().bytes(even).word(word).finish()
        }
        _ => checksum(packet),
    };
    packet[2..4].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

/// The contents of a TLV of addresses, for [`CdpAddresses::read`].
pub fn cdp_addresses(addresses: &[IpAddr]) -> Vec<u8> {
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut bytes = count.to_be_bytes().to_vec();
    for address in addresses {
        match address {
            IpAddr::V4(address) => {
                bytes.extend_from_slice(&[1, 1, 0xcc, 0, 4]);
                bytes.extend_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                bytes.extend_from_slice(&[2, 8, 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, 0, 16]);
                bytes.extend_from_slice(&address.octets());
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::llc::snap;
    use crate::{EthernetFrame, captures};

    fn recorded(name: &str, which: ([u8; 3], u16)) -> Vec<u8> {
        let frame = captures::frames(name).remove(0);
        EthernetFrame::parse(&frame).unwrap().snap(which).unwrap().to_vec()
    }

    #[test]
    fn reads_the_recorded_versions() {
        for (name, version) in [("cdp", 1), ("cdp_v2", 2)] {
            let payload = recorded(name, snap::CDP);
            let cdp = Cdp::parse(&payload).unwrap();
            assert_eq!((cdp.version, cdp.ttl), (version, 120));
            let tlvs: Vec<_> = cdp.tlvs().collect::<Result<_, _>>().unwrap();
            let [
                CdpTlv::DeviceId(b"lab-peer"),
                CdpTlv::Addresses(addresses),
                CdpTlv::PortId(b"vb"),
                CdpTlv::Capabilities(capability::HOST),
                CdpTlv::SoftwareVersion(b"lab peer of a wire capture"),
                CdpTlv::Platform(b"Linux"),
            ] = tlvs[..]
            else {
                panic!("{tlvs:?}")
            };
            assert_eq!(addresses.ips().collect::<Vec<_>>(), [IpAddr::from([10, 50, 0, 2])]);
        }
    }

    #[test]
    fn reads_fdp_whose_capability_is_a_word() {
        let payload = recorded("fdp", snap::FDP);
        let tlvs: Vec<_> = Cdp::parse(&payload).unwrap().tlvs().map(Result::unwrap).collect();
        assert_eq!(tlvs[3], CdpTlv::CapabilityText(b"Host"));
        assert_eq!(tlvs[5], CdpTlv::Platform(b"Linux"));
    }

    #[test]
    fn what_was_recorded_is_what_we_would_send() {
        for (name, which) in [("cdp", snap::CDP), ("cdp_v2", snap::CDP), ("fdp", snap::FDP)] {
            let payload = recorded(name, which);
            let cdp = Cdp::parse(&payload).unwrap();
            let tlvs: Vec<_> = cdp.tlvs().map(Result::unwrap).collect();
            let mut buf = vec![];
            emit_cdp(&mut buf, cdp.version, cdp.ttl, &tlvs).unwrap();
            assert_eq!(buf, payload, "{name}");
        }
    }

    #[test]
    fn one_changed_bit_is_seen() {
        let payload = recorded("cdp_v2", snap::CDP);
        for bit in 8..payload.len() * 8 {
            let mut changed = payload.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Cdp::parse(&changed).is_err(), "bit {bit}");
        }
        let mut third = payload;
        third[0] = 3;
        assert!(matches!(Cdp::parse(&third), Err(WireError::Unexpected { found: 3, .. })));
    }

    #[test]
    fn both_ways_to_sum_an_odd_length_are_right() {
        for last in [0x7f, 0x80, 0xff] {
            let mut ours = vec![];
            emit_cdp(&mut ours, 2, 180, &[CdpTlv::Platform(&[last])]).unwrap();
            assert_eq!(ours.len() % 2, 1);
            assert!(Cdp::parse(&ours).is_ok(), "{last}");
            ours[2..4].fill(0);
            let sum = checksum(&ours);
            ours[2..4].copy_from_slice(&sum.to_be_bytes());
            assert!(Cdp::parse(&ours).is_ok(), "{last}");
        }
    }

    /// A packet of these bytes behind its head.
    fn with(tlvs: &[u8]) -> Vec<u8> {
        let mut packet = [&[2, 180, 0, 0], tlvs].concat();
        let sum = checksum(&packet);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
        packet
    }

    #[test]
    fn a_tlv_shorter_than_its_head_ends_the_list() {
        for length in 0..4 {
            let packet = with(&[0, 6, 0, 4, 0, 1, 0, length, 0, 1]);
            let tlvs: Vec<_> = Cdp::parse(&packet).unwrap().tlvs().collect();
            assert!(
                matches!(tlvs[..], [Ok(CdpTlv::Platform(b"")), Err(WireError::Unexpected { .. })]),
                "{tlvs:?}"
            );
        }
        let packet = with(&[0, 6, 0, 9, 1, 2, 3, 4]);
        let tlvs: Vec<_> = Cdp::parse(&packet).unwrap().tlvs().collect();
        assert!(matches!(tlvs[..], [Err(WireError::Short { need: 5, have: 4, .. })]));
    }

    #[test]
    fn a_count_of_addresses_is_believed_as_far_as_there_are_some() {
        let one = [IpAddr::from([10, 50, 0, 2])];
        let mut bytes = cdp_addresses(&one);
        bytes[..4].fill(0xff);
        assert_eq!(CdpAddresses::read(&bytes).unwrap().ips().collect::<Vec<_>>(), one);
        let many = cdp_addresses(&[one[0]; 200]);
        assert_eq!(CdpAddresses::read(&many).unwrap().ips().count(), MOST_ADDRESSES);
        assert_eq!(CdpTlv::read(ADDRESSES, &[0]), CdpTlv::Other { kind: 2, value: &[0] });
    }

    #[test]
    fn contents_that_do_not_fit_are_kept() {
        for (kind, value) in
            [(4, &[][..]), (10, &[1]), (11, &[2]), (14, &[2, 0, 1]), (23, &[7, 1]), (999, b"x")]
        {
            assert_eq!(CdpTlv::read(kind, value), CdpTlv::Other { kind, value });
        }
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            version in 1_u8..3, ttl: u8, bits in 0_u32..0x0100_0000, vlans: [u16; 2], full: bool,
            ips in prop::collection::vec(any::<IpAddr>(), 0..6),
            text in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = cdp_addresses(&ips);
            let addresses = CdpAddresses::read(&bytes).unwrap();
            let tlvs = [
                CdpTlv::DeviceId(&text), CdpTlv::Addresses(addresses), CdpTlv::PortId(&text),
                CdpTlv::Capabilities(bits), CdpTlv::CapabilityText(b"Switch"), CdpTlv::SoftwareVersion(&text),
                CdpTlv::Platform(&text), CdpTlv::VtpDomain(&text), CdpTlv::NativeVlan(vlans[0]),
                CdpTlv::FullDuplex(full), CdpTlv::VoiceVlan(vlans[1]), CdpTlv::SystemName(&text),
                CdpTlv::SystemOid(&text), CdpTlv::ManagementAddresses(addresses), CdpTlv::Location(&text),
                CdpTlv::Other { kind: 0x1000, value: &text },
            ];
            let mut buf = vec![];
            emit_cdp(&mut buf, version, ttl, &tlvs).unwrap();
            let cdp = Cdp::parse(&buf).unwrap();
            assert_eq!((cdp.version, cdp.ttl), (version, ttl));
            assert_eq!(cdp.tlvs().collect::<Result<Vec<_>, _>>().unwrap(), tlvs);
            assert_eq!(addresses.ips().collect::<Vec<_>>(), ips);
        }
    }
}
