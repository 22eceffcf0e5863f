//! rtnetlink(7) from plain functions: a connection and a small runtime for the length of one question.
//!
//! Interfaces are read before the program has a runtime; in a thread that has one already the question moves to a
//! thread of its own, since a runtime cannot wait inside another. Threads inherit the network namespace.

use std::io;

use rtnetlink::Handle;

use crate::NetError;

/// Asks the kernel of the calling thread's network namespace.
pub(crate) fn ask<T: Send>(
    what: &str,
    question: impl AsyncFnOnce(Handle) -> Result<T, rtnetlink::Error> + Send,
) -> Result<T, NetError> {
    let answer = if tokio::runtime::Handle::try_current().is_ok() {
        std::thread::scope(|scope| match scope.spawn(|| answer(question)).join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    } else {
        answer(question)
    };
    answer.map_err(|source| {
        NetError::privileged(what, "CAP_NET_ADMIN in this network namespace", source)
    })
}

fn answer<T>(question: impl AsyncFnOnce(Handle) -> Result<T, rtnetlink::Error>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let (connection, handle, _) = rtnetlink::new_connection()?;
        let connection = tokio::spawn(connection);
        let answer = question(handle).await.map_err(into_io);
        connection.abort();
        answer
    })
}

fn into_io(error: rtnetlink::Error) -> io::Error {
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
