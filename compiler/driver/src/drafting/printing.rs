//! Values as lines of YAML, as the formatter lays them out.

use conductor_assist::Data;

use crate::init::scalar;

/// The lines of an item of a list, without its dash.
pub(super) fn item(data: &Data) -> Vec<String> {
    match data {
        Data::Map(pairs) => pairs.iter().flat_map(|(key, value)| pair(key, value)).collect(),
        other => vec![inline(other)],
    }
}

pub(super) fn pair(key: &str, value: &Data) -> Vec<String> {
    match value {
        Data::List(items) if items.iter().any(|item| matches!(item, Data::Map(_) | Data::List(_))) => {
            let lines = items.iter().flat_map(dashed).map(|line| format!("  {line}"));
            std::iter::once(format!("{key}:")).chain(lines).collect()
        }
        Data::Map(pairs) if !pairs.is_empty() => {
            let lines =
                pairs.iter().flat_map(|(key, value)| pair(key, value)).map(|line| format!("  {line}"));
            std::iter::once(format!("{key}:")).chain(lines).collect()
        }
        other => vec![format!("{key}: {}", inline(other))],
    }
}

/// The lines of an item with its dash.
pub(super) fn dashed(data: &Data) -> Vec<String> {
    let mark = |(index, line): (usize, String)| format!("{}{line}", if index == 0 { "- " } else { "  " });
    item(data).into_iter().enumerate().map(mark).collect()
}

fn inline(data: &Data) -> String {
    match data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(_, text) => text.clone(),
        Data::Text(text) if is_plain_expression(text) || is_duration(text) => text.clone(),
        Data::Text(text) => scalar(text),
        Data::List(_) | Data::Map(_) => flow(data),
    }
}

/// A value on one line, as it stands in other values on one line.
pub(super) fn flow(data: &Data) -> String {
    match data {
        Data::Text(text) if is_word(text) => text.clone(),
        Data::Text(text) => format!("{text:?}"),
        Data::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Data::Map(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => inline(other),
    }
}

/// What needs no quotes anywhere.
fn is_word(text: &str) -> bool {
    is_duration(text)
        || scalar(text) == text && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// `${...}` that YAML reads as one text without quotes.
fn is_plain_expression(text: &str) -> bool {
    text.starts_with("${")
        && text.ends_with('}')
        && ![": ", " #", "\n", "\"", ","].iter().any(|mark| text.contains(mark))
}

fn is_duration(text: &str) -> bool {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    !digits.is_empty() && digits.len() < text.len() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
