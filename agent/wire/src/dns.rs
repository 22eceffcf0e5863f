//! DNS messages (RFC 1035), as sent in multicast DNS (RFC 6762) too: questions and records, names with compression.
//!
//! A name is never put together from more than [`MOST_LABELS`] labels and as many pointers, and a pointer leads backwards
//! only, so that names cannot run in circles.

mod name;
mod record;

pub use self::name::{DnsName, MOST_LABELS};
pub use self::record::{DnsData, DnsRecord, TxtItems};
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::{Reader, WireError};

/// The port of multicast DNS.
pub const MDNS_PORT: u16 = 5353;
/// Records of one message that are read: more than a datagram of an ordinary responder has room for.
pub const MOST_RECORDS: usize = 512;

/// The types that the agent knows; those of records are read by [`DnsRecord::data`].
pub mod kind {
    /// An IPv4 address.
    pub const A: u16 = 1;
    /// The name that another name stands for.
    pub const CNAME: u16 = 5;
    /// What something is called, or who offers a service.
    pub const PTR: u16 = 12;
    /// Processor and operating system.
    pub const HINFO: u16 = 13;
    /// Texts.
    pub const TXT: u16 = 16;
    /// An IPv6 address.
    pub const AAAA: u16 = 28;
    /// Where a service is (RFC 2782).
    pub const SRV: u16 = 33;
    /// Any of them.
    pub const ANY: u16 = 255;
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsMessage<'a> {
    /// Tells one question from another; 0 in multicast DNS.
    pub id: u16,
    /// An answer and not a question.
    pub response: bool,
    /// How the question went: 0 well, 3 there is no such name, 5 refused, …
    pub code: u8,
    /// Cut short to fit a datagram.
    pub truncated: bool,
    counts: [u16; 4],
    message: &'a [u8],
}

/// Under this name a responder lists the types of service that it offers (RFC 6763, 9).
pub const SERVICES: &str = "_services._dns-sd._udp.local";

/// The name under which an address is looked up the other way round (RFC 1035, 3.5; RFC 3596, 2.5).
pub fn reverse_name(address: IpAddr) -> String {
    let mut name = String::new();
    match address {
        IpAddr::V4(address) => {
            for octet in address.octets().iter().rev() {
                let _ = write!(name, "{octet}.");
            }
            name + "in-addr.arpa"
        }
        IpAddr::V6(address) => {
            for octet in address.octets().iter().rev() {
                let _ = write!(name, "{:x}.{:x}.", octet & 0x0f, octet >> 4);
            }
            name + "ip6.arpa"
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsQuestion<'a> {
    /// The name.
    pub name: DnsName<'a>,
    /// The type of record; see [`kind`].
    pub kind: u16,
    /// The class, 1 for the Internet.
    pub class: u16,
    /// The answer may come to the asker alone (RFC 6762, 5.4).
    pub unicast: bool,
}

const HEADER: usize = 12;

impl<'a> DnsMessage<'a> {
    /// Reads the header of a message as it stands in a datagram.
    pub fn parse(message: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        let id = reader.u16("dns id")?;
        let flags = reader.u16("dns flags")?;
        let mut counts = [0; 4];
        for count in &mut counts {
            *count = reader.u16("dns count")?;
        }
        let operation = flags >> 11 & 0x0f;
        if operation != 0 {
            let (found, want) = (operation.into(), "0, a query");
            return Err(WireError::Unexpected { what: "dns operation", at: 2, found, want });
        }
        let code = u8::try_from(flags & 0x0f).expect("four bits");
        let (response, truncated) = (flags & 0x8000 != 0, flags & 0x0200 != 0);
        Ok(Self { id, response, code, truncated, counts, message })
    }

    /// The questions in the order sent. After one that cannot be read nothing follows.
    pub fn questions(&self) -> impl Iterator<Item = Result<DnsQuestion<'a>, WireError>> + use<'a> {
        let mut reader = self.body();
        let (message, mut left) = (self.message, usize::from(self.counts[0]).min(MOST_RECORDS));
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let read = question(message, &mut reader);
            if read.is_err() {
                left = 0;
            }
            Some(read)
        })
    }

    /// The records of all three sections in the order sent; `(0, record)` for an answer, 1 for an authority, 2 for what is added.
    /// After one that cannot be read nothing follows.
    pub fn records(
        &self,
    ) -> impl Iterator<Item = Result<(u8, DnsRecord<'a>), WireError>> + use<'a> {
        let mut reader = self.body();
        let message = self.message;
        let mut error = None;
        for _ in 0..self.counts[0] {
            // each takes five octets at least, so that this ends with the message
            if let Err(found) = question(message, &mut reader) {
                error = Some(found);
                break;
            }
        }
        let [_, answers, authorities, added] = self.counts.map(usize::from);
        let most = (answers + authorities + added).min(MOST_RECORDS);
        let mut number = 0;
        std::iter::from_fn(move || {
            if let Some(error) = error.take() {
                number = most;
                return Some(Err(error));
            }
            if number >= most {
                return None;
            }
            let section = u8::from(number >= answers) + u8::from(number >= answers + authorities);
            number += 1;
            let read = DnsRecord::read(message, &mut reader);
            if read.is_err() {
                number = most;
            }
            Some(read.map(|record| (section, record)))
        })
    }

    fn body(&self) -> Reader<'a> {
        let mut reader = Reader::new(self.message);
        reader.take(HEADER, "dns header").map_or(Reader::new(&[]), |_| reader)
    }
}

fn question<'a>(message: &'a [u8], reader: &mut Reader<'a>) -> Result<DnsQuestion<'a>, WireError> {
    let name = DnsName::read(message, reader)?;
    let kind = reader.u16("dns question type")?;
    let class = reader.u16("dns question class")?;
    Ok(DnsQuestion { name, kind, class: class & 0x7fff, unicast: class & 0x8000 != 0 })
}

/// Appends a message that asks for records of these names, written with dots between labels; `unicast` as in RFC 6762, 5.4.
/// A name that is none is refused, and nothing appended.
pub fn emit_dns_query(
    buf: &mut Vec<u8>,
    id: u16,
    questions: &[(&str, u16)],
    unicast: bool,
) -> Result<(), WireError> {
    let start = buf.len();
    let (found, most) = (questions.len(), MOST_RECORDS);
    let too_long = WireError::TooLong { what: "dns questions", at: 4, found, most };
    let count = u16::try_from(found).ok().filter(|_| found <= most).ok_or(too_long)?;
    header(buf, id, 0, [count, 0, 0]);
    let sent = questions.iter().try_for_each(|(name, kind)| {
        name::emit(buf, name)?;
        buf.extend_from_slice(&kind.to_be_bytes());
        buf.extend_from_slice(&(1 | if unicast { 0x8000_u16 } else { 0 }).to_be_bytes());
        Ok(())
    });
    sent.inspect_err(|_| buf.truncate(start))
}

/// Appends the answer of a responder: records of these names, in full and without compression, for so many seconds.
pub fn emit_dns_response(
    buf: &mut Vec<u8>,
    id: u16,
    ttl: u32,
    records: &[(&str, DnsData<'_>)],
) -> Result<(), WireError> {
    let start = buf.len();
    let (found, most) = (records.len(), MOST_RECORDS);
    let too_long = WireError::TooLong { what: "dns records", at: 6, found, most };
    let count = u16::try_from(found).ok().filter(|_| found <= most).ok_or(too_long)?;
    header(buf, id, 0x8400, [0, count, 0]);
    let sent = records.iter().try_for_each(|(name, data)| {
        name::emit(buf, name)?;
        buf.extend_from_slice(&data.kind().to_be_bytes());
        buf.extend_from_slice(&1_u16.to_be_bytes());
        buf.extend_from_slice(&ttl.to_be_bytes());
        data.emit(buf)
    });
    sent.inspect_err(|_| buf.truncate(start))
}

fn header(buf: &mut Vec<u8>, id: u16, flags: u16, [questions, answers, added]: [u16; 3]) {
    for field in [id, flags, questions, answers, 0, added] {
        buf.extend_from_slice(&field.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    #[test]
    fn reads_recorded_announcements() {
        let payloads = ["mdns", "mdns_answer"].map(captures::udp_payloads).concat();
        let mut said = vec![];
        for payload in &payloads {
            let message = DnsMessage::parse(payload).unwrap();
            for record in message.records() {
                let (_, record) = record.unwrap();
                said.push((record.name.to_string(), record.data().unwrap()));
            }
        }
        let is = |name: &str, want: &dyn Fn(&DnsData<'_>) -> bool| {
            assert!(
                said.iter().any(|(found, data)| found == name && want(data)),
                "{name} in {said:#?}"
            );
        };
        is("lab-peer.local", &|data| *data == DnsData::A([10, 50, 0, 2].into()));
        is("lab-peer.local", &|data| matches!(data, DnsData::Aaaa(_)));
        is("lab-peer.local", &|data| *data == DnsData::HostInfo { cpu: b"X86_64", os: b"LINUX" });
        is(
            "_http._tcp.local",
            &|data| matches!(data, DnsData::Ptr(name) if name.to_string() == r"Lab\032camera._http._tcp.local"),
        );
        is(
            r"Lab\032camera._http._tcp.local",
            &|data| matches!(data, DnsData::Srv { port: 80, target, .. } if target.to_string() == "lab-peer.local"),
        );
        is(r"Lab\032camera._http._tcp.local", &|data| {
            let DnsData::Txt(items) = data else { return false };
            let mut items: Vec<_> = items.iter().collect();
            items.sort();
            items == [&b"flag"[..], b"manufacturer=Lab", b"model=Wire capture"]
        });
        let asked =
            payloads.iter().map(|one| DnsMessage::parse(one).unwrap()).filter(|one| !one.response);
        let asked: Vec<_> = asked.flat_map(|one| one.questions()).map(Result::unwrap).collect();
        assert!(asked.iter().any(|one| one.name.to_string() == "_http._tcp.local"
            && one.kind == kind::PTR
            && one.unicast));
        assert!(asked.iter().any(|one| one.kind == kind::A && !one.unicast && one.class == 1));
    }

    #[test]
    fn reads_recorded_answers_of_a_server() {
        let payloads = captures::udp_payloads("dns");
        let answers: Vec<_> = payloads
            .iter()
            .map(|one| DnsMessage::parse(one).unwrap())
            .filter(|one| one.response)
            .collect();
        assert!(answers.iter().all(|one| one.id == 7 && one.questions().count() == 1));
        assert!(answers.iter().any(|one| one.code == 5 || one.code == 3), "a name that nobody has");
        let all: Vec<_> = answers
            .iter()
            .flat_map(|one| one.records())
            .map(|one| one.unwrap().1.data().unwrap())
            .collect();
        assert!(all.contains(&DnsData::A([10, 50, 0, 2].into())));
        assert!(
            all.iter().any(|data| matches!(
                data,
                DnsData::Srv { priority: 1, weight: 2, port: 5060, .. }
            ))
        );
        assert!(all.iter().any(|data| matches!(data, DnsData::Ptr(_))));
        assert!(all.iter().any(|data| matches!(data, DnsData::Cname(_))), "{all:?}");
    }

    #[test]
    fn counts_are_believed_as_far_as_there_is_something() {
        let mut message = vec![];
        emit_dns_query(&mut message, 0, &[("lab.local", kind::ANY)], true).unwrap();
        message[4..12].fill(0xff);
        let read = DnsMessage::parse(&message).unwrap();
        let questions: Vec<_> = read.questions().collect();
        assert!(matches!(questions[..], [Ok(_), Err(WireError::Short { .. })]));
        assert!(matches!(read.records().collect::<Vec<_>>()[..], [Err(_)]));
        let mut many = vec![0; 12];
        many[6..8].fill(0xff);
        many.extend([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0].repeat(MOST_RECORDS + 9));
        let read = DnsMessage::parse(&many).unwrap();
        assert_eq!(read.records().filter(Result::is_ok).count(), MOST_RECORDS);
    }

    #[test]
    fn addresses_are_written_the_other_way_round() {
        assert_eq!(reverse_name([10, 50, 0, 2].into()), "2.0.50.10.in-addr.arpa");
        // RFC 3596, 2.5
        assert_eq!(
            reverse_name("4321:0:1:2:3:4:567:89ab".parse().unwrap()),
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"
        );
    }

    #[test]
    fn updates_and_cut_headers_are_refused() {
        let mut message = [0; 12];
        for length in 0..12 {
            assert!(matches!(DnsMessage::parse(&message[..length]), Err(WireError::Short { .. })));
        }
        message[2] = 5 << 3;
        assert!(matches!(DnsMessage::parse(&message), Err(WireError::Unexpected { found: 5, .. })));
    }

    proptest::proptest! {
        #[test]
        fn a_question_comes_back_as_it_was_sent(
            id: u16, unicast: bool, kind: u16,
            labels in proptest::collection::vec("[a-z0-9_-]{1,20}", 1..6),
        ) {
            let name = labels.join(".");
            let mut buf = vec![];
            emit_dns_query(&mut buf, id, &[(&name, kind), ("local", 1)], unicast).unwrap();
            let message = DnsMessage::parse(&buf).unwrap();
            assert_eq!((message.id, message.response, message.code), (id, false, 0));
            let questions: Vec<_> = message.questions().map(Result::unwrap).collect();
            assert_eq!(questions.len(), 2);
            assert_eq!((questions[0].name.to_string(), questions[0].kind), (name, kind));
            assert_eq!((questions[0].class, questions[0].unicast), (1, unicast));
        }
    }
}
