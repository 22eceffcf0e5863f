//! How the program ends: DESIGN's three codes for results, and sysexits(3) for failures.

use std::fmt;
use std::process::ExitCode;

/// A failure with its exit code and everything that is to be said about it.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    error: anyhow::Error,
}

/// Result of a command.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A flag or target is wrong (EX_USAGE).
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 64, error: error.into() }
    }

    /// An input file is wrong (EX_DATAERR).
    pub(crate) fn data(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 65, error: error.into() }
    }

    /// Something that is needed is not there (EX_UNAVAILABLE).
    pub(crate) fn unavailable(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 69, error: error.into() }
    }

    /// Our own invariant does not hold (EX_SOFTWARE).
    pub(crate) fn software(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 70, error: error.into() }
    }

    /// The result could not be written (EX_IOERR).
    pub(crate) fn io(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 74, error: error.into() }
    }

    /// The process may not do what was asked (EX_NOPERM).
    pub(crate) fn permission(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 77, error: error.into() }
    }

    /// A configuration file is wrong (EX_CONFIG).
    pub(crate) fn configuration(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 78, error: error.into() }
    }

    /// The code to end with.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    /// The whole chain, once, each part behind the one it caused.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, cause) in self.error.chain().enumerate() {
            write!(f, "{}{cause}", if number > 0 { ": " } else { "" })?;
        }
        Ok(())
    }
}
