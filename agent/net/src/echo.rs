//! ICMP echo (RFC 792), through a raw socket where that is allowed, else through the kernel's own (icmp(7),
//! `ping_group_range`), which answers for its identifier only.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use libc::c_int;
use socket2::{Domain, Protocol, Socket, Type};

use crate::datagram::{DatagramError, Sent, queue_errors, receive_all, send_each, take_errors};
use crate::sys::{message, option};
use crate::{NetError, privileges};

/// linux/icmp.h: the option by which a raw socket says what it does not want, a bit a type.
const ICMP_FILTER: c_int = 1;
/// Echo reply, destination unreachable, time exceeded (RFC 792).
const WANTED: u32 = 1 << 0 | 1 << 3 | 1 << 11;

/// Which socket the system let us have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoKind {
    /// Sends what it is given, and hears all answers that reach this host, errors included.
    Raw,
    /// The kernel sets identifier and check sum, and hands over only the replies to it.
    Datagram,
}

/// A socket for echo requests.
#[derive(Debug)]
pub struct EchoPort {
    socket: Socket,
    kind: EchoKind,
    id: Option<u16>,
    buffer: message::ReceiveBuffer,
}

impl EchoPort {
    /// Opens a raw socket, or if that is not permitted the kernel's echo socket.
    ///
    /// # Errors
    /// When neither is permitted, or there is no socket.
    pub fn open() -> Result<Self, NetError> {
        let failed = |source| NetError::system("opening a socket for ICMP echo", source);
        let open = |kind: Type| {
            let kind = kind.nonblocking().cloexec();
            if kind == Type::RAW.nonblocking().cloexec() {
                Socket::new_raw(Domain::IPV4, kind, Some(Protocol::ICMPV4))
            } else {
                Socket::new(Domain::IPV4, kind, Some(Protocol::ICMPV4))
            }
        };
        let (socket, kind) = match open(Type::RAW) {
            Ok(socket) => (socket, EchoKind::Raw),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let needs = "CAP_NET_RAW, or the own group within net.ipv4.ping_group_range";
                let socket = open(Type::DGRAM).map_err(|source| {
                    NetError::privileged("opening a socket for ICMP echo", needs, source)
                })?;
                (socket, EchoKind::Datagram)
            }
            Err(error) => return Err(failed(error)),
        };
        let id = match kind {
            EchoKind::Raw => {
                let unwanted = (!WANTED).cast_signed();
                option::set(socket.as_fd(), libc::SOL_RAW, ICMP_FILTER, &unwanted)
                    .map_err(failed)?;
                None
            }
            EchoKind::Datagram => {
                queue_errors(&socket).map_err(failed)?;
                // The port of such a socket is its identifier.
                socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0).into()).map_err(failed)?;
                socket.local_addr().map_err(failed)?.as_socket_ipv4().map(|address| address.port())
            }
        };
        // Replies are as long as what we sent; what a slot cuts is dropped.
        Ok(Self { socket, kind, id, buffer: message::ReceiveBuffer::new(message::BATCH, 2048) })
    }

    /// Which socket the system let us have.
    pub fn kind(&self) -> EchoKind {
        self.kind
    }

    /// The identifier that the kernel puts into requests; none on a raw socket, where the sender chooses.
    pub fn id(&self) -> Option<u16> {
        self.id
    }

    /// Sends ICMP messages, from their type octet on, without waiting. One that is refused is reported and the
    /// others go on.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn send(&mut self, messages: &[(Ipv4Addr, &[u8])]) -> Result<Sent, NetError> {
        let mut sent = Sent::default();
        for batch in messages.chunks(message::BATCH) {
            let mut datagrams =
                [(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0), &[][..]); message::BATCH];
            for (to, (address, bytes)) in datagrams.iter_mut().zip(batch) {
                *to = (SocketAddrV4::new(*address, 0), *bytes);
            }
            let part = send_each(&self.socket, &datagrams[..batch.len()])?;
            sent.refused.extend(part.refused.into_iter().map(|mut refused| {
                refused.index += sent.taken;
                refused
            }));
            sent.taken += part.taken;
            if part.taken < batch.len() {
                break;
            }
        }
        Ok(sent)
    }

    /// Shows every message that is there, from its type octet on, with the address it came from; a bounded number
    /// a call. Says how many were taken; who waits by edge calls until that is 0.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn receive(&mut self, visit: &mut dyn FnMut(Ipv4Addr, &[u8])) -> Result<usize, NetError> {
        let raw = self.kind == EchoKind::Raw;
        receive_all(&self.socket, &mut self.buffer, &mut |from, bytes| {
            // A raw socket shows the IP header, whose length is in its first octet (RFC 791, 3.1).
            let payload = if raw { after_ip_header(bytes) } else { Some(bytes) };
            if let Some(payload) = payload {
                visit(*from.ip(), payload);
            }
        })
    }

    /// Shows the errors that came back for our requests. On a raw socket there are none here: they come as messages.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn errors(
        &mut self,
        visit: &mut dyn FnMut(Ipv4Addr, DatagramError),
    ) -> Result<usize, NetError> {
        match self.kind {
            EchoKind::Raw => Ok(0),
            EchoKind::Datagram => {
                take_errors(&self.socket, &mut |to, error| visit(*to.ip(), error))
            }
        }
    }

    /// Whether [`EchoPort::open`] would find a socket it may have, without opening a raw one.
    pub fn is_possible() -> bool {
        privileges::has_net_raw()
            || Socket::new(Domain::IPV4, Type::DGRAM.cloexec(), Some(Protocol::ICMPV4)).is_ok()
    }
}

fn after_ip_header(packet: &[u8]) -> Option<&[u8]> {
    let first = *packet.first()?;
    let length = usize::from(first & 0x0f) * 4;
    (first >> 4 == 4 && length >= 20).then(|| packet.get(length..)).flatten()
}

impl AsFd for EchoPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for EchoPort {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_starts_where_the_ip_header_ends() {
        let mut packet = vec![0; 28];
        packet[0] = 0x45;
        assert_eq!(after_ip_header(&packet).map(<[u8]>::len), Some(8));
        packet[0] = 0x46;
        assert_eq!(after_ip_header(&packet).map(<[u8]>::len), Some(4));
        for wrong in [0x44, 0x65, 0x4f, 0x00] {
            packet[0] = wrong;
            assert_eq!(after_ip_header(&packet), None);
        }
        assert_eq!(after_ip_header(&[]), None);
    }
}
