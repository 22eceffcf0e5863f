//! What is asked over SNMP.
//!
//! - [`discovery`]: SNMPv3 engine discovery, of every host that may be asked; needs no credentials.
//! - [`credentials`]: which credentials a device may see, and in which order.
//! - [`interview`]: the system group with those credentials, one open request a device.
//! - [`system`]: the collection itself, over requests and answers, whatever carries them.

pub mod cookie;
pub mod credentials;
pub mod discovery;
pub mod interview;
pub mod system;

/// The port that agents listen on (RFC 3417, 3.1).
pub const AGENT_PORT: u16 = 161;

/// Whether an "unreachable" of this code (RFC 792; RFC 1812, 5.2.7.1) ends the questions: protocol (2) and port (3)
/// come from the host itself, 9, 10 and 13 say that somebody forbids it. Routers send the others, 0 and 1 above all,
/// for a moment's trouble on the way: the next try decides.
const fn is_final(code: u8) -> bool {
    matches!(code, 2 | 3 | 9 | 10 | 13)
}
