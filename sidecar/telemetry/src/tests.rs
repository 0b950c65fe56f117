//! What was told stands in the text.

use std::collections::BTreeSet;
use std::time::Duration;

use conductor_protocol::permit::ResourceUse;
use conductor_protocol::plan::Scope;
use conductor_protocol::state::RunState;

use crate::names::DISTINCT;
use crate::{AttemptEnd, Form, Metrics, Now, RunEnd, StepEnd};

fn told(metrics: &Metrics, sessions: usize) -> String {
    let open_runs = vec![("order".into(), RunState::Waiting, 1)];
    let now = Now { sessions, open_runs, ..Now::default() };
    String::from_utf8(metrics.encode(Form::OpenMetrics, &now).unwrap()).unwrap()
}

#[test]
fn what_happened_is_in_the_text() {
    let metrics = Metrics::default();
    metrics.run_started("order");
    let took = Some(Duration::from_millis(20));
    metrics.run_stopped(&RunEnd {
        workflow: "order",
        state: RunState::Failed,
        error: Some("bank.Declined"),
        took,
        trace: Some("0af7"),
    });
    metrics.step_ended(&StepEnd { workflow: "order", task: Some("charge"), outcome: "succeeded", took });
    metrics.attempt_ended(&AttemptEnd {
        workflow: "order",
        task: None,
        outcome: "failed",
        error: Some("bank.Declined"),
        took,
        retried: true,
        trace: Some("0af7"),
    });
    metrics.refused("gap");
    metrics.commit(Duration::from_micros(150), 3);
    let text = told(&metrics, 2);
    for line in [
        "conductor_runs_started_total{workflow=\"order\"} 1",
        "conductor_runs_stopped_total{workflow=\"order\",outcome=\"failed\"} 1 # {trace_id=\"0af7\"} 1.0",
        "conductor_run_failures_total{workflow=\"order\",error_type=\"bank.Declined\"} 1",
        "conductor_run_duration_seconds_count{workflow=\"order\",outcome=\"failed\"} 1",
        "conductor_steps_total{workflow=\"order\",task=\"charge\",outcome=\"succeeded\"} 1",
        "conductor_step_duration_seconds_bucket{le=\"0.025\",workflow=\"order\",task=\"charge\"} 1",
        "conductor_retries_total{workflow=\"order\",task=\"unknown\"} 1",
        "conductor_attempts_total{workflow=\"order\",task=\"unknown\",outcome=\"failed\",error_type=\"bank.Declined\"} 1",
        "conductor_attempt_duration_seconds_bucket{le=\"0.025\",workflow=\"order\",task=\"unknown\"} 1 # {trace_id=\"0af7\"} 0.02",
        "conductor_refused_total{reason=\"gap\"} 1",
        "conductor_commit_records_bucket{le=\"4.0\"} 1",
        "conductor_sessions 2",
        "conductor_open_runs 1",
        "conductor_runs{workflow=\"order\",state=\"waiting\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

fn use_of(id: &str, scope: Scope, in_use: u32) -> ResourceUse {
    let id = id.to_owned();
    let waited_ms = vec![(0, 3), (40, 1)];
    ResourceUse { id, scope, limit: Some(4), in_use, waiting: 1, opened: 1, failed: 0, waited_ms }
}

#[test]
fn shares_of_processes_add_up_and_go_with_them() {
    let metrics = Metrics::default();
    let (one, other) = ((1, 10), (2, 10));
    metrics.resources(one, &[use_of("db", Scope::Process, 2), use_of("gpu", Scope::Host, 1)]);
    metrics.resources(other, &[use_of("db", Scope::Process, 4), use_of("gpu", Scope::Host, 2)]);
    metrics.resources(other, &[use_of("db", Scope::Process, 3)]);
    let text = told(&metrics, 2);
    for line in [
        "conductor_resource_in_use{resource=\"db\"} 5",
        "conductor_resource_limit{resource=\"db\"} 8",
        "conductor_resource_in_use{resource=\"gpu\"} 3",
        "conductor_resource_limit{resource=\"gpu\"} 4",
        "conductor_resource_waiting{resource=\"db\"} 2",
        "conductor_resource_opened_total{resource=\"db\"} 3",
        "conductor_resource_wait_duration_seconds_bucket{le=\"0.001\",resource=\"db\"} 9",
        "conductor_resource_wait_duration_seconds_count{resource=\"db\"} 12",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    metrics.only_of(&BTreeSet::from([one]));
    let text = told(&metrics, 1);
    assert!(text.contains("conductor_resource_in_use{resource=\"db\"} 2"), "{text}");
    metrics.only_of(&BTreeSet::new());
    let text = told(&metrics, 0);
    assert!(!text.contains("conductor_resource_in_use{"), "{text}");
}

#[test]
fn names_of_clients_cannot_fill_the_memory() {
    let metrics = Metrics::default();
    for index in 0..DISTINCT + 50 {
        metrics.run_started(&format!("w{index}"));
    }
    let text = told(&metrics, 0);
    assert!(text.contains("conductor_runs_started_total{workflow=\"other\"} 50"));
}
