//! All devices of a segment at layer 2: a frame comes in, the frames that they answer with go out, with the time each
//! takes. Pure, so that it is tested without a network. Look-ups are by hash map: a segment may have thousands.

mod announce;
mod six;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use herkomst_ids::MacAddr;
use herkomst_wire::{
    Arp, ArpOperation, Echo, EthernetFrame, Icmp, Ipv4Packet, UdpDatagram, emit_ethernet,
    ether_type, icmp_echo, icmp_frame, protocol, udp_frame,
};

use crate::LabError;
use crate::agent::{self, Moment, Question, Reply};
use crate::device::Device;

pub(crate) use announce::beacon;

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
    /// Neighbour solicitations for an address of it.
    pub nd: u64,
    /// Echo requests to all nodes of the link, it among them.
    pub group: u64,
    /// Echo requests to it alone.
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
    /// IP packets that are none of these.
    pub other: u64,
}

impl Heard {
    /// Every packet that was meant for the device, those to all nodes among them.
    pub fn total(&self) -> u64 {
        let found = self.arp + self.nd + self.group + self.icmp;
        found + self.discovery + self.user + self.community + self.other
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
    by_address: HashMap<IpAddr, usize>,
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
            ether_type::IPV6 => self.ipv6(&frame, vlan, elapsed, out),
            _ => {}
        }
    }

    fn arp(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>, out: &mut Vec<Outgoing>) {
        let Ok(arp) = Arp::parse(frame.payload) else { return };
        if arp.operation != ArpOperation::Request || arp.is_announcement() {
            return;
        }
        let Some((device, heard, mac)) = self.find(arp.target_ip.into(), vlan) else { return };
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
        let Some((device, heard, mac)) = self.find(packet.destination.into(), vlan) else { return };
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
                let moment = Moment { elapsed, before: heard.community };
                heard.count(agent::classify(udp.payload));
                let Some(agent) = &device.agent else {
                    // A host without an agent whose echo is off is taken for one behind a filter, which drops.
                    if device.icmp {
                        out.extend(unreachable(device, mac, frame, &packet));
                    }
                    return;
                };
                let to = SocketAddrV4::new(packet.source, udp.source_port);
                for reply in agent::answer(agent, udp.payload, moment) {
                    let Some(reply) = Datagram::of(reply) else {
                        out.extend(unreachable(device, mac, frame, &packet));
                        continue;
                    };
                    let from = Ipv4Addr::from_bits(source.to_bits().wrapping_add(reply.address));
                    let from = SocketAddrV4::new(from, SNMP_PORT + reply.port);
                    let mut bytes = Vec::with_capacity(reply.payload.len() + 64);
                    let made =
                        udp_frame(&mut bytes, mac, back, device.vlan, from, to, &reply.payload);
                    if made.is_ok() {
                        reply.spoil(&mut bytes);
                        out.push(padded(device.latency + agent::latency(agent, moment), bytes));
                    }
                }
            }
            _ => heard.other += 1,
        }
    }

    fn find(
        &mut self,
        address: IpAddr,
        vlan: Option<u16>,
    ) -> Option<(&Device, &mut Heard, MacAddr)> {
        let index = *self.by_address.get(&address)?;
        let device = self.devices.get(index)?;
        if !is_in(device, vlan) {
            return None;
        }
        Some((device, self.heard.get_mut(index)?, *self.link.get(index)?))
    }
}

/// An agent's datagram, and how far its addresses are from those that were asked.
struct Datagram {
    payload: Vec<u8>,
    port: u16,
    address: u32,
    spoilt: bool,
}

impl Datagram {
    /// None where the port is closed.
    fn of(reply: Reply) -> Option<Self> {
        let (payload, port, address, spoilt) = match reply {
            Reply::Datagram(payload) => (payload, 0, 0, false),
            Reply::OtherPort(payload) => (payload, 1, 0, false),
            Reply::OtherAddress(payload) => (payload, 0, 1, false),
            Reply::WrongChecksum(payload) => (payload, 0, 0, true),
            Reply::Unreachable => return None,
        };
        Some(Self { payload, port, address, spoilt })
    }

    /// Makes the checksum wrong where it is to be.
    fn spoil(&self, frame: &mut [u8]) {
        if self.spoilt
            && let Some(last) = frame.last_mut()
        {
            *last ^= 0x55;
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

/// VLAN 0 is a priority tag, which names no VLAN (IEEE 802.1Q, table 9-2).
fn is_in(device: &Device, vlan: Option<u16>) -> bool {
    device.vlan == vlan.filter(|vlan| *vlan != 0)
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

#[cfg(test)]
pub(crate) mod tests {
    use herkomst_wire::arp_request_frame;
    use herkomst_wire::snmp::{V3Message, emit_discovery};

    use super::*;

    pub(crate) const US: MacAddr = MacAddr([2, 0, 0, 0, 0, 9]);
    const OUR_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

    pub(crate) fn device(name: &str, more: &str) -> Device {
        let text = format!(
            "title = \"t\"\nmac = \"00:e0:fc:00:00:01\"\naddresses = [\"10.0.0.1\"]\n{more}"
        );
        Device::parse(&text, name, "t.toml").unwrap()
    }

    pub(crate) fn ask(stations: &mut Stations, frame: &[u8], vlan: Option<u16>) -> Vec<Outgoing> {
        let mut out = Vec::new();
        stations.answer(frame, vlan, Duration::ZERO, &mut out);
        out
    }

    fn four(device: &Device) -> Ipv4Addr {
        match device.addresses[0] {
            IpAddr::V4(address) => address,
            IpAddr::V6(other) => panic!("{other}"),
        }
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
        assert!(ask(&mut stations, &arp_request_frame(US, OUR_IP, four(&routed)), None).is_empty());
        assert!(
            ask(&mut stations, &discovery(four(&routed), routed.mac), None).is_empty(),
            "its own MAC is not here"
        );
        let out = ask(&mut stations, &discovery(four(&routed), router.mac), None);
        let frame = EthernetFrame::parse(&out[0].frame).unwrap();
        assert_eq!(frame.source, router.mac);
        let packet = Ipv4Packet::parse(frame.payload).unwrap();
        let udp = UdpDatagram::parse(packet.payload, packet.source, packet.destination).unwrap();
        assert_eq!((packet.source, udp.destination_port), (four(&routed), 4000));
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
    fn two_devices_with_one_address_are_refused() {
        let error = Stations::new(vec![device("a", ""), device("b", "")]).unwrap_err().to_string();
        assert_eq!(error, "b: address 10.0.0.1 is also that of a");
        let error = Stations::new(vec![device("a", "behind = \"x\"")]).unwrap_err().to_string();
        assert!(error.contains("\"x\""), "{error}");
    }
}
