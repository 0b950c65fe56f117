//! Cancellation as a tree of tokens: who cancels a block cancels everything inside it.
//!
//! It does not know what a step does when it is cancelled.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use crate::executor::{Scheduler, digest_of};
use crate::promise::{Promise, Wait};

/// Why something is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// A sibling failed, another branch won, a step returned, a deadline passed, or the run was cancelled.
    Decided,
    /// The run pauses: work stops, and nothing is recorded of steps that could go on later.
    Paused,
}

#[derive(Clone)]
pub(crate) struct Cancel {
    inner: Rc<Inner>,
}

struct Inner {
    scheduler: Rc<Scheduler>,
    happened: Promise<Why>,
    inside: RefCell<Vec<Weak<Inner>>>,
}

impl Cancel {
    pub fn new(scheduler: &Rc<Scheduler>) -> Cancel {
        let inner = Inner {
            scheduler: scheduler.clone(),
            happened: Promise::new(scheduler),
            inside: RefCell::default(),
        };
        Cancel { inner: Rc::new(inner) }
    }

    /// A token that is cancelled with this one.
    pub fn inside(&self) -> Cancel {
        let token = Cancel::new(&self.inner.scheduler);
        if let Some(why) = self.inner.happened.get() {
            token.cancel(why);
        }
        let mut inside = self.inner.inside.borrow_mut();
        // Tokens of what has ended are swept out whenever their number has doubled, so that a long loop keeps few.
        if inside.len().is_power_of_two() {
            inside.retain(|token| token.strong_count() > 0);
        }
        inside.push(Rc::downgrade(&token.inner));
        token
    }

    pub fn cancel(&self, why: Why) {
        let mut pending = vec![self.inner.clone()];
        while let Some(token) = pending.pop() {
            if !token.happened.is_resolved() {
                token.happened.resolve(why, digest_of("cancelled"));
                pending.extend(token.inside.borrow().iter().filter_map(Weak::upgrade));
            }
        }
    }

    pub fn get(&self) -> Option<Why> {
        self.inner.happened.get()
    }

    pub fn happened(&self) -> Wait<Why> {
        self.inner.happened.wait()
    }
}
