//! What SNMP tables say: of the device that has them, and of the stations that it sees.
//!
//! `tables.rs` puts the rows of each agent together. `hearsay.rs` hands what they say of others to the merge, as if it had
//! been heard; `own.rs` joins what a device says is its own; `ports.rs` names its ports; `places.rs` works out where others
//! are plugged in. `entities.rs` reads what a device is made of.
//!
//! Rows are hostile: any may be missing, doubled or invented, in any order. All work grows with the number of rows (and
//! its logarithm, where they are sorted), whatever they say.

mod entities;
mod hearsay;
mod own;
mod places;
mod ports;
mod tables;

pub(crate) use entities::{MadeOf, is_placeholder};
pub use entities::{Part, PartKind};
pub(crate) use hearsay::{Hearsay, Nameless};
pub(crate) use own::Owning;
pub(crate) use places::places;
pub(crate) use tables::Tables;

#[cfg(test)]
mod tests;
