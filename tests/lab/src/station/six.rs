//! What fake devices answer in IPv6: neighbour discovery (RFC 4861), echo to one and to all, the complaint about an option
//! that nobody knows (RFC 8200, 4.2), listener queries (RFC 3810), and SNMP.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use herkomst_ids::MacAddr;
use herkomst_wire::icmpv6::neighbour_advertisement;
use herkomst_wire::ipv6::{Extra, multicast_mac, next_header, solicited_node};
use herkomst_wire::{
    Echo, EthernetFrame, Icmpv6, Ipv6Packet, Ipv6Way, UdpDatagram, icmpv6_echo, icmpv6_frame,
    udp6_frame,
};

use super::{Datagram, Outgoing, SNMP_PORT, Stations, is_in, padded};
use crate::agent::{self, Moment};
use crate::device::{Device, link_local};

/// RFC 4291, 2.7.1.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// Those who want to know what is listened to (RFC 3810, 5.2.14).
const MLD_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
/// An error quotes no more of a packet than fits the smallest largest packet (RFC 4443, 2.4).
const MOST_QUOTED: usize = 1280 - 48;

/// A packet that came in, and where from.
pub(super) struct Came<'a> {
    frame: &'a EthernetFrame<'a>,
    packet: &'a Ipv6Packet<'a>,
}

impl Stations {
    pub(super) fn ipv6(
        &mut self,
        frame: &EthernetFrame<'_>,
        vlan: Option<u16>,
        elapsed: Duration,
        out: &mut Vec<Outgoing>,
    ) {
        let Ok(packet) = Ipv6Packet::parse(frame.payload) else { return };
        let came = Came { frame, packet: &packet };
        if packet.destination.is_multicast() {
            if multicast_mac(packet.destination) == Some(frame.destination) {
                self.said_to_a_group(&came, vlan, out);
            }
            return;
        }
        let Some((device, heard, mac)) = self.find(packet.destination.into(), vlan) else { return };
        if frame.destination != mac {
            return; // flooded by a bridge, or sent to the wrong station
        }
        let speaker = Speaker { device, mac, address: packet.destination };
        if packet.fragment {
            heard.other += 1;
            return;
        }
        if packet.protocol == next_header::UDP {
            let udp = UdpDatagram::parse_v6(&packet).ok();
            let Some(udp) = udp.filter(|udp| udp.destination_port == SNMP_PORT) else {
                heard.other += 1;
                return;
            };
            let moment = Moment { elapsed, before: heard.community };
            heard.count(agent::classify(udp.payload));
            speaker.snmp(&came, &udp, moment, out);
            return;
        }
        match Icmpv6::parse(&packet) {
            Ok(Icmpv6::EchoRequest(echo)) => {
                heard.icmp += 1;
                out.extend(speaker.echo(&came, &echo));
            }
            Ok(Icmpv6::NeighbourSolicitation(asked)) if asked.target == packet.destination => {
                heard.nd += 1;
                out.extend(speaker.advertise(&came, asked.target));
            }
            // An answer to a question of its own, as far as the lab goes.
            Ok(Icmpv6::NeighbourAdvertisement(_)) => {}
            _ => heard.other += 1,
        }
    }

    fn said_to_a_group(&mut self, came: &Came<'_>, vlan: Option<u16>, out: &mut Vec<Outgoing>) {
        let (packet, message) = match Icmpv6::parse(came.packet) {
            Ok(message) if came.packet.protocol == next_header::ICMPV6 => (came.packet, message),
            _ => return,
        };
        if let Icmpv6::NeighbourSolicitation(asked) = message {
            let fits = [ALL_NODES, solicited_node(asked.target)].contains(&packet.destination);
            if let Some((device, heard, mac)) = self.find(asked.target.into(), vlan)
                && fits
            {
                heard.nd += 1;
                let speaker = Speaker { device, mac, address: asked.target };
                out.extend(speaker.advertise(came, asked.target));
            }
            return;
        }
        for ((device, heard), mac) in self.devices.iter().zip(&mut self.heard).zip(&self.link) {
            let Some(address) = source_towards(device, packet.source) else { continue };
            if device.behind.is_some() || !is_in(device, vlan) {
                continue;
            }
            let speaker = Speaker { device, mac: *mac, address };
            match message {
                Icmpv6::EchoRequest(echo) if packet.destination == ALL_NODES => {
                    heard.group += 1;
                    if device.all_nodes || unknown_option(came.frame.payload).is_some() {
                        out.extend(speaker.echo(came, &echo));
                    }
                }
                Icmpv6::RouterSolicitation(_) if packet.destination == ALL_ROUTERS => {
                    let frame = advertisement(device, Some(came));
                    out.extend(frame.map(|frame| Outgoing { delay: device.latency, frame }));
                }
                Icmpv6::ListenerQuery(_) if packet.destination == ALL_NODES => {
                    out.extend(speaker.listens());
                }
                _ => {}
            }
        }
    }
}

/// A device with the addresses that it answers from.
struct Speaker<'a> {
    device: &'a Device,
    mac: MacAddr,
    address: Ipv6Addr,
}

impl Speaker<'_> {
    fn way(&self, to: MacAddr, destination: Ipv6Addr, hop_limit: u8) -> Ipv6Way {
        Ipv6Way {
            source_mac: self.mac,
            destination_mac: multicast_mac(destination).unwrap_or(to),
            vlan: self.device.vlan,
            source: self.address,
            destination,
            hop_limit,
        }
    }

    fn message(&self, way: &Ipv6Way, extra: Extra, message: &[u8]) -> Option<Outgoing> {
        let mut bytes = Vec::with_capacity(message.len() + 64);
        icmpv6_frame(&mut bytes, way, extra, message).ok()?;
        Some(padded(self.device.latency, bytes))
    }

    /// The reply, or the complaint about what the question carries.
    fn echo(&self, came: &Came<'_>, echo: &Echo<'_>) -> Option<Outgoing> {
        let way = self.way(came.frame.source, came.packet.source, 64);
        let mut message = Vec::new();
        if let Some(at) = unknown_option(came.frame.payload) {
            if !self.device.complains {
                return None;
            }
            // RFC 4443, 3.4: code 2, an option that is not known
            message.extend([4, 2, 0, 0]);
            message.extend(at.to_be_bytes());
            let quoted = came.frame.payload;
            message.extend(quoted.get(..quoted.len().min(MOST_QUOTED))?);
        } else if self.device.icmp {
            icmpv6_echo(&mut message, true, echo.id, echo.sequence, echo.payload);
        } else {
            return None;
        }
        self.message(&way, Extra::Nothing, &message)
    }

    /// RFC 4861, 7.2.4; who has no address yet is answered through all nodes.
    fn advertise(&self, came: &Came<'_>, target: Ipv6Addr) -> Option<Outgoing> {
        let Device { nd, behind, router, .. } = self.device;
        if !nd || behind.is_some() {
            return None; // what is behind a router is not on this segment
        }
        let asks = came.packet.source;
        let to = if asks.is_unspecified() { ALL_NODES } else { asks };
        let mut message = Vec::new();
        let solicited = !asks.is_unspecified();
        neighbour_advertisement(&mut message, target, router.is_some(), solicited, Some(self.mac));
        self.message(&self.way(came.frame.source, to, 255), Extra::Nothing, &message)
    }

    /// The groups of its addresses, one record each (RFC 3810, 5.2): excludes nothing, that is listens to all.
    fn listens(&self) -> Option<Outgoing> {
        let groups = ipv6_of(self.device).map(solicited_node);
        let groups: std::collections::BTreeSet<Ipv6Addr> = groups.collect();
        let mut message = vec![143, 0, 0, 0, 0, 0];
        message.extend(u16::try_from(groups.len()).ok()?.to_be_bytes());
        for group in groups {
            message.extend([2, 0, 0, 0]);
            message.extend(group.octets());
        }
        self.message(&self.way(self.mac, MLD_ROUTERS, 1), Extra::RouterAlert, &message)
    }

    fn snmp(
        &self,
        came: &Came<'_>,
        udp: &UdpDatagram<'_>,
        moment: Moment,
        out: &mut Vec<Outgoing>,
    ) {
        let way = self.way(came.frame.source, came.packet.source, 64);
        let Some(agent) = &self.device.agent else {
            // As in IPv4: without echo it is taken for a host behind a filter, which drops.
            out.extend(self.device.icmp.then(|| self.unreachable(came)).flatten());
            return;
        };
        for reply in agent::answer(agent, udp.payload, moment) {
            let Some(reply) = Datagram::of(reply) else {
                out.extend(self.unreachable(came));
                continue;
            };
            let source = way.source.to_bits().wrapping_add(reply.address.into());
            let way = Ipv6Way { source: Ipv6Addr::from_bits(source), ..way };
            let mut bytes = Vec::with_capacity(reply.payload.len() + 64);
            let port = SNMP_PORT + reply.port;
            if udp6_frame(&mut bytes, &way, port, udp.source_port, &reply.payload).is_ok() {
                reply.spoil(&mut bytes);
                let delay = self.device.latency + agent::latency(agent, moment);
                out.push(padded(delay, bytes));
            }
        }
    }

    /// RFC 4443, 3.1: code 4, the port
    fn unreachable(&self, came: &Came<'_>) -> Option<Outgoing> {
        let mut message = vec![1, 4, 0, 0, 0, 0, 0, 0];
        let quoted = came.frame.payload;
        message.extend(quoted.get(..quoted.len().min(MOST_QUOTED))?);
        let way = self.way(came.frame.source, came.packet.source, 64);
        self.message(&way, Extra::Nothing, &message)
    }
}

/// What a router says of itself (RFC 4861, 4.2): to all, or to one who asked.
pub(super) fn advertisement(device: &Device, asked: Option<&Came<'_>>) -> Option<Vec<u8>> {
    const FOR_EVER: [u8; 4] = [0xff; 4];
    let router = device.router.as_ref()?;
    let speaker = Speaker { device, mac: device.mac, address: link_local(device.mac) };
    let mut message = vec![134, 0, 0, 0, 64, 0];
    message.extend(router.lifetime.to_be_bytes());
    message.extend([0; 8]);
    message.extend([1, 1]); // its own hardware address
    message.extend(device.mac.octets());
    for prefix in &router.prefixes {
        // RFC 4861, 4.6.2: on this link, and hosts may make addresses in it
        message.extend([3, 4, prefix.prefix_len(), 0xc0]);
        message.extend(FOR_EVER.iter().chain(&FOR_EVER));
        message.extend([0; 4]);
        message.extend(prefix.network().octets());
    }
    let asks = asked.filter(|came| !came.packet.source.is_unspecified());
    let to = asks.map_or(ALL_NODES, |came| came.packet.source);
    let mac = asks.map_or(device.mac, |came| came.frame.source);
    let sent = speaker.message(&speaker.way(mac, to, 255), Extra::Nothing, &message)?;
    Some(sent.frame)
}

fn ipv6_of(device: &Device) -> impl Iterator<Item = Ipv6Addr> {
    device.addresses.iter().filter_map(|address| match address {
        IpAddr::V6(address) => Some(*address),
        IpAddr::V4(_) => None,
    })
}

/// The address that a host answers from, when it was not asked by one: of the scope and the prefix of the one who asks
/// where it has such (RFC 6724, 5, rules 2 and 8).
fn source_towards(device: &Device, to: Ipv6Addr) -> Option<Ipv6Addr> {
    let likeness = |own: &Ipv6Addr| {
        let same_scope = own.is_unicast_link_local() == to.is_unicast_link_local();
        (same_scope, (own.to_bits() ^ to.to_bits()).leading_zeros())
    };
    ipv6_of(device).max_by_key(likeness)
}

/// Where in a packet an option stands that wants a complaint of who does not know it: type 10xxxxxx, which asks for one
/// whomever the packet was for (RFC 8200, 4.2). Only the first header is looked into, where such a question has it.
fn unknown_option(packet: &[u8]) -> Option<u32> {
    let first = packet.get(6)?;
    if ![next_header::HOP_BY_HOP, next_header::DESTINATION_OPTIONS].contains(first) {
        return None;
    }
    let end = 40 + (usize::from(*packet.get(41)?) + 1) * 8;
    let mut at = 42;
    while at < end {
        match *packet.get(at)? {
            0 => at += 1,
            kind if kind & 0xc0 == 0x80 => return u32::try_from(at).ok(),
            _ => at += 2 + usize::from(*packet.get(at + 1)?),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use herkomst_wire::ether_type;
    use herkomst_wire::icmpv6::{NdpOption, mld_query, neighbour_solicitation};
    use herkomst_wire::snmp::{V3Message, emit_discovery};

    use super::*;
    use crate::station::tests::{US, ask, device};

    const OURS: &str = "fe80::9";

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    /// 00:e0:fc:00:00:01 with fd00:50::1.
    fn host(name: &str, more: &str) -> Device {
        let text = format!(
            "title = \"t\"\nmac = \"00:e0:fc:00:00:01\"\naddresses = [\"fd00:50::1\"]\n{more}"
        );
        Device::parse(&text, name, "t.toml").unwrap()
    }

    fn stations(more: &str) -> Stations {
        Stations::new(vec![host("a", more), device("four", "arp = false")]).unwrap()
    }

    fn question(from: &str, to: &str, hop_limit: u8, extra: Extra, message: &[u8]) -> Vec<u8> {
        let (source, destination) = (ip(from), ip(to));
        let destination_mac =
            multicast_mac(destination).unwrap_or(MacAddr([0, 0xe0, 0xfc, 0, 0, 1]));
        let way =
            Ipv6Way { source_mac: US, destination_mac, vlan: None, source, destination, hop_limit };
        let mut frame = Vec::new();
        icmpv6_frame(&mut frame, &way, extra, message).unwrap();
        frame
    }

    fn echo(from: &str, to: &str, extra: Extra) -> Vec<u8> {
        let mut message = Vec::new();
        icmpv6_echo(&mut message, false, 7, 1, b"data");
        question(from, to, 64, extra, &message)
    }

    fn solicitation(from: &str, target: &str) -> Vec<u8> {
        let mut message = Vec::new();
        let mac = (from != "::").then_some(US);
        neighbour_solicitation(&mut message, ip(target), mac);
        question(from, &solicited_node(ip(target)).to_string(), 255, Extra::Nothing, &message)
    }

    /// Reads one frame: from, to, and what is said of the message.
    fn read<T>(frame: &[u8], said: impl FnOnce(&Icmpv6<'_>) -> T) -> (String, String, T) {
        let frame = EthernetFrame::parse(frame).unwrap();
        assert_eq!(frame.ether_type, ether_type::IPV6);
        let packet = Ipv6Packet::parse(frame.payload).unwrap();
        let message = Icmpv6::parse(&packet).unwrap();
        (packet.source.to_string(), packet.destination.to_string(), said(&message))
    }

    #[test]
    fn says_who_has_its_addresses_and_nobody_elses() {
        let mut stations = stations("latency-ms = 3");
        for target in ["fd00:50::1", "fe80::2e0:fcff:fe00:1"] {
            let out = ask(&mut stations, &solicitation(OURS, target), None);
            assert_eq!(out[0].delay, Duration::from_millis(3));
            let (from, to, names_mac) = read(&out[0].frame, |message| match message {
                Icmpv6::NeighbourAdvertisement(said) if said.solicited && !said.router => {
                    said.options.iter().any(|option| matches!(option, NdpOption::TargetMac(_)))
                }
                other => panic!("{other:?}"),
            });
            assert_eq!((from.as_str(), to.as_str()), (target, OURS));
            assert!(names_mac);
        }
        assert!(ask(&mut stations, &solicitation(OURS, "fd00:50::2"), None).is_empty());
        assert_eq!(stations.heard()["a"].nd, 2);
        let out = ask(&mut stations, &solicitation("::", "fd00:50::1"), None);
        assert_eq!(read(&out[0].frame, |_| ()).1, "ff02::1", "its address is defended");
    }

    #[test]
    fn all_nodes_answer_an_echo_from_the_address_that_fits() {
        let mut stations = stations("");
        for (asks, answers) in [(OURS, "fe80::2e0:fcff:fe00:1"), ("fd00:50::9", "fd00:50::1")] {
            let out = ask(&mut stations, &echo(asks, "ff02::1", Extra::Nothing), None);
            let (from, to, ()) = read(&out[0].frame, |message| match message {
                Icmpv6::EchoReply(Echo { id: 7, sequence: 1, payload: b"data" }) => {}
                other => panic!("{other:?}"),
            });
            assert_eq!((out.len(), from.as_str(), to.as_str()), (1, answers, asks));
        }
        let heard = stations.heard();
        assert_eq!((heard["a"].group, heard["a"].icmp, heard["four"].group), (2, 0, 0));
    }

    #[test]
    fn an_option_that_nobody_knows_is_complained_of_even_by_who_does_not_answer_all() {
        let probe = echo(OURS, "ff02::1", Extra::DestinationOption(0x80));
        let mut stations = stations("all-nodes = false");
        assert!(ask(&mut stations, &echo(OURS, "ff02::1", Extra::Nothing), None).is_empty());
        let out = ask(&mut stations, &probe, None);
        let (_, _, (pointer, quoted)) = read(&out[0].frame, |message| match message {
            Icmpv6::ParameterProblem { code: 2, pointer, original: Some(original) } => {
                (*pointer, original.echo)
            }
            other => panic!("{other:?}"),
        });
        assert_eq!((pointer, quoted), (42, Some((7, 1))));
        let mut quiet = self::stations("complains = false");
        assert!(ask(&mut quiet, &probe, None).is_empty());
        // 00xxxxxx: who does not know it passes over it.
        let harmless = echo(OURS, "fd00:50::1", Extra::DestinationOption(0x1e));
        let out = ask(&mut quiet, &harmless, None);
        read(&out[0].frame, |message| assert!(matches!(message, Icmpv6::EchoReply(_))));
    }

    #[test]
    fn a_router_says_so_when_asked_and_by_itself() {
        let text = "[router]\nprefixes = [\"fd00:50::/64\"]\n";
        let mut stations = stations(text);
        let solicitation =
            question(OURS, "ff02::2", 255, Extra::Nothing, &[133, 0, 0, 0, 0, 0, 0, 0]);
        let asked = ask(&mut stations, &solicitation, None).remove(0).frame;
        let beacon = host("a", text);
        let unasked = crate::station::beacon(&beacon, &beacon.beacons[0].announcement).unwrap();
        for (frame, to) in [(&asked, OURS), (&unasked[0], "ff02::1")] {
            let said = read(frame, |message| match message {
                Icmpv6::RouterAdvertisement(said) => said
                    .options
                    .iter()
                    .filter_map(|option| match option {
                        NdpOption::Prefix(prefix) => Some(prefix),
                        _ => None,
                    })
                    .collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            });
            assert_eq!((said.0.as_str(), said.1.as_str()), ("fe80::2e0:fcff:fe00:1", to));
            assert_eq!(
                (said.2[0].prefix, said.2[0].length, said.2[0].autonomous),
                (ip("fd00:50::"), 64, true)
            );
        }
    }

    #[test]
    fn an_agent_answers_over_ipv6_and_a_host_without_one_refuses() {
        let mut payload = Vec::new();
        emit_discovery(&mut payload, 1, 2);
        let way = Ipv6Way {
            source_mac: US,
            destination_mac: MacAddr([0, 0xe0, 0xfc, 0, 0, 1]),
            vlan: None,
            source: ip("fd00:50::9"),
            destination: ip("fd00:50::1"),
            hop_limit: 64,
        };
        let mut frame = Vec::new();
        udp6_frame(&mut frame, &way, 4000, 161, &payload).unwrap();
        let mut agent = stations("[snmp]\nengine = { enterprise = 2011 }");
        let out = ask(&mut agent, &frame, None);
        let answer = EthernetFrame::parse(&out[0].frame).unwrap();
        let packet = Ipv6Packet::parse(answer.payload).unwrap();
        let udp = UdpDatagram::parse_v6(&packet).unwrap();
        assert_eq!((udp.source_port, udp.destination_port), (161, 4000));
        assert_eq!(V3Message::parse(udp.payload).unwrap().usm.engine_id[..4], [0x80, 0, 7, 0xdb]);
        assert_eq!(agent.heard()["a"].discovery, 1);

        let out = ask(&mut stations(""), &frame, None);
        let ports = read(&out[0].frame, |message| match message {
            Icmpv6::Unreachable { code: 4, original } => original.unwrap().ports,
            other => panic!("{other:?}"),
        });
        assert_eq!(ports.2, Some((4000, 161)));
    }

    #[test]
    fn listeners_are_told_to_who_queries() {
        let mut message = Vec::new();
        mld_query(&mut message, Ipv6Addr::UNSPECIFIED, 1000, 2, 125);
        let out = ask(
            &mut stations(""),
            &question(OURS, "ff02::1", 1, Extra::RouterAlert, &message),
            None,
        );
        let groups = read(&out[0].frame, |message| match message {
            Icmpv6::ListenerReportV2(report) => report.records().count(),
            other => panic!("{other:?}"),
        });
        assert_eq!((groups.1.as_str(), groups.2), ("ff02::16", 1), "both addresses share a group");
    }

    #[test]
    fn what_is_behind_a_router_is_not_on_the_segment() {
        let mut far = host("far", "behind = \"a\"").copy(9);
        far.name = "far".into();
        let mut stations = Stations::new(vec![host("a", ""), far.clone()]).unwrap();
        assert!(ask(&mut stations, &solicitation(OURS, "fd00:50::a"), None).is_empty());
        let through = echo("fd00:50::9", "fd00:50::a", Extra::Nothing);
        assert_eq!(ask(&mut stations, &through, None).len(), 1, "through its router it answers");
        assert_eq!(ask(&mut stations, &echo(OURS, "ff02::1", Extra::Nothing), None).len(), 1);
    }
}
