//! `GET /v1/runs`: the newest runs first, by workflow, state, time, and by what stands in their errors and inputs.
//!
//! It knows what is asked for, not how a store finds it. What no index helps with is looked for in bounded time: the page
//! ends, and its `next` goes on from there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use conductor_journal::{Refusal, RunFilter, RunRow, StoreError, Times, summary};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::{Shown, refuse, refused, shown};
use crate::sidecar::{Sidecar, blocking};

/// Runs in one page of a list, by default and at most.
const PAGE: (u32, u32) = (50, 1000);

/// How long one page may be looked for.
const PATIENCE: Duration = Duration::from_millis(30);

/// Runs that are read at once where each is looked at: they are in memory with their values.
const SLICE: u32 = 128;

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

/// What is looked for in each run.
#[derive(Default)]
struct Search {
    workflow: Option<String>,
    state: Option<RunState>,
    error: Option<String>,
    input: Option<String>,
}

pub(crate) async fn runs(State(sidecar): State<Arc<Sidecar>>, Query(query): Query<ListQuery>) -> Response {
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let (filter, search) = match asked(query) {
        Ok(asked) => asked,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
    };
    match blocking(|| found(&sidecar, filter, &search, limit as usize)) {
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
        error: text(query.error).map(|text| text.to_lowercase()),
        input: text(query.input),
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
    search: &Search,
    limit: usize,
) -> Result<RunsPage, StoreError> {
    let began = Instant::now();
    let is_whole = !search.is_any();
    filter.limit = if is_whole { u32::try_from(limit).unwrap_or(SLICE) } else { SLICE };
    let cursor = |filter: &RunFilter, at: UnixMillis, key: i64| match filter.times {
        Some(_) => format!("{at}.{key}"),
        None => key.to_string(),
    };
    let mut runs = Vec::new();
    loop {
        let page = sidecar.journal.store().list(&filter)?;
        let (more, count) = (page.next.is_some(), page.runs.len());
        let mut last = None;
        for (at, row) in page.runs.into_iter().enumerate() {
            let place = (row.started_at, row.key);
            last = Some(place);
            if let Some(run) = search.matched(sidecar, row) {
                runs.push(run);
            }
            // A slice may hold more than the page.
            if runs.len() == limit && (more || at + 1 < count) {
                return Ok(RunsPage {
                    runs,
                    next: Some(cursor(&filter, place.0, place.1)),
                    searched_to: None,
                });
            }
        }
        let (Some((at, key)), true) = (last, more) else {
            return Ok(RunsPage { runs, next: None, searched_to: None });
        };
        if began.elapsed() > PATIENCE {
            let searched_to = jiff::Timestamp::from_millisecond(at).ok().map(|at| at.to_string());
            return Ok(RunsPage { runs, next: Some(cursor(&filter, at, key)), searched_to });
        }
        filter.before = Some(key);
        if let Some(times) = &mut filter.times {
            times.until = at;
        }
    }
}

impl Search {
    fn is_any(&self) -> bool {
        self.workflow.is_some() || self.state.is_some() || self.error.is_some() || self.input.is_some()
    }

    /// The run as it is shown, where it is one of those. What may not be seen of it is not found either.
    fn matched(&self, sidecar: &Sidecar, row: RunRow) -> Option<Shown> {
        let is_other = self.workflow.as_ref().is_some_and(|workflow| *workflow != row.workflow)
            || self.state.is_some_and(|state| state != row.head.state)
            || self.error.is_some() && row.head.error.is_none();
        if is_other {
            return None;
        }
        // Looked at before it is parsed: most runs are not among them.
        let parse = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if !row.is_sealed() {
            let error = || parse(row.head.error.as_deref());
            let input = || parse(row.input.as_deref());
            if !self.fits(error, input, row.input.as_deref()) {
                return None;
            }
            return Some(shown(sidecar, row, summary));
        }
        let run = shown(sidecar, row, summary);
        let view = serde_json::to_value(&run).ok()?;
        let text = view["input"].to_string();
        self.fits(|| view.get("error").cloned(), || view.get("input").cloned(), Some(&text)).then_some(run)
    }

    fn fits(
        &self,
        error: impl FnOnce() -> Option<Value>,
        input: impl FnOnce() -> Option<Value>,
        input_text: Option<&str>,
    ) -> bool {
        if let Some(wanted) = &self.error
            && !error().is_some_and(|error| says(&error, wanted))
        {
            return false;
        }
        let Some(wanted) = &self.input else { return true };
        match wanted.split_once('=') {
            None => input_text.is_some_and(|text| text.contains(&**wanted)),
            Some((name, value)) => input().is_some_and(|input| has(&input, name.trim(), value.trim())),
        }
    }
}

/// Whether a message, a type or a step's name in an error has the text.
fn says(error: &Value, wanted: &str) -> bool {
    let has = |text: &Value| text.as_str().is_some_and(|text| text.to_lowercase().contains(wanted));
    let types = error["types"].as_array().map(Vec::as_slice).unwrap_or_default();
    ["message", "code", "step"].iter().any(|name| has(&error[*name])) || types.iter().any(has)
}

/// Whether the input of that name, a dot leading into it, is the value: a text, or what is written so in JSON.
fn has(input: &Value, name: &str, value: &str) -> bool {
    let found = name.split('.').try_fold(input, |at, name| at.get(name));
    let is_written_so = |found: &Value| serde_json::to_string(found).is_ok_and(|written| written == value);
    found.is_some_and(|found| found.as_str().map_or_else(|| is_written_so(found), |text| text == value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{has, says};

    #[test]
    fn inputs_are_found_by_name_and_value() {
        let input = json!({"user": {"id": "u1"}, "amount": 5, "note": "5"});
        for (name, value) in [("user.id", "u1"), ("amount", "5"), ("note", "5"), ("user", "{\"id\":\"u1\"}")]
        {
            assert!(has(&input, name, value), "{name}={value}");
        }
        for (name, value) in [("user.id", "u"), ("amount", "50"), ("id", "u1"), ("", "")] {
            assert!(!has(&input, name, value), "{name}={value}");
        }
    }

    #[test]
    fn errors_are_found_by_what_they_say() {
        let error =
            json!({"types": ["shop.CardDeclined"], "message": "No funds", "code": "402", "step": "charge"});
        for wanted in ["carddeclined", "no funds", "402", "charge"] {
            assert!(says(&error, wanted), "{wanted}");
        }
        assert!(!says(&error, "types"));
    }
}
