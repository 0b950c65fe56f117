//! What of the language this generator does not write yet.
//!
//! It knows names of constructs, not how they would be written.

use conductor_protocol::plan::{
    ArgumentValue, Fallback, Language, Plan, Receiver, ResourceKind, StepKind, TaskCall,
};

use super::clients;
use crate::Unsupported;

/// Every construct of the Plan that has no form in generated Go yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    let mut whole = |used: bool, what: &str| {
        if used {
            found.push(Unsupported { workflow: plan.workflow.clone(), step: None, what: what.to_owned() });
        }
    };
    whole(plan.language != Language::Go, &format!("a workflow that {} orchestrates", plan.language.as_str()));
    for step in plan.all_steps() {
        let what = match &step.kind {
            StepKind::Task(call) => of_call(plan, call),
            _ => Vec::new(),
        };
        found.extend(what.into_iter().map(|what| Unsupported {
            workflow: plan.workflow.clone(),
            step: Some(step.id.clone()),
            what,
        }));
    }
    found
}

fn of_call(plan: &Plan, call: &TaskCall) -> Vec<String> {
    let mut found = Vec::new();
    let of = |id: &String| plan.resources.iter().find(|resource| resource.id == *id);
    if let Some(Receiver::Resource(id)) = call.callable.function().and_then(|called| called.receiver.as_ref())
        && of(id).is_some_and(|resource| resource.kind != ResourceKind::Custom)
    {
        found.push(format!("a method of the client of `{id}`"));
    }
    for argument in call.arguments() {
        let ArgumentValue::Resource(id) = &argument.value else { continue };
        let Some(resource) = of(id) else { continue };
        let is_known = clients::known(resource, argument).is_some();
        if resource.kind != ResourceKind::Custom && !is_known {
            let types = clients::wanted(resource.spoken());
            found
                .push(format!("the client that `{}` takes of `{id}`: known are {types}", argument.parameter));
        }
        if resource.open.as_ref().is_some_and(|open| open.language != Language::Go) {
            found.push(format!("the client of `{id}`, which another language opens"));
        }
    }
    if let Some(Fallback::Task(other)) = &call.fallback {
        found.extend(of_call(plan, other).into_iter().map(|what| format!("{what} in a fallback")));
    }
    if let Some(undo) = &call.compensate {
        found.extend(of_call(plan, undo).into_iter().map(|what| format!("{what} in a compensation")));
    }
    found
}
