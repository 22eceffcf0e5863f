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
    assert!(planned(&["--force"], &huge).unwrap_err().to_string().contains("16777214 addresses"));
}

#[test]
fn interfaces_that_cannot_be_used_are_named() {
    let mut around = around(vec![interface(2, "eth0", &["10.0.0.9/24"])]);
    let refused = planned(&["-i", "eth9"], &around).unwrap_err().to_string();
    assert!(refused.contains("\"eth9\" does not exist, there are: eth0"), "{refused}");
    around.interfaces[0].up = false;
    let refused = planned(&["-i", "eth0"], &around).unwrap_err().to_string();
    assert!(refused.contains("is down") && refused.contains("ip link set eth0 up"), "{refused}");
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
    let around = around(vec![interface(2, "eth0", &["10.0.0.9/24"]), interface(3, "eth1", &[])]);
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

#[test]
fn a_vlan_needs_an_interface_that_carries_frames() {
    let mut tunnel = interface(2, "tun0", &["10.0.0.9/24"]);
    tunnel.ethernet = false;
    let args = ["10.0.0.1", "--vlan", "7", "-i", "tun0"];
    let problem = format!("{:?}", planned(&args, &around(vec![tunnel])).unwrap_err());
    assert!(problem.contains("--vlan 7"), "it would be asked without a tag: {problem}");
}

#[test]
fn nobody_is_asked_to_show_himself_where_all_is_excluded_or_closed() {
    let mut eth = interface(2, "eth0", &[]);
    eth.ipv6 = vec![herkomst_net::Ipv6Address {
        address: "2001:db8:5::9".parse().unwrap(),
        prefix_len: 64,
        temporary: false,
        tentative: false,
        deprecated: false,
    }];
    let around = around(vec![eth]);
    let asks =
        |args: &[&str]| planned(args, &around).unwrap().links.iter().any(|link| link.everybody);
    assert!(asks(&["2001:db8:5::/64"]));
    assert!(asks(&["2001:db8:5::/64", "-x", "2001:db8:5::/65"]), "the other half may");
    assert!(!asks(&["2001:db8:5::/64", "-x", "2001:db8:5::/64"]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("herkomst.toml");
    let window =
        "[[scan.window]]\nprefixes = [\"2001:db8::/32\"]\nto = \"06:00\"\nzone = \"UTC\"\n";
    std::fs::write(&path, window).unwrap();
    let path = path.display().to_string();
    for (hour, open) in [(5, true), (7, false)] {
        let now = Timestamp::from_second(hour * 3600).unwrap();
        let interfaces = around.interfaces.clone();
        let around =
            Surroundings { now, interfaces, may_send_frames: true, ..Surroundings::default() };
        let plan = planned(&["2001:db8:5::/64", "-c", &path], &around).unwrap();
        assert_eq!(plan.links.iter().any(|link| link.everybody), open, "at {hour}");
    }
}

/// An interface of IPv6 alone.
fn six(address: &str) -> Interface {
    let net: Ipv6Net = address.parse().unwrap();
    let local = herkomst_net::Ipv6Address {
        address: net.addr(),
        prefix_len: net.prefix_len(),
        temporary: false,
        tentative: false,
        deprecated: false,
    };
    Interface { ipv6: vec![local], ..interface(2, "eth0", &[]) }
}

#[test]
fn a_listed_address_of_ipv6_is_solicited_whatever_is_asked_of_it_and_everybody_by_nd_alone() {
    let mut around = around(vec![six("2001:db8::9/64")]);
    around.routes = vec![on_link("2001:db8::/64", 2)];
    for (methods, listed, everybody) in [
        ("snmp", true, false),
        ("onvif-query", true, false),
        ("nd", true, true),
        ("mld-query", true, true),
        ("arp", false, false),
        ("listen", false, false),
    ] {
        let plan = planned(&["2001:db8::7", "--methods", methods], &around).unwrap();
        let asked = plan.links.iter().map(|link| link.targets.len()).sum::<usize>();
        assert_eq!(asked == 1, listed, "{methods}");
        let plan = planned(&["2001:db8::/64", "--methods", methods], &around).unwrap();
        assert_eq!(plan.links.iter().any(|link| link.everybody), everybody, "{methods}");
        assert_eq!((plan.unswept, plan.warnings.len()), if everybody { (0, 0) } else { (1, 1) });
    }
}

#[test]
fn a_large_range_of_ipv6_that_nobody_can_be_asked_in_is_said_to_be_one() {
    let around = around(vec![six("2001:db8::9/64")]);
    let unswept = |args: &[&str]| planned(args, &around).unwrap().unswept;
    assert_eq!(unswept(&["2001:db8:5::/64"]), 1);
    assert_eq!(unswept(&["2001:db8:5::/64", "-x", "2001:db8::/32"]), 0);
    assert_eq!(unswept(&["2001:db8:5::/64", "--passive"]), 0);
    assert_eq!(unswept(&["2001:db8:5::/64", "--expand"]), 0);
}
