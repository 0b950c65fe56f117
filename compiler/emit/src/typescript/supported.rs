//! What of the language this generator does not write yet.
//!
//! It knows names of constructs, not how they would be written.

use conductor_protocol::plan::{Callable, Fallback, Plan, Step, StepKind, TaskCall};

use crate::Unsupported;

/// Every construct of the Plan that has no form in generated TypeScript yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    for step in plan.all_steps() {
        found.extend(of_step(step).into_iter().map(|what| Unsupported {
            workflow: plan.workflow.clone(),
            step: Some(step.id.clone()),
            what,
        }));
    }
    found
}

fn of_step(step: &Step) -> Vec<String> {
    match &step.kind {
        StepKind::Task(call) => of_call(call),
        _ => Vec::new(),
    }
}

fn of_call(call: &TaskCall) -> Vec<String> {
    let mut found = Vec::new();
    match &call.callable {
        Callable::Function(_) | Callable::Http { .. } => {}
        Callable::Grpc { .. } => found.push("a gRPC method".to_owned()),
    }
    if let Some(Fallback::Task(other)) = &call.fallback {
        found.extend(of_call(other).into_iter().map(|what| format!("{what} in a fallback")));
    }
    if let Some(undo) = &call.compensate {
        found.extend(of_call(undo).into_iter().map(|what| format!("{what} in a compensation")));
    }
    found
}
