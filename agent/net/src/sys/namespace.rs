//! `unshare`, `setns` and `mount` (namespaces(7), user_namespaces(7), mount_namespaces(7)).

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::c_int;

use super::checked;

/// Which namespaces the calling thread leaves for new ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fresh {
    pub(crate) user: bool,
    pub(crate) network: bool,
    pub(crate) mounts: bool,
}

/// Moves the calling thread into new namespaces.
pub(crate) fn unshare(fresh: Fresh) -> io::Result<()> {
    let mut flags: c_int = 0;
    for (wanted, flag) in [
        (fresh.user, libc::CLONE_NEWUSER),
        (fresh.network, libc::CLONE_NEWNET),
        (fresh.mounts, libc::CLONE_NEWNS),
    ] {
        flags |= if wanted { flag } else { 0 };
    }
    // SAFETY: takes an integer; what it changes is kernel state of this thread, no memory.
    checked(unsafe { libc::unshare(flags) }).map(drop)
}

/// Moves the calling thread into an existing network namespace.
pub(crate) fn enter_network(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes a descriptor and an integer; what it changes is kernel state of this thread, no memory.
    checked(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) }).map(drop)
}

/// Nothing that is mounted from here on is seen outside.
pub(crate) fn make_mounts_private() -> io::Result<()> {
    // SAFETY: both texts end with a zero octet and live for ever; a null type and null data are allowed for
    // a change of propagation (mount(2)).
    let result = unsafe {
        libc::mount(
            c"none".as_ptr(),
            c"/".as_ptr(),
            std::ptr::null(),
            libc::MS_REC | libc::MS_PRIVATE,
            std::ptr::null(),
        )
    };
    checked(result).map(drop)
}

/// Lays an empty file system in memory over a folder.
pub(crate) fn mount_memory(folder: &CStr) -> io::Result<()> {
    // SAFETY: all texts end with a zero octet and outlive the call; null data is allowed.
    let result = unsafe {
        libc::mount(
            c"tmpfs".as_ptr(),
            folder.as_ptr(),
            c"tmpfs".as_ptr(),
            libc::MS_NOSUID | libc::MS_NODEV,
            std::ptr::null(),
        )
    };
    checked(result).map(drop)
}
