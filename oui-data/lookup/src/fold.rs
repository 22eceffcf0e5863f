//! Two spellings are the same name when they fold to the same text: NFKC (UAX #15), white space to single blanks,
//! lower case. Nothing weaker: `zte` inside a longer name is a stranger.

use unicode_normalization::UnicodeNormalization;

/// The text that names are compared by.
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let normal: String = name.nfkc().collect();
    for word in normal.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
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
    }

    #[test]
    fn punctuation_still_tells_names_apart() {
        assert_ne!(fold("Huawei Technologies Co., Ltd."), fold("HUAWEI TECHNOLOGIES CO.,LTD"));
    }
}
