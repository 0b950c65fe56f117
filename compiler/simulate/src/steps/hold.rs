//! `hold`: a permit, or a connection, over several steps.
//!
//! Not re-entrant: an inner `uses` of a held semaphore takes another permit. A held connection goes to the inner steps
//! that are bound to its resource.

use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::plan::Hold;
use serde_json::{Value as Json, json};

use super::body;
use crate::context::{Ctx, Held, Limit};
use crate::error::{Exit, Flow};
use crate::journal::Fact;
use crate::permits::{self, PoolName};
use crate::trace::What;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, hold: &'p Hold) -> Flow {
    let resource = ctx.world.resource(&hold.resource);
    let limit = Limit { at: None, key: key.clone() };
    let permit = match resource.and_then(conductor_protocol::plan::Resource::permits) {
        None => None,
        Some(most) => {
            // On replay of what is recorded under a cancellation nothing is taken.
            if ctx.cancel.get().is_some() {
                return inside(ctx, key, hold).await;
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
    let result = inside(&inner, key, hold).await;
    drop(permit);
    result
}

async fn inside<'p>(ctx: &Ctx<'p>, key: &Arc<str>, hold: &'p Hold) -> Flow {
    if !hold.atomic {
        return body(ctx, &hold.steps).await;
    }
    if let Some(why) = ctx.cancel.get() {
        return Err(Exit::Cancelled(why));
    }
    atomic(ctx, key, hold).await
}

/// One step to the journal: nothing inside is recorded, and after a death all of it is done again.
async fn atomic<'p>(ctx: &Ctx<'p>, key: &Arc<str>, hold: &'p Hold) -> Flow {
    ctx.record(key, Fact::Started { attempt: 1, deadline_at: None });
    ctx.barrier(key).await;
    let undone = ctx.run.undo.borrow().len();
    let scope = ctx.scope.inner();
    let inner = Ctx { is_atomic: true, scope: scope.clone(), ..ctx.clone() };
    let result = body(&inner, &hold.steps).await;
    for step in &hold.steps {
        if let Some(value) = scope.result(&step.id) {
            ctx.scope.put(&step.id, value.json, value.ty);
        }
    }
    let output = result?;
    let undo = ctx.run.undo.borrow()[undone..].to_vec();
    let kept = Arc::new(json!({ "last": *output, "results": scope.own_results() }));
    ctx.emit(What::StepSucceeded { key: key.clone(), attempt: 1, output: output.clone() });
    ctx.record(key, Fact::Succeeded { attempt: 1, output: kept, undo, signal: None });
    Ok(output)
}

/// What an atomic block recorded: its result, and those of its steps back into scope.
pub(super) fn restored<'p>(ctx: &Ctx<'p>, hold: &'p Hold, kept: &Json) -> Arc<Json> {
    for step in &hold.steps {
        if let Some(value) = kept["results"].get(&step.id) {
            ctx.scope.put(&step.id, Arc::new(value.clone()), &step.ty);
        }
    }
    Arc::new(kept["last"].clone())
}
