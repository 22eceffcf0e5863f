//! The kernel's routes: what is on a link, what is behind a router (rtnetlink(7)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteScope, RouteType, RouteVia,
};
use rtnetlink::{Handle, RouteMessageBuilder};

use crate::{NetError, netlink};

/// A prefix that is reached without a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OnLinkRoute {
    /// The addresses that are on the link.
    pub prefix: IpNet,
    /// The index of the interface.
    pub interface: u32,
    /// The source address the kernel would choose.
    pub preferred_source: Option<IpAddr>,
}

/// A prefix that is reached through a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatewayRoute {
    /// The addresses behind the router; `0.0.0.0/0` and `::/0` are the default routes.
    pub prefix: IpNet,
    /// The index of the interface that leads to the router.
    pub interface: u32,
    /// The router; one of IPv6 may carry IPv4 (RFC 5549).
    pub gateway: IpAddr,
}

/// The way to one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteTo {
    /// The index of the interface it leaves by.
    pub interface: u32,
    /// The next router; none when the destination is on the link or this host.
    pub gateway: Option<IpAddr>,
    /// The source address it leaves with.
    pub source: Option<IpAddr>,
}

/// The prefixes that are reached without a gateway, in numerical order: the unicast routes of the main table that have
/// none and, for IPv4, the scope `link`. Those that the kernel made for addresses or a router announced are among them,
/// and so is `fe80::/64` for each link; the loopback is not.
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
        let of = |message| handle.route().get(message).execute().try_collect();
        let mut routes: Vec<RouteMessage> =
            of(RouteMessageBuilder::<Ipv4Addr>::new().build()).await?;
        match of(RouteMessageBuilder::<Ipv6Addr>::new().build()).await {
            Ok(more) => routes.extend::<Vec<RouteMessage>>(more),
            // A kernel without IPv6 has no such routes.
            Err(error) if netlink::errno(&error) == Some(libc::EOPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
        Ok(routes)
    })
}

/// Whether it is a unicast route of the main table; the kernel dumps all tables unless asked strictly.
fn is_main_unicast(message: &RouteMessage) -> bool {
    let header = &message.header;
    let table = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Table(number) => Some(*number),
        _ => None,
    });
    matches!(header.address_family, AddressFamily::Inet | AddressFamily::Inet6)
        && table.unwrap_or(u32::from(header.table)) == u32::from(RouteHeader::RT_TABLE_MAIN)
        && header.kind == RouteType::Unicast
}

fn address_in(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some(IpAddr::V4(*address)),
        RouteAddress::Inet6(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

fn prefix_of(message: &RouteMessage) -> Option<IpNet> {
    let destination = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(address) => address_in(address),
        _ => None,
    });
    let destination = match (destination, message.header.address_family) {
        (Some(address), _) => address,
        // The default route names no destination.
        (None, AddressFamily::Inet) => Ipv4Addr::UNSPECIFIED.into(),
        (None, AddressFamily::Inet6) => Ipv6Addr::UNSPECIFIED.into(),
        (None, _) => return None,
    };
    Some(IpNet::new(destination, message.header.destination_prefix_length).ok()?.trunc())
}

fn on_link_route(message: &RouteMessage) -> Option<OnLinkRoute> {
    // Routes of IPv6 have no scope: one without a gateway is on the link.
    let is_link = message.header.address_family == AddressFamily::Inet6
        || message.header.scope == RouteScope::Link;
    if !is_main_unicast(message) || !is_link || gateway_route(message).is_some() {
        return None;
    }
    let (mut interface, mut preferred_source) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => interface = Some(*index),
            RouteAttribute::PrefSource(address) => preferred_source = address_in(address),
            _ => {}
        }
    }
    let prefix = prefix_of(message).filter(|prefix| !prefix.addr().is_loopback())?;
    Some(OnLinkRoute { prefix, interface: interface?, preferred_source })
}

fn gateway_route(message: &RouteMessage) -> Option<GatewayRoute> {
    if !is_main_unicast(message) {
        return None;
    }
    let (interface, gateway) = first_way(&message.attributes);
    Some(GatewayRoute { prefix: prefix_of(message)?, interface: interface?, gateway: gateway? })
}

/// The interface and the router; of a route over several ways those of the first.
fn first_way(attributes: &[RouteAttribute]) -> (Option<u32>, Option<IpAddr>) {
    let (mut interface, mut gateway) = (None, None);
    for attribute in attributes {
        match attribute {
            RouteAttribute::Oif(index) => interface = Some(*index),
            RouteAttribute::Gateway(address) => gateway = address_in(address),
            RouteAttribute::Via(RouteVia::Inet6(address)) => gateway = Some(IpAddr::V6(*address)),
            RouteAttribute::MultiPath(hops) => {
                if let Some(hop) = hops.first() {
                    return (Some(hop.interface_index), first_way(&hop.attributes).1);
                }
            }
            _ => {}
        }
    }
    (interface, gateway)
}

/// The way the kernel would take to one destination; none when it has no route, or one that forbids it.
/// Nothing is sent to find out.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn has_route_to(destination: IpAddr) -> Result<Option<RouteTo>, NetError> {
    let question = match destination {
        IpAddr::V4(to) => RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(to, 32).build(),
        IpAddr::V6(to) => {
            RouteMessageBuilder::<Ipv6Addr>::new().destination_prefix(to, 128).build()
        }
    };
    let message: Option<RouteMessage> =
        netlink::ask("asking for a route", async |handle: Handle| {
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
    let (interface, gateway) = first_way(&message.attributes);
    let source = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::PrefSource(address) => address_in(address),
        _ => None,
    });
    Some(RouteTo { interface: interface?, gateway, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces;

    #[test]
    fn the_way_to_this_host_is_the_loopback() {
        let route = has_route_to(Ipv4Addr::LOCALHOST.into()).unwrap().unwrap();
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
    fn routes_of_ipv6_are_told_apart_by_the_gateway_alone() {
        let prefix: IpNet = "2001:db8:5::/48".parse().unwrap();
        let route = || {
            RouteMessageBuilder::<Ipv6Addr>::new()
                .destination_prefix("2001:db8:5::".parse().unwrap(), 48)
                .output_interface(3)
        };
        let router: Ipv6Addr = "fe80::1".parse().unwrap();
        let (on_link, beyond) = (route().build(), route().gateway(router).build());
        assert_eq!(
            on_link_route(&on_link),
            Some(OnLinkRoute { prefix, interface: 3, preferred_source: None })
        );
        assert_eq!(
            gateway_route(&beyond),
            Some(GatewayRoute { prefix, interface: 3, gateway: router.into() })
        );
        assert_eq!((gateway_route(&on_link), on_link_route(&beyond)), (None, None));
        let default = RouteMessageBuilder::<Ipv6Addr>::new().gateway(router).output_interface(3);
        let default = gateway_route(&default.build()).unwrap();
        assert_eq!(default.prefix, "::/0".parse().unwrap());
        let loopback = RouteMessageBuilder::<Ipv6Addr>::new()
            .destination_prefix(Ipv6Addr::LOCALHOST, 128)
            .output_interface(1);
        assert_eq!(on_link_route(&loopback.build()), None);
    }
}
