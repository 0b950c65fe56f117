//! Foreign text made harmless: what could steer a terminal or reorder a line is shown, not obeyed.
//!
//! It knows characters, not where they are shown.

/// On one line, with everything replaced that could steer a terminal; ASCII controls become their symbols.
pub(super) fn line(text: &str) -> String {
    block(text).chars().map(|character| if character == '\n' { ' ' } else { symbol(character) }).collect()
}

/// Without what changes the direction of text or hides it; ASCII controls stay.
pub(super) fn block(text: &str) -> String {
    text.chars().filter(|character| *character != '\r').map(same_length).collect()
}

/// A harmless character of the same length in UTF-8, so that offsets stay. ASCII controls stay for whoever shows them as
/// symbols.
pub(super) fn same_length(character: char) -> char {
    match character {
        '\0'..='\u{1f}' | '\u{7f}' => character,
        '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{ad}' => '·',
        '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
        '\u{e0000}'..='\u{e0fff}' => '\u{1f7a1}',
        other => other,
    }
}

/// The symbol of an ASCII control.
fn symbol(character: char) -> char {
    match character {
        '\t' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(line("a\u{1b}[31m\tb\r\nc\u{7}\u{7f}\u{9b}\u{202e}"), "a␛[31m b c␇␡·\u{fffd}");
    }
}
