//! GLBP of Cisco: gateways that share an address and the work. Over UDP. Without a public standard; read as Wireshark reads
//! it, whose field names mark much of it as unknown: that is left unread here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The port, of both sides.
pub const GLBP_PORT: u16 = 3222;

const HELLO: u8 = 1;
const FORWARDER: u8 = 2;

/// What a gateway says; its TLVs are read by [`Glbp::tlvs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glbp<'a> {
    /// The group.
    pub group: u16,
    /// The hardware address of the gateway itself.
    pub owner: MacAddr,
    rest: Reader<'a>,
}

/// A TLV. One whose contents do not fit its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlbpTlv<'a> {
    /// 1: the state of the gateway.
    Hello {
        /// 32 it answers for the address; 16 stands by; 8 speaks, 4 listens.
        state: u8,
        /// How much it wants to.
        priority: u8,
        /// The address that is shared.
        address: IpAddr,
    },
    /// 2: who forwards for one of the hardware addresses of the group.
    Forwarder {
        /// Which one.
        number: u8,
        /// 32 this one does; 4 listens.
        state: u8,
        /// The hardware address.
        mac: MacAddr,
    },
    /// Anything else, such as passwords.
    Other {
        /// The type.
        kind: u8,
        /// The value.
        value: &'a [u8],
    },
}

impl<'a> Glbp<'a> {
    /// Reads the payload of a datagram.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let version = reader.u8("glbp version")?;
        if version != 1 {
            let found = version.into();
            return Err(WireError::Unexpected { what: "glbp version", at: 0, found, want: "1" });
        }
        reader.u8("glbp unknown")?;
        let group = reader.u16("glbp group")?;
        reader.u16("glbp unknown")?;
        let owner = MacAddr(reader.array("glbp owner")?);
        Ok(Self { group, owner, rest: reader })
    }

    /// The TLVs in the order sent. After one that does not end inside the packet nothing follows.
    pub fn tlvs(&self) -> impl Iterator<Item = Result<GlbpTlv<'a>, WireError>> + use<'a> {
        let mut reader = self.rest;
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let read = tlv(&mut reader);
            if read.is_err() {
                reader = Reader::new(&[]);
            }
            Some(read.map(|(kind, value)| {
                GlbpTlv::read(kind, value).unwrap_or(GlbpTlv::Other { kind, value })
            }))
        })
    }
}

/// A type, and a length that counts these two octets too.
fn tlv<'a>(reader: &mut Reader<'a>) -> Result<(u8, &'a [u8]), WireError> {
    let kind = reader.u8("glbp tlv type")?;
    let at = reader.at();
    let length = reader.u8("glbp tlv length")?;
    let Some(length) = length.checked_sub(2) else {
        let (what, found) = ("glbp tlv length", length.into());
        return Err(WireError::Unexpected { what, at, found, want: "at least 2" });
    };
    Ok((kind, reader.take(length.into(), "glbp tlv value")?))
}

impl<'a> GlbpTlv<'a> {
    fn read(kind: u8, value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        match kind {
            HELLO => {
                let [_, state, _, priority] = reader.array("glbp hello").ok()?;
                reader.take(16, "glbp times").ok()?;
                let [family, length] = reader.array("glbp address family").ok()?;
                let address = reader.take(length.into(), "glbp address").ok()?;
                let address = match family {
                    1 => Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).into(),
                    2 => Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).into(),
                    _ => return None,
                };
                Some(Self::Hello { state, priority, address })
            }
            FORWARDER => {
                let [number, state] = reader.array("glbp forwarder").ok()?;
                reader.take(10, "glbp weights").ok()?;
                Some(Self::Forwarder {
                    number,
                    state,
                    mac: MacAddr(reader.array("glbp mac").ok()?),
                })
            }
            _ => None,
        }
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        let at = buf.len();
        match self {
            Self::Hello { state, priority, address } => {
                buf.extend_from_slice(&[HELLO, 0, 0, *state, 0, *priority, 0, 0]);
                // hello and hold time in milliseconds, redirect and time-out in seconds
                for field in [3000_u32, 10_000] {
                    buf.extend_from_slice(&field.to_be_bytes());
                }
                buf.extend_from_slice(&[0x02, 0x58, 0x38, 0x40, 0, 0]);
                match address {
                    IpAddr::V4(address) => {
                        buf.extend_from_slice(&[1, 4]);
                        buf.extend_from_slice(&address.octets());
                    }
                    IpAddr::V6(address) => {
                        buf.extend_from_slice(&[2, 16]);
                        buf.extend_from_slice(&address.octets());
                    }
                }
            }
            Self::Forwarder { number, state, mac } => {
                buf.extend_from_slice(&[FORWARDER, 0, *number, *state, 0, 0xa7, 100]);
                buf.extend_from_slice(&[0; 7]);
                buf.extend_from_slice(&mac.octets());
            }
            Self::Other { kind, value } => {
                buf.extend_from_slice(&[*kind, 0]);
                buf.extend_from_slice(value);
            }
        }
        let found = buf.len() - at;
        let too_long = WireError::TooLong { what: "glbp tlv", at, found, most: 255 };
        buf[at + 1] = u8::try_from(found).map_err(|_| too_long)?;
        Ok(())
    }
}

/// Appends the payload of a datagram. A value that no TLV can hold is refused, and nothing appended.
pub fn emit_glbp(
    buf: &mut Vec<u8>,
    group: u16,
    owner: MacAddr,
    tlvs: &[GlbpTlv<'_>],
) -> Result<(), WireError> {
    let start = buf.len();
    buf.extend_from_slice(&[1, 0]);
    buf.extend_from_slice(&group.to_be_bytes());
    buf.extend_from_slice(&[0, 0]);
    buf.extend_from_slice(&owner.octets());
    let sent = tlvs.iter().try_for_each(|tlv| tlv.emit(buf));
    sent.inspect_err(|_| buf.truncate(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    // No program here speaks it: tshark reads what `emit` makes (tests/captures/README.md).
    fn packet() -> Vec<u8> {
        let mut buf = vec![];
        let hello = GlbpTlv::Hello { state: 32, priority: 110, address: [10, 50, 0, 105].into() };
        let mac = MacAddr([0, 7, 0xb4, 0, 5, 1]);
        let forwarder = GlbpTlv::Forwarder { number: 1, state: 32, mac };
        emit_glbp(&mut buf, 5, MacAddr([2, 0, 0, 0, 0, 0x0b]), &[hello, forwarder]).unwrap();
        buf
    }

    #[test]
    fn cut_at_any_byte_it_is_short_and_says_what_came_before() {
        let packet = packet();
        for length in 0..packet.len() {
            let Ok(read) = Glbp::parse(&packet[..length]) else {
                assert!(length < 12, "cut at {length}");
                continue;
            };
            let good = read.tlvs().filter(Result::is_ok).count();
            assert_eq!((good, read.tlvs().count() - good <= 1), (usize::from(length >= 40), true));
        }
    }

    #[test]
    fn what_does_not_fit_is_kept_or_refused() {
        let mut other = packet();
        other[0] = 2;
        assert!(matches!(Glbp::parse(&other), Err(WireError::Unexpected { found: 2, .. })));
        let mut short = packet();
        short[13] = 1;
        let tlvs: Vec<_> = Glbp::parse(&short).unwrap().tlvs().collect();
        assert!(matches!(tlvs[..], [Err(WireError::Unexpected { found: 1, .. })]));
        assert_eq!(GlbpTlv::read(HELLO, &[0; 25]), None);
        assert_eq!(GlbpTlv::read(FORWARDER, &[0; 17]), None);
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            group: u16, macs: [[u8; 6]; 2], numbers: [u8; 4], address: IpAddr,
            value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60),
        ) {
            let [state, priority, number, other] = numbers;
            let [owner, mac] = macs.map(MacAddr);
            let tlvs = [
                GlbpTlv::Hello { state, priority, address },
                GlbpTlv::Forwarder { number, state: other, mac },
                GlbpTlv::Other { kind: 3, value: &value },
            ];
            let mut buf = vec![];
            emit_glbp(&mut buf, group, owner, &tlvs).unwrap();
            let read = Glbp::parse(&buf).unwrap();
            assert_eq!((read.group, read.owner), (group, owner));
            assert_eq!(read.tlvs().collect::<Result<Vec<_>, _>>().unwrap(), tlvs);
        }
    }
}
