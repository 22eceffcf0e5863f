//! The forms of a result: one file each, pure, so that a snapshot proves it. Text that devices sent is hostile: each form
//! escapes it for its own reader.

pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod table;

use std::io::{self, Write};

/// Writes a result to stdout. A reader that has gone (`| head`) is a normal end.
pub(crate) fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
