//! Signals to runs: stored once and in order, pushed to the owner, listed for the next one, refused after the end.

use conductor_protocol::message::code;
use serde_json::{Value, json};

use crate::support::{Client, Daemon, succeeded};

fn sent(run: &str, id: &str, data: Value) -> Value {
    json!({"run": run, "signal": "approved", "id": id, "data": data})
}

fn connected(daemon: &Daemon, session: &str) -> Client {
    let mut client = daemon.client(session);
    client.hello(0);
    client
}

fn listed(client: &mut Client, run: &str) -> Vec<(u64, String, Value)> {
    let found = client.call("signal.list", json!({"run": run}))["signals"].clone();
    let one = |signal: &Value| {
        (
            signal["ordinal"].as_u64().unwrap(),
            signal["id"].as_str().unwrap().to_owned(),
            signal["data"].clone(),
        )
    };
    found.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn each_is_stored_once_and_pushed_to_the_owner() {
    let daemon = Daemon::new();
    let [mut owner, mut other] = ["owner", "other"].map(|session| connected(&daemon, session));
    owner.start("r");
    other.call("signal.send", sent("r", "one", json!({"by": "ada"})));
    other.call("signal.send", sent("r", "one", json!("again, and otherwise")));
    let (status, told) = daemon.http("POST", "/v1/runs/r/signals/approved", "7");
    assert_eq!((status, &told["run"], &told["signal"]), (202, &json!("r"), &json!("approved")));
    let pushed = owner.notice("run.signal");
    assert_eq!(
        pushed,
        json!({"run": "r", "epoch": 1, "ordinal": 0, "signal": "approved", "id": "one", "data": {"by": "ada"}})
    );
    let second = owner.notice("run.signal");
    assert_eq!((&second["ordinal"], &second["data"], &second["id"]), (&json!(1), &json!(7), &told["id"]));
    let all = listed(&mut other, "r");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], (0, "one".to_owned(), json!({"by": "ada"})));
}

#[test]
fn a_later_owner_finds_those_that_came_before() {
    let mut daemon = Daemon::new();
    let mut first = connected(&daemon, "first");
    first.start("r");
    first.call("signal.send", sent("r", "before", json!(1)));
    first.notify("run.release", json!({"run": "r", "epoch": 1}));
    first.call("ping", json!({}));
    let mut nobody = connected(&daemon, "nobody");
    nobody.call("signal.send", sent("r", "between", json!(2)));
    daemon.restart();
    let mut second = connected(&daemon, "second");
    let id = second.send("run.start", crate::support::start("r", json!({"n": 1})));
    assert_eq!(second.answer(id)["result"]["outcome"], "owned");
    second.call("signal.send", sent("r", "before", json!("a resend over a restart")));
    second.call("signal.send", sent("r", "after", json!(3)));
    let ids: Vec<(u64, String)> =
        listed(&mut second, "r").into_iter().map(|(ordinal, id, _)| (ordinal, id)).collect();
    assert_eq!(ids, [(0, "before".to_owned()), (1, "between".to_owned()), (2, "after".to_owned())]);
    assert_eq!(second.notice("run.signal")["id"], "after");
}

#[test]
fn only_a_run_that_goes_on_takes_one() {
    let daemon = Daemon::new();
    let mut client = connected(&daemon, "s");
    assert_eq!(client.fails("signal.send", sent("gone", "x", json!(1))), i64::from(code::RUN_UNKNOWN));
    client.start("r");
    client.record("r", 1, 1, succeeded(&json!(null)));
    client.acked("r", 1);
    assert_eq!(client.fails("signal.send", sent("r", "x", json!(1))), i64::from(code::TRANSITION));
    assert_eq!(daemon.http("POST", "/v1/runs/r/signals/approved", "1").0, 409);
    assert_eq!(daemon.http("POST", "/v1/runs/gone/signals/approved", "1").0, 404);
    client.start("open");
    assert_eq!(client.fails("signal.send", sent("open", "", json!(1))), i64::from(code::INVALID_PARAMS));
    let huge = "x".repeat(5 << 20);
    assert_eq!(client.fails("signal.send", sent("open", "x", json!(huge))), i64::from(code::TOO_LARGE));
    assert_eq!(daemon.http("POST", "/v1/runs/open/signals/approved", "{").0, 400);
    assert_eq!(listed(&mut client, "open"), []);
}

#[test]
fn a_long_list_comes_in_pages() {
    let daemon = Daemon::new();
    let mut client = connected(&daemon, "s");
    client.start("r");
    for n in 0..5 {
        client.call("signal.send", sent("r", &n.to_string(), json!("x".repeat(2 << 20))));
    }
    let mut found = Vec::new();
    loop {
        let page = client.call("signal.list", json!({"run": "r", "from": found.len()}));
        let signals = page["signals"].as_array().unwrap();
        found.extend(signals.iter().map(|signal| signal["ordinal"].as_u64().unwrap()));
        if page.get("more").is_none() {
            break;
        }
    }
    assert_eq!(found, [0, 1, 2, 3, 4]);
}

fn begun(key: &str, kind: &str, task: &str) -> Value {
    json!({"step_started": {"key": key, "task": task, "attempt": 0, "kind": kind, "deadline_at": 1_790_000_060_000_i64, "at": 1}})
}

#[test]
fn a_run_that_only_waits_is_shown_as_waiting() {
    let mut daemon = Daemon::new();
    let mut client = connected(&daemon, "s");
    client.start("r");
    client.record("r", 1, 1, begun("pause", "sleep", ""));
    client.record("r", 1, 2, begun("approval", "wait_for", "approved"));
    client.acked("r", 2);
    let view = daemon.run_when("r", |view| view["state"] == "waiting");
    let step = &view["steps"][1];
    assert_eq!(
        (&step["kind"], &step["task"], &step["until"], &step["history"]),
        (&json!("wait_for"), &json!("approved"), &json!("2026-09-21T14:14:20.000Z"), &json!([]))
    );
    client.notify("run.release", json!({"run": "r", "epoch": 1}));
    client.call("ping", json!({}));
    daemon.restart();
    let mut next = connected(&daemon, "next");
    let taken = next.call("run.start", crate::support::start("r", json!({"n": 1})));
    assert_eq!(taken["epoch"], 2);
    daemon.run_when("r", |view| view["state"] == "waiting" && view["owners"][1]["epoch"] == 2);
    let seq = taken["next_seq"].as_u64().unwrap();
    next.record("r", 2, seq, json!({"step_started": {"key": "a", "task": "a", "attempt": 1, "at": 2}}));
    daemon.run_when("r", |view| view["state"] == "running");
}

#[test]
fn what_was_undone_is_shown_as_compensated() {
    let daemon = Daemon::new();
    let mut client = connected(&daemon, "s");
    client.start("r");
    let done = |key: &str, undo: Value| json!({"step_succeeded": {"key": key, "attempt": 1, "output": 1, "undo": undo, "at": 1}});
    let entries = [
        done("charge", json!({"id": 1})),
        done("ship", json!({"id": 2})),
        done("child", json!(null)),
        done("ship.compensate", json!(null)),
        done("child/book.compensate", json!(null)),
        json!({"step_failed": {"key": "charge.compensate", "attempt": 1, "error": {"types": ["E"], "message": "m"}, "tolerated": false, "at": 1}}),
        json!({"run_paused": {"reason": "charge could not be undone", "step": "charge", "at": 2}}),
    ];
    for (seq, entry) in (1..).zip(entries) {
        client.record("r", 1, seq, entry);
    }
    client.acked("r", 7);
    let view = daemon.run_when("r", |view| view["state"] == "paused");
    let states: Vec<(&str, &str)> = view["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["key"].as_str().unwrap(), step["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states[..3],
        [("charge", "succeeded"), ("ship", "compensated"), ("child", "compensated")],
        "{states:?}"
    );
}
