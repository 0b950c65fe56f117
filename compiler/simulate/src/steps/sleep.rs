//! `sleep`, and every other pause of a workflow: a durable timer.
//!
//! Its end is recorded when it begins, so that a death does not make it longer.

use std::sync::Arc;

use conductor_protocol::plan::Delay;
use serde_json::Value as Json;

use super::broken;
use crate::clock::Micros;
use crate::context::{Ctx, Limit, Stop};
use crate::error::{Exit, Flow};
use crate::journal::Fact;
use crate::trace::What;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, delay: &Delay) -> Flow {
    let micros = match delay {
        Delay::Fixed { ms } => ms.saturating_mul(1000),
        Delay::Computed(expr) => ctx.micros(expr).map_err(|error| broken(error, key))?,
    };
    until_passed(ctx, key, micros).await?;
    Ok(Arc::new(Json::Null))
}

/// Lets `micros` pass, counted from the first life of the run that came here.
pub(super) async fn until_passed(ctx: &Ctx<'_>, key: &Arc<str>, micros: Micros) -> Flow<()> {
    let past = ctx.past(key);
    if past.outcome.is_some() {
        return Ok(());
    }
    if let Some(why) = ctx.cancel.get() {
        if past.is_open {
            super::cancelled(ctx, key, Stop::Cancelled(why));
        }
        return Err(Exit::Cancelled(why));
    }
    let at = past.deadline_at.unwrap_or_else(|| ctx.world.now().saturating_add(micros));
    if past.deadline_at.is_none() {
        ctx.emit(What::StepStarted { key: key.clone(), kind: "sleep".to_owned(), name: String::new() });
        ctx.record(key, Fact::Started { attempt: 0, deadline_at: Some(at) });
    }
    let limit = Limit { at: None, key: key.clone() };
    if let Err(stop) = ctx.pause(at, key, &limit).await {
        super::cancelled(ctx, key, stop);
        return Err(stop.into_exit(ctx, key, 0, Default::default));
    }
    let output = Arc::new(Json::Null);
    ctx.emit(What::StepSucceeded { key: key.clone(), attempt: 0, output: output.clone() });
    ctx.record(key, Fact::Succeeded { attempt: 0, output, undo: Vec::new(), signal: None });
    Ok(())
}
