//! SNMPv3 engine discovery (RFC 3414, section 4): an empty question that every engine answers with its id.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use herkomst_ids::EngineId;
use herkomst_model::{About, Answer, Engine, Fact, Method, PacketKind, Refusal, Why};
use herkomst_wire::snmp::{V3Message, emit_discovery, message_version};

use super::cookie::Cookies;
use super::{AGENT_PORT, is_final};
use crate::retry::Retry;
use crate::sweep::{State, Sweep};
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// Asks every target which engine it runs.
#[derive(Debug)]
pub struct EngineSweep {
    sweep: Sweep,
    cookies: Cookies,
    /// Targets that sent something else than an answer, and what was wrong with the first of it.
    broken: HashMap<IpAddr, Box<str>>,
    seen: VecDeque<Seen>,
}

impl EngineSweep {
    /// A sweep with no targets yet.
    pub fn new(retry: Retry, cookies: Cookies) -> Self {
        Self { sweep: Sweep::new(retry), cookies, broken: HashMap::new(), seen: VecDeque::new() }
    }

    /// Adds one target.
    pub fn add(&mut self, target: IpAddr) {
        self.sweep.add(target);
    }

    /// Adds targets in an order that a seed decides.
    pub fn add_shuffled(&mut self, targets: Vec<IpAddr>, seed: u64) {
        self.sweep.add_shuffled(targets, seed);
    }

    /// Asks a target no more that turns out to be one to be spared. What was asked already stays asked.
    pub fn spare(&mut self, target: IpAddr) {
        if let Some(slot) = self.sweep.slot(target)
            && self.sweep.close(slot)
        {
            let tries = self.sweep.tries(slot);
            let answer =
                if tries == 0 { Answer::NotAsked(Why::Fragile) } else { Answer::Silent { tries } };
            self.say(target, answer);
        }
    }

    /// Ends the questions to a target that no packet can be sent to.
    pub fn give_up(&mut self, target: IpAddr, why: Why) {
        if let Some(slot) = self.sweep.slot(target)
            && self.sweep.close(slot)
        {
            self.say(target, Answer::NotAsked(why));
        }
    }

    fn say(&mut self, address: IpAddr, answer: Answer<Fact>) {
        let about = About::Address(address);
        self.seen.push_back(Seen { method: Method::SnmpEngine, about, vlan: None, answer });
    }

    fn break_off(&mut self, from: IpAddr, what: &str) -> Fit {
        tracing::debug!(%from, what, "answer to engine discovery is malformed");
        self.broken.entry(from).or_insert_with(|| what.into());
        Fit::Ignored
    }

    /// A target that was given up may be in an interview by now: of what it sends, only a late answer to our own
    /// question is for us.
    fn is_late_answer(&self, from: SocketAddr, tries: u8, bytes: &[u8]) -> bool {
        from.port() == AGENT_PORT
            && message_version(bytes) == Ok(3)
            && V3Message::parse(bytes).is_ok_and(|message| {
                self.cookies.attempt(from.ip(), tries, message.msg_id).is_some()
                    && EngineId::new(message.usm.engine_id).is_some()
            })
    }

    fn take(&mut self, from: SocketAddr, bytes: &[u8]) -> Fit {
        let address = from.ip();
        let Some(slot) = self.sweep.slot(address) else {
            return Fit::NotMine;
        };
        let tries = self.sweep.tries(slot);
        let is_mine = match self.sweep.state(slot) {
            State::Open => tries > 0,
            State::Silent => self.is_late_answer(from, tries, bytes),
            State::Closed => false,
        };
        if !is_mine {
            return Fit::NotMine;
        }
        if from.port() != AGENT_PORT {
            return self.break_off(address, "answer comes from another port than 161");
        }
        let message = match V3Message::parse(bytes) {
            Ok(message) => message,
            Err(error) => return self.break_off(address, &error.to_string()),
        };
        if self.cookies.attempt(address, tries, message.msg_id).is_none() {
            return self.break_off(address, "answer carries another message id than was sent");
        }
        let Some(id) = EngineId::new(message.usm.engine_id) else {
            return self.break_off(
                address,
                "engine id has not 5 to 32 octets, or all are zero or all one (RFC 3411, 5)",
            );
        };
        self.sweep.close(slot);
        let boots = u32::try_from(message.usm.boots).unwrap_or(0);
        let time = u32::try_from(message.usm.time).unwrap_or(0);
        self.say(address, Answer::Is(Fact::Engine(Engine { id, boots, time })));
        Fit::Taken
    }
}

impl Probe for EngineSweep {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let (_, to, attempt) = self.sweep.next(now, gate)?;
        let id = self.cookies.request_id(to, attempt);
        bytes.clear();
        emit_discovery(bytes, id, id);
        Some(Transmit { to, kind: PacketKind::SnmpEngine, credential: None })
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        match input {
            Input::Datagram { from, bytes } => self.take(from, bytes),
            Input::Refused { to, code } if to.port() == AGENT_PORT => {
                let Some(slot) = self.sweep.slot(to.ip()) else {
                    return Fit::NotMine;
                };
                if self.sweep.tries(slot) == 0 || self.sweep.state(slot) != State::Open {
                    return Fit::NotMine;
                }
                if is_final(code) && self.sweep.close(slot) {
                    self.say(to.ip(), Answer::Refused(Refusal::Unreachable(code)));
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
            let answer = match self.broken.remove(&address) {
                Some(what) => Answer::Malformed(what),
                None => Answer::Silent { tries },
            };
            self.say(address, answer);
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
    use std::net::Ipv4Addr;

    use herkomst_wire::snmp::{Version, emit_discovery_report, emit_response};

    use super::*;
    use crate::sweep::tests::Open;

    const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));
    const ENGINE: [u8; 11] = [0x80, 0x00, 0x07, 0xdb, 0x03, 0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56];

    fn asked() -> (EngineSweep, i32) {
        let mut sweep = EngineSweep::new(Retry::of_millis(&[100]), Cookies::new([7; 16]));
        sweep.add(TARGET);
        let mut bytes = Vec::new();
        sweep.poll_transmit(Instant::now(), &mut Open, &mut bytes).unwrap();
        (sweep, V3Message::parse(&bytes).unwrap().msg_id)
    }

    fn report(id: i32) -> Vec<u8> {
        let mut bytes = Vec::new();
        emit_discovery_report(&mut bytes, id, id, &ENGINE, 3, 4711, 1);
        bytes
    }

    fn hear(sweep: &mut EngineSweep, ip: IpAddr, port: u16, bytes: &[u8]) -> Fit {
        sweep.handle_input(
            Instant::now(),
            Input::Datagram { from: SocketAddr::new(ip, port), bytes },
        )
    }

    #[test]
    fn a_report_names_the_engine() {
        let (mut sweep, id) = asked();
        assert_eq!(hear(&mut sweep, TARGET, 161, &report(id)), Fit::Taken);
        let Answer::Is(Fact::Engine(engine)) = sweep.poll_observation().unwrap().answer else {
            panic!("an engine was expected");
        };
        assert_eq!((engine.id.octets(), engine.boots, engine.time), (&ENGINE[..], 3, 4711));
        assert!(sweep.is_idle());
    }

    #[test]
    fn garbage_is_counted_and_does_not_end_the_wait() {
        let (mut sweep, id) = asked();
        assert_eq!(hear(&mut sweep, TARGET, 161, b"garbage"), Fit::Ignored);
        assert_eq!(hear(&mut sweep, TARGET, 161, &report(id ^ 1)), Fit::Ignored);
        assert_eq!(hear(&mut sweep, TARGET, 1161, &report(id)), Fit::Ignored);
        assert_eq!(hear(&mut sweep, [10, 0, 0, 8].into(), 161, &report(id)), Fit::NotMine);
        assert_eq!(hear(&mut sweep, TARGET, 161, &report(id)), Fit::Taken);
    }

    #[test]
    fn only_garbage_is_malformed_and_not_silent() {
        let (mut sweep, id) = asked();
        hear(&mut sweep, TARGET, 161, &report(id ^ 1));
        let until = sweep.poll_timeout().unwrap();
        sweep.handle_timeout(until);
        assert!(matches!(sweep.poll_observation().unwrap().answer, Answer::Malformed(_)));
    }

    fn given_up() -> (EngineSweep, i32) {
        let (mut sweep, id) = asked();
        let until = sweep.poll_timeout().unwrap();
        sweep.handle_timeout(until);
        assert_eq!(sweep.poll_observation().unwrap().answer, Answer::Silent { tries: 1 });
        (sweep, id)
    }

    #[test]
    fn after_giving_up_what_answers_an_interview_is_left_to_it() {
        let (mut sweep, id) = given_up();
        let mut v2c = Vec::new();
        emit_response(&mut v2c, Version::V2c, b"public", id, 0, 0, &[]);
        assert_eq!(hear(&mut sweep, TARGET, 161, &v2c), Fit::NotMine);
        assert_eq!(hear(&mut sweep, TARGET, 161, b"garbage"), Fit::NotMine);
        assert_eq!(hear(&mut sweep, TARGET, 161, &report(id ^ 1)), Fit::NotMine);
        assert_eq!(hear(&mut sweep, TARGET, 1161, &report(id)), Fit::NotMine);
        assert!(sweep.broken.is_empty(), "nobody would ever read it");
        assert_eq!(sweep.poll_observation(), None);
    }

    #[test]
    fn a_late_report_is_taken_once() {
        let (mut sweep, id) = given_up();
        assert_eq!(hear(&mut sweep, TARGET, 161, &report(id)), Fit::Taken);
        assert!(matches!(sweep.poll_observation().unwrap().answer, Answer::Is(Fact::Engine(_))));
        assert_eq!(hear(&mut sweep, TARGET, 161, &report(id)), Fit::NotMine);
    }

    fn refuse(sweep: &mut EngineSweep, code: u8) -> Fit {
        let refused = Input::Refused { to: SocketAddr::new(TARGET, 161), code };
        sweep.handle_input(Instant::now(), refused)
    }

    #[test]
    fn a_closed_port_and_a_prohibition_refuse() {
        for code in [2, 3, 9, 10, 13] {
            let (mut sweep, _) = asked();
            assert_eq!(refuse(&mut sweep, code), Fit::Taken);
            assert_eq!(
                sweep.poll_observation().unwrap().answer,
                Answer::Refused(Refusal::Unreachable(code))
            );
            assert_eq!(refuse(&mut sweep, code), Fit::NotMine, "it has ended");
        }
    }

    #[test]
    fn a_router_that_finds_no_way_does_not_end_the_questions() {
        for code in [0, 1, 4, 5, 11, 12] {
            let (mut sweep, id) = asked();
            assert_eq!(refuse(&mut sweep, code), Fit::Taken);
            assert_eq!((sweep.poll_observation(), sweep.is_idle()), (None, false), "{code}");
            assert_eq!(hear(&mut sweep, TARGET, 161, &report(id)), Fit::Taken);
            assert!(sweep.poll_observation().is_some());
        }
        let (mut sweep, _) = given_up();
        assert_eq!(refuse(&mut sweep, 3), Fit::NotMine, "it is for an interview");
        assert_eq!(sweep.poll_observation(), None);
    }
}
