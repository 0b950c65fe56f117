//! What a workflow without durability looks like: plain calls and loops, no journal, no sidecar.
//!
//! It knows the small helpers of the runtime that need neither.

use conductor_protocol::plan::{Effect, Step, StepKind, TaskCall, WorkflowCall};
use conductor_protocol::types::Type;

use super::blocks::not_reached;
use super::children::child_call;
use super::durable::logged;
use super::literal::seconds;
use super::scope::Var;
use super::tree::{Function, Import, Operator, Param, Py, Stmt};
use super::workflow::{Workflow, input_name};
use super::{
    breaker, cache, call, children, compensate, concurrency, fallback, hedge, live, policy, resources, timed,
};
use crate::EmitError;
use crate::flow::words;
use crate::flow::{At, Region, never_complete};

/// The public function's body where the inputs go by other names inside.
pub fn delegate(workflow: &mut Workflow) -> Stmt {
    let mut args: Vec<Py> = workflow.plan.inputs.iter().map(|input| Py::atom(input_name(input))).collect();
    args.push(Py::atom("run_id"));
    let call = Py::call("_body", args).awaited();
    if workflow.plan.output.ty == Type::Null { Stmt::Expr(call) } else { Stmt::Return(Some(call)) }
}

/// The function that the public one delegates to.
pub fn body_function(workflow: &mut Workflow) -> Result<Function, EmitError> {
    let plan = workflow.plan;
    let mut params = Vec::new();
    for input in &plan.inputs {
        let var = Var::Input(input.name.clone());
        let annotation = workflow.file.annotation(&input.ty);
        params.push(Param { name: workflow.scope.name(&var).to_owned(), annotation, default: None });
    }
    params.push(Param { name: "run_id".to_owned(), annotation: "str | None".to_owned(), default: None });
    Ok(Function {
        is_async: true,
        name: "_body".to_owned(),
        params,
        keyword_only: false,
        returns: workflow.file.annotation(&plan.output.ty),
        doc: vec!["The steps.".to_owned()],
        body: body(workflow)?,
    })
}

/// The steps between the inputs and the output.
pub fn body(workflow: &mut Workflow) -> Result<Vec<Stmt>, EmitError> {
    let plan = workflow.plan;
    let mut body = Vec::new();
    let run = if workflow.scope.flow.uses_run_id(Region::All) {
        workflow.file.import_as("._conductor.ids", "new_run_id", "_new_run_id");
        let made = Py::call("_new_run_id", Vec::new());
        body.push(assign("run", Py::binary(Operator::Or, Py::atom("run_id"), made)));
        "run"
    } else {
        "run_id"
    };
    let mut steps = workflow.steps(&plan.steps)?;
    workflow.here = At::End;
    if never_complete(&plan.steps) {
        steps.extend(not_reached(&steps).filter(|_| plan.output.ty != Type::Null));
    } else if plan.output.ty != Type::Null {
        let output = workflow.translate(&plan.output)?;
        steps.push(Stmt::Return(Some(output)));
    }
    if steps.is_empty() {
        return Ok(vec![Stmt::Return(None)]);
    }
    steps = concurrency::direct(workflow, steps)?;
    if let Some(milliseconds) = plan.deadline_ms {
        workflow.file.import_from("._conductor.deadline", "Deadline");
        let context = Py::call("Deadline", vec![Py::atom("None"), Py::atom(seconds(milliseconds))]);
        steps = vec![Stmt::With { context, name: None, body: steps }];
    }
    if plan.all_steps().any(|step| matches!(step.kind, StepKind::WaitFor(_) | StepKind::Emit(_))) {
        workflow.file.import_from("._conductor.signals", "Signals");
        let context = Py::call("Signals", vec![Py::atom(run)]);
        steps = vec![Stmt::With { context, name: None, body: steps }];
    }
    if workflow.file.package.may_undo(&plan.workflow) {
        workflow.file.import_from("._conductor.compensate", "Compensating");
        let context = Py::call("Compensating", vec![Py::string(&plan.workflow), Py::atom(run)]);
        steps = vec![Stmt::With { context, name: None, body: steps }];
    }
    workflow.file.import_from("._conductor.errors", "StepFailed");
    let error = Py::call("failure.of", vec![Py::string(&plan.workflow), Py::atom(run)]);
    let handler = vec![Stmt::Raise { error, cause: Some("failure.error".to_owned()) }];
    let errors = "StepFailed".to_owned();
    let tried = Stmt::Try { body: steps, errors, name: "failure".to_owned(), handler, otherwise: Vec::new() };
    body.push(returning(workflow, tried));
    Ok(body)
}

/// A `return` inside of a block ends the workflow.
fn returning(workflow: &mut Workflow, tried: Stmt) -> Stmt {
    if !workflow.file.imports.contains(&Import::from("._conductor.exits", "Returned")) {
        return tried;
    }
    let ty = workflow.plan.output.ty.clone();
    let handler = if ty == Type::Null {
        vec![Stmt::Return(None)]
    } else {
        let annotation = Some(workflow.file.annotation(&ty));
        let value = Py::atom("end.output");
        vec![
            Stmt::Assign { target: "output".to_owned(), annotation, value },
            Stmt::Return(Some(Py::atom("output"))),
        ]
    };
    let name = if ty == Type::Null { "" } else { "end" }.to_owned();
    Stmt::Try { body: vec![tried], errors: "Returned".to_owned(), name, handler, otherwise: Vec::new() }
}

/// The function of a task's or sub-workflow's step.
pub fn step(
    workflow: &mut Workflow,
    step: &Step,
    name: &str,
    reads: &[Var],
    is_read: bool,
) -> Result<Function, EmitError> {
    let var = Var::Step(step.id.clone());
    let mut body = workflow.when(step, &if is_read { vec![var] } else { Vec::new() })?;
    let doc = match &step.kind {
        StepKind::Task(call) => {
            body.extend(task(workflow, step, step, call, is_read)?);
            words::sentence(&step.id, call)
        }
        StepKind::Workflow(call) => {
            body.extend(child(workflow, step, call, is_read)?);
            format!("Step `{}`: the workflow `{}`.", step.id, call.workflow)
        }
        _ => String::new(),
    };
    let returns = if is_read { workflow.file.annotation(&step.ty) } else { "None".to_owned() };
    Ok(Function {
        is_async: true,
        name: name.to_owned(),
        params: workflow.step_params(step, reads),
        keyword_only: false,
        returns,
        doc: vec![doc],
        body,
    })
}

/// The call of a step that is one attempt and nothing else, in a workflow without a journal.
pub fn plain<'a>(workflow: &Workflow, step: &'a Step) -> Option<&'a TaskCall> {
    let StepKind::Task(call) = &step.kind else { return None };
    let policy = &call.policy;
    let is_bare = step.when.is_none() && step.critical && step.deadline_ms.is_none();
    let is_once = policy.is_once()
        && policy.deadline_ms.is_none()
        && policy.circuit_breaker.is_none()
        && policy.hedge.is_none();
    let is_alone = call.fallback.is_none() && call.cache.is_none() && call.compensate.is_none();
    (!workflow.is_durable() && is_bare && is_once && is_alone).then_some(call)
}

/// Such a step where it stands, without a function of its own: another coroutine would cost as much as a step that does
/// nothing. `None` where something must stand before the attempt.
pub fn inline(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<Vec<Stmt>>, EmitError> {
    let vars = workflow.left(Region::Step(step));
    let made = call::made(workflow, &step.id, call)?;
    if !made.before.is_empty() {
        return Ok(None);
    }
    let mut tried = made.each;
    let value = timed::limited(workflow, call, made.callee, made.args).awaited();
    tried.push(workflow.bind(value, &vars));
    let tried = in_step(workflow, &step.id, "1", tried);
    let uses = resources::uses(&mut workflow.file, call);
    let tried = using(workflow, uses, tried);
    Ok(Some(attempt(workflow, step, tried, "1", false)))
}

fn assign(target: &str, value: Py) -> Stmt {
    Stmt::Assign { target: target.to_owned(), annotation: None, value }
}

/// A step that runs another workflow.
fn child(
    workflow: &mut Workflow,
    step: &Step,
    call: &WorkflowCall,
    is_read: bool,
) -> Result<Vec<Stmt>, EmitError> {
    let target = workflow.file.package.plan(&call.workflow)?;
    if call.detach {
        let started = children::left(workflow, step, target, call)?;
        return Ok(attempt(workflow, step, vec![Stmt::Expr(started.awaited())], "1", is_read));
    }
    let started = child_call(workflow, target, call)?.with("run_id", workflow.run_key(&step.id));
    let tried = vec![answered(started.awaited(), is_read)];
    if !step.critical {
        return Ok(attempt(workflow, step, tried, "1", is_read));
    }
    workflow.file.import_from("._conductor.form", "child_failed");
    let error = Py::call("child_failed", vec![workflow.key(&step.id), Py::atom("error")]);
    let handler = vec![Stmt::Raise { error, cause: Some("error".to_owned()) }];
    Ok(vec![handled(tried, "error", handler)])
}

/// What a failed step does in the end.
fn give_up(workflow: &mut Workflow, step: &Step, attempts: &str, is_read: bool) -> Vec<Stmt> {
    if !step.critical {
        let mut body = vec![logged(&mut workflow.file, step)];
        body.push(null_or_lost(workflow, step, is_read));
        return body;
    }
    workflow.file.import_from("._conductor.errors", "StepFailed");
    let args = vec![workflow.key(&step.id), Py::atom(attempts), Py::atom("error")];
    vec![Stmt::Raise { error: Py::call("StepFailed", args), cause: Some("error".to_owned()) }]
}

/// What a step that is not critical comes to where it fails.
fn null_or_lost(workflow: &mut Workflow, step: &Step, is_read: bool) -> Stmt {
    if workflow.frame.loses {
        let error = workflow.file.import_from("._conductor.exits", "Lost");
        return Stmt::Raise { error: Py::call(error, vec![workflow.key(&step.id)]), cause: None };
    }
    Stmt::Return(is_read.then(|| Py::atom("None")))
}

fn handled(body: Vec<Stmt>, name: &str, handler: Vec<Stmt>) -> Stmt {
    Stmt::Try { body, errors: "Exception".to_owned(), name: name.to_owned(), handler, otherwise: Vec::new() }
}

/// One attempt only.
fn attempt(
    workflow: &mut Workflow,
    step: &Step,
    tried: Vec<Stmt>,
    attempts: &str,
    is_read: bool,
) -> Vec<Stmt> {
    let mut handler = give_up(workflow, step, attempts, is_read);
    // The function ends after its only attempt anyway.
    handler.retain(|statement| *statement != Stmt::Return(None));
    vec![handled(tried, if step.critical { "error" } else { "" }, handler)]
}

/// The step's result, as far as anybody reads it.
fn answered(tried: Py, is_read: bool) -> Stmt {
    if is_read { Stmt::Return(Some(tried)) } else { Stmt::Expr(tried) }
}

/// The attempts of a task, and what stands in for it. `reader` is the step of the workflow that it belongs to: itself,
/// unless it is a fallback.
pub fn task(
    workflow: &mut Workflow,
    reader: &Step,
    step: &Step,
    call: &TaskCall,
    is_read: bool,
) -> Result<Vec<Stmt>, EmitError> {
    let undo = compensate::direct(workflow, step, call)?;
    let (mut body, tried, attempts) = attempted(workflow, step, call, is_read, undo)?;
    let mut tries = within_limits(workflow, step, call, tried, attempts, is_read);
    if let Some(instead) = &call.fallback {
        let handler = fallback::direct(workflow, reader, step, instead, is_read)?;
        tries = vec![failing(tries, "failure", handler, workflow)];
    }
    let lacks = call::may_lack(workflow, call);
    if is_tolerated_outside(workflow, call) && !step.critical && !lacks {
        tries = vec![tolerated(workflow, step, tries, is_read)];
    }
    if call.compensate.is_some() {
        let is_atomic = workflow.scope.is_atomic();
        let class = if is_atomic { "AtomicUndoable" } else { "Undoable" };
        workflow.file.import_from("._conductor.compensate", class);
        let mut context = Py::call(class, vec![workflow.key(&step.id), Py::atom("undo")]);
        if is_atomic && call.task != step.id {
            context = context.with("task", Py::string(&call.task));
        }
        tries = vec![Stmt::BlockingWith { context, name: Some("undoing".to_owned()), body: tries }];
    }
    body.extend(tries);
    if lacks && !step.critical {
        body = vec![tolerated(workflow, step, body, is_read)];
    }
    Ok(body)
}

/// Where something stands around the attempts, that tolerates their failure.
fn is_tolerated_outside(workflow: &Workflow, call: &TaskCall) -> bool {
    call.fallback.is_some() || call.policy.deadline_ms.is_some() || call::may_lack(workflow, call)
}

/// What a step that is not critical does, and what becomes of it where that fails.
fn tolerated(workflow: &mut Workflow, step: &Step, body: Vec<Stmt>, is_read: bool) -> Stmt {
    let mut handler = vec![logged(&mut workflow.file, step)];
    handler.extend((is_read || workflow.frame.loses).then(|| null_or_lost(workflow, step, is_read)));
    failing(body, "", handler, workflow)
}

/// The attempts, with their deadline.
fn within_limits(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    tried: Vec<Stmt>,
    attempts: &str,
    is_read: bool,
) -> Vec<Stmt> {
    let inner = Step { critical: step.critical || is_tolerated_outside(workflow, call), ..step.clone() };
    let tries = if call.policy.is_once() {
        attempt(workflow, &inner, tried, if attempts.is_empty() { "1" } else { attempts }, is_read)
    } else {
        retried(
            workflow,
            &inner,
            call,
            tried,
            if attempts.is_empty() { "failures" } else { attempts },
            is_read,
        )
    };
    let Some(milliseconds) = call.policy.deadline_ms else { return tries };
    workflow.file.import_from("._conductor.deadline", "Deadline");
    let deadline = live::number(&mut workflow.file, &call.policy, "deadline", seconds(milliseconds));
    let context = Py::call("Deadline", vec![workflow.key(&step.id), deadline]);
    vec![Stmt::With { context, name: None, body: tries }]
}

/// What stands before the attempts, one attempt from the breaker to the call, and the name of the count of attempts
/// where it is not that of failures.
fn attempted(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    is_read: bool,
    undo: Option<Stmt>,
) -> Result<(Vec<Stmt>, Vec<Stmt>, &'static str), EmitError> {
    let mut body = cache::direct(workflow, step, call, is_read)?;
    body.extend(live::hear(&mut workflow.file, call));
    body.extend(undo);
    let breaker = breaker::of(workflow, step, call)?;
    let made = call::made(workflow, &step.id, call)?;
    body.extend(made.before);
    let value = timed::limited(workflow, call, made.callee, made.args).awaited();
    let mut tried = made.each;
    let mut uses = resources::limits(&mut workflow.file, call);
    let permits = resources::permits(&mut workflow.file, call);
    let value = match call.policy.hedge {
        None => {
            uses.extend(permits);
            value
        }
        Some(numbers) => {
            tried.push(hedge::given(call, value));
            let one = using(workflow, permits, std::mem::take(&mut tried));
            let (function, hedged) = hedge::direct(workflow, call, numbers, one);
            body.push(function);
            hedged.awaited()
        }
    };
    tried.extend(completed(workflow, call, value, is_read));
    if call.compensate.is_some() && call.effect == Effect::Write {
        let context = Py::call("undoing.attempt", Vec::new());
        tried = vec![Stmt::BlockingWith { context, name: None, body: tried }];
    }
    let attempt = match (&breaker, call.policy.is_once()) {
        (Some(_), _) => "attempts",
        (None, true) => "1",
        (None, false) => "failures + 1",
    };
    tried = in_step(workflow, &step.id, attempt, tried);
    tried = using(workflow, uses, tried);
    let Some(breaker) = breaker else { return Ok((body, tried, "")) };
    body.extend(breaker.before);
    body.push(assign("attempts", Py::atom("0")));
    tried.insert(0, Stmt::Add { target: "attempts".to_owned(), value: Py::atom("1") });
    let context = breaker.name.attr("attempt").called(Vec::new());
    let tried = vec![Stmt::With { context, name: None, body: tried }];
    Ok((body, tried, "attempts"))
}

/// What is done with the result of an attempt.
fn completed(workflow: &mut Workflow, call: &TaskCall, value: Py, is_read: bool) -> Vec<Stmt> {
    let told = |result: Py| Py::call("undoing.completed", vec![result]);
    let is_undone = call.compensate.is_some();
    if *call.callable.returns() == Type::Null {
        let mut body = vec![Stmt::Expr(value)];
        body.extend(is_undone.then(|| Stmt::Expr(told(Py::atom("None")))));
        body.extend(call.cache.is_some().then(|| cache::keep(workflow, call)));
        return body;
    }
    if call.cache.is_none() {
        return vec![answered(if is_undone { told(value) } else { value }, is_read)];
    }
    let mut body = vec![assign("result", value)];
    body.extend(is_undone.then(|| Stmt::Expr(told(Py::atom("result")))));
    body.push(cache::keep(workflow, call));
    body.extend(is_read.then(|| Stmt::Return(Some(Py::atom("result")))));
    body
}

/// An attempt that can ask for its step, as others of a durable run can: inside of an atomic block.
fn in_step(workflow: &mut Workflow, id: &str, attempt: &str, body: Vec<Stmt>) -> Vec<Stmt> {
    if !workflow.scope.is_atomic() {
        return body;
    }
    workflow.file.import_from("._conductor.atomic", "attempting");
    let context = Py::call("attempting", vec![workflow.key(id), Py::atom(attempt)]);
    vec![Stmt::BlockingWith { context, name: None, body }]
}

/// An attempt with what it takes before it begins, outside of its time limit.
fn using(workflow: &mut Workflow, uses: Vec<Py>, body: Vec<Stmt>) -> Vec<Stmt> {
    if uses.is_empty() {
        return body;
    }
    workflow.file.import_from("._conductor.permits", "Using");
    vec![Stmt::With { context: Py::call("Using", uses), name: None, body }]
}

fn failing(body: Vec<Stmt>, name: &str, handler: Vec<Stmt>, workflow: &mut Workflow) -> Stmt {
    let errors = workflow.file.import_from("._conductor.errors", "StepFailed");
    Stmt::Try { body, errors, name: name.to_owned(), handler, otherwise: Vec::new() }
}

/// The loop of attempts.
fn retried(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    tried: Vec<Stmt>,
    attempts: &str,
    is_read: bool,
) -> Vec<Stmt> {
    let mut body = tried;
    if !is_read {
        body.push(Stmt::Return(None));
    }
    let mut test = policy::is_retryable(&mut workflow.file, &call.policy).not();
    if let Some(retries) = policy::retries(&mut workflow.file, &call.policy) {
        let spent = Py::binary(Operator::Greater, Py::atom("failures"), retries);
        test = Py::binary(Operator::Or, spent, test);
    }
    let delay = policy::delay(&mut workflow.file, &call.policy, Py::atom("failures"));
    workflow.file.import("asyncio");
    let give_up = give_up(workflow, step, attempts, is_read);
    let handler = vec![
        Stmt::Add { target: "failures".to_owned(), value: Py::atom("1") },
        Stmt::If { test, body: give_up, otherwise: Vec::new() },
        assign("delay", delay),
        Stmt::Expr(Py::call("asyncio.sleep", vec![Py::atom("delay")]).awaited()),
    ];
    let attempt = handled(body, "error", handler);
    vec![assign("failures", Py::atom("0")), Stmt::While { test: Py::atom("True"), body: vec![attempt] }]
}
