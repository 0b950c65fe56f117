//! Where each definition of a schema stands in a text.
//!
//! It does not know whether a person wrote the text or we did.

use std::collections::BTreeMap;

use conductor_source::{FileId, Span};
use prost_reflect::prost_types::SourceCodeInfo;

/// The part of a definition's path that leads to its name, in messages, fields, methods and enums alike.
const NAME: i32 = 1;

/// Spans of one file, by the path of a definition in its descriptor.
#[derive(Debug, Clone)]
pub struct FilePlaces {
    file: FileId,
    spans: BTreeMap<Vec<i32>, (usize, usize)>,
}

impl FilePlaces {
    pub fn new(file: FileId, spans: BTreeMap<Vec<i32>, (usize, usize)>) -> FilePlaces {
        FilePlaces { file, spans }
    }

    /// From what a parser noted, whose lines and columns are of `text` and count bytes from zero.
    pub fn of_source(file: FileId, text: &str, info: &SourceCodeInfo) -> FilePlaces {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let offset = |line: i32, column: i32| {
            let line = usize::try_from(line).ok()?;
            let offset = starts.get(line)? + usize::try_from(column).ok()?;
            text.is_char_boundary(offset).then_some(offset)
        };
        let mut spans = BTreeMap::new();
        for location in &info.location {
            let (from, to) = match location.span[..] {
                [line, start, end] => (offset(line, start), offset(line, end)),
                [line, start, last, end] => (offset(line, start), offset(last, end)),
                _ => continue,
            };
            if let (Some(from), Some(to)) = (from, to) {
                spans.entry(location.path.clone()).or_insert((from, to));
            }
        }
        FilePlaces { file, spans }
    }

    /// The name of a definition; the whole of it, or the file's begin, where that is not known.
    pub fn name(&self, path: &[i32]) -> Span {
        let named: Vec<i32> = path.iter().copied().chain([NAME]).collect();
        self.at(&named).or_else(|| self.at(path)).unwrap_or_else(|| Span::new(self.file, 0, 0))
    }

    /// What stands at exactly this path.
    pub fn at(&self, path: &[i32]) -> Option<Span> {
        self.spans.get(path).map(|(start, end)| Span::new(self.file, *start, *end))
    }
}
