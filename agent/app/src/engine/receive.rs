//! The way in: frames, datagrams and ICMP messages to the probes and sessions that wait for them.
//!
//! Each round reads a bounded amount, whatever a neighbour sends, so that the clock, the sending and the end of the
//! scan get their turn.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use herkomst_model::Observation;
use herkomst_net::{ErrorOrigin, ReceivedFrame};
use herkomst_probe::nd::OwnPrefix;
use herkomst_probe::{Fit, Input, Probe};
use herkomst_wire::ipv6::next_header;
use herkomst_wire::{
    EthernetFrame, Icmp, Icmpv6, Ipv4Packet, Ipv6Packet, UdpDatagram, ether_type, protocol,
    refusal_code,
};

use super::{Engine, EngineError};

/// What a frame with an IP packet brings.
enum FromIp<'a> {
    Datagram(SocketAddr, &'a [u8]),
    Refused(SocketAddr, u8),
}

impl Engine {
    /// Reads what has come in, up to a bound; says whether there may be more.
    pub(super) fn receive(
        &mut self,
        observations: &mut Vec<Observation>,
    ) -> Result<bool, EngineError> {
        let mut more = false;
        for wire in 0..self.ports.wires.len() {
            more |= self.receive_frames(wire);
            self.collect_wire(wire, observations);
        }
        more |= self.receive_datagrams()?;
        more |= self.receive_echoes()?;
        Ok(more)
    }

    /// Offers an input to the probes that ask over IP, and to the sessions.
    fn offer(&mut self, now: Instant, input: Input<'_>) {
        let origin = match input {
            Input::Datagram { from, bytes } => self.elsewhere.origin(from, bytes),
            _ => None,
        };
        let input = match (input, origin) {
            (Input::Datagram { bytes, .. }, Some(from)) => Input::Datagram { from, bytes },
            (input, _) => input,
        };
        let mut fit = self.offer_to_questions(now, input);
        if fit == Fit::NotMine {
            fit = self.discovery.handle_input(now, input);
        }
        if fit == Fit::NotMine {
            fit = self.interviews.handle_input(now, input);
        }
        if fit == Fit::NotMine {
            let delivered = match input {
                Input::Datagram { from, bytes } => self.sessions.deliver(from, bytes),
                Input::Refused { to, code } => self.sessions.refuse(to.ip(), code),
                Input::Frame { .. } | Input::Icmp { .. } | Input::Icmpv6 { .. } => true,
            };
            fit = if delivered { Fit::Taken } else { Fit::Ignored };
        }
        self.book.ignored += u64::from(fit == Fit::Ignored);
        self.elsewhere.taken += u64::from(fit == Fit::Taken && origin.is_some());
    }

    fn receive_datagrams(&mut self) -> Result<bool, EngineError> {
        let mut datagrams: Vec<(SocketAddr, Vec<u8>)> = Vec::new();
        let mut refused: Vec<(SocketAddr, u8)> = Vec::new();
        let mut count = 0;
        for door in self.ports.datagrams.iter_mut() {
            let port = door.port.get_mut();
            count += port.receive(&mut |from, bytes| datagrams.push((from, bytes.to_vec())))?;
            count += port.errors(&mut |to, error| {
                if let ErrorOrigin::Icmp { kind, code, from }
                | ErrorOrigin::Icmpv6 { kind, code, from } = error.origin
                    && let Some(code) = refusal(to.is_ipv4(), kind, code)
                    && is_final(code, from, to.ip())
                {
                    refused.push((to, code));
                }
            })?;
        }
        let now = Instant::now();
        for (from, bytes) in &datagrams {
            self.offer(now, Input::Datagram { from: *from, bytes });
        }
        for (to, code) in refused {
            self.offer(now, Input::Refused { to, code });
        }
        Ok(count > 0)
    }

    fn receive_echoes(&mut self) -> Result<bool, EngineError> {
        let mut echoes: Vec<(IpAddr, Vec<u8>)> = Vec::new();
        let mut count = 0;
        for door in self.ports.echo.iter_mut() {
            let port = door.port.get_mut();
            count += port.receive(&mut |from, bytes| echoes.push((from.ip(), bytes.to_vec())))?;
            count += port.errors(&mut |_, _| ())?;
        }
        let now = Instant::now();
        for (from, bytes) in &echoes {
            // A raw socket hears every ICMP message to this host; what no probe asked for is not ours to count.
            let fit = match *from {
                IpAddr::V4(from) => Icmp::parse(bytes)
                    .map(|icmp| self.echo.handle_input(now, Input::Icmp { from, icmp: &icmp })),
                IpAddr::V6(from) => Icmpv6::parse_of_socket(bytes)
                    .map(|icmp| self.echo.handle_input(now, Input::Icmpv6 { from, icmp: &icmp })),
            };
            self.book.ignored += u64::from(fit == Ok(Fit::Ignored));
        }
        Ok(count > 0)
    }

    /// At most one round of the ring.
    fn receive_frames(&mut self, wire: usize) -> bool {
        let now = Instant::now();
        let held = self.ports.held.as_ref().map(herkomst_net::HeldPort::port);
        // Frames lie in the ring while they are read; what needs the whole engine is kept for afterwards.
        let mut datagrams: Vec<(SocketAddr, Vec<u8>)> = Vec::new();
        let mut refused: Vec<(SocketAddr, u8)> = Vec::new();
        let ours_vlan = self.vlan;
        let (sweeps, links) = (&mut self.sweeps, &mut self.links);
        let (heard, book) = (&mut self.heard[wire], &mut self.book);
        let port = self.ports.wires[wire].port.get_mut();
        let mut visit = |received: ReceivedFrame<'_>| {
            let Ok(frame) = EthernetFrame::parse(received.bytes) else {
                book.ignored += 1;
                return;
            };
            // The lower 12 bits are the VLAN; 0 is a priority tag alone (IEEE 802.1Q-2018, 9.6).
            let tag = received.vlan.map(|tag| tag & 0x0fff);
            let vlan = tag.or(frame.vlan).filter(|vlan| *vlan != 0);
            let input = Input::Frame { frame: &frame, vlan };
            let fit = match frame.ether_type {
                ether_type::ARP => {
                    let mine = sweeps.iter_mut().filter(|sweep| sweep.wire == wire);
                    let mut fits = mine.map(|sweep| sweep.probe.handle_input(now, input));
                    let taken = fits.find(|fit| *fit != Fit::NotMine);
                    taken.unwrap_or_else(|| heard.hear(&frame, vlan, received.checksum_pending))
                }
                ether_type::IPV6 => {
                    let mut fit = Fit::NotMine;
                    for link in links.iter_mut().filter(|link| link.wire == wire) {
                        let own = link.probe.handle_input(now, input);
                        if fit == Fit::NotMine {
                            fit = own;
                        }
                        if vlan == ours_vlan {
                            match read_ipv6(
                                frame.payload,
                                held,
                                &link.link.own,
                                received.checksum_pending,
                            ) {
                                Some(FromIp::Datagram(from, bytes)) => {
                                    datagrams.push((from, bytes.to_vec()));
                                    fit = Fit::Taken;
                                }
                                Some(FromIp::Refused(to, code)) => {
                                    refused.push((to, code));
                                    fit = Fit::Taken;
                                }
                                None => {}
                            }
                        }
                    }
                    // What answers us tells others of itself, too.
                    match (heard.hear(&frame, vlan, received.checksum_pending), fit) {
                        (said, Fit::NotMine) => said,
                        (_, fit) => fit,
                    }
                }
                ether_type::IPV4 if vlan == ours_vlan => {
                    let ours =
                        sweeps.iter().filter(|sweep| sweep.wire == wire).map(|sweep| sweep.source);
                    match read_ipv4(frame.payload, held, ours, received.checksum_pending) {
                        Some(FromIp::Datagram(from, bytes)) => {
                            datagrams.push((from, bytes.to_vec()))
                        }
                        Some(FromIp::Refused(to, code)) => refused.push((to, code)),
                        // Not to our port: what a network says to all.
                        None => {
                            return book.count(heard.hear(&frame, vlan, received.checksum_pending));
                        }
                    }
                    Fit::Taken
                }
                _ => heard.hear(&frame, vlan, received.checksum_pending),
            };
            book.count(fit);
        };
        let count = port.receive(&mut visit);
        for (from, bytes) in &datagrams {
            self.offer(now, Input::Datagram { from: *from, bytes });
        }
        for (to, code) in refused {
            self.offer(now, Input::Refused { to, code });
        }
        count > 0
    }
}

/// The code of an ICMP destination unreachable; for ICMPv6 the one that says the same (RFC 7915, 5.2).
fn refusal(is_ipv4: bool, kind: u8, code: u8) -> Option<u8> {
    match (is_ipv4, kind, code) {
        (true, 3, code) => Some(code),
        (true, ..) => None,
        (false, ..) => refusal_code(kind, code),
    }
}

/// Whether an ICMP destination unreachable ends the questions (RFC 792, RFC 1812, 5.2.7.1): port and protocol only from
/// the host itself, "administratively prohibited" from anybody on the way. That a host or net cannot be reached may pass,
/// and is also what this host's own kernel says when nobody answers its ARP.
fn is_final(code: u8, from: Option<IpAddr>, target: IpAddr) -> bool {
    match code {
        2 | 3 => from.is_none_or(|from| from == target),
        9 | 10 | 13 => true,
        _ => false,
    }
}

/// The same over IPv6.
fn read_ipv6<'a>(
    payload: &'a [u8],
    held: Option<u16>,
    ours: &[OwnPrefix],
    checksum_pending: bool,
) -> Option<FromIp<'a>> {
    let packet = Ipv6Packet::parse(payload).ok()?;
    let is_ours = |address| ours.iter().any(|own| own.address == address);
    if packet.fragment || !is_ours(packet.destination) {
        return None;
    }
    match packet.protocol {
        next_header::UDP => {
            let datagram = if checksum_pending {
                UdpDatagram::parse_without_checksum(packet.payload).ok()?
            } else {
                UdpDatagram::parse_v6(&packet).ok()?
            };
            let from = SocketAddr::new(packet.source.into(), datagram.source_port);
            let is_for_us = Some(datagram.destination_port) == held;
            is_for_us.then_some(FromIp::Datagram(from, datagram.payload))
        }
        next_header::ICMPV6 => match Icmpv6::parse(&packet).ok()? {
            Icmpv6::Unreachable { code, original: Some(original) }
                if original.protocol == next_header::UDP
                    && original.destination == packet.source =>
            {
                let (port, agent) = original.ports?;
                let is_of_ours = Some(port) == held && is_ours(original.source);
                let to = SocketAddr::new(original.destination.into(), agent);
                is_of_ours.then_some(FromIp::Refused(to, refusal_code(1, code)?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Reads a packet to our held port, or the refusal of one that we sent from it: on a segment, only the target itself
/// may refuse, and only what one of our own addresses sent.
fn read_ipv4(
    payload: &[u8],
    held: Option<u16>,
    mut ours: impl Iterator<Item = Ipv4Addr>,
    checksum_pending: bool,
) -> Option<FromIp<'_>> {
    let packet = Ipv4Packet::parse(payload).ok()?;
    if packet.fragment {
        return None;
    }
    match packet.protocol {
        protocol::UDP => {
            let datagram = if checksum_pending {
                UdpDatagram::parse_without_checksum(packet.payload).ok()?
            } else {
                UdpDatagram::parse(packet.payload, packet.source, packet.destination).ok()?
            };
            let from = SocketAddr::new(packet.source.into(), datagram.source_port);
            let is_for_us = Some(datagram.destination_port) == held;
            is_for_us.then_some(FromIp::Datagram(from, datagram.payload))
        }
        protocol::ICMP => match Icmp::parse(packet.payload).ok()? {
            Icmp::Unreachable { code, original: Some(original) }
                if original.protocol == protocol::UDP && original.destination == packet.source =>
            {
                let (port, agent) = original.ports?;
                let is_of_ours =
                    Some(port) == held && ours.any(|address| address == original.source);
                let to = SocketAddr::new(original.destination.into(), agent);
                is_of_ours.then_some(FromIp::Refused(to, code))
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lasting_no_from_the_right_mouth_ends_the_questions() {
        let (target, router) = (IpAddr::from([10, 0, 0, 7]), IpAddr::from([10, 0, 0, 1]));
        assert!(is_final(3, Some(target), target));
        assert!(!is_final(3, Some(router), target), "a router cannot know its ports");
        assert!(!is_final(1, Some(router), target), "a host may be back for the next try");
        assert!(is_final(13, Some(router), target));
    }
}
