//! Bytes to typed views of what a network carries and says of itself, and back: Ethernet and IEEE 802.2; ARP, IPv4, IPv6, ICMP,
//! ICMPv6 and UDP; LLDP, CDP, FDP, EDP, SONMP and MNDP; DHCP, DHCPv6 and DNS; SSDP, WS-Discovery and the discovery of two makers
//! of cameras; VRRP, CARP, HSRP and GLBP; SNMP. No I/O and no clock.
//!
//! A view borrows the packet: what a protocol makes mandatory is a field, the rest is read on demand, and what is
//! unknown is kept. Whatever the bytes are, a parser returns a view or a [`WireError`], in time linear in the length
//! of the packet; it never panics and never allocates more than a small multiple of it.
//!
//! Functions called `emit_…` append to the buffer they are given, so that one buffer can be used again and again;
//! those called `…_frame` make the whole frame and clear the buffer first.
//!
//! The headers are read with our own [`Reader`] and not with a packet crate: LLDP and SNMP need the reader anyway, all
//! protocols then report through one small error that knows its byte, and the headers are a page each.

#![forbid(unsafe_code)]

pub mod arp;
pub mod cdp;
mod checksum;
pub mod dahua;
pub mod dhcp;
pub mod dhcpv6;
pub mod dns;
pub mod edp;
pub mod ethernet;
pub mod glbp;
pub mod hsrp;
pub mod http;
pub mod icmp;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
pub mod llc;
pub mod lldp;
pub mod mndp;
mod reader;
pub mod sadp;
pub mod snmp;
pub mod sonmp;
pub mod ssdp;
pub mod udp;
pub mod vrrp;
pub mod ws_discovery;
pub mod xml;

pub use arp::{Arp, ArpOperation, arp_request_frame, quick_reply};
pub use cdp::Cdp;
pub use dahua::Dahua;
pub use dhcp::Dhcp;
pub use dhcpv6::{Dhcpv6, Dhcpv6Relay};
pub use dns::DnsMessage;
pub use edp::Edp;
pub use ethernet::{EthernetFrame, emit_ethernet, ether_type};
pub use glbp::Glbp;
pub use hsrp::Hsrp;
pub use icmp::{Echo, Icmp, OriginalDatagram, icmp_echo, icmp_frame};
pub use icmpv6::{Icmpv6, icmpv6_echo, icmpv6_frame, refusal_code};
pub use ipv4::{Ipv4Packet, protocol};
pub use ipv6::{Ipv6Packet, Ipv6Way};
pub use llc::{Llc, snap_frame};
pub use lldp::{LLDP_MULTICAST, Lldp, emit_lldp};
pub use mndp::Mndp;
pub use reader::{Reader, WireError};
pub use sadp::Sadp;
pub use sonmp::Sonmp;
pub use ssdp::Ssdp;
pub use udp::{UdpDatagram, udp_frame, udp6_frame};
pub use vrrp::{Carp, Vrrp};
pub use ws_discovery::WsDiscovery;

#[cfg(test)]
#[path = "../tests/captures/mod.rs"]
mod captures;
