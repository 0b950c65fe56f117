//! What stopped the parser, said in a user's words, and how the text is mended in memory so that reading goes on.
//!
//! It knows the parser's errors; `repair` and `expression` know the two mistakes that people make most.

use std::ops::Range;

use conductor_source::{Diagnostic, Edit, Safety};
use granit_parser::ErrorKind;

use super::patched::{Patch, Patched};
use super::{expression, repair};

/// Why the tree could not be built, at offsets of the patched text.
#[derive(Debug)]
pub(super) enum Failure {
    /// `open` is the innermost flow collection that is open.
    Scan {
        kind: ErrorKind,
        at: usize,
        open: Option<usize>,
    },
    CutExpression {
        start: usize,
    },
    TooDeep {
        at: usize,
    },
    TooManyValues {
        at: usize,
    },
    AliasBomb {
        start: usize,
        end: usize,
    },
}

/// A finding with the changes that let the parser go on; without changes the rest of the file is not read.
pub(super) struct Repair {
    pub diagnostic: Diagnostic,
    pub patches: Vec<Patch>,
}

/// Name of the alias that repairs put where a value could not be read: the tree is [`crate::Kind::Broken`] there.
pub(super) const BROKEN_ALIAS: &str = "_";
/// Key that repairs put over items whose place is unknown: the entry is dropped.
pub(super) const DROPPED_KEY: &str = "_";

pub(super) fn explain(source: &Patched, failure: &Failure) -> Repair {
    let stop = |diagnostic| Repair { diagnostic, patches: Vec::new() };
    match failure {
        Failure::TooDeep { at } => stop(
            Diagnostic::error(
                super::TOO_DEEP,
                format!("values are nested deeper than {} levels", super::MAX_DEPTH),
                source.span(*at, at + 1),
                "one level too deep",
            )
            .help("steps that belong together can be a workflow of their own"),
        ),
        Failure::TooManyValues { at } => stop(Diagnostic::error(
            super::TOO_LARGE,
            "the manifest holds more than three million values",
            source.span(*at, at + 1),
            "not read from here on",
        )),
        Failure::AliasBomb { start, end } => stop(
            Diagnostic::error(
                super::ALIAS_BOMB,
                "the aliases of this manifest stand for too many values",
                source.span(*start, *end),
                "not expanded from here on",
            )
            .note("anchors and aliases are expanded as copies, up to 100000 values in all"),
        ),
        Failure::CutExpression { start } => expression::repair(source, *start, false)
            .unwrap_or_else(|| generic(source, &ErrorKind::UnexpectedEof, *start)),
        Failure::Scan { kind, at, open } => scan(source, kind, *at, *open),
    }
}

fn scan(source: &Patched, kind: &ErrorKind, at: usize, open: Option<usize>) -> Repair {
    if let Some(repair) = tabs(source, at) {
        return repair;
    }
    if open.is_none()
        && let Some(repair) = repair::list_items(source, at)
    {
        return repair;
    }
    if let Some(repair) = expression::repair(source, at, open.is_some()) {
        return repair;
    }
    match (kind, open) {
        (ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar, _) => {
            unclosed(source, at, "this quote is never closed", None)
        }
        (_, Some(open)) if is_about_end(kind) => {
            unclosed(source, open, "this bracket is not closed", Some(at))
        }
        _ => generic(source, kind, at),
    }
}

/// Errors that mostly mean that a flow collection was left open above.
fn is_about_end(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::UnexpectedEof
            | ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::BlockEntryInFlowCollection
            | ErrorKind::InvalidFlowScalarIndent
            | ErrorKind::MappingValueNotAllowed
            | ErrorKind::SimpleKeyExpected
    )
}

fn unclosed(source: &Patched, at: usize, message: &str, noticed: Option<usize>) -> Repair {
    let mut diagnostic = Diagnostic::error(super::UNCLOSED, message, source.span(at, at + 1), "opened here");
    if let Some(noticed) = noticed.filter(|noticed| *noticed > at && *noticed < source.text.len()) {
        diagnostic = diagnostic.label(source.span(noticed, noticed + 1), "this cannot stand inside it");
    }
    Repair { diagnostic, patches: Vec::new() }
}

/// Tabs in the indentation, of which YAML allows none.
fn tabs(source: &Patched, at: usize) -> Option<Repair> {
    let near = source.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let mut start = near;
    let mut edits = Vec::new();
    let mut patches = Vec::new();
    for (index, line) in source.text[near..].split_inclusive('\n').enumerate() {
        let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if indentation.contains('\t') && !blank {
            let wide = indentation.replace('\t', "  ");
            edits.push(Edit { span: source.span(start, start + indentation.len()), text: wide });
            for (tab, _) in indentation.match_indices('\t') {
                let tab = source.original_offset(start + tab);
                patches.push(Patch::Blank { start: tab, end: tab + 1 });
                patches.push(Patch::Insert { at: tab, text: " ".to_owned() });
            }
        } else if index > 1 && edits.is_empty() {
            // The parser names a place on this line, or the one above it where a value may go on.
            return None;
        }
        start += line.len();
    }
    let first = edits.first()?.span;
    let message = "tabs cannot indent YAML";
    let mut diagnostic = Diagnostic::error(super::TAB, message, first, "use spaces here");
    if edits.len() > 1 {
        diagnostic = diagnostic.note(format!("{} lines are indented with tabs", edits.len()));
    }
    diagnostic = diagnostic.fix("use two spaces for each tab", Safety::Unsafe, edits);
    Some(Repair { diagnostic, patches })
}

fn generic(source: &Patched, kind: &ErrorKind, at: usize) -> Repair {
    let text = &source.text;
    let (line_start, line) = line_at(text, at);
    let last = line.trim_end().char_indices().next_back().map_or(0, |(last, _)| last);
    let at = at.min(line_start + last);
    let width = text[at..].chars().next().filter(|next| *next != '\n').map_or(0, char::len_utf8);
    let (message, help) = wording(kind);
    let mut diagnostic = Diagnostic::error(super::SYNTAX, message, source.span(at, at + width), "");
    if let Some(help) = help {
        diagnostic = diagnostic.help(help);
    }
    Repair { diagnostic, patches: give_up_line(source, line_start, line) }
}

fn line_at(text: &str, at: usize) -> (usize, &str) {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    (start, text[start..].split('\n').next().unwrap_or(""))
}

/// Gives up the value of a line, or the whole line where it has no key; nothing where that was done already.
fn give_up_line(source: &Patched, start: usize, line: &str) -> Vec<Patch> {
    let end = start + line.trim_end().len();
    let value = line.find(": ").map_or(line.len() - line.trim_start().len(), |colon| colon + 2);
    let value = start + value + (line[value..].len() - line[value..].trim_start().len());
    if source.is_inserted(value) || value >= end {
        return Vec::new();
    }
    if line.contains(": ") {
        return replace_by_broken(source, value..end);
    }
    vec![Patch::Blank { start: source.original_offset(start), end: source.original_offset(end) }]
}

/// Puts [`BROKEN_ALIAS`] over a value.
pub(super) fn replace_by_broken(source: &Patched, value: Range<usize>) -> Vec<Patch> {
    let (start, end) = (source.original_offset(value.start), source.original_offset(value.end));
    vec![Patch::Blank { start, end }, Patch::Insert { at: start, text: format!("*{BROKEN_ALIAS} ") }]
}

fn wording(kind: &ErrorKind) -> (String, Option<&'static str>) {
    match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "`:` cannot stand here".to_owned(),
            Some(
                "a value that contains `: ` must be in quotes; keys of one mapping must start in one column",
            ),
        ),
        ErrorKind::SimpleKeyExpected => {
            ("this line is no `key: value`".to_owned(), Some("a key is followed by a colon and a space"))
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => (
            "this is not indented like the keys around it".to_owned(),
            Some("keys of one mapping start in one column, and so do the items of one list"),
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            "expected another list item, starting with `- `".to_owned(),
            Some("items of one list start in one column"),
        ),
        ErrorKind::UnexpectedCharacter { character } => (
            format!("a value cannot start with `{character}`"),
            Some("put the value in quotes if the character belongs to it"),
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => (
            "something follows the closing quote".to_owned(),
            Some("quote the whole value; inside '...' a quote is written twice, inside \"...\" it is `\\\"`"),
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "unknown escape in a quoted text".to_owned(),
            Some("in \"...\" a backslash is written `\\\\`; in '...' it needs no escape"),
        ),
        ErrorKind::DirectiveDisallowed => ("directives (`%`) are not used in a manifest".to_owned(), None),
        other => (other.to_string(), None),
    }
}
