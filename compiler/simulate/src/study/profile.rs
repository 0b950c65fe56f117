//! Profiles: how long tasks take, how often they fail, when signals come. Given by hand or measured.
//!
//! It knows the file's form (`docs/simulate.md`) and draws from distributions, not who asks.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Fallback, Plan, StepKind};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use crate::random::Random;
use crate::values::Lengths;

/// Between the 50th and the 95th percentile of the standard normal distribution.
const P95: f64 = 1.644_853_626_951_472_2;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Of tasks that `tasks` does not name.
    pub default: TaskProfile,
    pub tasks: BTreeMap<String, TaskProfile>,
    /// When a signal comes, counted from the moment when a step begins to wait for it.
    pub signals: BTreeMap<String, SignalProfile>,
    /// How long made-up lists are.
    pub list_length: usize,
    /// How long the disk takes to take an entry, in milliseconds.
    #[serde(deserialize_with = "duration")]
    pub commit_ms: f64,
    /// What was counted of all runs where the profile was measured; the simulation needs none of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Json>,
    /// What made-up durations stay below, by task, in milliseconds.
    #[serde(skip)]
    limits: BTreeMap<String, f64>,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile {
            default: TaskProfile::default(),
            tasks: BTreeMap::new(),
            signals: BTreeMap::new(),
            list_length: Lengths::default().list,
            commit_ms: 0.15,
            measured: None,
            limits: BTreeMap::new(),
        }
    }
}

/// The duration of tasks of which nothing is known.
pub const MADE_UP: Distribution = Distribution::Lognormal { p50: 50.0, p95: 200.0 };
/// The share of its time limit that a made-up duration takes at most.
const WITHIN: f64 = 0.9;

/// How calls of a task end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskProfile {
    /// [`MADE_UP`] where it is missing, but below the time limit that the manifest gives the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Distribution>,
    /// The share of attempts that fail.
    pub failure_rate: f64,
    /// The type of the error with which they fail.
    pub error: String,
    /// The share of attempts that never end by themselves.
    pub hang_rate: f64,
    /// The result of each call; one of its type where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<Json>,
    /// What else was counted where the profile was measured; the simulation needs none of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Json>,
}

impl Default for TaskProfile {
    fn default() -> TaskProfile {
        TaskProfile {
            duration: None,
            failure_rate: 0.0,
            error: "simulate.Failure".to_owned(),
            hang_rate: 0.0,
            returns: None,
            measured: None,
        }
    }
}

/// A signal that nobody in the simulation sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalProfile {
    pub after: Distribution,
    /// The share of waits for which it never comes.
    pub missing_rate: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

impl Default for SignalProfile {
    fn default() -> SignalProfile {
        SignalProfile { after: Distribution::Constant { ms: 60_000.0 }, missing_rate: 0.0, data: None }
    }
}

/// A distribution of times, in milliseconds. In a file: `{p50: 100ms, p95: 400ms}`, `{constant: 1s}`,
/// `{uniform: [10ms, 20ms]}`, `{exponential: 50ms}` (its mean).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    Lognormal { p50: f64, p95: f64 },
    Constant { ms: f64 },
    Uniform { from: f64, to: f64 },
    Exponential { mean: f64 },
}

impl Distribution {
    /// Milliseconds.
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        match *self {
            Distribution::Constant { ms } => ms,
            Distribution::Uniform { from, to } => from + (to - from) * random.unit(),
            Distribution::Exponential { mean } => mean * random.exponential(),
            Distribution::Lognormal { p50, .. } if p50 <= 0.0 => 0.0,
            Distribution::Lognormal { p50, p95 } => {
                let spread = (p95.max(p50) / p50).ln() / P95;
                p50 * (spread * random.normal()).exp()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Distribution, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            p50: Option<Json>,
            p95: Option<Json>,
            constant: Option<Json>,
            uniform: Option<[Json; 2]>,
            exponential: Option<Json>,
        }
        let written = Written::deserialize(deserializer)?;
        let read = |json: &Json| duration_of(json).map_err(serde::de::Error::custom);
        let found = match written {
            Written { p50: Some(p50), p95, constant: None, uniform: None, exponential: None } => {
                let p50 = read(&p50)?;
                Distribution::Lognormal { p50, p95: p95.as_ref().map_or(Ok(p50), read)? }
            }
            Written { p50: None, p95: None, constant: Some(ms), uniform: None, exponential: None } => {
                Distribution::Constant { ms: read(&ms)? }
            }
            Written {
                p50: None,
                p95: None,
                constant: None,
                uniform: Some([from, to]),
                exponential: None,
            } => Distribution::Uniform { from: read(&from)?, to: read(&to)? },
            Written { p50: None, p95: None, constant: None, uniform: None, exponential: Some(mean) } => {
                Distribution::Exponential { mean: read(&mean)? }
            }
            _ => {
                return Err(serde::de::Error::custom(
                    "expected one of {p50, p95}, {constant}, {uniform: [from, to]}, {exponential}",
                ));
            }
        };
        found.check().map_err(serde::de::Error::custom)
    }
}

impl Distribution {
    fn check(self) -> Result<Distribution, String> {
        match self {
            Distribution::Lognormal { p50, p95 } if p95 < p50 => {
                Err(format!("p95 ({p95} ms) is below p50 ({p50} ms)"))
            }
            Distribution::Uniform { from, to } if to < from => {
                Err(format!("the range ends ({to} ms) before it begins ({from} ms)"))
            }
            fine => Ok(fine),
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    duration_of(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn duration_of(json: &Json) -> Result<f64, String> {
    match json {
        Json::Number(number) => number
            .as_f64()
            .filter(|ms| (0.0..1e15).contains(ms))
            .ok_or_else(|| format!("{number} is no number of milliseconds")),
        Json::String(text) => duration_ms(text),
        other => Err(format!("{other} is no duration; write 100ms or a number of milliseconds")),
    }
}

/// Milliseconds of `500ms`, `1.5s`, `5m`, `1h`, or of a plain number of milliseconds.
///
/// # Errors
/// What is no duration.
pub fn duration_ms(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let units = [("ms", 1.0), ("s", 1000.0), ("m", 60_000.0), ("h", 3_600_000.0)];
    let (number, unit) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text, 1.0));
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value = number.parse::<f64>().ok().filter(|_| plain).map(|number| number * unit);
    value.filter(|ms| *ms < 1e15).ok_or_else(|| format!("`{text}` is no duration; write 500ms, 2s, 5m or 1h"))
}

impl Profile {
    pub(crate) fn task(&self, task: &str) -> &TaskProfile {
        self.tasks.get(task).unwrap_or(&self.default)
    }

    /// A duration that is made up must not make a task fail: it stays below the limits that the task has now. A limit that is
    /// changed later is met by the same durations.
    pub fn fit(&mut self, plans: &[Plan]) {
        for step in plans.iter().flat_map(Plan::all_steps) {
            let StepKind::Task(call) = &step.kind else { continue };
            let fallback = match &call.fallback {
                Some(Fallback::Task(fallback)) => Some(&**fallback),
                _ => None,
            };
            for call in [Some(&**call), fallback, call.compensate.as_deref()].into_iter().flatten() {
                let limits = [call.policy.timeout_ms, call.policy.deadline_ms, step.deadline_ms];
                let Some(least) = limits.into_iter().flatten().min() else { continue };
                let known = self.limits.entry(call.task.clone()).or_insert(f64::INFINITY);
                #[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2^52")]
                let limit = least as f64 * WITHIN;
                *known = known.min(limit);
            }
        }
    }

    /// How long a call of the task takes, in milliseconds.
    pub(crate) fn duration(&self, task: &str, random: &mut Random) -> f64 {
        match self.task(task).duration.or(self.default.duration) {
            Some(given) => given.draw(random),
            None => MADE_UP.draw(random).min(self.limits.get(task).copied().unwrap_or(f64::INFINITY)),
        }
    }

    pub(crate) fn lengths(&self) -> Lengths {
        Lengths { list: self.list_length, ..Lengths::default() }
    }

    /// Numbers that no share can be.
    ///
    /// # Errors
    /// Which one, and what it would have to be.
    pub fn check(&self) -> Result<(), String> {
        let shares = self.tasks.iter().map(|(name, task)| (name.as_str(), task));
        for (name, task) in shares.chain([("default", &self.default)]) {
            for (what, share) in [("failure_rate", task.failure_rate), ("hang_rate", task.hang_rate)] {
                if !(0.0..=1.0).contains(&share) {
                    return Err(format!("`{what}` of `{name}` is {share}; a share is between 0 and 1"));
                }
            }
        }
        for (name, signal) in &self.signals {
            if !(0.0..=1.0).contains(&signal.missing_rate) {
                let share = signal.missing_rate;
                return Err(format!("`missing_rate` of `{name}` is {share}; a share is between 0 and 1"));
            }
        }
        if self.list_length > 10_000 {
            return Err(format!("`list_length` is {}; at most 10000 items are made up", self.list_length));
        }
        Ok(())
    }
}
