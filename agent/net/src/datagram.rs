//! UDP to many addresses of one family from one socket, with the errors that routers and hosts report
//! (udp(7), ip(7) `IP_RECVERR`, ipv6(7) `IPV6_RECVERR`).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use libc::c_int;
use socket2::{Domain, Protocol, Socket, Type};

use crate::NetError;
use crate::packet::is_full;
use crate::sys::{message, option};

/// What is asked of the kernel for replies that wait for us; it grants at most `net.core.rmem_max`, twice.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The longest payload (65,535 less the headers; jumbograms are not for us) fits a slot.
const SLOT: usize = 65_536;
const SLOTS: usize = 32;
/// Batches a call takes at most, so that a flood does not keep the caller from its clock.
const BATCHES: usize = 16;
/// Entries of the error queue a call takes at most.
const ERRORS: usize = 1024;

/// A datagram that cannot go to where it should; the others went.
#[derive(Debug)]
pub struct Refused {
    /// Which of those handed over, counted from 0.
    pub index: usize,
    /// Why: no route (`ENETUNREACH`), a local firewall (`EPERM`), a broadcast address (`EACCES`), too long (`EMSGSIZE`).
    pub error: io::Error,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Sent {
    /// How many were dealt with, from the first on: sent, or refused. The rest did not fit the queue and is for later.
    pub taken: usize,
    /// Those among them that were refused.
    pub refused: Vec<Refused>,
}

/// Who reported an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorOrigin {
    /// An ICMP message from the network (RFC 792).
    Icmp {
        /// Its type, such as 3: destination unreachable.
        kind: u8,
        /// Its code, such as 3 under type 3: port unreachable.
        code: u8,
        /// Who sent it: the destination, or a router on the way.
        from: Option<IpAddr>,
    },
    /// An ICMPv6 message from the network (RFC 4443).
    Icmpv6 {
        /// Its type, such as 1: destination unreachable.
        kind: u8,
        /// Its code, such as 4 under type 1: port unreachable.
        code: u8,
        /// Who sent it: the destination, or a router on the way.
        from: Option<IpAddr>,
    },
    /// This host: the datagram did not leave.
    Local,
}

/// Why a datagram did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DatagramError {
    /// Who says so.
    pub origin: ErrorOrigin,
    /// The same as an error number of this system, such as `ECONNREFUSED`.
    pub errno: u32,
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    pub(crate) fn domain(self) -> Domain {
        match self {
            Self::V4 => Domain::IPV4,
            Self::V6 => Domain::IPV6,
        }
    }
}

/// A UDP socket that is not connected, for all routed targets of one family together.
///
/// A link-local address of IPv6 is whole with its scope only, the index of an interface: those that come have it, and
/// for one to send to that has none the kernel chooses a link.
///
/// Wait for reading *and* errors ([`Awaited`](crate::Awaited)): to the kernel ICMP errors are nothing to read.
#[derive(Debug)]
pub struct DatagramPort {
    socket: Socket,
    buffer: message::ReceiveBuffer,
    granted: usize,
    lost: Lost,
}

/// Messages for a socket that were lost before we read them.
///
/// The kernel's counter is that of `SO_RXQ_OVFL` (socket(7)), which is told with the next message that arrives; asked for,
/// it is known also when none does. It has 32 bits and starts again at 0.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    total: u64,
    last: u32,
}

impl Lost {
    pub(crate) fn count(&mut self, socket: &Socket) -> Result<u64, NetError> {
        let memory: option::SocketMemory =
            option::read(socket.as_fd(), libc::SOL_SOCKET, option::SocketMemory::NAME)
                .map_err(|source| NetError::system("reading what a socket has lost", source))?;
        Ok(self.note(memory.drops()))
    }

    fn note(&mut self, now: u32) -> u64 {
        self.total += u64::from(now.wrapping_sub(self.last));
        self.last = now;
        self.total
    }
}

impl DatagramPort {
    /// Binds to one local address, or with the unspecified one of a family to all of that family, at a free port.
    ///
    /// # Errors
    /// When the address is not ours, there is no free port, or the system has no such family.
    pub fn bind(address: IpAddr) -> Result<Self, NetError> {
        let failed =
            |source| NetError::system(format!("binding a datagram socket to {address}"), source);
        let kind = Type::DGRAM.nonblocking().cloexec();
        let family = Family::of(address);
        let socket = Socket::new(family.domain(), kind, Some(Protocol::UDP)).map_err(failed)?;
        if family == Family::V6 {
            // IPv4 has a socket of its own, so no address comes in two spellings.
            socket.set_only_v6(true).map_err(failed)?;
        }
        // Cut to net.core.rmem_max without an error, so what was granted is read back.
        socket.set_recv_buffer_size(RECEIVE_BUFFER).map_err(failed)?;
        let granted = socket.recv_buffer_size().map_err(failed)?;
        queue_errors(&socket, family).map_err(failed)?;
        socket.bind(&SocketAddr::new(address, 0).into()).map_err(failed)?;
        let buffer = message::ReceiveBuffer::new(SLOTS, SLOT);
        Ok(Self { socket, buffer, granted, lost: Lost::default() })
    }

    /// The address and port it is bound to.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub fn local_address(&self) -> Result<SocketAddr, NetError> {
        let failed = |source| NetError::system("reading the address of a datagram socket", source);
        let address = self.socket.local_addr().map_err(failed)?;
        address.as_socket().ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))
    }

    /// The octets the kernel holds for us, its bookkeeping included: a reply of 200 octets takes some 830 of them.
    /// Bounds how many answers may be outstanding.
    pub fn granted_receive_buffer(&self) -> usize {
        self.granted
    }

    /// How many datagrams came and were lost since the port was opened: there was no room, or a check sum was
    /// wrong.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub fn dropped(&mut self) -> Result<u64, NetError> {
        self.lost.count(&self.socket)
    }

    /// Sends each datagram to its address, without waiting. One that is refused is reported and the others go on.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn send(&mut self, datagrams: &[(SocketAddr, &[u8])]) -> Result<Sent, NetError> {
        send_each(&self.socket, datagrams)
    }

    /// Shows every datagram that is there, in the order they came; at most 512 a call. Says how many messages were
    /// taken; who waits by edge calls until that is 0.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn receive(&mut self, visit: &mut dyn FnMut(SocketAddr, &[u8])) -> Result<usize, NetError> {
        receive_all(&self.socket, &mut self.buffer, visit)
    }

    /// Shows the errors that came back, each with the address our datagram was for; at most 1,024 a call. Says how
    /// many were taken. They share their memory with the replies, so both must be read.
    ///
    /// # Errors
    /// When the socket itself is of no more use.
    pub fn errors(
        &mut self,
        visit: &mut dyn FnMut(SocketAddr, DatagramError),
    ) -> Result<usize, NetError> {
        take_errors(&self.socket, visit)
    }
}

impl AsFd for DatagramPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for DatagramPort {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Has ICMP errors queued with the destination they are about.
pub(crate) fn queue_errors(socket: &Socket, family: Family) -> io::Result<()> {
    let on: c_int = 1;
    let (level, name) = match family {
        Family::V4 => (libc::IPPROTO_IP, libc::IP_RECVERR),
        Family::V6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVERR),
    };
    option::set(socket.as_fd(), level, name, &on)
}

/// An error that an earlier datagram may have left on the socket: whichever call comes next gets it, though it is
/// about something else (ip(7), `IP_RECVERR`). The error queue has it with its destination.
fn may_be_of_another(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNREFUSED
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::ENOPROTOOPT
                | libc::EPROTO
                | libc::EOPNOTSUPP
                | libc::EMSGSIZE
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EACCES
        )
    )
}

/// The socket is broken, not the datagram.
fn is_fatal(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBADF | libc::ENOTSOCK | libc::EFAULT | libc::ENOMEM))
}

pub(crate) fn send_each(
    socket: &Socket,
    datagrams: &[(SocketAddr, &[u8])],
) -> Result<Sent, NetError> {
    /// A call takes the error that is pending, so the next says the truth; more may have come in between.
    const TRIES: u32 = 3;
    let mut sent = Sent::default();
    let mut tries = 0;
    while let Some(rest) = datagrams.get(sent.taken..).filter(|rest| !rest.is_empty()) {
        match message::send_datagrams(socket.as_fd(), rest) {
            Ok(0) => break,
            Ok(count) => (sent.taken, tries) = (sent.taken + count, 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if is_full(&error) => break,
            Err(error) if is_fatal(&error) => {
                return Err(NetError::system("sending a datagram", error));
            }
            Err(error) if may_be_of_another(&error) && tries + 1 < TRIES => tries += 1,
            Err(error) => {
                sent.refused.push(Refused { index: sent.taken, error });
                (sent.taken, tries) = (sent.taken + 1, 0);
            }
        }
    }
    Ok(sent)
}

pub(crate) fn receive_all(
    socket: &Socket,
    buffer: &mut message::ReceiveBuffer,
    visit: &mut dyn FnMut(SocketAddr, &[u8]),
) -> Result<usize, NetError> {
    let mut taken = 0;
    for _ in 0..BATCHES {
        match message::receive_datagrams(socket.as_fd(), buffer, visit) {
            Ok(count) => taken += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error)
                if error.kind() == io::ErrorKind::Interrupted || may_be_of_another(&error) => {}
            Err(source) => return Err(NetError::system("receiving datagrams", source)),
        }
    }
    Ok(taken)
}

pub(crate) fn take_errors(
    socket: &Socket,
    visit: &mut dyn FnMut(SocketAddr, DatagramError),
) -> Result<usize, NetError> {
    for taken in 0..ERRORS {
        match message::receive_error(socket.as_fd()) {
            Ok(Some(entry)) => {
                let (kind, code, from) = (entry.kind, entry.code, entry.offender);
                let origin = match entry.origin {
                    libc::SO_EE_ORIGIN_ICMP => ErrorOrigin::Icmp { kind, code, from },
                    libc::SO_EE_ORIGIN_ICMP6 => ErrorOrigin::Icmpv6 { kind, code, from },
                    _ => ErrorOrigin::Local,
                };
                visit(entry.destination, DatagramError { origin, errno: entry.errno });
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(taken),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(NetError::system(
                    "reading the error queue of a datagram socket",
                    source,
                ));
            }
        }
    }
    Ok(ERRORS)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn the_granted_buffer_is_what_the_kernel_says() {
        let port = DatagramPort::bind(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert_eq!(port.granted_receive_buffer(), port.socket.recv_buffer_size().unwrap());
        assert!(port.granted_receive_buffer() >= 2048);
    }

    #[test]
    fn what_is_lost_is_added_up_beyond_the_end_of_the_kernels_counter() {
        let mut lost = Lost::default();
        assert_eq!((lost.note(0), lost.note(7), lost.note(7)), (0, 7, 7));
        assert_eq!((lost.note(u32::MAX), lost.note(2)), (u32::MAX.into(), u64::from(u32::MAX) + 3));
    }

    #[test]
    fn an_address_that_is_not_ours_is_named_in_the_error() {
        for address in [
            IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x77)),
        ] {
            let error = DatagramPort::bind(address).unwrap_err();
            assert!(error.to_string().contains(&address.to_string()), "{error}");
        }
    }
}
