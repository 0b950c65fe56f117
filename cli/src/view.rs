//! Runs and steps as the sidecar's API tells them, and how single values of them are written for people.
//!
//! It does not know how they are asked for.

use conductor_protocol::error::ErrorForm;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, DIM, GREEN, RED, RESET, YELLOW};

#[derive(Debug, Deserialize)]
pub struct Runs {
    pub runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
pub struct Run {
    pub id: String,
    pub workflow: String,
    pub state: String,
    pub started_at: Moment,
    #[serde(default)]
    pub started_by: Option<String>,
    #[serde(default)]
    pub finished_at: Option<Moment>,
    #[serde(default)]
    pub input: Value,
    #[serde(default)]
    pub output: Option<Value>,
    #[serde(default)]
    pub error: Option<StepError>,
    #[serde(default)]
    pub plan: Option<String>,
    #[serde(default)]
    pub waiting_for: Option<String>,
    #[serde(default)]
    pub owners: Vec<Owner>,
    #[serde(default)]
    pub reopened: Vec<Reopened>,
    #[serde(default)]
    pub restarted: Vec<Restarted>,
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A person let the run go on after a pause.
#[derive(Debug, Deserialize)]
pub struct Reopened {
    #[serde(default)]
    pub step: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default)]
    pub changed_input: bool,
    pub at: Moment,
}

/// A person let the run go on from a step before.
#[derive(Debug, Deserialize)]
pub struct Restarted {
    pub generation: u32,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default)]
    pub changed_input: bool,
    pub at: Moment,
}

/// A session that executed the run from `at` on.
#[derive(Debug, Deserialize)]
pub struct Owner {
    pub epoch: u64,
    pub pid: u32,
    pub at: Moment,
}

#[derive(Debug, Deserialize)]
pub struct Step {
    pub key: String,
    #[serde(default)]
    pub task: Option<String>,
    /// `sleep`, `wait_for` or `emit`; absent for calls.
    #[serde(default)]
    pub kind: Option<String>,
    pub state: String,
    pub attempts: u32,
    /// When a sleep is over, or a wait for a signal.
    #[serde(default)]
    pub until: Option<Moment>,
    #[serde(default)]
    pub started_at: Option<Moment>,
    #[serde(default)]
    pub finished_at: Option<Moment>,
    #[serde(default)]
    pub error: Option<StepError>,
    /// What its attempts came to, where a fallback took their place.
    #[serde(default)]
    pub fell_back: Option<StepError>,
    #[serde(default)]
    pub history: Vec<Attempt>,
}

/// One execution of a step.
#[derive(Debug, Deserialize)]
pub struct Attempt {
    pub started_at: Option<Moment>,
    pub finished_at: Option<Moment>,
    /// `running`, `succeeded`, `failed`, `cancelled`, `unknown` or, cut off by a crash, `interrupted`.
    pub outcome: String,
    #[serde(default)]
    pub error: Option<ErrorForm>,
    #[serde(default)]
    pub retry_at: Option<Moment>,
    pub epoch: u64,
}

/// An error of a step or run; `step` only on a run's.
#[derive(Debug, Deserialize)]
pub struct StepError {
    #[serde(flatten)]
    pub form: ErrorForm,
    #[serde(default)]
    pub step: Option<String>,
}

/// A point in time.
#[derive(Debug, Clone, Deserialize)]
pub struct Moment(jiff::Timestamp);

impl Moment {
    /// Since the Unix epoch.
    #[must_use]
    pub fn milliseconds(&self) -> i64 {
        self.0.as_millisecond()
    }
}

impl Run {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        RUN_ENDS.contains(&self.state.as_str())
    }

    /// What an unfinished run waits for, or its running steps.
    #[must_use]
    pub fn waits_for(&self) -> String {
        if self.is_over() {
            return String::new();
        }
        if let Some(waiting_for) = &self.waiting_for {
            return waiting_for.clone();
        }
        let running = self.steps.iter().filter(|step| matches!(step.state.as_str(), "running" | "in_doubt"));
        running.map(Step::waits_for).collect::<Vec<_>>().join(", ")
    }
}

impl Step {
    /// What it calls, or what it does instead: `wait_for approved`.
    #[must_use]
    pub fn work(&self) -> String {
        let parts = [self.kind.as_deref(), self.task.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn waits_for(&self) -> String {
        let signal = match (self.kind.as_deref(), &self.task) {
            (Some("wait_for"), Some(signal)) => format!(" (signal {signal})"),
            _ => String::new(),
        };
        let until = self.until.as_ref().map_or_else(String::new, |at| format!(" until {}", moment(at)));
        format!("{}{signal}{until}", self.key)
    }
}

const RUN_ENDS: [&str; 3] = ["succeeded", "failed", "cancelled"];

/// How a command ends that waits for a run in that state.
#[must_use]
pub fn exit_of(state: &str) -> Exit {
    match state {
        "succeeded" => Exit::Fine,
        "failed" | "cancelled" | "paused" => Exit::RunFailed,
        _ => Exit::Waiting,
    }
}

/// The body of an answer that is not an error.
pub fn expect_ok(client: &Client, answer: Answer) -> Result<Value, Failure> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let said = answer.body["error"]["message"]
        .as_str()
        .or_else(|| answer.body["error"].as_str())
        .or_else(|| answer.body["message"].as_str())
        .or_else(|| answer.body.as_str())
        .unwrap_or("it gave no reason")
        .trim()
        .to_owned();
    let failure = Failure::environment(said);
    match answer.status {
        400 | 409 | 410 | 422 => Err(Failure { exit: Exit::Usage, ..failure }),
        500.. => Err(failure.help(format!(
            "the sidecar at {} answered {}",
            client.socket().display(),
            answer.status
        ))),
        _ => Err(failure),
    }
}

pub fn parse<T: DeserializeOwned>(client: &Client, body: Value) -> Result<T, Failure> {
    serde_json::from_value(body).map_err(|error| {
        Failure::environment(format!(
            "did not understand the sidecar at {}: {error}",
            client.socket().display()
        ))
        .help("is it of another version? `conductor --version` tells yours")
    })
}

/// A state and its colour.
#[must_use]
pub fn state_cell(state: &str) -> Cell {
    let colour = match state {
        "succeeded" => GREEN,
        "failed" | "paused" | "in_doubt" => RED,
        "cancelled" | "skipped" => DIM,
        _ => YELLOW,
    };
    (output::inert_line(state, 20), colour)
}

/// A state in its colour, where there is colour.
#[must_use]
pub fn state_text(state: &str) -> String {
    let (text, colour) = state_cell(state);
    if output::coloured() { format!("{colour}{text}{RESET}") } else { text }
}

/// The local time, to the second.
#[must_use]
pub fn moment(moment: &Moment) -> String {
    moment.0.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// From `start` to `end`, or to now.
#[must_use]
pub fn elapsed(start: &Moment, end: Option<&Moment>) -> String {
    let end = end.map_or_else(jiff::Timestamp::now, |moment| moment.0);
    output::duration(end.as_millisecond() - start.0.as_millisecond())
}

/// `text` as one segment or value of a URL.
#[must_use]
pub fn url_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
