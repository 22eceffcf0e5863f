//! SNMP version 3: a report as ours, made of what was read, says the same engine and clock.
#![no_main]

#[path = "../../tests/readers/mod.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::basic::snmp_v3(bytes));
