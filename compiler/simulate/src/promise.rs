//! A value that comes once, and those who wait for it.
//!
//! It does not know who will give it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::executor::{Scheduler, TaskId};

pub(crate) struct Promise<T> {
    scheduler: Rc<Scheduler>,
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    value: RefCell<Option<T>>,
    digest: Cell<u64>,
    waiters: RefCell<Vec<TaskId>>,
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Promise<T> {
        Promise { scheduler: self.scheduler.clone(), inner: self.inner.clone() }
    }
}

impl<T: Clone> Promise<T> {
    pub fn new(scheduler: &Rc<Scheduler>) -> Promise<T> {
        let inner = Inner { value: RefCell::new(None), digest: Cell::new(0), waiters: RefCell::default() };
        Promise { scheduler: scheduler.clone(), inner: Rc::new(inner) }
    }

    /// Gives the value; the first one given stays. `digest` stands for it in what a task has seen.
    pub fn resolve(&self, value: T, digest: u64) {
        if self.inner.value.borrow().is_some() {
            return;
        }
        *self.inner.value.borrow_mut() = Some(value);
        self.inner.digest.set(digest);
        for task in self.inner.waiters.borrow_mut().drain(..) {
            self.scheduler.wake(task);
        }
    }

    /// The value, if it is there. Whoever looks has seen it.
    pub fn get(&self) -> Option<T> {
        let value = self.inner.value.borrow().clone();
        if value.is_some() {
            self.scheduler.observe(self.inner.digest.get());
        }
        value
    }

    pub fn is_resolved(&self) -> bool {
        self.inner.value.borrow().is_some()
    }

    pub fn wait(&self) -> Wait<T> {
        Wait { promise: self.clone() }
    }
}

pub(crate) struct Wait<T> {
    promise: Promise<T>,
}

impl<T: Clone> Future for Wait<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        if let Some(value) = self.promise.get() {
            return Poll::Ready(value);
        }
        let task = self.promise.scheduler.current();
        let mut waiters = self.promise.inner.waiters.borrow_mut();
        if waiters.last() != Some(&task) && !waiters.contains(&task) {
            waiters.push(task);
        }
        Poll::Pending
    }
}
