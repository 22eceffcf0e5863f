//! Socket addresses of both families as the kernel takes and gives them (ip(7), ipv6(7)).

use std::mem::offset_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use libc::{c_int, sockaddr_in, sockaddr_in6, socklen_t};

// Both say in the same place which they are.
const _: () = assert!(offset_of!(sockaddr_in, sin_family) == offset_of!(sockaddr_in6, sin6_family));

/// Room for an address of either family.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) union NativeAddress {
    v4: sockaddr_in,
    /// The longer one: written first, so that every octet is initialised.
    v6: sockaddr_in6,
}

impl NativeAddress {
    /// What the kernel may fill in at most.
    pub(super) const ROOM: socklen_t = size_of::<Self>() as socklen_t;

    /// No address.
    pub(super) fn none() -> Self {
        // SAFETY: a C structure of integers, for which all zeros is a value.
        Self { v6: unsafe { std::mem::zeroed() } }
    }

    /// The address, and how many octets of the room it takes.
    pub(super) fn new(address: SocketAddr) -> (Self, socklen_t) {
        let mut native = Self::none();
        match address {
            SocketAddr::V4(address) => {
                native.v4 = sockaddr_in {
                    sin_family: libc::AF_INET as u16,
                    sin_port: address.port().to_be(),
                    sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
                    sin_zero: [0; 8],
                };
                (native, size_of::<sockaddr_in>() as socklen_t)
            }
            SocketAddr::V6(address) => {
                native.v6 = sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as u16,
                    sin6_port: address.port().to_be(),
                    sin6_flowinfo: address.flowinfo(),
                    sin6_addr: libc::in6_addr { s6_addr: address.ip().octets() },
                    sin6_scope_id: address.scope_id(),
                };
                (native, size_of::<sockaddr_in6>() as socklen_t)
            }
        }
    }

    /// The address, when the kernel wrote a whole one of a family that we know in so many octets.
    pub(super) fn read(&self, length: usize) -> Option<SocketAddr> {
        // SAFETY: every octet is initialised, and any are a value of a structure of integers.
        let (v4, v6) = unsafe { (self.v4, self.v6) };
        match c_int::from(v4.sin_family) {
            libc::AF_INET if length >= size_of::<sockaddr_in>() => {
                let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            libc::AF_INET6 if length >= size_of::<sockaddr_in6>() => {
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                Some(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_a_part_of_it_is_nothing() {
        let scoped = SocketAddrV6::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 1, 2, 3, 4), 161, 0, 7);
        for address in ["192.0.2.7:161".parse().unwrap(), SocketAddr::V6(scoped)] {
            let (native, length) = NativeAddress::new(address);
            assert_eq!(native.read(length as usize), Some(address));
            assert_eq!(native.read(length as usize - 1), None);
        }
        assert_eq!(NativeAddress::none().read(NativeAddress::ROOM as usize), None);
    }
}
