//! Makes the registry file from the committed tables: no network, and all problems at once.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use herkomst_compile::{Curated, File, Inputs, compile};

fn main() -> ExitCode {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for watched in ["sources", "vendors"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    let made = match inputs(&here) {
        Ok(inputs) => {
            compile(&inputs).map_err(|problems| problems.iter().map(ToString::to_string).collect())
        }
        Err(problem) => Err(vec![problem]),
    };
    let written = made.and_then(|file| {
        fs::write(out.join("registry.hkr"), file)
            .map_err(|error| vec![format!("registry.hkr: {error}")])
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            for problem in problems {
                println!("cargo::error={problem}");
            }
            ExitCode::FAILURE
        }
    }
}

fn inputs(here: &Path) -> Result<Inputs, String> {
    let file = |path: &str| {
        let text =
            fs::read_to_string(here.join(path)).map_err(|error| format!("{path}: {error}"))?;
        Ok::<_, String>(File { path: path.to_owned(), text })
    };
    let listing = |error: io::Error| format!("vendors: {error}");
    let mut vendors = Vec::new();
    for entry in fs::read_dir(here.join("vendors")).map_err(listing)? {
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
