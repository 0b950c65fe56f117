//! What is recorded when a call has ended, and what must be undone later because of it.
//!
//! It does not decide how a call ends.

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{Effect, InDoubt};
use serde_json::Value as Json;

use super::{Call, undo_arguments};
use crate::cancel::Why;
use crate::compensate::{How, Undo};
use crate::context::Ctx;
use crate::error::{Exit, Failure, Flow};
use crate::journal::{Fact, Past};
use crate::steps::Done;
use crate::trace::What;

/// The call has a result. `is_own`: from an attempt, not from a cache or a fallback.
pub(super) fn succeeded<'p>(
    ctx: &Ctx<'p>,
    call: &Call<'p>,
    past: &Past<'p>,
    output: Arc<Json>,
    is_own: bool,
) -> Flow<Done> {
    let result = if is_own { output.clone() } else { Arc::new(Json::Null) };
    let undo = if is_own || past.unknown { undo(ctx, call, result) } else { Vec::new() };
    let attempt = past.attempt;
    ctx.emit(What::StepSucceeded { key: call.key.clone(), attempt, output: output.clone() });
    let fact = Fact::Succeeded { attempt, output: output.clone(), undo: undo.clone(), signal: None };
    ctx.record(&call.key, fact);
    ctx.run.undo.borrow_mut().extend(undo);
    go_on(ctx, Done::success(output))
}

/// The call has failed for good; where it is not critical that is tolerated.
pub(super) fn failed<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &Past<'p>, error: ErrorForm) -> Flow<Done> {
    let (attempt, tolerated) = (past.attempt, !call.critical);
    let failure = Arc::new(Failure { error, step: call.key.clone(), attempts: attempt });
    let undo = if past.unknown { undo(ctx, call, Arc::new(Json::Null)) } else { Vec::new() };
    let error = Arc::new(failure.error.clone());
    ctx.emit(What::StepFailed { key: call.key.clone(), attempt, error, tolerated });
    ctx.record(&call.key, Fact::Failed { failure: failure.clone(), tolerated, undo: undo.clone() });
    ctx.run.undo.borrow_mut().extend(undo);
    if tolerated { go_on(ctx, Done::nothing()) } else { Err(Exit::Failed(failure)) }
}

/// The call was cancelled after it had been started. Where the run only stops for a person, it goes on later.
pub(super) fn cancelled<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &Past<'p>, exit: &Exit) {
    if !matches!(exit, Exit::Cancelled(Why::Decided)) {
        return;
    }
    let unknown = past.unknown && call.call.effect == Effect::Write;
    let undo = if unknown { undo(ctx, call, Arc::new(Json::Null)) } else { Vec::new() };
    ctx.emit(What::StepCancelled { key: call.key.clone(), unknown });
    ctx.record(&call.key, Fact::Cancelled { undo: undo.clone() });
    ctx.run.undo.borrow_mut().extend(undo);
}

/// Whether a person must say what became of a write that was cancelled: nothing will undo it.
pub(super) fn needs_a_person(call: &Call<'_>, past: &Past<'_>) -> bool {
    past.unknown && call.call.in_doubt == InDoubt::Pause && call.call.compensate.is_none()
}

/// A write of which nobody can tell whether it happened, and a person must.
pub(super) fn doubted<'p>(ctx: &Ctx<'p>, call: &Call<'p>, past: &Past<'p>) -> Exit {
    ctx.emit(What::StepInDoubt { key: call.key.clone(), attempt: past.attempt });
    ctx.record(&call.key, Fact::InDoubt { attempt: past.attempt });
    in_doubt(&call.key)
}

pub(super) fn in_doubt(key: &Arc<str>) -> Exit {
    Exit::Paused { step: key.clone(), reason: format!("the outcome of {key} is unknown").into() }
}

/// What undoes the call: its arguments are computed now.
fn undo<'p>(ctx: &Ctx<'p>, call: &Call<'p>, output: Arc<Json>) -> Vec<Undo<'p>> {
    let Some(undoing) = &call.call.compensate else { return Vec::new() };
    let args = undo_arguments(ctx, call, undoing, output);
    let position = ctx.run.journal.appended();
    vec![Undo { key: call.key.clone(), position, how: How::Call { call: undoing, args } }]
}

/// What is recorded is recorded; but a block that was cancelled meanwhile does not go on.
fn go_on(ctx: &Ctx<'_>, done: Done) -> Flow<Done> {
    match ctx.cancel.get() {
        Some(why) => Err(Exit::Cancelled(why)),
        None => Ok(done),
    }
}
