//! What comments beside functions say of the tasks that lead to them.
//!
//! It knows no comment: annotations come with signatures. The manifest's own words win.

use conductor_model::{Annotation, Compensate, Findings, Id, Lookup, Manifest, PolicyUse, Spanned, Task};
use conductor_source::{Code, Diagnostic, Severity, Span};

/// The manifest and a comment in the code say different things of a task.
pub(crate) const DIFFERS: Code = Code("W122");

/// Fills in what the manifest leaves open. Where both speak and differ, that is said.
pub(crate) fn fill(manifest: &mut Manifest, findings: &Findings) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for task in &mut manifest.tasks {
        let Some(Lookup::Found(found)) = findings.lookups.get(&task.reference.value) else { continue };
        if let Some(annotation) = &found.annotation {
            fill_task(task, annotation, &mut told);
        }
    }
    told
}

fn fill_task(task: &mut Task, said: &Annotation, told: &mut Vec<Diagnostic>) {
    let id = task.id.value.clone();
    let mut word = |key: &str, same: bool, ours: Span, theirs: Span| {
        if !same {
            told.push(differs(&id, key, ours, theirs));
        }
    };
    one(&mut task.effect, said.effect.as_ref(), |same, ours, theirs| word("effect", same, ours, theirs));
    one(&mut task.idempotent, said.idempotent.as_ref(), |same, ours, theirs| {
        word("idempotent", same, ours, theirs);
    });
    one(&mut task.in_doubt, said.in_doubt.as_ref(), |same, ours, theirs| {
        word("in_doubt", same, ours, theirs)
    });
    one(&mut task.critical, said.critical.as_ref(), |same, ours, theirs| {
        word("critical", same, ours, theirs)
    });
    if task.description.is_none() {
        task.description.clone_from(&said.description);
    }
    match (&task.policy, &said.policy) {
        (None, theirs) => task.policy.clone_from(theirs),
        (Some(ours), Some(theirs)) => word("policy", is_same(ours, theirs), place(ours), place(theirs)),
        (Some(_), None) => {}
    }
    match (&task.compensate, &said.compensate) {
        (None, Some(theirs)) => {
            task.compensate = Some(Compensate { task: theirs.clone(), with: Vec::new() });
        }
        (Some(ours), Some(theirs)) => {
            word("compensate", ours.task.value == theirs.value, ours.task.span, theirs.span);
        }
        (_, None) => {}
    }
    match (task.uses.first(), said.uses.first()) {
        (None, _) => task.uses.clone_from(&said.uses),
        (Some(ours), Some(theirs)) => {
            word("uses", names(&task.uses) == names(&said.uses), ours.span, theirs.span);
        }
        (Some(_), None) => {}
    }
}

/// Takes a value where there is none, else tells whether it is the same.
fn one<T: Clone + PartialEq>(
    ours: &mut Option<Spanned<T>>,
    theirs: Option<&Spanned<T>>,
    mut tell: impl FnMut(bool, Span, Span),
) {
    match (&ours, theirs) {
        (Some(ours), Some(theirs)) => tell(ours.value == theirs.value, ours.span, theirs.span),
        (None, Some(theirs)) => *ours = Some(theirs.clone()),
        (_, None) => {}
    }
}

fn names(ids: &[Id]) -> Vec<&str> {
    let mut names: Vec<&str> = ids.iter().map(|id| id.value.as_str()).collect();
    names.sort_unstable();
    names
}

fn is_same(ours: &PolicyUse, theirs: &PolicyUse) -> bool {
    match (ours, theirs) {
        (PolicyUse::Named(ours), PolicyUse::Named(theirs)) => ours.value == theirs.value,
        // A policy in place says more than a comment can.
        (PolicyUse::Inline(..), PolicyUse::Inline(..)) => true,
        _ => false,
    }
}

fn place(policy: &PolicyUse) -> Span {
    match policy {
        PolicyUse::Named(id) => id.span,
        PolicyUse::Inline(_, span) => *span,
    }
}

fn differs(task: &str, key: &str, ours: Span, theirs: Span) -> Diagnostic {
    let message = format!("the manifest and the code differ in the `{key}` of the task `{task}`");
    Diagnostic::new(Severity::Advice, DIFFERS, message, ours, "this is what counts")
        .label(theirs, "the comment in the code says this")
        .help("change one of them, or leave it out of the manifest")
}
