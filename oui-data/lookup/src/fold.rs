//! Two spellings are the same name when they fold to the same text: NFKC (UAX #15), white space to single blanks,
//! lower case. Nothing weaker: `zte` inside a longer name is a stranger.

use unicode_normalization::UnicodeNormalization;

/// The text that names are compared by.
pub fn fold(name: &str) -> String {
    folded(name).collect()
}

/// The same, character by character, without memory of its own.
pub(crate) fn folded(name: &str) -> impl Iterator<Item = char> {
    // A blank is due once a word has begun, and is said when the next one does.
    let (mut in_text, mut due) = (false, false);
    let squeezed = name.nfkc().flat_map(move |c| {
        let is_blank = c.is_whitespace();
        let blank = (!is_blank && due).then_some(' ');
        due = if is_blank { in_text } else { false };
        in_text |= !is_blank;
        blank.into_iter().chain((!is_blank).then_some(c))
    });
    squeezed.flat_map(char::to_lowercase)
}

/// A folded name to look for. Nearly all are short enough to need no memory of their own.
pub(crate) enum Folded {
    Short { octets: [u8; 128], len: usize },
    Long(String),
}

impl Folded {
    pub(crate) fn of(name: &str) -> Self {
        let (mut octets, mut len) = ([0; 128], 0);
        for c in folded(name) {
            let Some(place) = octets.get_mut(len..len + c.len_utf8()) else {
                return Self::Long(fold(name));
            };
            len += c.encode_utf8(place).len();
        }
        Self::Short { octets, len }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Short { octets, len } => {
                std::str::from_utf8(&octets[..*len]).expect("made of whole characters")
            }
            Self::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Folded, fold};

    #[test]
    fn long_names_fold_as_short_ones() {
        for len in [0, 1, 126, 127, 128, 129, 500] {
            for name in ["A".repeat(len), "\u{130} é，".repeat(len)] {
                assert_eq!(Folded::of(&name).as_str(), fold(&name), "{len}");
            }
        }
    }

    #[test]
    fn spellings_that_differ_in_form_space_and_case_fold_to_one() {
        assert_eq!(
            fold(" HUAWEI\u{a0}TECHNOLOGIES  CO.，LTD "),
            fold("Huawei Technologies CO.,LTD")
        );
        assert_eq!(fold("ＺＴＥ"), "zte");
        assert_eq!(fold("\t\n"), "");
        assert_eq!(fold("  a \t b  "), "a b");
    }

    #[test]
    fn punctuation_still_tells_names_apart() {
        assert_ne!(fold("Huawei Technologies Co., Ltd."), fold("HUAWEI TECHNOLOGIES CO.,LTD"));
    }
}
