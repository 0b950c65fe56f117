//! `map`: the steps once for each item of a list; results stand in the order of the items.
//!
//! It does not know how branches are run. Keys inside carry the index: `each_item[3].resize`.

use std::sync::Arc;

use conductor_protocol::plan::{Map, OnFailure};
use serde_json::Value as Json;

use super::{Done, Flowing, body, branches, broken};
use crate::context::Ctx;
use crate::error::{Exit, Flow, names, own};
use crate::scope::Named;

pub(super) async fn run<'p>(ctx: &Ctx<'p>, key: &Arc<str>, map: &'p Map) -> Flow {
    let over = ctx.evaluate(&map.over).map_err(|error| broken(error, key))?;
    let Json::Array(items) = &*over else {
        return Err(Exit::failed(own(names::EXPRESSION, "a map goes over a list"), key, 0));
    };
    let plan = branches::Plan {
        key: key.clone(),
        names: (0..items.len()).map(|index| index.to_string()).collect(),
        needs: vec![Vec::new(); items.len()],
        width: map.max_concurrency.map_or(usize::MAX, |width| width.max(1) as usize),
        on_failure: OnFailure::Cancel,
        is_race: false,
    };
    let ended = branches::run(ctx, plan, |index, ctx| {
        let item = Named { json: Arc::new(items[index].clone()), ty: &map.item };
        iteration(&ctx, key, map, index, item)
    })
    .await?;
    let values = branches::all(ended)?;
    Ok(Arc::new(values.into_iter().map(|value| (*value).clone()).collect()))
}

fn iteration<'p>(
    outer: &Ctx<'p>,
    key: &Arc<str>,
    map: &'p Map,
    index: usize,
    item: Named<'p>,
) -> Flowing<'p, Flow<Done>> {
    let scope = outer.scope.inner().with([(map.variable.as_str(), item)]);
    let prefix = format!("{key}[{index}].").into();
    let ctx = Ctx { scope, prefix, ..outer.clone() };
    Box::pin(async move { Ok(Done::success(body(&ctx, &map.steps).await?)) })
}
