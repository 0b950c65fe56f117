//! What of a call this generator does not write yet.
//!
//! It knows the clients that functions can be handed, not how they would be written.

use conductor_protocol::plan::{ArgumentValue, Plan, Receiver, ResourceKind, TaskCall};

use super::clients;

/// What the call, of a function in Go or from a workflow in Go, takes that has no form in generated Go yet.
pub fn unsupported(plan: &Plan, call: &TaskCall) -> Vec<String> {
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
    }
    found
}
