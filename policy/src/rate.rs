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

/// When the last calls began or will begin, as many as matter, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Starts {
    at: VecDeque<Duration>,
    /// The last that was reserved by itself. Those in waiting are served in the order of asking.
    asked: Duration,
}

impl Starts {
    /// Whether none of them matters any more for a rate over `per`.
    #[must_use]
    pub fn are_past(&self, per: Duration, now: Duration) -> bool {
        self.at.back().is_none_or(|last| *last + per <= now)
    }

    /// Starts that were leased until `until` and are not made: they count no more.
    pub fn give_back(&mut self, until: Duration, unused: u32) {
        for _ in 0..unused {
            let Ok(index) = self.at.binary_search(&until) else { return };
            self.at.remove(index);
        }
    }

    fn forget(&mut self, rate: Rate, now: Duration) {
        while self.at.front().is_some_and(|start| *start + rate.per <= now) {
            self.at.pop_front();
        }
    }

    fn add(&mut self, at: Duration) {
        let index = self.at.partition_point(|start| *start <= at);
        self.at.insert(index, at);
    }
}

/// Reserves the next start: the moment, not before `now`, at which the call may begin. First come, first served.
#[must_use]
pub fn reserve(rate: Rate, mut starts: Starts, now: Duration) -> (Starts, Duration) {
    starts.forget(rate, now);
    let at = match starts.at.len().checked_sub(permits(rate)).and_then(|index| starts.at.get(index)) {
        Some(start) => (*start + rate.per).max(now),
        None => now,
    };
    // A rate that has changed must not let the newest overtake those that wait.
    let at = at.max(starts.asked);
    starts.asked = at;
    starts.add(at);
    (starts, at)
}

/// Leases starts, each of which may be made at any moment from `now` to `until`: not more than are `wanted`, than half of what is
/// free, and none where somebody waits. They count as made at the last of these moments. Says how many they are.
#[must_use]
pub fn lease(rate: Rate, mut starts: Starts, now: Duration, until: Duration, wanted: u32) -> (Starts, u32) {
    starts.forget(rate, now);
    let free = if starts.asked > now { 0 } else { permits(rate).saturating_sub(starts.at.len()) };
    let leased = wanted.min(u32::try_from(free / 2).unwrap_or(u32::MAX));
    (0..leased).for_each(|_| starts.add(until));
    (starts, leased)
}

fn permits(rate: Rate) -> usize {
    usize::try_from(rate.permits.max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Rate, Starts, lease, reserve};

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

        #[test]
        fn no_span_has_more_starts_than_permits_where_some_are_leased(
            permits in 1..9_u32, per in 4..50_u64, moves in prop::collection::vec((0..9_u64, 0..6_u32, 0..30_u64, any::<bool>()), 1..60),
        ) {
            let rate = Rate { permits, per: Duration::from_millis(per) };
            let (mut starts, mut now, mut all) = (Starts::default(), Duration::ZERO, Vec::new());
            for (wait, wanted, later, is_made) in moves {
                now += Duration::from_millis(wait);
                let (next, at) = reserve(rate, starts, now);
                all.push(at);
                let until = now + Duration::from_millis(later);
                let (next, leased) = lease(rate, next, now, until, wanted);
                prop_assert!(at <= now || leased == 0, "leased while somebody waits");
                starts = next;
                if is_made {
                    // At any moment of the lease.
                    all.extend((0..leased).map(|number| now + (until - now) * number / leased));
                } else {
                    starts.give_back(until, leased);
                }
            }
            all.sort_unstable();
            for (index, start) in all.iter().enumerate() {
                let inside = all[index..].iter().filter(|at| **at < *start + rate.per).count();
                prop_assert!(inside <= permits as usize, "{inside} starts from {start:?} on");
            }
        }
    }
}
