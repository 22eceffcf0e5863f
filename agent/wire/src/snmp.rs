//! SNMP messages: version 1 (RFC 1157), version 2c (RFC 1901), and of version 3 the headers that engine discovery
//! needs (RFC 3412, RFC 3414), without cryptography. PDUs are those of RFC 3416, values those of RFC 2578.
//!
//! Lengths are definite only (RFC 3417, 8), the nesting is fixed, and each list is bounded, so that no message costs more
//! than its own length.

pub(crate) mod ber;
mod message;
mod pdu;
mod v3;
mod value;

pub use message::{
    CommunityMessage, Version, emit_get, emit_get_bulk, emit_response, message_version,
};
pub use pdu::{Binding, Bindings, MOST_BINDINGS, Pdu, PduKind, TrapV1};
pub use v3::{
    MOST_MESSAGE, ScopedPdu, USER_BASED, Usm, V3Message, emit_discovery, emit_discovery_report,
    flag, unknown_engine_ids,
};
pub use value::Value;
