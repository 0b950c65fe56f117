//! Functions that workflows of other languages call: what both sides must agree on.
//!
//! It knows no language's spelling. Each emitter writes its own side of it.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::digest::{canonical_json, digest};
use conductor_protocol::plan::{Argument, ArgumentValue, Function, Language, Plan, Receiver, TaskCall};
use conductor_protocol::types::{Type, TypeDef, TypeName};
use serde_json::{Value, json};

use crate::EmitError;

/// Every function that a workflow of another language calls, by its name on the wire.
#[derive(Debug, Default)]
pub struct Served<'a> {
    functions: BTreeMap<String, ServedFunction<'a>>,
}

/// A function as a process serves it.
#[derive(Debug, Clone)]
pub struct ServedFunction<'a> {
    pub function: &'a Function,
    /// Those that any call gives it: of what makes the object of a method, then its own.
    pub parameters: Vec<ServedParameter<'a>>,
    /// A Plan that has the types and the resources of the call.
    pub plan: &'a Plan,
    /// Of name, parameters, result and their types: differs where either side was built from something else.
    pub signature: String,
    /// How many calls of it there are.
    calls: usize,
}

#[derive(Debug, Clone)]
pub struct ServedParameter<'a> {
    pub argument: &'a Argument,
    /// Its name in `args`; `None` for what the serving process gives: the idempotency key, a client, a cancellation.
    pub wire: Option<String>,
    /// Whether it is one of what makes the object.
    pub of_receiver: bool,
    /// Whether every call gives it; else it has a default.
    pub is_always_given: bool,
}

/// As `go:example.com/shop.Charge`.
#[must_use]
pub fn wire_name(function: &Function) -> String {
    let scheme = match function.language {
        Language::Python => "py",
        Language::Typescript => "ts",
        Language::Go => "go",
        Language::Rust => "rs",
    };
    format!("{scheme}:{function}")
}

/// The arguments of a call with their names in `args`, those of the object first.
pub fn arguments(call: &TaskCall) -> impl Iterator<Item = ServedParameter<'_>> {
    let receiver = call.callable.function().and_then(|function| function.receiver.as_ref());
    let object: &[Argument] = match receiver {
        Some(Receiver::Constructed { args, .. }) => args,
        _ => &[],
    };
    let object = object.iter().map(|argument| ServedParameter::of(argument, true));
    object.chain(call.args.iter().map(|argument| ServedParameter::of(argument, false)))
}

/// The resources of which an attempt takes permits in the process that orchestrates: not those whose client a function
/// of another language is handed, for the process that has the client takes them.
pub fn uses_here(call: &TaskCall, own: Language) -> Vec<&str> {
    let needed: Vec<&str> = clients(call).collect();
    let is_elsewhere = call.callable.function().is_some_and(|function| function.language != own);
    let mut uses: Vec<&str> = call.uses.iter().map(String::as_str).collect();
    if is_elsewhere {
        uses.retain(|id| !needed.contains(id));
        return uses;
    }
    // What is called or handed over must be open, whether it is limited or not.
    for id in needed {
        if !uses.contains(&id) {
            uses.push(id);
        }
    }
    uses
}

/// The resources whose clients the call needs: that which it is made on, and those that it hands over.
pub fn clients(call: &TaskCall) -> impl Iterator<Item = &str> {
    let handed = call.arguments().filter_map(|argument| match &argument.value {
        ArgumentValue::Resource(id) => Some(id.as_str()),
        _ => None,
    });
    call.callable.resource().into_iter().chain(handed)
}

/// The types that the Plan's own process never has: of clients that functions of other languages are handed.
pub fn clients_elsewhere(plan: &Plan) -> BTreeSet<TypeName> {
    let (mut elsewhere, mut others) = (BTreeSet::new(), BTreeSet::new());
    let mut found = |ty: &Type, is_elsewhere: bool| {
        let into = if is_elsewhere { &mut elsewhere } else { &mut others };
        into.extend(ty.inside(&plan.types).filter_map(|ty| match ty {
            Type::Named(name) => Some(name.clone()),
            _ => None,
        }));
    };
    for call in plan.all_calls() {
        let is_foreign = call.callable.function().is_some_and(|function| function.language != plan.language);
        for argument in call.arguments() {
            let is_client = matches!(argument.value, ArgumentValue::Resource(_));
            found(&argument.ty, is_foreign && is_client);
        }
        found(call.callable.returns(), false);
    }
    plan.inputs.iter().for_each(|input| found(&input.ty, false));
    plan.all_steps().for_each(|step| found(&step.ty, false));
    elsewhere.retain(|name| !others.contains(name));
    elsewhere
}

impl ServedParameter<'_> {
    fn of(argument: &Argument, of_receiver: bool) -> ServedParameter<'_> {
        let wire = match argument.value {
            // What makes the object may have a parameter of the same name as the method.
            ArgumentValue::Expr(_) if of_receiver => Some(format!("receiver.{}", argument.parameter)),
            ArgumentValue::Expr(_) => Some(argument.parameter.clone()),
            ArgumentValue::IdempotencyKey | ArgumentValue::Resource(_) | ArgumentValue::Cancellation => None,
        };
        ServedParameter { argument, wire, of_receiver, is_always_given: true }
    }
}

impl<'a> Served<'a> {
    /// Of all Plans of a manifest.
    ///
    /// # Errors
    /// When a type has no JSON, which no type of a Plan is.
    pub fn of(plans: &'a [Plan]) -> Result<Served<'a>, EmitError> {
        let mut served = Served::default();
        for plan in plans {
            for call in plan.all_calls() {
                let Some(function) = call.callable.function() else { continue };
                if function.language != plan.language {
                    served.add(plan, function, call);
                }
            }
        }
        for (name, found) in &mut served.functions {
            found.signature = signature(name, found).map_err(|error| EmitError::Digest(error.to_string()))?;
        }
        Ok(served)
    }

    fn add(&mut self, plan: &'a Plan, function: &'a Function, call: &'a TaskCall) {
        let found = self.functions.entry(wire_name(function)).or_insert_with(|| ServedFunction {
            function,
            parameters: Vec::new(),
            plan,
            signature: String::new(),
            calls: 0,
        });
        let key =
            |parameter: &ServedParameter<'_>| (!parameter.of_receiver, parameter.argument.parameter.clone());
        let is_first = found.calls == 0;
        found.calls += 1;
        let given: BTreeSet<_> = arguments(call).map(|parameter| key(&parameter)).collect();
        let known: BTreeSet<_> = found.parameters.iter().map(key).collect();
        for parameter in &mut found.parameters {
            parameter.is_always_given &= given.contains(&key(parameter));
        }
        let new = arguments(call).filter(|parameter| !known.contains(&key(parameter)));
        found.parameters.extend(new.map(|one| ServedParameter { is_always_given: is_first, ..one }));
        // Calls may leave out different defaults: the objects' stand before the methods' all the same.
        found.parameters.sort_by_key(|parameter| !parameter.of_receiver);
    }

    /// Those of one language, by their names on the wire.
    pub fn of_language(&self, language: Language) -> impl Iterator<Item = (&str, &ServedFunction<'a>)> {
        let of = move |found: &ServedFunction<'_>| found.function.language == language;
        self.functions.iter().filter(move |(_, found)| of(found)).map(|(name, found)| (name.as_str(), found))
    }

    /// The signature of each, by its name on the wire.
    #[must_use]
    pub fn signatures(&self) -> BTreeMap<String, String> {
        self.functions.iter().map(|(name, found)| (name.clone(), found.signature.clone())).collect()
    }

    /// That of a function, where a workflow of another language calls it.
    #[must_use]
    pub fn signature(&self, function: &Function) -> Option<&str> {
        self.functions.get(&wire_name(function)).map(|found| found.signature.as_str())
    }
}

fn signature(name: &str, found: &ServedFunction<'_>) -> Result<String, serde_json::Error> {
    let sent = || found.parameters.iter().filter_map(|one| Some((one.wire.as_ref()?, &one.argument.ty)));
    let parameters: BTreeMap<&String, &Type> = sent().collect();
    let types = parameters.values().copied().chain([&found.function.returns]);
    let named: BTreeMap<&TypeName, &TypeDef> = types
        .flat_map(|ty| ty.inside(&found.plan.types))
        .filter_map(|ty| match ty {
            Type::Named(name) => Some((name, found.plan.types.get(name)?)),
            _ => None,
        })
        .collect();
    let named: Vec<Value> = named.into_iter().map(|(name, def)| json!([name.to_string(), def])).collect();
    let returns = &found.function.returns;
    let all = json!({"function": name, "parameters": parameters, "returns": returns, "types": named});
    Ok(digest(canonical_json(&all)?.as_bytes()))
}
