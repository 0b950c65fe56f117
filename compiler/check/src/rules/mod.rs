//! One file a rule; each looks at the whole and says what breaks it.
//!
//! No rule knows another: a finding never depends on whether a second one is made.

mod blocking_timeout;
mod delay_order;
mod in_doubt;
mod kept_waiting;
mod opaque_value;
mod parallel_writes;
mod retry_and_abort;
mod timeout_over_deadline;
mod unannotated;
mod unheard_signal;
mod unreachable;
mod unused;

use conductor_model::{PolicyFields, PolicyUse};
use conductor_resolve::{StepKind, TaskStep};
use conductor_source::Diagnostic;

use crate::Context;

type Rule = fn(Context<'_>) -> Vec<Diagnostic>;

pub(crate) const ALL: &[Rule] = &[
    opaque_value::rule,
    timeout_over_deadline::rule,
    delay_order::rule,
    retry_and_abort::rule,
    in_doubt::rule,
    blocking_timeout::rule,
    unannotated::rule,
    unused::rule,
    crate::flow::deadlocks,
    crate::flow::signals::rule,
    unheard_signal::rule,
    kept_waiting::rule,
    parallel_writes::rule,
    unreachable::rule,
];

/// Every policy of the manifest, named or written where it is used.
fn policies<'a>(context: Context<'a>) -> Vec<&'a PolicyFields> {
    fn of_steps<'a>(steps: &'a [conductor_model::Step], found: &mut Vec<&'a PolicyFields>) {
        for step in steps {
            inline(step.policy.as_ref(), found);
            step.kind.bodies().into_iter().for_each(|inside| of_steps(inside, found));
        }
    }
    fn inline<'a>(usage: Option<&'a PolicyUse>, found: &mut Vec<&'a PolicyFields>) {
        if let Some(PolicyUse::Inline(fields, _)) = usage {
            found.push(fields);
        }
    }
    let mut found: Vec<&PolicyFields> =
        context.manifest.policies.iter().map(|policy| &policy.fields).collect();
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
    context.graph.workflows.iter().flat_map(conductor_resolve::Workflow::all_steps).flat_map(|step| {
        match &step.kind {
            StepKind::Task(call) => call.with_others(),
            _ => Vec::new(),
        }
    })
}
