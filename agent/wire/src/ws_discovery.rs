//! WS-Discovery (OASIS WS-Discovery 1.1, and the draft of 2005 that cameras and printers speak) over UDP: what a device is and
//! where it answers. Of the SOAP around it no more is read than what it does.

use crate::xml::{Xml, XmlEvent};
use crate::{Reader, WireError};

/// The port, and the multicast address 239.255.255.250 that goes with it.
pub const WS_DISCOVERY_PORT: u16 = 3702;

/// What a message does, as its body is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WsKind {
    /// A device is there.
    Hello,
    /// A device goes.
    Bye,
    /// Asks for devices.
    Probe,
    /// The answer to that; it may tell of several devices.
    ProbeMatches,
    /// Asks where a device is.
    Resolve,
    /// The answer to that.
    ResolveMatches,
}

/// A message; what it says is read on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WsDiscovery<'a> {
    /// What it does.
    pub kind: WsKind,
    text: &'a [u8],
}

impl<'a> WsDiscovery<'a> {
    /// Reads the payload of a datagram: the element inside the body says what it does.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut body = false;
        for event in Xml::new(payload) {
            let XmlEvent::Start(name) = event? else { continue };
            if !body {
                body = name == b"Body";
                continue;
            }
            let kind = match name {
                b"Hello" => WsKind::Hello,
                b"Bye" => WsKind::Bye,
                b"Probe" => WsKind::Probe,
                b"ProbeMatches" => WsKind::ProbeMatches,
                b"Resolve" => WsKind::Resolve,
                b"ResolveMatches" => WsKind::ResolveMatches,
                _ => break,
            };
            return Ok(Self { kind, text: payload });
        }
        let found = Reader::new(payload).u8("ws-discovery message")?.into();
        let want = "the start of a soap envelope with a known body";
        Err(WireError::Unexpected { what: "ws-discovery message", at: 0, found, want })
    }

    /// What the devices are: names, with white space between; `dn:NetworkVideoTransmitter` is an ONVIF camera.
    pub fn types(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.words(b"Types")
    }

    /// What else is said of the devices, as addresses: `onvif://www.onvif.org/hardware/…`.
    pub fn scopes(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.words(b"Scopes")
    }

    /// Where they answer; written as in XML, where `&` is `&amp;`.
    pub fn addresses(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.words(b"XAddrs")
    }

    /// Which devices: names that stay, most often `urn:uuid:…`.
    pub fn endpoints(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // the header has addresses of the message, which are names of nobody
        let mut body = Xml::new(self.text);
        body.enter(b"Body");
        words(body, b"Address")
    }

    /// The identifier of the message; an answer repeats that of its question in [`WsDiscovery::relates_to`].
    pub fn message_id(&self) -> Option<&'a [u8]> {
        self.words(b"MessageID").next()
    }

    /// The question that this answers.
    pub fn relates_to(&self) -> Option<&'a [u8]> {
        self.words(b"RelatesTo").next()
    }

    fn words(&self, element: &'static [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        words(Xml::new(self.text), element)
    }
}

/// The words in all elements of a name.
fn words<'a>(xml: Xml<'a>, element: &'static [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let texts = xml.leaves().filter(move |(name, _)| *name == element).map(|(_, text)| text);
    let words = texts.flat_map(|text| text.split(u8::is_ascii_whitespace));
    words.filter(|word| !word.is_empty())
}

/// Appends a question for all devices, or for ONVIF cameras alone; `id` is the text of a UUID.
pub fn emit_ws_probe(buf: &mut Vec<u8>, id: &str, cameras: bool) {
    let id: String =
        id.chars().filter(|letter| letter.is_ascii_hexdigit() || *letter == '-').collect();
    let types = match cameras {
        true => {
            r#"<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>"#
        }
        false => "",
    };
    let text = format!(
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
            r#"xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" "#,
            r#"xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">"#,
            r#"<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"#,
            r#"<a:MessageID>urn:uuid:{}</a:MessageID>"#,
            r#"<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"#,
            r#"<s:Body><d:Probe>{}</d:Probe></s:Body></s:Envelope>"#,
        ),
        id, types
    );
    buf.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    const ENDPOINT: &[u8] = b"urn:uuid:01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn reads_recorded_devices_and_who_asks_for_them() {
        let payloads = captures::udp_payloads("ws_discovery");
        let all: Vec<_> =
            payloads.iter().map(|payload| WsDiscovery::parse(payload).unwrap()).collect();
        let find =
            |kind| all.iter().find(|one| one.kind == kind).unwrap_or_else(|| panic!("{kind:?}"));
        let hello = find(WsKind::Hello);
        assert_eq!(hello.endpoints().collect::<Vec<_>>(), [ENDPOINT]);
        let matches = find(WsKind::ProbeMatches);
        assert_eq!(matches.types().collect::<Vec<_>>(), [&b"wsdp:Device"[..], b"pub:Computer"]);
        assert_eq!(matches.endpoints().collect::<Vec<_>>(), [ENDPOINT]);
        assert_eq!(matches.relates_to(), find(WsKind::Probe).message_id());
        let resolved = find(WsKind::ResolveMatches);
        assert!(resolved.addresses().next().unwrap().starts_with(b"http://10.50.0.2:5357/"));
        find(WsKind::Bye);
    }

    #[test]
    fn reads_what_a_camera_would_answer() {
        // made up, in the form of the ONVIF core specification, 7.3
        let text = br#"<?xml version="1.0"?><E:Envelope xmlns:E="http://www.w3.org/2003/05/soap-envelope">
            <E:Header><w:RelatesTo xmlns:w="x">urn:uuid:1</w:RelatesTo></E:Header><E:Body xmlns:d="y"><d:ProbeMatches>
            <d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:9</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter
            tds:Device</d:Types><d:Scopes>onvif://www.onvif.org/hardware/LAB-1 onvif://www.onvif.org/name/Lab%20camera
            </d:Scopes><d:XAddrs>http://10.50.0.9/onvif/device_service http://[fe80::9]/onvif?a=1&amp;b=2</d:XAddrs>
            </d:ProbeMatch></d:ProbeMatches></E:Body></E:Envelope>"#;
        let read = WsDiscovery::parse(text).unwrap();
        assert_eq!(
            (read.kind, read.relates_to()),
            (WsKind::ProbeMatches, Some(&b"urn:uuid:1"[..]))
        );
        assert_eq!(read.types().count(), 2);
        assert_eq!(read.endpoints().collect::<Vec<_>>(), [b"urn:uuid:9"]);
        let scopes: Vec<_> = read.scopes().collect();
        assert_eq!(scopes[0], b"onvif://www.onvif.org/hardware/LAB-1");
        assert_eq!(read.addresses().nth(1), Some(&b"http://[fe80::9]/onvif?a=1&amp;b=2"[..]));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "x", "<a><Body><Other/></Body></a>", "<Hello/>", "<a><Body>", "<Body><Hello"]
        {
            assert!(WsDiscovery::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(id in "[0-9a-f-]{1,36}", cameras: bool) {
            let mut buf = vec![];
            emit_ws_probe(&mut buf, &id, cameras);
            let read = WsDiscovery::parse(&buf).unwrap();
            assert_eq!((read.kind, read.types().count()), (WsKind::Probe, usize::from(cameras)));
            assert_eq!(read.message_id(), Some(format!("urn:uuid:{id}").as_bytes()));
        }
    }
}
