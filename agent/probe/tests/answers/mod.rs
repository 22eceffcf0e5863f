//! Answers to what the probes asked, changed by bytes that a stranger chose: for the tests, and for the fuzz targets, which are
//! the same functions over other bytes. A right answer is the start, since bytes without any sense never guess a cookie.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use herkomst_ids::MacAddr;
use herkomst_model::{About, Answer, Fact};
use herkomst_probe::ask::{Ask, Question};
use herkomst_probe::nd::{NdQuestions, NdSegment, NdSweep, OwnPrefix};
use herkomst_probe::retry::Retry;
use herkomst_probe::snmp::cookie::Cookies;
use herkomst_probe::{Fit, Gate, Input, Probe};
use herkomst_wire::dns::{DnsData, SERVICES, emit_dns_response, reverse_name};
use herkomst_wire::icmpv6::neighbour_advertisement;
use herkomst_wire::ipv6::{ALL_NODES, Extra, Ipv6Way};
use herkomst_wire::xml::xml_leaves;
use herkomst_wire::{
    Dahua, DnsMessage, EthernetFrame, Icmpv6, Ipv6Packet, WsDiscovery, icmpv6_echo, icmpv6_frame,
};

/// A reader of answers, fed with a stranger's bytes; says whether it took what came of them.
pub(crate) type Read = fn(&[u8]) -> bool;

/// Every reader by the name of its fuzz target.
pub(crate) const ALL: &[(&str, Read)] = &[("nd", nd), ("ask", ask)];

const US: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const STATION: MacAddr = MacAddr([0, 0xe0, 0xfc, 0, 0, 7]);
const OURS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const THEIRS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
const EXCLUDED: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x66);
const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 7));

struct Open;
impl Gate for Open {
    fn admits(&mut self, _: IpAddr, _: Instant) -> bool {
        true
    }
}

#[expect(clippy::disallowed_methods, reason = "a test may start at any instant")]
fn start() -> Instant {
    Instant::now()
}

/// All that a probe sends now.
fn sent(probe: &mut impl Probe, now: Instant) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    std::iter::from_fn(|| {
        probe.poll_transmit(now, &mut Open, &mut bytes)?;
        Some(bytes.clone())
    })
    .collect()
}

/// Which answer, where it is changed and how much of it is left; then what is written there.
struct Change<'a> {
    which: usize,
    at: usize,
    cut: usize,
    bytes: &'a [u8],
}

impl<'a> Change<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let ([which, at, cut], bytes) = bytes.split_first_chunk()?;
        Some(Self { which: (*which).into(), at: usize::from(*at), cut: (*cut).into(), bytes })
    }

    fn apply(&self, answer: &mut Vec<u8>) {
        let at = self.at.min(answer.len());
        let end = (at + self.bytes.len()).min(answer.len());
        answer.splice(at..end, self.bytes.iter().copied());
        if self.cut != 0 {
            answer.truncate(self.cut);
        }
    }
}

/// Runs a probe to its end, which must come, whatever it was told.
fn finish(probe: &mut impl Probe, mut now: Instant) {
    for _ in 0..1000 {
        if probe.is_idle() {
            return;
        }
        sent(probe, now);
        while probe.poll_observation().is_some() {}
        now = probe.poll_timeout().unwrap_or(now + Duration::from_secs(1));
        probe.handle_timeout(now);
    }
    panic!("it goes on asking");
}

/// Neighbour discovery: the message is sealed with its right checksum, or all of the frame is what was sent.
pub(crate) fn nd(bytes: &[u8]) -> bool {
    let Some(change) = Change::read(bytes) else { return false };
    let own = vec![OwnPrefix { address: OURS, length: 64 }];
    let (everybody, listeners, targets) = (true, true, vec![THEIRS]);
    let questions = NdQuestions { everybody, listeners, targets, ..NdQuestions::default() };
    let segment = NdSegment { mac: US, vlan: None, own };
    let allowed = Box::new(|address| address != EXCLUDED);
    let mut sweep = NdSweep::new(segment, questions, allowed, Cookies::new([7; 16]), 0);
    let now = start();
    let asked = sent(&mut sweep, now);
    let packet = |frame: usize| asked.get(frame).and_then(|frame| frame.get(14..)).unwrap_or(&[]);

    let mut message = Vec::new();
    let (mut destination, mut hop_limit) = (OURS, 255);
    match change.which % 4 {
        0 => {
            let echo = Ipv6Packet::parse(packet(0));
            if let Some(Ok(Icmpv6::EchoRequest(echo))) = echo.ok().map(|one| Icmpv6::parse(&one)) {
                icmpv6_echo(&mut message, true, echo.id, echo.sequence, echo.payload);
            }
        }
        1 => message.extend([&[4, 2, 0, 0, 0, 0, 0, 42][..], packet(1)].concat()),
        2 => neighbour_advertisement(&mut message, THEIRS, false, true, Some(STATION)),
        _ => {
            message.extend(
                [&[143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0][..], &ALL_NODES.octets()].concat(),
            );
            (destination, hop_limit) = (ALL_NODES, 1);
        }
    }
    let source = if change.which & 4 == 0 { THEIRS } else { EXCLUDED };
    let whole = change.which & 8 != 0;
    if !whole {
        change.apply(&mut message);
    }
    let (source_mac, destination_mac) = (STATION, US);
    let way = Ipv6Way { source_mac, destination_mac, vlan: None, source, destination, hop_limit };
    let mut frame = Vec::new();
    if icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).is_err() {
        return false;
    }
    if whole {
        change.apply(&mut frame);
    }
    let fit = EthernetFrame::parse(&frame).map(|frame| {
        let input = Input::Frame { frame: &frame, vlan: None };
        sweep.handle_input(now, input)
    });
    let mut said = 0;
    while let Some(seen) = sweep.poll_observation() {
        said += 1;
        assert_ne!(seen.about, About::Address(EXCLUDED.into()));
        assert!(matches!(seen.answer, Answer::Is(Fact::Neighbour { .. } | Fact::Echo)));
    }
    assert!(said <= 2);
    finish(&mut sweep, now);
    fit == Ok(Fit::Taken)
}

/// Answers to the questions of cameras and services; what is asked again must be a message.
pub(crate) fn ask(bytes: &[u8]) -> bool {
    let Some(change) = Change::read(bytes) else { return false };
    let question = Question::ALL[change.which % Question::ALL.len()];
    let mut ask = Ask::new(question, Retry::question(), Cookies::new([7; 16]));
    ask.add(TARGET);
    let now = start();
    let asked = sent(&mut ask, now).concat();
    let mut answer = answer_to(question, &asked);
    change.apply(&mut answer);
    let port = if change.which & 0x80 == 0 { question.port() } else { 40_000 };
    let from = SocketAddr::new(TARGET, port);
    let fit = ask.handle_input(now, Input::Datagram { from, bytes: &answer });
    let mut said = 0;
    while let Some(seen) = ask.poll_observation() {
        said += 1;
        assert_eq!(seen.about, About::Address(TARGET));
        assert!(matches!(seen.answer, Answer::Is(Fact::Announced(_))));
    }
    assert_eq!(said, usize::from(fit == Fit::Taken));
    for more in sent(&mut ask, now) {
        assert_eq!(question, Question::Mdns);
        let message = DnsMessage::parse(&more).expect("what we ask is a message");
        assert!(message.questions().all(|one| one.is_ok()) && more.len() < 1000);
    }
    finish(&mut ask, now);
    fit == Fit::Taken
}

/// A right answer, made up in the form that each protocol has.
fn answer_to(question: Question, asked: &[u8]) -> Vec<u8> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut answer = Vec::new();
    match question {
        Question::Sadp => {
            let uuid = xml_leaves(asked).next().map_or(&[][..], |(_, uuid)| uuid);
            let uuid = text(uuid);
            answer.extend(
                format!("<ProbeMatch><Uuid>{uuid}</Uuid><MAC>02-00-00-00-00-0b</MAC><IPv4Address>10.9.0.7</IPv4Address></ProbeMatch>").bytes(),
            );
        }
        Question::Dhip => {
            let json = br#"{"mac":"02:00:00:00:00:0b","params":{"deviceInfo":{"DeviceType":"LAB","IPv4Address":{"IPAddress":"10.9.0.7"}}}}"#;
            let _ = Dahua { session: 0, id: 0, json }.emit(&mut answer);
        }
        Question::Onvif => {
            let id = WsDiscovery::parse(asked).ok().and_then(|message| message.message_id());
            let id = text(id.unwrap_or_default());
            answer.extend(
                format!(
                    "<E><Header><RelatesTo>{id}</RelatesTo></Header><Body><ProbeMatches><Address>urn:uuid:9</Address>\
                     <Scopes>onvif://www.onvif.org/name/L%20b</Scopes><XAddrs>http://10.9.0.7/</XAddrs></ProbeMatches></Body></E>"
                )
                .bytes(),
            );
        }
        Question::Ssdp => answer.extend(
            b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\nLOCATION: http://10.9.0.7/d.xml\r\n\r\n",
        ),
        Question::Mdns => {
            let id = DnsMessage::parse(asked).map_or(0, |message| message.id);
            // names are made by sending and reading them: a record has no other
            let mut named = Vec::new();
            let any = DnsData::A(Ipv4Addr::UNSPECIFIED);
            let _ = emit_dns_response(&mut named, 0, 9, &[("_ipp._tcp.local", any), ("lab.local", any)]);
            let names = DnsMessage::parse(&named).map(|message| {
                message.records().flatten().map(|(_, record)| record.name).collect::<Vec<_>>()
            });
            if let Ok([service, host]) = names.as_deref() {
                let reverse = reverse_name(TARGET);
                let records = [(SERVICES, DnsData::Ptr(*service)), (&*reverse, DnsData::Ptr(*host))];
                let _ = emit_dns_response(&mut answer, id, 9, &records);
            }
        }
    }
    answer
}
