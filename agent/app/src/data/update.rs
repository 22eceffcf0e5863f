//! `herkomst data update`: a newer registry file out of what the operator brings, the listings that stay, the program's
//! vendor register and the operator's own vendor files. Checked as a whole, and only then written.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use herkomst_compile::diff::difference;
use herkomst_compile::{
    Assignment, Curated, File, Listing, Problem, Rows, SourceFile, Update, Updated, official,
};
use herkomst_ids::{MacAddr, Pen};
use herkomst_registry::{PenMeaning, Registry, RegistryKind, embedded};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::bring::{Brought, NotBrought, bring};
use super::folders::{FILE, Folders, PREVIOUS};
use super::in_use::{self, Found, day, in_use, listing_name, listings};
use super::store::{Installed, Store};
use super::{hexadecimal, local};
use crate::cli::{UpdateArgs, printable};
use crate::config::checked::read_duration;
use crate::config::problems::Problems;
use crate::exit::{Failure, Result};
use crate::outputs::write_out;

/// Rows of each kind of change, notes and problems that are shown unless everything is asked for.
const MOST_CHANGES: usize = 10;
const MOST_NOTES: usize = 20;
const MOST_PROBLEMS: usize = 100;

/// Runs it.
pub(crate) fn run(args: &UpdateArgs, folders: &Folders, verbose: u8) -> Result<()> {
    if args.previous {
        return go_back(folders);
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut problems = Problems::default();
    let date = args.date.as_deref().and_then(|text| date(text, today, &mut problems));
    let patience = read_duration("--timeout", &args.timeout, &mut problems);
    let Some(patience) = patience.filter(|_| problems.is_empty()) else {
        return Err(Failure::usage(problems));
    };
    let brought = match bring(&args.from, date, today, patience) {
        Ok(brought) => brought,
        Err(mut failed) => {
            // What is wrong in the vendor files is told in the same run.
            let also = make(folders, &[], false).err().unwrap_or_default();
            failed.problems.extend(also);
            return Err(refused(failed, folders, verbose));
        }
    };
    // Held from the reading of what is there to the end, so that no other update is lost.
    let store = if args.dry_run { None } else { Some(Store::lock(&folders.data)?) };
    let made = make(folders, &brought.listings, args.force).map_err(|problems| {
        refused(NotBrought { problems, ..NotBrought::default() }, folders, verbose)
    })?;
    print(&report(&brought, &made, verbose))?;
    let Some(store) = store else {
        return print("nothing was written (--dry-run)\n");
    };
    let installed =
        store.install(&made.updated.file, |registry| ask(registry, &brought.listings))?;
    drop(store);
    let place = folders.data.join(FILE);
    let place = place.display();
    let before = match installed {
        Installed::Unchanged => return print(&format!("{place}: is just that already\n")),
        Installed::First => String::new(),
        Installed::Replaced => format!("; the one before it is kept as {PREVIOUS}"),
        Installed::ReplacedDamaged => "; the damaged one is gone".to_owned(),
    };
    let registry = Registry::open(made.updated.file).context("opening what was written");
    let registry = registry.map_err(Failure::software)?;
    print(&format!("{place}: written, {}{before}\n", editions(&registry)))?;
    warn_of(folders);
    Ok(())
}

/// `--previous`: the edition before takes the place of the one in use, and the other way round.
fn go_back(folders: &Folders) -> Result<()> {
    let registry = Store::lock(&folders.data)?.swap()?;
    let place = folders.data.join(FILE);
    print(&format!(
        "{}: is the previous edition again, {}; {PREVIOUS} is the one that was in use\n",
        place.display(),
        editions(&registry)
    ))?;
    warn_of(folders);
    Ok(())
}

/// What was written may still not be what answers: older than the program by --force, say.
fn warn_of(folders: &Folders) {
    for warning in in_use(folders).warnings {
        tracing::warn!("{warning}");
    }
}

fn editions(registry: &Registry) -> String {
    format!(
        "IEEE {}, IANA {}, vendors {}, SHA-256 {}",
        registry.edition(),
        registry.pen_edition(),
        registry.vendors_edition(),
        hexadecimal(&registry.digest())
    )
}

fn print(text: &str) -> Result<()> {
    write_out(printable(text).as_bytes()).context("writing the result").map_err(Failure::io)
}

fn date(text: &str, today: Date, problems: &mut Problems) -> Option<Date> {
    match text.parse::<Date>() {
        Ok(date) if date <= today => Some(date),
        Ok(_) => {
            problems
                .add("--date", format!("is {text}, a day that is still to come: today is {today}"));
            None
        }
        Err(_) => {
            problems.add("--date", format!("is {text:?}, right would be a day such as 2026-11-21"));
            None
        }
    }
}

/// A registry file that is ready to be written, and what it was made from.
pub(crate) struct Made {
    base: &'static Registry,
    /// What is to be said of the listings that stay.
    said: Vec<String>,
    /// The operator's files.
    local: Vec<File>,
    updated: Updated,
}

impl Made {
    /// How many files of the operator's are worked in.
    pub(crate) fn local_files(&self) -> usize {
        self.local.len()
    }
}

/// Makes the file, or says all that is wrong, whoever finds it.
pub(crate) fn make(
    folders: &Folders,
    brought: &[Listing],
    force: bool,
) -> std::result::Result<Made, Vec<Problem>> {
    let curated = Curated::shipped();
    let mut said = Vec::new();
    let base = base(&folders.file(), &curated, &mut said)?;
    let (local, mut problems) = local::read(folders.vendors.as_deref());
    problems.extend(official::check_against(base, brought, force).err().unwrap_or_default());
    let update =
        Update { listings: base, register: embedded(), brought, local: &local, curated: &curated };
    match herkomst_compile::update(&update) {
        Ok(updated) if problems.is_empty() => Ok(Made { base, said, local, updated }),
        Ok(_) => Err(problems),
        Err(found) => {
            problems.extend(found);
            Err(problems)
        }
    }
}

/// What gives the listings that nobody brings: the file in use; with the program's own listings where those are later.
fn base(
    path: &Path,
    curated: &Curated,
    said: &mut Vec<String>,
) -> std::result::Result<&'static Registry, Vec<Problem>> {
    let own = embedded();
    let registry = match in_use::open(path) {
        Found::Opened(registry) => registry,
        Found::Missing => return Ok(own),
        Found::Refused(why) => {
            said.push(format!("{}: {why}: no listing is taken over from it", path.display()));
            return Ok(own);
        }
    };
    let is_later = |kind: &Option<RegistryKind>| day(own, *kind) > day(&registry, *kind);
    let later: Vec<Listing> = listings().filter(is_later).map(|kind| listing(own, kind)).collect();
    if later.is_empty() {
        return Ok(Box::leak(registry));
    }
    for listing in &later {
        let (kind, date) = (listing.kind(), &listing.source.date);
        said.push(format!("{}: of {date}, out of the program", listing_name(kind)));
    }
    let update =
        Update { listings: &registry, register: own, brought: &later, local: &[], curated };
    let merged = herkomst_compile::update(&update)?;
    match Registry::open(merged.file) {
        Ok(merged) => Ok(Box::leak(Box::new(merged))),
        Err(error) => Err(vec![Problem::new(path.display(), error.to_string())]),
    }
}

/// A listing as a registry holds it.
fn listing(registry: &Registry, kind: Option<RegistryKind>) -> Listing {
    let rows = match kind {
        Some(kind) => {
            let rows = registry.listing(kind).map(|row| {
                let [prefix @ .., _] = row.prefix.first().octets();
                // As it was given, before it was corrected.
                let given = registry
                    .correction(row.prefix)
                    .map_or(row.country, |correction| correction.registered);
                let country = given.and_then(|country| country.as_str().as_bytes().try_into().ok());
                Assignment { prefix, registrant: row.registrant.to_owned(), country }
            });
            Rows::Assignments(kind, rows.collect())
        }
        None => Rows::Numbers(
            registry.organisations().map(|(pen, name)| (pen.0, name.to_owned())).collect(),
        ),
    };
    let latest = registry
        .sources()
        .filter(|source| source.listing == kind)
        .max_by_key(|source| source.date.to_owned());
    let source = latest.map_or_else(SourceFile::default, |source| SourceFile {
        name: source.name.to_owned(),
        origin: source.origin.to_owned(),
        date: source.date.to_owned(),
        rows: source.rows,
        sha256: source.sha256.to_owned(),
    });
    Listing { rows, source }
}

/// Asks a file for every row that was brought.
fn ask(registry: &Registry, brought: &[Listing]) -> Result<()> {
    let is_there = |listing: &Listing| {
        match &listing.rows {
        Rows::Assignments(kind, rows) => rows.iter().all(|row| {
            let [a, b, c, d, e] = row.prefix;
            let found = registry.listed(*kind, MacAddr([a, b, c, d, e, 0]));
            found.is_some_and(|found| found.registrant == row.registrant)
        }),
        Rows::Numbers(rows) => rows.iter().all(|(number, name)| {
            matches!(registry.pen(Pen(*number)), PenMeaning::Assigned { organisation, .. } if organisation == name)
        }),
    }
    };
    match brought.iter().find(|listing| !is_there(listing)) {
        None => Ok(()),
        Some(listing) => Err(Failure::software(anyhow!(
            "the new file does not give back every row of {}: it is not used",
            listing.source.name
        ))),
    }
}

/// What changes, in words: the dated difference, and the notes.
fn report(brought: &Brought, made: &Made, verbose: u8) -> String {
    let all = |most: usize| if verbose > 0 { usize::MAX } else { most };
    let mut text = String::new();
    for line in brought.said.iter().chain(&made.said) {
        let _ = writeln!(text, "{line}");
    }
    for listing in &brought.listings {
        let difference = difference(made.base, listing);
        let _ = writeln!(text, "{}", difference.display(all(MOST_CHANGES)).to_string().trim_end());
    }
    if brought.listings.is_empty() {
        let _ = writeln!(text, "no listing was brought: made anew from those in use");
    }
    if !made.local.is_empty() {
        let names: Vec<_> = made.local.iter().map(|file| file.path.as_str()).collect();
        let _ = writeln!(text, "worked in: {}", names.join(", "));
    }
    let notes: Vec<_> = brought.notes.iter().chain(&made.updated.notes).collect();
    for note in notes.iter().take(all(MOST_NOTES)) {
        let _ = writeln!(text, "note: {note}");
    }
    if let Some(more @ 1..) = notes.len().checked_sub(all(MOST_NOTES)) {
        let _ = writeln!(text, "and {more} more notes: -v shows them all");
    }
    text
}

/// All problems, and what answers as before.
fn refused(failed: NotBrought, folders: &Folders, verbose: u8) -> Failure {
    let most = if verbose > 0 { usize::MAX } else { MOST_PROBLEMS };
    let mut text = String::new();
    for problem in failed.problems.iter().take(most) {
        let _ = writeln!(text, "{problem}");
    }
    if let Some(more @ 1..) = failed.problems.len().checked_sub(most) {
        let _ = writeln!(text, "and {more} more: -v shows them all");
    }
    let stays = in_use(folders);
    let place = match &stays.file {
        Some(file) => file.display().to_string(),
        None => "that the program carries".to_owned(),
    };
    let _ = write!(
        text,
        "nothing was changed: the edition of {} stays in use ({place})",
        stays.registry.edition()
    );
    let error = anyhow!(text);
    if failed.is_usage {
        Failure::usage(error)
    } else if failed.is_unavailable {
        Failure::unavailable(error)
    } else {
        Failure::data(error)
    }
}
