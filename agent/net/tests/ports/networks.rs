//! Namespaces, links, routes and neighbours: what is made is there, and only there.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use herkomst_ids::MacAddr;
use herkomst_net::{
    DatagramPort, Entered, Filter, GatewayRoute, Ipv4Address, NetError, NetworkNamespace,
    OnLinkRoute, PacketPort, PortOptions, RingSize, RouteTo, current_network, effective_uid,
    enter_private_network, forbid_core_dumps, gateway_routes, has_route_to, interfaces, links,
    mount_memory, neighbours, on_link_routes,
};

use crate::wire::{
    self, DEADLINE, FAR, FAR_IP, NEAR, NEAR_IP, Test, Wire, arp_reply, assert_away_from_home,
    ethernet, interface, send_all, until,
};

pub(crate) const TESTS: &[Test] = tests![
    the_way_in_is_the_one_that_was_told,
    a_network_of_our_own_holds_the_loopback_alone,
    a_program_starts_inside_the_network_it_is_given,
    a_panic_inside_a_network_reaches_the_caller,
    links_are_what_they_were_made,
    routes_are_found_as_they_were_added,
    addresses_and_routes_of_ipv6_are_found_as_they_were_added,
    a_bridge_carries_lldp_and_all_else_to_its_ports,
    neighbours_that_answered_are_in_the_table,
    check_sums_are_whole_once_the_offload_is_off,
    a_link_that_is_not_there_is_named,
    mounts_of_our_own_are_not_seen_outside,
    no_core_is_dumped_once_that_is_forbidden,
];

/// The variable that tells this program which part to play when it is started by one of its tests.
pub(crate) const ROLE: &str = "HERKOMST_NET_TEST_ROLE";

/// What only a process of its own can show: it says what it sees.
pub(crate) fn play(role: &OsStr) {
    match role.to_str() {
        Some("mounts") => {
            let before = current_network().unwrap();
            let entered = enter_private_network(true).unwrap();
            assert_ne!(current_network().unwrap(), before);
            mount_memory(Path::new("/mnt")).unwrap();
            std::fs::write("/mnt/only-inside", b"").unwrap();
            let names: Vec<String> =
                interfaces().unwrap().into_iter().map(|interface| interface.name).collect();
            println!("{entered:?} {names:?} {}", Path::new("/mnt/only-inside").exists());
        }
        Some("core") => {
            forbid_core_dumps().unwrap();
            let limits = std::fs::read_to_string("/proc/self/limits");
            println!(
                "{}",
                limits
                    .unwrap_or_default()
                    .lines()
                    .find(|line| line.contains("core file"))
                    .unwrap_or("")
            );
            std::process::abort();
        }
        other => panic!("no such part: {other:?}"),
    }
}

fn started_as(role: &str) -> (std::process::ExitStatus, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, role)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    (output.status, String::from_utf8(output.stdout).unwrap())
}

fn the_way_in_is_the_one_that_was_told() {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap();
    let fields = |line: &str| {
        line.split_whitespace().map(|field| field.parse().unwrap()).collect::<Vec<u32>>()
    };
    let lines: Vec<Vec<u32>> = map.lines().map(fields).collect();
    assert_eq!(
        effective_uid() == 0,
        lines[0][0] == 0,
        "we are user 0 of a namespace, whoever we are outside"
    );
    match wire::WAY_IN.get().unwrap() {
        Entered::Root => {}
        Entered::UserNamespace { whole_range: false } => {
            assert_eq!((lines.len(), lines[0][2]), (1, 1))
        }
        Entered::UserNamespace { whole_range: true } => {
            assert_eq!((lines.len(), lines[1][0]), (2, 1))
        }
    }
}

fn a_network_of_our_own_holds_the_loopback_alone() {
    let here = current_network().unwrap();
    let (one, other) = (NetworkNamespace::create().unwrap(), NetworkNamespace::create().unwrap());
    assert_ne!(one.id(), other.id());
    assert_ne!(one.id(), here);
    assert_eq!(current_network().unwrap(), here, "who makes one does not move");
    let inside =
        one.run(|| std::thread::spawn(|| current_network().unwrap()).join().unwrap()).unwrap();
    assert_eq!(inside, one.id());
    let links = one.run(|| interfaces().unwrap()).unwrap();
    let names: Vec<&str> = links.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["lo"]);
    assert!(links[0].up && links[0].loopback);
    assert!(std::fs::metadata(one.path()).is_ok());
}

fn a_program_starts_inside_the_network_it_is_given() {
    let network = NetworkNamespace::create().unwrap();
    let mut command = Command::new("readlink");
    command.arg("/proc/self/ns/net").stdout(Stdio::piped());
    let output = network.spawn(&mut command).unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), network.id().to_string());
    let error = network.spawn(&mut Command::new("/no/such/program")).unwrap_err();
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

fn a_panic_inside_a_network_reaches_the_caller() {
    let network = NetworkNamespace::create().unwrap();
    let panic =
        std::panic::catch_unwind(|| network.run(|| std::panic::resume_unwind(Box::new("inside"))));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"inside"));
}

fn links_are_what_they_were_made() {
    let wire = Wire::with_addresses();
    wire.near
        .run(|| {
            links::set_mtu("near", 1400).unwrap();
            links::add_address("near", Ipv4Addr::new(10, 1, 2, 3), 28).unwrap();
            let near = interface("near");
            assert_eq!((near.mac, near.mtu), (Some(NEAR), 1400));
            assert!(near.up && near.running && near.ethernet && near.broadcast);
            assert!(!near.loopback && !near.point_to_point && !near.no_arp);
            let first = Ipv4Address { address: Ipv4Addr::new(10, 1, 2, 3), prefix_len: 28 };
            assert_eq!(near.ipv4, [first, Ipv4Address { address: NEAR_IP, prefix_len: 24 }]);
            links::set_arp("near", false).unwrap();
            assert!(interface("near").no_arp);
            assert!(links::add_address("near", NEAR_IP, 24).is_err(), "it has that one already");
            assert!(links::create_veth("near", "other").is_err(), "the name is taken");
            links::create_macvlan("second", "near").unwrap();
            links::set_up("second").unwrap();
            links::wait_until_running("second", DEADLINE).unwrap();
            assert_ne!(interface("second").mac, Some(NEAR));
        })
        .unwrap();
    wire.far.run(|| links::set_down("far").unwrap()).unwrap();
    let near = wire.near.run(|| interface("near")).unwrap();
    assert!(near.up && !near.running, "up, and the other end is not");
    let late =
        wire.near.run(|| links::wait_until_running("near", Duration::ZERO)).unwrap().unwrap_err();
    assert_eq!(late.io().map(std::io::Error::kind), Some(std::io::ErrorKind::TimedOut));
    wire.near.run(|| links::delete_link("near").unwrap()).unwrap();
    for network in [&wire.near, &wire.far] {
        let links = network.run(|| interfaces().unwrap()).unwrap();
        assert_eq!(links.len(), 1, "one end takes the other with it");
    }
}

fn routes_are_found_as_they_were_added() {
    let wire = Wire::with_addresses();
    wire.near
        .run(|| {
            let index = links::index_of("near").unwrap();
            assert_eq!(index, interface("near").index);
            let nowhere = Ipv4Addr::new(198, 51, 100, 1);
            assert_eq!(has_route_to(nowhere.into()).unwrap(), None);
            let direct = RouteTo { interface: index, gateway: None, source: Some(NEAR_IP.into()) };
            assert_eq!(has_route_to(FAR_IP.into()).unwrap(), Some(direct));
            links::add_route(
                "198.51.100.0/24".parse().unwrap(),
                links::Via::Gateway(FAR_IP.into()),
            )
            .unwrap();
            let routed = RouteTo { gateway: Some(FAR_IP.into()), ..direct };
            assert_eq!(has_route_to(nowhere.into()).unwrap(), Some(routed));
            links::add_route("192.0.2.0/25".parse().unwrap(), links::Via::Device("near")).unwrap();
            links::add_route("10.99.0.0/16".parse().unwrap(), links::Via::Local).unwrap();
            let own = has_route_to(Ipv4Addr::new(10, 99, 3, 4).into()).unwrap().unwrap();
            assert_eq!(own.interface, links::index_of("lo").unwrap());
            // The routed prefix and the local one are not on a link.
            let kernel = OnLinkRoute {
                prefix: "10.77.0.0/24".parse().unwrap(),
                interface: index,
                preferred_source: Some(NEAR_IP.into()),
            };
            let ours = OnLinkRoute {
                prefix: "192.0.2.0/25".parse().unwrap(),
                interface: index,
                preferred_source: None,
            };
            let of_ipv4: Vec<OnLinkRoute> = on_link_routes().unwrap();
            let of_ipv4: Vec<OnLinkRoute> =
                of_ipv4.into_iter().filter(|route| route.prefix.addr().is_ipv4()).collect();
            assert_eq!(of_ipv4, [kernel, ours]);
        })
        .unwrap();
}

fn addresses_and_routes_of_ipv6_are_found_as_they_were_added() {
    let wire = Wire::with_link_locals();
    let (ours, router): (Ipv6Addr, Ipv6Addr) =
        ("2001:db8:7::a".parse().unwrap(), "2001:db8:7::1".parse().unwrap());
    wire.near
        .run(|| {
            let index = links::index_of("near").unwrap();
            let beyond: Ipv6Addr = "2001:db8:9::1".parse().unwrap();
            assert_eq!(has_route_to(beyond.into()).unwrap(), None);
            links::add_address("near", ours, 64).unwrap();
            let [first, second] = interface("near").ipv6[..] else { panic!("not two addresses") };
            assert_eq!((first.address, first.prefix_len), (ours, 64));
            assert!(first.is_usable() && !first.temporary && !first.is_link_local());
            assert_eq!((second.address, second.prefix_len), (wire.near_link_local(), 64));
            assert!(second.is_usable() && second.is_link_local());
            let gateway = links::Via::Gateway(router.into());
            links::add_route("2001:db8:9::/48".parse().unwrap(), gateway).unwrap();
            links::add_route("2001:db8:8::/64".parse().unwrap(), links::Via::Device("near"))
                .unwrap();
            let of_ipv6 = |prefix: &str| OnLinkRoute {
                prefix: prefix.parse().unwrap(),
                interface: index,
                preferred_source: None,
            };
            assert_eq!(
                on_link_routes().unwrap(),
                ["2001:db8:7::/64", "2001:db8:8::/64", "fe80::/64"].map(of_ipv6)
            );
            assert_eq!(
                gateway_routes().unwrap(),
                [GatewayRoute {
                    prefix: "2001:db8:9::/48".parse().unwrap(),
                    interface: index,
                    gateway: router.into()
                }]
            );
            let way = RouteTo { interface: index, gateway: None, source: Some(ours.into()) };
            assert_eq!(has_route_to(router.into()).unwrap(), Some(way));
            let way = RouteTo { gateway: Some(router.into()), ..way };
            assert_eq!(has_route_to(beyond.into()).unwrap(), Some(way));
        })
        .unwrap();
}

fn a_bridge_carries_lldp_and_all_else_to_its_ports() {
    const GROUP: MacAddr = MacAddr([0x01, 0x80, 0xc2, 0, 0, 0x0e]);
    let switch = NetworkNamespace::create().unwrap();
    let hosts: Vec<NetworkNamespace> =
        (0..3).map(|_| NetworkNamespace::create().unwrap()).collect();
    let mut ports: Vec<PacketPort> = Vec::new();
    switch.run(|| links::create_bridge("bridge").unwrap()).unwrap();
    for (number, host) in hosts.iter().enumerate() {
        let port = format!("port{number}");
        switch
            .run(|| {
                links::create_veth(&port, "eth0").unwrap();
                links::move_link("eth0", host).unwrap();
                links::attach("bridge", &port).unwrap();
                links::set_up(&port).unwrap();
            })
            .unwrap();
        ports.push(
            host.run(|| {
                assert_away_from_home();
                links::set_up("eth0").unwrap();
                links::wait_until_running("eth0", DEADLINE).unwrap();
                let options = PortOptions { ring: RingSize::SMALL, ..PortOptions::default() };
                let filter = Filter::discovery(NEAR, None);
                PacketPort::open_with(&interface("eth0"), &filter, &[GROUP], options).unwrap()
            })
            .unwrap(),
        );
    }
    switch
        .run(|| {
            for port in ["port0", "port1", "port2", "bridge"] {
                links::wait_until_running(port, DEADLINE).unwrap();
            }
        })
        .unwrap();
    let lldp = ethernet(GROUP, FAR, 0x88cc, &[0x02, 0x07, 0x04, 2, 0, 0, 0, 0, 0x0b]);
    let arp = arp_reply(MacAddr::BROADCAST, FAR, FAR_IP, NEAR_IP);
    let (first, others) = ports.split_first_mut().unwrap();
    send_all(first, &[&lldp, &arp]);
    for other in others {
        let mut heard = Vec::new();
        until(other, |other| {
            other.receive(&mut |frame| heard.push(frame.bytes.to_vec()));
            (heard.len() == 2).then_some(())
        });
        assert_eq!(heard, [lldp.clone(), arp.clone()]);
    }
}

fn neighbours_that_answered_are_in_the_table() {
    let wire = Wire::with_addresses();
    let mut near =
        wire.near.run(|| DatagramPort::bind(Ipv4Addr::UNSPECIFIED.into()).unwrap()).unwrap();
    let of_near = || wire.near.run(|| neighbours().unwrap()).unwrap();
    assert!(of_near().iter().all(|entry| entry.address.is_ipv6()));
    let closed = SocketAddr::new(FAR_IP.into(), 9);
    near.send(&[(closed, b"hello")]).unwrap();
    // Its refusal shows that it was found.
    until(&mut near, |near| (near.errors(&mut |_, _| {}).unwrap() > 0).then_some(()));
    let table: Vec<_> = of_near().into_iter().filter(|entry| entry.address.is_ipv4()).collect();
    assert_eq!(table.len(), 1);
    assert_eq!(
        (table[0].address, table[0].mac, table[0].reachable),
        (IpAddr::V4(FAR_IP), FAR, true)
    );
    let index = wire.near.run(|| links::index_of("near").unwrap()).unwrap();
    assert_eq!(table[0].interface, index);
}

fn check_sums_are_whole_once_the_offload_is_off() {
    let wire = Wire::with_addresses();
    let mut near = wire.near.run(|| DatagramPort::bind(NEAR_IP.into()).unwrap()).unwrap();
    let mut far = wire
        .far
        .run(|| {
            assert_away_from_home();
            PacketPort::capture_open(&interface("far"), RingSize::SMALL).unwrap()
        })
        .unwrap();
    let mut arrives = || {
        near.send(&[(SocketAddr::new(FAR_IP.into(), 161), b"question")]).unwrap();
        until(&mut far, |far| {
            let mut found = None;
            far.receive(&mut |frame| {
                if let (false, Some(whole)) = (frame.outgoing, check_sum_is_whole(frame.bytes)) {
                    found = Some((whole, frame.checksum_pending));
                }
            });
            found
        })
    };
    assert_eq!(arrives(), (false, true), "as it comes, a veth leaves the sum to a card");
    wire.near.run(|| links::finish_checksums("near").unwrap()).unwrap();
    assert_eq!(arrives(), (true, false));
}

/// For a UDP datagram over IPv4.
fn check_sum_is_whole(frame: &[u8]) -> Option<bool> {
    let packet = SlicedPacket::from_ethernet(frame).ok()?;
    let (NetSlice::Ipv4(ip), TransportSlice::Udp(udp)) = (packet.net?, packet.transport?) else {
        return None;
    };
    let header = ip.header().to_header();
    Some(udp.to_header().calc_checksum_ipv4(&header, udp.payload()).unwrap() == udp.checksum())
}

fn a_link_that_is_not_there_is_named() {
    let network = NetworkNamespace::create().unwrap();
    let other = NetworkNamespace::create().unwrap();
    network
        .run(|| {
            let results = [
                links::set_up("eth7"),
                links::wait_until_running("eth7", DEADLINE),
                links::set_mac("eth7", NEAR),
                links::delete_link("eth7"),
                links::move_link("eth7", &other),
                links::attach("eth7", "lo"),
                links::finish_checksums("eth7"),
                links::add_address("eth7", NEAR_IP, 24),
                links::add_route("192.0.2.0/24".parse().unwrap(), links::Via::Device("eth7")),
            ];
            for (number, result) in results.into_iter().enumerate() {
                match result {
                    Err(NetError::NoSuchInterface { name }) => assert_eq!(name, "eth7"),
                    other => panic!("{number}: {other:?}"),
                }
            }
        })
        .unwrap();
}

fn mounts_of_our_own_are_not_seen_outside() {
    let (status, said) = started_as("mounts");
    assert!(status.success(), "{said}");
    // The tests run in a namespace where the program is root already.
    assert_eq!(said, "Root [\"lo\"] true\n");
    assert!(!Path::new("/mnt/only-inside").exists());
}

fn no_core_is_dumped_once_that_is_forbidden() {
    use std::os::unix::process::ExitStatusExt;
    let (status, said) = started_as("core");
    assert!(status.signal().is_some() && !status.core_dumped(), "{status}");
    let limits: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(limits, ["Max", "core", "file", "size", "0", "0", "bytes"]);
}
