//! The metrics of runs, steps and attempts: how many by outcome and error, how long they took.
//!
//! It knows no entry of a journal.

use std::sync::Arc;
use std::time::Duration;

use conductor_protocol::state::RunState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::{CounterWithExemplar, HistogramWithExemplars};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, NativeHistogramConfig};
use prometheus_client::registry::{Registry, Unit};

use crate::Names;

/// Stands for a task that the sidecar did not see start.
const UNKNOWN: &str = "unknown";

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WorkflowLabels {
    workflow: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabels {
    workflow: String,
    state: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RunLabels {
    workflow: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RunErrorLabels {
    workflow: String,
    error_type: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TaskLabels {
    workflow: String,
    task: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StepLabels {
    workflow: String,
    task: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AttemptLabels {
    workflow: String,
    task: String,
    outcome: &'static str,
    /// Empty where there was no error, as if the label were not there.
    error_type: String,
}

/// What an exemplar leads to.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TraceLabels {
    trace_id: String,
}

/// A run that ended or was paused.
#[derive(Debug)]
pub struct RunEnd<'a> {
    pub workflow: &'a str,
    pub state: RunState,
    /// The most specific type of its error.
    pub error: Option<&'a str>,
    /// Since its start.
    pub took: Option<Duration>,
    pub trace: Option<&'a str>,
}

/// A step that ended.
#[derive(Debug)]
pub struct StepEnd<'a> {
    pub workflow: &'a str,
    pub task: Option<&'a str>,
    /// Of a closed set.
    pub outcome: &'static str,
    /// Since its first attempt began.
    pub took: Option<Duration>,
}

/// An attempt that ended.
#[derive(Debug)]
pub struct AttemptEnd<'a> {
    pub workflow: &'a str,
    pub task: Option<&'a str>,
    /// Of a closed set.
    pub outcome: &'static str,
    pub error: Option<&'a str>,
    pub took: Option<Duration>,
    /// Whether another attempt follows.
    pub retried: bool,
    pub trace: Option<&'a str>,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;
type WithExemplars = HistogramWithExemplars<TraceLabels>;

pub(crate) struct Runs {
    workflows: Names,
    tasks: Names,
    errors: Names,
    started: Family<WorkflowLabels, Counter>,
    open: Family<StateLabels, Gauge>,
    stopped: Family<RunLabels, CounterWithExemplar<TraceLabels>>,
    failures: Family<RunErrorLabels, Counter>,
    run_seconds: Histograms<RunLabels>,
    steps: Family<StepLabels, Counter>,
    step_seconds: Histograms<TaskLabels>,
    attempts: Family<AttemptLabels, CounterWithExemplar<TraceLabels>>,
    attempt_seconds: Family<TaskLabels, WithExemplars, fn() -> WithExemplars>,
    retries: Family<TaskLabels, Counter>,
}

impl Runs {
    pub(crate) fn new() -> Runs {
        Runs {
            workflows: Names::default(),
            tasks: Names::default(),
            errors: Names::default(),
            started: Family::default(),
            open: Family::default(),
            stopped: Family::default(),
            failures: Family::default(),
            run_seconds: Family::new_with_constructor(run_buckets),
            steps: Family::default(),
            step_seconds: Family::new_with_constructor(step_buckets),
            attempts: Family::default(),
            attempt_seconds: Family::new_with_constructor(attempt_buckets),
            retries: Family::default(),
        }
    }

    pub(crate) fn register(&self, to: &mut Registry) {
        to.register("runs_started", "Runs accepted, by workflow", self.started.clone());
        to.register("runs", "Runs that have not ended, by workflow and state", self.open.clone());
        to.register(
            "runs_stopped",
            "Runs that ended or were paused, by workflow and outcome",
            self.stopped.clone(),
        );
        to.register(
            "run_failures",
            "Runs that failed, by workflow and the type of the error",
            self.failures.clone(),
        );
        to.register_with_unit(
            "run_duration",
            "From the start of a run to its end",
            Unit::Seconds,
            self.run_seconds.clone(),
        );
        to.register("steps", "Steps that ended, by workflow, task and outcome", self.steps.clone());
        to.register_with_unit(
            "step_duration",
            "From the start of a step's first attempt to its end",
            Unit::Seconds,
            self.step_seconds.clone(),
        );
        to.register(
            "attempts",
            "Attempts that ended, by workflow, task, outcome and the type of the error",
            self.attempts.clone(),
        );
        to.register_with_unit(
            "attempt_duration",
            "From the start of an attempt to its end",
            Unit::Seconds,
            self.attempt_seconds.clone(),
        );
        to.register("retries", "Attempts that failed and are followed by another", self.retries.clone());
    }

    pub(crate) fn started(&self, workflow: &str) {
        let workflow = self.workflows.bounded(workflow);
        self.started.get_or_create(&WorkflowLabels { workflow }).inc();
    }

    pub(crate) fn open(&self, counts: &[(Arc<str>, RunState, usize)]) {
        self.open.clear();
        for (workflow, state, count) in counts {
            let labels = StateLabels { workflow: self.workflows.bounded(workflow), state: state.as_str() };
            self.open.get_or_create(&labels).inc_by(crate::gauge(*count));
        }
    }

    pub(crate) fn stopped(&self, end: &RunEnd<'_>) {
        let workflow = self.workflows.bounded(end.workflow);
        if let Some(error) = end.error.filter(|_| end.state == RunState::Failed) {
            let error_type = self.errors.within(&[&workflow], error);
            self.failures.get_or_create(&RunErrorLabels { workflow: workflow.clone(), error_type }).inc();
        }
        let labels = RunLabels { workflow, outcome: end.state.as_str() };
        if let Some(took) = end.took.filter(|_| end.state.is_terminal()) {
            self.run_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        }
        self.stopped.get_or_create(&labels).inc_by(1, trace(end.trace), None);
    }

    pub(crate) fn step_ended(&self, end: &StepEnd<'_>) {
        let labels = self.task(end.workflow, end.task);
        if let Some(took) = end.took {
            self.step_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        }
        let TaskLabels { workflow, task } = labels;
        self.steps.get_or_create(&StepLabels { workflow, task, outcome: end.outcome }).inc();
    }

    pub(crate) fn attempt_ended(&self, end: &AttemptEnd<'_>) {
        let labels = self.task(end.workflow, end.task);
        if let Some(took) = end.took {
            let seconds = took.as_secs_f64();
            self.attempt_seconds.get_or_create(&labels).observe(seconds, trace(end.trace), None);
        }
        if end.retried {
            self.retries.get_or_create(&labels).inc();
        }
        let TaskLabels { workflow, task } = labels;
        let error_type =
            end.error.map(|error| self.errors.within(&[&workflow, &task], error)).unwrap_or_default();
        let labels = AttemptLabels { workflow, task, outcome: end.outcome, error_type };
        self.attempts.get_or_create(&labels).inc_by(1, trace(end.trace), None);
    }

    fn task(&self, workflow: &str, task: Option<&str>) -> TaskLabels {
        let workflow = self.workflows.bounded(workflow);
        let task = self.tasks.within(&[&workflow], task.unwrap_or(UNKNOWN));
        TaskLabels { workflow, task }
    }
}

fn trace(id: Option<&str>) -> Option<TraceLabels> {
    id.map(|id| TraceLabels { trace_id: id.to_owned() })
}

/// Buckets that grow by a quarter at most, as many as a series may cost.
pub(crate) fn native() -> NativeHistogramConfig {
    NativeHistogramConfig::with_schema(2).max_buckets(100)
}

const STEP_SECONDS: [f64; 15] =
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

const RUN_SECONDS: [f64; 14] =
    [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 604_800.0];

fn run_buckets() -> Histogram {
    Histogram::new_classic_and_native(RUN_SECONDS, native())
}

fn step_buckets() -> Histogram {
    Histogram::new_classic_and_native(STEP_SECONDS, native())
}

fn attempt_buckets() -> WithExemplars {
    HistogramWithExemplars::new(STEP_SECONDS.into_iter())
}
