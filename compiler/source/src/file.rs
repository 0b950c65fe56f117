//! The texts that diagnostics point into, and byte spans in them.

/// A file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of bytes of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    #[must_use]
    pub fn start(self) -> usize {
        self.start as usize
    }

    #[must_use]
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// From the start of `self` to the end of `other`, in the same file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The files of one compilation. Paths are relative to the manifest's folder, with `/`.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<(String, String)>,
    /// Where the lines of each file begin: a thousand findings must not count a file's lines a thousand times.
    lines: Vec<Vec<usize>>,
}

impl Sources {
    /// Adds a file; one that is there already under `path` is found again.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let path = path.into();
        if let Some(found) = self.files.iter().position(|(known, _)| *known == path) {
            return FileId(u32::try_from(found).unwrap_or(u32::MAX));
        }
        let text = text.into();
        let starts = text.match_indices('\n').map(|(newline, _)| newline + 1);
        self.lines.push(std::iter::once(0).chain(starts).collect());
        self.files.push((path, text));
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// The id of the next file that is added and not there yet.
    #[must_use]
    pub fn next_id(&self) -> FileId {
        FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX))
    }

    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |(path, _)| path)
    }

    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |(_, text)| text)
    }

    /// The text of a span; empty where the span lies outside its file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start()..span.end()).unwrap_or("")
    }

    /// Where the lines of a file begin.
    pub(crate) fn line_starts(&self, file: FileId) -> &[usize] {
        self.lines.get(file.0 as usize).map_or(&[0][..], Vec::as_slice)
    }

    /// Line and column of a byte offset, both from 1, the column in Unicode scalars.
    #[must_use]
    pub fn position(&self, file: FileId, offset: usize) -> (usize, usize) {
        let text = self.text(file);
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts(file);
        let line = starts.partition_point(|start| *start <= offset).max(1);
        let line_start = starts.get(line - 1).copied().unwrap_or(0);
        (line, text[line_start..offset].chars().count() + 1)
    }
}
