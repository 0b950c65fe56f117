//! `parallel`: all branches at once; the result is a record of those with an id.
//!
//! It does not know how branches are run.

use std::sync::Arc;

use conductor_protocol::plan::{OnFailure, Step};
use serde_json::{Map, Value as Json};

use super::{branches, step};
use crate::context::Ctx;
use crate::error::Flow;

pub(super) async fn run<'p>(
    ctx: &Ctx<'p>,
    key: &Arc<str>,
    steps: &'p [Step],
    max_concurrency: Option<u32>,
    on_failure: OnFailure,
) -> Flow {
    let plan = branches::Plan {
        key: key.clone(),
        names: steps.iter().map(|step| step.id.clone()).collect(),
        needs: vec![Vec::new(); steps.len()],
        width: max_concurrency.map_or(usize::MAX, |width| width.max(1) as usize),
        on_failure,
        is_race: false,
    };
    let ended = branches::run(ctx, plan, |index, ctx| step(ctx, &steps[index])).await?;
    Ok(record(steps, branches::all(ended)?))
}

/// The results by id.
pub(super) fn record(steps: &[Step], values: Vec<Arc<Json>>) -> Arc<Json> {
    let named = steps.iter().zip(values).filter(|(step, _)| !step.anonymous);
    let fields: Map<String, Json> = named.map(|(step, value)| (step.id.clone(), (*value).clone())).collect();
    Arc::new(Json::Object(fields))
}
