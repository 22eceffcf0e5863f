//! herkomst: finds the equipment on a network, says who made it and who controls the maker, and judges it against
//! designated-vendor rules. This file parses, runs and ends; nothing else.

#![forbid(unsafe_code)]

mod cli;
mod config;
mod coverage;
mod data;
mod demo;
mod dry_run;
mod engine;
mod exit;
mod explain;
mod judge;
mod manual;
mod outputs;
mod plan;
mod progress;
mod rules;
mod scan;

use std::fmt;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{Cli, Command, printable};
use crate::config::checked::Scan;
use crate::data::Folders;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; all else is EX_USAGE.
            let code = if error.use_stderr() { 64 } else { 0 };
            print_usage(&error);
            return ExitCode::from(code);
        }
    };
    log(&cli);
    let folders = Folders::find(cli.data_dir.as_deref(), cli.vendors_dir.as_deref());
    let (result, exit_zero) = match &cli.command {
        Command::Scan(args) => (
            Scan::check(args).and_then(|scan| scan::run(&scan, Some(&folders), cli.quiet)),
            args.exit_zero,
        ),
        Command::Demo(args) => (demo::run(args, cli.quiet), args.exit_zero),
        Command::Explain(args) => {
            let found = data::in_use(&folders);
            found.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            return ended(explain::run(args, found.registry));
        }
        Command::Rules(args) => {
            let found = data::in_use(&folders);
            return ended(rules::run(args, found.registry).map(|()| 0));
        }
        Command::Data(args) => {
            return ended(data::run(args, &folders, cli.verbose).map(|()| 0));
        }
        Command::Completions(args) => return ended(manual::completions(args).map(|()| 0)),
        Command::Man(args) => return ended(manual::man(args).map(|()| 0)),
    };
    ended(result.map(|outcome| outcome.code(exit_zero)))
}

/// The code of a command, or of its failure once that is said.
fn ended(result: exit::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            for line in printable(&failure.to_string()).lines() {
                eprintln!("herkomst: {line}");
            }
            failure.code()
        }
    }
}

/// In colours, unless what was typed could steer the terminal: clap quotes it as it is.
fn print_usage(error: &clap::Error) {
    let is_clean = |text: std::ffi::OsString| {
        let text = text.to_string_lossy();
        !text.contains('\n') && printable(&text) == text
    };
    if std::env::args_os().all(is_clean) {
        drop(error.print());
    } else {
        // Without its styles, which are escape sequences as well.
        eprint!("{}", printable(&error.render().to_string()));
    }
}

fn log(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let colour = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // The SNMP crate warns of what a device did wrong; a neighbour must not be able to fill our log.
    let of_the_crate = if cli.verbose > 2 { LevelFilter::TRACE } else { LevelFilter::OFF };
    let targets = Targets::new().with_default(level).with_target("async_snmp", of_the_crate);
    // Warnings name files, interfaces and what devices sent: none of it begins a line of its own.
    let one_line = |value: &dyn fmt::Debug| printable(&format!("{value:?}")).replace('\n', "\\n");
    let fields = debug_fn(move |writer, field, value| match field.name() {
        "message" => writer.write_str(&one_line(value)),
        name => write!(writer, "{name}={}", one_line(value)),
    });
    let lines = tracing_subscriber::fmt::layer()
        .fmt_fields(fields.delimited(" "))
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .without_time()
        .with_filter(targets);
    tracing_subscriber::registry().with(lines).init();
}
