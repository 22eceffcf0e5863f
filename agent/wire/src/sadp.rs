//! The discovery of Hikvision cameras and recorders ("SADP") over UDP: a question and answers in XML. Without a public
//! standard; the elements are those that open programs which ask such devices describe. What an element means is for whoever
//! reads it: here are names and texts.

use crate::xml::{Xml, XmlEvent, xml_leaves};
use crate::{Reader, WireError};

/// The port, and the multicast address 239.255.255.250 that goes with it.
pub const SADP_PORT: u16 = 37_020;

/// A device answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sadp<'a> {
    text: &'a [u8],
}

impl<'a> Sadp<'a> {
    /// Reads the payload of a datagram, whose outermost element is `ProbeMatch`.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        for event in Xml::new(payload) {
            match event? {
                XmlEvent::Start(b"ProbeMatch") => return Ok(Self { text: payload }),
                XmlEvent::Text(text) if text.trim_ascii().is_empty() => {}
                _ => break,
            }
        }
        let found = Reader::new(payload).u8("sadp answer")?.into();
        let want = "the start of an element ProbeMatch";
        Err(WireError::Unexpected { what: "sadp answer", at: 0, found, want })
    }

    /// The elements and their texts in the order sent.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        xml_leaves(self.text)
    }

    /// The text of the first element of this name, if it is not empty: `DeviceDescription` (the model), `DeviceSN`,
    /// `SoftwareVersion`, `MAC`, `IPv4Address`, `Activated`, and `Uuid`, which repeats that of the question.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.fields().find(|(found, _)| *found == name.as_bytes());
        found.map(|(_, text)| text).filter(|text| !text.is_empty())
    }
}

/// Appends the question; `id` is the text of a UUID, which the answers repeat.
pub fn emit_sadp_probe(buf: &mut Vec<u8>, id: &str) {
    let id: String =
        id.chars().filter(|letter| letter.is_ascii_hexdigit() || *letter == '-').collect();
    let text = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>{id}</Uuid><Types>inquiry</Types></Probe>"#
    );
    buf.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    // made up, in the form that open descriptions give
    const ANSWER: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch><Uuid>13A888A9-F1B1</Uuid>\
        <Types>inquiry</Types><DeviceType>135101</DeviceType><DeviceDescription>LAB-CAMERA</DeviceDescription>\
        <DeviceSN>LAB-CAMERA20260101AAWR000000001</DeviceSN><CommandPort>8000</CommandPort><MAC>02-00-00-00-00-0b</MAC>\
        <IPv4Address>10.50.0.2</IPv4Address><IPv6Address></IPv6Address><SoftwareVersion>V5.7.3build 220101</SoftwareVersion>\
        <Activated>true</Activated></ProbeMatch>";

    #[test]
    fn reads_what_a_camera_would_answer() {
        let read = Sadp::parse(ANSWER).unwrap();
        assert_eq!(read.field("DeviceDescription"), Some(&b"LAB-CAMERA"[..]));
        assert_eq!(read.field("SoftwareVersion"), Some(&b"V5.7.3build 220101"[..]));
        assert_eq!((read.field("IPv6Address"), read.field("Nothing")), (None, None));
        assert_eq!(read.fields().count(), 11);
    }

    #[test]
    fn cut_at_any_byte_it_says_what_came_before() {
        let whole: Vec<_> = Sadp::parse(ANSWER).unwrap().fields().collect();
        for length in 0..ANSWER.len() {
            let Ok(read) = Sadp::parse(&ANSWER[..length]) else {
                assert!(length < 52, "cut at {length}");
                continue;
            };
            assert!(whole.starts_with(&read.fields().collect::<Vec<_>>()), "cut at {length}");
        }
    }

    #[test]
    fn a_question_and_other_texts_are_no_answer() {
        let mut question = vec![];
        emit_sadp_probe(&mut question, "13A888A9-F1B1");
        assert!(Sadp::parse(&question).is_err());
        let leaves: Vec<_> = xml_leaves(&question).collect();
        assert_eq!(leaves, [(&b"Uuid"[..], &b"13A888A9-F1B1"[..]), (b"Types", b"inquiry")]);
        for text in ["", "x<ProbeMatch>", "<a><ProbeMatch/></a>"] {
            assert!(Sadp::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(id in "[0-9A-F-]{1,36}") {
            let mut buf = vec![];
            emit_sadp_probe(&mut buf, &id);
            assert_eq!(xml_leaves(&buf).next(), Some((&b"Uuid"[..], id.as_bytes())));
        }
    }
}
