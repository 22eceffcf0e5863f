//! The part of BER (ITU-T X.690) that SNMP uses: one-octet tags, definite lengths (RFC 3417, 8).
//!
//! Read is what agents send, even where X.690 has one form only: lengths and integers may be longer than needed, and an
//! unsigned number of full width may lack its leading zero. Written is the shortest form.

use herkomst_ids::Oid;

use crate::{Reader, WireError};

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// A tag and the contents under it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// Where the tag stands.
    pub(super) at: usize,
    pub(super) contents: Reader<'a>,
}

/// Reads whatever comes next.
pub(super) fn element<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
) -> Result<Element<'a>, WireError> {
    let at = reader.at();
    let tag = reader.u8(what)?;
    if tag & 0x1f == 0x1f {
        // X.690, 8.1.2.4: a tag of more octets; SNMP has none
        return Err(WireError::Unexpected {
            what,
            at,
            found: tag.into(),
            want: "a tag of one octet",
        });
    }
    let length_at = reader.at();
    let length = match reader.u8(what)? {
        short @ ..0x80 => usize::from(short),
        long => {
            let octets = long & 0x7f;
            if !(1..=4).contains(&octets) {
                // X.690, 8.1.3.6: 0x80 is the indefinite form
                let want = "a definite length of at most 4 octets";
                return Err(WireError::Unexpected {
                    what,
                    at: length_at,
                    found: long.into(),
                    want,
                });
            }
            let octets = reader.take(octets.into(), what)?;
            octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet))
        }
    };
    Ok(Element { tag, at, contents: reader.part(length, what)? })
}

/// Reads what must have this tag.
pub(super) fn expect<'a>(
    reader: &mut Reader<'a>,
    tag: u8,
    what: &'static str,
    want: &'static str,
) -> Result<Reader<'a>, WireError> {
    let element = element(reader, what)?;
    if element.tag != tag {
        return Err(WireError::Unexpected {
            what,
            at: element.at,
            found: element.tag.into(),
            want,
        });
    }
    Ok(element.contents)
}

/// Reads a SEQUENCE.
pub(super) fn sequence<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
) -> Result<Reader<'a>, WireError> {
    expect(reader, SEQUENCE, what, "48 (a sequence)")
}

/// Reads an OCTET STRING.
pub(super) fn octets<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
) -> Result<&'a [u8], WireError> {
    expect(reader, OCTET_STRING, what, "4 (an octet string)").map(Reader::rest)
}

/// Reads an INTEGER of 32 bits.
pub(super) fn integer(reader: &mut Reader<'_>, what: &'static str) -> Result<i32, WireError> {
    let contents = expect(reader, INTEGER, what, "2 (an integer)")?;
    let number = signed(contents, what)?;
    let found = number.cast_unsigned();
    i32::try_from(number).map_err(|_| WireError::Unexpected {
        what,
        at: contents.at(),
        found,
        want: "a number of 32 bits",
    })
}

/// Reads an INTEGER from 0 to 2^31-1.
pub(super) fn natural(reader: &mut Reader<'_>, what: &'static str) -> Result<i32, WireError> {
    let at = reader.at();
    let number = integer(reader, what)?;
    if number < 0 {
        let found = i64::from(number).cast_unsigned();
        return Err(WireError::Unexpected { what, at, found, want: "0 to 2147483647" });
    }
    Ok(number)
}

/// The contents of an INTEGER.
pub(super) fn signed(contents: Reader<'_>, what: &'static str) -> Result<i64, WireError> {
    let (at, bytes) = (contents.at(), contents.rest());
    let Some(first) = bytes.first() else {
        return Err(WireError::Short { what, at, need: 1, have: 0 });
    };
    if bytes.len() > 8 {
        return Err(WireError::TooLong { what, at, found: bytes.len(), most: 8 });
    }
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(bytes.iter().fold(sign, |number, octet| number << 8 | i64::from(*octet)))
}

/// The contents of an unsigned number of `width` octets.
pub(super) fn unsigned(
    contents: Reader<'_>,
    width: usize,
    what: &'static str,
) -> Result<u64, WireError> {
    let (at, bytes) = (contents.at(), contents.rest());
    let Some(first) = bytes.first() else {
        return Err(WireError::Short { what, at, need: 1, have: 0 });
    };
    let number = || bytes.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
    if bytes.len() > width + 1 || (bytes.len() == width + 1 && *first != 0) {
        return Err(WireError::TooLong { what, at, found: bytes.len(), most: width });
    }
    // Some agents write a number of full width without the zero that keeps it from being negative; its meaning is plain.
    if first & 0x80 != 0 && bytes.len() < width {
        return Err(WireError::Unexpected {
            what,
            at,
            found: number(),
            want: "a number that is not negative",
        });
    }
    Ok(number())
}

/// The contents of an OBJECT IDENTIFIER. Empty contents are 0.0, as agents without a value write it.
pub(crate) fn oid(contents: Reader<'_>, what: &'static str) -> Result<Oid, WireError> {
    let (at, bytes) = (contents.at(), contents.rest());
    // One octet is at least a seventh part of an arc, and the first gives two: this never allocates more than 516 bytes.
    let mut arcs = Vec::with_capacity(Oid::MOST_ARCS.min(bytes.len() + 1));
    let mut arc = 0_u32;
    let mut inside = false;
    for octet in bytes {
        if arc > u32::MAX >> 7 {
            let found = u64::from(arc) << 7 | u64::from(octet & 0x7f);
            return Err(WireError::Unexpected { what, at, found, want: "arcs of 32 bits" });
        }
        if !inside && *octet == 0x80 {
            // X.690, 8.19.2: the shortest form
            return Err(WireError::Unexpected {
                what,
                at,
                found: 0x80,
                want: "an arc without leading zeros",
            });
        }
        arc = arc << 7 | u32::from(octet & 0x7f);
        inside = octet & 0x80 != 0;
        if inside {
            continue;
        }
        if arcs.is_empty() {
            // X.690, 8.19.4: the first two arcs in one number
            let first = (arc / 40).min(2);
            arcs.extend([first, arc - first * 40]);
        } else if arcs.len() < Oid::MOST_ARCS {
            arcs.push(arc);
        } else {
            return Err(WireError::TooLong {
                what,
                at,
                found: arcs.len() + 1,
                most: Oid::MOST_ARCS,
            });
        }
        arc = 0;
    }
    if inside {
        return Err(WireError::Short { what, at: at + bytes.len(), need: 1, have: 0 });
    }
    if arcs.is_empty() {
        arcs.extend([0, 0]);
    }
    Ok(Oid::new(arcs).expect("it has 2 to 128 arcs, the first two from one number"))
}

/// Appends a tag, a length, and what `contents` appends.
pub(super) fn emit(buf: &mut Vec<u8>, tag: u8, contents: impl FnOnce(&mut Vec<u8>)) {
    buf.extend_from_slice(&[tag, 0]);
    let start = buf.len();
    contents(buf);
    let length = buf.len() - start;
    if let Some(short) = u8::try_from(length).ok().filter(|length| *length < 0x80) {
        buf[start - 1] = short;
        return;
    }
    // More octets than the one kept for it: the contents move up. Rare, since requests are short.
    let octets = length.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = &octets[zeros..];
    buf[start - 1] = 0x80 | u8::try_from(octets.len()).expect("a length has at most 8 octets");
    buf.extend_from_slice(octets);
    buf[start..].rotate_right(octets.len());
}

/// Appends contents that are at hand.
pub(super) fn emit_octets(buf: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    emit(buf, tag, |buf| buf.extend_from_slice(contents));
}

/// Appends a signed number in as few octets as it takes.
pub(super) fn emit_signed(buf: &mut Vec<u8>, tag: u8, number: i64) {
    let octets = number.to_be_bytes();
    let spare = octets
        .iter()
        .zip(&octets[1..])
        .take_while(|(octet, next)| matches!((octet, *next & 0x80), (0x00, 0x00) | (0xff, 0x80)))
        .count();
    emit_octets(buf, tag, &octets[spare..]);
}

/// Appends an unsigned number in as few octets as it takes; a zero goes before a first bit that is set.
pub(super) fn emit_unsigned(buf: &mut Vec<u8>, tag: u8, number: u64) {
    match i64::try_from(number) {
        Ok(number) => emit_signed(buf, tag, number),
        Err(_) => emit(buf, tag, |buf| {
            buf.push(0);
            buf.extend_from_slice(&number.to_be_bytes());
        }),
    }
}

/// Appends an object identifier.
pub(super) fn emit_oid(buf: &mut Vec<u8>, oid: &Oid) {
    emit(buf, OBJECT_IDENTIFIER, |buf| {
        let &[first, second, ref rest @ ..] = oid.arcs() else { return };
        emit_arc(buf, first * 40 + second);
        rest.iter().for_each(|arc| emit_arc(buf, *arc));
    });
}

fn emit_arc(buf: &mut Vec<u8>, arc: u32) {
    for shift in [28, 21, 14, 7] {
        if arc >> shift != 0 {
            buf.push(0x80 | (arc >> shift & 0x7f) as u8);
        }
    }
    buf.push((arc & 0x7f) as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(emit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut buf = vec![];
        emit(&mut buf);
        buf
    }

    fn read_oid(contents: &[u8]) -> Result<Oid, WireError> {
        oid(Reader::new(contents), "oid")
    }

    #[test]
    fn numbers_are_written_in_their_shortest_form() {
        for (number, octets) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0, 0x80]),
            (-1, &[0xff]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (256, &[1, 0]),
            (i64::MAX, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(written(|buf| emit_signed(buf, INTEGER, number))[2..], *octets, "{number}");
            assert_eq!(signed(Reader::new(octets), "number"), Ok(number));
        }
        assert_eq!(written(|buf| emit_unsigned(buf, 0x46, u64::MAX))[1..3], [9, 0]);
    }

    #[test]
    fn longer_forms_of_numbers_are_read() {
        assert_eq!(signed(Reader::new(&[0, 0, 0, 0, 5]), "number"), Ok(5));
        assert_eq!(signed(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xfb]), "number"), Ok(-5));
        assert_eq!(unsigned(Reader::new(&[0xff, 0xff, 0xff, 0xff]), 4, "number"), Ok(0xffff_ffff));
        assert_eq!(
            unsigned(Reader::new(&[0, 0xff, 0xff, 0xff, 0xff]), 4, "number"),
            Ok(0xffff_ffff)
        );
        assert_eq!(unsigned(Reader::new(&[0xff; 8]), 8, "number"), Ok(u64::MAX));
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        for octets in [&[][..], &[1; 9]] {
            assert!(signed(Reader::new(octets), "number").is_err());
        }
        for octets in [&[][..], &[0xff], &[0x80, 0, 0], &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 1]] {
            assert!(unsigned(Reader::new(octets), 4, "number").is_err(), "{octets:?}");
        }
        assert!(integer(&mut Reader::new(&[2, 5, 1, 0, 0, 0, 0]), "number").is_err());
        assert!(natural(&mut Reader::new(&[2, 1, 0xff]), "number").is_err());
    }

    #[test]
    fn only_definite_lengths_and_short_tags_are_read() {
        for bytes in [
            &[0x30, 0x80, 0, 0][..],
            &[0x30, 0xff],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x1f, 1, 0],
            &[0xbf, 1, 0],
        ] {
            assert!(
                matches!(
                    element(&mut Reader::new(bytes), "any"),
                    Err(WireError::Unexpected { .. })
                ),
                "{bytes:x?}"
            );
        }
        for bytes in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x81],
            &[4, 0x82, 1],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff, 1],
        ] {
            assert!(
                matches!(element(&mut Reader::new(bytes), "any"), Err(WireError::Short { .. })),
                "{bytes:x?}"
            );
        }
        let long = element(&mut Reader::new(&[4, 0x84, 0, 0, 0, 1, 7]), "any").unwrap();
        assert_eq!((long.contents.at(), long.contents.rest()), (6, &[7][..]));
    }

    #[test]
    fn object_identifiers_of_the_standard_are_read() {
        for (text, contents) in [
            ("2.999.3", &[0x88, 0x37, 0x03][..]), // X.690, 8.19.5, the example
            ("1.3.6.1.4.1.2011", &[0x2b, 6, 1, 4, 1, 0x8f, 0x5b]),
            ("0.39", &[39]),
            ("1.39", &[79]),
            ("2.0", &[80]),
            ("2.4294967215", &[0x8f, 0xff, 0xff, 0xff, 0x7f]),
            ("0.0", &[0]),
        ] {
            let oid: Oid = text.parse().unwrap();
            assert_eq!(read_oid(contents), Ok(oid.clone()));
            assert_eq!(written(|buf| emit_oid(buf, &oid))[2..], *contents, "{text}");
        }
        assert_eq!(read_oid(&[]).unwrap().to_string(), "0.0");
    }

    #[test]
    fn object_identifiers_out_of_bounds_are_refused() {
        assert!(
            matches!(
                read_oid(&[0x2b, 0x90, 0x80, 0x80, 0x80, 0]),
                Err(WireError::Unexpected { .. })
            ),
            "33 bits"
        );
        assert!(
            matches!(read_oid(&[0x2b, 0x80, 1]), Err(WireError::Unexpected { found: 0x80, .. })),
            "padded"
        );
        assert!(
            matches!(read_oid(&[0x2b, 0x86]), Err(WireError::Short { at: 2, .. })),
            "unfinished"
        );
        assert_eq!(read_oid(&[1; 127]).unwrap().arcs().len(), 128);
        assert!(matches!(read_oid(&[1; 128]), Err(WireError::TooLong { found: 129, .. })));
        assert!(read_oid(&[1; 60_000]).is_err());
        assert!(read_oid(&[0xff; 60_000]).is_err());
    }

    #[test]
    fn lengths_around_each_step_come_back() {
        for length in [0, 1, 127, 128, 129, 255, 256, 257, 65_535, 65_536, 70_000] {
            let contents = vec![7; length];
            let buf = written(|buf| {
                buf.push(1); // what stands before is left alone
                emit_octets(buf, OCTET_STRING, &contents);
            });
            assert_eq!(buf[0], 1);
            assert_eq!(octets(&mut Reader::new(&buf[1..]), "octets"), Ok(&contents[..]));
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(number: i64, other: u64) {
            let buf = written(|buf| emit_signed(buf, INTEGER, number));
            assert_eq!(signed(Reader::new(&buf[2..]), "number"), Ok(number));
            let buf = written(|buf| emit_unsigned(buf, 0x46, other));
            assert_eq!(unsigned(Reader::new(&buf[2..]), 8, "number"), Ok(other));
        }

        #[test]
        fn object_identifiers_come_back(
            first in 0_u32..3, second: u32, rest in prop::collection::vec(any::<u32>(), 0..126),
        ) {
            let second = if first < 2 { second % 40 } else { second.min(u32::MAX - 80) };
            let arcs: Vec<_> = [first, second].into_iter().chain(rest).collect();
            let oid = Oid::new(arcs).unwrap();
            let buf = written(|buf| emit_oid(buf, &oid));
            let contents = expect(&mut Reader::new(&buf), OBJECT_IDENTIFIER, "oid", "6").unwrap();
            assert_eq!(super::oid(contents, "oid"), Ok(oid));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = signed(Reader::new(&bytes), "number");
            let _ = unsigned(Reader::new(&bytes), 4, "number").map(|number| u32::try_from(number).unwrap());
            if let Ok(oid) = read_oid(&bytes) && !bytes.is_empty() {
                assert_eq!(written(|buf| emit_oid(buf, &oid))[2..], bytes);
            }
        }
    }
}
