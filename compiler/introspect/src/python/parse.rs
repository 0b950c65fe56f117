//! The one place that knows the Python parser: source text in, our own [`Module`] out, whatever the text is.
//!
//! It knows nothing of files, imports' targets or what a name means.

mod definition;
mod expression;
mod scope;

use std::ops::Range;

use ruff_python_ast::Mod;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::{Mode, ParseOptions, Parsed, lexer, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::syntax::{Expr, Module, SyntaxError};
use crate::annotation;

/// Deeper trees than this are refused: walking and dropping them recurses.
const MAX_NESTING: usize = 1000;
/// Python's own limit of open brackets; nested f-strings beyond it take the parser quadratic time.
const MAX_BRACKETS: usize = 200;
/// The longest string annotation that is read.
const MAX_ANNOTATION: usize = 4096;

/// The text nests too deeply to be walked safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep;

/// Reads a module, keeping what could be read beside its syntax errors.
pub fn module(text: &str) -> Result<Module, TooDeep> {
    let parsed = parsed(text, Mode::Module)?;
    let errors = parsed
        .errors()
        .iter()
        .map(|error| SyntaxError {
            message: printable(&error.error.to_string()),
            range: range(error.location),
        })
        .collect();
    let Mod::Module(syntax) = parsed.syntax() else { return Ok(Module { errors, ..Module::default() }) };
    let mut module = scope::module(&syntax.body);
    module.errors = errors;
    if annotation::may_hold(text.as_bytes()) {
        let comments = parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment);
        module.comments = comments.map(|token| range(token.range())).collect();
    }
    Ok(module)
}

/// Reads the text of a string annotation, such as the inside of `"User | None"`.
pub fn annotation(text: &str) -> Option<Expr> {
    if text.len() > MAX_ANNOTATION {
        return None;
    }
    let parsed = parsed(text, Mode::ParenthesizedExpression).ok()?;
    match parsed.syntax() {
        Mod::Expression(found) if parsed.has_valid_syntax() => Some(expression::expr(&found.body)),
        _ => None,
    }
}

fn parsed(text: &str, mode: Mode) -> Result<Parsed<Mod>, TooDeep> {
    if brackets(text, mode) > MAX_BRACKETS {
        return Err(TooDeep);
    }
    let parsed = parse_unchecked(text, ParseOptions::from(mode));
    if nesting(parsed.tokens()) <= MAX_NESTING {
        return Ok(parsed);
    }
    // Dropping a tree recurses as deep as the tree; a hostile one would overflow the stack, so it is leaked.
    std::mem::forget(parsed);
    Err(TooDeep)
}

/// How deep brackets and f-strings nest, counted no further than the limit.
fn brackets(text: &str, mode: Mode) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    if text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{')).nth(MAX_BRACKETS).is_none() {
        return 0;
    }
    let mut lexer = lexer::lex(text, mode);
    while deepest <= MAX_BRACKETS {
        match lexer.next_token() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace | TokenKind::FStringStart => depth += 1,
            TokenKind::TStringStart => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::TStringEnd => depth = depth.saturating_sub(1),
            TokenKind::EndOfFile => break,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// An upper bound of the tree's depth: inside each bracket every operator since the last comma may nest once.
fn nesting(tokens: &Tokens) -> usize {
    let mut open: Vec<usize> = vec![0];
    let mut total = 0usize;
    let mut deepest = 0usize;
    for token in tokens {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace | TokenKind::Indent => {
                open.push(1);
                total += 1;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::Dedent => {
                if open.len() > 1 {
                    total -= open.pop().unwrap_or(0);
                }
                // A call or subscript wraps what stands before it.
                if let Some(last) = open.last_mut().filter(|_| token.kind() != TokenKind::Dedent) {
                    *last += 1;
                    total += 1;
                }
            }
            TokenKind::Comma | TokenKind::Newline => {
                let floor = usize::from(open.len() > 1);
                if let Some(last) = open.last_mut() {
                    total -= *last - floor;
                    *last = floor;
                }
            }
            TokenKind::Lambda => total += 1,
            kind if kind.is_operator() || kind.is_keyword() => {
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    total += 1;
                }
            }
            _ => {}
        }
        deepest = deepest.max(total);
    }
    deepest
}

/// Messages quote the source, which may hold anything.
fn printable(message: &str) -> String {
    message.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn range(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}
