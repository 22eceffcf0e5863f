//! Packet ports: nothing lost, nothing let through that is not wanted, and errors that come to light.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use herkomst_ids::MacAddr;
use herkomst_net::{
    Filter, Fragments, HeldPort, LISTENING_GROUPS, NetError, PacketPort, PacketStatistics,
    PortOptions, RingSize, awaited, drop_all_capabilities, interfaces, links, neighbours,
    wait_readable,
};

use tokio::io::Interest;

use crate::wire::{
    DEADLINE, FAR, FAR_IP, NEAR, NEAR_IP, Test, Wire, arp_reply, assert_away_from_home, ethernet,
    interface, send_all, tagged, udp, until,
};

pub(crate) const TESTS: &[Test] = tests![
    the_ring_loses_none_of_65536_replies_at_full_speed,
    a_full_ring_counts_what_it_lost_and_goes_on,
    looking_in_vain_misses_nothing_that_comes_later,
    a_runtime_is_woken_for_each_frame,
    discovery_hears_what_it_wants_and_nothing_else,
    a_listener_joins_its_groups_and_leaves_them,
    what_this_host_sends_is_heard_by_captures_only,
    an_interface_that_goes_down_is_an_error_and_may_come_back,
    a_port_outlives_the_right_to_open_it,
    replies_to_a_held_port_are_not_answered_by_the_kernel,
];

/// The group address of LLDP for the nearest bridge (IEEE 802.1AB-2016, 7.1).
const LLDP_GROUP: MacAddr = MacAddr([0x01, 0x80, 0xc2, 0, 0, 0x0e]);

fn open(name: &str, filter: &Filter) -> PacketPort {
    assert_away_from_home();
    PacketPort::open(&interface(name), filter, &[LLDP_GROUP]).unwrap()
}

fn host(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a4e_0000 + number)
}

/// What a busy kernel drops on the wire itself, before any socket, it counts there.
fn the_ring_loses_none_of_65536_replies_at_full_speed() {
    const HOSTS: u32 = 65_536;
    let wire = Wire::bare();
    let mut near = wire.near.run(|| open("near", &Filter::discovery(NEAR, None))).unwrap();
    let expected = AtomicU64::new(u64::MAX);
    let send = || {
        let mut far = open("far", &Filter::nothing());
        let before = lost_on_the_wire();
        let frames: Vec<Vec<u8>> =
            (0..HOSTS).map(|number| arp_reply(NEAR, FAR, host(number), NEAR_IP)).collect();
        send_all(&mut far, &frames.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let lost = lost_on_the_wire();
        expected.store(u64::from(HOSTS) + before - lost, Ordering::Release);
        // One more that does arrive, so that the reader looks again once it can know how many there are.
        let (mut before, last) = (lost, ethernet(LLDP_GROUP, FAR, 0x88cc, &[]));
        loop {
            send_all(&mut far, &[&last]);
            match lost_on_the_wire() {
                now if now == before => break,
                now => before = now,
            }
        }
    };
    let mut seen = vec![0u8; HOSTS as usize];
    let (mut replies, mut ended) = (0, false);
    std::thread::scope(|scope| {
        scope.spawn(|| wire.far.run(send).unwrap());
        until(&mut near, |near| {
            near.receive(&mut |frame| {
                assert!(!frame.outgoing && frame.vlan.is_none() && frame.seconds > 1_700_000_000);
                if frame.bytes[12..14] == [0x88, 0xcc] {
                    ended = true;
                    return;
                }
                let sender: [u8; 4] = frame.bytes[28..32].try_into().unwrap();
                seen[(u32::from_be_bytes(sender) - u32::from(host(0))) as usize] += 1;
                replies += 1;
            });
            assert_eq!(near.statistics().unwrap().dropped, 0, "lost in the ring");
            (ended && replies == expected.load(Ordering::Acquire)).then_some(())
        });
    });
    assert!(replies > 0 && seen.iter().all(|times| *times <= 1), "each reply once");
    assert_eq!(
        near.statistics().unwrap(),
        PacketStatistics { received: replies + 1, ..PacketStatistics::default() }
    );
}

/// Frames that the kernel took from the sender and could not hand to the other end: its queue of a thousand was full.
fn lost_on_the_wire() -> u64 {
    let table = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let line = table.lines().find_map(|line| line.trim().strip_prefix("far:")).unwrap();
    // Eight columns of what was received, then octets, frames, errors and drops of what was sent.
    line.split_whitespace().nth(11).unwrap().parse().unwrap()
}

fn a_full_ring_counts_what_it_lost_and_goes_on() {
    let wire = Wire::bare();
    let ring = RingSize { block_size: 4096, block_count: 4 };
    let options = PortOptions { ring, ..PortOptions::default() };
    let mut near = wire
        .near
        .run(|| {
            assert_away_from_home();
            PacketPort::open_with(&interface("near"), &Filter::discovery(NEAR, None), &[], options)
                .unwrap()
        })
        .unwrap();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    let frame = arp_reply(NEAR, FAR, FAR_IP, NEAR_IP);
    // A veth hands frames over before `send` returns, or soon after: the counters say when all have come.
    send_all(&mut far, &[frame.as_slice(); 1000]);
    let all = until(&mut near, |near| {
        let statistics = near.statistics().unwrap();
        (statistics.received + statistics.dropped == 1000).then_some(statistics)
    });
    assert!(all.dropped > 0 && all.received > 0, "{all:?}");
    let mut read = 0;
    until(&mut near, |near| {
        read += near.receive(&mut |_| {}) as u64;
        (read == all.received).then_some(())
    });
    send_all(&mut far, &[&frame]);
    until(&mut near, |near| (near.receive(&mut |_| {}) == 1).then_some(()));
    let after = near.statistics().unwrap();
    assert_eq!(after, PacketStatistics { received: all.received + 1, ..after });
    assert_eq!(after.dropped, all.dropped);
    assert_eq!(after.freezes, 1, "it was full once, until it was read");
}

fn looking_in_vain_misses_nothing_that_comes_later() {
    let wire = Wire::bare();
    let mut near = wire.near.run(|| open("near", &Filter::discovery(NEAR, None))).unwrap();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    for number in 0..20 {
        for _ in 0..3 {
            assert_eq!(near.receive(&mut |_| {}), 0);
        }
        send_all(&mut far, &[&arp_reply(NEAR, FAR, host(number), NEAR_IP)]);
        assert!(wait_readable(&near, DEADLINE).unwrap());
        assert_eq!(near.receive(&mut |_| {}), 1, "frame {number} is found by the first look");
    }
}

/// As the engine waits: read until there is nothing, then wait again.
fn a_runtime_is_woken_for_each_frame() {
    let wire = Wire::bare();
    let near = wire.near.run(|| open("near", &Filter::discovery(NEAR, None))).unwrap();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut near = awaited(near).unwrap();
        let idle = tokio::time::timeout(Duration::ZERO, near.ready(Interest::READABLE)).await;
        assert!(idle.is_err(), "nothing came yet");
        let mut heard = 0;
        for number in 0..20 {
            send_all(&mut far, &[&arp_reply(NEAR, FAR, host(number), NEAR_IP)]);
            let before = heard;
            while heard == before {
                let ready = tokio::time::timeout(DEADLINE, near.ready(Interest::READABLE)).await;
                ready.unwrap().unwrap().clear_ready();
                while let count @ 1.. = near.get_mut().receive(&mut |_| {}) {
                    heard += count;
                }
            }
        }
        assert_eq!(heard, 20);
    });
}

fn discovery_hears_what_it_wants_and_nothing_else() {
    const PORT: u16 = 40_161;
    let wire = Wire::bare();
    let mut near = wire.near.run(|| open("near", &Filter::discovery(NEAR, Some(PORT)))).unwrap();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    let reply = |port| udp((NEAR, NEAR_IP, port), (FAR, FAR_IP, 161), b"answer");
    let arp = arp_reply(NEAR, FAR, FAR_IP, NEAR_IP);
    let lldp = ethernet(LLDP_GROUP, FAR, 0x88cc, &[0x02, 0x07, 0x04, 2, 0, 0, 0, 0, 0x0b]);
    let mut fragment = reply(PORT);
    fragment[20] = 0x20;
    let mut other_station = reply(PORT);
    other_station[5] = 0x0c;
    let end = arp_reply(NEAR, FAR, host(9), NEAR_IP);
    let mut over_ipv6 = ethernet(NEAR, FAR, 0x86dd, &[0; 48]);
    (over_ipv6[14], over_ipv6[20]) = (0x60, 17);
    over_ipv6[56..58].copy_from_slice(&PORT.to_be_bytes());
    // The kernel takes the outer tag out of the bytes; the inner one of two it leaves there.
    let wanted = [
        (None, over_ipv6.clone(), over_ipv6.clone()),
        (Some(7), tagged(0x88a8, 7, over_ipv6.clone()), over_ipv6),
        (None, arp.clone(), arp.clone()),
        (None, lldp.clone(), lldp.clone()),
        (None, reply(PORT), reply(PORT)),
        (Some(0x6007), tagged(0x8100, 0x6007, arp.clone()), arp.clone()),
        (Some(7), tagged(0x8100, 7, lldp.clone()), lldp.clone()),
        (Some(7), tagged(0x8100, 7, reply(PORT)), reply(PORT)),
        (
            Some(9),
            tagged(0x88a8, 9, tagged(0x8100, 7, reply(PORT))),
            tagged(0x8100, 7, reply(PORT)),
        ),
        (
            Some(9),
            tagged(0x88a8, 9, tagged(0x8100, 7, arp.clone())),
            tagged(0x8100, 7, arp.clone()),
        ),
    ];
    let unwanted = [
        reply(PORT + 1),
        fragment,
        other_station,
        udp((MacAddr::BROADCAST, Ipv4Addr::BROADCAST, PORT), (FAR, FAR_IP, 161), b"answer"),
        ethernet(NEAR, FAR, 0x86dd, &[0x60; 60]),
        ethernet(NEAR, FAR, 0x0800, &[0x45; 60]),
        tagged(0x8100, 7, reply(PORT + 1)),
        tagged(0x88a8, 9, tagged(0x8100, 7, reply(PORT + 1))),
        // One tag more than the filter looks behind.
        tagged(0x88a8, 9, tagged(0x88a8, 9, tagged(0x8100, 7, arp))),
    ];
    let frames: Vec<&[u8]> = (wanted.iter().map(|(_, sent, _)| sent))
        .chain(&unwanted)
        .chain([&end])
        .map(Vec::as_slice)
        .collect();
    send_all(&mut far, &frames);
    let mut heard = Vec::new();
    until(&mut near, |near| {
        near.receive(&mut |frame| {
            let type_of_tag = frame.vlan.map(|_| frame.tag_type.unwrap());
            heard.push((frame.vlan, type_of_tag, frame.bytes.to_vec()));
        });
        heard.last().is_some_and(|(.., bytes)| *bytes == end).then_some(())
    });
    let expected: Vec<_> = wanted
        .into_iter()
        .map(|(vlan, sent, bytes)| {
            let type_of_tag = vlan.map(|_| u16::from_be_bytes([sent[12], sent[13]]));
            (vlan, type_of_tag, bytes)
        })
        .chain([(None, None, end)])
        .collect();
    assert_eq!(heard, expected);
}

fn a_listener_joins_its_groups_and_leaves_them() {
    let wire = Wire::bare();
    let joined = || {
        let table = wire.near.run(|| std::fs::read_to_string("/proc/thread-self/net/dev_mcast"));
        let table = table.unwrap().unwrap();
        let ours = table.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[1] == "near").then(|| words[4].to_owned())
        });
        ours.collect::<Vec<String>>()
    };
    let before = joined();
    let macs: Vec<MacAddr> = LISTENING_GROUPS.iter().map(|group| group.mac).collect();
    let filter = Filter::listening(NEAR, None, Fragments::Dropped);
    let options = PortOptions { all_groups: true, ..PortOptions::default() };
    let open = || PacketPort::open_with(&interface("near"), &filter, &macs, options).unwrap();
    let port = wire.near.run(open).unwrap();
    let during = joined();
    for group in macs.iter().filter(|mac| mac.is_multicast()) {
        let written: String = group.octets().map(|octet| format!("{octet:02x}")).concat();
        assert!(during.contains(&written), "{written} is not in {during:?}");
    }
    drop(port);
    assert_eq!(joined(), before);
}

fn what_this_host_sends_is_heard_by_captures_only() {
    let wire = Wire::bare();
    let (mut port, mut capture) = wire
        .near
        .run(|| {
            let capture = PacketPort::capture_open(&interface("near"), RingSize::CAPTURE).unwrap();
            (open("near", &Filter::discovery(NEAR, None)), capture)
        })
        .unwrap();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    let (question, answer) =
        (arp_reply(FAR, NEAR, NEAR_IP, FAR_IP), arp_reply(NEAR, FAR, FAR_IP, NEAR_IP));
    send_all(&mut port, &[&question]);
    send_all(&mut far, &[&answer]);
    let mut heard = Vec::new();
    until(&mut port, |port| {
        (port.receive(&mut |frame| heard.push(frame.bytes.to_vec())) > 0).then_some(())
    });
    assert_eq!(heard, std::slice::from_ref(&answer));
    let mut captured = Vec::new();
    until(&mut capture, |capture| {
        capture.receive(&mut |frame| {
            // The kernels may say something of IPv6 on their own.
            if frame.bytes[12..14] == [8, 6] {
                captured.push((frame.outgoing, frame.bytes.to_vec()));
            }
        });
        (captured.len() == 2).then_some(())
    });
    assert_eq!(captured, [(true, question), (false, answer)]);
}

fn an_interface_that_goes_down_is_an_error_and_may_come_back() {
    let wire = Wire::bare();
    let mut near = wire.near.run(|| open("near", &Filter::discovery(NEAR, None))).unwrap();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    let frame = arp_reply(FAR, NEAR, NEAR_IP, FAR_IP);
    wire.near.run(|| links::set_down("near").unwrap()).unwrap();
    let error = until(&mut near, |near| near.take_error());
    assert_eq!(error.kind(), ErrorKind::NetworkDown);
    assert!(near.take_error().is_none(), "an error is told once");
    let refused = near.send(&[&frame]).unwrap_err();
    assert_eq!(refused.io().map(std::io::Error::kind), Some(ErrorKind::NetworkDown));
    wire.near.run(|| links::set_up("near").unwrap()).unwrap();
    wire.wait();
    send_all(&mut far, &[&arp_reply(NEAR, FAR, FAR_IP, NEAR_IP)]);
    until(&mut near, |near| (near.receive(&mut |_| {}) > 0).then_some(()));
    let interface = wire.near.run(|| interface("near")).unwrap();
    let too_long = vec![0; interface.mtu as usize + 100];
    assert!(near.send(&[&too_long]).is_err());
    assert_eq!(
        near.send(&[&frame, &too_long, &frame]).unwrap(),
        1,
        "what went before is not taken back"
    );
}

fn a_port_outlives_the_right_to_open_it() {
    let wire = Wire::bare();
    let mut far = wire.far.run(|| open("far", &Filter::nothing())).unwrap();
    let near = &wire.near;
    let (ready, is_ready) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            near.run(|| {
                let mut port = open("near", &Filter::discovery(NEAR, None));
                drop_all_capabilities().unwrap();
                let again =
                    PacketPort::open(&interface("near"), &Filter::nothing(), &[]).unwrap_err();
                assert!(
                    matches!(again, NetError::NotPermitted { .. }) && again.is_permission(),
                    "{again}"
                );
                send_all(&mut port, &[&arp_reply(FAR, NEAR, NEAR_IP, FAR_IP)]);
                ready.send(()).unwrap();
                until(&mut port, |port| (port.receive(&mut |_| {}) > 0).then_some(()));
                assert_eq!(port.statistics().unwrap().received, 1);
            })
            .unwrap();
        });
        is_ready.recv().unwrap();
        send_all(&mut far, &[&arp_reply(NEAR, FAR, FAR_IP, NEAR_IP)]);
    });
}

/// 2,000 replies of as many hosts, as the scanner's own frames would cause them, and one to a port that nobody holds.
fn replies_to_a_held_port_are_not_answered_by_the_kernel() {
    const HOSTS: u32 = 2_000;
    let wire = Wire::bare();
    let held = wire
        .near
        .run(|| {
            links::add_address("near", Ipv4Addr::new(10, 78, 255, 1), 16).unwrap();
            HeldPort::bind().unwrap()
        })
        .unwrap();
    let near_ip = Ipv4Addr::new(10, 78, 255, 1);
    let mut far = wire
        .far
        .run(|| {
            assert_away_from_home();
            PacketPort::capture_open(&interface("far"), RingSize::CAPTURE).unwrap()
        })
        .unwrap();
    let answer = |number, port| udp((NEAR, near_ip, port), (FAR, host(number), 161), b"answer");
    let replies: Vec<Vec<u8>> = (1..=HOSTS).map(|number| answer(number, held.port())).collect();
    send_all(&mut far, &replies.iter().map(Vec::as_slice).collect::<Vec<_>>());
    // The counter-proof, last on the wire: the kernel wants to refuse this one, so it asks where the sender is.
    let probe = host(HOSTS + 1);
    let free = if held.port() == 9 { 10 } else { 9 };
    send_all(&mut far, &[&answer(HOSTS + 1, free)]);
    let (mut asked, mut refused) = (Vec::new(), Vec::new());
    until(&mut far, |far| {
        let mut found = false;
        far.receive(&mut |frame| {
            if frame.outgoing {
                return;
            }
            if frame.bytes[12..14] == [8, 6] {
                asked.push(Ipv4Addr::from(<[u8; 4]>::try_from(&frame.bytes[38..42]).unwrap()));
                found = true;
            } else if let Some((to, kind)) = icmp(frame.bytes) {
                refused.push((to, kind));
            }
        });
        found.then_some(())
    });
    assert_eq!(asked, [probe]);
    send_all(&mut far, &[&arp_reply(NEAR, FAR, probe, near_ip)]);
    until(&mut far, |far| {
        far.receive(&mut |frame| {
            refused.extend((!frame.outgoing).then(|| icmp(frame.bytes)).flatten())
        });
        (!refused.is_empty()).then_some(())
    });
    // Destination unreachable, port unreachable: to the one alone that nobody holds (RFC 792).
    assert_eq!(refused, [(probe, (3, 3))]);
    let table = wire.near.run(|| neighbours().unwrap()).unwrap();
    let known: Vec<_> =
        table.iter().filter(|entry| entry.address.is_ipv4()).map(|entry| entry.address).collect();
    assert_eq!(known, [std::net::IpAddr::V4(probe)]);
    let up = wire.near.run(|| interfaces().unwrap()).unwrap();
    assert!(up.iter().any(|interface| interface.name == "near" && interface.mac == Some(NEAR)));
}

fn icmp(frame: &[u8]) -> Option<(Ipv4Addr, (u8, u8))> {
    let packet = SlicedPacket::from_ethernet(frame).ok()?;
    match (packet.net?, packet.transport?) {
        (NetSlice::Ipv4(ip), TransportSlice::Icmpv4(icmp)) => {
            Some((ip.header().destination_addr(), (icmp.type_u8(), icmp.code_u8())))
        }
        _ => None,
    }
}
