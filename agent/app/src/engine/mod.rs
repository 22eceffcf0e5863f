//! The one loop between sockets and probes, and the one clock.
//!
//! Every packet leaves through here, those of the SNMP crate too: the gate checks the target and takes the token, the
//! book gets its line, and the packet becomes a frame where the target is on-link and a datagram where it is routed.

mod book;
mod ports;
mod session;

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use herkomst_ids::{EngineId, MacAddr};
use herkomst_model::{
    About, Answer, Fact, Heard as HeardFor, Ledger, Method, Observation, Outcome, PacketKind,
    Receipt, Why,
};
use herkomst_net::{ErrorOrigin, NetError};
use herkomst_probe::arp::ArpSweep;
use herkomst_probe::heard::{Heard, Keep, LLDP_INTERVAL};
use herkomst_probe::icmp::EchoSweep;
use herkomst_probe::pacer::{Pacer, Zone};
use herkomst_probe::retry::Retry;
use herkomst_probe::snmp::AGENT_PORT;
use herkomst_probe::snmp::cookie::Cookies;
use herkomst_probe::snmp::discovery::EngineSweep;
use herkomst_probe::snmp::interview::{Discovered, Interviews};
use herkomst_probe::{Fit, Gate, Input, Probe, Seen, Transmit};
use herkomst_wire::{
    EthernetFrame, Icmp, Ipv4Packet, UdpDatagram, ether_type, protocol, udp_frame,
};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use self::book::Book;
pub(crate) use self::ports::OpenPorts;
use self::ports::{Ports, Unsent, Waiting};
use self::session::{Event, Outgoing, Sessions};
use crate::config::checked::Scan;
use crate::plan::Plan;
use crate::progress::Progress;

/// How many packets are taken from the probes before the sockets are looked at again: a burst of answers to so many
/// fits the smallest receive buffer.
const BATCH: usize = 64;
/// How long to wait when a queue of the kernel is full, or when the gate says not yet.
const TICK: Duration = Duration::from_millis(1);

/// Says whether a device is to be spared everything but ARP.
pub(crate) type Spare = Box<dyn Fn(Ipv4Addr, MacAddr) -> bool + Send>;

/// What ends a scan early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// A socket is of no more use.
    #[error("the network cannot be used any more")]
    Net(#[from] NetError),
    /// The runtime could not take a socket.
    #[error("a socket cannot be waited for")]
    Register(#[source] std::io::Error),
    /// A credential cannot be used.
    #[error(transparent)]
    Session(#[from] session::SessionError),
    /// No random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// An ARP sweep, and the wire it runs on.
struct Sweep {
    wire: usize,
    source: Ipv4Addr,
    probe: ArpSweep,
}

/// A station that ARP found.
#[derive(Clone, Copy)]
struct Station {
    wire: usize,
    source: Ipv4Addr,
    mac: MacAddr,
}

/// The engine of one scan.
pub(crate) struct Engine {
    ports: Ports,
    sweeps: Vec<Sweep>,
    heard: Vec<Heard>,
    echo: EchoSweep,
    discovery: EngineSweep,
    interviews: Interviews,
    sessions: Sessions,
    pacer: Pacer,
    book: Book,
    stations: HashMap<Ipv4Addr, Station>,
    engines: HashMap<Ipv4Addr, EngineId>,
    spare: Spare,
    asks_snmp: bool,
    asks_icmp: bool,
    has_credentials: bool,
    credential_names: Vec<Arc<str>>,
    hears_lldp: bool,
    is_passive: bool,
    started: Instant,
    listen_until: Instant,
    progress: Arc<Progress>,
}

/// The gate of the probes: targets alone, at the pace of the pacer.
struct PacedGate<'a> {
    pacer: &'a mut Pacer,
    book: &'a Book,
}

impl Gate for PacedGate<'_> {
    fn admits(&mut self, to: Ipv4Addr, now: Instant) -> bool {
        self.book.zone(to).is_some_and(|zone| self.pacer.admits(to, zone, now))
    }
}

impl Engine {
    /// Sets up the probes of a plan over its opened sockets. Must be called within a runtime.
    pub(crate) fn new(
        plan: Plan,
        scan: &Scan,
        ports: OpenPorts,
        spare: Spare,
        progress: Arc<Progress>,
    ) -> Result<Self, EngineError> {
        let mut seed = [0; 24];
        getrandom::fill(&mut seed).map_err(EngineError::Random)?;
        let (key, order) = seed.split_at(16);
        let cookies = Cookies::new(key.try_into().expect("split at 16"));
        let order = u64::from_ne_bytes(order.try_into().expect("24 less 16 is 8"));
        let now = Instant::now();
        let asks_segments = scan.methods.arp || scan.methods.icmp || scan.methods.snmp;
        let asks_icmp = scan.methods.icmp && ports.has_echo();
        let echo_id = ports.echo_id().unwrap_or(order as u16);
        let ports = ports.register().map_err(EngineError::Register)?;
        let mut book = Book::open(&plan);
        let mut echo = EchoSweep::new(Retry::echo(), cookies.clone(), echo_id);
        let mut discovery = EngineSweep::new(Retry::snmp(), cookies.clone());
        let beyond: Vec<Ipv4Addr> =
            plan.routed.iter().chain(&plan.through_kernel).copied().collect();
        for target in &beyond {
            if scan.methods.icmp && !asks_icmp {
                book.set(*target, Method::Icmp, Outcome::NotAsked(Why::NoPermission));
            }
            if !scan.methods.snmp {
                book.set(*target, Method::SnmpEngine, Outcome::NotAsked(Why::MethodOff));
            }
        }
        if asks_icmp {
            echo.add_shuffled(beyond.clone(), order);
        }
        if scan.methods.snmp {
            discovery.add_shuffled(beyond, order.rotate_left(32));
        }
        for target in &plan.through_kernel {
            book.set(*target, Method::Arp, Outcome::NotAsked(Why::NoPermission));
        }
        let mut sweeps = Vec::new();
        for segment in plan.segments.into_iter().filter(|_| asks_segments) {
            let wire = segment.interface;
            let mac = ports.wires[wire].mac;
            let probe = ArpSweep::new(
                mac,
                segment.source,
                segment.targets,
                Retry::arp(),
                order ^ sweeps.len() as u64,
            );
            sweeps.push(Sweep { wire, source: segment.source, probe });
        }
        let heard = ports.wires.iter().map(|wire| Heard::new(wire.mac, keep(scan))).collect();
        progress.targets.store(book.len() as u64, Ordering::Relaxed);
        Ok(Self {
            sweeps,
            heard,
            echo,
            discovery,
            interviews: Interviews::new(Arc::clone(&scan.credentials), cookies, Retry::snmp()),
            sessions: Sessions::new(&scan.credentials)?,
            pacer: Pacer::new(scan.limits, now),
            book,
            stations: HashMap::new(),
            engines: HashMap::new(),
            spare,
            asks_snmp: scan.methods.snmp,
            asks_icmp,
            has_credentials: !scan.credentials.is_empty(),
            credential_names: scan
                .credentials
                .iter()
                .map(|credential| Arc::clone(&credential.name))
                .collect(),
            hears_lldp: scan.methods.lldp && !ports.wires.is_empty(),
            is_passive: scan.passive,
            started: now,
            listen_until: now + scan.listen,
            progress,
            ports,
        })
    }

    /// Runs until everything was asked and the time to listen is over, or until `stop` says so. Ends by dropping `heard`.
    pub(crate) async fn run(
        mut self,
        heard: mpsc::Sender<Observation>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(Ledger, Receipt), EngineError> {
        let mut interrupted = false;
        let mut observations = Vec::new();
        loop {
            let now = Instant::now();
            self.handle_timeouts(now);
            let sent_all = self.transmit(now)?;
            self.receive(&mut observations)?;
            self.collect(&mut observations);
            for observation in observations.drain(..) {
                // The reader outlives us, unless it failed; then there is nobody to work for.
                if heard.send(observation).await.is_err() {
                    interrupted = true;
                }
            }
            self.show(now);
            if interrupted || self.is_done(Instant::now()) {
                break;
            }
            if sent_all
                && self.has_more_to_send()
                && self.pacer.next_token(Instant::now()) <= Instant::now()
            {
                // At full speed nothing is waited for; others get their turn all the same.
                tokio::task::yield_now().await;
                self.take_events_now().await;
                continue;
            }
            interrupted = self.wait(&mut stop).await;
        }
        self.finish(interrupted)
    }

    fn handle_timeouts(&mut self, now: Instant) {
        for sweep in &mut self.sweeps {
            sweep.probe.handle_timeout(now);
        }
        self.echo.handle_timeout(now);
        self.discovery.handle_timeout(now);
        self.interviews.handle_timeout(now);
        while self.sessions.has_room()
            && let Some(request) = self.interviews.poll_user_request()
        {
            let engine = self.engines.get(&request.to);
            self.sessions.start(request, engine);
        }
    }

    /// Takes what is due from the probes and hands it to the kernel; says whether the kernel took it all.
    fn transmit(&mut self, now: Instant) -> Result<bool, EngineError> {
        for _ in 0..BATCH.saturating_sub(self.ports.waiting()) {
            if !(self.transmit_session(now) || self.transmit_probe(now) || self.transmit_arp(now)) {
                break;
            }
        }
        for unsent in self.ports.flush()? {
            self.unsent(&unsent);
        }
        Ok(self.ports.waiting() == 0)
    }

    fn transmit_session(&mut self, now: Instant) -> bool {
        let Some(Outgoing { to, .. }) = self.sessions.outgoing.front() else { return false };
        let to = *to;
        let mut gate = PacedGate { pacer: &mut self.pacer, book: &self.book };
        if !gate.admits(to, now) {
            // Others behind it may go first; its own turn comes again.
            self.sessions.outgoing.rotate_left(1);
            return false;
        }
        let outgoing = self.sessions.outgoing.pop_front().expect("is there, it was looked at");
        let credential = self.credential_names.get(outgoing.credential).cloned();
        self.dispatch(Transmit { to, kind: PacketKind::SnmpUser, credential }, &outgoing.bytes);
        // A session that is gone does not wait for it.
        let _ = outgoing.sent.send(());
        true
    }

    fn transmit_probe(&mut self, now: Instant) -> bool {
        let mut bytes = Vec::new();
        let mut gate = PacedGate { pacer: &mut self.pacer, book: &self.book };
        let interviews = self.interviews.poll_transmit(now, &mut gate, &mut bytes);
        let transmit = interviews
            .or_else(|| self.discovery.poll_transmit(now, &mut gate, &mut bytes))
            .or_else(|| self.echo.poll_transmit(now, &mut gate, &mut bytes));
        match transmit {
            Some(transmit) => self.dispatch(transmit, &bytes),
            None => return false,
        }
        true
    }

    fn transmit_arp(&mut self, now: Instant) -> bool {
        let mut gate = PacedGate { pacer: &mut self.pacer, book: &self.book };
        for sweep in &mut self.sweeps {
            let outbox = &mut self.ports.wires[sweep.wire].outbox;
            let mut frame = outbox.buffer();
            if let Some(transmit) = sweep.probe.poll_transmit(now, &mut gate, &mut frame) {
                outbox.push(frame);
                self.book.sent(&transmit);
                return true;
            }
        }
        false
    }

    /// Writes the receipt and chooses frame or datagram.
    fn dispatch(&mut self, transmit: Transmit, bytes: &[u8]) {
        self.book.sent(&transmit);
        let to = transmit.to;
        if transmit.kind == PacketKind::IcmpEcho {
            self.ports.echo_outbox.push_back(Waiting {
                to,
                kind: transmit.kind,
                bytes: bytes.to_vec(),
            });
            return;
        }
        let agent = SocketAddrV4::new(to, AGENT_PORT);
        match (self.stations.get(&to), &self.ports.held) {
            (Some(station), Some(held)) => {
                let from = SocketAddrV4::new(station.source, held.port());
                let wire = &mut self.ports.wires[station.wire];
                let mut frame = wire.outbox.buffer();
                match udp_frame(&mut frame, wire.mac, station.mac, None, from, agent, bytes) {
                    Ok(()) => wire.outbox.push(frame),
                    Err(error) => {
                        tracing::error!(%to, %error, "a request of ours does not fit a frame")
                    }
                }
            }
            _ => self.ports.datagram_outbox.push_back(Waiting {
                to: agent,
                kind: transmit.kind,
                bytes: bytes.to_vec(),
            }),
        }
    }

    /// A packet did not leave: it is taken out of the receipt, and the target is not asked that way again.
    fn unsent(&mut self, unsent: &Unsent) {
        tracing::debug!(to = %unsent.to, error = %unsent.error, "packet did not leave");
        self.book.not_sent(unsent.to, unsent.kind);
        let why = match unsent.error.kind() {
            std::io::ErrorKind::PermissionDenied => Why::NoPermission,
            _ => Why::NoRoute,
        };
        match unsent.kind {
            PacketKind::ArpRequest => {}
            PacketKind::IcmpEcho => self.echo.give_up(unsent.to, why),
            PacketKind::SnmpEngine => self.discovery.give_up(unsent.to, why),
            PacketKind::SnmpCommunity => self.interviews.give_up(unsent.to, why),
            PacketKind::SnmpUser => drop(self.sessions.refuse(unsent.to, 0)),
        }
    }

    /// Offers an input to the probes that ask over IP, and to the sessions.
    fn offer(&mut self, now: Instant, input: Input<'_>) {
        let mut fit = self.discovery.handle_input(now, input);
        if fit == Fit::NotMine {
            fit = self.interviews.handle_input(now, input);
        }
        if fit == Fit::NotMine {
            fit = self.echo.handle_input(now, input);
        }
        if fit == Fit::NotMine {
            let delivered = match input {
                Input::Datagram { from, bytes } => self.sessions.deliver(from, bytes),
                Input::Refused { to, code } => self.sessions.refuse(*to.ip(), code),
                Input::Frame { .. } | Input::Icmp { .. } => true,
            };
            if !delivered {
                self.book.ignored += 1;
            }
        }
        if fit == Fit::Ignored {
            self.book.ignored += 1;
        }
    }

    /// Reads everything that has come in.
    fn receive(&mut self, observations: &mut Vec<Observation>) -> Result<(), EngineError> {
        for wire in 0..self.ports.wires.len() {
            self.receive_frames(wire, observations);
        }
        let now = Instant::now();
        let mut datagrams: Vec<(SocketAddrV4, Vec<u8>)> = Vec::new();
        let mut errors: Vec<(SocketAddrV4, u8)> = Vec::new();
        if let Some(port) = &mut self.ports.datagrams {
            let port = port.get_mut();
            while port.receive(&mut |from, bytes| datagrams.push((from, bytes.to_vec())))? > 0 {}
            while port.errors(&mut |to, error| {
                if let ErrorOrigin::Icmp { kind: 3, code, .. } = error.origin {
                    errors.push((to, code));
                }
            })? > 0
            {}
        }
        for (from, bytes) in &datagrams {
            self.offer(now, Input::Datagram { from: *from, bytes });
        }
        for (to, code) in errors {
            self.offer(now, Input::Refused { to, code });
        }
        let mut echoes: Vec<(Ipv4Addr, Vec<u8>)> = Vec::new();
        if let Some(port) = &mut self.ports.echo {
            let port = port.get_mut();
            while port.receive(&mut |from, bytes| echoes.push((from, bytes.to_vec())))? > 0 {}
            while port.errors(&mut |_, _| ())? > 0 {}
        }
        for (from, bytes) in &echoes {
            if let Ok(icmp) = Icmp::parse(bytes) {
                // A raw socket hears every ICMP message to this host; what no probe asked for is not ours to count.
                if self.echo.handle_input(now, Input::Icmp { from: *from, icmp: &icmp })
                    == Fit::Ignored
                {
                    self.book.ignored += 1;
                }
            }
        }
        Ok(())
    }

    fn receive_frames(&mut self, wire: usize, observations: &mut Vec<Observation>) {
        let now = Instant::now();
        let held = self.ports.held.as_ref().map(herkomst_net::HeldPort::port);
        // Frames lie in the ring while they are read; what needs the whole engine is kept for afterwards.
        let mut datagrams: Vec<(SocketAddrV4, Vec<u8>)> = Vec::new();
        let mut refused: Vec<(SocketAddrV4, u8)> = Vec::new();
        let (sweeps, heard, book) = (&mut self.sweeps, &mut self.heard[wire], &mut self.book);
        let hears_lldp = self.hears_lldp;
        let port = self.ports.wires[wire].port.get_mut();
        let mut visit = |received: herkomst_net::ReceivedFrame<'_>| {
            let Ok(frame) = EthernetFrame::parse(received.bytes) else {
                book.ignored += 1;
                return;
            };
            // The lower 12 bits are the VLAN; 0 is a priority tag alone (IEEE 802.1Q-2018, 9.6).
            let vlan =
                received.vlan.map(|tag| tag & 0x0fff).or(frame.vlan).filter(|vlan| *vlan != 0);
            let input = Input::Frame { frame: &frame, vlan };
            match frame.ether_type {
                ether_type::ARP => {
                    let fits = sweeps
                        .iter_mut()
                        .filter(|sweep| sweep.wire == wire)
                        .map(|sweep| sweep.probe.handle_input(now, input));
                    let fit = fits
                        .fold(Fit::NotMine, |sum, fit| if sum == Fit::NotMine { fit } else { sum });
                    let fit =
                        if fit == Fit::NotMine { heard.handle_input(now, input) } else { fit };
                    book.ignored += u64::from(fit == Fit::Ignored);
                }
                ether_type::LLDP if hears_lldp => {
                    book.ignored += u64::from(heard.handle_input(now, input) == Fit::Ignored);
                }
                ether_type::IPV4 if vlan.is_none() => {
                    match read_ipv4(frame.payload, held, received.checksum_pending) {
                        Some(FromIpv4::Datagram(from, bytes)) => {
                            datagrams.push((from, bytes.to_vec()))
                        }
                        Some(FromIpv4::Refused(to, code)) => refused.push((to, code)),
                        None => book.ignored += 1,
                    }
                }
                _ => {}
            }
        };
        while port.receive(&mut visit) > 0 {}
        for (from, bytes) in &datagrams {
            self.offer(now, Input::Datagram { from: *from, bytes });
        }
        for (to, code) in refused {
            self.offer(now, Input::Refused { to, code });
        }
        self.collect_wire(wire, observations);
    }

    /// Takes what the probes of a wire have found out.
    fn collect_wire(&mut self, wire: usize, observations: &mut Vec<Observation>) {
        for place in 0..self.sweeps.len() {
            if self.sweeps[place].wire != wire {
                continue;
            }
            let source = self.sweeps[place].source;
            while let Some(seen) = self.sweeps[place].probe.poll_observation() {
                self.conclude_arp(&seen, wire, source);
                self.keep(seen, Some(wire), observations);
            }
        }
        while let Some(seen) = self.heard[wire].poll_observation() {
            self.keep(seen, Some(wire), observations);
        }
    }

    /// Takes what the other probes have found out.
    fn collect(&mut self, observations: &mut Vec<Observation>) {
        for wire in 0..self.ports.wires.len() {
            self.collect_wire(wire, observations);
        }
        while let Some(seen) = self.echo.poll_observation() {
            self.record(&seen);
            self.keep(seen, None, observations);
        }
        while let Some(seen) = self.discovery.poll_observation() {
            self.record(&seen);
            self.conclude_discovery(&seen);
            self.keep(seen, None, observations);
        }
        while let Some(seen) = self.interviews.poll_observation() {
            self.record(&seen);
            if let Some(target) = target_of(&seen) {
                self.book.close(target);
            }
            self.keep(seen, None, observations);
        }
    }

    fn record(&mut self, seen: &Seen) {
        if let Some(target) = target_of(seen) {
            self.book.set(target, seen.method, Book::outcome(&seen.answer));
        }
    }

    /// After ARP: the station is asked over SNMP, unless it is to be spared.
    fn conclude_arp(&mut self, seen: &Seen, wire: usize, source: Ipv4Addr) {
        self.record(seen);
        let Some(target) = target_of(seen) else { return };
        let Answer::Is(Fact::Neighbour { mac }) = seen.answer else {
            let why = if self.asks_snmp { Why::NoneBefore } else { Why::MethodOff };
            self.book.set(target, Method::SnmpEngine, Outcome::NotAsked(why));
            self.book.set(target, Method::Snmp, Outcome::NotAsked(why));
            self.book.close(target);
            return;
        };
        self.stations.entry(target).or_insert(Station { wire, source, mac });
        let why = match () {
            () if !self.asks_snmp => Why::MethodOff,
            () if (self.spare)(target, mac) => Why::Fragile,
            () => return self.discovery.add(target),
        };
        self.book.set(target, Method::SnmpEngine, Outcome::NotAsked(why));
        self.book.set(target, Method::Snmp, Outcome::NotAsked(why));
        self.book.close(target);
    }

    /// After engine discovery: with credentials, the device is interviewed.
    fn conclude_discovery(&mut self, seen: &Seen) {
        let Some(target) = target_of(seen) else { return };
        if !self.has_credentials {
            self.book.set(target, Method::Snmp, Outcome::NotAsked(Why::NoCredential));
            self.book.close(target);
            return;
        }
        let discovered = match &seen.answer {
            Answer::Is(Fact::Engine(engine)) => {
                self.engines.insert(target, engine.id.clone());
                Discovered::Engine(engine.id.clone())
            }
            Answer::NotAsked(why) => {
                self.book.set(target, Method::Snmp, Outcome::NotAsked(*why));
                return self.book.close(target);
            }
            // Nobody listens there, and no version of SNMP changes that.
            Answer::Refused(_) => {
                self.book.set(target, Method::Snmp, Outcome::NotAsked(Why::NoneBefore));
                return self.book.close(target);
            }
            _ => Discovered::Silent,
        };
        self.interviews.add(target, &discovered);
    }

    /// Passes on what is worth keeping: silence is in the ledger already.
    fn keep(&self, seen: Seen, wire: Option<usize>, observations: &mut Vec<Observation>) {
        if matches!(seen.answer, Answer::Silent { .. } | Answer::NotAsked(_)) {
            return;
        }
        let wire = wire.or_else(|| Some(self.stations.get(&target_of(&seen)?)?.wire));
        observations.push(Observation {
            at: Timestamp::now(),
            method: seen.method,
            interface: wire.map(|wire| Arc::clone(&self.ports.wires[wire].name)),
            vlan: seen.vlan,
            about: seen.about,
            answer: seen.answer,
        });
    }

    fn has_more_to_send(&self) -> bool {
        self.sweeps.iter().any(|sweep| sweep.probe.is_ready())
            || self.echo.is_ready()
            || self.discovery.is_ready()
            || self.interviews.is_ready()
            || !self.sessions.outgoing.is_empty()
    }

    fn is_done(&self, now: Instant) -> bool {
        now >= self.listen_until
            && self.sweeps.iter().all(|sweep| sweep.probe.is_idle())
            && self.echo.is_idle()
            && self.discovery.is_idle()
            && self.interviews.is_idle()
            && self.sessions.is_idle()
            && self.ports.waiting() == 0
    }

    /// When the loop must go round again, if nothing happens before.
    fn next_wake(&self, now: Instant) -> Instant {
        let timeouts = self.sweeps.iter().map(|sweep| sweep.probe.poll_timeout());
        let others = [
            self.echo.poll_timeout(),
            self.discovery.poll_timeout(),
            self.interviews.poll_timeout(),
        ];
        let timeout = timeouts.chain(others).flatten().min();
        let blocked = (self.has_more_to_send() || self.ports.waiting() > 0)
            .then(|| self.pacer.next_token(now).max(now + TICK));
        let listening = (now < self.listen_until).then_some(self.listen_until);
        let wakes = [timeout, blocked, listening].into_iter().flatten();
        wakes.min().unwrap_or(now + TICK)
    }

    /// Waits for a packet, a session, the next timeout or the end; says whether it is the end.
    async fn wait(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        let until = self.next_wake(Instant::now());
        let mut event = None;
        let said = poll_fn(|context| self.sessions.poll_event(context));
        let stopped = tokio::select! {
            biased;
            changed = stop.wait_for(|stop| *stop) => changed.is_ok(),
            said = said => {
                event = Some(said);
                false
            }
            () = self.ports.readable() => false,
            () = tokio::time::sleep_until(until.into()) => false,
        };
        if let Some(event) = event {
            self.take_event(event);
        }
        self.take_events_now().await;
        stopped
    }

    /// Takes all that the sessions have said so far.
    async fn take_events_now(&mut self) {
        loop {
            let said = poll_fn(|context| Poll::Ready(self.sessions.poll_event(context))).await;
            match said {
                Poll::Ready(event) => self.take_event(event),
                Poll::Pending => return,
            }
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Send(outgoing) => self.sessions.outgoing.push_back(outgoing),
            Event::Done(to, answer) => {
                self.sessions.close(to);
                self.interviews.handle_user_answer(to, answer);
            }
        }
    }

    fn show(&self, now: Instant) {
        let store =
            |counter: &std::sync::atomic::AtomicU64, value| counter.store(value, Ordering::Relaxed);
        store(&self.progress.sent, self.book.sent);
        store(&self.progress.answered, self.book.answered);
        store(&self.progress.done, self.book.done);
        let elapsed = now.saturating_duration_since(self.started).as_secs_f64();
        let left = (self.book.len() as u64).saturating_sub(self.book.done);
        let pace = if elapsed > 0.5 { self.book.done as f64 / elapsed } else { 0.0 };
        let seconds = if pace > 0.0 { left as f64 / pace } else { 0.0 };
        let listening = self.listen_until.saturating_duration_since(now).as_secs();
        store(&self.progress.seconds_left, (seconds as u64).max(listening));
    }

    fn finish(mut self, interrupted: bool) -> Result<(Ledger, Receipt), EngineError> {
        let (asks_snmp, asks_icmp, passive) = (self.asks_snmp, self.asks_icmp, self.is_passive);
        let expects = move |zone: Zone, method: Method| match method {
            _ if passive => false,
            Method::Arp => zone == Zone::Segment,
            Method::Icmp => asks_icmp && zone != Zone::Segment,
            Method::SnmpEngine | Method::Snmp => asks_snmp,
            Method::KernelNeighbour | Method::Lldp => false,
        };
        let mut dropped = 0;
        for wire in &mut self.ports.wires {
            dropped += wire.port.get_mut().statistics()?.dropped;
        }
        let overflow: u64 = self.heard.iter().map(Heard::overflow).sum();
        let (mut ledger, mut receipt) = self.book.finish(expects, interrupted);
        receipt.dropped = dropped;
        if overflow > 0 {
            ledger.limits.push(format!("{overflow} announcements were heard and not kept: more spoke than a segment can hold"));
        }
        if dropped > 0 {
            ledger.limits.push(format!("the kernel dropped {dropped} packets before they could be read: a lower --rate helps"));
        }
        if self.hears_lldp {
            let (listened, usual) = (self.started.elapsed(), Duration::from_secs(LLDP_INTERVAL));
            ledger.lldp = Some(HeardFor { listened, usual });
        }
        Ok((ledger, receipt))
    }
}

/// Which stations are kept from ARP packets heard. Where the operator named targets and did not ask to listen, only
/// those are reported, and they are the sweep's.
fn keep(scan: &Scan) -> Keep {
    let excluded = scan.exclude.addresses.clone();
    match &scan.targets {
        Some(_) if !scan.passive && scan.listen.is_zero() => Keep::None,
        Some(targets) if scan.passive => {
            let targets = targets.addresses.clone();
            Keep::Only(Box::new(move |address| {
                targets.contains(address) && !excluded.contains(address)
            }))
        }
        _ => Keep::AllBut(Box::new(move |address| excluded.contains(address))),
    }
}

fn target_of(seen: &Seen) -> Option<Ipv4Addr> {
    match seen.about {
        About::Address(IpAddr::V4(address)) => Some(address),
        About::Address(IpAddr::V6(_)) | About::Station(_) => None,
    }
}

/// What a frame with an IPv4 packet brings.
enum FromIpv4<'a> {
    Datagram(SocketAddrV4, &'a [u8]),
    Refused(SocketAddrV4, u8),
}

fn read_ipv4(payload: &[u8], held: Option<u16>, checksum_pending: bool) -> Option<FromIpv4<'_>> {
    let packet = Ipv4Packet::parse(payload).ok()?;
    if packet.fragment {
        return None;
    }
    match packet.protocol {
        protocol::UDP => {
            let datagram = if checksum_pending {
                UdpDatagram::parse_without_checksum(packet.payload).ok()?
            } else {
                UdpDatagram::parse(packet.payload, packet.source, packet.destination).ok()?
            };
            let from = SocketAddrV4::new(packet.source, datagram.source_port);
            (Some(datagram.destination_port) == held)
                .then_some(FromIpv4::Datagram(from, datagram.payload))
        }
        protocol::ICMP => match Icmp::parse(packet.payload).ok()? {
            Icmp::Unreachable { code, original: Some(original) }
                if original.protocol == protocol::UDP =>
            {
                let (ours, theirs) = original.ports?;
                let to = SocketAddrV4::new(original.destination, theirs);
                (Some(ours) == held).then_some(FromIpv4::Refused(to, code))
            }
            _ => None,
        },
        _ => None,
    }
}
