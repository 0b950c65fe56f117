//! How long runs are kept: ended ones are purged when their time is over, or when somebody asks, beside the commits.
//!
//! It does not know how the store takes them away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use conductor_journal::{EndPlace, PurgeFilter, Refusal, StoreError};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Notify;

use crate::gate::Access;
use crate::http::{refuse, refused};
use crate::operating::Said;
use crate::plans;
use crate::sidecar::Sidecar;

/// Between two slices: what has gathered is committed.
const PAUSE: Duration = Duration::from_millis(10);

/// How long one request purges at most, before it says that there is more.
const PATIENCE: Duration = Duration::from_secs(5);

/// In the audit trail: not one run, but all that a filter found.
const ALL: &str = "*";

/// How long runs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// After their end; `None` for ever.
    pub runs: Option<Duration>,
    /// After the purge: so long the id stays taken.
    pub tombstones: Duration,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { runs: None, tombstones: Duration::from_secs(365 * 24 * 60 * 60) }
    }
}

/// What the sidecar knows of it at work.
pub(crate) struct Keeping {
    retention: Retention,
    /// Something was purged, and is to be swept away.
    swept: Notify,
}

impl Keeping {
    pub(crate) fn new(retention: Retention) -> Keeping {
        Keeping { retention, swept: Notify::new() }
    }
}

fn before(now: UnixMillis, age: Duration) -> UnixMillis {
    now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}

/// Looks for runs whose time is over: every minute, and more often where they are kept shorter than that.
pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    let retention = sidecar.keeping.retention;
    let shortest = retention.runs.unwrap_or(retention.tombstones).min(retention.tombstones);
    let mut tick =
        tokio::time::interval((shortest / 4).clamp(Duration::from_millis(100), Duration::from_secs(60)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = sidecar.closed() => return,
            _ = tick.tick() => {}
            () = sidecar.keeping.swept.notified() => {}
        }
        let done = async {
            if let Some(age) = retention.runs {
                let ended_before = before(sidecar.clock.now(), age);
                let filter = PurgeFilter { ended_before, ..PurgeFilter::default() };
                purge(&sidecar, &filter, None).await?;
            }
            sweep(&sidecar).await?;
            let this = Arc::clone(&sidecar);
            in_background(move || plans::tidy(&this, retention.runs)).await
        };
        if let Err(error) = done.await {
            eprintln!("conductor sidecar: old runs could not be purged: {error}");
        }
    }
}

/// Slice after slice, with pauses, until `until`; the number of runs and whether there is more.
async fn purge(
    sidecar: &Arc<Sidecar>,
    filter: &PurgeFilter,
    until: Option<Instant>,
) -> Result<(u64, bool), StoreError> {
    let (mut count, mut place): (u64, Option<EndPlace>) = (0, None);
    loop {
        let (this, filter) = (Arc::clone(sidecar), filter.clone());
        let slice = move || this.journal.store().purge(&filter, place, this.clock.now());
        let purged = in_background(slice).await?;
        count += purged.runs;
        sidecar.metrics.purged(purged.runs);
        place = purged.next;
        if place.is_none() || sidecar.is_closing() {
            return Ok((count, false));
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok((count, true));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn sweep(sidecar: &Arc<Sidecar>) -> Result<(), StoreError> {
    let age = sidecar.keeping.retention.tombstones;
    loop {
        let this = Arc::clone(sidecar);
        let slice = move || this.journal.store().sweep(before(this.clock.now(), age));
        if !in_background(slice).await? || sidecar.is_closing() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
}

/// `DELETE /v1/runs/{id}`
pub(crate) async fn purge_one(
    State(sidecar): State<Arc<Sidecar>>,
    Path(id): Path<String>,
    Query(said): Query<Said>,
    Extension(access): Extension<Access>,
) -> Response {
    let (this, run) = (Arc::clone(&sidecar), id.clone());
    let work = move || Ok(this.journal.purge(&run, this.clock.now()));
    match in_background(work).await {
        Ok(Ok(count)) => {
            sidecar.metrics.purged(count);
            sidecar.keeping.swept.notify_one();
            match said.keep_purge(&sidecar, &access, &id, &json!({"purged": count})) {
                Ok(()) => Json(json!({"id": id, "purged": count})).into_response(),
                Err(refusal) => refused(&refusal),
            }
        }
        Ok(Err(refusal)) => refused(&refusal),
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurgeQuery {
    ended_before: Option<String>,
    workflow: Option<String>,
    state: Option<String>,
    reason: Option<String>,
    by: Option<String>,
}

/// `DELETE /v1/runs?ended_before=...`
pub(crate) async fn purge_many(
    State(sidecar): State<Arc<Sidecar>>,
    Query(mut query): Query<PurgeQuery>,
    Extension(access): Extension<Access>,
) -> Response {
    let said = Said { reason: query.reason.take(), by: query.by.take() };
    let mut did = json!({
        "ended_before": query.ended_before,
        "workflow": query.workflow,
        "state": query.state,
    });
    let filter = match filter(query) {
        Ok(filter) => filter,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, message),
    };
    let done = purge(&sidecar, &filter, Some(Instant::now() + PATIENCE)).await;
    sidecar.keeping.swept.notify_one();
    let (count, more) = match done {
        Ok(done) => done,
        Err(error) => return refused(&Refusal::Store(error.to_string())),
    };
    did["purged"] = count.into();
    let kept = if count > 0 { said.keep_purge(&sidecar, &access, ALL, &did) } else { Ok(()) };
    match kept {
        Ok(()) => Json(json!({"purged": count, "more": more})).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

fn filter(query: PurgeQuery) -> Result<PurgeFilter, String> {
    // Nobody purges everything by leaving something out.
    let Some(before) = query.ended_before else {
        return Err("ended_before is missing: the time (RFC 3339) before which the runs ended".to_owned());
    };
    let before: jiff::Timestamp = before
        .parse()
        .map_err(|_| format!("ended_before is a time as RFC 3339 writes it, not {before:?}"))?;
    let state = match query.state.as_deref().map(|name| (name, RunState::parse(name))) {
        Some((_, Some(state))) if state.is_terminal() => Some(state),
        Some((name, _)) => {
            return Err(format!("runs in state {name:?} are not purged: succeeded, failed or cancelled"));
        }
        None => None,
    };
    Ok(PurgeFilter { workflow: query.workflow, state, ended_before: before.as_millisecond() })
}
