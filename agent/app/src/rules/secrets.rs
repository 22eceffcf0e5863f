//! Keys and passwords of `herkomst rules`: asked for or read from a file, never taken from a flag or the environment, where
//! other processes see them; and the files that are written.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::anyhow;
use console::Term;
use herkomst_seal::{PublicKey, SecretKey, SecretKeyFile};
use zeroize::Zeroizing;

use crate::config::private;
use crate::exit::{Failure, Result};

/// More than anybody types.
const LONGEST_PASSWORD: usize = 1024;

/// Opens the secret key of a signer; asks for its password where it has one and no file says it.
pub(crate) fn signing_key(path: &Path, password: Option<&Path>) -> Result<SecretKey> {
    let name = path.display();
    let text = read(path)?;
    let file = SecretKeyFile::parse(text.as_bytes()).map_err(|error| {
        Failure::data(match PublicKey::parse(text.as_bytes()) {
            Ok(_) => anyhow!(
                "{name}: is a public key, which verifies; give the secret key that it belongs to"
            ),
            Err(_) => anyhow!("{name}: {error}"),
        })
    })?;
    let password = match (file.needs_password(), password) {
        (false, _) => None,
        (true, Some(path)) => Some(password_in(path)?),
        (true, None) => Some(asked(&format!("Password of {name}: "))?),
    };
    let password = password.as_ref().map(|password| password.as_str());
    file.open(password).map_err(|error| Failure::data(anyhow!("{name}: {error}")))
}

/// The password for a new key: from a file, or typed twice.
pub(crate) fn new_password(file: Option<&Path>) -> Result<Zeroizing<String>> {
    if let Some(path) = file {
        return password_in(path);
    }
    let password = asked("Password for the new key: ")?;
    if password.is_empty() {
        return Err(Failure::usage(anyhow!(
            "the password is empty: --no-password says so on purpose"
        )));
    }
    if asked("The same again: ")? != password {
        return Err(Failure::usage(anyhow!("the two passwords differ")));
    }
    Ok(password)
}

fn password_in(path: &Path) -> Result<Zeroizing<String>> {
    let text = read(path)?;
    let password = private::without_line_end(&text);
    if password.is_empty() || password.len() > LONGEST_PASSWORD || password.contains(['\n', '\0']) {
        return Err(Failure::data(anyhow!(
            "{}: holds no password: one line of at most {LONGEST_PASSWORD} octets",
            path.display()
        )));
    }
    Ok(Zeroizing::new(password.to_owned()))
}

/// Asks on the terminal, without showing what is typed.
fn asked(prompt: &str) -> Result<Zeroizing<String>> {
    // A question that nobody sees would wait for ever, and an empty answer is no password.
    if !io::stderr().is_terminal() {
        return Err(Failure::usage(anyhow!(
            "a password is needed, and there is no terminal to ask on: --password-file FILE"
        )));
    }
    let term = Term::stderr();
    let typed = term.write_str(prompt).and_then(|()| term.read_secure_line());
    let typed =
        typed.map_err(|error| Failure::io(anyhow!("the password cannot be read: {error}")))?;
    of_fit_length(Zeroizing::new(typed))
}

/// What is typed has the bound of what a file may hold: a key whose password only one of the two takes is half lost.
fn of_fit_length(typed: Zeroizing<String>) -> Result<Zeroizing<String>> {
    if typed.len() > LONGEST_PASSWORD {
        return Err(Failure::usage(anyhow!(
            "the password is longer than {LONGEST_PASSWORD} octets, the most that is allowed"
        )));
    }
    Ok(typed)
}

/// A file with a secret.
fn read(path: &Path) -> Result<Zeroizing<String>> {
    private::read(path)
        .map_err(|what| Failure::configuration(anyhow!("{}: {what}", path.display())))
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readable {
    /// Its owner alone.
    ByOwner,
    /// Whoever the mask of this process lets.
    ByOthers,
}

impl Readable {
    fn mode(self) -> u32 {
        match self {
            Self::ByOwner => 0o600,
            Self::ByOthers => 0o666,
        }
    }
}

/// Writes a file whole or not at all. What is there already stays, unless `force` says otherwise.
pub(crate) fn write(path: &Path, bytes: &[u8], readable: Readable, force: bool) -> Result<()> {
    let name = path.display();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists if !force => {
            Failure::usage(anyhow!("{name}: is there already, and is not written over"))
        }
        io::ErrorKind::PermissionDenied => {
            Failure::permission(anyhow!("{name}: cannot be written: {error}"))
        }
        _ => Failure::io(anyhow!("{name}: cannot be written: {error}")),
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let at = if force { Path::new(&beside) } else { path };
    // Fails where something is, and so follows no link.
    let made = OpenOptions::new().write(true).create_new(true).mode(readable.mode()).open(at);
    let mut file = match made {
        Err(error) if force && error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::io(anyhow!(
                "{}: is in the way: somebody else writes, or was ended; remove it",
                at.display()
            )));
        }
        made => made.map_err(failed)?,
    };
    let mut fill = || -> io::Result<()> {
        if readable == Readable::ByOwner {
            // Whatever the mask of this process: its owner must be able to read it.
            file.set_permissions(fs::Permissions::from_mode(readable.mode()))?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        if force { fs::rename(at, path) } else { Ok(()) }
    };
    fill().map_err(|error| {
        // Made by us a moment ago, and not whole.
        drop(fs::remove_file(at));
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_for_its_owner_and_never_over_another_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, b"one", Readable::ByOwner, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let refused = write(&path, b"two", Readable::ByOwner, false).unwrap_err();
        assert!(refused.to_string().contains("is there already"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", Readable::ByOthers, true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        assert!(write(&link, b"x", Readable::ByOwner, false).is_err());
        assert!(!folder.path().join("elsewhere").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn a_typed_password_is_no_longer_than_one_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (length, is_fit) in [(LONGEST_PASSWORD, true), (LONGEST_PASSWORD + 1, false)] {
            let text = "x".repeat(length);
            assert_eq!(of_fit_length(Zeroizing::new(text.clone())).is_ok(), is_fit);
            fs::write(&path, &text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(password_in(&path).is_ok(), is_fit);
        }
    }

    #[test]
    fn a_password_is_one_line_of_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (text, password) in
            [("correct horse\n", Some("correct horse")), ("", None), ("\n", None), ("a\nb\n", None)]
        {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(
                password_in(&path).ok().as_deref().map(String::as_str),
                password,
                "{text:?}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(password_in(&path).unwrap_err().to_string().contains("has mode 0640"));
    }
}
