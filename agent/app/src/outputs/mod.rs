//! The forms of a result: one file each, pure, so that a snapshot proves it. Text that devices sent is hostile: each form
//! escapes it for its own reader.

pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod table;

use std::io::{self, Write};

/// Writes a result to stdout. A reader that has gone (`| head`) is a normal end.
pub(crate) fn write_out(bytes: &[u8]) -> io::Result<()> {
    write_with(|out| out.write_all(bytes))
}

/// The same, as it is made.
pub(crate) fn write_with(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
