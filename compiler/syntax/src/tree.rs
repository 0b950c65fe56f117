//! The span tree that every syntax of the manifest is read into.

use std::ops::Range;

use conductor_source::Span;

/// A value of the manifest with the bytes it stands in. Aliases are expanded and scalars resolved (core schema).
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no 64-bit integer; `text` is its spelling, for decimals.
    Float {
        value: f64,
        text: String,
    },
    String(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that could not be read and was reported already; whoever meets it stays silent.
    Broken,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: Key,
    pub value: Node,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

/// The decoded text of a string and where each part of it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
    /// The whole scalar with its quotes.
    pub span: Span,
    /// Pairs (offset in `text`, offset in the file), ascending: from each pair on, both advance byte by byte until the
    /// next pair. Escapes, folded lines and indentation begin a new pair.
    pub map: Vec<(u32, u32)>,
}

impl Scalar {
    /// Where a range of bytes of `text` stands in the file; always inside [`Scalar::span`].
    #[must_use]
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let start = self.offset(range.start);
        let end = if range.end > range.start { self.offset(range.end - 1) + 1 } else { start };
        Span::new(self.span.file, start, end.min(self.span.end()))
    }

    fn offset(&self, index: usize) -> usize {
        let after = self.map.partition_point(|(text, _)| *text as usize <= index);
        let offset = match after.checked_sub(1).and_then(|at| self.map.get(at)) {
            Some((text, file)) => *file as usize + (index - *text as usize),
            None => self.span.start(),
        };
        offset.min(self.span.end())
    }
}

impl Node {
    /// What the value is, as a message names it.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::Float { .. } => "a number",
            Kind::String(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
            Kind::Broken => "something unreadable",
        }
    }
}
