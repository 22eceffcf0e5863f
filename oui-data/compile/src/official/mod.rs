//! The official listings as their registries publish them: the CSV and TXT files of IEEE and the text of IANA.
//!
//! Pure: octets in, a `Listing` out, or every reason why not, each with its file and line. What a file is, is told from
//! its content and never from its name. Streets, contacts and e-mail addresses stop here.

use herkomst_lookup::Registry;

use crate::{Listing, Problem};

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
    let _ = (bytes, origin, date);
    Err(vec![Problem::new(name, "official listings are not read yet")])
}

/// One listing out of two forms of it: the rows of the CSV, with the country of the TXT where that says the same of a
/// prefix, since there it stands on a line of its own. Rows that only one has are noted.
pub fn merge(csv: Read, txt: &Read) -> Result<Read, Vec<Problem>> {
    let _ = txt;
    Ok(csv)
}

/// Whether listings may take the place of those that are there: none brought twice, none that shrank by more than 2 %
/// or is older (`force` allows both), no prefix in two listings that divide the same space.
pub fn check_against(
    base: &Registry,
    brought: &[Listing],
    force: bool,
) -> Result<(), Vec<Problem>> {
    let _ = (base, brought, force);
    Ok(())
}
