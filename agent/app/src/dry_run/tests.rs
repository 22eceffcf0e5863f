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
    String::from_utf8(render(&scan, &plan(&scan, around).unwrap())).unwrap()
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
        ipv4: vec![herkomst_net::Ipv4Address { address: address.parse().unwrap(), prefix_len: 24 }],
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

/// One interface, a route beyond it, and a file of credentials and one of configuration.
fn office() -> (Surroundings, tempfile::TempDir, Vec<String>) {
    use std::os::unix::fs::PermissionsExt;
    let around = Surroundings {
        interfaces: vec![ethernet("eth0", "192.0.2.9")],
        may_send_frames: true,
        ..Surroundings::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let (config, secrets) = (folder.path().join("herkomst.toml"), folder.path().join("snmp.toml"));
    fs::write(
        &secrets,
        "[[credential]]\nname = \"wide\"\nprefixes = [\"192.0.2.0/24\", \"198.51.100.0/24\"]\nv2c = { community = \"hush\" }\n\
         [[credential]]\nname = \"narrow\"\nprefixes = [\"192.0.2.0/30\"]\nv2c = { community = \"hush\" }\n",
    )
    .unwrap();
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(
        &config,
        "[scan]\nattempts = 2\nvariables = 5\nno-probe = [\"192.0.2.4\"]\nsnmp-credentials = \"snmp.toml\"\n\
         [[scan.ask]]\ntargets = [\"192.0.2.1-4\", \"203.0.113.7\"]\nprobes = [\"onvif-query\"]\n",
    )
    .unwrap();
    let targets = ["192.0.2.1-8", "198.51.100.1-2", "-c"].map(str::to_owned);
    let args = targets.into_iter().chain([config.display().to_string()]).collect();
    (around, folder, args)
}

fn json_of(args: &[String], more: &[&str], around: &Surroundings) -> serde_json::Value {
    let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
    serde_json::from_str(&rendered(&args, around)).unwrap()
}

#[test]
fn the_plan_as_json_says_who_is_asked_what_with_which_credential() {
    let (around, _folder, args) = office();
    let plan = json_of(&args, &["-o", "json"], &around);
    assert_eq!(plan["schema_version"], 1);
    assert_eq!(plan["segments"][0]["targets"], 8);
    assert_eq!((plan["routed"]["targets"].as_u64(), plan["spared"].as_u64()), (Some(2), Some(1)));
    // 192.0.2.4 is spared, and 203.0.113.7 is no target.
    let questions = serde_json::json!([{ "question": "onvif-query", "targets": 3 }]);
    assert_eq!(plan["questions"], questions);
    let (wide, narrow) = (&plan["credentials"][0], &plan["credentials"][1]);
    assert_eq!((wide["name"].as_str(), wide["targets"].as_u64()), (Some("wide"), Some(6)));
    // The narrow one wins over 192.0.2.0/30, and nothing but its address is asked of the spared one.
    assert_eq!(
        wide["prefixes"],
        serde_json::json!([
            { "prefix": "192.0.2.0/24", "targets": 4 },
            { "prefix": "198.51.100.0/24", "targets": 2 }
        ])
    );
    assert_eq!((narrow["name"].as_str(), narrow["targets"].as_u64()), (Some("narrow"), Some(3)));
    assert_eq!(plan["limits"]["variables_in_a_request"], 5);
    assert_eq!(plan["limits"]["tries_of_a_question"], 2);
    assert_eq!(plan["tables"].as_array().unwrap().len(), herkomst_model::Table::ALL.len());
    assert!(!plan.to_string().contains("hush"));
    // The same on one line.
    let args: Vec<&str> = args.iter().map(String::as_str).chain(["-o", "jsonl"]).collect();
    let line = rendered(&args, &around);
    assert_eq!(line.matches('\n').count(), 1);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["type"], "plan");
    assert_eq!(line["expected"], plan["expected"]);
}

#[test]
fn packets_and_seconds_of_first_contact_are_counted_before() {
    let (around, _folder, args) = office();
    let expected = &json_of(&args, &["-o", "json"], &around)["expected"];
    let span = |all: u64, none: u64| serde_json::json!({ "all_answer": all, "none_answers": none });
    let kinds = &expected["kinds"];
    // Two tries each, as the file says.
    assert_eq!(kinds["arp-request"], span(8, 16));
    // Of the segment those who have shown themselves, but for the spared one.
    assert_eq!(kinds["snmp-engine-discovery"], span(2 + 7, 2 * 2));
    assert_eq!(kinds["icmp-echo"], span(2, 2 * 2));
    assert_eq!(kinds["onvif-query"], span(3, 0));
    // Who is beyond a router and silent is still offered the community, twice.
    assert_eq!(kinds["snmp-community"], span(9, 2 * 2));
    assert_eq!(expected["packets"], span(8 + 9 + 2 + 3 + 9, 16 + 4 + 4 + 4));
    // A second for the packets, and the waits of two tries for the engine and two with the community.
    assert_eq!(expected["seconds"], span(1, 1 + 3 + 3));
    let slow = &json_of(&args, &["-o", "json", "--rate", "2"], &around)["expected"];
    assert_eq!(slow["seconds"], span(16, 14 + 6));
    let listening = &json_of(&args, &["-o", "json", "--listen", "9s"], &around)["expected"];
    assert_eq!(listening["seconds"], span(9, 9));
    // A /24 beyond keeps its limit.
    let unlimited = &json_of(&args, &["-o", "json", "--rate", "max"], &around)["expected"];
    assert_eq!(unlimited["seconds"]["all_answer"], 1);
}

#[test]
fn a_scan_that_asks_nothing_listens_and_one_question_needs_arp_before_it() {
    let (around, ..) = office();
    let text = rendered(&["192.0.2.1", "--methods", "lldp"], &around);
    assert!(text.contains("listening: at least 30 s\n"), "{text}");
    for methods in ["arp", "onvif-query", "icmp"] {
        let text = rendered(&["192.0.2.1", "--methods", methods], &around);
        assert!(!text.contains("listening"), "{text}");
        assert!(text.contains("arp-request"), "{text}");
    }
}

#[test]
fn how_far_a_scan_would_go_is_said() {
    let (around, _folder, args) = office();
    let plan = |more: &[&str]| {
        let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        rendered(&args, &around)
    };
    let text = plan(&["--expand", "--expand-most", "7", "--methods", "arp,snmp,snmp-entities"]);
    for line in [
        "expanding: at most 7 devices beyond the targets, at most 2 neighbours away, within the targets\n",
        "methods: arp, snmp, snmp-entities\n",
        "tables of every device that answers: snmp-entities\n",
        "onvif-query: 3 targets\n",
        "one device: one open request, 5 variables in it, 2 tries of a question, 3 credentials,",
        "may be shown to 6 of the targets (4 of 192.0.2.0/24, 2 of 198.51.100.0/24)\n",
        "First contact                     all answer    none answers\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("hush"), "{text}");
    let text = plan(&["--only-infrastructure"]);
    assert!(text.contains("infrastructure alone: no device but the targets is sent a packet\n"));
    // Where nothing is sent, nothing is counted.
    let text = plan(&["--passive"]);
    assert!(!text.contains("First contact") && !text.contains("credential"), "{text}");
    assert!(text.contains("listening: at least 65 s\n"), "{text}");
}

#[test]
fn windows_are_said_and_whom_they_shut_out_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("herkomst.toml");
    // One day and the days it is not: one of both windows is shut whenever this runs.
    let days = |name: &str, days: &str| {
        format!("[[scan.window]]\nprefixes = [\"{name}\"]\ndays = [{days}]\nzone = \"UTC\"\n")
    };
    let (week, rest) = (
        days("192.0.2.1", "\"mon\", \"tue\", \"wed\""),
        days("192.0.2.2", "\"thu\", \"fri\", \"sat\", \"sun\""),
    );
    fs::write(&path, format!("{week}{rest}")).unwrap();
    let config = path.display().to_string();
    let text = rendered(&["192.0.2.1-3", "-c", &config], &Surroundings::default());
    let line =
        text.lines().find(|line| line.contains("192.0.2.1 mon, tue, wed 00:00 to 24:00 UTC"));
    let open = line.unwrap_or_else(|| panic!("{text}")).ends_with("open now");
    let other = if open { "closed" } else { "open" };
    assert!(
        text.contains(&format!(
            "window: 192.0.2.2 thu, fri, sat, sun 00:00 to 24:00 UTC, {other} now\n"
        )),
        "{text}"
    );
    assert!(text.contains("1 targets not asked: outside its window\n"), "{text}");
}
