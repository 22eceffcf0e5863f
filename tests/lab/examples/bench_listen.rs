//! LLDP at 100,000 frames a second, and then as fast as one thread sends, of 1, 100 and 1,000 neighbours, for five seconds,
//! to `herkomst scan --passive`: whether each neighbour is in the report with its name, and what was lost on the way.
//!
//! What was lost is counted at both places where it can be: at the interface, before any socket, and at the socket.
//!
//! Usage: `bench_listen HERKOMST [SECONDS]`

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use herkomst_ids::MacAddr;
use herkomst_lab::bench::{Running, load};
use herkomst_lab::network::{cable, namespace, within};
use herkomst_net::{
    Filter, NetworkNamespace, PacketPort, PortOptions, RingSize, current_network,
    enter_private_network, interfaces,
};
use herkomst_wire::lldp::{ChassisId, LldpToSend, PortId, Tlv};
use herkomst_wire::{LLDP_MULTICAST, emit_ethernet, emit_lldp, ether_type};

/// What must be heard without loss.
const PACE: u32 = 100_000;
/// Frames handed to the kernel at once.
const BATCH: usize = 50;
/// How much longer than the sender the scan listens: it ends when it was heard out.
const LONGER: u64 = 2;

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_listen: {error:#}");
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
    let seconds: u64 = match arguments.next() {
        Some(text) => text.parse().context("SECONDS is a number, such as 5")?,
        None => 5,
    };
    ensure!((1..=60).contains(&seconds), "SECONDS is {seconds}, allowed are 1 to 60");
    let outside = current_network()?;
    enter_private_network(false).context("entering a private network")?;
    ensure!(
        current_network()? != outside,
        "this is the machine's own network, nothing may be sent here"
    );

    println!("LLDP for {seconds} s; dropped: at the interface, at the socket");
    println!(
        "| neighbours | asked for | sent a second | sent | dropped | found | peak | processor | load |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut wrong = Vec::new();
    for pace in [Some(PACE), None] {
        for neighbours in [1, 100, 1000] {
            let lost = listen(&program, neighbours, pace, Duration::from_secs(seconds))?;
            if pace.is_some() && lost > 0 {
                wrong.push(format!(
                    "{lost} frames of {neighbours} neighbours were lost at {PACE} a second"
                ));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

/// One run; prints its line and says how many frames were lost. Fails where the report has not exactly the names that were sent.
fn listen(program: &str, neighbours: u32, pace: Option<u32>, time: Duration) -> Result<u64> {
    let (scanner, far) = (namespace("the listener")?, namespace("the neighbours")?);
    cable(&scanner, "eth0", &far, "far0")?;
    let folder = tempfile::tempdir()?;
    let frames: Vec<Vec<u8>> = (0..neighbours).map(frame).collect::<Result<_>>()?;
    let mut port = within(&far, "far0", || {
        let links = interfaces()?;
        let link = links
            .iter()
            .find(|link| link.name == "far0")
            .ok_or_else(|| herkomst_net::NetError::NoSuchInterface { name: "far0".to_owned() })?;
        let options = PortOptions { ring: RingSize::SMALL, ..PortOptions::default() };
        PacketPort::open_with(link, &Filter::nothing(), &[], options)
    })?;

    let args = format!(
        "scan --passive --listen {}s -i eth0 -o json --exit-zero -q",
        time.as_secs() + LONGER
    );
    let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
    let running = Running::start(&scanner, folder.path(), program, &args)?;
    await_listener(&scanner)?;
    let before = received(&scanner)?;
    let (sent, took) = send(&mut port, &frames, pace, time)?;
    ensure!(
        took < time + Duration::from_secs(LONGER),
        "the sender took {took:?} for {time:?}, the listener may have ended before it"
    );
    let arrived = received(&scanner)? - before;
    let load = load();
    let run = running.end()?;

    let report: serde_json::Value =
        serde_json::from_str(&run.output).context("herkomst wrote no JSON")?;
    let dropped = report["receipt"]["dropped"].as_u64().context("receipt.dropped")?;
    let found: BTreeSet<&str> = report["devices"]
        .as_array()
        .context("devices")?
        .iter()
        .flat_map(|device| device["names"].as_array().into_iter().flatten())
        .filter_map(|name| name.as_str())
        .collect();
    let names: Vec<String> = (0..neighbours).map(name).collect();
    let right: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let before_socket = sent.saturating_sub(arrived);
    println!(
        "| {neighbours} | {} | {:.0} | {sent} | {before_socket}, {dropped} | {} | {:.1} MB | {:.2} s | {load} |",
        pace.map_or_else(|| "as fast as it can".to_owned(), |pace| pace.to_string()),
        sent as f64 / took.as_secs_f64(),
        found.intersection(&right).count(),
        run.peak_kib as f64 / 1024.0,
        run.processor,
    );
    let missed: Vec<&&str> = right.difference(&found).take(3).collect();
    let added: Vec<&&str> = found.difference(&right).take(3).collect();
    ensure!(
        missed.is_empty() && added.is_empty(),
        "the report has other names than were sent: without {missed:?}, with {added:?}"
    );
    Ok(before_socket + dropped)
}

fn name(number: u32) -> String {
    format!("bench-{number:04}")
}

fn frame(number: u32) -> Result<Vec<u8>> {
    let [_, _, high, low] = number.to_be_bytes();
    let mac = MacAddr([0x02, 0, 0, 0, high, low]);
    let mut bytes = Vec::with_capacity(128);
    emit_ethernet(&mut bytes, LLDP_MULTICAST, mac, None, ether_type::LLDP);
    emit_lldp(
        &mut bytes,
        &LldpToSend {
            chassis_id: ChassisId::Mac(mac),
            port_id: PortId::InterfaceName(b"port1"),
            ttl: 120,
            tlvs: &[
                Tlv::SystemName(name(number).as_bytes()),
                Tlv::SystemDescription(b"made-up switch of a benchmark"),
            ],
        },
    )?;
    Ok(bytes)
}

/// Waits until the scan has a packet socket: a fixed wait would be too short on a busy machine.
fn await_listener(scanner: &NetworkNamespace) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        let table = scanner.run(|| std::fs::read_to_string("/proc/thread-self/net/packet"))??;
        // The first line is a heading.
        if table.lines().count() > 1 {
            // It is listed before its filter and ring are there.
            std::thread::sleep(Duration::from_millis(300));
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    anyhow::bail!("the scan opened no packet socket within 30 s")
}

/// Frames that the listener's interface handed up.
fn received(scanner: &NetworkNamespace) -> Result<u64> {
    let table = scanner.run(|| std::fs::read_to_string("/proc/thread-self/net/dev"))??;
    let line = table.lines().find_map(|line| line.trim().strip_prefix("eth0:"));
    let frames = line.and_then(|line| line.split_whitespace().nth(1)).context("no line of eth0")?;
    Ok(frames.parse()?)
}

/// Sends for so long, so many a second or as many as go; says how many the kernel took, and in what time.
fn send(
    port: &mut PacketPort,
    frames: &[Vec<u8>],
    pace: Option<u32>,
    time: Duration,
) -> Result<(u64, Duration)> {
    let mut turn = frames.iter().map(Vec::as_slice).cycle();
    let start = Instant::now();
    let most = pace.map(|pace| u64::from(pace) * time.as_secs());
    let mut sent = 0;
    loop {
        let now = start.elapsed();
        match (pace, most) {
            (Some(pace), Some(most)) => {
                if sent >= most {
                    break;
                }
                let due = f64::from(pace) * now.as_secs_f64();
                if (sent as f64) > due {
                    std::thread::sleep(Duration::from_micros(100));
                    continue;
                }
            }
            _ if now >= time => break,
            _ => {}
        }
        let batch: Vec<&[u8]> = turn.by_ref().take(BATCH).collect();
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let taken = port.send(rest)?;
            sent += taken as u64;
            rest = &rest[taken..];
        }
    }
    Ok((sent, start.elapsed()))
}
