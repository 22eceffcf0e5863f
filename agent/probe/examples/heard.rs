//! How many frames a second are taken, by kind: `cargo run --release -p herkomst-probe --example heard`.

use std::time::Instant;

use herkomst_ids::MacAddr;
use herkomst_probe::heard::{Heard, Keep};
use herkomst_wire::mndp::{MndpTlv, emit_mndp};
use herkomst_wire::{Arp, ArpOperation, EthernetFrame, emit_ethernet, ether_type, udp_frame};

const FRAMES: usize = 1_000_000;

/// An announcement of about 300 octets, as switches send them.
fn lldp(number: usize, name: &str) -> Vec<u8> {
    let mac = station(number);
    let mut frame = Vec::new();
    emit_ethernet(&mut frame, MacAddr([1, 0x80, 0xc2, 0, 0, 0x0e]), mac, None, ether_type::LLDP);
    frame.extend_from_slice(&[0x02, 0x07, 0x04]);
    frame.extend_from_slice(&mac.octets());
    frame.extend_from_slice(&[0x04, 0x04, 0x05, b'g', b'e', b'1', 0x06, 0x02, 0, 120]);
    let mut text = |kind: u8, text: &str| {
        frame.extend_from_slice(&[kind << 1, u8::try_from(text.len()).unwrap_or(0)]);
        frame.extend_from_slice(text.as_bytes());
    };
    text(5, name);
    text(6, &"made-up switch software, version 1.2.3, release 4 ".repeat(4));
    frame.extend_from_slice(&[0x0e, 0x04, 0, 0x14, 0, 0x10]);
    frame.extend_from_slice(&[0x10, 12, 5, 1, 10, 0, 0, 9, 2, 0, 0, 0, 1, 0, 0, 0]);
    frame
}

fn station(number: usize) -> MacAddr {
    let [.., a, b, c] = number.to_be_bytes();
    MacAddr([2, 0, 1, a, b, c])
}

fn mndp(number: usize) -> Vec<u8> {
    let (mut payload, mut frame) = (Vec::new(), Vec::new());
    let sequence = u16::try_from(number % 65_536).unwrap_or(0);
    let _ = emit_mndp(&mut payload, sequence, &[MndpTlv::Identity(b"made-up"), MndpTlv::Uptime(7)]);
    let from = "10.0.0.9:5678".parse().expect("a constant");
    let to = "255.255.255.255:5678".parse().expect("a constant");
    let _ = udp_frame(&mut frame, station(9), MacAddr::BROADCAST, None, from, to, &payload);
    frame
}

fn arp(number: usize) -> Vec<u8> {
    let mut frame = Vec::new();
    emit_ethernet(&mut frame, MacAddr::BROADCAST, station(number), None, ether_type::ARP);
    let [.., b, c, d] = number.to_be_bytes();
    Arp {
        operation: ArpOperation::Request,
        sender_mac: station(number),
        sender_ip: [10, b, c, d].into(),
        target_mac: MacAddr::ZERO,
        target_ip: [10, 0, 0, 1].into(),
    }
    .emit(&mut frame);
    frame
}

#[expect(clippy::disallowed_methods, reason = "this measures time, and is no part of the crate")]
fn now() -> Instant {
    Instant::now()
}

fn measure(what: &str, frames: &[Vec<u8>]) {
    let mut heard = Heard::new(MacAddr([2; 6]), Keep::AllBut(Box::new(|_| false)));
    let start = now();
    let mut told = 0_usize;
    for number in 0..FRAMES {
        if let Ok(frame) = EthernetFrame::parse(&frames[number % frames.len()]) {
            heard.hear(&frame, frame.vlan, false);
        }
        while let Some(seen) = {
            use herkomst_probe::Probe;
            heard.poll_observation()
        } {
            told += 1;
            std::hint::black_box(seen);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let pace = FRAMES as f64 / seconds;
    println!(
        "{what}: {pace:.0} frames a second, {told} observations, {} not kept",
        heard.overflow()
    );
}

fn main() {
    let all =
        |make: fn(usize) -> Vec<u8>, count: usize| -> Vec<_> { (2..count + 2).map(make).collect() };
    measure("LLDP, 1 neighbour", &all(|number| lldp(number, "sw"), 1));
    measure("LLDP, 1,000 neighbours", &all(|number| lldp(number, "sw"), 1000));
    measure("LLDP, each from another station", &all(|number| lldp(number, "sw"), FRAMES));
    measure("LLDP, each with another name", &all(|number| lldp(2, &number.to_string()), FRAMES));
    measure("MNDP, counted through", &all(mndp, 65_536));
    measure("ARP, 60,000 stations", &all(arp, 60_000));
}
