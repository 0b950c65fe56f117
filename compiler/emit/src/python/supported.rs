//! What of the language this generator does not write yet.
//!
//! It knows names of constructs, not how they would be written.

use conductor_protocol::plan::{Fallback, Plan, Resource, Step, StepKind, TaskCall};

use crate::Unsupported;

/// Every construct of the Plan that has no form in generated Python yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    for step in plan.all_steps() {
        found.extend(of_step(step, &plan.resources).into_iter().map(|what| Unsupported {
            workflow: plan.workflow.clone(),
            step: Some(step.id.clone()),
            what,
        }));
    }
    found
}

fn of_step(step: &Step, resources: &[Resource]) -> Vec<String> {
    if let StepKind::Task(call) = &step.kind { of_call(call, resources) } else { Vec::new() }
}

fn of_call(call: &TaskCall, resources: &[Resource]) -> Vec<String> {
    let mut found = super::resources::unsupported(resources, call);
    if let Some(Fallback::Task(other)) = &call.fallback {
        found.extend(of_call(other, resources).into_iter().map(|what| format!("{what} in a fallback")));
    }
    if let Some(undo) = &call.compensate {
        found.extend(of_call(undo, resources).into_iter().map(|what| format!("{what} in a compensation")));
    }
    found
}
