//! Ports as an event loop of tokio waits for them.

use std::io;

use tokio::io::unix::AsyncFd;

use crate::sys::readiness::register;
use crate::{DatagramPort, EchoPort, PacketPort};

mod sealed {
    /// Ports of this crate, which keep their socket for as long as they live.
    pub trait Port: std::os::fd::AsRawFd {}
    impl Port for crate::PacketPort {}
    impl Port for crate::DatagramPort {}
    impl Port for crate::EchoPort {}
}
pub(crate) use sealed::Port;

/// A port that can be waited for. Wait for reading *and* errors: ICMP errors show as `EPOLLERR` alone.
pub type Awaited<P> = AsyncFd<P>;

/// Registers a port with the runtime of the calling thread.
///
/// # Errors
/// When the kernel's event queue does not take it.
///
/// # Panics
/// Outside a runtime of tokio with its I/O driver enabled.
pub fn awaited<P: Port>(port: P) -> io::Result<Awaited<P>> {
    register(port)
}

const _: () = {
    const fn is_port<P: Port>() {}
    is_port::<PacketPort>();
    is_port::<DatagramPort>();
    is_port::<EchoPort>();
};
