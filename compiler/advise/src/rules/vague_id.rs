//! N007: a name that says nothing
//!
//! It knows names.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::facts::words;
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("N007", Family::Clarity, Severity::Advice, Confidence::Medium, judge);

const VAGUE: &[&str] = &[
    "task", "step", "job", "foo", "bar", "baz", "test", "tmp", "temp", "thing", "stuff", "function",
    "handler", "func",
];

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let ids = subject.manifest.tasks.iter().map(|task| &task.id);
    let ids = ids.chain(subject.manifest.workflows.iter().map(|workflow| &workflow.id));
    let vague = ids.filter(|id| {
        let words = words(id.value.trim_end_matches(|letter: char| letter.is_ascii_digit()));
        matches!(words.as_slice(), [word] if VAGUE.contains(&word.as_str()))
            || matches!(words.as_slice(), [one, other] if VAGUE.contains(&one.as_str()) && VAGUE.contains(&other.as_str()))
    });
    let found = vague.map(|id| {
        subject
            .found(
                &RULE,
                format!("`{}` does not say what it does", id.value),
                id.span,
                "this name stands in traces, metrics and the journal",
            )
            .help("name it by a verb and what it acts on: `reserve_stock`")
    });
    found.collect()
}
