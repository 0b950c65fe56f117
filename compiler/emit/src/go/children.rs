//! Steps that run another workflow.
//!
//! It knows how a child is started and awaited, and what its parent makes of its output.

use std::collections::BTreeSet;

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Plan, Step, StepKind, WorkflowCall};
use conductor_protocol::types::Type;

use super::codecs::{self, Way};
use super::durable;
use super::expr::{Result, Translator};
use super::names::exported;
use super::package::Package;
use super::public::input_names;
use super::tree::{Go, Stmt};
use super::workflow::{Workflow, package_name_of_input};
use crate::flow::{Flow, Region};

pub fn child(workflow: &mut Workflow, step: &Step, call: &WorkflowCall) -> Result<Vec<Stmt>> {
    let target = workflow.file.package.plan(&call.workflow)?;
    match (workflow.is_durable(), call.durable, call.detach) {
        (true, true, true) => detached(workflow, step, target, call),
        (true, ..) => awaited(workflow, step, target, call),
        (false, ..) => plain(workflow, step, target, call),
    }
}

/// The inputs of a durable child as JSON, computed before it is asked for.
fn inputs(workflow: &mut Workflow, target: &Plan, call: &WorkflowCall) -> Result<Go> {
    let mut pairs = Vec::new();
    for (name, value) in &call.args {
        let ty = input_type(target, name, value);
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        let given = translator.as_type(value, &ty)?;
        let given = codecs::apply(&mut workflow.file, Way::Encode, &ty, given);
        pairs.push((super::literal::string(name), given));
    }
    let spread = pairs.len() > 1;
    let map = Go::Struct { ty: "map[string]any".to_owned(), fields: pairs, spread };
    Ok(durable::encoding(workflow, map))
}

fn input_type(target: &Plan, name: &str, value: &Expr) -> Type {
    let found = target.inputs.iter().find(|input| input.name == name);
    found.map_or_else(|| value.ty.clone(), |input| input.ty.clone())
}

fn detached(workflow: &mut Workflow, step: &Step, target: &Plan, call: &WorkflowCall) -> Result<Vec<Stmt>> {
    let inputs = inputs(workflow, target, call)?;
    let mut fields = vec![
        ("Task".to_owned(), Go::string(&call.workflow)),
        ("Workflow".to_owned(), Go::atom(durable::definition(&call.workflow))),
        ("Input".to_owned(), Go::atom("inputs")),
    ];
    if !step.critical {
        fields.push(("Tolerated".to_owned(), Go::atom("true")));
    }
    let ty = workflow.file.runtime("DetachOptions");
    let options = Go::Struct { ty, fields, spread: true };
    let key = workflow.key(&step.id);
    let broken = workflow.broken(step);
    Ok(vec![
        Stmt::Define(vec!["inputs".to_owned(), "err".to_owned()], inputs),
        Stmt::if_err(vec![Stmt::Return(vec![broken])]),
        Stmt::Return(vec![Go::call("w.run.Detach", vec![Go::atom("ctx"), key, options])]),
    ])
}

/// A child in the journal of its parent: under the id `<run>/<step key>` where it has one of its own.
fn awaited(workflow: &mut Workflow, step: &Step, target: &Plan, call: &WorkflowCall) -> Result<Vec<Stmt>> {
    let mut fields = Vec::new();
    if call.workflow != step.id || !workflow.repeated.is_empty() {
        fields.push(("Task".to_owned(), Go::string(&call.workflow)));
    }
    fields.push(("Effect".to_owned(), Go::atom(workflow.file.runtime("Write"))));
    fields.push(("Idempotent".to_owned(), Go::atom("true")));
    if call.durable {
        fields.push(("Child".to_owned(), Go::atom("true")));
    }
    if !call.barrier {
        fields.push(("Barrier".to_owned(), Go::atom(workflow.file.runtime("BarrierNever"))));
    }
    if !step.critical {
        fields.push(("Tolerated".to_owned(), Go::atom("true")));
    }
    let options = Go::Struct { ty: workflow.file.runtime("StepOptions"), fields, spread: true };
    let key = workflow.key(&step.id);
    let mut body = vec![Stmt::define("step", Go::call("w.run.Step", vec![key, options]))];
    let (attempt, succeed) = if call.durable {
        let inputs = inputs(workflow, target, call)?;
        body.push(Stmt::Define(vec!["inputs".to_owned(), "err".to_owned()], inputs));
        let invalid = Go::call("step.Invalid", vec![Go::atom("err")]);
        body.push(Stmt::if_err(vec![Stmt::Return(vec![invalid])]));
        let name = durable::definition(&call.workflow);
        let pattern = workflow.key_pattern(&step.id);
        workflow.children.push((pattern, name.clone()));
        let definition = Go::atom(name);
        let run = Go::call("step.Child", vec![Go::atom("ctx"), definition, Go::atom("inputs")]);
        let names = vec!["result".to_owned(), "err".to_owned()];
        (Stmt::Define(names, run), Go::call("step.SucceedRaw", vec![Go::atom("result")]))
    } else {
        let mut options =
            vec![workflow.file.call_runtime("WithRunID", vec![Go::call("step.Key", Vec::new())])];
        if undoes(workflow.file.package, target)? {
            options.push(workflow.file.call_runtime("ChildOf", vec![Go::atom("step")]));
        }
        let (before, attempt) = attempt(workflow, step, target, call, options)?;
        body.extend(before);
        let ty = &super::results::output(target);
        if *ty == Type::Null {
            let run =
                workflow.file.call_runtime("AttemptNull", vec![Go::atom("ctx"), Go::atom("step"), attempt]);
            (Stmt::Define(vec!["err".to_owned()], run), Go::call("step.SucceedNull", Vec::new()))
        } else {
            let run = workflow.file.call_runtime("Attempt", vec![Go::atom("ctx"), Go::atom("step"), attempt]);
            let encode = workflow.file.codec(Way::Encode, ty);
            let succeed =
                workflow.file.call_runtime("Succeed", vec![Go::atom("step"), Go::atom("result"), encode]);
            (Stmt::Define(vec!["result".to_owned(), "err".to_owned()], run), succeed)
        }
    };
    body.push(durable::attempted_once(attempt, succeed));
    body.extend(durable::outcome(workflow, step)?);
    Ok(body)
}

/// `func(ctx) (T, error) { return Other(ctx, OtherInput{...}) }`, and what comes before it.
fn attempt(
    workflow: &mut Workflow,
    step: &Step,
    target: &Plan,
    call: &WorkflowCall,
    options: Vec<Go>,
) -> Result<(Vec<Stmt>, Go)> {
    let public = exported(&target.workflow);
    let names = input_names(target);
    let mut before = Vec::new();
    let mut fields = Vec::new();
    for (name, value) in &call.args {
        let ty = super::public::input_field_type(target, name);
        let ty = ty.unwrap_or_else(|| value.ty.clone());
        let value = workflow.evaluated(value, &ty, step, &mut before, &super::names::unexported(name))?;
        let durable = workflow.plan.durable;
        let value = if durable { codecs::apply(&mut workflow.file, Way::Copy, &ty, value) } else { value };
        fields.push((names.get(name).cloned().unwrap_or_else(|| exported(name)), value));
    }
    let mut args = vec![Go::atom("ctx")];
    if !target.inputs.is_empty() {
        let spread = fields.len() > 2;
        args.push(Go::Struct { ty: package_name_of_input(&public), fields, spread });
    }
    args.extend(options);
    let results = super::call::results(workflow, &super::results::output(target));
    let context = format!("{}.Context", workflow.file.std("context"));
    let body = vec![Stmt::Return(vec![Go::call(public, args)])];
    Ok((before, Go::Func { params: vec![("ctx".to_owned(), context)], results, body }))
}

/// Whether a workflow without a journal, or one that it awaits, leaves something to undo when it succeeds.
pub fn undoes(package: &Package, plan: &Plan) -> Result<bool> {
    let mut seen = BTreeSet::new();
    let mut pending = vec![plan];
    while let Some(plan) = pending.pop() {
        if plan.durable || !seen.insert(&plan.workflow) {
            continue;
        }
        if plan.all_calls().any(|call| call.compensate.is_some()) {
            return Ok(true);
        }
        for step in plan.all_steps() {
            if let StepKind::Workflow(call) = &step.kind
                && !call.detach
            {
                pending.push(package.plan(&call.workflow)?);
            }
        }
    }
    Ok(false)
}

fn plain(workflow: &mut Workflow, step: &Step, target: &Plan, call: &WorkflowCall) -> Result<Vec<Stmt>> {
    let key = workflow.key(&step.id);
    // Where nothing in it tells the run's id, none is made.
    let tells_id = Flow::new(target).uses_run_id(Region::All);
    let mut options = Vec::new();
    if call.durable || tells_id {
        let id = Go::call("w.run.Key", vec![key.clone()]);
        options.push(workflow.file.call_runtime("WithRunID", vec![id]));
    }
    if !call.detach && undoes(workflow.file.package, target)? {
        options.push(workflow.file.call_runtime("ChildOf", vec![Go::atom("&w.run")]));
    }
    let (mut body, attempt) = attempt(workflow, step, target, call, options)?;
    let ty = super::results::output(target);
    if call.detach {
        let context = format!("{}.Context", workflow.file.std("context"));
        let detached = match (&ty, attempt) {
            (Type::Null, attempt) => attempt,
            (_, Go::Func { body: inner, .. }) => {
                let Some(Stmt::Return(values)) = inner.into_iter().next() else { return Ok(body) };
                let call = values.into_iter().next().unwrap_or_else(|| Go::atom("nil"));
                let body = vec![
                    Stmt::Define(vec!["_".to_owned(), "err".to_owned()], call),
                    Stmt::Return(vec![Go::atom("err")]),
                ];
                Go::Func { params: vec![("ctx".to_owned(), context)], results: "error".to_owned(), body }
            }
            (_, other) => other,
        };
        body.push(Stmt::Return(vec![Go::call("w.run.Detach", vec![Go::atom("ctx"), key, detached])]));
        return Ok(body);
    }
    let is_read = workflow.results.contains_key(&step.id);
    let null = if ty == Type::Null { "Null" } else { "" };
    let run = workflow.file.call_runtime(&format!("Do{null}"), vec![Go::atom("ctx"), attempt]);
    let names = match (&ty, is_read) {
        (Type::Null, _) => vec!["err".to_owned()],
        (_, true) => vec!["result".to_owned(), "err".to_owned()],
        (_, false) => vec!["_".to_owned(), "err".to_owned()],
    };
    body.push(Stmt::Define(names, run));
    let args = vec![Go::atom("ctx"), key.clone(), Go::atom("1"), Go::atom("err")];
    let failed = Go::call("w.run.StepFailed", args);
    let failed = if step.critical { failed } else { Go::call("w.run.Tolerate", vec![key, failed]) };
    body.push(Stmt::if_err(vec![Stmt::Return(vec![failed])]));
    if let (true, Some(wanted)) = (is_read && ty != Type::Null, workflow.results.get(&step.id).cloned()) {
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        let value = translator.coerce(Go::atom("result"), &ty, &wanted)?;
        body.push(Stmt::assign(workflow.result(&step.id), value));
    }
    Ok(body)
}
