//! Whom a scan asks, from where, and whom not: made before anything is sent, and all that `--dry-run` shows.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use herkomst_model::Why;
use herkomst_net::{Interface, OnLinkRoute};
use ipnet::Ipv4Net;

use crate::config::checked::Scan;
use crate::config::targets::{AddressSet, Range};
use crate::exit::{Failure, Result};

/// The most addresses that are swept on one local segment when the operator named no target: a /16.
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
    pub(crate) through_kernel: Vec<Ipv4Addr>,
    /// Targets beyond a router.
    pub(crate) routed: Vec<Ipv4Addr>,
    /// Targets that are not asked.
    pub(crate) not_asked: BTreeMap<Ipv4Addr, Why>,
    /// Names that were not looked up.
    pub(crate) names: Vec<String>,
}

/// What the kernel says of the network, when the plan is made.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// All interfaces.
    pub(crate) interfaces: Vec<Interface>,
    /// Prefixes that are reached without a router.
    pub(crate) routes: Vec<OnLinkRoute>,
    /// Whether frames may be sent and heard.
    pub(crate) may_send_frames: bool,
}

impl Surroundings {
    /// Asks the kernel.
    pub(crate) fn read() -> Result<Self> {
        let interfaces = herkomst_net::interfaces().map_err(Failure::unavailable)?;
        let routes = herkomst_net::on_link_routes().map_err(Failure::unavailable)?;
        Ok(Self { interfaces, routes, may_send_frames: herkomst_net::has_net_raw() })
    }
}

/// A way to on-link addresses.
struct Way {
    prefix: Ipv4Net,
    interface: usize,
    source: Option<Ipv4Addr>,
}

/// Makes the plan, or says why there is none.
pub(crate) fn plan(scan: &Scan, around: &Surroundings) -> Result<Plan> {
    let named = named_interfaces(scan, around)?;
    let is_chosen = |index: usize| named.is_empty() || named.contains(&index);
    let ways = ways(around);
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
    let ours: Vec<Ipv4Addr> =
        around.interfaces.iter().flat_map(|i| i.ipv4.iter().map(|a| a.address)).collect();
    // The first and last address of a segment are nobody's: a packet to them is one to everybody.
    let nobody: Vec<(Ipv4Addr, Ipv4Addr)> = ways
        .iter()
        .filter(|way| way.prefix.prefix_len() < 31)
        .map(|way| (way.prefix.network(), way.prefix.broadcast()))
        .collect();
    let mut segments: BTreeMap<(usize, Ipv4Addr), Vec<Ipv4Addr>> = BTreeMap::new();
    for target in targets.iter() {
        if nobody.iter().any(|(first, last)| *first == target || *last == target) {
            continue;
        }
        if scan.exclude.addresses.contains(target) {
            plan.not_asked.insert(target, Why::Excluded);
        } else if ours.contains(&target) {
            plan.not_asked.insert(target, Why::ThisHost);
        } else if scan.passive {
            plan.not_asked.insert(target, Why::MethodOff);
        } else {
            let way = ways.iter().find(|way| way.prefix.contains(&target));
            match way {
                None => plan.routed.push(target),
                Some(way) if !is_chosen(way.interface) => {
                    plan.not_asked.insert(target, Why::NoRoute);
                }
                Some(way) => {
                    match (way.source, carries_frames(&around.interfaces[way.interface])) {
                        (Some(source), true) if around.may_send_frames => {
                            segments.entry((way.interface, source)).or_default().push(target);
                        }
                        (_, true) => plan.through_kernel.push(target),
                        // No ARP there (a tunnel, a loopback): the kernel knows how.
                        (_, false) => plan.routed.push(target),
                    }
                }
            }
        }
    }
    let listens =
        |index: usize| is_listened_to(&around.interfaces[index]) && around.may_send_frames;
    let mut used: Vec<usize> = segments.keys().map(|(interface, _)| *interface).collect();
    used.extend(named.iter().copied().filter(|index| listens(*index)));
    if scan.passive && named.is_empty() {
        used.extend((0..around.interfaces.len()).filter(|index| listens(*index)));
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
        named.push(index);
    }
    Ok(named)
}

/// On-link prefixes, the longest first: addresses of interfaces, and link routes of the kernel.
fn ways(around: &Surroundings) -> Vec<Way> {
    let mut ways = Vec::new();
    for (interface, about) in around.interfaces.iter().enumerate().filter(|(_, about)| about.up) {
        for address in &about.ipv4 {
            if let Ok(net) = Ipv4Net::new(address.address, address.prefix_len) {
                ways.push(Way { prefix: net.trunc(), interface, source: Some(address.address) });
            }
        }
    }
    for route in &around.routes {
        let Some(interface) =
            around.interfaces.iter().position(|about| about.index == route.interface && about.up)
        else {
            continue;
        };
        let first = || around.interfaces[interface].ipv4.first().map(|address| address.address);
        ways.push(Way {
            prefix: route.prefix,
            interface,
            source: route.preferred_source.or_else(first),
        });
    }
    ways.sort_by_key(|way| std::cmp::Reverse(way.prefix.prefix_len()));
    ways
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
            let range = Range::hosts_of(net);
            if range.len() > MOST_UNASKED && !scan.force {
                let (name, size) = (&interface.name, range.len());
                return Err(Failure::usage(anyhow::anyhow!(
                    "{name} has the segment {net} with {size} addresses, at most {MOST_UNASKED} are swept unasked: \
                     name targets such as {}/24, or give --force",
                    net.network()
                )));
            }
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
        }
    }

    fn around(interfaces: Vec<Interface>) -> Surroundings {
        Surroundings { interfaces, routes: Vec::new(), may_send_frames: true }
    }

    fn planned(args: &[&str], around: &Surroundings) -> Result<Plan> {
        let cli = Cli::try_parse_from(["herkomst", "scan"].iter().chain(args)).unwrap();
        let Command::Scan(args) = cli.command else { panic!("scan was asked for") };
        plan(&Scan::check(&args).unwrap(), around)
    }

    fn ip(text: &str) -> Ipv4Addr {
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
            (ip("10.0.0.9"), [ip("10.0.0.10")].as_slice())
        );
        assert_eq!(plan.routed, [ip("10.2.0.1")]);
        assert_eq!(plan.not_asked[&ip("10.0.0.8")], Why::Excluded);
        assert_eq!(plan.not_asked[&ip("10.0.0.9")], Why::ThisHost);
    }

    #[test]
    fn nothing_is_sent_to_the_ends_of_a_segment() {
        let around = around(vec![interface(2, "eth0", &["10.0.0.9/25"])]);
        let plan = planned(&["10.0.0.0-10.0.0.255"], &around).unwrap();
        let asked: Vec<_> = plan.segments[0].targets.iter().chain(&plan.routed).collect();
        assert!(!asked.contains(&&ip("10.0.0.0")) && !asked.contains(&&ip("10.0.0.127")));
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
}
