//! A circuit breaker: closed, open, half open.
//!
//! It knows the ends of calls, not what was called. The states are Nygard's ("Release It!", 2007); the window is counted
//! in slices, so that its memory does not grow with the calls.

use std::time::Duration;

/// How many parts the window has: the oldest part is forgotten as a whole.
const SLICES: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trip {
    /// So many failures in the window.
    Failures(u32),
    /// This share of the calls in the window, above 0 and at most 1, once there are `min_calls`.
    FailureRate { share: f64, min_calls: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub trip: Trip,
    pub window: Duration,
    /// How long it refuses everything before it lets calls try.
    pub open_for: Duration,
    /// How many calls may try then; when all of them succeed it closes.
    pub half_open_calls: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Breaker {
    #[default]
    New,
    Closed(Box<Window>),
    Open {
        until: Duration,
    },
    HalfOpen {
        /// Calls that were let through and have not ended.
        trying: u32,
        succeeded: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A call wants to begin.
    Call,
    /// Ends of calls that were let through.
    Succeeded,
    Failed,
    /// Ended without saying anything of the dependency: cancelled.
    Abandoned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// Nothing is let through before this moment; where it is now, others are trying.
    Refused {
        until: Duration,
    },
    /// The answer to the end of a call.
    Noted,
}

/// What becomes of a breaker with an event, and the answer to it.
#[must_use]
pub fn decide(settings: &Settings, breaker: Breaker, event: Event, now: Duration) -> (Breaker, Decision) {
    match (breaker, event) {
        (Breaker::Open { until }, Event::Call) if now >= until => {
            (Breaker::HalfOpen { trying: 1, succeeded: 0 }, Decision::Allowed)
        }
        (Breaker::Open { until }, Event::Call) => (Breaker::Open { until }, Decision::Refused { until }),
        (Breaker::HalfOpen { trying, succeeded }, event) => {
            half_open(settings, trying, succeeded, event, now)
        }
        (breaker, Event::Call) => (breaker, Decision::Allowed),
        // Calls that began before it opened say nothing new.
        (open @ Breaker::Open { .. }, _) => (open, Decision::Noted),
        (breaker, Event::Abandoned) => (breaker, Decision::Noted),
        (breaker, event) => (closed(settings, breaker, event == Event::Failed, now), Decision::Noted),
    }
}

fn closed(settings: &Settings, breaker: Breaker, failed: bool, now: Duration) -> Breaker {
    let mut window = match breaker {
        Breaker::Closed(window) => window,
        _ => Box::default(),
    };
    window.add(settings.window, now, failed);
    let (calls, failures) = window.totals();
    let trips = match settings.trip {
        Trip::Failures(limit) => failures >= u64::from(limit.max(1)),
        Trip::FailureRate { share, min_calls } => {
            calls >= u64::from(min_calls) && failures > 0 && as_share(failures, calls) >= share
        }
    };
    if trips { Breaker::Open { until: now + settings.open_for } } else { Breaker::Closed(window) }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls in a window are far below 2^52")]
fn as_share(failures: u64, calls: u64) -> f64 {
    failures as f64 / calls as f64
}

fn half_open(
    settings: &Settings,
    trying: u32,
    succeeded: u32,
    event: Event,
    now: Duration,
) -> (Breaker, Decision) {
    let wanted = settings.half_open_calls.max(1);
    match event {
        Event::Call if trying + succeeded < wanted => {
            (Breaker::HalfOpen { trying: trying + 1, succeeded }, Decision::Allowed)
        }
        Event::Call => (Breaker::HalfOpen { trying, succeeded }, Decision::Refused { until: now }),
        Event::Failed => (Breaker::Open { until: now + settings.open_for }, Decision::Noted),
        Event::Succeeded if succeeded + 1 >= wanted => (Breaker::Closed(Box::default()), Decision::Noted),
        Event::Succeeded => {
            let trying = trying.saturating_sub(1);
            (Breaker::HalfOpen { trying, succeeded: succeeded + 1 }, Decision::Noted)
        }
        Event::Abandoned => {
            (Breaker::HalfOpen { trying: trying.saturating_sub(1), succeeded }, Decision::Noted)
        }
    }
}

/// Calls and failures of the last while.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    slices: [Slice; SLICES],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Slice {
    /// Number of the slice since the beginning of time.
    number: u128,
    calls: u64,
    failures: u64,
}

impl Window {
    fn add(&mut self, span: Duration, now: Duration, failed: bool) {
        let width = (span.as_nanos() / SLICES as u128).max(1);
        let number = now.as_nanos() / width;
        for slice in &mut self.slices {
            if slice.number + (SLICES as u128) <= number {
                *slice = Slice::default();
            }
        }
        let index = usize::try_from(number % SLICES as u128).unwrap_or(0);
        let slice = &mut self.slices[index];
        slice.number = number;
        slice.calls += 1;
        slice.failures += u64::from(failed);
    }

    fn totals(&self) -> (u64, u64) {
        self.slices
            .iter()
            .fold((0, 0), |(calls, failures), slice| (calls + slice.calls, failures + slice.failures))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Breaker, Decision, Event, Settings, Trip, decide};

    const SETTINGS: Settings = Settings {
        trip: Trip::Failures(2),
        window: Duration::from_secs(10),
        open_for: Duration::from_secs(5),
        half_open_calls: 2,
    };

    /// The answers to events at moments in seconds, and a letter for the state at the end.
    fn play(settings: &Settings, events: &[(u64, Event)]) -> (Vec<Decision>, char) {
        let mut breaker = Breaker::default();
        let mut answers = Vec::new();
        for (at, event) in events {
            let (next, answer) = decide(settings, breaker, *event, Duration::from_secs(*at));
            breaker = next;
            answers.push(answer);
        }
        let state = match breaker {
            Breaker::New | Breaker::Closed(_) => 'c',
            Breaker::Open { .. } => 'o',
            Breaker::HalfOpen { .. } => 'h',
        };
        (answers, state)
    }

    #[test]
    fn the_states_follow_the_table() {
        use Event::{Abandoned, Call, Failed, Succeeded};
        let table: [(&[(u64, Event)], char); 9] = [
            (&[(0, Failed)], 'c'),
            (&[(0, Failed), (1, Failed)], 'o'),
            (&[(0, Failed), (30, Failed)], 'c'),
            (&[(0, Failed), (1, Failed), (2, Call)], 'o'),
            (&[(0, Failed), (1, Failed), (6, Call)], 'h'),
            (&[(0, Failed), (1, Failed), (6, Call), (7, Failed)], 'o'),
            (&[(0, Failed), (1, Failed), (6, Call), (7, Succeeded)], 'h'),
            (&[(0, Failed), (1, Failed), (6, Call), (7, Succeeded), (7, Call), (8, Succeeded)], 'c'),
            (&[(0, Failed), (1, Failed), (6, Call), (7, Abandoned), (7, Call), (7, Call)], 'h'),
        ];
        for (events, expected) in table {
            assert_eq!(play(&SETTINGS, events).1, expected, "{events:?}");
        }
    }

    #[test]
    fn half_open_lets_only_so_many_try() {
        use Event::{Call, Failed};
        let events = [(0, Failed), (0, Failed), (4, Call), (5, Call), (5, Call), (5, Call)];
        let (answers, _) = play(&SETTINGS, &events);
        let refused = |until| Decision::Refused { until: Duration::from_secs(until) };
        assert_eq!(answers[2..], [refused(5), Decision::Allowed, Decision::Allowed, refused(5)]);
    }

    #[test]
    fn a_rate_counts_only_with_enough_calls() {
        use Event::{Failed, Succeeded};
        let trip = Trip::FailureRate { share: 0.5, min_calls: 4 };
        let settings = Settings { trip, ..SETTINGS };
        assert_eq!(play(&settings, &[(0, Failed), (0, Failed), (0, Failed)]).1, 'c');
        assert_eq!(play(&settings, &[(0, Failed), (0, Succeeded), (0, Succeeded), (0, Succeeded)]).1, 'c');
        assert_eq!(play(&settings, &[(0, Failed), (0, Succeeded), (0, Succeeded), (0, Failed)]).1, 'o');
    }

    proptest! {
        #[test]
        fn an_open_breaker_refuses_until_its_time(
            events in prop::collection::vec((0..4_u64, 0..4_u8), 1..100),
        ) {
            let (mut breaker, mut now) = (Breaker::default(), Duration::ZERO);
            for (wait, event) in events {
                now += Duration::from_secs(wait);
                let event = [Event::Call, Event::Succeeded, Event::Failed, Event::Abandoned][event as usize];
                let before = breaker.clone();
                let (next, answer) = decide(&SETTINGS, breaker, event, now);
                if let (Breaker::Open { until }, Event::Call) = (&before, event) {
                    prop_assert_eq!(answer == Decision::Allowed, now >= *until);
                }
                if let Breaker::HalfOpen { trying, succeeded } = next {
                    prop_assert!(trying + succeeded <= SETTINGS.half_open_calls);
                }
                breaker = next;
            }
        }
    }
}
