//! SNMP versions 1 and 2c: what is read comes back the same, whole or made anew from its bindings.
#![no_main]

#[path = "../../tests/readers/mod.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::basic::snmp_community(bytes));
