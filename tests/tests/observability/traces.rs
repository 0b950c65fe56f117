//! Spans and log records, asked back of a collector.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use conductor_protocol::trace::{Place, hex, of_attempt, of_step};
use conductor_tests::eventually;
use conductor_tests::lab::told;
use conductor_tests::languages;
use conductor_tests::observability::{Collector, attribute};
use serde_json::Value;

use crate::shop::Shop;

fn id<'a>(span: &'a Value, name: &str) -> &'a str {
    span[name].as_str().unwrap_or_default()
}

/// The spans of a run, by id: each came once.
pub fn by_id(spans: &[Value], run: &str) -> Result<BTreeMap<String, Value>> {
    let mut found = BTreeMap::new();
    for span in spans.iter().filter(|span| attribute(span, "conductor.run").is_some_and(|id| id == run)) {
        let twice = found.insert(id(span, "spanId").to_owned(), span.clone());
        ensure!(twice.is_none(), "span {} came twice", span);
    }
    Ok(found)
}

pub fn ended(collector: &Collector, run: &str) -> Result<BTreeMap<String, Value>> {
    let root = hex(&Place::of_run(run, None).span);
    eventually(&format!("the span of run {run}"), || {
        let spans = by_id(&collector.spans()?, run)?;
        Ok(spans.contains_key(&root).then_some(spans))
    })
}

/// Every span but the run's own stands under another of the run.
pub fn is_one_tree(spans: &BTreeMap<String, Value>) -> Result<()> {
    let traces: BTreeSet<&str> = spans.values().map(|span| id(span, "traceId")).collect();
    ensure!(traces.len() == 1, "{traces:?}");
    let roots = spans.values().filter(|span| !spans.contains_key(id(span, "parentSpanId"))).count();
    ensure!(roots == 1, "{spans:#?}");
    Ok(())
}

#[test]
fn a_run_its_steps_and_attempts_are_spans_over_http_and_grpc() -> Result<()> {
    for variables in [Collector::over_http as fn(&Collector) -> _, Collector::over_grpc] {
        let collector = Collector::start()?;
        let shop = Shop::open(variables(&collector))?;
        shop.serve(&["flaky-1", "poor-1"])?;
        let spans = ended(&collector, "flaky-1")?;
        is_one_tree(&spans)?;
        for (what, id) in [
            ("the step", of_step("flaky-1/charge")),
            ("the first attempt", of_attempt("flaky-1/charge", 1)),
            ("the second attempt", of_attempt("flaky-1/charge", 2)),
            ("the sleep", of_step("flaky-1/breathe")),
        ] {
            ensure!(spans.contains_key(&hex(&id)), "{what} is missing in {spans:#?}");
        }
        let failed = &ended(&collector, "poor-1")?[&hex(&of_attempt("poor-1/charge", 1))];
        assert_eq!(failed["status"]["code"], 2);
        let event = &failed["events"][0];
        assert_eq!(attribute(event, "exception.type").and_then(Value::as_str), Some("shop.Declined"));
        let stack = attribute(event, "exception.stacktrace").and_then(Value::as_str).context("no stack")?;
        assert!(stack.contains("shop.py"), "{stack}");
        // The logs come after the spans of the same page.
        let said = eventually("the log", || {
            let logs = collector.logs()?;
            let of = |log: &&Value| attribute(log, "conductor.run").is_some_and(|run| run == "poor-1");
            Ok(logs.iter().filter(of).find(|log| log["severityText"] == "ERROR").cloned())
        })?;
        assert_eq!(attribute(&said, "conductor.step").and_then(Value::as_str), Some("charge"));
        assert_eq!(said["traceId"], failed["traceId"]);
    }
    Ok(())
}

#[test]
fn a_killed_sidecar_and_a_killed_application_give_each_span_once() -> Result<()> {
    let collector = Collector::start()?;
    let mut shop = Shop::open(collector.over_http())?;
    let first = shop.start(&["slow-1", "ada-1"])?;
    // While it lasts it is seen, and what it has done.
    let (look_up, charge) = (hex(&of_step("slow-1/look_up")), hex(&of_attempt("slow-1/charge", 1)));
    eventually("the first step", || {
        Ok(by_id(&collector.spans()?, "slow-1")?.contains_key(&look_up).then_some(()))
    })?;
    let begun = by_id(&collector.spans()?, "slow-1")?;
    assert!(begun.values().any(|span| span["name"] == "order started"), "{begun:#?}");
    ended(&collector, "ada-1")?;
    // What was taken is on the disk before long.
    std::thread::sleep(std::time::Duration::from_secs(1));
    first.kill()?;
    shop.sidecar()?.kill()?;
    shop.restart()?;
    shop.project.write("open", "")?;
    shop.serve(&["slow-1"])?;
    let spans = ended(&collector, "slow-1")?;
    is_one_tree(&spans)?;
    let again = &spans[&charge];
    assert_eq!(again["events"][0]["name"], "interrupted");
    let root = &spans[&hex(&Place::of_run("slow-1", None).span)];
    assert_eq!(root["events"][0]["name"], "resumed");
    ended(&collector, "ada-1").map(drop)
}

#[test]
fn steps_in_three_languages_are_one_tree_also_after_a_crash() -> Result<()> {
    let collector = Collector::start()?;
    let mut shop = Shop::of(languages::shop()?, collector.over_http())?;
    let _worker = languages::worker(&shop.project)?;
    let _notifier = languages::notifier(&shop.project)?;
    let first = languages::call(&shop.project, "order", "r", "ada")?;
    languages::charged(&shop.project, 1)?;
    first.kill()?;
    shop.sidecar()?.kill()?;
    shop.restart()?;
    shop.project.write("charge.open", "")?;
    told(languages::call(&shop.project, "order", "r", "ada")?)?;
    let spans = ended(&collector, "r")?;
    is_one_tree(&spans)?;
    for key in ["reserve", "charge", "notify"] {
        let step = spans.get(&hex(&of_step(&format!("r/{key}")))).with_context(|| format!("no {key}"))?;
        assert_eq!(attribute(step, "conductor.outcome").and_then(Value::as_str), Some("succeeded"));
        ensure!(spans.contains_key(&hex(&of_attempt(&format!("r/{key}"), 1))), "no attempt of {key}");
    }
    let root = &spans[&hex(&Place::of_run("r", None).span)];
    assert_eq!(root["events"][0]["name"], "resumed");
    Ok(())
}

#[test]
fn a_collector_that_is_away_loses_nothing_and_keeps_nobody_waiting() -> Result<()> {
    let mut collector = Collector::start()?;
    let mut shop = Shop::open(collector.over_grpc())?;
    collector.stop()?;
    shop.serve(&["ada-1", "ada-2", "poor-1"])?;
    eventually("a failure that is counted", || {
        let counted = shop.metrics()?;
        let is_counted = |line: &&str| line.starts_with("conductor_export_failures_total{");
        Ok(counted.lines().find(is_counted).map(str::to_owned))
    })?;
    // The sidecar ends in time, too, and what it has not sent waits in the journal.
    let began = std::time::Instant::now();
    let sidecar = shop.sidecar()?;
    sidecar.signal(rustix::process::Signal::TERM)?;
    sidecar.wait()?.expect_code(0)?;
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}", began.elapsed());
    collector.restart()?;
    shop.restart()?;
    for run in ["ada-1", "ada-2", "poor-1"] {
        is_one_tree(&ended(&collector, run)?)?;
    }
    let counted = shop.metrics()?;
    assert!(!counted.contains("conductor_export_lost_total{signal=\"spans\""), "{counted}");
    Ok(())
}

#[test]
fn log_lines_are_json_with_run_step_and_attempt() -> Result<()> {
    let mut shop = Shop::open(vec![("CONDUCTOR_LOG", "json".to_owned())])?;
    shop.serve(&["poor-1"])?;
    let mut sidecar = shop.sidecar()?;
    let line = eventually("the line", || {
        ensure!(sidecar.is_alive()?, "it ended");
        let text = sidecar.stderr();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(lines.into_iter().find(|line| line["level"] == "ERROR" && line["step"] == "charge"))
    })?;
    assert_eq!((&line["run"], &line["attempt"]), (&Value::from("poor-1"), &Value::from(1)));
    assert_eq!(line["trace_id"], hex(&Place::of_run("poor-1", None).trace));
    Ok(())
}
