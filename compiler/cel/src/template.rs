//! A scalar of a manifest with `${...}` in it: literal, one whole expression, or text with expressions between.
//!
//! It does not know what the scalar is for: types are the checker's.

use crate::ast::Ast;
use crate::error::CelError;
use crate::lexer::{Lexer, TokenKind};
use crate::parser::parse_range;

/// More errors than this help nobody.
const MAX_ERRORS: usize = 20;

/// What a scalar holds. Ranges of every tree in it are bytes of the whole scalar's text.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// Text without expressions; `$${` has become `${`.
    Literal(String),
    /// `${expression}` and nothing else but line ends after it: it keeps its type.
    Whole(Ast),
    /// Text and expressions by turns: a string.
    Interpolated(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    Expr(Ast),
}

impl Template {
    /// The expressions in it, in the order of the text.
    pub fn expressions(&self) -> impl Iterator<Item = &Ast> {
        let (whole, parts) = match self {
            Template::Literal(_) => (None, [].as_slice()),
            Template::Whole(ast) => (Some(ast), [].as_slice()),
            Template::Interpolated(parts) => (None, parts.as_slice()),
        };
        whole.into_iter().chain(parts.iter().filter_map(|part| match part {
            Part::Expr(ast) => Some(ast),
            Part::Text(_) => None,
        }))
    }
}

/// Parses a scalar. Ranges of errors are bytes of `text`.
#[must_use]
pub fn parse(text: &str) -> (Template, Vec<CelError>) {
    let mut errors = Vec::new();
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if text[at..start].ends_with('$') {
            literal.push_str(&text[at..start - 1]);
            literal.push_str("${");
            at = start + 2;
            continue;
        }
        literal.push_str(&text[at..start]);
        let Some(end) = closing_brace(text, start + 2) else {
            errors.push(
                CelError::new(start..start + 2, "this `${` has no matching `}`")
                    .help("close the expression with `}`, or write `$${` for the text `${`"),
            );
            return (Template::Literal(literal), errors);
        };
        let (ast, found) = parse_range(text, start + 2..end);
        match doubled(text, start + 2..end).filter(|_| !found.is_empty()) {
            Some(inside) => errors.push(
                CelError::new(start..end + 1, "an expression stands in one pair of braces")
                    .help(format!("write `${{{inside}}}`")),
            ),
            None => errors.extend(found.into_iter().map(|error| widened(error, start..end + 1))),
        }
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal)));
        }
        parts.push(Part::Expr(ast));
        at = end + 1;
        if errors.len() >= MAX_ERRORS {
            break;
        }
    }
    literal.push_str(&text[at..]);
    (assemble(parts, literal), errors)
}

/// The expression in `${{ expression }}`, as other tools write it.
fn doubled(text: &str, range: std::ops::Range<usize>) -> Option<&str> {
    let inside = text[range.clone()].strip_prefix('{')?.strip_suffix('}')?;
    let (_, errors) = parse_range(text, range.start + 1..range.end - 1);
    errors.is_empty().then(|| inside.trim())
}

/// An error about an empty place inside `${...}` is shown on the whole of it.
fn widened(mut error: CelError, template: std::ops::Range<usize>) -> CelError {
    if error.range.is_empty() && error.range.start + 1 >= template.end {
        error.range = template;
    }
    error
}

fn assemble(mut parts: Vec<Part>, tail: String) -> Template {
    if parts.is_empty() {
        return Template::Literal(tail);
    }
    if parts.len() == 1 && tail.trim_matches(['\r', '\n']).is_empty() {
        match parts.pop() {
            Some(Part::Expr(ast)) => return Template::Whole(ast),
            Some(part) => parts.push(part),
            None => {}
        }
    }
    if !tail.is_empty() {
        parts.push(Part::Text(tail));
    }
    Template::Interpolated(parts)
}

/// The `}` that ends the expression that begins at `start`; braces in strings and of maps do not count.
fn closing_brace(text: &str, start: usize) -> Option<usize> {
    let mut lexer = Lexer::new(text, start..text.len());
    let mut open = 0usize;
    loop {
        let token = lexer.next();
        match token.kind {
            TokenKind::End => return None,
            TokenKind::Punct("{") => open += 1,
            TokenKind::Punct("}") if open == 0 => return Some(token.range.start),
            TokenKind::Punct("}") => open -= 1,
            // A string that is never closed runs to the end; the first brace in it is the likeliest end.
            TokenKind::Wrong if text[token.range.clone()].chars().nth(1).is_some() => {
                return text[token.range.clone()].find('}').map(|brace| token.range.start + brace);
            }
            _ => {}
        }
    }
}
