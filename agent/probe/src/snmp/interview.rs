//! Asks a device for its system group with the credentials it may see, one after the other, one open request at a time.
//!
//! Requests by v1 and v2c are made and read here. Those of a v3 user are handed out as questions
//! ([`Interviews::poll_user_request`]) to whoever can authenticate them; the answers come back through
//! [`Interviews::handle_user_answer`].

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use herkomst_ids::{EngineId, Oid};
use herkomst_model::{About, Answer, Fact, Method, PacketKind, Refusal, SnmpVersion, System, Why};
use herkomst_wire::WireError;
use herkomst_wire::snmp::{CommunityMessage, Pdu, PduKind, Value as WireValue, Version, emit_get};

use super::cookie::Cookies;
use super::credentials::{Credential, Ladder, Login, Secret, ladder};
use super::system::{Response, Step, SystemGroup, Value};
use super::{AGENT_PORT, is_final};
use crate::retry::Retry;
use crate::{Fit, Gate, Input, Probe, Seen, Transmit};

/// A question that a v3 user puts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRequest {
    /// Whom to ask.
    pub to: Ipv4Addr,
    /// Which credential, by its place in the operator's list.
    pub credential: usize,
    /// The objects to get.
    pub oids: Vec<Oid>,
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
    Ready { oids: Vec<Oid>, tries: u8 },
    /// A community request is open.
    Open { oids: Vec<Oid>, tries: u8, until: Instant, first_serial: u8 },
    /// A user request is open.
    WithUser { oids: Vec<Oid>, tries: u8 },
}

#[derive(Debug)]
struct Interview {
    ladder: Ladder,
    rung: usize,
    group: SystemGroup,
    state: State,
    /// Counts requests, so that each has a number of its own.
    serial: u8,
    /// The strongest thing said so far that is no answer.
    no: Answer<System>,
}

/// All open interviews.
#[derive(Debug)]
pub struct Interviews {
    credentials: Arc<[Credential]>,
    cookies: Cookies,
    retry: Retry,
    open: HashMap<Ipv4Addr, Interview>,
    /// Whose interview has ended: at most one for each target.
    ended: HashSet<Ipv4Addr>,
    ready: VecDeque<Ipv4Addr>,
    ready_for_user: VecDeque<Ipv4Addr>,
    timeouts: BTreeSet<(Instant, Ipv4Addr)>,
    seen: VecDeque<Seen>,
}

impl Interviews {
    /// No interviews yet.
    pub fn new(credentials: Arc<[Credential]>, cookies: Cookies, retry: Retry) -> Self {
        Self {
            credentials,
            cookies,
            retry,
            open: HashMap::new(),
            ended: HashSet::new(),
            ready: VecDeque::new(),
            ready_for_user: VecDeque::new(),
            timeouts: BTreeSet::new(),
            seen: VecDeque::new(),
        }
    }

    /// Begins with a device whose engine discovery is over. Each is interviewed once: a late answer to the discovery
    /// begins nothing anew.
    pub fn add(&mut self, to: Ipv4Addr, discovered: &Discovered) {
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
        let (group, state) = self.begin(*first);
        self.open.insert(to, Interview { ladder, rung: 0, group, state, serial: 0, no });
        self.enqueue(to);
    }

    fn begin(&self, place: usize) -> (SystemGroup, State) {
        let credential = &self.credentials[place];
        let mut group = SystemGroup::new(credential.login.version(), Arc::clone(&credential.name));
        let oids = group.request();
        (group, State::Ready { oids, tries: 0 })
    }

    fn credential(&self, interview: &Interview) -> &Credential {
        &self.credentials[interview.ladder.offered[interview.rung]]
    }

    fn enqueue(&mut self, to: Ipv4Addr) {
        let is_user =
            self.open.get(&to).is_some_and(|i| matches!(self.credential(i).login, Login::V3(_)));
        if is_user { &mut self.ready_for_user } else { &mut self.ready }.push_back(to);
    }

    fn end(&mut self, to: Ipv4Addr, answer: Answer<System>) {
        self.ended.insert(to);
        if let Some(Interview { state: State::Open { until, .. }, .. }) = self.open.remove(&to) {
            self.timeouts.remove(&(until, to));
        }
        let answer = match answer {
            Answer::NotAsked(why) => Answer::NotAsked(why),
            Answer::Silent { tries } => Answer::Silent { tries },
            Answer::Refused(refusal) => Answer::Refused(refusal),
            Answer::Malformed(what) => Answer::Malformed(what),
            Answer::Is(system) => Answer::Is(Fact::System(system)),
        };
        let about = About::Address(to.into());
        self.seen.push_back(Seen { method: Method::Snmp, about, vlan: None, answer });
    }

    /// Ends an interview that no other credential helps; what the device has said before is kept.
    fn break_off(&mut self, to: Ipv4Addr, no: Answer<System>) {
        let partial = self.open.get(&to).and_then(|interview| interview.group.partial());
        self.end(to, partial.map_or(no, Answer::Is));
    }

    /// Ends an interview whose packets cannot be sent.
    pub fn give_up(&mut self, target: Ipv4Addr, why: Why) {
        if self.open.contains_key(&target) {
            self.break_off(target, Answer::NotAsked(why));
        }
    }

    /// Goes on to the next credential, or ends with the most telling of the answers that were none. A credential
    /// that part of the group was read with is the right one: no other is tried.
    fn next_rung(&mut self, to: Ipv4Addr, no: Answer<System>) {
        if self.open.get(&to).is_some_and(|interview| interview.group.partial().is_some()) {
            return self.break_off(to, no);
        }
        let Some(mut interview) = self.open.remove(&to) else { return };
        if let State::Open { until, .. } = interview.state {
            self.timeouts.remove(&(until, to));
        }
        if telling(&no) > telling(&interview.no) {
            interview.no = no;
        }
        interview.rung += 1;
        match interview.ladder.offered.get(interview.rung).copied() {
            Some(place) => {
                (interview.group, interview.state) = self.begin(place);
                self.open.insert(to, interview);
                self.enqueue(to);
            }
            None => self.end(to, interview.no),
        }
    }

    fn take_response(&mut self, to: Ipv4Addr, response: Response) {
        let Some(interview) = self.open.get_mut(&to) else { return };
        if let State::Open { until, .. } = interview.state {
            self.timeouts.remove(&(until, to));
        }
        match interview.group.take(response) {
            Step::Ask(oids) => {
                interview.state = State::Ready { oids, tries: 0 };
                self.enqueue(to);
            }
            Step::Done(system) => self.end(to, Answer::Is(system)),
            Step::Refused(refusal) => self.next_rung(to, Answer::Refused(refusal)),
        }
    }

    /// The next question that a v3 user is to put, if any; its answer is then waited for.
    pub fn poll_user_request(&mut self) -> Option<UserRequest> {
        while let Some(to) = self.ready_for_user.pop_front() {
            let Some(interview) = self.open.get_mut(&to) else { continue };
            let State::Ready { oids, tries } = &mut interview.state else { continue };
            let (oids, tries) = (std::mem::take(oids), *tries);
            let wait = self.retry.wait(tries).expect("only tries that exist are made ready");
            let credential = interview.ladder.offered[interview.rung];
            let request = UserRequest { to, credential, oids: oids.clone(), wait };
            interview.state = State::WithUser { oids, tries: tries + 1 };
            return Some(request);
        }
        None
    }

    /// Takes what came of a user's question.
    pub fn handle_user_answer(&mut self, to: Ipv4Addr, answer: Answer<Response>) {
        let Some(interview) = self.open.get_mut(&to) else { return };
        let State::WithUser { oids, tries } = &mut interview.state else { return };
        match answer {
            Answer::Is(response) => self.take_response(to, response),
            Answer::Silent { .. } if *tries < self.retry.tries() => {
                interview.state = State::Ready { oids: std::mem::take(oids), tries: *tries };
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

    fn take(&mut self, from: SocketAddrV4, bytes: &[u8]) -> Fit {
        let address = *from.ip();
        let Some(interview) = self.open.get(&address) else {
            return Fit::NotMine;
        };
        let State::Open { tries, first_serial, .. } = interview.state else {
            return Fit::NotMine;
        };
        let what = if from.port() != AGENT_PORT {
            "answer comes from another port than 161".to_owned()
        } else {
            match self.read(address, interview, tries, first_serial, bytes) {
                Ok(response) => {
                    self.take_response(address, response);
                    return Fit::Taken;
                }
                Err(what) => what,
            }
        };
        tracing::debug!(from = %address, what, "answer to a GET is malformed");
        let interview = self.open.get_mut(&address).expect("was there above");
        let broken = Answer::Malformed(what.into());
        if telling(&broken) > telling(&interview.no) {
            interview.no = broken;
        }
        Fit::Ignored
    }

    fn read(
        &self,
        from: Ipv4Addr,
        interview: &Interview,
        tries: u8,
        first: u8,
        bytes: &[u8],
    ) -> Result<Response, String> {
        let message = CommunityMessage::parse(bytes).map_err(|error| error.to_string())?;
        let (version, community) =
            community(&self.credential(interview).login).ok_or("a user is asking")?;
        let ours = (first..first.saturating_add(tries))
            .any(|n| self.cookies.request_id(from, n) == message.pdu.request_id);
        if !ours {
            return Err("answer carries another request id than was sent".to_owned());
        }
        if message.version != version || message.community != community.expose() {
            return Err("answer carries another version or community than was sent".to_owned());
        }
        if message.pdu.kind != PduKind::Response {
            return Err("answer is no Response PDU".to_owned());
        }
        response(&message.pdu).map_err(|error| error.to_string())
    }
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

fn community(login: &Login) -> Option<(Version, &Secret)> {
    match login {
        Login::V1(community) => Some((Version::V1, community)),
        Login::V2c(community) => Some((Version::V2c, community)),
        Login::V3(_) => None,
    }
}

fn response(pdu: &Pdu<'_>) -> Result<Response, WireError> {
    if pdu.error_status != 0 {
        return Ok(Response::Error { status: pdu.error_status, index: pdu.error_index });
    }
    let bindings = pdu.bindings().map(|binding| {
        let binding = binding?;
        let value = match binding.value {
            WireValue::Integer(number) => Value::Integer(number),
            WireValue::OctetString(octets) => Value::Octets(octets.to_vec()),
            WireValue::Oid(oid) => Value::Oid(oid),
            WireValue::TimeTicks(ticks) => Value::Ticks(ticks),
            WireValue::Null
            | WireValue::NoSuchObject
            | WireValue::NoSuchInstance
            | WireValue::EndOfMibView => Value::Absent,
            _ => Value::Other,
        };
        Ok((binding.name, value))
    });
    bindings.collect::<Result<_, WireError>>().map(Response::Bindings)
}

impl Probe for Interviews {
    fn poll_transmit(
        &mut self,
        now: Instant,
        gate: &mut dyn Gate,
        bytes: &mut Vec<u8>,
    ) -> Option<Transmit> {
        for _ in 0..self.ready.len().min(32) {
            let to = self.ready.pop_front()?;
            let Some(interview) = self.open.get_mut(&to) else { continue };
            let State::Ready { oids, tries } = &mut interview.state else { continue };
            let place = interview.ladder.offered[interview.rung];
            let credential = &self.credentials[place];
            let Some((version, secret)) = community(&credential.login) else { continue };
            if !gate.admits(to, now) {
                self.ready.push_back(to);
                continue;
            }
            let (oids, tries) = (std::mem::take(oids), *tries);
            bytes.clear();
            let id = self.cookies.request_id(to, interview.serial);
            emit_get(bytes, version, secret.expose(), PduKind::Get, id, &oids);
            let until = now + self.retry.wait(tries).expect("only tries that exist are made ready");
            let first_serial = interview.serial - tries;
            interview.serial = interview.serial.saturating_add(1);
            interview.state = State::Open { oids, tries: tries + 1, until, first_serial };
            self.timeouts.insert((until, to));
            let credential = Some(Arc::clone(&credential.name));
            return Some(Transmit { to, kind: PacketKind::SnmpCommunity, credential });
        }
        None
    }

    fn handle_input(&mut self, _now: Instant, input: Input<'_>) -> Fit {
        match input {
            Input::Datagram { from, bytes } => self.take(from, bytes),
            Input::Refused { to, code } if to.port() == AGENT_PORT => {
                match self.open.get(to.ip()) {
                    // Nobody listens there: no other credential helps.
                    Some(Interview { state: State::Open { .. }, .. }) => {
                        if is_final(code) {
                            self.break_off(*to.ip(), Answer::Refused(Refusal::Unreachable(code)));
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
            let Some(interview) = self.open.get_mut(&to) else { continue };
            let State::Open { oids, tries, .. } = &mut interview.state else { continue };
            let tries = *tries;
            if tries < self.retry.tries() {
                interview.state = State::Ready { oids: std::mem::take(oids), tries };
                self.ready.push_back(to);
            } else {
                self.next_rung(to, Answer::Silent { tries });
            }
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
mod tests {
    use herkomst_wire::snmp::emit_response;

    use super::super::credentials::User;
    use super::*;
    use crate::sweep::tests::Open;

    const TARGET: Ipv4Addr = Ipv4Addr::new(10, 50, 7, 9);

    fn credential(name: &str, login: Login) -> Credential {
        Credential {
            name: name.into(),
            prefixes: vec!["10.50.0.0/16".parse().unwrap()],
            engine_ids: vec![],
            login,
        }
    }

    fn communities(names: &[&str]) -> Interviews {
        let all = names
            .iter()
            .map(|name| credential(name, Login::V2c(Secret::new(name.as_bytes()))))
            .collect();
        Interviews::new(all, Cookies::new([3; 16]), Retry::of_millis(&[100, 200]))
    }

    fn with_user() -> Interviews {
        let user = User { name: "lab".into(), auth: None, privacy: None, context: "".into() };
        Interviews::new(
            [credential("v3", Login::V3(user))].into(),
            Cookies::new([3; 16]),
            Retry::of_millis(&[100, 200]),
        )
    }

    fn engine() -> Discovered {
        Discovered::Engine(EngineId::new(&[0x80, 0, 0x1f, 0x88, 4, 1]).unwrap())
    }

    fn ask(interviews: &mut Interviews) -> Option<(Vec<u8>, Transmit)> {
        let mut bytes = Vec::new();
        interviews.poll_transmit(Instant::now(), &mut Open, &mut bytes).map(|sent| (bytes, sent))
    }

    fn answer_to(request: &[u8], text: &str, change: impl Fn(&mut i32)) -> Vec<u8> {
        let message = CommunityMessage::parse(request).unwrap();
        let mut id = message.pdu.request_id;
        change(&mut id);
        let first = message.pdu.bindings().next().unwrap().unwrap().name;
        let bindings = [(first, WireValue::OctetString(text.as_bytes()))];
        let mut bytes = Vec::new();
        emit_response(&mut bytes, message.version, message.community, id, 0, 0, &bindings);
        bytes
    }

    fn error_to(request: &[u8], status: i32) -> Vec<u8> {
        let message = CommunityMessage::parse(request).unwrap();
        let id = message.pdu.request_id;
        let mut bytes = Vec::new();
        emit_response(&mut bytes, message.version, message.community, id, status, 0, &[]);
        bytes
    }

    fn refuse(interviews: &mut Interviews, code: u8) -> Fit {
        let refused = Input::Refused { to: SocketAddrV4::new(TARGET, 161), code };
        interviews.handle_input(Instant::now(), refused)
    }

    fn hear(interviews: &mut Interviews, bytes: &[u8]) -> Fit {
        interviews.handle_input(
            Instant::now(),
            Input::Datagram { from: SocketAddrV4::new(TARGET, 161), bytes },
        )
    }

    #[test]
    fn a_device_is_asked_and_its_answer_is_the_system_group() {
        let mut interviews = communities(&["public"]);
        interviews.add(TARGET, &Discovered::Silent);
        let (request, sent) = ask(&mut interviews).unwrap();
        assert_eq!(sent.credential.as_deref(), Some("public"));
        assert!(ask(&mut interviews).is_none(), "one open request a device");
        assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
        let Answer::Is(Fact::System(system)) = interviews.poll_observation().unwrap().answer else {
            panic!()
        };
        assert_eq!((system.description, system.credential.as_ref()), (Some("d".into()), "public"));
        assert!(interviews.is_idle() && interviews.poll_timeout().is_none());
    }

    /// A device of which half the group has been read with the first of two credentials, and is asked for the rest.
    fn half_read() -> Interviews {
        let mut interviews = communities(&["one", "two"]);
        interviews.add(TARGET, &Discovered::Silent);
        let (request, _) = ask(&mut interviews).unwrap();
        let too_big = error_to(&request, 1);
        assert_eq!(hear(&mut interviews, &too_big), Fit::Taken);
        let (request, _) = ask(&mut interviews).unwrap();
        assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
        assert_eq!(interviews.poll_observation(), None);
        interviews
    }

    fn assert_ends_with_half(interviews: &mut Interviews) {
        let Answer::Is(Fact::System(system)) = interviews.poll_observation().unwrap().answer else {
            panic!("what was read is not thrown away")
        };
        assert_eq!((system.description, system.cut_short), (Some("d".into()), true));
        assert_eq!(system.credential.as_ref(), "one");
        assert!(interviews.is_idle() && ask(interviews).is_none(), "nor is the next one tried");
        assert_eq!((interviews.poll_observation(), interviews.poll_timeout()), (None, None));
    }

    #[test]
    fn what_a_device_said_before_it_fell_silent_is_kept() {
        let mut interviews = half_read();
        for _ in 0..2 {
            ask(&mut interviews).unwrap();
            let until = interviews.poll_timeout().unwrap();
            interviews.handle_timeout(until);
        }
        assert_ends_with_half(&mut interviews);
    }

    #[test]
    fn what_a_device_said_before_it_erred_or_was_cut_off_is_kept() {
        let mut erred = half_read();
        let (request, _) = ask(&mut erred).unwrap();
        hear(&mut erred, &error_to(&request, 5));
        assert_ends_with_half(&mut erred);
        let mut refused = half_read();
        ask(&mut refused).unwrap();
        refuse(&mut refused, 3);
        assert_ends_with_half(&mut refused);
        let mut unsent = half_read();
        unsent.give_up(TARGET, Why::NoRoute);
        assert_ends_with_half(&mut unsent);
    }

    #[test]
    fn what_a_device_said_to_a_user_before_it_fell_silent_is_kept() {
        let mut interviews = with_user();
        interviews.add(TARGET, &engine());
        interviews.poll_user_request().unwrap();
        let too_big = Response::Error { status: 1, index: 0 };
        interviews.handle_user_answer(TARGET, Answer::Is(too_big));
        let first = interviews.poll_user_request().unwrap().oids[0].clone();
        let bindings = vec![(first, Value::Octets(b"d".to_vec()))];
        interviews.handle_user_answer(TARGET, Answer::Is(Response::Bindings(bindings)));
        interviews.poll_user_request().unwrap();
        interviews.handle_user_answer(TARGET, Answer::Refused(Refusal::WrongKey));
        let Answer::Is(Fact::System(system)) = interviews.poll_observation().unwrap().answer else {
            panic!("what was read is not thrown away")
        };
        assert!(system.cut_short && system.description.is_some());
    }

    #[test]
    fn another_request_id_is_counted_and_waited_past() {
        let mut interviews = communities(&["public"]);
        interviews.add(TARGET, &Discovered::Silent);
        let (request, _) = ask(&mut interviews).unwrap();
        assert_eq!(hear(&mut interviews, &answer_to(&request, "x", |id| *id ^= 1)), Fit::Ignored);
        assert_eq!(hear(&mut interviews, b"\x30\x03garbage"), Fit::Ignored);
        assert_eq!(hear(&mut interviews, &request), Fit::Ignored, "our own request is no answer");
        assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
    }

    #[test]
    fn a_silent_device_is_offered_the_next_credential_after_the_last_try() {
        let mut interviews = communities(&["one", "two"]);
        interviews.add(TARGET, &Discovered::Silent);
        for name in ["one", "one", "two", "two"] {
            assert_eq!(ask(&mut interviews).unwrap().1.credential.as_deref(), Some(name));
            let until = interviews.poll_timeout().unwrap();
            interviews.handle_timeout(until);
        }
        assert!(ask(&mut interviews).is_none());
        assert_eq!(interviews.poll_observation().unwrap().answer, Answer::Silent { tries: 2 });
    }

    #[test]
    fn a_late_answer_to_an_earlier_try_counts() {
        let mut interviews = communities(&["public"]);
        interviews.add(TARGET, &Discovered::Silent);
        let (first, _) = ask(&mut interviews).unwrap();
        let until = interviews.poll_timeout().unwrap();
        interviews.handle_timeout(until);
        let (second, _) = ask(&mut interviews).unwrap();
        assert_ne!(first, second);
        assert_eq!(hear(&mut interviews, &answer_to(&first, "d", |_| ())), Fit::Taken);
    }

    #[test]
    fn a_user_is_asked_for_only_where_an_engine_answered() {
        let mut interviews = with_user();
        interviews.add(Ipv4Addr::new(10, 50, 7, 8), &Discovered::Silent);
        assert_eq!(interviews.poll_user_request(), None);
        assert_eq!(interviews.poll_observation().unwrap().answer, Answer::Silent { tries: 2 });
        interviews.add(TARGET, &engine());
        let request = interviews.poll_user_request().unwrap();
        assert_eq!((request.to, request.credential, request.oids.len()), (TARGET, 0, 7));
        interviews.handle_user_answer(TARGET, Answer::Silent { tries: 1 });
        assert_eq!(interviews.poll_user_request().unwrap().wait, Duration::from_millis(200));
        interviews.handle_user_answer(TARGET, Answer::Refused(Refusal::WrongKey));
        assert_eq!(
            interviews.poll_observation().unwrap().answer,
            Answer::Refused(Refusal::WrongKey)
        );
    }

    #[test]
    fn a_device_is_interviewed_once() {
        let mut interviews = communities(&["public"]);
        interviews.add(TARGET, &Discovered::Silent);
        let (request, _) = ask(&mut interviews).unwrap();
        hear(&mut interviews, &answer_to(&request, "d", |_| ()));
        assert!(interviews.poll_observation().is_some());
        interviews.add(TARGET, &engine());
        assert!(interviews.is_idle() && ask(&mut interviews).is_none());
        assert_eq!(interviews.poll_observation(), None);
    }

    #[test]
    fn nothing_is_sent_where_no_credential_is_bound() {
        let mut interviews = communities(&["public"]);
        interviews.add(Ipv4Addr::new(10, 51, 0, 1), &engine());
        assert!(ask(&mut interviews).is_none());
        assert_eq!(
            interviews.poll_observation().unwrap().answer,
            Answer::NotAsked(Why::NoCredential)
        );
    }

    #[test]
    fn a_router_that_finds_no_way_does_not_end_the_interview() {
        let mut interviews = communities(&["public"]);
        interviews.add(TARGET, &Discovered::Silent);
        assert_eq!(refuse(&mut interviews, 3), Fit::NotMine, "nothing was sent yet");
        let (request, _) = ask(&mut interviews).unwrap();
        for code in [0, 1, 12] {
            assert_eq!(refuse(&mut interviews, code), Fit::Taken);
        }
        assert_eq!((interviews.poll_observation(), interviews.is_idle()), (None, false));
        assert_eq!(hear(&mut interviews, &answer_to(&request, "d", |_| ())), Fit::Taken);
        assert!(interviews.is_idle());
    }

    #[test]
    fn a_closed_port_ends_the_interview() {
        let mut interviews = communities(&["one", "two"]);
        interviews.add(TARGET, &Discovered::Silent);
        ask(&mut interviews).unwrap();
        assert_eq!(refuse(&mut interviews, 3), Fit::Taken);
        assert_eq!(
            interviews.poll_observation().unwrap().answer,
            Answer::Refused(Refusal::Unreachable(3))
        );
        assert!(interviews.is_idle());
    }
}
