//! MNDP, the discovery protocol of MikroTik, over UDP. Without a standard: the fields are those of MikroTik's manual
//! ("Neighbor discovery") as the MAC-Telnet programs and Wireshark write and read them.

use std::net::{Ipv4Addr, Ipv6Addr};

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The port, of both sides.
pub const MNDP_PORT: u16 = 5678;

/// What a device says of itself; its TLVs are read by [`Mndp::tlvs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mndp<'a> {
    /// Counts the packets.
    pub sequence: u16,
    rest: Reader<'a>,
}

/// A TLV. One whose length does not fit its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MndpTlv<'a> {
    /// 1: the hardware address.
    Mac(MacAddr),
    /// 5: the name.
    Identity(&'a [u8]),
    /// 7: the version of the software.
    Version(&'a [u8]),
    /// 8: the platform, such as "MikroTik".
    Platform(&'a [u8]),
    /// 10: how many seconds it has been up; the lowest octet first, alone of all.
    Uptime(u32),
    /// 11: the number of the licence.
    SoftwareId(&'a [u8]),
    /// 12: the hardware, such as "RB750".
    Board(&'a [u8]),
    /// 15: an IPv6 address.
    Ipv6(Ipv6Addr),
    /// 16: the interface it speaks from.
    Interface(&'a [u8]),
    /// 17: an IPv4 address.
    Ipv4(Ipv4Addr),
    /// Anything else.
    Other {
        /// The type.
        kind: u16,
        /// The value.
        value: &'a [u8],
    },
}

impl<'a> Mndp<'a> {
    /// Reads the payload of a datagram. A question for all devices is four octets of zeroes: it has no TLVs.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        reader.u16("mndp header")?;
        let sequence = reader.u16("mndp sequence")?;
        Ok(Self { sequence, rest: reader })
    }

    /// The TLVs in the order sent. After one that does not end inside the packet nothing follows.
    pub fn tlvs(&self) -> impl Iterator<Item = Result<MndpTlv<'a>, WireError>> + use<'a> {
        let mut reader = self.rest;
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let read = MndpTlv::read(&mut reader);
            if read.is_err() {
                reader = Reader::new(&[]);
            }
            Some(read)
        })
    }
}

impl<'a> MndpTlv<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let kind = reader.u16("mndp tlv type")?;
        let length = reader.u16("mndp tlv length")?;
        let value = reader.take(length.into(), "mndp tlv value")?;
        let known = match kind {
            1 => value.try_into().ok().map(|octets| Self::Mac(MacAddr(octets))),
            5 => Some(Self::Identity(value)),
            7 => Some(Self::Version(value)),
            8 => Some(Self::Platform(value)),
            10 => value.try_into().ok().map(|octets| Self::Uptime(u32::from_le_bytes(octets))),
            11 => Some(Self::SoftwareId(value)),
            12 => Some(Self::Board(value)),
            15 => <[u8; 16]>::try_from(value).ok().map(|octets| Self::Ipv6(octets.into())),
            16 => Some(Self::Interface(value)),
            17 => <[u8; 4]>::try_from(value).ok().map(|octets| Self::Ipv4(octets.into())),
            _ => None,
        };
        Ok(known.unwrap_or(Self::Other { kind, value }))
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        match self {
            Self::Mac(mac) => emit_tlv(buf, 1, &mac.octets()),
            Self::Identity(value) => emit_tlv(buf, 5, value),
            Self::Version(value) => emit_tlv(buf, 7, value),
            Self::Platform(value) => emit_tlv(buf, 8, value),
            Self::Uptime(seconds) => emit_tlv(buf, 10, &seconds.to_le_bytes()),
            Self::SoftwareId(value) => emit_tlv(buf, 11, value),
            Self::Board(value) => emit_tlv(buf, 12, value),
            Self::Ipv6(address) => emit_tlv(buf, 15, &address.octets()),
            Self::Interface(value) => emit_tlv(buf, 16, value),
            Self::Ipv4(address) => emit_tlv(buf, 17, &address.octets()),
            Self::Other { kind, value } => emit_tlv(buf, *kind, value),
        }
    }
}

fn emit_tlv(buf: &mut Vec<u8>, kind: u16, value: &[u8]) -> Result<(), WireError> {
    let (at, found, most) = (buf.len(), value.len(), u16::MAX.into());
    let too_long = WireError::TooLong { what: "mndp tlv value", at, found, most };
    let length = u16::try_from(found).map_err(|_| too_long)?;
    buf.extend_from_slice(&kind.to_be_bytes());
    buf.extend_from_slice(&length.to_be_bytes());
    buf.extend_from_slice(value);
    Ok(())
}

/// Appends the payload of a datagram; without TLVs and with sequence 0 it asks all devices to say something of themselves. A
/// value that no TLV can hold is refused, and nothing appended.
pub fn emit_mndp(buf: &mut Vec<u8>, sequence: u16, tlvs: &[MndpTlv<'_>]) -> Result<(), WireError> {
    let start = buf.len();
    buf.extend_from_slice(&[0, 0]);
    buf.extend_from_slice(&sequence.to_be_bytes());
    let sent = tlvs.iter().try_for_each(|tlv| tlv.emit(buf));
    sent.inspect_err(|_| buf.truncate(start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::captures;

    #[test]
    fn reads_a_recorded_packet_and_how_it_ends_when_cut() {
        let payload = captures::udp_payloads("mndp").remove(0);
        let whole: Vec<_> = Mndp::parse(&payload).unwrap().tlvs().map(Result::unwrap).collect();
        let uptime = whole[5];
        assert!(matches!(uptime, MndpTlv::Uptime(1..)));
        let said = [
            MndpTlv::Mac(MacAddr([2, 0, 0, 0, 0, 0x0b])),
            MndpTlv::Identity(b"lab-peer"),
            MndpTlv::Version(b"lab release"),
            MndpTlv::Platform(b"Linux"),
            MndpTlv::Board(b"lab machine"),
            uptime,
            MndpTlv::SoftwareId(b"MAC-Telnet"),
            MndpTlv::Interface(b"vb"),
        ];
        assert_eq!(whole, said);
        for length in 4..payload.len() {
            let tlvs: Vec<_> = Mndp::parse(&payload[..length]).unwrap().tlvs().collect();
            let good = tlvs.iter().take_while(|tlv| tlv.is_ok()).count();
            assert!(tlvs.len() - good <= 1, "cut at {length}");
            assert!(tlvs[..good].iter().zip(&whole).all(|(cut, whole)| *cut == Ok(*whole)));
        }
        assert!(Mndp::parse(&payload[..3]).is_err());
    }

    #[test]
    fn a_question_says_nothing() {
        let mut question = vec![];
        emit_mndp(&mut question, 0, &[]).unwrap();
        assert_eq!(question, [0; 4]);
        assert_eq!(Mndp::parse(&question).unwrap().tlvs().count(), 0);
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            sequence: u16, mac: [u8; 6], uptime: u32, four: u32, six: u128,
            text in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let tlvs = [
                MndpTlv::Mac(MacAddr(mac)), MndpTlv::Identity(&text), MndpTlv::Version(&text),
                MndpTlv::Platform(&text), MndpTlv::Uptime(uptime), MndpTlv::SoftwareId(&text),
                MndpTlv::Board(&text), MndpTlv::Ipv6(six.into()), MndpTlv::Interface(&text),
                MndpTlv::Ipv4(four.into()), MndpTlv::Other { kind: 14, value: &text },
            ];
            let mut buf = vec![];
            emit_mndp(&mut buf, sequence, &tlvs).unwrap();
            let read = Mndp::parse(&buf).unwrap();
            assert_eq!(read.sequence, sequence);
            assert_eq!(read.tlvs().collect::<Result<Vec<_>, _>>().unwrap(), tlvs);
        }
    }
}
