//! The registry that the program carries, row by row.

mod addresses;
mod files;
mod forged;
mod official;
mod updates;
mod vendors;
