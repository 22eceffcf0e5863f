//! The receipt: what was sent, to whom, with which credentials.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// The kinds of packet that a scan sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PacketKind {
    /// An ARP request.
    ArpRequest,
    /// An ICMP echo request.
    IcmpEcho,
    /// An ICMPv6 echo request.
    Icmpv6Echo,
    /// A neighbour solicitation of IPv6.
    NeighbourSolicitation,
    /// A query who listens to which multicast groups of IPv6.
    MldQuery,
    /// An SNMPv3 engine discovery.
    SnmpEngine,
    /// An SNMPv1 or v2c GET.
    SnmpCommunity,
    /// An SNMPv3 message with a user.
    SnmpUser,
    /// A question of Hikvision's discovery.
    Sadp,
    /// A question of Dahua's discovery.
    Dhip,
    /// A question for ONVIF cameras by WS-Discovery.
    Onvif,
    /// A search of UPnP.
    Ssdp,
    /// A question of multicast DNS.
    Mdns,
}

impl PacketKind {
    /// All of them, in the order of outputs.
    pub const ALL: [Self; 13] = [
        Self::ArpRequest,
        Self::IcmpEcho,
        Self::Icmpv6Echo,
        Self::NeighbourSolicitation,
        Self::MldQuery,
        Self::SnmpEngine,
        Self::SnmpCommunity,
        Self::SnmpUser,
        Self::Sadp,
        Self::Dhip,
        Self::Onvif,
        Self::Ssdp,
        Self::Mdns,
    ];

    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ArpRequest => "arp-request",
            Self::IcmpEcho => "icmp-echo",
            Self::Icmpv6Echo => "icmpv6-echo",
            Self::NeighbourSolicitation => "neighbour-solicitation",
            Self::MldQuery => "mld-query",
            Self::SnmpEngine => "snmp-engine-discovery",
            Self::SnmpCommunity => "snmp-community",
            Self::SnmpUser => "snmp-user",
            Self::Sadp => "sadp-query",
            Self::Dhip => "dhip-query",
            Self::Onvif => "onvif-query",
            Self::Ssdp => "ssdp-query",
            Self::Mdns => "mdns-query",
        }
    }
}

/// Packets sent to one target, by kind in the order of [`PacketKind::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent(pub [u32; PacketKind::ALL.len()]);

impl Sent {
    fn slot(&mut self, kind: PacketKind) -> &mut u32 {
        let place = PacketKind::ALL.iter().position(|k| *k == kind).expect("ALL lists every kind");
        &mut self.0[place]
    }

    /// Counts one more.
    pub fn add(&mut self, kind: PacketKind) {
        let slot = self.slot(kind);
        *slot = slot.saturating_add(1);
    }

    /// Counts one less: it did not leave after all.
    pub fn take_back(&mut self, kind: PacketKind) {
        let slot = self.slot(kind);
        *slot = slot.saturating_sub(1);
    }

    /// The counts that are not zero.
    pub fn by_kind(&self) -> impl Iterator<Item = (PacketKind, u32)> + use<> {
        PacketKind::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

/// What was sent in one scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// By target.
    pub targets: BTreeMap<IpAddr, Sent>,
    /// The targets that each credential, by its name, was offered to.
    pub credentials: BTreeMap<Arc<str>, BTreeSet<IpAddr>>,
    /// Packets that came in and were not what was asked for, or were broken: counted, never trusted.
    pub ignored: u64,
    /// Answers that came from another address or port than was asked, from where the operator allows it.
    pub elsewhere: u64,
    /// Packets that the kernel dropped before they could be read.
    pub dropped: u64,
}

impl Receipt {
    /// The packets of each kind, over all targets.
    pub fn totals(&self) -> Sent {
        self.targets.values().fold(Sent::default(), |mut sum, sent| {
            for (slot, count) in sum.0.iter_mut().zip(sent.0) {
                *slot = slot.saturating_add(count);
            }
            sum
        })
    }
}
