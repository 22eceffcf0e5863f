//! What can go wrong between us and the operating system.

use std::io;

/// A refusal of the operating system, or of this crate before it asks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The process lacks a right; the text says which would do.
    #[error("{what} is not permitted, it needs {needs}")]
    NotPermitted {
        /// What was tried.
        what: String,
        /// The right that is missing.
        needs: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no link of this name in the network namespace of the calling thread.
    #[error("interface {name} does not exist")]
    NoSuchInterface {
        /// The name that was given.
        name: String,
    },
    /// The interface does not carry Ethernet frames.
    #[error("interface {name} does not carry Ethernet frames")]
    NotEthernet {
        /// The name of the interface.
        name: String,
    },
    /// A namespace could not be made or entered; the text names the setting that forbids it.
    #[error("cannot make a private network: {reason}")]
    NoNamespace {
        /// What stands in the way, and what would help.
        reason: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A packet filter that the kernel would not take.
    #[error("packet filter: {reason}")]
    Filter {
        /// The instruction and its fault.
        reason: String,
    },
    /// Any other refusal.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl NetError {
    pub(crate) fn system(what: impl Into<String>, source: io::Error) -> Self {
        Self::System { what: what.into(), source }
    }

    /// `EPERM` and `EACCES` become a missing right, the rest stays as it is.
    pub(crate) fn privileged(
        what: impl Into<String>,
        needs: &'static str,
        source: io::Error,
    ) -> Self {
        if source.kind() == io::ErrorKind::PermissionDenied {
            Self::NotPermitted { what: what.into(), needs, source }
        } else {
            Self::system(what, source)
        }
    }

    /// Whether another right would have helped (exit code 77 of sysexits).
    pub fn is_permission(&self) -> bool {
        match self {
            Self::NotPermitted { .. } => true,
            Self::NoNamespace { source, .. } => source.kind() == io::ErrorKind::PermissionDenied,
            Self::System { source, .. } => source.kind() == io::ErrorKind::PermissionDenied,
            Self::NoSuchInterface { .. } | Self::NotEthernet { .. } | Self::Filter { .. } => false,
        }
    }

    /// What the system said, where it was asked.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::NotPermitted { source, .. }
            | Self::NoNamespace { source, .. }
            | Self::System { source, .. } => Some(source),
            Self::NoSuchInterface { .. } | Self::NotEthernet { .. } | Self::Filter { .. } => None,
        }
    }
}
