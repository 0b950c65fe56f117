//! Results that are kept: the cache as a constant of the module, and the place of one call in it.
//!
//! It knows how they are spelled; how long a result is used the runtime decides.

use conductor_protocol::plan::{Argument, ArgumentValue, Step, TaskCall};
use conductor_protocol::types::Type;

use super::breaker::key_function;
use super::codecs::{Way, apply};
use super::literal::seconds;
use super::tree::{Operator, Py, Stmt};
use super::types::has_record;
use super::workflow::Workflow;
use crate::EmitError;

/// The place of the call, where its results are kept: the function that gives its key, and the expression.
fn slot(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<(Stmt, Py)>, EmitError> {
    let Some(cache) = &call.cache else { return Ok(None) };
    workflow.file.import_from("._conductor.cache", "Cache");
    let made = Py::call("Cache", vec![Py::string(&call.task)]).with("ttl", Py::atom(seconds(cache.ttl_ms)));
    let constant = workflow.constant(&step.id, "cache", made);
    let value = match &cache.key {
        Some(key) => {
            let value = workflow.translate(key)?;
            apply(&mut workflow.file, Way::Encode, &key.ty, value)
        }
        None => arguments(workflow, step, call)?,
    };
    let function = key_function("cache_key", "Calls with equal keys have equal results for a while.", value);
    Ok(Some((function, constant.attr("of").called(vec![Py::atom("cache_key")]))))
}

/// Every argument by its parameter.
fn arguments(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Py, EmitError> {
    let mut pairs = Vec::new();
    for argument in call.arguments() {
        let value = match &argument.value {
            ArgumentValue::Expr(_) => encoded(workflow, argument)?,
            ArgumentValue::IdempotencyKey if workflow.is_durable() => Py::atom("step.idempotency_key"),
            ArgumentValue::IdempotencyKey => workflow.run_key(&step.id),
            ArgumentValue::Resource(_) | ArgumentValue::Cancellation => continue,
        };
        pairs.push((Py::string(&argument.parameter), value));
    }
    Ok(Py::Dict(pairs))
}

/// The argument as JSON, by the type of its parameter as far as that says something.
pub fn encoded(workflow: &mut Workflow, argument: &Argument) -> Result<Py, EmitError> {
    let ArgumentValue::Expr(whole) = &argument.value else { return Ok(Py::atom("None")) };
    let value = whole.before_crossing();
    let is_loose = argument.ty == Type::Any || has_record(&argument.ty) || value != whole;
    let ty = if is_loose { &value.ty } else { &argument.ty };
    let value = workflow.translate(value)?;
    Ok(apply(&mut workflow.file, Way::Encode, ty, value))
}

/// `step.cached(...)`.
pub fn durable(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Vec<Stmt>, EmitError> {
    let Some((function, slot)) = slot(workflow, step, call)? else { return Ok(Vec::new()) };
    Ok(vec![function, Stmt::Expr(Py::call("step.cached", vec![slot]))])
}

/// Gives the kept result, where there is one.
pub fn direct(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    is_read: bool,
) -> Result<Vec<Stmt>, EmitError> {
    let Some((function, slot)) = slot(workflow, step, call)? else { return Ok(Vec::new()) };
    let assign =
        |target: &str, value: Py| Stmt::Assign { target: target.to_owned(), annotation: None, value };
    let decoded = apply(&mut workflow.file, Way::Decode, call.callable.returns(), Py::atom("kept.value"));
    let found = Stmt::If {
        test: Py::binary(Operator::IsNot, Py::atom("kept"), Py::atom("None")),
        body: vec![Stmt::Return(is_read.then_some(decoded))],
        otherwise: Vec::new(),
    };
    let kept = Py::call("slot.found", Vec::new());
    Ok(vec![function, assign("slot", slot), assign("kept", kept), found])
}

/// `slot.keep(...)`: keeps `result`.
pub fn keep(workflow: &mut Workflow, call: &TaskCall) -> Stmt {
    let encoded = apply(&mut workflow.file, Way::Encode, call.callable.returns(), Py::atom("result"));
    Stmt::Expr(Py::call("slot.keep", vec![encoded]))
}
