//! Answers to the questions of cameras and services.
#![no_main]

#[path = "../../tests/answers/mod.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod answers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    answers::ask(bytes);
});
