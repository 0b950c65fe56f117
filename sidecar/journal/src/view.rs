//! What people are shown of a run: its records folded into steps, attempts and owners.
//!
//! It knows no HTTP and no terminal: only the shape that `runs` and `show` print as JSON.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::entry::{Entry, Json, Kind, Parent, RunRestarted, RunStarted, UnixMillis};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::state::{RunState, StepState};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::readable::unreadable;
use crate::store::{RunRow, StoredRecord};

/// What ends the key of a compensation.
pub(crate) const COMPENSATION: &str = ".compensate";

/// A run as `conductor show --format json` has it.
#[derive(Debug, Serialize)]
pub struct RunView {
    pub id: String,
    pub workflow: String,
    pub state: RunState,
    pub started_at: Option<String>,
    /// Who started it over HTTP, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    pub finished_at: Option<String>,
    pub input: Option<Json>,
    pub output: Option<Json>,
    pub error: Option<Json>,
    pub plan: Option<String>,
    pub language: Option<String>,
    pub parent: Option<Parent>,
    pub cancel_reason: Option<String>,
    /// What an unfinished run waits for that nobody does; absent while somebody owns it.
    pub waiting_for: Option<String>,
    pub owners: Vec<OwnerView>,
    /// How often a person let it go on after a pause, and what was said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reopened: Vec<ReopenedView>,
    /// Its further generations: how often a person let it go on from a step before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restarted: Vec<RestartedView>,
    /// In the order in which they first appeared; empty in a list of runs.
    pub steps: Vec<StepView>,
}

#[derive(Debug, Serialize)]
pub struct OwnerView {
    pub epoch: u64,
    pub session: String,
    pub pid: u32,
    pub at: Option<String>,
}

/// A person's word on a paused run.
#[derive(Debug, Serialize)]
pub struct ReopenedView {
    /// The step that was decided on.
    pub step: Option<String>,
    pub reason: Option<String>,
    pub by: Option<String>,
    /// Whether the inputs were changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed_input: bool,
    pub at: Option<String>,
}

/// A person let the run go on from a step before.
#[derive(Debug, Serialize)]
pub struct RestartedView {
    pub generation: u32,
    /// Absent for the beginning.
    pub from: Option<String>,
    /// Steps that may have happened before, and happen again.
    pub forgotten: Vec<String>,
    pub reason: Option<String>,
    pub by: Option<String>,
    /// Whether the inputs were changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed_input: bool,
    pub at: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct StepView {
    pub key: String,
    /// Unknown for a step that never started.
    pub task: Option<String>,
    /// `sleep`, `wait_for` or `emit`; absent for calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    pub state: StepState,
    pub attempts: u32,
    pub started_at: Option<String>,
    /// When a sleep is over, or a wait for a signal, where there is such a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    pub finished_at: Option<String>,
    pub output: Option<Json>,
    pub error: Option<ErrorForm>,
    /// What its attempts came to, where a fallback took their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fell_back: Option<ErrorForm>,
    pub history: Vec<AttemptView>,
}

/// One execution of a step: an attempt that a crash cut off stands beside the one that repeats its number.
#[derive(Debug, Serialize)]
pub struct AttemptView {
    pub attempt: u32,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    /// `running`, `succeeded`, `failed`, `cancelled`, `unknown` or, cut off by a crash, `interrupted`.
    pub outcome: &'static str,
    pub error: Option<ErrorForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<String>,
    /// The ownership under which it ran.
    pub epoch: u64,
}

/// A run without its records.
#[must_use]
pub fn summary(row: RunRow) -> RunView {
    let raw =
        |text: Option<&str>| text.and_then(|text| RawValue::from_string(text.to_owned()).ok()).map(shown);
    RunView {
        id: row.id,
        workflow: row.workflow,
        state: row.head.state,
        started_at: time(row.started_at),
        started_by: None,
        finished_at: row.head.finished_at.and_then(time),
        input: raw(row.input.as_deref()),
        output: raw(row.head.output.as_deref()),
        error: raw(row.head.error.as_deref()),
        plan: row.head.plan.as_deref().map(str::to_owned),
        language: row.head.language.as_deref().map(str::to_owned),
        parent: row.parent,
        cancel_reason: row.head.cancel.as_deref().map(str::to_owned),
        waiting_for: None,
        owners: Vec::new(),
        reopened: Vec::new(),
        restarted: Vec::new(),
        steps: Vec::new(),
    }
}

/// A run with everything that its records say.
///
/// # Errors
/// When a record does not parse, which is a damaged store.
pub fn fold(row: RunRow, records: &[StoredRecord]) -> Result<RunView, serde_json::Error> {
    let mut view = summary(row);
    let mut fold = Fold::default();
    for record in records {
        for entry in serde_json::from_str::<Vec<Entry>>(&record.body)? {
            fold.entry(record.epoch, entry);
        }
    }
    fold.compensated();
    view.started_by = fold.started_by;
    view.owners = fold.owners;
    view.reopened = fold.reopened;
    view.restarted = fold.restarted;
    view.steps = fold.steps;
    Ok(view)
}

/// The value, or, of one that only an older sidecar took, why it cannot be shown: it would make the whole answer
/// unreadable. It has the fields of an error, which may stand here too.
fn shown(value: Json) -> Json {
    let Some(why) = unreadable(value.get()) else { return value };
    let form = serde_json::json!({"types": [], "message": format!("this value cannot be shown: {why}")});
    serde_json::value::to_raw_value(&form).unwrap_or(value)
}

/// The error without fields that would make the whole answer unreadable.
fn shown_error(mut error: ErrorForm) -> ErrorForm {
    if serde_json::to_string(&error.fields).is_ok_and(|fields| unreadable(&fields).is_some()) {
        error.fields.clear();
    }
    error
}

/// RFC 3339 with milliseconds, in UTC.
fn time(at: UnixMillis) -> Option<String> {
    jiff::Timestamp::from_millisecond(at).ok().map(|stamp| format!("{stamp:.3}"))
}

#[derive(Default)]
struct Fold {
    started_by: Option<String>,
    owners: Vec<OwnerView>,
    reopened: Vec<ReopenedView>,
    restarted: Vec<RestartedView>,
    steps: Vec<StepView>,
    by_key: BTreeMap<String, usize>,
}

impl Fold {
    fn began(&mut self, epoch: u64, started: RunStarted) {
        self.started_by = started.by;
        if let (Some(session), Some(pid)) = (started.session, started.pid) {
            self.owners.push(OwnerView { epoch, session, pid, at: time(started.at) });
        }
    }

    fn entry(&mut self, epoch: u64, entry: Entry) {
        match entry {
            Entry::RunStarted(started) => self.began(epoch, started),
            Entry::RunResumed { epoch, session, pid, at, .. } => {
                self.cut_off();
                self.owners.push(OwnerView { epoch, session, pid, at: time(at) });
            }
            Entry::RunReopened { step, reason, by, input, at } => {
                let changed_input = input.is_some();
                self.reopened.push(ReopenedView { step, reason, by, changed_input, at: time(at) });
            }
            Entry::RunRestarted(restarted) => self.restarted(restarted),
            Entry::StepReopened { key, .. } => {
                let step = self.step(&key);
                (step.state, step.finished_at) = (StepState::Running, None);
            }
            Entry::StepStarted { key, task, kind: Some(kind), deadline_at, at, .. } => {
                let step = self.step(&key);
                step.task = Some(task).filter(|task| !task.is_empty());
                step.kind = Some(kind);
                step.until = deadline_at.and_then(time);
                step.started_at = step.started_at.take().or_else(|| time(at));
            }
            Entry::StepStarted { key, task, attempt, at, .. } => self.started(epoch, &key, task, attempt, at),
            Entry::AttemptFailed { key, attempt, error, retry_at, at, .. } => {
                let error = shown_error(error);
                let step = self.step(&key);
                step.error = Some(error.clone());
                step.fell_back = retry_at.is_none().then(|| error.clone());
                if let Some(run) = attempt_to_close(step, attempt, epoch) {
                    close(run, "failed", at, Some(error));
                    run.retry_at = retry_at.and_then(time);
                }
            }
            Entry::StepSucceeded { key, attempt, output, at, .. } => {
                let step = self.step(&key);
                finish(step, StepState::Succeeded, at);
                step.output = Some(shown(output));
                step.error = None;
                if step.kind.is_some() {
                    return;
                }
                if let Some(run) = attempt_to_close(step, attempt, epoch) {
                    close(run, "succeeded", at, None);
                }
            }
            Entry::StepFailed { key, attempt, error, tolerated, at, .. } => {
                let state = if tolerated { StepState::Tolerated } else { StepState::Failed };
                self.gave_up(&key, epoch, attempt, error, state, "failed", at);
            }
            Entry::StepInDoubt { key, attempt, error, at } => {
                self.gave_up(&key, epoch, attempt, error, StepState::InDoubt, "unknown", at);
            }
            Entry::StepSkipped { key, at } => finish(self.step(&key), StepState::Skipped, at),
            Entry::StepCancelled { key, unknown, at, .. } => {
                let step = self.step(&key);
                finish(step, StepState::Cancelled, at);
                if let Some(run) = step.history.last_mut().filter(|run| run.outcome == "running") {
                    close(run, if unknown { "unknown" } else { "cancelled" }, at, None);
                }
            }
            Entry::Chosen { .. }
            | Entry::RunSucceeded { .. }
            | Entry::RunFailed { .. }
            | Entry::RunCancelled { .. }
            | Entry::RunPaused { .. } => {}
        }
    }

    /// What is forgotten is not shown as a step any more: the steps are those of the last generation.
    fn restarted(&mut self, restarted: RunRestarted) {
        let forget: BTreeSet<&str> = restarted.forget.iter().map(String::as_str).collect();
        let (gone, kept) = std::mem::take(&mut self.steps)
            .into_iter()
            .partition(|step: &StepView| forget.contains(step.key.as_str()));
        self.steps = kept;
        self.by_key = self.steps.iter().enumerate().map(|(index, step)| (step.key.clone(), index)).collect();
        for key in &restarted.reopen {
            let step = self.step(key);
            (step.state, step.finished_at, step.error) = (StepState::Running, None, None);
        }
        let gone: Vec<StepView> = gone;
        self.restarted.push(RestartedView {
            generation: restarted.generation,
            from: restarted.from,
            forgotten: gone
                .into_iter()
                .filter(|step| step.started_at.is_some())
                .map(|step| step.key)
                .collect(),
            reason: restarted.reason,
            by: restarted.by,
            changed_input: restarted.input.is_some(),
            at: time(restarted.at),
        });
    }

    /// A step whose compensation has succeeded is shown as undone. A child is undone step by step, and as a whole when
    /// nothing of it failed to be.
    fn compensated(&mut self) {
        let mut undone: BTreeMap<String, bool> = BTreeMap::new();
        for step in &self.steps {
            let Some(of) = step.key.strip_suffix(COMPENSATION) else { continue };
            let of = of.split_once('/').map_or(of, |(child, _)| child);
            *undone.entry(of.to_owned()).or_insert(true) &= step.state == StepState::Succeeded;
        }
        for (key, _) in undone.iter().filter(|(_, whole)| **whole) {
            if let Some(index) = self.by_key.get(key) {
                self.steps[*index].state = StepState::Compensated;
            }
        }
    }

    fn step(&mut self, key: &str) -> &mut StepView {
        let index = *self.by_key.entry(key.to_owned()).or_insert_with(|| {
            self.steps.push(StepView {
                key: key.to_owned(),
                task: None,
                kind: None,
                state: StepState::Running,
                attempts: 0,
                started_at: None,
                until: None,
                finished_at: None,
                output: None,
                error: None,
                fell_back: None,
                history: Vec::new(),
            });
            self.steps.len() - 1
        });
        &mut self.steps[index]
    }

    fn started(&mut self, epoch: u64, key: &str, task: String, attempt: u32, at: UnixMillis) {
        let step = self.step(key);
        step.task = Some(task);
        step.attempts = step.attempts.max(attempt);
        if step.started_at.is_none() {
            step.started_at = time(at);
        }
        step.history.push(AttemptView {
            attempt,
            started_at: time(at),
            finished_at: None,
            outcome: "running",
            error: None,
            retry_at: None,
            epoch,
        });
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of two entries that differ in one word")]
    fn gave_up(
        &mut self,
        key: &str,
        epoch: u64,
        attempt: u32,
        error: ErrorForm,
        state: StepState,
        outcome: &'static str,
        at: UnixMillis,
    ) {
        let error = shown_error(error);
        let step = self.step(key);
        finish(step, state, at);
        step.error = Some(error.clone());
        if step.kind.is_some() {
            return;
        }
        if let Some(run) = attempt_to_close(step, attempt, epoch) {
            close(run, outcome, at, Some(error));
        }
    }

    /// A new owner: what ran under the old one was cut off.
    fn cut_off(&mut self) {
        for run in self.steps.iter_mut().flat_map(|step| step.history.iter_mut()) {
            if run.outcome == "running" {
                run.outcome = "interrupted";
            }
        }
    }
}

/// The execution of that attempt. A budget may end between two attempts, and a fallback fail: then it is closed already.
fn attempt_to_close(step: &mut StepView, attempt: u32, epoch: u64) -> Option<&mut AttemptView> {
    let closed = step.history.last().is_some_and(|run| run.attempt == attempt && run.outcome != "running");
    if closed { None } else { Some(open_attempt(step, attempt, epoch)) }
}

/// The running execution of that attempt; made where its start was not recorded by itself.
fn open_attempt(step: &mut StepView, attempt: u32, epoch: u64) -> &mut AttemptView {
    let found = step.history.iter().rposition(|run| run.attempt == attempt && run.outcome == "running");
    let index = found.unwrap_or_else(|| {
        step.history.push(AttemptView {
            attempt,
            started_at: None,
            finished_at: None,
            outcome: "running",
            error: None,
            retry_at: None,
            epoch,
        });
        step.history.len() - 1
    });
    step.attempts = step.attempts.max(attempt);
    &mut step.history[index]
}

fn close(run: &mut AttemptView, outcome: &'static str, at: UnixMillis, error: Option<ErrorForm>) {
    run.outcome = outcome;
    run.finished_at = time(at);
    run.error = error;
}

fn finish(step: &mut StepView, state: StepState, at: UnixMillis) {
    step.state = state;
    step.finished_at = time(at);
}
