//! A bad line and an end before the end: what is found all the same, and what the ledger says of the rest.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::checks::{self, Differences};
use crate::stage::{Stage, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("trouble/a_third_lost_and_200_ms_away_the_same_is_found", bad_line),
        trial("trouble/ended_in_the_middle_it_prints_what_it_has_and_names_the_rest", terminated),
    ]
}

/// Sixteen switches with tables, over a line of this kind. With five attempts, of which each comes through both ways in half
/// of the cases, all answer; the dice of the relay fall the same in every run.
fn office(line: &str, more: &str) -> String {
    format!(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n{line}\n\
         [[device]]\nuses = \"huawei-s5735\"\naddress = \"10.99.0.16\"\ncount = 16\n[[device.snmp.table]]\n\
         entry = \"1.3.6.1.2.1.2.2.1\"\ncolumns = [\"2 text\", \"3 integer\", \"6 mac\"]\n\
         rows = [[\"1\", \"GigabitEthernet\", 6, \"48:db:50:00:01:00\"]]\ncount = 20\n\
         [scan]\nargs = [\"10.99.0.16/28\", \"--methods\", \"arp,snmp,snmp-interfaces\"]\n{more}\n\
         credentials = '''\n[[credential]]\nname = \"read\"\nprefixes = [\"10.99.0.0/24\"]\nv2c = {{ community = \"lab-read\" }}\n'''\n"
    )
}

/// What was found: addresses, makers, and the rows of each table.
fn found(report: &Value) -> BTreeSet<(String, String, String)> {
    let devices = report["devices"].as_array().into_iter().flatten();
    devices
        .map(|device| {
            let address = checks::texts(&device["ips"]).join(" ");
            let rows = &crate::tables::table(report, &address, "snmp-interfaces")["rows"];
            (address, device["maker"]["id"].to_string(), rows.to_string())
        })
        .collect()
}

fn bad_line() -> Result<()> {
    let attempts = "config = '''\n[scan]\nattempts = 8\n'''";
    let scan = |line: &str| -> Result<(Value, String, u64)> {
        let plan = scenario(&office(line, attempts))?;
        let stage = Stage::build(&plan)?;
        let said = stage.scan(&plan)?;
        Ok((said.json()?, said.to_string(), stage.segment().relay_lost()))
    };
    let (good, ..) = scan("")?;
    let (bad, said, lost) = scan("relay = { seed = 3, drop = 0.3, delay-ms = 100 }")?;
    ensure!(lost > 50, "only {lost} frames were lost");
    ensure!(found(&good).len() == 16, "{:?}", found(&good));
    let (good, bad_found) = (found(&good), found(&bad));
    let missing: Vec<_> = good.symmetric_difference(&bad_found).collect();
    ensure!(missing.is_empty(), "{missing:?} differ\n{said}");
    Ok(())
}

/// Agents that take a second for each answer: it is ended when the first answers are in.
fn terminated() -> Result<()> {
    let plan = scenario(
        &office("", "").replace("count = 16\n", "count = 16\nsnmp.habits = { latency-ms = 800 }\n"),
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan_terminated(&plan, |stage| {
        stage.segment().fakes().heard().values().all(|heard| heard.community >= 2)
    })?;
    let report = said.json()?;
    let mut d = Differences::default();
    d.check(said.code == 2, || format!("exit code is {}", said.code));
    d.check(found(&report).len() == 16, || format!("found were {:?}", found(&report)));
    d.check(report["coverage"]["complete"] == false, || "the coverage is complete".to_owned());
    let not_whole = (16..32).filter(|last| {
        let line = crate::tables::table(&report, &format!("10.99.0.{last}"), "snmp-interfaces");
        line["outcome"] != "answered"
    });
    let not_whole = not_whole.count();
    d.check(not_whole > 0, || "every table is whole, it was ended too late".to_owned());
    let named =
        report["coverage"]["not_asked"].to_string() + &report["coverage"]["tables"].to_string();
    d.check(named.contains("interrupted"), || format!("nothing is named as left out: {named}"));
    d.result(&said)
}
