//! What is said to one link: `bind` of a packet socket (packet(7)) and `SIOCETHTOOL` (netdevice(7), linux/ethtool.h).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, socklen_t};

use super::checked;

/// Switches transmit checksum offload: linux/ethtool.h, `ETHTOOL_STXCSUM`.
const ETHTOOL_STXCSUM: u32 = 0x17;

/// `struct ethtool_value` of linux/ethtool.h.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// Binds a packet socket to one link and to all protocols; from here on it receives.
pub(crate) fn bind_packet(socket: BorrowedFd<'_>, interface: u32) -> io::Result<()> {
    // SAFETY: a C structure of integers, for which all zeros is a value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex =
        c_int::try_from(interface).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?;
    // SAFETY: the pointer and the length describe `address`, which outlives the call.
    let result = unsafe {
        libc::bind(
            socket.as_raw_fd(),
            (&raw const address).cast(),
            size_of::<libc::sockaddr_ll>() as socklen_t,
        )
    };
    checked(result).map(drop)
}

/// Has the kernel compute checksums itself before a frame leaves through this link, or leave that to the card.
pub(crate) fn set_transmit_checksum_offload(
    socket: BorrowedFd<'_>,
    name: &str,
    on: bool,
) -> io::Result<()> {
    let mut value = EthtoolValue { command: ETHTOOL_STXCSUM, data: u32::from(on) };
    // SAFETY: a C structure of integers and a union of such, for which all zeros is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // One octet stays zero: the name ends there.
    if name.is_empty() || name.len() >= request.ifr_name.len() {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_data = (&raw mut value).cast();
    // SAFETY: SIOCETHTOOL takes an `ifreq` whose data points to the structure that its command names; for
    // ETHTOOL_STXCSUM that is an `ethtool_value`, and both outlive the call.
    let result =
        unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL as _, &raw mut request) };
    checked(result).map(drop)
}
