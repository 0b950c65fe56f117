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

use conductor_source::{Diagnostic, FileId, Severity, Sources, Span};

use crate::Syntax;
use crate::format::{self, Unformatted};

/// Why a manifest was not converted.
#[derive(Debug)]
pub enum Unconverted {
    /// It cannot be read: the mistakes that must be mended first.
    Findings(Vec<Diagnostic>),
    /// What stands there cannot be written in the other syntax.
    Inexpressible(Span, String),
    /// The result would not have said the same. It is a bug of ours.
    Bug(&'static str),
}

/// Takes the bytes of a manifest into `sources` and writes it in `target`, laid out as the formatter does.
pub fn read(
    syntax: Syntax,
    target: Syntax,
    sources: &mut Sources,
    path: &str,
    bytes: &[u8],
) -> Result<String, Unconverted> {
    let (file, _, findings) = syntax.read(sources, path, bytes);
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return Err(Unconverted::Findings(findings));
    }
    convert(syntax, target, file, sources.text(file))
}

/// The text, which is written in `syntax`, in `target`. Places of what cannot be converted are those of the text.
pub fn convert(syntax: Syntax, target: Syntax, file: FileId, text: &str) -> Result<String, Unconverted> {
    let (_, findings) = syntax.parse(file, text);
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return Err(Unconverted::Findings(findings));
    }
    let plain = format::unix(syntax, text);
    // Its places are those of the text, but for carriage returns.
    let (tree, _) = syntax.parse(file, &plain);
    let item = match syntax {
        Syntax::Yaml => {
            let unread =
                |_| Unconverted::Bug("the manifest is written in a way that the converter does not know");
            from_yaml::noted(&format::yaml_read::read(&plain).map_err(unread)?, &tree)
        }
        Syntax::Hcl => from_hcl::noted(&plain, &tree),
    };
    let moved = |span: Span| original(text, span);
    let written = match target {
        Syntax::Yaml => to_yaml::write(&item),
        Syntax::Hcl => {
            to_hcl::write(&item).map_err(|(span, what)| Unconverted::Inexpressible(moved(span), what))?
        }
    };
    let formatted = format::format(target, file, &written).map_err(|error| match error {
        Unformatted::Findings(_) => Unconverted::Bug("the converted manifest cannot be read"),
        Unformatted::Bug(what) => Unconverted::Bug(what),
    })?;
    let (again, _) = target.parse(file, &formatted);
    match same::difference(&tree, &again) {
        None => Ok(formatted),
        Some(span) => Err(Unconverted::Inexpressible(
            moved(span),
            format!("what stands here cannot be written in {}", target.name()),
        )),
    }
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
