//! What a hostile or broken device can answer: right answers cut and changed at every byte, and at random.

use proptest::prelude::*;

mod answers;

#[test]
fn right_answers_are_taken() {
    for which in 0..4 {
        assert!(answers::nd(&[which, 0xff, 0]), "neighbour discovery, {which}");
    }
    for which in (0..5).chain(0x80..0x85) {
        assert!(answers::ask(&[which, 0xff, 0]), "question {which}, of its port and of another");
    }
}

#[test]
fn answers_cut_at_any_byte_are_read_or_refused() {
    for (_, read) in answers::ALL {
        for which in 0..=0x1f {
            for cut in 1..=255 {
                read(&[which, 0xff, cut]);
            }
        }
    }
}

#[test]
fn every_byte_of_every_answer_may_be_another() {
    for (_, read) in answers::ALL {
        for which in 0..=0x0f {
            for at in 0..=254 {
                for byte in [0, 1, 0x7f, 0xff] {
                    read(&[which, at, 0, byte]);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn answers_with_anything_in_them_are_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        for (_, read) in answers::ALL {
            read(&bytes);
        }
    }
}
