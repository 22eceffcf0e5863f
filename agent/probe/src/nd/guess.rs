//! Addresses that stations are likely to have made of their hardware addresses under the prefixes of their segment.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use herkomst_ids::MacAddr;
use herkomst_wire::ipv6::eui64_address;

/// Prefixes that are kept from one segment, beside our own: a router that invents them must not make us ask without end.
pub(super) const MOST_PREFIXES: usize = 16;
/// Hardware addresses that are kept from one segment.
const MOST_STATIONS: usize = 65_536;
/// The link-local prefix; its further bits are zero (RFC 4291, 2.5.6).
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);

/// A prefix of the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OnLink {
    address: Ipv6Addr,
    length: u8,
}

impl OnLink {
    /// `None` for what is no prefix of a segment: longer than an address, or of everybody.
    pub(super) fn new(address: Ipv6Addr, length: u8) -> Option<Self> {
        if !(1..=128).contains(&length) || address.is_multicast() {
            return None;
        }
        Some(Self { address: Ipv6Addr::from_bits(address.to_bits() & mask(length)), length })
    }

    pub(super) fn contains(self, address: Ipv6Addr) -> bool {
        address.to_bits() & mask(self.length) == self.address.to_bits()
    }

    pub(super) fn length(self) -> u8 {
        self.length
    }
}

/// Of a length of at least 1.
fn mask(length: u8) -> u128 {
    u128::MAX << 128_u8.saturating_sub(length).min(127)
}

/// What is known of a segment, and what can be guessed from it.
#[derive(Debug)]
pub(super) struct Guesses {
    prefixes: Vec<OnLink>,
    learned: usize,
    stations: BTreeSet<MacAddr>,
    overflow: u64,
}

impl Guesses {
    /// What our own addresses say of the segment.
    pub(super) fn new(own: impl IntoIterator<Item = OnLink>) -> Self {
        let mut prefixes = Vec::from([OnLink { address: LINK_LOCAL, length: 64 }]);
        for prefix in own {
            if !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
        }
        Self { prefixes, learned: 0, stations: BTreeSet::new(), overflow: 0 }
    }

    /// Whether an address belongs to the segment.
    pub(super) fn is_on_link(&self, address: Ipv6Addr) -> bool {
        self.prefixes.iter().any(|prefix| prefix.contains(address))
    }

    /// Takes a prefix; hands out what stations may have made under it.
    pub(super) fn learn_prefix(&mut self, prefix: OnLink) -> Vec<Ipv6Addr> {
        if self.prefixes.contains(&prefix) {
            return Vec::new();
        }
        if self.learned >= MOST_PREFIXES {
            self.overflow += 1;
            return Vec::new();
        }
        self.learned += 1;
        self.prefixes.push(prefix);
        let stations = self.stations.iter();
        stations.filter_map(|mac| guess(prefix, *mac)).collect()
    }

    /// Takes a hardware address; hands out what its station may have made of it.
    pub(super) fn learn_mac(&mut self, mac: MacAddr) -> Vec<Ipv6Addr> {
        if self.stations.contains(&mac) {
            return Vec::new();
        }
        if self.stations.len() >= MOST_STATIONS {
            self.overflow += 1;
            return Vec::new();
        }
        self.stations.insert(mac);
        self.prefixes.iter().filter_map(|prefix| guess(*prefix, mac)).collect()
    }

    /// What was not kept.
    pub(super) fn overflow(&self) -> u64 {
        self.overflow
    }
}

/// RFC 4862, 5.5.3 (d): the prefix and the identifier must make 128 bits together.
fn guess(prefix: OnLink, mac: MacAddr) -> Option<Ipv6Addr> {
    (prefix.length == 64).then(|| eui64_address(prefix.address, mac)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([0x00, 0xe0, 0xfc, 0, 0, 7]);

    fn prefix(text: &str, length: u8) -> OnLink {
        OnLink::new(text.parse().unwrap(), length).unwrap()
    }

    fn texts(addresses: &[Ipv6Addr]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_station_is_looked_for_under_each_prefix_once_whichever_came_first() {
        let mut guesses = Guesses::new([prefix("fd00:50::1", 64)]);
        let first = guesses.learn_mac(MAC);
        assert_eq!(texts(&first), ["fe80::2e0:fcff:fe00:7", "fd00:50::2e0:fcff:fe00:7"]);
        assert!(guesses.learn_mac(MAC).is_empty());
        let then = guesses.learn_prefix(prefix("fd00:51::", 64));
        assert_eq!(texts(&then), ["fd00:51::2e0:fcff:fe00:7"]);
        assert!(guesses.learn_prefix(prefix("fd00:51::99", 64)).is_empty(), "the same prefix");
    }

    #[test]
    fn other_lengths_say_what_is_on_the_segment_and_no_address() {
        let mut guesses = Guesses::new([prefix("fd00:50::1", 120)]);
        assert_eq!(texts(&guesses.learn_mac(MAC)), ["fe80::2e0:fcff:fe00:7"]);
        for (address, is) in [
            ("fd00:50::ff", true),
            ("fd00:50::1ff", false),
            ("fe80::9", true),
            ("fe80:1::9", false),
        ] {
            assert_eq!(guesses.is_on_link(address.parse().unwrap()), is, "{address}");
        }
        assert_eq!(prefix("fd00::1", 128), prefix("fd00::1", 128));
        assert!(!prefix("fd00::1", 128).contains("fd00::".parse().unwrap()));
        for (address, length) in [("::", 0), ("fd00::", 129), ("ff02::", 64)] {
            assert_eq!(OnLink::new(address.parse().unwrap(), length), None);
        }
    }

    #[test]
    fn neither_prefixes_nor_stations_grow_without_end() {
        let mut guesses = Guesses::new([]);
        for number in 0..1000_u128 {
            guesses.learn_prefix(
                OnLink::new(Ipv6Addr::from_bits(number << 64 | 1 << 125), 64).unwrap(),
            );
        }
        assert_eq!(guesses.prefixes.len(), 1 + MOST_PREFIXES);
        assert_eq!(guesses.learn_mac(MAC).len(), 1 + MOST_PREFIXES);
        for number in 0..70_000_u32 {
            let [a, b, c, d] = number.to_be_bytes();
            guesses.learn_mac(MacAddr([2, 0, a, b, c, d]));
        }
        assert_eq!(guesses.stations.len(), MOST_STATIONS);
        let refused = 70_000 - (MOST_STATIONS as u64 - 1) + (1000 - MOST_PREFIXES as u64);
        assert_eq!(guesses.overflow(), refused);
    }
}
