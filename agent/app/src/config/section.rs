//! A TOML file (version 1.1) whose every value knows its place.
//!
//! A table is asked for its keys one by one; each wrong value is noted and reading goes on, and a key that nobody asked
//! for is a problem in itself, with the nearest one that exists. No value is ever quoted in a message, since some are secrets.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::problems::{Problems, hint};

/// The file being read: its name and text, for places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'t> {
    /// The name as the operator gave it.
    pub(crate) file: &'t str,
    /// The text.
    pub(crate) text: &'t str,
}

impl Document<'_> {
    fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        format!("{}:{line}:{column}", self.file)
    }

    /// Reads the file into its root table, or notes why it is no TOML.
    pub(crate) fn parse<'t>(
        &self,
        text: &'t str,
        problems: &mut Problems,
    ) -> Option<Spanned<DeTable<'t>>> {
        match DeTable::parse(text) {
            Ok(table) => Some(table),
            Err(error) => {
                let place = self.place(&error.span().unwrap_or(0..0));
                problems.add_configuration(&place, format!("is not TOML: {}", error.message()));
                None
            }
        }
    }
}

/// A table of the file, and the keys that were asked of it so far.
pub(crate) struct Section<'t> {
    document: Document<'t>,
    path: String,
    span: Range<usize>,
    table: &'t DeTable<'t>,
    asked: RefCell<Vec<&'static str>>,
}

/// A value with its place.
pub(crate) struct Found<'t> {
    document: Document<'t>,
    value: &'t DeValue<'t>,
    span: Range<usize>,
    key: String,
}

impl<'t> Found<'t> {
    /// Notes a problem of this value.
    pub(crate) fn problem(&self, problems: &mut Problems, what: impl AsRef<str>) {
        problems.add_configuration(
            &self.document.place(&self.span),
            format!("{} {}", self.key, what.as_ref()),
        );
    }

    /// A text in quotes.
    pub(crate) fn text(&self, problems: &mut Problems) -> Option<&'t str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.problem(problems, format!("is {}, it must be a text in quotes", kind(self.value)));
        }
        text
    }

    /// A text in quotes, or a whole number as text.
    pub(crate) fn number_or_text(&self, problems: &mut Problems) -> Option<String> {
        match self.value {
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            _ => self.text(problems).map(str::to_owned),
        }
    }

    /// Whether it is a text, for keys that take a text or a table.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// The place, for messages made elsewhere: `file:line:column key`.
    pub(crate) fn place(&self) -> String {
        format!("{} {}", self.document.place(&self.span), self.key)
    }

    /// A path that the value gives, taken from the folder of this file when it is relative.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        Path::new(self.document.file).parent().unwrap_or(Path::new("")).join(path)
    }

    /// A table.
    pub(crate) fn section(self, problems: &mut Problems) -> Option<Section<'t>> {
        match self.value {
            DeValue::Table(table) => Some(Section {
                document: self.document,
                path: self.key,
                span: self.span,
                table,
                asked: RefCell::default(),
            }),
            other => {
                self.problem(problems, format!("is {}, it must be a table", kind(other)));
                None
            }
        }
    }
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(crate) fn root(document: Document<'t>, table: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            document,
            path: String::new(),
            span: 0..0,
            table: table.get_ref(),
            asked: RefCell::default(),
        }
    }

    fn name(&self, key: &str) -> String {
        let key: String = key.chars().take(80).flat_map(char::escape_default).collect();
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// Notes a problem of the table as a whole.
    pub(crate) fn problem(&self, problems: &mut Problems, what: impl AsRef<str>) {
        let name = if self.path.is_empty() { "the file" } else { &self.path };
        problems.add_configuration(
            &self.document.place(&self.span),
            format!("{name} {}", what.as_ref()),
        );
    }

    /// The value of a key, from now on known to be one that this table may have.
    pub(crate) fn take(&self, key: &'static str) -> Option<Found<'t>> {
        self.asked.borrow_mut().push(key);
        let value = self.table.get(key)?;
        Some(Found {
            document: self.document,
            value: value.get_ref(),
            span: value.span(),
            key: self.name(key),
        })
    }

    /// Whether the key is there, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// A text, if it is there.
    pub(crate) fn text(&self, key: &'static str, problems: &mut Problems) -> Option<&'t str> {
        self.take(key)?.text(problems)
    }

    /// A text that must be there.
    pub(crate) fn need_text(&self, key: &'static str, problems: &mut Problems) -> Option<&'t str> {
        let found = self.take(key);
        if found.is_none() {
            self.problem(problems, format!("has no {key}"));
        }
        found?.text(problems)
    }

    /// The items of a list; a lone text counts as a list of one.
    pub(crate) fn items(&self, key: &'static str, problems: &mut Problems) -> Vec<Found<'t>> {
        let Some(found) = self.take(key) else { return Vec::new() };
        let item = |(number, value): (usize, &'t Spanned<DeValue<'t>>)| Found {
            document: self.document,
            value: value.get_ref(),
            span: value.span(),
            // Numbered from 1, as a person counts `[[credential]]` headings.
            key: format!("{}[{}]", found.key, number + 1),
        };
        match found.value {
            DeValue::Array(array) => array.iter().enumerate().map(item).collect(),
            DeValue::String(_) => vec![found],
            other => {
                found.problem(
                    problems,
                    format!("is {}, it must be a list in square brackets", kind(other)),
                );
                Vec::new()
            }
        }
    }

    /// The texts of a list with their places.
    pub(crate) fn texts(
        &self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<Vec<(String, String)>> {
        self.take(key)?;
        let items = self.items(key, problems);
        Some(
            items
                .iter()
                .filter_map(|item| Some((item.place(), item.text(problems)?.to_owned())))
                .collect(),
        )
    }

    /// A day, written without quotes.
    pub(crate) fn date(&self, key: &'static str, problems: &mut Problems) -> Option<Date> {
        let found = self.take(key)?;
        let day = match found.value {
            DeValue::Datetime(Datetime { date: Some(day), time: None, offset: None }) => {
                // TOML allows a year of 0000 and no more than four digits: all of it fits.
                let year = i16::try_from(day.year).ok();
                let (month, day) = (i8::try_from(day.month).ok(), i8::try_from(day.day).ok());
                year.zip(month)
                    .zip(day)
                    .and_then(|((year, month), day)| Date::new(year, month, day).ok())
            }
            _ => None,
        };
        if day.is_none() {
            found.problem(problems, "is not a day, written without quotes: 2026-11-21");
        }
        day
    }

    /// `true` or `false`, if it is there.
    pub(crate) fn switch(&self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let found = self.take(key)?;
        if let DeValue::Boolean(value) = found.value {
            return Some(*value);
        }
        found.problem(problems, format!("is {}, it must be true or false", kind(found.value)));
        None
    }

    /// A whole number in this range.
    pub(crate) fn number(
        &self,
        key: &'static str,
        allowed: std::ops::RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Option<i64> {
        let found = self.take(key)?;
        let number = match found.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            other => {
                found.problem(problems, format!("is {}, it must be a whole number", kind(other)));
                return None;
            }
        };
        let number = number.filter(|number| allowed.contains(number));
        if number.is_none() {
            found.problem(
                problems,
                format!("is out of range, allowed are {} to {}", allowed.start(), allowed.end()),
            );
        }
        number
    }

    /// Notes every key that nobody asked for. To be called once everything was asked.
    pub(crate) fn finish(self, problems: &mut Problems) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                let what = format!(
                    "{} is not a key that is known here; {}",
                    self.name(name),
                    hint(name, &asked)
                );
                problems.add_configuration(&self.document.place(&key.span()), what);
            }
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
