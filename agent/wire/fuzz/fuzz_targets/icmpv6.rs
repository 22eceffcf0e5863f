//! ICMPv6, neighbour discovery and multicast listeners, with the checksum they should have.
#![no_main]

#[path = "../../tests/readers/mod.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::icmpv6(bytes));
