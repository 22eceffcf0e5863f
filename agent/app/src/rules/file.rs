//! Files that may be sealed, and opening them.
//!
//! A sealed file is named `….age`, and nothing else is: whoever can put another file in its place must not be able to turn
//! a pack that counts into one that an output without clearance passes over.

use std::fs::{File, Metadata};
use std::io::{Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use herkomst_rules::PackProblems;
use herkomst_seal::{
    Clearance, Identity, MAX_SEALED_BYTES, Plain, Recipient, Sealed, SecretKeyFile, looks_sealed,
    open,
};

use crate::config::{bounded, private};

/// The end of the names of sealed files, without its dot.
pub(crate) const ENDING: &str = "age";
/// More than tells a sealed file from another.
const START: u64 = 64;

/// A file that is open, and known to be sealed or not; not read yet.
pub(crate) struct Opened {
    file: File,
    is_sealed: bool,
}

/// Which file it is, whatever name it was found by: its device, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId {
    device: u64,
    number: u64,
}

impl FileId {
    /// Of what is known of a file.
    pub(crate) fn of(about: &Metadata) -> Self {
        Self { device: about.dev(), number: about.ino() }
    }
}

/// A file as it lies there.
pub(crate) enum Content {
    /// Text.
    Plain(String),
    /// Shut.
    Sealed(Vec<u8>),
}

impl Content {
    /// What a signature is over: the file as it was delivered, so that it is verified before anything opens it.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(text) => text.as_bytes(),
            Self::Sealed(bytes) => bytes,
        }
    }
}

impl Opened {
    /// Opens a file and looks at its start.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let mut file = herkomst_net::open_regular(path).map_err(bounded::failed)?;
        let mut start = Vec::new();
        (&file).take(START).read_to_end(&mut start).map_err(bounded::failed)?;
        file.rewind().map_err(bounded::failed)?;
        let is_named = path.extension().is_some_and(|ending| ending == ENDING);
        match (looks_sealed(&start), is_named) {
            (true, false) => {
                Err(format!("is sealed, and its name must say so: it must end in .{ENDING}"))
            }
            (false, true) => Err(format!(
                "is not sealed, and its name says that it is: herkomst rules seal makes such a file, another must not end in .{ENDING}"
            )),
            (is_sealed, _) => Ok(Self { file, is_sealed }),
        }
    }

    /// Whether it is sealed.
    pub(crate) fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// Which file this is that is read, though its path may lead to another by now.
    pub(crate) fn id(&self) -> Result<FileId, String> {
        self.file.metadata().map(|about| FileId::of(&about)).map_err(bounded::failed)
    }

    /// Reads it, as far as such a file can sensibly go.
    pub(crate) fn read(&self) -> Result<Content, String> {
        if !self.is_sealed {
            return bounded::text(&self.file).map(Content::Plain);
        }
        let mut bytes = Vec::new();
        let most = MAX_SEALED_BYTES as u64;
        (&self.file).take(most + 1).read_to_end(&mut bytes).map_err(bounded::failed)?;
        if bytes.len() as u64 > most {
            return Err(format!("is longer than {most} octets, the most that a sealed file has"));
        }
        Ok(Content::Sealed(bytes))
    }
}

/// Keys that open, and the leave to look at what they open. No `Debug`.
pub(crate) struct Keys {
    keys: Vec<Identity>,
    clearance: Clearance,
}

impl Keys {
    /// The key of this host, for an output that the operator marked as cleared.
    pub(crate) fn of_host(path: Option<&Path>) -> Result<Self, String> {
        let keys = path.map_or(Ok(Vec::new()), identity)?;
        let clearance = Clearance::of_output(true).ok_or("is for no output")?;
        Ok(Self { keys, clearance })
    }

    /// The key that a reader brings.
    pub(crate) fn of_reader(path: &Path) -> Result<Self, String> {
        let keys = identity(path)?;
        let clearance = Clearance::of_reader(&keys).ok_or("holds no key")?;
        Ok(Self { keys, clearance })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Leave to look at what they open.
    pub(crate) fn clearance(&self) -> &Clearance {
        &self.clearance
    }

    /// Opens a sealed file.
    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Sealed<Plain>, String> {
        open(sealed, &self.keys).map_err(|error| format!("cannot be opened: {error}"))
    }
}

/// What came out of a seal, as text of the length that a plain file may have.
pub(crate) fn text(plain: &Plain) -> Result<&str, String> {
    if plain.len() as u64 > bounded::LARGEST {
        return Err(bounded::too_long());
    }
    std::str::from_utf8(plain).map_err(|_| bounded::NO_TEXT.to_owned())
}

/// Reads a file with the secret side of a host's keys.
fn identity(path: &Path) -> Result<Vec<Identity>, String> {
    let text = private::read(path)?;
    let is_public = text.lines().any(|line| line.parse::<Recipient>().is_ok());
    Identity::parse_file(text.as_bytes()).map_err(|error| {
        if is_public {
            return "is the public side of a key, and seals; its secret side opens: the file with AGE-SECRET-KEY-1".to_owned();
        }
        if SecretKeyFile::parse(text.as_bytes()).is_ok() {
            return "is a key that signs; one that opens starts with AGE-SECRET-KEY-1: herkomst rules keygen host makes it".to_owned();
        }
        error.to_string()
    })
}

/// How many mistakes a sealed file has and where, for those who may not see what stands there.
pub(crate) fn mistakes(file: &str, count: usize, places: &[String]) -> String {
    const MOST: usize = 10;
    let shown = places.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    let places = match places.len() {
        0 => String::new(),
        1..=MOST => format!(" at {shown}"),
        _ => format!(" at {shown} and elsewhere"),
    };
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    format!(
        "{file}: {count} {noun}{places} of what is sealed; herkomst rules check {file} --identity FILE tells them"
    )
}

/// The same of a pack.
pub(crate) fn mistakes_of(file: &str, problems: &PackProblems) -> String {
    let places: Vec<String> =
        problems.problems.iter().map(|one| format!("{}:{}", one.line, one.column)).collect();
    mistakes(file, problems.problems.len() + problems.more, &places)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use herkomst_seal::{SecretKey, Shape, seal};

    use super::*;

    fn written(name: &str, bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_is_sealed_when_its_name_and_its_start_say_so_and_refused_when_one_does() {
        let sealed = seal(b"x", &[Identity::generate().recipient()], Shape::Binary).unwrap();
        let told = |name: &str, bytes: &[u8]| {
            let (_folder, path) = written(name, bytes);
            Opened::open(&path).map(|file| file.is_sealed())
        };
        assert_eq!(told("a.toml", b"id = 1"), Ok(false));
        assert_eq!(told("a.toml.age", &sealed), Ok(true));
        assert!(told("a.toml", &sealed).unwrap_err().contains("must end in .age"));
        assert!(told("a.age", b"id = 1").unwrap_err().contains("is not sealed"));
        assert!(told("a.age", b"").unwrap_err().contains("is not sealed"));
    }

    #[test]
    fn no_more_of_a_file_is_read_than_a_sealed_one_can_have() {
        let (_folder, path) = written("large.age", b"age-encryption.org/v1\n");
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(100 << 20).unwrap();
        let error = Opened::open(&path).unwrap().read().err().unwrap();
        assert!(error.contains("is longer than"), "{error}");
    }

    #[test]
    fn another_file_than_a_hosts_secret_key_is_told_for_what_it_is() {
        let signing = SecretKey::generate().unwrap();
        for (text, says) in [
            (Identity::generate().recipient().to_string(), "is the public side of a key"),
            (signing.to_file(None).unwrap().expose().to_owned(), "is a key that signs"),
            ("hunter2".to_owned(), "line 1 of the host key"),
            (String::new(), "has 0 keys"),
        ] {
            let (_folder, path) = written("key", &text);
            let error = Keys::of_reader(&path).err().unwrap();
            assert!(error.contains(says) && !error.contains("hunter2"), "{text}: {error}");
        }
        let (_folder, path) = written("key", Identity::generate().to_file().expose());
        assert!(Keys::of_reader(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Keys::of_reader(&path).err().unwrap().contains("has mode 0644"));
    }
}
