//! DHCP (RFC 2131) between others: what a client says of itself, and who answers. Nobody is asked for an address here.

use std::net::{IpAddr, Ipv4Addr};

use herkomst_ids::{MacAddr, Pen};
use herkomst_model::{
    About, DeviceText, DhcpClient, DhcpId, DhcpServer, Fact, Method, Relay, VendorClass,
};
use herkomst_wire::dhcp::{DhcpKind, DhcpOption};
use herkomst_wire::dhcpv6::Duid;
use herkomst_wire::{Dhcp, Reader, WireError};

use super::text::{add, is_a_hosts, is_a_stations, text};
use super::{Heard, Sender};
use crate::Fit;

/// The most octets kept of an identifier (RFC 8415, 11.1: 128 and the type), and of what a relay adds.
pub(super) const MOST_ID: usize = 130;

impl Heard {
    pub(super) fn dhcp(&mut self, sender: Sender, payload: &[u8]) -> Result<Fit, WireError> {
        let message = Dhcp::parse(payload)?;
        let read = Message::read(&message);
        let kind = message.kind();
        let is_answer = matches!(kind, Some(DhcpKind::Offer | DhcpKind::Ack | DhcpKind::Nak));
        let server = (message.reply && is_answer).then(|| self.server(sender, &read));
        let client = match kind {
            Some(DhcpKind::Discover | DhcpKind::Request | DhcpKind::Inform) if !message.reply => {
                read.client
            }
            // The answer repeats nothing of the client but its hardware address, and says which address it gets.
            Some(DhcpKind::Ack) if message.reply && is_given(message.your_ip) => DhcpClient {
                mac: read.client.mac,
                requested: Some(message.your_ip.into()),
                relay: read.client.relay,
                ..DhcpClient::default()
            },
            _ => return Ok(server.unwrap_or(Fit::Taken)),
        };
        let fit = match client.mac {
            Some(mac) => self.client(Method::Dhcp, About::Station(mac), sender, client),
            None => Fit::Taken, // not Ethernet: nothing that it could be known by
        };
        Ok(server.filter(|_| fit == Fit::NotMine).unwrap_or(fit))
    }

    /// Keeps what a client says, unless one of its addresses is not wanted, or it has none and strangers do not count.
    pub(super) fn client(
        &mut self,
        method: Method,
        about: About,
        sender: Sender,
        client: DhcpClient,
    ) -> Fit {
        let mut addresses = client.own.iter().chain(&client.requested).peekable();
        let is_wanted = match addresses.peek() {
            None => self.keep.wants_strangers(),
            Some(_) => addresses.all(|address| self.keep.wants(*address)),
        };
        if !is_wanted {
            return Fit::NotMine;
        }
        let octets = 256 + client.names.iter().map(|name| name.raw().len()).sum::<usize>();
        let fact = Fact::DhcpClient(Box::new(client));
        self.memory.word(method, about, sender.vlan, fact, octets)
    }

    fn server(&mut self, sender: Sender, read: &Message) -> Fit {
        let fit = self.is_there(Method::Dhcp, sender);
        if fit != Fit::Taken {
            return fit;
        }
        let fact = Fact::DhcpServer(Box::new(read.server.clone()));
        self.memory.word(Method::Dhcp, About::Address(sender.address), sender.vlan, fact, 128)
    }
}

fn is_given(address: Ipv4Addr) -> bool {
    is_a_hosts(address.into())
}

/// What the options of a message say of either side.
#[derive(Default)]
struct Message {
    client: DhcpClient,
    server: DhcpServer,
}

impl Message {
    /// Reads as far as the options can be read: clients fill them carelessly, and one that does not end ends nothing else.
    fn read(message: &Dhcp<'_>) -> Self {
        let mut read = Self::default();
        let host = |address: Ipv4Addr| Some(IpAddr::from(address)).filter(|one| is_a_hosts(*one));
        read.client.mac = message.client_mac.filter(|mac| is_a_stations(*mac));
        read.client.own = host(message.client_ip);
        let mut relay = host(message.relay_ip)
            .map(|address| Relay { address: Some(address), ..Relay::default() });
        for option in message.options().map_while(Result::ok) {
            match option {
                DhcpOption::Routers(routers) => {
                    let routers = routers.iter().filter_map(|octets| host((*octets).into()));
                    add(&mut read.server.routers, routers);
                }
                DhcpOption::HostName(name) => add(&mut read.client.names, text(name)),
                DhcpOption::Fqdn { flags, name } => {
                    add(&mut read.client.names, full_name(flags, name));
                }
                DhcpOption::RequestedIp(address) => read.client.requested = host(address),
                DhcpOption::ServerIp(address) => read.server.address = host(address),
                DhcpOption::ParameterList(codes) => {
                    read.client.wants.extend(codes.iter().map(|code| u16::from(*code)));
                }
                DhcpOption::VendorClass(class) => {
                    let class = text(class).map(|text| VendorClass { enterprise: None, text });
                    add(&mut read.client.vendor_classes, class);
                }
                DhcpOption::ClientId { kind, value } => {
                    read.client.id = Some(identifier(kind, value));
                }
                DhcpOption::UserClass(value) => {
                    add(&mut read.client.user_classes, user_classes(value));
                }
                DhcpOption::Other { kind: VENDOR_IDENTIFYING, value } => {
                    add(&mut read.client.vendor_classes, enterprise_classes(value));
                }
                DhcpOption::Other { kind: RELAY_AGENT, value } => {
                    agent(relay.get_or_insert_default(), value);
                }
                DhcpOption::Kind(_) | DhcpOption::Other { .. } => {}
            }
        }
        read.server.relay.clone_from(&relay);
        read.client.relay = relay;
        read
    }
}

/// RFC 3925, 3: classes under an enterprise number each.
const VENDOR_IDENTIFYING: u8 = 124;
/// RFC 3046.
const RELAY_AGENT: u8 = 82;

pub(super) fn bounded(octets: &[u8]) -> Box<[u8]> {
    octets.iter().copied().take(MOST_ID).collect()
}

/// Option 61: a DUID where it says so (RFC 4361, 6.1), a hardware address, or anything.
fn identifier(kind: u8, value: &[u8]) -> DhcpId {
    let duid = value.get(4..).filter(|_| kind == 255).and_then(Duid::read);
    let mac = <[u8; 6]>::try_from(value).ok().filter(|_| kind == 1).map(MacAddr);
    match (duid, mac) {
        (Some(duid), _) => of_duid(duid),
        (None, Some(mac)) => DhcpId::LinkLayer(mac),
        (None, None) => DhcpId::Other { kind: kind.into(), value: bounded(value) },
    }
}

pub(super) fn of_duid(duid: Duid<'_>) -> DhcpId {
    match duid {
        Duid::LinkLayer(mac) | Duid::LinkLayerTime { mac, .. } => DhcpId::LinkLayer(mac),
        Duid::Enterprise { pen, id } => DhcpId::Enterprise { pen, id: bounded(id) },
        Duid::Uuid(uuid) => DhcpId::Uuid(uuid),
        Duid::Other { kind, value } => DhcpId::Other { kind, value: bounded(value) },
    }
}

/// RFC 4702, 2.1: bit 2 says that the name is written as in DNS.
fn full_name(flags: u8, name: &[u8]) -> Option<DeviceText> {
    if flags & 0b100 == 0 { text(name) } else { labels(name) }
}

/// A name written as in DNS, without compression (RFC 1035, 3.1), or as much of it as can be read.
pub(super) fn labels(name: &[u8]) -> Option<DeviceText> {
    let mut reader = Reader::new(name);
    let mut whole = Vec::new();
    while let Ok(length @ 1..=63) = reader.u8("label") {
        let Ok(label) = reader.take(length.into(), "label") else { break };
        if !whole.is_empty() {
            whole.push(b'.');
        }
        whole.extend_from_slice(label);
    }
    text(&whole)
}

/// RFC 3004: texts, each after its length; old clients send a bare text.
fn user_classes(value: &[u8]) -> Vec<DeviceText> {
    let mut reader = Reader::new(value);
    let mut classes = Vec::new();
    while !reader.is_empty() {
        let one = reader.u8("class").and_then(|length| reader.take(length.into(), "class"));
        match one {
            Ok(class) => add(&mut classes, text(class)),
            Err(_) => return text(value).into_iter().collect(),
        }
    }
    classes
}

fn enterprise_classes(value: &[u8]) -> Vec<VendorClass> {
    let mut reader = Reader::new(value);
    let mut classes = Vec::new();
    while let Ok(pen) = reader.u32("enterprise") {
        let data = reader.u8("length").and_then(|length| reader.part(length.into(), "classes"));
        let Ok(mut data) = data else { break };
        while let Ok(length) = data.u8("length") {
            let Ok(class) = data.take(length.into(), "class") else { break };
            let class = text(class).map(|text| VendorClass { enterprise: Some(Pen(pen)), text });
            add(&mut classes, class);
        }
    }
    classes
}

/// RFC 3046, 2.0: 1 circuit id, 2 remote id.
fn agent(relay: &mut Relay, value: &[u8]) {
    let mut reader = Reader::new(value);
    while let Ok([kind, length]) = reader.array("relay") {
        let Ok(value) = reader.take(length.into(), "relay") else { break };
        match kind {
            1 => relay.circuit = Some(bounded(value)),
            2 => relay.remote = Some(bounded(value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);

    #[test]
    fn an_identifier_is_a_hardware_address_a_duid_or_anything() {
        assert_eq!(identifier(1, &MAC.octets()), DhcpId::LinkLayer(MAC));
        let duid = [&[0, 0, 0, 7, 0, 2, 0, 0, 0, 9][..], b"ABC"].concat();
        let (pen, id) = (Pen(9), b"ABC"[..].into());
        assert_eq!(identifier(255, &duid), DhcpId::Enterprise { pen, id });
        let value = b"name"[..].into();
        assert_eq!(identifier(0, b"name"), DhcpId::Other { kind: 0, value });
        assert_eq!(identifier(1, &[1]), DhcpId::Other { kind: 1, value: [1].into() });
        let DhcpId::Other { value, .. } = identifier(0, &[7; 255]) else { panic!() };
        assert_eq!(value.len(), MOST_ID);
    }

    #[test]
    fn names_and_classes_are_read_as_far_as_they_go() {
        assert_eq!(full_name(4, b"\x04host\x03lab\x00"), Some("host.lab".into()));
        assert_eq!(full_name(4, b"\x04host\x3fla"), Some("host".into()));
        assert_eq!(full_name(0, b"host.lab"), Some("host.lab".into()));
        assert_eq!(user_classes(b"\x03lab\x02it"), ["lab".into(), "it".into()]);
        assert_eq!(user_classes(b"old client"), ["old client".into()]);
        let one = |pen, text: &str| VendorClass { enterprise: Some(Pen(pen)), text: text.into() };
        let value = b"\0\0\0\x09\x04\x03abc\0\0\x0d\xe9\x03\x02x";
        assert_eq!(enterprise_classes(value), [one(9, "abc")]);
    }

    #[test]
    fn what_a_relay_adds_is_kept() {
        let mut relay = Relay::default();
        agent(&mut relay, b"\x01\x04\0\x04\0\x07\x02\x03abc\x09\x01z\x01");
        assert_eq!(relay.circuit.as_deref(), Some(&[0, 4, 0, 7][..]));
        assert_eq!(relay.remote.as_deref(), Some(&b"abc"[..]));
    }
}
