//! An upper bound of a time, or the reason why there is none.
//!
//! It knows sums and maxima, not what is bounded.

/// The longest that something can take, in milliseconds. Sums saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worst<'a> {
    Within(u64),
    Unbounded(Cause<'a>),
}

/// The first thing in source order that makes a time unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    pub workflow: &'a str,
    pub step: &'a str,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// An attempt has no time-out, nor have all attempts together.
    NoTimeout,
    /// `retries: forever` without a deadline.
    RetriesForever,
    /// A signal that may never come.
    WaitsForever,
    /// An expression says how long.
    ComputedSleep,
    /// As long as the list: each item may take `each_ms`, `width` at a time.
    Items { each_ms: u64, width: Option<u32> },
    /// A workflow that comes back to itself.
    CallsItself,
}

impl Why {
    /// As JSON has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Why::NoTimeout => "no_timeout",
            Why::RetriesForever => "retries_forever",
            Why::WaitsForever => "waits_forever",
            Why::ComputedSleep => "computed_sleep",
            Why::Items { .. } => "items",
            Why::CallsItself => "calls_itself",
        }
    }
}

impl<'a> Worst<'a> {
    pub const ZERO: Worst<'static> = Worst::Within(0);

    /// One after the other.
    #[must_use]
    pub fn then(self, next: Worst<'a>) -> Worst<'a> {
        match (self, next) {
            (Worst::Within(one), Worst::Within(other)) => Worst::Within(one.saturating_add(other)),
            (Worst::Unbounded(cause), _) | (_, Worst::Unbounded(cause)) => Worst::Unbounded(cause),
        }
    }

    /// The longer of the two.
    #[must_use]
    pub fn or(self, other: Worst<'a>) -> Worst<'a> {
        match (self, other) {
            (Worst::Within(one), Worst::Within(other)) => Worst::Within(one.max(other)),
            (Worst::Unbounded(cause), _) | (_, Worst::Unbounded(cause)) => Worst::Unbounded(cause),
        }
    }

    #[must_use]
    pub fn times(self, count: u64) -> Worst<'a> {
        match self {
            _ if count == 0 => Worst::ZERO,
            Worst::Within(one) => Worst::Within(one.saturating_mul(count)),
            unbounded => unbounded,
        }
    }

    /// Cut off by a deadline.
    #[must_use]
    pub fn capped(self, deadline_ms: Option<u64>) -> Worst<'a> {
        match (self, deadline_ms) {
            (Worst::Within(one), Some(deadline)) => Worst::Within(one.min(deadline)),
            (Worst::Unbounded(_), Some(deadline)) => Worst::Within(deadline),
            (uncapped, None) => uncapped,
        }
    }

    #[must_use]
    pub fn milliseconds(self) -> Option<u64> {
        match self {
            Worst::Within(milliseconds) => Some(milliseconds),
            Worst::Unbounded(_) => None,
        }
    }
}
