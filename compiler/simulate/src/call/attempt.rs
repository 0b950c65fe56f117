//! One attempt: breaker, rate limit, bulkhead, then the call or a hedge of calls.
//!
//! It does not know whether another attempt follows.

use std::sync::Arc;
use std::time::Duration;

use conductor_policy::breaker::{self, Decision, Event, Settings, Trip};
use conductor_policy::{errors, rate};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{self, CircuitBreaker, Policy, Rate};
use serde_json::Value as Json;

use super::work::once;
use super::{Call, hedge, with_arguments};
use crate::context::{Ctx, Limit, Stop};
use crate::error::{names, own};
use crate::journal::Past;
use crate::permits::{self, PoolName};
use crate::trace::What;

/// What one attempt came to.
pub(super) enum AttemptEnd {
    Succeeded(Arc<Json>),
    /// `unknown`: a write that may have happened all the same.
    Failed {
        error: ErrorForm,
        unknown: bool,
    },
    /// A write of which nobody can tell whether it happened; a person must.
    InDoubt,
    /// `begun`: the call had been made.
    Stopped {
        stop: Stop,
        unknown: bool,
        begun: bool,
    },
}

impl From<Stop> for AttemptEnd {
    fn from(stop: Stop) -> AttemptEnd {
        AttemptEnd::Stopped { stop, unknown: false, begun: false }
    }
}

pub(super) async fn attempt<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    past: &mut Past<'p>,
    limit: &Limit,
) -> AttemptEnd {
    let breaker = call.call.policy.circuit_breaker.as_ref().filter(|_| ctx.world.is_timed());
    let Some(breaker) = breaker else { return within_limits(ctx, call, past, limit).await };
    let name = breaker_name(ctx, call, breaker);
    if let Some(error) = refused(ctx, call, breaker, &name) {
        return AttemptEnd::Failed { error, unknown: false };
    }
    let end = within_limits(ctx, call, past, limit).await;
    let event = match &end {
        AttemptEnd::Succeeded(_) => Event::Succeeded,
        AttemptEnd::Failed { error, .. } if is_of_domain(&call.call.policy, error) => Event::Abandoned,
        AttemptEnd::Failed { .. } => Event::Failed,
        AttemptEnd::InDoubt | AttemptEnd::Stopped { .. } => Event::Abandoned,
    };
    tell(ctx, breaker, &name, event);
    end
}

/// Whether the one who was called has answered, and says no.
fn is_of_domain(policy: &Policy, error: &ErrorForm) -> bool {
    errors::is_of_domain(&error.types, error.code.as_deref(), &policy.retry_on, &policy.abort_on)
}

/// Rate limit and bulkhead of the task.
async fn within_limits<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &mut Past<'p>, limit: &Limit) -> AttemptEnd {
    let policy = &call.call.policy;
    let task = &call.call.task;
    past.attempt += 1;
    if let Some(rate) = policy.rate_limit
        && let Err(stop) = in_turn(ctx, &call.key, &format!("task {task}"), rate, limit).await
    {
        return stop.into();
    }
    let _bulkhead = match policy.bulkhead {
        None => None,
        Some(most) => {
            let pool = PoolName { name: format!("bulkhead of `{task}`").into(), limit: most };
            match permits::acquire(ctx, &pool, &call.key, limit).await {
                Ok(permit) => Some(permit),
                Err(stop) => return stop.into(),
            }
        }
    };
    match policy.hedge {
        None => once(ctx, call, past, 0, limit).await,
        Some(hedge) => hedge::attempt(ctx, call, past, hedge, limit).await,
    }
}

/// Waits until a rate limit lets one more begin.
pub(super) async fn in_turn<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    name: &str,
    limit: Rate,
    until: &Limit,
) -> Result<(), Stop> {
    if !ctx.world.is_timed() {
        return Ok(());
    }
    let at = {
        let mut rates = ctx.world.rates.borrow_mut();
        let starts = rates.remove(name).unwrap_or_default();
        let limit = rate::Rate { permits: limit.permits, per: Duration::from_millis(limit.per_ms) };
        let (starts, at) = rate::reserve(limit, starts, ctx.world.moment());
        rates.insert(name.to_owned(), starts);
        u64::try_from(at.as_micros()).unwrap_or(u64::MAX)
    };
    if at > ctx.world.now() { ctx.pause(at, key, until).await } else { Ok(()) }
}

/// Breakers are the task's, one for each value of their key.
fn breaker_name<'p>(ctx: &Ctx<'p>, call: &Call<'p>, breaker: &CircuitBreaker) -> String {
    match breaker.key.as_ref().map(|key| with_arguments(ctx, call).evaluate(key)) {
        Some(Ok(key)) => format!("{} {key}", call.call.task),
        Some(Err(_)) | None => call.call.task.clone(),
    }
}

fn refused<'p>(ctx: &Ctx<'p>, call: &Call<'p>, breaker: &CircuitBreaker, name: &str) -> Option<ErrorForm> {
    let Decision::Refused { .. } = tell(ctx, breaker, name, Event::Call) else { return None };
    ctx.emit(What::Refused { key: call.key.clone(), breaker: name.to_owned() });
    Some(own(names::CIRCUIT_OPEN, format!("the circuit breaker of `{name}` is open")))
}

fn tell(ctx: &Ctx<'_>, settings: &CircuitBreaker, name: &str, event: Event) -> Decision {
    let mut breakers = ctx.world.breakers.borrow_mut();
    let state = breakers.remove(name).unwrap_or_default();
    let (state, decision) = breaker::decide(&numbers(settings), state, event, ctx.world.moment());
    breakers.insert(name.to_owned(), state);
    decision
}

fn numbers(settings: &CircuitBreaker) -> Settings {
    Settings {
        trip: match settings.trip {
            plan::Trip::Failures(failures) => Trip::Failures(failures),
            plan::Trip::FailureRate(share) => Trip::FailureRate { share, min_calls: settings.min_calls },
        },
        window: Duration::from_millis(settings.window_ms),
        open_for: Duration::from_millis(settings.open_for_ms),
        half_open_calls: settings.half_open_calls,
    }
}
