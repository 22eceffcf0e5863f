//! `sigaction` (sigaction(2)): what a signal does, and giving it back to the system.

use std::io;
use std::ptr;

use libc::c_int;

use super::checked;

/// What a signal does to this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    Default,
    Ignored,
    Handled,
}

/// What this signal does now.
pub(crate) fn disposition(signal: c_int) -> io::Result<Disposition> {
    // SAFETY: a C structure of integers and a nullable function pointer, for which all zeros is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: no new action is given; the kernel writes one `sigaction`, which outlives the call.
    checked(unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) })?;
    Ok(match action.sa_sigaction {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignored,
        _ => Disposition::Handled,
    })
}

/// The signal does what the system does with it.
pub(crate) fn restore_default(signal: c_int) -> io::Result<()> {
    // SAFETY: a C structure of integers and a nullable function pointer, for which all zeros is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = libc::SIG_DFL;
    // SAFETY: the kernel reads one `sigaction`, which outlives the call; SIG_DFL runs no code of ours.
    checked(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) }).map(drop)
}
