//! `_resources.py`: what attempts take before they begin, and the clients that they are handed.
//!
//! It knows which driver a parameter's annotation asks for; how one is opened stands in the runtime.

mod forms;
mod module;

use std::collections::BTreeMap;

use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Fallback, Language, Plan, Policy, Rate, Receiver, Resource, StepKind,
    TaskCall,
};

pub use forms::{Form, Share, unsupported, wanted};
pub use module::{module, rate};

use super::file::File;
use super::tree::Py;
use crate::EmitError;
use crate::served;

/// What an argument that is a resource comes to.
pub enum Handed {
    /// An expression for the client, which every call shares.
    Client(Py),
    /// A context in which the call must be made: it lends a connection under the name.
    Connection { context: Py, name: String },
}

/// Limits of the attempts of one task, from its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Of the policy, where it has a name.
    pub policy: Option<String>,
    pub bulkhead: Option<u32>,
    pub rate: Option<Rate>,
}

impl Limits {
    fn of(policy: &Policy) -> Option<Limits> {
        let limits = Limits { policy: policy.id.clone(), bulkhead: policy.bulkhead, rate: policy.rate_limit };
        (limits.bulkhead.is_some() || limits.rate.is_some()).then_some(limits)
    }
}

/// What the Plans together take.
#[derive(Default)]
pub struct Resources<'a> {
    /// By id.
    pub known: BTreeMap<&'a str, &'a Resource>,
    /// Of each task, as many as its steps' policies differ in.
    pub limits: BTreeMap<&'a str, Vec<Limits>>,
}

impl<'a> Resources<'a> {
    pub fn of(plans: &'a [Plan]) -> Resources<'a> {
        let mut resources = Resources::default();
        for plan in plans {
            resources.know(plan);
            for step in plan.all_steps() {
                if let StepKind::Task(call) = &step.kind {
                    resources.limit(call);
                }
            }
        }
        resources
    }

    /// Those that the Plan's steps use.
    pub fn know(&mut self, plan: &'a Plan) {
        self.known.extend(plan.resources.iter().map(|resource| (resource.id.as_str(), resource)));
    }

    fn limit(&mut self, call: &'a TaskCall) {
        if let Some(limits) = Limits::of(&call.policy) {
            let known = self.limits.entry(&call.task).or_default();
            if !known.contains(&limits) {
                known.push(limits);
            }
        }
        if let Some(Fallback::Task(other)) = &call.fallback {
            self.limit(other);
        }
        if let Some(undo) = &call.compensate {
            self.limit(undo);
        }
    }

    /// The constant of a task's limits: the first has no number.
    fn limits_name(&self, task: &str, limits: &Limits) -> Option<String> {
        let index = self.limits.get(task)?.iter().position(|known| known == limits)?;
        Some(limits_constant(task, index))
    }
}

/// The elements of `uses=(...)` and `Using(...)`: the task's own limits, then each resource in the Plan's order.
pub fn uses(file: &mut File, call: &TaskCall) -> Vec<Py> {
    let mut all = limits(file, call);
    all.extend(permits(file, call));
    all
}

/// The limits of the task itself: its rate and its bulkhead.
pub fn limits(file: &mut File, call: &TaskCall) -> Vec<Py> {
    let own =
        Limits::of(&call.policy).and_then(|limits| file.package.resources.limits_name(&call.task, &limits));
    own.into_iter().map(|name| constant(file, &name)).collect()
}

/// What each call takes of resources.
pub fn permits(file: &mut File, call: &TaskCall) -> Vec<Py> {
    let package = file.package;
    let mut names = Vec::new();
    for id in served::uses_here(call, Language::Python) {
        let Some(resource) = package.resources.known.get(id) else { continue };
        let forms = forms_of(resource, call);
        if forms.is_empty() && (resource.permits().is_some() || resource.rate_limit.is_some()) {
            package.want_permits(id);
            names.push(permits_constant(id));
        }
        for form in forms {
            package.want_client(id, form);
            names.push(form.constant(id));
        }
    }
    names.into_iter().map(|name| constant(file, &name)).collect()
}

/// The permits of a resource, which all of its clients share.
pub fn shared_permits(file: &mut File, id: &str) -> Py {
    file.package.want_permits(id);
    constant(file, &permits_constant(id))
}

/// What the argument hands over, where it is a resource.
pub fn handed(file: &mut File, call: &TaskCall, argument: &Argument) -> Option<Handed> {
    let ArgumentValue::Resource(id) = &argument.value else { return None };
    let resource = file.package.resources.known.get(id.as_str())?;
    let (form, share) = wanted(resource, &argument.ty, call.callable.listens())?;
    file.package.want_client(id, form);
    let client = constant(file, &form.constant(id));
    Some(match share {
        Share::Client => Handed::Client(client.attr("client").called(Vec::new())),
        Share::Connection => {
            let context = client.attr("connection").called(Vec::new());
            Handed::Connection { context, name: format!("_{id}") }
        }
    })
}

/// Whether the argument is a connection that must live as long as the call.
pub fn is_lent(file: &File, call: &TaskCall, argument: &Argument) -> bool {
    let ArgumentValue::Resource(id) = &argument.value else { return false };
    let resource = file.package.resources.known.get(id.as_str());
    resource
        .and_then(|resource| wanted(resource, &argument.ty, call.callable.listens()))
        .is_some_and(|(_, share)| share == Share::Connection)
}

/// The client of a resource whose own operations are called, or on which a method is.
pub fn client_of(file: &mut File, id: &str) -> Result<Py, EmitError> {
    let resource = file.package.resources.known.get(id);
    let unknown = || EmitError::Unsupported { what: format!("the client of `{id}`") };
    let form = Form::of_operations(resource.ok_or_else(unknown)?);
    file.package.want_client(id, form);
    Ok(constant(file, &form.constant(id)).attr("client").called(Vec::new()))
}

/// The clients of the resource that the call needs, each once.
fn forms_of(resource: &Resource, call: &TaskCall) -> Vec<Form> {
    let of_argument = |argument: &Argument| match &argument.value {
        ArgumentValue::Resource(id) if *id == resource.id => {
            wanted(resource, &argument.ty, call.callable.listens()).map(|(form, _)| form)
        }
        _ => None,
    };
    let called_on = match &call.callable {
        Callable::Function(function) => {
            matches!(&function.receiver, Some(Receiver::Resource(id)) if *id == resource.id)
        }
        remote => remote.resource() == Some(&resource.id),
    };
    let own = called_on.then(|| Form::of_operations(resource));
    let mut forms: Vec<Form> = own.into_iter().chain(call.arguments().filter_map(of_argument)).collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// `_resources.NAME`.
fn constant(file: &mut File, name: &str) -> Py {
    file.import_from(".", "_resources");
    Py::atom(format!("_resources.{name}"))
}

/// No two constants can be equal: each ends with what it is, and no ending is the end of another.
fn permits_constant(id: &str) -> String {
    format!("{}_PERMITS", id.to_uppercase())
}

fn limits_constant(task: &str, index: usize) -> String {
    let task = task.to_uppercase();
    if index == 0 { format!("{task}_LIMITS") } else { format!("{task}_LIMITS_{}", index + 1) }
}
