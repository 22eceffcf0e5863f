//! ARP for IPv4 over Ethernet (RFC 826), with the probes and announcements of RFC 5227.
//!
//! Other hardware and protocol types are refused: nothing here could use them.

use std::net::Ipv4Addr;

use herkomst_ids::MacAddr;

use crate::{Reader, WireError, ether_type};

/// What an ARP packet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArpOperation {
    /// 1: asks who has the target address.
    Request,
    /// 2: says who has the sender address.
    Reply,
    /// Anything else, such as the requests of RARP.
    Other(u16),
}

impl ArpOperation {
    fn number(self) -> u16 {
        match self {
            Self::Request => 1,
            Self::Reply => 2,
            Self::Other(number) => number,
        }
    }
}

impl From<u16> for ArpOperation {
    fn from(number: u16) -> Self {
        match number {
            1 => Self::Request,
            2 => Self::Reply,
            number => Self::Other(number),
        }
    }
}

/// Hardware Ethernet, protocol IPv4, address lengths 6 and 4.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];
/// What follows the addresses in an untagged frame that is an ARP reply for IPv4 over Ethernet.
const REPLY_HEAD: [u8; 10] = [8, 6, 0, 1, 8, 0, 6, 4, 0, 2];

/// An ARP packet. Copied, not borrowed: it is all mandatory, and 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// What it does.
    pub operation: ArpOperation,
    /// The hardware address of the sender.
    pub sender_mac: MacAddr,
    /// The address the sender claims; 0.0.0.0 in a probe.
    pub sender_ip: Ipv4Addr,
    /// The hardware address asked for or answered to; without meaning in a request.
    pub target_mac: MacAddr,
    /// The address asked for or answered to.
    pub target_ip: Ipv4Addr,
}

impl Arp {
    /// Reads the payload of an Ethernet frame; what follows the packet is padding.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let types: [u8; 6] = reader.array("arp address types and lengths")?;
        if types != ETHERNET_IPV4 {
            return Err(WireError::Unexpected {
                what: "arp address types and lengths",
                at: 0,
                found: types.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)),
                want: "4429186564 (ethernet, ipv4, 6 and 4)", // the six octets as one number
            });
        }
        Ok(Self {
            operation: reader.u16("arp operation")?.into(),
            sender_mac: MacAddr(reader.array("arp sender hardware address")?),
            sender_ip: reader.array("arp sender address")?.into(),
            target_mac: MacAddr(reader.array("arp target hardware address")?),
            target_ip: reader.array("arp target address")?.into(),
        })
    }

    /// Appends the packet, without a frame header.
    pub fn emit(&self, buf: &mut Vec<u8>) {
        buf.extend_from_slice(&ETHERNET_IPV4);
        buf.extend_from_slice(&self.operation.number().to_be_bytes());
        buf.extend_from_slice(&self.sender_mac.octets());
        buf.extend_from_slice(&self.sender_ip.octets());
        buf.extend_from_slice(&self.target_mac.octets());
        buf.extend_from_slice(&self.target_ip.octets());
    }

    /// Asks whether an address is free, and claims none: it says nothing about where the sender's address is (RFC 5227, 1.1).
    pub fn is_probe(&self) -> bool {
        self.operation == ArpOperation::Request && self.sender_ip.is_unspecified()
    }

    /// Tells everybody the sender's own address, unasked. RFC 5227, 1.1 makes it a request; devices that follow RFC 5944,
    /// 4.6 send it as a reply as well.
    pub fn is_announcement(&self) -> bool {
        let tells = matches!(self.operation, ArpOperation::Request | ArpOperation::Reply);
        tells && self.sender_ip == self.target_ip && !self.sender_ip.is_unspecified()
    }
}

/// The whole broadcast frame that asks for `target_ip`. Without allocation: a sweep makes 65,536 of them.
pub fn arp_request_frame(source: MacAddr, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> [u8; 42] {
    let mut frame = [0; 42];
    let mut put = |at: usize, bytes: &[u8]| frame[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &MacAddr::BROADCAST.octets());
    put(6, &source.octets());
    put(12, &ether_type::ARP.to_be_bytes());
    put(14, &ETHERNET_IPV4);
    put(20, &ArpOperation::Request.number().to_be_bytes());
    put(22, &source.octets());
    put(28, &sender_ip.octets());
    // 32..38, the address that is asked for, stays zero
    put(38, &target_ip.octets());
    frame
}

/// Who says to have which address, if the frame is an untagged ARP reply sent to us: the path of nearly all answers
/// to a sweep. What is not (a broadcast reply, a tagged one) is for [`Arp::parse`].
pub fn quick_reply(frame: &[u8], our_mac: MacAddr) -> Option<(MacAddr, Ipv4Addr)> {
    let frame: &[u8; 42] = frame.first_chunk()?;
    let (destination, rest) = frame.split_first_chunk::<6>()?;
    let (head, sender) = rest[6..].split_first_chunk::<10>()?;
    if *destination != our_mac.octets() || *head != REPLY_HEAD {
        return None;
    }
    let (mac, rest) = sender.split_first_chunk::<6>()?;
    let ip: &[u8; 4] = rest.first_chunk()?;
    Some((MacAddr(*mac), Ipv4Addr::from(*ip)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EthernetFrame, captures};

    const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0a]);
    const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0b]);
    const OUR_IP: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 1);
    const THEIR_IP: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 2);

    fn read(name: &str) -> Vec<Arp> {
        let payload =
            |frame: &Vec<u8>| Arp::parse(EthernetFrame::parse(frame).unwrap().payload).unwrap();
        captures::frames(name).iter().map(payload).collect()
    }

    #[test]
    fn reads_a_recorded_question_and_its_answer() {
        let [question, answer] = read("arp")[..] else { panic!("two packets") };
        let zero = MacAddr::ZERO;
        let operation = ArpOperation::Request;
        let (sender_mac, sender_ip) = (OURS, OUR_IP);
        assert_eq!(
            question,
            Arp { operation, sender_mac, sender_ip, target_mac: zero, target_ip: THEIR_IP }
        );
        let operation = ArpOperation::Reply;
        let (sender_mac, sender_ip) = (THEIRS, THEIR_IP);
        assert_eq!(
            answer,
            Arp { operation, sender_mac, sender_ip, target_mac: OURS, target_ip: OUR_IP }
        );
    }

    #[test]
    fn tells_questions_probes_and_announcements_apart() {
        let kind = |arp: &Arp| (arp.is_probe(), arp.is_announcement());
        assert_eq!(read("arp").iter().map(kind).collect::<Vec<_>>(), [(false, false); 2]);
        assert_eq!(kind(&read("arp_probe")[0]), (true, false));
        assert_eq!(
            read("arp_announcement").iter().map(kind).collect::<Vec<_>>(),
            [(false, true); 2]
        );
        let nothing = Arp {
            sender_ip: Ipv4Addr::UNSPECIFIED,
            target_ip: Ipv4Addr::UNSPECIFIED,
            ..read("arp")[0]
        };
        assert_eq!(kind(&nothing), (true, false));
    }

    #[test]
    fn our_question_is_the_one_that_a_kernel_sends() {
        assert_eq!(arp_request_frame(OURS, OUR_IP, THEIR_IP)[..], captures::frames("arp")[0]);
    }

    #[test]
    fn the_quick_way_takes_replies_to_us_and_nothing_else() {
        let frames = captures::frames("arp");
        assert_eq!(quick_reply(&frames[1], OURS), Some((THEIRS, THEIR_IP)));
        assert_eq!(quick_reply(&frames[0], OURS), None, "a question");
        assert_eq!(quick_reply(&frames[1], THEIRS), None, "for somebody else");
        for length in 0..frames[1].len() {
            assert_eq!(quick_reply(&frames[1][..length], OURS), None, "cut at {length}");
        }
        let mut padded = frames[1].clone();
        padded.resize(60, 0);
        assert_eq!(quick_reply(&padded, OURS), Some((THEIRS, THEIR_IP)));
        for at in 12..22 {
            let mut other = frames[1].clone();
            other[at] ^= 1;
            assert_eq!(quick_reply(&other, OURS), None, "byte {at} is another");
        }
    }

    #[test]
    fn other_address_types_are_refused_and_cut_packets_too() {
        let frame = &captures::frames("arp")[1];
        for at in 0..6 {
            let mut packet = frame[14..].to_vec();
            packet[at] ^= 4;
            assert!(matches!(Arp::parse(&packet), Err(WireError::Unexpected { at: 0, .. })));
        }
        for length in 14..frame.len() {
            assert!(
                matches!(Arp::parse(&frame[14..length]), Err(WireError::Short { .. })),
                "cut at {length}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn comes_back_as_it_was_sent(operation: u16, macs: [[u8; 6]; 2], ips: [u32; 2]) {
            let arp = Arp {
                operation: operation.into(),
                sender_mac: MacAddr(macs[0]),
                sender_ip: ips[0].into(),
                target_mac: MacAddr(macs[1]),
                target_ip: ips[1].into(),
            };
            let mut buf = vec![];
            arp.emit(&mut buf);
            assert_eq!(buf.len(), 28);
            assert_eq!(Arp::parse(&buf), Ok(arp));
        }
    }
}
