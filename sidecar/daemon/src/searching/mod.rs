//! `GET /v1/runs`: the newest runs first, by workflow, state, time, and by what stands in their errors and inputs.
//!
//! It knows what is asked for, not how it is found.

mod hunt;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use conductor_journal::{Refusal, RunFilter, Search, Sought, StoreError, Times, WantedInput, summary};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use serde::{Deserialize, Serialize};

use self::hunt::{Hunt, Place};
use crate::http::{Shown, refuse, refused, shown};
use crate::sidecar::{Sidecar, blocking};

/// Runs in one page of a list, by default and at most.
const PAGE: (u32, u32) = (50, 1000);

/// Not built with `json!`: that would round the numbers of inputs and outputs.
#[derive(Serialize)]
struct RunsPage {
    runs: Vec<Shown>,
    next: Option<String>,
    /// The start of the last run that was looked at, where there may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_to: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    workflow: Option<String>,
    state: Option<String>,
    /// RFC 3339; runs that started then or later.
    since: Option<String>,
    /// Runs that started before.
    until: Option<String>,
    /// Text in the error's message or types, in any case.
    error: Option<String>,
    /// `NAME=VALUE` of an input, or text anywhere in the inputs.
    input: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

pub(crate) async fn runs(State(sidecar): State<Arc<Sidecar>>, Query(query): Query<ListQuery>) -> Response {
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let (filter, search) = match asked(query) {
        Ok(asked) => asked,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
    };
    match blocking(|| found(&sidecar, filter, search, limit as usize)) {
        Ok(page) => Json(page).into_response(),
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}

fn asked(query: ListQuery) -> Result<(RunFilter, Search), String> {
    let state = query.state.as_deref().filter(|name| !name.is_empty()).map(state).transpose()?;
    let (since, until) = (instant("since", query.since)?, instant("until", query.until)?);
    let mut times = (since.is_some() || until.is_some())
        .then(|| Times { since: since.unwrap_or(UnixMillis::MIN), until: until.unwrap_or(UnixMillis::MAX) });
    let mut before = None;
    if let Some(cursor) = query.cursor {
        let wrong = || "a cursor is the `next` of the page before".to_owned();
        let key = match (cursor.split_once('.'), &mut times) {
            (Some((at, key)), Some(times)) => {
                times.until = at.parse().map_err(|_| wrong())?;
                key
            }
            (None, None) => &*cursor,
            _ => return Err(wrong()),
        };
        before = Some(key.parse().map_err(|_| wrong())?);
    }
    let mut filter = RunFilter {
        workflow: query.workflow.filter(|name| !name.is_empty()),
        state,
        before,
        times,
        limit: 0,
    };
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let mut search = Search {
        error: text(query.error).map(|text| Sought::new(&text)),
        input: text(query.input).map(|text| WantedInput::parse(&text)),
        ..Search::default()
    };
    if filter.times.is_some() {
        // Runs in the order of their starts are found by that alone.
        (search.workflow, search.state) = (filter.workflow.take(), filter.state.take());
    }
    Ok((filter, search))
}

fn state(name: &str) -> Result<RunState, String> {
    RunState::parse(name).ok_or_else(|| {
        let known: Vec<_> = RunState::ALL.iter().map(|state| state.as_str()).collect();
        format!("there is no state {name:?}: one of {}", known.join(", "))
    })
}

fn instant(name: &str, text: Option<String>) -> Result<Option<UnixMillis>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => Ok(Some(at.as_millisecond())),
        Err(_) => Err(format!("`{name}` is a time as 2026-11-27T04:00:00Z, and not {text:?}")),
    }
}

fn found(
    sidecar: &Sidecar,
    mut filter: RunFilter,
    search: Search,
    limit: usize,
) -> Result<RunsPage, StoreError> {
    if search.is_any() {
        return Hunt::new(sidecar, filter, search, limit).page();
    }
    filter.limit = u32::try_from(limit).unwrap_or(PAGE.1);
    let page = sidecar.journal.store().list(&filter)?;
    let last = page.runs.last().filter(|_| page.next.is_some());
    let next = last.map(|row| cursor(&filter, (row.started_at, row.key)));
    let runs = page.runs.into_iter().map(|row| shown(sidecar, row, summary)).collect();
    Ok(RunsPage { runs, next, searched_to: None })
}

/// What a page ends with, so that the next one goes on after that place.
fn cursor(filter: &RunFilter, (at, key): Place) -> String {
    match filter.times {
        Some(_) => format!("{at}.{key}"),
        None => key.to_string(),
    }
}
