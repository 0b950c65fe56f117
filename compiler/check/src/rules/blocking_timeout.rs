//! A blocking function runs on after its time-out, or after it lost: nothing can interrupt its thread.
//!
//! It cannot know how long the function really takes.

use std::collections::BTreeSet;

use conductor_model::Signature;
use conductor_resolve::{StepKind, Task, TaskStep};
use conductor_source::{Diagnostic, Severity};

use super::enclosed::{Enclosed, enclosed};
use super::may_happen_twice;
use crate::{Context, codes};

/// What would cut a call off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// After so many milliseconds.
    Timeout(u64),
    Deadline,
    Race,
}

/// One finding a function, at its first call that something would cut off.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for place in enclosed(context) {
        let StepKind::Task(step) = &place.step.kind else { continue };
        for call in step.with_others() {
            let task = &context.graph.tasks[call.task];
            let (Some(signature), Some(cut)) = (&task.signature, cut(call, place)) else { continue };
            if !signature.listens() && seen.insert(signature.span) {
                found.push(finding(call, task, signature, cut));
            }
        }
    }
    found
}

fn cut(call: &TaskStep, place: Enclosed<'_>) -> Option<Cut> {
    let deadline = call.policy.deadline_ms.or(place.limit.map(|limit| limit.ms));
    match call.policy.timeout_ms {
        Some(timeout) => Some(Cut::Timeout(timeout)),
        None if call.policy.hedge.is_some() || place.raced => Some(Cut::Race),
        None => deadline.map(|_| Cut::Deadline),
    }
}

fn finding(call: &TaskStep, task: &Task, signature: &Signature, cut: Cut) -> Diagnostic {
    // For a write that may not happen twice the real end is awaited, so the step lasts longer than its time-out.
    let lasts = matches!(cut, Cut::Timeout(_)) && !may_happen_twice(call, task);
    let severity = if lasts { Severity::Warning } else { Severity::Advice };
    let (what, label) = match cut {
        Cut::Timeout(ms) => {
            ("a time-out", format!("its attempt fails after {ms} ms, but its thread runs to the end"))
        }
        Cut::Deadline => ("a deadline", "it may pass, but the thread runs to the end".to_owned()),
        Cut::Race => ("losing a race", "another call may win, but its thread runs to the end".to_owned()),
    };
    Diagnostic::new(
        severity,
        codes::BLOCKING_TIMEOUT,
        format!("`{}` blocks: {what} cannot interrupt it", signature.name()),
        task.id.span,
        label,
    )
    .label(signature.span, "not `async`")
    .help("give its own calls a time-out as well, make it `async def`, or say that the task is idempotent")
}
