//! DHCP for IPv4 (RFC 2131) with the options that say what a client is (RFC 2132), also where they go on in the fields for
//! file and server name (RFC 2132, 9.3). Options that come in pieces are handed out in pieces.

use std::net::Ipv4Addr;

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The port of servers.
pub const DHCP_SERVER_PORT: u16 = 67;
/// The port of clients.
pub const DHCP_CLIENT_PORT: u16 = 68;

/// What stands before the options (RFC 2131, 3).
const COOKIE: u32 = 0x6382_5363;
const PAD: u8 = 0;
const END: u8 = 255;
const OVERLOAD: u8 = 52;

/// What a message does (RFC 2132, 9.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DhcpKind {
    /// 1: looks for servers.
    Discover,
    /// 2: a server offers an address.
    Offer,
    /// 3: takes an offer, or keeps an address.
    Request,
    /// 4: somebody has the address already.
    Decline,
    /// 5: the server agrees.
    Ack,
    /// 6: the server does not.
    Nak,
    /// 7: gives an address back.
    Release,
    /// 8: has an address, and asks for the rest.
    Inform,
    /// Anything else.
    Other(u8),
}

impl DhcpKind {
    fn number(self) -> u8 {
        match self {
            Self::Discover => 1,
            Self::Offer => 2,
            Self::Request => 3,
            Self::Decline => 4,
            Self::Ack => 5,
            Self::Nak => 6,
            Self::Release => 7,
            Self::Inform => 8,
            Self::Other(number) => number,
        }
    }
}

impl From<u8> for DhcpKind {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            number => Self::Other(number),
        }
    }
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dhcp<'a> {
    /// From a server and not from a client.
    pub reply: bool,
    /// Tells one exchange from another.
    pub transaction: u32,
    /// The address of the client, where it has one.
    pub client_ip: Ipv4Addr,
    /// The address that it gets.
    pub your_ip: Ipv4Addr,
    /// The relay that the message passed; 0.0.0.0 for none.
    pub relay_ip: Ipv4Addr,
    /// The hardware address of the client, where its hardware is Ethernet.
    pub client_mac: Option<MacAddr>,
    server_name: &'a [u8],
    file: &'a [u8],
    options: Reader<'a>,
}

/// An option. One whose length does not fit its type is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DhcpOption<'a> {
    /// 3: routers of the segment, 4 bytes each.
    Routers(&'a [[u8; 4]]),
    /// 12: the name of the client, or the name it gets.
    HostName(&'a [u8]),
    /// 50: the address that the client wants.
    RequestedIp(Ipv4Addr),
    /// 53: what the message does.
    Kind(DhcpKind),
    /// 54: the server that is meant.
    ServerIp(Ipv4Addr),
    /// 55: the options that the client wants, in its order, which tells much about its software.
    ParameterList(&'a [u8]),
    /// 60: what the client is, as its maker has it.
    VendorClass(&'a [u8]),
    /// 61: which client; a type of hardware and an address, or with type 0 anything (RFC 2132, 9.14).
    ClientId {
        /// The type.
        kind: u8,
        /// The rest.
        value: &'a [u8],
    },
    /// 77: what the client is, as its user has it (RFC 3004). Old clients send a bare text.
    UserClass(&'a [u8]),
    /// 81: the full name of the client (RFC 4702).
    Fqdn {
        /// Bit 2: the name is written as in DNS.
        flags: u8,
        /// The name.
        name: &'a [u8],
    },
    /// Anything else.
    Other {
        /// The code.
        kind: u8,
        /// The value.
        value: &'a [u8],
    },
}

impl<'a> Dhcp<'a> {
    /// Reads the payload of a datagram. One without the cookie of RFC 2131, 3 is BOOTP of before, and refused.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let [operation, hardware, length, _] = reader.array("dhcp head")?;
        if !matches!(operation, 1 | 2) {
            let found = operation.into();
            return Err(WireError::Unexpected {
                what: "dhcp operation",
                at: 0,
                found,
                want: "1 or 2",
            });
        }
        let transaction = reader.u32("dhcp transaction")?;
        reader.u32("dhcp seconds and flags")?;
        let client_ip = reader.array::<4>("dhcp client address")?.into();
        let your_ip = reader.array::<4>("dhcp your address")?.into();
        reader.u32("dhcp server address")?;
        let relay_ip = reader.array::<4>("dhcp relay address")?.into();
        let mac = MacAddr(reader.array("dhcp client hardware address")?);
        reader.take(10, "dhcp client hardware address")?;
        let server_name = reader.take(64, "dhcp server name")?;
        let file = reader.take(128, "dhcp file")?;
        let at = reader.at();
        let cookie = reader.u32("dhcp cookie")?;
        if cookie != COOKIE {
            let (found, want) = (cookie.into(), "1669485411 (99.130.83.99)");
            return Err(WireError::Unexpected { what: "dhcp cookie", at, found, want });
        }
        let client_mac = ((hardware, length) == (1, 6)).then_some(mac);
        Ok(Self {
            reply: operation == 2,
            transaction,
            client_ip,
            your_ip,
            relay_ip,
            client_mac,
            server_name,
            file,
            options: reader,
        })
    }

    /// The options in the order sent, then those in the fields for file and server name, if one of the options says that there
    /// are any (RFC 2131, 4.1: in this order). An option that does not end ends its field.
    pub fn options(&self) -> impl Iterator<Item = Result<DhcpOption<'a>, WireError>> + use<'a> {
        let (file, server_name) = (self.file, self.server_name);
        let mut reader = self.options;
        // three fields at most: what is said of others counts in the first only
        let (mut overload, mut field) = (0, 0);
        std::iter::from_fn(move || {
            loop {
                match option(&mut reader) {
                    Ok(Some((OVERLOAD, value))) if field == 0 => {
                        overload = value.first().copied().unwrap_or(0);
                        return Some(Ok(DhcpOption::Other { kind: OVERLOAD, value }));
                    }
                    Ok(Some((kind, value))) => return Some(Ok(DhcpOption::read(kind, value))),
                    Err(error) => {
                        reader = Reader::new(&[]);
                        return Some(Err(error));
                    }
                    Ok(None) => {}
                }
                field += 1;
                reader = match field {
                    1 if overload & 1 != 0 => Reader::new(file),
                    2 if overload & 2 != 0 => Reader::new(server_name),
                    1 | 2 => Reader::new(&[]),
                    _ => {
                        field = 3;
                        return None;
                    }
                };
            }
        })
    }

    /// What the message does, as its first option of that code says.
    pub fn kind(&self) -> Option<DhcpKind> {
        self.options().find_map(|option| match option {
            Ok(DhcpOption::Kind(kind)) => Some(kind),
            _ => None,
        })
    }
}

/// The next option that is no padding; `None` at the end.
fn option<'a>(reader: &mut Reader<'a>) -> Result<Option<(u8, &'a [u8])>, WireError> {
    while !reader.is_empty() {
        match reader.u8("dhcp option")? {
            PAD => {}
            END => {
                *reader = Reader::new(&[]);
            }
            kind => {
                let length = reader.u8("dhcp option length")?;
                return Ok(Some((kind, reader.take(length.into(), "dhcp option value")?)));
            }
        }
    }
    Ok(None)
}

impl<'a> DhcpOption<'a> {
    fn read(kind: u8, value: &'a [u8]) -> Self {
        let address = || <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from);
        let known = match (kind, value) {
            (3, value) => {
                let (routers, rest) = value.as_chunks();
                (rest.is_empty() && !routers.is_empty()).then_some(Self::Routers(routers))
            }
            (12, value) => Some(Self::HostName(value)),
            (50, _) => address().map(Self::RequestedIp),
            (53, &[kind]) => Some(Self::Kind(kind.into())),
            (54, _) => address().map(Self::ServerIp),
            (55, value) => Some(Self::ParameterList(value)),
            (60, value) => Some(Self::VendorClass(value)),
            (61, &[kind, ref value @ ..]) => Some(Self::ClientId { kind, value }),
            (77, value) => Some(Self::UserClass(value)),
            // two octets that no longer mean anything stand between (RFC 4702, 2.2)
            (81, &[flags, _, _, ref name @ ..]) => Some(Self::Fqdn { flags, name }),
            _ => None,
        };
        known.unwrap_or(Self::Other { kind, value })
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        match self {
            Self::Routers(routers) => emit_option(buf, 3, &[], routers.as_flattened()),
            Self::HostName(value) => emit_option(buf, 12, &[], value),
            Self::RequestedIp(address) => emit_option(buf, 50, &[], &address.octets()),
            Self::Kind(kind) => emit_option(buf, 53, &[], &[kind.number()]),
            Self::ServerIp(address) => emit_option(buf, 54, &[], &address.octets()),
            Self::ParameterList(value) => emit_option(buf, 55, &[], value),
            Self::VendorClass(value) => emit_option(buf, 60, &[], value),
            Self::ClientId { kind, value } => emit_option(buf, 61, &[*kind], value),
            Self::UserClass(value) => emit_option(buf, 77, &[], value),
            Self::Fqdn { flags, name } => emit_option(buf, 81, &[*flags, 0, 0], name),
            Self::Other { kind, value } => emit_option(buf, *kind, &[], value),
        }
    }
}

fn emit_option(buf: &mut Vec<u8>, kind: u8, head: &[u8], value: &[u8]) -> Result<(), WireError> {
    let (at, found) = (buf.len(), head.len() + value.len());
    let too_long = WireError::TooLong { what: "dhcp option value", at, found, most: 255 };
    let length = u8::try_from(found).map_err(|_| too_long)?;
    buf.extend_from_slice(&[kind, length]);
    buf.extend_from_slice(head);
    buf.extend_from_slice(value);
    Ok(())
}

/// Appends the message of a client without an address, such as a fake device sends. A value that no option can hold is
/// refused, and nothing appended.
pub fn emit_dhcp(
    buf: &mut Vec<u8>,
    transaction: u32,
    mac: MacAddr,
    options: &[DhcpOption<'_>],
) -> Result<(), WireError> {
    let start = buf.len();
    buf.extend_from_slice(&[1, 1, 6, 0]);
    buf.extend_from_slice(&transaction.to_be_bytes());
    buf.extend_from_slice(&[0, 0, 0x80, 0]); // answered to all: there is no address to answer to
    buf.extend_from_slice(&[0; 16]);
    buf.extend_from_slice(&mac.octets());
    buf.extend_from_slice(&[0; 10 + 64 + 128]);
    buf.extend_from_slice(&COOKIE.to_be_bytes());
    let sent = options.iter().try_for_each(|option| option.emit(buf));
    buf.push(END);
    sent.inspect_err(|_| buf.truncate(start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::captures;

    const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);

    fn options(payload: &[u8]) -> Vec<Result<DhcpOption<'_>, WireError>> {
        Dhcp::parse(payload).unwrap().options().collect()
    }

    #[test]
    fn reads_a_recorded_exchange() {
        let payloads = captures::udp_payloads("dhcp");
        let kinds = [DhcpKind::Discover, DhcpKind::Offer, DhcpKind::Request, DhcpKind::Ack];
        for (payload, kind) in payloads.iter().zip(kinds) {
            let read = Dhcp::parse(payload).unwrap();
            assert_eq!((read.kind(), read.client_mac), (Some(kind), Some(OURS)));
            let server = matches!(kind, DhcpKind::Offer | DhcpKind::Ack);
            assert_eq!((read.reply, read.your_ip.is_unspecified()), (server, !server));
        }
        let said: Vec<_> = options(&payloads[0]).into_iter().map(Result::unwrap).collect();
        for option in [
            DhcpOption::HostName(b"lab-host"),
            DhcpOption::ParameterList(&[1, 3, 15, 6, 12, 42]),
            DhcpOption::VendorClass(b"lab vendor class"),
            DhcpOption::ClientId { kind: 1, value: &OURS.octets() },
            DhcpOption::UserClass(b"lab user class"),
            DhcpOption::Fqdn { flags: 5, name: b"\x08lab-host\x03lab\x07example\x00" },
        ] {
            assert!(said.contains(&option), "{option:?} in {said:?}");
        }
    }

    #[test]
    fn reads_another_recorded_client() {
        let payload = captures::udp_payloads("dhcp_udhcpc").remove(0);
        let said: Vec<_> = options(&payload).into_iter().map(Result::unwrap).collect();
        assert!(said.contains(&DhcpOption::VendorClass(b"lab vendor")), "{said:?}");
        assert!(said.contains(&DhcpOption::HostName(b"lab-host")), "{said:?}");
    }

    /// A message with these options, and these in the fields for server name and file.
    fn overloaded(list: &[u8], server_name: &[u8], file: &[u8]) -> Vec<u8> {
        let mut payload = vec![];
        emit_dhcp(&mut payload, 1, OURS, &[]).unwrap();
        payload[44..44 + server_name.len()].copy_from_slice(server_name);
        payload[108..108 + file.len()].copy_from_slice(file);
        payload.truncate(240);
        payload.extend(list);
        payload
    }

    #[test]
    fn options_go_on_in_the_fields_that_are_said_to_have_some() {
        let (name, file) = ([12, 1, b's', 255], [12, 1, b'f', 255]);
        for (overload, want) in [(0, ""), (1, "f"), (2, "s"), (3, "fs")] {
            let payload = overloaded(&[52, 1, overload, 255], &name, &file);
            let names: Vec<_> = options(&payload)
                .into_iter()
                .filter_map(|option| match option {
                    Ok(DhcpOption::HostName(name)) => Some(name[0]),
                    _ => None,
                })
                .collect();
            assert_eq!(names, want.as_bytes(), "{overload}");
        }
    }

    #[test]
    fn fields_do_not_lead_back_to_each_other() {
        let again = [52, 1, 3].repeat(40);
        let payload = overloaded(&[52, 1, 3], &again[..63], &again);
        assert_eq!(options(&payload).len(), 1 + 40 + 21);
        let open = overloaded(&[12, 200, 1], &[], &[]);
        assert!(matches!(options(&open)[..], [Err(WireError::Short { need: 200, have: 1, .. })]));
    }

    #[test]
    fn what_is_no_dhcp_is_refused() {
        let mut payload = captures::udp_payloads("dhcp").remove(0);
        for length in 0..240 {
            assert!(matches!(Dhcp::parse(&payload[..length]), Err(WireError::Short { .. })));
        }
        assert!(Dhcp::parse(&payload[..240]).is_ok());
        payload[236] = 0;
        assert!(matches!(Dhcp::parse(&payload), Err(WireError::Unexpected { at: 236, .. })));
        payload[0] = 3;
        assert!(matches!(Dhcp::parse(&payload), Err(WireError::Unexpected { at: 0, .. })));
    }

    #[test]
    fn contents_that_do_not_fit_are_kept() {
        for (kind, value) in [(3, &[1, 2, 3][..]), (50, &[1]), (53, &[]), (61, &[]), (81, &[1, 2])]
        {
            assert_eq!(DhcpOption::read(kind, value), DhcpOption::Other { kind, value });
        }
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            transaction: u32, mac: [u8; 6], kind: u8, address: u32,
            text in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let routers = [[10, 50, 0, 1], [10, 50, 0, 2]];
            let sent = [
                DhcpOption::Kind(kind.into()), DhcpOption::Routers(&routers), DhcpOption::HostName(&text),
                DhcpOption::RequestedIp(address.into()), DhcpOption::ServerIp(address.into()),
                DhcpOption::ParameterList(&text), DhcpOption::VendorClass(&text),
                DhcpOption::ClientId { kind, value: &text }, DhcpOption::UserClass(&text),
                DhcpOption::Fqdn { flags: kind, name: &text }, DhcpOption::Other { kind: 82, value: &text },
            ];
            let mut buf = vec![];
            emit_dhcp(&mut buf, transaction, MacAddr(mac), &sent).unwrap();
            let read = Dhcp::parse(&buf).unwrap();
            assert_eq!((read.transaction, read.client_mac, read.reply), (transaction, Some(MacAddr(mac)), false));
            assert_eq!(read.kind(), Some(kind.into()));
            assert_eq!(read.options().collect::<Result<Vec<_>, _>>().unwrap(), sent);
        }
    }
}
