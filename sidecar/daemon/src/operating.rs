//! The HTTP API for what people decide on breakers, with its audit trail.
//!
//! It knows no process: those are told by `breakers`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use conductor_journal::{AuditRow, Refusal};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::breakers::{Shown, Wanted, check, push};
use crate::gate::Access;
use crate::http::{is_json, refuse, refused};
use crate::sidecar::{Sidecar, blocking};

/// The kind of the decisions on breakers in the audit trail.
pub(crate) const BREAKER: &str = "breaker";

/// The kind of what people did to runs and runs do not remember.
const RUN: &str = "run";

/// The kind of what people took out of the journal.
const PURGE: &str = "purge";

/// Decisions that one answer shows, of a list and of one breaker or policy.
pub(crate) const HISTORY: u32 = 100;

/// Bytes of a reason or a name.
pub(crate) const SAID: usize = 1000;

type Shared = State<Arc<Sidecar>>;

/// As the run views have them.
pub(crate) fn time(milliseconds: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(milliseconds).ok().map(|time| time.to_string())
}

/// `scope`: whose the breaker is, this host's or that of all hosts of the store.
pub(crate) fn view(shown: &Shown, scope: &str) -> Value {
    json!({
        "id": shown.id,
        "scope": scope,
        "state": shown.state,
        "mode": if shown.forced { "forced" } else { "auto" },
        "since": time(shown.since),
        "reason": shown.reason,
        "by": shown.by,
        "left_ms": shown.left_ms,
        "suspect": shown.suspect,
        "alone": shown.alone,
    })
}

fn decision(row: &AuditRow) -> Value {
    json!({
        "id": row.id,
        "state": serde_json::from_str::<Value>(&row.decision).unwrap_or_default(),
        "reason": row.reason,
        "by": row.by,
        "at": time(row.at),
    })
}

pub(crate) async fn breakers(axum::extract::State(sidecar): Shared) -> Response {
    let shown = sidecar.breakers.shown(sidecar.clock.now());
    match blocking(|| sidecar.journal.store().audit(BREAKER, None, HISTORY)) {
        Ok(rows) => {
            let breakers: Vec<Value> = shown.iter().map(|one| view(one, sidecar.breakers_scope())).collect();
            let history: Vec<Value> = rows.iter().map(decision).collect();
            Json(json!({"breakers": breakers, "history": history})).into_response()
        }
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}

pub(crate) async fn breaker(axum::extract::State(sidecar): Shared, Path(id): Path<String>) -> Response {
    show(&sidecar, &id)
}

fn show(sidecar: &Sidecar, id: &str) -> Response {
    let all = sidecar.breakers.shown(sidecar.clock.now());
    let Some(found) = all.iter().find(|shown| shown.id == id) else {
        let ids: Vec<&str> = all.iter().map(|shown| shown.id.as_str()).take(HISTORY as usize).collect();
        let message = format!("no process has used a breaker {id}, and nobody has decided on it");
        let error = json!({"message": message, "breakers": ids});
        return (StatusCode::NOT_FOUND, Json(json!({ "error": error }))).into_response();
    };
    match blocking(|| sidecar.journal.store().audit(BREAKER, Some(id), HISTORY)) {
        Ok(rows) => {
            let mut shown = view(found, sidecar.breakers_scope());
            shown["history"] = rows.iter().map(decision).collect();
            Json(shown).into_response()
        }
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    state: Wanted,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    by: String,
}

pub(crate) async fn decide(
    axum::extract::State(sidecar): Shared,
    Path(id): Path<String>,
    axum::Extension(access): axum::Extension<Access>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if !is_json(&headers) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    if sidecar.is_closing() {
        return refused(&Refusal::Closing);
    }
    let Body { state, reason, by } = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(error) => {
            let form = r#"{"state": "open" | "closed" | "auto", "reason": "...", "by": "..."}"#;
            return refuse(StatusCode::BAD_REQUEST, format!("the body is {form}: {error}"));
        }
    };
    if let Err(fault) = check(&id) {
        return refuse(StatusCode::BAD_REQUEST, fault.message);
    }
    if reason.len() > SAID || by.len() > SAID {
        return refuse(StatusCode::BAD_REQUEST, format!("reason and by have at most {SAID} bytes"));
    }
    let row = AuditRow {
        kind: BREAKER.to_owned(),
        id,
        decision: serde_json::to_string(&state).unwrap_or_default(),
        reason,
        by: access.signs(Some(by)),
        at: sidecar.clock.now(),
    };
    // What stands on disk is what is in force: one after the other.
    let _turn = sidecar.deciding.lock().await;
    if let Err(error) = blocking(|| sidecar.journal.store().append_audit(&row)) {
        return refused(&Refusal::Store(error.to_string()));
    }
    push(&sidecar, sidecar.breakers.decide(&row.id, state, &row));
    show(&sidecar, &row.id)
}

/// Whose name stands under what was done; none for programs of this user without one: they start runs and send signals by the
/// thousand.
pub(crate) fn named(access: &Access, calls_himself: Option<&str>) -> Option<String> {
    let said = calls_himself.map(cut);
    (said.is_some() || !access.is_local).then(|| access.signs(said))
}

fn cut(text: &str) -> String {
    text.chars().take(SAID / 4).collect()
}

/// Who did something to a run, and why.
#[derive(Default, Deserialize)]
pub(crate) struct Said {
    pub(crate) reason: Option<String>,
    pub(crate) by: Option<String>,
}

impl Said {
    /// Puts it into the audit trail, where there is a name.
    pub(crate) fn keep(
        &self,
        sidecar: &Sidecar,
        access: &Access,
        run: &str,
        did: &Value,
    ) -> Result<(), Refusal> {
        match named(access, self.by.as_deref()) {
            Some(by) => self.keep_as(sidecar, by, RUN, run, did),
            None => Ok(()),
        }
    }

    /// Puts what is gone afterwards into the audit trail, whoever did it.
    pub(crate) fn keep_purge(
        &self,
        sidecar: &Sidecar,
        access: &Access,
        what: &str,
        did: &Value,
    ) -> Result<(), Refusal> {
        let by = access.signs(self.by.as_deref().map(cut));
        self.keep_as(sidecar, by, PURGE, what, did)
    }

    fn keep_as(
        &self,
        sidecar: &Sidecar,
        by: String,
        kind: &str,
        id: &str,
        did: &Value,
    ) -> Result<(), Refusal> {
        let row = AuditRow {
            kind: kind.to_owned(),
            id: id.to_owned(),
            decision: did.to_string(),
            reason: cut(self.reason.as_deref().unwrap_or("")),
            by,
            at: sidecar.clock.now(),
        };
        blocking(|| sidecar.journal.store().append_audit(&row))
            .map_err(|error| Refusal::Store(format!("it is done, and not in the audit trail: {error}")))
    }
}

#[derive(Deserialize)]
pub(crate) struct AuditQuery {
    kind: String,
    id: Option<String>,
}

/// The last of what people decided.
pub(crate) async fn audit(
    axum::extract::State(sidecar): Shared,
    axum::extract::Query(AuditQuery { kind, id }): axum::extract::Query<AuditQuery>,
) -> Response {
    match blocking(|| sidecar.journal.store().audit(&kind, id.as_deref(), HISTORY)) {
        Ok(rows) => {
            let view = |row: &AuditRow| {
                let decision = serde_json::from_str::<Value>(&row.decision).unwrap_or_default();
                json!({"id": row.id, "decision": decision, "reason": row.reason, "by": row.by, "at": time(row.at)})
            };
            Json(json!({"decisions": rows.iter().map(view).collect::<Vec<_>>()})).into_response()
        }
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}
