//! Sweeps a /16 with herkomst and with arp-scan, in turn, on the same private network, and prints both beside each other.
//!
//! The far kernel owns the prefix as a local route and answers ARP for all of it. Both are measured as whole processes,
//! from start to exit, as the one who waits for them sees it. Numbers of one run compare; those of two machines do not.
//!
//! First all hosts are alive, and arp-scan asks once and waits as little as it may. Then 256 are, and both ask each of the others as
//! often, with the same waits.
//!
//! Usage: `bench_sweep [HERKOMST [ROUNDS]]`; the program is by default the one beside this example's folder.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use herkomst_lab::bench::{BenchNetwork, INTERFACE, TARGETS, load};
use herkomst_net::{NetworkNamespace, current_network, enter_private_network};
use ipnet::Ipv4Net;

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_sweep: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One run of one program.
struct Sweep {
    took: Duration,
    found: usize,
}

fn bench() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let program = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => beside()?,
    };
    let rounds: usize = match arguments.next() {
        Some(text) => text.to_string_lossy().parse().context("ROUNDS is a number, such as 5")?,
        None => 5,
    };
    ensure!((1..=1000).contains(&rounds), "ROUNDS is {rounds}, allowed are 1 to 1000");
    let outside = current_network()?;
    enter_private_network(false).context("entering a private network")?;
    ensure!(
        current_network()? != outside,
        "this is the machine's own network, nothing may be sent here"
    );

    let folder = tempfile::tempdir()?;
    for case in [Case::dense()?, Case::sparse()?] {
        case.measure(&program, folder.path(), rounds)?;
    }
    Ok(())
}

/// Who is alive, and how both programs ask.
struct Case {
    title: &'static str,
    owned: Vec<Ipv4Net>,
    alive: usize,
    /// The attempts of herkomst, where not its usual ones.
    attempts: Option<u8>,
    arp_scan: [&'static str; 3],
}

impl Case {
    fn dense() -> Result<Self> {
        let targets: Ipv4Net = TARGETS.parse()?;
        Ok(Self {
            title: "all alive",
            alive: targets.hosts().count(),
            owned: vec![targets],
            attempts: None,
            arp_scan: ["--retry=1", "--timeout=100", "--backoff=1"],
        })
    }

    /// Two tries, 250 ms and then 750 ms after them: see `Retry::arp`.
    fn sparse() -> Result<Self> {
        let owned = (0..=255)
            .map(|third| Ipv4Net::new(Ipv4Addr::new(10, 50, third, 77), 32))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            title: "256 alive, two tries of 250 and 750 ms",
            alive: owned.len(),
            owned,
            attempts: Some(2),
            arp_scan: ["--retry=2", "--timeout=250", "--backoff=3"],
        })
    }

    fn measure(&self, program: &Path, folder: &Path, rounds: usize) -> Result<()> {
        let config = folder.join("herkomst.toml");
        let attempts = self.attempts.map(|tries| format!("attempts = {tries}\n"));
        std::fs::write(&config, format!("[scan]\n{}", attempts.unwrap_or_default()))?;
        let network = BenchNetwork::build(&self.owned)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let before = load();
        for round in 1..=rounds {
            // In turn, and the first to go changes: what the machine does beside it meets both.
            for turn in 0..2 {
                if (round + turn) % 2 == 0 {
                    ours.push(herkomst(&network.scanner, program, &config)?);
                } else {
                    theirs.push(arp_scan(&network.scanner, self.arp_scan)?);
                }
            }
        }
        println!(
            "{TARGETS}, {}: {rounds} interleaved rounds, whole processes; load {before} to {}",
            self.title,
            load()
        );
        let (mine, other) =
            (line("herkomst", &ours, self.alive), line("arp-scan", &theirs, self.alive));
        println!(
            "time of herkomst to time of arp-scan: medians {:.2}, best {:.2}\n",
            mine.median.as_secs_f64() / other.median.as_secs_f64(),
            mine.best.as_secs_f64() / other.best.as_secs_f64()
        );
        Ok(())
    }
}

struct Times {
    median: Duration,
    best: Duration,
}

/// Prints a line and gives back the times.
fn line(name: &str, sweeps: &[Sweep], hosts: usize) -> Times {
    let mut times: Vec<Duration> = sweeps.iter().map(|sweep| sweep.took).collect();
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let best = times.first().copied().unwrap_or_default();
    let missed: Vec<usize> = sweeps.iter().map(|sweep| hosts.saturating_sub(sweep.found)).collect();
    println!(
        "{name:9} median {:7.0} ms, best {:7.0} ms  missed in each round: {missed:?}",
        median.as_secs_f64() * 1000.0,
        best.as_secs_f64() * 1000.0
    );
    Times { median, best }
}

fn herkomst(scanner: &NetworkNamespace, program: &Path, config: &Path) -> Result<Sweep> {
    let mut command = Command::new(program);
    command.args([
        "scan",
        TARGETS,
        "-i",
        INTERFACE,
        "--methods",
        "arp",
        "--rate",
        "max",
        "--force",
    ]);
    command.args(["-o", "jsonl", "--exit-zero", "-q"]).arg("-c").arg(config);
    let (took, output) = run(scanner, &mut command)?;
    // The line of the coverage says how many answered; the far kernel is one device with all addresses.
    for line in output.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).context("herkomst wrote a line that is no JSON")?;
        let methods = [&object["methods"], &object["coverage"]["methods"]];
        if let Some(found) = methods.iter().find_map(|methods| methods["arp"]["answered"].as_u64())
        {
            return Ok(Sweep { took, found: usize::try_from(found)? });
        }
    }
    bail!("herkomst says nothing of its coverage")
}

fn arp_scan(scanner: &NetworkNamespace, tries: [&str; 3]) -> Result<Sweep> {
    let mut command = Command::new("arp-scan");
    command.env("PATH", herkomst_lab::path_with_daemons());
    command.args(["-I", INTERFACE, "-q", "-x", "-g", "--bandwidth=1000M"]);
    command.args(tries).arg(TARGETS);
    let (took, output) = run(scanner, &mut command)?;
    let addresses: std::collections::BTreeSet<&str> =
        output.lines().filter_map(|line| line.split_whitespace().next()).collect();
    Ok(Sweep { took, found: addresses.len() })
}

fn run(scanner: &NetworkNamespace, command: &mut Command) -> Result<(Duration, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let start = Instant::now();
    let child = scanner.spawn(command)?;
    let output = child.wait_with_output()?;
    let took = start.elapsed();
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok((took, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// `target/release/examples/bench_sweep` stands beside `target/release/herkomst`.
fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own
        .parent()
        .and_then(|folder| folder.parent())
        .context("this program stands in a folder")?;
    let program = folder.join("herkomst");
    ensure!(
        program.is_file(),
        "{} does not exist, build it: cargo build --release -p herkomst",
        program.display()
    );
    Ok(program)
}
