//! Device text for a terminal.

use herkomst_model::DeviceText;

/// Whether a character could move the cursor, change colours, hide, or turn the order of what stands around it.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text on one line, with white space folded and unsafe characters spelt out (`\u{1b}`), cut at `most` characters.
pub(crate) fn for_terminal(text: &DeviceText, most: usize) -> String {
    let mut shown = String::new();
    for (count, c) in
        text.raw().split_whitespace().collect::<Vec<_>>().join(" ").chars().enumerate()
    {
        if count == most {
            shown.push('…');
            break;
        }
        if is_unsafe(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_could_steer_it() {
        let text = DeviceText::from("sw\u{1b}[31m1\r\nx\u{202e}gpj\u{200b}\u{9b}2J");
        let shown = for_terminal(&text, 200);
        assert_eq!(shown, "sw\\u{1b}[31m1 x\\u{202e}gpj\\u{200b}\\u{9b}2J");
        assert!(!shown.chars().any(is_unsafe));
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(for_terminal(&DeviceText::from("abcdef"), 3), "abc…");
    }
}
