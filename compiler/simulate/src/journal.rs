//! The journal of a run: facts in order, how many of them are on disk, and what a resumed run learns from them.
//!
//! It knows what is recorded, not why. A death loses what is not on disk: what survives is a prefix of what happened.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use serde_json::Value as Json;

use crate::clock::Micros;
use crate::compensate::Undo;
use crate::error::Failure;
use crate::promise::Promise;
use crate::trace::RunEnd;

/// One fact about a step or the run.
#[derive(Clone)]
pub(crate) enum Fact<'p> {
    RunStarted,
    RunEnded(RunEnd),
    /// `deadline_at`: the end of the step's budget, of a sleep, or of a wait for a signal.
    Started {
        attempt: u32,
        deadline_at: Option<Micros>,
    },
    /// Another attempt follows.
    AttemptFailed {
        attempt: u32,
        retry_at: Micros,
        unknown: bool,
    },
    /// No attempt follows, but a fallback.
    Exhausted {
        error: Arc<ErrorForm>,
        unknown: bool,
    },
    Succeeded {
        attempt: u32,
        output: Arc<Json>,
        undo: Vec<Undo<'p>>,
        signal: Option<Arc<str>>,
    },
    Failed {
        failure: Arc<Failure>,
        tolerated: bool,
        undo: Vec<Undo<'p>>,
    },
    Skipped,
    Cancelled {
        undo: Vec<Undo<'p>>,
    },
    InDoubt {
        attempt: u32,
    },
    /// A decision; where it is about a block's deadline, the moment of it.
    Chosen(Arc<Json>),
    /// When the deadline of a block is over.
    DeadlineSet(Micros),
}

struct Entry<'p> {
    key: Arc<str>,
    fact: Fact<'p>,
}

/// What is recorded of a step.
#[derive(Clone, Default)]
pub(crate) struct Past<'p> {
    /// An attempt was started and has no outcome.
    pub is_open: bool,
    pub attempt: u32,
    pub failures: u32,
    pub retry_at: Option<Micros>,
    pub deadline_at: Option<Micros>,
    /// An attempt may have happened although it failed.
    pub unknown: bool,
    pub exhausted: Option<Arc<ErrorForm>>,
    pub outcome: Option<Recorded>,
    pub chosen: Option<Arc<Json>>,
    pub undo: Vec<Undo<'p>>,
    pub signal: Option<Arc<str>>,
}

#[derive(Clone)]
pub(crate) enum Recorded {
    Succeeded(Arc<Json>),
    Failed { failure: Arc<Failure>, tolerated: bool },
    Skipped,
    Cancelled,
    InDoubt,
}

pub(crate) type History<'p> = BTreeMap<Arc<str>, Past<'p>>;

/// Entries of one run.
#[derive(Default)]
pub(crate) struct Journal<'p> {
    entries: RefCell<Vec<Entry<'p>>>,
    appended: Cell<usize>,
    durable: Cell<usize>,
    pub is_committing: Cell<bool>,
    waiting: RefCell<Vec<(usize, Promise<()>)>>,
}

impl<'p> Journal<'p> {
    /// Adds a fact; says at which position it stands. Facts that no death can bring back are only counted.
    pub fn append(&self, key: &Arc<str>, fact: Fact<'p>, is_kept: bool) -> usize {
        if is_kept {
            self.entries.borrow_mut().push(Entry { key: key.clone(), fact });
        }
        self.appended.set(self.appended.get() + 1);
        self.appended.get() - 1
    }

    pub fn appended(&self) -> usize {
        self.appended.get()
    }

    pub fn durable(&self) -> usize {
        self.durable.get()
    }

    /// The first `count` entries are on disk.
    pub fn acknowledge(&self, count: usize) {
        self.durable.set(count.max(self.durable.get()));
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|(wanted, promise)| {
            let waits = *wanted > count;
            if !waits {
                promise.resolve((), 0);
            }
            waits
        });
    }

    /// A promise that the first `count` entries are on disk.
    pub fn when_durable(&self, count: usize, promise: Promise<()>) -> Promise<()> {
        self.waiting.borrow_mut().push((count, promise.clone()));
        promise
    }

    /// After a death: only the first `count` entries are left.
    pub fn cut(&self, count: usize) {
        self.entries.borrow_mut().truncate(count);
        self.appended.set(count);
        self.durable.set(count);
        self.is_committing.set(false);
        self.waiting.borrow_mut().clear();
    }

    /// What the entries say of each step.
    pub fn history(&self) -> History<'p> {
        let mut history = History::new();
        for entry in self.entries.borrow().iter() {
            history.entry(entry.key.clone()).or_default().learn(&entry.fact);
        }
        history
    }

    /// How the run ended, where an entry says so.
    pub fn end(&self) -> Option<RunEnd> {
        self.entries.borrow().iter().find_map(|entry| match &entry.fact {
            Fact::RunEnded(end) => Some(end.clone()),
            _ => None,
        })
    }
}

impl<'p> Past<'p> {
    fn learn(&mut self, fact: &Fact<'p>) {
        match fact {
            Fact::RunStarted | Fact::RunEnded(_) => {}
            Fact::Started { attempt, deadline_at } => {
                self.is_open = true;
                self.attempt = *attempt;
                self.retry_at = None;
                self.deadline_at = self.deadline_at.or(*deadline_at);
            }
            Fact::AttemptFailed { attempt, retry_at, unknown } => {
                self.is_open = false;
                self.attempt = *attempt;
                self.failures += 1;
                self.retry_at = Some(*retry_at);
                self.unknown |= unknown;
            }
            Fact::Exhausted { error, unknown } => {
                self.is_open = false;
                self.exhausted = Some(error.clone());
                self.unknown |= unknown;
            }
            Fact::Succeeded { attempt, output, undo, signal } => {
                self.attempt = *attempt;
                self.undo.clone_from(undo);
                self.signal.clone_from(signal);
                self.outcome = Some(Recorded::Succeeded(output.clone()));
            }
            Fact::Failed { failure, tolerated, undo } => {
                self.undo.clone_from(undo);
                self.outcome = Some(Recorded::Failed { failure: failure.clone(), tolerated: *tolerated });
            }
            Fact::Skipped => self.outcome = Some(Recorded::Skipped),
            Fact::Cancelled { undo } => {
                self.undo.clone_from(undo);
                self.outcome = Some(Recorded::Cancelled);
            }
            Fact::InDoubt { attempt } => {
                self.attempt = *attempt;
                self.outcome = Some(Recorded::InDoubt);
            }
            Fact::Chosen(value) => self.chosen = Some(value.clone()),
            Fact::DeadlineSet(at) => self.deadline_at = Some(*at),
        }
    }
}

/// The ids of signals whose receipt is on disk.
pub(crate) fn received<'p>(history: &History<'p>) -> Vec<Rc<str>> {
    history.values().filter_map(|past| past.signal.as_deref().map(Rc::from)).collect()
}
