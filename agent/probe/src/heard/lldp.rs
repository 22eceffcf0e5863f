//! LLDP frames (IEEE 802.1AB), with what the VLAN and the LLDP-MED TLVs say of the port.

use herkomst_model::{Capabilities, ChassisKey, DeviceText, Inventory, LldpNeighbour};
use herkomst_wire::Lldp;
use herkomst_wire::lldp::{ChassisId, InventoryItem, NetworkAddress, OrganisationTlv, PortId, Tlv};

use super::Read;
use super::text::{add, is_a_hosts, text_or_hexadecimal};

/// Reads one LLDP frame. A frame with a broken TLV counts for nothing (IEEE 802.1AB-2016, 9.2.7.7.1). So does one that says
/// goodbye with a TTL of 0 (9.2.7.7.2): it tells nothing of the neighbour.
pub(super) fn neighbour(payload: &[u8]) -> Read<LldpNeighbour> {
    let lldp = Lldp::parse(payload)?;
    if lldp.ttl() == 0 {
        return Ok(None);
    }
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
        native_vlan: None,
        med_class: None,
    };
    for tlv in lldp.tlvs() {
        let tlv = tlv?;
        match tlv {
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
                if let NetworkAddress::Ip(address) = management.address {
                    add(&mut found.management, Some(address).filter(|one| is_a_hosts(*one)));
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
            // One that an organisation filled wrongly is no reason to leave out the rest.
            Tlv::Organisation { .. } => match tlv.organisation() {
                // IEEE 802.1Q-2018, D.2.1: 0 says that there is none
                Ok(Some(OrganisationTlv::PortVlan(vlan @ 1..=4094))) => {
                    found.native_vlan = Some(vlan);
                }
                Ok(Some(OrganisationTlv::MedCapabilities { class, .. })) => {
                    found.med_class = Some(class);
                }
                _ => {}
            },
            Tlv::Other { .. } => {}
        }
    }
    Ok(Some(found))
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
