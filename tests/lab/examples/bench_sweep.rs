//! Sweeps a /16 with herkomst and with arp-scan, in turn, on the same private network, and prints both beside each other.
//!
//! The far kernel owns the prefix as a local route and answers ARP for all of it. Both are measured as whole processes,
//! from start to exit, as the one who waits for them sees it. Numbers of one run compare; those of two machines do not.
//!
//! Usage: `bench_sweep [HERKOMST [ROUNDS]]`; the program is by default the one beside this example's folder.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use herkomst_lab::bench::{BenchNetwork, INTERFACE, TARGETS};
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

    let targets: Ipv4Net = TARGETS.parse()?;
    let hosts = targets.hosts().count();
    let network = BenchNetwork::build(&[targets])?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        // In turn, and the first to go changes: what the machine does beside it meets both.
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                ours.push(herkomst(&network.scanner, &program)?);
            } else {
                theirs.push(arp_scan(&network.scanner)?);
            }
        }
    }
    println!(
        "{TARGETS}: {hosts} hosts, all alive; median of {rounds} interleaved rounds, whole processes"
    );
    let (mine, other) = (line("herkomst", &ours, hosts), line("arp-scan", &theirs, hosts));
    println!(
        "time of herkomst to time of arp-scan: {:.2}",
        mine.as_secs_f64() / other.as_secs_f64()
    );
    Ok(())
}

/// Prints a line and gives back the median time.
fn line(name: &str, sweeps: &[Sweep], hosts: usize) -> Duration {
    let mut times: Vec<Duration> = sweeps.iter().map(|sweep| sweep.took).collect();
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let missed: Vec<usize> = sweeps.iter().map(|sweep| hosts.saturating_sub(sweep.found)).collect();
    #[expect(clippy::cast_precision_loss, reason = "some ten thousands of hosts")]
    let pace = hosts as f64 / median.as_secs_f64();
    println!(
        "{name:9} {:7.0} ms  {pace:9.0} hosts/s  missed in each round: {missed:?}",
        median.as_secs_f64() * 1000.0
    );
    median
}

fn herkomst(scanner: &NetworkNamespace, program: &std::path::Path) -> Result<Sweep> {
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
    command.args(["-o", "jsonl", "--exit-zero", "-q"]);
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

fn arp_scan(scanner: &NetworkNamespace) -> Result<Sweep> {
    let mut command = Command::new("arp-scan");
    command.env("PATH", herkomst_lab::path_with_daemons());
    command.args([
        "-I",
        INTERFACE,
        "-q",
        "-x",
        "-g",
        "--bandwidth=1000M",
        "--retry=1",
        "--timeout=100",
        TARGETS,
    ]);
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
