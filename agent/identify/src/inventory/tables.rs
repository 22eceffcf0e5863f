//! The rows of each agent, put together by table.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::MacAddr;
use herkomst_model::{
    About, Answer, CdpNeighbour, ChassisKey, Entity, EntityClass, Fact, Forwarded, Interface,
    LldpAddress, LldpInventory, LldpPort, LldpRemote, LldpSelf, NeighbourOrigin, Observation,
    OwnAddress, Rows, TableNeighbour, TableNews,
};
use herkomst_registry::Registry;

use super::entities::is_serial;
use crate::stations::{Scopes, Segment, is_host_address, names_one_station, segment};

/// All agents that gave tables, by the address that they answered at.
#[derive(Debug, Default)]
pub(crate) struct Tables<'o> {
    pub(crate) agents: BTreeMap<IpAddr, Agent<'o>>,
}

/// What one agent gave.
#[derive(Debug, Default)]
pub(crate) struct Agent<'o> {
    pub(crate) interfaces: Vec<&'o Interface>,
    pub(crate) addresses: Vec<&'o OwnAddress>,
    pub(crate) neighbours: Vec<&'o TableNeighbour>,
    pub(crate) forwarding: Vec<&'o Forwarded>,
    pub(crate) lldp_self: Vec<&'o LldpSelf>,
    pub(crate) lldp_ports: Vec<&'o LldpPort>,
    pub(crate) lldp_remote: Vec<&'o LldpRemote>,
    pub(crate) lldp_addresses: Vec<&'o LldpAddress>,
    pub(crate) lldp_inventory: Vec<&'o LldpInventory>,
    pub(crate) cdp: Vec<&'o CdpNeighbour>,
    pub(crate) entities: Vec<&'o Entity>,
    /// The segments that a station answered for its address on.
    pub(crate) segments: BTreeSet<Segment>,
}

impl<'o> Tables<'o> {
    /// Takes the rows out of everything that was seen.
    pub(crate) fn gather(observations: &'o [Arc<Observation>], scopes: &Scopes) -> Self {
        let mut tables = Self::default();
        for observation in observations {
            let (About::Address(address), Answer::Is(Fact::Table(TableNews::Rows(rows)))) =
                (observation.about, &observation.answer)
            else {
                continue;
            };
            let address = scopes.key(observation, address);
            tables.agents.entry(address).or_default().take(rows);
        }
        if tables.agents.is_empty() {
            return tables;
        }
        for observation in observations {
            if let (About::Address(address), Answer::Is(Fact::Neighbour { .. })) =
                (observation.about, &observation.answer)
                && let Some(agent) = tables.agents.get_mut(&scopes.key(observation, address))
            {
                agent.segments.insert(segment(observation));
            }
        }
        tables
    }
}

impl<'o> Agent<'o> {
    fn take(&mut self, rows: &'o Rows) {
        match rows {
            Rows::Interfaces(rows) => self.interfaces.extend(rows),
            Rows::Addresses(rows) => self.addresses.extend(rows),
            Rows::Neighbours(rows) => self.neighbours.extend(rows),
            Rows::Forwarding(rows) => self.forwarding.extend(rows),
            Rows::LldpLocal(row) => self.lldp_self.push(row),
            Rows::LldpPorts(rows) => self.lldp_ports.extend(rows),
            Rows::LldpRemote(rows) => self.lldp_remote.extend(rows),
            Rows::LldpAddresses(rows) => self.lldp_addresses.extend(rows),
            Rows::LldpInventory(rows) => self.lldp_inventory.extend(rows),
            Rows::Cdp(rows) => self.cdp.extend(rows),
            Rows::Entities(rows) => self.entities.extend(rows),
            // They say nothing of keys or of places.
            Rows::Software(_) | Rows::Objects(_) => {}
        }
    }

    /// Hardware addresses that it says are its own and that belong to one station on all segments.
    pub(crate) fn own_macs(&self, registry: &Registry) -> BTreeSet<MacAddr> {
        let interfaces = self.interfaces.iter().filter_map(|row| row.mac);
        let chassis = self.lldp_self.iter().filter_map(|row| match row.chassis {
            Some(ChassisKey::Mac(mac)) => Some(mac),
            Some(ChassisKey::Address(_) | ChassisKey::Text { .. }) | None => None,
        });
        let local = self.local_neighbours().map(|row| row.mac);
        interfaces.chain(chassis).chain(local).filter(|mac| is_unique(*mac, registry)).collect()
    }

    /// Network addresses that it says are its own and that can be the address of one host.
    pub(crate) fn own_addresses(&self) -> BTreeSet<IpAddr> {
        let addresses = self.addresses.iter().map(|row| row.address);
        let local = self.local_neighbours().map(|row| row.address);
        addresses.chain(local).filter(is_host_address).collect()
    }

    fn local_neighbours(&self) -> impl Iterator<Item = &&'o TableNeighbour> {
        self.neighbours.iter().filter(|row| row.origin == NeighbourOrigin::Local)
    }

    /// The serial number of its chassis, where it has one chassis with one that can be believed.
    pub(crate) fn serial(&self) -> Option<&'o str> {
        let mut serials = self
            .entities
            .iter()
            .filter(|row| row.class == Some(EntityClass::Chassis))
            .map(|row| row.serial.as_ref().map_or("", |text| text.raw().trim()));
        let first = serials.next()?;
        (is_serial(first) && serials.all(|other| other == first)).then_some(first)
    }
}

/// Whether the address is one station's wherever it is seen: assigned by IEEE, and nobody's virtual one.
pub(crate) fn is_unique(mac: MacAddr, registry: &Registry) -> bool {
    is_station(mac)
        && !mac.is_locally_administered()
        && mac.octets()[..3] != [0; 3]
        && names_one_station(mac, registry)
}

/// Whether the address can be a station's at all.
pub(crate) fn is_station(mac: MacAddr) -> bool {
    !mac.is_multicast() && mac != MacAddr::ZERO
}
