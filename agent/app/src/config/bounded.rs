//! Files that the operator names, read as far as such a file can sensibly go.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Larger than any configuration, credentials file or rule pack.
pub(crate) const LARGEST: u64 = 1 << 20;
/// What to say of a file of something else.
pub(crate) const NO_TEXT: &str = "is no text (UTF-8)";

/// The text of a regular file of at most [`LARGEST`] octets; what is no such file is refused without waiting for it.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    herkomst_net::open_regular(path).map_err(failed).and_then(|file| text(&file))
}

/// The rest of an open file, of at most [`LARGEST`] octets.
pub(crate) fn text(file: &File) -> Result<String, String> {
    let mut text = Vec::new();
    // One more than allowed: the file may grow while it is read.
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(too_long());
    }
    String::from_utf8(text).map_err(|_| NO_TEXT.to_owned())
}

/// What to say of a file that is longer than [`LARGEST`].
pub(crate) fn too_long() -> String {
    format!("is longer than {LARGEST} octets, the most that is allowed")
}

/// What to say behind the name of the file.
pub(crate) fn failed(error: io::Error) -> String {
    if error.kind() == io::ErrorKind::InvalidInput {
        return error.to_string();
    }
    format!("cannot be read: {error}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    #[test]
    fn reads_as_much_as_is_allowed_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![b'#'; LARGEST as usize]).unwrap();
        assert_eq!(read(&path).unwrap().len() as u64, LARGEST);
        fs::write(&path, vec![b'#'; LARGEST as usize + 1]).unwrap();
        assert!(read(&path).unwrap_err().contains("longer than 1048576 octets"));
        fs::write(&path, b"\xff").unwrap();
        assert!(read(&path).unwrap_err().contains("no text"));
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe.as_path(), Path::new("/dev/zero"), folder.path()] {
            assert_eq!(read(path).unwrap_err(), "is no regular file", "{}", path.display());
        }
        let missing = read(&folder.path().join("none")).unwrap_err();
        assert!(missing.starts_with("cannot be read: "), "{missing}");
    }
}
