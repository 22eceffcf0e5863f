//! Keys that are one device, and the observations that say so.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::{EngineId, MacAddr};

use crate::{ChassisKey, Observation};

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
}

/// Two keys that were taken for one device, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Join {
    /// What they share, in words: `both have the MAC 00:e0:fc:12:34:56`.
    pub because: String,
}
