//! Fixes applied to texts by splicing bytes: what no edit names stays as it is.
//!
//! It knows no syntax, so it cannot tell whether the outcome is valid: the caller reads it again.

use std::collections::BTreeMap;

use crate::diagnostic::{Edit, Fix};
use crate::file::{FileId, Sources};

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
    let mut seen: Vec<&'a [Edit]> = Vec::new();
    let mut outcome = Applied::default();
    for fix in fixes {
        if fix.edits.is_empty() || seen.contains(&fix.edits.as_slice()) {
            continue;
        }
        let fits = fix.edits.iter().enumerate().all(|(index, edit)| {
            is_in_text(sources, edit)
                && accepted.iter().all(|other| !overlap(edit, other))
                && fix.edits[..index].iter().all(|other| !overlap(edit, other))
        });
        if fits {
            accepted.extend(&fix.edits);
            seen.push(&fix.edits);
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

/// Whether two edits cannot both be made. Touching is allowed, except for an insertion inside a replacement.
fn overlap(one: &Edit, other: &Edit) -> bool {
    one.span.file == other.span.file && one.span.start < other.span.end && other.span.start < one.span.end
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
    fn edits_outside_the_text_are_left() {
        assert_eq!(applied("é", &[fix("1", &[(1, 2, "x")])]), (String::new(), vec!["1".to_owned()]));
    }
}
