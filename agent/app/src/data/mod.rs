//! `herkomst data`: the registry file beside the program. What is in use, whether it is whole, and a newer one.

mod bring;
mod check;
mod fetch;
mod folders;
mod in_use;
mod local;
mod show;
mod store;
mod update;

pub(crate) use folders::Folders;
pub(crate) use in_use::{InUse, in_use};

use crate::cli::{DataArgs, DataCommand};
use crate::exit::Result;

/// Runs one of its commands.
pub(crate) fn run(args: &DataArgs, folders: &Folders, verbose: u8) -> Result<()> {
    match &args.command {
        DataCommand::Show(args) => show::run(args, folders),
        DataCommand::Check => check::run(folders),
        DataCommand::Update(args) => update::run(args, folders, verbose),
    }
}

/// A SHA-256 as people write it.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}
