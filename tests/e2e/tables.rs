//! Tables over SNMP: as they are recorded and written, read by communities and by users; and agents that try to keep us
//! reading for ever.

use std::fmt::Write;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::checks::Differences;
use crate::stage::{Stage, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("tables/a_dump_is_read_the_same_by_community_and_by_user", dump),
        trial("tables/each_bad_habit_has_its_line_in_the_ledger", habits),
        trial("tables/ten_million_neighbours_are_cut_short", ten_million),
    ]
}

/// Recorded from net-snmp with snmpbulkwalk.
const DUMP: &str = include_str!("../../agent/probe/tests/dumps/linux-router.walk");

/// The line of one table of one device.
pub(crate) fn table<'a>(report: &'a Value, target: &str, table: &str) -> &'a Value {
    let lines = report["coverage"]["tables"].as_array().into_iter().flatten();
    let mut lines = lines.filter(|line| line["target"] == target);
    lines.next().map_or(&Value::Null, |line| &line["tables"][table])
}

/// One agent with two addresses: the tables of a dump are the same for a community and for a user.
fn dump() -> Result<()> {
    let plan = scenario(&format!(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\nswitch = true\n[[peer]]\nruns = \"snmpd\"\n\
         addresses = [\"10.99.0.11/24\", \"10.99.0.12/24\"]\ndump = '''\n{DUMP}'''\nconfig = '''\nagentAddress udp:161\n\
         rocommunity two-see\ncreateUser lab SHA-256 \"authentication-pass\" AES \"encryption-pass\"\nrouser lab priv\n'''\n\
         [scan]\nargs = [\"10.99.0.11-10.99.0.12\"]\ncredentials = '''\n[[credential]]\nname = \"two\"\nprefixes = [\"10.99.0.11/32\"]\n\
         v2c = {{ community = \"two-see\" }}\n[[credential]]\nname = \"three\"\nprefixes = [\"10.99.0.12/32\"]\n\
         v3 = {{ user = \"lab\", auth = \"sha256\", auth-password = \"authentication-pass\", priv = \"aes128\", priv-password = \"encryption-pass\" }}\n'''\n"
    ))?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    let report = said.json()?;
    let mut d = Differences::default();
    for (name, rows) in [
        ("snmp-interfaces", rows_of("1.3.6.1.2.1.2.2.1.2.")),
        ("snmp-neighbours", rows_of("1.3.6.1.2.1.4.35.1.4.")),
        ("snmp-lldp-remote", rows_of("1.0.8802.1.1.2.1.4.1.1.7.")),
        ("snmp-installed", rows_of("1.3.6.1.2.1.25.6.3.1.2.")),
    ] {
        for target in ["10.99.0.11", "10.99.0.12"] {
            let line = table(&report, target, name);
            d.check(line["outcome"] == "answered" && line["rows"] == rows, || {
                format!("{name} of {target}: {line}, {rows} rows are in the dump")
            });
        }
    }
    d.result(&said)
}

/// How many objects of the dump stand below a column.
fn rows_of(column: &str) -> usize {
    DUMP.lines()
        .filter(|line| line.strip_prefix('.').is_some_and(|line| line.starts_with(column)))
        .count()
}

/// Agents of 50 interfaces, each with another habit; what came of the table, and the rows that must have been read.
const HABITS: [(&str, &str, Option<u64>); 8] = [
    ("", "answered", Some(50)),
    ("repetitions = 2", "answered", Some(50)),
    ("too-big-above = 4", "answered", Some(50)),
    ("silent-above = 12", "answered", Some(50)),
    ("slower-ms = 5", "answered", Some(50)),
    ("stands-at = \"1.3.6.1.2.1.2.2.1.2.30\"", "cut short", None),
    ("loops-at = \"1.3.6.1.2.1.2.2.1.2.30\"", "cut short", None),
    ("silent-after = 6", "cut short", None),
];

fn habits() -> Result<()> {
    let mut text = String::from("title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n");
    for (index, (habit, ..)) in HABITS.iter().enumerate() {
        writeln!(
            text,
            "[[device]]\nuses = \"huawei-ne40e\"\nname = \"agent-{index}\"\naddress = \"10.99.0.{}\"\nmac = \"48:db:50:00:00:{:02}\"\n\
             snmp.habits = {{ {habit} }}\n[[device.snmp.table]]\nentry = \"1.3.6.1.2.1.2.2.1\"\n\
             columns = [\"2 text\", \"3 integer\", \"6 mac\", \"7 integer\", \"8 integer\"]\n\
             rows = [[\"1\", \"GigabitEthernet\", 6, \"48:db:50:00:01:00\", 1, 1]]\ncount = 50",
            11 + index,
            11 + index,
        )?;
    }
    text.push_str(
        "[scan]\nargs = [\"10.99.0.11-10.99.0.18\", \"--methods\", \"arp,snmp,snmp-interfaces\"]\ncredentials = '''\n\
         [[credential]]\nname = \"read\"\nprefixes = [\"10.99.0.0/24\"]\nv2c = { community = \"lab-read\" }\n'''\n",
    );
    let plan = scenario(&text)?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    let report = said.json()?;
    let mut d = Differences::default();
    for (index, (habit, outcome, rows)) in HABITS.iter().enumerate() {
        let target = format!("10.99.0.{}", 11 + index);
        let line = table(&report, &target, "snmp-interfaces");
        d.check(line["outcome"] == *outcome, || format!("{habit:?} ({target}): {line}"));
        d.check(line["cut"].is_string() == (*outcome == "cut short"), || {
            format!("{habit:?}: says why it is cut short, and only then: {line}")
        });
        d.check(rows.is_none_or(|rows| line["rows"] == rows), || {
            format!("{habit:?}: {rows:?} rows are there: {line}")
        });
    }
    d.check(report["coverage"]["complete"] == false, || "three tables are not whole".to_owned());
    d.result(&said)
}

/// A router that says it knows ten million hosts, asked as fast as it answers.
fn ten_million() -> Result<()> {
    let plan = scenario(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n[[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n\
         [[device.snmp.table]]\nentry = \"1.3.6.1.2.1.4.22.1\"\ncolumns = [\"2 mac\", \"4 integer\"]\n\
         rows = [[\"7.11.0.0.0\", \"02:00:00:00:00:00\", 3]]\ncount = 10000000\n\
         [scan]\nargs = [\"10.99.0.11\", \"--methods\", \"arp,snmp,snmp-neighbours\", \"--rate\", \"max\"]\n\
         config = '''\n[scan]\nrate-per-host = 1000000\n'''\ncredentials = '''\n[[credential]]\nname = \"read\"\n\
         prefixes = [\"10.99.0.0/24\"]\nv2c = { community = \"lab-read\" }\n'''\n",
    )?;
    let stage = Stage::build(&plan)?;
    let (said, peak) = stage.scan_measured(&plan)?;
    let report = said.json()?;
    let line = table(&report, "10.99.0.11", "snmp-neighbours");
    ensure!(line["outcome"] == "cut short" && line["cut"].is_string(), "{line}");
    let rows = line["rows"].as_u64().unwrap_or_default();
    ensure!((1..10_000_000).contains(&rows), "{line}");
    ensure!(peak < 1 << 30, "{rows} rows took {} MiB", peak >> 20);
    let expected = report["devices"].as_array().map_or(0, Vec::len);
    ensure!(expected >= 1, "the router itself is there: {}", said.stderr);
    Ok(())
}
