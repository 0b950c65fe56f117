//! A rate limit: how soon the next call may begin.
//!
//! It knows when calls began, not how long they take.

use std::collections::VecDeque;
use std::time::Duration;

/// `permits` calls may begin in each span of `per`, wherever the span is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub permits: u32,
    pub per: Duration,
}

/// When the last calls began or will begin, as many as matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Starts {
    at: VecDeque<Duration>,
}

impl Starts {
    /// Whether none of them matters any more for a rate over `per`.
    #[must_use]
    pub fn are_past(&self, per: Duration, now: Duration) -> bool {
        self.at.back().is_none_or(|last| *last + per <= now)
    }
}

/// Reserves the next start: the moment, not before `now`, at which the call may begin. First come, first served.
#[must_use]
pub fn reserve(rate: Rate, mut starts: Starts, now: Duration) -> (Starts, Duration) {
    while starts.at.front().is_some_and(|start| *start + rate.per <= now) {
        starts.at.pop_front();
    }
    let permits = usize::try_from(rate.permits.max(1)).unwrap_or(usize::MAX);
    let at = match starts.at.len().checked_sub(permits).and_then(|index| starts.at.get(index)) {
        Some(start) => (*start + rate.per).max(now),
        None => now,
    };
    // The starts in waiting are in order, so that the newest is never before the one before it.
    let at = starts.at.back().map_or(at, |last| at.max(*last));
    starts.at.push_back(at);
    (starts, at)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Rate, Starts, reserve};

    #[test]
    fn a_burst_goes_at_once_and_the_rest_waits_its_turn() {
        let rate = Rate { permits: 2, per: Duration::from_millis(100) };
        let mut starts = Starts::default();
        let mut got = Vec::new();
        for now in [0, 0, 0, 10, 10, 400] {
            let (next, at) = reserve(rate, starts, Duration::from_millis(now));
            starts = next;
            got.push(at.as_millis());
        }
        assert_eq!(got, [0, 0, 100, 100, 200, 400]);
    }

    proptest! {
        #[test]
        fn no_span_has_more_starts_than_permits(
            permits in 1..5_u32, per in 1..50_u64, waits in prop::collection::vec(0..30_u64, 1..60),
        ) {
            let rate = Rate { permits, per: Duration::from_millis(per) };
            let (mut starts, mut now, mut all) = (Starts::default(), Duration::ZERO, Vec::new());
            for wait in waits {
                now += Duration::from_millis(wait);
                let (next, at) = reserve(rate, starts, now);
                prop_assert!(at >= now);
                starts = next;
                all.push(at);
            }
            for (index, start) in all.iter().enumerate() {
                let inside = all[index..].iter().filter(|at| **at < *start + rate.per).count();
                prop_assert!(inside <= permits as usize, "{inside} starts from {start:?} on");
            }
        }
    }
}
