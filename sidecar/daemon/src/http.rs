//! The HTTP API: starts, views and cancellations as JSON, metrics and health.
//!
//! It knows what design section 9 promises, and only committed state.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use conductor_journal::{Home, Refusal, RunRow, RunView, Settled, StartRequest, Started, fold};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::SignalSend;
use conductor_protocol::state::RunState;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::ahead;
use crate::browser;
use crate::counting;
use crate::following;
use crate::gate::Access;
use crate::guard::{self, Door};
use crate::handlers::{ask_cancel, tell_owner};
use crate::manifests;
use crate::masking::Mask;
use crate::news;
use crate::operating::{self, Said};
use crate::pages;
use crate::plans;
use crate::restarting::restart;
use crate::resuming::resume;
use crate::retention::{purge_many, purge_one};
use crate::rpc::is_traceparent;
use crate::searching;
use crate::sidecar::{Sidecar, blocking};
use crate::signals;
use crate::tuning;

type Shared = State<Arc<Sidecar>>;

pub(crate) fn router(sidecar: Arc<Sidecar>, door: Arc<Door>) -> Router {
    let limit = usize::try_from(sidecar.journal.limits().message_bytes).unwrap_or(usize::MAX);
    let guarded = (Arc::clone(&sidecar.gate), door, limit);
    Router::new()
        .route("/metrics", get(counting::metrics))
        .route("/v1/events", get(news::events))
        .route("/v1/runs/{id}/events", get(following::events))
        .route("/v1/audit", get(operating::audit))
        .route("/v1/ui/codes", post(browser::code))
        .route("/v1/ui/login", post(browser::login).delete(browser::logout))
        .route("/v1/sessions", get(sessions))
        .route("/v1/workflows", get(workflows))
        .route("/v1/runs", get(searching::runs).delete(purge_many))
        .route("/v1/schedules", get(schedules))
        .route("/v1/runs/{id}", get(run).delete(purge_one))
        .route("/v1/runs/{id}/steps/{key}/input", get(plans::input))
        .route("/v1/overview", get(counting::overview))
        .route("/v1/manifests", get(manifests::manifests))
        .route("/v1/manifests/{name}", put(manifests::tell))
        .route("/v1/plans/{digest}/drawing", get(plans::drawing))
        .route("/v1/profile", get(crate::profile::profile))
        .route("/v1/breakers", get(operating::breakers))
        .route("/v1/breakers/{id}", get(operating::breaker).put(operating::decide))
        .route("/v1/policies", get(tuning::policies))
        .route("/v1/policies/{id}", get(tuning::policy).put(tuning::change).delete(tuning::reset))
        .route("/v1/runs/{id}/cancel", post(cancel))
        .route("/v1/runs/{id}/resume", post(resume))
        .route("/v1/runs/{id}/restart", post(restart))
        .route("/v1/runs/{id}/signals/{name}", post(signal))
        .route("/v1/workflows/{id}/runs", post(start))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&sidecar), caught_up))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/", get(pages::page))
        .route("/ui/{name}", get(pages::asset))
        .route("/openapi.json", get(openapi))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "there is no such path"))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(sidecar)
        .layer(middleware::from_fn_with_state(guarded, guard::pass))
}

/// What processes have in logs of their own counts as committed.
async fn caught_up(State(sidecar): Shared, request: Request, next: Next) -> Response {
    ahead::caught_up(&sidecar).await;
    next.run(request).await
}

pub(crate) fn refuse(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({"error": {"message": message.into()}}))).into_response()
}

pub(crate) fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Unknown { .. } => StatusCode::NOT_FOUND,
        Refusal::Mismatch { .. }
        | Refusal::PlanMismatch { .. }
        | Refusal::Transition { .. }
        | Refusal::Ended { .. }
        | Refusal::Needed { .. } => StatusCode::CONFLICT,
        Refusal::Purged { .. } => StatusCode::GONE,
        Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Store(_) | Refusal::Unsettled | Refusal::NoKey { .. } | Refusal::Closing => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let error = json!({"code": refusal.code(), "message": refusal.to_string()});
    (status, Json(json!({ "error": error }))).into_response()
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], crate::OPENAPI).into_response()
}

async fn readyz(State(sidecar): Shared) -> Response {
    if sidecar.is_closing() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the sidecar is shutting down");
    }
    match blocking(|| sidecar.journal.store().plans()) {
        Ok(_) => "ready\n".into_response(),
        Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

async fn workflows(State(sidecar): Shared) -> Response {
    Json(json!({"workflows": sidecar.known_workflows()})).into_response()
}

async fn sessions(State(sidecar): Shared) -> Response {
    let table = sidecar.sessions.hold();
    let sessions: Vec<_> = table
        .values()
        .map(|session| {
            json!({
                "session": &*session.owner.session,
                "pid": session.owner.pid,
                "by": session.guest.as_ref().map(|guest| &*guest.access.name),
                "from": session.guest.as_ref().and_then(|guest| guest.from).map(|from| from.to_string()),
                "connected": session.outbox.is_some(),
                "client": session.client,
                "serve": session.serve,
                "dispatched": session.dispatched.len(),
                "plans": session.plans,
            })
        })
        .collect();
    Json(json!({ "sessions": sessions })).into_response()
}

/// When which workflow begins by itself.
async fn schedules(State(sidecar): Shared) -> Response {
    let time = |at: Option<UnixMillis>| {
        at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).map(|at| at.to_string())
    };
    let shown = sidecar.timetable().shown(sidecar.clock.now());
    let all: Vec<_> = shown
        .into_iter()
        .map(|one| {
            json!({
                "served": sidecar.sessions.serves(&one.workflow),
                "workflow": one.workflow,
                "cron": one.schedule.cron,
                "time_zone": one.schedule.time_zone,
                "missed": one.schedule.missed,
                "next": time(one.next),
                "missed_since": time(one.missed_since),
                "problem": one.problem,
            })
        })
        .collect();
    Json(json!({ "schedules": all })).into_response()
}

/// A run as it may be shown.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    Whole(Box<RunView>),
    Masked(Value),
}

pub(crate) fn shown(sidecar: &Sidecar, row: RunRow, view: impl FnOnce(RunRow) -> RunView) -> Shown {
    let mask = Mask::of(sidecar, &row);
    let view = waiting(sidecar, row, view);
    match mask {
        // A view is always JSON.
        Some(mask) => Shown::Masked(mask.over(serde_json::to_value(view).unwrap_or_default())),
        None => Shown::Whole(Box::new(view)),
    }
}

/// A view with what an unowned run waits for.
fn waiting(sidecar: &Sidecar, row: RunRow, view: impl FnOnce(RunRow) -> RunView) -> RunView {
    let head = &row.head;
    let free = row.home != Home::Away && head.owner.as_ref().is_none_or(|owner| sidecar.may_take(owner));
    let waiting_for = match (head.state, &head.plan) {
        (state, _) if state.is_terminal() || !free => None,
        (RunState::Paused, _) if head.cancel.is_none() => Some("a person who resumes it".to_owned()),
        _ if row.parent.as_ref().is_some_and(|parent| sidecar.journal.is_open(&parent.run)) => {
            row.parent.as_ref().map(|parent| format!("the owner of its parent {}", parent.run))
        }
        (_, Some(plan)) => Some(format!("a session that serves plan {plan} of {}", row.workflow)),
        (_, None) => Some(format!("a session that serves {}", row.workflow)),
    };
    RunView { waiting_for, ..view(row) }
}

async fn run(State(sidecar): Shared, Path(id): Path<String>) -> Response {
    looked_at(&sidecar, &id).map_or_else(|refusal| *refusal, |view| Json(view).into_response())
}

/// What may be shown of a run, with its steps.
pub(crate) fn looked_at(sidecar: &Sidecar, id: &str) -> Result<Shown, Box<Response>> {
    let store = sidecar.journal.store();
    let found = blocking(|| match store.find(id)? {
        Some(row) => store.records(row.key, 0, usize::MAX).map(|page| Some((row, page.records))),
        None => Ok(None),
    });
    let (row, records) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Err(gone(sidecar, id).into()),
        Err(error) => return Err(refused(&Refusal::Store(error.to_string())).into()),
    };
    match fold(row.clone(), &records) {
        Ok(view) => Ok(blocking(|| shown(sidecar, row, |_| view))),
        // Between the two looks.
        Err(_) if blocking(|| matches!(store.find(id), Ok(None))) => Err(gone(sidecar, id).into()),
        Err(error) => {
            Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("run {id} is damaged: {error}")).into())
        }
    }
}

/// There is no such run: there never was, or it was purged, and this is what is known of it.
pub(crate) fn gone(sidecar: &Sidecar, id: &str) -> Response {
    let refusal = blocking(|| sidecar.journal.absent(id));
    let stone = blocking(|| sidecar.journal.tombstone(id));
    let (Refusal::Purged { .. }, Ok(Some(stone))) = (&refusal, stone) else { return refused(&refusal) };
    let time = |at| jiff::Timestamp::from_millisecond(at).ok().map(|at| at.to_string());
    let body = json!({
        "error": {"code": refusal.code(), "message": refusal.to_string()},
        "purged": {
            "id": stone.id,
            "workflow": stone.workflow,
            "state": stone.state,
            "input_digest": stone.input_digest,
            "started_at": time(stone.started_at),
            "finished_at": time(stone.finished_at),
            "purged_at": time(stone.purged_at),
        },
    });
    (StatusCode::GONE, Json(body)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartBody {
    #[serde(default)]
    input: Option<Box<RawValue>>,
    #[serde(default)]
    run_id: Option<String>,
    #[serde(default)]
    by: Option<String>,
}

async fn start(
    State(sidecar): Shared,
    Path(workflow): Path<String>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Json<StartBody>, JsonRejection>,
) -> Response {
    if sidecar.is_closing() {
        return refused(&Refusal::Closing);
    }
    let body = match body {
        Ok(Json(body)) => body,
        Err(rejection) => return refuse(rejection.status(), rejection.body_text()),
    };
    if sidecar.journal.shared().is_some()
        && let Err(error) = blocking(|| sidecar.relearn())
    {
        return refused(&Refusal::Store(error.to_string()));
    }
    let known = sidecar.known_workflows();
    if !known.contains(&workflow) {
        let message = format!("no session has ever registered workflow {workflow}");
        let error = json!({"message": message, "workflows": known});
        return (StatusCode::NOT_FOUND, Json(json!({ "error": error }))).into_response();
    }
    let empty = || RawValue::from_string("{}".to_owned());
    let Ok(input) = body.input.map_or_else(empty, Ok) else {
        return refuse(StatusCode::BAD_REQUEST, "input");
    };
    let run = body.run_id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let request = StartRequest {
        run: run.clone(),
        workflow: workflow.clone(),
        plan: None,
        language: None,
        input,
        secret: sidecar.secret(&workflow).into_iter().collect(),
        parent: None,
        traceparent: traceparent(&headers),
        by: operating::named(&access, body.by.as_deref()),
        at: jiff::Timestamp::now().as_millisecond(),
    };
    ahead::settled_soon(&sidecar).await;
    let started = sidecar.start(request, None);
    sidecar.flush();
    let state = match started {
        Err(refusal) => return refused(&refusal),
        Ok(Started::New { settled, .. }) => match settled.await {
            Ok(Ok(())) => {
                if let Some(info) = sidecar.journal.info(&run) {
                    sidecar.offer(&info);
                }
                RunState::Running
            }
            Ok(Err(refusal)) => return refused(&refusal),
            Err(_) => return refused(&Refusal::Closing),
        },
        Ok(Started::Attached { state, settled }) => {
            if let Some(settled) = settled
                && !matches!(settled.await, Ok(Ok(())))
            {
                return refused(&Refusal::Store("the start was not committed".to_owned()));
            }
            state
        }
        Ok(Started::Finished { state }) => state,
        Ok(Started::Taken(taken)) => taken.info.state,
    };
    (StatusCode::ACCEPTED, Json(json!({"id": run, "workflow": workflow, "state": state}))).into_response()
}

/// The trace of who asks, where the header is well formed.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    is_traceparent(text).then(|| text.to_owned())
}

/// Waits until what was admitted is on disk.
pub(crate) async fn settled(settled: Option<Settled>) -> Result<(), Refusal> {
    match settled {
        None => Ok(()),
        Some(settled) => settled.await.unwrap_or(Err(Refusal::Closing)),
    }
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// The body is the data; the header `Idempotency-Key` may name the signal, so that it can be sent again.
async fn signal(
    State(sidecar): Shared,
    Path((run, signal)): Path<(String, String)>,
    Query(said): Query<Said>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if !is_json(&headers) && !body.is_empty() {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    let text: &[u8] = if body.is_empty() { b"null" } else { &body };
    let data: Box<RawValue> = match serde_json::from_slice(text) {
        Ok(data) => data,
        Err(error) => {
            return refuse(StatusCode::BAD_REQUEST, format!("the body is the data as JSON: {error}"));
        }
    };
    let id = match headers.get("idempotency-key").map(|id| id.to_str()) {
        Some(Ok(id)) => id.to_owned(),
        Some(Err(_)) => return refuse(StatusCode::BAD_REQUEST, "the Idempotency-Key is no text"),
        None => uuid::Uuid::now_v7().to_string(),
    };
    let sent = SignalSend { run, signal, id, data };
    let put = signals::put(&sidecar, &sent);
    sidecar.flush();
    let done = match put {
        Ok(on_its_way) => settled(on_its_way).await,
        Err(refusal) => Err(refusal),
    };
    let did = json!({"action": "signal", "signal": sent.signal, "id": sent.id});
    let noted = || said.keep(&sidecar, &access, &sent.run, &did);
    match done.and_then(|()| noted()) {
        Ok(()) => {
            let told = json!({"run": sent.run, "signal": sent.signal, "id": sent.id});
            (StatusCode::ACCEPTED, Json(told)).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

#[derive(Default, Deserialize)]
struct CancelBody {
    reason: Option<String>,
    by: Option<String>,
}

async fn cancel(
    State(sidecar): Shared,
    Path(id): Path<String>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let given = if body.is_empty() { Ok(CancelBody::default()) } else { serde_json::from_slice(&body) };
    let Ok(CancelBody { reason, by }) = given else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the body is {\"reason\": \"...\", \"by\": \"...\"}, or nothing",
        );
    };
    if !is_json(&headers) && !body.is_empty() {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    let mut told = reason.clone().unwrap_or_else(|| "cancelled by operator".to_owned());
    if !access.is_local {
        told = access.signs(Some(told));
    }
    let asked = match ask_cancel(&sidecar, &id, &told) {
        Ok(asked) => asked,
        Err(refusal) => return refused(&refusal),
    };
    sidecar.flush();
    if let Err(refusal) = settled(asked).await {
        return refused(&refusal);
    }
    tell_owner(&sidecar, &id);
    if let Err(refusal) = (Said { reason, by }).keep(&sidecar, &access, &id, &json!({"action": "cancel"})) {
        return refused(&refusal);
    }
    (StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response()
}
