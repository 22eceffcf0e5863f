//! `herkomst man` and `herkomst completions`: out of the very definition that parses the flags, so that neither can differ
//! from it. What a definition cannot say stands in [`texts`].

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_mangen::roff::{Roff, bold, italic, roman};
use clap_mangen::{Man, roff};

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::exit::{Failure, Result};
use crate::outputs::write_out;

mod texts;

use self::texts::Part;

/// The section of the manual that programs stand in.
const SECTION: &str = "1";
/// What a text behind the help of a command begins with when it tells its exit codes.
const CODES: &str = "Exit codes";

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "herkomst", &mut script);
    write_out(&script).context("writing the completions").map_err(Failure::io)
}

/// Writes the manual into a folder, or all of it to stdout.
pub(crate) fn man(args: &ManArgs) -> Result<()> {
    let pages = pages().context("making the manual").map_err(Failure::software)?;
    let Some(folder) = &args.folder else {
        let all: Vec<u8> = pages.into_iter().flat_map(|page| page.text).collect();
        return write_out(&all).context("writing the manual").map_err(Failure::io);
    };
    let written = |path: &Path, result: io::Result<()>| match result {
        Ok(()) => Ok(()),
        Err(error) => {
            let denied = error.kind() == io::ErrorKind::PermissionDenied;
            let error = anyhow::Error::from(error).context(format!("writing {}", path.display()));
            Err(if denied { Failure::permission(error) } else { Failure::io(error) })
        }
    };
    written(folder, std::fs::create_dir_all(folder))?;
    for page in pages {
        let path = folder.join(page.name);
        written(&path, std::fs::write(&path, page.text))?;
    }
    Ok(())
}

/// One page of the manual.
struct Page {
    /// The name of its file: herkomst-scan.1.
    name: String,
    text: Vec<u8>,
}

/// All pages: of the program, and of each command and each command of a command.
fn pages() -> io::Result<Vec<Page>> {
    // Its page would say nothing: help is what is read here.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    add(&program, &[], &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, above: &[&str], pages: &mut Vec<Page>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    pages.push(Page { name: format!("{name}.{SECTION}"), text: page(command, name, above)? });
    let above: Vec<&str> = above.iter().copied().chain([name]).collect();
    command
        .get_subcommands()
        .filter(|one| !one.is_hide_set())
        .try_for_each(|one| add(one, &above, pages))
}

fn page(command: &Command, name: &str, above: &[&str]) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    // Without a date, so that one source makes one manual; and by hand, since an empty word must stand in quotes here.
    let mut page = Roff::new().render().into_bytes();
    let version = env!("CARGO_PKG_VERSION");
    writeln!(page, ".TH {name} {SECTION} \"\" \"herkomst {version}\" \"Manual of herkomst\"")?;
    let with = |render: &dyn Fn(&mut dyn Write) -> io::Result<()>, page: &mut Vec<u8>| {
        let mut part = Vec::new();
        render(&mut part)?;
        page.extend_from_slice(without_preamble(&part));
        io::Result::Ok(())
    };
    with(&|out| man.render_name_section(out), &mut page)?;
    with(&|out| man.render_synopsis_section(out), &mut page)?;
    with(&|out| man.render_description_section(out), &mut page)?;
    with(&|out| man.render_options_section(out), &mut page)?;
    if command.has_subcommands() {
        with(&|out| man.render_subcommands_section(out), &mut page)?;
    }
    with(&|out| told(command, name).to_writer(out), &mut page)?;
    with(&|out| see_also(command, name, above).to_writer(out), &mut page)?;
    Ok(page)
}

/// Every part begins with a definition that a page needs once.
fn without_preamble(part: &[u8]) -> &[u8] {
    let preamble = Roff::new().render();
    part.strip_prefix(preamble.as_bytes()).unwrap_or(part)
}

/// What the definition says behind the help, and what [`texts`] has for this page.
fn told(command: &Command, name: &str) -> Roff {
    let mut page = Roff::new();
    let behind = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (codes, notes): (Vec<&str>, Vec<&str>) = behind
        .split("\n\n")
        .filter(|paragraph| !paragraph.is_empty())
        .partition(|paragraph| paragraph.starts_with(CODES));
    let own = texts::of(name);
    if !notes.is_empty() {
        page.control("SH", ["NOTES"]);
        paragraphs(&mut page, &notes);
    }
    if !codes.is_empty() && own.iter().all(|(heading, _)| *heading != "EXIT STATUS") {
        page.control("SH", ["EXIT STATUS"]);
        paragraphs(&mut page, &codes);
    }
    for (heading, parts) in own {
        page.control("SH", [*heading]);
        for part in *parts {
            match part {
                Part::Text(text) => paragraphs(&mut page, &[text]),
                Part::Word(word, text) => {
                    page.control("TP", []);
                    page.text([bold(*word)]);
                    page.text([roman(*text)]);
                }
                Part::Example(command, text) => {
                    page.control("PP", []);
                    page.text([roman(*text)]);
                    page.control("PP", []);
                    page.control("RS", ["4"]);
                    page.control("nf", []);
                    for line in command.lines() {
                        page.text([bold(line)]);
                    }
                    page.control("fi", []);
                    page.control("RE", []);
                }
            }
        }
    }
    page
}

fn paragraphs(page: &mut Roff, texts: &[&str]) {
    for text in texts {
        page.control("PP", []);
        page.text([roman(*text)]);
    }
}

/// The pages above, beside and below.
fn see_also(command: &Command, name: &str, above: &[&str]) -> Roff {
    let below = command.get_subcommands().filter(|one| !one.is_hide_set());
    let below = below.filter_map(|one| one.get_display_name().map(str::to_owned));
    let mut names: Vec<String> = above.iter().map(|one| (*one).to_owned()).chain(below).collect();
    names.extend(texts::beside(name).iter().map(|one| (*one).to_owned()));
    let mut page = Roff::new();
    if names.is_empty() {
        return page;
    }
    page.control("SH", ["SEE ALSO"]);
    let mut line: Vec<roff::Inline> = Vec::new();
    for (number, name) in names.iter().enumerate() {
        if number > 0 {
            line.push(roman(", "));
        }
        line.extend([italic(name.as_str()), roman(format!("({SECTION})"))]);
    }
    page.text(line);
    page
}

#[cfg(test)]
mod tests;
