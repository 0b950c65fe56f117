//! How much goes on, what fails, what is slow and what is waited for: read from the metrics, which count it already.
//!
//! It knows names of metrics and no page.

use std::collections::BTreeMap;

use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::{
    Histogram, Metric, MetricFamily,
};
use serde_json::{Map, Value, json};

/// What one task of one workflow has come to.
#[derive(Default)]
struct Task {
    ended: f64,
    failed: f64,
    attempts_failed: f64,
    /// Cumulative, by upper bound in seconds.
    buckets: Vec<(f64, u64)>,
}

/// Counts since the sidecar's start, and what is so now. Tasks that fail most stand first, then the slowest.
pub(crate) fn read(families: &[MetricFamily]) -> Value {
    let mut runs = Map::new();
    runs.insert("started".to_owned(), json!(total(families, "conductor_runs_started_total")));
    for outcome in ["succeeded", "failed", "cancelled", "paused"] {
        let all = family(families, "conductor_runs_stopped_total");
        let count: f64 = all.filter(|one| label(one, "outcome") == outcome).map(value).sum();
        runs.insert(outcome.to_owned(), whole(count));
    }
    let mut open_runs = Map::new();
    for state in ["running", "waiting", "paused"] {
        let all = family(families, "conductor_runs").filter(|one| label(one, "state") == state);
        open_runs.insert(state.to_owned(), whole(all.map(value).sum()));
    }
    json!({
        "open_runs": open_runs,
        "dispatchable_runs": total(families, "conductor_dispatchable_runs"),
        "sessions": total(families, "conductor_sessions"),
        "calls_waiting": total(families, "conductor_task_calls_waiting"),
        "runs": runs,
        "tasks": tasks(families),
        "resources": resources(families),
    })
}

fn tasks(families: &[MetricFamily]) -> Vec<Value> {
    let mut all: BTreeMap<(&str, &str), Task> = BTreeMap::new();
    let key = |one| (label(one, "workflow"), label(one, "task"));
    for one in family(families, "conductor_steps_total") {
        let task = all.entry(key(one)).or_default();
        task.ended += value(one);
        if label(one, "outcome") == "failed" {
            task.failed += value(one);
        }
    }
    for one in family(families, "conductor_attempts_total").filter(|one| label(one, "outcome") == "failed") {
        all.entry(key(one)).or_default().attempts_failed += value(one);
    }
    for one in family(families, "conductor_step_duration_seconds") {
        all.entry(key(one)).or_default().buckets = one.histogram.as_ref().map(native).unwrap_or_default();
    }
    let mut rows: Vec<_> =
        all.into_iter().map(|(key, task)| (key, quantile(&task.buckets, 0.95), task)).collect();
    rows.sort_by(|(_, slow, task), (_, other_slow, other)| {
        let fails = |task: &Task| (task.failed, task.attempts_failed);
        fails(other).partial_cmp(&fails(task)).unwrap_or(std::cmp::Ordering::Equal).then(other_slow.cmp(slow))
    });
    let shown = |((workflow, task), p95, counted): &((&str, &str), Option<u64>, Task)| {
        json!({
            "workflow": workflow,
            "task": task,
            "ended": whole(counted.ended),
            "failed": whole(counted.failed),
            "attempts_failed": whole(counted.attempts_failed),
            "p50_ms": quantile(&counted.buckets, 0.5),
            "p95_ms": p95,
        })
    };
    rows.iter().map(shown).collect()
}

fn resources(families: &[MetricFamily]) -> Vec<Value> {
    let of = |name: &str| -> BTreeMap<String, f64> {
        family(families, name).map(|one| (label(one, "resource").to_owned(), value(one))).collect()
    };
    let (limits, waiting) = (of("conductor_resource_limit"), of("conductor_resource_waiting"));
    let shown = |(resource, in_use): (String, f64)| {
        let limit = limits.get(&resource).copied().map(whole);
        let waiting = whole(waiting.get(&resource).copied().unwrap_or(0.0));
        json!({"resource": resource, "in_use": whole(in_use), "limit": limit, "waiting": waiting})
    };
    of("conductor_resource_in_use").into_iter().map(shown).collect()
}

/// Upper bounds in seconds, and how many lie below each, of the native buckets: those are narrower than the classic ones.
fn native(histogram: &Histogram) -> Vec<(f64, u64)> {
    let bound = |index: i32| f64::exp2(f64::from(index) / f64::exp2(f64::from(histogram.schema)));
    let mut buckets = vec![(histogram.zero_threshold, histogram.zero_count)];
    let (mut index, mut count, mut below) = (0, 0, histogram.zero_count);
    let mut deltas = histogram.positive_delta.iter();
    for span in &histogram.positive_span {
        index += span.offset;
        buckets.push((bound(index - 1), below));
        for delta in deltas.by_ref().take(span.length as usize) {
            count += delta;
            below += count.unsigned_abs();
            buckets.push((bound(index), below));
            index += 1;
        }
    }
    buckets
}

/// The milliseconds below which that part of what was seen lies, evenly spread within a bucket.
fn quantile(buckets: &[(f64, u64)], part: f64) -> Option<u64> {
    let seen = buckets.last().map_or(0, |(_, count)| *count);
    if seen == 0 {
        return None;
    }
    let wanted = part * float(seen);
    let (mut below, mut before) = (0.0, 0);
    for (bound, count) in buckets {
        if float(*count) >= wanted {
            let within = (wanted - float(before)) / float(count.saturating_sub(before).max(1));
            let at = below + (bound - below) * within;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "bounds are small and positive"
            )]
            return Some((at * 1000.0).round() as u64);
        }
        (below, before) = (*bound, *count);
    }
    None
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

fn family<'a>(families: &'a [MetricFamily], name: &str) -> impl Iterator<Item = &'a Metric> + use<'a> {
    let found = families.iter().find(|family| family.name == name);
    found.into_iter().flat_map(|family| &family.metric)
}

fn label<'a>(metric: &'a Metric, name: &str) -> &'a str {
    metric.label.iter().find(|pair| pair.name == name).map_or("", |pair| pair.value.as_str())
}

fn value(metric: &Metric) -> f64 {
    let counter = metric.counter.as_ref().map(|counter| counter.value);
    counter.or(metric.gauge.as_ref().map(|gauge| gauge.value)).unwrap_or(0.0)
}

fn total(families: &[MetricFamily], name: &str) -> Value {
    whole(family(families, name).map(value).sum())
}

/// A count without a fraction, as JSON.
fn whole(count: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "counts far below 2^52")]
    let count = count as i64;
    json!(count)
}

#[cfg(test)]
mod tests {
    use super::{Histogram, native, quantile};
    use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::BucketSpan;

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let buckets = [(0.1, 0), (0.2, 10), (1.0, 10), (2.0, 20)];
        assert_eq!(quantile(&buckets, 0.25), Some(150));
        assert_eq!(quantile(&buckets, 0.95), Some(1900));
        assert_eq!(quantile(&[(1.0, 0), (2.0, 0)], 0.5), None);
    }

    #[test]
    fn native_buckets_are_counted_up_over_gaps() {
        // Three in (1/2, 1], one in (1, 2], and after two empty ones five in (8, 16].
        let histogram = Histogram {
            schema: 0,
            positive_span: vec![BucketSpan { offset: 0, length: 2 }, BucketSpan { offset: 2, length: 1 }],
            positive_delta: vec![3, -2, 4],
            ..Histogram::default()
        };
        let buckets = native(&histogram);
        assert_eq!(buckets, [(0.0, 0), (0.5, 0), (1.0, 3), (2.0, 4), (8.0, 4), (16.0, 9)]);
        assert_eq!(quantile(&buckets, 1.0), Some(16_000));
    }
}
