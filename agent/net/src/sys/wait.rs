//! Waiting for a descriptor: with `poll` in threads that have no runtime (poll(2)), and in a runtime through its
//! reactor (epoll(7)).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use libc::c_int;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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

/// Tells the reactor of the current runtime to watch a descriptor for something to read, and for errors.
pub(crate) fn register(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, and is the same descriptor until it is dropped, which `AsyncFd` does after it has
    // told the reactor. The one caller hands out no access by which it could be exchanged.
    let registered = unsafe {
        AsyncFd::register_with_interest(descriptor, Interest::READABLE | Interest::ERROR)
    };
    registered.map_err(|refused| refused.into_parts().1)
}
