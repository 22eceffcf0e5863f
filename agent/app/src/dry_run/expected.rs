//! How many packets first contact takes, and how long: what can be known before anything answers. What answers is asked
//! more, and how much that is nobody knows before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use herkomst_model::{PacketKind, SnmpVersion};
use herkomst_probe::pacer::Rate;
use herkomst_probe::retry::Retry;
use herkomst_probe::snmp::credentials::ladder;
use serde::Serialize;

use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::plan::Plan;

/// The two ends between which it will be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    /// When everybody answers at once.
    pub(super) all_answer: u64,
    /// When nobody answers, and is asked as often as it goes.
    pub(super) none_answers: u64,
}

/// First contact with everybody whom the plan names.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Expected {
    /// Packets by kind.
    pub(super) kinds: BTreeMap<&'static str, Span>,
    /// All of them.
    pub(super) packets: Span,
    /// Seconds, rounded up. The time to listen is in them.
    pub(super) seconds: Span,
}

/// Packets of a kind, of which each is repeated while it is silent.
struct Asked {
    kind: PacketKind,
    /// How many are asked when all answer, and how many when none does: on a local segment that is who has shown himself.
    targets: (u64, u64),
    retry: Retry,
}

/// Works it out.
pub(super) fn expected(scan: &Scan, plan: &Plan) -> Expected {
    let all = asked(scan, plan);
    let tries = |retry: &Retry| {
        let most = scan.attempts.unwrap_or(u8::MAX).min(retry.tries()).max(1);
        let waits = (0..most).filter_map(|attempt| retry.wait(attempt));
        (u64::from(most), waits.sum::<Duration>())
    };
    let mut expected = Expected::default();
    let mut longest = Duration::ZERO;
    for Asked { kind, targets: (if_all, if_none), retry } in &all {
        if *if_all == 0 {
            continue;
        }
        let (tries, waits) = tries(retry);
        let span = expected.kinds.entry(kind.as_str()).or_default();
        span.all_answer += if_all;
        span.none_answers += if_none * tries;
        if *if_none > 0 {
            longest = longest.max(waits);
        }
    }
    // One credential after the other, and after the question for the engine.
    let (_, waits) = tries(&Retry::snmp());
    let rungs = beyond(plan).map(|target| communities(scan, target).count()).max().unwrap_or(0);
    if rungs > 0 {
        longest = longest.max(waits * (1 + u32::try_from(rungs).unwrap_or(0)));
    }
    expected.packets = expected.kinds.values().fold(Span::default(), |sum, span| Span {
        all_answer: sum.all_answer + span.all_answer,
        none_answers: sum.none_answers + span.none_answers,
    });
    // The limits hold at once: the slowest of them decides.
    let (subnet, kinds) = fullest_subnet(scan, plan);
    let of = |packets: u64, rate: Rate| match rate {
        Rate::PerSecond(rate) => packets.div_ceil(u64::from(rate)),
        Rate::Max => 0,
    };
    let slowest = |packets: u64, beyond: u64| {
        of(packets, scan.limits.total).max(of(beyond, scan.limits.per_subnet))
    };
    let tries_beyond = scan.attempts.unwrap_or(u8::MAX).min(Retry::snmp().tries()).max(1);
    let subnet_if_none = subnet * (kinds + rungs as u64) * u64::from(tries_beyond);
    let listen = scan.listens().as_secs();
    let waits = longest.as_secs() + u64::from(longest.subsec_millis() > 0);
    expected.seconds = Span {
        all_answer: slowest(expected.packets.all_answer, subnet * kinds).max(listen),
        none_answers: (slowest(expected.packets.none_answers, subnet_if_none) + waits).max(listen),
    };
    expected
}

/// Whom each kind of packet is for.
fn asked(scan: &Scan, plan: &Plan) -> Vec<Asked> {
    let has = |means| scan.methods.has(means) && !scan.passive;
    let count = |number: usize| number as u64;
    let swept = count(plan.segments.iter().map(|segment| segment.targets.len()).sum());
    let links = count(plan.links.iter().map(|link| link.targets.len()).sum());
    let beyond: Vec<IpAddr> = beyond(plan).collect();
    let of_ipv4 = count(beyond.iter().filter(|target| target.is_ipv4()).count());
    let of_ipv6 = count(beyond.len()) - of_ipv4;
    let asks_segments = has(Means::Arp) || scan.asks_targets();
    let calls: u64 =
        plan.links
            .iter()
            .filter(|link| link.everybody)
            .map(|link| {
                // From each prefix, with and without an option that nobody knows.
                let prefixes = link.own.iter().map(|own| {
                    own.address.to_bits().checked_shr(128 - u32::from(own.length.min(128)))
                });
                2 * count(prefixes.collect::<BTreeSet<_>>().len())
            })
            .sum();
    // Nobody can tell that all have answered, so they are asked as often as it goes.
    let rounds = scan.attempts.unwrap_or(u8::MAX).min(Retry::everybody().tries()).max(1);
    let called =
        |number: u64, on: bool| if on { (number * u64::from(rounds), number) } else { (0, 0) };
    // Those on a segment are asked more than who has their address when they have shown themselves, but for the spared.
    let near = swept + links - count(spared(scan, plan));
    let asked = |kind, targets, retry| Asked { kind, targets, retry };
    let certain = |number: u64, on: bool| if on { (number, number) } else { (0, 0) };
    let mut all = vec![
        asked(PacketKind::ArpRequest, certain(swept, asks_segments), Retry::arp()),
        asked(PacketKind::NeighbourSolicitation, certain(links, true), Retry::neighbours()),
        asked(PacketKind::Icmpv6Echo, called(calls, has(Means::Nd)), Retry::everybody()),
        asked(PacketKind::MldQuery, called(calls / 2, has(Means::MldQuery)), Retry::everybody()),
        asked(PacketKind::IcmpEcho, certain(of_ipv4, has(Means::Icmp)), Retry::echo()),
        asked(PacketKind::Icmpv6Echo, certain(of_ipv6, has(Means::Icmp)), Retry::echo()),
        asked(
            PacketKind::SnmpEngine,
            if has(Means::Snmp) { (of_ipv4 + of_ipv6 + near, of_ipv4 + of_ipv6) } else { (0, 0) },
            Retry::snmp(),
        ),
        asked(
            PacketKind::SnmpCommunity,
            (
                count(targets(plan).filter(|to| begins_with_community(scan, *to)).count()),
                count(beyond.iter().map(|to| communities(scan, *to).count()).sum()),
            ),
            Retry::snmp(),
        ),
    ];
    for (question, kind) in [
        (Means::SadpQuery, PacketKind::Sadp),
        (Means::DhipQuery, PacketKind::Dhip),
        (Means::OnvifQuery, PacketKind::Onvif),
        (Means::SsdpQuery, PacketKind::Ssdp),
        (Means::MdnsQuery, PacketKind::Mdns),
    ] {
        let is_asked = |target: &IpAddr| is_questioned(scan, question, *target);
        let number = count(targets(plan).filter(is_asked).count());
        let if_none = count(beyond.iter().filter(|target| is_asked(target)).count());
        all.push(asked(kind, (number, if_none), Retry::question()));
    }
    all
}

/// The credentials with a community that a target is offered which answers no question for its engine.
fn communities(scan: &Scan, target: IpAddr) -> impl Iterator<Item = usize> + '_ {
    let asks = scan.methods.has(Means::Snmp) && !scan.passive;
    let offered = if asks { ladder(&scan.credentials, target, None).offered } else { Vec::new() };
    offered.into_iter().filter(|place| is_community(scan, *place))
}

fn is_community(scan: &Scan, place: usize) -> bool {
    scan.credentials[place].login.version() != SnmpVersion::V3
}

/// Whether the first credential that a target is offered is a community, as far as that is known before it answers.
fn begins_with_community(scan: &Scan, target: IpAddr) -> bool {
    let asks = scan.methods.has(Means::Snmp) && !scan.passive && !scan.no_probe.contains(target);
    let first = || ladder(&scan.credentials, target, None).offered.first().copied();
    asks && first().is_some_and(|place| is_community(scan, place))
}

/// Whether this target is asked this question: by name for all, or in a group.
pub(super) fn is_questioned(scan: &Scan, question: Means, target: IpAddr) -> bool {
    let of_group = || {
        scan.ask.iter().any(|group| {
            group.questions.contains(&question) && group.targets.addresses.contains(target)
        })
    };
    !scan.passive && !scan.no_probe.contains(target) && (scan.methods.has(question) || of_group())
}

/// Everybody who is asked anything.
pub(super) fn targets(plan: &Plan) -> impl Iterator<Item = IpAddr> + '_ {
    near(plan).chain(plan.routed.iter().copied()).chain(plan.through_kernel.iter().copied())
}

/// Those beyond a router, and those that only the kernel reaches.
fn beyond(plan: &Plan) -> impl Iterator<Item = IpAddr> + '_ {
    plan.routed.iter().chain(&plan.through_kernel).copied()
}

/// Those on local segments who are asked with frames of ours.
fn near(plan: &Plan) -> impl Iterator<Item = IpAddr> + '_ {
    let swept = plan.segments.iter().flat_map(|segment| &segment.targets);
    let links = plan.links.iter().flat_map(|link| &link.targets);
    swept.map(|target| IpAddr::V4(*target)).chain(links.map(|target| IpAddr::V6(*target)))
}

/// How many on the local segments are asked who has their address, and nothing else: `no-probe`.
pub(super) fn spared(scan: &Scan, plan: &Plan) -> usize {
    near(plan).filter(|target| scan.no_probe.contains(*target)).count()
}

/// The targets in the subnet that has most, which has a limit of its own as the kernel's targets share one; and how many
/// kinds of packets each gets.
fn fullest_subnet(scan: &Scan, plan: &Plan) -> (u64, u64) {
    let kinds = [Means::Icmp, Means::Snmp].into_iter().filter(|means| scan.methods.has(*means));
    let kinds = kinds.count() as u64;
    let mut subnets: HashMap<IpAddr, u64> = HashMap::new();
    for target in &plan.routed {
        let subnet = match target {
            IpAddr::V4(target) => IpAddr::V4((target.to_bits() & !0xff).into()),
            IpAddr::V6(target) => IpAddr::V6(*target & Ipv6Addr::from_bits(!0 << 64)),
        };
        *subnets.entry(subnet).or_default() += 1;
    }
    let through_kernel = plan.through_kernel.len() as u64;
    (subnets.into_values().max().unwrap_or_default().max(through_kernel), kinds)
}
