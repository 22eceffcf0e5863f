//! Predicts the vendor of every record of a corpus, for a scorer: `predict CORPUS.jsonl > predictions.jsonl`.
//!
//! A record has `id` and any of `sysObjectID`, `sysDescr`, `sysName`, `ifPhysAddress`, `bridgeAddress`, `lldpLocSysDesc`,
//! `lldpLocSysName`, `snmpEngineID`. It is made into the observations that a scan of the device would give, which go
//! the same way as those of a scan. Everything else in it, the truth above all, is left alone.
//! `HOW=1` adds how each answer came about.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herkomst_identify::{Confidence, Evidence, Identifier, merge};
use herkomst_ids::{EngineId, MacAddr, Oid};
use herkomst_model::{
    About, Answer, ChassisKey, DeviceText, Engine, Fact, LldpNeighbour, Method, Observation,
    SnmpVersion, System,
};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: predict CORPUS.jsonl")?;
    let how = std::env::var_os("HOW").is_some();
    let least = match std::env::var("LEAST").as_deref() {
        Ok("probable") => Confidence::Probable,
        Ok("confirmed") => Confidence::Confirmed,
        _ => Confidence::Possible,
    };
    let registry = herkomst_registry::embedded();
    let identifier = Identifier::new(registry);
    let today = "2026-11-21".parse()?;
    let mut out = std::io::stdout().lock();
    for line in std::fs::read_to_string(path)?.lines() {
        if line.trim().is_empty() {
            continue;
        }
        let record: Value = serde_json::from_str(line)?;
        let devices = merge(&observations(&record), registry);
        let found: Vec<_> =
            devices.iter().map(|device| identifier.identify(device, today)).collect();
        let maker = found
            .first()
            .and_then(|one| one.maker.as_ref())
            .filter(|maker| maker.confidence >= least);
        let mut answer = json!({
            "id": record["id"],
            "vendor": maker.map(|maker| plain(&maker.name)),
            "country": maker.and_then(|maker| maker.country).map(|country| country.to_string()),
        });
        if how {
            let words = |list: &[Evidence]| -> Vec<String> {
                let word =
                    |one: &Evidence| format!("{} {:?} {:?}", one.kind(), one.says(), one.weight());
                list.iter().map(word).collect()
            };
            answer["devices"] = json!(devices.len());
            answer["confidence"] = json!(maker.map(|maker| maker.confidence.as_str()));
            answer["for"] = json!(maker.map(|maker| words(&maker.evidence)));
            answer["against"] = json!(maker.map(|maker| words(&maker.against)));
            answer["rejected"] = json!(found.first().map(|one| words(&one.rejected)));
            answer["sysDescr"] = record["sysDescr"].clone();
            answer["sysObjectID"] = record["sysObjectID"].clone();
        }
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

/// The name without the years that the vendor table adds for people: `3Com (until 2010)`.
fn plain(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

fn observations(record: &Value) -> Vec<Arc<Observation>> {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let text = |key: &str| record[key].as_str().map(DeviceText::from);
    let mut seen = Vec::new();
    let mut see = |method, about, fact| {
        seen.push(Arc::new(Observation {
            at: jiff::Timestamp::UNIX_EPOCH,
            method,
            interface: Some("eth0".into()),
            vlan: None,
            about,
            answer: Answer::Is(fact),
        }));
    };
    let (object, description, name) = (text("sysObjectID"), text("sysDescr"), text("sysName"));
    if object.is_some() || description.is_some() || name.is_some() {
        let system = System {
            version: SnmpVersion::V2c,
            credential: "corpus".into(),
            description,
            object_id: object
                .as_ref()
                .and_then(|text| text.raw().trim_start_matches('.').parse::<Oid>().ok()),
            up_time: None,
            contact: None,
            name,
            location: None,
            services: None,
            cut_short: false,
        };
        see(Method::Snmp, About::Address(address), Fact::System(system));
    }
    let own =
        record["ifPhysAddress"].as_array().into_iter().flatten().chain([&record["bridgeAddress"]]);
    let macs: Vec<MacAddr> = own.filter_map(|mac| mac.as_str()?.parse().ok()).collect();
    // The dump says that these are the device's own interfaces, which on the wire takes more than ARP: a chassis that
    // announces itself from each of them, and answers for its address from one.
    let chassis = ChassisKey::Address(address);
    if let Some(mac) = macs.iter().find(|mac| !mac.is_multicast() && !mac.is_locally_administered())
    {
        see(Method::Arp, About::Address(address), Fact::Neighbour { mac: *mac });
    }
    for mac in macs {
        let neighbour = LldpNeighbour {
            chassis: chassis.clone(),
            port: DeviceText::from("1"),
            ttl: 120,
            port_description: None,
            system_name: text("lldpLocSysName"),
            system_description: text("lldpLocSysDesc"),
            capabilities: None,
            management: Vec::new(),
            inventory: None,
            native_vlan: None,
            med_class: None,
        };
        see(Method::Lldp, About::Station(mac), Fact::Lldp(neighbour));
    }
    if let Some(id) = record["snmpEngineID"].as_str().and_then(engine) {
        see(
            Method::SnmpEngine,
            About::Address(address),
            Fact::Engine(Engine { id, boots: 1, time: 1 }),
        );
    }
    seen
}

fn engine(hex: &str) -> Option<EngineId> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let octets: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    EngineId::new(&octets?)
}
