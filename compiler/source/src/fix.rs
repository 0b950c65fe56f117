//! Fixes applied to texts by splicing bytes: what no edit names stays as it is.
//!
//! It knows no syntax, so it cannot tell whether the outcome is valid: the caller reads it again.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Edit, Fix};
use crate::file::{FileId, Sources, Span};

/// What came of applying fixes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The new text of each file that changed.
    pub files: BTreeMap<FileId, String>,
    /// How many fixes were applied.
    pub applied: usize,
    /// Titles of fixes that touch what an earlier one changed: read again, and apply what is found then.
    pub left: Vec<String>,
}

/// Applies fixes in the order given; each as a whole or not at all.
///
/// Two insertions at one place both stand, in that order. The same edits twice count as one.
pub fn apply<'a>(sources: &Sources, fixes: impl IntoIterator<Item = &'a Fix>) -> Applied {
    let mut accepted: Vec<&'a Edit> = Vec::new();
    let mut taken = Taken::default();
    let mut seen: BTreeSet<&'a [Edit]> = BTreeSet::new();
    let mut outcome = Applied::default();
    for fix in fixes {
        if fix.edits.is_empty() || seen.contains(&fix.edits.as_slice()) {
            continue;
        }
        let are_in_text = fix.edits.iter().all(|edit| is_in_text(sources, edit));
        if are_in_text && taken.take(&fix.edits) {
            accepted.extend(&fix.edits);
            seen.insert(&fix.edits);
            outcome.applied += 1;
        } else {
            outcome.left.push(fix.title.clone());
        }
    }
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in accepted {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    for (file, edits) in by_file {
        outcome.files.insert(file, splice(sources.text(file), edits));
    }
    outcome
}

fn is_in_text(sources: &Sources, edit: &Edit) -> bool {
    sources.text(edit.span.file).get(edit.span.start()..edit.span.end()).is_some()
}

/// Places that edits change, none of which overlap.
#[derive(Default)]
struct Taken(BTreeSet<Span>);

impl Taken {
    /// Takes the places of all edits, or of none.
    fn take(&mut self, edits: &[Edit]) -> bool {
        let mut fresh = Vec::new();
        for edit in edits {
            if self.overlaps(edit.span) {
                fresh.iter().for_each(|span| _ = self.0.remove(span));
                return false;
            }
            if self.0.insert(edit.span) {
                fresh.push(edit.span);
            }
        }
        true
    }

    /// Whether an edit there and one that was taken cannot both be made. Touching is allowed, except for an insertion inside a
    /// replacement.
    fn overlaps(&self, span: Span) -> bool {
        // Those that were taken end in the order in which they begin.
        let end = Span { start: span.end, end: span.end, ..span };
        let before = self.0.range(..end).next_back();
        before.is_some_and(|other| other.file == span.file && span.start < other.end)
    }
}

fn splice(text: &str, mut edits: Vec<&Edit>) -> String {
    // Stable: insertions at one place keep the order of their fixes and come before a replacement that starts there.
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut spliced = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        spliced.push_str(text.get(done..edit.span.start()).unwrap_or(""));
        spliced.push_str(&edit.text);
        done = edit.span.end();
    }
    spliced.push_str(text.get(done..).unwrap_or(""));
    spliced
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::{Edit, FileId, Fix, Safety, Sources, Span};

    fn fix(title: &str, edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits.iter().map(|(start, end, text)| Edit {
            span: Span::new(FileId(0), *start, *end),
            text: (*text).to_owned(),
        });
        Fix { title: title.to_owned(), safety: Safety::Safe, edits: edits.collect() }
    }

    fn applied(text: &str, fixes: &[Fix]) -> (String, Vec<String>) {
        let mut sources = Sources::default();
        sources.add("a.yaml", text);
        let outcome = apply(&sources, fixes);
        (outcome.files.get(&FileId(0)).cloned().unwrap_or_default(), outcome.left)
    }

    #[test]
    fn edits_are_made_whatever_their_order() {
        let fixes = [fix("b", &[(4, 5, "B"), (0, 1, "A")]), fix("c", &[(2, 2, "+")])];
        assert_eq!(applied("a b c", &fixes), ("A +b B".to_owned(), vec![]));
    }

    #[test]
    fn overlapping_fixes_are_left_as_a_whole() {
        let fixes = [fix("one", &[(0, 3, "x")]), fix("two", &[(4, 5, "y"), (2, 3, "z")])];
        assert_eq!(applied("abcdef", &fixes), ("xdef".to_owned(), vec!["two".to_owned()]));
    }

    #[test]
    fn insertions_at_one_place_keep_their_order_and_repeats_count_once() {
        let fixes = [fix("1", &[(1, 1, "x")]), fix("2", &[(1, 1, "y")]), fix("1", &[(1, 1, "x")])];
        assert_eq!(applied("ab", &fixes), ("axyb".to_owned(), vec![]));
    }

    #[test]
    fn an_insertion_inside_a_replacement_is_left() {
        let fixes = [fix("1", &[(0, 4, "x")]), fix("2", &[(2, 2, "y")])];
        assert_eq!(applied("abcd", &fixes), ("x".to_owned(), vec!["2".to_owned()]));
    }

    #[test]
    fn a_fix_stands_where_it_overlaps_none_before_it() {
        let mut sources = Sources::default();
        sources.add("a.yaml", "abcdefghijkl");
        let mut number = 7_u64;
        let mut below = |bound: u64| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from((number >> 33) % bound).unwrap()
        };
        for _ in 0..500 {
            let spans: Vec<Vec<(usize, usize)>> = (0..6)
                .map(|_| (0..=below(2)).map(|_| (below(9), below(4))).map(|(at, by)| (at, at + by)).collect())
                .collect();
            let titled = |(index, spans): (usize, &Vec<(usize, usize)>)| {
                let texts: Vec<String> = (0..spans.len()).map(|edit| format!("{index}.{edit}")).collect();
                let edits: Vec<(usize, usize, &str)> =
                    spans.iter().zip(&texts).map(|(span, text)| (span.0, span.1, text.as_str())).collect();
                fix(&index.to_string(), &edits)
            };
            let fixes: Vec<Fix> = spans.iter().enumerate().map(titled).collect();
            let (mut taken, mut left): (Vec<(usize, usize)>, Vec<String>) = (Vec::new(), Vec::new());
            for (index, spans) in spans.iter().enumerate() {
                let count = taken.len();
                for span in spans {
                    if taken.iter().any(|other| span.0 < other.1 && other.0 < span.1) {
                        taken.truncate(count);
                        left.push(index.to_string());
                        break;
                    }
                    taken.push(*span);
                }
            }
            assert_eq!(apply(&sources, &fixes).left, left, "{spans:?}");
        }
    }

    #[test]
    fn edits_outside_the_text_are_left() {
        assert_eq!(applied("é", &[fix("1", &[(1, 2, "x")])]), (String::new(), vec!["1".to_owned()]));
    }
}
