//! Opening files that an operator names, without waiting for what is no file (open(2), fifo(7)).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a regular file for reading. A FIFO would keep us waiting for a writer, and a device has no end: both are
/// refused, as is a folder.
///
/// # Errors
/// When it cannot be opened, or "is no regular file".
pub fn open_regular(path: &Path) -> io::Result<File> {
    // What is opened is what is looked at; O_NONBLOCK changes nothing for a regular file.
    let file =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_opened_and_what_is_none_is_refused() {
        assert!(open_regular(&std::env::current_exe().unwrap()).is_ok());
        for path in ["/dev/null", "/"] {
            let refused = open_regular(Path::new(path)).unwrap_err();
            assert_eq!(refused.to_string(), "is no regular file", "{path}");
        }
        let missing = open_regular(Path::new("/nonexistent/file")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
