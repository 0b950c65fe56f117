//! How a person lets a paused run go on: what is said of the step at which it stopped, as entries that its owner reads as its own.
//!
//! It knows what was recorded of that step, and not what the step does.

use std::sync::Arc;

use conductor_protocol::entry::{Entry, Json, UnixMillis};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::message::RunError;
use conductor_protocol::state::RunState;

use crate::check::check_value;
use crate::journal::{Journal, Place, RunInfo, Settled, body_of, info, stored};
use crate::life::{self, Event};
use crate::purging::absent;
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::store::Head;
use crate::view::COMPENSATION;

/// What a person says of the step at which a run stopped.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It begins anew, with all attempts of its policy.
    Retry,
    /// It has happened, with this result.
    Happened(Json),
    /// It has not happened and is not to: its fallback is next, or its failure.
    Failed(String),
}

/// A person's word on a paused run.
#[derive(Debug, Clone)]
pub struct Reopening {
    pub decision: Option<Decision>,
    pub reason: Option<String>,
    pub by: Option<String>,
    /// The inputs from here on; what is recorded stays as it is.
    pub input: Option<Json>,
    pub at: UnixMillis,
}

/// A run that goes on, and those that had stopped because it did.
#[derive(Debug)]
pub struct Reopened {
    /// The step that was decided on.
    pub step: Option<String>,
    /// The run itself first.
    pub runs: Vec<RunInfo>,
    pub settled: Vec<Settled>,
}

/// Where a run stopped.
struct Stop {
    step: Option<String>,
    reason: String,
}

impl Journal {
    /// Lets a paused run go on, and its parents that stopped with it.
    ///
    /// # Errors
    /// When it is not paused, when the step at which it stopped needs a decision that is not given, or one is given that does not
    /// fit, and when the child is paused that it waits for.
    pub fn reopen(&self, run: &str, reopening: &Reopening) -> Result<Reopened, Refusal> {
        let mut inner = self.hold();
        let cell = match self.place(&mut inner, run)? {
            Place::Open(cell) => cell,
            Place::Ended(row) => {
                return Err(Refusal::Ended { run: run.to_owned(), state: row.head.state });
            }
            Place::Away(row) => {
                // Nobody else has a paused run for a session of its own: it goes on already.
                let event = Event::RunReopened;
                let reason =
                    life::next(Some(row.head.state), event).err().unwrap_or(life::Refused::NotPaused);
                return Err(Refusal::Transition { event, reason });
            }
            Place::Absent(stone) => return Err(absent(run, stone.as_deref())),
        };
        let stop = stop_of(cell)?;
        let (id, mut parent) = (Arc::clone(&cell.id), cell.parent.clone());
        let child = stop.step.as_ref().map(|step| format!("{run}/{step}"));
        let child = match child {
            Some(child) => match self.place(&mut inner, &child)? {
                Place::Open(cell) if cell.tip.state == RunState::Paused => {
                    return Err(Refusal::Invalid(format!(
                        "run {run} waits for {child}, which is paused: resume that one, and both go on"
                    )));
                }
                Place::Absent(_) => false,
                Place::Open(_) | Place::Away(_) | Place::Ended(_) => true,
            },
            None => false,
        };
        let step = stop.step.clone().filter(|_| !child);
        let Place::Open(cell) = self.place(&mut inner, &id)? else {
            return Err(Refusal::Unknown { run: run.to_owned() });
        };
        let decided = match &step {
            Some(key) => Some(self.decided(cell, key, &stop.reason, reopening)?),
            None if reopening.decision.is_some() => {
                return Err(Refusal::Invalid(format!(
                    "run {run} did not stop at a step: there is nothing to decide on; resume it without a decision"
                )));
            }
            None => None,
        };
        let mut done = Reopened { step: step.clone(), runs: Vec::new(), settled: Vec::new() };
        let changed = reopening.input.as_ref().map(|input| self.changed_input(cell, input)).transpose()?;
        let first = reopened(step, reopening.reason.clone(), reopening, reopening.input.clone());
        cell.queue().input = changed;
        write(cell, [first].into_iter().chain(decided).collect(), &mut done)?;
        inner.dirty.push(id);
        while let Some(above) = parent {
            let Place::Open(cell) = self.place(&mut inner, &above.run)? else { break };
            if cell.tip.state != RunState::Paused || stop_of(cell)?.step.as_ref() != Some(&above.key) {
                break;
            }
            let reason = Some(format!("{}/{} goes on", above.run, above.key));
            write(cell, vec![reopened(None, reason, reopening, None)], &mut done)?;
            parent = cell.parent.clone();
            inner.dirty.push(above.run.as_str().into());
        }
        Ok(done)
    }

    /// The entry that says what was decided of the step.
    fn decided(&self, cell: &Cell, key: &str, why: &str, reopening: &Reopening) -> Result<Entry, Refusal> {
        let (key, at) = (key.to_owned(), reopening.at);
        let is_undoing = key.ends_with(COMPENSATION);
        match &reopening.decision {
            None => Err(Refusal::Invalid(format!(
                "run {} stopped at {key}, which needs a decision ({why}): {}",
                cell.id,
                if is_undoing {
                    "retry it, or say that it is done by giving its result"
                } else {
                    "retry it, give the result it has come to, or say that it failed"
                }
            ))),
            Some(Decision::Retry) => Ok(Entry::StepReopened { key, at }),
            Some(Decision::Happened(output)) => {
                check_value(self.limits(), output.get(), || format!("the result of {key}"))?;
                let attempt = self.last_attempt(cell, &key)?;
                Ok(Entry::StepSucceeded {
                    key,
                    attempt,
                    output: output.clone(),
                    signal: None,
                    undo: None,
                    at,
                })
            }
            Some(Decision::Failed(_)) if is_undoing => Err(Refusal::Invalid(format!(
                "{key} undoes a step, and what is to be undone cannot be left: retry it, or say that it is done by giving its result"
            ))),
            Some(Decision::Failed(message)) => {
                let error = ErrorForm {
                    types: vec!["conductor.OperatorDecision".to_owned()],
                    message: message.clone(),
                    ..ErrorForm::default()
                };
                let attempt = self.last_attempt(cell, &key)?;
                Ok(Entry::AttemptFailed { key, attempt, error, retry_at: None, unknown: false, at })
            }
        }
    }

    /// The number of the step's last attempt; 0 where it made none.
    fn last_attempt(&self, cell: &Cell, wanted: &str) -> Result<u32, Refusal> {
        let mut last = 0;
        let mut look = |body: &str| -> Result<(), Refusal> {
            let entries: Vec<Entry> = serde_json::from_str(body)
                .map_err(|error| Refusal::Store(format!("a record does not parse: {error}")))?;
            for entry in entries {
                if let Entry::StepStarted { key, attempt, .. } = entry
                    && key == wanted
                {
                    last = last.max(attempt);
                }
            }
            Ok(())
        };
        if let Some(key) = cell.key {
            let (mut from, mut more) = (0, true);
            while more {
                let page = self.store.records(key, from, 1 << 20).map_err(stored)?;
                page.records.iter().try_for_each(|record| look(&record.body))?;
                from = page.records.last().map_or(from, |record| record.seq + 1);
                more = page.more;
            }
        }
        (0..cell.tip.next_seq).filter_map(|seq| cell.pending_body(seq)).try_for_each(|body| look(&body))?;
        Ok(last)
    }
}

fn reopened(step: Option<String>, reason: Option<String>, by: &Reopening, input: Option<Json>) -> Entry {
    Entry::RunReopened { step, reason, by: by.by.clone(), input, at: by.at }
}

/// Where a paused run stopped, and why.
fn stop_of(cell: &Cell) -> Result<Stop, Refusal> {
    let event = Event::RunReopened;
    life::next(Some(cell.tip.state), event).map_err(|reason| Refusal::Transition { event, reason })?;
    let known = cell.tip.error.as_deref().and_then(|text| serde_json::from_str::<RunError>(text).ok());
    let Some(known) = known else { return Ok(Stop { step: None, reason: String::new() }) };
    Ok(Stop { step: known.step, reason: known.error.message })
}

fn write(cell: &mut Cell, entries: Vec<Entry>, done: &mut Reopened) -> Result<(), Refusal> {
    let head = cell.follow(&entries)?;
    cell.push(body_of(&entries)?, "".into());
    cell.tip = Head { next_seq: cell.tip.next_seq, ..head };
    done.settled.extend(cell.settled());
    done.runs.push(info(cell));
    Ok(())
}
