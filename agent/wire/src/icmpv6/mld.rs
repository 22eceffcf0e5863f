//! Multicast listeners: version 1 (RFC 2710) and version 2 (RFC 3810).

use std::net::Ipv6Addr;

use super::LISTENER_QUERY;
use crate::{Reader, WireError};

/// Asks who listens to what (RFC 2710, 3; RFC 3810, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MldQuery<'a> {
    /// The group asked about; unspecified asks about all.
    pub group: Ipv6Addr,
    /// How long listeners may wait, as it is coded: milliseconds up to 32767.
    pub maximum_response: u16,
    /// What only version 2 has: the sources asked about, 16 bytes each; `None` in a query of version 1.
    pub sources: Option<&'a [[u8; 16]]>,
}

impl<'a> MldQuery<'a> {
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let maximum_response = reader.u16("mld response time")?;
        reader.u16("mld reserved")?;
        let group = reader.array::<16>("mld group")?.into();
        if reader.is_empty() {
            // RFC 3810, 8.1: the length tells the versions apart
            return Ok(Self { group, maximum_response, sources: None });
        }
        reader.u16("mld robustness and interval")?;
        let sources = Some(addresses(&mut reader, "mld source")?);
        Ok(Self { group, maximum_response, sources })
    }
}

/// Listens to these groups (RFC 3810, 5.2). The records are counted in the message and end inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MldReport<'a> {
    records: Reader<'a>,
    count: u16,
}

/// What a listener says of one group (RFC 3810, 5.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MldRecord<'a> {
    /// 1 and 2 listens now, but only to or not to these sources; 3 and 4 changed to that; 5 and 6 more or fewer sources.
    pub kind: u8,
    /// The group.
    pub group: Ipv6Addr,
    /// The sources, 16 bytes each.
    pub sources: &'a [[u8; 16]],
}

impl<'a> MldReport<'a> {
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        reader.u16("mld reserved")?;
        let count = reader.u16("mld record count")?;
        let report = Self { records: reader, count };
        for _ in 0..count {
            MldRecord::read(&mut reader)?;
        }
        Ok(report)
    }

    /// The records in the order sent.
    pub fn records(&self) -> impl Iterator<Item = MldRecord<'a>> + use<'a> {
        let mut reader = self.records;
        // they were read before
        (0..self.count).map_while(move |_| MldRecord::read(&mut reader).ok())
    }
}

impl<'a> MldRecord<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let kind = reader.u8("mld record type")?;
        let auxiliary = reader.u8("mld auxiliary length")?;
        let mut counted = *reader;
        reader.u16("mld source count")?;
        let group = reader.array::<16>("mld group")?.into();
        let count = counted.u16("mld source count")?;
        let sources = sources(reader, count, "mld source")?;
        reader.take(usize::from(auxiliary) * 4, "mld auxiliary data")?;
        Ok(Self { kind, group, sources })
    }
}

/// The group of a message of version 1.
pub(super) fn group(mut reader: Reader<'_>) -> Result<Ipv6Addr, WireError> {
    reader.u32("mld response time")?;
    Ok(reader.array::<16>("mld group")?.into())
}

fn addresses<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [[u8; 16]], WireError> {
    let count = reader.u16("mld source count")?;
    sources(reader, count, what)
}

fn sources<'a>(
    reader: &mut Reader<'a>,
    count: u16,
    what: &'static str,
) -> Result<&'a [[u8; 16]], WireError> {
    let (addresses, _) = reader.take(usize::from(count) * 16, what)?.as_chunks();
    Ok(addresses)
}

/// Appends a query of version 2 about one group, or about all (unspecified), without sources.
/// [`super::icmpv6_frame`] makes its checksum; it needs a router alert, a hop limit of 1 and a link-local source.
pub fn mld_query(
    buf: &mut Vec<u8>,
    group: Ipv6Addr,
    maximum_response: u16,
    robustness: u8,
    interval: u8,
) {
    buf.extend_from_slice(&[LISTENER_QUERY, 0, 0, 0]);
    buf.extend_from_slice(&maximum_response.to_be_bytes());
    buf.extend_from_slice(&[0, 0]);
    buf.extend_from_slice(&group.octets());
    buf.extend_from_slice(&[robustness & 7, interval, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ip, read, way};
    use super::super::{Icmpv6, icmpv6_frame};
    use super::*;
    use crate::captures;
    use crate::ipv6::Extra;

    #[test]
    fn reads_recorded_listeners_of_both_versions() {
        let frames = captures::frames("mld_v2");
        let kinds = [4, 3]; // EXCLUDE of nothing: all of it; then INCLUDE of nothing: none of it
        for (frame, kind) in frames.iter().zip(kinds) {
            let Ok(Icmpv6::ListenerReportV2(report)) = read(frame) else { panic!() };
            let record = MldRecord { kind, group: ip("ff02::fb"), sources: &[] };
            assert_eq!(report.records().collect::<Vec<_>>(), [record]);
        }
        let frames = captures::frames("mld_v1");
        assert_eq!(read(&frames[0]), Ok(Icmpv6::ListenerReport(ip("ff02::fb"))));
        assert_eq!(read(&frames[1]), Ok(Icmpv6::ListenerDone(ip("ff02::fb"))));
    }

    #[test]
    fn the_length_of_a_query_tells_its_version() {
        let frames = captures::frames("mld_query");
        let group = Ipv6Addr::UNSPECIFIED;
        let first = MldQuery { group, maximum_response: 10_000, sources: None };
        assert_eq!(read(&frames[0]), Ok(Icmpv6::ListenerQuery(first)));
        let sources = [ip("fe80::1").octets()];
        let second = MldQuery { group: ip("ff02::fb"), sources: Some(&sources), ..first };
        assert_eq!(read(&frames[1]), Ok(Icmpv6::ListenerQuery(second)));
    }

    #[test]
    fn more_records_or_sources_than_bytes_are_short() {
        let report = |count: u16, sources: u16, auxiliary: u8| {
            let mut message = vec![143, 0, 0, 0, 0, 0];
            message.extend(count.to_be_bytes());
            message.extend([1, auxiliary]);
            message.extend(sources.to_be_bytes());
            message.extend(ip("ff02::fb").octets());
            message.extend([0; 20]);
            let mut frame = vec![];
            let way = way("fe80::1", "ff02::16", 1);
            icmpv6_frame(&mut frame, &way, Extra::RouterAlert, &message).unwrap();
            read(&frame).map(|_| ())
        };
        assert_eq!(report(1, 1, 1), Ok(()));
        for (count, sources, auxiliary) in [(2, 1, 1), (1, 2, 0), (1, 65_535, 0), (65_535, 0, 255)]
        {
            let refused = report(count, sources, auxiliary);
            assert!(matches!(refused, Err(WireError::Short { .. })), "{count} {sources}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(group: u128, maximum_response: u16, robustness: u8, interval: u8) {
            let (mut message, mut frame) = (vec![], vec![]);
            mld_query(&mut message, group.into(), maximum_response, robustness, interval);
            icmpv6_frame(&mut frame, &way("fe80::1", "ff02::1", 1), Extra::RouterAlert, &message).unwrap();
            let sent = MldQuery { group: group.into(), maximum_response, sources: Some(&[]) };
            assert_eq!(read(&frame), Ok(Icmpv6::ListenerQuery(sent)));
        }
    }
}
