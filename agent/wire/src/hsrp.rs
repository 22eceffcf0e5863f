//! HSRP of Cisco: version 1 (RFC 2281), and version 2, which has no public standard and is read as Wireshark reads it. Over
//! UDP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The port over IPv4, of both versions.
pub const HSRP_PORT: u16 = 1985;
/// The port over IPv6, of version 2.
pub const HSRP_V6_PORT: u16 = 2029;

const GROUP_STATE: u8 = 1;

/// What a router of a group says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hsrp {
    /// 1 or 2.
    pub version: u8,
    /// 0 hello, 1 it takes over, 2 it gives up.
    pub operation: u8,
    /// 16 in version 1 and 6 in version 2: it has the address; the others are on their way there.
    pub state: u8,
    /// How much it wants the address.
    pub priority: u32,
    /// The group.
    pub group: u16,
    /// The hardware address of the router itself, which only version 2 tells.
    pub router: Option<MacAddr>,
    /// The address that is shared.
    pub address: IpAddr,
}

impl Hsrp {
    /// Reads the payload of a datagram. Of version 2 the state of the group is read, which stands first; passwords are not.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        // RFC 2281, 5.1: the version of the first is 0; the second starts with the type of a TLV
        match reader.u8("hsrp version")? {
            0 => Self::first(reader),
            GROUP_STATE => Self::second(reader),
            found => {
                let (found, want) = (found.into(), "0 or 1");
                Err(WireError::Unexpected { what: "hsrp version", at: 0, found, want })
            }
        }
    }

    fn first(mut reader: Reader<'_>) -> Result<Self, WireError> {
        let [operation, state, _, _, priority, group, _] = reader.array("hsrp head")?;
        reader.take(8, "hsrp authentication")?;
        let address = Ipv4Addr::from(reader.array::<4>("hsrp address")?).into();
        Ok(Self {
            version: 1,
            operation,
            state,
            priority: priority.into(),
            group: group.into(),
            router: None,
            address,
        })
    }

    fn second(mut reader: Reader<'_>) -> Result<Self, WireError> {
        let at = reader.at();
        let length = reader.u8("hsrp tlv length")?;
        if length < 40 {
            let want = "at least 40";
            return Err(WireError::Unexpected {
                what: "hsrp tlv length",
                at,
                found: length.into(),
                want,
            });
        }
        let mut reader = reader.part(length.into(), "hsrp group state")?;
        let at = reader.at();
        let [version, operation, state, family] = reader.array("hsrp group state")?;
        if version != 2 {
            let (found, want) = (version.into(), "2");
            return Err(WireError::Unexpected { what: "hsrp version", at, found, want });
        }
        let group = reader.u16("hsrp group")?;
        let router = MacAddr(reader.array("hsrp router")?);
        let priority = reader.u32("hsrp priority")?;
        reader.take(8, "hsrp times")?;
        let at = reader.at();
        let octets: [u8; 16] = reader.array("hsrp address")?;
        let address = match family {
            4 => {
                let [a, b, c, d, ..] = octets;
                Ipv4Addr::from([a, b, c, d]).into()
            }
            6 => Ipv6Addr::from(octets).into(),
            found => {
                let (found, want) = (found.into(), "4 or 6");
                return Err(WireError::Unexpected { what: "hsrp ip version", at, found, want });
            }
        };
        Ok(Self { version, operation, state, priority, group, router: Some(router), address })
    }

    /// The hardware address of the group; it names no maker but the protocol's.
    pub fn mac(&self) -> MacAddr {
        let [high, low] = self.group.to_be_bytes();
        match (self.version, self.address) {
            (1, _) => MacAddr([0, 0, 0x0c, 7, 0xac, low]),
            (_, IpAddr::V4(_)) => MacAddr([0, 0, 0x0c, 0x9f, 0xf0 | high & 0x0f, low]),
            (_, IpAddr::V6(_)) => MacAddr([0, 5, 0x73, 0xa0, high & 0x0f, low]),
        }
    }

    /// Appends the payload of a datagram, of the version given; with the usual times and, in version 1, the usual password.
    pub fn emit(&self, buf: &mut Vec<u8>) {
        let [_, low] = self.group.to_be_bytes();
        match (self.version, self.address) {
            (1, IpAddr::V4(address)) => {
                let priority = u8::try_from(self.priority).unwrap_or(u8::MAX);
                buf.extend_from_slice(&[0, self.operation, self.state, 3, 10, priority, low, 0]);
                buf.extend_from_slice(b"cisco\0\0\0");
                buf.extend_from_slice(&address.octets());
            }
            (_, address) => {
                let family = if address.is_ipv4() { 4 } else { 6 };
                buf.extend_from_slice(&[GROUP_STATE, 40, 2, self.operation, self.state, family]);
                buf.extend_from_slice(&self.group.to_be_bytes());
                buf.extend_from_slice(&self.router.unwrap_or(MacAddr::ZERO).octets());
                for field in [self.priority, 3000, 10_000] {
                    buf.extend_from_slice(&field.to_be_bytes());
                }
                match address {
                    IpAddr::V4(address) => {
                        buf.extend_from_slice(&address.octets());
                        buf.extend_from_slice(&[0; 12]);
                    }
                    IpAddr::V6(address) => buf.extend_from_slice(&address.octets()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    #[test]
    fn reads_recorded_packets_of_version_1() {
        for (payload, state) in captures::udp_payloads("hsrp").iter().zip([8, 16]) {
            let read = Hsrp::parse(payload).unwrap();
            let address = IpAddr::from([10, 50, 0, 104]);
            let want = Hsrp {
                version: 1,
                operation: 0,
                state,
                priority: 110,
                group: 5,
                router: None,
                address,
            };
            assert_eq!(read, want);
            assert_eq!(read.mac(), MacAddr([0, 0, 0x0c, 7, 0xac, 5]));
            let mut ours = vec![];
            read.emit(&mut ours);
            assert_eq!(ours, *payload);
            for length in 0..20 {
                assert!(matches!(Hsrp::parse(&payload[..length]), Err(WireError::Short { .. })));
            }
        }
    }

    #[test]
    fn groups_of_version_2_have_addresses_of_their_own() {
        let mut hsrp = Hsrp {
            version: 2,
            operation: 0,
            state: 6,
            priority: 100,
            group: 0x123,
            router: None,
            address: IpAddr::from([10, 50, 0, 1]),
        };
        assert_eq!(hsrp.mac(), MacAddr([0, 0, 0x0c, 0x9f, 0xf1, 0x23]));
        hsrp.address = IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(hsrp.mac(), MacAddr([0, 5, 0x73, 0xa0, 1, 0x23]));
        let mut payload = vec![];
        hsrp.emit(&mut payload);
        for (at, octet) in [(0, 3), (1, 39), (2, 1), (5, 5)] {
            let mut wrong = payload.clone();
            wrong[at] = octet;
            assert!(matches!(Hsrp::parse(&wrong), Err(WireError::Unexpected { .. })), "byte {at}");
        }
        for length in 0..payload.len() {
            assert!(matches!(Hsrp::parse(&payload[..length]), Err(WireError::Short { .. })));
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(operation: u8, state: u8, priority: u32, group: u16, router: [u8; 6], address: IpAddr) {
            let sent = Hsrp { version: 2, operation, state, priority, group, router: Some(MacAddr(router)), address };
            let mut buf = vec![];
            sent.emit(&mut buf);
            assert_eq!(Hsrp::parse(&buf), Ok(sent));
        }
    }
}
