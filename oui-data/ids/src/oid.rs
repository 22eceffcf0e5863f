//! Object identifiers (ITU-T X.660) in the bounds of SNMP: at most 128 arcs of 32 bits (RFC 2578, 3.5).

use std::fmt;
use std::str::FromStr;

use crate::{ParseIdError, Pen};

/// An object identifier, arc by arc.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Box<[u32]>);

impl Oid {
    /// The most arcs that SNMP allows (RFC 2578, 3.5).
    pub const MOST_ARCS: usize = 128;
    /// The arc under which the enterprise numbers stand: 1.3.6.1.4.1.
    pub const ENTERPRISES: [u32; 6] = [1, 3, 6, 1, 4, 1];

    /// Builds one from its arcs; `None` with fewer than two arcs, more than 128, or first arcs that BER cannot carry.
    pub fn new(arcs: impl Into<Box<[u32]>>) -> Option<Self> {
        let arcs = arcs.into();
        let fits = (2..=Self::MOST_ARCS).contains(&arcs.len())
            && arcs[0] <= 2
            && (arcs[0] == 2 || arcs[1] < 40)
            && arcs[1] <= u32::MAX - 80;
        fits.then_some(Self(arcs))
    }

    /// The arcs, root first.
    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// Whether it is `root` or stands below it.
    pub fn is_under(&self, root: &[u32]) -> bool {
        self.0.starts_with(root)
    }

    /// The enterprise number it stands under, if it stands under 1.3.6.1.4.1.
    pub fn pen(&self) -> Option<Pen> {
        self.0.strip_prefix(&Self::ENTERPRISES)?.first().copied().map(Pen)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arc) in self.0.iter().enumerate() {
            write!(f, "{}{arc}", if index == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl FromStr for Oid {
    type Err = ParseIdError;

    /// Reads `1.3.6.1.4.1.2011` with or without a leading dot.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = || ParseIdError::new("an object identifier such as 1.3.6.1.4.1.2011", text);
        let arcs: Result<Vec<u32>, _> =
            text.strip_prefix('.')
                .unwrap_or(text)
                .split('.')
                .take(Self::MOST_ARCS + 1)
                .map(|arc| {
                    if arc.starts_with('+') {
                        Err(error())
                    } else {
                        arc.parse().map_err(|_| error())
                    }
                })
                .collect();
        Self::new(arcs?).ok_or_else(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_enterprise_it_stands_under() {
        let oid: Oid = "1.3.6.1.4.1.2011.2.88.2".parse().unwrap();
        assert_eq!(oid.pen(), Some(Pen(2011)));
        assert_eq!(".1.3.6.1.4.1".parse::<Oid>().unwrap().pen(), None);
        assert_eq!("1.3.6.1.2.1.1".parse::<Oid>().unwrap().pen(), None);
        assert_eq!(oid.to_string(), "1.3.6.1.4.1.2011.2.88.2");
    }

    #[test]
    fn refuses_what_ber_cannot_carry() {
        for text in ["", "1", "3.1", "1.40", "1.3.x", "1..3", "1.3.4294967296", "1.+3"] {
            assert!(text.parse::<Oid>().is_err(), "{text}");
        }
        assert!(Oid::new(vec![1; 129]).is_none());
    }
}
