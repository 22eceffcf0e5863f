//! What the operator allowed to be asked: targets and exclusions as written, and as sets of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::str::FromStr;

use ipnet::IpNet;

use super::problems::Problems;

/// The most addresses that one scan asks.
pub(crate) const MOST_TARGETS: u64 = 1 << 20;
/// The largest range of IPv6 that is swept: as a /112.
const MOST_SWEPT_IPV6: u64 = 1 << 16;

/// One target as written, read but not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Spec {
    Range(Range),
    Name(String),
}

/// Addresses of one family from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    first: IpAddr,
    last: IpAddr,
}

/// An address as a number.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The address so many after another of its family; none past the last.
fn later(address: IpAddr, by: u64) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let number = u64::from(u32::from(address)).checked_add(by)?;
            u32::try_from(number).ok().map(|number| Ipv4Addr::from(number).into())
        }
        IpAddr::V6(address) => {
            u128::from(address).checked_add(by.into()).map(|number| Ipv6Addr::from(number).into())
        }
    }
}

impl Range {
    /// One address.
    pub(crate) fn one(address: IpAddr) -> Self {
        Self { first: address, last: address }
    }

    /// How many addresses it holds, as far as that can be counted.
    pub(crate) fn len(self) -> u64 {
        let count = number(self.last) - number(self.first);
        u64::try_from(count).map_or(u64::MAX, |count| count.saturating_add(1))
    }

    /// The hosts of a prefix: of IPv4 without its first and last address, which name the network and everybody in it, where
    /// the prefix is shorter than 31 bits (RFC 1122, 3.2.1.3; RFC 3021).
    pub(crate) fn hosts_of(net: IpNet) -> Self {
        let whole = Self::whole(net);
        match net {
            IpNet::V4(net) if net.prefix_len() < 31 => {
                let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
                Self {
                    first: Ipv4Addr::from(first + 1).into(),
                    last: Ipv4Addr::from(last - 1).into(),
                }
            }
            IpNet::V4(_) | IpNet::V6(_) => whole,
        }
    }

    /// All of a prefix, with the addresses that name it.
    pub(crate) fn whole(net: IpNet) -> Self {
        Self { first: net.network(), last: net.broadcast() }
    }

    /// Whether each of its addresses is asked. Of a large prefix of IPv6 those are asked who show themselves: a /64 is
    /// not swept (RFC 7707, 3).
    fn is_swept(self) -> bool {
        self.first.is_ipv4() || self.len() <= MOST_SWEPT_IPV6
    }
}

/// Addresses as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AddressSet {
    /// Those that are asked one by one.
    swept: Vec<Range>,
    /// Prefixes of IPv6 in which those are asked who show themselves.
    wide: Vec<Range>,
}

/// Sorted, and so that no two touch.
fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last)
                if last.first.is_ipv4() == range.first.is_ipv4()
                    && number(range.first) <= number(last.last).saturating_add(1) =>
            {
                last.last = last.last.max(range.last);
            }
            _ => merged.push(range),
        }
    }
    merged
}

fn is_among(ranges: &[Range], address: IpAddr) -> bool {
    let after = ranges.partition_point(|range| range.first <= address);
    // The order of addresses has all of IPv4 before IPv6.
    after.checked_sub(1).is_some_and(|place| address <= ranges[place].last)
}

impl AddressSet {
    /// The union of these ranges.
    pub(crate) fn new(ranges: Vec<Range>) -> Self {
        let (swept, wide) = ranges.into_iter().partition(|range| range.is_swept());
        Self { swept: merged(swept), wide: merged(wide) }
    }

    /// Whether the address is in it.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        is_among(&self.swept, address) || is_among(&self.wide, address)
    }

    /// Whether it holds none.
    pub(crate) fn is_empty(&self) -> bool {
        self.swept.is_empty() && self.wide.is_empty()
    }

    /// How many addresses it holds that are asked one by one.
    pub(crate) fn len(&self) -> u64 {
        self.swept.iter().fold(0, |sum, range| sum.saturating_add(range.len()))
    }

    /// Every address that is asked one by one, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.swept.iter().flat_map(|range| (0..range.len()).filter_map(|by| later(range.first, by)))
    }

    /// Whether one of its ranges holds every address from one to another.
    pub(crate) fn covers(&self, first: IpAddr, last: IpAddr) -> bool {
        let mut ranges = self.swept.iter().chain(&self.wide);
        ranges.any(|range| range.first <= first && last <= range.last)
    }

    /// Prefixes of IPv6 too large to be swept, as their first and last address.
    pub(crate) fn wide(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        self.wide.iter().map(|range| (range.first, range.last))
    }
}

/// Targets or exclusions: as written, for the report, and as addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TargetSpec {
    /// As the operator wrote them.
    pub(crate) written: Vec<String>,
    /// What they hold.
    pub(crate) addresses: AddressSet,
    /// Host names that were not looked up, since nothing may be sent.
    pub(crate) names: Vec<String>,
}

/// Where a list of targets stands, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// To be asked.
    Target,
    /// Not to be asked: the first and last address of a prefix are excluded with it.
    Exclusion,
}

/// Targets as written and read, whose host names were not looked up yet: that sends packets, so it comes last.
#[derive(Debug, Default)]
pub(crate) struct Written {
    written: Vec<String>,
    ranges: Vec<Range>,
    /// With their places.
    names: Vec<(String, String)>,
}

/// Reads targets as written, each with the place it stands in. Every bad one becomes a problem.
pub(crate) fn read(written: &[(String, String)], purpose: Use, problems: &mut Problems) -> Written {
    let mut read = Written::default();
    for (place, text) in written {
        let text = text.trim();
        if text.is_empty() {
            // Most likely a variable that was not set: neither everything nor nothing is meant by it.
            problems.add(place, "is empty, right would be 10.0.0.0/24");
            continue;
        }
        read.written.push(text.to_owned());
        match parse(text, purpose) {
            Ok(Spec::Range(range)) => read.ranges.push(range),
            Ok(Spec::Name(name)) => read.names.push((place.clone(), name)),
            Err(what) => problems.add(place, what),
        }
    }
    if purpose == Use::Target {
        within_the_most(&read.ranges, problems);
    }
    read
}

fn within_the_most(ranges: &[Range], problems: &mut Problems) {
    let total = AddressSet::new(ranges.to_vec()).len();
    if total > MOST_TARGETS {
        problems.add("targets", format!("hold {total} addresses, at most {MOST_TARGETS} are asked in one scan: name fewer, or scan in turns"));
    }
}

impl Written {
    /// With the addresses of its names, which the resolver of the system knows or asks a name server for.
    pub(crate) fn looked_up(mut self, purpose: Use, problems: &mut Problems) -> TargetSpec {
        for (place, name) in &self.names {
            match resolve(name) {
                Ok(found) => self.ranges.extend(found),
                Err(what) => problems.add(place, what),
            }
        }
        if purpose == Use::Target {
            within_the_most(&self.ranges, problems);
        }
        self.names.clear();
        self.unresolved()
    }

    /// With its names as names.
    pub(crate) fn unresolved(self) -> TargetSpec {
        TargetSpec {
            written: self.written,
            addresses: AddressSet::new(self.ranges),
            names: self.names.into_iter().map(|(_, name)| name).collect(),
        }
    }

    /// Its names, with their places.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(place, name)| (place.as_str(), name.as_str()))
    }

    /// Notes every name as a problem, for a scan that sends nothing.
    pub(crate) fn refuse_names(&self, problems: &mut Problems) {
        for (place, name) in &self.names {
            problems.add(
                place,
                format!("{name:?} is a name: give addresses, --passive sends nothing, not even to a name server"),
            );
        }
    }
}

fn parse(text: &str, purpose: Use) -> Result<Spec, String> {
    let example = "right would be 10.0.0.0/24, 10.0.0.1-10.0.0.9, 10.0.0.1-9, 10.0.0.1, 2001:db8::/64, a host name, @FILE or -";
    if text.contains('/') {
        let net = IpNet::from_str(text).map_err(|_| format!("{text:?} is no target: {example}"))?;
        let range = if purpose == Use::Target { Range::hosts_of(net) } else { Range::whole(net) };
        if purpose == Use::Target && range.is_swept() && range.len() > MOST_TARGETS {
            let (size, most) = (range.len(), MOST_TARGETS);
            return Err(format!(
                "{text:?} holds {size} addresses, at most {most} are asked in one scan: name a longer prefix"
            ));
        }
        return checked(text, range, purpose);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return checked(text, Range::one(address), purpose);
    }
    if let Some((first, last)) = text.split_once('-')
        && let Ok(first) = first.trim().parse::<IpAddr>()
    {
        let last = last.trim();
        let end = match (first, last.parse::<u8>()) {
            // As nmap writes it: 10.0.0.1-9.
            (IpAddr::V4(first), Ok(octet)) => {
                Ipv4Addr::from(u32::from(first) & 0xffff_ff00 | u32::from(octet)).into()
            }
            _ => last
                .parse::<IpAddr>()
                .map_err(|_| format!("{text:?} is no range, {last:?} is no address: {example}"))?,
        };
        if first.is_ipv4() != end.is_ipv4() {
            return Err(format!(
                "{text:?} is no range, it begins in one version of IP and ends in another: {example}"
            ));
        }
        if end < first {
            return Err(format!(
                "{text:?} is no range, it ends before it begins: right would be {end}-{first}"
            ));
        }
        return checked(text, Range { first, last: end }, purpose);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    let labels: Vec<&str> = name.split('.').collect();
    let is_name = name.len() <= 253
        && labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(|last| last.bytes().any(|b| !b.is_ascii_digit()));
    if is_name {
        Ok(Spec::Name(text.to_owned()))
    } else {
        Err(format!("{text:?} is no target: {example}"))
    }
}

/// Refuses what can be no host: nothing may be sent to everybody at once.
fn checked(text: &str, range: Range, purpose: Use) -> Result<Spec, String> {
    if purpose == Use::Target {
        match (range.first, range.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                if last >= Ipv4Addr::new(224, 0, 0, 0) {
                    return Err(format!(
                        "{text:?} reaches {last}, which is no host: targets end at 223.255.255.255 (RFC 1112, 4)"
                    ));
                }
                if first < Ipv4Addr::new(1, 0, 0, 0) {
                    return Err(format!(
                        "{text:?} begins in 0.0.0.0/8, where no host is: targets begin at 1.0.0.0 (RFC 1122, 3.2.1.3)"
                    ));
                }
            }
            (_, last) => {
                if last >= IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)) {
                    return Err(format!(
                        "{text:?} reaches {last}, which is a group and no host: targets end before ff00:: (RFC 4291, 2.7)"
                    ));
                }
                // Addresses with an IPv4 address in them, the loopback and the unspecified address.
                if number(range.first) >> 48 == 0 {
                    return Err(format!(
                        "{text:?} begins in ::/80, where no host is: right would be 2001:db8::/64 or an IPv4 target (RFC 4291, 2.5)"
                    ));
                }
            }
        }
    }
    Ok(Spec::Range(range))
}

fn resolve(name: &str) -> Result<Vec<Range>, String> {
    let found = (name, 0)
        .to_socket_addrs()
        .map_err(|error| format!("{name:?} cannot be looked up: {error}"))?;
    let mut ranges = Vec::new();
    for address in found {
        if let Spec::Range(range) = checked(name, Range::one(address.ip()), Use::Target)? {
            ranges.push(range);
        }
    }
    if ranges.is_empty() { Err(format!("{name:?} has no address")) } else { Ok(ranges) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_targets(texts: &[&str]) -> Result<AddressSet, String> {
        let mut problems = Problems::default();
        let written: Vec<_> =
            texts.iter().map(|text| ("target".to_owned(), (*text).to_owned())).collect();
        let spec = read(&written, Use::Target, &mut problems).unresolved();
        if problems.is_empty() { Ok(spec.addresses) } else { Err(problems.to_string()) }
    }

    #[test]
    fn reads_what_nmap_and_arp_scan_read() {
        assert_eq!(read_targets(&["10.0.0.0/24"]).unwrap().len(), 254);
        assert_eq!(read_targets(&["10.0.0.4/31"]).unwrap().len(), 2);
        assert_eq!(read_targets(&["10.0.0.4/32", "10.0.0.4"]).unwrap().len(), 1);
        assert_eq!(read_targets(&["10.0.0.250-10.0.1.5"]).unwrap().len(), 12);
        assert_eq!(read_targets(&["10.0.0.1-9"]).unwrap().len(), 9);
        assert_eq!(read_targets(&["core-1.example.net"]).unwrap().len(), 0);
    }

    #[test]
    fn refuses_what_is_no_target_and_says_what_would_be_right() {
        for (text, says) in [
            ("10.0.0.0/33", "is no target"),
            ("10.0.0.256", "is no target"),
            ("10.0.0", "is no target"),
            ("10.0.0.9-1", "ends before it begins"),
            ("0.0.0.0/0", "4294967294 addresses, at most 1048576"),
            ("10.0.0.0/8", "16777214 addresses"),
            ("224.0.0.1", "is no host"),
            ("255.255.255.255", "is no host"),
            ("0.0.0.0", "targets begin at 1.0.0.0"),
            ("ff02::1", "is a group and no host"),
            ("2001:db8::/129", "is no target"),
            ("::1", "begins in ::/80"),
            ("::ffff:10.0.0.1", "begins in ::/80"),
            ("10.0.0.1-2001:db8::1", "begins in one version of IP"),
            ("rm -rf", "is no target"),
            ("-x", "is no target"),
        ] {
            let error = read_targets(&[text]).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn many_small_targets_are_bounded_too() {
        assert!(
            read_targets(&["10.0.0.0/12", "11.0.0.0/12"])
                .unwrap_err()
                .contains("2097148 addresses")
        );
    }

    #[test]
    fn targets_that_overlap_are_counted_once() {
        let set = read_targets(&["10.0.0.0/12", "10.0.0.0/12", "10.0.0.0/13"]).unwrap();
        assert_eq!(set.len(), (1 << 20) - 2);
    }

    #[test]
    fn an_empty_target_is_a_mistake() {
        for text in ["", "  "] {
            assert!(read_targets(&[text]).unwrap_err().contains("target: is empty"), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_looked_up_when_that_is_asked_for() {
        let place = || ("target".to_owned(), "localhost".to_owned());
        let mut problems = Problems::default();
        let written = read(&[place()], Use::Exclusion, &mut problems);
        written.refuse_names(&mut problems);
        assert!(problems.to_string().contains("target: \"localhost\" is a name: give addresses"));
        assert_eq!(written.unresolved().names, ["localhost"]);
        let mut problems = Problems::default();
        let spec = read(&[place()], Use::Exclusion, &mut problems)
            .looked_up(Use::Exclusion, &mut problems);
        // Its entry stands in /etc/hosts; without one nothing is found, and that is said.
        assert_eq!(spec.addresses.contains(Ipv4Addr::LOCALHOST.into()), problems.is_empty());
        assert!(spec.names.is_empty());
    }

    #[test]
    fn every_bad_target_is_named_at_once() {
        let error = read_targets(&["10.0.0.300", "10.0.0.1", "x/y"]).unwrap_err();
        assert!(error.contains("10.0.0.300") && error.contains("x/y"), "{error}");
    }

    #[test]
    fn sets_know_what_they_hold() {
        let set = read_targets(&["10.0.0.1-3", "10.0.0.3-5", "10.0.1.0-10.0.1.0"]).unwrap();
        assert_eq!(set.len(), 6);
        assert!(set.contains([10, 0, 0, 5].into()) && set.contains([10, 0, 1, 0].into()));
        assert!(!set.contains([10, 0, 0, 6].into()) && !set.contains([9, 0, 0, 0].into()));
        assert_eq!(set.iter().count(), 6);
    }

    #[test]
    fn a_large_prefix_of_ipv6_is_held_and_not_swept() {
        let set = read_targets(&["2001:db8::/64", "2001:db8::5", "2001:db8:0:1::/126", "10.0.0.1"]);
        let set = set.unwrap();
        assert_eq!((set.len(), set.iter().count(), set.wide().count()), (6, 6, 1));
        assert!(set.contains("2001:db8::ffff".parse().unwrap()));
        assert!(set.contains("2001:db8:0:1::3".parse().unwrap()));
        assert!(!set.contains("2001:db8:0:1::4".parse().unwrap()));
        assert!(!set.contains("::a00:1".parse().unwrap()), "10.0.0.1 is another address");
        let small = read_targets(&["2001:db8::/112", "2001:db8::1:0/112"]).unwrap();
        assert_eq!(small.len(), 2 << 16, "two that touch are still swept");
    }
}
