//! From a registry file back to what it was made of: an update keeps all that nobody brought anew.

use herkomst_ids::Country;
use herkomst_lookup::{Control, Registry, RegistryKind};

use crate::tables::{Assigned, Tables};
use crate::vendors::{By, Edge, Entity, Register};
use crate::{Place, SourceFile};

/// The listings of a registry as they were given, not yet curated.
pub(crate) fn tables(registry: &Registry) -> Tables<'_> {
    let mut tables = Tables::default();
    for kind in RegistryKind::ALL {
        tables.assigned.extend(registry.listing(*kind).map(|row| {
            let [key @ .., _] = row.prefix.first().octets();
            let given = registry
                .correction(row.prefix)
                .map_or(row.country, |correction| correction.registered);
            let country = given.map(|country| country.as_str().as_bytes().try_into());
            Assigned {
                key,
                registry: *kind,
                country: country.and_then(Result::ok),
                registrant: row.registrant,
            }
        }));
    }
    tables.pens = registry.organisations().map(|(pen, name)| (pen.0, name)).collect();
    for source in registry.sources() {
        let kept = SourceFile {
            name: source.name.to_owned(),
            origin: source.origin.to_owned(),
            date: source.date.to_owned(),
            rows: source.rows,
            sha256: source.sha256.to_owned(),
        };
        tables.sources.push((source.listing, kept));
    }
    tables.settle();
    tables
}

/// The vendor register of a registry, whatever files it was read from.
pub(crate) fn register(registry: &Registry) -> Register {
    let place = Place { file: "the vendor register of the program".into(), line: 0 };
    let placed = |text: &str| (place.clone(), text.to_owned());
    let edge = |edge: Control<'_>| Edge {
        place: place.clone(),
        by: edge.id.map_or_else(|| By::Name(edge.name.to_owned()), |id| By::Id(id.to_owned())),
        // The file has each edge's country written out. One that is the controller's own follows it when the operator
        // says that it sits elsewhere.
        country: country(edge.country.filter(|_| edge.country != seat_of(registry, edge.id))),
        test: edge.test,
        from: owned(edge.from),
        until: owned(edge.until),
        source: owned(Some(edge.source).filter(|source| !source.is_empty())),
        last_checked: owned(edge.last_checked),
        confidence: edge.confidence,
        verified: edge.verified,
    };
    let mut entities: Vec<Entity> = registry
        .vendors()
        .map(|vendor| Entity {
            place: place.clone(),
            id: vendor.id().to_owned(),
            name: vendor.name().to_owned(),
            legal: owned(vendor.legal_name()),
            lei: vendor.lei().map(placed),
            kind: Some(vendor.kind()),
            country: country(vendor.country()),
            brands: vendor.brands().map(placed).collect(),
            registrants: vendor.registrants().map(placed).collect(),
            pens: vendor.pens().map(|pen| (place.clone(), pen.0)).collect(),
            successors: vendor.successors().map(|one| placed(one.id())).collect(),
            note: owned(vendor.note()),
            verified: vendor.verified(),
            source: owned(vendor.source()),
            last_checked: owned(vendor.last_checked()),
            edges: vendor.control_history().map(edge).collect(),
            is_local: false,
        })
        .collect();
    entities.extend(registry.owners().map(|owner| {
        let mut entity = Entity::empty(place.clone(), owner.id().to_owned());
        entity.name = owner.name().to_owned();
        entity.country = country(owner.country());
        entity.note = owned(owner.note());
        entity.edges = owner.control_history().map(edge).collect();
        entity
    }));
    entities.sort_by(|a, b| a.id.cmp(&b.id));
    Register { edition: registry.vendors_edition().to_string(), entities }
}

/// Where a controller with a row sits.
fn seat_of(registry: &Registry, id: Option<&str>) -> Option<Country> {
    let id = id?;
    registry.vendor(id).map_or_else(|| registry.owner(id)?.country(), |vendor| vendor.country())
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn country(country: Option<Country>) -> Option<[u8; 2]> {
    country?.as_str().as_bytes().try_into().ok()
}
