//! Whom a scan asks, from where, and whom not: made before anything is sent, and all that `--dry-run` shows.

mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{PoisonError, RwLock};

use herkomst_model::Why;
use herkomst_net::{GatewayRoute, Interface, Ipv4Address, OnLinkRoute};
use herkomst_probe::nd::OwnPrefix;
use ipnet::{Ipv4Net, Ipv6Net};

pub(crate) use self::ways::{Leads, Ways};
use jiff::Timestamp;

use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::config::targets::{AddressSet, Range};
use crate::config::windows::Windows;
use crate::exit::{Failure, Result};

/// The most addresses that are swept on the local segments together when the operator named no target: a /16.
const MOST_UNASKED: u64 = 1 << 16;

/// Targets on one interface that are asked from one of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The interface, by its place in [`Plan::interfaces`].
    pub(crate) interface: usize,
    /// Our address there; 0.0.0.0 in a VLAN where we have none.
    pub(crate) source: Ipv4Addr,
    /// Whom to ask.
    pub(crate) targets: Vec<Ipv4Addr>,
}

/// A segment of IPv6 that is asked from one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The interface, by its place in [`Plan::interfaces`].
    pub(crate) interface: usize,
    /// Our addresses there, with the lengths of their prefixes.
    pub(crate) own: Vec<OwnPrefix>,
    /// Who is asked by address.
    pub(crate) targets: Vec<Ipv6Addr>,
    /// Whether everybody is asked to show himself: the targets hold a prefix that nobody can sweep.
    pub(crate) everybody: bool,
}

impl Link {
    /// The address that we ask another from: of its prefix, else of its scope.
    pub(crate) fn source_for(&self, other: Ipv6Addr) -> Option<Ipv6Addr> {
        let shares = |own: &&OwnPrefix| {
            Ipv6Net::new(own.address, own.length).is_ok_and(|net| net.contains(&other))
        };
        let of_scope =
            |own: &&OwnPrefix| own.address.is_unicast_link_local() == other.is_unicast_link_local();
        let found = self.own.iter().find(shares).or_else(|| self.own.iter().find(of_scope));
        found.map(|own| own.address)
    }
}

/// Who may be asked at all, whether he was known when the plan was made or shows himself later.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    targets: AddressSet,
    beyond: AddressSet,
    exclude: AddressSet,
    ours: BTreeSet<IpAddr>,
    windows: Windows,
    /// Which of them were open when they were last looked at.
    open: RwLock<Vec<bool>>,
}

impl Allowed {
    /// Whether it is an address of this host.
    pub(crate) fn is_ours(&self, address: IpAddr) -> bool {
        self.ours.contains(&address)
    }

    /// Whether it is a target, or among those who may be asked when somebody tells of them; not where the operator
    /// excluded it or its maintenance window is closed.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        (self.targets.contains(address) || self.beyond.contains(address))
            && !self.exclude.contains(address)
            && !self.ours.contains(&address)
            && self.is_in_window(address)
    }

    /// Whether its maintenance window is open, or it has none.
    pub(crate) fn is_in_window(&self, address: IpAddr) -> bool {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        self.windows.allow(address, &open)
    }

    /// Whether anybody on this link may be asked to show himself now.
    pub(crate) fn may_call(&self, link: &Link) -> bool {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let may = |net| may_call(&self.targets, &self.exclude, (&self.windows, &open), Some(net));
        link.own.iter().filter_map(net_of).any(may)
    }

    /// Takes down which windows are open now.
    pub(crate) fn see_windows(&self, open: Vec<bool>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = open;
    }
}

fn net_of(own: &OwnPrefix) -> Option<Ipv6Net> {
    Ipv6Net::new(own.address, own.length).ok()
}

/// Whether the targets hold a prefix too large to be swept, there or anywhere, that is not excluded as a whole and one end of
/// which may be asked now: whoever asks everybody makes everybody answer.
fn may_call(
    targets: &AddressSet,
    exclude: &AddressSet,
    (windows, open): (&Windows, &[bool]),
    within: Option<Ipv6Net>,
) -> bool {
    targets.wide().any(|(first, last)| {
        let (first, last) = match within {
            Some(net) => (first.max(net.network().into()), last.min(net.broadcast().into())),
            None => (first, last),
        };
        first <= last
            && !exclude.covers(first, last)
            && (windows.allow(first, open) || windows.allow(last, open))
    })
}

/// Who is asked how.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What is scanned, as the operator wrote it or as the segments are.
    pub(crate) written: Vec<String>,
    /// The interfaces that frames are sent and heard on.
    pub(crate) interfaces: Vec<Interface>,
    /// On-link targets, asked with frames of our own.
    pub(crate) segments: Vec<Segment>,
    /// Segments of IPv6.
    pub(crate) links: Vec<Link>,
    /// Targets on a local segment that are asked through the kernel, for want of a raw socket.
    pub(crate) through_kernel: Vec<IpAddr>,
    /// Targets beyond a router, or on a link where frames of ours cannot go: the kernel knows how.
    pub(crate) routed: Vec<IpAddr>,
    /// Targets that are not asked.
    pub(crate) not_asked: BTreeMap<IpAddr, Why>,
    /// The interfaces above, by the numbers that ways know them by.
    pub(crate) used: Vec<usize>,
    /// The interfaces that the operator named, by the same numbers; all when empty.
    pub(crate) named: Vec<usize>,
    /// Whether those are asked who are told of.
    pub(crate) expands: bool,
    /// Who may be asked when he shows himself or is told of.
    pub(crate) allowed: Allowed,
    /// Where those lead.
    pub(crate) ways: Ways,
    /// Names that were not looked up.
    pub(crate) names: Vec<String>,
    /// Ranges of IPv6 that are too large to be swept, and in which nobody is asked.
    pub(crate) unswept: u64,
    /// What the operator should know of it, a line each.
    pub(crate) warnings: Vec<String>,
}

/// What the kernel says of the network, when the plan is made.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// All interfaces.
    pub(crate) interfaces: Vec<Interface>,
    /// Prefixes that are reached without a router.
    pub(crate) routes: Vec<OnLinkRoute>,
    /// Prefixes that are reached through a router.
    pub(crate) gateways: Vec<GatewayRoute>,
    /// Whether frames may be sent and heard.
    pub(crate) may_send_frames: bool,
    /// When the plan is made.
    pub(crate) now: Timestamp,
}

impl Surroundings {
    /// Asks the kernel.
    pub(crate) fn read() -> Result<Self> {
        let interfaces = herkomst_net::interfaces().map_err(Failure::unavailable)?;
        let routes = herkomst_net::on_link_routes().map_err(Failure::unavailable)?;
        let gateways = herkomst_net::gateway_routes().map_err(Failure::unavailable)?;
        let (may_send_frames, now) = (herkomst_net::has_net_raw(), Timestamp::now());
        Ok(Self { interfaces, routes, gateways, may_send_frames, now })
    }
}

/// Makes the plan, or says why there is none.
pub(crate) fn plan(scan: &Scan, around: &Surroundings) -> Result<Plan> {
    let named = named_interfaces(scan, around)?;
    let is_chosen = |index: usize| named.is_empty() || named.contains(&index);
    let ways = Ways::new(around, &is_chosen);
    if let (Some(vlan), false) = (scan.vlan, around.may_send_frames) {
        return Err(Failure::permission(anyhow::anyhow!(
            "--vlan {vlan} sends frames of its own: it needs raw sockets (CAP_NET_RAW)"
        )));
    }
    if let (Some(vlan), Some(index)) = (scan.vlan, named.first())
        && !carries_frames(&around.interfaces[*index])
    {
        let name = &around.interfaces[*index].name;
        return Err(Failure::unavailable(anyhow::anyhow!(
            "interface {name:?} carries no Ethernet frames, so that --vlan {vlan} can send none there: right would be one that does"
        )));
    }
    let mut plan = Plan::default();
    let targets = match &scan.targets {
        Some(spec) => {
            plan.written.clone_from(&spec.written);
            plan.names.clone_from(&spec.names);
            spec.addresses.clone()
        }
        None if scan.passive => AddressSet::default(),
        None => local_segments(scan, around, &is_chosen, &mut plan)?,
    };
    let of_ipv4 = around.interfaces.iter().flat_map(|i| i.ipv4.iter().map(|a| a.address.into()));
    let of_ipv6 = around.interfaces.iter().flat_map(|i| i.ipv6.iter().map(|a| a.address.into()));
    let ours: BTreeSet<IpAddr> = of_ipv4.chain(of_ipv6).collect();
    let mut segments: BTreeMap<(usize, Ipv4Addr), Vec<Ipv4Addr>> = BTreeMap::new();
    let open = scan.windows.open_at(around.now);
    let mut links = links(scan, around, &is_chosen, (&targets, &open));
    let mut nowhere: BTreeMap<usize, usize> = BTreeMap::new();
    for target in targets.iter() {
        let mut not_asked = |why: Why| {
            plan.not_asked.insert(target, why);
        };
        if scan.exclude.addresses.contains(target) {
            not_asked(Why::Excluded);
            continue;
        }
        if ways.ends.contains(&target) {
            not_asked(Why::SegmentAddress);
            continue;
        }
        if ours.contains(&target) {
            not_asked(Why::ThisHost);
            continue;
        }
        if scan.passive {
            not_asked(Why::MethodOff);
            continue;
        }
        if !scan.windows.allow(target, &open) {
            not_asked(Why::OutsideWindow);
            continue;
        }
        let is_spared = scan.no_probe.contains(target);
        let leads = match (scan.vlan, named.first()) {
            // The kernel has no route into a VLAN that it does not know.
            (Some(_), Some(interface)) => {
                let source = source_in(&around.interfaces[*interface], target);
                Some(Leads::OnLink { interface: *interface, source: Some(source) })
            }
            _ => ways.to(target),
        };
        match leads {
            Some(Leads::Nowhere { interface }) => {
                *nowhere.entry(interface).or_default() += 1;
                not_asked(Why::NoRoute);
            }
            Some(Leads::OnLink { interface, .. }) if !is_chosen(interface) => {
                not_asked(Why::NoRoute);
            }
            Some(Leads::OnLink { interface, source: Some(source) })
                if carries_frames(&around.interfaces[interface]) && around.may_send_frames =>
            {
                match (source, target) {
                    (IpAddr::V4(source), IpAddr::V4(target)) => {
                        segments.entry((interface, source)).or_default().push(target);
                    }
                    (_, IpAddr::V6(target)) if links.contains_key(&interface) => {
                        links.entry(interface).and_modify(|link| link.targets.push(target));
                    }
                    _ => not_asked(Why::MethodOff),
                }
            }
            // What is left is asked with more than ARP, or not at all.
            _ if is_spared => not_asked(Why::Fragile),
            Some(Leads::OnLink { interface, source: Some(_) })
                if carries_frames(&around.interfaces[interface]) =>
            {
                plan.through_kernel.push(target);
            }
            // No ARP of ours there (a tunnel, a loopback, no address to ask from), or a router.
            _ => plan.routed.push(target),
        }
    }
    for (interface, count) in nowhere {
        let Interface { name, up, .. } = &around.interfaces[interface];
        let state = if *up { "has no carrier" } else { "is down" };
        let them = if count == 1 { "target is" } else { "targets are" };
        plan.warnings.push(format!(
            "interface {name:?} {state}: {count} {them} on its segment and not asked"
        ));
    }
    let listens =
        |index: usize| is_listened_to(&around.interfaces[index]) && around.may_send_frames;
    for (first, last) in unswept(scan, &links, &targets) {
        plan.unswept += 1;
        plan.warnings.push(format!(
            "{first} to {last} is too large to be asked address by address, and no local segment that holds it is asked by nd: \
             nobody there is asked"
        ));
    }
    links.retain(|_, link| link.everybody || !link.targets.is_empty());
    let mut used: Vec<usize> = segments.keys().map(|(interface, _)| *interface).collect();
    used.extend(links.keys());
    used.extend(named.iter().copied().filter(|index| listens(*index)));
    if scan.passive && named.is_empty() {
        used.extend((0..around.interfaces.len()).filter(|index| listens(*index)));
    }
    if scan.passive && around.may_send_frames && used.is_empty() {
        return Err(Failure::unavailable(anyhow::anyhow!(
            "no interface is up and carries Ethernet: --passive has nothing to listen to"
        )));
    }
    if scan.expand.is_some() && around.may_send_frames {
        let asks = |index: &usize| {
            let about = &around.interfaces[*index];
            is_chosen(*index) && about.up && about.running && carries_frames(about)
        };
        used.extend((0..around.interfaces.len()).filter(asks));
    }
    used.sort_unstable();
    used.dedup();
    let place =
        |index: usize| used.binary_search(&index).expect("every segment's interface is used");
    plan.segments = segments
        .into_iter()
        .map(|((interface, source), targets)| Segment {
            interface: place(interface),
            source,
            targets,
        })
        .collect();
    plan.links = links
        .into_iter()
        .map(|(interface, link)| Link { interface: place(interface), ..link })
        .collect();
    let beyond = scan.expand.as_ref().and_then(|expand| expand.within.as_ref());
    plan.allowed = Allowed {
        targets,
        beyond: beyond.map(|within| within.addresses.clone()).unwrap_or_default(),
        exclude: scan.exclude.addresses.clone(),
        ours,
        windows: scan.windows.clone(),
        open: RwLock::new(open),
    };
    plan.ways = ways;
    plan.expands = scan.expand.is_some() && !scan.passive;
    plan.interfaces = used.iter().map(|index| around.interfaces[*index].clone()).collect();
    plan.used = used;
    plan.named = named;
    Ok(plan)
}

/// The segments of IPv6, by interface, as far as anybody there may be asked.
fn links(
    scan: &Scan,
    around: &Surroundings,
    is_chosen: &dyn Fn(usize) -> bool,
    (targets, open): (&AddressSet, &[bool]),
) -> BTreeMap<usize, Link> {
    let mut links = BTreeMap::new();
    let asks_everybody = scan.asks_everybody() && !scan.only_infrastructure;
    if !around.may_send_frames || !(scan.asks_everybody() || scan.asks_targets()) {
        return links;
    }
    for (index, interface) in around.interfaces.iter().enumerate() {
        let fits = interface.up && interface.running && carries_frames(interface);
        let own: Vec<OwnPrefix> = own_prefixes(interface).collect();
        if !fits || !is_chosen(index) || own.is_empty() {
            continue;
        }
        let exclude = &scan.exclude.addresses;
        let may = |within| may_call(targets, exclude, (&scan.windows, open), within);
        let meets = own.iter().filter_map(net_of).any(|net| may(Some(net)));
        // In a VLAN all prefixes may be on the link: nobody here knows.
        let in_vlan = scan.vlan.is_some() && may(None);
        let everybody = asks_everybody && (meets || in_vlan);
        links.insert(index, Link { interface: index, own, targets: Vec::new(), everybody });
    }
    links
}

/// Ranges of IPv6 in which nobody is asked: too large to be swept, and not on a segment where everybody is asked to show
/// himself. Those who are told of may still be asked in them, where the scan expands.
fn unswept(
    scan: &Scan,
    links: &BTreeMap<usize, Link>,
    targets: &AddressSet,
) -> Vec<(IpAddr, IpAddr)> {
    let asked: Vec<&Link> = links.values().filter(|link| link.everybody).collect();
    let is_asked = |first: IpAddr, last: IpAddr| {
        let of_link = |own: &OwnPrefix| {
            let net = Ipv6Net::new(own.address, own.length).ok();
            net.is_some_and(|net| {
                let (start, end) = (IpAddr::V6(net.network()), IpAddr::V6(net.broadcast()));
                first <= end && start <= last
            })
        };
        let in_vlan = scan.vlan.is_some() && !asked.is_empty();
        in_vlan || asked.iter().any(|link| link.own.iter().any(of_link))
    };
    let is_excluded = |first, last| {
        scan.exclude.addresses.contains(first) && scan.exclude.addresses.contains(last)
    };
    if scan.passive || scan.expand.is_some() {
        return Vec::new();
    }
    let unasked =
        |(first, last): &(IpAddr, IpAddr)| !is_asked(*first, *last) && !is_excluded(*first, *last);
    targets.wide().filter(unasked).collect()
}

/// The address that a target on the segment is asked from; none is as good as any where nobody routes.
fn source_in(interface: &Interface, target: IpAddr) -> IpAddr {
    match target {
        IpAddr::V4(target) => {
            let shares = |own: &&Ipv4Address| {
                Ipv4Net::new(own.address, own.prefix_len).is_ok_and(|net| net.contains(&target))
            };
            let own = interface.ipv4.iter().find(shares);
            own.map_or(Ipv4Addr::UNSPECIFIED, |own| own.address).into()
        }
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// Addresses that a conversation may begin from.
fn own_prefixes(interface: &Interface) -> impl Iterator<Item = OwnPrefix> {
    let usable = interface.ipv6.iter().filter(|own| own.is_usable());
    usable.map(|own| OwnPrefix { address: own.address, length: own.prefix_len })
}

fn carries_frames(interface: &Interface) -> bool {
    interface.ethernet && !interface.no_arp && !interface.loopback && interface.mac.is_some()
}

fn is_listened_to(interface: &Interface) -> bool {
    interface.up && interface.ethernet && !interface.loopback
}

fn named_interfaces(scan: &Scan, around: &Surroundings) -> Result<Vec<usize>> {
    let mut named = Vec::new();
    for name in &scan.interfaces {
        let Some(index) = around.interfaces.iter().position(|interface| interface.name == *name)
        else {
            let there: Vec<&str> =
                around.interfaces.iter().map(|interface| interface.name.as_str()).collect();
            let there = there.join(", ");
            return Err(Failure::usage(anyhow::anyhow!(
                "interface {name:?} does not exist, there are: {there}"
            )));
        };
        let interface = &around.interfaces[index];
        if !interface.up || !interface.running {
            let (state, help) = if interface.up {
                ("has no carrier", "plug it in".to_owned())
            } else {
                ("is down", format!("ip link set {name} up"))
            };
            return Err(Failure::unavailable(anyhow::anyhow!(
                "interface {name:?} {state}: {help}"
            )));
        }
        if scan.passive && !is_listened_to(interface) {
            let others: Vec<String> = around
                .interfaces
                .iter()
                .filter(|other| is_listened_to(other))
                .map(|other| format!("{:?}", other.name))
                .collect();
            let help = if others.is_empty() {
                "and there is no other".to_owned()
            } else {
                format!("name one of {}", others.join(", "))
            };
            return Err(Failure::unavailable(anyhow::anyhow!(
                "interface {name:?} carries no Ethernet, so that --passive hears nothing there: {help}"
            )));
        }
        named.push(index);
    }
    Ok(named)
}

/// The segments of the interfaces that are up, no loopback and broadcast, for a scan without targets.
fn local_segments(
    scan: &Scan,
    around: &Surroundings,
    is_chosen: &dyn Fn(usize) -> bool,
    plan: &mut Plan,
) -> Result<AddressSet> {
    let mut ranges = Vec::new();
    for (index, interface) in around.interfaces.iter().enumerate() {
        let fits = interface.up
            && interface.running
            && interface.broadcast
            && !interface.loopback
            && is_chosen(index);
        for address in interface.ipv4.iter().filter(|_| fits) {
            let Ok(net) = Ipv4Net::new(address.address, address.prefix_len) else { continue };
            let net = net.trunc();
            let range = Range::hosts_of(net.into());
            plan.written.push(net.to_string());
            ranges.push(range);
        }
        let asks_ipv6 = fits && scan.methods.has(Means::Nd) && carries_frames(interface);
        let mut prefixes: Vec<Ipv6Net> = own_prefixes(interface)
            .filter(|_| asks_ipv6)
            .filter_map(|own| Ipv6Net::new(own.address, own.length).ok())
            .map(|net| net.trunc())
            .collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        for prefix in prefixes {
            let text = prefix.to_string();
            if !plan.written.contains(&text) {
                plan.written.push(text);
            }
            ranges.push(Range::hosts_of(prefix.into()));
        }
    }
    if ranges.is_empty() {
        return Err(Failure::unavailable(anyhow::anyhow!(
            "no interface is up, broadcast and has an address: name targets such as 10.0.0.0/24"
        )));
    }
    let set = AddressSet::new(ranges);
    if set.len() > MOST_UNASKED && !scan.force {
        let (segments, size) = (plan.written.join(", "), set.len());
        return Err(Failure::usage(anyhow::anyhow!(
            "the local segments {segments} hold {size} addresses, at most {MOST_UNASKED} are swept unasked: name \
             targets such as 10.0.0.0/24, choose an interface with -i, or give --force"
        )));
    }
    if set.len() > crate::config::targets::MOST_TARGETS {
        return Err(Failure::usage(anyhow::anyhow!(
            "the local segments hold {} addresses, at most {} are asked in one scan: name targets",
            set.len(),
            crate::config::targets::MOST_TARGETS
        )));
    }
    Ok(set)
}

#[cfg(test)]
mod tests;
