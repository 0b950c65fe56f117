//! What stands on one line: keys, scalars, and lists and mappings in brackets.
//!
//! It knows nothing of blocks.

use std::collections::BTreeSet;

use super::{ENTRIES, Reader};
use crate::tree::{Entry, Kind, Node};
use crate::yaml::{core_schema, expression};

/// Whether the text has only printable ASCII, line feeds and letters of two bytes, which are printable, too.
pub(super) fn is_even(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~' | 0xc3..=0xdf | 0x80..=0xbf))
}

/// What a plain scalar may begin with, as it is nearly always.
fn begins_plain(first: u8, second: Option<u8>) -> bool {
    let is_word =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'/' | b'(' | b'~' | b'.');
    is_word(first) || first == b'-' && second.is_some_and(|second| second.is_ascii_alphanumeric())
}

impl Reader<'_> {
    /// Where the plain key that begins here ends: at a colon before a blank.
    pub(super) fn key_end(&self) -> Option<usize> {
        let first = self.peek(0)?;
        // Three dots at the beginning of a line end the document.
        if first == b'.' || !begins_plain(first, self.peek(1)) {
            return None;
        }
        let mut before = b' ';
        for (at, byte) in self.bytes.iter().enumerate().skip(self.at) {
            match byte {
                b'\n' => return None,
                b'#' if before == b' ' => return None,
                b':' if matches!(self.bytes.get(at + 1), Some(b' ' | b'\n') | None) => {
                    return (before != b' ').then_some(at);
                }
                _ => before = *byte,
            }
        }
        None
    }

    /// A value that begins here and ends on this line; `in_flow` says whether brackets stand around it.
    pub(super) fn scalar_or_flow(&mut self, in_flow: bool) -> Option<Node> {
        match self.peek(0)? {
            b'{' => self.flow_mapping(),
            b'[' => self.flow_list(),
            quote @ (b'"' | b'\'') => self.quoted(quote),
            first if begins_plain(first, self.peek(1)) => self.plain(in_flow),
            _ => None,
        }
    }

    fn quoted(&mut self, quote: u8) -> Option<Node> {
        let start = self.at;
        loop {
            self.at += 1;
            match self.peek(0)? {
                b'\n' => return None,
                b'\\' if quote == b'"' => return None,
                byte if byte == quote => break,
                _ => {}
            }
        }
        self.at += 1;
        // A quote behind it would be part of the text, a colon would make it a key.
        let goes_on = matches!(self.peek(0), Some(b'\'' | b'"' | b':'));
        (!goes_on).then_some(()).and_then(|()| self.string((start, self.at), 1))
    }

    fn plain(&mut self, in_flow: bool) -> Option<Node> {
        let start = self.at;
        let mut end = start;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\n' => break,
                b'#' if end < self.at => break,
                b',' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                b':' if in_flow
                    && !self.peek(1).is_some_and(|next| next.is_ascii_alphanumeric() || next == b'/') =>
                {
                    return None;
                }
                b':' if matches!(self.peek(1), Some(b' ' | b'\n') | None) => return None,
                b' ' => {}
                _ => end = self.at + 1,
            }
            self.at += 1;
        }
        self.at = end;
        let text = &self.text[start..end];
        if text.contains("${") && expression::is_open(text) {
            return None;
        }
        match core_schema::resolve(text) {
            Some(kind) => self.node(start, end, kind),
            None => self.string((start, end), 0),
        }
    }

    fn flow_list(&mut self) -> Option<Node> {
        let start = self.at;
        self.deeper()?;
        let mut items = Vec::new();
        if !self.opened(b']') {
            loop {
                items.push(self.scalar_or_flow(true)?);
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        self.node(start, self.at, Kind::List(items))
    }

    fn flow_mapping(&mut self) -> Option<Node> {
        let start = self.at;
        self.deeper()?;
        let mut entries: Vec<Entry> = Vec::with_capacity(ENTRIES);
        let mut known = BTreeSet::new();
        if !self.opened(b'}') {
            loop {
                let (from, end) = (self.at, self.key_end()?);
                let is_plain = !self.bytes[from..end].iter().any(|byte| b",[]{}".contains(byte));
                self.at = end + 1;
                let key = self.keyed(from, end)?;
                if !is_plain || !self.is_new(&key, &entries, &mut known) {
                    return None;
                }
                self.blanks();
                let value = self.scalar_or_flow(true)?;
                entries.push(Entry { key, value });
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        self.node(start, self.at, Kind::Map(entries))
    }

    /// Takes the opening bracket; whether the closing one follows, which is taken, too.
    fn opened(&mut self, closing: u8) -> bool {
        self.at += 1;
        self.blanks();
        let is_empty = self.peek(0) == Some(closing);
        self.at += usize::from(is_empty);
        is_empty
    }

    /// Takes a comma, and says that more follows, or the closing bracket.
    fn goes_on(&mut self, closing: u8) -> Option<bool> {
        self.blanks();
        let next = self.peek(0)?;
        self.at += 1;
        if next != b',' {
            return (next == closing).then_some(false);
        }
        self.blanks();
        Some(true)
    }
}
