//! What of the language this generator does not write yet.
//!
//! It knows names of constructs, not how they would be written.

use conductor_protocol::plan::{Callable, Fallback, Plan, Step, StepKind, TaskCall};

use crate::Unsupported;

/// Every construct of the Plan that has no form in generated TypeScript yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    for step in plan.all_steps() {
        found.extend(of_step(step, plan).into_iter().map(|what| Unsupported {
            workflow: plan.workflow.clone(),
            step: Some(step.id.clone()),
            what,
        }));
    }
    found
}

fn of_step(step: &Step, plan: &Plan) -> Vec<String> {
    match &step.kind {
        StepKind::Task(call) => of_call(call),
        StepKind::Hold(hold) if hold.atomic && plan.durable && undoes(&hold.steps) => {
            vec!["`compensate` inside of an atomic `hold`".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// Whether something inside can be undone.
fn undoes(steps: &[Step]) -> bool {
    let undoes_itself = |step: &Step| matches!(&step.kind, StepKind::Task(call) if call.compensate.is_some());
    steps.iter().any(|step| undoes_itself(step) || step.kind.bodies().into_iter().any(undoes))
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
