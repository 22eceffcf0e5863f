//! The source port of datagrams that we send as frames, kept from the kernel.
//!
//! A reply to an injected frame reaches the kernel too. With nobody bound to its port the kernel answers with an
//! ICMP error, and looks up the neighbour to send that to. A bound socket whose filter drops everything prevents
//! both: the kernel delivers the reply to it, and it vanishes.

use std::net::{Ipv4Addr, SocketAddrV4};

use socket2::{Domain, Protocol, Socket, Type};

use crate::{Filter, NetError};

/// A UDP port, reserved on all addresses of this host for as long as the value lives.
#[derive(Debug)]
pub struct HeldPort {
    /// Holds the port by being open.
    _socket: Socket,
    port: u16,
}

impl HeldPort {
    /// Takes a free port.
    ///
    /// # Errors
    /// When there is none, or no socket.
    pub fn bind() -> Result<Self, NetError> {
        let failed = |source| NetError::system("holding a source port", source);
        let socket = Socket::new(Domain::IPV4, Type::DGRAM.cloexec(), Some(Protocol::UDP))
            .map_err(failed)?;
        // Before it is bound: not even the first datagram gets in.
        Filter::nothing().attach(&socket).map_err(failed)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0).into()).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?.as_socket_ipv4();
        let port =
            address.ok_or_else(|| failed(std::io::ErrorKind::AddrNotAvailable.into()))?.port();
        Ok(Self { _socket: socket, port })
    }

    /// The number of the port.
    pub fn port(&self) -> u16 {
        self.port
    }
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
    }
}
