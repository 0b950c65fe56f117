//! Unknown outcomes: what becomes of a call whose time is over, or that is cancelled, while it runs.
//!
//! It knows rule 6 of the run's meaning: the real end of a started write is waited for within a bound, a late outcome
//! is an outcome, and only then `in_doubt` decides.

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{Effect, InDoubt};

use super::Call;
use super::attempt::AttemptEnd;
use super::work::{Work, WorkEnd, ended};
use crate::cancel::Why;
use crate::context::{Ctx, Stop};
use crate::error::{names, own};

/// The call has taken too long; `error` says of which limit.
pub(super) async fn timed_out<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    work: &Work,
    error: ErrorForm,
) -> AttemptEnd {
    work.interrupt();
    let (task, in_doubt) = (call.call, call.call.in_doubt);
    if task.effect != Effect::Write {
        return AttemptEnd::Failed { error, unknown: false };
    }
    let may_repeat = task.may_happen_twice();
    if may_repeat && in_doubt == InDoubt::Retry && !task.callable.listens() {
        // It goes on beside whatever is tried next; the run does not end before it does.
        ctx.run.unsettled.borrow_mut().push(work.ended.clone());
        return AttemptEnd::Failed { error, unknown: true };
    }
    // Of a write that must not happen twice nothing more is tried while it runs, however long that is.
    let end = if in_doubt == InDoubt::Retry && !may_repeat {
        Some(work.ended.wait().await)
    } else {
        ctx.settled(&work.ended).await
    };
    match (end, in_doubt) {
        (Some(end @ (WorkEnd::Succeeded(_) | WorkEnd::Failed(_))), _) => ended(end),
        (_, InDoubt::Retry) => AttemptEnd::Failed { error, unknown: true },
        (_, InDoubt::Pause) => AttemptEnd::InDoubt,
        (_, InDoubt::Fail) => {
            let message = format!("nobody knows whether it happened: {}", error.message);
            AttemptEnd::Failed { error: own(names::OUTCOME_UNKNOWN, message), unknown: true }
        }
    }
}

/// The step is cancelled while its call runs. What a write really comes to is recorded before anything else happens.
pub(super) async fn cancelled<'p>(ctx: &Ctx<'p>, call: &Call<'p>, work: &Work, why: Why) -> AttemptEnd {
    let is_write = call.call.effect == Effect::Write;
    if why == Why::Decided || !is_write {
        work.interrupt();
    }
    let stop = Stop::Cancelled(why);
    if !is_write {
        return AttemptEnd::Stopped { stop, unknown: false, begun: true };
    }
    match ctx.settled(&work.ended).await {
        Some(WorkEnd::Succeeded(value)) => AttemptEnd::Succeeded(value),
        Some(WorkEnd::Failed(_)) => AttemptEnd::Stopped { stop, unknown: false, begun: true },
        Some(WorkEnd::Interrupted) | None => AttemptEnd::Stopped { stop, unknown: true, begun: true },
    }
}
