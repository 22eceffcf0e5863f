//! rtnetlink(7) from plain functions: a connection and a small runtime for the length of one question.
//!
//! Interfaces are read before the program has a runtime; in a thread that has one already the question moves to a
//! thread of its own, since a runtime cannot wait inside another. Threads inherit the network namespace.

use std::io;
use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use rtnetlink::{Handle, MulticastGroup};

use crate::NetError;

/// Ticks whenever a link changes.
pub(crate) type LinkChanges = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// Asks the kernel of the calling thread's network namespace.
pub(crate) fn ask<T: Send>(
    what: &str,
    question: impl AsyncFnOnce(Handle) -> Result<T, rtnetlink::Error> + Send,
) -> Result<T, NetError> {
    on_a_runtime(what, &[], async |handle, _| question(handle).await.map_err(into_io))
}

/// Asks, and hears of every change of a link from before the first question on.
pub(crate) fn watch_links<T: Send>(
    what: &str,
    question: impl AsyncFnOnce(Handle, LinkChanges) -> io::Result<T> + Send,
) -> Result<T, NetError> {
    on_a_runtime(what, &[MulticastGroup::Link], question)
}

fn on_a_runtime<T: Send>(
    what: &str,
    groups: &[MulticastGroup],
    question: impl AsyncFnOnce(Handle, LinkChanges) -> io::Result<T> + Send,
) -> Result<T, NetError> {
    let answer = if tokio::runtime::Handle::try_current().is_ok() {
        std::thread::scope(|scope| match scope.spawn(|| answer(groups, question)).join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    } else {
        answer(groups, question)
    };
    answer.map_err(|source| {
        NetError::privileged(what, "CAP_NET_ADMIN in this network namespace", source)
    })
}

fn answer<T>(
    groups: &[MulticastGroup],
    question: impl AsyncFnOnce(Handle, LinkChanges) -> io::Result<T>,
) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (connection, handle, changes) = rtnetlink::new_multicast_connection(groups)?;
        let connection = tokio::spawn(connection);
        let answer = question(handle, Box::pin(changes.map(|_| ()))).await;
        connection.abort();
        answer
    })
}

pub(crate) fn into_io(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other),
    }
}

/// The error number inside a netlink error, for the few that are answers.
pub(crate) fn errno(error: &rtnetlink::Error) -> Option<i32> {
    match error {
        rtnetlink::Error::NetlinkError(message) => Some(message.raw_code().abs()),
        _ => None,
    }
}
