//! `_worker.py`: the functions of the project that workflows of other languages call.
//!
//! It knows how arguments and results are decoded and encoded; who calls the sidecar knows.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Effect, Function as Called, InDoubt, Language, Passing, Plan, Policy,
    Receiver, TaskCall,
};
use conductor_protocol::types::Type;

use super::codecs::{self, Way, apply};
use super::file::File;
use super::flat::flat;
use super::names::{Names, snake};
use super::package::Package;
use super::tree::{Arg, Function, Item, Module, Operator, Param, Py, Stmt};
use super::workflow::{RESERVED, Workflow};
use super::{call, resources};
use crate::EmitError;
use crate::served::{ServedFunction, ServedParameter};

/// What the idempotency key is called where a function takes it. No parameter has this name.
const KEY: &str = "key of the call";
/// Where the arguments are that not every call gives.
const MORE: &str = "more";

/// The module; `None` where nothing is served.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let served: Vec<(&str, &ServedFunction<'_>)> = package.served.of_language(Language::Python).collect();
    let Some((_, first)) = served.first() else { return Ok(None) };
    let plan = Plan { durable: false, steps: Vec::new(), inputs: Vec::new(), ..first.plan.clone() };
    let mut names = Names::reserving(&RESERVED);
    names.reserve(MORE);
    let mut workflow = Workflow::of_functions(package, &plan, names);
    let mut tasks = Vec::new();
    for (name, function) in served {
        let handler = handler(&mut workflow, function)?;
        let task =
            Py::call("Task", vec![Py::string(name), Py::string(&function.signature), Py::atom(handler)]);
        tasks.push(task);
    }
    for name in ["Call", "Task"] {
        workflow.file.import_from("._conductor.worker", name);
    }
    let value = Py::Tuple(tasks);
    let mut items = std::mem::take(&mut workflow.functions);
    items.push(Item::Statement(Stmt::Assign { target: "TASKS".to_owned(), annotation: None, value }));
    Ok(Some(Module {
        header: package.header.clone(),
        doc: vec!["Functions that workflows of other languages call.".to_owned()],
        imports: workflow.file.imports.into_iter().collect(),
        items,
        all: Vec::new(),
    }))
}

/// `async def _shop_charge(call)`: from the arguments to the result, both as JSON.
fn handler(workflow: &mut Workflow, served: &ServedFunction<'_>) -> Result<String, EmitError> {
    let name = workflow.file.names.fresh(&format!("_{}", snake(&served.function.to_string())));
    let mut body = Vec::new();
    let mut given = Vec::new();
    let optional: Vec<Stmt> = served
        .parameters
        .iter()
        .filter(|parameter| is_optional(parameter))
        .filter_map(|parameter| left_out(&mut workflow.file, parameter))
        .collect();
    for parameter in served.parameters.iter().filter(|parameter| !is_optional(parameter)) {
        if let Some(wire) = &parameter.wire {
            let target = workflow.file.names.fresh(&snake(&parameter.argument.parameter));
            let recorded = Py::atom("call.args").index(Py::string(wire));
            let value = apply(&mut workflow.file, Way::Decode, &parameter.argument.ty, recorded);
            body.push(Stmt::Assign { target: target.clone(), annotation: None, value });
            workflow.locals.push((wire.clone(), target.clone()));
            given.push(target);
        }
    }
    if !optional.is_empty() {
        let any = workflow.file.annotation(&Type::Any);
        let (target, annotation) = (MORE.to_owned(), Some(format!("dict[str, {any}]")));
        body.push(Stmt::Assign { target, annotation, value: Py::Dict(Vec::new()) });
        body.extend(optional);
    }
    workflow.locals.push((KEY.to_owned(), "call.key".to_owned()));
    workflow.locals.push((format!("**{MORE}"), MORE.to_owned()));
    let made = called(workflow, served);
    workflow.locals.clear();
    for target in given {
        workflow.file.names.release(&target);
    }
    body.extend(made?);
    workflow.functions.push(Item::Function(Function {
        is_async: true,
        name: name.clone(),
        params: vec![Param { name: "call".to_owned(), annotation: "Call".to_owned(), default: None }],
        keyword_only: false,
        returns: "object".to_owned(),
        doc: vec![format!("Serves `{}`.", served.function)],
        body,
    }));
    Ok(name)
}

/// Some calls leave out what has a default; of what makes the object nothing can be left out.
fn is_optional(parameter: &ServedParameter<'_>) -> bool {
    !parameter.is_always_given && !parameter.of_receiver && parameter.wire.is_some()
}

/// `if "x" in call.args: more["x"] = ...`
fn left_out(file: &mut File, parameter: &ServedParameter<'_>) -> Option<Stmt> {
    let wire = Py::string(parameter.wire.as_ref()?);
    let recorded = Py::atom("call.args").index(wire.clone());
    let value = apply(file, Way::Decode, &parameter.argument.ty, recorded);
    let target = flat(&Py::atom(MORE).index(Py::string(&parameter.argument.parameter)));
    let body = vec![Stmt::Assign { target, annotation: None, value }];
    let test = Py::binary(Operator::In, wire, Py::atom("call.args"));
    Some(Stmt::If { test, body, otherwise: Vec::new() })
}

/// The call itself, and its result as JSON.
fn called(workflow: &mut Workflow, served: &ServedFunction<'_>) -> Result<Vec<Stmt>, EmitError> {
    let call = as_call(served);
    let made = call::made(workflow, "", &call)?;
    let mut body = made.before;
    let mut inner = made.each;
    let value = if served.function.is_async {
        Py::Call { callee: Box::new(made.callee), args: made.args }
    } else {
        workflow.file.import_from("._conductor.threads", "in_thread");
        let mut all = vec![Arg { name: None, value: made.callee }];
        all.extend(made.args);
        Py::Call { callee: Box::new(Py::atom("in_thread")), args: all }
    };
    let returns = &served.function.returns;
    if *returns == Type::Null {
        inner.push(Stmt::Expr(value.awaited()));
        inner.push(Stmt::Return(Some(Py::atom("None"))));
    } else {
        inner.push(Stmt::Assign { target: "result".to_owned(), annotation: None, value: value.awaited() });
        let encoded = if *returns == Type::Any {
            let args = vec![Py::atom("result"), Py::string(&served.function.to_string())];
            Py::call(codecs::scalar(&mut workflow.file, "encode_unannotated"), args)
        } else {
            apply(&mut workflow.file, Way::Encode, returns, Py::atom("result"))
        };
        inner.push(Stmt::Return(Some(encoded)));
    }
    let uses = resources::permits(&mut workflow.file, &call);
    if uses.is_empty() {
        body.extend(inner);
    } else {
        workflow.file.import_from("._conductor.permits", "Using");
        body.push(Stmt::With { context: Py::call("Using", uses), name: None, body: inner });
    }
    Ok(body)
}

/// A call of the function with the arguments that came, which are variables.
fn as_call(served: &ServedFunction<'_>) -> TaskCall {
    let of = |wanted: bool| -> Vec<Argument> {
        let own = served.parameters.iter().filter(|one| one.of_receiver == wanted && !is_optional(one));
        own.map(argument).collect()
    };
    let mut args = of(false);
    if served.parameters.iter().any(is_optional) {
        let node = Node::Variable(format!("**{MORE}"));
        args.push(Argument {
            parameter: "**".to_owned(),
            ty: Type::Any,
            passing: Passing::Keyword,
            value: ArgumentValue::Expr(Expr { ty: Type::Any, node }),
            native: None,
        });
    }
    let receiver = match &served.function.receiver {
        Some(Receiver::Constructed { constructor, returns_error, .. }) => Some(Receiver::Constructed {
            constructor: constructor.clone(),
            args: of(true),
            returns_error: *returns_error,
        }),
        other => other.clone(),
    };
    TaskCall {
        task: String::new(),
        callable: Callable::Function(Called { receiver, ..served.function.clone() }),
        args,
        policy: Policy::default(),
        effect: Effect::Read,
        idempotent: false,
        in_doubt: InDoubt::Retry,
        barrier: false,
        uses: Vec::new(),
        cache: None,
        fallback: None,
        compensate: None,
    }
}

fn argument(parameter: &ServedParameter<'_>) -> Argument {
    let variable = |name: &str| {
        ArgumentValue::Expr(Expr { ty: parameter.argument.ty.clone(), node: Node::Variable(name.to_owned()) })
    };
    let value = match (&parameter.wire, &parameter.argument.value) {
        (Some(wire), _) => variable(wire),
        (None, ArgumentValue::IdempotencyKey) => variable(KEY),
        (None, other) => other.clone(),
    };
    Argument { value, ..parameter.argument.clone() }
}
