//! Real programs at the other end: net-snmp's agent in every security that it is built with, lldpd, keepalived.
//!
//! A peer that is missing or does not come up fails its test and says so.

use std::fmt::Write;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::checks::{self, Differences};
use crate::stage::{Stage, needs_other_users, scenario};
use crate::tables::table;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("peers/snmpd_v3_in_every_security", every_security),
        trial("peers/snmpd_v3_wrong_secrets_are_refused_and_told_apart", wrong_secrets),
        trial("peers/snmpd_v1_and_v2c", communities),
        trial("peers/lldpd", lldpd),
        trial("peers/keepalived_with_a_virtual_mac", keepalived),
    ]
}

/// Our word, and net-snmp's, for each authentication protocol (RFC 3414, RFC 7860).
const AUTH: [(&str, &str); 6] = [
    ("md5", "MD5"),
    ("sha1", "SHA"),
    ("sha224", "SHA-224"),
    ("sha256", "SHA-256"),
    ("sha384", "SHA-384"),
    ("sha512", "SHA-512"),
];
/// The same for privacy (RFC 3414, RFC 3826, and the key extensions of draft-blumenthal-aes-usm and of Cisco).
const PRIV: [(&str, &str); 6] = [
    ("des", "DES"),
    ("aes128", "AES"),
    ("aes192", "AES-192"),
    ("aes256", "AES-256"),
    ("aes192-c", "AES-192-C"),
    ("aes256-c", "AES-256-C"),
];

/// One user for each security: name, net-snmp's line to create it, level, our credential.
struct Security {
    name: String,
    create: String,
    level: &'static str,
    login: String,
}

fn securities() -> Vec<Security> {
    let mut all = vec![Security {
        name: "none".into(),
        create: "createUser none".into(),
        level: "noauth",
        login: "user = \"none\"".into(),
    }];
    for (auth, theirs) in AUTH {
        let name = auth.to_owned();
        all.push(Security {
            create: format!("createUser {name} {theirs} \"authentication-pass\""),
            level: "auth",
            login: format!(
                "user = \"{name}\", auth = \"{auth}\", auth-password = \"authentication-pass\""
            ),
            name,
        });
        for (privacy, cipher) in PRIV {
            let name = format!("{auth}-{privacy}");
            all.push(Security {
                create: format!("createUser {name} {theirs} \"authentication-pass\" {cipher} \"encryption-pass\""),
                level: "priv",
                login: format!(
                    "user = \"{name}\", auth = \"{auth}\", auth-password = \"authentication-pass\", \
                     priv = \"{privacy}\", priv-password = \"encryption-pass\""
                ),
                name,
            });
        }
    }
    all
}

/// One agent with 43 addresses: each is asked with the credential of one security.
fn every_security() -> Result<()> {
    let securities = securities();
    let mut addresses = Vec::new();
    let (mut config, mut credentials) = (String::from("agentAddress udp:161\n"), String::new());
    for (index, security) in securities.iter().enumerate() {
        let address = format!("10.99.0.{}", 100 + index);
        writeln!(config, "{}\nrouser {} {}", security.create, security.name, security.level)?;
        writeln!(
            credentials,
            "[[credential]]\nname = \"{}\"\nprefixes = [\"{address}/32\"]\nv3 = {{ {} }}",
            security.name, security.login
        )?;
        addresses.push(address);
    }
    let on_link: Vec<String> =
        addresses.iter().map(|address| format!("\"{address}/24\"")).collect();
    let plan = scenario(&format!(
        "title = \"t\"\n[[segment]]\naddress = \"10.99.0.2/24\"\nswitch = true\n\
         [[peer]]\nruns = \"snmpd\"\nmac = \"00:e0:fc:12:34:56\"\naddresses = [{}]\nconfig = '''\n\
         sysObjectID 1.3.6.1.4.1.2011.2.88.2\nsysDescr Huawei Versatile Routing Platform Software\n{config}'''\n\
         [scan]\nargs = [\"10.99.0.100-10.99.0.{}\"]\nexit = 1\ncredentials = '''\n{credentials}'''\n",
        on_link.join(", "),
        99 + securities.len(),
    ))?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    let report = said.json()?;
    let mut differences = Differences::default();
    for (security, address) in securities.iter().zip(&addresses) {
        let outcome = checks::outcomes(&report, address.parse()?)
            .map_or(&Value::Null, |outcomes| &outcomes["snmp"]);
        differences
            .check(outcome == "answered", || format!("{} ({address}): {outcome}", security.name));
        // Tables of many rows, and of rows that take several packets.
        for name in ["snmp-interfaces", "snmp-addresses", "snmp-installed"] {
            let line = table(&report, address, name);
            let whole = line["outcome"] == "answered" && line["rows"].as_u64() > Some(1);
            differences.check(whole, || format!("{} ({address}): {name}: {line}", security.name));
        }
    }
    differences.check(said.code == 1, || format!("exit code is {}", said.code));
    if let Some(peer) = stage.peers().first() {
        for line in peer.output().iter().filter(|line| line.to_lowercase().contains("error")) {
            differences.add(format!("snmpd: {line}"));
        }
    }
    differences.result(&said)
}

fn wrong_secrets() -> Result<()> {
    let plan = scenario(
        r#"title = "t"
[[segment]]
address = "10.99.0.2/24"
switch = true
[[peer]]
runs = "snmpd"
addresses = ["10.99.0.11/24", "10.99.0.12/24", "10.99.0.13/24"]
config = '''
agentAddress udp:161
createUser known SHA-256 "authentication-pass" AES "encryption-pass"
rouser known priv
'''
[scan]
args = ["10.99.0.11-10.99.0.13"]
exit = 2
credentials = '''
[[credential]]
name = "unknown-user"
prefixes = ["10.99.0.11/32"]
v3 = { user = "nobody-here", auth = "sha256", auth-password = "authentication-pass", priv = "aes128", priv-password = "encryption-pass" }
[[credential]]
name = "wrong-password"
prefixes = ["10.99.0.12/32"]
v3 = { user = "known", auth = "sha256", auth-password = "another-password", priv = "aes128", priv-password = "encryption-pass" }
[[credential]]
name = "wrong-key"
prefixes = ["10.99.0.13/32"]
v3 = { user = "known", auth = "sha256", auth-password = "authentication-pass", priv = "aes128", priv-password = "another-password" }
'''
[[expect]]
address = "10.99.0.11"
ledger = { snmp-engine = "answered", snmp = "refused" }
[[expect]]
address = "10.99.0.12"
ledger = { snmp-engine = "answered", snmp = "refused" }
[receipt]
credentials = { unknown-user = ["10.99.0.11"], wrong-password = ["10.99.0.12"], wrong-key = ["10.99.0.13"] }
"#,
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    for secret in ["authentication-pass", "encryption-pass", "another-password"] {
        ensure!(
            !said.stdout.contains(secret) && !said.stderr.contains(secret),
            "a secret was printed\n{said}"
        );
    }
    checks::scenario(&plan, &stage, &said)
}

fn communities() -> Result<()> {
    let plan = scenario(
        r#"title = "t"
[[segment]]
address = "10.99.0.2/24"
switch = true
[[peer]]
runs = "snmpd"
mac = "00:e0:fc:12:34:56"
addresses = ["10.99.0.11/24"]
config = '''
agentAddress udp:161
exactEngineID 0x800007db0300e0fc123456
sysObjectID 1.3.6.1.4.1.2011.2.88.2
sysDescr Huawei Versatile Routing Platform Software
rocommunity two-see
'''
[[peer]]
runs = "snmpd"
mac = "00:15:eb:12:34:57"
addresses = ["10.99.0.12/24"]
config = '''
agentAddress udp:161
exactEngineID 0x80000f3e030015eb123457
sysObjectID 1.3.6.1.4.1.3902.3.100.1
sysDescr ZXR10 Software, ZTE Corporation
com2sec reader default one-see
group readers v1 reader
view all included .1
access readers "" v1 noauth exact all none none
'''
[scan]
args = ["10.99.0.8/29"]
exit = 1
credentials = '''
[[credential]]
name = "two"
prefixes = ["10.99.0.11/32"]
v2c = { community = "two-see" }
[[credential]]
name = "one"
prefixes = ["10.99.0.12/32"]
v1 = { community = "one-see" }
'''
[[expect]]
address = "10.99.0.11"
vendor = { is = "huawei", confidence = "confirmed", because = ["sys-object-id", "snmp-engine-id", "mac-assignment"] }
finding = { rule = "huawei", verdict = "match" }
ledger = { snmp = "answered" }
[[expect]]
address = "10.99.0.12"
vendor = { is = "zte", confidence = "confirmed", because = ["sys-object-id"] }
finding = { rule = "zte", verdict = "match" }
ledger = { snmp = "answered" }
"#,
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)
}

fn lldpd() -> Result<()> {
    needs_other_users("lldpd")?;
    let plan = scenario(
        r#"title = "t"
[[segment]]
address = "10.99.0.2/24"
switch = true
[[peer]]
runs = "lldpd"
mac = "00:15:eb:12:34:58"
addresses = ["10.99.0.21/24"]
config = '''
configure system hostname agg-9
configure system description "ZXR10 5960-64DL Software, ZTE Corporation"
configure lldp tx-interval 1
'''
[scan]
args = ["10.99.0.16/29", "--listen", "4s"]
exit = 1
[[expect]]
name = "agg-9"
vendor = { is = "zte", because = ["mac-assignment", "lldp-system-description"] }
finding = { rule = "zte", verdict = "match" }
seen-by = ["arp", "lldp"]
"#,
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)
}

fn keepalived() -> Result<()> {
    let plan = scenario(
        r#"title = "t"
[[segment]]
address = "10.99.0.2/24"
switch = true
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
  use_vmac
  virtual_ipaddress {
    10.99.0.254/24
  }
}
'''
[scan]
args = ["10.99.0.3", "10.99.0.254"]
exit = 0
[[expect]]
address = "10.99.0.254"
nobody = true
special = "VRRP"
no-finding = true
[[expect]]
address = "10.99.0.3"
vendor = "nokia"
[coverage]
special = 1
"#,
    )?;
    let stage = Stage::build(&plan)?;
    let said = stage.scan(&plan)?;
    checks::scenario(&plan, &stage, &said)
}
