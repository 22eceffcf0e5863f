//! Numbers, names and tables as the page has them.

use std::fmt::Display;

/// A table of Markdown: the first column to the left, numbers to the right.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut text = format!("| {} |\n|---|{}\n", head.join(" | "), "---:|".repeat(N - 1));
    for row in rows {
        text += &format!("| {} |\n", row.join(" | "));
    }
    text
}

/// A name that somebody else chose, as text of a table and nothing more.
pub(crate) fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            let c = if c.is_control() { ' ' } else { c };
            let says_something = "\\`*_[]<>|&~:@".contains(c);
            says_something.then_some('\\').into_iter().chain([c])
        })
        .collect()
}

/// `12,345`.
pub(crate) fn number(value: impl Display) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `12.3 %`, rounded down: what is claimed is there.
pub(crate) fn share<T: TryInto<u64>>(part: T, whole: T) -> String {
    let [part, whole] = [part, whole].map(|value| value.try_into().unwrap_or_default());
    match u128::from(part) * 1000 / u128::from(whole.max(1)) {
        0 if part > 0 => "< 0.1 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Text in lines of 120 characters at most, and an empty one behind it.
pub(crate) fn paragraph(text: &str) -> String {
    let (mut lines, mut len) = (String::new(), 0);
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if len > 0 {
            let breaks = len + 1 + width > 120;
            lines.push(if breaks { '\n' } else { ' ' });
            len = if breaks { 0 } else { len + 1 };
        }
        lines += word;
        len += width;
    }
    lines + "\n\n"
}
