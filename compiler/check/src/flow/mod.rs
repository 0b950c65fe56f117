//! Deadlocks, found before anything runs.
//!
//! It knows permits, limits and signals, not how long anything takes. `docs/deadlocks.md` says what is exact in it and
//! what is conservative.

mod conservative;
mod count;
mod extract;
pub(crate) mod kept_out;
mod order;
mod play;
mod program;
mod report;
pub(crate) mod signals;
mod stuck;

pub(crate) use extract::constant;

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use conductor_source::{Diagnostic, Span};

use count::{Crowd, GaveUp, crowds};
use order::{Ring, rings};
use play::{End, Passing, Play, Thread, play, threads};
use program::System;
use report::{Deadlock, Order};
use stuck::{Need, Standing, Stuck};

use crate::Context;

/// How many deadlocks of one ring are reported: each is mended by itself, and a few show what is wrong.
const MOST: usize = 8;
/// How many crowds of one ring are played through before the search gives up.
const PLAYS: usize = 64;

/// How many runs are played through one by one.
const LARGEST_CROWD: usize = 256;

/// A root's way to stand still.
type Way<'s> = (usize, Need, Rc<Stuck<'s>>);

pub(crate) fn deadlocks(context: Context<'_>) -> Vec<Diagnostic> {
    // A graph with errors lacks steps: what is missing may be what gives way.
    if !context.sound {
        return Vec::new();
    }
    let Some(system) = extract::system(context) else { return Vec::new() };
    let rings = rings(&system);
    if rings.is_empty() {
        return Vec::new();
    }
    let order = callees_first(&system);
    let passing = Passing::of(&system, &order);
    rings.iter().flat_map(|ring| of_ring(&system, ring, &order, &passing)).collect()
}

/// Workflows after those that they call. What is in a cycle of calls is left out; that was reported.
fn callees_first(system: &System<'_>) -> Vec<usize> {
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); system.flows.len()];
    let mut waiting = vec![0_usize; system.flows.len()];
    for (caller, flow) in system.flows.iter().enumerate() {
        for callee in stuck::callees(&flow.program).collect::<BTreeSet<usize>>() {
            callers[callee].push(caller);
            waiting[caller] += 1;
        }
    }
    let mut ready: VecDeque<usize> = (0..waiting.len()).filter(|flow| waiting[*flow] == 0).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(flow) = ready.pop_front() {
        order.push(flow);
        for caller in &callers[flow] {
            waiting[*caller] -= 1;
            if waiting[*caller] == 0 {
                ready.push_back(*caller);
            }
        }
    }
    order
}

fn of_ring<'s>(
    system: &'s System<'s>,
    ring: &'s Ring,
    order: &[usize],
    passing: &Passing,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for bounded in [false, true] {
        let Ok(ways) = Standing::of_roots(system, ring, bounded, order) else {
            return conservative::warning(system, ring).into_iter().collect();
        };
        let ways = Ways { system, passing, bounded, ways };
        match ways.deadlocks() {
            Ok(deadlocks) => found.extend(deadlocks.iter().filter_map(|one| report::report(system, one))),
            Err(GaveUp) => return conservative::warning(system, ring).into_iter().collect(),
        }
        // What a deadline ends is worth a word only where nothing is worse.
        if !found.is_empty() {
            break;
        }
    }
    found
}

struct Ways<'s, 'p> {
    system: &'s System<'s>,
    passing: &'p Passing,
    bounded: bool,
    ways: Vec<Way<'s>>,
}

impl<'s> Ways<'s, '_> {
    /// Deadlocks that have no place in common, simple ones first.
    fn deadlocks(mut self) -> Result<Vec<Deadlock<'s>>, GaveUp> {
        let mut found = Vec::new();
        while found.len() < MOST {
            let Some(deadlock) = self.next()? else { break };
            let places = ends(&deadlock.threads);
            self.ways.retain(|(_, _, stuck)| {
                let threads = threads(self.passing, std::slice::from_ref(stuck));
                ends(&threads).is_disjoint(&places)
            });
            found.push(deadlock);
        }
        Ok(found)
    }

    fn next(&self) -> Result<Option<Deadlock<'s>>, GaveUp> {
        let needs: Vec<&Need> = self.ways.iter().map(|(_, need, _)| need).collect();
        let capacity = |lock: usize| self.system.locks[lock].capacity;
        let (mut found, mut plays) = (None, 0);
        crowds(&needs, &capacity, &mut |crowd| {
            plays += 1;
            found = self.played(crowd);
            found.is_some() || plays >= PLAYS
        })?;
        if found.is_none() && plays >= PLAYS { Err(GaveUp) } else { Ok(found) }
    }

    fn played(&self, crowd: &Crowd) -> Option<Deadlock<'s>> {
        let kinds = crowd.iter().map(|(at, count)| (self.ways[*at].0, self.ways[*at].2.clone(), *count));
        let kinds: Vec<(usize, Rc<Stuck<'s>>, u32)> = kinds.collect();
        let one_of_each = kinds.iter().map(|(_, stuck, _)| stuck.clone()).collect::<Vec<_>>();
        let mut deadlock = Deadlock {
            threads: threads(self.passing, &one_of_each),
            kinds,
            order: Order::Any,
            bounded: self.bounded,
        };
        // Who takes permits and gives none back can do so in any order.
        if deadlock.threads.iter().any(Thread::passes) {
            let count = deadlock.kinds.iter().map(|(_, _, count)| *count as usize).sum::<usize>();
            if count > LARGEST_CROWD {
                deadlock.order = Order::Unknown;
                return Some(deadlock);
            }
            let all =
                deadlock.kinds.iter().flat_map(|(_, stuck, count)| (0..*count).map(move |_| stuck.clone()));
            let all = threads(self.passing, &all.collect::<Vec<_>>());
            deadlock.order = match play(self.system, &all) {
                Play::Stands(taken) => Order::Found(taken),
                Play::TooLong => Order::Unknown,
                Play::Impossible => return None,
            };
        }
        Some(deadlock)
    }
}

fn ends(threads: &[Thread<'_>]) -> BTreeSet<Span> {
    let ends = threads.iter().filter_map(|thread| thread.end);
    ends.map(|end| match end {
        End::Permit(_, place) | End::Signal(_, place) => place.span,
    })
    .collect()
}
