//! Holds what the program said, and what the wire saw, against what a scenario expects. Every difference is told, not
//! only the first.

use std::collections::BTreeSet;
use std::net::IpAddr;

use herkomst_lab::scenario::{Expect, FindingExpect, Scenario, VendorExpect};
use serde_json::Value;

use crate::stage::{Run, Stage};

/// Differences in words.
#[derive(Debug, Default)]
pub(crate) struct Differences(Vec<String>);

impl Differences {
    pub(crate) fn add(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    pub(crate) fn check(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.0.push(text());
        }
    }

    /// Fails with all of them, and with what the program said.
    pub(crate) fn result(self, run: &Run) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        anyhow::bail!("{}\n\n{run}", self.0.join("\n"))
    }
}

/// All that a scenario expects.
pub(crate) fn scenario(scenario: &Scenario, stage: &Stage, run: &Run) -> anyhow::Result<()> {
    let mut differences = Differences::default();
    let d = &mut differences;
    d.check(run.code == i32::from(scenario.scan.exit), || {
        format!("exit code is {}, expected was {}", run.code, scenario.scan.exit)
    });
    for text in &scenario.scan.stderr {
        d.check(run.stderr.contains(text), || format!("stderr does not say {text:?}"));
    }
    match serde_json::from_str::<Value>(&run.stdout) {
        Ok(report) => {
            for expect in &scenario.expect {
                device(d, &report, expect);
            }
            no_other_finding(d, &report, scenario);
            coverage(d, &report, scenario);
            receipt(d, &report, scenario);
        }
        Err(error) => d.add(format!("its output is no JSON document: {error}")),
    }
    wire(d, scenario, stage);
    differences.result(run)
}

pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The devices that have this key.
pub(crate) fn find<'a>(report: &'a Value, expect: &Expect) -> Vec<&'a Value> {
    let address = expect.address.map(|address| address.to_string());
    let has = |device: &Value, list: &str, text: &Option<String>| {
        text.as_deref().is_none_or(|text| texts(&device[list]).contains(&text))
    };
    let devices = report["devices"].as_array().into_iter().flatten();
    devices
        .filter(|device| {
            has(device, "ips", &address)
                && has(device, "names", &expect.name)
                && has(device, "macs", &expect.mac)
        })
        .collect()
}

fn device(d: &mut Differences, report: &Value, expect: &Expect) {
    let who = [expect.address.map(|a| a.to_string()), expect.name.clone(), expect.mac.clone()];
    let who = who.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if let Some(address) = expect.address {
        ledger(d, report, address, expect);
    }
    let found = find(report, expect);
    if expect.seen == Some(false) {
        d.check(found.is_empty(), || format!("{who} is reported, and must not be: {found:?}"));
        return;
    }
    let [device] = found.as_slice() else {
        d.add(format!("{who}: {} devices are reported, expected was one", found.len()));
        return;
    };
    if let Some(vendor) = &expect.vendor {
        maker(d, &who, &device["maker"], vendor);
    }
    if expect.nobody {
        d.check(device["maker"].is_null(), || {
            format!("{who}: maker is {}, expected was nobody", device["maker"])
        });
    }
    if let Some(special) = &expect.special {
        let said = device["special"].as_str().unwrap_or_default();
        d.check(said.to_lowercase().contains(&special.to_lowercase()), || {
            format!("{who}: special is {said:?}, expected was {special:?}")
        });
    }
    let seen_by = texts(&device["seen_by"]);
    for method in &expect.seen_by {
        d.check(seen_by.contains(&method.as_str()), || {
            format!("{who}: seen by {seen_by:?}, {method} is missing")
        });
    }
    for method in &expect.not_seen_by {
        d.check(!seen_by.contains(&method.as_str()), || {
            format!("{who}: seen by {method}, and must not be")
        });
    }
    let roles = texts(&device["roles"]);
    for role in &expect.roles {
        d.check(roles.contains(&role.as_str()), || {
            format!("{who}: roles are {roles:?}, {role} is missing")
        });
    }
    for (field, part) in &expect.product {
        let said = device["product"][field].as_str().unwrap_or_default();
        d.check(said.contains(part), || {
            format!("{who}: product.{field} is {said:?}, expected was {part:?} in it")
        });
    }
    let findings: Vec<&Value> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["device"] == device["id"])
        .collect();
    if expect.no_finding {
        d.check(findings.is_empty(), || format!("{who}: has findings and must not: {findings:?}"));
    }
    if let Some(finding) = &expect.finding {
        d.check(findings.len() == 1 && is(findings[0], finding), || {
            format!("{who}: its one finding should be like {finding:?}, there are {findings:?}")
        });
    }
}

/// A finding about a device whose maker nobody expected, or about another maker than the expected one, is a wrong
/// one: it must not pass unseen. Rules of the shipped pack bear the ids of the vendors that they name.
fn no_other_finding(d: &mut Differences, report: &Value, scenario: &Scenario) {
    let speaks_of = |expect: &Expect, finding: &Value| {
        let vendor = expect.vendor.as_ref().map(|vendor| match vendor {
            VendorExpect::Id(id) => id,
            VendorExpect::Claim(claim) => &claim.is,
        });
        let is_expected = expect.finding.as_ref().is_some_and(|expect| is(finding, expect));
        is_expected || vendor.is_some_and(|vendor| finding["rule"] == vendor.as_str())
    };
    for finding in report["findings"].as_array().into_iter().flatten() {
        let of_its_device = |expect: &&Expect| {
            find(report, expect).iter().any(|device| device["id"] == finding["device"])
        };
        let mut about = scenario.expect.iter().filter(of_its_device);
        d.check(about.any(|expect| speaks_of(expect, finding)), || {
            format!(
                "nobody expected {} {} of {}",
                finding["rule"], finding["verdict"], finding["device"]
            )
        });
    }
}

fn maker(d: &mut Differences, who: &str, maker: &Value, expect: &VendorExpect) {
    let (id, claim) = match expect {
        VendorExpect::Id(id) => (id, None),
        VendorExpect::Claim(claim) => (&claim.is, Some(claim)),
    };
    d.check(maker["id"] == id.as_str(), || format!("{who}: maker is {maker}, expected was {id}"));
    let Some(claim) = claim else { return };
    if let Some(confidence) = &claim.confidence {
        d.check(maker["confidence"] == confidence.as_str(), || {
            format!("{who}: confidence is {}, expected was {confidence}", maker["confidence"])
        });
    }
    let kinds: BTreeSet<&str> = maker["evidence"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|evidence| evidence["says"] == id.as_str())
        .filter_map(|evidence| evidence["kind"].as_str())
        .collect();
    for kind in &claim.because {
        d.check(kinds.contains(kind.as_str()), || {
            format!("{who}: {id} because of {kinds:?}, {kind} is missing")
        });
    }
    d.check(kinds.len() >= claim.kinds, || {
        format!("{who}: {id} because of {kinds:?}, expected were {} kinds", claim.kinds)
    });
}

fn is(finding: &Value, expect: &FindingExpect) -> bool {
    [("pack", &expect.pack), ("rule", &expect.rule), ("verdict", &expect.verdict)]
        .into_iter()
        .all(|(key, want)| want.as_deref().is_none_or(|want| finding[key] == want))
}

/// Whether a range of the report (`a`, `a-b`, `a/len`, or several with commas) holds an address.
pub(crate) fn holds(range: &str, address: IpAddr) -> bool {
    range.split(',').map(str::trim).any(|part| {
        if let Ok(network) = part.parse::<ipnet::IpNet>() {
            return network.contains(&address);
        }
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.trim().parse::<IpAddr>(), last.trim().parse::<IpAddr>()) {
            (Ok(first), Ok(last)) => {
                first.is_ipv4() == address.is_ipv4() && (first..=last).contains(&address)
            }
            _ => false,
        }
    })
}

/// The outcomes of one target in the ledger, by method.
pub(crate) fn outcomes(report: &Value, address: IpAddr) -> Option<&Value> {
    let lines = report["coverage"]["ledger"].as_array()?;
    lines
        .iter()
        .find(|line| holds(line["targets"].as_str().unwrap_or_default(), address))
        .map(|line| &line["outcomes"])
}

fn ledger(d: &mut Differences, report: &Value, address: IpAddr, expect: &Expect) {
    for (method, part) in &expect.ledger {
        let said = outcomes(report, address).map_or(&Value::Null, |outcomes| &outcomes[method]);
        d.check(said.as_str().is_some_and(|said| said.contains(part)), || {
            format!("{address}: the ledger says {said} of {method}, expected was {part:?}")
        });
    }
}

fn coverage(d: &mut Differences, report: &Value, scenario: &Scenario) {
    let said = &report["coverage"];
    let expect = &scenario.coverage;
    if let Some(complete) = expect.complete {
        d.check(said["complete"] == complete, || {
            format!("coverage.complete is {}, expected was {complete}", said["complete"])
        });
    }
    for (key, want) in [
        ("identified", expect.identified),
        ("undetermined", expect.undetermined),
        ("special", expect.special),
    ] {
        if let Some(want) = want {
            d.check(said[key] == want, || {
                format!("coverage.{key} is {}, expected was {want}", said[key])
            });
        }
    }
    for part in &expect.limits {
        let limits = texts(&said["limits"]);
        d.check(limits.iter().any(|limit| limit.contains(part)), || {
            format!("limits are {limits:?}, {part:?} is missing")
        });
    }
}

fn receipt(d: &mut Differences, report: &Value, scenario: &Scenario) {
    let said = &report["receipt"];
    let expect = &scenario.receipt;
    if let Some(packets) = expect.packets {
        d.check(said["packets"] == packets, || {
            format!("receipt.packets is {}, expected was {packets}", said["packets"])
        });
    }
    d.check(said["ignored"].as_u64().unwrap_or_default() >= expect.ignored_at_least, || {
        format!(
            "receipt.ignored is {}, expected were {} at least",
            said["ignored"], expect.ignored_at_least
        )
    });
    if let Some(credentials) = &expect.credentials {
        let want = serde_json::json!(credentials);
        d.check(said["credentials"] == want, || {
            format!("receipt.credentials is {}, expected was {want}", said["credentials"])
        });
    }
}

fn wire(d: &mut Differences, scenario: &Scenario, stage: &Stage) {
    let expect = &scenario.wire;
    let mut known = BTreeSet::new();
    for segment in stage.segments() {
        let name = &segment.plan().interface;
        let (capture, fakes) = (segment.fakes().capture(), segment.fakes());
        if let Some(why) = fakes.ended() {
            d.add(format!("{name}: the fake devices ended: {why}"));
        }
        let all = capture.left_out() == 0 && fakes.lost() == 0;
        d.check(all, || format!("{name}: the capture is not whole, it proves nothing"));
        if expect.nothing {
            let count = capture.from_scanner().count();
            d.check(count == 0, || {
                format!("{name}: {count} frames were sent, to {:?}", capture.addressed())
            });
        }
        for address in &expect.never_to {
            let count = capture.frames_to(*address);
            d.check(count == 0, || format!("{name}: {count} frames were sent to {address}"));
        }
        if !expect.only_to.is_empty() {
            let others: Vec<IpAddr> = capture
                .addressed()
                .into_iter()
                .filter(|address| !expect.only_to.iter().any(|network| network.contains(address)))
                .collect();
            d.check(others.is_empty(), || format!("{name}: frames were sent to {others:?}"));
        }
        for never in &expect.never {
            for (to, payload) in capture.packets() {
                let has =
                    payload.windows(never.text.len()).any(|window| window == never.text.as_bytes());
                d.check(!(has && never.to.contains(&to)), || {
                    format!("{name}: {:?} was sent to {to}", never.text)
                });
            }
        }
        let heard = fakes.heard();
        known.extend(fakes.devices().into_iter().map(|device| device.name));
        for (device, kinds) in &expect.heard {
            let Some(heard) = heard.get(device) else { continue };
            for (kind, want) in kinds {
                let count = match kind.as_str() {
                    "arp" => heard.arp,
                    "nd" => heard.nd,
                    "group" => heard.group,
                    "icmp" => heard.icmp,
                    "discovery" => heard.discovery,
                    "user" => heard.user,
                    "community" => heard.community,
                    "other" => heard.other,
                    "all" => heard.total(),
                    _ => {
                        d.add(format!("wire.heard.{device}.{kind} is no kind of question"));
                        continue;
                    }
                };
                d.check(count == *want, || {
                    format!("{device} was asked {count} times by {kind}, expected was {want}")
                });
            }
        }
        for (device, heard) in heard {
            d.check(heard.writes == 0, || format!("{device} was asked to change something"));
        }
    }
    for device in expect.heard.keys().filter(|device| !known.contains(*device)) {
        d.add(format!("wire.heard.{device}: no device of the scenario has this name"));
    }
}
