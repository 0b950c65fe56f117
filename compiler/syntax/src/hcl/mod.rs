//! HCL into the span tree that YAML gives, with every mistake reported at its place.
//!
//! It knows nothing of a manifest's meaning, except in `shape`, which knows what blocks stand for.

mod body;
pub(crate) mod cel;
mod parser;
mod shape;
mod string;
pub(crate) mod tokens;
mod value;

use conductor_source::{Code, Diagnostic, FileId, Sources, Span};

use crate::bytes;
use crate::tree::Node;

pub(crate) use shape::{
    CALLS, LISTS, MAPPINGS, OPTIONS, RECORDS, SECTIONS, STEP_OPTIONS, VALUES, is_gathered, is_step,
};

pub const SYNTAX: Code = Code("E020");
pub const COLON: Code = Code("E021");
pub const ONE_LINE: Code = Code("E022");
pub const BARE_EXPRESSION: Code = Code("E023");
pub const ESCAPE: Code = Code("E024");
pub const ESCAPED_QUOTE: Code = Code("E025");
pub const DIRECTIVE: Code = Code("E026");
pub const LABELS: Code = Code("E027");
pub const OUT_OF_PLACE: Code = Code("E028");

/// The block that an entry of the section is, for keys that are sections.
pub(crate) fn spelled(key: &str) -> &str {
    shape::SECTIONS.iter().find(|(_, section)| *section == key).map_or(key, |(block, _)| block)
}

/// Takes the bytes of a manifest into `sources` and parses them, within the bounds of [`crate::yaml::read`].
pub fn read(sources: &mut Sources, path: &str, bytes: &[u8]) -> (FileId, Node, Vec<Diagnostic>) {
    bytes::read(sources, path, bytes, parse)
}

/// Parses a manifest. The tree is always usable: what could not be read is [`crate::Kind::Broken`] and was reported.
#[must_use]
pub fn parse(file: FileId, text: &str) -> (Node, Vec<Diagnostic>) {
    if text.len() > bytes::MAX_BYTES {
        return (bytes::broken(file, text.len()), vec![bytes::too_large(file, text.len())]);
    }
    let mut parser = parser::Parser::new(file, text);
    let Ok(body) = parser.file() else {
        // What follows the mistake was not read: anything said about the rest might be wrong.
        return (bytes::broken(file, text.len()), bytes::in_order(parser.diagnostics));
    };
    if body.items.is_empty() {
        return (bytes::broken(file, text.len()), vec![bytes::empty(file, "`task` and `workflow` blocks")]);
    }
    let (node, found) = shape::manifest(body, Span::new(file, 0, text.len()));
    parser.diagnostics.extend(found);
    (node, bytes::in_order(parser.diagnostics))
}
