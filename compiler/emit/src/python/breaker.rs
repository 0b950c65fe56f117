//! Circuit breakers: their numbers as a constant of the module, and the one that a call asks.
//!
//! It knows how a breaker is spelled; what opens it the runtime decides.

use conductor_protocol::plan::{CircuitBreaker, Step, TaskCall, Trip};

use super::codecs::{Way, apply};
use super::literal::{float, seconds, strings};
use super::tree::{Function, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;

/// A breaker: what stands before its use, and its name.
pub struct Asked {
    pub before: Vec<Stmt>,
    pub name: Py,
}

/// The breaker of the call, where its policy has one.
pub fn of(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<Asked>, EmitError> {
    let Some(numbers) = &call.policy.circuit_breaker else { return Ok(None) };
    let constant = constant(workflow, step, call, numbers);
    let Some(key) = &numbers.key else { return Ok(Some(Asked { before: Vec::new(), name: constant })) };
    let fallible = crate::flow::may_fail(&workflow.file.package.types.table, key);
    let value = workflow.translate(key)?;
    let value = apply(&mut workflow.file, Way::Encode, &key.ty, value);
    let (mut before, found) = if fallible {
        let found = constant.attr("of_key").called(vec![Py::atom("breaker_key")]);
        (vec![key_function("breaker_key", "Which breaker of the task.", value)], found)
    } else {
        (Vec::new(), constant.attr("of").called(vec![value]))
    };
    before.push(Stmt::Assign { target: "breaker".to_owned(), annotation: None, value: found });
    Ok(Some(Asked { before, name: Py::atom("breaker") }))
}

/// `def name() -> object`, which gives a key as JSON.
pub fn key_function(name: &str, doc: &str, value: Py) -> Stmt {
    Stmt::Function(Function {
        is_async: false,
        name: name.to_owned(),
        params: Vec::new(),
        keyword_only: false,
        returns: "object".to_owned(),
        doc: vec![doc.to_owned()],
        body: vec![Stmt::Return(Some(value))],
    })
}

/// `_x_breaker = Breaker(...)` at the beginning of the module.
fn constant(workflow: &mut Workflow, step: &Step, call: &TaskCall, numbers: &CircuitBreaker) -> Py {
    workflow.file.import_from("._conductor.breaker", "Breaker");
    let mut value = Py::call("Breaker", vec![Py::string(&call.task)]);
    value = match numbers.trip {
        Trip::Failures(failures) => value.with("failures", Py::atom(failures.to_string())),
        Trip::FailureRate(share) => value
            .with("failure_rate", Py::atom(float(share)))
            .with("min_calls", Py::atom(numbers.min_calls.to_string())),
    };
    value = value
        .with("window", Py::atom(seconds(numbers.window_ms)))
        .with("open_for", Py::atom(seconds(numbers.open_for_ms)));
    if numbers.half_open_calls != 1 {
        value = value.with("half_open_calls", Py::atom(numbers.half_open_calls.to_string()));
    }
    for (name, patterns) in [("retry_on", &call.policy.retry_on), ("abort_on", &call.policy.abort_on)] {
        if !patterns.is_empty() {
            value = value.with(name, strings(patterns));
        }
    }
    workflow.constant(&step.id, "breaker", value)
}
