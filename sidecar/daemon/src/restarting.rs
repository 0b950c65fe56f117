//! `POST /v1/runs/{id}/restart`: a person lets a run that has stopped go on from a step before.
//!
//! It knows the request's form; what may be forgotten is the journal's to say.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use conductor_journal::{From, Restarting};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::gate::Access;
use crate::http::{is_json, refuse, refused, settled};
use crate::sidecar::{Sidecar, blocking};

const FORM: &str = "the body is {\"from\": \"STEP\" | null, \"input\": {...}, \"any_plan\": false, \"reason\": \"...\", \"by\": \"...\"}; `from` is null for the beginning, the others may be left out";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    // Nobody begins at the beginning by leaving something out.
    #[serde(deserialize_with = "Option::deserialize")]
    from: Option<String>,
    input: Option<Box<RawValue>>,
    #[serde(default)]
    any_plan: bool,
    reason: Option<String>,
    by: Option<String>,
}

pub(crate) async fn restart(
    State(sidecar): State<Arc<Sidecar>>,
    Path(id): Path<String>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_json(&headers) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    let Ok(given) = serde_json::from_slice::<Body>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, FORM);
    };
    let from = given.from.clone();
    let restarting = Restarting {
        from: given.from.map_or(From::Beginning, From::Step),
        input: given.input,
        any_plan: given.any_plan,
        reason: given.reason,
        by: Some(access.signs(given.by)),
        at: jiff::Timestamp::now().as_millisecond(),
    };
    let restarted = match blocking(|| sidecar.journal.restart(&id, &restarting)) {
        Ok(restarted) => restarted,
        Err(refusal) => return refused(&refusal),
    };
    sidecar.flush();
    if let Err(refusal) = settled(restarted.settled).await {
        return refused(&refusal);
    }
    sidecar.offer(&restarted.info);
    let told = json!({
        "id": id,
        "generation": restarted.generation,
        "from": from,
        "repeated": restarted.repeated,
    });
    (StatusCode::ACCEPTED, Json(told)).into_response()
}
