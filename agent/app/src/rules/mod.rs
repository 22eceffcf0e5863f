//! Rule packs, as the program uses them.
//!
//! - [`read`](mod@read): a pack by its name or path, and what is to be said of it.
//! - [`show`](mod@show): packs and rules in plain words.
//! - [`commands`]: `herkomst rules list · show · check · test`.

pub(crate) mod commands;
pub(crate) mod read;
pub(crate) mod show;

pub(crate) use commands::run;
pub(crate) use read::{Refused, aged, not_judged, read, strangers};
