//! For tests: a name that nothing else contains, looked for in everything that a run left behind.
//!
//! A name leaks also in part, when a table cuts it, and in other clothes: in capitals, as UTF-16, in base64 or hexadecimal
//! digits. Those are looked for. Compressed or encrypted outputs are not seen through: the test unpacks them first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A leak is so many letters of the name in a row.
const PIECE: usize = 8;

/// A name to look for.
pub struct Canary {
    name: String,
    shapes: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    /// A canary by this name: eight ASCII letters or digits at least, that no other text has in a row.
    ///
    /// # Panics
    /// When the name is shorter or has other characters: such a test would prove nothing.
    pub fn new(name: &str) -> Self {
        assert!(
            name.len() >= PIECE && name.bytes().all(|b| b.is_ascii_alphanumeric()),
            "a canary's name has {PIECE} or more ASCII letters and digits, {name:?} does not"
        );
        let mut shapes = Vec::new();
        // As written, in capitals and in small letters; the plain search below is blind to case, these are not.
        for spelt in [name.to_owned(), name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
            for piece in spelt.as_bytes().windows(PIECE) {
                shapes.push(("hexadecimal", piece.iter().flat_map(|b| hex(*b)).collect()));
                // Three ways to lie across the groups of three; the letters at both ends hold bits of the neighbours.
                for shift in 0..3 {
                    let text = STANDARD_NO_PAD.encode([&[0; 3][..shift], piece].concat());
                    let (first, end) = ((shift * 8).div_ceil(6), (shift + PIECE) * 8 / 6);
                    shapes.push(("base64", text.as_bytes()[first..end].to_vec()));
                }
            }
        }
        for piece in name.to_ascii_lowercase().as_bytes().windows(PIECE) {
            let backwards = piece.iter().rev().copied().collect();
            let wide = piece.iter().flat_map(|b| [*b, 0]).collect::<Vec<_>>();
            shapes.push(("plain", piece.to_vec()));
            shapes.push(("backwards", backwards));
            // Big-endian is the same but for the zero at one end.
            shapes.push(("UTF-16", wide[..2 * PIECE - 1].to_vec()));
        }
        shapes.sort_unstable();
        shapes.dedup();
        Self { name: name.to_owned(), shapes }
    }

    /// The name, to be put into what is sealed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// In which clothes the name, or a piece of it, is in these bytes.
    pub fn find_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let small = bytes.to_ascii_lowercase();
        let found = self.shapes.iter().find(|(clothes, shape)| {
            let (blind, length) = (!matches!(*clothes, "base64"), shape.len());
            let among = if blind { &small[..] } else { bytes };
            among.windows(length).any(|window| window == &shape[..])
        })?;
        Some(found.0)
    }

    /// Fails the test when the name is in what a run left behind, called `place`.
    ///
    /// # Panics
    /// Then.
    pub fn assert_absent(&self, place: &str, bytes: &[u8]) {
        if let Some(clothes) = self.find_in(bytes) {
            panic!("the sealed name {} is in {place}, {clothes}", self.name);
        }
    }
}

fn hex(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xf].map(|digit| b"0123456789abcdef"[usize::from(digit)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    fn canary() -> Canary {
        Canary::new("Zyzzqvyx7Qwkfjordz")
    }

    #[test]
    fn finds_the_name_in_every_clothes() {
        let name = canary().name().to_owned();
        let wide: Vec<_> = name.encode_utf16().collect();
        let hex = |text: &str| text.bytes().flat_map(super::hex).collect::<Vec<_>>();
        let cases: [(&str, Vec<u8>); 9] = [
            ("plain", name.clone().into()),
            ("plain", name.to_ascii_uppercase().into()),
            ("plain", name[3..11].into()),
            ("hexadecimal", hex(&name)),
            ("hexadecimal", hex(&name).to_ascii_uppercase()),
            ("hexadecimal", hex(&name.to_ascii_uppercase())),
            ("backwards", name.bytes().rev().collect()),
            ("UTF-16", wide.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
            ("UTF-16", wide.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ];
        for (clothes, bytes) in cases {
            for before in 0..3 {
                let text = [&b"abc"[..before], &bytes, b"xyz"].concat();
                assert_eq!(canary().find_in(&text), Some(clothes), "{text:?}");
            }
        }
        for before in 0..3 {
            let text = [&b"???"[..before], name.as_bytes(), b"???"].concat();
            assert_eq!(canary().find_in(STANDARD.encode(&text).as_bytes()), Some("base64"));
            assert_eq!(canary().find_in(URL_SAFE.encode(&text).as_bytes()), Some("base64"));
        }
    }

    #[test]
    fn finds_nothing_where_nothing_is() {
        for text in ["", "Zyzzqvy", "qwkfjor", "Zyzzqvy-x7Qwkfj", "networks"] {
            assert_eq!(canary().find_in(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    #[should_panic(expected = "is in the log, plain")]
    fn says_where_the_name_was() {
        canary().assert_absent("the log", b"judged zyzzqvyx7qwkfj");
    }
}
