//! A device as the report shows it.

use std::collections::BTreeSet;

use herkomst_identify::{Confidence, Evidence, Identification};
use herkomst_ids::{MacAddr, VendorId};
use herkomst_model::report::{
    ComponentEntry, ControllerEntry, DeviceEntry, EvidenceEntry, MakerEntry, Product,
};
use herkomst_model::{Device, Method};
use herkomst_registry::{Control, Registry};
use jiff::civil::Date;

/// What is known of it, but for its place.
pub(super) fn entry(
    device: &Device,
    found: &Identification<'_>,
    registry: &Registry,
    on: Date,
) -> DeviceEntry {
    let seen_by = device.observations.iter().map(|seen| match seen.method {
        // Which tables were read stands in the coverage.
        Method::Table(_) => Method::Snmp.as_str(),
        method => method.as_str(),
    });
    let seen_by: BTreeSet<&str> = seen_by.collect();
    DeviceEntry {
        id: device_id(device, registry),
        macs: device.macs.iter().map(MacAddr::to_string).collect(),
        ips: device.ips.iter().map(ToString::to_string).collect(),
        names: found.names.clone(),
        roles: found.roles.keys().map(|role| role.as_str().to_owned()).collect(),
        parts: Vec::new(),
        adjacent: Vec::new(),
        sites: Vec::new(),
        stated: Vec::new(),
        seen_by: seen_by.into_iter().map(str::to_owned).collect(),
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
        components: found.components.iter().map(|hint| component(hint, registry)).collect(),
        software: Vec::new(),
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

fn component(hint: &herkomst_identify::ComponentHint, registry: &Registry) -> ComponentEntry {
    let vendor = hint.maker.id().and_then(|id| registry.vendor(id.as_str()));
    ComponentEntry {
        kind: hint.kind.to_owned(),
        maker: Some(MakerEntry {
            id: hint.maker.id().map(VendorId::to_string),
            name: hint.maker.name().to_owned(),
            country: vendor.and_then(|vendor| vendor.country()).map(|country| country.to_string()),
            confidence: Confidence::Possible.as_str().to_owned(),
            evidence: vec![evidence(&hint.evidence)],
            against: Vec::new(),
        }),
        model: None,
        serial: None,
        r#where: None,
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

/// A hash of the strongest key: a station's address, an engine, a chassis, an address.
fn device_id(device: &Device, registry: &Registry) -> String {
    let is_station =
        |mac: &&MacAddr| !matches!(registry.mac(**mac), herkomst_registry::MacMeaning::Special(_));
    let key = device
        .macs
        .iter()
        .find(is_station)
        .map(|mac| format!("mac {mac}"))
        .or_else(|| device.engines.first().map(|engine| format!("engine {engine}")))
        .or_else(|| device.chassis.first().map(|chassis| format!("chassis {chassis:?}")))
        .or_else(|| device.ips.first().map(|ip| format!("ip {ip}")))
        .or_else(|| device.macs.first().map(|mac| format!("special mac {mac}")))
        .unwrap_or_default();
    format!("dev-{:016x}", fnv(key.as_bytes()))
}

/// FNV-1a, 64 bits: ids that are the same on every machine, no secret and no proof.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
