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
