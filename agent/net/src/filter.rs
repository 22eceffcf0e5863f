//! Classic BPF programs that the kernel runs before it copies a frame (Linux Documentation/networking/filter.rst).

mod assembler;
mod programs;

use libc::{BPF_JA, BPF_JMP, BPF_K, BPF_RET};
pub use programs::Fragments;
use socket2::{SockFilter, Socket};

use crate::NetError;

/// The length of a program the kernel takes at most (linux/bpf_common.h, BPF_MAXINSNS).
const MOST: usize = 4096;

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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use libc::BPF_JEQ;
    use socket2::{Domain, Type};

    use super::*;

    /// Asks the kernel itself: a filter on one end of a local socket pair sees the frame as a packet socket would.
    pub(super) fn passes(filter: &Filter, frame: &[u8]) -> bool {
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
