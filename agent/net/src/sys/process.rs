//! What a process may become: `prctl`, `setrlimit`, `geteuid` (prctl(2), capabilities(7)).

use std::io;

use libc::{c_int, c_ulong};

use super::checked;

/// The effective user id.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// The effective group id.
pub(crate) fn effective_group() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::getegid() }
}

/// All `prctl` commands used here take integers only; unused arguments must be zero.
fn control(command: c_int, second: c_ulong, third: c_ulong) -> io::Result<()> {
    let zero: c_ulong = 0;
    // SAFETY: the commands below take integers and touch no memory of ours.
    checked(unsafe { libc::prctl(command, second, third, zero, zero) }).map(drop)
}

/// No program that is started from here can gain what this one lacks (PR_SET_NO_NEW_PRIVS).
pub(crate) fn forbid_new_privileges() -> io::Result<()> {
    control(libc::PR_SET_NO_NEW_PRIVS, 1, 0)
}

/// Takes one capability out of the bounding set. `EINVAL`: there is none of this number.
pub(crate) fn drop_from_bounding_set(capability: u32) -> io::Result<()> {
    control(libc::PR_CAPBSET_DROP, capability.into(), 0)
}

/// Empties the ambient set.
pub(crate) fn clear_ambient_set() -> io::Result<()> {
    control(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong, 0)
}

/// No core dump, and no attaching by other processes of the same user (PR_SET_DUMPABLE).
pub(crate) fn forbid_dumping() -> io::Result<()> {
    control(libc::PR_SET_DUMPABLE, 0, 0)
}

/// Limits core files to nothing, also for programs started from here.
pub(crate) fn limit_core_size_to_zero() -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel reads one `rlimit`, which outlives the call.
    checked(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) }).map(drop)
}
