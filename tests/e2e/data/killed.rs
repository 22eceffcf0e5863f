//! An update that is ended at any point leaves a working edition, the old or the new one, and the next update succeeds.
//!
//! strace ends the program at each system call that changes a file, one after the other, until a run comes to its end.
//! It works for an ordinary user too, since a process may trace its children; where it does not, the test fails and says
//! what is in the way.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use herkomst_registry::RegistryKind;
use libtest_mimic::Trial;

use super::{Desk, FILE, PREVIOUS, digest, listings};
use crate::stage::{Run, program};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("data/an_update_killed_at_any_point_leaves_a_working_edition", || {
            killed_everywhere(false)
        }),
        trial("data/going_back_killed_at_any_point_leaves_a_working_edition", || {
            killed_everywhere(true)
        }),
    ]
}

/// All that opens, makes, changes, names or removes a file. A name that this machine's kernel lacks is no mistake (?).
const CALLS: &str = "?open,openat,?openat2,?creat,write,?writev,?pwrite64,fsync,?fdatasync,?sync_file_range,ftruncate,\
                     ?fallocate,?copy_file_range,?link,linkat,?rename,renameat,renameat2,?unlink,unlinkat,?mkdir,mkdirat,\
                     ?chmod,fchmod,fchmodat,flock";

/// More runs than an update has such calls.
const MOST: usize = 400;

/// Runs the program under strace, which notes those calls, and ends it at the one that is named by its number.
fn traced(desk: &Desk, calls: &str, kill: Option<usize>, args: &[&str]) -> Result<Run> {
    let (trace, log) = (format!("trace={calls}"), desk.named("trace"));
    let mut all = vec!["-f", "-o", &log, "-e", &trace];
    let inject = kill.map(|number| format!("inject={calls}:signal=KILL:when={number}"));
    if let Some(inject) = &inject {
        all.extend(["-e", inject]);
    }
    all.extend(["--", program()]);
    all.extend(args);
    desk.run("strace", &all)
}

/// How often a whole run makes each of the calls.
fn counted(desk: &Desk, args: &[&str]) -> Result<BTreeMap<String, usize>> {
    let run = traced(desk, CALLS, None, args)?;
    if run.code != 0 {
        let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
        bail!(
            "did not run: strace cannot run the program under its eyes. Is it installed (./install.sh)? Is tracing of children \
             allowed here (kernel.yama.ptrace_scope is {:?}, 3 forbids it; a container may filter ptrace)?\n{run}",
            scope.trim()
        );
    }
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(desk.path("trace"))?.lines() {
        // `1234  openat(AT_FDCWD, …`: process, call.
        let call = line.split_once(' ').and_then(|(_, rest)| rest.trim_start().split_once('('));
        if let Some((call, _)) = call.filter(|(call, _)| !call.contains(' ')) {
            *counts.entry(call.to_owned()).or_insert(0) += 1;
        }
    }
    for call in ["openat", "write", "fsync"] {
        ensure!(
            counts.contains_key(call),
            "no {call} was seen, so this proves nothing: {counts:?}"
        );
    }
    ensure!(counts.keys().any(|call| call.starts_with("rename")), "{counts:?}");
    Ok(counts)
}

fn restore(desk: &Desk, saved: &[(&str, Vec<u8>)]) -> Result<()> {
    fs::remove_dir_all(desk.path("data"))?;
    fs::create_dir(desk.path("data"))?;
    for (name, bytes) in saved {
        fs::write(desk.path("data").join(name), bytes)?;
    }
    Ok(())
}

fn killed_everywhere(back: bool) -> Result<()> {
    let desk = Desk::with_file()?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let first = desk.file()?;
    let mut args = vec!["data", "update"];
    let mut saved = vec![(FILE, first.clone())];
    if back {
        // The one in use is the second, the one before it the first.
        desk.update(&[&cid])?.expect_code(0)?;
        saved = vec![(FILE, desk.file()?), (PREVIOUS, first)];
        args.push("--previous");
    } else {
        args.push(&cid);
    }
    restore(&desk, &saved)?;
    let old = digest(&desk.show()?)?;
    let counts = counted(&desk, &args)?;
    let new = digest(&desk.show()?)?;
    ensure!(old != new, "the run changes the edition");
    let (mut kills, mut of_old, mut of_new) = (0, 0, 0);
    for call in counts.keys() {
        for number in 1.. {
            ensure!(number < MOST, "{call} does not come to an end");
            restore(&desk, &saved)?;
            let run = traced(&desk, call, Some(number), &args)?;
            if run.code == 0 {
                break;
            }
            ensure!(run.code == -1, "{call} {number}: not killed, and no good end\n{run}");
            kills += 1;
            let after = || format!("killed at {call} number {number}");
            let shown = desk.show().with_context(after)?;
            let path = shown["in_use"]["path"].as_str().unwrap_or_default();
            ensure!(path.ends_with(FILE), "{}: the file does not answer: {shown}", after());
            match digest(&shown)? {
                digest if digest == old => of_old += 1,
                digest if digest == new => of_new += 1,
                _ => bail!("{}: neither the old nor the new edition: {shown}", after()),
            }
            let check = desk.herkomst(&["data", "check"])?;
            check.expect_code(0).with_context(after)?;
            // Nothing that was there is lost, and a next run clears away what is left.
            let next = desk.update(&[&cid])?;
            next.expect_code(0).with_context(after)?;
            ensure!(
                desk.listed()?.iter().all(|name| !name.ends_with(".tmp")),
                "{}: {:?}",
                after(),
                desk.listed()
            );
            desk.herkomst(&["data", "check"])?.expect_code(0).with_context(after)?;
            if back {
                let previous = desk.path("data").join(PREVIOUS);
                ensure!(previous.exists(), "{}: the edition before is gone", after());
            }
        }
    }
    ensure!(kills >= 20 && of_old > 0 && of_new > 0, "{kills} kills: {of_old} old, {of_new} new");
    Ok(())
}
