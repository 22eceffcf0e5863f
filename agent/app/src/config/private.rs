//! Files with secrets in them: read when nobody else can read them, and overwritten in memory afterwards.

use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::bounded::{self, LARGEST};

/// Reads a file that nobody else may read: mode 0600 or stricter, and of the user who runs this; below
/// `$CREDENTIALS_DIRECTORY`, which systemd protects, any.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let file = herkomst_net::open_regular(path).map_err(bounded::failed)?;
    let about = file.metadata().map_err(bounded::failed)?;
    let below_systemd = std::env::var_os("CREDENTIALS_DIRECTORY")
        .map(PathBuf::from)
        .and_then(|folder| folder.canonicalize().ok())
        .is_some_and(|folder| path.canonicalize().is_ok_and(|path| path.starts_with(folder)));
    let mode = about.permissions().mode() & 0o7777;
    if !below_systemd && mode & 0o077 != 0 {
        return Err(format!(
            "has mode {mode:04o}, so that others can read or write it; it must be 0600 or stricter: chmod 600 it"
        ));
    }
    let user = herkomst_net::effective_uid();
    if !below_systemd && about.uid() != user && user != 0 {
        return Err(format!(
            "belongs to user {}, it must belong to user {user}, who runs this",
            about.uid()
        ));
    }
    // Its room from the start: what grows leaves copies behind.
    let room = usize::try_from(about.len().min(LARGEST)).unwrap_or_default() + 64;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(bounded::failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(bounded::too_long());
    }
    String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        bounded::NO_TEXT.to_owned()
    })
}

/// Without the one line break that an editor leaves at the end; a second one is part of the secret.
pub(crate) fn without_line_end(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_none_of_the_secret() {
        for (text, secret) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\r", "a\r"), ("", "")]
        {
            assert_eq!(without_line_end(text), secret, "{text:?}");
        }
    }
}
