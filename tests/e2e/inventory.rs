//! Rules that need more than one device, or more than a scan can see: shares, suppliers, neighbours, sites, statements.

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::stage::{Run, Stage, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("inventory/a_cap_is_counted_exactly_and_a_gap_in_the_scan_opens_it", capped),
        trial("inventory/suppliers_are_counted_for_each_part", suppliers),
        trial("inventory/whoever_shares_a_segment_with_a_part_is_next_to_it", adjacent),
        trial("inventory/a_part_is_declared_by_its_site", by_site),
        trial("inventory/what_no_scan_sees_is_stated_and_shown_with_its_author", stated),
    ]
}

const HEAD: &str = r#"
id = "counted"
title = "An order on the whole"
edition = 2026-11-21
last-checked = 2026-11-21
jurisdiction = "of this test"
instrument = "Order 2"
sources = ["this test"]
status = "in-force"
publicity = "public"
bound = "whoever runs this test"
disclaimer = "Not legal advice."

[[rule]]
id = "whole"
title = "The whole"
severity = "high"
minimum-confidence = "possible"
wording = "The order is about the whole."
"#;

const SCENARIO: &str = r#"
title = "three makers on one segment, one on another"
[[segment]]
interface = "eth0"
address = "10.99.0.2/24"
[[segment]]
interface = "eth1"
address = "10.98.0.2/24"
[[device]]
uses = "huawei-s5735"
address = "10.99.0.11"
[[device]]
uses = "cisco-catalyst"
address = "10.99.0.12"
[[device]]
uses = "nokia-7750"
address = "10.99.0.13"
[[device]]
uses = "dahua-camera"
on = "eth1"
address = "10.98.0.32"
"#;

struct Desk(Stage);

impl Desk {
    fn new() -> Result<Self> {
        Ok(Self(Stage::build(&scenario(SCENARIO)?)?))
    }

    /// Scans under a pack of one rule.
    fn scan(&self, rule: &str, operator: Option<&str>, more: &[&str]) -> Result<Run> {
        let pack = self.0.secret_file("counted.toml", &format!("{HEAD}{rule}"))?;
        let pack = pack.display().to_string();
        let operator =
            operator.map(|text| self.0.secret_file("operator.toml", text)).transpose()?;
        let operator = operator.map(|path| path.display().to_string());
        let mut args = vec!["scan", "10.99.0.11-10.99.0.13", "10.98.0.32", "-o", "json"];
        args.extend(["--rules", &pack, "--allow-unsigned", &pack]);
        if let Some(path) = &operator {
            args.extend(["--operator", path]);
        }
        args.extend(more);
        self.0.herkomst(&args)
    }
}

fn figures(report: &Value) -> Result<&Vec<Value>> {
    report["figures"].as_array().context("figures")
}

/// All that the scan of this desk is told to look at.
const NETWORKS: &str = "networks = [\"10.99.0.11\", \"10.99.0.12/31\", \"10.98.0.32\"]\n";

fn cap(share: &str) -> String {
    format!(
        "[rule.party]\nvendors = [\"huawei\"]\nrelations = [\"maker\"]\n[rule.place]\nwhere = \"anywhere\"\n\
         [rule.cap]\nshare = {share}\ndenominator = \"devices\"\nper = \"network\"\n\
         [[rule.action]]\ndo = \"remove\"\ndate = 2099-01-01\n"
    )
}

fn capped() -> Result<()> {
    let desk = Desk::new()?;
    for (share, code, verdict) in [("24.99", 1, "match"), ("25", 0, "no-match")] {
        let report = desk.scan(&cap(share), Some(NETWORKS), &[])?.expect_code(code)?.json()?;
        let [figure] = figures(&report)?.as_slice() else { anyhow::bail!("{report}") };
        ensure!(figure["verdict"] == verdict && figure["scope"] == "the network", "{figure}");
        let certain = serde_json::json!({ "part": 1, "whole": 4, "percent": "25.00 %" });
        ensure!(figure["share"]["certain"] == certain, "{figure}");
        ensure!(figure["share"]["possible"] == certain && figure["complete"] == true, "{figure}");
        let due = figure["next_due"].as_str().is_some_and(|due| due.starts_with("remove by 2099"));
        ensure!(due == (verdict == "match"), "{figure}");
        ensure!(report["findings"].as_array().is_some_and(Vec::is_empty), "{report}");
    }
    // What was not asked may be anybody's: neither kept nor exceeded.
    for share in ["25", "40", "5"] {
        let run = desk.scan(&cap(share), Some(NETWORKS), &["--exclude", "10.99.0.12"])?;
        let report = run.expect_code(2)?.json()?;
        let figure = &figures(&report)?[0];
        ensure!(figure["verdict"] == "undetermined" && figure["complete"] == false, "{figure}");
        ensure!(figure["missing"][0]["what"] == "coverage", "{figure}");
    }
    // A part of the network shows that a cap is exceeded, not that it is kept.
    let wider = "networks = [\"10.99.0.0/24\", \"10.98.0.32\"]\n";
    for (operator, told) in [(None, "networks = ["), (Some(wider), "not all of 10.99.0.0/24,")] {
        let report = desk.scan(&cap("25"), operator, &[])?.expect_code(2)?.json()?;
        let figure = &figures(&report)?[0];
        ensure!(figure["verdict"] == "undetermined" && figure["complete"] == false, "{figure}");
        let missing = &figure["missing"][0];
        ensure!(missing["what"] == "coverage", "{figure}");
        ensure!(missing["how"].as_str().is_some_and(|how| how.contains(told)), "{figure}");
        let report = desk.scan(&cap("24.99"), operator, &[])?.expect_code(1)?.json()?;
        ensure!(figures(&report)?[0]["verdict"] == "match", "{report}");
    }
    Ok(())
}

fn suppliers() -> Result<()> {
    let desk = Desk::new()?;
    let rule = |at_least: u8| {
        format!(
            "[rule.place]\nparts = [\"core.*\", \"phys.cctv\"]\n\
             [rule.diversity]\nat-least = {at_least}\nper = \"part\"\n"
        )
    };
    let who = "author = \"A. Example\"\ndate = 2020-01-01\nevidence = \"register\"\n";
    let owned: String = ["huawei", "cisco", "nokia", "dahua"]
        .iter()
        .map(|id| format!("[[maker]]\nid = \"{id}\"\ncontrollers = []\n{who}"))
        .collect();
    let operator = format!(
        "[[part]]\ntag = \"core.up\"\nprefixes = \"10.99.0.0/24\"\n[[part]]\ntag = \"phys.cctv\"\nprefixes = \"10.98.0.0/24\"\n{owned}"
    );
    let report = desk.scan(&rule(2), Some(&operator), &[])?.expect_code(1)?.json()?;
    let told: Vec<(&str, &str, u64)> = figures(&report)?
        .iter()
        .filter_map(|figure| {
            let suppliers = figure["suppliers"]["certain"].as_u64()?;
            Some((figure["scope"].as_str()?, figure["verdict"].as_str()?, suppliers))
        })
        .collect();
    ensure!(
        told == [("part phys.cctv", "match", 1), ("part core.up", "no-match", 3)],
        "{told:?} {report:#}"
    );
    Ok(())
}

fn adjacent() -> Result<()> {
    let desk = Desk::new()?;
    let rule = "[rule.party]\nvendors = [\"huawei\", \"dahua\"]\nrelations = [\"maker\"]\n[rule.place]\nadjacent-to = [\"core.cp\"]\n\
                [[rule.action]]\ndo = \"remove\"\ndate = 2099-01-01\n";
    let verdicts = |report: &Value| -> Vec<(String, String)> {
        let device = |finding: &Value| {
            let devices = report["devices"].as_array().into_iter().flatten();
            let mut ours = devices.filter(|device| device["id"] == finding["device"]);
            ours.next().map(|device| device["ips"][0].as_str().unwrap_or_default().to_owned())
        };
        let findings = report["findings"].as_array().into_iter().flatten();
        findings
            .filter_map(|one| Some((device(one)?, one["verdict"].as_str()?.to_owned())))
            .collect()
    };
    let core = "[[part]]\ntag = \"core.cp\"\nprefixes = \"10.99.0.12\"\n";
    // A segment for each: of a router nobody knows all that it is on, unless he says.
    let apart = format!(
        "{core}[[segment]]\nprefixes = \"10.99.0.0/24\"\n[[segment]]\nprefixes = \"10.98.0.0/24\"\n"
    );
    let report = desk.scan(rule, Some(&apart), &[])?.expect_code(1)?.json()?;
    ensure!(verdicts(&report) == [("10.99.0.11".to_owned(), "match".to_owned())], "{report:#}");
    let beside = report["devices"].as_array().into_iter().flatten();
    let beside = beside.filter(|device| device["adjacent"][0] == "core.cp").count();
    ensure!(beside == 2, "the part itself is not its own neighbour: {report:#}");

    // Nobody read the serial number by which the part is declared: it may be any of them.
    let serial = "[[part]]\ntag = \"core.cp\"\nserials = \"S1\"\n";
    let report = desk.scan(rule, Some(serial), &[])?.expect_code(2)?.json()?;
    let open = verdicts(&report);
    ensure!(
        open.iter().any(|(ip, verdict)| ip == "10.99.0.11" && verdict == "undetermined"),
        "{report:#}"
    );
    let missing = report["findings"][0]["missing"].to_string();
    ensure!(missing.contains("adjacency") && missing.contains("[[segment]]"), "{missing}");

    // Nobody looked at the address of the part: no [[segment]] says who is next to it.
    let unscanned = apart.replace("10.99.0.12", "10.99.0.200");
    let report = desk.scan(rule, Some(&unscanned), &[])?.expect_code(2)?.json()?;
    let missing = report["findings"][0]["missing"].to_string();
    ensure!(missing.contains("coverage") && !missing.contains("[[segment]]"), "{missing}");

    // A segment that the operator declares holds both, wherever they were heard.
    let both = format!("{core}[[segment]]\nprefixes = [\"10.99.0.0/24\", \"10.98.0.0/24\"]\n");
    let report = desk.scan(rule, Some(&both), &[])?.expect_code(1)?.json()?;
    ensure!(verdicts(&report).len() == 2, "{report:#}");
    Ok(())
}

fn by_site() -> Result<()> {
    let desk = Desk::new()?;
    let rule = "[rule.party]\nvendors = [\"huawei\", \"dahua\"]\nrelations = [\"maker\"]\n[rule.place]\nparts = [\"core.*\"]\n\
                [[rule.except]]\ntitle = \"in the network of others\"\nthird-party-facility = true\n";
    let site = |more: &str| {
        format!(
            "[[site]]\nname = \"south\"\nprefixes = \"10.99.0.0/24\"\n{more}\n[[part]]\ntag = \"core.up\"\nsites = \"south\"\n"
        )
    };
    let report = desk
        .scan(rule, Some(&site("third-party-facility = false")), &[])?
        .expect_code(1)?
        .json()?;
    let findings = report["findings"].as_array().context("findings")?;
    ensure!(findings.len() == 1 && findings[0]["parts"][0] == "core.up", "{report:#}");
    ensure!(report["devices"][1]["sites"].is_array(), "{report:#}");

    // Nobody said whose facility it is; and then that it is another's.
    let report = desk.scan(rule, Some(&site("")), &[])?.expect_code(2)?.json()?;
    let missing = report["findings"][0]["missing"].to_string();
    ensure!(missing.contains("trait") && missing.contains("[[device]] or [[site]]"), "{missing}");
    desk.scan(rule, Some(&site("third-party-facility = true")), &[])?.expect_code(0)?;
    Ok(())
}

fn stated() -> Result<()> {
    let desk = Desk::new()?;
    let rule = "[rule.party]\nvendors = [\"huawei\"]\nrelations = [\"maker\"]\n[rule.thing]\ngenerations = [\"5g\"]\n\
                [rule.place]\nwhere = \"anywhere\"\n";
    let report = desk.scan(rule, None, &[])?.expect_code(2)?.json()?;
    let missing = report["findings"][0]["missing"].to_string();
    ensure!(missing.contains("[[device]]: generations"), "{missing}");
    let who = "author = \"A. Example\"\ndate = 2020-01-01\nevidence = \"label\"\n";
    let device = |says: &str| {
        format!("[[device]]\nwhich = {{ macs = \"48:db:50:57:35:01\" }}\n{says}\n{who}")
    };
    let yes =
        desk.scan(rule, Some(&device("generations = [\"5g\"]")), &[])?.expect_code(1)?.json()?;
    let id = &yes["findings"][0]["device"];
    let devices = yes["devices"].as_array().into_iter().flatten();
    let told = devices.filter(|one| one["id"] == *id).map(|one| one["stated"].to_string());
    let told: String = told.collect();
    ensure!(told.contains("generations = 5g stated by A. Example on 2020-01-01: label"), "{told}");
    desk.scan(rule, Some(&device("generations = []")), &[])?.expect_code(0)?;

    let stranger = desk.scan(rule, Some(&device("maker = \"huawai\"")), &[])?;
    stranger.expect_code(78)?;
    ensure!(
        stranger.stderr.contains("\"huawai\" is no vendor of the register; near ones are huawei"),
        "{}",
        stranger.stderr
    );
    Ok(())
}
