//! The original text with repairs made in memory, and the way back from its offsets to the original's.
//!
//! It knows no YAML. Repairs insert, or overwrite byte for byte, so the way back is a subtraction.

use conductor_source::{FileId, Span};

/// A change of the text that is parsed, at offsets of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Patch {
    Insert {
        at: usize,
        text: String,
    },
    /// Spaces over these bytes; line breaks stay.
    Blank {
        start: usize,
        end: usize,
    },
}

pub(super) struct Patched<'a> {
    pub file: FileId,
    pub original: &'a str,
    /// What is parsed.
    pub text: String,
    /// Overwritten copy of the original, of the same length.
    base: Vec<u8>,
    /// Insertions by offset in the original; those at one place in the order they were made.
    inserts: Vec<(usize, String)>,
    /// For each insertion: (offset in `text` where it starts, its length, bytes inserted up to and with it).
    shifts: Vec<(usize, usize, usize)>,
}

impl<'a> Patched<'a> {
    pub fn new(file: FileId, original: &'a str) -> Patched<'a> {
        Patched {
            file,
            original,
            text: original.to_owned(),
            base: original.as_bytes().to_vec(),
            inserts: Vec::new(),
            shifts: Vec::new(),
        }
    }

    /// Makes the changes; false where there are none or they change nothing, so that the caller never tries the same
    /// text twice.
    pub fn apply(&mut self, patches: &[Patch]) -> bool {
        let before = self.text.len();
        let mut changed = false;
        for patch in patches {
            match patch {
                Patch::Insert { at, text } => {
                    let place = self.inserts.partition_point(|(other, _)| other <= at);
                    self.inserts.insert(place, (*at, text.clone()));
                    changed = true;
                }
                Patch::Blank { start, end } => changed |= self.blank(*start, *end),
            }
        }
        changed && self.assemble(before)
    }

    fn blank(&mut self, start: usize, end: usize) -> bool {
        let mut changed = false;
        for byte in self.base.get_mut(start..end).unwrap_or(&mut []) {
            if !matches!(byte, b'\n' | b'\r' | b' ') {
                *byte = b' ';
                changed = true;
            }
        }
        changed
    }

    fn assemble(&mut self, capacity: usize) -> bool {
        let Ok(base) = std::str::from_utf8(&self.base) else { return false };
        let mut text = String::with_capacity(capacity + 64);
        let mut done = 0;
        let mut shift = 0;
        self.shifts.clear();
        for (at, inserted) in &self.inserts {
            text.push_str(base.get(done..*at).unwrap_or(""));
            shift += inserted.len();
            self.shifts.push((text.len(), inserted.len(), shift));
            text.push_str(inserted);
            done = *at;
        }
        text.push_str(base.get(done..).unwrap_or(""));
        self.text = text;
        true
    }

    /// The offset in the original of an offset in the text; inside an insertion, the place where it was made.
    pub fn original_offset(&self, offset: usize) -> usize {
        let after = self.shifts.partition_point(|(start, _, _)| *start <= offset);
        match after.checked_sub(1).and_then(|at| self.shifts.get(at)) {
            Some((start, length, shift)) => offset.max(start + length) - shift,
            None => offset,
        }
    }

    /// The place in the original of a range of the text.
    ///
    /// Offsets within a character, such as one that a repair has overwritten, are those of the whole character.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let start = self.original.floor_char_boundary(self.original_offset(start));
        let end = self.original.ceil_char_boundary(self.original_offset(end));
        Span::new(self.file, start, end)
    }

    /// Whether the offset of the text stands in something that a repair inserted.
    pub fn is_inserted(&self, offset: usize) -> bool {
        self.shifts.iter().any(|(start, length, _)| (*start..start + length).contains(&offset))
    }
}

#[cfg(test)]
mod tests {
    use super::{Patch, Patched};
    use conductor_source::FileId;

    #[test]
    fn offsets_lead_back_to_the_original() {
        let mut patched = Patched::new(FileId(0), "a: é\nb\n");
        let insert = |at: usize, text: &str| Patch::Insert { at, text: text.to_owned() };
        assert!(patched.apply(&[insert(6, "xx: "), insert(0, "- ")]));
        assert_eq!(patched.text, "- a: é\nxx: b\n");
        assert_eq!(patched.original_offset(0), 0);
        assert_eq!(patched.original_offset(2), 0);
        assert_eq!(patched.original_offset(3), 1);
        assert_eq!(patched.original_offset(9), 6, "inside the second insertion");
        assert_eq!(patched.original_offset(12), 6);
        assert_eq!(patched.original_offset(13), 7);
        assert!(patched.is_inserted(8) && !patched.is_inserted(12));
    }

    #[test]
    fn blanking_keeps_every_offset_and_reports_when_nothing_changes() {
        let mut patched = Patched::new(FileId(0), "a\té\nb\n");
        assert!(patched.apply(&[Patch::Blank { start: 0, end: 5 }]));
        assert_eq!(patched.text, "    \nb\n");
        assert!(!patched.apply(&[Patch::Blank { start: 0, end: 4 }]));
        assert!(!patched.apply(&[]));
    }
}
