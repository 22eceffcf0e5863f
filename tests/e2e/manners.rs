//! What the program does to a network: what a dry run sends, what a second run says, what many on-link devices cost,
//! and what an independent witness makes of our frames.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use herkomst_wire::{Icmp, Ipv4Packet, ether_type, protocol};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::stage::{Run, Stage, needs_other_users, run, scenario, tests_folder};
use crate::{checks, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("manners/a_dry_run_sends_nothing_and_says_what_it_would", dry_run),
        trial("manners/no_target_means_the_local_segment", no_target),
        trial("manners/the_same_scan_twice_gives_the_same_bytes", twice),
        trial("manners/two_thousand_on_link_agents_leave_no_trace_in_the_kernel", two_thousand),
        trial("manners/the_rate_is_kept", rate),
        trial("manners/json_lines_carry_the_same_objects", json_lines),
        trial("manners/json_validates_against_the_schema", schema),
        trial("manners/tcpdump_and_tshark_find_nothing_wrong_with_our_frames", witness),
        trial("manners/without_capabilities_it_says_so_once", says_so_once),
    ]
}

const OFFICE: &str = "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/26\"\n\
    [[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n\
    [[device]]\nuses = \"axis-camera\"\naddress = \"10.99.0.33\"\n\
    [[device]]\nuses = \"nobody-host\"\naddress = \"10.99.0.41\"\n\
    [scan]\nargs = [\"10.99.0.0/26\"]\nexit = 1\ncredentials = \"\"\"\n[[credential]]\nname = \"read\"\n\
    prefixes = [\"10.99.0.0/24\"]\nv2c = { community = \"lab-read\" }\n\"\"\"\n";

fn dry_run() -> Result<()> {
    let stage = Stage::build(&scenario(OFFICE)?)?;
    for args in [
        &["scan", "10.99.0.0/26", "--dry-run"][..],
        &["scan", "--dry-run"],
        &["scan", "10.99.0.0/26", "10.7.0.0/24", "--dry-run"],
    ] {
        let run = stage.herkomst(args)?;
        run.expect_code(0)?;
        ensure!(run.stdout.contains("10.99.0"), "the plan names the targets\n{run}");
        let sent = stage.capture().from_scanner().count();
        ensure!(sent == 0, "{sent} frames were sent by a dry run");
    }
    Ok(())
}

fn no_target() -> Result<()> {
    let stage = Stage::build(&scenario(OFFICE)?)?;
    let report = stage.herkomst(&["scan", "-o", "json"])?.expect_code(1)?.json()?;
    ensure!(report["scan"]["targets"] == serde_json::json!(["10.99.0.0/26"]), "{}", report["scan"]);
    let addressed = stage.capture().addressed();
    let own: ipnet::IpNet = "10.99.0.0/26".parse()?;
    ensure!(addressed.iter().all(|address| own.contains(address)), "{addressed:?}");
    ensure!(
        addressed.len() >= 60,
        "every address of the segment was asked for: {}",
        addressed.len()
    );
    Ok(())
}

fn twice() -> Result<()> {
    let plan = scenario(OFFICE)?;
    let said = || -> Result<String> {
        let stage = Stage::build(&plan)?;
        let mut report = stage.scan(&plan)?.expect_code(1)?.json()?;
        for key in ["id", "started", "ended"] {
            ensure!(report["scan"][key].is_string(), "scan.{key} is text");
            report["scan"][key] = Value::Null;
        }
        // How long it listened for neighbours is a time as well.
        report["coverage"]["listened"]["lldp"]["seconds"] = Value::Null;
        Ok(serde_json::to_string_pretty(&report)?)
    };
    let (first, second) = (said()?, said()?);
    ensure!(first == second, "{}", first_difference(&first, &second));
    Ok(())
}

fn first_difference(first: &str, second: &str) -> String {
    let different =
        first.lines().zip(second.lines()).enumerate().find(|(_, (one, other))| one != other);
    different.map_or("one is longer".to_owned(), |(line, (one, other))| {
        format!("line {}: {one} | {other}", line + 1)
    })
}

fn two_thousand() -> Result<()> {
    let plan = scenario(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/16\"\n\
         [[device]]\nuses = \"mikrotik-router\"\naddress = \"10.99.8.0\"\ncount = 2000\n\
         [scan]\nargs = [\"10.99.8.0-10.99.15.207\", \"--rate\", \"20000\"]\nexit = 0\n",
    )?;
    let stage = Stage::build(&plan)?;
    let threshold = fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").ok();
    let run = stage.scan(&plan)?;
    run.expect_code(0)?;
    let report = run.json()?;
    ensure!(
        report["coverage"]["methods"]["snmp-engine"]["answered"] == 2000,
        "{}",
        report["coverage"]["methods"]
    );
    // The kernel knows nothing of the 2,000: where its table is small (1,024) it could not have.
    let neighbours = stage.scanner.run(herkomst_net::neighbours)??;
    ensure!(
        neighbours.len() <= 1,
        "{} entries in the kernel's table (gc_thresh3 is {threshold:?})",
        neighbours.len()
    );
    let capture = stage.capture();
    ensure!(capture.left_out() == 0 && stage.segment().fakes().lost() == 0, "the capture is whole");
    let complaints = capture
        .from_scanner()
        .filter(|frame| frame.ether_type == ether_type::IPV4)
        .filter_map(|frame| Ipv4Packet::parse(frame.payload).ok())
        .filter(|packet| packet.protocol == protocol::ICMP)
        .filter(|packet| !matches!(Icmp::parse(packet.payload), Ok(Icmp::EchoRequest(_))))
        .count();
    ensure!(complaints == 0, "the kernel answered {complaints} replies with an ICMP error");
    Ok(())
}

fn rate() -> Result<()> {
    let plan = scenario(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n[scan]\nargs = [\"10.99.0.0/24\", \"--methods\", \"arp\", \"--rate\", \"200\"]\n",
    )?;
    let stage = Stage::build(&plan)?;
    stage.scan(&plan)?.expect_code(0)?;
    let capture = stage.capture();
    let times: Vec<Duration> =
        capture.frames().iter().filter(|frame| !frame.from_lab).map(|frame| frame.at).collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        anyhow::bail!("nothing was sent")
    };
    ensure!(times.len() >= 253, "every address was asked for: {}", times.len());
    let span = last.saturating_sub(*first).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred frames")]
    let rate = times.len() as f64 / span;
    ensure!(rate <= 220.0, "{rate:.0} frames a second, allowed were 200");
    Ok(())
}

fn json_lines() -> Result<()> {
    let plan = scenario(OFFICE)?;
    let stage = Stage::build(&plan)?;
    let report = stage.scan(&plan)?.json()?;
    let run = stage.herkomst(&["scan", "10.99.0.0/26", "-o", "jsonl"])?;
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{run}"))?;
    ensure!(
        lines.first().is_some_and(|line| line["type"] == "scan"),
        "it starts with the scan\n{run}"
    );
    let devices = lines.iter().filter(|line| line["type"] == "device").count();
    ensure!(
        Some(devices) == report["devices"].as_array().map(Vec::len),
        "{devices} devices\n{run}"
    );
    ensure!(lines.iter().any(|line| line["type"] == "finding"), "a finding is among them\n{run}");
    Ok(())
}

fn schema() -> Result<()> {
    let plan = scenario(OFFICE)?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    holds_against_the_schema(&stage, &said.stdout)?;
    // A document that breaks the schema is found, else the check says nothing.
    let broken = said.stdout.replacen("\"devices\"", "\"devises\"", 1);
    ensure!(holds_against_the_schema(&stage, &broken).is_err(), "a broken document passed");
    Ok(())
}

/// Holds a report against docs/scan.schema.json, with Debian's python3-jsonschema: not the crate's idea of the schema, and
/// not ours.
pub(crate) fn holds_against_the_schema(stage: &Stage, report: &str) -> Result<()> {
    let document = stage.folder.path().join("report.json");
    fs::write(&document, report)?;
    let schema = tests_folder().join("../docs/scan.schema.json");
    let script = "import json, sys, jsonschema\n\
        schema = json.load(open(sys.argv[1]))\n\
        jsonschema.Draft202012Validator.check_schema(schema)\n\
        errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(open(sys.argv[2]))))\n\
        print('\\n'.join(f'{list(e.absolute_path)}: {e.message[:200]}' for e in errors))\n\
        sys.exit(bool(errors))";
    let (schema, document) = (schema.display().to_string(), document.display().to_string());
    run(&stage.scanner, "/usr/bin/python3", &["-c", script, &schema, &document])?.expect_code(0)?;
    Ok(())
}

fn witness() -> Result<()> {
    needs_other_users("tcpdump")?;
    let plan = scenario(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/26\"\nroutes = [{ to = \"10.1.0.0/16\", via = \"10.99.0.1\" }]\n\
         [[device]]\nuses = \"juniper-mx\"\naddress = \"10.99.0.1\"\nlldp = { interval-ms = 300 }\n\
         [[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n\
         [[device]]\nuses = \"routed-zte\"\naddress = \"10.1.0.5\"\nbehind = \"juniper-mx\"\n\
         [scan]\nargs = [\"10.99.0.0/26\", \"10.1.0.5\", \"--exclude\", \"10.99.0.20-10.99.0.29\"]\nexit = 1\ncredentials = \"\"\"\n\
         [[credential]]\nname = \"read\"\nprefixes = [\"10.0.0.0/8\"]\nv2c = { community = \"lab-read\" }\n\"\"\"\n",
    )?;
    let stage = Stage::build(&plan)?;
    stage.scan(&plan)?.expect_code(1)?;
    let file = stage.folder.path().join("scan.pcap");
    fs::write(&file, stage.capture().to_pcap())?;
    let file = file.display().to_string();

    // tcpdump prints a line for each packet that the filter lets through.
    let dump = |filter: &str| -> Result<Run> {
        let said = run(&stage.scanner, "tcpdump", &["-nn", "-r", &file, filter])?;
        said.expect_code(0)?;
        Ok(said)
    };
    let excluded = dump("host 10.99.0.20 or host 10.99.0.25 or host 10.99.0.29")?;
    ensure!(excluded.stdout.is_empty(), "an excluded address got a frame\n{excluded}");
    let snmp = dump("udp dst port 161")?;
    ensure!(snmp.stdout.lines().count() >= 4, "both agents were asked over SNMP\n{snmp}");

    let args = [
        "-r",
        &file,
        "-Y",
        "_ws.malformed || _ws.expert.severity >= 8388608 || udp.checksum.status == 0 || ip.checksum.status == 0",
        "-o",
        "udp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
    ];
    let wrong = run(&stage.scanner, "tshark", &args)?;
    ensure!(wrong.code == 0 && wrong.stdout.is_empty(), "tshark finds these frames wrong\n{wrong}");
    let protocols =
        run(&stage.scanner, "tshark", &["-r", &file, "-T", "fields", "-e", "_ws.col.Protocol"])?;
    for name in ["ARP", "SNMP", "LLDP"] {
        ensure!(
            protocols.stdout.lines().any(|line| line == name),
            "tshark reads no frame as {name}\n{protocols}"
        );
    }
    Ok(())
}

fn says_so_once() -> Result<()> {
    let stage = Stage::build(&scenario(OFFICE)?)?;
    let run = stage.herkomst_without_capabilities(&["scan", "10.99.0.8/29", "-o", "json"])?;
    let lines: Vec<&str> = run.stderr.lines().filter(|line| line.contains("CAP_NET_RAW")).collect();
    let different: std::collections::BTreeSet<&&str> = lines.iter().collect();
    ensure!(
        !lines.is_empty() && different.len() == lines.len(),
        "each thing it cannot do is said once\n{run}"
    );
    ensure!(run.stderr.matches("raw sockets").count() == 1, "and so is the first of them\n{run}");
    let report = run.json()?;
    ensure!(
        !checks::texts(&report["coverage"]["limits"]).is_empty(),
        "the limits are in the report\n{run}"
    );
    let arp =
        checks::outcomes(&report, IpAddr::from([10, 99, 0, 11])).map(|outcomes| &outcomes["arp"]);
    ensure!(
        arp.and_then(Value::as_str).is_some_and(|said| said.contains("permission")),
        "{arp:?}\n{run}"
    );
    Ok(())
}
