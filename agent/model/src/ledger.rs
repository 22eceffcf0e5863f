//! The coverage ledger: for every target, what was asked and what came of it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::{Cut, Method, Table, Why};

/// What came of one question to one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Outcome {
    /// The method does not apply to this target (ARP to a routed one).
    #[default]
    NotExpected,
    /// It was to be asked and was not.
    NotAsked(Why),
    /// Asked, nothing came back.
    Silent,
    /// Asked, turned down.
    Refused,
    /// Asked, what came back was broken.
    Malformed,
    /// Asked, and the scan ended before the last try was over.
    CutShort,
    /// Asked and answered.
    Answered,
}

impl Outcome {
    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotExpected => "not expected",
            Self::NotAsked(_) => "not asked",
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::CutShort => "cut short",
            Self::Answered => "answered",
        }
    }
}

/// One target's outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TargetLine {
    /// ARP, on a local segment of IPv4.
    pub arp: Outcome,
    /// Neighbour discovery, on a local segment of IPv6.
    pub nd: Outcome,
    /// ICMP or ICMPv6 echo.
    pub icmp: Outcome,
    /// SNMPv3 engine discovery.
    pub snmp_engine: Outcome,
    /// The system group.
    pub snmp: Outcome,
}

impl TargetLine {
    /// The outcomes with the methods they are of, in a fixed order.
    pub const fn outcomes(&self) -> [(Method, Outcome); 5] {
        [
            (Method::Arp, self.arp),
            (Method::Ndp, self.nd),
            (Method::Icmp, self.icmp),
            (Method::SnmpEngine, self.snmp_engine),
            (Method::Snmp, self.snmp),
        ]
    }

    /// Whether anything at all answered.
    pub fn answered(&self) -> bool {
        self.outcomes().iter().any(|(_, outcome)| matches!(outcome, Outcome::Answered))
    }
}

/// What came of one table of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableLine {
    /// How it ended.
    pub outcome: Outcome,
    /// How many rows could be read.
    pub rows: u32,
    /// How many rows or single values were dropped because they are not what the MIB says.
    pub unreadable: u32,
    /// How many requests it took.
    pub requests: u32,
    /// Why it was not read to its end.
    pub cut: Option<Box<Cut>>,
}

/// How long the scan listened for something, beside how long it takes to hear everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// How long it listened.
    pub listened: Duration,
    /// The usual interval of announcements.
    pub usual: Duration,
}

/// For every target, what was asked and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Every address that the operator named, excluded ones too.
    pub targets: BTreeMap<IpAddr, TargetLine>,
    /// The tables of every agent that was asked for some, in the order of [`Table::ALL`].
    pub tables: BTreeMap<IpAddr, Vec<(Table, TableLine)>>,
    /// Questions that only some targets were asked, since the operator switched them on for those.
    pub questions: BTreeMap<IpAddr, Vec<(Method, Outcome)>>,
    /// Listening for LLDP; `None` if nothing could be heard.
    pub lldp: Option<Heard>,
    /// What the scan could not do, in words, each with what would help.
    pub limits: Vec<String>,
    /// Ranges of IPv6 among the targets that are too large to be swept, and in which nobody could be asked to show himself.
    pub unswept: u64,
    /// Announcements that were heard and not kept, because more spoke than a segment can hold.
    pub overflow: u64,
    /// Whether it was stopped before it was done.
    pub interrupted: bool,
}
