//! ARP: what is read comes back the same.
#![no_main]

#[path = "../../tests/readers/mod.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::basic::arp(bytes));
