//! What neighbours say unasked: LLDP frames (IEEE 802.1AB), and ARP packets of stations that nobody asked.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use herkomst_ids::MacAddr;
use herkomst_model::{
    About, Answer, Capabilities, ChassisKey, DeviceText, Fact, Inventory, LldpNeighbour, Method,
};
use herkomst_wire::lldp::{ChassisId, InventoryItem, NetworkAddress, PortId, Tlv};
use herkomst_wire::{Arp, EthernetFrame, Lldp, WireError, ether_type};

use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// How often a neighbour usually announces itself: `msgTxInterval` (IEEE 802.1AB-2016, 9.2.5.7), in seconds.
pub const LLDP_INTERVAL: u64 = 30;
/// The most neighbours kept from one segment: one that invents names must not fill the memory.
const MOST_NEIGHBOURS: usize = 4096;
/// The most stations kept from ARP packets heard on one segment.
const MOST_STATIONS: usize = 65_536;
/// The most management addresses kept from one frame.
const MOST_ADDRESSES: usize = 16;

/// Which stations are kept from ARP packets heard.
pub enum Keep {
    /// None: only the answers to the sweep count.
    None,
    /// All but these addresses.
    AllBut(Box<dyn Fn(Ipv4Addr) -> bool + Send>),
    /// Only these addresses.
    Only(Box<dyn Fn(Ipv4Addr) -> bool + Send>),
}

/// Listens on one segment. It never sends.
pub struct Heard {
    ours: MacAddr,
    keep: Keep,
    stations: HashSet<(Ipv4Addr, MacAddr)>,
    neighbours: HashSet<(MacAddr, ChassisKey, DeviceText)>,
    /// What was not kept because the segment is too full.
    overflow: u64,
    seen: VecDeque<Seen>,
}

impl Heard {
    /// Listens beside an interface with this hardware address, whose own packets do not count.
    pub fn new(ours: MacAddr, keep: Keep) -> Self {
        Self {
            ours,
            keep,
            stations: HashSet::new(),
            neighbours: HashSet::new(),
            overflow: 0,
            seen: VecDeque::new(),
        }
    }

    /// How much was heard and not kept, because more spoke than a segment can hold.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    fn arp(&mut self, arp: Arp, vlan: Option<u16>) -> Fit {
        let wanted = match &self.keep {
            Keep::None => false,
            Keep::AllBut(excluded) => !excluded(arp.sender_ip),
            Keep::Only(listed) => listed(arp.sender_ip),
        };
        // A probe (RFC 5227, 1.1) has no sender address yet.
        if !wanted
            || arp.sender_ip.is_unspecified()
            || arp.sender_mac.is_multicast()
            || arp.sender_mac == MacAddr::ZERO
        {
            return Fit::NotMine;
        }
        let key = (arp.sender_ip, arp.sender_mac);
        if self.stations.contains(&key) {
            return Fit::Taken;
        }
        if self.stations.len() >= MOST_STATIONS {
            self.overflow += 1;
            return Fit::Ignored;
        }
        self.stations.insert(key);
        let answer = Answer::Is(Fact::Neighbour { mac: arp.sender_mac });
        self.seen.push_back(Seen {
            method: Method::Arp,
            about: About::Address(arp.sender_ip.into()),
            vlan,
            answer,
        });
        Fit::Taken
    }

    fn lldp(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>) -> Fit {
        let neighbour = match neighbour(frame.payload) {
            Ok(neighbour) => neighbour,
            Err(error) => {
                tracing::debug!(%error, source = %frame.source, "LLDP frame is malformed");
                return Fit::Ignored;
            }
        };
        // A TTL of 0 says goodbye (IEEE 802.1AB-2016, 9.2.7.7.2): it tells nothing of the neighbour.
        if neighbour.ttl == 0 {
            return Fit::Taken;
        }
        let key = (frame.source, neighbour.chassis.clone(), neighbour.port.clone());
        if self.neighbours.contains(&key) {
            return Fit::Taken;
        }
        if self.neighbours.len() >= MOST_NEIGHBOURS {
            self.overflow += 1;
            return Fit::Ignored;
        }
        self.neighbours.insert(key);
        let answer = Answer::Is(Fact::Lldp(neighbour));
        self.seen.push_back(Seen {
            method: Method::Lldp,
            about: About::Station(frame.source),
            vlan,
            answer,
        });
        Fit::Taken
    }
}

impl Probe for Heard {
    fn poll_transmit(&mut self, _: Instant, _: &mut dyn Gate, _: &mut Vec<u8>) -> Option<Transmit> {
        None
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        let Input::Frame { frame, vlan } = input else {
            return Fit::NotMine;
        };
        if frame.source == self.ours {
            return Fit::NotMine;
        }
        match frame.ether_type {
            ether_type::LLDP => self.lldp(frame, vlan),
            ether_type::ARP => {
                Arp::parse(frame.payload).map_or(Fit::NotMine, |arp| self.arp(arp, vlan))
            }
            _ => Fit::NotMine,
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_observation(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        false
    }

    fn is_idle(&self) -> bool {
        true
    }
}

/// Reads one LLDP frame. A TLV that is broken ends the reading of the optional ones, which are then as far as they go.
fn neighbour(payload: &[u8]) -> Result<LldpNeighbour, WireError> {
    let lldp = Lldp::parse(payload)?;
    let mut found = LldpNeighbour {
        chassis: chassis(lldp.chassis_id()),
        port: port(lldp.port_id()),
        ttl: lldp.ttl(),
        port_description: None,
        system_name: None,
        system_description: None,
        capabilities: None,
        management: Vec::new(),
        inventory: None,
    };
    for tlv in lldp.tlvs() {
        match tlv? {
            Tlv::PortDescription(text) => {
                found.port_description = Some(DeviceText::from_bytes(text))
            }
            Tlv::SystemName(text) => found.system_name = Some(DeviceText::from_bytes(text)),
            Tlv::SystemDescription(text) => {
                found.system_description = Some(DeviceText::from_bytes(text))
            }
            Tlv::SystemCapabilities { supported, enabled } => {
                found.capabilities = Some(Capabilities { supported, enabled });
            }
            Tlv::ManagementAddress(management) => {
                if let NetworkAddress::Ip(address) = management.address
                    && found.management.len() < MOST_ADDRESSES
                    && is_a_hosts(address)
                {
                    found.management.push(address);
                }
            }
            Tlv::Inventory { item, value } => {
                let inventory = found.inventory.get_or_insert_with(Inventory::default);
                let text = Some(DeviceText::from_bytes(value)).filter(|text| !text.is_blank());
                match item {
                    InventoryItem::Manufacturer => inventory.manufacturer = text,
                    InventoryItem::Model => inventory.model = text,
                    InventoryItem::SerialNumber => inventory.serial = text,
                    InventoryItem::HardwareRevision => inventory.hardware = text,
                    InventoryItem::FirmwareRevision => inventory.firmware = text,
                    InventoryItem::SoftwareRevision => inventory.software = text,
                    InventoryItem::Asset => {}
                }
            }
            Tlv::Organisation { .. } | Tlv::Other { .. } => {}
        }
    }
    Ok(found)
}

/// Loopback, unspecified and group addresses are no keys: every device has the first two.
fn is_a_hosts(address: IpAddr) -> bool {
    !address.is_loopback() && !address.is_unspecified() && !address.is_multicast()
}

fn hexadecimal(octets: &[u8]) -> DeviceText {
    let text: String = octets.iter().take(64).map(|octet| format!("{octet:02x}")).collect();
    DeviceText::from(text.as_str())
}

fn text_or_hexadecimal(octets: &[u8]) -> DeviceText {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.chars().any(char::is_control) => DeviceText::from(text),
        _ => hexadecimal(octets),
    }
}

fn chassis(id: ChassisId<'_>) -> ChassisKey {
    let text = |subtype, value| ChassisKey::Text { subtype, text: text_or_hexadecimal(value) };
    match id {
        ChassisId::Mac(mac) => ChassisKey::Mac(mac),
        ChassisId::Network(NetworkAddress::Ip(address)) => ChassisKey::Address(address),
        ChassisId::Network(NetworkAddress::Mac(mac)) => text(5, &mac.octets()),
        ChassisId::Network(NetworkAddress::Other { address: value, .. }) => text(5, value),
        ChassisId::Component(value) => text(1, value),
        ChassisId::InterfaceAlias(value) => text(2, value),
        ChassisId::PortComponent(value) => text(3, value),
        ChassisId::InterfaceName(value) => text(6, value),
        ChassisId::Local(value) => text(7, value),
        ChassisId::Other { subtype, value } => text(subtype, value),
    }
}

fn port(id: PortId<'_>) -> DeviceText {
    match id {
        PortId::Mac(mac) => DeviceText::from(mac.to_string().as_str()),
        PortId::Network(NetworkAddress::Ip(address)) => {
            DeviceText::from(address.to_string().as_str())
        }
        PortId::Network(NetworkAddress::Mac(mac)) => DeviceText::from(mac.to_string().as_str()),
        PortId::Network(NetworkAddress::Other { address: value, .. })
        | PortId::InterfaceAlias(value)
        | PortId::PortComponent(value)
        | PortId::InterfaceName(value)
        | PortId::AgentCircuit(value)
        | PortId::Local(value)
        | PortId::Other { value, .. } => text_or_hexadecimal(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: MacAddr = MacAddr([0x00, 0xe0, 0xfc, 0, 0, 9]);

    fn lldp(name: &str) -> Vec<u8> {
        let mut bytes = vec![
            0x02, 0x07, 0x04, 0, 0xe0, 0xfc, 0, 0, 9, 0x04, 0x04, 0x05, b'g', b'e', b'1', 0x06,
            0x02, 0, 120,
        ];
        let name_len = u8::try_from(name.len()).unwrap();
        bytes.extend([0x0a, name_len]);
        bytes.extend(name.as_bytes());
        bytes.extend([0x0e, 0x04, 0, 0x14, 0, 0x10]);
        bytes.extend([0x10, 12, 5, 1, 10, 0, 0, 9, 2, 0, 0, 0, 1, 0]);
        bytes.extend([0, 0]);
        bytes
    }

    fn hear(heard: &mut Heard, kind: u16, payload: &[u8]) -> Fit {
        let frame = EthernetFrame {
            destination: MacAddr::BROADCAST,
            source: SOURCE,
            vlan: None,
            ether_type: kind,
            payload,
        };
        heard.handle_input(Instant::now(), Input::Frame { frame: &frame, vlan: None })
    }

    #[test]
    fn an_announcement_is_kept_once_with_what_it_says() {
        let mut heard = Heard::new(MacAddr([2; 6]), Keep::None);
        assert_eq!(hear(&mut heard, ether_type::LLDP, &lldp("sw1")), Fit::Taken);
        assert_eq!(hear(&mut heard, ether_type::LLDP, &lldp("sw1")), Fit::Taken);
        let Answer::Is(Fact::Lldp(found)) = heard.poll_observation().unwrap().answer else {
            panic!()
        };
        assert_eq!(found.chassis, ChassisKey::Mac(SOURCE));
        assert_eq!(found.system_name, Some("sw1".into()));
        assert_eq!(found.capabilities, Some(Capabilities { supported: 0x14, enabled: 0x10 }));
        assert_eq!(found.management, [IpAddr::from([10, 0, 0, 9])]);
        assert_eq!(heard.poll_observation(), None);
    }

    #[test]
    fn a_broken_announcement_is_counted_at_every_length() {
        let whole = lldp("sw1");
        for cut in 0..15 {
            let mut heard = Heard::new(MacAddr([2; 6]), Keep::None);
            assert_eq!(hear(&mut heard, ether_type::LLDP, &whole[..cut]), Fit::Ignored, "{cut}");
        }
    }

    #[test]
    fn a_neighbour_that_invents_names_does_not_fill_the_memory() {
        let mut heard = Heard::new(MacAddr([2; 6]), Keep::None);
        for number in 0..u32::try_from(MOST_NEIGHBOURS).unwrap() + 100 {
            let mut frame = lldp("x");
            frame[5..9].copy_from_slice(&number.to_be_bytes());
            hear(&mut heard, ether_type::LLDP, &frame);
        }
        assert_eq!(std::iter::from_fn(|| heard.poll_observation()).count(), MOST_NEIGHBOURS);
        assert_eq!(heard.overflow(), 100);
    }

    #[test]
    fn stations_are_kept_as_asked_for() {
        let arp = |sender_ip: [u8; 4]| {
            let mut bytes = Vec::new();
            let operation = herkomst_wire::ArpOperation::Request;
            let target_ip = Ipv4Addr::new(10, 0, 0, 1);
            Arp {
                operation,
                sender_mac: SOURCE,
                sender_ip: sender_ip.into(),
                target_mac: MacAddr::ZERO,
                target_ip,
            }
            .emit(&mut bytes);
            bytes
        };
        let excluded = Ipv4Addr::new(10, 0, 0, 5);
        let mut heard =
            Heard::new(MacAddr([2; 6]), Keep::AllBut(Box::new(move |ip| ip == excluded)));
        assert_eq!(hear(&mut heard, ether_type::ARP, &arp([10, 0, 0, 5])), Fit::NotMine);
        assert_eq!(
            hear(&mut heard, ether_type::ARP, &arp([0, 0, 0, 0])),
            Fit::NotMine,
            "a probe has no address yet"
        );
        assert_eq!(hear(&mut heard, ether_type::ARP, &arp([10, 0, 0, 6])), Fit::Taken);
        assert_eq!(
            heard.poll_observation().unwrap().about,
            About::Address(IpAddr::from([10, 0, 0, 6]))
        );
    }
}
