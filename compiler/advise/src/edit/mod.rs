//! Edits of steps in the text of a manifest: what stands between them, comments included, stays.
//!
//! It knows layout, not what a step means. Where the text is written in a way that it does not know, there is no edit.

pub(crate) mod detached;

use conductor_source::{Edit, Span};
use conductor_syntax::Syntax;

use crate::subject::Subject;

/// A text with the places in it.
pub(crate) struct Text<'a> {
    pub syntax: Syntax,
    pub file: conductor_source::FileId,
    pub text: &'a str,
}

impl<'a> Text<'a> {
    pub fn of(subject: &Subject<'a>) -> Text<'a> {
        let manifest = subject.manifest;
        Text { syntax: manifest.syntax, file: manifest.file, text: subject.sources.text(manifest.file) }
    }

    pub fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    pub fn line_end(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |newline| at + newline)
    }

    /// The end of what is written, without what is blank after it.
    pub fn end(&self, span: Span) -> usize {
        self.text.get(..span.end()).map_or(span.end(), |before| before.trim_end().len())
    }

    pub fn insert(&self, at: usize, text: impl Into<String>) -> Edit {
        Edit { span: Span::new(self.file, at, at), text: text.into() }
    }

    pub fn replace(&self, start: usize, end: usize, text: impl Into<String>) -> Edit {
        Edit { span: Span::new(self.file, start, end), text: text.into() }
    }

    /// The white space before the item's dash, or before the block of HCL, where the item begins its line.
    pub fn indent(&self, item: Span) -> Option<String> {
        let start = self.line_start(item.start());
        let before = self.text.get(start..item.start())?;
        let indent = match self.syntax {
            Syntax::Yaml => before.trim_end().strip_suffix('-')?,
            Syntax::Hcl => before,
        };
        indent.bytes().all(|byte| byte == b' ').then(|| indent.to_owned())
    }

    /// The steps of a list as the branches of one block.
    pub fn wrapped(&self, keyword: &str, items: &[Span]) -> Option<Vec<Edit>> {
        let (first, last) = (*items.first()?, *items.last()?);
        let indent = self.indent(first)?;
        if items.iter().any(|item| self.indent(*item).as_ref() != Some(&indent)) {
            return None;
        }
        let start = self.line_start(first.start());
        let end = self.line_end(self.end(last));
        let (open, deeper) = match self.syntax {
            Syntax::Yaml => (format!("{indent}- {keyword}:\n"), "    "),
            Syntax::Hcl => (format!("{indent}{keyword} {{\n"), "  "),
        };
        let mut edits = vec![self.insert(start, open)];
        let mut at = start;
        for line in self.text.get(start..end)?.split_inclusive('\n') {
            if !line.trim().is_empty() {
                edits.push(self.insert(at, deeper));
            }
            at += line.len();
        }
        if self.syntax == Syntax::Hcl {
            edits.push(self.insert(end, format!("\n{indent}}}")));
        }
        // Two insertions at the start of the first line are one, so that their order is ours.
        let both = format!("{}{}", edits[0].text, edits.get(1).map_or("", |edit| edit.text.as_str()));
        edits.remove(0);
        if let Some(first) = edits.first_mut() {
            first.text = both;
        }
        Some(edits)
    }

    /// Adds `key: value` to the mapping whose first key stands at `key`, in the line after that of `after`.
    pub fn with_pair(&self, mapping: Span, after: usize, key: &str, value: &str) -> Option<Edit> {
        let pair = self.syntax.pair(key, value);
        let start = mapping.start();
        match self.syntax {
            Syntax::Yaml if self.text.get(start..)?.starts_with('{') => {
                Some(self.insert(after, format!(", {pair}")))
            }
            Syntax::Yaml => {
                let line = self.line_start(start);
                let before = self.text.get(line..start)?;
                if !before.trim_start().trim_start_matches('-').trim().is_empty() {
                    return None;
                }
                Some(
                    self.insert(
                        self.line_end(after),
                        format!("\n{}{pair}", " ".repeat(before.chars().count())),
                    ),
                )
            }
            Syntax::Hcl => {
                let line = self.line_start(after);
                let before = self.text.get(line..after)?;
                let indent = before.len() - before.trim_start().len();
                if self.text.get(line..after)?.contains('{') {
                    return None;
                }
                Some(self.insert(self.line_end(after), format!("\n{}{pair}", " ".repeat(indent))))
            }
        }
    }

    /// Where the line's key begins that has its value at `value`.
    pub fn key_of(&self, value: Span) -> Option<usize> {
        let line = self.line_start(value.start());
        let before = self.text.get(line..value.start())?;
        let mark = match self.syntax {
            Syntax::Yaml => ':',
            Syntax::Hcl => '=',
        };
        let key = before.trim_end().strip_suffix(mark)?.trim_end();
        let start =
            key.rfind(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map_or(0, |at| at + 1);
        Some(line + start)
    }
}
