//! What a durable workflow's parts look like: each attempt between its entries in the journal.
//!
//! It knows the runtime's `Run` and `Step`, not how they reach the journal.

use conductor_protocol::plan::{Effect, InDoubt, Input, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::file::File;
use super::literal::seconds;
use super::scope::Var;
use super::tree::{Arg, Function, Operator, Py, Stmt};
use super::workflow::{Workflow, input_name};
use super::{
    breaker, cache, call, children, compensate, concurrency, defaults, elsewhere, fallback, hedge, live,
    policy, resources,
};
use crate::EmitError;
use crate::flow::words;

/// The call that starts, continues or awaits the run.
pub fn start(workflow: &mut Workflow) -> Stmt {
    let plan = workflow.plan;
    let file = &mut workflow.file;
    let pairs = plan.inputs.iter().map(|input| {
        let value = apply(file, Way::Encode, &input.ty, Py::atom(input_name(input)));
        (Py::string(&input.name), value)
    });
    let inputs = Py::Dict(pairs.collect());
    file.import_as("._conductor.execute", "call", "_call");
    let call = Py::call("_call", vec![Py::atom("WORKFLOW"), inputs, Py::atom("run_id")]).awaited();
    if plan.output.ty == Type::Null {
        return Stmt::Expr(call);
    }
    Stmt::Return(Some(apply(file, Way::Decode, &plan.output.ty, call)))
}

/// An input as the run's journal has it.
pub fn input(file: &mut File, input: &Input, recorded: bool) -> Py {
    let name = Py::string(&input.name);
    let given = Py::call("run.given", vec![name.clone()]);
    let given = match &input.default {
        None if input.ty.is_nullable() => Py::call("run.input.get", vec![name.clone()]),
        _ => given,
    };
    let value = if recorded {
        file.import_from("._conductor.recorded", "Recorded");
        let decode = Py::atom(file.codec(Way::Decode, &input.ty));
        let raw = match &input.default {
            Some(default) => or_default(&name, given, defaults::json(default)),
            None => given,
        };
        return Py::call("Recorded", vec![raw, decode]);
    } else {
        apply(file, Way::Decode, &input.ty, given)
    };
    match &input.default {
        Some(default) => {
            let default = defaults::decoded(file, &input.ty, default);
            or_default(&name, value, default)
        }
        None => value,
    }
}

fn or_default(name: &Py, given: Py, default: Py) -> Py {
    Py::Conditional {
        test: Box::new(Py::binary(Operator::In, name.clone(), Py::atom("run.input"))),
        then: Box::new(given),
        otherwise: Box::new(default),
    }
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
    let mut body = workflow.when(step, &if is_read { vec![var.clone()] } else { Vec::new() })?;
    let params = workflow.step_params(step, reads);
    let doc = match &step.kind {
        StepKind::Task(call) => {
            body.extend(task(workflow, step, step, call)?);
            words::sentence(&step.id, call)
        }
        StepKind::Workflow(call) => {
            body.extend(children::child(workflow, step, call)?);
            format!("Step `{}`: the workflow `{}`.", step.id, call.workflow)
        }
        _ => String::new(),
    };
    if workflow.frame.loses && !step.critical {
        let error =
            Py::call(workflow.file.import_from("._conductor.exits", "Lost"), vec![workflow.key(&step.id)]);
        let lost = vec![Stmt::Raise { error, cause: None }];
        body.push(Stmt::If { test: Py::atom("step.is_tolerated"), body: lost, otherwise: Vec::new() });
    }
    let returns = if is_read {
        body.push(Stmt::Return(Some(output(workflow, &var, &step.ty))));
        // Where a block around the step is skipped its result is null, but this function always has one.
        local_annotation(workflow, &var, &step.ty)
    } else {
        body.push(Stmt::Expr(Py::call("step.raise_failure", Vec::new())));
        "None".to_owned()
    };
    Ok(Function {
        is_async: true,
        name: name.to_owned(),
        params,
        keyword_only: false,
        returns,
        doc: vec![doc],
        body,
    })
}

fn local_annotation(workflow: &mut Workflow, var: &Var, ty: &Type) -> String {
    let annotation = workflow.file.annotation(ty);
    if workflow.scope.is_recorded(var) {
        workflow.file.import_from("._conductor.recorded", "Recorded");
        return format!("Recorded[{annotation}]");
    }
    annotation
}

fn output(workflow: &mut Workflow, var: &Var, ty: &Type) -> Py {
    if workflow.scope.is_recorded(var) {
        let decode = workflow.file.codec(Way::Decode, ty);
        return Py::call("Recorded", vec![Py::atom("step.output"), Py::atom(decode)]);
    }
    apply(&mut workflow.file, Way::Decode, ty, Py::atom("step.output"))
}

/// The attempts of a task, and what stands in for it. `reader` is the step of the workflow that it belongs to: itself,
/// unless it is a fallback.
pub fn task(
    workflow: &mut Workflow,
    reader: &Step,
    step: &Step,
    call: &TaskCall,
) -> Result<Vec<Stmt>, EmitError> {
    let key = workflow.key(&step.id);
    let mut body = attempted(workflow, step, call, key, &[])?;
    if let Some(instead) = &call.fallback {
        body.push(fallback::durable(workflow, reader, step, instead)?);
    }
    Ok(body)
}

/// The attempts of a compensation, under the key that the runtime gives. `decoded` are its arguments.
pub fn undoing(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    decoded: &[Stmt],
) -> Result<Vec<Stmt>, EmitError> {
    let has_keys = call.cache.is_some() || call.policy.circuit_breaker.is_some();
    let (before, inside) =
        if has_keys || call.fallback.is_some() { (decoded, &[][..]) } else { (&[][..], decoded) };
    let mut body = before.to_vec();
    body.extend(attempted(workflow, step, call, Py::atom("key"), inside)?);
    if let Some(instead) = &call.fallback {
        body.push(fallback::durable(workflow, step, step, instead)?);
    }
    body.push(Stmt::Expr(Py::call("step.raise_failure", Vec::new())));
    Ok(body)
}

fn attempted(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    key: Py,
    decoded: &[Stmt],
) -> Result<Vec<Stmt>, EmitError> {
    let undo = compensate::durable(workflow, step, call)?;
    let breaker = breaker::of(workflow, step, call)?;
    let made = call::made(workflow, &step.id, call)?;
    let mut open = open(workflow, step, call, key);
    let mut body: Vec<Stmt> = undo.clone().into_iter().collect();
    if let Some(breaker) = breaker {
        body.extend(breaker.before);
        open = open.with("breaker", breaker.name);
    }
    if undo.is_some() {
        open = open.with("undo", Py::atom("undo"));
    }
    body.push(Stmt::Assign { target: "step".to_owned(), annotation: None, value: open });
    body.extend(cache::durable(workflow, step, call)?);
    body.extend(made.before);
    let mut tried = decoded.to_vec();
    let attempt = match call.policy.hedge {
        Some(numbers) => {
            let (function, attempt) =
                hedge::durable(workflow, call, numbers, made.each, made.callee, made.args);
            body.push(function);
            attempt
        }
        None => {
            tried.extend(made.each);
            attempt(call, made.callee, made.args)
        }
    };
    tried.extend(ended(workflow, call, attempt, undo.is_some()));
    let handler = on_failure(workflow, step, call);
    body.push(attempts(tried, handler, call.policy.is_once()));
    for name in made.given {
        workflow.file.names.release(&name);
    }
    Ok(body)
}

fn attempt(call: &TaskCall, callee: Py, args: Vec<Arg>) -> Py {
    if elsewhere::listens(call) {
        return Py::call("step.awaited", vec![Py::Call { callee: Box::new(callee), args }]);
    }
    let mut all = vec![Arg { name: None, value: callee }];
    all.extend(args);
    Py::Call { callee: Box::new(Py::atom("step.in_thread")), args: all }
}

/// Awaits the attempt and records its result.
fn ended(workflow: &mut Workflow, call: &TaskCall, attempt: Py, is_undone: bool) -> Vec<Stmt> {
    let mut tried = Vec::new();
    let encoded = match call.callable.returns() {
        Type::Null => {
            tried.push(Stmt::Expr(attempt.awaited()));
            Py::atom("None")
        }
        ty => {
            tried.push(Stmt::Assign {
                target: "result".to_owned(),
                annotation: None,
                value: attempt.awaited(),
            });
            if *ty == Type::Any {
                let function = call.callable.to_string();
                let args = vec![Py::atom("result"), Py::string(&function)];
                Py::call(super::codecs::scalar(&mut workflow.file, "encode_unannotated"), args)
            } else {
                apply(&mut workflow.file, Way::Encode, ty, Py::atom("result"))
            }
        }
    };
    let mut recorded = vec![encoded];
    if is_undone && *call.callable.returns() != Type::Null {
        recorded.push(Py::atom("result"));
    }
    tried.push(Stmt::Expr(Py::call("step.succeed", recorded)));
    tried
}

/// `run.step(...)`: what the runtime must know of the step.
fn open(workflow: &mut Workflow, step: &Step, call: &TaskCall, key: Py) -> Py {
    let mut open = Py::call("run.step", vec![key]);
    if call.task != step.id {
        open = open.with("task", Py::string(&call.task));
    }
    open = open.with("effect", Py::string(effect(call.effect)));
    if call.idempotent {
        open = open.with("idempotent", Py::atom("True"));
    }
    if call.effect == Effect::Write && call.in_doubt != InDoubt::Retry {
        open = open.with("in_doubt", Py::string(in_doubt(call.in_doubt)));
    }
    if call.barrier != (call.effect == Effect::Write) {
        open = open.with("barrier", Py::atom(if call.barrier { "True" } else { "False" }));
    }
    if !step.critical {
        open = open.with("critical", Py::atom("False"));
    }
    open = limits(workflow, call, open);
    if call.fallback.is_some() {
        open = open.with("fallback", Py::atom("True"));
    }
    let uses = resources::uses(&mut workflow.file, call);
    if !uses.is_empty() {
        open = open.with("uses", Py::Tuple(uses));
    }
    open
}

/// The times of an attempt, which each reads anew where they may change, and of all of them.
fn limits(workflow: &mut Workflow, call: &TaskCall, mut open: Py) -> Py {
    let policy = &call.policy;
    if let Some(milliseconds) = policy.timeout_ms {
        open = match live::policy(&mut workflow.file, policy) {
            Some(live) => open.with("policy", live),
            None => open.with("timeout", Py::atom(seconds(milliseconds))),
        };
    }
    if let Some(milliseconds) = policy.deadline_ms {
        let deadline = live::number(&mut workflow.file, policy, "deadline", seconds(milliseconds));
        open = open.with("deadline", deadline);
    }
    open
}

/// `while await step.next_attempt():` around one attempt, or `if` where there is only the one.
pub fn attempts(tried: Vec<Stmt>, handler: Vec<Stmt>, is_once: bool) -> Stmt {
    let attempt = Stmt::Try {
        body: tried,
        errors: "Exception".to_owned(),
        name: "error".to_owned(),
        handler,
        otherwise: Vec::new(),
    };
    let test = Py::call("step.next_attempt", Vec::new()).awaited();
    let body = vec![attempt];
    if is_once { Stmt::If { test, body, otherwise: Vec::new() } } else { Stmt::While { test, body } }
}

/// Another attempt where the policy allows one, else the step's failure.
fn on_failure(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Vec<Stmt> {
    let fail = match &call.fallback {
        Some(_) => vec![
            fallback::logged(&mut workflow.file, step),
            Stmt::Expr(Py::call("step.exhaust", vec![Py::atom("error")])),
        ],
        None => give_up(workflow, step),
    };
    if call.policy.is_once() {
        return fail;
    }
    let file = &mut workflow.file;
    let mut test = policy::is_retryable(file, &call.policy).not();
    if let Some(retries) = policy::retries(file, &call.policy) {
        let spent = Py::binary(Operator::GreaterOrEqual, Py::atom("step.failures"), retries);
        test = Py::binary(Operator::Or, spent, test);
    }
    let retry = Py::binary(Operator::Add, Py::atom("step.failures"), Py::atom("1"));
    let delay = policy::delay(file, &call.policy, retry);
    let again = vec![
        Stmt::Assign { target: "delay".to_owned(), annotation: None, value: delay },
        Stmt::Expr(Py::call("step.retry", vec![Py::atom("error"), Py::atom("delay")])),
    ];
    if step.critical && call.fallback.is_none() {
        let mut body = vec![Stmt::If { test, body: fail, otherwise: Vec::new() }];
        body.extend(again);
        return body;
    }
    vec![Stmt::If { test, body: fail, otherwise: again }]
}

pub fn give_up(workflow: &mut Workflow, step: &Step) -> Vec<Stmt> {
    let error = vec![Py::atom("error")];
    if step.critical {
        let failed = Py::call("step.failed", error);
        return vec![Stmt::Raise { error: failed, cause: Some("error".to_owned()) }];
    }
    vec![logged(&mut workflow.file, step), Stmt::Expr(Py::call("step.tolerate", error))]
}

/// A failure that nobody will be told of is logged.
pub fn logged(file: &mut File, step: &Step) -> Stmt {
    file.import("logging");
    let message = format!("step {} failed and is not critical", step.id);
    Stmt::Expr(Py::call("logger.exception", vec![Py::string(&message)]))
}

/// `WORKFLOW`, by which `serve` and parents know the module.
pub fn descriptor(workflow: &mut Workflow) -> Result<Stmt, EmitError> {
    let plan = workflow.plan;
    let digest = workflow.file.package.digest(&plan.workflow)?;
    workflow.file.import_from("._conductor.workflow", "Workflow");
    let mut value = Py::call("Workflow", vec![Py::string(&plan.workflow)])
        .with("plan", Py::string(digest))
        .with("body", Py::atom("_body"));
    if let Some(milliseconds) = plan.deadline_ms {
        value = value.with("deadline", Py::atom(seconds(milliseconds)));
    }
    value = children::undone(workflow, value);
    value = concurrency::described(workflow, value)?;
    if let Some(schedule) = &plan.schedule {
        workflow.file.import_from("._conductor.workflow", "Schedule");
        let described = Py::call("Schedule", vec![Py::string(&schedule.cron)])
            .with("time_zone", Py::string(&schedule.time_zone))
            .with("missed", Py::string(schedule.missed.as_str()));
        value = value.with("schedule", described);
    }
    let secret: Vec<Py> = plan.secret().map(Py::string).collect();
    if !secret.is_empty() {
        value = value.with("secret", Py::Tuple(secret));
    }
    Ok(Stmt::Assign { target: "WORKFLOW".to_owned(), annotation: None, value })
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Read => "read",
        Effect::Write => "write",
    }
}

pub fn in_doubt(in_doubt: InDoubt) -> &'static str {
    match in_doubt {
        InDoubt::Retry => "retry",
        InDoubt::Fail => "fail",
        InDoubt::Pause => "pause",
    }
}
