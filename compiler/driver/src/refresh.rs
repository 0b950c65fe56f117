//! What a server tells otherwise than the lock pins, as findings that name the steps which rest on it.
//!
//! It asks no server: both schemas are given to it.

use std::collections::BTreeSet;

use conductor_introspect::grpc::{Change, Schema, changes};
use conductor_model::{Manifest, Reference, Resource, Step, StepKind, Task};
use conductor_source::{Code, Diagnostic, Severity, Span};

use crate::Schemas;
use crate::lock::services::Service;

/// A call that was right may be wrong now.
pub const BROKEN: Code = Code("E172");
/// Every call is as right as it was.
pub const CHANGED: Code = Code("W172");
pub const CODES: &[Code] = &[BROKEN, CHANGED];

/// How many steps one finding points at.
const MOST_STEPS: usize = 8;

/// The server, and what the manifest has to do with it.
pub(crate) struct About<'a> {
    pub manifest: &'a Manifest,
    pub resource: &'a Resource,
    pub pin: &'a Service,
    /// What refs name of it.
    pub operations: &'a BTreeSet<&'a str>,
}

/// One finding for each change of a method that is called.
pub(crate) fn findings(about: &About<'_>, old: &Schema, new: &Schema, schemas: Schemas) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for operation in about.operations {
        let Some(method) = about.pin.method(operation) else {
            if schemas == Schemas::Compared {
                let text = format!("`{operation}` is called and not pinned yet");
                found.push(finding(about, operation, &Change { text, breaking: false }));
            }
            continue;
        };
        for change in changes(old, new, method) {
            // Two names of one method are one change.
            if seen.insert((method, change.clone())) {
                found.push(finding(about, operation, &change));
            }
        }
    }
    found
}

fn finding(about: &About<'_>, operation: &str, change: &Change) -> Diagnostic {
    of_change(about.manifest, about.resource, operation, change)
}

/// One change of an operation that is called.
pub(crate) fn of_change(
    manifest: &Manifest,
    resource: &Resource,
    operation: &str,
    change: &Change,
) -> Diagnostic {
    let id = &resource.id.value;
    let (code, severity) =
        if change.breaking { (BROKEN, Severity::Error) } else { (CHANGED, Severity::Warning) };
    let tasks: Vec<&Task> = manifest.tasks.iter().filter(|task| names(task, id, operation)).collect();
    let place = tasks.first().map_or(resource.id.span, |task| task.reference.span);
    let message = format!("`{id}` is no longer what is pinned: {}", change.text);
    let mut finding = Diagnostic::new(severity, code, message, place, "this ref leads there");
    let steps = steps(manifest, &tasks);
    for (step, workflow, span) in steps.iter().take(MOST_STEPS) {
        finding = finding.label(*span, format!("the step `{step}` of `{workflow}` rests on it"));
    }
    if steps.len() > MOST_STEPS {
        finding = finding.note(format!("{} steps rest on it", steps.len()));
    }
    finding.help("`conductor build --refresh` pins what the server tells now")
}

fn names(task: &Task, id: &str, operation: &str) -> bool {
    Reference::parse(&task.reference.value)
        .operation()
        .is_some_and(|(of, named)| of == id && named == operation)
}

/// The steps that call one of these tasks: their id, their workflow, their place.
fn steps<'a>(manifest: &'a Manifest, tasks: &[&Task]) -> Vec<(&'a str, &'a str, Span)> {
    let mut found = Vec::new();
    for workflow in &manifest.workflows {
        let mut pending: Vec<&Step> = workflow.steps.iter().rev().collect();
        while let Some(step) = pending.pop() {
            if let StepKind::Task(callee) = &step.kind
                && tasks.iter().any(|task| task.id.value == callee.value)
            {
                let id = step.id.as_ref().unwrap_or(callee);
                found.push((id.value.as_str(), workflow.id.value.as_str(), callee.span));
            }
            let inside: Vec<&Step> = step.children().collect();
            pending.extend(inside.into_iter().rev());
        }
    }
    found
}
