//! Who stands behind the switches that are asked: known from their tables, asked only where it is allowed, and never sent a
//! frame in the mode that asks infrastructure alone. And a VLAN that is swept through a trunk.

use std::net::IpAddr;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::checks;
use crate::stage::{Stage, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("beyond/infrastructure_alone_is_asked_and_tells_of_the_rest", infrastructure),
        trial("beyond/neighbours_are_asked_in_turn_and_nobody_outside", expand),
        trial("beyond/a_vlan_is_swept_with_its_tag", vlan),
    ]
}

/// A switch with tables; a camera at it that answers nobody, and a phone.
const SITE: &str = r#"title = "t"
[[segment]]
address = "10.99.0.2/24"
[[device]]
uses = "table-switch"
address = "10.99.0.13"
[[device]]
uses = "hikvision-camera"
mac = "44:19:b6:0a:0b:0c"
address = "10.99.0.77"
arp = false
icmp = false
snmp = "silent"
[[device]]
uses = "yealink-phone"
address = "10.99.0.40"
lldp = { interval-ms = 3600000 }
"#;

const CREDENTIALS: &str = "credentials = '''\n[[credential]]\nname = \"read\"\nprefixes = [\"10.99.0.0/24\"]\n\
    v2c = { community = \"lab-read\" }\n'''\n";

fn infrastructure() -> Result<()> {
    let plan = scenario(&format!(
        "{SITE}[scan]\nargs = [\"10.99.0.13\", \"--only-infrastructure\"]\nexit = 1\n{CREDENTIALS}\
         [[expect]]\naddress = \"10.99.0.13\"\nvendor = {{ is = \"huawei\", because = [\"sys-object-id\"] }}\n\
         [[expect]]\nmac = \"44:19:b6:0a:0b:0c\"\naddress = \"10.99.0.77\"\nvendor = \"hikvision\"\n\
         seen-by = [\"snmp-forwarding\", \"snmp-neighbours\"]\n\
         [wire]\nonly-to = [\"10.99.0.13/32\"]\nnever-to = [\"10.99.0.77\", \"10.99.0.40\", \"192.0.2.12\", \"192.0.2.78\"]\n\
         heard = {{ hikvision-camera = {{ all = 0 }}, yealink-phone = {{ all = 0 }} }}\n"
    ))?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)?;
    let report = said.json()?;
    for (mac, port, vlans) in [
        ("44:19:b6:0a:0b:0c", "GigabitEthernet0/0/7", &[20][..]),
        ("80:5e:0c:46:55:01", "GigabitEthernet0/0/8", &[1]),
        ("70:0f:6a:93:00:48", "GigabitEthernet0/0/24", &[]),
    ] {
        let places = places(&report, mac);
        let is_there = places.iter().any(|place| {
            place["name"] == "access-sw-9"
                && place["port"] == port
                && vlans.iter().all(|vlan| {
                    place["vlans"]
                        .as_array()
                        .is_some_and(|vlans| vlans.contains(&Value::from(*vlan)))
                })
        });
        ensure!(is_there, "{mac} is at {port} in VLANs {vlans:?}, not at {places:?}\n{said}");
    }
    Ok(())
}

/// Where the device with this address is plugged in.
fn places<'a>(report: &'a Value, mac: &str) -> Vec<&'a Value> {
    let devices = report["devices"].as_array().into_iter().flatten();
    let of = devices.filter(|device| checks::texts(&device["macs"]).contains(&mac));
    of.flat_map(|device| device["places"].as_array().into_iter().flatten()).collect()
}

/// The switch tells of four: one is within what is allowed, one beside it, and two are of another network.
fn expand() -> Result<()> {
    let plan = scenario(&format!(
        "{SITE}[scan]\nargs = [\"10.99.0.13\", \"--expand\"]\nexit = 1\n{CREDENTIALS}\
         config = '''\n[scan]\nexpand-prefixes = [\"10.99.0.0/26\"]\n'''\n\
         [[expect]]\naddress = \"10.99.0.13\"\nvendor = \"huawei\"\n\
         [[expect]]\nmac = \"80:5e:0c:46:55:01\"\naddress = \"10.99.0.40\"\nvendor = \"yealink\"\nseen-by = [\"arp\", \"snmp-lldp-remote\"]\n\
         [[expect]]\nmac = \"44:19:b6:0a:0b:0c\"\naddress = \"10.99.0.77\"\nvendor = \"hikvision\"\nnot-seen-by = [\"arp\"]\n\
         [wire]\nonly-to = [\"10.99.0.13/32\", \"10.99.0.40/32\"]\nheard = {{ hikvision-camera = {{ all = 0 }} }}\n"
    ))?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)?;
    let asked = stage.segment().fakes().heard()["yealink-phone"].total();
    ensure!(asked > 0, "the neighbour that is allowed was not asked\n{said}");
    // Without the flag the target alone is asked.
    let plan =
        scenario(&format!("{SITE}[scan]\nargs = [\"10.99.0.13\"]\nexit = 1\n{CREDENTIALS}"))?;
    let stage = Stage::build(&plan)?;
    stage.scan(&plan)?;
    let addressed = stage.capture().addressed();
    ensure!(addressed.len() == 1, "{addressed:?}");
    Ok(())
}

fn vlan() -> Result<()> {
    let plan = scenario(&format!(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\n\
         [[device]]\nuses = \"cisco-catalyst\"\naddress = \"10.99.0.12\"\nvlan = 20\n\
         [[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n\
         [scan]\nargs = [\"10.99.0.8/29\", \"-i\", \"eth0\", \"--vlan\", \"20\"]\nexit = 0\n{CREDENTIALS}\
         [[expect]]\naddress = \"10.99.0.12\"\nvendor = {{ is = \"cisco\", because = [\"sys-object-id\"] }}\n\
         seen-by = [\"arp\", \"snmp\"]\n[[expect]]\naddress = \"10.99.0.11\"\nseen = false\nledger = {{ arp = \"silent\" }}\n"
    ))?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)?;
    let capture = stage.capture();
    let untagged = capture.from_scanner().filter(|frame| frame.vlan != Some(20)).count();
    ensure!(untagged == 0, "{untagged} frames left without the tag\n{said}");
    let device: IpAddr = "10.99.0.12".parse()?;
    ensure!(capture.frames_to(device) > 2, "it was asked more than whether it is there");
    Ok(())
}
