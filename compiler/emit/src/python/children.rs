//! Steps that run another workflow.
//!
//! It knows how a child is started and awaited, and what its parent makes of its output.

use conductor_protocol::plan::{Plan, Step, StepKind, WorkflowCall};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::durable::{attempts, give_up};
use super::tree::{Py, Stmt};
use super::workflow::{Workflow, child_alias, sibling};
use crate::EmitError;

/// A step that runs another workflow, under the id `<run>/<step key>` where that is durable.
pub fn child(workflow: &mut Workflow, step: &Step, call: &WorkflowCall) -> Result<Vec<Stmt>, EmitError> {
    let mut open = Py::call("run.step", vec![workflow.key(&step.id)]);
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
    if call.durable && !call.detach {
        open = open.with("child", Py::atom("True"));
    }
    let mut tried = Vec::new();
    let target = workflow.file.package.plan(&call.workflow)?;
    let encoded = if call.detach {
        let started = detached(workflow, &step.id, target, call)?;
        tried.push(Stmt::Expr(Py::call("step.detach", started).awaited()));
        Py::atom("None")
    } else if call.durable {
        let alias = descriptor_alias(workflow, &target.workflow);
        let inputs = child_inputs(workflow, target, call)?;
        let value = Py::call("step.child", vec![Py::atom(alias), inputs]).awaited();
        tried.push(Stmt::Assign { target: "output".to_owned(), annotation: None, value });
        Py::atom("output")
    } else {
        let run = run_of(workflow, &step.id);
        let called = child_call(workflow, target, call)?.with("run_id", run);
        let is_undone = workflow.file.package.may_undo(&target.workflow);
        let way = if is_undone { "step.local" } else { "step.awaited" };
        let started = Py::call(way, vec![called]).awaited();
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
        attempts(tried, handler, true),
    ])
}

fn descriptor_alias(workflow: &mut Workflow, child: &str) -> String {
    let alias = format!("_{}", child.to_uppercase());
    workflow.file.import_as(&sibling(child), "WORKFLOW", &alias)
}

/// The id of the run of the step's workflow.
fn run_of(workflow: &Workflow, id: &str) -> Py {
    if workflow.is_durable() { Py::atom("step.idempotency_key") } else { workflow.run_key(id) }
}

/// What is given to `step.detach`: a durable workflow and its inputs, or the call of another.
fn detached(
    workflow: &mut Workflow,
    id: &str,
    target: &Plan,
    call: &WorkflowCall,
) -> Result<Vec<Py>, EmitError> {
    if !call.durable {
        let run = run_of(workflow, id);
        return Ok(vec![child_call(workflow, target, call)?.with("run_id", run)]);
    }
    let alias = descriptor_alias(workflow, &target.workflow);
    Ok(vec![Py::atom(alias), child_inputs(workflow, target, call)?])
}

/// A step of a workflow without a journal that leaves another workflow to itself.
pub fn left(
    workflow: &mut Workflow,
    step: &Step,
    target: &Plan,
    call: &WorkflowCall,
) -> Result<Py, EmitError> {
    let mut args = detached(workflow, &step.id, target, call)?;
    if call.durable {
        args.push(workflow.run_key(&step.id));
        workflow.file.import_from("._conductor.execute", "start_detached");
        return Ok(Py::call("start_detached", args));
    }
    workflow.file.import_from("._conductor.detach", "detached");
    Ok(Py::call("detached", args))
}

/// The descriptor with what undoes its steps: `undo={...}` and `children={...}`.
pub fn undone(workflow: &mut Workflow, descriptor: Py) -> Py {
    let mut pairs = Vec::new();
    for undoing in &workflow.undoing {
        let is_only = workflow.undoing.iter().filter(|other| other.id == undoing.id).count() == 1;
        let key = if is_only { undoing.id.clone() } else { format!("{}/{}", undoing.id, undoing.task) };
        pairs.push((Py::string(&key), Py::atom(&undoing.function)));
    }
    let mut descriptor = descriptor;
    if !pairs.is_empty() {
        descriptor = descriptor.with("undo", Py::Dict(pairs));
    }
    let mut children = Vec::new();
    for step in workflow.plan.all_steps() {
        if let StepKind::Workflow(call) = &step.kind
            && call.durable
            && !call.detach
            && let Ok(target) = workflow.file.package.plan(&call.workflow)
            && workflow.file.package.may_undo(&target.workflow)
        {
            let alias = descriptor_alias(workflow, &call.workflow);
            children.push((Py::string(&step.id), Py::atom(alias)));
        }
    }
    if children.is_empty() { descriptor } else { descriptor.with("children", Py::Dict(children)) }
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
    let public = workflow.file.package.function_name(&target.workflow);
    let alias = child_alias(&target.workflow);
    workflow.file.import_as(&sibling(&target.workflow), &public, &alias);
    let mut started = Py::call(alias, Vec::new());
    for (name, expr) in &call.args {
        let value = workflow.translate(expr)?;
        started = started.with(&super::names::public_input(name), value);
    }
    Ok(started)
}
