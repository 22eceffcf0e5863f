//! A scan answers from the registry file and names it.

use anyhow::{Context, Result, ensure};
use herkomst_registry::embedded;
use libtest_mimic::Trial;

use super::{Desk, digest, listings, own_vendor};
use crate::stage::{Stage, program, run, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("data/a_scan_names_a_vendor_of_the_operators_and_the_file", scan)]
}

fn scan() -> Result<()> {
    let (registrant, mac) = listings::unclaimed(embedded()).context("somebody is unclaimed")?;
    let stage = Stage::build(&scenario(&format!(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n\
         [[device]]\nuses = \"nobody-host\"\naddress = \"10.99.0.71\"\nmac = \"{mac}\"\n"
    ))?)?;
    let desk = Desk::new()?;
    let scan = || -> Result<serde_json::Value> {
        let args = [
            &format!("HERKOMST_DATA_DIR={}", desk.named("data")),
            &format!("HERKOMST_VENDORS_DIR={}", desk.named("vendors.d")),
            program(),
            "scan",
            "10.99.0.71",
            "-o",
            "json",
            "--exit-zero",
        ];
        run(&stage.scanner, "/usr/bin/env", &args)?.expect_code(0)?.json()
    };
    let before = scan()?;
    ensure!(before["devices"][0]["maker"].is_null(), "{before}");
    let carried = desk.show()?["embedded"]["digest"].clone();
    ensure!(before["scan"]["editions"]["registry_digest"] == carried, "{before}");

    desk.write("vendors.d/own.toml", own_vendor("own-maker", &registrant))?;
    let notes = scan()?["scan"]["notes"].to_string();
    ensure!(notes.contains("own.toml is new"), "{notes}");

    desk.update(&[])?.expect_code(0)?;
    let after = scan()?;
    let maker = &after["devices"][0]["maker"];
    ensure!(maker["id"] == "own-maker", "{after}");
    let controller = &after["devices"][0]["controller"];
    ensure!(controller["id"] == "own-maker-holding" && controller["country"] == "LI", "{after}");
    ensure!(controller["verified"] == true && maker["country"] == "NL", "{after}");
    let shown = desk.show()?;
    ensure!(after["scan"]["editions"]["registry_digest"] == digest(&shown)?, "{after}");
    ensure!(after["scan"]["editions"]["registry_digest"] != carried, "{after}");
    ensure!(after["scan"]["notes"].as_array().is_some_and(Vec::is_empty), "{after}");
    Ok(())
}
