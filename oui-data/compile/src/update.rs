//! A newer registry file on the operator's machine: new listings over the ones that are there, the vendor register of
//! the program, and the operator's own files over that.

use herkomst_lookup::Registry;
use sha2::{Digest as _, Sha256};

use crate::{Curated, File, Listing, Problem, Problems, base, claims, write};

/// What a registry file is made anew from.
#[derive(Debug)]
pub struct Update<'a> {
    /// Gives each listing that nobody brought anew.
    pub listings: &'a Registry,
    /// Gives the vendor register: the one that the program was built with, since what the operator's files say must not
    /// be in it already.
    pub register: &'a Registry,
    /// Listings that were brought.
    pub brought: &'a [Listing],
    /// The operator's own files of vendors: `vendors.d/*.toml`.
    pub local: &'a [File],
    /// What corrects and explains the listings.
    pub curated: &'a Curated,
}

/// A registry file and what is to be said about it.
#[derive(Debug)]
pub struct Updated {
    /// Ready to be written.
    pub file: Vec<u8>,
    /// What the listings made out of date, each with its place.
    pub notes: Vec<Problem>,
}

/// Makes a registry file, or says all that keeps it from being made.
pub fn update(update: &Update<'_>) -> Result<Updated, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut tables = base::tables(update.listings);
    for listing in update.brought {
        tables.replace(listing);
    }
    tables.curate(update.curated, &mut problems);
    let mut register = base::register(update.register);
    register.read_local(update.local, &mut problems);
    let claims = claims::check(&register, &tables, &mut problems);
    let local: Vec<_> =
        update.local.iter().map(|file| (file.path.clone(), sha256(file.text.as_bytes()))).collect();
    let file = write::write(&tables, &register, &claims, &local, &mut problems);
    if problems.found.is_empty() {
        Ok(Updated { file, notes: problems.notes })
    } else {
        Err(problems.found)
    }
}

/// In hexadecimal digits.
pub fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}
