//! The bound graph as trees of timed work, for the bounds that the rules judge.
//!
//! It knows the graph's nodes, not what is computed over the tree; a Plan has a twin of this in `conductor-budget`.

use conductor_budget::{Call, Flow, Kind, Work, written_length};
use conductor_protocol::plan::{Delay, LoopTest, OnTimeout};
use conductor_resolve::{Fallback, Graph, Step, StepKind, TaskStep};

/// The flows of the graph, in its order.
pub(crate) fn flows(graph: &Graph) -> Vec<Flow<'_>> {
    conductor_parallel::map(graph.workflows.len(), &graph.workflows, |workflow| Flow {
        id: &workflow.id.value,
        deadline_ms: workflow.deadline.as_ref().map(|deadline| deadline.value),
        steps: works(graph, &workflow.steps),
    })
}

fn works<'a>(graph: &'a Graph, steps: &'a [Step]) -> Vec<Work<'a>> {
    let works = steps.iter().map(|step| Work {
        id: &step.id,
        conditional: step.when.is_some(),
        critical: step.critical,
        deadline_ms: step.deadline.as_ref().map(|deadline| deadline.value),
        needs: &step.needs,
        kind: kind(graph, &step.kind),
    });
    works.collect()
}

fn kind<'a>(graph: &'a Graph, kind: &'a StepKind) -> Kind<'a> {
    match kind {
        StepKind::Task(step) => Kind::Call(Box::new(call(graph, step))),
        StepKind::Workflow(step) => Kind::Flow { flow: Some(step.workflow), detach: step.detach },
        StepKind::Sequence(steps) => Kind::Sequence(works(graph, steps)),
        StepKind::Hold(hold) => Kind::Sequence(works(graph, &hold.steps)),
        StepKind::Parallel { branches, max_concurrency, .. } => {
            Kind::Parallel { branches: works(graph, branches), width: *max_concurrency }
        }
        StepKind::Graph(steps) => Kind::Graph(works(graph, steps)),
        StepKind::Race(branches) => Kind::Race(works(graph, branches)),
        StepKind::Map(map) => Kind::Map {
            length: written_length(&map.over),
            width: map.max_concurrency,
            steps: works(graph, &map.steps),
        },
        StepKind::Switch(cases) => Kind::Switch {
            cases: cases.iter().map(|case| works(graph, &case.steps)).collect(),
            exhaustive: cases.last().is_some_and(|last| last.when.is_none()),
        },
        StepKind::Loop(block) => Kind::Loop {
            iterations: block.max_iterations,
            every_ms: block.every_ms.unwrap_or(0),
            at_least_once: block.test == LoopTest::Until,
            steps: works(graph, &block.steps),
        },
        StepKind::Try(block) => Kind::Try {
            steps: works(graph, &block.steps),
            catches: block.catches.iter().map(|catch| works(graph, &catch.steps)).collect(),
            finally: works(graph, &block.finally),
        },
        StepKind::Sleep(Delay::Fixed { ms }) => Kind::Sleep(Some(*ms)),
        StepKind::Sleep(Delay::Computed(_)) => Kind::Sleep(None),
        StepKind::WaitFor(wait) => {
            Kind::Wait { timeout_ms: wait.timeout_ms, fails: wait.on_timeout == OnTimeout::Fail }
        }
        StepKind::Emit(_) | StepKind::Set(_) => Kind::Instant,
        StepKind::Return(_) => Kind::Return,
        StepKind::Fail { .. } => Kind::Fail,
    }
}

fn call<'a>(graph: &'a Graph, step: &'a TaskStep) -> Call<'a> {
    let fallback = match &step.fallback {
        Some(Fallback::Task(fallback)) => Some(Box::new(call(graph, fallback))),
        _ => None,
    };
    Call {
        task: &graph.tasks[step.task].id.value,
        policy: &step.policy,
        has_fallback: step.fallback.is_some(),
        fallback,
        compensate: step.compensate.as_deref().map(|undo| Box::new(call(graph, undo))),
    }
}
