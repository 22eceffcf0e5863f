//! The groups that a listener joins on an Ethernet, by what is said to them.
//!
//! Joining is between us and the card: nothing is sent, so a switch that forwards a group only where somebody reported
//! for it (RFC 4541) goes on not to. It does forward what 224.0.0.0/24 and `ff02::1` stand for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_ids::MacAddr;

/// What a protocol is said to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListeningGroup {
    /// Whose.
    pub protocol: &'static str,
    /// The hardware address. That of EDP is no group but an address, which nobody has.
    pub mac: MacAddr,
}

const fn link(protocol: &'static str, octets: [u8; 6]) -> ListeningGroup {
    ListeningGroup { protocol, mac: MacAddr(octets) }
}

const fn v4(protocol: &'static str, group: Ipv4Addr) -> ListeningGroup {
    ListeningGroup { protocol, mac: of_ipv4(group) }
}

/// The group `ff02::` with these last 32 bits.
const fn v6(protocol: &'static str, scope: u16, low: u32) -> ListeningGroup {
    let (high, low) = ((low >> 16) as u16, low as u16);
    ListeningGroup { protocol, mac: of_ipv6(Ipv6Addr::new(scope, 0, 0, 0, 0, 0, high, low)) }
}

/// All that [`Filter::listening`](crate::Filter::listening) lets through and is said to a group. Broadcasts (ARP, DHCP,
/// MNDP) need none. The groups that are made of the address in question (RFC 4291, 2.7.1), to which a station that takes an
/// address says so first, are too many to join: [`PortOptions::all_groups`](crate::PortOptions) hears them.
pub const LISTENING_GROUPS: &[ListeningGroup] = &[
    // IEEE 802.1AB-2016, table 7-1: nearest bridge, nearest bridge that is no two-port relay, nearest customer bridge.
    link("LLDP", [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e]),
    link("LLDP", [0x01, 0x80, 0xc2, 0x00, 0x00, 0x03]),
    link("LLDP", [0x01, 0x80, 0xc2, 0x00, 0x00, 0x00]),
    link("CDP", [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc]),
    link("FDP", [0x01, 0xe0, 0x52, 0xcc, 0xcc, 0xcc]),
    link("EDP", [0x00, 0xe0, 0x2b, 0x00, 0x00, 0x00]),
    link("SONMP", [0x01, 0x00, 0x81, 0x00, 0x01, 0x00]),
    link("SONMP", [0x01, 0x00, 0x81, 0x00, 0x01, 0x01]),
    // RFC 5798, 5.1.1.2 and 5.1.2.2; CARP has them too.
    v4("VRRP", Ipv4Addr::new(224, 0, 0, 18)),
    v6("VRRP", 0xff02, 0x12),
    // RFC 2281, 5.1; version 2, IPv6 and GLBP use 102.
    v4("HSRP", Ipv4Addr::new(224, 0, 0, 2)),
    v4("HSRP and GLBP", Ipv4Addr::new(224, 0, 0, 102)),
    v6("HSRP and GLBP", 0xff02, 0x66),
    // RFC 4291, 2.7.1: all nodes and all routers; RFC 3810, 5.2.14.
    v6("ND", 0xff02, 0x1),
    v6("ND", 0xff02, 0x2),
    v6("MLD", 0xff02, 0x16),
    // RFC 8415, 7.1.
    v6("DHCPv6", 0xff02, 0x1_0002),
    v6("DHCPv6", 0xff05, 0x1_0003),
    // RFC 6762, 3.
    v4("mDNS", Ipv4Addr::new(224, 0, 0, 251)),
    v6("mDNS", 0xff02, 0xfb),
    // SSDP and WS-Discovery have one address, and the discovery of Hikvision too; that of Dahua the next.
    v4("SSDP", Ipv4Addr::new(239, 255, 255, 250)),
    v6("SSDP", 0xff02, 0xc),
    v4("Dahua", Ipv4Addr::new(239, 255, 255, 251)),
];

/// The hardware address of an IP group (RFC 1112, 6.4; RFC 2464, 7); none for an address that is no group.
pub fn group_address(group: IpAddr) -> Option<MacAddr> {
    group.is_multicast().then(|| match group {
        IpAddr::V4(group) => of_ipv4(group),
        IpAddr::V6(group) => of_ipv6(group),
    })
}

/// The group in which neighbours ask for an address (RFC 4291, 2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = address.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high & 0xff, low)
}

const fn of_ipv4(group: Ipv4Addr) -> MacAddr {
    let [_, b, c, d] = group.octets();
    MacAddr([0x01, 0x00, 0x5e, b & 0x7f, c, d])
}

const fn of_ipv6(group: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = group.octets();
    MacAddr([0x33, 0x33, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_hardware_addresses_that_everybody_uses() {
        for (group, mac) in [
            ("224.0.0.251", "01:00:5e:00:00:fb"),
            ("239.255.255.250", "01:00:5e:7f:ff:fa"),
            ("ff02::1:2", "33:33:00:01:00:02"),
            ("ff05::1:3", "33:33:00:01:00:03"),
            ("ff02::66", "33:33:00:00:00:66"),
        ] {
            let address = group_address(group.parse().unwrap()).unwrap();
            assert_eq!(address.to_string(), mac, "{group}");
            assert!(LISTENING_GROUPS.iter().any(|group| group.mac == address), "{group}");
        }
        assert_eq!(group_address(Ipv4Addr::LOCALHOST.into()), None);
        let address = solicited_node("2001:db8::12:3456".parse().unwrap());
        assert_eq!(address, "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap());
    }

    #[test]
    fn no_group_is_named_twice() {
        for (at, group) in LISTENING_GROUPS.iter().enumerate() {
            assert!(LISTENING_GROUPS[..at].iter().all(|other| other.mac != group.mac), "{group:?}");
        }
    }
}
