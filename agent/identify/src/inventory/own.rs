//! What a device's own tables say is its own: interfaces, LLDP chassis, addresses.
//!
//! A device may say anything of itself, and some say it of others: distributed gateways have one address and one MAC on many
//! switches, and a private address is on many boxes. So what several devices call their own joins nothing, what another
//! agent answers at joins nothing, and neither does a station of another maker that answered here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use herkomst_ids::MacAddr;
use herkomst_model::ChassisKey;
use herkomst_registry::Registry;

use super::hearsay::Hearsay;
use super::tables::Tables;
use crate::assigned::{Adapter, Number};
use crate::evidence::{Party, Weight};
use crate::merge::{Agents, Graph, Key, Seen, list};
use crate::stations::{Station, Stations, shown};
use crate::vendor::related;

/// What devices say is their own.
pub(crate) struct Owning<'o> {
    owners: Vec<Owner<'o>>,
    /// Addresses that an agent answered at.
    answering: BTreeSet<IpAddr>,
}

/// What the agent at an address says is its device's own.
struct Owner<'o> {
    address: IpAddr,
    macs: BTreeSet<MacAddr>,
    addresses: BTreeSet<IpAddr>,
    serial: Option<&'o str>,
}

/// Stations that answered here for an address: what they are does not depend on what another says.
struct Strangers(HashSet<MacAddr>);

impl Strangers {
    fn of(tables: &Tables<'_>, seen: &Seen) -> Self {
        if tables.agents.is_empty() {
            return Self(HashSet::new());
        }
        let here = seen.addresses.iter().filter(|(address, _)| !seen.told.contains(*address));
        Self(here.flat_map(|(_, stations)| stations).map(|station| station.mac).collect())
    }

    /// The hardware addresses without those that answered here for another address and are of another maker than whoever
    /// calls them his own: one that lists his neighbour's would take it for himself, and its maker with it.
    fn without(
        &self,
        owner: IpAddr,
        mut macs: BTreeSet<MacAddr>,
        seen: &Seen,
        registry: &Registry,
    ) -> BTreeSet<MacAddr> {
        let behind = || seen.addresses.get(&owner).into_iter().flatten().map(|station| station.mac);
        let product = |mac: MacAddr| {
            let adapter = Adapter::look_up(mac, registry);
            adapter.party().filter(|_| adapter.weight() >= Weight::Likely)
        };
        let numbers = seen.agents.get(&owner).into_iter().flat_map(Agents::numbers);
        let named = numbers.filter_map(|pen| {
            let number = Number::look_up(pen, registry);
            number.party().filter(|_| number.weight() == Weight::Strong)
        });
        let makers: BTreeSet<Party> = named.chain(behind().filter_map(product)).collect();
        if makers.is_empty() {
            return macs;
        }
        macs.retain(|mac| {
            let is_strangers = || {
                let maker = product(*mac);
                maker.is_some_and(|maker| {
                    !makers.iter().any(|own| related(own, &maker, registry, ""))
                })
            };
            !self.0.contains(mac) || behind().any(|own| own == *mac) || !is_strangers()
        });
        macs
    }
}

impl<'o> Owning<'o> {
    /// Reads the tables.
    pub(crate) fn of(tables: &Tables<'o>, seen: &Seen, registry: &Registry) -> Self {
        let strangers = Strangers::of(tables, seen);
        let owners = tables.agents.iter().map(|(address, agent)| Owner {
            address: *address,
            macs: strangers.without(*address, agent.own_macs(registry), seen, registry),
            addresses: agent.own_addresses(),
            serial: agent.serial(),
        });
        let owners: Vec<Owner<'o>> = owners.collect();
        let answering = if owners.is_empty() {
            BTreeSet::new()
        } else {
            seen.agents.keys().chain(tables.agents.keys()).copied().collect()
        };
        Self { owners, answering }
    }

    /// Unites what belongs to one device.
    pub(crate) fn join(
        mut self,
        graph: &mut Graph,
        seen: &Seen,
        stations: &Stations,
        hearsay: &Hearsay,
    ) {
        // A shared address is whoever's is active, and so are its tables.
        self.owners.retain(|owner| !stations.is_shared(&Key::Address(owner.address)));
        self.one_box_at_several_addresses(graph);
        self.macs(graph, seen);
        self.addresses(graph, seen, stations, hearsay);
    }

    /// Two addresses are one box if both agents have a unique MAC in common and each lists the address of the other as its
    /// own, or both have one chassis serial number. One of these alone may be a gateway that many switches share.
    fn one_box_at_several_addresses(&self, graph: &mut Graph) {
        let by_address: HashMap<IpAddr, &Owner<'_>> =
            self.owners.iter().map(|owner| (owner.address, owner)).collect();
        let mut with_serial: HashMap<(&str, MacAddr), IpAddr> = HashMap::new();
        for owner in &self.owners {
            let here = Key::Address(owner.address);
            for other in owner.addresses.range(..owner.address) {
                let Some(other) = by_address.get(other) else { continue };
                let there = Key::Address(other.address);
                let mutual = other.addresses.contains(&owner.address);
                if !mutual || graph.root(&here) == graph.root(&there) {
                    continue;
                }
                let Some(mac) = owner.macs.intersection(&other.macs).next() else { continue };
                let because = format!(
                    "the agents at {} and {} each list the other address and the MAC {mac} as their own",
                    shown(other.address),
                    shown(owner.address)
                );
                graph.unite(&there, [here.clone()], because);
            }
            let Some(serial) = owner.serial else { continue };
            for mac in &owner.macs {
                let first = *with_serial.entry((serial, *mac)).or_insert(owner.address);
                let there = Key::Address(first);
                if graph.root(&here) != graph.root(&there) {
                    let because = format!(
                        "the agents at {} and {} have the chassis serial number {serial:?} and the MAC {mac}",
                        shown(first),
                        shown(owner.address)
                    );
                    graph.unite(&there, [here.clone()], because);
                }
            }
        }
    }

    /// The devices that an agent answered for, as far as they are united by now.
    fn with_agents(&self, graph: &mut Graph) -> HashSet<usize> {
        self.answering.iter().filter_map(|address| graph.known(&Key::Address(*address))).collect()
    }

    /// Hardware addresses that one device alone calls its own, and the LLDP chassis that is named after them.
    fn macs(&self, graph: &mut Graph, seen: &Seen) {
        let mut chassis: HashMap<MacAddr, Vec<Key>> = HashMap::new();
        for key in seen.chassis.keys() {
            if let ChassisKey::Mac(mac) = key.1 {
                chassis.entry(mac).or_default().push(Key::Chassis(Box::new(key.clone())));
            }
        }
        let mut claims = Claims::default();
        let mut owners_of: HashMap<MacAddr, BTreeSet<usize>> = HashMap::new();
        for owner in &self.owners {
            let root = graph.root(&Key::Address(owner.address));
            for mac in &owner.macs {
                owners_of.entry(*mac).or_default().insert(root);
            }
        }
        for owner in &self.owners {
            for mac in owner.macs.iter().filter(|mac| owners_of[*mac].len() == 1) {
                let own = Key::Station(Station::on(&None, *mac));
                let named = chassis.get(mac).into_iter().flatten().cloned();
                for key in named.filter(|key| graph.known(key).is_some()).chain([own]) {
                    claims.add(owner.address, key, mac.to_string());
                }
            }
        }
        let agents = self.with_agents(graph);
        claims.settle(graph, &agents, "hardware addresses");
    }

    /// Network addresses that one device alone calls its own, if whatever is known of them is that device.
    fn addresses(&self, graph: &mut Graph, seen: &Seen, stations: &Stations, hearsay: &Hearsay) {
        let mut owners_of: HashMap<IpAddr, BTreeSet<usize>> = HashMap::new();
        for owner in &self.owners {
            let root = graph.root(&Key::Address(owner.address));
            for address in &owner.addresses {
                owners_of.entry(*address).or_default().insert(root);
            }
        }
        let mut claims = Claims::default();
        for owner in &self.owners {
            let root = graph.root(&Key::Address(owner.address));
            for address in owner.addresses.iter().filter(|one| owners_of[*one].len() == 1) {
                let key = Key::Address(*address);
                let mut behind: Vec<&Station> =
                    seen.addresses.get(address).into_iter().flatten().collect();
                let from = hearsay.pairs.partition_point(|pair| pair.0 < *address);
                let told = hearsay.pairs[from..].iter().take_while(|pair| pair.0 == *address);
                if behind.is_empty() {
                    behind.extend(told.map(|pair| &pair.1));
                }
                let is_ours = |station: &&Station| {
                    graph.known(&Key::Station(Station::clone(station))) == Some(root)
                };
                if behind.iter().all(is_ours) && !stations.is_shared(&key) {
                    claims.add(owner.address, key, address.to_string());
                }
            }
        }
        let agents = self.with_agents(graph);
        claims.settle(graph, &agents, "addresses");
    }
}

/// Who calls which keys its own.
#[derive(Default)]
struct Claims(BTreeMap<IpAddr, Vec<(Key, String)>>);

impl Claims {
    fn add(&mut self, owner: IpAddr, key: Key, word: String) {
        self.0.entry(owner).or_default().push((key, word));
    }

    /// Unites each device with what it claims, unless an agent of its own answers there, or two devices claim parts of
    /// what is known to be one.
    fn settle(self, graph: &mut Graph, agents: &HashSet<usize>, what: &str) {
        let mut claimants: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for (owner, keys) in &self.0 {
            let root = graph.root(&Key::Address(*owner));
            for (key, _) in keys {
                if let Some(claimed) = graph.known(key) {
                    claimants.entry(claimed).or_default().insert(root);
                }
            }
        }
        // Decided for all before the first is united.
        let mut united: BTreeMap<usize, (IpAddr, BTreeMap<Key, String>)> = BTreeMap::new();
        for (owner, keys) in self.0 {
            let root = graph.root(&Key::Address(owner));
            for (key, word) in keys {
                let is_free = graph.known(&key).is_none_or(|claimed| {
                    claimed != root
                        && !agents.contains(&claimed)
                        && claimants.get(&claimed).is_some_and(|who| who.len() == 1)
                });
                if is_free {
                    united.entry(root).or_insert((owner, BTreeMap::new())).1.insert(key, word);
                }
            }
        }
        for (owner, keys) in united.into_values() {
            let words: BTreeSet<&String> = keys.values().collect();
            let because =
                format!("the tables of {} list as own {what} {}", shown(owner), list(words.iter()));
            graph.unite(&Key::Address(owner), keys.into_keys(), because);
        }
    }
}
