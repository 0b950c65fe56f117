//! `GET /v1/runs/{id}/events`: one run as server-sent events, from what it is now to its end.
//!
//! It shows what `GET /v1/runs/{id}` shows, each time something of it is on disk.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use conductor_journal::fold;
use serde_json::Value;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::http::{gone, refuse, shown};
use crate::news::{Changed, GATHER, SIGN_OF_LIFE, To, say, streamed};
use crate::sidecar::{Sidecar, blocking};

/// A run of another sidecar on the same store changes without a word: so often it is looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) async fn events(State(sidecar): State<Arc<Sidecar>>, Path(id): Path<String>) -> Response {
    // Before the first look, so that no change falls between the two.
    let heard = sidecar.news.listen();
    let first = match blocking(|| look(&sidecar, &id)) {
        Ok(Some(first)) => first,
        Ok(None) => return gone(&sidecar, &id),
        Err(message) => return refuse(StatusCode::SERVICE_UNAVAILABLE, message),
    };
    streamed(move |to| async move {
        tokio::select! {
            () = sidecar.closed() => {}
            _gone = follow(&sidecar, &id, first, heard, &to) => {}
        }
    })
}

/// The run as it is shown; `None` where there is none.
fn look(sidecar: &Sidecar, id: &str) -> Result<Option<Value>, String> {
    let store = sidecar.journal.store();
    let told = |error: &dyn std::fmt::Display| format!("run {id}: {error}");
    let Some(row) = store.find(id).map_err(|error| told(&error))? else { return Ok(None) };
    let page = store.records(row.key, 0, usize::MAX).map_err(|error| told(&error))?;
    let view = fold(row.clone(), &page.records).map_err(|error| told(&error))?;
    serde_json::to_value(shown(sidecar, row, |_| view)).map(Some).map_err(|error| told(&error))
}

/// Ends when the run has, or nobody listens any more.
async fn follow(
    sidecar: &Sidecar,
    id: &str,
    first: Value,
    mut heard: Receiver<Changed>,
    to: &To,
) -> Option<()> {
    let mut last = first;
    say(to, format!("retry: 1000\nevent: run\ndata: {last}\n\n")).await?;
    let mut spoke = Instant::now();
    let mut look_at = spoke + LOOK;
    loop {
        if has_ended(&last) {
            return say(to, "event: end\ndata: {}\n\n".to_owned()).await;
        }
        match tokio::time::timeout_at(look_at, heard.recv()).await {
            Ok(Err(RecvError::Closed)) => return None,
            Ok(Ok(changed)) if *changed.run != *id => continue,
            Ok(_) => tokio::time::sleep(GATHER).await,
            Err(_quiet) => {}
        }
        look_at = Instant::now() + LOOK;
        match blocking(|| look(sidecar, id)) {
            Ok(Some(view)) if view != last => {
                say(to, format!("event: run\ndata: {view}\n\n")).await?;
                (last, spoke) = (view, Instant::now());
            }
            Ok(Some(_)) => {}
            // It was purged.
            Ok(None) => return say(to, "event: end\ndata: {}\n\n".to_owned()).await,
            // A store that does not answer is asked again.
            Err(_unread) => {}
        }
        if spoke.elapsed() >= SIGN_OF_LIFE {
            say(to, ": still here\n\n".to_owned()).await?;
            spoke = Instant::now();
        }
    }
}

fn has_ended(view: &Value) -> bool {
    matches!(view["state"].as_str(), Some("succeeded" | "failed" | "cancelled"))
}
