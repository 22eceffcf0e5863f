//! Neighbour discovery (RFC 4861): routers, neighbours, and the options of both, with those for routes (RFC 4191) and
//! name servers (RFC 8106).

use std::net::Ipv6Addr;

use herkomst_ids::MacAddr;

use super::{NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_SOLICITATION};
use crate::{Reader, WireError};

/// A router says what it routes (RFC 4861, 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterAdvertisement<'a> {
    /// The hop limit that hosts should use; 0 says nothing.
    pub hop_limit: u8,
    /// Addresses come from DHCPv6.
    pub managed: bool,
    /// Other settings come from DHCPv6.
    pub other: bool,
    /// For how many seconds it is a default router; 0 says that it is none.
    pub lifetime: u16,
    /// What else it says.
    pub options: NdpOptions<'a>,
}

impl<'a> RouterAdvertisement<'a> {
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let hop_limit = reader.u8("router hop limit")?;
        let flags = reader.u8("router flags")?;
        let lifetime = reader.u16("router lifetime")?;
        reader.u32("reachable time")?;
        reader.u32("retransmission timer")?;
        let (managed, other) = (flags & 0x80 != 0, flags & 0x40 != 0);
        let options = NdpOptions::read(reader)?;
        Ok(Self { hop_limit, managed, other, lifetime, options })
    }
}

/// Asks who has an address (RFC 4861, 4.3). From the unspecified address it asks whether anybody has: its sender is about
/// to take it (RFC 4862, 5.4.2), and that is often the first that is heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeighbourSolicitation<'a> {
    /// The address.
    pub target: Ipv6Addr,
    /// What else, such as the hardware address of the sender.
    pub options: NdpOptions<'a>,
}

impl<'a> NeighbourSolicitation<'a> {
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        reader.u32("icmpv6 reserved")?;
        let target = unicast(&mut reader)?;
        Ok(Self { target, options: NdpOptions::read(reader)? })
    }
}

/// Says who has an address (RFC 4861, 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeighbourAdvertisement<'a> {
    /// The address.
    pub target: Ipv6Addr,
    /// It routes.
    pub router: bool,
    /// It was asked.
    pub solicited: bool,
    /// It counts more than what was known before.
    pub overrides: bool,
    /// What else, such as the hardware address of who has it.
    pub options: NdpOptions<'a>,
}

impl<'a> NeighbourAdvertisement<'a> {
    pub(super) fn read(mut reader: Reader<'a>, to: Ipv6Addr) -> Result<Self, WireError> {
        let at = reader.at();
        let [flags, ..] = reader.array::<4>("neighbour flags")?;
        let solicited = flags & 0x40 != 0;
        if solicited && to.is_multicast() {
            let want = "not 64, what is sent to all answers nobody"; // RFC 4861, 7.1.2
            let found = flags.into();
            return Err(WireError::Unexpected { what: "neighbour flags", at, found, want });
        }
        let target = unicast(&mut reader)?;
        let (router, overrides) = (flags & 0x80 != 0, flags & 0x20 != 0);
        Ok(Self { target, router, solicited, overrides, options: NdpOptions::read(reader)? })
    }
}

/// RFC 4861, 7.1.1 and 7.1.2: nobody has a multicast address.
fn unicast(reader: &mut Reader<'_>) -> Result<Ipv6Addr, WireError> {
    let at = reader.at();
    let target = Ipv6Addr::from(reader.array::<16>("neighbour target")?);
    if target.is_multicast() {
        let want = "less than 255, a unicast address";
        return Err(WireError::Unexpected { what: "neighbour target", at, found: 255, want });
    }
    Ok(target)
}

/// The options of a message, each of which is known to end inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NdpOptions<'a>(Reader<'a>);

/// An option. One whose length does not fit its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NdpOption<'a> {
    /// 1: the hardware address of the sender.
    SourceMac(MacAddr),
    /// 2: the hardware address of the target.
    TargetMac(MacAddr),
    /// 3: addresses of this segment.
    Prefix(PrefixInformation),
    /// 5: the largest packet of the link.
    Mtu(u32),
    /// 24: what this router leads to (RFC 4191, 2.3).
    Route {
        /// The prefix, of which no more bytes may be sent than count.
        prefix: Ipv6Addr,
        /// How many of its bits count.
        length: u8,
        /// 1 high, 0 medium, 3 low.
        preference: u8,
        /// For how many seconds; all ones for ever.
        lifetime: u32,
    },
    /// 25: servers of names (RFC 8106, 5.1).
    NameServers {
        /// For how many seconds; all ones for ever.
        lifetime: u32,
        /// Their addresses, 16 bytes each.
        addresses: &'a [[u8; 16]],
    },
    /// Anything else.
    Other {
        /// The type.
        kind: u8,
        /// What follows type and length.
        value: &'a [u8],
    },
}

/// Which addresses belong to a segment (RFC 4861, 4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixInformation {
    /// The prefix.
    pub prefix: Ipv6Addr,
    /// How many of its bits count.
    pub length: u8,
    /// Its addresses are on this link.
    pub on_link: bool,
    /// Hosts make addresses in it by themselves.
    pub autonomous: bool,
    /// For how many seconds; all ones for ever.
    pub valid: u32,
    /// For how many seconds such addresses are preferred; all ones for ever.
    pub preferred: u32,
}

impl<'a> NdpOptions<'a> {
    /// RFC 4861, 6.1 and 7.1: a message with an option of no length, or one that does not end, counts for nothing.
    pub(super) fn read(reader: Reader<'a>) -> Result<Self, WireError> {
        let mut rest = reader;
        while !rest.is_empty() {
            let at = rest.at();
            let [_, length] = rest.array("ndp option")?;
            let Some(length) = (usize::from(length) * 8).checked_sub(2) else {
                let want = "at least 1";
                return Err(WireError::Unexpected {
                    what: "ndp option length",
                    at,
                    found: 0,
                    want,
                });
            };
            rest.take(length, "ndp option")?;
        }
        Ok(Self(reader))
    }

    /// The options in the order sent.
    pub fn iter(self) -> impl Iterator<Item = NdpOption<'a>> + use<'a> {
        let mut reader = self.0;
        std::iter::from_fn(move || {
            let [kind, length] = reader.array("ndp option").ok()?;
            let length = (usize::from(length) * 8).checked_sub(2)?;
            let value = reader.take(length, "ndp option").ok()?;
            Some(NdpOption::read(kind, value).unwrap_or(NdpOption::Other { kind, value }))
        })
    }
}

impl<'a> NdpOption<'a> {
    fn read(kind: u8, value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        Some(match kind {
            1 => Self::SourceMac(MacAddr(value.try_into().ok()?)),
            2 => Self::TargetMac(MacAddr(value.try_into().ok()?)),
            3 if value.len() == 30 => {
                let length = reader.u8("prefix length").ok().filter(|length| *length <= 128)?;
                let flags = reader.u8("prefix flags").ok()?;
                let valid = reader.u32("valid lifetime").ok()?;
                let preferred = reader.u32("preferred lifetime").ok()?;
                reader.u32("reserved").ok()?;
                let prefix = reader.array::<16>("prefix").ok()?.into();
                let (on_link, autonomous) = (flags & 0x80 != 0, flags & 0x40 != 0);
                Self::Prefix(PrefixInformation {
                    prefix,
                    length,
                    on_link,
                    autonomous,
                    valid,
                    preferred,
                })
            }
            5 if value.len() == 6 => {
                reader.u16("reserved").ok()?;
                Self::Mtu(reader.u32("link mtu").ok()?)
            }
            24 if value.len() <= 22 => {
                let length = reader.u8("route length").ok().filter(|length| *length <= 128)?;
                let preference = reader.u8("route preference").ok()? >> 3 & 3;
                let lifetime = reader.u32("route lifetime").ok()?;
                // RFC 4191, 2.3: as many units of eight bytes as the length needs
                let mut prefix = [0; 16];
                prefix.get_mut(..reader.len())?.copy_from_slice(reader.rest());
                if usize::from(length).div_ceil(8) > reader.len() {
                    return None;
                }
                Self::Route { prefix: prefix.into(), length, preference, lifetime }
            }
            25 => {
                reader.u16("reserved").ok()?;
                let lifetime = reader.u32("name server lifetime").ok()?;
                let (addresses, rest) = reader.rest().as_chunks();
                if addresses.is_empty() || !rest.is_empty() {
                    return None;
                }
                Self::NameServers { lifetime, addresses }
            }
            _ => return None,
        })
    }
}

/// Appends the question who has `target`; with a hardware address to answer to, unless the sender has no address yet.
/// [`super::icmpv6_frame`] makes its checksum; its hop limit must be 255.
pub fn neighbour_solicitation(buf: &mut Vec<u8>, target: Ipv6Addr, source: Option<MacAddr>) {
    buf.extend_from_slice(&[NEIGHBOUR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0]);
    buf.extend_from_slice(&target.octets());
    mac_option(buf, 1, source);
}

/// Appends the answer to such a question.
pub fn neighbour_advertisement(
    buf: &mut Vec<u8>,
    target: Ipv6Addr,
    router: bool,
    solicited: bool,
    mac: Option<MacAddr>,
) {
    let flags = 0x20 | if router { 0x80 } else { 0 } | if solicited { 0x40 } else { 0 };
    buf.extend_from_slice(&[NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0]);
    buf.extend_from_slice(&target.octets());
    mac_option(buf, 2, mac);
}

fn mac_option(buf: &mut Vec<u8>, kind: u8, mac: Option<MacAddr>) {
    if let Some(mac) = mac {
        buf.extend_from_slice(&[kind, 1]);
        buf.extend_from_slice(&mac.octets());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{OURS, THEIRS, ip, read, way};
    use super::super::{Icmpv6, icmpv6_frame};
    use super::*;
    use crate::captures;
    use crate::ipv6::Extra;

    #[test]
    fn reads_a_recorded_question_and_its_answer() {
        let frames = captures::frames("ndp");
        let Ok(Icmpv6::NeighbourSolicitation(question)) = read(&frames[0]) else { panic!() };
        assert_eq!(question.target, ip("fd00:50::2"));
        assert_eq!(question.options.iter().collect::<Vec<_>>(), [NdpOption::SourceMac(OURS)]);
        let Ok(Icmpv6::NeighbourAdvertisement(answer)) = read(&frames[1]) else { panic!() };
        let flags = (answer.router, answer.solicited, answer.overrides);
        assert_eq!((answer.target, flags), (ip("fd00:50::2"), (false, true, true)));
        assert_eq!(answer.options.iter().collect::<Vec<_>>(), [NdpOption::TargetMac(THEIRS)]);
    }

    #[test]
    fn our_question_is_the_recorded_one() {
        let recorded = captures::frames("ndp").remove(0);
        let mut message = vec![];
        neighbour_solicitation(&mut message, ip("fd00:50::2"), Some(OURS));
        let way = way("fe80::ff:fe00:a", "ff02::1:ff00:2", 255);
        let mut frame = vec![];
        icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
        assert_eq!(frame[18..], recorded[18..], "but for the flow label");
        assert_eq!(frame[..14], recorded[..14]);
    }

    #[test]
    fn reads_all_that_a_recorded_router_says() {
        let frames = captures::frames("ndp_router");
        assert!(matches!(read(&frames[0]), Ok(Icmpv6::RouterSolicitation(_))));
        let Ok(Icmpv6::RouterAdvertisement(router)) = read(&frames[1]) else { panic!() };
        assert_eq!((router.hop_limit, router.lifetime), (64, 600));
        assert_eq!((router.managed, router.other), (false, true));
        let prefix = |text, on_link, autonomous, valid, preferred| {
            let prefix = ip(text);
            NdpOption::Prefix(PrefixInformation {
                prefix,
                length: 64,
                on_link,
                autonomous,
                valid,
                preferred,
            })
        };
        let options: Vec<_> = router.options.iter().collect();
        let addresses = [ip("fd00:50::53").octets(), ip("fd00:50::54").octets()];
        let route =
            NdpOption::Route { prefix: ip("fd00:52::"), length: 48, preference: 3, lifetime: 900 };
        let servers = NdpOption::NameServers { lifetime: 300, addresses: &addresses };
        assert_eq!(options[0], prefix("fd00:50::", true, true, 3600, 1800));
        assert_eq!(options[1], prefix("fd00:51::", true, false, 86_400, 14_400));
        assert_eq!(options[2..4], [route, servers]);
        assert!(matches!(options[4], NdpOption::Other { kind: 31, .. }), "a search list");
        assert_eq!(options[5..], [NdpOption::Mtu(1492), NdpOption::SourceMac(THEIRS)]);
    }

    #[test]
    fn an_option_without_length_spoils_the_message_and_an_odd_one_is_kept() {
        let whole = |options: &[u8]| {
            let mut message = vec![];
            neighbour_solicitation(&mut message, ip("fd00:50::2"), None);
            message.extend(options);
            let mut frame = vec![];
            let way = way("fe80::1", "ff02::1:ff00:2", 255);
            icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
            read(&frame).map(|read| match read {
                Icmpv6::NeighbourSolicitation(question) => question.options.iter().count(),
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(whole(&[]), Ok(0));
        assert_eq!(whole(&[1, 1, 2, 0, 0, 0, 0, 1, 99, 1, 0, 0, 0, 0, 0, 0]), Ok(2));
        assert!(matches!(whole(&[1, 0, 0, 0, 0, 0, 0, 0]), Err(WireError::Unexpected { .. })));
        assert!(matches!(whole(&[1, 2, 0, 0, 0, 0, 0, 0]), Err(WireError::Short { .. })));
        for (kind, length) in [(1, 2), (3, 1), (5, 2), (24, 4), (25, 2)] {
            let mut value = vec![0; length * 8 - 2];
            value[0] = 129;
            assert_eq!(NdpOption::read(kind, &value), None, "{kind}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(target in 0_u128..0xff << 120, mac: [u8; 6], flags: [bool; 2]) {
            let (target, mac, [router, solicited]) = (Ipv6Addr::from(target), MacAddr(mac), flags);
            let (mut message, mut frame) = (vec![], vec![]);
            neighbour_advertisement(&mut message, target, router, solicited, Some(mac));
            icmpv6_frame(&mut frame, &way("fe80::1", "fe80::2", 255), Extra::Nothing, &message).unwrap();
            let Ok(Icmpv6::NeighbourAdvertisement(read)) = read(&frame) else { panic!() };
            assert_eq!((read.target, read.router, read.solicited, read.overrides), (target, router, solicited, true));
            assert_eq!(read.options.iter().collect::<Vec<_>>(), [NdpOption::TargetMac(mac)]);
        }
    }
}
