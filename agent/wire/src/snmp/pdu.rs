//! The PDUs of SNMP (RFC 3416, 3; the trap of version 1: RFC 1157, 4.1.6).

use std::net::Ipv4Addr;

use herkomst_ids::Oid;

use super::ber;
use super::value::Value;
use crate::{Reader, WireError};

/// How many bindings are read from one message. We never ask for more than a few dozen.
pub const MOST_BINDINGS: usize = 256;

/// What a PDU does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PduKind {
    /// Asks for the values of these names.
    Get,
    /// Asks for the names that follow these, and their values.
    GetNext,
    /// Answers.
    Response,
    /// Writes. Never sent by the agent.
    Set,
    /// Tells of an event, in version 1.
    TrapV1,
    /// Asks for many names that follow; from version 2 on.
    GetBulk,
    /// Tells of an event and wants an answer; from version 2 on.
    Inform,
    /// Tells of an event; from version 2 on.
    TrapV2,
    /// Says what was wrong with a message of version 3.
    Report,
}

impl PduKind {
    /// The tag of the PDU.
    pub(super) const fn tag(self) -> u8 {
        match self {
            Self::Get => 0xa0,
            Self::GetNext => 0xa1,
            Self::Response => 0xa2,
            Self::Set => 0xa3,
            Self::TrapV1 => 0xa4,
            Self::GetBulk => 0xa5,
            Self::Inform => 0xa6,
            Self::TrapV2 => 0xa7,
            Self::Report => 0xa8,
        }
    }

    const fn from_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0xa0 => Self::Get,
            0xa1 => Self::GetNext,
            0xa2 => Self::Response,
            0xa3 => Self::Set,
            0xa4 => Self::TrapV1,
            0xa5 => Self::GetBulk,
            0xa6 => Self::Inform,
            0xa7 => Self::TrapV2,
            0xa8 => Self::Report,
            _ => return None,
        })
    }
}

/// What a trap of version 1 has in place of request id and error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrapV1 {
    /// The kind of device that tells: its sysObjectID, or the enterprise that defines the trap.
    pub enterprise: Oid,
    /// The address of that device.
    pub agent: Ipv4Addr,
    /// 0 cold start, 1 warm start, 2 link down, 3 link up, 4 wrong community, 5 lost neighbour, 6 see `specific`.
    pub generic: i32,
    /// Which trap of the enterprise.
    pub specific: i32,
    /// Hundredths of a second since the agent started.
    pub uptime: u32,
}

/// A PDU. Its bindings are read on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu<'a> {
    /// What it does.
    pub kind: PduKind,
    /// Ties an answer to its question; 0 in a trap of version 1, which has none.
    pub request_id: i32,
    /// 0, or why there is no answer. In a `GetBulk` the number of non-repeaters.
    pub error_status: i32,
    /// The binding that the error is about, from 1. In a `GetBulk` the number of repetitions.
    pub error_index: i32,
    /// Present in a trap of version 1, and only there.
    pub trap: Option<TrapV1>,
    bindings: Reader<'a>,
}

impl<'a> Pdu<'a> {
    /// Reads all up to the list of bindings, of which only the length is checked.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let element = ber::element(reader, "snmp pdu")?;
        let want = "160 to 168 (a pdu)";
        let unexpected = WireError::Unexpected {
            what: "snmp pdu",
            at: element.at,
            found: element.tag.into(),
            want,
        };
        let kind = PduKind::from_tag(element.tag).ok_or(unexpected)?;
        let mut fields = element.contents;
        let mut pdu = Self {
            kind,
            request_id: 0,
            error_status: 0,
            error_index: 0,
            trap: None,
            bindings: Reader::new(&[]),
        };
        if kind == PduKind::TrapV1 {
            pdu.trap = Some(TrapV1::read(&mut fields)?);
        } else {
            pdu.request_id = ber::integer(&mut fields, "snmp request id")?;
            pdu.error_status = ber::integer(&mut fields, "snmp error status")?;
            pdu.error_index = ber::integer(&mut fields, "snmp error index")?;
        }
        pdu.bindings = ber::sequence(&mut fields, "snmp bindings")?;
        nothing_more(fields, "snmp pdu")?;
        Ok(pdu)
    }

    /// Names and values in the order sent, at most [`MOST_BINDINGS`]. One whose contents are wrong is an error in its
    /// place; after one that does not end inside the list, or one too many, nothing follows.
    pub fn bindings(&self) -> Bindings<'a> {
        Bindings { reader: self.bindings, left: MOST_BINDINGS }
    }

    /// Appends it, the bindings as they were read.
    pub(super) fn emit(&self, buf: &mut Vec<u8>) {
        ber::emit(buf, self.kind.tag(), |buf| {
            if let Some(trap) = &self.trap {
                trap.emit(buf);
            } else {
                emit_head(buf, self.request_id, self.error_status, self.error_index);
            }
            ber::emit_octets(buf, ber::SEQUENCE, self.bindings.rest());
        });
    }
}

/// Appends a PDU made of its parts.
pub(super) fn emit_pdu<'v>(
    buf: &mut Vec<u8>,
    kind: PduKind,
    (request_id, error_status, error_index): (i32, i32, i32),
    bindings: impl Iterator<Item = (&'v Oid, &'v Value<'v>)>,
) {
    ber::emit(buf, kind.tag(), |buf| {
        emit_head(buf, request_id, error_status, error_index);
        ber::emit(buf, ber::SEQUENCE, |buf| {
            for (name, value) in bindings {
                ber::emit(buf, ber::SEQUENCE, |buf| {
                    ber::emit_oid(buf, name);
                    value.emit(buf);
                });
            }
        });
    });
}

fn emit_head(buf: &mut Vec<u8>, request_id: i32, error_status: i32, error_index: i32) {
    for number in [request_id, error_status, error_index] {
        ber::emit_signed(buf, ber::INTEGER, number.into());
    }
}

/// A structure must end where its last field does.
pub(super) fn nothing_more(reader: Reader<'_>, what: &'static str) -> Result<(), WireError> {
    if reader.is_empty() {
        return Ok(());
    }
    Err(WireError::TooLong { what, at: reader.at(), found: reader.len(), most: 0 })
}

impl TrapV1 {
    fn read(fields: &mut Reader<'_>) -> Result<Self, WireError> {
        let enterprise = ber::expect(
            fields,
            ber::OBJECT_IDENTIFIER,
            "snmp trap enterprise",
            "6 (an object identifier)",
        )?;
        let enterprise = ber::oid(enterprise, "snmp trap enterprise")?;
        let agent = ber::element(fields, "snmp trap agent")?;
        let at = agent.at;
        let Value::IpAddress(agent) = Value::read(agent)? else {
            let found = agent.tag.into();
            return Err(WireError::Unexpected {
                what: "snmp trap agent",
                at,
                found,
                want: "64 (an ip address)",
            });
        };
        let generic = ber::integer(fields, "snmp generic trap")?;
        let specific = ber::integer(fields, "snmp specific trap")?;
        let uptime = ber::element(fields, "snmp trap time")?;
        let at = uptime.at;
        let Value::TimeTicks(ticks) = Value::read(uptime)? else {
            let found = uptime.tag.into();
            return Err(WireError::Unexpected {
                what: "snmp trap time",
                at,
                found,
                want: "67 (time ticks)",
            });
        };
        Ok(Self { enterprise, agent: agent.into(), generic, specific, uptime: ticks })
    }

    fn emit(&self, buf: &mut Vec<u8>) {
        ber::emit_oid(buf, &self.enterprise);
        Value::IpAddress(self.agent.octets()).emit(buf);
        ber::emit_signed(buf, ber::INTEGER, self.generic.into());
        ber::emit_signed(buf, ber::INTEGER, self.specific.into());
        Value::TimeTicks(self.uptime).emit(buf);
    }
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The object and its instance.
    pub name: Oid,
    /// What is said of it.
    pub value: Value<'a>,
}

/// Reads the bindings of a PDU one by one.
#[derive(Debug, Clone)]
pub struct Bindings<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Iterator for Bindings<'a> {
    type Item = Result<Binding<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let at = self.reader.at();
        let fields = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                ber::sequence(&mut self.reader, "snmp binding")
            }
            None => {
                let found = MOST_BINDINGS + 1;
                Err(WireError::TooLong { what: "snmp bindings", at, found, most: MOST_BINDINGS })
            }
        };
        match fields {
            Ok(fields) => Some(binding(fields)),
            Err(error) => {
                self.reader = Reader::new(&[]);
                Some(Err(error))
            }
        }
    }
}

impl std::iter::FusedIterator for Bindings<'_> {}

fn binding(mut fields: Reader<'_>) -> Result<Binding<'_>, WireError> {
    let name =
        ber::expect(&mut fields, ber::OBJECT_IDENTIFIER, "snmp name", "6 (an object identifier)")?;
    let name = ber::oid(name, "snmp name")?;
    let value = Value::read(ber::element(&mut fields, "snmp value")?)?;
    nothing_more(fields, "snmp binding")?;
    Ok(Binding { name, value })
}
