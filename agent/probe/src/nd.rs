//! Active neighbour discovery of IPv6 on one interface (RFC 4861), like [`crate::arp`] for IPv4. A segment of IPv6 has 2^64
//! addresses, so nobody is looked for address by address:
//!
//! - everybody is asked at once, from each of our prefixes: for an echo, for an echo with an option that nobody knows, and,
//!   only where the operator wants it, for the groups that each listens to (`call.rs`);
//! - the addresses that the operator lists are solicited, each as often as an address of IPv4 by ARP;
//! - so are those that stations are likely to have made of hardware addresses that are known (`guess.rs`).
//!
//! Everything asked passes the gate: the questions to everybody as a packet to ff02::1, a solicitation as one to the address
//! that it asks for, whichever group it is sent to. What came of a guess that nobody answers is counted and not told: it was
//! nobody's target.

mod call;
mod guess;

use std::collections::{HashMap, VecDeque};
use std::net::Ipv6Addr;
use std::time::Instant;

use herkomst_ids::MacAddr;
use herkomst_model::{About, Answer, Fact, Method, PacketKind, Why};
use herkomst_wire::icmpv6::{NdpOption, NeighbourAdvertisement, neighbour_solicitation};
use herkomst_wire::ipv6::{
    ALL_NODES, Extra, Ipv6Way, eui64_mac, multicast_mac, next_header, solicited_node,
};
use herkomst_wire::{EthernetFrame, Icmpv6, Ipv6Packet, ether_type, icmpv6_frame};

use self::call::{Calls, Kind};
use self::guess::{Guesses, OnLink};
use crate::retry::Retry;
use crate::snmp::cookie::Cookies;
use crate::sweep::Sweep;
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// The most stations that are believed to hold one address: two boxes may quarrel over it, and those that share an anycast
/// address all answer, but not thousands.
const MOST_STATIONS: usize = 4;
/// The most addresses that are kept from one segment.
const MOST_NEIGHBOURS: usize = 65_536;
/// The most guesses that are put on one segment.
const MOST_GUESSES: usize = 65_536;
/// The most of our addresses that everybody is asked from: each makes everybody answer.
const MOST_SOURCES: usize = 16;
/// An unknown option (RFC 4443, 3.4).
const UNRECOGNISED_OPTION: u8 = 2;

/// An address of ours on the segment, and how many of its bits the segment shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnPrefix {
    /// The address.
    pub address: Ipv6Addr,
    /// The length of its prefix.
    pub length: u8,
}

/// Where neighbours are looked for.
#[derive(Debug, Clone)]
pub struct NdSegment {
    /// The hardware address of the interface.
    pub mac: MacAddr,
    /// The VLAN that our frames are tagged with, and answers must come from.
    pub vlan: Option<u16>,
    /// Our addresses that may be used: neither tentative nor deprecated.
    pub own: Vec<OwnPrefix>,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct NdQuestions {
    /// Everybody, for an echo with and without an option that nobody knows.
    pub everybody: bool,
    /// Everybody, who listens to what. The one question that can change the network: who asks from the lowest address is then
    /// the one to ask (RFC 3810, 7.6.2).
    pub listeners: bool,
    /// These addresses.
    pub targets: Vec<Ipv6Addr>,
    /// How often.
    pub retries: NdRetries,
}

/// How often each kind of question is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NdRetries {
    /// Those to everybody.
    pub everybody: Retry,
    /// Solicitations of listed addresses.
    pub listed: Retry,
    /// Solicitations of addresses that nobody may have.
    pub guesses: Retry,
}

impl NdRetries {
    /// The same with at most so many tries of each.
    #[must_use]
    pub fn at_most(self, tries: Option<u8>) -> Self {
        Self {
            everybody: self.everybody.at_most(tries),
            listed: self.listed.at_most(tries),
            guesses: self.guesses.at_most(tries),
        }
    }
}

impl Default for NdRetries {
    fn default() -> Self {
        let (everybody, listed) = (Retry::everybody(), Retry::neighbours());
        Self { everybody, listed, guesses: Retry::guesses() }
    }
}

/// Whether an address may be asked, and what it answers kept: what the operator listed and did not exclude.
pub type Allowed = Box<dyn Fn(Ipv6Addr) -> bool + Send>;

/// What became of guesses, and what was not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NdCounts {
    /// Guesses that were put.
    pub guessed: u64,
    /// Guesses that nobody answered.
    pub guessed_wrong: u64,
    /// Answers of addresses that may not be asked.
    pub excluded: u64,
    /// Addresses, prefixes and guesses that were not kept, because there were too many.
    pub overflow: u64,
}

/// What is known of an address.
#[derive(Debug, Default)]
struct Known {
    stations: Vec<MacAddr>,
    echoed: bool,
    listens: bool,
}

/// Looks for neighbours on one segment. Its packets are whole frames.
pub struct NdSweep {
    mac: MacAddr,
    vlan: Option<u16>,
    own: Vec<OwnPrefix>,
    calls: Calls,
    listed: Sweep<Ipv6Addr>,
    guessed: Sweep<Ipv6Addr>,
    guesses: Guesses,
    allowed: Allowed,
    known: HashMap<Ipv6Addr, Known>,
    counts: NdCounts,
    seen: VecDeque<Seen>,
}

impl NdSweep {
    /// A sweep of a segment, its targets in an order that the seed decides.
    pub fn new(
        segment: NdSegment,
        questions: NdQuestions,
        allowed: Allowed,
        cookies: Cookies,
        seed: u64,
    ) -> Self {
        let NdSegment { mac, vlan, own } = segment;
        let NdRetries { everybody, listed, guesses } = questions.retries;
        let prefixes = own.iter().filter_map(|own| OnLink::new(own.address, own.length));
        let kinds = [
            (questions.everybody, Kind::Echo),
            (questions.everybody, Kind::UnknownOption),
            (questions.listeners, Kind::Listeners),
        ];
        let kinds: Vec<_> =
            kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect();
        let mut sweep = Self {
            mac,
            vlan,
            calls: Calls::new(&sources(&own), &kinds, everybody, cookies),
            listed: Sweep::new(listed),
            guessed: Sweep::new(guesses),
            guesses: Guesses::new(prefixes),
            own,
            allowed,
            known: HashMap::new(),
            counts: NdCounts::default(),
            seen: VecDeque::new(),
        };
        sweep.list(questions.targets, seed);
        sweep
    }

    /// Adds a target.
    pub fn add(&mut self, target: Ipv6Addr) {
        self.list(vec![target], 0);
    }

    /// Ends the questions to a target that is not to be asked any more, and guesses no more that anybody has its address.
    pub fn give_up(&mut self, target: Ipv6Addr, why: Why) {
        if let Some(slot) = self.guessed.slot(target) {
            self.guessed.close(slot);
        }
        if let Some(slot) = self.listed.slot(target)
            && self.listed.close(slot)
        {
            self.say(target, Method::Ndp, Answer::NotAsked(why));
        }
    }

    /// Asks everybody no more to show himself.
    pub fn stop_calls(&mut self) {
        self.calls.stop();
    }

    /// Takes the targets that can be asked, and says why the others are not.
    fn list(&mut self, targets: Vec<Ipv6Addr>, seed: u64) {
        let mut asked = Vec::with_capacity(targets.len());
        for target in targets {
            let why = if !is_station(target) {
                Why::SegmentAddress
            } else if self.is_ours(target) {
                Why::ThisHost
            } else if !(self.allowed)(target) {
                Why::Excluded
            } else if self.own.is_empty() {
                Why::NoRoute
            } else {
                asked.push(target);
                continue;
            };
            self.say(target, Method::Ndp, Answer::NotAsked(why));
        }
        self.listed.add_shuffled(asked, seed);
    }

    /// Takes the hardware address of a station of this segment, however it became known.
    pub fn learn_mac(&mut self, mac: MacAddr) {
        if mac != self.mac {
            let guesses = self.guesses.learn_mac(mac);
            self.guess(guesses);
        }
    }

    /// Takes a prefix that a router says is on this segment.
    pub fn learn_prefix(&mut self, prefix: Ipv6Addr, length: u8) {
        if let Some(prefix) = OnLink::new(prefix, length) {
            let guesses = self.guesses.learn_prefix(prefix);
            self.guess(guesses);
        }
    }

    /// Asks for those addresses that may be asked, and that nobody is known to have.
    fn guess(&mut self, addresses: Vec<Ipv6Addr>) {
        for address in addresses {
            let is_new = !self.known.contains_key(&address) && self.listed.slot(address).is_none();
            if !is_new || self.own.is_empty() || self.is_ours(address) || !(self.allowed)(address) {
                continue;
            }
            if self.counts.guessed >= MOST_GUESSES as u64 {
                self.counts.overflow += 1;
            } else if self.guessed.add(address) {
                self.counts.guessed += 1;
            }
        }
    }

    /// Ends the questions to those who may not be asked any more, listed and guessed.
    pub fn give_up_disallowed(&mut self, why: Why) {
        for target in self.listed.close_where(|address| !(self.allowed)(address)) {
            self.say(target, Method::Ndp, Answer::NotAsked(why));
        }
        self.guessed.close_where(|address| !(self.allowed)(address));
    }

    /// What became of guesses, and what was not kept.
    pub fn counts(&self) -> NdCounts {
        let overflow = self.counts.overflow + self.guesses.overflow();
        NdCounts { overflow, ..self.counts }
    }

    fn is_ours(&self, address: Ipv6Addr) -> bool {
        self.own.iter().any(|own| own.address == address)
    }

    /// The address of ours that is nearest to a target: one of its prefix, else the link-local one, which all can answer to.
    fn source_for(&self, target: Ipv6Addr) -> Option<Ipv6Addr> {
        let rank = |own: &&OwnPrefix| {
            let prefix = OnLink::new(own.address, own.length);
            let shared = prefix.filter(|prefix| prefix.contains(target));
            (shared.map(OnLink::length), own.address.is_unicast_link_local())
        };
        self.own.iter().max_by_key(rank).map(|own| own.address)
    }

    /// Writes the question who has `target`, for whom RFC 4861, 7.2.2 has it: the group of the nodes whose addresses end alike.
    /// `station` is who it may be; the frame then goes to it alone (RFC 6085), which leaves the others in peace.
    fn solicit(&self, target: Ipv6Addr, station: Option<MacAddr>, frame: &mut Vec<u8>) -> bool {
        let group = solicited_node(target);
        let (Some(source), Some(mac)) = (self.source_for(target), multicast_mac(group)) else {
            return false;
        };
        let way = Ipv6Way {
            source_mac: self.mac,
            destination_mac: station.unwrap_or(mac),
            vlan: self.vlan,
            source,
            destination: group,
            hop_limit: 255,
        };
        let mut message = Vec::new();
        neighbour_solicitation(&mut message, target, Some(self.mac));
        icmpv6_frame(frame, &way, Extra::Nothing, &message).is_ok()
    }

    fn say(&mut self, address: Ipv6Addr, method: Method, answer: Answer<Fact>) {
        let about = About::Address(address.into());
        self.seen.push_back(Seen { method, about, vlan: self.vlan, answer });
    }

    /// Keeps who has an address, and how that became known.
    fn keep(&mut self, address: Ipv6Addr, mac: MacAddr, method: Method) -> Fit {
        if !is_station(address) || self.is_ours(address) || !is_station_mac(mac) {
            return Fit::Ignored;
        }
        if !(self.allowed)(address) {
            self.counts.excluded += 1;
            return Fit::Taken;
        }
        if self.known.len() >= MOST_NEIGHBOURS && !self.known.contains_key(&address) {
            self.counts.overflow += 1;
            return Fit::Ignored;
        }
        let known = self.known.entry(address).or_default();
        let is_new = known.stations.len() < MOST_STATIONS && !known.stations.contains(&mac);
        if is_new {
            known.stations.push(mac);
        }
        let echoed = method == Method::Icmpv6 && !std::mem::replace(&mut known.echoed, true);
        let listens = method == Method::Mld && !std::mem::replace(&mut known.listens, true);
        for sweep in [&mut self.listed, &mut self.guessed] {
            if let Some(slot) = sweep.slot(address) {
                sweep.close(slot);
            }
        }
        if is_new || listens {
            let method = if method == Method::Mld { method } else { Method::Ndp };
            self.say(address, method, Answer::Is(Fact::Neighbour { mac }));
        }
        if echoed {
            self.say(address, Method::Icmpv6, Answer::Is(Fact::Echo));
        }
        Fit::Taken
    }

    /// Takes a message to one of our addresses, or to a group of listeners.
    fn take(&mut self, frame: &EthernetFrame<'_>, packet: &Ipv6Packet<'_>) -> Fit {
        let to_us = self.is_ours(packet.destination);
        let to_routers = packet.destination.is_multicast() && self.calls.asked_listeners();
        if !to_us && !to_routers {
            return Fit::NotMine;
        }
        let message = match Icmpv6::parse(packet) {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(%error, source = %frame.source, "ICMPv6 message is malformed");
                return if to_us { Fit::Ignored } else { Fit::NotMine };
            }
        };
        match message {
            Icmpv6::EchoReply(echo) if to_us => {
                if !self.calls.has_asked(echo.id) {
                    return Fit::NotMine;
                }
                if !self.calls.is_reply(packet.destination, &echo) {
                    return Fit::Ignored;
                }
                self.take_answer(frame, packet, Method::Icmpv6)
            }
            Icmpv6::ParameterProblem {
                code: UNRECOGNISED_OPTION,
                original: Some(original),
                ..
            } if to_us => {
                let Some(echo) = original.echo.filter(|(id, _)| self.calls.has_asked(*id)) else {
                    return Fit::NotMine;
                };
                let ours =
                    original.source == packet.destination && original.destination == ALL_NODES;
                if !ours || !self.calls.is_refusal(packet.destination, echo) {
                    return Fit::Ignored;
                }
                self.take_answer(frame, packet, Method::Ndp)
            }
            Icmpv6::NeighbourAdvertisement(said) if to_us => self.take_neighbour(frame, &said),
            // Only from neighbours, by their link-local addresses: the reader has seen to that.
            Icmpv6::ListenerReport(_) | Icmpv6::ListenerReportV2(_) if to_routers => {
                // RFC 3810, 5.2.13: who has no address yet reports too
                if packet.source.is_unspecified() {
                    return Fit::Taken;
                }
                self.keep(packet.source, frame.source, Method::Mld)
            }
            _ => Fit::NotMine,
        }
    }

    /// From elsewhere than this segment an answer may come too, but the frame that brings it is a router's.
    fn take_answer(
        &mut self,
        frame: &EthernetFrame<'_>,
        packet: &Ipv6Packet<'_>,
        method: Method,
    ) -> Fit {
        if !self.guesses.is_on_link(packet.source) {
            return Fit::Ignored;
        }
        self.keep(packet.source, frame.source, method)
    }

    /// An advertisement counts for an address that we asked for. It names the station itself, and a frame on behalf of another
    /// comes from elsewhere (RFC 4861, 7.2.8). Whether it would override what neighbours know is no matter here: whoever claims
    /// an address is seen.
    fn take_neighbour(
        &mut self,
        frame: &EthernetFrame<'_>,
        said: &NeighbourAdvertisement<'_>,
    ) -> Fit {
        let asked = [&self.listed, &self.guessed]
            .into_iter()
            .any(|sweep| sweep.slot(said.target).is_some_and(|slot| sweep.tries(slot) > 0));
        if !asked {
            return Fit::NotMine;
        }
        let named = said.options.iter().find_map(|option| match option {
            NdpOption::TargetMac(mac) => Some(mac),
            _ => None,
        });
        self.keep(said.target, named.unwrap_or(frame.source), Method::Ndp)
    }
}

impl Probe for NdSweep {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        if let Some(kind) = self.calls.next(now, gate, self.mac, self.vlan, bytes) {
            return Some(Transmit { to: ALL_NODES.into(), kind, credential: None });
        }
        let (target, station) = match self.listed.next(now, gate) {
            Some((_, target, _)) => (target, None),
            None => {
                let (_, target, attempt) = self.guessed.next(now, gate)?;
                // Some are deaf to a frame for them that carries a packet for a group: then as all others.
                (target, eui64_mac(target).filter(|_| attempt == 0))
            }
        };
        self.solicit(target, station, bytes).then_some(Transmit {
            to: target.into(),
            kind: PacketKind::NeighbourSolicitation,
            credential: None,
        })
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        let Input::Frame { frame, vlan } = input else {
            return Fit::NotMine;
        };
        let vlan = vlan.filter(|vlan| *vlan != 0); // IEEE 802.1Q, 9.6: 0 is a priority and no VLAN
        if frame.ether_type != ether_type::IPV6 || frame.source == self.mac || vlan != self.vlan {
            return Fit::NotMine;
        }
        match Ipv6Packet::parse(frame.payload) {
            Ok(packet) if packet.protocol == next_header::ICMPV6 && !packet.fragment => {
                self.take(frame, &packet)
            }
            Ok(_) => Fit::NotMine,
            Err(error) => {
                tracing::debug!(%error, source = %frame.source, "IPv6 packet is malformed");
                Fit::Ignored
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let sweeps = [self.listed.poll_timeout(), self.guessed.poll_timeout()];
        sweeps.into_iter().chain([self.calls.poll_timeout()]).flatten().min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.calls.handle_timeout(now);
        self.listed.handle_timeout(now);
        while let Some((address, tries)) = self.listed.poll_given_up() {
            self.say(address, Method::Ndp, Answer::Silent { tries });
        }
        self.guessed.handle_timeout(now);
        while self.guessed.poll_given_up().is_some() {
            self.counts.guessed_wrong += 1;
        }
    }

    fn poll_observation(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        self.calls.is_ready() || self.listed.is_ready() || self.guessed.is_ready()
    }

    fn is_idle(&self) -> bool {
        self.calls.is_over() && self.listed.is_idle() && self.guessed.is_idle()
    }
}

/// One of our addresses for each prefix, the link-local one first: hosts answer from an address of the same kind.
fn sources(own: &[OwnPrefix]) -> Vec<Ipv6Addr> {
    let mut prefixes = Vec::new();
    let mut sources = Vec::new();
    let (local, others): (Vec<&OwnPrefix>, Vec<_>) =
        own.iter().partition(|own| own.address.is_unicast_link_local());
    for own in local.into_iter().chain(others) {
        let Some(prefix) = OnLink::new(own.address, own.length) else { continue };
        if prefixes.contains(&prefix) {
            continue;
        }
        if sources.len() >= MOST_SOURCES {
            tracing::debug!(address = %own.address, "everybody is asked from other prefixes already");
            continue;
        }
        prefixes.push(prefix);
        sources.push(own.address);
    }
    sources
}

/// Whether one node can have it.
fn is_station(address: Ipv6Addr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && !address.is_loopback()
}

fn is_station_mac(mac: MacAddr) -> bool {
    !mac.is_multicast() && mac != MacAddr::ZERO
}

#[cfg(test)]
mod tests;
