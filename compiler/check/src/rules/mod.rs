//! One file a rule; each looks at the whole and says what breaks it.
//!
//! No rule knows another: a finding never depends on whether a second one is made.

mod amplified;
mod atomic_wait;
mod blocking_timeout;
mod deadline_too_short;
mod delay_order;
mod enclosed;
mod fallback_after_write;
mod idle_numbers;
mod in_doubt;
mod kept_waiting;
mod loop_cut_off;
mod misspelt_status;
mod opaque_value;
mod parallel_writes;
mod retries_never;
mod retry_and_abort;
mod timeout_cut_off;
mod timeout_over_deadline;
mod too_wide;
mod unannotated;
mod undurable_wait;
mod unheard_signal;
mod unreachable;
mod unsafe_twice;
mod unused;

use conductor_model::{PolicyFields, PolicyUse};
use conductor_protocol::plan::{ArgumentValue, Effect};
use conductor_resolve::{StepKind, Task, TaskStep};
use conductor_source::{Diagnostic, Span};

use crate::Context;

type Rule = fn(Context<'_>) -> Vec<Diagnostic>;

pub(crate) const ALL: &[Rule] = &[
    opaque_value::rule,
    timeout_over_deadline::rule,
    delay_order::rule,
    retry_and_abort::rule,
    in_doubt::rule,
    blocking_timeout::rule,
    deadline_too_short::rule,
    timeout_cut_off::rule,
    retries_never::rule,
    misspelt_status::rule,
    loop_cut_off::rule,
    amplified::rule,
    unsafe_twice::rule,
    fallback_after_write::rule,
    idle_numbers::rule,
    too_wide::rule,
    undurable_wait::rule,
    atomic_wait::rule,
    unannotated::rule,
    unused::rule,
    crate::flow::deadlocks,
    crate::flow::signals::rule,
    crate::flow::kept_out::rule,
    unheard_signal::rule,
    kept_waiting::rule,
    parallel_writes::rule,
    unreachable::rule,
];

/// Every policy of the manifest, named or written where it is used.
fn policies<'a>(context: Context<'a>) -> Vec<&'a PolicyFields> {
    placed_policies(context).into_iter().map(|(_, fields)| fields).collect()
}

/// The same with the place that a bound step knows it by: of its id, or of itself.
fn placed_policies<'a>(context: Context<'a>) -> Vec<(Span, &'a PolicyFields)> {
    type Found<'a> = Vec<(Span, &'a PolicyFields)>;
    fn of_steps<'a>(steps: &'a [conductor_model::Step], found: &mut Found<'a>) {
        for step in steps {
            inline(step.policy.as_ref(), found);
            step.kind.bodies().into_iter().for_each(|inside| of_steps(inside, found));
        }
    }
    fn inline<'a>(usage: Option<&'a PolicyUse>, found: &mut Found<'a>) {
        if let Some(PolicyUse::Inline(fields, span)) = usage {
            found.push((*span, fields));
        }
    }
    let mut found: Found<'a> =
        context.manifest.policies.iter().map(|policy| (policy.id.span, &policy.fields)).collect();
    for task in &context.manifest.tasks {
        inline(task.policy.as_ref(), &mut found);
    }
    for workflow in &context.manifest.workflows {
        of_steps(&workflow.steps, &mut found);
    }
    found
}

/// Every call of a task, those of fallbacks and compensations too, workflow by workflow.
fn calls<'a>(context: Context<'a>) -> impl Iterator<Item = &'a TaskStep> {
    let steps = context.graph.workflows.iter().flat_map(conductor_resolve::Workflow::all_steps);
    let calls = steps.filter_map(|step| match &step.kind {
        StepKind::Task(call) => Some(call.with_others()),
        _ => None,
    });
    calls.flatten()
}

/// Whether an attempt whose outcome is unknown may be tried again without harm.
fn may_happen_twice(call: &TaskStep, task: &Task) -> bool {
    let takes_key = call
        .object
        .iter()
        .chain(&call.args)
        .any(|argument| matches!(argument.value, ArgumentValue::IdempotencyKey));
    task.effect != Effect::Write || task.idempotent || takes_key
}
