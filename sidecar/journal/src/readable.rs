//! Whether every reader of the journal can parse a value: one that some cannot read would hide all runs of a list.
//!
//! It knows no entry. It is given JSON whose grammar was checked, and looks for what that allows and parsers refuse.

/// Brackets within brackets. Parsers stop at 128, and a value is shown up to six levels deep.
const DEPTH: usize = 120;

/// Digits from which on a number without an exponent may be beyond a double.
const LONG: usize = 300;

/// Why a reader would fail on `json`, which must be grammatical.
#[must_use]
pub fn unreadable(json: &str) -> Option<&'static str> {
    let bytes = json.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => match end_of_string(bytes, at) {
                Some(end) => at = end,
                None => return Some("a string holds half of a surrogate pair"),
            },
            b'[' | b'{' => {
                depth += 1;
                if depth > DEPTH {
                    return Some("it is nested more than 120 deep");
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let length = bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                if !is_finite(&json[at - 1..at + length]) {
                    return Some("a number is too large");
                }
                at += length;
            }
            _ => {}
        }
    }
    None
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
}

fn is_finite(number: &str) -> bool {
    let plain = number.len() < LONG && !number.bytes().any(|byte| matches!(byte, b'e' | b'E'));
    plain || number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Where the string that begins at `at` has ended; `None` where it holds half of a surrogate pair.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at) {
            Some(b'\\') => match unit(bytes, at) {
                Some(0xD800..=0xDBFF) if matches!(unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
                Some(0xD800..=0xDFFF) => return None,
                Some(_) => at += 6,
                None => at += 2,
            },
            Some(b'"') | None => return Some(at + 1),
            Some(_) => at += 1,
        }
    }
}

/// The UTF-16 unit of a `\uXXXX` that stands at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::unreadable;

    /// Whether `serde_json` reads a value as deep inside as the fields of an attempt's error are shown.
    fn parses(json: &str) -> bool {
        let shown = format!(r#"{{"steps":[{{"history":[{{"error":{{"fields":{json}}}}}]}}]}}"#);
        serde_json::from_str::<serde_json::Value>(&shown).is_ok()
    }

    #[test]
    fn what_a_parser_refuses_is_found_and_nothing_else() {
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let long = "9".repeat(400);
        for json in [
            r#""\ud800""#,
            r#""a\udc00b""#,
            r#"{"\ud800\u0041":1}"#,
            r#"["\ud800\ud800\udc00"]"#,
            r#""\\\ud800""#,
            "[1e400]",
            "-1E+999",
            &long,
            &deep(140),
        ] {
            assert!(!parses(json), "{json}");
            assert!(unreadable(json).is_some(), "{json}");
        }
        for json in [
            r#""\ud83d\ude00""#,
            r#"{"a\\ud800":"\"[[[","b":[-0.5e-3,1e308,0]}"#,
            r#""\u00e9\\""#,
            "null",
            "\"é😀\"",
            "1e-999",
            &long[..300],
            &deep(120),
            &format!("[{}1]", "[],".repeat(200)),
        ] {
            assert!(parses(json), "{json}");
            assert_eq!(unreadable(json), None, "{json}");
        }
        assert!(unreadable(&deep(121)).is_some());
    }
}
