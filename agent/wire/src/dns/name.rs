//! Names in DNS messages (RFC 1035, 3.1 and 4.1.4).

use std::fmt;

use crate::{Reader, WireError};

/// The labels that a name is put together from, and the pointers followed for it. RFC 1035, 3.1 allows 255 octets, which is
/// 127 labels of one octet.
pub const MOST_LABELS: usize = 127;
/// RFC 1035, 3.1.
const MOST_OCTETS: usize = 255;

/// A name that is known to end, in fewer labels and octets than RFC 1035 allows.
#[derive(Clone, Copy)]
pub struct DnsName<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> DnsName<'a> {
    /// Reads the name that stands next in a message, and what its pointers lead to.
    pub(super) fn read(message: &'a [u8], reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let at = reader.at();
        let name = Self { message, at };
        name.check()?;
        // where it stands it ends with its root or its first pointer
        loop {
            match reader.u8("dns label")? {
                0 => return Ok(name),
                0xc0.. => {
                    reader.u8("dns pointer")?;
                    return Ok(name);
                }
                length => drop(reader.take(length.into(), "dns label")?),
            }
        }
    }

    fn check(self) -> Result<(), WireError> {
        let mut walk = self.walk();
        let (mut labels, mut octets) = (0, 1);
        while let Some(label) = walk.next()? {
            labels += 1;
            octets += label.len() + 1;
            let at = self.at;
            if labels > MOST_LABELS || octets > MOST_OCTETS {
                let most = MOST_OCTETS;
                return Err(WireError::TooLong { what: "dns name", at, found: octets, most });
            }
        }
        Ok(())
    }

    fn walk(self) -> Walk<'a> {
        Walk { message: self.message, at: self.at, limit: self.at, pointers: 0 }
    }

    /// The labels, the root left out.
    pub fn labels(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut walk = self.walk();
        // it was walked before
        std::iter::from_fn(move || walk.next().ok().flatten())
    }
}

/// Walks through the labels. A pointer leads to before where the walk last came from, and each one further back: so it ends.
struct Walk<'a> {
    message: &'a [u8],
    at: usize,
    limit: usize,
    pointers: usize,
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        loop {
            let mut reader = Reader::new(self.message);
            reader.take(self.at, "dns name")?;
            let at = self.at;
            let unexpected = |found: usize, want| WireError::Unexpected {
                what: "dns label",
                at,
                found: found as u64,
                want,
            };
            match usize::from(reader.u8("dns label")?) {
                0 => return Ok(None),
                length @ ..0x40 => {
                    let label = reader.take(length, "dns label")?;
                    self.at = reader.at();
                    return Ok(Some(label));
                }
                high @ 0xc0.. => {
                    let to = (high & 0x3f) << 8 | usize::from(reader.u8("dns pointer")?);
                    if to >= self.limit {
                        return Err(unexpected(to, "a pointer to what came before"));
                    }
                    self.pointers += 1;
                    if self.pointers > MOST_LABELS {
                        let (what, found, most) = ("dns pointers", self.pointers, MOST_LABELS);
                        return Err(WireError::TooLong { what, at, found, most });
                    }
                    (self.at, self.limit) = (to, to);
                }
                other => return Err(unexpected(other, "a length up to 63 or a pointer")),
            }
        }
    }
}

/// Labels with dots between; a dot in a label, and all that is not printable ASCII, is written as `\046` (RFC 1035, 5.1), so
/// that what a device sent can be shown.
impl fmt::Display for DnsName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        for label in self.labels() {
            f.write_str(dot)?;
            for octet in label {
                match octet {
                    b'.' | b'\\' => write!(f, "\\{:03}", octet)?,
                    octet if octet.is_ascii_graphic() => write!(f, "{}", char::from(*octet))?,
                    octet => write!(f, "\\{octet:03}")?,
                }
            }
            dot = ".";
        }
        Ok(())
    }
}

impl fmt::Debug for DnsName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DnsName({self})")
    }
}

/// Two names are equal when their labels are, wherever they stand; upper and lower case are different, as sent.
impl PartialEq for DnsName<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.labels().eq(other.labels())
    }
}

impl Eq for DnsName<'_> {}

/// Appends a name that is written with dots; without compression.
pub(super) fn emit(buf: &mut Vec<u8>, name: &str) -> Result<(), WireError> {
    let at = buf.len();
    let too_long = |what, found, most| WireError::TooLong { what, at, found, most };
    if name.len() > MOST_OCTETS - 2 {
        return Err(too_long("dns name", name.len(), MOST_OCTETS - 2));
    }
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let length = u8::try_from(label.len()).ok().filter(|length| *length < 0x40);
        buf.push(length.ok_or(too_long("dns label", label.len(), 63))?);
        buf.extend_from_slice(label.as_bytes());
    }
    buf.push(0);
    Ok(())
}

/// Appends a name that was read, without compression.
pub(super) fn copy(buf: &mut Vec<u8>, name: DnsName<'_>) {
    for label in name.labels() {
        buf.push(u8::try_from(label.len()).expect("it was read from six bits"));
        buf.extend_from_slice(label);
    }
    buf.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &[u8], at: usize) -> Result<String, WireError> {
        let mut reader = Reader::new(message);
        reader.take(at, "test")?;
        DnsName::read(message, &mut reader).map(|name| name.to_string())
    }

    #[test]
    fn pointers_lead_back_and_end() {
        let message = b"\x03lab\x00\x04peer\xc0\x00\xc0\x05";
        assert_eq!(read(message, 0).unwrap(), "lab");
        assert_eq!(read(message, 5).unwrap(), "peer.lab");
        assert_eq!(read(message, 12).unwrap(), "peer.lab");
        let mut reader = Reader::new(message);
        reader.take(5, "test").unwrap();
        DnsName::read(message, &mut reader).unwrap();
        assert_eq!(reader.at(), 12, "the pointer ends the name where it stands");
    }

    #[test]
    fn circles_are_refused() {
        for (message, at) in [
            (&b"\xc0\x00"[..], 0),              // to itself
            (b"\xc0\x02\xc0\x00", 2),           // to each other
            (b"\x01a\xc0\x00", 0),              // back to its own start
            (b"\xc0\x04\x01a\x00", 0),          // forwards
            (b"\x01a\xc0\x04\x01b\xc0\x00", 4), // through another and back
        ] {
            assert!(matches!(read(message, at), Err(WireError::Unexpected { .. })), "{message:?}");
        }
    }

    #[test]
    fn a_chain_of_pointers_as_long_as_the_message_is_refused() {
        let mut message = vec![0];
        for to in (0_u16..8190).map(|number| if number == 0 { 0 } else { number * 2 - 1 }) {
            message.extend((0xc000 | to).to_be_bytes());
        }
        assert_eq!(read(&message, 1 + 2 * (MOST_LABELS - 1)).unwrap(), "");
        for at in [1 + 2 * MOST_LABELS, message.len() - 2] {
            assert!(matches!(read(&message, at), Err(WireError::TooLong { .. })), "from {at}");
        }
    }

    #[test]
    fn names_longer_than_the_standard_allows_are_refused() {
        let ones = [&b"\x01a".repeat(127)[..], b"\0"].concat();
        assert_eq!(read(&ones, 0).unwrap().len(), 253);
        let more = [&b"\x01a".repeat(128)[..], b"\0"].concat();
        assert!(matches!(read(&more, 0), Err(WireError::TooLong { .. })));
        for length in 0..ones.len() {
            assert!(matches!(read(&ones[..length], 0), Err(WireError::Short { .. })));
        }
        assert!(matches!(read(&[0x40, 0], 0), Err(WireError::Unexpected { found: 0x40, .. })));
        assert!(emit(&mut vec![], &"a".repeat(64)).is_err());
        assert!(emit(&mut vec![], &"a.".repeat(127)).is_err());
        assert!(emit(&mut vec![], &"a.".repeat(126)).is_ok());
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_escaped() {
        assert_eq!(read(b"\x06a.b\\\n\xff\x01c\0", 0).unwrap(), r"a\046b\092\010\255.c");
    }
}
