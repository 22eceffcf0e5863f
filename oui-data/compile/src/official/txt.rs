//! IEEE's TXT files: a heading, then a block for each assignment and an empty line.
//!
//! ```text
//! C8-5C-E2   (hex)                 SYNERGY SYSTEMS AND SOLUTIONS
//! 700000-7FFFFF     (base 16)      SYNERGY SYSTEMS AND SOLUTIONS
//!                                  street
//!                                  city  state  postcode
//!                                  IN
//! ```
//! The second line has the prefix again, or the range within it. A private registrant has no address lines; the country
//! line of others may be blank.

use super::Reading;
use super::address::is_code;
use super::rows::{Row, Rows};
use crate::tables::{digits_of, key_of};
use crate::{country, cut};
use herkomst_lookup::RegistryKind;

/// Lines of an address; the official ones have three.
const MOST_LINES: usize = 10;

/// Which listing a heading announces, if it is one.
pub(super) fn kind_of(text: &str) -> Option<RegistryKind> {
    let mut lines = text.lines().map(|line| (line.split("  ").next().unwrap_or_default(), line));
    let (first, line) = lines.next()?;
    if !line.trim_end().ends_with(" Organization") {
        return None;
    }
    let (second, _) = lines.next()?;
    match (first.trim_end(), second.trim_end()) {
        ("OUI/MA-L", _) => Some(RegistryKind::MaL),
        (_, "OUI-28/MA-M Range") => Some(RegistryKind::MaM),
        (_, "OUI-36/MA-S Range") => Some(RegistryKind::MaS),
        (_, "IAB Range") => Some(RegistryKind::Iab),
        ("CID" | "CID/company_id", _) => Some(RegistryKind::Cid),
        _ => None,
    }
}

/// A block that is being read.
struct Block<'a> {
    line: usize,
    base: String,
    registrant: &'a str,
    prefix: Option<[u8; 5]>,
    address: Vec<&'a str>,
}

/// The rows of a TXT file whose heading was recognised.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, kind: RegistryKind) -> Option<Rows> {
    let mut rows = Rows::of(kind);
    let mut open: Option<Block<'_>> = None;
    for (line, text) in text.lines().enumerate().map(|(at, text)| (at + 1, text)).skip(3) {
        if reading.gave_up() {
            return None;
        }
        if let Some((base, registrant)) = parts(text, "(hex)") {
            finish(open.take(), false, &mut rows, reading);
            let base = base.replace('-', "");
            if key_of(&base).is_none() || base.len() != 6 {
                reading.problem(
                    line,
                    format!("{base} is no prefix such as 00-E0-FC", base = cut(&base, 20)),
                );
                continue;
            }
            open = Some(Block { line, base, registrant, prefix: None, address: Vec::new() });
        } else if let Some((range, registrant)) = parts(text, "(base 16)") {
            match &mut open {
                Some(block) if block.prefix.is_none() => match prefix(&block.base, range, kind) {
                    Some(_) if registrant != block.registrant => {
                        reading.problem(
                            line,
                            format!(
                                "registrant is {registrant} here and {} on the line before",
                                cut(block.registrant, 60),
                                registrant = cut(registrant, 60)
                            ),
                        );
                        open = None;
                    }
                    Some(key) => block.prefix = Some(key),
                    None => {
                        reading.problem(
                            line,
                            format!(
                                "{range} is no range of {} below {}",
                                kind.as_str(),
                                block.base,
                                range = cut(range, 20)
                            ),
                        );
                        open = None;
                    }
                },
                _ => {
                    reading.problem(line, "a line with (base 16) that no line with (hex) announces")
                }
            }
        } else if text.is_empty() {
            finish(open.take(), false, &mut rows, reading);
        } else if text.starts_with([' ', '\t']) {
            match &mut open {
                Some(block) if block.prefix.is_some() && block.address.len() < MOST_LINES => {
                    block.address.push(text.trim())
                }
                // Of a block that was refused, or blank.
                None if reading.has_problems() || text.trim().is_empty() => {}
                _ => reading
                    .problem(line, format!("{} belongs to no assignment", cut(text.trim(), 60))),
            }
        } else {
            reading
                .problem(line, format!("{text} is no line of this listing", text = cut(text, 60)));
        }
    }
    finish(open, true, &mut rows, reading);
    Some(rows)
}

/// What stands before and behind a mark.
fn parts<'a>(line: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (before, after) = line.split_once(mark)?;
    let before = before.trim_end();
    let is_prefix = before.bytes().all(|octet| octet.is_ascii_hexdigit() || octet == b'-');
    (is_prefix && !before.is_empty()).then(|| (before, after.trim()))
}

/// The prefix that a range within a base has: its first digits, and zeros to Fs behind them.
fn prefix(base: &str, range: &str, kind: RegistryKind) -> Option<[u8; 5]> {
    let within = digits_of(kind) - 6;
    if within == 0 {
        return key_of(range).filter(|_| range == base);
    }
    let (first, last) = range.split_once('-')?;
    let (head, zeros) = first.split_at_checked(within)?;
    let whole = first.len() == 6 && zeros.bytes().all(|octet| octet == b'0');
    let filled = last.strip_prefix(head)?;
    let ends = last.len() == 6 && filled.bytes().all(|octet| octet == b'F');
    key_of(&[base, head].concat()).filter(|_| whole && ends)
}

fn finish(block: Option<Block<'_>>, is_last: bool, rows: &mut Rows, reading: &mut Reading<'_>) {
    let Some(block) = block else { return };
    let Some(key) = block.prefix else {
        reading.problem(block.line, format!("{} has no line with (base 16)", block.base));
        return;
    };
    // The line of the country is blank where there is none, so that the last line of a whole file is either.
    let last = block.address.last().copied();
    let is_whole = match last {
        Some(line) => line.is_empty() || is_code(line),
        None => block.registrant == "Private",
    };
    if is_last && !is_whole {
        reading.cut_short(block.line, "the last assignment ends within its address");
        return;
    }
    let code = last.filter(|code| is_code(code)).and_then(country);
    if let Some(line) = last.filter(|line| code.is_none() && !line.is_empty()) {
        reading.note(
            block.line,
            format!("the last line of an address is {line} and no country", line = cut(line, 20)),
        );
    }
    let address = block.address.join(" ");
    let row = Row {
        line: block.line,
        key,
        registrant: block.registrant,
        country: code,
        address: &address,
    };
    rows.take(row, reading);
}
