//! What a workflow without durability looks like: plain calls and loops, no journal, no sidecar.
//!
//! It knows the small helpers of the runtime that need neither.

use conductor_protocol::plan::{Effect, Fallback, Plan, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::call;
use super::codecs::Way;
use super::durable::{cache_key, fallback_step, is_foreign};
use super::expr::{Result, Translator};
use super::policy;
use super::results;
use super::tree::{Go, Operator, Stmt};
use super::undo::Noted;
use super::workflow::Workflow;
use crate::flow::words;

/// The body of the function that users call.
pub fn body(workflow: &mut Workflow, steps: &str, state: &str) -> Result<Vec<Stmt>> {
    let plan = workflow.plan;
    let ty = results::output(plan);
    let made = workflow.file.call_runtime("NewLocal", vec![Go::string(&plan.workflow), Go::atom("options")]);
    let mut fields = vec![("run".to_owned(), made)];
    if !plan.inputs.is_empty() {
        fields.push(("input".to_owned(), Go::atom("input")));
        fields.extend(super::public::default_fields(workflow));
    }
    let mut body = super::public::filled(workflow);
    body.push(Stmt::define("w", Go::Struct { ty: state.to_owned(), fields, spread: false }));
    let zero = (ty != Type::Null).then(|| workflow.file.zero(&ty));
    let run = match plan.deadline_ms {
        None => Go::atom("w").method(steps, vec![Go::atom("ctx")]),
        Some(milliseconds) => {
            let duration = workflow.duration(milliseconds);
            let args = vec![Go::atom("ctx"), Go::string(""), duration, Go::atom(format!("w.{steps}"))];
            Go::call("w.run.Deadline", args)
        }
    };
    let failed = |zero: &Option<Go>| {
        let error = Go::call("w.run.Failed", vec![Go::atom("ctx"), Go::atom("err")]);
        Stmt::Return(zero.clone().into_iter().chain([error]).collect())
    };
    let ends: Vec<Stmt> = match super::children::undoes(workflow.file.package, plan)? {
        true => vec![Stmt::Expr(Go::call("w.run.Done", Vec::new()))],
        false => Vec::new(),
    };
    let mut failure = Vec::new();
    if returns(plan) {
        failure.push(returned(workflow, &ty, &ends));
    }
    failure.push(failed(&zero));
    if workflow.failing.contains(steps) && plan.deadline_ms.is_none() {
        body.push(Stmt::define("err", run));
        body.extend(failure);
        return Ok(body);
    }
    let mut checked = Stmt::checked(run);
    if let Stmt::If { body, .. } = &mut checked {
        *body = failure;
    }
    body.push(checked);
    let Some(_) = &zero else {
        body.extend(ends);
        body.push(Stmt::Return(vec![Go::atom("nil")]));
        return Ok(body);
    };
    let value = workflow.value(&plan.output, &ty)?;
    if !value.fails {
        body.extend(ends);
        body.push(Stmt::Return(vec![value.go, Go::atom("nil")]));
        return Ok(body);
    }
    let spelled = workflow.file.ty(&ty);
    let evaluated = workflow.file.call_cel("Eval", vec![Go::lambda(&[], &spelled, value.go)]);
    body.push(Stmt::Define(vec!["output".to_owned(), "err".to_owned()], evaluated));
    let broken = Go::call("w.run.Broken", vec![Go::string(""), Go::atom("err")]);
    let broken = Go::call("w.run.Failed", vec![Go::atom("ctx"), broken]);
    body.push(Stmt::if_err(vec![Stmt::Return(zero.into_iter().chain([broken]).collect())]));
    body.extend(ends);
    body.push(Stmt::Return(vec![Go::atom("output"), Go::atom("nil")]));
    Ok(body)
}

/// The end with the value that a step returned.
fn returned(workflow: &mut Workflow, ty: &Type, ends: &[Stmt]) -> Stmt {
    let returned = workflow.file.call_runtime("Returned", vec![Go::atom("err")]);
    let (name, value) = if *ty == Type::Null {
        ("_", vec![Go::atom("nil")])
    } else {
        let spelled = workflow.file.ty(ty);
        let value = if spelled == "any" { Go::atom("value") } else { Go::atom("value").assert(&spelled) };
        ("value", vec![value, Go::atom("nil")])
    };
    Stmt::If {
        init: Some(Box::new(Stmt::Define(vec![name.to_owned(), "ok".to_owned()], returned))),
        test: Go::atom("ok"),
        body: ends.iter().cloned().chain([Stmt::Return(value)]).collect(),
        otherwise: Vec::new(),
    }
}

/// Whether a step of it ends the run.
pub fn returns(plan: &Plan) -> bool {
    super::package::all_steps(&plan.steps).iter().any(|step| matches!(step.kind, StepKind::Return { .. }))
}

/// What a method returns whose step has failed for good.
pub fn failed(workflow: &mut Workflow, step: &Step, attempts: Go) -> Go {
    let key = workflow.key(&step.id);
    let args = vec![Go::atom("ctx"), key.clone(), attempts, Go::atom("err")];
    let failed = Go::call("w.run.StepFailed", args);
    if step.critical { failed } else { Go::call("w.run.Tolerate", vec![key, failed]) }
}

/// The attempts of a task, and what stands in for it.
pub fn task(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Vec<Stmt>> {
    let wraps = call.fallback.is_some() || call.policy.deadline_ms.is_some();
    let mut body: Vec<Stmt> = policy::hear(workflow, &call.policy).into_iter().collect();
    if let Some(cache) = &call.cache {
        body.extend(cached(workflow, step, call, cache)?);
    }
    if !wraps {
        body.extend(attempts(workflow, step, call, step.critical)?);
        return Ok(body);
    }
    let name = workflow.members.fresh(&super::names::unexported(&format!("{}_attempts", step.id)));
    let doc = format!("{name} makes the attempts of `{}`.", step.id);
    let inner = Step { critical: true, ..step.clone() };
    workflow.method(&name, &doc, "error", |workflow| {
        let mut body = Vec::new();
        if call.cache.is_some() && *call.callable.returns() != Type::Null {
            let key = cache_key(workflow, &inner, call, &mut body)?;
            body.push(Stmt::define("key", key));
        }
        body.extend(attempts(workflow, &inner, call, true)?);
        Ok(body)
    })?;
    let key = workflow.key(&step.id);
    let run = match call.policy.deadline_ms {
        Some(milliseconds) => {
            let duration = policy::time(workflow, &call.policy, "Deadline", milliseconds);
            let args = vec![Go::atom("ctx"), key.clone(), duration, Go::atom(format!("w.{name}"))];
            Go::call("w.run.Deadline", args)
        }
        None => Go::atom("w").method(&name, vec![Go::atom("ctx")]),
    };
    let tolerated = |value: Go| {
        if step.critical { value } else { Go::call("w.run.Tolerate", vec![key.clone(), value]) }
    };
    let Some(instead) = &call.fallback else {
        body.push(Stmt::Return(vec![tolerated(run)]));
        return Ok(body);
    };
    body.push(Stmt::define("err", run));
    let other = fallback(workflow, step, instead)?;
    let fell = Go::call("w.run.FellBack", vec![Go::atom("err"), other]);
    let is_failure = workflow.file.call_runtime("IsFailure", vec![Go::atom("err")]);
    body.push(Stmt::when(is_failure, vec![Stmt::Assign(vec![Go::atom("err")], fell)]));
    body.push(Stmt::Return(vec![tolerated(Go::atom("err"))]));
    Ok(body)
}

/// A call of the method that stands in.
fn fallback(workflow: &mut Workflow, step: &Step, instead: &Fallback) -> Result<Go> {
    let name = workflow.members.fresh(&super::names::unexported(&format!("{}_fallback", step.id)));
    match instead {
        Fallback::Task(other) => {
            let mut other_step = fallback_step(step, other);
            // It leaves its result where the step would have.
            if let Some(ty) = workflow.results.get(&step.id).cloned() {
                let field = workflow.fields.get(&step.id).cloned().unwrap_or_default();
                workflow.results.insert(other_step.id.clone(), ty);
                workflow.fields.insert(other_step.id.clone(), field);
            }
            other_step.ty = step.ty.clone();
            let doc = format!("{name} is the {}.", words::described(&other_step.id, other));
            workflow.method(&name, &doc, "error", |workflow| task(workflow, &other_step, other))?;
        }
        Fallback::Value(value) => {
            let doc = format!("{name} gives what `{}` comes to where it has failed.", step.id);
            let inner = Step { critical: true, ..step.clone() };
            workflow.method(&name, &doc, "error", |workflow| workflow.keep(&inner, value))?;
        }
    }
    Ok(Go::atom("w").method(&name, vec![Go::atom("ctx")]))
}

fn cached(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    cache: &conductor_protocol::plan::Cache,
) -> Result<Vec<Stmt>> {
    let mut body = Vec::new();
    let name = super::shared::cache(workflow.file.package, &call.task, cache);
    let key = cache_key(workflow, step, call, &mut body)?;
    body.push(Stmt::define("key", key));
    let ty = call.callable.returns().clone();
    let decode = workflow.file.codec(Way::Decode, &ty);
    let found = workflow.file.call_runtime("Cached", vec![Go::atom(name), Go::atom("key"), decode]);
    let is_kept = workflow.results.contains_key(&step.id);
    let value = if is_kept { "cached" } else { "_" };
    let mut hit = if is_kept { kept(workflow, step, &ty, "cached")? } else { Vec::new() };
    hit.push(Stmt::Return(vec![Go::atom("nil")]));
    body.push(Stmt::If {
        init: Some(Box::new(Stmt::Define(vec![value.to_owned(), "ok".to_owned()], found))),
        test: Go::atom("ok"),
        body: hit,
        otherwise: Vec::new(),
    });
    Ok(body)
}

/// `w.result = name`, as the type that it has for all who read it.
fn kept(workflow: &mut Workflow, step: &Step, ty: &Type, name: &str) -> Result<Vec<Stmt>> {
    let Some(wanted) = workflow.results.get(&step.id).cloned() else { return Ok(Vec::new()) };
    let value = if *ty == Type::Null {
        workflow.file.zero(&wanted)
    } else {
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        translator.coerce(Go::atom(name), ty, &wanted)?
    };
    Ok(vec![Stmt::assign(workflow.result(&step.id), value)])
}

/// One attempt, or the loop of them.
fn attempts(workflow: &mut Workflow, step: &Step, call: &TaskCall, critical: bool) -> Result<Vec<Stmt>> {
    let step = &Step { critical, ..step.clone() };
    let mut body = Vec::new();
    let ty = call.callable.returns().clone();
    let mut fields = policy::around(workflow, step, call, &mut body)?;
    let undo = noted(workflow, step, call)?;
    let is_watched = undo.is_some() && call.effect == Effect::Write;
    let undoable = workflow.locals.fresh("undoable");
    if is_watched {
        fields.push(("Undoable".to_owned(), Go::atom(undoable.clone())));
    }
    let (attempt, before) = if is_foreign(call) {
        super::worker::attempt(workflow, step, call)?
    } else {
        let invalid = workflow.broken(step);
        let made = call::made(workflow, step, call, &invalid)?;
        (call::attempt(workflow, &made)?, made.before)
    };
    body.extend(before);
    let ctx = context(workflow, step, call);
    let run = tried(workflow, call, fields, is_watched, vec![ctx, attempt]);
    let is_read =
        workflow.results.contains_key(&step.id) || call.cache.is_some() || call.compensate.is_some();
    let names = match (&ty, is_read) {
        (Type::Null, _) => vec!["err".to_owned()],
        (_, true) => vec!["result".to_owned(), "err".to_owned()],
        (_, false) => vec!["_".to_owned(), "err".to_owned()],
    };
    let mut succeeded = kept(workflow, step, &ty, "result")?;
    if let Some(cache) = &call.cache {
        let name = super::shared::cache(workflow.file.package, &call.task, cache);
        let encode = workflow.file.codec(Way::Encode, &ty);
        let args = vec![Go::atom(name), Go::atom("key"), Go::atom("result"), encode];
        if ty != Type::Null {
            // The key belongs to the method that looked for it.
            succeeded.push(Stmt::Expr(workflow.file.call_runtime("Remember", args)));
        }
    }
    if let Some(undo) = undo {
        if is_watched {
            succeeded.push(Stmt::Expr(Go::atom(undoable.clone()).method("Completed", Vec::new())));
            body.extend(watched(workflow, &undoable, undo.unknown));
        }
        succeeded.extend(undo.completed);
    }
    succeeded.push(Stmt::Return(vec![Go::atom("nil")]));
    if call.policy.is_once() {
        let failed = failed(workflow, step, Go::atom("1"));
        body.push(Stmt::Define(names, run));
        body.push(Stmt::if_err(vec![Stmt::Return(vec![failed])]));
        body.extend(succeeded);
        return Ok(body);
    }
    body.push(retried(workflow, step, call, Stmt::Define(names, run), succeeded));
    Ok(body)
}

/// The call of the runtime that makes the attempt, with what stands around it.
fn tried(
    workflow: &mut Workflow,
    call: &TaskCall,
    fields: Vec<(String, Go)>,
    is_watched: bool,
    mut args: Vec<Go>,
) -> Go {
    let is_null = *call.callable.returns() == Type::Null;
    let null = if is_null { "Null" } else { "" };
    if policy::is_bare(call) && !is_watched {
        return workflow.file.call_runtime(&format!("Do{null}"), args);
    }
    let spread = fields.len() > 2;
    let around = Go::Struct { ty: workflow.file.runtime("Around"), fields, spread };
    // Where nothing outlives the call, nothing of it needs memory of its own.
    if !is_null && policy::is_quick(call) && !is_watched {
        args.insert(1, Go::unary('&', around));
        return workflow.file.call_runtime("TryQuick", args);
    }
    args.insert(1, around);
    workflow.file.call_runtime(&format!("Try{null}"), args)
}

fn noted(workflow: &mut Workflow, step: &Step, call: &TaskCall) -> Result<Option<Noted>> {
    let Some(undo) = &call.compensate else { return Ok(None) };
    let noted = if workflow.is_atomic { super::undo::atomic } else { super::undo::direct };
    noted(workflow, step, call, undo).map(Some)
}

/// Around the attempts of a write that something undoes, whether it completes or is cut off.
fn watched(workflow: &mut Workflow, undoable: &str, unknown: Stmt) -> [Stmt; 2] {
    let unknown = Go::Func { params: Vec::new(), results: String::new(), body: vec![unknown] };
    let made = workflow.file.call_runtime("NewUndoable", vec![unknown]);
    let ended = Stmt::Defer(Go::atom(undoable).method("Ended", Vec::new()));
    [Stmt::define(undoable, made), ended]
}

/// The context of an attempt. Inside of a block of a durable run it says which step that is, as it does elsewhere in the run.
fn context(workflow: &Workflow, step: &Step, call: &TaskCall) -> Go {
    if !workflow.is_atomic {
        return Go::atom("ctx");
    }
    let attempt = if call.policy.is_once() { "1" } else { "failures" };
    Go::call("w.run.InStep", vec![Go::atom("ctx"), workflow.key(&step.id), Go::atom(attempt)])
}

fn retried(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    attempt: Stmt,
    succeeded: Vec<Stmt>,
) -> Stmt {
    let is_ok = Go::binary(Operator::Equal, Go::atom("err"), Go::atom("nil"));
    let mut test = policy::is_retryable(workflow, &call.policy).negated();
    if let Some(retries) = policy::retries(workflow, &call.policy) {
        let spent = Go::binary(Operator::Greater, Go::atom("failures"), retries);
        test = Go::binary(Operator::Or, spent, test);
    }
    let failed = failed(workflow, step, Go::atom("failures"));
    let delay = policy::delay(workflow, &call.policy, Go::atom("failures"));
    let wait = Stmt::checked(Go::call("w.run.BackOff", vec![Go::atom("ctx"), delay]));
    let body =
        vec![attempt, Stmt::when(is_ok, succeeded), Stmt::when(test, vec![Stmt::Return(vec![failed])]), wait];
    Stmt::Count { name: "failures".to_owned(), start: "1".to_owned(), test: None, body }
}
