//! Where the stations that tables show are plugged in.
//!
//! A station stands in the forwarding table of every switch on the way to it. It is plugged in at a port behind which no
//! other bridge shows: none announces itself there, and no switch whose tables were read is itself learned there. Of several
//! such ports it is the one with the fewest stations; where they have as many, nobody knows. Who announces himself over LLDP or CDP
//! is plugged in where that was heard: bridges do not pass these on (IEEE 802.1Q, 8.6.3). An address table tells of the
//! interface of a router, and of nothing behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_model::{Device, Fact, Link, Place, Port, QuickMap, Table};
use herkomst_registry::Registry;

use super::hearsay::{Hearsay, LocalPort, is_alive, is_learned};
use super::ports::Ports;
use super::tables::{Agent, Tables};
use crate::merge::Key;
use crate::stations::{Station, is_host_address, names_one_station};

/// The most places that are kept of one device.
const MOST_PLACES: usize = 16;
/// The most announcements that are kept of one device.
const MOST_TOLD: usize = 32;
/// The most ports that are weighed against each other where all of them lead to bridges.
const MOST_WEIGHED: usize = 32;

/// The places of devices, by the number of the device's set.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    ports: Vec<Port>,
    drafts: Vec<(usize, Vec<Draft>)>,
}

/// A place of a device that has no number in the list of devices yet.
#[derive(Debug)]
struct Draft {
    port: usize,
    vlans: Vec<u16>,
    link: Link,
    table: Table,
}

/// A port of a device with tables.
#[derive(Debug)]
struct Socket {
    /// The number of the device among those with tables, in the order of their addresses.
    owner: usize,
    port: LocalPort,
    /// How many stations were learned there.
    stations: u32,
    /// The devices behind it that forward, by the number of their set.
    leads: BTreeSet<usize>,
}

/// The best link of a device at each socket, the table that says so, and the VLANs.
type Found = BTreeMap<usize, (Link, Table, BTreeSet<u16>)>;

/// What is gathered of all tables before anything is concluded.
#[derive(Debug, Default)]
struct Sightings {
    sockets: Vec<Socket>,
    numbers: HashMap<(usize, LocalPort), usize>,
    /// Station, socket, VLAN or 0.
    learned: Vec<(usize, usize, u16)>,
    /// The set of each station.
    sets: Vec<usize>,
    stations: HashMap<Station, usize>,
    /// Device, socket, table: who announced himself there.
    announced: BTreeMap<usize, BTreeMap<usize, Table>>,
    /// Device and socket: who stands in an address table.
    routed: Vec<(usize, usize)>,
}

impl Sightings {
    fn socket(&mut self, owner: usize, port: LocalPort) -> usize {
        let next = self.sockets.len();
        let number = *self.numbers.entry((owner, port)).or_insert(next);
        if number == next {
            self.sockets.push(Socket { owner, port, stations: 0, leads: BTreeSet::new() });
        }
        number
    }

    fn station(&mut self, station: Station, set: usize) -> usize {
        let next = self.sets.len();
        let number = *self.stations.entry(station).or_insert(next);
        if number == next {
            self.sets.push(set);
        }
        number
    }
}

/// Marks what tables show in the devices (by the number of their set), and works out where they are.
pub(crate) fn places(
    tables: &Tables<'_>,
    hearsay: &Hearsay,
    sets: &QuickMap<Key, usize>,
    devices: &mut [Device],
    registry: &Registry,
) -> Shown {
    let mut owners: BTreeMap<usize, Vec<(IpAddr, &Agent<'_>)>> = BTreeMap::new();
    for (address, agent) in &tables.agents {
        if let Some(set) = sets.get(&Key::Address(*address)) {
            owners.entry(*set).or_default().push((*address, agent));
        }
    }
    // The numbers of sets change from run to run: the lowest address is an order.
    let mut owners: Vec<(usize, Vec<(IpAddr, &Agent<'_>)>)> = owners.into_iter().collect();
    owners.sort_by_key(|(_, agents)| agents.first().map(|(address, _)| *address));
    let ports: Vec<Ports<'_>> = owners
        .iter()
        .map(|(_, agents)| Ports::of(agents.iter().map(|(_, agent)| *agent)))
        .collect();
    let of_address: HashMap<IpAddr, usize> = owners
        .iter()
        .enumerate()
        .flat_map(|(owner, (_, agents))| agents.iter().map(move |(address, _)| (*address, owner)))
        .collect();
    let mut seen = Sightings::default();
    for (owner, (own, agents)) in owners.iter().enumerate() {
        for agent in agents.iter().map(|(_, agent)| *agent) {
            forwarding(
                &mut seen,
                owner,
                *own,
                agent,
                &ports[owner],
                hearsay,
                sets,
                devices,
                registry,
            );
            routed(&mut seen, owner, *own, agent, hearsay, sets, devices);
        }
    }
    for (address, station) in &hearsay.silent {
        let Some(set) = sets.get(&Key::Station(station.clone())) else { continue };
        if sets.get(&Key::Address(*address)).is_none_or(|known| known == set) {
            devices[*set].ips.insert(*address);
        }
    }
    for neighbour in &hearsay.neighbours {
        let Some(set) = neighbour.who.as_ref().and_then(|key| sets.get(key)) else { continue };
        let Some(owner) = of_address.get(&neighbour.teller) else { continue };
        if *set == owners[*owner].0 {
            continue; // a cable from it to itself
        }
        let device = &mut devices[*set];
        device.told_by.insert(neighbour.table);
        if let Fact::Lldp(said) = &neighbour.said {
            device.told_by.extend((!said.management.is_empty()).then_some(Table::LldpAddresses));
            device.told_by.extend(said.inventory.is_some().then_some(Table::LldpInventory));
            device.chassis.insert(said.chassis.clone());
        }
        if device.told.len() < MOST_TOLD && !device.told.contains(&neighbour.said) {
            device.told.push(neighbour.said.clone());
        }
        let socket = seen.socket(*owner, ports[*owner].usual(neighbour.at));
        seen.announced.entry(*set).or_default().entry(socket).or_insert(neighbour.table);
        if neighbour.is_bridge {
            seen.sockets[socket].leads.insert(*set);
        }
    }
    let bridges: HashSet<usize> = owners
        .iter()
        .filter(|(_, agents)| {
            agents.iter().any(|(_, agent)| agent.forwarding.iter().any(|row| is_learned(row)))
        })
        .map(|(set, _)| *set)
        .collect();
    let owner_sets: Vec<usize> = owners.iter().map(|(set, _)| *set).collect();
    let drafts = conclude(&mut seen, &bridges, &owner_sets);
    let named = seen.sockets.iter().map(|socket| {
        let (name, alias) = ports[socket.owner].name(socket.port);
        Port { device: owner_sets[socket.owner], name, alias, stations: socket.stations }
    });
    Shown { ports: named.collect(), drafts }
}

#[expect(clippy::too_many_arguments, reason = "one loop of `places`, taken out to be read")]
fn forwarding(
    seen: &mut Sightings,
    owner: usize,
    own: usize,
    agent: &Agent<'_>,
    ports: &Ports<'_>,
    hearsay: &Hearsay,
    sets: &QuickMap<Key, usize>,
    devices: &mut [Device],
    registry: &Registry,
) {
    for row in agent.forwarding.iter().filter(|row| is_learned(row)) {
        if !names_one_station(row.mac, registry) {
            continue;
        }
        let station = hearsay.station(agent, row.mac);
        let Some(set) = sets.get(&Key::Station(station.clone())).copied() else { continue };
        if set == own {
            continue; // its own, on the port to its processor
        }
        devices[set].told_by.insert(Table::Forwarding);
        devices[set].vlans.extend(row.vlan);
        let Some(port) = ports.of_forwarded(row) else { continue };
        let socket = seen.socket(owner, port);
        let station = seen.station(station, set);
        seen.learned.push((station, socket, row.vlan.unwrap_or(0)));
    }
}

fn routed(
    seen: &mut Sightings,
    owner: usize,
    own: usize,
    agent: &Agent<'_>,
    hearsay: &Hearsay,
    sets: &QuickMap<Key, usize>,
    devices: &mut [Device],
) {
    for row in agent.neighbours.iter().filter(|row| is_alive(row)) {
        let station = Key::Station(hearsay.station(agent, row.mac));
        // A virtual router is known by its address.
        let by_address =
            || sets.get(&Key::Address(row.address)).filter(|_| is_host_address(&row.address));
        let Some(set) = sets.get(&station).or_else(by_address).copied() else { continue };
        if set == own {
            continue;
        }
        devices[set].told_by.insert(Table::Neighbours);
        let socket = seen.socket(owner, LocalPort::Interface(row.interface));
        seen.routed.push((set, socket));
    }
}

/// The places of every device, each with what is best known first.
fn conclude(
    seen: &mut Sightings,
    bridges: &HashSet<usize>,
    owners: &[usize],
) -> Vec<(usize, Vec<Draft>)> {
    seen.learned.sort_unstable();
    seen.learned.dedup();
    for same in seen.learned.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let (station, socket, _) = same[0];
        seen.sockets[socket].stations += 1;
        let set = seen.sets[station];
        if bridges.contains(&set) {
            seen.sockets[socket].leads.insert(set);
        }
    }
    let mut found: BTreeMap<usize, Found> = BTreeMap::new();
    for (set, sockets) in &seen.announced {
        let places = sockets
            .iter()
            .map(|(socket, table)| (*socket, (Link::Plugged, *table, BTreeSet::new())));
        found.insert(*set, places.collect());
    }
    for station in seen.learned.chunk_by(|one, other| one.0 == other.0) {
        let set = seen.sets[station[0].0];
        let announced = seen.announced.get(&set);
        let sockets: Vec<usize> =
            station.chunk_by(|one, other| one.1 == other.1).map(|same| same[0].1).collect();
        let is_announced =
            |socket: &usize| announced.is_some_and(|sockets| sockets.contains_key(socket));
        let chosen: Vec<(usize, Link)> = if sockets.iter().any(&is_announced) {
            let kept = sockets.into_iter().filter(is_announced);
            kept.map(|socket| (socket, Link::Plugged)).collect()
        } else {
            // Where a device announced itself, another bridge that its other cards are seen through says nothing new.
            let all = choose(&seen.sockets, sockets, set, owners);
            all.into_iter()
                .filter(|(_, link)| announced.is_none() || *link != Link::Uplink)
                .collect()
        };
        let places = found.entry(set).or_default();
        for (socket, link) in chosen {
            let place = places.entry(socket).or_insert((link, Table::Forwarding, BTreeSet::new()));
            place.0 = place.0.min(link);
            let here = station.iter().filter(|one| one.1 == socket && one.2 != 0);
            place.2.extend(here.map(|one| one.2));
        }
    }
    let is_known = |set: &usize| found.get(set).is_some_and(|places| !places.is_empty());
    let routed: Vec<(usize, usize)> =
        seen.routed.iter().filter(|(set, _)| !is_known(set)).copied().collect();
    for (set, socket) in routed {
        let place = (Link::Uplink, Table::Neighbours, BTreeSet::new());
        found.entry(set).or_default().insert(socket, place);
    }
    let draft = |set: usize, places: Found| {
        let mut places: Vec<Draft> = places
            .into_iter()
            .map(|(port, (link, table, vlans))| Draft {
                port,
                vlans: vlans.into_iter().collect(),
                link,
                table,
            })
            .collect();
        places.sort_by_key(|draft| {
            let socket = &seen.sockets[draft.port];
            (draft.link, socket.owner, socket.port)
        });
        places.truncate(MOST_PLACES);
        (set, places)
    };
    found.into_iter().map(|(set, places)| draft(set, places)).collect()
}

/// Which of the ports that show a station it is plugged in at.
fn choose(
    sockets: &[Socket],
    mut at: Vec<usize>,
    set: usize,
    owners: &[usize],
) -> Vec<(usize, Link)> {
    let is_edge = |socket: &usize| sockets[*socket].leads.iter().all(|behind| *behind == set);
    let order = |socket: &usize| {
        let Socket { owner, port, stations, .. } = sockets[*socket];
        (stations, owner, port)
    };
    at.sort_by_key(order);
    let edges: Vec<usize> = at.iter().copied().filter(is_edge).collect();
    if let Some(first) = edges.first() {
        let fewest = sockets[*first].stations;
        let best: Vec<usize> = edges
            .iter()
            .copied()
            .take_while(|socket| sockets[*socket].stations == fewest)
            .take(MOST_PLACES)
            .collect();
        let link = if best.len() == 1 { Link::Plugged } else { Link::OneOf };
        return best.into_iter().map(|socket| (socket, link)).collect();
    }
    at.truncate(MOST_WEIGHED);
    // A port that leads to a switch which sees the station on a port of its own is farther from it.
    let nearest = |socket: &usize| {
        let leads = &sockets[*socket].leads;
        at.iter().all(|other| other == socket || !leads.contains(&owners[sockets[*other].owner]))
    };
    let near: Vec<usize> = at.iter().copied().filter(nearest).collect();
    let kept = if near.is_empty() { at } else { near };
    kept.into_iter().take(MOST_PLACES).map(|socket| (socket, Link::Uplink)).collect()
}

impl Shown {
    /// Puts the places into the devices, `numbers` of which have the set of each.
    pub(crate) fn show(mut self, numbers: &[usize], count: usize, devices: &mut [Device]) {
        let mut place_of: Vec<usize> = vec![usize::MAX; count];
        for (place, set) in numbers.iter().enumerate() {
            place_of[*set] = place;
        }
        for port in &mut self.ports {
            port.device = place_of[port.device];
        }
        let ports: Vec<Arc<Port>> = self.ports.into_iter().map(Arc::new).collect();
        for (set, drafts) in self.drafts {
            let Some(device) = devices.get_mut(place_of[set]) else { continue };
            let places = drafts.into_iter().map(|draft| Place {
                port: Arc::clone(&ports[draft.port]),
                vlans: draft.vlans,
                link: draft.link,
                table: draft.table,
            });
            device.places = places.collect();
        }
    }
}
