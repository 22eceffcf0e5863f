//! Classic BPF programs that the kernel runs before it copies a frame (Linux Documentation/networking/filter.rst).

use herkomst_ids::MacAddr;
use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_IND, BPF_JA, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K,
    BPF_LD, BPF_LDX, BPF_MSH, BPF_RET, BPF_W,
};
use socket2::{SockFilter, Socket};

use crate::NetError;

/// The length of a program the kernel takes at most (linux/bpf_common.h, BPF_MAXINSNS).
const MOST: usize = 4096;

const ETHERTYPE: u32 = 12;
const TAG_LENGTH: u32 = 4;

/// One instruction: what to do, where to go on when a comparison holds and when not, and a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation, width and addressing.
    pub code: u16,
    /// How many instructions to leap over when the comparison holds.
    pub if_true: u8,
    /// How many to leap over when it does not.
    pub if_false: u8,
    /// The constant, an offset or a value.
    pub constant: u32,
}

/// A program that ends, leaps forwards and inside itself only, and is short enough for the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Vec<Instruction>);

impl Filter {
    /// Checks what the kernel would refuse without a reason.
    ///
    /// # Errors
    /// When the program is empty, too long, leaps out of itself or does not end with a return.
    pub fn new(program: Vec<Instruction>) -> Result<Self, NetError> {
        let fault = |reason: String| Err(NetError::Filter { reason });
        if program.is_empty() || program.len() > MOST {
            return fault(format!("has {} instructions, allowed are 1 to {MOST}", program.len()));
        }
        for (at, instruction) in program.iter().enumerate() {
            if u32::from(instruction.code) & 7 != BPF_JMP {
                continue;
            }
            let farthest = if u32::from(instruction.code) == BPF_JMP | BPF_JA {
                instruction.constant as usize
            } else {
                usize::from(instruction.if_true.max(instruction.if_false))
            };
            if at.saturating_add(1).saturating_add(farthest) >= program.len() {
                return fault(format!(
                    "instruction {at} leaps {farthest} ahead, out of {}",
                    program.len()
                ));
            }
        }
        match program.last() {
            Some(last) if u32::from(last.code) & 7 == BPF_RET => Ok(Self(program)),
            _ => fault("its last instruction is no return".to_owned()),
        }
    }

    /// Lets nothing through.
    pub fn nothing() -> Self {
        Self(vec![statement(BPF_RET | BPF_K, 0)])
    }

    /// Lets everything through.
    pub fn everything() -> Self {
        Self(vec![statement(BPF_RET | BPF_K, u32::MAX)])
    }

    /// What discovery listens to: ARP, LLDP, and over IPv4 to our hardware address, whole packets only, UDP to one
    /// port and the ICMP messages that a datagram from that port could not be delivered; each also behind one tag
    /// (IEEE 802.1Q, 802.1ad) that the kernel left in the bytes.
    pub fn discovery(our_mac: MacAddr, udp_port: Option<u16>) -> Self {
        let mut program = Assembler::default();
        program.load(BPF_H, ETHERTYPE);
        for tag in [0x8100, 0x88a8] {
            program.go_if(BPF_JEQ, tag, Label::Tagged);
        }
        program.payload(0, our_mac, udp_port);
        program.here(Label::Tagged);
        program.load(BPF_H, ETHERTYPE + TAG_LENGTH);
        program.payload(TAG_LENGTH, our_mac, udp_port);
        program.here(Label::Accept);
        program.emit(statement(BPF_RET | BPF_K, u32::MAX));
        program.here(Label::Drop);
        program.emit(statement(BPF_RET | BPF_K, 0));
        program.finish()
    }

    /// The instructions, for those who want to read them.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }

    pub(crate) fn attach(&self, socket: &Socket) -> std::io::Result<()> {
        let native: Vec<SockFilter> = self
            .0
            .iter()
            .map(|instruction| {
                let Instruction { code, if_true, if_false, constant } = *instruction;
                SockFilter::new(code, if_true, if_false, constant)
            })
            .collect();
        socket.attach_filter(&native)
    }
}

fn statement(code: u32, constant: u32) -> Instruction {
    Instruction { code: code as u16, if_true: 0, if_false: 0, constant }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Tagged,
    /// For the frames whose network header stands so many octets later than usual.
    Icmp(u32),
    Accept,
    Drop,
}

/// Puts instructions one after another and fills in the leaps at the end.
#[derive(Debug, Default)]
struct Assembler {
    program: Vec<Instruction>,
    leaps: Vec<(usize, bool, Label)>,
    labels: Vec<(Label, usize)>,
}

impl Assembler {
    fn emit(&mut self, instruction: Instruction) {
        self.program.push(instruction);
    }

    fn load(&mut self, width: u32, at: u32) {
        self.emit(statement(BPF_LD | width | BPF_ABS, at));
    }

    fn go_if(&mut self, test: u32, constant: u32, to: Label) {
        self.leaps.push((self.program.len(), true, to));
        self.emit(statement(BPF_JMP | test | BPF_K, constant));
    }

    fn go_unless(&mut self, test: u32, constant: u32, to: Label) {
        self.leaps.push((self.program.len(), false, to));
        self.emit(statement(BPF_JMP | test | BPF_K, constant));
    }

    fn here(&mut self, label: Label) {
        self.labels.push((label, self.program.len()));
    }

    /// With the EtherType in the accumulator, and the network header `shift` octets later than usual.
    fn payload(&mut self, shift: u32, our_mac: MacAddr, udp_port: Option<u16>) {
        self.go_if(BPF_JEQ, 0x0806, Label::Accept);
        self.go_if(BPF_JEQ, 0x88cc, Label::Accept);
        let Some(port) = udp_port else {
            self.emit(statement(BPF_RET | BPF_K, 0));
            return;
        };
        self.go_unless(BPF_JEQ, 0x0800, Label::Drop);
        let [a, b, c, d, e, f] = our_mac.octets();
        self.load(BPF_W, 0);
        self.go_unless(BPF_JEQ, u32::from_be_bytes([a, b, c, d]), Label::Drop);
        self.load(BPF_H, 4);
        self.go_unless(BPF_JEQ, u32::from_be_bytes([0, 0, e, f]), Label::Drop);
        let ip = ETHERTYPE + 2 + shift;
        self.load(BPF_B, ip);
        self.emit(statement(BPF_ALU | BPF_AND | BPF_K, 0xf0));
        self.go_unless(BPF_JEQ, 0x40, Label::Drop);
        // RFC 791, 3.1: more fragments, or an offset.
        self.load(BPF_H, ip + 6);
        self.go_if(BPF_JSET, 0x3fff, Label::Drop);
        // The header is as long as its first octet says.
        self.emit(statement(BPF_LDX | BPF_B | BPF_MSH, ip));
        self.load(BPF_B, ip + 9);
        self.go_if(BPF_JEQ, 1, Label::Icmp(shift));
        self.go_unless(BPF_JEQ, 17, Label::Drop);
        self.after_header(BPF_H, ip + 2);
        self.go_if(BPF_JEQ, port.into(), Label::Accept);
        self.emit(statement(BPF_RET | BPF_K, 0));
        self.here(Label::Icmp(shift));
        // RFC 792: type 3 quotes the packet after eight octets. Ours have no options, so its UDP header is 20 further on.
        self.after_header(BPF_B, ip);
        self.go_unless(BPF_JEQ, 3, Label::Drop);
        self.after_header(BPF_B, ip + 8 + 9);
        self.go_unless(BPF_JEQ, 17, Label::Drop);
        self.after_header(BPF_H, ip + 8 + 20);
        self.go_if(BPF_JEQ, port.into(), Label::Accept);
        self.emit(statement(BPF_RET | BPF_K, 0));
    }

    /// Loads from so far behind the IPv4 header, whose length is in the index register.
    fn after_header(&mut self, width: u32, at: u32) {
        self.emit(statement(BPF_LD | width | BPF_IND, at));
    }

    fn finish(mut self) -> Filter {
        for (at, when, label) in &self.leaps {
            let target =
                self.labels.iter().find(|(name, _)| name == label).map(|(_, target)| *target);
            let distance = target
                .and_then(|target| target.checked_sub(at + 1))
                .and_then(|distance| u8::try_from(distance).ok())
                .expect("every label is set, later than its leaps and within 255 instructions");
            let instruction = &mut self.program[*at];
            *(if *when { &mut instruction.if_true } else { &mut instruction.if_false }) = distance;
        }
        Filter::new(self.program)
            .expect("the program ends with a return and all leaps were resolved")
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use socket2::{Domain, Type};

    use super::*;

    const OURS: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 0x0a]);
    const PORT: u16 = 40_161;

    /// Asks the kernel itself: a filter on one end of a local socket pair sees the frame as a packet socket would.
    fn passes(filter: &Filter, frame: &[u8]) -> bool {
        let (from, to) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        filter.attach(&to).unwrap();
        to.set_nonblocking(true).unwrap();
        from.set_nonblocking(true).unwrap();
        // The sender of a local datagram is not told that the filter refused it, on Linux it is: EPERM.
        let sent = from.send(frame);
        let mut seen = Vec::with_capacity(2048);
        match to.recv(seen.spare_capacity_mut()) {
            Ok(length) => {
                assert_eq!(length, frame.len(), "a filter passes a frame whole or not at all");
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error} after {sent:?}"),
        }
    }

    fn frame(to: MacAddr, ethertype: u16, payload: &[u8]) -> Vec<u8> {
        let mut frame = to.octets().to_vec();
        frame.extend([0x02, 0, 0, 0, 0, 0x0b]);
        frame.extend(ethertype.to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn tagged(tag: u16, mut frame: Vec<u8>) -> Vec<u8> {
        let tag = [tag.to_be_bytes(), [0, 7]].concat();
        frame.splice(12..12, tag);
        frame
    }

    /// An IPv4 header with `options` words of options, and a UDP header after it.
    fn datagram(options: u8, protocol: u8, fragment: u16, port: u16) -> Vec<u8> {
        let mut packet = vec![0; 20 + 4 * usize::from(options)];
        packet[0] = 0x45 + options;
        packet[6..8].copy_from_slice(&fragment.to_be_bytes());
        packet[9] = protocol;
        packet.extend([161u16, port, 8, 0].iter().flat_map(|word| word.to_be_bytes()));
        packet
    }

    /// An ICMP message that quotes a datagram from this port.
    fn refusal(kind: u8, quoted_protocol: u8, quoted_port: u16) -> Vec<u8> {
        let mut packet = datagram(0, 1, 0, 0);
        packet.truncate(20);
        packet.extend([kind, 3, 0, 0, 0, 0, 0, 0]);
        let mut quoted = datagram(0, quoted_protocol, 0, 161);
        quoted[20..22].copy_from_slice(&quoted_port.to_be_bytes());
        packet.extend(quoted);
        packet
    }

    #[test]
    fn discovery_passes_what_it_is_for() {
        let filter = Filter::discovery(OURS, Some(PORT));
        let wanted = [
            ("ARP", frame(MacAddr::BROADCAST, 0x0806, &[0; 28])),
            ("LLDP", frame(MacAddr([1, 0x80, 0xc2, 0, 0, 0x0e]), 0x88cc, &[2, 7, 4])),
            ("UDP", frame(OURS, 0x0800, &datagram(0, 17, 0, PORT))),
            ("UDP after options", frame(OURS, 0x0800, &datagram(10, 17, 0, PORT))),
            ("refusal of a datagram of ours", frame(OURS, 0x0800, &refusal(3, 17, PORT))),
            (
                "UDP that must not be fragmented",
                frame(OURS, 0x0800, &datagram(0, 17, 0x4000, PORT)),
            ),
        ];
        for (name, frame) in wanted {
            assert!(passes(&filter, &frame), "{name}");
            assert!(passes(&filter, &tagged(0x8100, frame.clone())), "tagged {name}");
            assert!(passes(&filter, &tagged(0x88a8, frame)), "service-tagged {name}");
        }
    }

    #[test]
    fn discovery_drops_the_rest() {
        let filter = Filter::discovery(OURS, Some(PORT));
        let other = MacAddr([0x02, 0, 0, 0, 0, 0x0c]);
        let mut version_six = datagram(0, 17, 0, PORT);
        version_six[0] = 0x65;
        let unwanted = [
            ("another port", frame(OURS, 0x0800, &datagram(0, 17, 0, PORT + 1))),
            ("our port as the source", {
                let mut packet = datagram(0, 17, 0, 161);
                packet[20..22].copy_from_slice(&PORT.to_be_bytes());
                frame(OURS, 0x0800, &packet)
            }),
            ("another station", frame(other, 0x0800, &datagram(0, 17, 0, PORT))),
            ("broadcast", frame(MacAddr::BROADCAST, 0x0800, &datagram(0, 17, 0, PORT))),
            ("TCP", frame(OURS, 0x0800, &datagram(0, 6, 0, PORT))),
            ("ICMP", frame(OURS, 0x0800, &datagram(0, 1, 0, PORT))),
            ("an echo reply", frame(OURS, 0x0800, &refusal(0, 17, PORT))),
            ("refusal of TCP", frame(OURS, 0x0800, &refusal(3, 6, PORT))),
            ("refusal of another port's datagram", frame(OURS, 0x0800, &refusal(3, 17, PORT + 1))),
            ("a refusal cut short", frame(OURS, 0x0800, &refusal(3, 17, PORT)[..45])),
            ("a first fragment", frame(OURS, 0x0800, &datagram(0, 17, 0x2000, PORT))),
            ("a last fragment", frame(OURS, 0x0800, &datagram(0, 17, 1, PORT))),
            ("IPv6", frame(OURS, 0x86dd, &datagram(0, 17, 0, PORT))),
            ("version 6 under the EtherType of 4", frame(OURS, 0x0800, &version_six)),
            ("a header cut short", frame(OURS, 0x0800, &datagram(0, 17, 0, PORT)[..22])),
            ("an EtherType cut short", vec![0; 13]),
            ("one octet", vec![0]),
        ];
        for (name, frame) in unwanted {
            assert!(!passes(&filter, &frame), "{name}");
            if frame.len() >= 14 {
                assert!(!passes(&filter, &tagged(0x8100, frame)), "tagged {name}");
            }
        }
        let arp = frame(MacAddr::BROADCAST, 0x0806, &[0; 28]);
        assert!(!passes(&filter, &tagged(0x8100, tagged(0x8100, arp))), "two tags");
    }

    #[test]
    fn without_a_port_no_datagram_passes() {
        let filter = Filter::discovery(OURS, None);
        assert!(passes(&filter, &frame(MacAddr::BROADCAST, 0x0806, &[0; 28])));
        assert!(!passes(&filter, &frame(OURS, 0x0800, &datagram(0, 17, 0, 0))));
        assert!(!passes(&filter, &tagged(0x8100, frame(OURS, 0x0800, &datagram(0, 17, 0, PORT)))));
    }

    #[test]
    fn nothing_and_everything_are_what_they_say() {
        for frame in [vec![0], vec![0xff; 1500]] {
            assert!(!passes(&Filter::nothing(), &frame));
            assert!(passes(&Filter::everything(), &frame));
        }
    }

    #[test]
    fn programs_the_kernel_would_refuse_are_refused_with_a_reason() {
        let accept = statement(BPF_RET | BPF_K, 1);
        let leap =
            Instruction { code: (BPF_JMP | BPF_JEQ) as u16, if_true: 1, if_false: 0, constant: 0 };
        let far = statement(BPF_JMP | BPF_JA, u32::MAX);
        for program in [
            vec![],
            vec![accept; MOST + 1],
            vec![leap, accept],
            vec![far, accept],
            vec![accept, leap],
        ] {
            assert!(matches!(Filter::new(program), Err(NetError::Filter { .. })));
        }
        assert!(Filter::new(vec![leap, accept, accept]).is_ok());
    }
}
