//! Every metric of the sidecar: its name, labels, help text and buckets, defined once.
//!
//! It knows neither journal nor sockets: it is told what happened, and writes the OpenMetrics text.

mod breakers;
mod resources;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use conductor_protocol::message::ResourceUse;
use conductor_protocol::state::RunState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use breakers::Breakers;
pub use resources::Process;
use resources::Resources;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Different values that one label may take; later ones count as [`OTHER`].
const DISTINCT: usize = 500;

/// Stands for everything over the bound of a label's values.
const OTHER: &str = "other";

/// Stands for a task that the sidecar did not see start.
const UNKNOWN: &str = "unknown";

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WorkflowLabels {
    workflow: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RunLabels {
    workflow: String,
    outcome: &'static str,
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
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The registry and a handle on each metric in it.
pub struct Metrics {
    registry: Registry,
    workflows: Names,
    tasks: Names,
    runs_started: Family<WorkflowLabels, Counter>,
    runs_stopped: Family<RunLabels, Counter>,
    runs_purged: Counter,
    steps: Family<StepLabels, Counter>,
    attempts_failed: Family<TaskLabels, Counter>,
    step_seconds: Family<TaskLabels, Histogram, fn() -> Histogram>,
    commit_seconds: Histogram,
    commit_records: Histogram,
    refused: Family<ReasonLabels, Counter>,
    store_failures: Counter,
    calls: Family<OutcomeLabels, Counter>,
    calls_waiting: Gauge,
    calls_running: Gauge,
    sessions: Gauge,
    open_runs: Gauge,
    resources: Resources,
    breakers: Breakers,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Metrics {
    #[must_use]
    pub fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("conductor"),
            workflows: Names::default(),
            tasks: Names::default(),
            runs_started: Family::default(),
            runs_stopped: Family::default(),
            runs_purged: Counter::default(),
            steps: Family::default(),
            attempts_failed: Family::default(),
            step_seconds: Family::new_with_constructor(step_buckets),
            commit_seconds: Histogram::new(COMMIT_SECONDS),
            commit_records: Histogram::new(COMMIT_RECORDS),
            refused: Family::default(),
            store_failures: Counter::default(),
            calls: Family::default(),
            calls_waiting: Gauge::default(),
            calls_running: Gauge::default(),
            sessions: Gauge::default(),
            open_runs: Gauge::default(),
            resources: Resources::new(),
            breakers: Breakers::default(),
        };
        metrics.register();
        metrics
    }

    /// Names and help texts. Counters get `_total` from the encoder.
    fn register(&mut self) {
        let to = &mut self.registry;
        to.register("runs_started", "Runs accepted, by workflow", self.runs_started.clone());
        to.register(
            "runs_stopped",
            "Runs that ended or were paused, by workflow and outcome",
            self.runs_stopped.clone(),
        );
        to.register("runs_purged", "Ended runs that are not kept any more", self.runs_purged.clone());
        to.register("steps", "Steps that ended, by workflow, task and outcome", self.steps.clone());
        to.register("attempts_failed", "Attempts that failed and are retried", self.attempts_failed.clone());
        to.register(
            "step_duration_seconds",
            "From the start of a step's last attempt to its end",
            self.step_seconds.clone(),
        );
        to.register(
            "commit_duration_seconds",
            "Commits of the journal to the disk",
            self.commit_seconds.clone(),
        );
        to.register("commit_records", "Records in one commit", self.commit_records.clone());
        to.register("refused", "Records and requests refused, by reason", self.refused.clone());
        to.register("store_failures", "Commits that the store refused", self.store_failures.clone());
        to.register("task_calls", "Calls between processes that ended, by outcome", self.calls.clone());
        to.register("task_calls_waiting", "Calls for which no process is there", self.calls_waiting.clone());
        to.register("task_calls_running", "Calls that a process makes now", self.calls_running.clone());
        to.register("sessions", "Sessions connected now", self.sessions.clone());
        to.register("open_runs", "Runs that have not ended", self.open_runs.clone());
        self.resources.register(to);
        self.breakers.register(to);
    }

    pub fn run_started(&self, workflow: &str) {
        let workflow = self.workflows.bounded(workflow);
        self.runs_started.get_or_create(&WorkflowLabels { workflow }).inc();
    }

    pub fn purged(&self, runs: u64) {
        self.runs_purged.inc_by(runs);
    }

    pub fn run_stopped(&self, workflow: &str, state: RunState) {
        let workflow = self.workflows.bounded(workflow);
        self.runs_stopped.get_or_create(&RunLabels { workflow, outcome: state.as_str() }).inc();
    }

    pub fn attempt_failed(&self, workflow: &str, task: Option<&str>) {
        self.attempts_failed.get_or_create(&self.task(workflow, task)).inc();
    }

    /// A step ended; `took` is known where its last attempt was seen to start.
    pub fn step_ended(
        &self,
        workflow: &str,
        task: Option<&str>,
        outcome: &'static str,
        took: Option<Duration>,
    ) {
        let labels = self.task(workflow, task);
        if let Some(took) = took {
            self.step_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        }
        let TaskLabels { workflow, task } = labels;
        self.steps.get_or_create(&StepLabels { workflow, task, outcome }).inc();
    }

    pub fn commit(&self, took: Duration, records: usize) {
        self.commit_seconds.observe(took.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a batch is far below 2^52 records")]
        self.commit_records.observe(records as f64);
    }

    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// How full pools of a process are now, and what happened to them since it last said so.
    pub fn resources(&self, process: Process, pools: &[ResourceUse]) {
        self.resources.report(process, pools);
    }

    /// Subtracts the shares of all other processes: they are gone.
    pub fn only_of(&self, processes: &BTreeSet<Process>) {
        self.resources.only_of(processes);
    }

    /// All circuit breakers that are known, each with its state.
    pub fn breakers<'a>(&self, all: impl Iterator<Item = (&'a str, &'static str)>) {
        self.breakers.are(all);
    }

    /// `state` is of a closed set.
    pub fn breaker_changed(&self, id: &str, state: &'static str) {
        self.breakers.changed(id, state);
    }

    /// `outcome` is of a closed set.
    pub fn call_ended(&self, outcome: &'static str) {
        self.calls.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Calls between processes: those that wait for one, and those under way.
    pub fn calls(&self, (waiting, running): (usize, usize)) {
        self.calls_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.calls_running.set(i64::try_from(running).unwrap_or(i64::MAX));
    }

    pub fn store_failed(&self) {
        self.store_failures.inc();
    }

    /// The metrics as OpenMetrics text, with the gauges as they are now.
    ///
    /// # Errors
    /// Never: writing to a string does not fail; the encoder's signature asks for it.
    pub fn text(&self, sessions: usize, open_runs: usize) -> Result<String, std::fmt::Error> {
        self.sessions.set(i64::try_from(sessions).unwrap_or(i64::MAX));
        self.open_runs.set(i64::try_from(open_runs).unwrap_or(i64::MAX));
        self.resources.add_up();
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn task(&self, workflow: &str, task: Option<&str>) -> TaskLabels {
        TaskLabels {
            workflow: self.workflows.bounded(workflow),
            task: self.tasks.bounded(task.unwrap_or(UNKNOWN)),
        }
    }
}

const COMMIT_SECONDS: [f64; 10] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0];
const COMMIT_RECORDS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0];

fn step_buckets() -> Histogram {
    Histogram::new([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0])
}

/// Keeps a label's values to a bounded number: a client's names must not fill the memory of whoever scrapes.
#[derive(Default)]
pub(crate) struct Names(Mutex<BTreeSet<String>>);

impl Names {
    pub(crate) fn bounded(&self, name: &str) -> String {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(name) {
            return name.to_owned();
        }
        if seen.len() >= DISTINCT {
            return OTHER.to_owned();
        }
        seen.insert(name.to_owned());
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use conductor_protocol::message::ResourceUse;
    use conductor_protocol::plan::Scope;
    use conductor_protocol::state::RunState;

    use super::{DISTINCT, Metrics};

    #[test]
    fn what_happened_is_in_the_text() {
        let metrics = Metrics::new();
        metrics.run_started("order");
        metrics.run_stopped("order", RunState::Failed);
        metrics.step_ended("order", Some("charge"), "succeeded", Some(Duration::from_millis(20)));
        metrics.attempt_failed("order", None);
        metrics.refused("gap");
        metrics.commit(Duration::from_micros(150), 3);
        let text = metrics.text(2, 1).unwrap();
        for line in [
            "conductor_runs_started_total{workflow=\"order\"} 1",
            "conductor_runs_stopped_total{workflow=\"order\",outcome=\"failed\"} 1",
            "conductor_steps_total{workflow=\"order\",task=\"charge\",outcome=\"succeeded\"} 1",
            "conductor_step_duration_seconds_bucket{le=\"0.025\",workflow=\"order\",task=\"charge\"} 1",
            "conductor_attempts_failed_total{workflow=\"order\",task=\"unknown\"} 1",
            "conductor_refused_total{reason=\"gap\"} 1",
            "conductor_commit_records_bucket{le=\"4.0\"} 1",
            "conductor_sessions 2",
            "conductor_open_runs 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }

    fn use_of(id: &str, scope: Scope, in_use: u32) -> ResourceUse {
        let id = id.to_owned();
        let waited_ms = vec![(0, 3), (40, 1)];
        ResourceUse { id, scope, limit: Some(4), in_use, waiting: 1, opened: 1, failed: 0, waited_ms }
    }

    #[test]
    fn shares_of_processes_add_up_and_go_with_them() {
        let metrics = Metrics::new();
        let (one, other) = ((1, 10), (2, 10));
        metrics.resources(one, &[use_of("db", Scope::Process, 2), use_of("gpu", Scope::Host, 1)]);
        metrics.resources(other, &[use_of("db", Scope::Process, 4), use_of("gpu", Scope::Host, 2)]);
        metrics.resources(other, &[use_of("db", Scope::Process, 3)]);
        let text = metrics.text(2, 0).unwrap();
        for line in [
            "conductor_resource_in_use{resource=\"db\"} 5",
            "conductor_resource_limit{resource=\"db\"} 8",
            "conductor_resource_in_use{resource=\"gpu\"} 3",
            "conductor_resource_limit{resource=\"gpu\"} 4",
            "conductor_resource_waiting{resource=\"db\"} 2",
            "conductor_resource_opened_total{resource=\"db\"} 3",
            "conductor_resource_wait_duration_seconds_bucket{le=\"0.001\",resource=\"db\"} 9",
            "conductor_resource_wait_duration_seconds_count{resource=\"db\"} 12",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        metrics.only_of(&BTreeSet::from([one]));
        let text = metrics.text(1, 0).unwrap();
        assert!(text.contains("conductor_resource_in_use{resource=\"db\"} 2"), "{text}");
        metrics.only_of(&BTreeSet::new());
        let text = metrics.text(0, 0).unwrap();
        assert!(!text.contains("conductor_resource_in_use{"), "{text}");
    }

    #[test]
    fn names_of_clients_cannot_fill_the_memory() {
        let metrics = Metrics::new();
        for index in 0..DISTINCT + 50 {
            metrics.run_started(&format!("w{index}"));
        }
        let text = metrics.text(0, 0).unwrap();
        assert!(text.contains("conductor_runs_started_total{workflow=\"other\"} 50"));
    }
}
