//! What an update is given: files, folders and addresses, read as official listings. Every problem at once.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use herkomst_compile::official::{self, Form};
use herkomst_compile::{Listing, Problem};
use herkomst_registry::RegistryKind;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::fetch::{self, Fetched, NotFetched};
use super::in_use::listing_name;
use crate::config::bounded;

/// The most that is read of a file or from an address.
pub(crate) const LARGEST: usize = official::MOST_BYTES;
/// What a folder may hold.
const MOST_ENTRIES: usize = 1000;
/// And how many of that may be listings: there are six, some of them in two forms.
const MOST_LISTINGS: usize = 24;
/// So much of a file shows what it is.
const START: u64 = 4096;

/// Listings that were brought.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// Each of another kind.
    pub(crate) listings: Vec<Listing>,
    /// For each the file, its day, and who says so; and files that were left out.
    pub(crate) said: Vec<String>,
    /// What is odd in them and stops nothing.
    pub(crate) notes: Vec<Problem>,
}

/// What kept something from being brought.
#[derive(Debug, Default)]
pub(crate) struct NotBrought {
    /// What was typed is wrong.
    pub(crate) is_usage: bool,
    /// A server, or the way to it.
    pub(crate) is_unavailable: bool,
    /// All of it.
    pub(crate) problems: Vec<Problem>,
}

/// Who says of which day a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayFrom {
    Flag,
    Server,
    FileTime,
    Nobody,
}

impl DayFrom {
    fn words(self) -> &'static str {
        match self {
            Self::Flag => "as --date says",
            Self::Server => "as the server says it was last changed",
            Self::FileTime => {
                "its modification time; if that is not the day of its content, say --date"
            }
            Self::Nobody => "of no known day",
        }
    }
}

/// Something that was brought and not read yet.
struct Given {
    name: String,
    origin: String,
    bytes: Vec<u8>,
    day: Option<Date>,
    day_from: DayFrom,
}

/// All that was brought so far.
#[derive(Default)]
struct Gathered {
    given: Vec<Given>,
    said: Vec<String>,
    failed: NotBrought,
}

/// Reads all that was named. `date` is the day that the operator says the content is of.
pub(crate) fn bring(
    named: &[String],
    date: Option<Date>,
    today: Date,
    patience: Duration,
) -> Result<Brought, NotBrought> {
    let mut gathered = Gathered::default();
    let addresses: Vec<&str> =
        named.iter().map(String::as_str).filter(|one| fetch::is_url(one)).collect();
    let mut fetched = fetch::fetch_all(&addresses, patience).into_iter();
    for one in named {
        if fetch::is_url(one) {
            gathered.extend_fetched(one, fetched.next());
        } else if one == "-" {
            gathered.failed.is_usage = true;
            gathered
                .failed
                .add("-", "standard input is not read: give a file or a folder by its name");
        } else {
            gathered.path(Path::new(one));
        }
    }
    gathered.read(date, today)
}

impl Gathered {
    fn extend_fetched(&mut self, address: &str, fetched: Option<Result<Fetched, NotFetched>>) {
        match fetched {
            Some(Ok(got)) => self.given.push(Given {
                name: address.to_owned(),
                origin: got.url,
                bytes: got.bytes,
                day: got.date,
                day_from: if got.date.is_some() { DayFrom::Server } else { DayFrom::Nobody },
            }),
            Some(Err(why)) => self.failed.not_fetched(address, why),
            None => {}
        }
    }

    /// A file, or the listings among the files of a folder.
    fn path(&mut self, path: &Path) {
        if !path.is_dir() {
            // That it is not there is said by who opens it.
            return self.file(path, false);
        }
        let files = match files_of(path) {
            Ok(files) => files,
            Err(what) => return self.failed.add(&path.display().to_string(), what),
        };
        let so_far = |this: &Self| this.given.len() + this.failed.problems.len();
        let before = so_far(self);
        for file in &files {
            self.file(file, true);
            if so_far(self) - before > MOST_LISTINGS {
                let what =
                    format!("holds more than {MOST_LISTINGS} listings: name those that count");
                return self.failed.add(&path.display().to_string(), what);
            }
        }
        if so_far(self) == before {
            let what = "holds no official listing of the IEEE or IANA";
            self.failed.add(&path.display().to_string(), what);
        }
    }

    /// A file; one that is come upon in a folder is left out when it is no listing.
    fn file(&mut self, path: &Path, by_chance: bool) {
        let name = path.display().to_string();
        match contents(path, by_chance) {
            Ok(None) => self.said.push(format!("{name}: left out, it is no official listing")),
            Ok(Some((bytes, _))) if bytes.len() > LARGEST => {
                let what = format!("is longer than {LARGEST} octets, the most that is allowed");
                self.failed.add(&name, what);
            }
            Ok(Some((bytes, day))) => {
                let origin = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                self.given.push(Given {
                    name,
                    origin: origin.display().to_string(),
                    bytes,
                    day,
                    day_from: if day.is_some() { DayFrom::FileTime } else { DayFrom::Nobody },
                });
            }
            Err(error) => self.failed.add(&name, bounded::failed(error)),
        }
    }

    fn read(self, date: Option<Date>, today: Date) -> Result<Brought, NotBrought> {
        let Self { given, said, mut failed } = self;
        let mut brought = Brought { said, ..Brought::default() };
        let mut reads: BTreeMap<_, Vec<official::Read>> = BTreeMap::new();
        for mut one in given {
            if let Some(date) = date {
                (one.day, one.day_from) = (Some(date), DayFrom::Flag);
            }
            let day = one.day.map(|day| day.to_string());
            match official::read(&one.name, &one.bytes, &one.origin, day.as_deref()) {
                Ok(read) => {
                    let kind = read.listing.kind();
                    let said = words_of(&one, &read, kind);
                    if read.listing.source.date > today.to_string() {
                        failed.problems.push(Problem::new(said, "that day is still to come"));
                    } else {
                        brought.said.push(said);
                    }
                    reads.entry((kind.is_none(), kind)).or_default().push(read);
                }
                Err(problems) => {
                    failed.problems.extend(problems);
                    if one.day_from == DayFrom::Nobody {
                        failed.add(&one.name, "nobody says of which day it is: --date does");
                    }
                }
            }
        }
        for ((_, kind), reads) in reads {
            match one_of(kind, reads) {
                Ok(read) => {
                    brought.notes.extend(read.notes);
                    brought.listings.push(read.listing);
                }
                Err(problems) => failed.problems.extend(problems),
            }
        }
        if failed.problems.is_empty() { Ok(brought) } else { Err(failed) }
    }
}

impl NotBrought {
    fn add(&mut self, place: &str, what: impl Into<String>) {
        self.problems.push(Problem::new(place, what));
    }

    fn not_fetched(&mut self, address: &str, why: NotFetched) {
        let what = match why {
            NotFetched::Address(what) => {
                self.is_usage = true;
                // What carries a secret is not repeated.
                let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
                return self.add(address, what);
            }
            NotFetched::Server(what) => {
                self.is_unavailable = true;
                what
            }
            NotFetched::Content(what) => what,
        };
        self.add(address, what);
    }
}

fn words_of(given: &Given, read: &official::Read, kind: Option<RegistryKind>) -> String {
    let day = &read.listing.source.date;
    // The text of IANA names its own day.
    let who = if read.form == Form::Text { "as it says itself" } else { given.day_from.words() };
    format!("{}: {} of {day}, {who}", given.name, listing_name(kind))
}

/// The one listing that several files of a kind make: two forms of it, or else one too many.
fn one_of(
    kind: Option<RegistryKind>,
    mut reads: Vec<official::Read>,
) -> Result<official::Read, Vec<Problem>> {
    reads.sort_by_key(|read| read.form);
    match <[official::Read; 1]>::try_from(reads) {
        Ok([one]) => Ok(one),
        Err(reads) => match <[official::Read; 2]>::try_from(reads) {
            Ok([csv, txt]) if csv.form == Form::Csv && txt.form == Form::Txt => {
                official::merge(csv, &txt)
            }
            Ok(two) => Err(too_many(kind, &two)),
            Err(more) => Err(too_many(kind, &more)),
        },
    }
}

fn too_many(kind: Option<RegistryKind>, reads: &[official::Read]) -> Vec<Problem> {
    let (first, rest) = reads.split_at(1);
    let first = first.first().map_or("", |read| read.listing.source.name.as_str());
    let again = |read: &official::Read| {
        let what = format!("is {} again, after {first}: bring one of them", listing_name(kind));
        Problem::new(&read.listing.source.name, what)
    };
    rest.iter().map(again).collect()
}

/// The files of a folder in the order of their names, hidden ones left out; folders in it are not entered.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for (count, entry) in fs::read_dir(folder).map_err(bounded::failed)?.enumerate() {
        if count >= MOST_ENTRIES {
            return Err(format!("holds more than {MOST_ENTRIES} files: name those that count"));
        }
        let path = entry.map_err(bounded::failed)?.path();
        let is_hidden =
            path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What a file holds, one octet more than allowed at most since it may grow meanwhile, and the day of its last change;
/// nothing when it is only looked into and does not begin as a listing does.
fn contents(path: &Path, by_chance: bool) -> io::Result<Option<(Vec<u8>, Option<Date>)>> {
    let mut file = herkomst_net::open_regular(path)?;
    let changed = file.metadata()?.modified().ok();
    let mut bytes = Vec::new();
    file.by_ref().take(START).read_to_end(&mut bytes)?;
    if by_chance && !seems_official(&bytes) {
        return Ok(None);
    }
    file.take(LARGEST as u64 + 1 - START).read_to_end(&mut bytes)?;
    let changed = changed.and_then(|time| Timestamp::try_from(time).ok());
    Ok(Some((bytes, changed.map(|time| time.to_zoned(TimeZone::UTC).date()))))
}

/// Whether a file in a folder is meant: it begins as a listing does, or as the page that stands in for one.
fn seems_official(start: &[u8]) -> bool {
    // UTF-16 is refused with words of its own, and must get so far.
    let text: String = String::from_utf8_lossy(start).replace('\0', "").to_lowercase();
    let text = text.trim_start_matches(['\u{feff}', '\u{fffd}']).trim_start();
    text.starts_with("registry,")
        || text.starts_with("<!doctype html")
        || text.starts_with("<html")
        || text.contains("(hex)")
        || text.contains("private enterprise numbers")
        // Number, tab and organisation.
        || text.split_once('\t').is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_and_a_page_in_its_place_are_told_from_other_files() {
        for text in [
            "Registry,Assignment,Organization Name,Organization Address\r\n",
            "\u{feff}Registry,Assignment",
            "OUI/MA-L                                                    Organization\n00-00-00   (hex)\t\tXEROX",
            "PRIVATE ENTERPRISE NUMBERS\n\n(last updated 2026-11-20)",
            "<!DOCTYPE html><title>418</title>",
            "0\tReserved\n",
        ] {
            assert!(seems_official(text.as_bytes()), "{text}");
        }
        assert!(seems_official(b"\xff\xfeR\0e\0g\0i\0s\0t\0r\0y\0,\0"));
        for text in ["", "# Readme\n", "registry = \"x\"\n", "\u{0}\u{1}"] {
            assert!(!seems_official(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_file_and_standard_input_are_refused_together() {
        let today = jiff::civil::date(2026, 11, 21);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README"), "nothing").unwrap();
        let named = ["-", "/dev/zero", "/nonexistent/oui.csv", "ftp://192.0.2.1/oui.csv"];
        let mut named: Vec<String> = named.iter().map(ToString::to_string).collect();
        named.push(folder.path().display().to_string());
        let failed = bring(&named, None, today, Duration::from_secs(1)).unwrap_err();
        let said: Vec<_> = failed.problems.iter().map(ToString::to_string).collect();
        assert!(failed.is_usage && !failed.is_unavailable);
        for (says, said) in [
            "-: standard input",
            "/dev/zero: is no regular file",
            "/nonexistent/oui.csv: cannot be read",
            "ftp://192.0.2.1/oui.csv: is of the scheme",
            "holds no official listing",
        ]
        .iter()
        .zip(&said)
        {
            assert!(said.contains(says), "{says}: {said}");
        }
        assert_eq!(said.len(), 5, "{said:?}");
    }
}
