//! Family, model, software and serial: from single objects and ENTITY-MIB first, then from LLDP-MED inventory, then from text
//! that a fingerprint knows.

use herkomst_model::DeviceText;

use crate::evidence::Evidence;
use crate::fingerprints::{Fingerprint, Fingerprints, subtree};
use crate::gather::Said;
use crate::heard::{Announced, Says};
use crate::inventory::is_placeholder;

/// What the product is. All of it is what the device says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFacts {
    /// The product family, or the operating system where no family is known.
    pub family: Option<String>,
    /// Whether `family` is only the operating system.
    pub is_system: bool,
    /// The model.
    pub model: Option<DeviceText>,
    /// The software and its version.
    pub software: Option<DeviceText>,
    /// The serial number.
    pub serial: Option<DeviceText>,
}

/// Puts it together from the evidence that agrees with the maker; from texts that name nobody, only the software.
pub(crate) fn product(
    said: &Said<'_>,
    agreeing: &[Evidence],
    others: &[Evidence],
    prints: &Fingerprints,
) -> ProductFacts {
    let mut facts = ProductFacts::default();
    fill(&mut facts.model, said.tables.model());
    fill(&mut facts.serial, said.tables.serial());
    for inventory in said.inventories() {
        fill(&mut facts.model, inventory.model.as_ref());
        fill(&mut facts.serial, inventory.serial.as_ref());
        fill(&mut facts.software, inventory.software.as_ref().or(inventory.firmware.as_ref()));
    }
    for said in said.heard.products(agreeing) {
        fill(&mut facts.model, said.model.as_ref());
        fill(&mut facts.serial, said.serial.as_ref());
        fill(&mut facts.software, said.software.as_ref());
    }
    for (text, print) in agreeing.iter().filter_map(known_text) {
        let captures = prints.captures(print, text);
        fill(&mut facts.model, captures.model.as_ref());
        fill(&mut facts.software, software(print, captures.software.as_ref()).as_ref());
        facts.family = facts.family.or(print.family.map(str::to_owned));
    }
    for oid in &said.objects {
        let named = subtree(oid)
            .filter(|_| agreeing.iter().any(|one| matches!(one, Evidence::SysObjectId { .. })));
        facts.family = facts.family.or(named.and_then(|one| one.family).map(str::to_owned));
    }
    let systems = agreeing.iter().chain(others).filter_map(known_text);
    for (text, print) in systems {
        if facts.family.is_none() {
            facts.family = print.os.map(str::to_owned);
            facts.is_system = facts.family.is_some();
        }
        if facts.software.is_none() {
            facts.software = software(print, prints.captures(print, text).software.as_ref());
        }
    }
    // A bare number, mostly: the text names the system, too.
    fill(&mut facts.software, said.tables.version());
    facts
}

fn fill(place: &mut Option<DeviceText>, text: Option<&DeviceText>) {
    if place.is_none() {
        *place = text.filter(|text| !text.is_blank() && !is_placeholder(text.raw())).cloned();
    }
}

fn known_text(evidence: &Evidence) -> Option<(&DeviceText, &'static Fingerprint)> {
    match evidence {
        Evidence::Announced(Announced { text, says: Says::Text(Some((print, _))), .. })
        | Evidence::SysDescr { text, known: Some((print, _)) }
        | Evidence::LldpDescription { text, known: Some((print, _)) } => Some((text, print)),
        Evidence::SysDescr { .. }
        | Evidence::LldpDescription { .. }
        | Evidence::LldpInventory { .. }
        | Evidence::Entity { .. }
        | Evidence::VendorObject { .. }
        | Evidence::SysObjectId { .. }
        | Evidence::SnmpEngineId { .. }
        | Evidence::Announced(_)
        | Evidence::LldpChassis(_)
        | Evidence::EngineMac(_)
        | Evidence::MacAssignment(_) => None,
    }
}

/// `VRP 8.220`: the system and the version that the text gives.
fn software(print: &Fingerprint, version: Option<&DeviceText>) -> Option<DeviceText> {
    match (print.os, version) {
        (Some(os), Some(version)) => {
            Some(DeviceText::from(format!("{os} {}", version.raw()).as_str()))
        }
        (None, Some(version)) => Some(version.clone()),
        (Some(os), None) => Some(DeviceText::from(os)),
        (None, None) => None,
    }
}
