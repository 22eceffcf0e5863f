//! Real programs as peers: net-snmp's snmpd, lldpd, keepalived, radvd, dnsmasq and a DHCP client, each in a namespace of
//! its own at a switch; or a kernel alone.
//!
//! Each is a child process of ours and is ended by its number when the value is dropped. A program that is missing or
//! does not come up is an error that says which, and what it last wrote: nothing is skipped.

mod program;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use herkomst_ids::MacAddr;
use herkomst_net::NetworkNamespace;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

pub use self::program::Program;
use crate::LabError;
use crate::network::{LiveSegment, namespace};

/// How long a peer may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of output that are kept.
const MOST_LINES: usize = 500;

/// The search path with the folders where daemons and tools of administrators stand: the one of an ordinary user does
/// not lead there, and it is the child's own path that decides where its program is looked for.
pub fn path_with_daemons() -> String {
    let own = std::env::var("PATH").unwrap_or_default();
    format!("{own}:/usr/local/sbin:/usr/sbin:/sbin")
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
    pub addresses: Vec<IpNet>,
    /// Whether it makes addresses of IPv6 by itself from what routers say.
    #[serde(default)]
    pub autoconf: bool,
    /// Arguments for the program, after those that make it run here.
    #[serde(default)]
    pub args: Vec<String>,
    /// The text of its configuration file.
    #[serde(default)]
    pub config: String,
    /// For snmpd: what `snmpbulkwalk -One` printed elsewhere, served in place of what this machine would say.
    pub dump: Option<String>,
}

fn mac<'de, D: Deserializer<'de>>(from: D) -> Result<Option<MacAddr>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(serde::de::Error::custom)
}

/// A program at work in a namespace of its own, which lives as long as the program.
#[derive(Debug)]
pub struct Peer {
    program: Program,
    /// None for a kernel alone.
    child: Option<Child>,
    output: Arc<Output>,
    inside: NetworkNamespace,
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
        segment.plug(&inside, plan.mac, &plan.addresses, plan.autoconf)?;
        let output = Arc::new(Output::default());
        let Some(mut command) = program::prepare(plan, &inside, folder)? else {
            return Ok(Self { program: plan.runs, child: None, output, inside });
        };
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
        output.lines.lock().unwrap_or_else(PoisonError::into_inner).open = 2;
        follow(&output, child.stdout.take());
        follow(&output, child.stderr.take());
        let peer = Self { program: plan.runs, child: Some(child), output, inside };
        peer.wait_for(plan.runs.sign(), PATIENCE)?;
        Ok(peer)
    }

    /// The network it is in.
    pub fn network(&self) -> &NetworkNamespace {
        &self.inside
    }

    /// Waits for a line with this text.
    pub fn wait_for(&self, text: &str, patience: Duration) -> Result<(), LabError> {
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
        let Some(child) = &mut self.child else { return };
        // Not waited for yet, so the number is still this child's.
        let asked = Command::new("/bin/sh")
            .args(["-c", "kill -TERM \"$1\"", "sh"])
            .arg(child.id().to_string())
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
        let _ = child.kill();
        let _ = child.wait();
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
