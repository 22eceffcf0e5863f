use std::fs;

use clap::Parser;
use herkomst_model::{About, Answer, Engine as EngineFact, Fact};
use herkomst_probe::Seen;
use herkomst_probe::snmp::credentials::{Credential, Login, Secret};

use super::*;
use crate::cli::{Cli, Command};
use crate::plan::{Surroundings, plan};

const TARGET: &str = "192.0.2.7";

fn target() -> IpAddr {
    TARGET.parse().unwrap()
}

/// An engine without a socket, and so with routed targets alone.
fn engine(args: &[&str], config: &str) -> Engine {
    engine_in(Surroundings::default(), args, config)
}

fn engine_in(around: Surroundings, args: &[&str], config: &str) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("herkomst.toml");
    fs::write(&path, config).unwrap();
    let path = path.display().to_string();
    let words = ["herkomst", "scan", "-c", &path];
    let cli = Cli::try_parse_from(words.iter().chain(args)).unwrap();
    let Command::Scan(args) = cli.command else { panic!("scan was asked for") };
    let scan = Scan::check(&args).unwrap();
    let plan = plan(&scan, &around).unwrap();
    let no_probe = scan.no_probe.clone();
    let spare: Spare = Box::new(move |address, _| no_probe.contains(address));
    Engine::new(plan, &scan, OpenPorts::none(), spare, Arc::default()).unwrap()
}

/// A window that was open when the plan was made: all of the day, and all days.
const WINDOW: &str =
    "[[scan.window]]\nprefixes = [\"192.0.2.0/24\", \"2001:db8::/32\"]\nzone = \"UTC\"\n";

fn says(method: Method, answer: Answer<Fact>) -> Seen {
    Seen { method, about: About::Address(target()), vlan: None, answer }
}

fn found() -> Seen {
    let id = EngineId::new(&[0x80, 0, 0x1f, 0x88, 4, 1]).unwrap();
    says(Method::SnmpEngine, Answer::Is(Fact::Engine(EngineFact { id, boots: 1, time: 1 })))
}

#[test]
fn a_window_that_closes_ends_the_scan_of_its_targets_whatever_they_were_asked() {
    let mut engine = engine(&[TARGET, "--methods", "snmp,mdns-query,ssdp-query"], WINDOW);
    assert!(engine.has_more_to_send() && !engine.is_done(Instant::now()));
    engine.take_windows(vec![false]);
    engine.collect(&mut Vec::new());
    assert!(engine.is_done(Instant::now()), "nothing is left that waits for the gate");
    let (ledger, receipt) = engine.finish(false).unwrap();
    let no = Outcome::NotAsked(Why::OutsideWindow);
    assert_eq!((ledger.targets[&target()].snmp_engine, ledger.targets[&target()].snmp), (no, no));
    assert_eq!(
        ledger.questions[&target()].iter().map(|(_, came)| *came).collect::<Vec<_>>(),
        [no, no]
    );
    assert!(receipt.targets.is_empty());
}

#[test]
fn an_answer_that_comes_after_the_window_closed_leads_to_no_question() {
    let mut engine = engine(&[TARGET, "--methods", "snmp"], WINDOW);
    engine.has_credentials = true;
    engine.take_windows(vec![false]);
    engine.collect(&mut Vec::new());
    engine.conclude_discovery(&found());
    assert!(engine.is_done(Instant::now()));
    let station = Fact::Neighbour { mac: MacAddr([0, 0xe0, 0xfc, 0, 0, 7]) };
    let source = Some([192, 0, 2, 1].into());
    engine.conclude_station(&says(Method::Arp, Answer::Is(station)), 0, source);
    assert!(engine.is_done(Instant::now()));
}

#[test]
fn whom_nothing_may_be_sent_to_keeps_no_scan_from_its_end() {
    let mut engine = engine(&[TARGET, "-x", TARGET, "--methods", "snmp"], "");
    engine.discovery.add(target());
    assert!(!engine.is_done(Instant::now()));
    engine.transmit(Instant::now()).unwrap();
    assert!(engine.is_done(Instant::now()));
}

#[test]
fn one_attempt_is_one_packet_of_each_question_and_a_question_is_put_twice_without() {
    for (config, most) in [("[scan]\nattempts = 1\n", 1), ("", 2)] {
        let mut engine = engine(&[TARGET, "--methods", "mdns-query"], config);
        let mut now = Instant::now();
        let mut left = 0;
        let mut gate = Anybody;
        for _ in 0..9 {
            let probe = &mut engine.questions[0].probe;
            left += usize::from(probe.poll_transmit(now, &mut gate, &mut Vec::new()).is_some());
            now += Duration::from_secs(3);
            probe.handle_timeout(now);
        }
        assert_eq!(left, most, "as the plan of a dry run says");
    }
}

/// Lets everything through.
struct Anybody;
impl herkomst_probe::Gate for Anybody {
    fn admits(&mut self, _: IpAddr, _: Instant) -> bool {
        true
    }
}

#[test]
fn a_rival_that_is_to_be_spared_ends_the_interview_of_its_address_and_begins_none() {
    let config = "[scan]\nno-probe = []\n";
    let (one, plc) = (MacAddr([0, 0xe0, 0xfc, 0, 0, 7]), MacAddr([2, 0, 0, 0, 0, 9]));
    for discovered_first in [true, false] {
        let mut engine = engine(&[TARGET, "--methods", "snmp"], config);
        engine.spare = Box::new(move |_, mac| mac == plc);
        engine.discovery.spare(target());
        engine.collect(&mut Vec::new());
        let user = Login::V2c(Secret::new(*b"lab"));
        let prefixes = vec!["192.0.2.0/24".parse().unwrap()];
        let lab = Credential { name: "lab".into(), prefixes, engine_ids: vec![], login: user };
        engine.has_credentials = true;
        engine.interviews =
            Interviews::new([lab].into(), Cookies::new([3; 16]), Retry::of_millis(&[100]));
        let source = Some([192, 0, 2, 1].into());
        let is_at = |mac| says(Method::Arp, Answer::Is(Fact::Neighbour { mac }));
        engine.conclude_station(&is_at(one), 0, source);
        if discovered_first {
            engine.conclude_discovery(&found());
            assert!(engine.interviews.is_asking(target()));
        }
        engine.conclude_station(&is_at(plc), 0, source);
        if !discovered_first {
            engine.conclude_discovery(&found());
        }
        assert!(!engine.interviews.is_asking(target()));
    }
}

fn ethernet(index: u32, name: &str, address: [u8; 4]) -> herkomst_net::Interface {
    let address = herkomst_net::Ipv4Address { address: address.into(), prefix_len: 24 };
    herkomst_net::Interface {
        index,
        name: name.to_owned(),
        mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
        mtu: 1500,
        up: true,
        running: true,
        loopback: false,
        broadcast: true,
        point_to_point: false,
        no_arp: false,
        ethernet: true,
        ipv4: vec![address],
        ipv6: Vec::new(),
    }
}

#[test]
fn who_is_told_of_is_asked_only_where_the_operator_lets_it() {
    let config = "[scan]\nexpand = true\nexpand-prefixes = [\"198.51.100.0/24\", \"203.0.113.0/24\"]\n\
                  no-probe = [\"203.0.113.7\"]\n";
    let interfaces =
        vec![ethernet(2, "eth0", [10, 0, 0, 9]), ethernet(3, "eth1", [198, 51, 100, 9])];
    let around = Surroundings { interfaces, ..Surroundings::default() };
    let mut engine = engine_in(around, &[TARGET, "-i", "eth0"], config);
    let spared: IpAddr = [203, 0, 113, 7].into();
    let beside: IpAddr = [198, 51, 100, 7].into();
    let everybody: IpAddr = [198, 51, 100, 255].into();
    let fine: IpAddr = [203, 0, 113, 8].into();
    for address in [spared, beside, everybody, fine] {
        // As LLDP and CDP tell of it: by its address alone.
        engine.hear_of(None, address, None);
    }
    let (ledger, _) = engine.finish(true).unwrap();
    let snmp = |address: IpAddr| ledger.targets.get(&address).map(|line| line.snmp_engine);
    assert_eq!(snmp(spared), Some(Outcome::NotAsked(Why::Fragile)), "under no-probe");
    assert_eq!(snmp(beside), Some(Outcome::NotAsked(Why::NoRoute)), "-i names another interface");
    assert_eq!(snmp(everybody), None, "it is nobody's address");
    assert_eq!(snmp(fine), Some(Outcome::NotAsked(Why::Interrupted)), "it was to be asked");
}

#[test]
fn a_device_that_is_spared_at_one_address_is_spared_at_its_others_of_ipv6() {
    let mac = MacAddr([0, 0x0e, 0x8c, 0, 0, 7]);
    let (four, six): (IpAddr, IpAddr) =
        ("192.0.2.9".parse().unwrap(), "2001:db8::9".parse().unwrap());
    let config = "[scan]\nno-probe = [\"192.0.2.9\"]\n";
    for order in [[four, six], [six, four]] {
        let mut engine = engine(&[TARGET, "2001:db8::/64", "--methods", "snmp"], config);
        // As on a segment of IPv6, where the stations of both versions are known.
        for address in order {
            assert!(engine.book.admit(address, Zone::Segment));
            let answer = Answer::Is(Fact::Neighbour { mac });
            let method = if address.is_ipv4() { Method::Arp } else { Method::Ndp };
            let seen = Seen { method, about: About::Address(address), vlan: None, answer };
            let source: IpAddr = match address {
                IpAddr::V4(_) => "192.0.2.1".parse().unwrap(),
                IpAddr::V6(_) => "2001:db8::1".parse().unwrap(),
            };
            engine.conclude_station(&seen, 0, Some(source));
        }
        assert!(engine.spared.contains(&mac) && engine.stations[&four].spared);
        if order[0] == four {
            assert!(engine.stations[&six].spared, "known to be spared before it was found");
        }
    }
}
