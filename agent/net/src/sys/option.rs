//! `setsockopt` and `getsockopt` for options whose value is a plain C structure (socket(7), packet(7), ip(7)).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, socklen_t};

use super::checked;

/// A C structure that the kernel may read and fill in byte by byte.
///
/// # Safety
/// Every bit pattern must be a value, and there must be no padding that matters.
pub(crate) unsafe trait PlainData: Copy {}

// SAFETY: an integer.
unsafe impl PlainData for c_int {}
// SAFETY: integers and an array of octets, without padding.
unsafe impl PlainData for libc::packet_mreq {}
// SAFETY: seven integers of one size.
unsafe impl PlainData for libc::tpacket_req3 {}
// SAFETY: three integers of one size.
unsafe impl PlainData for libc::tpacket_stats_v3 {}

/// What a socket holds and has lost, in the order of linux/sock_diag.h, `SK_MEMINFO_VARS`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct SocketMemory([u32; 9]);

impl SocketMemory {
    /// asm-generic/socket.h, `SO_MEMINFO`.
    pub(crate) const NAME: c_int = 55;

    /// Messages that came and were thrown away: no room was left, or the check sum was wrong (`SK_MEMINFO_DROPS`).
    pub(crate) fn drops(self) -> u32 {
        self.0[8]
    }
}

// SAFETY: nine integers of one size.
unsafe impl PlainData for SocketMemory {}

/// The types of ICMPv6 that a raw socket does not want, a bit a type (RFC 3542, 3.2; linux/icmpv6.h).
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Icmpv6Filter([u32; 8]);

impl Icmpv6Filter {
    /// linux/icmpv6.h, `ICMPV6_FILTER`.
    pub(crate) const NAME: c_int = 1;

    /// All types but these.
    pub(crate) fn all_but(wanted: &[u8]) -> Self {
        let mut words = [u32::MAX; 8];
        for kind in wanted {
            words[usize::from(kind / 32)] &= !(1 << (kind % 32));
        }
        Self(words)
    }
}

// SAFETY: eight integers of one size.
unsafe impl PlainData for Icmpv6Filter {}

/// Sets one option of a socket.
pub(crate) fn set<T: PlainData>(
    socket: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &T,
) -> io::Result<()> {
    // SAFETY: the pointer and the length describe `value`, which outlives the call; the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as socklen_t,
        )
    };
    checked(result).map(drop)
}

/// Reads one option of a socket.
pub(crate) fn read<T: PlainData>(
    socket: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
) -> io::Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut length = size_of::<T>() as socklen_t;
    // SAFETY: the kernel writes at most `length` octets to `value`, which has as many.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            value.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    checked(result)?;
    // SAFETY: it was zeroed, and every bit pattern is a value of a `PlainData`, so a short answer is one too.
    Ok(unsafe { value.assume_init() })
}
