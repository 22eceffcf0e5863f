//! Takes official listings that were fetched into the committed tables of `herkomst-registry`.
//!
//!     import MANIFEST REGISTRY [--write] [--force] [--show N]
//!
//! `MANIFEST` is TOML, written by `oui-data/refresh.py`: `[[source]]` with `role` (first, second or names), `origin`,
//! `date` and `files`. The first sources give the rows; those called second are read beside them and differences are
//! counted, and give nothing but the country of a TXT form; of those that give names alone, only these are compared.
//! `REGISTRY` is the folder with `sources/` and `vendors/`. Without `--write` nothing changes.

mod cross;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use herkomst_compile::diff::difference;
use herkomst_compile::official::{self, Form, Read};
use herkomst_compile::{Curated, File, Inputs, Listing, Problem, Rows, compile};
use herkomst_lookup::Registry;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    source: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    role: Role,
    origin: String,
    date: Option<String>,
    files: Vec<PathBuf>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Role {
    First,
    Second,
    Names,
}

struct Asked {
    manifest: PathBuf,
    registry: PathBuf,
    write: bool,
    force: bool,
    show: usize,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| import(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            for problem in problems {
                eprintln!("import: {problem}");
            }
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, Vec<String>> {
    let usage =
        || vec!["usage: import MANIFEST REGISTRY [--write] [--force] [--show N]".to_owned()];
    let mut paths = Vec::new();
    let (mut write, mut force, mut show) = (false, false, 40);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--write" => write = true,
            "--force" => force = true,
            "--show" => show = words.next().and_then(|n| n.parse().ok()).ok_or_else(usage)?,
            path => paths.push(PathBuf::from(path)),
        }
    }
    let [manifest, registry] = <[PathBuf; 2]>::try_from(paths).map_err(|_| usage())?;
    Ok(Asked { manifest, registry, write, force, show })
}

fn said(problems: Vec<Problem>) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn text(path: &Path) -> Result<String, Vec<String>> {
    fs::read_to_string(path).map_err(|error| vec![format!("{}: {error}", path.display())])
}

fn import(asked: &Asked) -> Result<(), Vec<String>> {
    let manifest: Manifest = toml::from_str(&text(&asked.manifest)?)
        .map_err(|error| vec![format!("{}: {error}", asked.manifest.display())])?;
    let mut inputs = inputs(&asked.registry)?;
    let base = compile(&inputs).map_err(said)?;
    let base = Registry::open(base).map_err(|error| vec![error.to_string()])?;

    let (mut first, second, names) = read(&manifest)?;
    for csv in &mut first {
        let kind = csv.listing.kind();
        for txt in second.iter().filter(|txt| txt.form == Form::Txt && txt.listing.kind() == kind) {
            *csv = official::merge(csv.clone(), txt).map_err(said)?;
        }
    }
    for note in first.iter().flat_map(|read| &read.notes) {
        println!("note: {note}");
    }
    println!("\nbeside other sources:");
    for (one, other) in first.iter().flat_map(|one| second.iter().map(move |other| (one, other))) {
        cross::compare(&one.listing, &other.listing, asked.show);
    }
    for list in &names {
        for one in &first {
            cross::compare_names(&one.listing, list, asked.show);
        }
        let all: Vec<&Listing> = first.iter().map(|one| &one.listing).collect();
        cross::compare_rest(&all, list, asked.show);
    }

    let brought: Vec<Listing> = first.into_iter().map(|read| read.listing).collect();
    official::check_against(&base, &brought, asked.force).map_err(said)?;
    println!("\nbeside the tables that are there:");
    for listing in &brought {
        print!("{}", difference(&base, listing).display(asked.show));
    }

    let made = tables::Tables::of(&brought, &inputs)?;
    println!(
        "\ncountry listed for {:.2} % of {} assignments",
        made.share_with_country(),
        made.assignments()
    );
    (inputs.ieee.text, inputs.pen.text, inputs.sources.text) =
        (made.ieee.clone(), made.pen.clone(), made.sources.clone());
    match compile(&inputs) {
        Ok(_) => println!("the curated tables and the vendor register fit these listings"),
        Err(problems) => {
            println!("to be edited before the registry can be built again:");
            for problem in problems {
                println!("  {problem}");
            }
        }
    }
    if asked.write { made.write(&asked.registry.join("sources")) } else { Ok(()) }
}

/// What each source holds, by what it is for.
type ByRole = (Vec<Read>, Vec<Read>, Vec<cross::Names>);

fn read(manifest: &Manifest) -> Result<ByRole, Vec<String>> {
    let (mut first, mut second, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut problems = Vec::new();
    for source in &manifest.source {
        for path in &source.files {
            let shown = path.display().to_string();
            if source.role == Role::Names {
                names.push(cross::Names::read(&source.origin, &text(path)?));
                continue;
            }
            let bytes = match fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    problems.push(format!("{shown}: {error}"));
                    continue;
                }
            };
            match official::read(&shown, &bytes, &source.origin, source.date.as_deref()) {
                Ok(read) if source.role == Role::First => first.push(read),
                Ok(read) => second.push(read),
                Err(found) => problems.extend(said(found)),
            }
        }
    }
    first.sort_by_key(|read| (read.listing.kind().is_none(), read.listing.kind()));
    if problems.is_empty() { Ok((first, second, names)) } else { Err(problems) }
}

/// What the registry is built from, as its build script reads it.
fn inputs(registry: &Path) -> Result<Inputs, Vec<String>> {
    let file = |path: &str| {
        Ok::<_, Vec<String>>(File { path: path.to_owned(), text: text(&registry.join(path))? })
    };
    let folder = registry.join("vendors");
    let listing = |error| vec![format!("{}: {error}", folder.display())];
    let mut vendors = Vec::new();
    for entry in fs::read_dir(&folder).map_err(listing)? {
        let name = entry.map_err(listing)?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.ends_with(".toml")) {
            vendors.push(format!("vendors/{name}"));
        }
    }
    vendors.sort();
    Ok(Inputs {
        sources: file("sources/SOURCES.toml")?,
        ieee: file("sources/ieee.tsv")?,
        pen: file("sources/pen.tsv")?,
        curated: Curated::shipped(),
        vendors: vendors.iter().map(|path| file(path)).collect::<Result<_, _>>()?,
    })
}

/// Rows of IEEE with the word of their listing.
fn assignments(
    listing: &Listing,
) -> impl Iterator<Item = (&'static str, &herkomst_compile::Assignment)> {
    let (kind, rows) = match &listing.rows {
        Rows::Assignments(kind, rows) => (kind.as_str(), rows.as_slice()),
        Rows::Numbers(_) => ("", &[][..]),
    };
    rows.iter().map(move |row| (kind, row))
}
