//! The HTTP API for numbers of policies that people change while processes run, with its audit trail.
//!
//! It knows no process: those are told by `policies`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use conductor_journal::{AuditRow, Refusal, StoreError};
use conductor_protocol::numbers::Numbers;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::gate::Access;
use crate::http::{is_json, refuse, refused};
use crate::operating::{HISTORY, SAID, time};
use crate::policies::{POLICY, Shown, check, decided, decision, push};
use crate::sidecar::{Sidecar, blocking};

type Shared = State<Arc<Sidecar>>;

/// `live` has the numbers that are set, `built` what processes came with.
fn view(shown: &Shown) -> Value {
    let set = shown.set.as_ref().filter(|set| !set.numbers.is_empty());
    let built = shown.built.iter().map(|group| {
        json!({
            "numbers": group.numbers.spelled(),
            "processes": group.processes,
            "languages": group.languages,
        })
    });
    json!({
        "id": shown.id,
        "live": set.map(|set| set.numbers.spelled()).unwrap_or_default(),
        "built": built.collect::<Vec<_>>(),
        "since": set.and_then(|set| time(set.row.at)),
        "reason": set.map(|set| &set.row.reason),
        "by": set.map(|set| &set.row.by),
    })
}

fn change_of(row: &AuditRow) -> Value {
    let decision = serde_json::from_str::<Value>(&row.decision).unwrap_or_default();
    json!({
        "id": row.id,
        "from": decision["from"],
        "to": decision["to"],
        "reason": row.reason,
        "by": row.by,
        "at": time(row.at),
    })
}

fn unread(error: &StoreError) -> Response {
    refused(&Refusal::Store(error.to_string()))
}

pub(crate) async fn policies(State(sidecar): Shared) -> Response {
    let shown = sidecar.policies.shown();
    match blocking(|| sidecar.journal.store().audit(POLICY, None, HISTORY)) {
        Ok(rows) => {
            let policies: Vec<Value> = shown.iter().map(view).collect();
            let history: Vec<Value> = rows.iter().map(change_of).collect();
            Json(json!({"policies": policies, "history": history})).into_response()
        }
        Err(error) => unread(&error),
    }
}

pub(crate) async fn policy(State(sidecar): Shared, Path(id): Path<String>) -> Response {
    show(&sidecar, &id)
}

fn show(sidecar: &Sidecar, id: &str) -> Response {
    let Some(found) = sidecar.policies.one(id) else { return unknown(sidecar, id) };
    match blocking(|| sidecar.journal.store().audit(POLICY, Some(id), HISTORY)) {
        Ok(rows) => {
            let mut shown = view(&found);
            shown["history"] = rows.iter().map(change_of).collect();
            Json(shown).into_response()
        }
        Err(error) => unread(&error),
    }
}

fn unknown(sidecar: &Sidecar, id: &str) -> Response {
    let ids: Vec<String> =
        sidecar.policies.shown().into_iter().map(|shown| shown.id).take(HISTORY as usize).collect();
    let known =
        if ids.is_empty() { "there is none".to_owned() } else { format!("there are {}", ids.join(", ")) };
    let message =
        format!("no process that is connected has a policy {id}, and nobody has changed it: {known}");
    let error = json!({"message": message, "policies": ids});
    (StatusCode::NOT_FOUND, Json(json!({ "error": error }))).into_response()
}

/// Who changes something, and why.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    numbers: Map<String, Value>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    by: String,
}

/// Sets the numbers that are named; `null` takes one back to the manifest's, and the others stay as they are.
pub(crate) async fn change(
    State(sidecar): Shared,
    Path(id): Path<String>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if !is_json(&headers) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    let Body { numbers, reason, by } = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(error) => {
            let form = r#"{"numbers": {"retries": 5, "timeout": "2s"}, "reason": "...", "by": "..."}"#;
            return refuse(StatusCode::BAD_REQUEST, format!("the body is {form}: {error}"));
        }
    };
    if numbers.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "`numbers` names no number that is to be changed");
    }
    let to = |from: &Numbers| from.with(&numbers);
    decide(&sidecar, &access, id, Why { reason, by }, to).await
}

/// Takes all numbers back to the manifest's.
pub(crate) async fn reset(
    State(sidecar): Shared,
    Path(id): Path<String>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if !is_json(&headers) && !body.is_empty() {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    let why = if body.is_empty() { Ok(Why::default()) } else { serde_json::from_slice(&body) };
    match why {
        Ok(why) => decide(&sidecar, &access, id, why, |_| Ok(Numbers::default())).await,
        Err(error) => {
            let form = r#"{"reason": "...", "by": "..."}"#;
            refuse(StatusCode::BAD_REQUEST, format!("the body is {form}, or nothing: {error}"))
        }
    }
}

async fn decide(
    sidecar: &Arc<Sidecar>,
    access: &Access,
    id: String,
    why: Why,
    to: impl FnOnce(&Numbers) -> Result<Numbers, String>,
) -> Response {
    if sidecar.is_closing() {
        return refused(&Refusal::Closing);
    }
    if let Err(message) = check(&id) {
        return refuse(StatusCode::BAD_REQUEST, message);
    }
    if why.reason.len() > SAID || why.by.len() > SAID {
        return refuse(StatusCode::BAD_REQUEST, format!("reason and by have at most {SAID} bytes"));
    }
    // What stands on disk is what is in force: one after the other.
    let _turn = sidecar.deciding.lock().await;
    let known = sidecar.policies.one(&id);
    let is_shared = sidecar.journal.store().shared().is_some();
    // Where sidecars share the store, the processes that have it may be connected to another one.
    if known.is_none() && !is_shared {
        return unknown(sidecar, &id);
    }
    // Another sidecar may have decided last.
    let last = match blocking(|| sidecar.journal.store().audit(POLICY, Some(&id), 1)) {
        Ok(rows) => rows,
        Err(error) => return unread(&error),
    };
    let from = last.first().and_then(decided).unwrap_or_default();
    let to = match to(&from) {
        Ok(to) => to,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, message),
    };
    for group in known.iter().flat_map(|known| &known.built) {
        if let Err(message) = to.fit(&group.numbers) {
            return refuse(StatusCode::BAD_REQUEST, format!("{id}: {message}"));
        }
    }
    if !sidecar.policies.has_room(&id) {
        return refuse(StatusCode::CONFLICT, "too many policies have been changed: their decisions are kept");
    }
    let row = AuditRow {
        kind: POLICY.to_owned(),
        id,
        decision: decision(&from, &to),
        reason: why.reason,
        by: access.signs(Some(why.by)),
        at: sidecar.clock.now(),
    };
    let (id, appended) = (row.id.clone(), blocking(|| sidecar.journal.store().append_audit(&row)));
    if let Err(error) = appended {
        return unread(&error);
    }
    push(sidecar, sidecar.policies.decide(row));
    show(sidecar, &id)
}
