//! `set`, `return` and `fail`: values and exits. They are computed from what is recorded, so nothing is.
//!
//! It does not know what an exit leads to.

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::expr::Expr;
use serde_json::{Map, Value as Json};

use super::broken;
use crate::context::Ctx;
use crate::error::{Exit, Flow};

/// Later steps see each value by its name; the result is a record of them.
pub(super) fn set<'p>(ctx: &Ctx<'p>, key: &Arc<str>, values: &'p [(String, Expr)]) -> Flow {
    let mut all = Map::new();
    for (name, expr) in values {
        let value = ctx.evaluate(expr).map_err(|error| broken(error, key))?;
        all.insert(name.clone(), (*value).clone());
        ctx.scope.put(name, value, &expr.ty);
    }
    Ok(Arc::new(Json::Object(all)))
}

/// Ends the run with this output.
pub(super) fn finish(ctx: &Ctx<'_>, key: &Arc<str>, value: &Expr) -> Flow {
    let output = ctx.evaluate(value).map_err(|error| broken(error, key))?;
    Err(Exit::Returned(output))
}

pub(super) fn fail(ctx: &Ctx<'_>, key: &Arc<str>, error: &str, message: &Expr) -> Flow {
    let message = ctx.evaluate(message).map_err(|error| broken(error, key))?;
    let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
    let form = ErrorForm { types: vec![error.to_owned()], message, ..ErrorForm::default() };
    Err(Exit::failed(form, key, 0))
}
