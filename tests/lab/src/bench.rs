//! The network that sweeps are measured on: a veth pair into a second namespace whose kernel owns a whole prefix and
//! answers ARP for all of it, so that no program of ours is the limit.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use herkomst_net::{NetworkNamespace, links};
use ipnet::Ipv4Net;

use crate::LabError;
use crate::network::{cable, namespace, within};

/// What the far kernel owns.
pub const TARGETS: &str = "10.50.0.0/16";
/// The scanner's own address. Outside of what the far kernel owns, which else drops its requests as martians (RFC 1812,
/// 5.3.7); a route onto the link leads there.
const SCANNER: &str = "10.49.0.1/24";
/// The scanner's interface.
pub const INTERFACE: &str = "eth0";

/// The network at work. It goes when this is dropped.
#[derive(Debug)]
pub struct BenchNetwork {
    /// Where the scanner runs.
    pub scanner: NetworkNamespace,
    /// Where the kernel that answers is.
    pub far: NetworkNamespace,
}

impl BenchNetwork {
    /// Builds it; `owned` are the prefixes the far kernel answers for, [`TARGETS`] or parts of it.
    pub fn build(owned: &[Ipv4Net]) -> Result<Self, LabError> {
        let targets =
            TARGETS.parse().map_err(|_| LabError::file("bench", "the targets are wrong"))?;
        Self::of(targets, owned)
    }

    /// The same, with other targets on the scanner's link.
    pub fn of(targets: Ipv4Net, owned: &[Ipv4Net]) -> Result<Self, LabError> {
        let scanner = namespace("the scanner")?;
        let far = namespace("the answering kernel")?;
        cable(&scanner, INTERFACE, &far, "far0")?;
        let own: Ipv4Net = SCANNER
            .parse()
            .map_err(|_| LabError::file("bench", "the scanner's address is wrong"))?;
        within(&scanner, INTERFACE, || {
            links::add_address(INTERFACE, own.addr(), own.prefix_len())?;
            links::add_route(targets.into(), links::Via::Device(INTERFACE))
        })?;
        within(&far, "far0", || {
            // Without a route back the far kernel takes the question for a spoofed one (rp_filter).
            links::add_route(own.trunc().into(), links::Via::Device("far0"))?;
            owned
                .iter()
                .try_for_each(|prefix| links::add_route((*prefix).into(), links::Via::Local))
        })?;
        Ok(Self { scanner, far })
    }
}

/// One run of a program, from its start to its exit.
#[derive(Debug)]
pub struct Measured {
    /// By the clock.
    pub took: Duration,
    /// Of the processor: seconds in the program and in the kernel for it.
    pub processor: f64,
    /// The most memory that it had at once (the resident set).
    pub peak_kib: u64,
    /// What it printed.
    pub output: String,
}

/// A program that runs below `/usr/bin/time`, which measures it.
#[derive(Debug)]
pub struct Running {
    child: std::process::Child,
    start: Instant,
    figures: std::path::PathBuf,
}

impl Running {
    /// Starts it in a namespace; its figures are written to a file of this folder, so one at a time.
    pub fn start(
        namespace: &NetworkNamespace,
        folder: &Path,
        program: &str,
        args: &[String],
    ) -> Result<Self, LabError> {
        let figures = folder.join("figures");
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%M %U %S", "-o"]).arg(&figures).arg(program).args(args);
        command.env("PATH", crate::path_with_daemons());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let start = Instant::now();
        let child = namespace
            .spawn(&mut command)
            .map_err(LabError::network("starting /usr/bin/time".to_owned()))?;
        Ok(Self { child, start, figures })
    }

    /// Waits for its end, which must be a success.
    pub fn end(self) -> Result<Measured, LabError> {
        let output =
            self.child.wait_with_output().map_err(LabError::io("the program", "waited for"))?;
        let took = self.start.elapsed();
        let path = self.figures.display().to_string();
        let written =
            std::fs::read_to_string(&self.figures).map_err(LabError::io(&path, "read"))?;
        if !output.status.success() {
            return Err(LabError::file(
                "the measured program",
                format!("{}: {written}", output.status),
            ));
        }
        let wrong =
            || LabError::file(&path, format!("{written:?} has not the form 12345 1.25 0.50"));
        let words: Vec<&str> = written.split_whitespace().collect();
        let &[peak, user, system] = words.as_slice() else { return Err(wrong()) };
        let seconds = |text: &str| text.parse::<f64>().map_err(|_| wrong());
        Ok(Measured {
            took,
            processor: seconds(user)? + seconds(system)?,
            peak_kib: peak.parse().map_err(|_| wrong())?,
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
        })
    }
}

/// The load average of the last minute, to be said beside a figure: other work on a machine is in every time.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("not known").to_owned()
}
