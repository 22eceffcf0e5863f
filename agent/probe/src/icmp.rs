//! ICMP echo (RFC 792) to routed addresses.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Instant;

use herkomst_model::{About, Answer, Fact, Method, PacketKind, Refusal, Why};
use herkomst_wire::{Icmp, icmp_echo};

use crate::retry::Retry;
use crate::snmp::cookie::Cookies;
use crate::sweep::{State, Sweep};
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// Asks for an echo; the payload carries a cookie, so that only an answer to our question counts.
#[derive(Debug)]
pub struct EchoSweep {
    sweep: Sweep,
    cookies: Cookies,
    /// The identifier in each request; the kernel puts its own on datagram sockets and tells it.
    id: u16,
    seen: VecDeque<Seen>,
}

impl EchoSweep {
    /// A sweep with no targets yet.
    pub fn new(retry: Retry, cookies: Cookies, id: u16) -> Self {
        Self { sweep: Sweep::new(retry), cookies, id, seen: VecDeque::new() }
    }

    /// Adds targets in an order that a seed decides.
    pub fn add_shuffled(&mut self, targets: Vec<Ipv4Addr>, seed: u64) {
        self.sweep.add_shuffled(targets, seed);
    }

    /// Ends the questions to a target that no packet can be sent to.
    pub fn give_up(&mut self, target: Ipv4Addr, why: Why) {
        if let Some(slot) = self.sweep.slot(target)
            && self.sweep.close(slot)
        {
            self.say(target, Answer::NotAsked(why));
        }
    }

    fn payload(&self, to: Ipv4Addr, attempt: u8) -> [u8; 8] {
        let cookie = self.cookies.request_id(to, attempt).to_be_bytes();
        let mut payload = *b"\0\0\0\0echo";
        payload[..4].copy_from_slice(&cookie);
        payload
    }

    fn say(&mut self, address: Ipv4Addr, answer: Answer<Fact>) {
        self.seen.push_back(Seen {
            method: Method::Icmp,
            about: About::Address(address.into()),
            vlan: None,
            answer,
        });
    }
}

impl Probe for EchoSweep {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let (_, to, attempt) = self.sweep.next(now, gate)?;
        bytes.clear();
        icmp_echo(bytes, false, self.id, u16::from(attempt), &self.payload(to, attempt));
        Some(Transmit { to, kind: PacketKind::IcmpEcho, credential: None })
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        let Input::Icmp { from, icmp } = input else {
            return Fit::NotMine;
        };
        match icmp {
            Icmp::EchoReply(echo) if echo.id == self.id => {
                let Some(slot) = self.sweep.slot(from) else {
                    return Fit::NotMine;
                };
                let tries = self.sweep.tries(slot);
                if !(0..tries).any(|attempt| echo.payload == self.payload(from, attempt)) {
                    return Fit::Ignored;
                }
                let known = self.sweep.state(slot) == State::Closed;
                self.sweep.close(slot);
                if !known {
                    self.say(from, Answer::Is(Fact::Echo));
                }
                Fit::Taken
            }
            Icmp::Unreachable { code, original: Some(original) } if original.protocol == 1 => {
                let Some(slot) = self.sweep.slot(original.destination) else {
                    return Fit::NotMine;
                };
                // A router on the way may be wrong for a moment, the next try decides: only the host's own
                // refusal and "administratively prohibited" (9, 10, 13) end the questions.
                let is_final = from == original.destination || matches!(code, 9 | 10 | 13);
                if is_final && self.sweep.tries(slot) > 0 && self.sweep.close(slot) {
                    self.say(original.destination, Answer::Refused(Refusal::Unreachable(*code)));
                }
                Fit::Taken
            }
            _ => Fit::NotMine,
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.sweep.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sweep.handle_timeout(now);
        while let Some((address, tries)) = self.sweep.poll_given_up() {
            self.say(address, Answer::Silent { tries });
        }
    }

    fn poll_observation(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        self.sweep.is_ready()
    }

    fn is_idle(&self) -> bool {
        self.sweep.is_idle()
    }
}

#[cfg(test)]
mod tests {
    use herkomst_wire::Echo;

    use super::*;
    use crate::sweep::tests::Open;

    const TARGET: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 7);

    fn asked() -> (EchoSweep, Vec<u8>) {
        let mut sweep = EchoSweep::new(Retry::echo(), Cookies::new([7; 16]), 0x4242);
        sweep.add_shuffled(vec![TARGET], 0);
        let mut bytes = Vec::new();
        sweep.poll_transmit(Instant::now(), &mut Open, &mut bytes).unwrap();
        (sweep, bytes)
    }

    fn hear(sweep: &mut EchoSweep, from: Ipv4Addr, id: u16, payload: &[u8]) -> Fit {
        let icmp = Icmp::EchoReply(Echo { id, sequence: 0, payload });
        sweep.handle_input(Instant::now(), Input::Icmp { from, icmp: &icmp })
    }

    #[test]
    fn only_our_own_payload_counts_as_an_answer() {
        let (mut sweep, bytes) = asked();
        let payload = bytes[8..].to_vec();
        assert_eq!(hear(&mut sweep, TARGET, 0x4242, b"\0\0\0\0echo"), Fit::Ignored);
        assert_eq!(hear(&mut sweep, TARGET, 1, &payload), Fit::NotMine);
        assert_eq!(hear(&mut sweep, Ipv4Addr::new(10, 9, 0, 8), 0x4242, &payload), Fit::NotMine);
        assert_eq!(sweep.poll_observation(), None);
        assert_eq!(hear(&mut sweep, TARGET, 0x4242, &payload), Fit::Taken);
        assert_eq!(sweep.poll_observation().unwrap().answer, Answer::Is(Fact::Echo));
        assert!(sweep.is_idle());
    }
}
