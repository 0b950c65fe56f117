//! The HTTP API, over the Unix socket and over TCP.

use std::net::TcpStream;

use conductor_daemon::Options;
use serde_json::json;

use crate::support::{Daemon, request, step_started, succeeded};

#[test]
fn a_run_started_over_http_is_dispatched_and_pinned_then() {
    let daemon = Daemon::new();
    let (status, body) = daemon.http("POST", "/v1/workflows/w/runs", r#"{"input": {"n": 1}}"#);
    assert_eq!(status, 404, "{body}");
    let mut server = daemon.client("a");
    server.hello(0);
    let (status, body) = daemon.http("POST", "/v1/workflows/nope/runs", "{}");
    assert_eq!((status, &body["error"]["workflows"]), (404, &json!(["w"])));
    let (status, body) = daemon.http("POST", "/v1/workflows/w/runs", r#"{"input": {"n": 1}, "run_id": "r"}"#);
    assert_eq!((status, &body["id"], &body["state"]), (202, &json!("r"), &json!("running")));
    let view = daemon.run_when("r", |_| true);
    assert_eq!((&view["plan"], &view["waiting_for"]), (&json!(null), &json!("a session that serves w")));
    // Idempotent, unless the input differs.
    assert_eq!(daemon.http("POST", "/v1/workflows/w/runs", r#"{"input": {"n": 1}, "run_id": "r"}"#).0, 202);
    assert_eq!(daemon.http("POST", "/v1/workflows/w/runs", r#"{"input": {"n": 2}, "run_id": "r"}"#).0, 409);
    let mut server = daemon.client("b");
    server.hello(1);
    let dispatch = server.notice("run.dispatch");
    assert_eq!(
        (&dispatch["plan"], &dispatch["epoch"], &dispatch["next_seq"]),
        (&json!("p"), &json!(1), &json!(2))
    );
    let read = server.call("run.read", json!({"run": "r", "from": 0}));
    assert_eq!(read["records"][1]["entries"][0]["run_resumed"]["plan"], "p");
    assert_eq!(daemon.run_when("r", |_| true)["plan"], "p");
    assert_eq!(daemon.http("POST", "/v1/workflows/w/runs", r#"{"inputs": 1}"#).0, 422);
    assert_eq!(daemon.http("POST", "/v1/workflows/w/runs", "{").0, 400);
}

#[test]
fn a_run_is_shown_with_steps_attempts_and_owners() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    let error = json!({"types": ["E"], "message": "reset"});
    owner.record("r", 1, 1, step_started("a"));
    owner.record("r", 1, 2, json!({"attempt_failed": {"key": "a", "attempt": 1, "error": error, "retry_at": 1_790_000_000_300_i64, "at": 1_790_000_000_200_i64}}));
    owner.record(
        "r",
        1,
        3,
        json!({"step_started": {"key": "a", "task": "a", "attempt": 2, "at": 1_790_000_000_300_i64}}),
    );
    owner.record("r", 1, 4, json!({"step_failed": {"key": "a", "attempt": 2, "error": error, "tolerated": true, "at": 1_790_000_000_400_i64}}));
    owner.record("r", 1, 5, json!({"step_skipped": {"key": "b", "at": 1_790_000_000_400_i64}}));
    owner.record(
        "r",
        1,
        6,
        json!({"run_failed": {"error": error, "step": "a", "attempts": 2, "at": 1_790_000_000_500_i64}}),
    );
    owner.acked("r", 6);
    let (status, view) = daemon.http("GET", "/v1/runs/r", "");
    assert_eq!(status, 200);
    assert_eq!(view["state"], "failed");
    assert_eq!(view["started_at"], "2026-09-21T14:13:20.000Z");
    assert_eq!(view["finished_at"], "2026-09-21T14:13:20.500Z");
    assert_eq!(view["error"], json!({"types": ["E"], "message": "reset", "step": "a", "attempts": 2}));
    assert_eq!(
        (&view["input"], &view["output"], &view["plan"]),
        (&json!({"n": 1}), &json!(null), &json!("p"))
    );
    let step = &view["steps"][0];
    assert_eq!(
        (&step["key"], &step["task"], &step["state"], &step["attempts"]),
        (&json!("a"), &json!("a"), &json!("tolerated"), &json!(2))
    );
    assert_eq!(step["history"][0]["outcome"], "failed");
    assert_eq!(step["history"][0]["retry_at"], "2026-09-21T14:13:20.300Z");
    assert_eq!(step["history"][1]["finished_at"], "2026-09-21T14:13:20.400Z");
    assert_eq!((&view["steps"][1]["state"], &view["steps"][1]["task"]), (&json!("skipped"), &json!(null)));
    assert_eq!(view["owners"][0]["session"], "a");
    assert_eq!(daemon.http("GET", "/v1/runs/none", "").0, 404);
}

#[test]
fn a_step_that_fell_back_says_after_what() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    let error = json!({"types": ["GrpcError"], "code": "UNAVAILABLE", "message": "refused"});
    let at = 1_790_000_000_200_i64;
    let entries = [
        step_started("a"),
        json!({"attempt_failed": {"key": "a", "attempt": 1, "error": error, "at": at}}),
        json!({"step_started": {"key": "a.fallback", "task": "b", "attempt": 1, "at": at}}),
        json!({"step_succeeded": {"key": "a.fallback", "attempt": 1, "output": 7, "at": at}}),
        json!({"step_succeeded": {"key": "a", "attempt": 1, "output": 7, "at": at}}),
    ];
    for (seq, entry) in (1..).zip(entries) {
        owner.record("r", 1, seq, entry);
    }
    owner.acked("r", 5);
    let (_, view) = daemon.http("GET", "/v1/runs/r", "");
    let step = &view["steps"][0];
    assert_eq!(
        (&step["state"], &step["output"], &step["error"]),
        (&json!("succeeded"), &json!(7), &json!(null))
    );
    assert_eq!(step["fell_back"], error);
    // Its one attempt failed: the result is not of a second one.
    assert_eq!(step["history"].as_array().unwrap().len(), 1, "{step}");
    assert_eq!((&step["history"][0]["outcome"], &step["history"][0]["error"]), (&json!("failed"), &error));
    let instead = &view["steps"][1];
    assert_eq!((&instead["key"], &instead["state"]), (&json!("a.fallback"), &json!("succeeded")));
    assert_eq!(instead.get("fell_back"), None);
}

#[test]
fn lists_are_filtered_and_paged() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    for run in ["r1", "r2", "r3"] {
        owner.start(run);
    }
    owner.record("r2", 1, 1, succeeded(&json!(1)));
    owner.acked("r2", 1);
    owner.acked("r3", 0);
    let ids = |path: &str| {
        let (status, page) = daemon.http("GET", path, "");
        assert_eq!(status, 200, "{page}");
        let ids: Vec<String> = page["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, page["next"].as_str().map(str::to_owned))
    };
    let (first, next) = ids("/v1/runs?limit=2");
    assert_eq!(first, ["r3", "r2"]);
    let (second, end) = ids(&format!("/v1/runs?limit=2&cursor={}", next.unwrap()));
    assert_eq!((second, end), (vec!["r1".to_owned()], None));
    assert_eq!(ids("/v1/runs?state=succeeded").0, ["r2"]);
    assert!(ids("/v1/runs?workflow=other").0.is_empty());
    assert_eq!(daemon.http("GET", "/v1/runs?state=asleep", "").0, 400);
    assert_eq!(daemon.http("GET", "/v1/runs?cursor=x", "").0, 400);
}

#[test]
fn cancel_health_metrics_and_sessions() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    owner.record("r", 1, 1, step_started("a"));
    owner.acked("r", 1);
    let (status, _) = daemon.http("POST", "/v1/runs/r/cancel", r#"{"reason": "enough"}"#);
    assert_eq!(status, 202);
    assert_eq!(owner.notice("run.cancelling")["reason"], "enough");
    assert_eq!(daemon.run_when("r", |_| true)["cancel_reason"], "enough");
    assert_eq!(daemon.http("POST", "/v1/runs/none/cancel", "").0, 404);
    assert_eq!(daemon.http("GET", "/healthz", ""), (200, json!("ok\n")));
    assert_eq!(daemon.http("GET", "/readyz", ""), (200, json!("ready\n")));
    let (_, sessions) = daemon.http("GET", "/v1/sessions", "");
    assert_eq!(sessions["sessions"][0]["session"], "a");
    daemon.counts("conductor_runs_started_total{workflow=\"w\"} 1");
    daemon.counts("conductor_sessions 1");
    assert_eq!(daemon.http("GET", "/nope", "").0, 404);
}

#[test]
fn over_tcp_only_this_machines_names_are_served() {
    let temp = tempfile::tempdir().unwrap();
    let http = Some("127.0.0.1:0".parse().unwrap());
    let daemon = Daemon::with(Options { http, ..Options::in_folder(&temp.path().join("c")) });
    let get = |host: &str, headers: &str| {
        request(TcpStream::connect(daemon.address()).unwrap(), "GET", "/v1/runs", host, headers, "").0
    };
    let own = daemon.address().to_string();
    assert_eq!(get(&own, ""), 200);
    assert_eq!(get("localhost:1", ""), 200);
    assert_eq!(get("[::1]", "Origin: http://[::1]\r\n"), 200);
    // Another port of this machine is another's page.
    assert_eq!(get(&own, "Origin: http://127.0.0.1:3\r\n"), 403);
    assert_eq!(get("evil.example", ""), 403);
    assert_eq!(get("127.0.0.1.evil.example", ""), 403);
    assert_eq!(get(&own, "Origin: http://evil.example\r\n"), 403);
    assert_eq!(get(&own, "Origin: null\r\n"), 403);
}
