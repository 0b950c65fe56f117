//! A store in trouble, as clients see it.

use serde_json::json;

use crate::support::{Daemon, start, step_started, succeeded};

#[test]
fn a_locked_store_refuses_loses_nothing_and_recovers() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(4);
    client.start("r");
    client.record("r", 1, 1, step_started("a"));
    client.acked("r", 1);
    let lock = rusqlite::Connection::open(daemon.folder.join("journal.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    client.record("r", 1, 2, step_started("b"));
    client.record("r", 1, 3, step_started("c"));
    let refused = client.notice("run.refused");
    assert_eq!((&refused["seq"], &refused["code"]), (&json!(2), &json!(-32017)));
    assert!(refused["message"].as_str().unwrap().contains("lock"), "{refused}");
    // A start is answered at once, and taken back.
    let started = client.call("run.start", start("new", json!({"n": 1})));
    assert_eq!(started["outcome"], "owned");
    let refused = client.notice("run.refused");
    assert_eq!(
        (&refused["run"], &refused["seq"], &refused["code"]),
        (&json!("new"), &json!(0), &json!(-32017))
    );
    assert_eq!(client.fails("run.await", json!({"run": "new"})), -32011);
    assert_eq!(daemon.http("POST", "/v1/workflows/w/runs", r#"{"run_id": "outside"}"#).0, 503);
    // What is on disk can still be read.
    assert_eq!(daemon.http("GET", "/v1/runs/r", "").1["steps"][0]["key"], "a");
    lock.execute_batch("ROLLBACK").unwrap();
    client.record("r", 1, 2, step_started("b"));
    client.record("r", 1, 3, succeeded(&json!(1)));
    client.acked("r", 3);
    assert_eq!(client.start("new")["epoch"], 1);
    client.acked("new", 0);
    daemon.counts("conductor_refused_total{reason=\"store\"}");
}

#[test]
fn a_takeover_that_the_store_refuses_is_tried_again() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("r");
    owner.notify("run.release", json!({"run": "r", "epoch": 1}));
    let view = daemon.run_when("r", |view| view["waiting_for"].is_string());
    assert_eq!(view["state"], "running");
    let lock = rusqlite::Connection::open(daemon.folder.join("journal.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The plans of this session are known, so that its hello needs no write.
    let mut heir = daemon.client("b");
    heir.hello(1);
    let refused = heir.notice("run.refused");
    assert_eq!((&refused["seq"], &refused["code"]), (&json!(1), &json!(-32017)));
    lock.execute_batch("ROLLBACK").unwrap();
    let dispatch = heir.notice("run.dispatch");
    assert_eq!((&dispatch["epoch"], &dispatch["next_seq"]), (&json!(2), &json!(2)));
}

#[test]
fn many_clients_share_commits_and_each_hears_of_its_own() {
    let daemon = Daemon::new();
    let socket = daemon.socket();
    std::thread::scope(|scope| {
        for client in 0..16 {
            let socket = &socket;
            scope.spawn(move || {
                let run = format!("r{client}");
                let mut client = crate::support::Client::connect(socket, &run);
                client.hello(0);
                client.start(&run);
                for seq in 1..30 {
                    client.record(&run, 1, seq, step_started("a"));
                    client.acked(&run, seq);
                }
                client.record(&run, 1, 30, succeeded(&json!(run)));
                client.acked(&run, 30);
            });
        }
    });
    let (_, page) = daemon.http("GET", "/v1/runs?state=succeeded", "");
    assert_eq!(page["runs"].as_array().unwrap().len(), 16);
}

fn commits(daemon: &Daemon) -> u32 {
    let (_, metrics) = daemon.http("GET", "/metrics", "");
    let line = "conductor_commit_duration_seconds_count ";
    let text = metrics.as_str().unwrap().to_owned();
    text.lines().find_map(|found| found.strip_prefix(line)?.parse().ok()).unwrap()
}

#[test]
fn the_start_of_a_run_waits_for_its_first_step_but_not_for_long() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    let before = commits(&daemon);
    for number in 0..200 {
        let run = format!("r{number}");
        client.start(&run);
        client.record(&run, 1, 1, step_started("a"));
        client.acked(&run, 1);
    }
    let made = commits(&daemon) - before;
    assert!(made < 390, "{made} commits for 200 starts with a step each");
    // Alone it is committed too, and where its connection ends.
    client.start("alone");
    client.acked("alone", 0);
    client.start("left");
    drop(client);
    assert_eq!(daemon.run_when("left", |_| true)["state"], "running");
}
