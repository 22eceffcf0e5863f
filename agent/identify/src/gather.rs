//! Takes the evidence on the maker out of what was seen of a device: each thing once, in a fixed order.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::{EngineId, MacAddr, Oid};
use herkomst_model::{
    About, Answer, ChassisKey, Device, DeviceText, Fact, Inventory, LldpNeighbour, Observation,
    System,
};
use herkomst_registry::{Registry, VendorKind};

use crate::assigned::{Adapter, Assigned, Number};
use crate::evidence::{Evidence, Party};
use crate::fingerprints::{Fingerprint, Fingerprints, Names, Subtree, subtree};
use crate::heard::HeardOf;
use crate::told::OwnTables;
use crate::vendor::related;

/// What a device said, sorted: the order of its observations does not matter.
#[derive(Debug, Default)]
pub(crate) struct Said<'d> {
    /// Addresses it answered or spoke from.
    pub(crate) stations: BTreeSet<MacAddr>,
    pub(crate) engines: BTreeSet<&'d EngineId>,
    pub(crate) objects: BTreeSet<&'d Oid>,
    pub(crate) systems: Vec<&'d System>,
    pub(crate) neighbours: Vec<&'d LldpNeighbour>,
    /// What it announces beside LLDP, and says to servers.
    pub(crate) heard: HeardOf<'d>,
    /// What its own tables say of it.
    pub(crate) tables: OwnTables<'d>,
}

impl<'d> Said<'d> {
    pub(crate) fn by(device: &'d Device) -> Self {
        let mut said = Self::default();
        for observation in &device.observations {
            said.take(observation, |mac| device.macs.contains(&mac));
        }
        said.take_told(device);
        // The latest word of each sort first would need a clock; the text itself is order enough.
        said.systems.sort_by_key(|system| (&system.object_id, &system.description, &system.name));
        said.neighbours.sort_by_key(|neighbour| (&neighbour.chassis, &neighbour.port));
        said.heard.sort();
        said
    }

    /// `own` tells whether a hardware address is the device's: one that a proxy answered with is not.
    pub(crate) fn take(&mut self, observation: &'d Observation, own: impl Fn(MacAddr) -> bool) {
        if let About::Station(mac) = observation.about
            && own(mac)
        {
            self.stations.insert(mac);
        }
        let Answer::Is(fact) = &observation.answer else { return };
        match fact {
            Fact::Neighbour { mac } => {
                if own(*mac) {
                    self.stations.insert(*mac);
                }
            }
            Fact::Table(news) => self.tables.take(observation.method, news),
            Fact::Echo | Fact::Spoke { .. } | Fact::VirtualRouter(_) | Fact::DhcpServer(_) => {}
            Fact::Announced(_) | Fact::Router(_) | Fact::DhcpClient(_) => {
                self.heard.take(observation.method, fact);
            }
            Fact::Engine(engine) => _ = self.engines.insert(&engine.id),
            Fact::System(system) => {
                self.objects.extend(&system.object_id);
                self.systems.push(system);
            }
            Fact::Lldp(neighbour) => self.neighbours.push(neighbour),
        }
    }

    /// The inventories of LLDP-MED.
    pub(crate) fn inventories(&self) -> impl Iterator<Item = &'d Inventory> {
        self.neighbours.iter().filter_map(|neighbour| neighbour.inventory.as_ref())
    }
}

/// Looks up who a fingerprint names.
pub(crate) fn party(names: Names, registry: &Registry) -> Option<Party> {
    match names {
        Names::Vendor(id) => {
            let row = registry.vendor(id).map(|vendor| Party::of(&vendor));
            Some(row.unwrap_or_else(|| Party::Organisation(id.to_owned())))
        }
        Names::Organisation(name) => Some(Party::Organisation(name.to_owned())),
        Names::Nobody => None,
    }
}

/// All evidence on the maker of a device.
pub(crate) fn evidence(
    said: &Said<'_>,
    registry: &Registry,
    prints: &Fingerprints,
    on: &str,
) -> Vec<Evidence> {
    let mut found = Vec::new();
    adapters(said, registry, on, &mut found);
    for id in &said.engines {
        let number = Number::look_up(id.pen(), registry);
        let brand = narrowed(id, said).map(|one| (one, party(one.names, registry)));
        found.push(Evidence::SnmpEngineId { id: (*id).clone(), number, brand });
    }
    for oid in &said.objects {
        let number = oid.pen().map(|pen| Number::look_up(pen, registry));
        let brand = subtree(oid).map(|one| (one, party(one.names, registry)));
        found.push(Evidence::SysObjectId { oid: (*oid).clone(), number, brand });
    }
    let descriptions = said.systems.iter().filter_map(|system| system.description.as_ref());
    for (text, known) in texts(descriptions, registry, prints) {
        found.push(Evidence::SysDescr { text, known });
    }
    let descriptions =
        said.neighbours.iter().filter_map(|neighbour| neighbour.system_description.as_ref());
    for (text, known) in texts(descriptions, registry, prints) {
        found.push(Evidence::LldpDescription { text, known });
    }
    let makers: BTreeSet<&DeviceText> = said
        .inventories()
        .filter_map(|inventory| inventory.manufacturer.as_ref())
        .filter(|text| !text.is_blank())
        .collect();
    for manufacturer in makers {
        let vendor = maker_by_name(manufacturer.raw(), registry);
        found.push(Evidence::LldpInventory { manufacturer: manufacturer.clone(), vendor });
    }
    said.heard.evidence(registry, prints, &mut found);
    said.tables.evidence(registry, &mut found);
    found
}

/// The known subtree that a sysObjectID under the engine's own number stands in: the same firm built both, so the engine
/// says no more than the object. The weakest, if there are several.
fn narrowed(id: &EngineId, said: &Said<'_>) -> Option<&'static Subtree> {
    let under = said.objects.iter().filter(|oid| oid.pen() == Some(id.pen()));
    under.filter_map(|oid| subtree(oid)).min_by_key(|one| (one.weight, one.text))
}

type Known = Option<(&'static Fingerprint, Option<Party>)>;

/// Each text once, with each fingerprint that knows it.
pub(crate) fn texts<'d>(
    texts: impl Iterator<Item = &'d DeviceText>,
    registry: &Registry,
    prints: &Fingerprints,
) -> Vec<(DeviceText, Known)> {
    let texts: BTreeSet<&DeviceText> = texts.filter(|text| !text.is_blank()).collect();
    let mut found = Vec::new();
    for text in texts {
        let known = prints.matching(text);
        if known.is_empty() {
            found.push((text.clone(), None));
        }
        found.extend(
            known
                .into_iter()
                .map(|print| (text.clone(), Some((print, party(print.names, registry))))),
        );
    }
    found
}

/// The hardware addresses: one piece of evidence per kind and firm, however many ports there are.
fn adapters(said: &Said<'_>, registry: &Registry, on: &str, found: &mut Vec<Evidence>) {
    let chassis: BTreeSet<MacAddr> = said
        .neighbours
        .iter()
        .filter_map(|neighbour| match &neighbour.chassis {
            ChassisKey::Mac(mac) => Some(*mac),
            ChassisKey::Address(_) | ChassisKey::Text { .. } => None,
        })
        .collect();
    let inside: BTreeSet<MacAddr> = said.engines.iter().filter_map(|id| id.mac()).collect();
    // An address that was seen as a station's says nothing new as a chassis id or inside an engine id.
    let chassis = chassis.difference(&said.stations).copied().collect();
    let inside: BTreeSet<MacAddr> = inside.difference(&said.stations).copied().collect();
    let inside = inside.difference(&chassis).copied().collect();
    let stations = by_firm(&said.stations, registry);
    let products: Vec<(Option<Party>, usize)> = stations
        .iter()
        .filter(|one| matches!(one.kind(), Some(VendorKind::Product | VendorKind::Ot)))
        .map(|one| (one.party(), one.more + 1))
        .collect();
    for mut adapter in stations {
        let others = products.iter().filter(|(party, _)| match (party, adapter.party()) {
            (Some(one), Some(other)) => !related(one, &other, registry, on),
            _ => false,
        });
        // Cards of other makes are usual in a server, so a firm needs more addresses than all the others together.
        adapter.outnumbered = others.map(|(_, count)| count).sum::<usize>() > adapter.more;
        found.push(Evidence::MacAssignment(adapter));
    }
    found.extend(by_firm(&chassis, registry).into_iter().map(Evidence::LldpChassis));
    found.extend(by_firm(&inside, registry).into_iter().map(Evidence::EngineMac));
}

/// The most firms whose hardware addresses are weighed against each other. A device that lists those of more invents them.
const MOST_FIRMS: usize = 64;

/// The lowest address of each firm or special kind, with the number of further ones; of the firms with the most, if
/// there are too many.
fn by_firm(macs: &BTreeSet<MacAddr>, registry: &Registry) -> Vec<Adapter> {
    let mut firms: BTreeMap<(Option<Party>, String), Adapter> = BTreeMap::new();
    for mac in macs {
        let adapter = Adapter::look_up(*mac, registry);
        let what = match &adapter.says {
            Assigned::Special { what, .. } => what.clone(),
            Assigned::Unassigned | Assigned::To { .. } => String::new(),
        };
        firms.entry((adapter.party(), what)).and_modify(|first| first.more += 1).or_insert(adapter);
    }
    let mut firms: Vec<Adapter> = firms.into_values().collect();
    if firms.len() > MOST_FIRMS {
        firms.sort_by_key(|one| (std::cmp::Reverse(one.more), one.mac));
        firms.truncate(MOST_FIRMS);
    }
    firms
}

/// The vendor that a device's own manufacturer text names: exactly, but for the legal form behind the name.
pub(crate) fn maker_by_name(text: &str, registry: &Registry) -> Option<(Party, VendorKind)> {
    const FORMS: [&str; 22] = [
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
        "llc",
        "gmbh",
        "ag",
        "ab",
        "as",
        "oy",
        "sa",
        "sas",
        "srl",
        "spa",
        "bv",
        "nv",
        "plc",
        "kg",
    ];
    let mut rest = text.trim();
    loop {
        if let Some(vendor) = registry.by_name(rest) {
            return Some((Party::of(&vendor), vendor.kind()));
        }
        let shorter = rest.trim_end_matches(['.', ',', ' ']);
        let (head, last) = shorter.rsplit_once([' ', ',']).unwrap_or(("", shorter));
        let is_form = FORMS.iter().any(|form| last.eq_ignore_ascii_case(form));
        let next =
            if is_form && !head.is_empty() { head.trim_end_matches([',', ' ']) } else { shorter };
        if next == rest || next.is_empty() {
            return None;
        }
        rest = next;
    }
}
