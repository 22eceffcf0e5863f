//! What can go wrong while a lab is built: a wrong file, a kernel that refuses, a peer that does not start.

use std::path::PathBuf;

use herkomst_net::NetError;

/// Why the lab could not be built or went wrong.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file of the lab says something it cannot.
    #[error("{place}: {problem}")]
    File {
        /// File, and line where it is known.
        place: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{path} could not be {action}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read`, `written` …
        action: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The kernel refused something that the network needs.
    #[error("{what}")]
    Network {
        /// What was being built.
        what: String,
        /// Why it was refused.
        #[source]
        source: NetError,
    },
    /// A thread of the lab could not be started, or ended on its own.
    #[error("{what}")]
    Thread {
        /// Which one.
        what: String,
    },
}

impl LabError {
    /// A problem in a file.
    pub fn file(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::File { place: place.into(), problem: problem.into() }
    }

    /// Says what was being built when the kernel refused.
    pub fn network(what: impl Into<String>) -> impl FnOnce(NetError) -> Self {
        let what = what.into();
        move |source| Self::Network { what, source }
    }

    /// Says which file it was about.
    pub fn io(
        path: impl Into<PathBuf>,
        action: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, action, source }
    }
}
