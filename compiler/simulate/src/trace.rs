//! The trace: everything that happened, in order, and forms of it in which two executions can be compared.
//!
//! It does not know how anything was decided. `docs/semantics.md` describes it for people.

use std::collections::BTreeMap;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::state::{RunState, StepState};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::clock::Micros;

/// Something that happened in a run at a virtual time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds since the simulation began.
    pub at_us: Micros,
    pub run: Arc<str>,
    #[serde(flatten)]
    pub what: What,
}

/// `key` is a step's key: `charge`, `each_item[3].resize`, `charge.fallback`, `charge.compensate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    RunStarted {
        workflow: String,
        input: Arc<Json>,
    },
    /// A new process took the run; epochs count from 1.
    RunResumed {
        epoch: u32,
    },
    RunEnded(RunEnd),
    /// The step of a task, sub-workflow, `sleep`, `wait_for` or `emit` was reached.
    StepStarted {
        key: Arc<str>,
        kind: String,
        name: String,
    },
    /// The call itself begins: permits are held, the start is on disk where that is needed.
    AttemptStarted {
        key: Arc<str>,
        task: String,
        attempt: u32,
        args: Arc<Json>,
    },
    /// One more call beside an attempt that takes long.
    Hedged {
        key: Arc<str>,
        attempt: u32,
        call: u32,
    },
    /// `retry_at_us` where another attempt follows.
    AttemptFailed {
        key: Arc<str>,
        attempt: u32,
        error: Arc<ErrorForm>,
        retry_at_us: Option<Micros>,
    },
    /// A breaker let no call through.
    Refused {
        key: Arc<str>,
        breaker: String,
    },
    /// A cached result was taken; there is no attempt.
    CacheHit {
        key: Arc<str>,
    },
    StepSucceeded {
        key: Arc<str>,
        attempt: u32,
        output: Arc<Json>,
    },
    StepFailed {
        key: Arc<str>,
        attempt: u32,
        error: Arc<ErrorForm>,
        tolerated: bool,
    },
    StepSkipped {
        key: Arc<str>,
    },
    /// `unknown`: a started write that may have happened.
    StepCancelled {
        key: Arc<str>,
        unknown: bool,
    },
    /// A started write of which nobody can tell whether it happened, and a person must say.
    StepInDoubt {
        key: Arc<str>,
        attempt: u32,
    },
    /// What the step did was undone.
    StepCompensated {
        key: Arc<str>,
    },
    /// A decision that was not computed from recorded values; `key` is the block's id.
    Chosen {
        key: Arc<str>,
        value: Arc<Json>,
    },
    SignalSent {
        key: Option<Arc<str>>,
        signal: String,
        to: String,
        data: Arc<Json>,
    },
    SignalReceived {
        key: Arc<str>,
        signal: String,
        data: Arc<Json>,
    },
    /// `pool` is "resource `db`", "bulkhead of `charge`" or "workflow `checkout`".
    PermitWaiting {
        key: Arc<str>,
        pool: Arc<str>,
    },
    PermitAcquired {
        key: Arc<str>,
        pool: Arc<str>,
    },
    PermitReleased {
        key: Arc<str>,
        pool: Arc<str>,
    },
    /// A wait for the disk before the write of this key, or (empty key) before the end of the run is shown.
    DurableWait {
        key: Arc<str>,
    },
    /// The process died; `entries` of the run's journal were on disk.
    Crashed {
        entries: usize,
    },
}

/// How a run ended, or stopped for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    pub state: RunState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Json>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<ErrorForm>>,
    /// The step that failed, or at which a person must look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
}

/// Takes the events of a simulation as they happen.
pub trait Sink {
    fn event(&mut self, event: Event);
}

impl Sink for Vec<Event> {
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}

/// What happened in a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub events: Vec<Event>,
    pub stopped: Stopped,
}

/// Why a simulation stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// Every run has ended or is paused.
    Ended,
    /// Nothing can move, and these wait: run, step, for what.
    Stuck(Vec<crate::explore::Stuck>),
    /// It took more steps than it was given.
    Budget,
}

/// The last that is known of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEnd {
    pub state: StepState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Json>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<ErrorForm>>,
}

/// A run in the form in which two executions of it are equal when they mean the same: no times, no order between
/// steps (which is defined only as far as one needs the other), no permits and no waits for the disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CanonicalRun {
    /// For each key what happened to it, in order.
    pub steps: BTreeMap<Arc<str>, Vec<What>>,
    /// Keys in the order in which they were compensated, which is defined.
    pub compensated: Vec<Arc<str>>,
    pub end: Option<RunEnd>,
}

impl What {
    /// The step's key, where it is about one.
    #[must_use]
    pub fn key(&self) -> Option<&Arc<str>> {
        match self {
            What::StepStarted { key, .. }
            | What::AttemptStarted { key, .. }
            | What::Hedged { key, .. }
            | What::AttemptFailed { key, .. }
            | What::Refused { key, .. }
            | What::CacheHit { key }
            | What::StepSucceeded { key, .. }
            | What::StepFailed { key, .. }
            | What::StepSkipped { key }
            | What::StepCancelled { key, .. }
            | What::StepInDoubt { key, .. }
            | What::StepCompensated { key }
            | What::Chosen { key, .. }
            | What::SignalReceived { key, .. }
            | What::PermitWaiting { key, .. }
            | What::PermitAcquired { key, .. }
            | What::PermitReleased { key, .. }
            | What::DurableWait { key } => Some(key),
            What::SignalSent { key, .. } => key.as_ref(),
            What::RunStarted { .. } | What::RunResumed { .. } | What::RunEnded(_) | What::Crashed { .. } => {
                None
            }
        }
    }

    /// Whether the order against other steps and the moment decide it, not the meaning of the Plan.
    fn is_incidental(&self) -> bool {
        matches!(
            self,
            What::PermitWaiting { .. }
                | What::PermitAcquired { .. }
                | What::PermitReleased { .. }
                | What::DurableWait { .. }
                | What::Hedged { .. }
        )
    }
}

impl Trace {
    /// Every run in its canonical form, by id.
    #[must_use]
    pub fn canonical(&self) -> BTreeMap<Arc<str>, CanonicalRun> {
        let mut runs: BTreeMap<Arc<str>, CanonicalRun> = BTreeMap::new();
        for event in &self.events {
            let run = runs.entry(event.run.clone()).or_default();
            match &event.what {
                What::RunEnded(end) => run.end = Some(end.clone()),
                What::StepCompensated { key } => run.compensated.push(key.clone()),
                what if what.is_incidental() => {}
                what => {
                    if let Some(key) = what.key() {
                        run.steps.entry(key.clone()).or_default().push(timeless(what));
                    }
                }
            }
        }
        runs
    }

    /// How each run ended, by id; nothing of those that have not.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<Arc<str>, RunEnd> {
        let mut ends = BTreeMap::new();
        for event in &self.events {
            if let What::RunEnded(end) = &event.what {
                ends.insert(event.run.clone(), end.clone());
            }
        }
        ends
    }

    /// The last that is known of each step of a run.
    #[must_use]
    pub fn steps(&self, run: &str) -> BTreeMap<Arc<str>, StepEnd> {
        let mut steps = BTreeMap::new();
        for event in self.events.iter().filter(|event| *event.run == *run) {
            if let (Some(key), Some(end)) = (event.what.key(), event.what.step_end()) {
                steps.insert(key.clone(), end);
            }
        }
        steps
    }

    /// How often the run waited for the disk.
    #[must_use]
    pub fn durable_waits(&self, run: &str) -> usize {
        let of_run = self.events.iter().filter(|event| *event.run == *run);
        of_run.filter(|event| matches!(event.what, What::DurableWait { .. })).count()
    }
}

impl What {
    fn step_end(&self) -> Option<StepEnd> {
        let (state, output, error) = match self {
            What::StepStarted { .. } | What::AttemptStarted { .. } => (StepState::Running, None, None),
            What::StepSucceeded { output, .. } => (StepState::Succeeded, Some(output.clone()), None),
            What::StepFailed { error, tolerated, .. } => {
                let state = if *tolerated { StepState::Tolerated } else { StepState::Failed };
                (state, None, Some(error.clone()))
            }
            What::StepSkipped { .. } => (StepState::Skipped, None, None),
            What::StepCancelled { unknown: false, .. } => (StepState::Cancelled, None, None),
            What::StepCancelled { .. } | What::StepInDoubt { .. } => (StepState::InDoubt, None, None),
            What::StepCompensated { .. } => (StepState::Compensated, None, None),
            _ => return None,
        };
        Some(StepEnd { state, output, error })
    }
}

/// Without the moment at which another attempt follows.
fn timeless(what: &What) -> What {
    let mut what = what.clone();
    if let What::AttemptFailed { retry_at_us: Some(at), .. } = &mut what {
        *at = 0;
    }
    what
}
