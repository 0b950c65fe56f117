//! What ends a block early: failures, catches, returns, deadlines; and children.

use conductor_protocol::plan::*;
use expect_test::expect;

use crate::constructs::check;
use crate::kit::*;

#[test]
fn a_catch_takes_errors_of_its_types_and_finally_runs_whatever_happened() {
    let told = with_call(read("tell"), |call| call.args = vec![argument("error", variable("error"))]);
    let block = |error: &str| {
        attempt(
            vec![fail("f", error)],
            vec![(&["Other"], vec![read("other")]), (&["Bad"], vec![told.clone()])],
            vec![read("clean")],
        )
    };
    check(
        vec![block("x.Bad")],
        &[],
        expect![[r#"
            0     tell #1 begins
            10    tell = null
            10    clean #1 begins
            20    clean = null
            20    succeeded null
        "#]],
    );
    check(
        vec![block("x.Worse")],
        &[],
        expect![[r#"
            0     clean #1 begins
            10    clean = null
            10    failed x.Worse at f
        "#]],
    );
}

#[test]
fn what_the_error_in_a_catch_says() {
    let told = step("told", StepKind::Set { values: vec![("seen".to_owned(), variable("error"))] });
    let broken = with_policy(read("a"), |policy| policy.retries = Some(1));
    let mut scenario = scenario(&[("a", vec![fails(1.0, "x.Bad")])]);
    if let Some(scripted) = scenario.calls.get_mut("a") {
        let form = scripted[0].fails.as_mut().unwrap();
        form.code = Some("503".to_owned());
    }
    let mut plan = plan("w", vec![attempt(vec![broken], vec![(&["503"], vec![told])], vec![])]);
    plan.output = of("seen");
    expect![[r#"
        0     a #1 begins
        1     a #1 fails: x.Bad, again at 101
        101   a #2 begins
        102   a failed: x.Bad
        102   succeeded {"attempts":2,"message":"it did not work","status":503,"step":"a","type":"Bad"}
    "#]]
    .assert_eq(&shown(&play(plan, &scenario)));
}

#[test]
fn a_failure_in_finally_takes_the_place_of_the_one_before() {
    check(
        vec![attempt(vec![fail("f", "x.First")], vec![], vec![fail("g", "x.Second")])],
        &[],
        expect![[r#"
            0     failed x.Second at g
        "#]],
    );
}

#[test]
fn finally_runs_where_the_block_is_cancelled() {
    let cleaned =
        sequence(vec![attempt(vec![read("slow")], vec![(&[], vec![read("caught")])], vec![read("clean")])]);
    check(
        vec![parallel("p", vec![cleaned, fail("f", "x.Bad")], OnFailure::Cancel)],
        &[("slow", vec![returns(100.0, 1)])],
        expect![[r#"
            0     slow #1 begins
            0     p decided: "f"
            0     slow cancelled
            0     clean #1 begins
            10    clean = null
            10    failed x.Bad at f
        "#]],
    );
    let late = sequence(vec![sleep("s", 20), fail("f", "x.Bad")]);
    let cleaned = attempt(vec![read("slow")], vec![(&[], vec![read("caught")])], vec![read("clean")]);
    check(
        vec![parallel("p", vec![cleaned, late], OnFailure::Cancel)],
        &[("slow", vec![returns(100.0, 1)])],
        expect![[r#"
            0     slow #1 begins
            20    s = null
            20    p decided: "block_1"
            20    slow cancelled
            20    clean #1 begins
            30    clean = null
            30    failed x.Bad at f
        "#]],
    );
}

#[test]
fn a_return_ends_the_run_cancels_siblings_and_passes_finally() {
    let leave = step("leave", StepKind::Return { value: int(42) });
    let branch = attempt(vec![sleep("s", 5), leave], vec![(&[], vec![read("caught")])], vec![read("clean")]);
    let block = parallel("p", vec![branch, read("slow")], OnFailure::Wait);
    check(
        vec![block, read("never")],
        &[("slow", vec![returns(100.0, 1)])],
        expect![[r#"
            0     slow #1 begins
            5     s = null
            5     clean #1 begins
            15    clean = null
            15    p decided: "attempt"
            15    slow cancelled
            15    succeeded 42
        "#]],
    );
}

#[test]
fn values_that_are_set_are_seen_by_name() {
    let values = vec![("one".to_owned(), int(1)), ("two".to_owned(), equal(of("one"), int(1)))];
    let mut plan = plan("w", vec![step("s", StepKind::Set { values })]);
    plan.output = record(vec![("s", of("s")), ("two", of("two"))]);
    expect![[r#"
        0     succeeded {"s":{"one":1,"two":true},"two":true}
    "#]]
    .assert_eq(&shown(&play(plan, &scenario(&[]))));
}

#[test]
fn a_deadline_of_a_block_cancels_what_is_inside() {
    let block =
        Step { deadline_ms: Some(20), ..parallel("p", vec![read("a"), task("b")], OnFailure::Cancel) };
    check(
        vec![block],
        &[("a", vec![returns(5.0, 1)]), ("b", vec![returns(100.0, 2)])],
        expect![[r#"
            0     a #1 begins
            0     b #1 begins
            5     a = 1
            20    p.deadline decided: "expired"
            20    b cancelled, unknown
            20    failed conductor.DeadlineExceeded at p
        "#]],
    );
}

#[test]
fn the_deadline_of_the_workflow_fails_the_run_and_undoes_what_it_did() {
    let mut plan = plan("w", vec![undoable("a"), read("slow")]);
    plan.deadline_ms = Some(50);
    let scenario = scenario(&[("slow", vec![returns(1000.0, 1)])]);
    expect![[r#"
        0     a #1 begins
        10    a = null
        10    slow #1 begins
        50    .deadline decided: "expired"
        50    slow cancelled
        50    a.compensate #1 begins
        60    a.compensate = null
        60    a undone
        60    failed conductor.DeadlineExceeded
    "#]]
    .assert_eq(&shown(&play(plan, &scenario)));
}

#[test]
fn a_block_that_is_not_critical_fails_alone() {
    let block =
        Step { critical: false, ..step("b", StepKind::Sequence { steps: vec![read("a"), read("never")] }) };
    check(
        vec![block, read("next")],
        &[("a", vec![fails(5.0, "x.Bad")])],
        expect![[r#"
            0     a #1 begins
            5     a failed: x.Bad
            5     b tolerated: x.Bad
            5     next #1 begins
            15    next = null
            15    succeeded null
        "#]],
    );
}

#[test]
fn an_expression_without_a_value_fails_its_step() {
    let broken = with_call(read("a"), |call| call.args = vec![argument("x", field(int(1), "nothing"))]);
    check(
        vec![Step { critical: false, ..broken.clone() }, broken],
        &[],
        expect![[r#"
            0     a tolerated: conductor.ExpressionError
            0     a failed: conductor.ExpressionError
            0     failed conductor.ExpressionError at a
        "#]],
    );
}

#[test]
fn an_awaited_child_is_a_run_of_its_own() {
    let mut parent = plan("w", vec![child("c", "inner", false)]);
    parent.output = of("c");
    let inner = plan("inner", vec![read("x")]);
    let scenario = scenario(&[("x", vec![returns(5.0, 1)])]);
    expect![[r#"
        0     r/c: x #1 begins
        5     r/c: x = 1
        5     r/c: succeeded 1
        5     c = 1
        5     succeeded 1
    "#]]
    .assert_eq(&shown(&conductor_simulate::run(&[parent, inner], &scenario)));
}

#[test]
fn a_detached_child_is_not_awaited() {
    let parent = plan("w", vec![child("c", "inner", true), read("x")]);
    let inner = plan("inner", vec![read("slow")]);
    let scenario = scenario(&[("slow", vec![returns(500.0, 1)])]);
    expect![[r#"
        0     c = null
        0     x #1 begins
        0     r/c: slow #1 begins
        10    x = null
        10    succeeded null
        500   r/c: slow = 1
        500   r/c: succeeded 1
    "#]]
    .assert_eq(&shown(&conductor_simulate::run(&[parent, inner], &scenario)));
}

#[test]
fn a_child_that_fails_fails_its_step_with_its_error() {
    let parent =
        plan("w", vec![attempt(vec![child("c", "inner", false)], vec![(&["Bad"], vec![read("y")])], vec![])]);
    let inner = plan("inner", vec![undoable("x"), fail("f", "x.Bad")]);
    expect![[r#"
        0     r/c: x #1 begins
        10    r/c: x = null
        10    r/c: x.compensate #1 begins
        20    r/c: x.compensate = null
        20    r/c: x undone
        20    r/c: failed x.Bad at f
        20    c failed: x.Bad
        20    y #1 begins
        30    y = null
        30    succeeded null
    "#]]
    .assert_eq(&shown(&conductor_simulate::run(&[parent, inner], &scenario(&[]))));
}
