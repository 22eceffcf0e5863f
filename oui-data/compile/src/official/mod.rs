//! The official listings as their registries publish them: the CSV and TXT files of IEEE and the text of IANA.
//!
//! Pure: octets in, a `Listing` out, or every reason why not, each with its file and line. What a file is, is told from
//! its content and never from its name. Streets, contacts and e-mail addresses stop here.

mod address;
mod against;
mod clean;
mod csv;
mod iana;
mod places;
mod rows;
mod txt;

use crate::curated::Known;
use crate::{Curated, Listing, Problem, Rows, SourceFile, cut, is_day, sha256};
use herkomst_lookup::RegistryKind;

pub use against::check_against;

/// The largest file that is read; the largest official one has 7 MB.
pub const MOST_BYTES: usize = 64 << 20;
/// The longest line; the longest official one has 400 bytes.
const MOST_LINE: usize = 16 << 10;
/// The longest field of a CSV file.
const MOST_FIELD: usize = 4 << 10;
/// Where a file is given up: one that is something else would fill the screen.
const MOST_PROBLEMS: usize = 20;
/// Notes that are kept; an ordinary file gives ten.
const MOST_NOTES: usize = 1_000;

/// How a listing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// IEEE: `Registry,Assignment,Organization Name,Organization Address`.
    Csv,
    /// IEEE: blocks of lines, the country on one of its own.
    Txt,
    /// IANA: `Decimal | Organization | Contact | Email`, a line each.
    Text,
    /// IANA's list as tshark prints it: number and organisation.
    Columns,
}

/// A listing and what is to be said about it.
#[derive(Debug, Clone)]
pub struct Read {
    /// Its rows, cleaned and sorted, and where they are from.
    pub listing: Listing,
    /// How it was written.
    pub form: Form,
    /// What is odd in it and stops nothing: rows given twice, suspect countries, addresses that were cut off.
    pub notes: Vec<Problem>,
    /// A digest of the address of each row of IEEE, to compare two forms by. Addresses themselves are not kept.
    addresses: Vec<u64>,
}

/// Reads a file of IEEE or IANA.
///
/// `date` is the day of its content, such as 2026-10-24. The files of IEEE and the list as tshark prints it carry none,
/// so the caller has to know; IANA's own text names its day, and that one counts.
pub fn read(
    name: &str,
    bytes: &[u8],
    origin: &str,
    date: Option<&str>,
) -> Result<Read, Vec<Problem>> {
    let known = Curated::shipped().known()?;
    let mut reading = Reading { name, known, problems: Vec::new(), notes: Vec::new() };
    let found = reading.read(bytes, date);
    if !reading.problems.is_empty() {
        return Err(reading.problems);
    }
    let Some(found) = found else {
        return Err(vec![Problem::new(name, "cannot be read")]);
    };
    let source = SourceFile {
        // The path is the operator's own affair.
        name: name.rsplit('/').next().unwrap_or(name).to_owned(),
        origin: origin.to_owned(),
        date: found.date,
        rows: found.count,
        sha256: sha256(bytes),
    };
    let listing = Listing { rows: found.rows, source };
    Ok(Read { listing, form: found.form, notes: reading.notes, addresses: found.addresses })
}

/// One listing out of two forms of it: the rows of the CSV, with the country of the TXT, where it stands on a line of
/// its own, for each row that both have with the same registrant and address. When the two are not of one day, rows
/// that only one has are counted in a note.
pub fn merge(csv: Read, txt: &Read) -> Result<Read, Vec<Problem>> {
    against::merge(csv, txt)
}

/// What a file turned out to hold.
struct Found {
    rows: Rows,
    addresses: Vec<u64>,
    form: Form,
    date: String,
    count: u32,
}

/// A file while it is read.
struct Reading<'a> {
    name: &'a str,
    known: Known,
    problems: Vec<Problem>,
    notes: Vec<Problem>,
}

impl Reading<'_> {
    /// Line 0 is the file as a whole.
    fn place(&self, line: usize) -> String {
        if line == 0 { self.name.to_owned() } else { format!("{}:{line}", self.name) }
    }

    fn problem(&mut self, line: usize, what: impl Into<String>) {
        if self.gave_up() {
            return;
        }
        let problem = Problem::new(self.place(line), what);
        self.problems.push(problem);
        if self.problems.len() == MOST_PROBLEMS {
            let more = Problem::new(self.place(0), "given up: more than this is wrong with it");
            self.problems.push(more);
        }
    }

    fn note(&mut self, line: usize, what: impl Into<String>) {
        if self.notes.len() < MOST_NOTES {
            let note = Problem::new(self.place(line), what);
            self.notes.push(note);
        } else if self.notes.len() == MOST_NOTES {
            let more = Problem::new(self.place(0), "more is odd than is noted here");
            self.notes.push(more);
        }
    }

    fn cut_short(&mut self, line: usize, how: &str) {
        self.problem(line, format!("the file is cut short: {how}; fetch it again"));
    }

    fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    fn gave_up(&self) -> bool {
        self.problems.len() > MOST_PROBLEMS
    }

    fn read(&mut self, bytes: &[u8], date: Option<&str>) -> Option<Found> {
        let text = self.text(bytes)?;
        let first = text.lines().next().unwrap_or_default();
        if first == csv::HEADER {
            self.check_end(text);
            let rows = csv::read(self, text);
            return self.assignments(rows, Form::Csv, date);
        }
        if let Some(kind) = txt::kind_of(text) {
            self.check_end(text);
            let rows = txt::read(self, text, kind);
            return self.assignments(rows, Form::Txt, date);
        }
        if first.trim_end() == iana::HEADING {
            let (named, numbers) = iana::read_text(self, text);
            let date = self
                .day(named.as_deref().or(date), "this text names no day: say which day it is of");
            return self.numbers(numbers, Form::Text, date);
        }
        if iana::is_columns(text) {
            self.check_end(text);
            let date =
                self.day(date, "a list of two columns carries no date: say which day it is of");
            let numbers = iana::read_columns(self, text);
            return self.numbers(numbers, Form::Columns, date);
        }
        self.unknown(text);
        None
    }

    /// The text of a file, if it is one that can be read.
    fn text<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b str> {
        if bytes.len() > MOST_BYTES {
            self.problem(0, format!("has {} bytes, allowed are {MOST_BYTES}", bytes.len()));
            return None;
        }
        if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
            self.problem(1, "starts with the mark of UTF-16; the listings are UTF-8");
            return None;
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let read = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = 1 + read.iter().filter(|octet| **octet == b'\n').count();
                // What is cut within a character is cut, whatever else it is.
                if error.error_len().is_none() {
                    self.cut_short(line, "its last character is not whole");
                } else {
                    let octet = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                    self.problem(line, format!("is not UTF-8: byte {octet:#04x}"));
                }
                return None;
            }
        };
        if text.trim().is_empty() {
            self.problem(0, "is empty");
            return None;
        }
        if text.trim_start().starts_with('<') {
            self.problem(1, "is an HTML page and no listing: the registries answer scripts with a page that says HTTP 418; a browser gets the file, and so does a package of a distribution");
            return None;
        }
        if text.contains('\r') && !text.contains('\n') {
            self.problem(1, "its lines end in CR alone; the listings end theirs in LF or CR LF");
            return None;
        }
        if text.as_bytes().get(1) == Some(&0) {
            self.problem(1, "every second byte is zero, as in UTF-16; the listings are UTF-8");
            return None;
        }
        let long = text.lines().position(|line| line.len() > MOST_LINE);
        if let Some(at) = long {
            self.problem(at + 1, format!("a line has more than {MOST_LINE} bytes"));
            return None;
        }
        Some(text)
    }

    fn unknown(&mut self, text: &str) {
        let first = text.lines().next().unwrap_or_default();
        let what = if first.starts_with("Registry,") || csv::HEADER.starts_with(first) {
            format!("header is {first}, expected {:?}", csv::HEADER, first = cut(first, 80))
        } else {
            format!(
                "{first} starts none of the listings that are known: IEEE's CSV or TXT, IANA's text, or number, tab and organisation",
                first = cut(first, 80)
            )
        };
        self.problem(1, what);
    }

    fn check_end(&mut self, text: &str) {
        if !text.ends_with('\n') {
            self.cut_short(text.lines().count(), "its last line has no end");
        }
    }

    fn day(&mut self, date: Option<&str>, otherwise: &str) -> Option<String> {
        match date {
            Some(date) if is_day(date) => Some(date.to_owned()),
            Some(date) => {
                self.problem(
                    0,
                    format!(
                        "date is {date}, expected a day such as 2026-10-24",
                        date = cut(date, 20)
                    ),
                );
                None
            }
            None => {
                self.problem(0, otherwise);
                None
            }
        }
    }

    fn assignments(
        &mut self,
        rows: Option<rows::Rows>,
        form: Form,
        date: Option<&str>,
    ) -> Option<Found> {
        let date = self.day(date, "a listing of IEEE carries no date: say which day it is of");
        let rows = rows.filter(|rows| rows.count > 0);
        let Some(rows) = rows else {
            if !self.has_problems() {
                self.problem(0, "has no row");
            }
            return None;
        };
        let (kind, count): (RegistryKind, u32) = (rows.kind, rows.count);
        let (rows, addresses) = rows.into_parts();
        Some(Found { rows: Rows::Assignments(kind, rows), addresses, form, date: date?, count })
    }

    fn numbers(
        &mut self,
        numbers: iana::Numbers,
        form: Form,
        date: Option<String>,
    ) -> Option<Found> {
        if numbers.rows.is_empty() && !self.has_problems() {
            self.problem(0, "has no row");
        }
        let count = numbers.count;
        let rows = Rows::Numbers(numbers.rows.into_iter().collect());
        Some(Found { rows, addresses: Vec::new(), form, date: date?, count })
    }
}
