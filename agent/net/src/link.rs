//! What is needed of a wire, whatever carries its frames. [`PacketPort`] does it on Linux; what does it elsewhere, or in
//! another way, is chosen where ports are opened, and nowhere else.

use std::fmt::Debug;
use std::io;
use std::os::fd::AsFd;

use herkomst_ids::MacAddr;

use crate::{
    Filter, Interface, NetError, PacketPort, PacketStatistics, PortOptions, ReceivedFrame,
};

/// Frames of one interface, in and out, without waiting.
///
/// Its descriptor becomes readable when there is something to receive or an error to take: wait for it with
/// [`awaited`](crate::awaited) or [`wait_readable`](crate::wait_readable). It need not be the one that carries the frames.
pub trait Link: AsFd + Debug + Send {
    /// Opens it for what the filter lets through and is addressed to this host, to everybody, or to one of the groups.
    ///
    /// # Errors
    /// Without the right to; when the interface is gone or does not carry Ethernet frames.
    fn open(
        interface: &Interface,
        filter: &Filter,
        groups: &[MacAddr],
        options: PortOptions,
    ) -> Result<Self, NetError>
    where
        Self: Sized;

    /// Sends whole frames in order. Says how many were taken: fewer than all when a queue is full; the rest is for
    /// later.
    ///
    /// # Errors
    /// When the first frame cannot be sent at all.
    fn send(&mut self, frames: &[&[u8]]) -> Result<usize, NetError>;

    /// Shows the frames that are there, a bounded number, and says how many. Who waits by edge calls until that is 0.
    fn receive(&mut self, visit: &mut dyn FnMut(ReceivedFrame<'_>)) -> usize;

    /// What was received and what was lost since it was opened.
    ///
    /// # Errors
    /// When that is not known.
    fn statistics(&mut self) -> Result<PacketStatistics, NetError>;

    /// The error that made it ready with nothing to receive.
    fn take_error(&self) -> Option<io::Error>;
}

impl Link for PacketPort {
    fn open(
        interface: &Interface,
        filter: &Filter,
        groups: &[MacAddr],
        options: PortOptions,
    ) -> Result<Self, NetError> {
        Self::open_with(interface, filter, groups, options)
    }

    fn send(&mut self, frames: &[&[u8]]) -> Result<usize, NetError> {
        PacketPort::send(self, frames)
    }

    fn receive(&mut self, visit: &mut dyn FnMut(ReceivedFrame<'_>)) -> usize {
        PacketPort::receive(self, visit)
    }

    fn statistics(&mut self) -> Result<PacketStatistics, NetError> {
        PacketPort::statistics(self)
    }

    fn take_error(&self) -> Option<io::Error> {
        PacketPort::take_error(self)
    }
}
