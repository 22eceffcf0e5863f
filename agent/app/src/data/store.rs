//! Writes the registry file so that there is a working one at every moment, whoever ends the process.
//!
//! One writer at a time holds `registry.lock`. A new file is written and synced beside the old one, opened again and
//! asked, and only then renamed over it; the old one is kept by a second name first. What a killed run leaves behind
//! (`*.tmp`) the next one clears away.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use herkomst_registry::Registry;

use super::folders::{FILE, PREVIOUS};
use super::in_use::{self, Found};
use crate::exit::{Failure, Result};

const LOCK: &str = "registry.lock";
const NEW: &str = "registry.hkr.tmp";
const KEPT: &str = "registry.previous.hkr.tmp";

/// An update works for a second or two once it has what it needs; who waits longer waits for something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file is written in pieces of this size.
const PIECE: usize = 1 << 18;

/// The folder of the registry file, held for writing.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    /// Held until it is closed.
    _lock: File,
}

/// What became of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installed {
    /// It took the place of nothing.
    First,
    /// The one before it is kept.
    Replaced,
    /// What was there could not be read and is gone.
    ReplacedDamaged,
    /// The same file is there already.
    Unchanged,
}

impl Store {
    /// Makes the folder where there is none, waits for other writers, and clears away what a killed one left.
    pub(crate) fn lock(folder: &Path) -> Result<Self> {
        let place = folder.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)
            .map_err(|error| failed(error, format!("making the folder {place}")))?;
        let metadata = fs::metadata(folder)
            .map_err(|error| failed(error, format!("looking at the folder {place}")))?;
        if metadata.permissions().mode() & 0o002 != 0 {
            return Err(Failure::permission(anyhow!(
                "{place}: everybody may write there: a registry that anybody can replace is not worth having (chmod o-w)"
            )));
        }
        refuse_link(&folder.join(LOCK))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            // Others who could open it could keep us waiting.
            .mode(0o600)
            .open(folder.join(LOCK))
            .map_err(|error| failed(error, format!("opening {place}/{LOCK}")))?;
        wait_for(&lock, folder)?;
        let store = Self { folder: folder.to_owned(), _lock: lock };
        store.clear_away()?;
        Ok(store)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn failed(&self, name: &str, doing: &str) -> impl FnOnce(io::Error) -> Failure {
        let what = format!("{doing} {}", self.path(name).display());
        move |error| failed(error, what)
    }

    /// Takes away what a killed run left. One thing may be all that is left of an edition: a swap that ended between
    /// its two renames has the later one under its second name.
    fn clear_away(&self) -> Result<()> {
        if let Found::Opened(kept) = in_use::open(&self.path(KEPT))
            && let Found::Opened(current) = in_use::open(&self.path(FILE))
            && kept.digest() != current.digest()
        {
            self.rename(KEPT, PREVIOUS)?;
        }
        self.remove(KEPT)?;
        self.remove(NEW)
    }

    fn remove(&self, name: &str) -> Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.failed(name, "removing")(error))
            }
            _ => Ok(()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        fs::rename(self.path(from), self.path(to)).map_err(self.failed(to, "renaming to"))?;
        // Two names of one file stay two names (rename(2)).
        self.remove(from)
    }

    /// Gives a file a second name, or makes a copy of it where the file system or the kernel allows none.
    fn keep(&self, from: &str, to: &str) -> Result<()> {
        if fs::hard_link(self.path(from), self.path(to)).is_ok() {
            return Ok(());
        }
        let bytes = fs::read(self.path(from)).map_err(self.failed(from, "reading"))?;
        self.write(to, &bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let written = || -> io::Result<()> {
            // Fails where something is already, and so follows no link.
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o644)
                .open(self.path(name))?;
            for piece in bytes.chunks(PIECE) {
                file.write_all(piece)?;
            }
            // Whatever the mask of this process: a scan by another user reads it.
            file.set_permissions(fs::Permissions::from_mode(0o644))?;
            file.sync_all()
        };
        written().map_err(self.failed(name, "writing"))
    }

    /// So that the names are on the disk as well.
    fn sync(&self) -> Result<()> {
        let sync = File::open(&self.folder).and_then(|folder| folder.sync_all());
        sync.map_err(|error| failed(error, format!("syncing {}", self.folder.display())))
    }

    /// Puts a file in the place of the one that is there, once it is on the disk and `ask` has asked it.
    pub(crate) fn install(
        &self,
        bytes: &[u8],
        ask: impl FnOnce(&Registry) -> Result<()>,
    ) -> Result<Installed> {
        refuse_link(&self.path(FILE))?;
        refuse_link(&self.path(PREVIOUS))?;
        let written = self.write(NEW, bytes);
        let asked = written.and_then(|()| match in_use::open(&self.path(NEW)) {
            Found::Opened(registry) => ask(&registry).map(|()| registry),
            Found::Refused(why) => Err(Failure::io(anyhow!("{}: {why}", self.path(NEW).display()))),
            Found::Missing => {
                Err(Failure::io(anyhow!("{} is gone again", self.path(NEW).display())))
            }
        });
        let registry = match asked {
            Ok(registry) => registry,
            Err(failure) => {
                // Why it failed is to be told, also when this fails as well (a full disk); the next run clears it away.
                drop(self.remove(NEW));
                return Err(failure);
            }
        };
        let installed = match in_use::open(&self.path(FILE)) {
            Found::Missing => Installed::First,
            Found::Refused(_) => Installed::ReplacedDamaged,
            Found::Opened(current) if current.digest() == registry.digest() => {
                self.remove(NEW)?;
                return Ok(Installed::Unchanged);
            }
            Found::Opened(_) => {
                self.keep(FILE, KEPT)?;
                self.rename(KEPT, PREVIOUS)?;
                Installed::Replaced
            }
        };
        self.rename(NEW, FILE)?;
        self.sync()?;
        Ok(installed)
    }

    /// Puts the edition before the one in use in its place, and the other way round.
    pub(crate) fn swap(&self) -> Result<Box<Registry>> {
        refuse_link(&self.path(FILE))?;
        refuse_link(&self.path(PREVIOUS))?;
        let place = self.path(PREVIOUS);
        let place = place.display();
        let previous = match in_use::open(&self.path(PREVIOUS)) {
            Found::Opened(registry) => registry,
            Found::Missing => {
                return Err(Failure::unavailable(anyhow!(
                    "{place} does not exist: no edition was kept"
                )));
            }
            Found::Refused(why) => return Err(Failure::data(anyhow!("{place}: {why}"))),
        };
        self.keep(PREVIOUS, NEW)?;
        let is_whole = matches!(in_use::open(&self.path(FILE)), Found::Opened(_));
        if is_whole {
            self.keep(FILE, KEPT)?;
        }
        self.rename(NEW, FILE)?;
        if is_whole {
            self.rename(KEPT, PREVIOUS)?;
        }
        self.sync()?;
        Ok(previous)
    }
}

fn wait_for(lock: &File, folder: &Path) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::unavailable(anyhow!(
                    "{}: another update is at work there, and has been for {} s",
                    folder.display(),
                    PATIENCE.as_secs()
                )));
            }
            Err(TryLockError::Error(error)) => {
                return Err(failed(error, format!("locking {}/{LOCK}", folder.display())));
            }
        }
    }
}

/// Nothing is written through a link that somebody laid there.
fn refuse_link(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(Failure::configuration(anyhow!(
            "{} is no regular file (a link, say): it is not replaced, take it away first",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn failed(error: io::Error, doing: String) -> Failure {
    let kind = error.kind();
    let error = anyhow::Error::from(error).context(doing);
    if kind == io::ErrorKind::PermissionDenied {
        Failure::permission(error)
    } else {
        Failure::io(error)
    }
}
