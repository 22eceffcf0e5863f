//! Real programs as peers: net-snmp's snmpd, lldpd and keepalived, each in a namespace of its own at a switch.
//!
//! Each is a child process of ours and is ended by its number when the value is dropped. A program that is missing or
//! does not come up is an error that says which, and what it last wrote: nothing is skipped.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use herkomst_ids::MacAddr;
use ipnet::Ipv4Net;
use serde::{Deserialize, Deserializer};

use crate::LabError;
use crate::network::{LiveSegment, namespace};

/// How long a peer may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of output that are kept.
const MOST_LINES: usize = 500;

/// A program that can be a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// net-snmp's agent.
    Snmpd,
    /// An LLDP daemon.
    Lldpd,
    /// A VRRP daemon.
    Keepalived,
}

/// The search path with the folders where daemons and tools of administrators stand: the one of an ordinary user does
/// not lead there, and it is the child's own path that decides where its program is looked for.
pub fn path_with_daemons() -> String {
    let own = std::env::var("PATH").unwrap_or_default();
    format!("{own}:/usr/local/sbin:/usr/sbin:/sbin")
}

impl Program {
    /// The name of the program.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snmpd => "snmpd",
            Self::Lldpd => "lldpd",
            Self::Keepalived => "keepalived",
        }
    }

    /// What it writes once it is at work.
    const fn sign(self) -> &'static str {
        match self {
            Self::Snmpd => "NET-SNMP version",
            Self::Lldpd => "lldpd goes on",
            Self::Keepalived => "Entering MASTER STATE",
        }
    }

    /// The command that runs it in the foreground with all its files in `folder`.
    fn command(self, folder: &Path) -> Command {
        let file = |name: &str| folder.join(name);
        let config = file("config");
        let mut command = Command::new(self.name());
        command.env("PATH", path_with_daemons());
        match self {
            Self::Snmpd => {
                // -C: no configuration but ours; the agent keeps its engine boots in the persistent folder.
                command.args(["-f", "-Lo", "-C", "-c"]).arg(config).arg("-p").arg(file("pid"));
                command.env("SNMP_PERSISTENT_DIR", file("persistent"));
                // Without MIB files, which are not everywhere: numbers will do.
                command.env("MIBS", "");
            }
            Self::Lldpd => {
                command.arg("-L").arg(file("lldpcli"));
                command.args(["-d", "-I", "eth0", "-O"]).arg(config).arg("-u").arg(file("socket"));
            }
            Self::Keepalived => {
                command.args(["-n", "-l", "-D", "-P", "-f"]).arg(config);
                command
                    .arg("-p")
                    .arg(file("pid"))
                    .arg("-r")
                    .arg(file("vrrp.pid"))
                    .arg("-c")
                    .arg(file("checkers.pid"));
            }
        }
        command
    }
}

/// A peer, as a scenario writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PeerPlan {
    /// What runs there.
    pub runs: Program,
    /// The hardware address of its link, else one that the kernel makes up.
    #[serde(default, deserialize_with = "mac")]
    pub mac: Option<MacAddr>,
    /// The addresses of its link.
    #[serde(default)]
    pub addresses: Vec<Ipv4Net>,
    /// The text of its configuration file.
    pub config: String,
}

fn mac<'de, D: Deserializer<'de>>(from: D) -> Result<Option<MacAddr>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(serde::de::Error::custom)
}

/// A program at work in a namespace of its own, which lives as long as the program.
#[derive(Debug)]
pub struct Peer {
    program: Program,
    child: Child,
    output: Arc<Output>,
}

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    text: Vec<String>,
    open: usize,
}

impl Peer {
    /// Plugs a namespace into the segment's switch, starts the program there and waits until it says that it is up.
    /// `folder` is empty and its own.
    pub fn start(
        plan: &PeerPlan,
        segment: &mut LiveSegment,
        folder: &Path,
    ) -> Result<Self, LabError> {
        let name = plan.runs.name();
        let inside = namespace(name)?;
        segment.plug(&inside, plan.mac, &plan.addresses)?;
        let config = folder.join("config");
        fs::write(&config, &plan.config).map_err(LabError::io(&config, "written"))?;
        if plan.runs == Program::Lldpd {
            prepare_lldpd(folder)?;
        }
        let mut command = plan.runs.command(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = inside.spawn(&mut command).map_err(|error| {
            let missing = error.io().is_some_and(|io| io.kind() == std::io::ErrorKind::NotFound);
            let hint = if missing {
                format!("; {name} is not installed, the tests with it did not run")
            } else {
                String::new()
            };
            LabError::network(format!("starting the peer {name}{hint}"))(error)
        })?;
        let output = Arc::new(Output::default());
        output.lines.lock().unwrap_or_else(PoisonError::into_inner).open = 2;
        follow(&output, child.stdout.take());
        follow(&output, child.stderr.take());
        let peer = Self { program: plan.runs, child, output };
        peer.wait_for(plan.runs.sign(), PATIENCE)?;
        Ok(peer)
    }

    /// Waits for a line with this text.
    fn wait_for(&self, text: &str, patience: Duration) -> Result<(), LabError> {
        let deadline = Instant::now() + patience;
        let mut lines = self.output.lines.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if lines.text.iter().any(|line| line.contains(text)) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || lines.open == 0 {
                let how = if lines.open == 0 { "ended" } else { "was silent" };
                let last = lines
                    .text
                    .iter()
                    .rev()
                    .take(12)
                    .rev()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("\n  ");
                let what = format!(
                    "{} {how} before it said {text:?}; its last words:\n  {last}",
                    self.program.name()
                );
                return Err(LabError::Thread { what });
            }
            lines = self
                .output
                .more
                .wait_timeout(lines, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// What it wrote so far.
    pub fn output(&self) -> Vec<String> {
        self.output.lines.lock().unwrap_or_else(PoisonError::into_inner).text.clone()
    }
}

impl Drop for Peer {
    /// Asks it to end, so that it ends its own children too, and makes sure of it.
    fn drop(&mut self) {
        // Not waited for yet, so the number is still this child's.
        let asked = Command::new("/bin/sh")
            .args(["-c", "kill -TERM \"$1\"", "sh"])
            .arg(self.child.id().to_string())
            .status();
        let deadline = Instant::now() + Duration::from_secs(5);
        if asked.is_ok_and(|status| status.success()) {
            let mut lines = self.output.lines.lock().unwrap_or_else(PoisonError::into_inner);
            // Its pipes close when it and its children are gone.
            while lines.open > 0 {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                lines = self
                    .output
                    .more
                    .wait_timeout(lines, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
        // Both fail only for a process that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(output: &Arc<Output>, from: Option<impl Read + Send + 'static>) {
    let output = Arc::clone(output);
    // Ends with the pipe, that is with the program.
    std::thread::spawn(move || {
        for line in
            from.into_iter().flat_map(|from| BufReader::new(from).lines().map_while(Result::ok))
        {
            let mut lines = output.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.text.len() >= MOST_LINES {
                lines.text.remove(0);
            }
            lines.text.push(line);
            output.more.notify_all();
        }
        output.lines.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
        output.more.notify_all();
    });
}

/// lldpd changes its root to a folder under /run, which takes mounts of our own with memory over /run.
fn prepare_lldpd(folder: &Path) -> Result<(), LabError> {
    let root = PathBuf::from("/run/lldpd");
    fs::create_dir_all(&root).map_err(LabError::io(root, "made"))?;
    let resume = folder.join("lldpcli");
    fs::write(&resume, include_str!("lldp_resume.py")).map_err(LabError::io(&resume, "written"))?;
    fs::set_permissions(&resume, fs::Permissions::from_mode(0o755))
        .map_err(LabError::io(resume, "made executable"))
}
