//! Segments of IPv6: who is found that has no other address, and who is not asked.

use anyhow::Result;
use libtest_mimic::Trial;

use crate::stage::{Stage, scenario};
use crate::{checks, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("six/a_kernel_that_has_nothing_else_is_found", kernel)]
}

/// A host that made its address of what radvd says, beside a fake one that keeps quiet when all are asked.
fn kernel() -> Result<()> {
    let plan = scenario(
        r#"title = "t"
[[segment]]
ipv6 = "fd00:50::2/64"
switch = true
[[peer]]
runs = "radvd"
mac = "00:e0:fc:12:34:56"
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
runs = "kernel"
mac = "44:19:b6:00:00:07"
addresses = ["fd00:50::7/64"]
[[device]]
uses = "axis-camera"
address = "fd00:50::33"
all-nodes = false
[scan]
args = ["-i", "eth0", "--methods", "nd,snmp", "fd00:50::/64"]
exit = 2 # who does not show himself among so many addresses is not known
credentials = '''
[[credential]]
name = "read"
prefixes = ["fd00:50::/64"]
v2c = { community = "lab-read" }
'''
[[expect]]
address = "fd00:50::1"
vendor = "huawei"
seen-by = ["nd"]
[[expect]]
address = "fd00:50::7"
vendor = "hikvision"
seen-by = ["nd"]
[[expect]]
address = "fd00:50::33"
vendor = { is = "axis", because = ["sys-object-id"] }
seen-by = ["nd", "snmp"]
"#,
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)
}
