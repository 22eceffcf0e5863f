//! The listings of IEEE and IANA and the vendor register that the program is built with.
//!
//! `build.rs` makes one flat file of `sources/`, `curated/` and `vendors/`; how it is read and what it answers is in
//! `herkomst-lookup`, whose names stand here too.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

pub use herkomst_lookup::*;

/// The file itself (`herkomst_lookup::layout`).
pub static FILE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/registry.hkr"));

/// The registry that this program was built with.
pub fn embedded() -> &'static Registry {
    static OPENED: OnceLock<Registry> = OnceLock::new();
    OPENED.get_or_init(|| {
        Registry::carried(FILE).expect("the tests open the file that the build writes")
    })
}
