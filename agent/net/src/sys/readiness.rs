//! Registration of a port's descriptor with tokio's event queue (epoll(7)).

use std::io;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::readiness::Port;

/// Registers the descriptor of a port for reading and errors.
pub(crate) fn register<P: Port>(port: P) -> io::Result<AsyncFd<P>> {
    let interest = Interest::READABLE | Interest::ERROR;
    // SAFETY: `Port` is sealed: each of its types owns one socket, opened before and closed when it is dropped, and
    // gives that socket's descriptor at every call of `as_raw_fd`.
    unsafe { AsyncFd::register_with_interest(port, interest) }.map_err(|error| error.into_parts().1)
}
