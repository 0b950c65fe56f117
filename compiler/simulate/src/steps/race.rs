//! `race`: the first success wins, the others are cancelled.
//!
//! A branch that was skipped, or whose failure is tolerated, wins nothing. Where none wins, the block fails with the
//! failure of the first branch in source order that has one, which no timing can change.

use std::sync::Arc;

use conductor_protocol::plan::{OnFailure, Step};

use super::{Done, branches, step};
use crate::context::Ctx;
use crate::error::Flow;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, steps: &'p [Step]) -> Flow<Done> {
    let plan = branches::Plan {
        key: key.clone(),
        names: steps.iter().map(|step| step.id.clone()).collect(),
        needs: vec![Vec::new(); steps.len()],
        width: usize::MAX,
        on_failure: OnFailure::Wait,
        is_race: true,
    };
    let ended = branches::run(ctx, plan, |index, ctx| {
        let scope = ctx.scope.inner();
        step(ctx.with_scope(scope), &steps[index])
    })
    .await?;
    let branches::Ended { mut results, decided } = ended;
    if let Some(winner) = decided.and_then(|index| results[index].take()) {
        return winner;
    }
    for result in results.into_iter().flatten() {
        result?;
    }
    Ok(Done::nothing())
}
