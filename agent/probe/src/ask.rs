//! Questions about themselves to devices that the operator names for it, one after the other: what cameras, printers and
//! services would tell everybody on their segment, asked of one address alone, and so through routers too.
//!
//! The operator switches each question on for each group of targets, since it is one more service of the device that is woken.
//! Several datagrams may be one answer. It counts from another port too, as SSDP and WS-Discovery allow, but never from another
//! address. A host that says over multicast DNS what it offers is asked once more, for who offers it: there its product stands.
//!
//! An answer that does not fit one datagram of the network comes in fragments, and is not put together where frames are read.

mod question;

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use herkomst_model::{About, Announcement, Answer, Fact, Refusal, Why};

pub use self::question::Question;
use self::question::{Unfit, emit_more, more_of, read_more};
use crate::retry::Retry;
use crate::snmp::cookie::Cookies;
use crate::snmp::is_final;
use crate::sweep::Sweep;
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// The datagrams that one device is heard out for: one that sends more has no more to say.
const MOST_DATAGRAMS: usize = 16;
/// How long the rest of an answer may take.
const REST: Duration = Duration::from_millis(500);

/// Puts one question to many targets.
#[derive(Debug)]
pub struct Ask {
    question: Question,
    cookies: Cookies,
    sweep: Sweep<IpAddr>,
    /// Who is asked once more, and for which names.
    more: Sweep<IpAddr>,
    names: HashMap<IpAddr, Vec<String>>,
    /// What the datagrams were that each device sent, as hashes.
    heard: HashMap<IpAddr, Vec<u64>>,
    /// Targets that sent something else than an answer, and what was wrong with the first of it.
    broken: HashMap<IpAddr, Box<str>>,
    /// Until when more of the last answer may come.
    rest: Option<Instant>,
    seen: VecDeque<Seen>,
}

impl Ask {
    /// A question with no targets yet.
    pub fn new(question: Question, retry: Retry, cookies: Cookies) -> Self {
        Self {
            question,
            cookies,
            sweep: Sweep::new(retry.clone()),
            more: Sweep::new(retry),
            names: HashMap::new(),
            heard: HashMap::new(),
            broken: HashMap::new(),
            rest: None,
            seen: VecDeque::new(),
        }
    }

    /// What is asked.
    pub fn question(&self) -> Question {
        self.question
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
        self.stop(target, |tries| {
            if tries == 0 { Answer::NotAsked(Why::Fragile) } else { Answer::Silent { tries } }
        });
    }

    /// Ends the questions to a target that no packet can be sent to.
    pub fn give_up(&mut self, target: IpAddr, why: Why) {
        self.stop(target, |_| Answer::NotAsked(why));
    }

    fn stop(&mut self, target: IpAddr, answer: impl FnOnce(u8) -> Answer<Fact>) {
        if let Some(slot) = self.more.slot(target) {
            self.more.close(slot);
        }
        if let Some(slot) = self.sweep.slot(target)
            && self.sweep.close(slot)
        {
            let tries = self.sweep.tries(slot);
            self.say(target, answer(tries));
        }
    }

    fn say(&mut self, target: IpAddr, answer: Answer<Fact>) {
        let (method, about) = (self.question.method(), About::Address(target));
        self.seen.push_back(Seen { method, about, vlan: None, answer });
    }

    fn take(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> Fit {
        let address = from.ip();
        let Some(slot) = self.sweep.slot(address) else {
            return Fit::NotMine;
        };
        let tries = self.sweep.tries(slot);
        if tries == 0 {
            return Fit::NotMine;
        }
        let said = self.read(bytes, address, tries);
        let (said, is_first) = match said {
            Ok(said) => said,
            // What does not fit and comes from elsewhere may answer another question to the same device.
            Err(_) if from.port() != self.question.port() => return Fit::NotMine,
            Err(unfit) => {
                tracing::debug!(from = %address, error = %unfit, "answer does not fit its question");
                let what = || unfit.to_string().into_boxed_str();
                self.broken.entry(address).or_insert_with(what);
                return Fit::Ignored;
            }
        };
        let heard = self.heard.entry(address).or_default();
        let hash = hash_of(bytes);
        if heard.contains(&hash) {
            return Fit::Taken;
        }
        if heard.len() >= MOST_DATAGRAMS {
            return Fit::Ignored;
        }
        heard.push(hash);
        self.rest = Some(now + REST);
        self.sweep.close(slot);
        if is_first {
            self.ask_more(address, &said);
        } else if let Some(slot) = self.more.slot(address) {
            self.more.close(slot);
        }
        self.say(address, Answer::Is(Fact::Announced(Box::new(said))));
        Fit::Taken
    }

    /// What was answered, and whether it was the first question.
    fn read(&self, bytes: &[u8], from: IpAddr, tries: u8) -> Result<(Announcement, bool), Unfit> {
        let more = self.more.slot(from).map_or(0, |slot| self.more.tries(slot));
        if more > 0
            && let Ok(said) = read_more(bytes, &self.cookies, from, more)
        {
            return Ok((said, false));
        }
        let said = self.question.read(bytes, &self.cookies, from, tries)?;
        Ok((said, true))
    }

    fn ask_more(&mut self, target: IpAddr, said: &Announcement) {
        let names = if self.question == Question::Mdns { more_of(said) } else { Vec::new() };
        if !names.is_empty() && self.more.add(target) {
            self.names.insert(target, names);
        }
    }
}

/// Nothing is decided by it but whether a device is heard out for what it said before.
fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

impl Probe for Ask {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        bytes.clear();
        let (to, emitted) = match self.more.next(now, gate) {
            Some((_, to, attempt)) => {
                let names = self.names.get(&to).map_or(&[][..], Vec::as_slice);
                (to, emit_more(bytes, names, &self.cookies, to, attempt))
            }
            None => {
                let (_, to, attempt) = self.sweep.next(now, gate)?;
                (to, self.question.emit(bytes, &self.cookies, to, attempt))
            }
        };
        emitted.expect("questions are short, and their names were read");
        Some(Transmit { to, kind: self.question.packet(), credential: None })
    }

    fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Fit {
        match input {
            Input::Datagram { from, bytes } => self.take(now, from, bytes),
            Input::Refused { to, code } if to.port() == self.question.port() => {
                let Some(slot) = self.sweep.slot(to.ip()) else {
                    return Fit::NotMine;
                };
                if self.sweep.tries(slot) == 0 {
                    return Fit::NotMine;
                }
                if is_final(code) {
                    self.stop(to.ip(), |_| Answer::Refused(Refusal::Unreachable(code)));
                }
                Fit::Taken
            }
            _ => Fit::NotMine,
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let sweeps = [self.sweep.poll_timeout(), self.more.poll_timeout(), self.rest];
        sweeps.into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.rest = self.rest.filter(|until| *until > now);
        self.sweep.handle_timeout(now);
        while let Some((target, tries)) = self.sweep.poll_given_up() {
            let answer = match self.broken.remove(&target) {
                Some(what) => Answer::Malformed(what),
                None => Answer::Silent { tries },
            };
            self.say(target, answer);
        }
        self.more.handle_timeout(now);
        // It has answered the first question: that it was silent to the second says nothing more.
        while let Some((target, _)) = self.more.poll_given_up() {
            self.names.remove(&target);
        }
    }

    fn poll_observation(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        self.sweep.is_ready() || self.more.is_ready()
    }

    fn is_idle(&self) -> bool {
        self.sweep.is_idle() && self.more.is_idle() && self.rest.is_none()
    }
}

#[cfg(test)]
mod tests;
