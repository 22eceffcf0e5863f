//! `poll` for one descriptor, for threads that have no runtime (poll(2)).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use libc::c_int;

use super::checked;

/// Waits until there is something to read or an error to fetch. False when the time is over.
pub(crate) fn readable(descriptor: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        // Rounded up: a rest below a millisecond must not become a busy loop.
        let left = deadline.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000);
        let milliseconds = c_int::try_from(left).unwrap_or(c_int::MAX);
        let mut entry =
            libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one `pollfd`, which outlives the call.
        let result = checked(unsafe { libc::poll(&raw mut entry, 1, milliseconds) });
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(0) if Instant::now() < deadline => {}
            Ok(ready) => return Ok(ready > 0),
        }
    }
}
