//! What of the language this generator does not write yet.
//!
//! It knows names of constructs, not how they would be written.

use conductor_protocol::plan::{Fallback, Language, Plan, Resource, Step, StepKind, TaskCall};

use crate::Unsupported;

/// Every construct of the Plan that has no form in generated Python yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    let mut whole = |used: bool, what: &str| {
        if used {
            found.push(Unsupported { workflow: plan.workflow.clone(), step: None, what: what.to_owned() });
        }
    };
    whole(plan.concurrency.is_some(), "`concurrency`");
    whole(plan.schedule.is_some(), "`schedule`");
    whole(plan.inputs.iter().any(|input| input.secret), "a `secret` input");
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
    match &step.kind {
        StepKind::Task(call) => of_call(call, resources),
        StepKind::Workflow(call) if call.detach => vec!["`detach`".to_owned()],
        StepKind::Workflow(_) | StepKind::Sequence { .. } | StepKind::Parallel { .. } => Vec::new(),
        other => vec![format!("`{}`", other.keyword())],
    }
}

fn of_call(call: &TaskCall, resources: &[Resource]) -> Vec<String> {
    let policy = &call.policy;
    let elsewhere = call.callable.function().is_some_and(|function| function.language != Language::Python);
    let used = [
        (elsewhere, "a function in another language"),
        (policy.circuit_breaker.is_some(), "`circuit_breaker`"),
        (policy.hedge.is_some(), "`hedge`"),
        (call.cache.is_some(), "`cache`"),
        (call.compensate.is_some(), "`compensate`"),
    ];
    let mut found: Vec<String> =
        used.iter().filter(|(used, _)| *used).map(|(_, what)| (*what).to_owned()).collect();
    found.extend(super::resources::unsupported(resources, call));
    if let Some(Fallback::Task(other)) = &call.fallback {
        found.extend(of_call(other, resources).into_iter().map(|what| format!("{what} in a fallback")));
    }
    found
}
