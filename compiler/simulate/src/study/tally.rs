//! Counting while runs go on: ends, failures, calls, waits for permits, and what each run waited for.
//!
//! It knows events; what the counts say stands in `report.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use conductor_protocol::state::RunState;

use super::path::{Interval, critical};
use crate::clock::Micros;
use crate::trace::{Event, Sink, Stopped, What};

/// What was counted of one pool.
#[derive(Debug, Default)]
pub(super) struct PoolTally {
    pub waits: Vec<Micros>,
    pub held: Micros,
    waiting: BTreeMap<(Arc<str>, Arc<str>), Micros>,
    holding: BTreeMap<(Arc<str>, Arc<str>), Vec<Micros>>,
}

/// What was counted of one task.
#[derive(Debug, Default)]
pub(super) struct TaskTally {
    pub calls: u64,
    pub failed: u64,
}

/// Why runs failed at a step.
#[derive(Debug, Default)]
pub(super) struct FailureTally {
    pub failed: u64,
    pub tolerated: u64,
    pub errors: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub ends: BTreeMap<RunState, u64>,
    /// Runs that waited for something that did not come.
    pub stuck: u64,
    /// Runs that took too many steps.
    pub unfinished: u64,
    pub durations: Vec<Micros>,
    pub tasks: BTreeMap<String, TaskTally>,
    pub failures: BTreeMap<String, FailureTally>,
    pub pools: BTreeMap<Arc<str>, PoolTally>,
    /// Time on the critical path by step; all of it together is the sum of the durations.
    pub critical: BTreeMap<String, Micros>,
    /// The time that all worlds together lasted.
    pub observed: Micros,
    open: BTreeMap<Arc<str>, OpenRun>,
    /// The task of each attempt that has not ended.
    calls: BTreeMap<(Arc<str>, Arc<str>), String>,
    last_at: Micros,
}

#[derive(Debug, Default)]
struct OpenRun {
    began: Micros,
    steps: BTreeMap<Arc<str>, Micros>,
    ended: Vec<(Arc<str>, Micros, Micros)>,
}

impl Tally {
    pub fn new(runs: u32) -> Tally {
        let durations = Vec::with_capacity(usize::try_from(runs.min(1 << 20)).unwrap_or(0));
        Tally { durations, ..Tally::default() }
    }

    /// A new world begins.
    pub fn begin(&mut self) {
        self.last_at = 0;
    }

    /// The world has stopped.
    pub fn stopped(&mut self, stopped: &Stopped) {
        let left = self.open.len() as u64;
        match stopped {
            Stopped::Ended => {}
            Stopped::Stuck(_) => self.stuck += left,
            Stopped::Budget => self.unfinished += left,
        }
        self.observed += self.last_at;
        self.open.clear();
        self.calls.clear();
        for pool in self.pools.values_mut() {
            pool.waiting.clear();
            let held = std::mem::take(&mut pool.holding).into_values().flatten();
            pool.held += held.map(|since| self.last_at.saturating_sub(since)).sum::<Micros>();
        }
    }

    fn step_ended(&mut self, event: &Event, key: &Arc<str>) {
        if let Some(run) = self.open.get_mut(&event.run)
            && let Some(from) = run.steps.remove(key)
        {
            run.ended.push((key.clone(), from, event.at_us));
        }
    }

    fn run_ended(&mut self, event: &Event, state: RunState) {
        let Some(run) = self.open.remove(&event.run) else { return };
        *self.ends.entry(state).or_default() += 1;
        self.durations.push(event.at_us - run.began);
        let intervals = run.ended.iter().map(|(key, from, to)| Interval { name: key, from: *from, to: *to });
        for (key, time) in critical(intervals.collect(), run.began, event.at_us) {
            match self.critical.get_mut(&**key) {
                Some(sum) => *sum += time,
                None => *self.critical.entry(pattern(key)).or_default() += time,
            }
        }
    }

    fn attempt_failed(&mut self, event: &Event, key: &Arc<str>) {
        if let Some(task) = self.calls.remove(&(event.run.clone(), key.clone())) {
            self.tasks.entry(task).or_default().failed += 1;
        }
    }

    fn permit(
        &mut self,
        event: &Event,
        key: &Arc<str>,
        pool: &Arc<str>,
    ) -> (&mut PoolTally, (Arc<str>, Arc<str>)) {
        (self.pools.entry(pool.clone()).or_default(), (event.run.clone(), key.clone()))
    }
}

impl Sink for Tally {
    fn event(&mut self, event: Event) {
        self.last_at = event.at_us;
        match &event.what {
            What::RunStarted { .. } if !event.run.contains('/') => {
                self.open.insert(event.run.clone(), OpenRun { began: event.at_us, ..OpenRun::default() });
            }
            What::RunEnded(end) => self.run_ended(&event, end.state),
            What::StepStarted { key, .. } => {
                if let Some(run) = self.open.get_mut(&event.run) {
                    run.steps.insert(key.clone(), event.at_us);
                }
            }
            What::AttemptStarted { key, task, .. } => {
                self.tasks.entry(task.clone()).or_default().calls += 1;
                self.calls.insert((event.run.clone(), key.clone()), task.clone());
            }
            What::Hedged { key, .. } => {
                if let Some(task) = self.calls.get(&(event.run.clone(), key.clone())) {
                    self.tasks.entry(task.clone()).or_default().calls += 1;
                }
            }
            What::AttemptFailed { key, .. } => self.attempt_failed(&event, key),
            What::StepSucceeded { key, .. } | What::StepCancelled { key, .. } => {
                self.calls.remove(&(event.run.clone(), key.clone()));
                self.step_ended(&event, key);
            }
            What::StepFailed { key, error, tolerated, .. } => {
                self.attempt_failed(&event, key);
                let failure = self.failures.entry(pattern(key)).or_default();
                *(if *tolerated { &mut failure.tolerated } else { &mut failure.failed }) += 1;
                let name = error.types.first().cloned().unwrap_or_default();
                *failure.errors.entry(name).or_default() += 1;
                self.step_ended(&event, key);
            }
            What::PermitWaiting { key, pool } => {
                let (pool, who) = self.permit(&event, key, pool);
                pool.waiting.insert(who, event.at_us);
            }
            What::PermitAcquired { key, pool } => {
                let (pool, who) = self.permit(&event, key, pool);
                let since = pool.waiting.remove(&who).unwrap_or(event.at_us);
                pool.waits.push(event.at_us - since);
                pool.holding.entry(who).or_default().push(event.at_us);
            }
            What::PermitReleased { key, pool } => {
                let (pool, who) = self.permit(&event, key, pool);
                if let Some(since) = pool.holding.get_mut(&who).and_then(Vec::pop) {
                    pool.held += event.at_us - since;
                }
                if pool.holding.get(&who).is_some_and(Vec::is_empty) {
                    pool.holding.remove(&who);
                }
            }
            _ => {}
        }
    }
}

/// The key with every index as `*`: `each_item[*].resize`.
pub(super) fn pattern(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    let mut inside = false;
    for letter in key.chars() {
        match letter {
            '[' => text.push_str("[*"),
            _ if inside && letter != ']' => {}
            _ => text.push(letter),
        }
        inside = letter == '[' || (inside && letter != ']');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn indexes_are_left_out() {
        assert_eq!(pattern("each[3].again[12].x"), "each[*].again[*].x");
        assert_eq!(pattern("charge"), "charge");
    }
}
