//! The journal's front: admits starts, records, takeovers and cancellations in memory, in order.
//!
//! It knows no connection. What it admits is shown to nobody but the owner until [`Journal::commit`] says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conductor_protocol::FORMAT_VERSION;
use conductor_protocol::digest::{canonical_json, digest};
use conductor_protocol::entry::{Entry, Json, Parent, RunStarted, UnixMillis};
use conductor_protocol::message::{Limits, Owned, Resumable};
use conductor_protocol::state::RunState;
use tokio::sync::oneshot;

use crate::life::{self, Event};
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::store::{Head, NewRun, Owner, RunRow, Store, StoreError};

/// Hears whether a change is on disk.
pub type Settled = oneshot::Receiver<Result<(), Refusal>>;

/// Whether the run of this owner may be given to another: the owner is dead or silent.
pub type MayTake<'a> = &'a dyn Fn(&Owner) -> bool;

/// The largest number of records that a run may have to be looked through for a started step.
const FRESH_RECORDS: u64 = 16;

/// Something to count when it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    RunStarted,
    /// The task is unknown where the attempt began before the sidecar did.
    AttemptFailed {
        task: Option<Arc<str>>,
    },
    StepEnded {
        task: Option<Arc<str>>,
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
    pub parent: Option<Parent>,
    pub at: UnixMillis,
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

pub(crate) struct Inner {
    pub(crate) runs: BTreeMap<Arc<str>, Cell>,
    /// Runs with something queued, in the order in which it came.
    pub(crate) dirty: Vec<Arc<str>>,
    pub(crate) committing: bool,
}

/// Where a run is.
enum Place<'a> {
    Open(&'a mut Cell),
    Ended(Box<RunRow>),
    Absent,
}

pub struct Journal {
    pub(crate) store: Box<dyn Store>,
    pub(crate) inner: Mutex<Inner>,
    limits: Limits,
}

impl Journal {
    /// Takes over a store and loads the runs that have not ended.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open(store: Box<dyn Store>, limits: Limits) -> Result<Journal, StoreError> {
        let mut runs = BTreeMap::new();
        for row in store.open_runs()? {
            let cell = Cell::stored(row);
            runs.insert(Arc::clone(&cell.id), cell);
        }
        let inner = Inner { runs, dirty: Vec::new(), committing: false };
        Ok(Journal { store, inner: Mutex::new(inner), limits })
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

    fn place<'a>(&self, inner: &'a mut Inner, run: &str) -> Result<Place<'a>, Refusal> {
        if let Some(id) = inner.runs.get_key_value(run).map(|(id, _)| Arc::clone(id)) {
            return Ok(inner.runs.get_mut(&id).map_or(Place::Absent, Place::Open));
        }
        match self.store.find(run).map_err(stored)? {
            Some(row) if row.head.state.is_terminal() => Ok(Place::Ended(Box::new(row))),
            // Open runs are all in memory, unless another writer shares the store.
            Some(row) => Ok(Place::Open(inner.runs.entry(run.into()).or_insert_with(|| Cell::stored(row)))),
            None => Ok(Place::Absent),
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
        check_id(&request.run)?;
        self.check_value("input", request.input.get().len())?;
        let input_digest = canonical_json(&request.input)
            .map(|text| digest(text.as_bytes()))
            .map_err(|error| Refusal::Invalid(format!("input: {error}")))?;
        let mut inner = self.hold();
        match self.place(&mut inner, &request.run)? {
            Place::Absent => {
                let (cell, started) = begin(request, input_digest, caller)?;
                inner.dirty.push(Arc::clone(&cell.id));
                inner.runs.insert(Arc::clone(&cell.id), cell);
                Ok(started)
            }
            Place::Ended(row) => {
                same(&request, &input_digest, &row.workflow, &row.input_digest)?;
                Ok(Started::Finished { state: row.head.state })
            }
            Place::Open(cell) => {
                same(&request, &input_digest, &cell.workflow, &cell.input_digest)?;
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

    /// Gives a free run to a session, as a dispatch does. `None` where it is not free any more.
    ///
    /// # Errors
    /// When the run is pinned to another Plan or the store cannot be read.
    pub fn take(
        &self,
        run: &str,
        owner: &Owner,
        plan: &str,
        language: &str,
        may_take: MayTake<'_>,
    ) -> Result<Option<Taken>, Refusal> {
        let mut inner = self.hold();
        let Place::Open(cell) = self.place(&mut inner, run)? else { return Ok(None) };
        let free = cell.tip.owner.as_ref().is_none_or(may_take);
        let paused = cell.tip.state == RunState::Paused && cell.tip.cancel.is_none();
        if !free || paused || cell.tip.state.is_terminal() {
            return Ok(None);
        }
        let taken = take(cell, owner, plan, Some(language))?;
        let id = Arc::clone(&cell.id);
        inner.dirty.push(id);
        Ok(Some(taken))
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
            Place::Absent => return Err(Refusal::Unknown { run: run.to_owned() }),
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
        self.check_entries(entries)?;
        let head = cell.follow(entries)?;
        let fresh = cell.queued.is_none();
        cell.refused_from = None;
        cell.push(body.into(), Arc::clone(session));
        cell.tip = Head { next_seq: cell.tip.next_seq, ..head };
        cell.note(entries);
        if fresh {
            let id = Arc::clone(&cell.id);
            inner.dirty.push(id);
        }
        Ok(Recorded::Queued)
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

    /// Takes an unfinished run from `session`. A run that is not its own is left alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn release(&self, run: &str, epoch: u64, session: &str) -> Result<Option<RunInfo>, Refusal> {
        let mut inner = self.hold();
        let Place::Open(cell) = self.place(&mut inner, run)? else { return Ok(None) };
        let own = cell.tip.owner.as_ref().is_some_and(|owner| *owner.session == *session);
        if !own || cell.tip.epoch != epoch {
            return Ok(None);
        }
        let event = Event::Released;
        cell.tip.state = life::next(Some(cell.tip.state), event)
            .map_err(|reason| Refusal::Transition { event, reason })?;
        cell.queue();
        cell.tip.owner = None;
        let info = info(cell);
        inner.dirty.push(Arc::clone(&info.run));
        Ok(Some(info))
    }

    /// Puts the wish to cancel into the journal. A free run that has started no step ends here.
    ///
    /// # Errors
    /// When there is no such run, or it has ended otherwise.
    pub fn cancel(
        &self,
        run: &str,
        reason: &str,
        at: UnixMillis,
        may_take: MayTake<'_>,
    ) -> Result<Cancelled, Refusal> {
        let mut inner = self.hold();
        let event = Event::CancelAsked;
        let cell = match self.place(&mut inner, run)? {
            Place::Open(cell) => cell,
            Place::Ended(row) if row.head.state == RunState::Cancelled => {
                return Ok(Cancelled { settled: None, info: info(&Cell::stored(*row)) });
            }
            Place::Ended(_) => return Err(Refusal::Transition { event, reason: life::Refused::Ended }),
            Place::Absent => return Err(Refusal::Unknown { run: run.to_owned() }),
        };
        if cell.tip.cancel.is_some() {
            return Ok(Cancelled { settled: cell.settled(), info: info(cell) });
        }
        cell.tip.state = life::next(Some(cell.tip.state), event)
            .map_err(|reason| Refusal::Transition { event, reason })?;
        cell.queue();
        cell.tip.cancel = Some(reason.into());
        let free = cell.tip.owner.as_ref().is_none_or(may_take);
        if free && !self.has_begun(cell)? {
            let entries = [Entry::RunCancelled { reason: reason.to_owned(), at }];
            let head = cell.follow(&entries)?;
            cell.push(body_of(&entries)?, "".into());
            cell.tip = Head { next_seq: cell.tip.next_seq, ..head };
        }
        let settled = cell.settled();
        let info = info(cell);
        inner.dirty.push(Arc::clone(&info.run));
        Ok(Cancelled { settled, info })
    }

    /// Whether any entry but a start or a resumption was recorded. Long journals count as begun unread.
    fn has_begun(&self, cell: &Cell) -> Result<bool, Refusal> {
        if cell.tip.next_seq > FRESH_RECORDS {
            return Ok(true);
        }
        let mut bodies: Vec<Arc<str>> =
            (0..cell.tip.next_seq).filter_map(|seq| cell.pending_body(seq)).collect();
        if let Some(key) = cell.key {
            let page = self.store.records(key, 0, usize::MAX).map_err(stored)?;
            bodies.extend(page.records.into_iter().map(|record| record.body));
        }
        let own = |entry: &Entry| Event::of(entry).is_sidecars_own();
        Ok(bodies.iter().any(|body| {
            serde_json::from_str::<Vec<Entry>>(body).map_or(true, |entries| !entries.iter().all(own))
        }))
    }

    /// Which of the claimed runs are still the session's. The session's other runs are given back:
    /// it does not know that it has them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn reclaim(
        &self,
        owner: &Owner,
        claims: &[Owned],
    ) -> Result<(Vec<Resumable>, Vec<RunInfo>), Refusal> {
        let mut inner = self.hold();
        let mut kept = Vec::new();
        for claim in claims {
            let (head, id) = match self.place(&mut inner, &claim.run)? {
                Place::Open(cell) => (cell.tip.clone(), Arc::clone(&cell.id)),
                Place::Ended(row) => (row.head, row.id.into()),
                Place::Absent => continue,
            };
            let own = head.owner.as_ref().is_some_and(|of| of.session == owner.session);
            // A run that stopped in the claimed epoch was stopped by its owner: it may not have heard so.
            let stopped =
                head.owner.is_none() && (head.state.is_terminal() || head.state == RunState::Paused);
            if head.epoch == claim.epoch && (own || stopped) {
                let cancelling = head.cancel.is_some();
                kept.push(Resumable {
                    run: id.to_string(),
                    epoch: claim.epoch,
                    next_seq: head.next_seq,
                    cancelling,
                });
            }
        }
        let mut given_back = Vec::new();
        let Inner { runs, dirty, .. } = &mut *inner;
        for cell in runs.values_mut() {
            let own = cell.tip.owner.as_ref().is_some_and(|of| of.session == owner.session);
            if own && !kept.iter().any(|kept| *kept.run == *cell.id) {
                cell.queue();
                cell.tip.owner = None;
                dirty.push(Arc::clone(&cell.id));
                given_back.push(info(cell));
            }
        }
        Ok((kept, given_back))
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

    fn check_value(&self, what: &str, size: usize) -> Result<(), Refusal> {
        let (size, limit) = (size as u64, self.limits.value_bytes);
        if size > limit {
            return Err(Refusal::TooLarge { what: what.to_owned(), size, limit });
        }
        Ok(())
    }

    fn check_entries(&self, entries: &[Entry]) -> Result<(), Refusal> {
        if entries.is_empty() {
            return Err(Refusal::Invalid("a record needs at least one entry".to_owned()));
        }
        for entry in entries {
            if Event::of(entry).is_sidecars_own() {
                return Err(Refusal::Invalid(
                    "only the sidecar writes run_started and run_resumed".to_owned(),
                ));
            }
            match entry {
                Entry::StepSucceeded { key, output, .. } => {
                    self.check_value(&format_args!("the result of {key}").to_string(), output.get().len())?;
                }
                Entry::Chosen { key, value, .. } => {
                    self.check_value(&format_args!("the choice of {key}").to_string(), value.get().len())?;
                }
                Entry::RunSucceeded { output, .. } => {
                    self.check_value("the run's output", output.get().len())?;
                }
                Entry::AttemptFailed { error, .. }
                | Entry::StepFailed { error, .. }
                | Entry::StepInDoubt { error, .. }
                | Entry::RunFailed { error, .. } => {
                    let stack = error.stack.as_ref().map_or(0, String::len);
                    let fields = serde_json::to_string(&error.fields).map_or(0, |text| text.len());
                    self.check_value("an error", error.message.len() + stack + fields)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

pub(crate) fn stored(error: StoreError) -> Refusal {
    Refusal::Store(error.to_string())
}

fn check_id(run: &str) -> Result<(), Refusal> {
    if run.is_empty() || run.len() > 255 || run.chars().any(char::is_control) {
        let shown = run.chars().take(40).collect::<String>();
        return Err(Refusal::Invalid(format!(
            "run id {shown:?}: it needs 1 to 255 bytes without control characters"
        )));
    }
    Ok(())
}

/// Equal bytes, or equal as canonical JSON: a client may write its keys in another order after a reconnect.
fn same_json(one: &str, other: &str) -> bool {
    let canonical = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).ok().and_then(|value| canonical_json(&value).ok())
    };
    one == other || canonical(one).is_some_and(|text| canonical(other) == Some(text))
}

fn same(request: &StartRequest, input: &str, workflow: &str, input_digest: &str) -> Result<(), Refusal> {
    let run = request.run.clone();
    if request.workflow != workflow {
        return Err(Refusal::Mismatch { run, what: "workflow" });
    }
    if input != input_digest {
        return Err(Refusal::Mismatch { run, what: "input" });
    }
    Ok(())
}

fn body_of(entries: &[Entry]) -> Result<Arc<str>, Refusal> {
    serde_json::to_string(entries).map(Arc::from).map_err(|error| Refusal::Invalid(error.to_string()))
}

fn info(cell: &Cell) -> RunInfo {
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

/// A new run with its record 0. Without a caller it has epoch 0 and waits for its first owner.
fn begin(
    request: StartRequest,
    input_digest: String,
    caller: Option<&Owner>,
) -> Result<(Cell, Started), Refusal> {
    let event = Event::RunStarted;
    let state = life::next(None, event).map_err(|reason| Refusal::Transition { event, reason })?;
    let head = Head {
        state,
        epoch: u64::from(caller.is_some()),
        next_seq: 0,
        owner: caller.cloned(),
        plan: request.plan.as_deref().map(Arc::from),
        language: request.language.as_deref().map(Arc::from),
        cancel: None,
        finished_at: None,
        output: None,
        error: None,
    };
    let (epoch, started_at) = (head.epoch, request.at);
    let entry = RunStarted {
        format: FORMAT_VERSION,
        workflow: request.workflow,
        plan: request.plan,
        input: request.input,
        parent: request.parent.clone(),
        session: caller.map(|owner| owner.session.to_string()),
        pid: caller.map(|owner| owner.pid),
        at: request.at,
    };
    let new = NewRun {
        workflow: entry.workflow.as_str().into(),
        input: entry.input.get().into(),
        input_digest: input_digest.into(),
        parent: request.parent,
        started_at,
    };
    let body = body_of(&[Entry::RunStarted(entry)])?;
    let mut cell = Cell::new(request.run.into(), new, head);
    cell.push(body, caller.map_or_else(|| "".into(), |owner| Arc::clone(&owner.session)));
    let (sender, settled) = oneshot::channel();
    cell.luggage.waiters.push(sender);
    Ok((cell, Started::New { epoch, started_at, settled }))
}

fn take(cell: &mut Cell, owner: &Owner, plan: &str, language: Option<&str>) -> Result<Taken, Refusal> {
    let pinned = cell.tip.plan.clone();
    if let Some(pinned) = pinned.as_deref().filter(|pinned| *pinned != plan) {
        return Err(Refusal::PlanMismatch {
            run: cell.id.to_string(),
            pinned: pinned.to_owned(),
            given: plan.to_owned(),
        });
    }
    let at = jiff::Timestamp::now().as_millisecond();
    let entries = [Entry::RunResumed {
        epoch: cell.tip.epoch + 1,
        session: owner.session.to_string(),
        pid: owner.pid,
        plan: pinned.is_none().then(|| plan.to_owned()),
        at,
    }];
    let head = cell.follow(&entries)?;
    let body = body_of(&entries)?;
    cell.queue();
    cell.tip = Head { epoch: cell.tip.epoch + 1, owner: Some(owner.clone()), ..head };
    if cell.tip.language.is_none() {
        cell.tip.language = language.map(Arc::from);
    }
    cell.refused_from = None;
    cell.attempts.clear();
    cell.push(body, Arc::clone(&owner.session));
    let (sender, settled) = oneshot::channel();
    cell.luggage.waiters.push(sender);
    Ok(Taken { info: info(cell), next_seq: cell.tip.next_seq, settled })
}
