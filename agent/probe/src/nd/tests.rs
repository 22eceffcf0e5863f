use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use herkomst_wire::icmpv6::{mld_query, neighbour_advertisement};
use herkomst_wire::ipv6::Extension;
use herkomst_wire::{WireError, icmpv6_echo};

use super::*;
use crate::sweep::tests::Open;

const US: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const STATION: MacAddr = MacAddr([0x00, 0xe0, 0xfc, 0, 0, 7]);
const LOCAL: &str = "fe80::ff:fe00:1";
const GLOBAL: &str = "fd00:50::1";

fn ip(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn segment() -> NdSegment {
    let own = [(GLOBAL, 64), (LOCAL, 64), ("fd00:50::fe", 64)];
    let own = own.map(|(address, length)| OwnPrefix { address: ip(address), length });
    NdSegment { mac: US, vlan: None, own: own.to_vec() }
}

fn everybody() -> NdQuestions {
    NdQuestions { everybody: true, ..NdQuestions::default() }
}

fn listed(targets: &[&str]) -> NdQuestions {
    NdQuestions { targets: targets.iter().map(|text| ip(text)).collect(), ..NdQuestions::default() }
}

fn allowing(
    questions: NdQuestions,
    allowed: impl Fn(Ipv6Addr) -> bool + Send + 'static,
) -> NdSweep {
    NdSweep::new(segment(), questions, Box::new(allowed), Cookies::new([7; 16]), 0)
}

fn sweep(questions: NdQuestions) -> NdSweep {
    allowing(questions, |_| true)
}

/// A frame of ours, taken apart.
#[derive(Debug)]
struct Sent {
    transmit: Transmit,
    frame: Vec<u8>,
}

impl Sent {
    fn packet(&self) -> (EthernetFrame<'_>, Ipv6Packet<'_>) {
        let frame = EthernetFrame::parse(&self.frame).unwrap();
        (frame, Ipv6Packet::parse(frame.payload).unwrap())
    }

    fn option(&self) -> Option<u8> {
        self.packet().1.extensions().find_map(|extension| match extension {
            Extension::DestinationOptions(options) => Some(options.iter().next()?.unwrap().kind),
            _ => None,
        })
    }
}

fn send(sweep: &mut NdSweep, now: Instant) -> Vec<Sent> {
    let mut frame = Vec::new();
    std::iter::from_fn(|| {
        let transmit = sweep.poll_transmit(now, &mut Open, &mut frame)?;
        Some(Sent { transmit, frame: frame.clone() })
    })
    .collect()
}

fn said(sweep: &mut NdSweep) -> Vec<(Method, String, Answer<Fact>)> {
    let seen = std::iter::from_fn(|| sweep.poll_observation());
    seen.map(|seen| match seen.about {
        About::Address(address) => (seen.method, address.to_string(), seen.answer),
        About::Station(_) => panic!("stations are heard, not asked"),
    })
    .collect()
}

fn is_at(method: Method, address: &str, mac: MacAddr) -> (Method, String, Answer<Fact>) {
    (method, address.into(), Answer::Is(Fact::Neighbour { mac }))
}

fn message(from: MacAddr, source: &str, to: Ipv6Addr, hop_limit: u8, message: &[u8]) -> Vec<u8> {
    let (source_mac, destination_mac) = (from, multicast_mac(to).unwrap_or(US));
    let source = ip(source);
    let extra = if hop_limit == 1 { Extra::RouterAlert } else { Extra::Nothing };
    let way =
        Ipv6Way { source_mac, destination_mac, vlan: None, source, destination: to, hop_limit };
    let mut frame = Vec::new();
    icmpv6_frame(&mut frame, &way, extra, message).unwrap();
    frame
}

/// What a host answers to the echo that we sent.
fn reply(sent: &Sent, from: MacAddr, source: &str) -> Vec<u8> {
    let (_, packet) = sent.packet();
    let Ok(Icmpv6::EchoRequest(echo)) = Icmpv6::parse(&packet) else { panic!("{sent:?}") };
    let mut answer = Vec::new();
    icmpv6_echo(&mut answer, true, echo.id, echo.sequence, echo.payload);
    message(from, source, packet.source, 64, &answer)
}

/// The error that a host sends, with all of our packet (RFC 4443, 3.4).
fn problem(sent: &Sent, code: u8, from: MacAddr, source: &str) -> Vec<u8> {
    let (frame, packet) = sent.packet();
    let answer = [&[4, code, 0, 0, 0, 0, 0, 42][..], frame.payload].concat();
    message(from, source, packet.source, 64, &answer)
}

fn advertised(target: &str, hop_limit: u8, from: MacAddr, named: Option<MacAddr>) -> Vec<u8> {
    let mut answer = Vec::new();
    neighbour_advertisement(&mut answer, ip(target), false, true, named);
    message(from, target, ip(GLOBAL), hop_limit, &answer)
}

fn hear(sweep: &mut NdSweep, frame: &[u8]) -> Fit {
    hear_in(sweep, frame, None)
}

fn hear_in(sweep: &mut NdSweep, frame: &[u8], vlan: Option<u16>) -> Fit {
    let frame = EthernetFrame::parse(frame).unwrap();
    sweep.handle_input(Instant::now(), Input::Frame { frame: &frame, vlan })
}

#[test]
fn everybody_is_asked_from_each_prefix_with_and_without_the_option_and_once_more() {
    let (mut sweep, mut now) = (sweep(everybody()), Instant::now());
    let mut cookies = Vec::new();
    for round in 0..2 {
        let sent = send(&mut sweep, now);
        let asked: Vec<_> =
            sent.iter().map(|sent| (sent.packet().1.source.to_string(), sent.option())).collect();
        let expected = [(LOCAL, None), (GLOBAL, None), (LOCAL, Some(0x80)), (GLOBAL, Some(0x80))];
        assert_eq!(asked, expected.map(|(source, option)| (source.to_string(), option)));
        for sent in &sent {
            let (frame, packet) = sent.packet();
            assert_eq!(sent.transmit.to, IpAddr::from(ALL_NODES));
            assert_eq!(sent.transmit.kind, PacketKind::Icmpv6Echo);
            assert_eq!((frame.source, frame.destination), (US, MacAddr([0x33, 0x33, 0, 0, 0, 1])));
            assert_eq!((packet.destination, packet.hop_limit), (ALL_NODES, 64));
            let Ok(Icmpv6::EchoRequest(echo)) = Icmpv6::parse(&packet) else { panic!() };
            cookies.push((echo.id, echo.sequence, echo.payload.to_vec()));
        }
        assert!(!sweep.is_ready() && !sweep.is_idle(), "round {round} waits");
        now = sweep.poll_timeout().unwrap();
        sweep.handle_timeout(now - Duration::from_millis(1));
        assert!(!sweep.is_ready() && !sweep.is_idle(), "not before its time");
        sweep.handle_timeout(now);
    }
    assert!(sweep.is_idle() && send(&mut sweep, now).is_empty());
    assert_eq!((said(&mut sweep), sweep.poll_timeout()), (vec![], None));
    cookies.sort();
    cookies.dedup();
    assert_eq!(cookies.len(), 8, "no two questions are alike");
}

#[test]
fn an_echo_tells_the_station_and_that_it_answers_once_however_often_it_comes() {
    let mut sweep = sweep(everybody());
    let sent = send(&mut sweep, Instant::now());
    for (number, source) in [(0, "fe80::7"), (1, "fd00:50::7"), (2, "fe80::7")] {
        assert_eq!(hear(&mut sweep, &reply(&sent[number], STATION, source)), Fit::Taken);
    }
    let expected = ["fe80::7", "fd00:50::7"].map(|address| {
        let echo = (Method::Icmpv6, address.to_string(), Answer::Is(Fact::Echo));
        [is_at(Method::Ndp, address, STATION), echo]
    });
    assert_eq!(said(&mut sweep), expected.concat());
}

#[test]
fn who_keeps_silent_to_all_but_knows_no_such_option_is_seen_and_did_not_echo() {
    let mut sweep = sweep(everybody());
    let sent = send(&mut sweep, Instant::now());
    assert_eq!(hear(&mut sweep, &problem(&sent[2], 1, STATION, "fe80::7")), Fit::NotMine);
    assert_eq!(hear(&mut sweep, &problem(&sent[0], 2, STATION, "fe80::7")), Fit::Ignored);
    assert_eq!(hear(&mut sweep, &problem(&sent[2], 2, STATION, "fe80::7")), Fit::Taken);
    assert_eq!(said(&mut sweep), [is_at(Method::Ndp, "fe80::7", STATION)]);
}

#[test]
fn only_what_we_asked_counts_and_only_where_we_asked_from() {
    let mut sweep = sweep(everybody());
    let sent = send(&mut sweep, Instant::now());
    let (_, packet) = sent[0].packet();
    let Ok(Icmpv6::EchoRequest(echo)) = Icmpv6::parse(&packet) else { panic!() };
    let answer = |to: &str, id, sequence, payload: &[u8]| {
        let mut answer = Vec::new();
        icmpv6_echo(&mut answer, true, id, sequence, payload);
        message(STATION, "fe80::7", ip(to), 64, &answer)
    };
    let (id, sequence) = (echo.id, echo.sequence);
    for (frame, fit) in [
        (answer(LOCAL, id ^ 1, sequence, echo.payload), Fit::NotMine),
        (answer(LOCAL, id, sequence ^ 1, echo.payload), Fit::Ignored),
        (answer(LOCAL, id, sequence, b"\0\0\0\0echo"), Fit::Ignored),
        (answer(GLOBAL, id, sequence, echo.payload), Fit::Ignored),
        (answer("fe80::99", id, sequence, echo.payload), Fit::NotMine),
        (reply(&sent[0], US, "fe80::7"), Fit::NotMine),
        (reply(&sent[0], MacAddr::BROADCAST, "fe80::7"), Fit::Ignored),
        (reply(&sent[0], STATION, LOCAL), Fit::Ignored),
        (reply(&sent[0], STATION, "::"), Fit::Ignored),
    ] {
        assert_eq!(hear(&mut sweep, &frame), fit, "{frame:02x?}");
    }
    let right = answer(LOCAL, id, sequence, echo.payload);
    let mut broken = right.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(hear(&mut sweep, &broken), Fit::Ignored, "its checksum is wrong");
    assert_eq!(hear_in(&mut sweep, &right, Some(7)), Fit::NotMine, "from another VLAN");
    assert_eq!(said(&mut sweep), []);
    assert_eq!(hear_in(&mut sweep, &right, Some(0)), Fit::Taken, "a priority is no VLAN");
    assert_eq!(said(&mut sweep).len(), 2);
}

#[test]
fn a_frame_from_beyond_the_segment_does_not_name_its_station() {
    let mut sweep = sweep(everybody());
    let sent = send(&mut sweep, Instant::now());
    let beyond = reply(&sent[1], STATION, "fd00:51::7");
    assert_eq!(hear(&mut sweep, &beyond), Fit::Ignored);
    sweep.learn_prefix(ip("fd00:51::"), 64);
    assert_eq!(hear(&mut sweep, &beyond), Fit::Taken);
    assert_eq!(said(&mut sweep)[0], is_at(Method::Ndp, "fd00:51::7", STATION));
}

#[test]
fn a_listed_address_is_solicited_as_often_as_told_then_reported_silent() {
    let (mut sweep, mut now) = (sweep(listed(&["fd00:50::7"])), Instant::now());
    for _ in 0..3 {
        let sent = send(&mut sweep, now);
        let [sent] = &sent[..] else { panic!("one question at a time: {sent:?}") };
        assert_eq!(sent.transmit.to, IpAddr::from(ip("fd00:50::7")));
        assert_eq!(sent.transmit.kind, PacketKind::NeighbourSolicitation);
        let (frame, packet) = sent.packet();
        assert_eq!(frame.destination, MacAddr([0x33, 0x33, 0xff, 0, 0, 7]));
        assert_eq!((packet.source, packet.hop_limit), (ip("fd00:50::fe"), 255));
        assert_eq!(packet.destination, ip("ff02::1:ff00:7"));
        let Ok(Icmpv6::NeighbourSolicitation(asked)) = Icmpv6::parse(&packet) else { panic!() };
        assert_eq!(asked.target, ip("fd00:50::7"));
        assert_eq!(asked.options.iter().collect::<Vec<_>>(), [NdpOption::SourceMac(US)]);
        now = sweep.poll_timeout().unwrap();
        sweep.handle_timeout(now);
    }
    assert_eq!(
        said(&mut sweep),
        [(Method::Ndp, "fd00:50::7".to_string(), Answer::Silent { tries: 3 })]
    );
    assert!(sweep.is_idle());
    assert_eq!(hear(&mut sweep, &advertised("fd00:50::7", 255, STATION, None)), Fit::Taken);
    assert_eq!(said(&mut sweep), [is_at(Method::Ndp, "fd00:50::7", STATION)], "late, but true");
}

#[test]
fn a_link_local_target_is_asked_from_our_link_local_address() {
    let mut sweep = sweep(listed(&["fe80::7", "fd00:51::7"]));
    let mut sources: Vec<_> = send(&mut sweep, Instant::now())
        .iter()
        .map(|sent| (sent.transmit.to.to_string(), sent.packet().1.source.to_string()))
        .collect();
    sources.sort();
    let expected = [("fd00:51::7", LOCAL), ("fe80::7", LOCAL)];
    assert_eq!(sources, expected.map(|(to, from)| (to.to_string(), from.to_string())));
}

#[test]
fn an_advertisement_counts_for_what_was_asked_and_from_a_neighbour_alone() {
    let mut sweep = sweep(listed(&["fd00:50::7"]));
    let right = advertised("fd00:50::7", 255, STATION, Some(STATION));
    assert_eq!(hear(&mut sweep, &right), Fit::NotMine, "nobody was asked yet");
    send(&mut sweep, Instant::now());
    let far = advertised("fd00:50::7", 254, STATION, Some(STATION));
    assert_eq!(hear(&mut sweep, &far), Fit::Ignored, "RFC 4861, 7.1.2");
    let other = advertised("fd00:50::8", 255, STATION, Some(STATION));
    assert_eq!(hear(&mut sweep, &other), Fit::NotMine);
    let group = advertised("fd00:50::7", 255, STATION, Some(MacAddr::BROADCAST));
    assert_eq!(hear(&mut sweep, &group), Fit::Ignored);
    assert_eq!(said(&mut sweep), []);
    assert_eq!(hear(&mut sweep, &right), Fit::Taken);
    assert_eq!(hear(&mut sweep, &right), Fit::Taken);
    assert_eq!(said(&mut sweep), [is_at(Method::Ndp, "fd00:50::7", STATION)]);
    assert!(sweep.is_idle());
}

#[test]
fn who_answers_for_another_names_it_and_several_may_claim_one_address() {
    let mut sweep = sweep(listed(&["fd00:50::7"]));
    send(&mut sweep, Instant::now());
    let proxy = MacAddr([0, 1, 2, 3, 4, 99]);
    hear(&mut sweep, &advertised("fd00:50::7", 255, proxy, Some(STATION)));
    assert_eq!(said(&mut sweep), [is_at(Method::Ndp, "fd00:50::7", STATION)]);
    for last in 0..200 {
        hear(&mut sweep, &advertised("fd00:50::7", 255, MacAddr([0, 1, 2, 3, 4, last]), None));
    }
    assert_eq!(said(&mut sweep).len(), MOST_STATIONS - 1);
}

#[test]
fn what_may_not_be_asked_is_neither_asked_nor_kept_and_counted() {
    let excluded = ip("fd00:50::7");
    let questions = NdQuestions { everybody: true, ..listed(&["fd00:50::7", "fd00:50::8"]) };
    let mut sweep = allowing(questions, move |address| address != excluded);
    let no = (Method::Ndp, excluded.to_string(), Answer::NotAsked(Why::Excluded));
    assert_eq!(said(&mut sweep), [no]);
    sweep.learn_mac(STATION);
    let sent = send(&mut sweep, Instant::now());
    assert!(sent.iter().all(|sent| sent.transmit.to != IpAddr::from(excluded)));
    assert!(sent.iter().any(|sent| sent.transmit.to == IpAddr::from(ip("fd00:50::8"))));
    assert_eq!(hear(&mut sweep, &reply(&sent[1], STATION, "fd00:50::7")), Fit::Taken);
    assert_eq!((said(&mut sweep), sweep.counts().excluded), (vec![], 1));
    let own = eui64(STATION, "fd00:50::");
    let mut strict = allowing(NdQuestions::default(), move |address| address != own);
    strict.learn_mac(STATION);
    let sent = send(&mut strict, Instant::now());
    assert_eq!(sent.len(), 1, "its link-local address alone: {sent:?}");
}

#[test]
fn who_may_not_be_asked_any_more_is_given_up_and_the_sweep_ends() {
    let open = Arc::new(Mutex::new(true));
    let is_open = Arc::clone(&open);
    let mut sweep = allowing(listed(&["fd00:50::7"]), move |_| *is_open.lock().unwrap());
    sweep.learn_mac(STATION);
    sweep.give_up_disallowed(Why::OutsideWindow);
    assert!(!sweep.is_idle() && said(&mut sweep).is_empty(), "all may be asked");
    *open.lock().unwrap() = false;
    sweep.give_up_disallowed(Why::OutsideWindow);
    let no = Answer::NotAsked(Why::OutsideWindow);
    assert_eq!(said(&mut sweep), [(Method::Ndp, "fd00:50::7".to_owned(), no)]);
    assert!(sweep.is_idle() && send(&mut sweep, Instant::now()).is_empty());
}

#[test]
fn nobody_is_asked_more_often_than_the_operator_allows() {
    let retries = NdRetries::default().at_most(Some(1));
    let questions = NdQuestions { everybody: true, retries, ..listed(&["fd00:50::7"]) };
    let (mut sweep, mut now) = (sweep(questions), Instant::now());
    sweep.learn_mac(STATION);
    let mut sent = 0;
    loop {
        sent += send(&mut sweep, now).len();
        let Some(until) = sweep.poll_timeout() else { break };
        now = until;
        sweep.handle_timeout(now);
    }
    // Two calls from two prefixes, the listed one and two guesses: once each.
    assert_eq!((sent, sweep.is_idle()), (4 + 1 + 2, true));
}

fn eui64(mac: MacAddr, prefix: &str) -> Ipv6Addr {
    herkomst_wire::ipv6::eui64_address(ip(prefix), mac).unwrap()
}

#[test]
fn a_guess_goes_to_the_station_alone_then_to_its_group_and_its_silence_is_not_told() {
    let (mut sweep, mut now) = (sweep(NdQuestions::default()), Instant::now());
    assert!(sweep.is_idle());
    sweep.learn_mac(US);
    assert!(sweep.is_idle(), "our own address is no guess");
    sweep.learn_mac(STATION);
    for attempt in 0..2 {
        let sent = send(&mut sweep, now);
        let to: Vec<_> = sent.iter().map(|sent| sent.transmit.to).collect();
        let expected = ["fe80::", "fd00:50::"].map(|prefix| IpAddr::from(eui64(STATION, prefix)));
        assert_eq!(to, expected);
        for sent in &sent {
            let (frame, packet) = sent.packet();
            let group = MacAddr([0x33, 0x33, 0xff, 0, 0, 7]);
            assert_eq!(frame.destination, if attempt == 0 { STATION } else { group });
            assert_eq!(packet.destination, ip("ff02::1:ff00:7"), "RFC 6085");
        }
        if attempt == 0 {
            let answer = advertised("fd00:50::2e0:fcff:fe00:7", 255, STATION, Some(STATION));
            let mut sweep = NdSweep::new(
                segment(),
                NdQuestions::default(),
                Box::new(|_| true),
                Cookies::new([7; 16]),
                0,
            );
            sweep.learn_mac(STATION);
            send(&mut sweep, now);
            assert_eq!(hear(&mut sweep, &answer), Fit::Taken);
            assert_eq!(said(&mut sweep).len(), 1);
        }
        now = sweep.poll_timeout().unwrap();
        sweep.handle_timeout(now);
    }
    assert!(sweep.is_idle());
    assert_eq!(said(&mut sweep), []);
    let counts = NdCounts { guessed: 2, guessed_wrong: 2, ..NdCounts::default() };
    assert_eq!(sweep.counts(), counts);
}

#[test]
fn what_is_known_is_not_guessed_and_what_echoed_is_not_solicited() {
    let known = eui64(STATION, "fd00:50::").to_string();
    let questions = NdQuestions { everybody: true, ..listed(&["fd00:50::9"]) };
    let mut sweep = sweep(questions);
    let mut frame = Vec::new();
    let now = Instant::now();
    let mut calls = Vec::new();
    for _ in 0..4 {
        let transmit = sweep.poll_transmit(now, &mut Open, &mut frame).unwrap();
        calls.push(Sent { transmit, frame: frame.clone() });
    }
    hear(&mut sweep, &reply(&calls[1], STATION, &known));
    hear(&mut sweep, &reply(&calls[1], STATION, "fd00:50::9"));
    sweep.learn_mac(STATION);
    let sent = send(&mut sweep, now);
    let to: Vec<_> = sent.iter().map(|sent| sent.transmit.to).collect();
    assert_eq!(to, [IpAddr::from(eui64(STATION, "fe80::"))]);
}

#[test]
fn listeners_are_asked_only_when_told_from_the_link_local_address() {
    let questions = NdQuestions { listeners: true, ..NdQuestions::default() };
    let mut sweep = sweep(questions);
    let mut report = vec![143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0];
    report.extend(ip("ff02::fb").octets());
    let report = |source: &str, hop_limit| {
        message(STATION, source, ip("ff02::16"), hop_limit, &report.clone())
    };
    assert_eq!(hear(&mut sweep, &report("fe80::7", 1)), Fit::NotMine, "not yet asked");
    let sent = send(&mut sweep, Instant::now());
    let [sent] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(sent.transmit.kind, PacketKind::MldQuery);
    let (_, packet) = sent.packet();
    assert_eq!((packet.source, packet.hop_limit), (ip(LOCAL), 1));
    assert!(packet.extensions().any(|one| matches!(one, Extension::HopByHop(_))));
    let Ok(Icmpv6::ListenerQuery(query)) = Icmpv6::parse(&packet) else { panic!() };
    assert_eq!((query.group, query.maximum_response), (Ipv6Addr::UNSPECIFIED, 1000));
    assert_eq!(query.sources, Some(&[][..]), "version 2");
    for (source, hop_limit, fit) in [
        ("fe80::7", 2, Fit::NotMine),
        ("fd00:50::7", 1, Fit::NotMine),
        ("::", 1, Fit::Taken),
        ("fe80::7", 1, Fit::Taken),
        ("fe80::7", 1, Fit::Taken),
    ] {
        assert_eq!(hear(&mut sweep, &report(source, hop_limit)), fit, "{source} {hop_limit}");
    }
    assert_eq!(said(&mut sweep), [is_at(Method::Mld, "fe80::7", STATION)]);
    let mut query = Vec::new();
    mld_query(&mut query, Ipv6Addr::UNSPECIFIED, 1000, 2, 125);
    let other = message(STATION, "fe80::7", ALL_NODES, 1, &query);
    assert_eq!(hear(&mut sweep, &other), Fit::NotMine, "another's question is no answer");
}

/// Admits whom it is told to, and writes down whom it was asked about.
struct Told(IpAddr, Arc<Mutex<Vec<IpAddr>>>);
impl Gate for Told {
    fn admits(&mut self, to: IpAddr, _: Instant) -> bool {
        self.1.lock().unwrap().push(to);
        to == self.0
    }
}

#[test]
fn nothing_leaves_unless_the_gate_admits_it() {
    let mut sweep = sweep(NdQuestions { everybody: true, ..listed(&["fd00:50::7"]) });
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut frame = Vec::new();
    let mut gate = Told("192.0.2.1".parse().unwrap(), Arc::clone(&asked));
    assert_eq!(sweep.poll_transmit(Instant::now(), &mut gate, &mut frame), None);
    assert_eq!(*asked.lock().unwrap(), [ALL_NODES, ip("fd00:50::7")].map(IpAddr::from));
    assert!(sweep.is_ready());
    gate.0 = ip("fd00:50::7").into();
    let sent = sweep.poll_transmit(Instant::now(), &mut gate, &mut frame).unwrap();
    assert_eq!(sent.to, gate.0, "a group that is not admitted holds nobody else up");
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
fn what_the_gate_forbids_for_good_is_over() {
    let mut sweep = sweep(NdQuestions { everybody: true, ..listed(&["fd00:50::7"]) });
    sweep.learn_mac(STATION);
    assert!(sweep.is_ready());
    assert_eq!(sweep.poll_transmit(Instant::now(), &mut Shut, &mut Vec::new()), None);
    assert!(sweep.is_idle() && !sweep.is_ready());
}

#[test]
fn who_is_given_up_is_asked_no_more_and_that_is_said() {
    let mut sweep = sweep(listed(&["fd00:50::7", "fd00:50::8"]));
    sweep.give_up(ip("fd00:50::7"), Why::OutsideWindow);
    let sent = send(&mut sweep, Instant::now());
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].transmit.to, IpAddr::from(ip("fd00:50::8")));
    let no = Answer::NotAsked(Why::OutsideWindow);
    assert_eq!(said(&mut sweep), [(Method::Ndp, "fd00:50::7".to_owned(), no)]);
}

#[test]
fn every_kind_of_question_keeps_to_the_most_tries() {
    let retries = NdRetries::default().at_most(Some(1));
    let tries = [retries.everybody, retries.listed, retries.guesses].map(|retry| retry.tries());
    assert_eq!(tries, [1, 1, 1]);
}

#[test]
fn without_an_address_nobody_is_asked_and_that_is_said() {
    let segment = NdSegment { mac: US, vlan: None, own: Vec::new() };
    let questions = NdQuestions { everybody: true, listeners: true, ..listed(&["fd00:50::7"]) };
    let mut sweep = NdSweep::new(segment, questions, Box::new(|_| true), Cookies::new([7; 16]), 0);
    sweep.learn_mac(STATION);
    assert!(sweep.is_idle() && send(&mut sweep, Instant::now()).is_empty());
    let no = (Method::Ndp, "fd00:50::7".to_string(), Answer::NotAsked(Why::NoRoute));
    assert_eq!(said(&mut sweep), [no]);
}

#[test]
fn our_own_address_and_groups_are_no_targets() {
    let mut sweep = sweep(listed(&[GLOBAL, "ff02::1", "::"]));
    assert!(send(&mut sweep, Instant::now()).is_empty());
    let why: Vec<_> = said(&mut sweep).into_iter().map(|(_, _, answer)| answer).collect();
    let expected = [Why::ThisHost, Why::SegmentAddress, Why::SegmentAddress];
    assert_eq!(why, expected.map(Answer::NotAsked));
}

#[test]
fn our_frames_carry_the_tag_of_their_vlan() {
    let segment = NdSegment { vlan: Some(7), ..segment() };
    let questions = NdQuestions { everybody: true, ..listed(&["fd00:50::7"]) };
    let mut sweep = NdSweep::new(segment, questions, Box::new(|_| true), Cookies::new([7; 16]), 0);
    let sent = send(&mut sweep, Instant::now());
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|sent| sent.packet().0.vlan == Some(7)));
    let answer = reply(&sent[0], STATION, "fe80::7");
    assert_eq!(hear_in(&mut sweep, &answer, None), Fit::NotMine);
    assert_eq!(hear_in(&mut sweep, &answer, Some(7)), Fit::Taken);
    assert_eq!(sweep.poll_observation().unwrap().vlan, Some(7));
}

#[test]
fn a_segment_that_invents_addresses_fills_no_more_than_its_share() {
    let mut sweep = sweep(everybody());
    let sent = send(&mut sweep, Instant::now());
    let mut answer = reply(&sent[0], STATION, "fe80::7");
    let packet = Ipv6Packet::parse(&answer[14..]).unwrap();
    let message = packet.payload.to_vec();
    let to = packet.destination;
    for number in 0..MOST_NEIGHBOURS as u128 + 1000 {
        let source = Ipv6Addr::from_bits(ip("fe80::1:0:0:0").to_bits() + number);
        let way = Ipv6Way {
            source_mac: STATION,
            destination_mac: US,
            vlan: None,
            source,
            destination: to,
            hop_limit: 64,
        };
        icmpv6_frame(&mut answer, &way, Extra::Nothing, &message).unwrap();
        hear(&mut sweep, &answer);
    }
    assert_eq!(sweep.known.len(), MOST_NEIGHBOURS);
    assert_eq!(sweep.counts().overflow, 1000);
    assert_eq!(said(&mut sweep).len(), 2 * MOST_NEIGHBOURS);
}

#[test]
fn a_segment_that_invents_stations_does_not_make_us_ask_without_end() {
    let mut sweep = sweep(NdQuestions::default());
    for number in 0..40_000_u32 {
        let [a, b, c, d] = number.to_be_bytes();
        sweep.learn_mac(MacAddr([2, 1, a, b, c, d]));
    }
    let counts = sweep.counts();
    assert_eq!(counts.guessed, MOST_GUESSES as u64);
    assert_eq!(counts.overflow, 80_000 - counts.guessed);
}

/// The four messages that we send are read by the crate that reads all others, so that a broken one is seen here.
#[test]
fn what_we_send_is_read_again() -> Result<(), WireError> {
    let questions = NdQuestions { everybody: true, listeners: true, ..listed(&["fd00:50::7"]) };
    for sent in send(&mut sweep(questions), Instant::now()) {
        Icmpv6::parse(&sent.packet().1)?;
    }
    Ok(())
}
