//! `herkomst data check`: whether the registry file in use, the one before it and the operator's vendor files are in
//! order. Every problem at once.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use herkomst_registry::{FILE as CARRIED, PenMeaning, Registry};

use super::folders::{Folders, PREVIOUS};
use super::in_use::{self, Found, in_use, listing_name, listings};
use super::{local, update};
use crate::cli::printable;
use crate::exit::{Failure, Result};
use crate::outputs::write_out;

/// What was found.
#[derive(Default)]
struct Findings {
    /// In order, or worth knowing.
    said: Vec<String>,
    /// Damage in a registry file.
    damage: Vec<String>,
    /// Wrong in what the operator keeps: vendor files, permissions.
    configuration: Vec<String>,
}

/// Runs it.
pub(crate) fn run(folders: &Folders) -> Result<()> {
    let mut found = Findings::default();
    let path = folders.file();
    let previous = path.with_file_name(PREVIOUS);
    carried(&mut found);
    file(&path, "there is none, the registry that the program carries is used", &mut found);
    file(&previous, "there is none", &mut found);
    permissions(folders, &[&path, &previous], &mut found);
    vendors(folders, &mut found);
    let warnings = in_use(folders).warnings;
    if warnings.is_empty() {
        found.said.push("no update is needed".to_owned());
    }
    // Damage is named above already.
    let is_new = |warning: &String| !found.damage.iter().any(|damage| warning.starts_with(damage));
    let needed: Vec<String> = warnings
        .iter()
        .filter(|one| is_new(one))
        .map(|one| format!("update needed: {one}"))
        .collect();
    found.said.extend(needed);
    let text: String = found.said.iter().map(|line| printable(line) + "\n").collect();
    write_out(text.as_bytes()).context("writing the result").map_err(Failure::io)?;
    let problems = [found.damage.as_slice(), &found.configuration].concat().join("\n");
    match (found.damage.is_empty(), found.configuration.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::data(anyhow!(problems))),
        (true, false) => Err(Failure::configuration(anyhow!(problems))),
    }
}

fn carried(found: &mut Findings) {
    match Registry::open(CARRIED) {
        Ok(registry) => rows("the registry that the program carries", &registry, found),
        Err(error) => found.damage.push(format!("the registry that the program carries: {error}")),
    }
}

fn file(path: &Path, missing: &str, found: &mut Findings) {
    let place = path.display().to_string();
    match in_use::open(path) {
        Found::Missing => found.said.push(format!("{place}: {missing}")),
        Found::Refused(why) => found.damage.push(format!("{place}: {why}")),
        Found::Opened(registry) => rows(&place, &registry, found),
    }
}

/// Reads every row and asks for it by its own key.
fn rows(place: &str, registry: &Registry, found: &mut Findings) {
    let mut broken = Vec::new();
    let mut assignments = 0_usize;
    for kind in listings() {
        let mut bad = 0_usize;
        match kind {
            Some(kind) => {
                for row in registry.listing(kind) {
                    assignments += 1;
                    let again = registry.listed(kind, row.prefix.first());
                    let is_there = again.is_some_and(|again| again.registrant == row.registrant);
                    bad += usize::from(row.registrant.is_empty() || !is_there);
                }
            }
            None => {
                for (pen, name) in registry.organisations() {
                    let meaning = registry.pen(pen);
                    bad += usize::from(
                        !matches!(meaning, PenMeaning::Assigned { organisation, .. } if organisation == name),
                    );
                }
            }
        }
        if bad > 0 {
            broken.push(format!("{bad} rows of {}", listing_name(kind)));
        }
        if !registry.sources().any(|source| source.listing == kind && !source.sha256.is_empty()) {
            broken.push(format!("the source of {}", listing_name(kind)));
        }
    }
    let vendors = registry.vendors().filter(|vendor| {
        let again = registry.vendor(vendor.id()).is_some_and(|again| again.id() == vendor.id());
        let named = registry.by_name(vendor.name()).is_some_and(|named| named.id() == vendor.id());
        !(again && named)
    });
    let owners = registry
        .owners()
        .filter(|owner| registry.owner(owner.id()).is_none() || owner.name().is_empty());
    match vendors.count() + owners.count() {
        0 => {}
        bad => broken.push(format!("{bad} rows of the vendor table")),
    }
    if broken.is_empty() {
        let numbers = registry.organisations().count();
        let vendors = registry.vendors().count();
        found.said.push(format!(
            "{place}: whole; {assignments} assignments, {numbers} enterprise numbers and {vendors} vendors can be read"
        ));
    } else {
        found.damage.push(format!("{place}: cannot be read: {}", broken.join(", ")));
    }
}

/// Who could put something else in their place.
fn permissions(folders: &Folders, files: &[&Path], found: &mut Findings) {
    let mut paths: Vec<_> = files.iter().map(|path| path.to_path_buf()).collect();
    paths.extend(files.first().and_then(|path| path.parent()).map(Path::to_owned));
    paths.extend(folders.vendors.clone());
    let (local, _) = local::read(folders.vendors.as_deref());
    paths.extend(local.into_iter().map(|file| PathBuf::from(file.path)));
    let me = herkomst_net::effective_uid();
    for path in paths {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let (place, mode) = (path.display(), metadata.permissions().mode() & 0o7777);
        if mode & 0o002 != 0 {
            found.configuration.push(format!(
                "{place}: everybody may write there (mode {mode:04o}): chmod o-w {place}"
            ));
        }
        if metadata.uid() != 0 && metadata.uid() != me {
            found.configuration.push(format!(
                "{place}: belongs to user {}, who can replace it: chown it to root or to who runs herkomst",
                metadata.uid()
            ));
        }
    }
}

/// What an update would say of the operator's files.
fn vendors(folders: &Folders, found: &mut Findings) {
    let Some(folder) = &folders.vendors else { return };
    match update::make(folders, &[], false) {
        Ok(made) => {
            let place = folder.display();
            found.said.push(format!("{place}: {} files, no mistake found", made.local_files()));
        }
        Err(problems) => found.configuration.extend(problems.iter().map(ToString::to_string)),
    }
}
