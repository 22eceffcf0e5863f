//! A quick hash for tables that are asked several times for every packet or observation.
//!
//! SipHash, which the standard tables use, takes as long for one address as all else that is done with it. This one folds
//! the product of each word and a key, as wyhash does (Wang Yi, 2019). Strangers may choose what is hashed, an address of
//! their own or a text, so the keys are drawn anew for each table, and nothing that is told to the network depends on them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A table with the quick hash.
pub type QuickMap<K, V> = HashMap<K, V, QuickHash>;

/// The keys of one table.
#[derive(Debug, Clone)]
pub struct QuickHash {
    start: u64,
    factor: u64,
}

impl Default for QuickHash {
    fn default() -> Self {
        let random = RandomState::new();
        // Odd, so that no bit of a word is lost.
        Self { start: random.hash_one(0u8), factor: random.hash_one(1u8) | 1 }
    }
}

impl BuildHasher for QuickHash {
    type Hasher = QuickHasher;

    fn build_hasher(&self) -> QuickHasher {
        QuickHasher { state: self.start, factor: self.factor }
    }
}

/// The hash of one value.
#[derive(Debug, Clone)]
pub struct QuickHasher {
    state: u64,
    factor: u64,
}

impl QuickHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        // The sum keeps a state that met its own value from sticking at 0.
        self.state = (product as u64 ^ (product >> 64) as u64).wrapping_add(self.factor);
    }
}

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        // Tables look at the upper bits and the lower ones: once more, so that each depends on all.
        let product = u128::from(self.state) * u128::from(self.factor);
        product as u64 ^ (product >> 64) as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_u128(&mut self, number: u128) {
        self.mix(number as u64);
        self.mix((number >> 64) as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn neighbouring_addresses_fall_far_apart_in_the_bits_that_tables_look_at() {
        let hash = QuickHash::default();
        let hashes: Vec<u64> = (0..65_536u32)
            .map(|number| hash.hash_one(IpAddr::V4(Ipv4Addr::from(0x0a32_0000 + number))))
            .collect();
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len());
        // A thousandth more or less than fair: 64 in each of 1,024, and of a fair draw none has twice that.
        for shift in [0, 54] {
            let mut counts = [0; 1024];
            hashes.iter().for_each(|hash| counts[(hash >> shift) as usize & 1023] += 1);
            assert!(counts.iter().all(|count| (16..160).contains(count)), "{shift}: {counts:?}");
        }
    }

    #[test]
    fn what_is_equal_has_one_hash_and_another_table_another() {
        let (one, other) = (QuickHash::default(), QuickHash::default());
        for text in ["", "a", "eight by", "nine byte", "a text of more than sixteen"] {
            assert_eq!(one.hash_one(text), one.hash_one(text.to_owned()));
            assert_ne!(one.hash_one(text), other.hash_one(text), "the keys are drawn");
        }
        assert_ne!(one.hash_one([0u8; 3]), one.hash_one([0u8; 4]));
    }
}
