//! A bad line and an end before the end: what is found all the same, and what the ledger says of the rest.

use std::collections::BTreeSet;

use anyhow::Result;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::checks::{self, Differences};
use crate::stage::{Run, Stage, scenario};
use crate::tables::table;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("trouble/a_third_lost_and_200_ms_away_the_same_is_found", bad_line),
        trial("trouble/ended_in_the_middle_it_prints_what_it_has_and_names_the_rest", terminated),
    ]
}

/// Eight switches that no rule speaks of, with tables of so many rows, over a line of this kind.
fn office(line: &str, rows: u32, latency: u32) -> String {
    format!(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n{line}\n\
         [[device]]\nuses = \"cisco-catalyst\"\naddress = \"10.99.0.16\"\ncount = 8\n\
         snmp.habits = {{ latency-ms = {latency} }}\n[[device.snmp.table]]\n\
         entry = \"1.3.6.1.2.1.2.2.1\"\ncolumns = [\"2 text\", \"3 integer\", \"6 mac\"]\n\
         rows = [[\"1\", \"GigabitEthernet\", 6, \"48:db:50:00:01:00\"]]\ncount = {rows}\n\
         [scan]\nargs = [\"10.99.0.16-10.99.0.23\", \"--methods\", \"arp,snmp,snmp-interfaces\"]\n\
         credentials = '''\n[[credential]]\nname = \"read\"\nprefixes = [\"10.99.0.0/24\"]\nv2c = {{ community = \"lab-read\" }}\n'''\n"
    )
}

/// What was found: addresses and makers.
fn found(report: &Value) -> BTreeSet<(String, String)> {
    let devices = report["devices"].as_array().into_iter().flatten();
    devices
        .map(|device| (checks::texts(&device["ips"]).join(" "), device["maker"]["id"].to_string()))
        .collect()
}

/// What came of the table of each switch.
fn tables(report: &Value) -> Vec<&Value> {
    (16..24).map(|last| table(report, &format!("10.99.0.{last}"), "snmp-interfaces")).collect()
}

/// Half of all questions are lost on the way or their answers are. The relay throws its dice for each conversation: with this
/// seed each device needs one of three attempts, in every run.
fn bad_line() -> Result<()> {
    let scan = |line: &str| -> Result<(Value, Run, u64)> {
        let plan = scenario(&office(line, 20, 0))?;
        let stage = Stage::build(&plan)?;
        let said = stage.scan(&plan)?;
        Ok((said.json()?, said, stage.segment().relay_lost()))
    };
    let (good, ..) = scan("")?;
    let (bad, said, lost) = scan("relay = { seed = 35, drop = 0.3, delay-ms = 200 }")?;
    let mut d = Differences::default();
    d.check(lost > 20, || format!("only {lost} frames were lost"));
    d.check(found(&good).len() == 8, || format!("a good line: {:?}", found(&good)));
    d.check(found(&good) == found(&bad), || format!("a bad line: {:?}", found(&bad)));
    d.check(tables(&good).iter().all(|line| line["rows"] == 20), || format!("{:?}", tables(&good)));
    for line in tables(&bad) {
        // What stayed out after all attempts is named, and what came is kept.
        let whole = line["outcome"] == "answered" && line["rows"] == 20;
        let part = line["outcome"] == "cut short" && line["cut"].is_string();
        d.check(whole || part || line["outcome"] == "silent", || format!("a bad line: {line}"));
    }
    let packets = |report: &Value| report["receipt"]["packets"].as_u64().unwrap_or_default();
    let (once, again) = (packets(&good), packets(&bad));
    d.check(again > once + 8, || format!("{again} packets, and {once} over a good line"));
    d.result(&said)
}

/// Agents that take a second for each answer: it is ended when the first answers are in.
fn terminated() -> Result<()> {
    let plan = scenario(&office("", 400, 500))?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan_terminated(&plan, |stage| {
        stage.segment().fakes().heard().values().all(|heard| heard.community >= 2)
    })?;
    let report = said.json()?;
    let mut d = Differences::default();
    d.check(said.code == 2, || format!("exit code is {}", said.code));
    d.check(found(&report).len() == 8, || format!("found were {:?}", found(&report)));
    d.check(report["coverage"]["complete"] == false, || "the coverage is complete".to_owned());
    let not_whole = tables(&report).iter().filter(|line| line["outcome"] != "answered").count();
    d.check(not_whole > 0, || "every table is whole, it was ended too late".to_owned());
    let named =
        report["coverage"]["not_asked"].to_string() + &report["coverage"]["tables"].to_string();
    d.check(named.contains("interrupted"), || format!("nothing is named as left out: {named}"));
    d.result(&said)
}
