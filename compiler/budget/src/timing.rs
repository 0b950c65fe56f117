//! The bounds of every step and workflow, in one pass from the inside out.
//!
//! It does not judge: what a bound is compared with is its callers' business.

use crate::backoff::longest_pauses;
use crate::combine::{in_order, scheduled};
use crate::least::Least;
use crate::order::callees_first;
use crate::work::{Call, Flow, Kind, Work};
use crate::worst::{Cause, Why, Worst};

/// The bounds of a step or workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing<'a> {
    /// The longest until it has ended, its own deadline left out. For a call the deadline of its policy is part of the
    /// work: a fallback comes after it.
    pub work: Worst<'a>,
    /// Of a block or workflow.
    pub deadline_ms: Option<u64>,
    /// The longest that undoing all of it takes, after a failure and outside of every deadline.
    pub compensation: Worst<'a>,
    /// The least it takes to succeed, its own deadline left out.
    pub least: Least,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowTiming<'a> {
    pub whole: Timing<'a>,
    /// Outer steps before those inside them, in source order.
    pub steps: Vec<Timing<'a>>,
}

impl<'a> Timing<'a> {
    const NOTHING: Timing<'static> =
        Timing { work: Worst::ZERO, deadline_ms: None, compensation: Worst::ZERO, least: Least::NOTHING };

    /// The longest until it has ended.
    #[must_use]
    pub fn worst(&self) -> Worst<'a> {
        self.work.capped(self.deadline_ms)
    }

    fn then(self, next: Timing<'a>) -> Timing<'a> {
        Timing {
            work: self.work.then(next.work),
            deadline_ms: None,
            compensation: self.compensation.then(next.compensation),
            least: self.least.then(next.least),
        }
    }

    /// The same with its deadline taken into account, as what stands around it sees it.
    fn seen(self) -> Timing<'a> {
        Timing { work: self.worst(), least: self.least.capped(self.deadline_ms), deadline_ms: None, ..self }
    }
}

/// The bounds of all flows, in their order.
#[must_use]
pub fn timings<'a>(flows: &[Flow<'a>]) -> Vec<FlowTiming<'a>> {
    let mut done: Vec<Option<FlowTiming<'a>>> = vec![None; flows.len()];
    for index in callees_first(flows) {
        let flow = &flows[index];
        let mut pass = Pass { workflow: flow.id, done: &done, steps: Vec::new() };
        let inside = pass.sequence(&flow.steps);
        let steps = pass.steps;
        let whole = Timing { deadline_ms: flow.deadline_ms, ..inside };
        done[index] = Some(FlowTiming { whole, steps });
    }
    let missing = || FlowTiming { whole: Timing::NOTHING, steps: Vec::new() };
    done.into_iter().map(|timing| timing.unwrap_or_else(missing)).collect()
}

struct Pass<'a, 'p> {
    workflow: &'a str,
    done: &'p [Option<FlowTiming<'a>>],
    steps: Vec<Timing<'a>>,
}

impl<'a> Pass<'a, '_> {
    fn sequence(&mut self, steps: &[Work<'a>]) -> Timing<'a> {
        steps.iter().fold(Timing::NOTHING, |before, step| before.then(self.step(step)))
    }

    /// The step's bounds as its surroundings see them.
    fn step(&mut self, step: &Work<'a>) -> Timing<'a> {
        let place = self.steps.len();
        self.steps.push(Timing::NOTHING);
        let inside = Timing { deadline_ms: step.deadline_ms, ..self.kind(step) };
        self.steps[place] = inside;
        let mut seen = inside.seen();
        if step.conditional || (!step.critical && step.may_fail()) {
            seen.least = seen.least.or_nothing();
        }
        seen
    }

    fn kind(&mut self, step: &Work<'a>) -> Timing<'a> {
        let lasting = |work: Worst<'a>, least: Least| Timing { work, least, ..Timing::NOTHING };
        match &step.kind {
            Kind::Call(call) => Timing {
                work: self.call(step.id, call),
                compensation: call.compensate.as_ref().map_or(Worst::ZERO, |undo| self.call(step.id, undo)),
                ..Timing::NOTHING
            },
            Kind::Flow { detach: true, .. } | Kind::Instant => Timing::NOTHING,
            Kind::Flow { flow, detach: false } => self.child(step.id, *flow),
            Kind::Sequence(steps) => self.sequence(steps),
            Kind::Parallel { branches, width } => self.parallel(branches, *width),
            Kind::Graph(steps) => self.graph(steps),
            Kind::Race(branches) => self.race(branches),
            Kind::Map { length, width, steps } => self.map(step.id, *length, *width, steps),
            Kind::Switch { cases, exhaustive } => self.switch(cases, *exhaustive),
            Kind::Loop { iterations, every_ms, at_least_once, steps } => {
                self.repeat(u64::from(*iterations), *every_ms, *at_least_once, steps)
            }
            Kind::Try { steps, catches, finally } => self.attempt(steps, catches, finally),
            Kind::Sleep(Some(ms)) => lasting(Worst::Within(*ms), Least::after(*ms)),
            Kind::Sleep(None) => lasting(self.unbounded(step.id, Why::ComputedSleep), Least::NOTHING),
            Kind::Wait { timeout_ms: Some(ms), .. } => lasting(Worst::Within(*ms), Least::NOTHING),
            Kind::Wait { timeout_ms: None, .. } => {
                lasting(self.unbounded(step.id, Why::WaitsForever), Least::NOTHING)
            }
            Kind::Return => lasting(Worst::ZERO, Least { complete: None, exit: Some(0) }),
            Kind::Fail => lasting(Worst::ZERO, Least::NEVER),
        }
    }

    fn unbounded(&self, step: &'a str, why: Why) -> Worst<'a> {
        Worst::Unbounded(Cause { workflow: self.workflow, step, why })
    }

    /// All attempts with their pauses, then the fallback's.
    fn call(&self, step: &'a str, call: &Call<'a>) -> Worst<'a> {
        let policy = call.policy;
        let attempt = policy.timeout_ms.map(|timeout| match policy.hedge {
            Some(hedge) if hedge.after_ms < timeout => {
                hedge.after_ms.saturating_mul(hedge.max.into()).saturating_add(timeout)
            }
            _ => timeout,
        });
        let attempts = match (attempt, policy.retries) {
            (None, _) => self.unbounded(step, Why::NoTimeout),
            (Some(_), None) => self.unbounded(step, Why::RetriesForever),
            (Some(attempt), Some(retries)) => {
                let retries = u64::from(retries);
                let pauses = Worst::Within(longest_pauses(policy, retries));
                Worst::Within(attempt).times(retries + 1).then(pauses)
            }
        };
        let fallback = call.fallback.as_ref().map_or(Worst::ZERO, |fallback| self.call(step, fallback));
        attempts.capped(policy.deadline_ms).then(fallback)
    }

    /// A child ends by a `return` as well as by its last step, and undoes itself when it fails.
    fn child(&self, step: &'a str, flow: Option<usize>) -> Timing<'a> {
        let Some(flow) = flow else { return Timing::NOTHING };
        let Some(Some(callee)) = self.done.get(flow) else {
            let work = self.unbounded(step, Why::CallsItself);
            return Timing { work, ..Timing::NOTHING };
        };
        let whole = callee.whole.seen();
        Timing {
            work: whole.work.then(whole.compensation),
            least: Least { complete: whole.least.success(), exit: None },
            ..whole
        }
    }

    fn parallel(&mut self, branches: &[Work<'a>], width: Option<u32>) -> Timing<'a> {
        let inside: Vec<Timing<'a>> = branches.iter().map(|branch| self.step(branch)).collect();
        let mut block = Timing { least: Least::NOTHING, ..Timing::NOTHING };
        for branch in &inside {
            block.work = block.work.or(branch.work);
            block.compensation = block.compensation.then(branch.compensation);
            block.least = block.least.beside(branch.least);
        }
        let lengths: Option<Vec<u64>> = inside.iter().map(|branch| branch.work.milliseconds()).collect();
        if let Some(lengths) = lengths {
            block.work = Worst::Within(scheduled(&lengths, width));
        }
        block
    }

    fn graph(&mut self, steps: &[Work<'a>]) -> Timing<'a> {
        let inside: Vec<Timing<'a>> = steps.iter().map(|step| self.step(step)).collect();
        let (order, needs) = in_order(steps);
        let mut ends: Vec<(Worst<'a>, Least)> = vec![(Worst::ZERO, Least::NOTHING); steps.len()];
        let mut block = Timing::NOTHING;
        for index in order {
            let start = needs[index].iter().fold((Worst::ZERO, Least::NOTHING), |(work, least), need| {
                (work.or(ends[*need].0), least.beside(ends[*need].1))
            });
            ends[index] = (start.0.then(inside[index].work), start.1.then(inside[index].least));
            block.work = block.work.or(ends[index].0);
            block.least = block.least.beside(ends[index].1);
        }
        block.compensation = inside.iter().fold(Worst::ZERO, |before, step| before.then(step.compensation));
        block
    }

    /// As long as the longest branch, unless one that cannot fail wins before.
    fn race(&mut self, branches: &[Work<'a>]) -> Timing<'a> {
        let mut block = Timing { least: Least::NEVER, ..Timing::NOTHING };
        let mut sure: Option<u64> = None;
        for branch in branches {
            let inside = self.step(branch);
            block.work = block.work.or(inside.work);
            block.compensation = block.compensation.then(inside.compensation);
            block.least = block.least.or(inside.least);
            if !branch.conditional && !branch.may_fail() {
                let end = inside.work.milliseconds();
                sure = sure.into_iter().chain(end).min();
            }
        }
        block.work = block.work.capped(sure);
        block
    }

    fn map(
        &mut self,
        id: &'a str,
        length: Option<u64>,
        width: Option<u32>,
        steps: &[Work<'a>],
    ) -> Timing<'a> {
        let item = self.sequence(steps);
        let Some(length) = length else {
            let lengthened = |one: Worst<'a>, width| match one {
                Worst::Within(each_ms) if each_ms > 0 => self.unbounded(id, Why::Items { each_ms, width }),
                other => other,
            };
            return Timing {
                work: if width.is_some() { lengthened(item.work, width) } else { item.work },
                compensation: lengthened(item.compensation, Some(1)),
                least: Least { complete: Some(0), exit: item.least.exit },
                ..item
            };
        };
        let rounds = width.map_or(length.min(1), |width| length.div_ceil(u64::from(width.max(1))));
        let least = |time: Option<u64>| time.map(|time| time.saturating_mul(rounds));
        Timing {
            work: item.work.times(rounds),
            compensation: item.compensation.times(length),
            least: match length {
                0 => Least::NOTHING,
                _ => Least { complete: least(item.least.complete), exit: item.least.exit },
            },
            ..item
        }
    }

    fn switch(&mut self, cases: &[Vec<Work<'a>>], exhaustive: bool) -> Timing<'a> {
        let mut block = Timing { least: Least::NEVER, ..Timing::NOTHING };
        for case in cases {
            let inside = self.sequence(case);
            block.work = block.work.or(inside.work);
            block.compensation = block.compensation.or(inside.compensation);
            block.least = block.least.or(inside.least);
        }
        if !exhaustive {
            block.least = block.least.or_nothing();
        }
        block
    }

    fn repeat(
        &mut self,
        iterations: u64,
        every_ms: u64,
        at_least_once: bool,
        steps: &[Work<'a>],
    ) -> Timing<'a> {
        let body = self.sequence(steps);
        let pauses = Worst::Within(every_ms).times(iterations.saturating_sub(1));
        Timing {
            work: body.work.times(iterations).then(pauses),
            compensation: body.compensation.times(iterations),
            least: if at_least_once { body.least } else { body.least.or_nothing() },
            ..body
        }
    }

    /// At worst the body fails at its very end, and the longest catch runs.
    fn attempt(&mut self, steps: &[Work<'a>], catches: &[Vec<Work<'a>>], finally: &[Work<'a>]) -> Timing<'a> {
        let body = self.sequence(steps);
        let mut handlers = Timing { least: Least::NEVER, ..Timing::NOTHING };
        for catch in catches {
            let inside = self.sequence(catch);
            handlers.work = handlers.work.or(inside.work);
            handlers.compensation = handlers.compensation.or(inside.compensation);
            handlers.least = handlers.least.or(inside.least);
        }
        let fails = steps.iter().any(|step| step.critical && step.may_fail());
        let both = Timing {
            work: body.work.then(handlers.work),
            compensation: body.compensation.then(handlers.compensation),
            // The body may fail at once, and the handlers go on from there.
            least: if fails { body.least.or(handlers.least) } else { body.least },
            ..body
        };
        let end = self.sequence(finally);
        Timing { least: both.least.with_finally(end.least), ..both.then(end) }
    }
}
