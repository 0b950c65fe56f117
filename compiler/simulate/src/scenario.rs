//! Scripted scenarios: which runs start, how each attempt ends, which signals come, and where the process dies.
//!
//! It knows the form of a script (`docs/semantics.md`), not how Plans are executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::Plan;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::clock::Micros;
use crate::executor::{digest_of, mix};
use crate::explore::Start;
use crate::oracle::{Attempt, Attempted, Oracle};
use crate::random::Random;
use crate::signals::Delivered;
use crate::trace::{Event, Trace};
use crate::values::{Lengths, synthesise};
use crate::world::{Death, External, Settings, World};

/// A whole simulation, given. Times are milliseconds of virtual time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Of values that are made up, and of jitter.
    pub seed: u64,
    pub starts: Vec<Start>,
    /// Outcomes by `run/key`, else by key, else by task: one for each attempt, the last for all that follow.
    pub calls: BTreeMap<String, Vec<Scripted>>,
    /// How long a call takes that `calls` does not name; it succeeds with a value of its type.
    pub call_ms: f64,
    pub signals: Vec<Sent>,
    pub cancels: Vec<Cancel>,
    pub crashes: Vec<Crash>,
    /// How long the disk takes.
    pub commit_ms: f64,
    /// How long the real end of a started write is waited for before its outcome is unknown.
    pub settle_ms: f64,
    /// How long after its death the process is back.
    pub restart_ms: f64,
    /// Whether jitter is taken from the seed; else every pause is as long as it can be.
    pub jitter: bool,
    /// Of the order in which go on what could go on at one instant; by default it is that in which they came to be ready.
    pub order: Option<u64>,
    /// How many steps the simulation may take.
    pub budget: u64,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            seed: 0,
            starts: Vec::new(),
            calls: BTreeMap::new(),
            call_ms: 10.0,
            signals: Vec::new(),
            cancels: Vec::new(),
            crashes: Vec::new(),
            commit_ms: 1.0,
            settle_ms: 30_000.0,
            restart_ms: 1000.0,
            jitter: false,
            order: None,
            budget: 5_000_000,
        }
    }
}

/// How an attempt ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scripted {
    /// After how long; the scenario's `call_ms` where it is missing.
    pub after_ms: Option<f64>,
    /// The value that it returns; one of its type where neither this nor `fails` is given.
    pub returns: Option<Json>,
    /// The error with which it fails.
    pub fails: Option<ErrorForm>,
    /// It never ends.
    pub hangs: bool,
}

/// A signal from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub at_ms: f64,
    pub run: String,
    pub signal: String,
    #[serde(default)]
    pub data: Json,
    /// One that comes twice counts once; by default each has its own.
    #[serde(default)]
    pub id: Option<String>,
}

/// A run cancelled from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    pub at_ms: f64,
    pub run: String,
}

/// The death of the process, at the moment when the journals of all runs together hold `at_entry` entries. Entries that
/// are not on disk by then are lost, but for the first `keep` of each run. With several, each counts on from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    pub at_entry: u64,
    #[serde(default)]
    pub keep: usize,
}

/// Plays the scenario. Inputs that a start does not give are made up by type.
#[must_use]
pub fn run(plans: &[Plan], scenario: &Scenario) -> Trace {
    let mut script = Script { scenario, random: Random::new(scenario.seed) };
    let mut events: Vec<Event> = Vec::new();
    let settings = Settings {
        commit_us: micros(scenario.commit_ms),
        settle_us: micros(scenario.settle_ms),
        restart_us: micros(scenario.restart_ms),
        budget: scenario.budget,
        forgets: false,
    };
    let stopped = {
        let world = World::new(plans, true, settings, &mut script, &mut events);
        if let Some(seed) = scenario.order {
            world.scheduler.shuffle(seed);
        }
        for (at, external) in externals(plans, scenario) {
            world.plan_external(at, external);
        }
        world.plan_deaths(
            scenario.crashes.iter().map(|crash| Death { at_entry: crash.at_entry, keep: crash.keep }),
        );
        world.drive()
    };
    Trace { events, stopped }
}

fn externals(plans: &[Plan], scenario: &Scenario) -> Vec<(Micros, External)> {
    let mut all = Vec::new();
    for start in &scenario.starts {
        all.push((micros(start.at_ms), started(plans, start, scenario.seed, Lengths::default())));
    }
    for (number, sent) in scenario.signals.iter().enumerate() {
        let id = sent.id.clone().unwrap_or_else(|| format!("outside-{number}"));
        let signal =
            Delivered { id: id.into(), name: sent.signal.as_str().into(), data: Arc::new(sent.data.clone()) };
        all.push((micros(sent.at_ms), External::Send { run: sent.run.clone(), signal }));
    }
    for cancel in &scenario.cancels {
        all.push((micros(cancel.at_ms), External::Cancel { run: cancel.run.clone() }));
    }
    all
}

/// The start of a run, with an input for everything that is asked for.
pub(crate) fn started(plans: &[Plan], start: &Start, seed: u64, lengths: Lengths) -> External {
    let plan = plans.iter().find(|plan| plan.workflow == start.workflow);
    let mut input: Map<String, Json> = start.input.clone();
    for wanted in plan.iter().flat_map(|plan| &plan.inputs) {
        if wanted.default.is_none() && !input.contains_key(&wanted.name) {
            let mut random = Random::new(mix(seed, digest_of(&wanted.name)));
            let types = plan.map(|plan| &plan.types);
            let value = types.map(|types| synthesise(&wanted.ty, types, lengths, &mut random));
            input.insert(wanted.name.clone(), value.unwrap_or_default());
        }
    }
    External::Start { workflow: start.workflow.clone(), run: start.run.as_str().into(), input }
}

/// Whole microseconds; nothing for what is no time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a negative or undefined number is no time"
)]
pub(crate) fn micros(milliseconds: f64) -> Micros {
    (milliseconds * 1000.0).round() as Micros
}

struct Script<'a> {
    scenario: &'a Scenario,
    random: Random,
}

impl Oracle for Script<'_> {
    fn attempt(&mut self, attempt: &Attempt<'_>) -> Attempted {
        let calls = &self.scenario.calls;
        let full = format!("{}/{}", attempt.run, attempt.key);
        let known =
            calls.get(&full).or_else(|| calls.get(attempt.key)).or_else(|| calls.get(&attempt.call.task));
        let number = attempt.attempt.saturating_sub(1) + attempt.hedge;
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let scripted = known.and_then(|all| all.get(index).or(all.last())).cloned().unwrap_or_default();
        let after = micros(scripted.after_ms.unwrap_or(self.scenario.call_ms));
        // The value depends on the step and not on what came before, so that a repeated attempt gives it again.
        let result = match (scripted.fails, scripted.returns) {
            (Some(error), _) => Err(error),
            (None, Some(value)) => Ok(Arc::new(value)),
            (None, None) => {
                let mut random = Random::new(mix(self.scenario.seed, digest_of(&full)));
                let returns = attempt.call.callable.returns();
                Ok(Arc::new(synthesise(returns, attempt.types, Lengths::default(), &mut random)))
            }
        };
        Attempted { after: (!scripted.hangs).then_some(after), result }
    }

    fn jitter(&mut self, _: &str, _: &str, _: u32) -> f64 {
        if self.scenario.jitter { self.random.unit() } else { 1.0 }
    }
}
