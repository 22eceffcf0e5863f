//! Identifiers as the registries and protocols define them: no data, no dependencies.
//!
//! Each is a type of its own, so that an address is never compared with a spelling of one.

#![forbid(unsafe_code)]

mod country;
mod edition;
mod engine_id;
mod mac;
mod oid;
mod pen;
mod vendor_id;

pub use country::Country;
pub use edition::{Edition, is_day};
pub use engine_id::{EngineId, EngineIdFormat};
pub use mac::{MacAddr, MacPrefix};
pub use oid::Oid;
pub use pen::Pen;
pub use vendor_id::VendorId;

/// A text that is not the identifier it was read as: what was expected, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError {
    /// The kind of identifier, with an example of a right one.
    pub expected: &'static str,
    /// The text that was given.
    pub found: String,
}

impl ParseIdError {
    pub(crate) fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.chars().take(80).collect() }
    }
}

impl std::fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not {}", self.found, self.expected)
    }
}

impl std::error::Error for ParseIdError {}
