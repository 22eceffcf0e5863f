//! IANA Private Enterprise Numbers (RFC 9371).

use std::fmt;
use std::str::FromStr;

use crate::ParseIdError;

/// The number under 1.3.6.1.4.1 that IANA assigned to an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pen(pub u32);

impl fmt::Display for Pen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Pen {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let number = text
            .parse()
            .map_err(|_| ParseIdError::new("an enterprise number such as 2011", text))?;
        Ok(Self(number))
    }
}
