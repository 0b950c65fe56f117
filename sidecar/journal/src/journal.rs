//! The journal's front: admits starts, records, takeovers and cancellations in memory, in order.
//!
//! It knows no connection. What it admits is shown to nobody but the owner until [`Journal::commit`] says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conductor_protocol::digest::{canonical_json, digest};
use conductor_protocol::entry::{Entry, Json, Parent, UnixMillis};
use conductor_protocol::message::Limits;
use conductor_protocol::state::RunState;
use tokio::sync::oneshot;

use crate::check::{check_entries, check_id, check_value, same, same_json};
use crate::commit::Note;
use crate::keys::{Keys, digest_like, is_keyed};
use crate::life::{self, Event};
use crate::ownership::{begin, take};
use crate::purging::absent;
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::sealing::Sealing;
use crate::store::{Head, Known, Owner, RunRow, Store, StoreError, Tombstone};

/// Hears whether a change is on disk.
pub type Settled = oneshot::Receiver<Result<(), Refusal>>;

/// Whether the run of this owner may be given to another: the owner is dead or silent.
pub type MayTake<'a> = &'a dyn Fn(&Owner) -> bool;

/// Of what an attempt or a step was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Task(Arc<str>),
    /// The key of a step that was not seen to begin: a breaker was open, it was skipped, or the sidecar came later.
    Step(Box<str>),
}

/// Something to count when it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    RunStarted,
    AttemptEnded {
        of: Subject,
        outcome: &'static str,
        /// The most specific type.
        error: Option<Arc<str>>,
        millis: Option<i64>,
        /// Whether another attempt follows.
        retried: bool,
    },
    /// `millis` since the first attempt began.
    StepEnded {
        of: Subject,
        outcome: &'static str,
        millis: Option<i64>,
    },
}

/// A start from a session or, without `plan`, from outside.
#[derive(Debug)]
pub struct StartRequest {
    pub run: String,
    pub workflow: String,
    pub plan: Option<String>,
    pub language: Option<String>,
    pub input: Json,
    /// Names of the inputs that are secret.
    pub secret: Vec<String>,
    pub parent: Option<Parent>,
    /// Of the W3C's trace context.
    pub traceparent: Option<String>,
    /// Who asks, from outside.
    pub by: Option<String>,
    pub at: UnixMillis,
}

/// With what values are encrypted, and whose.
#[derive(Debug, Clone, Default)]
pub struct Encryption {
    pub keys: Option<Keys>,
    /// Of every run, and not only of those with secret inputs and of what they start.
    pub all: bool,
}

#[derive(Debug)]
pub enum Started {
    /// New, and the caller's where there is one. The start is not on disk yet.
    New {
        epoch: u64,
        started_at: UnixMillis,
        settled: Settled,
    },
    Taken(Taken),
    /// Somebody else's, or paused. To be told only when `settled` says that it is on disk.
    Attached {
        state: RunState,
        settled: Option<Settled>,
    },
    Finished {
        state: RunState,
    },
}

/// A run that changed hands. To be told only when `settled` says that it is on disk.
#[derive(Debug)]
pub struct Taken {
    pub info: RunInfo,
    pub next_seq: u64,
    pub settled: Settled,
}

/// What became of a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Admitted; its acknowledgement comes with the commit.
    Queued,
    /// An identical resend; everything up to this number is on disk.
    Known { acked: u64 },
    /// It followed a refused one and is dropped without further word.
    Dropped,
}

/// A wish to cancel that was taken.
#[derive(Debug)]
pub struct Cancelled {
    /// `None` where it was on disk already.
    pub settled: Option<Settled>,
    pub info: RunInfo,
}

/// What a scheduler needs to know of an open run.
#[derive(Debug, Clone)]
pub struct RunInfo {
    pub run: Arc<str>,
    pub workflow: Arc<str>,
    pub plan: Option<Arc<str>>,
    pub parent: Option<Parent>,
    pub started_at: UnixMillis,
    pub state: RunState,
    pub epoch: u64,
    pub owner: Option<Owner>,
    pub cancel: Option<Arc<str>>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) runs: BTreeMap<Arc<str>, Cell>,
    /// Runs with something queued, in the order in which it came.
    pub(crate) dirty: Vec<Arc<str>>,
    pub(crate) committing: bool,
    /// Runs of which a commit may have been done whose end was not heard of, and the epoch that it gave to an owner.
    pub(crate) doubts: BTreeMap<Arc<str>, Option<u64>>,
    /// What was found out beside the commits.
    pub(crate) late: Vec<Note>,
    /// Acknowledgements of what the power could still take from the store.
    pub(crate) unsynced: Vec<Note>,
}

/// Where a run is.
pub(crate) enum Place<'a> {
    Open(&'a mut Cell),
    /// Another sidecar has it.
    Away(Box<RunRow>),
    Ended(Box<RunRow>),
    /// With what is left of one that was purged.
    Absent(Option<Box<Tombstone>>),
}

pub struct Journal {
    pub(crate) store: Box<dyn Store>,
    pub(crate) inner: Mutex<Inner>,
    limits: Limits,
    pub(crate) encryption: Encryption,
}

impl Journal {
    /// Takes over a store and loads the runs that have not ended.
    ///
    /// # Errors
    /// When the store cannot be read, an unfinished run is encrypted with a key that is not there, or all are to be
    /// encrypted without one.
    pub fn open(
        store: Box<dyn Store>,
        limits: Limits,
        encryption: Encryption,
    ) -> Result<Journal, StoreError> {
        if encryption.all && encryption.keys.is_none() {
            return Err(StoreError::NoKey);
        }
        let store: Box<dyn Store> = Box::new(Sealing::new(store, encryption.keys.clone()));
        let journal = Journal { store, inner: Mutex::default(), limits, encryption };
        for row in journal.store.open_runs()? {
            journal.can_read(&row)?;
            let cell = Cell::stored(row);
            journal.hold().runs.insert(Arc::clone(&cell.id), cell);
        }
        Ok(journal)
    }

    /// The store, for reads of committed state.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// A thread that died while it held the lock left at worst a run that is admitted and not queued.
    pub(crate) fn hold(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn place<'a>(&self, inner: &'a mut Inner, run: &str) -> Result<Place<'a>, Refusal> {
        self.clear_doubt(inner, run)?;
        if let Some(id) = inner.runs.get_key_value(run).map(|(id, _)| Arc::clone(id)) {
            return Ok(inner.runs.get_mut(&id).map_or(Place::Absent(None), Place::Open));
        }
        match self.store.known(run).map_err(stored)? {
            Known::Run(row) if row.head.state.is_terminal() => Ok(Place::Ended(row)),
            // Open runs are all in memory, unless others share the store.
            Known::Run(row) => self.settle_in(inner, *row),
            Known::Purged(stone) => Ok(Place::Absent(Some(stone))),
            Known::Nothing => Ok(Place::Absent(None)),
        }
    }

    /// Starts a run, or takes it over where nobody lives who owns it, or says what it is.
    ///
    /// # Errors
    /// When the id is taken by another workflow or input, or pinned to another Plan, or something is too large.
    pub fn start(
        &self,
        request: StartRequest,
        caller: Option<&Owner>,
        may_take: MayTake<'_>,
    ) -> Result<Started, Refusal> {
        self.start_where(request, caller, may_take, &|| true)
    }

    /// As [`Journal::start`]. `may_begin` is asked of a run of which nothing is known, under the journal's lock.
    ///
    /// # Errors
    /// Those of [`Journal::start`], and [`Refusal::Unsettled`].
    pub fn start_where(
        &self,
        request: StartRequest,
        caller: Option<&Owner>,
        may_take: MayTake<'_>,
        may_begin: &dyn Fn() -> bool,
    ) -> Result<Started, Refusal> {
        check_id(&request.run)?;
        check_value(self.limits, request.input.get(), || "the input".to_owned())?;
        let input =
            canonical_json(&request.input).map_err(|error| Refusal::Invalid(format!("input: {error}")))?;
        let keys = self.encryption.keys.as_ref();
        let like = |stored: &str| {
            digest_like(keys, stored, &input).map_err(|error| Refusal::Store(error.to_string()))
        };
        let mut inner = self.hold();
        match self.place(&mut inner, &request.run)? {
            Place::Absent(Some(stone)) => Err(self.buried(&request, &input, &stone)),
            Place::Absent(None) if !may_begin() => Err(Refusal::Unsettled),
            Place::Absent(None) => {
                let input_digest = match keys.filter(|_| self.is_sealed(&mut inner, &request)) {
                    Some(keys) => keys.digest(&input),
                    None if request.secret.is_empty() => digest(input.as_bytes()),
                    None => {
                        return Err(Refusal::NoKey { workflow: request.workflow, inputs: request.secret });
                    }
                };
                let (cell, started) = begin(request, input_digest, caller)?;
                inner.dirty.push(Arc::clone(&cell.id));
                inner.runs.insert(Arc::clone(&cell.id), cell);
                Ok(started)
            }
            Place::Ended(row) => {
                same(&request, &like(&row.input_digest)?, &row.workflow, &row.input_digest)?;
                Ok(Started::Finished { state: row.head.state })
            }
            Place::Away(row) => {
                same(&request, &like(&row.input_digest)?, &row.workflow, &row.input_digest)?;
                Ok(Started::Attached { state: row.head.state, settled: None })
            }
            Place::Open(cell) => {
                same(&request, &like(&cell.input_digest)?, &cell.workflow, &cell.input_digest)?;
                let free = cell.tip.owner.as_ref().is_none_or(may_take);
                let working = matches!(cell.tip.state, RunState::Running | RunState::Waiting);
                let (true, true, Some(caller), Some(plan)) = (free, working, caller, &request.plan) else {
                    let state = cell.committed.as_ref().map_or(RunState::Running, |head| head.state);
                    return Ok(Started::Attached { state, settled: cell.settled() });
                };
                let taken = take(cell, caller, plan, request.language.as_deref())?;
                let id = Arc::clone(&cell.id);
                inner.dirty.push(id);
                Ok(Started::Taken(taken))
            }
        }
    }

    /// Whether a run's values are to be encrypted: its own inputs are secret, or those of a run that started it, whose
    /// name its own begins with.
    fn is_sealed(&self, inner: &mut Inner, request: &StartRequest) -> bool {
        if self.encryption.all || !request.secret.is_empty() {
            return true;
        }
        let parent = request.parent.iter().map(|parent| parent.run.as_str());
        let starters = request.run.match_indices('/').map(|(end, _)| &request.run[..end]);
        parent.chain(starters).any(|run| match self.place(inner, run) {
            Ok(Place::Open(cell)) => is_keyed(&cell.input_digest),
            Ok(Place::Ended(row) | Place::Away(row)) => row.is_sealed(),
            Ok(Place::Absent(_)) | Err(_) => false,
        })
    }

    /// Admits a record of the owner. `body` is the JSON array of `entries` as it came.
    ///
    /// # Errors
    /// When the record may not be taken; nothing has changed then.
    pub fn record(
        &self,
        run: &str,
        epoch: u64,
        seq: u64,
        entries: &[Entry],
        body: &str,
        session: &Arc<str>,
    ) -> Result<Recorded, Refusal> {
        let mut inner = self.hold();
        let cell = match self.place(&mut inner, run)? {
            Place::Open(cell) => cell,
            Place::Ended(row) => return self.resent_after_end(&row, epoch, seq, body),
            Place::Away(row) => {
                let current = row.head.epoch;
                return Err(if epoch == current {
                    Refusal::NotOwner { run: run.to_owned(), epoch }
                } else {
                    Refusal::StaleEpoch { run: run.to_owned(), given: epoch, current }
                });
            }
            Place::Absent(stone) => return Err(absent(run, stone.as_deref())),
        };
        if cell.tip.epoch != epoch {
            return Err(Refusal::StaleEpoch { run: run.to_owned(), given: epoch, current: cell.tip.epoch });
        }
        if seq < cell.tip.next_seq {
            return self.resent(cell, seq, body);
        }
        if cell.tip.owner.as_ref().is_none_or(|owner| owner.session != *session) {
            return Err(Refusal::NotOwner { run: run.to_owned(), epoch });
        }
        if seq > cell.tip.next_seq {
            if cell.refused_from.is_some_and(|from| seq > from) {
                return Ok(Recorded::Dropped);
            }
            return Err(Refusal::Gap { run: run.to_owned(), given: seq, expected: cell.tip.next_seq });
        }
        check_entries(self.limits, entries)?;
        let head = cell.follow(entries)?;
        let fresh = cell.queued.is_none();
        cell.refused_from = None;
        cell.push(body.into(), Arc::clone(session));
        cell.tip = Head { next_seq: cell.tip.next_seq, ..head };
        cell.note(entries);
        if cell.only_waits() {
            cell.tip.state = RunState::Waiting;
        }
        if fresh {
            let id = Arc::clone(&cell.id);
            inner.dirty.push(id);
        }
        Ok(Recorded::Queued)
    }

    /// Whether the record of this number, in whatever epoch, is on disk; so is all of a run that was purged.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has(&self, run: &str, seq: u64) -> Result<bool, Refusal> {
        let mut inner = self.hold();
        match self.place(&mut inner, run)? {
            Place::Open(cell) => Ok(cell.committed.as_ref().is_some_and(|head| seq < head.next_seq)),
            Place::Ended(row) | Place::Away(row) => Ok(seq < row.head.next_seq),
            Place::Absent(stone) => Ok(stone.is_some()),
        }
    }

    fn resent(&self, cell: &Cell, seq: u64, body: &str) -> Result<Recorded, Refusal> {
        let conflict = || Refusal::Conflict { run: cell.id.to_string(), seq };
        if let Some(pending) = cell.pending_body(seq) {
            return if same_json(&pending, body) { Ok(Recorded::Queued) } else { Err(conflict()) };
        }
        let key = cell.key.ok_or_else(conflict)?;
        let page = self.store.records(key, seq, 1).map_err(stored)?;
        let record = page.records.first().filter(|record| record.seq == seq).ok_or_else(conflict)?;
        if !same_json(&record.body, body) {
            return Err(conflict());
        }
        let acked = cell.committed.as_ref().map_or(seq, |head| head.next_seq.saturating_sub(1));
        Ok(Recorded::Known { acked })
    }

    /// The acknowledgement of a run's last record may be lost with the connection.
    fn resent_after_end(&self, row: &RunRow, epoch: u64, seq: u64, body: &str) -> Result<Recorded, Refusal> {
        let current = row.head.epoch;
        if epoch != current {
            return Err(Refusal::StaleEpoch { run: row.id.clone(), given: epoch, current });
        }
        let page = self.store.records(row.key, seq, 1).map_err(stored)?;
        match page.records.first().filter(|record| record.seq == seq) {
            Some(record) if same_json(&record.body, body) => {
                Ok(Recorded::Known { acked: row.head.next_seq.saturating_sub(1) })
            }
            Some(_) => Err(Refusal::Conflict { run: row.id.clone(), seq }),
            None => Err(Refusal::Transition { event: Event::StepStarted, reason: life::Refused::Ended }),
        }
    }

    /// Every run that has not ended, as admitted.
    #[must_use]
    pub fn open_runs(&self) -> Vec<RunInfo> {
        self.hold().runs.values().map(info).collect()
    }

    /// How many runs have not ended.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.hold().runs.len()
    }

    /// How many runs have not ended, by workflow and state.
    #[must_use]
    pub fn open_by_state(&self) -> Vec<(Arc<str>, RunState, usize)> {
        let mut counts: BTreeMap<(Arc<str>, RunState), usize> = BTreeMap::new();
        for cell in self.hold().runs.values() {
            *counts.entry((Arc::clone(&cell.workflow), cell.tip.state)).or_default() += 1;
        }
        counts.into_iter().map(|((workflow, state), count)| (workflow, state, count)).collect()
    }

    /// An open run, as admitted.
    #[must_use]
    pub fn info(&self, run: &str) -> Option<RunInfo> {
        self.hold().runs.get(run).map(info)
    }

    /// Hears when the run has stopped: ended, or paused. `None` where it is not open, or is paused already.
    #[must_use]
    pub fn stopped(&self, run: &str) -> Option<oneshot::Receiver<()>> {
        let mut inner = self.hold();
        let cell = inner.runs.get_mut(run)?;
        if cell.committed.as_ref().is_some_and(|head| head.state == RunState::Paused) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        cell.ends.retain(|end| !end.is_closed());
        cell.ends.push(sender);
        Some(receiver)
    }

    /// Notes that the last record of the run stands in its writer's log. Whether its commit may wait for what follows it: where
    /// somebody waits for an end that is admitted it may not.
    pub fn note_logged(&self, run: &str) -> bool {
        let mut inner = self.hold();
        let Some(cell) = inner.runs.get_mut(run) else { return false };
        if let Some(change) = &mut cell.queued {
            change.is_logged = true;
        }
        let is_working = matches!(cell.tip.state, RunState::Running | RunState::Waiting);
        is_working || cell.ends.iter().all(oneshot::Sender::is_closed)
    }
}

pub(crate) fn stored(error: StoreError) -> Refusal {
    Refusal::Store(error.to_string())
}

pub(crate) fn body_of(entries: &[Entry]) -> Result<Arc<str>, Refusal> {
    serde_json::to_string(entries).map(Arc::from).map_err(|error| Refusal::Invalid(error.to_string()))
}

pub(crate) fn info(cell: &Cell) -> RunInfo {
    RunInfo {
        run: Arc::clone(&cell.id),
        workflow: Arc::clone(&cell.workflow),
        plan: cell.tip.plan.clone(),
        parent: cell.parent.clone(),
        started_at: cell.started_at,
        state: cell.tip.state,
        epoch: cell.tip.epoch,
        owner: cell.tip.owner.clone(),
        cancel: cell.tip.cancel.clone(),
    }
}
