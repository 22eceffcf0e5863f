//! Bytes to typed views of ARP, IPv4, UDP, ICMP, LLDP and SNMP, and back. No I/O and no clock.
//!
//! A view borrows the packet: what a protocol makes mandatory is a field, the rest is read on demand, and what is
//! unknown is kept. Whatever the bytes are, a parser returns a view or a [`WireError`], in time linear in the length
//! of the packet; it never panics and never allocates more than a small multiple of it.
//!
//! Functions called `emit_…` append to the buffer they are given, so that one buffer can be used again and again;
//! those called `…_frame` make the whole frame and clear the buffer first.
//!
//! The headers are read with our own [`Reader`] and not with a packet crate: LLDP and SNMP need the reader anyway, all
//! protocols then report through one small error that knows its byte, and the four headers are a page each.

#![forbid(unsafe_code)]

pub mod arp;
pub mod cdp;
mod checksum;
pub mod dhcp;
pub mod dhcpv6;
pub mod edp;
pub mod ethernet;
pub mod icmp;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
pub mod llc;
pub mod lldp;
pub mod mndp;
mod reader;
pub mod snmp;
pub mod sonmp;
pub mod udp;

pub use arp::{Arp, ArpOperation, arp_request_frame, quick_reply};
pub use cdp::Cdp;
pub use dhcp::Dhcp;
pub use dhcpv6::Dhcpv6;
pub use edp::Edp;
pub use ethernet::{EthernetFrame, emit_ethernet, ether_type};
pub use icmp::{Echo, Icmp, OriginalDatagram, icmp_echo, icmp_frame};
pub use icmpv6::{Icmpv6, icmpv6_echo, icmpv6_frame};
pub use ipv4::{Ipv4Packet, protocol};
pub use ipv6::{Ipv6Packet, Ipv6Way};
pub use llc::Llc;
pub use lldp::{LLDP_MULTICAST, Lldp, emit_lldp};
pub use mndp::Mndp;
pub use reader::{Reader, WireError};
pub use sonmp::Sonmp;
pub use udp::{UdpDatagram, udp_frame, udp6_frame};

#[cfg(test)]
#[path = "../tests/captures/mod.rs"]
mod captures;
