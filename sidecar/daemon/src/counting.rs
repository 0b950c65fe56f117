//! What the sidecar counts, and the page on which it says so.
//!
//! It knows no name of a metric.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use conductor_journal::{Fact, Head, Subject};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::RunError;
use conductor_telemetry::{AttemptEnd, Form, Metrics, Now, RunEnd, StepEnd};
use serde_json::json;

use crate::http::refuse;
use crate::operating;
use crate::sidecar::{Sidecar, blocking};

/// `GET /metrics`, in the form that is asked for.
pub(crate) async fn metrics(State(sidecar): State<Arc<Sidecar>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = Form::accepted(accept);
    match sidecar.metrics.encode(form, &now(&sidecar)) {
        Ok(text) => ([(header::CONTENT_TYPE, form.content_type())], text).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// `GET /v1/overview`: how much goes on, what fails, what is slow, what is open and waited for.
pub(crate) async fn overview(State(sidecar): State<Arc<Sidecar>>) -> Response {
    let at = sidecar.clock.now();
    let mut told = match sidecar.metrics.overview(&now(&sidecar)) {
        Ok(told) => told,
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let breakers = sidecar.breakers.shown(at);
    told["breakers"] = breakers.iter().map(|one| operating::view(one, sidecar.breakers_scope())).collect();
    told["at"] = json!(operating::time(at));
    told["since"] = json!(operating::time(sidecar.since));
    Json(told).into_response()
}

/// What is so at this moment, told to the metrics.
fn now(sidecar: &Sidecar) -> Now {
    let sessions = sidecar.sessions.hold().values().filter(|session| session.outbox.is_some()).count();
    sidecar.metrics.only_of(&sidecar.sessions.processes());
    sidecar.metrics.calls(sidecar.broker.counts());
    let shown = sidecar.breakers.shown(sidecar.clock.now());
    let states = shown.iter().map(|one| (one.id.as_str(), one.state.as_str()));
    sidecar.metrics.breakers(states, sidecar.hosts.is_alone());
    Now {
        sessions,
        open_runs: sidecar.journal.open_by_state(),
        dispatchable: sidecar.backlog.len(),
        // A store that cannot say so now does not keep the rest from being shown.
        store_bytes: blocking(|| sidecar.journal.store().bytes()).unwrap_or_default(),
    }
}

fn duration(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// A run has ended, or was paused.
pub(crate) fn stopped(
    metrics: &Metrics,
    workflow: &str,
    started_at: UnixMillis,
    trace: Option<&str>,
    head: &Head,
) {
    let error: Option<RunError> = head.error.as_deref().and_then(|text| serde_json::from_str(text).ok());
    metrics.run_stopped(&RunEnd {
        workflow,
        state: head.state,
        error: error.as_ref().and_then(|error| error.error.types.first()).map(String::as_str),
        took: head.finished_at.and_then(|at| duration(at.saturating_sub(started_at).max(0))),
        trace,
    });
}

/// Facts of a run are on disk. `task_of` gives the task of a step by its key.
pub(crate) fn facts(
    metrics: &Metrics,
    workflow: &str,
    trace: Option<&str>,
    facts: &[Fact],
    task_of: impl Fn(&str) -> Option<Arc<str>>,
) {
    let name = |subject: &Subject| match subject {
        Subject::Task(task) => Some(Arc::clone(task)),
        Subject::Step(key) => task_of(key),
    };
    for fact in facts {
        match fact {
            Fact::RunStarted => metrics.run_started(workflow),
            Fact::AttemptEnded { of, outcome, error, millis, retried } => {
                metrics.attempt_ended(&AttemptEnd {
                    workflow,
                    task: name(of).as_deref(),
                    outcome,
                    error: error.as_deref(),
                    took: millis.and_then(duration),
                    retried: *retried,
                    trace,
                });
            }
            Fact::StepEnded { of, outcome, millis } => metrics.step_ended(&StepEnd {
                workflow,
                task: name(of).as_deref(),
                outcome,
                took: millis.and_then(duration),
            }),
        }
    }
}
