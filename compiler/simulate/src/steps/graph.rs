//! `graph`: each step as soon as those it needs have ended.
//!
//! It does not know how branches are run.

use std::collections::BTreeMap;
use std::sync::Arc;

use conductor_protocol::plan::{OnFailure, Step};

use super::{branches, parallel, step};
use crate::context::Ctx;
use crate::error::Flow;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, steps: &'p [Step]) -> Flow {
    let places: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.id.as_str(), index)).collect();
    let needs = |step: &Step| step.needs.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
    let plan = branches::Plan {
        key: key.clone(),
        names: steps.iter().map(|step| step.id.clone()).collect(),
        needs: steps.iter().map(needs).collect(),
        width: usize::MAX,
        on_failure: OnFailure::Cancel,
        is_race: false,
    };
    let ended = branches::run(ctx, plan, |index, ctx| step(ctx, &steps[index])).await?;
    Ok(parallel::record(steps, branches::all(ended)?))
}
