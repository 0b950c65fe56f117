//! Lines and columns of byte offsets, found without reading the text again for each.
//!
//! It knows texts, not what stands in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::file::{FileId, Sources};

/// The line starts of a text; found once, each look-up then costs a binary search and one line.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Cow<'a, [usize]>,
}

impl<'a> Lines<'a> {
    #[must_use]
    pub fn new(text: &'a str) -> Lines<'a> {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        Lines { text, starts: Cow::Owned(starts) }
    }

    /// Those of a file, which have been found.
    #[must_use]
    pub fn of(sources: &'a Sources, file: FileId) -> Lines<'a> {
        Lines { text: sources.text(file), starts: Cow::Borrowed(sources.line_starts(file)) }
    }

    /// Index from 0 of the line that holds `offset`.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of a line (from 0) without its line break.
    #[must_use]
    pub fn range(&self, line: usize) -> (usize, usize) {
        let start = self.starts.get(line).copied().unwrap_or(self.text.len());
        let next = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        (start, next.max(start))
    }

    /// Line and column, both from 1, the column in Unicode scalars.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = floor_boundary(self.text, offset);
        let line = self.line_of(offset);
        let start = self.range(line).0;
        (line + 1, self.text[start..offset].chars().count() + 1)
    }
}

/// Positions in several files; the table of a file is made when it is first pointed into.
pub(super) struct Places<'a> {
    sources: &'a Sources,
    lines: BTreeMap<FileId, Lines<'a>>,
}

impl<'a> Places<'a> {
    pub fn new(sources: &'a Sources) -> Places<'a> {
        Places { sources, lines: BTreeMap::new() }
    }

    /// Line and column, both from 1, the column in Unicode scalars.
    pub fn position(&mut self, file: FileId, offset: usize) -> (usize, usize) {
        let sources = self.sources;
        self.lines.entry(file).or_insert_with(|| Lines::of(sources, file)).position(offset)
    }
}

/// The nearest character boundary at or before `offset`.
pub(super) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn columns_count_scalars_and_lines_end_before_their_break() {
        let lines = Lines::new("aé\r\nb\n");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(2), (1, 2), "inside a character counts as its start");
        assert_eq!(lines.position(3), (1, 3));
        assert_eq!(lines.position(5), (2, 1));
        assert_eq!(lines.position(99), (3, 1));
        assert_eq!(lines.range(1), (5, 6));
    }
}
