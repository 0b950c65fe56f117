//! A bound step as a step of the Plan, with its barrier.
//!
//! It knows what must be on disk before a step begins, not how a runtime waits for it.

use conductor_protocol::plan::{
    self, Case, Catch, Effect, Emit, Fallback, Hold, InDoubt, Loop, Map, TaskCall, Try, WorkflowCall,
};
use conductor_resolve::{self as bound, Graph, Step, StepKind, Workflow, callable};

/// The step; `None` never, for a verified graph: its tasks have signatures.
pub(crate) fn planned(graph: &Graph, workflow: &Workflow, step: &Step) -> Option<plan::Step> {
    Some(plan::Step {
        id: step.id.clone(),
        anonymous: step.anonymous,
        when: step.when.clone(),
        critical: step.critical,
        deadline_ms: step.deadline.as_ref().map(|deadline| deadline.value),
        needs: step.needs.clone(),
        ty: step.ty.clone(),
        kind: kind(graph, workflow, step)?,
    })
}

fn kind(graph: &Graph, workflow: &Workflow, step: &Step) -> Option<plan::StepKind> {
    let inner = |steps: &[Step]| -> Vec<plan::Step> {
        steps.iter().filter_map(|step| planned(graph, workflow, step)).collect()
    };
    Some(match &step.kind {
        StepKind::Task(call) => plan::StepKind::Task(Box::new(task(graph, workflow, call)?)),
        StepKind::Workflow(call) => {
            let callee = graph.workflows.get(call.workflow)?;
            plan::StepKind::Workflow(WorkflowCall {
                workflow: callee.id.value.clone(),
                durable: callee.durable,
                args: call.args.clone(),
                // A child is a run of its own, so its start is a write.
                barrier: workflow.durable,
                detach: call.detach,
            })
        }
        StepKind::Sequence(steps) => plan::StepKind::Sequence { steps: inner(steps) },
        StepKind::Parallel { branches, max_concurrency, on_failure } => plan::StepKind::Parallel {
            branches: inner(branches),
            max_concurrency: *max_concurrency,
            on_failure: *on_failure,
        },
        StepKind::Graph(steps) => plan::StepKind::Graph { steps: inner(steps) },
        StepKind::Race(branches) => plan::StepKind::Race { branches: inner(branches) },
        StepKind::Map(map) => plan::StepKind::Map(Box::new(Map {
            over: map.over.clone(),
            variable: map.variable.clone(),
            item: map.item.clone(),
            max_concurrency: map.max_concurrency,
            steps: inner(&map.steps),
        })),
        StepKind::Switch(cases) => plan::StepKind::Switch {
            cases: cases
                .iter()
                .map(|case| Case { when: case.when.clone(), steps: inner(&case.steps) })
                .collect(),
        },
        StepKind::Loop(repeat) => plan::StepKind::Loop(Box::new(Loop {
            test: repeat.test,
            condition: repeat.condition.clone(),
            max_iterations: repeat.max_iterations,
            every_ms: repeat.every_ms,
            on_exhausted: repeat.on_exhausted,
            steps: inner(&repeat.steps),
        })),
        StepKind::Try(block) => plan::StepKind::Try(Box::new(Try {
            steps: inner(&block.steps),
            catches: block.catches.iter().map(|catch| handler(catch, inner(&catch.steps))).collect(),
            finally: inner(&block.finally),
        })),
        StepKind::Sleep(delay) => plan::StepKind::Sleep(delay.clone()),
        StepKind::WaitFor(wait) => plan::StepKind::WaitFor(wait.clone()),
        // Others may notice a signal.
        StepKind::Emit(emit) => {
            plan::StepKind::Emit(Box::new(Emit { barrier: workflow.durable, ..(**emit).clone() }))
        }
        StepKind::Hold(hold) => plan::StepKind::Hold(Hold {
            resource: graph.resources.get(hold.resource)?.id.value.clone(),
            atomic: hold.atomic,
            steps: inner(&hold.steps),
        }),
        StepKind::Set(values) => plan::StepKind::Set { values: values.clone() },
        StepKind::Return(value) => plan::StepKind::Return { value: value.clone() },
        StepKind::Fail { error, message } => {
            plan::StepKind::Fail { error: error.clone(), message: message.clone() }
        }
    })
}

fn handler(catch: &bound::Catch, steps: Vec<plan::Step>) -> Catch {
    Catch { errors: catch.errors.clone(), variable: catch.variable.clone(), steps }
}

fn task(graph: &Graph, workflow: &Workflow, call: &bound::TaskStep) -> Option<TaskCall> {
    let task = graph.tasks.get(call.task)?;
    let fallback = match &call.fallback {
        Some(bound::Fallback::Task(other)) => {
            Some(Fallback::Task(Box::new(self::task(graph, workflow, other)?)))
        }
        Some(bound::Fallback::Value(value)) => Some(Fallback::Value(value.clone())),
        None => None,
    };
    let compensate = match &call.compensate {
        // Undoing can be noticed, whatever it does.
        Some(undo) => {
            Some(Box::new(TaskCall { barrier: workflow.durable, ..self::task(graph, workflow, undo)? }))
        }
        None => None,
    };
    let resource = |at: &usize| graph.resources.get(*at).map(|resource| resource.id.value.clone());
    Some(TaskCall {
        task: task.id.value.clone(),
        callable: callable(task.signature.as_ref()?, &call.object),
        args: call.args.clone(),
        policy: call.policy.clone(),
        effect: task.effect,
        idempotent: task.idempotent,
        in_doubt: task.in_doubt.unwrap_or(InDoubt::Retry),
        // What a write changes can be noticed: all before it, and its own start, must be on disk first.
        barrier: workflow.durable && task.effect == Effect::Write,
        uses: call.uses.iter().filter_map(resource).collect(),
        cache: call.cache.clone(),
        fallback,
        compensate,
    })
}
