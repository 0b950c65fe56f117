//! A bound step as a step of the Plan, with its barrier.
//!
//! It knows what must be on disk before a step begins, not how a runtime waits for it.

use conductor_protocol::plan::{self, Callable, Effect, InDoubt, TaskCall, WorkflowCall};
use conductor_resolve::{Graph, Step, StepKind, Workflow};

/// The step; `None` never, for a verified graph: its tasks have signatures.
pub(crate) fn planned(graph: &Graph, workflow: &Workflow, step: &Step) -> Option<plan::Step> {
    let inner = |steps: &[Step]| steps.iter().filter_map(|step| planned(graph, workflow, step)).collect();
    let kind = match &step.kind {
        StepKind::Task(call) => {
            let task = graph.tasks.get(call.task)?;
            let signature = task.signature.as_ref()?;
            plan::StepKind::Task(Box::new(TaskCall {
                task: task.id.value.clone(),
                callable: Callable {
                    language: signature.language,
                    module: signature.module.clone(),
                    name: signature.name.clone(),
                    is_async: signature.is_async,
                    returns: signature.returns.clone(),
                    annotated: signature.returns_span.is_some(),
                },
                args: call.args.clone(),
                policy: call.policy.clone(),
                effect: task.effect,
                idempotent: task.idempotent,
                in_doubt: task.in_doubt.unwrap_or(InDoubt::Retry),
                // What a write changes can be noticed: all before it, and its own start, must be on disk first.
                barrier: workflow.durable && task.effect == Effect::Write,
            }))
        }
        StepKind::Workflow(call) => {
            let callee = graph.workflows.get(call.workflow)?;
            plan::StepKind::Workflow(WorkflowCall {
                workflow: callee.id.value.clone(),
                durable: callee.durable,
                args: call.args.clone(),
                // A child is a run of its own, so its start is a write.
                barrier: workflow.durable,
            })
        }
        StepKind::Sequence(steps) => plan::StepKind::Sequence { steps: inner(steps) },
        StepKind::Parallel { branches, max_concurrency, on_failure } => plan::StepKind::Parallel {
            branches: inner(branches),
            max_concurrency: *max_concurrency,
            on_failure: *on_failure,
        },
    };
    Some(plan::Step {
        id: step.id.clone(),
        anonymous: step.anonymous,
        when: step.when.clone(),
        critical: step.critical,
        deadline_ms: step.deadline.as_ref().map(|deadline| deadline.value),
        ty: step.ty.clone(),
        kind,
    })
}
