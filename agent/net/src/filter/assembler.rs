//! Instructions one after another, with names for the places to leap to.

use libc::{
    BPF_ABS, BPF_ADD, BPF_ALU, BPF_IMM, BPF_IND, BPF_JA, BPF_JMP, BPF_K, BPF_LD, BPF_LDX, BPF_MEM,
    BPF_MISC, BPF_RET, BPF_STX, BPF_TAX, BPF_X,
};

use super::{Filter, Instruction, statement};

/// Puts instructions one after another and fills in the leaps at the end. `L` names places.
#[derive(Debug)]
pub(super) struct Assembler<L> {
    program: Vec<Instruction>,
    leaps: Vec<(usize, Leap, L)>,
    labels: Vec<(L, usize)>,
}

#[derive(Debug, Clone, Copy)]
enum Leap {
    IfTrue,
    IfFalse,
    Always,
}

impl<L: Copy + PartialEq> Assembler<L> {
    pub(super) fn new() -> Self {
        Self { program: Vec::new(), leaps: Vec::new(), labels: Vec::new() }
    }

    fn emit(&mut self, code: u32, constant: u32) {
        self.program.push(statement(code, constant));
    }

    /// Loads the accumulator from so far into the frame.
    pub(super) fn load(&mut self, width: u32, at: u32) {
        self.emit(BPF_LD | width | BPF_ABS, at);
    }

    /// Loads the accumulator from so far behind where the index register points.
    pub(super) fn load_after_index(&mut self, width: u32, at: u32) {
        self.emit(BPF_LD | width | BPF_IND, at);
    }

    /// Changes the accumulator.
    pub(super) fn compute(&mut self, operation: u32, constant: u32) {
        self.emit(BPF_ALU | operation | BPF_K, constant);
    }

    /// Sets the index register.
    pub(super) fn set_index(&mut self, to: u32) {
        self.emit(BPF_LDX | BPF_IMM, to);
    }

    /// Moves the index register on by the accumulator.
    pub(super) fn advance_index(&mut self) {
        self.emit(BPF_ALU | BPF_ADD | BPF_X, 0);
        self.emit(BPF_MISC | BPF_TAX, 0);
    }

    /// Keeps the index register in the one word of memory that is used.
    pub(super) fn keep_index(&mut self) {
        self.emit(BPF_STX, 0);
    }

    /// Takes it back from there.
    pub(super) fn restore_index(&mut self) {
        self.emit(BPF_LDX | BPF_MEM, 0);
    }

    /// Ends: the frame passes whole, or not at all.
    pub(super) fn end(&mut self, passes: bool) {
        self.emit(BPF_RET | BPF_K, if passes { u32::MAX } else { 0 });
    }

    pub(super) fn go(&mut self, to: L) {
        self.leap(BPF_JA, 0, Leap::Always, to);
    }

    pub(super) fn go_if(&mut self, test: u32, constant: u32, to: L) {
        self.leap(test, constant, Leap::IfTrue, to);
    }

    pub(super) fn go_unless(&mut self, test: u32, constant: u32, to: L) {
        self.leap(test, constant, Leap::IfFalse, to);
    }

    fn leap(&mut self, test: u32, constant: u32, when: Leap, to: L) {
        self.leaps.push((self.program.len(), when, to));
        self.emit(BPF_JMP | test | BPF_K, constant);
    }

    /// Gives the next instruction a name.
    pub(super) fn here(&mut self, label: L) {
        self.labels.push((label, self.program.len()));
    }

    /// Fills in the leaps. All labels must be set, later than their leaps and within reach of them, and the last
    /// instruction must be an end.
    pub(super) fn finish(mut self) -> Filter {
        for (at, when, label) in &self.leaps {
            let target =
                self.labels.iter().find(|(name, _)| name == label).map(|(_, target)| *target);
            let distance = target
                .and_then(|target| target.checked_sub(at + 1))
                .expect("every label is set, later than its leaps");
            let near = || u8::try_from(distance).expect("a label is within 255 instructions");
            let instruction = &mut self.program[*at];
            match when {
                Leap::IfTrue => instruction.if_true = near(),
                Leap::IfFalse => instruction.if_false = near(),
                Leap::Always => {
                    instruction.constant =
                        u32::try_from(distance).expect("programs are a few hundred instructions");
                }
            }
        }
        Filter::new(self.program)
            .expect("the program ends with a return and all leaps were resolved")
    }
}
