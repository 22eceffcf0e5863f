//! EDP, the discovery protocol of Extreme Networks. Without a public standard: the fields are those that lldpd, ladvd and
//! Wireshark agree on.

use std::net::Ipv4Addr;

use herkomst_ids::MacAddr;

use crate::checksum::checksum;
use crate::{Reader, WireError};

/// The address that EDP is sent to.
pub const EDP_MULTICAST: MacAddr = MacAddr([0x00, 0xe0, 0x2b, 0x00, 0x00, 0x00]);

/// Stands before each TLV.
const MARKER: u8 = 0x99;
const NULL: u8 = 0;
const DISPLAY: u8 = 1;
const INFO: u8 = 2;
const VLAN: u8 = 5;

/// What a device says of itself; its TLVs are read by [`Edp::tlvs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edp<'a> {
    /// Counts the packets.
    pub sequence: u16,
    /// The device that speaks, where it names itself by a hardware address.
    pub mac: Option<MacAddr>,
    rest: Reader<'a>,
}

/// A TLV. One whose contents are too short for its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdpTlv<'a> {
    /// 1: the name of the device, up to the octet of zeroes that ends it.
    Display(&'a [u8]),
    /// 2: where the port is and which software runs.
    Info {
        /// The slot, counted from 0.
        slot: u16,
        /// The port in it, counted from 0.
        port: u16,
        /// The version of the software, in four parts.
        version: [u8; 4],
    },
    /// 5: a VLAN of the port.
    Vlan {
        /// Its number.
        id: u16,
        /// The address of the device in it; 0.0.0.0 for none.
        address: Ipv4Addr,
        /// Its name, up to the octet of zeroes that ends it.
        name: &'a [u8],
    },
    /// Anything else.
    Other {
        /// The type.
        kind: u8,
        /// The value.
        value: &'a [u8],
    },
}

impl<'a> Edp<'a> {
    /// Reads what follows the SNAP header. The checksum over the length that it gives must be right.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let version = reader.u8("edp version")?;
        if version != 1 {
            let found = version.into();
            return Err(WireError::Unexpected { what: "edp version", at: 0, found, want: "1" });
        }
        reader.u8("edp reserved")?;
        let length = reader.u16("edp length")?;
        let mut reader = Reader::new(payload).part(length.into(), "edp packet")?;
        let covered = reader.rest();
        reader.u32("edp version and length")?;
        reader.u16("edp checksum")?;
        let sequence = reader.u16("edp sequence")?;
        let kind = reader.u16("edp identifier type")?;
        let mac = MacAddr(reader.array("edp identifier")?);
        if checksum(covered) != 0 {
            return Err(WireError::Checksum { what: "edp packet" });
        }
        Ok(Self { sequence, mac: (kind == 0).then_some(mac), rest: reader })
    }

    /// The TLVs in the order sent, up to the one that ends them. After one that does not end inside the packet nothing
    /// follows.
    pub fn tlvs(&self) -> impl Iterator<Item = Result<EdpTlv<'a>, WireError>> + use<'a> {
        let mut reader = self.rest;
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let read = tlv(&mut reader);
            if !matches!(read, Ok((1.., _))) {
                reader = Reader::new(&[]);
            }
            match read {
                Ok((NULL, _)) => None,
                read => Some(read.map(|(kind, value)| EdpTlv::read(kind, value))),
            }
        })
    }
}

/// A marker, a type, and two octets of a length that counts these four too.
fn tlv<'a>(reader: &mut Reader<'a>) -> Result<(u8, &'a [u8]), WireError> {
    let at = reader.at();
    let unexpected = |what, found, want| WireError::Unexpected { what, at, found, want };
    let marker = reader.u8("edp tlv marker")?;
    if marker != MARKER {
        return Err(unexpected("edp tlv marker", marker.into(), "153"));
    }
    let kind = reader.u8("edp tlv type")?;
    let length = reader.u16("edp tlv length")?;
    let want = "at least 4";
    let value = length.checked_sub(4).ok_or(unexpected("edp tlv length", length.into(), want))?;
    Ok((kind, reader.take(value.into(), "edp tlv value")?))
}

/// What stands before the first octet of zeroes.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|octet| *octet == 0).next().unwrap_or_default()
}

impl<'a> EdpTlv<'a> {
    fn read(kind: u8, value: &'a [u8]) -> Self {
        let known = match kind {
            DISPLAY => Some(Self::Display(text(value))),
            INFO => Self::info(value).ok(),
            VLAN => Self::vlan(value).ok(),
            _ => None,
        };
        known.unwrap_or(Self::Other { kind, value })
    }

    fn info(value: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(value);
        let slot = reader.u16("edp slot")?;
        let port = reader.u16("edp port")?;
        reader.take(8, "edp virtual chassis")?;
        Ok(Self::Info { slot, port, version: reader.array("edp software version")? })
    }

    fn vlan(value: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(value);
        reader.u16("edp vlan flags")?;
        let id = reader.u16("edp vlan")?;
        reader.u32("edp vlan reserved")?;
        let address = reader.array::<4>("edp vlan address")?.into();
        Ok(Self::Vlan { id, address, name: text(reader.rest()) })
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        let start = buf.len();
        let mut begin = |kind| buf.extend_from_slice(&[MARKER, kind, 0, 0]);
        match self {
            Self::Display(name) => {
                begin(DISPLAY);
                buf.extend_from_slice(name);
                buf.push(0);
            }
            Self::Info { slot, port, version } => {
                begin(INFO);
                buf.extend_from_slice(&slot.to_be_bytes());
                buf.extend_from_slice(&port.to_be_bytes());
                buf.extend_from_slice(&[0; 8]);
                buf.extend_from_slice(version);
                buf.extend_from_slice(&[0; 16]); // which virtual chassis this one is connected to
            }
            Self::Vlan { id, address, name } => {
                begin(VLAN);
                buf.extend_from_slice(&[0; 2]);
                buf.extend_from_slice(&id.to_be_bytes());
                buf.extend_from_slice(&[0; 4]);
                buf.extend_from_slice(&address.octets());
                buf.extend_from_slice(name);
                buf.push(0);
            }
            Self::Other { kind, value } => {
                begin(*kind);
                buf.extend_from_slice(value);
            }
        }
        put_length(buf, start, 2, "edp tlv")
    }
}

/// Writes how long that is which starts at `start`, two octets `at` bytes into it.
fn put_length(
    buf: &mut [u8],
    start: usize,
    at: usize,
    what: &'static str,
) -> Result<(), WireError> {
    let found = buf.len() - start;
    let too_long = WireError::TooLong { what, at: start, found, most: u16::MAX.into() };
    let length = u16::try_from(found).map_err(|_| too_long)?;
    buf[start + at..start + at + 2].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// Appends an EDP packet, its end marked, without frame, LLC and SNAP. What no packet can hold is refused, and nothing
/// appended.
pub fn emit_edp(
    buf: &mut Vec<u8>,
    sequence: u16,
    mac: MacAddr,
    tlvs: &[EdpTlv<'_>],
) -> Result<(), WireError> {
    let start = buf.len();
    buf.extend_from_slice(&[1, 0, 0, 0, 0, 0]);
    buf.extend_from_slice(&sequence.to_be_bytes());
    buf.extend_from_slice(&[0, 0]);
    buf.extend_from_slice(&mac.octets());
    let end = EdpTlv::Other { kind: NULL, value: &[] };
    let sent = tlvs.iter().chain([&end]).try_for_each(|tlv| tlv.emit(buf));
    let sent = sent.and_then(|()| put_length(buf, start, 2, "edp packet"));
    sent.inspect_err(|_| buf.truncate(start))?;
    let sum = checksum(&buf[start..]);
    buf[start + 4..start + 6].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::llc::snap;
    use crate::{EthernetFrame, captures};

    const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0b]);

    fn recorded() -> Vec<u8> {
        let frame = captures::frames("edp").remove(0);
        EthernetFrame::parse(&frame).unwrap().snap(snap::EDP).unwrap().to_vec()
    }

    #[test]
    fn reads_a_recorded_packet() {
        let payload = recorded();
        let edp = Edp::parse(&payload).unwrap();
        assert_eq!((edp.sequence, edp.mac), (2, Some(THEIRS)));
        let tlvs: Vec<_> = edp.tlvs().map(Result::unwrap).collect();
        let info = EdpTlv::Info { slot: 8, port: 0, version: [7, 6, 4, 99] };
        assert_eq!(tlvs, [EdpTlv::Display(b"lab-peer"), info]);
    }

    #[test]
    fn a_changed_bit_a_cut_and_another_version_are_seen() {
        let payload = recorded();
        for bit in 0..payload.len() * 8 {
            let mut changed = payload.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Edp::parse(&changed).is_err(), "bit {bit}");
        }
        for length in 0..payload.len() {
            assert!(matches!(Edp::parse(&payload[..length]), Err(WireError::Short { .. })));
        }
        let padded = [&payload[..], &[0xee; 9]].concat();
        assert_eq!(Edp::parse(&padded), Edp::parse(&payload));
    }

    #[test]
    fn what_is_no_tlv_ends_the_list() {
        let name = EdpTlv::Display(b"x");
        for (at, octet) in [(0, 0x98), (2, 0xff), (3, 3)] {
            let mut packet = vec![];
            emit_edp(&mut packet, 1, THEIRS, &[name, name]).unwrap();
            packet[22 + at] = octet; // of the second
            packet[4..6].fill(0);
            let sum = checksum(&packet);
            packet[4..6].copy_from_slice(&sum.to_be_bytes());
            let tlvs: Vec<_> = Edp::parse(&packet).unwrap().tlvs().collect();
            assert!(matches!(tlvs[..], [Ok(EdpTlv::Display(b"x")), Err(_)]), "{tlvs:?}");
        }
        assert_eq!(EdpTlv::read(5, &[0; 11]), EdpTlv::Other { kind: 5, value: &[0; 11] });
        assert_eq!(EdpTlv::read(2, &[0; 15]), EdpTlv::Other { kind: 2, value: &[0; 15] });
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            sequence: u16, mac: [u8; 6], numbers: [u16; 3], version: [u8; 4], address: u32,
            name in prop::collection::vec(1_u8.., 0..40),
            value in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let [slot, port, id] = numbers;
            let tlvs = [
                EdpTlv::Display(&name),
                EdpTlv::Info { slot, port, version },
                EdpTlv::Vlan { id, address: address.into(), name: &name },
                EdpTlv::Other { kind: 8, value: &value },
            ];
            let mut buf = vec![];
            emit_edp(&mut buf, sequence, MacAddr(mac), &tlvs).unwrap();
            let edp = Edp::parse(&buf).unwrap();
            assert_eq!((edp.sequence, edp.mac), (sequence, Some(MacAddr(mac))));
            assert_eq!(edp.tlvs().collect::<Result<Vec<_>, _>>().unwrap(), tlvs);
        }
    }
}
