//! Takes bytes off a packet without ever running past its end, and says where it stopped.

/// Why bytes are not what a protocol says they should be. Small and `Copy`: hostile packets are many, and each makes one.
///
/// `at` counts from the first byte that the failing parser was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WireError {
    /// The packet ends before the field does.
    #[error("{what} at byte {at}: needs {need} bytes, {have} left")]
    Short {
        /// The field.
        what: &'static str,
        /// Where it starts.
        at: usize,
        /// How many bytes it takes.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// The field has a value that its protocol does not allow there.
    #[error("{what} at byte {at} is {found}, should be {want}")]
    Unexpected {
        /// The field.
        what: &'static str,
        /// Where it starts.
        at: usize,
        /// The value, as a number.
        found: u64,
        /// What would be right.
        want: &'static str,
    },
    /// There is more of something than the protocol, or this parser, allows.
    #[error("{what} at byte {at}: {found} of it, at most {most} allowed")]
    TooLong {
        /// The field.
        what: &'static str,
        /// Where it starts.
        at: usize,
        /// How much there is (at least).
        found: usize,
        /// How much is allowed.
        most: usize,
    },
    /// The checksum does not fit the bytes.
    #[error("{what}: checksum does not fit the bytes")]
    Checksum {
        /// The header or datagram.
        what: &'static str,
    },
}

/// The unread part of a packet.
///
/// Two readers are equal when the bytes left in them are, wherever in a packet these stand.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    /// The next `need` bytes.
    pub fn take(&mut self, need: usize, what: &'static str) -> Result<&'a [u8], WireError> {
        let (at, have) = (self.at, self.rest.len());
        let Some((head, tail)) = self.rest.split_at_checked(need) else {
            return Err(WireError::Short { what, at, need, have });
        };
        (self.rest, self.at) = (tail, at + need);
        Ok(head)
    }

    /// The next `need` bytes as a reader of their own, which still counts from the start of the packet.
    pub fn part(&mut self, need: usize, what: &'static str) -> Result<Self, WireError> {
        let at = self.at;
        Ok(Self { rest: self.take(need, what)?, at })
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], WireError> {
        let (at, have) = (self.at, self.rest.len());
        let Some((head, tail)) = self.rest.split_first_chunk() else {
            return Err(WireError::Short { what, at, need: N, have });
        };
        (self.rest, self.at) = (tail, at + N);
        Ok(*head)
    }

    /// The next byte.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, WireError> {
        self.array(what).map(u8::from_be_bytes)
    }

    /// The next two bytes, most significant first.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, WireError> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// The next four bytes, most significant first.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, WireError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// All that is left.
    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes were read before this point.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub const fn len(&self) -> usize {
        self.rest.len()
    }

    /// Whether all has been read.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

impl PartialEq for Reader<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rest == other.rest
    }
}

impl Eq for Reader<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_it_stopped_and_stays_there() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5]);
        assert_eq!(reader.u16("head"), Ok(0x0102));
        let short = WireError::Short { what: "body", at: 2, need: 4, have: 3 };
        assert_eq!(reader.take(4, "body"), Err(short));
        assert_eq!(reader.u32("body"), Err(short));
        assert_eq!(short.to_string(), "body at byte 2: needs 4 bytes, 3 left");
        assert_eq!(reader.rest(), [3, 4, 5]);
    }

    #[test]
    fn a_part_counts_from_the_start_of_the_packet() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5]);
        reader.u8("head").unwrap();
        let mut part = reader.part(2, "part").unwrap();
        assert_eq!((part.at(), part.len(), reader.at()), (1, 2, 3));
        assert_eq!(part.u8("inside"), Ok(2));
        assert_eq!(
            part.u16("inside"),
            Err(WireError::Short { what: "inside", at: 2, need: 2, have: 1 })
        );
    }

    #[test]
    fn an_absurd_need_is_only_short() {
        let mut reader = Reader::new(&[0; 3]);
        assert!(matches!(
            reader.take(usize::MAX, "all"),
            Err(WireError::Short { need: usize::MAX, .. })
        ));
        assert_eq!(reader.len(), 3);
    }
}
