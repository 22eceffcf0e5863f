//! The whole program on real wires: every test runs the binary that users run, in network namespaces of its own.
//!
//! `main` enters a private network before there is a second thread, as root or in a user namespace, and only then
//! starts the tests. Whoever sends checks first that it is not where the runner was started. Where namespaces are not to
//! be had, the run fails and names what did not run.

mod beyond;
mod checks;
mod cli;
mod data;
mod demo;
mod heard;
mod inventory;
mod manners;
mod parts;
mod peers;
mod scenarios;
mod sealed;
mod signed;
mod six;
mod stage;
mod tables;
mod trouble;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    trials.extend(cli::trials());
    trials.extend(scenarios::trials());
    trials.extend(manners::trials());
    trials.extend(data::trials());
    trials.extend(parts::trials());
    trials.extend(signed::trials());
    trials.extend(sealed::trials());
    trials.extend(inventory::trials());
    trials.extend(demo::trials());
    trials.extend(peers::trials());
    trials.extend(tables::trials());
    trials.extend(six::trials());
    trials.extend(trouble::trials());
    trials.extend(heard::trials());
    trials.extend(beyond::trials());
    if !arguments.list
        && let Err(error) = enter()
    {
        let error = error.context("no test ran");
        for trial in &trials {
            eprintln!("did not run: {}", trial.name());
        }
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn enter() -> anyhow::Result<()> {
    use anyhow::Context;

    stage::remember_outside()?;
    let entered =
        herkomst_net::enter_private_network(true).context("entering a private network")?;
    stage::remember_entered(entered)?;
    eprintln!("private network entered: {entered:?}");
    // lldpd changes its root to a folder under /run, which is not ours to write in.
    herkomst_net::mount_memory(Path::new("/run")).context("laying memory over /run")
}

/// A test by its name and what it does.
fn trial(
    name: impl Into<String>,
    test: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    Trial::test(name, move || test().map_err(|error| format!("{error:#}").into()))
}
