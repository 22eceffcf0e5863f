//! VRRP, versions 2 (RFC 3768) and 3 (RFC 9568): routers that share an address.
//!
//! CARP of OpenBSD uses the same protocol number and looks like version 2; it is told apart by [`is_carp`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_ids::MacAddr;

use crate::checksum::checksum;
use crate::ipv4::Ipv4Packet;
use crate::{Ipv6Packet, Reader, WireError};

/// The protocol number of VRRP and CARP, over IPv4 and IPv6.
pub const VRRP_PROTOCOL: u8 = 112;

const ADVERTISEMENT: u8 = 1;

/// What a router says: it has these addresses, and how much it wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vrrp<'a> {
    /// 2 or 3.
    pub version: u8,
    /// The virtual router.
    pub group: u8,
    /// 255 it owns the addresses, 0 it gives up.
    pub priority: u8,
    /// How long until the next one: seconds in version 2, hundredths of a second in version 3.
    pub interval: u16,
    addresses: Addresses<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Addresses<'a> {
    V4(&'a [[u8; 4]]),
    V6(&'a [[u8; 16]]),
}

impl<'a> Vrrp<'a> {
    /// Reads the payload of an IPv4 packet that is no fragment. It must come from a neighbour (RFC 9568, 7.1).
    pub fn parse(packet: &Ipv4Packet<'a>) -> Result<Self, WireError> {
        want_255(packet.ttl, "ipv4 time to live", 8)?;
        let payload = packet.payload;
        let (head, mut reader) = Head::read(payload)?;
        let addresses = reader.take(usize::from(head.count) * 4, "vrrp addresses")?;
        let (addresses, _) = addresses.as_chunks();
        // RFC 3768, 5.3.8: version 2 sums the packet alone; and so do version 3 routers that follow old drafts
        let right = checksum(payload) == 0
            || head.version == 3 && pseudo_v4(packet).bytes(payload).finish() == 0;
        if !right {
            return Err(WireError::Checksum { what: "vrrp packet" });
        }
        Ok(head.with(Addresses::V4(addresses)))
    }

    /// Reads the payload of an IPv6 packet that is no fragment.
    pub fn parse_v6(packet: &Ipv6Packet<'a>) -> Result<Self, WireError> {
        want_255(packet.hop_limit, "ipv6 hop limit", 7)?;
        let (head, mut reader) = Head::read(packet.payload)?;
        if head.version != 3 {
            let found = head.version.into();
            return Err(WireError::Unexpected { what: "vrrp version", at: 0, found, want: "3" });
        }
        let addresses = reader.take(usize::from(head.count) * 16, "vrrp addresses")?;
        let (addresses, _) = addresses.as_chunks();
        if packet.pseudo_header().bytes(packet.payload).finish() != 0 {
            return Err(WireError::Checksum { what: "vrrp packet" });
        }
        Ok(head.with(Addresses::V6(addresses)))
    }

    /// The addresses that are shared.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<'a> {
        let (four, six): (&[_], &[_]) = match self.addresses {
            Addresses::V4(four) => (four, &[]),
            Addresses::V6(six) => (&[], six),
        };
        let four = four.iter().map(|octets| Ipv4Addr::from(*octets).into());
        four.chain(six.iter().map(|octets| Ipv6Addr::from(*octets).into()))
    }

    /// The hardware address that goes with the addresses (RFC 9568, 7.3). It names no maker: it belongs to the protocol.
    pub fn mac(&self) -> MacAddr {
        let family = if matches!(self.addresses, Addresses::V4(_)) { 1 } else { 2 };
        MacAddr([0, 0, 0x5e, 0, family, self.group])
    }
}

struct Head {
    version: u8,
    group: u8,
    priority: u8,
    count: u8,
    interval: u16,
}

impl Head {
    fn read(payload: &[u8]) -> Result<(Self, Reader<'_>), WireError> {
        let mut reader = Reader::new(payload);
        let first = reader.u8("vrrp version and type")?;
        let (version, kind) = (first >> 4, first & 0x0f);
        let unexpected = |what, found: u8, want| WireError::Unexpected {
            what,
            at: 0,
            found: found.into(),
            want,
        };
        if !matches!(version, 2 | 3) {
            return Err(unexpected("vrrp version", version, "2 or 3"));
        }
        if kind != ADVERTISEMENT {
            return Err(unexpected("vrrp type", kind, "1"));
        }
        if is_carp(payload) {
            return Err(unexpected("vrrp packet", first, "no packet of CARP"));
        }
        let [group, priority, count] = reader.array("vrrp head")?;
        let interval = reader.u16("vrrp interval")?;
        // RFC 3768, 5.1: a type of authentication, then seconds; RFC 9568, 5.2: twelve bits of hundredths
        let interval = if version == 2 { interval & 0xff } else { interval & 0x0fff };
        reader.u16("vrrp checksum")?;
        Ok((Self { version, group, priority, count, interval }, reader))
    }

    fn with(self, addresses: Addresses<'_>) -> Vrrp<'_> {
        let Self { version, group, priority, interval, .. } = self;
        Vrrp { version, group, priority, interval, addresses }
    }
}

fn want_255(found: u8, what: &'static str, at: usize) -> Result<(), WireError> {
    let want = "255, from a neighbour";
    if found == 255 {
        Ok(())
    } else {
        Err(WireError::Unexpected { what, at, found: found.into(), want })
    }
}

fn pseudo_v4(packet: &Ipv4Packet<'_>) -> crate::checksum::Sum {
    let length = u16::try_from(packet.payload.len()).expect("it was read from a 16-bit field");
    crate::checksum::Sum::default()
        .bytes(&packet.source.octets())
        .bytes(&packet.destination.octets())
        .word(VRRP_PROTOCOL.into())
        .word(length)
}

/// Whether a payload of this protocol number is CARP: its length is fixed, and stands where VRRP counts addresses. A packet of
/// VRRP with seven of them is longer.
pub fn is_carp(payload: &[u8]) -> bool {
    payload.len() == CARP && payload[0] == 0x21 && payload[3] == 7
}

const CARP: usize = 36;

/// What a device of a CARP group says (OpenBSD, `ip_carp.h`). Which addresses it shares is not said: they go into a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carp {
    /// The group.
    pub group: u8,
    /// How much later than others it is, in 256ths of a second; 255 gives up.
    pub skew: u8,
    /// How many seconds until the next one.
    pub interval: u8,
    /// Counts the packets.
    pub counter: u64,
}

impl Carp {
    /// Reads the payload of an IPv4 packet that is no fragment.
    pub fn parse(packet: &Ipv4Packet<'_>) -> Result<Self, WireError> {
        want_255(packet.ttl, "ipv4 time to live", 8)?;
        let mut reader = Reader::new(packet.payload);
        let [first, group, skew, length] = reader.array("carp head")?;
        if !is_carp(packet.payload) {
            let found = u64::from(first) << 8 | u64::from(length);
            let want = "8455 and 36 bytes, a packet of CARP";
            return Err(WireError::Unexpected {
                what: "carp version and length",
                at: 0,
                found,
                want,
            });
        }
        let [_, interval] = reader.array("carp interval")?;
        reader.u16("carp checksum")?;
        let counter = u64::from_be_bytes(reader.array("carp counter")?);
        if checksum(packet.payload) != 0 {
            return Err(WireError::Checksum { what: "carp packet" });
        }
        Ok(Self { group, skew, interval, counter })
    }

    /// The hardware address of the group; that of the VRRP group of the same number.
    pub fn mac(&self) -> MacAddr {
        MacAddr([0, 0, 0x5e, 0, 1, self.group])
    }
}

/// Appends an advertisement of VRRP version 2, which has no secret to speak of, without an IP header.
pub fn emit_vrrp_v2(
    buf: &mut Vec<u8>,
    group: u8,
    priority: u8,
    seconds: u8,
    addresses: &[Ipv4Addr],
) {
    let start = buf.len();
    let count = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
    buf.extend_from_slice(&[0x20 | ADVERTISEMENT, group, priority, count, 0, seconds, 0, 0]);
    for address in addresses.iter().take(count.into()) {
        buf.extend_from_slice(&address.octets());
    }
    buf.extend_from_slice(&[0; 8]); // authentication, no longer used
    let sum = checksum(&buf[start..]);
    buf[start + 6..start + 8].copy_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EthernetFrame, captures};

    fn packets(name: &str, read: impl Fn(&[u8])) -> usize {
        let frames = captures::frames(name);
        frames.iter().for_each(|frame| read(EthernetFrame::parse(frame).unwrap().payload));
        frames.len()
    }

    #[test]
    fn reads_recorded_routers_of_both_versions_and_families() {
        let seen = std::cell::RefCell::new(vec![]);
        let add = |vrrp: Vrrp<'_>| {
            let addresses: Vec<_> = vrrp.addresses().map(|address| address.to_string()).collect();
            seen.borrow_mut().push((
                vrrp.version,
                vrrp.group,
                vrrp.priority,
                vrrp.interval,
                addresses.join(" "),
            ));
        };
        packets("vrrp", |payload| match Ipv4Packet::parse(payload) {
            Ok(packet) if !is_carp(packet.payload) => add(Vrrp::parse(&packet).unwrap()),
            Ok(_) => {}
            Err(_) => add(Vrrp::parse_v6(&Ipv6Packet::parse(payload).unwrap()).unwrap()),
        });
        let mut seen = seen.into_inner();
        seen.sort();
        seen.dedup();
        let routers = [
            (2, 51, 150, 1, "10.50.0.100 10.50.0.101".to_owned()),
            (3, 52, 200, 50, "10.50.0.102".to_owned()),
            (3, 53, 90, 100, "fe80::53 fd00:50::53".to_owned()),
        ];
        assert_eq!(seen, routers);
    }

    #[test]
    fn carp_is_told_from_vrrp() {
        let count = packets("carp", |payload| {
            let packet = Ipv4Packet::parse(payload).unwrap();
            assert!(is_carp(packet.payload) && Vrrp::parse(&packet).is_err());
            let carp = Carp::parse(&packet).unwrap();
            assert_eq!((carp.group, carp.skew, carp.interval), (7, 0, 1));
            assert_eq!(carp.mac(), MacAddr([0, 0, 0x5e, 0, 1, 7]));
            assert_ne!(carp.counter, 0);
        });
        assert!(count > 0);
        let mut seven = vec![];
        emit_vrrp_v2(&mut seven, 1, 100, 1, &[Ipv4Addr::LOCALHOST; 7]);
        assert!(!is_carp(&seven));
        let source = Ipv4Addr::LOCALHOST;
        let packet = Ipv4Packet {
            source,
            destination: source,
            protocol: 112,
            ttl: 255,
            fragment: false,
            payload: &seven,
        };
        assert_eq!(Vrrp::parse(&packet).map(|vrrp| vrrp.addresses().count()), Ok(7));
        assert!(Carp::parse(&packet).is_err());
        let far = Ipv4Packet { ttl: 254, ..packet };
        assert!(matches!(Vrrp::parse(&far), Err(WireError::Unexpected { found: 254, .. })));
    }

    #[test]
    fn one_changed_bit_is_seen() {
        packets("vrrp", |payload| {
            let Ok(packet) = Ipv4Packet::parse(payload) else { return };
            for bit in 0..packet.payload.len() * 8 {
                let mut changed = packet.payload.to_vec();
                changed[bit / 8] ^= 1 << (bit % 8);
                let packet = Ipv4Packet { payload: &changed, ..packet };
                assert!(Vrrp::parse(&packet).is_err(), "bit {bit}");
            }
        });
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            group: u8, priority: u8, seconds: u8,
            ips in proptest::collection::vec(proptest::prelude::any::<Ipv4Addr>(), 0..20),
        ) {
            let mut payload = vec![];
            emit_vrrp_v2(&mut payload, group, priority, seconds, &ips);
            let source = Ipv4Addr::LOCALHOST;
            let packet = Ipv4Packet { source, destination: source, protocol: 112, ttl: 255, fragment: false, payload: &payload };
            let read = Vrrp::parse(&packet).unwrap();
            assert_eq!((read.version, read.group, read.priority, read.interval), (2, group, priority, seconds.into()));
            assert!(read.addresses().eq(ips.into_iter().map(IpAddr::from)));
        }
    }
}
