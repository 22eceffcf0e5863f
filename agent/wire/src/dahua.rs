//! The discovery of Dahua cameras and recorders ("DHIP") over UDP: a header of 32 bytes and JSON. Without a public standard;
//! the framing is that of open programs which ask such devices. The JSON is handed on unread: this crate reads none.

use crate::{Reader, WireError};

/// The port, and the multicast address 239.255.255.251 that goes with it.
pub const DAHUA_PORT: u16 = 37_810;

/// The length of the header, and the name of the protocol.
const HEAD: [u8; 8] = [0x20, 0, 0, 0, b'D', b'H', b'I', b'P'];
const HEADER: usize = 32;

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dahua<'a> {
    /// The session; 0 in discovery.
    pub session: u32,
    /// Tells one question from another.
    pub id: u32,
    /// What is said, as JSON; not yet known to be that, nor to be UTF-8.
    pub json: &'a [u8],
}

impl<'a> Dahua<'a> {
    /// Reads the payload of a datagram. All numbers have their lowest octet first.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let head: [u8; 8] = reader.array("dhip head")?;
        if head != HEAD {
            let (found, want) = (u64::from_be_bytes(head), "2305843010390706512 (32 and DHIP)");
            return Err(WireError::Unexpected { what: "dhip head", at: 0, found, want });
        }
        let mut number = |what| reader.array(what).map(u32::from_le_bytes);
        let session = number("dhip session")?;
        let id = number("dhip id")?;
        let length = number("dhip length")?;
        number("dhip reserved")?;
        number("dhip length of all")?;
        number("dhip reserved")?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let json = reader.take(length, "dhip text")?;
        // devices end the text with a line feed and an octet of zeroes
        let end = json.iter().rposition(|octet| !matches!(octet, 0 | b'\n')).map_or(0, |at| at + 1);
        Ok(Self { session, id, json: &json[..end] })
    }

    /// Appends the message. A text that no datagram can hold is refused.
    pub fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        const MOST: usize = u16::MAX as usize - HEADER;
        let (found, at) = (self.json.len(), HEADER);
        let too_long = WireError::TooLong { what: "dhip text", at, found, most: MOST };
        let length = u32::try_from(found).ok().filter(|_| found <= MOST).ok_or(too_long)?;
        buf.extend_from_slice(&HEAD);
        for number in [self.session, self.id, length, 0, length, 0] {
            buf.extend_from_slice(&number.to_le_bytes());
        }
        buf.extend_from_slice(self.json);
        Ok(())
    }
}

/// What to ask all devices, or with a hardware address one of them.
pub const DAHUA_SEARCH: &[u8] = br#"{"method":"DHDiscover.search","params":{"mac":"","uni":1}}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_framed_as_open_programs_do() {
        let mut buf = vec![];
        Dahua { session: 0, id: 0, json: DAHUA_SEARCH }.emit(&mut buf).unwrap();
        assert_eq!(buf[..8], *b"\x20\0\0\0DHIP");
        assert_eq!(
            buf[8..32],
            [&[0; 8], &[58, 0, 0, 0, 0, 0, 0, 0][..], &[58, 0, 0, 0, 0, 0, 0, 0]].concat()
        );
        assert_eq!(buf[32..], *DAHUA_SEARCH);
    }

    #[test]
    fn the_end_of_a_text_is_no_part_of_it() {
        let mut buf = vec![];
        Dahua { session: 0, id: 0, json: b"{}\n\0" }.emit(&mut buf).unwrap();
        assert_eq!(Dahua::parse(&buf).map(|read| read.json), Ok(&b"{}"[..]));
    }

    #[test]
    fn a_cut_or_strange_message_is_refused() {
        let mut buf = vec![];
        Dahua { session: 1, id: 2, json: b"{}" }.emit(&mut buf).unwrap();
        for length in 0..buf.len() {
            assert!(matches!(Dahua::parse(&buf[..length]), Err(WireError::Short { .. })));
        }
        buf[16..20].fill(0xff);
        assert!(matches!(Dahua::parse(&buf), Err(WireError::Short { have: 2, .. })));
        buf[4] = b'd';
        assert!(matches!(Dahua::parse(&buf), Err(WireError::Unexpected { at: 0, .. })));
        assert!(Dahua { session: 0, id: 0, json: &[b' '; 65_536] }.emit(&mut buf).is_err());
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(session: u32, id: u32, json in "[ -~]{0,200}") {
            let sent = Dahua { session, id, json: json.as_bytes() };
            let mut buf = vec![];
            sent.emit(&mut buf).unwrap();
            assert_eq!(Dahua::parse(&buf), Ok(sent));
        }
    }
}
