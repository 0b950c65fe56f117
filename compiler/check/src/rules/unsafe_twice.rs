//! A write that must not happen twice may be neither hedged nor raced nor answered from a cache.
//!
//! It knows what the manifest and the signature say of a task, not what the function does.

use std::collections::BTreeSet;

use conductor_protocol::plan::Effect;
use conductor_resolve::{Step, StepKind, TaskStep};
use conductor_source::{Diagnostic, Span};

use super::{calls, may_happen_twice};
use crate::{Context, codes};

/// One error a task and reason.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = cached(context);
    found.extend(hedged(context));
    found.extend(raced(context));
    found
}

fn cached(context: Context<'_>) -> Vec<Diagnostic> {
    let writes = context.graph.tasks.iter().filter(|task| task.effect == Effect::Write);
    let cached = writes.filter_map(|task| {
        let pair = context.manifest.syntax.pair("effect", "read");
        Some(
            Diagnostic::error(
                codes::CACHED_WRITE,
                format!("the results of `{}` are cached, but it is a write", task.id.value),
                task.cache?,
                "a call that is answered from the cache writes nothing",
            )
            .label(task.id.span, "a task is a write unless its `effect` says otherwise")
            .help(format!("say `{pair}` if it changes nothing, else remove `cache`")),
        )
    });
    cached.collect()
}

fn hedged(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in calls(context) {
        let task = &context.graph.tasks[call.task];
        let (Some(_), Some(policy)) = (call.policy.hedge, call.policy_span) else { continue };
        if may_happen_twice(call, task) || !seen.insert(call.task) {
            continue;
        }
        found.push(
            Diagnostic::error(
                codes::HEDGED_WRITE,
                format!("`{}` is hedged, but it is a write that must not happen twice", task.id.value),
                task.id.span,
                "neither a read nor idempotent",
            )
            .label(policy, "this policy calls it a second time beside the first")
            .help(help(context)),
        );
    }
    found
}

fn help(context: Context<'_>) -> String {
    let pair = |key, value| context.manifest.syntax.pair(key, value);
    format!(
        "say `{}` if it changes nothing, `{}` if twice is as good as once; or give the function a parameter \
         `idempotency_key`",
        pair("effect", "read"),
        pair("idempotent", "true"),
    )
}

fn raced(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for workflow in &context.graph.workflows {
        for race in workflow.all_steps() {
            let StepKind::Race(branches) = &race.kind else { continue };
            // Outer races come first: what is found there is not found again in an inner one.
            for (step, call) in branches.iter().flat_map(steps_with_calls) {
                let task = &context.graph.tasks[call.task];
                if !may_happen_twice(call, task) && seen.insert(step.span) {
                    found.push(lost(context, race.keyword, step, &task.id.value, task.id.span));
                }
            }
        }
    }
    found
}

fn steps_with_calls(step: &Step) -> Vec<(&Step, &TaskStep)> {
    let mut found = Vec::new();
    let mut pending = vec![step];
    while let Some(step) = pending.pop() {
        if let StepKind::Task(call) = &step.kind {
            found.extend(call.with_others().filter(|inner| !is_undo(call, inner)).map(|call| (step, call)));
        }
        pending.extend(step.children());
    }
    found
}

/// What undoes a write is not raced: it runs after the failure of the run.
fn is_undo(call: &TaskStep, inner: &TaskStep) -> bool {
    call.compensate.as_deref().is_some_and(|undo| std::ptr::eq(undo, inner))
}

fn lost(context: Context<'_>, race: Span, step: &Step, task: &str, task_span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::RACED_WRITE,
        format!("`{task}` may lose a race, but it is a write that must not happen twice"),
        step.keyword,
        "cancelled when another branch wins, and may have happened all the same",
    )
    .label(race, "the race")
    .label(task_span, "neither a read nor idempotent")
    .help(format!("move the write after the race; or {}", help(context)))
}
