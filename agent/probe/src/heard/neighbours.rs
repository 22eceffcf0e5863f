//! What devices say to their neighbours in protocols of single makers: CDP and FDP, EDP, SONMP, MNDP.

use herkomst_model::{Announcement, Capabilities, DeviceText};
use herkomst_wire::cdp::{CdpTlv, capability, system_oid};
use herkomst_wire::edp::EdpTlv;
use herkomst_wire::mndp::MndpTlv;
use herkomst_wire::{Cdp, Edp, Mndp, Sonmp};

use super::Read;
use super::text::{add, is_a_hosts, is_a_stations, text};

/// CDP, and FDP, which is the same but for words in place of capability bits. A time of 0 says goodbye.
pub(super) fn cdp(payload: &[u8]) -> Read<Announcement> {
    let packet = Cdp::parse(payload)?;
    if packet.ttl == 0 {
        return Ok(None);
    }
    let mut said = Announcement::default();
    for tlv in packet.tlvs() {
        match tlv? {
            CdpTlv::DeviceId(value) | CdpTlv::SystemName(value) => {
                add(&mut said.names, text(value));
            }
            CdpTlv::Addresses(list) | CdpTlv::ManagementAddresses(list) => {
                add(&mut said.addresses, list.ips().filter(|address| is_a_hosts(*address)));
            }
            CdpTlv::PortId(value) => said.port = text(value),
            CdpTlv::Capabilities(bits) => said.capabilities = Some(same(from_cdp(bits))),
            CdpTlv::CapabilityText(word) => said.capabilities = from_word(word).map(same),
            CdpTlv::SoftwareVersion(value) => add(&mut said.descriptions, text(value)),
            CdpTlv::Platform(value) => said.model = text(value),
            CdpTlv::NativeVlan(vlan @ 1..=4094) => said.native_vlan = Some(vlan),
            CdpTlv::SystemOid(value) => said.object_id = system_oid(value),
            CdpTlv::NativeVlan(_)
            | CdpTlv::VtpDomain(_)
            | CdpTlv::FullDuplex(_)
            | CdpTlv::VoiceVlan(_)
            | CdpTlv::Location(_)
            | CdpTlv::Other { .. } => {}
        }
    }
    Ok(Some(said))
}

/// Bits of LLDP (IEEE 802.1AB-2016, table 8-4).
mod bit {
    pub(super) const REPEATER: u16 = 1 << 1;
    pub(super) const BRIDGE: u16 = 1 << 2;
    pub(super) const ROUTER: u16 = 1 << 4;
    pub(super) const TELEPHONE: u16 = 1 << 5;
    pub(super) const STATION_ONLY: u16 = 1 << 7;
}

fn same(bits: u16) -> Capabilities {
    Capabilities { supported: bits, enabled: bits }
}

/// A host is a station only where it says nothing else: servers with CDP say it, and so do telephones and access points.
fn from_cdp(bits: u32) -> u16 {
    const BRIDGES: u32 =
        capability::TRANSPARENT_BRIDGE | capability::SOURCE_ROUTE_BRIDGE | capability::SWITCH;
    let pairs = [
        (capability::ROUTER, bit::ROUTER),
        (BRIDGES, bit::BRIDGE),
        (capability::REPEATER, bit::REPEATER),
        (capability::TELEPHONE, bit::TELEPHONE),
    ];
    let found = pairs.iter().filter(|(theirs, _)| bits & theirs != 0);
    match found.fold(0, |sum, (_, ours)| sum | ours) {
        0 if bits & capability::HOST != 0 => bit::STATION_ONLY,
        sum => sum,
    }
}

fn from_word(word: &[u8]) -> Option<u16> {
    match word.trim_ascii() {
        b"Router" => Some(bit::ROUTER),
        b"Switch" | b"Bridge" => Some(bit::BRIDGE),
        b"Host" => Some(bit::STATION_ONLY),
        _ => None,
    }
}

/// EDP. The version is that of ExtremeXOS: four numbers.
pub(super) fn edp(payload: &[u8]) -> Read<Announcement> {
    let packet = Edp::parse(payload)?;
    let mut said = Announcement::default();
    add(&mut said.macs, packet.mac.filter(|mac| is_a_stations(*mac)));
    for tlv in packet.tlvs() {
        match tlv? {
            EdpTlv::Display(name) => add(&mut said.names, text(name)),
            EdpTlv::Info { slot, port, version: [a, b, c, d] } => {
                // as the device prints them, counted from 1
                let port = format!("{}:{}", u32::from(slot) + 1, u32::from(port) + 1);
                said.port = Some(DeviceText::from(port.as_str()));
                said.software = Some(DeviceText::from(format!("{a}.{b}.{c}.{d}").as_str()));
            }
            EdpTlv::Vlan { address, .. } => {
                let address = Some(address.into());
                add(&mut said.addresses, address.filter(|address| is_a_hosts(*address)));
            }
            EdpTlv::Other { .. } => {}
        }
    }
    Ok(Some(said))
}

/// SONMP. The number of the chassis is left out: what it stands for is in tables of a maker that no longer is.
pub(super) fn sonmp(payload: &[u8]) -> Read<Announcement> {
    let packet = Sonmp::parse(payload)?;
    let mut said = Announcement::default();
    add(&mut said.addresses, Some(packet.address.into()).filter(|address| is_a_hosts(*address)));
    let port = format!("{}/{}", packet.segment >> 8, packet.segment & 0xff);
    said.port = Some(DeviceText::from(port.as_str()));
    Ok(Some(said))
}

/// MNDP. A question has no TLVs, and says nothing.
pub(super) fn mndp(payload: &[u8]) -> Read<Announcement> {
    let mut said = Announcement::default();
    for tlv in Mndp::parse(payload)?.tlvs() {
        match tlv? {
            MndpTlv::Mac(mac) => add(&mut said.macs, Some(mac).filter(|mac| is_a_stations(*mac))),
            MndpTlv::Identity(value) => add(&mut said.names, text(value)),
            MndpTlv::Version(value) => said.software = text(value),
            MndpTlv::Platform(value) => add(&mut said.descriptions, text(value)),
            MndpTlv::Board(value) => said.model = text(value),
            MndpTlv::Interface(value) => said.port = text(value),
            MndpTlv::Ipv4(address) => {
                add(&mut said.addresses, Some(address.into()).filter(|one| is_a_hosts(*one)));
            }
            MndpTlv::Ipv6(address) => {
                add(&mut said.addresses, Some(address.into()).filter(|one| is_a_hosts(*one)));
            }
            MndpTlv::Uptime(_) | MndpTlv::SoftwareId(_) | MndpTlv::Other { .. } => {}
        }
    }
    Ok(Some(said).filter(|said| *said != Announcement::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_cdp_are_those_of_lldp() {
        for (theirs, ours) in [
            (capability::ROUTER | capability::SWITCH | capability::IGMP, bit::ROUTER | bit::BRIDGE),
            (capability::HOST | capability::TELEPHONE, bit::TELEPHONE),
            (capability::HOST, bit::STATION_ONLY),
            (capability::TRANSPARENT_BRIDGE | capability::HOST, bit::BRIDGE),
            (capability::IGMP, 0),
        ] {
            assert_eq!(from_cdp(theirs), ours, "{theirs:#x}");
        }
        assert_eq!(from_word(b"Router"), Some(bit::ROUTER));
        assert_eq!(from_word(b"anything"), None);
    }
}
