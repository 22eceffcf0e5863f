//! Sockets, interfaces, privileges and network namespaces: where the program meets the operating system.
//!
//! What is sent and what an answer means is decided elsewhere; this crate carries bytes and says what the kernel
//! said. `sys/` holds the system calls, and with them the only unsafe code of the project.

mod datagram;
mod echo;
mod error;
mod files;
mod filter;
mod groups;
mod held;
mod interfaces;
mod link;
pub mod links;
mod namespace;
mod netlink;
mod packet;
mod privileges;
mod readiness;
mod routes;
mod signals;
mod sys;

pub use datagram::{DatagramError, DatagramPort, ErrorOrigin, Family, Refused, Sent};
pub use echo::{EchoKind, EchoPort};
pub use error::NetError;
pub use files::open_regular;
pub use filter::{Filter, Fragments, Instruction};
pub use groups::{LISTENING_GROUPS, ListeningGroup, group_address, solicited_node};
pub use held::HeldPort;
pub use interfaces::{
    Interface, Ipv4Address, Ipv6Address, KernelNeighbour, interfaces, neighbours,
};
pub use link::Link;
pub use namespace::{
    Entered, NamespaceId, NetworkNamespace, current_network, enter_private_network, mount_memory,
};
pub use packet::{PacketPort, PacketStatistics, PortOptions, ReceivedFrame, RingSize};
pub use privileges::{drop_all_capabilities, effective_uid, forbid_core_dumps, has_net_raw};
pub use readiness::{Awaited, awaited, wait_readable};
pub use routes::{
    GatewayRoute, OnLinkRoute, RouteTo, gateway_routes, has_route_to, on_link_routes,
};
pub use signals::{default_signals, is_hangup_ignored};
