//! Unquoted `${}` expressions that YAML splits or cuts, and the quotes that hold them together.
//!
//! It knows where an expression ends, not whether it is valid.

use std::ops::Range;

use conductor_source::{Diagnostic, Edit, Safety};

use super::failure::Repair;
use super::patched::{Patch, Patched};

/// Whether a plain scalar ends inside an expression because a comment seems to begin there: `${a #b}`.
pub(super) fn is_cut_by_comment(text: &str, range: &Range<usize>) -> bool {
    let Some(scalar) = text.get(range.clone()) else { return false };
    let rest = text.get(range.end..).unwrap_or("");
    is_open(scalar) && rest.starts_with([' ', '\t']) && rest.trim_start_matches([' ', '\t']).starts_with('#')
}

/// Whether an expression begins in the text that does not end there.
pub(super) fn is_open(text: &str) -> bool {
    text.rfind("${").is_some_and(|open| end_of_expression(&text[open..]).is_none())
}

/// The length of the expression at the start of `text`, with its `${` and `}`, where it ends on this line.
fn end_of_expression(text: &str) -> Option<usize> {
    let line = text.split('\n').next().unwrap_or("");
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in line.char_indices().skip(1) {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') => depth += 1,
            (None, '}') if depth == 1 => return Some(at + 1),
            (None, '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    None
}

/// The repair for an expression that stands unquoted on the line of `at`, where there is one.
pub(super) fn repair(source: &Patched, at: usize, in_flow: bool) -> Option<Repair> {
    let text = &source.text;
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].split('\n').next().unwrap_or("").trim_end();
    let mut from = 0;
    while let Some(found) = line[from..].find("${").map(|found| from + found) {
        // The parser stops at most one byte before the brace of an expression in a flow collection.
        if line_start + found > at + 1 {
            return None;
        }
        let length = end_of_expression(&line[found..]);
        let start = value_start(line, found, in_flow);
        let end = length.map_or(line.len(), |length| value_end(line, found + length, in_flow));
        let quoted = line[start..].starts_with(['"', '\'', '|', '>', '#']);
        if !quoted && line_start + end >= at {
            return Some(quote(source, line_start + start..line_start + end, length.is_some()));
        }
        from = found + 2;
    }
    None
}

/// Where the unquoted value that holds the expression begins.
fn value_start(line: &str, expression: usize, in_flow: bool) -> usize {
    let before = &line[..expression];
    let indentation = line.len() - line.trim_start().len();
    let after = |marker: &str| before.rfind(marker).map(|at| at + marker.len());
    let mut start = indentation
        .max(after(": ").unwrap_or(0))
        .max(after("- ").filter(|at| is_dash(before, *at)).unwrap_or(0));
    if in_flow {
        let bracket = before.rfind(['[', '{', ',']).map_or(0, |at| at + 1);
        start = start.max(bracket);
    }
    start + (before[start.min(before.len())..].len() - before[start.min(before.len())..].trim_start().len())
}

/// Whether the `- ` that ends at `at` opens a list item rather than standing inside a text.
fn is_dash(before: &str, at: usize) -> bool {
    before[..at].trim_start().chars().all(|character| matches!(character, '-' | ' '))
}

/// Where the value ends: the expression with what follows it, up to a comment or the next item of a flow collection.
fn value_end(line: &str, after: usize, in_flow: bool) -> usize {
    let rest = &line[after..];
    let stop = if in_flow { rest.find([',', ']', '}']) } else { rest.find(" #") };
    after + rest[..stop.unwrap_or(rest.len())].trim_end().len()
}

fn quote(source: &Patched, range: Range<usize>, complete: bool) -> Repair {
    let value = source.text[range.clone()].to_owned();
    let span = source.span(range.start, range.end);
    let message = "YAML does not read this expression as one value";
    let mut diagnostic = Diagnostic::error(super::SPLIT_EXPRESSION, message, span, reason(&value));
    if !complete {
        diagnostic = diagnostic.help("close the expression with `}` and put the value in quotes");
        return Repair { diagnostic, patches: super::failure::replace_by_broken(source, range) };
    }
    let single = !value.contains('\'') || value.contains(['"', '\\']);
    let quoted = if single { format!("'{}'", value.replace('\'', "''")) } else { format!("\"{value}\"") };
    let patches = if single { single_quotes(source, &range, &value) } else { around(source, &range, "\"") };
    let edit = Edit { span, text: quoted };
    diagnostic = diagnostic.fix("put the value in quotes", Safety::Safe, vec![edit]);
    Repair { diagnostic, patches }
}

fn around(source: &Patched, range: &Range<usize>, quote: &str) -> Vec<Patch> {
    let insert = |at: usize| Patch::Insert { at: source.original_offset(at), text: quote.to_owned() };
    vec![insert(range.start), insert(range.end)]
}

fn single_quotes(source: &Patched, range: &Range<usize>, value: &str) -> Vec<Patch> {
    let mut patches = around(source, range, "'");
    patches.extend(
        value.match_indices('\'').map(|(at, _)| Patch::Insert {
            at: source.original_offset(range.start + at),
            text: "'".to_owned(),
        }),
    );
    patches
}

fn reason(value: &str) -> &'static str {
    if value.contains(" #") {
        "after ` #` everything is a comment to YAML"
    } else if value.contains(": ") {
        "`: ` makes a mapping of it"
    } else {
        "a brace opens a mapping here"
    }
}
