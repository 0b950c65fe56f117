//! A place in the text that moves forward: blanks, comments, names, and what stops a manifest from being read on.
//!
//! It knows characters, neither values nor blocks.

use conductor_source::{Diagnostic, FileId, Span};

use crate::bytes::{MAX_FINDINGS, MAX_HCL_DEPTH, MAX_VALUES, TOO_DEEP, TOO_LARGE};
use crate::tree::{Key, Kind, Node};

/// Nothing after this is read; the reason was reported.
pub(super) struct Stop;

pub(super) type Read<T> = Result<T, Stop>;

pub(super) struct Parser<'a> {
    pub file: FileId,
    pub text: &'a str,
    pub at: usize,
    pub diagnostics: Vec<Diagnostic>,
    /// Bytes that were searched for the end of an expression in vain.
    pub searched: usize,
    depth: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    pub fn new(file: FileId, text: &'a str) -> Parser<'a> {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Parser { file, text, at, diagnostics: Vec::new(), searched: 0, depth: 0, values: 0 }
    }

    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves over one character, if there is one.
    pub fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    pub fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    /// Blanks and comments up to the end of the line; a comment over several lines counts as a blank.
    pub fn blanks(&mut self) -> Read<()> {
        loop {
            match (self.byte(0), self.byte(1)) {
                (b' ' | b'\t', _) | (b'\r', b'\n') => self.at += 1,
                (b'#', _) | (b'/', b'/') => self.at = self.line_end(self.at),
                (b'/', b'*') => match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err(self.unclosed(self.at, 2, "comment")),
                },
                _ => return Ok(()),
            }
        }
    }

    /// Blanks, comments and line ends.
    pub fn lines(&mut self) -> Read<()> {
        self.blanks()?;
        while self.eat('\n') {
            self.blanks()?;
        }
        Ok(())
    }

    pub fn line_end(&self, at: usize) -> usize {
        at + self.text.get(at..).map_or(0, |rest| rest.find('\n').unwrap_or(rest.len()))
    }

    pub fn skip_line(&mut self) {
        self.at = self.line_end(self.at);
    }

    pub fn name(&mut self) -> Option<Key> {
        let start = self.at;
        if !self.peek().is_some_and(|first| first.is_alphabetic() || first == '_') {
            return None;
        }
        let part = |next: char| next.is_alphanumeric() || next == '_' || next == '-';
        self.at += self.rest().find(|next| !part(next)).unwrap_or(self.rest().len());
        Some(Key { text: self.text[start..self.at].to_owned(), span: self.span(start, self.at) })
    }

    /// Goes one level down, or stops at [`MAX_HCL_DEPTH`].
    pub fn deeper(&mut self, levels: usize) -> Read<()> {
        self.depth += levels;
        if self.depth <= MAX_HCL_DEPTH {
            return Ok(());
        }
        let message = format!("values are nested deeper than {MAX_HCL_DEPTH} levels");
        let span = self.next_character();
        self.report(
            Diagnostic::error(TOO_DEEP, message, span, "one level too deep")
                .help("steps that belong together can be a workflow of their own"),
        );
        Err(Stop)
    }

    pub fn higher(&mut self, levels: usize) {
        self.depth -= levels;
    }

    /// Counts a value, and stops when there are too many.
    pub fn count(&mut self) -> Read<()> {
        self.values += 1;
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        let message = "the manifest holds more than three million values";
        let span = self.next_character();
        self.report(Diagnostic::error(TOO_LARGE, message, span, "not read from here on"));
        Err(Stop)
    }

    pub fn unclosed(&mut self, at: usize, length: usize, what: &str) -> Stop {
        self.report(Diagnostic::error(
            crate::yaml::UNCLOSED,
            format!("this {what} is never closed"),
            self.span(at, at + length),
            "opened here",
        ));
        Stop
    }

    /// Keeps one finding a place: a second one would follow from the first.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        let again = self.diagnostics.last().is_some_and(|last| last.span().start == diagnostic.span().start);
        if !again && self.diagnostics.len() < MAX_FINDINGS {
            self.diagnostics.push(diagnostic);
        }
    }

    pub fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// The character that comes next; at a line's end, the place.
    pub fn next_character(&self) -> Span {
        let length = self.peek().filter(|next| !matches!(next, '\r' | '\n')).map_or(0, char::len_utf8);
        self.span(self.at, self.at + length)
    }

    pub fn broken(&self, start: usize) -> Node {
        Node { span: self.span(start, self.at), kind: Kind::Broken }
    }
}
