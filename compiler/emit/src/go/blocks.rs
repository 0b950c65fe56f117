//! Blocks: branches at the same time, repetition, choice, what is caught, and steps that call nothing.
//!
//! It knows the runtime's blocks, which are the same with and without a journal.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{OnFailure, Step, StepKind};
use conductor_protocol::types::Type;

use super::expr::{Result, Translator};
use super::names::unexported;
use super::results::reading;
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

fn ctx() -> Go {
    Go::atom("ctx")
}

/// The body of a block's method.
pub fn block(workflow: &mut Workflow, step: &Step) -> Result<Vec<Stmt>> {
    match &step.kind {
        StepKind::Sequence { steps } => {
            let mut body = workflow.steps(steps)?;
            if !matches!(body.last(), Some(Stmt::Return(_))) {
                body.extend(workflow.block_result(step)?);
            }
            Ok(body)
        }
        StepKind::Parallel { branches, max_concurrency, on_failure } => {
            parallel(workflow, step, branches, *max_concurrency, *on_failure)
        }
        StepKind::Graph { steps } => graph(workflow, step, steps),
        StepKind::Race { branches } => race(workflow, step, branches),
        StepKind::Map(map) => super::repeat::mapped(workflow, step, map),
        StepKind::Switch { .. } => switch(workflow, step),
        StepKind::Loop(repeat) => super::repeat::repeated(workflow, step, repeat),
        StepKind::Try(block) => super::catch::block(workflow, step, block),
        StepKind::Sleep(delay) => super::waits::sleep(workflow, step, delay),
        StepKind::WaitFor(wait) => super::waits::wait_for(workflow, step, wait),
        StepKind::Emit(emit) => super::waits::emitted(workflow, step, emit),
        StepKind::Hold(hold) => super::hold::held(workflow, step, hold),
        StepKind::Set { .. } | StepKind::Return { .. } | StepKind::Fail { .. } => values(workflow, step),
        StepKind::Task(_) | StepKind::Workflow(_) => Ok(Vec::new()),
    }
}

/// `set`, `return` and `fail`.
pub fn values(workflow: &mut Workflow, step: &Step) -> Result<Vec<Stmt>> {
    let mut body = Vec::new();
    match &step.kind {
        StepKind::Set { values } => {
            for (name, value) in values {
                let Some(ty) = workflow.results.get(name).cloned() else { continue };
                let computed = workflow.evaluated(value, &ty, step, &mut body, &unexported(name))?;
                body.push(Stmt::assign(workflow.result(name), computed));
            }
            if workflow.results.contains_key(&step.id) && !values.iter().any(|(name, _)| *name == step.id) {
                let node = Node::Record(values.clone());
                let record = Expr { ty: step.ty.non_null().clone(), node };
                body.extend(workflow.keep(step, &record)?);
            }
        }
        StepKind::Return { value } => {
            let ty = super::results::output(workflow.plan);
            let returned = if ty == Type::Null {
                Go::atom("nil")
            } else if workflow.plan.durable {
                let value = workflow.value(value, &ty)?;
                let encoded = super::durable::encoded(workflow, &ty, value.go, value.fails);
                let name = workflow.locals.fresh("output");
                body.push(Stmt::Define(vec![name.clone(), "err".to_owned()], encoded));
                let broken = workflow.broken(step);
                body.push(Stmt::if_err(vec![Stmt::Return(vec![broken])]));
                Go::atom(name)
            } else {
                let value = workflow.evaluated(value, &ty, step, &mut body, "output")?;
                typed(workflow, &ty, value)
            };
            let end = workflow.file.call_runtime("Return", vec![returned]);
            body.push(Stmt::Return(vec![end]));
        }
        StepKind::Fail { error, message } => {
            let message = workflow.evaluated(message, &Type::String, step, &mut body, "message")?;
            let key = workflow.key(&step.id);
            let failed = Go::call("w.run.Fail", vec![key.clone(), Go::string(error), message]);
            body.push(Stmt::Return(vec![failed]));
        }
        _ => {}
    }
    Ok(body)
}

/// A value that is handed on as `any`, of exactly the type it is asserted to be later.
fn typed(workflow: &mut Workflow, ty: &Type, value: Go) -> Go {
    let spelled = workflow.file.ty(ty);
    match value {
        Go::Atom(text) if text == "nil" && spelled != "any" => {
            Go::call(format!("({spelled})"), vec![Go::atom("nil")])
        }
        other => other,
    }
}

fn parallel(
    workflow: &mut Workflow,
    step: &Step,
    branches: &[Step],
    max_concurrency: Option<u32>,
    on_failure: OnFailure,
) -> Result<Vec<Stmt>> {
    let mut fields = Vec::new();
    if let Some(width) = max_concurrency {
        fields.push(("MaxConcurrency".to_owned(), Go::atom(width.to_string())));
    }
    if on_failure == OnFailure::Wait {
        fields.push(("Wait".to_owned(), Go::atom("true")));
    }
    let ty = workflow.file.runtime("ParallelOptions");
    let options = Go::Struct { ty, fields, spread: false };
    let key = workflow.key(&step.id);
    let branching = Go::call("w.run.Branching", vec![key, options]);
    let opened = workflow.file.call_runtime("Parallel", vec![ctx(), branching, Go::atom("w")]);
    let mut body = vec![Stmt::define("branches", opened)];
    let methods = format!("(*{})", workflow.state().name);
    for branch in branches {
        let name = workflow.step_method(branch)?;
        let args = vec![Go::string(&branch.id), Go::atom(format!("{methods}.{name}"))];
        body.push(Stmt::Expr(Go::call("branches.Go", args)));
    }
    waited(workflow, step, body, "branches.Wait")
}

fn graph(workflow: &mut Workflow, step: &Step, steps: &[Step]) -> Result<Vec<Stmt>> {
    let key = workflow.key(&step.id);
    let mut body = vec![Stmt::define("graph", Go::call("w.run.Graph", vec![ctx(), key]))];
    for inner in steps {
        let name = workflow.step_method(inner)?;
        let needs = match inner.needs.is_empty() {
            true => Go::atom("nil"),
            false => Go::atom(super::literal::strings(&inner.needs)),
        };
        let args = vec![Go::string(&inner.id), needs, Go::atom(format!("w.{name}"))];
        body.push(Stmt::Expr(Go::call("graph.Go", args)));
    }
    waited(workflow, step, body, "graph.Wait")
}

fn waited(workflow: &mut Workflow, step: &Step, mut body: Vec<Stmt>, wait: &str) -> Result<Vec<Stmt>> {
    body.push(Stmt::checked(Go::call(wait, Vec::new())));
    body.extend(workflow.block_result(step)?);
    Ok(body)
}

fn race(workflow: &mut Workflow, step: &Step, branches: &[Step]) -> Result<Vec<Stmt>> {
    let key = workflow.key(&step.id);
    let mut body = vec![Stmt::define("race", Go::call("w.run.Race", vec![ctx(), key]))];
    let kept = workflow.results.get(&step.id).cloned();
    let mut cases = Vec::new();
    for branch in branches {
        let name = workflow.step_method(branch)?;
        let context = format!("{}.Context", workflow.file.std("context"));
        let run = Go::atom("w").method(&name, vec![ctx()]);
        let won = won(workflow, branch);
        let inner = match won {
            None => vec![Stmt::Return(vec![Go::atom("true"), run])],
            Some(won) => vec![Stmt::define("err", run), Stmt::Return(vec![won, Go::atom("err")])],
        };
        let lambda = Go::Func {
            params: vec![("ctx".to_owned(), context)],
            results: "(bool, error)".to_owned(),
            body: inner,
        };
        body.push(Stmt::Expr(Go::call("race.Go", vec![Go::string(&branch.id), lambda])));
        if let Some(ty) = &kept {
            let mut value = Vec::new();
            let expr = Expr { ty: branch.ty.clone(), node: Node::Step(branch.id.clone()) };
            let given = workflow.evaluated(&expr, ty, step, &mut value, "value")?;
            value.push(Stmt::assign(workflow.result(&step.id), given));
            cases.push((vec![Go::string(&branch.id)], value));
        }
    }
    let winner = if kept.is_some() { "winner" } else { "_" };
    let wait = Go::call("race.Wait", Vec::new());
    if kept.is_none() {
        let names = vec![winner.to_owned(), "err".to_owned()];
        body.push(Stmt::Define(names, wait));
        body.push(Stmt::Return(vec![Go::atom("err")]));
        return Ok(body);
    }
    body.push(Stmt::Define(vec![winner.to_owned(), "err".to_owned()], wait));
    body.push(Stmt::unless_ok(Vec::new()));
    body.push(Stmt::Switch { head: "winner".to_owned(), cases });
    Ok(body)
}

/// Whether a branch of a race has come to something; `None` where it always has when it succeeds.
fn won(workflow: &mut Workflow, branch: &Step) -> Option<Go> {
    if branch.when.is_none() && branch.critical {
        return None;
    }
    let key = workflow.key(&branch.id);
    Some(Go::call("w.run.CameToNothing", vec![key]).negated())
}

fn switch(workflow: &mut Workflow, step: &Step) -> Result<Vec<Stmt>> {
    let StepKind::Switch { cases } = &step.kind else { return Ok(Vec::new()) };
    let mut body = Vec::new();
    let mut written: Vec<(Vec<Go>, Vec<Stmt>)> = Vec::new();
    let may_fail = cases.iter().filter_map(|case| case.when.as_ref()).any(|when| {
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        translator.condition(when).is_ok() && translator.fails
    });
    for case in cases {
        let mut steps = case_body(workflow, step, &case.steps)?;
        let Some(when) = &case.when else {
            written.push((Vec::new(), steps));
            break;
        };
        let mut before = Vec::new();
        let test = workflow.test(when, step, &mut before)?;
        if !may_fail {
            written.push((vec![test], steps));
            continue;
        }
        // The tests are made one after the other.
        if !matches!(steps.last(), Some(Stmt::Return(_))) {
            steps.push(Stmt::Return(vec![Go::atom("nil")]));
        }
        body.extend(before);
        body.push(Stmt::when(test, steps));
    }
    if may_fail {
        if let Some((_, otherwise)) = written.pop() {
            body.extend(otherwise);
        }
        return Ok(body);
    }
    body.push(match written.len() {
        1 if written[0].0.is_empty() => return Ok(written.pop().map_or(Vec::new(), |(_, steps)| steps)),
        _ => Stmt::Switch { head: String::new(), cases: written },
    });
    Ok(body)
}

/// The steps of one of several bodies, of which the last result is the block's.
fn case_body(workflow: &mut Workflow, step: &Step, steps: &[Step]) -> Result<Vec<Stmt>> {
    // The variables of each are its own, as they stand in a block of their own.
    let outer = workflow.locals.clone();
    let mut body = workflow.steps(steps)?;
    if let (Some(last), false) = (steps.last(), matches!(body.last(), Some(Stmt::Return(_)))) {
        body.extend(workflow.keep(step, &reading(last))?);
    }
    workflow.locals = outer;
    Ok(body)
}

/// A method for one of the bodies of a block.
pub fn method_of(
    workflow: &mut Workflow,
    step: &Step,
    wanted: &str,
    steps: &[Step],
    keeps: bool,
) -> Result<String> {
    let name = workflow.members.fresh(wanted);
    let doc = format!("{name} is a part of `{}`.", step.id);
    workflow.method(&name, &doc, "error", |workflow| {
        if keeps { case_body(workflow, step, steps) } else { workflow.steps(steps) }
    })?;
    Ok(name)
}
