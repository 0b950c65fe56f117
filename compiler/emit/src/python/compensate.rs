//! What undoes a step: its arguments, computed when the step completes, and the function that makes the call.
//!
//! It knows how both are spelled; when a run is undone, and in which order, the runtime decides.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{ArgumentValue, Fallback, Plan, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::blocks::Frame;
use super::codecs::{Way, apply};
use super::tree::{Function, Item, Param, Py, Stmt};
use super::types::has_record;
use super::workflow::{Workflow, run_param};
use super::{direct, durable};
use crate::EmitError;
use crate::flow::call_mentions_run;
use crate::flow::words;
use crate::inline::{RESULT, each_argument, fallbacks};

/// What stands behind the key of a step in that of the one that undoes it.
pub const UNDOES: &str = ".compensate";

/// A function that undoes a step.
pub struct Undoing {
    pub id: String,
    pub task: String,
    pub function: String,
}

/// An argument that is computed when the step completes.
struct Computed<'c> {
    parameter: &'c str,
    value: &'c Expr,
    ty: Type,
}

fn computed(undo: &TaskCall) -> Vec<Computed<'_>> {
    undo.arguments()
        .filter_map(|given| {
            let ArgumentValue::Expr(value) = &given.value else { return None };
            let is_loose = given.ty == Type::Any || has_record(&given.ty);
            // Where nobody knows the result of the step it is null, whatever its type says.
            let ty = match (is_loose, given.ty.is_nullable()) {
                (false, _) => given.ty.clone(),
                (true, false) => value.ty.clone(),
                (true, true) => Type::optional(value.ty.clone()),
            };
            Some(Computed { parameter: &given.parameter, value, ty })
        })
        .collect()
}

/// Of a durable step: `def undo_arguments(result)`, which gives what is recorded, and the function that undoes.
pub fn durable(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<Stmt>, EmitError> {
    let Some(undo) = &call.compensate else { return Ok(None) };
    let outer = with_result(workflow);
    let mut pairs = Vec::new();
    for one in computed(undo) {
        let value = workflow.translate(one.value)?;
        pairs.push((Py::string(one.parameter), apply(&mut workflow.file, Way::Encode, &one.ty, value)));
    }
    workflow.locals = outer;
    let given =
        nested(workflow, call, "dict[str, object]", Py::Dict(pairs), "The arguments of what undoes it.");
    undoing(workflow, step, call, undo)?;
    Ok(Some(given))
}

/// The variable `result` of a compensation's expressions has its own name in Python.
fn with_result(workflow: &mut Workflow) -> Vec<(String, String)> {
    let outer = workflow.locals.clone();
    workflow.locals.push((RESULT.to_owned(), "result".to_owned()));
    outer
}

fn nested(workflow: &mut Workflow, call: &TaskCall, returns: &str, value: Py, doc: &str) -> Stmt {
    let annotation = workflow.file.annotation(call.callable.returns());
    Stmt::Function(Function {
        is_async: false,
        name: "undo".to_owned(),
        params: vec![Param { name: "result".to_owned(), annotation, default: None }],
        keyword_only: false,
        returns: returns.to_owned(),
        doc: vec![doc.to_owned()],
        body: vec![Stmt::Return(Some(value))],
    })
}

/// `_undo_x(run, key, args)`: the step with the key `KEY.compensate`.
fn undoing(workflow: &mut Workflow, step: &Step, call: &TaskCall, undo: &TaskCall) -> Result<(), EmitError> {
    let known = |one: &Undoing| one.id == step.id && one.task == call.task;
    if workflow.undoing.iter().any(known) {
        return Ok(());
    }
    let name = workflow.file.names.fresh(&format!("_undo_{}", step.id.replace('.', "_")));
    let outer = workflow.locals.clone();
    let frame = std::mem::replace(&mut workflow.frame, Frame { undoes: true, ..Frame::default() });
    // What undoes a step is recorded as any step, wherever that stands.
    let plain = workflow.scope.leave_atomic();
    let mut decoded = Vec::new();
    let mut names = Vec::new();
    for one in computed(undo) {
        let target = workflow.file.names.fresh(one.parameter);
        let recorded = Py::atom("args").index(Py::string(one.parameter));
        let value = apply(&mut workflow.file, Way::Decode, &one.ty, recorded);
        decoded.push(Stmt::Assign { target: target.clone(), annotation: None, value });
        workflow.locals.push((variable(one.parameter), target.clone()));
        names.push(target);
    }
    let undone = as_step(step, undo);
    let body = match &undone.kind {
        StepKind::Task(made) => durable::undoing(workflow, &undone, made, &decoded),
        _ => Ok(Vec::new()),
    };
    workflow.scope.resume(plain);
    workflow.frame = frame;
    workflow.locals = outer;
    for name in names {
        workflow.file.names.release(&name);
    }
    let any = workflow.file.annotation(&Type::Any);
    let param = |name: &str, annotation: String| Param { name: name.to_owned(), annotation, default: None };
    let params =
        vec![run_param(), param("key", "str".to_owned()), param("args", format!("dict[str, {any}]"))];
    workflow.functions.push(Item::Function(Function {
        is_async: true,
        name: name.clone(),
        params,
        keyword_only: false,
        returns: "None".to_owned(),
        doc: vec![words::sentence(&undone.id, undo)],
        body: body?,
    }));
    workflow.undoing.push(Undoing { id: step.id.clone(), task: call.task.clone(), function: name });
    Ok(())
}

/// The compensation as a step whose arguments are variables.
fn as_step(step: &Step, undo: &TaskCall) -> Step {
    let mut call = undo.clone();
    let mut given: Vec<(String, Type)> = Vec::new();
    for one in computed(undo) {
        given.push((one.parameter.to_owned(), one.ty.clone()));
    }
    each_argument(&mut call, &mut |argument| {
        if let ArgumentValue::Expr(value) = &mut argument.value
            && let Some((_, ty)) = given.iter().find(|(parameter, _)| *parameter == argument.parameter)
        {
            *value = Expr { ty: ty.clone(), node: Node::Variable(variable(&argument.parameter)) };
        }
    });
    fallbacks(&mut call);
    Step {
        id: format!("{}{UNDOES}", step.id),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty: call.callable.returns().clone(),
        kind: StepKind::Task(Box::new(call)),
    }
}

/// No variable of a manifest is called so.
fn variable(parameter: &str) -> String {
    format!("undo:{parameter}")
}

/// Workflows whose runs may have something to undo, in their own steps or in those of a workflow that they call and await.
pub fn workflows_that_undo(plans: &[Plan]) -> BTreeSet<&str> {
    let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for plan in plans {
        for step in plan.all_steps() {
            if let StepKind::Workflow(call) = &step.kind
                && !call.detach
            {
                callers.entry(&call.workflow).or_default().push(&plan.workflow);
            }
        }
    }
    let undoes = |plan: &&Plan| plan.all_calls().any(|call| call.compensate.is_some());
    let mut pending: Vec<&str> = plans.iter().filter(undoes).map(|plan| plan.workflow.as_str()).collect();
    let mut found = BTreeSet::new();
    while let Some(workflow) = pending.pop() {
        if found.insert(workflow) {
            pending.extend(callers.get(workflow).into_iter().flatten());
        }
    }
    found
}

/// Of a step without a journal: `def undo(result)`, and the function that undoes.
pub fn direct(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<Stmt>, EmitError> {
    if workflow.scope.is_atomic() {
        return durable(workflow, step, call);
    }
    let Some(undo) = &call.compensate else { return Ok(None) };
    let undone = as_step(step, undo);
    let StepKind::Task(made) = &undone.kind else { return Ok(None) };
    let outer = workflow.locals.clone();
    let mut params = Vec::new();
    let mut names = Vec::new();
    let takes_run = call_mentions_run(made, workflow.plan.language);
    let is_repeated = !workflow.frame.prefix.is_empty();
    if takes_run {
        params.push(Param { name: "run".to_owned(), annotation: "str".to_owned(), default: None });
    }
    if is_repeated {
        params.push(Param { name: "at".to_owned(), annotation: "str".to_owned(), default: None });
    }
    for one in computed(undo) {
        let name = workflow.file.names.fresh(one.parameter);
        let annotation = workflow.file.annotation(&one.ty);
        workflow.locals.push((variable(one.parameter), name.clone()));
        params.push(Param { name: name.clone(), annotation, default: None });
        names.push(name);
    }
    let body = direct::task(workflow, step, &undone, made, false);
    workflow.locals = outer;
    for name in names {
        workflow.file.names.release(&name);
    }
    let function = workflow.file.names.fresh(&format!("_undo_{}", step.id.replace('.', "_")));
    workflow.functions.push(Item::Function(Function {
        is_async: true,
        name: function.clone(),
        params,
        keyword_only: false,
        returns: "None".to_owned(),
        doc: vec![words::sentence(&undone.id, undo)],
        body: body?,
    }));
    workflow.file.import_from("functools", "partial");
    let mut args = vec![Py::atom(function)];
    if takes_run {
        args.push(Py::atom("run"));
    }
    if is_repeated {
        args.push(Py::atom("at"));
    }
    let outer = with_result(workflow);
    for one in computed(undo) {
        args.push(workflow.translate(one.value)?);
    }
    workflow.locals = outer;
    let returns = workflow.file.import_from("._conductor.compensate", "Undoing");
    let value = Py::call("partial", args);
    Ok(Some(nested(workflow, call, &returns, value, "What undoes it, with its arguments as they are now.")))
}

/// The arguments of what undoes a step that the call sees, with their types.
pub fn arguments_in(workflow: &Workflow, call: &TaskCall) -> Vec<(String, Type)> {
    let mut found: Vec<(String, Type)> = Vec::new();
    let mut calls = vec![call];
    while let Some(call) = calls.pop() {
        let given = call.arguments().filter_map(|argument| match &argument.value {
            ArgumentValue::Expr(value) => Some(value),
            _ => None,
        });
        let mut pending: Vec<&Expr> = given.collect();
        pending.extend(call.cache.iter().filter_map(|cache| cache.key.as_ref()));
        pending.extend(call.policy.circuit_breaker.iter().filter_map(|breaker| breaker.key.as_ref()));
        match &call.fallback {
            Some(Fallback::Task(other)) => calls.push(other),
            Some(Fallback::Value(value)) => pending.push(value),
            None => {}
        }
        while let Some(expr) = pending.pop() {
            if let Node::Variable(variable) = &expr.node
                && let Some((_, name)) = workflow.locals.iter().find(|(known, _)| known == variable)
                && found.iter().all(|(known, _)| known != name)
            {
                found.push((name.clone(), expr.ty.clone()));
            }
            expr.for_each_child(|child| pending.push(child));
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found
}
