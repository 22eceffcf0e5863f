//! What is sealed shows where somebody is cleared and nowhere else: not its names, not their number, not in the exit code.
//! The names are canaries, looked for in all that a scan says and writes. The other side of the seals is Debian's `age`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use herkomst_seal::canary::Canary;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::parts::{PACK, anywhere};
use crate::signed::Desk;
use crate::stage::{Run, program};
use crate::trial;

const PACK_NAME: &str = "zyzzqvyxqwkfjordz";
const PART_NAME: &str = "vexyzorbqwtinkplu";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("sealed/age_and_herkomst_open_each_others_seals", peers),
        trial("sealed/nothing_of_what_is_sealed_shows_where_nobody_is_cleared", shut),
        trial("sealed/a_reader_with_the_key_sees_all_of_it_and_what_of_it_is_sealed", with_key),
        trial("sealed/a_marked_output_shows_it_and_the_exit_code_and_stderr_do_not", marked),
        trial("sealed/mistakes_in_what_is_sealed_are_told_by_their_place_alone", mistaken),
        trial("sealed/what_does_not_open_is_refused_and_nothing_is_sent", refusals),
        trial("sealed/a_pack_cannot_be_silenced_by_a_sealed_file_in_its_place", silenced),
    ]
}

/// What is sealed, and to whom.
struct Vault {
    desk: Desk,
    recipient: String,
}

impl Vault {
    /// `order.toml` for everybody; a pack and an operator's file that are sealed, and of which no plain copy is left.
    fn new() -> Result<Self> {
        let desk = Desk::new()?;
        desk.herkomst(&["rules", "keygen", "signing", "@legal.key", "--no-password"])?
            .expect_code(0)?;
        let made = desk.herkomst(&["rules", "keygen", "host", "@host.key"])?;
        made.expect_code(0)?;
        let recipient = made.stdout.lines().last().context("a public key")?.to_owned();
        ensure!(recipient.starts_with("age1"), "{made}");
        let vault = Self { desk, recipient };
        vault.seal("secret.toml", &secret_pack(), &[])?;
        vault.sign("secret.toml.age")?;
        vault.seal("parts.toml", &secret_parts(), &[])?;
        Ok(vault)
    }

    fn seal(&self, name: &str, text: &str, more: &[&str]) -> Result<()> {
        let path = self.desk.write(name, text, 0o600)?;
        let words = ["rules", "seal", &path, "--to", &self.recipient];
        self.desk.herkomst(&[&words[..], more].concat())?.expect_code(0)?;
        fs::remove_file(path)?;
        Ok(())
    }

    fn sign(&self, name: &str) -> Result<()> {
        let name = format!("@{name}");
        self.desk
            .herkomst(&["rules", "sign", &name, "--key", "@legal.key", "--force"])?
            .expect_code(0)?;
        Ok(())
    }

    /// A scan with a home of its own.
    fn scan(&self, form: &str, more: &[&str]) -> Result<Run> {
        let home = self.desk.path("home");
        fs::create_dir_all(&home)?;
        let mut words = Vec::new();
        for name in [
            "HOME",
            "TMPDIR",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
            "XDG_RUNTIME_DIR",
        ] {
            words.push(format!("{name}={home}"));
        }
        words.extend([program(), "scan", "10.99.0.11", "-o", form, "-vv"].map(str::to_owned));
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.extend(more);
        self.desk.run("/usr/bin/env", &words)
    }
}

/// It matches the device, wherever it stands; and nobody compared it with its sources for long, which a scan says.
fn secret_pack() -> String {
    anywhere()
        .replace("last-checked = 2026-11-21", "last-checked = 2025-01-01")
        .replace("core-order", PACK_NAME)
        .replace("Not in the core", &format!("Not by {PACK_NAME}"))
        .replace("The order names", &format!("The order {PACK_NAME} names"))
}

/// It says that the device stands in the core.
fn secret_parts() -> String {
    format!(
        "[[part]]\ntag = \"core.up\"\nprefixes = [\"10.99.0.0/28\"]\n[[part]]\ntag = \"x.{PART_NAME}\"\nprefixes = [\"10.99.0.11\"]\n"
    )
}

/// Open packs, with the exit code of a scan by them alone: the core is open until somebody says what stands there, and
/// another maker is not there.
fn open_packs() -> [(String, i32); 2] {
    let other = PACK
        .replace("\"huawei\"", "\"zte\"")
        .replace("parts = [\"core.*\"]", "where = \"anywhere\"");
    [(PACK.to_owned(), 2), (other, 0)]
}

const OPEN: [&str; 4] = ["--rules", "@order.toml", "--allow-unsigned", "@order.toml"];
const SEALED: [&str; 4] = ["--rules", "@secret.toml.age", "--operator", "@parts.toml.age"];

fn canaries() -> [Canary; 2] {
    [Canary::new(PACK_NAME), Canary::new(PART_NAME)]
}

fn assert_silent(place: &str, run: &Run) -> Result<()> {
    for canary in canaries() {
        for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            let found = canary.find_in(text.as_bytes());
            ensure!(
                found.is_none(),
                "{} is on {stream} of {place}, {found:?}\n{run}",
                canary.name()
            );
        }
    }
    Ok(())
}

/// A result without what differs from one scan to the next: its id and times.
fn settled(form: &str, text: &str) -> Result<Vec<Value>> {
    let mut values: Vec<Value> = match form {
        "json" => vec![serde_json::from_str(text)?],
        "jsonl" => text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?,
        _ => return Ok(text.lines().map(Value::from).collect()),
    };
    for value in &mut values {
        let scan = if form == "json" { value.get_mut("scan") } else { Some(value) };
        if let Some(scan) = scan.and_then(Value::as_object_mut) {
            for key in ["started", "ended"] {
                scan.remove(key);
            }
            scan.retain(|key, value| {
                key != "id" || value.as_str().is_some_and(|id| id.len() != 32)
            });
        }
    }
    Ok(values)
}

/// What a log says, whatever the order and the moment: measured times are left out.
fn logged(text: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        text.lines().map(|line| line.chars().filter(|c| !c.is_ascii_digit()).collect()).collect();
    lines.sort();
    lines
}

fn files_below(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, found)?;
        } else {
            found.push((path.display().to_string(), fs::read(&path)?));
        }
    }
    Ok(())
}

fn peers() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    for (text, more) in [(secret_pack(), &[][..]), (secret_parts(), &["--armor"])] {
        vault.seal("ours.toml", &text, &[&["--force"], more].concat())?;
        let opened = desk.run("age", &["-d", "-i", "@host.key", "@ours.toml.age"])?;
        opened.expect_code(0)?;
        ensure!(opened.stdout == text, "{opened}");
    }
    desk.run("age-keygen", &["-o", "@other.key"])?.expect_code(0)?;
    let other = desk.run("age-keygen", &["-y", "@other.key"])?.stdout;
    desk.write("theirs.toml", secret_pack(), 0o600)?;
    for armour in [&[][..], &["-a"]] {
        let words =
            ["-r", &vault.recipient, "-r", other.trim(), "-o", "@theirs.age", "@theirs.toml"];
        desk.run("age", &[armour, &words].concat())?.expect_code(0)?;
        for key in ["@host.key", "@other.key"] {
            let unseal = ["rules", "unseal", "@theirs.age", "--identity", key];
            let opened = desk.herkomst(&unseal)?;
            opened.expect_code(0)?;
            ensure!(opened.stdout == secret_pack(), "{opened}");
        }
        fs::remove_file(desk.path("theirs.age"))?;
    }
    // To several, from a file; out of it into a file for its owner alone, over nothing that is there.
    desk.write("hosts", format!("# two hosts\n{}\n\n{other}", vault.recipient), 0o644)?;
    let seal = ["rules", "seal", "@theirs.toml", "--recipients-file", "@hosts"];
    desk.herkomst(&seal)?.expect_code(0)?;
    let kept = desk.herkomst(&seal)?;
    ensure!(kept.code == 64 && kept.stderr.contains("theirs.toml.age: is there already"), "{kept}");
    let unseal =
        ["rules", "unseal", "@theirs.toml.age", "--identity", "@other.key", "-o", "@plain.toml"];
    let opened = desk.herkomst(&unseal)?;
    opened.expect_code(0)?;
    ensure!(opened.stdout.is_empty(), "{opened}");
    ensure!(fs::read_to_string(desk.path("plain.toml"))? == secret_pack(), "it comes out whole");
    let mode = fs::metadata(desk.path("plain.toml"))?.permissions().mode() & 0o7777;
    ensure!(mode == 0o600, "the plain file has mode {mode:o}");
    desk.herkomst(&unseal)?.expect_code(64)?;
    // Read with the key, a sealed pack is a pack.
    for command in ["check", "test", "show"] {
        let words = ["rules", command, "@theirs.toml.age"];
        let run = desk.herkomst(&[&words[..], &["--identity", "@host.key"]].concat())?;
        run.expect_code(0)?;
        ensure!(run.stdout.contains("not signed"), "{run}");
        let shut = desk.herkomst(&words)?;
        ensure!(
            shut.code == 65 && shut.stderr.contains("is sealed (not signed): --identity"),
            "{shut}"
        );
        assert_silent("a command without the key", &shut)?;
    }
    Ok(())
}

fn shut() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    desk.write("keyed.toml", "[rules]\nidentity = \"host.key\"\ntrusted-keys = [\"legal.pub\"]\n[output.stdout]\ncleared = false\n", 0o644)?;
    for (pack, code) in open_packs() {
        desk.write("order.toml", pack, 0o644)?;
        for form in ["table", "json", "jsonl"] {
            let without = vault.scan(form, &OPEN)?;
            without.expect_code(code)?;
            ensure!(!without.stderr.is_empty(), "the log says something\n{without}");
            // The key of the host is there, and nobody is cleared.
            for more in [&[][..], &["--identity", "@host.key"], &["-c", "@keyed.toml"]] {
                let with = vault.scan(form, &[&OPEN[..], &SEALED, more].concat())?;
                assert_silent(&format!("a scan with {form} and {more:?}"), &with)?;
                with.expect_code(code)?;
                ensure!(
                    settled(form, &with.stdout)? == settled(form, &without.stdout)?,
                    "the result differs\n--- without\n{without}\n--- with\n{with}"
                );
                ensure!(
                    logged(&with.stderr) == logged(&without.stderr),
                    "the log differs\n--- without\n{without}\n--- with\n{with}"
                );
            }
        }
    }
    let plan = ["--dry-run"];
    let without = vault.scan("table", &[&OPEN[..], &plan].concat())?;
    let with = vault.scan("table", &[&OPEN[..], &SEALED, &plan].concat())?;
    ensure!(
        with.code == 0 && with.stdout == without.stdout && with.stderr == without.stderr,
        "{with}"
    );
    // By a sealed pack alone: as if none were named.
    let without = vault.scan("json", &[])?;
    let with = vault.scan("json", &SEALED)?;
    ensure!(with.code == without.code && without.code == 1, "{with}");
    ensure!(settled("json", &with.stdout)? == settled("json", &without.stdout)?, "{with}");
    // Whatever was written, by all of this.
    let mut files = Vec::new();
    files_below(desk.stage.folder.path(), &mut files)?;
    ensure!(
        files.iter().any(|(path, _)| path.ends_with("secret.toml.age")),
        "the folder was looked at"
    );
    for canary in canaries() {
        files.iter().for_each(|(path, bytes)| canary.assert_absent(path, bytes));
    }
    Ok(())
}

/// The finding of a pack, and whether it is sealed.
fn finding<'a>(report: &'a Value, pack: &str) -> Result<(&'a Value, bool)> {
    let findings = report["findings"].as_array().context("findings")?;
    let finding = findings.iter().find(|finding| finding["pack"] == pack);
    let finding = finding.with_context(|| format!("no finding of {pack}: {report:#}"))?;
    Ok((finding, finding["sealed"].as_bool().context("sealed")?))
}

fn assert_shown(report: &Value, is_open_there: bool) -> Result<()> {
    ensure!(report["scan"]["cleared"] == true, "{report:#}");
    ensure!(report["scan"]["editions"]["packs"][PACK_NAME] == "2026-11-21", "{report:#}");
    ensure!(
        report["scan"]["notes"].to_string().contains("was last checked on 2025-01-01"),
        "{report:#}"
    );
    let (secret, is_sealed) = finding(report, PACK_NAME)?;
    ensure!(is_sealed && secret["verdict"] == "match", "{secret:#}");
    let part = format!("x.{PART_NAME}");
    let parts = report["devices"][0]["parts"].as_array().context("parts")?;
    ensure!(parts.iter().any(|tag| *tag == part.as_str()), "{report:#}");
    if is_open_there {
        // The pack is open, and what the sealed parts make of it is not.
        let (core, is_sealed) = finding(report, "core-order")?;
        ensure!(is_sealed && core["verdict"] == "match", "{core:#}");
    }
    Ok(())
}

fn with_key() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    let cleared = ["--cleared-with", "@host.key", "--trusted-key", "@legal.pub"];
    for (pack, code) in open_packs() {
        desk.write("order.toml", pack, 0o644)?;
        let without = vault.scan("json", &OPEN)?;
        let with = vault.scan("json", &[&OPEN[..], &SEALED, &cleared].concat())?;
        assert_shown(&with.expect_code(1)?.json()?, code == 2)?;
        ensure!(logged(&with.stderr) == logged(&without.stderr), "{without}\n---\n{with}");
        let table = vault.scan("table", &[&OPEN[..], &SEALED, &cleared].concat())?;
        ensure!(table.code == 1 && table.stdout.contains(", sealed"), "{table}");
        ensure!(table.stdout.contains(PACK_NAME), "{table}");
        // A finding that everybody may see is none of it.
        if code == 2 {
            let rules = [
                "--rules",
                "@order.toml",
                "--rules",
                "@secret.toml.age",
                "--allow-unsigned",
                "@order.toml",
            ];
            let report = vault.scan("json", &[&rules[..], &cleared].concat())?.json()?;
            let (core, is_sealed) = finding(&report, "core-order")?;
            ensure!(!is_sealed && core["verdict"] == "undetermined", "{core:#}");
        }
    }
    // The schema knows it.
    let report = vault.scan("json", &[&OPEN[..], &SEALED, &cleared].concat())?;
    crate::manners::holds_against_the_schema(&desk.stage, &report.stdout)?;
    let plan = vault.scan("table", &[&OPEN[..], &SEALED, &cleared, &["--dry-run"]].concat())?;
    ensure!(plan.stdout.contains(&format!("rule packs: core-order, {PACK_NAME}")), "{plan}");
    // A signature by nobody whom he trusts is no better for being on something sealed.
    let unknown = [&OPEN[..], &SEALED, &cleared[..2]].concat();
    let refused = vault.scan("json", &unknown)?;
    ensure!(
        refused.code == 78
            && refused.stderr.contains("secret.toml.age: is by nobody whom you trust"),
        "{refused}"
    );
    assert_silent("a refusal", &refused)?;
    vault
        .scan("json", &[&unknown[..], &["--allow-unsigned", "@secret.toml.age"]].concat())?
        .expect_code(1)?;
    Ok(())
}

fn marked() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    let config = "[rules]\nidentity = \"host.key\"\ntrusted-keys = [\"legal.pub\"]\n[output.stdout]\ncleared = true\n";
    desk.write("cleared.toml", config, 0o644)?;
    let unkeyed = config.replace("identity = \"host.key\"\n", "");
    desk.write("unkeyed.toml", unkeyed, 0o644)?;
    for (pack, code) in open_packs() {
        desk.write("order.toml", pack, 0o644)?;
        let without = vault.scan("json", &OPEN)?;
        let from_flag = ["-c", "@unkeyed.toml", "--identity", "@host.key"];
        for more in [&["-c", "@cleared.toml"][..], &from_flag] {
            let with = vault.scan("json", &[&OPEN[..], &SEALED, more].concat())?;
            // Whoever started it sees the code and stderr, wherever the output goes.
            assert_shown(&with.expect_code(code)?.json()?, code == 2)?;
            ensure!(logged(&with.stderr) == logged(&without.stderr), "{without}\n---\n{with}");
        }
    }
    let keyless = vault.scan("json", &[&OPEN[..], &SEALED, &["-c", "@unkeyed.toml"]].concat())?;
    ensure!(
        keyless.code == 78 && keyless.stderr.contains("is sealed, and no key is named"),
        "{keyless}"
    );
    let plain = vault.scan("json", &[&OPEN[..], &["-c", "@unkeyed.toml"]].concat())?.json()?;
    ensure!(plain["scan"]["cleared"] == true, "{plain:#}");
    Ok(())
}

fn mistaken() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    let cleared = ["--cleared-with", "@host.key", "--trusted-key", "@legal.pub"];
    let pack = secret_pack();
    for (wrong, places, told) in [
        (
            pack.replace("severity = \"high\"", &format!("severity = \"{PACK_NAME}\"")),
            "1 mistake at 17:12",
            PACK_NAME,
        ),
        (
            format!("{pack}\n{PACK_NAME} = {{ =\n"),
            "mistakes at 45:",
            "secret.toml.age:45:23: is not TOML",
        ),
        (pack.replace("\"huawei\"", &format!("\"{PACK_NAME}\"")), "1 mistake at 21:12", PACK_NAME),
    ] {
        vault.seal("secret.toml", &wrong, &["--force"])?;
        vault.sign("secret.toml.age")?;
        let run = vault.scan("json", &[&SEALED[..2], &cleared].concat())?;
        run.expect_code(78)?;
        assert_silent("a scan", &run)?;
        ensure!(
            run.stderr.contains("secret.toml.age: ") && run.stderr.contains(places),
            "{places}: {run}"
        );
        let checked =
            desk.herkomst(&["rules", "check", "@secret.toml.age", "--identity", "@host.key"])?;
        ensure!(checked.code == 65 && checked.stderr.contains(told), "{checked}");
    }
    let wrong = secret_parts().replace("core.up", PART_NAME);
    vault.seal("parts.toml", &wrong, &["--force"])?;
    let run = vault.scan("json", &[&SEALED[2..], &cleared].concat())?;
    run.expect_code(78)?;
    assert_silent("a scan", &run)?;
    ensure!(run.stderr.contains("parts.toml.age: 1 mistake"), "{run}");
    let told = desk.herkomst(&["rules", "check", "@parts.toml.age", "--identity", "@host.key"])?;
    ensure!(told.code == 65 && told.stderr.contains(PART_NAME), "{told}");
    // A vendor that does not exist is in order but for that, and shows in a scan.
    let order = format!(
        "[[order]]\npack = \"a\"\nreference = \"1\"\nissuer = \"b\"\nscope = \"c\"\ndate = 2026-01-01\nvendors = [\"{PART_NAME}\"]\n"
    );
    vault.seal("parts.toml", &order, &["--force"])?;
    let run = vault.scan("json", &[&SEALED[2..], &cleared].concat())?;
    run.expect_code(78)?;
    assert_silent("a scan", &run)?;
    ensure!(run.stderr.contains("parts.toml.age: 1 mistake at 7:"), "{run}");
    let told = desk.herkomst(&["rules", "check", "@parts.toml.age", "--identity", "@host.key"])?;
    ensure!(told.code == 65 && told.stderr.contains("is no vendor of the register"), "{told}");
    // Without force it would not have come so far.
    desk.write("wrong.toml", &wrong, 0o600)?;
    let words = ["rules", "seal", "@wrong.toml", "--to", &vault.recipient];
    desk.refused(&words, 65, &["wrong.toml:", "is not a part tag"])?;
    let sent = desk.stage.capture().from_scanner().count();
    ensure!(sent == 0, "{sent} frames were sent");
    Ok(())
}

fn refusals() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    desk.herkomst(&["rules", "keygen", "host", "@other.key"])?.expect_code(0)?;
    let scan = ["scan", "10.99.0.11", "--operator", "@parts.toml.age", "--cleared-with"];
    let refused = |key: &str, says: &[&str]| desk.refused(&[&scan[..], &[key]].concat(), 78, says);
    refused(
        "@other.key",
        &["parts.toml.age: cannot be opened: the file is sealed to another key"],
    )?;
    refused("@none.key", &["none.key: cannot be read"])?;
    desk.write("public.key", &vault.recipient, 0o600)?;
    refused("@public.key", &["public.key: is the public side of a key"])?;
    refused("@legal.key", &["legal.key: is a key that signs"])?;
    fs::set_permissions(desk.path("host.key"), fs::Permissions::from_mode(0o644))?;
    refused("@host.key", &["host.key: has mode 0644", "chmod 600"])?;
    fs::set_permissions(desk.path("host.key"), fs::Permissions::from_mode(0o600))?;
    let whole = fs::read(desk.path("parts.toml.age"))?;
    for (bytes, says) in [
        (whole[..whole.len() - 1].to_vec(), "parts.toml.age: cannot be opened: the content"),
        (
            whole[..100].to_vec(),
            "parts.toml.age: cannot be opened: the sealed file is cut short in its header",
        ),
        ([&whole[..whole.len() - 9], b"x", &whole[whole.len() - 8..]].concat(), "was changed"),
        (whole[..30].to_vec(), "cut short"),
        (b"age-encryption.org/v2\n".to_vec(), "another version of age"),
        (Vec::new(), "parts.toml.age: is not sealed, and its name says that it is"),
    ] {
        desk.write("parts.toml.age", bytes, 0o600)?;
        refused("@host.key", &[says])?;
    }
    fs::OpenOptions::new().write(true).open(desk.path("parts.toml.age"))?.set_len(0)?;
    desk.write("parts.toml.age", &whole, 0o600)?;
    fs::OpenOptions::new().write(true).open(desk.path("parts.toml.age"))?.set_len(100 << 20)?;
    refused("@host.key", &["the most that a sealed file has"])?;
    // What cannot be sealed.
    desk.write("plain.toml", secret_parts(), 0o600)?;
    let secret = fs::read_to_string(desk.path("host.key"))?;
    let secret = secret.lines().last().context("a key")?;
    desk.write("hosts", format!("{secret}\nage1xyz\n"), 0o600)?;
    for (words, code, says) in [
        (&["rules", "seal", "@plain.toml"][..], 64, &["--to: names 0 keys"][..]),
        (
            &["rules", "seal", "@plain.toml", "--recipients-file", "@hosts"],
            64,
            &["hosts:1: is or holds a secret key", "hosts:2: is no age recipient"],
        ),
        (
            &["rules", "seal", "@plain.toml", "--to", &vault.recipient, "-o", "@out.sealed"],
            64,
            &["must end in .age"],
        ),
        (
            &["rules", "seal", "@secret.toml.age", "--to", &vault.recipient],
            65,
            &["is sealed already"],
        ),
        (&["rules", "unseal", "@plain.toml", "--identity", "@host.key"], 65, &["is not sealed"]),
        (
            &["rules", "unseal", "@secret.toml.age", "--identity", "@other.key"],
            65,
            &["sealed to another key"],
        ),
    ] {
        desk.refused(words, code, says)?;
        let run = desk.herkomst(words)?;
        ensure!(!run.stderr.contains(&secret[..24]), "a secret key is shown\n{run}");
    }
    Ok(())
}

fn silenced() -> Result<()> {
    let vault = Vault::new()?;
    let desk = &vault.desk;
    desk.herkomst(&["rules", "sign", "@order.toml", "--key", "@legal.key"])?.expect_code(0)?;
    let scan = ["scan", "10.99.0.11", "--rules", "@order.toml", "--trusted-key", "@legal.pub"];
    fs::copy(desk.path("secret.toml.age"), desk.path("order.toml"))?;
    desk.refused(&scan, 78, &["order.toml: is sealed, and its name must say so"])?;
    let more = ["--operator", "@order.toml"];
    desk.refused(
        &[&scan[..2], &more].concat(),
        78,
        &["order.toml: is sealed, and its name must say so"],
    )?;
    Ok(())
}
