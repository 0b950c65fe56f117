//! What a study says: durations, success, failures by step, calls, queues, critical path; and two of them compared.
//!
//! It knows numbers, not terminals. Times are milliseconds.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Plan, Resource, StepKind};
use conductor_protocol::state::RunState;
use serde::Serialize;

use super::Study;
use super::tally::Tally;
use crate::clock::Micros;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub workflow: String,
    pub seed: u64,
    pub runs: Counts,
    /// The share of runs that succeeded.
    pub success_rate: f64,
    /// Of all runs that ended, however they did.
    pub duration: Quantiles,
    /// Where runs failed, most often first.
    pub failures: Vec<Failing>,
    /// Calls of each task.
    pub calls: Vec<Dependency>,
    /// Resources, bulkheads and limits of workflows.
    pub pools: Vec<Pool>,
    /// Steps by their share of the time that runs waited for them.
    pub critical_path: Vec<Share>,
    /// The durations in bars of equal width.
    pub histogram: Vec<Bar>,
    /// Why there are fewer runs than were asked for.
    pub cut_short: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub asked: u32,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// They wait for a person.
    pub paused: u64,
    /// They wait for something that does not come.
    pub stuck: u64,
    /// They took too many steps.
    pub unfinished: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Quantiles {
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// A step at which attempts were exhausted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failing {
    /// The key, with `*` for indexes.
    pub step: String,
    pub failed: u64,
    pub tolerated: u64,
    /// The most frequent error.
    pub error: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependency {
    pub task: String,
    /// The resources that it uses.
    pub uses: Vec<String>,
    pub calls: u64,
    pub per_run: f64,
    /// The share of calls that failed or were not answered in time.
    pub failed: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pool {
    /// "resource `db`".
    pub name: String,
    pub limit: Option<u32>,
    pub taken: u64,
    /// The share of those who took a permit that had to wait.
    pub queued: f64,
    pub wait: Quantiles,
    /// The share of the permits that was held, on average over the time.
    pub utilisation: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    pub step: String,
    pub share: f64,
}

/// A bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bar {
    pub from: f64,
    pub to: f64,
    pub runs: u64,
}

/// Two scenarios beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub before: Report,
    pub after: Report,
    pub differences: Vec<Difference>,
}

/// A number that is not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// "duration p95", "calls of `charge` per run".
    pub what: String,
    /// `ms`, `share` or `calls`.
    pub unit: &'static str,
    pub before: f64,
    pub after: f64,
}

const BARS: usize = 12;

pub(super) fn of(plans: &[Plan], study: &Study, mut tally: Tally, cut_short: Option<String>) -> Report {
    let count = |state| tally.ends.get(&state).copied().unwrap_or(0);
    let runs = Counts {
        asked: study.runs,
        succeeded: count(RunState::Succeeded),
        failed: count(RunState::Failed),
        cancelled: count(RunState::Cancelled),
        paused: count(RunState::Paused),
        stuck: tally.stuck,
        unfinished: tally.unfinished,
    };
    let all = runs.succeeded + runs.failed + runs.cancelled + runs.paused + runs.stuck + runs.unfinished;
    let durations = std::mem::take(&mut tally.durations);
    let total: Micros = durations.iter().sum();
    let (duration, sorted) = quantiles(durations);
    Report {
        workflow: study.workflow.clone(),
        seed: study.seed,
        runs,
        success_rate: ratio(runs.succeeded, all),
        duration,
        failures: failures(&tally),
        calls: calls(plans, &tally, all),
        pools: pools(
            plans,
            tally.pools.into_iter().map(|(name, pool)| (name.to_string(), pool)),
            tally.observed,
        ),
        critical_path: shares(&tally.critical, total),
        histogram: histogram(&sorted),
        cut_short,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn milliseconds(micros: Micros) -> f64 {
    ratio(micros, 1000)
}

/// Nearest-rank percentiles; the values, sorted.
fn quantiles(mut values: Vec<Micros>) -> (Quantiles, Vec<Micros>) {
    values.sort_unstable();
    let count = values.len();
    let at = |percent: usize| {
        let rank = (count * percent).div_ceil(100).max(1);
        milliseconds(values.get(rank - 1).copied().unwrap_or(0))
    };
    let mean = ratio(values.iter().sum(), count as u64) / 1000.0;
    let max = milliseconds(values.last().copied().unwrap_or(0));
    (Quantiles { mean, p50: at(50), p95: at(95), p99: at(99), max }, values)
}

fn failures(tally: &Tally) -> Vec<Failing> {
    let mut all: Vec<Failing> = tally
        .failures
        .iter()
        .map(|(step, failure)| Failing {
            step: step.clone(),
            failed: failure.failed,
            tolerated: failure.tolerated,
            error: most_frequent(&failure.errors),
        })
        .collect();
    all.sort_by_key(|failing| std::cmp::Reverse(failing.failed + failing.tolerated));
    all
}

fn most_frequent(errors: &BTreeMap<String, u64>) -> String {
    errors.iter().max_by_key(|(_, count)| **count).map(|(name, _)| name.clone()).unwrap_or_default()
}

fn calls(plans: &[Plan], tally: &Tally, runs: u64) -> Vec<Dependency> {
    let mut uses: BTreeMap<&str, &[String]> = BTreeMap::new();
    for step in plans.iter().flat_map(Plan::all_steps) {
        if let StepKind::Task(call) = &step.kind {
            uses.insert(&call.task, &call.uses);
        }
    }
    let of = |(task, counted): (&String, &super::tally::TaskTally)| Dependency {
        task: task.clone(),
        uses: uses.get(task.as_str()).map(|uses| uses.to_vec()).unwrap_or_default(),
        calls: counted.calls,
        per_run: ratio(counted.calls, runs),
        failed: ratio(counted.failed.min(counted.calls), counted.calls),
    };
    tally.tasks.iter().map(of).collect()
}

fn pools(
    plans: &[Plan],
    counted: impl Iterator<Item = (String, super::tally::PoolTally)>,
    observed: Micros,
) -> Vec<Pool> {
    let limits = limits(plans);
    let of = |(name, pool): (String, super::tally::PoolTally)| {
        let limit = limits.get(&name).copied();
        let queued = pool.waits.iter().filter(|wait| **wait > 0).count() as u64;
        let taken = pool.waits.len() as u64;
        let utilisation = limit.map(|limit| ratio(pool.held, observed.saturating_mul(u64::from(limit))));
        Pool { name, limit, taken, queued: ratio(queued, taken), wait: quantiles(pool.waits).0, utilisation }
    };
    counted.map(of).collect()
}

/// How many permits each pool has, by the name that events give it.
fn limits(plans: &[Plan]) -> BTreeMap<String, u32> {
    let mut limits = BTreeMap::new();
    for plan in plans {
        let permits =
            |resource: &Resource| Some((format!("resource `{}`", resource.id), resource.permits()?));
        limits.extend(plan.resources.iter().filter_map(permits));
        if let Some(concurrency) = &plan.concurrency {
            limits.insert(format!("workflow `{}`", plan.workflow), concurrency.limit);
        }
        for step in plan.all_steps() {
            if let StepKind::Task(call) = &step.kind
                && let Some(limit) = call.policy.bulkhead
            {
                limits.insert(format!("bulkhead of `{}`", call.task), limit);
            }
        }
    }
    limits
}

fn shares(critical: &BTreeMap<String, Micros>, total: Micros) -> Vec<Share> {
    let mut all: Vec<Share> = critical
        .iter()
        .map(|(step, time)| Share { step: step.clone(), share: ratio(*time, total) })
        .collect();
    all.sort_by(|one, other| other.share.total_cmp(&one.share));
    all
}

/// From the shortest run to the 99th percentile; what is longer is in the last bar.
fn histogram(sorted: &[Micros]) -> Vec<Bar> {
    let (Some(first), Some(last)) = (sorted.first().copied(), sorted.last().copied()) else {
        return Vec::new();
    };
    let p99 = sorted[(sorted.len() * 99).div_ceil(100).max(1) - 1];
    let width = ((p99 - first) / BARS as u64).max(1);
    let mut bars: Vec<Bar> = (0..BARS as u64)
        .map(|index| {
            let from = first + index * width;
            Bar { from: milliseconds(from), to: milliseconds(from + width), runs: 0 }
        })
        .collect();
    for value in sorted {
        let index = usize::try_from((value - first) / width).unwrap_or(usize::MAX).min(BARS - 1);
        bars[index].runs += 1;
    }
    if let Some(bar) = bars.last_mut() {
        bar.to = bar.to.max(milliseconds(last));
    }
    // Where all runs last nearly the same, the bars beyond them say nothing.
    while bars.len() > 1 && bars.last().is_some_and(|bar| bar.runs == 0) {
        bars.pop();
    }
    bars
}

impl Comparison {
    #[must_use]
    pub fn of(before: Report, after: Report) -> Comparison {
        let (old, new) = (figures(&before), figures(&after));
        let names: std::collections::BTreeSet<&(usize, String)> = old.keys().chain(new.keys()).collect();
        let differences = names.into_iter().filter_map(|name| {
            let (unit, _) = old.get(name).or(new.get(name)).copied()?;
            let value = |of: &BTreeMap<(usize, String), (&'static str, f64)>| {
                of.get(name).map_or(0.0, |known| known.1)
            };
            let (from, to) = (value(&old), value(&new));
            let is_equal = (from - to).abs() <= f64::EPSILON * from.abs().max(to.abs());
            (!is_equal).then(|| Difference { what: name.1.clone(), unit, before: from, after: to })
        });
        let differences = differences.collect();
        Comparison { before, after, differences }
    }
}

/// The numbers worth comparing, in the order in which they are shown.
fn figures(report: &Report) -> BTreeMap<(usize, String), (&'static str, f64)> {
    let mut all = BTreeMap::new();
    let mut add = |group: usize, what: String, unit: &'static str, value: f64| {
        all.insert((group, what), (unit, value));
    };
    add(0, "success rate".to_owned(), "share", report.success_rate);
    let duration = &report.duration;
    for (name, value) in [("p50", duration.p50), ("p95", duration.p95), ("p99", duration.p99)] {
        add(1, format!("duration {name}"), "ms", value);
    }
    for call in &report.calls {
        add(2, format!("calls of `{}` per run", call.task), "calls", call.per_run);
    }
    for pool in &report.pools {
        add(3, format!("{}: mean wait", pool.name), "ms", pool.wait.mean);
        add(3, format!("{}: p95 wait", pool.name), "ms", pool.wait.p95);
        if let Some(utilisation) = pool.utilisation {
            add(3, format!("{}: utilisation", pool.name), "share", utilisation);
        }
    }
    all
}
