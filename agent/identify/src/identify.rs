//! From a device to who made it, who controls that maker, and what it is.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::{Country, VendorId};
use herkomst_model::{Device, DeviceText, Observation};
use herkomst_registry::{Control, MacMeaning, Registry, VendorKind};
use jiff::civil::Date;

use crate::evidence::{Evidence, Party, Weight};
use crate::fingerprints::Fingerprints;
use crate::gather::{self, Said};
use crate::inventory::Part;
use crate::product::{ProductFacts, product};
use crate::role::Role;
use crate::roles::roles;
use crate::stations::names_one_station;
use crate::vendor::{Verdict, weigh};
use crate::{Claim, Confidence};

/// Who made a device, with what says so. Only evidence makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MakerClaim {
    /// The id in the vendor table; none for a firm that only a registry knows.
    pub id: Option<VendorId>,
    /// The name.
    pub name: String,
    /// The seat of the maker, where the vendor table has it.
    pub country: Option<Country>,
    /// How sure.
    pub confidence: Confidence,
    /// What says so, or names a firm of the same house; strongest first, never empty.
    pub evidence: Vec<Evidence>,
    /// What of weight says otherwise; strongest first.
    pub against: Vec<Evidence>,
}

/// A firm that made something inside the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentHint {
    /// `module`, `chipset`, `odm` or `network-card`.
    pub kind: &'static str,
    /// The firm.
    pub maker: Party,
    /// What says so.
    pub evidence: Evidence,
}

/// All that is concluded of one device.
#[derive(Debug, Clone)]
pub struct Identification<'a> {
    /// Who made it; none when nothing names anybody.
    pub maker: Option<MakerClaim>,
    /// What was seen and names nobody, or too weakly to count; each note says why.
    pub rejected: Vec<Evidence>,
    /// The maker and whom evidence of weight names instead: possibly relabelled.
    pub contested: Option<(Party, Party)>,
    /// Who controls the maker on the day asked: each step, the ultimate controller last.
    pub controllers: Vec<Control<'a>>,
    /// The organisation that its lowest hardware address is assigned to, whether or not it is a maker.
    pub registrant: Option<String>,
    /// The country that this organisation gave. Evidence of where a form was signed, not an origin.
    pub registration_country: Option<Country>,
    /// What kind of special address it is, when all its hardware addresses are some: then it is no box.
    pub special: Option<String>,
    /// What it is for, and what says so.
    pub roles: BTreeMap<Role, String>,
    /// What the product is.
    pub product: ProductFacts,
    /// What it calls itself: sysName before the LLDP system name, then what it announces elsewhere.
    pub names: Vec<DeviceText>,
    /// Who made parts of it, as far as numbers and addresses hint at it.
    pub components: Vec<ComponentHint>,
    /// What is in it, as its tables list it.
    pub parts: Vec<Part>,
    /// The software that its tables list.
    pub software: BTreeSet<DeviceText>,
}

impl<'a> Identification<'a> {
    /// The ultimate controller on the day asked.
    pub fn controller(&self) -> Option<&Control<'a>> {
        self.controllers.last()
    }
}

/// Names makers. Compiles the fingerprints once.
pub struct Identifier<'a> {
    registry: &'a Registry,
    prints: Fingerprints,
}

impl<'a> Identifier<'a> {
    /// Compiles the fingerprints.
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, prints: Fingerprints::new() }
    }

    /// Who made the device, as of a day.
    pub fn identify(&self, device: &Device, on: Date) -> Identification<'a> {
        let on = on.to_string();
        let said = Said::by(device);
        let Verdict { maker, contested, hints, mut rejected } =
            weigh(gather::evidence(&said, self.registry, &self.prints, &on), self.registry, &on);
        let (components, weak) = components(hints);
        rejected.extend(weak);
        let maker = maker.map(|(claim, confidence)| self.maker(&claim, confidence));
        let agreeing = maker.as_ref().map_or(&[][..], |maker| &maker.evidence);
        let vendor = maker
            .as_ref()
            .and_then(|maker| maker.id.as_ref())
            .and_then(|id| self.registry.vendor(id.as_str()));
        let assignment = said.stations.iter().chain(&device.macs).find_map(|mac| {
            match self.registry.mac(*mac) {
                MacMeaning::Assigned(to) => Some(to),
                MacMeaning::Special(_) | MacMeaning::Unassigned => None,
            }
        });
        Identification {
            roles: roles(&said, agreeing),
            product: product(&said, agreeing, &rejected, &self.prints),
            controllers: vendor.map(|vendor| vendor.control_chain(&on)).unwrap_or_default(),
            registrant: assignment.map(|to| to.registrant.to_owned()),
            registration_country: assignment.and_then(|to| to.country),
            special: self.special(device),
            names: names(&said),
            maker,
            rejected,
            contested,
            components,
            parts: said.tables.parts(self.registry),
            software: said.tables.software(),
        }
    }

    /// Whether the observation alone names a maker: for showing progress.
    pub fn names_maker(&self, observation: &Observation) -> bool {
        let mut said = Said::default();
        said.take(observation, |_| true);
        // Nothing here depends on who controls whom, so any day will do.
        let evidence = gather::evidence(&said, self.registry, &self.prints, "");
        evidence.iter().any(|one| one.weight() >= Weight::Likely)
    }

    fn maker(&self, claim: &Claim<Party>, confidence: Confidence) -> MakerClaim {
        let party = claim.value();
        let vendor = party.id().and_then(|id| self.registry.vendor(id.as_str()));
        let mut evidence = claim.evidence().to_vec();
        evidence.sort_by_cached_key(|one| {
            (one.party().as_ref() != Some(party), one.rank(), one.value())
        });
        let mut against = claim.against().to_vec();
        against.sort_by_cached_key(|one| (one.rank(), one.value()));
        MakerClaim {
            id: party.id().cloned(),
            name: party.name().to_owned(),
            country: vendor.and_then(|vendor| vendor.country()),
            confidence,
            evidence,
            against,
        }
    }

    /// An address that several boxes share is no box. One that software chose is a box all the same.
    fn special(&self, device: &Device) -> Option<String> {
        let shared = |mac| !names_one_station(mac, self.registry);
        let first = device.macs.first().filter(|_| device.macs.iter().all(|mac| shared(*mac)))?;
        match self.registry.mac(*first) {
            MacMeaning::Special(special) => Some(special.what.to_owned()),
            MacMeaning::Assigned(_) | MacMeaning::Unassigned => None,
        }
    }
}

/// Hints that are about a part, and those that are too weak for anything.
fn components(hints: Vec<Evidence>) -> (Vec<ComponentHint>, Vec<Evidence>) {
    let mut parts = Vec::new();
    let mut weak = Vec::new();
    for hint in hints {
        let vendor = match &hint {
            Evidence::MacAssignment(adapter)
            | Evidence::EngineMac(adapter)
            | Evidence::LldpChassis(adapter) => adapter.kind(),
            Evidence::LldpInventory { vendor, .. }
            | Evidence::Entity { vendor, .. }
            | Evidence::VendorObject { vendor, .. } => vendor.as_ref().map(|(_, kind)| *kind),
            Evidence::SysObjectId { .. }
            | Evidence::SnmpEngineId { .. }
            | Evidence::SysDescr { .. }
            | Evidence::LldpDescription { .. }
            | Evidence::Announced(_) => None,
        };
        let kind = match vendor {
            Some(VendorKind::Module) => Some("module"),
            Some(VendorKind::Chipset) => Some("chipset"),
            Some(VendorKind::Odm) => Some("odm"),
            Some(VendorKind::Product | VendorKind::Ot) => Some("network-card"),
            Some(VendorKind::Virtual | VendorKind::Agent) | None => None,
        };
        match (kind, hint.party()) {
            (Some(kind), Some(maker)) => parts.push(ComponentHint { kind, maker, evidence: hint }),
            _ => weak.push(hint),
        }
    }
    (parts, weak)
}

fn names(said: &Said<'_>) -> Vec<DeviceText> {
    let own = said.systems.iter().filter_map(|system| system.name.as_ref());
    let announced = said.neighbours.iter().filter_map(|neighbour| neighbour.system_name.as_ref());
    let mut names: Vec<DeviceText> = Vec::new();
    let listed = said.tables.names();
    let heard = said.heard.names();
    for name in own.chain(listed).chain(announced).chain(heard).filter(|name| !name.is_blank()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests;
