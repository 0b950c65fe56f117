//! The one place that knows the TypeScript parser: source text in, our own [`Module`] out, whatever the text is.
//!
//! It knows nothing of files, what an import leads to or what a name means.

mod class;
mod common;
mod expression;
mod function;
mod jsdoc;
mod newer;
mod salvage;
mod statement;
mod types;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use super::syntax::{Module, SyntaxError, TypeExpr};
use crate::annotation;

/// What the parser is given at once; how often it asks says how much it reads again.
const CHUNK: usize = 4096;
/// Types and namespaces nested deeper than this are not looked into.
const MAX_DEPTH: usize = 60;
/// The longest type in a comment that is read.
const MAX_COMMENT_TYPE: usize = 4096;

/// The grammars: that of `.ts` has type assertions in angle brackets, that of all others has JSX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Typescript,
    Tsx,
    Javascript,
}

/// The text is so irregular that reading it would take too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooIrregular;

/// Reads a module, keeping what could be read beside its syntax errors.
pub fn module(text: &str, dialect: Dialect) -> Result<Module, TooIrregular> {
    let masked = newer::mask(text);
    let source =
        Source { text, masked: &masked.text, imports: &masked.imports, dialect, depth: Cell::new(0) };
    let mut module = Module::new(dialect == Dialect::Javascript);
    let mut budget = Budget::new(text.len());
    let tree = budget.parse(&source, None)?;
    let root = tree.root_node();
    if root.has_error() {
        salvage::module(&source, root, &mut budget, &mut module)?;
    } else {
        statement::scope(&source, root, &mut module.scope);
    }
    if annotation::may_hold(text.as_bytes()) {
        module.comments = comments(root);
    }
    if dialect == Dialect::Javascript {
        jsdoc::typedefs(&source, &mut module.scope);
    }
    Ok(module)
}

/// Every comment of a tree, in order.
fn comments(root: Node<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    loop {
        if cursor.node().kind() == "comment" {
            found.push(cursor.node().byte_range());
        }
        if cursor.goto_first_child() || cursor.goto_next_sibling() {
            continue;
        }
        loop {
            if !cursor.goto_parent() {
                return found;
            }
            if cursor.goto_next_sibling() {
                break;
            }
        }
    }
}

/// A type that stands in a comment, with places inside `range` of the file.
fn comment_type(text: &str, range: Range<usize>) -> Option<TypeExpr> {
    if text.len() > MAX_COMMENT_TYPE {
        return None;
    }
    let written = format!("type T = {text};");
    let masked = newer::mask(&written);
    let dialect = Dialect::Typescript;
    let source = Source {
        text: &written,
        masked: &masked.text,
        imports: &masked.imports,
        dialect,
        depth: Cell::new(0),
    };
    let tree = Budget::new(written.len()).parse(&source, None).ok()?;
    let root = tree.root_node();
    if root.has_error() {
        return None;
    }
    let value = root.child(0)?.child_by_field_name("value")?;
    let mut found = types::expr(&source, value);
    found.range = range;
    Some(found)
}

/// A text while it is read.
struct Source<'a> {
    text: &'a str,
    masked: &'a [u8],
    imports: &'a BTreeMap<usize, String>,
    dialect: Dialect,
    depth: Cell<usize>,
}

impl<'a> Source<'a> {
    fn slice(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    /// Runs `read` one level deeper, or gives nothing where that is too deep.
    fn deeper<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        if self.depth.get() >= MAX_DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let found = read();
        self.depth.set(self.depth.get() - 1);
        Some(found)
    }
}

/// What parsing one file may cost, in steps of the parser rather than time, so that every machine says the same.
struct Budget {
    steps: usize,
    steps_in_error: usize,
    reads: usize,
}

impl Budget {
    fn new(bytes: usize) -> Budget {
        // Regular code takes a step per 140 bytes and reads each chunk two or three times.
        Budget {
            steps: 1000 + bytes / 5,
            steps_in_error: 1000 + bytes / 100,
            reads: 2000 + 40 * (bytes / CHUNK),
        }
    }

    fn parse(&mut self, source: &Source<'_>, part: Option<Range<usize>>) -> Result<Tree, TooIrregular> {
        let language = match source.dialect {
            Dialect::Typescript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
            Dialect::Tsx | Dialect::Javascript => tree_sitter_typescript::LANGUAGE_TSX,
        };
        let mut parser = Parser::new();
        parser.set_language(&language.into()).map_err(|_| TooIrregular)?;
        if let Some(part) = part {
            parser.set_included_ranges(&[places(source.text, &part)]).map_err(|_| TooIrregular)?;
        }
        let reads = Cell::new(self.reads);
        let mut progress = |state: &ParseState| {
            self.steps = self.steps.saturating_sub(1);
            if state.has_error() {
                self.steps_in_error = self.steps_in_error.saturating_sub(1);
            }
            let spent = self.steps == 0 || self.steps_in_error == 0 || reads.get() == 0;
            if spent { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut read = |at: usize, _| {
            reads.set(reads.get().saturating_sub(1));
            let end = source.masked.len().min(at.saturating_add(CHUNK));
            source.masked.get(at..end).unwrap_or_default()
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        self.reads = reads.get();
        tree.ok_or(TooIrregular)
    }
}

/// A part of the text as the parser wants it. It is asked for bytes only, so rows and columns need not be right.
fn places(text: &str, part: &Range<usize>) -> tree_sitter::Range {
    let point = |at: usize| tree_sitter::Point::new(0, at.min(text.len()));
    tree_sitter::Range {
        start_byte: part.start,
        end_byte: part.end,
        start_point: point(part.start),
        end_point: point(part.end),
    }
}

/// The children of a node, named or not, that are no comments.
fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).filter(|child| !child.is_extra() || child.is_error()).collect()
}

fn named<'t>(node: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    children(node).into_iter().filter(Node::is_named)
}

/// Whether one of a node's own tokens is the given one: `async`, `static`, `?`.
fn has(node: Node<'_>, token: &str) -> bool {
    children(node).iter().any(|child| child.kind() == token)
}

/// A name, a quoted property or a number as a property's name.
fn property_name(source: &Source<'_>, node: Node<'_>) -> Option<String> {
    match node.kind() {
        "computed_property_name" => {
            let inner = named(node).next().filter(|inner| inner.kind() == "string")?;
            Some(string(source, inner))
        }
        "string" => Some(string(source, node)),
        _ => Some(source.slice(node).to_owned()),
    }
}

/// The value of a string literal.
fn string(source: &Source<'_>, node: Node<'_>) -> String {
    let text = source.slice(node);
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    let mut out = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

fn error(source: &Source<'_>, node: Node<'_>) -> SyntaxError {
    let found = first_error(node);
    let range = found.byte_range();
    let text = source.text.get(range.clone()).unwrap_or("");
    let word: String = text.split_whitespace().next().unwrap_or("").chars().take(20).collect();
    let message = if found.is_missing() {
        format!("`{}` is missing", found.kind())
    } else if word.is_empty() {
        "it ends too early".to_owned()
    } else if text.trim().contains(char::is_whitespace) {
        "it cannot be parsed".to_owned()
    } else {
        let shown = word.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter });
        format!("unexpected `{}`", shown.collect::<String>())
    };
    // The place is a word where the parser gave up on half of the file.
    SyntaxError { message, range: range.start..range.start + word.len() }
}

/// The innermost node that is wrong, the first of several.
fn first_error(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    loop {
        let mut cursor = at.walk();
        let wrong = |child: &Node<'_>| child.has_error() || child.is_error() || child.is_missing();
        match at.children(&mut cursor).find(wrong) {
            Some(child) => at = child,
            None => return at,
        }
    }
}
