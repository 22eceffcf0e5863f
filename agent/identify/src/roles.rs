//! What a device is for: from LLDP capabilities, from fingerprints, and only then from sysServices.

use std::collections::BTreeMap;

use herkomst_model::{Capabilities, System};

use crate::evidence::Evidence;
use crate::gather::Said;
use crate::heard::{Announced, Says};
use crate::role::Role;

/// The roles, each with what says so.
pub(crate) fn roles(said: &Said<'_>, agreeing: &[Evidence]) -> BTreeMap<Role, String> {
    let mut roles = BTreeMap::new();
    for capabilities in said.neighbours.iter().filter_map(|neighbour| neighbour.capabilities) {
        for (role, word) in from_capabilities(capabilities) {
            roles.entry(role).or_insert_with(|| format!("LLDP announces the capability {word}"));
        }
    }
    for capabilities in said.tables.capabilities() {
        for (role, word) in from_capabilities(capabilities) {
            roles.entry(role).or_insert_with(|| format!("its LLDP table says it is a {word}"));
        }
    }
    for (method, capabilities) in said.heard.capabilities() {
        for (role, word) in from_capabilities(capabilities) {
            let because = || format!("{} announces the capability {word}", method.as_str());
            roles.entry(role).or_insert_with(because);
        }
    }
    for (role, because) in said.heard.roles() {
        roles.entry(role).or_insert(because);
    }
    for one in agreeing {
        match one {
            Evidence::Announced(Announced { says: Says::Text(Some((print, _))), .. })
            | Evidence::SysDescr { known: Some((print, _)), .. }
            | Evidence::LldpDescription { known: Some((print, _)), .. } => {
                for role in print.roles {
                    roles.entry(*role).or_insert_with(|| format!("fingerprint {}", print.id));
                }
            }
            Evidence::SysObjectId { brand: Some((subtree, _)), .. } => {
                for role in subtree.roles {
                    roles.entry(*role).or_insert_with(|| {
                        format!("sysObjectID under 1.3.6.1.4.1.{}", subtree.text)
                    });
                }
            }
            Evidence::SysDescr { .. }
            | Evidence::LldpDescription { .. }
            | Evidence::SysObjectId { .. }
            | Evidence::LldpInventory { .. }
            | Evidence::Entity { .. }
            | Evidence::VendorObject { .. }
            | Evidence::SnmpEngineId { .. }
            | Evidence::Announced(_)
            | Evidence::LldpChassis(_)
            | Evidence::EngineMac(_)
            | Evidence::MacAssignment(_) => {}
        }
    }
    if roles.is_empty() {
        for system in &said.systems {
            if let Some((role, layers)) = from_services(system) {
                roles.entry(role).or_insert_with(|| format!("sysServices is {layers}"));
            }
        }
        if said.tables.forwards && roles.is_empty() {
            roles.insert(Role::Switch, "it has a forwarding table".to_owned());
        }
    }
    roles
}

/// IEEE 802.1AB-2016, table 8-4. What is enabled counts; what is only supported does not.
fn from_capabilities(capabilities: Capabilities) -> impl Iterator<Item = (Role, &'static str)> {
    const BITS: [(u16, Role, &str); 7] = [
        (1 << 2, Role::Switch, "bridge"),
        (1 << 3, Role::AccessPoint, "WLAN access point"),
        (1 << 4, Role::Router, "router"),
        (1 << 5, Role::Phone, "telephone"),
        (1 << 6, Role::Cpe, "DOCSIS cable device"),
        (1 << 7, Role::Station, "station only"),
        (1 << 8, Role::Switch, "C-VLAN component"),
    ];
    BITS.into_iter()
        .filter(move |(bit, ..)| capabilities.enabled & bit != 0)
        .map(|(_, role, word)| (role, word))
}

/// RFC 3418: a sum of 2^(layer − 1). Agents fill it carelessly, and those that claim the upper layers too (72 is the
/// default of net-snmp) may be anything: only a box that claims no more than to bridge or to route is believed.
fn from_services(system: &System) -> Option<(Role, u8)> {
    let services = system.services?;
    match services {
        2 | 3 => Some((Role::Switch, services)),
        4..=7 => Some((Role::Router, services)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supported_but_not_enabled_is_no_role() {
        let of = |supported, enabled| -> Vec<Role> {
            from_capabilities(Capabilities { supported, enabled }).map(|(role, _)| role).collect()
        };
        assert_eq!(of(0x14, 0x04), [Role::Switch]);
        assert_eq!(of(0x14, 0x14), [Role::Switch, Role::Router]);
        assert_eq!(of(0x24, 0x20), [Role::Phone]);
        assert_eq!(of(0x14, 0), []);
    }
}
