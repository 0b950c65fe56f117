//! Numbers of policies: who has them, who changes them, who is told, and what is refused.

use serde_json::{Value, json};

use crate::support::{Client, Daemon, Process};

const PROVIDER: &str = "/v1/policies/provider";

/// A client of a process that was built with these numbers.
fn process(daemon: &Daemon, session: &str, numbers: Value) -> (Client, Value) {
    let mut client = daemon.client(session);
    let answer = client.hello_as(0, &Process::own(), json!([]));
    client.notify("policy.report", json!({"policies": [{"policy": "provider", "numbers": numbers}]}));
    client.call("ping", json!({}));
    (client, answer)
}

fn built() -> Value {
    json!({"retries": 3, "initial_ms": 200, "max_delay_ms": 30_000, "multiplier": 2.0, "timeout_ms": 2000,
           "deadline_ms": 60_000, "rate_limit": {"permits": 50, "per_ms": 1000}, "bulkhead": 8})
}

fn put(daemon: &Daemon, numbers: Value) -> (u16, Value) {
    let body = json!({"numbers": numbers, "reason": "a slow day", "by": "ada"});
    daemon.http("PUT", PROVIDER, &body.to_string())
}

#[test]
fn a_change_is_told_to_all_and_kept_with_its_trail() {
    let mut daemon = Daemon::new();
    let (mut one, answer) = process(&daemon, "one", built());
    assert_eq!(answer.get("policies"), None);
    let (mut other, _) = process(&daemon, "other", json!({"retries": 0, "initial_ms": 1, "max_delay_ms": 9}));
    let (status, view) = put(&daemon, json!({"retries": 5}));
    assert_eq!(status, 200, "{view}");
    for client in [&mut one, &mut other] {
        let told = client.notice("policy.changed");
        assert_eq!(told, json!({"policy": "provider", "numbers": {"retries": 5}}));
    }
    assert_eq!((&view["live"], &view["by"]), (&json!({"retries": 5}), &json!("ada")));
    let pid = std::process::id();
    let shown: Vec<(&Value, &Value)> = view["built"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (&group["numbers"]["retries"], &group["processes"]))
        .collect();
    assert_eq!(shown, [(&json!(3), &json!([pid])), (&json!(0), &json!([pid]))]);
    assert_eq!(view["built"][0]["numbers"]["rate_limit"], "50/s");
    drop(other);
    daemon.restart();
    let (mut one, answer) = process(&daemon, "one", built());
    assert_eq!(answer["policies"], json!([{"policy": "provider", "numbers": {"retries": 5}}]));
    let (_, view) = put(&daemon, json!({"timeout": "10s", "rate_limit": "5/m", "retries": "forever"}));
    let set = json!({"retries": "forever", "timeout": "10s", "rate_limit": "5/m"});
    assert_eq!(view["live"], set);
    let told = one.notice("policy.changed");
    let sent =
        json!({"retries": "forever", "timeout_ms": 10_000, "rate_limit": {"permits": 5, "per_ms": 60_000}});
    assert_eq!(told["numbers"], sent);
    let (_, view) = put(&daemon, json!({"rate_limit": null, "retries": 4}));
    assert_eq!(view["live"], json!({"retries": 4, "timeout": "10s"}));
    let (status, view) = daemon.http("DELETE", PROVIDER, r#"{"reason": "they are back", "by": "bob"}"#);
    assert_eq!((status, &view["live"], &view["since"]), (200, &json!({}), &Value::Null));
    one.wait_for(|line| line["params"] == json!({"policy": "provider", "numbers": {}}));
    let trail: Vec<_> =
        view["history"].as_array().unwrap().iter().map(|one| (&one["from"], &one["to"])).collect();
    assert_eq!(
        trail,
        [
            (&json!({"retries": 4, "timeout": "10s"}), &json!({})),
            (&set, &json!({"retries": 4, "timeout": "10s"})),
            (&json!({"retries": 5}), &set),
            (&json!({}), &json!({"retries": 5})),
        ]
    );
    assert_eq!(
        (&view["history"][0]["by"], &view["history"][0]["reason"]),
        (&json!("bob"), &json!("they are back"))
    );
    let (_, audit) = daemon.http("GET", "/v1/audit?kind=policy&id=provider", "");
    assert_eq!(audit["decisions"].as_array().map(Vec::len), Some(4));
    let answer = daemon.client("late").hello(0);
    assert_eq!(answer.get("policies"), None);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let daemon = Daemon::new();
    let (status, said) = put(&daemon, json!({"retries": 5}));
    assert_eq!(status, 404, "{said}");
    let (_client, _) = process(
        &daemon,
        "one",
        json!({"retries": 3, "initial_ms": 200, "max_delay_ms": 1000,
        "timeout_ms": 2000, "deadline_ms": 4000}),
    );
    let refused = [
        (json!({}), "names no number"),
        (json!({"retry": 1}), "no number `retry`"),
        (json!({"retries": -1}), "from 0 to 100000"),
        (json!({"retries": 3, "timeout": "0s"}), "longer than nothing"),
        (json!({"timeout": "5s"}), "must not exceed `deadline` (4s)"),
        (json!({"initial": "2s"}), "must not exceed `max_delay` (1s)"),
        (json!({"bulkhead": 4}), "no `bulkhead` in the manifest"),
        (json!({"multiplier": 2}), "no `multiplier` in the manifest"),
        (json!({"rate_limit": "0/s"}), "1 to 1000000"),
    ];
    for (numbers, says) in refused {
        let (status, said) = put(&daemon, numbers.clone());
        assert_eq!(status, 400, "{numbers}: {said}");
        let message = said["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{numbers}: {message}");
    }
    let long = "x".repeat(1001);
    let bodies = [
        ("PUT", "[]".to_owned(), "the body is"),
        ("PUT", "{\"numbers\": 1}".to_owned(), "the body is"),
        ("PUT", json!({"numbers": {"retries": 1}, "who": "eve"}).to_string(), "unknown field `who`"),
        ("PUT", json!({"numbers": {"retries": 1}, "reason": long}).to_string(), "at most 1000 bytes"),
        ("DELETE", "{\"numbers\": {}}".to_owned(), "unknown field"),
    ];
    for (method, body, says) in bodies {
        let (status, said) = daemon.http(method, PROVIDER, &body);
        assert_eq!(status, 400, "{body}: {said}");
        assert!(said.to_string().contains(says), "{body}: {said}");
    }
    for path in ["/v1/policies/a%0Ab".to_owned(), format!("/v1/policies/{}", "x".repeat(256))] {
        let (status, said) = daemon.http("PUT", &path, r#"{"numbers": {"retries": 1}}"#);
        assert_eq!(status, 400, "{said}");
    }
    let (status, said) = daemon.http("GET", "/v1/policies/provide", "");
    assert_eq!(status, 404);
    assert_eq!(said["error"]["policies"], json!(["provider"]), "{said}");
    let (_, view) = daemon.http("GET", PROVIDER, "");
    assert_eq!((&view["live"], &view["history"]), (&json!({}), &json!([])));
}

#[test]
fn a_process_that_reports_too_much_or_nonsense_is_told_and_others_are_shown_all_the_same() {
    let daemon = Daemon::new();
    let (mut eve, _) = process(&daemon, "eve", built());
    let many: Vec<Value> = (0..1001).map(|at| json!({"policy": format!("p{at}"), "numbers": {}})).collect();
    assert_eq!(eve.fails("policy.report", json!({"policies": many})), -32602);
    let control = json!({"policies": [{"policy": "a\u{1b}b", "numbers": {}}]});
    assert_eq!(eve.fails("policy.report", control), -32602);
    assert_eq!(
        eve.fails("policy.report", json!({"policies": [{"policy": "p", "numbers": {"retries": -1}}]})),
        -32602
    );
    assert_eq!(eve.fails("policy.report", json!({"policies": "all"})), -32602);
    let (_, list) = daemon.http("GET", "/v1/policies", "");
    assert_eq!(list["policies"].as_array().map(Vec::len), Some(1), "{list}");
    drop(eve);
    let (_one, _) = process(&daemon, "one", built());
    let (_, view) = daemon.http("GET", PROVIDER, "");
    assert_eq!(view["built"][0]["numbers"]["retries"], 3);
}
