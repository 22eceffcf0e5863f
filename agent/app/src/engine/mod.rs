//! The one loop between sockets and probes, and the one clock.
//!
//! Every packet leaves through here, those of the SNMP crate too: the gate checks the target and takes the token, the
//! book gets its line, and the packet becomes a frame where the target is on-link and a datagram where it is routed.

mod book;
mod conclude;
mod elsewhere;
mod expand;
mod ports;
mod questions;
mod receive;
mod send;
mod session;
mod window;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use herkomst_ids::{EngineId, MacAddr};
use herkomst_model::{
    Heard as HeardFor, Ledger, Method, Observation, Outcome, QuickMap, Receipt, Why,
};
use herkomst_net::{Family, NetError};
use herkomst_probe::Probe;
use herkomst_probe::arp::ArpSweep;
use herkomst_probe::heard::{Heard, Keep, LLDP_INTERVAL};
use herkomst_probe::icmp::{EchoIds, EchoSweep};
use herkomst_probe::nd::{NdQuestions, NdRetries, NdSegment, NdSweep};
use herkomst_probe::pacer::{Pacer, Zone};
use herkomst_probe::retry::Retry;
use herkomst_probe::snmp::cookie::Cookies;
use herkomst_probe::snmp::discovery::EngineSweep;
use herkomst_probe::snmp::interview::Interviews;
use herkomst_probe::snmp::plan::{Budget, Plan as TablePlan};
use tokio::sync::{mpsc, watch};

use self::book::Book;
use self::elsewhere::Elsewhere;
use self::expand::Expansion;
pub(crate) use self::ports::OpenPorts;
use self::ports::Ports;
use self::questions::Asking;
use self::session::{Event, Sessions};
use self::window::Watch;
use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::plan::{Allowed, Link, Plan};
use crate::progress::Progress;

/// How long to wait when a queue of the kernel is full, or when the gate says not yet.
const TICK: Duration = Duration::from_millis(1);

/// Says whether a device is to be spared everything but ARP.
pub(crate) type Spare = Box<dyn Fn(IpAddr, MacAddr) -> bool + Send>;

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

/// Who is looked for on a segment of IPv6, and the wire it runs on.
struct LinkSweep {
    wire: usize,
    link: Link,
    probe: NdSweep,
}

/// A station that ARP or neighbour discovery found.
#[derive(Clone, Copy)]
struct Station {
    wire: usize,
    vlan: Option<u16>,
    source: IpAddr,
    mac: MacAddr,
    /// It is asked nothing, since it or another that claims its address is to be spared.
    spared: bool,
}

/// The engine of one scan.
pub(crate) struct Engine {
    ports: Ports,
    sweeps: Vec<Sweep>,
    links: Vec<LinkSweep>,
    heard: Vec<Heard>,
    echo: EchoSweep,
    discovery: EngineSweep,
    interviews: Interviews,
    questions: Vec<Asking>,
    sessions: Sessions,
    pacer: Pacer,
    book: Book,
    allowed: Arc<Allowed>,
    /// Those that are told of and asked, where that is wanted.
    expansion: Option<Expansion>,
    elsewhere: Elsewhere,
    windows: Watch,
    stations: QuickMap<IpAddr, Station>,
    /// Stations that are asked nothing beyond ARP, by their hardware address.
    spared: HashSet<MacAddr>,
    engines: HashMap<IpAddr, EngineId>,
    spare: Spare,
    asks_snmp: bool,
    asks_icmp: bool,
    attempts: Option<u8>,
    /// The VLAN that frames are tagged with.
    vlan: Option<u16>,
    has_credentials: bool,
    credential_names: Vec<Arc<str>>,
    hears_lldp: bool,
    is_passive: bool,
    started: Instant,
    listen_until: Instant,
    /// Whose turn it is.
    next_sweep: usize,
    progress: Arc<Progress>,
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
        let asks_segments = scan.methods.has(Means::Arp) || scan.asks_targets();
        let asks_icmp = scan.methods.has(Means::Icmp) && ports.has_echo();
        let echo_id = |family| ports.echo_id(family).unwrap_or(order as u16);
        let echo_ids = EchoIds { v4: echo_id(Family::V4), v6: echo_id(Family::V6) };
        let questions_cookies = cookies.clone();
        let ports = ports.register().map_err(EngineError::Register)?;
        let mut plan = plan;
        let allowed = Arc::new(std::mem::take(&mut plan.allowed));
        let mut book = Book::open(&plan, Arc::clone(&allowed));
        let mut echo =
            EchoSweep::new(Retry::echo().at_most(scan.attempts), cookies.clone(), echo_ids);
        let mut discovery = EngineSweep::new(Retry::snmp().at_most(scan.attempts), cookies.clone());
        let beyond: Vec<IpAddr> = plan.routed.iter().chain(&plan.through_kernel).copied().collect();
        for target in &beyond {
            if scan.methods.has(Means::Icmp) && !asks_icmp {
                book.set(*target, Method::Icmp, Outcome::NotAsked(Why::NoPermission));
            }
            if !scan.methods.has(Means::Snmp) {
                book.set(*target, Method::SnmpEngine, Outcome::NotAsked(Why::MethodOff));
            }
        }
        if asks_icmp {
            echo.add_shuffled(beyond.clone(), order);
        }
        if scan.methods.has(Means::Snmp) {
            discovery.add_shuffled(beyond, order.rotate_left(32));
        }
        for target in &plan.through_kernel {
            book.set(*target, Method::Arp, Outcome::NotAsked(Why::NoPermission));
        }
        let mut sweeps = Vec::new();
        if !asks_segments {
            for target in plan.segments.iter().flat_map(|segment| &segment.targets) {
                for method in [Method::Arp, Method::SnmpEngine, Method::Snmp] {
                    book.set((*target).into(), method, Outcome::NotAsked(Why::MethodOff));
                }
            }
        }
        for segment in plan.segments.into_iter().filter(|_| asks_segments) {
            let wire = segment.interface;
            let mac = ports.wires[wire].mac;
            let probe = ArpSweep::new(
                mac,
                segment.source,
                segment.targets,
                Retry::arp().at_most(scan.attempts),
                order ^ sweeps.len() as u64,
            );
            sweeps.push(Sweep { wire, source: segment.source, probe: probe.in_vlan(scan.vlan) });
        }
        let mut links = Vec::new();
        for link in plan.links.drain(..) {
            let wire = link.interface;
            let segment =
                NdSegment { mac: ports.wires[wire].mac, vlan: scan.vlan, own: link.own.clone() };
            let questions = NdQuestions {
                everybody: link.everybody && scan.methods.has(Means::Nd),
                listeners: link.everybody && scan.methods.has(Means::MldQuery),
                targets: link.targets.clone(),
                retries: NdRetries::default().at_most(scan.attempts),
            };
            let allowed = Arc::clone(&allowed);
            let probe = NdSweep::new(
                segment,
                questions,
                Box::new(move |address| allowed.holds(address.into())),
                cookies.clone(),
                order.rotate_left(16) ^ links.len() as u64,
            );
            links.push(LinkSweep { wire, link, probe });
        }
        let retry = Retry::snmp().at_most(scan.attempts);
        let variables = usize::from(scan.variables);
        let mut interviews = Interviews::new(Arc::clone(&scan.credentials), cookies, retry)
            .with_variables(variables);
        let tables = scan.methods.tables();
        if !tables.is_empty() {
            interviews = interviews.collecting(TablePlan {
                tables,
                variables,
                tries: scan.attempts,
                budget: Budget::default(),
            });
        }
        let expansion = scan.expand.as_ref().map(|limits| {
            let (ways, used) = (std::mem::take(&mut plan.ways), std::mem::take(&mut plan.used));
            Expansion::new(limits, ways, used, std::mem::take(&mut plan.named))
        });
        let heard = ports
            .wires
            .iter()
            .map(|wire| Heard::new(wire.mac, keep(scan)).only(&scan.methods.heard()))
            .collect();
        progress.targets.store(book.len() as u64, Ordering::Relaxed);
        let routed: Vec<IpAddr> = plan.routed.iter().chain(&plan.through_kernel).copied().collect();
        let mut engine = Self {
            sweeps,
            links,
            heard,
            echo,
            discovery,
            interviews,
            questions: Asking::of(scan, &questions_cookies),
            sessions: Sessions::new(&scan.credentials)?,
            pacer: Pacer::new(scan.limits, now),
            book,
            allowed,
            expansion,
            elsewhere: Elsewhere::new(scan.answers_from.clone()),
            windows: Watch::new(scan.windows.clone(), now),
            stations: QuickMap::default(),
            spared: HashSet::new(),
            engines: HashMap::new(),
            spare,
            asks_snmp: scan.methods.has(Means::Snmp),
            asks_icmp,
            attempts: scan.attempts,
            vlan: scan.vlan,
            has_credentials: !scan.credentials.is_empty(),
            credential_names: scan
                .credentials
                .iter()
                .map(|credential| Arc::clone(&credential.name))
                .collect(),
            hears_lldp: scan.methods.has(Means::Lldp) && !ports.wires.is_empty(),
            is_passive: scan.passive,
            started: now,
            listen_until: now + scan.listens(),
            next_sweep: 0,
            progress,
            ports,
        };
        if !engine.questions.is_empty() {
            routed.into_iter().for_each(|target| engine.question(target));
        }
        Ok(engine)
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
            self.watch_windows(now);
            let sent_any = self.transmit(now)?;
            let heard_any = self.receive(&mut observations)?;
            self.collect(&mut observations);
            self.start_sessions();
            for observation in observations.drain(..) {
                // The reader outlives us, unless it failed; then there is nobody to work for.
                if heard.send(observation).await.is_err() {
                    interrupted = true;
                }
            }
            self.show(now);
            interrupted |= *stop.borrow();
            if interrupted || self.is_done(Instant::now()) {
                break;
            }
            if sent_any || heard_any {
                // Nothing is waited for while there is work; others get their turn all the same.
                tokio::task::yield_now().await;
                self.take_events_now().await;
            } else {
                interrupted = self.wait(&mut stop).await;
            }
        }
        if interrupted {
            // What was read of the tables until now is kept, and what is missing is named.
            self.interviews.stop_tables(Why::Interrupted);
            self.collect(&mut observations);
            for observation in observations {
                if heard.send(observation).await.is_err() {
                    break;
                }
            }
        }
        self.finish(interrupted)
    }

    fn handle_timeouts(&mut self, now: Instant) {
        for sweep in &mut self.sweeps {
            sweep.probe.handle_timeout(now);
        }
        for link in &mut self.links {
            link.probe.handle_timeout(now);
        }
        self.echo.handle_timeout(now);
        self.discovery.handle_timeout(now);
        self.interviews.handle_timeout(now);
        for asking in &mut self.questions {
            asking.probe.handle_timeout(now);
        }
    }

    fn start_sessions(&mut self) {
        while self.sessions.has_room()
            && let Some(request) = self.interviews.poll_user_request(Instant::now())
        {
            let engine = self.engines.get(&request.to);
            self.sessions.start(request, engine);
        }
    }

    /// Whether a sweep has a wire to run on.
    fn is_alive(&self, wire: usize) -> bool {
        self.ports.wires[wire].down.is_none()
    }

    /// The probes whose packets are frames, on wires that take them.
    fn frame_probes(&self) -> impl Iterator<Item = &dyn Probe> {
        let sweeps = self.sweeps.iter().map(|sweep| (sweep.wire, &sweep.probe as &dyn Probe));
        let links = self.links.iter().map(|link| (link.wire, &link.probe as &dyn Probe));
        sweeps.chain(links).filter(|(wire, _)| self.is_alive(*wire)).map(|(_, probe)| probe)
    }

    fn has_more_to_send(&self) -> bool {
        self.frame_probes().any(Probe::is_ready)
            || self.echo.is_ready()
            || self.discovery.is_ready()
            || self.interviews.is_ready()
            || self.questions.iter().any(|asking| asking.probe.is_ready())
            || !self.sessions.outgoing.is_empty()
    }

    fn is_done(&self, now: Instant) -> bool {
        now >= self.listen_until
            && self.frame_probes().all(Probe::is_idle)
            && self.echo.is_idle()
            && self.discovery.is_idle()
            && self.interviews.is_idle()
            && self.questions.iter().all(|asking| asking.probe.is_idle())
            && self.sessions.is_idle()
            && self.ports.waiting() == 0
    }

    /// When the loop must go round again, if nothing happens before.
    fn next_wake(&mut self, now: Instant) -> Instant {
        let timeouts: Vec<_> = self.frame_probes().map(Probe::poll_timeout).collect();
        let others = [
            self.echo.poll_timeout(),
            self.discovery.poll_timeout(),
            self.interviews.poll_timeout(),
        ];
        let questions = self.questions.iter().map(|asking| asking.probe.poll_timeout());
        let timeout = timeouts.into_iter().chain(others).chain(questions).flatten().min();
        // Refused by a bucket: its next token. Not taken by the kernel: soon.
        let paced = self.pacer.take_blocked_until().filter(|_| self.has_more_to_send());
        let stuck = (self.ports.waiting() > 0).then_some(now + TICK);
        let blocked = paced.map(|until| until.max(now + TICK)).into_iter().chain(stuck).min();
        let window = self.windows.next();
        let listening = (now < self.listen_until).then_some(self.listen_until);
        let wakes = [timeout, blocked, listening, window].into_iter().flatten();
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
            // Who waits for it to leave is told that it never will.
            Event::Send(outgoing) if self.book.zone(outgoing.to).is_none() => drop(outgoing),
            Event::Send(outgoing) => self.sessions.outgoing.push_back(outgoing),
            Event::Done(to, answer) => {
                self.interviews.handle_user_answer(Instant::now(), to, answer);
                self.sessions.done(to, self.interviews.is_asking(to));
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
        let sweeps_segments = !self.sweeps.is_empty();
        let expects = move |target: IpAddr, zone: Zone, method: Method| match method {
            _ if passive => false,
            Method::Arp => sweeps_segments && zone == Zone::Segment && target.is_ipv4(),
            Method::Ndp => zone == Zone::Segment && target.is_ipv6(),
            Method::Icmp => asks_icmp && zone != Zone::Segment,
            Method::SnmpEngine | Method::Snmp => asks_snmp,
            _ => false,
        };
        // Interrupted, it ends with packets that the kernel has not taken: the receipt is of those that left.
        for (to, kind) in self.ports.abandon() {
            self.book.not_sent(to, kind);
        }
        let mut dropped = 0;
        let mut limits = Vec::new();
        for wire in &mut self.ports.wires {
            dropped += wire.port.get_mut().statistics().map_or(0, |counted| counted.dropped);
            if let Some(why) = &wire.down {
                limits.push(format!("interface {} could not be used to the end: {why}", wire.name));
            }
        }
        let overflow: u64 = self.heard.iter().map(Heard::overflow).sum();
        let (mut ledger, mut receipt) = self.book.finish(expects, interrupted);
        receipt.dropped = dropped;
        receipt.elsewhere = self.elsewhere.taken;
        ledger.overflow = overflow;
        ledger.limits = limits;
        ledger.limits.extend(self.windows.told());
        ledger.limits.extend(self.expansion.iter().flat_map(Expansion::told));
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
        // Of the others on its segment all is known from listening.
        Some(_) if scan.only_infrastructure => {
            Keep::AllBut(Box::new(move |address| excluded.contains(address)))
        }
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
