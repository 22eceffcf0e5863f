//! Questions to everybody on a segment: an echo, an echo with an option that nobody knows, and who listens to what.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use herkomst_ids::MacAddr;
use herkomst_model::PacketKind;
use herkomst_wire::icmpv6::mld_query;
use herkomst_wire::ipv6::{ALL_NODES, Extra, Ipv6Way, multicast_mac};
use herkomst_wire::{Echo, WireError, icmpv6_echo, icmpv6_frame};

use crate::Gate;
use crate::retry::Retry;
use crate::snmp::cookie::Cookies;

/// The type of an option that no standard defines. Its two highest bits are 10: whoever does not know it must say so with a
/// parameter problem, also where the packet went to all (RFC 8200, 4.2; RFC 4443, 2.4 (e.3)). Hosts that leave an echo to all
/// unanswered are found by this.
const UNKNOWN_OPTION: u8 = 0x80;
/// How many routers an echo may pass: none does, but hosts answer with what is usual.
const ECHO_HOPS: u8 = 64;
/// For how long listeners may spread their answers, in milliseconds (RFC 3810, 5.1.3).
const LISTENERS_WAIT: u16 = 1000;
/// The defaults of RFC 3810, 9.1 and 9.2, which listeners take over from whoever asks.
const ROBUSTNESS: u8 = 2;
const QUERY_INTERVAL: u8 = 125;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// For an echo.
    Echo,
    /// For an echo, with an option in front that nobody knows.
    UnknownOption,
    /// For the groups that each listens to. Whoever asks from the lowest address is from then on the one who asks (RFC 3810,
    /// 7.6.2), and a switch may stop asking: only for an operator who wants it.
    Listeners,
}

/// A question, from one of our addresses.
#[derive(Debug, Clone, Copy)]
struct Call {
    kind: Kind,
    source: Ipv6Addr,
}

/// An echo request that has left.
#[derive(Debug)]
struct Asked {
    kind: Kind,
    source: Ipv6Addr,
    id: u16,
    sequence: u16,
    payload: [u8; 8],
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// This many questions of this round have left.
    Asking {
        round: u8,
        left: usize,
    },
    /// Those of this round have all left.
    Waiting {
        round: u8,
        until: Instant,
    },
    Over,
}

/// The questions, put once in each round; every round puts all of them, since who has answered cannot be left out.
#[derive(Debug)]
pub(super) struct Calls {
    calls: Vec<Call>,
    retry: Retry,
    cookies: Cookies,
    state: State,
    asked: Vec<Asked>,
    asked_listeners: bool,
}

impl Calls {
    /// Of each kind one from every source; listeners are asked from a link-local address alone (RFC 3810, 5.1.14).
    pub(super) fn new(
        sources: &[Ipv6Addr],
        kinds: &[Kind],
        retry: Retry,
        cookies: Cookies,
    ) -> Self {
        let mut calls = Vec::new();
        for kind in kinds {
            let local = *kind == Kind::Listeners;
            let sources = sources.iter().filter(|source| !local || source.is_unicast_link_local());
            let sources = sources.take(if local { 1 } else { usize::MAX });
            calls.extend(sources.map(|source| Call { kind: *kind, source: *source }));
        }
        let state =
            if calls.is_empty() { State::Over } else { State::Asking { round: 0, left: 0 } };
        Self { calls, retry, cookies, state, asked: Vec::new(), asked_listeners: false }
    }

    /// Writes the frame of the next question if one is due and the gate admits it; says what kind of packet it is.
    pub(super) fn next(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        mac: MacAddr,
        vlan: Option<u16>,
        frame: &mut Vec<u8>,
    ) -> Option<PacketKind> {
        let State::Asking { round, left } = self.state else { return None };
        let call = *self.calls.get(left)?;
        if !gate.admits(ALL_NODES.into(), now) {
            if gate.forbids(ALL_NODES.into()) {
                self.stop();
            }
            return None;
        }
        let left = left + 1;
        self.state = if left < self.calls.len() {
            State::Asking { round, left }
        } else {
            let wait = self.retry.wait(round).expect("only rounds that exist are begun");
            State::Waiting { round, until: now + wait }
        };
        self.emit(call, round, mac, vlan, frame).expect("a short message fits a packet");
        Some(if call.kind == Kind::Listeners {
            PacketKind::MldQuery
        } else {
            PacketKind::Icmpv6Echo
        })
    }

    fn emit(
        &mut self,
        call: Call,
        round: u8,
        source_mac: MacAddr,
        vlan: Option<u16>,
        frame: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let Call { kind, source } = call;
        let destination_mac = multicast_mac(ALL_NODES).expect("it is a group");
        let way = |hop_limit| {
            let destination = ALL_NODES;
            Ipv6Way { source_mac, destination_mac, vlan, source, destination, hop_limit }
        };
        let mut message = Vec::new();
        if kind == Kind::Listeners {
            self.asked_listeners = true;
            let all = Ipv6Addr::UNSPECIFIED;
            mld_query(&mut message, all, LISTENERS_WAIT, ROBUSTNESS, QUERY_INTERVAL);
            return icmpv6_frame(frame, &way(1), Extra::RouterAlert, &message);
        }
        let asked = self.echo(kind, source, round);
        icmpv6_echo(&mut message, false, asked.id, asked.sequence, &asked.payload);
        self.asked.push(asked);
        let extra = match kind {
            Kind::UnknownOption => Extra::DestinationOption(UNKNOWN_OPTION),
            Kind::Echo | Kind::Listeners => Extra::Nothing,
        };
        icmpv6_frame(frame, &way(ECHO_HOPS), extra, &message)
    }

    /// Asks everybody no more; answers to what was asked still count.
    pub(super) fn stop(&mut self) {
        self.state = State::Over;
    }

    /// Identifier and number together are a cookie, since an error need not quote more of what was asked.
    fn echo(&self, kind: Kind, source: Ipv6Addr, round: u8) -> Asked {
        let serial = u32::from(round) << 2 | u32::from(kind == Kind::UnknownOption) << 1;
        let cookie = |serial| self.cookies.request_id(IpAddr::V6(source), serial).to_be_bytes();
        let [a, b, c, d] = cookie(serial);
        let mut payload = *b"\0\0\0\0echo";
        payload[..4].copy_from_slice(&cookie(serial | 1));
        let (id, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Asked { kind, source, id, sequence, payload }
    }

    /// Whether an echo with this identifier was asked for.
    pub(super) fn has_asked(&self, id: u16) -> bool {
        self.asked.iter().any(|asked| asked.id == id)
    }

    /// Whether this is the reply to an echo that we asked for from `source`.
    pub(super) fn is_reply(&self, source: Ipv6Addr, echo: &Echo<'_>) -> bool {
        self.asked.iter().any(|asked| {
            (asked.source, asked.id, asked.sequence) == (source, echo.id, echo.sequence)
                && echo.payload == asked.payload
        })
    }

    /// Whether an error quotes an echo that carried the option, sent by us from `source`.
    pub(super) fn is_refusal(&self, source: Ipv6Addr, (id, sequence): (u16, u16)) -> bool {
        self.asked.iter().any(|asked| {
            asked.kind == Kind::UnknownOption
                && (asked.source, asked.id, asked.sequence) == (source, id, sequence)
        })
    }

    /// Whether listeners were asked.
    pub(super) fn asked_listeners(&self) -> bool {
        self.asked_listeners
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until, .. } => Some(until),
            State::Asking { .. } | State::Over => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let State::Waiting { round, until } = self.state
            && until <= now
        {
            let next = round + 1;
            self.state = match self.retry.wait(next) {
                Some(_) => State::Asking { round: next, left: 0 },
                None => State::Over,
            };
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Asking { .. })
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }
}
