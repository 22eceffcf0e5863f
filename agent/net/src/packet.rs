//! Whole Ethernet frames, in and out: AF_PACKET with a receive ring (packet(7)).
//!
//! Receiving is what a ring pays for: measured, a socket without one loses replies at full rate; sending goes
//! through `sendmmsg`, since a transmit ring is no faster for small frames.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use herkomst_ids::MacAddr;
use libc::c_int;
use socket2::{Domain, Protocol, Socket, Type};

use crate::sys::{link, message, option, ring};
use crate::{Filter, Interface, NetError};

/// How long a frame may lie in a block that does not fill up, before the kernel hands the block over.
const BLOCK_TIMEOUT: Duration = Duration::from_millis(5);

/// The memory for received frames: blocks that the kernel fills one by one.
///
/// On a quiet wire each block is handed over after 5 ms with the few frames it got. So the number of blocks, not
/// their size, says how long the reader may look away; see [`RingSize::patience`]. The size says how much may come
/// at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingSize {
    /// Octets in a block: a power of two of at least 4096. What is longer than a block is cut.
    pub block_size: u32,
    /// How many of them.
    pub block_count: u32,
}

impl RingSize {
    /// 8 MiB: some 65,000 ARP replies at once, or 2.5 s of looking away.
    pub const LARGE: Self = Self { block_size: 16 << 10, block_count: 512 };
    /// 2 MiB, for those who hear little: 0.6 s of looking away.
    pub const SMALL: Self = Self { block_size: 16 << 10, block_count: 128 };
    /// 16 MiB, for those who want everything whole: the kernels of virtual wires pass frames of 64 KiB.
    pub const CAPTURE: Self = Self { block_size: 128 << 10, block_count: 128 };

    /// How long the reader may look away at least, whatever little comes.
    pub fn patience(self) -> Duration {
        BLOCK_TIMEOUT * self.block_count
    }

    fn is_possible(self) -> bool {
        self.block_size.is_power_of_two()
            && self.block_size >= 4096
            && self.block_count > 0
            && self.block_size.checked_mul(self.block_count).is_some_and(|octets| octets <= 1 << 30)
    }
}

/// How a port listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortOptions {
    /// The memory for received frames.
    pub ring: RingSize,
    /// Hear also what is addressed to other stations. Needs no further right, but disturbs some cards.
    pub promiscuous: bool,
    /// Hear also what is said to groups that were not joined, as far as switches carry it here.
    pub all_groups: bool,
    /// Hear also what this host sends.
    pub outgoing: bool,
}

impl Default for PortOptions {
    fn default() -> Self {
        Self { ring: RingSize::LARGE, promiscuous: false, all_groups: false, outgoing: false }
    }
}

/// A frame that was heard, in the memory it was received in.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedFrame<'a> {
    /// The frame from its destination address on, without check sum, and without the tag in `vlan`.
    pub bytes: &'a [u8],
    /// The tag control information of IEEE 802.1Q (priority and VLAN number) that the kernel took out of the bytes.
    pub vlan: Option<u16>,
    /// The type of that tag: `0x8100` of IEEE 802.1Q, `0x88a8` of IEEE 802.1ad.
    pub tag_type: Option<u16>,
    /// When the kernel saw it: seconds since 1970, UTC.
    pub seconds: u32,
    /// And nanoseconds.
    pub nanoseconds: u32,
    /// This host sent it.
    pub outgoing: bool,
    /// A program or guest on this machine sent it, and the checksum of its UDP or TCP was left for a network card to
    /// fill in, which none has done: it is not wrong, it is not there yet.
    pub checksum_pending: bool,
}

/// What the kernel counted since the port was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PacketStatistics {
    /// Frames that passed the filter and reached the ring.
    pub received: u64,
    /// Frames that passed the filter and were lost, because the ring was full.
    pub dropped: u64,
    /// How often the ring was full, so that the kernel stopped until we had caught up.
    pub freezes: u64,
}

/// A socket for frames on one interface.
#[derive(Debug)]
pub struct PacketPort {
    ring: ring::Ring,
    socket: Socket,
    statistics: PacketStatistics,
}

impl PacketPort {
    /// Opens a port for what the filter lets through and is addressed to this host, to everybody, or to one of the
    /// groups.
    ///
    /// # Errors
    /// Without CAP_NET_RAW; when the interface is gone or does not carry Ethernet frames.
    pub fn open(
        interface: &Interface,
        filter: &Filter,
        multicast: &[MacAddr],
    ) -> Result<Self, NetError> {
        Self::open_with(interface, filter, multicast, PortOptions::default())
    }

    /// Opens a port that hears everything on the wire, also what this host sends and what is for others.
    ///
    /// # Errors
    /// As [`PacketPort::open`].
    pub fn capture_open(interface: &Interface, ring: RingSize) -> Result<Self, NetError> {
        Self::open_with(
            interface,
            &Filter::everything(),
            &[],
            PortOptions { ring, promiscuous: true, outgoing: true, ..PortOptions::default() },
        )
    }

    /// Opens a port that listens as the options say.
    ///
    /// # Errors
    /// As [`PacketPort::open`], and when the ring is of an impossible size.
    pub fn open_with(
        interface: &Interface,
        filter: &Filter,
        multicast: &[MacAddr],
        options: PortOptions,
    ) -> Result<Self, NetError> {
        if !interface.ethernet && !interface.loopback {
            return Err(NetError::NotEthernet { name: interface.name.clone() });
        }
        let what = |step: &str| format!("packet socket on {}: {step}", interface.name);
        let failed =
            |step: &'static str| move |source: io::Error| NetError::system(what(step), source);
        let RingSize { block_size, block_count } = options.ring;
        if !options.ring.is_possible() {
            let size = format!("a ring of {block_count} blocks of {block_size} octets");
            return Err(NetError::system(
                what(&size),
                io::Error::from(io::ErrorKind::InvalidInput),
            ));
        }
        let kind = Type::RAW.nonblocking().cloexec();
        // Protocol 0: nothing is received before the filter is in place and the socket bound.
        let socket = Socket::new_raw(Domain::PACKET, kind, Some(Protocol::from(0)))
            .map_err(|source| NetError::privileged(what("opening it"), "CAP_NET_RAW", source))?;
        filter.attach(&socket).map_err(failed("attaching the filter"))?;
        let ring = ring::Ring::map(socket.as_fd(), block_size, block_count, BLOCK_TIMEOUT)
            .map_err(failed("making the ring"))?;
        if !options.outgoing {
            let on: c_int = 1;
            option::set(socket.as_fd(), libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &on)
                .map_err(failed("ignoring what we send"))?;
        }
        for group in multicast {
            // EDP is said to an address that is no group.
            let is_group = group.is_multicast();
            let kind = if is_group { libc::PACKET_MR_MULTICAST } else { libc::PACKET_MR_UNICAST };
            join(&socket, interface.index, kind, Some(*group))
                .map_err(failed("joining a group"))?;
        }
        if options.all_groups {
            join(&socket, interface.index, libc::PACKET_MR_ALLMULTI, None)
                .map_err(failed("joining all groups"))?;
        }
        if options.promiscuous {
            join(&socket, interface.index, libc::PACKET_MR_PROMISC, None)
                .map_err(failed("listening to all"))?;
        }
        link::bind_packet(socket.as_fd(), interface.index).map_err(failed("binding it"))?;
        Ok(Self { ring, socket, statistics: PacketStatistics::default() })
    }

    /// Hands over every frame of every block that is ready and gives the blocks back; at most one round of the
    /// ring. Says how many frames there were.
    ///
    /// Who waits for readiness by edge (epoll, tokio) calls this until it says 0 before waiting again.
    pub fn receive(&mut self, visit: &mut dyn FnMut(ReceivedFrame<'_>)) -> usize {
        let mut count = 0;
        for _ in 0..self.ring.block_count() {
            let Some(block) = self.ring.next_block() else { break };
            for frame in block.frames() {
                count += 1;
                let says = |what| frame.status & what != 0;
                visit(ReceivedFrame {
                    bytes: frame.bytes,
                    // The tag is in the low 16 bits of the word.
                    vlan: says(libc::TP_STATUS_VLAN_VALID).then_some(frame.vlan_tci as u16),
                    tag_type: says(ring::VLAN_TPID_VALID).then_some(frame.vlan_tpid),
                    seconds: frame.seconds,
                    nanoseconds: frame.nanoseconds,
                    outgoing: frame.packet_type == libc::PACKET_OUTGOING,
                    checksum_pending: says(libc::TP_STATUS_CSUMNOTREADY),
                });
            }
        }
        count
    }

    /// Sends whole frames in order, without waiting. Says how many were taken: fewer than all when a queue is full;
    /// the rest is for later.
    ///
    /// # Errors
    /// When the first frame cannot be sent at all: the interface is down or gone, or the frame is longer than it
    /// carries.
    pub fn send(&mut self, frames: &[&[u8]]) -> Result<usize, NetError> {
        let mut taken = 0;
        while let Some(rest) = frames.get(taken..).filter(|rest| !rest.is_empty()) {
            match message::send_frames(self.socket.as_fd(), rest) {
                Ok(0) => break,
                Ok(count) => taken += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_full(&error) || taken > 0 => break,
                Err(source) => return Err(NetError::system("sending a frame", source)),
            }
        }
        Ok(taken)
    }

    /// What was received and what was lost since the port was opened.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub fn statistics(&mut self) -> Result<PacketStatistics, NetError> {
        let now: libc::tpacket_stats_v3 =
            option::read(self.socket.as_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS).map_err(
                |source| NetError::system("reading the statistics of a packet socket", source),
            )?;
        // Reading sets the kernel's counters to zero, and its first one includes what was dropped (packet(7)).
        self.statistics.received += u64::from(now.tp_packets.saturating_sub(now.tp_drops));
        self.statistics.dropped += u64::from(now.tp_drops);
        self.statistics.freezes += u64::from(now.tp_freeze_q_cnt);
        Ok(self.statistics)
    }

    /// The error that made the port ready with nothing to receive, such as `ENETDOWN` when its interface went down.
    pub fn take_error(&self) -> Option<io::Error> {
        self.socket.take_error().unwrap_or_else(Some)
    }
}

/// The queue of the socket or of the card is full: nothing is wrong with the frame.
pub(crate) fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

fn join(socket: &Socket, interface: u32, kind: c_int, group: Option<MacAddr>) -> io::Result<()> {
    let mut request = libc::packet_mreq {
        mr_ifindex: c_int::try_from(interface)
            .map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?,
        mr_type: kind as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    if let Some(group) = group {
        request.mr_alen = 6;
        request.mr_address[..6].copy_from_slice(&group.octets());
    }
    option::set(socket.as_fd(), libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
}

impl AsFd for PacketPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for PacketPort {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_of_impossible_sizes_are_known_before_the_kernel_is_asked() {
        assert!(
            [RingSize::LARGE, RingSize::SMALL, RingSize::CAPTURE]
                .iter()
                .all(|size| size.is_possible())
        );
        for (block_size, block_count) in
            [(0, 1), (4096, 0), (5000, 4), (2048, 4), (1 << 31, 4), (4096, 1 << 20)]
        {
            assert!(
                !RingSize { block_size, block_count }.is_possible(),
                "{block_size} x {block_count}"
            );
        }
    }
}
