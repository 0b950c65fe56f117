//! Every metric of the sidecar: its name, labels, help text and buckets, defined once; and spans and logs, made of what a journal holds.
//!
//! It knows neither journal nor sockets: it is told what happened, and writes it in the forms that others read.

mod breakers;
mod names;
pub mod otlp;
mod overview;
mod resources;
mod runs;
pub mod spans;
mod text;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use conductor_protocol::permit::ResourceUse;
use conductor_protocol::state::RunState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use breakers::Breakers;
pub(crate) use names::Names;
use resources::Resources;
pub use resources::{Process, Waits};
use runs::Runs;
pub use runs::{AttemptEnd, RunEnd, StepEnd};
pub use text::Form;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SignalLabels {
    signal: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LossLabels {
    signal: &'static str,
    reason: &'static str,
}

/// What is so at the moment in which somebody asks.
#[derive(Debug, Default)]
pub struct Now {
    pub sessions: usize,
    /// Open runs by workflow and state.
    pub open_runs: Vec<(std::sync::Arc<str>, RunState, usize)>,
    /// Runs that could be handed out to a session, if there were one.
    pub dispatchable: usize,
    /// Bytes of the store, where it can tell.
    pub store_bytes: Option<u64>,
}

/// The registry and a handle on each metric in it.
pub struct Metrics {
    registry: Registry,
    runs: Runs,
    runs_purged: Counter,
    commit_seconds: Histogram,
    commit_records: Histogram,
    refused: Family<ReasonLabels, Counter>,
    store_failures: Counter,
    store_bytes: Gauge,
    calls: Family<OutcomeLabels, Counter>,
    calls_waiting: Gauge,
    calls_running: Gauge,
    sessions: Gauge,
    open_runs: Gauge,
    dispatchable: Gauge,
    exported: Family<SignalLabels, Counter>,
    export_failures: Family<ReasonLabels, Counter>,
    export_lost: Family<LossLabels, Counter>,
    export_behind: Gauge<f64, AtomicU64>,
    resources: Resources,
    breakers: Breakers,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new("0")
    }
}

impl Metrics {
    /// `version` is that of the build.
    #[must_use]
    pub fn new(version: &str) -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("conductor"),
            runs: Runs::new(),
            runs_purged: Counter::default(),
            commit_seconds: Histogram::new_classic_and_native(COMMIT_SECONDS, runs::native()),
            commit_records: Histogram::new(COMMIT_RECORDS),
            refused: Family::default(),
            store_failures: Counter::default(),
            store_bytes: Gauge::default(),
            calls: Family::default(),
            calls_waiting: Gauge::default(),
            calls_running: Gauge::default(),
            sessions: Gauge::default(),
            open_runs: Gauge::default(),
            dispatchable: Gauge::default(),
            exported: Family::default(),
            export_failures: Family::default(),
            export_lost: Family::default(),
            export_behind: Gauge::default(),
            resources: Resources::new(),
            breakers: Breakers::default(),
        };
        metrics.register(version);
        metrics
    }

    /// Names and help texts. Counters get `_total` from the encoder, and a unit is added to the name.
    fn register(&mut self, version: &str) {
        let to = &mut self.registry;
        to.register("build", "The build of the sidecar", Info::new([("version", version.to_owned())]));
        self.runs.register(to);
        to.register("runs_purged", "Ended runs that are not kept any more", self.runs_purged.clone());
        to.register_with_unit(
            "commit_duration",
            "Commits of the journal to the disk",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        to.register("commit_records", "Records in one commit", self.commit_records.clone());
        to.register("refused", "Records and requests refused, by reason", self.refused.clone());
        to.register("store_failures", "Commits that the store refused", self.store_failures.clone());
        to.register_with_unit("store_size", "Size of the store", Unit::Bytes, self.store_bytes.clone());
        to.register("task_calls", "Calls between processes that ended, by outcome", self.calls.clone());
        to.register("task_calls_waiting", "Calls for which no process is there", self.calls_waiting.clone());
        to.register("task_calls_running", "Calls that a process makes now", self.calls_running.clone());
        to.register("sessions", "Sessions connected now", self.sessions.clone());
        to.register("open_runs", "Runs that have not ended", self.open_runs.clone());
        to.register(
            "dispatchable_runs",
            "Runs without an owner that wait for a session to take them",
            self.dispatchable.clone(),
        );
        self.register_export();
        self.resources.register(&mut self.registry);
        self.breakers.register(&mut self.registry);
    }

    fn register_export(&mut self) {
        let to = &mut self.registry;
        to.register("exported", "Spans and log records that the collector took", self.exported.clone());
        to.register(
            "export_failures",
            "Requests to the collector that failed and are made again",
            self.export_failures.clone(),
        );
        to.register("export_lost", "Spans and log records that are not exported", self.export_lost.clone());
        to.register_with_unit(
            "export_behind",
            "Age of the oldest record of the journal that waits to be exported",
            Unit::Seconds,
            self.export_behind.clone(),
        );
    }

    pub fn run_started(&self, workflow: &str) {
        self.runs.started(workflow);
    }

    pub fn purged(&self, runs: u64) {
        self.runs_purged.inc_by(runs);
    }

    pub fn run_stopped(&self, end: &RunEnd<'_>) {
        self.runs.stopped(end);
    }

    pub fn attempt_ended(&self, end: &AttemptEnd<'_>) {
        self.runs.attempt_ended(end);
    }

    /// A step ended; `took` is known where it was seen to start.
    pub fn step_ended(&self, end: &StepEnd<'_>) {
        self.runs.step_ended(end);
    }

    /// The collector took so many spans or log records.
    pub fn exported(&self, signal: &'static str, count: u64) {
        self.exported.get_or_create(&SignalLabels { signal }).inc_by(count);
    }

    /// `reason` is of a closed set.
    pub fn export_failed(&self, reason: &'static str) {
        self.export_failures.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// `reason` is of a closed set.
    pub fn export_lost(&self, signal: &'static str, reason: &'static str, count: u64) {
        if count > 0 {
            self.export_lost.get_or_create(&LossLabels { signal, reason }).inc_by(count);
        }
    }

    pub fn export_behind(&self, age: Duration) {
        self.export_behind.set(age.as_secs_f64());
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

    /// How long permits of each pool were waited for, as far as processes have told since the start.
    #[must_use]
    pub fn waits(&self) -> std::collections::BTreeMap<String, Waits> {
        self.resources.waits()
    }

    /// Subtracts the shares of all other processes: they are gone.
    pub fn only_of(&self, processes: &BTreeSet<Process>) {
        self.resources.only_of(processes);
    }

    /// All circuit breakers that are known, each with its state; alone where other hosts cannot be reached.
    pub fn breakers<'a>(&self, all: impl Iterator<Item = (&'a str, &'static str)>, is_alone: bool) {
        self.breakers.are(all);
        self.breakers.alone(is_alone);
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
        self.calls_waiting.set(gauge(waiting));
        self.calls_running.set(gauge(running));
    }

    pub fn store_failed(&self) {
        self.store_failures.inc();
    }

    /// The metrics in that form, with the gauges as they are now.
    ///
    /// # Errors
    /// Never: writing to memory does not fail; the encoder's signature asks for it.
    pub fn encode(&self, form: Form, now: &Now) -> Result<Vec<u8>, std::fmt::Error> {
        self.is_now(now);
        text::encode(&self.registry, form)
    }

    /// How much goes on, what fails, what is slow and what is waited for, as `GET /v1/overview` tells it.
    ///
    /// # Errors
    /// Never, as [`Self::encode`].
    pub fn overview(&self, now: &Now) -> Result<serde_json::Value, std::fmt::Error> {
        self.is_now(now);
        Ok(overview::read(&prometheus_client::encoding::prometheus_protobuf::encode(&self.registry)?))
    }

    fn is_now(&self, now: &Now) {
        self.sessions.set(gauge(now.sessions));
        self.open_runs.set(gauge(now.open_runs.iter().map(|(_, _, count)| count).sum()));
        self.dispatchable.set(gauge(now.dispatchable));
        if let Some(bytes) = now.store_bytes {
            self.store_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        self.runs.open(&now.open_runs);
        self.resources.add_up();
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

const COMMIT_SECONDS: [f64; 10] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0];
const COMMIT_RECORDS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0];

#[cfg(test)]
mod tests;
