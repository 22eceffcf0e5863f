//! The kernel's view of the network: links, addresses, routes, neighbours (rtnetlink(7)).
//!
//! All of it is of the network namespace of the calling thread, and reading it needs no right.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use futures_util::TryStreamExt;
use herkomst_ids::MacAddr;
use ipnet::Ipv4Net;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage};
use rtnetlink::packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteNextHop, RouteScope, RouteType,
    RouteVia,
};
use rtnetlink::{Handle, RouteMessageBuilder};

use crate::{NetError, netlink};

/// An IPv4 address of an interface, with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ipv4Address {
    /// The address itself.
    pub address: Ipv4Addr,
    /// How many leading bits name the network, 0 to 32.
    pub prefix_len: u8,
}

/// A link of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's number for it, unique in its network namespace.
    pub index: u32,
    /// The name, such as `eth0`.
    pub name: String,
    /// The hardware address, where it has one of six octets that is not zero.
    pub mac: Option<MacAddr>,
    /// The largest packet it carries, without the link-layer header.
    pub mtu: u32,
    /// Switched on by the administrator (`IFF_UP`).
    pub up: bool,
    /// The other end answers (`IFF_LOWER_UP`): a cable, an association, a veth peer that is up.
    pub running: bool,
    /// Leads back to this host.
    pub loopback: bool,
    /// Has a broadcast address.
    pub broadcast: bool,
    /// Has one other end only.
    pub point_to_point: bool,
    /// Does not use ARP.
    pub no_arp: bool,
    /// Carries Ethernet frames (`ARPHRD_ETHER`).
    pub ethernet: bool,
    /// Its addresses, in numerical order.
    pub ipv4: Vec<Ipv4Address>,
}

/// A prefix that is reached without a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OnLinkRoute {
    /// The addresses that are on the link.
    pub prefix: Ipv4Net,
    /// The index of the interface.
    pub interface: u32,
    /// The source address the kernel would choose.
    pub preferred_source: Option<Ipv4Addr>,
}

/// A prefix that is reached through a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatewayRoute {
    /// The addresses behind the router; `0.0.0.0/0` is the default route.
    pub prefix: Ipv4Net,
    /// The index of the interface that leads to the router.
    pub interface: u32,
    /// The router; one of IPv6 may carry IPv4 (RFC 5549).
    pub gateway: IpAddr,
}

/// An entry of the kernel's neighbour table with a hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelNeighbour {
    /// The address that was resolved.
    pub address: IpAddr,
    /// To what.
    pub mac: MacAddr,
    /// On which interface.
    pub interface: u32,
    /// The kernel holds the hardware address for valid (reachable, stale, delay, probe or permanent).
    pub reachable: bool,
}

/// The way to one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteTo {
    /// The index of the interface it leaves by.
    pub interface: u32,
    /// The next router; none when the destination is on the link or this host.
    pub gateway: Option<Ipv4Addr>,
    /// The source address it leaves with.
    pub source: Option<Ipv4Addr>,
}

/// All links of this network namespace with their IPv4 addresses, in the order of their numbers.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn interfaces() -> Result<Vec<Interface>, NetError> {
    let (links, addresses) = netlink::ask("reading the interfaces", async |handle: Handle| {
        let links: Vec<LinkMessage> = handle.link().get().execute().try_collect().await?;
        let mut request = handle.address().get();
        request.message_mut().header.family = AddressFamily::Inet;
        let addresses: Vec<AddressMessage> = request.execute().try_collect().await?;
        Ok((links, addresses))
    })?;
    let mut of_link: BTreeMap<u32, Vec<Ipv4Address>> = BTreeMap::new();
    for message in addresses {
        if let Some(address) = own_address(&message) {
            of_link.entry(message.header.index).or_default().push(address);
        }
    }
    let mut interfaces: Vec<Interface> = links
        .iter()
        .filter_map(|link| {
            let mut ipv4 = of_link.remove(&link.header.index).unwrap_or_default();
            ipv4.sort_unstable();
            ipv4.dedup();
            interface(link, ipv4)
        })
        .collect();
    interfaces.sort_unstable_by_key(|interface| interface.index);
    Ok(interfaces)
}

fn interface(link: &LinkMessage, ipv4: Vec<Ipv4Address>) -> Option<Interface> {
    let (mut name, mut mac, mut mtu) = (None, None, 0);
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(text) => name = Some(text.clone()),
            LinkAttribute::Mtu(octets) => mtu = *octets,
            LinkAttribute::Address(octets) => mac = hardware_address(octets),
            _ => {}
        }
    }
    let flags = link.header.flags;
    Some(Interface {
        index: link.header.index,
        name: name?,
        mac,
        mtu,
        up: flags.contains(LinkFlags::Up),
        running: flags.contains(LinkFlags::LowerUp),
        loopback: flags.contains(LinkFlags::Loopback),
        broadcast: flags.contains(LinkFlags::Broadcast),
        point_to_point: flags.contains(LinkFlags::Pointopoint),
        no_arp: flags.contains(LinkFlags::Noarp),
        ethernet: link.header.link_layer_type == LinkLayerType::Ether,
        ipv4,
    })
}

fn hardware_address(octets: &[u8]) -> Option<MacAddr> {
    <[u8; 6]>::try_from(octets).ok().map(MacAddr).filter(|mac| *mac != MacAddr::ZERO)
}

/// On a link with one other end, `IFA_ADDRESS` is that end and `IFA_LOCAL` is ours; else both are ours.
fn own_address(message: &AddressMessage) -> Option<Ipv4Address> {
    let (mut local, mut other) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(IpAddr::V4(address)) => local = Some(*address),
            AddressAttribute::Address(IpAddr::V4(address)) => other = Some(*address),
            _ => {}
        }
    }
    let prefix_len = message.header.prefix_len;
    local.or(other).map(|address| Ipv4Address { address, prefix_len })
}

/// The prefixes that are reached without a gateway: the unicast routes of the main table with scope `link`, those
/// the kernel made for addresses included, in numerical order.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn on_link_routes() -> Result<Vec<OnLinkRoute>, NetError> {
    let mut routes: Vec<OnLinkRoute> = routes()?.iter().filter_map(on_link_route).collect();
    routes.sort_unstable();
    routes.dedup();
    Ok(routes)
}

/// The prefixes that are reached through a router: the unicast routes of the main table with a gateway, the default
/// route included, in numerical order. Of a route over several ways the first stands for all.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn gateway_routes() -> Result<Vec<GatewayRoute>, NetError> {
    let mut routes: Vec<GatewayRoute> = routes()?.iter().filter_map(gateway_route).collect();
    routes.sort_unstable();
    routes.dedup();
    Ok(routes)
}

fn routes() -> Result<Vec<RouteMessage>, NetError> {
    netlink::ask("reading the routes", async |handle: Handle| {
        handle
            .route()
            .get(RouteMessageBuilder::<Ipv4Addr>::new().build())
            .execute()
            .try_collect()
            .await
    })
}

/// Whether it is a unicast route of the main table; the kernel dumps all tables unless asked strictly.
fn is_main_unicast(message: &RouteMessage) -> bool {
    let header = &message.header;
    let table = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Table(number) => Some(*number),
        _ => None,
    });
    header.address_family == AddressFamily::Inet
        && table.unwrap_or(u32::from(header.table)) == u32::from(RouteHeader::RT_TABLE_MAIN)
        && header.kind == RouteType::Unicast
}

fn prefix_of(message: &RouteMessage) -> Option<Ipv4Net> {
    let destination = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(address)) => Some(*address),
        _ => None,
    });
    // The default route names no destination.
    let destination = destination.unwrap_or(Ipv4Addr::UNSPECIFIED);
    Some(Ipv4Net::new(destination, message.header.destination_prefix_length).ok()?.trunc())
}

fn on_link_route(message: &RouteMessage) -> Option<OnLinkRoute> {
    if !is_main_unicast(message) || message.header.scope != RouteScope::Link {
        return None;
    }
    let (mut interface, mut preferred_source) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => interface = Some(*index),
            RouteAttribute::PrefSource(RouteAddress::Inet(address)) => {
                preferred_source = Some(*address)
            }
            _ => {}
        }
    }
    Some(OnLinkRoute { prefix: prefix_of(message)?, interface: interface?, preferred_source })
}

fn gateway_route(message: &RouteMessage) -> Option<GatewayRoute> {
    if !is_main_unicast(message) {
        return None;
    }
    let interface = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Oif(index) => Some(*index),
        _ => None,
    });
    let hops = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::MultiPath(hops) => hops.first(),
        _ => None,
    });
    let (interface, gateway) = match hops {
        Some(hop) => (Some(hop.interface_index), gateway_in(&hop.attributes)),
        None => (interface, gateway_in(&message.attributes)),
    };
    Some(GatewayRoute { prefix: prefix_of(message)?, interface: interface?, gateway: gateway? })
}

fn gateway_in(attributes: &[RouteAttribute]) -> Option<IpAddr> {
    attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(address)) => Some(IpAddr::V4(*address)),
        RouteAttribute::Via(RouteVia::Inet6(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    })
}

/// The kernel's neighbour tables of both families: those entries that have a hardware address, in numerical order.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn neighbours() -> Result<Vec<KernelNeighbour>, NetError> {
    let messages: Vec<NeighbourMessage> =
        netlink::ask("reading the neighbour table", async |handle: Handle| {
            handle.neighbours().get().execute().try_collect().await
        })?;
    let mut neighbours: Vec<KernelNeighbour> = messages.iter().filter_map(neighbour).collect();
    neighbours.sort_unstable();
    Ok(neighbours)
}

fn neighbour(message: &NeighbourMessage) -> Option<KernelNeighbour> {
    let reachable = match message.header.state {
        NeighbourState::Reachable
        | NeighbourState::Stale
        | NeighbourState::Delay
        | NeighbourState::Probe
        | NeighbourState::Permanent => true,
        // Multicast and loopback: mapped by rule, nobody answered.
        NeighbourState::Noarp => return None,
        _ => false,
    };
    let (mut address, mut mac) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => {
                address = Some(IpAddr::V4(*ip))
            }
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(ip)) => {
                address = Some(IpAddr::V6(*ip))
            }
            NeighbourAttribute::LinkLayerAddress(octets) => mac = hardware_address(octets),
            _ => {}
        }
    }
    Some(KernelNeighbour {
        address: address?,
        mac: mac?,
        interface: message.header.ifindex,
        reachable,
    })
}

/// The way the kernel would take to one destination; none when it has no route, or one that forbids it.
/// Nothing is sent to find out.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn has_route_to(destination: Ipv4Addr) -> Result<Option<RouteTo>, NetError> {
    let message: Option<RouteMessage> =
        netlink::ask("asking for a route", async |handle: Handle| {
            let question =
                RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(destination, 32).build();
            let mut answers = std::pin::pin!(handle.route().get(question).execute());
            match answers.try_next().await {
                // Also the routes that say so: unreachable, prohibit, blackhole (ip-route(8)).
                Err(error)
                    if matches!(
                        netlink::errno(&error),
                        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EACCES | libc::EINVAL)
                    ) =>
                {
                    Ok(None)
                }
                answer => answer,
            }
        })?;
    Ok(message.as_ref().and_then(route_to))
}

fn route_to(message: &RouteMessage) -> Option<RouteTo> {
    let (mut interface, mut gateway, mut source) = (None, None, None);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => interface = Some(*index),
            RouteAttribute::Gateway(RouteAddress::Inet(address)) => gateway = Some(*address),
            RouteAttribute::PrefSource(RouteAddress::Inet(address)) => source = Some(*address),
            // A route over several ways: the first stands for all.
            RouteAttribute::MultiPath(hops) => {
                if let Some(hop) = hops.first() {
                    (interface, gateway) = (Some(hop.interface_index), next_hop_gateway(hop));
                }
            }
            _ => {}
        }
    }
    Some(RouteTo { interface: interface?, gateway, source })
}

fn next_hop_gateway(hop: &RouteNextHop) -> Option<Ipv4Addr> {
    hop.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(address)) => Some(*address),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_found_with_its_address() {
        let interfaces = interfaces().unwrap();
        let loopback = interfaces.iter().find(|interface| interface.loopback).unwrap();
        assert_eq!((loopback.name.as_str(), loopback.mac, loopback.ethernet), ("lo", None, false));
        let address = Ipv4Address { address: Ipv4Addr::LOCALHOST, prefix_len: 8 };
        assert_eq!(loopback.up, loopback.ipv4.contains(&address));
        assert!(interfaces.is_sorted_by_key(|interface| interface.index));
    }

    #[test]
    fn the_way_to_this_host_is_the_loopback() {
        let route = has_route_to(Ipv4Addr::LOCALHOST).unwrap().unwrap();
        assert_eq!(route.gateway, None);
        let interfaces = interfaces().unwrap();
        assert!(
            interfaces
                .iter()
                .any(|interface| interface.loopback && interface.index == route.interface)
        );
    }

    #[test]
    fn a_route_with_a_gateway_is_not_on_the_link_and_one_without_is_not_beyond_a_router() {
        let route = |octet| {
            RouteMessageBuilder::<Ipv4Addr>::new()
                .destination_prefix(Ipv4Addr::new(10, 0, octet, 0), 24)
                .output_interface(3)
        };
        let router = Ipv4Addr::new(10, 0, 0, 1);
        let beyond = route(5).gateway(router).build();
        let on_link = route(0).scope(RouteScope::Link).build();
        assert_eq!(
            gateway_route(&beyond),
            Some(GatewayRoute {
                prefix: "10.0.5.0/24".parse().unwrap(),
                interface: 3,
                gateway: router.into()
            })
        );
        assert_eq!((gateway_route(&on_link), on_link_route(&beyond)), (None, None));
        assert_eq!(on_link_route(&on_link).unwrap().prefix, "10.0.0.0/24".parse().unwrap());
        let default = RouteMessageBuilder::<Ipv4Addr>::new().gateway(router).output_interface(3);
        assert_eq!(gateway_route(&default.build()).unwrap().prefix.prefix_len(), 0);
        let elsewhere = route(5).gateway(router).table_id(99).build();
        assert_eq!(gateway_route(&elsewhere), None, "a table that only a rule leads to");
    }

    #[test]
    fn the_kernel_can_be_asked_from_within_a_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let inside = runtime.block_on(async { interfaces().unwrap() });
        assert!(inside.iter().any(|interface| interface.loopback));
    }
}
