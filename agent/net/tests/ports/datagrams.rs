//! Datagram and echo ports: what arrives, what comes back as an error, and for whom.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use etherparse::{IcmpEchoHeader, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type};
use herkomst_net::{
    DatagramError, DatagramPort, EchoKind, EchoPort, ErrorOrigin, Family, HeldPort,
    KernelNeighbour, NetworkNamespace, awaited, drop_all_capabilities, links, neighbours,
};

use tokio::io::Interest;

use crate::wire::{DEADLINE, FAR, FAR_IP, NEAR_IP, Test, Wire, assert_away_from_home, until};

pub(crate) const TESTS: &[Test] = tests![
    datagrams_arrive_whole_and_in_order_with_their_sender,
    a_refused_destination_is_named_and_stops_nobody,
    a_refused_destination_of_ipv6_is_named_and_stops_nobody,
    link_local_hosts_are_reached_with_their_scope,
    datagrams_that_found_no_room_are_counted,
    a_runtime_is_woken_for_an_error_alone,
    what_cannot_be_sent_is_reported_by_its_place,
    an_error_from_the_far_end_says_who_refused_what,
    what_arrives_at_a_held_port_vanishes_without_an_error,
    an_echo_comes_back_through_a_raw_socket,
    an_echo_comes_back_without_capabilities_where_the_group_may,
    no_echo_without_capabilities_where_the_group_may_not,
    an_echo_to_all_nodes_comes_back_from_each,
    an_echo_over_ipv6_comes_back_without_capabilities_where_the_group_may,
    a_port_is_held_for_ipv4_alone_where_ipv6_is_switched_off,
];

fn at(address: impl Into<IpAddr>, port: u16) -> SocketAddr {
    SocketAddr::new(address.into(), port)
}

fn loopback() -> (DatagramPort, SocketAddr) {
    loopback_of(Ipv4Addr::LOCALHOST.into())
}

fn loopback_of(address: IpAddr) -> (DatagramPort, SocketAddr) {
    assert_away_from_home();
    let port = DatagramPort::bind(address).unwrap();
    let address = port.local_address().unwrap();
    (port, address)
}

fn codes(refused: &[herkomst_net::Refused]) -> Vec<(usize, io::ErrorKind)> {
    refused.iter().map(|refused| (refused.index, refused.error.kind())).collect()
}

/// Collects until there are so many.
fn collect(port: &mut DatagramPort, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut seen = Vec::new();
    until(port, |port| {
        while port.receive(&mut |from, bytes| seen.push((from, bytes.to_vec()))).unwrap() > 0 {}
        (seen.len() >= count).then_some(())
    });
    seen
}

fn errors(port: &mut DatagramPort, count: usize) -> Vec<(SocketAddr, DatagramError)> {
    let mut seen = Vec::new();
    until(port, |port| {
        port.errors(&mut |destination, error| seen.push((destination, error))).unwrap();
        (seen.len() >= count).then_some(())
    });
    seen
}

fn datagrams_arrive_whole_and_in_order_with_their_sender() {
    let ((mut from, sender), (mut to, address)) = (loopback(), loopback());
    // More than one batch either way; the last is as long as UDP over IPv4 allows.
    let long = vec![7; 65_507];
    let texts: Vec<Vec<u8>> =
        (0..150u8).map(|number| vec![number; number.into()]).chain([long]).collect();
    let datagrams: Vec<(SocketAddr, &[u8])> =
        texts.iter().map(|text| (address, text.as_slice())).collect();
    assert!(
        to.granted_receive_buffer() >= 200 << 10,
        "{} do not hold this",
        to.granted_receive_buffer()
    );
    let sent = from.send(&datagrams[..150]).unwrap();
    assert_eq!((sent.taken, sent.refused.len()), (150, 0));
    let mut seen = collect(&mut to, 150);
    assert_eq!(from.send(&datagrams[150..]).unwrap().taken, 1);
    seen.extend(collect(&mut to, 1));
    assert_eq!(seen, texts.into_iter().map(|text| (sender, text)).collect::<Vec<_>>());
}

fn a_refused_destination_is_named_and_stops_nobody() {
    let ((mut from, _), (mut to, open)) = (loopback(), loopback());
    let closed = loopback().1;
    for round in 0..3 {
        let sent = from
            .send(&[(closed, b"one"), (open, b"two"), (closed, b"three"), (open, b"four")])
            .unwrap();
        assert_eq!((sent.taken, sent.refused.len()), (4, 0), "round {round}");
    }
    let refused = DatagramError {
        origin: ErrorOrigin::Icmp { kind: 3, code: 3, from: Some(Ipv4Addr::LOCALHOST.into()) },
        errno: 111,
    };
    assert_eq!(errors(&mut from, 6), [(closed, refused); 6]);
    assert_eq!(collect(&mut to, 6).len(), 6);
    // The error that is still pending on the socket is not taken for one of receiving.
    assert_eq!(from.receive(&mut |_, _| panic!("nobody answered")).unwrap(), 0);
}

fn a_refused_destination_of_ipv6_is_named_and_stops_nobody() {
    let home = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let ((mut from, sender), (mut to, open)) = (loopback_of(home), loopback_of(home));
    let closed = loopback_of(home).1;
    // A socket is for one family: the other's addresses are refused, whoever they are.
    let other = loopback().1;
    let sent = from.send(&[(closed, b"one"), (other, b"two"), (open, b"three")]).unwrap();
    assert_eq!((sent.taken, sent.refused.len(), sent.refused[0].index), (3, 1, 1));
    let origin = ErrorOrigin::Icmpv6 { kind: 1, code: 4, from: Some(home) };
    assert_eq!(errors(&mut from, 1), [(closed, DatagramError { origin, errno: 111 })]);
    assert_eq!(collect(&mut to, 1), [(sender, b"three".to_vec())]);
    let (mut four, _) = loopback();
    let sent = four.send(&[(open, b"four")]).unwrap();
    assert_eq!((sent.taken, sent.refused.len()), (1, 1));
}

/// The link-local address of the far host as the near one writes it.
fn far_as_seen_from_near(wire: &Wire, port: u16) -> SocketAddrV6 {
    let index = wire.near.run(|| links::index_of("near").unwrap()).unwrap();
    SocketAddrV6::new(wire.far_link_local(), port, 0, index)
}

fn link_local_hosts_are_reached_with_their_scope() {
    let wire = Wire::with_link_locals();
    let any = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let mut near = wire.near.run(|| DatagramPort::bind(any).unwrap()).unwrap();
    let mut far = wire.far.run(|| DatagramPort::bind(any).unwrap()).unwrap();
    let port = far.local_address().unwrap().port();
    let (open, closed) = (far_as_seen_from_near(&wire, port), far_as_seen_from_near(&wire, 9));
    let mut elsewhere = open;
    elsewhere.set_scope_id(99);
    let sent = near.send(&[(elsewhere.into(), b"1"), (open.into(), b"2"), (closed.into(), b"3")]);
    let sent = sent.unwrap();
    assert_eq!((sent.taken, sent.refused.len(), sent.refused[0].index), (3, 1, 0), "no such link");
    let seen = collect(&mut far, 1);
    let SocketAddr::V6(from) = seen[0].0 else { panic!("{seen:?}") };
    let index = wire.far.run(|| links::index_of("far").unwrap()).unwrap();
    assert_eq!((*from.ip(), from.scope_id()), (wire.near_link_local(), index));
    // And an answer goes back to what came.
    assert_eq!(far.send(&[(from.into(), b"4")]).unwrap().refused.len(), 0);
    assert_eq!(collect(&mut near, 1), [(open.into(), b"4".to_vec())]);
    let known = wire.near.run(|| neighbours().unwrap()).unwrap();
    let address = IpAddr::V6(wire.far_link_local());
    let interface = open.scope_id();
    let far = KernelNeighbour { address, mac: FAR, interface, reachable: true };
    assert_eq!(known, [far]);
    let origin = ErrorOrigin::Icmpv6 { kind: 1, code: 4, from: Some((*closed.ip()).into()) };
    assert_eq!(errors(&mut near, 1), [(closed.into(), DatagramError { origin, errno: 111 })]);
}

fn datagrams_that_found_no_room_are_counted() {
    for home in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        let ((mut from, _), (mut to, address)) = (loopback_of(home), loopback_of(home));
        assert_eq!(to.dropped().unwrap(), 0);
        let bytes = vec![0; 60_000];
        // Twice what fits, on a loopback that delivers at once and loses nothing.
        let count = 2 * to.granted_receive_buffer() / bytes.len() + 1;
        for _ in 0..count {
            assert_eq!(from.send(&[(address, &bytes)]).unwrap().taken, 1);
        }
        let mut received = 0;
        while to.receive(&mut |_, _| received += 1).unwrap() > 0 {}
        assert!(received > 0);
        assert_eq!(received + to.dropped().unwrap(), count as u64);
        assert!(received < count as u64);
    }
}

/// An ICMP error makes the socket ready with an error and with nothing to read.
fn a_runtime_is_woken_for_an_error_alone() {
    let (from, _) = loopback();
    let closed = loopback().1;
    let both = Interest::READABLE | Interest::ERROR;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut from = awaited(from).unwrap();
        let mut named = Vec::new();
        for round in 1..=5 {
            assert_eq!(from.get_mut().send(&[(closed, b"hello")]).unwrap().taken, 1);
            while named.len() < round {
                let ready = tokio::time::timeout(DEADLINE, from.ready(both)).await;
                ready.unwrap().unwrap().clear_ready();
                let port = from.get_mut();
                while port.errors(&mut |to, _| named.push(to)).unwrap() > 0 {}
                while port.receive(&mut |_, _| panic!("nobody answered")).unwrap() > 0 {}
            }
        }
        assert_eq!(named, [closed; 5]);
    });
}

fn what_cannot_be_sent_is_reported_by_its_place() {
    let ((mut from, _), (mut to, open)) = (loopback(), loopback());
    let too_long = vec![0; 65_508];
    let no_port = at(Ipv4Addr::LOCALHOST, 0);
    let sent =
        from.send(&[(open, b"a"), (open, &too_long), (no_port, b"c"), (open, b"d")]).unwrap();
    assert_eq!(sent.taken, 4);
    let codes: Vec<_> =
        sent.refused.iter().map(|refused| (refused.index, refused.error.raw_os_error())).collect();
    // EMSGSIZE and EINVAL.
    assert_eq!(codes, [(1, Some(90)), (2, Some(22))]);
    let bytes: Vec<Vec<u8>> = collect(&mut to, 2).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(bytes, [b"a", b"d"]);
}

fn an_error_from_the_far_end_says_who_refused_what() {
    let wire = Wire::with_addresses();
    let mut near =
        wire.near.run(|| DatagramPort::bind(Ipv4Addr::UNSPECIFIED.into()).unwrap()).unwrap();
    let mut far = wire.far.run(|| DatagramPort::bind(FAR_IP.into()).unwrap()).unwrap();
    let open = far.local_address().unwrap();
    let closed = at(FAR_IP, 9);
    let nowhere = at(Ipv4Addr::new(198, 51, 100, 1), 161);
    let everybody = at(Ipv4Addr::new(10, 77, 0, 255), 161);
    let sent = near
        .send(&[(nowhere, b"1"), (closed, b"2"), (everybody, b"3"), (open, b"4"), (nowhere, b"5")])
        .unwrap();
    assert_eq!(sent.taken, 5);
    let unreachable = io::ErrorKind::NetworkUnreachable;
    assert_eq!(
        codes(&sent.refused),
        [(0, unreachable), (2, io::ErrorKind::PermissionDenied), (4, unreachable)]
    );
    let from = Some(FAR_IP.into());
    let refused =
        DatagramError { origin: ErrorOrigin::Icmp { kind: 3, code: 3, from }, errno: 111 };
    assert_eq!(errors(&mut near, 1), [(closed, refused)]);
    let port = near.local_address().unwrap().port();
    assert_eq!(collect(&mut far, 1), [(at(NEAR_IP, port), b"4".to_vec())]);
}

fn what_arrives_at_a_held_port_vanishes_without_an_error() {
    let (mut sender, _) = loopback();
    let held = HeldPort::bind().unwrap();
    let to = at(Ipv4Addr::LOCALHOST, held.port());
    let closed = loopback().1;
    assert_eq!(
        sender.send(&[(to, b"reply"), (to, b"reply"), (closed, b"reply")]).unwrap().taken,
        3
    );
    let named: Vec<_> =
        errors(&mut sender, 1).into_iter().map(|(destination, _)| destination).collect();
    assert_eq!(named, [closed], "only the port that nobody holds refuses");
    drop(held);
    sender.send(&[(to, b"reply")]).unwrap();
    assert_eq!(errors(&mut sender, 1)[0].0, to, "once let go it refuses too");
}

fn a_port_is_held_for_ipv4_alone_where_ipv6_is_switched_off() {
    let network = NetworkNamespace::create().unwrap();
    network
        .run(|| {
            for name in ["all", "default"] {
                let path = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
                std::fs::write(path, "1").unwrap();
            }
            let held = HeldPort::bind().unwrap();
            let taken = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, held.port()));
            assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        })
        .unwrap();
}

fn echo(id: u16, seq: u16) -> Vec<u8> {
    let payload = b"are you there";
    let header =
        Icmpv4Header::with_checksum(Icmpv4Type::EchoRequest(IcmpEchoHeader { id, seq }), payload);
    [header.to_bytes().as_slice(), payload].concat()
}

/// One request to each, and the replies: who, which identifier, which number.
fn echoes(port: &mut EchoPort, to: &[Ipv4Addr], id: u16) -> Vec<(SocketAddr, u16, u16)> {
    let requests: Vec<Vec<u8>> = (1..).zip(to).map(|(seq, _)| echo(id, seq)).collect();
    let messages: Vec<(SocketAddr, &[u8])> =
        to.iter().map(|to| at(*to, 7)).zip(requests.iter().map(Vec::as_slice)).collect();
    let sent = port.send(&messages).unwrap();
    assert_eq!((sent.taken, sent.refused.len()), (to.len(), 0));
    let mut replies = Vec::new();
    until(port, |port| {
        port.receive(&mut |from, bytes| {
            let (header, payload) = Icmpv4Header::from_slice(bytes).unwrap();
            match header.icmp_type {
                Icmpv4Type::EchoReply(echo) => replies.push((from, echo.id, echo.seq)),
                other => panic!("{from} says {other:?}"),
            }
            assert_eq!(payload, b"are you there");
        })
        .unwrap();
        (replies.len() == to.len()).then_some(())
    });
    replies
}

fn an_echo_comes_back_through_a_raw_socket() {
    let wire = Wire::with_addresses();
    let mut port = wire.near.run(|| EchoPort::open(Family::V4).unwrap()).unwrap();
    assert_eq!((port.kind(), port.id()), (EchoKind::Raw, None));
    // More than one batch; the own requests to the own address are not taken for replies.
    let to: Vec<Ipv4Addr> = [FAR_IP, NEAR_IP].into_iter().cycle().take(100).collect();
    let mut replies = echoes(&mut port, &to, 0xbeef);
    replies.sort_unstable_by_key(|(_, _, number)| *number);
    assert_eq!(
        replies,
        (1..).zip(to).map(|(number, from)| (at(from, 0), 0xbeef, number)).collect::<Vec<_>>()
    );
    let nowhere = Ipv4Addr::new(198, 51, 100, 1);
    let sent = port.send(&[(at(nowhere, 0), &echo(1, 1)), (at(FAR_IP, 0), &echo(1, 2))]).unwrap();
    assert_eq!(
        (sent.taken, codes(&sent.refused)),
        (2, vec![(0, io::ErrorKind::NetworkUnreachable)])
    );
}

/// The range is of a network namespace; group 0 is the one this runs as, in a user namespace too.
fn let_group_zero_echo(network: &NetworkNamespace) {
    network.run(|| std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0").unwrap()).unwrap();
}

fn an_echo_comes_back_without_capabilities_where_the_group_may() {
    let wire = Wire::with_addresses();
    let_group_zero_echo(&wire.near);
    wire.near
        .run(|| {
            drop_all_capabilities().unwrap();
            assert!(EchoPort::is_possible(Family::V4));
            let mut port = EchoPort::open(Family::V4).unwrap();
            assert_eq!(port.kind(), EchoKind::Datagram);
            let id = port.id().unwrap();
            // The identifier we write is not the one that is sent.
            assert_eq!(echoes(&mut port, &[FAR_IP], id ^ 1), [(at(FAR_IP, 0), id, 1)]);
        })
        .unwrap();
    // A router that has no way on says so, to the one who asked for that address.
    let beyond = Ipv4Addr::new(203, 0, 113, 5);
    wire.far.run(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap()).unwrap();
    wire.near
        .run(|| {
            links::add_route("203.0.113.0/24".parse().unwrap(), links::Via::Gateway(FAR_IP.into()))
                .unwrap();
            drop_all_capabilities().unwrap();
            let mut port = EchoPort::open(Family::V4).unwrap();
            assert_eq!(port.send(&[(at(beyond, 0), &echo(0, 1))]).unwrap().taken, 1);
            let mut seen = Vec::new();
            until(&mut port, |port| {
                port.errors(&mut |to, error| seen.push((to, error.origin))).unwrap();
                (!seen.is_empty()).then_some(())
            });
            let origin = ErrorOrigin::Icmp { kind: 3, code: 0, from: Some(FAR_IP.into()) };
            assert_eq!(seen, [(at(beyond, 0), origin)]);
        })
        .unwrap();
}

fn no_echo_without_capabilities_where_the_group_may_not() {
    let network = NetworkNamespace::create().unwrap();
    network
        .run(|| {
            drop_all_capabilities().unwrap();
            assert!(!EchoPort::is_possible(Family::V4));
            let error = EchoPort::open(Family::V4).unwrap_err();
            assert!(error.is_permission(), "{error}");
            assert!(error.to_string().contains("net.ipv4.ping_group_range"), "{error}");
        })
        .unwrap();
}

/// The kernel puts in the check sum, raw or not.
fn echo_v6(id: u16, seq: u16) -> Vec<u8> {
    let header = Icmpv6Header::new(Icmpv6Type::EchoRequest(IcmpEchoHeader { id, seq }));
    [header.to_bytes().as_slice(), b"are you there"].concat()
}

/// Reads until so many replies came: from whom, to which identifier.
fn replies_v6(port: &mut EchoPort, count: usize) -> Vec<(SocketAddr, u16)> {
    let mut replies = Vec::new();
    until(port, |port| {
        port.receive(&mut |from, bytes| {
            let (header, payload) = Icmpv6Header::from_slice(bytes).unwrap();
            match header.icmp_type {
                Icmpv6Type::EchoReply(echo) => replies.push((from, echo.id)),
                other => panic!("{from} says {other:?}"),
            }
            assert_eq!(payload, b"are you there");
        })
        .unwrap();
        (replies.len() >= count).then_some(())
    });
    replies
}

fn an_echo_to_all_nodes_comes_back_from_each() {
    let wire = Wire::with_link_locals();
    let index = wire.near.run(|| links::index_of("near").unwrap()).unwrap();
    let mut port = wire.near.run(|| EchoPort::open(Family::V6).unwrap()).unwrap();
    assert_eq!((port.kind(), port.family(), port.id()), (EchoKind::Raw, Family::V6, None));
    let all_nodes = SocketAddrV6::new(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), 0, 0, index);
    let unknown = "[2001:db8::9]:0".parse().unwrap();
    let request = echo_v6(0xbeef, 1);
    let sent = port.send(&[(unknown, &request), (all_nodes.into(), &request)]).unwrap();
    assert_eq!(
        (sent.taken, codes(&sent.refused)),
        (2, vec![(0, io::ErrorKind::NetworkUnreachable)])
    );
    // The neighbour solicitations that this takes, and the request as all nodes hear it, are not shown.
    let mut replies = replies_v6(&mut port, 2);
    replies.sort_unstable();
    let near = SocketAddrV6::new(wire.near_link_local(), 0, 0, index);
    assert_eq!(replies, [near, far_as_seen_from_near(&wire, 0)].map(|from| (from.into(), 0xbeef)));
}

fn an_echo_over_ipv6_comes_back_without_capabilities_where_the_group_may() {
    let wire = Wire::with_link_locals();
    let_group_zero_echo(&wire.near);
    let far = SocketAddr::from(far_as_seen_from_near(&wire, 0));
    wire.near
        .run(|| {
            drop_all_capabilities().unwrap();
            assert!(EchoPort::is_possible(Family::V6));
            let mut port = EchoPort::open(Family::V6).unwrap();
            assert_eq!(port.kind(), EchoKind::Datagram);
            let id = port.id().unwrap();
            assert_eq!(port.send(&[(far, &echo_v6(id ^ 1, 1))]).unwrap().taken, 1);
            assert_eq!(replies_v6(&mut port, 1), [(far, id)]);
        })
        .unwrap();
}
