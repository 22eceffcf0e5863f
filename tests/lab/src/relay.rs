//! A bad cable between two link ends: it drops, delays, duplicates, reorders and tags frames, in both directions and by
//! a seed, since not every kernel has netem and VLAN devices.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use herkomst_net::{PacketPort, wait_readable};
use herkomst_wire::{EthernetFrame, ether_type};

use crate::LabError;
use crate::capture::with_tag;

const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// What the cable does to frames; each share is of 1.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Where the random numbers start.
    pub seed: u64,
    /// Share of frames that are lost.
    pub drop: f64,
    /// Share of frames that come twice.
    pub duplicate: f64,
    /// Share of frames that are held back until later ones have passed.
    pub reorder: f64,
    /// How long every frame takes.
    pub delay_ms: u64,
    /// The VLAN that frames towards the scanner are tagged with, and that is taken off on the way back.
    pub tag: Option<u16>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { seed: 1, drop: 0.0, duplicate: 0.0, reorder: 0.0, delay_ms: 0, tag: None }
    }
}

impl Faults {
    /// Says what is impossible about them.
    pub fn check(&self) -> Result<(), String> {
        for (name, share) in
            [("drop", self.drop), ("duplicate", self.duplicate), ("reorder", self.reorder)]
        {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("relay.{name} is {share}, allowed is 0 to 1"));
            }
        }
        match self.tag {
            Some(tag) if !(1..=4094).contains(&tag) => {
                Err(format!("relay.tag is {tag}, allowed are 1 to 4094"))
            }
            _ => Ok(()),
        }
    }
}

/// How long a frame that is to be overtaken is held back.
const HELD_BACK: Duration = Duration::from_millis(12);

/// SplitMix64: small, seeded, and good enough to throw dice with.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// True in this share of throws.
    fn falls(&mut self, share: f64) -> bool {
        // 53 bits are what a double holds exactly.
        ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}

/// What becomes of frames: nothing, or copies with the time each takes.
///
/// The dice of a frame are thrown from the seed, its conversation, and how many of that came before. So it does not
/// matter how the frames of many devices are mixed on the wire: what befalls one device is the same in every run.
#[derive(Debug)]
struct Fate {
    faults: Faults,
    direction: u64,
    before: HashMap<u64, u64>,
}

/// Conversations that are told apart at most; further ones share what befalls them.
const MOST_CONVERSATIONS: usize = 1 << 18;

impl Fate {
    fn new(faults: &Faults, direction: u64) -> Self {
        Self { faults: faults.clone(), direction, before: HashMap::new() }
    }

    fn of_next(&mut self, conversation: u64) -> ([Duration; 2], usize) {
        let full = self.before.len() >= MOST_CONVERSATIONS;
        let conversation =
            if full && !self.before.contains_key(&conversation) { 0 } else { conversation };
        let before = self.before.entry(conversation).or_default();
        let mut dice = Dice(self.faults.seed);
        for part in [self.direction, conversation, *before] {
            dice = Dice(dice.next() ^ part);
        }
        *before += 1;
        // Three throws for each frame, whatever they say: one share does not change what another's seed means.
        let (lost, twice, late) = (
            dice.falls(self.faults.drop),
            dice.falls(self.faults.duplicate),
            dice.falls(self.faults.reorder),
        );
        let base = Duration::from_millis(self.faults.delay_ms);
        let first = if late { base + HELD_BACK } else { base };
        ([first, base], if lost { 0 } else { 1 + usize::from(twice) })
    }
}

/// Who speaks with whom, by what: for ARP and IP the addresses, else the stations.
fn conversation(bytes: &[u8]) -> u64 {
    let Ok(frame) = EthernetFrame::parse(bytes) else { return 1 };
    let mut parts: Vec<u8> = frame.ether_type.to_be_bytes().to_vec();
    match frame.ether_type {
        ether_type::ARP => {
            // Two addresses of each kind, of which the hardware addresses may be new in every run.
            parts.extend(frame.payload.get(14..18).unwrap_or_default());
            parts.extend(frame.payload.get(24..28).unwrap_or_default());
        }
        ether_type::IPV4 => {
            parts.extend(frame.payload.get(9..10).unwrap_or_default());
            parts.extend(frame.payload.get(12..20).unwrap_or_default());
        }
        ether_type::IPV6 => {
            parts.extend(frame.payload.get(6..7).unwrap_or_default());
            parts.extend(frame.payload.get(8..40).unwrap_or_default());
        }
        _ => parts.extend(frame.source.octets()),
    }
    // FNV-1a: the same in every run, unlike the standard library's.
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A cable that is being played. It is cut when this is dropped.
#[derive(Debug)]
pub struct Relay {
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

/// A link end of the relay: one port to hear with, one to speak with, so that each direction has a thread of its own.
#[derive(Debug)]
pub struct RelayEnd {
    /// Hears all frames, not what it sends.
    pub hears: PacketPort,
    /// Hears nothing.
    pub speaks: PacketPort,
}

impl Relay {
    /// Joins the two ends.
    pub fn start(scanner: RelayEnd, devices: RelayEnd, faults: &Faults) -> Result<Self, LabError> {
        let mut relay = Self {
            stop: Arc::new(AtomicBool::new(false)),
            lost: Arc::new(AtomicU64::new(0)),
            threads: Vec::new(),
        };
        for (index, (from, to, tagging)) in [
            (scanner.hears, devices.speaks, Tagging::Remove(faults.tag)),
            (devices.hears, scanner.speaks, Tagging::Add(faults.tag)),
        ]
        .into_iter()
        .enumerate()
        {
            let direction = Direction {
                from,
                to,
                fate: Fate::new(faults, index as u64 + 1),
                tagging,
                stop: Arc::clone(&relay.stop),
                lost: Arc::clone(&relay.lost),
            };
            let thread = std::thread::Builder::new()
                .name(format!("lab-relay-{index}"))
                .spawn(move || direction.carry())
                .map_err(|error| LabError::Thread {
                    what: format!("a thread of the relay did not start: {error}"),
                })?;
            relay.threads.push(thread);
        }
        Ok(relay)
    }

    /// How many frames it dropped on purpose.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A panic of the thread has been printed by then, and there is nobody to tell.
            let _ = thread.join();
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Tagging {
    Add(Option<u16>),
    Remove(Option<u16>),
}

impl Tagging {
    /// The frame as it goes on.
    fn apply(self, bytes: &[u8], stripped: Option<u16>) -> Vec<u8> {
        match self {
            Self::Add(Some(tag)) if stripped.is_none() && !starts_with_tag(bytes) => {
                with_tag(bytes, Some(tag))
            }
            Self::Remove(Some(tag)) if stripped.is_some_and(|tci| tci & 0x0fff == tag) => {
                bytes.to_vec()
            }
            Self::Add(_) | Self::Remove(_) => with_tag(bytes, stripped),
        }
    }
}

fn starts_with_tag(bytes: &[u8]) -> bool {
    bytes.get(12..14) == Some(&ether_type::VLAN.to_be_bytes())
}

struct Direction {
    from: PacketPort,
    to: PacketPort,
    fate: Fate,
    tagging: Tagging,
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
}

impl Direction {
    fn carry(mut self) {
        let mut waiting: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>> = BinaryHeap::new();
        let mut sequence = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            while waiting.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
                let Some(Reverse((_, _, frame))) = waiting.pop() else { break };
                // An end that is down or full loses frames, as any cable would.
                let _ = self.to.send(&[&frame]);
            }
            let patience = waiting.peek().map_or(LONGEST_SLEEP, |Reverse((due, ..))| {
                due.saturating_duration_since(now).min(LONGEST_SLEEP)
            });
            if wait_readable(&self.from, patience).is_err() {
                return;
            }
            let now = Instant::now();
            let (fate, tagging, lost) = (&mut self.fate, self.tagging, &self.lost);
            self.from.receive(&mut |frame| {
                let (delays, copies) = fate.of_next(conversation(frame.bytes));
                if copies == 0 {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
                for delay in delays.into_iter().take(copies) {
                    sequence += 1;
                    waiting.push(Reverse((
                        now + delay,
                        sequence,
                        tagging.apply(frame.bytes, frame.vlan),
                    )));
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(faults: &Faults, count: usize) -> Vec<(usize, Duration)> {
        let mut fate = Fate::new(faults, 1);
        (0..count).map(|_| fate.of_next(7)).map(|(delays, copies)| (copies, delays[0])).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_fates_and_another_seed_others() {
        let faults =
            Faults { seed: 7, drop: 0.2, duplicate: 0.1, reorder: 0.1, ..Faults::default() };
        assert_eq!(fates(&faults, 500), fates(&faults, 500));
        assert_ne!(fates(&faults, 500), fates(&Faults { seed: 8, ..faults }, 500));
    }

    #[test]
    fn what_befalls_one_conversation_does_not_depend_on_the_others() {
        let faults = Faults { seed: 7, drop: 0.3, ..Faults::default() };
        let mut alone = Fate::new(&faults, 1);
        let mut mixed = Fate::new(&faults, 1);
        for other in 0..200 {
            mixed.of_next(1000 + other);
            assert_eq!(alone.of_next(5), mixed.of_next(5));
        }
        let us = herkomst_ids::MacAddr([2, 0, 0, 0, 0, 1]);
        let them = herkomst_ids::MacAddr([2, 0, 0, 0, 0, 2]);
        let ask = |from, last| {
            let target = std::net::Ipv4Addr::new(10, 0, 0, last);
            conversation(&herkomst_wire::arp_request_frame(from, [10, 0, 0, 9].into(), target))
        };
        assert_eq!(
            ask(us, 1),
            ask(them, 1),
            "hardware addresses of links are made up anew in each run"
        );
        assert_ne!(ask(us, 1), ask(us, 2));
    }

    #[test]
    fn the_shares_are_about_right() {
        let faults =
            Faults { seed: 3, drop: 0.2, duplicate: 0.1, reorder: 0.05, ..Faults::default() };
        let fates = fates(&faults, 20_000);
        let share = |met: fn(&(usize, Duration)) -> bool| {
            fates.iter().filter(|f| met(f)).count() as f64 / 20_000.0
        };
        assert!((share(|f| f.0 == 0) - 0.2).abs() < 0.02);
        assert!((share(|f| f.0 == 2) - 0.08).abs() < 0.02);
        assert!((share(|f| f.1 == HELD_BACK) - 0.05).abs() < 0.01);
    }

    #[test]
    fn a_whole_cable_changes_nothing() {
        assert!(fates(&Faults::default(), 100).iter().all(|fate| *fate == (1, Duration::ZERO)));
        let frame = [0_u8; 60];
        assert_eq!(Tagging::Add(None).apply(&frame, None), frame);
        assert_eq!(Tagging::Remove(None).apply(&frame, Some(5)), with_tag(&frame, Some(5)));
    }

    #[test]
    fn a_tag_is_put_on_one_way_and_taken_off_the_other() {
        let frame = [0_u8; 60];
        let tagged = Tagging::Add(Some(20)).apply(&frame, None);
        assert_eq!(tagged, with_tag(&frame, Some(20)));
        assert_eq!(Tagging::Add(Some(20)).apply(&tagged, None), tagged, "never twice");
        assert_eq!(Tagging::Remove(Some(20)).apply(&frame, Some(20)), frame);
    }
}
