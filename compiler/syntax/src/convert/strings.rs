//! Texts as scalars of YAML and strings of HCL, so that reading them gives the text back.
//!
//! It does not know what a text is for.

use crate::hcl::cel;
use crate::yaml::core_schema;

/// Words that readers of older YAML take for booleans.
const OLD_BOOLEANS: [&str; 4] = ["yes", "no", "on", "off"];

/// A text as a scalar in one line; `flow` where brackets and commas would end it.
pub(super) fn yaml(text: &str, flow: bool) -> String {
    if is_plain(text, flow) {
        text.to_owned()
    } else if text.contains(['"', '\\']) && !text.contains(must_be_escaped) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double_quoted(text)
    }
}

/// A text as a key of YAML.
pub(super) fn yaml_key(text: &str) -> String {
    let is_name = |next: char| next.is_alphanumeric() || "_-.".contains(next);
    if text.chars().all(is_name) { yaml(text, true) } else { double_quoted(text) }
}

fn is_plain(text: &str, flow: bool) -> bool {
    let first = text.chars().next();
    let indicator = |next: char| "-?:,[]{}#&*!|>'\"%@`".contains(next);
    let number_with_colon = first.is_some_and(|first| first.is_ascii_digit()) && text.contains(':');
    !text.is_empty()
        && text.trim() == text
        && !first.is_some_and(indicator)
        && !text.contains(must_be_escaped)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !(flow && text.contains(['[', ']', '{', '}', ',']))
        && !number_with_colon
        && text != "..."
        && !OLD_BOOLEANS.contains(&text.to_lowercase().as_str())
        && core_schema::resolve(text).is_none()
}

/// Characters that stand only in double quotes, as escapes.
fn must_be_escaped(next: char) -> bool {
    next.is_control() || matches!(next, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// In double quotes, with the escapes that JSON, YAML and HCL have in common.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    text.chars().for_each(|next| push_escaped(next, &mut out));
    out.push('"');
    out
}

fn push_escaped(next: char, out: &mut String) {
    match next {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other if must_be_escaped(other) => out.push_str(&format!("\\u{:04x}", u32::from(other))),
        other => out.push(other),
    }
}

/// The header and the lines of a text as a literal scalar of YAML, where it is a text of several lines.
pub(super) fn literal(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let body = text.trim_end_matches('\n');
    let escaped = |next: char| next != '\n' && next != '\t' && must_be_escaped(next);
    if !body.contains('\n') && text.len() <= body.len() || body.is_empty() {
        return None;
    }
    if text.contains(escaped) || text.starts_with([' ', '\t', '\n']) {
        return None;
    }
    let (header, lines) = match text.len() - body.len() {
        0 => ("|-", body),
        1 => ("|", body),
        // Blank lines below it would belong to it.
        _ => return None,
    };
    Some((header, lines.split('\n').collect()))
}

/// A text as a quoted string of HCL; `None` where none says it: in an expression nothing can be escaped.
pub(super) fn hcl(text: &str) -> Option<String> {
    let mut out = String::from("\"");
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("${") && !text[..at].ends_with('$') {
            let extent = cel::extent(text, at + 2).ok().filter(|extent| extent.backslashes.is_empty())?;
            out.push_str(&text[at..=extent.end]);
            at = extent.end + 1;
        } else if rest.starts_with("%{") {
            out.push_str("%%{");
            at += 2;
        } else {
            push_escaped(next, &mut out);
            at += next.len_utf8();
        }
    }
    out.push('"');
    Some(out)
}

/// The lines of a text as a heredoc of HCL, from its marker to its end, where it is a text of several lines. They are
/// indented by `indent`.
pub(super) fn heredoc(text: &str, indent: usize) -> Option<Vec<String>> {
    let body = text.strip_suffix('\n')?;
    let lines: Vec<&str> = body.split('\n').collect();
    let is_text = |line: &&str| !line.trim().is_empty();
    let blank = |line: &&str| line.starts_with([' ', '\t']);
    let flush = lines.iter().filter(|line| is_text(line)).any(|line| !blank(line));
    if !flush || text.contains(|next| next != '\n' && next != '\t' && must_be_escaped(next)) {
        return None;
    }
    let mut marker = "TEXT".to_owned();
    while lines.iter().any(|line| line.trim() == marker) {
        marker.push('_');
    }
    let inner = |line: &&str| match line.is_empty() {
        true => String::new(),
        false => format!("{}{}", " ".repeat(indent), line.replace("%{", "%%{")),
    };
    let head = std::iter::once(format!("<<-{marker}"));
    let last = std::iter::once(format!("{}{marker}", " ".repeat(indent)));
    Some(head.chain(lines.iter().map(inner)).chain(last).collect())
}

/// A number of YAML as HCL spells it; `None` for what is no number there.
pub(super) fn hcl_number(text: &str) -> Option<String> {
    let (sign, bare) = match text.strip_prefix('-') {
        Some(bare) => ("-", bare),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match bare.find(['e', 'E']) {
        Some(at) => bare.split_at(at),
        None => (bare, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let point = if mantissa.contains('.') {
        format!(".{}", if fraction.is_empty() { "0" } else { fraction })
    } else {
        String::new()
    };
    Some(format!("{sign}{}{point}{exponent}", if whole.is_empty() { "0" } else { whole }))
}
