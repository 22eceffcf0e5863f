//! Writes docs/vendors.md: what the embedded register knows and how much of the address space that is, as of its own day.
//!
//! Usage: `vendors_page` prints the page; `--write FILE` writes it; `--check FILE` fails when the file is another.

mod markdown;
mod space;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::{env, fs};

use herkomst_ids::Country;
use herkomst_registry::*;

use markdown::{escaped, number, paragraph, share, table};
use space::{Founded, LARGE, Part, Space, is_likely, large_blocks};

/// How many registrants the last table has.
const LARGEST: usize = 30;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let page = page(embedded());
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            print!("{page}");
            Ok(())
        }
        ["--write", path] => fs::write(path, page).map_err(|error| format!("{path}: {error}")),
        ["--check", path] => check(path, &page),
        _ => Err("arguments are --write FILE, --check FILE or none".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("vendors_page: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn check(path: &str, page: &str) -> Result<(), String> {
    let found = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    if found == page {
        return Ok(());
    }
    let lines = || found.lines().map(Some).chain(std::iter::repeat(None)).zip(page.lines());
    let at = lines().position(|(found, right)| found != Some(right));
    let line = at.unwrap_or_else(|| page.lines().count()) + 1;
    Err(format!(
        "{path}:{line}: is not what the data gives: write it anew with `just vendors-page`"
    ))
}

fn page(registry: &Registry) -> String {
    let day = registry.vendors_edition();
    let day = day.as_str();
    let vendors: Vec<Vendor<'_>> = registry.vendors().collect();
    let space = Space::measure(registry, day);
    [
        opening(registry, day),
        kinds(registry, &vendors),
        control(&vendors, day),
        countries(&vendors, &space, day),
        addresses(&space),
        others(registry),
        registrants(&space),
    ]
    .concat()
}

fn opening(registry: &Registry, day: &str) -> String {
    "# The vendor register in numbers\n\n".to_owned()
        + &paragraph(&format!(
            "Written by `just vendors-page` from the registry that the program carries; `just check data` fails when this \
             page is another. All of it is as of {day}, the day of the register, with the listings of IEEE of {} and the \
             enterprise numbers of IANA of {}.",
            registry.edition(),
            registry.pen_edition(),
        ))
}

fn kinds(registry: &Registry, vendors: &[Vendor<'_>]) -> String {
    let rows = VendorKind::ALL.iter().map(|kind| {
        let of_it = || vendors.iter().filter(|vendor| vendor.kind() == *kind);
        let verified = of_it().filter(|vendor| vendor.verified()).count();
        [kind.as_str().to_owned(), number(of_it().count()), number(verified)]
    });
    let text = format!(
        "{} makers, and {} owners who make nothing themselves. Verified: somebody read an official text that states seat \
         and kind, and the row names it.",
        number(vendors.len()),
        number(registry.owners().count()),
    );
    "## Vendors\n\n".to_owned()
        + &paragraph(&text)
        + &table(["kind", "vendors", "verified"], rows)
        + "\n"
}

/// How each row of control is founded, and each vendor's whole chain.
fn control(vendors: &[Vendor<'_>], day: &str) -> String {
    let edges: Vec<Control<'_>> = vendors.iter().flat_map(Vendor::control_history).collect();
    let row = |what: &str, which: &dyn Fn(&Control<'_>) -> bool| {
        let all = edges.iter().filter(|edge| which(edge)).count();
        let now = edges.iter().filter(|edge| edge.holds(day) && which(edge)).count();
        [what.to_owned(), number(all), number(now)]
    };
    let mut rows = vec![
        row("all", &|_| true),
        row("name their source", &|edge| !edge.source.is_empty()),
        row("verified: the source was read", &|edge| edge.verified),
    ];
    for test in ControlTest::ALL {
        rows.push(row(&format!("test is {}", test.as_str()), &|edge| edge.test == *test));
    }
    for sure in ControlConfidence::ALL.iter().rev() {
        let what = format!("confidence is {}", sure.as_str());
        rows.push(row(&what, &|edge| edge.confidence == *sure));
    }
    let founded = |which: Founded| {
        let of_them = vendors.iter().filter(|vendor| Founded::of(**vendor, day) >= which).count();
        format!("{} ({})", number(of_them), share(of_them, vendors.len()))
    };
    "## Control\n\n".to_owned()
        + &paragraph(
            "Each row of the register says who controlled a maker for some days. Where the test is `unstated`, the \
             controller is named, and not what makes it one. What is not verified opens a finding and never makes a \
             match.",
        )
        + &table(["rows of control", "ever", &format!("in force on {day}")], rows)
        + "\n"
        + &paragraph(&format!(
            "Of {} vendors, {} have a known country of control. For {} each step up to the last controller names its \
             source, and for {} each step is verified.",
            number(vendors.len()),
            founded(Founded::Said),
            founded(Founded::Sourced),
            founded(Founded::Verified),
        ))
}

fn countries(vendors: &[Vendor<'_>], space: &Space<'_>, day: &str) -> String {
    let mut by_country: BTreeMap<Option<Country>, [u64; 5]> = BTreeMap::new();
    for vendor in vendors {
        let founded = Founded::of(*vendor, day);
        let place = by_country.entry(vendor.country_of_control(day)).or_default();
        place[0] += 1;
        place[1] += u64::from(founded >= Founded::Said && is_likely(*vendor, day));
        place[2] += u64::from(founded >= Founded::Sourced);
        place[3] += u64::from(founded >= Founded::Verified);
        place[4] += space.of_vendors.get(vendor.id()).copied().unwrap_or_default();
    }
    let assigned = space.total().assigned;
    let mut sorted: Vec<_> = by_country.into_iter().collect();
    // Most vendors first, and those of unknown control last.
    sorted.sort_by_key(|(country, of_it)| (country.is_none(), Reverse(of_it[0]), *country));
    let rows = sorted.iter().map(|(country, [counts @ .., addresses])| {
        let name = country.map_or("not known".to_owned(), |country| country.to_string());
        let [vendors, likely, sourced, verified] = counts.map(number);
        [name, vendors, likely, sourced, verified, share(*addresses, assigned)]
    });
    let head = [
        "country of control",
        "vendors",
        "confidence not low",
        "with a source",
        "verified",
        "of assigned addresses",
    ];
    "## Countries of control\n\n".to_owned()
        + &paragraph(
            "The country from which the last known controller runs the firm; a fund that holds it for some years does not \
             move it. Codes of ISO 3166-1. Confidence, source and verification count where each step of the chain has \
             them.",
        )
        + &table(head, rows)
        + "\n"
}

fn addresses(space: &Space<'_>) -> String {
    let row = |name: &str, part: &Part| {
        let [vendor, control, likely, sourced, verified] =
            [part.vendor, part.control, part.likely, part.sourced, part.verified]
                .map(|known| share(known, part.assigned));
        let size = large_blocks(part.assigned);
        [name.to_owned(), number(part.rows), size, vendor, control, likely, sourced, verified]
    };
    let mut rows: Vec<_> =
        space.parts.iter().map(|(kind, part)| row(kind.as_str(), part)).collect();
    let total = space.total();
    rows.push(row("all", &total));
    let head = [
        "listing",
        "rows",
        "addresses, in MA-L",
        "vendor known",
        "control known",
        "its confidence not low",
        "with a source",
        "verified",
    ];
    "## Address space\n\n".to_owned()
        + &paragraph(&format!(
            "**{} of all assigned addresses are covered by vendors with known control.**",
            share(total.control, total.assigned),
        ))
        + &table(head, rows)
        + "\n"
        + &paragraph(&format!(
            "Counted are the universal addresses that IEEE has assigned to somebody: the {} blocks that it holds itself to \
             divide them are left out, the {} rows of registrants that want no name ({} of the addresses) are in, as not \
             covered. Company ids (CID) name no cards. One MA-L has {} addresses.",
            number(space.parents),
            number(space.private.0),
            share(space.private.1, total.assigned),
            number(LARGE),
        ))
        + &paragraph(
            "**What covered means.** The registrant of the prefix is spelled as in the row of a vendor, and the register \
             names who controls that vendor, and from which country. It does not mean that somebody verified it: the last \
             three columns say for how much of it the editors call no step disputed, old or guessed, how much names its \
             source, and how much of that was read.",
        )
        + &paragraph(
            "**What does not follow.** An address is assigned long before it is used, if ever: shares of addresses are not \
             shares of devices, not in the world and not in your network. A prefix names who made the network interface: \
             for chips, modules and contract makers that is a part of the box, and its brand is somebody else's. An \
             address can be set by software. The maker of an address without a vendor here is unknown, and unknown is not \
             clean.",
        )
}

/// Enterprise numbers, and countries of registration.
fn others(registry: &Registry) -> String {
    let [mut assigned, mut claimed, mut nobodys] = [0; 3];
    for (pen, _) in registry.organisations() {
        assigned += 1;
        if let PenMeaning::Assigned { role, vendor, .. } = registry.pen(pen) {
            claimed += usize::from(vendor.is_some());
            nobodys += usize::from(role != PenRole::Maker);
        }
    }
    let rows = RegistryKind::ALL.iter().map(|listing| {
        let of_it = || registry.listing(*listing);
        let all = of_it().count();
        let known = of_it().filter(|row| row.country.is_some()).count();
        let corrected = of_it().filter(|row| registry.correction(row.prefix).is_some()).count();
        [listing.as_str().to_owned(), number(all), share(known, all), number(corrected)]
    });
    "## Enterprise numbers\n\n".to_owned()
        + &paragraph(&format!(
            "{} of {} enterprise numbers ({}) belong to a vendor of the register; {} name an agent, a platform or a \
             document and so no maker. The others answer with the organisation that IANA has.",
            number(claimed),
            number(assigned),
            share(claimed, assigned),
            number(nobodys),
        ))
        + "## Countries of registration\n\n"
        + &paragraph(
            "The country of the address that the registrant gave: where a form was signed, and never an origin. Corrected \
             are those that are plainly wrong or missing; each says why.",
        )
        + &table(["listing", "rows", "with a country", "corrected"], rows)
        + "\n"
}

fn registrants(space: &Space<'_>) -> String {
    let mut largest: Vec<_> = space.unclaimed.iter().collect();
    largest.sort_by_key(|(name, one)| (Reverse(one.addresses), *name));
    let rows = largest.iter().take(LARGEST).map(|(_, one)| {
        let countries: Vec<String> = one.countries.iter().map(Country::to_string).collect();
        let size = large_blocks(one.addresses);
        [escaped(one.spelling), countries.join(", "), number(one.rows), size]
    });
    "## The largest registrants without a vendor\n\n".to_owned()
        + &paragraph(&format!(
            "The {LARGEST} that hold most, of {}. Their addresses answer with the registrant and \"no vendor known\".",
            number(space.unclaimed.len()),
        ))
        + &table(["registrant", "registered in", "rows", "addresses, in MA-L"], rows)
}
