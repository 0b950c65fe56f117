//! The annotated functions of one Python file, for who looks through a whole tree.
//!
//! It follows no import: a function is found where it is defined.

use std::ops::Range;

use conductor_source::FileId;

use super::parse;
use super::syntax::{Binding, Names};
use super::text;
use crate::annotation::{self, Annotated, Found};

/// The text of a file and its annotated functions, by place. A file that cannot be read has none.
pub fn scan(bytes: Vec<u8>, file: FileId) -> Option<(String, Vec<Annotated>)> {
    let text = text::decode(bytes).ok()?;
    let module = parse::module(&text).ok()?;
    let mut found = Vec::new();
    within(&module.names, "", &mut |name, start, at| {
        let Some(said) = above(&text, file, &module.comments, start, at.start) else { return };
        found.push(Annotated { name, at, said });
    });
    found.sort_by_key(|one| one.at.start);
    Some((text, found))
}

/// The annotation in comments above a definition that starts at `start` with the first of its decorators: above these, or
/// between them and its own line, on which its `name` stands.
pub fn above(
    text: &str,
    file: FileId,
    comments: &[Range<usize>],
    start: usize,
    name: usize,
) -> Option<Found> {
    let line = text.get(..name)?.rfind('\n').map_or(0, |end| end + 1);
    [start, line].into_iter().find_map(|place| annotation::above(text, file, comments, place))
}

/// Every function that a ref can name: of the module, and of its classes.
fn within(names: &Names, prefix: &str, visit: &mut impl FnMut(String, usize, Range<usize>)) {
    for (name, bound) in names {
        let full = format!("{prefix}{name}");
        match bound.first() {
            Some(Binding::Function(function)) => visit(full, function.range.start, function.name.clone()),
            Some(Binding::Class(class)) => within(&class.names, &format!("{full}."), visit),
            Some(Binding::Value(value)) => visit(full, value.name.start, value.name.clone()),
            Some(Binding::Import(_)) | None => {}
        }
    }
}
