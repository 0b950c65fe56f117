//! JSON of any depth up to a bound, read without recursion: `serde_json` stops at 128 levels, which some 20 nested
//! blocks of a Plan have.
//!
//! It knows brackets and where a string ends; what is inside of a scalar is `serde_json`'s.

use serde_json::{Map, Value};

/// 128 nested blocks, each with all the levels that any kind of block has, and the deepest expression and type inside.
const MAX_DEPTH: usize = 2048;

/// A collection that is open.
enum Frame {
    List(Vec<Value>),
    /// The key whose value comes next.
    Map(Map<String, Value>, Option<String>),
}

/// The one value that `text` holds.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut open: Vec<Frame> = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let (value, after) = match (rest.as_bytes().first(), open.last()) {
            (None, _) => return Err("it ends too early".to_owned()),
            (Some(b'{' | b'['), _) if open.len() >= MAX_DEPTH => {
                return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
            }
            (Some(b'{'), _) => {
                open.push(Frame::Map(Map::new(), None));
                rest = rest[1..].trim_start();
                if let Some(Frame::Map(_, key)) = open.last_mut().filter(|_| !rest.starts_with('}')) {
                    rest = key_of(rest, key)?;
                }
                continue;
            }
            (Some(b'['), _) => {
                open.push(Frame::List(Vec::new()));
                rest = rest[1..].trim_start();
                continue;
            }
            (Some(b']'), Some(Frame::List(_))) | (Some(b'}'), Some(Frame::Map(_, None))) => {
                let value = match open.pop() {
                    Some(Frame::List(items)) => Value::Array(items),
                    Some(Frame::Map(entries, _)) => Value::Object(entries),
                    None => Value::Null,
                };
                (value, &rest[1..])
            }
            _ => scalar(rest)?,
        };
        rest = after.trim_start();
        let Some(frame) = open.last_mut() else {
            return if rest.is_empty() { Ok(value) } else { Err("something follows its end".to_owned()) };
        };
        rest = put(frame, value, rest)?;
    }
}

/// Puts a finished value into the innermost collection and goes on to where the next value, or its end, begins.
fn put<'t>(frame: &mut Frame, value: Value, rest: &'t str) -> Result<&'t str, String> {
    let end = match frame {
        Frame::List(items) => {
            items.push(value);
            ']'
        }
        Frame::Map(entries, key) => {
            let key = key.take().ok_or("a value without a key")?;
            entries.insert(key, value);
            '}'
        }
    };
    if rest.starts_with(end) {
        return Ok(rest);
    }
    let rest = rest.strip_prefix(',').ok_or_else(|| format!("`,` or `{end}` is missing"))?.trim_start();
    match frame {
        Frame::List(_) if rest.starts_with(']') => Err("a value is missing after `,`".to_owned()),
        Frame::List(_) => Ok(rest),
        Frame::Map(_, key) => key_of(rest, key),
    }
}

/// Reads a key and its colon.
fn key_of<'t>(rest: &'t str, key: &mut Option<String>) -> Result<&'t str, String> {
    let (Value::String(name), after) = scalar(rest)? else { return Err("a key is a string".to_owned()) };
    *key = Some(name);
    let after = after.trim_start().strip_prefix(':').ok_or("`:` is missing after a key")?;
    Ok(after.trim_start())
}

/// A string, a number or a word at the start of `rest`, and what follows it.
fn scalar(rest: &str) -> Result<(Value, &str), String> {
    let bytes = rest.as_bytes();
    let end = if bytes.first() == Some(&b'"') {
        let mut at = 1;
        while bytes.get(at).is_some_and(|byte| *byte != b'"') {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        at + 1
    } else {
        bytes.iter().position(|byte| b",]} \t\r\n:".contains(byte)).unwrap_or(bytes.len())
    };
    let text = rest.get(..end).ok_or("a string has no end")?;
    let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok((value, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, read};

    #[test]
    fn it_reads_what_serde_json_reads() {
        let good = [
            "null",
            " [ ] ",
            "{}",
            r#"{"a": [1, -2.5e3, "x\"\\\u00e9]}", true], "b": {"c": {}}, "": [[], [{}]]}"#,
            "18446744073709551615",
            "\"\\\\\"",
        ];
        for text in good {
            assert_eq!(read(text).ok(), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn it_refuses_what_serde_json_refuses() {
        let bad = [
            "",
            "[",
            "]",
            "{",
            "}",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{1:2}",
            "{\"a\":1]",
            "[1}",
            "1 2",
            "\"a",
            "\"a\\",
            "tru",
            "[\"\\u00\"]",
            "nul,",
            "{,}",
            "[]]",
            "01",
        ];
        for text in bad {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_and_takes_no_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert!(read(&nested(MAX_DEPTH + 1)).is_err());
        assert!(read(&"{\"a\":".repeat(1 << 20)).is_err());
    }
}
