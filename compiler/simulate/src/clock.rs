//! Virtual time and what is about to happen: timers, ends of calls, and steps of an exploration.
//!
//! It does not know what follows when one of them happens. With time, the earliest happens next; without, whichever
//! the oracle names.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::executor::{Scheduler, TaskId, mix};
use crate::oracle::Action;

/// Microseconds of virtual time since the simulation began.
pub type Micros = u64;

/// The place of a move in time; equal times keep the order in which they were planned.
pub(crate) type MoveId = (Micros, u64);

/// Something that can happen next.
pub(crate) struct Move {
    pub action: Action,
    fired: Rc<Cell<bool>>,
    waiter: Option<TaskId>,
}

#[derive(Default)]
pub(crate) struct Clock {
    now: Cell<Micros>,
    moves: RefCell<BTreeMap<MoveId, Move>>,
    planned: Cell<u64>,
}

impl Clock {
    pub fn now(&self) -> Micros {
        self.now.get()
    }

    pub fn advance(&self, to: Micros) {
        self.now.set(self.now.get().max(to));
    }

    /// The next move in time.
    pub fn next(&self) -> Option<MoveId> {
        self.moves.borrow().keys().next().copied()
    }

    /// Every move that can happen, in order.
    pub fn actions(&self) -> Vec<(MoveId, Action)> {
        self.moves.borrow().iter().map(|(id, known)| (*id, known.action.clone())).collect()
    }

    pub fn fire(&self, scheduler: &Scheduler, id: MoveId) {
        let fired = self.moves.borrow_mut().remove(&id);
        if let Some(happened) = fired {
            happened.fired.set(true);
            if let Some(task) = happened.waiter {
                scheduler.wake(task);
            }
        }
    }

    pub fn clear(&self) {
        self.moves.borrow_mut().clear();
    }
}

/// Waits for a move; dropping it calls the move off.
pub(crate) struct Timer {
    scheduler: Rc<Scheduler>,
    id: MoveId,
    digest: u64,
    fired: Rc<Cell<bool>>,
}

impl Timer {
    /// `action` happens at `at`.
    pub fn new(scheduler: &Rc<Scheduler>, at: Micros, action: Action) -> Timer {
        let clock = &scheduler.clock;
        let number = clock.planned.get();
        clock.planned.set(number + 1);
        let id = (at.max(clock.now()), number);
        let fired = Rc::new(Cell::new(false));
        let digest = if scheduler.timed { 0 } else { action.digest() };
        clock.moves.borrow_mut().insert(id, Move { action, fired: fired.clone(), waiter: None });
        Timer { scheduler: scheduler.clone(), id, digest, fired }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.fired.get() {
            self.scheduler.observe(mix(self.digest, 1));
            return Poll::Ready(());
        }
        if let Some(planned) = self.scheduler.clock.moves.borrow_mut().get_mut(&self.id) {
            planned.waiter = Some(self.scheduler.current());
        }
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.scheduler.clock.moves.borrow_mut().remove(&self.id);
    }
}
