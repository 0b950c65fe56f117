//! The search: depth first, each path played from the start with the answers that lead to it.
//!
//! It knows answers and digests of states, not what they stand for. Paths are played again because a task cannot be
//! copied; a state that was seen on another path is not gone into again.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::Plan;
use serde_json::Value as Json;

use super::{Deadlock, Exploration, Limits, Moved, Outcome, Start, Stuck};
use crate::executor::{digest_of, mix};
use crate::oracle::{Action, Attempt, Attempted, Oracle};
use crate::random::Random;
use crate::scenario::started;
use crate::signals::Delivered;
use crate::trace::{Event, Sink, Stopped, What};
use crate::values::{Lengths, synthesise};
use crate::world::{External, Settings, World};

/// How often tasks may be woken on one path.
const BUDGET: u64 = 1_000_000;

pub(super) fn run(plans: &[Plan], starts: &[Start], limits: &Limits) -> Exploration {
    let mut found =
        Exploration { outcomes: BTreeSet::new(), deadlocks: Vec::new(), states: 0, cut_short: None };
    let mut seen = BTreeSet::new();
    let mut deadlocks: BTreeMap<Vec<Stuck>, Vec<Moved>> = BTreeMap::new();
    let mut prefix = Vec::new();
    loop {
        let path = play(plans, starts, limits, &prefix, &mut seen);
        found.cut_short = found.cut_short.take().or(path.cut_short);
        match path.stopped {
            _ if path.is_known => {}
            Stopped::Ended => {
                found.outcomes.insert(path.outcomes);
            }
            Stopped::Stuck(stuck) => {
                let known = deadlocks.get(&stuck);
                if known.is_none_or(|known| known.len() > path.moves.len()) {
                    deadlocks.insert(stuck, path.moves);
                }
            }
            Stopped::Budget => found.cut_short = Some(format!("{BUDGET} steps on one path")),
        }
        if seen.len() >= limits.states {
            found.cut_short = Some(format!("{} states", limits.states));
            break;
        }
        match next_prefix(path.answers) {
            Some(next) => prefix = next,
            None => break,
        }
    }
    let deadlock = |(stuck, interleaving)| Deadlock { interleaving, stuck };
    found.deadlocks = deadlocks.into_iter().map(deadlock).collect();
    found.states = seen.len();
    found
}

/// An answer that was given, of how many.
#[derive(Debug, Clone, Copy)]
struct Answer {
    given: usize,
    of: usize,
}

/// The answers of the next path: the last question that has another answer gets it.
fn next_prefix(mut answers: Vec<Answer>) -> Option<Vec<usize>> {
    while let Some(last) = answers.last_mut() {
        if last.given + 1 < last.of {
            last.given += 1;
            return Some(answers.into_iter().map(|answer| answer.given).collect());
        }
        answers.pop();
    }
    None
}

struct Path {
    stopped: Stopped,
    /// It ran into a state that is known, or a bound.
    is_known: bool,
    cut_short: Option<String>,
    answers: Vec<Answer>,
    moves: Vec<Moved>,
    outcomes: BTreeMap<String, Outcome>,
}

fn play(
    plans: &[Plan],
    starts: &[Start],
    limits: &Limits,
    prefix: &[usize],
    seen: &mut BTreeSet<u64>,
) -> Path {
    let moved = Rc::new(Cell::new(0));
    let mut searcher = Searcher {
        limits,
        prefix,
        answers: Vec::new(),
        actions: Vec::new(),
        moved: moved.clone(),
        seen,
        failures: 0,
        is_known: false,
        cut_short: None,
    };
    let mut told = Told { moved, events: Vec::new() };
    let settings = Settings { commit_us: 0, settle_us: 0, restart_us: 0, budget: BUDGET, forgets: false };
    let stopped = {
        let world = World::new(plans, false, settings, &mut searcher, &mut told);
        for external in externals(plans, starts) {
            world.plan_external(0, external);
        }
        world.drive()
    };
    let Searcher { answers, actions, is_known, cut_short, .. } = searcher;
    let mut moves: Vec<Moved> =
        actions.into_iter().map(|action| Moved { action, events: Vec::new() }).collect();
    let mut outcomes = BTreeMap::new();
    for (number, event) in told.events {
        if let What::RunEnded(end) = &event.what {
            outcomes.insert(event.run.to_string(), Outcome::of(end));
        }
        if let Some(after) = moves.get_mut(number) {
            after.events.push(event);
        }
    }
    Path { stopped, is_known, cut_short, answers, moves, outcomes }
}

fn externals(plans: &[Plan], starts: &[Start]) -> Vec<External> {
    let mut all = Vec::new();
    for start in starts {
        all.push(started(plans, start, 0, Lengths { list: 2, map: 1 }));
        for signal in &start.signals {
            let delivered = Delivered {
                id: format!("outside-{signal}").into(),
                name: signal.as_str().into(),
                data: Arc::new(Json::Null),
            };
            all.push(External::Send { run: start.run.clone(), signal: delivered });
        }
        if start.may_be_cancelled {
            all.push(External::Cancel { run: start.run.clone() });
        }
    }
    all
}

struct Searcher<'a> {
    limits: &'a Limits,
    prefix: &'a [usize],
    answers: Vec<Answer>,
    actions: Vec<Action>,
    moved: Rc<Cell<usize>>,
    seen: &'a mut BTreeSet<u64>,
    failures: u32,
    is_known: bool,
    cut_short: Option<String>,
}

impl Searcher<'_> {
    /// The next answer of the prefix; beyond it the first.
    fn answer(&mut self, of: usize) -> usize {
        if of < 2 {
            return 0;
        }
        let given = self.prefix.get(self.answers.len()).copied().unwrap_or(0);
        self.answers.push(Answer { given, of });
        given
    }

    /// Whether the path has left what the prefix says.
    fn is_new(&self) -> bool {
        self.answers.len() >= self.prefix.len()
    }
}

impl Oracle for Searcher<'_> {
    fn attempt(&mut self, attempt: &Attempt<'_>) -> Attempted {
        let may_fail = self.failures < self.limits.failures;
        let after = Some(0);
        if may_fail && self.answer(2) == 1 {
            self.failures += 1;
            let error = ErrorForm {
                types: vec!["explore.Failure".to_owned()],
                message: "an attempt fails".to_owned(),
                ..ErrorForm::default()
            };
            return Attempted { after, result: Err(error) };
        }
        let mut random = Random::new(mix(digest_of(attempt.run), digest_of(attempt.key)));
        let returns = attempt.call.callable.returns();
        let value = synthesise(returns, attempt.types, Lengths { list: 2, map: 1 }, &mut random);
        Attempted { after, result: Ok(Arc::new(value)) }
    }

    fn jitter(&mut self, _: &str, _: &str, _: u32) -> f64 {
        1.0
    }

    fn condition(&mut self, holds: bool) -> bool {
        if self.limits.conditions_both_ways && self.answer(2) == 1 { !holds } else { holds }
    }

    fn choose(&mut self, moves: &[Action], state: u64) -> Option<usize> {
        let is_possible =
            |action: &Action| self.limits.deadlines_pass || !matches!(action, Action::Expire { .. });
        let mut possible: Vec<usize> = (0..moves.len()).filter(|index| is_possible(&moves[*index])).collect();
        if possible.is_empty() {
            return None;
        }
        if self.is_new() {
            let state = mix(state, u64::from(self.failures));
            if !self.seen.insert(state) {
                self.is_known = true;
                return None;
            }
            if self.actions.len() >= self.limits.depth {
                self.is_known = true;
                self.cut_short = Some(format!("{} moves in one interleaving", self.limits.depth));
                return None;
            }
        }
        // Moves are planned in an order that the path decides; by their text it is the same on every path.
        possible.sort_by(|one, other| moves[*one].cmp(&moves[*other]));
        let chosen = possible[self.answer(possible.len())];
        self.actions.push(moves[chosen].clone());
        self.moved.set(self.actions.len());
        Some(chosen)
    }
}

/// Events, each with the move that it followed.
struct Told {
    moved: Rc<Cell<usize>>,
    events: Vec<(usize, Event)>,
}

impl Sink for Told {
    fn event(&mut self, event: Event) {
        let number = self.moved.get().saturating_sub(1);
        self.events.push((number, event));
    }
}
