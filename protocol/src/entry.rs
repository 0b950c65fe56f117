//! What a run's journal holds: records in dense order, each with one or more entries that became known together.
//!
//! It knows the form of an entry, not which entry may follow which: that is the journal's transition table.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::ErrorForm;

/// Milliseconds since the Unix epoch.
pub type UnixMillis = i64;

/// A value as the client wrote it; the sidecar never interprets it.
pub type Json = Box<RawValue>;

/// The unit that is numbered, committed and acknowledged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Dense from 0, which is the record with `run_started`.
    pub seq: u64,
    /// At least one.
    pub entries: Vec<Entry>,
}

/// One fact about a run. On the wire an object with one key, as `{"step_skipped": {"key": "a", "at": 1}}`.
///
/// `key` is a step's key (`charge`, `each_item[3].resize`); `at` is the writer's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Always first in record 0.
    RunStarted(RunStarted),
    /// A new owner took the run; written by the sidecar before the owner's first record.
    RunResumed {
        epoch: u64,
        session: String,
        pid: u32,
        /// The Plan to which the run is pinned from here on, where that changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<String>,
        at: UnixMillis,
    },
    /// A person let a paused run go on; written by the sidecar, before what that person decided of the step at which it stopped.
    RunReopened {
        /// The step that was decided on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// Why, in the person's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// The inputs from here on, where the person changed them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Json>,
        at: UnixMillis,
    },
    /// A person let a run that had stopped go on from a step before; written by the sidecar.
    RunRestarted(RunRestarted),
    /// The step begins anew, with all attempts of its policy; written by the sidecar.
    StepReopened {
        key: String,
        at: UnixMillis,
    },
    StepStarted {
        key: String,
        /// Of a `wait_for` and an `emit` the signal's name; of a `sleep` nothing.
        task: String,
        /// 0 where `kind` is there.
        attempt: u32,
        /// Absent for calls of tasks and workflows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
        /// The end of the step's whole budget, where its policy has a deadline; when a sleep is over, when a wait times out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline_at: Option<UnixMillis>,
        at: UnixMillis,
    },
    /// An attempt failed and another will follow at `retry_at`; without it none will, but the step's fallback.
    AttemptFailed {
        key: String,
        attempt: u32,
        error: ErrorForm,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<UnixMillis>,
        /// The attempt, or one before, may have happened all the same: the step must be undone should the run not succeed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unknown: bool,
        at: UnixMillis,
    },
    StepSucceeded {
        key: String,
        attempt: u32,
        output: Json,
        /// Id of the signal that a `wait_for` took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<String>,
        /// What the step's compensation is called with, where it is to be undone should the run not succeed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undo: Option<Json>,
        at: UnixMillis,
    },
    /// The policy is exhausted. `tolerated` where the step is not critical.
    StepFailed {
        key: String,
        attempt: u32,
        error: ErrorForm,
        tolerated: bool,
        /// As in `step_succeeded`: an attempt may have happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undo: Option<Json>,
        at: UnixMillis,
    },
    StepSkipped {
        key: String,
        at: UnixMillis,
    },
    /// Cancelled before or while it ran; `unknown` where a started write may have happened.
    StepCancelled {
        key: String,
        unknown: bool,
        /// As in `step_succeeded`: an attempt may have happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undo: Option<Json>,
        at: UnixMillis,
    },
    /// A write whose outcome is unknown and whose `in_doubt` is `pause`.
    StepInDoubt {
        key: String,
        attempt: u32,
        error: ErrorForm,
        at: UnixMillis,
    },
    /// A decision that was not computed from recorded values. `key` is the block's id.
    Chosen {
        key: String,
        value: Json,
        at: UnixMillis,
    },
    RunSucceeded {
        output: Json,
        at: UnixMillis,
    },
    RunFailed {
        error: ErrorForm,
        step: Option<String>,
        attempts: u32,
        at: UnixMillis,
    },
    RunCancelled {
        reason: String,
        at: UnixMillis,
    },
    RunPaused {
        reason: String,
        step: Option<String>,
        at: UnixMillis,
    },
}

/// What a step does that calls nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Sleep,
    WaitFor,
    Emit,
}

/// How a run began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`crate::FORMAT_VERSION`] of the writer.
    pub format: u32,
    pub workflow: String,
    /// Digest of the Plan to which the run is pinned; absent until an owner takes a run started from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The inputs by their snake-case names.
    pub input: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Of the W3C's trace context: who started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The first owner, where a session started the run; the sidecar fills both in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Who started it over HTTP, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub at: UnixMillis,
}

/// A new generation of a run, outside of what is guaranteed: what is forgotten may happen again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRestarted {
    /// 2 for the first restart. The idempotency keys of steps that begin from here on end in `#2`.
    pub generation: u32,
    /// The step from which on the records do not count any more; absent for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Keys whose entries so far, choices included, do not count any more.
    pub forget: Vec<String>,
    /// Keys of steps that had begun before, and that begin anew under the idempotency key that they have: of their
    /// entries only the starts count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopen: Vec<String>,
    /// The inputs from here on, where the person changed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// The run is pinned to no Plan any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpinned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub at: UnixMillis,
}

/// The step that awaits a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub run: String,
    pub key: String,
}

impl Entry {
    /// The step's key and the arguments of its compensation, where it must be undone should the run not succeed.
    #[must_use]
    pub fn undo(&self) -> Option<(&str, &Json)> {
        match self {
            Entry::StepSucceeded { key, undo: Some(undo), .. }
            | Entry::StepFailed { key, undo: Some(undo), .. }
            | Entry::StepCancelled { key, undo: Some(undo), .. } => Some((key, undo)),
            _ => None,
        }
    }

    /// The step whose fact this is, or the block whose choice.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Entry::StepReopened { key, .. }
            | Entry::StepStarted { key, .. }
            | Entry::AttemptFailed { key, .. }
            | Entry::StepSucceeded { key, .. }
            | Entry::StepFailed { key, .. }
            | Entry::StepSkipped { key, .. }
            | Entry::StepCancelled { key, .. }
            | Entry::StepInDoubt { key, .. }
            | Entry::Chosen { key, .. } => Some(key),
            Entry::RunStarted(_)
            | Entry::RunResumed { .. }
            | Entry::RunReopened { .. }
            | Entry::RunRestarted(_)
            | Entry::RunSucceeded { .. }
            | Entry::RunFailed { .. }
            | Entry::RunCancelled { .. }
            | Entry::RunPaused { .. } => None,
        }
    }

    /// When it was written, by its writer's clock.
    #[must_use]
    pub fn at(&self) -> UnixMillis {
        match self {
            Entry::RunStarted(started) => started.at,
            Entry::RunRestarted(restarted) => restarted.at,
            Entry::RunResumed { at, .. }
            | Entry::RunReopened { at, .. }
            | Entry::StepReopened { at, .. }
            | Entry::StepStarted { at, .. }
            | Entry::AttemptFailed { at, .. }
            | Entry::StepSucceeded { at, .. }
            | Entry::StepFailed { at, .. }
            | Entry::StepSkipped { at, .. }
            | Entry::StepCancelled { at, .. }
            | Entry::StepInDoubt { at, .. }
            | Entry::Chosen { at, .. }
            | Entry::RunSucceeded { at, .. }
            | Entry::RunFailed { at, .. }
            | Entry::RunCancelled { at, .. }
            | Entry::RunPaused { at, .. } => *at,
        }
    }

    /// Whether the run has ended with this entry.
    #[must_use]
    pub fn ends_run(&self) -> bool {
        matches!(self, Entry::RunSucceeded { .. } | Entry::RunFailed { .. } | Entry::RunCancelled { .. })
    }
}
