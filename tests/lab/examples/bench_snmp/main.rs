//! First contact over SNMP with 20,000 hosts, routed and on-link, all answering and 30 % silent; then all tables of 1,000
//! devices. herkomst beside nmap, and beside braa and onesixtyone where they are in PATH; the tables beside
//! `snmpbulkwalk`, 32 at a time, over the same objects.
//!
//! Whole processes, from start to exit, with their peak memory; who answered is compared, not only counted. The responder
//! owns the addresses in a namespace of its own; nothing is sent outside of it.
//!
//! Usage: `bench_snmp HERKOMST [HOSTS [DEVICES]]`

mod responder;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use herkomst_lab::network::{cable, far_port, namespace, within};
use herkomst_lab::path_with_daemons;
use herkomst_net::{NetworkNamespace, current_network, enter_private_network, interfaces, links};
use responder::{COMMUNITY, Objects, Responder, WALKED, is_silent, switch};

const FIRST: Ipv4Addr = Ipv4Addr::new(10, 50, 1, 0);
/// How long we wait for an answer to engine discovery, and to a Get: see `Retry::snmp`, with two tries.
const FLOOR: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_snmp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Routed,
    OnLink,
}

/// The scanner, and the namespace whose addresses answer.
struct Network {
    scanner: NetworkNamespace,
    far: NetworkNamespace,
    /// Nobody reads it: without it the far kernel would say that the port is closed.
    _deaf: UdpSocket,
}

fn network(way: Way) -> Result<Network> {
    let (scanner, far) = (namespace("the scanner")?, namespace("the agents")?);
    cable(&scanner, "eth0", &far, "far0")?;
    within(&scanner, "eth0", || {
        links::add_address("eth0", [10, 49, 0, 1], 24)?;
        let gateway = links::Via::Gateway([10, 49, 0, 2].into());
        let via = if way == Way::Routed { gateway } else { links::Via::Device("eth0") };
        links::add_route("10.50.0.0/16".parse().expect("a prefix"), via)
    })?;
    within(&far, "far0", || {
        links::add_address("far0", [10, 49, 0, 2], 24)?;
        links::add_route("10.50.0.0/16".parse().expect("a prefix"), links::Via::Local)
    })?;
    let deaf = far.run(|| UdpSocket::bind("0.0.0.0:161"))??;
    Ok(Network { scanner, far, _deaf: deaf })
}

impl Network {
    fn agents(&self, objects: &Objects, silent_of_ten: u32) -> Result<Responder> {
        let port = far_port(&self.far, "far0")?;
        let links = self.far.run(interfaces)??;
        let mac = links.iter().find(|link| link.name == "far0").and_then(|link| link.mac);
        let mac = mac.context("far0 has a hardware address")?;
        Ok(Responder::start(port, mac, objects.clone(), silent_of_ten))
    }
}

/// One run of one program.
struct Run {
    took: Duration,
    peak_kib: u64,
    output: String,
}

fn run(scanner: &NetworkNamespace, folder: &Path, program: &str, args: &[String]) -> Result<Run> {
    let peak = folder.join("peak");
    let mut command = Command::new("/usr/bin/time");
    command.arg("-f").arg("%M").arg("-o").arg(&peak).arg(program).args(args);
    command.env("PATH", path_with_daemons());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = scanner.spawn(&mut command)?.wait_with_output()?;
    let took = start.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {args:?} ended with {}: {said}", output.status);
    let peak = std::fs::read_to_string(&peak).context("/usr/bin/time wrote no peak")?;
    let peak_kib = peak.split_whitespace().last().unwrap_or_default().parse()?;
    Ok(Run { took, peak_kib, output: String::from_utf8_lossy(&output.stdout).into_owned() })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn hosts(count: u32) -> BTreeSet<Ipv4Addr> {
    (0..count).map(|place| Ipv4Addr::from(u32::from(FIRST) + place)).collect()
}

fn range(count: u32) -> String {
    format!("{FIRST}-{}", Ipv4Addr::from(u32::from(FIRST) + count - 1))
}

/// The targets whose ledger says that they answered this.
fn answered(report: &serde_json::Value, method: &str) -> Result<BTreeSet<Ipv4Addr>> {
    let mut found = BTreeSet::new();
    for entry in report["coverage"]["ledger"].as_array().context("a ledger")? {
        if entry["outcomes"][method] != "answered" {
            continue;
        }
        let targets = entry["targets"].as_str().context("a range")?;
        let (first, last) = targets.split_once('-').unwrap_or((targets, targets));
        let (first, last): (Ipv4Addr, Ipv4Addr) = (first.parse()?, last.parse()?);
        found.extend((u32::from(first)..=u32::from(last)).map(Ipv4Addr::from));
    }
    Ok(found)
}

struct Bench {
    program: String,
    folder: tempfile::TempDir,
    config: PathBuf,
    objects: Objects,
}

impl Bench {
    fn ours(&self, scanner: &NetworkNamespace, targets: &str, methods: &str) -> Result<Run> {
        let config = self.config.display();
        let args = format!(
            "scan {targets} -i eth0 --methods {methods} --rate max --force -c {config} -o json --exit-zero -q"
        );
        run(scanner, self.folder.path(), &self.program, &words(&args))
    }

    fn first_contact(&self, way: Way, count: u32, silent_of_ten: u32) -> Result<()> {
        let network = network(way)?;
        let agents = self.agents(&network, silent_of_ten)?;
        let alive: BTreeSet<Ipv4Addr> =
            hosts(count).into_iter().filter(|host| !is_silent(*host, silent_of_ten)).collect();
        let title = if way == Way::Routed { "routed" } else { "on-link" };
        println!("\n{count} hosts {title}, {} answer", alive.len());
        let targets = range(count);
        let methods = if way == Way::Routed { "snmp" } else { "arp,snmp" };
        let idle = self.ours(&network.scanner, &range(1), methods)?;
        if way == Way::OnLink {
            let arp = self.ours(&network.scanner, &targets, "arp")?;
            println!("herkomst, addresses alone  {:8.2} s", arp.took.as_secs_f64());
        }
        agents.counts.take();
        let ours = self.ours(&network.scanner, &targets, methods)?;
        let (discoveries, requests) = agents.counts.take();
        let report = serde_json::from_str(&ours.output).context("herkomst wrote no JSON")?;
        for method in ["snmp-engine", "snmp"] {
            let found = answered(&report, method)?;
            let missed = alive.difference(&found).count();
            println!(
                "herkomst {method}: {} answered, {missed} missed, {} too many",
                found.len(),
                found.difference(&alive).count()
            );
        }
        line("herkomst", &ours, "");
        println!(
            "  {discoveries} discoveries and {requests} requests reached the agents; {:.1} MB above one target",
            (ours.peak_kib.saturating_sub(idle.peak_kib)) as f64 / 1024.0
        );
        if silent_of_ten > 0 {
            // Discovery of who is silent, and, routed, the Get behind it: two tries each.
            println!(
                "  {:.2} times the floor of its waits",
                ours.took.as_secs_f64() / (2.0 * FLOOR.as_secs_f64())
            );
        }
        self.others(&network, way, count, &alive, ours.took)
    }

    fn agents(&self, network: &Network, silent_of_ten: u32) -> Result<Responder> {
        network.agents(&self.objects, silent_of_ten)
    }

    fn others(
        &self,
        network: &Network,
        way: Way,
        count: u32,
        alive: &BTreeSet<Ipv4Addr>,
        ours: Duration,
    ) -> Result<()> {
        let list = self.folder.path().join("hosts");
        std::fs::write(
            &list,
            hosts(count).iter().map(|host| format!("{host}\n")).collect::<String>(),
        )?;
        let list = list.display();
        let community = String::from_utf8_lossy(COMMUNITY).into_owned();
        let sets = [
            (
                "nmap",
                format!("-sU -p161 -n -Pn -T5 --min-rate 20000 --max-retries 2 -oG - -iL {list}"),
            ),
            (
                "braa",
                format!(
                    "-2 -r 1 -t 1 {community}@{}:.1.3.6.1.2.1.1.1.0 {community}@{0}:.1.3.6.1.2.1.1.2.0",
                    range(count)
                ),
            ),
            ("onesixtyone", format!("-w 0 -i {list} {community}")),
        ];
        for (program, args) in sets {
            if which(program).is_none() {
                println!("{program}: not installed, not run");
                continue;
            }
            if way == Way::OnLink && program != "nmap" {
                println!("{program}: left out on-link, the kernel's neighbour table would end it");
                continue;
            }
            let other = run(&network.scanner, self.folder.path(), program, &words(&args))?;
            let found: BTreeSet<Ipv4Addr> = other
                .output
                .lines()
                .filter(|line| program != "nmap" || line.contains("161/open/"))
                .filter_map(|line| {
                    line.split(|c: char| !(c.is_ascii_digit() || c == '.'))
                        .find_map(|word| word.parse().ok())
                })
                .collect();
            let told = format!(
                "{} answered, {} missed; {:.1} times the time of herkomst",
                found.intersection(alive).count(),
                alive.difference(&found).count(),
                other.took.as_secs_f64() / ours.as_secs_f64()
            );
            line(program, &other, &told);
        }
        Ok(())
    }

    fn tables(&self, count: u32) -> Result<()> {
        let network = network(Way::Routed)?;
        let agents = self.agents(&network, 0)?;
        println!("\nall tables of {count} devices, {} objects each", self.objects.len());
        let methods = "snmp,snmp-interfaces,snmp-neighbours,snmp-bridge-ports,snmp-forwarding,snmp-lldp-ports,snmp-lldp-remote,snmp-entities";
        let ours = self.ours(&network.scanner, &range(count), methods)?;
        let (_, mine) = agents.counts.take();
        let report: serde_json::Value = serde_json::from_str(&ours.output)?;
        let tables = report["coverage"]["tables"].as_array().context("tables")?;
        let rows: u64 = tables
            .iter()
            .flat_map(|device| device["tables"].as_object().into_iter().flatten())
            .filter_map(|(_, table)| table["rows"].as_u64())
            .sum();
        line("herkomst", &ours, "");
        println!(
            "  {} devices, {rows} rows, {} requests a device; complete: {}",
            tables.len(),
            mine as f64 / f64::from(count),
            report["coverage"]["complete"]
        );
        let script = self.folder.path().join("walk");
        let walks: String = WALKED
            .iter()
            .map(|root| format!("snmpbulkwalk -m '' -On -Oq -Cr50 -v2c -c \"$1\" \"$2\" {root}\n"))
            .collect();
        std::fs::write(&script, walks)?;
        let list = self.folder.path().join("walked");
        std::fs::write(
            &list,
            hosts(count).iter().map(|host| format!("{host}\n")).collect::<String>(),
        )?;
        let community = String::from_utf8_lossy(COMMUNITY);
        let args = ["-P32", "-n1", "-a"].map(str::to_owned).into_iter().chain([
            list.display().to_string(),
            "sh".to_owned(),
            script.display().to_string(),
            community.into_owned(),
        ]);
        let theirs = run(&network.scanner, self.folder.path(), "xargs", &args.collect::<Vec<_>>())?;
        let (_, other) = agents.counts.take();
        line("snmpbulkwalk", &theirs, "32 at a time");
        println!(
            "  {} objects, {} requests a device; herkomst takes {:.2} of its time and {:.2} of its requests",
            theirs.output.lines().count(),
            other as f64 / f64::from(count),
            ours.took.as_secs_f64() / theirs.took.as_secs_f64(),
            mine as f64 / other as f64
        );
        Ok(())
    }
}

fn line(name: &str, run: &Run, told: &str) {
    println!(
        "{name:12} {:8.2} s  peak {:6.1} MB  {told}",
        run.took.as_secs_f64(),
        run.peak_kib as f64 / 1024.0
    );
}

fn which(program: &str) -> Option<PathBuf> {
    let path = path_with_daemons();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn bench() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments
        .next()
        .context("the program to measure is missing, right would be target/release/herkomst")?;
    let number = |text: Option<String>, usual: u32| match text {
        Some(text) => text.parse().context("is no number"),
        None => Ok(usual),
    };
    let (count, devices) = (number(arguments.next(), 20_000)?, number(arguments.next(), 1000)?);
    ensure!((1..=50_000).contains(&count), "HOSTS is {count}, allowed are 1 to 50000");
    ensure!((1..=count).contains(&devices), "DEVICES is {devices}, allowed are 1 to HOSTS");
    let program = std::fs::canonicalize(program)?.display().to_string();
    let threshold = std::fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3");
    println!(
        "gc_thresh3 of the initial namespace: {}",
        threshold.as_deref().map_or("not readable", str::trim)
    );
    let outside = current_network()?;
    enter_private_network(false).context("entering a private network")?;
    ensure!(
        current_network()? != outside,
        "this is the machine's own network, nothing may be sent here"
    );

    let folder = tempfile::tempdir()?;
    let credentials = folder.path().join("snmp.toml");
    let community = String::from_utf8_lossy(COMMUNITY);
    std::fs::write(
        &credentials,
        format!(
            "[[credential]]\nname = \"bench\"\nprefixes = [\"10.50.0.0/16\"]\nv2c = {{ community = \"{community}\" }}\n"
        ),
    )?;
    std::fs::set_permissions(&credentials, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let config = folder.path().join("herkomst.toml");
    std::fs::write(
        &config,
        "[scan]\nrate-per-subnet = 1000000\nrate-per-host = 1000000\nattempts = 2\nsnmp-credentials = \"snmp.toml\"\n",
    )?;
    let bench = Bench { program, folder, config, objects: switch() };
    for way in [Way::Routed, Way::OnLink] {
        for silent_of_ten in [0, 3] {
            bench.first_contact(way, count, silent_of_ten)?;
        }
    }
    bench.tables(devices)
}
