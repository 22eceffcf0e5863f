//! How often a question is put, and how long each answer is waited for.

use std::time::Duration;

/// One wait for each try: the first is sent at once, each next one when the wait before it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    waits: Box<[Duration]>,
}

impl Retry {
    /// ARP on a local segment: at 0, 250 ms and 1 s, given up half a second later.
    pub fn arp() -> Self {
        Self::of_millis(&[250, 750, 500])
    }

    /// A question to everybody on a segment, of whom each answers each time: at 0 and 1.2 s, since many answer with no more than
    /// one error a second (RFC 4443, 2.4 (f)).
    pub fn everybody() -> Self {
        Self::of_millis(&[1200, 1500])
    }

    /// Neighbour solicitation: as ARP, but the last answer is waited for a second, for as long as who shares an address or
    /// answers for another may take (RFC 4861, 7.2.7 and 7.2.8).
    pub fn neighbours() -> Self {
        Self::of_millis(&[250, 750, 1000])
    }

    /// Solicitation of an address that nobody may have: at 0 and half a second.
    pub fn guesses() -> Self {
        Self::of_millis(&[500, 1000])
    }

    /// A question about itself to one device: at 0 and 1 s. Answers to WS-Discovery may wait for half a second, those to UPnP
    /// for one (UPnP Device Architecture 1.1, 1.3.3).
    pub fn question() -> Self {
        Self::of_millis(&[1000, 1500])
    }

    /// ICMP echo to a routed address: at 0 and 1 s.
    pub fn echo() -> Self {
        Self::of_millis(&[1000, 1000])
    }

    /// First contact over SNMP: at 0, 1 s and 3 s; slow agents answer within 2 s.
    pub fn snmp() -> Self {
        Self::of_millis(&[1000, 2000, 2000])
    }

    /// The same with at most so many tries, and one at least.
    #[must_use]
    pub fn at_most(self, tries: Option<u8>) -> Self {
        let most = tries.map_or(self.waits.len(), |tries| usize::from(tries.max(1)));
        Self { waits: self.waits.iter().take(most).copied().collect() }
    }

    /// One try for each wait; an empty list is taken for a single try of one second.
    pub fn of_millis(waits: &[u64]) -> Self {
        let waits = if waits.is_empty() { &[1000] } else { waits };
        Self { waits: waits.iter().map(|ms| Duration::from_millis(*ms)).collect() }
    }

    /// How many tries there are.
    pub fn tries(&self) -> u8 {
        u8::try_from(self.waits.len()).unwrap_or(u8::MAX)
    }

    /// How long the answer to this try (from 0) is waited for; `None` when there is no such try.
    pub fn wait(&self, attempt: u8) -> Option<Duration> {
        self.waits.get(usize::from(attempt)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_tries_are_the_first_of_them_and_one_is_always_left() {
        assert_eq!(Retry::snmp().at_most(None), Retry::snmp());
        assert_eq!(Retry::snmp().at_most(Some(2)), Retry::of_millis(&[1000, 2000]));
        assert_eq!(Retry::snmp().at_most(Some(0)).tries(), 1);
        assert_eq!(Retry::snmp().at_most(Some(9)).tries(), 3);
    }
}
