//! What the journal shows of times and failures, as a profile: for advice and for simulations.
//!
//! It counts what runs have recorded, and knows no manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use conductor_journal::{Refusal, RunFilter, StoreError};
use conductor_protocol::entry::{Entry, UnixMillis};
use conductor_protocol::error::ErrorForm;
use conductor_telemetry::Waits;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::refused;
use crate::sidecar::{Sidecar, blocking};

/// Runs that are looked at, the newest first: by default and at most.
const RUNS: (u32, u32) = (1000, 20_000);
/// Durations that are kept of one task; further ones are counted only.
const SAMPLES: usize = 50_000;
const PAGE: u32 = 500;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    workflow: Option<String>,
    runs: Option<u32>,
}

/// `GET /v1/profile[?workflow=ID][&runs=N]`.
pub(crate) async fn profile(State(sidecar): State<Arc<Sidecar>>, Query(asked): Query<Asked>) -> Response {
    match blocking(|| gathered(&sidecar, &asked)) {
        Ok(tally) => {
            let shown = sidecar.breakers.shown(sidecar.clock.now());
            let breakers: Map<String, Value> = shown
                .iter()
                .map(|one| (one.id.clone(), json!({"state": one.state.as_str(), "opened": one.opened})))
                .collect();
            let waits = sidecar.metrics.waits().into_iter();
            let pool = |waits: Waits| json!({"samples": waits.samples, "p50_ms": waits.p50_ms, "p95_ms": waits.p95_ms});
            let pools = waits.map(|(id, waits)| (id, pool(waits))).collect();
            Json(tally.shown(breakers, pools)).into_response()
        }
        Err(error) => refused(&Refusal::Store(error.to_string())),
    }
}

fn gathered(sidecar: &Sidecar, asked: &Asked) -> Result<Tally, StoreError> {
    let store = sidecar.journal.store();
    let workflows = store.plans()?.into_iter().map(|plan| plan.workflow).collect();
    let mut tally = Tally { workflows, ..Tally::default() };
    let mut left = asked.runs.unwrap_or(RUNS.0).clamp(1, RUNS.1);
    let mut before = None;
    while left > 0 {
        let filter = RunFilter {
            workflow: asked.workflow.clone(),
            limit: left.min(PAGE),
            before,
            ..RunFilter::default()
        };
        let page = store.list(&filter)?;
        for row in &page.runs {
            let records = store.records(row.key, 0, usize::MAX)?.records;
            let mut run = Run::new(&row.workflow, row.started_at);
            for record in &records {
                // What does not parse is damage, which `show` tells of; here it is one record less.
                for entry in serde_json::from_str::<Vec<Entry>>(&record.body).unwrap_or_default() {
                    run.entry(&mut tally, entry);
                }
            }
            tally.runs += 1;
        }
        left = left.saturating_sub(u32::try_from(page.runs.len()).unwrap_or(u32::MAX));
        before = page.next;
        if before.is_none() || page.runs.is_empty() {
            break;
        }
    }
    Ok(tally)
}

#[derive(Default)]
struct Tally {
    runs: u64,
    /// A step that starts one of them is no call of a task.
    workflows: BTreeSet<String>,
    tasks: BTreeMap<String, Task>,
    durations: BTreeMap<String, Vec<UnixMillis>>,
}

/// Of the calls of one task.
#[derive(Default)]
struct Task {
    /// Of attempts that succeeded.
    durations: Vec<UnixMillis>,
    attempts: u64,
    failed: u64,
    timeouts: u64,
    retried: u64,
    recovered: u64,
    succeeded: u64,
    results: BTreeSet<u64>,
    errors: BTreeMap<String, u64>,
}

/// One run, entry by entry.
struct Run<'a> {
    workflow: &'a str,
    started_at: UnixMillis,
    /// By key: the task, the attempt, and when it began, where that is known.
    calls: BTreeMap<String, (String, u32, Option<UnixMillis>)>,
}

impl Run<'_> {
    fn new(workflow: &str, started_at: UnixMillis) -> Run<'_> {
        Run { workflow, started_at, calls: BTreeMap::new() }
    }

    fn entry(&mut self, tally: &mut Tally, entry: Entry) {
        match entry {
            // What was on its way is called again by the new owner.
            Entry::RunResumed { .. } => self.calls.values_mut().for_each(|call| call.2 = None),
            Entry::StepStarted { key, task, attempt, kind: None, at, .. }
                if !tally.workflows.contains(&task) =>
            {
                let of_task = tally.tasks.entry(task.clone()).or_default();
                of_task.attempts += 1;
                if attempt == 2 {
                    of_task.retried += 1;
                }
                self.calls.insert(key, (task, attempt, Some(at)));
            }
            Entry::AttemptFailed { key, error, .. } => self.failed(tally, &key, &error),
            Entry::StepFailed { key, error, .. } => {
                self.failed(tally, &key, &error);
                self.calls.remove(&key);
            }
            Entry::StepSucceeded { key, attempt, output, at, .. } => {
                let Some((task, _, began)) = self.calls.remove(&key) else { return };
                let of_task = tally.tasks.entry(task).or_default();
                of_task.succeeded += 1;
                if attempt > 1 {
                    of_task.recovered += 1;
                }
                let mut hasher = DefaultHasher::new();
                output.get().hash(&mut hasher);
                of_task.results.insert(hasher.finish());
                if let Some(began) = began.filter(|_| of_task.durations.len() < SAMPLES) {
                    of_task.durations.push((at - began).max(0));
                }
            }
            Entry::RunSucceeded { at, .. } => {
                let durations = tally.durations.entry(self.workflow.to_owned()).or_default();
                durations.push((at - self.started_at).max(0));
            }
            _ => {}
        }
    }

    fn failed(&mut self, tally: &mut Tally, key: &str, error: &ErrorForm) {
        let Some((task, _, began)) = self.calls.get_mut(key) else { return };
        // An attempt that was told as failed is not told again with its step.
        if began.take().is_none() {
            return;
        }
        let of_task = tally.tasks.entry(task.clone()).or_default();
        of_task.failed += 1;
        if let Some(first) = error.types.first() {
            *of_task.errors.entry(first.clone()).or_default() += 1;
        }
        if error.types.iter().any(|ty| ty.ends_with("TimeoutError")) {
            of_task.timeouts += 1;
        }
    }
}

/// The value that so many of a hundred are not above, by nearest rank.
fn rank(sorted: &[UnixMillis], percent: usize) -> UnixMillis {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(0)
}

impl Task {
    fn shown(mut self) -> Value {
        self.durations.sort_unstable();
        let mut shown = json!({
            "measured": {
                "samples": self.durations.len(),
                "attempts": self.attempts,
                "timeouts": self.timeouts,
                "retried": self.retried,
                "recovered": self.recovered,
                "succeeded": self.succeeded,
                "distinct": self.results.len(),
            },
        });
        if !self.durations.is_empty() {
            shown["duration"] = json!({"p50": rank(&self.durations, 50), "p95": rank(&self.durations, 95)});
            shown["measured"]["p99_ms"] = json!(rank(&self.durations, 99));
        }
        if self.failed > 0 && self.attempts > 0 {
            #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
            let rate = self.failed as f64 / self.attempts.max(self.failed) as f64;
            shown["failure_rate"] = json!(rate);
            if let Some((error, _)) = self.errors.iter().max_by_key(|(_, count)| **count) {
                shown["error"] = json!(error);
            }
        }
        shown
    }
}

impl Tally {
    /// As `conductor simulate --profile` and `conductor lint --from` read it.
    fn shown(self, breakers: Map<String, Value>, pools: Map<String, Value>) -> Value {
        let tasks: Map<String, Value> = self.tasks.into_iter().map(|(id, task)| (id, task.shown())).collect();
        let workflows: Map<String, Value> = self
            .durations
            .into_iter()
            .map(|(id, mut durations)| {
                durations.sort_unstable();
                let (p50, p95) = (rank(&durations, 50), rank(&durations, 95));
                (id, json!({"samples": durations.len(), "p50_ms": p50, "p95_ms": p95}))
            })
            .collect();
        let measured =
            json!({"runs": self.runs, "workflows": workflows, "breakers": breakers, "pools": pools});
        json!({"tasks": tasks, "measured": measured})
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, Tally};
    use conductor_protocol::entry::Entry;

    fn shown(entries: &str) -> serde_json::Value {
        let mut tally = Tally::default();
        let mut run = Run::new("main", 0);
        for entry in serde_json::from_str::<Vec<Entry>>(entries).unwrap() {
            run.entry(&mut tally, entry);
        }
        tally.shown(serde_json::Map::new(), serde_json::Map::new())
    }

    #[test]
    fn attempts_are_counted_and_successes_timed() {
        let profile = shown(
            r#"[{"step_started":{"key":"a","task":"fetch","attempt":1,"at":0}},
                {"attempt_failed":{"key":"a","attempt":1,"error":{"types":["builtins.TimeoutError"],"message":""},"retry_at":120,"at":100}},
                {"step_started":{"key":"a","task":"fetch","attempt":2,"at":120}},
                {"step_succeeded":{"key":"a","attempt":2,"output":1,"at":170}},
                {"run_succeeded":{"output":1,"at":180}}]"#,
        );
        let fetch = &profile["tasks"]["fetch"];
        assert_eq!((&fetch["duration"]["p50"], &fetch["failure_rate"]), (&50.into(), &0.5.into()));
        let counted = &fetch["measured"];
        assert_eq!(counted["attempts"], 2);
        assert_eq!(
            (&counted["timeouts"], &counted["retried"], &counted["recovered"]),
            (&1.into(), &1.into(), &1.into())
        );
        assert_eq!(profile["measured"]["workflows"]["main"]["p50_ms"], 180);
    }

    #[test]
    fn a_call_that_a_crash_cut_off_has_no_duration() {
        let profile = shown(
            r#"[{"step_started":{"key":"a","task":"fetch","attempt":1,"at":0}},
                {"run_resumed":{"epoch":2,"session":"s","pid":1,"at":9000}},
                {"step_succeeded":{"key":"a","attempt":1,"output":1,"at":9050}}]"#,
        );
        let fetch = &profile["tasks"]["fetch"];
        assert_eq!(fetch["measured"]["samples"], 0);
        assert!(fetch.get("duration").is_none());
    }
}
