//! How often a run waits for the disk, from the barriers of its Plan.
//!
//! It knows places of barriers; how long a wait takes is the disk's business.

use conductor_protocol::plan::{Plan, Step, StepKind};
use serde::Serialize;

/// Waits of a run in which nothing is retried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Waits {
    /// The most there can be; the last is for the run's end. Without items of lists whose length nobody knows.
    pub most: u64,
    /// For each item of such a list: the id of the map, and the waits of one item.
    pub per_item: Vec<(String, u64)>,
}

/// The waits of one run of the Plan; a child's own are not among them.
#[must_use]
pub fn waits(plan: &Plan) -> Waits {
    if !plan.durable {
        return Waits::default();
    }
    let mut waits = of_steps(&plan.steps);
    waits.most = waits.most.saturating_add(1);
    waits
}

fn of_steps(steps: &[Step]) -> Waits {
    steps.iter().fold(Waits::default(), |all, step| all.and(of_step(step)))
}

fn of_step(step: &Step) -> Waits {
    let one = |barrier: bool| Waits { most: u64::from(barrier), per_item: Vec::new() };
    match &step.kind {
        StepKind::Task(call) => one(call.barrier),
        StepKind::Workflow(call) => one(call.barrier),
        StepKind::Emit(emit) => one(emit.barrier),
        StepKind::Switch { cases } => {
            cases.iter().map(|case| of_steps(&case.steps)).fold(Waits::default(), Waits::or)
        }
        StepKind::Try(block) => {
            let catches = block.catches.iter().map(|catch| of_steps(&catch.steps));
            of_steps(&block.steps)
                .and(catches.fold(Waits::default(), Waits::or))
                .and(of_steps(&block.finally))
        }
        StepKind::Loop(block) => of_steps(&block.steps).times(u64::from(block.max_iterations)),
        StepKind::Map(map) => {
            let item = of_steps(&map.steps);
            match conductor_budget::written_length(&map.over) {
                Some(length) => item.times(length),
                None if item == Waits::default() => item,
                None => {
                    let own = [(step.id.clone(), item.most)].into_iter().filter(|(_, most)| *most > 0);
                    Waits { most: 0, per_item: own.chain(item.per_item).collect() }
                }
            }
        }
        _ => step.kind.bodies().into_iter().map(of_steps).fold(Waits::default(), Waits::and),
    }
}

impl Waits {
    fn and(mut self, more: Waits) -> Waits {
        self.per_item.extend(more.per_item);
        Waits { most: self.most.saturating_add(more.most), ..self }
    }

    fn or(mut self, other: Waits) -> Waits {
        self.per_item.extend(other.per_item);
        Waits { most: self.most.max(other.most), ..self }
    }

    fn times(self, count: u64) -> Waits {
        Waits { most: self.most.saturating_mul(count), ..self }
    }
}
