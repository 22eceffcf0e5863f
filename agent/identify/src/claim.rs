//! A value and the evidence for and against it.

use crate::Evidence;

/// How sure a maker is: defined by combinations of kinds of evidence (`vendor::confidence`), not by a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// One likely witness, or a disputed one.
    Possible,
    /// One strong witness, or two likely ones that agree.
    Probable,
    /// A strong witness and an independent one that agree, and none that disagrees.
    Confirmed,
}

impl Confidence {
    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Confirmed => "confirmed",
        }
    }

    /// One step less sure.
    pub const fn lowered(self) -> Self {
        match self {
            Self::Confirmed => Self::Probable,
            Self::Probable | Self::Possible => Self::Possible,
        }
    }
}

/// A value that something says. It cannot be made without evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim<T> {
    value: T,
    evidence: Vec<Evidence>,
    against: Vec<Evidence>,
}

impl<T> Claim<T> {
    /// Claims a value because of a first piece of evidence.
    pub fn new(value: T, first: Evidence) -> Self {
        Self { value, evidence: vec![first], against: Vec::new() }
    }

    /// Adds a piece that says the same.
    pub fn support(&mut self, evidence: Evidence) {
        self.evidence.push(evidence);
    }

    /// Adds a piece that says otherwise. It is kept, never averaged away.
    pub fn oppose(&mut self, evidence: Evidence) {
        self.against.push(evidence);
    }

    /// What is claimed.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What says so, strongest kind first. Never empty.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// What says otherwise, strongest kind first.
    pub fn against(&self) -> &[Evidence] {
        &self.against
    }
}
