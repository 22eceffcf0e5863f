//! What was heard already: so that a word costs once what it takes to read it, and then a look-up; and so that nobody fills
//! the memory, however many he pretends to be.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;

use herkomst_ids::MacAddr;
use herkomst_model::{About, Announcement, Answer, Fact, Method, Router};

use crate::{Fit, Seen};

/// The most that speak one protocol on one segment, but for stations: one that invents names must not fill the memory.
pub(super) const MOST_SPEAKERS: usize = 4096;
/// The most stations kept of one protocol on one segment.
pub(super) const MOST_STATIONS: usize = 65_536;
/// The most different things that one speaker is heard out for in one protocol.
pub(super) const MOST_THINGS: usize = 64;
/// The most octets of frames that are kept of one protocol.
pub(super) const MOST_OCTETS: usize = 4 << 20;
/// The frames that are known to have been read. When there are more, all are forgotten, and read once again.
const MOST_REPEATS: usize = 1 << 16;

/// What is listened to, in the order of the counts.
pub(super) const PROTOCOLS: [Method; 20] = [
    Method::Arp,
    Method::Lldp,
    Method::Cdp,
    Method::Fdp,
    Method::Edp,
    Method::Sonmp,
    Method::Mndp,
    Method::Ndp,
    Method::Mld,
    Method::Vrrp,
    Method::Carp,
    Method::Hsrp,
    Method::Glbp,
    Method::Dhcp,
    Method::Dhcpv6,
    Method::Mdns,
    Method::Ssdp,
    Method::WsDiscovery,
    Method::Sadp,
    Method::Dhip,
];

/// What came of the frames of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// All of them.
    pub frames: u64,
    /// Those that were not what the protocol allows.
    pub malformed: u64,
    /// What was handed on.
    pub kept: u64,
    /// What was not kept because the segment is too full.
    pub overflow: u64,
}

#[derive(Default)]
struct Room {
    counted: Counted,
    speakers: usize,
    stations: usize,
    octets: usize,
}

type Speaker = (Method, About, Option<u16>);

/// What was heard already.
#[derive(Default)]
pub(super) struct Memory {
    hasher: RandomState,
    repeats: HashSet<u64>,
    /// Who has which address, and which one it wants.
    stations: HashSet<(Speaker, MacAddr, Option<IpAddr>)>,
    speakers: HashMap<Speaker, Vec<u64>>,
    rooms: [Room; PROTOCOLS.len()],
    pub(super) seen: VecDeque<Seen>,
}

impl Memory {
    fn room(&mut self, method: Method) -> Option<&mut Room> {
        let place = PROTOCOLS.iter().position(|one| *one == method)?;
        self.rooms.get_mut(place)
    }

    fn counted(&mut self, method: Method, count: impl FnOnce(&mut Counted)) {
        if let Some(room) = self.room(method) {
            count(&mut room.counted);
        }
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (Method, Counted)> {
        PROTOCOLS.into_iter().zip(self.rooms.iter().map(|room| room.counted))
    }

    /// Counts a frame, and says under which number it is known, and whether it is: the same octets of the same protocol, VLAN
    /// and sender. The number cannot be aimed at: it is made with a key of this process.
    pub(super) fn frame(
        &mut self,
        method: Method,
        sender: impl Hash,
        octets: &[u8],
    ) -> (u64, bool) {
        self.counted(method, |counted| counted.frames += 1);
        let number = self.hasher.hash_one((method, sender, octets));
        (number, self.repeats.contains(&number))
    }

    /// A frame was read, and need not be read again.
    pub(super) fn is_read(&mut self, number: u64) {
        if self.repeats.len() >= MOST_REPEATS {
            self.repeats.clear();
        }
        self.repeats.insert(number);
    }

    /// Counts a frame without more.
    pub(super) fn passed(&mut self, method: Method) {
        self.counted(method, |counted| counted.frames += 1);
    }

    pub(super) fn malformed(&mut self, method: Method) {
        self.counted(method, |counted| counted.malformed += 1);
    }

    /// Keeps that a station has an address, or without one that it is there.
    pub(super) fn station(
        &mut self,
        method: Method,
        about: About,
        vlan: Option<u16>,
        mac: MacAddr,
        fact: Fact,
    ) -> Fit {
        self.place((method, about, vlan), mac, None, fact)
    }

    /// Keeps that a station is about to take an address.
    pub(super) fn wish(
        &mut self,
        method: Method,
        mac: MacAddr,
        vlan: Option<u16>,
        wants: IpAddr,
    ) -> Fit {
        let fact = Fact::Spoke { wants: Some(wants) };
        self.place((method, About::Station(mac), vlan), mac, Some(wants), fact)
    }

    fn place(&mut self, speaker: Speaker, mac: MacAddr, wants: Option<IpAddr>, fact: Fact) -> Fit {
        let (method, about, vlan) = speaker;
        let key = (speaker, mac, wants);
        if self.stations.contains(&key) {
            return Fit::Taken;
        }
        let Some(room) = self.room(method) else { return Fit::NotMine };
        if room.stations >= MOST_STATIONS {
            room.counted.overflow += 1;
            return Fit::Ignored;
        }
        room.stations += 1;
        room.counted.kept += 1;
        self.stations.insert(key);
        self.seen.push_back(Seen { method, about, vlan, answer: Answer::Is(fact) });
        Fit::Taken
    }

    /// Keeps what a speaker says, if there is anything new in it; `octets` is how much it takes.
    pub(super) fn word(
        &mut self,
        method: Method,
        about: About,
        vlan: Option<u16>,
        fact: Fact,
        octets: usize,
    ) -> Fit {
        let speaker = (method, about, vlan);
        let mut things = self.things(&fact);
        let known = self.speakers.get(&speaker);
        let is_new_speaker = known.is_none();
        let known = known.map_or(&[][..], Vec::as_slice);
        things.retain(|thing| !known.contains(thing));
        if things.is_empty() {
            return Fit::Taken;
        }
        let is_too_much = known.len() + things.len() > MOST_THINGS;
        let Some(room) = self.room(method) else { return Fit::NotMine };
        if is_too_much
            || is_new_speaker && room.speakers >= MOST_SPEAKERS
            || room.octets + octets > MOST_OCTETS
        {
            room.counted.overflow += 1;
            return Fit::Ignored;
        }
        room.speakers += usize::from(is_new_speaker);
        room.octets += octets;
        room.counted.kept += 1;
        self.speakers.entry(speaker).or_default().extend(things);
        self.seen.push_back(Seen { method, about, vlan, answer: Answer::Is(fact) });
        Fit::Taken
    }

    /// The parts of a fact that make it worth hearing again when one is new, as numbers. Never empty.
    fn things(&self, fact: &Fact) -> Vec<u64> {
        let mut things = Things { hasher: &self.hasher, numbers: Vec::new() };
        match fact {
            Fact::Announced(announcement) => things.announcement(announcement),
            Fact::Router(router) => things.router(router),
            Fact::Lldp(neighbour) => things.put(0, neighbour),
            Fact::VirtualRouter(router) => things.put(0, router),
            Fact::DhcpClient(client) => things.put(0, client),
            Fact::DhcpServer(server) => things.put(0, server),
            Fact::Neighbour { .. }
            | Fact::Echo
            | Fact::Spoke { .. }
            | Fact::Engine(_)
            | Fact::System(_)
            | Fact::Table(_) => {}
        }
        if things.numbers.is_empty() {
            things.put(u8::MAX, ());
        }
        things.numbers.sort_unstable();
        things.numbers.dedup();
        things.numbers
    }
}

struct Things<'m> {
    hasher: &'m RandomState,
    numbers: Vec<u64>,
}

impl Things<'_> {
    fn put(&mut self, what: u8, value: impl Hash) {
        self.numbers.push(self.hasher.hash_one((what, value)));
    }

    fn each<T: Hash>(&mut self, what: u8, values: impl IntoIterator<Item = T>) {
        values.into_iter().for_each(|value| self.put(what, value));
    }

    /// Services come one at a time in SSDP and in every mixture in multicast DNS, so each field counts by itself.
    fn announcement(&mut self, said: &Announcement) {
        self.each(0, &said.names);
        self.each(1, &said.descriptions);
        self.each(2, &said.manufacturer);
        self.each(3, &said.model);
        self.each(4, &said.serial);
        self.each(5, &said.hardware);
        self.each(6, &said.software);
        self.each(7, &said.object_id);
        self.each(8, said.capabilities);
        self.each(9, &said.services);
        self.each(10, &said.identifiers);
        self.each(11, &said.macs);
        self.each(12, &said.addresses);
        self.each(13, &said.port);
        self.each(14, said.native_vlan);
    }

    /// Times may run down from one advertisement to the next (RFC 4861, 6.2.1).
    fn router(&mut self, router: &Router) {
        self.put(0, (router.lifetime != 0, router.managed, router.other));
        let prefixes = router.prefixes.iter();
        self.each(1, prefixes.map(|one| (one.address, one.length, one.on_link, one.autonomous)));
        self.each(2, &router.routes);
        self.each(3, &router.name_servers);
    }
}
