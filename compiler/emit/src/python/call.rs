//! What an attempt calls: a function, a method and the object it belongs to, or an operation of a service.
//!
//! It knows how a call is spelled; attempts, time limits and journal are its callers' business.

use conductor_protocol::plan::{Argument, ArgumentValue, Callable, Function, Passing, Receiver, TaskCall};
use conductor_protocol::types::Type;

use super::file::File;
use super::tree::{Arg, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;

/// A call in its parts.
pub struct Made {
    /// Before the first attempt.
    pub before: Vec<Stmt>,
    /// Of each attempt, before the call.
    pub each: Vec<Stmt>,
    pub callee: Py,
    pub args: Vec<Arg>,
}

/// The call of the step with this key.
pub fn made(workflow: &mut Workflow, key: &str, call: &TaskCall) -> Result<Made, EmitError> {
    match &call.callable {
        Callable::Function(called) => match &called.receiver {
            None => function(workflow, key, called, &call.args),
            Some(receiver) => method(workflow, key, called, receiver, &call.args),
        },
        Callable::Grpc { .. } | Callable::Http { .. } => operation(workflow, key, call),
    }
}

/// The function of an operation: it takes the key that every attempt carries, and the arguments by name.
fn operation(workflow: &mut Workflow, key: &str, call: &TaskCall) -> Result<Made, EmitError> {
    let package = workflow.file.package;
    let Some(operation) = package.operations.get(&call.callable) else {
        return Err(EmitError::Unsupported { what: format!("a call of `{}`", call.callable) });
    };
    let mut args = vec![Arg { name: None, value: idempotency_key(workflow, key) }];
    for given in &operation.arguments {
        let found = call.args.iter().find(|argument| argument.parameter == given.argument);
        let value = match found.map(|argument| &argument.value) {
            Some(ArgumentValue::Expr(expr)) => workflow.translate(expr)?,
            Some(ArgumentValue::IdempotencyKey) => idempotency_key(workflow, key),
            Some(ArgumentValue::Resource(_) | ArgumentValue::Cancellation) | None => continue,
        };
        args.push(Arg { name: Some(given.parameter.clone()), value });
    }
    workflow.file.import_from(".", "_operations");
    let callee = Py::atom(format!("_operations.{}", operation.name));
    Ok(Made { before: Vec::new(), each: Vec::new(), callee, args })
}

/// A function without annotations goes by a name that says so to type checkers.
fn function(
    workflow: &mut Workflow,
    key: &str,
    called: &Function,
    args: &[Argument],
) -> Result<Made, EmitError> {
    let module = workflow.file.user_module(&called.module);
    let function = Py::atom(format!("{module}.{}", called.name));
    let args = arguments(workflow, key, args)?;
    if called.annotated {
        return Ok(Made { before: Vec::new(), each: Vec::new(), callee: function, args });
    }
    workflow.file.import_from("collections.abc", "Callable");
    let any = workflow.file.annotation(&Type::Any);
    let annotation = Some(format!("Callable[..., {any}]"));
    let bound = Stmt::Assign { target: "call".to_owned(), annotation, value: function };
    Ok(Made { before: vec![bound], each: Vec::new(), callee: Py::atom("call"), args })
}

fn method(
    workflow: &mut Workflow,
    key: &str,
    called: &Function,
    receiver: &Receiver,
    args: &[Argument],
) -> Result<Made, EmitError> {
    let name = called.name.rsplit('.').next().unwrap_or(&called.name);
    let mut args = arguments(workflow, key, args)?;
    let mut each = Vec::new();
    let mut callee = match receiver {
        Receiver::Constructed { constructor, args: given } => {
            let module = workflow.file.user_module(&called.module);
            let mut given_args = arguments(workflow, key, given)?;
            if !called.is_async {
                // It is made where it is used, in the thread, where nothing can be awaited.
                each.extend(awaited_before(workflow, &mut given_args));
                each.extend(awaited_before(workflow, &mut args));
            }
            object(&mut workflow.file, Py::atom(format!("{module}.{constructor}")), given, given_args)
        }
        Receiver::Resource(id) => client(workflow, id),
    };
    callee = callee.attr(name);
    if !called.annotated {
        workflow.file.import_from("._conductor.untyped", "untyped");
        callee = Py::call("untyped", vec![callee]);
    }
    if !called.is_async && matches!(receiver, Receiver::Constructed { .. }) {
        callee = Py::lambda(Py::Call { callee: Box::new(callee), args });
        args = Vec::new();
    }
    Ok(Made { before: Vec::new(), each, callee, args })
}

/// The object of a method. Strict type checkers refuse a call of a constructor that nothing annotates; that it is
/// annotated is known only from a parameter that has a type.
fn object(file: &mut File, constructor: Py, given: &[Argument], args: Vec<Arg>) -> Py {
    if given.iter().any(|argument| argument.ty != Type::Any) {
        return Py::Call { callee: Box::new(constructor), args };
    }
    file.import_from("._conductor.untyped", "made");
    let mut all = vec![Arg { name: None, value: constructor }];
    all.extend(args);
    Py::Call { callee: Box::new(Py::atom("made")), args: all }
}

/// Statements that await what the arguments are made of, which are names afterwards.
fn awaited_before(workflow: &mut Workflow, args: &mut [Arg]) -> Vec<Stmt> {
    let mut before = Vec::new();
    for arg in args.iter_mut().filter(|arg| matches!(arg.value, Py::Await(_))) {
        let target = workflow.file.names.fresh("client");
        let value = std::mem::replace(&mut arg.value, Py::atom(target.clone()));
        before.push(Stmt::Assign { target, annotation: None, value });
    }
    before
}

fn client(workflow: &mut Workflow, id: &str) -> Py {
    workflow.file.import_from(".", "_resources");
    Py::call(format!("_resources.{}", super::names::public(id, &[])), Vec::new()).awaited()
}

fn arguments(workflow: &mut Workflow, key: &str, args: &[Argument]) -> Result<Vec<Arg>, EmitError> {
    args.iter()
        .map(|argument| {
            let value = match &argument.value {
                ArgumentValue::Expr(expr) => workflow.translate(expr)?,
                ArgumentValue::IdempotencyKey => idempotency_key(workflow, key),
                ArgumentValue::Resource(id) => client(workflow, id),
                ArgumentValue::Cancellation => {
                    return Err(EmitError::Unsupported { what: "a cancellation as argument".to_owned() });
                }
            };
            let name = (argument.passing == Passing::Keyword).then(|| argument.parameter.clone());
            Ok(Arg { name, value })
        })
        .collect()
}

/// The same at every attempt.
fn idempotency_key(workflow: &Workflow, key: &str) -> Py {
    if workflow.plan.durable {
        return Py::atom("step.idempotency_key");
    }
    Py::atom(format!("f\"{{run}}/{key}\""))
}
