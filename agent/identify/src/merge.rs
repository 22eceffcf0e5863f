//! Joins keys to devices: addresses, stations, SNMP engines and LLDP chassis that are one box.
//!
//! `docs/identification.md` says which keys join and which do not. In short: two devices too many are a nuisance, two
//! devices taken for one are a wrong answer, so whatever may be shared joins nothing. Names and texts never join.
//! Every join is decided from sets that are complete before the first key is united, so that the order of the
//! observations does not matter. Union-find over hashed keys: the work grows with the observations, not with pairs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::{EngineId, MacAddr, Oid, Pen};
use herkomst_model::{About, Answer, ChassisKey, Device, Fact, Join, Observation, Refusal};
use herkomst_registry::Registry;

use crate::assigned::{Adapter, Number};
use crate::engines::{Hearing, Instance, instances};
use crate::evidence::Party;
use crate::inventory::{Hearsay, Nameless, Owning, Tables, places};
use crate::stations::{self, Scopes, Segment, Station, Stations};
use crate::union::Union;
use crate::vendor::related;

/// Joins what was seen to devices, sorted by their first address.
pub fn merge(observations: &[Arc<Observation>], registry: &Registry) -> Vec<Device> {
    let scopes = Scopes::of(observations);
    let mut seen = Seen::gather(observations, &scopes);
    let tables = Tables::gather(observations, &scopes);
    let mut hearsay = Hearsay::tell(&tables, &mut seen, registry);
    let stations = Stations::weigh(&seen, registry);
    let owning = Owning::of(&tables, &seen, registry);
    let mut graph = Graph::default();
    let agents = AgentMakers::of_announced(&seen, registry);
    graph.addresses(&seen, &stations);
    graph.engines(&seen, &stations);
    (seen.engines, seen.agents) = Default::default(); // the devices take the room
    graph.chassis(&seen, &stations, &agents, registry);
    owning.join(&mut graph, &seen, &stations, &hearsay);
    hearsay.name_the_nameless(&mut graph);
    graph.devices((observations, &scopes), &seen, &stations, (&tables, &hearsay), registry)
}

/// What the observations say, by key and complete.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Every address that gave a sign of life, with the stations that answered for it.
    pub(crate) addresses: BTreeMap<IpAddr, Vec<Station>>,
    /// Engines by the address or station that spoke for them.
    pub(crate) engines: BTreeMap<EngineId, Vec<Hearing>>,
    /// What identifies the agent behind an address: to tell hosts behind one station apart, never to join.
    pub(crate) agents: HashMap<IpAddr, Agents>,
    /// Chassis that were heard, by the station or address that announced them, with their management addresses.
    pub(crate) chassis: BTreeMap<(Segment, ChassisKey), (BTreeSet<Key>, BTreeSet<IpAddr>)>,
    /// Stations that spoke in their own name.
    pub(crate) speakers: BTreeSet<Station>,
    /// Addresses whose stations tables of other devices tell: none of them answered here.
    pub(crate) told: BTreeSet<IpAddr>,
}

/// The SNMP agents that answered at one address.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    /// Their engine ids.
    pub(crate) engines: BTreeSet<EngineId>,
    /// Their sysObjectID and sysDescr, in one text.
    pub(crate) systems: BTreeSet<String>,
}

impl Agents {
    /// The enterprise numbers in all of these.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = Pen> {
        let objects = self.systems.iter().filter_map(|text| {
            let (oid, _) = text.split_once(' ')?;
            oid.parse::<Oid>().ok()?.pen()
        });
        self.engines.iter().map(EngineId::pen).chain(objects)
    }
}

/// A key that devices are joined on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A network address.
    Address(IpAddr),
    /// A hardware address, on its segment if it is not unique beyond.
    Station(Station),
    /// One run of one engine.
    Engine(EngineId, usize),
    /// An LLDP chassis, on its segment.
    Chassis(Box<(Segment, ChassisKey)>), // boxed: there are few, and keys are many
    /// Somebody whom another device's table shows, and no key names.
    Nameless(Box<Nameless>),
}

impl Key {
    /// Whom an observation is about.
    fn of(observation: &Observation, scopes: &Scopes) -> Self {
        match observation.about {
            About::Address(address) => Self::Address(scopes.key(observation, address)),
            About::Station(mac) => Self::Station(Station::on(&stations::segment(observation), mac)),
        }
    }
}

impl Seen {
    fn gather(observations: &[Arc<Observation>], scopes: &Scopes) -> Self {
        let mut seen = Self::default();
        for observation in observations {
            seen.take(observation, scopes);
        }
        for stations in seen.addresses.values_mut() {
            stations.sort();
            stations.dedup();
        }
        seen
    }

    fn take(&mut self, observation: &Observation, scopes: &Scopes) {
        let segment = stations::segment(observation);
        let key = Key::of(observation, scopes);
        if !is_sign_of_life(&observation.answer) {
            return;
        }
        match &key {
            Key::Address(address) => _ = self.addresses.entry(*address).or_default(),
            Key::Station(station) => _ = self.speakers.insert(station.clone()),
            Key::Engine(..) | Key::Chassis(_) | Key::Nameless(_) => {}
        }
        let Answer::Is(fact) = &observation.answer else {
            return;
        };
        match fact {
            Fact::Neighbour { mac } => {
                if let Key::Address(address) = key {
                    self.addresses.entry(address).or_default().push(Station::on(&segment, *mac));
                }
            }
            Fact::Echo
            | Fact::Table(_)
            | Fact::Spoke { .. }
            | Fact::Announced(_)
            | Fact::Router(_)
            | Fact::VirtualRouter(_)
            | Fact::DhcpClient(_)
            | Fact::DhcpServer(_) => {}
            Fact::Engine(engine) => {
                if let Key::Address(address) = key {
                    self.agents.entry(address).or_default().engines.insert(engine.id.clone());
                }
                self.engines.entry(engine.id.clone()).or_default().push(Hearing::new(
                    key,
                    observation.at,
                    engine,
                ));
            }
            Fact::System(system) => {
                if let Key::Address(address) = key {
                    let oid =
                        system.object_id.as_ref().map(ToString::to_string).unwrap_or_default();
                    let text = system.description.as_ref().map_or("", |text| text.raw());
                    if !(oid.is_empty() && text.is_empty()) {
                        self.agents
                            .entry(address)
                            .or_default()
                            .systems
                            .insert(format!("{oid} {text}"));
                    }
                }
            }
            Fact::Lldp(neighbour) => {
                let chassis = self.chassis.entry((segment, neighbour.chassis.clone())).or_default();
                chassis.0.insert(key);
                chassis
                    .1
                    .extend(neighbour.management.iter().copied().filter(stations::is_host_address));
            }
        }
    }
}

/// Whether it shows that something is there. Silence does not, and a router's "unreachable" speaks for the router.
fn is_sign_of_life(answer: &Answer<Fact>) -> bool {
    match answer {
        // RFC 792: code 2 and 3 (protocol, port) come from the host itself.
        Answer::Refused(Refusal::Unreachable(code)) => matches!(code, 2 | 3),
        Answer::Refused(_) | Answer::Malformed(_) | Answer::Is(_) => true,
        Answer::NotAsked(_) | Answer::Silent { .. } => false,
    }
}

/// The stations that a frame shows: those that sent it, and the one that its chassis is named after.
fn announcers(
    segment: &Segment,
    chassis: &ChassisKey,
    speakers: &BTreeSet<Key>,
    own: bool,
) -> BTreeSet<Station> {
    let sent = speakers.iter().filter_map(|speaker| match speaker {
        Key::Station(station) => Some(station.clone()),
        Key::Address(_) | Key::Engine(..) | Key::Chassis(_) | Key::Nameless(_) => None,
    });
    let named = match chassis {
        ChassisKey::Mac(mac) if own => Some(Station::on(segment, *mac)),
        ChassisKey::Mac(_) | ChassisKey::Address(_) | ChassisKey::Text { .. } => None,
    };
    sent.chain(named).collect()
}

/// Whom the agents at announced addresses name, for addresses that no station answered for.
struct AgentMakers(HashMap<IpAddr, BTreeSet<Party>>);

impl AgentMakers {
    /// Looks up the enterprise numbers of these agents, and of no others.
    fn of_announced(seen: &Seen, registry: &Registry) -> Self {
        let mut announced: BTreeSet<IpAddr> = BTreeSet::new();
        for ((_, chassis), (_, management)) in &seen.chassis {
            announced.extend(management);
            if let ChassisKey::Address(address) = chassis {
                announced.insert(*address);
            }
        }
        let makers = announced.into_iter().filter_map(|address| {
            let agents = seen.agents.get(&address)?;
            let parties = agents.numbers().filter_map(|pen| Number::look_up(pen, registry).party());
            Some((address, parties.collect()))
        });
        Self(makers.collect())
    }

    /// Whether nothing says that the agent at the address is of another maker than the announcing stations. An agent that
    /// names a maker is joined only to stations that name the same: anything else would lend its maker to a stranger.
    fn agree(&self, address: IpAddr, announcers: &BTreeSet<Station>, registry: &Registry) -> bool {
        let Some(makers) = self.0.get(&address).filter(|makers| !makers.is_empty()) else {
            return true;
        };
        let firms: BTreeSet<Party> = announcers
            .iter()
            .filter_map(|station| Adapter::look_up(station.mac, registry).party())
            .collect();
        let same = |firm: &Party| makers.iter().all(|maker| related(firm, maker, registry, ""));
        !firms.is_empty() && firms.iter().all(same)
    }
}

/// The keys, who they are united with, and why.
#[derive(Default)]
pub(crate) struct Graph {
    union: Union<Key>,
    because: Vec<(Key, String)>,
}

impl Graph {
    /// Unites keys with the first of them and keeps the reason.
    pub(crate) fn unite(
        &mut self,
        first: &Key,
        others: impl IntoIterator<Item = Key>,
        because: String,
    ) {
        let mut joined = false;
        for other in others {
            joined |= other != *first;
            self.union.unite(first.clone(), other);
        }
        if joined {
            self.because.push((first.clone(), because));
        }
    }

    /// The number of the set that a key is in as far as is united by now; a new key is in one of its own.
    pub(crate) fn root(&mut self, key: &Key) -> usize {
        self.known(key).unwrap_or_else(|| self.union.add(key.clone()))
    }

    /// The same for a key that is known.
    pub(crate) fn known(&mut self, key: &Key) -> Option<usize> {
        self.union.root(key)
    }

    /// Addresses with the station that answers for them, unless it answers for others too.
    fn addresses(&mut self, seen: &Seen, stations: &Stations) {
        for address in seen.addresses.keys() {
            self.union.add(Key::Address(*address));
        }
        for (station, addresses) in stations.own() {
            let key = Key::Station(station.clone());
            addresses
                .iter()
                .for_each(|address| self.union.unite(key.clone(), Key::Address(*address)));
        }
        for station in stations.proxies().chain(&seen.speakers) {
            self.union.add(Key::Station(station.clone()));
        }
    }

    /// The addresses at which one run of one engine answered, and the station whose MAC is in its id.
    fn engines(&mut self, seen: &Seen, stations: &Stations) {
        for (id, hearings) in &seen.engines {
            let runs = instances(id, hearings, stations);
            // Runs that share an address are one box that was restarted; others are boxes with one id.
            let only = runs.iter().all(|run| !run.keys.is_disjoint(&runs[0].keys));
            for (number, Instance { keys, how }) in runs.into_iter().enumerate() {
                // A virtual router answers with the engine of whichever box is active: it stays for itself.
                let keys: BTreeSet<Key> =
                    keys.into_iter().filter(|key| !stations.is_shared(key)).collect();
                let engine = Key::Engine(id.clone(), number);
                let because = format!(
                    "the SNMP engine {id} answered at {}{how}",
                    list(keys.iter().map(place))
                );
                self.union.add(engine.clone());
                let several = keys.len() > 1;
                keys.iter().for_each(|key| self.union.unite(engine.clone(), key.clone()));
                if several {
                    self.because.push((engine.clone(), because));
                }
                let Some(mac) = id.mac().filter(|_| only && !keys.is_empty()) else { continue };
                if let Some(station) = stations.known(mac) {
                    let because = format!("the SNMP engine id {id} holds the MAC {mac}");
                    self.unite(&engine, [Key::Station(station)], because);
                }
            }
        }
    }

    /// Stations that announced the same chassis, the station the chassis is named after, and its management addresses.
    fn chassis(
        &mut self,
        seen: &Seen,
        stations: &Stations,
        agents: &AgentMakers,
        registry: &Registry,
    ) {
        let mut claims: HashMap<IpAddr, usize> = HashMap::new();
        for (_, addresses) in seen.chassis.values() {
            addresses.iter().for_each(|address| *claims.entry(*address).or_default() += 1);
        }
        for ((segment, chassis), (speakers, management)) in &seen.chassis {
            let own = match chassis {
                ChassisKey::Mac(mac) if stations::names_one_station(*mac, registry) => true,
                ChassisKey::Address(address) => stations::is_host_address(address),
                // A name or a label may be given twice, and a special MAC belongs to several.
                ChassisKey::Mac(_) | ChassisKey::Text { .. } => false,
            };
            let key = Key::Chassis(Box::new((segment.clone(), chassis.clone())));
            if own {
                let because = format!(
                    "{} announced the LLDP chassis {}",
                    list(speakers.iter().map(place)),
                    name(chassis)
                );
                self.union.add(key.clone());
                speakers.iter().for_each(|speaker| self.union.unite(key.clone(), speaker.clone()));
                if speakers.len() > 1 {
                    self.because.push((key.clone(), because));
                }
            }
            let root =
                if own { Some(&key) } else { speakers.first().filter(|_| speakers.len() == 1) };
            let Some(root) = root else { continue };
            // A frame may announce any address. The one behind it must answer for it, or, beyond a router, where
            // no station shows, the agent there must be of the announcer's maker.
            let announcers = announcers(segment, chassis, speakers, own);
            let belongs = |address: &IpAddr| match seen.addresses.get(address).map(Vec::as_slice) {
                Some([]) => agents.agree(*address, &announcers, registry),
                Some(behind) => behind.iter().all(|station| announcers.contains(station)),
                None => false,
            };
            match chassis {
                ChassisKey::Mac(mac) if own => {
                    let station = Station::on(segment, *mac);
                    if stations.is_known(&station)
                        && !speakers.contains(&Key::Station(station.clone()))
                    {
                        self.unite(
                            root,
                            [Key::Station(station)],
                            format!("the LLDP chassis id is the MAC {mac}"),
                        );
                    }
                }
                ChassisKey::Address(address) if own && belongs(address) => {
                    self.manage(root, *address, stations, "the LLDP chassis id is");
                }
                _ => {}
            }
            for address in management {
                // An address that two chassis claim, such as a factory setting, says nothing about either.
                if claims.get(address) == Some(&1) && belongs(address) {
                    self.manage(root, *address, stations, "the LLDP management address is");
                }
            }
        }
    }

    fn manage(&mut self, root: &Key, address: IpAddr, stations: &Stations, what: &str) {
        let key = Key::Address(address);
        if !stations.is_shared(&key) {
            self.unite(root, [key], format!("{what} {address}"));
        }
    }

    /// The devices, with their keys, observations and reasons.
    fn devices(
        self,
        (observations, scopes): (&[Arc<Observation>], &Scopes),
        seen: &Seen,
        stations: &Stations,
        (tables, hearsay): (&Tables<'_>, &Hearsay),
        registry: &Registry,
    ) -> Vec<Device> {
        let (sets, count) = self.union.sets();
        let mut devices = vec![Device::default(); count];
        // In order, so that thousands of addresses of one device are not put in here and there.
        let mut addresses: Vec<(usize, IpAddr)> = Vec::new();
        for (key, set) in &sets {
            let device = &mut devices[*set];
            match key {
                Key::Address(address) => {
                    addresses.push((*set, stations::shown(*address)));
                    for mac in stations.shown_with(*address) {
                        let own = !stations::names_one_station(mac, registry);
                        if own { &mut device.macs } else { &mut device.seen_with }.insert(mac);
                    }
                }
                Key::Station(station) => _ = device.macs.insert(station.mac),
                Key::Engine(id, _) => _ = device.engines.insert(id.clone()),
                Key::Chassis(one) => {
                    let (_, chassis) = one.as_ref();
                    if let ChassisKey::Mac(mac) = chassis {
                        device.macs.insert(*mac);
                    }
                    device.chassis.insert(chassis.clone());
                }
                Key::Nameless(one) => device.told_as = Some(format!("{one:?}")),
            }
        }
        addresses.sort_unstable();
        for of_one in addresses.chunk_by(|one, other| one.0 == other.0) {
            if let [(set, _), ..] = of_one {
                devices[*set].ips = of_one.iter().map(|(_, address)| *address).collect();
            }
        }
        // A chassis that joins nothing is still the chassis of whoever announced it.
        for ((_, chassis), (speakers, _)) in &seen.chassis {
            for set in speakers.iter().filter_map(|speaker| sets.get(speaker)) {
                devices[*set].chassis.insert(chassis.clone());
            }
        }
        for (key, because) in self.because {
            if let Some(set) = sets.get(&key) {
                devices[*set].joins.push(Join { because });
            }
        }
        for (station, addresses) in stations.own() {
            if let Some(set) = sets.get(&Key::Station(station.clone())) {
                let (told, answered): (Vec<&IpAddr>, Vec<&IpAddr>) =
                    addresses.iter().partition(|address| seen.told.contains(address));
                devices[*set].joins.reserve_exact(1); // most devices have this one alone
                for (addresses, how) in
                    [(answered, "answered from"), (told, "stand in tables of other devices with")]
                {
                    if !addresses.is_empty() {
                        let shown = addresses.iter().map(|address| stations::shown(**address));
                        let because = format!("{} {how} the MAC {}", list(shown), station.mac);
                        devices[*set].joins.push(Join { because });
                    }
                }
            }
        }
        for observation in observations {
            let segment = stations::segment(observation);
            let Some(set) = sets.get(&Key::of(observation, scopes)) else { continue };
            devices[*set].observations.push(Arc::clone(observation));
            // A station that answers for others is seen by those answers, too.
            if let Answer::Is(Fact::Neighbour { mac }) = &observation.answer {
                let proxy = sets.get(&Key::Station(Station::on(&segment, *mac)));
                if let Some(proxy) = proxy.filter(|proxy| *proxy != set) {
                    devices[*proxy].observations.push(Arc::clone(observation));
                }
            }
        }
        let shown = places(tables, hearsay, &sets, &mut devices, registry);
        drop(sets);
        for device in &mut devices {
            device.seen_with.retain(|mac| !device.macs.contains(mac));
            device.joins.sort();
            device.joins.dedup();
        }
        let mut order: Vec<(usize, Device)> = devices.into_iter().enumerate().collect();
        order.retain(|(_, one)| !(one.observations.is_empty() && one.told_by.is_empty()));
        order.sort_by(|(_, a), (_, b)| place_of(a).cmp(&place_of(b)));
        let (numbers, mut devices): (Vec<usize>, Vec<Device>) = order.into_iter().unzip();
        shown.show(&numbers, count, &mut devices);
        devices
    }
}

/// Where a device stands in the output: by its first address; without one, behind all that have one.
fn place_of(
    device: &Device,
) -> (bool, Option<&IpAddr>, Option<&MacAddr>, Option<&ChassisKey>, Option<&String>) {
    let Device { ips, macs, chassis, told_as, .. } = device;
    (ips.is_empty(), ips.first(), macs.first(), chassis.first(), told_as.as_ref())
}

/// A key as a reason names it.
fn place(key: &Key) -> String {
    match key {
        Key::Address(address) => stations::shown(*address).to_string(),
        Key::Station(station) => station.mac.to_string(),
        Key::Engine(id, _) => id.to_string(),
        Key::Chassis(one) => name(&one.1),
        Key::Nameless(one) => format!("a neighbour of {}", stations::shown(one.teller)),
    }
}

/// A chassis as a reason names it; text of a device is quoted, so that it stays on one line.
fn name(chassis: &ChassisKey) -> String {
    match chassis {
        ChassisKey::Mac(mac) => mac.to_string(),
        ChassisKey::Address(address) => address.to_string(),
        ChassisKey::Text { text, .. } => format!("{text:?}"),
    }
}

/// The first three and how many more there are: a proxy may answer for thousands.
pub(crate) fn list<T: ToString>(items: impl ExactSizeIterator<Item = T>) -> String {
    let count = items.len();
    let shown: Vec<String> = items.take(3).map(|item| item.to_string()).collect();
    let more = count.saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests;
