//! The source port of datagrams that we send as frames, kept from the kernel.
//!
//! A reply to an injected frame reaches the kernel too. With nobody bound to its port the kernel answers with an
//! ICMP error, and looks up the neighbour to send that to. A bound socket whose filter drops everything prevents
//! both: the kernel delivers the reply to it, and it vanishes.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Protocol, Socket, Type};

use crate::{Family, Filter, NetError};

/// A UDP port, reserved on all addresses of this host for as long as the value lives: those of IPv4, and those of IPv6
/// where the system has that.
#[derive(Debug)]
pub struct HeldPort {
    /// Holds the port by being open.
    _socket: Socket,
    port: u16,
    both: bool,
}

impl HeldPort {
    /// Takes a port that is free in both families.
    ///
    /// # Errors
    /// When there is none, or no socket.
    pub fn bind() -> Result<Self, NetError> {
        // One socket for both: a number that is free in one family alone is not offered to it.
        match Self::bind_for(Family::V6) {
            // Not in this kernel, or switched off here: no datagram of IPv6 arrives then.
            Err(error) if is_without_ipv6(&error) => Self::bind_for(Family::V4),
            bound => bound,
        }
        .map_err(|source| NetError::system("holding a source port", source))
    }

    fn bind_for(family: Family) -> io::Result<Self> {
        let socket = Socket::new(family.domain(), Type::DGRAM.cloexec(), Some(Protocol::UDP))?;
        // Before it is bound: not even the first datagram gets in.
        Filter::nothing().attach(&socket)?;
        let any = match family {
            Family::V4 => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            Family::V6 => {
                socket.set_only_v6(false)?;
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
            }
        };
        socket.bind(&any.into())?;
        let address = socket.local_addr()?.as_socket();
        let port = address.ok_or(io::ErrorKind::AddrNotAvailable)?.port();
        Ok(Self { _socket: socket, port, both: family == Family::V6 })
    }

    /// The number of the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is held for IPv6 too.
    pub fn holds_ipv6(&self) -> bool {
        self.both
    }
}

fn is_without_ipv6(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn nobody_else_gets_the_port_while_it_is_held() {
        let held = HeldPort::bind().unwrap();
        assert_ne!(held.port(), 0);
        assert!(UdpSocket::bind((Ipv4Addr::LOCALHOST, held.port())).is_err());
        assert_ne!(HeldPort::bind().unwrap().port(), held.port());
        // Where the machine has it, IPv6 too.
        if let Ok(free) = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) {
            assert!(held.holds_ipv6(), "{free:?}");
            assert!(UdpSocket::bind((Ipv6Addr::LOCALHOST, held.port())).is_err());
        }
    }

    #[test]
    fn without_ipv6_the_port_is_held_for_ipv4_alone() {
        let held = HeldPort::bind_for(Family::V4).unwrap();
        assert!(!held.holds_ipv6());
        assert!(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, held.port())).is_err());
        assert!(is_without_ipv6(&io::Error::from_raw_os_error(libc::EAFNOSUPPORT)));
    }
}
