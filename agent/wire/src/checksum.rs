//! The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words.

/// Sums bytes that come in pieces. Every piece but the last must have an even length.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Adds the words of `bytes`; an odd last byte counts as the high half of a word.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let (words, odd) = bytes.as_chunks::<2>();
        // A packet has at most 2^15 words, so that the sum of a few packets is far below 2^64.
        let sum: u64 = words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum();
        Self(self.0 + sum + odd.first().map_or(0, |byte| u64::from(*byte) << 8))
    }

    /// Adds one word.
    pub(crate) fn word(self, word: u16) -> Self {
        Self(self.0 + u64::from(word))
    }

    /// The checksum to send; over bytes that carry their own right checksum it is 0.
    pub(crate) fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).expect("the loop leaves 16 bits")
    }
}

/// The checksum of one run of bytes.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    Sum::default().bytes(bytes).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_example_of_rfc_1071() {
        // RFC 1071, 3: the words 0001 f203 f4f5 f6f7 sum to ddf2
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }

    #[test]
    fn an_odd_byte_is_the_high_half_of_a_word() {
        assert_eq!(checksum(&[1, 2, 3]), checksum(&[1, 2, 3, 0]));
        assert_eq!(Sum::default().bytes(&[1, 2]).bytes(&[3]).finish(), checksum(&[1, 2, 3]));
    }

    #[test]
    fn carries_are_folded_as_often_as_needed() {
        assert_eq!(checksum(&[0xff; 65_534]), 0);
        assert_eq!(Sum::default().word(0xffff).word(0xffff).word(2).finish(), !2);
    }
}
