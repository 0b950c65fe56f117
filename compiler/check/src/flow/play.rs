//! Plays a crowd of runs to where they stand still, one permit after another: the interleaving that is shown.
//!
//! It knows that what is taken on the way and given back again only needs a moment in which it is free.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::program::{LockId, Place, Program, SignalId, System};
use super::stuck::Stuck;

/// A thread of a run: from where it splits off to where it stands still.
#[derive(Debug)]
pub(crate) struct Thread<'s> {
    pub run: usize,
    /// The thread that it splits off from, which is at its end by then.
    parent: Option<usize>,
    moves: Vec<Move<'s>>,
    /// `None` where it splits into others.
    pub end: Option<End<'s>>,
}

#[derive(Debug, Clone)]
enum Move<'s> {
    Take(LockId, Place<'s>),
    /// Takes as many of each at once, and gives them back.
    Pass(BTreeMap<LockId, u32>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum End<'s> {
    Permit(LockId, Place<'s>),
    Signal(SignalId, Place<'s>),
}

/// A permit that is taken, in the order of the play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken<'s> {
    pub run: usize,
    pub lock: LockId,
    pub place: Place<'s>,
}

/// How a play ended.
#[derive(Debug)]
pub(crate) enum Play<'s> {
    Stands(Vec<Taken<'s>>),
    /// There is no order in which the runs come there.
    Impossible,
    /// It was too long to be played to its end.
    TooLong,
}

impl<'s> Thread<'s> {
    /// The permits that it takes and keeps, in order.
    pub fn takes(&self) -> impl Iterator<Item = (LockId, Place<'s>)> {
        self.moves.iter().filter_map(|one| match one {
            Move::Take(lock, place) => Some((*lock, *place)),
            Move::Pass(_) => None,
        })
    }

    /// Whether it takes something on the way that it gives back.
    pub fn passes(&self) -> bool {
        self.moves.iter().any(|one| matches!(one, Move::Pass(_)))
    }
}

/// How many moves may be tried.
const BUDGET: usize = 20_000;

/// The threads of runs that stand still so, with the runs numbered from 0.
pub(crate) fn threads<'s>(passing: &Passing, runs: &[Rc<Stuck<'s>>]) -> Vec<Thread<'s>> {
    let mut threads = Vec::new();
    for (run, stuck) in runs.iter().enumerate() {
        let mut pending = vec![(None, stuck)];
        while let Some((parent, mut stuck)) = pending.pop() {
            let mut moves = Vec::new();
            // Who reads of a run that waits to begin wants to see who began it.
            let mut call = None;
            let end = loop {
                match &**stuck {
                    Stuck::Permit { lock, place } => {
                        break Some(End::Permit(*lock, call.take().unwrap_or(*place)));
                    }
                    Stuck::Signal { signal, place } => break Some(End::Signal(*signal, *place)),
                    Stuck::Inside { lock, place, rest } => {
                        moves.push(Move::Take(*lock, call.take().unwrap_or(*place)));
                        stuck = rest;
                    }
                    Stuck::Called { place, limited, rest } => {
                        call = limited.then_some(*place);
                        stuck = rest;
                    }
                    Stuck::After { done, rest } => {
                        let need = done.iter().map(|part| passing.through(part)).reduce(larger);
                        moves.extend(need.filter(|need| !need.is_empty()).map(Move::Pass));
                        stuck = rest;
                    }
                    Stuck::Beside(one, other) => {
                        pending.push((Some(threads.len()), other));
                        pending.push((Some(threads.len()), one));
                        break None;
                    }
                }
            };
            threads.push(Thread { run, parent, moves, end });
        }
    }
    threads
}

/// The permits that programs need at once where they wait for nobody else.
pub(crate) struct Passing(Vec<BTreeMap<LockId, u32>>);

impl Passing {
    /// `order` has callees before their callers.
    pub fn of(system: &System<'_>, order: &[usize]) -> Passing {
        let mut passing = Passing(vec![BTreeMap::new(); system.flows.len()]);
        for flow in order {
            passing.0[*flow] = passing.through(&system.flows[*flow].program);
        }
        passing
    }

    fn through(&self, program: &Program<'_>) -> BTreeMap<LockId, u32> {
        match program {
            // Branches can be done one after another.
            Program::Sequence(_) | Program::Parallel { .. } | Program::Graph(_) | Program::Bounded(_) => {
                program.parts().into_iter().map(|part| self.through(part)).fold(BTreeMap::new(), larger)
            }
            Program::Many { body, copies: Some(1..), .. } => self.through(body),
            Program::Hold { lock, body, .. } => {
                let mut need = self.through(body);
                *need.entry(*lock).or_insert(0) += 1;
                need
            }
            Program::Race(branches) => {
                let needs = branches.iter().map(|branch| self.through(&branch.program));
                needs.min_by_key(|need| need.values().sum::<u32>()).unwrap_or_default()
            }
            Program::Call { flow, .. } => self.0[*flow].clone(),
            // Nothing may be chosen, and a list may be empty.
            Program::Many { .. } | Program::Choice(_) | Program::Wait { .. } | Program::Emit(_) => {
                BTreeMap::new()
            }
        }
    }
}

fn larger(mut one: BTreeMap<LockId, u32>, other: BTreeMap<LockId, u32>) -> BTreeMap<LockId, u32> {
    for (lock, count) in other {
        let most = one.entry(lock).or_insert(0);
        *most = count.max(*most);
    }
    one
}

/// Plays the threads to their ends.
pub(crate) fn play<'s>(system: &System<'s>, threads: &[Thread<'s>]) -> Play<'s> {
    let mut table = Table::of(system, threads);
    let mut tried = BTreeSet::new();
    // The threads that took a permit, and from which thread on another one may be tried in its place.
    let mut path: Vec<usize> = Vec::new();
    let mut from = 0;
    for _ in 0..BUDGET.max(threads.len() * 4) {
        table.pass(threads);
        if table.all_stand(threads) {
            let taken = path.iter().enumerate().filter_map(|(at, thread)| {
                let earlier = path[..at].iter().filter(|other| *other == thread).count();
                let (lock, place) = threads[*thread].takes().nth(earlier)?;
                Some(Taken { run: threads[*thread].run, lock, place })
            });
            return Play::Stands(taken.collect());
        }
        let next = (from..threads.len()).find(|thread| table.can_take(threads, *thread));
        match next {
            Some(thread) if tried.insert(table.after(thread)) => {
                table.take(threads, thread);
                path.push(thread);
                from = 0;
            }
            Some(thread) => from = thread + 1,
            None => match path.pop() {
                Some(thread) => {
                    // What was passed on the way stays passed: it would be so at once.
                    table = Table::replay(system, threads, &path);
                    from = thread + 1;
                }
                None => return Play::Impossible,
            },
        }
    }
    Play::TooLong
}

/// How far each thread is, and what is left of the permits.
struct Table {
    at: Vec<usize>,
    free: BTreeMap<LockId, u32>,
}

impl Table {
    fn of(system: &System<'_>, threads: &[Thread<'_>]) -> Table {
        let free = system.locks.iter().enumerate().map(|(lock, known)| (lock, known.capacity)).collect();
        Table { at: vec![0; threads.len()], free }
    }

    fn replay(system: &System<'_>, threads: &[Thread<'_>], path: &[usize]) -> Table {
        let mut table = Table::of(system, threads);
        for thread in path {
            table.pass(threads);
            table.take(threads, *thread);
        }
        table
    }

    /// Makes every move that gives back what it takes: it is in nobody's way.
    fn pass(&mut self, threads: &[Thread<'_>]) {
        for thread in 0..threads.len() {
            while let Some(Move::Pass(need)) = self.next(threads, thread) {
                if need.iter().any(|(lock, count)| self.free.get(lock).is_some_and(|free| free < count)) {
                    break;
                }
                self.at[thread] += 1;
            }
        }
    }

    fn next<'t, 's>(&self, threads: &'t [Thread<'s>], thread: usize) -> Option<&'t Move<'s>> {
        let begun = |parent: usize| self.at[parent] == threads[parent].moves.len();
        if threads[thread].parent.is_some_and(|parent| !begun(parent)) {
            return None;
        }
        threads[thread].moves.get(self.at[thread])
    }

    fn can_take(&self, threads: &[Thread<'_>], thread: usize) -> bool {
        match self.next(threads, thread) {
            Some(Move::Take(lock, _)) => self.free.get(lock).is_some_and(|free| *free > 0),
            _ => false,
        }
    }

    fn take(&mut self, threads: &[Thread<'_>], thread: usize) {
        if let Some(Move::Take(lock, _)) = self.next(threads, thread) {
            if let Some(free) = self.free.get_mut(lock) {
                *free -= 1;
            }
            self.at[thread] += 1;
        }
    }

    fn after(&self, thread: usize) -> Vec<usize> {
        let mut at = self.at.clone();
        at[thread] += 1;
        at
    }

    fn all_stand(&self, threads: &[Thread<'_>]) -> bool {
        self.at.iter().zip(threads).all(|(at, thread)| *at == thread.moves.len())
    }
}
