//! One request and what came of it, whatever carries them: communities here, users elsewhere.

use herkomst_ids::Oid;
use herkomst_wire::WireError;
use herkomst_wire::snmp::{Pdu, Value as WireValue};

/// The most variables in a request (DESIGN, manners).
pub const MOST_VARIABLES: usize = 10;
/// The most values that one answer is asked for; the reader of answers takes 256.
pub const MOST_VALUES: usize = 200;
/// The most octets that are kept of one value: more than any text of ours ([`herkomst_model::DeviceText::MOST`])
/// needs, unless it is all of wide letters.
pub const MOST_OCTETS: usize = 2048;

/// What is done with the names in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Gets their values (RFC 3416, 4.2.1).
    Get,
    /// Gets what follows each (4.2.2).
    Next,
    /// Gets so many that follow each (4.2.3); from version 2 on.
    Bulk {
        /// `max-repetitions`, from 1.
        repetitions: u16,
    },
}

/// A request for at most [`MOST_VARIABLES`] objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is done.
    pub operation: Operation,
    /// With which names.
    pub oids: Vec<Oid>,
    /// The VLAN in whose context it is asked: `community@vlan`, or the context `vlan-N` of a v3 user.
    pub vlan: Option<u16>,
}

/// A value in an answer, as far as collections need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// INTEGER.
    Integer(i64),
    /// Counter32, Gauge32, Unsigned32 or Counter64.
    Unsigned(u64),
    /// OCTET STRING; not kept beyond 2,048 octets.
    Octets(Vec<u8>),
    /// OBJECT IDENTIFIER.
    Oid(Oid),
    /// IpAddress.
    Address([u8; 4]),
    /// TimeTicks, in hundredths of a second.
    Ticks(u32),
    /// noSuchObject, noSuchInstance or NULL: the agent has none.
    Absent,
    /// endOfMibView: nothing follows the name.
    EndOfView,
    /// A type that no collection asks for.
    Other,
}

impl Value {
    /// Roughly how long it is in an answer.
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Octets(octets) => octets.len() + 2,
            Self::Oid(oid) => oid.arcs().len() + 2,
            Self::Integer(_) | Self::Unsigned(_) | Self::Address(_) | Self::Ticks(_) => 6,
            Self::Absent | Self::EndOfView | Self::Other => 2,
        }
    }
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The bindings that the agent gave.
    Bindings(Vec<(Oid, Value)>),
    /// An error-status and error-index (RFC 3416, 3).
    Error {
        /// `error-status`.
        status: i32,
        /// `error-index`, from 1; 0 for the request as a whole.
        index: i32,
    },
}

/// Error-status values (RFC 3416, 3) that a smaller or another request mends.
pub(super) mod status {
    pub(in crate::snmp) const TOO_BIG: i32 = 1;
    pub(in crate::snmp) const NO_SUCH_NAME: i32 = 2;
    pub(in crate::snmp) const GENERAL: i32 = 5;
}

/// The place in the request that an error-index means, if it means one.
pub(super) fn place(index: i32, asked: usize) -> Option<usize> {
    let place = usize::try_from(index).ok()?.checked_sub(1)?;
    (place < asked).then_some(place)
}

/// Reads what a Response PDU says.
pub(super) fn response(pdu: &Pdu<'_>) -> Result<Response, WireError> {
    if pdu.error_status != 0 {
        return Ok(Response::Error { status: pdu.error_status, index: pdu.error_index });
    }
    let bindings = pdu.bindings().map(|binding| {
        let binding = binding?;
        let value = match binding.value {
            WireValue::Integer(number) => Value::Integer(number),
            WireValue::Counter32(number) | WireValue::Gauge32(number) => {
                Value::Unsigned(number.into())
            }
            WireValue::Counter64(number) => Value::Unsigned(number),
            WireValue::OctetString(octets) => {
                Value::Octets(octets[..octets.len().min(MOST_OCTETS)].to_vec())
            }
            WireValue::Oid(oid) => Value::Oid(oid),
            WireValue::IpAddress(address) => Value::Address(address),
            WireValue::TimeTicks(ticks) => Value::Ticks(ticks),
            WireValue::Null | WireValue::NoSuchObject | WireValue::NoSuchInstance => Value::Absent,
            WireValue::EndOfMibView => Value::EndOfView,
            WireValue::Opaque(_) | WireValue::Other { .. } => Value::Other,
        };
        Ok((binding.name, value))
    });
    bindings.collect::<Result<_, WireError>>().map(Response::Bindings)
}
