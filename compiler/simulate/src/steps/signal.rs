//! `wait_for` and `emit`: signals to runs. One that came before it is waited for is kept.
//!
//! It does not know who else sends signals.

use std::sync::Arc;

use conductor_protocol::plan::{Emit, OnTimeout, WaitFor};
use serde_json::Value as Json;

use super::{Done, broken, child};
use crate::context::{Ctx, Limit, Stop};
use crate::error::{Exit, Flow, names, own};
use crate::executor::digest_of;
use crate::journal::Fact;
use crate::oracle::{Action, Answered, Waited};
use crate::promise::Promise;
use crate::signals::{Delivered, Place};
use crate::trace::What;
use crate::world::External;

pub(super) async fn wait_for<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    wait: &WaitFor,
    critical: bool,
) -> Flow<Done> {
    let past = ctx.past(key);
    if let Some(why) = ctx.cancel.get() {
        if past.is_open {
            super::cancelled(ctx, key, Stop::Cancelled(why));
        }
        return Err(Exit::Cancelled(why));
    }
    let timeout = wait.timeout_ms.map(|ms| ctx.world.now().saturating_add(ms.saturating_mul(1000)));
    let at = past.deadline_at.or(timeout);
    if !past.is_open {
        let (kind, name) = ("wait_for".to_owned(), wait.signal.clone());
        ctx.emit(What::StepStarted { key: key.clone(), kind, name });
        ctx.record(key, Fact::Started { attempt: 0, deadline_at: at });
    }
    expect_answer(ctx, key, wait);
    let limit = Limit { at, key: key.clone() };
    match received(ctx, key, &Arc::from(wait.signal.as_str()), &limit).await {
        Ok(signal) => {
            let (id, data) = (signal.id.clone(), signal.data.clone());
            ctx.emit(What::SignalReceived {
                key: key.clone(),
                signal: wait.signal.clone(),
                data: data.clone(),
            });
            Ok(succeeded(ctx, key, data, Some(id)))
        }
        Err(stop @ Stop::Cancelled(why)) => {
            super::cancelled(ctx, key, stop);
            Err(Exit::Cancelled(why))
        }
        Err(Stop::Over) if wait.on_timeout == OnTimeout::Null => {
            Ok(succeeded(ctx, key, Arc::new(Json::Null), None))
        }
        Err(Stop::Over) => {
            let milliseconds = wait.timeout_ms.unwrap_or(0);
            let message = format!("the signal `{}` did not come within {milliseconds} ms", wait.signal);
            child::tolerable(ctx, key, own(names::SIGNAL_TIMEOUT, message), critical)
        }
    }
}

/// Somebody outside answers, where the oracle says so and nothing is there yet.
fn expect_answer(ctx: &Ctx<'_>, key: &Arc<str>, wait: &WaitFor) {
    if ctx.run.mailbox.has(&wait.signal) {
        return;
    }
    let waited =
        Waited { run: &ctx.run.id, key, signal: &wait.signal, ty: &wait.data, types: &ctx.run.plan.types };
    let answered = ctx.world.oracle.borrow_mut().signal(&waited);
    if let Some(Answered { after, data }) = answered {
        let id = format!("outside/{}/{key}", ctx.run.id).into();
        let signal = Delivered { id, name: wait.signal.as_str().into(), data };
        let at = ctx.world.now().saturating_add(after);
        ctx.world.plan_external(at, External::Send { run: ctx.run.id.to_string(), signal });
    }
}

/// The oldest signal of the name, or the next.
async fn received<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    name: &Arc<str>,
    limit: &Limit,
) -> Result<Delivered, Stop> {
    let (run, signal) = (ctx.run.id.to_string(), name.to_string());
    ctx.unless_stopped(limit, ctx.world.visible(Action::Await { run, key: key.to_string(), signal })).await?;
    if let Some(signal) = ctx.run.mailbox.take(name) {
        ctx.world.scheduler.observe(digest_of(&signal.id));
        return Ok(signal);
    }
    let place = Place::new(&ctx.run.mailbox, name, key, Promise::new(&ctx.world.scheduler));
    ctx.unless_stopped(limit, place.promise.wait()).await
}

fn succeeded<'p>(ctx: &Ctx<'p>, key: &Arc<str>, output: Arc<Json>, signal: Option<Arc<str>>) -> Done {
    ctx.emit(What::StepSucceeded { key: key.clone(), attempt: 0, output: output.clone() });
    ctx.record(key, Fact::Succeeded { attempt: 0, output: output.clone(), undo: Vec::new(), signal });
    Done::success(output)
}

/// A write of its own: the signal carries the step's key as its id, so that sending it twice counts once.
pub(super) async fn emit<'p>(ctx: &Ctx<'p>, key: &Arc<str>, emit: &Emit, critical: bool) -> Flow<Done> {
    if let Some(why) = ctx.cancel.get() {
        return Err(Exit::Cancelled(why));
    }
    let null = || Ok(Arc::new(Json::Null));
    let data = emit.data.as_ref().map_or_else(null, |expr| ctx.evaluate(expr));
    let data = data.map_err(|error| broken(error, key))?;
    let to = match &emit.run {
        None => ctx.run.id.to_string(),
        Some(expr) => {
            let id = ctx.evaluate(expr).map_err(|error| broken(error, key))?;
            id.as_str().map_or_else(|| id.to_string(), str::to_owned)
        }
    };
    let (kind, signal) = ("emit".to_owned(), emit.signal.clone());
    if !ctx.past(key).is_open {
        ctx.emit(What::StepStarted { key: key.clone(), kind, name: signal.clone() });
        ctx.record(key, Fact::Started { attempt: 0, deadline_at: None });
    }
    if emit.barrier {
        ctx.barrier(key).await;
    }
    let action = Action::Emit {
        run: ctx.run.id.to_string(),
        key: key.to_string(),
        signal: signal.clone(),
        to: to.clone(),
    };
    ctx.world.visible(action).await;
    ctx.alive().await;
    let known = ctx.world.runs.borrow().get(to.as_str()).cloned();
    let Some(target) = known.filter(|run| !run.has_ended()) else {
        let message = format!("there is no run `{to}` that could get the signal `{signal}`");
        return child::tolerable(ctx, key, own(names::SIGNAL_REFUSED, message), critical);
    };
    ctx.world.scheduler.observe(1);
    ctx.emit(What::SignalSent { key: Some(key.clone()), signal: signal.clone(), to, data: data.clone() });
    let id = format!("{}/{key}", ctx.run.id).into();
    target.mailbox.deliver(&Delivered { id, name: signal.into(), data });
    Ok(succeeded(ctx, key, Arc::new(Json::Null), None))
}
