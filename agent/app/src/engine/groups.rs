//! The groups that neighbours speak to: the interface is told to let them through. Nobody else is told: that takes a
//! message of IGMP or MLD, and listening sends none.

use herkomst_ids::MacAddr;
use herkomst_wire::LLDP_MULTICAST;

/// Of the link itself.
const LINK: [MacAddr; 6] = [
    // Nearest customer bridge and nearest non-TPMR bridge: LLDP is sent to these too (IEEE 802.1AB-2016, table 7-1).
    MacAddr([0x01, 0x80, 0xc2, 0x00, 0x00, 0x03]),
    MacAddr([0x01, 0x80, 0xc2, 0x00, 0x00, 0x00]),
    // CDP, FDP, and the two of SONMP. EDP goes to 00:e0:2b:00:00:00, which is no group: what the interface lets through.
    MacAddr([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc]),
    MacAddr([0x01, 0xe0, 0x52, 0xcc, 0xcc, 0xcc]),
    MacAddr([0x01, 0x00, 0x81, 0x00, 0x01, 0x00]),
    MacAddr([0x01, 0x00, 0x81, 0x00, 0x01, 0x01]),
];

/// Of IPv4, as their last three octets (RFC 1112, 6.4).
const IPV4: [[u8; 3]; 6] = [
    [0x00, 0x00, 0x02], // 224.0.0.2, HSRP
    [0x00, 0x00, 0x12], // 224.0.0.18, VRRP and CARP
    [0x00, 0x00, 0x66], // 224.0.0.102, HSRP version 2 and GLBP
    [0x00, 0x00, 0xfb], // 224.0.0.251, mDNS
    [0x7f, 0xff, 0xfa], // 239.255.255.250, SSDP, WS-Discovery, Hikvision
    [0x7f, 0xff, 0xfb], // 239.255.255.251, Dahua
];

/// Of IPv6, as their last four octets (RFC 2464, 7).
const IPV6: [[u8; 4]; 8] = [
    [0, 0, 0, 0x01], // ff02::1, all nodes
    [0, 0, 0, 0x02], // ff02::2, all routers
    [0, 0, 0, 0x0c], // ff02::c, SSDP and WS-Discovery
    [0, 0, 0, 0x12], // ff02::12, VRRP
    [0, 0, 0, 0x16], // ff02::16, reports of listeners
    [0, 0, 0, 0x66], // ff02::66, HSRP
    [0, 0, 0, 0xfb], // ff02::fb, mDNS
    [0, 1, 0, 0x02], // ff02::1:2, DHCPv6
];

/// All of them.
pub(super) fn groups() -> Vec<MacAddr> {
    let ipv4 = IPV4.into_iter().map(|[a, b, c]| MacAddr([0x01, 0x00, 0x5e, a, b, c]));
    let ipv6 = IPV6.into_iter().map(|[a, b, c, d]| MacAddr([0x33, 0x33, a, b, c, d]));
    [LLDP_MULTICAST].into_iter().chain(LINK).chain(ipv4).chain(ipv6).collect()
}
