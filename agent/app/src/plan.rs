//! Whom a scan asks, from where, and whom not: made before anything is sent, and all that `--dry-run` shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};

use herkomst_model::Why;
use herkomst_net::{GatewayRoute, Interface, OnLinkRoute};
use ipnet::{IpNet, Ipv4Net};

use crate::config::checked::Scan;
use crate::config::targets::{AddressSet, Range};
use crate::exit::{Failure, Result};

/// The most addresses that are swept on the local segments together when the operator named no target: a /16.
const MOST_UNASKED: u64 = 1 << 16;

/// Targets on one interface that are asked from one of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The interface, by its place in [`Plan::interfaces`].
    pub(crate) interface: usize,
    /// Our address there.
    pub(crate) source: Ipv4Addr,
    /// Whom to ask.
    pub(crate) targets: Vec<Ipv4Addr>,
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
    /// Targets on a local segment that are asked through the kernel, for want of a raw socket.
    pub(crate) through_kernel: Vec<IpAddr>,
    /// Targets beyond a router, or on a link where frames of ours cannot go: the kernel knows how.
    pub(crate) routed: Vec<IpAddr>,
    /// Targets that are not asked.
    pub(crate) not_asked: BTreeMap<IpAddr, Why>,
    /// Names that were not looked up.
    pub(crate) names: Vec<String>,
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
}

impl Surroundings {
    /// Asks the kernel.
    pub(crate) fn read() -> Result<Self> {
        let interfaces = herkomst_net::interfaces().map_err(Failure::unavailable)?;
        let routes = herkomst_net::on_link_routes().map_err(Failure::unavailable)?;
        let gateways = herkomst_net::gateway_routes().map_err(Failure::unavailable)?;
        Ok(Self { interfaces, routes, gateways, may_send_frames: herkomst_net::has_net_raw() })
    }
}

/// A way to the addresses of a prefix.
struct Way {
    prefix: IpNet,
    leads: Leads,
}

/// What stands at the end of a way.
#[derive(Debug, Clone, Copy)]
enum Leads {
    /// The addresses themselves, on a link that carries.
    OnLink { interface: usize, source: Option<IpAddr> },
    /// A router.
    ToRouter,
    /// An interface that is down or has no carrier: the addresses are there once it is plugged in, not elsewhere.
    Nowhere { interface: usize },
}

/// Makes the plan, or says why there is none.
pub(crate) fn plan(scan: &Scan, around: &Surroundings) -> Result<Plan> {
    let named = named_interfaces(scan, around)?;
    let is_chosen = |index: usize| named.is_empty() || named.contains(&index);
    let ways = Ways::new(around, &is_chosen);
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
        let is_spared = scan.no_probe.contains(target);
        match ways.to(target) {
            Some(Leads::Nowhere { interface }) => {
                *nowhere.entry(interface).or_default() += 1;
                not_asked(Why::NoRoute);
            }
            Some(Leads::OnLink { interface, .. }) if !is_chosen(interface) => {
                not_asked(Why::NoRoute);
            }
            Some(Leads::OnLink { interface, source: Some(IpAddr::V4(source)) })
                if carries_frames(&around.interfaces[interface]) && around.may_send_frames =>
            {
                if let IpAddr::V4(target) = target {
                    segments.entry((interface, source)).or_default().push(target);
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
    let mut used: Vec<usize> = segments.keys().map(|(interface, _)| *interface).collect();
    used.extend(named.iter().copied().filter(|index| listens(*index)));
    if scan.passive && named.is_empty() {
        used.extend((0..around.interfaces.len()).filter(|index| listens(*index)));
    }
    if scan.passive && around.may_send_frames && used.is_empty() {
        return Err(Failure::unavailable(anyhow::anyhow!(
            "no interface is up and carries Ethernet: --passive has nothing to listen to"
        )));
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
    plan.interfaces = used.into_iter().map(|index| around.interfaces[index].clone()).collect();
    Ok(plan)
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
struct Ways {
    best: HashMap<IpNet, Leads>,
    /// The lengths of the prefixes, the longest first.
    lengths: Vec<u8>,
    /// The first and last address of each segment are nobody's: a packet to them is one to everybody.
    ends: BTreeSet<IpAddr>,
}

impl Ways {
    fn new(around: &Surroundings, is_chosen: &dyn Fn(usize) -> bool) -> Self {
        let all = ways(around, is_chosen);
        let ends = all
            .iter()
            .filter(|way| matches!(way.leads, Leads::OnLink { .. }) && way.prefix.prefix_len() < 31)
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

    fn to(&self, target: IpAddr) -> Option<Leads> {
        let within = |length: &u8| IpNet::new(target, *length).ok().map(|net| net.trunc());
        self.lengths.iter().find_map(|length| self.best.get(&within(length)?).copied())
    }
}

/// The IPv4 segments of the interfaces that are up, no loopback and broadcast, for a scan without targets.
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
    }
    if ranges.is_empty() {
        return Err(Failure::unavailable(anyhow::anyhow!(
            "no interface is up, broadcast and has an IPv4 address: name targets such as 10.0.0.0/24"
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
mod tests {
    use clap::Parser;
    use herkomst_ids::MacAddr;
    use herkomst_net::Ipv4Address;

    use super::*;
    use crate::cli::{Cli, Command};

    fn interface(index: u32, name: &str, addresses: &[&str]) -> Interface {
        let ipv4 = addresses.iter().map(|text| {
            let net: Ipv4Net = text.parse().unwrap();
            Ipv4Address { address: net.addr(), prefix_len: net.prefix_len() }
        });
        Interface {
            index,
            name: name.to_owned(),
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            mtu: 1500,
            up: true,
            running: true,
            loopback: false,
            broadcast: true,
            point_to_point: false,
            no_arp: false,
            ethernet: true,
            ipv4: ipv4.collect(),
            ipv6: Vec::new(),
        }
    }

    fn around(interfaces: Vec<Interface>) -> Surroundings {
        Surroundings { interfaces, may_send_frames: true, ..Surroundings::default() }
    }

    fn planned(args: &[&str], around: &Surroundings) -> Result<Plan> {
        let cli = Cli::try_parse_from(["herkomst", "scan"].iter().chain(args)).unwrap();
        let Command::Scan(args) = cli.command else { panic!("scan was asked for") };
        plan(&Scan::check(&args).unwrap(), around)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn v4(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    #[test]
    fn targets_are_split_by_where_they_lie() {
        let around = around(vec![
            interface(2, "eth0", &["10.0.0.9/24"]),
            interface(3, "eth1", &["10.1.0.9/24"]),
        ]);
        let plan =
            planned(&["10.0.0.8-10", "10.1.0.1", "10.2.0.1", "-x", "10.0.0.8"], &around).unwrap();
        assert_eq!(plan.segments.len(), 2);
        assert_eq!(
            (plan.segments[0].source, plan.segments[0].targets.as_slice()),
            (v4("10.0.0.9"), [v4("10.0.0.10")].as_slice())
        );
        assert_eq!(plan.routed, [ip("10.2.0.1")]);
        assert_eq!(plan.not_asked[&ip("10.0.0.8")], Why::Excluded);
        assert_eq!(plan.not_asked[&ip("10.0.0.9")], Why::ThisHost);
    }

    #[test]
    fn nothing_is_sent_to_the_ends_of_a_segment() {
        let around = around(vec![interface(2, "eth0", &["10.0.0.9/25"])]);
        let plan = planned(&["10.0.0.0-10.0.0.255"], &around).unwrap();
        let on_link = plan.segments[0].targets.iter().map(|target| IpAddr::V4(*target));
        let asked: Vec<IpAddr> = on_link.chain(plan.routed.iter().copied()).collect();
        assert!(!asked.contains(&ip("10.0.0.0")) && !asked.contains(&ip("10.0.0.127")));
        assert!(plan.routed.contains(&ip("10.0.0.128")), "beyond the segment it may be a host");
    }

    #[test]
    fn an_interface_that_was_not_named_is_not_used() {
        let around = around(vec![
            interface(2, "eth0", &["10.0.0.9/24"]),
            interface(3, "eth1", &["10.1.0.9/24"]),
        ]);
        let plan = planned(&["10.0.0.1", "10.1.0.1", "-i", "eth0"], &around).unwrap();
        assert_eq!(plan.not_asked[&ip("10.1.0.1")], Why::NoRoute);
        assert_eq!(plan.interfaces.len(), 1);
    }

    #[test]
    fn without_targets_the_local_segments_are_taken_and_large_ones_refused() {
        let small = around(vec![interface(2, "eth0", &["10.0.0.9/24"])]);
        assert_eq!(planned(&[], &small).unwrap().segments[0].targets.len(), 253);
        let large = around(vec![interface(2, "eth0", &["10.0.0.9/15"])]);
        let refused = planned(&[], &large).unwrap_err().to_string();
        assert!(refused.contains("131070 addresses") && refused.contains("--force"), "{refused}");
        assert_eq!(planned(&["--force"], &large).unwrap().segments[0].targets.len(), 131_069);
        let slash_16 = around(vec![interface(2, "eth0", &["10.0.0.9/16"])]);
        assert!(planned(&[], &slash_16).is_ok(), "a /16 is not more than a /16");
        let huge = around(vec![interface(2, "eth0", &["10.0.0.9/8"])]);
        assert!(
            planned(&["--force"], &huge).unwrap_err().to_string().contains("16777214 addresses")
        );
    }

    #[test]
    fn interfaces_that_cannot_be_used_are_named() {
        let mut around = around(vec![interface(2, "eth0", &["10.0.0.9/24"])]);
        let refused = planned(&["-i", "eth9"], &around).unwrap_err().to_string();
        assert!(refused.contains("\"eth9\" does not exist, there are: eth0"), "{refused}");
        around.interfaces[0].up = false;
        let refused = planned(&["-i", "eth0"], &around).unwrap_err().to_string();
        assert!(
            refused.contains("is down") && refused.contains("ip link set eth0 up"),
            "{refused}"
        );
        assert!(planned(&[], &around).unwrap_err().to_string().contains("no interface is up"));
    }

    #[test]
    fn without_the_right_to_frames_the_kernel_is_asked() {
        let mut around = around(vec![interface(2, "eth0", &["10.0.0.9/24"])]);
        around.may_send_frames = false;
        let plan = planned(&["10.0.0.1"], &around).unwrap();
        assert_eq!(plan.through_kernel, [ip("10.0.0.1")]);
        assert!(plan.segments.is_empty() && plan.interfaces.is_empty());
    }

    #[test]
    fn a_passive_scan_asks_nobody_and_listens_everywhere() {
        let around =
            around(vec![interface(2, "eth0", &["10.0.0.9/24"]), interface(3, "eth1", &[])]);
        let plan = planned(&["--passive"], &around).unwrap();
        assert!(plan.segments.is_empty() && plan.routed.is_empty());
        assert_eq!(plan.interfaces.len(), 2);
        let plan = planned(&["--passive", "10.0.0.0/30"], &around).unwrap();
        assert_eq!(plan.not_asked[&ip("10.0.0.1")], Why::MethodOff);
    }

    fn on_link(prefix: &str, interface: u32) -> OnLinkRoute {
        OnLinkRoute { prefix: prefix.parse().unwrap(), interface, preferred_source: None }
    }

    fn gateway(prefix: &str, interface: u32) -> GatewayRoute {
        let prefix = prefix.parse().unwrap();
        GatewayRoute { prefix, interface, gateway: ip("10.0.0.1") }
    }

    #[test]
    fn an_end_of_a_segment_that_was_asked_for_is_in_the_ledger() {
        let around = around(vec![interface(2, "eth0", &["10.0.0.9/24"])]);
        for (target, end) in
            [("10.0.0.0", "10.0.0.0"), ("10.0.0.255/32", "10.0.0.255"), ("10.0.0.0/31", "10.0.0.0")]
        {
            let plan = planned(&[target], &around).unwrap();
            assert_eq!(plan.not_asked[&ip(end)], Why::SegmentAddress, "{target}");
        }
        let plan = planned(&["10.0.0.0/24"], &around).unwrap();
        assert!(!plan.not_asked.values().any(|why| *why == Why::SegmentAddress));
        let plan = planned(&["10.0.0.0", "-x", "10.0.0.0"], &around).unwrap();
        assert_eq!(plan.not_asked[&ip("10.0.0.0")], Why::Excluded);
    }

    #[test]
    fn a_more_specific_way_through_a_router_wins_over_the_link() {
        let mut around = around(vec![interface(2, "eth0", &["10.0.0.9/16"])]);
        around.gateways = vec![gateway("0.0.0.0/0", 2), gateway("10.0.5.0/24", 2)];
        let plan = planned(&["10.0.4.1", "10.0.5.1", "192.0.2.1"], &around).unwrap();
        assert_eq!(plan.segments[0].targets, [v4("10.0.4.1")]);
        assert_eq!(plan.routed, [ip("10.0.5.1"), ip("192.0.2.1")]);
        around.gateways.push(gateway("10.0.0.0/16", 2));
        let plan = planned(&["10.0.4.1"], &around).unwrap();
        assert!(plan.routed.is_empty(), "of the same prefix the link is nearer");
    }

    #[test]
    fn the_named_interface_is_used_where_two_have_the_same_segment() {
        let around = around(vec![
            interface(2, "eth0", &["10.0.0.9/24"]),
            interface(3, "eth1", &["10.0.0.8/24"]),
        ]);
        for (name, source) in [("eth0", "10.0.0.9"), ("eth1", "10.0.0.8")] {
            let plan = planned(&["10.0.0.1", "-i", name], &around).unwrap();
            assert_eq!(plan.segments[0].source, v4(source));
            assert_eq!(plan.interfaces[0].name, name);
        }
    }

    #[test]
    fn what_lies_on_a_dead_interface_is_not_asked_elsewhere() {
        for (up, says) in [(false, "is down"), (true, "has no carrier")] {
            let mut dead = interface(3, "eth1", &["10.1.0.9/24"]);
            (dead.up, dead.running) = (up, false);
            let mut around = around(vec![interface(2, "eth0", &["10.0.0.9/24"]), dead]);
            around.gateways = vec![gateway("0.0.0.0/0", 2), gateway("10.2.0.0/24", 3)];
            let plan = planned(&["10.1.0.1-2", "192.0.2.1", "10.2.0.1"], &around).unwrap();
            assert_eq!(plan.not_asked[&ip("10.1.0.1")], Why::NoRoute);
            assert_eq!(plan.not_asked[&ip("10.2.0.1")], Why::NoRoute, "its router is not reached");
            assert_eq!(plan.routed, [ip("192.0.2.1")]);
            let [warning] = plan.warnings.as_slice() else { panic!("{:?}", plan.warnings) };
            assert!(warning.contains("\"eth1\"") && warning.contains(says), "{warning}");
            assert!(warning.contains("3 targets are"), "{warning}");
            // The same segment over a live interface: nothing is lost.
            around.interfaces.push(interface(4, "wlan0", &["10.1.0.8/24"]));
            let plan = planned(&["10.1.0.1"], &around).unwrap();
            assert_eq!(plan.segments[0].source, v4("10.1.0.8"));
            assert!(plan.warnings.is_empty());
        }
    }

    #[test]
    fn a_link_without_an_address_of_ours_is_left_to_the_kernel() {
        let mut around =
            around(vec![interface(2, "eth0", &["10.0.0.9/24"]), interface(3, "eth1", &[])]);
        around.routes = vec![on_link("10.3.0.0/24", 3)];
        for may_send_frames in [true, false] {
            around.may_send_frames = may_send_frames;
            let plan = planned(&["10.3.0.1"], &around).unwrap();
            assert_eq!(plan.routed, [ip("10.3.0.1")]);
            assert!(plan.through_kernel.is_empty(), "it is no want of permission");
        }
    }

    #[test]
    fn local_segments_are_counted_together() {
        let mut around = around(vec![
            interface(2, "eth0", &["10.0.0.9/17"]),
            interface(3, "eth1", &["10.1.0.9/17"]),
        ]);
        assert!(planned(&[], &around).is_ok());
        around.interfaces.push(interface(4, "eth2", &["10.2.0.9/24"]));
        let refused = planned(&[], &around).unwrap_err().to_string();
        assert!(refused.contains("10.1.0.0/17") && refused.contains("65786"), "{refused}");
        assert!(planned(&["-i", "eth0", "-i", "eth1"], &around).is_ok());
        assert!(planned(&["--force"], &around).is_ok());
        // The same segment twice is one segment.
        around.interfaces[1] = interface(3, "eth1", &["10.0.0.8/17"]);
        assert!(planned(&[], &around).is_ok());
    }

    #[test]
    fn what_must_not_be_probed_is_asked_by_arp_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("herkomst.toml");
        std::fs::write(&path, "[scan]\nno-probe = [\"10.0.0.1\", \"192.0.2.0/25\"]\n").unwrap();
        let config = path.display().to_string();
        let args = ["10.0.0.1", "192.0.2.1", "192.0.2.200", "-c", &config];
        let mut around = around(vec![interface(2, "eth0", &["10.0.0.9/24"])]);
        let plan = planned(&args, &around).unwrap();
        assert_eq!(plan.segments[0].targets, [v4("10.0.0.1")]);
        assert_eq!(plan.not_asked[&ip("192.0.2.1")], Why::Fragile);
        assert_eq!(plan.routed, [ip("192.0.2.200")]);
        around.may_send_frames = false;
        let plan = planned(&args, &around).unwrap();
        assert_eq!(plan.not_asked[&ip("10.0.0.1")], Why::Fragile);
        assert!(plan.through_kernel.is_empty());
    }

    #[test]
    fn an_interface_that_nothing_can_be_heard_on_is_refused_for_passive() {
        let mut lo = interface(1, "lo", &["127.0.0.1/8"]);
        (lo.loopback, lo.ethernet, lo.broadcast) = (true, false, false);
        let mut tunnel = interface(3, "tun0", &["10.8.0.2/24"]);
        tunnel.ethernet = false;
        let both = around(vec![lo.clone(), interface(2, "eth0", &["10.0.0.9/24"]), tunnel]);
        for name in ["lo", "tun0"] {
            let refused = planned(&["--passive", "-i", name], &both).unwrap_err();
            assert_eq!(refused.code(), std::process::ExitCode::from(69));
            assert!(refused.to_string().contains("name one of \"eth0\""), "{refused}");
            assert!(planned(&["10.8.0.1", "-i", name], &both).is_ok());
        }
        let refused = planned(&["--passive"], &around(vec![lo])).unwrap_err().to_string();
        assert!(refused.contains("--passive has nothing to listen to"), "{refused}");
    }
}
