//! `herkomst data show`: which registry answers, and what it was made from.

use std::fmt::Write;

use anyhow::Context;
use herkomst_registry::{Registry, embedded};
use serde::Serialize;

use super::folders::{Folders, PREVIOUS};
use super::hexadecimal;
use super::in_use::{self, Found, in_use, listing_name};
use crate::cli::{Form, ShowArgs, printable};
use crate::exit::{Failure, Result};
use crate::outputs::{json, write_out};

#[derive(Serialize)]
struct Shown {
    schema_version: u32,
    program: &'static str,
    in_use: Edition,
    embedded: Edition,
    previous: Option<Previous>,
    listings: Vec<Listing>,
    vendors: Vendors,
    overrides: Overrides,
    warnings: Vec<String>,
}

/// A registry file by its editions and its digest.
#[derive(Serialize)]
struct Edition {
    /// None: the program carries it.
    path: Option<String>,
    ieee: String,
    iana: String,
    vendors: String,
    octets: usize,
    digest: String,
}

#[derive(Serialize)]
struct Previous {
    path: String,
    edition: Option<Edition>,
    /// Why it cannot be used.
    problem: Option<String>,
}

#[derive(Serialize)]
struct Listing {
    listing: &'static str,
    date: String,
    rows: u32,
    name: String,
    origin: String,
    sha256: String,
}

#[derive(Serialize)]
struct Vendors {
    vendors: usize,
    vendors_verified: usize,
    owners: usize,
    control_edges: usize,
    control_edges_verified: usize,
}

#[derive(Serialize)]
struct Overrides {
    /// Where the operator's files are looked for now.
    folder: Option<String>,
    /// Those that are worked into the registry in use.
    files: Vec<OverrideFile>,
    added: Vec<String>,
    changed: Vec<String>,
}

#[derive(Serialize)]
struct OverrideFile {
    name: String,
    sha256: String,
}

/// Runs it.
pub(crate) fn run(args: &ShowArgs, folders: &Folders) -> Result<()> {
    let shown = collect(folders);
    let bytes = match args.output {
        Form::Table => printable(&table(&shown)).into_bytes(),
        Form::Json => json::document_of(&shown),
    };
    write_out(&bytes).context("writing the result").map_err(Failure::io)
}

fn collect(folders: &Folders) -> Shown {
    let found = in_use(folders);
    let registry = found.registry;
    // Beside the file in use, or where the next one goes.
    let previous = folders.file().with_file_name(PREVIOUS);
    let path = previous.display().to_string();
    let previous = match in_use::open(&previous) {
        Found::Missing => None,
        Found::Refused(why) => Some(Previous { path, edition: None, problem: Some(why) }),
        Found::Opened(registry) => {
            let edition = Some(edition(&registry, Some(path.clone())));
            Some(Previous { path, edition, problem: None })
        }
    };
    let edges = || {
        let of_vendors = registry.vendors().flat_map(|vendor| vendor.control_history());
        of_vendors.chain(registry.owners().flat_map(|owner| owner.control_history()))
    };
    let local: Vec<&str> = registry
        .vendors()
        .filter(|vendor| vendor.is_local())
        .map(|vendor| vendor.id())
        .chain(registry.owners().filter(|owner| owner.is_local()).map(|owner| owner.id()))
        .collect();
    let is_shipped = |id: &&str| embedded().vendor(id).is_some() || embedded().owner(id).is_some();
    let ids = |shipped: bool| {
        let of = local.iter().filter(|id| is_shipped(id) == shipped);
        of.map(|id| (*id).to_owned()).collect()
    };
    Shown {
        schema_version: 1,
        program: concat!("herkomst ", env!("CARGO_PKG_VERSION")),
        in_use: edition(registry, found.file.as_ref().map(|path| path.display().to_string())),
        embedded: edition(embedded(), None),
        previous,
        listings: registry
            .sources()
            .map(|source| Listing {
                listing: listing_name(source.listing),
                date: source.date.to_owned(),
                rows: source.rows,
                name: source.name.to_owned(),
                origin: source.origin.to_owned(),
                sha256: source.sha256.to_owned(),
            })
            .collect(),
        vendors: Vendors {
            vendors: registry.vendors().count(),
            vendors_verified: registry.vendors().filter(|vendor| vendor.verified()).count(),
            owners: registry.owners().count(),
            control_edges: edges().count(),
            control_edges_verified: edges().filter(|edge| edge.verified).count(),
        },
        overrides: Overrides {
            folder: folders.vendors.as_ref().map(|path| path.display().to_string()),
            files: registry
                .local_files()
                .map(|(name, sha256)| OverrideFile {
                    name: name.to_owned(),
                    sha256: sha256.to_owned(),
                })
                .collect(),
            added: ids(false),
            changed: ids(true),
        },
        warnings: found.warnings,
    }
}

fn edition(registry: &Registry, path: Option<String>) -> Edition {
    Edition {
        path,
        ieee: registry.edition().to_string(),
        iana: registry.pen_edition().to_string(),
        vendors: registry.vendors_edition().to_string(),
        octets: registry.size(),
        digest: hexadecimal(&registry.digest()),
    }
}

fn table(shown: &Shown) -> String {
    let mut text = String::new();
    let mut edition = |what: &str, edition: &Edition| {
        let place = edition.path.as_deref().unwrap_or("carried by the program");
        let Edition { ieee, iana, vendors, octets, digest, .. } = edition;
        let _ = writeln!(text, "{what:9} {place}");
        let _ = writeln!(
            text,
            "          IEEE {ieee}, IANA {iana}, vendors {vendors}; {octets} octets"
        );
        let _ = writeln!(text, "          SHA-256 {digest}");
    };
    edition("in use", &shown.in_use);
    if shown.in_use.path.is_some() {
        edition("embedded", &shown.embedded);
    }
    match &shown.previous {
        Some(Previous { edition: Some(one), .. }) => edition("previous", one),
        Some(Previous { path, problem, .. }) => {
            let why = problem.as_deref().unwrap_or_default();
            let _ = writeln!(text, "previous  {path}: {why}");
        }
        None => {
            let _ = writeln!(text, "previous  none");
        }
    }
    let _ = writeln!(text, "\nlistings");
    for one in &shown.listings {
        let Listing { listing, date, rows, name, origin, sha256 } = one;
        let _ = writeln!(text, "  {listing:4}  {date}  {rows:>6} rows  {name}, {origin}");
        let _ = writeln!(text, "        SHA-256 {sha256}");
    }
    let Vendors { vendors, vendors_verified, owners, control_edges, control_edges_verified } =
        &shown.vendors;
    let _ = writeln!(
        text,
        "\nvendors   {vendors} ({vendors_verified} verified), {owners} owners, {control_edges} edges of control \
         ({control_edges_verified} verified)"
    );
    let Overrides { folder, files, added, changed } = &shown.overrides;
    let place = folder.as_deref().unwrap_or("no folder");
    let _ = writeln!(text, "overrides {place}: {} files worked in", files.len());
    for OverrideFile { name, sha256 } in files {
        let _ = writeln!(text, "          {name}\n          SHA-256 {sha256}");
    }
    for (what, ids) in [("added", added), ("changed", changed)] {
        if !ids.is_empty() {
            let _ = writeln!(text, "          {what}: {}", ids.join(", "));
        }
    }
    for warning in &shown.warnings {
        let _ = writeln!(text, "\nwarning: {warning}");
    }
    text
}
