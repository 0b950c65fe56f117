//! `# conductor: ignore P003 reason`: advice that somebody has weighed and does not want.
//!
//! It knows comments by their marks, not the grammar around them.

use conductor_source::{Code, Diagnostic, Edit, Safety, Span};

use crate::rules::{self, RULES};
use crate::select::Selection;
use crate::subject::Subject;

const WORDS: &str = "conductor: ignore";

/// A comment with the line that it is about.
struct Comment<'a> {
    span: Span,
    /// Line, from 1.
    about: usize,
    codes: Vec<&'a str>,
    used: bool,
}

/// Takes out what comments ask to leave out; a comment that leaves nothing out is itself told.
pub(crate) fn apply(subject: &Subject<'_>, selection: &Selection, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut comments = comments(subject);
    if comments.is_empty() {
        return found;
    }
    let mut left = Vec::new();
    for finding in found {
        let span = finding.span();
        let (line, _) = subject.sources.position(span.file, span.start());
        let matching = comments.iter_mut().find(|comment| {
            comment.about == line && span.file == subject.manifest.file && comment.names(finding.code)
        });
        match matching {
            Some(comment) => comment.used = true,
            None => left.push(finding),
        }
    }
    if selection.takes(rules::UNUSED_IGNORE.code.0) {
        // What was not looked for cannot be found.
        let judged = |comment: &&Comment<'_>| {
            !comment.used && comment.codes.iter().all(|code| !is_known(code) || selection.takes(code))
        };
        left.extend(comments.iter().filter(judged).map(|comment| unused(subject, comment)));
    }
    left
}

impl Comment<'_> {
    fn names(&self, code: Code) -> bool {
        self.codes.iter().any(|named| code.0.eq_ignore_ascii_case(named))
    }
}

fn is_known(code: &str) -> bool {
    RULES.iter().any(|rule| rule.code.0.eq_ignore_ascii_case(code))
}

fn comments<'a>(subject: &Subject<'a>) -> Vec<Comment<'a>> {
    let file = subject.manifest.file;
    let text = subject.sources.text(file);
    let mut found = Vec::new();
    let mut waiting: Vec<usize> = Vec::new();
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let written = line.trim();
        let is_comment = written.starts_with('#') || written.starts_with("//");
        if !written.is_empty() && !is_comment {
            for at in waiting.drain(..) {
                let comment: &mut Comment<'_> = &mut found[at];
                comment.about = index + 1;
            }
        }
        if let Some((start, codes)) = comment(line) {
            let end = line.trim_end().len();
            let span = Span::new(file, offset + start, offset + end);
            if is_comment {
                waiting.push(found.len());
            }
            found.push(Comment { span, about: index + 1, codes, used: false });
        }
        offset += line.len();
    }
    found
}

/// Where the comment begins in the line, and the codes it names.
fn comment(line: &str) -> Option<(usize, Vec<&str>)> {
    let words = line.find(WORDS)?;
    let before = line[..words].trim_end();
    let mark = before.strip_suffix("//").or_else(|| before.strip_suffix('#'))?;
    if !mark.is_empty() && !mark.ends_with([' ', '\t']) {
        return None;
    }
    // Inside a string there is an odd number of quotes before it.
    if mark.matches('"').count() % 2 == 1 || mark.matches('\'').count() % 2 == 1 {
        return None;
    }
    let rest = &line[words + WORDS.len()..];
    let is_code = |word: &&str| {
        let word = word.trim_end_matches(',');
        word.len() == 4
            && word.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && word[1..].bytes().all(|digit| digit.is_ascii_digit())
    };
    let codes = rest.split_whitespace().take_while(is_code).map(|word| word.trim_end_matches(',')).collect();
    Some((mark.len(), codes))
}

fn unused(subject: &Subject<'_>, comment: &Comment<'_>) -> Diagnostic {
    let rule = &rules::UNUSED_IGNORE;
    let unknown = comment.codes.iter().find(|code| !is_known(code));
    let (message, at) = match (comment.codes.first(), unknown) {
        (None, _) => ("the comment names no rule to ignore".to_owned(), "write `ignore P001` and the reason"),
        (_, Some(code)) => {
            (format!("there is no rule `{code}` to ignore"), "`conductor explain` lists all rules")
        }
        (Some(code), None) => {
            (format!("nothing is found that `ignore {code}` would leave out"), "remove the comment")
        }
    };
    let text = subject.sources.text(comment.span.file);
    let line = text.get(..comment.span.start()).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let before = text.get(line..comment.span.start()).unwrap_or_default();
    let span = if before.trim().is_empty() {
        let end = (comment.span.end() + 1).min(text.len());
        Span::new(comment.span.file, line, end)
    } else {
        Span::new(comment.span.file, line + before.trim_end().len(), comment.span.end())
    };
    subject.found(rule, message, comment.span, at).fix(
        "remove the comment",
        Safety::Safe,
        vec![Edit { span, text: String::new() }],
    )
}
