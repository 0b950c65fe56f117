//! How many runs of a workflow go on at a time: told to the runtime, or taken in turn where no journal is kept.
//!
//! It knows the limit and its key, not who waits.

use conductor_protocol::plan::Concurrency;

use super::codecs::{Way, apply};
use super::durable;
use super::scope::Var;
use super::tree::{Function, Item, Py, Stmt};
use super::workflow::{Workflow, run_param};
use crate::EmitError;

/// The descriptor with `concurrency=...`.
pub fn described(workflow: &mut Workflow, descriptor: Py) -> Result<Py, EmitError> {
    let Some(concurrency) = &workflow.plan.concurrency else { return Ok(descriptor) };
    workflow.file.import_from("._conductor.workflow", "Concurrency");
    let mut value = Py::call("Concurrency", vec![Py::atom(concurrency.limit.to_string())]);
    if let Some(function) = key_function(workflow, concurrency)? {
        value = value.with("key", Py::atom(function));
    }
    Ok(descriptor.with("concurrency", value))
}

/// `_concurrency_key(run)`.
fn key_function(workflow: &mut Workflow, concurrency: &Concurrency) -> Result<Option<String>, EmitError> {
    const NAME: &str = "_concurrency_key";
    let Some(key) = &concurrency.key else { return Ok(None) };
    let mut body = Vec::new();
    let read = workflow.scope.flow.read_in(key, workflow.here);
    let plan = workflow.plan;
    for input in &plan.inputs {
        let var = Var::Input(input.name.clone());
        if read.contains(&var) {
            let value = durable::input(&mut workflow.file, input, workflow.scope.is_recorded(&var));
            let target = workflow.scope.name(&var).to_owned();
            body.push(Stmt::Assign { target, annotation: None, value });
        }
    }
    let value = workflow.translate(key)?;
    body.push(Stmt::Return(Some(apply(&mut workflow.file, Way::Encode, &key.ty, value))));
    workflow.functions.push(Item::Function(Function {
        is_async: false,
        name: NAME.to_owned(),
        params: vec![run_param()],
        keyword_only: false,
        returns: "object".to_owned(),
        doc: vec!["Runs with different keys do not wait for each other.".to_owned()],
        body,
    }));
    Ok(Some(NAME.to_owned()))
}

/// The steps in their turn, where the workflow keeps no journal.
pub fn direct(workflow: &mut Workflow, steps: Vec<Stmt>) -> Result<Vec<Stmt>, EmitError> {
    let Some(concurrency) = &workflow.plan.concurrency else { return Ok(steps) };
    workflow.file.import_from("._conductor.turns", "Turns");
    let value = Py::call("Turns", vec![Py::atom(concurrency.limit.to_string())]);
    let target = "_turns".to_owned();
    workflow.constants.push(Stmt::Assign { target, annotation: None, value });
    let mut args = Vec::new();
    if let Some(key) = &concurrency.key {
        let value = workflow.translate(key)?;
        args.push(Py::lambda(apply(&mut workflow.file, Way::Encode, &key.ty, value)));
    }
    let context = Py::call("_turns.turn", args);
    Ok(vec![Stmt::With { context, name: None, body: steps }])
}
