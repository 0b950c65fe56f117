//! Python literals, spelled as `ruff format` leaves them.
//!
//! It knows text and numbers only.

use std::fmt::Write as _;

/// A string literal in the quotes that need fewer escapes, double ones if equal.
pub fn string(text: &str) -> String {
    let quote = quote(text.chars());
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            _ if is_invisible(character) => escape(&mut out, character),
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}

/// The quotes that need fewer escapes.
fn quote(characters: impl Iterator<Item = char>) -> char {
    let (single, double) = characters.fold((0, 0), |(single, double), character| {
        (single + usize::from(character == '\''), double + usize::from(character == '"'))
    });
    if double > single { '\'' } else { '"' }
}

/// Control and format characters would be unreadable, or would change how the line is shown.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escape(out: &mut String, character: char) {
    let code = u32::from(character);
    let _ = if code < 0x100 {
        write!(out, "\\x{code:02x}")
    } else if code < 0x10000 {
        write!(out, "\\u{code:04x}")
    } else {
        write!(out, "\\U{code:08x}")
    };
}

/// A bytes literal.
pub fn bytes(value: &[u8]) -> String {
    let quote = quote(value.iter().map(|byte| char::from(*byte)));
    let mut out = format!("b{quote}");
    for byte in value {
        match byte {
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => {
                if char::from(*byte) == quote {
                    out.push('\\');
                }
                out.push(char::from(*byte));
            }
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
    out
}

/// A float literal.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        "float(\"nan\")".to_owned()
    } else if value.is_infinite() {
        format!("float(\"{}inf\")", if value < 0.0 { "-" } else { "" })
    } else {
        format!("{value:?}")
    }
}

/// The argument of `Decimal`: a whole number needs no quotes.
pub fn decimal(text: &str) -> String {
    match text.parse::<i64>() {
        Ok(whole) if whole.to_string() == text => text.to_owned(),
        _ => string(text),
    }
}

/// Milliseconds as a literal in seconds.
pub fn seconds(milliseconds: u64) -> String {
    let whole = milliseconds / 1000;
    let rest = format!("{:03}", milliseconds % 1000);
    let rest = rest.trim_end_matches('0');
    format!("{whole}.{}", if rest.is_empty() { "0" } else { rest })
}

/// A tuple of strings.
pub fn strings(items: &[String]) -> super::tree::Py {
    super::tree::Py::Tuple(items.iter().map(|item| super::tree::Py::string(item)).collect())
}

#[cfg(test)]
mod tests {
    use super::{float, seconds, string};

    #[test]
    fn literals_are_spelled_as_the_formatter_leaves_them() {
        assert_eq!(string("a\"b"), "'a\"b'");
        assert_eq!(string("it's \"so\"\n"), "'it\\'s \"so\"\\n'");
        assert_eq!(string("\u{202e}\u{7}"), "\"\\u202e\\x07\"");
        assert_eq!(seconds(500), "0.5");
        assert_eq!(seconds(30_000), "30.0");
        assert_eq!(seconds(1), "0.001");
        assert_eq!(float(1e20), "1e20");
        assert_eq!(float(f64::NAN), "float(\"nan\")");
    }
}
