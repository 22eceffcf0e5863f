use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use herkomst_model::{Rows, Table, TableNews};
use herkomst_wire::snmp::{CommunityMessage, PduKind, Value as WireValue, emit_response};

use super::super::credentials::{Secret, User};
use super::super::exchange::Value;
use super::super::simulated::{Agent, Habits};
use super::*;
use crate::sweep::tests::Open;

const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 50, 7, 9));

fn credential(name: &str, login: Login) -> Credential {
    Credential {
        name: name.into(),
        prefixes: vec!["10.50.0.0/16".parse().unwrap()],
        engine_ids: vec![],
        login,
    }
}

fn communities(names: &[&str]) -> Interviews {
    let all = names
        .iter()
        .map(|name| credential(name, Login::V2c(Secret::new(name.as_bytes()))))
        .collect();
    Interviews::new(all, Cookies::new([3; 16]), Retry::of_millis(&[100, 200]))
}

fn with_user() -> Interviews {
    let user = User { name: "lab".into(), auth: None, privacy: None, context: "".into() };
    Interviews::new(
        [credential("v3", Login::V3(user))].into(),
        Cookies::new([3; 16]),
        Retry::of_millis(&[100, 200]),
    )
}

fn engine() -> Discovered {
    Discovered::Engine(EngineId::new(&[0x80, 0, 0x1f, 0x88, 4, 1]).unwrap())
}

fn ask(interviews: &mut Interviews) -> Option<(Vec<u8>, Transmit)> {
    let mut bytes = Vec::new();
    interviews.poll_transmit(Instant::now(), &mut Open, &mut bytes).map(|sent| (bytes, sent))
}

fn answer_to(request: &[u8], text: &str, change: impl Fn(&mut i32)) -> Vec<u8> {
    let message = CommunityMessage::parse(request).unwrap();
    let mut id = message.pdu.request_id;
    change(&mut id);
    let first = message.pdu.bindings().next().unwrap().unwrap().name;
    let bindings = [(first, WireValue::OctetString(text.as_bytes()))];
    let mut bytes = Vec::new();
    emit_response(&mut bytes, message.version, message.community, id, 0, 0, &bindings);
    bytes
}

fn error_to(request: &[u8], status: i32) -> Vec<u8> {
    let message = CommunityMessage::parse(request).unwrap();
    let id = message.pdu.request_id;
    let mut bytes = Vec::new();
    emit_response(&mut bytes, message.version, message.community, id, status, 0, &[]);
    bytes
}

fn refuse(interviews: &mut Interviews, code: u8) -> Fit {
    let refused = Input::Refused { to: SocketAddr::new(TARGET, 161), code };
    interviews.handle_input(Instant::now(), refused)
}

fn hear(interviews: &mut Interviews, bytes: &[u8]) -> Fit {
    interviews
        .handle_input(Instant::now(), Input::Datagram { from: SocketAddr::new(TARGET, 161), bytes })
}

#[test]
fn a_device_is_asked_and_its_answer_is_the_system_group() {
    let mut interviews = communities(&["public"]);
    interviews.add(TARGET, &Discovered::Silent);
    let (request, sent) = ask(&mut interviews).unwrap();
    assert_eq!(sent.credential.as_deref(), Some("public"));
    assert!(ask(&mut interviews).is_none(), "one open request a device");
    assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
    let Answer::Is(Fact::System(system)) = interviews.poll_observation().unwrap().answer else {
        panic!()
    };
    assert_eq!((system.description, system.credential.as_ref()), (Some("d".into()), "public"));
    assert!(interviews.is_idle() && interviews.poll_timeout().is_none());
}

/// A device of which half the group has been read with the first of two credentials, and is asked for the rest.
fn half_read() -> Interviews {
    let mut interviews = communities(&["one", "two"]);
    interviews.add(TARGET, &Discovered::Silent);
    let (request, _) = ask(&mut interviews).unwrap();
    let too_big = error_to(&request, 1);
    assert_eq!(hear(&mut interviews, &too_big), Fit::Taken);
    let (request, _) = ask(&mut interviews).unwrap();
    assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
    assert_eq!(interviews.poll_observation(), None);
    interviews
}

fn assert_ends_with_half(interviews: &mut Interviews) {
    let Answer::Is(Fact::System(system)) = interviews.poll_observation().unwrap().answer else {
        panic!("what was read is not thrown away")
    };
    assert_eq!((system.description, system.cut_short), (Some("d".into()), true));
    assert_eq!(system.credential.as_ref(), "one");
    assert!(interviews.is_idle() && ask(interviews).is_none(), "nor is the next one tried");
    assert_eq!((interviews.poll_observation(), interviews.poll_timeout()), (None, None));
}

#[test]
fn what_a_device_said_before_it_fell_silent_is_kept() {
    let mut interviews = half_read();
    for _ in 0..2 {
        ask(&mut interviews).unwrap();
        let until = interviews.poll_timeout().unwrap();
        interviews.handle_timeout(until);
    }
    assert_ends_with_half(&mut interviews);
}

#[test]
fn what_a_device_said_before_it_erred_or_was_cut_off_is_kept() {
    let mut erred = half_read();
    let (request, _) = ask(&mut erred).unwrap();
    hear(&mut erred, &error_to(&request, 5));
    assert_ends_with_half(&mut erred);
    let mut refused = half_read();
    ask(&mut refused).unwrap();
    refuse(&mut refused, 3);
    assert_ends_with_half(&mut refused);
    let mut unsent = half_read();
    unsent.give_up(TARGET, Why::NoRoute);
    assert_ends_with_half(&mut unsent);
}

#[test]
fn what_a_device_said_to_a_user_before_it_fell_silent_is_kept() {
    let mut interviews = with_user();
    interviews.add(TARGET, &engine());
    interviews.poll_user_request(Instant::now()).unwrap();
    let too_big = Response::Error { status: 1, index: 0 };
    interviews.handle_user_answer(Instant::now(), TARGET, Answer::Is(too_big));
    let first = interviews.poll_user_request(Instant::now()).unwrap().oids[0].clone();
    let bindings = vec![(first, Value::Octets(b"d".to_vec()))];
    interviews.handle_user_answer(Instant::now(), TARGET, Answer::Is(Response::Bindings(bindings)));
    interviews.poll_user_request(Instant::now()).unwrap();
    interviews.handle_user_answer(Instant::now(), TARGET, Answer::Refused(Refusal::WrongKey));
    let Answer::Is(Fact::System(system)) = interviews.poll_observation().unwrap().answer else {
        panic!("what was read is not thrown away")
    };
    assert!(system.cut_short && system.description.is_some());
}

#[test]
fn another_request_id_is_counted_and_waited_past() {
    let mut interviews = communities(&["public"]);
    interviews.add(TARGET, &Discovered::Silent);
    let (request, _) = ask(&mut interviews).unwrap();
    assert_eq!(hear(&mut interviews, &answer_to(&request, "x", |id| *id ^= 1)), Fit::Ignored);
    assert_eq!(hear(&mut interviews, b"\x30\x03garbage"), Fit::Ignored);
    assert_eq!(hear(&mut interviews, &request), Fit::Ignored, "our own request is no answer");
    assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
}

#[test]
fn a_silent_device_is_offered_the_next_credential_after_the_last_try() {
    let mut interviews = communities(&["one", "two"]);
    interviews.add(TARGET, &Discovered::Silent);
    for name in ["one", "one", "two", "two"] {
        assert_eq!(ask(&mut interviews).unwrap().1.credential.as_deref(), Some(name));
        let until = interviews.poll_timeout().unwrap();
        interviews.handle_timeout(until);
    }
    assert!(ask(&mut interviews).is_none());
    assert_eq!(interviews.poll_observation().unwrap().answer, Answer::Silent { tries: 2 });
}

#[test]
fn a_late_answer_to_an_earlier_try_counts() {
    let mut interviews = communities(&["public"]);
    interviews.add(TARGET, &Discovered::Silent);
    let (first, _) = ask(&mut interviews).unwrap();
    let until = interviews.poll_timeout().unwrap();
    interviews.handle_timeout(until);
    let (second, _) = ask(&mut interviews).unwrap();
    assert_ne!(first, second);
    assert_eq!(hear(&mut interviews, &answer_to(&first, "d", |_| ())), Fit::Taken);
}

#[test]
fn a_user_is_asked_for_only_where_an_engine_answered() {
    let mut interviews = with_user();
    interviews.add([10, 50, 7, 8].into(), &Discovered::Silent);
    assert_eq!(interviews.poll_user_request(Instant::now()), None);
    assert_eq!(interviews.poll_observation().unwrap().answer, Answer::Silent { tries: 2 });
    interviews.add(TARGET, &engine());
    let request = interviews.poll_user_request(Instant::now()).unwrap();
    assert_eq!((request.to, request.credential, request.oids.len()), (TARGET, 0, 7));
    interviews.handle_user_answer(Instant::now(), TARGET, Answer::Silent { tries: 1 });
    assert_eq!(
        interviews.poll_user_request(Instant::now()).unwrap().wait,
        Duration::from_millis(200)
    );
    interviews.handle_user_answer(Instant::now(), TARGET, Answer::Refused(Refusal::WrongKey));
    assert_eq!(interviews.poll_observation().unwrap().answer, Answer::Refused(Refusal::WrongKey));
}

#[test]
fn a_device_is_interviewed_once() {
    let mut interviews = communities(&["public"]);
    interviews.add(TARGET, &Discovered::Silent);
    let (request, _) = ask(&mut interviews).unwrap();
    hear(&mut interviews, &answer_to(&request, "d", |_| ()));
    assert!(interviews.poll_observation().is_some());
    interviews.add(TARGET, &engine());
    assert!(interviews.is_idle() && ask(&mut interviews).is_none());
    assert_eq!(interviews.poll_observation(), None);
}

#[test]
fn nothing_is_sent_where_no_credential_is_bound() {
    let mut interviews = communities(&["public"]);
    interviews.add([10, 51, 0, 1].into(), &engine());
    assert!(ask(&mut interviews).is_none());
    assert_eq!(interviews.poll_observation().unwrap().answer, Answer::NotAsked(Why::NoCredential));
}

/// Forbids everything.
struct Shut;
impl Gate for Shut {
    fn admits(&mut self, _: IpAddr, _: Instant) -> bool {
        false
    }

    fn forbids(&self, _: IpAddr) -> bool {
        true
    }
}

#[test]
fn an_interview_that_the_gate_forbids_for_good_is_over() {
    let mut interviews = communities(&["one", "two"]);
    interviews.add(TARGET, &engine());
    assert_eq!(interviews.poll_transmit(Instant::now(), &mut Shut, &mut Vec::new()), None);
    assert!(interviews.is_idle() && !interviews.is_ready());
    let no = Answer::NotAsked(Why::OutsideWindow);
    assert_eq!(interviews.poll_observation().unwrap().answer, no);
}

#[test]
fn a_router_that_finds_no_way_does_not_end_the_interview() {
    let mut interviews = communities(&["public"]);
    interviews.add(TARGET, &Discovered::Silent);
    assert_eq!(refuse(&mut interviews, 3), Fit::NotMine, "nothing was sent yet");
    let (request, _) = ask(&mut interviews).unwrap();
    for code in [0, 1, 12] {
        assert_eq!(refuse(&mut interviews, code), Fit::Taken);
    }
    assert_eq!((interviews.poll_observation(), interviews.is_idle()), (None, false));
    assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
    assert!(interviews.is_idle());
}

#[test]
fn a_closed_port_ends_the_interview() {
    let mut interviews = communities(&["one", "two"]);
    interviews.add(TARGET, &Discovered::Silent);
    ask(&mut interviews).unwrap();
    assert_eq!(refuse(&mut interviews, 3), Fit::Taken);
    assert_eq!(
        interviews.poll_observation().unwrap().answer,
        Answer::Refused(Refusal::Unreachable(3))
    );
    assert!(interviews.is_idle());
}

/// Answers a community request as this agent would.
fn answer_as(agent: &mut Agent, request: &[u8]) -> Option<Vec<u8>> {
    let message = CommunityMessage::parse(request).unwrap();
    let operation = match message.pdu.kind {
        PduKind::Get => Operation::Get,
        PduKind::GetNext => Operation::Next,
        PduKind::GetBulk => {
            Operation::Bulk { repetitions: u16::try_from(message.pdu.error_index).unwrap() }
        }
        other => panic!("{other:?}"),
    };
    let oids = message.pdu.bindings().map(|binding| binding.unwrap().name).collect();
    let (mut bytes, id) = (vec![], message.pdu.request_id);
    let bindings = match agent.answer(&Request { operation, oids, vlan: None })? {
        Response::Bindings(bindings) => bindings,
        Response::Error { status, index } => {
            let (version, community) = (message.version, message.community);
            emit_response(&mut bytes, version, community, id, status, index, &[]);
            return Some(bytes);
        }
    };
    let bindings: Vec<(Oid, WireValue<'_>)> = bindings
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Integer(number) => WireValue::Integer(*number),
                Value::Unsigned(number) => WireValue::Gauge32(u32::try_from(*number).unwrap()),
                Value::Octets(octets) => WireValue::OctetString(octets),
                Value::Oid(oid) => WireValue::Oid(oid.clone()),
                Value::Address(address) => WireValue::IpAddress(*address),
                Value::Ticks(ticks) => WireValue::TimeTicks(*ticks),
                Value::Absent => WireValue::NoSuchInstance,
                Value::EndOfView | Value::Other => WireValue::EndOfMibView,
            };
            (name.clone(), value)
        })
        .collect();
    emit_response(&mut bytes, message.version, message.community, id, 0, 0, &bindings);
    Some(bytes)
}

/// What was learned of each table, and whether the system group came first.
fn learned(interviews: &mut Interviews) -> (Vec<Seen>, BTreeMap<Table, Answer<TableNews>>) {
    let seen: Vec<Seen> = std::iter::from_fn(|| interviews.poll_observation()).collect();
    let ends = seen.iter().filter_map(|seen| {
        let Method::Table(table) = seen.method else { return None };
        let answer = match &seen.answer {
            Answer::Is(Fact::Table(TableNews::Rows(_))) => return None,
            Answer::Is(Fact::Table(end)) => Answer::Is(end.clone()),
            Answer::NotAsked(why) => Answer::NotAsked(*why),
            Answer::Silent { tries } => Answer::Silent { tries: *tries },
            other => panic!("{other:?}"),
        };
        Some((table, answer))
    });
    let ends = ends.collect();
    (seen, ends)
}

const DUMP: &str = include_str!("../../../tests/dumps/linux-router.walk");

#[test]
fn after_the_system_group_come_the_tables_one_request_at_a_time() {
    let mut interviews = communities(&["public"]).collecting(Plan::default());
    let mut agent = Agent::recorded(DUMP, Habits::default());
    interviews.add(TARGET, &Discovered::Silent);
    let mut now = Instant::now();
    while !interviews.is_idle() {
        let mut bytes = Vec::new();
        match interviews.poll_transmit(now, &mut Open, &mut bytes) {
            Some(_) => {
                let again = interviews.poll_transmit(now, &mut Open, &mut Vec::new());
                assert_eq!(again, None, "one open request a device");
                now += Duration::from_millis(2);
                let answer = answer_as(&mut agent, &bytes).unwrap();
                let from = SocketAddr::new(TARGET, 161);
                let input = Input::Datagram { from, bytes: &answer };
                assert_eq!(interviews.handle_input(now, input), Fit::Taken);
            }
            None => {
                now = interviews.poll_timeout().expect("rests or waits");
                interviews.handle_timeout(now);
            }
        }
    }
    let (seen, ends) = learned(&mut interviews);
    assert!(matches!(seen[0].answer, Answer::Is(Fact::System(_))));
    assert_eq!(ends.len(), Table::ALL.len());
    let Answer::Is(TableNews::End(end)) = &ends[&Table::Neighbours] else { panic!() };
    assert_eq!((end.rows, &end.cut), (42, &None));
    assert_eq!(interviews.poll_timeout(), None, "nothing is left behind");
}

#[test]
fn an_agent_that_falls_silent_in_its_tables_ends_in_bounded_time() {
    let mut interviews = communities(&["public"]).collecting(Plan::default());
    let mut agent = Agent::recorded(DUMP, Habits { dies_after: Some(4), ..Habits::default() });
    interviews.add(TARGET, &Discovered::Silent);
    let start = Instant::now();
    let (mut now, mut sent) = (start, 0);
    while !interviews.is_idle() {
        let mut bytes = Vec::new();
        if interviews.poll_transmit(now, &mut Open, &mut bytes).is_some() {
            sent += 1;
            if let Some(answer) = answer_as(&mut agent, &bytes) {
                let from = SocketAddr::new(TARGET, 161);
                interviews.handle_input(now, Input::Datagram { from, bytes: &answer });
            }
        } else {
            now = interviews.poll_timeout().expect("rests or waits");
            interviews.handle_timeout(now);
        }
    }
    assert!(sent <= 20, "{sent} requests");
    assert!(now - start < Duration::from_secs(120), "{:?}", now - start);
    assert_eq!(learned(&mut interviews).1.len(), Table::ALL.len());
}

#[test]
fn a_late_answer_to_an_earlier_request_of_a_table_is_not_taken() {
    let mut interviews = communities(&["public"]).collecting(Plan::default());
    let mut agent = Agent::recorded(DUMP, Habits::default());
    interviews.add(TARGET, &Discovered::Silent);
    let (group, _) = ask(&mut interviews).unwrap();
    hear(&mut interviews, &answer_as(&mut agent, &group).unwrap());
    let (first, _) = ask(&mut interviews).unwrap();
    let until = interviews.poll_timeout().unwrap();
    interviews.handle_timeout(until);
    let rest = interviews.poll_timeout().unwrap();
    interviews.handle_timeout(rest);
    let (second, _) = ask(&mut interviews).unwrap();
    assert_eq!(hear(&mut interviews, &answer_as(&mut agent, &first).unwrap()), Fit::Ignored);
    assert_eq!(hear(&mut interviews, &answer_as(&mut agent, &second).unwrap()), Fit::Taken);
}

#[test]
fn a_user_puts_the_questions_for_tables_too() {
    let mut interviews = with_user().collecting(Plan::default());
    let mut agent = Agent::recorded(DUMP, Habits::default());
    interviews.add(TARGET, &engine());
    let mut now = Instant::now();
    let mut bulk = 0;
    while !interviews.is_idle() {
        let Some(question) = interviews.poll_user_request(now) else {
            now = interviews.poll_timeout().expect("rests");
            interviews.handle_timeout(now);
            continue;
        };
        assert_eq!(interviews.poll_user_request(now), None, "one open request a device");
        bulk += u32::from(matches!(question.operation, Operation::Bulk { .. }));
        now += Duration::from_millis(3);
        let UserRequest { operation, oids, vlan, .. } = question;
        let answer = agent.answer(&Request { operation, oids, vlan }).unwrap();
        interviews.handle_user_answer(now, TARGET, Answer::Is(answer));
    }
    let (_, ends) = learned(&mut interviews);
    let Answer::Is(TableNews::End(end)) = &ends[&Table::LldpRemote] else { panic!() };
    assert_eq!((end.rows, bulk > 5), (1, true));
}

#[test]
fn given_up_in_the_middle_every_table_says_why() {
    let mut interviews = communities(&["public"]).collecting(Plan::default());
    let mut agent = Agent::recorded(DUMP, Habits::default());
    interviews.add(TARGET, &Discovered::Silent);
    let (group, _) = ask(&mut interviews).unwrap();
    hear(&mut interviews, &answer_as(&mut agent, &group).unwrap());
    ask(&mut interviews).unwrap();
    interviews.give_up(TARGET, Why::Interrupted);
    assert!(interviews.is_idle() && interviews.poll_timeout().is_none());
    let (_, ends) = learned(&mut interviews);
    assert_eq!(ends.len(), Table::ALL.len());
    assert_eq!(ends[&Table::Running], Answer::NotAsked(Why::Interrupted));
}

#[test]
fn a_slow_reader_slows_the_asking() {
    let mut interviews = communities(&["public"]).collecting(Plan::default());
    interviews.add(TARGET, &Discovered::Silent);
    for last in 0..=255 {
        interviews.add([192, 0, 2, last].into(), &Discovered::Silent);
    }
    assert!(ask(&mut interviews).is_none(), "256 refusals wait to be read");
    assert!(interviews.poll_observation().is_some());
    assert!(ask(&mut interviews).is_some());
}

#[test]
fn an_agent_without_a_system_group_is_asked_for_what_some_cameras_have_alone() {
    let mut interviews = communities(&["public"]).collecting(Plan::default());
    let model = ("1.3.6.1.4.1.39165.1.1.0".parse().unwrap(), Value::Octets(b"DS-2CD".to_vec()));
    let mut agent = Agent::new([model].into(), Habits::default());
    interviews.add(TARGET, &Discovered::Silent);
    while let Some((request, _)) = ask(&mut interviews) {
        hear(&mut interviews, &answer_as(&mut agent, &request).unwrap());
    }
    assert!(interviews.is_idle());
    let (seen, _) = learned(&mut interviews);
    assert_eq!(seen[0].answer, Answer::Refused(Refusal::NoSuchObject));
    let objects = seen.iter().any(|seen| {
        matches!(&seen.answer, Answer::Is(Fact::Table(TableNews::Rows(Rows::Objects(_)))))
    });
    assert!(objects);
}
