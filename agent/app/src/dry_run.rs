//! `--dry-run`: the plan in words. Nothing is sent for it, not even to a name server.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use herkomst_probe::pacer::Rate;
use herkomst_probe::snmp::credentials::ladder;

use crate::cli::printable;
use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::plan::Plan;

/// What would be asked, from where, with what, how fast.
pub(crate) fn render(scan: &Scan, plan: &Plan) -> String {
    let mut out = String::from("Nothing is sent. The plan:\n\n");
    for segment in &plan.segments {
        let (name, source, count) =
            (&plan.interfaces[segment.interface].name, segment.source, segment.targets.len());
        let (first, last) = (segment.targets.first(), segment.targets.last());
        let span =
            first.zip(last).map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
        let _ = writeln!(out, "{name} from {source}: {count} targets by ARP{span}");
    }
    for (targets, how) in [
        (
            &plan.through_kernel,
            "through the kernel, on a local segment (no permission for raw sockets)",
        ),
        (
            &plan.routed,
            "through the kernel, beyond a router or on a link that takes no ARP from here",
        ),
    ] {
        if let (Some(first), Some(last)) = (targets.first(), targets.last()) {
            let _ = writeln!(out, "{} targets {how}, {first} to {last}", targets.len());
        }
    }
    if scan.passive {
        let names: Vec<&str> =
            plan.interfaces.iter().map(|interface| interface.name.as_str()).collect();
        let _ = writeln!(out, "passive: only listening on {}", names.join(", "));
    }
    let mut whys: BTreeMap<String, usize> = BTreeMap::new();
    for why in plan.not_asked.values() {
        *whys.entry(why.to_string()).or_default() += 1;
    }
    for (why, count) in whys {
        let _ = writeln!(out, "{count} targets not asked: {why}");
    }
    let spared = plan.segments.iter().flat_map(|segment| &segment.targets);
    match spared.filter(|target| scan.no_probe.contains((**target).into())).count() {
        0 => {}
        count => {
            let _ = writeln!(out, "{count} of those asked by ARP are asked nothing else: no-probe");
        }
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "{warning}");
    }
    for name in &plan.names {
        let _ = writeln!(out, "{name}: would be looked up");
    }
    for name in &scan.exclude.names {
        let _ = writeln!(out, "{name}: excluded, would be looked up; the plan may shrink");
    }
    for name in &scan.no_probe_names {
        let _ = writeln!(out, "{name}: under no-probe, would be looked up; the plan may shrink");
    }
    let _ = writeln!(out, "methods: {}", scan.methods.in_short().join(", "));
    let rate = |rate: Rate| match rate {
        Rate::PerSecond(rate) => format!("{rate} packets a second"),
        Rate::Max => "no limit".to_owned(),
    };
    let limits = scan.limits;
    let _ = writeln!(
        out,
        "rate: {} in all, {} to one /24 beyond the local segments, {} to one host",
        rate(limits.total),
        rate(limits.per_subnet),
        rate(limits.per_host)
    );
    if scan.methods.has(Means::Snmp) && !scan.passive {
        credentials(&mut out, scan, plan);
    }
    let set = scan.basis.cleared();
    let set = set.as_ref().unwrap_or_else(|| scan.basis.open());
    let packs: Vec<&str> = set.packs.iter().map(|pack| pack.id.as_str()).collect();
    let _ = writeln!(out, "rule packs: {}", packs.join(", "));
    if let Rate::PerSecond(per_second) = limits.total {
        let all = plan.segments.iter().map(|segment| segment.targets.len()).sum::<usize>()
            + plan.routed.len() * 2
            + plan.through_kernel.len() * 2;
        let seconds = Duration::from_secs(all as u64 / u64::from(per_second));
        let _ = writeln!(
            out,
            "first packets to all: about {} s, the silent are asked again",
            seconds.as_secs().max(1)
        );
    }
    // Names of interfaces are anything that whoever made them liked.
    printable(&out)
}

/// How many targets each credential would be offered to, if they answer.
fn credentials(out: &mut String, scan: &Scan, plan: &Plan) {
    if scan.credentials.is_empty() {
        let _ = writeln!(out, "SNMP: engine discovery alone, no credentials");
        return;
    }
    let mut counts = vec![0_usize; scan.credentials.len()];
    let targets = plan
        .segments
        .iter()
        .flat_map(|segment| segment.targets.iter().map(|target| (*target).into()))
        .chain(plan.routed.iter().copied())
        .chain(plan.through_kernel.iter().copied());
    for target in targets.filter(|target| !scan.no_probe.contains(*target)) {
        for place in ladder(&scan.credentials, target, None).offered {
            counts[place] += 1;
        }
    }
    for (credential, count) in scan.credentials.iter().zip(counts) {
        let version = credential.login.version().as_str();
        let by_engine = if credential.engine_ids.is_empty() {
            ""
        } else {
            " now known; the engines it is bound to show only when they answer"
        };
        let _ = writeln!(
            out,
            "credential {:?} ({version}): may be shown to {count} of the targets{by_engine}",
            credential.name
        );
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::plan::{Surroundings, plan};

    fn rendered(args: &[&str], around: &Surroundings) -> String {
        let words = ["herkomst", "scan", "--dry-run"];
        let cli = Cli::try_parse_from(words.iter().chain(args)).unwrap();
        let Command::Scan(args) = cli.command else { panic!("scan was asked for") };
        let scan = Scan::check(&args).unwrap();
        render(&scan, &plan(&scan, around).unwrap())
    }

    #[test]
    fn names_that_take_targets_away_are_said_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("herkomst.toml");
        fs::write(&path, "[scan]\nno-probe = [\"plc.invalid\"]\n").unwrap();
        let config = path.display().to_string();
        let args = ["192.0.2.1", "nas.invalid", "-x", "door.invalid", "-c", &config];
        let text = rendered(&args, &Surroundings::default());
        for line in [
            "nas.invalid: would be looked up\n",
            "door.invalid: excluded, would be looked up; the plan may shrink\n",
            "plc.invalid: under no-probe, would be looked up; the plan may shrink\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    fn ethernet(name: &str, address: &str) -> herkomst_net::Interface {
        herkomst_net::Interface {
            index: 2,
            name: name.to_owned(),
            mac: Some(herkomst_ids::MacAddr([2, 0, 0, 0, 0, 1])),
            mtu: 1500,
            up: true,
            running: true,
            loopback: false,
            broadcast: true,
            point_to_point: false,
            no_arp: false,
            ethernet: true,
            ipv4: vec![herkomst_net::Ipv4Address {
                address: address.parse().unwrap(),
                prefix_len: 24,
            }],
            ipv6: Vec::new(),
        }
    }

    #[test]
    fn the_name_of_an_interface_cannot_steer_the_terminal() {
        let around = Surroundings {
            interfaces: vec![ethernet("e\u{1b}[2J", "192.0.2.9")],
            may_send_frames: true,
            ..Surroundings::default()
        };
        let text = rendered(&["192.0.2.1"], &around);
        assert!(text.contains("e\\u{1b}[2J from 192.0.2.9: 1 targets"), "{text:?}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn who_is_spared_and_what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("herkomst.toml");
        fs::write(&path, "[scan]\nno-probe = [\"192.0.2.0/30\", \"198.51.100.7\"]\n").unwrap();
        let config = path.display().to_string();
        let mut dead = ethernet("eth1", "203.0.113.9");
        dead.running = false;
        let around = Surroundings {
            interfaces: vec![ethernet("eth0", "192.0.2.9"), dead],
            may_send_frames: true,
            ..Surroundings::default()
        };
        let args = ["192.0.2.1-4", "198.51.100.7", "203.0.113.1", "-c", &config];
        let text = rendered(&args, &around);
        for line in [
            "3 of those asked by ARP are asked nothing else: no-probe\n",
            "1 targets not asked: fragile\n",
            "interface \"eth1\" has no carrier: 1 target is on its segment and not asked\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
