//! The values of SNMP (RFC 2578, 7.1; RFC 3416, 3).

use herkomst_ids::Oid;

use super::ber::{self, Element};
use crate::WireError;

const IP_ADDRESS: u8 = 0x40;
const COUNTER32: u8 = 0x41;
const GAUGE32: u8 = 0x42;
const TIME_TICKS: u8 = 0x43;
const OPAQUE: u8 = 0x44;
const COUNTER64: u8 = 0x46;
const NO_SUCH_OBJECT: u8 = 0x80;
const NO_SUCH_INSTANCE: u8 = 0x81;
const END_OF_MIB_VIEW: u8 = 0x82;

/// What an agent says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A signed number; of 32 bits by RFC 2578, and whatever fits 64 is taken.
    Integer(i64),
    /// Octets, often a text.
    OctetString(&'a [u8]),
    /// Nothing: the place of a value in a request, and in the answer of an agent that has none.
    Null,
    /// An object identifier.
    Oid(Oid),
    /// An IPv4 address.
    IpAddress([u8; 4]),
    /// A number that only grows, and wraps.
    Counter32(u32),
    /// A number that grows and falls. Unsigned32 looks the same.
    Gauge32(u32),
    /// Hundredths of a second.
    TimeTicks(u32),
    /// BER within octets.
    Opaque(&'a [u8]),
    /// A number that only grows; not in version 1.
    Counter64(u64),
    /// Version 2 on: there is no such object.
    NoSuchObject,
    /// Version 2 on: the object is there, this instance of it is not.
    NoSuchInstance,
    /// Version 2 on: nothing comes after this name.
    EndOfMibView,
    /// A tag that SNMP does not have, or no longer has.
    Other {
        /// The tag.
        tag: u8,
        /// The contents.
        bytes: &'a [u8],
    },
}

impl<'a> Value<'a> {
    /// Reads the value under a tag. A known tag with contents that do not fit it is an error.
    pub(super) fn read(element: Element<'a>) -> Result<Self, WireError> {
        let Element { tag, contents, .. } = element;
        let number32 = |what| {
            let number = ber::unsigned(contents, 4, what)?;
            Ok(u32::try_from(number).expect("it was read from at most 4 octets"))
        };
        Ok(match tag {
            ber::INTEGER => Self::Integer(ber::signed(contents, "integer")?),
            ber::OCTET_STRING => Self::OctetString(contents.rest()),
            ber::NULL => empty(element, "null", Self::Null)?,
            ber::OBJECT_IDENTIFIER => Self::Oid(ber::oid(contents, "object identifier")?),
            IP_ADDRESS => {
                let (at, found) = (contents.at(), contents.len());
                let address = contents.rest().try_into();
                let most = WireError::Unexpected {
                    what: "length of an ip address",
                    at,
                    found: found.try_into().unwrap_or(u64::MAX),
                    want: "4",
                };
                Self::IpAddress(address.map_err(|_| most)?)
            }
            COUNTER32 => Self::Counter32(number32("counter32")?),
            GAUGE32 => Self::Gauge32(number32("gauge32")?),
            TIME_TICKS => Self::TimeTicks(number32("time ticks")?),
            OPAQUE => Self::Opaque(contents.rest()),
            COUNTER64 => Self::Counter64(ber::unsigned(contents, 8, "counter64")?),
            NO_SUCH_OBJECT => empty(element, "no such object", Self::NoSuchObject)?,
            NO_SUCH_INSTANCE => empty(element, "no such instance", Self::NoSuchInstance)?,
            END_OF_MIB_VIEW => empty(element, "end of mib view", Self::EndOfMibView)?,
            tag => Self::Other { tag, bytes: contents.rest() },
        })
    }

    /// Appends tag, length and contents.
    pub(super) fn emit(&self, buf: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => ber::emit_signed(buf, ber::INTEGER, *number),
            Self::OctetString(bytes) => ber::emit_octets(buf, ber::OCTET_STRING, bytes),
            Self::Null => ber::emit_octets(buf, ber::NULL, &[]),
            Self::Oid(oid) => ber::emit_oid(buf, oid),
            Self::IpAddress(address) => ber::emit_octets(buf, IP_ADDRESS, address),
            Self::Counter32(number) => ber::emit_unsigned(buf, COUNTER32, (*number).into()),
            Self::Gauge32(number) => ber::emit_unsigned(buf, GAUGE32, (*number).into()),
            Self::TimeTicks(number) => ber::emit_unsigned(buf, TIME_TICKS, (*number).into()),
            Self::Opaque(bytes) => ber::emit_octets(buf, OPAQUE, bytes),
            Self::Counter64(number) => ber::emit_unsigned(buf, COUNTER64, *number),
            Self::NoSuchObject => ber::emit_octets(buf, NO_SUCH_OBJECT, &[]),
            Self::NoSuchInstance => ber::emit_octets(buf, NO_SUCH_INSTANCE, &[]),
            Self::EndOfMibView => ber::emit_octets(buf, END_OF_MIB_VIEW, &[]),
            Self::Other { tag, bytes } => ber::emit_octets(buf, *tag, bytes),
        }
    }
}

fn empty<'a>(
    element: Element<'a>,
    what: &'static str,
    value: Value<'a>,
) -> Result<Value<'a>, WireError> {
    if element.contents.is_empty() {
        return Ok(value);
    }
    Err(WireError::TooLong {
        what,
        at: element.contents.at(),
        found: element.contents.len(),
        most: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    fn read(bytes: &[u8]) -> Result<Value<'_>, WireError> {
        Value::read(ber::element(&mut Reader::new(bytes), "value").unwrap())
    }

    #[test]
    fn each_kind_comes_back_as_it_was_sent() {
        for value in [
            Value::Integer(-7),
            Value::OctetString(b"text"),
            Value::Null,
            Value::Oid("1.3.6.1.4.1.2011.2.88.2".parse().unwrap()),
            Value::IpAddress([10, 50, 0, 2]),
            Value::Counter32(u32::MAX),
            Value::Gauge32(0x8000_0000),
            Value::TimeTicks(0),
            Value::Opaque(&[0x9f, 0x78, 4, 0, 0, 0, 0]),
            Value::Counter64(u64::MAX),
            Value::NoSuchObject,
            Value::NoSuchInstance,
            Value::EndOfMibView,
            Value::Other { tag: 0x47, bytes: &[1, 2] },
        ] {
            let mut buf = vec![];
            value.emit(&mut buf);
            assert_eq!(read(&buf), Ok(value));
        }
    }

    #[test]
    fn contents_that_do_not_fit_their_tag_are_refused() {
        for bytes in [
            &[2, 0][..],
            &[5, 1, 0],
            &[6, 1, 0x80],
            &[0x40, 3, 10, 50, 0],
            &[0x40, 5, 10, 50, 0, 2, 0],
            &[0x41, 0],
            &[0x41, 5, 1, 0, 0, 0, 0],
            &[0x42, 1, 0xff],
            &[0x46, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x80, 1, 0],
            &[0x81, 1, 0],
            &[0x82, 1, 0],
        ] {
            assert!(read(bytes).is_err(), "{bytes:x?}");
        }
    }
}
