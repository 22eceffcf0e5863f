//! The lines of the minisign format: comments, and numbers in base64. Bounded, and without control characters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::SealError;

/// As many bytes as `minisign` gives the first line of a file, without its prefix, line end and closing zero.
pub const MAX_UNTRUSTED_COMMENT: usize = 1024 - UNTRUSTED.len() - 2;
/// The same for the trusted comment.
pub const MAX_TRUSTED_COMMENT: usize = 8192 - TRUSTED.len() - 2;

pub(crate) const UNTRUSTED: &str = "untrusted comment: ";
pub(crate) const TRUSTED: &str = "trusted comment: ";

/// One line of text beside a signature: who wrote it may be anybody.
///
/// It has no control characters but the tabs that `minisign` writes. No `Display`: each output escapes it for its own
/// reader, since letters that turn the reading direction are still in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment(String);

impl Comment {
    /// A comment that anybody may change afterwards.
    pub fn untrusted(text: &str) -> Result<Self, SealError> {
        Self::checked(text, "untrusted comment", MAX_UNTRUSTED_COMMENT)
    }

    /// A comment that the signature covers.
    pub fn trusted(text: &str) -> Result<Self, SealError> {
        Self::checked(text, "trusted comment", MAX_TRUSTED_COMMENT)
    }

    fn checked(text: &str, what: &'static str, allowed: usize) -> Result<Self, SealError> {
        if text.len() > allowed {
            return Err(SealError::TooLarge { what, bytes: text.len(), allowed });
        }
        if text.chars().any(|c| c.is_control() && c != '\t') {
            let why = "it has a control character; allowed is one line of text, and tabs";
            return Err(SealError::Malformed { what, why });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, to be escaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A bounded file as text.
pub(crate) fn text<'a>(
    bytes: &'a [u8],
    what: &'static str,
    allowed: usize,
) -> Result<&'a str, SealError> {
    if bytes.len() > allowed {
        return Err(SealError::TooLarge { what, bytes: bytes.len(), allowed });
    }
    std::str::from_utf8(bytes)
        .map_err(|_| SealError::Malformed { what, why: "it is not text in UTF-8" })
}

/// The lines of a file, each with its prefix taken off; exactly as many as there are prefixes.
pub(crate) fn lines<'a, const N: usize>(
    text: &'a str,
    what: &'static str,
    prefixes: [(&str, &'static str); N],
) -> Result<[&'a str; N], SealError> {
    let mut lines = text.lines();
    let mut found = [""; N];
    for (slot, (prefix, missing)) in found.iter_mut().zip(prefixes) {
        *slot = lines
            .next()
            .and_then(|line| line.strip_prefix(prefix))
            .ok_or(SealError::Malformed { what, why: missing })?;
    }
    if lines.any(|line| !line.is_empty()) {
        return Err(SealError::Malformed { what, why: "it goes on after its last line" });
    }
    Ok(found)
}

/// Exactly so many bytes out of base64; overwritten when dropped, for some are secret.
pub(crate) fn bytes<const N: usize>(
    text: &str,
    what: &'static str,
    why: &'static str,
) -> Result<Zeroizing<[u8; N]>, SealError> {
    // The engine estimates generously: a quarter more than N suffices for any text of the right length.
    if text.len() != N.div_ceil(3) * 4 {
        return Err(SealError::Malformed { what, why });
    }
    let mut buffer = Zeroizing::new(vec![0; N + 3]);
    let length =
        STANDARD.decode_slice(text, &mut buffer).map_err(|_| SealError::Malformed { what, why })?;
    let mut exact = Zeroizing::new([0; N]);
    if length != N {
        return Err(SealError::Malformed { what, why });
    }
    exact.copy_from_slice(&buffer[..N]);
    Ok(exact)
}

/// To base64.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The fields of a fixed layout, one after the other.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next field.
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) =
            self.0.split_first_chunk::<N>().expect("the fields add up to the checked length");
        self.0 = rest;
        *field
    }
}
