//! The stable name of a vendor in our own register.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::ParseIdError;

/// Lower-case letters, digits and inner hyphens (`huawei`, `tp-link-systems`). Never reused, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorId(Arc<str>);

impl VendorId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VendorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for VendorId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for VendorId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let edge = |b: Option<&u8>| b.is_some_and(|b| *b != b'-');
        let bytes = text.as_bytes();
        if bytes.len() <= 48
            && bytes.iter().all(|b| inner(*b))
            && edge(bytes.first())
            && edge(bytes.last())
        {
            Ok(Self(text.into()))
        } else {
            Err(ParseIdError::new(
                "a vendor id such as tp-link-systems (a-z, 0-9, inner hyphens, at most 48)",
                text,
            ))
        }
    }
}
