//! Hardware addresses and the prefixes of them that IEEE assigns (IEEE 802-2014, 8.2).

use std::fmt;
use std::str::FromStr;

use crate::ParseIdError;

/// A 48-bit hardware address, in the order it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// All ones: every station on the segment.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// All zeros: unset, not Xerox.
    pub const ZERO: Self = Self([0; 6]);

    /// The six octets, first sent first.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Addresses a group and never a station (the I/G bit).
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 0b01 != 0
    }

    /// Set by software, not by the maker: its prefix names nobody and is not looked up.
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 0b10 != 0
    }

    /// The address as a number, so that prefixes of any length can be compared.
    pub fn bits(self) -> u64 {
        self.0.iter().fold(0, |bits, octet| bits << 8 | u64::from(*octet))
    }

    /// The leading `len` bits (24, 28 or 36 in the registries).
    pub fn prefix(self, len: u8) -> MacPrefix {
        let len = len.min(48);
        let keep = if len == 0 { 0 } else { u64::MAX << (48 - len) };
        MacPrefix { bits: self.bits() & keep & 0xffff_ffff_ffff, len }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for MacAddr {
    type Err = ParseIdError;

    /// Reads `00:e0:fc:12:34:56`, `00-E0-FC-12-34-56`, `00e0.fc12.3456` and `00e0fc123456`.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = || ParseIdError::new("a MAC address such as 00:e0:fc:12:34:56", text);
        let mut octets = [0; 6];
        let separated = text.contains(':') || text.contains('-');
        if separated {
            let separator = if text.contains(':') { ':' } else { '-' };
            let mut parts = text.split(separator);
            for octet in &mut octets {
                let part = parts.next().ok_or_else(error)?;
                if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_hexdigit())
                {
                    return Err(error());
                }
                *octet = u8::from_str_radix(part, 16).map_err(|_| error())?;
            }
            return if parts.next().is_none() { Ok(Self(octets)) } else { Err(error()) };
        }
        let digits: Vec<u8> = text.bytes().filter(|b| *b != b'.').collect();
        if digits.len() != 12 || (text.contains('.') && text.split('.').any(|part| part.len() != 4))
        {
            return Err(error());
        }
        for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
            match (digit(pair[0]), digit(pair[1])) {
                (Some(high), Some(low)) => *octet = high << 4 | low,
                _ => return Err(error()),
            }
        }
        Ok(Self(octets))
    }
}

/// The leading bits of an address that one assignment covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacPrefix {
    bits: u64,
    len: u8,
}

impl MacPrefix {
    /// How many bits are fixed: 24 (MA-L), 28 (MA-M) or 36 (MA-S, IAB).
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Covers every address.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Its first address: the fixed bits, and zeros.
    pub fn first(self) -> MacAddr {
        let [_, _, octets @ ..] = self.bits.to_be_bytes();
        MacAddr(octets)
    }

    /// Whether the address lies in it.
    pub fn contains(self, mac: MacAddr) -> bool {
        mac.prefix(self.len) == self
    }
}

impl FromStr for MacPrefix {
    type Err = ParseIdError;

    /// Reads `00:e0:fc`, `00-E0-FC`, `00e0fc`, `8C1F64AFA`: four bits a digit, 24 to 44 of them; and with the length said,
    /// `00:e0:fc/24`, `8c:1f:64:af:a0/36`, 8 to 48 bits, where the octets behind it may be left out and what they hold
    /// beyond it must be zero.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = || ParseIdError::new("a prefix such as 00:e0:fc or 8c:1f:64:af:a0/36", text);
        let (digits, len) = match text.split_once('/') {
            Some((digits, len)) => (digits, Some(len.parse::<u8>().map_err(|_| error())?)),
            None => (text, None),
        };
        let separator = |c| c == ':' || c == '-';
        let parts: Vec<&str> = digits.split(separator).collect();
        // Octets are whole, but for a last one of four bits: `8c:1f:64:af:a`.
        let (last, whole) = parts.split_last().ok_or_else(error)?;
        let is_octets = whole.iter().all(|part| part.len() == 2) && (1..=2).contains(&last.len());
        let digits = parts.concat();
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hex || digits.len() > 12 || !(whole.is_empty() || is_octets) {
            return Err(error());
        }
        let given = u64::from_str_radix(&digits, 16).map_err(|_| error())?;
        let mac = MacAddr({
            let [_, _, octets @ ..] = (given << (48 - 4 * digits.len())).to_be_bytes();
            octets
        });
        let prefix = match len {
            Some(len @ 8..=48) => mac.prefix(len),
            None if (6..=11).contains(&digits.len()) => {
                mac.prefix(u8::try_from(4 * digits.len()).map_err(|_| error())?)
            }
            _ => return Err(error()),
        };
        if prefix.first() == mac { Ok(prefix) } else { Err(error()) }
    }
}

impl fmt::Display for MacPrefix {
    /// The octets it touches and its length: `00:e0:fc/24`, `8c:1f:64:af:a0/36`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.bits.to_be_bytes();
        let used = usize::from(self.len).div_ceil(8).max(1);
        for (index, octet) in octets[2..].iter().take(used).enumerate() {
            write!(f, "{}{octet:02x}", if index == 0 { "" } else { ":" })?;
        }
        write!(f, "/{}", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_four_usual_spellings() {
        let mac = MacAddr([0x00, 0xe0, 0xfc, 0x12, 0x34, 0x56]);
        for text in [
            "00:e0:fc:12:34:56",
            "00-E0-FC-12-34-56",
            "00e0.fc12.3456",
            "00E0FC123456",
            "0:e0:fc:12:34:56",
        ] {
            assert_eq!(text.parse(), Ok(mac), "{text}");
        }
        assert_eq!(mac.to_string(), "00:e0:fc:12:34:56");
    }

    #[test]
    fn refuses_what_is_not_an_address() {
        for text in [
            "",
            "00:e0:fc:12:34",
            "00:e0:fc:12:34:56:78",
            "00:e0:fc:12:34:5g",
            "00e0fc12345",
            "+0:e0:fc:12:34:56",
            "00e.0fc1.23456",
            "é0:e0:fc:12:34:56",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn prefixes_print_the_octets_they_touch() {
        let mac: MacAddr = "8c:1f:64:af:a1:23".parse().unwrap();
        assert_eq!(mac.prefix(24).to_string(), "8c:1f:64/24");
        assert_eq!(mac.prefix(28).to_string(), "8c:1f:64:a0/28");
        assert_eq!(mac.prefix(36).to_string(), "8c:1f:64:af:a0/36");
        assert!(mac.prefix(36).contains(mac));
        assert!(!mac.prefix(36).contains(MacAddr([0x8c, 0x1f, 0x64, 0xaf, 0xb1, 0x23])));
    }

    #[test]
    fn prefixes_are_read_as_they_print_and_as_the_listings_have_them() {
        let mac: MacAddr = "8c:1f:64:af:a1:23".parse().unwrap();
        for len in 8..=48 {
            let prefix = mac.prefix(len);
            assert_eq!(prefix.to_string().parse(), Ok(prefix));
        }
        for (text, len) in [
            ("8c:1f:64", 24),
            ("8C-1F-64", 24),
            ("8c1f64", 24),
            ("8C1F64A", 28),
            ("8c:1f:64:a", 28),
            ("8C1F64AFA", 36),
            ("8c:1f:64/24", 24),
        ] {
            assert_eq!(text.parse(), Ok(mac.prefix(len)), "{text}");
        }
        for text in [
            "",
            "8c",
            "8c:1f",
            "8c:1f:64:af:a1:23",
            "8c1f64afa123",
            "8c:1f:64/20",
            "8c:1f:64/49",
            "8c:1f:64/",
            "8c:1:64",
            "8c:1f:6g",
            "8c::64",
            "+8c1f64",
            "é8c1f6",
            "8c:1f:64/7",
        ] {
            assert!(text.parse::<MacPrefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_group_and_local_addresses() {
        assert!(MacAddr::BROADCAST.is_multicast());
        assert!("02:42:ac:11:00:02".parse::<MacAddr>().unwrap().is_locally_administered());
        assert!(!"00:e0:fc:12:34:56".parse::<MacAddr>().unwrap().is_multicast());
    }
}
