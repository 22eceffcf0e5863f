//! The sockets of one scan, opened before anything else runs, and the packets that wait to leave through them.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::select_all;
use herkomst_ids::MacAddr;
use herkomst_model::PacketKind;
use herkomst_net::{
    Awaited, DatagramPort, EchoPort, Family, Filter, Fragments, HeldPort, LISTENING_GROUPS, Link,
    NetError, PacketPort, PortOptions, Sent, awaited,
};
use tokio::io::Interest;

use crate::plan::Plan;

/// A socket for frames on one interface, opened.
struct OpenWire {
    name: Arc<str>,
    mac: MacAddr,
    port: Box<dyn Link>,
}

/// All sockets, opened and not yet waited for.
pub(crate) struct OpenPorts {
    wires: Vec<OpenWire>,
    held: Option<HeldPort>,
    datagrams: PerFamily<DatagramPort>,
    echo: PerFamily<EchoPort>,
}

impl OpenPorts {
    /// Opens what the plan needs. A passive scan opens nothing that could send anything but frames, and sends none.
    pub(crate) fn open(plan: &Plan, passive: bool) -> Result<Self, NetError> {
        let wants_frames = !plan.interfaces.is_empty();
        let held = if wants_frames && !passive { Some(HeldPort::bind()?) } else { None };
        let mut wires = Vec::new();
        for interface in &plan.interfaces {
            let Some(mac) = interface.mac else { continue };
            // What a probe reads it needs whole; of what is heard the beginning is no use either.
            let port = held.as_ref().map(HeldPort::port);
            let filter = Filter::listening(mac, port, Fragments::Dropped);
            let groups: Vec<MacAddr> = LISTENING_GROUPS.iter().map(|group| group.mac).collect();
            // Who only listens hears also those who ask whether an address is free.
            let options = PortOptions { all_groups: passive, ..PortOptions::default() };
            let port = Box::new(PacketPort::open_with(interface, &filter, &groups, options)?);
            wires.push(OpenWire { name: interface.name.as_str().into(), mac, port });
        }
        let (mut datagrams, mut echo) = (PerFamily::default(), PerFamily::default());
        for family in [Family::V4, Family::V6] {
            let beyond = plan.routed.iter().chain(&plan.through_kernel);
            let goes_there = beyond.copied().any(|target| Family::of(target) == family);
            if passive || !(goes_there || plan.expands) {
                continue;
            }
            let any: IpAddr = match family {
                Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
                Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
            };
            *datagrams.slot(family) = match DatagramPort::bind(any) {
                Ok(port) => Some(port),
                // A host without IPv6: whoever is told of there cannot be asked, and his line says so.
                Err(error) if !goes_there => {
                    tracing::debug!(%error, ?family, "no socket for those who are told of");
                    continue;
                }
                Err(error) => return Err(error),
            };
            *echo.slot(family) = match EchoPort::open(family) {
                Ok(echo) => Some(echo),
                // Without it the ledger says so; the rest goes on.
                Err(error) if error.is_permission() => None,
                Err(error) => return Err(error),
            };
        }
        Ok(Self { wires, held, datagrams, echo })
    }

    /// No sockets at all.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        let (wires, held) = (Vec::new(), None);
        Self { wires, held, datagrams: PerFamily::default(), echo: PerFamily::default() }
    }

    /// Whether ICMP echo can be sent wherever a datagram can.
    pub(crate) fn has_echo(&self) -> bool {
        let fits = |family| self.datagrams.of(family).is_none() || self.echo.of(family).is_some();
        fits(Family::V4) && fits(Family::V6) && !self.echo.is_empty()
    }

    /// The identifier that the kernel puts on echo requests, where it does.
    pub(crate) fn echo_id(&self, family: Family) -> Option<u16> {
        self.echo.of(family).and_then(EchoPort::id)
    }

    /// Registers all sockets with the runtime.
    pub(crate) fn register(self) -> std::io::Result<Ports> {
        let wires = self.wires.into_iter().map(|wire| {
            Ok(Wire {
                name: wire.name,
                mac: wire.mac,
                port: awaited(wire.port)?,
                outbox: Outbox::default(),
                down: None,
            })
        });
        Ok(Ports {
            wires: wires.collect::<std::io::Result<_>>()?,
            held: self.held,
            datagrams: self.datagrams.try_map(Door::open)?,
            echo: self.echo.try_map(Door::open)?,
        })
    }
}

/// Frames that wait to leave, in buffers that are used again.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Waiting>,
    spare: Vec<Vec<u8>>,
    /// Since when the kernel has taken nothing.
    stuck: Option<Instant>,
}

impl Outbox {
    /// An empty buffer to write a frame into.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Keeps a buffer that was not needed.
    pub(crate) fn take_back(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }

    /// Puts a frame in the row.
    pub(crate) fn push(&mut self, frame: Waiting) {
        self.waiting.push_back(frame);
    }

    /// How many frames wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes out the first `count` frames and keeps their buffers.
    fn drain(&mut self, count: usize) {
        for mut frame in self.waiting.drain(..count) {
            frame.bytes.clear();
            self.spare.push(frame.bytes);
        }
    }
}

/// A socket for frames on one interface.
pub(crate) struct Wire {
    /// The interface.
    pub(crate) name: Arc<str>,
    /// Its hardware address.
    pub(crate) mac: MacAddr,
    /// The socket.
    pub(crate) port: Awaited<Box<dyn Link>>,
    /// Frames that wait to leave.
    pub(crate) outbox: Outbox,
    /// Why nothing can be sent there any more: the rest of the scan goes on without it.
    pub(crate) down: Option<String>,
}

impl Wire {
    /// Sends what waits, until the kernel takes no more. A frame that can never leave is noted; when the interface
    /// itself is gone or stuck, all that waits is.
    fn flush(&mut self, now: Instant, unsent: &mut Vec<Unsent>) {
        while !self.outbox.waiting.is_empty() && self.down.is_none() {
            let batch: Vec<&[u8]> = self
                .outbox
                .waiting
                .iter()
                .take(BATCH)
                .map(|frame| frame.bytes.as_slice())
                .collect();
            let asked = batch.len();
            match self.port.get_mut().send(&batch) {
                Ok(0) => {
                    let since = *self.outbox.stuck.get_or_insert(now);
                    if now.saturating_duration_since(since) > STUCK {
                        self.down = Some("it takes no packets".to_owned());
                    }
                    break;
                }
                Ok(taken) => {
                    self.outbox.stuck = None;
                    self.outbox.drain(taken);
                    if taken < asked {
                        break;
                    }
                }
                Err(error) if is_of_one_frame(&error) => {
                    if let Some(frame) = self.outbox.waiting.pop_front() {
                        let error = io::ErrorKind::InvalidInput.into();
                        unsent.push(Unsent { to: frame.to.ip(), kind: frame.kind, error });
                    }
                }
                Err(error) => self.down = Some(chain(&error)),
            }
        }
        if self.down.is_some() {
            for frame in self.outbox.waiting.drain(..) {
                let error = io::ErrorKind::NetworkDown.into();
                unsent.push(Unsent { to: frame.to.ip(), kind: frame.kind, error });
            }
        }
    }
}

/// Too long for the interface: another frame may well leave.
fn is_of_one_frame(error: &NetError) -> bool {
    const TOO_LONG: i32 = 90; // EMSGSIZE (errno(3))
    error.io().and_then(io::Error::raw_os_error) == Some(TOO_LONG)
}

fn chain(error: &NetError) -> String {
    error.io().map_or_else(|| error.to_string(), ToString::to_string)
}

/// All sockets of a running scan.
pub(crate) struct Ports {
    /// One for each interface of the plan.
    pub(crate) wires: Vec<Wire>,
    /// Holds the source port of injected frames.
    pub(crate) held: Option<HeldPort>,
    /// For routed targets.
    pub(crate) datagrams: PerFamily<Door<DatagramPort>>,
    /// For ICMP echo.
    pub(crate) echo: PerFamily<Door<EchoPort>>,
}

/// One for each version of IP, where it is needed.
#[derive(Debug)]
pub(crate) struct PerFamily<T> {
    v4: Option<T>,
    v6: Option<T>,
}

impl<T> Default for PerFamily<T> {
    fn default() -> Self {
        Self { v4: None, v6: None }
    }
}

impl<T> PerFamily<T> {
    fn slot(&mut self, family: Family) -> &mut Option<T> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    fn of(&self, family: Family) -> Option<&T> {
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
    }

    fn is_empty(&self) -> bool {
        self.v4.is_none() && self.v6.is_none()
    }

    /// The one for this address.
    pub(crate) fn to(&mut self, address: IpAddr) -> Option<&mut T> {
        self.slot(Family::of(address)).as_mut()
    }

    /// All that there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.v4.iter().chain(&self.v6)
    }

    /// All that there are.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.v4.iter_mut().chain(&mut self.v6)
    }

    fn try_map<U>(self, make: impl Fn(T) -> io::Result<U>) -> io::Result<PerFamily<U>> {
        Ok(PerFamily { v4: self.v4.map(&make).transpose()?, v6: self.v6.map(&make).transpose()? })
    }
}

/// A socket of the kernel, and what waits to leave through it.
pub(crate) struct Door<P: AsFd> {
    /// The socket.
    pub(crate) port: Awaited<P>,
    /// What waits.
    pub(crate) outbox: VecDeque<Waiting>,
}

impl<P: AsFd> Door<P> {
    fn open(port: P) -> io::Result<Self> {
        Ok(Self { port: awaited(port)?, outbox: VecDeque::new() })
    }
}

/// The most packets handed to the kernel in one call.
const BATCH: usize = 64;
/// How long an interface may take nothing before the scan goes on without it.
const STUCK: Duration = Duration::from_secs(5);

/// A packet that waits to leave through a socket of the kernel.
pub(crate) struct Waiting {
    /// Whom it is for.
    pub(crate) to: SocketAddr,
    /// What it is.
    pub(crate) kind: PacketKind,
    /// The payload.
    pub(crate) bytes: Vec<u8>,
}

/// A packet that the kernel would not take.
pub(crate) struct Unsent {
    /// Whom it was for.
    pub(crate) to: IpAddr,
    /// What it was.
    pub(crate) kind: PacketKind,
    /// Why.
    pub(crate) error: std::io::Error,
}

impl Ports {
    /// How many packets wait to leave.
    pub(crate) fn waiting(&self) -> usize {
        let frames: usize = self.wires.iter().map(|wire| wire.outbox.waiting.len()).sum();
        let datagrams: usize = self.datagrams.iter().map(|door| door.outbox.len()).sum();
        let echoes: usize = self.echo.iter().map(|door| door.outbox.len()).sum();
        frames + datagrams + echoes
    }

    /// Whether so many packets wait in one of the rows that no more should be added.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        self.datagrams.iter().any(|door| door.outbox.len() >= most)
            || self.echo.iter().any(|door| door.outbox.len() >= most)
            || self.wires.iter().any(|wire| wire.outbox.len() >= 4 * most)
    }

    /// Hands to the kernel what it takes; the rest stays for later.
    pub(crate) fn flush(&mut self, now: Instant) -> Result<Vec<Unsent>, NetError> {
        let mut unsent = Vec::new();
        for wire in &mut self.wires {
            wire.flush(now, &mut unsent);
        }
        for Door { port, outbox } in self.datagrams.iter_mut() {
            flush(outbox, |batch| port.get_mut().send(batch), &mut unsent)?;
        }
        for Door { port, outbox } in self.echo.iter_mut() {
            flush(outbox, |batch| port.get_mut().send(batch), &mut unsent)?;
        }
        Ok(unsent)
    }

    /// Takes out what still waits: it does not leave any more.
    pub(crate) fn abandon(&mut self) -> Vec<(IpAddr, PacketKind)> {
        let wires = self.wires.iter_mut().flat_map(|wire| wire.outbox.waiting.drain(..));
        let datagrams = self.datagrams.iter_mut().flat_map(|door| door.outbox.drain(..));
        let mut left: Vec<Waiting> = wires.chain(datagrams).collect();
        left.extend(self.echo.iter_mut().flat_map(|door| door.outbox.drain(..)));
        left.into_iter().map(|waiting| (waiting.to.ip(), waiting.kind)).collect()
    }

    /// Returns once anything may have come in. Whoever waited reads until nothing is left.
    pub(crate) async fn readable(&self) {
        let alive = self.wires.iter().filter(|wire| wire.down.is_none());
        let wires = alive.map(|wire| boxed(is_readable(&wire.port)));
        let datagrams = self.datagrams.iter().map(|door| boxed(is_readable(&door.port)));
        let echo = self.echo.iter().map(|door| boxed(is_readable(&door.port)));
        let all: Vec<_> = wires.chain(datagrams).chain(echo).collect();
        if all.is_empty() {
            return std::future::pending().await;
        }
        select_all(all).await;
    }
}

/// Sends what waits in batches, until the kernel takes no more; what it refuses is noted and the others go on.
fn flush(
    outbox: &mut VecDeque<Waiting>,
    mut send: impl FnMut(&[(SocketAddr, &[u8])]) -> Result<Sent, NetError>,
    unsent: &mut Vec<Unsent>,
) -> Result<(), NetError> {
    while !outbox.is_empty() {
        let batch: Vec<(SocketAddr, &[u8])> = outbox
            .iter()
            .take(BATCH)
            .map(|waiting| (waiting.to, waiting.bytes.as_slice()))
            .collect();
        let (asked, sent) = (batch.len(), send(&batch)?);
        for refused in sent.refused {
            if let Some(waiting) = outbox.get(refused.index) {
                unsent.push(Unsent {
                    to: waiting.to.ip(),
                    kind: waiting.kind,
                    error: refused.error,
                });
            }
        }
        outbox.drain(..sent.taken);
        if sent.taken < asked {
            break;
        }
    }
    Ok(())
}

fn boxed<'a>(future: impl Future<Output = ()> + 'a) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(future)
}

/// Readiness is by edge: it is cleared before the reading, so that what comes in while we read wakes us again.
async fn is_readable<T>(port: &Awaited<T>) {
    // It fails only when the runtime ends, and then nobody reads.
    if let Ok(mut guard) = port.ready(Interest::READABLE | Interest::ERROR).await {
        guard.clear_ready();
    }
}
