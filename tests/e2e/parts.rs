//! A rule with a place, and an operator who says what stands where.

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::stage::{Run, Stage, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "parts/a_rule_with_a_place_is_open_until_the_operator_says_what_stands_where",
            declared,
        ),
        trial("parts/what_nobody_knows_of_a_device_leaves_its_part_open", unknown),
        trial(
            "parts/a_pack_that_names_a_vendor_nobody_knows_is_refused_before_anything_is_sent",
            stranger,
        ),
        trial("parts/a_waiver_of_two_persons_is_shown_and_the_finding_stays", waived),
        trial("parts/a_device_that_an_allow_list_leaves_open_is_not_clean", allowed),
        trial("parts/a_mistake_in_the_operators_file_is_told_with_its_place", mistaken),
    ]
}

/// A pack of one rule, about the core.
pub(crate) const PACK: &str = r#"
id = "core-order"
title = "An order on the core"
edition = 2026-11-21
last-checked = 2026-11-21
jurisdiction = "of this test"
instrument = "Order 1"
sources = ["this test"]
status = "in-force"
publicity = "public"
bound = "whoever runs this test"
disclaimer = "Not legal advice."

[[rule]]
id = "core"
title = "Not in the core"
severity = "high"
minimum-confidence = "possible"
wording = "The order names the maker for the core."
[rule.party]
vendors = ["huawei"]
relations = ["maker"]
[rule.place]
parts = ["core.*"]
[[rule.action]]
do = "remove"
date = 2099-01-01
[[rule.case]]
title = "in the core"
on = 2026-11-21
maker = { id = "huawei", confidence = "confirmed" }
parts = ["core.up"]
expect = "match"
[[rule.case]]
title = "nobody said where"
on = 2026-11-21
maker = { id = "huawei", confidence = "confirmed" }
expect = "undetermined"
missing = "parts"
"#;

/// The same wherever a device stands.
pub(crate) fn anywhere() -> String {
    let (cases, elsewhere) = (
        "title = \"nobody said where\"\non = 2026-11-21\nmaker = { id = \"huawei\", confidence = \"confirmed\" }\nexpect = \"undetermined\"\nmissing = \"parts\"\n",
        "title = \"nobody knows who made it\"\non = 2026-11-21\nexpect = \"undetermined\"\nmissing = \"maker\"\n\
         [[rule.case]]\ntitle = \"another maker\"\non = 2026-11-21\nmaker = { id = \"cisco\", confidence = \"confirmed\" }\nexpect = \"no-match\"\n",
    );
    PACK.replace(cases, elsewhere).replace("parts = [\"core.*\"]", "where = \"anywhere\"")
}

struct Desk {
    stage: Stage,
    pack: String,
}

impl Desk {
    fn new() -> Result<Self> {
        let stage = Stage::build(&scenario(
            "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n[[device]]\nuses = \"huawei-s5735\"\naddress = \"10.99.0.11\"\n",
        )?)?;
        let pack = stage.secret_file("core-order.toml", PACK)?.display().to_string();
        Ok(Self { stage, pack })
    }

    fn scan(&self, operator: Option<&str>) -> Result<Run> {
        let mut args = vec![
            "scan",
            "10.99.0.11",
            "-o",
            "json",
            "--rules",
            &self.pack,
            "--allow-unsigned",
            &self.pack,
        ];
        let path;
        if let Some(text) = operator {
            path = self.stage.secret_file("parts.toml", text)?.display().to_string();
            args.extend(["--operator", &path]);
        }
        self.stage.herkomst(&args)
    }
}

fn only_finding(report: &Value) -> Result<&Value> {
    let findings = report["findings"].as_array().context("findings")?;
    ensure!(findings.len() == 1, "{findings:#?}");
    Ok(&findings[0])
}

fn declared() -> Result<()> {
    let desk = Desk::new()?;
    let nobody_said = desk.scan(None)?.expect_code(2)?.json()?;
    ensure!(only_finding(&nobody_said)?["verdict"] == "undetermined", "{nobody_said}");

    // Who he is says of no device where it stands.
    let statements = desk.scan(Some("is = [\"mobile-operator\"]\n"))?.expect_code(2)?.json()?;
    ensure!(only_finding(&statements)?["verdict"] == "undetermined", "{statements}");

    let core = "[[part]]\ntag = \"core.up\"\nprefixes = [\"10.99.0.0/28\"]\n";
    let core = desk.scan(Some(core))?.expect_code(1)?.json()?;
    let finding = only_finding(&core)?;
    ensure!(finding["verdict"] == "match" && finding["parts"][0] == "core.up", "{finding}");
    ensure!(core["devices"][0]["parts"][0] == "core.up", "{core}");

    for elsewhere in [
        "[[part]]\ntag = \"lan.acc\"\nroles = [\"switch\"]\nprefixes = \"10.99.0.0/24\"\n",
        "[[part]]\ntag = \"core.up\"\nprefixes = [\"192.0.2.0/24\"]\n",
    ] {
        let report = desk.scan(Some(elsewhere))?.expect_code(0)?.json()?;
        ensure!(report["findings"].as_array().is_some_and(Vec::is_empty), "{report}");
    }
    Ok(())
}

fn unknown() -> Result<()> {
    let desk = Desk::new()?;
    let serial = "[[part]]\ntag = \"core.up\"\nserials = [\"21980107\"]\n[[part]]\ntag = \"lan.acc\"\nprefixes = [\"10.99.0.0/24\"]\n";
    let report = desk.scan(Some(serial))?.expect_code(2)?.json()?;
    let finding = only_finding(&report)?;
    ensure!(finding["verdict"] == "undetermined", "{finding}");
    ensure!(report["devices"][0]["parts"] == serde_json::json!(["lan.acc"]), "{report}");
    Ok(())
}

fn mistaken() -> Result<()> {
    let desk = Desk::new()?;
    let text = "[[part]]\ntag = \"core.pu\"\nprefixes = [\"10.99.0.1/24\"]\nvlans = [0]\n\n[[part]]\ntag = \"li\"\n[[prat]]\n";
    let run = desk.scan(Some(text))?;
    run.expect_code(78)?;
    for told in [
        "\"core.pu\", which is not a part tag; did you mean \"core.up\"?",
        "parts.toml:3:13: part[1].prefixes[1] is not a prefix such as 10.0.0.0/24 without bits behind it",
        "parts.toml:4:10: part[1].vlans[1] is not a VLAN, allowed are 1 to 4094",
        "parts.toml:8:3: prat is not a key that is known here; did you mean \"part\"?",
    ] {
        ensure!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
    let nothing = desk.scan(Some("[[part]]\ntag = \"li\"\n"))?;
    nothing.expect_code(78)?;
    ensure!(nothing.stderr.contains("says of no device that it is in it"), "{}", nothing.stderr);
    Ok(())
}

fn stranger() -> Result<()> {
    let mut desk = Desk::new()?;
    let pack = PACK.replacen("vendors = [\"huawei\"]", "vendors = [\"huawai\"]", 1);
    desk.pack = desk.stage.secret_file("stranger.toml", &pack)?.display().to_string();
    let run = desk.scan(None)?;
    run.expect_code(78)?;
    ensure!(
        run.stderr.contains("\"huawai\" is no vendor of the register; near ones are huawei"),
        "{}",
        run.stderr
    );
    let sent = desk.stage.capture().from_scanner().count();
    ensure!(sent == 0, "{sent} frames were sent");
    Ok(())
}

fn allowed() -> Result<()> {
    let desk = Desk::new()?;
    let with = |relation: &str| {
        let text = PACK
            .replace("vendors = [\"huawei\"]", "mode = \"allow-list\"\nvendors = [\"huawei\"]")
            .replace("\"maker\"]", &format!("\"{relation}\"]"))
            .replace("parts = [\"core.*\"]", "where = \"anywhere\"");
        let pack = desk.stage.secret_file("allowed.toml", &text)?.display().to_string();
        desk.stage.herkomst(&[
            "scan",
            "10.99.0.11",
            "-o",
            "json",
            "--rules",
            &pack,
            "--allow-unsigned",
            &pack,
        ])
    };
    with("maker")?.expect_code(0)?;
    // Nobody said who supplies it.
    with("supplier")?.expect_code(2)?;
    Ok(())
}

fn waived() -> Result<()> {
    let desk = Desk::new()?;
    let core = "[[part]]\ntag = \"core.up\"\nprefixes = [\"10.99.0.0/28\"]\n";
    let before = desk.scan(Some(core))?.expect_code(1)?.json()?;
    let finding = only_finding(&before)?;
    ensure!(finding["waiver"].is_null(), "{finding}");
    let device = finding["device"].as_str().context("a device")?;
    let waiver = |second: &str, expires: &str| {
        format!(
            "{core}[[waiver]]\npack = \"core-order\"\nrule = \"core\"\nsubject = \"{device}\"\nreason = \"replacement is ordered\"\n\
             approver = {{ by = \"network\" }}\nsecond-approver = {{ by = \"{second}\" }}\nexpires = {expires}\n"
        )
    };
    for (expires, told) in [
        ("2099-01-01", "waived until 2099-01-01: replacement is ordered"),
        ("2020-01-01", "waived until 2020-01-01, which is over"),
    ] {
        let report = desk.scan(Some(&waiver("security", expires)))?.expect_code(1)?.json()?;
        let finding = only_finding(&report)?;
        ensure!(finding["verdict"] == "match", "{finding}");
        ensure!(
            finding["waiver"].as_str().is_some_and(|waiver| waiver.contains(told)),
            "{finding}"
        );
    }
    let alone = desk.scan(Some(&waiver("network", "2099-01-01")))?;
    alone.expect_code(78)?;
    ensure!(alone.stderr.contains("a waiver needs two different persons"), "{}", alone.stderr);
    Ok(())
}
