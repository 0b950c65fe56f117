//! Signals of a run: each is stored once, in the order in which they came.
//!
//! It does not know which step takes one: that stands in the run's records.

use std::sync::Arc;

use conductor_protocol::entry::Json;
use conductor_protocol::message::Signal;

use crate::check::{check_name, check_value};
use crate::journal::{Journal, Place, Settled, stored};
use crate::purging::absent;
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::sharing::Ask;
use crate::store::StoredSignal;

/// A page of signals, and whether there are more.
#[derive(Debug)]
pub struct Signals {
    pub signals: Vec<Signal>,
    pub more: bool,
}

impl Journal {
    /// Puts a signal into the journal. One whose id the run has is ignored. `None` where it is on disk already.
    ///
    /// # Errors
    /// When there is no such run, it has ended, or something is too large.
    pub fn signal(&self, run: &str, signal: &str, id: &str, data: &Json) -> Result<Option<Settled>, Refusal> {
        check_name("the name of a signal", signal)?;
        check_name("the id of a signal", id)?;
        check_value(self.limits(), data.get(), || format!("the data of {signal}"))?;
        let mut inner = self.hold();
        let cell = match self.place(&mut inner, run)? {
            Place::Open(cell) => cell,
            Place::Ended(row) => return Err(Refusal::Ended { run: run.to_owned(), state: row.head.state }),
            Place::Away(row) => {
                let ask = Ask::Signal { signal: signal.to_owned(), id: id.to_owned(), data: data.clone() };
                return self.ask(&row, &ask).map(|()| None);
            }
            // For who sends, it has ended.
            Place::Absent(stone) => {
                return Err(match absent(run, stone.as_deref()) {
                    Refusal::Purged { run, state, .. } => Refusal::Ended { run, state },
                    refusal => refusal,
                });
            }
        };
        if cell.tip.state.is_terminal() {
            return Err(Refusal::Ended { run: run.to_owned(), state: cell.tip.state });
        }
        let known = cell.pending_signals().any(|pending| *pending.id == *id);
        let (on_disk, next) = match cell.key {
            Some(key) if !known => self.store().signal_place(key, id).map_err(stored)?,
            _ => (false, 0),
        };
        if known || on_disk {
            return Ok(cell.settled());
        }
        let ordinal = cell.pending_signals().last().map_or(next, |last| last.ordinal + 1);
        let stored = StoredSignal { ordinal, signal: signal.into(), id: id.into(), data: data.get().into() };
        cell.queue().signals.push(stored);
        let settled = cell.settled();
        let id = Arc::clone(&cell.id);
        inner.dirty.push(id);
        Ok(settled)
    }

    /// The signals of a run that are on disk, from `from` on, until `max_bytes` are passed.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be read.
    pub fn signals(&self, run: &str, from: u64, max_bytes: usize) -> Result<Signals, Refusal> {
        let Some(row) = self.store().find(run).map_err(stored)? else {
            // Its start may be on the way to the disk still: what comes after that is pushed.
            let is_open = self.info(run).is_some();
            return if is_open {
                Ok(Signals { signals: Vec::new(), more: false })
            } else {
                Err(self.absent(run))
            };
        };
        let (rows, more) = self.store().signals(row.key, from, max_bytes).map_err(stored)?;
        let signals = rows.iter().map(StoredSignal::message).collect::<Result<_, _>>();
        Ok(Signals { signals: signals.map_err(|error| Refusal::Store(error.to_string()))?, more })
    }
}

impl Cell {
    /// Those that are not known to be on disk, in their order.
    fn pending_signals(&self) -> impl Iterator<Item = &StoredSignal> {
        let flying = self.flying.iter().flat_map(|change| change.signals.iter());
        let queued = self.queued.iter().flat_map(|change| change.signals.iter());
        flying.chain(queued)
    }
}

impl StoredSignal {
    /// As an owner is told of it.
    ///
    /// # Errors
    /// When the data is no JSON, which is a damaged store.
    pub fn message(&self) -> Result<Signal, serde_json::Error> {
        Ok(Signal {
            ordinal: self.ordinal,
            signal: self.signal.to_string(),
            id: self.id.to_string(),
            data: serde_json::value::RawValue::from_string(String::from(&*self.data))?,
        })
    }
}
