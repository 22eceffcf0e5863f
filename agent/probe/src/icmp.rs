//! ICMP and ICMPv6 echo (RFC 792, RFC 4443) to routed addresses.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use herkomst_model::{About, Answer, Fact, Method, PacketKind, Refusal, Why};
use herkomst_wire::ipv6::next_header;
use herkomst_wire::{Icmp, Icmpv6, icmp_echo, icmpv6_echo, refusal_code};

use crate::retry::Retry;
use crate::snmp::cookie::Cookies;
use crate::sweep::{State, Sweep};
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// The identifiers in requests; the kernel puts its own on datagram sockets and tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EchoIds {
    /// Over IPv4.
    pub v4: u16,
    /// Over IPv6.
    pub v6: u16,
}

/// Asks for an echo; the payload carries a cookie, so that only an answer to our question counts. Over IPv6 the checksum
/// is left to the kernel (RFC 3542, 3.1).
#[derive(Debug)]
pub struct EchoSweep {
    sweep: Sweep,
    cookies: Cookies,
    ids: EchoIds,
    seen: VecDeque<Seen>,
}

impl EchoSweep {
    /// A sweep with no targets yet.
    pub fn new(retry: Retry, cookies: Cookies, ids: EchoIds) -> Self {
        Self { sweep: Sweep::new(retry), cookies, ids, seen: VecDeque::new() }
    }

    /// Adds a target.
    pub fn add(&mut self, target: IpAddr) {
        self.sweep.add(target);
    }

    /// Adds targets in an order that a seed decides.
    pub fn add_shuffled(&mut self, targets: Vec<IpAddr>, seed: u64) {
        self.sweep.add_shuffled(targets, seed);
    }

    /// Ends the questions to a target that no packet can be sent to.
    pub fn give_up(&mut self, target: IpAddr, why: Why) {
        if let Some(slot) = self.sweep.slot(target)
            && self.sweep.close(slot)
        {
            self.say(target, Answer::NotAsked(why));
        }
    }

    fn payload(&self, to: IpAddr, attempt: u8) -> [u8; 8] {
        let cookie = self.cookies.request_id(to, attempt).to_be_bytes();
        let mut payload = *b"\0\0\0\0echo";
        payload[..4].copy_from_slice(&cookie);
        payload
    }

    fn say(&mut self, address: IpAddr, answer: Answer<Fact>) {
        self.seen.push_back(Seen {
            method: Method::Icmp,
            about: About::Address(address),
            vlan: None,
            answer,
        });
    }
}

impl EchoSweep {
    fn answered(&mut self, from: IpAddr, payload: &[u8]) -> Fit {
        let Some(slot) = self.sweep.slot(from) else {
            return Fit::NotMine;
        };
        let tries = self.sweep.tries(slot);
        if !(0..tries).any(|attempt| payload == self.payload(from, attempt)) {
            return Fit::Ignored;
        }
        let known = self.sweep.state(slot) == State::Closed;
        self.sweep.close(slot);
        if !known {
            self.say(from, Answer::Is(Fact::Echo));
        }
        Fit::Taken
    }

    /// `code` is that of RFC 792.
    fn refused(&mut self, from: IpAddr, target: IpAddr, code: u8) -> Fit {
        let Some(slot) = self.sweep.slot(target) else {
            return Fit::NotMine;
        };
        // A router on the way may be wrong for a moment, the next try decides: only the host's own refusal and
        // "administratively prohibited" (9, 10, 13) end the questions.
        let is_final = from == target || matches!(code, 9 | 10 | 13);
        if is_final && self.sweep.tries(slot) > 0 && self.sweep.close(slot) {
            self.say(target, Answer::Refused(Refusal::Unreachable(code)));
        }
        Fit::Taken
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
        let (sequence, payload) = (u16::from(attempt), self.payload(to, attempt));
        match to {
            IpAddr::V4(_) => icmp_echo(bytes, false, self.ids.v4, sequence, &payload),
            IpAddr::V6(_) => icmpv6_echo(bytes, false, self.ids.v6, sequence, &payload),
        }
        Some(Transmit { to, kind: PacketKind::IcmpEcho, credential: None })
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        match input {
            Input::Icmp { from, icmp: Icmp::EchoReply(echo) } if echo.id == self.ids.v4 => {
                self.answered(from.into(), echo.payload)
            }
            Input::Icmpv6 { from, icmp: Icmpv6::EchoReply(echo) } if echo.id == self.ids.v6 => {
                self.answered(from.into(), echo.payload)
            }
            Input::Icmp { from, icmp: Icmp::Unreachable { code, original: Some(original) } }
                if original.protocol == 1 =>
            {
                self.refused(from.into(), original.destination.into(), *code)
            }
            Input::Icmpv6 {
                from,
                icmp: Icmpv6::Unreachable { code, original: Some(original) },
            } if original.protocol == next_header::ICMPV6 => match refusal_code(1, *code) {
                Some(code) => self.refused(from.into(), original.destination.into(), code),
                None => Fit::NotMine,
            },
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
    use std::net::{Ipv4Addr, Ipv6Addr};

    use herkomst_wire::Echo;

    use super::*;
    use crate::sweep::tests::Open;

    const TARGET: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 7);
    const IDS: EchoIds = EchoIds { v4: 0x4242, v6: 0x6666 };

    fn asked(target: IpAddr) -> (EchoSweep, Vec<u8>) {
        let mut sweep = EchoSweep::new(Retry::echo(), Cookies::new([7; 16]), IDS);
        sweep.add_shuffled(vec![target], 0);
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
        let (mut sweep, bytes) = asked(TARGET.into());
        let payload = bytes[8..].to_vec();
        assert_eq!(hear(&mut sweep, TARGET, 0x4242, b"\0\0\0\0echo"), Fit::Ignored);
        assert_eq!(hear(&mut sweep, TARGET, 1, &payload), Fit::NotMine);
        assert_eq!(hear(&mut sweep, Ipv4Addr::new(10, 9, 0, 8), 0x4242, &payload), Fit::NotMine);
        assert_eq!(sweep.poll_observation(), None);
        assert_eq!(hear(&mut sweep, TARGET, 0x4242, &payload), Fit::Taken);
        assert_eq!(sweep.poll_observation().unwrap().answer, Answer::Is(Fact::Echo));
        assert!(sweep.is_idle());
    }

    #[test]
    fn the_same_holds_over_ipv6() {
        let target: Ipv6Addr = "2001:db8::7".parse().unwrap();
        let (mut sweep, bytes) = asked(target.into());
        assert_eq!((&bytes[..2], &bytes[4..6]), (&[128, 0][..], &[0x66, 0x66][..]));
        let hear = |sweep: &mut EchoSweep, from, payload: &[u8]| {
            let icmp = Icmpv6::EchoReply(Echo { id: 0x6666, sequence: 0, payload });
            sweep.handle_input(Instant::now(), Input::Icmpv6 { from, icmp: &icmp })
        };
        assert_eq!(hear(&mut sweep, target, b"\0\0\0\0echo"), Fit::Ignored);
        assert_eq!(hear(&mut sweep, "2001:db8::8".parse().unwrap(), &bytes[8..]), Fit::NotMine);
        assert_eq!(hear(&mut sweep, target, &bytes[8..]), Fit::Taken);
        assert_eq!(sweep.poll_observation().unwrap().answer, Answer::Is(Fact::Echo));
    }

    #[test]
    fn a_refusal_over_ipv6_counts_from_whom_it_may() {
        let target: Ipv6Addr = "2001:db8::7".parse().unwrap();
        for (from, code, ends) in [
            (target, 4, true),
            (target, 3, true),
            ("2001:db8::1".parse().unwrap(), 3, false),
            ("2001:db8::1".parse().unwrap(), 1, true),
        ] {
            let (mut sweep, bytes) = asked(target.into());
            // What was refused, as it is quoted: the header of IPv6 and our message.
            let mut message = vec![1, code, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 16, 58, 64];
            message.extend([0; 16]);
            message.extend(target.octets());
            message.extend(&bytes);
            let icmp = Icmpv6::parse_of_socket(&message).unwrap();
            sweep.handle_input(Instant::now(), Input::Icmpv6 { from, icmp: &icmp });
            assert_eq!(sweep.poll_observation().is_some(), ends, "{from} {code}");
        }
    }
}
