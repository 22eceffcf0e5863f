//! What is said unasked, or in answer to everybody: announcements, routers, clients and servers of DHCP.
//!
//! The method of the observation tells the protocol; the facts are few, so that what is drawn from them is written once.
//! All of it is a claim of whoever sent the frame, and what it says of others (addresses, ports, names of neighbours)
//! makes nobody a target.

use std::net::{IpAddr, Ipv6Addr};

use herkomst_ids::{MacAddr, Oid, Pen};

use crate::{Capabilities, DeviceText};

/// What a device says of itself, by any protocol for that but LLDP (CDP, EDP, FDP, SONMP, MNDP, mDNS, SSDP, WS-Discovery,
/// SADP, DHIP). What a protocol has no place for is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Announcement {
    /// What it calls itself: a host name, a device id, a friendly name.
    pub names: Vec<DeviceText>,
    /// Running text about product or software: the version of CDP, the `SERVER` of SSDP.
    pub descriptions: Vec<DeviceText>,
    /// The maker, in a field for nothing else.
    pub manufacturer: Option<DeviceText>,
    /// The product, in a field for nothing else: the platform of CDP and MNDP, a device type.
    pub model: Option<DeviceText>,
    /// The serial number.
    pub serial: Option<DeviceText>,
    /// The version of its hardware.
    pub hardware: Option<DeviceText>,
    /// The version of its software, in a field for nothing else.
    pub software: Option<DeviceText>,
    /// The object that its maker gave the product (`sysObjectID` inside CDP).
    pub object_id: Option<Oid>,
    /// What it does, in the bits of LLDP, whatever those of the protocol are.
    pub capabilities: Option<Capabilities>,
    /// Types of service or device, as the protocol spells them: `_ipp._tcp.local`, `urn:…:device:…`, a type of WS-Discovery.
    pub services: Vec<DeviceText>,
    /// What names it for good beside its addresses: a UUID, a unique service name.
    pub identifiers: Vec<DeviceText>,
    /// Hardware addresses that it says are its own.
    pub macs: Vec<MacAddr>,
    /// Network addresses that it says are its own.
    pub addresses: Vec<IpAddr>,
    /// The port that it sent from, as it names it.
    pub port: Option<DeviceText>,
    /// The VLAN of that port for frames without a tag.
    pub native_vlan: Option<u16>,
}

/// What a router of IPv6 advertises (RFC 4861, 4.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Router {
    /// For how many seconds it is a default router; 0 says that it is none.
    pub lifetime: u16,
    /// Addresses come from DHCPv6.
    pub managed: bool,
    /// Other settings come from DHCPv6.
    pub other: bool,
    /// The prefixes of this segment.
    pub prefixes: Vec<Prefix>,
    /// Prefixes that it leads to (RFC 4191), with their lengths.
    pub routes: Vec<(Ipv6Addr, u8)>,
    /// Servers of names (RFC 8106).
    pub name_servers: Vec<Ipv6Addr>,
}

/// Addresses of a segment (RFC 4861, 4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    /// The prefix; bits behind its length are zero.
    pub address: Ipv6Addr,
    /// How many of its bits count.
    pub length: u8,
    /// Its addresses are on this link.
    pub on_link: bool,
    /// Hosts make addresses in it by themselves.
    pub autonomous: bool,
    /// For how many seconds; all ones for ever.
    pub valid: u32,
}

/// A group of routers that share an address (VRRP, CARP, HSRP, GLBP). The observation is about the member that spoke.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VirtualRouter {
    /// Its number.
    pub group: u16,
    /// The addresses that the group answers for, which are no member's own; CARP does not say them.
    pub addresses: Vec<IpAddr>,
    /// The hardware addresses that the group answers with.
    pub macs: Vec<MacAddr>,
    /// How much this member wants to be the active one.
    pub priority: Option<u32>,
    /// Whether this member is the active one, where the protocol says so.
    pub active: Option<bool>,
    /// The member's own hardware address, where the protocol says it.
    pub member: Option<MacAddr>,
}

/// What a client of DHCP or DHCPv6 says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DhcpClient {
    /// Its hardware address: `chaddr`, or the one of its DUID.
    pub mac: Option<MacAddr>,
    /// Names it for good.
    pub id: Option<DhcpId>,
    /// What it is, as its maker has it (options 60, 124, and 16 of DHCPv6).
    pub vendor_classes: Vec<VendorClass>,
    /// What it is, as its user has it (options 77, and 15 of DHCPv6).
    pub user_classes: Vec<DeviceText>,
    /// Its name (options 12 and 81, and 39 of DHCPv6).
    pub names: Vec<DeviceText>,
    /// The options that it wants, in its order, which tells much about its software: option 55, or 6 of DHCPv6.
    pub wants: Vec<u16>,
    /// The address that it asks for, or was just given.
    pub requested: Option<IpAddr>,
    /// The address that it has and lets be prolonged.
    pub own: Option<IpAddr>,
    /// What a relay on the way added.
    pub relay: Option<Relay>,
}

/// What a server of DHCP or DHCPv6 says of itself and its segment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DhcpServer {
    /// The address that it is known by (option 54).
    pub address: Option<IpAddr>,
    /// Names it for good (DHCPv6).
    pub id: Option<DhcpId>,
    /// The routers that it tells its clients of.
    pub routers: Vec<IpAddr>,
    /// What a relay on the way added.
    pub relay: Option<Relay>,
}

/// A DUID (RFC 8415, 11), or the client identifier of DHCP.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DhcpId {
    /// A hardware address of the device.
    LinkLayer(MacAddr),
    /// A number that whoever made the device or its software gave.
    Enterprise {
        /// Who gave it.
        pen: Pen,
        /// The number.
        id: Box<[u8]>,
    },
    /// A UUID (RFC 6355).
    Uuid([u8; 16]),
    /// Anything else, with its type.
    Other {
        /// The type of the DUID, or the hardware type of a client identifier.
        kind: u16,
        /// The value.
        value: Box<[u8]>,
    },
}

/// A vendor class.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorClass {
    /// Whose word it is; option 60 does not say.
    pub enterprise: Option<Pen>,
    /// The class.
    pub text: DeviceText,
}

/// What a relay agent added (RFC 3046; RFC 8415, 19): by it, the client's switch and port are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Relay {
    /// The relay's own address.
    pub address: Option<IpAddr>,
    /// The port that the client is at (circuit id, interface id).
    pub circuit: Option<Box<[u8]>>,
    /// Whoever is at the far end (remote id).
    pub remote: Option<Box<[u8]>>,
}
