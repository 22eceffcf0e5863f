//! How cost grows with the number of targets: 1,000, 10,000, 65,536 and 100,000, all of which answer, each with a hardware
//! address of its own; by ARP alone, and by ARP with the discovery of SNMP engines behind it.
//!
//! Time, hosts a second and the peak memory of the whole process; memory a target is what is above a scan of one target.
//! The run fails where a target is missed.
//!
//! Usage: `bench_growth HERKOMST [ROUNDS]`

#[expect(dead_code, reason = "agents here have no objects, and none is silent")]
#[path = "bench_snmp/responder.rs"]
mod responder;

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use herkomst_ids::MacAddr;
use herkomst_lab::bench::{BenchNetwork, INTERFACE, Measured, Running, load};
use herkomst_lab::network::far_port;
use herkomst_net::{PacketPort, current_network, enter_private_network, wait_readable};
use herkomst_wire::{Arp, ArpOperation, EthernetFrame, emit_ethernet, ether_type};
use responder::Responder;

const FIRST: Ipv4Addr = Ipv4Addr::new(10, 50, 1, 0);
const COUNTS: [u32; 4] = [1000, 10_000, 65_536, 100_000];
/// What 65,536 targets may take.
const MOST_MIB: f64 = 200.0;

/// What is asked, by which letter it is in the plot.
const SERIES: [(char, &str, &str); 2] =
    [('a', "ARP", "arp"), ('s', "ARP, SNMP engines", "arp,snmp")];

/// One measured size.
struct Point {
    series: char,
    targets: u32,
    pace: f64,
    peak_mib: f64,
}

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_growth: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments
        .next()
        .context("the program to measure is missing, right would be target/release/herkomst")?;
    let program = std::fs::canonicalize(program)?.display().to_string();
    let rounds: u32 = match arguments.next() {
        Some(text) => text.parse().context("ROUNDS is a number, such as 3")?,
        None => 3,
    };
    ensure!((1..=100).contains(&rounds), "ROUNDS is {rounds}, allowed are 1 to 100");
    let outside = current_network()?;
    enter_private_network(false).context("entering a private network")?;
    ensure!(
        current_network()? != outside,
        "this is the machine's own network, nothing may be sent here"
    );

    // One prefix: its first and last address, which name nobody, are not among the targets.
    let network = BenchNetwork::of("10.50.0.0/15".parse()?, &[])?;
    let _stations = Stations::start(far_port(&network.far, "far0")?, 1);
    let mac = MacAddr([0x02, 0, 0, 0, 0, 1]);
    let _agents = Responder::start(far_port(&network.far, "far0")?, mac, Arc::default(), 0);

    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("herkomst.toml"),
        "[scan]\nrate-per-subnet = 1000000\nrate-per-host = 1000000\n",
    )?;
    println!("all answer; best of {rounds} rounds by time, and the load beside it");
    println!("| asked | targets | time | hosts a second | peak | a target | processor | load |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let mut points = Vec::new();
    for (letter, title, methods) in SERIES {
        let one = scan(&network, folder.path(), &program, methods, 1, 1)?;
        for targets in COUNTS {
            let mut best: Option<(String, Measured)> = None;
            for _ in 0..rounds {
                let load = load();
                let run = scan(&network, folder.path(), &program, methods, targets, targets)?;
                if best.as_ref().is_none_or(|(_, other)| run.took < other.took) {
                    best = Some((load, run));
                }
            }
            let (load, run) = best.context("at least one round")?;
            let pace = f64::from(targets) / run.took.as_secs_f64();
            let peak_mib = run.peak_kib as f64 / 1024.0;
            println!(
                "| {title} | {targets} | {:.2} s | {pace:.0} | {peak_mib:.1} MB | {} octets | {:.2} s | {load} |",
                run.took.as_secs_f64(),
                run.peak_kib.saturating_sub(one.peak_kib) * 1024 / u64::from(targets),
                run.processor,
            );
            if targets == 65_536 && peak_mib >= MOST_MIB {
                println!(
                    "65,536 targets took {peak_mib:.0} MB, the aim is less than {MOST_MIB:.0}"
                );
            }
            points.push(Point { series: letter, targets, pace, peak_mib });
        }
    }
    sparse(&program, folder.path())?;
    println!("\n{}", plot("hosts a second", &points, |point| point.pace));
    println!("{}", plot("peak memory, MB", &points, |point| point.peak_mib));
    Ok(())
}

/// What silence costs: one in 256 answers.
fn sparse(program: &str, folder: &Path) -> Result<()> {
    let network = BenchNetwork::of("10.50.0.0/15".parse()?, &[])?;
    let _stations = Stations::start(far_port(&network.far, "far0")?, 256);
    let load = load();
    let run = scan(&network, folder, program, "arp", 65_536, 256)?;
    println!(
        "| ARP, 256 answer | 65536 | {:.2} s | | {:.1} MB | | {:.2} s | {load} |",
        run.took.as_secs_f64(),
        run.peak_kib as f64 / 1024.0,
        run.processor
    );
    Ok(())
}

/// One scan of so many targets; fails unless so many of them answered to all that was asked.
fn scan(
    network: &BenchNetwork,
    folder: &Path,
    program: &str,
    methods: &str,
    targets: u32,
    alive: u32,
) -> Result<Measured> {
    let last = Ipv4Addr::from(u32::from(FIRST) + targets - 1);
    let config = folder.join("herkomst.toml");
    let args = format!(
        "scan {FIRST}-{last} -i {INTERFACE} --methods {methods} --rate max --force -c {} -o json --exit-zero -q",
        config.display()
    );
    let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
    let run = Running::start(&network.scanner, folder, program, &args)?.end()?;
    let report: serde_json::Value =
        serde_json::from_str(&run.output).context("herkomst wrote no JSON")?;
    for method in
        methods.split(',').map(|method| if method == "snmp" { "snmp-engine" } else { method })
    {
        let answered = report["coverage"]["methods"][method]["answered"].as_u64();
        let answered = answered.with_context(|| format!("no coverage of {method}"))?;
        ensure!(answered == u64::from(alive), "{method}: {answered} of {alive} answered");
    }
    Ok(run)
}

/// Answers ARP for every address that is asked for, or for one in so many, each with a hardware address of its own.
struct Stations {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Stations {
    fn start(port: PacketPort, every: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || answer_all(port, every, &stop)
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Stations {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer_all(mut port: PacketPort, every: u32, stop: &AtomicBool) {
    let mut replies: Vec<Vec<u8>> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        replies.clear();
        let heard = port.receive(&mut |frame| replies.extend(reply(frame.bytes, every)));
        let frames: Vec<&[u8]> = replies.iter().map(Vec::as_slice).collect();
        let mut left = frames.as_slice();
        while !left.is_empty() && !stop.load(Ordering::Relaxed) {
            match port.send(left) {
                Ok(0) => std::thread::sleep(Duration::from_micros(100)),
                Ok(taken) => left = &left[taken..],
                Err(_) => return,
            }
        }
        if heard == 0 && wait_readable(&port, Duration::from_millis(20)).is_err() {
            return;
        }
    }
}

fn reply(frame: &[u8], every: u32) -> Option<Vec<u8>> {
    let frame = EthernetFrame::parse(frame).ok()?;
    if frame.ether_type != ether_type::ARP {
        return None;
    }
    let asked = Arp::parse(frame.payload).ok()?;
    if asked.operation != ArpOperation::Request || asked.target_ip.octets()[0] != 10 {
        return None;
    }
    if !u32::from(asked.target_ip).is_multiple_of(every) {
        return None;
    }
    let [a, b, c, d] = asked.target_ip.octets();
    let mac = MacAddr([0x02, 0, a, b, c, d]);
    let mut bytes = Vec::with_capacity(42);
    emit_ethernet(&mut bytes, asked.sender_mac, mac, None, ether_type::ARP);
    Arp {
        operation: ArpOperation::Reply,
        sender_mac: mac,
        sender_ip: asked.target_ip,
        target_mac: asked.sender_mac,
        target_ip: asked.sender_ip,
    }
    .emit(&mut bytes);
    Some(bytes)
}

/// Both axes are logarithmic: 16 columns and 4 lines for ten times as much. A straight line upwards at 45 of its own degrees
/// is growth as the targets; a level one is none.
fn plot(title: &str, points: &[Point], value: impl Fn(&Point) -> f64) -> String {
    const COLUMNS: f64 = 16.0;
    const LINES: f64 = 4.0;
    let line = |value: f64| (value.log10() * LINES).round() as i32;
    let values: Vec<i32> = points.iter().map(|point| line(value(point))).collect();
    let (low, high) = (values.iter().min().unwrap_or(&0), values.iter().max().unwrap_or(&0));
    let mut text = format!("{title} (log) over targets (log)\n");
    for at in (*low..=*high).rev() {
        let mut cells = vec![' '; 2 * COLUMNS as usize + 1];
        for (point, value) in points.iter().zip(&values) {
            let column = ((f64::from(point.targets).log10() - 3.0) * COLUMNS).round() as usize;
            if *value == at
                && let Some(cell) = cells.get_mut(column)
            {
                *cell = if *cell == ' ' || *cell == point.series { point.series } else { '*' };
            }
        }
        let row: String = cells.into_iter().collect();
        let label = 10_f64.powf(f64::from(at) / LINES);
        text += &format!("{label:>9.0} | {}\n", row.trim_end());
    }
    let titles: Vec<String> =
        SERIES.iter().map(|(letter, title, _)| format!("{letter}: {title}")).collect();
    text += &format!(
        "          +-{}\n            1,000           10,000          100,000\n",
        "-".repeat(33)
    );
    text + &format!("            {}; *: both\n", titles.join(", "))
}
