//! Sockets, interfaces, privileges and network namespaces: where the program meets the operating system.
//!
//! What is sent and what an answer means is decided elsewhere; this crate carries bytes and says what the kernel
//! said. `sys/` holds the system calls, and with them the only unsafe code of the project.

mod datagram;
mod echo;
mod error;
mod filter;
mod held;
mod interfaces;
pub mod links;
mod namespace;
mod netlink;
mod packet;
mod privileges;
mod readiness;
mod sys;

use std::os::fd::AsFd;
use std::time::Duration;

pub use datagram::{DatagramError, DatagramPort, ErrorOrigin, Refused, Sent};
pub use echo::{EchoKind, EchoPort};
pub use error::NetError;
pub use filter::{Filter, Instruction};
pub use held::HeldPort;
pub use interfaces::{
    Interface, Ipv4Address, KernelNeighbour, OnLinkRoute, RouteTo, has_route_to, interfaces,
    neighbours, on_link_routes,
};
pub use namespace::{
    Entered, NamespaceId, NetworkNamespace, current_network, enter_private_network, mount_memory,
};
pub use packet::{PacketPort, PacketStatistics, PortOptions, ReceivedFrame, RingSize};
pub use privileges::{drop_all_capabilities, effective_uid, forbid_core_dumps, has_net_raw};
pub use readiness::{Awaited, awaited};

/// Waits until a port has something to receive, or an error to fetch. False when the time is over.
/// For threads without a runtime; the engine waits for all its ports at once instead.
///
/// # Errors
/// When the descriptor cannot be waited for.
pub fn wait_readable(port: &impl AsFd, patience: Duration) -> Result<bool, NetError> {
    sys::wait::readable(port.as_fd(), patience)
        .map_err(|source| NetError::system("waiting for a port", source))
}
