//! Literals of Go.
//!
//! It knows how values are written, not what they mean.

use std::fmt::Write as _;

/// A string in double quotes. What is not printable ASCII or a plain letter is escaped, so that no character of the
/// text can pass for another.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(letter),
            _ if letter.is_alphanumeric() => out.push(letter),
            _ if u32::from(letter) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            _ => {
                let _ = write!(out, "\\U{:08x}", u32::from(letter));
            }
        }
    }
    out.push('"');
    out
}

/// `[]byte("...")`.
pub fn bytes(value: &[u8]) -> String {
    let mut out = String::from("[]byte(\"");
    for byte in value {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push_str("\")");
    out
}

/// A constant that Go takes for a floating-point number; `None` for those that no constant can be.
pub fn float(value: f64) -> Option<String> {
    if !value.is_finite() || (value == 0.0 && value.is_sign_negative()) {
        return None;
    }
    let text = format!("{value:?}");
    // `1e16` and `1.5e-7` are Go as they are.
    Some(text)
}

/// A `time.Duration` as people write it: `500 * time.Millisecond`.
pub fn duration(milliseconds: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(3_600_000, "Hour"), (60_000, "Minute"), (1000, "Second"), (1, "Millisecond")];
    for (unit, name) in UNITS {
        if milliseconds >= unit && milliseconds.is_multiple_of(unit) {
            return match milliseconds / unit {
                1 => format!("time.{name}"),
                count => format!("{count} * time.{name}"),
            };
        }
    }
    "0".to_owned()
}

/// Strings as a `[]string`.
pub fn strings(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| string(value)).collect();
    format!("[]string{{{}}}", values.join(", "))
}
