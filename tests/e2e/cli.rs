//! Bad input: a clear error, the right exit code (sysexits), and not one frame sent.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::stage::{Stage, scenario};
use crate::trial;

const NETWORK: &str = "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("cli/wrong_arguments_are_refused_before_a_frame_is_sent", wrong_arguments),
        trial("cli/a_credentials_file_that_others_can_read_is_refused", open_credentials),
        trial("cli/a_mistyped_configuration_key_is_named_with_the_nearest", mistyped_key),
        trial("cli/an_interface_that_is_down_is_refused", interface_down),
        trial("cli/more_than_a_16_is_not_swept_unasked", too_large),
        trial("cli/a_closed_pipe_is_no_failure", closed_pipe),
    ]
}

/// Runs it, and holds exit code, message and silence on the wire against what is expected.
fn refused(stage: &Stage, args: &[&str], code: i32, says: &[&str]) -> Result<()> {
    let run = stage.herkomst(args)?;
    run.expect_code(code)?;
    for text in says {
        ensure!(run.stderr.contains(text), "{args:?}: stderr does not say {text:?}\n{run}");
    }
    ensure!(run.stdout.is_empty(), "{args:?}: a refusal writes no result\n{run}");
    let sent = stage.capture().from_scanner().count();
    ensure!(sent == 0, "{args:?}: {sent} frames were sent");
    Ok(())
}

fn wrong_arguments() -> Result<()> {
    let stage = Stage::build(&scenario(NETWORK)?)?;
    for (args, code, says) in [
        (vec!["scan", "10.99.0.0/33"], 64, vec!["10.99.0.0/33"]),
        (vec!["scan", "10.99.0.300"], 64, vec!["10.99.0.300"]),
        (vec!["scan", "10.99.0.9-10.99.0.1"], 64, vec!["10.99.0.9-10.99.0.1"]),
        (vec!["scan", "0.0.0.0/0"], 64, vec!["0.0.0.0/0"]),
        (vec!["scan", "@/nonexistent/targets"], 64, vec!["/nonexistent/targets"]),
        (vec!["scan", "10.99.0.0/24", "--exclude", "10.99.0.x"], 64, vec!["10.99.0.x"]),
        (vec!["scan", "10.99.0.0/24", "-i", "eth9"], 64, vec!["eth9", "eth0"]),
        (vec!["scan", "10.99.0.0/24", "--rate", "0"], 64, vec!["rate"]),
        (vec!["scan", "10.99.0.0/24", "--rate", "many"], 64, vec!["many"]),
        (vec!["scan", "10.99.0.0/24", "--methods", "arp,snpm"], 64, vec!["snpm", "snmp"]),
        (vec!["scan", "10.99.0.0/24", "--listen", "soon"], 64, vec!["soon"]),
        (vec!["scan", "10.99.0.0/24", "--rules", "no-such-pack"], 64, vec!["no-such-pack"]),
        (
            vec!["scan", "10.99.0.0/24", "--snmp-credentials", "/nonexistent/file"],
            78,
            vec!["/nonexistent/file"],
        ),
        (vec!["scan", "10.99.0.0/24", "-c", "/nonexistent/file"], 78, vec!["/nonexistent/file"]),
        (vec!["scan", "10.99.0.0/24", "--no-such-flag"], 64, vec!["--no-such-flag"]),
        (vec!["scann"], 64, vec!["scann"]),
    ] {
        refused(&stage, &args, code, &says)?;
    }
    Ok(())
}

fn open_credentials() -> Result<()> {
    let stage = Stage::build(&scenario(NETWORK)?)?;
    let text = "[[credential]]\nname = \"c\"\nprefixes = [\"10.99.0.0/24\"]\nv2c = { community = \"hidden-word\" }\n";
    let path = stage.secret_file("open.toml", text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
    let path = path.display().to_string();
    refused(
        &stage,
        &["scan", "10.99.0.0/24", "--snmp-credentials", &path],
        78,
        &[&path, "0644", "0600"],
    )?;

    // A mistake in the file is told with its place, and no secret with it.
    let path = stage
        .secret_file("wrong.toml", &text.replace("prefixes", "prefixs"))?
        .display()
        .to_string();
    let args = ["scan", "10.99.0.0/24", "--snmp-credentials", &path];
    refused(&stage, &args, 78, &["prefixs", "prefixes"])?;
    let run = stage.herkomst(&args)?;
    ensure!(!run.stderr.contains("hidden-word"), "a secret was printed\n{run}");
    Ok(())
}

fn mistyped_key() -> Result<()> {
    let stage = Stage::build(&scenario(NETWORK)?)?;
    let path = stage.folder.path().join("herkomst.toml");
    fs::write(&path, "[scan]\nexclud = [\"10.99.0.1\"]\n")?;
    let path = path.display().to_string();
    refused(&stage, &["scan", "10.99.0.0/24", "-c", &path], 78, &["exclud", "exclude", &path])
}

fn interface_down() -> Result<()> {
    let stage = Stage::build(&scenario(NETWORK)?)?;
    stage.scanner.run(|| herkomst_net::links::set_down("eth0"))??;
    refused(&stage, &["scan", "10.99.0.0/24", "-i", "eth0"], 69, &["eth0", "down"])?;
    refused(&stage, &["scan"], 69, &[])
}

fn too_large() -> Result<()> {
    let stage = Stage::build(&scenario(&NETWORK.replace("/24", "/15"))?)?;
    refused(&stage, &["scan"], 64, &["10.98.0.0/15", "131070", "--force"])
}

/// `herkomst … | head -1`: the reader is gone before the result comes.
fn closed_pipe() -> Result<()> {
    let stage = Stage::build(&scenario(&format!(
        "{NETWORK}[[device]]\nuses = \"nobody-host\"\naddress = \"10.99.0.71\"\n"
    ))?)?;
    let script = "\"$0\" scan 10.99.0.71 -o json | true; echo ${PIPESTATUS[0]}";
    let run =
        crate::stage::run(&stage.scanner, "/bin/bash", &["-c", script, crate::stage::program()])?;
    ensure!(run.stdout.trim() != "101" && !run.stderr.contains("roken pipe"), "{run}");
    Ok(())
}
