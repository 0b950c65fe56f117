//! Bytes of a manifest to text: what is refused before any syntax is looked at.
//!
//! It knows no syntax.

use conductor_source::{Code, Diagnostic, FileId, Sources, Span};

use crate::tree::{Kind, Node};

pub const EMPTY: Code = Code("E001");
pub const NOT_UTF8: Code = Code("E002");
pub const TOO_LARGE: Code = Code("E003");
pub const TOO_DEEP: Code = Code("E004");

/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 24 << 20;
/// How deep values may be nested: 128 blocks, each with up to five values from one to the next.
pub const MAX_DEPTH: usize = 640;
/// In HCL, whose parser is recursive; a block takes at most two levels there.
pub(crate) const MAX_HCL_DEPTH: usize = 320;
/// How many values are read; each takes about a hundred bytes of memory.
pub(crate) const MAX_VALUES: usize = 3_000_000;
/// How many mistakes are reported at a time; nobody reads more, and showing them costs time.
pub(crate) const MAX_FINDINGS: usize = 100;

/// Checks the bytes and gives their text to `parse`.
pub(crate) fn read(
    sources: &mut Sources,
    path: &str,
    bytes: &[u8],
    parse: impl Fn(FileId, &str) -> (Node, Vec<Diagnostic>),
) -> (FileId, Node, Vec<Diagnostic>) {
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

pub(crate) fn broken(file: FileId, end: usize) -> Node {
    Node { span: Span::new(file, 0, end), kind: Kind::Broken }
}

pub(crate) fn empty(file: FileId, what_to_write: &str) -> Diagnostic {
    Diagnostic::error(EMPTY, "the manifest is empty", Span::new(file, 0, 0), "")
        .help(format!("write {what_to_write}; `conductor explain E001` has lines to start from"))
}

pub(crate) fn too_large(file: FileId, bytes: usize) -> Diagnostic {
    let mib = |bytes: usize| bytes.div_ceil(1 << 20);
    let message =
        format!("the manifest has {} MiB, more than the {} MiB that are read", mib(bytes), mib(MAX_BYTES));
    Diagnostic::error(TOO_LARGE, message, Span::new(file, 0, 0), "")
        .help("is this the right file? a manifest holds structure, data belongs elsewhere")
}

pub(crate) fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span().start, diagnostic.code));
    diagnostics
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
