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
        if is_day(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseIdError::new("an edition date such as 2026-10-24", text))
        }
    }
}

/// Whether a text is a day of the calendar, such as 2026-11-21.
pub fn is_day(text: &str) -> bool {
    let digits = text
        .bytes()
        .enumerate()
        .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    let number = |range| text.get(range).and_then(|part: &str| part.parse::<u16>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u16::from(is_leap),
        _ => return false,
    };
    text.len() == 10 && digits && (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for day in ["2026-11-21", "2024-02-29", "2000-02-29", "2026-12-31", "0001-01-01"] {
            assert!(is_day(day) && day.parse::<Edition>().is_ok(), "{day}");
        }
        for none in [
            "2026-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-01",
            "2026-01-011",
            "+026-01-01",
            "2026-01-+1",
            "",
            "２０２６-01-01",
        ] {
            assert!(!is_day(none) && none.parse::<Edition>().is_err(), "{none}");
        }
    }
}
