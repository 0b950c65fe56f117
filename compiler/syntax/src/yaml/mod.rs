//! YAML 1.2 (core schema) into the span tree, with every mistake reported at its place in the original text.
//!
//! It knows nothing of a manifest's meaning, except in `repair`, which knows where steps may stand.

mod anchors;
mod build;
mod core_schema;
mod expression;
mod failure;
mod patched;
mod repair;
mod scalar;

use conductor_source::{Code, Diagnostic, FileId, Sources, Span};

use crate::tree::{Kind, Node};
use patched::Patched;

pub const EMPTY: Code = Code("E001");
pub const NOT_UTF8: Code = Code("E002");
pub const TOO_LARGE: Code = Code("E003");
pub const TOO_DEEP: Code = Code("E004");
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

/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 10 << 20;
/// How deep values may be nested.
pub const MAX_DEPTH: usize = 128;

/// How many mistakes are mended in memory before the rest of the file is given up.
const MAX_REPAIRS: usize = 64;
/// Bytes that may be parsed again after repairs: large files get fewer, so that the time stays bounded.
const REPAIR_BUDGET: usize = 4 * MAX_BYTES;

/// Takes the bytes of a manifest into `sources` and parses them.
///
/// Of a file over [`MAX_BYTES`] nothing is kept; what is not UTF-8 is kept with replacement characters, so that the
/// place can be shown.
pub fn read(sources: &mut Sources, path: &str, bytes: &[u8]) -> (FileId, Node, Vec<Diagnostic>) {
    if bytes.len() > MAX_BYTES {
        let file = sources.add(path, "");
        return (file, broken(file, 0), vec![too_large(file, bytes.len())]);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let file = sources.add(path, text);
            let (node, diagnostics) = parse(file, text);
            (file, node, diagnostics)
        }
        Err(error) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let file = sources.add(path, text);
            (file, broken(file, 0), vec![not_utf8(file, bytes, error.valid_up_to())])
        }
    }
}

/// Parses a manifest. The tree is always usable: what could not be read is [`Kind::Broken`] and was reported.
#[must_use]
pub fn parse(file: FileId, text: &str) -> (Node, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        return (broken(file, text.len()), vec![too_large(file, text.len())]);
    }
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

fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span().start, diagnostic.code));
    diagnostics
}

fn broken(file: FileId, end: usize) -> Node {
    Node { span: Span::new(file, 0, end), kind: Kind::Broken }
}

fn too_large(file: FileId, bytes: usize) -> Diagnostic {
    let mib = |bytes: usize| bytes.div_ceil(1 << 20);
    let message =
        format!("the manifest has {} MiB, more than the {} MiB that are read", mib(bytes), mib(MAX_BYTES));
    Diagnostic::error(TOO_LARGE, message, Span::new(file, 0, 0), "")
        .help("is this the right file? a manifest holds structure, data belongs elsewhere")
}

fn not_utf8(file: FileId, bytes: &[u8], at: usize) -> Diagnostic {
    let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let found = bytes.get(at).copied().unwrap_or(0);
    let message = format!("the manifest is not UTF-8: byte {at} (line {line}) is 0x{found:02x}");
    Diagnostic::error(
        NOT_UTF8,
        message,
        Span::new(file, at, at + '\u{fffd}'.len_utf8()),
        "not UTF-8 from here on",
    )
    .help("save the file as UTF-8")
}
