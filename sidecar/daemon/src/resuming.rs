//! `POST /v1/runs/{id}/resume`: a person lets a paused run go on, and says what came of the step at which it stopped.
//!
//! It knows the request's form; what may be decided of which step is the journal's to say.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use conductor_journal::{Decision, Reopening};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::gate::Access;
use crate::http::{is_json, refuse, refused, settled};
use crate::sidecar::Sidecar;

const FORM: &str = "the body is {\"decision\": \"retry\" | \"happened\" | \"failed\", \"result\": ..., \"message\": \"...\", \"reason\": \"...\", \"by\": \"...\", \"input\": {...}}, each of which may be left out";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    decision: Option<Word>,
    /// Of what has happened; null where it is left out.
    result: Option<Box<RawValue>>,
    /// Of what has failed.
    message: Option<String>,
    reason: Option<String>,
    by: Option<String>,
    /// What takes the place of the run's inputs.
    input: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Retry,
    Happened,
    Failed,
}

impl Body {
    /// What is decided; an error where something is said that belongs to no such decision.
    fn decision(&self) -> Result<Option<Decision>, &'static str> {
        let is_happened = matches!(self.decision, Some(Word::Happened));
        if self.result.is_some() && !is_happened {
            return Err("`result` belongs to the decision `happened`");
        }
        if self.message.is_some() && !matches!(self.decision, Some(Word::Failed)) {
            return Err("`message` belongs to the decision `failed`");
        }
        Ok(match &self.decision {
            None => None,
            Some(Word::Retry) => Some(Decision::Retry),
            Some(Word::Happened) => {
                Some(Decision::Happened(self.result.clone().unwrap_or_else(|| RawValue::NULL.to_owned())))
            }
            Some(Word::Failed) => {
                let said = self.message.clone();
                Some(Decision::Failed(said.unwrap_or_else(|| "a person said that it failed".to_owned())))
            }
        })
    }
}

pub(crate) async fn resume(
    State(sidecar): State<Arc<Sidecar>>,
    Path(id): Path<String>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_json(&headers) && !body.is_empty() {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json");
    }
    let given = if body.is_empty() { Ok(Body::default()) } else { serde_json::from_slice::<Body>(&body) };
    let Ok(given) = given else { return refuse(StatusCode::BAD_REQUEST, FORM) };
    let decision = match given.decision() {
        Ok(decision) => decision,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
    };
    let at = jiff::Timestamp::now().as_millisecond();
    let by = Some(access.signs(given.by));
    let reopening = Reopening { decision, reason: given.reason, by, input: given.input, at };
    let reopened = match sidecar.journal.reopen(&id, &reopening) {
        Ok(reopened) => reopened,
        Err(refusal) => return refused(&refusal),
    };
    sidecar.flush();
    for on_its_way in reopened.settled {
        if let Err(refusal) = settled(Some(on_its_way)).await {
            return refused(&refusal);
        }
    }
    for run in reopened.runs.iter().rev() {
        sidecar.offer(run);
    }
    let runs: Vec<&str> = reopened.runs.iter().map(|run| &*run.run).collect();
    (StatusCode::ACCEPTED, Json(json!({"id": id, "step": reopened.step, "resumed": runs}))).into_response()
}
