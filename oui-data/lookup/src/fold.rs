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

#[cfg(test)]
mod tests {
    use super::fold;

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
