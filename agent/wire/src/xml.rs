//! As much of XML as the discovery replies of devices are made of: elements with text, read from start to end and put together
//! to nothing. No entity is expanded, no document type is followed: their text is handed on as it stands.
//!
//! A crate for XML would bring more than such replies need, and this crate has no dependency that reads what strangers send.

use crate::{Reader, WireError};

/// Elements that are read; a reply has some dozens.
pub const MOST_ELEMENTS: usize = 2048;
/// Elements inside elements.
pub const MOST_DEPTH: usize = 32;

/// What stands next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlEvent<'a> {
    /// An element starts; its name without the prefix of a name space.
    Start(&'a [u8]),
    /// Text, or a CDATA section, as it stands.
    Text(&'a [u8]),
    /// An element ends; its name without the prefix of a name space.
    End(&'a [u8]),
}

/// Reads a text from start to end.
#[derive(Debug, Clone, Copy)]
pub struct Xml<'a> {
    reader: Reader<'a>,
    elements: usize,
    depth: usize,
    /// An element without contents ends where it starts.
    ends: Option<&'a [u8]>,
    failed: bool,
}

impl<'a> Xml<'a> {
    /// Reads from the first byte on. The text is taken for UTF-8 or what else looks like ASCII; nothing is decoded.
    pub const fn new(text: &'a [u8]) -> Self {
        Self { reader: Reader::new(text), elements: 0, depth: 0, ends: None, failed: false }
    }

    /// Goes on to behind the start of the next element of this name, or to the end.
    pub(crate) fn enter(&mut self, name: &[u8]) {
        let _ = self.find(|event| matches!(event, Ok(XmlEvent::Start(found)) if *found == name));
    }

    /// The same as [`xml_leaves`] of what is left.
    pub(crate) fn leaves(mut self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut open: Option<&[u8]> = None;
        let mut inside: Option<&[u8]> = None;
        std::iter::from_fn(move || {
            loop {
                match self.next()?.ok()? {
                    XmlEvent::Start(name) => (open, inside) = (Some(name), None),
                    XmlEvent::Text(text) => inside = inside.or(Some(text)),
                    XmlEvent::End(name) => {
                        let leaf = open.take().filter(|open| *open == name);
                        if let Some(name) = leaf {
                            return Some((name, inside.take().unwrap_or_default().trim_ascii()));
                        }
                    }
                }
            }
        })
    }

    fn event(&mut self) -> Result<Option<XmlEvent<'a>>, WireError> {
        if let Some(name) = self.ends.take() {
            return Ok(Some(XmlEvent::End(name)));
        }
        loop {
            let rest = self.reader.rest();
            match rest {
                [] => return Ok(None),
                [b'<', b'?', ..] => drop(self.until(b"?>", "xml instruction")?),
                [b'<', b'!', b'-', b'-', ..] => drop(self.until(b"-->", "xml comment")?),
                [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => {
                    let text = self.until(b"]]>", "xml character data")?;
                    return Ok(Some(XmlEvent::Text(text.get(9..).unwrap_or_default())));
                }
                [b'<', b'!', ..] => drop(self.until(b">", "xml declaration")?),
                [b'<', b'/', ..] => {
                    let tag = self.until(b">", "xml end tag")?;
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Some(XmlEvent::End(name(tag.get(2..).unwrap_or_default()))));
                }
                [b'<', ..] => return self.start().map(Some),
                text => {
                    let length = text.iter().position(|octet| *octet == b'<').unwrap_or(text.len());
                    return Ok(Some(XmlEvent::Text(self.reader.take(length, "xml text")?)));
                }
            }
        }
    }

    fn start(&mut self) -> Result<XmlEvent<'a>, WireError> {
        let at = self.reader.at();
        let tag = self.until(b">", "xml start tag")?;
        let tag = tag.get(1..).unwrap_or_default();
        let found = name(tag);
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            let (what, found) = ("xml elements", self.elements);
            return Err(WireError::TooLong { what, at, found, most: MOST_ELEMENTS });
        }
        if tag.last() == Some(&b'/') {
            self.ends = Some(found);
            return Ok(XmlEvent::Start(found));
        }
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            let (what, found) = ("xml depth", self.depth);
            return Err(WireError::TooLong { what, at, found, most: MOST_DEPTH });
        }
        Ok(XmlEvent::Start(found))
    }

    /// What stands before the end given, which is taken too. An end in the value of an attribute counts: no device was seen to
    /// send one.
    fn until(&mut self, end: &[u8], what: &'static str) -> Result<&'a [u8], WireError> {
        let (at, rest) = (self.reader.at(), self.reader.rest());
        let have = rest.len();
        let found = rest.windows(end.len()).position(|window| window == end);
        let length = found.ok_or(WireError::Short { what, at, need: have + 1, have })?;
        let text = self.reader.take(length, what)?;
        self.reader.take(end.len(), what)?;
        Ok(text)
    }
}

impl<'a> Iterator for Xml<'a> {
    type Item = Result<XmlEvent<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let event = self.event();
        self.failed = event.is_err();
        event.transpose()
    }
}

/// The texts of elements without others inside, beside their names, in the order sent. What is inside an element is not
/// checked against its end, and an error ends the list: what came before it was said all the same.
pub fn xml_leaves(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    Xml::new(text).leaves()
}

/// Up to white space or the slash of an element without contents, and behind the prefix of a name space.
fn name(tag: &[u8]) -> &[u8] {
    let end = |octet: &u8| octet.is_ascii_whitespace() || *octet == b'/';
    let name = tag.split(end).next().unwrap_or_default();
    name.rsplit(|octet| *octet == b':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> Vec<(&str, &str)> {
        let text_of = |bytes| std::str::from_utf8(bytes).unwrap();
        xml_leaves(text.as_bytes()).map(|(name, text)| (text_of(name), text_of(text))).collect()
    }

    #[test]
    fn leaves_are_elements_without_others_inside() {
        let text = "<?xml version='1.0'?><!-- <no/> --><a:all x='1'> <b:one>1</b:one>\n<two/><three y=\"2\" >\n 3 \
                    </three><four><![CDATA[<4>]]></four> </a:all>";
        assert_eq!(leaves(text), [("one", "1"), ("two", ""), ("three", "3"), ("four", "<4>")]);
    }

    #[test]
    fn no_entity_is_expanded() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbb">]><a><c>&b;&lt;&#65;</c></a>"#;
        assert_eq!(leaves(bomb), [("c", "&b;&lt;&#65;")]);
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let deep = "<a>".repeat(MOST_DEPTH + 1);
        let events: Vec<_> = Xml::new(deep.as_bytes()).collect();
        assert!(matches!(events.last(), Some(Err(WireError::TooLong { what: "xml depth", .. }))));
        assert_eq!(events.len(), MOST_DEPTH + 1);
        let many = "<a/>".repeat(MOST_ELEMENTS + 1);
        assert_eq!(leaves(&many).len(), MOST_ELEMENTS);
    }

    #[test]
    fn what_does_not_end_ends_the_list() {
        for text in
            ["<a>1</a><b", "<a>1</a><!-- ", "<a>1</a><![CDATA[x", "<a>1</a><b>2", "<a>1</a></"]
        {
            assert_eq!(leaves(text), [("a", "1")], "{text}");
        }
        assert_eq!(leaves("</a></a><b>1</c><d>2</d>"), [("d", "2")]);
    }
}
