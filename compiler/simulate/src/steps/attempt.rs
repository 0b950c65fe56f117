//! `try`: steps, what catches their failure by type, and what runs whatever happened.
//!
//! Only failures are caught: a cancellation, a `return` and a pause pass. What was done before is not discharged by a
//! catch: if the run fails later it is undone all the same.

use std::sync::Arc;

use conductor_policy::errors;
use conductor_protocol::plan::{Catch, Try};
use conductor_protocol::types::Type;
use serde_json::{Value as Json, json};

use super::body;
use crate::context::Ctx;
use crate::error::{Exit, Failure, Flow};
use crate::scope::Named;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, block: &'p Try) -> Flow {
    let result = match body(ctx, &block.steps).await {
        Err(Exit::Failed(failure)) => match caught_by(&block.catches, &failure) {
            Some(catch) => handled(ctx, catch, &failure).await,
            None => Err(Exit::Failed(failure)),
        },
        other => other,
    };
    if block.finally.is_empty() || matches!(result, Err(Exit::Paused { .. })) {
        return result;
    }
    // It runs even where the block is cancelled; so neither that cancellation nor a deadline around it reaches it.
    match body(&ctx.shielded(), &block.finally).await {
        Ok(_) => result,
        // The run is being cancelled; what the clean-up met stands in the record of its own steps.
        Err(Exit::Failed(_) | Exit::Returned(_)) if matches!(result, Err(Exit::Cancelled(_))) => result,
        Err(exit) => Err(exit),
    }
}

fn caught_by<'p>(catches: &'p [Catch], failure: &Failure) -> Option<&'p Catch> {
    let (types, code) = (&failure.error.types, failure.error.code.as_deref());
    catches.iter().find(|catch| {
        catch.errors.is_empty() || catch.errors.iter().any(|pattern| errors::matches(pattern, types, code))
    })
}

async fn handled<'p>(ctx: &Ctx<'p>, catch: &'p Catch, failure: &Failure) -> Flow {
    static ERROR: Type = Type::Any;
    let error = Named { json: Arc::new(described(failure)), ty: &ERROR };
    let scope = ctx.scope.with([(catch.variable.as_str(), error)]);
    body(&ctx.with_scope(scope), &catch.steps).await
}

/// Without the module or package, which each language writes in its own way.
fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// `{type, message, step, attempts, status?}`.
fn described(failure: &Failure) -> Json {
    let Failure { error, step, attempts } = failure;
    let mut record = json!({
        "type": last_part(error.types.first().map_or("", String::as_str)),
        "message": error.message,
        "step": **step,
        "attempts": attempts,
    });
    // Its type is an integer; a code that is none is no status.
    let status = error.code.as_deref().and_then(|code| code.parse::<i64>().ok());
    if let (Some(status), Some(fields)) = (status, record.as_object_mut()) {
        fields.insert("status".to_owned(), Json::from(status));
    }
    record
}
