//! Ethernet frames (IEEE 802.3-2018, 3.2) and the tags of IEEE 802.1Q-2018, clause 9, as they stand in the bytes.
//!
//! A frame whose type field is a length carries LLC and is cut to that length; LLC itself is not read here.
//! The frame check sequence never reaches a program, so there is none.

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The types that the agent knows.
pub mod ether_type {
    /// IPv4 (RFC 894).
    pub const IPV4: u16 = 0x0800;
    /// ARP (RFC 826).
    pub const ARP: u16 = 0x0806;
    /// A customer tag, IEEE 802.1Q.
    pub const VLAN: u16 = 0x8100;
    /// IPv6 (RFC 2464).
    pub const IPV6: u16 = 0x86dd;
    /// A service tag, IEEE 802.1ad.
    pub const SERVICE_VLAN: u16 = 0x88a8;
    /// LLDP (IEEE 802.1AB-2016, 7.3).
    pub const LLDP: u16 = 0x88cc;
    /// The type that switches used for the outer tag before 802.1ad.
    pub const OLD_SERVICE_VLAN: u16 = 0x9100;
    /// The lowest type: below it the field is a length (IEEE 802.3-2018, 3.2.6).
    pub const LOWEST: u16 = 1536;
}

/// The longest payload that a length field may give (IEEE 802.3-2018, 3.2.6).
const MOST_LENGTH: u16 = 1500;
/// Tags that are looked through. With more than two the frame is kept, and its `ether_type` is that of the next tag.
const MOST_TAGS: usize = 2;

/// A frame, its tags taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EthernetFrame<'a> {
    /// Whom it is for.
    pub destination: MacAddr,
    /// Who sent it.
    pub source: MacAddr,
    /// The VLAN that the outermost tag in the bytes names. A tag with the number 0 only carries a priority and names none
    /// (IEEE 802.1Q-2018, table 9-2). A kernel may have taken the tag off and keep the number beside the frame.
    pub vlan: Option<u16>,
    /// What the payload is; below [`ether_type::LOWEST`] it is LLC of that length.
    pub ether_type: u16,
    /// The rest of the frame, padding included where only the next header knows its length.
    pub payload: &'a [u8],
}

impl<'a> EthernetFrame<'a> {
    /// Reads addresses, tags and type.
    pub fn parse(frame: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(frame);
        let destination = MacAddr(reader.array("ethernet destination")?);
        let source = MacAddr(reader.array("ethernet source")?);
        let mut vlan = None;
        let mut tags = 0;
        loop {
            let at = reader.at();
            let ether_type = reader.u16("ethernet type")?;
            let is_tag = matches!(
                ether_type,
                ether_type::VLAN | ether_type::SERVICE_VLAN | ether_type::OLD_SERVICE_VLAN
            );
            if is_tag && tags < MOST_TAGS {
                let number = reader.u16("vlan tag")? & 0x0fff;
                vlan = vlan.or((number != 0).then_some(number));
                tags += 1;
                continue;
            }
            let payload = match ether_type {
                ..=MOST_LENGTH => reader.take(usize::from(ether_type), "llc payload")?,
                ether_type::LOWEST.. => reader.rest(),
                _ => {
                    let want = "a length up to 1500 or a type from 1536";
                    return Err(WireError::Unexpected {
                        what: "ethernet type",
                        at,
                        found: ether_type.into(),
                        want,
                    });
                }
            };
            return Ok(Self { destination, source, vlan, ether_type, payload });
        }
    }
}

/// Appends the header of a frame; with a VLAN it is tagged as IEEE 802.1Q, priority 0.
pub fn emit_ethernet(
    buf: &mut Vec<u8>,
    destination: MacAddr,
    source: MacAddr,
    vlan: Option<u16>,
    ether_type: u16,
) {
    buf.extend_from_slice(&destination.octets());
    buf.extend_from_slice(&source.octets());
    if let Some(vlan) = vlan {
        buf.extend_from_slice(&ether_type::VLAN.to_be_bytes());
        buf.extend_from_slice(&(vlan & 0x0fff).to_be_bytes());
    }
    buf.extend_from_slice(&ether_type.to_be_bytes());
}
