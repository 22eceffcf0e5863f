//! `herkomst data`: the registry file beside the program, through the binary that users run.

mod fetched;
mod killed;
mod listings;
mod refused;
mod scanned;
mod written;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use herkomst_net::NetworkNamespace;
use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;

use crate::stage::{Run, assert_not_outside, program, run};

pub(crate) fn trials() -> Vec<Trial> {
    let parts = [
        written::trials(),
        refused::trials(),
        killed::trials(),
        fetched::trials(),
        scanned::trials(),
    ];
    parts.into_iter().flatten().collect()
}

/// The registry file and the one before it.
const FILE: &str = "registry.hkr";
const PREVIOUS: &str = "registry.previous.hkr";

/// A network with nothing in it, and folders for one test: `data`, `vendors.d` and what is brought.
struct Desk {
    network: NetworkNamespace,
    folder: TempDir,
}

impl Desk {
    fn new() -> Result<Self> {
        let network = NetworkNamespace::create()?;
        assert_not_outside(network.id())?;
        let folder = TempDir::new().context("making a folder for the test")?;
        fs::create_dir(folder.path().join("vendors.d"))?;
        Ok(Self { network, folder })
    }

    /// A desk whose registry file was made already.
    fn with_file() -> Result<Self> {
        let desk = Self::new()?;
        desk.update(&[])?.expect_code(0)?;
        Ok(desk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn named(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file to be brought, or one of the operator's; gives its path as it is typed.
    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Result<String> {
        fs::write(self.path(name), text)?;
        Ok(self.named(name))
    }

    /// Runs another program with the flags and the environment that point `herkomst` here.
    fn run(&self, command: &str, args: &[&str]) -> Result<Run> {
        let data = format!("HERKOMST_DATA_DIR={}", self.named("data"));
        let vendors = format!("HERKOMST_VENDORS_DIR={}", self.named("vendors.d"));
        let mut all = vec![data.as_str(), vendors.as_str(), command];
        all.extend(args);
        run(&self.network, "/usr/bin/env", &all)
    }

    fn herkomst(&self, args: &[&str]) -> Result<Run> {
        self.run(program(), args)
    }

    fn update(&self, args: &[&str]) -> Result<Run> {
        self.herkomst(&[&["data", "update"], args].concat())
    }

    fn show(&self) -> Result<Value> {
        self.herkomst(&["data", "show", "-o", "json"])?.expect_code(0)?.json()
    }

    /// What lies in the folder of the registry file.
    fn listed(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path("data"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn file(&self) -> Result<Vec<u8>> {
        fs::read(self.path("data").join(FILE)).context("reading the registry file")
    }
}

impl Run {
    /// Its standard output and error have these texts.
    fn says(&self, texts: &[&str]) -> Result<&Self> {
        for text in texts {
            let is_said = self.stdout.contains(text) || self.stderr.contains(text);
            ensure!(is_said, "{text:?} is not said:\n{self}");
        }
        Ok(self)
    }
}

/// Today, as the program counts days.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The digest of the registry in use, as `data show` names it.
fn digest(shown: &Value) -> Result<String> {
    Ok(shown["in_use"]["digest"].as_str().context("the registry in use has a digest")?.to_owned())
}

/// The day of one listing of the registry in use.
fn day<'a>(shown: &'a Value, listing: &str) -> Result<&'a str> {
    let listings = shown["listings"].as_array().context("there are listings")?;
    let found = listings.iter().find(|one| one["listing"] == listing);
    found.and_then(|one| one["date"].as_str()).with_context(|| format!("{listing} has a day"))
}

/// A vendor of the operator's that claims a registrant, controlled by a firm of his own.
fn own_vendor(id: &str, registrant: &str) -> String {
    format!(
        "[[vendor]]\nid = \"{id}\"\nname = \"Own {id}\"\nkind = \"product\"\ncountry = \"NL\"\n\
         registrants = [\"{registrant}\"]\n\n\
         [[vendor.control]]\nby = \"{id}-holding\"\ntest = \"majority\"\nfrom = \"2020-01-01\"\n\
         source = \"our own file\"\nlast-checked = \"2026-11-01\"\nconfidence = \"high\"\nverified = true\n\n\
         [[owner]]\nid = \"{id}-holding\"\nname = \"Holding of {id}\"\ncountry = \"LI\"\n"
    )
}
