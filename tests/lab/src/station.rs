//! All devices of a segment at layer 2: a frame comes in, the frames that they answer with go out, with the time each
//! takes. Pure, so that it is tested without a network. Look-ups are by hash map: a segment may have thousands.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use herkomst_ids::MacAddr;
use herkomst_wire::lldp::{
    ChassisId, InterfaceNumbering, InventoryItem, LldpToSend, ManagementAddress, NetworkAddress,
    PortId, Tlv,
};
use herkomst_wire::{
    Arp, ArpOperation, Echo, EthernetFrame, Icmp, Ipv4Packet, LLDP_MULTICAST, UdpDatagram,
    emit_ethernet, emit_lldp, ether_type, icmp_echo, icmp_frame, protocol, udp_frame,
};

use crate::LabError;
use crate::agent::{self, Question, Reply};
use crate::device::{Announcement, Device, LldpAnnouncement, LldpId};

const SNMP_PORT: u16 = 161;
/// ICMP destination unreachable: port (RFC 792).
const PORT_UNREACHABLE: u8 = 3;
/// The shortest frame without its check sequence (IEEE 802.3, 4A.4.2).
const SHORTEST_FRAME: usize = 60;

/// What a device was asked, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// ARP requests for an address of it.
    pub arp: u64,
    /// Echo requests.
    pub icmp: u64,
    /// SNMPv3 engine discoveries.
    pub discovery: u64,
    /// SNMPv3 messages with an engine id.
    pub user: u64,
    /// SNMPv1 and v2c messages.
    pub community: u64,
    /// The communities in them.
    pub communities: std::collections::BTreeSet<String>,
    /// SetRequests among them: there must be none.
    pub writes: u64,
    /// IPv4 packets that are none of these.
    pub other: u64,
}

impl Heard {
    /// Every packet that was meant for the device.
    pub fn total(&self) -> u64 {
        self.arp + self.icmp + self.discovery + self.user + self.community + self.other
    }
}

/// A frame on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// How long the device takes.
    pub(crate) delay: Duration,
    /// The whole frame, tagged where the device is in a VLAN.
    pub(crate) frame: Vec<u8>,
}

/// The devices of a segment.
#[derive(Debug)]
pub(crate) struct Stations {
    devices: Vec<Device>,
    /// The MAC that frames of a device carry: its own, or that of the router before it.
    link: Vec<MacAddr>,
    by_address: HashMap<Ipv4Addr, usize>,
    heard: Vec<Heard>,
}

impl Stations {
    pub(crate) fn new(devices: Vec<Device>) -> Result<Self, LabError> {
        let by_name: HashMap<&str, &Device> =
            devices.iter().map(|device| (device.name.as_str(), device)).collect();
        if by_name.len() != devices.len() {
            return Err(LabError::file(
                "segment",
                "two devices have the same name, give one of them a name of its own",
            ));
        }
        let mut by_address = HashMap::new();
        let mut link = Vec::with_capacity(devices.len());
        for (index, device) in devices.iter().enumerate() {
            link.push(match &device.behind {
                None => device.mac,
                Some(router) => match by_name.get(router.as_str()) {
                    Some(router) => router.mac,
                    None => {
                        let problem =
                            format!("is behind {router:?}, which is no device of the same segment");
                        return Err(LabError::file(&device.name, problem));
                    }
                },
            });
            for address in &device.addresses {
                if let Some(other) = by_address.insert(*address, index) {
                    let other = devices.get(other).map_or("", |other| other.name.as_str());
                    return Err(LabError::file(
                        &device.name,
                        format!("address {address} is also that of {other}"),
                    ));
                }
            }
        }
        let heard = vec![Heard::default(); devices.len()];
        Ok(Self { devices, link, by_address, heard })
    }

    pub(crate) fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// What each device was asked, by its name.
    pub(crate) fn heard(&self) -> BTreeMap<String, Heard> {
        self.devices
            .iter()
            .zip(&self.heard)
            .map(|(device, heard)| (device.name.clone(), heard.clone()))
            .collect()
    }

    /// What goes back for a frame. `vlan` is a tag that the kernel took off.
    pub(crate) fn answer(
        &mut self,
        frame: &[u8],
        vlan: Option<u16>,
        elapsed: Duration,
        out: &mut Vec<Outgoing>,
    ) {
        let Ok(frame) = EthernetFrame::parse(frame) else { return };
        let vlan = vlan.or(frame.vlan);
        match frame.ether_type {
            ether_type::ARP => self.arp(&frame, vlan, out),
            ether_type::IPV4 => self.ipv4(&frame, vlan, elapsed, out),
            _ => {}
        }
    }

    fn arp(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>, out: &mut Vec<Outgoing>) {
        let Ok(arp) = Arp::parse(frame.payload) else { return };
        if arp.operation != ArpOperation::Request || arp.is_announcement() {
            return;
        }
        let Some((device, heard, mac)) = self.find(arp.target_ip, vlan) else { return };
        heard.arp += 1;
        // What is behind a router is not on this segment, and the router is no proxy.
        if !device.arp || device.behind.is_some() || !is_for(frame.destination, mac) {
            return;
        }
        let mut bytes = Vec::with_capacity(SHORTEST_FRAME);
        emit_ethernet(&mut bytes, arp.sender_mac, mac, device.vlan, ether_type::ARP);
        Arp {
            operation: ArpOperation::Reply,
            sender_mac: mac,
            sender_ip: arp.target_ip,
            target_mac: arp.sender_mac,
            target_ip: arp.sender_ip,
        }
        .emit(&mut bytes);
        out.push(padded(device.latency, bytes));
    }

    fn ipv4(
        &mut self,
        frame: &EthernetFrame<'_>,
        vlan: Option<u16>,
        elapsed: Duration,
        out: &mut Vec<Outgoing>,
    ) {
        let Ok(packet) = Ipv4Packet::parse(frame.payload) else { return };
        let Some((device, heard, mac)) = self.find(packet.destination, vlan) else { return };
        if frame.destination != mac {
            return; // flooded by a bridge, or sent to the wrong station
        }
        let (back, source) = (frame.source, packet.destination);
        match packet.protocol {
            protocol::ICMP => {
                let Ok(Icmp::EchoRequest(Echo { id, sequence, payload })) =
                    Icmp::parse(packet.payload)
                else {
                    heard.other += 1;
                    return;
                };
                heard.icmp += 1;
                if device.icmp {
                    let mut message = Vec::new();
                    icmp_echo(&mut message, true, id, sequence, payload);
                    let mut bytes = Vec::new();
                    if icmp_frame(
                        &mut bytes,
                        mac,
                        back,
                        device.vlan,
                        source,
                        packet.source,
                        &message,
                    )
                    .is_ok()
                    {
                        out.push(padded(device.latency, bytes));
                    }
                }
            }
            protocol::UDP if !packet.fragment => {
                let Ok(udp) = UdpDatagram::parse(packet.payload, packet.source, packet.destination)
                else {
                    heard.other += 1;
                    return;
                };
                if udp.destination_port != SNMP_PORT {
                    heard.other += 1;
                    return;
                }
                heard.count(agent::classify(udp.payload));
                let Some(agent) = &device.agent else {
                    // A host without an agent whose echo is off is taken for one behind a filter, which drops.
                    if device.icmp {
                        out.extend(unreachable(device, mac, frame, &packet));
                    }
                    return;
                };
                for reply in agent::answer(agent, udp.payload, elapsed) {
                    let to = SocketAddrV4::new(packet.source, udp.source_port);
                    let mut from = SocketAddrV4::new(source, SNMP_PORT);
                    let (payload, checksum) = match reply {
                        Reply::Datagram(payload) => (payload, true),
                        Reply::OtherPort(payload) => {
                            from.set_port(SNMP_PORT + 1);
                            (payload, true)
                        }
                        Reply::OtherAddress(payload) => {
                            from.set_ip(Ipv4Addr::from_bits(source.to_bits().wrapping_add(1)));
                            (payload, true)
                        }
                        Reply::WrongChecksum(payload) => (payload, false),
                        Reply::Unreachable => {
                            out.extend(unreachable(device, mac, frame, &packet));
                            continue;
                        }
                    };
                    let mut bytes = Vec::with_capacity(payload.len() + 64);
                    if udp_frame(&mut bytes, mac, back, device.vlan, from, to, &payload).is_err() {
                        continue;
                    }
                    if !checksum && let Some(last) = bytes.last_mut() {
                        *last ^= 0x55;
                    }
                    out.push(padded(device.latency, bytes));
                }
            }
            _ => heard.other += 1,
        }
    }

    fn find(
        &mut self,
        address: Ipv4Addr,
        vlan: Option<u16>,
    ) -> Option<(&Device, &mut Heard, MacAddr)> {
        let index = *self.by_address.get(&address)?;
        let device = self.devices.get(index)?;
        // VLAN 0 is a priority tag, which names no VLAN (IEEE 802.1Q, table 9-2).
        if device.vlan != vlan.filter(|vlan| *vlan != 0) {
            return None;
        }
        Some((device, self.heard.get_mut(index)?, *self.link.get(index)?))
    }

    /// The frames of a beacon, as they are sent each time.
    pub(crate) fn beacon(
        device: &Device,
        announcement: &Announcement,
    ) -> Result<Vec<Vec<u8>>, LabError> {
        match announcement {
            Announcement::Raw(frame) => Ok(vec![frame.clone()]),
            Announcement::GratuitousArp => {
                Ok(device.addresses.iter().map(|address| announce(device, *address)).collect())
            }
            Announcement::Lldp(lldp) => {
                let mut bytes = Vec::with_capacity(256);
                emit_ethernet(
                    &mut bytes,
                    LLDP_MULTICAST,
                    device.mac,
                    device.vlan,
                    ether_type::LLDP,
                );
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
}

impl Heard {
    fn count(&mut self, question: Question) {
        match question {
            Question::Community { community, writes, .. } => {
                self.community += 1;
                self.writes += u64::from(writes);
                self.communities.insert(String::from_utf8_lossy(&community).into_owned());
            }
            Question::Discovery => self.discovery += 1,
            Question::User(_) => self.user += 1,
            Question::Unreadable => self.other += 1,
        }
    }
}

fn is_for(destination: MacAddr, mac: MacAddr) -> bool {
    destination == mac || destination == MacAddr::BROADCAST
}

fn padded(delay: Duration, mut frame: Vec<u8>) -> Outgoing {
    if frame.len() < SHORTEST_FRAME {
        frame.resize(SHORTEST_FRAME, 0);
    }
    Outgoing { delay, frame }
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

fn unreachable(
    device: &Device,
    mac: MacAddr,
    frame: &EthernetFrame<'_>,
    packet: &Ipv4Packet<'_>,
) -> Option<Outgoing> {
    let mut message = Vec::new();
    herkomst_wire::icmp::icmp_unreachable(&mut message, PORT_UNREACHABLE, frame.payload);
    let mut bytes = Vec::new();
    icmp_frame(
        &mut bytes,
        mac,
        frame.source,
        device.vlan,
        packet.destination,
        packet.source,
        &message,
    )
    .ok()?;
    Some(padded(device.latency, bytes))
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
    use herkomst_wire::snmp::{V3Message, emit_discovery};
    use herkomst_wire::{Lldp, arp_request_frame};

    use super::*;

    const US: MacAddr = MacAddr([2, 0, 0, 0, 0, 9]);
    const OUR_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

    fn device(name: &str, more: &str) -> Device {
        let text = format!(
            "title = \"t\"\nmac = \"00:e0:fc:00:00:01\"\naddresses = [\"10.0.0.1\"]\n{more}"
        );
        Device::parse(&text, name, "t.toml").unwrap()
    }

    fn ask(stations: &mut Stations, frame: &[u8], vlan: Option<u16>) -> Vec<Outgoing> {
        let mut out = Vec::new();
        stations.answer(frame, vlan, Duration::ZERO, &mut out);
        out
    }

    fn discovery(to: Ipv4Addr, mac: MacAddr) -> Vec<u8> {
        let mut payload = Vec::new();
        emit_discovery(&mut payload, 1, 2);
        let mut frame = Vec::new();
        let (from, to) = (SocketAddrV4::new(OUR_IP, 4000), SocketAddrV4::new(to, 161));
        udp_frame(&mut frame, US, mac, None, from, to, &payload).unwrap();
        frame
    }

    #[test]
    fn answers_arp_for_its_addresses_and_counts_it() {
        let mut stations = Stations::new(vec![device("a", "latency-ms = 7")]).unwrap();
        let out =
            ask(&mut stations, &arp_request_frame(US, OUR_IP, Ipv4Addr::new(10, 0, 0, 1)), None);
        assert_eq!(out[0].delay, Duration::from_millis(7));
        assert_eq!(out[0].frame.len(), SHORTEST_FRAME);
        let frame = EthernetFrame::parse(&out[0].frame).unwrap();
        let arp = Arp::parse(frame.payload).unwrap();
        assert_eq!(
            (arp.operation, arp.sender_ip),
            (ArpOperation::Reply, Ipv4Addr::new(10, 0, 0, 1))
        );
        assert!(
            ask(&mut stations, &arp_request_frame(US, OUR_IP, Ipv4Addr::new(10, 0, 0, 2)), None)
                .is_empty()
        );
        assert_eq!(stations.heard()["a"], Heard { arp: 1, ..Heard::default() });
    }

    #[test]
    fn a_device_in_a_vlan_hears_and_speaks_only_there() {
        let mut stations = Stations::new(vec![device("a", "vlan = 20")]).unwrap();
        let request = arp_request_frame(US, OUR_IP, Ipv4Addr::new(10, 0, 0, 1));
        assert!(ask(&mut stations, &request, None).is_empty());
        assert!(ask(&mut stations, &request, Some(21)).is_empty());
        let out = ask(&mut stations, &request, Some(20));
        assert_eq!(EthernetFrame::parse(&out[0].frame).unwrap().vlan, Some(20));
    }

    #[test]
    fn a_routed_device_speaks_with_the_mac_of_its_router_and_has_no_arp() {
        let router = device("router", "");
        let mut routed =
            device("routed", "behind = \"router\"\n[snmp]\nengine = { enterprise = 9 }").copy(5);
        routed.name = "routed".to_owned();
        let mut stations = Stations::new(vec![router.clone(), routed.clone()]).unwrap();
        assert!(
            ask(&mut stations, &arp_request_frame(US, OUR_IP, routed.addresses[0]), None)
                .is_empty()
        );
        assert!(
            ask(&mut stations, &discovery(routed.addresses[0], routed.mac), None).is_empty(),
            "its own MAC is not here"
        );
        let out = ask(&mut stations, &discovery(routed.addresses[0], router.mac), None);
        let frame = EthernetFrame::parse(&out[0].frame).unwrap();
        assert_eq!(frame.source, router.mac);
        let packet = Ipv4Packet::parse(frame.payload).unwrap();
        let udp = UdpDatagram::parse(packet.payload, packet.source, packet.destination).unwrap();
        assert_eq!((packet.source, udp.destination_port), (routed.addresses[0], 4000));
        let engine = V3Message::parse(udp.payload).unwrap().usm.engine_id.to_vec();
        assert_eq!(engine[5..], routed.mac.octets());
        assert_eq!(stations.heard()["routed"].discovery, 1);
    }

    #[test]
    fn a_host_without_an_agent_refuses_the_port() {
        let mut stations = Stations::new(vec![device("a", "")]).unwrap();
        let question = discovery(Ipv4Addr::new(10, 0, 0, 1), stations.devices()[0].mac);
        let out = ask(&mut stations, &question, None);
        let frame = EthernetFrame::parse(&out[0].frame).unwrap();
        let packet = Ipv4Packet::parse(frame.payload).unwrap();
        let Ok(Icmp::Unreachable { code, original }) = Icmp::parse(packet.payload) else {
            panic!("unreachable")
        };
        assert_eq!((code, original.unwrap().ports), (PORT_UNREACHABLE, Some((4000, 161))));
    }

    #[test]
    fn an_lldp_beacon_says_what_the_file_says() {
        let text = "[lldp]\nchassis = { local = \"c\" }\nport = { interface-name = \"p\" }\nname = \"n\"\nenabled = [\"telephone\"]\n\
                    management-address = \"10.0.0.1\"\ninventory = { manufacturer = \"m\", model = \"x\" }";
        let device = device("a", text);
        let frames = Stations::beacon(&device, &device.beacons[0].announcement).unwrap();
        let frame = EthernetFrame::parse(&frames[0]).unwrap();
        assert_eq!((frame.destination, frame.ether_type), (LLDP_MULTICAST, ether_type::LLDP));
        let lldp = Lldp::parse(frame.payload).unwrap();
        assert_eq!((lldp.chassis_id(), lldp.ttl()), (ChassisId::Local(b"c"), 120));
        let tlvs: Vec<_> = lldp.tlvs().map(Result::unwrap).collect();
        assert_eq!(tlvs.len(), 5);
        assert!(tlvs.contains(&Tlv::SystemCapabilities { supported: 1 << 5, enabled: 1 << 5 }));
        assert!(tlvs.contains(&Tlv::Inventory { item: InventoryItem::Model, value: b"x" }));
    }

    #[test]
    fn two_devices_with_one_address_are_refused() {
        let error = Stations::new(vec![device("a", ""), device("b", "")]).unwrap_err().to_string();
        assert_eq!(error, "b: address 10.0.0.1 is also that of a");
        let error = Stations::new(vec![device("a", "behind = \"x\"")]).unwrap_err().to_string();
        assert!(error.contains("\"x\""), "{error}");
    }
}
