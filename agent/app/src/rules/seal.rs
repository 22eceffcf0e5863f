//! `herkomst rules seal` and `unseal`: packs and the operator's file, in the age format.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use herkomst_rules::Pack;
use herkomst_seal::{MAX_RECIPIENTS, Recipient, SealError, Shape, seal};
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::file::{Content, ENDING, Keys, Opened};
use super::secrets::{Readable, write};
use crate::cli::{SealArgs, UnsealArgs, printable};
use crate::config::bounded;
use crate::config::operator;
use crate::config::problems::Problems;
use crate::exit::{Failure, Result};
use crate::outputs::write_out;

/// What a file is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A rule pack.
    Pack,
    /// The operator's file.
    Operator,
}

/// Keys that the operator's file alone has.
const OPERATORS: [&str; 10] =
    ["networks", "part", "site", "segment", "device", "maker", "is", "is-not", "answer", "waiver"];

/// Tells the two apart by the tables that only one of them has. What is neither is taken for a pack.
pub(crate) fn kind(text: &str) -> Kind {
    let Ok(table) = DeTable::parse(text) else { return Kind::Pack };
    let table = table.get_ref();
    let has = |key: &str| table.contains_key(key);
    // A pack has an `[order]` too, which says whose orders count; the operator has `[[order]]`.
    let holds_orders =
        table.get("order").is_some_and(|order| matches!(order.get_ref(), DeValue::Array(_)));
    // Both may hold lists of countries; a pack has a name.
    let has_lists_alone = has("country-list") && !has("id");
    let is_operators = holds_orders || has_lists_alone || OPERATORS.into_iter().any(has);
    if is_operators && !has("rule") { Kind::Operator } else { Kind::Pack }
}

/// Refuses what a scan would refuse, with all that is wrong.
pub(crate) fn sound(name: &str, text: &str, kind: Kind) -> Result<()> {
    match kind {
        Kind::Pack => Pack::parse(text, name)
            .map(drop)
            .map_err(|problems| Failure::data(anyhow!("{problems}"))),
        Kind::Operator => {
            let mut problems = Problems::default();
            operator::parse(name, text, &mut problems);
            if problems.is_empty() { Ok(()) } else { Err(Failure::data(problems)) }
        }
    }
}

/// Seals a file to the keys of hosts.
pub(crate) fn run(args: &SealArgs) -> Result<String> {
    let name = args.file.display().to_string();
    let told = |what: String| Failure::data(anyhow!("{name}: {what}"));
    let recipients = recipients(args)?;
    let out = args.out.clone().unwrap_or_else(|| sealed_name(&args.file));
    if out.extension().is_none_or(|ending| ending != ENDING) {
        return Err(Failure::usage(anyhow!(
            "{}: must end in .{ENDING}: by that a scan knows that it is sealed",
            out.display()
        )));
    }
    let text = match Opened::open(&args.file).and_then(|file| file.read()).map_err(told)? {
        Content::Plain(text) => Zeroizing::new(text),
        Content::Sealed(_) => return Err(told("is sealed already".to_owned())),
    };
    if !args.force {
        sound(&name, &text, kind(&text))?;
    }
    let shape = if args.armor { Shape::Armored } else { Shape::Binary };
    let sealed =
        seal(text.as_bytes(), &recipients, shape).map_err(|error| told(error.to_string()))?;
    write(&out, &sealed, Readable::ByOthers, args.force)?;
    let keys = if recipients.len() == 1 { "key" } else { "keys" };
    Ok(printable(&format!(
        "{}: sealed to {} {keys}; {name} is still there, and everybody who can read it can read it\n",
        out.display(),
        recipients.len()
    )))
}

/// Gives back what is in a sealed file.
pub(crate) fn unseal(args: &UnsealArgs) -> Result<String> {
    let name = args.file.display().to_string();
    let told = |what: String| Failure::data(anyhow!("{name}: {what}"));
    let keys = Keys::of_reader(&args.identity)
        .map_err(|what| Failure::configuration(anyhow!("{}: {what}", args.identity.display())))?;
    let sealed = match Opened::open(&args.file).and_then(|file| file.read()).map_err(told)? {
        Content::Sealed(bytes) => bytes,
        Content::Plain(_) => return Err(told("is not sealed".to_owned())),
    };
    let plain = keys.open(&sealed).map_err(told)?.into_open(keys.clearance());
    match &args.out {
        Some(path) => {
            write(path, &plain, Readable::ByOwner, false)?;
            Ok(String::new())
        }
        None => {
            write_out(&plain).context("writing the answer").map_err(Failure::io)?;
            Ok(String::new())
        }
    }
}

fn sealed_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(ENDING);
    name.into()
}

/// From the flags and the files that they name; every problem at once.
fn recipients(args: &SealArgs) -> Result<Vec<Recipient>> {
    let mut problems = Problems::default();
    let mut found: Vec<Recipient> = Vec::new();
    let mut add = |one: Recipient| {
        if !found.contains(&one) {
            found.push(one);
        }
    };
    for text in &args.to {
        match text.parse() {
            Ok(one) => add(one),
            Err(error) => problems.add("--to", error.to_string()),
        }
    }
    for path in &args.recipients_file {
        let name = path.display().to_string();
        match bounded::read(path) {
            Ok(text) => {
                let lines = text.lines().map(str::trim).enumerate();
                for (at, line) in
                    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
                {
                    match line.parse() {
                        Ok(one) => add(one),
                        Err(error) => {
                            problems.add(&format!("{name}:{}", at + 1), unquoted(&error));
                        }
                    }
                }
            }
            Err(what) => problems.add(&name, what),
        }
    }
    if problems.is_empty() && !(1..=MAX_RECIPIENTS).contains(&found.len()) {
        let count = found.len();
        problems.add("--to", format!("names {count} keys, allowed are 1 to {MAX_RECIPIENTS}"));
    }
    if problems.is_empty() { Ok(found) } else { Err(Failure::usage(problems)) }
}

/// Why a line of a file is no recipient, without the line: the file may be another than was meant, such as one of keys or
/// passwords.
fn unquoted(error: &SealError) -> &'static str {
    match error {
        SealError::SecretAsRecipient => {
            "is or holds a secret key: give its public side, which starts with age1"
        }
        _ => "is no age recipient: it starts with age1 and is copied whole",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use herkomst_seal::Identity;

    use super::*;

    #[test]
    fn no_line_of_a_file_of_recipients_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        let file = Identity::generate().to_file();
        let secret = file.expose().lines().nth(1).unwrap();
        let mut args = SealArgs {
            file: folder.path().join("order.toml"),
            to: Vec::new(),
            recipients_file: vec![path.clone()],
            out: None,
            armor: false,
            force: false,
        };
        let hidden = &secret[20..30];
        for (text, says) in [
            (format!("\u{feff}{secret}\n"), ":1: is or holds a secret key"),
            (format!("# mine\n\"{secret}\"\n"), ":2: is or holds a secret key"),
            (format!("\nidentity = {}\n", secret.to_lowercase()), ":2: is or holds a secret key"),
            (format!("hunter2{hidden}\n"), ":1: is no age recipient"),
        ] {
            fs::write(&path, &text).unwrap();
            let told = recipients(&args).unwrap_err().to_string();
            assert!(told.contains(says) && told.contains("hosts:"), "{told}");
            assert!(!told.to_uppercase().contains(hidden) && !told.contains("hunter2"), "{told}");
        }
        args.recipients_file.clear();
        args.to = vec![format!("x={secret}")];
        let told = recipients(&args).unwrap_err().to_string();
        assert!(told.contains("is or holds a secret key") && !told.contains(hidden), "{told}");
    }

    #[test]
    fn a_pack_and_an_operators_file_are_told_apart() {
        for (text, of) in [
            ("id = \"a\"\n[order]\nissuers = [\"x\"]\n[[rule]]\nid = \"b\"\n", Kind::Pack),
            ("[[part]]\ntag = \"li\"\n", Kind::Operator),
            ("is = [\"x\"]\n", Kind::Operator),
            ("[[site]]\nname = \"x\"\n", Kind::Operator),
            ("[[order]]\npack = \"a\"\n", Kind::Operator),
            ("", Kind::Pack),
            ("x = = 1", Kind::Pack),
        ] {
            assert_eq!(kind(text), of, "{text}");
        }
    }
}
