//! The one place that knows the Python parser: source text in, our own [`Module`] out, whatever the text is.
//!
//! It knows nothing of files, imports' targets or what a name means.

mod definition;
mod expression;
mod scope;

use std::ops::Range;

use ruff_python_ast::Mod;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::TextRange;

use super::syntax::{Expr, Module, SyntaxError};

/// Deeper trees than this are refused: walking and dropping them recurses. Python itself stops at 200 parentheses.
const MAX_NESTING: usize = 1000;
/// The longest string annotation that is read.
const MAX_ANNOTATION: usize = 4096;

/// The text nests too deeply to be walked safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep;

/// Reads a module, keeping what could be read beside its syntax errors.
pub fn module(text: &str) -> Result<Module, TooDeep> {
    let parsed = checked(parse_unchecked(text, ParseOptions::from(Mode::Module)))?;
    let errors = parsed
        .errors()
        .iter()
        .map(|error| SyntaxError { message: error.error.to_string(), range: range(error.location) })
        .collect();
    let Mod::Module(syntax) = parsed.syntax() else { return Ok(Module { errors, ..Module::default() }) };
    let mut module = scope::module(&syntax.body);
    module.errors = errors;
    Ok(module)
}

/// Reads the text of a string annotation, such as the inside of `"User | None"`.
pub fn annotation(text: &str) -> Option<Expr> {
    if text.len() > MAX_ANNOTATION {
        return None;
    }
    let options = ParseOptions::from(Mode::ParenthesizedExpression);
    let parsed = checked(parse_unchecked(text, options)).ok()?;
    match parsed.syntax() {
        Mod::Expression(found) if parsed.has_valid_syntax() => Some(expression::expr(&found.body)),
        _ => None,
    }
}

fn checked(parsed: Parsed<Mod>) -> Result<Parsed<Mod>, TooDeep> {
    if nesting(parsed.tokens()) <= MAX_NESTING {
        return Ok(parsed);
    }
    // Dropping a tree recurses as deep as the tree; a hostile one would overflow the stack, so it is leaked.
    std::mem::forget(parsed);
    Err(TooDeep)
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
                if let Some(last) = open.last_mut() {
                    total -= *last;
                    *last = 0;
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

fn range(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}
