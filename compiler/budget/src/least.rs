//! A lower bound of a time: what a step must take even when everything goes well at once.
//!
//! It knows pauses that are written down; a call, a signal or an empty list may take no time at all.

/// The least time to each way of going on, in milliseconds; `None` where that way does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Least {
    /// Until the next step can begin.
    pub complete: Option<u64>,
    /// Until a `return` ends the run.
    pub exit: Option<u64>,
}

impl Least {
    pub(crate) const NOTHING: Least = Least { complete: Some(0), exit: None };
    pub(crate) const NEVER: Least = Least { complete: None, exit: None };

    pub(crate) fn after(milliseconds: u64) -> Least {
        Least { complete: Some(milliseconds), exit: None }
    }

    /// The least time to a success of either kind.
    #[must_use]
    pub fn success(self) -> Option<u64> {
        shorter(self.complete, self.exit)
    }

    pub(crate) fn then(self, next: Least) -> Least {
        Least {
            complete: longer_path(self.complete, next.complete),
            exit: shorter(self.exit, longer_path(self.complete, next.exit)),
        }
    }

    /// Whichever is shorter.
    pub(crate) fn or(self, other: Least) -> Least {
        Least { complete: shorter(self.complete, other.complete), exit: shorter(self.exit, other.exit) }
    }

    /// Both at the same time.
    pub(crate) fn beside(self, other: Least) -> Least {
        let complete = self.complete.zip(other.complete).map(|(one, other)| one.max(other));
        Least { complete, exit: shorter(self.exit, other.exit) }
    }

    /// Followed by steps that run however it ends: a `return` waits for them as well.
    pub(crate) fn with_finally(self, end: Least) -> Least {
        let exit = longer_path(self.exit, end.success());
        Least {
            complete: longer_path(self.complete, end.complete),
            exit: shorter(exit, longer_path(self.complete, end.exit)),
        }
    }

    /// It may also be passed over.
    pub(crate) fn or_nothing(self) -> Least {
        Least { complete: Some(0), ..self }
    }

    pub(crate) fn capped(self, deadline_ms: Option<u64>) -> Least {
        let within =
            |time: Option<u64>| time.filter(|time| deadline_ms.is_none_or(|deadline| *time <= deadline));
        Least { complete: within(self.complete), exit: within(self.exit) }
    }
}

fn shorter(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn longer_path(first: Option<u64>, second: Option<u64>) -> Option<u64> {
    first.zip(second).map(|(first, second)| first.saturating_add(second))
}
