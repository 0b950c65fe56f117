//! Where an entry goes into a mapping as it is written: block or flow YAML, or a block of HCL.
//!
//! It knows text and indentation, not what is added.

use std::collections::BTreeMap;

use conductor_source::{Edit, Span};
use conductor_syntax::{Entry, Kind, Node, Syntax};

/// A mapping of the text, and the key of the mapping in it that gets more entries.
pub(super) struct Target<'a> {
    pub syntax: Syntax,
    pub text: &'a str,
    pub node: &'a Node,
    pub key: &'a str,
}

type Names = BTreeMap<String, String>;

impl Target<'_> {
    /// The edits that add the names; none where the text is written in a way that has no place for them.
    pub(super) fn edits(&self, names: &Names) -> Vec<Edit> {
        let Kind::Map(entries) = &self.node.kind else { return Vec::new() };
        let existing = entries.iter().find(|entry| entry.key.text == self.key);
        match (self.syntax, existing) {
            (Syntax::Yaml, Some(entry)) => self.joined_yaml(entry, names),
            (Syntax::Yaml, None) => self.new_in_yaml(entries, names),
            (Syntax::Hcl, Some(entry)) => self.joined_hcl(entry, names),
            (Syntax::Hcl, None) => self.attributes(self.node.span, &[(self.key.to_owned(), object(names))]),
        }
    }

    fn insert(&self, at: usize, text: String) -> Vec<Edit> {
        vec![Edit { span: Span::new(self.node.span.file, at, at), text }]
    }

    fn replace(&self, start: usize, end: usize, text: String) -> Edit {
        Edit { span: Span::new(self.node.span.file, start, end), text }
    }

    fn at(&self, position: usize) -> &str {
        self.text.get(position..).unwrap_or("")
    }

    /// The end of the line that `position` is in, a comment included.
    fn line_end(&self, position: usize) -> usize {
        self.at(position).find('\n').map_or(self.text.len(), |newline| position + newline)
    }

    /// What stands before `position` in its line.
    fn line_start(&self, position: usize) -> &str {
        self.text.get(..position).unwrap_or("").rsplit('\n').next().unwrap_or("")
    }

    fn joined_yaml(&self, entry: &Entry, names: &Names) -> Vec<Edit> {
        let value = &entry.value;
        match &value.kind {
            Kind::Map(inner) if self.at(value.span.start()).starts_with('{') => {
                let at = inner.last().map_or(value.span.start() + 1, |last| last.value.span.end());
                let comma = if inner.is_empty() { "" } else { ", " };
                self.insert(at, format!("{comma}{}", flow_pairs(names)))
            }
            Kind::Map(inner) => {
                let (Some(first), Some(last)) = (inner.first(), inner.last()) else { return Vec::new() };
                let column = self.line_start(first.key.span.start()).chars().count();
                self.insert(self.line_end(end_of(&last.value)), block_pairs(names, column))
            }
            Kind::Null => {
                let after = entry.key.span.end();
                let Some(colon) = self.at(after).find(':') else { return Vec::new() };
                self.insert(after + colon + 1, format!(" {{{}}}", flow_pairs(names)))
            }
            _ => Vec::new(),
        }
    }

    fn new_in_yaml(&self, entries: &[Entry], names: &Names) -> Vec<Edit> {
        let Some(first) = entries.first() else { return Vec::new() };
        let start = self.node.span.start();
        let addition = format!("{}: {{{}}}", self.key, flow_pairs(names));
        // After the first entry whose value is one word: what is called, or an id.
        let plain = entries.iter().find(|entry| matches!(entry.value.kind, Kind::String(_)));
        let Some(plain) = plain else { return Vec::new() };
        let end = plain.value.span.end();
        if self.at(start).starts_with('{') {
            return self.insert(end, format!(", {addition}"));
        }
        let before = self.line_start(start).trim_end();
        if before.ends_with(['[', ',']) {
            // `[task: charge]`: a mapping without braces.
            let mut edits = self.insert(start, "{".to_owned());
            edits.extend(self.insert(end, format!(", {addition}}}")));
            return edits;
        }
        let column = self.line_start(first.key.span.start()).chars().count();
        let indent = " ".repeat(column);
        let text = if self.key == "with" {
            format!("\n{indent}{addition}")
        } else {
            format!("\n{indent}{}:{}", self.key, block_pairs(names, column + 2))
        };
        self.insert(self.line_end(end), text)
    }

    fn joined_hcl(&self, entry: &Entry, names: &Names) -> Vec<Edit> {
        let value = &entry.value;
        let Kind::Map(inner) = &value.kind else { return Vec::new() };
        if !self.at(value.span.start()).starts_with('{') {
            let names: Vec<(String, String)> =
                names.iter().map(|(name, value)| (name.clone(), quoted(value))).collect();
            return self.attributes(value.span, &names);
        }
        let Some(last) = inner.last() else {
            return vec![self.replace(value.span.start(), value.span.end(), object(names))];
        };
        let written = self.text.get(value.span.start()..value.span.end()).unwrap_or("");
        let pairs = names.iter().map(|(name, value)| format!("{name} = {}", quoted(value)));
        if written.contains('\n') {
            // One entry a line, each after the other.
            let column = self.line_start(last.key.span.start()).chars().count();
            let lines: String = pairs.map(|pair| format!("\n{}{pair}", " ".repeat(column))).collect();
            return self.insert(self.line_end(last.value.span.end()), lines);
        }
        let pairs: Vec<String> = pairs.collect();
        self.insert(last.value.span.end(), format!(", {}", pairs.join(", ")))
    }

    /// Adds attributes to the end of the block of HCL that stands in `block`.
    fn attributes(&self, block: Span, attributes: &[(String, String)]) -> Vec<Edit> {
        let close = block.end().saturating_sub(1);
        let written = self.text.get(block.start()..close).unwrap_or("");
        let Some(open) = written.find('{').map(|open| block.start() + open) else { return Vec::new() };
        let line = self.line_start(block.start());
        let indent: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
        let lines: String =
            attributes.iter().map(|(name, value)| format!("\n{indent}  {name} = {value}")).collect();
        let inside = self.text.get(open + 1..close).unwrap_or("");
        let content = inside.trim_end();
        let end = open + 1 + content.len();
        if inside.contains('\n') {
            return self.insert(end, lines);
        }
        let first = open + 1 + (inside.len() - inside.trim_start().len());
        let mut edits = Vec::new();
        if !content.is_empty() {
            edits.push(self.replace(open + 1, first, format!("\n{indent}  ")));
        }
        edits.push(self.replace(end, close, format!("{lines}\n{indent}")));
        edits
    }
}

/// A block's span may include the line break after it.
fn end_of(value: &Node) -> usize {
    match &value.kind {
        Kind::Map(inner) => {
            inner.last().map_or(value.span.end(), |last| end_of(&last.value).max(last.key.span.end()))
        }
        Kind::List(items) => items.last().map_or(value.span.end(), end_of),
        _ => value.span.end(),
    }
}

fn flow_pairs(names: &Names) -> String {
    let pairs: Vec<String> =
        names.iter().map(|(name, value)| format!("{name}: {}", plain(value, true))).collect();
    pairs.join(", ")
}

fn block_pairs(names: &Names, column: usize) -> String {
    let indent = " ".repeat(column);
    names.iter().map(|(name, value)| format!("\n{indent}{name}: {}", plain(value, false))).collect()
}

/// Quoted where YAML would read it otherwise.
fn plain(value: &str, flow: bool) -> String {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "_.<>?".contains(letter);
    let expression = !flow && value.starts_with("${");
    if expression || value.chars().all(harmless) { value.to_owned() } else { quoted(value) }
}

fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// `{ user = "${fetch_user}" }`.
fn object(names: &Names) -> String {
    let pairs: Vec<String> =
        names.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}
