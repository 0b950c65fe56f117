//! Functions that other processes serve: chosen by name, signature and load, waited for, cancelled, lost.

use std::time::{Duration, Instant};

use conductor_protocol::message::code;
use serde_json::{Value, json};

use crate::support::{Client, Daemon, LEASE, Process, Stand};

const CHARGE: &str = "go:example.com/shop.Charge";

fn connected(daemon: &Daemon, session: &str) -> Client {
    let mut client = daemon.client(session);
    client.hello(0);
    client
}

/// A session that serves `Charge`.
fn worker_as(daemon: &Daemon, session: &str, signature: &str, process: &Process) -> Client {
    let mut client = daemon.client(session);
    let mut greeting = client.greeting(0, process, json!([]));
    greeting["client"]["language"] = json!("go");
    greeting["tasks"] = json!([{"function": CHARGE, "signature": signature}]);
    client.call("hello", greeting);
    client
}

fn worker(daemon: &Daemon, session: &str) -> Client {
    worker_as(daemon, session, "s", &Process::own())
}

fn invoke(call: u64) -> Value {
    json!({
        "call": call, "function": CHARGE, "signature": "s", "args": {"amount": "5"}, "key": "r/charge", "run": "r",
        "workflow": "w", "step": "charge", "attempt": 1, "timeout_ms": 60_000,
    })
}

/// The next call that a worker is asked for: the id of the request and its parameters.
fn asked(worker: &mut Client) -> (Value, Value) {
    let line = worker.wait_for(|line| line["method"] == "task.invoke");
    (line["id"].clone(), line["params"].clone())
}

fn reply(worker: &mut Client, id: &Value, result: &Value) {
    let line = json!({"jsonrpc": "2.0", "id": id, "result": result});
    worker.raw(format!("{line}\n").as_bytes());
}

fn outcome(client: &mut Client, id: u64) -> Value {
    client.answer(id)["result"].clone()
}

#[test]
fn a_call_goes_to_who_serves_it_and_its_answer_comes_back() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let mut worker = worker(&daemon, "worker");
    let id = caller.send("task.invoke", invoke(7));
    let (number, params) = asked(&mut worker);
    assert_eq!((&params["args"], &params["key"]), (&json!({"amount": "5"}), &json!("r/charge")));
    assert_eq!(params["call"], number, "it is cancelled by the number under which it came");
    // A number that no double holds is passed on as it is.
    let exact = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{number},\"result\":{{\"output\":{{\"n\":9007199254740993}}}}}}\n"
    );
    worker.raw(exact.as_bytes());
    assert_eq!(outcome(&mut caller, id), json!({"output": {"n": 9_007_199_254_740_993_u64}}));
    let id = caller.send("task.invoke", invoke(8));
    let (number, _) = asked(&mut worker);
    let error =
        json!({"error": {"types": ["example.com/shop.CardDeclined"], "code": "402", "message": "no"}});
    reply(&mut worker, &number, &error);
    assert_eq!(outcome(&mut caller, id), error);
    daemon.counts("conductor_task_calls_total{outcome=\"succeeded\"} 1");
    daemon.counts("conductor_task_calls_running 0");
}

#[test]
fn the_least_loaded_is_chosen() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let [mut a, mut b] = ["a", "b"].map(|session| worker(&daemon, session));
    for call in 0..4 {
        caller.send("task.invoke", invoke(call));
    }
    // Each waits for two: with any other division one would wait for ever.
    for worker in [&mut a, &mut b] {
        asked(worker);
        asked(worker);
    }
}

#[test]
fn a_missing_worker_is_waited_for_and_then_named() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let waits = caller.send("task.invoke", invoke(1));
    let given_up = caller.send("task.invoke", invoke(2));
    assert!(!caller.has_answer(waits));
    caller.notify("task.cancel", json!({"call": 2}));
    let error = outcome(&mut caller, given_up)["error"].clone();
    assert_eq!(error["types"], json!(["conductor.NoWorker"]));
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("no worker serves {CHARGE}")) && message.contains("Serve"),
        "{message}"
    );
    assert!(!caller.has_answer(waits));
    let mut worker = worker(&daemon, "worker");
    let (number, _) = asked(&mut worker);
    reply(&mut worker, &number, &json!({"output": 1}));
    assert_eq!(outcome(&mut caller, waits), json!({"output": 1}));
}

#[test]
fn a_cancelled_call_is_answered_when_it_has_ended() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let mut worker = worker(&daemon, "worker");
    let id = caller.send("task.invoke", invoke(5));
    let (number, params) = asked(&mut worker);
    caller.notify("task.cancel", json!({"call": 5}));
    assert_eq!(worker.notice("task.cancel"), json!({"call": params["call"]}));
    assert!(!caller.has_answer(id), "its real end is waited for");
    reply(&mut worker, &number, &json!({"output": "it had happened"}));
    assert_eq!(outcome(&mut caller, id), json!({"output": "it had happened"}));
}

#[test]
fn a_call_whose_process_dies_is_lost() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let mut stand = Stand::new();
    let mut first = worker_as(&daemon, "worker", "s", &stand.process());
    let id = caller.send("task.invoke", invoke(1));
    asked(&mut first);
    stand.kill();
    drop(first);
    assert_eq!(outcome(&mut caller, id), json!({"lost": true}));
    // The next process of the same program takes what is asked for after it.
    let again = caller.send("task.invoke", invoke(2));
    let mut second = worker(&daemon, "anew");
    let (number, _) = asked(&mut second);
    reply(&mut second, &number, &json!({"output": 2}));
    assert_eq!(outcome(&mut caller, again), json!({"output": 2}));
}

#[test]
fn a_process_that_hangs_loses_its_calls() {
    let daemon = Daemon::new();
    let mut caller = daemon.client("caller");
    // It serves, so that it keeps its own lease meanwhile.
    caller.hello(1);
    let mut silent = worker(&daemon, "silent");
    let id = caller.send("task.invoke", invoke(1));
    let (number, _) = asked(&mut silent);
    let began = Instant::now();
    assert_eq!(outcome(&mut caller, id), json!({"lost": true}));
    assert!(began.elapsed() >= LEASE, "{:?}", began.elapsed());
    // What it says later is about nothing.
    reply(&mut silent, &number, &json!({"output": 1}));
    silent.call("ping", json!({}));
}

#[test]
fn a_caller_that_is_gone_stops_its_calls() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let mut worker = worker(&daemon, "worker");
    caller.send("task.invoke", invoke(1));
    let (number, params) = asked(&mut worker);
    drop(caller);
    assert_eq!(worker.notice("task.cancel"), json!({"call": params["call"]}));
    reply(&mut worker, &number, &json!({"output": 1}));
    let mut back = connected(&daemon, "caller");
    let id = back.send("task.invoke", invoke(2));
    let (number, _) = asked(&mut worker);
    reply(&mut worker, &number, &json!({"output": 2}));
    assert_eq!(outcome(&mut back, id), json!({"output": 2}));
}

#[test]
fn both_sides_must_come_from_the_same_build() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let _other = worker_as(&daemon, "other", "of another build", &Process::own());
    let id = caller.send("task.invoke", invoke(1));
    let error = outcome(&mut caller, id)["error"].clone();
    assert_eq!(error["types"], json!(["conductor.SignatureMismatch"]));
    assert!(error["message"].as_str().unwrap().contains("build and start both again"), "{error}");
    // Where one of the same build is there as well, it is taken.
    let mut same = worker(&daemon, "same");
    caller.send("task.invoke", invoke(2));
    asked(&mut same);
}

#[test]
fn values_have_their_limits_on_both_ways() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let mut worker = worker(&daemon, "worker");
    let huge = "x".repeat(5 << 20);
    let mut large = invoke(1);
    large["args"]["amount"] = json!(huge);
    assert_eq!(caller.fails("task.invoke", large), i64::from(code::TOO_LARGE));
    for (result, named) in [
        (json!({"output": huge}), "ValueTooLarge"),
        (json!({"neither": 1}), "Protocol"),
        (json!({"output": json_deep(200)}), "Protocol"),
    ] {
        let id = caller.send("task.invoke", invoke(2));
        let (number, _) = asked(&mut worker);
        reply(&mut worker, &number, &result);
        assert_eq!(outcome(&mut caller, id)["error"]["types"], json!([format!("conductor.{named}")]));
    }
    let id = caller.send("task.invoke", invoke(3));
    assert!(!caller.has_answer(id));
    assert_eq!(caller.fails("task.invoke", invoke(3)), i64::from(code::INVALID_PARAMS));
}

fn json_deep(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn a_call_without_a_limit_of_time_waits_only_so_long() {
    let daemon = Daemon::new();
    let mut caller = connected(&daemon, "caller");
    let mut short = invoke(1);
    short["timeout_ms"] = json!(1);
    let id = caller.send("task.invoke", short);
    let began = Instant::now();
    caller.stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(outcome(&mut caller, id)["error"]["types"], json!(["conductor.NoWorker"]));
    assert!(began.elapsed() < Duration::from_secs(15));
}
