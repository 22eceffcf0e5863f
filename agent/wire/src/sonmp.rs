//! SONMP, the discovery protocol of SynOptics, Bay and Nortel, also called NTDP. The fields are those of the
//! S5-ETH-MULTISEG-TOPOLOGY-MIB, which shows what was heard, and of lldpd, ladvd and Wireshark.

use std::net::Ipv4Addr;

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The address for the devices of a segment.
pub const SONMP_SEGMENT: MacAddr = MacAddr([0x01, 0x00, 0x81, 0x00, 0x01, 0x00]);
/// The address for the devices behind other segments.
pub const SONMP_FLATNET: MacAddr = MacAddr([0x01, 0x00, 0x81, 0x00, 0x01, 0x01]);

/// What a device says of itself. Copied: it is all mandatory, and eleven bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sonmp {
    /// The address of the device.
    pub address: Ipv4Addr,
    /// The port it speaks from: the slot in the higher octets, the port in it in the lowest.
    pub segment: u32,
    /// The kind of device (s5EnMsTopNmmChassisType).
    pub chassis: u8,
    /// The kind of its backplane.
    pub backplane: u8,
    /// 1 the topology changes, 2 heartbeat, 3 new.
    pub state: u8,
    /// How many links it has between its segments.
    pub links: u8,
}

impl Sonmp {
    /// Reads what follows the SNAP header, of either form; what stands behind it is padding.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let address = reader.array::<4>("sonmp address")?.into();
        let [a, b, c] = reader.array("sonmp segment")?;
        Ok(Self {
            address,
            segment: u32::from_be_bytes([0, a, b, c]),
            chassis: reader.u8("sonmp chassis")?,
            backplane: reader.u8("sonmp backplane")?,
            state: reader.u8("sonmp state")?,
            links: reader.u8("sonmp links")?,
        })
    }

    /// Appends the packet, without frame, LLC and SNAP; of the segment the lower three octets.
    pub fn emit(&self, buf: &mut Vec<u8>) {
        let [_, a, b, c] = self.segment.to_be_bytes();
        buf.extend_from_slice(&self.address.octets());
        buf.extend_from_slice(&[a, b, c, self.chassis, self.backplane, self.state, self.links]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llc::snap;
    use crate::{EthernetFrame, captures};

    #[test]
    fn reads_both_recorded_forms() {
        let frames = captures::frames("sonmp");
        for (frame, which, segment, to) in [
            (&frames[0], snap::SONMP_SEGMENT, 2, SONMP_SEGMENT),
            (&frames[1], snap::SONMP_FLATNET, 2, SONMP_FLATNET),
        ] {
            let frame = EthernetFrame::parse(frame).unwrap();
            assert_eq!(frame.destination, to);
            let payload = frame.snap(which).unwrap();
            let address = Ipv4Addr::new(10, 50, 0, 2);
            let read = Sonmp::parse(payload).unwrap();
            let links = read.links;
            let want = Sonmp { address, segment, chassis: 1, backplane: 12, state: 3, links };
            assert_eq!(read, want);
            for length in 0..11 {
                assert!(matches!(Sonmp::parse(&payload[..length]), Err(WireError::Short { .. })));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(address: u32, segment in 0_u32..1 << 24, rest: [u8; 4]) {
            let [chassis, backplane, state, links] = rest;
            let sent = Sonmp { address: address.into(), segment, chassis, backplane, state, links };
            let mut buf = vec![];
            sent.emit(&mut buf);
            assert_eq!((Sonmp::parse(&buf), buf.len()), (Ok(sent), 11));
        }
    }
}
