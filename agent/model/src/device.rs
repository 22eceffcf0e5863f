//! Keys that are one device, and the observations that say so.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::{EngineId, MacAddr};

use crate::{ChassisKey, DeviceText, Fact, Observation, Table};

/// One device over all its addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Its own hardware addresses, special ones too.
    pub macs: BTreeSet<MacAddr>,
    /// Hardware addresses that answered for its network addresses and are not its own: of the box behind a virtual
    /// router, or of stations that claim one address. They may be another device's `macs`.
    pub seen_with: BTreeSet<MacAddr>,
    /// Network addresses.
    pub ips: BTreeSet<IpAddr>,
    /// SNMP engines.
    pub engines: BTreeSet<EngineId>,
    /// LLDP chassis ids.
    pub chassis: BTreeSet<ChassisKey>,
    /// Everything that was seen of it, in the order of the input.
    pub observations: Vec<Arc<Observation>>,
    /// Why its keys are taken for one device.
    pub joins: Vec<Join>,
    /// The tables of other devices that show it.
    pub told_by: BTreeSet<Table>,
    /// What it announced to other devices, as their tables tell it: `Lldp`, or what else announces.
    pub told: Vec<Fact>,
    /// The VLANs that forwarding tables of other devices show it in.
    pub vlans: BTreeSet<u16>,
    /// Where the tables of other devices show it, the best known first.
    pub places: Vec<Place>,
    /// What tells it from others where it has no key: where a table has it, and its words there.
    pub told_as: Option<String>,
}

/// A port of another device that leads to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The port.
    pub port: Arc<Port>,
    /// The VLANs that it is seen in there, sorted; none where nobody says.
    pub vlans: Vec<u16>,
    /// Whether it is plugged in there.
    pub link: Link,
    /// The table that says so.
    pub table: Table,
}

/// A port of a device, as the tables of that device have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The device that has it, by its place in the list of devices.
    pub device: usize,
    /// `ifName`, or what else the device calls it.
    pub name: DeviceText,
    /// `ifAlias`: what the operator wrote.
    pub alias: Option<DeviceText>,
    /// How many stations are seen behind it.
    pub stations: u32,
}

/// Whether a device is plugged in at a port that leads to it. The best known first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// It is plugged in there, with nothing between that shows.
    Plugged,
    /// At one of several such ports, and nobody knows which.
    OneOf,
    /// Another bridge or a routed segment lies between.
    Uplink,
}

impl Link {
    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plugged => "plugged",
            Self::OneOf => "one-of",
            Self::Uplink => "uplink",
        }
    }
}

/// Two keys that were taken for one device, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Join {
    /// What they share, in words: `both have the MAC 00:e0:fc:12:34:56`.
    pub because: String,
}
