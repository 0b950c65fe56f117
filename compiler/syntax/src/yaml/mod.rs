//! YAML 1.2 (core schema) into the span tree, with every mistake reported at its place in the original text.
//!
//! It knows nothing of a manifest's meaning, except in `repair`, which knows where steps may stand.

mod anchors;
mod build;
pub(crate) mod core_schema;
mod expression;
mod failure;
mod patched;
mod quick;
mod repair;
mod scalar;

use conductor_source::{Code, Diagnostic, FileId, Sources};

pub use crate::bytes::{EMPTY, MAX_BYTES, MAX_DEPTH, NOT_UTF8, TOO_DEEP, TOO_LARGE};
use crate::bytes::{MAX_FINDINGS, MAX_VALUES, broken, in_order, too_large};
use crate::tree::Node;
use patched::Patched;

pub const SYNTAX: Code = Code("E005");
pub const TAB: Code = Code("E006");
pub const LIST_ITEM: Code = Code("E007");
pub const SPLIT_EXPRESSION: Code = Code("E008");
pub const UNCLOSED: Code = Code("E009");
pub const ALIAS_BOMB: Code = Code("E010");
pub const ALIAS: Code = Code("E011");
pub const DUPLICATE_KEY: Code = Code("E012");
pub const DOCUMENTS: Code = Code("E013");
pub const TAG: Code = Code("E014");
pub const KEY: Code = Code("E015");
pub const MERGE_KEY: Code = Code("E016");

/// How many mistakes are mended in memory before the rest of the file is given up.
const MAX_REPAIRS: usize = 64;
/// Bytes that may be parsed again after repairs: large files get fewer, so that the time stays bounded.
const REPAIR_BUDGET: usize = 4 * MAX_BYTES;

/// Takes the bytes of a manifest into `sources` and parses them.
///
/// Of a file over [`MAX_BYTES`] nothing is kept; what is not UTF-8 is kept with replacement characters, so that the
/// place can be shown.
pub fn read(sources: &mut Sources, path: &str, bytes: &[u8]) -> (FileId, Node, Vec<Diagnostic>) {
    crate::bytes::read(sources, path, bytes, parse)
}

/// Parses a manifest. The tree is always usable: what could not be read is [`crate::Kind::Broken`] and was reported.
#[must_use]
pub fn parse(file: FileId, text: &str) -> (Node, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        return (broken(file, text.len()), vec![too_large(file, text.len())]);
    }
    match quick::read(file, text) {
        Some(node) => (node, Vec::new()),
        None => parse_with_care(file, text),
    }
}

/// As [`parse`], for every text that there is.
fn parse_with_care(file: FileId, text: &str) -> (Node, Vec<Diagnostic>) {
    let mut patched = Patched::new(file, text);
    let mut repairs = Vec::new();
    let mut budget = REPAIR_BUDGET;
    loop {
        let outcome = build::build(&patched);
        budget = budget.saturating_sub(text.len());
        let Some(failure) = outcome.failure else {
            repairs.extend(outcome.diagnostics);
            return (outcome.node, in_order(repairs));
        };
        let repair = failure::explain(&patched, &failure);
        if repairs.iter().any(|done: &Diagnostic| done.span().start == repair.diagnostic.span().start) {
            // The repair before changed nothing for the parser: going on would only say the same again.
            return (broken(file, text.len()), in_order(repairs));
        }
        repairs.push(repair.diagnostic);
        let mended = budget > 0 && repairs.len() < MAX_REPAIRS && patched.apply(&repair.patches);
        if !mended {
            // What was read stands under a mapping that is not whole: anything said about it might be wrong.
            return (broken(file, text.len()), in_order(repairs));
        }
    }
}
