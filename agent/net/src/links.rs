//! Makes and changes links, addresses and routes (rtnetlink(7)), for the lab and the demo.
//!
//! Each function acts in the network namespace of the calling thread and needs CAP_NET_ADMIN there: run it through
//! [`NetworkNamespace::run`]. The scan itself changes nothing of this.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use herkomst_ids::MacAddr;
use ipnet::IpNet;
use rtnetlink::packet_route::address::{AddressAttribute, AddressFlags};
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags, LinkMessage, MacVlanMode};
use rtnetlink::packet_route::route::{RouteScope, RouteType};
use rtnetlink::{
    Handle, LinkBridge, LinkMacVlan, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder,
};
use socket2::{Domain, Socket, Type};

use crate::{NetError, NetworkNamespace, netlink, sys};

/// LLDP's group address 01-80-C2-00-00-0E: the bit of its last digit (IEEE 802.1D reserves the group for one link, so
/// a bridge forwards it only when told to).
const FORWARD_LLDP: u16 = 1 << 0x0e;

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via<'a> {
    /// To a router.
    Gateway(IpAddr),
    /// Onto a link, without a router.
    Device(&'a str),
    /// To this host itself, which then owns the whole prefix.
    Local,
}

/// Makes two ends of a wire, each a link of its own. Neither is up.
///
/// # Errors
/// When a name is taken or wrong.
pub fn create_veth(one: &str, other: &str) -> Result<(), NetError> {
    let message = LinkVeth::new(one, other).build();
    add(&format!("creating the veth pair {one} and {other}"), message)
}

/// Makes a bridge that also forwards LLDP, and sets it up.
///
/// # Errors
/// When the name is taken or wrong.
pub fn create_bridge(name: &str) -> Result<(), NetError> {
    let message = LinkBridge::new(name).group_fwd_mask(FORWARD_LLDP).up().build();
    add(&format!("creating the bridge {name}"), message)
}

/// Makes a second link on another one, with a hardware address of its own. Neither hears what the other sends through
/// a bridge of theirs unless the wire leads it back.
///
/// # Errors
/// When the name is taken or the link does not exist.
pub fn create_macvlan(name: &str, over: &str) -> Result<(), NetError> {
    let index = index_of(over)?;
    let message = LinkMacVlan::new(name, index, MacVlanMode::Bridge).build();
    add(&format!("creating the macvlan {name}"), message)
}

/// Moves a link into another network, where it arrives down and without addresses.
///
/// # Errors
/// When there is no such link, or its name is taken there.
pub fn move_link(name: &str, to: &NetworkNamespace) -> Result<(), NetError> {
    change(name, "moving", LinkUnspec::new_with_name(name).setns_by_fd(to.as_fd().as_raw_fd()))
}

/// Makes a link a port of a bridge.
///
/// # Errors
/// When one of them does not exist.
pub fn attach(bridge: &str, link: &str) -> Result<(), NetError> {
    let index = index_of(bridge)?;
    change(link, "attaching", LinkUnspec::new_with_name(link).controller(index))
}

/// Switches a link on.
///
/// # Errors
/// When there is no such link.
pub fn set_up(name: &str) -> Result<(), NetError> {
    change(name, "setting up", LinkUnspec::new_with_name(name).up())
}

/// Waits until a link carries frames: it is up, its other end is too, and the kernel has given it a queue. Until then,
/// shortly after [`set_up`] returned, the kernel takes frames for it and drops them without a word.
///
/// # Errors
/// When there is no such link, or it does not come so far in this time.
pub fn wait_until_running(name: &str, patience: Duration) -> Result<(), NetError> {
    let waited =
        netlink::watch_links(&format!("waiting for {name} to run"), async |handle, mut changes| {
            let look = async {
                loop {
                    let mut links = std::pin::pin!(handle.link().get().match_name(name).execute());
                    let link = links.try_next().await.map_err(netlink::into_io)?;
                    if link.is_some_and(|link| is_running(&link)) {
                        return Ok(());
                    }
                    if changes.next().await.is_none() {
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                }
            };
            tokio::time::timeout(patience, look).await.unwrap_or_else(|late| Err(late.into()))
        });
    known(name, waited)
}

fn is_running(link: &LinkMessage) -> bool {
    // The carrier is there at once, the queues are switched on with the operational state (RFC 2863), which follows
    // a moment later; "noop" is the queue of a link that was never up.
    let queue = (link.attributes.iter())
        .any(|attribute| matches!(attribute, LinkAttribute::Qdisc(kind) if kind != "noop"));
    queue && link.header.flags.contains(LinkFlags::Up | LinkFlags::Running | LinkFlags::LowerUp)
}

/// Switches a link off.
///
/// # Errors
/// When there is no such link.
pub fn set_down(name: &str) -> Result<(), NetError> {
    change(name, "setting down", LinkUnspec::new_with_name(name).down())
}

/// Gives a link another hardware address.
///
/// # Errors
/// When there is no such link, or the address is a group's.
pub fn set_mac(name: &str, mac: MacAddr) -> Result<(), NetError> {
    change(
        name,
        "setting the hardware address of",
        LinkUnspec::new_with_name(name).address(mac.octets().to_vec()),
    )
}

/// Sets the largest packet a link carries.
///
/// # Errors
/// When there is no such link, or it cannot carry that.
pub fn set_mtu(name: &str, octets: u32) -> Result<(), NetError> {
    change(name, "setting the largest packet of", LinkUnspec::new_with_name(name).mtu(octets))
}

/// Switches ARP on a link on or off.
///
/// # Errors
/// When there is no such link.
pub fn set_arp(name: &str, on: bool) -> Result<(), NetError> {
    change(name, "setting ARP of", LinkUnspec::new_with_name(name).arp(on))
}

/// Removes a link, and with it the other end of a veth pair.
///
/// # Errors
/// When there is no such link.
pub fn delete_link(name: &str) -> Result<(), NetError> {
    let index = index_of(name)?;
    netlink::ask(&format!("deleting {name}"), async |handle: Handle| {
        handle.link().del(index).execute().await
    })
}

/// Adds an address with the length of its network's prefix; the kernel adds the route onto the link. One of IPv6 can be
/// used at once: nobody is asked whether it is taken (RFC 4862, 5.4).
///
/// # Errors
/// When there is no such link, or it has the address already.
pub fn add_address(name: &str, address: impl Into<IpAddr>, prefix_len: u8) -> Result<(), NetError> {
    let (index, address) = (index_of(name)?, address.into());
    netlink::ask(&format!("adding {address}/{prefix_len} to {name}"), async |handle: Handle| {
        let mut request = handle.address().add(index, address, prefix_len);
        if address.is_ipv6() {
            let flags = AddressAttribute::Flags(AddressFlags::Nodad);
            request.message_mut().attributes.push(flags);
        }
        request.execute().await
    })
}

/// Adds a route to the main table, or for [`Via::Local`] to the local one.
///
/// # Errors
/// When the gateway is not on a link or cannot lead there (one of IPv4 to IPv6), the link does not exist, or the route does
/// already.
pub fn add_route(prefix: IpNet, via: Via<'_>) -> Result<(), NetError> {
    let what = format!("adding a route to {prefix}");
    let mut builder = RouteMessageBuilder::<IpAddr>::new()
        .destination_prefix(prefix.network(), prefix.prefix_len())
        .map_err(|error| NetError::system(&what, io::Error::other(error)))?;
    builder = match via {
        Via::Gateway(gateway) => builder
            .gateway(gateway)
            .map_err(|error| NetError::system(&what, io::Error::other(error)))?,
        Via::Device(name) => builder.output_interface(index_of(name)?).scope(RouteScope::Link),
        Via::Local => builder
            .output_interface(index_of("lo")?)
            .table_id(libc::RT_TABLE_LOCAL.into())
            .kind(RouteType::Local)
            .scope(RouteScope::Host),
    };
    let message = builder.build();
    netlink::ask(&what, async |handle: Handle| handle.route().add(message).execute().await)
}

/// Has the kernel finish check sums before a frame enters this link. A veth pair leaves that to the card there is not,
/// and who reads frames at the other end finds them half done.
///
/// # Errors
/// When there is no such link, or it does not know the setting.
pub fn finish_checksums(name: &str) -> Result<(), NetError> {
    let what = || format!("switching off the checksum offload of {name}");
    let socket = Socket::new(Domain::IPV4, Type::DGRAM.cloexec(), None)
        .map_err(|source| NetError::system(what(), source))?;
    sys::link::set_transmit_checksum_offload(socket.as_fd(), name, false).map_err(|source| {
        if source.raw_os_error() == Some(libc::ENODEV) {
            NetError::NoSuchInterface { name: name.to_owned() }
        } else {
            NetError::privileged(what(), "CAP_NET_ADMIN in this network namespace", source)
        }
    })
}

/// The kernel's number of a link.
///
/// # Errors
/// When there is no such link.
pub fn index_of(name: &str) -> Result<u32, NetError> {
    let found = netlink::ask(&format!("looking for {name}"), async |handle: Handle| {
        let mut links = std::pin::pin!(handle.link().get().match_name(name).execute());
        links.try_next().await
    });
    match known(name, found)? {
        Some(link) => Ok(link.header.index),
        None => Err(NetError::NoSuchInterface { name: name.to_owned() }),
    }
}

fn add(what: &str, message: LinkMessage) -> Result<(), NetError> {
    netlink::ask(what, async |handle: Handle| handle.link().add(message).execute().await)
}

fn change(name: &str, what: &str, wanted: LinkMessageBuilder<LinkUnspec>) -> Result<(), NetError> {
    let message = wanted.build();
    let changed = netlink::ask(&format!("{what} {name}"), async |handle: Handle| {
        handle.link().change(message).execute().await
    });
    known(name, changed)
}

/// `ENODEV` is about the name.
fn known<T>(name: &str, result: Result<T, NetError>) -> Result<T, NetError> {
    result.map_err(|error| match error.io().and_then(io::Error::raw_os_error) {
        Some(libc::ENODEV) => NetError::NoSuchInterface { name: name.to_owned() },
        _ => error,
    })
}
