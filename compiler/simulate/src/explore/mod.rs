//! Exhaustive search of the interleavings of a few runs: every outcome that can be reached, and every deadlock.
//!
//! It knows no construct: it answers the interpreter's questions in every possible way. What two steps do to each other
//! goes through pools, signals, races and ends of branches, so only the order of those is tried; everything a task does
//! between two of them happens at once. Time does not exist: whatever can end may end at any moment. That makes the
//! search an over-approximation in one respect only: outcomes that durations rule out are listed, too.

mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use conductor_protocol::plan::Plan;
use conductor_protocol::state::RunState;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::oracle::Action;
use crate::trace::{Event, RunEnd, What};

/// A run that is started, in a scenario or an exploration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    pub workflow: String,
    /// The run's id.
    pub run: String,
    /// In a scenario.
    pub at_ms: f64,
    /// Inputs that are missing and have no default are made up by type.
    pub input: Map<String, Json>,
    /// In an exploration: signals that may come from outside, each once, at any moment.
    pub signals: Vec<String>,
    /// In an exploration: whether it may be cancelled from outside at any moment.
    pub may_be_cancelled: bool,
}

impl Start {
    #[must_use]
    pub fn new(workflow: &str, run: &str) -> Start {
        Start { workflow: workflow.to_owned(), run: run.to_owned(), ..Start::default() }
    }
}

/// What is tried, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Different states of the world.
    pub states: usize,
    /// Moves in one interleaving.
    pub depth: usize,
    /// How many attempts may fail in one interleaving; the error is one that every policy retries.
    pub failures: u32,
    /// Whether timeouts and deadlines may pass. Without, what only they could end is a deadlock.
    pub deadlines_pass: bool,
    /// Whether each condition (`when`, cases, loops) is tried both ways, whatever it evaluates to.
    pub conditions_both_ways: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            states: 100_000,
            depth: 10_000,
            failures: 0,
            deadlines_pass: true,
            conditions_both_ways: false,
        }
    }
}

/// What an exploration found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// Every way in which all runs can end, by run.
    pub outcomes: BTreeSet<BTreeMap<String, Outcome>>,
    /// Every state in which nothing can move and some run has not ended, with one of the shortest interleavings found.
    pub deadlocks: Vec<Deadlock>,
    /// Different states that were seen.
    pub states: usize,
    /// Which bound cut the search short; what is listed is true all the same, but there may be more.
    pub cut_short: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Outcome {
    pub state: RunState,
    /// Canonical JSON.
    pub output: Option<String>,
    /// The most specific type of the error.
    pub error: Option<String>,
}

/// A state in which nothing can move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deadlock {
    /// What happened, in order.
    pub interleaving: Vec<Moved>,
    /// Who waits, for what.
    pub stuck: Vec<Stuck>,
}

/// One move of an interleaving, and what followed from it at once. Its text completes "next, ...".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    pub action: Action,
    pub events: Vec<Event>,
}

/// Who waits for something that does not come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stuck {
    pub run: String,
    /// Empty where the run itself waits to be admitted.
    pub key: String,
    /// "a permit of resource `db`", "the signal `approved`", "the end of run `a/child`".
    pub waits_for: String,
    /// Who has it, where somebody does.
    pub held_by: Vec<String>,
}

/// Tries every interleaving of the runs.
#[must_use]
pub fn explore(plans: &[Plan], starts: &[Start], limits: &Limits) -> Exploration {
    search::run(plans, starts, limits)
}

impl Outcome {
    pub(crate) fn of(end: &RunEnd) -> Outcome {
        Outcome {
            state: end.state,
            output: end.output.as_ref().map(ToString::to_string),
            error: end.error.as_ref().and_then(|error| error.types.first().cloned()),
        }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action)?;
        let has = |wanted: fn(&What) -> bool| self.events.iter().any(|event| wanted(&event.what));
        if has(|what| matches!(what, What::PermitWaiting { .. })) {
            write!(f, " and waits")
        } else if has(|what| matches!(what, What::PermitAcquired { .. })) {
            write!(f, " and gets it")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "run `{}` waits for {}", self.run, self.waits_for)?,
            key => write!(f, "run `{}`, step `{key}` waits for {}", self.run, self.waits_for)?,
        }
        if self.held_by.is_empty() { Ok(()) } else { write!(f, ", held by {}", self.held_by.join(" and ")) }
    }
}
