//! The country in the address of a CSV row.
//!
//! The form is `street SP city SP state SP CC SP zip SP`, where an empty part leaves a double space: nothing marks the
//! country, and states, provinces and parts of postcodes look like one. Against the TXT form, which has it on a line of
//! its own, these rules are right in all but one of 57,000 rows.

use unicode_normalization::UnicodeNormalization;

/// ISO 3166-1 alpha-2, and four withdrawn ones that still stand in old rows.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
    IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN \
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN \
    TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW YU AN CS SU";
/// States and provinces that stand beside the country.
const STATES: &[(&str, &str)] = &[
    (
        "US",
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK \
         OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR",
    ),
    ("CA", "AB BC MB NB NL NS NT NU ON PE QC SK YT"),
    ("AU", "NSW VIC QLD SA WA TAS NT ACT"),
];
/// Germany, Indonesia, Israel and India are states too, but a row of theirs may well have a blank too many.
const STATE_AND_COUNTRY: &str = "DE IN IL";

/// Whether a listing may name this country.
pub(super) fn is_code(code: &str) -> bool {
    code.len() == 2 && CODES.split(' ').any(|one| one == code)
}

/// A code in an address and where it stands.
#[derive(Clone, Copy)]
struct Token<'a> {
    code: &'a str,
    start: usize,
    end: usize,
}

/// The country that an address names, if it names one.
pub(super) fn country_of(address: &str) -> Option<[u8; 2]> {
    let text: String = address.nfkc().collect();
    let code = code_in(&text)?;
    code.as_bytes().try_into().ok()
}

fn code_in(text: &str) -> Option<&str> {
    let found = codes(text);
    let (last_at, last) = found.iter().copied().enumerate().next_back()?;
    let rest = |token: Token<'_>| text.get(token.end..).unwrap_or_default();
    // A code with a postcode of that very country behind it.
    for token in found.iter().rev() {
        if is_postcode_of(token.code, rest(*token).trim()) {
            return Some(token.code);
        }
    }
    let before = |at: usize| at.checked_sub(1).and_then(|before| found.get(before)).copied();
    let touches =
        |before: Token<'_>, token: Token<'_>| text.get(before.end..token.start) == Some(" ");
    if rest(last).trim().is_empty() {
        if text.ends_with("  ") {
            return Some(last.code); // the postcode is empty
        }
        if let Some(first) = before(last_at).filter(|first| touches(*first, last)) {
            return Some(first.code); // `HK NA`: what stands last is in the place of the postcode
        }
    }
    for (at, token) in found.iter().enumerate().rev() {
        if !is_like_postcode(rest(*token).trim()) {
            continue;
        }
        if let Some(first) = before(at).filter(|first| touches(*first, *token)) {
            // Six digits are a postcode of India or China, and none of the United States.
            let abroad = first.code == "US" && fits(rest(*token).trim(), "999999");
            if is_state_of(token.code, first.code) && !abroad {
                return Some(first.code); // `US CA 92122`, `AU SA 5000`
            }
        }
        let is_state = is_state_of(token.code, "US") && !has(STATE_AND_COUNTRY, token.code);
        if rest(*token).starts_with("  ") && is_state {
            return None; // `NC  28208`: the place of the country is empty
        }
        return Some(token.code);
    }
    Some(last.code)
}

/// Every word of two capitals that is a code.
fn codes(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        let start = at;
        at += word.len();
        if is_code(word) {
            found.push(Token { code: word, start, end: at });
        }
        at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    found
}

fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

fn is_state_of(code: &str, country: &str) -> bool {
    STATES.iter().any(|(of, states)| *of == country && has(states, code))
}

/// Whether a text is a postcode of a country whose postcodes can end in, or look like, a country code.
fn is_postcode_of(code: &str, text: &str) -> bool {
    match code {
        "NL" => is_dutch(text),
        "GB" => fits_any(text, &["A9", "A99", "A9A", "AA9", "AA99", "AA9A"], "9AA"),
        "CA" => fits(text, "A9A 9A9") || fits(text, "A9A-9A9") || fits(text, "A9A9A9"),
        "IE" => is_irish(text),
        "KR" => fits(text, "999-999") || fits(text, "AA 999-999"), // some give the province too
        _ => false,
    }
}

/// `1234 AB`; some rows name the town behind it.
fn is_dutch(text: &str) -> bool {
    let four = text.get(..4).is_some_and(|digits| fits(digits, "9999"));
    let letters = text.get(4..).unwrap_or_default();
    let letters = letters.strip_prefix(' ').unwrap_or(letters);
    let town = letters.get(2..).unwrap_or_default();
    let is_town = town.is_empty()
        || town.starts_with(' ') && town.chars().all(|c| c.is_alphabetic() || c == ' ');
    four && letters.get(..2).is_some_and(|letters| fits(letters, "AA")) && is_town
}

fn is_irish(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let routing = text.get(..3).is_some_and(|key| {
        fits(key, "A99") || fits(&key.to_ascii_uppercase(), "A9A") && key.ends_with(['w', 'W'])
    });
    let unique = text.get(3..).unwrap_or_default();
    let unique = unique.strip_prefix(' ').unwrap_or(unique);
    routing && unique.len() == 4 && unique.bytes().all(|b| b.is_ascii_alphanumeric())
        || lower.strip_prefix('d').is_some_and(|rest| digits(rest, 2))
        || lower.strip_prefix("dublin").is_some_and(|rest| digits(rest.trim_start(), usize::MAX))
}

/// One of some beginnings, perhaps a blank after its letters (`SO 30 4DA`), perhaps a blank, and an end.
fn fits_any(text: &str, beginnings: &[&str], end: &str) -> bool {
    let Some((head, tail)) =
        text.len().checked_sub(end.len()).and_then(|at| text.split_at_checked(at))
    else {
        return false;
    };
    let head = head.strip_suffix(' ').unwrap_or(head);
    let joined = match head.split_once(' ') {
        Some((letters, digits)) if letters.bytes().all(|b| b.is_ascii_uppercase()) => {
            [letters, digits].concat()
        }
        _ => head.to_owned(),
    };
    fits(tail, end) && beginnings.iter().any(|beginning| fits(&joined, beginning))
}

/// Letter by letter: `A` is a capital, `9` a digit, anything else itself.
fn fits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(octet, wanted)| match wanted {
            b'A' => octet.is_ascii_uppercase(),
            b'9' => octet.is_ascii_digit(),
            _ => octet == wanted,
        })
}

/// Up to four letters, perhaps a blank or hyphen, a digit and at most 13 more; or hyphens alone.
fn is_like_postcode(text: &str) -> bool {
    if !text.is_empty() && text.bytes().all(|b| b == b'-') {
        return true;
    }
    let after = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if text.len() - after.len() > 4 {
        return false;
    }
    let digits = after.strip_prefix([' ', '-']).unwrap_or(after);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().count() <= 14
        && digits.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-'))
}
