//! When the next packet may leave: one bucket for all packets, one for each /24 beyond the local segment,
//! one for each host. All of them must agree.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How many packets a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// At most so many.
    PerSecond(u32),
    /// As fast as the interface takes them.
    Max,
}

/// Where a target lies, as far as the pace is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// On a local segment, asked with frames of our own.
    Segment,
    /// Beyond a router: its /24 has a limit of its own.
    Beyond,
    /// On a local segment, asked through the kernel, whose neighbour table has room for few (`gc_thresh3`): all of
    /// these share the limit of one subnet.
    ThroughKernel,
}

/// The key of the bucket that all targets asked through the kernel share: no /24 has it.
const KERNEL_BUCKET: u32 = u32::MAX;

/// The limits of one scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Over all interfaces together.
    pub total: Rate,
    /// To one /24 beyond the local segments.
    pub per_subnet: Rate,
    /// To one host.
    pub per_host: Rate,
}

impl Default for Limits {
    /// 1,000 packets a second in all, 100 to one /24 beyond the local segments, 40 to one host.
    fn default() -> Self {
        Self {
            total: Rate::PerSecond(1000),
            per_subnet: Rate::PerSecond(100),
            per_host: Rate::PerSecond(40),
        }
    }
}

/// The most packets that may leave at once: a burst of answers to 32 fits the smallest receive buffer.
const BURST: u32 = 32;
/// The most packets that one host may get at once.
const HOST_BURST: u32 = 2;
/// Buckets of hosts and subnets that are full again are forgotten past this many.
const MOST_BUCKETS: usize = 1 << 17;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// When the bucket would be full, were nothing taken any more: full is `full_at <= now`.
    full_at: Instant,
}

impl Bucket {
    /// Whether a token is there at `now`: the bucket holds `burst` tokens, one comes back every `interval`.
    fn has_token(&self, now: Instant, interval: Duration, burst: u32) -> bool {
        self.full_at.saturating_duration_since(now) <= interval * (burst - 1)
    }

    fn take(&mut self, now: Instant, interval: Duration) {
        self.full_at = self.full_at.max(now) + interval;
    }
}

/// Decides when a packet may leave. It is told the time and never waits.
#[derive(Debug)]
pub struct Pacer {
    total: Option<(Duration, Bucket)>,
    per_subnet: Option<Duration>,
    per_host: Option<Duration>,
    subnets: HashMap<u32, Bucket>,
    hosts: HashMap<Ipv4Addr, Bucket>,
}

fn interval(rate: Rate) -> Option<Duration> {
    match rate {
        Rate::PerSecond(rate) => Some(Duration::from_secs(1) / rate.max(1)),
        Rate::Max => None,
    }
}

impl Pacer {
    /// A pacer whose buckets are full at `now`.
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self {
            total: interval(limits.total).map(|every| (every, Bucket { full_at: now })),
            per_subnet: interval(limits.per_subnet),
            per_host: interval(limits.per_host),
            subnets: HashMap::new(),
            hosts: HashMap::new(),
        }
    }

    /// When the bucket for all packets has its next token; `now` when it has one.
    pub fn next_token(&self, now: Instant) -> Instant {
        match &self.total {
            Some((every, bucket)) if !bucket.has_token(now, *every, BURST) => {
                bucket.full_at - *every * (BURST - 1)
            }
            _ => now,
        }
    }

    /// Whether a packet may leave for `to`, which lies in `zone`. A yes takes the tokens.
    pub fn admits(&mut self, to: Ipv4Addr, zone: Zone, now: Instant) -> bool {
        if self.total.as_ref().is_some_and(|(every, bucket)| !bucket.has_token(now, *every, BURST))
        {
            return false;
        }
        let full = Bucket { full_at: now };
        let key = match zone {
            Zone::Segment => None,
            Zone::Beyond => Some(u32::from(to) >> 8),
            Zone::ThroughKernel => Some(KERNEL_BUCKET),
        };
        let subnet = self.per_subnet.zip(key);
        if let Some((every, key)) = subnet
            && !self.subnets.get(&key).unwrap_or(&full).has_token(now, every, BURST)
        {
            return false;
        }
        if let Some(every) = self.per_host
            && !self.hosts.get(&to).unwrap_or(&full).has_token(now, every, HOST_BURST)
        {
            return false;
        }
        if let Some((every, bucket)) = &mut self.total {
            bucket.take(now, *every);
        }
        if let Some((every, key)) = subnet {
            forget_full(&mut self.subnets, now);
            self.subnets.entry(key).or_insert(full).take(now, every);
        }
        if let Some(every) = self.per_host {
            forget_full(&mut self.hosts, now);
            self.hosts.entry(to).or_insert(full).take(now, every);
        }
        true
    }
}

fn forget_full<K: std::hash::Hash + Eq>(buckets: &mut HashMap<K, Bucket>, now: Instant) {
    if buckets.len() >= MOST_BUCKETS {
        buckets.retain(|_, bucket| bucket.full_at > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);

    /// How many packets leave in ten seconds when tried every millisecond, one host after the other of `hosts`.
    fn admitted(limits: Limits, hosts: u32, zone: Zone) -> u32 {
        let start = Instant::now();
        let mut pacer = Pacer::new(limits, start);
        let mut count = 0;
        for ms in 0..10_000 {
            for host in 0..hosts {
                let to = Ipv4Addr::from(u32::from(HOST) + host);
                count += u32::from(pacer.admits(to, zone, start + Duration::from_millis(ms)));
            }
        }
        count
    }

    #[test]
    fn the_total_rate_holds_over_all_hosts() {
        let limits = Limits { per_host: Rate::Max, ..Limits::default() };
        assert_eq!(admitted(limits, 200, Zone::Segment), 10_000 - 1 + 32);
    }

    #[test]
    fn a_subnet_beyond_the_segment_has_its_own_limit() {
        assert_eq!(admitted(Limits::default(), 200, Zone::Beyond), 1000 - 1 + 32);
    }

    #[test]
    fn all_targets_asked_through_the_kernel_share_one_limit() {
        assert_eq!(admitted(Limits::default(), 300, Zone::ThroughKernel), 1000 - 1 + 32);
    }

    #[test]
    fn one_host_is_asked_forty_times_a_second_at_most() {
        assert_eq!(admitted(Limits::default(), 1, Zone::Segment), 400 - 1 + 2);
    }

    #[test]
    fn max_means_no_limit() {
        let limits = Limits { total: Rate::Max, per_subnet: Rate::Max, per_host: Rate::Max };
        assert_eq!(admitted(limits, 3, Zone::Beyond), 30_000);
    }

    #[test]
    fn says_when_the_next_token_comes() {
        let now = Instant::now();
        let limits =
            Limits { total: Rate::PerSecond(10), per_subnet: Rate::Max, per_host: Rate::Max };
        let mut pacer = Pacer::new(limits, now);
        while pacer.admits(HOST, Zone::Segment, now) {}
        let next = pacer.next_token(now);
        assert_eq!(next, now + Duration::from_millis(100));
        assert!(!pacer.admits(HOST, Zone::Segment, next - Duration::from_millis(1)));
        assert!(pacer.admits(HOST, Zone::Segment, next));
    }
}
