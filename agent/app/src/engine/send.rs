//! The way out: from the probes and sessions through the gate, the receipt and the choice of frame or datagram.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use herkomst_model::{PacketKind, Why};
use herkomst_probe::pacer::Pacer;
use herkomst_probe::snmp::AGENT_PORT;
use herkomst_probe::{Gate, Probe, Transmit};
use herkomst_wire::{Ipv6Way, WireError, udp_frame, udp6_frame};

use super::book::Book;
use super::ports::{Unsent, Waiting};
use super::session::Outgoing;
use super::{Engine, EngineError, questions};

/// How many packets are taken from the probes before the sockets are looked at again: a burst of answers to so many
/// fits the smallest receive buffer.
const BATCH: usize = 64;
/// How many routers a datagram to a neighbour may pass: none is on its way, and some hosts look at it.
const HOPS: u8 = 64;

/// The gate of the probes: targets alone, at the pace of the pacer.
struct PacedGate<'a> {
    pacer: &'a mut Pacer,
    book: &'a Book,
}

impl Gate for PacedGate<'_> {
    fn admits(&mut self, to: IpAddr, now: Instant) -> bool {
        self.book.zone(to).is_some_and(|zone| self.pacer.admits(to, zone, now))
    }

    fn forbids(&self, to: IpAddr) -> bool {
        self.book.zone(to).is_none()
    }
}

impl Engine {
    /// Takes what is due from the probes and hands it to the kernel; says whether anything was taken.
    pub(super) fn transmit(&mut self, now: Instant) -> Result<bool, EngineError> {
        let mut any = false;
        for _ in 0..BATCH {
            let sent =
                self.transmit_session(now) || self.transmit_probe(now) || self.transmit_frame(now);
            if !sent {
                break;
            }
            any = true;
        }
        for unsent in self.ports.flush(now)? {
            self.unsent(&unsent);
        }
        Ok(any)
    }

    /// The first waiting message of a session that the gate admits.
    fn transmit_session(&mut self, now: Instant) -> bool {
        let mut gate = PacedGate { pacer: &mut self.pacer, book: &self.book };
        let admitted =
            self.sessions.outgoing.iter().take(BATCH).position(|one| gate.admits(one.to, now));
        let Some(outgoing) = admitted.and_then(|place| self.sessions.outgoing.remove(place)) else {
            return false;
        };
        let Outgoing { to, credential, bytes, sent } = outgoing;
        let credential = self.credential_names.get(credential).cloned();
        self.dispatch(Transmit { to, kind: PacketKind::SnmpUser, credential }, &bytes);
        // A session that is gone does not wait for it.
        let _ = sent.send(());
        true
    }

    fn transmit_probe(&mut self, now: Instant) -> bool {
        // What the kernel does not take must not pile up here.
        if self.ports.is_full(BATCH) {
            return false;
        }
        let mut bytes = Vec::new();
        let mut gate = PacedGate { pacer: &mut self.pacer, book: &self.book };
        let interviews = self.interviews.poll_transmit(now, &mut gate, &mut bytes);
        let transmit = interviews
            .or_else(|| self.discovery.poll_transmit(now, &mut gate, &mut bytes))
            .or_else(|| self.echo.poll_transmit(now, &mut gate, &mut bytes))
            .or_else(|| {
                let mut questions = self.questions.iter_mut();
                questions.find_map(|asking| asking.probe.poll_transmit(now, &mut gate, &mut bytes))
            });
        match transmit {
            Some(transmit) => self.dispatch(transmit, &bytes),
            None => return false,
        }
        true
    }

    /// One frame of a sweep; the sweeps take turns, so that no interface takes the whole rate.
    fn transmit_frame(&mut self, now: Instant) -> bool {
        let mut gate = PacedGate { pacer: &mut self.pacer, book: &self.book };
        let (sweeps, count) = (self.sweeps.len(), self.sweeps.len() + self.links.len());
        for turn in 0..count {
            let place = (self.next_sweep + turn) % count;
            let (probe, wire): (&mut dyn Probe, usize) = match place.checked_sub(sweeps) {
                None => {
                    let sweep = &mut self.sweeps[place];
                    (&mut sweep.probe, sweep.wire)
                }
                Some(link) => {
                    let link = &mut self.links[link];
                    (&mut link.probe, link.wire)
                }
            };
            let wire = &mut self.ports.wires[wire];
            if wire.down.is_some() || wire.outbox.len() >= BATCH {
                continue;
            }
            let mut bytes = wire.outbox.buffer();
            let Some(transmit) = probe.poll_transmit(now, &mut gate, &mut bytes) else {
                wire.outbox.take_back(bytes);
                continue;
            };
            let to = SocketAddr::new(transmit.to, 0);
            wire.outbox.push(Waiting { to, kind: transmit.kind, bytes });
            self.book.sent(&transmit);
            self.next_sweep = place + 1;
            return true;
        }
        false
    }

    /// Writes the receipt and chooses frame or datagram.
    fn dispatch(&mut self, transmit: Transmit, bytes: &[u8]) {
        self.book.sent(&transmit);
        let Transmit { to, kind, .. } = transmit;
        if matches!(kind, PacketKind::SnmpEngine | PacketKind::SnmpCommunity | PacketKind::SnmpUser)
        {
            self.elsewhere.asked(to, bytes);
        }
        let agent = SocketAddr::new(to, questions::port(kind).unwrap_or(AGENT_PORT));
        let waiting = || Waiting { to: agent, kind, bytes: bytes.to_vec() };
        if kind == PacketKind::IcmpEcho {
            match self.ports.echo.to(to) {
                Some(door) => door.outbox.push_back(waiting()),
                None => {
                    self.unsent(&Unsent { to, kind, error: ErrorKind::PermissionDenied.into() })
                }
            }
            return;
        }
        let (Some(station), Some(held)) = (self.stations.get(&to), &self.ports.held) else {
            match self.ports.datagrams.to(to) {
                Some(door) => door.outbox.push_back(waiting()),
                None => {
                    self.unsent(&Unsent { to, kind, error: ErrorKind::NetworkUnreachable.into() })
                }
            }
            return;
        };
        let from = SocketAddr::new(station.source, held.port());
        let wire = &mut self.ports.wires[station.wire];
        let mut frame = wire.outbox.buffer();
        let made = match (from, agent) {
            (SocketAddr::V4(from), SocketAddr::V4(agent)) => {
                udp_frame(&mut frame, wire.mac, station.mac, station.vlan, from, agent, bytes)
            }
            (SocketAddr::V6(from), SocketAddr::V6(agent)) => {
                let way = Ipv6Way {
                    source_mac: wire.mac,
                    destination_mac: station.mac,
                    vlan: station.vlan,
                    source: *from.ip(),
                    destination: *agent.ip(),
                    hop_limit: HOPS,
                };
                udp6_frame(&mut frame, &way, from.port(), agent.port(), bytes)
            }
            // A station has an address of ours of its own version.
            _ => Err(WireError::Checksum { what: "addresses" }),
        };
        match made {
            Ok(()) => wire.outbox.push(Waiting { to: agent, kind, bytes: frame }),
            Err(error) => {
                tracing::debug!(%to, %error, "a request of ours fits no frame");
                self.unsent(&Unsent { to, kind, error: ErrorKind::InvalidInput.into() });
            }
        }
    }

    /// A packet did not leave: it is taken out of the receipt, and the target is not asked that way again.
    fn unsent(&mut self, unsent: &Unsent) {
        tracing::debug!(to = %unsent.to, error = %unsent.error, "packet did not leave");
        self.book.not_sent(unsent.to, unsent.kind);
        let why = match unsent.error.kind() {
            ErrorKind::PermissionDenied => Why::NoPermission,
            _ => Why::NoRoute,
        };
        match unsent.kind {
            // The sweep itself goes on to the next try, or is over with its wire.
            PacketKind::ArpRequest
            | PacketKind::NeighbourSolicitation
            | PacketKind::Icmpv6Echo
            | PacketKind::MldQuery => {}
            PacketKind::IcmpEcho => self.echo.give_up(unsent.to, why),
            PacketKind::SnmpEngine => self.discovery.give_up(unsent.to, why),
            PacketKind::SnmpCommunity => self.interviews.give_up(unsent.to, why),
            PacketKind::SnmpUser => {
                // Nobody refused anything: the interview is over, and its session only has to be told to end.
                self.interviews.give_up(unsent.to, why);
                self.sessions.refuse(unsent.to, 0);
            }
            kind @ (PacketKind::Sadp
            | PacketKind::Dhip
            | PacketKind::Onvif
            | PacketKind::Ssdp
            | PacketKind::Mdns) => self.question_unsent(unsent.to, kind, why),
        }
    }
}
