//! ICMP and ICMPv6 echo (RFC 792, RFC 4443), through a raw socket where that is allowed, else through the kernel's own
//! (icmp(7), `ping_group_range`), which answers for its identifier only.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use libc::c_int;
use socket2::{Protocol, Socket, Type};

use crate::datagram::{
    DatagramError, Lost, Sent, queue_errors, receive_all, send_each, take_errors,
};
use crate::sys::option::Icmpv6Filter;
use crate::sys::{message, option};
use crate::{Family, NetError, privileges};

/// linux/icmp.h: the option by which a raw socket says what it does not want, a bit a type.
const ICMP_FILTER: c_int = 1;
/// Echo reply, destination unreachable, time exceeded (RFC 792).
const WANTED: u32 = 1 << 0 | 1 << 3 | 1 << 11;
/// Destination unreachable, time exceeded, parameter problem, echo reply (RFC 4443).
const WANTED_V6: [u8; 4] = [1, 3, 4, 129];

/// Which socket the system let us have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoKind {
    /// Sends what it is given, and hears all answers that reach this host, errors included. Over IPv6 the kernel puts
    /// in the check sum (RFC 3542, 3.1).
    Raw,
    /// The kernel sets identifier and check sum, and hands over only the replies to it.
    Datagram,
}

/// A socket for echo requests of one family.
///
/// The port of an address means nothing here: it is not looked at, and 0 in what comes. A link-local address needs its
/// scope, as with [`DatagramPort`](crate::DatagramPort).
#[derive(Debug)]
pub struct EchoPort {
    socket: Socket,
    family: Family,
    kind: EchoKind,
    id: Option<u16>,
    buffer: message::ReceiveBuffer,
    lost: Lost,
}

impl EchoPort {
    /// Opens a raw socket, or if that is not permitted the kernel's echo socket.
    ///
    /// # Errors
    /// When neither is permitted, or there is no socket.
    pub fn open(family: Family) -> Result<Self, NetError> {
        let what = match family {
            Family::V4 => "opening a socket for ICMP echo",
            Family::V6 => "opening a socket for ICMPv6 echo",
        };
        let failed = |source| NetError::system(what, source);
        let (socket, kind) = match open_raw(family) {
            Ok(socket) => (socket, EchoKind::Raw),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                // The one setting is for both families (ip-sysctl).
                let needs = "CAP_NET_RAW, or the own group within net.ipv4.ping_group_range";
                let socket = open_datagram(family)
                    .map_err(|source| NetError::privileged(what, needs, source))?;
                (socket, EchoKind::Datagram)
            }
            Err(error) => return Err(failed(error)),
        };
        let id = match kind {
            EchoKind::Raw => {
                filter(&socket, family).map_err(failed)?;
                None
            }
            EchoKind::Datagram => {
                queue_errors(&socket, family).map_err(failed)?;
                // The port of such a socket is its identifier.
                socket.bind(&any(family).into()).map_err(failed)?;
                socket.local_addr().map_err(failed)?.as_socket().map(|address| address.port())
            }
        };
        // Replies are as long as what we sent; what a slot cuts is dropped.
        let buffer = message::ReceiveBuffer::new(message::BATCH, 2048);
        Ok(Self { socket, family, kind, id, buffer, lost: Lost::default() })
    }

    /// The family of the addresses it is for.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Which socket the system let us have.
    pub fn kind(&self) -> EchoKind {
        self.kind
    }

    /// The identifier that the kernel puts into requests; none on a raw socket, where the sender chooses.
    pub fn id(&self) -> Option<u16> {
        self.id
    }

    /// How many messages came and were lost since the port was opened: there was no room, or a check sum was
    /// wrong.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub fn dropped(&mut self) -> Result<u64, NetError> {
        self.lost.count(&self.socket)
    }

    /// Sends messages, from their type octet on, without waiting. One that is refused is reported and the others go
    /// on.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn send(&mut self, messages: &[(SocketAddr, &[u8])]) -> Result<Sent, NetError> {
        let mut sent = Sent::default();
        for batch in messages.chunks(message::BATCH) {
            let mut datagrams = [(any(self.family), &[][..]); message::BATCH];
            for (to, (address, bytes)) in datagrams.iter_mut().zip(batch) {
                // A raw socket of IPv6 takes a port for its protocol, and refuses another (raw(7)).
                *to = (without_port(*address), *bytes);
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
    pub fn receive(&mut self, visit: &mut dyn FnMut(SocketAddr, &[u8])) -> Result<usize, NetError> {
        // A raw socket of IPv4 shows the IP header too, one of IPv6 does not (RFC 3542, 3).
        let has_header = self.kind == EchoKind::Raw && self.family == Family::V4;
        receive_all(&self.socket, &mut self.buffer, &mut |from, bytes| {
            let payload = if has_header { after_ip_header(bytes) } else { Some(bytes) };
            if let Some(payload) = payload {
                visit(without_port(from), payload);
            }
        })
    }

    /// Shows the errors that came back for our requests. On a raw socket there are none here: they come as messages.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn errors(
        &mut self,
        visit: &mut dyn FnMut(SocketAddr, DatagramError),
    ) -> Result<usize, NetError> {
        match self.kind {
            EchoKind::Raw => Ok(0),
            EchoKind::Datagram => {
                take_errors(&self.socket, &mut |to, error| visit(without_port(to), error))
            }
        }
    }

    /// Whether [`EchoPort::open`] would find a socket it may have, without opening a raw one.
    pub fn is_possible(family: Family) -> bool {
        privileges::has_net_raw() || open_datagram(family).is_ok()
    }
}

fn protocol(family: Family) -> Protocol {
    match family {
        Family::V4 => Protocol::ICMPV4,
        Family::V6 => Protocol::ICMPV6,
    }
}

fn open_raw(family: Family) -> io::Result<Socket> {
    let kind = Type::RAW.nonblocking().cloexec();
    Socket::new_raw(family.domain(), kind, Some(protocol(family)))
}

fn open_datagram(family: Family) -> io::Result<Socket> {
    let kind = Type::DGRAM.nonblocking().cloexec();
    Socket::new(family.domain(), kind, Some(protocol(family)))
}

/// Keeps what is no answer out of a raw socket.
fn filter(socket: &Socket, family: Family) -> io::Result<()> {
    match family {
        Family::V4 => {
            let unwanted = (!WANTED).cast_signed();
            option::set(socket.as_fd(), libc::SOL_RAW, ICMP_FILTER, &unwanted)
        }
        Family::V6 => {
            let unwanted = Icmpv6Filter::all_but(&WANTED_V6);
            option::set(socket.as_fd(), libc::SOL_ICMPV6, Icmpv6Filter::NAME, &unwanted)
        }
    }
}

fn any(family: Family) -> SocketAddr {
    match family {
        Family::V4 => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        Family::V6 => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    }
}

fn without_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(0);
    address
}

/// RFC 791, 3.1: the length is in the first octet.
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
