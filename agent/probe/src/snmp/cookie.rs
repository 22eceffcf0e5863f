//! Request numbers that a stranger cannot guess: an answer counts only with the one that was sent.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

/// Numbers for requests, from a key that the engine draws at random for each scan.
#[derive(Clone)]
pub struct Cookies {
    key: [u8; 16],
}

impl std::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookies(..)")
    }
}

impl Cookies {
    /// Numbers that this key decides.
    pub const fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// The number of the request to this address that is the so manyth, from 0: 1 to 2^31 − 1 (RFC 3412, 6.2, RFC 3416, 3).
    pub fn request_id(&self, to: IpAddr, serial: impl Into<u32>) -> i32 {
        let mut hasher = DefaultHasher::new();
        self.key.hash(&mut hasher);
        match to {
            IpAddr::V4(to) => to.octets().hash(&mut hasher),
            IpAddr::V6(to) => to.octets().hash(&mut hasher),
        }
        serial.into().hash(&mut hasher);
        let bits = u32::try_from(hasher.finish() >> 33).expect("31 bits fit");
        i32::try_from(bits.max(1)).expect("31 bits fit")
    }

    /// The try among the first `tries` that carried this number.
    pub fn attempt(&self, to: IpAddr, tries: u8, request_id: i32) -> Option<u8> {
        (0..tries).find(|attempt| self.request_id(to, *attempt) == request_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_by_key_address_and_try_and_are_positive() {
        let (one, two) = (Cookies::new([1; 16]), Cookies::new([2; 16]));
        let to = IpAddr::from([10, 0, 0, 1]);
        let ids = [
            one.request_id(to, 0u8),
            one.request_id(to, 1u8),
            one.request_id([10, 0, 0, 2].into(), 0u8),
            two.request_id(to, 0u8),
        ];
        assert!(ids.iter().all(|id| *id > 0));
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!(one.attempt(to, 2, ids[1]), Some(1));
        assert_eq!(one.attempt(to, 1, ids[1]), None, "that try was not made yet");
    }
}
