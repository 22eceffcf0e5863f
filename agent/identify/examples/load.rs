//! How long it takes to join and to name: `cargo run --release -p herkomst-identify --example load [HOSTS]`.
//!
//! Makes the observations of HOSTS stations (65,536), every fourth of them with SNMP, and of one station that answers
//! for as many addresses; then the address table of one router that has them all, and the forwarding tables of 16 switches in a
//! row that all see them all. Prints seconds and the resident memory.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herkomst_identify::{Identifier, merge};
use herkomst_ids::{EngineId, MacAddr, Oid};
use herkomst_model::{
    About, Answer, DeviceText, Engine, Fact, Forwarded, ForwardedStatus, Method, NeighbourOrigin,
    Observation, Rows, SnmpVersion, System, Table, TableNeighbour, TableNews,
};
use jiff::Timestamp;

const TEXTS: [&str; 4] = [
    "Huawei Versatile Routing Platform Software\r\nVRP (R) software, Version 8.220 (NE40E V800R022C00SPC500)",
    "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E3, RELEASE SOFTWARE (fc3)",
    "Linux host 5.10.0-21-amd64 #1 SMP Debian 5.10.162-1 x86_64",
    "a text that nothing knows, with Version 1.2.3 and some more words to read through in vain",
];
const OBJECTS: [&[u32]; 4] = [&[2011, 2, 88, 2], &[9, 1, 1208], &[8072, 3, 2, 10], &[61_000, 1]];
const PREFIXES: [[u8; 3]; 4] =
    [[0, 0xe0, 0xfc], [0, 0x1b, 0x54], [0x24, 0x0a, 0xc4], [2, 0x42, 0xac]];

/// Makes the observations of so many hosts.
type Make = fn(u32) -> Vec<Arc<Observation>>;

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hosts: u32 = std::env::args().nth(1).map_or(Ok(65_536), |text| text.parse())?;
    let registry = herkomst_registry::embedded();
    let start = std::time::Instant::now();
    let identifier = Identifier::new(registry);
    println!("fingerprints compiled in {:?}", start.elapsed());
    let cases: [(&str, Make); 4] = [
        ("stations", stations),
        ("addresses of a proxy", proxy),
        ("rows of an address table", router),
        ("stations in each of 16 forwarding tables", switches),
    ];
    // One alone, by its number, so that its memory is its own.
    let only: Option<usize> = std::env::args().nth(2).map(|text| text.parse()).transpose()?;
    for (number, (name, make)) in cases.into_iter().enumerate() {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let seen = make(hosts);
        let before = memory();
        let start = std::time::Instant::now();
        let devices = merge(&seen, registry);
        let after = memory();
        let merged = start.elapsed();
        let start = std::time::Instant::now();
        let on = "2026-11-21".parse()?;
        let named =
            devices.iter().filter(|device| identifier.identify(device, on).maker.is_some()).count();
        let identified = start.elapsed();
        let start = std::time::Instant::now();
        let alone = seen.iter().filter(|one| identifier.names_maker(one)).count();
        println!(
            "{hosts} {name}: {} observations, {} devices merged in {merged:?}, {named} named in {identified:?}, \
             {alone} observations that name a maker alone in {:?}; \
             memory {before} before and {after} after merging",
            seen.len(),
            devices.len(),
            start.elapsed()
        );
    }
    Ok(())
}

/// The most memory that the process has held so far.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn see(address: u32, fact: Fact) -> Arc<Observation> {
    Arc::new(Observation {
        at: Timestamp::UNIX_EPOCH,
        method: Method::Snmp,
        interface: Some("eth0".into()),
        vlan: None,
        about: About::Address(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + address))),
        answer: Answer::Is(fact),
    })
}

fn mac(host: u32) -> MacAddr {
    let [_, b, c, d] = host.to_be_bytes();
    let [x, y, z] = PREFIXES[host as usize % 4];
    MacAddr([x, y, z, b, c, d])
}

fn stations(hosts: u32) -> Vec<Arc<Observation>> {
    let mut seen = Vec::new();
    for host in 0..hosts {
        seen.push(see(host, Fact::Neighbour { mac: mac(host) }));
        if host % 4 != 0 {
            continue;
        }
        let kind = host as usize / 4 % 4;
        let mut octets = (0x8000_0000 | OBJECTS[kind][0]).to_be_bytes().to_vec();
        octets.push(3);
        octets.extend(mac(host).octets());
        if let Some(id) = EngineId::new(&octets) {
            seen.push(see(host, Fact::Engine(Engine { id, boots: 2, time: host })));
        }
        let system = System {
            version: SnmpVersion::V2c,
            credential: "ro".into(),
            description: Some(DeviceText::from(TEXTS[kind])),
            object_id: Oid::new([&Oid::ENTERPRISES, OBJECTS[kind]].concat()),
            up_time: Some(host),
            contact: None,
            name: Some(DeviceText::from(format!("host-{host}").as_str())),
            location: None,
            services: Some(72),
            cut_short: false,
        };
        seen.push(see(host, Fact::System(system)));
    }
    seen
}

fn table(of: u32, table: Table, rows: Rows) -> Arc<Observation> {
    let seen = see(of, Fact::Table(TableNews::Rows(rows)));
    Arc::new(Observation { method: Method::Table(table), ..Observation::clone(&seen) })
}

fn router(hosts: u32) -> Vec<Arc<Observation>> {
    let row = |host: u32| TableNeighbour {
        address: IpAddr::V4(Ipv4Addr::from(0x0b00_0000 + host)),
        mac: mac(host),
        interface: host % 4_000,
        origin: NeighbourOrigin::Dynamic,
    };
    let rows: Vec<TableNeighbour> = (0..hosts).map(row).collect();
    let parts = rows.chunks(Rows::MOST);
    parts.map(|part| table(1, Table::Neighbours, Rows::Neighbours(part.to_vec()))).collect()
}

fn switches(hosts: u32) -> Vec<Arc<Observation>> {
    const SWITCHES: u32 = 16;
    let mut seen = Vec::new();
    for switch in 0..SWITCHES {
        // Port 1 and 2 lead to the neighbours in the row, the stations of its own are on the others.
        let row = |host: u32| {
            let port = match (host % SWITCHES).cmp(&switch) {
                std::cmp::Ordering::Less => 1,
                std::cmp::Ordering::Equal => 3 + host / SWITCHES % 1_000,
                std::cmp::Ordering::Greater => 2,
            };
            Forwarded {
                mac: mac(host),
                vlan: Some(40),
                port,
                interface: Some(port),
                status: ForwardedStatus::Learned,
            }
        };
        let rows: Vec<Forwarded> = (0..hosts).map(row).collect();
        let parts = rows.chunks(Rows::MOST);
        seen.extend(
            parts.map(|part| table(switch, Table::Forwarding, Rows::Forwarding(part.to_vec()))),
        );
    }
    seen
}

fn proxy(hosts: u32) -> Vec<Arc<Observation>> {
    (0..hosts).map(|host| see(host, Fact::Neighbour { mac: mac(1) })).collect()
}
