//! `switch`: the first case that holds; null where none does.
//!
//! Conditions are computed from what is recorded, so that the choice is not.

use std::sync::Arc;

use conductor_protocol::plan::Case;
use serde_json::Value as Json;

use super::{body, broken};
use crate::context::Ctx;
use crate::error::Flow;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, cases: &'p [Case]) -> Flow {
    for case in cases {
        let holds = match &case.when {
            None => true,
            Some(when) => ctx.holds(when).map_err(|error| broken(error, key))?,
        };
        if holds {
            return body(ctx, &case.steps).await;
        }
    }
    Ok(Arc::new(Json::Null))
}
