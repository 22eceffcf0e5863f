//! The file form of a pack: a TOML tree whose every value knows its place (TOML 1.1).
//!
//! Deserializing into structs stops at the first wrong value. Here a table is asked for its keys one by one instead;
//! each wrong value is noted and reading goes on, and a key that nobody asked for is a problem in itself.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use herkomst_ids::VendorId;
use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Share;
use crate::problems::Problems;
use crate::quantity::is_name;
use crate::vocabulary::{Word, nearest, read_word};

/// Longest text of a pack: a wording is a paragraph or two, not a book.
const LONGEST_TEXT: usize = 4_000;

/// Most items of one list: looking for doubles costs the square of it.
const MOST_ITEMS: usize = 2_000;

/// A table of the file, and the keys that were asked of it so far.
pub(crate) struct Section<'t> {
    path: String,
    span: Range<usize>,
    table: Option<&'t DeTable<'t>>,
    asked: Vec<&'static str>,
}

/// A value of the file with its place.
pub(crate) struct Found<'t> {
    pub(crate) value: &'t DeValue<'t>,
    pub(crate) span: Range<usize>,
    pub(crate) key: String,
}

impl<'t> Found<'t> {
    /// Notes that this value has another type than the one that would be right.
    fn wrong(&self, problems: &mut Problems<'_>, right: &str) {
        problems.add(&self.span, &self.key, format!("is {}, it must be {right}", kind(self.value)));
    }

    fn text(&self, problems: &mut Problems<'_>) -> Option<&'t str> {
        let DeValue::String(text) = self.value else {
            self.wrong(problems, "a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            problems.add(&self.span, &self.key, "is empty");
        } else if text.len() > LONGEST_TEXT {
            let long = text.len();
            problems.add(
                &self.span,
                &self.key,
                format!("is {long} bytes long, allowed are {LONGEST_TEXT}"),
            );
        } else if text.chars().any(hides) {
            problems.add(
                &self.span,
                &self.key,
                "holds a control or direction character, only plain text is allowed",
            );
        } else {
            return Some(text);
        }
        None
    }

    fn date(&self, problems: &mut Problems<'_>) -> Option<Date> {
        let DeValue::Datetime(stamp) = self.value else {
            self.wrong(problems, "a date such as 2026-11-21, without quotes");
            return None;
        };
        let (Some(day), None, None) = (stamp.date, stamp.time, stamp.offset) else {
            problems.add(
                &self.span,
                &self.key,
                format!("is {stamp}, it must be a date alone such as 2026-11-21"),
            );
            return None;
        };
        let read = |value: u8| i8::try_from(value).ok();
        let date = i16::try_from(day.year).ok().zip(read(day.month)).zip(read(day.day));
        let date = date.and_then(|((year, month), day)| Date::new(year, month, day).ok());
        let date = date.filter(|date| (1900..=2200).contains(&date.year()));
        if date.is_none() {
            problems.add(
                &self.span,
                &self.key,
                format!("is {stamp}, allowed are days from 1900 to 2200"),
            );
        }
        date
    }

    pub(crate) fn vendor(&self, problems: &mut Problems<'_>) -> Option<VendorId> {
        let text = self.text(problems)?;
        let id = text.parse::<VendorId>();
        id.map_err(|error| problems.add(&self.span, &self.key, format!("is wrong: {error}"))).ok()
    }

    pub(crate) fn word<W: Word>(&self, problems: &mut Problems<'_>) -> Option<W> {
        let text = self.text(problems)?;
        read_word(text).map_err(|error| problems.add(&self.span, &self.key, error.to_string())).ok()
    }

    pub(crate) fn string(&self, problems: &mut Problems<'_>) -> Option<String> {
        self.text(problems).map(str::to_owned)
    }

    /// A text that is read as something: a term, a comparison, a country.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(
        &self,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let text = self.text(problems)?;
        text.parse::<T>()
            .map_err(|error| problems.add(&self.span, &self.key, error.to_string()))
            .ok()
    }

    /// A name that packs and operators give freely, such as a site or a purpose.
    pub(crate) fn name(&self, problems: &mut Problems<'_>) -> Option<String> {
        let text = self.text(problems)?;
        if !is_name(text) {
            let right = "allowed are a-z, 0-9, hyphens and dots, at most 48";
            problems.add(&self.span, &self.key, format!("is {text:?}, {right}"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A share of a hundred, written as a number: 35 or 34.9. It is read as text, so it stays exact.
    pub(crate) fn share(&self, problems: &mut Problems<'_>) -> Option<Share> {
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.wrong(problems, "a number from 0 to 100");
                return None;
            }
        };
        text.parse::<Share>()
            .map_err(|error| problems.add(&self.span, &self.key, error.to_string()))
            .ok()
    }

    fn boolean(&self, problems: &mut Problems<'_>) -> Option<bool> {
        if let DeValue::Boolean(is) = self.value {
            return Some(*is);
        }
        self.wrong(problems, "true or false");
        None
    }

    pub(crate) fn section(&self, problems: &mut Problems<'_>) -> Option<Section<'t>> {
        let DeValue::Table(table) = self.value else {
            self.wrong(problems, "a table");
            return None;
        };
        Some(Section {
            path: self.key.clone(),
            span: self.span.clone(),
            table: Some(table),
            asked: Vec::new(),
        })
    }
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(crate) fn root(table: &'t Spanned<DeTable<'t>>) -> Self {
        Self { path: String::new(), span: 0..0, table: Some(table.get_ref()), asked: Vec::new() }
    }

    /// A table that is not in the file: all its keys are absent.
    pub(crate) fn absent() -> Self {
        Self { path: String::new(), span: 0..0, table: None, asked: Vec::new() }
    }

    /// Notes a problem of the table as a whole.
    pub(crate) fn problem(&self, problems: &mut Problems<'_>, text: impl Into<String>) {
        problems.add(&self.span, &self.path, text);
    }

    /// Notes a problem of one key; at the table's place when the key is not there.
    pub(crate) fn problem_at(
        &self,
        key: &'static str,
        problems: &mut Problems<'_>,
        text: impl Into<String>,
    ) {
        let span = self.look(key).map_or_else(|| self.span.clone(), |found| found.span);
        problems.add(&span, &self.name(key), text);
    }

    fn name(&self, key: &str) -> String {
        let key: String = key.chars().take(80).collect();
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    fn look(&self, key: &str) -> Option<Found<'t>> {
        let value = self.table?.get(key)?;
        Some(Found { value: value.get_ref(), span: value.span(), key: self.name(key) })
    }

    /// The value of a key, from now on known to be one that this table may have.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Found<'t>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.look(key)
    }

    fn need(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Found<'t>> {
        let found = self.take(key);
        if found.is_none() && self.table.is_some() {
            problems.add(&self.span, &self.name(key), "is missing");
        }
        found
    }

    /// A text; where it is missing or wrong, that is noted and an empty one stands in.
    pub(crate) fn need_text(&mut self, key: &'static str, problems: &mut Problems<'_>) -> String {
        self.need(key, problems).and_then(|found| found.string(problems)).unwrap_or_default()
    }

    pub(crate) fn text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<String> {
        self.take(key)?.string(problems)
    }

    /// An id of a pack, a rule or a list: the shape of a vendor id.
    pub(crate) fn need_id(&mut self, key: &'static str, problems: &mut Problems<'_>) -> String {
        let Some(found) = self.need(key, problems) else { return String::new() };
        let Some(text) = found.text(problems) else { return String::new() };
        if text.parse::<VendorId>().is_err() {
            let right = "allowed are a-z, 0-9 and inner hyphens, at most 48";
            problems.add(&found.span, &found.key, format!("is {text:?}, {right}"));
        }
        text.to_owned()
    }

    pub(crate) fn need_date(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Date {
        self.need(key, problems).and_then(|found| found.date(problems)).unwrap_or(Date::ZERO)
    }

    pub(crate) fn date(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Date> {
        self.take(key)?.date(problems)
    }

    pub(crate) fn need_word<W: Word>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> W {
        let first = W::ALL.first().copied().expect("a vocabulary has at least one word");
        self.need(key, problems).and_then(|found| found.word(problems)).unwrap_or(first)
    }

    pub(crate) fn word<W: Word>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<W> {
        self.take(key)?.word(problems)
    }

    pub(crate) fn boolean(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<bool> {
        self.take(key)?.boolean(problems)
    }

    /// Whether the file has that key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.look(key).is_some()
    }

    pub(crate) fn integer(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<i64> {
        let found = self.take(key)?;
        let DeValue::Integer(number) = found.value else {
            found.wrong(problems, "a whole number");
            return None;
        };
        let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
        if read.is_none() {
            problems.add(&found.span, &found.key, "is too large");
        }
        read
    }

    /// The items of a list; none when the key is absent.
    pub(crate) fn items(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Found<'t>>> {
        let found = self.take(key)?;
        let DeValue::Array(array) = found.value else {
            found.wrong(problems, "a list in square brackets");
            return None;
        };
        if array.len() > MOST_ITEMS {
            let many = array.len();
            problems.add(
                &found.span,
                &found.key,
                format!("has {many} items, allowed are {MOST_ITEMS}"),
            );
            return None;
        }
        // Numbered from 1, as a person counts `[[rule]]` headings.
        let item = |(number, item): (usize, &'t Spanned<DeValue<'t>>)| Found {
            value: item.get_ref(),
            span: item.span(),
            key: format!("{}[{}]", found.key, number + 1),
        };
        Some(array.iter().enumerate().map(item).collect())
    }

    /// The items of a list of texts that must be there and hold something.
    pub(crate) fn need_items(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<Found<'t>> {
        let there = self.look(key).is_some();
        let items = self.items(key, problems);
        match &items {
            None if !there && self.table.is_some() => {
                problems.add(&self.span, &self.name(key), "is missing")
            }
            Some(items) if items.is_empty() => {
                self.problem_at(key, problems, "is empty, at least one is needed")
            }
            None | Some(_) => {}
        }
        items.unwrap_or_default()
    }

    /// A table below this one.
    pub(crate) fn section(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Section<'t>> {
        self.take(key)?.section(problems)
    }

    pub(crate) fn need_section(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Section<'t> {
        self.need(key, problems)
            .and_then(|found| found.section(problems))
            .unwrap_or_else(Section::absent)
    }

    /// The tables of `[[key]]`.
    pub(crate) fn sections(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<Section<'t>> {
        let items = self.items(key, problems).unwrap_or_default();
        items.into_iter().filter_map(|found| found.section(problems)).collect()
    }

    /// Notes every key that nobody asked for. To be called once everything was asked.
    pub(crate) fn finish(self, problems: &mut Problems<'_>) {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            let name = key.get_ref().as_ref();
            if self.asked.contains(&name) {
                continue;
            }
            if problems.is_full() {
                problems.count_one_more();
                continue;
            }
            let hint = match nearest(name, self.asked.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("allowed here are {}", self.asked.join(", ")),
            };
            problems.add(
                &key.span(),
                &self.name(name),
                format!("is not a key the engine knows; {hint}"),
            );
        }
    }
}

/// Characters that would let a pack's text rewrite the terminal or the order of the text around it.
fn hides(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
