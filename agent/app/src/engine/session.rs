//! SNMPv3 with a user: the one module that knows the SNMP crate.
//!
//! The crate authenticates and encrypts; it sends nothing. Its `Transport` is ours: it hands bytes to the engine, which
//! alone checks the target, takes the token, writes the receipt and chooses frame or datagram, and which brings the
//! answers back. The crate's retries are at 0: the interview decides who is asked again.
//!
//! A client of the crate is kept for as long as its device is interviewed, since it holds the keys of that device: with
//! the key extension of Cisco they cost a million octets of hashing.

mod login;
mod transport;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_snmp::v3::{DesSaltState, DiscoveredEngine, EngineCache, ReportStatus};
use async_snmp::{Auth, Client, ClientBuilder, Error, MessageSize, Retry, UsmConfig};
use bytes::Bytes;
use herkomst_ids::{EngineId, Oid};
use herkomst_model::{Answer, Refusal};
use herkomst_probe::snmp::AGENT_PORT;
use herkomst_probe::snmp::credentials::{Credential, Login};
use herkomst_probe::snmp::exchange::{MOST_OCTETS, MOST_VARIABLES, Operation, Response, Value};
use herkomst_probe::snmp::interview::UserRequest;
use tokio::sync::{mpsc, oneshot};

use self::transport::{EngineTransport, Incoming, Line, Refused};

/// The most devices that users talk to at once. The pacer limits the load; this bounds the memory: the crate alone was once
/// measured to take 9 KB for a request in flight.
const MOST_ASKED: usize = 2048;
/// The most clients that are kept while their device is let be; others are made again.
const MOST_KEPT: usize = 2048;
/// Longer than any wait of ours: the engine says when a packet has left, and the wait begins there.
const NEVER: Duration = Duration::from_secs(600);

/// A message that a session wants sent.
pub(crate) struct Outgoing {
    /// Whom it is for.
    pub(crate) to: IpAddr,
    /// The credential it carries, by its place in the operator's list.
    pub(crate) credential: usize,
    /// The message.
    pub(crate) bytes: Vec<u8>,
    /// Told when it has left.
    pub(crate) sent: oneshot::Sender<()>,
}

/// What a session says.
pub(crate) enum Event {
    /// It wants this sent.
    Send(Outgoing),
    /// Its question is done.
    Done(IpAddr, Answer<Response>),
}

/// Users that cannot log in at all: their keys cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("credential {name:?} cannot be used: {reason}")]
pub(crate) struct SessionError {
    name: String,
    reason: String,
}

/// A device that a user talks to.
struct Session {
    credential: usize,
    /// The VLAN whose context the client asks in.
    vlan: Option<u16>,
    client: Client<EngineTransport>,
    line: Arc<Line>,
    /// Whether its question is open.
    asks: bool,
}

/// The sessions.
pub(crate) struct Sessions {
    logins: Vec<Option<UsmConfig>>,
    engines: Arc<EngineCache>,
    des_salt: DesSaltState,
    sessions: HashMap<IpAddr, Session>,
    asked: usize,
    events: mpsc::Receiver<Event>,
    to_engine: mpsc::Sender<Event>,
    /// Messages that wait for the gate.
    pub(crate) outgoing: VecDeque<Outgoing>,
}

impl Sessions {
    /// Derives the master keys of all users, once.
    pub(crate) fn new(credentials: &[Credential]) -> Result<Self, SessionError> {
        let logins = credentials.iter().map(|credential| match &credential.login {
            Login::V3(user) => login::usm(user)
                .map(Some)
                .map_err(|reason| SessionError { name: credential.name.to_string(), reason }),
            Login::V1(_) | Login::V2c(_) => Ok(None),
        });
        let logins = logins.collect::<Result<Vec<_>, _>>()?;
        let (to_engine, events) = mpsc::channel(MOST_ASKED);
        let des_salt =
            login::des_salt().map_err(|reason| SessionError { name: "DES".to_owned(), reason })?;
        Ok(Self {
            logins,
            engines: Arc::new(EngineCache::new()),
            des_salt,
            sessions: HashMap::new(),
            asked: 0,
            events,
            to_engine,
            outgoing: VecDeque::new(),
        })
    }

    /// Whether one more device may be asked.
    pub(crate) const fn has_room(&self) -> bool {
        self.asked < MOST_ASKED
    }

    /// Whether no question is open.
    pub(crate) const fn is_idle(&self) -> bool {
        self.asked == 0
    }

    /// Puts a user's question; its answer comes as an [`Event::Done`].
    pub(crate) fn start(&mut self, request: UserRequest, engine: Option<&EngineId>) {
        let to = request.to;
        let answer = match self.session(&request, engine) {
            // One question a device: the interview waits for the answer to the one before.
            Ok(session) if session.asks => return,
            Ok(session) => {
                session.asks = true;
                session.line.begin(request.wait);
                Ok(session.client.clone())
            }
            Err(answer) => Err(answer),
        };
        self.asked += 1;
        let to_engine = self.to_engine.clone();
        tokio::spawn(async move {
            let answer = match answer {
                Ok(client) => ask(&client, request.operation, &request.oids).await,
                Err(answer) => answer,
            };
            // The engine is gone only when the scan has ended.
            drop(to_engine.send(Event::Done(to, answer)).await);
        });
    }

    /// The session that a question is put in: the one before, where user and context are the same.
    fn session(
        &mut self,
        request: &UserRequest,
        engine: Option<&EngineId>,
    ) -> Result<&mut Session, Answer<Response>> {
        let fits = |session: &Session| {
            session.credential == request.credential && session.vlan == request.vlan
        };
        if !self.sessions.get(&request.to).is_some_and(fits) {
            let session = self.open(request, engine)?;
            self.sessions.insert(request.to, session);
        }
        self.sessions.get_mut(&request.to).ok_or(Answer::Silent { tries: 0 })
    }

    fn open(
        &self,
        request: &UserRequest,
        engine: Option<&EngineId>,
    ) -> Result<Session, Answer<Response>> {
        let Some(Some(login)) = self.logins.get(request.credential) else {
            return Err(Answer::Malformed("credential is no user".into()));
        };
        let peer = SocketAddr::new(request.to, AGENT_PORT);
        // What our own discovery found need not be asked again.
        if let Some(engine) = engine
            && self.engines.get(&peer).is_none()
            && let Ok(size) = MessageSize::new(65_507)
            && let Ok(discovered) =
                DiscoveredEngine::new(Bytes::copy_from_slice(engine.octets()), size)
            && let Err(error) = self.engines.insert_discovered(peer, discovered)
        {
            tracing::debug!(to = %request.to, %error, "engine id is not taken, discovery will run again");
        }
        let login = match request.vlan {
            Some(vlan) => login.clone().context_name(format!("vlan-{vlan}")),
            None => login.clone(),
        };
        let line = Arc::new(Line::new(peer, request.credential));
        let transport = EngineTransport::new(Arc::clone(&line), self.to_engine.clone());
        let client = ClientBuilder::new(Auth::Usm(login))
            .retry(Retry::none())
            .request_timeout(NEVER)
            .exchange_timeout(None)
            .max_oids_per_request(MOST_VARIABLES)
            .engine_cache(Arc::clone(&self.engines))
            .des_salt_state(self.des_salt.clone())
            .build_with_transport(transport)
            .map_err(|error| answer_of(&error, 0))?;
        let (credential, vlan) = (request.credential, request.vlan);
        Ok(Session { credential, vlan, client, line, asks: false })
    }

    /// Hands a datagram to the session that waits for one from there; says whether there is one.
    pub(crate) fn deliver(&self, from: SocketAddr, bytes: &[u8]) -> bool {
        self.sessions.get(&from.ip()).filter(|session| session.asks).is_some_and(|session| {
            session.line.push(Incoming::Datagram(from, Bytes::copy_from_slice(bytes)))
        })
    }

    /// Tells the session that the device's port is closed.
    pub(crate) fn refuse(&self, to: IpAddr, code: u8) -> bool {
        self.sessions
            .get(&to)
            .filter(|session| session.asks)
            .is_some_and(|session| session.line.push(Incoming::Refused(code)))
    }

    /// What the sessions say next.
    pub(crate) fn poll_event(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Event> {
        // `to_engine` is kept here, so the channel never closes.
        self.events.poll_recv(context).map(|event| event.expect("a sender is kept"))
    }

    /// A question is done. Where no other follows, or too many rest, the session is forgotten.
    pub(crate) fn done(&mut self, to: IpAddr, more_follows: bool) {
        self.asked = self.asked.saturating_sub(1);
        let resting = self.sessions.len().saturating_sub(self.asked);
        match self.sessions.get_mut(&to) {
            Some(session) if more_follows && resting <= MOST_KEPT => session.asks = false,
            _ => drop(self.sessions.remove(&to)),
        }
    }

    /// Forgets a device that is asked no more, unless its question is still open.
    pub(crate) fn forget(&mut self, to: IpAddr) {
        if self.sessions.get(&to).is_some_and(|session| !session.asks) {
            self.sessions.remove(&to);
        }
    }
}

/// Asks as the interview says. A question that the agent calls too big the crate halves by itself, one half after the
/// other; each passes the gate as any packet does.
async fn ask(
    client: &Client<EngineTransport>,
    operation: Operation,
    oids: &[Oid],
) -> Answer<Response> {
    let asked: Vec<async_snmp::Oid> =
        oids.iter().map(|oid| async_snmp::Oid::from_slice(oid.arcs())).collect();
    let chunks = match operation {
        Operation::Get => client.get_many_chunks(&asked),
        Operation::Next => client.get_next_many_chunks(&asked),
        Operation::Bulk { repetitions } => {
            return match client.get_bulk_with_metadata(&asked, 0, repetitions.into()).await {
                Ok(response) => bindings(response.varbinds),
                Err(error) => answer_of(&error, 0),
            };
        }
    };
    let mut chunks = match chunks {
        Ok(chunks) => chunks,
        Err(error) => return answer_of(&error, 0),
    };
    let mut all = Vec::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => all.extend(chunk.response.varbinds),
            Err(error) => return answer_of(&error.source, error.failed_request_range.start),
        }
    }
    bindings(all)
}

fn bindings(varbinds: Vec<async_snmp::VarBind>) -> Answer<Response> {
    let bindings = varbinds.into_iter().map(|bound| Some((oid(&bound.oid)?, value(bound.value))));
    match bindings.collect() {
        Some(bindings) => Answer::Is(Response::Bindings(bindings)),
        None => Answer::Malformed("answer names no object identifier (RFC 2578, 3.5)".into()),
    }
}

fn oid(oid: &async_snmp::Oid) -> Option<Oid> {
    Oid::new(oid.arcs())
}

fn value(value: async_snmp::Value) -> Value {
    match value {
        async_snmp::Value::Integer(number) => Value::Integer(number.into()),
        async_snmp::Value::Counter32(number)
        | async_snmp::Value::Gauge32(number)
        | async_snmp::Value::UInteger32(number) => Value::Unsigned(number.into()),
        async_snmp::Value::Counter64(number) => Value::Unsigned(number),
        async_snmp::Value::OctetString(octets) => {
            Value::Octets(octets[..octets.len().min(MOST_OCTETS)].to_vec())
        }
        async_snmp::Value::ObjectIdentifier(found) => oid(&found).map_or(Value::Other, Value::Oid),
        async_snmp::Value::IpAddress(address) => Value::Address(address),
        async_snmp::Value::TimeTicks(ticks) => Value::Ticks(ticks),
        async_snmp::Value::Null
        | async_snmp::Value::NoSuchObject
        | async_snmp::Value::NoSuchInstance => Value::Absent,
        async_snmp::Value::EndOfMibView => Value::EndOfView,
        _ => Value::Other,
    }
}

/// What a failure says of the device, whose part of the question began with the so manyth name. The crate's messages
/// hold no secret; they are kept for what is malformed.
fn answer_of(error: &Error, begins: usize) -> Answer<Response> {
    match error {
        Error::SharedOperation { source } => answer_of(source, begins),
        Error::Exchange { source, .. } => answer_of(source, begins),
        Error::Timeout { .. } | Error::Closed { .. } => Answer::Silent { tries: 1 },
        Error::Auth { .. } => Answer::Refused(Refusal::WrongKey),
        Error::Report { status, .. } => Answer::Refused(match **status {
            ReportStatus::UnknownUserName { .. }
            | ReportStatus::UnsupportedSecurityLevel { .. } => Refusal::UnknownUser,
            ReportStatus::WrongDigest { .. } | ReportStatus::DecryptionError { .. } => {
                Refusal::WrongKey
            }
            ReportStatus::NotInTimeWindow { .. } => Refusal::NotInTimeWindow,
            _ => return Answer::Malformed(error.to_string().into()),
        }),
        Error::Snmp { status, index, .. } => {
            // 0 is the question as a whole.
            let index = i32::try_from(*index).unwrap_or(0);
            let before = i32::try_from(begins).unwrap_or(0);
            let index = if index > 0 { index.saturating_add(before) } else { 0 };
            Answer::Is(Response::Error { status: status.as_i32(), index })
        }
        Error::Network { source, .. } => {
            match source.get_ref().and_then(|e| e.downcast_ref::<Refused>()) {
                Some(Refused(refusal)) => Answer::Refused(*refusal),
                None => Answer::Malformed(error.to_string().into()),
            }
        }
        other => Answer::Malformed(other.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_crate_is_one_of_ours() {
        use async_snmp::Value as Theirs;
        for (theirs, ours) in [
            (Theirs::Integer(-7), Value::Integer(-7)),
            (Theirs::Counter32(u32::MAX), Value::Unsigned(u32::MAX.into())),
            (Theirs::Gauge32(5), Value::Unsigned(5)),
            (Theirs::Counter64(u64::MAX), Value::Unsigned(u64::MAX)),
            (Theirs::OctetString(vec![7; 3000].into()), Value::Octets(vec![7; MOST_OCTETS])),
            (Theirs::IpAddress([10, 0, 0, 1]), Value::Address([10, 0, 0, 1])),
            (Theirs::TimeTicks(9), Value::Ticks(9)),
            (Theirs::Null, Value::Absent),
            (Theirs::NoSuchObject, Value::Absent),
            (Theirs::NoSuchInstance, Value::Absent),
            (Theirs::EndOfMibView, Value::EndOfView),
        ] {
            assert_eq!(value(theirs), ours);
        }
    }

    #[test]
    fn an_error_index_counts_from_the_first_name_of_the_whole_question() {
        let error = |index| Error::Snmp {
            target: SocketAddr::from(([10, 0, 0, 1], 161)),
            status: async_snmp::ErrorStatus::GenErr,
            index,
            oid: None,
            metadata: Box::default(),
        };
        for (index, begins, told) in [(2, 0, 2), (2, 5, 7), (0, 5, 0)] {
            let answer = answer_of(&error(index), begins);
            assert_eq!(answer, Answer::Is(Response::Error { status: 5, index: told }));
        }
    }
}
