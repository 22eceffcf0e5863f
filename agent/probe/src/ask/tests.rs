use std::net::Ipv4Addr;

use herkomst_model::Method;
use herkomst_wire::dahua::DAHUA_SEARCH;
use herkomst_wire::dns::{DnsData, SERVICES, TxtItems, emit_dns_response, kind, reverse_name};
use herkomst_wire::xml::xml_leaves;
use herkomst_wire::{Dahua, DnsMessage, Ssdp, WsDiscovery};

use super::*;
use crate::sweep::tests::Open;

const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 7));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 8));

fn ask(question: Question) -> Ask {
    let mut ask = Ask::new(question, Retry::of_millis(&[100, 200]), Cookies::new([7; 16]));
    ask.add(TARGET);
    ask
}

/// What leaves at once.
fn send(ask: &mut Ask, now: Instant) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let transmit = ask.poll_transmit(now, &mut Open, &mut bytes)?;
    assert_eq!((transmit.to, transmit.kind), (TARGET, ask.question().packet()));
    assert_eq!(ask.poll_transmit(now, &mut Open, &mut Vec::new()), None, "one at a time");
    Some(bytes)
}

fn asked(question: Question) -> (Ask, Vec<u8>) {
    let mut ask = ask(question);
    let bytes = send(&mut ask, Instant::now()).unwrap();
    (ask, bytes)
}

fn hear(ask: &mut Ask, from: IpAddr, port: u16, bytes: &[u8]) -> Fit {
    let from = SocketAddr::new(from, port);
    ask.handle_input(Instant::now(), Input::Datagram { from, bytes })
}

fn said(ask: &mut Ask) -> Vec<Announcement> {
    let method = ask.question().method();
    let seen = std::iter::from_fn(|| ask.poll_observation());
    seen.map(|seen| {
        assert_eq!((seen.method, seen.about), (method, About::Address(TARGET)));
        match seen.answer {
            Answer::Is(Fact::Announced(said)) => *said,
            other => panic!("{other:?}"),
        }
    })
    .collect()
}

fn sadp_answer(question: &[u8]) -> Vec<u8> {
    let (_, uuid) = xml_leaves(question).find(|(name, _)| *name == b"Uuid").unwrap();
    let uuid = String::from_utf8(uuid.to_vec()).unwrap().to_lowercase();
    let head = r#"<?xml version="1.0"?><ProbeMatch>"#;
    format!(
        "{head}<Uuid>{uuid}</Uuid><DeviceDescription>LAB-CAMERA</DeviceDescription></ProbeMatch>"
    )
    .into_bytes()
}

fn dhip_answer(model: &str) -> Vec<u8> {
    let json = format!(
        r#"{{"mac":"02:00:00:00:00:0b","method":"client.notifyDevInfo","params":{{"deviceInfo":{{"DeviceType":"{model}"}}}}}}"#
    );
    let mut buf = Vec::new();
    Dahua { session: 0, id: 0, json: json.as_bytes() }.emit(&mut buf).unwrap();
    buf
}

fn onvif_answer(id: &[u8]) -> Vec<u8> {
    let id = std::str::from_utf8(id).unwrap();
    format!(
        "<E:Envelope><E:Header><w:RelatesTo>{id}</w:RelatesTo></E:Header><E:Body><d:ProbeMatches><d:ProbeMatch><a:Address>urn:uuid:9</a:Address>\
         <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/hardware/LAB-1</d:Scopes>\
         </d:ProbeMatch></d:ProbeMatches></E:Body></E:Envelope>"
    )
    .into_bytes()
}

fn ssdp_answer(target: &str, number: usize) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nST: {target}\r\nUSN: uuid:{number}::{target}\r\nSERVER: Lab/1 UPnP/1.1 L/2\r\n\r\n")
        .into_bytes()
}

/// The records with these names and types, each with the name that it leads to, or with a text.
fn dns_answer(id: u16, records: &[(&str, Result<&str, &[u8]>)]) -> Vec<u8> {
    // names are made by sending and reading them: a record has no other
    let mut named = Vec::new();
    let names: Vec<_> = records
        .iter()
        .map(|(_, data)| (data.unwrap_or("none"), DnsData::A(Ipv4Addr::UNSPECIFIED)))
        .collect();
    emit_dns_response(&mut named, 0, 1, &names).unwrap();
    let named = DnsMessage::parse(&named).unwrap();
    let named: Vec<_> = named.records().map(|record| record.unwrap().1.name).collect();
    let records: Vec<_> = records
        .iter()
        .zip(named)
        .map(|((name, data), to)| match data {
            Ok(_) => (*name, DnsData::Ptr(to)),
            Err(text) => (*name, DnsData::Txt(TxtItems::new(text))),
        })
        .collect();
    let mut buf = Vec::new();
    emit_dns_response(&mut buf, id, 10, &records).unwrap();
    buf
}

#[test]
fn asks_as_often_as_told_then_reports_silence() {
    for question in Question::ALL {
        let (mut ask, mut now) = (ask(question), Instant::now());
        let mut texts = Vec::new();
        for _ in 0..2 {
            texts.push(send(&mut ask, now).unwrap());
            now = ask.poll_timeout().expect("waits for an answer");
            ask.handle_timeout(now);
        }
        let seen = ask.poll_observation().unwrap();
        assert_eq!((seen.method, seen.answer), (question.method(), Answer::Silent { tries: 2 }));
        assert!(ask.is_idle() && ask.poll_timeout().is_none());
        let without_number = matches!(question, Question::Dhip | Question::Ssdp);
        assert_eq!(texts[0] == texts[1], without_number, "{question:?}");
    }
}

#[test]
fn a_camera_of_hikvision_repeats_our_uuid() {
    let (mut ask, question) = asked(Question::Sadp);
    let right = sadp_answer(&question);
    let uuid = xml_leaves(&question).next().unwrap().1;
    assert_eq!((uuid.len(), uuid[14]), (36, b'4'), "RFC 9562, 5.4");
    assert!(matches!(uuid[19], b'8' | b'9' | b'A' | b'B'));
    assert_eq!(hear(&mut ask, OTHER, 37_020, &right), Fit::NotMine);
    let wrong = b"<ProbeMatch><Uuid>13A888A9-F1B1</Uuid></ProbeMatch>";
    assert_eq!(hear(&mut ask, TARGET, 37_020, wrong), Fit::Ignored);
    assert_eq!(hear(&mut ask, TARGET, 37_020, b"<ProbeMatch/>"), Fit::Ignored, "none at all");
    assert_eq!(hear(&mut ask, TARGET, 37_020, &question), Fit::Ignored, "a question is none");
    assert_eq!(said(&mut ask), []);
    assert_eq!(hear(&mut ask, TARGET, 37_020, &right), Fit::Taken);
    assert_eq!(said(&mut ask)[0].model, Some("LAB-CAMERA".into()));
}

#[test]
fn a_camera_of_dahua_is_known_by_its_address_alone() {
    let (mut ask, question) = asked(Question::Dhip);
    assert_eq!(Dahua::parse(&question).unwrap().json, DAHUA_SEARCH);
    assert_eq!(hear(&mut ask, OTHER, 37_810, &dhip_answer("LAB-D1")), Fit::NotMine);
    assert_eq!(hear(&mut ask, TARGET, 37_810, &question), Fit::Ignored, "our own search");
    assert_eq!(hear(&mut ask, TARGET, 37_810, b"DHIP"), Fit::Ignored);
    assert_eq!(hear(&mut ask, TARGET, 37_810, &dhip_answer("LAB-D1")), Fit::Taken);
    assert_eq!(said(&mut ask)[0].model, Some("LAB-D1".into()));
}

#[test]
fn an_onvif_camera_relates_to_our_message_in_whichever_spelling() {
    for prefix in ["urn:uuid:", "uuid:", ""] {
        let (mut ask, question) = asked(Question::Onvif);
        let message = WsDiscovery::parse(&question).unwrap();
        assert_eq!(message.types().next(), Some(&b"dn:NetworkVideoTransmitter"[..]));
        let id = message.message_id().unwrap().strip_prefix(b"urn:uuid:").unwrap();
        let right = [prefix.as_bytes(), &id.to_ascii_uppercase()].concat();
        assert_eq!(hear(&mut ask, TARGET, 3702, &onvif_answer(b"urn:uuid:1")), Fit::Ignored);
        assert_eq!(hear(&mut ask, TARGET, 3702, &question), Fit::Ignored);
        assert_eq!(hear(&mut ask, TARGET, 50_000, &onvif_answer(&right)), Fit::Taken, "{prefix}");
        assert_eq!(said(&mut ask)[0].model, Some("LAB-1".into()));
    }
}

#[test]
fn what_no_camera_answered_is_asked_of_all_that_speak_ws_discovery() {
    let (mut ask, first) = asked(Question::Onvif);
    let now = ask.poll_timeout().unwrap();
    ask.handle_timeout(now);
    let second = send(&mut ask, now).unwrap();
    let types = [&first, &second].map(|one| WsDiscovery::parse(one).unwrap().types().count());
    assert_eq!(types, [1, 0]);
    let late = onvif_answer(WsDiscovery::parse(&first).unwrap().message_id().unwrap());
    assert_eq!(hear(&mut ask, TARGET, 3702, &late), Fit::Taken, "an answer to the first try");
}

#[test]
fn an_answer_to_a_search_names_what_was_searched_for() {
    let (mut ask, question) = asked(Question::Ssdp);
    let message = Ssdp::parse(&question).unwrap();
    assert_eq!(message.head().field("host"), Some(&b"10.9.0.7:1900"[..]));
    for wrong in
        [ssdp_answer("ssdp:all", 1), question.clone(), b"NOTIFY * HTTP/1.1\r\n\r\n".to_vec()]
    {
        assert_eq!(hear(&mut ask, TARGET, 1900, &wrong), Fit::Ignored);
        assert_eq!(hear(&mut ask, TARGET, 1901, &wrong), Fit::NotMine);
    }
    assert_eq!(hear(&mut ask, TARGET, 40_000, &ssdp_answer("upnp:rootdevice", 1)), Fit::Taken);
    assert_eq!(said(&mut ask)[0].descriptions, ["Lab/1 UPnP/1.1 L/2".into()]);
}

#[test]
fn several_datagrams_are_one_answer_up_to_a_bound_and_each_counts_once() {
    let (mut ask, _) = asked(Question::Ssdp);
    let start = Instant::now();
    let mut fits = Vec::new();
    for number in (0..100).chain(0..100) {
        fits.push(hear(&mut ask, TARGET, 1900, &ssdp_answer("upnp:rootdevice", number)));
    }
    assert_eq!(said(&mut ask).len(), MOST_DATAGRAMS);
    let taken = fits.iter().filter(|fit| **fit == Fit::Taken).count();
    assert_eq!(taken, 2 * MOST_DATAGRAMS, "{fits:?}");
    assert!(!ask.is_idle(), "the rest of it may still come");
    let mut now = start;
    while let Some(until) = ask.poll_timeout() {
        now = until;
        ask.handle_timeout(now);
        assert_eq!(send(&mut ask, now), None);
    }
    assert!(ask.is_idle() && now >= start + REST);
}

#[test]
fn a_host_tells_its_services_and_is_asked_for_the_product_behind_them() {
    let (mut ask, question) = asked(Question::Mdns);
    let message = DnsMessage::parse(&question).unwrap();
    let reverse = reverse_name(TARGET);
    let names: Vec<_> = message
        .questions()
        .map(|one| one.map(|one| (one.name.to_string(), one.kind, one.unicast)).unwrap())
        .collect();
    let expected = [SERVICES, &reverse].map(|name| (name.to_string(), kind::PTR, true));
    assert_eq!(names, expected);

    let answer = |id| {
        dns_answer(
            id,
            &[
                (SERVICES, Ok("_ipp._tcp.local")),
                (SERVICES, Ok("_a b._tcp.local")),
                (SERVICES, Ok("_ipp._tcp.elsewhere")),
                (&reverse, Ok("lab-printer.local")),
            ],
        )
    };
    assert_eq!(hear(&mut ask, TARGET, 5353, &answer(message.id ^ 1)), Fit::Ignored);
    let mut error = answer(message.id);
    error[3] |= 5;
    assert_eq!(hear(&mut ask, TARGET, 5353, &error), Fit::Ignored, "RFC 6762, 18.11");
    assert_eq!(hear(&mut ask, TARGET, 5353, &question), Fit::Ignored);
    assert_eq!(hear(&mut ask, TARGET, 5353, &answer(message.id)), Fit::Taken);
    let first = said(&mut ask).remove(0);
    assert_eq!(first.names, ["lab-printer.local".into()]);
    assert!(first.services.contains(&"_ipp._tcp.local".into()));

    let now = Instant::now();
    let more = send(&mut ask, now).unwrap();
    let message = DnsMessage::parse(&more).unwrap();
    let names: Vec<_> = message
        .questions()
        .map(|one| one.map(|one| (one.name.to_string(), one.kind)).unwrap())
        .collect();
    let expected = [("_ipp._tcp.local", kind::PTR), ("lab-printer.local", kind::ANY)];
    assert_eq!(names, expected.map(|(name, kind)| (name.to_string(), kind)));
    let instance = "Lab._device-info._tcp.local";
    let product = dns_answer(message.id, &[(instance, Err(b"\x09model=L-1"))]);
    assert_eq!(hear(&mut ask, TARGET, 5353, &product), Fit::Taken);
    assert_eq!(said(&mut ask)[0].model, Some("L-1".into()));
    ask.handle_timeout(now + REST + REST);
    assert!(ask.is_idle(), "it is not asked a third time");
}

#[test]
fn silence_to_the_second_question_takes_nothing_back() {
    let (mut ask, question) = asked(Question::Mdns);
    let id = DnsMessage::parse(&question).unwrap().id;
    hear(&mut ask, TARGET, 5353, &dns_answer(id, &[(SERVICES, Ok("_ipp._tcp.local"))]));
    assert_eq!(said(&mut ask).len(), 1);
    let mut now = Instant::now();
    let mut asked = 0;
    for _ in 0..9 {
        asked += usize::from(send(&mut ask, now).is_some());
        let Some(next) = ask.poll_timeout() else { break };
        now = next;
        ask.handle_timeout(now);
    }
    assert_eq!((asked, said(&mut ask).len()), (2, 0));
    assert!(ask.is_idle() && ask.names.is_empty());
}

#[test]
fn names_that_cannot_be_sent_are_not_asked_for() {
    let (mut ask, question) = asked(Question::Mdns);
    let id = DnsMessage::parse(&question).unwrap().id;
    let mut said_services = Announcement::default();
    let long = format!("_{}._tcp.local", "x".repeat(64));
    for name in ["_a..local", ".local", &long, "_x._tcp.local\\", "_x.example", ""] {
        said_services.services.push(name.into());
    }
    assert_eq!(question::more_of(&said_services), Vec::<String>::new());
    let many: Vec<_> = (0..100).map(|number| format!("_s{number}._tcp.local")).collect();
    let many: Vec<_> = many.iter().map(|name| (SERVICES, Ok(&**name))).collect();
    hear(&mut ask, TARGET, 5353, &dns_answer(id, &many));
    let more = send(&mut ask, Instant::now()).unwrap();
    assert!(DnsMessage::parse(&more).unwrap().questions().count() <= 8 && more.len() < 1000);
}

#[test]
fn who_answers_without_a_word_about_itself_has_answered() {
    let (mut ask, question) = asked(Question::Mdns);
    let id = DnsMessage::parse(&question).unwrap().id;
    assert_eq!(hear(&mut ask, TARGET, 5353, &dns_answer(id, &[])), Fit::Taken);
    assert_eq!(said(&mut ask), [Announcement::default()]);
}

#[test]
fn nonsense_from_the_port_that_was_asked_is_said_and_from_another_is_not_ours() {
    for question in Question::ALL {
        let (mut ask, mut now) = (ask(question), Instant::now());
        assert_eq!(hear(&mut ask, TARGET, question.port(), b"\x30\x26"), Fit::NotMine, "not asked");
        for _ in 0..2 {
            send(&mut ask, now).unwrap();
            assert_eq!(hear(&mut ask, TARGET, 161, b"\x30\x26"), Fit::NotMine, "of an agent");
            assert_eq!(hear(&mut ask, TARGET, question.port(), b"\x30\x26"), Fit::Ignored);
            now = ask.poll_timeout().unwrap();
            ask.handle_timeout(now);
        }
        let answer = ask.poll_observation().unwrap().answer;
        assert!(matches!(answer, Answer::Malformed(_)), "{question:?}: {answer:?}");
        assert_eq!(ask.poll_observation(), None);
    }
}

#[test]
fn a_refusal_of_its_port_ends_the_questions_and_a_routers_moment_does_not() {
    let (mut ask, _) = asked(Question::Sadp);
    let refuse = |ask: &mut Ask, port, code| {
        let to = SocketAddr::new(TARGET, port);
        ask.handle_input(Instant::now(), Input::Refused { to, code })
    };
    assert_eq!(refuse(&mut ask, 161, 3), Fit::NotMine, "another service");
    assert_eq!(refuse(&mut ask, 37_020, 1), Fit::Taken);
    assert_eq!(ask.poll_observation(), None);
    assert_eq!(refuse(&mut ask, 37_020, 3), Fit::Taken);
    let answer = ask.poll_observation().unwrap().answer;
    assert_eq!(answer, Answer::Refused(Refusal::Unreachable(3)));
    assert!(ask.is_idle());
}

#[test]
fn who_is_spared_was_not_asked_and_who_was_asked_is_silent() {
    let mut ask = ask(Question::Dhip);
    ask.add(OTHER);
    send_any(&mut ask);
    ask.spare(TARGET);
    ask.spare(OTHER);
    ask.give_up(OTHER, Why::NoRoute);
    let seen: Vec<_> = std::iter::from_fn(|| ask.poll_observation()).collect();
    let seen: Vec<_> = seen.into_iter().map(|seen| (seen.about, seen.answer)).collect();
    let about = |target| About::Address(target);
    let expected = [
        (about(TARGET), Answer::Silent { tries: 1 }),
        (about(OTHER), Answer::NotAsked(Why::Fragile)),
    ];
    assert_eq!(seen, expected);
    assert!(ask.is_idle());
}

fn send_any(ask: &mut Ask) {
    let sent = ask.poll_transmit(Instant::now(), &mut Open, &mut Vec::new()).unwrap();
    assert_eq!(sent.to, TARGET);
}

#[test]
fn each_question_has_its_own_port_packet_and_method() {
    let ports: Vec<_> = Question::ALL.map(Question::port).to_vec();
    assert_eq!(ports, [37_020, 37_810, 3702, 1900, 5353]);
    let packets = Question::ALL.map(|question| question.packet().as_str());
    assert_eq!(packets, ["sadp-query", "dhip-query", "onvif-query", "ssdp-query", "mdns-query"]);
    let methods = Question::ALL.map(Question::method);
    let expected = [Method::Sadp, Method::Dhip, Method::WsDiscovery, Method::Ssdp, Method::Mdns];
    assert_eq!(methods, expected);
}
