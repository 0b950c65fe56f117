//! How many calls of one task a run can send when that task keeps failing: attempts, multiplied by what tries again
//! around them.
//!
//! It knows numbers, not whether so many calls do harm.

use crate::order::callees_first;
use crate::work::{Call, Flow, Kind, Work};

/// A task whose attempts are multiplied by something around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amplified<'a> {
    /// The step of this flow that leads to the task: its call, or the call of a workflow.
    pub step: &'a str,
    pub task: &'a str,
    /// Inner ones first; at least one.
    pub layers: Vec<Layer<'a>>,
    /// The product of the layers, saturating.
    pub calls: u64,
    /// Whether a layer stands in this flow, and not all of them in one that it calls.
    pub here: bool,
}

/// A loop that lets so much time pass in each iteration does not press a service that is in trouble.
const LATER_MS: u64 = 60_000;

/// Something that makes calls again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer<'a> {
    /// The first call and its retries.
    Attempts { count: u64 },
    /// The calls beside each other of one attempt.
    Hedge { count: u64 },
    /// The iterations of a loop that goes on after a failure.
    Loop { step: &'a str, count: u64 },
}

impl Layer<'_> {
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Layer::Attempts { count } | Layer::Hedge { count } | Layer::Loop { count, .. } => *count,
        }
    }
}

/// The pauses that are written down in a step, time-outs of signals included.
fn pauses(step: &Work<'_>) -> u64 {
    let own = match step.kind {
        Kind::Sleep(Some(ms)) | Kind::Wait { timeout_ms: Some(ms), .. } => ms,
        _ => 0,
    };
    step.bodies().into_iter().flatten().map(pauses).fold(own, u64::saturating_add)
}

/// For each flow, its calls with two layers or more, by source order. Of a called flow only the worst counts.
#[must_use]
pub fn amplified<'a>(flows: &[Flow<'a>]) -> Vec<Vec<Amplified<'a>>> {
    let mut found: Vec<Vec<Amplified<'a>>> = vec![Vec::new(); flows.len()];
    let mut worst: Vec<Option<Amplified<'a>>> = vec![None; flows.len()];
    for index in callees_first(flows) {
        let mut walk = Walk { worst: &worst, found: Vec::new(), loops: Vec::new() };
        walk.steps(&flows[index].steps, 0);
        let calls = walk.found;
        worst[index] = calls.iter().max_by_key(|call| call.calls).cloned();
        found[index] = calls.into_iter().filter(|call| call.layers.len() > 1).collect();
    }
    found
}

struct Walk<'a, 'p> {
    worst: &'p [Option<Amplified<'a>>],
    found: Vec<Amplified<'a>>,
    /// Those around the step, outer ones first.
    loops: Vec<Layer<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn steps(&mut self, steps: &[Work<'a>], going_on: usize) {
        steps.iter().for_each(|step| self.step(step, going_on));
    }

    /// The first `going_on` loops around the step go on after a failure in it.
    fn step(&mut self, step: &Work<'a>, going_on: usize) {
        let going_on = if step.critical { going_on } else { self.loops.len() };
        match &step.kind {
            Kind::Call(call) => {
                let going_on = if call.has_fallback { self.loops.len() } else { going_on };
                self.found.extend(self.call(step.id, call, going_on));
            }
            Kind::Flow { flow: Some(flow), detach: false } => {
                let inner = self.worst.get(*flow).and_then(Option::as_ref);
                let around = self.around(going_on);
                let call = inner.map(|inner| {
                    let layers = inner.layers.iter().copied();
                    amplify(step.id, inner.task, layers.chain(around.iter().copied()), !around.is_empty())
                });
                self.found.extend(call);
            }
            Kind::Loop { iterations, every_ms, steps, .. } => {
                let pause = steps.iter().map(pauses).fold(*every_ms, u64::saturating_add);
                let again = if pause < LATER_MS { u64::from(*iterations) } else { 1 };
                self.loops.push(Layer::Loop { step: step.id, count: again });
                self.steps(steps, going_on);
                self.loops.pop();
            }
            // Each item is work of its own, and so is that of the next iteration around.
            Kind::Map { steps, .. } => {
                let around = std::mem::take(&mut self.loops);
                self.steps(steps, 0);
                self.loops = around;
            }
            Kind::Try { steps, catches, finally } => {
                let caught = if catches.is_empty() { going_on } else { self.loops.len() };
                self.steps(steps, caught);
                catches.iter().for_each(|catch| self.steps(catch, going_on));
                self.steps(finally, going_on);
            }
            _ => step.bodies().into_iter().for_each(|body| self.steps(body, going_on)),
        }
    }

    /// The loops that repeat a failing step, inner ones first.
    fn around(&self, going_on: usize) -> Vec<Layer<'a>> {
        self.loops.iter().take(going_on).rev().filter(|layer| layer.count() > 1).copied().collect()
    }

    fn call(&self, step: &'a str, call: &Call<'a>, going_on: usize) -> Option<Amplified<'a>> {
        let attempts = call.policy.retries.map(|retries| u64::from(retries) + 1)?;
        let hedge = call.policy.hedge.map(|hedge| u64::from(hedge.max) + 1);
        let own = [hedge.map(|count| Layer::Hedge { count }), Some(Layer::Attempts { count: attempts })];
        let own = own.into_iter().flatten().filter(|layer| layer.count() > 1);
        let call = amplify(step, call.task, own.chain(self.around(going_on)), true);
        (!call.layers.is_empty()).then_some(call)
    }
}

fn amplify<'a>(
    step: &'a str,
    task: &'a str,
    layers: impl Iterator<Item = Layer<'a>>,
    here: bool,
) -> Amplified<'a> {
    let layers: Vec<Layer<'a>> = layers.collect();
    let calls = layers.iter().fold(1_u64, |product, layer| product.saturating_mul(layer.count()));
    Amplified { step, task, layers, calls, here }
}
