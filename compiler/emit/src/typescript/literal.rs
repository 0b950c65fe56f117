//! TypeScript literals, spelled as prettier leaves them.
//!
//! It knows text and numbers only.

use std::fmt::Write as _;

/// A string literal in the quotes that need fewer escapes, double ones if equal.
pub fn string(text: &str) -> String {
    let (single, double) = text.chars().fold((0, 0), |(single, double), letter| {
        (single + usize::from(letter == '\''), double + usize::from(letter == '"'))
    });
    let quote = if double > single { '\'' } else { '"' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for letter in text.chars() {
        if letter == quote {
            out.push('\\');
            out.push(quote);
        } else {
            plain(&mut out, letter);
        }
    }
    out.push(quote);
    out
}

fn plain(out: &mut String, letter: char) {
    match letter {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_invisible(letter) => {
            let code = u32::from(letter);
            let _ = if code < 0x100 {
                write!(out, "\\x{code:02x}")
            } else if code < 0x10000 {
                write!(out, "\\u{code:04x}")
            } else {
                write!(out, "\\u{{{code:x}}}")
            };
        }
        _ => out.push(letter),
    }
}

/// Control and format characters would be unreadable, or would change how the line is shown.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A whole number, in groups of three digits where it is long.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// A number as the shortest text that reads as it; it is not negative.
pub fn float(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
