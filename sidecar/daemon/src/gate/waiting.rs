//! Those who have connected and not yet proved who they are: few at a time, and the oldest goes first.
//!
//! It does not know what they say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// So many wait at most. Who knows what to say waits for milliseconds.
const SEATS: usize = 512;

#[derive(Default)]
pub(crate) struct Waiting(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    next: u64,
    seated: VecDeque<(u64, Arc<Notify>)>,
}

/// A place among them, until it is dropped.
pub(crate) struct Seat {
    room: Arc<Waiting>,
    number: u64,
}

impl Waiting {
    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat; who has sat longest is told to go where there was none. The second part is told in its turn.
    pub(crate) fn enter(self: &Arc<Self>) -> (Seat, Arc<Notify>) {
        let mut inner = self.hold();
        if inner.seated.len() >= SEATS
            && let Some((_, oldest)) = inner.seated.pop_front()
        {
            oldest.notify_one();
        }
        inner.next += 1;
        let (number, told) = (inner.next, Arc::new(Notify::new()));
        inner.seated.push_back((number, Arc::clone(&told)));
        (Seat { room: Arc::clone(self), number }, told)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let number = self.number;
        self.room.hold().seated.retain(|(seated, _)| *seated != number);
    }
}
