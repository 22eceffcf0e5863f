//! ARP sweep of one interface (RFC 826): who has which address.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use herkomst_ids::MacAddr;
use herkomst_model::{About, Answer, Fact, Method, PacketKind, Why};
use herkomst_wire::{Arp, arp_request_frame, ether_type};

use crate::retry::Retry;
use crate::sweep::{Slot, Sweep};
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// The most stations that are believed to hold one address: two boxes may quarrel over it, thousands may not.
const MOST_STATIONS: usize = 4;

/// Asks every target on one segment for its hardware address. Its packets are whole frames.
#[derive(Debug)]
pub struct ArpSweep {
    mac: MacAddr,
    source: Ipv4Addr,
    /// The VLAN that our frames are tagged with, and answers must come from.
    vlan: Option<u16>,
    sweep: Sweep<Ipv4Addr>,
    /// Further stations that claimed an address already answered for: fewer than [`MOST_STATIONS`] for each, so that
    /// a flood costs the same for every packet.
    rivals: HashMap<Slot, Vec<MacAddr>>,
    first: Vec<Option<MacAddr>>,
    seen: VecDeque<Seen>,
}

impl ArpSweep {
    /// A sweep from an interface with this address and hardware address.
    pub fn new(
        mac: MacAddr,
        source: Ipv4Addr,
        targets: Vec<Ipv4Addr>,
        retry: Retry,
        seed: u64,
    ) -> Self {
        let mut sweep = Sweep::new(retry);
        sweep.add_shuffled(targets, seed);
        Self {
            mac,
            source,
            vlan: None,
            sweep,
            rivals: HashMap::new(),
            first: Vec::new(),
            seen: VecDeque::new(),
        }
    }

    /// The same, in a VLAN (IEEE 802.1Q-2018, 9.6): a source of 0.0.0.0 then asks as one who has no address there (RFC 5227,
    /// 1.1), which hosts answer all the same.
    #[must_use]
    pub fn in_vlan(self, vlan: Option<u16>) -> Self {
        Self { vlan, ..self }
    }

    /// Adds a target.
    pub fn add(&mut self, target: Ipv4Addr) {
        self.sweep.add(target);
    }

    /// Whether the address belongs to this sweep.
    pub fn has_target(&self, address: Ipv4Addr) -> bool {
        self.sweep.slot(address).is_some()
    }

    /// Ends the questions to a target that is not to be asked any more.
    pub fn give_up(&mut self, target: IpAddr, why: Why) {
        if let IpAddr::V4(address) = target
            && let Some(slot) = self.sweep.slot(address)
            && self.sweep.close(slot)
        {
            let (about, answer) = (About::Address(target), Answer::NotAsked(why));
            self.seen.push_back(Seen { method: Method::Arp, about, vlan: None, answer });
        }
    }

    /// Takes the sender of any ARP packet on the segment: also a request tells who holds its sender address.
    fn take(&mut self, address: Ipv4Addr, mac: MacAddr, vlan: Option<u16>) -> Fit {
        let Some(slot) = self.sweep.slot(address) else {
            return Fit::NotMine;
        };
        if mac.is_multicast() || mac == MacAddr::ZERO {
            return Fit::Ignored;
        }
        let place = slot as usize;
        if self.first.len() <= place {
            self.first.resize(place + 1, None);
        }
        let known = match self.first[place] {
            Some(first) if first == mac => true,
            Some(_) => {
                let rivals = self.rivals.entry(slot).or_default();
                let known = rivals.len() + 1 >= MOST_STATIONS || rivals.contains(&mac);
                if !known {
                    rivals.push(mac);
                }
                known
            }
            None => {
                self.first[place] = Some(mac);
                false
            }
        };
        self.sweep.close(slot);
        if !known {
            let answer = Answer::Is(Fact::Neighbour { mac });
            self.seen.push_back(Seen {
                method: Method::Arp,
                about: About::Address(address.into()),
                vlan,
                answer,
            });
        }
        Fit::Taken
    }
}

impl Probe for ArpSweep {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let (_, to, _) = self.sweep.next(now, gate)?;
        bytes.clear();
        let frame = arp_request_frame(self.mac, self.source, to);
        match self.vlan {
            None => bytes.extend_from_slice(&frame),
            Some(vlan) => {
                let (addresses, rest) = frame.split_at(12);
                bytes.extend_from_slice(addresses);
                bytes.extend_from_slice(&ether_type::VLAN.to_be_bytes());
                bytes.extend_from_slice(&vlan.to_be_bytes());
                bytes.extend_from_slice(rest);
            }
        }
        Some(Transmit { to: to.into(), kind: PacketKind::ArpRequest, credential: None })
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        let Input::Frame { frame, vlan } = input else {
            return Fit::NotMine;
        };
        if frame.ether_type != ether_type::ARP || frame.source == self.mac {
            return Fit::NotMine;
        }
        // An answer from another VLAN is not one to a question put in ours; 0 is a priority and no VLAN.
        if vlan.filter(|vlan| *vlan != 0) != self.vlan {
            return Fit::NotMine;
        }
        match Arp::parse(frame.payload) {
            Ok(arp) => self.take(arp.sender_ip, arp.sender_mac, vlan),
            Err(error) => {
                tracing::debug!(%error, source = %frame.source, "ARP packet is malformed");
                Fit::Ignored
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.sweep.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sweep.handle_timeout(now);
        while let Some((address, tries)) = self.sweep.poll_given_up() {
            let (about, answer) = (About::Address(address.into()), Answer::Silent { tries });
            self.seen.push_back(Seen { method: Method::Arp, about, vlan: None, answer });
        }
    }

    fn poll_observation(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        self.sweep.is_ready()
    }

    fn is_idle(&self) -> bool {
        self.sweep.is_idle()
    }
}

#[cfg(test)]
mod tests {
    use herkomst_wire::{ArpOperation, EthernetFrame};

    use super::*;
    use crate::sweep::tests::Open;

    const US: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
    const OUR_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 254);
    const TARGET: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);
    const STATION: MacAddr = MacAddr([0x00, 0xe0, 0xfc, 0, 0, 7]);

    fn sweep() -> ArpSweep {
        ArpSweep::new(US, OUR_IP, vec![TARGET], Retry::of_millis(&[100, 100]), 0)
    }

    fn reply(from: MacAddr, ip: Ipv4Addr) -> Vec<u8> {
        let mut bytes = Vec::new();
        let operation = ArpOperation::Reply;
        Arp { operation, sender_mac: from, sender_ip: ip, target_mac: US, target_ip: OUR_IP }
            .emit(&mut bytes);
        bytes
    }

    fn hear(sweep: &mut ArpSweep, payload: &[u8], vlan: Option<u16>) -> Fit {
        let frame = EthernetFrame {
            destination: US,
            source: STATION,
            vlan,
            ether_type: ether_type::ARP,
            payload,
        };
        sweep.handle_input(Instant::now(), Input::Frame { frame: &frame, vlan })
    }

    #[test]
    fn the_request_is_a_broadcast_frame_for_the_target() {
        let mut bytes = Vec::new();
        let sent = sweep().poll_transmit(Instant::now(), &mut Open, &mut bytes).unwrap();
        assert_eq!((sent.to, sent.kind), (TARGET.into(), PacketKind::ArpRequest));
        let frame = EthernetFrame::parse(&bytes).unwrap();
        assert_eq!((frame.destination, frame.source), (MacAddr::BROADCAST, US));
        assert_eq!(Arp::parse(frame.payload).unwrap().target_ip, TARGET);
    }

    #[test]
    fn a_reply_is_an_observation_once() {
        let mut sweep = sweep();
        sweep.poll_transmit(Instant::now(), &mut Open, &mut Vec::new());
        assert_eq!(hear(&mut sweep, &reply(STATION, TARGET), None), Fit::Taken);
        assert_eq!(hear(&mut sweep, &reply(STATION, TARGET), None), Fit::Taken);
        assert_eq!(
            sweep.poll_observation().unwrap().answer,
            Answer::Is(Fact::Neighbour { mac: STATION })
        );
        assert_eq!(sweep.poll_observation(), None);
        assert!(sweep.is_idle());
    }

    #[test]
    fn two_stations_with_one_address_are_both_seen_and_thousands_are_not() {
        let mut sweep = sweep();
        for last in 0..200 {
            hear(&mut sweep, &reply(MacAddr([0, 1, 2, 3, 4, last]), TARGET), None);
        }
        assert_eq!(std::iter::from_fn(|| sweep.poll_observation()).count(), MOST_STATIONS);
    }

    #[test]
    fn a_rival_is_said_once_and_each_address_has_its_own() {
        let other = Ipv4Addr::new(10, 0, 0, 8);
        let retry = Retry::of_millis(&[100]);
        let mut sweep = ArpSweep::new(US, OUR_IP, vec![TARGET, other], retry, 0);
        for round in 0..3 {
            for (ip, last) in [(TARGET, 1), (TARGET, 2), (other, 2), (other, 1), (other, 3)] {
                hear(&mut sweep, &reply(MacAddr([0, 1, 2, 3, 4, last]), ip), None);
            }
            let said = std::iter::from_fn(|| sweep.poll_observation()).map(|seen| seen.about);
            let said: Vec<_> = said.collect();
            let of = |ip: Ipv4Addr| {
                said.iter().filter(move |about| **about == About::Address(ip.into())).count()
            };
            let expected = if round == 0 { (2, 3) } else { (0, 0) };
            assert_eq!((of(TARGET), of(other)), expected);
        }
    }

    #[test]
    fn a_flood_over_a_whole_segment_fills_no_more_than_its_share() {
        let targets: Vec<_> = (0..4096_u32).map(|n| Ipv4Addr::from(0x0a01_0000 + n)).collect();
        let mut sweep = ArpSweep::new(US, OUR_IP, targets.clone(), Retry::arp(), 0);
        for last in 0..16 {
            for target in &targets {
                hear(&mut sweep, &reply(MacAddr([0, 1, 2, 3, 4, last]), *target), None);
            }
        }
        let said = std::iter::from_fn(|| sweep.poll_observation()).count();
        assert_eq!(said, targets.len() * MOST_STATIONS);
        assert!(sweep.rivals.values().all(|rivals| rivals.len() < MOST_STATIONS));
    }

    #[test]
    fn what_is_not_a_station_in_our_vlan_is_not_believed() {
        let mut sweep = sweep();
        assert_eq!(hear(&mut sweep, &reply(MacAddr::BROADCAST, TARGET), None), Fit::Ignored);
        assert_eq!(
            hear(&mut sweep, &reply(STATION, Ipv4Addr::new(10, 0, 0, 9)), None),
            Fit::NotMine
        );
        assert_eq!(hear(&mut sweep, &reply(STATION, TARGET), Some(7)), Fit::NotMine);
        assert_eq!(hear(&mut sweep, &reply(STATION, TARGET)[..20], None), Fit::Ignored);
        assert_eq!(sweep.poll_observation(), None);
    }

    #[test]
    fn silence_is_said_after_the_last_try() {
        let (mut sweep, now) = (sweep(), Instant::now());
        for _ in 0..2 {
            assert!(sweep.poll_transmit(now, &mut Open, &mut Vec::new()).is_some());
            let until = sweep.poll_timeout().unwrap();
            sweep.handle_timeout(until);
        }
        assert_eq!(sweep.poll_observation().unwrap().answer, Answer::Silent { tries: 2 });
    }
}
