//! The verified graph as Plans, one a workflow: barriers placed, types gathered, places forgotten; and what lies between
//! two sets of Plans.
//!
//! It knows neither the manifest's text nor any target language.

mod continuity;
mod diff;
mod reachable;
mod saved;
mod step;
mod waits;

pub use continuity::{Obstacle, Recorded, obstacles};
pub use diff::{Action, FieldChange, Moved, Place, StepChange, Whole, WorkflowChange, counts, diff};
pub use reachable::has_open_types;
pub use saved::{FILE as SAVED_PLANS, SavedError, read as read_plans, text as saved_plans};
pub use waits::{Waits, waits};

use std::collections::BTreeSet;

use conductor_check::Verified;
use conductor_protocol::FORMAT_VERSION;
use conductor_protocol::plan::{Concurrency, Plan, Resource};
use conductor_resolve::{Graph, StepKind, Workflow};

/// The Plans, in the manifest's order.
#[must_use]
pub fn plans(verified: &Verified) -> Vec<Plan> {
    let graph = verified.graph();
    conductor_parallel::map(graph.workflows.len(), &graph.workflows, |workflow| plan(graph, workflow))
}

fn plan(graph: &Graph, workflow: &Workflow) -> Plan {
    let mut plan = Plan {
        format: FORMAT_VERSION,
        workflow: workflow.id.value.clone(),
        language: workflow.language,
        entrypoint: workflow.entrypoint,
        durable: workflow.durable,
        deadline_ms: workflow.deadline.as_ref().map(|deadline| deadline.value),
        concurrency: workflow
            .concurrency
            .as_ref()
            .map(|written| Concurrency { limit: written.limit, key: written.key.clone() }),
        schedule: workflow.schedule.clone(),
        inputs: workflow.inputs.clone(),
        resources: resources(graph, workflow),
        steps: workflow.steps.iter().filter_map(|step| step::planned(graph, workflow, step)).collect(),
        output: workflow.output.clone(),
        types: Default::default(),
    };
    plan.types = reachable::types(&plan, &graph.types);
    plan
}

/// The resources of which the workflow's own steps hold permits, by id.
fn resources(graph: &Graph, workflow: &Workflow) -> Vec<Resource> {
    let mut found = BTreeSet::new();
    for step in workflow.all_steps() {
        match &step.kind {
            StepKind::Task(call) => found.extend(call.with_others().flat_map(|call| &call.uses)),
            StepKind::Hold(hold) => {
                found.insert(hold.resource);
            }
            _ => {}
        }
    }
    let mut resources: Vec<Resource> =
        found.into_iter().filter_map(|at| graph.resources.get(at)).map(|found| found.plan.clone()).collect();
    resources.sort_by(|one, other| one.id.cmp(&other.id));
    resources
}
