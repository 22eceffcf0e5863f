//! `SnmpEngineID` (RFC 3411, section 5): who runs the agent, and often a hardware address.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{MacAddr, Pen};

/// Five to 32 octets that name an SNMP engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EngineId(Box<[u8]>);

/// What follows the enterprise number (RFC 3411, 5, "the fifth octet").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineIdFormat {
    /// 1: an IPv4 address.
    Ipv4(Ipv4Addr),
    /// 2: an IPv6 address.
    Ipv6(Ipv6Addr),
    /// 3: a MAC address.
    Mac(MacAddr),
    /// 4: text that the administrator gave.
    Text(Vec<u8>),
    /// 5: octets that the administrator gave.
    Octets(Vec<u8>),
    /// 128 to 255: as the enterprise likes.
    Enterprise {
        /// The format octet.
        format: u8,
        /// What follows it.
        rest: Vec<u8>,
    },
    /// The old form (first bit 0), a reserved format, or a length that does not fit the format.
    Other(Vec<u8>),
}

impl EngineId {
    /// `None` unless it has 5 to 32 octets and is neither all zeros nor all ones (RFC 3411, 5).
    pub fn new(octets: &[u8]) -> Option<Self> {
        let fits = (5..=32).contains(&octets.len())
            && octets.iter().any(|octet| *octet != 0)
            && octets.iter().any(|octet| *octet != 0xff);
        fits.then(|| Self(octets.into()))
    }

    /// The octets as sent.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The enterprise number in the first four octets; their first bit only marks the form.
    pub fn pen(&self) -> Pen {
        let head: [u8; 4] = self.0[..4].try_into().expect("an engine id has at least five octets");
        Pen(u32::from_be_bytes(head) & 0x7fff_ffff)
    }

    /// Whether it has the form of RFC 3411 (first bit 1), and not the older 12 octets of RFC 1910.
    pub fn is_rfc3411(&self) -> bool {
        self.0[0] & 0x80 != 0
    }

    /// What stands after the enterprise number.
    pub fn format(&self) -> EngineIdFormat {
        let rest = &self.0[5..];
        if !self.is_rfc3411() {
            return EngineIdFormat::Other(self.0[4..].to_vec());
        }
        match (self.0[4], rest.len()) {
            (1, 4) => EngineIdFormat::Ipv4(Ipv4Addr::from(
                <[u8; 4]>::try_from(rest).expect("length was matched"),
            )),
            (2, 16) => EngineIdFormat::Ipv6(Ipv6Addr::from(
                <[u8; 16]>::try_from(rest).expect("length was matched"),
            )),
            (3, 6) => EngineIdFormat::Mac(MacAddr(rest.try_into().expect("length was matched"))),
            (4, _) => EngineIdFormat::Text(rest.to_vec()),
            (5, _) => EngineIdFormat::Octets(rest.to_vec()),
            (format @ 128.., _) => EngineIdFormat::Enterprise { format, rest: rest.to_vec() },
            _ => EngineIdFormat::Other(self.0[4..].to_vec()),
        }
    }

    /// The hardware address in it, where its form carries one.
    pub fn mac(&self) -> Option<MacAddr> {
        match self.format() {
            EngineIdFormat::Mac(mac) => Some(mac),
            _ => None,
        }
    }
}

impl fmt::Display for EngineId {
    /// Hexadecimal without separators, as snmpd and snmpget take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_enterprise_and_address() {
        let id = EngineId::new(&[0x80, 0x00, 0x07, 0xdb, 0x03, 0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56])
            .unwrap();
        assert_eq!(id.pen(), Pen(2011));
        assert_eq!(id.mac(), Some(MacAddr([0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56])));
        assert_eq!(id.to_string(), "800007db0300e0fc123456");
    }

    #[test]
    fn the_older_form_carries_no_address() {
        let id = EngineId::new(&[
            0x00, 0x00, 0x07, 0xdb, 0x03, 0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56, 0x00,
        ])
        .unwrap();
        assert_eq!(id.pen(), Pen(2011));
        assert_eq!(id.mac(), None);
    }

    #[test]
    fn refuses_lengths_and_values_that_rfc_3411_forbids() {
        for octets in [&[1, 2, 3, 4][..], &[0; 33], &[0; 12], &[0xff; 12]] {
            assert_eq!(EngineId::new(octets), None);
        }
    }

    #[test]
    fn an_address_of_the_wrong_length_is_no_address() {
        let id = EngineId::new(&[0x80, 0, 0, 9, 3, 0, 1]).unwrap();
        assert!(matches!(id.format(), EngineIdFormat::Other(_)));
    }
}
