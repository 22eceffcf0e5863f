//! Ports on real wires, in network namespaces that the tests make themselves: as root, or as an ordinary user inside
//! a user namespace. Where neither is possible all of it fails, with the reason.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

/// Each test under its own name.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), $name as fn())),*]
    };
}

mod datagrams;
mod frames;
mod networks;
mod wire;

use std::process::ExitCode;

use herkomst_net::{current_network, enter_private_network};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    // A test that needs a process of its own starts this program again.
    if let Some(role) = std::env::var_os(networks::ROLE) {
        networks::play(&role);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    if !arguments.list {
        // Before any thread exists; all that are started later are inside.
        let home = match current_network() {
            Ok(home) => home,
            Err(error) => return refuse(&error),
        };
        let way_in = match enter_private_network(false) {
            Ok(way_in) => way_in,
            Err(error) => return refuse(&error),
        };
        wire::HOME.get_or_init(|| home);
        wire::WAY_IN.get_or_init(|| way_in);
    }
    let tests = [frames::TESTS, datagrams::TESTS, networks::TESTS].concat();
    let trials = tests.into_iter().map(|(name, test)| {
        Trial::test(name, move || -> Result<(), Failed> {
            wire::assert_away_from_home();
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("none of the tests of ports ran: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
