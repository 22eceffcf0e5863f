//! What a fake SNMP agent says to a datagram: v1 and v2c as RFC 3416 has it, v3 as far as engine discovery goes
//! (RFC 3414, 4), and all the ways in which agents are known to go wrong. Pure: bytes in, bytes out.

use std::time::Duration;

use herkomst_ids::Oid;
use herkomst_wire::snmp::{
    CommunityMessage, PduKind, V3Message, Value, Version, emit_discovery_report, emit_response,
    message_version,
};

use crate::device::{Agent, CommunityVersion, Engine, Held, Manner};

/// The most that a datagram carries on Ethernet: 1500 less the headers of IPv4 and UDP.
const MOST_PAYLOAD: usize = 1472;
/// RFC 3416, 3: what v1 says where v2c says noSuchObject.
const NO_SUCH_NAME: i32 = 2;
/// RFC 3416, 4.2.5: writing is not for these agents.
const NOT_WRITABLE: i32 = 17;
/// RFC 3416, 4.2.3: more is not given at once.
const MOST_REPETITIONS: usize = 64;

/// What kind of question a datagram was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// Version 1 or 2c.
    Community {
        /// As sent.
        community: Vec<u8>,
        /// 1 or 2c.
        version: Version,
        /// Whether it would have changed something.
        writes: bool,
    },
    /// Version 3 without an engine id: discovery.
    Discovery,
    /// Version 3 with one.
    User(Vec<u8>),
    /// No message of SNMP.
    Unreadable,
}

/// A datagram to send back, and what is odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// From the port that was asked.
    Datagram(Vec<u8>),
    /// From the port after it.
    OtherPort(Vec<u8>),
    /// From the address after it.
    OtherAddress(Vec<u8>),
    /// With a checksum that does not fit.
    WrongChecksum(Vec<u8>),
    /// ICMP port unreachable.
    Unreachable,
}

/// What a datagram to port 161 was.
pub(crate) fn classify(datagram: &[u8]) -> Question {
    if message_version(datagram) == Ok(3) {
        return match V3Message::parse(datagram) {
            Ok(message) if message.usm.engine_id.is_empty() => Question::Discovery,
            Ok(message) => Question::User(message.usm.user.to_vec()),
            Err(_) => Question::Unreadable,
        };
    }
    match CommunityMessage::parse(datagram) {
        Ok(message) => Question::Community {
            community: message.community.to_vec(),
            version: message.version,
            writes: message.pdu.kind == PduKind::Set,
        },
        Err(_) => Question::Unreadable,
    }
}

/// What the agent sends back, `elapsed` after the lab started.
pub(crate) fn answer(agent: &Agent, datagram: &[u8], elapsed: Duration) -> Vec<Reply> {
    match agent.manner {
        Manner::Silent => return Vec::new(),
        Manner::Closed => return vec![Reply::Unreachable],
        Manner::Garbage => return vec![Reply::Datagram(garbage())],
        Manner::Empty => return vec![Reply::Datagram(Vec::new())],
        Manner::EchoRequest => return vec![Reply::Datagram(datagram.to_vec())],
        Manner::DeepNesting => return vec![Reply::Datagram(deep_nesting())],
        Manner::IndefiniteLength => {
            return vec![Reply::Datagram(vec![0x30, 0x80, 0x02, 0x01, 0x01, 0x00, 0x00])];
        }
        _ => {}
    }
    let Some(proper) = proper(agent, datagram, elapsed) else { return Vec::new() };
    match agent.manner {
        Manner::Truncated => vec![Reply::Datagram(proper[..proper.len() / 2].to_vec())],
        Manner::OtherPort => vec![Reply::OtherPort(proper)],
        Manner::OtherAddress => vec![Reply::OtherAddress(proper)],
        Manner::WrongChecksum => vec![Reply::WrongChecksum(proper)],
        Manner::Many => vec![Reply::Datagram(proper); 20],
        Manner::GarbageFirst => vec![Reply::Datagram(garbage()), Reply::Datagram(proper)],
        _ => vec![Reply::Datagram(proper)],
    }
}

/// The answer by the book, but for the fields that a manner falsifies.
fn proper(agent: &Agent, datagram: &[u8], elapsed: Duration) -> Option<Vec<u8>> {
    if message_version(datagram) == Ok(3) {
        return report(agent.engine.as_ref()?, agent.manner, datagram, elapsed);
    }
    let message = CommunityMessage::parse(datagram).ok()?;
    let version = match message.version {
        Version::V1 => CommunityVersion::V1,
        Version::V2c => CommunityVersion::V2c,
    };
    // RFC 3584, 5.2: an unknown community is not answered
    agent
        .communities
        .iter()
        .find(|(name, versions)| name == message.community && versions.contains(&version))?;
    let request_id = match agent.manner {
        Manner::WrongRequestId => message.pdu.request_id.wrapping_add(1) & i32::MAX,
        _ => message.pdu.request_id,
    };
    let community: &[u8] =
        if agent.manner == Manner::OtherEngine { b"another" } else { message.community };
    let names: Vec<Oid> = message
        .pdu
        .bindings()
        .map(|binding| binding.map(|b| b.name))
        .collect::<Result<_, _>>()
        .ok()?;
    let mut buf = Vec::with_capacity(256);
    let mut respond = |status: i32, index: i32, bindings: &[(Oid, Value<'_>)]| {
        buf.clear();
        emit_response(&mut buf, message.version, community, request_id, status, index, bindings);
        buf.len()
    };
    let nothing: Vec<(Oid, Value<'_>)> =
        names.iter().map(|name| (name.clone(), Value::Null)).collect();
    if let Some(status) = agent.error_status {
        respond(status, 1, &nothing);
        return Some(buf);
    }
    let long = vec![b'x'; MOST_PAYLOAD];
    match agent.manner {
        Manner::NoBindings => {
            respond(0, 0, &[]);
            return Some(buf);
        }
        Manner::LongOid => {
            let name = names.first()?.clone();
            respond(0, 0, &[(name, Value::Other { tag: 0x06, bytes: &[0x01; 1200] })]);
            return Some(buf);
        }
        Manner::Oversize => {
            let name = names.first()?.clone();
            let mut room = MOST_PAYLOAD;
            while respond(0, 0, &[(name.clone(), Value::OctetString(&long[..room]))]) > MOST_PAYLOAD
            {
                room -= 16;
            }
            return Some(buf);
        }
        _ => {}
    }
    match message.pdu.kind {
        PduKind::Get => {
            let values: Vec<Option<Value<'_>>> =
                names.iter().map(|name| exact(agent, name, elapsed)).collect();
            if message.version == Version::V1
                && let Some(missing) = values.iter().position(Option::is_none)
            {
                respond(NO_SUCH_NAME, i32::try_from(missing + 1).unwrap_or(1), &nothing);
                return Some(buf);
            }
            let bindings: Vec<(Oid, Value<'_>)> = names
                .into_iter()
                .zip(values)
                .map(|(name, value)| (name, value.unwrap_or(Value::NoSuchObject)))
                .collect();
            respond(0, 0, &bindings);
        }
        PduKind::GetNext => {
            let following: Vec<_> = names.iter().map(|name| after(agent, name, elapsed)).collect();
            if message.version == Version::V1
                && let Some(missing) = following.iter().position(Option::is_none)
            {
                respond(NO_SUCH_NAME, i32::try_from(missing + 1).unwrap_or(1), &nothing);
                return Some(buf);
            }
            let bindings: Vec<(Oid, Value<'_>)> = names
                .into_iter()
                .zip(following)
                .map(|(name, next)| next.unwrap_or((name, Value::EndOfMibView)))
                .collect();
            respond(0, 0, &bindings);
        }
        PduKind::GetBulk => {
            // RFC 3416, 4.2.3: error-status and error-index are non-repeaters and max-repetitions here.
            let count = |field: i32| usize::try_from(field).unwrap_or(0);
            let (single, repeated) =
                names.split_at(count(message.pdu.error_status).min(names.len()));
            let mut bindings: Vec<(Oid, Value<'_>)> = Vec::new();
            for name in single {
                bindings.push(
                    after(agent, name, elapsed).unwrap_or((name.clone(), Value::EndOfMibView)),
                );
            }
            let mut row: Vec<Oid> = repeated.to_vec();
            'rows: for _ in 0..count(message.pdu.error_index).min(MOST_REPETITIONS) {
                for name in &mut row {
                    let next =
                        after(agent, name, elapsed).unwrap_or((name.clone(), Value::EndOfMibView));
                    *name = next.0.clone();
                    bindings.push(next);
                    if respond(0, 0, &bindings) > MOST_PAYLOAD {
                        bindings.pop();
                        break 'rows;
                    }
                }
            }
            respond(0, 0, &bindings);
        }
        PduKind::Set => {
            respond(
                if message.version == Version::V1 { NO_SUCH_NAME } else { NOT_WRITABLE },
                1,
                &nothing,
            );
        }
        PduKind::Response
        | PduKind::Inform
        | PduKind::TrapV1
        | PduKind::TrapV2
        | PduKind::Report => return None,
    }
    Some(buf)
}

fn exact<'a>(agent: &'a Agent, name: &Oid, elapsed: Duration) -> Option<Value<'a>> {
    let at = agent.objects.binary_search_by(|(held, _)| held.cmp(name)).ok()?;
    Some(value(&agent.objects.get(at)?.1, elapsed))
}

fn after<'a>(agent: &'a Agent, name: &Oid, elapsed: Duration) -> Option<(Oid, Value<'a>)> {
    let at = agent.objects.partition_point(|(held, _)| held <= name);
    let (name, held) = agent.objects.get(at)?;
    Some((name.clone(), value(held, elapsed)))
}

fn value(held: &Held, elapsed: Duration) -> Value<'_> {
    match held {
        Held::Text(text) => Value::OctetString(text),
        Held::Integer(integer) => Value::Integer(*integer),
        Held::Oid(oid) => Value::Oid(oid.clone()),
        Held::Ticks(ticks) => {
            let more = u32::try_from(elapsed.as_millis() / 10).unwrap_or(u32::MAX);
            Value::TimeTicks(ticks.wrapping_add(more))
        }
    }
}

/// A report: of the engine to a discovery, of an unknown user to anything else (RFC 3414, 3.2, steps 3 and 4).
fn report(engine: &Engine, manner: Manner, datagram: &[u8], elapsed: Duration) -> Option<Vec<u8>> {
    let message = V3Message::parse(datagram).ok()?;
    let request_id = message.scoped.as_ref().map_or(0, |scoped| scoped.pdu.request_id);
    let mut msg_id = message.msg_id;
    let mut id = engine.id.octets().to_vec();
    if matches!(manner, Manner::WrongRequestId | Manner::OtherEngine) {
        msg_id = msg_id.wrapping_add(1) & i32::MAX;
    }
    match manner {
        Manner::OtherEngine => id.reverse(),
        // RFC 3411, 5: an engine id has at most 32 octets
        Manner::Oversize => id = vec![0x80; 1200],
        _ => {}
    }
    let seconds = i32::try_from(elapsed.as_secs()).unwrap_or(i32::MAX);
    let mut buf = Vec::with_capacity(160);
    emit_discovery_report(
        &mut buf,
        msg_id,
        request_id,
        &id,
        engine.boots,
        engine.time.saturating_add(seconds),
        1,
    );
    if !message.usm.engine_id.is_empty() {
        // usmStatsUnknownUserNames.0 differs from usmStatsUnknownEngineIDs.0 in one arc: 3 for 4 (RFC 3414, 5).
        const UNKNOWN_ENGINE_IDS: [u8; 10] = [0x2b, 6, 1, 6, 3, 15, 1, 1, 4, 0];
        let at = buf
            .windows(UNKNOWN_ENGINE_IDS.len())
            .rposition(|window| window == UNKNOWN_ENGINE_IDS)?;
        *buf.get_mut(at + 8)? = 3;
    }
    Some(buf)
}

/// Looks like a message for its first bytes, and is none.
fn garbage() -> Vec<u8> {
    let mut bytes = vec![0x30, 0x82, 0x03, 0xff, 0x02, 0x01, 0x01, 0x04, 0xff];
    bytes.extend((0u8..200).map(|n| n.wrapping_mul(73).wrapping_add(41)));
    bytes
}

/// Sequences inside sequences, each with the length that is right for it.
fn deep_nesting() -> Vec<u8> {
    let mut bytes: Vec<u8> = vec![0x05, 0x00];
    while bytes.len() < MOST_PAYLOAD - 4 {
        let length = bytes.len();
        let mut outer = match u8::try_from(length) {
            Ok(short @ 0..0x80) => vec![0x30, short],
            _ => {
                let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
                vec![0x30, 0x82, high, low]
            }
        };
        outer.append(&mut bytes);
        bytes = outer;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use herkomst_wire::snmp::{emit_discovery, emit_get, emit_get_bulk};

    use super::*;
    use crate::Device;

    fn agent(more: &str) -> Agent {
        let text = format!(
            "title = \"t\"\nmac = \"00:e0:fc:00:00:01\"\n[snmp]\n{more}\nengine = {{ enterprise = 2011, boots = 3, time = 100 }}\n\
             [[snmp.community]]\nname = \"right\"\n[snmp.system]\ndescription = \"text\"\nup-time = 500\nname = \"n\"\n"
        );
        Device::parse(&text, "t", "t.toml").unwrap().agent.unwrap()
    }

    fn oid(text: &str) -> Oid {
        text.parse().unwrap()
    }

    fn ask(version: Version, community: &[u8], kind: PduKind, oids: &[&str]) -> Vec<u8> {
        let mut buf = Vec::new();
        let oids: Vec<Oid> = oids.iter().map(|text| oid(text)).collect();
        emit_get(&mut buf, version, community, kind, 77, &oids);
        buf
    }

    fn only(replies: &[Reply]) -> &[u8] {
        let [Reply::Datagram(bytes)] = replies else { panic!("one datagram, not {replies:?}") };
        bytes
    }

    const DESCRIPTION: &str = "1.3.6.1.2.1.1.1.0";
    const LOCATION: &str = "1.3.6.1.2.1.1.6.0";

    #[test]
    fn answers_what_it_holds_and_says_what_it_does_not() {
        let replies = answer(
            &agent(""),
            &ask(Version::V2c, b"right", PduKind::Get, &[DESCRIPTION, LOCATION]),
            Duration::ZERO,
        );
        let message = CommunityMessage::parse(only(&replies)).unwrap();
        assert_eq!((message.pdu.kind, message.pdu.request_id), (PduKind::Response, 77));
        let values: Vec<_> = message.pdu.bindings().map(|binding| binding.unwrap().value).collect();
        assert_eq!(values, [Value::OctetString(b"text"), Value::NoSuchObject]);

        let replies = answer(
            &agent(""),
            &ask(Version::V1, b"right", PduKind::Get, &[DESCRIPTION, LOCATION]),
            Duration::ZERO,
        );
        let pdu = CommunityMessage::parse(only(&replies)).unwrap().pdu;
        assert_eq!((pdu.error_status, pdu.error_index), (NO_SUCH_NAME, 2), "v1 has no exceptions");
    }

    #[test]
    fn an_unknown_community_is_not_answered() {
        assert_eq!(
            answer(
                &agent(""),
                &ask(Version::V2c, b"wrong", PduKind::Get, &[DESCRIPTION]),
                Duration::ZERO
            ),
            []
        );
    }

    #[test]
    fn walks_in_order_to_the_end_of_the_view() {
        let mut request = Vec::new();
        emit_get_bulk(&mut request, b"right", 5, 0, 10, &[oid("1.3.6.1.2.1.1")]);
        let replies = answer(&agent(""), &request, Duration::from_secs(2));
        let message = CommunityMessage::parse(only(&replies)).unwrap();
        let bindings: Vec<_> = message.pdu.bindings().map(Result::unwrap).collect();
        assert_eq!(bindings[0].name, oid(DESCRIPTION));
        assert_eq!(bindings[1].value, Value::TimeTicks(700), "the clock runs");
        assert_eq!(bindings[3].value, Value::EndOfMibView);
    }

    #[test]
    fn tells_its_engine_to_a_discovery_and_refuses_every_user() {
        let mut request = Vec::new();
        emit_discovery(&mut request, 9, 10);
        assert_eq!(classify(&request), Question::Discovery);
        let replies = answer(&agent(""), &request, Duration::from_secs(4));
        let message = V3Message::parse(only(&replies)).unwrap();
        assert_eq!((message.msg_id, message.usm.boots, message.usm.time), (9, 3, 104));
        assert_eq!(message.usm.engine_id[..4], [0x80, 0x00, 0x07, 0xdb]);

        let mut request = Vec::new(); // a report has an engine id, as a request of a user has
        emit_discovery_report(&mut request, 9, 10, message.usm.engine_id, 3, 104, 0);
        let replies = answer(&agent(""), &request, Duration::ZERO);
        let message = V3Message::parse(only(&replies)).unwrap();
        let binding = message.scoped.unwrap().pdu.bindings().next().unwrap().unwrap();
        assert_eq!(binding.name, oid("1.3.6.1.6.3.15.1.1.3.0"), "usmStatsUnknownUserNames");
    }

    #[test]
    fn each_bad_manner_is_bad_in_its_own_way_and_fits_a_frame() {
        let request = ask(Version::V2c, b"right", PduKind::Get, &[DESCRIPTION]);
        let proper = answer(&agent(""), &request, Duration::ZERO);
        let mut seen = vec![proper.clone()];
        for manner in [
            "silent",
            "closed",
            "garbage",
            "empty",
            "truncated",
            "wrong-request-id",
            "echo-request",
            "other-engine",
            "oversize",
            "other-port",
            "other-address",
            "no-bindings",
            "deep-nesting",
            "long-oid",
            "indefinite-length",
            "wrong-checksum",
            "many",
            "garbage-first",
        ] {
            let replies =
                answer(&agent(&format!("manner = \"{manner}\"")), &request, Duration::ZERO);
            assert!(!seen.contains(&replies), "{manner} is like another");
            for reply in &replies {
                if let Reply::Datagram(bytes) = reply {
                    assert!(bytes.len() <= MOST_PAYLOAD, "{manner}: {}", bytes.len());
                    let answers = CommunityMessage::parse(bytes).is_ok_and(|message| {
                        message.pdu.kind == PduKind::Response
                            && message.pdu.request_id == 77
                            && message.community == b"right"
                    });
                    let allowed = ["no-bindings", "oversize", "long-oid", "many", "garbage-first"]
                        .contains(&manner);
                    assert!(!answers || allowed, "{manner} answers properly");
                }
            }
            seen.push(replies);
        }
        let replies = answer(&agent("error-status = 5"), &request, Duration::ZERO);
        assert_eq!(CommunityMessage::parse(only(&replies)).unwrap().pdu.error_status, 5);
    }
}
