//! What of the language this generator does not write yet.
//!
//! It knows names of constructs, not how they would be written.

use conductor_protocol::plan::{
    ArgumentValue, Callable, Fallback, Language, Plan, Receiver, Step, StepKind, TaskCall,
};

use crate::Unsupported;

/// Every construct of the Plan that has no form in generated Python yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    let mut whole = |used: bool, what: &str| {
        if used {
            found.push(Unsupported { workflow: plan.workflow.clone(), step: None, what: what.to_owned() });
        }
    };
    whole(
        plan.language != Language::Python,
        &format!("a workflow that {} orchestrates", plan.language.as_str()),
    );
    whole(plan.concurrency.is_some(), "`concurrency`");
    whole(plan.schedule.is_some(), "`schedule`");
    whole(plan.inputs.iter().any(|input| input.secret), "a `secret` input");
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
        StepKind::Workflow(call) if call.detach => vec!["`detach`".to_owned()],
        StepKind::Workflow(_) | StepKind::Sequence { .. } | StepKind::Parallel { .. } => Vec::new(),
        other => vec![format!("`{}`", other.keyword())],
    }
}

fn of_call(call: &TaskCall) -> Vec<String> {
    let resource = call.arguments().any(|argument| matches!(argument.value, ArgumentValue::Resource(_)));
    let policy = &call.policy;
    let elsewhere = call.callable.function().is_some_and(|function| function.language != Language::Python);
    let receiver = call.callable.function().and_then(|function| function.receiver.as_ref());
    let object = matches!(receiver, Some(Receiver::Resource(_)));
    let used = [
        (matches!(call.callable, Callable::Grpc { .. }), "a call of a gRPC method"),
        (matches!(call.callable, Callable::Http { .. }), "a call of an HTTP operation"),
        (object, "a method of a resource"),
        (elsewhere, "a function in another language"),
        (policy.circuit_breaker.is_some(), "`circuit_breaker`"),
        (policy.rate_limit.is_some(), "`rate_limit`"),
        (policy.bulkhead.is_some(), "`bulkhead`"),
        (policy.hedge.is_some(), "`hedge`"),
        (call.cache.is_some(), "`cache`"),
        (call.compensate.is_some(), "`compensate`"),
        (resource || !call.uses.is_empty(), "a resource"),
    ];
    let mut found: Vec<String> =
        used.iter().filter(|(used, _)| *used).map(|(_, what)| (*what).to_owned()).collect();
    if let Some(Fallback::Task(other)) = &call.fallback {
        found.extend(of_call(other).into_iter().map(|what| format!("{what} in a fallback")));
    }
    found
}
