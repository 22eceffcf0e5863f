//! Which registry answers: the operator's file where it is whole and not older than what the program carries, else the
//! program's own, with the reason.

use std::io::Read;
use std::path::{Path, PathBuf};

use herkomst_registry::{Registry, RegistryKind, embedded};

use super::folders::Folders;
use super::local;

/// Larger than any registry file: its strings end at 16 MB, and its rows are short.
const LARGEST: u64 = 64 << 20;

/// The registry of this run.
#[derive(Debug, Clone)]
pub(crate) struct InUse {
    /// Answers.
    pub(crate) registry: &'static Registry,
    /// The operator's file that it is read from; none: the program's own.
    pub(crate) file: Option<PathBuf>,
    /// What to tell whoever asks: a file that cannot be used, or what is not worked into it yet.
    pub(crate) warnings: Vec<String>,
}

impl InUse {
    /// The program's own, whatever else there is: for the demo.
    pub(crate) fn embedded() -> Self {
        Self { registry: embedded(), file: None, warnings: Vec::new() }
    }
}

/// What lies in the place of a registry file.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing, which is the normal case.
    Missing,
    /// Something that is no registry this program can read, and why.
    Refused(String),
    /// A whole one.
    Opened(Box<Registry>),
}

/// Opens a registry file: a regular one, of a sensible size, with the digest that it names.
pub(crate) fn open(path: &Path) -> Found {
    let file = match herkomst_net::open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Found::Missing,
        Err(error) => return Found::Refused(crate::config::bounded::failed(error)),
    };
    let mut bytes = Vec::new();
    // One more than allowed: the file may grow while it is read.
    match file.take(LARGEST + 1).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > LARGEST => {
            Found::Refused(format!("is longer than {LARGEST} octets"))
        }
        Ok(_) => match Registry::open(bytes) {
            Ok(registry) => Found::Opened(Box::new(registry)),
            Err(error) => Found::Refused(error.to_string()),
        },
        Err(error) => Found::Refused(format!("cannot be read: {error}")),
    }
}

/// The registry to answer from.
pub(crate) fn in_use(folders: &Folders) -> InUse {
    let path = folders.file();
    let own = embedded();
    let (registry, file, mut warnings) = match open(&path) {
        Found::Missing => (own, None, Vec::new()),
        Found::Refused(why) => (
            own,
            None,
            vec![format!(
                "{}: {why}: the registry that the program carries is used. herkomst data update writes a new file",
                path.display()
            )],
        ),
        Found::Opened(registry) => match older(&registry, own) {
            // For the life of the process, as the program's own.
            None => (&*Box::leak(registry), Some(path.clone()), Vec::new()),
            Some(older) => (
                own,
                None,
                vec![format!(
                    "{}: {older}: the registry that the program carries is used. herkomst data update brings the two together",
                    path.display()
                )],
            ),
        },
    };
    warnings.extend(outdated(registry, file.as_deref(), folders.vendors.as_deref()));
    InUse { registry, file, warnings }
}

/// What the operator's vendor files and the program's vendor register have that the registry in use does not.
fn outdated(registry: &Registry, file: Option<&Path>, vendors: Option<&Path>) -> Vec<String> {
    let mut warnings = Vec::new();
    let (files, problems) = local::read(vendors);
    if problems.is_empty() {
        let changes = local::changes(registry, &files);
        if !changes.is_empty() {
            let folder = vendors.map_or_else(
                || "there is no folder of vendor files any more".to_owned(),
                |folder| format!("{} does not count as it is", folder.display()),
            );
            warnings.push(format!("{folder}: {}. Run herkomst data update", changes.join(", ")));
        }
    } else {
        warnings.extend(problems.iter().map(ToString::to_string));
    }
    if let Some(file) = file {
        let (ours, its) = (embedded().vendors_edition(), registry.vendors_edition());
        if ours > its {
            warnings.push(format!(
                "{}: its vendor register is of {its}, the program's of {ours}. Run herkomst data update",
                file.display()
            ));
        }
    }
    warnings
}

/// Every listing: those of IEEE, then IANA's.
pub(crate) fn listings() -> impl Iterator<Item = Option<RegistryKind>> {
    RegistryKind::ALL.iter().copied().map(Some).chain([None])
}

/// The name of a listing as people know it.
pub(crate) fn listing_name(listing: Option<RegistryKind>) -> &'static str {
    listing.map_or("PEN", RegistryKind::as_str)
}

/// The day of a listing: of the latest file that it was read from.
pub(crate) fn day(registry: &Registry, listing: Option<RegistryKind>) -> &str {
    let of = registry.sources().filter(|source| source.listing == listing);
    of.map(|source| source.date).max().unwrap_or_default()
}

/// The listings that are older in the first registry, in words.
fn older(registry: &Registry, than: &Registry) -> Option<String> {
    let older: Vec<String> = listings()
        .filter(|listing| day(registry, *listing) < day(than, *listing))
        .map(|listing| {
            let (its, ours) = (day(registry, listing), day(than, listing));
            format!("{} is of {its} there and of {ours} in the program", listing_name(listing))
        })
        .collect();
    (!older.is_empty()).then(|| format!("is older than the program ({})", older.join(", ")))
}
