//! What stands in for a call whose policy is exhausted: a value, or another task under its own policy.
//!
//! It knows where a fallback stands; its attempts are written as those of any task.

use conductor_protocol::plan::{Fallback, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::compensate;
use super::durable;
use super::file::File;
use super::tree::{Function, Item, Param, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::call_mentions_run;
use crate::flow::words;

/// `if step.is_exhausted:` and the result from elsewhere.
pub fn durable(
    workflow: &mut Workflow,
    reader: &Step,
    step: &Step,
    instead: &Fallback,
) -> Result<Stmt, EmitError> {
    let body = match instead {
        Fallback::Value(value) => {
            let encoded = workflow.translate(value)?;
            let encoded = apply(&mut workflow.file, Way::Encode, &value.ty, encoded);
            let succeed = Stmt::Expr(Py::call("step.stand_in", vec![encoded]));
            vec![handled(vec![succeed], durable::give_up(workflow, step))]
        }
        Fallback::Task(other) => {
            let started = task(workflow, reader, step, other, true)?;
            vec![Stmt::Expr(Py::call("step.fall_back", vec![started]).awaited())]
        }
    };
    Ok(Stmt::If { test: Py::atom("step.is_exhausted"), body, otherwise: Vec::new() })
}

/// The journal keeps why a step falls back; whoever looks at the log is told, too.
pub fn logged(file: &mut File, step: &Step) -> Stmt {
    file.import("logging");
    let message = format!("step {} falls back", step.id);
    let call = Py::call("logger.warning", vec![Py::string(&message)]);
    Stmt::Expr(call.with("exc_info", Py::atom("True")))
}

/// What is done with `failure` where no journal is kept.
pub fn direct(
    workflow: &mut Workflow,
    reader: &Step,
    step: &Step,
    instead: &Fallback,
    is_read: bool,
) -> Result<Vec<Stmt>, EmitError> {
    let returned = |value: Py| if is_read { Stmt::Return(Some(value)) } else { Stmt::Expr(value) };
    match instead {
        Fallback::Value(value) => {
            workflow.file.import_from("._conductor.fallback", "fall_back");
            let mut body = vec![Stmt::Expr(Py::call("fall_back", vec![Py::atom("failure")]))];
            let fallible = crate::flow::may_fail(&workflow.file.package.types.table, value);
            let value = workflow.translate(value)?;
            match (is_read, fallible) {
                (true, false) => body.push(returned(value)),
                (_, true) => {
                    let args = vec![workflow.key(&step.id), Py::atom("failure.attempts"), Py::atom("error")];
                    let error = Py::call("StepFailed", args);
                    let failed = Stmt::Raise { error, cause: Some("error".to_owned()) };
                    body.push(handled(vec![returned(value)], vec![failed]));
                }
                (false, false) => {}
            }
            Ok(body)
        }
        Fallback::Task(other) => {
            workflow.file.import_from("._conductor.fallback", "instead");
            let started = task(workflow, reader, step, other, is_read)?;
            Ok(vec![returned(Py::call("instead", vec![Py::atom("failure"), started]).awaited())])
        }
    }
}

/// Writes the function of another task, and says how it is called.
fn task(
    workflow: &mut Workflow,
    reader: &Step,
    step: &Step,
    other: &TaskCall,
    is_read: bool,
) -> Result<Py, EmitError> {
    let instead = Step {
        id: format!("{}.fallback", step.id),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty: result(other),
        kind: StepKind::Task(Box::new(other.clone())),
    };
    let name = workflow.file.names.fresh(&format!("_{}", instead.id.replace('.', "_")));
    let reads = workflow.scope.flow.read_by(other, workflow.here);
    let needs_run = call_mentions_run(other, workflow.plan.language);
    let is_repeated = !workflow.frame.prefix.is_empty();
    let durable = workflow.is_durable();
    let given = compensate::arguments_in(workflow, other);
    let (mut body, returns) = if durable {
        (durable::task(workflow, reader, &instead, other)?, "object".to_owned())
    } else {
        let body = super::direct::task(workflow, reader, &instead, other, is_read)?;
        (body, if is_read { workflow.file.annotation(&instead.ty) } else { "None".to_owned() })
    };
    if durable {
        body.push(Stmt::Return(Some(Py::atom("step.output"))));
    }
    let mut params = workflow.params(needs_run, is_repeated, &reads, workflow.here);
    let mut args = workflow.args(needs_run, is_repeated, &reads);
    for (name, ty) in given {
        let annotation = workflow.file.annotation(&ty);
        args.push(Py::atom(name.clone()));
        params.push(Param { name, annotation, default: None });
    }
    let function = Function {
        is_async: true,
        name: name.clone(),
        params,
        keyword_only: false,
        returns,
        doc: vec![words::sentence(&instead.id, other)],
        body,
    };
    workflow.functions.push(Item::Function(function));
    Ok(Py::call(name, args))
}

/// What the call comes to, its own fallbacks included.
fn result(call: &TaskCall) -> Type {
    let own = call.callable.returns().clone();
    match &call.fallback {
        None => own,
        Some(Fallback::Value(value)) => Type::union([own, value.ty.clone()]),
        Some(Fallback::Task(other)) => Type::union([own, result(other)]),
    }
}

fn handled(body: Vec<Stmt>, handler: Vec<Stmt>) -> Stmt {
    Stmt::Try {
        body,
        errors: "Exception".to_owned(),
        name: "error".to_owned(),
        handler,
        otherwise: Vec::new(),
    }
}
