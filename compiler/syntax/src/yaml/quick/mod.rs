//! The YAML that manifests are nearly always written in, read in one pass.
//!
//! It knows no mistakes: whatever it is not sure of, from a tab to a text over several lines, it leaves to the parser, and
//! what it does read is what the parser would. `tests` holds the two together.

mod line;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

use conductor_source::{FileId, Span};

use super::core_schema;
use crate::tree::{Entry, Key, Kind, Node, Scalar};
use line::is_even;

/// Blocks nested deeper than this are left to the parser, which does not recurse.
const MAX_DEPTH: usize = 64;
/// The parser takes no longer key on one line.
const MAX_KEY: usize = 1000;
/// So many keys of a mapping are compared one with each other.
const FEW: usize = 24;
/// There is room for so many entries at first: most mappings of steps and arguments have no more.
const ENTRIES: usize = 2;

/// So much text is about as much work as a workflow.
const BYTES_OF_A_WORKFLOW: usize = 2 << 10;

/// The tree, where the text is all of the common kind.
pub(super) fn read(file: FileId, text: &str) -> Option<Node> {
    if !is_even(text.as_bytes()) {
        return None;
    }
    let sections = sections(text);
    let entries = conductor_parallel::map(text.len() / BYTES_OF_A_WORKFLOW, &sections, |section| {
        let mut reader = Reader::new(file, text, section);
        Some((reader.section()?, reader.values))
    });
    let (mut root, mut known, mut values) = (Vec::new(), BTreeSet::new(), 1);
    for entry in entries {
        let (entry, more) = entry?;
        values += more;
        root.push(entry);
    }
    let is_whole = values <= super::MAX_VALUES && root.iter().all(|entry| known.insert(&*entry.key.text));
    let (first, last) = (root.first()?, root.last()?);
    let span = Span::new(file, first.key.span.start(), last.value.span.end());
    is_whole.then_some(Node { span, kind: Kind::Map(root) })
}

/// The text in pieces, each with one key that begins its line: each is read alone.
fn sections(text: &str) -> Vec<Range<usize>> {
    let begins = |at: &usize| !matches!(text.as_bytes().get(*at), Some(b' ' | b'\n' | b'#' | b'-') | None);
    let lines = text.match_indices('\n').map(|(at, _)| at + 1);
    let mut starts: Vec<usize> = std::iter::once(0).chain(lines).filter(begins).collect();
    // What stands before the first key is read with it.
    match starts.first_mut() {
        Some(first) => *first = 0,
        None => starts.push(0),
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    /// The text as far as the section goes.
    bytes: &'a [u8],
    /// Between two values this is the first character of a line that is not blank, or the end of the section.
    at: usize,
    /// How far that line is indented.
    indent: usize,
    depth: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn new(file: FileId, text: &'a str, section: &Range<usize>) -> Reader<'a> {
        let bytes = &text.as_bytes()[..section.end];
        Reader { file, text, bytes, at: section.start, indent: 0, depth: 1, values: 0 }
    }

    /// The only entry of a section of the outermost mapping.
    fn section(&mut self) -> Option<Entry> {
        self.next_line();
        if self.indent > 0 {
            return None;
        }
        let key = self.key()?;
        let value = self.value(0)?;
        self.is_over().then_some(Entry { key, value })
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn node(&mut self, start: usize, end: usize, kind: Kind) -> Option<Node> {
        self.values += 1;
        let fits = self.values <= super::MAX_VALUES;
        fits.then(|| Node { span: Span::new(self.file, start, end), kind })
    }

    /// Goes to the first character of the next line that holds more than a comment; `at` stands where a line begins.
    fn next_line(&mut self) {
        loop {
            let start = self.at;
            self.blanks();
            match self.peek(0) {
                Some(b'#') => self.end_of_line(),
                Some(b'\n') => {}
                _ => {
                    self.indent = self.at - start;
                    return;
                }
            }
            self.at = (self.at + 1).min(self.bytes.len());
        }
    }

    fn blanks(&mut self) {
        while self.peek(0) == Some(b' ') {
            self.at += 1;
        }
    }

    fn end_of_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    /// After a value: nothing but blanks and a comment may follow on its line, and no line that would go on with it.
    fn end_line(&mut self, indent: usize) -> Option<()> {
        let start = self.at;
        self.blanks();
        match self.peek(0) {
            Some(b'#') if self.at > start => self.end_of_line(),
            Some(b'\n') | None => {}
            Some(_) => return None,
        }
        self.at = (self.at + 1).min(self.bytes.len());
        self.next_line();
        (self.is_over() || self.indent <= indent).then_some(())
    }

    fn is_over(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn is_item(&self) -> bool {
        self.peek(0) == Some(b'-') && matches!(self.peek(1), Some(b' ' | b'\n') | None)
    }

    /// A block mapping whose first key is here, in the column `indent`.
    fn mapping(&mut self, indent: usize) -> Option<Node> {
        self.deeper()?;
        let start = self.at;
        let mut entries: Vec<Entry> = Vec::with_capacity(ENTRIES);
        let mut known = BTreeSet::new();
        loop {
            let key = self.key()?;
            if !self.is_new(&key, &entries, &mut known) {
                return None;
            }
            let value = self.value(indent)?;
            entries.push(Entry { key, value });
            if self.is_over() || self.indent < indent {
                break;
            }
            if self.indent > indent {
                return None;
            }
        }
        self.depth -= 1;
        let end = entries.last().map_or(start, |last| last.value.span.end());
        self.node(start, end, Kind::Map(entries))
    }

    /// What stands behind a key in the column `indent`.
    fn value(&mut self, indent: usize) -> Option<Node> {
        match self.inner(indent)? {
            Some(value) => Some(value),
            None if self.is_over() || self.indent < indent => None,
            None if self.indent > indent => self.block(),
            None if self.is_item() => self.flush_list(indent),
            None => None,
        }
    }

    /// What stands on the same line, in a block in the column `indent`; `None` inside where that is nothing.
    fn inner(&mut self, indent: usize) -> Option<Option<Node>> {
        let start = self.at;
        self.blanks();
        match self.peek(0) {
            Some(b'#') if self.at > start => self.end_of_line(),
            Some(b'\n') | None => {}
            Some(_) => {
                let value = self.scalar_or_flow(false)?;
                self.end_line(indent)?;
                return Some(Some(value));
            }
        }
        self.at = (self.at + 1).min(self.bytes.len());
        self.next_line();
        Some(None)
    }

    /// A list or mapping at the beginning of a line.
    fn block(&mut self) -> Option<Node> {
        if self.is_item() { self.list(self.indent) } else { self.mapping(self.indent) }
    }

    /// A block list whose first dash is here, in the column `indent`.
    fn list(&mut self, indent: usize) -> Option<Node> {
        self.deeper()?;
        let start = self.at;
        let mut items: Vec<Node> = Vec::new();
        loop {
            items.push(self.item(indent)?);
            if self.is_over() || self.indent < indent || (self.indent == indent && !self.is_item()) {
                break;
            }
            if self.indent > indent {
                return None;
            }
        }
        self.depth -= 1;
        let end = items.last().map_or(start, |last| last.span.end());
        self.node(start, end, Kind::List(items))
    }

    /// A list in the column of the key that it belongs to: to the parser it begins behind the first dash.
    fn flush_list(&mut self, indent: usize) -> Option<Node> {
        let mut list = self.list(indent)?;
        let Kind::List(items) = &list.kind else { return None };
        let first = items.first()?.span.start;
        // Where its first item stands below the dash is not worth to be known.
        let is_beside = !self.text[list.span.start()..first as usize].contains('\n');
        list.span.start = first;
        is_beside.then_some(list)
    }

    fn item(&mut self, indent: usize) -> Option<Node> {
        self.at += 1;
        let dash = self.at;
        self.blanks();
        let column = indent + 1 + self.at - dash;
        if self.is_item() && self.at > dash {
            return self.list(column);
        }
        if self.at > dash && self.begins_with_key() {
            return self.mapping(column);
        }
        self.at = dash;
        match self.inner(indent)? {
            Some(item) => Some(item),
            None if self.is_over() || self.indent <= indent => None,
            None => self.block(),
        }
    }

    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn begins_with_key(&self) -> bool {
        self.key_end().is_some()
    }

    /// Takes a key and its colon.
    fn key(&mut self) -> Option<Key> {
        let (start, end) = (self.at, self.key_end()?);
        self.at = end + 1;
        self.keyed(start, end)
    }

    fn keyed(&mut self, start: usize, end: usize) -> Option<Key> {
        self.values += 1;
        let text = &self.text[start..end];
        let is_text = core_schema::resolve(text).is_none() && !text.contains("${");
        (is_text && text.len() <= MAX_KEY)
            .then(|| Key { text: text.to_owned(), span: Span::new(self.file, start, end) })
    }

    /// Whether a key is not among `entries`; of more than a few, their texts are `known`.
    fn is_new(&self, key: &Key, entries: &[Entry], known: &mut BTreeSet<&'a str>) -> bool {
        let text = |key: &Key| &self.text[key.span.start()..key.span.end()];
        if entries.len() < FEW {
            return entries.iter().all(|entry| entry.key.text != key.text);
        }
        if known.is_empty() {
            known.extend(entries.iter().map(|entry| text(&entry.key)));
        }
        known.insert(text(key))
    }

    fn string(&mut self, (start, end): (usize, usize), inside: usize) -> Option<Node> {
        let text = self.text[start + inside..end - inside].to_owned();
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let span = Span::new(self.file, start, end);
        self.node(start, end, Kind::String(Scalar { text, span, map: vec![(0, clamp(start + inside))] }))
    }
}
