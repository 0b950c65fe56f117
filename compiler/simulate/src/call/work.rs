//! The call itself: permits, the record of its start, its end, and its time limit.
//!
//! It knows one call; what an unknown outcome means stands in `settle.rs`.

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::Effect;
use serde_json::Value as Json;

use super::attempt::{AttemptEnd, in_turn};
use super::settle;
use super::{Call, shown};
use crate::clock::Timer;
use crate::context::{Ctx, Limit, Stop};
use crate::error::{names, own};
use crate::executor::{Either, digest_of, first};
use crate::journal::{Fact, Past};
use crate::oracle::{Action, Attempt};
use crate::permits::{self, Permit, PoolName};
use crate::promise::Promise;
use crate::trace::What;

/// How a call really ended.
#[derive(Debug, Clone)]
pub(crate) enum WorkEnd {
    Succeeded(Arc<Json>),
    Failed(Arc<ErrorForm>),
    /// It stopped because it was told to; how far it got nobody knows.
    Interrupted,
}

/// A call that is running.
pub(super) struct Work {
    pub ended: Promise<WorkEnd>,
    interrupt: Promise<()>,
}

impl Work {
    /// Asks the call to stop. A blocking function does not listen.
    pub fn interrupt(&self) {
        self.interrupt.resolve((), digest_of("interrupted"));
    }
}

/// Makes one call: the attempt's own (`hedge` 0) or a further one of a hedge.
pub(super) async fn once<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    past: &Past<'p>,
    hedge: u32,
    limit: &Limit,
) -> AttemptEnd {
    let permits = match permits(ctx, call, limit).await {
        Ok(permits) => permits,
        Err(stop) => return stop.into(),
    };
    if hedge == 0 {
        ctx.record(&call.key, Fact::Started { attempt: past.attempt, deadline_at: past.deadline_at });
        if call.call.barrier {
            ctx.barrier(&call.key).await;
        }
    }
    // Nothing has begun yet: whoever stops it now knows that it did not happen.
    if let Some(why) = ctx.cancel.get() {
        return Stop::Cancelled(why).into();
    }
    if ctx.world.is_timed() && limit.at.is_some_and(|at| at <= ctx.world.now()) {
        return Stop::Over.into();
    }
    tell(ctx, call, past, hedge);
    let work = begin(ctx, call, past.attempt, hedge, permits);
    watched(ctx, call, &work, limit).await
}

fn tell<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &Past<'p>, hedge: u32) {
    let (key, attempt) = (call.key.clone(), past.attempt);
    ctx.emit(match hedge {
        0 => {
            let args = Arc::new(shown(&call.args));
            What::AttemptStarted { key, task: call.call.task.clone(), attempt, args }
        }
        call => What::Hedged { key, attempt, call },
    });
}

/// Permits of everything that the call uses, in the one order in which all calls take them.
async fn permits<'p>(ctx: &Ctx<'p>, call: &Call<'p>, limit: &Limit) -> Result<Vec<Permit<'p>>, Stop> {
    let mut taken = Vec::new();
    for id in &call.call.uses {
        let Some(resource) = ctx.world.resource(id) else { continue };
        if let Some(rate) = resource.rate_limit {
            in_turn(ctx, &call.key, &format!("resource {id}"), rate, limit).await?;
        }
        // A connection that a block holds is the one that its steps use; a semaphore's permit is not.
        let is_held = resource.kind.has_client() && ctx.holds_connection(id);
        if let (Some(most), false) = (resource.permits(), is_held) {
            let pool = PoolName { name: format!("resource `{id}`").into(), limit: most };
            taken.push(permits::acquire(ctx, &pool, &call.key, limit).await?);
        }
    }
    Ok(taken)
}

/// The call runs by itself from here on, and holds its permits until it really ends.
fn begin<'p>(ctx: &Ctx<'p>, call: &Call<'p>, attempt: u32, hedge: u32, permits: Vec<Permit<'p>>) -> Work {
    let world = &ctx.world;
    let asked = Attempt {
        run: &ctx.run.id,
        key: &call.key,
        attempt,
        hedge,
        call: call.call,
        types: &ctx.run.plan.types,
    };
    let attempted = world.oracle.borrow_mut().attempt(&asked);
    let work = Work { ended: Promise::new(&world.scheduler), interrupt: Promise::new(&world.scheduler) };
    if call.call.policy.hedge.is_some() && call.call.effect == Effect::Write {
        // Another call may win; the run does not end before this one does.
        ctx.run.unsettled.borrow_mut().push(work.ended.clone());
    }
    let succeeds = attempted.result.is_ok();
    let end = match attempted.result {
        Ok(value) => WorkEnd::Succeeded(value),
        Err(error) => WorkEnd::Failed(Arc::new(error)),
    };
    let timer = attempted.after.map(|after| {
        let (run, key) = (ctx.run.id.to_string(), call.key.to_string());
        let action = Action::End { run, key, attempt, succeeds };
        Timer::new(&world.scheduler, world.now().saturating_add(after), action)
    });
    let (ended, interrupt) = (work.ended.clone(), work.interrupt.clone());
    let (listens, is_timed) = (call.call.callable.listens(), world.is_timed());
    world.spawn(async move {
        let by_itself = async {
            match timer {
                Some(timer) => timer.await,
                None => std::future::pending().await,
            }
        };
        let end = if listens {
            match first(by_itself, interrupt.wait()).await {
                Either::Left(()) => end,
                Either::Right(()) => WorkEnd::Interrupted,
            }
        } else {
            by_itself.await;
            end
        };
        drop(permits);
        let digest = if is_timed { 0 } else { digest_of(&format!("{end:?}")) };
        ended.resolve(end, digest);
    });
    work
}

/// The end of the call, or of its time, or of the patience of those around it.
async fn watched<'p>(ctx: &Ctx<'p>, call: &Call<'p>, work: &Work, limit: &Limit) -> AttemptEnd {
    let timeout = call.call.policy.timeout_ms;
    let timeout_at = timeout.map(|ms| ctx.world.now().saturating_add(ms.saturating_mul(1000)));
    let earliest = match (timeout_at, limit.at) {
        (Some(timeout), Some(deadline)) => Some(timeout.min(deadline)),
        (timeout, deadline) => timeout.or(deadline),
    };
    let own_limit = Limit { at: earliest, key: call.key.clone() };
    match ctx.unless_stopped(&own_limit, work.ended.wait()).await {
        Ok(end) => ended(end),
        Err(Stop::Cancelled(why)) => settle::cancelled(ctx, call, work, why).await,
        Err(Stop::Over) => {
            let is_deadline = limit.at.is_some() && (timeout_at.is_none() || limit.at < timeout_at);
            let error = if is_deadline {
                let milliseconds = call.call.policy.deadline_ms.unwrap_or(0);
                own(names::DEADLINE, format!("not done within {milliseconds} ms"))
            } else {
                own(names::TIMEOUT, format!("no answer within {} ms", timeout.unwrap_or(0)))
            };
            settle::timed_out(ctx, call, work, error).await
        }
    }
}

pub(super) fn ended(end: WorkEnd) -> AttemptEnd {
    match end {
        WorkEnd::Succeeded(value) => AttemptEnd::Succeeded(value),
        WorkEnd::Failed(error) => AttemptEnd::Failed { error: (*error).clone(), unknown: false },
        // Nobody asked it to stop: those who do read its end themselves.
        WorkEnd::Interrupted => {
            AttemptEnd::Failed { error: own(names::OUTCOME_UNKNOWN, "interrupted"), unknown: true }
        }
    }
}
