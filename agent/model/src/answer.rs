//! Not asked, silent, refused, broken and answered: five different things.

use std::fmt;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// It was not put, for this reason.
    NotAsked(Why),
    /// Nothing came back in this many tries.
    Silent {
        /// How often it was asked.
        tries: u8,
    },
    /// Something came back that says no.
    Refused(Refusal),
    /// Something came back that the protocol does not allow: what, and where.
    Malformed(Box<str>),
    /// The answer.
    Is(T),
}

impl<T> Answer<T> {
    /// The same, with what was answered made into something else.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::NotAsked(why) => Answer::NotAsked(why),
            Self::Silent { tries } => Answer::Silent { tries },
            Self::Refused(refusal) => Answer::Refused(refusal),
            Self::Malformed(what) => Answer::Malformed(what),
            Self::Is(answer) => Answer::Is(make(answer)),
        }
    }
}

/// Why a question was not put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// The operator excluded the address.
    Excluded,
    /// It is an address of this host.
    ThisHost,
    /// The maker builds operational technology, or the operator listed the address under `no-probe`.
    Fragile,
    /// No credential is bound to the address.
    NoCredential,
    /// A v1 or v2c credential stands behind a v3 credential of the same rank, which the device did not take.
    StrongerCredential,
    /// Three credentials were offered and none was taken.
    CredentialsUsedUp,
    /// An earlier step, such as ARP, had no answer.
    NoneBefore,
    /// The process may not open the socket that it needs.
    NoPermission,
    /// `--methods` leaves it out.
    MethodOff,
    /// The scan was interrupted first.
    Interrupted,
    /// The kernel knows no way there.
    NoRoute,
    /// Its system group says that a device of its kind has no such table.
    NotItsKind,
    /// A newer table, or another one, has told all of it.
    ToldElsewhere,
    /// The table that it adds to is empty.
    NothingToAdd,
    /// What may be asked of one device, in requests, octets or time, was used up by other tables.
    BudgetUsedUp,
    /// Its maintenance window is not open, or closed while the scan ran.
    OutsideWindow,
    /// The first or last address of a local segment, which names the segment or everybody in it (RFC 1122, 3.2.1.3).
    SegmentAddress,
}

impl Why {
    /// The word that stands in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::ThisHost => "an address of this host",
            Self::Fragile => "fragile",
            Self::NoCredential => "no credential",
            Self::StrongerCredential => "a v3 credential stands before it",
            Self::CredentialsUsedUp => "three credentials were offered",
            Self::NoneBefore => "no answer before it",
            Self::NoPermission => "no permission",
            Self::MethodOff => "method switched off",
            Self::Interrupted => "interrupted",
            Self::NoRoute => "no route",
            Self::NotItsKind => "no device of its kind has it",
            Self::ToldElsewhere => "told elsewhere",
            Self::NothingToAdd => "the table before it is empty",
            Self::BudgetUsedUp => "budget used up",
            Self::OutsideWindow => "outside its window",
            Self::SegmentAddress => "names the whole segment",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a question was turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// ICMP destination unreachable, with its code (RFC 792).
    Unreachable(u8),
    /// The agent does not know the user, or not with this security level (RFC 3414, 3.2).
    UnknownUser,
    /// The agent found the digest wrong, or could not decrypt.
    WrongKey,
    /// The agent answered with this error-status (RFC 3416, 3).
    ErrorStatus(i32),
    /// The agent answered none of what was asked (noSuchObject, an empty list).
    NoSuchObject,
    /// The agent's clock window does not hold even after it was set (RFC 3414, 2.2.3).
    NotInTimeWindow,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(code) => write!(f, "unreachable, ICMP code {code}"),
            Self::UnknownUser => f.write_str("user or security level not known there"),
            Self::WrongKey => f.write_str("wrong key or password"),
            Self::ErrorStatus(status) => write!(f, "error-status {status}"),
            Self::NoSuchObject => f.write_str("none of the objects is there"),
            Self::NotInTimeWindow => f.write_str("outside the time window of the engine"),
        }
    }
}
