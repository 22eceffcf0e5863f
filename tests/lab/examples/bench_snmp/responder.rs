//! Agents of a whole prefix on one packet socket: v3 engine discovery, and v2c with Get, GetNext and GetBulk over one set
//! of objects that all of them have. As fast as one thread goes, so that whoever asks sets the pace.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use herkomst_ids::{MacAddr, Oid};
use herkomst_net::{PacketPort, wait_readable};
use herkomst_wire::snmp::{
    CommunityMessage, PduKind, V3Message, Value, Version, emit_discovery_report, emit_response,
    message_version,
};
use herkomst_wire::{EthernetFrame, Ipv4Packet, UdpDatagram, ether_type, protocol, udp_frame};

/// As long as an answer may be that fits a frame.
const MOST_PAYLOAD: usize = 1472;
/// The first 15 bits of the addresses that answer: 10.50.0.0/15.
const FIRST_BITS: u32 = (10 << 8 | 50) >> 1;
/// The community of all agents.
pub(crate) const COMMUNITY: &[u8] = b"bench-read";

/// What the agents were asked.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) discoveries: AtomicU64,
    pub(crate) requests: AtomicU64,
}

impl Counts {
    /// Both, and begins anew.
    pub(crate) fn take(&self) -> (u64, u64) {
        (self.discoveries.swap(0, Ordering::Relaxed), self.requests.swap(0, Ordering::Relaxed))
    }
}

/// The objects of every agent, sorted.
pub(crate) type Objects = Arc<Vec<(Oid, Value<'static>)>>;

/// Whether an address is one of the silent: of ten so many, spread evenly.
pub(crate) fn is_silent(address: Ipv4Addr, of_ten: u32) -> bool {
    (u32::from(address).wrapping_mul(0x9e37_79b1) >> 16) % 10 < of_ten
}

/// Answers until it is dropped.
pub(crate) struct Responder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    pub(crate) counts: Arc<Counts>,
}

impl Responder {
    pub(crate) fn start(
        port: PacketPort,
        mac: MacAddr,
        objects: Objects,
        silent_of_ten: u32,
    ) -> Self {
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
        let thread = std::thread::spawn({
            let (stop, counts) = (Arc::clone(&stop), Arc::clone(&counts));
            move || serve(port, mac, &objects, silent_of_ten, &stop, &counts)
        });
        Self { stop, thread: Some(thread), counts }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut port: PacketPort,
    mac: MacAddr,
    objects: &[(Oid, Value<'static>)],
    silent_of_ten: u32,
    stop: &AtomicBool,
    counts: &Counts,
) {
    let mut answers: Vec<Vec<u8>> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let mut used = 0;
        let heard = port.receive(&mut |received| {
            if used == answers.len() {
                answers.push(Vec::new());
            }
            let pending = received.checksum_pending;
            if answer(
                received.bytes,
                pending,
                mac,
                objects,
                silent_of_ten,
                counts,
                &mut answers[used],
            )
            .is_some()
            {
                used += 1;
            }
        });
        let frames: Vec<&[u8]> = answers[..used].iter().map(Vec::as_slice).collect();
        let mut left = frames.as_slice();
        while !left.is_empty() && !stop.load(Ordering::Relaxed) {
            match port.send(left) {
                Ok(0) => std::thread::sleep(Duration::from_micros(100)),
                Ok(taken) => left = &left[taken..],
                Err(_) => return,
            }
        }
        if heard == 0 && wait_readable(&port, Duration::from_millis(20)).is_err() {
            return;
        }
    }
}

fn answer(
    frame: &[u8],
    checksum_pending: bool,
    mac: MacAddr,
    objects: &[(Oid, Value<'static>)],
    silent_of_ten: u32,
    counts: &Counts,
    out: &mut Vec<u8>,
) -> Option<()> {
    let frame = EthernetFrame::parse(frame).ok()?;
    if frame.ether_type != ether_type::IPV4 {
        return None;
    }
    let packet = Ipv4Packet::parse(frame.payload).ok()?;
    if packet.protocol != protocol::UDP || u32::from(packet.destination) >> 17 != FIRST_BITS {
        return None;
    }
    let datagram = if checksum_pending {
        UdpDatagram::parse_without_checksum(packet.payload).ok()?
    } else {
        UdpDatagram::parse(packet.payload, packet.source, packet.destination).ok()?
    };
    if datagram.destination_port != 161 {
        return None;
    }
    let mut payload = Vec::with_capacity(256);
    if message_version(datagram.payload) == Ok(3) {
        counts.discoveries.fetch_add(1, Ordering::Relaxed);
        if is_silent(packet.destination, silent_of_ten) {
            return None;
        }
        let message = V3Message::parse(datagram.payload).ok()?;
        let pdu = message.scoped?.pdu;
        let mut engine = [0x80, 0, 0x1f, 0x88, 1, 0, 0, 0, 0];
        engine[5..].copy_from_slice(&packet.destination.octets());
        emit_discovery_report(&mut payload, message.msg_id, pdu.request_id, &engine, 1, 1000, 1);
    } else {
        counts.requests.fetch_add(1, Ordering::Relaxed);
        if is_silent(packet.destination, silent_of_ten) {
            return None;
        }
        let message = CommunityMessage::parse(datagram.payload).ok()?;
        if message.version != Version::V2c || message.community != COMMUNITY {
            return None;
        }
        let bindings = bindings(&message, objects)?;
        let id = message.pdu.request_id;
        emit_response(&mut payload, Version::V2c, COMMUNITY, id, 0, 0, &bindings);
    }
    let from = SocketAddrV4::new(packet.destination, 161);
    let to = SocketAddrV4::new(packet.source, datagram.source_port);
    udp_frame(out, mac, frame.source, None, from, to, &payload).ok()
}

fn bindings(
    message: &CommunityMessage<'_>,
    objects: &[(Oid, Value<'static>)],
) -> Option<Vec<(Oid, Value<'static>)>> {
    let names: Vec<Oid> = message
        .pdu
        .bindings()
        .map(|bound| bound.map(|bound| bound.name))
        .collect::<Result<_, _>>()
        .ok()?;
    let after = |name: &Oid| objects.partition_point(|(other, _)| other <= name);
    let at = |name: &Oid, place: usize| {
        objects.get(place).cloned().unwrap_or_else(|| (name.clone(), Value::EndOfMibView))
    };
    match message.pdu.kind {
        PduKind::Get => Some(
            names
                .into_iter()
                .map(|name| match objects.binary_search_by(|(other, _)| other.cmp(&name)) {
                    Ok(place) => objects[place].clone(),
                    Err(_) => (name, Value::NoSuchObject),
                })
                .collect(),
        ),
        PduKind::GetNext => Some(names.iter().map(|name| at(name, after(name))).collect()),
        PduKind::GetBulk => {
            // RFC 3416, 4.2.3: as many rounds as fit the message.
            let rounds = usize::try_from(message.pdu.error_index).ok()?.clamp(1, 200);
            let mut cursors: Vec<usize> = names.iter().map(after).collect();
            let (mut all, mut octets) = (Vec::new(), 60);
            'rounds: for _ in 0..rounds {
                for (name, cursor) in names.iter().zip(&mut cursors) {
                    let (found, value) = at(name, *cursor);
                    octets += length(&found, &value);
                    if octets > MOST_PAYLOAD && !all.is_empty() {
                        break 'rounds;
                    }
                    *cursor += 1;
                    all.push((found, value));
                }
            }
            Some(all)
        }
        _ => None,
    }
}

/// At most so long is a binding.
fn length(name: &Oid, value: &Value<'_>) -> usize {
    let arcs: usize = name.arcs().iter().map(|arc| if *arc < 128 { 1 } else { 3 }).sum();
    let value = match value {
        Value::OctetString(octets) => octets.len(),
        Value::Oid(oid) => oid.arcs().len() + 2,
        _ => 5,
    };
    arcs + value + 8
}

/// The objects of a switch with 48 ports: what the tables of such a one hold, about.
pub(crate) fn switch() -> Objects {
    let mut objects: Vec<(Oid, Value<'static>)> = Vec::new();
    let mut add = |entry: &[u32], column: u32, index: &[u32], value: Value<'static>| {
        let arcs = [entry, &[column][..], index].concat();
        objects.extend(Oid::new(arcs).map(|oid| (oid, value)));
    };
    let text = |text: String| Value::OctetString(text.leak().as_bytes());
    let mac = |last: u32| {
        let octets = vec![0, 0, 0x5e, 0, (last >> 8) as u8, last as u8];
        Value::OctetString(octets.leak())
    };
    const SYSTEM: [u32; 7] = [1, 3, 6, 1, 2, 1, 1];
    add(&SYSTEM, 1, &[0], text("Bench switch of nobody, 48 ports".into()));
    let kind = Oid::new(vec![1, 3, 6, 1, 4, 1, 8072, 3, 2, 10]).unwrap_or_else(|| unreachable!());
    add(&SYSTEM, 2, &[0], Value::Oid(kind));
    add(&SYSTEM, 3, &[0], Value::TimeTicks(123_456));
    add(&SYSTEM, 4, &[0], text("nobody".into()));
    add(&SYSTEM, 5, &[0], text("bench-switch".into()));
    add(&SYSTEM, 6, &[0], text("nowhere".into()));
    add(&SYSTEM, 7, &[0], Value::Integer(2));
    for port in 1..=48_u32 {
        const IF: [u32; 9] = [1, 3, 6, 1, 2, 1, 2, 2, 1];
        const IFX: [u32; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1];
        add(&IF, 2, &[port], text(format!("GigabitEthernet1/0/{port}")));
        add(&IF, 3, &[port], Value::Integer(6));
        add(&IF, 5, &[port], Value::Gauge32(1_000_000_000));
        add(&IF, 6, &[port], mac(port));
        add(&IF, 7, &[port], Value::Integer(1));
        add(&IF, 8, &[port], Value::Integer(1 + i64::from(port % 2)));
        add(&IFX, 1, &[port], text(format!("Gi1/0/{port}")));
        add(&IFX, 15, &[port], Value::Gauge32(1000));
        add(&IFX, 18, &[port], text(format!("room {port}")));
        add(&[1, 3, 6, 1, 2, 1, 17, 1, 4, 1], 2, &[port], Value::Integer(port.into()));
        const PORT: [u32; 10] = [1, 0, 8802, 1, 1, 2, 1, 3, 7, 1];
        add(&PORT, 2, &[port], Value::Integer(5));
        add(&PORT, 3, &[port], text(format!("Gi1/0/{port}")));
        add(&PORT, 4, &[port], text(format!("GigabitEthernet1/0/{port}")));
        const ENTITY: [u32; 11] = [1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1];
        add(&ENTITY, 2, &[port], text(format!("Port {port}")));
        add(&ENTITY, 5, &[port], Value::Integer(10));
        add(&ENTITY, 7, &[port], text(format!("Gi1/0/{port}")));
    }
    for neighbour in 1..=30_u32 {
        const ARP: [u32; 9] = [1, 3, 6, 1, 2, 1, 4, 22, 1];
        add(&ARP, 2, &[1, 192, 0, 2, neighbour], mac(1000 + neighbour));
        add(&ARP, 4, &[1, 192, 0, 2, neighbour], Value::Integer(3));
    }
    for station in 1..=200_u32 {
        const FDB: [u32; 12] = [1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1];
        let index = [10, 0, 0, 0x5e, 1, station >> 7, station & 127];
        add(&FDB, 2, &index, Value::Integer((station % 48 + 1).into()));
        add(&FDB, 3, &index, Value::Integer(3));
    }
    for number in 1..=4_u32 {
        const REMOTE: [u32; 11] = [1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 0];
        let (entry, index) = (&REMOTE[..10], [0, number, number]);
        add(entry, 4, &index, Value::Integer(4));
        add(entry, 5, &index, mac(2000 + number));
        add(entry, 6, &index, Value::Integer(5));
        add(entry, 7, &index, text(format!("eth{number}")));
        add(entry, 9, &index, text(format!("neighbour-{number}")));
        add(entry, 10, &index, text("Bench neighbour of nobody".into()));
    }
    objects.sort_by(|(one, _), (other, _)| one.cmp(other));
    Arc::new(objects)
}

/// The entries that [`switch`] has objects under, for those who walk one after the other.
pub(crate) const WALKED: [&str; 8] = [
    "1.3.6.1.2.1.2.2.1",
    "1.3.6.1.2.1.31.1.1.1",
    "1.3.6.1.2.1.4.22.1",
    "1.3.6.1.2.1.17.1.4.1",
    "1.3.6.1.2.1.17.7.1.2.2.1",
    "1.0.8802.1.1.2.1.3.7.1",
    "1.0.8802.1.1.2.1.4.1.1",
    "1.3.6.1.2.1.47.1.1.1.1",
];
