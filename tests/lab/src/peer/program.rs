//! Which programs can be peers, how each is run with all its files in one folder, and by what it is known to be at work.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use herkomst_ids::Oid;
use herkomst_net::NetworkNamespace;
use serde::Deserialize;

use super::{PeerPlan, path_with_daemons};
use crate::LabError;
use crate::objects::{Held, read_dump};

/// A program that can be a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// None: the kernel alone answers.
    Kernel,
    /// net-snmp's agent.
    Snmpd,
    /// An LLDP daemon, which speaks the neighbour protocols of other makers too when told to (`args`).
    Lldpd,
    /// A VRRP daemon.
    Keepalived,
    /// Advertises as a router of IPv6.
    Radvd,
    /// A DHCP server.
    Dnsmasq,
    /// A DHCP client.
    Udhcpc,
}

impl Program {
    /// The name of the program.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "the kernel",
            Self::Snmpd => "snmpd",
            Self::Lldpd => "lldpd",
            Self::Keepalived => "keepalived",
            Self::Radvd => "radvd",
            Self::Dnsmasq => "dnsmasq",
            Self::Udhcpc => "udhcpc",
        }
    }

    /// What it writes once it is at work.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Kernel => "",
            Self::Snmpd => "NET-SNMP version",
            Self::Lldpd => "lldpd goes on",
            Self::Keepalived => "Entering MASTER STATE",
            Self::Radvd => "started",
            Self::Dnsmasq => "DHCP, IP range",
            Self::Udhcpc => "discover",
        }
    }
}

/// Lays down its files, and gives the command that runs it in the foreground; none for the kernel.
pub(super) fn prepare(
    plan: &PeerPlan,
    inside: &NetworkNamespace,
    folder: &Path,
) -> Result<Option<Command>, LabError> {
    let file = |name: &str| folder.join(name);
    let config = file("config");
    let mut text = plan.config.clone();
    if let Some(dump) = &plan.dump {
        text.push_str(&serve(dump, folder)?);
    }
    write(&config, &text)?;
    let mut command = Command::new(plan.runs.name());
    match plan.runs {
        Program::Kernel => return Ok(None),
        Program::Snmpd => {
            // -C: no configuration but ours; the agent keeps its engine boots in the persistent folder.
            command.args(["-f", "-Lo", "-C", "-c"]).arg(config).arg("-p").arg(file("pid"));
            command.env("SNMP_PERSISTENT_DIR", file("persistent"));
            // Without MIB files, which are not everywhere: numbers will do.
            command.env("MIBS", "");
            if plan.dump.is_some() {
                // Of its own it has users and views alone: what this machine is would stand between what was recorded.
                command.args(["-I", "pass_persist,override,vacm_conf,usmConf"]);
            }
        }
        Program::Lldpd => {
            // It changes its root to a folder under /run, which takes mounts of our own with memory over /run.
            let root = PathBuf::from("/run/lldpd");
            fs::create_dir_all(&root).map_err(LabError::io(root, "made"))?;
            let resume = file("lldpcli");
            executable(&resume, include_str!("lldp_resume.py"))?;
            command.arg("-L").arg(resume);
            command.args(["-d", "-I", "eth0", "-O"]).arg(config).arg("-u").arg(file("socket"));
        }
        Program::Keepalived => {
            command.args(["-n", "-l", "-D", "-P", "-f"]).arg(config);
            command.arg("-p").arg(file("pid")).arg("-r").arg(file("vrrp.pid"));
            command.arg("-c").arg(file("checkers.pid"));
        }
        Program::Radvd => {
            // It advertises for a router alone.
            let path = "/proc/sys/net/ipv6/conf/all/forwarding";
            let written = inside.run(|| fs::write(path, "1"));
            let written =
                written.map_err(LabError::network("making a router of the peer radvd"))?;
            written.map_err(LabError::io(path, "written"))?;
            command.args(["-n", "-d", "1", "-m", "stderr", "-C"]).arg(config);
            command.arg("-p").arg(file("pid"));
        }
        Program::Dnsmasq => {
            // No names, no files of this machine, and nobody else's rights.
            command.args(["-k", "--log-facility=-", "--port=0", "--no-resolv", "--no-hosts"]);
            command.args(["--no-ping", "--user=root", "--group=root", "--interface=eth0"]);
            command.args([option("conf-file", &config), option("pid-file", &file("pid"))]);
            command.arg(option("dhcp-leasefile", &file("leases")));
        }
        Program::Udhcpc => {
            // What the client's script does is up to us: nothing. Should the client change the machine's resolver in any
            // other way, it changes a file of ours, in mounts of its own.
            let script = file("script");
            executable(&script, "#!/bin/sh\nexit 0\n")?;
            let resolver = file("resolv.conf");
            write(&resolver, "")?;
            command = Command::new("unshare");
            command.args(["--mount", "--", "/bin/sh", "-ec"]);
            command.arg(
                "[ ! -e /etc/resolv.conf ] || mount --bind \"$1\" /etc/resolv.conf\nshift\nexec udhcpc \"$@\"",
            );
            command.arg("sh").arg(resolver).args(["-f", "-i", "eth0", "-s"]).arg(script);
        }
    }
    command.env("PATH", path_with_daemons()).args(&plan.args);
    Ok(Some(command))
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

fn write(path: &Path, text: &str) -> Result<(), LabError> {
    fs::write(path, text).map_err(LabError::io(path, "written"))
}

fn executable(path: &Path, text: &str) -> Result<(), LabError> {
    write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(LabError::io(path, "made executable"))
}

/// Has snmpd hand on what a dump says (`pass_persist`, snmpd.conf(5)): the lines for its configuration.
fn serve(dump: &str, folder: &Path) -> Result<String, LabError> {
    let objects = read_dump(dump).map_err(|problem| LabError::file("dump", problem))?;
    let (script, data) = (folder.join("serve-dump"), folder.join("dump"));
    executable(&script, include_str!("serve_dump.py"))?;
    let mut text = String::new();
    let mut roots: Vec<Oid> = Vec::new();
    for (name, held) in &objects {
        let (kind, value) = passed_on(held);
        // Writing to a String does not fail.
        let _ = writeln!(text, ".{name}\t{kind}\t{value}");
        let root = name.arcs().get(..7.min(name.arcs().len())).unwrap_or_default();
        if !roots.iter().any(|known| name.is_under(known.arcs())) {
            roots.extend(Oid::new(root));
        }
    }
    write(&data, &text)?;
    let mut lines = String::new();
    for root in roots {
        // A number below 127, so that it stands before what the agent has of its own.
        let _ =
            writeln!(lines, "\npass_persist -p 10 .{root} {} {}", script.display(), data.display());
    }
    Ok(lines)
}

/// A value in the words of snmpd's scripts.
fn passed_on(held: &Held) -> (&'static str, String) {
    match held {
        Held::Text(text) if text.is_empty() => ("string", String::new()),
        Held::Text(text) => {
            let octets: Vec<String> = text.iter().map(|octet| format!("{octet:02x}")).collect();
            ("octet", octets.join(" "))
        }
        Held::Integer(number) => ("integer", number.to_string()),
        Held::Oid(oid) => ("objectid", format!(".{oid}")),
        Held::Address(address) => ("ipaddress", std::net::Ipv4Addr::from(*address).to_string()),
        Held::Counter(number) => ("counter", number.to_string()),
        Held::Gauge(number) => ("gauge", number.to_string()),
        Held::Counter64(number) => ("counter64", number.to_string()),
        Held::Ticks(number) => ("timeticks", number.to_string()),
    }
}
