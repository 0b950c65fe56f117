//! Retries: attempt after attempt, with pauses, within the deadline of the step.
//!
//! It does not know how an attempt is made.

use std::sync::Arc;
use std::time::Duration;

use conductor_policy::backoff::{Backoff, Growth, Jitter};
use conductor_policy::errors;
use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{self, Effect, InDoubt, Policy, Strategy};

use super::attempt::{AttemptEnd, attempt};
use super::{Call, Ended, record};
use crate::clock::Micros;
use crate::context::{Ctx, Limit, Stop};
use crate::error::{Exit, is, names, own};
use crate::journal::{Fact, Past};
use crate::trace::What;

pub(super) async fn attempts<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &mut Past<'p>) -> Ended {
    let policy = &call.call.policy;
    if past.is_open
        && let Some(ended) = cut_off(ctx, call, past)
    {
        return ended;
    }
    let now = ctx.world.now();
    let budget = policy.deadline_ms.map(|ms| now.saturating_add(ms.saturating_mul(1000)));
    past.deadline_at = past.deadline_at.or(budget);
    let limit = Limit { at: past.deadline_at, key: call.key.clone() };
    loop {
        if let Some(at) = past.retry_at.take()
            && let Err(stop) = back_off(ctx, call, at, &limit).await
        {
            return stopped(ctx, call, past, stop);
        }
        match attempt(ctx, call, past, &limit).await {
            AttemptEnd::Succeeded(output) => return Ended::Succeeded(output),
            AttemptEnd::InDoubt => return Ended::Exit(record::doubted(ctx, call, past)),
            AttemptEnd::Stopped { stop, unknown, begun } => {
                past.unknown |= unknown;
                past.attempt -= u32::from(!begun);
                return stopped(ctx, call, past, stop);
            }
            AttemptEnd::Failed { error, unknown } => {
                past.unknown |= unknown;
                if !is_retried(policy, past, &error) {
                    return Ended::Failed(error);
                }
                failed(ctx, call, past, error);
            }
        }
    }
}

/// The last attempt has no outcome: it was cut off by the death of the process. Only a write's matters.
fn cut_off<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &mut Past<'p>) -> Option<Ended> {
    past.is_open = false;
    if call.call.effect != Effect::Write {
        return None;
    }
    past.unknown = true;
    match call.call.in_doubt {
        InDoubt::Pause => Some(Ended::Exit(record::doubted(ctx, call, past))),
        InDoubt::Fail => {
            let message = format!("attempt {} was cut off; nobody knows whether it happened", past.attempt);
            Some(Ended::Failed(own(names::OUTCOME_UNKNOWN, message)))
        }
        InDoubt::Retry => ctx.cancel.get().map(|why| stopped(ctx, call, past, Stop::Cancelled(why))),
    }
}

/// A cancellation is recorded; the end of the budget is a failure that nothing follows.
fn stopped<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &Past<'p>, stop: Stop) -> Ended {
    if let (Stop::Over, None) = (stop, ctx.cancel.get()) {
        let milliseconds = call.call.policy.deadline_ms.unwrap_or(0);
        return Ended::Failed(own(names::DEADLINE, format!("not done within {milliseconds} ms")));
    }
    if record::needs_a_person(call, past) {
        return Ended::Exit(record::doubted(ctx, call, past));
    }
    let why = match stop {
        Stop::Cancelled(why) => why,
        Stop::Over => crate::cancel::Why::Decided,
    };
    let exit = Exit::Cancelled(why);
    record::cancelled(ctx, call, past, &exit);
    Ended::Exit(exit)
}

/// A pause that would outlast the budget is not begun.
async fn back_off<'p>(ctx: &Ctx<'p>, call: &Call<'p>, at: Micros, limit: &Limit) -> Result<(), Stop> {
    if ctx.world.is_timed() && limit.at.is_some_and(|end| end < at) {
        return Err(Stop::Over);
    }
    ctx.pause(at, &call.key, limit).await
}

fn failed<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &mut Past<'p>, error: ErrorForm) {
    past.failures += 1;
    let random = ctx.world.oracle.borrow_mut().jitter(&ctx.run.id, &call.key, past.failures);
    let pause = backoff(&call.call.policy).pause(past.failures, random);
    let at = ctx.world.now().saturating_add(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX));
    past.retry_at = Some(at);
    let (key, attempt) = (call.key.clone(), past.attempt);
    ctx.emit(What::AttemptFailed { key, attempt, error: Arc::new(error), retry_at_us: Some(at) });
    ctx.record(&call.key, Fact::AttemptFailed { attempt, retry_at: at, unknown: past.unknown });
}

/// Whether another attempt follows. An open breaker is an answer in itself: it is retried only where the policy says so.
fn is_retried(policy: &Policy, past: &Past<'_>, error: &ErrorForm) -> bool {
    if policy.retries.is_some_and(|retries| past.failures >= retries)
        || is(error, names::OUTCOME_UNKNOWN)
        || is(error, names::DEADLINE)
        || (is(error, names::CIRCUIT_OPEN) && policy.retry_on.is_empty())
    {
        return false;
    }
    errors::is_retryable(&error.types, error.code.as_deref(), &policy.retry_on, &policy.abort_on)
}

fn backoff(policy: &Policy) -> Backoff {
    Backoff {
        growth: match policy.strategy {
            Strategy::Constant => Growth::Constant,
            Strategy::Linear => Growth::Linear,
            Strategy::ExponentialBackoff => Growth::Exponential(policy.multiplier),
        },
        initial: Duration::from_millis(policy.initial_ms),
        max: Duration::from_millis(policy.max_delay_ms),
        jitter: match policy.jitter {
            plan::Jitter::None => Jitter::None,
            plan::Jitter::Full => Jitter::Full,
            plan::Jitter::Equal => Jitter::Equal,
        },
    }
}
