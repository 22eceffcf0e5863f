//! Carries one session's messages to the engine and its answers back.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_snmp::transport::Transport;
use async_snmp::{Candidate, Error, RequestRegistration, ResponseIdentity};
use bytes::Bytes;
use herkomst_model::Refusal;
use herkomst_wire::snmp::{PduKind, V3Message};
use tokio::sync::{Notify, mpsc, oneshot};

use super::{Event, Outgoing};

/// The most unread datagrams a device: it has one question to answer.
const INBOX: usize = 16;

/// What comes in for a session.
pub(super) enum Incoming {
    Datagram(SocketAddr, Bytes),
    Refused(u8),
}

/// The two ends of a session: the engine fills it, the crate empties it.
pub(super) struct Line {
    peer: SocketAddr,
    credential: usize,
    /// How long the open question waits for its answer, in milliseconds.
    wait: AtomicU64,
    unread: Mutex<VecDeque<Incoming>>,
    comes: Notify,
}

impl Line {
    pub(super) fn new(peer: SocketAddr, credential: usize) -> Self {
        Self {
            peer,
            credential,
            wait: AtomicU64::new(0),
            unread: Mutex::default(),
            comes: Notify::new(),
        }
    }

    /// Sets the wait of the next question, and forgets what came for the one before.
    pub(super) fn begin(&self, wait: Duration) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.wait.store(wait, Ordering::Relaxed);
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Says whether there was room.
    pub(super) fn push(&self, incoming: Incoming) -> bool {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        if unread.len() >= INBOX {
            return false;
        }
        unread.push_back(incoming);
        drop(unread);
        self.comes.notify_one();
        true
    }

    async fn next(&self) -> Incoming {
        loop {
            let first = self.unread.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match first {
                Some(incoming) => return incoming,
                None => self.comes.notified().await,
            }
        }
    }
}

/// A refusal on its way through the crate's error type.
#[derive(Debug, thiserror::Error)]
#[error("refused: {0:?}")]
pub(super) struct Refused(pub(super) Refusal);

/// The crate's `Transport`, which sends nothing itself.
#[derive(Clone)]
pub(super) struct EngineTransport {
    line: Arc<Line>,
    to_engine: mpsc::Sender<Event>,
}

impl EngineTransport {
    pub(super) const fn new(line: Arc<Line>, to_engine: mpsc::Sender<Event>) -> Self {
        Self { line, to_engine }
    }

    fn wait(&self) -> Duration {
        Duration::from_millis(self.line.wait.load(Ordering::Relaxed))
    }

    fn closed(&self) -> Box<Error> {
        Error::Closed { target: self.peer_addr() }.boxed()
    }

    fn refused(&self, refusal: Refusal) -> Box<Error> {
        Error::Network { target: self.peer_addr(), source: io::Error::other(Refused(refusal)) }
            .boxed()
    }

    fn timed_out(&self) -> Box<Error> {
        Error::Timeout { target: self.peer_addr(), elapsed: self.wait(), retries: 0 }.boxed()
    }
}

impl Transport for EngineTransport {
    async fn send(&self, data: &[u8]) -> async_snmp::Result<()> {
        let (sent, has_left) = oneshot::channel();
        let outgoing = Outgoing {
            to: self.line.peer.ip(),
            credential: self.line.credential,
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
        self.send(data).await?;
        let deadline = tokio::time::Instant::now() + self.wait();
        let mut told = None;
        loop {
            let Ok(incoming) = tokio::time::timeout_at(deadline, self.line.next()).await else {
                return Err(told.map_or_else(|| self.timed_out(), |refusal| self.refused(refusal)));
            };
            match incoming {
                Incoming::Refused(code) => {
                    return Err(self.refused(Refusal::Unreachable(code)));
                }
                Incoming::Datagram(from, bytes) => {
                    let fits = from == self.peer_addr()
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
        self.line.peer
    }

    fn local_addr(&self) -> SocketAddr {
        match self.line.peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        }
    }

    fn is_reliable(&self) -> bool {
        false
    }
}

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
