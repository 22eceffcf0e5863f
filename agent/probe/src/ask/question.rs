//! What each question is made of, and which answers fit it.

use std::net::IpAddr;

use herkomst_model::{Announcement, DeviceText, Method, PacketKind};
use herkomst_wire::dahua::{DAHUA_PORT, DAHUA_SEARCH};
use herkomst_wire::dns::{DnsData, MDNS_PORT, SERVICES, emit_dns_query, kind, reverse_name};
use herkomst_wire::sadp::{SADP_PORT, emit_sadp_probe};
use herkomst_wire::ssdp::{SSDP_PORT, SsdpKind, emit_ssdp_question};
use herkomst_wire::ws_discovery::{WS_DISCOVERY_PORT, WsKind, emit_ws_probe};
use herkomst_wire::{Dahua, DnsMessage, Sadp, Ssdp, WireError, WsDiscovery};

use crate::heard::{
    dhip_announcement, mdns_announcement, sadp_announcement, ssdp_announcement,
    ws_discovery_announcement,
};
use crate::snmp::cookie::Cookies;

/// One answer for each device inside a device, and not one for each of its services (UPnP Device Architecture 1.1, 1.3.2).
const ROOT_DEVICES: &str = "upnp:rootdevice";
/// The types of service that are asked for more of one host.
const MOST_SERVICES: usize = 8;
/// The length of a name that is asked for again; RFC 6763, 7.2 has 15 octets for a service.
const MOST_NAME: usize = 80;

/// A question about itself to one device, over UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Hikvision's. No standard is public; open programs that ask such devices send this text, and devices repeat its `Uuid`.
    /// Programs know answers to the group too: those are heard, and not taken here.
    Sadp,
    /// Dahua's. No standard is public; in what open programs send and get, session and number are 0, so that an answer is
    /// known by its sender alone.
    Dhip,
    /// WS-Discovery, for ONVIF cameras first and then for whatever speaks it (ONVIF Core Specification, 7.3).
    Onvif,
    /// UPnP's search, to one device alone (UPnP Device Architecture 1.1, 1.3.2). An answer repeats what was searched for and
    /// nothing else of the question.
    Ssdp,
    /// Multicast DNS, to one host alone (RFC 6762, 5.5): its services and its name.
    Mdns,
}

/// Why something that came in is no answer to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    Broken(#[from] WireError),
    #[error("{0}")]
    Other(&'static str),
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sadp, Self::Dhip, Self::Onvif, Self::Ssdp, Self::Mdns];

    /// The port that it goes to.
    pub const fn port(self) -> u16 {
        match self {
            Self::Sadp => SADP_PORT,
            Self::Dhip => DAHUA_PORT,
            Self::Onvif => WS_DISCOVERY_PORT,
            Self::Ssdp => SSDP_PORT,
            Self::Mdns => MDNS_PORT,
        }
    }

    /// What it is on the receipt.
    pub const fn packet(self) -> PacketKind {
        match self {
            Self::Sadp => PacketKind::Sadp,
            Self::Dhip => PacketKind::Dhip,
            Self::Onvif => PacketKind::Onvif,
            Self::Ssdp => PacketKind::Ssdp,
            Self::Mdns => PacketKind::Mdns,
        }
    }

    /// What it is in observations.
    pub const fn method(self) -> Method {
        match self {
            Self::Sadp => Method::Sadp,
            Self::Dhip => Method::Dhip,
            Self::Onvif => Method::WsDiscovery,
            Self::Ssdp => Method::Ssdp,
            Self::Mdns => Method::Mdns,
        }
    }

    /// Appends what is asked for the so manyth time, from 0.
    pub(super) fn emit(
        self,
        buf: &mut Vec<u8>,
        cookies: &Cookies,
        to: IpAddr,
        attempt: u8,
    ) -> Result<(), WireError> {
        match self {
            Self::Sadp => emit_sadp_probe(buf, &self.uuid(cookies, to, attempt).to_uppercase()),
            Self::Dhip => Dahua { session: 0, id: 0, json: DAHUA_SEARCH }.emit(buf)?,
            // Recorders and doors speak it too, and answer a question for cameras or not.
            Self::Onvif => emit_ws_probe(buf, &self.uuid(cookies, to, attempt), attempt == 0),
            Self::Ssdp => emit_ssdp_question(buf, to, ROOT_DEVICES),
            Self::Mdns => {
                let reverse = reverse_name(to);
                let asked = [(SERVICES, kind::PTR), (&*reverse, kind::PTR)];
                emit_mdns(buf, number(cookies, to, attempt), &asked, attempt)?;
            }
        }
        Ok(())
    }

    /// The identifier of a message, in the form of one drawn at random (RFC 9562, 5.4).
    fn uuid(self, cookies: &Cookies, to: IpAddr, attempt: u8) -> String {
        let word = |place: u32| {
            let serial = 1 << 31 | u32::from(self.port()) << 12 | u32::from(attempt) << 4 | place;
            // 31 bits each, of which the fixed bits of the form hide some
            u64::from(cookies.request_id(to, serial).unsigned_abs())
        };
        let (high, low) = (word(0) << 33 ^ word(1), word(2) << 33 ^ word(3));
        let (high, low) = (high & !0xf000 | 0x4000, low << 2 >> 2 | 1 << 63);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// What a device answered that was asked `tries` times, if it is an answer to that. Where nothing in it is about the
    /// device itself, it has answered all the same.
    pub(super) fn read(
        self,
        bytes: &[u8],
        cookies: &Cookies,
        from: IpAddr,
        tries: u8,
    ) -> Result<Announcement, Unfit> {
        let repeats = |text: &[u8]| {
            (0..tries).any(|attempt| {
                text.eq_ignore_ascii_case(self.uuid(cookies, from, attempt).as_bytes())
            })
        };
        let said = match self {
            Self::Sadp => {
                if !Sadp::parse(bytes)?.field("Uuid").is_some_and(repeats) {
                    return Err(Unfit::Other("answer carries another uuid than was sent"));
                }
                sadp_announcement(bytes, from)?
            }
            Self::Dhip => {
                let said = dhip_announcement(bytes, from)?;
                let search = b"DHDiscover.search";
                let text = Dahua::parse(bytes)?.json;
                if said.is_none() && text.windows(search.len()).any(|part| part == search) {
                    return Err(Unfit::Other("a search is no answer"));
                }
                said
            }
            Self::Onvif => {
                let message = WsDiscovery::parse(bytes)?;
                let related = message.relates_to().map(without_urn);
                if message.kind != WsKind::ProbeMatches || !related.is_some_and(repeats) {
                    return Err(Unfit::Other("answer relates to another message than was sent"));
                }
                ws_discovery_announcement(bytes, from)?
            }
            Self::Ssdp => {
                let message = Ssdp::parse(bytes)?;
                let target = message.target();
                if message.kind != SsdpKind::Response || target != Some(ROOT_DEVICES.as_bytes()) {
                    return Err(Unfit::Other("answer is for another search than was sent"));
                }
                ssdp_announcement(bytes, from)?
            }
            Self::Mdns => Some(read_mdns(bytes, from, |id| {
                (0..tries).any(|attempt| number(cookies, from, attempt) == id)
            })?),
        };
        Ok(said.unwrap_or_default())
    }
}

/// Devices write `urn:uuid:` or `uuid:` in front, or nothing.
fn without_urn(id: &[u8]) -> &[u8] {
    let id = id.strip_prefix(b"urn:").unwrap_or(id);
    id.strip_prefix(b"uuid:").unwrap_or(id)
}

/// The number of a question of DNS.
pub(super) fn number(cookies: &Cookies, to: IpAddr, attempt: u8) -> u16 {
    let serial = 1 << 31 | u32::from(MDNS_PORT) << 12 | u32::from(attempt);
    let [_, _, high, low] = cookies.request_id(to, serial).to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// From another port than 5353 a question is answered to that port alone (RFC 6762, 6.7); the bit that asks for the same
/// (5.4) is for those who look at it first, and left out the next time, for those who know no class with it.
fn emit_mdns(
    buf: &mut Vec<u8>,
    id: u16,
    asked: &[(&str, u16)],
    attempt: u8,
) -> Result<(), WireError> {
    emit_dns_query(buf, id, asked, attempt == 0)
}

/// Reads a response to a number that was sent (RFC 6762, 6.7). What else is known of the host, its name stands behind the
/// name that its address makes.
fn read_mdns(
    bytes: &[u8],
    from: IpAddr,
    is_ours: impl Fn(u16) -> bool,
) -> Result<Announcement, Unfit> {
    let message = DnsMessage::parse(bytes)?;
    if !message.response || !is_ours(message.id) {
        return Err(Unfit::Other("answer carries another number than was sent"));
    }
    if message.code != 0 {
        return Err(Unfit::Other("answer carries an error, which none may (RFC 6762, 18.11)"));
    }
    let mut said = mdns_announcement(bytes, from)?.unwrap_or_default();
    let reverse = reverse_name(from);
    for record in message.records() {
        let (_, record) = record?;
        if record.ttl != 0
            && record.kind == kind::PTR
            && record.name.to_string().eq_ignore_ascii_case(&reverse)
            && let DnsData::Ptr(name) = record.data()?
        {
            let name = DeviceText::from(name.to_string().as_str());
            if said.names.is_empty() {
                said.names.push(name);
            }
            break;
        }
    }
    Ok(said)
}

/// What more there is to ask of a host: who offers its services, and so what they say of the product; and all of its name.
pub(super) fn more_of(said: &Announcement) -> Vec<String> {
    let names = said.services.iter().take(MOST_SERVICES).chain(said.names.first());
    let names = names.map(DeviceText::raw).filter(|name| is_plain(name));
    names.map(ToString::to_string).collect()
}

/// A name that means the same when it is sent back: of the link alone, without signs that were written in another way, and one
/// that can be sent at all.
fn is_plain(name: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    name.len() <= MOST_NAME
        && name.ends_with(".local")
        && name.bytes().all(plain)
        && name.split('.').all(|label| !label.is_empty())
        && emit_dns_query(&mut Vec::new(), 0, &[(name, kind::PTR)], false).is_ok()
}

/// Appends the second question of multicast DNS.
pub(super) fn emit_more(
    buf: &mut Vec<u8>,
    names: &[String],
    cookies: &Cookies,
    to: IpAddr,
    attempt: u8,
) -> Result<(), WireError> {
    let kind_of = |name: &str| if name.starts_with('_') { kind::PTR } else { kind::ANY };
    let asked: Vec<_> = names.iter().map(|name| (&**name, kind_of(name))).collect();
    emit_mdns(buf, number(cookies, to, MORE + attempt), &asked, attempt)
}

/// The tries of the second question are counted from here.
const MORE: u8 = 128;

/// Reads the answer to the second question, which was put `tries` times.
pub(super) fn read_more(
    bytes: &[u8],
    cookies: &Cookies,
    from: IpAddr,
    tries: u8,
) -> Result<Announcement, Unfit> {
    read_mdns(bytes, from, |id| {
        (0..tries).any(|attempt| number(cookies, from, MORE + attempt) == id)
    })
}
