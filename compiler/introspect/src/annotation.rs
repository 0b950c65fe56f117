//! The grammar of annotations in comments, the same in every language: `conductor: task fetch_user effect=read`.
//!
//! It knows no language: who calls it finds the comments and the function that they stand above.

use std::ops::Range;

use conductor_model::{Annotation, AnnotationWord, Spanned};
use conductor_protocol::plan::Language;
use conductor_source::{Diagnostic, FileId, Span};

/// What an annotation begins with: in plain comments, and in doc comments with tags.
const MARKERS: [&str; 2] = ["conductor:", "@conductor"];
/// Longer annotations are not read to their end.
const MAX_WORDS: usize = 100;

/// An annotation, with warnings for what of it could not be understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub annotation: Annotation,
    pub diagnostics: Vec<Diagnostic>,
}

/// A function with an annotation, as a whole tree is searched for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotated {
    /// Inside its file: `fetch`, `Users.fetch`.
    pub name: String,
    /// Where that name stands in its definition.
    pub at: Range<usize>,
    pub said: Found,
}

/// The text of a file with its annotated functions, by place; `None` where it holds none, which most files tell without being
/// parsed. `file` is what their spans point into.
#[must_use]
pub fn in_file(language: Language, bytes: Vec<u8>, file: FileId) -> Option<(String, Vec<Annotated>)> {
    if !may_hold(&bytes) {
        return None;
    }
    let found = match language {
        Language::Python => crate::python::scan::scan(bytes, file)?,
        // Their comments are read with the signatures of refs only.
        Language::Typescript | Language::Go | Language::Rust => return None,
    };
    (!found.1.is_empty()).then_some(found)
}

/// Whether a file can hold an annotation: most need not be parsed to know that they hold none.
#[must_use]
pub fn may_hold(bytes: &[u8]) -> bool {
    MARKERS.iter().any(|marker| memchr::memmem::find(bytes, marker.as_bytes()).is_some())
}

/// The annotation in the comments right above `start`, where a function or the first of its decorators begins.
/// `comments` are all of the file, in order, each with its marks.
#[must_use]
pub fn above(text: &str, file: FileId, comments: &[Range<usize>], start: usize) -> Option<Found> {
    let before = comments.partition_point(|comment| comment.end <= start);
    let mut first = before;
    let mut below = start;
    while let Some(comment) = first.checked_sub(1).map(|index| &comments[index])
        && is_adjacent(text.get(comment.end..below)?)
        && stands_alone(text, comment)
    {
        below = comment.start;
        first -= 1;
    }
    in_comments(text, file, &comments[first..before])
}

/// The annotation in one doc comment or in adjacent comments; its last one where there are several.
#[must_use]
pub fn in_comments(text: &str, file: FileId, comments: &[Range<usize>]) -> Option<Found> {
    let lines: Vec<Range<usize>> = comments.iter().flat_map(|comment| lines(text, comment)).collect();
    let begins = |line: &Range<usize>| beginning(text, line);
    let (index, start) =
        lines.iter().enumerate().rev().find_map(|(index, line)| Some((index, begins(line)?)))?;
    let mut words = words(text, start..lines[index].end);
    for line in &lines[index + 1..] {
        match continued(text, line) {
            Some(rest) => words.extend(self::words(text, rest)),
            None => break,
        }
    }
    words.truncate(MAX_WORDS);
    Some(annotation(text, file, &words))
}

/// Blanks with one line break: nothing stands between a comment and what is below it.
fn is_adjacent(between: &str) -> bool {
    between.trim().is_empty() && between.matches('\n').count() <= 1
}

/// A comment behind code on its line belongs to that code.
fn stands_alone(text: &str, comment: &Range<usize>) -> bool {
    let line = text.get(..comment.start).map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
    text.get(line..comment.start)
        .is_some_and(|before| before.trim_start_matches('\u{feff}').trim().is_empty())
}

/// The lines inside a comment, without its marks.
fn lines(text: &str, comment: &Range<usize>) -> Vec<Range<usize>> {
    let Some(whole) = text.get(comment.clone()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = comment.start;
    for line in whole.split_inclusive('\n') {
        let bare = line.trim_end();
        let bare = bare.strip_suffix("*/").unwrap_or(bare).trim_end();
        let inner = bare.trim_start();
        let inner = ["/**", "/*", "///", "//!", "//", "#", "*"]
            .iter()
            .find_map(|mark| inner.strip_prefix(mark))
            .unwrap_or(inner)
            .trim_start();
        let end = start + bare.len();
        found.push(end.saturating_sub(inner.len())..end);
        start += line.len();
    }
    found
}

/// Where the words of an annotation begin on this line, with `task`. Another word after the mark is no annotation: what
/// people write to the drafter begins alike.
fn beginning(text: &str, line: &Range<usize>) -> Option<usize> {
    let rest = after_marker(text, line)?;
    let first = words(text, rest).into_iter().next()?;
    let is_task = first.key_text(text) == "task" && first.value.is_none();
    is_task.then_some(first.key.start)
}

fn after_marker(text: &str, line: &Range<usize>) -> Option<Range<usize>> {
    let inner = text.get(line.clone())?;
    let rest = MARKERS.iter().find_map(|marker| inner.strip_prefix(marker))?;
    let separated = inner.starts_with(MARKERS[0]) || rest.starts_with([' ', '\t', ':']);
    let colon = usize::from(!inner.starts_with(MARKERS[0]) && rest.starts_with(':'));
    separated.then(|| line.end - rest.len() + colon..line.end)
}

/// What a line adds to the annotation above it: a line that is marked again, or that begins with one of the keys.
fn continued(text: &str, line: &Range<usize>) -> Option<Range<usize>> {
    if let Some(rest) = after_marker(text, line) {
        return Some(rest);
    }
    let first = words(text, line.clone()).into_iter().next()?;
    let has_key = Annotation::has_key(first.key_text(text));
    (first.value.is_some() || has_key).then(|| line.clone())
}

/// A word with the places of its parts; the value's has the quotation marks.
struct Word {
    key: Range<usize>,
    value: Option<Range<usize>>,
}

impl Word {
    fn key_text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.key.clone()).unwrap_or_default()
    }
}

/// Words between blanks: `key`, `key=value`, `key="a value with blanks"`.
fn words(text: &str, line: Range<usize>) -> Vec<Word> {
    let mut found = Vec::new();
    let mut at = line.start;
    let end = line.end;
    while found.len() < MAX_WORDS {
        let rest = text.get(at..end).unwrap_or_default();
        at = end - rest.trim_start().len();
        let rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let stop = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let key = at..at + stop;
        if !rest[stop..].starts_with('=') {
            at = key.end;
            found.push(Word { key, value: None });
            continue;
        }
        let value = key.end + 1..key.end + 1 + value_length(&rest[stop + 1..]);
        at = value.end;
        found.push(Word { key, value: Some(value) });
    }
    found
}

/// A value ends at a blank, or at its closing quotation mark.
fn value_length(rest: &str) -> usize {
    let blank = || rest.find(char::is_whitespace).unwrap_or(rest.len());
    if !rest.starts_with('"') {
        return blank();
    }
    let mut escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            '"' if !escaped => return index + 1,
            _ => escaped = character == '\\' && !escaped,
        }
    }
    rest.len()
}

fn annotation(text: &str, file: FileId, words: &[Word]) -> Found {
    let spanned =
        |range: &Range<usize>, value: String| Spanned::new(value, Span::new(file, range.start, range.end));
    let of = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    // The first word is `task`, the second the name unless it is a key.
    let start = words.first().map_or(0, |word| word.key.start);
    let end = words.last().map_or(start, |word| word.value.as_ref().unwrap_or(&word.key).end);
    let named = words.get(1).filter(|word| word.value.is_none() && !Annotation::has_key(of(&word.key)));
    let name = named.map(|word| spanned(&word.key, of(&word.key).to_owned()));
    let read = |word: &Word| {
        let value = word.value.as_ref().map(|range| {
            let written = of(range);
            (unquoted(written), written.starts_with('"'), range)
        });
        AnnotationWord {
            key: spanned(&word.key, of(&word.key).to_owned()),
            quoted: value.as_ref().is_some_and(|(_, quoted, _)| *quoted),
            value: value.map(|(value, _, range)| spanned(range, value)),
        }
    };
    let rest = words.iter().skip(1 + usize::from(name.is_some()));
    let rest: Vec<AnnotationWord> = rest.map(read).collect();
    let (annotation, diagnostics) = Annotation::lower(name, &rest, Span::new(file, start, end));
    Found { annotation, diagnostics }
}

/// `"a \"b\""` without its marks; a mark that is not closed ends with the line.
fn unquoted(written: &str) -> String {
    let Some(inner) = written.strip_prefix('"') else { return written.to_owned() };
    let mut out = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => out.extend(letters.next()),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use conductor_model::PolicyUse;
    use conductor_source::FileId;

    use super::{Found, in_comments, may_hold};

    fn read(comment: &str) -> Option<Found> {
        in_comments(comment, FileId(0), std::slice::from_ref(&(0..comment.len())))
    }

    fn warnings(comment: &str) -> Vec<String> {
        let found = read(comment).expect("an annotation");
        let told = |one: &conductor_source::Diagnostic| {
            let span = one.span();
            let help = one.help.as_deref().unwrap_or("-");
            format!("{} `{}` {help}", one.message, &comment[span.start()..span.end()])
        };
        found.diagnostics.iter().map(told).collect()
    }

    #[test]
    fn every_key() {
        let found = read(
            "# conductor: task fetch_user effect=read idempotent in_doubt=fail policy=retry_default \
             compensate=refund uses=db,cache critical=false description=\"Finds \\\"it\\\", fast\"",
        )
        .expect("an annotation");
        assert_eq!(found.diagnostics, []);
        let all = found.annotation;
        assert_eq!(all.name.map(|name| name.value).as_deref(), Some("fetch_user"));
        assert_eq!(all.idempotent.map(|one| one.value), Some(true));
        assert_eq!(all.critical.map(|one| one.value), Some(false));
        assert_eq!(all.uses.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["db", "cache"]);
        assert_eq!(all.compensate.map(|one| one.value).as_deref(), Some("refund"));
        assert!(matches!(all.policy, Some(PolicyUse::Named(id)) if id.value == "retry_default"));
        assert_eq!(all.description.map(|one| one.value).as_deref(), Some("Finds \"it\", fast"));
    }

    #[test]
    fn comments_of_every_language() {
        for comment in [
            "# conductor: task f effect=read",
            "#conductor:task f effect=read",
            "//conductor:task f effect=read",
            "// conductor: task f effect=read",
            "/// conductor: task f effect=read",
            "/** @conductor task f effect=read */",
            "/**\n * Finds it.\n * @conductor task f\n *   effect=read\n * @param x what\n */",
            "# Finds it.\n# conductor: task f\n#     effect=read\n# Not more.",
            "//conductor:task f\n//conductor:effect=read",
        ] {
            let found = read(comment).unwrap_or_else(|| panic!("{comment}"));
            assert_eq!(found.diagnostics, [], "{comment}");
            assert_eq!(found.annotation.name.map(|name| name.value).as_deref(), Some("f"), "{comment}");
            assert!(found.annotation.effect.is_some(), "{comment}");
        }
    }

    #[test]
    fn what_is_none() {
        for comment in [
            "# conductor: run fetch_user and charge in parallel",
            "// Conductor: task f",
            "# see conductor: task f",
            "# conductor task f",
            "# conductor:",
            "# @conductors task f",
            "",
        ] {
            assert_eq!(read(comment), None, "{comment}");
        }
        assert!(!may_hold(b"def conductor(): ..."));
        assert!(may_hold(b"# conductor: task f"));
    }

    #[test]
    fn mistakes_are_warnings_at_their_place() {
        assert_eq!(
            warnings(
                "# conductor: task f efect=read retries=x timeout=5 foo=1 in_doubt effect=maybe effect=none"
            ),
            [
                "an annotation has no key `efect` `efect` did you mean `effect`?",
                "`x` is no value of `retries` `x` -",
                "a duration needs a unit `5` milliseconds: `5ms`, or seconds: `5s`",
                "an annotation has no key `foo` `foo` -",
                "`in_doubt` needs a value `in_doubt` -",
                "`maybe` is no value of `effect` `maybe` -",
                "`effect` stands twice in an annotation `effect` -",
            ]
        );
        assert_eq!(
            warnings("# conductor: task fetchUser idempotant effect=raed policy=p timeout=1s"),
            [
                "`fetchUser` cannot be an id `fetchUser` `fetch_user` would do; change it where it is used, too",
                "an annotation has no key `idempotant` `idempotant` did you mean `idempotent`?",
                "`raed` is no value of `effect` `raed` did you mean `read`?",
                "`retries` and `timeout` do not add to a named `policy` `1s` \
                 write them into the policy, or leave out its name",
            ]
        );
    }
}
