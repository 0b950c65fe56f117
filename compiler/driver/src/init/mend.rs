//! What of a drafted manifest the compiler refuses is taken out of it, with the compiler's words.
//!
//! It knows where tasks and steps stand in the text, not what is wrong with them.

use conductor_model::{Manifest, StepKind};
use conductor_source::{Diagnostic, FileId, Severity, Span};
use conductor_syntax::Syntax;

use super::tasks::Task;
use crate::Outcome;

/// The first file of every compilation.
const MANIFEST: FileId = FileId(0);

/// Writes, and writes again without what was refused, until nothing more can be taken out.
pub(super) fn mended(
    tasks: &mut [Task],
    mut write: impl FnMut(&[Task]) -> (String, Outcome),
) -> (String, Outcome) {
    // Each round takes something away, of which a task has three things.
    for _ in 0..=3 * tasks.len() {
        let (text, outcome) = write(tasks);
        if outcome.compiled.is_some() || !take_out(tasks, &outcome) {
            return (text, outcome);
        }
    }
    write(tasks)
}

/// Whether anything was taken out.
fn take_out(tasks: &mut [Task], outcome: &Outcome) -> bool {
    let manifest = reread(outcome);
    let mut changed = false;
    for finding in outcome.diagnostics.iter().filter(|finding| finding.severity == Severity::Error) {
        // The first place that is ours is to blame; further labels say what it does not fit to.
        let taken = finding.labels.iter().find_map(|label| {
            if label.span.file == MANIFEST {
                take_out_at(tasks, &manifest, label.span, finding)
            } else {
                take_out_of_code(tasks, outcome.sources.path(label.span.file), label.span, finding)
            }
        });
        changed |= taken.unwrap_or(false);
    }
    changed
}

/// The manifest, with its places.
fn reread(outcome: &Outcome) -> Manifest {
    let syntax = Syntax::of(outcome.sources.path(MANIFEST));
    let (tree, _) = syntax.parse(MANIFEST, outcome.sources.text(MANIFEST));
    conductor_model::lower(&tree, syntax).0
}

/// Whether anything was taken out at this place; `None` where it is the place of no task and no step.
fn take_out_at(tasks: &mut [Task], manifest: &Manifest, span: Span, finding: &Diagnostic) -> Option<bool> {
    let holds = |outer: Span| outer.start <= span.start && span.end <= outer.end;
    let steps = manifest.workflows.iter().flat_map(|workflow| &workflow.steps);
    let called = steps.filter(|step| holds(step.span)).find_map(|step| match &step.kind {
        StepKind::Task(id) => Some(id.value.as_str()),
        _ => None,
    });
    let reason = one_line(finding);
    if let Some(id) = called {
        let task = tasks.iter_mut().find(|task| task.id == id)?;
        return Some(task.uncalled.replace(reason).is_none());
    }
    let written = manifest.tasks.iter().find(|task| holds(task.span))?;
    let task = tasks.iter_mut().find(|task| task.id == written.id.value)?;
    if written.compensate.as_ref().is_some_and(|undo| holds(undo.task.span)) {
        return Some(!std::mem::replace(&mut task.not_undone, true));
    }
    Some(task.left_out.replace(reason).is_none())
}

/// The same for a place in the code: a step is not called whose function wants or gives what is refused.
fn take_out_of_code(tasks: &mut [Task], path: &str, span: Span, finding: &Diagnostic) -> Option<bool> {
    let task = tasks.iter_mut().find(|task| {
        let signature = &task.signature;
        let places = signature.all_parameters().map(|parameter| parameter.span);
        let mut places = places.chain(signature.returns_span).chain([signature.span]);
        task.place.path == path && places.any(|place| place.start <= span.start && span.end <= place.end)
    })?;
    Some(task.uncalled.replace(one_line(finding)).is_none())
}

fn one_line(finding: &Diagnostic) -> String {
    finding.message.replace('\n', " ")
}
