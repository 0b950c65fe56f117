//! The runs that nobody executes, by workflow and Plan, oldest first.
//!
//! It knows no session. An entry is a candidate: the journal has the last word on whether it is free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conductor_journal::RunInfo;
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;

/// Workflow, and the Plan to which the runs are pinned; `None` where any will do.
pub(crate) type Group = (Arc<str>, Option<Arc<str>>);

#[derive(Default)]
pub(crate) struct Backlog {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    free: BTreeMap<Group, BTreeSet<(UnixMillis, Arc<str>)>>,
    /// Runs that wait for their parent's end, by parent: until then its owner reaches them by its own replay.
    children: BTreeMap<String, Vec<(Group, UnixMillis, Arc<str>)>>,
}

impl Backlog {
    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a run that is free. `open` says whether a run has not ended.
    pub(crate) fn offer(&self, info: &RunInfo, open: impl Fn(&str) -> bool) {
        if info.state.is_terminal() || (info.state == RunState::Paused && info.cancel.is_none()) {
            return;
        }
        let group = (Arc::clone(&info.workflow), info.plan.clone());
        // Asked under the lock: a parent that ends now comes to `stopped` after this.
        let mut inner = self.hold();
        match &info.parent {
            Some(parent) if open(&parent.run) => {
                let waiting = inner.children.entry(parent.run.clone()).or_default();
                if !waiting.iter().any(|(_, _, run)| *run == info.run) {
                    waiting.push((group, info.started_at, Arc::clone(&info.run)));
                }
            }
            _ => {
                inner.free.entry(group).or_default().insert((info.started_at, Arc::clone(&info.run)));
            }
        }
    }

    /// A run has ended: its children are on their own.
    pub(crate) fn stopped(&self, run: &str) {
        let mut inner = self.hold();
        for (group, started_at, child) in inner.children.remove(run).unwrap_or_default() {
            inner.free.entry(group).or_default().insert((started_at, child));
        }
    }

    /// Forgets everything: candidates that are not free any more would stay for ever where nobody serves them.
    pub(crate) fn clear(&self) {
        *self.hold() = Inner::default();
    }

    /// Takes everything out.
    pub(crate) fn drain(&self) -> Vec<Arc<str>> {
        let Inner { free, children } = std::mem::take(&mut *self.hold());
        let free = free.into_values().flatten().map(|(_, run)| run);
        free.chain(children.into_values().flatten().map(|(_, _, run)| run)).collect()
    }

    pub(crate) fn groups(&self) -> Vec<Group> {
        self.hold().free.keys().cloned().collect()
    }

    /// How many runs wait to be handed out.
    pub(crate) fn len(&self) -> usize {
        self.hold().free.values().map(BTreeSet::len).sum()
    }

    /// The oldest run of a group.
    pub(crate) fn pop(&self, group: &Group) -> Option<Arc<str>> {
        let mut inner = self.hold();
        let runs = inner.free.get_mut(group)?;
        let first = runs.pop_first();
        if runs.is_empty() {
            inner.free.remove(group);
        }
        first.map(|(_, run)| run)
    }
}
