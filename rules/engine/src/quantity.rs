//! Numbers of a rule, exact: shares of a hundred, decimal quantities, and terms. No floating point anywhere.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// A share of a hundred, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u16);

/// A number or text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is {found:?}, {right}")]
pub struct WrongQuantity {
    /// As it was written.
    pub found: String,
    /// What would be right.
    pub right: &'static str,
}

fn wrong(found: &str, right: &'static str) -> WrongQuantity {
    WrongQuantity { found: found.chars().take(80).collect(), right }
}

impl Share {
    /// In hundredths of a percent: 3,500 is 35 %.
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// From hundredths of a percent, at most 10,000.
    pub fn from_hundredths(hundredths: u16) -> Option<Self> {
        (hundredths <= 10_000).then_some(Self(hundredths))
    }

    /// Whether `part` of `whole` is more than this share, without rounding. Nothing is no share of nothing.
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 10_000 > u128::from(self.0) * u128::from(whole)
    }
}

impl FromStr for Share {
    type Err = WrongQuantity;

    fn from_str(text: &str) -> Result<Self, WrongQuantity> {
        let right = "allowed are shares from 0 to 100 with at most two decimals";
        let number = Decimal::from_str(text).map_err(|_| wrong(text, right))?;
        let hundredths = (number.0 % (SCALE / 100) == 0).then_some(number.0 / (SCALE / 100));
        hundredths
            .and_then(|hundredths| u16::try_from(hundredths).ok())
            .and_then(Self::from_hundredths)
            .ok_or_else(|| wrong(text, right))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole} %"),
            rest if rest % 10 == 0 => write!(f, "{whole}.{} %", rest / 10),
            rest => write!(f, "{whole}.{rest:02} %"),
        }
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

const SCALE: i64 = 1_000_000;

/// A decimal number with at most six decimals, below a thousand billions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i64);

impl FromStr for Decimal {
    type Err = WrongQuantity;

    fn from_str(text: &str) -> Result<Self, WrongQuantity> {
        let right = "allowed are numbers such as 2 or 0.25, with at most six decimals";
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !are_digits(whole, 12) || !are_digits(rest, 6) {
            return Err(wrong(text, right));
        }
        let read = |digits: &str| digits.parse::<i64>().map_err(|_| wrong(text, right));
        Ok(Self(sign * (read(whole)? * SCALE + read(&format!("{rest:0<6}"))?)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        match format!("{rest:06}").trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            rest => write!(f, "{sign}{whole}.{rest}"),
        }
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quantity {
    /// A number, in the unit that the attribute's name ends with.
    Number(Decimal),
    /// A word.
    Word(String),
}

impl FromStr for Quantity {
    type Err = WrongQuantity;

    fn from_str(text: &str) -> Result<Self, WrongQuantity> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        if is_name(text) && text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Ok(Self::Word(text.to_owned()));
        }
        Err(wrong(text, "allowed are a number, or a word of a-z, 0-9 and hyphens"))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// A name that an operator or a pack gives: a site, a zone, a purpose, an event, an attribute.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=48).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
        })
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Comparison {
    /// The sign that a pack uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::AtLeast => ">=",
            Self::More => ">",
        }
    }

    const ALL: [Self; 6] =
        [Self::Less, Self::AtMost, Self::Equal, Self::Unequal, Self::AtLeast, Self::More];
}

/// A comparison of one attribute: `weight-kg > 2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeTest {
    /// Which attribute.
    pub name: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: Quantity,
}

impl AttributeTest {
    /// Whether a value meets it. None: a word cannot be compared with a number.
    pub fn is_met_by(&self, value: &Quantity) -> Option<bool> {
        let order = match (value, &self.value) {
            (Quantity::Number(ours), Quantity::Number(wanted)) => ours.cmp(wanted),
            (Quantity::Word(ours), Quantity::Word(wanted)) => ours.cmp(wanted),
            (Quantity::Number(_), Quantity::Word(_)) | (Quantity::Word(_), Quantity::Number(_)) => {
                return None;
            }
        };
        Some(match self.comparison {
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::More => order.is_gt(),
        })
    }
}

impl FromStr for AttributeTest {
    type Err = WrongQuantity;

    fn from_str(text: &str) -> Result<Self, WrongQuantity> {
        let right = "it must be a name, a sign (< <= = != >= >) and a value, with spaces between: \"weight-kg > 2\"";
        let mut words = text.split_whitespace();
        let (Some(name), Some(sign), Some(value), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(wrong(text, right));
        };
        let comparison = Comparison::ALL.into_iter().find(|one| one.as_str() == sign);
        let (true, Some(comparison)) = (is_name(name), comparison) else {
            return Err(wrong(text, right));
        };
        let value = value.parse()?;
        let is_ordered = !matches!(comparison, Comparison::Equal | Comparison::Unequal);
        if is_ordered && matches!(value, Quantity::Word(_)) {
            return Err(wrong(text, "a word is compared with = or != only"));
        }
        Ok(Self { name: name.to_owned(), comparison, value })
    }
}

impl fmt::Display for AttributeTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.comparison.as_str(), self.value)
    }
}

/// A span of time as a law writes it: `7y`, `18m`, `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    count: i32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Years,
    Months,
    Days,
}

impl Term {
    /// The day on which it ends when it begins on that one. None: past the end of the calendar.
    pub fn after(self, start: Date) -> Option<Date> {
        let count = i64::from(self.count);
        let span = jiff::Span::new();
        let span = match self.unit {
            Unit::Years => span.try_years(count),
            Unit::Months => span.try_months(count),
            Unit::Days => span.try_days(count),
        };
        start.checked_add(span.ok()?).ok()
    }
}

impl FromStr for Term {
    type Err = WrongQuantity;

    fn from_str(text: &str) -> Result<Self, WrongQuantity> {
        let right = "allowed are terms such as \"7y\", \"18m\" or \"90d\", up to a hundred years";
        let (count, unit, most) = match text.split_at_checked(text.len().saturating_sub(1)) {
            Some((count, "y")) => (count, Unit::Years, 100),
            Some((count, "m")) => (count, Unit::Months, 1_200),
            Some((count, "d")) => (count, Unit::Days, 36_500),
            Some(_) | None => return Err(wrong(text, right)),
        };
        let is_number = (1..=5).contains(&count.len()) && count.bytes().all(|b| b.is_ascii_digit());
        let count = is_number.then(|| count.parse::<i32>().ok()).flatten();
        match count.filter(|count| (1..=most).contains(count)) {
            Some(count) => Ok(Self { count, unit }),
            None => Err(wrong(text, right)),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Years => "y",
            Unit::Months => "m",
            Unit::Days => "d",
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A product name as a pack writes it: exact, or a prefix when it ends in `*`. Case, spaces and signs do not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProductName {
    /// As it was written.
    pub text: String,
    folded: String,
    is_prefix: bool,
}

impl ProductName {
    /// Whether a product goes by that name.
    pub fn is(&self, product: &str) -> bool {
        let (mut ours, mut theirs) = (self.folded.chars(), letters(product));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (None, Some(_)) => return self.is_prefix,
                (Some(ours), Some(theirs)) if ours == theirs => {}
                (Some(_), _) => return false,
            }
        }
    }

    /// Whether it begins with the name of that family, so that it may be of a model of it.
    pub(crate) fn may_be_of(&self, family: &str) -> bool {
        let mut ours = self.folded.chars();
        letters(family).all(|theirs| ours.next() == Some(theirs))
    }
}

impl FromStr for ProductName {
    type Err = WrongQuantity;

    fn from_str(text: &str) -> Result<Self, WrongQuantity> {
        let (stem, is_prefix) = text.strip_suffix('*').map_or((text, false), |stem| (stem, true));
        let folded = folded(stem);
        if folded.is_empty() || stem.contains('*') {
            let right = "allowed are a name, or the beginning of one and a star: \"NE40E*\"";
            return Err(wrong(text, right));
        }
        Ok(Self { text: text.to_owned(), folded, is_prefix })
    }
}

fn folded(name: &str) -> String {
    letters(name).collect()
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_at_its_edge() {
        let cap: Share = "35".parse().unwrap();
        assert!(!cap.is_exceeded_by(349, 1_000) && !cap.is_exceeded_by(350, 1_000));
        assert!(cap.is_exceeded_by(351, 1_000) && !cap.is_exceeded_by(0, 0));
        assert!(cap.is_exceeded_by(u64::MAX, u64::MAX));
        assert_eq!("34.9".parse::<Share>().unwrap().to_string(), "34.9 %");
        for wrong in ["", "100.01", "-1", "1.234", "1e1", "ten", "."] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_comparison_is_of_numbers_or_of_words_and_never_of_both() {
        let heavy: AttributeTest = "weight-kg > 2".parse().unwrap();
        let met = |value: &str| heavy.is_met_by(&value.parse().unwrap());
        assert_eq!((met("2.000001"), met("2.0"), met("heavy")), (Some(true), Some(false), None));
        assert_eq!(heavy.to_string(), "weight-kg > 2");
        for wrong in
            ["weight", "weight > heavy", "weight ~ 2", "A = 2", "a = 2 3", "a = 1234567890123"]
        {
            assert!(wrong.parse::<AttributeTest>().is_err(), "{wrong}");
        }
        assert_eq!("-0.250".parse::<Decimal>().unwrap().to_string(), "-0.25");
    }

    #[test]
    fn a_term_runs_by_the_calendar() {
        let end = |term: &str, start: &str| {
            term.parse::<Term>().unwrap().after(start.parse().unwrap()).unwrap().to_string()
        };
        assert_eq!(end("7y", "2024-02-29"), "2031-02-28");
        assert_eq!(end("18m", "2026-01-31"), "2027-07-31");
        assert_eq!(end("90d", "2026-11-21"), "2027-02-19");
        for wrong in ["", "y", "7", "0y", "-1y", "101y", "7 y", "7ü"] {
            assert!(wrong.parse::<Term>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_product_name_is_folded_and_may_be_the_beginning_of_one() {
        let name: ProductName = "NE-40*".parse().unwrap();
        assert!(name.is("ne40e X8A") && !name.is("CE 6800"));
        assert!(!"NE40E".parse::<ProductName>().unwrap().is("NE40E-X8A"));
        for wrong in ["*", "-", "a*b"] {
            assert!(wrong.parse::<ProductName>().is_err(), "{wrong}");
        }
    }
}
