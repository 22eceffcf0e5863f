//! The dated version of a registry, a vendor table or a rule pack.

use std::fmt;
use std::str::FromStr;

use crate::ParseIdError;

/// The day the data is from, as `2026-10-24`: editions sort by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edition(String);

impl Edition {
    /// The date as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Edition {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() });
        let in_range = |range: std::ops::Range<usize>, most: u8| {
            text.get(range)
                .and_then(|part| part.parse::<u8>().ok())
                .is_some_and(|number| (1..=most).contains(&number))
        };
        if shape && in_range(5..7, 12) && in_range(8..10, 31) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseIdError::new("an edition date such as 2026-10-24", text))
        }
    }
}
