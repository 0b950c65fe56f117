//! What the interpreter cannot compute and asks for: how calls end, jitter, and what happens next.
//!
//! It does not know who answers: a script, random numbers, or an exhaustive search.

use std::fmt;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::TaskCall;
use conductor_protocol::types::{Type, TypeTable};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::clock::Micros;
use crate::executor::digest_of;

/// One attempt at a call, whose end is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub run: &'a str,
    pub key: &'a str,
    /// From 1, counted over the whole life of the step, crashes included.
    pub attempt: u32,
    /// 0 for the attempt itself, more for the calls of a hedge.
    pub hedge: u32,
    pub call: &'a TaskCall,
    pub types: &'a TypeTable,
}

/// How an attempt ends if nobody interrupts it.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// After which time; `None`: never.
    pub after: Option<Micros>,
    pub result: Result<Arc<Json>, ErrorForm>,
}

/// A signal that a step begins to wait for.
#[derive(Debug, Clone, Copy)]
pub struct Waited<'a> {
    pub run: &'a str,
    pub key: &'a str,
    pub signal: &'a str,
    /// Of the data that comes with it.
    pub ty: &'a Type,
    pub types: &'a TypeTable,
}

/// A signal that comes from outside.
#[derive(Debug, Clone)]
pub struct Answered {
    pub after: Micros,
    pub data: Arc<Json>,
}

/// Answers what is not computed from the Plan and the inputs. The same answers give the same trace.
pub trait Oracle {
    /// How an attempt will end.
    fn attempt(&mut self, attempt: &Attempt<'_>) -> Attempted;

    /// A number in `0.0..=1.0` that spreads the pause after so many failures of a step.
    fn jitter(&mut self, run: &str, key: &str, failures: u32) -> f64;

    /// When a signal comes from outside to a step that begins to wait for it. `None`: not by itself.
    fn signal(&mut self, waited: &Waited<'_>) -> Option<Answered> {
        let _ = waited;
        None
    }

    /// Whether a condition (`when`, a case, a loop's) counts as true; `holds` is what it evaluated to.
    fn condition(&mut self, holds: bool) -> bool {
        holds
    }

    /// Which of these happens next. `None` ends the simulation. It is asked only where time does not decide; `state`
    /// is equal for equal states of the world.
    fn choose(&mut self, moves: &[Action], state: u64) -> Option<usize> {
        let _ = (moves, state);
        None
    }
}

/// Something that can happen next. Its text completes "next, ...".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// A run is started from outside.
    Start { run: String },
    /// A run asks to be one of the few of its workflow.
    Admit { run: String, workflow: String },
    /// A step asks for a permit: of a resource, or of its task's bulkhead.
    Acquire { run: String, key: String, pool: String },
    /// An attempt ends by itself.
    End { run: String, key: String, attempt: u32, succeeds: bool },
    /// A sleep, a pause or a backoff is over.
    Pass { run: String, key: String },
    /// A time limit is over: a timeout, or the deadline of a step, a block or the run.
    Expire { run: String, key: String },
    /// A step sends a signal.
    Emit { run: String, key: String, signal: String, to: String },
    /// A step begins to wait for a signal.
    Await { run: String, key: String, signal: String },
    /// A signal comes from outside.
    Send { run: String, signal: String },
    /// Somebody cancels a run.
    Cancel { run: String },
    /// The disk has taken what was sent.
    Commit { run: String },
    /// The process comes back after its death.
    Restart,
}

impl Action {
    pub(crate) fn digest(&self) -> u64 {
        digest_of(&self.to_string())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Start { run } => write!(f, "run `{run}` starts"),
            Action::Admit { run, workflow } => write!(f, "run `{run}` asks to be admitted to `{workflow}`"),
            Action::Acquire { run, key, pool } => {
                write!(f, "run `{run}`, step `{key}` asks for a permit of {pool}")
            }
            Action::End { run, key, attempt, succeeds } => {
                let how = if *succeeds { "succeeds" } else { "fails" };
                write!(f, "run `{run}`, step `{key}`: attempt {attempt} {how}")
            }
            Action::Pass { run, key } => write!(f, "run `{run}`, step `{key}`: its pause is over"),
            Action::Expire { run, key } if key.is_empty() => {
                write!(f, "run `{run}`: its deadline passes")
            }
            Action::Expire { run, key } => write!(f, "run `{run}`, step `{key}`: its time is over"),
            Action::Emit { run, key, signal, to } => {
                write!(f, "run `{run}`, step `{key}` sends the signal `{signal}` to run `{to}`")
            }
            Action::Await { run, key, signal } => {
                write!(f, "run `{run}`, step `{key}` waits for the signal `{signal}`")
            }
            Action::Send { run, signal } => {
                write!(f, "run `{run}` is sent the signal `{signal}` from outside")
            }
            Action::Cancel { run } => write!(f, "run `{run}` is cancelled from outside"),
            Action::Commit { run } => write!(f, "the journal of run `{run}` reaches the disk"),
            Action::Restart => write!(f, "the process comes back"),
        }
    }
}
