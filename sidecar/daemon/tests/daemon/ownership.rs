//! Who owns a run when processes die, go silent, come back, or never were there.

use std::time::Instant;

use serde_json::json;

use crate::support::{Daemon, LEASE, Process, Stand, start, step_started, succeeded};

#[test]
fn a_run_of_a_dead_process_is_dispatched_at_once() {
    let daemon = Daemon::patient();
    let mut stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    owner.start("r");
    owner.record("r", 1, 1, step_started("a"));
    owner.acked("r", 1);
    let mut heir = daemon.client("b");
    heir.hello(1);
    let mut other_plan = daemon.client("c");
    let mut greeting = other_plan.greeting(9, &Process::own(), json!([]));
    greeting["plans"] = json!([{"workflow": "w", "digest": "q"}]);
    other_plan.call("hello", greeting);
    stand.kill();
    drop(owner);
    // Whoever waits for something loses patience long before the lease is over.
    let dispatch = heir.notice("run.dispatch");
    let read = heir.call("run.read", json!({"run": "r", "from": 0}));
    assert_eq!(
        dispatch,
        json!({"run": "r", "workflow": "w", "plan": "p", "epoch": 2, "next_seq": 3,
               "started_at": 1_790_000_000_000_i64, "cancelling": false, "history": read})
    );
    assert_eq!(read["records"][2]["entries"][0]["run_resumed"]["session"], "b");
    heir.record("r", 2, 3, succeeded(&json!(1)));
    heir.acked("r", 3);
    let view = daemon.run_when("r", |view| view["state"] == "succeeded");
    assert_eq!(view["owners"][0]["session"], "a");
    assert_eq!((&view["owners"][1]["session"], &view["owners"][1]["epoch"]), (&json!("b"), &json!(2)));
    assert_eq!(view["steps"][0]["history"][0]["outcome"], "interrupted");
}

/// Else those who are handed hundreds at once would be sent all of them.
#[test]
fn a_long_history_is_handed_out_as_far_as_one_page_of_it() {
    let daemon = Daemon::patient();
    let mut stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    owner.start("r");
    for seq in 1..=40 {
        let chosen = json!({"key": seq.to_string(), "value": "x".repeat(1024), "at": 1});
        owner.record("r", 1, seq, json!({"chosen": chosen}));
    }
    owner.acked("r", 40);
    let mut heir = daemon.client("b");
    heir.hello(1);
    stand.kill();
    drop(owner);
    let page = heir.notice("run.dispatch")["history"].take();
    let records = page["records"].as_array().unwrap();
    assert_eq!(page["more"], true);
    assert!((16..=18).contains(&records.len()), "{}", records.len());
    let rest = heir.call("run.read", json!({"run": "r", "from": records.len()}));
    let both = [records.as_slice(), rest["records"].as_array().unwrap()].concat();
    let whole = heir.call("run.read", json!({"run": "r", "from": 0}));
    assert_eq!(json!(both), whole["records"]);
}

#[test]
fn what_waits_for_a_session_comes_after_the_answer_to_its_greeting() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("owner");
    owner.hello(0);
    for round in 0..5 {
        let run = format!("r{round}");
        owner.start(&run);
        owner.notify("run.release", json!({"run": run, "epoch": 1}));
        owner.call("ping", json!({}));
        let mut heir = daemon.client(&format!("heir-{round}"));
        let mut greeting = heir.greeting(1, &Process::own(), json!([]));
        // So many that the run is handed out long before the answer is made.
        let plans = greeting["plans"].as_array_mut().unwrap();
        plans.extend((0..100_000).map(|n| json!({"workflow": format!("w{n}"), "digest": "p"})));
        let hello = heir.send("hello", greeting);
        let first = heir.line().unwrap();
        assert_eq!(first["id"], hello, "round {round}: {first}");
        // On a slow machine it may be that of an earlier round, whose lease is over.
        heir.notice("run.dispatch");
    }
}

#[test]
fn a_child_that_holds_the_socket_open_does_not_keep_a_dead_owner_alive() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    owner.start("r");
    let mut heir = daemon.client("b");
    heir.hello(1);
    stand.kill();
    assert_eq!(heir.notice("run.dispatch")["epoch"], 2);
    assert!(owner.call_ends(), "the connection of a dead process stays open");
}

#[test]
fn a_silent_owner_loses_its_run_after_the_lease_and_is_refused_when_it_wakes() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    let began = Instant::now();
    owner.start("r");
    owner.acked("r", 0);
    let mut heir = daemon.client("b");
    heir.hello(4);
    assert_eq!(heir.notice("run.dispatch")["epoch"], 2);
    assert!(began.elapsed() >= LEASE + LEASE / 2, "it was given away within the grace");
    owner.record("r", 1, 1, step_started("a"));
    assert_eq!(owner.notice("run.refused")["code"], -32013);
}

#[test]
fn a_released_run_goes_to_the_least_loaded_and_no_further_than_its_capacity() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    for run in ["r1", "r2", "r3"] {
        owner.start(run);
        owner.notify("run.release", json!({"run": run, "epoch": 1}));
    }
    let mut one = daemon.client("b");
    one.hello(1);
    let first = one.notice("run.dispatch");
    assert_eq!(first["run"], "r1");
    let mut two = daemon.client("c");
    two.hello(1);
    assert_eq!(two.notice("run.dispatch")["run"], "r2");
    let view = daemon.run_when("r3", |view| view["waiting_for"].is_string());
    assert_eq!(view["waiting_for"], "a session that serves plan p of w");
    // Room comes with an end.
    one.record("r1", 2, 3, succeeded(&json!(1)));
    assert_eq!(one.notice("run.refused")["code"], -32014);
    one.record("r1", 2, 2, succeeded(&json!(1)));
    assert_eq!(one.notice("run.dispatch")["run"], "r3");
}

#[test]
fn an_unowned_run_is_taken_by_whoever_starts_it() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    owner.record("r", 1, 1, step_started("a"));
    owner.notify("run.release", json!({"run": "r", "epoch": 1}));
    let taken = owner.start("r");
    assert_eq!(
        (&taken["outcome"], &taken["epoch"], &taken["next_seq"]),
        (&json!("owned"), &json!(2), &json!(3))
    );
}

#[test]
fn a_child_waits_for_its_parents_owner_until_the_parent_has_ended() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    owner.start("parent");
    let mut child = start("child", json!({}));
    child["parent"] = json!({"run": "parent", "key": "call"});
    owner.call("run.start", child.clone());
    owner.acked("child", 0);
    stand.kill();
    drop(owner);
    let mut heir = daemon.client("b");
    heir.hello(9);
    assert_eq!(heir.notice("run.dispatch")["run"], "parent");
    let view = daemon.run_when("child", |view| view["waiting_for"].is_string());
    assert_eq!(view["waiting_for"], "the owner of its parent parent");
    // The parent ends without it: now it is anybody's.
    heir.record("parent", 2, 2, succeeded(&json!(1)));
    assert_eq!(heir.notice("run.dispatch")["run"], "child");
}

#[test]
fn after_a_restart_owners_claim_their_runs_and_the_dead_lose_theirs() {
    let mut daemon = Daemon::new();
    let mut stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    for run in ["claimed", "forgotten", "ended"] {
        owner.start(run);
        owner.acked(run, 0);
    }
    owner.record("claimed", 1, 1, step_started("a"));
    owner.acked("claimed", 1);
    let mut dead = daemon.client("d");
    dead.hello_as(0, &stand.process(), json!([]));
    dead.start("orphan");
    dead.acked("orphan", 0);
    owner.record("ended", 1, 1, succeeded(&json!(1)));
    owner.acked("ended", 1);
    stand.kill();
    daemon.restart();
    assert!(owner.line().is_none(), "the old connection lives");
    let mut heir = daemon.client("h");
    heir.hello(9);
    assert_eq!(heir.notice("run.dispatch")["run"], "orphan");
    let mut owner = daemon.client("a");
    let claims =
        json!([{"run": "claimed", "epoch": 1}, {"run": "ended", "epoch": 1}, {"run": "none", "epoch": 1}]);
    let hello = owner.hello_as(0, &Process::own(), claims);
    assert_eq!(
        hello["owned"],
        json!([{"run": "claimed", "epoch": 1, "next_seq": 2, "cancelling": false},
               {"run": "ended", "epoch": 1, "next_seq": 2, "cancelling": false}])
    );
    owner.record("claimed", 1, 2, succeeded(&json!(2)));
    owner.acked("claimed", 2);
    assert_eq!(heir.notice("run.dispatch")["run"], "forgotten");
}

#[test]
fn a_living_owner_that_does_not_come_back_loses_its_runs_after_the_lease() {
    let mut daemon = Daemon::new();
    let stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    owner.start("r");
    owner.acked("r", 0);
    daemon.restart();
    let began = Instant::now();
    let mut heir = daemon.client("h");
    heir.hello(9);
    assert_eq!(heir.notice("run.dispatch")["run"], "r");
    assert!(began.elapsed() >= LEASE, "a living process had no time to come back");
    let (_, sessions) = daemon.http("GET", "/v1/sessions", "");
    let known: Vec<_> = sessions["sessions"].as_array().unwrap().iter().map(|one| &one["session"]).collect();
    assert_eq!(known, ["h"], "it is remembered for ever");
}

#[test]
fn a_session_of_a_living_process_cannot_be_taken_by_another() {
    let daemon = Daemon::new();
    let stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    owner.start("r");
    let mut thief = daemon.client("a");
    let greeting = thief.greeting(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
    assert_eq!(thief.fails("hello", greeting), -32602);
    owner.record("r", 1, 1, step_started("a"));
    owner.acked("r", 1);
}

#[test]
fn a_cancelled_run_without_an_owner_ends_or_is_dispatched_as_cancelling() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("fresh");
    owner.start("begun");
    owner.record("begun", 1, 1, step_started("a"));
    for run in ["fresh", "begun"] {
        owner.notify("run.release", json!({"run": run, "epoch": 1}));
        owner.call("run.cancel", json!({"run": run, "reason": "enough"}));
    }
    assert_eq!(owner.call("run.await", json!({"run": "fresh"}))["state"], "cancelled");
    let mut heir = daemon.client("b");
    heir.hello(1);
    let dispatch = heir.notice("run.dispatch");
    assert_eq!((&dispatch["run"], &dispatch["cancelling"]), (&json!("begun"), &json!(true)));
}
