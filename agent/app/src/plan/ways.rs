//! Where addresses lead, as the kernel's routes have it.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use herkomst_net::Interface;
use ipnet::{IpNet, Ipv4Net};

use super::Surroundings;

/// A way to the addresses of a prefix.
struct Way {
    prefix: IpNet,
    leads: Leads,
}

/// What stands at the end of a way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leads {
    /// The addresses themselves, on a link that carries.
    OnLink { interface: usize, source: Option<IpAddr> },
    /// A router.
    ToRouter,
    /// An interface that is down or has no carrier: the addresses are there once it is plugged in, not elsewhere.
    Nowhere { interface: usize },
}

/// Prefixes and where they lead, the best first: the longest prefix decides, as it does for the kernel (RFC 1812,
/// 5.2.4.3); among the same prefixes a chosen interface comes before one that is not, and a link before a router.
fn ways(around: &Surroundings, is_chosen: &dyn Fn(usize) -> bool) -> Vec<Way> {
    let mut ways = Vec::new();
    let leads = |interface: usize, source| {
        let about = &around.interfaces[interface];
        if about.up && about.running {
            Leads::OnLink { interface, source }
        } else {
            Leads::Nowhere { interface }
        }
    };
    for (interface, about) in around.interfaces.iter().enumerate() {
        for address in &about.ipv4 {
            if let Ok(net) = Ipv4Net::new(address.address, address.prefix_len) {
                let leads = leads(interface, Some(address.address.into()));
                ways.push(Way { prefix: net.trunc().into(), leads });
            }
        }
    }
    let place = |index: u32| around.interfaces.iter().position(|about| about.index == index);
    // The kernel made routes for the prefixes of IPv6 addresses itself, among them those that a router announced.
    let first = |interface: usize, to: IpNet| {
        let about: &Interface = &around.interfaces[interface];
        let mut usable = about.ipv6.iter().filter(|ours| ours.is_usable() && !ours.is_link_local());
        match to {
            IpNet::V4(_) => about.ipv4.first().map(|ours| ours.address.into()),
            IpNet::V6(_) => usable.next().map(|ours| ours.address.into()),
        }
    };
    for route in &around.routes {
        let Some(interface) = place(route.interface) else { continue };
        let source = route.preferred_source.or_else(|| first(interface, route.prefix));
        ways.push(Way { prefix: route.prefix, leads: leads(interface, source) });
    }
    for route in &around.gateways {
        // The kernel may keep the routes of a link that lost its carrier.
        let dead = place(route.interface).filter(|index| !around.interfaces[*index].running);
        let leads = dead.map_or(Leads::ToRouter, |interface| Leads::Nowhere { interface });
        ways.push(Way { prefix: route.prefix, leads });
    }
    let is_other =
        |way: &Way| matches!(way.leads, Leads::OnLink { interface, .. } if !is_chosen(interface));
    // Stable: of several addresses in one prefix the first asks.
    ways.sort_by_key(|way| {
        let rank = match way.leads {
            Leads::OnLink { .. } => 0,
            Leads::ToRouter => 1,
            Leads::Nowhere { .. } => 2,
        };
        (std::cmp::Reverse(way.prefix.prefix_len()), rank, is_other(way))
    });
    ways
}

/// Where every address leads. A router may know a million prefixes: an address is looked up once for each length.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    best: HashMap<IpNet, Leads>,
    /// The lengths of the prefixes, the longest first.
    lengths: Vec<u8>,
    /// The first and last address of each segment of IPv4 are nobody's: a packet to them is one to everybody.
    pub(super) ends: BTreeSet<IpAddr>,
}

impl Ways {
    pub(super) fn new(around: &Surroundings, is_chosen: &dyn Fn(usize) -> bool) -> Self {
        let all = ways(around, is_chosen);
        let ends = all
            .iter()
            .filter(|way| matches!(way.leads, Leads::OnLink { .. }))
            // The first address of a prefix of IPv6 is that of its routers (RFC 4291, 2.6.1), and the last is anybody's.
            .filter(|way| matches!(way.prefix, IpNet::V4(net) if net.prefix_len() < 31))
            .flat_map(|way| [way.prefix.network(), way.prefix.broadcast()])
            .collect();
        let mut lengths: Vec<u8> = all.iter().map(|way| way.prefix.prefix_len()).collect();
        lengths.dedup();
        let mut best = HashMap::with_capacity(all.len());
        for way in all {
            best.entry(way.prefix).or_insert(way.leads);
        }
        Self { best, lengths, ends }
    }

    /// Whether it is the first or last address of a segment of IPv4: a packet to it is one to everybody.
    pub(crate) fn is_end(&self, target: IpAddr) -> bool {
        self.ends.contains(&target)
    }

    /// Where this one leads; `None` when the kernel would not know.
    pub(crate) fn to(&self, target: IpAddr) -> Option<Leads> {
        let within = |length: &u8| IpNet::new(target, *length).ok().map(|net| net.trunc());
        self.lengths.iter().find_map(|length| self.best.get(&within(length)?).copied())
    }
}
