//! The rules of a run: barriers, and policies in their order.

use conductor_protocol::plan::*;
use conductor_simulate::{Scenario, Trace};
use expect_test::{Expect, expect};

use crate::kit::*;

pub fn check(plan: Plan, scenario: &Scenario, expected: Expect) -> Trace {
    let trace = play(plan, scenario);
    expected.assert_eq(&shown(&trace));
    trace
}

#[test]
fn ten_writes_wait_eleven_times_for_the_disk() {
    let writes = (0..10).map(|index| task(&format!("w{index}"))).collect();
    let scenario = Scenario { commit_ms: 1.0, ..scenario(&[]) };
    assert_eq!(play(plan("w", writes), &scenario).durable_waits("r"), 11);
}

#[test]
fn nine_reads_and_a_write_wait_twice() {
    let steps = |at: usize| {
        let step = |index: usize| if index == at { task("write") } else { read(&format!("r{index}")) };
        plan("w", (0..10).map(step).collect())
    };
    let scenario = Scenario { commit_ms: 1.0, ..scenario(&[]) };
    for at in [0, 4, 9] {
        assert_eq!(play(steps(at), &scenario).durable_waits("r"), 2, "the write is step {at}");
    }
}

#[test]
fn a_run_without_durability_waits_for_no_disk() {
    let mut plan = plan("w", vec![task("a"), task("b")]);
    plan.durable = false;
    assert_eq!(play(plan, &scenario(&[])).durable_waits("r"), 0);
}

#[test]
fn the_fallback_stands_outside_the_deadline_and_retries_inside() {
    let guarded = with_call(read("a"), |made| {
        made.policy.retries = Some(9);
        made.policy.deadline_ms = Some(150);
        made.fallback = Some(Fallback::Task(Box::new(call("b"))));
    });
    check(
        plan("w", vec![guarded]),
        &scenario(&[("a", vec![fails(20.0, "x.Bad")])]),
        expect![[r#"
        0     a #1 begins
        20    a #1 fails: x.Bad, again at 120
        120   a #2 begins
        140   a #2 fails: x.Bad, again at 340
        140   a #2 fails: conductor.DeadlineExceeded
        140   a.fallback #1 begins
        150   a.fallback = null
        150   a = null
        150   succeeded null
    "#]],
    );
}

#[test]
fn a_fallback_value_sees_the_arguments() {
    let guarded = with_call(read("a"), |call| {
        call.args = vec![argument("n", int(5))];
        call.fallback = Some(Fallback::Value(variable("n")));
    });
    check(
        plan("w", vec![guarded]),
        &scenario(&[("a", vec![fails(20.0, "x.Bad")])]),
        expect![[r#"
        0     a #1 begins
        20    a #1 fails: x.Bad
        20    a = 5
        20    succeeded 5
    "#]],
    );
}

#[test]
fn an_open_breaker_leads_straight_to_the_fallback() {
    let broken = |id: &str| {
        with_call(with_call(read(id), |call| call.task = "pay".to_owned()), |call| {
            call.policy.retries = Some(1);
            call.fallback = Some(Fallback::Value(int(0)));
            call.policy.circuit_breaker = Some(CircuitBreaker {
                trip: Trip::Failures(2),
                window_ms: 30_000,
                min_calls: 10,
                open_for_ms: 1000,
                half_open_calls: 1,
                key: None,
            });
        })
    };
    let steps = vec![broken("a"), broken("b"), sleep("s", 2000), broken("c")];
    check(
        plan("w", steps),
        &scenario(&[("a", vec![fails(10.0, "x.Bad")]), ("c", vec![returns(10.0, 3)])]),
        expect![[r#"
            0     a #1 begins
            10    a #1 fails: x.Bad, again at 110
            110   a #2 begins
            120   a #2 fails: x.Bad
            120   a = 0
            120   b refused
            120   b #0 fails: conductor.CircuitOpen
            120   b = 0
            2120  s = null
            2120  c #1 begins
            2130  c = 3
            2130  succeeded 3
        "#]],
    );
}

#[test]
fn a_rate_limit_lets_so_many_begin() {
    let limited = |id: &str| {
        with_call(read(id), |call| {
            call.task = "ask".to_owned();
            call.policy.rate_limit = Some(Rate { permits: 2, per_ms: 100 });
        })
    };
    let block = parallel("p", vec![limited("a"), limited("b"), limited("c")], OnFailure::Cancel);
    check(
        plan("w", vec![block]),
        &scenario(&[]),
        expect![[r#"
        0     a #1 begins
        0     b #1 begins
        10    a = null
        10    b = null
        100   c #1 begins
        110   c = null
        110   succeeded {"a":null,"b":null,"c":null}
    "#]],
    );
}

#[test]
fn a_bulkhead_is_the_task_s_and_waiting_counts_against_the_deadline() {
    let limited = |id: &str, deadline: Option<u64>| {
        with_call(read(id), |call| {
            call.task = "ask".to_owned();
            call.policy.bulkhead = Some(1);
            call.policy.deadline_ms = deadline;
        })
    };
    let block = parallel("p", vec![limited("a", None), limited("b", Some(50))], OnFailure::Wait);
    check(
        plan("w", vec![block]),
        &scenario(&[("a", vec![returns(100.0, 1)])]),
        expect![[r#"
        0     a has bulkhead of `ask`
        0     a #1 begins
        0     b waits for bulkhead of `ask`
        50    b failed: conductor.DeadlineExceeded
        50    p decided: "b"
        100   a = 1
        100   failed conductor.DeadlineExceeded at b
    "#]],
    );
}

#[test]
fn a_hedge_calls_again_and_takes_the_first_success() {
    let hedged = with_policy(read("a"), |policy| policy.hedge = Some(Hedge { after_ms: 30, max: 2 }));
    check(
        plan("w", vec![hedged]),
        &scenario(&[("a", vec![returns(200.0, 1), fails(10.0, "x.Bad"), returns(50.0, 3)])]),
        expect![[r#"
            0     a #1 begins
            30    a #1 hedge 1
            200   a = 1
            200   succeeded 1
        "#]],
    );
}

#[test]
fn a_cached_result_is_no_attempt() {
    let cached = |id: &str| {
        with_call(read(id), |call| {
            call.task = "ask".to_owned();
            call.cache = Some(Cache { ttl_ms: 100, key: None });
        })
    };
    let steps = vec![cached("a"), cached("b"), sleep("s", 100), cached("c")];
    check(
        plan("w", steps),
        &scenario(&[("a", vec![returns(10.0, 1)]), ("c", vec![returns(10.0, 2)])]),
        expect![[r#"
            0     a #1 begins
            10    a = 1
            10    b cached
            10    b = 1
            110   s = null
            110   c #1 begins
            120   c = 2
            120   succeeded 2
        "#]],
    );
}

#[test]
fn what_must_not_be_retried_is_not() {
    let patient = with_policy(read("a"), |policy| {
        policy.retries = Some(3);
        policy.abort_on = vec!["Declined".to_owned()];
    });
    check(
        plan("w", vec![patient.clone()]),
        &scenario(&[("a", vec![fails(10.0, "pay.Declined")])]),
        expect![[r#"
            0     a #1 begins
            10    a failed: pay.Declined
            10    failed pay.Declined at a
        "#]],
    );
    check(
        plan("w", vec![patient]),
        &scenario(&[("a", vec![fails(10.0, "builtins.TypeError")])]),
        expect![[r#"
            0     a #1 begins
            10    a failed: builtins.TypeError
            10    failed builtins.TypeError at a
        "#]],
    );
}

/// Which of two branches goes on first where both could is drawn; by default it is the one that began first.
#[test]
fn in_another_order_the_other_branch_may_decide() {
    let block = || parallel("both", vec![fail("a", "x.One"), fail("b", "x.Other")], OnFailure::Cancel);
    let end = |order: Option<u64>| {
        let scenario = Scenario { order, ..scenario(&[]) };
        shown(&play(plan("w", vec![block()]), &scenario)).contains("x.Other")
    };
    assert!(!end(None));
    let ends: Vec<bool> = (0..20).map(|seed| end(Some(seed))).collect();
    assert!(ends.contains(&true) && ends.contains(&false), "{ends:?}");
}
