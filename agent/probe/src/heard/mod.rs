//! What neighbours say unasked: who they are, which addresses they have, what they route and what they want.
//!
//! A frame is told by its type, its LLC header, or protocol and port; whether the very same was heard before is looked up;
//! only then is it read. What it says of its sender is handed on; what it says of others (the management addresses of an
//! announcement, say) stays inside that and makes nobody known.

mod cameras;
mod dhcp;
mod dhcpv6;
mod lldp;
mod mdns;
mod memory;
mod ndp;
mod neighbours;
mod routers;
mod services;
mod text;

use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use herkomst_ids::MacAddr;
use herkomst_model::{About, Announcement, Fact, Method};
use herkomst_wire::dhcp::{DHCP_CLIENT_PORT, DHCP_SERVER_PORT};
use herkomst_wire::dhcpv6::{DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT};
use herkomst_wire::glbp::GLBP_PORT;
use herkomst_wire::hsrp::{HSRP_PORT, HSRP_V6_PORT};
use herkomst_wire::ipv6::next_header;
use herkomst_wire::llc::snap;
use herkomst_wire::vrrp::{VRRP_PROTOCOL, is_carp};
use herkomst_wire::{
    Arp, EthernetFrame, Ipv4Packet, Ipv6Packet, Llc, UdpDatagram, WireError, dahua, dns,
    ether_type, mndp, protocol, sadp, ssdp, ws_discovery,
};

pub use self::cameras::{dhip as dhip_announcement, sadp as sadp_announcement};
pub use self::mdns::answered as mdns_announcement;
pub use self::memory::Counted;
use self::memory::{Memory, PROTOCOLS};
pub use self::services::{ssdp as ssdp_announcement, ws_discovery as ws_discovery_announcement};
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// How often a neighbour usually announces itself: `msgTxInterval` (IEEE 802.1AB-2016, 9.2.5.7), in seconds.
pub const LLDP_INTERVAL: u64 = 30;

/// How long one must listen to hear everybody who speaks a protocol at its usual interval; `None` for what is said at no
/// interval, but when there is a reason.
pub const fn usual_interval(method: Method) -> Option<Duration> {
    let seconds = match method {
        Method::Lldp => LLDP_INTERVAL,
        // Cisco's "Configuring CDP": 60 s; so do FDP, EDP and MNDP by their makers' manuals
        Method::Cdp | Method::Fdp | Method::Edp | Method::Mndp => 60,
        Method::Sonmp => 10, // s5EnMsTop of the S5-ETH-MULTISEG-TOPOLOGY-MIB
        Method::Ndp => 600,  // RFC 4861, 6.2.1: MaxRtrAdvInterval
        Method::Mld => 125,  // RFC 3810, 9.2: who listens says so after each query
        Method::Vrrp | Method::Carp => 1, // RFC 9568, 5.2.7
        Method::Hsrp | Method::Glbp => 3, // RFC 2281, 5.4
        Method::Ssdp => 900, // UPnP Device Architecture 2.0, 1.2.2: less than half of at least 1,800 s
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

/// Which addresses are kept from packets heard.
pub enum Keep {
    /// None: only the answers to the sweep count, and what is said below IP.
    None,
    /// All but these addresses.
    AllBut(Box<dyn Fn(IpAddr) -> bool + Send>),
    /// Only these addresses.
    Only(Box<dyn Fn(IpAddr) -> bool + Send>),
}

impl Keep {
    fn wants(&self, address: IpAddr) -> bool {
        match self {
            Self::None => false,
            Self::AllBut(excluded) => !excluded(address),
            Self::Only(listed) => listed(address),
        }
    }

    /// Whether stations count of which no address is known.
    fn wants_strangers(&self) -> bool {
        matches!(self, Self::AllBut(_))
    }
}

/// Listens on one segment. It never sends.
pub struct Heard {
    ours: MacAddr,
    keep: Keep,
    methods: Vec<Method>,
    memory: Memory,
}

/// Who sent a packet.
#[derive(Debug, Clone, Copy, Hash)]
struct Sender {
    mac: MacAddr,
    vlan: Option<u16>,
    address: IpAddr,
    /// No router can have passed the packet on, so that address and hardware address belong together.
    is_near: bool,
}

/// What reading a frame came to, before it is kept.
type Read<T> = Result<Option<T>, WireError>;

impl Heard {
    /// Listens beside an interface with this hardware address, whose own packets do not count.
    pub fn new(ours: MacAddr, keep: Keep) -> Self {
        Self { ours, keep, methods: PROTOCOLS.to_vec(), memory: Memory::default() }
    }

    /// Listens to no more than these protocols.
    pub fn only(mut self, methods: &[Method]) -> Self {
        self.methods.retain(|method| methods.contains(method));
        self
    }

    /// How much was heard and not kept, because more spoke than a segment can hold.
    pub fn overflow(&self) -> u64 {
        self.memory.counts().map(|(_, counted)| counted.overflow).sum()
    }

    /// What came of the frames of each protocol.
    pub fn counts(&self) -> impl Iterator<Item = (Method, Counted)> {
        self.memory.counts()
    }

    /// Takes a frame. A checksum that is still pending, as the kernel says beside packets of this machine and its guests, is
    /// not looked at.
    pub fn hear(
        &mut self,
        frame: &EthernetFrame<'_>,
        vlan: Option<u16>,
        checksum_pending: bool,
    ) -> Fit {
        // IEEE 802-2014, 8.2: a group is no sender
        if frame.source == self.ours || frame.source.is_multicast() || frame.source == MacAddr::ZERO
        {
            return Fit::NotMine;
        }
        match frame.ether_type {
            ether_type::ARP => self.arp(frame, vlan),
            ether_type::LLDP => self.lldp(frame, vlan),
            ether_type::IPV4 => self.ipv4(frame, vlan, checksum_pending),
            ether_type::IPV6 => self.ipv6(frame, vlan, checksum_pending),
            ..ether_type::LOWEST => self.llc(frame, vlan),
            _ => Fit::NotMine,
        }
    }

    fn hears(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }

    /// Looks up whether the same octets were heard from the same sender, and reads them if not.
    fn once(
        &mut self,
        method: Method,
        sender: impl Hash,
        octets: &[u8],
        read: impl FnOnce(&mut Self) -> Result<Fit, WireError>,
    ) -> Fit {
        if !self.hears(method) {
            return Fit::NotMine;
        }
        let (number, is_known) = self.memory.frame(method, sender, octets);
        if is_known {
            return Fit::Taken;
        }
        match read(self) {
            Ok(fit) => {
                if fit == Fit::Taken {
                    self.memory.is_read(number);
                }
                fit
            }
            Err(error) => {
                tracing::debug!(%error, protocol = method.as_str(), "what was heard is malformed");
                self.memory.malformed(method);
                Fit::Ignored
            }
        }
    }

    fn arp(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>) -> Fit {
        if !self.hears(Method::Arp) {
            return Fit::NotMine;
        }
        let Ok(arp) = Arp::parse(frame.payload) else { return Fit::NotMine };
        let mac = arp.sender_mac;
        if mac.is_multicast() || mac == MacAddr::ZERO || mac == self.ours {
            return Fit::NotMine;
        }
        // A probe (RFC 5227, 1.1) has no sender address yet. What it asks for may be another's: some switches look after
        // their stations in this way, so that one question is as good as many.
        let (about, address, fact) = if arp.sender_ip.is_unspecified() {
            let wants = Some(arp.target_ip.into());
            (About::Station(mac), arp.target_ip, Fact::Spoke { wants })
        } else {
            (About::Address(arp.sender_ip.into()), arp.sender_ip, Fact::Neighbour { mac })
        };
        if !text::is_a_hosts(address.into()) || !self.keep.wants(address.into()) {
            return Fit::NotMine;
        }
        self.memory.passed(Method::Arp);
        self.memory.station(Method::Arp, about, vlan, mac, fact)
    }

    fn lldp(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>) -> Fit {
        self.once(Method::Lldp, (frame.source, vlan), frame.payload, |heard| {
            let Some(neighbour) = lldp::neighbour(frame.payload)? else { return Ok(Fit::Taken) };
            let (about, fact) = (About::Station(frame.source), Fact::Lldp(neighbour));
            Ok(heard.memory.word(Method::Lldp, about, vlan, fact, frame.payload.len()))
        })
    }

    fn llc(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>) -> Fit {
        let Ok(Llc::Snap { oui, protocol, payload }) = Llc::parse(frame.payload) else {
            return Fit::NotMine;
        };
        let method = match (oui, protocol) {
            snap::CDP => Method::Cdp,
            snap::FDP => Method::Fdp,
            snap::EDP => Method::Edp,
            snap::SONMP_SEGMENT | snap::SONMP_FLATNET => Method::Sonmp,
            _ => return Fit::NotMine,
        };
        self.once(method, (frame.source, vlan), payload, |heard| {
            let said = match method {
                Method::Edp => neighbours::edp(payload)?,
                Method::Sonmp => neighbours::sonmp(payload)?,
                _ => neighbours::cdp(payload)?,
            };
            let Some(said) = said else { return Ok(Fit::Taken) };
            let (about, fact) = (About::Station(frame.source), Fact::Announced(Box::new(said)));
            Ok(heard.memory.word(method, about, vlan, fact, payload.len()))
        })
    }

    fn ipv4(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>, pending: bool) -> Fit {
        let Ok(packet) = Ipv4Packet::parse(frame.payload) else { return Fit::NotMine };
        if packet.fragment {
            return Fit::NotMine;
        }
        let to = packet.destination;
        // RFC 5771, 4, and RFC 919, 7: what no router passes on
        let is_near = to.is_broadcast() || matches!(to.octets(), [224, 0, 0, _]);
        let sender = Sender { mac: frame.source, vlan, address: packet.source.into(), is_near };
        match packet.protocol {
            protocol::UDP => self.datagram(frame, sender, packet.payload, pending, || {
                UdpDatagram::parse(packet.payload, packet.source, packet.destination)
            }),
            VRRP_PROTOCOL => {
                let is_carp = is_carp(packet.payload);
                let method = if is_carp { Method::Carp } else { Method::Vrrp };
                self.routers(method, sender, packet.payload, || match is_carp {
                    true => routers::carp(&packet),
                    false => routers::vrrp(&packet),
                })
            }
            _ => Fit::NotMine,
        }
    }

    fn ipv6(&mut self, frame: &EthernetFrame<'_>, vlan: Option<u16>, pending: bool) -> Fit {
        let Ok(packet) = Ipv6Packet::parse(frame.payload) else { return Fit::NotMine };
        if packet.fragment {
            return Fit::NotMine;
        }
        // RFC 4291, 2.7: a group of the link, or of the interface alone
        let is_near = matches!(packet.destination.octets(), [0xff, scope, ..] if scope & 0x0f <= 2);
        let sender = Sender { mac: frame.source, vlan, address: packet.source.into(), is_near };
        match packet.protocol {
            next_header::ICMPV6 => self.icmpv6(sender, &packet),
            next_header::UDP => self.datagram(frame, sender, packet.payload, pending, || {
                UdpDatagram::parse_v6(&packet)
            }),
            VRRP_PROTOCOL => self
                .routers(Method::Vrrp, sender, packet.payload, || routers::vrrp_of_ipv6(&packet)),
            _ => Fit::NotMine,
        }
    }

    fn datagram<'a>(
        &mut self,
        frame: &EthernetFrame<'_>,
        sender: Sender,
        payload: &'a [u8],
        pending: bool,
        checked: impl FnOnce() -> Result<UdpDatagram<'a>, WireError>,
    ) -> Fit {
        let Ok(datagram) = UdpDatagram::parse_without_checksum(payload) else {
            return Fit::NotMine;
        };
        let Some(method) = protocol_of(&datagram) else { return Fit::NotMine };
        // What is sent to us alone answers a question of ours, and is for whoever put it.
        if frame.destination == self.ours {
            return Fit::NotMine;
        }
        // The sole group that their routers speak to is one of the segment.
        if matches!(method, Method::Hsrp | Method::Glbp) && !sender.is_near {
            return Fit::NotMine;
        }
        self.once(method, sender, datagram.payload, |heard| {
            if !pending {
                checked()?;
            }
            let said = datagram.payload;
            match method {
                Method::Dhcp => heard.dhcp(sender, said),
                Method::Dhcpv6 => heard.dhcpv6(sender, said),
                Method::Hsrp => heard.member(method, sender, routers::hsrp(said)?),
                Method::Glbp => heard.member(method, sender, routers::glbp(said)?),
                Method::Mndp => {
                    heard.announced(method, sender, neighbours::mndp(said)?, said.len())
                }
                Method::Mdns => {
                    heard.announced(method, sender, mdns::heard(said, sender.address)?, said.len())
                }
                Method::Ssdp => {
                    let read = services::ssdp(said, sender.address)?;
                    heard.announced(method, sender, read, said.len())
                }
                Method::WsDiscovery => {
                    let read = services::ws_discovery(said, sender.address)?;
                    heard.announced(method, sender, read, said.len())
                }
                Method::Sadp => heard.announced(
                    method,
                    sender,
                    cameras::sadp(said, sender.address)?,
                    said.len(),
                ),
                Method::Dhip => heard.announced(
                    method,
                    sender,
                    cameras::dhip(said, sender.address)?,
                    said.len(),
                ),
                _ => Ok(Fit::NotMine),
            }
        })
    }

    /// Keeps that the sender is there, and what it says of itself.
    fn announced(
        &mut self,
        method: Method,
        sender: Sender,
        said: Option<Announcement>,
        octets: usize,
    ) -> Result<Fit, WireError> {
        let fit = self.is_there(method, sender);
        Ok(match said {
            Some(said) if fit == Fit::Taken => {
                let fact = Fact::Announced(Box::new(said));
                self.memory.word(method, About::Address(sender.address), sender.vlan, fact, octets)
            }
            _ => fit,
        })
    }

    /// Keeps that the sender has its address, where that can be known; says whether the address is wanted at all.
    fn is_there(&mut self, method: Method, sender: Sender) -> Fit {
        if !text::is_a_hosts(sender.address) || !self.keep.wants(sender.address) {
            return Fit::NotMine;
        }
        if sender.is_near {
            let (about, fact) =
                (About::Address(sender.address), Fact::Neighbour { mac: sender.mac });
            return self.memory.station(method, about, sender.vlan, sender.mac, fact);
        }
        Fit::Taken
    }
}

/// The protocol that a datagram belongs to, by the port that it is for or, as an answer, comes from.
fn protocol_of(datagram: &UdpDatagram<'_>) -> Option<Method> {
    let of = |port| {
        Some(match port {
            DHCP_SERVER_PORT | DHCP_CLIENT_PORT => Method::Dhcp,
            DHCPV6_SERVER_PORT | DHCPV6_CLIENT_PORT => Method::Dhcpv6,
            ssdp::SSDP_PORT => Method::Ssdp,
            HSRP_PORT | HSRP_V6_PORT => Method::Hsrp,
            GLBP_PORT => Method::Glbp,
            ws_discovery::WS_DISCOVERY_PORT => Method::WsDiscovery,
            dns::MDNS_PORT => Method::Mdns,
            mndp::MNDP_PORT => Method::Mndp,
            sadp::SADP_PORT => Method::Sadp,
            dahua::DAHUA_PORT => Method::Dhip,
            _ => return None,
        })
    };
    of(datagram.destination_port).or_else(|| of(datagram.source_port))
}

impl Probe for Heard {
    fn poll_transmit(&mut self, _: Instant, _: &mut dyn Gate, _: &mut Vec<u8>) -> Option<Transmit> {
        None
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        match input {
            Input::Frame { frame, vlan } => self.hear(frame, vlan, false),
            _ => Fit::NotMine,
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_observation(&mut self) -> Option<Seen> {
        self.memory.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        false
    }

    fn is_idle(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
