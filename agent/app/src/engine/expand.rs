//! Beyond the targets: who is told of by tables and neighbours is asked in turn, within what the operator allowed.
//!
//! Told of are the stations that a device talks to (`ipNetToPhysical`, `ipNetToMedia`), where its neighbours are managed
//! (LLDP, CDP), and what neighbours on our own segments announce. An address outside the prefixes, excluded, of this host
//! or of a device to be spared is never asked.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};

use herkomst_ids::MacAddr;
use herkomst_model::{About, Answer, Fact, Method, Outcome, Rows, TableNews, Why};
use herkomst_probe::Seen;
use herkomst_probe::arp::ArpSweep;
use herkomst_probe::pacer::Zone;
use herkomst_probe::retry::Retry;

use super::{Engine, Sweep};
use crate::config::reach::Expand;
use crate::plan::{Leads, Ways};

/// The most addresses that are counted as told of and not asked: who invents them must not fill the memory.
const MOST_COUNTED: usize = 65_536;

/// Who is told of, and how far that goes.
#[derive(Debug)]
pub(super) struct Expansion {
    hops: u8,
    most: u32,
    ways: Ways,
    /// Interfaces that have a wire, by the number that ways know them by.
    wires: Vec<usize>,
    /// Those that the operator named; all when empty.
    named: Vec<usize>,
    /// How many neighbours away from a target each is that was told of and is asked.
    depth: HashMap<IpAddr, u8>,
    outside: HashSet<IpAddr>,
    too_far: HashSet<IpAddr>,
    too_many: HashSet<IpAddr>,
}

impl Expansion {
    pub(super) fn new(limits: &Expand, ways: Ways, wires: Vec<usize>, named: Vec<usize>) -> Self {
        Self {
            named,
            hops: limits.hops,
            most: limits.most,
            ways,
            wires,
            depth: HashMap::new(),
            outside: HashSet::new(),
            too_far: HashSet::new(),
            too_many: HashSet::new(),
        }
    }

    /// What the report says of it.
    pub(super) fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        let mut say = |count: usize, what: String| {
            if count > 0 {
                let them = if count == 1 { "address was" } else { "addresses were" };
                let more = if count >= MOST_COUNTED { " or more" } else { "" };
                told.push(format!("{count}{more} {them} told of and not asked: {what}"));
            }
        };
        let outside = "outside the targets and scan.expand-prefixes, or excluded";
        say(self.outside.len(), outside.to_owned());
        say(self.too_far.len(), format!("further than --expand-hops {}", self.hops));
        say(self.too_many.len(), format!("--expand-most {} was reached", self.most));
        told
    }
}

fn count(set: &mut HashSet<IpAddr>, address: IpAddr) {
    if set.len() < MOST_COUNTED {
        set.insert(address);
    }
}

/// Addresses that somebody is told to have, with the station where that is told too.
fn told_of(fact: &Fact) -> Vec<(IpAddr, Option<MacAddr>)> {
    let alone = |addresses: &[IpAddr]| addresses.iter().map(|address| (*address, None)).collect();
    match fact {
        Fact::Table(TableNews::Rows(rows)) => match rows {
            Rows::Neighbours(rows) => rows.iter().map(|row| (row.address, Some(row.mac))).collect(),
            Rows::LldpAddresses(rows) => rows.iter().map(|row| (row.address, None)).collect(),
            Rows::Cdp(rows) => rows.iter().filter_map(|row| Some((row.address?, None))).collect(),
            _ => Vec::new(),
        },
        Fact::Lldp(neighbour) => alone(&neighbour.management),
        Fact::Announced(said) => alone(&said.addresses),
        _ => Vec::new(),
    }
}

impl Engine {
    /// Takes in whom an observation tells of.
    pub(super) fn expand(&mut self, seen: &Seen) {
        if self.expansion.is_none() {
            return;
        }
        let Answer::Is(fact) = &seen.answer else { return };
        let teller = match (seen.about, seen.method) {
            (About::Address(address), Method::Table(_)) => Some(address),
            _ => None,
        };
        for (address, mac) in told_of(fact) {
            self.hear_of(teller, address, mac);
        }
    }

    pub(super) fn hear_of(
        &mut self,
        teller: Option<IpAddr>,
        address: IpAddr,
        mac: Option<MacAddr>,
    ) {
        let Some(expansion) = &mut self.expansion else { return };
        let is_host = !address.is_loopback()
            && !address.is_unspecified()
            && !address.is_multicast()
            // Without the interface it is one address on every segment.
            && !matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
        if !is_host || expansion.ways.is_end(address) || self.book.has(address) {
            return;
        }
        if !self.allowed.holds(address) {
            return count(&mut expansion.outside, address);
        }
        let of_teller = teller.and_then(|teller| expansion.depth.get(&teller)).copied();
        let depth = of_teller.unwrap_or(0).saturating_add(1);
        if depth > expansion.hops {
            return count(&mut expansion.too_far, address);
        }
        if expansion.depth.len() >= expansion.most as usize {
            return count(&mut expansion.too_many, address);
        }
        expansion.too_far.remove(&address);
        expansion.depth.insert(address, depth);
        let leads = expansion.ways.to(address);
        let on_wire = match (leads, address) {
            // The kernel has no route into a VLAN that it does not know: there he is asked as the targets are.
            (_, IpAddr::V4(_)) if self.vlan.is_some() => {
                self.sweeps.first().map(|sweep| (sweep.wire, sweep.source.into()))
            }
            (_, IpAddr::V6(_)) if self.vlan.is_some() => {
                self.links.first().map(|link| (link.wire, Ipv6Addr::UNSPECIFIED.into()))
            }
            (Some(Leads::OnLink { interface, source: Some(source) }), _) => {
                expansion.wires.binary_search(&interface).ok().map(|wire| (wire, source))
            }
            _ => None,
        };
        let dead = match leads {
            _ if self.vlan.is_some() => on_wire.is_none(),
            Some(Leads::OnLink { interface, .. }) => {
                !expansion.named.is_empty() && !expansion.named.contains(&interface)
            }
            Some(Leads::Nowhere { .. }) => true,
            Some(Leads::ToRouter) | None => false,
        };
        // Of many it is not told which station has the address; the operator may have named the address all the same.
        if dead || (self.spare)(address, mac.unwrap_or(MacAddr::ZERO)) {
            self.book.admit(address, Zone::Beyond);
            let why = if dead { Why::NoRoute } else { Why::Fragile };
            for method in [Method::Icmp, Method::SnmpEngine, Method::Snmp] {
                self.book.set(address, method, Outcome::NotAsked(why));
            }
            return self.book.close(address);
        }
        match (on_wire, address) {
            (Some((wire, IpAddr::V4(source))), IpAddr::V4(address)) => {
                self.book.admit(address.into(), Zone::Segment);
                let is_there = |sweep: &&mut Sweep| sweep.wire == wire && sweep.source == source;
                match self.sweeps.iter_mut().find(is_there) {
                    Some(sweep) => sweep.probe.add(address),
                    None => {
                        let mac = self.ports.wires[wire].mac;
                        let retry = Retry::arp().at_most(self.attempts);
                        let probe = ArpSweep::new(mac, source, vec![address], retry, 0);
                        self.sweeps.push(Sweep { wire, source, probe: probe.in_vlan(self.vlan) });
                    }
                }
            }
            (Some((wire, _)), IpAddr::V6(address))
                if let Some(link) = self.links.iter_mut().find(|link| link.wire == wire) =>
            {
                self.book.admit(address.into(), Zone::Segment);
                link.probe.add(address);
            }
            (_, address) => {
                // On a segment, the kernel resolves it, and its table is small.
                let is_near = matches!(leads, Some(Leads::OnLink { .. }));
                let zone = if is_near { Zone::ThroughKernel } else { Zone::Beyond };
                self.book.admit(address, zone);
                self.question(address);
                if self.asks_icmp {
                    self.echo.add(address);
                }
                if self.asks_snmp {
                    self.discovery.add(address);
                } else {
                    for method in [Method::SnmpEngine, Method::Snmp] {
                        self.book.set(address, method, Outcome::NotAsked(Why::MethodOff));
                    }
                }
            }
        }
    }
}
