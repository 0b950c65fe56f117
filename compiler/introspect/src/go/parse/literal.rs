//! Strings and comments of Go as text.
//!
//! It knows no declarations.

use tree_sitter::Node;

use crate::tree::text;

/// What a string literal stands for.
pub fn unquoted(literal: &str) -> String {
    if let Some(raw) = literal.strip_prefix('`') {
        return raw.strip_suffix('`').unwrap_or(raw).replace('\r', "");
    }
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('x') => out.extend(code(&mut letters, 2)),
            Some('u') => out.extend(code(&mut letters, 4)),
            Some('U') => out.extend(code(&mut letters, 8)),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn code(letters: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text: String = letters.by_ref().take(digits).collect();
    u32::from_str_radix(&text, 16).ok().and_then(char::from_u32)
}

/// The comment right above a declaration, as `go doc` shows it: without markers and directives.
pub fn doc(source: &str, comments: &[Node<'_>], declaration: Node<'_>) -> Option<String> {
    let mut row = declaration.start_position().row;
    let mut group: Vec<&str> = Vec::new();
    for comment in comments.iter().rev() {
        if comment.end_position().row + 1 != row {
            break;
        }
        row = comment.start_position().row;
        group.push(text(*comment, source));
    }
    let mut lines: Vec<&str> = Vec::new();
    for comment in group.into_iter().rev() {
        match comment.strip_prefix("//") {
            Some(line) if is_directive(line) => {}
            Some(line) => lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end()),
            None => {
                let block = comment.trim_start_matches("/*").trim_end_matches("*/");
                lines.extend(block.lines().map(str::trim_end));
            }
        }
    }
    let text = lines.join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `//go:noinline`, `//nolint:all`, `//export name`: what follows `//`.
fn is_directive(line: &str) -> bool {
    if line.starts_with("line ") || line.starts_with("export ") || line.starts_with("extern ") {
        return true;
    }
    let Some((tool, rest)) = line.split_once(':') else { return false };
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    !tool.is_empty() && tool.chars().all(plain) && rest.starts_with(plain)
}

#[cfg(test)]
mod tests {
    use super::{is_directive, unquoted};

    #[test]
    fn literals_are_unquoted() {
        assert_eq!(unquoted(r#""json:\"a\"""#), r#"json:"a""#);
        assert_eq!(unquoted("`json:\"a\"`"), r#"json:"a""#);
        assert_eq!(unquoted(r#""\u00e9\x41\q""#), "éAq");
        assert_eq!(unquoted(r#""\ud800\"#), "");
    }

    #[test]
    fn directives_are_told_from_prose() {
        assert!(is_directive("go:noinline") && is_directive("conductor:task effect=read"));
        assert!(!is_directive(" go:noinline") && !is_directive("http: a protocol") && !is_directive(": x"));
    }
}
