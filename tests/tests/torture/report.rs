//! What a storm came to: faults by kind, runs, steps and broken promises.
//!
//! It counts and prints.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Default)]
pub struct Report {
    pub episodes: usize,
    pub faults: BTreeMap<&'static str, usize>,
    pub runs: BTreeMap<String, usize>,
    pub steps: usize,
    pub executions: usize,
    pub owners: usize,
    pub returned: usize,
    pub violations: Vec<String>,
}

impl Report {
    pub fn fault(&mut self, kind: &'static str) {
        self.count(kind, 1);
    }

    pub fn count(&mut self, kind: &'static str, times: usize) {
        *self.faults.entry(kind).or_default() += times;
    }

    pub fn all_runs(&self) -> usize {
        self.runs.values().sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "faults: {}", self.faults.values().sum::<usize>())?;
        for (kind, count) in &self.faults {
            writeln!(formatter, "  {count:>6} {kind}")?;
        }
        writeln!(formatter, "runs: {} in {} storms", self.all_runs(), self.episodes)?;
        for (state, count) in &self.runs {
            writeln!(formatter, "  {count:>6} {state}")?;
        }
        writeln!(formatter, "steps that ended: {}", self.steps)?;
        writeln!(formatter, "executions of effects: {}", self.executions)?;
        writeln!(formatter, "changes of owner: {}", self.owners)?;
        writeln!(formatter, "results seen by callers: {}", self.returned)?;
        writeln!(formatter, "violations: {}", self.violations.len())
    }
}
