//! A circuit breaker that several units share: the processes of a host, or the hosts of a store.
//!
//! It knows neither clocks nor what a unit is. Each unit has a breaker of its own ([`crate::breaker`]); here is decided what
//! one unit's means for the others, so that a sick unit opens nothing but its own.

use std::collections::BTreeSet;

/// What all units see, and those whose own breaker is open alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared<U: Ord> {
    pub state: State<U>,
    /// Their own breakers opened while a call of another unit succeeded: what they say counts for nothing until they close.
    pub blamed: BTreeSet<U>,
    /// Counts the changes of state and the probes: a probe's end that belongs to an earlier one says nothing.
    pub generation: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State<U> {
    Closed,
    /// This unit's own breaker has opened. Nobody else is refused; the end of another's next call decides.
    Suspect {
        by: U,
    },
    /// Refuses every unit.
    Open,
    /// One call at a time may try; so many have succeeded in a row.
    HalfOpen {
        probe: Option<u64>,
        succeeded: u32,
    },
    /// A person's decision: nothing else counts.
    Forced(Forced),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced {
    Open,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<U> {
    /// The unit's own breaker has opened.
    Opened(U),
    /// It has closed.
    Closed(U),
    /// A call of the unit that was a probe has ended: the suspicion's, or one that was granted.
    Succeeded {
        unit: U,
        of: u64,
    },
    Failed {
        unit: U,
        of: u64,
    },
    /// It ended without saying anything of who was called: cancelled, or an error of the domain.
    Abandoned {
        of: u64,
    },
    /// Somebody wants to try.
    Asked,
    /// The time for which it is open is over.
    Due,
    /// The unit is no more.
    Gone(U),
    /// A person decides, or with `None` leaves it to itself again.
    Decided(Option<Forced>),
    /// It is open for a larger whole, of which these units are a part; or not any more.
    AllOpen,
    AllClosed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Noted,
    /// To [`Event::Asked`]: the caller may try, and says with this number how it ended.
    Granted(u64),
    /// To [`Event::Asked`]: it may not.
    Refused,
}

impl<U: Ord> Default for Shared<U> {
    fn default() -> Shared<U> {
        Shared { state: State::Closed, blamed: BTreeSet::new(), generation: 0 }
    }
}

impl<U: Ord> Shared<U> {
    fn to(self, state: State<U>) -> Shared<U> {
        Shared { state, generation: self.generation + 1, ..self }
    }
}

/// What becomes of a shared breaker with an event, and the answer to it. `half_open_calls` must succeed in a row before
/// it closes.
#[must_use]
pub fn decide<U: Ord + Clone>(
    half_open_calls: u32,
    mut shared: Shared<U>,
    event: Event<U>,
) -> (Shared<U>, Answer) {
    if let Event::Closed(unit) | Event::Gone(unit) = &event {
        shared.blamed.remove(unit);
    }
    if let Event::Decided(forced) = event {
        return (decided(shared, forced), Answer::Noted);
    }
    match (shared.state.clone(), event) {
        (State::Forced(_), Event::AllOpen) => (shared, Answer::Noted),
        (_, Event::AllOpen) => (shared.to(State::Open), Answer::Noted),
        (State::HalfOpen { probe, succeeded }, event) => {
            half_open(half_open_calls, shared, probe, succeeded, &event)
        }
        (State::Open, Event::AllClosed) => {
            (Shared { blamed: BTreeSet::new(), ..shared.to(State::Closed) }, Answer::Noted)
        }
        (State::Closed, Event::Opened(unit)) if !shared.blamed.contains(&unit) => {
            (shared.to(State::Suspect { by: unit }), Answer::Noted)
        }
        (State::Suspect { by }, event) => (suspect(shared, by, event), Answer::Noted),
        (State::Open, Event::Due) => {
            (shared.to(State::HalfOpen { probe: None, succeeded: 0 }), Answer::Noted)
        }
        // Where nothing is refused, whoever asks needs no leave; he has not yet heard of it.
        (State::Closed | State::Forced(Forced::Closed), Event::Asked) => {
            let of = shared.generation;
            (shared, Answer::Granted(of))
        }
        (_, Event::Asked) => (shared, Answer::Refused),
        _ => (shared, Answer::Noted),
    }
}

fn decided<U: Ord>(shared: Shared<U>, forced: Option<Forced>) -> Shared<U> {
    match (&shared.state, forced) {
        (State::Forced(before), Some(now)) if *before == now => shared,
        (_, Some(now)) => Shared { blamed: BTreeSet::new(), ..shared.to(State::Forced(now)) },
        (State::Forced(_), None) => shared.to(State::Closed),
        (_, None) => shared,
    }
}

fn suspect<U: Ord>(mut shared: Shared<U>, by: U, event: Event<U>) -> Shared<U> {
    let generation = shared.generation;
    match event {
        // Two units have seen enough failures of their own.
        Event::Opened(unit) if unit != by && !shared.blamed.contains(&unit) => shared.to(State::Open),
        Event::Failed { unit, of } if of == generation && unit != by && !shared.blamed.contains(&unit) => {
            shared.to(State::Open)
        }
        Event::Succeeded { unit, of } if of == generation && unit != by => {
            shared.blamed.insert(by);
            shared.to(State::Closed)
        }
        Event::Closed(unit) | Event::Gone(unit) if unit == by => shared.to(State::Closed),
        _ => shared,
    }
}

fn half_open<U: Ord>(
    half_open_calls: u32,
    shared: Shared<U>,
    probe: Option<u64>,
    succeeded: u32,
    event: &Event<U>,
) -> (Shared<U>, Answer) {
    match event {
        Event::Asked if probe.is_none() => {
            let of = shared.generation + 1;
            (shared.to(State::HalfOpen { probe: Some(of), succeeded }), Answer::Granted(of))
        }
        Event::Asked => (shared, Answer::Refused),
        Event::AllClosed => (Shared { blamed: BTreeSet::new(), ..shared.to(State::Closed) }, Answer::Noted),
        Event::Failed { of, .. } if Some(*of) == probe => (shared.to(State::Open), Answer::Noted),
        Event::Succeeded { of, .. } if Some(*of) == probe && succeeded + 1 >= half_open_calls.max(1) => {
            (Shared { blamed: BTreeSet::new(), ..shared.to(State::Closed) }, Answer::Noted)
        }
        Event::Succeeded { of, .. } if Some(*of) == probe => {
            (shared.to(State::HalfOpen { probe: None, succeeded: succeeded + 1 }), Answer::Noted)
        }
        Event::Abandoned { of } if Some(*of) == probe => {
            (shared.to(State::HalfOpen { probe: None, succeeded }), Answer::Noted)
        }
        _ => (shared, Answer::Noted),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Answer, Event, Forced, Shared, State, decide};

    type S = State<char>;
    /// A state, and what it becomes with the events of these names: state and who has the blame.
    type Row = (Shared<char>, Vec<(&'static str, S, &'static str)>);
    const NOW: u64 = 7;

    fn shared(state: S, blamed: &str) -> Shared<char> {
        Shared { state, blamed: blamed.chars().collect(), generation: NOW }
    }

    fn half(probe: Option<u64>, succeeded: u32) -> S {
        State::HalfOpen { probe, succeeded }
    }

    /// Every event, as seen by a breaker in generation 7 that `a` suspects where it is suspect.
    fn events() -> Vec<(&'static str, Event<char>)> {
        vec![
            ("a opened", Event::Opened('a')),
            ("b opened", Event::Opened('b')),
            ("a closed", Event::Closed('a')),
            ("b closed", Event::Closed('b')),
            ("a succeeded", Event::Succeeded { unit: 'a', of: NOW }),
            ("b succeeded", Event::Succeeded { unit: 'b', of: NOW }),
            ("b succeeded late", Event::Succeeded { unit: 'b', of: NOW - 1 }),
            ("a failed", Event::Failed { unit: 'a', of: NOW }),
            ("b failed", Event::Failed { unit: 'b', of: NOW }),
            ("b failed late", Event::Failed { unit: 'b', of: NOW - 1 }),
            ("abandoned", Event::Abandoned { of: NOW }),
            ("abandoned late", Event::Abandoned { of: NOW - 1 }),
            ("asked", Event::Asked),
            ("due", Event::Due),
            ("a gone", Event::Gone('a')),
            ("b gone", Event::Gone('b')),
            ("forced open", Event::Decided(Some(Forced::Open))),
            ("forced closed", Event::Decided(Some(Forced::Closed))),
            ("auto", Event::Decided(None)),
            ("all open", Event::AllOpen),
            ("all closed", Event::AllClosed),
        ]
    }

    /// What each state becomes with those events that change it; two probes must succeed.
    #[expect(clippy::too_many_lines, reason = "it is the table")]
    fn table() -> Vec<Row> {
        let forced = |to| State::Forced(to);
        let always = |rest: Vec<(&'static str, S, &'static str)>| {
            let mut all = rest;
            all.push(("forced open", forced(Forced::Open), ""));
            all.push(("forced closed", forced(Forced::Closed), ""));
            all
        };
        let open = |blamed: &'static str| ("all open", State::Open, blamed);
        let suspect = |by| State::Suspect { by };
        vec![
            (
                shared(State::Closed, ""),
                always(vec![("a opened", suspect('a'), ""), ("b opened", suspect('b'), ""), open("")]),
            ),
            (
                shared(State::Closed, "a"),
                always(vec![
                    ("b opened", suspect('b'), "a"),
                    open("a"),
                    ("a closed", State::Closed, ""),
                    ("a gone", State::Closed, ""),
                ]),
            ),
            (
                shared(suspect('a'), ""),
                always(vec![
                    ("b opened", State::Open, ""),
                    ("b failed", State::Open, ""),
                    open(""),
                    ("b succeeded", State::Closed, "a"),
                    ("a closed", State::Closed, ""),
                    ("a gone", State::Closed, ""),
                ]),
            ),
            (
                shared(suspect('a'), "b"),
                always(vec![
                    ("b succeeded", State::Closed, "ab"),
                    open("b"),
                    ("b closed", suspect('a'), ""),
                    ("b gone", suspect('a'), ""),
                    ("a closed", State::Closed, "b"),
                    ("a gone", State::Closed, "b"),
                ]),
            ),
            (
                shared(State::Open, ""),
                always(vec![("due", half(None, 0), ""), ("all closed", State::Closed, "")]),
            ),
            (
                shared(half(None, 0), ""),
                always(vec![
                    ("asked", half(Some(NOW + 1), 0), ""),
                    open(""),
                    ("all closed", State::Closed, ""),
                ]),
            ),
            (
                shared(half(Some(NOW), 0), ""),
                always(vec![
                    ("a succeeded", half(None, 1), ""),
                    ("b succeeded", half(None, 1), ""),
                    ("a failed", State::Open, ""),
                    ("b failed", State::Open, ""),
                    open(""),
                    ("all closed", State::Closed, ""),
                    ("abandoned", half(None, 0), ""),
                ]),
            ),
            (
                shared(half(Some(NOW), 1), "c"),
                always(vec![
                    ("a succeeded", State::Closed, ""),
                    ("b succeeded", State::Closed, ""),
                    ("a failed", State::Open, "c"),
                    ("b failed", State::Open, "c"),
                    open("c"),
                    ("all closed", State::Closed, ""),
                    ("abandoned", half(None, 1), "c"),
                ]),
            ),
            (
                shared(forced(Forced::Open), ""),
                vec![("forced closed", forced(Forced::Closed), ""), ("auto", State::Closed, "")],
            ),
            (
                shared(forced(Forced::Closed), ""),
                vec![("forced open", forced(Forced::Open), ""), ("auto", State::Closed, "")],
            ),
        ]
    }

    #[test]
    fn every_event_in_every_state_does_what_the_table_says() {
        for (before, changes) in table() {
            for (name, event) in events() {
                let (after, _) = decide(2, before.clone(), event);
                let wanted = changes.iter().find(|(changing, ..)| *changing == name);
                let (state, blamed) = wanted.map_or_else(
                    || (before.state.clone(), before.blamed.clone()),
                    |(_, state, blamed)| (state.clone(), blamed.chars().collect::<BTreeSet<_>>()),
                );
                assert_eq!((&after.state, &after.blamed), (&state, &blamed), "{before:?} {name}");
                let is_new =
                    after.state != before.state || (name == "all open" && before.state == State::Open);
                assert_eq!(after.generation > NOW, is_new, "{before:?} {name}");
            }
        }
    }

    #[test]
    fn whoever_asks_is_answered_by_the_state() {
        let asked = |state: S| decide(1, shared(state, ""), Event::Asked).1;
        assert_eq!(asked(State::Closed), Answer::Granted(NOW));
        assert_eq!(asked(State::Open), Answer::Refused);
        assert_eq!(asked(half(None, 0)), Answer::Granted(NOW + 1));
        assert_eq!(asked(half(Some(NOW), 0)), Answer::Refused);
        assert_eq!(asked(State::Forced(Forced::Open)), Answer::Refused);
        assert_eq!(asked(State::Forced(Forced::Closed)), Answer::Granted(NOW));
    }

    proptest! {
        /// However reports come: while `a` alone is sick, nobody else is ever refused.
        #[test]
        fn one_unit_never_opens_it_for_the_others(
            steps in prop::collection::vec((0..6_u8, 0..4_u64), 1..200),
        ) {
            let mut now: Shared<char> = Shared::default();
            for (what, late) in steps {
                let of = now.generation.saturating_sub(late);
                let event = match what {
                    0 => Event::Opened('a'),
                    1 => Event::Closed('a'),
                    2 => Event::Failed { unit: 'a', of },
                    3 => Event::Succeeded { unit: 'b', of },
                    4 => Event::Abandoned { of },
                    _ => Event::Gone('a'),
                };
                now = decide(1, now, event).0;
                prop_assert!(matches!(now.state, State::Closed | State::Suspect { by: 'a' }), "{now:?}");
            }
        }

        /// However calls and reports come, no second probe is granted before the first has ended.
        #[test]
        fn probes_are_granted_one_at_a_time(steps in prop::collection::vec(0..5_u8, 1..200)) {
            let mut now = shared(half(None, 0), "");
            let mut out: Option<u64> = None;
            for what in steps {
                let of = out.unwrap_or(0);
                let event = match what {
                    0 | 1 => Event::Asked,
                    2 => Event::Abandoned { of },
                    3 => Event::Opened('a'),
                    _ => Event::Succeeded { unit: 'a', of },
                };
                let ends = matches!(event, Event::Abandoned { .. } | Event::Succeeded { .. });
                let (next, answer) = decide(u32::MAX, now, event);
                if let Answer::Granted(number) = answer {
                    prop_assert_eq!(out, None);
                    out = Some(number);
                } else if ends {
                    out = None;
                }
                now = next;
            }
        }
    }
}
