//! Neighbour discovery (RFC 4861) and listeners of multicast groups (RFC 3810). What may have passed a router is refused by the
//! reader already. A redirect says who is better reached through whom, and a host may send it: nothing is taken from it.

use std::net::Ipv6Addr;

use herkomst_ids::MacAddr;
use herkomst_model::{About, Fact, Method, Prefix, Router};
use herkomst_wire::icmpv6::{NdpOption, NdpOptions, RouterAdvertisement};
use herkomst_wire::{Icmpv6, Ipv6Packet};

use super::text::{MOST, add, is_a_hosts, is_a_stations};
use super::{Heard, Sender};
use crate::Fit;

/// The types of the messages (RFC 4861, 4; RFC 3810, 5): told before they are read.
fn method_of(kind: u8) -> Option<Method> {
    match kind {
        133..=136 => Some(Method::Ndp),
        130..=132 | 143 => Some(Method::Mld),
        _ => None,
    }
}

impl Heard {
    pub(super) fn icmpv6(&mut self, sender: Sender, packet: &Ipv6Packet<'_>) -> Fit {
        let kind = packet.payload.first().copied();
        let Some(method) = kind.and_then(method_of) else { return Fit::NotMine };
        self.once(method, sender, packet.payload, |heard| {
            Ok(match Icmpv6::parse(packet)? {
                Icmpv6::NeighbourSolicitation(asked) if packet.source.is_unspecified() => {
                    heard.tentative(sender, asked.target)
                }
                Icmpv6::NeighbourSolicitation(asked) => {
                    heard.neighbour(method, sender, packet.source, source_mac(asked.options))
                }
                Icmpv6::NeighbourAdvertisement(told) => {
                    heard.neighbour(method, sender, told.target, target_mac(told.options))
                }
                Icmpv6::RouterSolicitation(options) if !packet.source.is_unspecified() => {
                    heard.neighbour(method, sender, packet.source, source_mac(options))
                }
                Icmpv6::RouterAdvertisement(router) => heard.router(sender, packet, router),
                Icmpv6::ListenerQuery(_)
                | Icmpv6::ListenerReport(_)
                | Icmpv6::ListenerDone(_)
                | Icmpv6::ListenerReportV2(_)
                    if !packet.source.is_unspecified() =>
                {
                    heard.neighbour(method, sender, packet.source, None)
                }
                Icmpv6::ListenerReport(_)
                | Icmpv6::ListenerDone(_)
                | Icmpv6::ListenerReportV2(_)
                | Icmpv6::RouterSolicitation(_) => heard.stranger(method, sender),
                _ => Fit::NotMine,
            })
        })
    }

    /// An address with the hardware address that is said to go with it, or that it was sent from.
    fn neighbour(
        &mut self,
        method: Method,
        sender: Sender,
        address: Ipv6Addr,
        said: Option<MacAddr>,
    ) -> Fit {
        let mac = said.unwrap_or(sender.mac);
        let address = address.into();
        let is_ours = mac == self.ours;
        if is_ours || !is_a_stations(mac) || !is_a_hosts(address) || !self.keep.wants(address) {
            return Fit::NotMine;
        }
        let fact = Fact::Neighbour { mac };
        self.memory.station(method, About::Address(address), sender.vlan, mac, fact)
    }

    /// A station asks whether anybody has the address that it is about to take (RFC 4862, 5.4.2).
    fn tentative(&mut self, sender: Sender, target: Ipv6Addr) -> Fit {
        let target = target.into();
        if !is_a_hosts(target) || !self.keep.wants(target) {
            return Fit::NotMine;
        }
        self.memory.wish(Method::Ndp, sender.mac, sender.vlan, target)
    }

    /// A station of which no address is known.
    fn stranger(&mut self, method: Method, sender: Sender) -> Fit {
        if !self.keep.wants_strangers() {
            return Fit::NotMine;
        }
        let (about, fact) = (About::Station(sender.mac), Fact::Spoke { wants: None });
        self.memory.station(method, about, sender.vlan, sender.mac, fact)
    }

    fn router(
        &mut self,
        sender: Sender,
        packet: &Ipv6Packet<'_>,
        router: RouterAdvertisement<'_>,
    ) -> Fit {
        let mac = source_mac(router.options);
        let fit = self.neighbour(Method::Ndp, sender, packet.source, mac);
        if fit != Fit::Taken {
            return fit;
        }
        let about = About::Address(packet.source.into());
        let fact = Fact::Router(Box::new(advertised(router)));
        self.memory.word(Method::Ndp, about, sender.vlan, fact, packet.payload.len())
    }
}

fn source_mac(options: NdpOptions<'_>) -> Option<MacAddr> {
    options.iter().find_map(|option| match option {
        NdpOption::SourceMac(mac) => Some(mac),
        _ => None,
    })
}

fn target_mac(options: NdpOptions<'_>) -> Option<MacAddr> {
    options.iter().find_map(|option| match option {
        NdpOption::TargetMac(mac) => Some(mac),
        _ => None,
    })
}

fn advertised(router: RouterAdvertisement<'_>) -> Router {
    let RouterAdvertisement { managed, other, lifetime, options, .. } = router;
    let mut said = Router { lifetime, managed, other, ..Router::default() };
    for option in options.iter() {
        match option {
            // RFC 4861, 6.3.4: that of link-local addresses says nothing
            NdpOption::Prefix(one) if !one.prefix.is_unicast_link_local() => {
                let prefix = Prefix {
                    address: masked(one.prefix, one.length),
                    length: one.length,
                    on_link: one.on_link,
                    autonomous: one.autonomous,
                    valid: one.valid,
                };
                add(&mut said.prefixes, [prefix]);
            }
            NdpOption::Route { prefix, length, .. } => {
                add(&mut said.routes, [(masked(prefix, length), length)]);
            }
            NdpOption::NameServers { addresses, .. } => {
                let servers = addresses.iter().take(MOST).map(|octets| Ipv6Addr::from(*octets));
                add(&mut said.name_servers, servers.filter(|one| is_a_hosts((*one).into())));
            }
            _ => {}
        }
    }
    said
}

fn masked(address: Ipv6Addr, length: u8) -> Ipv6Addr {
    let behind = 128_u32.saturating_sub(length.into());
    let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_no_longer_than_its_length() {
        let address: Ipv6Addr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        assert_eq!(masked(address, 64), "2001:db8:1:2::".parse::<Ipv6Addr>().unwrap());
        assert_eq!((masked(address, 0), masked(address, 128)), (Ipv6Addr::UNSPECIFIED, address));
    }
}
