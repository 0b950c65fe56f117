//! Starting, recording, attaching, reading, awaiting, cancelling.

use serde_json::json;

use crate::support::{Daemon, start, step_started, succeeded};

#[test]
fn a_run_is_started_recorded_read_and_awaited() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    let hello = owner.hello(0);
    assert_eq!(hello["protocol"], 1);
    assert_eq!(hello["limits"], json!({"value_bytes": 4 << 20, "message_bytes": 16 << 20}));
    let started = owner.start("r");
    assert_eq!(
        started,
        json!({"outcome": "owned", "epoch": 1, "next_seq": 1, "started_at": 1_790_000_000_000_i64, "cancelling": false, "wanted": true})
    );
    owner.acked("r", 0);
    let mut other = daemon.client("b");
    other.hello(0);
    assert_eq!(other.start("r"), json!({"outcome": "attached", "state": "running"}));
    let waiting = other.send("run.await", json!({"run": "r"}));
    owner.record("r", 1, 1, step_started("a"));
    owner.record("r", 1, 2, succeeded(&json!({"big": 12_345_678_901_234_567_890_u64})));
    owner.acked("r", 2);
    let end = other.answer(waiting);
    assert_eq!(
        end["result"],
        json!({"state": "succeeded", "output": {"big": 12_345_678_901_234_567_890_u64}})
    );
    let read = other.call("run.read", json!({"run": "r", "from": 1}));
    assert_eq!(read["more"], false);
    assert_eq!(read["records"][0], json!({"seq": 1, "entries": [step_started("a")]}));
    assert_eq!(read["records"].as_array().unwrap().len(), 2);
    assert_eq!(other.start("r"), json!({"outcome": "finished", "state": "succeeded"}));
}

#[test]
fn the_same_id_with_another_input_workflow_or_plan_is_an_error() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    assert_eq!(client.fails("run.start", start("r", json!({"n": 2}))), -32010);
    let mut other = start("r", json!({"n": 1}));
    other["workflow"] = json!("v");
    assert_eq!(client.fails("run.start", other), -32010);
    client.notify("run.release", json!({"run": "r", "epoch": 1}));
    let mut other = start("r", json!({"n": 1}));
    other["plan"] = json!("q");
    assert_eq!(client.fails("run.start", other), -32012);
    assert_eq!(client.fails("run.start", start("", json!({}))), -32602);
    assert_eq!(client.fails("run.await", json!({"run": "none"})), -32011);
    assert_eq!(client.fails("run.read", json!({"run": "none", "from": 0})), -32011);
}

#[test]
fn refusals_name_run_epoch_number_and_code() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    let mut refused = |epoch, seq, entry| {
        client.record("r", epoch, seq, entry);
        let refused = client.notice("run.refused");
        assert_eq!(
            (&refused["run"], &refused["epoch"], &refused["seq"]),
            (&json!("r"), &json!(epoch), &json!(seq))
        );
        refused["code"].as_i64().unwrap()
    };
    assert_eq!(refused(2, 1, step_started("a")), -32013);
    assert_eq!(refused(1, 2, step_started("a")), -32014);
    assert_eq!(refused(1, 0, step_started("a")), -32014);
    assert_eq!(refused(1, 1, json!({"no_such_entry": {}})), -32602);
    let large = json!({"step_succeeded": {"key": "a", "attempt": 1, "output": "x".repeat(4 << 20), "at": 1}});
    assert_eq!(refused(1, 1, large), -32016);
    client.record("r", 1, 1, step_started("a"));
    client.acked("r", 1);
    // An identical resend is acknowledged again.
    client.record("r", 1, 1, step_started("a"));
    client.acked("r", 1);
}

#[test]
fn cancelling_tells_the_owner_and_is_answered_from_the_disk() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    owner.record("r", 1, 1, step_started("a"));
    let mut operator = daemon.client("b");
    operator.hello(0);
    assert_eq!(operator.call("run.cancel", json!({"run": "r", "reason": "enough"})), json!({}));
    assert_eq!(owner.notice("run.cancelling"), json!({"run": "r", "epoch": 1, "reason": "enough"}));
    owner.record("r", 1, 2, json!({"run_cancelled": {"reason": "enough", "at": 5}}));
    let end = operator.call("run.await", json!({"run": "r"}));
    assert_eq!(end["state"], "cancelled");
    assert_eq!(end["error"]["types"], json!(["conductor.RunCancelled"]));
    assert_eq!(operator.call("run.cancel", json!({"run": "r", "reason": "again"})), json!({}));
    assert_eq!(operator.fails("run.cancel", json!({"run": "none", "reason": ""})), -32011);
}

#[test]
fn a_pause_answers_those_who_wait() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    owner.record("r", 1, 1, json!({"run_paused": {"reason": "in doubt", "step": "charge", "at": 5}}));
    let end = owner.call("run.await", json!({"run": "r"}));
    assert_eq!(end["state"], "paused");
    assert_eq!((&end["error"]["message"], &end["error"]["step"]), (&json!("in doubt"), &json!("charge")));
    let view = daemon.run_when("r", |_| true);
    assert_eq!(view["waiting_for"], "a person who resumes it");
}

#[test]
fn pages_of_a_long_history_end_near_a_mebibyte() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    let value = "x".repeat(700 << 10);
    for seq in 1..=4 {
        let entry =
            json!({"step_succeeded": {"key": format!("k{seq}"), "attempt": 1, "output": value, "at": 1}});
        client.record("r", 1, seq, entry);
    }
    client.acked("r", 4);
    let (mut from, mut pages) = (0, 0);
    loop {
        let page = client.call("run.read", json!({"run": "r", "from": from}));
        from = page["records"].as_array().unwrap().last().unwrap()["seq"].as_u64().unwrap() + 1;
        pages += 1;
        if page["more"] == false {
            break;
        }
    }
    assert_eq!((from, pages), (5, 2));
}
