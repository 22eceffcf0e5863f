//! The records of DNS messages (RFC 1035, 3.2 and 3.3; RFC 3596; RFC 2782).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::kind;
use super::name::{self, DnsName};
use crate::{Reader, WireError};

/// A record, its data unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsRecord<'a> {
    /// What it is about.
    pub name: DnsName<'a>,
    /// The type; see [`kind`].
    pub kind: u16,
    /// The class, 1 for the Internet.
    pub class: u16,
    /// It replaces what was known before (RFC 6762, 10.2).
    pub flush: bool,
    /// For how many seconds it holds; 0 takes it back.
    pub ttl: u32,
    message: &'a [u8],
    data: Reader<'a>,
}

/// The data of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsData<'a> {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// Another name for the same.
    Cname(DnsName<'a>),
    /// Who offers a service, or what something is called.
    Ptr(DnsName<'a>),
    /// Processor and operating system, as it says.
    HostInfo {
        /// The processor.
        cpu: &'a [u8],
        /// The operating system.
        os: &'a [u8],
    },
    /// Texts.
    Txt(TxtItems<'a>),
    /// Where a service is.
    Srv {
        /// Lower ones first.
        priority: u16,
        /// Shares among equals.
        weight: u16,
        /// The port.
        port: u16,
        /// The device.
        target: DnsName<'a>,
    },
    /// Anything else.
    Other {
        /// The type.
        kind: u16,
        /// The data.
        data: &'a [u8],
    },
}

/// The texts of a TXT record, each after its length; many are `key=value` (RFC 6763, 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxtItems<'a>(&'a [u8]);

impl<'a> TxtItems<'a> {
    /// Texts as they stand in a record.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The texts in the order sent, empty ones left out; after one that does not end nothing follows.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.0);
        let all = std::iter::from_fn(move || {
            let length = reader.u8("dns text length").ok()?;
            reader.take(length.into(), "dns text").ok()
        });
        all.filter(|text| !text.is_empty())
    }

    /// The value of a key, which is compared without regard to case (RFC 6763, 6.4).
    pub fn value(self, key: &str) -> Option<&'a [u8]> {
        self.iter().find_map(|text| {
            let at = text.iter().position(|octet| *octet == b'=')?;
            let (found, value) = text.split_at_checked(at)?;
            found.eq_ignore_ascii_case(key.as_bytes()).then(|| &value[1..])
        })
    }
}

impl<'a> DnsRecord<'a> {
    pub(super) fn read(message: &'a [u8], reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let name = DnsName::read(message, reader)?;
        let kind = reader.u16("dns record type")?;
        let class = reader.u16("dns record class")?;
        let ttl = reader.u32("dns time to live")?;
        let length = reader.u16("dns data length")?;
        let data = reader.part(length.into(), "dns data")?;
        let (class, flush) = (class & 0x7fff, class & 0x8000 != 0);
        Ok(Self { name, kind, class, flush, ttl, message, data })
    }

    /// Reads the data. A name in it may lead into the rest of the message, but what stands in the record must end there.
    pub fn data(&self) -> Result<DnsData<'a>, WireError> {
        let mut reader = self.data;
        // the whole message up to the end of the record: nothing of a name may stand behind it
        let end = reader.at() + reader.len();
        let message = &self.message[..end];
        Ok(match self.kind {
            kind::A => DnsData::A(reader.array::<4>("dns address")?.into()),
            kind::AAAA => DnsData::Aaaa(reader.array::<16>("dns address")?.into()),
            kind::CNAME => DnsData::Cname(DnsName::read(message, &mut reader)?),
            kind::PTR => DnsData::Ptr(DnsName::read(message, &mut reader)?),
            kind::HINFO => {
                let mut text = || {
                    let length = reader.u8("dns text length")?;
                    reader.take(length.into(), "dns text")
                };
                DnsData::HostInfo { cpu: text()?, os: text()? }
            }
            kind::TXT => DnsData::Txt(TxtItems(reader.rest())),
            kind::SRV => DnsData::Srv {
                priority: reader.u16("dns priority")?,
                weight: reader.u16("dns weight")?,
                port: reader.u16("dns port")?,
                target: DnsName::read(message, &mut reader)?,
            },
            kind => DnsData::Other { kind, data: reader.rest() },
        })
    }
}

impl DnsData<'_> {
    pub(super) fn kind(&self) -> u16 {
        match self {
            Self::A(_) => kind::A,
            Self::Aaaa(_) => kind::AAAA,
            Self::Cname(_) => kind::CNAME,
            Self::Ptr(_) => kind::PTR,
            Self::HostInfo { .. } => kind::HINFO,
            Self::Txt(_) => kind::TXT,
            Self::Srv { .. } => kind::SRV,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// Appends length and data.
    pub(super) fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        let at = buf.len();
        buf.extend_from_slice(&[0, 0]);
        match self {
            Self::A(address) => buf.extend_from_slice(&address.octets()),
            Self::Aaaa(address) => buf.extend_from_slice(&address.octets()),
            Self::Cname(name) | Self::Ptr(name) => name::copy(buf, *name),
            Self::HostInfo { cpu, os } => {
                for text in [cpu, os] {
                    let (found, most) = (text.len(), 255);
                    let too_long = WireError::TooLong { what: "dns text", at, found, most };
                    buf.push(u8::try_from(found).map_err(|_| too_long)?);
                    buf.extend_from_slice(text);
                }
            }
            Self::Txt(items) => buf.extend_from_slice(items.0),
            Self::Srv { priority, weight, port, target } => {
                for field in [priority, weight, port] {
                    buf.extend_from_slice(&field.to_be_bytes());
                }
                name::copy(buf, *target);
            }
            Self::Other { data, .. } => buf.extend_from_slice(data),
        }
        let (found, most) = (buf.len() - at - 2, u16::MAX.into());
        let too_long = WireError::TooLong { what: "dns data", at, found, most };
        let length = u16::try_from(found).map_err(|_| too_long)?;
        buf[at..at + 2].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{DnsMessage, emit_dns_response};
    use super::*;

    fn one(bytes: &[u8]) -> Result<DnsName<'_>, WireError> {
        DnsName::read(bytes, &mut Reader::new(bytes))
    }

    /// A message with one record of these data behind the root.
    fn with(kind: u16, data: &[u8], behind: &[u8]) -> Vec<u8> {
        let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 9]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
        message.extend(behind);
        message
    }

    fn data(message: &[u8]) -> Result<DnsData<'_>, WireError> {
        DnsMessage::parse(message).unwrap().records().next().unwrap().unwrap().1.data()
    }

    #[test]
    fn data_that_is_too_short_is_an_error_and_what_is_behind_it_is_not_read() {
        for (kind, bytes) in [
            (kind::A, &[10, 50, 0][..]),
            (kind::AAAA, &[0; 15]),
            (kind::PTR, b"\x03lab"),
            (kind::SRV, &[0, 1, 0, 2, 0, 80, 3, b'l']),
            (kind::HINFO, &[1, b'x', 2]),
        ] {
            let message = with(kind, bytes, &[0, 0, 0, 0]);
            assert!(matches!(data(&message), Err(WireError::Short { .. })), "{kind}");
        }
        let open = with(kind::TXT, b"\x01a\x05b", b"cdef");
        let Ok(DnsData::Txt(items)) = data(&open) else { panic!() };
        assert_eq!(items.iter().collect::<Vec<_>>(), [b"a"]);
        let other = with(99, b"what", &[]);
        assert_eq!(data(&other), Ok(DnsData::Other { kind: 99, data: b"what" }));
    }

    #[test]
    fn keys_of_texts_are_found_whatever_their_case() {
        let items = TxtItems(b"\x05ty=ab\x00\x04flag\x08Model=x=");
        assert_eq!(items.value("TY"), Some(&b"ab"[..]));
        assert_eq!(items.value("model"), Some(&b"x="[..]));
        assert_eq!(items.value("flag"), None);
        assert_eq!(items.iter().count(), 3);
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            id: u16, ttl: u32, four: u32, six: u128, numbers: [u16; 3],
            label in "[a-z]{1,30}", text in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let [priority, weight, port] = numbers;
            let mut wire = vec![];
            name::emit(&mut wire, &format!("{label}.local")).unwrap();
            let name = one(&wire).unwrap();
            let sent = [
                DnsData::A(four.into()), DnsData::Aaaa(six.into()), DnsData::Cname(name), DnsData::Ptr(name),
                DnsData::HostInfo { cpu: &text, os: label.as_bytes() }, DnsData::Txt(TxtItems(&text)),
                DnsData::Srv { priority, weight, port, target: name }, DnsData::Other { kind: 77, data: &text },
            ];
            let records: Vec<_> = sent.iter().map(|data| (label.as_str(), *data)).collect();
            let mut buf = vec![];
            emit_dns_response(&mut buf, id, ttl, &records).unwrap();
            let message = DnsMessage::parse(&buf).unwrap();
            assert!(message.response && message.id == id);
            let read: Vec<_> = message.records().map(|record| record.unwrap()).collect();
            assert_eq!(read.len(), sent.len());
            for ((section, record), sent) in read.iter().zip(&sent) {
                assert_eq!((*section, record.ttl, record.class, record.flush), (0, ttl, 1, false));
                assert_eq!(record.name.to_string(), label);
                assert_eq!(record.data().unwrap(), *sent);
            }
        }
    }
}
