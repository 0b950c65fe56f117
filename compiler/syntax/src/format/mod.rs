//! The layout of a manifest: indentation, blanks and blank lines, by which no value and no comment changes.
//!
//! It knows how a file is written, not what a manifest means.

mod hcl;
mod yaml_print;
pub(crate) mod yaml_read;
pub(crate) mod yaml_tree;

use conductor_source::{Diagnostic, FileId, Severity, Sources};

use crate::Syntax;
use crate::tree::{Kind, Node};

/// Why a manifest was not written anew.
#[derive(Debug)]
pub enum Unwritten {
    /// It cannot be read, or not be written: the mistakes that must be mended first.
    Findings(Vec<Diagnostic>),
    /// The result would not have said the same, or lost a comment. It is a bug of ours.
    Bug(&'static str),
}

const LOST_COMMENT: Unwritten = Unwritten::Bug("the formatted manifest does not have the same comments");

/// Takes the bytes of a manifest into `sources` and formats them; see [`format`].
pub fn read(syntax: Syntax, sources: &mut Sources, path: &str, bytes: &[u8]) -> Result<String, Unwritten> {
    let (file, tree, findings) = syntax.read(sources, path, bytes);
    layout(syntax, file, sources.text(file), &tree, findings)
}

/// The text in the canonical layout. Its line ends are all those of its first line.
pub fn format(syntax: Syntax, file: FileId, text: &str) -> Result<String, Unwritten> {
    let (tree, findings) = syntax.parse(file, text);
    layout(syntax, file, text, &tree, findings)
}

fn layout(
    syntax: Syntax,
    file: FileId,
    text: &str,
    tree: &Node,
    findings: Vec<Diagnostic>,
) -> Result<String, Unwritten> {
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return Err(Unwritten::Findings(findings));
    }
    let plain = unix(syntax, text);
    let formatted = match syntax {
        Syntax::Yaml => yaml(&plain)?,
        Syntax::Hcl => hcl(&plain)?,
    };
    let (again, found) = syntax.parse(file, &formatted);
    if !found.is_empty() || !same(tree, &again) {
        return Err(Unwritten::Bug("the formatted manifest does not say the same"));
    }
    let windows = text.find('\n').is_some_and(|end| text[..end].ends_with('\r'));
    Ok(if windows { formatted.replace('\n', "\r\n") } else { formatted })
}

/// The text with `\n` as its only line end.
pub(crate) fn unix(syntax: Syntax, text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    // To YAML a lone carriage return ends a line too.
    if syntax == Syntax::Yaml { text.replace('\r', "\n") } else { text }
}

fn yaml(text: &str) -> Result<String, Unwritten> {
    let unread = |_| Unwritten::Bug("the manifest is written in a way that the formatter does not know");
    let document = yaml_read::read(text).map_err(unread)?;
    if !matches!(document.root.kind, yaml_tree::Form::Collection(_)) {
        // No manifest: there is nothing to lay out.
        return Ok(text.to_owned());
    }
    let formatted = yaml_print::print(&document);
    let again = yaml_read::read(&formatted).map_err(unread)?;
    if again.comments == document.comments { Ok(formatted) } else { Err(LOST_COMMENT) }
}

fn hcl(text: &str) -> Result<String, Unwritten> {
    let formatted = hcl::layout(text);
    if hcl::comments(&formatted) == hcl::comments(text) { Ok(formatted) } else { Err(LOST_COMMENT) }
}

/// Whether two trees hold the same values in the same order.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::String(one), Kind::String(other)) => one.text == other.text,
        (Kind::Float { text: one, .. }, Kind::Float { text: other, .. }) => one == other,
        (Kind::List(one), Kind::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Kind::Map(one), Kind::Map(other)) => {
            let pairs = || one.iter().zip(other);
            one.len() == other.len()
                && pairs()
                    .all(|(one, other)| one.key.text == other.key.text && same(&one.value, &other.value))
        }
        (one, other) => one == other,
    }
}
