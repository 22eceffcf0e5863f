//! Asks a device for its system group with the credentials it may see, one after the other, and then for its tables
//! with the one that it took: one open request at a time.
//!
//! Requests by v1 and v2c are made and read here. Those of a v3 user are handed out as questions
//! ([`Interviews::poll_user_request`]) to whoever can authenticate them; the answers come back through
//! [`Interviews::handle_user_answer`].

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use herkomst_ids::{EngineId, Oid};
use herkomst_model::{
    About, Answer, Cut, Fact, Method, PacketKind, Refusal, SnmpVersion, System, Why,
};

use super::collection::{Collection, Next};
use super::community;
use super::cookie::Cookies;
use super::credentials::{Credential, Ladder, Login, ladder};
use super::exchange::{MOST_VARIABLES, Operation, Request, Response};
use super::plan::Plan;
use super::system::{Step, SystemGroup};
use super::walk::Failure;
use super::{AGENT_PORT, is_final};
use crate::retry::Retry;
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// No more is asked while so many things learned wait to be taken: a slow reader slows the asking.
const MOST_UNREAD: usize = 256;

/// A question that a v3 user puts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRequest {
    /// Whom to ask.
    pub to: IpAddr,
    /// Which credential, by its place in the operator's list.
    pub credential: usize,
    /// What to do with the names. Only [`Interviews::collecting`] asks for anything but `Get`.
    pub operation: Operation,
    /// The names.
    pub oids: Vec<Oid>,
    /// The VLAN in whose context it is put: `vlan-N` in the place of the context of the user.
    pub vlan: Option<u16>,
    /// How long to wait for the answer once it has left.
    pub wait: Duration,
}

/// The engine that discovery found, for the one that authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discovered {
    /// This engine runs there.
    Engine(EngineId),
    /// It answered no discovery: it speaks no v3.
    Silent,
}

#[derive(Debug)]
enum State {
    /// A request waits for the gate, or for somebody to carry it.
    Ready { request: Request, tries: u8 },
    /// A community request is open.
    Open { request: Request, tries: u8, sent: Instant, until: Instant, first_serial: u32 },
    /// A user request is open.
    WithUser { request: Request, tries: u8, asked: Instant },
    /// The device is let be.
    Resting { until: Instant },
}

/// What is being asked for.
#[derive(Debug)]
enum Topic {
    Group(SystemGroup),
    Tables(Box<Collection>),
}

#[derive(Debug)]
struct Interview {
    ladder: Ladder,
    rung: usize,
    topic: Topic,
    state: State,
    /// Counts requests, so that each has a number of its own.
    serial: u32,
    /// The strongest thing said so far that is no answer.
    no: Answer<System>,
    /// What came in the place of an answer to the open request of a collection.
    rubbish: Option<Box<str>>,
}

impl Interview {
    /// What was given of the system group, if the interview is still about that.
    fn partial(&self) -> Option<System> {
        match &self.topic {
            Topic::Group(group) => group.partial(),
            Topic::Tables(_) => None,
        }
    }
}

/// All open interviews.
#[derive(Debug)]
pub struct Interviews {
    credentials: Arc<[Credential]>,
    cookies: Cookies,
    retry: Retry,
    /// The most variables in a request.
    variables: usize,
    /// What is collected after the system group.
    plan: Option<Arc<Plan>>,
    open: HashMap<IpAddr, Interview>,
    /// Whose interview has ended: at most one for each target.
    ended: HashSet<IpAddr>,
    ready: VecDeque<IpAddr>,
    ready_for_user: VecDeque<IpAddr>,
    timeouts: BTreeSet<(Instant, IpAddr)>,
    seen: VecDeque<Seen>,
}

impl Interviews {
    /// No interviews yet; about the system group alone.
    pub fn new(credentials: Arc<[Credential]>, cookies: Cookies, retry: Retry) -> Self {
        Self {
            credentials,
            cookies,
            retry,
            variables: MOST_VARIABLES,
            plan: None,
            open: HashMap::new(),
            ended: HashSet::new(),
            ready: VecDeque::new(),
            ready_for_user: VecDeque::new(),
            timeouts: BTreeSet::new(),
            seen: VecDeque::new(),
        }
    }

    /// The same, with at most so many variables in a request.
    #[must_use]
    pub fn with_variables(self, variables: usize) -> Self {
        Self { variables, ..self }
    }

    /// The same, about these tables too.
    #[must_use]
    pub fn collecting(self, plan: Plan) -> Self {
        Self { plan: Some(Arc::new(plan)), ..self }
    }

    /// Begins with a device whose engine discovery is over. Each is interviewed once: a late answer to the discovery
    /// begins nothing anew.
    pub fn add(&mut self, to: IpAddr, discovered: &Discovered) {
        if self.open.contains_key(&to) || self.ended.contains(&to) {
            return;
        }
        let engine = match discovered {
            Discovered::Engine(engine) => Some(engine),
            Discovered::Silent => None,
        };
        let mut ladder = ladder(&self.credentials, to, engine);
        let offered = ladder.offered.len();
        if engine.is_none() {
            ladder
                .offered
                .retain(|place| self.credentials[*place].login.version() != SnmpVersion::V3);
        }
        let no = match ladder.withheld.first() {
            _ if ladder.offered.len() < offered => Answer::Silent { tries: self.retry.tries() },
            Some((_, why)) => Answer::NotAsked(*why),
            None => Answer::NotAsked(Why::NoCredential),
        };
        let Some(first) = ladder.offered.first() else {
            return self.end(to, no);
        };
        let (topic, state) = self.begin(*first);
        let interview = Interview { ladder, rung: 0, topic, state, serial: 0, no, rubbish: None };
        self.open.insert(to, interview);
        self.enqueue(to);
    }

    fn begin(&self, place: usize) -> (Topic, State) {
        let credential = &self.credentials[place];
        let group = SystemGroup::new(credential.login.version(), Arc::clone(&credential.name));
        let mut group = group.at_most(self.variables);
        let request = get(group.request());
        (Topic::Group(group), State::Ready { request, tries: 0 })
    }

    fn credential(&self, interview: &Interview) -> &Credential {
        &self.credentials[interview.ladder.offered[interview.rung]]
    }

    fn enqueue(&mut self, to: IpAddr) {
        let is_user =
            self.open.get(&to).is_some_and(|i| matches!(self.credential(i).login, Login::V3(_)));
        if is_user { &mut self.ready_for_user } else { &mut self.ready }.push_back(to);
    }

    fn say(&mut self, to: IpAddr, method: Method, answer: Answer<Fact>) {
        self.seen.push_back(Seen { method, about: About::Address(to), vlan: None, answer });
    }

    /// Forgets that the interview waits for a time.
    fn forget_timeout(&mut self, to: IpAddr) {
        if let Some(State::Open { until, .. } | State::Resting { until }) =
            self.open.get(&to).map(|interview| &interview.state)
        {
            self.timeouts.remove(&(*until, to));
        }
    }

    fn close(&mut self, to: IpAddr) {
        self.forget_timeout(to);
        self.open.remove(&to);
        self.ended.insert(to);
    }

    fn end(&mut self, to: IpAddr, answer: Answer<System>) {
        self.close(to);
        self.say(to, Method::Snmp, answer.map(Fact::System));
    }

    /// Ends an interview that no other credential helps; what the device has said before is kept.
    fn break_off(&mut self, to: IpAddr, no: Answer<System>) {
        let Some(interview) = self.open.get_mut(&to) else { return };
        if let Topic::Tables(collection) = &mut interview.topic {
            match no {
                Answer::Refused(refusal) => collection.refused(refusal),
                Answer::NotAsked(why) => collection.stop(Cut::NotAsked(why), why),
                _ => collection.stop(Cut::NotAsked(Why::NoneBefore), Why::NoneBefore),
            }
            self.hand_on(to);
            return self.close(to);
        }
        let partial = interview.partial();
        self.end(to, partial.map_or(no, Answer::Is));
    }

    /// Whether this device is being asked.
    pub fn is_asking(&self, target: IpAddr) -> bool {
        self.open.contains_key(&target)
    }

    /// Ends every collection of tables where it is: what was read is kept, and what is missing is named.
    pub fn stop_tables(&mut self, why: Why) {
        let reading: Vec<IpAddr> = self
            .open
            .iter()
            .filter(|(_, interview)| matches!(interview.topic, Topic::Tables(_)))
            .map(|(to, _)| *to)
            .collect();
        for to in reading {
            self.give_up(to, why);
        }
    }

    /// Ends an interview whose packets cannot be sent, or are not to be sent any more.
    pub fn give_up(&mut self, target: IpAddr, why: Why) {
        self.break_off(target, Answer::NotAsked(why));
    }

    /// Goes on to the next credential, or ends with the most telling of the answers that were none. A credential
    /// that part of the group was read with is the right one: no other is tried.
    fn next_rung(&mut self, to: IpAddr, no: Answer<System>) {
        if self.open.get(&to).is_some_and(|interview| interview.partial().is_some()) {
            return self.break_off(to, no);
        }
        self.forget_timeout(to);
        let Some(mut interview) = self.open.remove(&to) else { return };
        if telling(&no) > telling(&interview.no) {
            interview.no = no;
        }
        interview.rung += 1;
        match interview.ladder.offered.get(interview.rung).copied() {
            Some(place) => {
                (interview.topic, interview.state) = self.begin(place);
                self.open.insert(to, interview);
                self.enqueue(to);
            }
            None => self.end(to, interview.no),
        }
    }

    fn take_response(&mut self, now: Instant, to: IpAddr, took: Duration, response: Response) {
        self.forget_timeout(to);
        let Some(interview) = self.open.get_mut(&to) else { return };
        let step = match &mut interview.topic {
            Topic::Group(group) => group.take(response),
            Topic::Tables(collection) => {
                collection.answered(now, took, response);
                return self.proceed(now, to);
            }
        };
        match step {
            Step::Ask(oids) => {
                interview.state = State::Ready { request: get(oids), tries: 0 };
                self.enqueue(to);
            }
            Step::Done(system) => self.begin_tables(now, to, Answer::Is(system)),
            // The credential was taken, and no other is left that might show more: some cameras have one object and
            // no system group.
            Step::Refused(Refusal::NoSuchObject)
                if self.plan.is_some() && interview.rung + 1 >= interview.ladder.offered.len() =>
            {
                self.begin_tables(now, to, Answer::Refused(Refusal::NoSuchObject));
            }
            Step::Refused(refusal) => self.next_rung(to, Answer::Refused(refusal)),
        }
    }

    /// Goes on from the system group to the tables, if any are wanted.
    fn begin_tables(&mut self, now: Instant, to: IpAddr, group: Answer<System>) {
        let Some(interview) = self.open.get(&to) else { return };
        let Some(plan) = &self.plan else { return self.end(to, group) };
        let system = match &group {
            Answer::Is(system) => Some(system.clone()),
            _ => None,
        };
        let bulk = self.credential(interview).login.version() != SnmpVersion::V1;
        let collection = Box::new(Collection::new(Arc::clone(plan), system, bulk));
        self.say(to, Method::Snmp, group.map(Fact::System));
        if let Some(interview) = self.open.get_mut(&to) {
            interview.topic = Topic::Tables(collection);
        }
        self.proceed(now, to);
    }

    /// Takes up what the collection of a device wants next.
    fn proceed(&mut self, now: Instant, to: IpAddr) {
        let Some(interview) = self.open.get_mut(&to) else { return };
        let Topic::Tables(collection) = &mut interview.topic else { return };
        let next = collection.next(now);
        interview.rubbish = None;
        let is_done = next == Next::Done;
        match next {
            Next::Ask(request) => {
                interview.state = State::Ready { request, tries: 0 };
                self.enqueue(to);
            }
            Next::Wait(until) => {
                interview.state = State::Resting { until };
                self.timeouts.insert((until, to));
            }
            Next::Done => {}
        }
        self.hand_on(to);
        if is_done {
            self.close(to);
        }
    }

    /// Hands on what a collection has learned.
    fn hand_on(&mut self, to: IpAddr) {
        let Some(Interview { topic: Topic::Tables(collection), .. }) = self.open.get_mut(&to)
        else {
            return;
        };
        while let Some((table, answer)) = collection.poll_news() {
            self.seen.push_back(Seen {
                method: Method::Table(table),
                about: About::Address(to),
                vlan: None,
                answer: answer.map(Fact::Table),
            });
        }
    }

    /// How long the answer to the try after so many is waited for.
    fn wait(&self, interview: &Interview, tries: u8) -> Duration {
        match &interview.topic {
            Topic::Group(_) => {
                self.retry.wait(tries).expect("only tries that exist are made ready")
            }
            Topic::Tables(collection) => collection.wait(),
        }
    }

    /// The next question that a v3 user is to put, if any; its answer is then waited for.
    pub fn poll_user_request(&mut self, now: Instant) -> Option<UserRequest> {
        while self.seen.len() < MOST_UNREAD
            && let Some(to) = self.ready_for_user.pop_front()
        {
            let Some(interview) = self.open.get(&to) else { continue };
            let State::Ready { request, tries } = &interview.state else { continue };
            let (request, tries) = (request.clone(), *tries);
            let wait = self.wait(interview, tries);
            let credential = interview.ladder.offered[interview.rung];
            let question = UserRequest {
                to,
                credential,
                operation: request.operation,
                oids: request.oids.clone(),
                vlan: request.vlan,
                wait,
            };
            if let Some(interview) = self.open.get_mut(&to) {
                interview.state = State::WithUser { request, tries: tries + 1, asked: now };
            }
            return Some(question);
        }
        None
    }

    /// Takes what came of a user's question.
    pub fn handle_user_answer(&mut self, now: Instant, to: IpAddr, answer: Answer<Response>) {
        let Some(interview) = self.open.get_mut(&to) else { return };
        let State::WithUser { request, tries, asked } = &mut interview.state else { return };
        let took = now.saturating_duration_since(*asked);
        if let Topic::Tables(collection) = &mut interview.topic {
            match answer {
                Answer::Is(response) => collection.answered(now, took, response),
                Answer::Silent { .. } => collection.failed(now, Failure::Silent),
                Answer::Malformed(what) => collection.failed(now, Failure::Malformed(what)),
                Answer::Refused(refusal) => {
                    return self.break_off(to, Answer::Refused(refusal));
                }
                Answer::NotAsked(why) => return self.break_off(to, Answer::NotAsked(why)),
            }
            return self.proceed(now, to);
        }
        match answer {
            Answer::Is(response) => self.take_response(now, to, took, response),
            Answer::Silent { .. } if *tries < self.retry.tries() => {
                interview.state = State::Ready { request: request.clone(), tries: *tries };
                self.ready_for_user.push_back(to);
            }
            Answer::Silent { .. } => {
                let tries = *tries;
                self.next_rung(to, Answer::Silent { tries });
            }
            Answer::NotAsked(why) => self.next_rung(to, Answer::NotAsked(why)),
            Answer::Refused(refusal) => self.next_rung(to, Answer::Refused(refusal)),
            Answer::Malformed(what) => self.next_rung(to, Answer::Malformed(what)),
        }
    }

    fn take(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> Fit {
        let address = from.ip();
        let Some(interview) = self.open.get(&address) else {
            return Fit::NotMine;
        };
        let State::Open { request, tries, sent, first_serial, .. } = &interview.state else {
            return Fit::NotMine;
        };
        let took = now.saturating_duration_since(*sent);
        let read = if from.port() != AGENT_PORT {
            Err("answer comes from another port than 161".to_owned())
        } else {
            let ours = *first_serial..first_serial.saturating_add((*tries).into());
            community::read(bytes, &self.credential(interview).login, request.vlan, |id| {
                ours.clone().any(|n| self.cookies.request_id(address, n) == id)
            })
        };
        let what = match read {
            Ok(response) => {
                self.take_response(now, address, took, response);
                return Fit::Taken;
            }
            Err(what) => what,
        };
        tracing::debug!(from = %address, what, "answer is malformed");
        let interview = self.open.get_mut(&address).expect("was there above");
        match interview.topic {
            Topic::Tables(_) => interview.rubbish = Some(what.into()),
            Topic::Group(_) => {
                let broken = Answer::Malformed(what.into());
                if telling(&broken) > telling(&interview.no) {
                    interview.no = broken;
                }
            }
        }
        Fit::Ignored
    }

    /// A wait of this interview is over.
    fn wake(&mut self, now: Instant, to: IpAddr) {
        let Some(interview) = self.open.get_mut(&to) else { return };
        match (&mut interview.topic, &interview.state) {
            (Topic::Group(_), State::Open { request, tries, .. }) => {
                let tries = *tries;
                if tries < self.retry.tries() {
                    interview.state = State::Ready { request: request.clone(), tries };
                    self.ready.push_back(to);
                } else {
                    self.next_rung(to, Answer::Silent { tries });
                }
            }
            (Topic::Tables(collection), State::Open { .. }) => {
                let failure = interview.rubbish.take().map_or(Failure::Silent, Failure::Malformed);
                collection.failed(now, failure);
                self.proceed(now, to);
            }
            (Topic::Tables(_), State::Resting { .. }) => self.proceed(now, to),
            _ => {}
        }
    }
}

fn get(oids: Vec<Oid>) -> Request {
    Request { operation: Operation::Get, oids, vlan: None }
}

/// A refusal tells more than rubbish, rubbish more than silence, silence more than not having asked.
fn telling(answer: &Answer<System>) -> u8 {
    match answer {
        Answer::NotAsked(_) => 0,
        Answer::Silent { .. } => 1,
        Answer::Malformed(_) => 2,
        Answer::Refused(_) => 3,
        Answer::Is(_) => 4,
    }
}

impl Probe for Interviews {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        if self.seen.len() >= MOST_UNREAD {
            return None;
        }
        for _ in 0..self.ready.len().min(32) {
            let to = self.ready.pop_front()?;
            let Some(interview) = self.open.get(&to) else { continue };
            let State::Ready { request, tries } = &interview.state else { continue };
            if !gate.admits(to, now) {
                if gate.forbids(to) {
                    self.give_up(to, Why::OutsideWindow);
                } else {
                    self.ready.push_back(to);
                }
                continue;
            }
            let (request, tries) = (request.clone(), *tries);
            let credential = self.credential(interview);
            let id = self.cookies.request_id(to, interview.serial);
            if !community::emit(bytes, &credential.login, &request, id) {
                continue;
            }
            let until = now + self.wait(interview, tries);
            let credential = Some(Arc::clone(&credential.name));
            let interview = self.open.get_mut(&to).expect("was there above");
            let first_serial = interview.serial.saturating_sub(tries.into());
            interview.serial = interview.serial.saturating_add(1);
            interview.state =
                State::Open { request, tries: tries + 1, sent: now, until, first_serial };
            self.timeouts.insert((until, to));
            return Some(Transmit { to, kind: PacketKind::SnmpCommunity, credential });
        }
        None
    }

    fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Fit {
        match input {
            Input::Datagram { from, bytes } => self.take(now, from, bytes),
            Input::Refused { to, code } if to.port() == AGENT_PORT => {
                match self.open.get(&to.ip()) {
                    // Nobody listens there: no other credential helps.
                    Some(Interview { state: State::Open { .. }, .. }) => {
                        if is_final(code) {
                            self.break_off(to.ip(), Answer::Refused(Refusal::Unreachable(code)));
                        }
                        Fit::Taken
                    }
                    _ => Fit::NotMine,
                }
            }
            _ => Fit::NotMine,
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timeouts.first().map(|(until, _)| *until)
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some((until, to)) = self.timeouts.first().copied()
            && until <= now
        {
            self.timeouts.pop_first();
            self.wake(now, to);
        }
    }

    fn poll_observation(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    fn is_idle(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests;
