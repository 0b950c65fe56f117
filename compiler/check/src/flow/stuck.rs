//! Where a run can stand still for good: what it holds there, and what it waits for.
//!
//! It judges one run; whether the others hold what it waits for is counted elsewhere. The idea is that of the classic
//! "circular wait" with the numbers kept: permits are well nested, so a standing run is a place in its program.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::order::Ring;
use super::program::{Branch, LockId, Node, Place, Program, SignalId, System, What};

/// What a standing run holds and wants, without where.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    /// Permits by lock, none of them zero.
    pub held: BTreeMap<LockId, u32>,
    pub wants: BTreeSet<LockId>,
    /// Signals that it waits for.
    waits: BTreeSet<SignalId>,
    /// Signals that it may have got already.
    emitted: BTreeSet<SignalId>,
}

/// Where a run stands still.
#[derive(Debug)]
pub(crate) enum Stuck<'s> {
    /// Before a permit.
    Permit {
        lock: LockId,
        place: Place<'s>,
    },
    /// Before a signal.
    Signal {
        signal: SignalId,
        place: Place<'s>,
    },
    Inside {
        lock: LockId,
        place: Place<'s>,
        rest: Rc<Stuck<'s>>,
    },
    /// What comes before it in the sequence is done.
    After {
        done: &'s [Program<'s>],
        rest: Rc<Stuck<'s>>,
    },
    /// In a workflow that is called here, and that may have a `limit`ed number of runs.
    Called {
        place: Place<'s>,
        limited: bool,
        rest: Rc<Stuck<'s>>,
    },
    /// In two branches, or copies, at once.
    Beside(Rc<Stuck<'s>>, Rc<Stuck<'s>>),
}

/// Every way to stand still, each with one place that shows it.
pub(crate) type Stands<'s> = BTreeMap<Need, Rc<Stuck<'s>>>;

/// There are too many ways to stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Standing still in the part of the system that a ring reaches.
pub(crate) struct Standing<'s> {
    system: &'s System<'s>,
    ring: &'s Ring,
    /// Whether what a deadline ends counts, too.
    bounded: bool,
    /// Of each workflow, callees first; with its own permit.
    flows: BTreeMap<usize, Stands<'s>>,
    emits_matter: bool,
    left: usize,
}

/// How many needs may be made for one ring.
const BUDGET: usize = 20_000;
/// How many branches of one block may stand still in one place; they are nested in each other.
const DEEPEST_BLOCK: u32 = 1_024;
/// How many workflows may await each other in a chain; a place is as deep.
const DEEPEST: usize = 64;

impl<'s> Standing<'s> {
    /// The ways in which a run of each root can stand still.
    pub fn of_roots(
        system: &'s System<'s>,
        ring: &'s Ring,
        bounded: bool,
        order: &[usize],
    ) -> Result<Vec<(usize, Need, Rc<Stuck<'s>>)>, TooLarge> {
        let emits_matter = !ring.signals.is_empty();
        let mut standing =
            Standing { system, ring, bounded, flows: BTreeMap::new(), emits_matter, left: BUDGET };
        let mut depth: BTreeMap<usize, usize> = BTreeMap::new();
        for flow in order.iter().filter(|flow| ring.flows.contains(flow)) {
            let program = &system.flows[*flow].program;
            let deepest = callees(program).filter_map(|callee| depth.get(&callee)).max();
            let here = deepest.map_or(0, |deepest| deepest + 1);
            depth.insert(*flow, here);
            let stands = standing.run(program)?;
            if here > DEEPEST && !stands.is_empty() {
                return Err(TooLarge);
            }
            standing.flows.insert(*flow, stands);
        }
        let roots = (0..system.flows.len()).filter(|flow| system.flows[*flow].is_root);
        let stands = roots.filter_map(|flow| standing.flows.remove(&flow).map(|stands| (flow, stands)));
        Ok(stands
            .flat_map(|(flow, stands)| stands.into_iter().map(move |(need, stuck)| (flow, need, stuck)))
            .collect())
    }

    /// A run's signals are its own: nothing of them is left outside of it.
    fn run(&mut self, program: &'s Program<'s>) -> Result<Stands<'s>, TooLarge> {
        let mut stands = Stands::new();
        for (mut need, stuck) in self.stands(program)? {
            if need.waits.is_disjoint(&need.emitted) {
                need.waits.clear();
                need.emitted.clear();
                self.keep(&mut stands, need, stuck)?;
            }
        }
        Ok(stands)
    }

    fn stands(&mut self, program: &'s Program<'s>) -> Result<Stands<'s>, TooLarge> {
        match program {
            Program::Sequence(parts) => self.sequence(parts),
            Program::Choice(parts) => {
                let mut all = Stands::new();
                for part in parts {
                    for (need, stuck) in self.stands(part)? {
                        self.keep(&mut all, need, stuck)?;
                    }
                }
                Ok(all)
            }
            Program::Hold { lock, place, body } => self.hold(*lock, *place, body),
            Program::Parallel { branches, width } => self.parallel(branches, *width),
            Program::Race(branches) => self.race(branches),
            Program::Many { body, copies, width } => {
                let most = copies.unwrap_or(u32::MAX).min(width.unwrap_or(u32::MAX));
                self.many(body, most)
            }
            Program::Graph(nodes) => self.graph(nodes),
            Program::Call { flow, place } => Ok(self.called(*flow, *place)),
            Program::Wait { signal, place } if self.ring.signals.contains(signal) => {
                let need = Need { waits: BTreeSet::from([*signal]), ..Need::default() };
                Ok(Stands::from([(need, Rc::new(Stuck::Signal { signal: *signal, place: *place }))]))
            }
            Program::Bounded(inside) if self.bounded => self.stands(inside),
            Program::Bounded(_) | Program::Wait { .. } | Program::Emit(_) => Ok(Stands::new()),
        }
    }

    fn called(&self, flow: usize, place: Place<'s>) -> Stands<'s> {
        let stands = self.flows.get(&flow).into_iter().flatten();
        let called = stands.map(|(need, stuck)| {
            let limited = match &**stuck {
                Stuck::Permit { lock, .. } | Stuck::Inside { lock, .. } => {
                    matches!(self.system.locks[*lock].what, What::Runs { workflow, .. } if workflow == self.system.flows[flow].name)
                }
                _ => false,
            };
            (need.clone(), Rc::new(Stuck::Called { place, limited, rest: stuck.clone() }))
        });
        called.collect()
    }

    fn sequence(&mut self, parts: &'s [Program<'s>]) -> Result<Stands<'s>, TooLarge> {
        let mut all = Stands::new();
        let mut emitted = BTreeSet::new();
        for (at, part) in parts.iter().enumerate() {
            for (mut need, stuck) in self.stands(part)? {
                need.emitted.extend(&emitted);
                let done = &parts[..at];
                let stuck = if at == 0 { stuck } else { Rc::new(Stuck::After { done, rest: stuck }) };
                self.keep(&mut all, need, stuck)?;
            }
            if self.emits_matter {
                emitted.extend(part.emits());
            }
        }
        Ok(all)
    }

    fn hold(
        &mut self,
        lock: LockId,
        place: Place<'s>,
        body: &'s Program<'s>,
    ) -> Result<Stands<'s>, TooLarge> {
        let inside = self.stands(body)?;
        if !self.ring.locks.contains(&lock) && !self.ring.around.contains(&lock) {
            return Ok(inside);
        }
        // Runs with keys of their own do not wait for each other.
        let free = matches!(self.system.locks[lock].what, What::Runs { keyed: true, .. });
        let mut all = if free { inside.clone() } else { Stands::new() };
        for (mut need, stuck) in inside {
            let held = need.held.entry(lock).or_insert(0);
            *held += 1;
            if *held <= self.system.locks[lock].capacity {
                self.keep(&mut all, need, Rc::new(Stuck::Inside { lock, place, rest: stuck }))?;
            }
        }
        if self.ring.locks.contains(&lock) {
            let need = Need { wants: BTreeSet::from([lock]), ..Need::default() };
            self.keep(&mut all, need, Rc::new(Stuck::Permit { lock, place }))?;
        }
        Ok(all)
    }

    /// Each branch stands still or is done; at least one stands still.
    fn parallel(&mut self, branches: &'s [Program<'s>], width: Option<u32>) -> Result<Stands<'s>, TooLarge> {
        let mut partial = Partial::start(width);
        for branch in branches {
            let more = Further { stands: self.stands(branch)?, done: Some(self.emits(branch)), node: None };
            partial = self.further(&partial, &more)?;
        }
        Ok(partial.standing())
    }

    /// What needs a node that stands still has not begun.
    fn graph(&mut self, nodes: &'s [Node<'s>]) -> Result<Stands<'s>, TooLarge> {
        let mut partial = Partial::start(None);
        // For each node those before it that may stand still, and keep it from beginning.
        let mut before: Vec<BTreeSet<usize>> = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let stands = self.stands(&node.program)?;
            let mut needs = BTreeSet::new();
            for need in &node.needs {
                for other in &before[*need] {
                    self.spend()?;
                    needs.insert(*other);
                }
            }
            let more = Further { stands, done: Some(self.emits(&node.program)), node: Some((at, &needs)) };
            partial = self.further(&partial, &more)?;
            if !more.stands.is_empty() {
                needs.insert(at);
            }
            before.push(needs);
        }
        Ok(partial.standing())
    }

    fn emits(&self, program: &Program<'_>) -> BTreeSet<SignalId> {
        if self.emits_matter { program.emits() } else { BTreeSet::new() }
    }

    /// No branch may be left that could still win.
    fn race(&mut self, branches: &'s [Branch<'s>]) -> Result<Stands<'s>, TooLarge> {
        let mut partial = Partial::start(None);
        for branch in branches {
            let done = branch.may_fail.then(|| self.emits(&branch.program));
            let more = Further { stands: self.stands(&branch.program)?, done, node: None };
            partial = self.further(&partial, &more)?;
        }
        Ok(partial.standing())
    }

    fn many(&mut self, body: &'s Program<'s>, most: u32) -> Result<Stands<'s>, TooLarge> {
        let more = Further { stands: self.stands(body)?, done: Some(self.emits(body)), node: None };
        let mut all = Partial::start(Some(most));
        let mut latest = Partial::start(Some(most));
        // A further copy that stands still holds more, and more than there is cannot be held: this ends.
        for _ in 0..most.min(DEEPEST_BLOCK + 1) {
            let next = self.further(&latest, &more)?;
            latest.ways.clear();
            for (key, (standing, stuck)) in next.ways {
                if !all.ways.contains_key(&key) {
                    all.keep(key.clone(), standing, stuck.clone());
                    latest.keep(key, standing, stuck);
                }
            }
            if latest.ways.is_empty() {
                break;
            }
        }
        Ok(all.standing())
    }

    /// One branch more beside those so far.
    fn further(&mut self, partial: &Partial<'s>, more: &Further<'s, '_>) -> Result<Partial<'s>, TooLarge> {
        let mut next = Partial { ways: BTreeMap::new(), width: partial.width };
        for ((need, nodes), (standing, stuck)) in &partial.ways {
            let unbegun = more.node.is_some_and(|(_, needs)| !needs.is_disjoint(nodes));
            if unbegun || more.done.is_some() {
                let mut need = need.clone();
                need.emitted.extend(more.done.iter().flatten().filter(|_| !unbegun));
                self.spend()?;
                next.keep((need, nodes.clone()), *standing, stuck.clone());
            }
            if unbegun || partial.width.is_some_and(|width| *standing >= width) {
                continue;
            }
            for (other, beside) in &more.stands {
                // A branch that holds nothing adds nothing to one that stands still already.
                let idle = other.held.is_empty() && !self.emits_matter && more.done.is_some();
                if idle && stuck.is_some() {
                    continue;
                }
                if *standing >= DEEPEST_BLOCK {
                    return Err(TooLarge);
                }
                let Some(sum) = self.sum(need, other) else { continue };
                let stuck = match stuck {
                    Some(stuck) => Rc::new(Stuck::Beside(stuck.clone(), beside.clone())),
                    None => beside.clone(),
                };
                let nodes = nodes.iter().copied().chain(more.node.map(|(at, _)| at)).collect();
                self.spend()?;
                next.keep((sum, nodes), standing + 1, Some(stuck));
            }
        }
        Ok(next)
    }

    /// Both at once, if there are permits enough.
    fn sum(&self, one: &Need, other: &Need) -> Option<Need> {
        let mut sum = one.clone();
        for (lock, count) in &other.held {
            let held = sum.held.entry(*lock).or_insert(0);
            *held += count;
            if *held > self.system.locks[*lock].capacity {
                return None;
            }
        }
        sum.wants.extend(&other.wants);
        sum.waits.extend(&other.waits);
        sum.emitted.extend(&other.emitted);
        Some(sum)
    }

    fn keep(&mut self, all: &mut Stands<'s>, need: Need, stuck: Rc<Stuck<'s>>) -> Result<(), TooLarge> {
        self.spend()?;
        all.entry(need).or_insert(stuck);
        Ok(())
    }

    fn spend(&mut self) -> Result<(), TooLarge> {
        self.left = self.left.checked_sub(1).ok_or(TooLarge)?;
        Ok(())
    }
}

/// A branch, with what it has emitted where it may be done, and its place and needs in a graph.
struct Further<'s, 'n> {
    stands: Stands<'s>,
    done: Option<BTreeSet<SignalId>>,
    node: Option<(usize, &'n BTreeSet<usize>)>,
}

/// What some branches need, and which nodes of a graph stand still.
type Way = (Need, BTreeSet<usize>);

/// Some branches of a block, each done or standing still, with the smallest number of those that stand.
struct Partial<'s> {
    ways: BTreeMap<Way, (u32, Option<Rc<Stuck<'s>>>)>,
    width: Option<u32>,
}

impl<'s> Partial<'s> {
    fn start(width: Option<u32>) -> Partial<'s> {
        Partial { ways: BTreeMap::from([(Way::default(), (0, None))]), width }
    }

    fn keep(&mut self, way: Way, standing: u32, stuck: Option<Rc<Stuck<'s>>>) {
        if self.ways.get(&way).is_none_or(|(fewest, _)| standing < *fewest) {
            self.ways.insert(way, (standing, stuck));
        }
    }

    fn standing(self) -> Stands<'s> {
        self.ways.into_iter().filter_map(|((need, _), (_, stuck))| Some((need, stuck?))).collect()
    }
}

pub(crate) fn callees<'p>(program: &'p Program<'_>) -> impl Iterator<Item = usize> + use<'p> {
    let mut pending = vec![program];
    std::iter::from_fn(move || {
        loop {
            let program = pending.pop()?;
            pending.extend(program.parts());
            if let Program::Call { flow, .. } = program {
                return Some(*flow);
            }
        }
    })
}
