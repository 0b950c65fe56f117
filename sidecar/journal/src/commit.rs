//! Group commit: whoever finds the writer idle commits; what gathers meanwhile is the next batch.
//!
//! It knows no connection: what came of a batch is handed out as notes, in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use tokio::sync::oneshot;

use crate::journal::{Fact, Inner, Journal};
use crate::refusal::Refusal;
use crate::run::{Cell, Luggage};
use crate::sharing::{is_taking, taken_by};
use crate::store::{Change, Head, Home, StoreError, StoredSignal, Verdict, is_logged};

/// What a commit means to somebody.
#[derive(Debug)]
pub enum Note {
    /// Every record of the run up to `seq` is on disk; `session` wrote it.
    Acked { run: Arc<str>, session: Arc<str>, seq: u64 },
    /// The record `seq` of the session, and all after it, were not taken.
    Refused { run: Arc<str>, session: Arc<str>, epoch: u64, seq: u64, refusal: Refusal },
    /// The store took nothing of what the session wrote. Told while the journal still knows it, and before its refusals.
    Reverting { session: Arc<str> },
    /// The run has ended or is paused; `session` owned it until then.
    Stopped {
        run: Arc<str>,
        workflow: Arc<str>,
        session: Option<Arc<str>>,
        started_at: UnixMillis,
        trace: Option<Arc<str>>,
        head: Box<Head>,
    },
    /// Signals of the run are on disk; `owner` had it in that epoch.
    Signalled { run: Arc<str>, owner: Arc<str>, epoch: u64, signals: Vec<StoredSignal> },
    /// Another sidecar has the run; `session` had it until then.
    Gone { run: Arc<str>, session: Arc<str> },
    /// The run is not on disk as it was before.
    Changed { run: Arc<str>, workflow: Arc<str>, state: RunState },
    /// Things to count, with the id of the run's trace where it is known.
    Facts { workflow: Arc<str>, plan: Option<Arc<str>>, trace: Option<Arc<str>>, facts: Vec<Fact> },
}

/// How a batch went.
#[derive(Debug)]
pub struct Committed {
    pub records: usize,
    pub took: Duration,
    /// Whether more has gathered, so that somebody must commit again.
    pub more: bool,
    pub failure: Option<StoreError>,
}

impl Journal {
    /// Commits what has gathered, unless somebody else is at it: then `None`, and he will see to it that it is
    /// committed. Blocks for as long as the disk takes. `deliver` gets the notes before the next batch begins, so
    /// that acknowledgements are in order; it must not commit.
    pub fn commit(&self, mut deliver: impl FnMut(Vec<Note>)) -> Option<Committed> {
        let batch = self.board()?;
        let began = Instant::now();
        let result = self.store.commit(&batch);
        let took = began.elapsed();
        let records = batch.iter().map(|change| change.records.len()).sum();
        let failure = result.as_ref().err().cloned();
        let notes = match result {
            Ok(verdicts) => self.land(&batch, &verdicts),
            Err(error) => {
                deliver(reverting(&batch));
                self.turn_back(&batch, &error)
            }
        };
        deliver(notes);
        let mut inner = self.hold();
        inner.committing = false;
        Some(Committed { records, took, more: !inner.dirty.is_empty(), failure })
    }

    /// Takes everything queued and becomes the leader, if there is anything and nobody leads.
    fn board(&self) -> Option<Vec<Arc<Change>>> {
        let mut inner = self.hold();
        if inner.committing || inner.dirty.is_empty() {
            return None;
        }
        let mut batch = Vec::new();
        let Inner { runs, dirty, committing, .. } = &mut *inner;
        for id in dirty.drain(..) {
            let Some(cell) = runs.get_mut(&id) else { continue };
            let Some(mut change) = cell.queued.take() else { continue };
            change.head = cell.tip.clone();
            change.key = cell.key;
            change.is_logged &= cell.luggage.waiters.iter().all(oneshot::Sender::is_closed);
            change.advances = cell.committed.as_ref().is_some_and(|stored| {
                change.head == Head { next_seq: change.head.next_seq, ..stored.clone() }
            });
            let change = Arc::new(change);
            cell.flying = Some(Arc::clone(&change));
            cell.flying_luggage = std::mem::take(&mut cell.luggage);
            batch.push(change);
        }
        *committing = !batch.is_empty();
        (!batch.is_empty()).then_some(batch)
    }

    fn land(&self, batch: &[Arc<Change>], verdicts: &[Verdict]) -> Vec<Note> {
        let mut notes = Vec::with_capacity(batch.len());
        let mut fenced = Vec::new();
        let mut inner = self.hold();
        for (change, verdict) in batch.iter().zip(verdicts) {
            match verdict {
                Verdict::Done { key } => landed(&mut inner, change, *key, &mut notes),
                Verdict::Fenced => fenced.push(change),
            }
        }
        let is_ack = |note: &mut Note| matches!(note, Note::Acked { .. });
        if is_logged(batch) {
            // Their writer may not begin its log anew before this is on the disk without it.
            inner.unsynced.extend(notes.extract_if(.., is_ack));
        } else {
            notes.splice(0..0, inner.unsynced.drain(..));
        }
        for change in fenced {
            // Another writer was here: what the store has is the truth.
            let truth = self.store.find(&change.id).ok().flatten();
            let stale = Refusal::StaleEpoch {
                run: change.id.to_string(),
                given: change.head.epoch,
                current: truth.as_ref().map_or(0, |row| row.head.epoch),
            };
            // Who asked asks again, and finds what the other one made of the run.
            let beaten = Refusal::Store(format!("another sidecar was faster with run {}", change.id));
            let is_shared = self.shared().is_some();
            let told = if is_shared && is_taking(change) { &beaten } else { &stale };
            let waiting = if is_shared { &beaten } else { &stale };
            let is_here = truth.as_ref().is_none_or(|row| row.home == Home::Here);
            if let (Some(row), Some(cell)) = (truth, inner.runs.get_mut(&change.id)) {
                cell.key = Some(row.key);
                cell.committed = Some(row.head);
            }
            reverted(&mut inner, change, (told, waiting), &mut notes);
            if !is_here {
                inner.runs.remove(&change.id);
                let session = change.head.owner.as_ref().map(|owner| Arc::clone(&owner.session));
                notes.extend(session.map(|session| Note::Gone { run: Arc::clone(&change.id), session }));
            }
        }
        notes
    }

    fn turn_back(&self, batch: &[Arc<Change>], error: &StoreError) -> Vec<Note> {
        let refusal = Refusal::Store(error.to_string());
        let mut notes = Vec::new();
        let mut inner = self.hold();
        for change in batch {
            reverted(&mut inner, change, (&refusal, &refusal), &mut notes);
            if self.shared().is_some() {
                inner.doubts.insert(Arc::clone(&change.id), taken_by(change));
            }
        }
        notes
    }
}

fn reverting(batch: &[Arc<Change>]) -> Vec<Note> {
    let sessions: BTreeSet<&Arc<str>> =
        batch.iter().flat_map(|change| &change.spans).map(|span| &span.session).collect();
    let named = sessions.into_iter().filter(|session| !session.is_empty());
    named.map(|session| Note::Reverting { session: Arc::clone(session) }).collect()
}

fn landed(inner: &mut Inner, change: &Change, key: i64, notes: &mut Vec<Note>) {
    let Some(cell) = inner.runs.get_mut(&change.id) else { return };
    cell.key = Some(key);
    cell.flying = None;
    if let Some(input) = &change.input {
        cell.input_digest = Arc::clone(&input.digest);
    }
    let before = cell.committed.replace(change.head.clone());
    let luggage = std::mem::take(&mut cell.flying_luggage);
    for span in change.spans.iter().filter(|span| !span.session.is_empty()) {
        notes.push(Note::Acked {
            run: Arc::clone(&change.id),
            session: Arc::clone(&span.session),
            seq: span.last,
        });
    }
    if let Some(owner) = change.head.owner.as_ref().filter(|_| !change.signals.is_empty()) {
        notes.push(Note::Signalled {
            run: Arc::clone(&change.id),
            owner: Arc::clone(&owner.session),
            epoch: change.head.epoch,
            signals: change.signals.clone(),
        });
    }
    notes.push(Note::Changed {
        run: Arc::clone(&change.id),
        workflow: Arc::clone(&cell.workflow),
        state: change.head.state,
    });
    if !luggage.facts.is_empty() {
        notes.push(Note::Facts {
            workflow: Arc::clone(&cell.workflow),
            plan: change.head.plan.clone(),
            trace: cell.trace.clone(),
            facts: luggage.facts,
        });
    }
    for waiter in luggage.waiters {
        // Whoever went away does not want to know.
        let _ = waiter.send(Ok(()));
    }
    let stopped = |state: RunState| state.is_terminal() || state == RunState::Paused;
    let was_stopped = before.as_ref().is_some_and(|head| stopped(head.state));
    if stopped(change.head.state) && !was_stopped {
        notes.push(Note::Stopped {
            run: Arc::clone(&change.id),
            workflow: Arc::clone(&cell.workflow),
            session: stopper(change, before.as_ref()),
            started_at: cell.started_at,
            trace: cell.trace.clone(),
            head: Box::new(change.head.clone()),
        });
        for end in cell.ends.drain(..) {
            let _ = end.send(());
        }
    }
    if change.head.state.is_terminal() && cell.queued.is_none() {
        inner.runs.remove(&change.id);
    }
}

/// Who held the run when it stopped.
fn stopper(change: &Change, before: Option<&Head>) -> Option<Arc<str>> {
    let writer =
        change.spans.last().map(|span| Arc::clone(&span.session)).filter(|session| !session.is_empty());
    writer.or_else(|| before.and_then(|head| head.owner.as_ref()).map(|owner| Arc::clone(&owner.session)))
}

/// Memory goes back to what is on disk, and everybody hears who had something in the change or behind it: writers of records
/// the first refusal, those who wait for something else the second.
fn reverted(
    inner: &mut Inner,
    change: &Change,
    (refusal, waiting): (&Refusal, &Refusal),
    notes: &mut Vec<Note>,
) {
    let Some(cell) = inner.runs.get_mut(&change.id) else { return };
    let behind = cell.queued.take();
    let mut refused: Vec<(Arc<str>, u64)> = Vec::new();
    let spans = change.spans.iter().chain(behind.iter().flat_map(|behind| behind.spans.iter()));
    for span in spans.filter(|span| !span.session.is_empty()) {
        // The first number says it all: what follows it was not taken either.
        if refused.iter().any(|(session, epoch)| *session == span.session && *epoch == span.epoch) {
            continue;
        }
        refused.push((Arc::clone(&span.session), span.epoch));
        notes.push(Note::Refused {
            run: Arc::clone(&change.id),
            session: Arc::clone(&span.session),
            epoch: span.epoch,
            seq: span.first,
            refusal: refusal.clone(),
        });
    }
    cell.flying = None;
    for luggage in [std::mem::take(&mut cell.flying_luggage), std::mem::take(&mut cell.luggage)] {
        turn_away(luggage, waiting);
    }
    if restore(cell) {
        return;
    }
    inner.runs.remove(&change.id);
}

fn turn_away(luggage: Luggage, refusal: &Refusal) {
    for waiter in luggage.waiters {
        let _ = waiter.send(Err(refusal.clone()));
    }
}

/// Whether anything of the run is on disk, so that it goes on from there.
fn restore(cell: &mut Cell) -> bool {
    let Some(head) = &cell.committed else { return false };
    cell.tip = head.clone();
    cell.refused_from = Some(head.next_seq);
    !head.state.is_terminal()
}
