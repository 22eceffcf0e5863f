//! The head of an HTTP message in a datagram (UPnP Device Architecture 2.0, 1.1.2; RFC 9112, 2 to 5): a first line, and header
//! fields up to an empty line. Bounded; a body is handed on unread.

use crate::{Reader, WireError};

/// The header fields that are read.
pub const MOST_FIELDS: usize = 64;
/// The bytes of a line.
pub const MOST_LINE: usize = 4096;

/// The first line of a message, and its header fields on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpHead<'a> {
    /// The first line, without its end.
    pub first: &'a [u8],
    rest: Reader<'a>,
}

impl<'a> HttpHead<'a> {
    /// Reads the first line, which must end.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let first = line(&mut reader)?;
        Ok(Self { first, rest: reader })
    }

    /// Name and value of the header fields in the order sent, without the white space around them, up to the empty line or
    /// the end. Lines that are no field are passed over; after one that is too long nothing follows.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut reader = self.rest;
        let lines = std::iter::from_fn(move || {
            let line = if reader.is_empty() { None } else { line(&mut reader).ok() };
            line.filter(|line| !line.is_empty())
        });
        lines.take(MOST_FIELDS).filter_map(|line| {
            let at = line.iter().position(|octet| *octet == b':')?;
            let (name, value) = line.split_at_checked(at)?;
            Some((name.trim_ascii(), value[1..].trim_ascii()))
        })
    }

    /// The value of the first field of this name, in whatever case (RFC 9110, 5.1).
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        let is = |found: &[u8]| found.eq_ignore_ascii_case(name.as_bytes());
        self.fields().find(|(found, _)| is(found)).map(|(_, value)| value)
    }
}

/// A line without its end: CRLF, or LF alone as small devices send it (RFC 9112, 2.2). The last may have none.
fn line<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
    let (at, rest) = (reader.at(), reader.rest());
    let found = rest.iter().take(MOST_LINE + 1).position(|octet| *octet == b'\n');
    let length = match found {
        Some(at) => at,
        None if rest.len() <= MOST_LINE => rest.len(),
        None => {
            let (what, found) = ("http line", MOST_LINE + 1);
            return Err(WireError::TooLong { what, at, found, most: MOST_LINE });
        }
    };
    let line = reader.take(length, "http line")?;
    if found.is_some() {
        reader.u8("http line end")?;
    }
    Ok(line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_or_without_a_carriage_return() {
        let head =
            HttpHead::parse(b"HTTP/1.1 200 OK\r\nST:  a b \nno field\r\nExt:\r\n\r\nLATER: x\r\n")
                .unwrap();
        assert_eq!(head.first, b"HTTP/1.1 200 OK");
        let fields: Vec<_> = head.fields().collect();
        assert_eq!(fields, [(&b"ST"[..], &b"a b"[..]), (b"Ext", b"")]);
        assert_eq!((head.field("st"), head.field("later")), (Some(&b"a b"[..]), None));
    }

    #[test]
    fn fields_and_lines_are_bounded() {
        let many = [&b"x\r\n"[..], &b"a: b\r\n".repeat(1000)].concat();
        assert_eq!(HttpHead::parse(&many).unwrap().fields().count(), MOST_FIELDS);
        let long = vec![b'x'; MOST_LINE + 1];
        assert!(matches!(HttpHead::parse(&long), Err(WireError::TooLong { .. })));
        assert!(HttpHead::parse(&long[1..]).is_ok());
        let then = [&b"x\r\na: b\r\n"[..], &long].concat();
        assert_eq!(HttpHead::parse(&then).unwrap().fields().count(), 1);
    }
}
