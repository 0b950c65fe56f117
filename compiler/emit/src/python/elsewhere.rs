//! Calls of functions in other languages, and their types as generated classes.
//!
//! It knows how such a call is spelled; who serves the function the sidecar knows.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Function, Language, Plan, TaskCall};
use conductor_protocol::types::{Field, Type, TypeDef, TypeName};

use super::cache::encoded;
use super::call::Made;
use super::codecs::Way;
use super::tree::{Arg, Py};
use super::workflow::Workflow;
use crate::EmitError;
use crate::served;

/// Whether another process makes the call.
pub fn is_called(call: &TaskCall) -> bool {
    call.callable.function().is_some_and(is_foreign)
}

fn is_foreign(function: &Function) -> bool {
    function.language != Language::Python
}

/// Whether an attempt is awaited: an asynchronous function, a service, another process.
pub fn listens(call: &TaskCall) -> bool {
    is_called(call) || call.callable.listens()
}

/// `invoke(step, "go:shop.Charge", ...)`, or `invoked(...)` where no journal is kept.
pub fn made(
    workflow: &mut Workflow,
    id: &str,
    call: &TaskCall,
    function: &Function,
) -> Result<Made, EmitError> {
    let name = served::wire_name(function);
    let missing = || EmitError::Unsupported { what: format!("a call of `{name}`") };
    let signature = workflow.file.package.served.signature(function).ok_or_else(missing)?.to_owned();
    let mut pairs = Vec::new();
    for parameter in served::arguments(call) {
        if let Some(wire) = parameter.wire {
            pairs.push((Py::string(&wire), encoded(workflow, parameter.argument)?));
        }
    }
    let decode = if function.returns == Type::Null {
        workflow.file.import_from("._conductor.invoke", "nothing")
    } else {
        workflow.file.codec(Way::Decode, &function.returns)
    };
    let given = [Py::string(&name), Py::string(&signature), Py::Dict(pairs), Py::atom(decode)];
    let mut args: Vec<Arg> = given.map(|value| Arg { name: None, value }).into();
    let callee = if workflow.is_durable() {
        args.insert(0, Arg { name: None, value: Py::atom("step") });
        "invoke"
    } else {
        let run = Py::atom("run");
        let of =
            [("workflow", Py::string(&workflow.plan.workflow)), ("run", run), ("step", workflow.key(id))];
        args.extend(of.map(|(name, value)| Arg { name: Some(name.to_owned()), value }));
        "invoked"
    };
    workflow.file.import_from("._conductor.invoke", callee);
    Ok(Made { before: Vec::new(), each: Vec::new(), callee: Py::atom(callee), args, given: Vec::new() })
}

/// The Plan as Python sees it: a class of another language is what its JSON is.
pub fn localized(mut plan: Plan) -> Plan {
    let foreign = foreign(&plan);
    let mut table = std::mem::take(&mut plan.types);
    for (name, def) in &mut table {
        if let TypeDef::Class { fields } = def
            && foreign.contains(name)
        {
            let fields = fields.iter().map(|field| Field { attribute: None, keyword: None, ..field.clone() });
            *def = TypeDef::TypedDict { fields: fields.collect() };
        }
    }
    plan.types = table;
    plan
}

/// The classes in what functions of other languages take and return.
pub fn foreign(plan: &Plan) -> BTreeSet<TypeName> {
    let mut found = BTreeMap::new();
    for call in plan.all_calls() {
        let Some(function) = call.callable.function().filter(|function| is_foreign(function)) else {
            continue;
        };
        let types = call.arguments().map(|argument| &argument.ty).chain([&function.returns]);
        for ty in types.flat_map(|ty| ty.inside(&plan.types)) {
            if let Type::Named(name) = ty {
                found.insert(name.clone(), ());
            }
        }
    }
    found.into_keys().collect()
}
