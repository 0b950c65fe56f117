//! The edit that defines a missing policy, in the indentation and style of the section it goes to.
//!
//! It knows nothing of what the policy is for: the values are the same for every name, and printed.

use conductor_model::Manifest;
use conductor_source::{Edit, Sources, Span};
use conductor_syntax::Syntax;

const RETRIES: &str = "3";
const STRATEGY: &str = "exponential_backoff";
const TIMEOUT: &str = "30s";
/// What a definition says after its id.
pub const FIELDS: [(&str, &str); 3] = [("retries", RETRIES), ("strategy", STRATEGY), ("timeout", TIMEOUT)];

/// A fix and the policies that it defines.
pub(crate) struct Definition<'a> {
    pub names: Vec<&'a str>,
    pub edits: Vec<Edit>,
}

/// Defines `name`; where the section is missing or empty it is made with every one of `undefined`, so that the fixes
/// of several findings are one. `None` where the text leaves no place for a section.
pub(crate) fn definition<'a>(
    manifest: &Manifest,
    sources: &Sources,
    name: &'a str,
    undefined: &[&'a str],
) -> Option<Definition<'a>> {
    let text = sources.text(manifest.file);
    if manifest.syntax == Syntax::Hcl {
        return Some(Definition { names: vec![name], edits: vec![block(manifest, text, name)] });
    }
    match (manifest.policies.last(), manifest.policies_span) {
        (Some(last), _) => {
            let style = Style::of(text, last.span.start());
            let end = if style.flow { last.span.end() } else { line_end(text, last.span.end()) };
            Some(Definition { names: vec![name], edits: vec![insert(manifest, end, style.entry(name))] })
        }
        (None, Some(section)) => {
            let edits = empty_section(manifest, text, section, undefined)?;
            Some(Definition { names: undefined.to_vec(), edits })
        }
        (None, None) => {
            let end = text.trim_end().len();
            let block = !text.trim_start().starts_with('{');
            let section = || format!("\n\npolicies:{}", block_entries("  ", undefined));
            block.then(|| Definition {
                names: undefined.to_vec(),
                edits: vec![insert(manifest, end, section())],
            })
        }
    }
}

/// A block after the last policy, or at the end of the file.
fn block(manifest: &Manifest, text: &str, name: &str) -> Edit {
    let end = match manifest.policies.last() {
        Some(last) => line_end(text, last.span.end()),
        None => text.trim_end().len(),
    };
    let attributes = format!("retries  = {RETRIES}\n  strategy = \"{STRATEGY}\"\n  timeout  = \"{TIMEOUT}\"");
    insert(manifest, end, format!("\n\npolicy \"{name}\" {{\n  {attributes}\n}}"))
}

fn insert(manifest: &Manifest, at: usize, text: String) -> Edit {
    Edit { span: Span::new(manifest.file, at, at), text }
}

/// `policies: []` or a `policies:` with nothing after it; a comment in that line stays there.
fn empty_section(manifest: &Manifest, text: &str, section: Span, undefined: &[&str]) -> Option<Vec<Edit>> {
    let key = text.get(..section.start())?.rfind("policies")?;
    let colon = key + text.get(key..)?.find(':')? + 1;
    let written = text.get(section.start()..section.end())?;
    let mut edits = vec![insert(manifest, line_end(text, colon), block_entries("  ", undefined))];
    if !written.trim().is_empty() {
        if written.contains('\n') {
            return None;
        }
        edits.insert(0, Edit { span: Span::new(section.file, colon, section.end()), text: String::new() });
    }
    Some(edits)
}

fn block_entries(indent: &str, names: &[&str]) -> String {
    let style = Style { flow: false, before: format!("{indent}- "), inside: format!("{indent}  ") };
    names.iter().map(|name| style.entry(name)).collect()
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline)
}

/// How the entries of a list are written.
struct Style {
    flow: bool,
    /// What stands before the first key of an entry: `  - `.
    before: String,
    /// What stands before the other keys.
    inside: String,
}

impl Style {
    /// The style of the entry that begins at `start`.
    fn of(text: &str, start: usize) -> Style {
        let line_start =
            text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let before = text.get(line_start..start).unwrap_or("");
        let flow = text.get(start..).is_some_and(|entry| entry.starts_with('{'));
        let dash = before.find('-');
        let plain = dash.is_some() && before.chars().all(|letter| matches!(letter, ' ' | '-'));
        if flow && plain {
            // `- {id: a, retries: 1}`: one line an entry.
            return Style { flow: false, before: before.to_owned(), inside: String::new() };
        }
        let inside = before.chars().map(|_| ' ').collect();
        Style { flow, before: if plain { before.to_owned() } else { "  - ".to_owned() }, inside }
    }

    fn entry(&self, name: &str) -> String {
        let fields: Vec<String> = FIELDS.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        if self.flow {
            return format!(", {{id: {name}, {}}}", fields.join(", "));
        }
        if self.inside.is_empty() {
            return format!("\n{}{{id: {name}, {}}}", self.before, fields.join(", "));
        }
        let mut entry = format!("\n{}id: {name}", self.before);
        for field in fields {
            entry.push_str(&format!("\n{}{field}", self.inside));
        }
        entry
    }
}
