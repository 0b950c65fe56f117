//! What each role may do over HTTP, and whose name stands under what was done.

use serde_json::json;

use crate::support::{start, step_started, succeeded};
use crate::tls::{Site, line};

#[test]
fn each_role_may_do_what_is_its_own_and_nothing_else() {
    let site = Site::new();
    site.tokens(&[
        &line("shop", "app", "app"),
        &line("ada", "operator", "operator"),
        &line("board", "read-only", "read"),
    ]);
    let mut owner = site.client("app");
    owner.hello("a", json!([]));
    owner.call("run.start", start("r", json!({"n": 1})));
    owner.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": [step_started("a")]}));
    owner.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 1);
    // 403 is the gate's; every other answer is of somebody who was let through.
    let table = [
        ("GET", "/v1/runs", "", [true, true, true]),
        ("GET", "/v1/runs/r", "", [true, true, true]),
        ("GET", "/v1/breakers", "", [true, true, true]),
        ("GET", "/metrics", "", [true, true, true]),
        ("POST", "/v1/workflows/w/runs", "{}", [true, true, false]),
        ("POST", "/v1/runs/r/signals/s", "1", [true, true, false]),
        ("POST", "/v1/runs/r/cancel", "", [true, true, false]),
        ("POST", "/v1/runs/r/resume", "", [false, true, false]),
        ("POST", "/v1/runs/r/restart", r#"{"from": null}"#, [false, true, false]),
        ("PUT", "/v1/breakers/charge", r#"{"state": "open"}"#, [false, true, false]),
        ("GET", "/v1/policies", "", [true, true, true]),
        ("PUT", "/v1/policies/p", r#"{"numbers": {"retries": 1}}"#, [false, true, false]),
        ("DELETE", "/v1/policies/p", "", [false, true, false]),
        ("DELETE", "/v1/runs/none", "", [false, true, false]),
        ("DELETE", "/v1/runs", "", [false, true, false]),
        ("PUT", "/v1/nothing", "", [false, true, false]),
    ];
    for (method, path, body, allowed) in table {
        for (token, allowed) in ["app", "operator", "read"].into_iter().zip(allowed) {
            let (status, said) = site.http(token, method, path, body);
            assert_eq!(status != 403, allowed, "{token}: {method} {path}: {said}");
            assert_ne!(status, 401, "{token}: {method} {path}: {said}");
        }
    }
}

#[test]
fn what_was_purged_has_a_name_under_it() {
    let site = Site::new();
    site.tokens(&[&line("ops", "operator", "t1"), &line("shop", "app", "t2")]);
    let mut owner = site.client("t2");
    owner.hello("a", json!([]));
    for run in ["r1", "r2", "r3"] {
        owner.call("run.start", start(run, json!({"n": 1})));
        let done = json!([succeeded(&json!(1))]);
        owner.notify("step.record", json!({"run": run, "epoch": 1, "seq": 1, "entries": done}));
        owner.wait_for(|line| {
            line["method"] == "run.ack" && line["params"]["run"] == run && line["params"]["seq"] == 1
        });
    }
    assert_eq!(site.http("t1", "DELETE", "/v1/runs/r1?by=ada&reason=asked%20for", "").0, 200);
    assert_eq!(site.daemon.http("DELETE", "/v1/runs/r2", "").0, 200);
    let all = "/v1/runs?ended_before=2099-01-01T00:00:00Z&workflow=w";
    assert_eq!(site.http("t1", "DELETE", all, "").1["purged"], 1);
    // Nothing was there to purge: nothing is written down, and nothing of what is refused.
    assert_eq!(site.http("t1", "DELETE", all, "").1["purged"], 0);
    assert_eq!(site.http("t2", "DELETE", "/v1/runs/r3", "").0, 403);
    let (_, told) = site.http("t1", "GET", "/v1/audit?kind=purge", "");
    let decisions = told["decisions"].as_array().unwrap();
    let rows: Vec<_> =
        decisions.iter().map(|row| (&row["id"], &row["by"], &row["reason"], &row["decision"])).collect();
    let uid = format!("uid {}", rustix::process::geteuid().as_raw());
    let filter = json!({"ended_before": "2099-01-01T00:00:00Z", "workflow": "w", "state": null, "purged": 1});
    let wanted = [
        (&json!("*"), &json!("token ops"), &json!(""), &filter),
        (&json!("r2"), &json!(uid), &json!(""), &json!({"purged": 1})),
        (&json!("r1"), &json!("ada (token ops)"), &json!("asked for"), &json!({"purged": 1})),
    ];
    assert_eq!(rows, wanted);
}

#[test]
fn a_decision_has_the_name_of_the_token_under_it_whatever_its_sender_says() {
    let site = Site::new();
    site.tokens(&[&line("ops", "operator", "t1"), &line("shop", "app", "t2")]);
    let open = |by: &str| format!(r#"{{"state": "open", "by": "{by}"}}"#);
    site.http("t1", "PUT", "/v1/breakers/charge", &open("ada"));
    let (_, shown) = site.http("t1", "PUT", "/v1/breakers/charge", &open("eve (token root)"));
    assert_eq!(shown["by"], "eve (token root) (token ops)");
    assert_eq!(shown["history"][1]["by"], "ada (token ops)");
    let (_, local) = site.daemon.http("PUT", "/v1/breakers/charge", r#"{"state": "auto"}"#);
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(local["history"][0]["by"], format!("uid {uid}"));
    let mut owner = site.client("t2");
    owner.hello("a", json!([]));
    owner.call("run.start", start("r", json!({"n": 1})));
    let paused = json!([{"run_paused": {"reason": "unsure", "at": 1_790_000_000_100_i64}}]);
    owner.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": paused}));
    owner.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 1);
    let (status, told) = site.http("t1", "POST", "/v1/runs/r/resume", r#"{"reason": "seen"}"#);
    assert_eq!(status, 202, "{told}");
    assert_eq!(site.http("t1", "GET", "/v1/runs/r", "").1["reopened"][0]["by"], "token ops");
    // Who started a run from outside is known too; a program of this machine's user that says no name starts runs by the thousand.
    let start = |run: &str, by: &str| format!(r#"{{"run_id": "{run}", "input": {{"n": 1}}{by}}}"#);
    site.http("t2", "POST", "/v1/workflows/w/runs", &start("s1", ""));
    site.http("t2", "POST", "/v1/workflows/w/runs", &start("s2", r#", "by": "eve""#));
    for (run, by) in [("s3", ""), ("s4", r#", "by": "bob""#)] {
        assert_eq!(site.daemon.http("POST", "/v1/workflows/w/runs", &start(run, by)).0, 202);
    }
    let names = ["s1", "s2", "s3", "s4"].map(|run| {
        let (_, shown) = site.daemon.http("GET", &format!("/v1/runs/{run}"), "");
        shown.get("started_by").cloned()
    });
    assert_eq!(names, [Some(json!("token shop")), Some(json!("eve (token shop)")), None, Some(json!("bob"))]);
    site.http("t2", "POST", "/v1/runs/r/cancel", r#"{"reason": "enough"}"#);
    assert_eq!(site.http("t1", "GET", "/v1/runs/r", "").1["cancel_reason"], "enough (token shop)");
}
