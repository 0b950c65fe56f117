//! Plans as trees of timed work.
//!
//! It knows the Plan's nodes, not what is computed over the tree.

use std::collections::BTreeMap;

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    Case, Catch, Delay, Fallback, Loop, LoopTest, OnTimeout, Plan, Step, StepKind, TaskCall,
};

use crate::work::{Call, Flow, Kind, Work};

/// The flows of Plans that call each other by name. A callee that is not among them takes no time.
#[must_use]
pub fn flows(plans: &[Plan]) -> Vec<Flow<'_>> {
    let names: BTreeMap<&str, usize> =
        plans.iter().enumerate().map(|(index, plan)| (plan.workflow.as_str(), index)).collect();
    plans
        .iter()
        .map(|plan| Flow {
            id: &plan.workflow,
            deadline_ms: plan.deadline_ms,
            steps: works(&plan.steps, &names),
        })
        .collect()
}

fn works<'a>(steps: &'a [Step], names: &BTreeMap<&str, usize>) -> Vec<Work<'a>> {
    steps.iter().map(|step| work(step, names)).collect()
}

fn work<'a>(step: &'a Step, names: &BTreeMap<&str, usize>) -> Work<'a> {
    Work {
        id: &step.id,
        conditional: step.when.is_some(),
        critical: step.critical,
        deadline_ms: step.deadline_ms,
        needs: &step.needs,
        kind: kind(&step.kind, names),
    }
}

fn kind<'a>(kind: &'a StepKind, names: &BTreeMap<&str, usize>) -> Kind<'a> {
    match kind {
        StepKind::Task(call) => Kind::Call(Box::new(task(call))),
        StepKind::Workflow(call) => {
            Kind::Flow { flow: names.get(call.workflow.as_str()).copied(), detach: call.detach }
        }
        StepKind::Sequence { steps } => Kind::Sequence(works(steps, names)),
        StepKind::Hold(hold) => Kind::Sequence(works(&hold.steps, names)),
        StepKind::Parallel { branches, max_concurrency, .. } => {
            Kind::Parallel { branches: works(branches, names), width: *max_concurrency }
        }
        StepKind::Graph { steps } => Kind::Graph(works(steps, names)),
        StepKind::Race { branches } => Kind::Race(works(branches, names)),
        StepKind::Map(map) => Kind::Map {
            length: written_length(&map.over),
            width: map.max_concurrency,
            steps: works(&map.steps, names),
        },
        StepKind::Switch { cases } => Kind::Switch {
            cases: cases.iter().map(|Case { steps, .. }| works(steps, names)).collect(),
            exhaustive: cases.last().is_some_and(|last| last.when.is_none()),
        },
        StepKind::Loop(block) => repeat(block, names),
        StepKind::Try(block) => Kind::Try {
            steps: works(&block.steps, names),
            catches: block.catches.iter().map(|Catch { steps, .. }| works(steps, names)).collect(),
            finally: works(&block.finally, names),
        },
        StepKind::Sleep(Delay::Fixed { ms }) => Kind::Sleep(Some(*ms)),
        StepKind::Sleep(Delay::Computed(_)) => Kind::Sleep(None),
        StepKind::WaitFor(wait) => {
            Kind::Wait { timeout_ms: wait.timeout_ms, fails: wait.on_timeout == OnTimeout::Fail }
        }
        StepKind::Emit(_) | StepKind::Set { .. } => Kind::Instant,
        StepKind::Return { .. } => Kind::Return,
        StepKind::Fail { .. } => Kind::Fail,
    }
}

fn repeat<'a>(block: &'a Loop, names: &BTreeMap<&str, usize>) -> Kind<'a> {
    Kind::Loop {
        iterations: block.max_iterations,
        every_ms: block.every_ms.unwrap_or(0),
        at_least_once: block.test == LoopTest::Until,
        steps: works(&block.steps, names),
    }
}

fn task(call: &TaskCall) -> Call<'_> {
    let fallback = match &call.fallback {
        Some(Fallback::Task(fallback)) => Some(Box::new(task(fallback))),
        _ => None,
    };
    Call {
        task: &call.task,
        policy: &call.policy,
        has_fallback: call.fallback.is_some(),
        fallback,
        compensate: call.compensate.as_deref().map(|undo| Box::new(task(undo))),
    }
}

/// How many items a list has that is written out.
#[must_use]
pub fn written_length(over: &Expr) -> Option<u64> {
    match &over.node {
        Node::List(items) => u64::try_from(items.len()).ok(),
        Node::Convert(inner) => written_length(inner),
        _ => None,
    }
}
