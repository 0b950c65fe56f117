//! Syntax trees of tree-sitter: parsing with a bound on work, children, texts, and the first error.
//!
//! It knows no language: grammar and node kinds are its callers'.

use std::ops::{ControlFlow, Range};

use tree_sitter::{Language, Node, ParseOptions, ParseState, Parser, Tree};

/// Steps of the parser for each byte of a text, in hundreds; a file that needs more is refused. What people
/// write needs less than one.
const EFFORT: usize = 20;

/// What keeps a text from being read at all.
#[derive(Debug, PartialEq, Eq)]
pub struct TooHard;

/// A place where a text is not of its language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// "expected `)`"
    pub message: String,
    pub range: Range<usize>,
}

/// The tree of `text`, or of parts of it in order; bytes are counted in the whole text, rows only within a part. Errors are nodes of the tree.
///
/// The bound is on the parser's steps, not on time, so the same text is always read or always refused.
pub fn parse(language: &Language, text: &str, parts: &[Range<usize>]) -> Result<Tree, TooHard> {
    let mut parser = Parser::new();
    parser.set_language(language).map_err(|_| TooHard)?;
    let mut length = text.len();
    if let Some(first) = parts.first() {
        length = parts.iter().map(Range::len).sum();
        let included: Vec<_> = parts.iter().map(|part| places(first.start, part)).collect();
        parser.set_included_ranges(&included).map_err(|_| TooHard)?;
    }
    let mut left = 1000 + length.saturating_mul(EFFORT);
    let mut spend = |_: &ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut spend);
    let mut from = |offset: usize, _| text.as_bytes().get(offset..).unwrap_or(&[]);
    parser.parse_with_options(&mut from, None, Some(options)).ok_or(TooHard)
}

/// Rows are not known, as to count them from the start of the text would take quadratic time over many parts: what
/// is told of them is only that they grow.
fn places(start: usize, part: &Range<usize>) -> tree_sitter::Range {
    let point = |at: usize| tree_sitter::Point::new(if at == start { 0 } else { at - start + 1 }, 0);
    tree_sitter::Range {
        start_byte: part.start,
        end_byte: part.end,
        start_point: point(part.start),
        end_point: point(part.end),
    }
}

/// The named children of a node but comments and errors, in order.
pub fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.is_extra() && !child.is_error()).collect()
}

/// Every child of a node, punctuation, comments and errors too.
pub fn every_child(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}

pub fn text<'t>(node: Node<'_>, source: &'t str) -> &'t str {
    source.get(node.byte_range()).unwrap_or("")
}

/// The first place below `node` where the text is not of its language.
pub fn first_problem(node: Node<'_>, source: &str) -> Option<Problem> {
    if !node.has_error() {
        return None;
    }
    let mut cursor = node.walk();
    loop {
        let here = cursor.node();
        if here.is_missing() {
            let message = format!("expected `{}`", here.kind());
            return Some(Problem { message, range: here.byte_range() });
        }
        // The error itself is the innermost one.
        let is_innermost = || !every_child(here).iter().any(Node::has_error);
        if here.is_error() && is_innermost() {
            return Some(unexpected(here, source));
        }
        if here.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}

/// The first word of what could not be placed, unless what begins with it makes sense.
fn unexpected(error: Node<'_>, source: &str) -> Problem {
    let shown = text(error, source).split_whitespace().next().unwrap_or("");
    let short: String = shown.chars().take(20).collect();
    let start = error.start_byte();
    let range = start..start + short.len();
    let is_token = error.child_count() <= 1;
    let message = match (short.as_str(), is_token) {
        ("", _) => "unexpected end".to_owned(),
        (_, true) => format!("unexpected `{short}`"),
        (_, false) => format!("what begins with `{short}` is not understood"),
    };
    Problem { message, range }
}
