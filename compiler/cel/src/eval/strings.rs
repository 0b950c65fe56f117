//! CEL's string extension: positions are counted in Unicode characters.
//!
//! It does not format; that is [`super::format`].

use std::fmt::Write;

use super::{MAX_SIZE, Value};

fn out_of_range(index: i64) -> String {
    format!("the index {index} is out of range")
}

const TOO_LARGE: &str = "the text is too large";

/// A function with the text as its first argument; none where there is no such function for these types.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    use Value::{Int, List, String};
    Some(match (name, args) {
        ("charAt", [String(text), Int(at)]) => char_at(text, *at),
        ("indexOf", [String(text), String(part)]) => Ok(Int(index_of(text, part, 0))),
        ("indexOf", [String(_), String(_), Int(from)])
        | ("lastIndexOf", [String(_), String(_), Int(from)])
            if *from < 0 =>
        {
            Err(out_of_range(*from))
        }
        ("indexOf", [String(text), String(part), Int(from)]) => Ok(Int(index_of(text, part, *from))),
        ("lastIndexOf", [String(text), String(part)]) => Ok(Int(last_index_of(text, part, None))),
        ("lastIndexOf", [String(text), String(part), Int(from)]) => {
            Ok(Int(last_index_of(text, part, Some(*from))))
        }
        ("join", [List(items)]) => join(items, ""),
        ("join", [List(items), String(separator)]) => join(items, separator),
        ("lowerAscii", [String(text)]) => Ok(Value::from(text.to_ascii_lowercase())),
        ("upperAscii", [String(text)]) => Ok(Value::from(text.to_ascii_uppercase())),
        ("replace", [String(text), String(old), String(new)]) => replace(text, old, new, -1),
        ("replace", [String(text), String(old), String(new), Int(limit)]) => replace(text, old, new, *limit),
        ("split", [String(text), String(separator)]) => Ok(split(text, separator, -1)),
        ("split", [String(text), String(separator), Int(limit)]) => Ok(split(text, separator, *limit)),
        ("substring", [String(text), Int(start)]) => substring(text, *start, None),
        ("substring", [String(text), Int(start), Int(end)]) => substring(text, *start, Some(*end)),
        ("trim", [String(text)]) => Ok(Value::from(text.trim())),
        ("reverse", [String(text)]) => Ok(Value::from(text.chars().rev().collect::<std::string::String>())),
        _ => return None,
    })
}

fn count(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// The byte at which a character begins; the end for the index after the last one.
fn byte_at(text: &str, index: i64) -> Option<usize> {
    let index = usize::try_from(index).ok()?;
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(index)
}

fn char_at(text: &str, at: i64) -> Result<Value, String> {
    let start = byte_at(text, at).ok_or_else(|| out_of_range(at))?;
    Ok(Value::from(text[start..].chars().next().map_or_else(String::new, String::from)))
}

fn index_of(text: &str, part: &str, from: i64) -> i64 {
    if part.is_empty() {
        return from;
    }
    let Some(start) = byte_at(text, from) else { return -1 };
    text[start..].find(part).map_or(-1, |found| from + count(&text[start..start + found]))
}

fn last_index_of(text: &str, part: &str, from: Option<i64>) -> i64 {
    if part.is_empty() {
        return from.unwrap_or_else(|| count(text));
    }
    let end = match from {
        None => text.len(),
        Some(from) => match byte_at(text, from) {
            // The match may begin at `from` at the latest.
            Some(start) if start < text.len() => text.len().min(start + part.len()),
            _ => return -1,
        },
    };
    let mut end = end;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].rfind(part).map_or(-1, |found| count(&text[..found]))
}

fn join(items: &[Value], separator: &str) -> Result<Value, String> {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        let Value::String(text) = item else {
            return Err(format!("`join` joins strings, but this is a {}", item.type_name()));
        };
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(text);
        if joined.len() > MAX_SIZE {
            return Err(TOO_LARGE.to_owned());
        }
    }
    Ok(Value::from(joined))
}

fn replace(text: &str, old: &str, new: &str, limit: i64) -> Result<Value, String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = text.matches(old).take(limit).count();
    if found.saturating_mul(new.len()) > MAX_SIZE {
        return Err(TOO_LARGE.to_owned());
    }
    Ok(Value::from(text.replacen(old, new, limit)))
}

fn split(text: &str, separator: &str, limit: i64) -> Value {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Value::from(Vec::new());
    }
    if !separator.is_empty() {
        return Value::from(text.splitn(limit, separator).map(Value::from).collect::<Vec<_>>());
    }
    let mut parts = Vec::new();
    let mut rest = text.chars();
    while parts.len() + 1 < limit {
        let Some(letter) = rest.next() else { break };
        parts.push(Value::from(letter.to_string()));
    }
    if !rest.as_str().is_empty() {
        parts.push(Value::from(rest.as_str()));
    }
    Value::from(parts)
}

fn substring(text: &str, start: i64, end: Option<i64>) -> Result<Value, String> {
    let from = byte_at(text, start).ok_or_else(|| out_of_range(start))?;
    let to = match end {
        None => text.len(),
        Some(end) => byte_at(text, end).ok_or_else(|| out_of_range(end))?,
    };
    text.get(from..to).map(Value::from).ok_or_else(|| "a substring ends after its start".to_owned())
}

/// The text as a literal of CEL in double quotes.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        let escape = match letter {
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{b}' => 'v',
            '\\' | '"' => letter,
            plain => {
                quoted.push(plain);
                continue;
            }
        };
        // Writing to a String cannot fail.
        let _ = write!(quoted, "\\{escape}");
    }
    quoted.push('"');
    quoted
}
