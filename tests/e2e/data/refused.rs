//! Bad input: refused with file and line, all of it at once, and the edition before stays in use to the last byte.

use anyhow::{Context, Result, ensure};
use herkomst_registry::{RegistryKind, embedded};
use libtest_mimic::Trial;

use super::listings::{self, csv, row, rows};
use super::{Desk, FILE};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("data/a_wrong_listing_is_refused_with_file_and_line", wrong_listings),
        trial("data/a_listing_that_shrank_needs_force", shrunken),
        trial("data/a_wrong_vendor_file_is_refused_with_file_and_line", wrong_vendors),
        trial("data/all_that_is_wrong_is_told_at_once", at_once),
        trial("data/wrong_arguments_are_named", arguments),
        trial("data/what_a_file_says_cannot_steer_the_terminal", terminal),
    ]
}

/// Runs an update that must fail, and holds the registry file against what it was.
fn refused(desk: &Desk, args: &[&str], code: i32, says: &[&str]) -> Result<()> {
    let before = desk.file()?;
    let run = desk.update(args)?;
    run.expect_code(code)?;
    for text in says {
        ensure!(run.stderr.contains(text), "{args:?}: stderr does not say {text:?}\n{run}");
    }
    ensure!(run.stderr.contains("stays in use"), "{args:?}: what is in use is not said\n{run}");
    ensure!(desk.file()? == before, "{args:?}: the registry file changed\n{run}");
    ensure!(desk.listed()? == [FILE, "registry.lock"], "{args:?}: {:?}", desk.listed());
    Ok(())
}

fn wrong_listings() -> Result<()> {
    let desk = Desk::with_file()?;
    let good = listings::carried_csv(RegistryKind::Cid);
    let lines = good.lines().count();
    let mut twice = rows(RegistryKind::Cid);
    twice.push(row(&twice[0].prefix.clone(), "Somebody else", "NL"));
    let mut in_two = rows(RegistryKind::Cid);
    let other = rows(RegistryKind::MaL).swap_remove(0);
    in_two.push(other.clone());
    let cut = &good[..good.len() - 5];
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin = [good.as_bytes(), b"CID,FAFAFA,M\xfcller,1 Street Town DE 12345\r\n"].concat();
    let iana = listings::iana(embedded().pen_edition().as_str(), &[]);
    let cases: Vec<(&str, Vec<u8>, Vec<String>)> = vec![
        (
            "page",
            b"<!DOCTYPE html>\n<html><body>I am a teapot</body></html>\n".to_vec(),
            vec!["page:1".into(), "HTML".into(), "418".into()],
        ),
        ("cut", cut.into(), vec![format!("cut:{lines}"), "cut short".into()]),
        (
            "quote",
            format!("{good}CID,FAFAFA,\"open, and never closed\r\n").into(),
            vec![format!("quote:{}", lines + 1)],
        ),
        ("utf16", utf16, vec!["utf16:1".into(), "UTF-16".into()]),
        ("latin", latin, vec![format!("latin:{}", lines + 1), "UTF-8".into()]),
        (
            "header",
            good.replace("Organization Address", "Address").into(),
            vec!["header:1".into(), "Registry,Assignment".into()],
        ),
        ("shape", format!("{good}CID,FAFAFA\r\n").into(), vec![format!("shape:{}", lines + 1)]),
        (
            "prefix",
            format!("{good}CID,XYZXYZ,Somebody,1 Street Town NL 12345\r\n").into(),
            vec![format!("prefix:{}", lines + 1), "XYZXYZ".into()],
        ),
        (
            "twice",
            csv(RegistryKind::Cid, &twice).into(),
            vec![format!("twice:{}", lines + 1), twice[0].prefix.clone()],
        ),
        (
            "in-two",
            csv(RegistryKind::Cid, &in_two).into(),
            vec!["in-two".into(), format!("{} stands in MA-L and in CID", other.prefix)],
        ),
        ("nothing", Vec::new(), vec!["nothing: is empty".into()]),
        ("no-row", csv(RegistryKind::Cid, &[]).into(), vec!["no-row: has no row".into()]),
        (
            "iana-cut",
            iana.replace("End of Document\n", "").into(),
            vec!["iana-cut:".into(), "cut short".into()],
        ),
        ("prose", b"These are the listings.\n".to_vec(), vec!["prose:1".into()]),
    ];
    for (name, bytes, says) in cases {
        let file = desk.write(name, bytes)?;
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        refused(&desk, &[&file], 65, &says)?;
        // By force it is no better.
        refused(&desk, &[&file, "--force"], 65, &says)?;
    }
    let good = desk.write("good", good)?;
    refused(&desk, &[&good, "--date", "2020-01-01"], 65, &["2020-01-01", "--force"])?;
    refused(&desk, &[&good, &good], 65, &["CID again"])?;
    // A day to come, as a clock that is wrong leaves it.
    let late =
        std::process::Command::new("touch").args(["-d", "tomorrow + 2 days", &good]).status()?;
    ensure!(late.success(), "touch sets the time of a file");
    refused(&desk, &[&good], 65, &["still to come", "--date"])
}

fn shrunken() -> Result<()> {
    let desk = Desk::with_file()?;
    let all = rows(RegistryKind::MaM);
    let least = all.len() * 98 / 100;
    let few = desk.write("few", csv(RegistryKind::MaM, &all[..least - 1]))?;
    refused(&desk, &[&few], 65, &["few", &all.len().to_string(), "2 %", "--force"])?;
    let enough = desk.write("enough", csv(RegistryKind::MaM, &all[..least + 1]))?;
    desk.update(&[&enough, "--dry-run"])?.expect_code(0)?;
    desk.update(&[&few, "--force"])?.expect_code(0)?;
    desk.herkomst(&["data", "check"])?.expect_code(0)?;
    Ok(())
}

fn wrong_vendors() -> Result<()> {
    let desk = Desk::with_file()?;
    let vendor = |id: &str, more: &str| {
        format!("[[vendor]]\nid = \"{id}\"\nname = \"Own {id}\"\nkind = \"product\"\n{more}\n")
    };
    let edge = |by: &str| {
        format!("[[vendor.control]]\nby = \"{by}\"\ntest = \"majority\"\nconfidence = \"high\"\n")
    };
    let huawei = embedded().vendor("huawei").context("huawei is in the register")?;
    let spelling = huawei.registrants().next().context("huawei has a spelling")?;
    let number = huawei.pens().next().context("huawei has a number")?.0;
    let cases = [
        (
            format!("{}{}{}{}", vendor("a1", ""), edge("b1"), vendor("b1", ""), edge("a1")),
            vec!["own.toml:2: control of \"a1\" runs in a circle".to_owned()],
        ),
        (
            vendor("a1", &format!("registrants = [\n  \"{spelling}\",\n]")),
            vec!["own.toml:6".to_owned(), format!("{spelling:?} is claimed by")],
        ),
        (
            vendor("a1", &format!("pens = [{number}]")),
            vec!["own.toml:5".to_owned(), format!("enterprise number {number} is claimed by")],
        ),
        (vendor("a1", "brnads = [\"x\"]"), vec!["own.toml:5".to_owned(), "brnads".to_owned()]),
        (vendor("a1", "= ["), vec!["own.toml:5".to_owned()]),
        (
            "[[vendor]]\nid = \"a1\"\n".to_owned(),
            vec!["own.toml:2".to_owned(), "has no kind".to_owned()],
        ),
    ];
    for (text, says) in cases {
        desk.write("vendors.d/own.toml", text)?;
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        refused(&desk, &[], 65, &says)?;
        let check = desk.herkomst(&["data", "check"])?;
        check.expect_code(78)?.says(&says)?;
        // Who asks meanwhile is answered as before, and told.
        desk.herkomst(&["explain", "huawei"])?.expect_code(0)?.says(&["own.toml is new"])?;
    }
    Ok(())
}

fn at_once() -> Result<()> {
    let desk = Desk::with_file()?;
    desk.write("vendors.d/a.toml", "[[vendor]]\nid = \"A\"\n")?;
    desk.write("vendors.d/b.toml", "[[vendor]\n")?;
    desk.write("vendors.d/c.toml", b"\xff")?;
    let page = desk.write("page.html", "<html></html>\n")?;
    let cut = desk
        .write("cut.csv", "Registry,Assignment,Organization Name,Organization Address\r\nCID,")?;
    let says = [
        "page.html:1",
        "cut.csv:2",
        "/nonexistent/oui.csv",
        "a.toml:2",
        "b.toml:1",
        "c.toml: is no text",
    ];
    refused(&desk, &[&page, &cut, "/nonexistent/oui.csv"], 65, &says)
}

fn arguments() -> Result<()> {
    let desk = Desk::with_file()?;
    for (args, says) in [
        (vec!["--date", "yesterday"], "--date"),
        (vec!["--date", "2026-02-30"], "2026-02-30"),
        (vec!["--date", "2999-01-01"], "still to come"),
        (vec!["--timeout", "soon"], "--timeout"),
        (vec!["--forc"], "--force"),
        (vec!["-"], "standard input"),
        (vec!["ftp://192.0.2.1/oui.csv"], "http and https"),
        (vec!["http://me:hidden-word@192.0.2.1/oui.csv"], "name or password"),
    ] {
        let run = desk.update(&args)?;
        run.expect_code(64)?.says(&[says])?;
        ensure!(!run.stderr.contains("hidden-word"), "a password was printed\n{run}");
    }
    desk.herkomst(&["data"])?.expect_code(64)?;
    desk.herkomst(&["data", "shwo"])?.expect_code(64)?;
    Ok(())
}

fn terminal() -> Result<()> {
    let desk = Desk::with_file()?;
    let mut all = rows(RegistryKind::Cid);
    all.push(row("FAFAFA", "Red\u{1b}[31m \u{202e}maker", "NL"));
    let file = desk.write("\u{1b}[2Jcid.csv", csv(RegistryKind::Cid, &all))?;
    let page = desk.write("\u{1b}[2Jpage", "<html>\u{1b}[31m")?;
    for args in [vec![file.as_str()], vec![&page], vec!["\u{1b}[31m-"]] {
        let run = desk.update(&args)?;
        for text in [&run.stdout, &run.stderr] {
            ensure!(!text.contains(['\u{1b}', '\u{202e}']), "{args:?}\n{run:?}");
        }
    }
    let shown = desk.herkomst(&["data", "show"])?;
    ensure!(!shown.stdout.contains('\u{1b}'), "{shown:?}");
    let shown = desk.herkomst(&["data", "show", "-o", "json"])?;
    ensure!(!shown.stdout.contains('\u{1b}'), "{shown:?}");
    Ok(())
}
