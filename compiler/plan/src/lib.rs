//! The verified graph as Plans, one a workflow: barriers placed, types gathered, places forgotten.
//!
//! It knows neither the manifest's text nor any target language.

mod reachable;
mod step;

use conductor_check::Verified;
use conductor_protocol::FORMAT_VERSION;
use conductor_protocol::plan::{Language, Plan};
use conductor_resolve::{Graph, Workflow};

/// The Plans, in the manifest's order.
#[must_use]
pub fn plans(verified: &Verified) -> Vec<Plan> {
    let graph = verified.graph();
    graph.workflows.iter().map(|workflow| plan(graph, workflow)).collect()
}

fn plan(graph: &Graph, workflow: &Workflow) -> Plan {
    let mut plan = Plan {
        format: FORMAT_VERSION,
        workflow: workflow.id.value.clone(),
        language: Language::Python,
        entrypoint: workflow.entrypoint,
        durable: workflow.durable,
        deadline_ms: workflow.deadline.as_ref().map(|deadline| deadline.value),
        inputs: workflow.inputs.clone(),
        steps: workflow.steps.iter().filter_map(|step| step::planned(graph, workflow, step)).collect(),
        output: workflow.output.clone(),
        types: Default::default(),
    };
    plan.types = reachable::types(&plan, &graph.types);
    plan
}
