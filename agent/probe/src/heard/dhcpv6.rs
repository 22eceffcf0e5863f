//! DHCP for IPv6 (RFC 8415) between others.

use std::net::{IpAddr, Ipv6Addr};

use herkomst_model::{About, DhcpClient, DhcpId, DhcpServer, Fact, Method, Relay, VendorClass};
use herkomst_wire::dhcpv6::{Dhcpv6Option, assigned};
use herkomst_wire::ipv6::eui64_mac;
use herkomst_wire::{Dhcpv6, Dhcpv6Relay, WireError};

use super::dhcp::{bounded, labels, of_duid};
use super::text::{add, is_a_hosts, is_a_stations, text};
use super::{Heard, Sender};
use crate::Fit;

/// Relays inside relays that are unwrapped (RFC 8415, 7.6: `HOP_COUNT_LIMIT`).
const MOST_RELAYS: usize = 8;

impl Heard {
    pub(super) fn dhcpv6(&mut self, sender: Sender, payload: &[u8]) -> Result<Fit, WireError> {
        let (mut message, mut relay, mut peer) = (payload, None, sender.address);
        for _ in 0..MOST_RELAYS {
            let Some(read) = Dhcpv6Relay::parse(message) else { break };
            let host = |address: Ipv6Addr| Some(address.into()).filter(|one| is_a_hosts(*one));
            // the innermost one is next to the client
            peer = read.peer.into();
            relay = Some(Relay {
                address: host(read.link),
                circuit: read.interface.map(bounded),
                remote: read.remote.map(bounded),
            });
            let Some(inside) = read.message else { return Ok(Fit::Taken) };
            message = inside;
        }
        let message = Dhcpv6::parse(message)?;
        match message.kind {
            // RFC 8415, 7.3: solicit, request, confirm, renew, rebind, and a question for the rest
            1 | 3 | 4 | 5 | 6 | 11 => Ok(self.client_of_ipv6(sender, &message, relay, peer)),
            // advertise and reply; those that come through a relay are not the relay's own
            2 | 7 if relay.is_none() => Ok(self.server_of_ipv6(sender, &message)),
            _ => Ok(Fit::Taken),
        }
    }

    /// One that came through a relay is known by the hardware address in its link-local address, if there is one. That of its
    /// DUID may be of another port, and in copies of a machine it is another machine's.
    fn client_of_ipv6(
        &mut self,
        sender: Sender,
        message: &Dhcpv6<'_>,
        relay: Option<Relay>,
        peer: IpAddr,
    ) -> Fit {
        let about = if relay.is_none() {
            if self.is_there(Method::Dhcpv6, sender) != Fit::Taken {
                return Fit::NotMine;
            }
            About::Address(sender.address)
        } else {
            let mac = match peer {
                IpAddr::V6(peer) => eui64_mac(peer),
                IpAddr::V4(_) => None,
            };
            let Some(mac) = mac else { return Fit::Taken };
            About::Station(mac)
        };
        let mut client = client(message);
        client.relay = relay;
        if matches!(about, About::Address(_)) {
            // its own link-local address is wanted: the rest only must not be excluded
            client.own = client.own.filter(|address| self.keep.wants(*address));
            client.requested = client.requested.filter(|address| self.keep.wants(*address));
            let octets = 512;
            let fact = Fact::DhcpClient(Box::new(client));
            return self.memory.word(Method::Dhcpv6, about, sender.vlan, fact, octets);
        }
        self.client(Method::Dhcpv6, about, sender, client)
    }

    fn server_of_ipv6(&mut self, sender: Sender, message: &Dhcpv6<'_>) -> Fit {
        let fit = self.is_there(Method::Dhcpv6, sender);
        if fit != Fit::Taken {
            return fit;
        }
        let id = message.options().map_while(Result::ok).find_map(|option| match option {
            Dhcpv6Option::ServerId(duid) => Some(of_duid(duid)),
            _ => None,
        });
        let fact = Fact::DhcpServer(Box::new(DhcpServer { id, ..DhcpServer::default() }));
        self.memory.word(Method::Dhcpv6, About::Address(sender.address), sender.vlan, fact, 256)
    }
}

fn client(message: &Dhcpv6<'_>) -> DhcpClient {
    let mut said = DhcpClient::default();
    for option in message.options().map_while(Result::ok) {
        match option {
            Dhcpv6Option::ClientId(duid) => {
                let id = of_duid(duid);
                said.mac = match id {
                    DhcpId::LinkLayer(mac) => Some(mac).filter(|mac| is_a_stations(*mac)),
                    _ => None,
                };
                said.id = Some(id);
            }
            Dhcpv6Option::OptionRequest(codes) => {
                said.wants.extend(codes.iter().take(256).map(|code| u16::from_be_bytes(*code)));
            }
            Dhcpv6Option::UserClass(classes) => {
                add(&mut said.user_classes, classes.iter().filter_map(text));
            }
            Dhcpv6Option::VendorClass { pen, classes } => {
                let classes = classes.iter().filter_map(text);
                let classes = classes.map(|text| VendorClass { enterprise: Some(pen), text });
                add(&mut said.vendor_classes, classes);
            }
            Dhcpv6Option::Fqdn { name, .. } => add(&mut said.names, labels(name)),
            Dhcpv6Option::Other { kind, value } => {
                let mut given = assigned(kind, value).map(IpAddr::from);
                let address = given.find(|address| is_a_hosts(*address));
                // RFC 8415, 18.2.4 and 18.2.5: renewed and bound again is what one has
                let field = match message.kind {
                    4..=6 => &mut said.own,
                    _ => &mut said.requested,
                };
                *field = field.or(address);
            }
            Dhcpv6Option::ServerId(_) | Dhcpv6Option::VendorOptions { .. } => {}
        }
    }
    said
}
