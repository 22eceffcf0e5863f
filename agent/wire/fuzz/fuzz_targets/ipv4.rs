//! IPv4 and UDP. The header gets its right checksum, and the datagram none, so that what lies behind them is reached.
#![no_main]

use herkomst_wire::{Icmp, Ipv4Packet, UdpDatagram};

libfuzzer_sys::fuzz_target!(|packet: &[u8]| {
    let _ = Ipv4Packet::parse(packet);
    let mut packet = packet.to_vec();
    let header = packet.first().map_or(0, |octet| usize::from(octet & 0x0f) * 4);
    if !(20..=packet.len()).contains(&header) {
        return;
    }
    packet[10..12].fill(0);
    let words = packet[..header].chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
    let sum = words.fold(0, |sum, word| (sum + word) % 0xffff);
    packet[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    let Ok(read) = Ipv4Packet::parse(&packet) else { return };
    assert!(read.payload.len() <= packet.len() - header);
    let _ = Icmp::parse(read.payload);
    let checked = UdpDatagram::parse(read.payload, read.source, read.destination);
    let unchecked = UdpDatagram::parse_without_checksum(read.payload);
    assert!(checked.is_err() || checked == unchecked);
});
