//! ICMP, with the checksum it should have; echoes come back the same.
#![no_main]

use herkomst_wire::{Icmp, icmp_echo};

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    let _ = Icmp::parse(message);
    let mut message = message.to_vec();
    if message.len() < 8 {
        return;
    }
    message[2..4].fill(0);
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
    let sum = message.chunks(2).map(word).fold(0, |sum, word| (sum + word) % 0xffff);
    let sum = if sum == 0 && message.iter().any(|octet| *octet != 0) { 0xffff } else { sum };
    message[2..4].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    let (reply, echo) = match Icmp::parse(&message).expect("the checksum is right") {
        Icmp::EchoRequest(echo) => (false, echo),
        Icmp::EchoReply(echo) => (true, echo),
        _ => return,
    };
    let mut again = vec![];
    icmp_echo(&mut again, reply, echo.id, echo.sequence, echo.payload);
    assert_eq!(again, message);
});
