//! A manifest in the other syntax: the same values, with the comments beside what they belong to.
//!
//! It knows how both syntaxes write a manifest, not what it means.

mod from_hcl;
mod from_yaml;
mod noted;
mod same;
mod strings;
mod to_hcl;
mod to_yaml;

use conductor_source::{Code, Diagnostic, FileId, Severity, Sources, Span};

use crate::format::{self, Unwritten};
use crate::{Syntax, bytes};

/// Something has no words in the other syntax.
pub const INEXPRESSIBLE: Code = Code("E029");

/// Takes the bytes of a manifest into `sources` and writes it in `target`, laid out as the formatter does.
pub fn read(
    syntax: Syntax,
    target: Syntax,
    sources: &mut Sources,
    path: &str,
    bytes: &[u8],
) -> Result<String, Unwritten> {
    let (file, _, findings) = syntax.read(sources, path, bytes);
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return Err(Unwritten::Findings(findings));
    }
    convert(syntax, target, file, sources.text(file))
}

/// The text, which is written in `syntax`, in `target`. Places of what cannot be converted are those of the text.
pub fn convert(syntax: Syntax, target: Syntax, file: FileId, text: &str) -> Result<String, Unwritten> {
    let (_, findings) = syntax.parse(file, text);
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return Err(Unwritten::Findings(findings));
    }
    let plain = format::unix(syntax, text);
    // Its places are those of the text, but for carriage returns.
    let (tree, _) = syntax.parse(file, &plain);
    let item = match syntax {
        Syntax::Yaml => {
            let unread =
                |_| Unwritten::Bug("the manifest is written in a way that the converter does not know");
            from_yaml::noted(&format::yaml_read::read(&plain).map_err(unread)?, &tree)
        }
        Syntax::Hcl => from_hcl::noted(&plain, &tree),
    };
    let moved = |span: Span| original(text, span);
    let written = match target {
        Syntax::Yaml => to_yaml::write(&item),
        Syntax::Hcl => {
            to_hcl::write(&item).map_err(|(span, what)| inexpressible(moved(span), &what, target))?
        }
    };
    let formatted = format::format(target, file, &written).map_err(|error| match error {
        // Blocks of HCL count as the lists and mappings that they stand for.
        Unwritten::Findings(found) if found.iter().any(|found| LIMITS.contains(&found.code)) => {
            inexpressible(moved(tree.span), "a manifest this large or deep", target)
        }
        Unwritten::Findings(_) => Unwritten::Bug("the converted manifest cannot be read"),
        Unwritten::Bug(what) => Unwritten::Bug(what),
    })?;
    let (again, _) = target.parse(file, &formatted);
    match same::difference(&tree, &again) {
        None => Ok(formatted),
        Some(span) => Err(inexpressible(moved(span), "what stands here", target)),
    }
}

/// Bounds that one syntax reaches before the other.
const LIMITS: [Code; 2] = [bytes::TOO_DEEP, bytes::TOO_LARGE];

fn inexpressible(span: Span, what: &str, target: Syntax) -> Unwritten {
    let message = format!("{what} cannot be written in {}", target.name());
    Unwritten::Findings(vec![Diagnostic::error(INEXPRESSIBLE, message, span, "")])
}

/// The place in the text of a place in the text without its byte order mark and carriage returns.
fn original(text: &str, span: Span) -> Span {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let place = |offset: u32| {
        let mut left = offset as usize;
        let mut at = mark;
        for (found, _) in text[mark..].match_indices("\r\n") {
            if mark + found >= at + left {
                break;
            }
            left -= mark + found - at + 1;
            at = mark + found + 2;
        }
        at + left
    };
    Span::new(span.file, place(span.start), place(span.end))
}
