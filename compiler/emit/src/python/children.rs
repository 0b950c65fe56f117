//! Steps that run another workflow.
//!
//! It knows how a child is started and awaited, and what its parent makes of its output.

use conductor_protocol::plan::{Plan, Step, WorkflowCall};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::durable::{attempts, give_up};
use super::tree::{Py, Stmt};
use super::workflow::{Workflow, child_alias, sibling};
use crate::EmitError;

/// A step that runs another workflow, under the id `<run>/<step key>` where that is durable.
pub fn child(workflow: &mut Workflow, step: &Step, call: &WorkflowCall) -> Result<Vec<Stmt>, EmitError> {
    let mut open = Py::call("run.step", vec![Py::string(&step.id)]);
    if call.workflow != step.id {
        open = open.with("task", Py::string(&call.workflow));
    }
    open = open.with("effect", Py::string("write")).with("idempotent", Py::atom("True"));
    if !call.barrier {
        open = open.with("barrier", Py::atom("False"));
    }
    if !step.critical {
        open = open.with("critical", Py::atom("False"));
    }
    let mut tried = Vec::new();
    let target = workflow.file.package.plan(&call.workflow)?;
    let encoded = if call.durable {
        let alias = format!("_{}", target.workflow.to_uppercase());
        workflow.file.import_as(&sibling(&target.workflow), "WORKFLOW", &alias);
        let inputs = child_inputs(workflow, target, call)?;
        let value = Py::call("step.child", vec![Py::atom(alias), inputs]).awaited();
        tried.push(Stmt::Assign { target: "output".to_owned(), annotation: None, value });
        Py::atom("output")
    } else {
        let started = Py::call("step.awaited", vec![child_call(workflow, target, call)?]).awaited();
        if target.output.ty == Type::Null {
            tried.push(Stmt::Expr(started));
            Py::atom("None")
        } else {
            tried.push(Stmt::Assign { target: "output".to_owned(), annotation: None, value: started });
            apply(&mut workflow.file, Way::Encode, &step_output(step, target), Py::atom("output"))
        }
    };
    tried.push(Stmt::Expr(Py::call("step.succeed", vec![encoded])));
    let handler = give_up(workflow, step);
    Ok(vec![
        Stmt::Assign { target: "step".to_owned(), annotation: None, value: open },
        attempts(tried, handler),
    ])
}

/// The child's output as the parent's own types name it.
fn step_output(step: &Step, target: &Plan) -> Type {
    if target.output.ty.is_nullable() { step.ty.clone() } else { step.ty.non_null().clone() }
}

fn child_inputs(workflow: &mut Workflow, target: &Plan, call: &WorkflowCall) -> Result<Py, EmitError> {
    let mut pairs = Vec::new();
    for (name, expr) in &call.args {
        let ty = target.inputs.iter().find(|input| input.name == *name).map_or(&expr.ty, |input| &input.ty);
        let ty = if super::types::has_record(ty) { &expr.ty } else { ty };
        let value = workflow.translate(expr)?;
        pairs.push((Py::string(name), apply(&mut workflow.file, Way::Encode, ty, value)));
    }
    Ok(Py::Dict(pairs))
}

/// A call of another workflow's public function.
pub fn child_call(workflow: &mut Workflow, target: &Plan, call: &WorkflowCall) -> Result<Py, EmitError> {
    let public = workflow.file.package.public_name(&target.workflow);
    let alias = child_alias(&target.workflow);
    workflow.file.import_as(&sibling(&target.workflow), &public, &alias);
    let mut started = Py::call(alias, Vec::new());
    for (name, expr) in &call.args {
        let value = workflow.translate(expr)?;
        started = started.with(&super::names::public_input(name), value);
    }
    Ok(started)
}
