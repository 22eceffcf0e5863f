//! IEEE 802.2 logical link control, and the SNAP header in it (IEEE 802-2014, 9.2 to 9.5): what a frame carries whose type
//! field is a length.

use herkomst_ids::MacAddr;

use crate::{EthernetFrame, Reader, WireError, emit_ethernet, ether_type};

/// Both service access points of SNAP, and the control octet of unnumbered information.
const SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];

/// The neighbour protocols that are told apart by their SNAP header: organisation and protocol number.
pub mod snap {
    /// CDP of Cisco.
    pub const CDP: ([u8; 3], u16) = ([0x00, 0x00, 0x0c], 0x2000);
    /// FDP of Foundry.
    pub const FDP: ([u8; 3], u16) = ([0x00, 0xe0, 0x52], 0x2000);
    /// EDP of Extreme.
    pub const EDP: ([u8; 3], u16) = ([0x00, 0xe0, 0x2b], 0x00bb);
    /// SONMP of SynOptics, then Bay, then Nortel: to the other devices of a segment.
    pub const SONMP_SEGMENT: ([u8; 3], u16) = ([0x00, 0x00, 0x81], 0x01a2);
    /// The same to devices behind other segments.
    pub const SONMP_FLATNET: ([u8; 3], u16) = ([0x00, 0x00, 0x81], 0x01a1);
}

/// What stands behind the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Llc<'a> {
    /// A protocol of an organisation; with 00-00-00 the number is that of an Ethernet frame.
    Snap {
        /// Which organisation.
        oui: [u8; 3],
        /// Which of its protocols.
        protocol: u16,
        /// The rest.
        payload: &'a [u8],
    },
    /// Anything else, such as spanning tree at access point 0x42.
    Other {
        /// Whom it is for.
        destination: u8,
        /// Whom it is from.
        source: u8,
        /// The rest, from the control field on: one octet or two.
        rest: &'a [u8],
    },
}

impl<'a> Llc<'a> {
    /// Reads the payload of a frame whose type is a length, see [`EthernetFrame::llc`].
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let head: [u8; 3] = reader.array("llc header")?;
        if head != SNAP {
            let [destination, source, _] = head;
            return Ok(Self::Other { destination, source, rest: &payload[2..] });
        }
        let oui = reader.array("snap organisation")?;
        let protocol = reader.u16("snap protocol")?;
        Ok(Self::Snap { oui, protocol, payload: reader.rest() })
    }
}

impl<'a> EthernetFrame<'a> {
    /// What a frame carries whose type field is a length; `None` where it is a type.
    pub fn llc(&self) -> Option<Result<Llc<'a>, WireError>> {
        (self.ether_type < ether_type::LOWEST).then(|| Llc::parse(self.payload))
    }

    /// The payload, where it is this protocol of an organisation.
    pub fn snap(&self, which: ([u8; 3], u16)) -> Option<&'a [u8]> {
        match self.llc() {
            Some(Ok(Llc::Snap { oui, protocol, payload })) if (oui, protocol) == which => {
                Some(payload)
            }
            _ => None,
        }
    }
}

/// Clears `buf` and makes the whole frame in it: Ethernet with a length, LLC, SNAP, and the payload given. One that no frame
/// can hold is refused, and leaves `buf` empty.
pub fn snap_frame(
    buf: &mut Vec<u8>,
    destination: MacAddr,
    source: MacAddr,
    vlan: Option<u16>,
    (oui, protocol): ([u8; 3], u16),
    payload: &[u8],
) -> Result<(), WireError> {
    const MOST: usize = 1500 - 8; // IEEE 802.3-2018, 3.2.6, less what stands before it
    buf.clear();
    let found = payload.len();
    let too_long = WireError::TooLong { what: "snap payload", at: 22, found, most: MOST };
    let length = u16::try_from(found + 8).ok().filter(|_| found <= MOST).ok_or(too_long)?;
    emit_ethernet(buf, destination, source, vlan, length);
    buf.extend_from_slice(&SNAP);
    buf.extend_from_slice(&oui);
    buf.extend_from_slice(&protocol.to_be_bytes());
    buf.extend_from_slice(payload);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    #[test]
    fn each_recorded_protocol_has_its_own_number() {
        let all = [snap::CDP, snap::FDP, snap::EDP, snap::SONMP_SEGMENT, snap::SONMP_FLATNET];
        for (name, number, which) in [
            ("cdp", 0, snap::CDP),
            ("fdp", 0, snap::FDP),
            ("edp", 0, snap::EDP),
            ("sonmp", 0, snap::SONMP_SEGMENT),
            ("sonmp", 1, snap::SONMP_FLATNET),
        ] {
            let frame = captures::frames(name).remove(number);
            let frame = EthernetFrame::parse(&frame).unwrap();
            let found: Vec<_> = all.into_iter().filter(|one| frame.snap(*one).is_some()).collect();
            assert_eq!(found, [which], "{name}");
        }
        let arp = captures::frames("arp").remove(0);
        assert_eq!(EthernetFrame::parse(&arp).unwrap().llc(), None);
    }

    #[test]
    fn other_access_points_are_kept() {
        let bpdu = [0x42, 0x42, 3, 0, 0];
        let other = Llc::Other { destination: 0x42, source: 0x42, rest: &[3, 0, 0] };
        assert_eq!(Llc::parse(&bpdu), Ok(other));
        assert!(matches!(Llc::parse(&bpdu[..2]), Err(WireError::Short { .. })));
        assert!(matches!(Llc::parse(&[0xaa, 0xaa, 3, 0, 0, 0, 8]), Err(WireError::Short { .. })));
    }

    #[test]
    fn a_frame_holds_1500_bytes() {
        let (mut frame, mac) = (vec![1], MacAddr::ZERO);
        for (length, fits) in [(1492, true), (1493, false), (70_000, false)] {
            let payload = vec![7; length];
            let made = snap_frame(&mut frame, mac, mac, Some(7), snap::CDP, &payload);
            assert_eq!((made.is_ok(), frame.is_empty()), (fits, !fits), "{length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            oui: [u8; 3], protocol: u16,
            sent in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        ) {
            let mut frame = vec![];
            snap_frame(&mut frame, MacAddr::ZERO, MacAddr::ZERO, None, (oui, protocol), &sent).unwrap();
            frame.extend([0; 60]); // padding
            let read = EthernetFrame::parse(&frame).unwrap();
            assert_eq!(read.llc(), Some(Ok(Llc::Snap { oui, protocol, payload: &sent })));
        }
    }
}
