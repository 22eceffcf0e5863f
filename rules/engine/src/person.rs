//! Whether two names are of two persons: a waiver needs two, and a name is easily written in another way.
//!
//! In the spirit of Unicode Technical Standard 39: what looks alike is alike, and a name that mixes scripts or holds
//! what nobody sees is refused. The tables are small on purpose. They hold the letters of Greek and Cyrillic that look
//! like Latin ones; other scripts are only told apart. Where this errs, it takes two persons for one.

use unicode_normalization::UnicodeNormalization;

/// What is wrong with a name, or nothing.
pub(crate) fn wrong(name: &str) -> Option<String> {
    if let Some(hidden) = name.chars().find(|c| is_ignorable(*c)) {
        let code = u32::from(hidden);
        return Some(format!("holds a character that nobody sees, U+{code:04X}"));
    }
    if as_seen(name, Case::AsWritten).is_empty() {
        return Some("names nobody: it holds no letter and no digit".to_owned());
    }
    let mut first = None;
    for script in name.nfkd().filter_map(script) {
        match first {
            None => first = Some(script),
            Some(other) if other == script || are_mixed(other, script) => {}
            Some(other) => {
                let (one, other) = (other.as_str(), script.as_str());
                return Some(format!("mixes {one} and {other} letters, it must be in one script"));
            }
        }
    }
    None
}

/// Whether two names look the same: in case, as capitals or as small letters, without accents, spaces and signs.
pub(crate) fn are_same(one: &str, other: &str) -> bool {
    [Case::AsWritten, Case::Lower, Case::Upper]
        .into_iter()
        .any(|case| as_seen(one, case) == as_seen(other, case))
}

#[derive(Clone, Copy)]
enum Case {
    AsWritten,
    Lower,
    Upper,
}

/// What a reader sees of a name.
fn as_seen(name: &str, case: Case) -> String {
    // Accents fall away with the signs: after the decomposition they are characters of their own.
    let letters = name.nfkd().filter(|c| c.is_alphanumeric());
    let cased: String = match case {
        Case::AsWritten => letters.collect(),
        Case::Lower => letters.flat_map(char::to_lowercase).collect(),
        Case::Upper => letters.flat_map(char::to_uppercase).collect(),
    };
    // As written, a capital I, an l and a 1 are one stroke; among capitals an L is none of them.
    cased.nfkd().filter(|c| c.is_alphanumeric()).map(look).collect()
}

/// The Latin letter that a character looks like.
fn look(c: char) -> char {
    LOOKS.iter().find(|(like, _)| like.contains(c)).map_or(c, |(_, latin)| *latin)
}

/// Characters, and the Latin letter that they look like.
const LOOKS: &[(&str, char)] = &[
    ("АΑ", 'A'),
    ("ВΒ", 'B'),
    ("СϹ", 'C'),
    ("ЕΕ", 'E'),
    ("Ԍ", 'G'),
    ("НΗ", 'H'),
    ("ЈͿ", 'J'),
    ("КΚ", 'K'),
    ("МΜϺ", 'M'),
    ("Ν", 'N'),
    ("РΡ", 'P'),
    ("Ԛ", 'Q'),
    ("Ѕ", 'S'),
    ("ТΤ", 'T'),
    ("Ԝ", 'W'),
    ("ХΧ", 'X'),
    ("УҮΥ", 'Y'),
    ("Ζ", 'Z'),
    ("аαɑ", 'a'),
    ("сϲ", 'c'),
    ("ԁ", 'd'),
    ("е", 'e'),
    ("ɡ", 'g'),
    ("һ", 'h'),
    ("іιı", 'i'),
    ("јϳ", 'j'),
    ("кκ", 'k'),
    ("1IІΙӀӏ", 'l'),
    ("пη", 'n'),
    ("0OОΟоο", 'o'),
    ("рρ", 'p'),
    ("ԛ", 'q'),
    ("ѕ", 's'),
    ("тτ", 't'),
    ("υ", 'u'),
    ("νѵ", 'v'),
    ("ԝω", 'w'),
    ("хχ", 'x'),
    ("уγү", 'y'),
];

/// Letters that belong together, as far as they are told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Hebrew,
    Arabic,
    Georgian,
    Cherokee,
    EastAsian,
    Other,
}

impl Script {
    fn as_str(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
            Self::Georgian => "Georgian",
            Self::Cherokee => "Cherokee",
            Self::EastAsian => "East Asian",
            Self::Other => "other",
        }
    }
}

/// Names of East Asia are written with Latin initials, and nothing there looks like them.
fn are_mixed(one: Script, other: Script) -> bool {
    matches!((one, other), (Script::Latin, Script::EastAsian) | (Script::EastAsian, Script::Latin))
}

/// By blocks of Unicode 16. None: no letter, or one that is of no script.
fn script(c: char) -> Option<Script> {
    if !c.is_alphabetic() {
        return None;
    }
    Some(match u32::from(c) {
        0x02B0..=0x02FF => return None,
        0x0000..=0x02AF
        | 0x1D00..=0x1D7F
        | 0x1E00..=0x1EFF
        | 0x2C60..=0x2C7F
        | 0xA720..=0xA7FF
        | 0xAB30..=0xAB6F => Script::Latin,
        0x0370..=0x03FF | 0x1F00..=0x1FFF => Script::Greek,
        0x0400..=0x052F | 0x1C80..=0x1C8F | 0x2DE0..=0x2DFF | 0xA640..=0xA69F => Script::Cyrillic,
        0x0530..=0x058F => Script::Armenian,
        0x0590..=0x05FF => Script::Hebrew,
        0x0600..=0x06FF | 0x0750..=0x077F | 0x0870..=0x08FF => Script::Arabic,
        0x10A0..=0x10FF | 0x1C90..=0x1CBF | 0x2D00..=0x2D2F => Script::Georgian,
        0x13A0..=0x13FF | 0xAB70..=0xABBF => Script::Cherokee,
        0x1100..=0x11FF
        | 0x2E80..=0x9FFF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF
        | 0xF900..=0xFAFF
        | 0x1AFF0..=0x1B2FF
        | 0x20000..=0x3FFFF => Script::EastAsian,
        _ => Script::Other,
    })
}

/// What a screen shows nothing of: the default-ignorable code points (Unicode 16, DerivedCoreProperties), and controls.
fn is_ignorable(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0x00AD
                | 0x034F
                | 0x061C
                | 0x115F..=0x1160
                | 0x17B4..=0x17B5
                | 0x180B..=0x180F
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0x3164
                | 0xFE00..=0xFE0F
                | 0xFEFF
                | 0xFFA0
                | 0xFFF0..=0xFFF8
                | 0x1BCA0..=0x1BCA3
                | 0x1D173..=0x1D17A
                | 0xE0000..=0xE0FFF
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_one_person() {
        for (one, other) in [
            ("A. Example", " a  EXAMPLE"),
            ("Ａ．Ｅｘａｍｐｌｅ", "A. Example"),
            ("Ana Pope", "Апа Роре"),
            ("ANNA HOT", "АΝΝА НОТ"),
            ("Ó Neill", "O'Neill"),
            ("Strauß", "STRAUSS"),
            ("Al Moor", "AI M00r"),
            ("ＫＡＴ", "КАТ"),
            ("ﬁeld", "FIELD"),
        ] {
            assert!(are_same(one, other), "{one} {other}");
        }
        for (one, other) in
            [("A. Example", "B. Example"), ("田中", "田辺"), ("कमल", "कमला"), ("Ли", "Ле")]
        {
            assert!(
                !are_same(one, other) && wrong(one).is_none() && wrong(other).is_none(),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_name_that_mixes_scripts_or_hides_something_is_refused() {
        for (name, told) in [
            ("Аnna", "mixes Cyrillic and Latin letters"),
            ("Annα", "mixes Latin and Greek letters"),
            ("Anna\u{200b}", "U+200B"),
            ("An\u{ad}na", "U+00AD"),
            ("Anna\u{e0041}", "U+E0041"),
            ("\u{3164}", "U+3164"),
            (" . ", "names nobody"),
            ("", "names nobody"),
        ] {
            assert!(
                wrong(name).is_some_and(|text| text.contains(told)),
                "{name:?}: {:?}",
                wrong(name)
            );
        }
        for name in ["Anna-Maria d'Ë. 2", "田中 K.", "Ольга Ю.", "Ήρα", "staff 4711", "ﾀﾅｶ"]
        {
            assert_eq!(wrong(name), None, "{name}");
        }
    }

    #[test]
    fn every_letter_of_the_table_looks_like_one_latin_letter_alone() {
        let all: Vec<char> = LOOKS.iter().flat_map(|(like, _)| like.chars()).collect();
        for (place, letter) in all.iter().enumerate() {
            assert!(!all[..place].contains(letter), "{letter}");
        }
        assert!(LOOKS.iter().all(|(_, latin)| latin.is_ascii_alphabetic()));
    }
}
