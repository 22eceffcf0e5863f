//! What a fake SNMP agent says to a datagram: v1 and v2c as RFC 3416 has it, v3 as far as engine discovery goes
//! (RFC 3414, 4), and all the ways in which agents are known to go wrong. Pure: bytes in, bytes out.

mod garbage;
mod operation;

use std::time::Duration;

use herkomst_ids::Oid;
use herkomst_wire::snmp::{
    CommunityMessage, PduKind, V3Message, Value, Version, emit_discovery_report, emit_response,
    message_version,
};

use self::operation::{Answered, Question as Asked};
use crate::device::{Agent, CommunityVersion, Engine, Manner};
use crate::objects::Objects;

/// The most that a datagram carries on Ethernet: 1500 less the headers of IPv6, the longer ones, and UDP.
const MOST_PAYLOAD: usize = 1452;

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

/// When a question comes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment {
    /// How long ago the lab started.
    pub(crate) elapsed: Duration,
    /// How many questions of version 1 or 2c this agent has had before.
    pub(crate) before: u64,
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

/// What the agent sends back.
pub(crate) fn answer(agent: &Agent, datagram: &[u8], moment: Moment) -> Vec<Reply> {
    match agent.manner {
        Manner::Silent => return Vec::new(),
        Manner::Closed => return vec![Reply::Unreachable],
        Manner::Garbage => return vec![Reply::Datagram(garbage::garbage())],
        Manner::Empty => return vec![Reply::Datagram(Vec::new())],
        Manner::EchoRequest => return vec![Reply::Datagram(datagram.to_vec())],
        Manner::DeepNesting => return vec![Reply::Datagram(garbage::deep_nesting(MOST_PAYLOAD))],
        Manner::IndefiniteLength => {
            return vec![Reply::Datagram(vec![0x30, 0x80, 0x02, 0x01, 0x01, 0x00, 0x00])];
        }
        _ => {}
    }
    let Some(proper) = proper(agent, datagram, moment) else { return Vec::new() };
    match agent.manner {
        Manner::Truncated => vec![Reply::Datagram(proper[..proper.len() / 2].to_vec())],
        Manner::OtherPort => vec![Reply::OtherPort(proper)],
        Manner::OtherAddress => vec![Reply::OtherAddress(proper)],
        Manner::WrongChecksum => vec![Reply::WrongChecksum(proper)],
        Manner::Many => vec![Reply::Datagram(proper); 20],
        Manner::GarbageFirst => vec![Reply::Datagram(garbage::garbage()), Reply::Datagram(proper)],
        _ => vec![Reply::Datagram(proper)],
    }
}

/// How much longer than the device itself its agent takes.
pub(crate) fn latency(agent: &Agent, moment: Moment) -> Duration {
    let slower = agent.habits.slower_ms.saturating_mul(moment.before);
    Duration::from_millis(agent.habits.latency_ms.saturating_add(slower).min(LONGEST))
}

/// An answer later than this, in milliseconds, is for nobody.
const LONGEST: u64 = 3_600_000;

/// The answer by the book, but for the fields that a manner falsifies.
fn proper(agent: &Agent, datagram: &[u8], moment: Moment) -> Option<Vec<u8>> {
    if message_version(datagram) == Ok(3) {
        return report(agent.engine.as_ref()?, agent.manner, datagram, moment.elapsed);
    }
    let message = CommunityMessage::parse(datagram).ok()?;
    let views = views(agent, &message)?;
    if agent.habits.silent_after.is_some_and(|most| moment.before >= most) {
        return None;
    }
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
    let respond = |status: i32, index: i32, bindings: &[(Oid, Value<'_>)]| {
        let mut buf = Vec::with_capacity(256);
        emit_response(&mut buf, message.version, community, request_id, status, index, bindings);
        buf
    };
    if let Some(status) = agent.error_status {
        return Some(respond(status, 1, &nothing(&names)));
    }
    match agent.manner {
        Manner::NoBindings => return Some(respond(0, 0, &[])),
        Manner::LongOid => {
            let name = names.first()?.clone();
            return Some(respond(
                0,
                0,
                &[(name, Value::Other { tag: 0x06, bytes: &[0x01; 1200] })],
            ));
        }
        Manner::Oversize => {
            let name = names.first()?.clone();
            let long = [b'x'; MOST_PAYLOAD];
            let empty = respond(0, 0, &[(name.clone(), Value::OctetString(&[]))]).len();
            // Five lengths grow with the text, by two bytes each.
            let text = long.get(..MOST_PAYLOAD.checked_sub(empty + 10)?)?;
            return Some(respond(0, 0, &[(name, Value::OctetString(text))]));
        }
        _ => {}
    }
    let question = Asked {
        kind: message.pdu.kind,
        v1: message.version == Version::V1,
        names: &names,
        // RFC 3416, 4.2.3: error-status and error-index are non-repeaters and max-repetitions here.
        single: usize::try_from(message.pdu.error_status).unwrap_or(0),
        repetitions: usize::try_from(message.pdu.error_index).unwrap_or(0),
    };
    let room = MOST_PAYLOAD.checked_sub(respond(0, 0, &[]).len() + 8)?;
    match operation::answer(&views, &agent.habits, &question, room) {
        Answered::Silence => None,
        Answered::Error { status, index } => Some(respond(status, index, &nothing(&names))),
        Answered::Bindings(bindings) => {
            let bindings: Vec<(Oid, Value<'_>)> = bindings
                .iter()
                .map(|(name, held)| {
                    let value = match held {
                        Some(held) => held.value(moment.elapsed),
                        None if question.kind == PduKind::Get => Value::NoSuchObject,
                        None => Value::EndOfMibView,
                    };
                    (name.clone(), value)
                })
                .collect();
            Some(respond(0, 0, &bindings))
        }
    }
}

fn nothing(names: &[Oid]) -> Vec<(Oid, Value<'static>)> {
    names.iter().map(|name| (name.clone(), Value::Null)).collect()
}

/// What the one who asks may see: the agent's objects, and with `community@context` those of that context too. None for
/// a stranger, who is not answered (RFC 3584, 5.2).
fn views<'a>(agent: &'a Agent, message: &CommunityMessage<'_>) -> Option<Vec<&'a Objects>> {
    let version = match message.version {
        Version::V1 => CommunityVersion::V1,
        Version::V2c => CommunityVersion::V2c,
    };
    let knows = |community: &[u8]| {
        agent
            .communities
            .iter()
            .any(|(name, versions)| name == community && versions.contains(&version))
    };
    if knows(message.community) {
        return Some(vec![&agent.objects]);
    }
    let at = message.community.iter().rposition(|byte| *byte == b'@')?;
    let (community, context) = (message.community.get(..at)?, message.community.get(at + 1..)?);
    let context = agent.contexts.get(std::str::from_utf8(context).ok()?)?;
    knows(community).then(|| vec![&agent.objects, context])
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

#[cfg(test)]
mod tests {
    use herkomst_wire::snmp::{emit_discovery, emit_get, emit_get_bulk};

    use super::operation::NO_SUCH_NAME;
    use super::*;
    use crate::Device;

    fn agent(more: &str) -> Agent {
        let text = format!(
            "title = \"t\"\nmac = \"00:e0:fc:00:00:01\"\n[snmp]\n{more}\nengine = {{ enterprise = 2011, boots = 3, time = 100 }}\n\
             [[snmp.community]]\nname = \"right\"\n[snmp.system]\ndescription = \"text\"\nup-time = 500\nname = \"n\"\n"
        );
        Device::parse(&text, "t", "t.toml").unwrap().agent.unwrap()
    }

    fn after(seconds: u64) -> Moment {
        Moment { elapsed: Duration::from_secs(seconds), before: 0 }
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
            Moment::default(),
        );
        let message = CommunityMessage::parse(only(&replies)).unwrap();
        assert_eq!((message.pdu.kind, message.pdu.request_id), (PduKind::Response, 77));
        let values: Vec<_> = message.pdu.bindings().map(|binding| binding.unwrap().value).collect();
        assert_eq!(values, [Value::OctetString(b"text"), Value::NoSuchObject]);

        let replies = answer(
            &agent(""),
            &ask(Version::V1, b"right", PduKind::Get, &[DESCRIPTION, LOCATION]),
            Moment::default(),
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
                Moment::default()
            ),
            []
        );
    }

    #[test]
    fn walks_in_order_to_the_end_of_the_view() {
        let mut request = Vec::new();
        emit_get_bulk(&mut request, b"right", 5, 0, 10, &[oid("1.3.6.1.2.1.1")]);
        let replies = answer(&agent(""), &request, after(2));
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
        let replies = answer(&agent(""), &request, after(4));
        let message = V3Message::parse(only(&replies)).unwrap();
        assert_eq!((message.msg_id, message.usm.boots, message.usm.time), (9, 3, 104));
        assert_eq!(message.usm.engine_id[..4], [0x80, 0x00, 0x07, 0xdb]);

        let mut request = Vec::new(); // a report has an engine id, as a request of a user has
        emit_discovery_report(&mut request, 9, 10, message.usm.engine_id, 3, 104, 0);
        let replies = answer(&agent(""), &request, Moment::default());
        let message = V3Message::parse(only(&replies)).unwrap();
        let binding = message.scoped.unwrap().pdu.bindings().next().unwrap().unwrap();
        assert_eq!(binding.name, oid("1.3.6.1.6.3.15.1.1.3.0"), "usmStatsUnknownUserNames");
    }

    #[test]
    fn each_bad_manner_is_bad_in_its_own_way_and_fits_a_frame() {
        let request = ask(Version::V2c, b"right", PduKind::Get, &[DESCRIPTION]);
        let proper = answer(&agent(""), &request, Moment::default());
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
                answer(&agent(&format!("manner = \"{manner}\"")), &request, Moment::default());
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
        let replies = answer(&agent("error-status = 5"), &request, Moment::default());
        assert_eq!(CommunityMessage::parse(only(&replies)).unwrap().pdu.error_status, 5);
    }
}
