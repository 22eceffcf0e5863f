//! Text that a device sent, or that a file claims one sent.

use std::fmt;

use serde::Serialize;

/// Hostile text of bounded length. No `Display`: each output format escapes it for its own reader.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DeviceText(String);

impl DeviceText {
    /// The most characters that are kept; a sysDescr has at most 255 (RFC 3418), an LLDP string at most 512.
    pub const MOST: usize = 1024;

    /// Takes bytes as UTF-8, with U+FFFD for what is not; drops the zeros that some agents pad with.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(Self::MOST * 4)];
        let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        Self(String::from_utf8_lossy(&bytes[..end]).chars().take(Self::MOST).collect())
    }

    /// The text as it came, for comparing and for the formats, which escape it.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether nothing but white space is left.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<&str> for DeviceText {
    fn from(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Debug for DeviceText {
    /// As a quoted and escaped string, so that a log line stays one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_sent_but_for_padding() {
        assert_eq!(DeviceText::from_bytes(b"switch\0\0").raw(), "switch");
        assert_eq!(DeviceText::from_bytes(b"a\xffb").raw(), "a\u{fffd}b");
        assert_eq!(DeviceText::from_bytes(&[b'x'; 9000]).raw().len(), DeviceText::MOST);
    }

    #[test]
    fn debug_output_stays_on_one_line() {
        assert_eq!(format!("{:?}", DeviceText::from("a\n\u{1b}[31m")), r#""a\n\u{1b}[31m""#);
    }
}
