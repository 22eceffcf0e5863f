//! Messages with a community (RFC 1157, 4; RFC 1901, 3), and what version a message is of.

use std::fmt;

use herkomst_ids::Oid;

use super::ber;
use super::pdu::{self, Pdu, PduKind};
use super::value::Value;
use crate::{Reader, WireError};

/// The versions that have a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// RFC 1157.
    V1,
    /// RFC 1901.
    V2c,
}

impl Version {
    /// The number in the message.
    pub const fn number(self) -> i64 {
        match self {
            Self::V1 => 0,
            Self::V2c => 1,
        }
    }

    /// Whether the version has such a PDU.
    const fn has(self, kind: PduKind) -> bool {
        match kind {
            PduKind::Get | PduKind::GetNext | PduKind::Response | PduKind::Set => true,
            PduKind::TrapV1 => matches!(self, Self::V1),
            PduKind::GetBulk | PduKind::Inform | PduKind::TrapV2 => matches!(self, Self::V2c),
            // RFC 3416, 3: no message with a community has a use for it
            PduKind::Report => false,
        }
    }
}

/// The version that a message says it is of: 0 is version 1, 1 is 2c, 3 is 3. Nothing else of it is read.
pub fn message_version(bytes: &[u8]) -> Result<i64, WireError> {
    let mut message = ber::sequence(&mut Reader::new(bytes), "snmp message")?;
    ber::integer(&mut message, "snmp version").map(i64::from)
}

/// A message of version 1 or 2c. What follows it in the datagram is ignored: some devices pad.
#[derive(Clone, PartialEq, Eq)]
pub struct CommunityMessage<'a> {
    /// Which of the two.
    pub version: Version,
    /// The password in the clear; `Debug` does not show it.
    pub community: &'a [u8],
    /// What it says.
    pub pdu: Pdu<'a>,
}

impl fmt::Debug for CommunityMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommunityMessage")
            .field("version", &self.version)
            .field("pdu", &self.pdu)
            .finish_non_exhaustive()
    }
}

impl<'a> CommunityMessage<'a> {
    /// Reads a datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut message = ber::sequence(&mut Reader::new(bytes), "snmp message")?;
        let at = message.at();
        let version = match ber::integer(&mut message, "snmp version")? {
            0 => Version::V1,
            1 => Version::V2c,
            other => {
                let found = i64::from(other).cast_unsigned();
                let want = "0 (version 1) or 1 (version 2c)";
                return Err(WireError::Unexpected { what: "snmp version", at, found, want });
            }
        };
        let community = ber::octets(&mut message, "snmp community")?;
        let at = message.at();
        let pdu = Pdu::read(&mut message)?;
        if !version.has(pdu.kind) {
            let found = pdu.kind.tag().into();
            return Err(WireError::Unexpected {
                what: "snmp pdu",
                at,
                found,
                want: "one that this version has",
            });
        }
        pdu::nothing_more(message, "snmp message")?;
        Ok(Self { version, community, pdu })
    }

    /// Appends it, the bindings as they were read.
    pub fn emit(&self, buf: &mut Vec<u8>) {
        emit_message(buf, self.version, self.community, |buf| self.pdu.emit(buf));
    }
}

/// Appends a request for these names: a `Get`, or another kind that names objects without values.
pub fn emit_get(
    buf: &mut Vec<u8>,
    version: Version,
    community: &[u8],
    kind: PduKind,
    request_id: i32,
    oids: &[Oid],
) {
    emit_message(buf, version, community, |buf| {
        pdu::emit_pdu(buf, kind, (request_id, 0, 0), oids.iter().map(|oid| (oid, &Value::Null)));
    });
}

/// Appends a `GetBulk` of version 2c: once for the first `non_repeaters` names, `max_repetitions` times for the others.
pub fn emit_get_bulk(
    buf: &mut Vec<u8>,
    community: &[u8],
    request_id: i32,
    non_repeaters: u8,
    max_repetitions: u16,
    oids: &[Oid],
) {
    emit_message(buf, Version::V2c, community, |buf| {
        let head = (request_id, non_repeaters.into(), max_repetitions.into());
        pdu::emit_pdu(buf, PduKind::GetBulk, head, oids.iter().map(|oid| (oid, &Value::Null)));
    });
}

/// Appends an answer.
pub fn emit_response(
    buf: &mut Vec<u8>,
    version: Version,
    community: &[u8],
    request_id: i32,
    error_status: i32,
    error_index: i32,
    bindings: &[(Oid, Value<'_>)],
) {
    emit_message(buf, version, community, |buf| {
        let head = (request_id, error_status, error_index);
        pdu::emit_pdu(
            buf,
            PduKind::Response,
            head,
            bindings.iter().map(|(name, value)| (name, value)),
        );
    });
}

fn emit_message(
    buf: &mut Vec<u8>,
    version: Version,
    community: &[u8],
    pdu: impl FnOnce(&mut Vec<u8>),
) {
    ber::emit(buf, ber::SEQUENCE, |buf| {
        ber::emit_signed(buf, ber::INTEGER, version.number());
        ber::emit_octets(buf, ber::OCTET_STRING, community);
        pdu(buf);
    });
}
