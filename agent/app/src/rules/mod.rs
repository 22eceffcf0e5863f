//! Rule packs, as the program uses them.
//!
//! - [`read`](mod@read): a pack by its name, and what is to be said of it.
//! - [`file`](mod@file): files that may be sealed, and opening them.
//! - [`trust`]: whose packs are taken.
//! - [`basis`]: what a scan judges by, for everybody and for an output that is cleared.
//! - [`references`]: what an operator says of packs, held against them.
//! - [`show`](mod@show): packs and rules in plain words.
//! - [`commands`]: `herkomst rules list · show · check · test`.
//! - [`sign`](mod@sign), [`seal`](mod@seal): `herkomst rules keygen · sign · seal · unseal`; [`secrets`]: keys and passwords for them.

pub(crate) mod basis;
pub(crate) mod commands;
pub(crate) mod file;
pub(crate) mod read;
pub(crate) mod references;
pub(crate) mod seal;
pub(crate) mod secrets;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod trust;

pub(crate) use commands::run;
pub(crate) use read::{aged, is_path, shipped_pack, stranger, strangers};
