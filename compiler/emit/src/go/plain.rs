//! Steps of a workflow without durability that are plain calls, and workflows of nothing else.
//!
//! It knows no policies: a call with anything around it has a method of its own.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Plan, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::call::{self, Made, Values};
use super::convert;
use super::direct::failed;
use super::durable::is_foreign;
use super::expr::Result;
use super::names::unexported;
use super::package::Package;
use super::tree::{Decl, Go, Operator, Source, Stmt};
use super::workflow::{State, Workflow};
use super::{policy, public, results};
use crate::flow::{Flow, Region};

/// A call with nothing around it, where it stands; `None` where it needs a method.
pub fn call(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<Vec<Stmt>>> {
    let is_simple = policy::is_bare(call)
        && call.policy.is_once()
        && call.policy.deadline_ms.is_none()
        && call.fallback.is_none()
        && call.compensate.is_none()
        && call.cache.is_none()
        && call.callable.function().is_some()
        && !is_foreign(call);
    if !is_simple {
        return Ok(None);
    }
    let invalid = workflow.broken(step);
    let locals = workflow.locals.clone();
    let made = call::made(workflow, step, call, &invalid)?;
    let kept = workflow.results.get(&step.id);
    let fits = kept.is_none_or(|kept| *kept == made.gives.ty);
    if made.before.is_empty() && made.each.is_empty() && fits {
        let mut body = Vec::new();
        if !call.callable.listens() {
            // It cannot be told that nobody waits any more: so it is not begun.
            body.push(unless_it_fails(workflow, step, "err", Go::call("ctx.Err", Vec::new())));
        }
        if let Some(written) = written(workflow, step, made) {
            body.extend(written);
            return Ok(Some(body));
        }
    }
    workflow.locals = locals;
    Ok(None)
}

/// Where the result of a step goes.
enum Target {
    Nowhere,
    /// A variable that is declared there.
    Variable(String),
    Field(Go),
}

/// The call, and what is kept of it; `None` where the result needs more than a conversion.
fn written(workflow: &mut Workflow, step: &Step, made: Made) -> Option<Vec<Stmt>> {
    let ty = made.gives.ty.clone();
    let Values::One(spelling) = &made.gives.values else {
        let is_nothing = matches!(made.gives.values, Values::None);
        let has_error = made.gives.error;
        return is_nothing.then(|| match has_error {
            true => vec![unless_it_fails(workflow, step, "err", made.call)],
            false => vec![Stmt::Expr(made.call)],
        });
    };
    let usual = workflow.file.spelling(&ty);
    let is_usual = *spelling == usual;
    if convert::convert(&mut workflow.file, Go::atom("nil"), spelling, &usual, &ty).1 {
        return None;
    }
    let target = target(workflow, step, &ty);
    let mut body = Vec::new();
    let value = match (made.gives.error, &target) {
        (false, Target::Nowhere) => {
            // A linter asks why a function without an effect is called.
            body.push(Stmt::assign(Go::atom("_"), made.call));
            return Some(body);
        }
        (false, _) => made.call,
        (true, Target::Nowhere) => {
            body.push(unless_it_fails(workflow, step, "_, err", made.call));
            return Some(body);
        }
        (true, Target::Field(field)) if is_usual => {
            body.push(Stmt::Assign(vec![field.clone(), Go::atom("err")], made.call));
            body.push(checked(workflow, step));
            return Some(body);
        }
        (true, _) => {
            let name = match &target {
                Target::Variable(name) if is_usual => name.clone(),
                _ => workflow.locals.fresh("result"),
            };
            body.push(Stmt::Define(vec![name.clone(), "err".to_owned()], made.call));
            body.push(checked(workflow, step));
            if is_usual {
                return Some(body);
            }
            Go::atom(name)
        }
    };
    let value = convert::convert(&mut workflow.file, value, spelling, &usual, &ty).0;
    match target {
        Target::Nowhere => {}
        Target::Variable(name) => body.push(Stmt::define(&name, value)),
        Target::Field(field) => body.push(Stmt::assign(field, value)),
    }
    Some(body)
}

fn target(workflow: &mut Workflow, step: &Step, ty: &Type) -> Target {
    if workflow.own_variables.contains(&step.id) {
        let name = workflow.locals.fresh(&unexported(&step.id));
        workflow.scope.steps.insert(step.id.clone(), (Go::atom(name.clone()), ty.clone()));
        return Target::Variable(name);
    }
    match workflow.results.contains_key(&step.id) {
        true => Target::Field(workflow.result(&step.id)),
        false => Target::Nowhere,
    }
}

/// `if err := call; err != nil { return ... }`.
fn unless_it_fails(workflow: &mut Workflow, step: &Step, names: &str, call: Go) -> Stmt {
    Stmt::If {
        init: Some(Box::new(Stmt::Define(names.split(", ").map(str::to_owned).collect(), call))),
        test: Go::binary(Operator::NotEqual, Go::atom("err"), Go::atom("nil")),
        body: vec![ends(workflow, step)],
        otherwise: Vec::new(),
    }
}

fn checked(workflow: &mut Workflow, step: &Step) -> Stmt {
    Stmt::if_err(vec![ends(workflow, step)])
}

/// What is returned where the step has failed.
fn ends(workflow: &mut Workflow, step: &Step) -> Stmt {
    let Some(zero) = workflow.at_once.clone() else {
        return Stmt::Return(vec![failed(workflow, step, Go::atom("1"))]);
    };
    let args = vec![
        Go::atom("ctx"),
        Go::string(&workflow.plan.workflow),
        Go::string(&step.id),
        Go::atom("err"),
        Go::atom("options"),
    ];
    let failed = workflow.file.call_runtime("FailedAt", args);
    Stmt::Return(zero.into_iter().chain([failed]).collect())
}

fn stands_alone(step: &Step) -> bool {
    step.when.is_none() && step.critical && step.deadline_ms.is_none()
}

/// The file of a workflow of plain calls: they stand in the function that users call, and nothing is made for a run. `None`
/// where it needs more.
pub fn source(package: &Package, plan: &Plan) -> Result<Option<Source>> {
    let may_be = !plan.durable
        && plan.deadline_ms.is_none()
        && plan.inputs.iter().all(|input| input.default.is_none())
        && plan.steps.iter().all(|step| stands_alone(step) && matches!(step.kind, StepKind::Task(_)))
        && !Flow::new(plan).uses_run_id(Region::All);
    if !may_be {
        return Ok(None);
    }
    let mut workflow = trial(package, plan)?;
    let mut decls = public::decls(&mut workflow)?;
    let names = public::input_names(plan);
    for (name, (value, _)) in &mut workflow.scope.inputs {
        *value = Go::atom("input").field(names[name].clone());
    }
    workflow.own_variables = workflow.results.keys().cloned().collect();
    ["input", "options"].iter().for_each(|name| workflow.locals.reserve(name));
    let ty = results::output(plan);
    let zero: Vec<Go> = if ty == Type::Null { Vec::new() } else { vec![workflow.file.zero(&ty)] };
    workflow.at_once = Some(zero.clone());
    let mut body = Vec::new();
    for step in &plan.steps {
        let StepKind::Task(task) = &step.kind else { return Ok(None) };
        let Some(written) = call(&mut workflow, step, task)? else { return Ok(None) };
        body.extend(written);
    }
    let mut returned = Vec::new();
    if !zero.is_empty() {
        let value = workflow.value(&plan.output, &ty)?;
        if value.fails {
            return Ok(None);
        }
        returned.push(value.go);
    }
    returned.push(Go::atom("nil"));
    body.push(Stmt::Return(returned));
    decls.push(Decl::Function(public::function(&mut workflow, body)));
    Ok(Some(workflow.file.source(Vec::new(), decls)))
}

/// A workflow to be written for a trial.
fn trial<'a>(package: &'a Package<'a>, plan: &'a Plan) -> Result<Workflow<'a>> {
    let mut trial = Workflow::new(package, plan);
    trial.states.push(State { name: String::new(), fields: Vec::new() });
    trial.locals = package.locals();
    Ok(trial)
}

/// The steps whose results only plain calls beside them read: those are variables of one function. Whether a call is plain
/// shows when it is written, so it is, for a trial.
pub fn own_variables(package: &Package, plan: &Plan) -> Result<BTreeSet<String>> {
    let mut trial = trial(package, plan)?;
    public::decls(&mut trial)?;
    let mut read: BTreeMap<String, usize> = BTreeMap::new();
    let mut made = BTreeSet::new();
    for step in plan.steps.iter().filter(|step| stands_alone(step)) {
        let StepKind::Task(task) = &step.kind else { continue };
        if call(&mut trial, step, task)?.is_some() {
            made.insert(step.id.clone());
            let mut found = Vec::new();
            results::of_call(task, &mut found);
            results::count(&found, &mut read);
        }
    }
    let mut everywhere = BTreeMap::new();
    results::count(&results::expressions(plan), &mut everywhere);
    made.retain(|id| everywhere.contains_key(id) && read.get(id) == everywhere.get(id));
    Ok(made)
}
