//! A stage: the scanner's namespace, the segments built onto it, and the program run there.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use herkomst_lab::network::LiveSegment;
use herkomst_lab::scenario::{DeviceLibrary, Scenario};
use herkomst_lab::{Capture, Peer};
use herkomst_net::{Entered, NamespaceId, NetworkNamespace, current_network};
use serde_json::Value;
use tempfile::TempDir;

/// How long the program may run.
const PATIENCE: Duration = Duration::from_secs(180);

static OUTSIDE: OnceLock<NamespaceId> = OnceLock::new();

/// Notes where the runner was started, before it goes elsewhere.
pub(crate) fn remember_outside() -> Result<()> {
    let outside = current_network()?;
    ensure!(OUTSIDE.set(outside).is_ok(), "the runner starts once");
    Ok(())
}

static ENTERED: OnceLock<Entered> = OnceLock::new();

/// Notes by which right the private network was entered.
pub(crate) fn remember_entered(entered: Entered) -> Result<()> {
    ensure!(ENTERED.set(entered).is_ok(), "the private network is entered once");
    Ok(())
}

/// Fails where no other users exist, with what would help: daemons that give up root change to one of their own.
pub(crate) fn needs_other_users(what: &str) -> Result<()> {
    let missing = ENTERED.get() == Some(&Entered::UserNamespace { whole_range: false });
    ensure!(
        !missing,
        "did not run: {what} changes to another user, and this user namespace has none; run as root, or give this user a \
         range in /etc/subuid and /etc/subgid (usermod --add-subuids 165536-231071 --add-subgids 165536-231071) and newuidmap"
    );
    Ok(())
}

/// Fails in the network that the runner was started in: nothing may be sent there.
pub(crate) fn assert_not_outside(here: NamespaceId) -> Result<()> {
    let outside = OUTSIDE.get().context("nobody noted where the runner was started")?;
    ensure!(here != *outside, "this is the machine's own network, nothing may be sent here");
    Ok(())
}

/// The folder `tests/` of the repository.
pub(crate) fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// The device files of the repository.
pub(crate) fn library() -> DeviceLibrary {
    DeviceLibrary::Folder(tests_folder().join("devices"))
}

/// Reads a scenario that stands in a test.
pub(crate) fn scenario(text: &str) -> Result<Scenario> {
    Ok(Scenario::parse(text, "the scenario of this test", &library())?)
}

/// The scanner's namespace with everything built onto it.
pub(crate) struct Stage {
    // In this order: peers are ended before their network goes.
    peers: Vec<Peer>,
    segments: Vec<LiveSegment>,
    pub(crate) scanner: NetworkNamespace,
    pub(crate) folder: TempDir,
}

impl Stage {
    /// Builds the network of a scenario and starts its peers.
    pub(crate) fn build(scenario: &Scenario) -> Result<Self> {
        assert_not_outside(current_network()?)?;
        let scanner = NetworkNamespace::create().context("making the scanner's network")?;
        assert_not_outside(scanner.id())?;
        let folder = TempDir::new().context("making a folder for the test")?;
        let mut segments = scenario.build(&scanner)?;
        let mut peers = Vec::new();
        for (index, plan) in scenario.peers.iter().enumerate() {
            let own = folder.path().join(format!("peer-{index}"));
            fs::create_dir(&own)?;
            // A daemon that has given up root still reads its files there.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
            fs::set_permissions(&own, fs::Permissions::from_mode(0o755))?;
            let segment = segments.first_mut().context("a scenario has a segment")?;
            peers.push(Peer::start(plan, segment, &own)?);
        }
        Ok(Self { peers, segments, scanner, folder })
    }

    /// The first segment.
    pub(crate) fn segment(&self) -> &LiveSegment {
        &self.segments[0]
    }

    pub(crate) fn segments(&self) -> &[LiveSegment] {
        &self.segments
    }

    pub(crate) fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// What passed the far end of the first segment.
    pub(crate) fn capture(&self) -> Capture {
        self.segment().fakes().capture()
    }

    /// A file only its owner may read, as the program asks for.
    pub(crate) fn secret_file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(path)
    }

    /// Runs `herkomst` with these arguments in the scanner's namespace.
    pub(crate) fn herkomst(&self, args: &[&str]) -> Result<Run> {
        run(&self.scanner, program(), args)
    }

    /// Runs `herkomst` without any capability: with none in the bounding set, user 0 gets none at exec either.
    pub(crate) fn herkomst_without_capabilities(&self, args: &[&str]) -> Result<Run> {
        let mut all = vec![
            "--bounding-set=-all",
            "--inh-caps=-all",
            "--ambient-caps=-all",
            "--no-new-privs",
            "--",
        ];
        all.push(program());
        all.extend(args);
        run(&self.scanner, "setpriv", &all)
    }

    /// Runs what the scenario says, with `-o json`.
    pub(crate) fn scan(&self, scenario: &Scenario) -> Result<Run> {
        let args = self.arguments(scenario)?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        if scenario.scan.unprivileged {
            self.herkomst_without_capabilities(&args)
        } else {
            self.herkomst(&args)
        }
    }

    /// The same, and the most memory that it took, in bytes.
    pub(crate) fn scan_measured(&self, scenario: &Scenario) -> Result<(Run, u64)> {
        let script = "import resource, subprocess, sys\n\
            code = subprocess.call(sys.argv[1:])\n\
            print(f'peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}', file=sys.stderr)\n\
            sys.exit(code)";
        let args = self.arguments(scenario)?;
        let mut all = vec!["-c", script, program()];
        all.extend(args.iter().map(String::as_str));
        let run = run(&self.scanner, "/usr/bin/python3", &all)?;
        let peak = run.stderr.lines().rev().find_map(|line| line.strip_prefix("peak "));
        let kibibytes: u64 = peak.context("the script tells the peak")?.parse()?;
        Ok((run, kibibytes << 10))
    }

    /// The same, ended by SIGTERM as soon as this holds; it is asked again and again while the program runs.
    pub(crate) fn scan_terminated(
        &self,
        scenario: &Scenario,
        when: impl Fn(&Self) -> bool,
    ) -> Result<Run> {
        let args = self.arguments(scenario)?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run_and(&self.scanner, program(), &args, |child, ended| {
            let deadline = Instant::now() + PATIENCE;
            while !when(self) {
                ensure!(Instant::now() < deadline, "what was waited for did not happen");
                let early = ended.recv_timeout(Duration::from_millis(20));
                ensure!(early == Err(RecvTimeoutError::Timeout), "it ended by itself before");
            }
            // Not waited for yet, so the number is still this child's.
            let number = child.id().to_string();
            let sent = Command::new("/bin/sh")
                .args(["-c", "kill -TERM \"$1\"", "sh", &number])
                .status()?;
            ensure!(sent.success(), "the signal could not be sent");
            Ok(())
        })
    }

    /// The arguments that a scenario says, with `-o json` and the files that it holds.
    fn arguments(&self, scenario: &Scenario) -> Result<Vec<String>> {
        let plan = &scenario.scan;
        let mut args = vec!["scan".to_owned()];
        args.extend(plan.args.iter().cloned());
        args.extend(["-o".to_owned(), "json".to_owned()]);
        for (flag, name, text) in [
            ("--snmp-credentials", "credentials.toml", &plan.credentials),
            ("-c", "scan.toml", &plan.config),
        ] {
            if let Some(text) = text {
                let path = self.secret_file(name, text)?;
                args.extend([flag.to_owned(), path.display().to_string()]);
            }
        }
        Ok(args)
    }
}

/// The binary under test, built in the profile of this run.
pub(crate) const fn program() -> &'static str {
    env!("CARGO_BIN_EXE_herkomst")
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Its output as one JSON document.
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("its output is no JSON document:\n{self}"))
    }

    pub(crate) fn expect_code(&self, code: i32) -> Result<&Self> {
        if self.code != code {
            bail!("exit code {}, expected was {code}:\n{self}", self.code);
        }
        Ok(self)
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "exit code {}", self.code)?;
        writeln!(
            f,
            "--- stderr\n{}\n--- stdout\n{}",
            self.stderr,
            self.stdout.chars().take(20_000).collect::<String>()
        )
    }
}

/// Runs a program in a namespace to its end.
pub(crate) fn run(namespace: &NetworkNamespace, program: &str, args: &[&str]) -> Result<Run> {
    run_and(namespace, program, args, |_, _| Ok(()))
}

/// Runs a program in a namespace to its end, and does something meanwhile.
fn run_and(
    namespace: &NetworkNamespace,
    program: &str,
    args: &[&str],
    meanwhile: impl FnOnce(&Child, &mpsc::Receiver<()>) -> Result<()>,
) -> Result<Run> {
    assert_not_outside(namespace.id())?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Nothing of the runner's surroundings may decide a test.
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .env("HOME", "/nonexistent")
        // No registry file, and no vendor files: memory lies over this folder.
        .env("HERKOMST_DATA_DIR", "/nonexistent")
        .env("HERKOMST_VENDORS_DIR", "/run");
    command.env("RUST_BACKTRACE", "1");
    let mut child =
        namespace.spawn(&mut command).with_context(|| format!("{program} did not start"))?;
    let (closed, ended) = mpsc::channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let stdout = collect(out, closed.clone());
    let stderr = collect(err, closed);
    let done = meanwhile(&child, &ended);
    if done.is_err() {
        child.kill().context("ending a program that nothing is waited for any more")?;
    }
    let mut in_time = true;
    for _ in 0..2 {
        in_time &= ended.recv_timeout(PATIENCE).is_ok();
    }
    if !in_time {
        child.kill().context("ending a program that took too long")?;
    }
    let status = child.wait().context("waiting for a program that closed its output")?;
    let text = |reader: std::thread::JoinHandle<Vec<u8>>| match reader.join() {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => bail!("a reader of its output panicked"),
    };
    let run =
        Run { code: status.code().unwrap_or(-1), stdout: text(stdout)?, stderr: text(stderr)? };
    done.with_context(|| format!("{run}"))?;
    ensure!(in_time, "{program} {args:?} did not end within {PATIENCE:?}:\n{run}");
    ensure!(!run.stderr.contains("panicked at"), "{program} {args:?} panicked:\n{run}");
    Ok(run)
}

fn collect(
    from: Option<impl Read + Send + 'static>,
    done: mpsc::Sender<()>,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // What was read before an error is kept; the exit code tells the rest.
            let _ = from.read_to_end(&mut bytes);
        }
        // Nobody listens any more when the deadline has passed.
        let _ = done.send(());
        bytes
    })
}
