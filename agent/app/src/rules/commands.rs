//! `herkomst rules`: what is asked of packs, and the answers. They judge nothing, so a pack needs no signature; whose it has
//! is said.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use herkomst_registry::Registry;
use herkomst_rules::{Pack, shipped};
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::file::{Content, Keys, Opened, text};
use super::read::{MOST_STRANGERS, Named, named, stranger};
use super::references::unfitting;
use super::seal::{Kind, kind};
use super::show::show;
use super::trust::Trust;
use super::{aged, seal, shipped_pack, sign, strangers};
use crate::cli::{KeygenCommand, Reading, RulesArgs, RulesCommand, printable};
use crate::config::operator;
use crate::config::problems::Problems;
use crate::exit::{Failure, Result};
use crate::outputs::table::{BOLD, Screen, wrapped};
use crate::outputs::write_out;

/// Runs one of the commands.
pub(crate) fn run(args: &RulesArgs, registry: &Registry) -> Result<()> {
    // Keys, passwords and what is sealed are about to be in this memory.
    if let Err(error) = herkomst_net::forbid_core_dumps() {
        tracing::warn!(%error, "core dumps cannot be forbidden");
    }
    let on = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let screen = Screen::stdout();
    let text = match &args.command {
        RulesCommand::List => list(on, screen),
        RulesCommand::Show(args) => shown(&args.pack, &Desk::new(&args.reading)?, on, screen)?,
        RulesCommand::Check(args) => {
            checked(&args.packs, &Desk::new(&args.reading)?, registry, on)?
        }
        RulesCommand::Test(args) => tested(&args.packs, &Desk::new(&args.reading)?)?,
        RulesCommand::Keygen(args) => match &args.command {
            KeygenCommand::Signing(args) => sign::signing_key_pair(args)?,
            KeygenCommand::Host(args) => sign::host_key(args)?,
        },
        RulesCommand::Sign(args) => sign::sign(args)?,
        RulesCommand::Seal(args) => seal::run(args)?,
        RulesCommand::Unseal(args) => seal::unseal(args)?,
    };
    write_out(text.as_bytes()).context("writing the answer").map_err(Failure::io)
}

/// What files are read with: keys that a reader brought, and those that he trusts.
struct Desk {
    trust: Trust,
    keys: Option<Keys>,
}

/// A file that was read, and who signed it.
struct Read {
    text: Zeroizing<String>,
    standing: String,
}

impl Desk {
    fn new(reading: &Reading) -> Result<Self> {
        let told = |path: &Path, what: String| {
            Failure::configuration(anyhow!("{}: {what}", path.display()))
        };
        let mut trust = Trust::default();
        for path in &reading.trusted_key {
            trust.trust(path).map_err(|what| told(path, what))?;
        }
        let open = |path| Keys::of_reader(path).map_err(|what| told(path, what));
        Ok(Self { trust, keys: reading.identity.as_deref().map(open).transpose()? })
    }

    /// The text of a file, opened if it is sealed.
    fn read(&self, path: &Path) -> std::result::Result<Read, String> {
        let content = Opened::open(path)?.read()?;
        let standing = self.trust.standing(path, content.bytes())?.in_words();
        let text = match (content, &self.keys) {
            (Content::Plain(text), _) => Zeroizing::new(text),
            (Content::Sealed(bytes), Some(keys)) => {
                let plain = keys.open(&bytes)?;
                let text = text(plain.open(keys.clearance()))
                    .map_err(|what| format!("what is sealed {what}"))?;
                Zeroizing::new(text.to_owned())
            }
            (Content::Sealed(_), None) => {
                return Err(format!(
                    "is sealed ({standing}): --identity FILE names a key that opens it"
                ));
            }
        };
        Ok(Read { text, standing })
    }

    /// A pack by id or path, and who signed it.
    fn pack(&self, name: &str) -> Result<(Pack, Option<String>)> {
        let told = |what: String| Failure::data(anyhow!("{name}: {what}"));
        match named(name).map_err(|what| Failure::usage(anyhow!(what)))? {
            Named::Shipped(pack) => Ok((*pack, None)),
            Named::File(path) => {
                let read = self.read(&path).map_err(told)?;
                let pack = Pack::parse(&read.text, name)
                    .map_err(|problems| Failure::data(anyhow!("{problems}")))?;
                Ok((pack, Some(read.standing)))
            }
        }
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
        let Some(pack) = shipped_pack(id) else { continue };
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
    out
}

fn shown(name: &str, desk: &Desk, on: Date, screen: Screen) -> Result<String> {
    let (pack, standing) = desk.pack(name)?;
    let mut out = show(&pack, on, screen);
    if let Some(standing) = standing {
        let _ = writeln!(out, "\n{}", printable(&format!("{name}: {standing}")));
    }
    Ok(out)
}

/// Every file in turn, with all that is wrong with all of them.
fn checked(named_ones: &[String], desk: &Desk, registry: &Registry, on: Date) -> Result<String> {
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for name in or_shipped(named_ones) {
        let checked = match named(&name).map_err(|what| Failure::usage(anyhow!(what)))? {
            Named::Shipped(pack) => checked_pack(&pack, &name, "", registry, on),
            Named::File(path) => match desk.read(&path) {
                Ok(Read { text, .. }) if kind(&text) == Kind::Operator => {
                    checked_operator(&name, &text, registry)
                }
                Ok(Read { text, standing }) => match Pack::parse(&text, &name) {
                    Ok(pack) => checked_pack(&pack, &name, &format!("; {standing}"), registry, on),
                    Err(problems) => Err(problems.to_string()),
                },
                Err(what) => Err(format!("{name}: {what}")),
            },
        };
        match checked {
            Ok(right) => out.push_str(&right),
            Err(what) => wrong.push(what),
        }
    }
    settle(out, wrong)
}

fn checked_pack(
    pack: &Pack,
    name: &str,
    standing: &str,
    registry: &Registry,
    on: Date,
) -> std::result::Result<String, String> {
    let aged = aged(pack, on).map(|aged| format!("{name}: {aged}\n")).unwrap_or_default();
    let mut wrong = strangers(pack, name, registry);
    if pack.last_checked > on {
        wrong.push(format!(
            "{name}: last-checked is {}, a day that is still to come: today is {on}",
            pack.last_checked
        ));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    Ok(format!("{name}: {} rules, no mistake found{standing}\n{aged}", pack.rules.len()))
}

fn checked_operator(
    name: &str,
    text: &str,
    registry: &Registry,
) -> std::result::Result<String, String> {
    let mut problems = Problems::default();
    let operator = operator::parse(name, text, &mut problems);
    if !problems.is_empty() {
        return Err(problems.to_string());
    }
    let named = operator.vendors.iter();
    let strangers = named.filter_map(|(id, place)| stranger(id.as_str(), place, registry));
    let strangers: Vec<String> = strangers.take(MOST_STRANGERS).collect();
    if !strangers.is_empty() {
        return Err(strangers.join("\n"));
    }
    let packs: Vec<Pack> = shipped().iter().filter_map(|(id, _)| shipped_pack(id)).collect();
    let unfitting = unfitting(&operator.context, &packs);
    if !unfitting.is_empty() {
        let told: Vec<String> = unfitting.iter().map(|what| format!("{name}: {what}")).collect();
        return Err(told.join("\n"));
    }
    Ok(format!("{name}: an operator's file, no mistake found\n"))
}

fn tested(named: &[String], desk: &Desk) -> Result<String> {
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for name in or_shipped(named) {
        let (pack, standing) = desk.pack(&name)?;
        let standing = standing.map_or_else(String::new, |standing| format!("; {standing}"));
        let failures = pack.run_cases();
        let cases: usize = pack.rules.iter().map(|rule| rule.cases.len()).sum();
        if failures.is_empty() {
            let _ = writeln!(
                out,
                "{name}: all {cases} cases of {} rules come out as they should{standing}",
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
        let desk = Desk { trust: Trust::default(), keys: None };
        let text = checked(&[], &desk, registry, on).unwrap();
        assert_eq!(text.lines().count(), shipped().len(), "{text}");
        assert!(tested(&[], &desk).unwrap().contains("come out as they should"));
    }
}
