//! `herkomst rules list · show · check · test`.

use std::fmt::Write;

use anyhow::{Context, anyhow};
use herkomst_registry::Registry;
use herkomst_rules::shipped;
use jiff::civil::Date;

use super::show::show;
use super::{Refused, aged, read, strangers};
use crate::cli::{RulesArgs, RulesCommand, printable};
use crate::exit::{Failure, Result};
use crate::outputs::table::{BOLD, Screen, wrapped};
use crate::outputs::write_out;

/// Runs one of the commands.
pub(crate) fn run(args: &RulesArgs, registry: &Registry) -> Result<()> {
    let on = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let screen = Screen::stdout();
    let text = match &args.command {
        RulesCommand::List => list(on, screen),
        RulesCommand::Show(named) => {
            let pack = read(&named.pack).map_err(|refused| failure(&named.pack, refused))?;
            show(&pack, on, screen)
        }
        RulesCommand::Check(named) => checked(&named.packs, registry, on)?,
        RulesCommand::Test(named) => tested(&named.packs)?,
    };
    write_out(text.as_bytes()).context("writing the answer").map_err(Failure::io)
}

fn failure(name: &str, refused: Refused) -> Failure {
    match refused {
        Refused::Unknown(what) => Failure::usage(anyhow!(what)),
        Refused::File(what) => Failure::data(anyhow!("{name}: {what}")),
        Refused::Wrong(what) => Failure::data(anyhow!(what)),
    }
}

/// The packs that were named, or all that are shipped.
fn or_shipped(named: &[String]) -> Vec<String> {
    if named.is_empty() {
        shipped().iter().map(|(id, _)| (*id).to_owned()).collect()
    } else {
        named.to_vec()
    }
}

fn list(on: Date, screen: Screen) -> String {
    let mut out = String::new();
    for (id, _) in shipped() {
        let Ok(pack) = read(id) else { continue };
        let head = format!(
            "{} of {}, {}, {}; {} rules, last checked {}",
            pack.id,
            pack.edition,
            pack.jurisdiction,
            pack.status,
            pack.rules.len(),
            pack.last_checked
        );
        let _ = writeln!(out, "{}", screen.paint(BOLD, &wrapped(&head, 0, screen)));
        let _ = writeln!(out, "  {}", wrapped(&pack.title, 2, screen));
        if let Some(aged) = aged(&pack, on) {
            let _ = writeln!(out, "  {}", wrapped(&aged, 2, screen));
        }
    }
    printable(&out)
}

/// Every pack in turn, with all that is wrong with all of them.
fn checked(named: &[String], registry: &Registry, on: Date) -> Result<String> {
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for name in or_shipped(named) {
        let pack = match read(&name) {
            Ok(pack) => pack,
            Err(unknown @ Refused::Unknown(_)) => return Err(failure(&name, unknown)),
            Err(Refused::File(what)) => {
                wrong.push(format!("{name}: {what}"));
                continue;
            }
            Err(Refused::Wrong(what)) => {
                wrong.push(what);
                continue;
            }
        };
        let strangers = strangers(&pack, &name, registry);
        if strangers.is_empty() {
            let _ = writeln!(out, "{name}: {} rules, no mistake found", pack.rules.len());
        }
        wrong.extend(strangers);
        if let Some(aged) = aged(&pack, on) {
            let _ = writeln!(out, "{name}: {aged}");
        }
    }
    settle(out, wrong)
}

fn tested(named: &[String]) -> Result<String> {
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for name in or_shipped(named) {
        let pack = read(&name).map_err(|refused| failure(&name, refused))?;
        let failures = pack.run_cases();
        let cases: usize = pack.rules.iter().map(|rule| rule.cases.len()).sum();
        if failures.is_empty() {
            let _ = writeln!(
                out,
                "{name}: all {cases} cases of {} rules come out as they should",
                pack.rules.len()
            );
        }
        wrong.extend(failures.iter().map(|failure| format!("{name}: {failure}")));
    }
    settle(out, wrong)
}

/// What is right goes to stdout; with anything wrong the command fails and says all of it.
fn settle(out: String, wrong: Vec<String>) -> Result<String> {
    if wrong.is_empty() {
        return Ok(printable(&out));
    }
    write_out(printable(&out).as_bytes()).context("writing the answer").map_err(Failure::io)?;
    Err(Failure::data(anyhow!(wrong.join("\n"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_pack_is_right_tested_and_names_vendors_that_exist() {
        let registry = herkomst_registry::embedded();
        let on = "2026-11-21".parse().unwrap();
        let text = checked(&[], registry, on).unwrap();
        assert_eq!(text.lines().count(), shipped().len(), "{text}");
        assert!(tested(&[]).unwrap().contains("come out as they should"));
    }
}
