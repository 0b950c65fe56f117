//! `hold`: a permit, or a connection, over several steps.
//!
//! Not re-entrant: an inner `uses` of a held semaphore takes another permit. A held connection goes to the inner steps
//! that are bound to its resource.

use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::plan::{Hold, Step, StepKind};
use serde_json::{Value as Json, json};

use super::body;
use crate::call;
use crate::context::{Ctx, Held, Limit};
use crate::error::{Exit, Failure, Flow};
use crate::journal::{Fact, Recorded};
use crate::permits::{self, PoolName};
use crate::trace::What;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, hold: &'p Hold, critical: bool) -> Flow {
    let is_atomic = hold.atomic && ctx.run.is_durable();
    if is_atomic && let Some(outcome) = ctx.past(key).outcome {
        return recorded(ctx, key, hold, outcome);
    }
    let resource = ctx.world.resource(&hold.resource);
    let limit = Limit { at: None, key: key.clone() };
    let permit = match resource.and_then(conductor_protocol::plan::Resource::permits) {
        None => None,
        Some(most) => {
            // On replay of what is recorded under a cancellation nothing is taken.
            if let Some(why) = ctx.cancel.get() {
                return if is_atomic { Err(Exit::Cancelled(why)) } else { body(ctx, &hold.steps).await };
            }
            let pool = PoolName { name: format!("resource `{}`", hold.resource).into(), limit: most };
            match permits::acquire(ctx, &pool, key, &limit).await {
                Ok(permit) => Some(permit),
                Err(stop) => return Err(stop.into_exit(ctx, key, 0, Default::default)),
            }
        }
    };
    let connects = resource.is_some_and(|resource| resource.kind.has_client());
    let held = Held { resource: &hold.resource, outer: ctx.held.clone() };
    let inner = if connects { Ctx { held: Some(Rc::new(held)), ..ctx.clone() } } else { ctx.clone() };
    let result =
        if is_atomic { atomic(&inner, key, hold, critical).await } else { body(&inner, &hold.steps).await };
    drop(permit);
    result
}

/// One step to the journal: nothing inside is recorded, and after a death all of it is done again. Where it fails, it is
/// the block that has failed, and what its steps had come to is seen by nobody.
async fn atomic<'p>(ctx: &Ctx<'p>, key: &Arc<str>, hold: &'p Hold, critical: bool) -> Flow {
    if let Some(why) = ctx.cancel.get() {
        return Err(Exit::Cancelled(why));
    }
    ctx.record(key, Fact::Started { attempt: 1, deadline_at: None });
    ctx.barrier(key).await;
    let undone = ctx.run.undo.borrow().len();
    let scope = ctx.scope.inner();
    let inner = Ctx { is_atomic: true, scope: scope.clone(), ..ctx.clone() };
    let result = body(&inner, &hold.steps).await;
    let undo = ctx.run.undo.borrow()[undone..].to_vec();
    match result {
        Ok(output) => {
            let kept = Arc::new(json!({ "last": *output, "results": scope.own_results() }));
            leave(ctx, hold, &kept);
            ctx.emit(What::StepSucceeded { key: key.clone(), attempt: 1, output: output.clone() });
            ctx.record(key, Fact::Succeeded { attempt: 1, output: kept, undo, signal: None });
            Ok(output)
        }
        Err(Exit::Failed(failure)) => {
            let failure = Arc::new(Failure { step: key.clone(), attempts: 1, ..(*failure).clone() });
            let (error, tolerated) = (Arc::new(failure.error.clone()), !critical);
            ctx.emit(What::StepFailed { key: key.clone(), attempt: 1, error, tolerated });
            ctx.record(key, Fact::Failed { failure: failure.clone(), tolerated, undo });
            Err(Exit::Failed(failure))
        }
        Err(exit) => Err(exit),
    }
}

/// Whether the failure of such a block was told when it was recorded.
pub(super) fn is_told(ctx: &Ctx<'_>, hold: &Hold, failure: &Failure) -> bool {
    // That its time was over is told by whoever tolerates it, and is no attempt.
    hold.atomic && ctx.run.is_durable() && failure.attempts == 1
}

/// What an earlier life of the run recorded of an atomic block.
fn recorded<'p>(ctx: &Ctx<'p>, key: &Arc<str>, hold: &'p Hold, outcome: Recorded) -> Flow {
    let past = ctx.past(key);
    if let Recorded::Failed { failure, .. } = outcome {
        ctx.run.undo.borrow_mut().extend(past.undo);
        return Err(Exit::Failed(failure));
    }
    let kept = call::replayed(ctx, key, &past, outcome)?.value;
    leave(ctx, hold, &kept);
    Ok(Arc::new(kept["last"].clone()))
}

/// The results of the steps inside, where those after the block see them.
fn leave<'p>(ctx: &Ctx<'p>, hold: &'p Hold, kept: &Json) {
    let mut pending: Vec<&'p Step> = hold.steps.iter().collect();
    while let Some(step) = pending.pop() {
        let mut names = vec![(step.id.as_str(), &step.ty)];
        if let StepKind::Set { values } = &step.kind {
            names.extend(values.iter().map(|(name, expr)| (name.as_str(), &expr.ty)));
        }
        for (name, ty) in names {
            if let Some(value) = kept["results"].get(name) {
                ctx.scope.put(name, Arc::new(value.clone()), ty);
            }
        }
        pending.extend(step.children());
    }
}
