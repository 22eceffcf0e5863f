//! The addresses that all are asked for, and what the listings say of them.

use std::collections::BTreeSet;

/// The committed listings of IEEE: prefix, listing, country, registrant.
const LISTINGS: &str = include_str!("../../registry/sources/ieee.tsv");
/// Who owns the blocks that are divided further, and so nobody's maker.
const PARENT: &str = "IEEE Registration Authority";
/// The listings that name cards. A company id (CID) stands in local space and names none.
pub const KINDS: [&str; 4] = ["MA-L", "MA-M", "MA-S", "IAB"];

/// An address in an assigned prefix.
pub struct Hit {
    pub mac: String,
    /// Its place in `KINDS`.
    pub kind: usize,
    pub registrant: &'static str,
}

/// Where to look, and where in vain.
pub struct Addresses {
    /// One random address in each row, in no smaller block that another row gives to somebody else.
    pub hits: Vec<Hit>,
    /// A third as many, universal and of stations, that no row covers.
    pub misses: Vec<String>,
}

impl Addresses {
    /// The same ones in each run: the seed is a constant.
    pub fn draw() -> Self {
        let mut random = Random(0x6865_726b_6f6d_7374);
        let rows: Vec<_> = LISTINGS.lines().filter_map(row).collect();
        let prefixes: BTreeSet<(u32, u64)> =
            rows.iter().map(|(digits, _, _)| prefix(digits)).collect();
        let covered = |mac: u64, longer_than: u32| {
            [24, 28, 36]
                .into_iter()
                .any(|bits| bits > longer_than && prefixes.contains(&(bits, mac >> (48 - bits))))
        };
        let mut hits = Vec::new();
        for (digits, kind, registrant) in rows {
            let (bits, value) = prefix(digits);
            let inside = || value << (48 - bits);
            let mac = (0..100)
                .map(|_| inside() | random.next() >> (16 + bits))
                .find(|mac| !covered(*mac, bits));
            if let Some(mac) = mac.filter(|_| registrant != PARENT) {
                hits.push(Hit { mac: text(mac), kind, registrant });
            }
        }
        let mut misses = Vec::new();
        while misses.len() < hits.len() / 3 {
            // Universal addresses of stations: the two last bits of the first octet are zero.
            let mac = random.next() >> 16 & !(0b11 << 40);
            if !covered(mac, 0) {
                misses.push(text(mac));
            }
        }
        Self { hits, misses }
    }

    /// All of them, mixed, a line each.
    pub fn shuffled(&self) -> String {
        let mut random = Random(0x676d_6973_6368_7400);
        let mut all: Vec<&str> = self
            .hits
            .iter()
            .map(|hit| hit.mac.as_str())
            .chain(self.misses.iter().map(String::as_str))
            .collect();
        shuffle(&mut all, &mut random);
        all.iter().flat_map(|mac| [mac, "\n"]).collect()
    }
}

fn row(line: &'static str) -> Option<(&'static str, usize, &'static str)> {
    let fields: Vec<&'static str> = line.split('\t').collect();
    let [digits, listing, _, registrant] = fields[..] else { return None };
    let kind = KINDS.iter().position(|kind| *kind == listing)?;
    Some((digits, kind, registrant))
}

/// Its bits, and how many.
fn prefix(digits: &str) -> (u32, u64) {
    let value = u64::from_str_radix(digits, 16).expect("the tests of the registry read this file");
    (4 * digits.len() as u32, value)
}

fn text(mac: u64) -> String {
    let [_, _, octets @ ..] = mac.to_be_bytes();
    octets.map(|octet| format!("{octet:02x}")).join(":")
}

/// SplitMix64: enough for spreading, and the same on every machine.
pub struct Random(pub u64);

/// Brings them into any order (Fisher and Yates).
pub fn shuffle<T>(all: &mut [T], random: &mut Random) {
    for last in (1..all.len()).rev() {
        let other = random.next() % (last as u64 + 1);
        all.swap(last, other as usize);
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
