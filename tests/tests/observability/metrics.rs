//! Known traffic, and what Prometheus says of it.

use anyhow::{Context, Result};
use conductor_tests::observability::{Prometheus, escaped, promtool};
use serde_json::Value;

use crate::shop::Shop;

/// Three orders that succeed, one of them at the second attempt, and one that fails.
const USERS: [&str; 4] = ["ada-1", "ada-2", "flaky-1", "poor-1"];

fn close(wanted: f64) -> impl Fn(f64) -> bool {
    move |found| (found - wanted).abs() < 1e-9
}

#[test]
fn prometheus_answers_what_happened() -> Result<()> {
    let shop = Shop::open(Vec::new())?;
    let prometheus = Prometheus::scraping(shop.port)?;
    shop.serve(&USERS)?;
    for (expression, wanted) in [
        ("conductor_runs_started_total{workflow=\"order\"}", 4.0),
        ("sum by (outcome) (conductor_runs_stopped_total{outcome=\"succeeded\"})", 3.0),
        ("conductor_run_failures_total{error_type=\"shop.Declined\"}", 1.0),
        ("conductor_steps_total{task=\"look_up\",outcome=\"succeeded\"}", 4.0),
        ("sum(conductor_attempts_total{task=\"charge\",outcome=\"failed\"})", 2.0),
        ("conductor_attempts_total{task=\"charge\",error_type=\"builtins.ConnectionError\"}", 1.0),
        ("conductor_retries_total{task=\"charge\"}", 1.0),
        ("conductor_open_runs", 0.0),
        ("sum(conductor_attempt_duration_seconds_count{task=\"charge\"})", 5.0),
        // The whole of a native histogram is one series.
        ("histogram_count(sum(conductor_run_duration_seconds))", 4.0),
        ("histogram_count(conductor_step_duration_seconds{task=\"ship\"})", 3.0),
        ("conductor_build_info", 1.0),
        // Which task fails most?
        ("topk(1, sum by (task) (conductor_attempts_total{outcome=\"failed\"}))", 2.0),
    ] {
        prometheus.eventually(expression, close(wanted))?;
    }
    prometheus.eventually("conductor_store_size_bytes", |bytes| bytes > 4096.0)?;
    prometheus.eventually("histogram_quantile(0.9, conductor_commit_duration_seconds)", |seconds| {
        seconds > 0.0 && seconds < 5.0
    })?;
    // Its processes are gone, and what they held with them.
    prometheus.eventually("conductor_resource_wait_duration_seconds_count{resource=\"desk\"}", |waits| {
        waits >= 1.0
    })?;
    Ok(())
}

#[test]
fn exemplars_lead_to_the_trace_of_the_run() -> Result<()> {
    let shop = Shop::open(Vec::new())?;
    shop.serve(&["poor-1"])?;
    let prometheus = Prometheus::scraping(shop.port)?;
    prometheus.eventually("conductor_run_failures_total", close(1.0))?;
    let query = escaped("conductor_runs_stopped_total");
    let path = format!("/api/v1/query_exemplars?query={query}&start=0&end=9999999999");
    let found = conductor_tests::eventually("an exemplar", || {
        let data = prometheus.get(&path)?;
        Ok(data[0]["exemplars"][0]["labels"]["trace_id"].as_str().map(str::to_owned))
    })?;
    // The first half of the SHA-256 of the run's id, as the protocol says.
    let place = conductor_protocol::trace::Place::of_run("poor-1", None);
    assert_eq!(found, conductor_protocol::trace::hex(&place.trace));
    Ok(())
}

#[test]
fn promtool_finds_nothing_to_say() -> Result<()> {
    let shop = Shop::open(Vec::new())?;
    shop.serve(&USERS)?;
    let text = shop.metrics()?;
    shop.project.write("metrics.txt", &text)?;
    let checked = promtool(&["check", "metrics"], &shop.path().join("metrics.txt"))?;
    assert_eq!((checked.code, checked.stdout.as_str(), checked.stderr.as_str()), (Some(0), "", ""));
    let lines = text.lines().filter(|line| line.starts_with("conductor_runs_stopped_total{")).count();
    assert_eq!(lines, 2, "{text}");
    Ok(())
}

#[test]
fn hostile_names_stay_inside_of_their_labels() -> Result<()> {
    let shop = Shop::open(Vec::new())?;
    let shop_py = shop.project.read("shop.py")?;
    // The name of a class that says what a metric would say.
    let named = shop_py.replace(
        "raise Declined(",
        "raise type('Evil\"} 1\\nconductor_evil_total 7 # <b>\\u202e' + 'x' * 5000, (Exception,), {})(",
    );
    shop.project.write("shop.py", &named)?;
    shop.serve(&["poor-1"])?;
    let text = shop.metrics()?;
    assert!(!text.lines().any(|line| line.starts_with("conductor_evil_total")), "{text}");
    assert!(text.lines().all(|line| line.len() < 2000), "a label is too long");
    shop.project.write("metrics.txt", &text)?;
    let checked = promtool(&["check", "metrics"], &shop.path().join("metrics.txt"))?;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    let run: Value = shop.run("poor-1")?;
    let state = run["state"].as_str().context("no state")?;
    assert_eq!(state, "failed");
    Ok(())
}
