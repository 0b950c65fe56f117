//! Signals: those that have come, and those that are waited for.
//!
//! It knows one run's mailbox. A signal has an id and counts once; the first to wait gets the first that came.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::executor::{digest_of, mix};
use crate::promise::Promise;

/// A signal on its way.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    /// The sender's; one that comes twice counts once.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub data: Arc<Json>,
}

#[derive(Default)]
pub(crate) struct Mailbox {
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Everything that ever came: it is durable.
    all: Vec<Delivered>,
    known: BTreeSet<Arc<str>>,
    /// What nobody has taken, by name.
    kept: BTreeMap<Arc<str>, VecDeque<Delivered>>,
    waiting: BTreeMap<Arc<str>, VecDeque<Waiting>>,
}

struct Waiting {
    key: Arc<str>,
    promise: Promise<Delivered>,
}

/// A place among those who wait; given up when dropped.
pub(crate) struct Place {
    mailbox: Rc<Mailbox>,
    name: Arc<str>,
    key: Arc<str>,
    pub promise: Promise<Delivered>,
}

impl Mailbox {
    /// A signal has come.
    pub fn deliver(&self, signal: &Delivered) {
        let mut inner = self.inner.borrow_mut();
        if !inner.known.insert(signal.id.clone()) {
            return;
        }
        inner.all.push(signal.clone());
        let next = inner.waiting.get_mut(&signal.name).and_then(VecDeque::pop_front);
        match next {
            Some(waiting) => waiting.promise.resolve(signal.clone(), digest(signal)),
            None => inner.kept.entry(signal.name.clone()).or_default().push_back(signal.clone()),
        }
    }

    /// Takes the oldest signal of the name.
    pub fn take(&self, name: &str) -> Option<Delivered> {
        self.inner.borrow_mut().kept.get_mut(name)?.pop_front()
    }

    /// Whether a signal of the name is there for the taking.
    pub fn has(&self, name: &str) -> bool {
        self.inner.borrow().kept.get(name).is_some_and(|kept| !kept.is_empty())
    }

    fn wait(&self, name: &Arc<str>, key: &Arc<str>, promise: Promise<Delivered>) {
        let waiting = Waiting { key: key.clone(), promise };
        self.inner.borrow_mut().waiting.entry(name.clone()).or_default().push_back(waiting);
    }

    /// Who waits in vain, and for which signal.
    pub fn waiting(&self) -> Vec<(Arc<str>, Arc<str>)> {
        let inner = self.inner.borrow();
        let by_name = inner.waiting.iter();
        by_name.flat_map(|(name, all)| all.iter().map(|one| (one.key.clone(), name.clone()))).collect()
    }

    /// After a death: everything that came and was not received by what is recorded is there again.
    pub fn restore(&self, received: &[Rc<str>]) {
        let mut inner = self.inner.borrow_mut();
        inner.waiting.clear();
        inner.kept.clear();
        for signal in inner.all.clone() {
            if !received.iter().any(|id| **id == *signal.id) {
                inner.kept.entry(signal.name.clone()).or_default().push_back(signal);
            }
        }
    }

    pub fn fingerprint(&self) -> u64 {
        let inner = self.inner.borrow();
        let mut sum = 13;
        for (name, signals) in &inner.kept {
            sum = mix(sum, digest_of(name));
            sum = signals.iter().fold(sum, |sum, signal| mix(sum, digest(signal)));
        }
        for (name, waiting) in &inner.waiting {
            sum = mix(sum, digest_of(name));
            sum = waiting.iter().fold(sum, |sum, one| mix(sum, digest_of(&one.key)));
        }
        sum
    }
}

fn digest(signal: &Delivered) -> u64 {
    mix(digest_of(&signal.id), digest_of(&signal.data.to_string()))
}

impl Place {
    pub fn new(mailbox: &Rc<Mailbox>, name: &Arc<str>, key: &Arc<str>, promise: Promise<Delivered>) -> Place {
        mailbox.wait(name, key, promise.clone());
        Place { mailbox: mailbox.clone(), name: name.clone(), key: key.clone(), promise }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.mailbox.inner.borrow_mut();
        if let Some(waiting) = inner.waiting.get_mut(&self.name) {
            waiting.retain(|one| one.key != self.key);
        }
    }
}
