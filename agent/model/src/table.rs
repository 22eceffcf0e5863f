//! Tables that are read from an agent, and how far each was read.

use std::fmt;
use std::time::Duration;

use herkomst_ids::Oid;

use crate::{Refusal, Rows, Why};

/// What one collection reads: a table of a MIB, or two of one index, or a new table and the old one it replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// `ifTable` and `ifXTable` (IF-MIB, RFC 2863).
    Interfaces,
    /// `ipAddressTable`, else `ipAddrTable` (IP-MIB, RFC 4293).
    Addresses,
    /// `ipNetToPhysicalTable`, else `ipNetToMediaTable` (IP-MIB, RFC 4293).
    Neighbours,
    /// `dot1dBasePortIfIndex` (BRIDGE-MIB, RFC 4188): the interface behind each port of a bridge.
    BridgePorts,
    /// `dot1qVlanFdbId` (Q-BRIDGE-MIB, RFC 4363): the VLANs behind each filtering database.
    Vlans,
    /// `vtpVlanState` (CISCO-VTP-MIB): the VLANs whose forwarding table stands in a context of its own.
    VlanContexts,
    /// `dot1qTpFdbTable` (RFC 4363), else `dot1dTpFdbTable` (RFC 4188).
    Forwarding,
    /// `lldpLocalSystemData` (LLDP-MIB, IEEE 802.1AB).
    LldpLocal,
    /// `lldpLocPortTable` (LLDP-MIB).
    LldpPorts,
    /// `lldpRemTable` (LLDP-MIB).
    LldpRemote,
    /// `lldpRemManAddrTable` (LLDP-MIB).
    LldpAddresses,
    /// `lldpXMedRemInventoryTable` (LLDP-EXT-MED-MIB, ANSI/TIA-1057).
    LldpInventory,
    /// `cdpCacheTable` (CISCO-CDP-MIB).
    Cdp,
    /// `entPhysicalTable` (ENTITY-MIB, RFC 6933).
    Entities,
    /// `hrSWInstalledTable` (HOST-RESOURCES-MIB, RFC 2790).
    Installed,
    /// `hrSWRunTable` (HOST-RESOURCES-MIB, RFC 2790).
    Running,
    /// Single objects of makers and of device kinds.
    Objects,
}

impl Table {
    /// All of them, in the order of outputs.
    pub const ALL: [Self; 17] = [
        Self::Interfaces,
        Self::Addresses,
        Self::Neighbours,
        Self::BridgePorts,
        Self::Vlans,
        Self::VlanContexts,
        Self::Forwarding,
        Self::LldpLocal,
        Self::LldpPorts,
        Self::LldpRemote,
        Self::LldpAddresses,
        Self::LldpInventory,
        Self::Cdp,
        Self::Entities,
        Self::Installed,
        Self::Running,
        Self::Objects,
    ];

    /// The word that stands in outputs and in `--methods`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interfaces => "snmp-interfaces",
            Self::Addresses => "snmp-addresses",
            Self::Neighbours => "snmp-neighbours",
            Self::BridgePorts => "snmp-bridge-ports",
            Self::Vlans => "snmp-vlans",
            Self::VlanContexts => "snmp-vlan-contexts",
            Self::Forwarding => "snmp-forwarding",
            Self::LldpLocal => "snmp-lldp-local",
            Self::LldpPorts => "snmp-lldp-ports",
            Self::LldpRemote => "snmp-lldp-remote",
            Self::LldpAddresses => "snmp-lldp-addresses",
            Self::LldpInventory => "snmp-lldp-inventory",
            Self::Cdp => "snmp-cdp",
            Self::Entities => "snmp-entities",
            Self::Installed => "snmp-installed",
            Self::Running => "snmp-running",
            Self::Objects => "snmp-objects",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a table was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The agent named an object that does not come after the one before (RFC 3416, 4.2.3): it would go round for ever.
    NotIncreasing(Oid),
    /// It fell silent.
    Silent {
        /// How often the last question was put.
        tries: u8,
    },
    /// It turned a question down.
    Refused(Refusal),
    /// Its answers could not be read.
    Malformed(Box<str>),
    /// It could not give some objects (genErr); the rest was read.
    Skipped {
        /// How many were stepped over.
        objects: u32,
    },
    /// The most rows that are kept of such a table.
    Rows(u32),
    /// The most octets.
    Bytes(u64),
    /// The most requests.
    Requests(u32),
    /// The most time.
    Time(Duration),
    /// The most contexts (one for each VLAN) that are asked.
    Contexts(u32),
    /// The rest was not asked for.
    NotAsked(Why),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotIncreasing(oid) => write!(f, "not increasing at OID {oid}"),
            Self::Silent { tries } => write!(f, "silent after {tries} tries"),
            Self::Refused(Refusal::ErrorStatus(status)) => {
                write!(f, "answered with error-status {status}")
            }
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
            Self::Malformed(what) => write!(f, "malformed: {}", what.escape_debug()),
            Self::Skipped { objects } => write!(f, "{objects} objects could not be given"),
            Self::Rows(most) => write!(f, "more than {most} rows"),
            Self::Bytes(most) => write!(f, "more than {most} octets"),
            Self::Requests(most) => write!(f, "more than {most} requests"),
            Self::Time(most) => write!(f, "more than {} s", most.as_secs()),
            Self::Contexts(most) => write!(f, "more than {most} contexts"),
            Self::NotAsked(why) => write!(f, "{why}"),
        }
    }
}

/// The last word on a table that was answered: its rows came before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableEnd {
    /// Why it ends before its end; `None` when it was read whole.
    pub cut: Option<Cut>,
    /// How many rows could be read. A table that is whole and has none is empty, or hidden from the credential. A row
    /// that names nobody, as a neighbour that is still asked for, counts and is not handed on.
    pub rows: u32,
    /// How many rows were dropped because their index or all of their values are not what the MIB says.
    pub unreadable: u32,
    /// How many single values were dropped for the same reason.
    pub odd_values: u32,
    /// How many requests it took.
    pub requests: u32,
}

/// What a collection says of a table: first rows, part by part, then how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableNews {
    /// Some rows, at most [`Rows::MOST`].
    Rows(Rows),
    /// No more follow.
    End(TableEnd),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_listed_once_in_the_order_of_the_enum() {
        assert!(Table::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(Table::ALL.iter().all(|table| table.as_str().starts_with("snmp-")));
    }

    #[test]
    fn what_a_device_caused_to_be_said_stays_on_one_line() {
        let cut = Cut::Malformed("a\nb\u{1b}[31m".into());
        assert_eq!(cut.to_string(), r"malformed: a\nb\u{1b}[31m");
    }

    #[test]
    fn a_refusal_is_said_in_words() {
        let cut = |refusal| Cut::Refused(refusal).to_string();
        assert_eq!(cut(Refusal::Unreachable(3)), "refused: unreachable, ICMP code 3");
        assert_eq!(cut(Refusal::NotInTimeWindow), "refused: outside the time window of the engine");
        assert_eq!(cut(Refusal::ErrorStatus(16)), "answered with error-status 16");
    }
}
