//! DHCP for IPv6 (RFC 8415): the messages of clients and servers with the options that say what a client is. Those of
//! relays are unwrapped on demand.

use std::net::Ipv6Addr;

use herkomst_ids::{MacAddr, Pen};

use crate::{Reader, WireError};

/// The port of servers and relays.
pub const DHCPV6_SERVER_PORT: u16 = 547;
/// The port of clients.
pub const DHCPV6_CLIENT_PORT: u16 = 546;

const CLIENT_ID: u16 = 1;
const SERVER_ID: u16 = 2;
const ADDRESSES: u16 = 3;
const TEMPORARY_ADDRESSES: u16 = 4;
const ADDRESS: u16 = 5;
const OPTION_REQUEST: u16 = 6;
const RELAY_MESSAGE: u16 = 9;
const USER_CLASS: u16 = 15;
const VENDOR_CLASS: u16 = 16;
const VENDOR_OPTIONS: u16 = 17;
const INTERFACE_ID: u16 = 18;
const REMOTE_ID: u16 = 37;
const FQDN: u16 = 39;
/// RFC 8415, 7.3: the two messages of relays.
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

/// A message of a client or a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dhcpv6<'a> {
    /// What it does: 1 solicit, 2 advertise, 3 request, 5 renew, 7 reply, 11 information request, … (RFC 8415, 7.3).
    pub kind: u8,
    /// Tells one exchange from another; three octets.
    pub transaction: u32,
    options: Reader<'a>,
}

/// Names a client or a server for good (RFC 8415, 11). A type whose value does not fit it is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duid<'a> {
    /// 1: a hardware address of the device, and when the name was made.
    LinkLayerTime {
        /// Seconds since the year 2000.
        time: u32,
        /// The address.
        mac: MacAddr,
    },
    /// 2: a number that a maker gave, as in a serial number.
    Enterprise {
        /// The maker.
        pen: Pen,
        /// The number.
        id: &'a [u8],
    },
    /// 3: a hardware address of the device.
    LinkLayer(MacAddr),
    /// 4: a UUID (RFC 6355).
    Uuid([u8; 16]),
    /// Anything else, also a hardware address that is not one of Ethernet.
    Other {
        /// The type.
        kind: u16,
        /// The value.
        value: &'a [u8],
    },
}

/// An option. One whose contents are too short for its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dhcpv6Option<'a> {
    /// 1: the client.
    ClientId(Duid<'a>),
    /// 2: the server.
    ServerId(Duid<'a>),
    /// 6: the options that the client wants, 2 bytes each, which tells much about its software.
    OptionRequest(&'a [[u8; 2]]),
    /// 15: what the client is, as its user has it.
    UserClass(Texts<'a>),
    /// 16: what the client is, as its maker has it.
    VendorClass {
        /// The maker.
        pen: Pen,
        /// What it says.
        classes: Texts<'a>,
    },
    /// 17: what a maker's devices say to each other.
    VendorOptions {
        /// The maker.
        pen: Pen,
        /// Options of the maker, unread.
        value: &'a [u8],
    },
    /// 39: the full name of the client (RFC 4704), written as in DNS.
    Fqdn {
        /// Who updates the DNS.
        flags: u8,
        /// The name, which may be the first part only.
        name: &'a [u8],
    },
    /// Anything else.
    Other {
        /// The code.
        kind: u16,
        /// The value.
        value: &'a [u8],
    },
}

/// Texts, each after its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts<'a>(&'a [u8]);

impl<'a> Texts<'a> {
    /// The texts in the order sent; after one that does not end nothing follows.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.0);
        std::iter::from_fn(move || {
            let length = reader.u16("dhcpv6 text length").ok()?;
            reader.take(length.into(), "dhcpv6 text").ok()
        })
    }
}

impl<'a> Dhcpv6<'a> {
    /// Reads the payload of a datagram. That of a relay is refused: see [`relayed`].
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let [kind, a, b, c] = reader.array("dhcpv6 head")?;
        if matches!(kind, 0 | RELAY_FORWARD | RELAY_REPLY) {
            let (found, want) = (kind.into(), "a message of a client or server");
            return Err(WireError::Unexpected { what: "dhcpv6 type", at: 0, found, want });
        }
        Ok(Self { kind, transaction: u32::from_be_bytes([0, a, b, c]), options: reader })
    }

    /// The options in the order sent. After one that does not end inside the message nothing follows.
    pub fn options(&self) -> impl Iterator<Item = Result<Dhcpv6Option<'a>, WireError>> + use<'a> {
        let mut reader = self.options;
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let read = option(&mut reader);
            if read.is_err() {
                reader = Reader::new(&[]);
            }
            Some(read.map(|(kind, value)| Dhcpv6Option::read(kind, value)))
        })
    }

    /// The client, as the message names it.
    pub fn client(&self) -> Option<Duid<'a>> {
        self.options().find_map(|option| match option {
            Ok(Dhcpv6Option::ClientId(duid)) => Some(duid),
            _ => None,
        })
    }
}

/// The message of a relay (RFC 8415, 9): who stands where, and the message that it passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dhcpv6Relay<'a> {
    /// From a server to a client, and not the other way.
    pub reply: bool,
    /// An address of the link that the client is on; unspecified where the relay does not say.
    pub link: Ipv6Addr,
    /// The client, or the relay before this one.
    pub peer: Ipv6Addr,
    /// The port that the client is at, as the relay names it (option 18).
    pub interface: Option<&'a [u8]>,
    /// Who stands there, as the relay names it: an enterprise number, and what it makes of it (option 37, RFC 4649).
    pub remote: Option<&'a [u8]>,
    /// The message inside, which may again be that of a relay.
    pub message: Option<&'a [u8]>,
}

impl<'a> Dhcpv6Relay<'a> {
    /// Reads the payload of a datagram; `None` where it is no message of a relay. After an option that does not end nothing
    /// follows.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let kind = reader.u8("dhcpv6 type").ok()?;
        if !matches!(kind, RELAY_FORWARD | RELAY_REPLY) {
            return None;
        }
        reader.u8("dhcpv6 hop count").ok()?;
        let link = reader.array::<16>("dhcpv6 link address").ok()?.into();
        let peer = reader.array::<16>("dhcpv6 peer address").ok()?.into();
        let reply = kind == RELAY_REPLY;
        let mut read = Self { reply, link, peer, interface: None, remote: None, message: None };
        while let Ok((kind, value)) = option(&mut reader) {
            let field = match kind {
                RELAY_MESSAGE => &mut read.message,
                INTERFACE_ID => &mut read.interface,
                REMOTE_ID => &mut read.remote,
                _ => continue,
            };
            *field = field.or(Some(value));
        }
        Some(read)
    }
}

/// The addresses in an option for those of one interface of a client (3, and 4 for those that change), in the order sent.
pub fn assigned(kind: u16, value: &[u8]) -> impl Iterator<Item = Ipv6Addr> + use<'_> {
    // RFC 8415, 21.4 and 21.5: a number of four octets, and in the first two times of as many
    let head = match kind {
        ADDRESSES => Some(12),
        TEMPORARY_ADDRESSES => Some(4),
        _ => None,
    };
    let mut reader = Reader::new(head.and_then(|head| value.get(head..)).unwrap_or_default());
    let options = std::iter::from_fn(move || option(&mut reader).ok());
    options
        .filter(|(kind, _)| *kind == ADDRESS)
        .filter_map(|(_, value)| value.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets)))
}

/// The message inside that of a relay (RFC 8415, 9); one layer, which may again be that of a relay.
pub fn relayed(payload: &[u8]) -> Option<&[u8]> {
    Dhcpv6Relay::parse(payload)?.message
}

fn option<'a>(reader: &mut Reader<'a>) -> Result<(u16, &'a [u8]), WireError> {
    let kind = reader.u16("dhcpv6 option")?;
    let length = reader.u16("dhcpv6 option length")?;
    Ok((kind, reader.take(length.into(), "dhcpv6 option value")?))
}

impl<'a> Duid<'a> {
    /// Reads the value of an option that names a client or a server; `None` where there is not even a type.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let kind = reader.u16("duid type").ok()?;
        let other = Self::Other { kind, value: reader.rest() };
        Some(Self::known(kind, reader).unwrap_or(other))
    }

    fn known(kind: u16, mut reader: Reader<'a>) -> Option<Self> {
        // RFC 8415, 11.2: hardware type 1 is Ethernet, and an address of it has six octets
        let ethernet = |mut reader: Reader<'a>| {
            <[u8; 6]>::try_from(reader.take(reader.len(), "duid").ok()?).ok().map(MacAddr)
        };
        Some(match kind {
            1 if reader.u16("duid hardware").ok()? == 1 => {
                let time = reader.u32("duid time").ok()?;
                Self::LinkLayerTime { time, mac: ethernet(reader)? }
            }
            2 => {
                let pen = Pen(reader.u32("duid enterprise").ok()?);
                Self::Enterprise { pen, id: reader.rest() }
            }
            3 if reader.u16("duid hardware").ok()? == 1 => Self::LinkLayer(ethernet(reader)?),
            4 => Self::Uuid(reader.rest().try_into().ok()?),
            _ => return None,
        })
    }

    fn emit(&self, buf: &mut Vec<u8>) {
        match self {
            Self::LinkLayerTime { time, mac } => {
                buf.extend_from_slice(&[0, 1, 0, 1]);
                buf.extend_from_slice(&time.to_be_bytes());
                buf.extend_from_slice(&mac.octets());
            }
            Self::Enterprise { pen, id } => {
                buf.extend_from_slice(&[0, 2]);
                buf.extend_from_slice(&pen.0.to_be_bytes());
                buf.extend_from_slice(id);
            }
            Self::LinkLayer(mac) => {
                buf.extend_from_slice(&[0, 3, 0, 1]);
                buf.extend_from_slice(&mac.octets());
            }
            Self::Uuid(uuid) => {
                buf.extend_from_slice(&[0, 4]);
                buf.extend_from_slice(uuid);
            }
            Self::Other { kind, value } => {
                buf.extend_from_slice(&kind.to_be_bytes());
                buf.extend_from_slice(value);
            }
        }
    }
}

impl<'a> Dhcpv6Option<'a> {
    fn read(kind: u16, value: &'a [u8]) -> Self {
        Self::known(kind, value).unwrap_or(Self::Other { kind, value })
    }

    fn known(kind: u16, value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let mut pen = || reader.u32("dhcpv6 enterprise").ok().map(Pen);
        Some(match kind {
            CLIENT_ID => Self::ClientId(Duid::read(value)?),
            SERVER_ID => Self::ServerId(Duid::read(value)?),
            OPTION_REQUEST => {
                let (codes, rest) = value.as_chunks();
                rest.is_empty().then_some(Self::OptionRequest(codes))?
            }
            USER_CLASS => Self::UserClass(Texts(value)),
            VENDOR_CLASS => {
                let pen = pen()?;
                Self::VendorClass { pen, classes: Texts(reader.rest()) }
            }
            VENDOR_OPTIONS => {
                let pen = pen()?;
                Self::VendorOptions { pen, value: reader.rest() }
            }
            FQDN => {
                let (flags, name) = value.split_first()?;
                Self::Fqdn { flags: *flags, name }
            }
            _ => return None,
        })
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        let at = buf.len();
        let kind = match self {
            Self::ClientId(_) => CLIENT_ID,
            Self::ServerId(_) => SERVER_ID,
            Self::OptionRequest(_) => OPTION_REQUEST,
            Self::UserClass(_) => USER_CLASS,
            Self::VendorClass { .. } => VENDOR_CLASS,
            Self::VendorOptions { .. } => VENDOR_OPTIONS,
            Self::Fqdn { .. } => FQDN,
            Self::Other { kind, .. } => *kind,
        };
        buf.extend_from_slice(&kind.to_be_bytes());
        buf.extend_from_slice(&[0, 0]);
        match self {
            Self::ClientId(duid) | Self::ServerId(duid) => duid.emit(buf),
            Self::OptionRequest(codes) => buf.extend_from_slice(codes.as_flattened()),
            Self::UserClass(texts) => buf.extend_from_slice(texts.0),
            Self::VendorClass { pen, classes: Texts(value) }
            | Self::VendorOptions { pen, value } => {
                buf.extend_from_slice(&pen.0.to_be_bytes());
                buf.extend_from_slice(value);
            }
            Self::Fqdn { flags, name } => {
                buf.push(*flags);
                buf.extend_from_slice(name);
            }
            Self::Other { value, .. } => buf.extend_from_slice(value),
        }
        let (found, most) = (buf.len() - at - 4, u16::MAX.into());
        let too_long = WireError::TooLong { what: "dhcpv6 option value", at, found, most };
        let length = u16::try_from(found).map_err(|_| too_long)?;
        buf[at + 2..at + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}

/// The contents of a user or vendor class, for [`Texts`]. A text that has no room is refused.
pub fn dhcpv6_texts(texts: &[&[u8]]) -> Result<Vec<u8>, WireError> {
    let mut bytes = vec![];
    for text in texts {
        let (found, most) = (text.len(), u16::MAX.into());
        let too_long = WireError::TooLong { what: "dhcpv6 text", at: bytes.len(), found, most };
        let length = u16::try_from(found).map_err(|_| too_long)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text);
    }
    Ok(bytes)
}

impl<'a> Texts<'a> {
    /// What stands in a class, as [`dhcpv6_texts`] makes it.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

/// Appends a message of a client or server. A value that no option can hold is refused, and nothing appended.
pub fn emit_dhcpv6(
    buf: &mut Vec<u8>,
    kind: u8,
    transaction: u32,
    options: &[Dhcpv6Option<'_>],
) -> Result<(), WireError> {
    let start = buf.len();
    let [_, a, b, c] = transaction.to_be_bytes();
    buf.extend_from_slice(&[kind, a, b, c]);
    let sent = options.iter().try_for_each(|option| option.emit(buf));
    sent.inspect_err(|_| buf.truncate(start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::captures;

    const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);

    #[test]
    fn reads_recorded_clients_and_what_they_are() {
        let payloads = captures::udp_payloads("dhcpv6");
        let kinds: Vec<_> = payloads.iter().map(|one| Dhcpv6::parse(one).unwrap().kind).collect();
        assert_eq!(kinds, [1, 2, 3, 7]);
        let solicit = Dhcpv6::parse(&payloads[0]).unwrap();
        assert!(matches!(solicit.client(), Some(Duid::LinkLayerTime { mac: OURS, .. })));
        let said: Vec<_> = solicit.options().map(Result::unwrap).collect();
        let class = Dhcpv6Option::VendorClass { pen: Pen(33_517), classes: Texts(b"\0\x03lab") };
        for option in [class, Dhcpv6Option::UserClass(Texts(b"\0\x03lab"))] {
            assert!(said.contains(&option), "{option:?} in {said:?}");
        }
        let other = captures::udp_payloads("dhcpv6_ll").remove(0);
        assert_eq!(Dhcpv6::parse(&other).unwrap().client(), Some(Duid::LinkLayer(OURS)));
        let third = captures::udp_payloads("dhcpv6_dhcpcd").remove(0);
        let said: Vec<_> = Dhcpv6::parse(&third).unwrap().options().map(Result::unwrap).collect();
        let named = |option: &Dhcpv6Option<'_>| matches!(option, Dhcpv6Option::Fqdn { name, .. } if name.starts_with(b"\x08lab-host"));
        assert!(said.iter().any(named), "{said:?}");
    }

    #[test]
    fn reads_the_addresses_that_a_recorded_server_gives() {
        let advertised = captures::udp_payloads("dhcpv6_dhcpcd").remove(1);
        let read = Dhcpv6::parse(&advertised).unwrap();
        let given: Vec<_> = read
            .options()
            .filter_map(|option| match option {
                Ok(Dhcpv6Option::Other { kind, value }) => Some((kind, value)),
                _ => None,
            })
            .flat_map(|(kind, value)| assigned(kind, value))
            .collect();
        assert_eq!(given, ["fd00:50::54".parse::<Ipv6Addr>().unwrap()]);
        assert_eq!(assigned(ADDRESSES, &[0; 11]).count(), 0);
        assert_eq!(assigned(OPTION_REQUEST, &[0; 60]).count(), 0);
    }

    #[test]
    fn duids_that_do_not_fit_their_type_are_kept() {
        for value in [
            &[0, 1, 0, 6, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6][..],
            &[0, 3, 0, 1, 1, 2],
            &[0, 4, 1],
            &[0, 2, 1],
            &[0, 9],
        ] {
            let kind = u16::from(value[1]);
            assert_eq!(Duid::read(value), Some(Duid::Other { kind, value: &value[2..] }));
        }
        assert_eq!(Duid::read(&[1]), None);
        let uuid = [[0, 4].as_slice(), &[7; 16]].concat();
        assert_eq!(Duid::read(&uuid), Some(Duid::Uuid([7; 16])));
    }

    #[test]
    fn a_relay_is_unwrapped_one_layer_at_a_time() {
        let inside = captures::udp_payloads("dhcpv6").remove(0);
        let wrap = |inside: &[u8]| {
            let mut relay = vec![RELAY_FORWARD, 0];
            relay.extend([0; 32]);
            relay.extend([0, 18, 0, 1, 7, 0, 9]);
            relay.extend(u16::try_from(inside.len()).unwrap().to_be_bytes());
            relay.extend(inside);
            relay
        };
        let twice = wrap(&wrap(&inside));
        assert!(Dhcpv6::parse(&twice).is_err());
        let once = relayed(&twice).unwrap();
        assert_eq!(relayed(once), Some(&inside[..]));
        assert_eq!(relayed(&inside), None);
        let read = Dhcpv6Relay::parse(once).unwrap();
        assert_eq!((read.interface, read.remote), (Some(&[7][..]), None));
        assert_eq!((read.reply, read.peer), (false, Ipv6Addr::UNSPECIFIED));
        for length in 0..twice.len() {
            assert_eq!(relayed(&twice[..length]), None);
        }
    }

    #[test]
    fn an_option_that_does_not_end_is_the_last() {
        let mut message = vec![];
        emit_dhcpv6(&mut message, 1, 7, &[Dhcpv6Option::ClientId(Duid::LinkLayer(OURS))]).unwrap();
        message.extend([0, 8, 0, 3, 0, 0]);
        let read: Vec<_> = Dhcpv6::parse(&message).unwrap().options().collect();
        assert!(matches!(read[..], [Ok(_), Err(WireError::Short { need: 3, have: 2, .. })]));
        assert!(
            emit_dhcpv6(
                &mut message,
                1,
                7,
                &[Dhcpv6Option::Other { kind: 99, value: &[0; 65_536] }]
            )
            .is_err()
        );
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            kind in 14_u8.., transaction in 0_u32..1 << 24, mac: [u8; 6], uuid: [u8; 16], numbers: [u32; 2],
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..4),
        ) {
            let [time, pen] = numbers;
            let list: Vec<_> = texts.iter().map(Vec::as_slice).collect();
            let class = dhcpv6_texts(&list).unwrap();
            let (mac, pen, id) = (MacAddr(mac), Pen(pen), class.as_slice());
            let sent = [
                Dhcpv6Option::ClientId(Duid::LinkLayerTime { time, mac }),
                Dhcpv6Option::ServerId(Duid::Enterprise { pen, id }),
                Dhcpv6Option::ClientId(Duid::LinkLayer(mac)),
                Dhcpv6Option::ServerId(Duid::Uuid(uuid)),
                Dhcpv6Option::ClientId(Duid::Other { kind: 9, value: id }),
                Dhcpv6Option::OptionRequest(&[[0, 23], [0, 24]]),
                Dhcpv6Option::UserClass(Texts(id)),
                Dhcpv6Option::VendorClass { pen, classes: Texts(id) },
                Dhcpv6Option::VendorOptions { pen, value: id },
                Dhcpv6Option::Fqdn { flags: 1, name: id },
                Dhcpv6Option::Other { kind: 1000, value: id },
            ];
            let mut buf = vec![];
            emit_dhcpv6(&mut buf, kind, transaction, &sent).unwrap();
            let read = Dhcpv6::parse(&buf).unwrap();
            assert_eq!((read.kind, read.transaction), (kind, transaction));
            assert_eq!(read.options().collect::<Result<Vec<_>, _>>().unwrap(), sent);
            assert!(Texts(id).iter().eq(list));
        }
    }
}
