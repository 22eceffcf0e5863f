//! What an update takes in, what stays, and what lies on the disk afterwards.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use anyhow::{Context, Result, ensure};
use herkomst_registry::{RegistryKind, embedded};
use libtest_mimic::Trial;

use super::{Desk, FILE, PREVIOUS, day, digest, listings, own_vendor, today};
use crate::stage::program;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("data/without_a_file_the_program_answers_itself", nothing_there),
        trial("data/a_listing_takes_the_place_of_its_own_kind_alone", one_listing),
        trial("data/a_folder_is_told_by_content_and_two_forms_make_one_listing", folder),
        trial("data/the_text_of_iana_names_its_own_day", iana),
        trial("data/a_dry_run_writes_nothing", dry_run),
        trial("data/the_operators_vendors_outlive_an_update", vendors_stay),
        trial("data/the_previous_edition_comes_back_and_goes_again", previous),
        trial("data/updates_at_one_time_lose_nothing", concurrent),
        trial("data/a_file_older_than_the_program_is_not_used_and_brought_together", older),
        trial("data/a_damaged_file_is_named_and_replaced", damaged),
        trial("data/what_others_can_write_is_refused", open_to_others),
        trial("data/a_link_is_not_followed", link),
        trial("data/a_folder_that_cannot_be_written_changes_nothing", read_only),
        trial("data/a_full_disk_changes_nothing", full),
        trial("data/an_ordinary_user_has_a_place_of_his_own", own_place),
    ]
}

fn nothing_there() -> Result<()> {
    let desk = Desk::new()?;
    let shown = desk.show()?;
    ensure!(shown["in_use"]["path"].is_null() && shown["previous"].is_null(), "{shown}");
    ensure!(shown["warnings"].as_array().is_some_and(Vec::is_empty), "{shown}");
    ensure!(shown["listings"].as_array().is_some_and(|all| all.len() == 6), "{shown}");
    ensure!(shown["vendors"]["vendors"].as_u64() > Some(600), "{shown}");
    desk.herkomst(&["data", "check"])?.expect_code(0)?.says(&["no update is needed"])?;
    ensure!(!desk.path("data").exists(), "to look makes no folder");
    Ok(())
}

fn one_listing() -> Result<()> {
    let desk = Desk::with_file()?;
    let (before, today) = (desk.show()?, today().to_string());
    let mut rows = listings::rows(RegistryKind::MaM);
    rows.push(listings::row("FEDCBA9", "Newcomer of this test", "NL"));
    let gone = rows.remove(17);
    rows[0].registrant = "Somebody else".into();
    let file = desk.write("any name", listings::csv(RegistryKind::MaM, &rows))?;
    let run = desk.update(&[&file])?;
    run.expect_code(0)?.says(&[
        "its modification time",
        &format!("MA-M of {today}"),
        "Newcomer of this test",
        &gone.registrant,
        "Somebody else",
        "kept as registry.previous.hkr",
    ])?;
    let after = desk.show()?;
    ensure!(day(&after, "MA-M")? == today, "{after}");
    for kind in ["MA-L", "MA-S", "IAB", "CID", "PEN"] {
        ensure!(day(&before, kind)? == day(&after, kind)?, "{kind} stays: {after}");
    }
    ensure!(after["previous"]["edition"]["digest"] == before["in_use"]["digest"], "{after}");
    let explained = desk.herkomst(&["explain", "fe:dc:ba:90:00:01", "-o", "json"])?;
    explained.says(&["Newcomer of this test"])?;
    desk.herkomst(&["data", "check"])?.expect_code(0)?.says(&["no update is needed"])?;
    ensure!(desk.listed()? == [FILE, "registry.lock", PREVIOUS], "{:?}", desk.listed());
    let mode = fs::metadata(desk.path("data").join(FILE))?.permissions().mode() & 0o777;
    ensure!(mode == 0o644, "mode is {mode:o}");
    // Once more, with another day: the same rows are another edition, and with the same day they are none.
    desk.update(&[&file])?.expect_code(0)?.says(&["is just that already"])?;
    let mode = desk.run(
        "/bin/sh",
        &[
            "-c",
            "umask 077; \"$0\" data update \"$1\" --date \"$2\" --force",
            program(),
            &file,
            "2026-10-25",
        ],
    )?;
    mode.expect_code(0)?;
    let mode = fs::metadata(desk.path("data").join(FILE))?.permissions().mode() & 0o777;
    ensure!(mode == 0o644, "whatever the mask: mode is {mode:o}");
    Ok(())
}

fn folder() -> Result<()> {
    let desk = Desk::new()?;
    let rows = listings::rows(RegistryKind::MaL);
    let brought = desk.path("brought");
    fs::create_dir_all(brought.join("below"))?;
    fs::write(brought.join("one"), listings::csv(RegistryKind::MaL, &rows))?;
    fs::write(brought.join("two"), listings::ma_l_txt(&rows))?;
    fs::write(brought.join("three.html"), listings::carried_csv(RegistryKind::Cid))?;
    fs::write(brought.join("README"), "listings of today\n")?;
    fs::write(brought.join("below/cid.csv"), "not looked at")?;
    let run = desk.update(&[&desk.named("brought")])?;
    run.expect_code(0)?.says(&["README: left out", "MA-L of", "CID of"])?;
    let (shown, today) = (desk.show()?, today().to_string());
    for (kind, new) in [("MA-L", true), ("CID", true), ("MA-M", false), ("PEN", false)] {
        ensure!((day(&shown, kind)? == today) == new, "{kind}: {shown}");
    }
    fs::write(brought.join("four"), listings::carried_csv(RegistryKind::Cid))?;
    desk.update(&[&desk.named("brought")])?.expect_code(65)?.says(&["CID again"])?;
    Ok(())
}

fn iana() -> Result<()> {
    let desk = Desk::with_file()?;
    let day_of_it = embedded().pen_edition().to_string();
    let last = embedded().organisations().last().context("IANA gave out numbers")?.0.0;
    let new = last + 1;
    let text = listings::iana(&day_of_it, &[(new, "Newcomer with a number")]);
    let file = desk.write("enterprise-numbers", text)?;
    let run = desk.update(&[&file])?;
    run.expect_code(0)?.says(&[&format!("PEN of {day_of_it}, as it says itself")])?;
    ensure!(day(&desk.show()?, "PEN")? == day_of_it);
    let explained = desk.herkomst(&["explain", &new.to_string(), "-o", "json"])?;
    explained.says(&["Newcomer with a number"])?;
    let bytes = desk.file()?;
    ensure!(!bytes.windows(9).any(|part| part == b"omebody&e"), "no contact gets in");
    Ok(())
}

fn dry_run() -> Result<()> {
    let desk = Desk::new()?;
    let mut rows = listings::rows(RegistryKind::Cid);
    rows.push(listings::row("FAFAFA", "Newcomer of this test", "NL"));
    let file = desk.write("cid.csv", listings::csv(RegistryKind::Cid, &rows))?;
    let run = desk.update(&[&file, "--dry-run"])?;
    run.expect_code(0)?.says(&["Newcomer of this test", "nothing was written"])?;
    ensure!(!desk.path("data").exists(), "not even the folder");
    Ok(())
}

fn vendors_stay() -> Result<()> {
    let desk = Desk::new()?;
    let (registrant, mac) = listings::unclaimed(embedded()).context("somebody is unclaimed")?;
    let own = own_vendor("own-maker", &registrant);
    desk.write("vendors.d/own.toml", &own)?;
    // Without a registry file nothing of it counts, and that is said.
    let explained = desk.herkomst(&["explain", &mac, "-o", "json"])?;
    explained.says(&["own.toml is new", "herkomst data update"])?;
    ensure!(!explained.stdout.contains("own-maker"), "{explained}");
    desk.update(&[])?.expect_code(0)?.says(&["own.toml"])?;
    let counts = || -> Result<()> {
        let explained = desk.herkomst(&["explain", &mac, "-o", "json"])?;
        explained.expect_code(0)?.says(&["own-maker", "Holding of own-maker"])?;
        ensure!(explained.stderr.is_empty(), "nothing to warn of\n{explained}");
        let shown = desk.show()?;
        ensure!(
            shown["overrides"]["files"].as_array().is_some_and(|all| all.len() == 1),
            "{shown}"
        );
        ensure!(
            shown["overrides"]["added"] == serde_json::json!(["own-maker", "own-maker-holding"]),
            "{shown}"
        );
        ensure!(shown["overrides"]["changed"] == serde_json::json!([]), "{shown}");
        Ok(())
    };
    counts()?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    desk.update(&[&cid])?.expect_code(0)?;
    counts()?;
    // A shipped row is changed, key by key.
    let text = format!("{own}\n[[vendor]]\nid = \"huawei\"\nnote = \"ours is blue\"\n");
    desk.write("vendors.d/own.toml", text)?;
    desk.herkomst(&["explain", "huawei"])?.says(&["own.toml is changed"])?;
    desk.herkomst(&["data", "check"])?
        .expect_code(0)?
        .says(&["update needed", "own.toml is changed"])?;
    desk.update(&[])?.expect_code(0)?;
    ensure!(desk.show()?["overrides"]["changed"] == serde_json::json!(["huawei"]));
    desk.herkomst(&["explain", "huawei", "-o", "json"])?
        .expect_code(0)?
        .says(&["ours is blue", "CN"])?;
    fs::remove_file(desk.path("vendors.d/own.toml"))?;
    desk.herkomst(&["explain", "huawei"])?.says(&["own.toml is gone"])?;
    desk.update(&[])?.expect_code(0)?;
    let explained = desk.herkomst(&["explain", "huawei", "-o", "json"])?;
    ensure!(
        !explained.stdout.contains("ours is blue") && explained.stderr.is_empty(),
        "{explained}"
    );
    Ok(())
}

fn previous() -> Result<()> {
    let desk = Desk::with_file()?;
    desk.update(&["--previous"])?
        .expect_code(69)?
        .says(&["registry.previous.hkr does not exist"])?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let first = desk.file()?;
    desk.update(&[&cid])?.expect_code(0)?;
    let second = desk.file()?;
    ensure!(first != second, "the day of CID is another one");
    for _ in 0..2 {
        let run = desk.update(&["--previous"])?;
        run.expect_code(0)?.says(&["is the previous edition again"])?;
        ensure!(desk.file()? == first);
        ensure!(fs::read(desk.path("data").join(PREVIOUS))? == second);
        desk.update(&["--previous"])?.expect_code(0)?;
        ensure!(desk.file()? == second);
        ensure!(fs::read(desk.path("data").join(PREVIOUS))? == first);
    }
    ensure!(desk.listed()? == [FILE, "registry.lock", PREVIOUS], "{:?}", desk.listed());
    desk.update(&["--previous", &cid])?.expect_code(64)?;
    fs::write(desk.path("data").join(PREVIOUS), &first[..1000])?;
    desk.update(&["--previous"])?.expect_code(65)?.says(&["registry.previous.hkr"])?;
    ensure!(desk.file()? == second);
    Ok(())
}

fn concurrent() -> Result<()> {
    let desk = Desk::new()?;
    let kinds = [RegistryKind::MaM, RegistryKind::MaS, RegistryKind::Iab, RegistryKind::Cid];
    let mut files = Vec::new();
    for kind in kinds {
        files.push(desk.write(kind.as_str(), listings::carried_csv(kind))?);
    }
    let desk = &desk;
    let runs: Vec<Result<()>> = std::thread::scope(|scope| {
        let started: Vec<_> = files
            .iter()
            .map(|file| scope.spawn(move || desk.update(&[file])?.expect_code(0).map(drop)))
            .collect();
        started
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| anyhow::bail!("a run panicked")))
            .collect()
    });
    runs.into_iter().collect::<Result<()>>()?;
    let (shown, today) = (desk.show()?, today().to_string());
    for kind in kinds {
        ensure!(day(&shown, kind.as_str())? == today, "{} is lost: {shown}", kind.as_str());
    }
    desk.herkomst(&["data", "check"])?.expect_code(0)?;
    ensure!(desk.listed()? == [FILE, "registry.lock", PREVIOUS], "{:?}", desk.listed());
    Ok(())
}

fn older() -> Result<()> {
    let desk = Desk::new()?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let iab = desk.write("iab.csv", listings::carried_csv(RegistryKind::Iab))?;
    desk.update(&[&iab])?.expect_code(0)?;
    desk.update(&[&cid, "--date", "2025-01-01"])?.expect_code(65)?.says(&[
        "2025-01-01",
        "--force",
        "stays in use",
    ])?;
    // By force it is written, and still it is not what answers.
    let forced = desk.update(&[&cid, "--date", "2025-01-01", "--force"])?;
    forced.expect_code(0)?.says(&["CID is of 2025-01-01 there", "the program carries is used"])?;
    let shown = desk.show()?;
    ensure!(shown["in_use"]["path"].is_null(), "{shown}");
    desk.herkomst(&["explain", "huawei"])?.says(&["is older than the program"])?;
    desk.herkomst(&["data", "check"])?.expect_code(0)?.says(&["update needed"])?;
    // The later one of each listing.
    desk.update(&[])?.expect_code(0)?.says(&["CID: of", "out of the program"])?;
    let shown = desk.show()?;
    ensure!(shown["in_use"]["path"].is_string(), "{shown}");
    ensure!(day(&shown, "CID")? == embedded().edition().as_str(), "{shown}");
    ensure!(day(&shown, "IAB")? == today().to_string(), "{shown}");
    Ok(())
}

fn damaged() -> Result<()> {
    let desk = Desk::with_file()?;
    let (whole, file) = (desk.file()?, desk.path("data").join(FILE));
    let carried = desk.show()?["embedded"]["digest"].clone();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let mut of_another_format = whole.clone();
    of_another_format[4] = 99;
    for (bytes, says) in [
        (&flipped[..], "SHA-256"),
        (&whole[..whole.len() - 1], "damaged"),
        (&whole[..50], "has 50 bytes"),
        (&of_another_format[..], "format 99"),
        (b"<html>".as_slice(), "does not start with HKR1"),
        (b"", "has 0 bytes"),
    ] {
        fs::write(&file, bytes)?;
        let shown = desk.show()?;
        ensure!(shown["in_use"]["digest"] == carried, "{shown}");
        let path = file.display().to_string();
        desk.herkomst(&["explain", "huawei"])?.expect_code(0)?.says(&[
            &path,
            says,
            "the program carries is used",
        ])?;
        desk.herkomst(&["data", "check"])?.expect_code(65)?.says(&[&path, says])?;
        desk.update(&[])?.expect_code(0)?.says(&["the damaged one is gone"])?;
        ensure!(desk.file()? == whole, "made anew: the same bytes");
        desk.herkomst(&["data", "check"])?.expect_code(0)?;
    }
    Ok(())
}

fn open_to_others() -> Result<()> {
    let desk = Desk::with_file()?;
    desk.write("vendors.d/own.toml", "")?;
    let mut expected = Vec::new();
    for name in ["data", "data/registry.hkr", "vendors.d", "vendors.d/own.toml"] {
        let mode = fs::metadata(desk.path(name))?.permissions().mode();
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(mode | 0o002))?;
        expected.push(format!("{}: everybody may write there", desk.named(name)));
    }
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    desk.herkomst(&["data", "check"])?.expect_code(78)?.says(&expected)?;
    let before = desk.file()?;
    desk.update(&[])?.expect_code(77)?.says(&["everybody may write there"])?;
    ensure!(desk.file()? == before);
    Ok(())
}

fn link() -> Result<()> {
    let desk = Desk::with_file()?;
    let (file, elsewhere) = (desk.path("data").join(FILE), desk.path("elsewhere"));
    fs::rename(&file, &elsewhere)?;
    symlink(&elsewhere, &file)?;
    let before = fs::read(&elsewhere)?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    desk.update(&[&cid])?.expect_code(78)?.says(&["is no regular file"])?;
    ensure!(fs::read(&elsewhere)? == before && file.is_symlink());
    // It is read all the same.
    ensure!(desk.show()?["in_use"]["path"].is_string());
    for name in ["registry.hkr.tmp", "registry.previous.hkr.tmp"] {
        fs::remove_file(&file)?;
        fs::copy(&elsewhere, &file)?;
        let victim = desk.write("victim", "untouched")?;
        symlink(&victim, desk.path("data").join(name))?;
        desk.update(&[&cid])?.expect_code(0)?;
        ensure!(fs::read_to_string(&victim)? == "untouched", "{name} was followed");
    }
    Ok(())
}

fn read_only() -> Result<()> {
    let desk = Desk::with_file()?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let before = desk.file()?;
    fs::set_permissions(desk.path("data"), fs::Permissions::from_mode(0o555))?;
    // User 0 passes over modes; without capabilities he is as everybody else.
    let none =
        ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--"];
    let update = [&none[..], &[program(), "data", "update", &cid]].concat();
    let refused = desk.run("setpriv", &update)?;
    refused.expect_code(77)?.says(&["data", "Permission denied"])?;
    ensure!(desk.file()? == before && desk.listed()? == [FILE, "registry.lock"]);
    let dry = desk.run("setpriv", &[&update[..], &["--dry-run"]].concat())?;
    dry.expect_code(0)?;
    fs::set_permissions(desk.path("data"), fs::Permissions::from_mode(0o755))?;
    let in_a_file = desk.named("cid.csv/data");
    desk.update(&["--data-dir", &in_a_file])?.expect_code(74)?.says(&["cid.csv/data"])?;
    Ok(())
}

/// A limit on the size of files fails as a full disk does: in the middle of a write.
fn full() -> Result<()> {
    let desk = Desk::with_file()?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let before = desk.file()?;
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" data update \"$1\"";
    let run = desk.run("/bin/bash", &["-c", script, program(), &cid])?;
    run.expect_code(74)?.says(&["registry.hkr.tmp", "too large"])?;
    ensure!(
        desk.file()? == before && desk.listed()? == [FILE, "registry.lock"],
        "{:?}",
        desk.listed()
    );
    desk.update(&[&cid])?.expect_code(0)?;
    Ok(())
}

fn own_place() -> Result<()> {
    crate::stage::needs_other_users("the ordinary user of this test")?;
    let desk = Desk::new()?;
    for (path, mode) in [(desk.folder.path().to_owned(), 0o755), (desk.path("home"), 0o777)] {
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    let home = format!("HOME={}", desk.named("home"));
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--", program(), "data"];
    // What this test's other runs are told by the environment must not be there.
    let all = |args: &[&'static str]| {
        let env = ["-i", "PATH=/usr/bin:/bin", home.as_str(), "setpriv"];
        crate::stage::run(&desk.network, "/usr/bin/env", &[&env[..], &user, args].concat())
    };
    all(&["update"])?.expect_code(0)?;
    let place = desk.path("home/.local/share/herkomst").join(FILE);
    ensure!(place.is_file(), "{}", place.display());
    let shown = all(&["show", "-o", "json"])?.expect_code(0)?.json()?;
    ensure!(shown["in_use"]["path"] == place.display().to_string(), "{shown}");
    ensure!(!digest(&shown)?.is_empty());
    Ok(())
}
