//! IEEE's CSV files: RFC 4180, with line breaks inside quotes. Written here and not taken from a crate, since messages
//! need the line on which a record or an open quote starts, and records need bounds.

use std::borrow::Cow;

use super::address;
use super::rows::{Row, Rows};
use super::{MOST_FIELD, Reading};
use crate::cut;
use crate::tables::{digits_of, key_of};
use herkomst_lookup::RegistryKind;

/// What the first line of each of the five says.
pub(super) const HEADER: &str = "Registry,Assignment,Organization Name,Organization Address";

/// A line, what stands in its fields or what is wrong with it.
type Record<'a> = (usize, Result<Vec<Cow<'a, str>>, String>);

/// Records, one after the other.
struct Records<'a> {
    text: &'a str,
    line: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        if self.text.is_empty() {
            return None;
        }
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let (field, end) = match self.field() {
                Ok(field) => field,
                Err(what) => {
                    self.skip_line();
                    return Some((line, Err(what)));
                }
            };
            fields.push(field);
            if end || fields.len() > 8 {
                if !end {
                    self.skip_line();
                }
                return Some((line, Ok(fields)));
            }
        }
    }
}

impl<'a> Records<'a> {
    /// A field, and whether the record ends with it.
    fn field(&mut self) -> Result<(Cow<'a, str>, bool), String> {
        let Some(quoted) = self.text.strip_prefix('"') else {
            let end = self.text.find([',', '\n']).unwrap_or(self.text.len());
            let (field, rest) = self.text.split_at(end);
            let field = if rest.starts_with(',') {
                field
            } else {
                field.strip_suffix('\r').unwrap_or(field)
            };
            if field.contains('"') {
                return Err(format!(
                    "{field} has a quote inside it and none around it",
                    field = cut(field, 60)
                ));
            }
            return self.ended(Cow::Borrowed(field), rest);
        };
        let (line, mut lines) = (self.line, 0);
        let mut value = Cow::Borrowed("");
        let mut rest = quoted;
        loop {
            let Some(end) = rest.find('"') else {
                return Err(format!("a quote is opened on line {line} and never closed"));
            };
            let (piece, after) = rest.split_at(end);
            lines += piece.bytes().filter(|octet| *octet == b'\n').count();
            if value.len() + piece.len() > MOST_FIELD {
                return Err(format!(
                    "the field that starts on line {line} has more than {MOST_FIELD} bytes: is its quote closed?"
                ));
            }
            value = if value.is_empty() { Cow::Borrowed(piece) } else { value + piece };
            rest = &after[1..];
            match rest.strip_prefix('"') {
                Some(more) => {
                    value += "\"";
                    rest = more;
                }
                None => break,
            }
        }
        self.line += lines;
        self.ended(value, rest)
    }

    /// Takes what separates a field from what follows.
    fn ended(
        &mut self,
        field: Cow<'a, str>,
        rest: &'a str,
    ) -> Result<(Cow<'a, str>, bool), String> {
        if field.len() > MOST_FIELD {
            self.text = rest;
            return Err(format!("a field has {} bytes, allowed are {MOST_FIELD}", field.len()));
        }
        if let Some(rest) = rest.strip_prefix(',') {
            self.text = rest;
            return Ok((field, false));
        }
        if let Some(rest) = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix('\n'))
            .or_else(|| rest.strip_prefix("\r"))
        {
            self.text = rest;
            self.line += 1;
            return Ok((field, true));
        }
        self.text = rest;
        if rest.is_empty() {
            Ok((field, true))
        } else {
            Err(format!("{rest} stands behind a closing quote", rest = cut(rest, 20)))
        }
    }

    /// To the start of the next line, after something that could not be read.
    fn skip_line(&mut self) {
        let (_, rest) = self.text.split_once('\n').unwrap_or_default();
        self.text = rest;
        self.line += 1;
    }
}

/// The rows of a CSV file whose header was recognised.
pub(super) fn read(reading: &mut Reading<'_>, text: &str) -> Option<Rows> {
    let (_, body) = text.split_once('\n').unwrap_or_default();
    let mut rows: Option<Rows> = None;
    for (line, record) in (Records { text: body, line: 2 }) {
        if reading.gave_up() {
            return None;
        }
        let fields = match record {
            Ok(fields) => fields,
            Err(what) => {
                reading.problem(line, what);
                continue;
            }
        };
        let [registry, prefix, registrant, place] = fields.as_slice() else {
            reading.problem(line, format!("has {} fields, expected 4", fields.len()));
            continue;
        };
        let expected = rows.as_ref().map(|rows| rows.kind);
        let kind = RegistryKind::from_word(registry)
            .filter(|kind| expected.is_none_or(|one| one == *kind));
        let Some(kind) = kind else {
            let wanted = expected.map_or("MA-L, MA-M, MA-S, IAB or CID", RegistryKind::as_str);
            reading.problem(
                line,
                format!("registry is {registry}, expected {wanted}", registry = cut(registry, 20)),
            );
            continue;
        };
        let Some(key) = key_of(prefix).filter(|_| prefix.len() == digits_of(kind)) else {
            let digits = digits_of(kind);
            reading.problem(
                line,
                format!(
                    "assignment is {prefix}, expected {digits} digits 0-9 A-F for {}",
                    kind.as_str(),
                    prefix = cut(prefix, 20)
                ),
            );
            continue;
        };
        let row =
            Row { line, key, registrant, country: address::country_of(place), address: place };
        rows.get_or_insert_with(|| Rows::of(kind)).take(row, reading);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<(usize, Result<Vec<String>, String>)> {
        let owned = |fields: Vec<Cow<'_, str>>| fields.into_iter().map(Cow::into_owned).collect();
        Records { text, line: 1 }.map(|(line, record)| (line, record.map(owned))).collect()
    }

    fn right(line: usize, fields: &[&str]) -> (usize, Result<Vec<String>, String>) {
        (line, Ok(fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    #[test]
    fn quotes_may_hold_commas_quotes_and_line_ends() {
        assert_eq!(
            records("a,\"b,\"\"c\"\"\"\r\n\"d\r\ne\",\r\n\nf"),
            [
                right(1, &["a", "b,\"c\""]),
                right(2, &["d\r\ne", ""]),
                right(4, &[""]),
                right(5, &["f"])
            ]
        );
    }

    #[test]
    fn what_breaks_the_rules_is_named_with_the_line_it_starts_on() {
        let found = records("a\n\"b\"c,d\ne\"f\n\"g\nh");
        assert_eq!(found[0], right(1, &["a"]));
        assert_eq!(
            found[1],
            (2, Err("\"c,d\\ne\\\"f\\n\\\"g\\nh\" stands behind a closing quote".into()))
        );
        assert_eq!(found[2].0, 3);
        assert_eq!(found[3], (4, Err("a quote is opened on line 4 and never closed".into())));
    }
}
