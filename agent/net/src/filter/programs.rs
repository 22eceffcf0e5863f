//! What discovery and listening let through: the one list of what the agent reads from a wire.
//!
//! The index register holds how much later than usual the network header stands: 4 octets behind a tag that the kernel
//! left in the bytes. A load behind the end of a frame ends the program and drops it.

use herkomst_ids::MacAddr;
use libc::{BPF_ADD, BPF_AND, BPF_B, BPF_H, BPF_JEQ, BPF_JGT, BPF_JSET, BPF_LSH, BPF_W};

use super::Filter;
use super::assembler::Assembler;

/// What to do with datagrams that were cut into fragments, when listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fragments {
    /// None of them passes: for readers that read whole messages only.
    #[default]
    Dropped,
    /// The first of each passes, the only one that says for which port it is: for readers that make do with the
    /// beginning.
    FirstPassed,
}

/// Tags of IEEE 802.1Q and 802.1ad, and what switches used before the latter.
const TAGS: [u32; 3] = [0x8100, 0x88a8, 0x9100];
const ETHERTYPE: u32 = 12;
const TAG_LENGTH: u32 = 4;
/// Where the network header stands without a tag.
const NETWORK: u32 = 14;
/// Where the header after that of IPv6 stands (RFC 8200, 3).
const AFTER_IPV6: u32 = NETWORK + 40;
/// LLC and SNAP of unnumbered information, and the first octet of the organisation, which is 0 for all of them.
const SNAP: u32 = 0xaaaa_0300;
/// The rest of the organisation, and its protocol: CDP of Cisco, FDP of Foundry, EDP of Extreme, and the two of SONMP.
const SNAP_PROTOCOLS: [u32; 5] = [0x000c_2000, 0xe052_2000, 0xe02b_00bb, 0x0081_01a2, 0x0081_01a1];
/// Of the word with the fragment offset of IPv4: the offset, and that more follow (RFC 791, 3.1).
const OFFSET: u32 = 0x1fff;
const MORE: u32 = 0x2000;
/// VRRP and CARP (RFC 5798, 5.1.1.4).
const REDUNDANCY: u32 = 112;
/// Ports that are listened to over both: SSDP, HSRP, HSRP for IPv6, GLBP, WS-Discovery, mDNS, MNDP, and the discovery of
/// Hikvision and Dahua.
const PORTS: [u16; 9] = [1900, 1985, 2029, 3222, 3702, 5353, 5678, 37020, 37810];
/// DHCP (RFC 2131, 4.1) and DHCPv6 (RFC 8415, 7.2).
const DHCP: [u16; 2] = [67, 68];
const DHCPV6: [u16; 2] = [546, 547];
/// Router and neighbour solicitation and advertisement, redirect (RFC 4861, 4).
const NEIGHBOUR_DISCOVERY: [u32; 5] = [133, 134, 135, 136, 137];
/// Parameter problem and echo reply (RFC 4443), advertisements of routers and neighbours.
const ANSWERS: [u32; 4] = [4, 129, 134, 136];
/// Query, report and done of version 1, report of version 2 (RFC 2710, 3; RFC 3810, 5.2).
const LISTENER_DISCOVERY: [u32; 4] = [130, 131, 132, 143];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Tagged,
    Network,
    Ipv4,
    Icmp,
    ForUsV4,
    Ipv6,
    Fragment,
    Udp,
    Icmpv6,
    ForUsV6,
    OurMac,
    AllNodes,
    /// Each part ends by itself, so that no leap is long.
    Pass(Part),
    Drop(Part),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Link,
    Ipv4,
    Ipv6,
}

impl Filter {
    /// What answers discovery: ARP and LLDP, and with a port that our questions leave from, whole packets only:
    ///
    /// - over IPv4 to our hardware address: UDP to that port, and the ICMP messages that a datagram from it could not
    ///   be delivered;
    /// - over IPv6 to our hardware address, all nodes or a solicited-node group: the same, and of ICMPv6 the echo reply,
    ///   the advertisements of neighbours and routers, and the parameter problem.
    ///
    /// Each also behind one tag (IEEE 802.1Q, 802.1ad) that the kernel left in the bytes; it may have taken one off.
    pub fn discovery(our_mac: MacAddr, udp_port: Option<u16>) -> Self {
        Wanted { our_mac, udp_port, listening: None }.program()
    }

    /// What answers discovery, and what stations and switches say by themselves to anybody: CDP, FDP, EDP and SONMP;
    /// VRRP, CARP, HSRP and GLBP; DHCP and DHCPv6, mDNS, SSDP, WS-Discovery, MNDP and the discovery of Hikvision and
    /// Dahua; neighbour discovery and listener reports of IPv6. Of fragments what is asked for.
    pub fn listening(our_mac: MacAddr, udp_port: Option<u16>, fragments: Fragments) -> Self {
        Wanted { our_mac, udp_port, listening: Some(fragments) }.program()
    }
}

struct Wanted {
    our_mac: MacAddr,
    udp_port: Option<u16>,
    listening: Option<Fragments>,
}

type Program = Assembler<Label>;

impl Wanted {
    fn program(&self) -> Filter {
        let mut program = Program::new();
        program.set_index(0);
        program.load(BPF_H, ETHERTYPE);
        for tag in TAGS {
            program.go_if(BPF_JEQ, tag, Label::Tagged);
        }
        program.go(Label::Network);
        program.here(Label::Tagged);
        program.set_index(TAG_LENGTH);
        program.load(BPF_H, ETHERTYPE + TAG_LENGTH);
        program.here(Label::Network);
        for ether_type in [0x0806, 0x88cc] {
            program.go_if(BPF_JEQ, ether_type, Label::Pass(Part::Link));
        }
        let hears_ip = self.listening.is_some() || self.udp_port.is_some();
        if hears_ip {
            program.go_if(BPF_JEQ, 0x0800, Label::Ipv4);
            program.go_if(BPF_JEQ, 0x86dd, Label::Ipv6);
        }
        if self.listening.is_some() {
            // IEEE 802.3-2018, 3.2.6: up to there it is a length.
            program.go_if(BPF_JGT, 1500, Label::Drop(Part::Link));
            program.load_after_index(BPF_W, NETWORK);
            program.go_unless(BPF_JEQ, SNAP, Label::Drop(Part::Link));
            program.load_after_index(BPF_W, NETWORK + 4);
            for protocol in SNAP_PROTOCOLS {
                program.go_if(BPF_JEQ, protocol, Label::Pass(Part::Link));
            }
        }
        ends(&mut program, Part::Link);
        if hears_ip {
            self.ipv4(&mut program);
            self.ipv6(&mut program);
        }
        program.finish()
    }

    fn ipv4(&self, program: &mut Program) {
        const DROP: Label = Label::Drop(Part::Ipv4);
        const PASS: Label = Label::Pass(Part::Ipv4);
        program.here(Label::Ipv4);
        program.load_after_index(BPF_B, NETWORK);
        program.compute(BPF_AND, 0xf0);
        program.go_unless(BPF_JEQ, 0x40, DROP);
        // RFC 791, 3.1: an offset, or more fragments.
        program.load_after_index(BPF_H, NETWORK + 6);
        let takes_first = self.listening == Some(Fragments::FirstPassed);
        program.go_if(BPF_JSET, if takes_first { OFFSET } else { OFFSET | MORE }, DROP);
        program.load_after_index(BPF_B, NETWORK + 9);
        if self.listening.is_some() {
            program.go_if(BPF_JEQ, REDUNDANCY, PASS);
        }
        if self.udp_port.is_some() {
            program.go_if(BPF_JEQ, 1, Label::Icmp);
        }
        program.go_unless(BPF_JEQ, 17, DROP);
        after_ipv4_header(program);
        program.load_after_index(BPF_H, NETWORK + 2);
        if self.listening.is_some() {
            for port in PORTS.into_iter().chain(DHCP) {
                program.go_if(BPF_JEQ, port.into(), PASS);
            }
        }
        if let Some(port) = self.udp_port {
            program.go_if(BPF_JEQ, port.into(), Label::ForUsV4);
            program.go(DROP);
            program.here(Label::Icmp);
            // RFC 792: type 3 quotes the packet after eight octets. Ours have no options, so its UDP header is 20
            // further on.
            after_ipv4_header(program);
            program.load_after_index(BPF_B, NETWORK);
            program.go_unless(BPF_JEQ, 3, DROP);
            program.load_after_index(BPF_B, NETWORK + 8 + 9);
            program.go_unless(BPF_JEQ, 17, DROP);
            program.load_after_index(BPF_H, NETWORK + 8 + 20);
            program.go_unless(BPF_JEQ, port.into(), DROP);
            program.here(Label::ForUsV4);
            program.restore_index();
            program.load_after_index(BPF_H, NETWORK + 6);
            program.go_if(BPF_JSET, OFFSET | MORE, DROP);
            let [high, low] = halves(self.our_mac);
            program.load(BPF_W, 0);
            program.go_unless(BPF_JEQ, high, DROP);
            program.load(BPF_H, 4);
            program.go_if(BPF_JEQ, low, PASS);
        }
        ends(program, Part::Ipv4);
    }

    fn ipv6(&self, program: &mut Program) {
        const DROP: Label = Label::Drop(Part::Ipv6);
        const PASS: Label = Label::Pass(Part::Ipv6);
        program.here(Label::Ipv6);
        program.load_after_index(BPF_B, NETWORK);
        program.compute(BPF_AND, 0xf0);
        program.go_unless(BPF_JEQ, 0x60, DROP);
        program.load_after_index(BPF_B, NETWORK + 6);
        program.go_if(BPF_JEQ, 17, Label::Udp);
        program.go_if(BPF_JEQ, 58, Label::Icmpv6);
        if let Some(fragments) = self.listening {
            program.go_if(BPF_JEQ, REDUNDANCY, PASS);
            if fragments == Fragments::FirstPassed {
                program.go_if(BPF_JEQ, 44, Label::Fragment);
            }
            program.go_unless(BPF_JEQ, 0, DROP);
            // Hop-by-hop options, with which listener reports come (RFC 8200, 4.3; RFC 3810, 5): next header, and the
            // length in units of eight octets without the first.
            program.load_after_index(BPF_B, AFTER_IPV6);
            program.go_unless(BPF_JEQ, 58, DROP);
            program.load_after_index(BPF_B, AFTER_IPV6 + 1);
            program.compute(BPF_ADD, 1);
            program.compute(BPF_LSH, 3);
            program.advance_index();
            program.load_after_index(BPF_B, AFTER_IPV6);
            for kind in LISTENER_DISCOVERY {
                program.go_if(BPF_JEQ, kind, PASS);
            }
            if fragments == Fragments::FirstPassed {
                program.go(DROP);
                program.here(Label::Fragment);
                // RFC 8200, 4.5: an offset above three other bits.
                program.load_after_index(BPF_H, AFTER_IPV6 + 2);
                program.go_if(BPF_JSET, 0xfff8, DROP);
                program.load_after_index(BPF_B, AFTER_IPV6);
                program.go_unless(BPF_JEQ, 17, DROP);
                program.load_after_index(BPF_H, AFTER_IPV6 + 8 + 2);
                for port in PORTS.into_iter().chain(DHCPV6) {
                    program.go_if(BPF_JEQ, port.into(), PASS);
                }
            }
        }
        program.go(DROP);
        program.here(Label::Udp);
        program.load_after_index(BPF_H, AFTER_IPV6 + 2);
        if self.listening.is_some() {
            for port in PORTS.into_iter().chain(DHCPV6) {
                program.go_if(BPF_JEQ, port.into(), PASS);
            }
        }
        if let Some(port) = self.udp_port {
            program.go_if(BPF_JEQ, port.into(), Label::ForUsV6);
        }
        program.go(DROP);
        program.here(Label::Icmpv6);
        program.load_after_index(BPF_B, AFTER_IPV6);
        if self.listening.is_some() {
            for kind in NEIGHBOUR_DISCOVERY {
                program.go_if(BPF_JEQ, kind, PASS);
            }
        }
        if let Some(port) = self.udp_port {
            for kind in ANSWERS {
                program.go_if(BPF_JEQ, kind, Label::ForUsV6);
            }
            // RFC 4443, 3.1: destination unreachable quotes the packet after eight octets; ours have no other header
            // before that of UDP.
            program.go_unless(BPF_JEQ, 1, DROP);
            program.load_after_index(BPF_B, AFTER_IPV6 + 8 + 6);
            program.go_unless(BPF_JEQ, 17, DROP);
            program.load_after_index(BPF_H, AFTER_IPV6 + 8 + 40);
            program.go_unless(BPF_JEQ, port.into(), DROP);
            program.here(Label::ForUsV6);
            let [high, low] = halves(self.our_mac);
            program.load(BPF_W, 0);
            program.go_if(BPF_JEQ, high, Label::OurMac);
            // RFC 2464, 7, and RFC 4291, 2.7.1: all nodes, and the groups made of the last three octets of an address.
            program.go_if(BPF_JEQ, 0x3333_0000, Label::AllNodes);
            program.compute(BPF_AND, 0xffff_ff00);
            program.go_if(BPF_JEQ, 0x3333_ff00, PASS);
            program.go(DROP);
            program.here(Label::AllNodes);
            program.load(BPF_H, 4);
            program.go_if(BPF_JEQ, 1, PASS);
            program.go(DROP);
            program.here(Label::OurMac);
            program.load(BPF_H, 4);
            program.go_if(BPF_JEQ, low, PASS);
        }
        ends(program, Part::Ipv6);
    }
}

fn halves(mac: MacAddr) -> [u32; 2] {
    let [a, b, c, d, e, f] = mac.octets();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([0, 0, e, f])]
}

/// Moves the index on by the length of the IPv4 header, which its first octet says; the memory keeps where it was.
fn after_ipv4_header(program: &mut Program) {
    program.keep_index();
    program.load_after_index(BPF_B, NETWORK);
    program.compute(BPF_AND, 0x0f);
    program.compute(BPF_LSH, 2);
    program.advance_index();
}

fn ends(program: &mut Program, part: Part) {
    program.here(Label::Drop(part));
    program.end(false);
    program.here(Label::Pass(part));
    program.end(true);
}

#[cfg(test)]
mod tests;
