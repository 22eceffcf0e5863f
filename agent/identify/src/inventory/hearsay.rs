//! What tables say of others, handed to the merge as if those had been heard.
//!
//! Stations of forwarding and address tables have spoken to the device that lists them, and LLDP neighbours have
//! announced themselves to it: with what was heard here, that is decided by the same rules. What was heard here comes
//! first: an address that a station answered for is not given to another because a table says so.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use herkomst_ids::MacAddr;
use herkomst_model::{
    Announcement, CdpNeighbour, ChassisKey, DeviceText, Fact, Forwarded, ForwardedStatus,
    Inventory, LldpKey, LldpNeighbour, LldpRemote, NeighbourOrigin, Table, TableNeighbour,
};
use herkomst_registry::Registry;

use super::tables::{Agent, Tables, is_station, is_unique};
use crate::merge::{Graph, Key, Seen};
use crate::stations::{Segment, Station, is_host_address, names_one_station};

/// Where stations are that only tables of others show, and whose addresses are not unique: on no segment of ours. No
/// interface has so long a name (IFNAMSIZ is 16).
const ELSEWHERE: &str = "tables of others";

/// The stations that tables of others show.
#[derive(Debug, Default)]
pub(crate) struct Hearsay {
    /// Stations with a local address that were heard here, by that address.
    local: HashMap<MacAddr, BTreeSet<Segment>>,
    /// Addresses with the stations that tables give them, sorted.
    pub(crate) pairs: Vec<(IpAddr, Station)>,
    /// Those of them that nothing else was heard of, and addresses that a neighbour alone claims.
    pub(crate) silent: Vec<(IpAddr, Station)>,
    /// Neighbours that announced themselves to a device with tables, sorted by it, its port and what they say.
    pub(crate) neighbours: Vec<Neighbour>,
}

/// A neighbour that announced itself to a device with tables.
#[derive(Debug)]
pub(crate) struct Neighbour {
    /// The address of the device with the table.
    pub(crate) teller: IpAddr,
    /// Where it is, as that table counts.
    pub(crate) at: LocalPort,
    /// The table.
    pub(crate) table: Table,
    /// What names it: a station; without one, what it comes to at the end.
    pub(crate) who: Option<Key>,
    /// Its names, for telling it from others.
    words: String,
    /// A number for all that it announced: only to put rows with the same words in an order.
    rest: u64,
    /// Addresses that it says are its own.
    claims: BTreeSet<IpAddr>,
    /// Whether others may be behind it: it forwards, and is neither a telephone nor an access point.
    pub(crate) is_bridge: bool,
    /// What it announced.
    pub(crate) said: Fact,
}

/// A port in the numbers of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LocalPort {
    /// `ifIndex`.
    Interface(u32),
    /// A port of a bridge (`dot1dBasePort`).
    Bridge(u32),
    /// `lldpLocPortNum`.
    Lldp(u32),
}

/// A neighbour that no key names, on a port of a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Nameless {
    pub(crate) teller: IpAddr,
    pub(crate) at: LocalPort,
    pub(crate) words: String,
}

impl Hearsay {
    /// Puts what the tables say of others beside what was heard.
    pub(crate) fn tell(tables: &Tables<'_>, seen: &mut Seen, registry: &Registry) -> Self {
        let mut told = Self::default();
        if tables.agents.is_empty() {
            return told;
        }
        let heard = seen.speakers.iter().chain(seen.addresses.values().flatten());
        for station in heard.filter(|station| station.mac.is_locally_administered()) {
            told.local.entry(station.mac).or_default().insert(station.segment.clone());
        }
        for agent in tables.agents.values() {
            let learned = agent.forwarding.iter().filter(|row| is_learned(row));
            for mac in learned.map(|row| row.mac) {
                if names_one_station(mac, registry) {
                    seen.speakers.insert(told.station(agent, mac));
                }
            }
            for row in agent.neighbours.iter().filter(|row| is_alive(row)) {
                let station = told.station(agent, row.mac);
                if names_one_station(row.mac, registry) {
                    seen.speakers.insert(station.clone());
                }
                if is_host_address(&row.address) {
                    told.pairs.push((row.address, station));
                }
            }
        }
        told.pairs.sort_unstable();
        told.pairs.dedup();
        told.give_addresses(seen, registry);
        for (teller, agent) in &tables.agents {
            told.lldp(*teller, agent, registry);
            told.cdp(*teller, agent, registry);
        }
        told.neighbours.sort_by(|a, b| {
            let order = |one: &Neighbour| (one.teller, one.at, one.table);
            // Said with the same words and otherwise not the same: the order of the rows must not decide.
            (order(a).cmp(&order(b)))
                .then_with(|| a.words.cmp(&b.words))
                .then_with(|| a.rest.cmp(&b.rest))
        });
        told.announce(seen, tables);
        told
    }

    /// A station that a table lists. One with a local address is the one that was heard on the segment of the device with
    /// the table; where there is none, it is one of its own.
    pub(crate) fn station(&self, agent: &Agent<'_>, mac: MacAddr) -> Station {
        if !mac.is_locally_administered() {
            return Station::on(&None, mac);
        }
        let mut here = self.local.get(&mac).into_iter().flatten();
        let here = here.find(|segment| agent.segments.contains(*segment));
        here.map_or_else(
            || Station::on(&Some(ELSEWHERE.into()), mac),
            |segment| Station::on(segment, mac),
        )
    }

    /// Addresses that answered from beyond a router get the station that tables give them, and the same doubts as those
    /// that a station answered for. Those that nothing was heard of go to the station that has them.
    fn give_addresses(&mut self, seen: &mut Seen, registry: &Registry) {
        for same in self.pairs.chunk_by(|one, other| one.0 == other.0) {
            let address = same[0].0;
            let is_virtual = |pair: &(IpAddr, Station)| !names_one_station(pair.1.mac, registry);
            let all = same.iter().map(|(_, station)| station.clone());
            match seen.addresses.get_mut(&address) {
                Some(stations) if stations.is_empty() => {
                    stations.extend(all);
                    seen.told.insert(address);
                }
                Some(_) => {} // whoever answered here has it
                None if same.iter().any(is_virtual) => {
                    seen.addresses.insert(address, all.collect());
                    seen.told.insert(address);
                }
                None => self.silent.extend_from_slice(same),
            }
        }
    }

    fn lldp(&mut self, teller: IpAddr, agent: &Agent<'_>, registry: &Registry) {
        let mut addresses: HashMap<LldpKey, BTreeSet<IpAddr>> = HashMap::new();
        for row in &agent.lldp_addresses {
            addresses.entry(row.key).or_default().insert(row.address);
        }
        let mut inventories: HashMap<LldpKey, &Inventory> = HashMap::new();
        for row in &agent.lldp_inventory {
            let kept = inventories.entry(row.key).or_insert(&row.inventory);
            if words_of(&row.inventory) > words_of(kept) {
                *kept = &row.inventory; // said twice: the order of the rows must not decide
            }
        }
        for row in &agent.lldp_remote {
            let Some(chassis) = &row.chassis else { continue };
            let management = addresses.get(&row.key).cloned().unwrap_or_default();
            let mut claims: BTreeSet<IpAddr> =
                management.iter().copied().filter(is_host_address).collect();
            if let ChassisKey::Address(address) = chassis {
                claims.extend(Some(*address).filter(is_host_address));
            }
            let who = mac_of(row).filter(|mac| names_one_station(*mac, registry));
            let who = who.map(|mac| Key::Station(self.station(agent, mac)));
            let enabled = row.capabilities.map_or(0, |capabilities| capabilities.enabled);
            // IEEE 802.1AB-2016, table 8-4: bridge and C-VLAN component; access point, telephone, station only
            let is_bridge =
                enabled & (1 << 2 | 1 << 8) != 0 && enabled & (1 << 3 | 1 << 5 | 1 << 7) == 0;
            let said = LldpNeighbour {
                chassis: chassis.clone(),
                port: row.port.clone().unwrap_or_else(|| DeviceText::from("")),
                ttl: 0, // the table holds it for as long as it holds
                port_description: row.port_description.clone(),
                system_name: row.system_name.clone(),
                system_description: row.system_description.clone(),
                capabilities: row.capabilities,
                management: management.into_iter().collect(),
                inventory: inventories.get(&row.key).map(|inventory| (*inventory).clone()),
                native_vlan: None,
                med_class: None,
            };
            let words = format!("{chassis:?} {:?} {:?}", said.port, said.system_name);
            self.neighbours.push(Neighbour {
                teller,
                at: LocalPort::Lldp(row.key.port),
                table: Table::LldpRemote,
                who,
                words,
                rest: number_of(&said),
                claims,
                is_bridge,
                said: Fact::Lldp(said),
            });
        }
    }

    fn cdp(&mut self, teller: IpAddr, agent: &Agent<'_>, registry: &Registry) {
        for row in &agent.cdp {
            let who = telephone(row).filter(|mac| is_unique(*mac, registry));
            let mut names: Vec<DeviceText> = Vec::new();
            for name in [&row.system_name, &row.device].into_iter().flatten() {
                if !name.is_blank() && !names.contains(name) {
                    names.push(name.clone());
                }
            }
            let said = Announcement {
                names,
                descriptions: row.version.iter().cloned().collect(),
                model: row.platform.clone(),
                addresses: row.address.into_iter().collect(),
                port: row.port.clone(),
                native_vlan: row.native_vlan,
                ..Announcement::default()
            };
            self.neighbours.push(Neighbour {
                teller,
                at: LocalPort::Interface(row.interface),
                table: Table::Cdp,
                who: who.map(|mac| Key::Station(self.station(agent, mac))),
                words: format!("{:?} {:?}", said.names, said.port),
                rest: number_of(&said),
                claims: row.address.into_iter().filter(is_host_address).collect(),
                is_bridge: forwards(row),
                said: Fact::Announced(Box::new(said)),
            });
        }
    }

    /// Neighbours that a station names announce their chassis and their addresses, as those do that are heard here.
    fn announce(&mut self, seen: &mut Seen, tables: &Tables<'_>) {
        let mut heard: HashMap<ChassisKey, Segment> = HashMap::new();
        for (segment, chassis) in seen.chassis.keys() {
            heard.entry(chassis.clone()).or_insert_with(|| segment.clone());
        }
        let mut claims: BTreeMap<IpAddr, BTreeSet<&Station>> = BTreeMap::new();
        for neighbour in &self.neighbours {
            let Some(Key::Station(station)) = &neighbour.who else { continue };
            seen.speakers.insert(station.clone());
            for address in &neighbour.claims {
                claims.entry(*address).or_default().insert(station);
            }
            let Fact::Lldp(said) = &neighbour.said else { continue };
            let segment = match &said.chassis {
                // One that software chose is another one's on another segment, and so may a private address be: whoever says
                // no more than that is not whom it was heard from here, nor whom another table shows.
                ChassisKey::Mac(mac) if mac.is_locally_administered() => station.segment.clone(),
                ChassisKey::Address(_) => {
                    let key = Key::Station(station.clone());
                    let here = heard.get(&said.chassis).filter(|segment| {
                        let chassis = (Segment::clone(segment), said.chassis.clone());
                        seen.chassis.get(&chassis).is_some_and(|known| known.0.contains(&key))
                    });
                    here.cloned()
                        .unwrap_or_else(|| Some(format!("{ELSEWHERE}: {}", station.mac).into()))
                }
                ChassisKey::Mac(_) | ChassisKey::Text { .. } => {
                    heard.get(&said.chassis).unwrap_or(&station.segment).clone()
                }
            };
            let entry = seen.chassis.entry((segment, said.chassis.clone())).or_default();
            entry.0.insert(Key::Station(station.clone()));
            entry.1.extend(said.management.iter().copied().filter(is_host_address));
        }
        let named = |address: &IpAddr| self.pairs.binary_search_by_key(address, |pair| pair.0);
        let is_own = |address: &IpAddr| tables.agents.contains_key(address);
        for (address, stations) in &claims {
            let unheard = !seen.addresses.contains_key(address) && named(address).is_err();
            if let [station] = stations.iter().collect::<Vec<_>>()[..]
                && unheard
                && !is_own(address)
            {
                self.silent.push((*address, Station::clone(station)));
            }
        }
    }

    /// Gives neighbours that no station names a key. One of the addresses that it claims is its own only if the device
    /// there has the teller for a neighbour, too, or if nothing else is known of that address and nobody of another name
    /// claims it. Else it stands for itself: a name and an address are what anybody may announce.
    pub(crate) fn name_the_nameless(&mut self, graph: &mut Graph) {
        let mut first: HashMap<usize, IpAddr> = HashMap::new();
        let mut beside: HashSet<(usize, usize)> = HashSet::new();
        let mut claimants: HashMap<IpAddr, BTreeSet<&str>> = HashMap::new();
        for neighbour in &self.neighbours {
            let teller = graph.root(&Key::Address(neighbour.teller));
            let lowest = first.entry(teller).or_insert(neighbour.teller);
            *lowest = neighbour.teller.min(*lowest);
            let named = neighbour.who.iter().map(|key| graph.root(key)).collect::<Vec<_>>();
            let claimed = neighbour.claims.iter().map(|claim| graph.known(&Key::Address(*claim)));
            beside.extend(named.into_iter().map(|other| (teller, other)));
            beside.extend(claimed.flatten().map(|other| (teller, other)));
            for claim in &neighbour.claims {
                claimants.entry(*claim).or_default().insert(name_of(&neighbour.said));
            }
        }
        let taken: HashSet<IpAddr> =
            self.pairs.iter().chain(&self.silent).map(|pair| pair.0).collect();
        let mut names: Vec<(usize, Key)> = Vec::new();
        for (number, neighbour) in self.neighbours.iter().enumerate() {
            if neighbour.who.is_some() {
                continue;
            }
            let teller = graph.root(&Key::Address(neighbour.teller));
            let answers = |claim: &&IpAddr| {
                let there = graph.known(&Key::Address(**claim));
                there.is_some_and(|there| there != teller && beside.contains(&(there, teller)))
            };
            let mutual = neighbour.claims.iter().find(answers).copied();
            let is_free = |claim: &&IpAddr| {
                graph.known(&Key::Address(**claim)).is_none()
                    && !taken.contains(*claim)
                    && claimants.get(*claim).is_some_and(|names| names.len() == 1)
            };
            let free = || neighbour.claims.iter().find(is_free).copied();
            let key = mutual.or_else(free).map(Key::Address).unwrap_or_else(|| {
                Key::Nameless(Box::new(Nameless {
                    teller: first.get(&teller).copied().unwrap_or(neighbour.teller),
                    at: neighbour.at,
                    words: neighbour.words.clone(),
                }))
            });
            names.push((number, key));
        }
        for (number, key) in names {
            graph.root(&key);
            self.neighbours[number].who = Some(key);
        }
    }
}

/// Whether the bridge has heard the station on a port, as opposed to being it or having been told of it.
pub(crate) fn is_learned(row: &Forwarded) -> bool {
    row.status == ForwardedStatus::Learned && is_station(row.mac)
}

/// Whether a station answered for the address. One that was set by hand need never have been there, and the device itself
/// is no neighbour of its own.
pub(crate) fn is_alive(row: &TableNeighbour) -> bool {
    matches!(row.origin, NeighbourOrigin::Dynamic | NeighbourOrigin::Other) && is_station(row.mac)
}

/// The hardware address of an LLDP neighbour: its chassis id; else its port id, as telephones have it (ANSI/TIA-1057).
fn mac_of(row: &LldpRemote) -> Option<MacAddr> {
    if let Some(ChassisKey::Mac(mac)) = row.chassis {
        return Some(mac).filter(|mac| is_station(*mac));
    }
    let text = row.port.as_ref()?.raw();
    let is_mac = text.len() == 17 && text.bytes().filter(|byte| *byte == b':').count() == 5;
    text.parse().ok().filter(|mac| is_mac && is_station(*mac))
}

/// The hardware address in the device id of a telephone: `SEP001122334455`.
fn telephone(row: &CdpNeighbour) -> Option<MacAddr> {
    let digits = row.device.as_ref()?.raw().strip_prefix("SEP")?;
    (digits.len() == 12).then(|| digits.parse().ok())?
}

/// CISCO-CDP-MIB, `cdpCacheCapabilities`: 0x08 is a switch, 0x80 a telephone. Access points say that they bridge, too.
fn forwards(row: &CdpNeighbour) -> bool {
    row.capabilities.is_some_and(|bits| bits & 0x08 != 0 && bits & 0x80 == 0)
}

/// The same number in every run (`DefaultHasher::new` has no key of its own).
fn number_of(said: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    said.hash(&mut hasher);
    hasher.finish()
}

fn name_of(said: &Fact) -> &str {
    match said {
        Fact::Lldp(said) => said.system_name.as_ref().map_or("", DeviceText::raw),
        Fact::Announced(said) => said.names.first().map_or("", DeviceText::raw),
        _ => "",
    }
}

fn words_of(one: &Inventory) -> [&Option<DeviceText>; 6] {
    let Inventory { manufacturer, model, serial, hardware, firmware, software } = one;
    [manufacturer, model, serial, hardware, firmware, software]
}
