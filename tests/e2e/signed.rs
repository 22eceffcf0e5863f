//! Packs from outside: taken when a trusted key signed them or their name was allowed, and refused before a frame is sent.
//! The other side is the `minisign` of Debian.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::parts::anywhere;
use crate::stage::{Run, Stage, program, run, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("signed/minisign_and_herkomst_take_each_others_signatures_and_keys", peers),
        trial(
            "signed/a_pack_that_nobody_trusted_signed_is_refused_unless_its_name_is_allowed",
            refusals,
        ),
        trial("signed/the_configuration_names_keys_and_packs_beside_itself", configured),
        trial("signed/a_wrong_key_password_or_pack_is_told_and_nothing_is_written", mistakes),
        trial("signed/a_password_is_asked_for_on_the_terminal_and_not_shown", typed),
    ]
}

/// A network with one device, and a folder with one pack.
pub(crate) struct Desk {
    pub(crate) stage: Stage,
}

impl Desk {
    pub(crate) fn new() -> Result<Self> {
        let stage = Stage::build(&scenario(
            "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n[[device]]\nuses = \"huawei-s5735\"\naddress = \"10.99.0.11\"\n",
        )?)?;
        let desk = Self { stage };
        desk.write("order.toml", anywhere(), 0o644)?;
        Ok(desk)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.stage.folder.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) -> Result<String> {
        let path = self.path(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        Ok(path)
    }

    /// Runs it in the folder of the test; words that begin with `@` are files there.
    pub(crate) fn run(&self, program: &str, words: &[&str]) -> Result<Run> {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.strip_prefix('@').map_or((*word).to_owned(), |name| self.path(name)))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&self.stage.scanner, program, &words)
    }

    pub(crate) fn herkomst(&self, words: &[&str]) -> Result<Run> {
        self.run(program(), words)
    }

    pub(crate) fn scan(&self, more: &[&str]) -> Result<Run> {
        self.herkomst(&[&["scan", "10.99.0.11", "-o", "json"], more].concat())
    }

    pub(crate) fn refused(&self, words: &[&str], code: i32, says: &[&str]) -> Result<()> {
        let run = self.herkomst(words)?;
        run.expect_code(code)?;
        for text in says {
            ensure!(run.stderr.contains(text), "{words:?}: stderr does not say {text:?}\n{run}");
        }
        ensure!(run.stdout.is_empty(), "{words:?}: a refusal writes no result\n{run}");
        let sent = self.stage.capture().from_scanner().count();
        ensure!(sent == 0, "{words:?}: {sent} frames were sent");
        Ok(())
    }
}

fn peers() -> Result<()> {
    let desk = Desk::new()?;
    let made = desk.herkomst(&["rules", "keygen", "signing", "@ours.key", "--no-password"])?;
    made.expect_code(0)?;
    let public = fs::read_to_string(desk.path("ours.pub"))?;
    ensure!(made.stdout.ends_with(&public), "the public half is printed\n{made}");
    let mode = fs::metadata(desk.path("ours.key"))?.permissions().mode() & 0o7777;
    ensure!(mode == 0o600, "the secret half has mode {mode:o}");

    desk.herkomst(&[
        "rules",
        "sign",
        "@order.toml",
        "--key",
        "@ours.key",
        "--comment",
        "für den Kern",
    ])?
    .expect_code(0)?;
    let verify = ["-V", "-Q", "-p", "@ours.pub", "-m", "@order.toml"];
    let verified = desk.run("minisign", &verify)?;
    verified.expect_code(0)?;
    ensure!(verified.stdout.trim_end() == "für den Kern", "{verified}");
    let report = desk.scan(&["--rules", "@order.toml", "--trusted-key", "@ours.pub"])?;
    let report = report.expect_code(1)?.json()?;
    ensure!(report["scan"]["editions"]["packs"]["core-order"] == "2026-11-21", "{report}");

    // With our key, by minisign; then with a key of its own, of either form.
    desk.run("minisign", &["-S", "-s", "@ours.key", "-m", "@order.toml"])?.expect_code(0)?;
    desk.scan(&["--rules", "@order.toml", "--trusted-key", "@ours.pub"])?.expect_code(1)?;
    let keygen = ["-G", "-W", "-p", "@theirs.pub", "-s", "@theirs.key"];
    desk.run("minisign", &keygen)?.expect_code(0)?;
    for form in [&[][..], &["-l"]] {
        let sign = ["-S", "-s", "@theirs.key", "-m", "@order.toml", "-t", "as delivered"];
        desk.run("minisign", &[&sign[..], form].concat())?.expect_code(0)?;
        desk.scan(&["--rules", "@order.toml", "--trusted-key", "@theirs.pub"])?.expect_code(1)?;
    }
    // And we sign with theirs; a signature that is there is replaced when that is said.
    let sign = ["rules", "sign", "@order.toml", "--key", "@theirs.key"];
    let kept = desk.herkomst(&sign)?;
    ensure!(kept.code == 64 && kept.stderr.contains("--force replaces it"), "{kept}");
    desk.herkomst(&[&sign[..], &["--force"]].concat())?.expect_code(0)?;
    desk.run("minisign", &["-V", "-p", "@theirs.pub", "-m", "@order.toml"])?.expect_code(0)?;

    // What judges nothing needs no signature, and says whose there is.
    for (more, says) in [
        (&["--trusted-key", "@theirs.pub"][..], "signed by "),
        (&["--trusted-key", "@ours.pub"], "not verified: the signature is by key "),
        (&[], "not verified: the signature is by key "),
    ] {
        for command in ["check", "test", "show"] {
            let run = desk.herkomst(&[&["rules", command, "@order.toml"], more].concat())?;
            run.expect_code(0)?;
            ensure!(run.stdout.contains(says), "{command} does not say {says:?}\n{run}");
        }
    }
    Ok(())
}

fn refusals() -> Result<()> {
    let desk = Desk::new()?;
    for key in ["legal", "other"] {
        let path = format!("@{key}.key");
        desk.herkomst(&["rules", "keygen", "signing", &path, "--no-password"])?.expect_code(0)?;
    }
    let scan = ["scan", "10.99.0.11", "--rules", "@order.toml", "--trusted-key", "@legal.pub"];
    let refused =
        |more: &[&str], says: &[&str]| desk.refused(&[&scan[..], more].concat(), 78, says);
    let allow = ["--allow-unsigned", "@order.toml"];
    let trust_other = ["--trusted-key", "@other.pub"];

    refused(&[], &["order.toml: is not signed", "order.toml.minisig", "--allow-unsigned"])?;
    refused(&["--allow-unsigned", "@another.toml"], &["is not signed"])?;
    desk.herkomst(&["rules", "sign", "@order.toml", "--key", "@other.key"])?.expect_code(0)?;
    refused(&[], &["by nobody whom you trust", "which is not trusted; trusted are", "legal.pub"])?;
    // A signature that does not fit, or is none, is refused whatever is allowed.
    let (pack, signature) =
        (fs::read_to_string(desk.path("order.toml"))?, fs::read(desk.path("order.toml.minisig"))?);
    desk.write("order.toml", pack.replace("\"high\"", "\"info\""), 0o644)?;
    for more in [&trust_other[..], &[&trust_other[..], &allow].concat()] {
        refused(
            more,
            &["order.toml: its signature", "the file does not fit the signature by key"],
        )?;
    }
    let checked =
        desk.herkomst(&["rules", "check", "@order.toml", "--trusted-key", "@other.pub"])?;
    ensure!(checked.code == 65 && checked.stderr.contains("does not fit"), "{checked}");
    desk.write("order.toml", &pack, 0o644)?;
    desk.write("order.toml.minisig", &signature[..signature.len() / 2], 0o644)?;
    refused(&allow, &["order.toml.minisig cannot be read"])?;
    let comment = String::from_utf8(signature.clone())?.replace("file:", "File:");
    desk.write("order.toml.minisig", comment, 0o644)?;
    refused(&trust_other, &["the trusted comment does not fit the signature"])?;
    desk.write("order.toml.minisig", &signature, 0o644)?;

    // Keys that say nothing.
    refused(&["--trusted-key", "@other.key"], &["other.key: is a secret key"])?;
    refused(&["--trusted-key", "@order.toml"], &["order.toml: the public key is not one"])?;
    fs::set_permissions(desk.path("other.pub"), fs::Permissions::from_mode(0o666))?;
    refused(&trust_other, &["can be written by everybody"])?;
    fs::set_permissions(desk.path("other.pub"), fs::Permissions::from_mode(0o644))?;

    // A hundred megabytes, as a pack and as a signature.
    for (name, says) in [
        ("order.toml", "is longer than 1048576 octets"),
        ("order.toml.minisig", "bytes, allowed are at most"),
    ] {
        let before = fs::read(desk.path(name))?;
        fs::File::create(desk.path(name))?.set_len(100 << 20)?;
        refused(&trust_other, &[says])?;
        desk.write(name, before, 0o644)?;
    }

    // Nothing was sent so far; now it is judged, and a signature by another key is said to be no help.
    let run = desk.herkomst(&[&scan[..], &allow].concat())?;
    run.expect_code(1)?;
    ensure!(run.stderr.contains("rule pack is not verified"), "{run}");
    fs::remove_file(desk.path("order.toml.minisig"))?;
    let run = desk.herkomst(&[&scan[..], &allow].concat())?;
    run.expect_code(1)?;
    ensure!(run.stderr.contains("rule pack is not signed: judged all the same"), "{run}");
    Ok(())
}

fn configured() -> Result<()> {
    let desk = Desk::new()?;
    desk.herkomst(&["rules", "keygen", "signing", "@legal.key", "--no-password"])?
        .expect_code(0)?;
    let config = |rules: &str| {
        let text = format!("[scan]\nrules = [\"order.toml\"]\n[rules]\n{rules}\n");
        desk.write("herkomst.toml", text, 0o644)
    };
    let scan = ["scan", "10.99.0.11", "-o", "json", "-c", "@herkomst.toml"];
    config("trusted-keys = [\"legal.pub\"]")?;
    desk.refused(&scan, 78, &["order.toml: is not signed"])?;
    config("trusted-key = [\"legal.pub\"]\nidentity = 3")?;
    desk.refused(
        &scan,
        78,
        &["did you mean \"trusted-keys\"?", "rules.identity is a whole number"],
    )?;
    config("trusted-keys = [\"illegal.pub\"]")?;
    desk.refused(&scan, 78, &["illegal.pub: cannot be read"])?;
    config("allow-unsigned = [\"order.toml\"]")?;
    desk.herkomst(&scan)?.expect_code(1)?;
    config("trusted-keys = [\"legal.pub\"]")?;
    desk.herkomst(&["rules", "sign", "@order.toml", "--key", "@legal.key"])?.expect_code(0)?;
    let run = desk.herkomst(&[&scan[..], &["-v"]].concat())?;
    run.expect_code(1)?;
    ensure!(run.stderr.contains("signed by ") && run.stderr.contains("legal.pub (key "), "{run}");
    Ok(())
}

fn mistakes() -> Result<()> {
    let desk = Desk::new()?;
    let keygen = ["rules", "keygen", "signing", "@legal.key"];
    let password = desk.write("password", "correct horse\n", 0o600)?;
    let refused = |words: &[&str], code, says: &[&str]| desk.refused(words, code, says);
    refused(&keygen, 64, &["no terminal to ask on: --password-file FILE"])?;
    let made = desk.herkomst(&[&keygen[..], &["--password-file", &password]].concat())?;
    made.expect_code(0)?;
    refused(&[&keygen[..], &["--no-password"]].concat(), 64, &["legal.key: is there already"])?;

    let sign = ["rules", "sign", "@order.toml", "--key"];
    fn joined<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        [first, more].concat()
    }
    refused(&joined(&sign, &["@legal.key"]), 64, &["no terminal to ask on"])?;
    desk.write("wrong", "wrong horse\n", 0o600)?;
    refused(
        &joined(&sign, &["@legal.key", "--password-file", "@wrong"]),
        65,
        &["legal.key: the password does not open the secret key"],
    )?;
    refused(&joined(&sign, &["@legal.pub"]), 78, &["has mode 0644", "chmod 600"])?;
    fs::set_permissions(desk.path("legal.pub"), fs::Permissions::from_mode(0o600))?;
    refused(&joined(&sign, &["@legal.pub"]), 65, &["legal.pub: is a public key, which verifies"])?;
    refused(&joined(&sign, &["@none"]), 78, &["none: cannot be read"])?;
    refused(&joined(&sign, &["@order.toml"]), 78, &["order.toml: has mode 0644"])?;
    let pack = fs::read_to_string(desk.path("order.toml"))?;
    desk.write("wrong.toml", pack.replace("\"remove\"", "\"remoof\""), 0o644)?;
    let wrong =
        ["rules", "sign", "@wrong.toml", "--key", "@legal.key", "--password-file", &password];
    refused(&wrong, 65, &["wrong.toml:", "did you mean \"remove\"?"])?;
    let wrong =
        joined(&sign, &["@legal.key", "--password-file", &password, "--comment", "two\nlines"]);
    refused(&wrong, 64, &["--comment: the trusted comment is not one"])?;
    for name in ["order.toml.minisig", "wrong.toml.minisig"] {
        ensure!(!fs::exists(desk.path(name))?, "{name} was written");
    }
    desk.herkomst(&joined(&sign, &["@legal.key", "--password-file", &password]))?.expect_code(0)?;
    desk.run("minisign", &["-V", "-p", "@legal.pub", "-m", "@order.toml"])?.expect_code(0)?;
    Ok(())
}

/// A terminal of Python's making: the password is typed there, and all that the terminal shows is looked at.
fn typed() -> Result<()> {
    let desk = Desk::new()?;
    // Switching the echo off throws away what was typed before: nobody types until it is off.
    let script = "import os, pty, sys, termios\n\
        words = [word.encode() for word in sys.argv[2].split('|')]\n\
        pid, terminal = pty.fork()\n\
        if pid == 0: os.execv(sys.argv[1], sys.argv[1:2] + sys.argv[3:])\n\
        shown = b''\n\
        while True:\n\
        \x20   try: more = os.read(terminal, 4096)\n\
        \x20   except OSError: break\n\
        \x20   if not more: break\n\
        \x20   shown += more\n\
        \x20   if words and shown.endswith((b'key: ', b'again: ', b'.key: ')):\n\
        \x20       while termios.tcgetattr(terminal)[3] & termios.ECHO: pass\n\
        \x20       os.write(terminal, words.pop(0) + b'\\n')\n\
        print(shown.decode())\n\
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";
    let at_terminal = |typed: &str, words: &[&str]| {
        let all = [&["-c", script, program(), typed], words].concat();
        desk.run("/usr/bin/python3", &all)
    };
    let keygen = ["rules", "keygen", "signing", "@legal.key"];
    let differ = at_terminal("correct horse|correct house", &keygen)?;
    ensure!(differ.code == 64 && differ.stdout.contains("the two passwords differ"), "{differ}");
    let empty = at_terminal("", &keygen)?;
    ensure!(empty.code == 64 && empty.stdout.contains("the password is empty"), "{empty}");
    ensure!(!fs::exists(desk.path("legal.key"))?, "no key is left behind");
    let made = at_terminal("correct horse|correct horse", &keygen)?;
    made.expect_code(0)?;
    let sign = ["rules", "sign", "@order.toml", "--key", "@legal.key"];
    let wrong = at_terminal("wrong horse", &sign)?;
    ensure!(wrong.code == 65 && wrong.stdout.contains("the password does not open"), "{wrong}");
    let signed = at_terminal("correct horse", &sign)?;
    signed.expect_code(0)?;
    for run in [&differ, &made, &wrong, &signed] {
        ensure!(!run.stdout.contains("horse"), "the password is shown\n{run}");
    }
    desk.run("minisign", &["-V", "-p", "@legal.pub", "-m", "@order.toml"])?.expect_code(0)?;
    Ok(())
}
