//! Which station an address belongs to: the part of merging that ARP decides, and where it must not be believed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::MacAddr;
use herkomst_model::{About, Observation};
use herkomst_registry::{MacMeaning, Registry, SpecialKind};

use crate::merge::{Key, Seen};

/// The segment a hardware address was seen on: the interface. The VLAN does not count: a switch announces itself
/// untagged and answers tagged.
pub(crate) type Segment = Option<Arc<str>>;

/// Where an observation was made.
pub(crate) fn segment(observation: &Observation) -> Segment {
    observation.interface.clone()
}

/// The segments that link-local addresses were seen on, numbered in the order of their names. Such an address is one host's on its
/// segment alone (RFC 4007, 5; RFC 3927, 1.2), so the number of the segment is made a part of it until it is shown.
#[derive(Debug, Default)]
pub(crate) struct Scopes(BTreeMap<Arc<str>, u16>);

impl Scopes {
    /// Numbers the segments.
    pub(crate) fn of(observations: &[Arc<Observation>]) -> Self {
        let local = observations.iter().filter_map(|observation| match observation.about {
            About::Address(address) if is_link_local(&address) => observation.interface.clone(),
            About::Address(_) | About::Station(_) => None,
        });
        let names: BTreeSet<Arc<str>> = local.collect();
        Self(names.into_iter().zip(1..=u16::MAX).collect())
    }

    /// The address that an observation is about, as a key.
    pub(crate) fn key(&self, observation: &Observation, address: IpAddr) -> IpAddr {
        if !is_link_local(&address) {
            return address;
        }
        let scope = observation.interface.as_ref().and_then(|name| self.0.get(name));
        let scope = scope.copied().unwrap_or(0);
        // RFC 4291, 2.5.6: bits 10 to 63 are zero, so there is room for the number; what stands there is not read.
        let octets = match address {
            IpAddr::V4(four) => {
                let [a, b, c, d] = four.octets().map(u16::from);
                [0xfe80, scope, 0, 4, 0, 0, a << 8 | b, c << 8 | d]
            }
            IpAddr::V6(six) => {
                let [_, _, _, _, a, b, c, d] = six.segments();
                [0xfe80, scope, 0, 6, a, b, c, d]
            }
        };
        IpAddr::from(octets)
    }
}

/// The address that a key stands for.
pub(crate) fn shown(key: IpAddr) -> IpAddr {
    match key {
        IpAddr::V6(six) => match six.segments() {
            [0xfe80, _, 0, 4, 0, 0, high, low] => {
                IpAddr::from((u32::from(high) << 16 | u32::from(low)).to_be_bytes())
            }
            [0xfe80, _, 0, 6, a, b, c, d] => IpAddr::from([0xfe80, 0, 0, 0, a, b, c, d]),
            _ => key,
        },
        IpAddr::V4(_) => key,
    }
}

fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    }
}

/// A hardware address. One that IEEE assigned is unique on all segments, one set by software on its own alone
/// (IEEE 802-2014, 8.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Station {
    pub(crate) mac: MacAddr,
    pub(crate) segment: Segment,
}

impl Station {
    /// The station with this address on this segment.
    pub(crate) fn on(segment: &Segment, mac: MacAddr) -> Self {
        Self { mac, segment: if mac.is_locally_administered() { segment.clone() } else { None } }
    }
}

/// Whether the address belongs to one station. A virtual router's, a cluster's or a group's belongs to several, and
/// zeros to nobody; an address that software chose is still one station's.
pub(crate) fn names_one_station(mac: MacAddr, registry: &Registry) -> bool {
    match registry.mac(mac) {
        MacMeaning::Assigned(_) | MacMeaning::Unassigned => true,
        MacMeaning::Special(special) => match special.kind {
            SpecialKind::Unset
            | SpecialKind::Group
            | SpecialKind::VirtualRouter
            | SpecialKind::Cluster
            | SpecialKind::Protocol => false,
            SpecialKind::Local
            | SpecialKind::Hypervisor
            | SpecialKind::Container
            | SpecialKind::Pool
            | SpecialKind::Documentation => true,
        },
    }
}

/// Whether it can be the address of one host, as opposed to all, none, oneself or a group.
pub(crate) fn is_host_address(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || broadcast
        || is_link_local(address))
}

/// What ARP says of stations, after a look at all of it.
#[derive(Debug, Default)]
pub(crate) struct Stations {
    /// Addresses that belong to a station.
    own: BTreeMap<Station, Vec<IpAddr>>,
    /// Stations that answered for addresses behind which different agents are.
    proxies: BTreeSet<Station>,
    /// Addresses with a virtual MAC, and which.
    shared: BTreeMap<IpAddr, BTreeSet<MacAddr>>,
    /// Addresses that several stations claim, and which.
    contested: BTreeMap<IpAddr, BTreeSet<MacAddr>>,
    /// Every station that joins.
    known: BTreeSet<Station>,
    /// For each address with an agent, the one station that answered.
    by_address: BTreeMap<IpAddr, Station>,
}

impl Stations {
    /// Looks at every address and every station.
    pub(crate) fn weigh(seen: &Seen, registry: &Registry) -> Self {
        let mut found = Self::default();
        let mut claims: BTreeMap<&Station, Vec<IpAddr>> = BTreeMap::new();
        for (address, stations) in &seen.addresses {
            let (single, virtual_ones): (Vec<&Station>, Vec<&Station>) =
                stations.iter().partition(|station| names_one_station(station.mac, registry));
            found.known.extend(single.iter().copied().cloned());
            if !virtual_ones.is_empty() {
                // Whoever is active answers for it, at times from its own MAC.
                found.shared.insert(*address, stations.iter().map(|station| station.mac).collect());
                continue;
            }
            match single.as_slice() {
                [] => {}
                [station] => claims.entry(station).or_default().push(*address),
                // RFC 5227: a conflict. One of them may be an impostor, so neither gets the address.
                _ => {
                    _ = found
                        .contested
                        .insert(*address, single.iter().map(|station| station.mac).collect())
                }
            }
        }
        found.known.extend(
            seen.speakers.iter().filter(|one| names_one_station(one.mac, registry)).cloned(),
        );
        for (station, addresses) in claims {
            found.settle(station, addresses, seen);
        }
        found
    }

    /// One box shows one agent at all its addresses. Where different agents answer behind one MAC, it answers for
    /// others (RFC 1027), and its maker says nothing about theirs.
    fn settle(&mut self, station: &Station, addresses: Vec<IpAddr>, seen: &Seen) {
        let agents = || addresses.iter().filter_map(|address| seen.agents.get(address));
        let differ = several(agents().map(|agent| &agent.engines))
            || several(agents().map(|agent| &agent.systems));
        if !differ {
            self.give(station, addresses, seen);
            return;
        }
        self.proxies.insert(station.clone());
        let (speaking, silent): (Vec<IpAddr>, Vec<IpAddr>) =
            addresses.into_iter().partition(|address| seen.agents.contains_key(address));
        // The engine that carries the station's own MAC is the station's.
        let is_its_own = |address: &IpAddr| {
            let engines = seen.agents.get(address).map(|agent| &agent.engines);
            engines.is_some_and(|engines| engines.iter().any(|id| id.mac() == Some(station.mac)))
        };
        let mut mine: Vec<IpAddr> = speaking.into_iter().filter(is_its_own).chain(silent).collect();
        mine.sort();
        self.give(station, mine, seen);
    }

    fn give(&mut self, station: &Station, addresses: Vec<IpAddr>, seen: &Seen) {
        let speaking = addresses.iter().filter(|address| seen.agents.contains_key(address));
        self.by_address.extend(speaking.map(|address| (*address, station.clone())));
        if !addresses.is_empty() {
            self.own.insert(station.clone(), addresses);
        }
    }

    /// Stations with the addresses that are theirs.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&Station, &Vec<IpAddr>)> {
        self.own.iter()
    }

    /// Stations that answered for others.
    pub(crate) fn proxies(&self) -> impl Iterator<Item = &Station> {
        self.proxies.iter()
    }

    /// Whether a key belongs to whoever is active.
    pub(crate) fn is_shared(&self, key: &Key) -> bool {
        matches!(key, Key::Address(address) if self.shared.contains_key(address))
    }

    /// The station behind an address, where there is exactly one.
    pub(crate) fn behind(&self, address: IpAddr) -> Option<&Station> {
        self.by_address.get(&address)
    }

    /// The station that has this address on all segments.
    pub(crate) fn known(&self, mac: MacAddr) -> Option<Station> {
        let station = Station::on(&None, mac);
        (!mac.is_locally_administered() && self.known.contains(&station)).then_some(station)
    }

    /// Whether the station was seen.
    pub(crate) fn is_known(&self, station: &Station) -> bool {
        self.known.contains(station)
    }

    /// The hardware addresses that an address shows but that join nothing: virtual ones, and those of a conflict.
    pub(crate) fn shown_with(&self, address: IpAddr) -> impl Iterator<Item = MacAddr> {
        let sets = [self.shared.get(&address), self.contested.get(&address)];
        sets.into_iter().flatten().flatten().copied()
    }
}

/// Whether the sets that say anything do not all say the same.
fn several<'a, T: Ord + 'a>(mut sets: impl Iterator<Item = &'a BTreeSet<T>>) -> bool {
    let Some(first) = sets.by_ref().find(|set| !set.is_empty()) else {
        return false;
    };
    sets.any(|set| !set.is_empty() && set.is_disjoint(first))
}
