//! One question to many targets: who is asked next, who is asked again, who is given up.
//!
//! A few octets a target and one queue for each try; since the waits of one try are all the same,
//! each queue is sorted by time and needs no heap. Targets may be added while it runs.

use std::collections::VecDeque;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Instant;

use herkomst_model::QuickMap;

use crate::Gate;
use crate::retry::Retry;

/// A place in the sweep.
pub type Slot = u32;

/// What has become of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be asked, or asked and still waited for.
    Open,
    /// Answered or refused.
    Closed,
    /// Given up after the last try.
    Silent,
}

#[derive(Debug)]
struct Entry<A> {
    address: A,
    tries: u8,
    state: State,
}

/// The schedule of one question to many targets.
#[derive(Debug)]
pub struct Sweep<A = IpAddr> {
    retry: Retry,
    entries: Vec<Entry<A>>,
    slots: QuickMap<A, Slot>,
    ready: VecDeque<Slot>,
    waiting: Vec<VecDeque<(Slot, Instant)>>,
    given_up: VecDeque<Slot>,
    open: usize,
}

/// How many candidates the gate may put off before giving up for now: targets of a subnet that is at its limit must not
/// hold up those of another.
const LOOK_AHEAD: usize = 32;

impl<A: Copy + Eq + Hash + Into<IpAddr>> Sweep<A> {
    /// An empty sweep.
    pub fn new(retry: Retry) -> Self {
        let waiting = (0..retry.tries()).map(|_| VecDeque::new()).collect();
        Self {
            retry,
            entries: Vec::new(),
            slots: QuickMap::default(),
            ready: VecDeque::new(),
            waiting,
            given_up: VecDeque::new(),
            open: 0,
        }
    }

    /// Adds a target once; says whether it was new.
    pub fn add(&mut self, address: A) -> bool {
        let Ok(slot) = Slot::try_from(self.entries.len()) else {
            return false;
        };
        if self.slots.contains_key(&address) {
            return false;
        }
        self.slots.insert(address, slot);
        self.entries.push(Entry { address, tries: 0, state: State::Open });
        self.ready.push_back(slot);
        self.open += 1;
        true
    }

    /// Adds many targets in an order that a seed decides, so that no subnet, switch or router is hit in a row.
    pub fn add_shuffled(&mut self, mut addresses: Vec<A>, seed: u64) {
        let mut random = SplitMix(seed);
        for last in (1..addresses.len()).rev() {
            let other =
                usize::try_from(random.next() % (last as u64 + 1)).expect("is at most `last`");
            addresses.swap(last, other);
        }
        self.entries.reserve_exact(addresses.len());
        self.slots.reserve(addresses.len());
        for address in addresses {
            self.add(address);
        }
    }

    /// The next target to ask, and the number of the try (from 0). Its time starts to run.
    pub fn next(&mut self, now: Instant, gate: &mut dyn Gate) -> Option<(Slot, A, u8)> {
        let mut put_off = 0;
        for _ in 0..self.ready.len() {
            let slot = self.ready.pop_front()?;
            let entry = &mut self.entries[slot as usize];
            if entry.state != State::Open {
                continue;
            }
            let address = entry.address.into();
            if !gate.admits(address, now) {
                if gate.forbids(address) {
                    // It would stay ready for ever, and the sweep would never be over.
                    self.close(slot);
                    continue;
                }
                self.ready.push_back(slot);
                put_off += 1;
                if put_off == LOOK_AHEAD {
                    break;
                }
                continue;
            }
            let attempt = entry.tries;
            entry.tries += 1;
            let wait = self.retry.wait(attempt).expect("only tries that exist are made ready");
            self.waiting[usize::from(attempt)].push_back((slot, now + wait));
            return Some((slot, entry.address, attempt));
        }
        None
    }

    /// Where an address stands, if it is a target.
    pub fn slot(&self, address: A) -> Option<Slot> {
        self.slots.get(&address).copied()
    }

    /// What has become of it.
    pub fn state(&self, slot: Slot) -> State {
        self.entries[slot as usize].state
    }

    /// How often it was asked.
    pub fn tries(&self, slot: Slot) -> u8 {
        self.entries[slot as usize].tries
    }

    /// Ends the questions to a target that has answered or refused; says whether it had been open.
    /// A target that was given up may still answer late.
    pub fn close(&mut self, slot: Slot) -> bool {
        let entry = &mut self.entries[slot as usize];
        if entry.state == State::Open {
            self.open -= 1;
        }
        std::mem::replace(&mut entry.state, State::Closed) == State::Open
    }

    /// Ends the questions to all open targets for which this holds; gives them back.
    pub fn close_where(&mut self, is_to_be: impl Fn(A) -> bool) -> Vec<A> {
        let open = self.entries.iter_mut().filter(|entry| entry.state == State::Open);
        let mut closed = Vec::new();
        for entry in open.filter(|entry| is_to_be(entry.address)) {
            entry.state = State::Closed;
            closed.push(entry.address);
        }
        self.open -= closed.len();
        closed
    }

    /// When the first wait is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|queue| queue.front()).map(|(_, until)| *until).min()
    }

    /// Makes ready whom to ask again, and gives up on those asked for the last time.
    pub fn handle_timeout(&mut self, now: Instant) {
        let last = self.waiting.len() - 1;
        for (attempt, queue) in self.waiting.iter_mut().enumerate() {
            while let Some(&(slot, until)) = queue.front() {
                let entry = &mut self.entries[slot as usize];
                if entry.state == State::Open && until > now {
                    break;
                }
                queue.pop_front();
                if entry.state != State::Open {
                    continue;
                }
                if attempt == last {
                    entry.state = State::Silent;
                    self.open -= 1;
                    self.given_up.push_back(slot);
                } else {
                    self.ready.push_back(slot);
                }
            }
        }
    }

    /// The next target that was given up, with the number of tries.
    pub fn poll_given_up(&mut self) -> Option<(A, u8)> {
        while let Some(slot) = self.given_up.pop_front() {
            let entry = &self.entries[slot as usize];
            if entry.state == State::Silent {
                return Some((entry.address, entry.tries));
            }
        }
        None
    }

    /// Whether somebody is to be asked now.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether nobody is left to ask or to wait for.
    pub fn is_idle(&self) -> bool {
        self.open == 0
    }
}

/// A small generator for orders and cookies (Steele, Lea and Flood, 2014): not a secret.
#[derive(Debug, Clone)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;

    /// Lets everything through.
    pub(crate) struct Open;
    impl Gate for Open {
        fn admits(&mut self, _: IpAddr, _: Instant) -> bool {
            true
        }
    }

    struct Only(IpAddr);
    impl Gate for Only {
        fn admits(&mut self, to: IpAddr, _: Instant) -> bool {
            to == self.0
        }
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn asks_as_often_as_told_then_reports_silence() {
        let (mut sweep, mut now) = (Sweep::new(Retry::of_millis(&[100, 200])), Instant::now());
        sweep.add(address(1));
        for attempt in 0..2 {
            assert_eq!(
                sweep.next(now, &mut Open).map(|(_, a, n)| (a, n)),
                Some((address(1), attempt))
            );
            assert_eq!(sweep.next(now, &mut Open), None, "one question at a time");
            now = sweep.poll_timeout().expect("waits for an answer");
            sweep.handle_timeout(now);
        }
        assert_eq!(sweep.poll_given_up(), Some((address(1), 2)));
        assert!(sweep.is_idle());
    }

    #[test]
    fn does_not_ask_again_who_answered() {
        let (mut sweep, now) = (Sweep::new(Retry::of_millis(&[100, 200])), Instant::now());
        sweep.add(address(1));
        let (slot, ..) = sweep.next(now, &mut Open).unwrap();
        assert!(sweep.close(slot));
        assert!(!sweep.close(slot), "a second answer changes nothing");
        sweep.handle_timeout(now + Duration::from_secs(9));
        assert_eq!((sweep.next(now, &mut Open), sweep.poll_given_up()), (None, None));
        assert!(sweep.is_idle());
    }

    #[test]
    fn a_subnet_at_its_limit_does_not_hold_up_another() {
        let (mut sweep, now) = (Sweep::new(Retry::of_millis(&[100])), Instant::now());
        (1..=5).for_each(|last| assert!(sweep.add(address(last))));
        assert_eq!(sweep.next(now, &mut Only(address(4))).map(|(_, a, _)| a), Some(address(4)));
        assert_eq!(sweep.next(now, &mut Only(address(4))), None);
        assert!(sweep.is_ready());
    }

    /// Forbids all but one.
    struct Never(IpAddr);
    impl Gate for Never {
        fn admits(&mut self, to: IpAddr, _: Instant) -> bool {
            to == self.0
        }

        fn forbids(&self, to: IpAddr) -> bool {
            to != self.0
        }
    }

    #[test]
    fn whom_the_gate_forbids_for_good_keeps_no_sweep_from_its_end() {
        let (mut sweep, now) = (Sweep::new(Retry::of_millis(&[100])), Instant::now());
        (0..=99).for_each(|last| assert!(sweep.add(address(last))));
        let mut gate = Never(address(99));
        let asked = sweep.next(now, &mut gate).map(|(_, asked, _)| asked);
        assert_eq!(asked, Some(address(99)), "the others do not hold it up");
        assert!(!sweep.is_ready());
        sweep.handle_timeout(now + Duration::from_secs(1));
        assert_eq!(sweep.poll_given_up(), Some((address(99), 1)), "of the others nothing is said");
        assert_eq!(sweep.poll_given_up(), None);
        assert!(sweep.is_idle());
    }

    #[test]
    fn many_that_have_an_end_hold_up_nobody() {
        let (mut sweep, now) = (Sweep::new(Retry::of_millis(&[100])), Instant::now());
        (0..=99).for_each(|last| assert!(sweep.add(address(last))));
        for last in 0..99 {
            let slot = sweep.slot(address(last)).unwrap();
            sweep.close(slot);
        }
        let asked = sweep.next(now, &mut Open).map(|(_, asked, _)| asked);
        assert_eq!(asked, Some(address(99)));
    }

    #[test]
    fn a_shuffled_sweep_asks_everybody_once_and_the_seed_decides_the_order() {
        let all: Vec<_> = (0..=255).map(address).collect();
        let order = |seed| {
            let mut sweep = Sweep::new(Retry::of_millis(&[100]));
            sweep.add_shuffled(all.clone(), seed);
            let mut asked = Vec::new();
            while let Some((_, a, _)) = sweep.next(Instant::now(), &mut Open) {
                asked.push(a);
            }
            asked
        };
        let (one, two) = (order(1), order(2));
        assert_ne!(one, two);
        assert_eq!(one, order(1));
        let mut sorted = one;
        sorted.sort();
        assert_eq!(sorted, all);
    }

    #[test]
    fn a_late_answer_takes_back_the_silence() {
        let (mut sweep, now) = (Sweep::new(Retry::of_millis(&[100])), Instant::now());
        sweep.add(address(1));
        let (slot, ..) = sweep.next(now, &mut Open).unwrap();
        sweep.handle_timeout(now + Duration::from_secs(1));
        assert_eq!(sweep.state(slot), State::Silent);
        sweep.close(slot);
        assert_eq!(sweep.poll_given_up(), None);
    }
}
