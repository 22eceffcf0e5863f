//! A device as the report shows it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use herkomst_identify::{
    ComponentHint, Confidence, Evidence, Identification, Identifier, Part, Party,
};
use herkomst_ids::{MacAddr, VendorId};
use herkomst_model::report::{
    ComponentEntry, ControllerEntry, DeviceEntry, EvidenceEntry, MakerEntry, PlaceEntry, Product,
};
use herkomst_model::{Device, Method, Place};
use herkomst_registry::{Control, Registry};
use jiff::civil::Date;

use crate::config::operator::Switch;

/// What is known of it, but for the parts and sites of the operator.
pub(super) fn entry(
    id: &str,
    device: &Device,
    found: &Identification<'_>,
    switches: &BTreeMap<usize, Switch>,
    registry: &Registry,
    on: Date,
) -> DeviceEntry {
    let seen_by = device.observations.iter().map(|seen| match seen.method {
        // Which tables were read stands in the coverage.
        Method::Table(_) => Method::Snmp.as_str(),
        method => method.as_str(),
    });
    // Tables of other devices that show it are told by name.
    let told = device.told_by.iter().map(|table| table.as_str());
    let seen_by: BTreeSet<&str> = seen_by.chain(told).collect();
    let tags = device.observations.iter().filter_map(|seen| seen.vlan);
    let vlans: BTreeSet<u16> = tags.chain(device.vlans.iter().copied()).collect();
    let hints = found.components.iter().map(|hint| component(hint, registry));
    DeviceEntry {
        id: id.to_owned(),
        macs: device.macs.iter().map(MacAddr::to_string).collect(),
        ips: device.ips.iter().map(ToString::to_string).collect(),
        names: found.names.clone(),
        roles: found.roles.keys().map(|role| role.as_str().to_owned()).collect(),
        parts: Vec::new(),
        adjacent: Vec::new(),
        sites: Vec::new(),
        stated: Vec::new(),
        seen_by: seen_by.into_iter().map(str::to_owned).collect(),
        vlans: vlans.into_iter().collect(),
        places: device.places.iter().filter_map(|one| place(one, switches)).collect(),
        maker: found.maker.as_ref().map(|maker| MakerEntry {
            id: maker.id.as_ref().map(VendorId::to_string),
            name: maker.name.clone(),
            country: maker.country.map(|country| country.to_string()),
            confidence: maker.confidence.as_str().to_owned(),
            evidence: maker.evidence.iter().map(evidence).collect(),
            against: maker.against.iter().map(evidence).collect(),
        }),
        controller: found.maker.as_ref().and_then(|maker| {
            let vendor = registry.vendor(maker.id.as_ref()?.as_str())?;
            // A maker that nobody controls is its own controller.
            Some(found.controller().map_or_else(
                || ControllerEntry {
                    id: Some(vendor.id().to_owned()),
                    name: vendor.name().to_owned(),
                    country: vendor.country().map(|country| country.to_string()),
                    as_of: on.to_string(),
                    verified: vendor.verified(),
                },
                |control| controller_entry(control, on),
            ))
        }),
        registration_country: found.registration_country.map(|country| country.to_string()),
        registrant: found.registrant.clone(),
        product: Product {
            family: found.product.family.clone(),
            model: found.product.model.clone(),
            software: found.product.software.clone(),
            serial: found.product.serial.clone(),
        },
        components: hints.chain(found.parts.iter().map(|one| part(one, registry))).collect(),
        software: found.software.iter().cloned().collect(),
        relabelled: found.contested.as_ref().map(|(one, other)| {
            format!(
                "possibly relabelled: some evidence names {}, some {}",
                one.name(),
                other.name()
            )
        }),
        special: found.special.clone(),
        joined_by: device.joins.iter().map(|join| join.because.clone()).collect(),
        rejected: found.rejected.iter().map(evidence).collect(),
    }
}

fn controller_entry(control: &Control<'_>, on: Date) -> ControllerEntry {
    ControllerEntry {
        id: control.id.map(str::to_owned),
        name: control.name.to_owned(),
        country: control.country.map(|country| country.to_string()),
        as_of: on.to_string(),
        verified: control.verified,
    }
}

fn place(place: &Place, switches: &BTreeMap<usize, Switch>) -> Option<PlaceEntry> {
    let switch = switches.get(&place.port.device)?;
    Some(PlaceEntry {
        device: switch.id.clone(),
        name: switch.names.first().cloned(),
        port: place.port.name.clone(),
        alias: place.port.alias.clone(),
        vlans: place.vlans.clone(),
        link: place.link.as_str().to_owned(),
        stations: u64::from(place.port.stations),
        seen_by: place.table.as_str().to_owned(),
    })
}

/// A part that the device lists. Who made it is as sure as a word of the device is.
fn part(part: &Part, registry: &Registry) -> ComponentEntry {
    let maker =
        part.maker.as_ref().and_then(|said| Some(part_maker(&said.party()?, said, registry)));
    ComponentEntry {
        kind: part.kind.as_str().to_owned(),
        manufacturer: part.manufacturer.clone(),
        maker,
        model: part.model.clone(),
        serial: part.serial.clone(),
        r#where: part.place.clone(),
    }
}

fn component(hint: &ComponentHint, registry: &Registry) -> ComponentEntry {
    ComponentEntry {
        kind: hint.kind.to_owned(),
        manufacturer: None,
        maker: Some(part_maker(&hint.maker, &hint.evidence, registry)),
        model: None,
        serial: None,
        r#where: None,
    }
}

fn part_maker(maker: &Party, said: &Evidence, registry: &Registry) -> MakerEntry {
    let vendor = maker.id().and_then(|id| registry.vendor(id.as_str()));
    MakerEntry {
        id: maker.id().map(VendorId::to_string),
        name: maker.name().to_owned(),
        country: vendor.and_then(|vendor| vendor.country()).map(|country| country.to_string()),
        confidence: Confidence::Possible.as_str().to_owned(),
        evidence: vec![evidence(said)],
        against: Vec::new(),
    }
}

fn evidence(evidence: &Evidence) -> EvidenceEntry {
    EvidenceEntry {
        kind: evidence.kind().to_owned(),
        value: evidence.value(),
        says: evidence.says(),
        weight: evidence.weight().as_str().to_owned(),
        note: evidence.note(),
    }
}

/// The devices that have ports which others are at, as these say it.
pub(super) fn switches(
    devices: &[Device],
    ids: &[String],
    identifier: &Identifier<'_>,
    on: Date,
) -> BTreeMap<usize, Switch> {
    let places = devices.iter().flat_map(|device| &device.places);
    let numbers: BTreeSet<usize> = places.map(|place| place.port.device).collect();
    let switch = |number: usize| {
        let device = devices.get(number)?;
        let names = identifier.identify(device, on).names;
        Some((number, Switch { id: ids[number].clone(), names, ips: device.ips.clone() }))
    };
    numbers.into_iter().filter_map(switch).collect()
}

/// The ids of all devices. Two that have no better key than an address which both show are numbered.
pub(super) fn ids(devices: &[Device], registry: &Registry) -> Vec<String> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let id = |device: &Device| {
        let key = strongest_key(device, registry);
        let number = taken.entry(key.clone()).or_default();
        *number += 1;
        let key = if *number == 1 { key } else { format!("{key} {number}") };
        format!("dev-{:016x}", fnv(key.as_bytes()))
    };
    devices.iter().map(id).collect()
}

/// What an id is a hash of: a station's address, an engine, what a table calls it, a chassis, an address.
fn strongest_key(device: &Device, registry: &Registry) -> String {
    let is_station =
        |mac: &&MacAddr| !matches!(registry.mac(**mac), herkomst_registry::MacMeaning::Special(_));
    device
        .macs
        .iter()
        .find(is_station)
        .map(|mac| format!("mac {mac}"))
        .or_else(|| device.engines.first().map(|engine| format!("engine {engine}")))
        .or_else(|| device.told_as.as_ref().map(|words| format!("told {words}")))
        .or_else(|| device.chassis.first().map(|chassis| format!("chassis {chassis:?}")))
        .or_else(|| device.ips.first().map(|ip| format!("ip {ip}")))
        .or_else(|| device.macs.first().map(|mac| format!("special mac {mac}")))
        .unwrap_or_default()
}

/// FNV-1a, 64 bits: ids that are the same on every machine, no secret and no proof.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
