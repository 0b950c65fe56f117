//! One open run in memory: what is committed, what is on its way, and the tip that the next record builds on.
//!
//! It knows no store and no lock; [`crate::Journal`] keeps it behind one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conductor_protocol::entry::{Entry, Kind, Parent, UnixMillis};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::message::RunError;
use conductor_protocol::state::RunState;
use tokio::sync::oneshot;

use crate::journal::{Fact, Subject};
use crate::keys::is_keyed;
use crate::life::{self, Event};
use crate::refusal::Refusal;
use crate::store::{Change, Head, NewRun, RunRow, Span, StoredRecord};

/// Told whether the change that it rode with is on disk.
pub(crate) type Waiter = oneshot::Sender<Result<(), Refusal>>;

/// What one batch takes along for a run besides the change itself.
#[derive(Default)]
pub(crate) struct Luggage {
    pub(crate) waiters: Vec<Waiter>,
    pub(crate) facts: Vec<Fact>,
}

pub(crate) struct Cell {
    pub(crate) id: Arc<str>,
    pub(crate) workflow: Arc<str>,
    pub(crate) input_digest: Arc<str>,
    pub(crate) parent: Option<Parent>,
    pub(crate) started_at: UnixMillis,
    pub(crate) key: Option<i64>,
    /// What everybody may see; absent while the start itself is not on disk.
    pub(crate) committed: Option<Head>,
    /// What the next record is checked against. Nobody but the owner is ever shown it.
    pub(crate) tip: Head,
    pub(crate) queued: Option<Change>,
    pub(crate) luggage: Luggage,
    pub(crate) flying: Option<Arc<Change>>,
    pub(crate) flying_luggage: Luggage,
    /// After the store refused: records above this one were on their way and are dropped until it comes again.
    pub(crate) refused_from: Option<u64>,
    pub(crate) ends: Vec<oneshot::Sender<()>>,
    /// Task and start of the attempts that run now, for metrics.
    pub(crate) attempts: BTreeMap<String, (Arc<str>, UnixMillis)>,
    /// The same of the first attempts of steps that have not ended.
    pub(crate) steps: BTreeMap<String, (Arc<str>, UnixMillis)>,
    /// The id of its trace, where that was seen.
    pub(crate) trace: Option<Arc<str>>,
    /// Keys of the timers and waits for signals that are not over.
    pub(crate) waits: BTreeSet<String>,
}

impl Cell {
    pub(crate) fn new(id: Arc<str>, new: NewRun, tip: Head) -> Cell {
        let mut cell = Cell {
            id: Arc::clone(&id),
            workflow: Arc::clone(&new.workflow),
            input_digest: Arc::clone(&new.input_digest),
            parent: new.parent.clone(),
            started_at: new.started_at,
            key: None,
            committed: None,
            tip,
            queued: None,
            luggage: Luggage::default(),
            flying: None,
            flying_luggage: Luggage::default(),
            refused_from: None,
            ends: Vec::new(),
            attempts: BTreeMap::new(),
            steps: BTreeMap::new(),
            trace: None,
            waits: BTreeSet::new(),
        };
        cell.luggage.facts.push(Fact::RunStarted);
        cell.queued = Some(Change {
            id,
            key: None,
            new: Some(new),
            expect: (0, 0),
            head: cell.tip.clone(),
            advances: false,
            records: Vec::new(),
            spans: Vec::new(),
            signals: Vec::new(),
            input: None,
            sealed: is_keyed(&cell.input_digest),
            is_logged: false,
        });
        cell
    }

    pub(crate) fn stored(row: RunRow) -> Cell {
        Cell {
            id: row.id.into(),
            workflow: row.workflow.into(),
            input_digest: row.input_digest.into(),
            parent: row.parent,
            started_at: row.started_at,
            key: Some(row.key),
            committed: Some(row.head.clone()),
            tip: row.head,
            queued: None,
            luggage: Luggage::default(),
            flying: None,
            flying_luggage: Luggage::default(),
            refused_from: None,
            ends: Vec::new(),
            attempts: BTreeMap::new(),
            steps: BTreeMap::new(),
            trace: None,
            waits: BTreeSet::new(),
        }
    }

    /// The change that gathers until the next batch, made if there is none.
    pub(crate) fn queue(&mut self) -> &mut Change {
        self.queued.get_or_insert_with(|| Change {
            id: Arc::clone(&self.id),
            key: self.key,
            new: None,
            expect: (self.tip.epoch, self.tip.next_seq),
            head: self.tip.clone(),
            advances: false,
            records: Vec::new(),
            spans: Vec::new(),
            signals: Vec::new(),
            input: None,
            sealed: is_keyed(&self.input_digest),
            is_logged: false,
        })
    }

    /// A receiver that hears when everything admitted so far is on disk; `None` where it is already.
    pub(crate) fn settled(&mut self) -> Option<oneshot::Receiver<Result<(), Refusal>>> {
        let (sender, receiver) = oneshot::channel();
        if self.queued.is_some() {
            self.luggage.waiters.push(sender);
        } else if self.flying.is_some() {
            self.flying_luggage.waiters.push(sender);
        } else {
            return None;
        }
        Some(receiver)
    }

    /// Appends a record to the tip. `session` is who is answered for it.
    pub(crate) fn push(&mut self, body: Arc<str>, session: Arc<str>) {
        let (seq, epoch) = (self.tip.next_seq, self.tip.epoch);
        let change = self.queue();
        change.records.push(StoredRecord { seq, epoch, body });
        change.is_logged = false;
        match change.spans.last_mut() {
            Some(span) if span.session == session && span.epoch == epoch => span.last = seq,
            _ => change.spans.push(Span { session, epoch, first: seq, last: seq }),
        }
        self.tip.next_seq += 1;
    }

    /// Checks a record's entries against the table and gives the head that they lead to.
    pub(crate) fn follow(&self, entries: &[Entry]) -> Result<Head, Refusal> {
        let mut head = self.tip.clone();
        for entry in entries {
            let event = Event::of(entry);
            head.state = life::next(Some(head.state), event)
                .map_err(|reason| Refusal::Transition { event, reason })?;
            apply(&mut head, entry)?;
        }
        Ok(head)
    }

    /// The body of a record that is not yet on disk.
    pub(crate) fn pending_body(&self, seq: u64) -> Option<Arc<str>> {
        let flying = self.flying.iter().flat_map(|change| change.records.iter());
        let queued = self.queued.iter().flat_map(|change| change.records.iter());
        flying.chain(queued).find(|record| record.seq == seq).map(|record| Arc::clone(&record.body))
    }

    /// Remembers what metrics will count when the entries are on disk.
    pub(crate) fn note(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::StepStarted { key, kind: Some(Kind::Sleep | Kind::WaitFor), .. } => {
                    self.waits.insert(key.clone());
                }
                Entry::StepStarted { key, task, at, .. } => {
                    let began: (Arc<str>, UnixMillis) = (task.as_str().into(), *at);
                    self.steps.entry(key.clone()).or_insert_with(|| began.clone());
                    self.attempts.insert(key.clone(), began);
                }
                Entry::AttemptFailed { key, error, retry_at, at, .. } => {
                    let began = self.attempts.remove(key);
                    self.luggage.facts.push(Fact::AttemptEnded {
                        millis: since(began.as_ref(), *at),
                        of: subject(began, key),
                        outcome: "failed",
                        error: error.types.first().map(|name| name.as_str().into()),
                        retried: retry_at.is_some(),
                    });
                }
                Entry::StepSucceeded { key, at, .. } => self.step_ended(key, ["succeeded"; 2], None, *at),
                Entry::StepFailed { key, error, at, tolerated, .. } => {
                    let outcome = if *tolerated { "tolerated" } else { "failed" };
                    self.step_ended(key, [outcome, "failed"], Some(error), *at);
                }
                Entry::StepSkipped { key, at } => self.step_ended(key, ["skipped"; 2], None, *at),
                Entry::StepCancelled { key, at, .. } => self.step_ended(key, ["cancelled"; 2], None, *at),
                Entry::StepInDoubt { key, error, at, .. } => {
                    self.step_ended(key, ["in_doubt"; 2], Some(error), *at);
                }
                _ => {}
            }
        }
    }

    /// Whether nothing is done before a timer or a signal comes.
    pub(crate) fn only_waits(&self) -> bool {
        self.tip.state == RunState::Running && self.attempts.is_empty() && !self.waits.is_empty()
    }

    /// `outcomes` are the step's and its last attempt's, where that has not ended before.
    fn step_ended(
        &mut self,
        key: &str,
        outcomes: [&'static str; 2],
        error: Option<&ErrorForm>,
        at: UnixMillis,
    ) {
        if self.waits.remove(key) {
            return;
        }
        let [outcome, of_attempt] = outcomes;
        if let Some(began) = self.attempts.remove(key) {
            self.luggage.facts.push(Fact::AttemptEnded {
                millis: since(Some(&began), at),
                of: Subject::Task(began.0),
                outcome: of_attempt,
                error: error.and_then(|error| error.types.first()).map(|name| name.as_str().into()),
                retried: false,
            });
        }
        let first = self.steps.remove(key);
        let millis = since(first.as_ref(), at);
        self.luggage.facts.push(Fact::StepEnded { of: subject(first, key), outcome, millis });
    }
}

fn subject(began: Option<(Arc<str>, UnixMillis)>, key: &str) -> Subject {
    began.map_or_else(|| Subject::Step(key.into()), |(task, _)| Subject::Task(task))
}

fn since(began: Option<&(Arc<str>, UnixMillis)>, at: UnixMillis) -> Option<i64> {
    began.map(|(_, since)| at.saturating_sub(*since).max(0))
}

/// What an entry does to the head besides its state.
fn apply(head: &mut Head, entry: &Entry) -> Result<(), Refusal> {
    match entry {
        Entry::RunSucceeded { output, at } => {
            head.output = Some(output.get().into());
            end(head, *at);
        }
        Entry::RunFailed { error, step, attempts, at } => {
            head.error = Some(error_json(error.clone(), step.clone(), *attempts)?);
            end(head, *at);
        }
        Entry::RunCancelled { reason, at } => {
            head.error = Some(error_json(named("conductor.RunCancelled", reason), None, 0)?);
            end(head, *at);
        }
        Entry::RunPaused { reason, step, .. } => {
            head.error = Some(error_json(named("conductor.RunPaused", reason), step.clone(), 0)?);
            head.owner = None;
        }
        Entry::RunReopened { .. } => head.error = None,
        Entry::RunRestarted(restarted) => {
            (head.output, head.error, head.cancel, head.finished_at) = (None, None, None, None);
            if restarted.unpinned {
                (head.plan, head.language) = (None, None);
            }
        }
        Entry::RunResumed { plan, .. } => {
            if let Some(plan) = plan {
                head.plan = Some(plan.as_str().into());
            }
            head.error = None;
        }
        _ => debug_assert!(head.state == RunState::Running, "the table wakes a run that works"),
    }
    Ok(())
}

fn end(head: &mut Head, at: UnixMillis) {
    head.finished_at = Some(at);
    head.owner = None;
}

fn named(name: &str, message: &str) -> ErrorForm {
    ErrorForm { types: vec![name.to_owned()], message: message.to_owned(), ..ErrorForm::default() }
}

fn error_json(error: ErrorForm, step: Option<String>, attempts: u32) -> Result<Arc<str>, Refusal> {
    serde_json::to_string(&RunError { error, step, attempts })
        .map(Arc::from)
        .map_err(|error| Refusal::Invalid(error.to_string()))
}
