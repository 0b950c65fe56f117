//! Signals and permits: before, while and after; first come, first served.

use conductor_protocol::plan::*;
use conductor_simulate::{Sent, Start};
use expect_test::expect;
use serde_json::json;

use crate::kit::*;

fn sent(at_ms: f64, id: Option<&str>) -> Sent {
    let (run, signal) = ("r".to_owned(), "go".to_owned());
    Sent { at_ms, run, signal, data: json!({ "at": at_ms }), id: id.map(str::to_owned) }
}

fn waiting(timeout_ms: Option<u64>, on_timeout: OnTimeout) -> Plan {
    plan("w", vec![sleep("s", 50), wait_for("wait", "go", timeout_ms, on_timeout)])
}

#[test]
fn a_signal_that_came_before_is_kept() {
    let mut scenario = scenario(&[]);
    scenario.signals = vec![sent(10.0, None)];
    expect![[r#"
        10    go -> r
        50    s = null
        50    wait gets go
        50    wait = {"at":10.0}
        50    succeeded {"at":10.0}
    "#]]
    .assert_eq(&shown(&play(waiting(None, OnTimeout::Fail), &scenario)));
}

#[test]
fn a_signal_ends_the_wait() {
    let mut scenario = scenario(&[]);
    scenario.signals = vec![sent(70.0, None)];
    expect![[r#"
        50    s = null
        70    go -> r
        70    wait gets go
        70    wait = {"at":70.0}
        70    succeeded {"at":70.0}
    "#]]
    .assert_eq(&shown(&play(waiting(Some(100), OnTimeout::Fail), &scenario)));
}

#[test]
fn without_a_signal_the_timeout_fails_the_step_or_gives_null() {
    let scenario = scenario(&[]);
    expect![[r#"
        50    s = null
        150   wait failed: conductor.SignalTimeout
        150   failed conductor.SignalTimeout at wait
    "#]]
    .assert_eq(&shown(&play(waiting(Some(100), OnTimeout::Fail), &scenario)));
    expect![[r#"
        50    s = null
        150   wait = null
        150   succeeded null
    "#]]
    .assert_eq(&shown(&play(waiting(Some(100), OnTimeout::Null), &scenario)));
}

#[test]
fn a_signal_with_one_id_counts_once() {
    let twice = plan(
        "w",
        vec![wait_for("one", "go", None, OnTimeout::Fail), wait_for("two", "go", None, OnTimeout::Fail)],
    );
    let mut scenario = scenario(&[]);
    scenario.signals = vec![sent(10.0, Some("x")), sent(20.0, Some("x"))];
    expect![[r#"
        10    go -> r
        10    one gets go
        10    one = {"at":10.0}
        20    go -> r
        stuck: run `r`, step `two` waits for the signal `go`
    "#]]
    .assert_eq(&shown(&play(twice, &scenario)));
}

#[test]
fn one_run_tells_another() {
    let tells = plan("tells", vec![emit("tell", "go", Some(int(7)), Some(text("r")))]);
    let waits = plan("w", vec![wait_for("wait", "go", None, OnTimeout::Fail)]);
    let mut scenario = scenario(&[]);
    scenario.starts.push(Start { at_ms: 30.0, ..Start::new("tells", "t") });
    expect![[r#"
        30    t: go -> r
        30    t: tell = null
        30    wait gets go
        30    wait = 7
        30    t: succeeded null
        30    succeeded 7
    "#]]
    .assert_eq(&shown(&conductor_simulate::run(&[waits, tells], &scenario)));
}

#[test]
fn a_signal_to_nobody_fails() {
    let tells = plan("w", vec![emit("tell", "go", None, Some(text("gone")))]);
    expect![[r#"
        0     tell failed: conductor.SignalRefused
        0     failed conductor.SignalRefused at tell
    "#]]
    .assert_eq(&shown(&play(tells, &scenario(&[]))));
}

#[test]
fn permits_go_round_in_the_order_of_asking() {
    let using = |id: &str| with_call(read(id), |call| call.uses = vec!["db".to_owned()]);
    let mut plan =
        plan("w", vec![parallel("p", vec![using("a"), using("b"), using("c")], OnFailure::Cancel)]);
    plan.resources = vec![semaphore("db", 1)];
    expect![[r#"
        0     a has resource `db`
        0     a #1 begins
        0     b waits for resource `db`
        0     c waits for resource `db`
        10    b has resource `db`
        10    b #1 begins
        10    a = null
        20    c has resource `db`
        20    c #1 begins
        20    b = null
        30    c = null
        30    succeeded {"a":null,"b":null,"c":null}
    "#]]
    .assert_eq(&shown(&play(plan, &scenario(&[]))));
}

#[test]
fn a_held_connection_serves_the_steps_inside_and_a_semaphore_does_not() {
    let using = |id: &str| with_call(read(id), |call| call.uses = vec!["db".to_owned()]);
    let held = |kind| {
        let mut plan = plan("w", vec![hold("db", vec![using("a")])]);
        plan.resources = vec![Resource { kind, ..semaphore("db", 1) }];
        shown(&play(plan, &scenario(&[])))
    };
    expect![[r#"
        0     hold_db has resource `db`
        0     a #1 begins
        10    a = null
        10    succeeded null
    "#]]
    .assert_eq(&held(ResourceKind::Postgres));
    expect![[r#"
        0     hold_db has resource `db`
        0     a waits for resource `db`
        stuck: run `r`, step `a` waits for a permit of resource `db`, held by run `r`, step `hold_db`
    "#]]
    .assert_eq(&held(ResourceKind::Semaphore));
}

#[test]
fn a_run_waits_for_its_turn() {
    let mut limited = plan("w", vec![read("a")]);
    limited.concurrency = Some(Concurrency { limit: 1, key: None });
    let mut scenario = scenario(&[]);
    scenario.starts.push(Start::new("w", "second"));
    expect![[r#"
        0      has workflow `w`
        0     a #1 begins
        0     second:  waits for workflow `w`
        10    a = null
        10    succeeded null
        10    second:  has workflow `w`
        10    second: a #1 begins
        20    second: a = null
        20    second: succeeded null
    "#]]
    .assert_eq(&shown(&play(limited, &scenario)));
}
