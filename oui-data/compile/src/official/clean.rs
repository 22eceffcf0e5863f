//! Text of a listing, cleaned once: what comes after compares it exactly.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Named characters of HTML that have turned up in listings, beside the Latin-1 ones below.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("hellip", '…'),
    ("bull", '•'),
    ("trade", '™'),
    ("euro", '€'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
];

/// The names of U+00A0 to U+00FF, in this order (HTML 4.01, 24.2.1).
const LATIN_1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf",
    "laquo", "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro",
    "para", "middot", "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest",
    "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute",
    "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute",
    "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute",
    "THORN", "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil",
    "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde",
    "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc",
    "uuml", "yacute", "thorn", "yuml",
];

/// The longest entity that is looked for, with its `&` and `;`.
const LONGEST_ENTITY: usize = 12;

/// A name as it goes into a table: entities written out (twice, since some were written so twice), NFKC, no control or
/// format characters, single blanks.
pub(super) fn clean(text: &str) -> String {
    let once = unescaped(text);
    let twice = unescaped(&once);
    let mut cleaned = String::with_capacity(twice.len());
    let visible: String =
        twice.nfkc().map(|c| if c.is_control() || is_format(c) { ' ' } else { c }).collect();
    for word in visible.split_whitespace() {
        if !cleaned.is_empty() {
            cleaned.push(' ');
        }
        cleaned.push_str(word);
    }
    cleaned
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let near = after.as_bytes().iter().take(LONGEST_ENTITY).position(|octet| *octet == b';');
        let entity = near.and_then(|end| Some((character(after.get(..end)?)?, end)));
        match entity {
            Some((character, end)) => {
                out.push(character);
                rest = &after[end + 1..];
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    let latin = || {
        let at = LATIN_1.iter().position(|one| *one == name)?;
        char::from_u32(0xa0 + u32::try_from(at).ok()?)
    };
    NAMED.iter().find(|(one, _)| *one == name).map(|(_, character)| *character).or_else(latin)
}

/// Of the general category Cf: seen by nobody, and able to turn the text around it.
fn is_format(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x180e
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2064 | 0x2066..=0x206f | 0xfeff
        | 0xfff9..=0xfffb | 0x1_10bd | 0x1_10cd | 0x1_3430..=0x1_343f | 0x1_bca0..=0x1_bca3
        | 0x1_d173..=0x1_d17a | 0xe_0001 | 0xe_0020..=0xe_007f)
}

/// What stands before the first e-mail address in a cleaned text, if one stands there. IANA writes `&` for `@`.
pub(super) fn before_address<'a>(text: &'a str, at_signs: &[char]) -> Option<&'a str> {
    let of_local = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | '"' | '\'');
    let of_domain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.match_indices(at_signs).find_map(|(at, sign)| {
        let before = &text[..at];
        let start = before.trim_end_matches(of_local).len();
        let after = &text[at + sign.len()..];
        let domain = &after[..after.len() - after.trim_start_matches(of_domain).len()];
        // `AT&T` and `B&R Ltd.` are names: a domain has two labels, and the last is of letters, small ones behind `&`,
        // since `GmbH&Co.KG` is a name too.
        let of_label =
            |c: char| if sign == "&" { c.is_ascii_lowercase() } else { c.is_alphabetic() };
        let is_domain = domain.split('.').skip(1).any(|label| {
            let end = label.find(|c: char| !of_label(c)).unwrap_or(label.len());
            label[..end].chars().nth(1).is_some()
                && !label[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
        });
        let first = domain.split('.').next().is_some_and(|label| !label.is_empty());
        (start < at && first && is_domain).then(|| text[..start].trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_forms_and_white_space_are_written_out_once() {
        for (given, cleaned) in [
            ("  A &amp;amp; B\u{a0}Ltd.  ", "A & B Ltd."),
            ("M&#252;ller &uuml; &#xFC; S&#233;curit&eacute;", "Müller ü ü Sécurité"),
            ("ＺＴＥ（ｃｏｒｐ）， １", "ZTE(corp), 1"),
            ("a\u{202e}b\u{200b}c\u{7}d", "a b c d"),
            (
                "&lt;script&gt; &nosuch; & &; &#x110000; &#xD800;",
                "<script> &nosuch; & &; &#x110000; &#xD800;",
            ),
            ("AT&T; &é;", "AT&T; &é;"),
        ] {
            assert_eq!(clean(given), cleaned, "{given:?}");
        }
    }

    #[test]
    fn an_address_and_what_stands_behind_it_is_cut_off() {
        let both = &['@', '&'][..];
        for (given, left) in [
            ("Acme Corp someone&acme.example", Some("Acme Corp")),
            ("Acme CorpSomeonesome.one+x@mail.acme.example or", Some("Acme")),
            ("someone@acme.example", Some("")),
            ("AT&T", None),
            ("B&R Automation", None),
            ("R&D.Center", None),
            ("Minds@Work", None),
            ("@pos.com", None),
            ("one & two.three", None),
            ("é&ü.com", Some("")),
            ("Acme JOHN@ACME.EXAMPLE", Some("Acme")),
            ("Acme john@Acme.Example and Sons", Some("Acme")),
            ("Acme jo@пример.рф", Some("Acme")),
            ("Acme \"jo\"@acme.example", Some("Acme")),
            ("Lohmann GmbH&Co.KG", None),
            ("@MySpend.Com", None),
            ("INNOV@TIVE IT LTD", None),
        ] {
            assert_eq!(before_address(given, both), left, "{given:?}");
        }
        assert_eq!(before_address("b&r.com", &['@']), None);
    }
}
