//! Waiting until a port has something, in a runtime or without one.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

use crate::{NetError, sys};

/// Waits until a port has something to receive, or an error to fetch. False when the time is over.
/// For threads without a runtime; the engine waits for all its ports at once with [`Awaited`].
///
/// # Errors
/// When the descriptor cannot be waited for.
pub fn wait_readable(port: &impl AsFd, patience: Duration) -> Result<bool, NetError> {
    sys::wait::readable(port.as_fd(), patience)
        .map_err(|source| NetError::system("waiting for a port", source))
}

/// A port that a tokio runtime watches.
///
/// It tells of what comes, not of what is there: clear what [`Awaited::ready`] told, then read the port until it says
/// 0, errors included; what is left stays unannounced until more comes.
#[derive(Debug)]
pub struct Awaited<P> {
    /// A second descriptor of the same socket: what the runtime watches stays the same whatever becomes of `port`.
    watched: AsyncFd<OwnedFd>,
    port: P,
}

/// Has the runtime of the calling thread watch a port, for something to read and for errors.
///
/// # Errors
/// When there are no more descriptors, or the kernel's event queue does not take this one.
///
/// # Panics
/// Outside a runtime of tokio with its I/O driver enabled.
pub fn awaited<P: AsFd>(port: P) -> io::Result<Awaited<P>> {
    let twin = port.as_fd().try_clone_to_owned()?;
    Ok(Awaited { watched: sys::wait::register(twin)?, port })
}

impl<P> Awaited<P> {
    /// Waits for what is asked: reading *and* errors, since ICMP errors are nothing to read to the kernel. Can be
    /// given up and begun again at any time without missing anything.
    ///
    /// # Errors
    /// When the runtime shuts down.
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, OwnedFd>> {
        self.watched.ready(interest).await
    }

    /// The port.
    pub fn get_ref(&self) -> &P {
        &self.port
    }

    /// The port, to send and receive.
    pub fn get_mut(&mut self) -> &mut P {
        &mut self.port
    }
}
