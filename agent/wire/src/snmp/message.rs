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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MOST_BINDINGS, TrapV1};
    use super::*;
    use crate::captures;

    /// Ethernet, IPv4 without options, UDP.
    const HEADERS: usize = 42;

    fn messages(name: &str) -> Vec<Vec<u8>> {
        captures::frames(name).iter().map(|frame| frame[HEADERS..].to_vec()).collect()
    }

    fn oid(text: &str) -> Oid {
        text.parse().unwrap()
    }

    fn bindings<'a>(message: &CommunityMessage<'a>) -> Vec<(String, Value<'a>)> {
        message
            .pdu
            .bindings()
            .map(|binding| binding.map(|b| (b.name.to_string(), b.value)).unwrap())
            .collect()
    }

    fn named<'a>(values: &[(&str, Value<'a>)]) -> Vec<(String, Value<'a>)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    const SYSTEM: [&str; 4] =
        ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"];

    #[test]
    fn our_question_is_the_recorded_one() {
        let recorded = messages("snmp_v1").remove(0);
        let read = CommunityMessage::parse(&recorded).unwrap();
        assert_eq!(
            (read.version, read.community, read.pdu.kind),
            (Version::V1, &b"public"[..], PduKind::Get)
        );
        let mut buf = vec![];
        emit_get(
            &mut buf,
            Version::V1,
            b"public",
            PduKind::Get,
            read.pdu.request_id,
            &SYSTEM.map(oid),
        );
        assert_eq!(buf, recorded);
    }

    #[test]
    fn our_bulk_question_is_the_recorded_one() {
        let recorded = messages("snmp_v2c_bulk").remove(0);
        let read = CommunityMessage::parse(&recorded).unwrap();
        assert_eq!(
            (read.pdu.kind, read.pdu.error_status, read.pdu.error_index),
            (PduKind::GetBulk, 1, 12)
        );
        let mut buf = vec![];
        let names = [oid("1.3.6.1.2.1.1.5"), oid("1.3.6.1.2.1.2.2.1")];
        emit_get_bulk(&mut buf, b"public", read.pdu.request_id, 1, 12, &names);
        assert_eq!(buf, recorded);
    }

    #[test]
    fn reads_the_recorded_answer_of_version_1() {
        let recorded = messages("snmp_v1");
        let question = CommunityMessage::parse(&recorded[0]).unwrap();
        let answer = CommunityMessage::parse(&recorded[1]).unwrap();
        assert_eq!(
            (answer.pdu.kind, answer.pdu.request_id),
            (PduKind::Response, question.pdu.request_id)
        );
        assert_eq!((answer.pdu.error_status, answer.pdu.error_index), (0, 0));
        let values = [
            Value::OctetString(b"lab agent of a wire capture"),
            Value::Oid(oid("1.3.6.1.4.1.8072.3.2.10")),
            Value::TimeTicks(111),
            Value::OctetString(b"lab-peer"),
        ];
        assert_eq!(
            bindings(&answer),
            SYSTEM.map(str::to_owned).into_iter().zip(values).collect::<Vec<_>>()
        );
    }

    #[test]
    fn our_answer_is_the_recorded_one() {
        for name in ["snmp_v1", "snmp_v1_no_such_name", "snmp_v2c_exceptions", "snmp_v2c_next"] {
            let recorded = messages(name).remove(1);
            let read = CommunityMessage::parse(&recorded).unwrap();
            let bindings: Vec<_> =
                read.pdu.bindings().map(|b| b.map(|b| (b.name, b.value)).unwrap()).collect();
            let mut buf = vec![];
            let pdu = &read.pdu;
            let (status, index) = (pdu.error_status, pdu.error_index);
            emit_response(
                &mut buf,
                read.version,
                read.community,
                pdu.request_id,
                status,
                index,
                &bindings,
            );
            assert_eq!(buf, recorded, "{name}");
        }
    }

    #[test]
    fn reads_the_recorded_ways_of_having_no_answer() {
        let recorded = messages("snmp_v1_no_such_name").remove(1);
        let read = CommunityMessage::parse(&recorded).unwrap();
        assert_eq!((read.pdu.error_status, read.pdu.error_index), (2, 2));
        let recorded = messages("snmp_v2c_exceptions").remove(1);
        let read = CommunityMessage::parse(&recorded).unwrap();
        let exceptions = [
            ("1.3.6.1.2.1.1.99.0", Value::NoSuchObject),
            ("1.3.6.1.2.1.1.1.7", Value::NoSuchInstance),
        ];
        assert_eq!((read.pdu.error_status, bindings(&read)), (0, named(&exceptions)));
        let recorded = messages("snmp_v2c_next").remove(1);
        let read = CommunityMessage::parse(&recorded).unwrap();
        assert_eq!(bindings(&read)[1], ("1.3.7".to_owned(), Value::EndOfMibView));
    }

    #[test]
    fn reads_the_recorded_numbers_and_addresses() {
        let recorded = messages("snmp_v2c").remove(1);
        let read = CommunityMessage::parse(&recorded).unwrap();
        let tail = [
            ("1.3.6.1.2.1.4.20.1.1.10.50.0.2", Value::IpAddress([10, 50, 0, 2])),
            ("1.3.6.1.2.1.2.2.1.5.1", Value::Gauge32(10_000_000)),
            ("1.3.6.1.2.1.2.2.1.10.1", Value::Counter32(0)),
            ("1.3.6.1.2.1.31.1.1.1.6.1", Value::Counter64(0)),
        ];
        assert_eq!(bindings(&read)[4..], named(&tail));
        let recorded = messages("snmp_v2c_bulk").remove(1);
        let read = CommunityMessage::parse(&recorded).unwrap();
        assert_eq!(bindings(&read).len(), 13);
        assert!(
            bindings(&read)
                .contains(&("1.3.6.1.2.1.2.2.1.5.2".to_owned(), Value::Gauge32(u32::MAX)))
        );
    }

    #[test]
    fn reads_the_recorded_traps() {
        let recorded = messages("snmp_trap_v1").remove(0);
        let read = CommunityMessage::parse(&recorded).unwrap();
        let trap = TrapV1 {
            enterprise: oid("1.3.6.1.4.1.8072.3.2.10"),
            agent: [10, 50, 0, 1].into(),
            generic: 2,
            specific: 0,
            uptime: 123_456,
        };
        assert_eq!((read.pdu.kind, &read.pdu.trap), (PduKind::TrapV1, &Some(trap)));
        assert_eq!(bindings(&read), named(&[("1.3.6.1.2.1.2.2.1.1.2", Value::Integer(2))]));
        let recorded = messages("snmp_trap_v2").remove(0);
        let read = CommunityMessage::parse(&recorded).unwrap();
        assert_eq!((read.pdu.kind, read.pdu.trap.is_some()), (PduKind::TrapV2, false));
        assert_eq!(bindings(&read)[0].1, Value::TimeTicks(123_456));
    }

    #[test]
    fn what_was_recorded_comes_back_when_sent_again_and_is_refused_when_cut() {
        let mut seen = 0;
        for (name, _) in captures::ALL.iter().filter(|(name, _)| name.starts_with("snmp_")) {
            for message in messages(name) {
                if message_version(&message) == Ok(3) {
                    continue;
                }
                seen += 1;
                let read = CommunityMessage::parse(&message).unwrap();
                let mut buf = vec![];
                read.emit(&mut buf);
                assert_eq!(CommunityMessage::parse(&buf), Ok(read.clone()));
                for length in 0..message.len() {
                    let cut = CommunityMessage::parse(&message[..length]);
                    assert!(
                        matches!(cut, Err(WireError::Short { .. })),
                        "{name} cut at {length}: {cut:?}"
                    );
                }
                let padded = [&message[..], &[0; 9]].concat();
                assert_eq!(CommunityMessage::parse(&padded), Ok(read));
            }
        }
        assert_eq!(seen, 14);
    }

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(message_version(&messages("snmp_v1")[0]), Ok(0));
        assert_eq!(message_version(&messages("snmp_v2c")[0]), Ok(1));
        assert_eq!(message_version(&messages("snmp_v3")[0]), Ok(3));
        let other = CommunityMessage::parse(&messages("snmp_v3")[0]).map(|_| ());
        assert!(matches!(other, Err(WireError::Unexpected { found: 3, .. })));
    }

    #[test]
    fn a_version_has_only_its_own_pdus() {
        for (version, kind, right) in [
            (Version::V1, PduKind::GetBulk, false),
            (Version::V1, PduKind::Inform, false),
            (Version::V1, PduKind::TrapV2, false),
            (Version::V2c, PduKind::Inform, true),
            (Version::V2c, PduKind::Report, false),
            (Version::V1, PduKind::GetNext, true),
        ] {
            let mut buf = vec![];
            emit_get(&mut buf, version, b"public", kind, 1, &[]);
            assert_eq!(CommunityMessage::parse(&buf).is_ok(), right, "{version:?} {kind:?}");
        }
        let mut trap = messages("snmp_trap_v1").remove(0);
        trap[4] = 1; // the version, after tag and length of message and number
        assert!(matches!(
            CommunityMessage::parse(&trap),
            Err(WireError::Unexpected { what: "snmp pdu", .. })
        ));
    }

    #[test]
    fn a_wrong_binding_is_an_error_in_its_place() {
        let wrong = Value::Other { tag: 0x40, bytes: &[1, 2, 3] }; // an address of three octets
        let name = oid("1.3.6.1.2.1.1.1.0");
        let mut buf = vec![];
        let list = [(name.clone(), Value::Null), (name.clone(), wrong), (name, Value::Integer(1))];
        emit_response(&mut buf, Version::V2c, b"public", 1, 0, 0, &list);
        let read = CommunityMessage::parse(&buf).unwrap();
        let oks: Vec<_> = read.pdu.bindings().map(|binding| binding.is_ok()).collect();
        assert_eq!(oks, [true, false, true]);
    }

    #[test]
    fn an_unending_list_is_cut_off() {
        let list = vec![(oid("1.3"), Value::Null); 5000];
        let mut buf = vec![];
        emit_response(&mut buf, Version::V2c, b"public", 1, 0, 0, &list);
        let read = CommunityMessage::parse(&buf).unwrap();
        let read: Vec<_> = read.pdu.bindings().collect();
        assert_eq!(read.len(), MOST_BINDINGS + 1);
        assert!(matches!(read.last(), Some(Err(WireError::TooLong { .. }))));
    }

    #[test]
    fn more_after_the_last_field_is_refused() {
        let mut buf = vec![];
        emit_get(&mut buf, Version::V2c, b"public", PduKind::Get, 1, &[]);
        buf[1] += 2; // the length of the message, one octet for one so short
        buf.extend([5, 0]);
        assert!(matches!(
            CommunityMessage::parse(&buf),
            Err(WireError::TooLong { what: "snmp message", .. })
        ));
    }

    #[test]
    fn a_community_is_not_printed() {
        let message = messages("snmp_v1").remove(0);
        let printed = format!("{:?}", CommunityMessage::parse(&message).unwrap());
        assert!(!printed.contains("public") && !printed.contains("112, 117, 98"), "{printed}");
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            second: bool,
            community in prop::collection::vec(any::<u8>(), 0..200),
            numbers: (i32, i32, i32),
            values in prop::collection::vec((prop::collection::vec(any::<u32>(), 0..20), any::<u64>(), any::<Vec<u8>>()), 0..30),
        ) {
            let version = if second { Version::V2c } else { Version::V1 };
            let list: Vec<_> = values
                .iter()
                .map(|(arcs, number, bytes)| {
                    let name = Oid::new([&[1, 3][..], arcs].concat()).unwrap();
                    let value = match number % 6 {
                        0 => Value::Integer(number.cast_signed()),
                        1 => Value::OctetString(bytes),
                        2 => Value::Counter64(*number),
                        3 => Value::Oid(name.clone()),
                        4 => Value::TimeTicks((number >> 32) as u32),
                        _ => Value::Opaque(bytes),
                    };
                    (name, value)
                })
                .collect();
            let mut buf = vec![];
            let (request_id, status, index) = numbers;
            emit_response(&mut buf, version, &community, request_id, status, index, &list);
            let read = CommunityMessage::parse(&buf).unwrap();
            assert_eq!((read.version, read.community), (version, &community[..]));
            assert_eq!((read.pdu.request_id, read.pdu.error_status, read.pdu.error_index), numbers);
            let back: Vec<_> = read.pdu.bindings().map(|b| b.map(|b| (b.name, b.value)).unwrap()).collect();
            assert_eq!(back, list);
            let mut again = vec![];
            read.emit(&mut again);
            assert_eq!(again, buf);
        }
    }
}
