//! The manifests of the projects that are built here, with the checker's advice: told by builds, shown beside the runs.
//!
//! It knows no manifest's language; whoever tells one has taken out what nobody may see.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use conductor_journal::{Kept, Refusal, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::gate::Access;
use crate::http::{refuse, refused};
use crate::sidecar::{Sidecar, blocking};

/// Bytes of a manifest's name, and of its text.
const NAME: usize = 255;
const TEXT: usize = 1 << 20;

/// Pieces of advice on one, and bytes of each.
const ADVICE: usize = 1000;
const WORDS: usize = 4000;

/// Manifests that are kept: those that were told last.
const MANY: usize = 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    text: String,
    #[serde(default)]
    workflows: Vec<String>,
    #[serde(default)]
    advice: Vec<Advice>,
    /// Who built it, where he is known.
    #[serde(default)]
    by: Option<String>,
}

/// One finding of the checker or of a rule.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advice {
    code: String,
    severity: String,
    message: String,
    #[serde(default)]
    help: Option<String>,
    /// Another file than the manifest.
    #[serde(default)]
    file: Option<String>,
    /// From 1.
    #[serde(default)]
    line: Option<u32>,
}

/// `PUT /v1/manifests/{name}`
pub(crate) async fn tell(
    State(sidecar): State<Arc<Sidecar>>,
    Path(name): Path<String>,
    Extension(access): Extension<Access>,
    body: Result<Json<Told>, JsonRejection>,
) -> Response {
    let Json(mut told) = match body {
        Ok(told) => told,
        Err(rejection) => return refuse(rejection.status(), rejection.body_text()),
    };
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        let message = format!("a manifest has a name of 1 to {NAME} bytes without control characters");
        return refuse(StatusCode::BAD_REQUEST, message);
    }
    let is_long = |one: &Advice| {
        let words = [&one.code, &one.severity, &one.message].into_iter().chain(&one.help).chain(&one.file);
        words.map(String::len).sum::<usize>() > WORDS
    };
    if told.text.len() > TEXT || told.advice.len() > ADVICE || told.advice.iter().any(is_long) {
        let message =
            format!("a manifest has at most {TEXT} bytes, and {ADVICE} pieces of advice of {WORDS} bytes");
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    told.by = crate::operating::named(&access, told.by.as_deref());
    match blocking(|| keep(&sidecar, &name, &told)) {
        Ok(()) => Json(json!({ "name": name })).into_response(),
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}

fn keep(sidecar: &Sidecar, name: &str, told: &Told) -> Result<(), StoreError> {
    let store = sidecar.journal.store();
    // Texts and numbers only: that is always JSON.
    let text = serde_json::to_string(told).unwrap_or_default();
    store.shelve(Kept::Manifest, name, &text, sidecar.clock.now())?;
    let mut all = store.all_shelved(Kept::Manifest)?;
    all.sort_by_key(|one| Reverse(one.used_at));
    let old: Vec<&str> = all.iter().skip(MANY).map(|one| &*one.name).collect();
    if old.is_empty() { Ok(()) } else { store.unshelve(Kept::Manifest, &old) }
}

/// `GET /v1/manifests`
pub(crate) async fn manifests(State(sidecar): State<Arc<Sidecar>>) -> Response {
    let store = sidecar.journal.store();
    let read = || {
        let mut found = Vec::new();
        for one in store.all_shelved(Kept::Manifest)? {
            // It may have gone this moment, or be a newer build's.
            let text = store.shelved(Kept::Manifest, &one.name)?;
            let Some(Ok(mut shown)) = text.map(|text| serde_json::from_str::<Value>(&text)) else { continue };
            shown["name"] = one.name.into();
            let at = jiff::Timestamp::from_millisecond(one.used_at).ok();
            shown["told_at"] = at.map(|at| at.to_string()).into();
            found.push(shown);
        }
        Ok(found)
    };
    match blocking(read) {
        Ok(found) => Json(json!({ "manifests": found })).into_response(),
        Err(error) => refused(&Refusal::Store(StoreError::to_string(&error))),
    }
}
