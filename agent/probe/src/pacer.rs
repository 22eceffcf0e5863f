//! When the next packet may leave: one bucket for all packets, one for each /24 (or /64) beyond the local segment,
//! one for each host. All of them must agree.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use herkomst_model::QuickMap;

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
    /// Beyond a router: its /24 (of IPv6 its /64) has a limit of its own.
    Beyond,
    /// On a local segment, asked through the kernel, whose neighbour table has room for few (`gc_thresh3`): all of
    /// these share the limit of one subnet.
    ThroughKernel,
}

/// Whose bucket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subnet {
    /// The /24 or /64 that begins with this address.
    Of(IpAddr),
    /// All targets asked through the kernel.
    ThroughKernel,
}

/// The limits of one scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Over all interfaces together.
    pub total: Rate,
    /// To one /24, or /64 of IPv6, beyond the local segments.
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
const MOST_BURST: u32 = 32;
/// A burst is what is due in a thirtieth of a second: a slow pace is even, too.
const BURSTS_PER_SECOND: u32 = 30;
/// The most packets that one host may get at once.
const HOST_BURST: u32 = 2;
/// Buckets of hosts and subnets that are full again are forgotten past this many.
const MOST_BUCKETS: usize = 1 << 17;

/// The shape of a bucket: it holds `burst` tokens, one comes back every `every`.
#[derive(Debug, Clone, Copy)]
struct Shape {
    every: Duration,
    burst: u32,
}

impl Shape {
    /// `None` where there is no limit.
    fn new(rate: Rate, burst: impl Fn(u32) -> u32) -> Option<Self> {
        match rate {
            Rate::PerSecond(rate) => {
                let rate = rate.max(1);
                Some(Self { every: Duration::from_secs(1) / rate, burst: burst(rate) })
            }
            Rate::Max => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// When the bucket would be full, were nothing taken any more: full is `full_at <= now`.
    full_at: Instant,
}

impl Bucket {
    /// When the bucket has a token; `now` when it has one already.
    fn next_token(&self, now: Instant, shape: Shape) -> Instant {
        let ahead = self.full_at.saturating_duration_since(now);
        now + ahead.saturating_sub(shape.every * (shape.burst - 1))
    }

    fn take(&mut self, now: Instant, shape: Shape) {
        self.full_at = self.full_at.max(now) + shape.every;
    }
}

/// Decides when a packet may leave. It is told the time and never waits.
#[derive(Debug)]
pub struct Pacer {
    total: Option<(Shape, Bucket)>,
    per_subnet: Option<Shape>,
    per_host: Option<Shape>,
    subnets: QuickMap<Subnet, Bucket>,
    hosts: QuickMap<IpAddr, Bucket>,
    /// The earliest instant at which a target refused since the last look would be admitted.
    blocked_until: Option<Instant>,
}

fn subnet_key(to: IpAddr, zone: Zone) -> Option<Subnet> {
    match zone {
        Zone::Segment => None,
        Zone::Beyond => Some(Subnet::Of(match to {
            IpAddr::V4(to) => (to & Ipv4Addr::new(255, 255, 255, 0)).into(),
            // RFC 4291, 2.5.4: where the interface identifier begins.
            IpAddr::V6(to) => (to & Ipv6Addr::from_bits(!0 << 64)).into(),
        })),
        Zone::ThroughKernel => Some(Subnet::ThroughKernel),
    }
}

impl Pacer {
    /// A pacer whose buckets are full at `now`.
    pub fn new(limits: Limits, now: Instant) -> Self {
        let burst = |rate: u32| (rate / BURSTS_PER_SECOND).clamp(1, MOST_BURST);
        Self {
            total: Shape::new(limits.total, burst).map(|shape| (shape, Bucket { full_at: now })),
            per_subnet: Shape::new(limits.per_subnet, burst),
            per_host: Shape::new(limits.per_host, |rate| rate.min(HOST_BURST)),
            subnets: QuickMap::default(),
            hosts: QuickMap::default(),
            blocked_until: None,
        }
    }

    /// When the bucket for all packets has its next token; `now` when it has one.
    pub fn next_token(&self, now: Instant) -> Instant {
        self.total.as_ref().map_or(now, |(shape, bucket)| bucket.next_token(now, *shape))
    }

    /// The earliest instant at which all buckets for this target have a token; `now` when they have one.
    pub fn next_admission(&self, to: IpAddr, zone: Zone, now: Instant) -> Instant {
        let subnet = self
            .per_subnet
            .zip(subnet_key(to, zone))
            .and_then(|(shape, key)| Some(self.subnets.get(&key)?.next_token(now, shape)));
        let host =
            self.per_host.and_then(|shape| Some(self.hosts.get(&to)?.next_token(now, shape)));
        [subnet, host].into_iter().flatten().fold(self.next_token(now), Instant::max)
    }

    /// Whether a packet may leave for `to`, which lies in `zone`. A yes takes the tokens.
    pub fn admits(&mut self, to: IpAddr, zone: Zone, now: Instant) -> bool {
        let next = self.next_admission(to, zone, now);
        if next > now {
            self.blocked_until = Some(self.blocked_until.map_or(next, |until| until.min(next)));
            return false;
        }
        let full = Bucket { full_at: now };
        if let Some((shape, bucket)) = &mut self.total {
            bucket.take(now, *shape);
        }
        if let Some((shape, key)) = self.per_subnet.zip(subnet_key(to, zone)) {
            forget_full(&mut self.subnets, now);
            self.subnets.entry(key).or_insert(full).take(now, shape);
        }
        if let Some(shape) = self.per_host {
            forget_full(&mut self.hosts, now);
            self.hosts.entry(to).or_insert(full).take(now, shape);
        }
        true
    }

    /// When the first of the targets refused since the last call would be admitted; `None` when none was refused.
    pub fn take_blocked_until(&mut self) -> Option<Instant> {
        self.blocked_until.take()
    }
}

fn forget_full<K: std::hash::Hash + Eq>(buckets: &mut QuickMap<K, Bucket>, now: Instant) {
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
                count +=
                    u32::from(pacer.admits(to.into(), zone, start + Duration::from_millis(ms)));
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
        assert_eq!(admitted(Limits::default(), 200, Zone::Beyond), 1000 - 1 + 3);
    }

    #[test]
    fn all_targets_asked_through_the_kernel_share_one_limit() {
        assert_eq!(admitted(Limits::default(), 300, Zone::ThroughKernel), 1000 - 1 + 3);
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
        while pacer.admits(HOST.into(), Zone::Segment, now) {}
        let next = pacer.next_token(now);
        assert_eq!(next, now + Duration::from_millis(100));
        assert!(!pacer.admits(HOST.into(), Zone::Segment, next - Duration::from_millis(1)));
        assert!(pacer.admits(HOST.into(), Zone::Segment, next));
    }

    /// How many packets to as many hosts leave at one instant.
    fn burst(limits: Limits, zone: Zone) -> u32 {
        let now = Instant::now();
        let mut pacer = Pacer::new(limits, now);
        (0..200)
            .filter(|host| pacer.admits(Ipv4Addr::from(u32::from(HOST) + host).into(), zone, now))
            .count() as u32
    }

    #[test]
    fn a_burst_grows_with_the_rate() {
        let limits = |rate| Limits {
            total: Rate::PerSecond(rate),
            per_subnet: Rate::Max,
            per_host: Rate::Max,
        };
        for (rate, packets) in [(0, 1), (1, 1), (30, 1), (59, 1), (60, 2), (300, 10), (100_000, 32)]
        {
            assert_eq!(burst(limits(rate), Zone::Segment), packets, "at {rate} a second");
            let (total, per_subnet) = (Rate::Max, Rate::PerSecond(rate));
            let beyond = Limits { total, per_subnet, per_host: Rate::Max };
            assert_eq!(burst(beyond, Zone::Beyond), packets, "at {rate} a second to a subnet");
        }
    }

    #[test]
    fn a_host_that_is_asked_once_a_second_gets_no_two_at_once() {
        for (rate, packets) in [(1, 1), (2, 2), (1000, 2)] {
            let limits = Limits { per_host: Rate::PerSecond(rate), ..Limits::default() };
            let now = Instant::now();
            let mut pacer = Pacer::new(limits, now);
            let at_once = (0..10).filter(|_| pacer.admits(HOST.into(), Zone::Segment, now)).count();
            assert_eq!(at_once, packets, "at {rate} a second");
        }
    }

    #[test]
    fn the_next_admission_is_when_the_slowest_bucket_has_a_token() {
        let now = Instant::now();
        let limits = |total, per_subnet, per_host| Limits {
            total: Rate::PerSecond(total),
            per_subnet: Rate::PerSecond(per_subnet),
            per_host: Rate::PerSecond(per_host),
        };
        for (limits, millis) in
            [(limits(4, 10, 20), 250), (limits(20, 4, 10), 250), (limits(20, 10, 1), 1000)]
        {
            let mut pacer = Pacer::new(limits, now);
            assert_eq!(pacer.next_admission(HOST.into(), Zone::Beyond, now), now);
            while pacer.admits(HOST.into(), Zone::Beyond, now) {}
            let next = pacer.next_admission(HOST.into(), Zone::Beyond, now);
            assert_eq!(next, now + Duration::from_millis(millis), "{limits:?}");
            assert!(!pacer.admits(HOST.into(), Zone::Beyond, next - Duration::from_nanos(1)));
            assert!(pacer.admits(HOST.into(), Zone::Beyond, next));
        }
    }

    #[test]
    fn keeps_the_earliest_instant_at_which_a_refused_target_would_be_admitted() {
        let now = Instant::now();
        let (slow, fast) = (HOST, Ipv4Addr::new(10, 2, 0, 1));
        let limits = Limits { per_host: Rate::PerSecond(1), ..Limits::default() };
        let mut pacer = Pacer::new(limits, now);
        assert!(pacer.admits(slow.into(), Zone::Segment, now));
        assert_eq!(pacer.take_blocked_until(), None, "nobody was refused");
        let later = now + Duration::from_millis(400);
        assert!(pacer.admits(fast.into(), Zone::Segment, later));
        assert!(!pacer.admits(fast.into(), Zone::Segment, later));
        assert!(!pacer.admits(slow.into(), Zone::Segment, later));
        assert!(!pacer.admits(fast.into(), Zone::Segment, later));
        assert_eq!(pacer.take_blocked_until(), Some(now + Duration::from_secs(1)));
        assert_eq!(pacer.take_blocked_until(), None, "it was taken");
    }
}
