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
