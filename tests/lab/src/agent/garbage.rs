//! Bytes that only look like messages.

/// Looks like a message for its first bytes, and is none.
pub(super) fn garbage() -> Vec<u8> {
    let mut bytes = vec![0x30, 0x82, 0x03, 0xff, 0x02, 0x01, 0x01, 0x04, 0xff];
    bytes.extend((0u8..200).map(|n| n.wrapping_mul(73).wrapping_add(41)));
    bytes
}

/// Sequences inside sequences, each with the length that is right for it.
pub(super) fn deep_nesting(most: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = vec![0x05, 0x00];
    while bytes.len() < most.saturating_sub(4) {
        let length = bytes.len();
        let mut outer = match u8::try_from(length) {
            Ok(short @ 0..0x80) => vec![0x30, short],
            _ => {
                let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
                vec![0x30, 0x82, high, low]
            }
        };
        outer.append(&mut bytes);
        bytes = outer;
    }
    bytes
}
