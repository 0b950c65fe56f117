//! Unknown outcomes and compensation: what a started write leads to, and how a run is undone.

use conductor_protocol::plan::*;
use conductor_simulate::{Cancel, Scripted};
use expect_test::expect;

use crate::kit::*;
use crate::rules::check;

fn blocking(step: Step) -> Step {
    with_call(step, |call| called(call).is_async = false)
}

fn timed(step: Step, in_doubt: InDoubt) -> Step {
    with_call(step, |call| {
        call.policy.timeout_ms = Some(50);
        call.policy.retries = Some(1);
        call.in_doubt = in_doubt;
    })
}

#[test]
fn the_late_outcome_of_a_blocking_write_counts() {
    let slow = blocking(timed(task("a"), InDoubt::Retry));
    check(
        plan("w", vec![slow]),
        &scenario(&[("a", vec![returns(60_000.0, 1)])]),
        expect![[r#"
        0     a #1 begins
        60000 a = 1
        60000 succeeded 1
    "#]],
    );
}

#[test]
fn a_write_that_gives_no_answer_is_in_doubt() {
    let hangs = [("a", vec![Scripted { hangs: true, ..Scripted::default() }, returns(10.0, 2)])];
    for (in_doubt, expected) in [
        (
            InDoubt::Retry,
            expect![[r#"
            0     a #1 begins
            50    a #1 fails: conductor.TimeoutError, again at 150
            150   a #2 begins
            160   a = 2
            160   succeeded 2
        "#]],
        ),
        (
            InDoubt::Fail,
            expect![[r#"
            0     a #1 begins
            50    a failed: conductor.OutcomeUnknown
            50    failed conductor.OutcomeUnknown at a
        "#]],
        ),
        (
            InDoubt::Pause,
            expect![[r#"
            0     a #1 begins
            50    a in doubt
            50    paused conductor.Paused at a
        "#]],
        ),
    ] {
        check(plan("w", vec![timed(task("a"), in_doubt)]), &scenario(&hangs), expected);
    }
}

#[test]
fn a_blocking_write_that_may_happen_twice_is_not_awaited_but_outlived() {
    let twice = blocking(with_call(timed(task("a"), InDoubt::Retry), |call| call.idempotent = true));
    check(
        plan("w", vec![twice]),
        &scenario(&[("a", vec![returns(1000.0, 1), returns(10.0, 2)])]),
        expect![[r#"
            0     a #1 begins
            50    a #1 fails: conductor.TimeoutError, again at 150
            150   a #2 begins
            160   a = 2
            1000  succeeded 2
        "#]],
    );
}

#[test]
fn a_cancelled_write_is_settled_before_anything_else() {
    let write = blocking(undoable("a"));
    let steps = || {
        vec![parallel(
            "p",
            vec![write.clone(), sequence(vec![sleep("s", 20), fail("f", "x.Bad")])],
            OnFailure::Cancel,
        )]
    };
    check(
        plan("w", steps()),
        &scenario(&[("a", vec![returns(100.0, 1)])]),
        expect![[r#"
        0     a #1 begins
        20    s = null
        20    p decided: "block_1"
        100   a = 1
        100   a.compensate #1 begins
        110   a.compensate = null
        110   a undone
        110   failed x.Bad at f
    "#]],
    );
    let unknown = vec![parallel(
        "p",
        vec![undoable("a"), sequence(vec![sleep("s", 20), fail("f", "x.Bad")])],
        OnFailure::Cancel,
    )];
    check(
        plan("w", unknown),
        &scenario(&[("a", vec![returns(100.0, 1)])]),
        expect![[r#"
        0     a #1 begins
        20    s = null
        20    p decided: "block_1"
        20    a cancelled, unknown
        20    a.compensate #1 begins
        30    a.compensate = null
        30    a undone
        30    failed x.Bad at f
    "#]],
    );
}

#[test]
fn compensation_goes_back_through_the_order_of_completion() {
    let block = parallel("p", vec![undoable("a"), undoable("b"), undoable("c")], OnFailure::Cancel);
    let caught =
        attempt(vec![undoable("d"), fail("f", "x.Caught")], vec![(&[], vec![read("go_on")])], vec![]);
    check(
        plan("w", vec![block, caught, fail("g", "x.Bad")]),
        &scenario(&[
            ("a", vec![returns(30.0, "A")]),
            ("b", vec![returns(10.0, "B")]),
            ("c", vec![returns(20.0, "C")]),
        ]),
        expect![[r#"
            0     a #1 begins
            0     b #1 begins
            0     c #1 begins
            10    b = "B"
            20    c = "C"
            30    a = "A"
            30    d #1 begins
            40    d = null
            40    go_on #1 begins
            50    go_on = null
            50    d.compensate #1 begins
            60    d.compensate = null
            60    d undone
            60    a.compensate #1 begins
            70    a.compensate = null
            70    a undone
            70    c.compensate #1 begins
            80    c.compensate = null
            80    c undone
            80    b.compensate #1 begins
            90    b.compensate = null
            90    b undone
            90    failed x.Bad at g
        "#]],
    );
}

#[test]
fn a_compensation_gets_what_the_step_returned() {
    let trace = play(
        plan("w", vec![undoable("a"), fail("f", "x.Bad")]),
        &scenario(&[("a", vec![returns(30.0, "A")])]),
    );
    let args = trace.events.iter().find_map(|event| match &event.what {
        conductor_simulate::What::AttemptStarted { key, args, .. } if &**key == "a.compensate" => {
            Some(args.to_string())
        }
        _ => None,
    });
    assert_eq!(args.as_deref(), Some(r#"{"result":"A"}"#));
}

#[test]
fn a_compensation_that_fails_for_good_pauses_the_run() {
    check(
        plan("w", vec![undoable("a"), undoable("b"), fail("f", "x.Bad")]),
        &scenario(&[("b.compensate", vec![fails(10.0, "x.Down")])]),
        expect![[r#"
            0     a #1 begins
            10    a = null
            10    b #1 begins
            20    b = null
            20    b.compensate #1 begins
            30    b.compensate failed: x.Down
            30    paused conductor.Paused at b.compensate
        "#]],
    );
}

#[test]
fn a_child_is_undone_as_a_unit() {
    let parent =
        plan("w", vec![undoable("a"), child("c", "inner", false), undoable("b"), fail("f", "x.Bad")]);
    let inner = plan("inner", vec![undoable("x"), undoable("y")]);
    expect![[r#"
        0     a #1 begins
        10    a = null
        10    r/c: x #1 begins
        20    r/c: x = null
        20    r/c: y #1 begins
        30    r/c: y = null
        30    r/c: succeeded null
        30    c = null
        30    b #1 begins
        40    b = null
        40    b.compensate #1 begins
        50    b.compensate = null
        50    b undone
        50    r/c: y.compensate #1 begins
        60    r/c: y.compensate = null
        60    r/c: y undone
        60    r/c: x.compensate #1 begins
        70    r/c: x.compensate = null
        70    r/c: x undone
        70    c undone
        70    a.compensate #1 begins
        80    a.compensate = null
        80    a undone
        80    failed x.Bad at f
    "#]]
    .assert_eq(&shown(&conductor_simulate::run(&[parent, inner], &scenario(&[]))));
}

#[test]
fn a_run_that_is_cancelled_is_undone() {
    let parent = plan("w", vec![undoable("a"), child("c", "inner", false)]);
    let inner = plan("inner", vec![undoable("x"), sleep("s", 1000)]);
    let mut scenario = scenario(&[]);
    scenario.cancels = vec![Cancel { at_ms: 50.0, run: "r".to_owned() }];
    expect![[r#"
        0     a #1 begins
        10    a = null
        10    r/c: x #1 begins
        20    r/c: x = null
        50    r/c: s cancelled
        50    r/c: x.compensate #1 begins
        60    r/c: x.compensate = null
        60    r/c: x undone
        60    r/c: cancelled
        60    c cancelled
        60    a.compensate #1 begins
        70    a.compensate = null
        70    a undone
        70    cancelled
    "#]]
    .assert_eq(&shown(&conductor_simulate::run(&[parent, inner], &scenario)));
}

#[test]
fn a_cancellation_does_not_reach_compensation() {
    let mut scenario = scenario(&[("a.compensate", vec![returns(500.0, 1)])]);
    scenario.cancels = vec![Cancel { at_ms: 100.0, run: "r".to_owned() }];
    check(
        plan("w", vec![undoable("a"), fail("f", "x.Bad")]),
        &scenario,
        expect![[r#"
        0     a #1 begins
        10    a = null
        10    a.compensate #1 begins
        510   a.compensate = 1
        510   a undone
        510   failed x.Bad at f
    "#]],
    );
}
