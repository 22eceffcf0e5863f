//! What to send, what an answer means, when to give up. No socket, clock or thread: the engine in the
//! application tells a probe the time, carries its bytes, and hands it what came in.
//!
//! - [`sweep`] puts one question to many targets; [`arp`], [`icmp`] and [`snmp::discovery`] are sweeps.
//! - [`snmp::interview`] asks one device after the other question, with one open at a time.
//! - [`heard`] reads what neighbours say unasked.
//! - [`pacer`] decides when the next packet may leave.

#![forbid(unsafe_code)]
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "a test may start at any instant"))]

pub mod arp;
pub mod ask;
pub mod heard;
pub mod icmp;
pub mod nd;
pub mod pacer;
pub mod retry;
pub mod snmp;
pub mod sweep;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use herkomst_model::{About, Answer, Fact, Method, PacketKind};
use herkomst_wire::{EthernetFrame, Icmp, Icmpv6};

/// Asked before every packet: may one leave for this target now? A yes takes the tokens.
pub trait Gate {
    /// Whether a packet to `to` may leave at `now`.
    fn admits(&mut self, to: IpAddr, now: Instant) -> bool;

    /// Whether none may leave for it any more, however long one waits: its question is over, and not one for later.
    fn forbids(&self, _to: IpAddr) -> bool {
        false
    }
}

/// A packet to be sent: its bytes are in the buffer that was handed to [`Probe::poll_transmit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Whom it is for.
    pub to: IpAddr,
    /// What it is, for the receipt.
    pub kind: PacketKind,
    /// The credential it carries, by name.
    pub credential: Option<std::sync::Arc<str>>,
}

/// Something that came in.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A frame from the segment.
    Frame {
        /// The frame.
        frame: &'a EthernetFrame<'a>,
        /// The VLAN, whether the tag was in the bytes or the kernel had taken it out.
        vlan: Option<u16>,
    },
    /// The payload of a UDP datagram to our port.
    Datagram {
        /// Who sent it.
        from: SocketAddr,
        /// The payload.
        bytes: &'a [u8],
    },
    /// An ICMP message to us.
    Icmp {
        /// Who sent it.
        from: Ipv4Addr,
        /// The message.
        icmp: &'a Icmp<'a>,
    },
    /// An ICMPv6 message to us.
    Icmpv6 {
        /// Who sent it.
        from: Ipv6Addr,
        /// The message.
        icmp: &'a Icmpv6<'a>,
    },
    /// A datagram of ours was refused (ICMP destination unreachable).
    Refused {
        /// Whom it was for.
        to: SocketAddr,
        /// The ICMP code (RFC 792); for IPv6 the one that says the same (RFC 7915, 5.2).
        code: u8,
    },
}

/// Whether an input was what a probe had asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It answers an open question, or says something worth keeping.
    Taken,
    /// It is for another probe.
    NotMine,
    /// It came from where an answer was expected, and is none: counted, never trusted.
    Ignored,
}

/// What a probe has found out, but for the time and the interface, which the engine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How.
    pub method: Method,
    /// About whom.
    pub about: About,
    /// The VLAN it was heard in.
    pub vlan: Option<u16>,
    /// What.
    pub answer: Answer<Fact>,
}

/// A state machine: it is told the time, hands out bytes, and never waits.
pub trait Probe {
    /// Writes the next packet into `bytes` if one is due and the gate admits it.
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit>;

    /// Takes what came in.
    fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Fit;

    /// When [`Probe::handle_timeout`] wants to be called, if nothing comes in before.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Gives up waiting for what is overdue.
    fn handle_timeout(&mut self, now: Instant);

    /// Hands out the next thing found out.
    fn poll_observation(&mut self) -> Option<Seen>;

    /// Whether a packet is ready and waits for the gate alone.
    fn is_ready(&self) -> bool;

    /// Whether nothing is left to send or to wait for.
    fn is_idle(&self) -> bool;
}
