//! SNMPv3 with a user: the one module that knows the SNMP crate.
//!
//! The crate authenticates and encrypts; it sends nothing. Its `Transport` is ours: it hands bytes to the engine, which
//! alone checks the target, takes the token, writes the receipt and chooses frame or datagram, and which brings the
//! answers back. The crate's retries are at 0: the interview decides who is asked again.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_snmp::transport::Transport;
use async_snmp::v3::{
    DesSaltState, DiscoveredEngine, EngineCache, PersistedDesSaltState, ReportStatus,
};
use async_snmp::{
    Auth, Candidate, ClientBuilder, Error, MasterKeys, MessageSize, RequestRegistration,
    ResponseIdentity, Retry, UsmConfig,
};
use bytes::Bytes;
use herkomst_ids::{EngineId, Oid};
use herkomst_model::{Answer, Refusal};
use herkomst_probe::snmp::AGENT_PORT;
use herkomst_probe::snmp::credentials::{AuthProtocol, Credential, Login, PrivProtocol, User};
use herkomst_probe::snmp::interview::UserRequest;
use herkomst_probe::snmp::system::{Response, Value};
use herkomst_wire::snmp::{PduKind, V3Message};
use tokio::sync::{Mutex, mpsc, oneshot};

/// The most devices that users talk to at once. The pacer limits the load; this bounds the memory.
const MOST_OPEN: usize = 256;
/// The most unread datagrams a device: it has one question to answer.
const INBOX: usize = 16;
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
    /// It is done.
    Done(IpAddr, Answer<Response>),
}

enum Incoming {
    Datagram(SocketAddr, Bytes),
    Refused(u8),
}

/// Users that cannot log in at all: their keys cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("credential {name:?} cannot be used: {reason}")]
pub(crate) struct SessionError {
    name: String,
    reason: String,
}

/// The open sessions.
pub(crate) struct Sessions {
    logins: Vec<Option<UsmConfig>>,
    engines: Arc<EngineCache>,
    des_salt: DesSaltState,
    inboxes: HashMap<IpAddr, mpsc::Sender<Incoming>>,
    events: mpsc::Receiver<Event>,
    to_engine: mpsc::Sender<Event>,
    /// Messages that wait for the gate.
    pub(crate) outgoing: VecDeque<Outgoing>,
}

impl Sessions {
    /// Derives the master keys of all users, once (RFC 3414, A.2): a million octets of hashing each.
    pub(crate) fn new(credentials: &[Credential]) -> Result<Self, SessionError> {
        let logins = credentials.iter().map(|credential| match &credential.login {
            Login::V3(user) => usm(user)
                .map(Some)
                .map_err(|reason| SessionError { name: credential.name.to_string(), reason }),
            Login::V1(_) | Login::V2c(_) => Ok(None),
        });
        let logins = logins.collect::<Result<Vec<_>, _>>()?;
        let (to_engine, events) = mpsc::channel(MOST_OPEN);
        let des_salt =
            des_salt().map_err(|reason| SessionError { name: "DES".to_owned(), reason })?;
        Ok(Self {
            logins,
            engines: Arc::new(EngineCache::new()),
            des_salt,
            inboxes: HashMap::new(),
            events,
            to_engine,
            outgoing: VecDeque::new(),
        })
    }

    /// Whether one more device may be talked to.
    pub(crate) fn has_room(&self) -> bool {
        self.inboxes.len() < MOST_OPEN
    }

    /// Whether nothing is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.inboxes.is_empty()
    }

    /// Puts a user's question; its answer comes as an [`Event::Done`].
    pub(crate) fn start(&mut self, request: UserRequest, engine: Option<&EngineId>) {
        let Some(Some(login)) = self.logins.get(request.credential) else { return };
        let to = request.to;
        let peer = SocketAddr::from((to, AGENT_PORT));
        // What our own discovery found need not be asked again.
        if let Some(engine) = engine
            && self.engines.get(&peer).is_none()
            && let Ok(size) = MessageSize::new(65_507)
            && let Ok(discovered) =
                DiscoveredEngine::new(Bytes::copy_from_slice(engine.octets()), size)
            && let Err(error) = self.engines.insert_discovered(peer, discovered)
        {
            tracing::debug!(%to, %error, "engine id is not taken, discovery will run again");
        }
        let (to_session, inbox) = mpsc::channel(INBOX);
        self.inboxes.insert(to, to_session);
        let transport = EngineTransport {
            peer,
            credential: request.credential,
            wait: request.wait,
            to_engine: self.to_engine.clone(),
            inbox: Arc::new(Mutex::new(inbox)),
        };
        let builder = ClientBuilder::new(Auth::Usm(login.clone()))
            .retry(Retry::none())
            .request_timeout(NEVER)
            .exchange_timeout(None)
            .max_oids_per_request(10)
            .engine_cache(Arc::clone(&self.engines))
            .des_salt_state(self.des_salt.clone());
        let to_engine = self.to_engine.clone();
        tokio::spawn(async move {
            let answer = match builder.build_with_transport(transport) {
                Ok(client) => get(&client, &request.oids).await,
                Err(error) => answer_of(&error),
            };
            // The engine is gone only when the scan has ended.
            drop(to_engine.send(Event::Done(to, answer)).await);
        });
    }

    /// Hands a datagram to the session that waits for one from there; says whether there is one.
    pub(crate) fn deliver(&self, from: SocketAddr, bytes: &[u8]) -> bool {
        let Some(inbox) = self.inboxes.get(&from.ip()) else { return false };
        inbox.try_send(Incoming::Datagram(from, Bytes::copy_from_slice(bytes))).is_ok()
    }

    /// Tells the session that the device's port is closed.
    pub(crate) fn refuse(&self, to: IpAddr, code: u8) -> bool {
        self.inboxes.get(&to).is_some_and(|inbox| inbox.try_send(Incoming::Refused(code)).is_ok())
    }

    /// What the sessions say next.
    pub(crate) fn poll_event(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Event> {
        // `to_engine` is kept here, so the channel never closes.
        self.events.poll_recv(context).map(|event| event.expect("a sender is kept"))
    }

    /// Forgets a session that is done.
    pub(crate) fn close(&mut self, to: IpAddr) {
        self.inboxes.remove(&to);
    }
}

async fn get(client: &async_snmp::Client<EngineTransport>, oids: &[Oid]) -> Answer<Response> {
    let asked: Vec<async_snmp::Oid> =
        oids.iter().map(|oid| async_snmp::Oid::from_slice(oid.arcs())).collect();
    match client.get_many(&asked).await {
        Ok(response) => {
            let bindings = response.varbinds.into_iter();
            Answer::Is(Response::Bindings(
                bindings.filter_map(|bound| Some((oid(&bound.oid)?, value(bound.value)))).collect(),
            ))
        }
        Err(error) => answer_of(&error),
    }
}

fn oid(oid: &async_snmp::Oid) -> Option<Oid> {
    Oid::new(oid.arcs())
}

fn value(value: async_snmp::Value) -> Value {
    match value {
        async_snmp::Value::Integer(number) => Value::Integer(number.into()),
        async_snmp::Value::OctetString(octets) => Value::Octets(octets.to_vec()),
        async_snmp::Value::ObjectIdentifier(found) => oid(&found).map_or(Value::Other, Value::Oid),
        async_snmp::Value::TimeTicks(ticks) => Value::Ticks(ticks),
        async_snmp::Value::Null
        | async_snmp::Value::NoSuchObject
        | async_snmp::Value::NoSuchInstance
        | async_snmp::Value::EndOfMibView => Value::Absent,
        _ => Value::Other,
    }
}

/// What a failure says of the device. The crate's messages hold no secret; they are kept for what is malformed.
fn answer_of(error: &Error) -> Answer<Response> {
    match error {
        Error::SharedOperation { source } => answer_of(source),
        Error::Exchange { source, .. } => answer_of(source),
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
            let index = i32::try_from(*index).unwrap_or(0);
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

/// A refusal on its way through the crate's error type.
#[derive(Debug, thiserror::Error)]
#[error("refused: {0:?}")]
struct Refused(Refusal);

/// What a report says of the user (RFC 3414, 3.2: usmStats under 1.3.6.1.6.3.15.1.1). Such a report cannot be
/// authenticated, so it ends nothing: it only tells a refusal from silence once the time is over.
fn refusal_in(bytes: &[u8]) -> Option<Refusal> {
    let message = V3Message::parse(bytes).ok()?;
    let pdu = message.scoped?.pdu;
    if pdu.kind != PduKind::Report {
        return None;
    }
    match pdu.bindings().next()?.ok()?.name.arcs() {
        [1, 3, 6, 1, 6, 3, 15, 1, 1, counter, 0] => match counter {
            1 | 3 => Some(Refusal::UnknownUser),
            5 | 6 => Some(Refusal::WrongKey),
            _ => None,
        },
        _ => None,
    }
}

fn usm(user: &User) -> Result<UsmConfig, String> {
    let named = UsmConfig::new(Bytes::copy_from_slice(user.name.as_bytes()))
        .context_name(Bytes::copy_from_slice(user.context.as_bytes()));
    let Some((auth, password)) = &user.auth else { return Ok(named) };
    let auth = match auth {
        AuthProtocol::Md5 => async_snmp::AuthProtocol::Md5,
        AuthProtocol::Sha1 => async_snmp::AuthProtocol::Sha1,
        AuthProtocol::Sha224 => async_snmp::AuthProtocol::Sha224,
        AuthProtocol::Sha256 => async_snmp::AuthProtocol::Sha256,
        AuthProtocol::Sha384 => async_snmp::AuthProtocol::Sha384,
        AuthProtocol::Sha512 => async_snmp::AuthProtocol::Sha512,
    };
    let mut keys = MasterKeys::new(auth, password.expose()).map_err(|error| error.to_string())?;
    if let Some((privacy, password)) = &user.privacy {
        let privacy = match privacy {
            PrivProtocol::Des => async_snmp::PrivProtocol::Des,
            PrivProtocol::Aes128 => async_snmp::PrivProtocol::Aes128,
            PrivProtocol::Aes192 => async_snmp::PrivProtocol::Aes192Blumenthal,
            PrivProtocol::Aes256 => async_snmp::PrivProtocol::Aes256Blumenthal,
            PrivProtocol::Aes192Reeder => async_snmp::PrivProtocol::Aes192Reeder,
            PrivProtocol::Aes256Reeder => async_snmp::PrivProtocol::Aes256Reeder,
        };
        keys = keys.with_privacy(privacy, password.expose()).map_err(|error| error.to_string())?;
    }
    named.with_master_keys(keys).map_err(|error| error.to_string())
}

/// The salt of CBC-DES is a number of ours and a counter (RFC 3414, 8.1.1.1). A one-off scan keeps no state, so the
/// number is drawn at random: two scans share one with a chance of 1 in 2^30, and then only if both use DES.
fn des_salt() -> Result<DesSaltState, String> {
    let mut drawn = [0; 4];
    getrandom::fill(&mut drawn).map_err(|error| error.to_string())?;
    // One is left above it, since a restart counts up.
    let boots = u32::from_ne_bytes(drawn) & 0x3fff_ffff;
    let before = PersistedDesSaltState::new(boots.max(1)).map_err(|error| error.to_string())?;
    DesSaltState::restart(before, |_| Ok::<(), io::Error>(())).map_err(|error| error.to_string())
}

/// Carries one session's messages to the engine and its answers back.
struct EngineTransport {
    peer: SocketAddr,
    credential: usize,
    wait: Duration,
    to_engine: mpsc::Sender<Event>,
    inbox: Arc<Mutex<mpsc::Receiver<Incoming>>>,
}

impl EngineTransport {
    fn closed(&self) -> Box<Error> {
        Error::Closed { target: self.peer }.boxed()
    }

    fn refused(&self, refusal: Refusal) -> Box<Error> {
        Error::Network { target: self.peer, source: io::Error::other(Refused(refusal)) }.boxed()
    }

    fn timed_out(&self) -> Box<Error> {
        Error::Timeout { target: self.peer, elapsed: self.wait, retries: 0 }.boxed()
    }
}

impl Transport for EngineTransport {
    async fn send(&self, data: &[u8]) -> async_snmp::Result<()> {
        let (sent, has_left) = oneshot::channel();
        let outgoing = Outgoing {
            to: self.peer.ip(),
            credential: self.credential,
            bytes: data.to_vec(),
            sent,
        };
        self.to_engine.send(Event::Send(outgoing)).await.map_err(|_| self.closed())?;
        has_left.await.map_err(|_| self.closed())
    }

    async fn request_with<T, F>(
        &self,
        data: &[u8],
        registration: RequestRegistration,
        mut validate: F,
    ) -> async_snmp::Result<T>
    where
        T: Send,
        F: FnMut(Bytes, SocketAddr) -> async_snmp::Result<Candidate<T>> + Send,
    {
        let mut inbox = self.inbox.lock().await;
        self.send(data).await?;
        let deadline = tokio::time::Instant::now() + self.wait;
        let mut told = None;
        loop {
            let Ok(incoming) = tokio::time::timeout_at(deadline, inbox.recv()).await else {
                return Err(told.map_or_else(|| self.timed_out(), |refusal| self.refused(refusal)));
            };
            match incoming.ok_or_else(|| self.closed())? {
                Incoming::Refused(code) => {
                    return Err(self.refused(Refusal::Unreachable(code)));
                }
                Incoming::Datagram(from, bytes) => {
                    let fits = from == self.peer
                        && registration.evaluate_response_identity(&bytes, true)
                            != ResponseIdentity::Reject;
                    if fits && let Candidate::Accept(value) = validate(bytes.clone(), from)? {
                        return Ok(value);
                    }
                    told = told.or_else(|| refusal_in(&bytes).filter(|_| fits));
                    tracing::debug!(%from, "datagram does not fit the open v3 request");
                }
            }
        }
    }

    fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    fn local_addr(&self) -> SocketAddr {
        match self.peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        }
    }

    fn is_reliable(&self) -> bool {
        false
    }
}
