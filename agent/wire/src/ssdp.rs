//! SSDP (UPnP Device Architecture 2.0, 1): what devices announce, and what they answer to a search.

use std::net::{IpAddr, SocketAddr};

use crate::http::HttpHead;
use crate::{Reader, WireError};

/// The port, and the multicast address 239.255.255.250 that goes with it.
pub const SSDP_PORT: u16 = 1900;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SsdpKind {
    /// `NOTIFY`: announces itself, or takes leave ([`Ssdp::is_leaving`]).
    Notify,
    /// `M-SEARCH`: asks who is there.
    Search,
    /// `HTTP/1.1 200 OK`: the answer to a search.
    Response,
}

/// A message; what it says is in its header fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ssdp<'a> {
    /// What it is.
    pub kind: SsdpKind,
    head: HttpHead<'a>,
}

impl<'a> Ssdp<'a> {
    /// Reads the payload of a datagram.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let head = HttpHead::parse(payload)?;
        let mut words = head.first.split(|octet| *octet == b' ');
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let kind = match (first, second) {
            (b"NOTIFY", b"*") => SsdpKind::Notify,
            (b"M-SEARCH", b"*") => SsdpKind::Search,
            (b"HTTP/1.1" | b"HTTP/1.0", b"200") => SsdpKind::Response,
            _ => {
                let found = Reader::new(payload).u8("ssdp first line")?.into();
                let want = "the first byte of NOTIFY *, M-SEARCH * or HTTP/1.1 200";
                return Err(WireError::Unexpected { what: "ssdp first line", at: 0, found, want });
            }
        };
        Ok(Self { kind, head })
    }

    /// Software and hardware, as "OS/version UPnP/1.1 product/version".
    pub fn server(&self) -> Option<&'a [u8]> {
        self.head.field("server")
    }

    /// What is there: the type that `ST` or `NT` names.
    pub fn target(&self) -> Option<&'a [u8]> {
        self.head.field("st").or_else(|| self.head.field("nt"))
    }

    /// Which one: a name that starts with the UUID of the device.
    pub fn usn(&self) -> Option<&'a [u8]> {
        self.head.field("usn")
    }

    /// Where its description is.
    pub fn location(&self) -> Option<&'a [u8]> {
        self.head.field("location")
    }

    /// It will not be there for long.
    pub fn is_leaving(&self) -> bool {
        self.head.field("nts") == Some(b"ssdp:byebye")
    }

    /// All header fields.
    pub fn head(&self) -> HttpHead<'a> {
        self.head
    }
}

/// Appends a search for all devices of a type, such as `ssdp:all` or `upnp:rootdevice`, which answer within so many seconds.
pub fn emit_ssdp_search(buf: &mut Vec<u8>, target: &str, seconds: u8) {
    let target: String = target.chars().filter(char::is_ascii_graphic).collect();
    let text = format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: {seconds}\r\nST: {target}\r\n\r\n"
    );
    buf.extend_from_slice(text.as_bytes());
}

/// Appends a search that is for one device alone and answered at once (UPnP Device Architecture 1.1, 1.3.2): it names the
/// device as its host, and no time to spread the answers over.
pub fn emit_ssdp_question(buf: &mut Vec<u8>, device: IpAddr, target: &str) {
    let host = SocketAddr::new(device, SSDP_PORT);
    let target: String = target.chars().filter(char::is_ascii_graphic).collect();
    let text = format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nST: {target}\r\n\r\n"
    );
    buf.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    #[test]
    fn reads_recorded_announcements_searches_and_answers() {
        let payloads = captures::udp_payloads("ssdp");
        let all: Vec<_> = payloads.iter().map(|payload| Ssdp::parse(payload).unwrap()).collect();
        for kind in [SsdpKind::Notify, SsdpKind::Search, SsdpKind::Response] {
            assert!(all.iter().any(|one| one.kind == kind), "{kind:?}");
        }
        for one in &all {
            assert!(!one.is_leaving());
            if one.kind == SsdpKind::Search {
                continue;
            }
            let server = &b"Debian/lab release UPnP/1.1 MiniUPnPd/2.3.1"[..];
            assert_eq!(one.server(), Some(server));
            assert_eq!(one.location(), Some(&b"http://10.50.0.2:5000/rootDesc.xml"[..]));
            assert!(one.usn().unwrap().starts_with(b"uuid:01234567-89ab-cdef-0123-456789abcd"));
            assert!(one.target().is_some());
        }
        let leaving = b"NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:byebye\r\n\r\n";
        assert!(Ssdp::parse(leaving).unwrap().is_leaving());
    }

    #[test]
    fn our_search_is_the_recorded_one() {
        let mut ours = vec![];
        emit_ssdp_search(&mut ours, "upnp:rootdevice", 1);
        assert!(captures::udp_payloads("ssdp").contains(&ours));
        let read = Ssdp::parse(&ours).unwrap();
        assert_eq!((read.kind, read.target()), (SsdpKind::Search, Some(&b"upnp:rootdevice"[..])));
        let mut split = vec![];
        emit_ssdp_search(&mut split, "a\r\nX: b", 1);
        assert_eq!(Ssdp::parse(&split).unwrap().target(), Some(&b"aX:b"[..]));
    }

    #[test]
    fn other_messages_are_refused() {
        for text in ["", "GET / HTTP/1.1\r\n", "HTTP/1.1 404 Not Found\r\n", "NOTIFY\r\n"] {
            assert!(Ssdp::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(target in "[!-~]{1,60}", seconds: u8) {
            let mut buf = vec![];
            emit_ssdp_search(&mut buf, &target, seconds);
            let read = Ssdp::parse(&buf).unwrap();
            assert_eq!((read.kind, read.target()), (SsdpKind::Search, Some(target.as_bytes())));
            assert_eq!(read.head().field("mx"), Some(seconds.to_string().as_bytes()));
        }

        #[test]
        fn a_question_for_one_device_comes_back_as_it_was_sent(target in "[!-~]{1,60}", device: IpAddr) {
            let mut buf = vec![];
            emit_ssdp_question(&mut buf, device, &target);
            let read = Ssdp::parse(&buf).unwrap();
            assert_eq!((read.kind, read.target()), (SsdpKind::Search, Some(target.as_bytes())));
            let host = read.head().field("host").and_then(|host| std::str::from_utf8(host).ok());
            assert_eq!(host.and_then(|host| host.parse().ok()), Some(SocketAddr::new(device, SSDP_PORT)));
            assert_eq!(read.head().field("mx"), None, "there is nobody else to wait for");
        }
    }
}
