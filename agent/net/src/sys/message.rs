//! `sendmmsg`, `recvmmsg` and `recvmsg` on the error queue (send(2), recv(2), ip(7) `IP_RECVERR`, ipv6(7)
//! `IPV6_RECVERR`).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{c_uint, iovec, mmsghdr, msghdr, sock_extended_err};

use super::address::NativeAddress;
use super::checked;

/// Messages in one system call. More saves little (the cost is in the network stack), and headers live on the stack.
pub(crate) const BATCH: usize = 64;

fn empty_iovec() -> iovec {
    iovec { iov_base: ptr::null_mut(), iov_len: 0 }
}

fn empty_header() -> msghdr {
    // SAFETY: a C structure of integers and pointers, for which all zeros is a value.
    unsafe { std::mem::zeroed() }
}

/// Sends up to [`BATCH`] messages without waiting; says how many the kernel took. An address each, or none for a
/// socket that needs none.
fn send_batch<'a>(
    socket: BorrowedFd<'_>,
    count: usize,
    message: &dyn Fn(usize) -> (Option<SocketAddr>, &'a [u8]),
) -> io::Result<usize> {
    let count = count.min(BATCH);
    let mut addresses = [NativeAddress::none(); BATCH];
    let mut parts = [empty_iovec(); BATCH];
    let mut headers = [mmsghdr { msg_hdr: empty_header(), msg_len: 0 }; BATCH];
    for index in 0..count {
        let (address, bytes) = message(index);
        parts[index] = iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let header = &mut headers[index].msg_hdr;
        header.msg_iov = &raw mut parts[index];
        header.msg_iovlen = 1;
        if let Some(address) = address {
            (addresses[index], header.msg_namelen) = NativeAddress::new(address);
            header.msg_name = (&raw mut addresses[index]).cast();
        }
    }
    // SAFETY: the first `count` headers are filled in; what they point to (`addresses`, `parts`, and the slices that
    // `message` gave, which are borrowed for longer than this call) is only read.
    let result = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count as c_uint,
            libc::MSG_DONTWAIT as _,
        )
    };
    checked(result).map(|sent| sent as usize)
}

/// Sends frames on a bound packet socket.
pub(crate) fn send_frames(socket: BorrowedFd<'_>, frames: &[&[u8]]) -> io::Result<usize> {
    send_batch(socket, frames.len(), &|index| (None, frames[index]))
}

/// Sends datagrams, each to its own address.
pub(crate) fn send_datagrams(
    socket: BorrowedFd<'_>,
    datagrams: &[(SocketAddr, &[u8])],
) -> io::Result<usize> {
    send_batch(socket, datagrams.len(), &|index| {
        let (address, bytes) = datagrams[index];
        (Some(address), bytes)
    })
}

/// Memory for one `recvmmsg`: up to [`BATCH`] slots of one size, taken from the system as they are used.
#[derive(Debug)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    slot: usize,
}

impl ReceiveBuffer {
    pub(crate) fn new(slots: usize, slot: usize) -> Self {
        let (slots, slot) = (slots.clamp(1, BATCH), slot.max(1));
        Self { bytes: vec![0; slots * slot], slot }
    }

    pub(crate) fn slots(&self) -> usize {
        self.bytes.len() / self.slot
    }
}

/// Receives what is there, without waiting, and shows each datagram that is whole.
/// Says how many messages were taken from the queue.
pub(crate) fn receive_datagrams(
    socket: BorrowedFd<'_>,
    buffer: &mut ReceiveBuffer,
    visit: &mut dyn FnMut(SocketAddr, &[u8]),
) -> io::Result<usize> {
    let mut addresses = [NativeAddress::none(); BATCH];
    let mut parts = [empty_iovec(); BATCH];
    let mut headers = [mmsghdr { msg_hdr: empty_header(), msg_len: 0 }; BATCH];
    let slot = buffer.slot;
    let slots = buffer.slots();
    for (index, bytes) in buffer.bytes.chunks_exact_mut(slot).enumerate() {
        parts[index] = iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
        let header = &mut headers[index].msg_hdr;
        header.msg_iov = &raw mut parts[index];
        header.msg_iovlen = 1;
        header.msg_name = (&raw mut addresses[index]).cast();
        header.msg_namelen = NativeAddress::ROOM;
    }
    // SAFETY: the first `slots` headers point to `addresses`, `parts` and distinct slots of `buffer`, all with their
    // true lengths and all alive and otherwise untouched during the call; no time-out is given.
    let result = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            slots as c_uint,
            libc::MSG_DONTWAIT as _,
            ptr::null_mut(),
        )
    };
    let count = checked(result)? as usize;
    for ((header, address), bytes) in
        headers.iter().zip(&addresses).zip(buffer.bytes.chunks_exact(slot)).take(count)
    {
        let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        let from = address.read(header.msg_hdr.msg_namelen as usize);
        if let (false, Some(from), Some(bytes)) = (cut, from, bytes.get(..header.msg_len as usize))
        {
            visit(from, bytes);
        }
    }
    Ok(count)
}

/// One entry of the error queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueuedError {
    /// The address our datagram was for.
    pub(crate) destination: SocketAddr,
    pub(crate) errno: u32,
    pub(crate) origin: u8,
    pub(crate) kind: u8,
    pub(crate) code: u8,
    /// Who sent the ICMP message.
    pub(crate) offender: Option<IpAddr>,
}

/// Takes one entry from the error queue of a socket with `IP_RECVERR` or `IPV6_RECVERR`, without waiting.
/// `Ok(None)`: an entry without address or details, which is taken off the queue all the same.
pub(crate) fn receive_error(socket: BorrowedFd<'_>) -> io::Result<Option<QueuedError>> {
    let mut address = NativeAddress::none();
    let mut sent = [0u8; 64];
    let mut part = iovec { iov_base: sent.as_mut_ptr().cast(), iov_len: sent.len() };
    // Words, because control messages must be aligned as `cmsghdr` is.
    let mut control = [0u64; 64];
    let mut header = empty_header();
    header.msg_name = (&raw mut address).cast();
    header.msg_namelen = NativeAddress::ROOM;
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    // SAFETY: everything that `header` points to has the length it says and outlives the call.
    let result = unsafe {
        libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT)
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let Some(destination) = address.read(header.msg_namelen as usize) else {
        return Ok(None);
    };
    Ok(extended_error(&header).map(|(error, offender)| QueuedError {
        destination,
        errno: error.ee_errno,
        origin: error.ee_origin,
        kind: error.ee_type,
        code: error.ee_code,
        offender: offender.map(|from| from.ip()),
    }))
}

/// Finds the message of `IP_RECVERR` or `IPV6_RECVERR` among those that the kernel wrote, with the address after it.
fn extended_error(header: &msghdr) -> Option<(sock_extended_err, Option<SocketAddr>)> {
    const ERROR: usize = size_of::<sock_extended_err>();
    // SAFETY: the header is the one that `recvmsg` filled in, so its control part holds whole messages.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !message.is_null() {
        // SAFETY: not null, so CMSG_FIRSTHDR or CMSG_NXTHDR found a whole `cmsghdr` there.
        let head = unsafe { ptr::read_unaligned(message) };
        // SAFETY: as above; the data of a message follow its header.
        let data = unsafe { libc::CMSG_DATA(message) };
        // SAFETY: computes a length, touches no memory.
        let overhead = unsafe { libc::CMSG_LEN(0) } as usize;
        let length = (head.cmsg_len as usize).saturating_sub(overhead);
        let ours = matches!(
            (head.cmsg_level, head.cmsg_type),
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        );
        if ours && length >= ERROR {
            // SAFETY: the message has at least as many octets of data, by the check above.
            let error = unsafe { ptr::read_unaligned(data.cast::<sock_extended_err>()) };
            let mut offender = NativeAddress::none();
            let room = (length - ERROR).min(size_of::<NativeAddress>());
            // SAFETY: the message has `length` octets of data, of which `room` follow the error, and `offender` has
            // at least as many; the two do not overlap.
            unsafe {
                ptr::copy_nonoverlapping(data.add(ERROR), (&raw mut offender).cast(), room);
            }
            return Some((error, offender.read(room)));
        }
        // SAFETY: `message` is a whole message inside the control part of `header`.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
    None
}
