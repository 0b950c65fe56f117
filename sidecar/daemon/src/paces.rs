//! Starts of a rate that processes share: some are leased ahead to who makes many.
//!
//! `conductor_policy` says what the rate allows. It knows neither permits nor who waits for one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conductor_policy::rate::{Rate, Starts, lease, reserve};
use conductor_protocol::permit::LeasedStarts;

/// The part of a rate's time for which starts are leased at most: so much fewer starts there are than the rate allows.
const PART: u32 = 20;

/// Nor are they leased for longer, so that what is not used is not missed elsewhere for long.
const LONGEST: Duration = Duration::from_millis(100);

/// Shorter leases are not worth their messages.
const SHORTEST: Duration = Duration::from_millis(2);

#[derive(Default)]
pub(crate) struct Paces {
    starts: Starts,
    /// The time of the rate that was asked with last, after which its starts do not matter.
    per: Duration,
    sessions: BTreeMap<Arc<str>, Pace>,
}

/// What a session has been given in the time of its last lease.
#[derive(Default)]
struct Pace {
    until: Duration,
    leased: u32,
    asked: u32,
}

impl Paces {
    /// When the session may begin, and what it may begin beside without asking: as many as it has begun in the time of the lease
    /// before. `spare` of that lease it has not begun.
    pub(crate) fn ask(
        &mut self,
        session: &Arc<str>,
        rate: Rate,
        spare: u32,
        now: Duration,
    ) -> (Duration, Option<LeasedStarts>) {
        self.per = rate.per;
        let pace = self.sessions.entry(Arc::clone(session)).or_default();
        let spare = spare.min(pace.leased);
        pace.leased -= spare;
        self.starts.give_back(pace.until, spare);
        let (starts, at) = reserve(rate, std::mem::take(&mut self.starts), now);
        let span = (rate.per / PART).min(LONGEST);
        let mut wanted = 0;
        if now >= pace.until {
            let is_lately = now < pace.until + span;
            wanted = if is_lately { (pace.leased + pace.asked).saturating_sub(1) } else { 0 };
            *pace = Pace { until: now + span, ..Pace::default() };
        }
        pace.asked += 1;
        if span < SHORTEST {
            wanted = 0;
        }
        let (starts, count) = lease(rate, starts, now, pace.until, wanted);
        pace.leased += count;
        self.starts = starts;
        let within_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        (at, (count > 0).then_some(LeasedStarts { count, within_ms }))
    }

    /// The session is no more. What it was leased it may have begun.
    pub(crate) fn forget(&mut self, session: &Arc<str>) {
        self.sessions.remove(session);
    }

    /// Whether none of its starts matters any more.
    pub(crate) fn are_past(&self, now: Duration) -> bool {
        self.starts.are_past(self.per, now)
    }
}
