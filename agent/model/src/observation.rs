//! At this time, by this method, this key gave this answer.

use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::{EngineId, MacAddr, Oid};
use jiff::Timestamp;

use crate::{
    Announcement, Answer, DeviceText, DhcpClient, DhcpServer, Router, Table, TableNews,
    VirtualRouter,
};

/// One thing seen: kept before anything is concluded from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// When it was seen.
    pub at: Timestamp,
    /// How it was seen.
    pub method: Method,
    /// The interface it was seen on, where there is one.
    pub interface: Option<Arc<str>>,
    /// The 802.1Q VLAN it was heard in, where it carried a tag.
    pub vlan: Option<u16>,
    /// The key it is about.
    pub about: About,
    /// What was said.
    pub answer: Answer<Fact>,
}

/// The key of an observation: what was asked, or who was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    /// An address that was asked or that spoke.
    Address(IpAddr),
    /// A station that was heard.
    Station(MacAddr),
}

/// The way something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// An ARP packet (RFC 826), asked for or heard.
    Arp,
    /// The kernel's own neighbour table.
    KernelNeighbour,
    /// ICMP echo (RFC 792).
    Icmp,
    /// SNMPv3 engine discovery (RFC 3414, section 4).
    SnmpEngine,
    /// The system group (RFC 3418) by any version of SNMP.
    Snmp,
    /// A frame of the Link Layer Discovery Protocol (IEEE 802.1AB).
    Lldp,
    /// Neighbour discovery of IPv6 (RFC 4861), asked for or heard.
    Ndp,
    /// Listeners of multicast groups of IPv6 (RFC 3810), asked for or heard.
    Mld,
    /// ICMPv6 echo (RFC 4443).
    Icmpv6,
    /// Cisco's discovery protocol.
    Cdp,
    /// The discovery protocol of Extreme Networks.
    Edp,
    /// The discovery protocol of Foundry.
    Fdp,
    /// The discovery protocol of SynOptics, Bay Networks and Nortel.
    Sonmp,
    /// MikroTik's discovery protocol.
    Mndp,
    /// DHCP (RFC 2131), between others.
    Dhcp,
    /// DHCP for IPv6 (RFC 8415), between others.
    Dhcpv6,
    /// Multicast DNS (RFC 6762), asked for or heard.
    Mdns,
    /// The discovery protocol of UPnP, asked for or heard.
    Ssdp,
    /// WS-Discovery, which ONVIF uses, asked for or heard.
    WsDiscovery,
    /// Redundant routers (RFC 9568).
    Vrrp,
    /// Cisco's redundant routers (RFC 2281).
    Hsrp,
    /// Cisco's redundant routers that share the load.
    Glbp,
    /// OpenBSD's redundant routers.
    Carp,
    /// Hikvision's discovery, asked for or heard.
    Sadp,
    /// Dahua's discovery, asked for or heard.
    Dhip,
    /// A table of an agent, by any version of SNMP.
    Table(Table),
}

impl Method {
    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::KernelNeighbour => "neighbour-table",
            Self::Icmp => "icmp",
            Self::SnmpEngine => "snmp-engine",
            Self::Snmp => "snmp",
            Self::Lldp => "lldp",
            Self::Ndp => "nd",
            Self::Mld => "mld",
            Self::Icmpv6 => "icmpv6",
            Self::Cdp => "cdp",
            Self::Edp => "edp",
            Self::Fdp => "fdp",
            Self::Sonmp => "sonmp",
            Self::Mndp => "mndp",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::Mdns => "mdns",
            Self::Ssdp => "ssdp",
            Self::WsDiscovery => "ws-discovery",
            Self::Vrrp => "vrrp",
            Self::Hsrp => "hsrp",
            Self::Glbp => "glbp",
            Self::Carp => "carp",
            Self::Sadp => "sadp",
            Self::Dhip => "dhip",
            Self::Table(table) => table.as_str(),
        }
    }

    /// Whether it shows who stands on the segment that it was heard on: routers pass it on to none. DHCP may come through a
    /// relay, and SSDP, WS-Discovery and the discovery of cameras through a router for multicast.
    pub const fn is_of_the_segment(self) -> bool {
        match self {
            Self::Arp
            | Self::Ndp
            | Self::Mld
            | Self::Lldp
            | Self::Cdp
            | Self::Edp
            | Self::Fdp
            | Self::Sonmp
            | Self::Mndp
            | Self::Vrrp
            | Self::Hsrp
            | Self::Glbp
            | Self::Carp => true,
            Self::KernelNeighbour
            | Self::Icmp
            | Self::Icmpv6
            | Self::SnmpEngine
            | Self::Snmp
            | Self::Dhcp
            | Self::Dhcpv6
            | Self::Mdns
            | Self::Ssdp
            | Self::WsDiscovery
            | Self::Sadp
            | Self::Dhip
            | Self::Table(_) => false,
        }
    }
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The address belongs to this station.
    Neighbour {
        /// Its hardware address.
        mac: MacAddr,
    },
    /// It answered an echo request.
    Echo,
    /// It sent a frame, which says no more than that it is there.
    Spoke {
        /// The address that it is about to take, unless somebody has it (RFC 5227, 2.1; RFC 4862, 5.4.2).
        wants: Option<IpAddr>,
    },
    /// It runs this SNMP engine.
    Engine(Engine),
    /// Its system group.
    System(System),
    /// What it said of itself over LLDP.
    Lldp(LldpNeighbour),
    /// What it said of itself over another such protocol.
    Announced(Box<Announcement>),
    /// It routes IPv6 on its segment.
    Router(Box<Router>),
    /// It is one of the routers behind a shared address.
    VirtualRouter(Box<VirtualRouter>),
    /// It asked for an address.
    DhcpClient(Box<DhcpClient>),
    /// It gives addresses out.
    DhcpServer(Box<DhcpServer>),
    /// Part of a table of its agent, or how that table ended.
    Table(TableNews),
}

/// What an SNMPv3 engine tells anybody (RFC 3414, section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// `snmpEngineID`.
    pub id: EngineId,
    /// `snmpEngineBoots`.
    pub boots: u32,
    /// `snmpEngineTime`, in seconds.
    pub time: u32,
}

/// The version of SNMP that an answer came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SnmpVersion {
    /// SNMPv1 (RFC 1157).
    V1,
    /// SNMPv2c (RFC 1901).
    V2c,
    /// SNMPv3 (RFC 3411 to 3418).
    V3,
}

impl SnmpVersion {
    /// As the tools spell it: `v1`, `v2c`, `v3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2c => "v2c",
            Self::V3 => "v3",
        }
    }
}

/// The objects of the system group that the agent gave (RFC 3418, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// The version of SNMP it was read by.
    pub version: SnmpVersion,
    /// The name of the credential it was read with.
    pub credential: Arc<str>,
    /// `sysDescr`.
    pub description: Option<DeviceText>,
    /// `sysObjectID`.
    pub object_id: Option<Oid>,
    /// `sysUpTime`, in hundredths of a second.
    pub up_time: Option<u32>,
    /// `sysContact`.
    pub contact: Option<DeviceText>,
    /// `sysName`.
    pub name: Option<DeviceText>,
    /// `sysLocation`.
    pub location: Option<DeviceText>,
    /// `sysServices`: a sum of 2^(layer − 1).
    pub services: Option<u8>,
    /// Whether the agent fell silent or answered with an error after part of the group: the rest is not known.
    pub cut_short: bool,
}

/// What a neighbour announced (IEEE 802.1AB-2016, clause 8; ANSI/TIA-1057 for the inventory).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LldpNeighbour {
    /// Chassis ID.
    pub chassis: ChassisKey,
    /// Port ID, as text or hexadecimal.
    pub port: DeviceText,
    /// For how many seconds it holds.
    pub ttl: u16,
    /// Port Description.
    pub port_description: Option<DeviceText>,
    /// System Name.
    pub system_name: Option<DeviceText>,
    /// System Description.
    pub system_description: Option<DeviceText>,
    /// System Capabilities.
    pub capabilities: Option<Capabilities>,
    /// Management Addresses that are IP addresses.
    pub management: Vec<IpAddr>,
    /// LLDP-MED inventory, if any part of it was sent.
    pub inventory: Option<Inventory>,
    /// The VLAN of its port for frames without a tag (IEEE 802.1Q-2018, D.2.1).
    pub native_vlan: Option<u16>,
    /// Its class in LLDP-MED (ANSI/TIA-1057, 10.2.2): 1 to 3 endpoints, of which 3 are telephones and the like, 4 network
    /// connectivity.
    pub med_class: Option<u8>,
}

/// A chassis id, as a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChassisKey {
    /// Subtype 4.
    Mac(MacAddr),
    /// Subtype 5.
    Address(IpAddr),
    /// Any other subtype, as text.
    Text {
        /// The chassis id subtype (IEEE 802.1AB-2016, table 8-2).
        subtype: u8,
        /// The value.
        text: DeviceText,
    },
}

/// LLDP system capabilities as bits (IEEE 802.1AB-2016, table 8-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// What it can be.
    pub supported: u16,
    /// What it is set to be.
    pub enabled: u16,
}

/// LLDP-MED inventory (ANSI/TIA-1057, 10.2.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Inventory {
    /// Manufacturer Name.
    pub manufacturer: Option<DeviceText>,
    /// Model Name.
    pub model: Option<DeviceText>,
    /// Serial Number.
    pub serial: Option<DeviceText>,
    /// Hardware Revision.
    pub hardware: Option<DeviceText>,
    /// Firmware Revision.
    pub firmware: Option<DeviceText>,
    /// Software Revision.
    pub software: Option<DeviceText>,
}
