//! System calls, one a function, each behind a safe type. The only unsafe code of the project, and
//! the only place that knows which system it runs on (Linux; others come as siblings of these files).

mod address;
pub(crate) mod capability;
pub(crate) mod link;
pub(crate) mod message;
pub(crate) mod namespace;
pub(crate) mod option;
pub(crate) mod process;
pub(crate) mod ring;
pub(crate) mod signal;
pub(crate) mod wait;

use std::io;

use libc::c_int;

/// The convention of nearly all of them: -1 and `errno`.
fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
