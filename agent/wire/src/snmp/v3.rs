//! Version 3 as far as it can be read without a key: the headers (RFC 3412, 6; RFC 3414, 2.4), a PDU in the clear, and
//! engine discovery from both sides (RFC 3414, 4).
//!
//! Authentication is not checked here: a digest is shown, never believed.

use herkomst_ids::Oid;

use super::ber;
use super::pdu::{self, Pdu, PduKind};
use super::value::Value;
use crate::{Reader, WireError};

/// The bits of [`V3Message::flags`] (RFC 3412, 6.4).
pub mod flag {
    /// The message carries a digest.
    pub const AUTHENTICATED: u8 = 1;
    /// The PDU is encrypted.
    pub const ENCRYPTED: u8 = 2;
    /// The receiver may report what is wrong with it.
    pub const REPORTABLE: u8 = 4;
}

/// The number of the user-based security model (RFC 3411, 5: `SnmpSecurityModel`).
pub const USER_BASED: i32 = 3;
/// What we can receive: the most that UDP over IPv4 carries.
pub const MOST_MESSAGE: i32 = 65_507;
const VERSION: i64 = 3;

/// usmStatsUnknownEngineIDs.0: what a report of engine discovery names (RFC 3414, 5).
pub fn unknown_engine_ids() -> Oid {
    Oid::new([1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0]).expect("a constant within the bounds")
}

/// A message of version 3 under the user-based security model. What follows it in the datagram is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V3Message<'a> {
    /// Ties an answer to its question.
    pub msg_id: i32,
    /// The longest message that the sender can receive.
    pub max_size: i32,
    /// The bits of [`flag`].
    pub flags: u8,
    /// Always [`USER_BASED`]: others are refused.
    pub security_model: i32,
    /// Who speaks, to whom, and when.
    pub usm: Usm<'a>,
    /// What it says; `None` when that is encrypted.
    pub scoped: Option<ScopedPdu<'a>>,
}

/// The security parameters (RFC 3414, 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usm<'a> {
    /// The engine whose clock counts; empty in a discovery. As sent: `EngineId` says whether it is a right one.
    pub engine_id: &'a [u8],
    /// How often it has started.
    pub boots: i32,
    /// Seconds since it last did.
    pub time: i32,
    /// The user.
    pub user: &'a [u8],
    /// The digest.
    pub auth_params: &'a [u8],
    /// The salt.
    pub priv_params: &'a [u8],
}

/// A PDU and the context it is about (RFC 3412, 6.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedPdu<'a> {
    /// The engine that the objects are in.
    pub engine_id: &'a [u8],
    /// The context in that engine; mostly empty.
    pub name: &'a [u8],
    /// What it says.
    pub pdu: Pdu<'a>,
}

impl<'a> V3Message<'a> {
    /// Reads a datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut message = ber::sequence(&mut Reader::new(bytes), "snmp message")?;
        let at = message.at();
        let version = ber::integer(&mut message, "snmp version")?;
        if i64::from(version) != VERSION {
            let found = i64::from(version).cast_unsigned();
            return Err(WireError::Unexpected { what: "snmp version", at, found, want: "3" });
        }
        let mut global = ber::sequence(&mut message, "snmp header data")?;
        let msg_id = ber::natural(&mut global, "snmp message id")?;
        let max_size = ber::natural(&mut global, "snmp maximum size")?;
        let flags = flags(&mut global)?;
        let at = global.at();
        let security_model = ber::natural(&mut global, "snmp security model")?;
        if security_model != USER_BASED {
            let found = i64::from(security_model).cast_unsigned();
            return Err(WireError::Unexpected {
                what: "snmp security model",
                at,
                found,
                want: "3 (user-based)",
            });
        }
        pdu::nothing_more(global, "snmp header data")?;
        let mut parameters = ber::expect(
            &mut message,
            ber::OCTET_STRING,
            "snmp security parameters",
            "4 (an octet string)",
        )?;
        let usm = Usm::read(&mut parameters)?;
        let scoped = if flags & flag::ENCRYPTED != 0 {
            ber::octets(&mut message, "snmp encrypted pdu")?;
            None
        } else {
            Some(ScopedPdu::read(&mut message)?)
        };
        pdu::nothing_more(message, "snmp message")?;
        Ok(Self { msg_id, max_size, flags, security_model, usm, scoped })
    }
}

fn flags(global: &mut Reader<'_>) -> Result<u8, WireError> {
    let what = "snmp message flags";
    let mut octets = ber::expect(global, ber::OCTET_STRING, what, "4 (an octet string)")?;
    let at = octets.at();
    let flags = octets.u8(what)?;
    pdu::nothing_more(octets, what)?;
    // RFC 3412, 7.2, step 5d: encryption without authentication does not exist
    if flags & (flag::AUTHENTICATED | flag::ENCRYPTED) == flag::ENCRYPTED {
        let found = flags.into();
        return Err(WireError::Unexpected {
            what,
            at,
            found,
            want: "authenticated where encrypted",
        });
    }
    Ok(flags)
}

impl<'a> Usm<'a> {
    fn read(parameters: &mut Reader<'a>) -> Result<Self, WireError> {
        let mut fields = ber::sequence(parameters, "snmp security parameters")?;
        pdu::nothing_more(*parameters, "snmp security parameters")?;
        let usm = Self {
            engine_id: ber::octets(&mut fields, "snmp engine id")?,
            boots: ber::natural(&mut fields, "snmp engine boots")?,
            time: ber::natural(&mut fields, "snmp engine time")?,
            user: ber::octets(&mut fields, "snmp user")?,
            auth_params: ber::octets(&mut fields, "snmp digest")?,
            priv_params: ber::octets(&mut fields, "snmp salt")?,
        };
        pdu::nothing_more(fields, "snmp security parameters")?;
        Ok(usm)
    }

    fn emit(&self, buf: &mut Vec<u8>) {
        ber::emit(buf, ber::OCTET_STRING, |buf| {
            ber::emit(buf, ber::SEQUENCE, |buf| {
                ber::emit_octets(buf, ber::OCTET_STRING, self.engine_id);
                ber::emit_signed(buf, ber::INTEGER, self.boots.into());
                ber::emit_signed(buf, ber::INTEGER, self.time.into());
                ber::emit_octets(buf, ber::OCTET_STRING, self.user);
                ber::emit_octets(buf, ber::OCTET_STRING, self.auth_params);
                ber::emit_octets(buf, ber::OCTET_STRING, self.priv_params);
            });
        });
    }
}

impl<'a> ScopedPdu<'a> {
    fn read(message: &mut Reader<'a>) -> Result<Self, WireError> {
        let mut fields = ber::sequence(message, "snmp scoped pdu")?;
        let engine_id = ber::octets(&mut fields, "snmp context engine id")?;
        let name = ber::octets(&mut fields, "snmp context name")?;
        let pdu = Pdu::read(&mut fields)?;
        pdu::nothing_more(fields, "snmp scoped pdu")?;
        Ok(Self { engine_id, name, pdu })
    }
}

/// Appends the question who the engine is: no user, no engine id, no names (RFC 3414, 4). Ids are 0 or more.
pub fn emit_discovery(buf: &mut Vec<u8>, msg_id: i32, request_id: i32) {
    let usm =
        Usm { engine_id: &[], boots: 0, time: 0, user: &[], auth_params: &[], priv_params: &[] };
    emit_plain(buf, msg_id, flag::REPORTABLE, &usm, |buf| {
        pdu::emit_pdu(buf, PduKind::Get, (request_id, 0, 0), std::iter::empty());
    });
}

/// Appends the answer: a report of usmStatsUnknownEngineIDs with the engine's id and clock (RFC 3414, 3.2, step 3).
pub fn emit_discovery_report(
    buf: &mut Vec<u8>,
    msg_id: i32,
    request_id: i32,
    engine_id: &[u8],
    boots: i32,
    time: i32,
    counter: u32,
) {
    let usm = Usm { engine_id, boots, time, user: &[], auth_params: &[], priv_params: &[] };
    emit_plain(buf, msg_id, 0, &usm, |buf| {
        let binding = (&unknown_engine_ids(), &Value::Counter32(counter));
        pdu::emit_pdu(buf, PduKind::Report, (request_id, 0, 0), std::iter::once(binding));
    });
}

/// Appends a message in the clear, its context the engine itself.
fn emit_plain(
    buf: &mut Vec<u8>,
    msg_id: i32,
    flags: u8,
    usm: &Usm<'_>,
    pdu: impl FnOnce(&mut Vec<u8>),
) {
    ber::emit(buf, ber::SEQUENCE, |buf| {
        ber::emit_signed(buf, ber::INTEGER, VERSION);
        ber::emit(buf, ber::SEQUENCE, |buf| {
            ber::emit_signed(buf, ber::INTEGER, msg_id.into());
            ber::emit_signed(buf, ber::INTEGER, MOST_MESSAGE.into());
            ber::emit_octets(buf, ber::OCTET_STRING, &[flags]);
            ber::emit_signed(buf, ber::INTEGER, USER_BASED.into());
        });
        usm.emit(buf);
        ber::emit(buf, ber::SEQUENCE, |buf| {
            ber::emit_octets(buf, ber::OCTET_STRING, usm.engine_id);
            ber::emit_octets(buf, ber::OCTET_STRING, &[]);
            pdu(buf);
        });
    });
}

#[cfg(test)]
mod tests {
    use herkomst_ids::{EngineId, MacAddr, Pen};

    use super::*;
    use crate::captures;

    fn messages(name: &str) -> Vec<Vec<u8>> {
        captures::frames(name).iter().map(|frame| frame[42..].to_vec()).collect()
    }

    #[test]
    fn our_discovery_is_the_recorded_one() {
        let recorded = messages("snmp_v3").remove(0);
        let read = V3Message::parse(&recorded).unwrap();
        let request_id = read.scoped.unwrap().pdu.request_id;
        let mut buf = vec![];
        emit_discovery(&mut buf, read.msg_id, request_id);
        assert_eq!(buf, recorded);
    }

    #[test]
    fn reads_who_the_recorded_engine_is() {
        let recorded = messages("snmp_v3");
        let question = V3Message::parse(&recorded[0]).unwrap();
        let report = V3Message::parse(&recorded[1]).unwrap();
        assert_eq!(
            (report.msg_id, report.flags, report.security_model),
            (question.msg_id, 0, USER_BASED)
        );
        let engine = EngineId::new(report.usm.engine_id).unwrap();
        assert_eq!((engine.pen(), engine.mac()), (Pen(8072), Some(MacAddr([2, 0, 0, 0, 0, 0x0b]))));
        assert_eq!((report.usm.boots, report.usm.time), (1, 4));
        let scoped = report.scoped.unwrap();
        assert_eq!((scoped.engine_id, scoped.name), (engine.octets(), &b""[..]));
        assert_eq!(
            (scoped.pdu.kind, scoped.pdu.request_id),
            (PduKind::Report, question.scoped.unwrap().pdu.request_id)
        );
        let bindings: Vec<_> = scoped.pdu.bindings().map(Result::unwrap).collect();
        let [binding] = &bindings[..] else { panic!("one binding: {bindings:?}") };
        assert_eq!((&binding.name, &binding.value), (&unknown_engine_ids(), &Value::Counter32(1)));
    }

    #[test]
    fn our_report_is_the_recorded_one() {
        let recorded = messages("snmp_v3").remove(1);
        let read = V3Message::parse(&recorded).unwrap();
        let request_id = read.scoped.as_ref().unwrap().pdu.request_id;
        let mut buf = vec![];
        emit_discovery_report(&mut buf, read.msg_id, request_id, read.usm.engine_id, 1, 4, 1);
        assert_eq!(buf, recorded);
    }

    #[test]
    fn an_encrypted_message_shows_its_headers_only() {
        let recorded = messages("snmp_v3");
        for (message, reportable) in [(&recorded[2], true), (&recorded[3], false)] {
            let read = V3Message::parse(message).unwrap();
            let flags = flag::AUTHENTICATED
                | flag::ENCRYPTED
                | if reportable { flag::REPORTABLE } else { 0 };
            assert_eq!((read.flags, read.scoped), (flags, None));
            assert_eq!(
                (read.usm.user, read.usm.auth_params.len(), read.usm.priv_params.len()),
                (&b"labuser"[..], 24, 8)
            );
        }
    }

    #[test]
    fn a_recorded_report_on_an_unknown_user_is_read_as_well() {
        let recorded = messages("snmp_v3_unknown_user");
        let read = V3Message::parse(&recorded[3]).unwrap();
        let binding = read.scoped.unwrap().pdu.bindings().next().unwrap().unwrap();
        assert_eq!(binding.name.to_string(), "1.3.6.1.6.3.15.1.1.3.0");
    }

    #[test]
    fn cut_at_any_byte_it_is_short_and_padding_is_left() {
        for message in messages("snmp_v3").iter().chain(&messages("snmp_v3_unknown_user")) {
            for length in 0..message.len() {
                let cut = V3Message::parse(&message[..length]);
                assert!(matches!(cut, Err(WireError::Short { .. })), "cut at {length}: {cut:?}");
            }
            let padded = [&message[..], &[0; 3]].concat();
            assert_eq!(V3Message::parse(&padded), V3Message::parse(message));
        }
    }

    #[test]
    fn encryption_without_authentication_and_other_models_are_refused() {
        let message = messages("snmp_v3").remove(0);
        let flags =
            message.windows(3).position(|part| part == [4, 1, flag::REPORTABLE]).unwrap() + 2;
        for (octet, right) in [(0, true), (2, false), (6, false)] {
            let mut changed = message.clone();
            changed[flags] = octet;
            assert_eq!(V3Message::parse(&changed).is_ok(), right, "{octet}");
        }
        let mut changed = message.clone();
        changed[flags + 3] = 1; // the security model, after its tag and length
        let refused = V3Message::parse(&changed);
        assert!(matches!(
            refused,
            Err(WireError::Unexpected { what: "snmp security model", found: 1, .. })
        ));
        let refused = V3Message::parse(&captures::frames("snmp_v2c")[0][42..]).map(|_| ());
        assert!(matches!(
            refused,
            Err(WireError::Unexpected { what: "snmp version", found: 1, .. })
        ));
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            msg_id in 0..=i32::MAX,
            request_id: i32,
            engine_id in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            clock in (0..=i32::MAX, 0..=i32::MAX),
            counter: u32,
        ) {
            let mut buf = vec![];
            emit_discovery_report(&mut buf, msg_id, request_id, &engine_id, clock.0, clock.1, counter);
            let read = V3Message::parse(&buf).unwrap();
            assert_eq!((read.msg_id, read.max_size, read.flags), (msg_id, MOST_MESSAGE, 0));
            assert_eq!((read.usm.engine_id, read.usm.boots, read.usm.time), (&engine_id[..], clock.0, clock.1));
            let pdu = read.scoped.unwrap().pdu;
            assert_eq!(pdu.request_id, request_id);
            assert_eq!(pdu.bindings().next().unwrap().unwrap().value, Value::Counter32(counter));
        }
    }
}
