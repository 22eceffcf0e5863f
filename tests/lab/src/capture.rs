//! What passed the far end of a link: kept in memory up to a bound, read by tests, written as a pcap file for others.

use std::net::IpAddr;
use std::time::Duration;

use herkomst_ids::MacAddr;
use herkomst_wire::{
    Arp, ArpOperation, EthernetFrame, Icmpv6, Ipv4Packet, Ipv6Packet, ether_type, ipv6::next_header,
};

/// A frame that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedFrame {
    /// Since 1970, UTC.
    pub at: Duration,
    /// Whether the lab sent it (and not the scanner).
    pub from_lab: bool,
    /// The whole frame, with its tag where it had one.
    pub bytes: Vec<u8>,
}

/// Frames in the order in which they were seen.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    frames: Vec<CapturedFrame>,
    scanner: Option<MacAddr>,
    bytes: usize,
    left_out: u64,
    most: usize,
}

impl Capture {
    /// Keeps at most so many bytes of frames. The scanner is told from peers at the same switch by its MAC.
    pub(crate) fn new(most: usize, scanner: Option<MacAddr>) -> Self {
        Self { most, scanner, ..Self::default() }
    }

    pub(crate) fn push(&mut self, at: Duration, from_lab: bool, bytes: Vec<u8>) {
        if self.bytes.saturating_add(bytes.len()) > self.most {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes.len();
        self.frames.push(CapturedFrame { at, from_lab, bytes });
    }

    /// Every frame; tests that prove an absence check [`Capture::left_out`] too.
    pub fn frames(&self) -> &[CapturedFrame] {
        &self.frames
    }

    /// How many frames found no room.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Frames of the scanner, but for what its kernel sends of its own accord in IPv6: which groups it listens to, whether
    /// an address of its own is free and where it is, and who routes.
    pub fn from_scanner(&self) -> impl Iterator<Item = EthernetFrame<'_>> {
        self.frames
            .iter()
            .filter(|frame| !frame.from_lab)
            .filter_map(|frame| EthernetFrame::parse(&frame.bytes).ok())
            .filter(|frame| self.scanner.is_none_or(|scanner| frame.source == scanner))
            .filter(|frame| frame.ether_type != ether_type::IPV6 || !is_of_the_kernel(frame))
    }

    /// Frames of the scanner's side that ask for, or go to, an address.
    pub fn frames_to(&self, address: IpAddr) -> usize {
        self.from_scanner().filter(|frame| addressee(frame) == Some(address)).count()
    }

    /// The addresses that the scanner's side asked for, and those that its packets went to.
    pub fn addressed(&self) -> std::collections::BTreeSet<IpAddr> {
        self.from_scanner().filter_map(|frame| addressee(&frame)).collect()
    }

    /// The IP packets of the scanner's side, as whom they were for and what they carried.
    pub fn packets(&self) -> impl Iterator<Item = (IpAddr, &[u8])> {
        self.from_scanner().filter_map(|frame| match frame.ether_type {
            ether_type::IPV4 => Ipv4Packet::parse(frame.payload)
                .ok()
                .map(|packet| (packet.destination.into(), packet.payload)),
            ether_type::IPV6 => Ipv6Packet::parse(frame.payload)
                .ok()
                .map(|packet| (packet.destination.into(), packet.payload)),
            _ => None,
        })
    }

    /// The bytes of a pcap file with nanoseconds (magic 0xa1b23c4d), for tcpdump and tshark.
    pub fn to_pcap(&self) -> Vec<u8> {
        let mut file = Vec::with_capacity(24 + self.bytes + self.frames.len() * 16);
        file.extend_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
        file.extend_from_slice(&2_u16.to_le_bytes());
        file.extend_from_slice(&4_u16.to_le_bytes());
        file.extend_from_slice(&[0; 8]);
        file.extend_from_slice(&65_535_u32.to_le_bytes());
        file.extend_from_slice(&1_u32.to_le_bytes()); // LINKTYPE_ETHERNET
        for frame in &self.frames {
            let length = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
            let seconds = u32::try_from(frame.at.as_secs()).unwrap_or(u32::MAX);
            for word in [seconds, frame.at.subsec_nanos(), length, length] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(&frame.bytes);
        }
        file
    }
}

/// Whom a frame asks for or goes to. A solicitation asks for its target, whichever group it is sent to.
fn addressee(frame: &EthernetFrame<'_>) -> Option<IpAddr> {
    match frame.ether_type {
        ether_type::ARP => {
            let arp = Arp::parse(frame.payload).ok()?;
            (arp.operation == ArpOperation::Request).then(|| arp.target_ip.into())
        }
        ether_type::IPV4 => Some(Ipv4Packet::parse(frame.payload).ok()?.destination.into()),
        ether_type::IPV6 => {
            let packet = Ipv6Packet::parse(frame.payload).ok()?;
            match icmpv6(&packet) {
                Some(Icmpv6::NeighbourSolicitation(asked)) => Some(asked.target.into()),
                _ => Some(packet.destination.into()),
            }
        }
        _ => None,
    }
}

fn icmpv6<'a>(packet: &Ipv6Packet<'a>) -> Option<Icmpv6<'a>> {
    let readable = packet.protocol == next_header::ICMPV6 && !packet.fragment;
    readable.then(|| Icmpv6::parse(packet).ok()).flatten()
}

fn is_of_the_kernel(frame: &EthernetFrame<'_>) -> bool {
    let Ok(packet) = Ipv6Packet::parse(frame.payload) else { return false };
    match icmpv6(&packet) {
        Some(Icmpv6::NeighbourSolicitation(_)) => packet.source.is_unspecified(),
        Some(
            Icmpv6::ListenerReport(_)
            | Icmpv6::ListenerDone(_)
            | Icmpv6::ListenerReportV2(_)
            | Icmpv6::RouterSolicitation(_)
            | Icmpv6::NeighbourAdvertisement(_),
        ) => true,
        _ => false,
    }
}

/// Puts a tag back that the kernel took off (IEEE 802.1Q, 9.3).
pub(crate) fn with_tag(bytes: &[u8], tag: Option<u16>) -> Vec<u8> {
    let (Some(tag), Some((addresses, rest))) = (tag, bytes.split_at_checked(12)) else {
        return bytes.to_vec();
    };
    let mut whole = Vec::with_capacity(bytes.len() + 4);
    whole.extend_from_slice(addresses);
    whole.extend_from_slice(&ether_type::VLAN.to_be_bytes());
    whole.extend_from_slice(&tag.to_be_bytes());
    whole.extend_from_slice(rest);
    whole
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use herkomst_wire::icmpv6::neighbour_solicitation;
    use herkomst_wire::ipv6::{Extra, Ipv6Way, multicast_mac, solicited_node};
    use herkomst_wire::{arp_request_frame, icmpv6_frame, udp6_frame};

    use super::*;

    #[test]
    fn finds_what_was_asked_for_and_by_whom() {
        let (us, target) = (MacAddr([2, 0, 0, 0, 0, 1]), Ipv4Addr::new(10, 0, 0, 7));
        let mut capture = Capture::new(1000, Some(us));
        let frame = arp_request_frame(us, Ipv4Addr::new(10, 0, 0, 1), target);
        capture.push(Duration::from_secs(1), false, frame.to_vec());
        capture.push(Duration::from_secs(2), true, frame.to_vec());
        capture.push(Duration::from_secs(3), false, with_tag(&frame, Some(20)));
        assert_eq!(
            capture.frames_to(target.into()),
            2,
            "what the lab sent does not count, what is tagged does"
        );
        assert_eq!(capture.addressed().into_iter().collect::<Vec<_>>(), [IpAddr::from(target)]);
        assert_eq!(capture.frames_to(Ipv4Addr::new(10, 0, 0, 8).into()), 0);
        assert_eq!(capture.to_pcap().len(), 24 + 3 * 16 + 42 + 42 + 46);
    }

    #[test]
    fn a_solicitation_is_for_its_target_and_what_the_kernel_says_by_itself_does_not_count() {
        let (us, target) =
            (MacAddr([2, 0, 0, 0, 0, 1]), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 7));
        let mut capture = Capture::new(1000, Some(us));
        let way = |source: Ipv6Addr, destination| Ipv6Way {
            source_mac: us,
            destination_mac: multicast_mac(destination).unwrap_or(us),
            vlan: None,
            source,
            destination,
            hop_limit: 255,
        };
        let own = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        for (source, mac) in [(own, Some(us)), (Ipv6Addr::UNSPECIFIED, None)] {
            let (mut message, mut frame) = (Vec::new(), Vec::new());
            neighbour_solicitation(&mut message, target, mac);
            let way = way(source, solicited_node(target));
            icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
            capture.push(Duration::ZERO, false, frame);
        }
        assert_eq!((capture.frames_to(target.into()), capture.addressed().len()), (1, 1));
        let mut frame = Vec::new();
        udp6_frame(&mut frame, &way(own, target), 4000, 161, b"question").unwrap();
        capture.push(Duration::ZERO, false, frame);
        let (to, carried) = capture.packets().last().unwrap();
        assert_eq!((to, &carried[8..]), (IpAddr::from(target), &b"question"[..]));
        assert_eq!(capture.frames_to(target.into()), 2);
    }

    #[test]
    fn says_how_much_found_no_room() {
        let mut capture = Capture::new(100, None);
        capture.push(Duration::ZERO, false, vec![0; 90]);
        capture.push(Duration::ZERO, false, vec![0; 90]);
        assert_eq!((capture.frames().len(), capture.left_out()), (1, 1));
    }
}
