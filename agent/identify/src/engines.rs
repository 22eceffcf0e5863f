//! When two addresses with one SNMP engine id are one engine.
//!
//! RFC 3411, section 5, wants the id to be unique; cloned images, factory settings and ids made from private addresses
//! break that. But an engine also says how often it has started and for how long it has run (RFC 3414, 2.2), so the
//! instant of its last start can be worked out: two addresses of one engine agree in it, two boxes with the same id
//! hardly ever do. This is how routers are found behind several addresses in K. Albakour et al., "Third Time's Not a
//! Charm: Exploiting SNMPv3 for Router Fingerprinting", IMC 2021.

use std::collections::BTreeSet;

use herkomst_ids::{EngineId, EngineIdFormat, MacAddr};
use herkomst_model::Engine;
use jiff::Timestamp;

use crate::merge::Key;
use crate::stations::{Stations, is_host_address};

/// How far the start instants of one engine may lie apart, in seconds: both clocks count whole seconds, and a slow
/// agent or a queue adds a few.
const TOLERANCE: i64 = 10;

/// An engine heard at a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hearing {
    boots: u32,
    /// The instant of the last start, in seconds since 1970; none if the engine does not say.
    started: Option<i64>,
    key: Key,
}

impl Hearing {
    /// Works out when the engine started.
    pub(crate) fn new(key: Key, at: Timestamp, engine: &Engine) -> Self {
        // Some agents answer 0 and 0 for ever.
        let tells = engine.boots != 0 || engine.time != 0;
        let started = tells.then(|| at.as_second().saturating_sub(i64::from(engine.time)));
        Self { boots: engine.boots, started, key }
    }
}

/// One run of an engine: where it answered, and how we know that it is one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) keys: BTreeSet<Key>,
    pub(crate) how: &'static str,
}

/// How much an id says about which box it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uniqueness {
    /// Made from a MAC that IEEE assigned.
    Unique,
    /// At least eight octets that are not a pattern.
    Likely,
    /// From an address, a text or a few octets: two boxes may have it.
    Shareable,
    /// A placeholder.
    Placeholder,
}

fn uniqueness(id: &EngineId) -> Uniqueness {
    match id.format() {
        EngineIdFormat::Mac(mac) if is_placeholder_mac(mac) => Uniqueness::Placeholder,
        EngineIdFormat::Mac(_) => Uniqueness::Unique,
        EngineIdFormat::Ipv4(address) if !is_host_address(&address.into()) => {
            Uniqueness::Placeholder
        }
        EngineIdFormat::Ipv6(address) if !is_host_address(&address.into()) => {
            Uniqueness::Placeholder
        }
        EngineIdFormat::Ipv4(_) | EngineIdFormat::Ipv6(_) => Uniqueness::Shareable,
        EngineIdFormat::Octets(rest) | EngineIdFormat::Enterprise { rest, .. } => {
            if is_pattern(&rest) {
                Uniqueness::Placeholder
            } else if rest.len() >= 8 {
                Uniqueness::Likely
            } else {
                Uniqueness::Shareable
            }
        }
        EngineIdFormat::Text(rest) | EngineIdFormat::Other(rest) => {
            if is_pattern(&rest) {
                Uniqueness::Placeholder
            } else {
                Uniqueness::Shareable
            }
        }
    }
}

fn is_placeholder_mac(mac: MacAddr) -> bool {
    mac.is_multicast()
        || mac.is_locally_administered()
        || is_pattern(&mac.octets())
        || matches!(mac.octets()[3..], [0 | 0xff, b, c] if b == c && b == mac.octets()[3])
}

/// One octet over and over, or a count: 00 00 00, 01 02 03 04.
fn is_pattern(octets: &[u8]) -> bool {
    let steady = |step: u8| octets.windows(2).all(|pair| pair[0].wrapping_add(step) == pair[1]);
    octets.len() < 3 || steady(0) || steady(1)
}

/// The runs of an engine: the keys of each are one device. Hearings that nothing joins are runs of their own.
pub(crate) fn instances(id: &EngineId, hearings: &[Hearing], stations: &Stations) -> Vec<Instance> {
    let mut hearings: Vec<&Hearing> = hearings.iter().collect();
    hearings.sort();
    let uniqueness = uniqueness(id);
    let mut runs: Vec<Vec<&Hearing>> = Vec::new();
    for hearing in hearings {
        let with_last = runs.last().and_then(|run| run.last()).is_some_and(|last| {
            last.key == hearing.key && last.boots == hearing.boots
                || agree(last, hearing, uniqueness)
        });
        match runs.last_mut().filter(|_| with_last) {
            Some(run) => run.push(hearing),
            None => runs.push(vec![hearing]),
        }
    }
    let mut found: Vec<Instance> = Vec::new();
    for run in runs {
        let keys: BTreeSet<Key> = run.iter().map(|hearing| hearing.key.clone()).collect();
        let timed = run.iter().all(|hearing| hearing.started.is_some());
        let how = if timed { ", started at the same instant" } else { "" };
        if uniqueness == Uniqueness::Shareable && behind_several(&keys, stations) {
            found.extend(
                keys.into_iter().map(|key| Instance { keys: BTreeSet::from([key]), how: "" }),
            );
        } else {
            found.push(Instance { keys, how });
        }
    }
    found
}

fn agree(one: &Hearing, other: &Hearing, uniqueness: Uniqueness) -> bool {
    let same_start = match (one.started, other.started) {
        (Some(one_start), Some(other_start)) => {
            one.boots == other.boots && one_start.abs_diff(other_start) <= TOLERANCE.unsigned_abs()
        }
        // Neither tells: only an id that is made to be unique will do.
        (None, None) => uniqueness == Uniqueness::Unique,
        _ => false,
    };
    same_start && uniqueness != Uniqueness::Placeholder
}

/// Whether the addresses are known to be behind more than one hardware address that IEEE assigned.
fn behind_several(keys: &BTreeSet<Key>, stations: &Stations) -> bool {
    let macs: BTreeSet<MacAddr> = keys
        .iter()
        .filter_map(|key| match key {
            Key::Address(address) => stations.behind(*address).map(|station| station.mac),
            Key::Station(station) => Some(station.mac),
            Key::Engine(..) | Key::Chassis(_) | Key::Nameless(_) => None,
        })
        .filter(|mac| !mac.is_locally_administered())
        .collect();
    macs.len() > 1
}
