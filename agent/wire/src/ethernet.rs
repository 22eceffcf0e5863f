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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);
    const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0b]);

    fn tagged(tags: &[(u16, u16)]) -> Vec<u8> {
        let mut frame = [OURS.octets(), THEIRS.octets()].concat();
        for (ether_type, tag) in tags {
            frame.extend([ether_type.to_be_bytes(), tag.to_be_bytes()].concat());
        }
        frame.extend([0x08, 0x06, 1, 2, 3]);
        frame
    }

    #[test]
    fn reads_a_recorded_frame() {
        let frame = &captures::frames("arp")[1];
        let read = EthernetFrame::parse(frame).unwrap();
        assert_eq!((read.destination, read.source), (OURS, THEIRS));
        assert_eq!((read.vlan, read.ether_type, read.payload.len()), (None, ether_type::ARP, 28));
    }

    #[test]
    fn a_recorded_frame_with_a_length_is_cut_to_it() {
        let mut frame = captures::frames("cdp").remove(0);
        let length = frame.len() - 14;
        frame.extend([0xee; 9]);
        let read = EthernetFrame::parse(&frame).unwrap();
        assert_eq!((usize::from(read.ether_type), read.payload.len()), (length, length));
        assert_eq!(read.payload[..3], [0xaa, 0xaa, 0x03]); // LLC with SNAP
        assert!(EthernetFrame::parse(&frame[..length]).is_err());
    }

    #[test]
    fn the_outermost_tag_that_names_a_vlan_counts() {
        for (tags, vlan) in [
            (&[(0x8100, 10)][..], Some(10)),
            (&[(0x88a8, 0xe064), (0x8100, 10)], Some(100)),
            (&[(0x9100, 7), (0x8100, 10)], Some(7)),
            (&[(0x8100, 0xe000)], None),
            (&[(0x8100, 0), (0x8100, 10)], Some(10)),
        ] {
            let frame = tagged(tags);
            let read = EthernetFrame::parse(&frame).unwrap();
            assert_eq!(
                (read.vlan, read.ether_type, read.payload),
                (vlan, ether_type::ARP, &[1, 2, 3][..])
            );
        }
    }

    #[test]
    fn a_third_tag_is_left_as_the_type() {
        let frame = tagged(&[(0x8100, 1), (0x8100, 2), (0x8100, 3)]);
        let read = EthernetFrame::parse(&frame).unwrap();
        assert_eq!((read.vlan, read.ether_type), (Some(1), ether_type::VLAN));
    }

    #[test]
    fn what_is_neither_length_nor_type_is_refused() {
        let mut frame = captures::frames("arp").remove(0);
        for (number, right) in [(1500, false), (1501, false), (1535, false), (1536, true)] {
            frame[12..14].copy_from_slice(&u16::to_be_bytes(number));
            assert_eq!(EthernetFrame::parse(&frame).is_ok(), right, "{number}");
        }
        frame.resize(14 + 1500, 0);
        frame[12..14].copy_from_slice(&1500_u16.to_be_bytes());
        assert!(EthernetFrame::parse(&frame).is_ok());
    }

    #[test]
    fn a_header_comes_back_as_it_was_sent() {
        for vlan in [None, Some(1), Some(4094)] {
            let mut frame = vec![];
            emit_ethernet(&mut frame, THEIRS, OURS, vlan, ether_type::LLDP);
            frame.extend([9; 46]);
            let read = EthernetFrame::parse(&frame).unwrap();
            let payload = &[9; 46][..];
            let sent = EthernetFrame {
                destination: THEIRS,
                source: OURS,
                vlan,
                ether_type: ether_type::LLDP,
                payload,
            };
            assert_eq!(read, sent);
        }
    }
}
