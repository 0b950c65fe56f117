//! `workflow`: another workflow as a run of its own, awaited or left to itself.
//!
//! Its id is `<run>/<key>`, so that asking for it again finds the one that is there.

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::WorkflowCall;
use conductor_protocol::state::RunState;
use serde_json::{Map, Value as Json};

use super::{Done, broken};
use crate::compensate::{How, Undo};
use crate::context::{Ctx, Limit, Stop};
use crate::error::{Exit, Failure, Flow, names, own};
use crate::journal::Fact;
use crate::run::Run;
use crate::trace::{RunEnd, What};

pub(super) async fn run<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    call: &'p WorkflowCall,
    critical: bool,
) -> Flow<Done> {
    let past = ctx.past(key);
    if let (Some(why), false) = (ctx.cancel.get(), past.is_open) {
        return Err(Exit::Cancelled(why));
    }
    let mut input = Map::new();
    for (name, expr) in &call.args {
        let value = ctx.evaluate(expr).map_err(|error| broken(error, key))?;
        input.insert(name.clone(), (*value).clone());
    }
    let Some(plan) = ctx.world.plan(&call.workflow) else {
        let error = own(names::EXPRESSION, format!("there is no workflow `{}`", call.workflow));
        return Err(Exit::failed(error, key, 0));
    };
    if !past.is_open {
        let (kind, name) = ("workflow".to_owned(), call.workflow.clone());
        ctx.emit(What::StepStarted { key: key.clone(), kind, name });
        ctx.record(key, Fact::Started { attempt: 1, deadline_at: None });
        if call.barrier {
            ctx.barrier(key).await;
        }
    }
    ctx.alive().await;
    let id: Arc<str> = format!("{}/{key}", ctx.run.id).into();
    let Some(child) = ctx.world.start(&id, plan, input, Some(&ctx.run), call.detach) else {
        let error = own(names::TOO_DEEP, "workflows call each other too deep");
        return tolerable(ctx, key, error, critical);
    };
    if call.detach {
        // Its start is on disk before anything goes on that counts on it.
        let inside = Ctx::of_run(&ctx.world, &child, child.cancel.borrow().clone());
        inside.barrier(&Arc::from("")).await;
        return Ok(succeeded(ctx, key, Arc::new(Json::Null), Vec::new()));
    }
    awaited(ctx, key, &child, critical).await
}

async fn awaited<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    child: &std::rc::Rc<Run<'p>>,
    critical: bool,
) -> Flow<Done> {
    let ended = child.ended.borrow().clone();
    let known = child.end.borrow().clone().filter(|_| !child.is_owned.get());
    let limit = Limit { at: None, key: key.clone() };
    let end = match known {
        Some(end) => end,
        None => match ctx.unless_stopped(&limit, ended.wait()).await {
            Ok(end) => end,
            Err(Stop::Cancelled(crate::cancel::Why::Decided)) => {
                child.ask_to_cancel();
                ended.wait().await
            }
            // The parent pauses; the child goes on by itself.
            Err(Stop::Cancelled(why)) => return Err(Exit::Cancelled(why)),
            Err(Stop::Over) => ended.wait().await,
        },
    };
    concluded(ctx, key, child, end, critical)
}

fn concluded<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    child: &std::rc::Rc<Run<'p>>,
    end: RunEnd,
    critical: bool,
) -> Flow<Done> {
    match end.state {
        RunState::Succeeded => {
            let position = ctx.run.journal.appended();
            // A run with a journal is not undone by a caller without one, which may be gone at any time.
            let is_undone = ctx.run.is_durable() || !child.is_durable();
            let child = is_undone.then(|| How::Child(child.clone()));
            let undo = child.map(|how| Undo { key: key.clone(), position, how }).into_iter().collect();
            let output = end.output.unwrap_or_default();
            let done = succeeded(ctx, key, output, undo);
            ctx.cancel.get().map_or(Ok(done), |why| Err(Exit::Cancelled(why)))
        }
        RunState::Cancelled if ctx.cancel.get().is_some() => {
            ctx.emit(What::StepCancelled { key: key.clone(), unknown: false });
            ctx.record(key, Fact::Cancelled { undo: Vec::new() });
            Err(Exit::Cancelled(crate::cancel::Why::Decided))
        }
        RunState::Cancelled => {
            let error = own(names::RUN_CANCELLED, format!("the run {} was cancelled", child.id));
            tolerable(ctx, key, error, critical)
        }
        RunState::Failed => {
            let error = end.error.map(|error| (*error).clone()).unwrap_or_default();
            tolerable(ctx, key, error, critical)
        }
        RunState::Paused | RunState::Running | RunState::Waiting => {
            Err(Exit::Paused { step: key.clone(), reason: format!("the run {} is paused", child.id).into() })
        }
    }
}

fn succeeded<'p>(ctx: &Ctx<'p>, key: &Arc<str>, output: Arc<Json>, undo: Vec<Undo<'p>>) -> Done {
    ctx.emit(What::StepSucceeded { key: key.clone(), attempt: 1, output: output.clone() });
    let fact = Fact::Succeeded { attempt: 1, output: output.clone(), undo: undo.clone(), signal: None };
    ctx.record(key, fact);
    ctx.run.undo.borrow_mut().extend(undo);
    Done::success(output)
}

pub(super) fn tolerable(ctx: &Ctx<'_>, key: &Arc<str>, error: ErrorForm, critical: bool) -> Flow<Done> {
    match failed(ctx, key, error, 1, critical) {
        Exit::Failed(_) if !critical => {
            ctx.cancel.get().map_or_else(|| Ok(Done::nothing()), |why| Err(Exit::Cancelled(why)))
        }
        exit => Err(exit),
    }
}

/// Records the failure of a step that is no task.
fn failed(ctx: &Ctx<'_>, key: &Arc<str>, error: ErrorForm, attempts: u32, critical: bool) -> Exit {
    let failure = Arc::new(Failure { error, step: key.clone(), attempts });
    let error = Arc::new(failure.error.clone());
    ctx.emit(What::StepFailed { key: key.clone(), attempt: attempts, error, tolerated: !critical });
    ctx.record(key, Fact::Failed { failure: failure.clone(), tolerated: !critical, undo: Vec::new() });
    Exit::Failed(failure)
}
