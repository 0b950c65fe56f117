//! Where entries go into a section of a manifest that is there already, in the style of their neighbours.
//!
//! It knows texts and spans, not what an entry means.

use conductor_source::{Edit, Span};
use conductor_syntax::{Kind, Node, Syntax};

use super::entry::Entry;

/// A manifest as it is written.
pub(crate) struct Written<'a> {
    pub syntax: Syntax,
    pub text: &'a str,
    pub tree: &'a Node,
}

impl Written<'_> {
    /// The edits that put `entries` into their section, behind the entry at `after` or the last one. `None` where the
    /// text leaves no place for them.
    pub(crate) fn added(&self, entries: &[&Entry], after: Option<Span>) -> Option<Vec<Edit>> {
        let section = entries.first()?.section;
        let Kind::Map(keys) = &self.tree.kind else { return None };
        let value =
            keys.iter().find(|entry| entry.key.text == section).map(|entry| (&entry.key, &entry.value));
        let items = match value.map(|(_, value)| &value.kind) {
            Some(Kind::List(items)) => items.as_slice(),
            Some(Kind::Null) | None => &[],
            Some(_) => return None,
        };
        let neighbour = items.iter().find(|item| Some(item.span) == after).or(items.last());
        match (self.syntax, neighbour, value) {
            (Syntax::Hcl, neighbour, _) => {
                let end = neighbour.map_or(self.text.trim_end().len(), |node| self.line_end(self.end(node)));
                let blocks: String =
                    entries.iter().map(|entry| format!("\n\n{}", entry.blocks().join("\n"))).collect();
                Some(vec![self.insert(end, blocks)])
            }
            (Syntax::Yaml, Some(neighbour), _) => Some(vec![self.beside(neighbour, entries)]),
            (Syntax::Yaml, None, None) => {
                let is_block = !self.text.trim_start().starts_with('{');
                let lines = block(entries, "  ");
                let text = format!("\n\n{section}:{lines}");
                is_block.then(|| vec![self.insert(self.text.trim_end().len(), text)])
            }
            (Syntax::Yaml, None, Some((key, value))) => self.first(key.span.end(), value, entries),
        }
    }

    /// Whether the section is written, be it empty.
    pub(crate) fn has(&self, section: &str) -> bool {
        match &self.tree.kind {
            Kind::Map(keys) => keys.iter().any(|entry| entry.key.text == section),
            _ => false,
        }
    }

    fn insert(&self, at: usize, text: String) -> Edit {
        self.replace(at, at, text)
    }

    /// With the line ends of the text.
    fn replace(&self, start: usize, end: usize, text: String) -> Edit {
        let text = if self.text.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
        Edit { span: Span::new(self.tree.span.file, start, end), text }
    }

    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// Where a value ends, without the line break that a block ends with.
    fn end(&self, node: &Node) -> usize {
        let end = match &node.kind {
            Kind::Map(entries) if self.syntax == Syntax::Yaml && !self.begins_with(node, '{') => {
                entries.last().map_or(node.span.end(), |last| self.end(&last.value).max(last.key.span.end()))
            }
            Kind::List(items) if self.syntax == Syntax::Yaml && !self.begins_with(node, '[') => {
                items.last().map_or(node.span.end(), |last| self.end(last))
            }
            _ => node.span.end(),
        };
        let start = node.span.start();
        let written = self.text.get(start..end.max(start)).unwrap_or_default();
        start + written.trim_end().len()
    }

    fn begins_with(&self, node: &Node, mark: char) -> bool {
        self.text.get(node.span.start()..).is_some_and(|rest| rest.starts_with(mark))
    }

    /// As the neighbour is written: in a list on one line, on a line of its own, or as a block.
    fn beside(&self, neighbour: &Node, entries: &[&Entry]) -> Edit {
        let start = neighbour.span.start();
        let before = self.text.get(..start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        let is_item =
            before.trim_start().starts_with('-') && before.trim_start_matches([' ', '-']).is_empty();
        let indent: String = before.chars().take_while(|letter| letter.is_whitespace()).collect();
        if !is_item {
            let items: String = entries.iter().map(|entry| format!(", {}", flow(entry))).collect();
            return self.insert(neighbour.span.end(), items);
        }
        let end = self.line_end(self.end(neighbour));
        let is_flat = |entry: &&Entry| !entry.lines.iter().any(|line| line.starts_with(' '));
        if self.begins_with(neighbour, '{') && entries.iter().all(is_flat) {
            let items: String = entries.iter().map(|entry| format!("\n{indent}- {}", flow(entry))).collect();
            return self.insert(end, items);
        }
        self.insert(end, block(entries, &indent))
    }

    /// Into a section that is there and empty: `tasks: []`, or `tasks:` with nothing after it.
    fn first(&self, key: usize, value: &Node, entries: &[&Entry]) -> Option<Vec<Edit>> {
        let colon = key + self.text.get(key..)?.find(':')? + 1;
        let before = self.text.get(..key)?.rsplit('\n').next()?;
        let is_flow = before.contains(['{', ',']);
        let written = self.text.get(value.span.start()..value.span.end())?;
        if is_flow || written.contains('\n') {
            return None;
        }
        let mut edits = Vec::new();
        if matches!(value.kind, Kind::List(_)) {
            edits.push(self.replace(colon, value.span.end(), String::new()));
        }
        edits.push(self.insert(self.line_end(colon), block(entries, "  ")));
        Some(edits)
    }
}

fn block(entries: &[&Entry], indent: &str) -> String {
    let mut text = String::new();
    for entry in entries {
        for line in entry.notes.iter().map(|note| format!("# {note}")).chain(entry.item()) {
            text.push_str(&format!("\n{indent}{line}"));
        }
    }
    text
}

/// `{id: a, ref: b}`. A comment has no place in it.
fn flow(entry: &Entry) -> String {
    let lines: Vec<&str> = entry.lines.iter().map(|line| line.split(" # ").next().unwrap_or(line)).collect();
    format!("{{{}}}", lines.join(", "))
}
