//! How a run begins, changes hands, is given back and is asked to stop.
//!
//! It knows who may own a run only from its callers.

use std::collections::BTreeSet;
use std::sync::Arc;

use conductor_protocol::FORMAT_VERSION;
use conductor_protocol::entry::{Entry, RunStarted, UnixMillis};
use conductor_protocol::message::{Owned, Resumable};
use conductor_protocol::state::RunState;
use conductor_protocol::trace;
use tokio::sync::oneshot;

use crate::journal::{
    Cancelled, Inner, Journal, MayTake, Place, RunInfo, StartRequest, Started, Taken, body_of, info, stored,
};
use crate::life::{self, Event};
use crate::purging::absent;
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::sharing::Ask;
use crate::store::{Head, NewRun, Owner};

/// The largest number of records that a run may have to be looked through for a started step.
const FRESH_RECORDS: u64 = 16;

impl Journal {
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
            Place::Ended(row) => {
                return Err(Refusal::Ended { run: run.to_owned(), state: row.head.state });
            }
            Place::Away(row) => {
                if row.head.cancel.is_none() {
                    self.ask(&row, &Ask::Cancel { reason: reason.to_owned() })?;
                }
                return Ok(Cancelled { settled: None, info: info(&Cell::stored(*row)) });
            }
            Place::Absent(stone) => return Err(absent(run, stone.as_deref())),
        };
        if cell.tip.cancel.is_some() {
            return Ok(Cancelled { settled: cell.settled(), info: info(cell) });
        }
        let state = cell.tip.state;
        cell.tip.state = life::next(Some(state), event).map_err(|reason| match reason {
            life::Refused::Ended => Refusal::Ended { run: run.to_owned(), state },
            reason => Refusal::Transition { event, reason },
        })?;
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
        self.clear_doubts()?;
        let mut inner = self.hold();
        let mut kept = Vec::new();
        for claim in claims {
            let (head, id) = match self.place(&mut inner, &claim.run)? {
                Place::Open(cell) => (cell.tip.clone(), Arc::clone(&cell.id)),
                Place::Ended(row) => (row.head, row.id.into()),
                Place::Away(_) | Place::Absent(_) => continue,
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
        let claimed: BTreeSet<&str> = kept.iter().map(|kept| kept.run.as_str()).collect();
        let mut given_back = Vec::new();
        let Inner { runs, dirty, .. } = &mut *inner;
        for cell in runs.values_mut() {
            let own = cell.tip.owner.as_ref().is_some_and(|of| of.session == owner.session);
            if own && !claimed.contains(&*cell.id) {
                cell.queue();
                cell.tip.owner = None;
                dirty.push(Arc::clone(&cell.id));
                given_back.push(info(cell));
            }
        }
        Ok((kept, given_back))
    }
}

/// A new run with its record 0. Without a caller it has epoch 0 and waits for its first owner.
pub(crate) fn begin(
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
        traceparent: request.traceparent,
        session: caller.map(|owner| owner.session.to_string()),
        pid: caller.map(|owner| owner.pid),
        by: request.by,
        at: request.at,
    };
    let new = NewRun {
        workflow: entry.workflow.as_str().into(),
        input: entry.input.get().into(),
        input_digest: input_digest.into(),
        parent: request.parent,
        started_at,
    };
    let trace = trace::hex(&trace::Place::of_started(&request.run, &entry).trace);
    let body = body_of(&[Entry::RunStarted(entry)])?;
    let mut cell = Cell::new(request.run.into(), new, head);
    cell.trace = Some(trace.into());
    cell.push(body, caller.map_or_else(|| "".into(), |owner| Arc::clone(&owner.session)));
    let (sender, settled) = oneshot::channel();
    cell.luggage.waiters.push(sender);
    Ok((cell, Started::New { epoch, started_at, settled }))
}

pub(crate) fn take(
    cell: &mut Cell,
    owner: &Owner,
    plan: &str,
    language: Option<&str>,
) -> Result<Taken, Refusal> {
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
