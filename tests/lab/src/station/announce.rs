//! What fake devices send of their own accord.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use herkomst_ids::MacAddr;
use herkomst_wire::lldp::{
    ChassisId, InterfaceNumbering, InventoryItem, LldpToSend, ManagementAddress, NetworkAddress,
    PortId, Tlv,
};
use herkomst_wire::{Arp, ArpOperation, LLDP_MULTICAST, emit_ethernet, emit_lldp, ether_type};

use super::{SHORTEST_FRAME, padded, six};
use crate::LabError;
use crate::device::{Announcement, Device, LldpAnnouncement, LldpId};

/// The frames of a beacon, as they are sent each time.
pub(crate) fn beacon(
    device: &Device,
    announcement: &Announcement,
) -> Result<Vec<Vec<u8>>, LabError> {
    match announcement {
        Announcement::Raw(frame) => Ok(vec![frame.clone()]),
        Announcement::GratuitousArp => {
            Ok(own_ipv4(device).map(|address| announce(device, address)).collect())
        }
        Announcement::Router => Ok(six::advertisement(device, None).into_iter().collect()),
        Announcement::Lldp(lldp) => {
            let mut bytes = Vec::with_capacity(256);
            emit_ethernet(&mut bytes, LLDP_MULTICAST, device.mac, device.vlan, ether_type::LLDP);
            emit_lldp(
                &mut bytes,
                &LldpToSend {
                    chassis_id: chassis_id(&lldp.chassis),
                    port_id: port_id(&lldp.port),
                    ttl: lldp.ttl,
                    tlvs: &tlvs(lldp),
                },
            )
            .map_err(|error| LabError::file(&device.name, format!("lldp: {error}")))?;
            Ok(vec![padded(Duration::ZERO, bytes).frame])
        }
    }
}

fn own_ipv4(device: &Device) -> impl Iterator<Item = Ipv4Addr> {
    device.addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    })
}

/// RFC 5227, 3: a request for its own address, to all.
fn announce(device: &Device, address: Ipv4Addr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SHORTEST_FRAME);
    emit_ethernet(&mut bytes, MacAddr::BROADCAST, device.mac, device.vlan, ether_type::ARP);
    Arp {
        operation: ArpOperation::Request,
        sender_mac: device.mac,
        sender_ip: address,
        target_mac: MacAddr::ZERO,
        target_ip: address,
    }
    .emit(&mut bytes);
    padded(Duration::ZERO, bytes).frame
}

fn chassis_id(id: &LldpId) -> ChassisId<'_> {
    match id {
        LldpId::Mac(mac) => ChassisId::Mac(*mac),
        LldpId::InterfaceName(name) => ChassisId::InterfaceName(name.as_bytes()),
        LldpId::InterfaceAlias(alias) => ChassisId::InterfaceAlias(alias.as_bytes()),
        LldpId::Network(address) => ChassisId::Network(NetworkAddress::Ip(IpAddr::V4(*address))),
        LldpId::Local(text) => ChassisId::Local(text.as_bytes()),
    }
}

fn port_id(id: &LldpId) -> PortId<'_> {
    match id {
        LldpId::Mac(mac) => PortId::Mac(*mac),
        LldpId::InterfaceName(name) => PortId::InterfaceName(name.as_bytes()),
        LldpId::InterfaceAlias(alias) => PortId::InterfaceAlias(alias.as_bytes()),
        LldpId::Network(address) => PortId::Network(NetworkAddress::Ip(IpAddr::V4(*address))),
        LldpId::Local(text) => PortId::Local(text.as_bytes()),
    }
}

fn tlvs(lldp: &LldpAnnouncement) -> Vec<Tlv<'_>> {
    fn text(text: Option<&String>) -> Option<&[u8]> {
        text.map(|text| text.as_bytes())
    }
    let mut tlvs = Vec::new();
    tlvs.extend(text(lldp.port_description.as_ref()).map(Tlv::PortDescription));
    tlvs.extend(text(lldp.name.as_ref()).map(Tlv::SystemName));
    tlvs.extend(text(lldp.description.as_ref()).map(Tlv::SystemDescription));
    tlvs.extend(
        lldp.capabilities
            .map(|(supported, enabled)| Tlv::SystemCapabilities { supported, enabled }),
    );
    tlvs.extend(lldp.management_address.map(|address| {
        Tlv::ManagementAddress(ManagementAddress {
            address: NetworkAddress::Ip(IpAddr::V4(address)),
            numbering: InterfaceNumbering::IfIndex,
            interface: 1,
            oid: &[],
        })
    }));
    let inventory = &lldp.inventory;
    for (item, value) in [
        (InventoryItem::HardwareRevision, &inventory.hardware),
        (InventoryItem::FirmwareRevision, &inventory.firmware),
        (InventoryItem::SoftwareRevision, &inventory.software),
        (InventoryItem::SerialNumber, &inventory.serial),
        (InventoryItem::Manufacturer, &inventory.manufacturer),
        (InventoryItem::Model, &inventory.model),
        (InventoryItem::Asset, &inventory.asset),
    ] {
        tlvs.extend(text(value.as_ref()).map(|value| Tlv::Inventory { item, value }));
    }
    tlvs
}

#[cfg(test)]
mod tests {
    use herkomst_wire::{EthernetFrame, Lldp};

    use super::*;
    use crate::station::tests::device;

    #[test]
    fn an_lldp_beacon_says_what_the_file_says() {
        let text = "[lldp]\nchassis = { local = \"c\" }\nport = { interface-name = \"p\" }\nname = \"n\"\nenabled = [\"telephone\"]\n\
                    management-address = \"10.0.0.1\"\ninventory = { manufacturer = \"m\", model = \"x\" }";
        let device = device("a", text);
        let frames = beacon(&device, &device.beacons[0].announcement).unwrap();
        let frame = EthernetFrame::parse(&frames[0]).unwrap();
        assert_eq!((frame.destination, frame.ether_type), (LLDP_MULTICAST, ether_type::LLDP));
        let lldp = Lldp::parse(frame.payload).unwrap();
        assert_eq!((lldp.chassis_id(), lldp.ttl()), (ChassisId::Local(b"c"), 120));
        let tlvs: Vec<_> = lldp.tlvs().map(Result::unwrap).collect();
        assert_eq!(tlvs.len(), 5);
        assert!(tlvs.contains(&Tlv::SystemCapabilities { supported: 1 << 5, enabled: 1 << 5 }));
        assert!(tlvs.contains(&Tlv::Inventory { item: InventoryItem::Model, value: b"x" }));
    }
}
