//! What is asked over SNMP.
//!
//! - [`discovery`]: SNMPv3 engine discovery, of every host that may be asked; needs no credentials.
//! - [`credentials`]: which credentials a device may see, and in which order.
//! - [`interview`]: the system group with those credentials, one open request a device.
//! - [`system`]: the system group itself, over requests and answers, whatever carries them ([`exchange`]).
//! - [`collection`]: after it the tables of the device, as [`plan`] says: which [`tables`] there are, how one is read
//!   ([`walk`], [`scalars`], [`index`]), and how gently ([`manners`]).

pub mod collection;
mod community;
pub mod cookie;
pub mod credentials;
pub mod discovery;
pub mod exchange;
pub mod index;
pub mod interview;
pub mod manners;
pub mod plan;
pub mod scalars;
#[cfg(test)]
mod simulated;
pub mod system;
pub mod tables;
pub mod walk;

/// The port that agents listen on (RFC 3417, 3.1).
pub const AGENT_PORT: u16 = 161;

/// Whether an "unreachable" of this code (RFC 792; RFC 1812, 5.2.7.1) ends the questions: protocol (2) and port (3)
/// come from the host itself, 9, 10 and 13 say that somebody forbids it. Routers send the others, 0 and 1 above all,
/// for a moment's trouble on the way: the next try decides.
pub(crate) const fn is_final(code: u8) -> bool {
    matches!(code, 2 | 3 | 9 | 10 | 13)
}
