//! A journal among others on one store: which runs it has, what it takes up and leaves, and what others ask of it.
//!
//! It knows no lease and no sidecar: the store says whose a run is, and lets nobody else write to it.

use std::sync::Arc;

use conductor_protocol::entry::Json;
use serde::{Deserialize, Serialize};

use crate::commit::Note;
use crate::journal::{Inner, Journal, MayTake, Place, RunInfo, info, stored};
use crate::keys::digest_like;
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::store::{Change, Head, Home, RunRow, Shared, StoreError, Wanted};

/// What another sidecar asks of the one that has the run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Cancel { reason: String },
    Signal { signal: String, id: String, data: Json },
}

/// Where a run is of which something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    Here,
    Elsewhere,
    /// It has ended, or there is none.
    Nowhere,
}

impl Journal {
    /// The store's other side, where several sidecars share it.
    #[must_use]
    pub fn shared(&self) -> Option<&dyn Shared> {
        self.store.shared()
    }

    /// Takes up an open run that is not in memory, if it may.
    pub(crate) fn settle_in<'a>(&self, inner: &'a mut Inner, row: RunRow) -> Result<Place<'a>, Refusal> {
        let mut row = row;
        if row.home == Home::Free
            && let Some(shared) = self.shared()
        {
            match shared.adopt(&row.id).map_err(stored)? {
                Some(adopted) => row = adopted,
                // Somebody else was faster.
                None => match self.store.find(&row.id).map_err(stored)? {
                    Some(found) if found.head.state.is_terminal() => {
                        return Ok(Place::Ended(Box::new(found)));
                    }
                    Some(found) => row = RunRow { home: Home::Away, ..found },
                    None => return Ok(Place::Absent(None)),
                },
            }
        }
        if row.home == Home::Away {
            return Ok(Place::Away(Box::new(row)));
        }
        let id: Arc<str> = row.id.as_str().into();
        Ok(Place::Open(inner.runs.entry(id).or_insert_with(|| Cell::stored(row))))
    }

    /// A commit whose end was not heard of may have been done: what the store has decides, before anything builds on it.
    pub(crate) fn clear_doubt(&self, inner: &mut Inner, run: &str) -> Result<(), Refusal> {
        let Some(taken) = inner.doubts.get(run).copied() else { return Ok(()) };
        let row = self.store.find(run).map_err(stored)?;
        inner.doubts.remove(run);
        let row = row.filter(|row| row.home == Home::Here);
        let Some(row) = row else {
            leave(inner, run);
            return Ok(());
        };
        if row.head.state.is_terminal() {
            let session = inner.runs.get(run).and_then(|cell| cell.tip.owner.as_ref());
            let session = session.map(|owner| Arc::clone(&owner.session));
            inner.late.push(Note::Stopped {
                run: run.into(),
                workflow: row.workflow.as_str().into(),
                session,
                started_at: row.started_at,
                trace: None,
                head: Box::new(row.head),
            });
            inner.runs.remove(run);
            return Ok(());
        }
        let cell = renewed(inner, row);
        // Whoever took it in that commit was told that it failed: nobody executes it.
        if taken == Some(cell.tip.epoch) && cell.tip.owner.is_some() {
            cell.queue();
            cell.tip.owner = None;
            inner.dirty.push(run.into());
        }
        Ok(())
    }

    /// Settles all doubts; what is to be told of them comes with [`Self::late`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn clear_doubts(&self) -> Result<(), Refusal> {
        let mut inner = self.hold();
        let runs: Vec<Arc<str>> = inner.doubts.keys().cloned().collect();
        runs.iter().try_for_each(|run| self.clear_doubt(&mut inner, run))
    }

    /// What was found out beside the commits and concerns sessions.
    #[must_use]
    pub fn late(&self) -> Vec<Note> {
        std::mem::take(&mut self.hold().late)
    }

    /// Takes up runs that wait for somebody who executes them. Who had one of them here before others had it is told by [`Self::late`].
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn claim(&self, wanted: &[Wanted], limit: u32) -> Result<Vec<RunInfo>, StoreError> {
        let Some(shared) = self.shared() else { return Ok(Vec::new()) };
        let mut inner = self.hold();
        let mut claimed = Vec::new();
        for row in shared.claim(wanted, limit)? {
            claimed.push(info(renewed(&mut inner, row)));
        }
        Ok(claimed)
    }

    /// Leaves those of the runs that nobody executes to other sidecars.
    ///
    /// # Errors
    /// When the store cannot be written; they stay then.
    pub fn let_go(&self, runs: &[Arc<str>], may_take: MayTake<'_>) -> Result<(), StoreError> {
        let Some(shared) = self.shared() else { return Ok(()) };
        let mut inner = self.hold();
        let is_left = |cell: &Cell| {
            let free = cell.tip.owner.as_ref().is_none_or(may_take);
            (free && is_idle(cell)).then_some(cell.key).flatten()
        };
        let (keys, left): (Vec<i64>, Vec<&Arc<str>>) =
            runs.iter().filter_map(|run| Some((inner.runs.get(run).and_then(is_left)?, run))).unzip();
        if keys.is_empty() {
            return Ok(());
        }
        // Under the lock: who asks for one of them in between would build on what is not ours any more.
        shared.let_go(&keys)?;
        left.into_iter().for_each(|run| drop(inner.runs.remove(run)));
        Ok(())
    }

    /// Forgets the runs that others have taken while this sidecar was not heard of. Their owners are told by [`Self::late`].
    ///
    /// False where something is on its way to the store, whose end will tell.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recount(&self) -> Result<bool, StoreError> {
        let Some(shared) = self.shared() else { return Ok(true) };
        let mut inner = self.hold();
        if inner.committing || !inner.dirty.is_empty() {
            return Ok(false);
        }
        let here = shared.here()?;
        let is_gone = |cell: &&Cell| is_idle(cell) && cell.key.is_some_and(|key| !here.contains(&key));
        let gone: Vec<Arc<str>> =
            inner.runs.values().filter(is_gone).map(|cell| Arc::clone(&cell.id)).collect();
        gone.iter().for_each(|run| leave(&mut inner, run));
        Ok(true)
    }

    /// Asks the sidecar that has the run. It is on disk when this returns.
    pub(crate) fn ask(&self, run: &RunRow, ask: &Ask) -> Result<(), Refusal> {
        let Some(shared) = self.shared() else { return Err(Refusal::Unknown { run: run.id.clone() }) };
        let body = serde_json::to_string(ask).map_err(|error| Refusal::Invalid(error.to_string()))?;
        shared.ask(run, &body).map_err(stored)
    }

    /// Whether a run of which something is asked is this sidecar's, after it was taken up if that may be.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn whereabouts(&self, run: &str) -> Result<Whereabouts, Refusal> {
        Ok(match self.place(&mut self.hold(), run)? {
            Place::Open(_) => Whereabouts::Here,
            Place::Away(_) => Whereabouts::Elsewhere,
            Place::Ended(_) | Place::Absent(_) => Whereabouts::Nowhere,
        })
    }

    /// Whether a run has not ended, wherever it is.
    #[must_use]
    pub fn is_open(&self, run: &str) -> bool {
        if self.info(run).is_some() {
            return true;
        }
        let elsewhere = self.shared().and_then(|_| self.store.find(run).ok().flatten());
        elsewhere.is_some_and(|row| !row.head.state.is_terminal())
    }

    /// Whether the run's values can be read with the keys that are there.
    pub(crate) fn can_read(&self, row: &RunRow) -> Result<(), StoreError> {
        digest_like(self.encryption.keys.as_ref(), &row.input_digest, "")
            .map(drop)
            .map_err(|error| StoreError::Failed(format!("run {} has not ended: {error}", row.id)))
    }
}

/// Which epoch the owner would have had, where a change that may be lost gave the run to one.
pub(crate) fn taken_by(change: &Change) -> Option<u64> {
    (is_taking(change) && change.head.owner.is_some()).then_some(change.head.epoch)
}

/// Whether the change begins a run, or an epoch of it.
pub(crate) fn is_taking(change: &Change) -> bool {
    change.new.is_some() || change.head.epoch > change.expect.0
}

fn is_idle(cell: &Cell) -> bool {
    cell.queued.is_none() && cell.flying.is_none()
}

/// What the store has takes the place of what was remembered, where nothing is on its way.
fn renewed(inner: &mut Inner, row: RunRow) -> &mut Cell {
    let id: Arc<str> = row.id.as_str().into();
    if inner.runs.get(&id).is_some_and(|cell| is_idle(cell) && was_away(&cell.tip, &row.head)) {
        leave(inner, &id);
    }
    let cell = inner.runs.entry(id).or_insert_with(|| Cell::stored(row.clone()));
    if is_idle(cell) {
        cell.key = Some(row.key);
        cell.committed = Some(row.head.clone());
        cell.tip = row.head;
    }
    cell
}

/// Whether others have had the run since it was remembered: it is back, and who owned it here does not own it any more.
fn was_away(remembered: &Head, stored: &Head) -> bool {
    let session = |head: &Head| head.owner.as_ref().map(|owner| Arc::clone(&owner.session));
    stored.epoch > remembered.epoch
        || stored.epoch == remembered.epoch && session(stored) != session(remembered)
}

/// Another sidecar has the run, or nobody: who owned it here hears of it.
pub(crate) fn leave(inner: &mut Inner, run: &str) {
    let Some(cell) = inner.runs.remove(run) else { return };
    let Some(owner) = &cell.tip.owner else { return };
    let (id, session) = (Arc::clone(&cell.id), Arc::clone(&owner.session));
    let (epoch, seq) = (cell.tip.epoch, cell.tip.next_seq);
    let refusal = Refusal::StaleEpoch { run: run.to_owned(), given: epoch, current: epoch + 1 };
    inner.late.push(Note::Refused {
        run: Arc::clone(&id),
        session: Arc::clone(&session),
        epoch,
        seq,
        refusal,
    });
    inner.late.push(Note::Gone { run: id, session });
}
