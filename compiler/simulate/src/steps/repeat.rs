//! `loop`: the steps again and again, `while` a condition holds or `until` it does, up to a bound.
//!
//! Inside, the loop's own id is the result of the iteration before. Keys carry the index: `poll[2].ask`.

use std::sync::Arc;

use conductor_protocol::plan::{Loop, LoopTest, OnExhausted, Step};
use serde_json::Value as Json;

use super::{body, broken, sleep};
use crate::context::Ctx;
use crate::error::{Exit, Flow, names, own};

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, step: &'p Step, repeat: &'p Loop) -> Flow {
    let mut last = Arc::new(Json::Null);
    // What `while` tests before the first iteration, it tests after each from then on.
    if repeat.test == LoopTest::While && !goes_on(&inside(ctx, key, step, 0, &last), key, repeat)? {
        return Ok(last);
    }
    for index in 0..repeat.max_iterations {
        let inner = inside(ctx, key, step, index, &last);
        last = body(&inner, &repeat.steps).await?;
        let tested = match repeat.test {
            LoopTest::Until => {
                // By now this iteration is the last that has ended.
                inner.scope.put(&step.id, last.clone(), &step.ty);
                inner
            }
            LoopTest::While => inside(ctx, key, step, index, &last),
        };
        if !goes_on(&tested, key, repeat)? {
            return Ok(last);
        }
        if let (Some(pause), true) = (repeat.every_ms, index + 1 < repeat.max_iterations) {
            let every: Arc<str> = format!("{key}[{index}]").into();
            sleep::until_passed(ctx, &every, pause.saturating_mul(1000)).await?;
        }
    }
    match repeat.on_exhausted {
        OnExhausted::Continue => Ok(last),
        OnExhausted::Fail => {
            let message = format!("not done after {} iterations", repeat.max_iterations);
            Err(Exit::failed(own(names::LOOP_EXHAUSTED, message), key, 0))
        }
    }
}

/// Where an iteration stands: a scope of its own, in which the loop's id is what the one before came to.
fn inside<'p>(ctx: &Ctx<'p>, key: &Arc<str>, step: &'p Step, index: u32, last: &Arc<Json>) -> Ctx<'p> {
    let scope = ctx.scope.inner();
    scope.put(&step.id, last.clone(), &step.ty);
    Ctx { scope, prefix: format!("{key}[{index}].").into(), ..ctx.clone() }
}

fn goes_on(ctx: &Ctx<'_>, key: &Arc<str>, repeat: &Loop) -> Flow<bool> {
    let holds = ctx.holds(&repeat.condition).map_err(|error| broken(error, key))?;
    Ok(match repeat.test {
        LoopTest::While => holds,
        LoopTest::Until => !holds,
    })
}
