//! What real programs say by themselves is heard, each protocol by its name, and nothing is sent.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::checks::{self, Differences};
use crate::stage::{Stage, needs_other_users, scenario};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("heard/lldpd_keepalived_radvd_and_a_dhcp_client", everybody)]
}

/// Who is heard by which protocol, by the address of the link.
const HEARD: [(&str, &[&str]); 3] = [
    ("00:d0:f6:12:34:58", &["lldp", "cdp", "edp", "fdp", "sonmp"]),
    ("00:d0:f6:12:34:5a", &["nd"]),
    ("44:19:b6:00:00:07", &["dhcp"]),
];

fn everybody() -> Result<()> {
    needs_other_users("lldpd")?;
    let resolver = std::fs::read("/etc/resolv.conf").ok();
    let plan = scenario(
        r#"title = "t"
[[segment]]
address = "10.99.0.2/24"
ipv6 = "fd00:50::2/64"
switch = true
[[peer]]
runs = "lldpd"
mac = "00:d0:f6:12:34:58"
addresses = ["10.99.0.21/24"]
args = ["-l", "-ccc", "-ee", "-ff", "-ss"]
config = '''
configure system hostname agg-9
configure lldp tx-interval 1
'''
[[peer]]
runs = "keepalived"
mac = "00:d0:f6:12:34:59"
addresses = ["10.99.0.3/24"]
config = '''
vrrp_instance one {
  state MASTER
  interface eth0
  virtual_router_id 10
  priority 200
  advert_int 1
  virtual_ipaddress {
    10.99.0.254/24
  }
}
'''
[[peer]]
runs = "radvd"
mac = "00:d0:f6:12:34:5a"
addresses = ["fd00:50::1/64"]
config = '''
interface eth0 {
  AdvSendAdvert on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 4;
  prefix fd00:50::/64 {};
};
'''
[[peer]]
runs = "udhcpc"
mac = "44:19:b6:00:00:07"
args = ["-V", "lab-camera-1", "-x", "hostname:cam-7", "-t", "100", "-T", "1"]
[scan]
args = ["-i", "eth0", "--passive", "--listen", "8s"]
[wire]
nothing = true
"#,
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    let report = said.json()?;
    let mut d = Differences::default();
    for (mac, protocols) in HEARD {
        let devices: Vec<&Value> = report["devices"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|device| checks::texts(&device["macs"]).contains(&mac))
            .collect();
        let [device] = devices.as_slice() else {
            d.add(format!("{mac}: {} devices are reported, expected was one", devices.len()));
            continue;
        };
        let seen_by = checks::texts(&device["seen_by"]);
        for protocol in protocols {
            d.check(seen_by.contains(protocol), || {
                format!("{mac}: {protocol} is not among {seen_by:?}")
            });
        }
    }
    // A virtual router is nobody's own address, so it is not joined to the one who speaks for it.
    let devices = || report["devices"].as_array().into_iter().flatten();
    let is_virtual = |device: &Value| checks::texts(&device["seen_by"]).contains(&"vrrp");
    d.check(devices().any(is_virtual), || {
        let seen = devices().map(|device| format!("{} {}", device["macs"], device["seen_by"]));
        format!("nobody is seen by vrrp: {}", seen.collect::<Vec<_>>().join(", "))
    });
    for (name, mac) in [("agg-9", "00:d0:f6:12:34:58"), ("cam-7", "44:19:b6:00:00:07")] {
        let named = report["devices"].as_array().into_iter().flatten().any(|device| {
            checks::texts(&device["names"]).contains(&name)
                && checks::texts(&device["macs"]).contains(&mac)
        });
        d.check(named, || format!("{mac} is not called {name}"));
    }
    let sent = stage.capture().from_scanner().count();
    d.check(sent == 0, || format!("{sent} frames were sent, to {:?}", stage.capture().addressed()));
    d.result(&said)?;
    ensure!(std::fs::read("/etc/resolv.conf").ok() == resolver, "the resolver is as it was");
    Ok(())
}
