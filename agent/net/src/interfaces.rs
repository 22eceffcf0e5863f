//! The kernel's view of the network: links, addresses, neighbours (rtnetlink(7)). Routes are in `routes.rs`.
//!
//! All of it is of the network namespace of the calling thread, and reading it needs no right.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt;
use herkomst_ids::MacAddr;
use rtnetlink::Handle;
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage};
use rtnetlink::packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};

use crate::{NetError, netlink};

/// An IPv4 address of an interface, with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ipv4Address {
    /// The address itself.
    pub address: Ipv4Addr,
    /// How many leading bits name the network, 0 to 32.
    pub prefix_len: u8,
}

/// An IPv6 address of an interface, with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ipv6Address {
    /// The address itself.
    pub address: Ipv6Addr,
    /// How many leading bits name the network, 0 to 128.
    pub prefix_len: u8,
    /// Made up for some hours, so that nobody follows this host by it (RFC 8981).
    pub temporary: bool,
    /// Not, or not yet, known to be ours alone: nothing may be sent from it (RFC 4862, 5.4).
    pub tentative: bool,
    /// Still ours, and not to be used for what begins now (RFC 4862, 5.5.4).
    pub deprecated: bool,
}

impl Ipv6Address {
    /// Good on its link only (`fe80::/10`): it needs the interface to be whole.
    pub fn is_link_local(&self) -> bool {
        self.address.is_unicast_link_local()
    }

    /// Whether a conversation may begin from it.
    pub fn is_usable(&self) -> bool {
        !self.tentative && !self.deprecated
    }
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
    /// Those of IPv6, in numerical order.
    pub ipv6: Vec<Ipv6Address>,
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

/// All links of this network namespace with their addresses, in the order of their numbers.
///
/// # Errors
/// When the kernel cannot be asked.
pub fn interfaces() -> Result<Vec<Interface>, NetError> {
    let (links, addresses) = netlink::ask("reading the interfaces", async |handle: Handle| {
        let links: Vec<LinkMessage> = handle.link().get().execute().try_collect().await?;
        let addresses: Vec<AddressMessage> = handle.address().get().execute().try_collect().await?;
        Ok((links, addresses))
    })?;
    let mut of_link: BTreeMap<u32, (Vec<Ipv4Address>, Vec<Ipv6Address>)> = BTreeMap::new();
    for message in addresses {
        let of_link = of_link.entry(message.header.index).or_default();
        match own_address(&message) {
            Some(IpAddr::V4(address)) => {
                let prefix_len = message.header.prefix_len;
                of_link.0.push(Ipv4Address { address, prefix_len });
            }
            Some(IpAddr::V6(address)) => of_link.1.push(ipv6_address(address, &message)),
            None => {}
        }
    }
    let mut interfaces: Vec<Interface> = links
        .iter()
        .filter_map(|link| {
            let (mut ipv4, mut ipv6) = of_link.remove(&link.header.index).unwrap_or_default();
            ipv4.sort_unstable();
            ipv4.dedup();
            ipv6.sort_unstable();
            ipv6.dedup();
            Some(Interface { ipv4, ipv6, ..interface(link)? })
        })
        .collect();
    interfaces.sort_unstable_by_key(|interface| interface.index);
    Ok(interfaces)
}

/// Without its addresses.
fn interface(link: &LinkMessage) -> Option<Interface> {
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
        ipv4: Vec::new(),
        ipv6: Vec::new(),
    })
}

fn hardware_address(octets: &[u8]) -> Option<MacAddr> {
    <[u8; 6]>::try_from(octets).ok().map(MacAddr).filter(|mac| *mac != MacAddr::ZERO)
}

/// On a link with one other end, `IFA_ADDRESS` is that end and `IFA_LOCAL` is ours; else both are ours, or the first
/// alone is there.
fn own_address(message: &AddressMessage) -> Option<IpAddr> {
    let (mut local, mut other) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => local = Some(*address),
            AddressAttribute::Address(address) => other = Some(*address),
            _ => {}
        }
    }
    local.or(other)
}

fn ipv6_address(address: Ipv6Addr, message: &AddressMessage) -> Ipv6Address {
    let has = |flag| message.header.flags.contains(flag);
    // An optimistic address is used while it is still being verified (RFC 4429).
    let is_optimistic = has(AddressHeaderFlags::Optimistic) && !has(AddressHeaderFlags::Dadfailed);
    Ipv6Address {
        address,
        prefix_len: message.header.prefix_len,
        // The same bit, under two names (linux/if_addr.h, IFA_F_TEMPORARY).
        temporary: has(AddressHeaderFlags::Secondary),
        tentative: has(AddressHeaderFlags::Dadfailed)
            || has(AddressHeaderFlags::Tentative) && !is_optimistic,
        deprecated: has(AddressHeaderFlags::Deprecated),
    }
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
    fn what_may_be_sent_from_is_told_from_what_may_not() {
        let address = |flags| {
            let mut message = AddressMessage::default();
            message.header.prefix_len = 64;
            message.header.flags = flags;
            ipv6_address(Ipv6Addr::LOCALHOST, &message)
        };
        use AddressHeaderFlags as Flag;
        assert!(address(Flag::Permanent).is_usable());
        assert!(address(Flag::Secondary).temporary && address(Flag::Secondary).is_usable());
        assert!(address(Flag::Tentative | Flag::Optimistic).is_usable());
        for flags in [
            Flag::Tentative,
            Flag::Dadfailed,
            Flag::Deprecated,
            Flag::Tentative | Flag::Optimistic | Flag::Dadfailed,
        ] {
            assert!(!address(flags).is_usable(), "{flags:?}");
        }
    }

    #[test]
    fn the_kernel_can_be_asked_from_within_a_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let inside = runtime.block_on(async { interfaces().unwrap() });
        assert!(inside.iter().any(|interface| interface.loopback));
    }
}
