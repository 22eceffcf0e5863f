//! `herkomst demo`: the main job on a fresh machine, in a network of its own.

use std::fs;

use anyhow::{Context, Result, ensure};
use herkomst_net::NetworkNamespace;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::stage::{assert_not_outside, needs_other_users, program, run, tests_folder};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("demo/it_shows_findings_and_leaves_our_network_alone", shows_findings),
        trial("demo/a_changed_device_changes_the_result", changed_device),
        trial("demo/its_table_names_makers_and_the_command_for_ones_own_network", table),
        trial("demo/an_ordinary_user_can_run_it", ordinary_user),
        trial("demo/a_mistake_in_a_device_file_is_told_with_its_place", mistake),
    ]
}

/// A network with nothing in it, for the demo to leave alone.
fn elsewhere() -> Result<NetworkNamespace> {
    let namespace = NetworkNamespace::create()?;
    assert_not_outside(namespace.id())?;
    Ok(namespace)
}

fn makers(report: &Value) -> Vec<String> {
    let devices = report["devices"].as_array().into_iter().flatten();
    devices.filter_map(|device| device["maker"]["id"].as_str().map(str::to_owned)).collect()
}

fn matches(report: &Value) -> usize {
    report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["verdict"] == "match")
        .count()
}

fn shows_findings() -> Result<()> {
    let here = elsewhere()?;
    let before = here.run(|| {
        (herkomst_net::interfaces(), herkomst_net::on_link_routes(), herkomst_net::neighbours())
    });
    let said = run(&here, program(), &["demo", "-o", "json"])?;
    let after = here.run(|| {
        (herkomst_net::interfaces(), herkomst_net::on_link_routes(), herkomst_net::neighbours())
    });
    ensure!(
        format!("{before:?}") == format!("{after:?}"),
        "our network changed: {before:?} {after:?}"
    );
    let report = said.expect_code(1)?.json()?;
    let makers = makers(&report);
    for maker in
        ["huawei", "hikvision", "dahua", "zte", "cisco", "juniper", "axis", "mikrotik", "yealink"]
    {
        ensure!(makers.iter().any(|id| id == maker), "{maker} is not named, but {makers:?}");
    }
    ensure!(matches(&report) >= 4, "both Huaweis, a camera and the routed ZTE\n{said}");
    let undetermined = |finding: &&Value| finding["verdict"] == "undetermined";
    let undetermined =
        report["findings"].as_array().into_iter().flatten().filter(undetermined).count();
    ensure!(undetermined >= 1, "the camera that only its MAC names\n{said}");
    ensure!(
        report["coverage"]["special"] == 1 && report["coverage"]["undetermined"] == 1,
        "{}",
        report["coverage"]
    );
    Ok(())
}

fn changed_device() -> Result<()> {
    let here = elsewhere()?;
    let folder = tempfile::tempdir()?;
    for entry in fs::read_dir(tests_folder().join("devices"))? {
        let path = entry?.path();
        fs::copy(&path, folder.path().join(path.file_name().context("a file has a name")?))?;
    }
    let devices = folder.path().display().to_string();
    let report = |devices: &str| {
        run(&here, program(), &["demo", "--devices", devices, "-o", "json"])?.json()
    };
    let before = report(&devices)?;
    // The camera of one maker becomes a camera of another: MAC, engine, object id and text.
    let path = folder.path().join("axis-camera.toml");
    let text = fs::read_to_string(&path)?;
    let changed = text
        .replace("ac:cc:8e:32:45:0a", "e0:50:8b:32:45:0a")
        .replace("enterprise = 368", "enterprise = 37496")
        .replace("1.3.6.1.4.1.368.4", "1.3.6.1.4.1.37496.1")
        .replace("AXIS P3245-LV; Network Camera", "Dahua IPC-HFW2831; Network Camera");
    ensure!(text != changed, "the device file is as this test knows it");
    fs::write(&path, changed)?;
    let after = report(&devices)?;
    ensure!(
        makers(&before).contains(&"axis".to_owned())
            && !makers(&after).contains(&"axis".to_owned()),
        "{:?}",
        makers(&after)
    );
    ensure!(
        matches(&after) == matches(&before) + 1,
        "one match more: {} and {}",
        matches(&before),
        matches(&after)
    );
    Ok(())
}

fn table() -> Result<()> {
    let said = run(&elsewhere()?, program(), &["demo"])?;
    said.expect_code(1)?;
    for text in ["Huawei", "Hikvision", "Cisco", "10.99.0.11", "herkomst scan"] {
        ensure!(said.stdout.contains(text), "{text:?} is not in the table\n{said}");
    }
    ensure!(!said.stdout.contains('\u{1b}'), "no colours where there is no terminal\n{said}");
    Ok(())
}

/// In a user namespace of the demo's own: user 65534 has no capability to begin with.
fn ordinary_user() -> Result<()> {
    needs_other_users("the demo of this test")?;
    let args =
        ["--reuid=65534", "--regid=65534", "--clear-groups", "--", program(), "demo", "-o", "json"];
    let said = run(&elsewhere()?, "setpriv", &args)?;
    ensure!(matches(&said.expect_code(1)?.json()?) >= 4, "{said}");
    Ok(())
}

fn mistake() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for entry in fs::read_dir(tests_folder().join("devices"))? {
        let path = entry?.path();
        fs::copy(&path, folder.path().join(path.file_name().context("a file has a name")?))?;
    }
    let path = folder.path().join("hp-printer.toml");
    fs::write(&path, fs::read_to_string(&path)?.replace("description", "descripion"))?;
    let said = run(
        &elsewhere()?,
        program(),
        &["demo", "--devices", &folder.path().display().to_string()],
    )?;
    said.expect_code(65)?;
    for text in ["hp-printer.toml:12:1", "descripion", "description"] {
        ensure!(said.stderr.contains(text), "{text:?} is not said\n{said}");
    }
    Ok(())
}
