//! The enterprise numbers of IANA: its own text, and two columns as tshark prints them.
//!
//! ```text
//! Decimal
//! | Organization
//! | | Contact
//! | | | Email
//! 2011
//!   HUAWEI Technology Co.,Ltd
//!     (contact)
//!       (e-mail, with & for @)
//! End of Document
//! ```
//! Contact and e-mail are skipped. In some rows a person stands in the line of the organisation too: what to say
//! instead is in `pen-names.tsv`.

use std::collections::BTreeMap;

use super::Reading;
use super::clean::{before_address, clean};
use crate::cut;
use crate::tables::{MOST_PENS, WITHHELD};

/// What the first line of IANA's text says.
pub(super) const HEADING: &str = "PRIVATE ENTERPRISE NUMBERS";
const COLUMNS: [&str; 4] = ["Decimal", "| Organization", "| | Contact", "| | | Email"];
const END: &str = "End of Document";

/// Numbers and organisations, and how many rows were read.
#[derive(Default)]
pub(super) struct Numbers {
    pub(super) rows: BTreeMap<u32, String>,
    pub(super) count: u32,
}

impl Numbers {
    fn take(&mut self, line: usize, number: &str, organisation: &str, reading: &mut Reading<'_>) {
        self.count = self.count.saturating_add(1);
        let Some(number) = number.parse::<u32>().ok().filter(|number| *number <= MOST_PENS) else {
            reading.problem(
                line,
                format!(
                    "{number} is no enterprise number below {MOST_PENS}",
                    number = cut(number, 20)
                ),
            );
            return;
        };
        let mut name = clean(organisation);
        match reading.known.pen_names.get(&number) {
            Some(say) if say == WITHHELD => name.clone_from(say),
            Some(say) if name.len() > say.len() && name.starts_with(say.as_str()) => {
                name.clone_from(say);
            }
            _ => {}
        }
        if let Some(before) = before_address(&name, &['@', '&']) {
            reading.note(line, format!("{number}: an e-mail address is cut off its organisation: say in pen-names.tsv what is right"));
            name.truncate(before.len());
            if name.is_empty() {
                name.push_str(WITHHELD);
            }
        }
        match self.rows.get(&number) {
            None => {
                self.rows.insert(number, name);
            }
            Some(first) if *first == name => {
                reading.note(line, format!("{number} is given again, to the same holder"));
            }
            Some(first) => {
                let first = first.clone();
                reading.problem(
                    line,
                    format!(
                        "{number} is given again, to {name} and before to {first}",
                        name = cut(&name, 60),
                        first = cut(&first, 60)
                    ),
                );
            }
        }
    }
}

/// Whether a line stands where the organisation does: two blanks before it, and what has more is a contact. It may be
/// blank.
fn is_organisation(line: &str) -> bool {
    line.strip_prefix("  ")
        .is_some_and(|rest| rest.trim().is_empty() || !rest.starts_with(char::is_whitespace))
}

/// The day that the text names, and its rows.
pub(super) fn read_text(reading: &mut Reading<'_>, text: &str) -> (Option<String>, Numbers) {
    let mut numbers = Numbers::default();
    let mut day = None;
    let mut lines = text.lines().enumerate().map(|(at, text)| (at + 1, text)).peekable();
    for (_, line) in lines.by_ref().take_while(|(_, line)| *line != COLUMNS[0]) {
        if let Some(found) =
            line.trim().strip_prefix("(last updated ").and_then(|rest| rest.strip_suffix(')'))
        {
            day = Some(found.to_owned());
        }
    }
    for expected in &COLUMNS[1..] {
        match lines.next() {
            Some((_, line)) if line.trim_end() == *expected => {}
            Some((at, line)) => reading.problem(
                at,
                format!("{line}, expected the heading {expected:?}", line = cut(line, 60)),
            ),
            None => {
                reading.cut_short(text.lines().count(), "the heading of its columns is missing");
                return (day, numbers);
            }
        }
    }
    let is_number = |line: &str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    let mut ended = false;
    while let Some((at, line)) = lines.next() {
        if reading.gave_up() {
            break;
        }
        if is_number(line) {
            match lines.next_if(|(_, next)| is_organisation(next)) {
                Some((_, organisation)) => numbers.take(at + 1, line, organisation, reading),
                None if lines.peek().is_some() => reading
                    .problem(at, format!("{line:.20} has no organisation on the line after it")),
                None => {}
            }
        } else if line == END {
            ended = true;
            break;
        } else if !line.trim().is_empty() && !line.starts_with("  ") && line != "| | | | " {
            reading.problem(at, format!("{line} is no line of this listing", line = cut(line, 60)));
        }
    }
    if !ended && !reading.has_problems() {
        reading.cut_short(text.lines().count(), "it has no line \"End of Document\"");
    }
    if let Some((at, line)) = lines.find(|(_, line)| !line.trim().is_empty()) {
        reading.problem(
            at,
            format!("{line} stands behind the end of the document", line = cut(line, 60)),
        );
    }
    (day, numbers)
}

/// Whether a text starts like the two columns that tshark prints.
pub(super) fn is_columns(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    first
        .and_then(|line| line.split_once('\t'))
        .is_some_and(|(number, name)| number.parse::<u32>().is_ok() && !name.contains('\t'))
}

/// The rows of such a text.
pub(super) fn read_columns(reading: &mut Reading<'_>, text: &str) -> Numbers {
    let mut numbers = Numbers::default();
    for (line, text) in text.lines().enumerate().map(|(at, text)| (at + 1, text)) {
        if reading.gave_up() {
            break;
        }
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        match text.split_once('\t') {
            Some((number, name)) if !name.contains('\t') => {
                numbers.take(line, number, name, reading)
            }
            _ => reading.problem(
                line,
                format!("{text} is no row of number, tab and organisation", text = cut(text, 60)),
            ),
        }
    }
    numbers
}
