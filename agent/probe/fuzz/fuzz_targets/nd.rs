//! Answers to neighbour discovery of IPv6.
#![no_main]

#[path = "../../tests/answers/mod.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod answers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    answers::nd(bytes);
});
