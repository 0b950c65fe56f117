//! A blocking function runs on after its time-out: nothing can interrupt its thread.
//!
//! It cannot know how long the function really takes.

use std::collections::BTreeSet;

use conductor_protocol::plan::{ArgumentValue, Effect};
use conductor_resolve::{Task, TaskStep};
use conductor_source::{Diagnostic, Severity};

use super::calls;
use crate::{Context, codes};

/// One piece of advice a function.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in calls(context) {
        let task = &context.graph.tasks[call.task];
        let (Some(signature), Some(timeout)) = (&task.signature, call.policy.timeout_ms) else { continue };
        if signature.is_async || !seen.insert(signature.span) {
            continue;
        }
        // For a write that may not happen twice the real end is awaited, so the step lasts longer than its time-out.
        let severity = if may_happen_twice(call, task) { Severity::Advice } else { Severity::Warning };
        found.push(
            Diagnostic::new(
                severity,
                codes::BLOCKING_TIMEOUT,
                format!("`{}` blocks: a time-out cannot interrupt it", signature.name),
                task.id.span,
                format!("its attempt fails after {timeout} ms, but its thread runs to the end"),
            )
            .label(signature.span, "not `async`")
            .help("give its own calls a time-out as well, make it `async def`, or say that the task is idempotent"),
        );
    }
    found
}

fn may_happen_twice(call: &TaskStep, task: &Task) -> bool {
    let takes_key = call.args.iter().any(|argument| matches!(argument.value, ArgumentValue::IdempotencyKey));
    task.effect != Effect::Write || task.idempotent || takes_key
}
