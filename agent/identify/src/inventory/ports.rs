//! The ports of a device under one name each, whatever numbers its tables use for them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use herkomst_ids::MacAddr;
use herkomst_model::{DeviceText, Forwarded, Interface, LldpPort};

use super::hearsay::LocalPort;
use super::tables::Agent;

/// The ports of one device.
#[derive(Debug, Default)]
pub(crate) struct Ports<'o> {
    interfaces: BTreeMap<u32, &'o Interface>,
    /// `ifIndex` by port of the bridge, where all rows that say it agree.
    bridge: HashMap<u32, Option<u32>>,
    /// Ports by `lldpLocPortNum`.
    lldp: BTreeMap<u32, &'o LldpPort>,
    /// Interfaces by what names them; none where two have the name.
    names: HashMap<&'o str, Option<u32>>,
    macs: HashMap<MacAddr, Option<u32>>,
}

impl<'o> Ports<'o> {
    /// Puts together what the agents of a device say.
    pub(crate) fn of<'a>(agents: impl Iterator<Item = &'a Agent<'o>>) -> Self
    where
        'o: 'a,
    {
        let mut ports = Self::default();
        for agent in agents {
            for row in &agent.interfaces {
                let kept = ports.interfaces.entry(row.index).or_insert(row);
                // Said twice: the order of the rows must not decide.
                if order(row) < order(kept) {
                    *kept = row;
                }
            }
            for row in &agent.lldp_ports {
                let kept = ports.lldp.entry(row.number).or_insert(row);
                if (&row.id, &row.description) < (&kept.id, &kept.description) {
                    *kept = row;
                }
            }
            for row in &agent.forwarding {
                let Some(interface) = row.interface else { continue };
                let kept = ports.bridge.entry(row.port).or_insert(Some(interface));
                if *kept != Some(interface) {
                    *kept = None;
                }
            }
        }
        for row in ports.interfaces.values() {
            let texts = [&row.name, &row.description, &row.alias].into_iter().flatten();
            let texts: BTreeSet<&str> = texts.map(|text| text.raw().trim()).collect();
            for text in texts.into_iter().filter(|text| !text.is_empty()) {
                note(&mut ports.names, text, row.index);
            }
            if let Some(mac) = row.mac {
                note(&mut ports.macs, mac, row.index);
            }
        }
        ports
    }

    /// The port of a row of a forwarding table; none where the agent does not know it.
    pub(crate) fn of_forwarded(&self, row: &Forwarded) -> Option<LocalPort> {
        let by_bridge = || self.bridge.get(&row.port).copied().flatten();
        match (row.interface.or_else(by_bridge), row.port) {
            (Some(interface), _) => Some(LocalPort::Interface(interface)),
            (None, 0) => None,
            (None, port) => Some(LocalPort::Bridge(port)),
        }
    }

    /// The port under the number that it has everywhere. `lldpLocPortNum` may be an `ifIndex`, a port of the bridge or
    /// neither: the name that LLDP gives the port decides, then whichever of both there is; else it stays what it is.
    pub(crate) fn usual(&self, port: LocalPort) -> LocalPort {
        let LocalPort::Lldp(number) = port else { return port };
        let named = self.lldp.get(&number).and_then(|row| self.named(row));
        let as_bridge = self.bridge.get(&number).copied().flatten();
        let as_index = self.interfaces.contains_key(&number).then_some(number);
        let found = named.or(match (as_index, as_bridge) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        });
        found.map_or(port, LocalPort::Interface)
    }

    fn named(&self, row: &LldpPort) -> Option<u32> {
        let texts = [&row.id, &row.description].into_iter().flatten();
        let mut texts = texts.map(|text| text.raw().trim());
        texts.find_map(|text| {
            let by_mac = || self.macs.get(&text.parse::<MacAddr>().ok()?).copied().flatten();
            self.names.get(text).copied().flatten().or_else(by_mac)
        })
    }

    /// What the device calls the port, and what the operator wrote on it.
    pub(crate) fn name(&self, port: LocalPort) -> (DeviceText, Option<DeviceText>) {
        let real = |text: &Option<DeviceText>| text.clone().filter(|text| !text.is_blank());
        match port {
            LocalPort::Interface(index) => {
                let row = self.interfaces.get(&index);
                let name = row.and_then(|row| real(&row.name).or_else(|| real(&row.description)));
                let name = name.unwrap_or_else(|| format!("interface {index}").as_str().into());
                (name, row.and_then(|row| real(&row.alias)))
            }
            LocalPort::Bridge(number) => (format!("port {number}").as_str().into(), None),
            LocalPort::Lldp(number) => {
                let row = self.lldp.get(&number);
                let name = row.and_then(|row| real(&row.id).or_else(|| real(&row.description)));
                let name = name.unwrap_or_else(|| format!("LLDP port {number}").as_str().into());
                (name, None)
            }
        }
    }
}

fn note<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Option<u32>>, key: K, index: u32) {
    let kept = map.entry(key).or_insert(Some(index));
    if *kept != Some(index) {
        *kept = None;
    }
}

type Order<'a> =
    (&'a Option<DeviceText>, &'a Option<DeviceText>, &'a Option<DeviceText>, Option<MacAddr>);

fn order(row: &Interface) -> Order<'_> {
    (&row.name, &row.description, &row.alias, row.mac)
}
